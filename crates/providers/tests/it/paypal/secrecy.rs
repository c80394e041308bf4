//! No log line of any library shows the app's secret or a token, even at the most talkative level.

use std::io::Write;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use providers::gateway::Gateway;
use serde_json::json;

use super::support::{CertificateServer, Sent};
use super::support::{TOKEN, ask, capture, client, event, order, pending};
use crate::support::Reply::{Json, With};
use crate::support::Script;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn nothing_secret_is_logged_or_printed() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    // With a single subscriber, a line that another test's thread writes first would be switched off for this one too.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _log_of_this_thread = tracing::subscriber::set_default(subscriber);

    let unauthorised = json!({"name": "AUTHENTICATION_FAILURE", "message": "A21.hidden is not a token"});
    let script = Script::start([
        Json(200, TOKEN.into()),
        Json(201, order("PAYER_ACTION_REQUIRED", json!([])).to_string()),
        With(500, "paypal-debug-id", "f1a2-of-the-log", "A21.hidden".into()),
        Json(401, unauthorised.to_string()),
        Json(200, TOKEN.into()),
        Json(401, unauthorised.to_string()),
    ])
    .await;
    let client = client(&script.url);
    let mut shown = format!("{client:?} {:?}", client.open(&ask()).await);
    for _ in 0..2 {
        let trouble = client.complete(&pending()).await.unwrap_err();
        shown += &format!("{trouble:?} {trouble}");
    }
    assert_eq!(script.lines().len(), 6);
    let server = CertificateServer::start().await;
    let mut sent = Sent::genuine(&server, &event("PAYMENT.CAPTURE.COMPLETED", "capture", capture("COMPLETED")));
    let signature = sent.header("paypal-transmission-sig").to_owned();
    sent.body.push(b' ');
    shown += &format!("{:?}", sent.reach(&server.client(&script.url)).await);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("f1a2-of-the-log"), "the log must be captured for this test to mean anything: {log}");
    let basic = STANDARD.encode("app:hidden_secret");
    for text in [log, shown] {
        for hidden in ["A21.hidden", "hidden_secret", &basic, &signature] {
            assert!(!text.contains(hidden), "{hidden} shows in: {text}");
        }
    }
}
