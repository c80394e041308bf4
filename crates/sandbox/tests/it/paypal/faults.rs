//! Scripted misbehaviour of the API.

use reqwest::Method;
use sandbox::paypal::PayPalOptions;
use sandbox::paypal::faults::{Fault, FaultRule};
use serde_json::{Value, json};

use super::support::{ORDERS, Play};
use crate::support::eventually;

/// Fault, what the first capture gets (`None`: no answer), whether money moved then, and what a repeat with the same
/// request id gets.
type Case = (Fault, Option<u16>, usize, u16);

#[rustfmt::skip]
const CASES: &[Case] = &[
    (Fault::TimeoutBefore, None, 0, 201),
    (Fault::TimeoutAfter, None, 1, 200),
    (Fault::CloseBefore, None, 0, 201),
    (Fault::CloseAfter, None, 1, 200),
    (Fault::ResetBefore, None, 0, 201),
    (Fault::ResetAfter, None, 1, 200),
    (Fault::ServerErrorBefore, Some(500), 0, 201),
    (Fault::ServerErrorAfter, Some(500), 1, 200),
    (Fault::Unavailable, Some(503), 0, 201),
    (Fault::RateLimit, Some(429), 0, 201),
    (Fault::Conflict, Some(409), 0, 201),
    (Fault::InProgress, Some(422), 1, 200),
    (Fault::Unreadable, Some(200), 1, 200),
];

#[tokio::test]
async fn faults_strike_before_or_after_the_effect() {
    let play = Play::start().await;
    for (fault, first, captured, second) in CASES {
        play.control(Method::POST, "/reset", Value::Null).await;
        let id = play.order().await;
        play.sandbox.approve(&id).unwrap();
        let rule = json!({"fault": fault, "method": "POST", "path": ORDERS, "path_end": "/capture", "hold_ms": 1});
        play.control(Method::POST, "/faults", rule).await;
        assert_eq!(play.get(&format!("{ORDERS}/{id}")).await.status, 200, "{fault:?} is for another path");
        let path = format!("{ORDERS}/{id}/capture");
        let headers = [("PayPal-Request-Id", "tu:1:capture:1")];
        let reply = play.try_call(Method::POST, &path, &json!({}), &headers).await;
        assert_eq!(reply.as_ref().map(|reply| reply.status), *first, "{fault:?}");
        assert_eq!(reply.is_some_and(|reply| reply.body.is_string()), *fault == Fault::Unreadable, "{fault:?}");
        assert_eq!(play.capture_statuses().len(), *captured, "{fault:?}");
        let repeat = play.post_as(&path, &json!({}), "tu:1:capture:1").await;
        assert_eq!((repeat.status, &repeat.body["status"]), (*second, &json!("COMPLETED")), "{fault:?}");
        assert_eq!(play.capture_statuses(), ["COMPLETED"], "{fault:?}");
        let last = play.sandbox.requests().pop().unwrap();
        assert_eq!((last.status, last.replayed), (Some(*second), *second == 200), "{fault:?}");
    }
}

#[tokio::test]
async fn a_reset_is_an_error_and_a_close_is_an_end() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let play = Play::start().await;
    let address = play.sandbox.url().strip_prefix("http://").unwrap().to_owned();
    for (fault, reset) in [(Fault::ResetBefore, true), (Fault::CloseBefore, false)] {
        play.sandbox.script_fault(FaultRule::once(fault).ending("/token"));
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let request = "POST /v1/oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let ended = stream.read_to_end(&mut answer).await;
        let kind = ended.err().map(|error| error.kind());
        assert_eq!(kind, reset.then_some(std::io::ErrorKind::ConnectionReset), "{fault:?}");
        assert!(answer.is_empty());
    }
}

#[tokio::test]
async fn a_client_that_gives_up_does_not_undo_the_capture() {
    let play = Play::start().await;
    let id = play.order().await;
    play.sandbox.approve(&id).unwrap();
    play.sandbox.script_fault(FaultRule::once(Fault::Slow).ending("/capture"));
    let path = format!("{ORDERS}/{id}/capture");
    let gives_up = async {
        let seen = || play.sandbox.requests().iter().any(|request| request.path == path);
        eventually("the capture is under way", seen).await;
    };
    let body = json!({});
    tokio::select! {
        _ = play.post_as(&path, &body, "k") => panic!("held"),
        () = gives_up => {}
    }
    let busy = play.post_as(&path, &json!({}), "k").await;
    assert_eq!((busy.status, busy.issue()), (409, "PREVIOUS_REQUEST_IN_PROGRESS"));
    play.control(Method::POST, "/release", Value::Null).await;
    eventually("captured all the same", || play.capture_statuses() == ["COMPLETED"]).await;
    assert_eq!(play.post_as(&path, &json!({}), "k").await.status, 200);
}

#[tokio::test]
async fn a_rule_strikes_as_often_as_it_says_and_the_seed_repeats_its_dice() {
    let play = Play::start().await;
    play.control(Method::POST, "/faults", json!({"fault": "rate_limit", "times": 3})).await;
    for status in [429, 429, 429, 200] {
        assert_eq!(play.get("/v1/notifications/webhooks").await.status, status);
    }
    play.control(Method::POST, "/faults", json!({"fault": "rate_limit"})).await;
    play.control(Method::DELETE, "/faults", Value::Null).await;
    assert_eq!(play.get("/v1/notifications/webhooks").await.status, 200);
    assert_eq!(play.try_control(Method::POST, "/faults", json!({"fault": "nonsense"})).await.status, 422);

    let mut seen = Vec::new();
    for seed in [7, 7, 8] {
        let play = Play::with(PayPalOptions { seed: Some(seed), ..PayPalOptions::default() }).await;
        play.control(Method::POST, "/faults", json!({"fault": "unavailable", "times": 100, "percent": 50})).await;
        let mut statuses = Vec::new();
        for _ in 0..40 {
            statuses.push(play.get("/v1/notifications/webhooks").await.status);
        }
        assert!(statuses.contains(&200) && statuses.contains(&503), "{statuses:?}");
        seen.push(statuses);
    }
    assert!(seen[0] == seen[1] && seen[0] != seen[2]);
}
