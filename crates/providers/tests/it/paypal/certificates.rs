//! Fetching certificates: how often, and what a failure means.

use providers::gateway::{Notice, Unverified};
use providers::paypal::certificate::{CertificateError, Chain, Roots};

use super::support::{CertificateServer, ROOT, SENT_AT_S, Sent, event};

const DAY_S: i64 = 24 * 3600;

fn body() -> String {
    event("SOMETHING.ELSE", "thing", serde_json::json!({}))
}

fn told(result: Result<Notice, Unverified>) -> String {
    match result {
        Ok(notice) => notice.event_id,
        Err(Unverified::Forged(why)) => format!("forged: {why}"),
        Err(Unverified::NotNow(why)) => format!("not now: {why}"),
    }
}

#[tokio::test]
async fn a_certificate_is_fetched_once_a_day() {
    let server = CertificateServer::start().await;
    let client = server.client("http://127.0.0.1:1");
    // sent at, days later, fetched so far
    let cases = [
        ("2026-11-20T09:15:02Z", 0, 1),
        ("2026-11-20T09:15:02Z", 0, 1),
        ("2026-11-21T09:15:01Z", 1, 1),
        ("2026-11-22T09:15:02Z", 2, 2),
    ];
    for (time, days, fetched) in cases {
        let now_s = SENT_AT_S + days * DAY_S - i64::from(days == 1);
        assert_eq!(told(Sent::at(&server, &body(), time).reach_at(&client, now_s).await), "WH-1", "{time}");
        assert_eq!(server.asked("genuine"), fetched, "{time}");
    }
}

#[tokio::test]
async fn those_who_wait_for_a_certificate_share_it() {
    let server = CertificateServer::start().await;
    let client = server.client("http://127.0.0.1:1");
    let sent = Sent::genuine(&server, &body());
    let told_all = tokio::join!(sent.reach(&client), sent.reach(&client), sent.reach(&client));
    assert_eq!([told(told_all.0), told(told_all.1), told(told_all.2)], ["WH-1"; 3]);
    assert_eq!(server.asked("genuine"), 1);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_fetched_now_may_be_later() {
    let server = CertificateServer::start().await;
    let client = server.client("http://127.0.0.1:1");
    let genuine = include_bytes!("../../fixtures/paypal/genuine.pem");
    let sent = Sent::genuine(&server, &body());
    let unreachable = "not now: the certificate could not be fetched now";
    let missing = "forged: PayPal has no certificate at that address";
    let unreadable = "forged: what the certificate address holds is not a certificate";
    let cases: [(u16, &[u8], &str); 9] = [
        (500, genuine, unreachable),
        (503, b"", unreachable),
        (429, b"", unreachable),
        (302, b"", unreachable),
        (404, b"", missing),
        (410, b"", missing),
        (200, b"<html>", unreadable),
        (200, b"", unreadable),
        (200, genuine, "WH-1"),
    ];
    for (status, pem, expected) in cases {
        server.serve("genuine", status, pem);
        assert_eq!(told(sent.reach(&client).await), expected, "{status}");
        assert_eq!(server.asked("genuine"), 1, "{status}: no failure is kept, no redirect followed");
    }
    let nobody = super::support::client_with("http://127.0.0.1:1", |config| {
        config.cert_base_url = Some("http://127.0.0.1:1".into());
    });
    let mut elsewhere = sent;
    elsewhere.set("paypal-cert-url", "http://127.0.0.1:1/v1/notifications/certs/CERT-genuine");
    assert_eq!(told(elsewhere.reach(&nobody).await), unreachable);
}

#[tokio::test]
async fn a_certificate_that_is_kept_is_judged_each_time() {
    let server = CertificateServer::start().await;
    let client = server.client("http://127.0.0.1:1");
    let chain = |time: &'static str, now_s| {
        let mut sent = Sent::at(&server, &body(), time);
        sent.set("paypal-cert-url", server.cert_url("expired"));
        let client = &client;
        async move { told(sent.reach_at(client, now_s).await) }
    };
    // It ended with the year 2020.
    assert_eq!(chain("2020-12-31T23:59:50Z", 1_609_459_195).await, "WH-1");
    let late = "forged: the certificate is not valid now: check this server's clock";
    assert_eq!(chain("2020-12-31T23:59:50Z", 1_609_459_205).await, late);
    assert_eq!(server.asked("expired"), 1);
}

#[test]
fn roots_and_chains_are_read_or_refused() {
    let roots = Roots::from_pem(ROOT.as_bytes()).unwrap();
    let genuine = Chain::from_pem(include_bytes!("../../fixtures/paypal/genuine.pem")).unwrap();
    assert_eq!(genuine.check(&roots, SENT_AT_S), Ok(()));
    let other_roots = Roots::from_pem(include_bytes!("../../fixtures/paypal/self-signed.pem")).unwrap();
    assert_eq!(genuine.check(&other_roots, SENT_AT_S), Err(CertificateError::Chain));
    for (pem, count) in
        [("", 0), ("no certificate", 0), ("-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n", 1)]
    {
        let why = Roots::from_pem(pem.as_bytes()).err().unwrap();
        assert_eq!(why, format!("none found, {count} unreadable"));
    }
    assert_eq!(Chain::from_pem(b"").err(), Some(CertificateError::Unreadable));
}
