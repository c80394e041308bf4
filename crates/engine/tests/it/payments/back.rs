//! Money that goes back, in a gateway's books: refunds and disputes.

use providers::Money;
use providers::gateway::{DisputeSighting, DisputeStanding, News, RefundSighting, RefundStanding};

use super::world::{Style, World};

/// A refund at the gateway.
pub(super) struct Given {
    pub(super) id: String,
    pub(super) refund_id: Option<String>,
    pub(super) minor: i64,
    pub(super) standing: RefundStanding,
}

/// A dispute at the gateway.
pub(super) struct Disputed {
    pub(super) id: String,
    pub(super) minor: i64,
    pub(super) standing: DisputeStanding,
}

impl World {
    /// What may still go back.
    fn left_minor(&self, number: usize) -> i64 {
        let object = &self.objects[number];
        object.received.map_or(0, |money| money.amount_minor) - self.returned_minor(number)
    }

    /// Whether a refund came back; nothing else goes back then, so that its late notice cannot be overtaken.
    fn had_return(&self, number: usize) -> bool {
        self.objects[number].refunds.iter().any(|refund| matches!(refund.standing, RefundStanding::Failed(_)))
    }

    /// What went back, or is about to.
    pub(super) fn returned_minor(&self, number: usize) -> i64 {
        let object = &self.objects[number];
        let given = object.refunds.iter().filter(|refund| !matches!(refund.standing, RefundStanding::Failed(_)));
        let gone = |dispute: &&Disputed| matches!(dispute.standing, DisputeStanding::Open | DisputeStanding::Lost);
        let disputed = object.disputes.iter().filter(gone).map(|dispute| dispute.minor).sum::<i64>();
        given.map(|refund| refund.minor).sum::<i64>() + disputed
    }

    /// Gives money back, once per reference; `None` when there is not so much left.
    pub(super) fn refund(&mut self, number: usize, refund_id: Option<&str>, minor: i64) -> Option<usize> {
        let object = &self.objects[number];
        let known = |refund: &Given| refund_id.is_some() && refund.refund_id.as_deref() == refund_id;
        if let Some(found) = object.refunds.iter().position(known) {
            return Some(found);
        }
        if minor > self.left_minor(number) {
            return None;
        }
        let id = self.named("re", self.objects.iter().map(|object| object.refunds.len()).sum());
        let refund_id = refund_id.map(str::to_owned);
        let standing = RefundStanding::Pending;
        self.objects[number].refunds.push(Given { id, refund_id, minor, standing });
        let refund = self.objects[number].refunds.len() - 1;
        let standing = if self.dice.percent(60) { RefundStanding::Succeeded } else { RefundStanding::Pending };
        self.stand_refund(number, refund, standing);
        Some(refund)
    }

    /// The operator gives back a part in the gateway's own console.
    pub(super) fn refund_outside(&mut self, number: usize) {
        let left_minor = self.left_minor(number);
        // VNPay tells nobody; its portal does.
        if left_minor > 0 && !self.objects[number].altered && self.style != Style::VnPay && !self.had_return(number) {
            let minor = if self.dice.percent(30) { left_minor } else { self.dice.part(left_minor) };
            self.refund(number, None, minor);
        }
    }

    pub(super) fn stand_refund(&mut self, number: usize, refund: usize, standing: RefundStanding) {
        let given = &mut self.objects[number].refunds[refund];
        let text = format!("{} of {} {standing:?} {:?}", given.id, given.minor, given.refund_id);
        given.standing = standing;
        self.note(text);
        if self.style != Style::VnPay {
            let seen = self.refund_sighting(number, refund);
            // Of a refund that was not asked for here nothing else tells.
            let failed = matches!(seen.standing, RefundStanding::Failed(_));
            let lost = seen.refund_id.is_some() && !failed && self.dice.percent(15);
            self.tell(News::Refund(Box::new(seen)), lost);
        }
    }

    pub(super) fn refund_sighting(&self, number: usize, refund: usize) -> RefundSighting {
        let (object, refund) = (&self.objects[number], &self.objects[number].refunds[refund]);
        RefundSighting {
            object_id: refund.id.clone(),
            refund_id: refund.refund_id.clone(),
            payment_object_id: (self.style != Style::PayPal).then(|| object.id.clone()),
            money_id: Some(format!("money_{}", object.id)),
            money: Money { amount_minor: refund.minor, ..object.asked },
            standing: refund.standing.clone(),
            forced: false,
        }
    }

    /// The payer's bank asks, or takes the money back.
    pub(super) fn dispute(&mut self, number: usize) {
        let left_minor = self.left_minor(number);
        let object = &self.objects[number];
        if left_minor <= 0 || object.altered || self.style == Style::VnPay || self.had_return(number) {
            return;
        }
        let minor = if self.dice.percent(50) { left_minor } else { self.dice.part(left_minor) };
        let id = self.named("dp", self.objects.iter().map(|object| object.disputes.len()).sum());
        let standing = if self.dice.percent(30) { DisputeStanding::Inquiry } else { DisputeStanding::Open };
        self.objects[number].disputes.push(Disputed { id, minor, standing });
        self.stand_dispute(number, self.objects[number].disputes.len() - 1, standing);
    }

    /// The next step of every dispute.
    pub(super) fn decide(&mut self, number: usize) {
        for dispute in 0..self.objects[number].disputes.len() {
            let Disputed { minor, standing, .. } = self.objects[number].disputes[dispute];
            let won = self.dice.percent(50);
            match standing {
                DisputeStanding::Inquiry if won => self.stand_dispute(number, dispute, DisputeStanding::Won),
                DisputeStanding::Inquiry if minor <= self.left_minor(number) && !self.had_return(number) => {
                    self.stand_dispute(number, dispute, DisputeStanding::Open);
                }
                DisputeStanding::Open if won => self.stand_dispute(number, dispute, DisputeStanding::Won),
                DisputeStanding::Open => self.stand_dispute(number, dispute, DisputeStanding::Lost),
                _ => {}
            }
        }
    }

    fn stand_dispute(&mut self, number: usize, dispute: usize, standing: DisputeStanding) {
        let object = &mut self.objects[number];
        let found = &mut object.disputes[dispute];
        found.standing = standing;
        let seen = DisputeSighting {
            dispute_id: found.id.clone(),
            payment_object_id: (self.style != Style::PayPal).then(|| object.id.clone()),
            money_id: Some(format!("money_{}", object.id)),
            money: Money { amount_minor: found.minor, ..object.asked },
            standing,
            reason: Some("fraudulent".into()),
            due_at_s: None,
        };
        self.note(format!("{} of {} {standing:?}", seen.dispute_id, seen.money.amount_minor));
        self.tell(News::Dispute(Box::new(seen)), false);
    }
}
