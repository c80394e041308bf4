//! Notices: the signature vectors that the official libraries were run on, and what a verified body is read as.

use hmac::{Hmac, KeyInit, Mac};
use providers::Secret;
use providers::stripe::event::{self, Event, EventError, Object};
use providers::stripe::signature::verify;
use serde_json::Value;

const VECTORS: &str = include_str!("../fixtures/test-vectors.json");
const NOW_S: i64 = 1_795_166_105;

fn vectors() -> Value {
    serde_json::from_str::<Value>(VECTORS).unwrap()["stripe_webhook"].take()
}

fn secret(text: &Value) -> Secret {
    Secret::new(text.as_str().unwrap()).unwrap()
}

fn accepts(body: &Value, header: &str, secrets: &[Secret], now_s: i64) -> bool {
    verify(body.as_str().unwrap().as_bytes(), header, secrets, now_s).is_ok()
}

#[test]
fn both_vectors_are_accepted_under_their_secrets_only() {
    let vectors = vectors();
    let (main, small) = (&vectors["main"], &vectors["small"]);
    assert_eq!(main["body"].as_str().unwrap().len() as u64, main["body_bytes_utf8"].as_u64().unwrap());
    // vector, secret, signature, accepted
    let cases = [
        (main, &main["secret_1"], &main["v1_secret_1"], true),
        (main, &main["secret_2"], &main["v1_secret_2"], true),
        (main, &main["secret_1"], &main["v1_secret_2"], false),
        (main, &main["secret_2"], &main["v1_secret_1"], false),
        (small, &small["secret"], &small["v1"], true),
        (small, &main["secret_1"], &small["v1"], false),
    ];
    for (n, (vector, key, v1, accepted)) in cases.into_iter().enumerate() {
        let t = vector["t"].as_i64().unwrap();
        let header = format!("t={t},v1={}", v1.as_str().unwrap());
        assert_eq!(accepts(&vector["body"], &header, &[secret(key)], t), accepted, "case {n}");
    }
}

#[test]
fn the_25_cases_are_decided_like_the_official_libraries_or_stricter() {
    let vectors = vectors();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 25);
    // Where the vectors leave the choice open, ours.
    let open = [("timestamp in the future", false), ("padded t", false), ("t with plus", false)];
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let wanted = match case["wanted"].as_str().unwrap() {
            "accept" => true,
            wanted if wanted == "reject" || wanted.starts_with("reject (") => false,
            _ => open.iter().find(|(open, _)| *open == name).unwrap_or_else(|| panic!("undecided: {name}")).1,
        };
        let body = case.get("body").unwrap_or(&vectors["main"]["body"]);
        let header = case["header"].as_str().unwrap();
        let accepted = accepts(body, header, &[secret(&case["secret"])], case["now"].as_i64().unwrap());
        assert_eq!(accepted, wanted, "{name}");
        let libraries_reject = case["stripe_python"] == "reject" && case["stripe_node"] == "reject";
        assert!(!(accepted && libraries_reject), "more lenient than the official libraries: {name}");
    }
}

#[test]
fn any_flipped_bit_of_the_body_is_refused() {
    let vectors = vectors();
    let main = &vectors["main"];
    let header = format!("t={NOW_S},v1={}", main["v1_secret_1"].as_str().unwrap());
    let secrets = [secret(&main["secret_1"])];
    let mut body = main["body"].as_str().unwrap().as_bytes().to_vec();
    for at in 0..body.len() {
        body[at] ^= 1;
        assert!(verify(&body, &header, &secrets, NOW_S).is_err(), "byte {at}");
        body[at] ^= 1;
    }
    assert!(verify(&body, &header, &secrets, NOW_S).is_ok());
}

/// Signs a body as Stripe would and reads it.
fn read(body: &str) -> Result<Event, EventError> {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"whsec_test").unwrap();
    mac.update(format!("{NOW_S}.{body}").as_bytes());
    let header = format!("t={NOW_S},v1={}", hex::encode(mac.finalize().into_bytes()));
    let secrets = [Secret::new("whsec_test").unwrap()];
    event::parse(verify(body.as_bytes(), &header, &secrets, NOW_S).unwrap())
}

#[test]
fn a_paid_intent_is_read_with_its_world_and_top_up() {
    let event = read(
        r#"{"id":"evt_1","object":"event","type":"payment_intent.succeeded","created":1795166100,"livemode":true,
            "api_version":"2026-10-28.endive","pending_webhooks":1,"request":{"id":null,"idempotency_key":null},
            "data":{"object":{"id":"pi_1","object":"payment_intent","status":"succeeded","amount":500000,
                "amount_received":500000,"currency":"vnd","client_secret":"pi_1_secret_hidden",
                "metadata":{"topup_id":"tu_1"}},"previous_attributes":{}}}"#,
    )
    .unwrap();
    assert_eq!((event.id.as_str(), event.kind.as_str()), ("evt_1", "payment_intent.succeeded"));
    assert_eq!((event.livemode, event.created_at_s), (true, 1_795_166_100));
    assert_eq!(event.api_version.as_deref(), Some("2026-10-28.endive"));
    assert!(!format!("{event:?}").contains("secret_hidden"));
    let Object::Intent(intent) = event.object else { panic!("not an intent: {:?}", event.object) };
    assert_eq!(intent.topup_id(), Some("tu_1"));
    let received = intent.received().unwrap();
    assert_eq!((received.amount_minor, received.currency.code()), (500_000, "VND"));
}

#[test]
fn bodies_are_read_leniently_or_refused_by_name() {
    // body, what it is read as
    let cases = [
        (r#"{"id":"e","object":"event","type":"x.y","data":{"object":{"object":"x","id":"x_1"}}}"#, "x.y x x_1"),
        (r#"{"id":"e","object":"event","type":"x.y","data":{"object":{}}}"#, "x.y  -"),
        (r#"{"id":"e","object":"event","type":"z","data":{"object":{"object":"customer","id":"cus_1"}}}"#, "z cus_1"),
        (
            r#"{"id":"e","object":"event","type":"z","data":{"object":{"object":"payment_method","id":"pm_1"}}}"#,
            "z pm_1",
        ),
        (
            r#"{"id":"e","object":"event","type":"z","data":{"object":{"object":"setup_intent","id":"seti_1","status":"?"}}}"#,
            "z seti_1",
        ),
        (
            r#"{"id":"e","object":"event","type":"z","data":{"object":{"object":"payment_intent","id":"pi_1","status":"?"}}}"#,
            "z pi_1",
        ),
        (r#"{"id":"e","object":"event","type":"z","data":{"object":{"object":"charge","id":"ch_1"}}}"#, "z ch_1"),
        (r#"{"id":"e","object":"event","type":"z","data":{"object":{"object":"refund","id":"re_1"}}}"#, "z re_1"),
        (r#"{"id":"e","object":"event","type":"z","data":{"object":{"object":"dispute","id":"dp_1"}}}"#, "z dp_1"),
        (r#"{"id":"e","object":"event","type":"z","data":{"object":{"object":"dispute"}}}"#, "malformed"),
        (r#"{"id":"e","object":"v2.core.event","type":"v1.x"}"#, "thin"),
        (r#"{"id":"e","object":"event","type":"x.y"}"#, "malformed"),
        (r#"{"id":"e","object":"event","data":{"object":{}}}"#, "malformed"),
        (r#"{"object":"event","type":"x.y","data":{"object":{}}}"#, "malformed"),
        (r#"{"id":"e","object":"event","type":"z","data":{"object":{"object":"payment_intent"}}}"#, "malformed"),
        (r#"{"id":"e","object":"balance","type":"x.y","data":{"object":{}}}"#, "malformed"),
        ("[]", "malformed"),
        ("{", "malformed"),
        ("", "malformed"),
    ];
    for (body, expected) in cases {
        let told = match read(body) {
            Ok(Event { kind, object, .. }) => match object {
                Object::Intent(intent) => format!("{kind} {}", intent.id),
                Object::SetupIntent(setup) => format!("{kind} {}", setup.id),
                Object::PaymentMethod(card) => format!("{kind} {}", card.id),
                Object::Customer(customer) => format!("{kind} {}", customer.id),
                Object::Charge(charge) => format!("{kind} {}", charge.id),
                Object::Refund(refund) => format!("{kind} {}", refund.id),
                Object::Dispute(dispute) => format!("{kind} {}", dispute.id),
                Object::Other { name, id } => format!("{kind} {name} {}", id.unwrap_or_else(|| "-".into())),
            },
            Err(EventError::Thin) => "thin".into(),
            Err(EventError::Malformed(_)) => "malformed".into(),
        };
        assert_eq!(told, expected, "{body}");
    }
}
