//! Teams that buy packs: our server, the fake Stripe and its notices, over real HTTP.
//!
//! A [`Shop`] is one installation with a clock that can be moved. Every test ends with [`Shop::close`], which proves the
//! journal, compares what was credited with what was paid, and looks for changes that were not told.

mod cards;
mod contract;
mod notices;
mod operator;
mod races;
mod referee;
mod unknown;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use engine::accounts::{AccountChange, NewAccount};
use engine::settings::{Secret, Settings};
use engine::topups::{self, Payment, State};
use engine::{Call, Engine};
use ledger::{Counter, Timestamp, Unit};
use reqwest::header::HeaderMap;
use sandbox::stripe::{NewCustomer, StripeOptions, StripeSandbox, WebhookTarget};
use serde_json::{Value, json};
use store::{Clock, Options, Store, SystemClock, params};
use testbed::Database;
use tokio::net::TcpListener;
use wire::Wire;

/// Where cards are charged: an intent is confirmed.
pub(crate) const CHARGE: &str = "/v1/payment_intents/pi_";
pub(crate) const WEBHOOK_SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";
const OPERATOR_KEY: &str = "sk_test_operator_of_the_tests";

/// The machine's clock, moved ahead.
#[derive(Default)]
struct MovedClock(AtomicI64);

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus_seconds(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) struct Shop {
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    pub(crate) engine: Engine,
    pub(crate) stripe: StripeSandbox,
    /// Between the two.
    pub(crate) wire: Wire,
    clock: Arc<MovedClock>,
    server: tokio::task::JoinHandle<()>,
    /// Goes last: dropping it cuts whoever is connected.
    database: Database,
}

/// An account with a key and, when it has any, saved cards.
pub(crate) struct Team {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) customer: Option<String>,
}

/// An answer of our server.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) headers: HeaderMap,
}

impl Answer {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.json().await.unwrap() }
    }

    /// Status and code of a refusal.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        (self.status, self.body["error"].as_str().unwrap_or("none"))
    }

    pub(crate) fn intent(&self) -> &str {
        self.body["payment_intent_id"].as_str().unwrap()
    }
}

impl Shop {
    pub(crate) async fn open() -> Shop {
        Shop::open_with(|_| {}).await
    }

    pub(crate) async fn open_with(change: impl FnOnce(&mut Settings)) -> Shop {
        // Fails when another test was faster, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let target = WebhookTarget { url: format!("{url}/webhooks/stripe"), secret: WEBHOOK_SECRET.to_owned() };
        let options = StripeOptions {
            webhook: Some(target),
            // A notice that is refused comes again at once, and no more than twice.
            webhook_retry_gaps: vec![Duration::from_millis(1); 2],
            ..StripeOptions::default()
        };
        let stripe_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stripe = sandbox::stripe::serve(stripe_listener, options).await.unwrap();

        let wire = Wire::to(stripe.url()).await;

        let database = Database::new();
        let clock = Arc::new(MovedClock::default());
        let options = Options { clock: Some(clock.clone()), ..Options::default() };
        let store = Store::open(&database.url(), options).await.unwrap();
        let mut settings = Settings { public_url: url.clone(), ..Settings::default() };
        settings.stripe.secret_key = Secret::new("sk_test_of_the_tests");
        settings.stripe.webhook_secrets = vec![Secret::new(WEBHOOK_SECRET)];
        settings.stripe.base_url = wire.url.clone();
        change(&mut settings);
        let engine = Engine::new(store, settings).await.unwrap();
        engine.keys().bootstrap(&Secret::new(OPERATOR_KEY)).await.unwrap();

        let serving = api::serve(listener, engine.clone(), std::future::pending());
        let server = tokio::spawn(async move { serving.await.unwrap() });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Shop { url, http, engine, stripe, wire, clock, server, database }
    }

    /// A team of the site that sells packs; the first card is the default.
    pub(crate) async fn team(&self, cards: &[&str]) -> Team {
        let cards: Vec<String> = cards.iter().map(|card| (*card).to_owned()).collect();
        let default = (!cards.is_empty()).then_some(0);
        let customer = self.stripe.create_customer(&NewCustomer { cards, default, ..NewCustomer::default() }).unwrap();
        self.team_on("api", Some(&customer.customer)).await
    }

    pub(crate) async fn team_on(&self, site: &str, customer: Option<&str>) -> Team {
        let call = Call { actor: "test".into(), ..Call::default() };
        let new = NewAccount { name: "Team".to_owned(), site: site.to_owned(), ..NewAccount::default() };
        let (account, _) = self.engine.accounts().open(&call, new).await.unwrap();
        let id = account.id.to_string();
        if let Some(customer) = customer {
            let change = AccountChange { stripe_customer: Some(Some(customer.to_owned())), ..AccountChange::default() };
            self.engine.accounts().change(&call, &id, change).await.unwrap();
        }
        let (_, key) = self.engine.keys().issue(&Call::default(), &id, Default::default()).await.unwrap();
        Team { id, key, customer: customer.map(str::to_owned) }
    }

    /// `POST /user/purchase-topup` with this body and headers.
    pub(crate) async fn purchase(&self, key: &str, body: &str, idempotency_key: Option<&str>) -> Answer {
        let url = format!("{}/user/purchase-topup", self.url);
        let mut request = self.http.post(url).bearer_auth(key).body(body.to_owned());
        request = request.header("content-type", "application/json");
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        Answer::of(request).await
    }

    pub(crate) async fn buy(&self, team: &Team) -> Answer {
        self.purchase(&team.key, r#"{"credits":10000}"#, None).await
    }

    /// `GET /user/credits/info`.
    pub(crate) async fn info(&self, team: &Team) -> Value {
        let url = format!("{}/user/credits/info", self.url);
        let answer = Answer::of(self.http.get(url).bearer_auth(&team.key)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    pub(crate) async fn credits(&self, team: &Team) -> i64 {
        self.info(team).await["credits"].as_i64().unwrap()
    }

    /// `GET` of an operator.
    pub(crate) async fn operator(&self, path: &str) -> Answer {
        Answer::of(self.http.get(format!("{}{path}", self.url)).bearer_auth(OPERATOR_KEY)).await
    }

    /// The team's payments, newest first.
    pub(crate) async fn payments(&self, team: &Team) -> Vec<Payment> {
        topups::payments(&self.engine, &team.id, None, 100).await.unwrap()
    }

    /// The team's one payment.
    pub(crate) async fn payment(&self, team: &Team) -> Payment {
        let [payment] = self.payments(team).await.try_into().unwrap();
        payment
    }

    /// State and reason of the team's one payment.
    pub(crate) async fn standing(&self, team: &Team) -> (State, Option<String>) {
        let payment = self.payment(team).await;
        (payment.state, payment.reason)
    }

    /// Lets time pass, here and at Stripe.
    pub(crate) fn wait(&self, seconds: i64) {
        let ahead = self.clock.0.fetch_add(seconds, Ordering::SeqCst) + seconds;
        self.stripe.set_clock_offset(ahead);
    }

    pub(crate) async fn reconcile(&self) -> topups::Round {
        topups::reconcile(&self.engine).await.unwrap()
    }

    /// A round that cancels an intent; Stripe's notice of that may be faster than the round itself.
    pub(crate) async fn close_dangling(&self) {
        let round = self.reconcile().await;
        assert_eq!((round.asked, round.failed), (1, 0));
    }

    /// Charges that took money.
    pub(crate) fn charges(&self) -> usize {
        self.stripe.objects("charge").iter().filter(|charge| charge["status"] == "succeeded").count()
    }

    /// Requests that ask Stripe to charge: creating an intent does not, confirming it does.
    pub(crate) fn charge_requests(&self) -> usize {
        let asks = |path: &str| path.ends_with("/confirm");
        self.stripe.requests().iter().filter(|request| request.method == "POST" && asks(&request.path)).count()
    }

    /// Waits until Stripe has delivered every event about payments that it may deliver, except those named.
    pub(crate) async fn delivered_except(&self, held: &[&str]) {
        let told = |event: &Value| {
            let kind = event["type"].as_str().unwrap_or_default();
            !kind.starts_with("payment_intent.") || held.contains(&kind) || event["pending_webhooks"] == 0
        };
        eventually("every notice is delivered", async || self.stripe.events().iter().all(told)).await;
    }

    pub(crate) async fn delivered(&self) {
        self.delivered_except(&[]).await;
    }

    /// Delivers a notice with any body, as whoever knows the secret could.
    pub(crate) async fn notify(&self, body: &Value, secret: &str) -> u16 {
        let body = body.to_string();
        let signature = sandbox::stripe::sign(secret, self.engine.now().seconds(), body.as_bytes());
        self.notify_raw(body, &signature).await
    }

    pub(crate) async fn notify_raw(&self, body: impl Into<reqwest::Body>, signature: &str) -> u16 {
        let request = self.http.post(format!("{}/webhooks/stripe", self.url)).header("stripe-signature", signature);
        Answer::of(request.body(body)).await.status
    }

    /// How often Stripe's notices came to this.
    pub(crate) async fn notices(&self, outcome: &str) -> i64 {
        let sql = "SELECT count(*) FROM gateway_events WHERE outcome = $1";
        self.engine.store().query(sql, params![outcome]).await.unwrap()[0].int(0).unwrap()
    }

    /// Proves the books and stops.
    pub(crate) async fn close(self) {
        self.check_credits().await;
        self.check_outbox().await;
        self.server.abort();
        self.engine.store().shutdown().await;
        let url = self.database.url();
        let proof = tokio::task::spawn_blocking(move || store::verify(&url, &mut |_, _| {})).await.unwrap();
        assert!(proof.is_ok(), "{proof:?}");
    }

    /// What was credited is what succeeded, no more and no less.
    async fn check_credits(&self) {
        let sql = "SELECT CAST(coalesce(sum(credit_units), 0) AS BIGINT), count(*) FROM payments \
                   WHERE state = 'succeeded'";
        let paid = &self.engine.store().query(sql, params![]).await.unwrap()[0];
        let lines = self.engine.store().trial_balance().await.unwrap();
        let clearing =
            lines.iter().find(|line| line.name == Counter::ClearingStripe.name() && line.unit == Unit::CREDIT);
        assert_eq!(clearing.map_or(0, |line| -line.sum_units), i128::from(paid.int(0).unwrap()), "{lines:?}");
        let effects = self.engine.store().query("SELECT count(*) FROM gateway_effects", params![]).await.unwrap();
        assert_eq!(effects[0].int(0).unwrap(), paid.int(1).unwrap(), "one effect per payment that succeeded");
    }

    /// Every payment that is not as it began was told about once in its present state.
    async fn check_outbox(&self) {
        let sql = "SELECT p.id FROM payments p WHERE p.state <> 'created' AND (SELECT count(*) FROM outbox o \
                   WHERE o.account_id = p.account_id AND o.topic = 'payment.' || p.state \
                   AND o.body LIKE '%' || p.id || '%') <> 1";
        let untold = self.engine.store().query(sql, params![]).await.unwrap();
        assert!(untold.is_empty(), "{untold:?}");
    }
}

/// Waits for something that comes; a minute is for slow machines.
pub(crate) async fn eventually(what: &str, mut look: impl AsyncFnMut() -> bool) {
    for _ in 0..6_000 {
        if look().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("in vain: {what}");
}

/// The event that a test makes up about an intent.
pub(crate) fn event(id: &str, kind: &str, intent: &Value) -> Value {
    json!({
        "id": id, "object": "event", "type": kind, "created": 1_795_166_105, "livemode": false,
        "api_version": "2026-10-28.endive", "pending_webhooks": 1, "request": null, "data": {"object": intent}
    })
}
