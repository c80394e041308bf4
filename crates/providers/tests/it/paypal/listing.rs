//! The transaction search, for comparing books.

use providers::gateway::Gateway;
use serde_json::{Value, json};

use super::support::{client, money, script, told_payment, told_trouble};
use crate::support::Reply::{self, Json};

/// 2026-11-20T09:15:02Z.
const AT_S: i64 = 1_795_166_102;

/// A row of a payment of 25 USD.
fn row(changes: Value) -> Value {
    let mut info = json!({
        "transaction_id": "3C6", "transaction_event_code": "T0006", "transaction_status": "S",
        "transaction_initiation_date": "2026-11-20T09:15:02+0000", "transaction_amount": money("25.00"),
        "fee_amount": money("-1.03"), "invoice_id": "pay_1", "custom_field": "pay_1:team:7"
    });
    info.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    json!({"transaction_info": info})
}

fn page(rows: impl Into<Vec<Value>>, total_pages: u32) -> Reply {
    let body = json!({"transaction_details": rows.into(), "page": 1, "total_pages": total_pages});
    Json(200, body.to_string())
}

#[tokio::test]
async fn rows_become_payments_or_are_no_payments() {
    let paid = "paid: 3C6/3C6 pay_1 of team:7 asked 2500 USD received 2500 USD";
    let order = json!({"paypal_reference_id": "5O1", "paypal_reference_id_type": "ODR"});
    let other_reference = json!({"paypal_reference_id": "2AB", "paypal_reference_id_type": "TXN"});
    let cases = [
        (json!({}), Some(paid)),
        (order, Some("paid: 5O1/3C6 pay_1 of team:7 asked 2500 USD received 2500 USD")),
        (other_reference, Some(paid)),
        (json!({"transaction_status": "V"}), Some(paid)),
        (
            json!({"transaction_status": "P"}),
            Some("processing PENDING: 3C6/3C6 pay_1 of team:7 asked 2500 USD received -"),
        ),
        (
            json!({"transaction_status": "D"}),
            Some("failed declined: 3C6/3C6 pay_1 of team:7 asked 2500 USD received -"),
        ),
        (json!({"transaction_status": "X"}), Some("processing X: 3C6/3C6 pay_1 of team:7 asked 2500 USD received -")),
        (json!({"custom_field": null}), Some("paid: 3C6/3C6 pay_1 of - asked 2500 USD received 2500 USD")),
        (
            json!({"custom_field": null, "invoice_id": null}),
            Some("paid: 3C6/3C6 - of - asked 2500 USD received 2500 USD"),
        ),
        // A refund, a fee, a withdrawal, a payment of ours, a hold that ended.
        (json!({"transaction_event_code": "T1107", "transaction_amount": money("-25.00")}), None),
        (json!({"transaction_event_code": "T0106", "transaction_amount": money("-20.00")}), None),
        (json!({"transaction_event_code": "T0400", "transaction_amount": money("-900.00")}), None),
        (json!({"transaction_amount": money("-25.00")}), None),
        (json!({"transaction_event_code": "T1105"}), None),
        (json!({"transaction_event_code": null}), None),
        (json!({"transaction_amount": null}), None),
    ];
    for (changes, expected) in cases {
        let script = script([page([row(changes.clone())], 1)]).await;
        let payments = client(&script.url).list(AT_S - 10, AT_S + 10).await.unwrap();
        let told: Vec<String> = payments.iter().map(told_payment).collect();
        assert_eq!(told, Vec::from_iter(expected), "{changes}");
        assert!(payments.iter().all(|seen| seen.created_at_s == Some(AT_S)));
    }
}

#[tokio::test]
async fn all_pages_of_all_windows_are_read_and_the_end_is_left_out() {
    let id = |id: &str, time: &str| row(json!({"transaction_id": id, "transaction_initiation_date": time}));
    let replies = [
        page([id("A", "2026-11-20T09:15:02Z"), id("B", "2026-11-20T09:15:02Z")], 2),
        page([id("C", "2026-12-01T00:00:00Z"), id("at the end", "2026-12-20T09:15:02Z")], 2),
        page([id("D", "2026-12-20T09:15:02Z"), id("at the end", "2026-12-21T09:15:02Z")], 1),
    ];
    let script = script(replies).await;
    let payments = client(&script.url).list(AT_S, AT_S + 31 * 24 * 3600).await.unwrap();
    let ids: Vec<&str> = payments.iter().filter_map(|seen| seen.money_id.as_deref()).collect();
    assert_eq!(ids, ["A", "B", "C", "D"]);
    let line = |from: &str, to: &str, page: u32| {
        format!(
            "GET /v1/reporting/transactions?start_date={from}&end_date={to}\
             &fields=transaction_info&page_size=500&page={page}"
        )
        .replace(':', "%3A")
    };
    let (start, middle, end) = ("2026-11-20T09:15:02Z", "2026-12-20T09:15:02Z", "2026-12-21T09:15:02Z");
    assert_eq!(script.lines()[1..], [line(start, middle, 1), line(start, middle, 2), line(middle, end, 1)]);
}

#[tokio::test]
async fn a_window_with_too_many_rows_is_halved() {
    let too_large = Json(400, r#"{"name":"RESULTSET_TOO_LARGE","debug_id":"f1a2"}"#.into());
    let first = row(json!({"transaction_id": "A"}));
    let second = row(json!({"transaction_id": "B", "transaction_initiation_date": "2026-11-20T09:15:07Z"}));
    let script = script([too_large.clone(), page([first], 1), page([second], 1)]).await;
    let payments = client(&script.url).list(AT_S, AT_S + 10).await.unwrap();
    let ids: Vec<&str> = payments.iter().filter_map(|seen| seen.money_id.as_deref()).collect();
    assert_eq!(ids, ["A", "B"]);
    assert!(script.lines()[2].contains("end_date=2026-11-20T09%3A15%3A07Z"), "{:?}", script.lines());

    let stubborn = super::support::script([too_large]).await;
    let trouble = client(&stubborn.url).list(AT_S, AT_S + 1).await.unwrap_err();
    assert_eq!(told_trouble(&trouble), "refused RESULTSET_TOO_LARGE: for the operator (f1a2)");
}

#[tokio::test]
async fn an_app_that_may_not_search_is_told_so_and_no_time_is_no_question() {
    let script = script([Json(403, r#"{"name":"NOT_AUTHORIZED","debug_id":"f1a2"}"#.into())]).await;
    let trouble = client(&script.url).list(AT_S, AT_S + 10).await.unwrap_err();
    assert_eq!(told_trouble(&trouble), "refused NOT_AUTHORIZED: for the operator (f1a2)");
    let nobody = client("http://127.0.0.1:1");
    assert_eq!(nobody.list(AT_S, AT_S).await, Ok(Vec::new()));
}
