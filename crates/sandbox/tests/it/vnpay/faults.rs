//! Scripted misbehaviour of the API.

use std::time::Duration;

use reqwest::Method;
use sandbox::vnpay::faults::{Fault, FaultRule};
use serde_json::{Value, json};

use super::support::{Play, is_genuine};
use crate::support::eventually;

/// Fault; what the first request gets: its status (`None`: no answer) and code; refunds there are then; the code of a
/// repeat with the same request id.
type Case = (Fault, Option<u16>, Option<&'static str>, usize, &'static str);

#[rustfmt::skip]
const CASES: &[Case] = &[
    (Fault::TimeoutBefore, None, None, 0, "00"),
    (Fault::TimeoutAfter, None, None, 1, "94"),
    (Fault::CloseBefore, None, None, 0, "00"),
    (Fault::CloseAfter, None, None, 1, "94"),
    (Fault::ResetBefore, None, None, 0, "00"),
    (Fault::ResetAfter, None, None, 1, "94"),
    (Fault::ServerErrorBefore, Some(500), None, 0, "00"),
    (Fault::ServerErrorAfter, Some(500), None, 1, "94"),
    (Fault::Unavailable, Some(503), None, 0, "00"),
    (Fault::Repeated, Some(200), Some("94"), 0, "00"),
    (Fault::OtherError, Some(200), Some("99"), 0, "00"),
    (Fault::Unreadable, Some(200), None, 1, "94"),
    (Fault::Forged, Some(200), Some("00"), 1, "94"),
    (Fault::Slow, Some(200), Some("00"), 1, "94"),
];

#[tokio::test]
async fn faults_strike_before_or_after_the_effect() {
    let play = Play::start().await;
    for (fault, status, code, refunds, repeated) in CASES {
        play.sandbox.reset();
        play.ended("TU1", "00");
        let rule = json!({"fault": fault, "command": "refund", "hold_ms": 1});
        assert_eq!(play.control(Method::POST, "/faults", rule).await.0, 200);
        let asked = play.call(&Play::querydr("q1", "TU1")).await;
        assert_eq!(asked["vnp_ResponseCode"], "00", "{fault:?} is for another command");
        let refund = Play::refund("r1", "TU1", "03", "10000000");
        let answer = play.try_call(&refund).await;
        assert_eq!(answer.as_ref().map(|(status, _)| *status), *status, "{fault:?}");
        let body = answer.map(|(_, body)| body).unwrap_or_default();
        assert_eq!(body["vnp_ResponseCode"].as_str(), *code, "{fault:?}: {body}");
        let genuine = code.is_some() && *fault != Fault::Forged;
        assert_eq!(body.is_object() && is_genuine(&body), genuine, "{fault:?}: {body}");
        assert_eq!(play.sandbox.payment("TU1").unwrap().refunds.len(), *refunds, "{fault:?}");
        let repeat = play.call(&refund).await;
        assert_eq!(repeat["vnp_ResponseCode"], *repeated, "{fault:?}");
        assert_eq!(play.sandbox.payment("TU1").unwrap().refunds.len(), 1, "{fault:?}");
        let log = play.sandbox.requests();
        assert_eq!((log[1].status, log[1].code.as_deref()), (*status, *code), "{fault:?}");
    }
}

#[tokio::test]
async fn a_client_that_gives_up_does_not_undo_the_refund() {
    let play = Play::start().await;
    play.ended("TU1", "00");
    play.sandbox.script_fault(FaultRule::once(Fault::TimeoutAfter));
    let refund = Play::refund("r1", "TU1", "02", "50000000");
    let request = play.client.post(play.sandbox.api_url()).json(&refund).timeout(Duration::from_millis(200));
    assert!(request.send().await.is_err_and(|error| error.is_timeout()));
    eventually("the refund is made", || play.sandbox.payment("TU1").unwrap().refunds.len() == 1).await;
    assert_eq!(play.call(&refund).await["vnp_ResponseCode"], "94");
    assert_eq!(play.call(&Play::querydr("q1", "TU1")).await["vnp_TransactionType"], "02", "but a question tells");
}

#[tokio::test]
async fn a_slow_call_waits_for_the_release() {
    let play = Play::start().await;
    play.ended("TU1", "00");
    play.sandbox.clear_requests();
    play.sandbox.script_fault(FaultRule::once(Fault::Slow).on("refund"));
    let refund = Play::refund("r1", "TU1", "02", "50000000");
    let request = play.client.post(play.sandbox.api_url()).json(&refund).send();
    let running = tokio::spawn(async move { request.await.unwrap().json::<Value>().await.unwrap() });
    eventually("it came in", || play.sandbox.requests().len() == 1).await;
    assert!(play.sandbox.payment("TU1").unwrap().refunds.is_empty() && !running.is_finished());
    play.sandbox.release();
    assert_eq!(running.await.unwrap()["vnp_ResponseCode"], "00");
}

#[tokio::test]
async fn a_rule_strikes_as_often_as_it_says() {
    let play = Play::start().await;
    play.ended("TU1", "00");
    let rule = json!({"fault": "other_error", "times": 3});
    play.control(Method::POST, "/faults", rule.clone()).await;
    for (number, code) in ["99", "99", "99", "00"].into_iter().enumerate() {
        let answer = play.call(&Play::querydr(&format!("q{number}"), "TU1")).await;
        assert_eq!(answer["vnp_ResponseCode"], code);
    }
    play.control(Method::POST, "/faults", rule).await;
    play.control(Method::DELETE, "/faults", json!(null)).await;
    assert_eq!(play.call(&Play::querydr("last", "TU1")).await["vnp_ResponseCode"], "00");
    assert_eq!(play.control(Method::POST, "/faults", json!({"fault": "nonsense"})).await.0, 422);
    let mut struck = Vec::new();
    for _ in 0..2 {
        let same_seed = Play::start().await;
        same_seed.ended("TU1", "00");
        let half = json!({"fault": "other_error", "times": 100, "percent": 50});
        same_seed.control(Method::POST, "/faults", half).await;
        let mut codes = Vec::new();
        for number in 0..20 {
            let answer = same_seed.call(&Play::querydr(&format!("q{number}"), "TU1")).await;
            codes.push(answer["vnp_ResponseCode"].clone());
        }
        assert!(codes.contains(&json!("99")) && codes.contains(&json!("00")), "{codes:?}");
        struck.push(codes);
    }
    assert_eq!(struck[0], struck[1], "the seed decides");
}
