//! Payment history: filters of the lists, and the same as files.

use calamine::Data;
use engine::topups::Details;
use reqwest::Method;
use serde_json::{Value, json};
use store::{Statement, params};
use testkit::TestApp;

use super::{File, PAYLOADS, is_risky, to_the_second};

/// A payment as a row.
struct Stored<'a> {
    id: &'a str,
    gateway: &'a str,
    method: &'a str,
    state: &'a str,
    /// Charge, credits, and what went back: in minor units of the currency, in ledger units, in minor units.
    amounts: (i64, i64, i64),
    currency: &'a str,
    details: Value,
}

async fn store(app: &TestApp, stored: Stored<'_>) {
    const SQL: &str = "INSERT INTO payments (account_id, id, gateway, method, state, amount_minor, credit_units, \
                       refunded_minor, currency, live, customer_id, created_at_us, updated_at_us, object_id, details) \
                       VALUES ('a', $1, $2, $3, $4, $5, $6, $7, $8, 0, '', $9, $9, $1, $10)";
    let Stored { id, gateway, method, state, amounts, currency, details } = stored;
    let now_us = app.engine.now().micros();
    let details = serde_json::from_value::<Details>(details).unwrap();
    let details = serde_json::to_string(&details).unwrap();
    let row = params![id, gateway, method, state, amounts.0, amounts.1, amounts.2, currency, now_us, details];
    app.engine.store().write(vec![Statement::new(SQL, row)]).await.unwrap();
}

/// Five payments, an hour each after the one before; account `a` counts in USD.
async fn shop() -> TestApp {
    let app = TestApp::start().await;
    app.account("a", "0").await;
    app.account("b", "0").await;
    let card = json!({"instrument": {"kind": "card", "brand": "visa", "last4": "4242"}});
    let table = [
        ("pay_1", "stripe", "saved_card", "succeeded", (2_500, 2_500_000_000, 0), "USD", card.clone()),
        ("pay_2", "vnpay", "vnpay", "partly_refunded", (500_000, 2_000_000_000, 100_000), "VND", json!({})),
        ("pay_3", "paypal", "paypal", "failed", (900, 900_000_000, 0), "USD", json!({})),
        ("pay_4", "stripe", "stripe", "under_review", (100, 100_000_000, 0), "USD", json!({})),
        ("pay_5", "stripe", "stripe", "succeeded", (1_001, 1_001_000_000, 0), "USD", card),
    ];
    for (id, gateway, method, state, amounts, currency, details) in table {
        store(&app, Stored { id, gateway, method, state, amounts, currency, details }).await;
        app.clock.advance_seconds(3600);
    }
    app
}

#[tokio::test]
async fn lists_and_files_take_the_same_filters() {
    let app = shop().await;
    let own = app.team("a", None).await;
    // query, payments
    let table: [(&str, &[&str]); 10] = [
        ("", &["pay_5", "pay_4", "pay_3", "pay_2", "pay_1"]),
        ("status=success", &["pay_5", "pay_2", "pay_1"]),
        ("status=pending,failed", &["pay_4", "pay_3"]),
        ("method=stripe", &["pay_5", "pay_4"]),
        ("method=saved_card&method=vnpay", &["pay_2", "pay_1"]),
        ("status=success&method=stripe,saved_card", &["pay_5", "pay_1"]),
        ("status=failed&method=stripe", &[]),
        ("from=2026-01-01T14:00:00Z", &["pay_5", "pay_4", "pay_3"]),
        ("to=2026-01-01T14:00:00Z", &["pay_2", "pay_1"]),
        ("from=2026-01-01T13:00:00Z&to=2026-01-01T15:00:00Z&status=success", &["pay_2"]),
    ];
    for (query, expected) in table {
        let of = |list: Value| -> Vec<String> {
            let ids = list["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned());
            ids.collect()
        };
        let all = app.operator.get(&format!("/v1/payments?account=a&{query}")).await.expect(200).json;
        assert_eq!(of(all), expected, "{query}");
        let mine = own.get(&format!("/v1/accounts/a/payments?{query}")).await.expect(200).json;
        assert_eq!(of(mine), expected, "{query}");
        let records = File::get(&own, &format!("/v1/accounts/a/payments.csv?{query}")).await.records();
        let ids: Vec<&str> = records[1..].iter().map(|record| record[9].as_str()).collect();
        assert_eq!(ids, expected, "{query}");
        let cells = File::get(&own, &format!("/v1/accounts/a/payments.xlsx?{query}")).await.cells(1);
        let ids: Vec<String> = cells[1..].iter().map(|cells| cells[9].to_string()).collect();
        assert_eq!(ids, expected, "{query}");
    }
    // Pages go on where the one before ended, filtered or not.
    let mut path = "/v1/accounts/a/payments?limit=2&status=success".to_owned();
    let first = own.get(&path).await.expect(200).json;
    path = format!("{path}&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = own.get(&path).await.expect(200).json;
    assert_eq!((&second["data"][0]["id"], &second["next_cursor"]), (&json!("pay_1"), &Value::Null));
    app.finish().await;
}

#[tokio::test]
async fn a_file_has_what_people_look_for() {
    let app = shop().await;
    let issue = "INSERT INTO receipts (account_id, id, payment_id, series, number, snapshot, issued_at_us, copies) \
                 VALUES ('a', 'rcp_1', 'pay_1', 'R-2026', 7, '{}', 0, 0)";
    app.engine.store().write(vec![Statement::new(issue, params![])]).await.unwrap();
    let csv = File::get(&app.operator, "/v1/accounts/a/payments.csv?zone=Asia/Tokyo").await;
    assert_eq!(csv.name(), "payment-history_a_start_2026-01-02_Asia-Tokyo.csv");
    let lines = csv.records();
    // The clock of tests goes on by a microsecond now and then.
    let lines: Vec<String> =
        lines.iter().map(|record| [&to_the_second(&record[0])[..], &record[1..].join("|")].join("|")).collect();
    let expected = [
        "Date (Asia/Tokyo)|Amount paid|Currency|Amount received (USD)|Refunded or disputed|Method|Status|Recipient e-mail|\
         Receipt number|Payment ID",
        "2026-01-02T01:00:00|10.01|USD|10.01|0|Visa •••• 4242|Success|||pay_5",
        "2026-01-02T00:00:00|1|USD||0|Stripe|Pending|||pay_4",
        "2026-01-01T23:00:00|9|USD||0|PayPal|Failed|||pay_3",
        "2026-01-01T22:00:00|500000|VND|20|100000|VNPay|Success|||pay_2",
        "2026-01-01T21:00:00|25|USD|25|0|Visa •••• 4242|Success||R-2026-000007|pay_1",
    ];
    assert_eq!(lines, expected);
    let xlsx = File::get(&app.operator, "/v1/accounts/a/payments.xlsx?language=ja&status=success").await;
    let said: Vec<String> =
        xlsx.cells(0).iter().map(|cells| cells.iter().map(Data::to_string).collect::<Vec<_>>().join("|")).collect();
    for line in ["お支払い履歴", "ステータス|成功", "USD|2|35.01|0", "VND|1|500000|100000", "受取額（USD）|55.01"]
    {
        assert!(said.iter().any(|said| said.starts_with(line)), "{line}: {said:?}");
    }
    let list = app.operator.get("/v1/accounts/a/payments?to=2026-01-01T13:00:00Z").await.expect(200).json;
    let mut row = list["data"][0].clone();
    let created_at = row["created_at"].take();
    assert_eq!(to_the_second(created_at.as_str().unwrap()), "2026-01-01T12:00:00");
    let expected = json!({"id": "pay_1", "status": "success", "state": "succeeded", "method": "saved_card",
        "paid_with": "Visa •••• 4242", "amount": "25", "currency": "USD", "credits": "25", "unit": "USD",
        "returned": "0", "recipient_email": null, "receipt_number": "R-2026-000007",
        "created_at": null, "paid_at": null});
    assert_eq!(row, expected);
    app.finish().await;
}

/// The brand of a card is the gateway's word.
#[tokio::test]
async fn no_text_of_a_payment_becomes_a_formula() {
    let app = TestApp::start().await;
    app.account("a", "0").await;
    for (number, payload) in PAYLOADS.into_iter().enumerate() {
        let details = json!({"instrument": {"kind": "card", "brand": payload}});
        let (id, amounts) = (format!("pay_{number:02}"), (100, 1, 0));
        let (gateway, method, state, currency) = ("stripe", "stripe", "succeeded", "USD");
        store(&app, Stored { id: &id, gateway, method, state, amounts, currency, details }).await;
    }
    let records = File::get(&app.operator, "/v1/accounts/a/payments.csv").await.records();
    assert_eq!(records.len(), 1 + PAYLOADS.len());
    for (record, payload) in records[1..].iter().rev().zip(PAYLOADS) {
        assert!(!record.iter().any(|cell| is_risky(cell)), "{record:?}");
        assert_eq!(record[5].replace('\'', ""), payload.trim().replace('\'', ""));
    }
    let cells = File::get(&app.operator, "/v1/accounts/a/payments.xlsx").await.cells(1);
    assert!(cells[1..].iter().rev().zip(PAYLOADS).all(|(cells, payload)| cells[5] == payload.trim()));
    app.finish().await;
}

#[tokio::test]
async fn payments_are_the_accounts_own() {
    let app = shop().await;
    let own = app.team("a", Some(&["topup:write"])).await;
    let blind = app.team("a", Some(&["balance:read"])).await;
    let stranger = app.team("b", None).await;
    let nobody = app.operator.with_key(None);
    for list in ["payments", "payments.csv", "payments.xlsx"] {
        let path = format!("/v1/accounts/a/{list}");
        for (actor, status) in [(&app.operator, 200), (&own, 200), (&blind, 403), (&stranger, 404), (&nobody, 401)] {
            let answered = actor.request(Method::GET, &path).send().await.unwrap().status().as_u16();
            assert_eq!(answered, status, "{path}");
        }
        // query, the parameter that is named
        for (query, param) in
            [("status=paid", "status"), ("method=cash", "method"), ("state=failed", "state"), ("from=1", "from")]
        {
            assert_eq!(app.operator.get(&format!("{path}?{query}")).await.expect(422).str("/param"), param, "{path}");
        }
    }
    app.finish().await;
}
