//! Notices that are forged, altered, replayed or meant for somebody else: none is believed.

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use providers::Secret;
use providers::gateway::{Gateway, News, Notice, RawNotice, Unverified};
use providers::stripe::{Config, Stripe};
use sha2::{Sha256, Sha512};

pub const NOW_S: i64 = 1_795_166_105;
pub const CURRENT: &str = "whsec_current_0123456789abcdef";
const PREVIOUS: &str = "whsec_previous_fedcba9876543210";
pub const BODY: &str = r#"{"id":"evt_1","object":"event","type":"payment_intent.succeeded","created":1795166100,
"livemode":false,"data":{"object":{"id":"pi_1","object":"payment_intent","status":"succeeded","amount":500000,
"amount_received":500000,"currency":"vnd","livemode":false,"client_secret":"pi_1_secret_hidden",
"metadata":{"topup_id":"pay_1","account_id":"acme"}}}}"#;

fn stripe(live: bool) -> Stripe {
    rustls::crypto::ring::default_provider().install_default().ok();
    let key = Secret::new(if live { "sk_live_hidden" } else { "sk_test_hidden" }).unwrap();
    let secrets = [CURRENT, PREVIOUS].map(|secret| Secret::new(secret).unwrap());
    Stripe::new(Config::new(key, live), secrets.to_vec()).unwrap()
}

/// Lower-case hex of an HMAC-SHA-256 over the parts.
fn hmac(secret: &str, parts: &[&str]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    parts.iter().for_each(|part| mac.update(part.as_bytes()));
    hex::encode(mac.finalize().into_bytes())
}

fn v1(secret: &str, t: &str, body: &str) -> String {
    hmac(secret, &[t, ".", body])
}

fn signed(secret: &str, t: &str, body: &str) -> String {
    format!("t={t},v1={}", v1(secret, t, body))
}

pub fn genuine(body: &str) -> String {
    signed(CURRENT, &NOW_S.to_string(), body)
}

async fn verify(stripe: &Stripe, header: Option<&[u8]>, body: &[u8]) -> Result<Notice, Unverified> {
    let header = header.map(|header| ("stripe-signature".parse().unwrap(), HeaderValue::from_bytes(header).unwrap()));
    let headers = HeaderMap::from_iter(header);
    stripe.verify(&RawNotice { bytes: body, headers: &headers, now_s: NOW_S }).await
}

#[tokio::test]
async fn a_genuine_notice_is_believed_under_every_active_secret() {
    let stripe = stripe(false);
    let now = NOW_S.to_string();
    for secret in [CURRENT, PREVIOUS] {
        let both = format!("{},v1={},v0=00", signed("whsec_gone", &now, BODY), v1(secret, &now, BODY));
        for header in [signed(secret, &now, BODY), both] {
            let notice = verify(&stripe, Some(header.as_bytes()), BODY.as_bytes()).await.unwrap();
            assert_eq!((notice.event_id.as_str(), notice.kind.as_str()), ("evt_1", "payment_intent.succeeded"));
            assert_eq!(notice.created_at_s, Some(1_795_166_100));
            let News::Payment(seen) = notice.news else { panic!("{:?}", notice.news) };
            assert_eq!((seen.topup_id.as_deref(), seen.received.unwrap().amount_minor), (Some("pay_1"), 500_000));
        }
    }
}

/// What arrives: a name for it, its signature header, its body.
pub type Forgery = (&'static str, Option<String>, String);

/// The signature is not of this body at this time under an active secret.
pub fn wrongly_signed() -> Vec<Forgery> {
    let now = &NOW_S.to_string();
    let right = &v1(CURRENT, now, BODY);
    let upper = right.to_ascii_uppercase();
    let flipped = format!("{}{}", if right.starts_with('0') { '1' } else { '0' }, &right[1..]);
    let mut sha512 = Hmac::<Sha512>::new_from_slice(CURRENT.as_bytes()).unwrap();
    sha512.update(format!("{now}.{BODY}").as_bytes());
    let sha512 = hex::encode(sha512.finalize().into_bytes());
    let header = |text: String| (Some(text), BODY.to_owned());
    let rows = [
        ("no header", (None, BODY.to_owned())),
        ("an empty header", header(String::new())),
        ("a header without signature", header(format!("t={now}"))),
        ("only the fake scheme", header(format!("t={now},v0={right}"))),
        ("an empty signature", header(format!("t={now},v1="))),
        ("upper-case hex", header(format!("t={now},v1={upper}"))),
        ("half a signature", header(format!("t={now},v1={}", &right[..32]))),
        ("a signature and more", header(format!("t={now},v1={right}00"))),
        ("one digit changed", header(format!("t={now},v1={flipped}"))),
        ("a prefix", header(format!("t={now},v1=0x{right}"))),
        ("a blank after the comma", header(format!("t={now}, v1={right}"))),
        ("semicolons", header(format!("t={now};v1={right}"))),
        ("the signature alone", header(right.clone())),
        ("another secret", header(signed("whsec_of_somebody_else", now, BODY))),
        ("a secret without its prefix", header(signed(CURRENT.trim_start_matches("whsec_"), now, BODY))),
        ("the API key as secret", header(signed("sk_test_hidden", now, BODY))),
        ("an empty secret", header(signed("", now, BODY))),
        ("both secrets as one", header(signed(&format!("{CURRENT}{PREVIOUS}"), now, BODY))),
        ("SHA-512", header(format!("t={now},v1={sha512}"))),
        ("the body signed without time", header(format!("t={now},v1={}", hmac(CURRENT, &[BODY])))),
        ("another separator", header(format!("t={now},v1={}", hmac(CURRENT, &[now, ",", BODY])))),
        ("the signature of another notice", header(genuine(&BODY.replace("evt_1", "evt_2")))),
    ];
    rows.into_iter().map(|(name, (header, body))| (name, header, body)).collect()
}

/// The time is missing, doubled, unreadable, too old or too new.
pub fn wrongly_timed() -> Vec<Forgery> {
    let now = &NOW_S.to_string();
    let right = &v1(CURRENT, now, BODY);
    let other = NOW_S + 1;
    let rows = [
        ("no time", format!("v1={right}")),
        ("an empty time", signed(CURRENT, "", BODY)),
        ("another time", format!("t={other},v1={right}")),
        ("the time twice", format!("t={now},t={now},v1={right}")),
        ("two times", format!("t={now},v1={right},t={other}")),
        ("a sign before the time", signed(CURRENT, &format!("+{now}"), BODY)),
        ("a negative time", signed(CURRENT, &format!("-{now}"), BODY)),
        ("a fraction of a second", signed(CURRENT, &format!("{now}.0"), BODY)),
        ("milliseconds", signed(CURRENT, &format!("{now}000"), BODY)),
        ("a replay after 301 s", signed(CURRENT, &(NOW_S - 301).to_string(), BODY)),
        ("301 s ahead", signed(CURRENT, &(NOW_S + 301).to_string(), BODY)),
    ];
    rows.into_iter().map(|(name, header)| (name, Some(header), BODY.to_owned())).collect()
}

/// The body was changed after it was signed.
pub fn altered() -> Vec<Forgery> {
    let compact = serde_json::from_str::<serde_json::Value>(BODY).unwrap().to_string();
    let rows = [
        ("another amount", BODY.replace("500000", "900000")),
        ("another top-up", BODY.replace("pay_1", "pay_2")),
        ("another account", BODY.replace("acme", "evil")),
        ("another event id", BODY.replace("evt_1", "evt_9")),
        ("a blank more", BODY.replace("\"status\":", "\"status\": ")),
        ("a line break more", format!("{BODY}\n")),
        ("a byte order mark", format!("\u{feff}{BODY}")),
        ("written anew", compact),
        ("cut short", BODY[..BODY.len() - 1].to_owned()),
        ("twice", format!("{BODY}{BODY}")),
        ("nothing", String::new()),
    ];
    rows.into_iter().map(|(name, body)| (name, Some(genuine(BODY)), body)).collect()
}

/// Rightly signed, and yet not a notice for this server.
fn misdirected() -> Vec<Forgery> {
    let rows = [
        ("live mode on a test server", BODY.replace("\"livemode\":false", "\"livemode\":true")),
        ("a thin event", r#"{"id":"evt_1","object":"v2.core.event","type":"v1.x"}"#.to_owned()),
        ("no id", BODY.replace("\"id\":\"evt_1\",", "")),
        ("no type", BODY.replace("\"type\":\"payment_intent.succeeded\",", "")),
        ("no object", r#"{"id":"evt_1","object":"event","type":"x.y"}"#.to_owned()),
        ("another kind of object", BODY.replace("\"object\":\"event\"", "\"object\":\"charge\"")),
        ("an intent without status", BODY.replace("\"status\":\"succeeded\",", "")),
        ("not JSON", "payment_intent.succeeded".to_owned()),
        ("a list", format!("[{BODY}]")),
    ];
    rows.into_iter().map(|(name, body)| (name, Some(genuine(&body)), body)).collect()
}

#[tokio::test]
async fn no_forged_or_altered_notice_is_believed() {
    let stripe = stripe(false);
    let forgeries: Vec<Forgery> =
        [wrongly_signed(), wrongly_timed(), altered(), misdirected()].into_iter().flatten().collect();
    assert_eq!(forgeries.len(), 53);
    for (name, header, body) in forgeries {
        assert_ne!((header.as_deref(), body.as_str()), (Some(genuine(BODY).as_str()), BODY), "{name} is no forgery");
        let refused = verify(&stripe, header.as_deref().map(str::as_bytes), body.as_bytes()).await;
        let Err(Unverified::Forged(reason)) = refused else { panic!("{name} was believed: {refused:?}") };
        for hidden in [CURRENT, PREVIOUS, "secret_hidden", "sk_test_hidden"] {
            assert!(!reason.contains(hidden), "{name}: {reason}");
        }
    }
    let binary = verify(&stripe, Some(b"t=1\xff,v1=00"), BODY.as_bytes()).await;
    assert!(matches!(binary, Err(Unverified::Forged(_))), "{binary:?}");
}

#[tokio::test]
async fn a_live_server_believes_live_notices_only() {
    let stripe = stripe(true);
    let live = BODY.replace("\"livemode\":false", "\"livemode\":true");
    for (body, believed) in [(live.as_str(), true), (BODY, false)] {
        let verdict = verify(&stripe, Some(genuine(body).as_bytes()), body.as_bytes()).await;
        assert_eq!(verdict.is_ok(), believed, "{verdict:?}");
    }
}

#[tokio::test]
async fn without_a_secret_nothing_is_believed() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let config = Config::new(Secret::new("sk_test_hidden").unwrap(), false);
    let stripe = Stripe::new(config, Vec::new()).unwrap();
    let verdict = verify(&stripe, Some(genuine(BODY).as_bytes()), BODY.as_bytes()).await;
    let Err(Unverified::Forged(reason)) = verdict else { panic!("{verdict:?}") };
    assert!(reason.contains("set stripe.webhook_secrets"), "{reason}");
}
