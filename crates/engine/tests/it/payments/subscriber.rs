//! What a payer does about plans in a schedule: subscribes, wants a larger one, cancels, changes their mind.
//!
//! Periods are three years, so that none ends before everything has come to rest.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use engine::plans::{self, Changing, NewPlan, Payer, Period, PeriodUnit, PlanTerms, Subscribing, When};
use engine::settings::{Language, Method};
use engine::topups::{self, Consented};
use ledger::Unit;
use ledger::plan::Paying;
use store::params;

use super::books::wrongs_of_plans;
use super::schedule::Schedule;
use super::world::Style;
use crate::call;

/// Plans of a site, by price: dollars are charged for dong by PayPal, too.
const PLANS: [(&str, &str, &str); 2] = [("SMALL", "20", "500000"), ("LARGE", "50", "1250000")];

impl Schedule<'_> {
    /// Makes sure that the account's site sells plans.
    pub(super) async fn publish_plans(&self) {
        let account = self.engine.accounts().get(&self.account_id).await.unwrap();
        for (name, dollars, dong) in PLANS {
            let price = |unit: &str, price: &str| (Unit::parse(unit).unwrap(), price.to_owned());
            let prices = BTreeMap::from([price("USD", dollars), price("VND", dong)]);
            let credits = if account.unit.code() == "VND" { dong } else { dollars };
            let terms = PlanTerms {
                name: name.to_owned(),
                prices,
                credits: credits.to_owned(),
                period: Period { count: 3, unit: PeriodUnit::Year },
                term_periods: 1,
                options: vec![Paying::AllUpfront],
                scope: Vec::new(),
                on_demand: None,
            };
            let site = account.site.clone();
            let new = NewPlan { id: plan_id(&site, name), site, unit: Some(account.unit), terms };
            plans::publish(&self.engine, &call(None), new).await.unwrap();
        }
    }

    /// One of the things that a subscriber does.
    pub(super) async fn subscriber(&mut self) {
        match self.dice.below(10) {
            0..=5 => self.subscribe().await,
            6..=7 => self.upgrade().await,
            8 => {
                let (engine, account_id) = (self.engine.clone(), self.account_id.clone());
                self.process(async move { plans::cancel(&engine, &account_id).await.map(drop) }).await;
            }
            _ => {
                let (engine, account_id) = (self.engine.clone(), self.account_id.clone());
                self.process(async move { plans::undo(&engine, &account_id).await.map(drop) }).await;
            }
        }
    }

    async fn subscribe(&mut self) {
        // Now and then the same key once more.
        let key = format!("plan-{}", self.dice.below(6));
        let (engine, account_id, method) = (self.engine.clone(), self.account_id.clone(), self.method());
        let site = self.engine.accounts().get(&account_id).await.unwrap().site;
        let terms = plans::terms(&self.engine, &account_id, Language::En).await.unwrap();
        let done = self.process(async move {
            let (plan_id, payer) = (plan_id(&site, "SMALL"), payer(method, &terms.text_sha256));
            let wanted =
                Subscribing { account_id: &account_id, plan_id: &plan_id, option: None, currency: None, payer };
            plans::subscribe(&engine, &call(Some(&key)), wanted).await.map(|done| done.paid.map(|paid| paid.payment))
        });
        let done = done.await;
        self.shown(done).await;
    }

    async fn upgrade(&mut self) {
        let key = format!("upgrade-{}", self.dice.below(6));
        let (engine, account_id, method) = (self.engine.clone(), self.account_id.clone(), self.method());
        let site = self.engine.accounts().get(&account_id).await.unwrap().site;
        let terms = plans::terms(&self.engine, &account_id, Language::En).await.unwrap();
        let done = self.process(async move {
            let plan_id = plan_id(&site, "LARGE");
            let payer = Some(payer(method, &terms.text_sha256));
            let when = Some(When::Now);
            let wanted = Changing { account_id: &account_id, plan_id: &plan_id, option: None, when, payer };
            plans::change(&engine, &call(Some(&key)), wanted).await.map(|done| done.paid.map(|paid| paid.payment))
        });
        let done = done.await;
        self.shown(done).await;
    }

    /// The payer is on the gateway's page, if there is one.
    async fn shown(&self, done: Option<engine::Result<Option<topups::Payment>>>) {
        let mut world = self.gateway.world();
        match done {
            Some(Ok(Some(payment))) => {
                if let Some(object) = world.objects.iter_mut().find(|object| object.topup_id == payment.id) {
                    object.shown = true;
                }
                world.note(format!("{} for a plan", payment.id));
            }
            Some(Err(error)) => world.note(format!("no plan: {error}")),
            _ => {}
        }
    }

    fn method(&self) -> Method {
        match self.style {
            Style::Stripe => Method::Stripe,
            Style::PayPal => Method::PayPal,
            Style::VnPay => Method::VnPay,
        }
    }

    /// Rows of plans against payments, and whether what runs was paid for.
    pub(super) async fn plan_faults(&self, payments: &[topups::Payment]) -> Vec<String> {
        let sql = "SELECT payment_id, credit_units FROM plan_periods WHERE account_id = $1";
        let periods = self.place.store.query(sql, params![self.account_id.as_str()]).await.unwrap();
        let sql = "SELECT id, payment_id FROM instalments WHERE account_id = $1 AND state = 'paid'";
        let paid = self.place.store.query(sql, params![self.account_id.as_str()]).await.unwrap();
        let text = |row: &store::Row, column| row.optional_text(column).unwrap().map(str::to_owned);
        let periods: Vec<_> = periods.iter().map(|row| (text(row, 0), row.int(1).unwrap())).collect();
        let paid: Vec<_> = paid.iter().map(|row| (text(row, 0).unwrap(), text(row, 1))).collect();
        wrongs_of_plans(payments, &periods, &paid)
    }
}

fn plan_id(site: &str, name: &str) -> String {
    format!("SUB_{}_{name}", site.to_uppercase())
}

fn payer(method: Method, text_sha256: &str) -> Payer<'_> {
    let consent = Consented { text_sha256, ip: IpAddr::V4(Ipv4Addr::LOCALHOST), user_agent: "test" };
    Payer { method, consent, language: Language::En, return_url: None, save_card: false }
}
