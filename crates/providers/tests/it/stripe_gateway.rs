//! Stripe as a gateway among others: against a script for what is sent, against the sandbox for what comes of it.

mod notices;

use ::sandbox::stripe::faults::{Fault, FaultRule};
use ::sandbox::stripe::{StripeOptions, StripeSandbox};
use ledger::Unit;
use providers::gateway::{Ask, Gateway, Next, Pending, RefundAsk, RefundStanding, Sighting, Standing, Trouble};
use providers::stripe::{Config, RetryPolicy, Stripe};
use providers::{Money, Secret};
use tokio::net::TcpListener;

use crate::support::Reply::{Close, Json};
use crate::support::{PATIENT, Reply, Script};

const SECRET: &str = "whsec_sandbox_0123456789abcdef";

fn gateway(url: &str) -> Stripe {
    rustls::crypto::ring::default_provider().install_default().ok();
    let retry = RetryPolicy { max_retries: 0, ..RetryPolicy::default() };
    let key = Secret::new("sk_test_hidden").unwrap();
    let config = Config { base_url: url.into(), timeout: PATIENT, retry, ..Config::new(key, false) };
    Stripe::new(config, vec![Secret::new(SECRET).unwrap()]).unwrap()
}

async fn start() -> StripeSandbox {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    ::sandbox::stripe::serve(listener, StripeOptions { seed: Some(1), ..StripeOptions::default() }).await.unwrap()
}

fn now_s() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn money(amount_minor: i64, currency: &str) -> Money {
    Money { amount_minor, currency: Unit::parse(currency).unwrap() }
}

fn ask(topup_id: &str) -> Ask {
    Ask {
        account_id: "acme".into(),
        topup_id: topup_id.into(),
        money: money(3_000, "JPY"),
        description: "Credits".into(),
        customer_id: None,
        language: "ja".into(),
        return_url: "https://shop.example/back".into(),
        cancel_url: "https://shop.example/cancel".into(),
        payer_address: [192, 0, 2, 1].into(),
        created_at_s: now_s(),
        expires_at_s: now_s() + 900,
        save_card: false,
    }
}

fn pending(ask: &Ask, object_id: Option<&str>) -> Pending {
    Pending {
        account_id: ask.account_id.clone(),
        topup_id: ask.topup_id.clone(),
        object_id: object_id.map(str::to_owned),
        customer_id: ask.customer_id.clone(),
        money: ask.money,
        created_at_s: ask.created_at_s,
    }
}

fn refund_ask(refund_id: &str, payment: &Pending, amount_minor: i64) -> RefundAsk {
    RefundAsk {
        refund_id: refund_id.into(),
        payment: payment.clone(),
        money_id: None,
        paid_at_s: payment.created_at_s,
        money: Money { amount_minor, ..payment.money },
        whole: amount_minor == payment.money.amount_minor,
        operator: "ops@shop.example".into(),
        reason: "bought twice".into(),
        object_id: None,
        may_have_run: false,
        created_at_s: now_s(),
    }
}

/// Opens a payment and plays the payer with a card on the page in place of Stripe's fields.
async fn pay(stripe: &StripeSandbox, gateway: &Stripe, ask: &Ask, card: &str, acts: &[&str]) -> String {
    let opened = gateway.open(ask).await.unwrap();
    let Next::StripeFields(secret) = opened.next else { panic!("{:?}", opened.next) };
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for act in [&["confirm"][..], acts].concat() {
        let form = [("act", act), ("number", card), ("expiry", "12/40")];
        browser.post(format!("{}/pay/{}", stripe.url(), secret.expose())).form(&form).send().await.unwrap();
    }
    opened.object_id
}

fn told(seen: &Sighting) -> String {
    let received = seen.received.map_or_else(|| "nothing".into(), |money| money.amount_minor.to_string());
    let with = seen.instrument.as_ref().and_then(|with| with.last4.as_deref()).unwrap_or("-");
    format!("{:?} {received} {with}", seen.standing)
}

#[tokio::test]
async fn every_question_is_sent_as_stripe_expects_it() {
    let intent = r#"{"id":"pi_1","status":"requires_payment_method","client_secret":"pi_1_secret_x",
        "metadata":{"topup_id":"pay_1"}}"#;
    let canceled = r#"{"id":"pi_1","status":"canceled"}"#;
    let refund = r#"{"id":"re_1","amount":1000,"currency":"jpy","status":"succeeded","metadata":{"refund_id":"rf_1"}}"#;
    let list = |item: &str| format!(r#"{{"data":[{item}],"has_more":false}}"#);
    let replies = [intent, intent, intent, intent, canceled, refund, refund].map(|body| Json(200, body.into()));
    let lists = [list(refund), list(intent), list(intent)].map(|body| Json(200, body));
    let script = Script::start(replies.into_iter().chain(lists)).await;
    let stripe = gateway(&script.url);
    let ask = Ask { customer_id: Some("cus_1".into()), save_card: true, created_at_s: 1_000, ..ask("pay_1") };
    let known = pending(&ask, Some("pi_1"));
    let back = refund_ask("rf_1", &known, 1_000);
    let opened = stripe.open(&ask).await.unwrap();
    assert!(matches!(&opened.next, Next::StripeFields(secret) if secret.expose() == "pi_1_secret_x"));
    assert!(!format!("{opened:?} {stripe:?}").contains("secret_x"));
    assert_eq!(stripe.look_up(&known).await.unwrap().unwrap().standing, Standing::Payable(None));
    assert_eq!(stripe.complete(&known).await.unwrap().unwrap().standing, Standing::Payable(None));
    assert_eq!(stripe.close(&known).await.unwrap().unwrap().standing, Standing::Failed("canceled".into()));
    let given = stripe.refund(&back).await.unwrap();
    assert_eq!((given.object_id.as_str(), given.refund_id.as_deref()), ("re_1", Some("rf_1")));
    let by_id = RefundAsk { object_id: Some("re_1".into()), ..back.clone() };
    assert_eq!(stripe.look_up_refund(&by_id).await.unwrap(), Some(given.clone()));
    assert_eq!(stripe.look_up_refund(&back).await.unwrap(), Some(given));
    let guest = Pending { object_id: None, customer_id: None, ..known };
    assert_eq!(stripe.look_up(&guest).await.unwrap().unwrap().object_id, "pi_1");
    assert_eq!(stripe.list(100, 200).await.unwrap().len(), 1);

    let get = "GET /v1/payment_intents/pi_1?expand[]=latest_charge  ";
    let window = "created[gte]=700&created[lt]=87700&expand[]=data.latest_charge&limit=100";
    let sent: Vec<_> = script
        .asked()
        .iter()
        .map(|asked| format!("{} {} {}", asked.line, asked.header("idempotency-key"), asked.body))
        .collect();
    assert_eq!(
        sent,
        [
            "POST /v1/payment_intents topup:pay_1:create amount=3000&currency=jpy&customer=cus_1\
             &automatic_payment_methods[enabled]=true&description=Credits&setup_future_usage=off_session\
             &metadata[topup_id]=pay_1&metadata[account_id]=acme",
            get,
            get,
            get,
            "POST /v1/payment_intents/pi_1/cancel  cancellation_reason=abandoned",
            "POST /v1/refunds refund:rf_1 payment_intent=pi_1&amount=1000&reason=requested_by_customer\
             &metadata[refund_id]=rf_1&metadata[topup_id]=pay_1&metadata[account_id]=acme\
             &metadata[operator]=ops@shop.example&metadata[reason]=bought+twice",
            "GET /v1/refunds/re_1  ",
            "GET /v1/refunds?payment_intent=pi_1&limit=100  ",
            &format!("GET /v1/payment_intents?{window}  "),
            "GET /v1/payment_intents?created[gte]=100&created[lt]=200&expand[]=data.latest_charge&limit=100  ",
        ]
    );
}

#[tokio::test]
async fn troubles_say_whether_anything_may_have_been_done() {
    let error = |kind: &str, more: &str| format!(r#"{{"error":{{"type":"{kind}"{more}}}}}"#);
    let invalid = "invalid_request_error";
    // reply to `open`, trouble, definite
    let cases: [(Reply, &str, bool); 10] = [
        (Json(400, error(invalid, r#","code":"amount_too_small""#)), "amount_too_small ours req_400", true),
        (Json(400, error(invalid, r#","param":"description""#)), "bad_description ours req_400", true),
        (Json(401, error(invalid, "")), "bad_credentials ours req_401", true),
        (Json(404, error(invalid, "")), "not_found ours req_404", true),
        (
            Json(402, error("card_error", r#","code":"card_declined","decline_code":"lost_card""#)),
            "generic_decline -",
            true,
        ),
        (Json(429, error(invalid, "")), "unknown HTTP status 429", true),
        (Json(400, error("idempotency_error", "")), "unknown idempotency key reused", false),
        (Json(500, error("api_error", "")), "unknown HTTP status 500", false),
        (Json(200, r#"{"id":"pi_1","status":"requires_payment_method"}"#.into()), "unknown unreadable answer", false),
        (Close, "unknown connection broke", false),
    ];
    for (reply, expected, definite) in cases {
        let case = format!("{reply:?}");
        let script = Script::start([reply]).await;
        let trouble = gateway(&script.url).open(&ask("pay_1")).await.unwrap_err();
        let told = match &trouble {
            Trouble::Refused { gateway: "stripe", code, ours, reference } => {
                let whose = if *ours { "ours" } else { "-" };
                format!("{code} {whose} {}", reference.as_deref().unwrap_or_default()).trim_end().to_owned()
            }
            Trouble::Unknown { gateway: "stripe", reason, .. } => format!("unknown {reason}"),
            other => format!("{other:?}"),
        };
        assert_eq!((told.as_str(), trouble.is_definite()), (expected, definite), "{case}");
    }
    let script = Script::start([]).await;
    let free = Ask { money: money(0, "USD"), ..ask("pay_1") };
    let trouble = gateway(&script.url).open(&free).await.unwrap_err();
    assert!(
        matches!(&trouble, Trouble::Refused { code, ours: true, .. } if code == "unsendable_amount"),
        "{trouble:?}"
    );
    let nowhere = refund_ask("rf_1", &pending(&free, None), 1_000);
    for trouble in [
        gateway(&script.url).refund(&nowhere).await.unwrap_err(),
        gateway(&script.url).look_up_refund(&nowhere).await.unwrap_err(),
    ] {
        assert!(
            matches!(&trouble, Trouble::Refused { code, .. } if code == "unsendable_payment_intent"),
            "{trouble:?}"
        );
    }
    assert_eq!(script.lines(), [""; 0]);
}

#[tokio::test]
async fn what_a_payer_does_on_the_page_is_what_is_seen_and_can_be_closed() {
    // card, what is done after it, what is seen, what closing makes of it
    #[rustfmt::skip]
    let cases: [(&str, &[&str], &str, &str); 8] = [
        ("4242424242424242", &[], "Paid 3000 4242", "Paid 3000 4242"),
        ("4000002760003184", &["approve"], "Paid 3000 3184", "Paid 3000 3184"),
        ("4000002760003184", &[], "Payable(None) nothing -", "Failed(\"canceled\") nothing -"),
        ("4000002760003184", &["decline"], "Payable(Some(\"payment_intent_authentication_failure\")) nothing -", "Failed(\"canceled\") nothing -"),
        ("4000000000009995", &[], "Payable(Some(\"insufficient_funds\")) nothing -", "Failed(\"canceled\") nothing -"),
        ("4000000000009979", &[], "Payable(Some(\"generic_decline\")) nothing -", "Failed(\"canceled\") nothing -"),
        ("4000009900000012", &[], "Processing(None) nothing -", "Processing(None) nothing -"),
        ("", &[], "Payable(None) nothing -", "Failed(\"canceled\") nothing -"),
    ];
    for (card, acts, seen, closed) in cases {
        let stripe = start().await;
        let gateway = gateway(stripe.url());
        let ask = ask("pay_1");
        let id = pay(&stripe, &gateway, &ask, card, acts).await;
        for known in [Some(id.as_str()), None, Some("pi_lost")] {
            let sighting = gateway.look_up(&pending(&ask, known)).await.unwrap().unwrap();
            assert_eq!((told(&sighting).as_str(), &sighting.object_id), (seen, &id), "{card} {acts:?} {known:?}");
            let ours = (sighting.topup_id.as_deref(), sighting.account_id.as_deref(), sighting.asked, sighting.live);
            assert_eq!(ours, (Some("pay_1"), Some("acme"), Some(ask.money), false));
        }
        for _ in 0..2 {
            let sighting = gateway.close(&pending(&ask, None)).await.unwrap().unwrap();
            assert_eq!(told(&sighting), closed, "{card} {acts:?}");
        }
        assert_eq!(gateway.open(&ask).await.unwrap().object_id, id, "the same ask is the same payment");
        assert_eq!(stripe.objects("payment_intent").len(), 1);
        let stranger = pending(&self::ask("pay_2"), Some(&id));
        assert_eq!(gateway.look_up(&stranger).await.unwrap(), None, "an id alone does not make it ours");
        assert_eq!(gateway.close(&stranger).await.unwrap(), None);
        stripe.shutdown().await;
    }
}

#[tokio::test]
async fn an_opening_that_gets_lost_is_the_same_payment_when_repeated() {
    for fault in [Fault::CloseBefore, Fault::CloseAfter, Fault::Unreadable, Fault::Unavailable] {
        let stripe = start().await;
        let gateway = gateway(stripe.url());
        stripe.script_fault(FaultRule::once(fault).on("POST", "/v1/payment_intents"));
        let trouble = gateway.open(&ask("pay_1")).await.unwrap_err();
        assert!(!trouble.is_definite(), "{fault:?}: {trouble:?}");
        let made = matches!(fault, Fault::CloseAfter | Fault::Unreadable);
        let found = gateway.look_up(&pending(&ask("pay_1"), None)).await.unwrap();
        assert_eq!(found.is_some(), made, "{fault:?}");
        gateway.open(&ask("pay_1")).await.unwrap();
        assert_eq!(stripe.objects("payment_intent").len(), 1, "{fault:?}");
        stripe.shutdown().await;
    }
}

#[tokio::test]
async fn money_goes_back_once_per_refund() {
    let stripe = start().await;
    let gateway = gateway(stripe.url());
    let ask = ask("pay_1");
    let id = pay(&stripe, &gateway, &ask, "4242424242424242", &[]).await;
    let payment = pending(&ask, Some(&id));
    let first = refund_ask("rf_1", &payment, 1_000);
    assert_eq!(gateway.look_up_refund(&first).await.unwrap(), None);
    // The answer is lost; the repeat finds the refund that was made.
    stripe.script_fault(FaultRule::once(Fault::CloseAfter).on("POST", "/v1/refunds"));
    assert!(!gateway.refund(&first).await.unwrap_err().is_definite());
    let found = gateway.look_up_refund(&first).await.unwrap().unwrap();
    let given = gateway.refund(&first).await.unwrap();
    assert_eq!(given, found);
    assert_eq!((given.money, &given.standing, given.forced), (money(1_000, "JPY"), &RefundStanding::Succeeded, false));
    assert_eq!(given.payment_object_id.as_ref(), Some(&id));
    let paid = gateway.look_up(&payment).await.unwrap().unwrap();
    assert_eq!(given.money_id, paid.money_id, "a refund names the charge");
    assert_eq!(stripe.object(&given.object_id).unwrap()["metadata"]["reason"], "bought twice");

    let by_charge = Pending { object_id: None, ..payment.clone() };
    let second = RefundAsk { money_id: paid.money_id.clone(), ..refund_ask("rf_2", &by_charge, 2_000) };
    assert_eq!(gateway.refund(&second).await.unwrap().standing, RefundStanding::Succeeded);
    let more = gateway.refund(&refund_ask("rf_3", &payment, 1)).await.unwrap_err();
    assert!(matches!(&more, Trouble::Refused { code, .. } if code == "charge_already_refunded"), "{more:?}");
    stripe.settle_refund(&given.object_id, false).unwrap();
    let by_id = RefundAsk { object_id: Some(given.object_id.clone()), ..first };
    let failed = gateway.look_up_refund(&by_id).await.unwrap().unwrap();
    assert_eq!(failed.standing, RefundStanding::Failed("lost_or_stolen_card".into()));
    assert_eq!(stripe.objects("refund").len(), 2);
}

#[tokio::test]
async fn the_list_has_every_payment_of_a_window() {
    let stripe = start().await;
    let gateway = gateway(stripe.url());
    let began_s = now_s();
    for day in 0..4 {
        stripe.set_clock_offset(day * 86_400);
        pay(&stripe, &gateway, &ask(&format!("pay_{day}")), "4242424242424242", &[]).await;
    }
    assert!(gateway.can_list());
    let seen = gateway.list(began_s + 86_400 - 60, began_s + 3 * 86_400 - 60).await.unwrap();
    let topups: Vec<_> = seen.iter().filter_map(|sighting| sighting.topup_id.as_deref()).collect();
    assert_eq!(topups, ["pay_2", "pay_1"]);
    assert!(seen.iter().all(|sighting| told(sighting) == "Paid 3000 4242"), "{seen:?}");
}
