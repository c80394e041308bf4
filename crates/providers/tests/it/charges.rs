//! The flow over saved cards, and the search after an unknown outcome, against a scripted server.

use providers::stripe::{
    Client, Error, NoCards, Pending, Resolution, SavedCardsOutcome, charge_saved_cards, close_intent, payable_cards,
    resolve,
};

use crate::support::Reply::{Close, Json};
use crate::support::{self, PATIENT, Reply, Script};

fn client(script: &Script) -> Client {
    support::client(&script.url, 0, PATIENT)
}

fn intent(status: &str) -> String {
    format!(r#"{{"id":"pi_1","status":"{status}","metadata":{{"topup_id":"tu_1"}}}}"#)
}

fn is(status: &str) -> Reply {
    Json(200, intent(status))
}

/// A refusal by the bank, with the intent inside.
fn declined(decline_code: &str) -> Reply {
    let intent = intent("requires_payment_method");
    Json(
        402,
        format!(
            r#"{{"error":{{"type":"card_error","code":"card_declined","decline_code":"{decline_code}","payment_intent":{intent}}}}}"#
        ),
    )
}

fn refused(status: u16, code: &str, param: &str) -> Reply {
    Json(status, format!(r#"{{"error":{{"type":"invalid_request_error","code":"{code}","param":"{param}"}}}}"#))
}

async fn charge(script: &Script, card_ids: &[&str]) -> String {
    told(charge_saved_cards(&client(script), &support::charge(card_ids)).await)
}

fn told(outcome: SavedCardsOutcome) -> String {
    let or_none = |id: Option<String>| id.unwrap_or_else(|| "no intent".into());
    match outcome {
        SavedCardsOutcome::Succeeded { intent } => format!("succeeded {}", intent.id),
        SavedCardsOutcome::Processing { intent } => format!("processing {}", intent.id),
        SavedCardsOutcome::NoCustomer => "no customer".into(),
        SavedCardsOutcome::NoPaymentMethod => "no payment method".into(),
        SavedCardsOutcome::AllRefused { intent, wants_authentication, refusals } => {
            let reasons: Vec<_> = refusals.iter().map(|refusal| refusal.reason.as_str()).collect();
            let wants = if wants_authentication { "wants authentication" } else { "-" };
            format!("all refused {}: {} {wants}", or_none(intent.map(|intent| intent.id)), reasons.join(","))
        }
        SavedCardsOutcome::Unknown { intent_id, may_have_charged, reason } => {
            let may = if may_have_charged { "may have charged" } else { "not charged" };
            format!("unknown {}: {reason}, {may}", or_none(intent_id))
        }
        SavedCardsOutcome::Misconfigured { intent_id, error } => {
            format!("misconfigured {}: {error:?}", or_none(intent_id))
                .split("param")
                .next()
                .unwrap_or_default()
                .to_owned()
        }
    }
}

#[tokio::test]
async fn cards_are_tried_in_order_on_one_intent_until_an_answer_is_not_a_refusal() {
    const CREATE: &str = "create";
    const CONFIRM: &str = "confirm";
    const CANCEL: &str = "cancel";
    const GET: &str = "get";
    let misconfigured_401 = "misconfigured pi_1: Invalid { kind: Credentials, code: Some(\"x\"), ";
    let misconfigured_400 = "misconfigured no intent: Invalid { kind: Request, code: Some(\"amount_too_small\"), ";
    let unexpected = || refused(400, "payment_intent_unexpected_state", "intent");
    let key_reused = || Json(400, r#"{"error":{"type":"idempotency_error"}}"#.into());
    let lost = || declined("lost_card");
    let made = || is("requires_payment_method");
    // cards, replies, calls, outcome
    #[rustfmt::skip]
    let cases: Vec<(usize, Vec<Reply>, Vec<&str>, &str)> = vec![
        (2, vec![made(), is("succeeded")], vec![CREATE, CONFIRM], "succeeded pi_1"),
        (2, vec![made(), is("processing")], vec![CREATE, CONFIRM], "processing pi_1"),
        (2, vec![made(), lost(), is("succeeded")], vec![CREATE, CONFIRM, CONFIRM], "succeeded pi_1"),
        (2, vec![made(), lost(), is("processing")], vec![CREATE, CONFIRM, CONFIRM], "processing pi_1"),
        (3, vec![made(), lost(), lost(), is("succeeded")], vec![CREATE, CONFIRM, CONFIRM, CONFIRM], "succeeded pi_1"),
        (2, vec![made(), is("requires_action"), is("succeeded")], vec![CREATE, CONFIRM, CONFIRM], "succeeded pi_1"),
        (2, vec![made(), refused(404, "resource_missing", "payment_method"), is("succeeded")],
            vec![CREATE, CONFIRM, CONFIRM], "succeeded pi_1"),
        // the creation got lost: nothing was charged, and nothing can be
        (2, vec![Close], vec![CREATE], "unknown no intent: connection broke, not charged"),
        (2, vec![Json(500, "{}".into())], vec![CREATE], "unknown no intent: HTTP status 500, not charged"),
        (2, vec![Json(429, "{}".into())], vec![CREATE], "unknown no intent: HTTP status 429, not charged"),
        (2, vec![Json(200, "<html>".into())], vec![CREATE], "unknown no intent: unreadable answer, not charged"),
        (2, vec![key_reused()], vec![CREATE], "unknown no intent: idempotency key reused, may have charged"),
        // all refused: cancel, and believe a cancellation that fails because of payment
        (1, vec![made(), lost(), is("canceled")], vec![CREATE, CONFIRM, CANCEL], "all refused pi_1: lost_card -"),
        (2, vec![made(), lost(), declined("authentication_required"), is("canceled")],
            vec![CREATE, CONFIRM, CONFIRM, CANCEL],
            "all refused pi_1: lost_card,authentication_required wants authentication"),
        (1, vec![made(), is("requires_action"), is("canceled")], vec![CREATE, CONFIRM, CANCEL],
            "all refused pi_1: authentication_required wants authentication"),
        (1, vec![made(), refused(404, "resource_missing", "payment_method"), is("canceled")],
            vec![CREATE, CONFIRM, CANCEL], "all refused pi_1: resource_missing -"),
        (1, vec![made(), lost(), unexpected(), is("succeeded")], vec![CREATE, CONFIRM, CANCEL, GET], "succeeded pi_1"),
        (1, vec![made(), lost(), unexpected(), is("canceled")], vec![CREATE, CONFIRM, CANCEL, GET],
            "all refused pi_1: lost_card -"),
        (1, vec![made(), lost(), unexpected(), Close], vec![CREATE, CONFIRM, CANCEL, GET],
            "unknown pi_1: intent in another state, may have charged"),
        (1, vec![made(), lost(), unexpected(), Json(429, "{}".into())], vec![CREATE, CONFIRM, CANCEL, GET],
            "unknown pi_1: intent in another state, may have charged"),
        (1, vec![made(), lost(), Close], vec![CREATE, CONFIRM, CANCEL], "unknown pi_1: connection broke, may have charged"),
        // not definite: stop at once
        (2, vec![made(), Close], vec![CREATE, CONFIRM], "unknown pi_1: connection broke, may have charged"),
        (2, vec![made(), Json(500, "{}".into())], vec![CREATE, CONFIRM], "unknown pi_1: HTTP status 500, may have charged"),
        (2, vec![made(), Json(429, "{}".into())], vec![CREATE, CONFIRM], "unknown pi_1: HTTP status 429, not charged"),
        (2, vec![made(), is("requires_capture")], vec![CREATE, CONFIRM],
            "unknown pi_1: intent is requires_capture, may have charged"),
        (3, vec![made(), lost(), Close], vec![CREATE, CONFIRM, CONFIRM], "unknown pi_1: connection broke, may have charged"),
        (3, vec![made(), lost(), unexpected(), is("succeeded")], vec![CREATE, CONFIRM, CONFIRM, GET], "succeeded pi_1"),
        (3, vec![made(), lost(), unexpected(), is("requires_action")], vec![CREATE, CONFIRM, CONFIRM, GET],
            "unknown pi_1: intent is requires_action, may have charged"),
        // no card will work
        (2, vec![refused(404, "resource_missing", "customer")], vec![CREATE], "no customer"),
        (2, vec![refused(400, "resource_missing", "customer")], vec![CREATE], "no customer"),
        (2, vec![refused(400, "amount_too_small", "amount")], vec![CREATE], misconfigured_400),
        (3, vec![made(), lost(), refused(401, "x", ""), refused(401, "x", "")],
            vec![CREATE, CONFIRM, CONFIRM, CANCEL], misconfigured_401),
        (3, vec![made(), lost(), refused(401, "x", ""), is("canceled")],
            vec![CREATE, CONFIRM, CONFIRM, CANCEL], misconfigured_401),
        (3, vec![made(), lost(), refused(401, "x", ""), unexpected(), is("succeeded")],
            vec![CREATE, CONFIRM, CONFIRM, CANCEL, GET], "succeeded pi_1"),
        (0, vec![], vec![], "no payment method"),
    ];
    for (cards, replies, calls, expected) in cases {
        let case = format!("{cards} cards, {replies:?}");
        let script = Script::start(replies).await;
        let outcome = charge(&script, &["pm_0", "pm_1", "pm_2"][..cards]).await;
        assert_eq!(outcome, expected, "{case}");
        let made: Vec<_> = script
            .lines()
            .iter()
            .map(|line| match line.as_str() {
                "POST /v1/payment_intents" => CREATE,
                "POST /v1/payment_intents/pi_1/confirm" => CONFIRM,
                "POST /v1/payment_intents/pi_1/cancel" => CANCEL,
                "GET /v1/payment_intents/pi_1?expand[]=latest_charge" => GET,
                _ => panic!("unexpected {line}: {case}"),
            })
            .collect();
        assert_eq!(made, calls, "{case}");
    }
}

#[tokio::test]
async fn each_card_has_its_own_key_and_no_more_than_five_are_tried() {
    let replies = [is("requires_payment_method")].into_iter().chain((0..5).map(|_| declined("do_not_honor")));
    let script = Script::start(replies.chain([is("canceled")])).await;
    charge(&script, &["a", "b", "c", "d", "e", "f", "g"]).await;
    let sent: Vec<_> =
        script.asked().iter().map(|asked| format!("{} {}", asked.header("idempotency-key"), asked.body)).collect();
    assert!(sent[0].starts_with("topup:tu_1:create amount=2500&"), "{}", sent[0]);
    assert_eq!(
        sent[1..],
        [
            "topup:tu_1:confirm:0:a payment_method=a&off_session=true",
            "topup:tu_1:confirm:1:b payment_method=b&off_session=true",
            "topup:tu_1:confirm:2:c payment_method=c&off_session=true",
            "topup:tu_1:confirm:3:d payment_method=d&off_session=true",
            "topup:tu_1:confirm:4:e payment_method=e&off_session=true",
            " cancellation_reason=abandoned",
        ]
    );
}

#[tokio::test]
async fn closing_an_intent_ends_in_a_certainty_or_says_that_it_does_not() {
    let unexpected = || refused(400, "payment_intent_unexpected_state", "intent");
    let cases: Vec<(Vec<Reply>, &str)> = vec![
        (vec![is("canceled")], "canceled"),
        (vec![unexpected(), is("succeeded")], "succeeded"),
        (vec![unexpected(), is("canceled")], "canceled"),
        (vec![unexpected(), is("processing")], "processing"),
        (vec![unexpected(), Close], "unknown: intent in another state"),
        (vec![unexpected(), refused(404, "resource_missing", "intent")], "unknown: intent in another state"),
        (vec![Close], "unknown: connection broke"),
        (vec![refused(404, "resource_missing", "intent")], "invalid"),
    ];
    for (replies, expected) in cases {
        let case = format!("{replies:?}");
        let script = Script::start(replies).await;
        let told = match close_intent(&client(&script), "pi_1").await {
            Ok(intent) => intent.status.to_string(),
            Err(Error::Unknown(unknown)) => format!("unknown: {}", unknown.reason),
            Err(_) => "invalid".into(),
        };
        assert_eq!(told, expected, "{case}");
    }
}

#[tokio::test]
async fn payable_cards_say_what_is_missing() {
    let customer = r#"{"id":"cus_1","invoice_settings":{"default_payment_method":"pm_2"}}"#;
    let cards = r#"{"data":[{"id":"pm_1"},{"id":"pm_2"}],"has_more":false}"#;
    let ok = |body: &str| Json(200, body.into());
    let missing = || refused(404, "resource_missing", "id");
    let cases: Vec<(Vec<Reply>, &str)> = vec![
        (vec![ok(customer), ok(cards)], "pm_2,pm_1"),
        (vec![ok(r#"{"id":"cus_1"}"#), ok(cards)], "pm_1,pm_2"),
        (vec![ok(customer), ok(r#"{"data":[]}"#)], "no payment method"),
        (vec![missing()], "no customer"),
        (vec![ok(r#"{"id":"cus_1","deleted":true}"#)], "no customer"),
        (vec![ok(customer), missing()], "no customer"),
        (vec![Json(503, String::new())], "failed"),
        (vec![ok(customer), Close], "failed"),
    ];
    for (replies, expected) in cases {
        let case = format!("{replies:?}");
        let script = Script::start(replies).await;
        let told = match payable_cards(&client(&script), "cus_1", 1_795_176_000).await {
            Ok(cards) => cards.into_iter().map(|card| card.id).collect::<Vec<_>>().join(","),
            Err(NoCards::NoCustomer) => "no customer".into(),
            Err(NoCards::NoPaymentMethod) => "no payment method".into(),
            Err(NoCards::Failed(_)) => "failed".into(),
        };
        assert_eq!(told, expected, "{case}");
    }
}

#[tokio::test]
async fn an_unknown_outcome_is_looked_up_by_id_or_by_top_up() {
    let listed = |intents: &[(&str, &str, &str)]| {
        let items: Vec<_> = intents
            .iter()
            .map(|(id, status, topup)| {
                format!(r#"{{"id":"{id}","status":"{status}","metadata":{{"topup_id":"{topup}"}}}}"#)
            })
            .collect();
        Json(200, format!(r#"{{"data":[{}],"has_more":false}}"#, items.join(",")))
    };
    let others = [("pi_8", "succeeded", "tu_8"), ("pi_9", "succeeded", "tu_9")];
    let twice = [("pi_2", "canceled", "tu_1"), ("pi_3", "succeeded", "tu_1"), ("pi_4", "processing", "tu_1")];
    let foreign = || Json(200, r#"{"id":"pi_1","status":"succeeded","metadata":{"topup_id":"tu_9"}}"#.into());
    // intent id known, replies, requests, found
    #[rustfmt::skip]
    let cases: Vec<(bool, Vec<Reply>, usize, &str)> = vec![
        (true, vec![is("succeeded")], 1, "pi_1 succeeded"),
        (true, vec![is("requires_payment_method")], 1, "pi_1 requires_payment_method"),
        (true, vec![refused(404, "resource_missing", "intent"), listed(&[])], 2, "not found yet"),
        (true, vec![foreign(), listed(&[])], 2, "not found yet"),
        (false, vec![listed(&[others[0], ("pi_2", "processing", "tu_1")])], 1, "pi_2 processing"),
        (false, vec![listed(&twice)], 1, "pi_3 succeeded"),
        (false, vec![listed(&others)], 1, "not found yet"),
        (false, vec![listed(&[])], 1, "not found yet"),
        (false, vec![Json(500, String::new())], 1, "failed"),
        (true, vec![Close], 1, "failed"),
    ];
    for (id_known, replies, requests, expected) in cases {
        let case = format!("{id_known} {replies:?}");
        let script = Script::start(replies).await;
        let pending = Pending {
            topup_id: "tu_1".into(),
            intent_id: id_known.then(|| "pi_1".into()),
            customer_id: "cus_1".into(),
            created_at_s: 1_000,
        };
        let told = match resolve(&client(&script), &pending).await {
            Ok(Resolution::Found(intent)) => format!("{} {}", intent.id, intent.status),
            Ok(Resolution::NotFoundYet) => "not found yet".into(),
            Err(_) => "failed".into(),
        };
        assert_eq!(told, expected, "{case}");
        let lines = script.lines();
        assert_eq!(lines.len(), requests, "{case}");
        if !id_known {
            let window = "created[gte]=700&created[lt]=87700";
            let line = format!("GET /v1/payment_intents?customer=cus_1&{window}&expand[]=data.latest_charge&limit=100");
            assert_eq!(lines[0], line);
        }
    }
}
