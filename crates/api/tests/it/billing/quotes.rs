//! What a purchase would charge.

use serde_json::{Value, json};

use super::{open, set_rate, shop};

#[tokio::test]
async fn a_quote_promises_a_charge() {
    let app = shop().await;
    open(&app, "a", "vn").await;
    open(&app, "team", "api").await;
    set_rate(&app, "25400").await;
    let path = "/v1/accounts/a/quotes";
    let body = json!({"amount": "500000", "method": "stripe", "currency": "USD"});
    let quote = app.operator.post(path, body).await.expect(201);
    insta::assert_json_snapshot!(quote.json, {".id" => "[id]", ".created_at" => "[time]", ".expires_at" => "[time]",
        ".rate.dated_at" => "[time]"}, @r#"
    {
      "account": "a",
      "amount": "500000",
      "charge": {
        "amount": "19.69",
        "currency": "USD"
      },
      "created_at": "[time]",
      "expires_at": "[time]",
      "id": "[id]",
      "method": "stripe",
      "rate": {
        "base": "USD",
        "dated_at": "[time]",
        "quote": "VND",
        "rate": "25400",
        "source": "State Bank"
      },
      "unit": "VND"
    }
    "#);
    let read = app.operator.get(&format!("{path}/{}", quote.str("/id"))).await.expect(200);
    assert_eq!(read.json, quote.json);
    let exact = app.operator.post(path, json!({"amount": 750000, "method": "stripe"})).await.expect(201).json;
    let charge = json!({"amount": "750000", "currency": "VND"});
    assert_eq!((&exact["charge"], &exact["rate"]), (&charge, &Value::Null));
    let pack = json!({"amount": "10000", "method": "saved_card", "currency": "EUR"});
    let pack = app.operator.post("/v1/accounts/team/quotes", pack).await.expect(201).json;
    let charge = json!({"amount": "9.5", "currency": "EUR"});
    assert_eq!((&pack["charge"], &pack["rate"], &pack["unit"]), (&charge, &Value::Null, &json!("CREDIT")));

    // account, body, status, code, param
    let table = [
        ("a", json!({"amount": "499999", "method": "stripe"}), 422, "invalid_amount", Some("amount")),
        ("a", json!({"amount": "12500000001", "method": "stripe"}), 422, "invalid_amount", Some("amount")),
        ("a", json!({"amount": "500000.5", "method": "stripe"}), 422, "invalid_amount", Some("amount")),
        ("a", json!({"amount": "-500000", "method": "stripe"}), 422, "invalid_amount", Some("amount")),
        ("a", json!({"amount": "5e5", "method": "stripe"}), 422, "invalid_amount", Some("amount")),
        ("a", json!({"amount": "500000", "method": "cash"}), 422, "invalid_field", Some("method")),
        ("a", json!({"amount": "500000", "method": "saved_card"}), 422, "method_not_offered", Some("method")),
        (
            "a",
            json!({"amount": "500000", "method": "stripe", "currency": "EUR"}),
            422,
            "method_not_offered",
            Some("currency"),
        ),
        ("a", json!({"amount": "500000", "method": "stripe", "currency": "x"}), 422, "invalid_field", Some("currency")),
        ("a", json!({"amount": "500000", "method": "stripe", "rate": "1"}), 422, "invalid_field", Some("rate")),
        ("a", json!({"amount": "500000", "method": "stripe", "charge": "1"}), 422, "invalid_field", Some("charge")),
        ("a", json!({"amount": "500000", "method": "vnpay"}), 409, "gateway_off", None),
        ("team", json!({"amount": "15000", "method": "stripe"}), 422, "invalid_amount", Some("amount")),
        (
            "team",
            json!({"amount": "10000", "method": "stripe", "currency": "GBP"}),
            422,
            "method_not_offered",
            Some("currency"),
        ),
        ("nobody", json!({"amount": "500000", "method": "stripe"}), 404, "not_found", None),
    ];
    for (account, body, status, code, param) in table {
        let answer = app.operator.post(&format!("/v1/accounts/{account}/quotes"), body.clone()).await.expect(status);
        assert_eq!((answer.str("/code"), answer.json.get("param").and_then(Value::as_str)), (code, param), "{body}");
    }
    app.operator.get(&format!("{path}/quo_1")).await.expect(404);
    app.operator.patch("/v1/accounts/a", json!({"closed": true})).await.expect(200);
    let closed = app.operator.post(path, json!({"amount": "500000", "method": "stripe"})).await.expect(409);
    assert_eq!(closed.str("/code"), "account_closed");
    app.finish().await;
}
