//! An account with saved cards, and plans that it may have.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use engine::accounts::AccountChange;
use engine::billing;
use engine::ledger_calls::Note;
use engine::plans::{self, Changed, Changing, NewPlan, Paid, Payer, Period, PlanTerms, Subscribed, Subscribing, When};
use engine::settings::{Language, Method, Secret, Settings};
use engine::topups::{self, Consented, Payment};
use engine::{Engine, Error, Result};
use ledger::plan::Paying;
use ledger::{Kind, LotKind, OnInsufficient, Timestamp, Unit};
use sandbox::stripe::{NewCustomer, StripeOptions, StripeSandbox};
use store::{EntryFilter, params};
use tokio::net::TcpListener;

use crate::payments::american;
use crate::{Nodes, call};

/// Who subscribes.
pub(crate) const TEAM: &str = "team";

/// Two nodes, and a Stripe whose notices go nowhere.
pub(crate) struct Club {
    pub(crate) nodes: Nodes,
    pub(crate) stripe: StripeSandbox,
}

/// Midnight of a day in UTC, or an instant.
pub(crate) fn day(text: &str) -> Timestamp {
    let text = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00Z") };
    Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

/// The stable code of a refusal.
pub(crate) fn code(error: &Error) -> &str {
    match error {
        Error::Conflict { code, .. } | Error::Invalid { code, .. } | Error::TooMany { code, .. } => code,
        Error::NotFound(_) => "not_found",
        Error::Ledger(store::Failure::KeyReuse) => "idempotency_key_reuse",
        other => panic!("{other}"),
    }
}

/// Somebody who agreed to a text.
pub(crate) fn payer(method: Method, text_sha256: &str) -> Payer<'_> {
    let consent = Consented { text_sha256, ip: IpAddr::V4(Ipv4Addr::LOCALHOST), user_agent: "test" };
    Payer { method, consent, language: Language::En, return_url: None, save_card: false }
}

pub(crate) fn monthly(name: &str, price: &str, credits: &str) -> PlanTerms {
    PlanTerms {
        name: name.to_owned(),
        prices: BTreeMap::from([(Unit::parse("USD").unwrap(), price.to_owned())]),
        credits: credits.to_owned(),
        period: Period::MONTHLY,
        term_periods: 1,
        options: vec![Paying::AllUpfront],
        scope: Vec::new(),
        on_demand: None,
    }
}

impl Club {
    /// Opens on 2026-11-20 at noon, with a good card and the plan `SUB_PRO`: 20 dollars a month for 10,000 credits.
    pub(crate) async fn open() -> Club {
        Club::open_with(|_| {}).await
    }

    pub(crate) async fn open_with(change: impl FnOnce(&mut Settings)) -> Club {
        // Fails when another test was faster, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stripe = sandbox::stripe::serve(listener, StripeOptions::default()).await.unwrap();
        let nodes = Nodes::start_with(|settings| {
            settings.stripe.secret_key = Secret::new("sk_test_of_the_tests");
            settings.stripe.base_url = stripe.url().to_owned();
            change(settings);
        })
        .await;
        nodes.account(TEAM, "api", "CREDIT").await;
        billing::put_profile(&nodes.a, &call(None), TEAM, 0, &american("US")).await.unwrap();
        let club = Club { nodes, stripe };
        club.cards(&["pm_card_visa"]).await;
        club.publish("SUB_PRO", monthly("Pro", "20", "10000")).await;
        club
    }

    /// From now on the account has these cards.
    pub(crate) async fn cards(&self, cards: &[&str]) {
        let default = (!cards.is_empty()).then_some(0);
        let cards = cards.iter().map(|card| (*card).to_owned()).collect();
        let new = NewCustomer { cards, default, ..NewCustomer::default() };
        let customer = self.stripe.create_customer(&new).unwrap();
        let change = AccountChange { stripe_customer: Some(Some(customer.customer)), ..AccountChange::default() };
        self.nodes.a.accounts().change(&call(None), TEAM, change).await.unwrap();
    }

    pub(crate) async fn publish(&self, id: &str, terms: PlanTerms) -> plans::Plan {
        let new = NewPlan { id: id.to_owned(), site: "api".to_owned(), unit: None, terms };
        plans::publish(&self.nodes.a, &call(None), new).await.unwrap()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.nodes.a.now()
    }

    /// Moves the clock to an instant to come.
    pub(crate) fn go_to(&self, text: &str) {
        let left_us = day(text).micros() - self.now().micros();
        assert!(left_us >= 0, "{text} has gone by");
        self.nodes.wait_ms(left_us / 1_000 + 1);
    }

    /// Names the text in force that buyers of plans agree to.
    pub(crate) async fn terms(&self) -> String {
        plans::terms(&self.nodes.a, TEAM, Language::En).await.unwrap().text_sha256
    }

    pub(crate) async fn subscribe_on(
        &self,
        node: &Engine,
        plan_id: &str,
        key: &str,
        option: Option<&str>,
    ) -> Result<Subscribed> {
        let terms = self.terms().await;
        let payer = payer(Method::SavedCard, &terms);
        let wanted = Subscribing { account_id: TEAM, plan_id, option, currency: None, payer };
        plans::subscribe(node, &call(Some(key)), wanted).await
    }

    /// Subscribes by saved card; the money is heard of.
    pub(crate) async fn subscribe(&self, plan_id: &str, option: Option<&str>) {
        self.subscribe_on(&self.nodes.a, plan_id, "subscribe", option).await.unwrap();
        self.settle().await;
    }

    /// Pays what is due by saved card; the money is not heard of yet.
    pub(crate) async fn pay(&self, key: &str) -> Result<Paid> {
        let terms = self.terms().await;
        plans::pay(&self.nodes.b, &call(Some(key)), TEAM, payer(Method::SavedCard, &terms)).await
    }

    /// Changes the plan, at once when that is possible.
    pub(crate) async fn change(&self, plan_id: &str, when: Option<When>) -> Result<Changed> {
        self.change_to(plan_id, None, when).await
    }

    /// The same with another way of paying.
    pub(crate) async fn change_to(&self, plan_id: &str, option: Option<&str>, when: Option<When>) -> Result<Changed> {
        let key = format!("change-{plan_id}-{}", self.now().micros());
        let terms = self.terms().await;
        let payer = Some(payer(Method::SavedCard, &terms));
        let wanted = Changing { account_id: TEAM, plan_id, option, when, payer };
        plans::change(&self.nodes.a, &call(Some(&key)), wanted).await
    }

    /// Looks after subscriptions on both nodes until there is nothing to do.
    pub(crate) async fn advance(&self) {
        for _ in 0..20 {
            let mut done = 0;
            for node in self.nodes.each() {
                done += plans::advance_due(node).await.unwrap();
            }
            if done == 0 && self.due().await == 0 {
                return;
            }
            // The lease may be the other node's.
            self.nodes.wait_ms(16_000);
        }
        panic!("there is always something to do");
    }

    async fn due(&self) -> usize {
        let sql = "SELECT 1 FROM subscriptions WHERE next_action_at_us <= $1";
        self.nodes.a.store().query(sql, params![self.now().micros()]).await.unwrap().len()
    }

    /// A minute passes, and Stripe is asked about what is open.
    pub(crate) async fn settle(&self) {
        self.nodes.wait_ms(61_000);
        for node in self.nodes.each() {
            topups::reconcile(node).await.unwrap();
        }
    }

    /// What is due is done, and its money heard of.
    pub(crate) async fn run(&self) {
        self.advance().await;
        self.settle().await;
        self.advance().await;
    }

    /// How the subscription stands: state, period, credits of the plan that are left, charges that took money.
    pub(crate) async fn stands(&self) -> String {
        let (subscription, _) = plans::subscription(&self.nodes.b, TEAM).await.unwrap();
        let (state, period) = (subscription.state.name(), subscription.period);
        format!("{state} {period}, {} credits, {} charges", self.credits().await, self.charges())
    }

    /// Whole credits of plans that are left.
    pub(crate) async fn credits(&self) -> i64 {
        let team = self.nodes.b.accounts().locate(TEAM).await.unwrap();
        let view = self.nodes.b.view(&team, None).await.unwrap();
        let of_plans =
            view.account.lots.iter().filter(|lot| lot.kind == LotKind::Subscription && lot.counts(view.as_of));
        of_plans.map(|lot| Unit::CREDIT.floor_minor(lot.remaining)).sum()
    }

    pub(crate) async fn spend(&self, amount: &str) {
        let note = Note { service: Some("search".to_owned()), ..Note::default() };
        let key = format!("spend-{}", self.now().micros());
        let node = &self.nodes.a;
        let order = node.order_debit(&call(Some(&key)), TEAM, amount, OnInsufficient::Reject, note).await.unwrap();
        node.submit(order).await.unwrap();
    }

    /// Charges that took money.
    pub(crate) fn charges(&self) -> usize {
        self.stripe.objects("charge").iter().filter(|charge| charge["status"] == "succeeded").count()
    }

    /// What charges took, in cents.
    pub(crate) fn charged_minor(&self) -> i64 {
        let charges = self.stripe.objects("charge");
        charges
            .iter()
            .filter(|charge| charge["status"] == "succeeded")
            .filter_map(|charge| charge["amount"].as_i64())
            .sum()
    }

    pub(crate) async fn payments(&self) -> Vec<Payment> {
        topups::payments(&self.nodes.a, TEAM, None, 100).await.unwrap()
    }

    /// Instalments as people see them: `2:advance 1000 unpaid`.
    pub(crate) async fn instalments(&self) -> Vec<String> {
        let found = plans::list_instalments(&self.nodes.a, TEAM).await.unwrap();
        let told = |view: &plans::InstalmentView| {
            let id = &view.instalment.id;
            format!("{}:{} {} {}", id.period, id.kind, view.instalment.amount.amount_minor, view.standing)
        };
        found.iter().map(told).collect()
    }

    /// Kinds of letters in the order in which they were written.
    pub(crate) async fn letters(&self) -> Vec<String> {
        let sql = "SELECT kind FROM mails WHERE kind NOT LIKE 'payment%' ORDER BY created_at_us, once";
        let rows = self.nodes.a.store().query(sql, params![]).await.unwrap();
        rows.iter().map(|row| row.text(0).unwrap().to_owned()).collect()
    }

    /// What others were told of subscriptions.
    pub(crate) async fn told(&self) -> Vec<String> {
        let sql = "SELECT topic FROM outbox WHERE topic LIKE 'subscription.%' ORDER BY created_at_us, id";
        let rows = self.nodes.a.store().query(sql, params![]).await.unwrap();
        rows.iter().map(|row| row.text(0).unwrap().trim_start_matches("subscription.").to_owned()).collect()
    }

    /// Proves the books.
    pub(crate) async fn close(self) {
        let cleared = topups::check_clearing(&self.nodes.a).await.unwrap();
        assert!(cleared.agrees(), "{cleared:?}");
        self.check_periods().await;
        self.nodes.close().await;
    }

    /// Each grant of a plan has its row and each row its grant; no instalment was paid twice.
    async fn check_periods(&self) {
        let store = self.nodes.a.store();
        for account in store.query("SELECT id FROM accounts", params![]).await.unwrap() {
            let account = self.nodes.a.accounts().locate(account.text(0).unwrap()).await.unwrap();
            let sql = "SELECT credit_units FROM plan_periods WHERE account_id = $1 ORDER BY credit_units";
            let rows = store.query(sql, params![&*account.id]).await.unwrap();
            let written: Vec<i64> = rows.iter().map(|row| row.int(0).unwrap()).collect();
            let (kinds, lot_kinds) = (vec![Kind::Grant], vec![LotKind::Subscription]);
            let filter = EntryFilter { kinds, lot_kinds, ..EntryFilter::default() };
            let entries = store.entries(account.no, filter, None, 1_000).await.unwrap();
            let mut granted: Vec<i64> = entries.iter().map(|entry| entry.transaction.amount().units()).collect();
            granted.sort_unstable();
            assert_eq!(granted, written, "{}", account.id);
        }
        let doubled = "SELECT 1 FROM payments WHERE purpose = 'plan' AND paid_at_us IS NOT NULL \
                       GROUP BY account_id, instalment_id HAVING count(*) > 1";
        assert!(store.query(doubled, params![]).await.unwrap().is_empty(), "an instalment was paid twice");
        let unpaid = "SELECT 1 FROM instalments i WHERE state = 'paid' AND NOT EXISTS (SELECT 1 FROM payments p \
                      WHERE p.account_id = i.account_id AND p.id = i.payment_id AND p.instalment_id = i.id \
                      AND p.paid_at_us IS NOT NULL)";
        assert!(store.query(unpaid, params![]).await.unwrap().is_empty(), "an instalment is paid by nothing");
    }
}
