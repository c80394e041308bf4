//! A repeat gets the same bytes and happens once; a key never serves two requests.

use serde_json::{Value, json};
use testkit::{Actor, TestApp};

const GPU: &str = r#"{"unit":"USD","services":{"gpu":{"meters":{"seconds":{"price":"1","per":10}}}}}"#;

/// Sends the same twice, then another body with the same key.
async fn check(actor: &Actor, path: &str, body: Value, other: Value) -> testkit::Answer {
    let key = format!("key-{path}");
    let first = actor.keyed(path, &key, body.clone()).await;
    assert!((200..300).contains(&first.status), "{path}: {}", first.text);
    assert_eq!(first.header("idempotent-replayed"), "", "{path}");
    let again = actor.keyed(path, &key, body).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text), "{path}");
    assert_eq!(again.header("idempotent-replayed"), "true", "{path}");
    let reuse = actor.keyed(path, &key, other).await.expect(422);
    assert_eq!(reuse.str("/code"), "idempotency_key_reuse", "{path}");
    assert_eq!(reuse.header("content-type"), "application/problem+json");
    first
}

#[tokio::test]
async fn every_operation_can_be_repeated() {
    let app = TestApp::start().await;
    let book: Value = serde_json::from_str(GPU).unwrap();
    app.operator.post("/v1/prices", book).await.expect(201);
    let open = |name: &str| json!({"id": "a", "name": name, "site": "global", "unit": "USD"});
    check(&app.operator, "/v1/accounts", open("one"), open("two")).await;

    let on = |amount: &str, more: Value| {
        let mut body = json!({"account": "a", "amount": amount});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let manual = || json!({"kind": "manual"});
    let lot = check(&app.operator, "/v1/grants", on("100", manual()), on("101", manual())).await;
    let service = || json!({"service": "gpu"});
    let debit = check(&app.operator, "/v1/debits", on("1", service()), on("2", service())).await;
    let reason = || json!({"reason": "r"});
    check(&app.operator, "/v1/adjustments", on("1", reason()), on("2", reason())).await;
    let used = |seconds: u64| json!({"account": "a", "service": "gpu", "meters": {"seconds": seconds}});
    check(&app.operator, "/v1/usage", used(10), used(20)).await;
    let reverse = format!("/v1/debits/{}/reverse", debit.str("/id"));
    check(&app.operator, &reverse, json!({"amount": "0.5"}), json!({"amount": "0.4"})).await;

    let hold = check(&app.operator, "/v1/holds", on("1", service()), on("2", service())).await;
    let hold = |action: &str| format!("/v1/holds/{}/{action}", hold.str("/id"));
    check(&app.operator, &hold("extend"), json!({"ttl_seconds": 60}), json!({"ttl_seconds": 61})).await;
    check(&app.operator, &hold("capture"), json!({"amount": "1"}), json!({"amount": "0.5"})).await;
    let other = app.operator.keyed("/v1/holds", "h2", on("1", service())).await.expect(201);
    let path = format!("/v1/holds/{}/release", other.str("/id"));
    let released = app.operator.keyed(&path, "rel", json!({})).await.expect(200);
    assert_eq!(app.operator.keyed(&path, "rel", json!({})).await.expect(200).text, released.text);

    let lot = |action: &str| format!("/v1/lots/{}/{action}", lot.str("/lot"));
    let expiry = |year: &str| json!({"expires_at": format!("{year}-01-01T00:00:00Z")});
    check(&app.operator, &lot("expiry"), expiry("2030"), expiry("2031")).await;
    check(&app.operator, &lot("void"), json!({"reason": "one"}), json!({"reason": "two"})).await;
    app.finish().await;
}

#[tokio::test]
async fn one_request_has_many_spellings() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    let body = json!({"account": "a", "amount": "5", "service": "s", "metadata": {"a": 1, "b": 2}});
    let first = app.operator.keyed("/v1/debits", "k", body).await.expect(201);
    for same in [
        r#"{"service":"s","amount":5,"account":"a","metadata":{"b":2,"a":1}}"#,
        r#"{"account":"a","amount":"5.000","service":"s","metadata":{"a":1,"b":2},"on_insufficient":"reject"}"#,
        r#"{"account":"a","amount":"05","service":"s","metadata":{"a":1,"b":2},"description":null}"#,
    ] {
        let again = app.operator.keyed("/v1/debits", "k", serde_json::from_str(same).unwrap()).await;
        assert_eq!((again.status, again.text), (201, first.text.clone()), "{same}");
    }
    // The batch form is the same request, too.
    let item =
        json!({"account": "a", "amount": "5", "service": "s", "metadata": {"a": 1, "b": 2}, "idempotency_key": "k"});
    let batch = app.operator.post("/v1/debits/batch", json!({"items": [item]})).await.expect(200).json;
    assert_eq!((&batch["results"][0]["status"], &batch["results"][0]["id"]), (&json!(201), &first.json["id"]));
    assert_eq!(batch["results"][0]["idempotent_replayed"], true);
    assert_eq!(app.balance("a").await["balance"], "5");
    app.finish().await;
}

#[tokio::test]
async fn a_repeat_does_not_care_what_changed_since() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    let publish =
        async |body: &str| app.operator.post("/v1/prices", serde_json::from_str(body).unwrap()).await.expect(201);
    publish(GPU).await;
    let used = json!({"account": "a", "service": "gpu", "meters": {"seconds": 10}});
    let first = app.operator.keyed("/v1/usage", "u", used.clone()).await.expect(201);
    // Dearer, then gone.
    publish(&GPU.replace("\"1\"", "\"2\"")).await;
    assert_eq!(app.operator.keyed("/v1/usage", "u", used.clone()).await.expect(201).text, first.text);
    let replace = GPU.replace("\"gpu\"", "\"tpu\"").replace("}}}}}", "}}}},\"mode\":\"replace\"}");
    publish(&replace).await;
    assert_eq!(app.operator.keyed("/v1/usage", "u", used.clone()).await.expect(201).text, first.text);
    assert_eq!(app.operator.keyed("/v1/usage", "v", used.clone()).await.expect(422).str("/code"), "unknown_service");
    let other = json!({"account": "a", "service": "gpu", "meters": {"seconds": 11}});
    assert_eq!(app.operator.keyed("/v1/usage", "u", other).await.expect(422).str("/code"), "idempotency_key_reuse");

    // A refusal is not remembered: with more credits the same request goes through.
    let debit = json!({"account": "a", "amount": "50", "service": "s"});
    app.operator.keyed("/v1/debits", "d", debit.clone()).await.expect(402);
    app.grant("a", "50", json!({})).await;
    let done = app.operator.keyed("/v1/debits", "d", debit.clone()).await.expect(201);
    app.operator.patch("/v1/accounts/a", json!({"closed": true, "name": "renamed"})).await.expect(200);
    assert_eq!(app.operator.keyed("/v1/debits", "d", debit).await.expect(201).text, done.text);

    let open = json!({"name": "x", "site": "api"});
    let opened = app.operator.keyed("/v1/accounts", "o", open.clone()).await.expect(201);
    app.operator.patch(&format!("/v1/accounts/{}", opened.str("/id")), json!({"name": "y"})).await.expect(200);
    assert_eq!(app.operator.keyed("/v1/accounts", "o", open).await.expect(201).text, opened.text);
    app.finish().await;
}

#[tokio::test]
async fn what_moves_credits_needs_a_key() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    let hold =
        app.operator.keyed("/v1/holds", "h", json!({"account": "a", "amount": "1", "service": "s"})).await.expect(201);
    let hold = |action: &str| format!("/v1/holds/{}/{action}", hold.str("/id"));
    let spend = || json!({"account": "a", "amount": "1", "service": "s"});
    let paths = [
        ("/v1/grants".to_owned(), json!({"account": "a", "amount": "1", "kind": "manual"})),
        ("/v1/debits".to_owned(), spend()),
        ("/v1/holds".to_owned(), spend()),
        ("/v1/usage".to_owned(), json!({"account": "a", "service": "s", "meters": {"x": 1}})),
        ("/v1/adjustments".to_owned(), json!({"account": "a", "amount": "1", "reason": "r"})),
        (hold("capture"), json!({"amount": "1"})),
        (hold("release"), json!({})),
        ("/v1/lots/lot_1_1/void".to_owned(), json!({})),
        ("/v1/debits/ent_1_1/reverse".to_owned(), json!({})),
    ];
    let before = app.balance("a").await["lots"].clone();
    for (path, body) in paths {
        let missing = app.operator.post(&path, body.clone()).await.expect(400);
        assert_eq!(missing.str("/code"), "idempotency_key_missing", "{path}");
        for bad in ["", "with space", &"k".repeat(256)] {
            let invalid = app.operator.keyed(&path, bad, body.clone()).await.expect(422);
            assert_eq!(invalid.str("/code"), "idempotency_key_invalid", "{path} {bad:?}");
        }
    }
    assert_eq!(app.balance("a").await["lots"], before);
    app.finish().await;
}
