//! Calls against a scripted server: what is sent, what is repeated, what is concluded.

use std::time::Duration;

use providers::stripe::{
    ChargeRequest, Client, Config, ConfigError, Doubt, Error, IntentFilter, IntentStatus, InvalidKind, NewCustomer,
    Outcome,
};
use providers::{Money, Secret};

use crate::support::Reply::{Close, Cut, Hang, Json, With};
use crate::support::{self, PATIENT, Reply, Script, charge};

const INTENT: &str = r#"{"id":"pi_1","status":"succeeded"}"#;
const SERVER_ERROR: &str = r#"{"error":{"type":"api_error"}}"#;
const BAD_REQUEST: &str = r#"{"error":{"type":"invalid_request_error","code":"parameter_unknown"}}"#;

fn client(script: &Script) -> Client {
    support::client(&script.url, 2, PATIENT)
}

/// The call that may charge.
async fn confirm(client: &Client) -> Outcome {
    client.confirm_intent_off_session("pi_1", "tu_1", 0, "pm_1").await
}

#[tokio::test]
async fn an_intent_is_created_and_confirmed_with_key_and_version() {
    let open = r#"{"id":"pi_1","status":"requires_payment_method"}"#;
    let script = Script::start([Json(200, open.into()), Json(200, INTENT.into())]).await;
    let client = client(&script);
    let intent = client.create_intent(&charge(&["pm_1"])).await.unwrap();
    assert_eq!((intent.id.as_str(), intent.status), ("pi_1", IntentStatus::RequiresPaymentMethod));
    let outcome = confirm(&client).await;
    assert!(matches!(outcome, Outcome::Succeeded(_)), "{outcome:?}");
    // line, idempotency key, form
    let expected = [
        (
            "POST /v1/payment_intents",
            "topup:tu_1:create",
            "amount=2500&currency=usd&customer=cus_1&automatic_payment_methods[enabled]=true\
             &automatic_payment_methods[allow_redirects]=never&metadata[topup_id]=tu_1&metadata[account_id]=ac_1",
        ),
        ("POST /v1/payment_intents/pi_1/confirm", "topup:tu_1:confirm:0:pm_1", "payment_method=pm_1&off_session=true"),
    ];
    let asked = script.asked();
    assert_eq!(asked.len(), expected.len());
    for (asked, (line, key, body)) in asked.iter().zip(expected) {
        assert_eq!((asked.line.as_str(), asked.header("idempotency-key"), asked.body.as_str()), (line, key, body));
        for (name, value) in [
            ("authorization", "Bearer sk_test_hidden"),
            ("stripe-version", "2026-10-28.endive"),
            ("content-type", "application/x-www-form-urlencoded"),
        ] {
            assert_eq!(asked.header(name), value, "{line}");
        }
    }
}

#[tokio::test]
async fn the_same_request_is_repeated_until_it_is_settled() {
    let ok = || Json(200, INTENT.into());
    let failed = |status| Json(status, SERVER_ERROR.into());
    let refused = || Json(400, BAD_REQUEST.into());
    let unauthorised = || Json(401, BAD_REQUEST.into());
    let no = |status| With(status, "stripe-should-retry", "false", SERVER_ERROR.into());
    let yes = |status| With(status, "stripe-should-retry", "true", BAD_REQUEST.into());
    let elsewhere = || With(302, "location", "/v1/elsewhere", String::new());
    let much_later = || With(429, "retry-after", "3600", BAD_REQUEST.into());
    // replies, attempts made, outcome
    let cases: Vec<(Vec<Reply>, usize, &str)> = vec![
        (vec![failed(500), ok()], 2, "succeeded"),
        (vec![failed(409), failed(429), ok()], 3, "succeeded"),
        (vec![failed(424), ok()], 2, "succeeded"),
        (vec![Close, ok()], 2, "succeeded"),
        (vec![Cut, ok()], 2, "succeeded"),
        (vec![Json(200, "<html>".into()), ok()], 2, "succeeded"),
        (vec![yes(400), ok()], 2, "succeeded"),
        (vec![refused(), ok()], 1, "invalid"),
        (vec![no(500), ok()], 1, "unknown, may have run: HTTP status 500"),
        (vec![much_later(), ok()], 1, "unknown, did not run: HTTP status 429"),
        (vec![elsewhere(), ok()], 1, "unknown, may have run: HTTP status 302"),
        (vec![failed(503), failed(503), failed(503), ok()], 3, "unknown, may have run: HTTP status 503"),
        (vec![failed(429), failed(429), failed(429)], 3, "unknown, did not run: HTTP status 429"),
        (vec![failed(503), failed(429), failed(429)], 3, "unknown, may have run: HTTP status 429"),
        (vec![Close, Close, Close], 3, "unknown, may have run: connection broke"),
        (vec![Close, unauthorised()], 2, "unknown, may have run: connection broke"),
        (vec![failed(429), unauthorised()], 2, "invalid"),
        (vec![Close, refused()], 2, "invalid"),
    ];
    for (replies, attempts, expected) in cases {
        let case = format!("{replies:?}");
        let script = Script::start(replies).await;
        let outcome = confirm(&client(&script)).await;
        let told = match outcome {
            Outcome::Succeeded(_) => "succeeded".into(),
            Outcome::Invalid(_) => "invalid".into(),
            Outcome::Unknown(unknown) if unknown.may_have_run => format!("unknown, may have run: {}", unknown.reason),
            Outcome::Unknown(unknown) => format!("unknown, did not run: {}", unknown.reason),
            other => format!("{other:?}"),
        };
        assert_eq!(told, expected, "{case}");
        let asked = script.asked();
        assert_eq!(asked.len(), attempts, "{case}");
        for repeat in &asked {
            assert_eq!((&repeat.line, &repeat.body), (&asked[0].line, &asked[0].body), "{case}");
            assert_eq!(repeat.header("idempotency-key"), "topup:tu_1:confirm:0:pm_1", "{case}");
        }
    }
}

#[tokio::test]
async fn no_answer_is_unknown() {
    let script = Script::start([Hang, Hang]).await;
    let client = support::client(&script.url, 1, Duration::from_millis(300));
    let outcome = confirm(&client).await;
    let Outcome::Unknown(unknown) = outcome else { panic!("{outcome:?}") };
    assert_eq!((unknown.reason, unknown.may_have_run), (Doubt::Timeout, true));
}

#[tokio::test]
async fn without_a_connection_nothing_was_charged() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let outcome = confirm(&support::client(&url, 2, PATIENT)).await;
    let Outcome::Unknown(unknown) = outcome else { panic!("{outcome:?}") };
    assert_eq!((unknown.reason, unknown.may_have_run), (Doubt::NotConnected, false));
}

#[tokio::test]
async fn what_has_no_wire_form_is_not_sent() {
    let script = Script::start([]).await;
    let client = client(&script);
    let free = ChargeRequest { money: Money { amount_minor: 0, ..charge(&[]).money }, ..charge(&[]) };
    let long = ChargeRequest { topup_id: "t".repeat(250), ..charge(&[]) };
    let line_break = ChargeRequest { topup_id: "tu\n1".into(), ..charge(&[]) };
    let outcomes: [Outcome; 6] = [
        client.create_intent(&free).await.into(),
        client.create_intent(&long).await.into(),
        client.create_intent(&line_break).await.into(),
        client.confirm_intent_off_session("../customers", "tu_1", 1, "pm_1").await,
        client.confirm_intent_off_session("", "tu_1", 1, "pm_1").await,
        client.cancel_intent("pi_1/confirm").await.into(),
    ];
    for outcome in outcomes {
        assert!(matches!(&outcome, Outcome::Invalid(invalid) if invalid.kind == InvalidKind::NotSent), "{outcome:?}");
    }
    assert_eq!(script.lines(), [""; 0]);
}

#[tokio::test]
async fn customers_are_found_missing_or_deleted() {
    let missing = r#"{"error":{"type":"invalid_request_error","code":"resource_missing","param":"id"}}"#;
    let script = Script::start([
        Json(200, r#"{"id":"cus_1","invoice_settings":{"default_payment_method":"pm_2"}}"#.into()),
        Json(404, missing.into()),
        Json(200, r#"{"id":"cus_1","object":"customer","deleted":true}"#.into()),
        Json(200, r#"{"id":"cus_2"}"#.into()),
        Json(200, r#"{"id":"cus_2"}"#.into()),
        Json(200, r#"{"id":"seti_1","status":"requires_payment_method","client_secret":"seti_1_secret"}"#.into()),
        Json(200, r#"{"id":"seti_1","status":"succeeded","customer":"cus_2","payment_method":"pm_1"}"#.into()),
        Json(404, missing.into()),
    ])
    .await;
    let client = client(&script);
    assert_eq!(client.customer("cus_1").await.unwrap().unwrap().default_card(), Some("pm_2"));
    assert!(client.customer("cus_1").await.unwrap().is_none());
    assert!(client.customer("cus_1").await.unwrap().is_none());
    let customer = NewCustomer { account_id: "ac_1".into(), email: Some("a@example.com".into()), name: None };
    assert_eq!(client.create_customer(&customer).await.unwrap().id, "cus_2");
    client.set_default_card("cus_2", "pm_1").await.unwrap();
    client.create_setup_intent("cus_2", "setup:1").await.unwrap();
    let saved = client.setup_intent("seti_1").await.unwrap().unwrap();
    assert_eq!((saved.status.as_str(), saved.payment_method.as_deref()), ("succeeded", Some("pm_1")));
    assert!(client.setup_intent("seti_2").await.unwrap().is_none());
    let sent: Vec<_> = script.asked()[3..]
        .iter()
        .map(|asked| format!("{} {} {}", asked.line, asked.header("idempotency-key"), asked.body))
        .collect();
    assert_eq!(
        sent,
        [
            "POST /v1/customers customer:ac_1 metadata[account_id]=ac_1&email=a@example.com",
            "POST /v1/customers/cus_2  invoice_settings[default_payment_method]=pm_1",
            "POST /v1/setup_intents setup:1 customer=cus_2&usage=off_session\
             &automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never",
            "GET /v1/setup_intents/seti_1  ",
            "GET /v1/setup_intents/seti_2  ",
        ]
    );
}

#[tokio::test]
async fn nobody_elses_card_is_detached() {
    let cards = || Json(200, r#"{"data":[{"id":"pm_2"},{"id":"pm_1"}],"has_more":false}"#.into());
    let script = Script::start([cards(), Json(200, r#"{"id":"pm_1","customer":null}"#.into()), cards()]).await;
    let client = client(&script);
    assert_eq!(client.detach_card("cus_1", "pm_1").await.unwrap().map(|card| card.customer), Some(None));
    assert_eq!(client.detach_card("cus_1", "pm_9").await.unwrap(), None);
    assert!(client.detach_card("cus_1", "pm_1/../..").await.is_err());
    let list = "GET /v1/customers/cus_1/payment_methods?type=card&limit=100";
    assert_eq!(script.lines(), [list, "POST /v1/payment_methods/pm_1/detach", list]);
}

#[tokio::test]
async fn lists_are_read_page_by_page() {
    let page = |ids: &[&str], more: bool| {
        let items: Vec<_> = ids.iter().map(|id| format!(r#"{{"id":"{id}","status":"canceled"}}"#)).collect();
        Json(200, format!(r#"{{"object":"list","data":[{}],"has_more":{more},"url":"/"}}"#, items.join(",")))
    };
    let script =
        Script::start([page(&["a", "b"], true), page(&["c"], false), page(&["d"], true), page(&[], true)]).await;
    let client = client(&script);
    let cards = client.cards("cus_1").await.unwrap();
    assert_eq!(cards.iter().map(|card| card.id.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    let filter =
        IntentFilter { customer_id: Some("cus_1".into()), created_from_s: Some(100), created_before_s: Some(200) };
    assert_eq!(client.intents(&filter).await.unwrap().len(), 1, "an empty page ends the list");
    let base =
        "/v1/payment_intents?customer=cus_1&created[gte]=100&created[lt]=200&expand[]=data.latest_charge&limit=100";
    assert_eq!(
        script.lines(),
        [
            "GET /v1/customers/cus_1/payment_methods?type=card&limit=100",
            "GET /v1/customers/cus_1/payment_methods?type=card&limit=100&starting_after=b",
            &format!("GET {base}"),
            &format!("GET {base}&starting_after=d"),
        ]
    );
}

#[tokio::test]
async fn a_list_without_end_is_an_error() {
    let page = Json(200, r#"{"data":[{"id":"pm_1"}],"has_more":true}"#.into());
    let script = Script::start(vec![page; 60]).await;
    let error = client(&script).cards("cus_1").await.unwrap_err();
    assert!(matches!(&error, Error::Unknown(unknown) if unknown.reason == Doubt::Endless), "{error:?}");
    assert_eq!(script.lines().len(), 50);
}

#[test]
fn a_client_of_stripe_itself_is_built_and_shows_no_key() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let client = Client::new(Config::new(Secret::new("rk_live_hidden").unwrap(), true)).unwrap();
    assert_eq!(format!("{client:?}"), "Client(https://api.stripe.com)");
    let broken = Config::new(Secret::new("sk_test_a\nb").unwrap(), false);
    assert_eq!(Client::new(broken).unwrap_err(), ConfigError::Unsendable("secret_key"));
}
