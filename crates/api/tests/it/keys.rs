//! Keys of accounts: what they may do, and that revoking one works at once.

use serde_json::json;
use testkit::TestApp;

const SCOPES: [&str; 5] = ["balance:read", "usage:write", "hold:write", "topup:write", "keys:admin"];

#[tokio::test]
async fn a_key_is_made_listed_and_revoked_at_once() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    app.account("b", "10").await;
    let issued = app.operator.post("/v1/accounts/a/keys", json!({"name": "ci"})).await.expect(201);
    let (id, text) = (issued.str("/id"), issued.str("/key"));
    assert!(text.starts_with("ck_test_") && text.len() == 53, "{text}");
    let team = app.operator.with_key(Some(text));
    team.get("/v1/accounts/a/balance").await.expect(200);

    let list = app.operator.get("/v1/accounts/a/keys").await.expect(200);
    assert_eq!((list.str("/data/0/id"), list.str("/data/0/name")), (id, "ci"));
    assert!(!list.text.contains(text), "the text is shown once");
    // Not the key of another account.
    app.operator.delete(&format!("/v1/accounts/b/keys/{id}")).await.expect(404);
    team.get("/v1/accounts/a/balance").await.expect(200);

    let path = format!("/v1/accounts/a/keys/{id}");
    app.operator.delete(&path).await.expect(204);
    team.get("/v1/accounts/a/balance").await.expect(401);
    app.operator.delete(&path).await.expect(204);
    app.operator.delete("/v1/accounts/a/keys/key_unknown").await.expect(404);
    assert!(app.operator.get("/v1/accounts/a/keys").await.expect(200).json["data"][0]["revoked_at"].is_string());

    let short = json!({"expires_at": "2026-01-01T13:00:00Z"});
    let short = app.operator.post("/v1/accounts/a/keys", short).await.expect(201);
    let short = app.operator.with_key(Some(short.str("/key")));
    short.get("/v1/accounts/a/balance").await.expect(200);
    app.clock.advance_seconds(3601);
    short.get("/v1/accounts/a/balance").await.expect(401);
    app.operator.post("/v1/accounts/a/keys", json!({"expires_at": "2026-01-01T13:00:00Z"})).await.expect(422);
    app.finish().await;
}

#[tokio::test]
async fn an_account_key_stays_in_its_account() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    app.account("b", "10").await;
    let team = app.team("a", Some(&SCOPES)).await;
    let spend = |account: Option<&str>| {
        let mut body = json!({"amount": "1", "service": "s"});
        if let Some(account) = account {
            body["account"] = json!(account);
        }
        body
    };
    assert_eq!(team.keyed("/v1/debits", "d1", spend(None)).await.expect(201).str("/account"), "a");
    team.keyed("/v1/debits", "d2", spend(Some("a"))).await.expect(201);
    let own = team.keyed("/v1/holds", "h1", spend(None)).await.expect(201);
    let other = app.operator.keyed("/v1/holds", "h2", spend(Some("b"))).await.expect(201);
    let entry = app.operator.get("/v1/accounts/b/entries").await.expect(200).str("/data/0/id").to_owned();

    let hold = |hold: &str, action: &str| format!("/v1/holds/{hold}{action}");
    for path in ["/v1/debits", "/v1/holds"] {
        for account in ["b", "nobody"] {
            let foreign = team.keyed(path, "x", spend(Some(account))).await.expect(404);
            assert_eq!(foreign.str("/detail"), "there is no such account");
        }
    }
    let batch = json!({"items": [{"idempotency_key": "i", "account": "b", "amount": "1", "service": "s"}]});
    assert_eq!(team.post("/v1/debits/batch", batch).await.expect(200).json["results"][0]["status"], 404);
    team.keyed(&hold(other.str("/id"), "/capture"), "x", json!({"amount": "1"})).await.expect(404);
    team.keyed(&hold(other.str("/id"), "/release"), "x", json!({})).await.expect(404);
    team.post(&hold(other.str("/id"), "/extend"), json!({"ttl_seconds": 5})).await.expect(404);
    team.post("/v1/accounts/b/keys", json!({})).await.expect(404);
    team.delete("/v1/accounts/b/keys/key_x").await.expect(404);
    for path in [
        "/v1/accounts/b/balance",
        "/v1/accounts/b/entries",
        "/v1/accounts/b/keys",
        &hold(other.str("/id"), ""),
        &format!("/v1/entries/{entry}"),
    ] {
        team.get(path).await.expect(404);
    }
    team.keyed(&hold(own.str("/id"), "/capture"), "c", json!({"amount": "1"})).await.expect(200);
    assert_eq!(app.balance("b").await["held"], "1");

    let broke = team.keyed("/v1/debits", "d3", json!({"amount": "100", "service": "s"})).await.expect(402);
    assert_eq!((broke.str("/error"), &broke.json["usage_limit_reached"]), ("credits_exhausted", &json!(true)));
    assert!(broke.json["message"].is_string());
    app.finish().await;
}

#[tokio::test]
async fn a_key_passes_on_no_more_than_it_has() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    let admin = app.team("a", Some(&["keys:admin", "balance:read"])).await;
    admin.post("/v1/accounts/a/keys", json!({"scopes": ["balance:read"]})).await.expect(201);
    admin.post("/v1/accounts/a/keys", json!({"scopes": ["usage:write"]})).await.expect(403);
    admin.post("/v1/accounts/a/keys", json!({})).await.expect(403);
    assert_eq!(
        app.operator.post("/v1/accounts/a/keys", json!({"scopes": ["root"]})).await.expect(422).str("/param"),
        "scopes"
    );
    app.finish().await;
}
