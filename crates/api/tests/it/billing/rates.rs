//! Exchange rates.

use serde_json::{Value, json};
use testkit::TestApp;

#[tokio::test]
async fn rates_are_set_imported_and_listed() {
    let app = TestApp::start().await;
    let body = json!({"base": "USD", "quote": "VND", "rate": "25400.50", "dated_at": "2026-01-01T00:00:00+09:00",
        "source": "State Bank"});
    let set = app.operator.post("/v1/rates", body.clone()).await.expect(201);
    assert_eq!((set.str("/rate"), set.str("/dated_at")), ("25400.5", "2025-12-31T15:00:00Z"));
    assert!(set.str("/actor").starts_with("key:"));
    assert_eq!(app.operator.post("/v1/rates", body).await.expect(201).json, set.json, "the same once more");
    let csv = "base,quote,rate,dated_at,source\nUSD,JPY,152.4,2026-01-01,\nEUR,USD,1.08,2025-12-30,ECB\n";
    let import = json!({"csv": csv, "source": "me"});
    let imported = app.operator.post("/v1/rates/import", import.clone()).await.expect(201).json;
    assert_eq!(imported, json!({"stored": 2, "unchanged": 0}));
    let again = app.operator.post("/v1/rates/import", import).await.expect(201).json;
    assert_eq!(again, json!({"stored": 0, "unchanged": 2}));

    let page = app.operator.get("/v1/rates?limit=2").await.expect(200);
    let rest = app.operator.get(&format!("/v1/rates?limit=2&cursor={}", page.str("/next_cursor"))).await.expect(200);
    let quotes = [page.str("/data/0/quote"), page.str("/data/1/quote"), rest.str("/data/0/quote")];
    assert_eq!((quotes, &rest.json["next_cursor"]), (["JPY", "VND", "USD"], &Value::Null));
    let dollars = app.operator.get("/v1/rates?base=USD&quote=JPY").await.expect(200).json;
    assert_eq!(dollars["data"].as_array().unwrap().len(), 1);

    // path, body, status, code, param
    let rate = |field: &str, value: Value| {
        let mut body = json!({"base": "USD", "quote": "VND", "rate": "25000", "source": "s"});
        body[field] = value;
        ("/v1/rates", body)
    };
    let file = |csv: &str| ("/v1/rates/import", json!({"csv": csv, "source": "s"}));
    let table = [
        (rate("rate", json!("254")), 409, "rate_implausible", None),
        (rate("rate", json!(25000.5)), 422, "invalid_field", Some("rate")),
        (rate("rate", json!("-1")), 422, "invalid_field", Some("rate")),
        (rate("rate", json!("0")), 422, "invalid_field", Some("rate")),
        (rate("rate", json!("1e5")), 422, "invalid_field", Some("rate")),
        (rate("base", json!("XXX")), 422, "invalid_field", Some("base")),
        (rate("quote", json!("USD")), 422, "invalid_field", Some("quote")),
        (rate("source", json!(" ")), 422, "invalid_field", Some("source")),
        (rate("dated_at", json!("2026-01-02T00:00:00Z")), 422, "invalid_field", Some("dated_at")),
        (rate("dated_at", json!("2026-01-01")), 422, "invalid_field", Some("dated_at")),
        (rate("id", json!("x")), 422, "invalid_field", Some("id")),
        (file(""), 422, "invalid_field", Some("csv")),
        (file("base,quote,rate,dated_at\n"), 422, "invalid_field", Some("csv")),
        (file("base,quote,rate,dated_at\nUSD,VND,x,2026-01-01\n"), 422, "invalid_field", Some("csv.row1.rate")),
    ];
    for ((path, body), status, code, param) in table {
        let answer = app.operator.post(path, body.clone()).await.expect(status);
        assert_eq!((answer.str("/code"), answer.json.get("param").and_then(Value::as_str)), (code, param), "{body}");
    }
    app.operator.get("/v1/rates?base=usd").await.expect(422);
    assert_eq!(app.operator.get("/v1/rates").await.expect(200).json["data"].as_array().unwrap().len(), 3);
    let mut jump = rate("rate", json!(254)).1;
    jump["confirm"] = json!(true);
    assert_eq!(app.operator.post("/v1/rates", jump).await.expect(201).str("/rate"), "254");
    app.finish().await;
}
