//! Card testing: a carder at the page of a gateway that is played here, and at saved cards.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use engine::accounts::AccountChange;
use engine::billing::{self, QuoteRequest};
use engine::settings::{Language, Method, Secret, Settings};
use engine::topups::{self, Beginning, Begun, Consented, Purchase, Refused, State};
use engine::{Engine, Error};
use http::HeaderMap;
use providers::gateway::{
    Ask, Gateway, Instrument, News, Next, Notice, Opened, Pending, RawNotice, RefundAsk, RefundSighting, Reply,
    Sighting, Standing, Trouble, Unverified, Verified,
};
use sandbox::stripe::{NewCustomer, StripeOptions};
use store::{Statement, params};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::billing::draft;
use crate::{Nodes, call};

/// A gateway where everybody may try cards until the payment is closed.
#[derive(Default)]
struct Page {
    payments: Mutex<BTreeMap<String, Sighting>>,
    reached: Mutex<Vec<String>>,
}

impl Page {
    /// Tries a card; gives the notice that tells of it, when the gateway asked a bank.
    fn try_card(&self, object_id: &str, card: &str, accepted: bool) -> Option<Vec<u8>> {
        let mut payments = self.payments.lock().unwrap();
        let seen = payments.get_mut(object_id)?;
        if !matches!(seen.standing, Standing::Payable(_)) {
            return None;
        }
        let mut reached = self.reached.lock().unwrap();
        reached.push(card.to_owned());
        let fingerprint = Some(card.to_owned());
        seen.instrument = Some(Instrument { kind: "card".to_owned(), fingerprint, ..Instrument::default() });
        seen.standing = Standing::Payable(Some("insufficient_funds".to_owned()));
        if accepted {
            (seen.standing, seen.received) = (Standing::Paid, seen.asked);
        }
        Some(format!("evt_{} {object_id}", reached.len()).into_bytes())
    }

    fn reached(&self) -> usize {
        self.reached.lock().unwrap().len()
    }

    fn refusal<'a, T: Send + 'a>() -> Reply<'a, T> {
        let code = "unsupported".to_owned();
        Box::pin(async move { Err(Trouble::Refused { gateway: "stripe", code, ours: false, reference: None }) })
    }

    fn seen(&self, pending: &Pending) -> Option<Sighting> {
        let payments = self.payments.lock().unwrap();
        payments.values().find(|seen| seen.topup_id.as_ref() == Some(&pending.topup_id)).cloned()
    }
}

impl Gateway for Page {
    fn name(&self) -> &'static str {
        "stripe"
    }

    fn live(&self) -> bool {
        false
    }

    fn open<'a>(&'a self, ask: &'a Ask) -> Reply<'a, Opened> {
        let object_id = format!("pi_{}", ask.topup_id);
        let sighting = Sighting {
            object_id: object_id.clone(),
            money_id: None,
            account_id: Some(ask.account_id.clone()),
            topup_id: Some(ask.topup_id.clone()),
            customer_id: None,
            live: false,
            asked: Some(ask.money),
            received: None,
            standing: Standing::Payable(None),
            instrument: None,
            created_at_s: None,
        };
        self.payments.lock().unwrap().insert(object_id.clone(), sighting);
        Box::pin(async move { Ok(Opened { next: Next::Redirect("https://pay.example".to_owned()), object_id }) })
    }

    fn look_up<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>> {
        Box::pin(async move { Ok(self.seen(pending)) })
    }

    fn complete<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>> {
        self.look_up(pending)
    }

    fn close<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>> {
        Box::pin(async move {
            let Some(mut seen) = self.seen(pending) else { return Ok(None) };
            if seen.standing != Standing::Paid {
                seen.standing = Standing::Failed("canceled".to_owned());
            }
            self.payments.lock().unwrap().insert(seen.object_id.clone(), seen.clone());
            Ok(Some(seen))
        })
    }

    fn refund<'a>(&'a self, _ask: &'a RefundAsk) -> Reply<'a, RefundSighting> {
        Page::refusal()
    }

    fn look_up_refund<'a>(&'a self, _ask: &'a RefundAsk) -> Reply<'a, Option<RefundSighting>> {
        Page::refusal()
    }

    fn can_list(&self) -> bool {
        false
    }

    fn list<'a>(&'a self, _from_s: i64, _to_s: i64) -> Reply<'a, Vec<Sighting>> {
        Page::refusal()
    }

    fn verify<'a>(&'a self, raw: &'a RawNotice<'a>) -> Verified<'a> {
        let text = String::from_utf8(raw.bytes.to_vec()).unwrap();
        let (event_id, object_id) = text.split_once(' ').unwrap();
        let seen = self.payments.lock().unwrap().get(object_id).cloned();
        let notice = seen.map(|seen| Notice {
            event_id: event_id.to_owned(),
            kind: "payment".to_owned(),
            created_at_s: None,
            news: News::Payment(Box::new(seen)),
        });
        Box::pin(async move { notice.ok_or_else(|| Unverified::Forged("nobody".to_owned())) })
    }
}

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

/// Two nodes that sell to Vietnam through the page.
async fn shop(change: impl FnOnce(&mut Settings)) -> (Nodes, Arc<Page>) {
    // Fails when another test was faster, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut nodes = Nodes::start_with(|settings| {
        settings.stripe.secret_key = Secret::new("sk_test_of_the_tests");
        change(settings);
    })
    .await;
    let page = Arc::new(Page::default());
    for node in [&mut nodes.a, &mut nodes.b] {
        let gateways: Vec<Arc<dyn Gateway>> = vec![page.clone()];
        *node = Engine::new_with_gateways(node.store().clone(), node.settings().clone(), gateways).await.unwrap();
    }
    (nodes, page)
}

async fn open(nodes: &Nodes, id: &str) {
    nodes.account(id, "vn", "VND").await;
    billing::put_profile(&nodes.a, &call(None), id, 0, &draft(id)).await.unwrap();
}

async fn begin(node: &Engine, account_id: &str, amount: &str, ip: IpAddr, key: &str) -> Result<Begun, Error> {
    let request = QuoteRequest { amount, method: Method::Stripe, currency: None };
    let quote = billing::quote(node, account_id, request).await.unwrap();
    let terms = billing::terms(node, account_id, Language::En).await.unwrap();
    let consent = Consented { text_sha256: &terms.text_sha256, ip, user_agent: "test" };
    let wanted = Beginning {
        account_id,
        quote_id: &quote.id,
        consent,
        language: Language::En,
        return_url: None,
        idempotency_key: key,
        save_card: false,
    };
    topups::begin(node, wanted).await
}

/// The code of a refusal, and after how many seconds to come again.
fn told<T: std::fmt::Debug>(answer: Result<T, Error>) -> (&'static str, i64) {
    match answer.unwrap_err() {
        Error::TooMany { code, retry_after_seconds, .. } => (code, retry_after_seconds),
        Error::Conflict { code, .. } => (code, 0),
        other => panic!("{other}"),
    }
}

async fn hear(node: &Engine, notice: &[u8]) {
    topups::take_notice(node, "stripe", notice, &HeaderMap::new()).await.unwrap();
}

/// Tries cards of a list until the gateway asks no bank any more.
async fn try_cards(nodes: &Nodes, page: &Page, begun: &Begun, cards: &mut impl Iterator<Item = String>) {
    let object_id = begun.payment.object_id.clone().unwrap();
    for card in cards {
        let Some(notice) = page.try_card(&object_id, &card, false) else { return };
        hear(&nodes.b, &notice).await;
        // The page is closed in a task of its own.
        let closed = async || {
            let payment = topups::payment(&nodes.a, &begun.payment.id).await.unwrap();
            payment.state == State::Failed
        };
        for _ in 0..50 {
            if closed().await {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_cards_ten_at_most_reach_the_gateway() {
    let (nodes, page) = shop(|_| {}).await;
    let mut cards = (0..1_000).map(|number| format!("card_{number}"));
    // One who opens an account after the other, all at home, and one who changes the address with each.
    for number in 0..40 {
        let id = format!("carder_{number}");
        open(&nodes, &id).await;
        for attempt in 0..5 {
            match begin(&nodes.a, &id, "500000", HOME, &format!("k{attempt}")).await {
                Ok(begun) => try_cards(&nodes, &page, &begun, &mut cards).await,
                refused => assert_eq!(told(refused).0, "too_many_attempts"),
            }
        }
    }
    let reached = page.reached();
    assert!((3..=10).contains(&reached), "{reached}");
    open(&nodes, "other").await;
    for attempt in 0..50 {
        let ip = IpAddr::V4(Ipv4Addr::new(198, 51, 100, attempt));
        match begin(&nodes.b, "other", "500000", ip, &format!("k{attempt}")).await {
            Ok(begun) => try_cards(&nodes, &page, &begun, &mut cards).await,
            refused => assert_eq!(told(refused).0, "too_many_attempts"),
        }
    }
    assert_eq!(page.reached() - reached, 3, "an account's own declines");
    assert!(cards.next().is_some(), "cards are left");
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_when_a_hundred_begin_at_once() {
    let (nodes, page) = shop(|settings| {
        settings.purchase.brakes.account_tries_per_hour = 4;
        settings.purchase.brakes.address_tries_per_hour = 6;
    })
    .await;
    for id in ["a", "b", "c"] {
        open(&nodes, id).await;
    }
    // Several rounds, since a payment that is being opened keeps others of its account out.
    for round in 0..8 {
        let mut beginning = JoinSet::new();
        for number in 0..100 {
            let (node, id) = (nodes.each()[number % 2].clone(), ["a", "b", "c"][number % 3]);
            let key = format!("k{round}_{number}");
            beginning.spawn(async move { begin(&node, id, "500000", HOME, &key).await });
        }
        for answer in beginning.join_all().await {
            if answer.is_err() {
                let (code, _) = told(answer);
                assert!(["too_many_attempts", "payment_status_unknown"].contains(&code), "{code}");
            }
        }
    }
    let opened = page.payments.lock().unwrap().len();
    assert_eq!(opened, 6, "of the address");
    let mut most = 0;
    for id in ["a", "b", "c"] {
        most = most.max(topups::payments(&nodes.a, id, None, 100).await.unwrap().len());
    }
    assert!(most <= 4, "of an account: {most}");
    nodes.wait_ms(3_600_001);
    assert!(begin(&nodes.b, "a", "500000", HOME, "later").await.is_ok(), "an hour later");
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_pays_is_not_braked() {
    let (nodes, page) = shop(|_| {}).await;
    open(&nodes, "a").await;
    for number in 0..12 {
        let begun = begin(&nodes.a, "a", "500000", HOME, &format!("k{number}")).await.unwrap();
        let notice = page.try_card(&begun.payment.object_id.clone().unwrap(), "card", true).unwrap();
        hear(&nodes.a, &notice).await;
        let payment = topups::payment(&nodes.b, &begun.payment.id).await.unwrap();
        assert_eq!(payment.state, State::Succeeded);
    }
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_more_than_allowed_waits_for_a_day() {
    let (nodes, page) = shop(|_| {}).await;
    open(&nodes, "a").await;
    for number in 0..3 {
        let begun = begin(&nodes.a, "a", "500000", HOME, &format!("k{number}")).await.unwrap();
        let notice = page.try_card(&begun.payment.object_id.unwrap(), &format!("card_{number}"), true).unwrap();
        hear(&nodes.a, &notice).await;
        nodes.wait_ms(3_600_000);
    }
    let (code, retry_after_seconds) = told(begin(&nodes.b, "a", "500000", HOME, "k3").await);
    assert_eq!(code, "too_many_attempts");
    assert!((20 * 3_600..=21 * 3_600).contains(&retry_after_seconds), "{retry_after_seconds}");
    nodes.wait_ms(retry_after_seconds * 1_000);
    assert!(begin(&nodes.b, "a", "500000", HOME, "k4").await.is_ok());
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_account_may_buy_grows_with_its_age() {
    let (nodes, _page) = shop(|_| {}).await;
    open(&nodes, "a").await;
    open(&nodes, "b").await;
    // days, amount, what is told: a hundred times the least, then a thousand times
    let table = [
        (0, "50000001", Some("daily_limit_reached")),
        (0, "50000000", None),
        (0, "500000", Some("daily_limit_reached")),
    ];
    for (number, (days, amount, refused)) in table.into_iter().enumerate() {
        nodes.wait_ms(days * 86_400_000);
        let answer = begin(&nodes.a, "a", amount, HOME, &format!("k{number}")).await;
        match refused {
            None => assert!(answer.is_ok(), "{number}: {answer:?}"),
            Some(code) => assert_eq!(told(answer).0, code, "{number}"),
        }
    }
    nodes.wait_ms(7 * 86_400_000);
    assert!(begin(&nodes.b, "b", "500000000", HOME, "k").await.is_ok(), "after a week");
    assert_eq!(told(begin(&nodes.b, "b", "500000", HOME, "l").await).0, "daily_limit_reached");
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_dispute_and_the_kill_switch_stop_buying() {
    let (nodes, page) = shop(|_| {}).await;
    open(&nodes, "a").await;
    let dispute = |state: &str| {
        let sql = "INSERT INTO disputes (account_id, gateway, object_id, payment_id, state, amount_minor, currency, \
                   credit_units, created_at_us, updated_at_us) VALUES ('a', 'stripe', $1, 'p', $2, 1, 'VND', 0, 1, 1)";
        Statement::new(sql, params![format!("dp_{state}"), state])
    };
    nodes.a.store().write(vec![dispute("inquiry"), dispute("won"), dispute("lost")]).await.unwrap();
    assert!(begin(&nodes.a, "a", "500000", HOME, "k").await.is_ok());
    nodes.a.store().write(vec![dispute("open")]).await.unwrap();
    assert_eq!(told(begin(&nodes.b, "a", "500000", HOME, "l").await).0, "dispute_open");
    assert_eq!(page.payments.lock().unwrap().len(), 1);
    let mut off = (**nodes.a.settings()).clone();
    off.purchase.enabled = false;
    let stopped = Engine::new(nodes.a.store().clone(), off).await.unwrap();
    let request = QuoteRequest { amount: "500000", method: Method::Stripe, currency: None };
    assert_eq!(told(billing::quote(&stopped, "a", request).await).0, "kill_switch");
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_decline_reads_the_same() {
    let (nodes, page) = shop(|_| {}).await;
    open(&nodes, "a").await;
    let mut reasons = Vec::new();
    for (number, code) in ["insufficient_funds", "stolen_card", "vnpay_51"].into_iter().enumerate() {
        let begun = begin(&nodes.a, "a", "500000", HOME, &format!("k{number}")).await.unwrap();
        let object_id = begun.payment.object_id.unwrap();
        let notice = page.try_card(&object_id, "card", false).unwrap();
        page.payments.lock().unwrap().get_mut(&object_id).unwrap().standing = Standing::Failed(code.to_owned());
        hear(&nodes.a, &notice).await;
        let payment = topups::payment(&nodes.a, &begun.payment.id).await.unwrap();
        reasons.push((payment.reason.clone().unwrap(), payment.told_reason().unwrap().to_owned()));
    }
    let declined = |code: &str| (code.to_owned(), "declined".to_owned());
    assert_eq!(reasons, ["insufficient_funds", "stolen_card", "vnpay_51"].map(declined));
    assert_eq!(told(begin(&nodes.a, "a", "500000", HOME, "k").await).0, "too_many_attempts", "they count");
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn saved_cards_that_are_declined_wait_for_a_day() {
    // Fails when another test was faster, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stripe = sandbox::stripe::serve(listener, StripeOptions::default()).await.unwrap();
    let nodes = Nodes::start_with(|settings| {
        settings.stripe.secret_key = Secret::new("sk_test_of_the_tests");
        settings.stripe.base_url = stripe.url().to_owned();
    })
    .await;
    nodes.account("team", "api", "CREDIT").await;
    let cards = vec!["pm_card_visa_chargeDeclined".to_owned(); 2];
    let customer = stripe.create_customer(&NewCustomer { cards, default: Some(0), ..NewCustomer::default() }).unwrap();
    let change = AccountChange { stripe_customer: Some(Some(customer.customer)), ..AccountChange::default() };
    nodes.a.accounts().change(&call(None), "team", change).await.unwrap();
    let buy = async |node: &Engine| {
        let buyer = topups::buyer(node, "team").await.unwrap();
        topups::purchase(node, Purchase { buyer: &buyer, credits: 10_000, idempotency_key: None }).await.unwrap_err()
    };
    for node in nodes.each() {
        assert!(matches!(buy(node).await, Refused::PaymentFailed));
        nodes.wait_ms(61_000);
    }
    let refused = buy(&nodes.a).await;
    let Refused::Cooldown { retry_after_seconds, cooldown_seconds: 86_400 } = refused else { panic!("{refused:?}") };
    // The first purchase was declined twice, and only one of them has to grow old.
    assert!((86_000..=86_400).contains(&retry_after_seconds), "{retry_after_seconds}");
    let confirmed = stripe.requests().iter().filter(|request| request.path.ends_with("/confirm")).count();
    assert_eq!(confirmed, 4, "two cards, twice");
    nodes.close().await;
}
