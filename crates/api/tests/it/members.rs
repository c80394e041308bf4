//! Members, operators and the audit log over HTTP.

use engine::members::{OperatorRole, Role};
use serde_json::{Value, json};
use testkit::TestApp;

#[tokio::test]
async fn owners_manage_members_and_others_look() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    app.account("b", "10").await;
    let owner = app.member("a", Role::Owner).await;
    let viewer = app.member("a", Role::Viewer).await;
    let other = app.member("b", Role::Owner).await;
    let invitation = json!({"email": "new@example.com", "role": "viewer", "name": "New"});
    let invited = owner.post("/v1/accounts/a/members", invitation.clone()).await.expect(201);
    viewer.post("/v1/accounts/a/members", invitation.clone()).await.expect(403);
    other.post("/v1/accounts/a/members", invitation.clone()).await.expect(404);
    let path = format!("/v1/accounts/a/members/{}", invited.str("/id"));
    // Invited again with another role: the link before no longer works.
    let first = app.mailed_token("new@example.com").await;
    app.clock.advance_seconds(1);
    owner.post("/v1/accounts/a/members", json!({"email": "NEW@example.com", "role": "billing"})).await.expect(201);
    let stranger = app.operator.with_key(None);
    stranger.post("/v1/sign-in/token", json!({"token": first})).await.expect(401);
    let token = app.mailed_token("new@example.com").await;
    assert_eq!(stranger.post("/v1/sign-in/token", json!({"token": token})).await.expect(200).str("/role"), "billing");
    assert_eq!(owner.post("/v1/accounts/a/members", invitation).await.expect(409).str("/code"), "already_member");

    let list = viewer.get("/v1/accounts/a/members?limit=2").await.expect(200);
    let next = viewer.get(&format!("/v1/accounts/a/members?limit=2&cursor={}", list.str("/next_cursor"))).await;
    let roles = |page: &Value| -> Vec<String> {
        page["data"].as_array().unwrap().iter().map(|member| member["role"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(roles(&list.json), ["owner", "viewer"]);
    assert_eq!((roles(&next.json), &next.json["next_cursor"]), (vec!["billing".to_owned()], &Value::Null));
    assert_eq!(owner.patch(&path, json!({"role": "viewer"})).await.expect(200).str("/role"), "viewer");
    assert_eq!(viewer.get(&path).await.expect(200).str("/name"), "New");
    owner.delete(&path).await.expect(204);
    owner.delete(&path).await.expect(404);
    let own = list.str("/data/0/id");
    let last = owner.patch(&format!("/v1/accounts/a/members/{own}"), json!({"role": "viewer"})).await.expect(409);
    assert_eq!(last.str("/code"), "last_owner");
    for (body, param) in [
        (json!({"email": "nobody", "role": "owner"}), "email"),
        (json!({"email": "a@b.de", "role": "root"}), "role"),
        (json!({"email": "a@b.de", "role": "owner", "account_id": "b"}), "account_id"),
    ] {
        assert_eq!(owner.post("/v1/accounts/a/members", body).await.expect(422).str("/param"), param);
    }
    app.finish().await;
}

#[tokio::test]
async fn operators_have_roles_and_can_be_shut_out() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    let admin = app.operator_with(OperatorRole::Admin).await;
    let finance = app.operator_with(OperatorRole::Finance).await;
    let grant = json!({"account": "a", "amount": "5", "kind": "manual", "reason": "goodwill"});
    finance.keyed("/v1/grants", "g1", grant.clone()).await.expect(201);
    finance.get("/v1/operators").await.expect(403);
    let list = admin.get("/v1/operators").await.expect(200);
    assert_eq!((list.str("/data/0/role"), list.str("/data/1/role")), ("admin", "finance"));
    let [own, theirs] = [0, 1].map(|at| format!("/v1/operators/{}", list.str(&format!("/data/{at}/id"))));
    assert_eq!(admin.patch(&own, json!({"disabled": true})).await.expect(409).str("/code"), "own_access");
    admin.patch(&theirs, json!({"role": "viewer"})).await.expect(200);
    finance.keyed("/v1/grants", "g2", grant).await.expect(403);
    finance.get("/v1/accounts").await.expect(200);
    assert!(admin.patch(&theirs, json!({"disabled": true})).await.expect(200).json["disabled_at"].is_string());
    finance.get("/v1/accounts").await.expect(401);
    admin.get("/v1/operators/usr_x").await.expect(404);
    app.finish().await;
}

#[tokio::test]
async fn the_log_says_who_did_what() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    let admin = app.operator_with(OperatorRole::Admin).await;
    let owner = app.member("a", Role::Owner).await;
    let key = owner.post("/v1/accounts/a/keys", json!({"name": "ci"})).await.expect(201);
    owner.delete(&format!("/v1/accounts/a/keys/{}", key.str("/id"))).await.expect(204);
    admin.patch("/v1/accounts/a", json!({"name": "Acme", "metadata": {"n": 1}})).await.expect(200);
    let me = owner.get("/v1/me").await.expect(200);
    // Of a move of credits a reference; what software grants stands in the ledger alone.
    let grant = json!({"account": "a", "amount": "5", "kind": "manual", "reason": "goodwill"});
    let lot = admin.keyed("/v1/grants", "g", grant.clone()).await.expect(201);
    admin.keyed("/v1/grants", "g", grant.clone()).await.expect(201);
    app.operator.keyed("/v1/grants", "g2", grant).await.expect(201);
    let void = format!("/v1/lots/{}/void", lot.str("/lot"));
    app.operator.keyed(&void, "v", json!({"reason": "by mistake"})).await.expect(200);
    let moved = admin.get("/v1/audit?action=credits").await.expect(200);
    assert_eq!((moved.json["data"].as_array().unwrap().len(), moved.str("/data/0/object")), (1, lot.str("/entry")));
    assert_eq!(admin.get("/v1/audit?action=lot.voided").await.expect(200).str("/data/0/reason"), "by mistake");

    let all = admin.get("/v1/audit?account=a&limit=100").await.expect(200);
    let rows = all.json["data"].as_array().unwrap();
    let actions: Vec<&str> = rows.iter().map(|row| row["action"].as_str().unwrap()).collect();
    let expected = ["lot.voided", "credits.granted", "account.changed", "key.revoked", "key.made"];
    assert_eq!(actions[..5], expected, "{actions:?}");
    let (changed, made) = (&rows[2], &rows[4]);
    assert_eq!(made["actor"], format!("user:{}", me.str("/person/id")));
    assert_eq!((&made["address"], &made["after"]["name"]), (&json!("127.0.0.1"), &json!("ci")));
    assert!(!all.text.contains(key.str("/key")));
    assert_eq!(changed["after"]["fields"], json!(["name", "metadata"]));
    let first = admin.get("/v1/audit?account=a&limit=1").await.expect(200);
    let next = admin.get(&format!("/v1/audit?account=a&limit=1&cursor={}", first.str("/next_cursor"))).await;
    assert_eq!(next.str("/data/0/action"), "credits.granted");
    let by = admin.get(&format!("/v1/audit?actor=user:{}&action=key", me.str("/person/id"))).await.expect(200);
    assert_eq!(by.json["data"].as_array().unwrap().len(), 2);
    owner.get("/v1/audit").await.expect(403);
    app.finish().await;
}
