//! Batches: each item for itself.

use serde_json::{Value, json};
use testkit::TestApp;

#[tokio::test]
async fn one_refusal_does_not_fail_its_neighbours() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    app.account("b", "1").await;
    let items = json!([
        {"idempotency_key": "1", "account": "a", "amount": "4", "service": "s"},
        {"idempotency_key": "2", "account": "b", "amount": "4", "service": "s"},
        {"account": "a", "amount": "1", "service": "s"},
        {"idempotency_key": "3", "account": "nobody", "amount": "1", "service": "s"},
        {"idempotency_key": "4", "account": "a", "amount": 1.5, "service": "s"},
        {"idempotency_key": "1", "account": "a", "amount": "4", "service": "s"},
        {"idempotency_key": "1", "account": "a", "amount": "5", "service": "s"},
        {"idempotency_key": "has space", "account": "a", "amount": "1", "service": "s"},
        [],
        {"idempotency_key": "5", "account": "a", "amount": "6", "service": "s"},
        {"idempotency_key": "6", "account": "a", "amount": "0.01", "service": "s"}]);
    let answer = app.operator.post("/v1/debits/batch", json!({"items": items})).await.expect(200).json;
    let results: Vec<(u64, &str)> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| (result["status"].as_u64().unwrap(), result["code"].as_str().unwrap_or("")))
        .collect();
    let expected = [
        (201, ""),
        (402, "insufficient_credits"),
        (400, "idempotency_key_missing"),
        (404, "not_found"),
        (422, "invalid_field"),
        (201, ""),
        (422, "idempotency_key_reuse"),
        (422, "idempotency_key_invalid"),
        (422, "invalid_field"),
        (201, ""),
        (402, "insufficient_credits"),
    ];
    assert_eq!(results, expected, "{answer:#}");
    assert_eq!(answer["results"][5]["id"], answer["results"][0]["id"]);
    assert_eq!((&answer["results"][9]["balance"], &answer["results"][1]["required"]), (&json!("0"), &json!("4")));
    assert_eq!(
        (app.balance("a").await["balance"].clone(), app.balance("b").await["balance"].clone()),
        (json!("0"), json!("1"))
    );
    app.finish().await;
}

#[tokio::test]
async fn a_full_batch_is_taken_and_a_larger_one_is_not() {
    let app = TestApp::start().await;
    app.account("a", "1000").await;
    let items = |count: usize| -> Vec<Value> {
        (0..count)
            .map(|n| json!({"idempotency_key": format!("i{n}"), "account": "a", "amount": "1", "service": "s"}))
            .collect()
    };
    let refused = app.operator.post("/v1/debits/batch", json!({"items": items(1001)})).await.expect(422);
    assert_eq!(refused.str("/param"), "items");
    let answer = app.operator.post("/v1/debits/batch", json!({"items": items(1000)})).await.expect(200).json;
    assert!(answer["results"].as_array().unwrap().iter().all(|result| result["status"] == 201));
    assert_eq!(app.balance("a").await["balance"], "0");
    let again = app.operator.post("/v1/debits/batch", json!({"items": items(1000)})).await.expect(200).json;
    assert!(again["results"].as_array().unwrap().iter().all(|result| result["idempotent_replayed"] == true));
    app.finish().await;
}

#[tokio::test]
async fn usage_is_priced_item_by_item() {
    let app = TestApp::start().await;
    app.account("a", "1").await;
    let book = json!({"unit": "USD", "services": {"m": {"meters": {"tokens": {"price": "0.15", "per": 1_000_000}}}}});
    app.operator.post("/v1/prices", book).await.expect(201);
    let item = |key: &str, service: &str, tokens: u64| json!({"idempotency_key": key, "account": "a", "service": service, "meters": {"tokens": tokens}});
    let items = json!({"items": [item("1", "m", 1), item("2", "x", 1), item("3", "m", 0), item("4", "m", 10_000_000)]});
    let answer = app.operator.post("/v1/usage/batch", items).await.expect(200).json;
    let statuses: Vec<_> = answer["results"].as_array().unwrap().iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, [201, 422, 201, 402], "{answer:#}");
    assert_eq!((&answer["results"][0]["amount"], &answer["results"][2]["amount"]), (&json!("0.00000015"), &json!("0")));
    app.finish().await;
}
