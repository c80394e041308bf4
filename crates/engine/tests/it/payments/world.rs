//! What a gateway holds: payments, refunds, disputes, and notices on their way. It alone knows what became of money.
//!
//! Nothing here knows the engine. A payer, a bank and the gateway itself change it; the engine sees it through
//! [`super::gateway::SimGateway`] and through notices.

use std::sync::Arc;

use ledger::Unit;
use providers::Money;
use providers::gateway::{News, RefundStanding, Sighting, Standing};
use store::Clock;

use super::back::{Disputed, Given};
use super::dice::Dice;
use crate::StillClock;

/// Whose manners the gateway has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Can take a payment back; found by our reference.
    Stripe,
    /// The payer agrees, we take the money; found by its own name only; forgets what nobody took.
    PayPal,
    /// Cannot take a page back, which runs out; code 07; no notices of refunds, no disputes.
    VnPay,
}

impl Style {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Style::Stripe => "stripe",
            Style::PayPal => "paypal",
            Style::VnPay => "vnpay",
        }
    }
}

/// How long an order of PayPal lives that nobody took, in seconds.
const ORDER_LIFE_SECONDS: i64 = 3 * 3_600;
/// The longest a bank thinks, in seconds.
const BANK_SECONDS: i64 = 20 * 3_600;
/// The latest a notice comes by itself, in seconds.
pub(super) const LATE_SECONDS: i64 = 3 * 86_400;

/// A payment at the gateway.
pub(super) struct Object {
    pub(super) id: String,
    pub(super) topup_id: String,
    pub(super) account_id: String,
    pub(super) asked: Money,
    pub(super) standing: Standing,
    /// The payer was sent to it.
    pub(super) shown: bool,
    /// The bank has it and says nothing yet.
    pub(super) slow: bool,
    pub(super) received: Option<Money>,
    /// How often money was taken; more than once is the fault that all this is about.
    pub(super) charges: usize,
    /// The gateway tells of other money than was asked for.
    pub(super) altered: bool,
    pub(super) created_at_s: i64,
    pub(super) expires_at_s: i64,
    pub(super) refunds: Vec<Given>,
    pub(super) disputes: Vec<Disputed>,
}

/// A notice on its way.
#[derive(Clone)]
pub(super) struct Letter {
    /// Its place in [`World::told`].
    pub(super) number: usize,
    pub(super) due_at_s: i64,
    pub(super) copies: usize,
}

/// What was said in a notice.
pub(super) struct Told {
    pub(super) event_id: String,
    pub(super) news: News,
}

/// A gateway's books.
pub(super) struct World {
    pub(super) style: Style,
    pub(super) seed: u64,
    pub(super) dice: Dice,
    pub(super) clock: Arc<StillClock>,
    /// Whether calls may fail.
    pub(super) faulty: bool,
    pub(super) objects: Vec<Object>,
    pub(super) told: Vec<Told>,
    pub(super) letters: Vec<Letter>,
    /// Top-ups that another object claims to have paid.
    pub(super) strays: Vec<String>,
    /// What happened, for whoever looks into a failure.
    pub(super) diary: Vec<String>,
}

impl World {
    pub(super) fn new(style: Style, seed: u64, clock: Arc<StillClock>) -> World {
        World {
            style,
            seed,
            dice: Dice::new(seed ^ 0xfeed),
            clock,
            faulty: true,
            objects: Vec::new(),
            told: Vec::new(),
            letters: Vec::new(),
            strays: Vec::new(),
            diary: Vec::new(),
        }
    }

    pub(super) fn now_s(&self) -> i64 {
        self.clock.now().seconds()
    }

    /// A name that no other schedule uses.
    pub(super) fn named(&self, prefix: &str, number: usize) -> String {
        format!("{prefix}_{}_{}_{number}", self.style.name(), self.seed)
    }

    pub(super) fn note(&mut self, text: String) {
        let line = format!("{} {text}", self.now_s());
        self.diary.push(line);
    }

    /// The payment of a top-up, made when it is not there.
    pub(super) fn open(&mut self, topup_id: &str, account_id: &str, asked: Money, expires_at_s: i64) -> usize {
        if let Some(found) = self.objects.iter().position(|object| object.topup_id == topup_id) {
            return found;
        }
        let id = match self.style {
            Style::VnPay => topup_id.to_owned(),
            _ => self.named("obj", self.objects.len()),
        };
        self.objects.push(Object {
            id,
            topup_id: topup_id.to_owned(),
            account_id: account_id.to_owned(),
            asked,
            standing: Standing::Payable(None),
            shown: false,
            slow: false,
            received: None,
            charges: 0,
            altered: false,
            created_at_s: self.now_s(),
            expires_at_s,
            refunds: Vec::new(),
            disputes: Vec::new(),
        });
        self.objects.len() - 1
    }

    /// What the gateway shows of a payment; `None` once it has forgotten it.
    pub(super) fn sighting(&self, number: usize) -> Option<Sighting> {
        let object = &self.objects[number];
        if self.forgot(number) {
            return None;
        }
        let captured = self.style == Style::PayPal && matches!(object.standing, Standing::Processing(_));
        let moving = captured || object.received.is_some();
        Some(Sighting {
            object_id: object.id.clone(),
            money_id: moving.then(|| format!("money_{}", object.id)),
            account_id: (self.style != Style::VnPay).then(|| object.account_id.clone()),
            topup_id: Some(object.topup_id.clone()),
            customer_id: None,
            live: false,
            asked: Some(object.asked),
            received: object.received,
            standing: object.standing.clone(),
            instrument: None,
            created_at_s: Some(object.created_at_s),
        })
    }

    fn forgot(&self, number: usize) -> bool {
        let object = &self.objects[number];
        let untaken = matches!(object.standing, Standing::Payable(_) | Standing::Approved);
        self.style == Style::PayPal && untaken && self.now_s() > object.created_at_s + ORDER_LIFE_SECONDS
    }

    /// The payer acts on the page.
    pub(super) fn pay(&mut self, number: usize) {
        let over = self.style == Style::VnPay && self.now_s() >= self.objects[number].expires_at_s;
        let object = &self.objects[number];
        let payable = matches!(object.standing, Standing::Payable(_)) && !object.slow;
        if !object.shown || !payable || over || self.forgot(number) {
            return;
        }
        let luck = self.dice.below(10);
        match (self.style, luck) {
            (Style::PayPal, _) => self.stand(number, Standing::Approved),
            (Style::Stripe, 0..=5) | (Style::VnPay, 0..=4) => self.take(number),
            (Style::Stripe, 6..=7) => self.stand(number, Standing::Processing(None)),
            (Style::Stripe, _) => self.stand(number, Standing::Payable(Some("card_declined".into()))),
            (Style::VnPay, 5..=6) => self.stand(number, Standing::UnderReview("vnpay_07".into())),
            (Style::VnPay, 7) => self.objects[number].slow = true,
            (Style::VnPay, _) => self.stand(number, Standing::Failed("vnpay_51".into())),
        }
    }

    /// We take the money of a payer who agreed (PayPal); false when the bank refuses.
    pub(super) fn capture(&mut self, number: usize) -> bool {
        if self.objects[number].standing != Standing::Approved || self.forgot(number) {
            return true;
        }
        match self.dice.below(10) {
            0..=5 => self.take(number),
            6..=7 => self.stand(number, Standing::Processing(Some("PENDING_REVIEW".into()))),
            _ => {
                self.stand(number, Standing::Payable(Some("INSTRUMENT_DECLINED".into())));
                return false;
            }
        }
        true
    }

    /// Nobody can pay it any more (Stripe).
    pub(super) fn cancel(&mut self, number: usize) {
        if matches!(self.objects[number].standing, Standing::Payable(_)) {
            self.stand(number, Standing::Failed("canceled".into()));
        }
    }

    /// A bank makes up its mind about whatever it was thinking over.
    pub(super) fn progress(&mut self, number: usize) {
        let good = self.dice.percent(70);
        match self.objects[number].standing {
            Standing::Processing(_) | Standing::UnderReview(_) if good => self.take(number),
            Standing::Processing(_) => self.stand(number, Standing::Failed("declined".into())),
            Standing::UnderReview(_) => self.stand(number, Standing::Failed("vnpay_status_02".into())),
            Standing::Payable(_) if self.objects[number].slow => match self.is_too_late(number) {
                true => self.stand(number, Standing::Failed("vnpay_status_02".into())),
                false => self.take(number),
            },
            _ => {}
        }
        for refund in 0..self.objects[number].refunds.len() {
            let failed = RefundStanding::Failed("expired_or_canceled_card".into());
            match self.objects[number].refunds[refund].standing {
                RefundStanding::Pending if good => self.stand_refund(number, refund, RefundStanding::Succeeded),
                RefundStanding::Pending => self.stand_refund(number, refund, failed),
                // A card's bank may send the money back days later.
                RefundStanding::Succeeded if self.style == Style::Stripe && self.dice.percent(5) => {
                    self.stand_refund(number, refund, failed);
                }
                _ => {}
            }
        }
    }

    /// Whether a bank that said nothing for so long will not pay any more.
    fn is_too_late(&mut self, number: usize) -> bool {
        let late = self.now_s() > self.objects[number].created_at_s + BANK_SECONDS;
        self.objects[number].slow &= !late;
        late
    }

    /// Takes money, once.
    fn take(&mut self, number: usize) {
        let strange = self.dice.percent(4);
        let (minor, unit) = (self.dice.part(5_000), self.dice.percent(50));
        let object = &mut self.objects[number];
        object.charges += 1;
        object.slow = false;
        object.altered = strange;
        object.received = Some(match (strange, unit) {
            (false, _) => object.asked,
            (true, false) => Money { amount_minor: object.asked.amount_minor + minor, ..object.asked },
            (true, true) => Money { currency: Unit::parse("CHF").unwrap(), ..object.asked },
        });
        self.stand(number, Standing::Paid);
    }

    fn stand(&mut self, number: usize, standing: Standing) {
        self.note(format!("{} {standing:?}", self.objects[number].id));
        self.objects[number].standing = standing;
        let Some(seen) = self.sighting(number) else { return };
        let news = match self.dice.below(5) {
            0 => News::Ask {
                object_id: Some(seen.object_id.clone()),
                money_id: seen.money_id.clone(),
                topup_id: seen.topup_id.clone(),
            },
            _ => News::Payment(Box::new(seen)),
        };
        let lost = self.dice.percent(15);
        self.tell(news, lost);
    }

    /// Another payment of the gateway claims to have paid one of ours.
    pub(super) fn stray(&mut self, number: usize) {
        if self.style == Style::VnPay {
            // Its payments bear our own name.
            return;
        }
        let Some(seen) = self.sighting(number) else { return };
        let object_id = self.named("stray", self.strays.len());
        self.note(format!("{object_id} claims {}", seen.topup_id.clone().unwrap_or_default()));
        self.strays.extend(seen.topup_id.clone());
        let seen = Sighting { object_id, standing: Standing::Paid, received: seen.asked, money_id: None, ..seen };
        self.tell(News::Payment(Box::new(seen)), false);
    }

    /// A notice about somebody else's payment.
    pub(super) fn unknown(&mut self) {
        let money = Money { amount_minor: 2_500, currency: Unit::parse("USD").unwrap() };
        let object_id = self.named("theirs", self.told.len());
        let seen = Sighting {
            object_id: object_id.clone(),
            money_id: None,
            account_id: None,
            topup_id: Some(format!("pay_{object_id}")),
            customer_id: None,
            live: false,
            asked: Some(money),
            received: Some(money),
            standing: Standing::Paid,
            instrument: None,
            created_at_s: None,
        };
        self.tell(News::Payment(Box::new(seen)), false);
    }

    /// Sends a notice: soon or late, once or often, unless it gets lost.
    pub(super) fn tell(&mut self, news: News, lost: bool) {
        let event_id = self.named("evt", self.told.len());
        self.told.push(Told { event_id, news });
        if lost {
            return;
        }
        let late_seconds = *self.dice.one(&[0, 0, 0, 5, 600, LATE_SECONDS]);
        let copies = if self.dice.percent(30) { 1 + self.dice.below(5) } else { 1 };
        let number = self.told.len() - 1;
        self.letters.push(Letter { number, due_at_s: self.now_s() + late_seconds, copies });
    }
}
