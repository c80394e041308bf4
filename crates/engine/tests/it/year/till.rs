//! Gateways at which every payment is paid the moment it is opened. Whether its notice comes is the script's affair.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use providers::gateway::{
    Ask, Gateway, News, Next, Notice, Opened, Pending, RawNotice, RefundAsk, RefundSighting, Reply, Sighting, Standing,
    Trouble, Unverified, Verified,
};

/// A gateway that plays. Cheap to clone.
#[derive(Clone)]
pub(super) struct Till {
    name: &'static str,
    /// By our own name for the payment.
    paid: Arc<Mutex<BTreeMap<String, Sighting>>>,
}

impl Till {
    pub(super) fn new(name: &'static str) -> Till {
        Till { name, paid: Arc::default() }
    }

    fn seen(&self, topup_id: &str) -> Option<Sighting> {
        self.paid.lock().unwrap_or_else(PoisonError::into_inner).get(topup_id).cloned()
    }

    fn unsupported(&self) -> Trouble {
        Trouble::Refused { gateway: self.name, code: "unsupported".to_owned(), ours: false, reference: None }
    }
}

impl Gateway for Till {
    fn name(&self) -> &'static str {
        self.name
    }

    fn live(&self) -> bool {
        false
    }

    fn open<'a>(&'a self, ask: &'a Ask) -> Reply<'a, Opened> {
        let object_id = format!("obj_{}", ask.topup_id);
        let paid = Sighting {
            object_id: object_id.clone(),
            money_id: Some(format!("money_{}", ask.topup_id)),
            account_id: Some(ask.account_id.clone()),
            topup_id: Some(ask.topup_id.clone()),
            customer_id: None,
            live: false,
            asked: Some(ask.money),
            received: Some(ask.money),
            standing: Standing::Paid,
            instrument: None,
            created_at_s: Some(ask.created_at_s),
        };
        self.paid.lock().unwrap_or_else(PoisonError::into_inner).insert(ask.topup_id.clone(), paid);
        let next = Next::Redirect(format!("https://pay.example/{object_id}"));
        Box::pin(async { Ok(Opened { object_id, next }) })
    }

    fn look_up<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>> {
        let seen = self.seen(&pending.topup_id);
        Box::pin(async { Ok(seen) })
    }

    fn complete<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>> {
        self.look_up(pending)
    }

    fn close<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>> {
        self.look_up(pending)
    }

    fn refund<'a>(&'a self, _ask: &'a RefundAsk) -> Reply<'a, RefundSighting> {
        Box::pin(async { Err(self.unsupported()) })
    }

    fn look_up_refund<'a>(&'a self, _ask: &'a RefundAsk) -> Reply<'a, Option<RefundSighting>> {
        Box::pin(async { Ok(None) })
    }

    fn can_list(&self) -> bool {
        false
    }

    fn list<'a>(&'a self, _from_s: i64, _to_s: i64) -> Reply<'a, Vec<Sighting>> {
        Box::pin(async { Err(self.unsupported()) })
    }

    /// A notice is our name for the payment.
    fn verify<'a>(&'a self, raw: &'a RawNotice<'a>) -> Verified<'a> {
        let seen = std::str::from_utf8(raw.bytes).ok().and_then(|topup_id| self.seen(topup_id));
        Box::pin(async {
            let seen = seen.ok_or_else(|| Unverified::Forged("not ours".to_owned()))?;
            let event_id = format!("evt_{}", seen.object_id);
            Ok(Notice { event_id, kind: "paid".to_owned(), created_at_s: None, news: News::Payment(Box::new(seen)) })
        })
    }
}
