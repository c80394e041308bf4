//! Price books: publishing, merging, importing, pricing usage.

use serde_json::{Value, json};
use testkit::TestApp;

fn book(services: Value) -> Value {
    json!({"unit": "USD", "services": services})
}

#[tokio::test]
async fn usage_is_priced_by_the_book_in_force() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    let llm = json!({"meters": {"input_tokens": {"price": "0.165", "per": 1_000_000},
        "output_tokens": {"price": "0.187", "per": 1_000_000}}});
    let tuning = json!({"meters": {"seconds": {"price": "5.50", "per": 3600, "step": 900}}});
    let published = app.operator.post("/v1/prices", book(json!({"llm": llm, "tuning": tuning}))).await.expect(201).json;
    assert_eq!((&published["version"], &published["services"]), (&json!(1), &json!(2)));

    let used = json!({"account": "a", "service": "llm", "meters": {"input_tokens": 13_394, "output_tokens": 127},
        "occurred_at": "2026-01-01T11:00:00+00:00"});
    let charged = app.operator.keyed("/v1/usage", "u1", used).await.expect(201).json;
    insta::assert_json_snapshot!(charged, {".id" => "[id]", ".lots[].lot" => "[id]"}, @r#"
    {
      "account": "a",
      "amount": "0.00223376",
      "amount_exact": "0.002233759",
      "available": "9.99776624",
      "balance": "9.99776624",
      "id": "[id]",
      "lots": [
        {
          "amount": "0.00223376",
          "lot": "[id]"
        }
      ],
      "meters": [
        {
          "amount_exact": "0.00221001",
          "billed_quantity": 13394,
          "meter": "input_tokens",
          "per": 1000000,
          "price": "0.165",
          "quantity": 13394
        },
        {
          "amount_exact": "0.000023749",
          "billed_quantity": 127,
          "meter": "output_tokens",
          "per": 1000000,
          "price": "0.187",
          "quantity": 127
        }
      ],
      "occurred_at": "2026-01-01T11:00:00Z",
      "price_version": 1
    }
    "#);
    let tuned = json!({"account": "a", "service": "tuning", "meters": {"seconds": 480}});
    assert_eq!(app.operator.keyed("/v1/usage", "u2", tuned).await.expect(201).str("/amount"), "1.375");
    let unknown = json!({"account": "a", "service": "llm", "meters": {"images": 1}});
    let unknown = app.operator.keyed("/v1/usage", "u3", unknown).await.expect(422);
    assert_eq!((unknown.str("/code"), unknown.str("/param")), ("unknown_meter", "meters.images"));
    app.finish().await;
}

#[tokio::test]
async fn versions_merge_or_replace_and_never_change() {
    let app = TestApp::start().await;
    let priced = |price: &str| json!({"meters": {"requests": {"price": price, "per": 1}}});
    let services = async |path: &str| {
        let answer = app.operator.get(path).await.expect(200).json;
        answer["document"]["services"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    app.operator.post("/v1/prices", book(json!({"a": priced("1"), "b": priced("2")}))).await.expect(201);
    app.operator.post("/v1/prices", book(json!({"c": priced("3")}))).await.expect(201);
    assert_eq!(services("/v1/prices/current?unit=USD").await, ["a", "b", "c"]);
    let mut replace = book(json!({"d": priced("4")}));
    replace["mode"] = json!("replace");
    app.operator.post("/v1/prices", replace).await.expect(201);
    assert_eq!(services("/v1/prices/current?unit=USD").await, ["d"]);
    assert_eq!(services("/v1/prices/1").await, ["a", "b"]);
    let eur = json!({"unit": "EUR", "services": {"e": priced("5")}});
    assert_eq!(app.operator.post("/v1/prices", eur).await.expect(201).json["version"], 4);
    assert_eq!(services("/v1/prices/current?unit=USD").await, ["d"]);
    app.operator.get("/v1/prices/current?unit=JPY").await.expect(404);
    let page = app.operator.get("/v1/prices?limit=3").await.expect(200);
    let rest = app.operator.get(&format!("/v1/prices?cursor={}", page.str("/next_cursor"))).await.expect(200);
    assert_eq!((&page.json["data"][0]["version"], &rest.json["data"][0]["version"]), (&json!(4), &json!(1)));

    let bad = [
        (book(json!({})), "services"),
        (book(json!({"a": priced("-1")})), "services.a.meters.requests.price"),
        (json!({"unit": "XXX", "services": {}}), "prices"),
        (json!({"services": {}}), "unit"),
    ];
    for (body, param) in bad {
        assert_eq!(app.operator.post("/v1/prices", body.clone()).await.expect(422).str("/param"), param, "{body}");
    }
    assert_eq!(app.operator.get("/v1/prices").await.expect(200).json["data"].as_array().unwrap().len(), 4);
    app.finish().await;
}

#[tokio::test]
async fn a_price_map_is_imported() {
    let app = TestApp::start().await;
    let document = json!({
        "gpt-x": {"input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05, "search_context_cost_per_query": 1},
        "free": {"input_cost_per_token": 0},
        "other": {"input_cost_per_token": 1e-06}});
    let import = json!({"unit": "USD", "format": "litellm", "document": document, "mark_up": "1.2"});
    let answer = app.operator.post("/v1/prices/import", import.clone()).await.expect(201).json;
    assert_eq!((&answer["version"], &answer["imported"], &answer["skipped"]), (&json!(1), &json!(2), &json!(1)));
    assert_eq!(answer["skipped_models"][0]["model"], "free");
    let current = app.operator.get("/v1/prices/current?unit=USD").await.expect(200);
    assert_eq!(current.str("/document/services/gpt-x/meters/input_tokens/price"), "3");

    let with = |field: &str, value: Value| {
        let mut body = import.clone();
        body[field] = value;
        body
    };
    app.operator.post("/v1/prices/import", with("models", json!(["gpt*"]))).await.expect(201);
    for (body, param) in [
        (with("models", json!(["claude*"])), "models"),
        (with("mark_up", json!("0")), "mark_up"),
        (with("unit", json!("VND")), "exchange_rate"),
        (with("format", json!("csv")), "format"),
        (with("document", json!([])), "document"),
    ] {
        assert_eq!(app.operator.post("/v1/prices/import", body).await.expect(422).str("/param"), param);
    }
    // Larger than other bodies may be.
    let wide: serde_json::Map<String, Value> = (0..20_000)
        .map(|n| (format!("model-{n}-{}", "x".repeat(90)), json!({"input_cost_per_token": 1e-06})))
        .collect();
    let wide = json!({"unit": "JPY", "format": "litellm", "document": wide, "exchange_rate": "150"});
    assert!(wide.to_string().len() > 2 << 20);
    assert_eq!(app.operator.post("/v1/prices/import", wide).await.expect(201).json["imported"], 20_000);
    let huge =
        json!({"unit": "JPY", "format": "litellm", "document": {"x": "y".repeat(9 << 20)}, "exchange_rate": "1"});
    app.operator.post("/v1/prices/import", huge).await.expect(413);
    app.finish().await;
}
