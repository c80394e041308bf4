//! One test for each row of the contract: the happy way, with the exact figures.

use serde_json::{Value, json};
use testkit::TestApp;

/// The keys of an object, sorted.
fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn an_account_is_opened_read_listed_and_changed() {
    let app = TestApp::start().await;
    let body = json!({"id": "team.1", "name": "Team 1", "site": "vn", "email": "a@b.vn", "overdraft_limit": 5000,
        "metadata": {"plan": "x"}});
    let opened = app.operator.post("/v1/accounts", body).await.expect(201);
    insta::assert_json_snapshot!(opened.json, {".created_at" => "[time]"}, @r#"
    {
      "closed": false,
      "created_at": "[time]",
      "email": "a@b.vn",
      "id": "team.1",
      "metadata": {
        "plan": "x"
      },
      "name": "Team 1",
      "overdraft_limit": "5000",
      "site": "vn",
      "stripe_customer_id": null,
      "unit": "VND"
    }
    "#);
    assert_eq!(app.operator.get("/v1/accounts/team.1").await.expect(200).json, opened.json);

    let patch = json!({"name": "New", "email": null, "overdraft_limit": "1.5", "closed": true,
        "stripe_customer_id": "cus_1", "metadata": {}});
    let changed = app.operator.patch("/v1/accounts/team.1", patch).await.expect(200).json;
    let expected = json!({"name": "New", "email": null, "overdraft_limit": "1.5", "closed": true, "unit": "VND",
        "stripe_customer_id": "cus_1", "metadata": {}, "id": "team.1", "site": "vn",
        "created_at": opened.json["created_at"]});
    assert_eq!(changed, expected);
    let closed = json!({"account": "team.1", "amount": "1", "kind": "manual"});
    assert_eq!(app.operator.keyed("/v1/grants", "g", closed).await.expect(409).str("/code"), "account_closed");
    app.operator.patch("/v1/accounts/team.1", json!({"closed": false})).await.expect(200);

    for n in 2..=5 {
        let generated = app.operator.post("/v1/accounts", json!({"name": "x", "site": "api"})).await.expect(201);
        assert!(generated.str("/id").starts_with("acct_") && generated.json["unit"] == "CREDIT", "{n}");
    }
    let first = app.operator.get("/v1/accounts?limit=3").await.expect(200).json;
    let next = format!("/v1/accounts?limit=3&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = app.operator.get(&next).await.expect(200).json;
    assert_eq!((first["data"].as_array().unwrap().len(), second["data"].as_array().unwrap().len()), (3, 2));
    assert_eq!(second["data"][1]["id"], "team.1");
    assert_eq!(second["next_cursor"], Value::Null);
    app.finish().await;
}

#[tokio::test]
async fn credits_are_granted_spent_and_given_back() {
    let app = TestApp::start().await;
    app.account("a", "0").await;
    let body = json!({"account": "a", "amount": "10.5", "kind": "top_up", "expires_at": "2027-01-01T00:00:00Z",
        "reason": "paid by wire"});
    let granted = app.operator.keyed("/v1/grants", "g1", body).await.expect(201);
    assert_eq!(keys(&granted.json), ["balance", "entry", "lot"]);
    assert_eq!(granted.str("/balance"), "10.5");
    let scoped = app.grant("a", "1", json!({"kind": "voucher", "scope": ["gpu"]})).await;

    let body = json!({"account": "a", "amount": "2.25", "service": "gpu", "resource": "h100-1", "description": "job",
        "reference": "r-1", "metadata": {"b": 1, "a": [true]}});
    let debit = app.operator.keyed("/v1/debits", "d1", body).await.expect(201);
    assert_eq!(keys(&debit.json), ["account", "amount", "available", "balance", "id", "lots"]);
    let expected = json!([{"lot": scoped, "amount": "1"}, {"lot": granted.str("/lot"), "amount": "1.25"}]);
    assert_eq!(debit.json["lots"], expected, "vouchers burn before top-ups");
    assert_eq!((debit.str("/amount"), debit.str("/balance"), debit.str("/available")), ("2.25", "9.25", "9.25"));

    let path = format!("/v1/debits/{}/reverse", debit.str("/id"));
    let part = app.operator.keyed(&path, "r1", json!({"amount": "0.25"})).await.expect(201);
    assert_eq!((part.str("/amount"), part.str("/balance")), ("0.25", "9.5"));
    assert_eq!(part.str("/reverses"), debit.str("/id"));
    let rest = app.operator.send(app.operator.request(reqwest::Method::POST, &path).header("idempotency-key", "r2"));
    assert_eq!(rest.await.expect(201).str("/amount"), "2");
    app.operator.keyed(&path, "r3", json!({})).await.expect(409);

    let adjusted = json!({"account": "a", "amount": "-0.5", "reason": "wrong price"});
    let adjusted = app.operator.keyed("/v1/adjustments", "j1", adjusted).await.expect(201).json;
    assert_eq!(
        (&adjusted["amount"], &adjusted["balance"], &adjusted["lot"]),
        (&json!("-0.5"), &json!("11"), &json!(null))
    );
    let voided =
        app.operator.keyed(&format!("/v1/lots/{}/void", granted.str("/lot")), "v1", json!({})).await.expect(200);
    assert_eq!((voided.str("/lot"), voided.str("/balance")), (granted.str("/lot"), "0.5"));
    app.finish().await;
}

#[tokio::test]
async fn a_balance_shows_lots_holds_and_kinds() {
    let app = TestApp::start().await;
    app.account("a", "0").await;
    app.grant("a", "10", json!({"kind": "top_up"})).await;
    app.grant("a", "3", json!({"kind": "subscription", "expires_at": "2026-02-01T00:00:00Z"})).await;
    app.grant("a", "7", json!({"kind": "setup", "effective_at": "2026-03-01T00:00:00Z"})).await;
    let hold = json!({"account": "a", "amount": "4", "service": "gpu"});
    app.operator.keyed("/v1/holds", "h", hold).await.expect(201);
    insta::assert_json_snapshot!(app.balance("a").await, {".as_of" => "[time]", ".lots[].id" => "[id]",
        ".lots[].effective_at" => "[time]"}, @r#"
    {
      "account": "a",
      "as_of": "[time]",
      "available": "9",
      "balance": "13",
      "by_kind": {
        "manual": "0",
        "setup": "0",
        "subscription": "3",
        "top_up": "10",
        "voucher": "0"
      },
      "held": "4",
      "lots": [
        {
          "allocated": "3",
          "effective_at": "[time]",
          "expires_at": "2026-02-01T00:00:00Z",
          "held": "3",
          "id": "[id]",
          "kind": "subscription",
          "priority": 100,
          "remaining": "3",
          "scope": []
        },
        {
          "allocated": "7",
          "effective_at": "[time]",
          "expires_at": null,
          "held": "0",
          "id": "[id]",
          "kind": "setup",
          "priority": 300,
          "remaining": "7",
          "scope": []
        },
        {
          "allocated": "10",
          "effective_at": "[time]",
          "expires_at": null,
          "held": "1",
          "id": "[id]",
          "kind": "top_up",
          "priority": 400,
          "remaining": "10",
          "scope": []
        }
      ],
      "overdraft": "0",
      "unit": "USD"
    }
    "#);
    app.finish().await;
}

#[tokio::test]
async fn a_hold_is_captured_released_extended_or_runs_out() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    let place = async |key: &str, ttl: Value| {
        let body = json!({"account": "a", "amount": "4", "service": "gpu", "ttl_seconds": ttl});
        app.operator.keyed("/v1/holds", key, body).await.expect(201)
    };
    let first = place("h1", Value::Null).await;
    assert_eq!((first.str("/amount"), first.str("/available")), ("4", "6"));
    assert!(first.str("/expires_at").starts_with("2026-01-01T12:15:00"), "900 seconds: {}", first.text);
    let path = |hold: &testkit::Answer, action: &str| format!("/v1/holds/{}{action}", hold.str("/id"));
    let extended = app.operator.post(&path(&first, "/extend"), json!({"ttl_seconds": 3600})).await.expect(200);
    assert!(extended.str("/expires_at").starts_with("2026-01-01T13:00:00"), "{}", extended.text);

    let over = app.operator.keyed(&path(&first, "/capture"), "c0", json!({"amount": "5"})).await.expect(409);
    assert_eq!(over.str("/code"), "capture_exceeds_hold");
    let captured = app.operator.keyed(&path(&first, "/capture"), "c1", json!({"amount": "2.5"})).await.expect(200);
    assert_eq!((captured.str("/amount"), captured.str("/available")), ("2.5", "7.5"));
    assert_eq!(app.operator.get(&path(&first, "")).await.expect(200).str("/status"), "ended");
    let again = app.operator.keyed(&path(&first, "/capture"), "c2", json!({"amount": "1"})).await.expect(409);
    assert_eq!(again.str("/code"), "hold_not_open");
    let entries = app.operator.get("/v1/accounts/a/entries?service=gpu").await.expect(200).json;
    assert_eq!((&entries["data"][0]["kind"], &entries["data"][0]["hold"]), (&json!("capture"), &first.json["id"]));

    let second = place("h2", json!(60)).await;
    let capped = json!({"amount": "100", "overrun": "cap"});
    let capped = app.operator.keyed(&path(&second, "/capture"), "c3", capped).await.expect(200);
    assert_eq!((capped.str("/amount"), capped.str("/available")), ("4", "3.5"));

    app.grant("a", "1", json!({})).await;
    let third = place("h3", json!(60)).await;
    let released = app.operator.keyed(&path(&third, "/release"), "c4", json!({})).await.expect(200);
    assert_eq!(released.str("/available"), "4.5");

    let fourth = place("h4", json!(60)).await;
    assert_eq!(app.operator.get(&path(&fourth, "")).await.expect(200).str("/status"), "open");
    app.clock.advance_seconds(61);
    let balance = app.balance("a").await;
    assert_eq!((&balance["held"], &balance["available"]), (&json!("0"), &json!("4.5")), "a rule of reading");
    app.sweep().await;
    let late = app.operator.keyed(&path(&fourth, "/capture"), "c5", json!({"amount": "1"})).await.expect(409);
    assert_eq!(late.str("/code"), "hold_not_open");
    app.finish().await;
}

#[tokio::test]
async fn the_expiry_of_a_lot_is_moved_and_kept() {
    let app = TestApp::start().await;
    app.account("a", "0").await;
    let lot = app.grant("a", "5", json!({"expires_at": "2026-01-01T12:10:00Z"})).await;
    let path = format!("/v1/lots/{lot}/expiry");
    app.operator.post(&path, json!({"expires_at": "2026-01-01T12:20:00Z"})).await.expect(200);
    app.clock.advance_seconds(900);
    assert_eq!(app.balance("a").await["balance"], "5");
    app.clock.advance_seconds(900);
    assert_eq!(app.balance("a").await["balance"], "0");
    let debit = json!({"account": "a", "amount": "1", "service": "s"});
    app.operator.keyed("/v1/debits", "d", debit).await.expect(402);
    let expiry = app.operator.get("/v1/accounts/a/entries?kind=expiry").await.expect(200).json["data"][0].clone();
    assert_eq!((&expiry["dated_at"], &expiry["amount"]), (&json!("2026-01-01T12:20:00Z"), &json!("-5")));
    let ended = app.operator.post(&path, json!({"expires_at": null})).await.expect(409);
    assert_eq!(ended.str("/code"), "lot_ended");
    app.finish().await;
}

#[tokio::test]
async fn what_to_do_when_credits_do_not_suffice_is_asked_for() {
    let app = TestApp::start().await;
    app.account("a", "3").await;
    let debit = async |key: &str, amount: &str, policy: &str| {
        let body = json!({"account": "a", "amount": amount, "service": "s", "on_insufficient": policy});
        app.operator.keyed("/v1/debits", key, body).await
    };
    let refused = debit("k1", "5", "reject").await.expect(402);
    assert_eq!((refused.str("/available"), refused.str("/required")), ("3", "5"));
    let partial = debit("k2", "5", "partial").await.expect(201);
    assert_eq!((partial.str("/amount"), partial.str("/balance")), ("3", "0"));
    debit("k3", "1", "overdraw").await.expect(402);
    app.operator.patch("/v1/accounts/a", json!({"overdraft_limit": "2"})).await.expect(200);
    let over = debit("k4", "1.5", "overdraw").await.expect(201);
    assert_eq!((over.str("/overdraft"), over.str("/balance"), over.str("/available")), ("1.5", "-1.5", "-1.5"));
    assert_eq!(app.balance("a").await["overdraft"], "1.5");
    app.grant("a", "2", json!({})).await;
    assert_eq!(app.balance("a").await["balance"], "0.5");
    app.finish().await;
}

#[tokio::test]
async fn health_metrics_and_the_trial_balance() {
    let app = TestApp::start().await;
    let stranger = app.operator.with_key(None);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(stranger.get(path).await.expect(200).str("/status"), "ok", "{path}");
    }
    app.account("a", "10").await;
    app.operator.keyed("/v1/debits", "d", json!({"account": "a", "amount": "4", "service": "s"})).await.expect(201);
    let trial = app.operator.get("/v1/ledger/trial-balance").await.expect(200).json;
    let lines = trial["units"][0]["lines"].as_array().unwrap();
    let sum = |name: &str| lines.iter().find(|line| line["name"] == name).map(|line| line["sum"].as_str().unwrap());
    assert_eq!((sum("accounts"), sum("usage"), sum("promotion")), (Some("6"), Some("4"), Some("-10")));
    assert_eq!((&trial["units"][0]["unit"], &trial["units"][0]["total"]), (&json!("USD"), &json!("0")));
    let metrics = stranger.get("/metrics").await.expect(200);
    assert!(metrics.header("content-type").starts_with("text/plain"));
    assert!(metrics.text.contains(r#"scrip_http_requests_total{route="/v1/debits",method="POST",status="201"}"#));
    app.finish().await;
}
