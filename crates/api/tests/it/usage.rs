//! Usage, forecast and preview over HTTP.

use serde_json::{Value, json};
use testkit::TestApp;

async fn spend(app: &TestApp, account: &str, amount: &str, service: &str) -> String {
    let body = json!({"account": account, "amount": amount, "service": service});
    let key = format!("d-{}", app.engine.now().micros());
    app.operator.keyed("/v1/debits", &key, body).await.expect(201).str("/id").to_owned()
}

async fn publish(app: &TestApp) {
    let book = json!({"unit": "USD", "services": {
        "gpu": {"meters": {"gpu_seconds": {"price": "2.31", "per": 3600, "step": 900}}},
        "llm": {"meters": {"input_tokens": {"price": "0.165", "per": 1000000},
            "output_tokens": {"price": "0.187", "per": 1000000}}}}});
    app.operator.keyed("/v1/prices", "prices", book).await.expect(201);
}

/// Two days with usage: the clock stands at noon of 2026-01-01 at first.
async fn lively(app: &TestApp) {
    app.account("a", "100").await;
    publish(app).await;
    let first = spend(app, "a", "2.5", "disk").await;
    spend(app, "a", "1", "gpu").await;
    app.clock.advance_seconds(86_400);
    let body = json!({"account": "a", "service": "llm", "meters": {"input_tokens": 13394, "output_tokens": 127},
        "occurred_at": "2026-01-02T11:45:00Z"});
    app.operator.keyed("/v1/usage", "u1", body).await.expect(201);
    let path = format!("/v1/debits/{first}/reverse");
    app.operator.keyed(&path, "r1", json!({"amount": "0.5"})).await.expect(201);
}

#[tokio::test]
async fn a_report_is_grouped_as_asked() {
    let app = TestApp::start().await;
    lively(&app).await;
    let whole = "/v1/accounts/a/usage?from=2026-01-01&to=2026-01-02&zone=UTC&compare=previous";
    insta::assert_json_snapshot!(app.operator.get(whole).await.expect(200).json,
        {".as_of" => "[time]", ".services[0].charged_to" => "[time]", ".services[1].charged_to" => "[time]"}, @r#"
    {
      "account": "a",
      "as_of": "[time]",
      "complete": true,
      "days": [
        {
          "date": "2026-01-01",
          "entries": 2,
          "from": "2026-01-01T00:00:00Z",
          "services": [
            {
              "service": "disk",
              "spent": "2.5"
            },
            {
              "service": "gpu",
              "spent": "1"
            }
          ],
          "spent": "3.5",
          "to": "2026-01-02T00:00:00Z"
        },
        {
          "date": "2026-01-02",
          "entries": 2,
          "from": "2026-01-02T00:00:00Z",
          "services": [
            {
              "service": "disk",
              "spent": "-0.5"
            },
            {
              "service": "llm",
              "spent": "0.00223376"
            }
          ],
          "spent": "-0.49776624",
          "to": "2026-01-03T00:00:00Z"
        }
      ],
      "entries": 4,
      "from": "2026-01-01",
      "previous": {
        "entries": 0,
        "from": "2025-12-30",
        "spent": "0",
        "to": "2025-12-31"
      },
      "services": [
        {
          "charged_to": "[time]",
          "entries": 2,
          "meters": {},
          "previous_spent": "0",
          "service": "disk",
          "spent": "2"
        },
        {
          "charged_to": "[time]",
          "entries": 1,
          "meters": {},
          "previous_spent": "0",
          "service": "gpu",
          "spent": "1"
        },
        {
          "charged_to": "2026-01-02T11:45:00Z",
          "entries": 1,
          "meters": {
            "input_tokens": 13394,
            "output_tokens": 127
          },
          "previous_spent": "0",
          "service": "llm",
          "spent": "0.00223376"
        }
      ],
      "spent": "3.00223376",
      "to": "2026-01-02",
      "unit": "USD",
      "zone": "UTC"
    }
    "#);

    // query; spent, its parts by day, fields beside the usual
    let table = [
        ("?from=2026-01-01&to=2026-01-02&group_by=day", "3.00223376", "3.5 -0.49776624", "days"),
        ("?from=2026-01-01&to=2026-01-02&group_by=service", "3.00223376", "", "services"),
        ("?from=2026-01-01&to=2026-01-02&group_by=service,day", "3.00223376", "3.5 -0.49776624", "days services"),
        ("?to=2026-01-01&top=1", "3.5", "3.5", "days others services"),
        ("?from=2026-01-02", "-0.49776624", "-0.49776624", "days services"),
        ("?from=2026-01-03&to=2026-01-03&compare=previous", "0", "", "days others previous services"),
        // Noon in London is the next day in Kiritimati.
        ("?from=2026-01-02&to=2026-01-02&zone=Pacific/Kiritimati", "3.5", "3.5", "days services"),
    ];
    for (query, spent, by_day, fields) in table {
        let report = app.operator.get(&format!("/v1/accounts/a/usage{query}")).await.expect(200).json;
        assert_eq!((&report["spent"], &report["complete"]), (&json!(spent), &json!(true)), "{query}");
        let days = report["days"].as_array().into_iter().flatten();
        let days: Vec<&str> = days.map(|day| day["spent"].as_str().unwrap()).filter(|spent| *spent != "0").collect();
        assert_eq!(days.join(" "), by_day, "{query}");
        let usual = ["account", "as_of", "complete", "entries", "from", "spent", "to", "unit", "zone"];
        let mut more: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
        more.retain(|field| !usual.contains(field));
        more.sort_unstable();
        assert_eq!(more.join(" "), fields, "{query}");
    }
    app.finish().await;
}

/// The days of a report, asked for in the history by the instants that they name.
#[tokio::test]
async fn a_day_is_what_its_entries_add_up_to() {
    let app = TestApp::start().await;
    lively(&app).await;
    let report = app.operator.get("/v1/accounts/a/usage?zone=Asia/Kolkata").await.expect(200).json;
    let days = report["days"].as_array().unwrap();
    assert_eq!((days.len(), &report["from"], &report["to"]), (30, &json!("2025-12-04"), &json!("2026-01-02")));
    for day in days {
        let time = |name: &str| day[name].as_str().unwrap().to_owned();
        let query = format!("kind=debit,capture,reversal&from={}&to={}", time("from"), time("to"));
        let history = app.operator.get(&format!("/v1/accounts/a/entries/summary?{query}")).await.expect(200).json;
        let gained = match history["net"].as_str().unwrap() {
            "0" => "0".to_owned(),
            net => net.strip_prefix('-').map_or_else(|| format!("-{net}"), str::to_owned),
        };
        assert_eq!((time("spent"), &day["entries"]), (gained, &history["count"]), "{day}");
    }
    app.finish().await;
}

#[tokio::test]
async fn who_may_read_a_balance_may_read_usage() {
    let app = TestApp::start().await;
    app.account("a", "100").await;
    app.account("b", "100").await;
    publish(&app).await;
    let own = app.team("a", Some(&["balance:read"])).await;
    let spender = app.team("a", Some(&["usage:write"])).await;
    for path in ["usage", "forecast"] {
        own.get(&format!("/v1/accounts/a/{path}")).await.expect(200);
        own.get(&format!("/v1/accounts/b/{path}")).await.expect(404);
        spender.get(&format!("/v1/accounts/a/{path}")).await.expect(403);
        app.operator.get(&format!("/v1/accounts/nobody/{path}")).await.expect(404);
    }
    let use_of = |account: &str| json!({"account": account, "service": "gpu", "meters": {"gpu_seconds": 1}});
    spender.post("/v1/usage/preview", use_of("a")).await.expect(200);
    spender.post("/v1/usage/preview", use_of("b")).await.expect(404);
    own.post("/v1/usage/preview", use_of("a")).await.expect(403);
    app.finish().await;
}

#[tokio::test]
async fn what_is_asked_wrongly_is_named() {
    let app = TestApp::start().await;
    app.account("a", "1").await;
    publish(&app).await;
    // path, code, param
    let table = [
        ("usage?from=2026-13-01", "invalid_field", "from"),
        ("usage?from=20260101", "invalid_field", "from"),
        ("usage?to=2026-01-01T00:00:00Z", "invalid_field", "to"),
        ("usage?from=2026-01-02&to=2026-01-01", "invalid_field", "to"),
        ("usage?from=2024-01-01", "invalid_field", "from"),
        ("usage?zone=Tokyo", "invalid_field", "zone"),
        ("usage?group_by=month", "invalid_field", "group_by"),
        ("usage?top=0", "invalid_field", "top"),
        ("usage?top=101", "invalid_field", "top"),
        ("usage?top=%2B5", "invalid_field", "top"),
        ("usage?compare=next", "invalid_field", "compare"),
        ("usage?service=gpu", "unknown_parameter", "service"),
        ("forecast?zone=+09:00", "invalid_field", "zone"),
        ("forecast?from=2026-01-01", "unknown_parameter", "from"),
    ];
    for (path, code, param) in table {
        let problem = app.operator.get(&format!("/v1/accounts/a/{path}")).await.expect(422);
        assert_eq!((problem.str("/code"), problem.str("/param")), (code, param), "{path}");
    }
    let preview = async |change: Value| {
        let mut body = json!({"account": "a", "service": "gpu", "meters": {"gpu_seconds": 1}});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let problem = app.operator.post("/v1/usage/preview", body).await.expect(422);
        format!("{} {}", problem.str("/code"), problem.str("/param"))
    };
    assert_eq!(preview(json!({"service": "tpu"})).await, "unknown_service service");
    assert_eq!(preview(json!({"meters": {"tokens": 1}})).await, "unknown_meter meters.tokens");
    assert_eq!(preview(json!({"meters": {}})).await, "invalid_field meters");
    assert_eq!(preview(json!({"meters": {"gpu_seconds": -1}})).await, "invalid_field meters.gpu_seconds");
    assert_eq!(preview(json!({"idempotency_key": "k"})).await, "invalid_field idempotency_key");
    app.finish().await;
}

#[tokio::test]
async fn a_forecast_says_what_it_knows() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    let forecast = async || app.operator.get("/v1/accounts/a/forecast").await.expect(200).json;
    let state = async || forecast().await["state"].as_str().unwrap().to_owned();
    assert_eq!(state().await, "no_recent_usage");
    spend(&app, "a", "1", "gpu").await;
    assert_eq!(state().await, "learning");
    for _ in 0..7 {
        app.clock.advance_seconds(86_400);
        spend(&app, "a", "0.5", "gpu").await;
    }
    insta::assert_json_snapshot!(forecast().await, {".as_of" => "[time]", ".method" => "[text]"}, @r#"
    {
      "account": "a",
      "as_of": "[time]",
      "complete": true,
      "daily_usage": {
        "last_28_days": "0.63905325",
        "last_7_days": "0.5"
      },
      "days": {
        "from": 8,
        "to": 11
      },
      "days_with_usage": 8,
      "ends": {
        "from": "2026-01-16",
        "to": "2026-01-19"
      },
      "method": "[text]",
      "state": "range",
      "unit": "USD",
      "zone": "UTC"
    }
    "#);
    app.grant("a", "1000", json!({})).await;
    assert_eq!(state().await, "more_than_90_days");
    app.finish().await;
}

#[tokio::test]
async fn one_hour_of_it_is_covered_or_not() {
    let app = TestApp::start().await;
    app.account("a", "3").await;
    publish(&app).await;
    let hour = json!({"account": "a", "service": "gpu", "meters": {"gpu_seconds": 3600}, "occurred_at":
        "2026-01-01T00:00:00Z", "resource": "h100-1", "description": "x", "reference": "r", "metadata": {"a": 1}});
    let preview = async || app.operator.post("/v1/usage/preview", hour.clone()).await.expect(200).json;
    insta::assert_json_snapshot!(preview().await, @r#"
    {
      "account": "a",
      "amount": "2.31",
      "amount_exact": "2.31",
      "available": "3",
      "covered": true,
      "meters": [
        {
          "amount_exact": "2.31",
          "billed_quantity": 3600,
          "meter": "gpu_seconds",
          "per": 3600,
          "price": "2.31",
          "quantity": 3600,
          "step": 900
        }
      ],
      "price_version": 1,
      "times": 1
    }
    "#);
    app.grant("a", "2", json!({"kind": "voucher", "scope": ["gpu"]})).await;
    app.grant("a", "2", json!({"kind": "voucher", "scope": ["llm"]})).await;
    let told = preview().await;
    assert_eq!(
        (&told["available"], &told["times"]),
        (&json!("5"), &json!(2)),
        "lots for the service count, others not"
    );
    let charged = app.operator.keyed("/v1/usage", "u", hour.clone()).await.expect(201).json;
    assert_eq!((&charged["amount"], &charged["meters"]), (&told["amount"], &told["meters"]), "as it was previewed");
    app.operator.keyed("/v1/usage", "v", hour.clone()).await.expect(201);
    let told = preview().await;
    assert_eq!((&told["covered"], &told["available"], &told["times"]), (&json!(false), &json!("0.38"), &json!(0)));
    app.operator.keyed("/v1/usage", "w", hour.clone()).await.expect(402);
    app.finish().await;
}
