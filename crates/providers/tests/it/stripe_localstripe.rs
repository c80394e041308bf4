//! `localstripe`, a fake Stripe that others wrote: our client must get along with it, too.
//!
//! It knows fewer parameters than Stripe, no idempotency keys and no `amount_received`, and words its errors differently
//! (see `peer_localstripe.py`, which stands in front of it). What is left is one way through: customer, saved card, charge,
//! a payer's challenge, signed notice, refund, cancellation.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use http::HeaderMap;
use ledger::Unit;
use providers::gateway::{Ask, Gateway, News, Next, Pending, RawNotice, RefundAsk, RefundStanding, Standing};
use providers::stripe::{
    ChargeRequest, Config, NewCustomer, SavedCardsOutcome, Stripe, charge_prepared, prepare_charge,
};
use providers::{Money, Secret};
use serde_json::Value;

use crate::stripe_referee::{NOT_INSTALLED, python};
use crate::support::{Asked, PATIENT, Reply, Script};

const SECRET: &str = "whsec_localstripe_0123456789";

/// The running peer; ends with the test.
struct Peer {
    process: Child,
    url: String,
    http: reqwest::Client,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Peer {
    /// Fails with a message when it is not installed.
    fn start() -> Result<Peer, String> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer_localstripe.py");
        let mut command = Command::new(python());
        command.arg(script).stdout(Stdio::piped()).stderr(Stdio::null());
        let spawned = command.spawn();
        let mut process = spawned.map_err(|error| format!("SKIPPED: {} could not be started ({error})", python()))?;
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        if port.is_empty() {
            assert_eq!(process.wait().unwrap().code(), Some(NOT_INSTALLED), "localstripe did not start");
            let cure = "pip install localstripe==1.15.10, or set SANDBOX_PYTHON";
            return Err(format!("SKIPPED: {} has no localstripe; {cure}", python()));
        }
        rustls::crypto::ring::default_provider().install_default().ok();
        let url = format!("http://127.0.0.1:{}", port.trim());
        Ok(Peer { process, url, http: reqwest::Client::new() })
    }

    fn gateway(&self) -> Stripe {
        let key = Secret::new("sk_test_12345").unwrap();
        let config = Config { base_url: self.url.clone(), timeout: PATIENT, ..Config::new(key, false) };
        Stripe::new(config, vec![Secret::new(SECRET).unwrap()]).unwrap()
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth("sk_test_12345").form(form);
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// A card as the payer's browser would make it.
    async fn card(&self, number: &str) -> String {
        let form = [
            ("type", "card"),
            ("card[number]", number),
            ("card[exp_month]", "12"),
            ("card[exp_year]", "2040"),
            ("card[cvc]", "123"),
        ];
        self.post("/v1/payment_methods", &form).await["id"].as_str().unwrap().to_owned()
    }
}

fn ask(topup_id: &str, customer_id: &str) -> Ask {
    Ask {
        account_id: "acme".into(),
        topup_id: topup_id.into(),
        money: Money { amount_minor: 2_500, currency: Unit::parse("USD").unwrap() },
        description: "Credits".into(),
        customer_id: Some(customer_id.into()),
        language: "en".into(),
        return_url: "https://shop.example/back".into(),
        cancel_url: "https://shop.example/cancel".into(),
        payer_address: [192, 0, 2, 1].into(),
        created_at_s: jiff::Timestamp::now().as_second(),
        expires_at_s: jiff::Timestamp::now().as_second() + 900,
        save_card: false,
    }
}

fn pending(ask: &Ask, intent_id: &str) -> Pending {
    Pending {
        account_id: ask.account_id.clone(),
        topup_id: ask.topup_id.clone(),
        object_id: Some(intent_id.into()),
        customer_id: ask.customer_id.clone(),
        money: ask.money,
        created_at_s: ask.created_at_s,
    }
}

/// The first notice of a kind that came to a script.
async fn notice(script: &Script, kind: &str) -> Asked {
    for _ in 0..6_000 {
        let found = script.asked().into_iter().find(|asked| asked.body.contains(kind));
        if let Some(found) = found {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no notice {kind} came");
}

#[tokio::test]
async fn our_client_gets_along_with_a_peer_that_others_wrote() {
    let peer = match Peer::start() {
        Ok(peer) => peer,
        Err(skipped) => return println!("{skipped}"),
    };
    let target = Script::start(vec![Reply::Json(200, "{}".into()); 100]).await;
    let hook = serde_json::json!({"url": target.url, "secret": SECRET}).to_string();
    let configured = peer.http.post(format!("{}/_config/webhooks/scrip", peer.url)).body(hook);
    let configured = configured.header("content-type", "application/json").send().await.unwrap();
    assert!(configured.status().is_success(), "{configured:?}");
    let stripe = peer.gateway();
    let client = stripe.client();

    // A customer, a saved card, a charge with the payer absent.
    let new = NewCustomer { account_id: "acme".into(), email: Some("a@example.com".into()), name: None };
    let customer = client.create_customer(&new).await.unwrap();
    let card = peer.card("4242424242424242").await;
    peer.post(&format!("/v1/payment_methods/{card}/attach"), &[("customer", &customer.id)]).await;
    let topup = ask("pay_1", &customer.id);
    let request = ChargeRequest {
        customer_id: customer.id.clone(),
        topup_id: topup.topup_id.clone(),
        account_id: topup.account_id.clone(),
        money: topup.money,
        card_ids: vec![card],
    };
    let prepared = prepare_charge(client, &request).await.unwrap();
    let seen = stripe.look_up(&pending(&topup, &prepared.id)).await.unwrap().unwrap();
    assert_eq!((seen.standing, seen.received), (Standing::Payable(None), None), "nothing is charged by preparing");
    let outcome = charge_prepared(client, &prepared.id, &request).await;
    assert!(matches!(&outcome, SavedCardsOutcome::Succeeded { intent } if intent.id == prepared.id), "{outcome:?}");
    let paid = stripe.look_up(&pending(&topup, &prepared.id)).await.unwrap().unwrap();
    assert_eq!((&paid.standing, paid.asked), (&Standing::Paid, Some(topup.money)));
    assert!(paid.money_id.as_ref().is_some_and(|charge| charge.starts_with("ch_")), "{paid:?}");
    assert_eq!(stripe.close(&pending(&topup, &prepared.id)).await.unwrap().unwrap().standing, Standing::Paid);

    // Its signed notice.
    let told = notice(&target, "payment_intent.succeeded").await;
    let headers =
        HeaderMap::from_iter([("stripe-signature".parse().unwrap(), told.header("stripe-signature").parse().unwrap())]);
    let raw = RawNotice { bytes: told.body.as_bytes(), headers: &headers, now_s: jiff::Timestamp::now().as_second() };
    let News::Payment(news) = stripe.verify(&raw).await.unwrap().news else { panic!("no payment: {}", told.body) };
    assert_eq!((news.topup_id.as_deref(), news.standing), (Some("pay_1"), Standing::Paid));
    let changed = told.body.replace("2500", "9500");
    assert!(stripe.verify(&RawNotice { bytes: changed.as_bytes(), ..raw }).await.is_err());

    // Money goes back.
    let back = RefundAsk {
        refund_id: "rf_1".into(),
        payment: pending(&topup, &prepared.id),
        money_id: paid.money_id,
        paid_at_s: topup.created_at_s,
        money: Money { amount_minor: 1_000, ..topup.money },
        whole: false,
        operator: "ops".into(),
        reason: "test".into(),
        object_id: None,
        may_have_run: false,
        created_at_s: topup.created_at_s,
    };
    let given = stripe.refund(&back).await.unwrap();
    assert_eq!((given.money, given.standing), (back.money, RefundStanding::Succeeded));
    let known = RefundAsk { object_id: Some(given.object_id.clone()), ..back };
    assert_eq!(stripe.look_up_refund(&known).await.unwrap().map(|refund| refund.object_id), Some(given.object_id));

    // A payer on the page: asked by the bank, agrees. Another walks away.
    let topup = ask("pay_2", &customer.id);
    let opened = stripe.open(&topup).await.unwrap();
    let Next::StripeFields(secret) = &opened.next else { panic!("{opened:?}") };
    let card = peer.card("4000002760003184").await;
    let path = format!("/v1/payment_intents/{}", opened.object_id);
    peer.post(&format!("{path}/confirm"), &[("payment_method", &card)]).await;
    let asked = stripe.look_up(&pending(&topup, &opened.object_id)).await.unwrap().unwrap();
    assert_eq!(asked.standing, Standing::Payable(None));
    let agrees = [("client_secret", secret.expose()), ("success", "true"), ("key", "pk_test_12345")];
    peer.post(&format!("{path}/_authenticate"), &agrees).await;
    let paid = stripe.look_up(&pending(&topup, &opened.object_id)).await.unwrap().unwrap();
    assert_eq!((paid.standing, paid.asked), (Standing::Paid, Some(topup.money)));

    let left = ask("pay_3", &customer.id);
    let opened = stripe.open(&left).await.unwrap();
    let closed = stripe.close(&pending(&left, &opened.object_id)).await.unwrap().unwrap();
    assert_eq!(closed.standing, Standing::Failed("canceled".into()));
}
