//! No log line of any library shows a key or a client secret, even at the most talkative level.

use std::io::Write;
use std::sync::{Arc, Mutex};

use providers::Secret;
use providers::stripe::{Config, charge_saved_cards};

use crate::support::Reply::Json;
use crate::support::{self, PATIENT, Script, charge};

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
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .init();

    let open = r#"{"id":"pi_1","status":"requires_payment_method","client_secret":"pi_1_secret_hidden"}"#;
    let declined = format!(r#"{{"error":{{"type":"card_error","code":"card_declined","payment_intent":{open}}}}}"#);
    let paid = r#"{"id":"pi_1","status":"succeeded","client_secret":"pi_1_secret_hidden"}"#;
    let unauthorised = r#"{"error":{"type":"invalid_request_error","message":"No such key: sk_test_hidden"}}"#;
    let teapot = r#"{"error":{"type":"invalid_request_error"}}"#;
    let replies = [(200, open), (402, declined.as_str()), (200, paid), (401, unauthorised), (418, teapot)];
    let script = Script::start(replies.map(|(status, body)| Json(status, body.into()))).await;
    let client = support::client(&script.url, 0, PATIENT);
    let mut shown = format!("{:?}", Config::new(Secret::new("sk_test_hidden").unwrap(), false));
    shown += &format!("{:?}", charge_saved_cards(&client, &charge(&["pm_1", "pm_2"])).await);
    for _ in 0..2 {
        let error = client.intent("pi_1").await.unwrap_err();
        shown += &format!("{error:?} {error}");
    }
    assert_eq!(script.lines().len(), 5);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    // No other test of this binary is answered with this request id.
    assert!(log.contains("req_418"), "the log must be captured for this test to mean anything");
    for text in [log, shown] {
        for hidden in ["sk_test_hidden", "secret_hidden"] {
            assert!(!text.contains(hidden), "{hidden} shows in: {text}");
        }
    }
}
