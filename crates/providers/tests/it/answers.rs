//! The central table: what each answer of Stripe means for the money.

use http::{HeaderMap, StatusCode};
use providers::stripe::{Outcome, classify};

const OPEN: &str = r#","payment_intent":{"id":"pi_1","status":"requires_payment_method"}"#;
const PAID: &str = r#","payment_intent":{"id":"pi_1","status":"succeeded"}"#;

fn intent(status: &str) -> String {
    format!(r#"{{"id":"pi_1","object":"payment_intent","status":"{status}"}}"#)
}

/// An error body of a type, with more fields.
fn error(kind: &str, more: &str) -> String {
    format!(r#"{{"error":{{"type":"{kind}"{more}}}}}"#)
}

/// `outcome code/decline_code intent`, short enough for a table.
fn told(outcome: Outcome) -> String {
    match outcome {
        Outcome::Succeeded(intent) => format!("succeeded {}", intent.id),
        Outcome::Processing(intent) => format!("processing {}", intent.id),
        Outcome::RequiresAction(intent) => format!("requires_action {}", intent.id),
        Outcome::Refused(refusal) => format!(
            "refused {}/{} {}",
            refusal.code,
            refusal.decline_code.as_deref().unwrap_or("-"),
            refusal.intent.as_ref().map_or("-", |intent| &intent.id)
        ),
        Outcome::Invalid(invalid) => format!("invalid {:?} {}", invalid.kind, invalid.code.as_deref().unwrap_or("-")),
        Outcome::Unknown(unknown) => {
            let may = if unknown.may_have_run { "may have run" } else { "did not run" };
            format!("unknown {}: {may}, {}", unknown.reason, unknown.intent_id.as_deref().unwrap_or("-"))
        }
    }
}

#[test]
fn every_answer_is_done_definitely_not_done_or_unknown() {
    let declined = format!(r#","code":"card_declined","decline_code":"insufficient_funds"{OPEN}"#);
    let authenticate = format!(r#","code":"authentication_required"{OPEN}"#);
    let paid = format!(r#","code":"card_declined"{PAID}"#);
    let unexpected = format!(r#","code":"payment_intent_unexpected_state"{PAID}"#);
    let invalid = "invalid_request_error";
    #[rustfmt::skip]
    let cases = [
        (200, intent("succeeded"), "succeeded pi_1"),
        (201, intent("succeeded"), "succeeded pi_1"),
        (200, intent("processing"), "processing pi_1"),
        (200, intent("requires_action"), "requires_action pi_1"),
        (200, intent("requires_payment_method"), "refused requires_payment_method/- pi_1"),
        (200, intent("canceled"), "refused canceled/- pi_1"),
        (200, intent("requires_confirmation"), "unknown intent is requires_confirmation: may have run, pi_1"),
        (200, intent("requires_capture"), "unknown intent is requires_capture: may have run, pi_1"),
        (200, intent("a_new_status"), "unknown intent is a_new_status: may have run, pi_1"),
        (200, "{}".into(), "unknown unreadable answer: may have run, -"),
        (200, r#"{"id":"pi_1","status":"succ"#.into(), "unknown unreadable answer: may have run, -"),
        (200, "<html>".into(), "unknown unreadable answer: may have run, -"),
        (204, String::new(), "unknown unreadable answer: may have run, -"),
        (302, String::new(), "unknown HTTP status 302: may have run, -"),
        (400, error(invalid, r#","code":"amount_too_small","param":"amount""#), "invalid Request amount_too_small"),
        (400, error(invalid, r#","code":"resource_missing","param":"customer""#), "invalid NotFound resource_missing"),
        (400, error(invalid, r#","code":"parameter_unknown","param":"x""#), "invalid Request parameter_unknown"),
        (400, error(invalid, ""), "invalid Request -"),
        (400, error(invalid, &unexpected), "unknown intent in another state: may have run, pi_1"),
        (400, error(invalid, r#","param":"payment_method""#), "refused card_error/- -"),
        (400, error("idempotency_error", ""), "unknown idempotency key reused: may have run, -"),
        (400, error("idempotency_error", PAID), "unknown idempotency key reused: may have run, pi_1"),
        (400, error("api_error", ""), "unknown HTTP status 400: may have run, -"),
        (400, error("an_error_of_2030", ""), "unknown HTTP status 400: may have run, -"),
        (400, "Bad Request".into(), "unknown HTTP status 400: may have run, -"),
        (401, error(invalid, ""), "invalid Credentials -"),
        (401, error("authentication_error", ""), "invalid Credentials -"),
        (403, error(invalid, ""), "invalid Credentials -"),
        (403, "<html>blocked by a proxy".into(), "unknown HTTP status 403: may have run, -"),
        (402, error("card_error", &declined), "refused card_declined/insufficient_funds pi_1"),
        (402, error("card_error", &authenticate), "refused authentication_required/- pi_1"),
        (402, error("card_error", r#","code":"expired_card""#), "refused expired_card/- -"),
        (402, error("card_error", r#","payment_intent":"not an object""#), "refused card_error/- -"),
        (402, error("card_error", &paid), "unknown intent is succeeded: may have run, pi_1"),
        (402, "{}".into(), "unknown HTTP status 402: may have run, -"),
        (404, error(invalid, r#","code":"resource_missing","param":"customer""#), "invalid NotFound resource_missing"),
        (404, error(invalid, r#","code":"resource_missing","param":"intent""#), "invalid NotFound resource_missing"),
        (404, error(invalid, r#","code":"resource_missing","param":"payment_method""#), "refused resource_missing/- -"),
        (404, "<html>".into(), "unknown HTTP status 404: may have run, -"),
        (409, error(invalid, r#","code":"idempotency_key_in_use""#), "unknown HTTP status 409: may have run, -"),
        (409, error("card_error", &declined), "unknown HTTP status 409: may have run, -"),
        (424, error("card_error", &declined), "unknown HTTP status 424: may have run, -"),
        (429, error(invalid, r#","code":"rate_limit""#), "unknown HTTP status 429: did not run, -"),
        (429, error(invalid, r#","code":"lock_timeout""#), "unknown HTTP status 429: did not run, -"),
        (500, error("api_error", ""), "unknown HTTP status 500: may have run, -"),
        (500, intent("succeeded"), "unknown HTTP status 500: may have run, -"),
        (500, error("card_error", &declined), "unknown HTTP status 500: may have run, -"),
        (502, "<html>".into(), "unknown HTTP status 502: may have run, -"),
        (503, String::new(), "unknown HTTP status 503: may have run, -"),
        (504, String::new(), "unknown HTTP status 504: may have run, -"),
    ];
    for (status, body, expected) in cases {
        let outcome = classify(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body.as_bytes());
        assert_eq!(told(outcome), expected, "{status} {body}");
    }
}

#[test]
fn a_payer_sees_no_reason_that_warns_a_thief() {
    // code, decline code, public reason, wants authentication
    let cases = [
        ("card_declined", "insufficient_funds", "insufficient_funds", false),
        ("card_declined", "lost_card", "generic_decline", false),
        ("card_declined", "stolen_card", "generic_decline", false),
        ("card_declined", "pickup_card", "generic_decline", false),
        ("card_declined", "fraudulent", "generic_decline", false),
        ("card_declined", "merchant_blacklist", "generic_decline", false),
        ("card_declined", "", "card_declined", false),
        ("expired_card", "", "expired_card", false),
        ("authentication_required", "", "authentication_required", true),
        ("card_declined", "authentication_required", "authentication_required", true),
    ];
    for (code, decline_code, public_reason, wants_authentication) in cases {
        let decline = if decline_code.is_empty() { "null".into() } else { format!("\"{decline_code}\"") };
        let body = error("card_error", &format!(r#","code":"{code}","decline_code":{decline}"#));
        let outcome = classify(StatusCode::PAYMENT_REQUIRED, &HeaderMap::new(), body.as_bytes());
        let Outcome::Refused(refusal) = outcome else { panic!("not refused: {body}") };
        assert_eq!(refusal.public_reason(), public_reason, "{body}");
        assert_eq!(refusal.wants_authentication(), wants_authentication, "{body}");
    }
}

#[test]
fn a_refused_request_says_what_to_do_and_names_itself() {
    let body = error("invalid_request_error", r#","message":"Invalid API Key provided: sk_test_leaked""#);
    let headers = HeaderMap::from_iter([("request-id".parse().unwrap(), "req_1".parse().unwrap())]);
    let outcome = classify(StatusCode::UNAUTHORIZED, &headers, body.as_bytes());
    assert!(!format!("{outcome:?}").contains("sk_test_leaked"), "{outcome:?}");
    let Outcome::Invalid(invalid) = outcome else { panic!("not invalid: {outcome:?}") };
    assert!(invalid.to_string().contains("req_1") && invalid.to_string().contains("check the secret key"), "{invalid}");
}
