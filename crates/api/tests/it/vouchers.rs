//! Vouchers over HTTP: campaigns and codes of operators, redeeming and lists of accounts, who may see what.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Actor, TestApp};

fn campaign() -> Value {
    json!({"id": "spring", "name": "Spring", "description": "Welcome back", "site": "global", "unit": "USD",
        "lots": [{"amount": "6", "scope": ["gpu"]}, {"amount": 4}], "valid_days": 30, "budget": "40",
        "redeem_until": "2026-02-01T00:00:00Z", "profile_required": false})
}

async fn issue(app: &TestApp, campaign: &str, count: u32) -> Vec<String> {
    let issued = app.operator.post(&format!("/v1/campaigns/{campaign}/codes"), json!({"count": count})).await;
    let codes = issued.expect(201).json["codes"].as_array().unwrap().clone();
    codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect()
}

/// A campaign with two codes, and two accounts.
async fn shop() -> (TestApp, Vec<String>) {
    let app = TestApp::start().await;
    app.operator.post("/v1/campaigns", campaign()).await.expect(201);
    let codes = issue(&app, "spring", 2).await;
    app.account("a", "0").await;
    app.account("b", "0").await;
    (app, codes)
}

async fn redeem(actor: &Actor, account: &str, key: &str, code: &str) -> testkit::Answer {
    actor.keyed(&format!("/v1/accounts/{account}/vouchers"), key, json!({"code": code})).await
}

#[tokio::test]
async fn a_code_is_redeemed_and_seen() {
    let (app, codes) = shop().await;
    let team = app.team("a", None).await;
    let typed = format!(" {}-{} ", &codes[0][..5].to_lowercase(), &codes[0][5..]);
    let first = redeem(&team, "a", "k", &typed).await.expect(201);
    let hint = format!("*******{}", &codes[0][7..]);
    assert_eq!((first.str("/code"), first.str("/amount"), first.str("/description")), (&*hint, "10", "Welcome back"));
    assert_eq!(first.str("/expires_at"), "2026-02-01T00:00:00Z");
    let again = redeem(&team, "a", "k", &codes[0]).await.expect(201);
    assert_eq!((again.text.as_str(), again.header("idempotent-replayed")), (first.text.as_str(), "true"));
    let balance = app.balance("a").await;
    assert_eq!((&balance["balance"], &balance["by_kind"]["voucher"]), (&json!("10"), &json!("10")));
    let debit = json!({"account": "a", "amount": "7", "service": "gpu"});
    team.keyed("/v1/debits", "d", debit).await.expect(201);

    let list = team.get("/v1/accounts/a/vouchers").await.expect(200);
    let row = &list.json["data"][0];
    let shown = ["code", "description", "remaining", "total", "unit", "services", "status"].map(|name| &row[name]);
    let hint = json!(hint);
    let rest = [json!("Welcome back"), json!("3"), json!("10"), json!("USD"), json!([]), json!("valid")];
    assert_eq!(shown, [&hint, &rest[0], &rest[1], &rest[2], &rest[3], &rest[4], &rest[5]]);
    assert_eq!((&row["lots"][0]["remaining"], &row["lots"][1]["remaining"]), (&json!("0"), &json!("3")));
    let one = team.get(&format!("/v1/accounts/a/vouchers/{}", row["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(one.json, *row);

    // filters, how many are found
    let table = [
        ("", 1),
        ("?status=valid", 1),
        ("?status=used,expired,revoked", 0),
        ("?service=gpu", 1),
        ("?service=llm", 1),
        ("?q=WELCOME", 1),
        ("?q=goodbye", 0),
        (&format!("?q={}", codes[0]), 1),
        (&format!("?q={}", codes[1]), 0),
        ("?status=valid&limit=1", 1),
    ];
    for (query, found) in table {
        let list = team.get(&format!("/v1/accounts/a/vouchers{query}")).await.expect(200);
        assert_eq!(list.json["data"].as_array().unwrap().len(), found, "{query}");
    }
    for bad in ["?status=new", "?colour=red", "?limit=0", "?cursor=zz"] {
        team.get(&format!("/v1/accounts/a/vouchers{bad}")).await.expect(422);
    }

    // No list shows a code.
    for path in ["/v1/campaigns", "/v1/campaigns/spring", "/v1/campaigns/spring/codes", "/v1/accounts/a/entries"] {
        let answer = app.operator.get(path).await.expect(200);
        assert!(codes.iter().all(|code| !answer.text.contains(code)), "{path}");
    }
    assert!(codes.iter().all(|code| !list.text.contains(code)));
    app.finish().await;
}

#[tokio::test]
async fn each_refusal_has_its_code() {
    let (app, codes) = shop().await;
    app.operator.post("/v1/accounts", json!({"id": "v", "name": "v", "site": "vn"})).await.expect(201);
    redeem(&app.operator, "a", "1", &codes[0]).await.expect(201);
    let unknown = redeem(&app.operator, "b", "1", "ABCDEFGHJK").await.expect(404);
    let table = [
        ("b", "2", codes[0].as_str(), 404, "voucher_not_found"),
        ("a", "2", &codes[0], 409, "voucher_already_used"),
        ("a", "3", &codes[1], 409, "voucher_limit_reached"),
        ("a", "1", &codes[1], 422, "idempotency_key_reuse"),
        ("v", "1", &codes[1], 409, "voucher_wrong_currency"),
        ("b", "3", "ABC", 422, "voucher_malformed"),
        ("nobody", "1", &codes[1], 404, "not_found"),
    ];
    for (account, key, code, status, expected) in table {
        let refused = redeem(&app.operator, account, key, code).await.expect(status);
        assert_eq!(refused.str("/code"), expected);
        if expected == "voucher_not_found" {
            let told = ["/code", "/title", "/detail", "/status", "/type"];
            assert_eq!(told.map(|at| refused.json.pointer(at)), told.map(|at| unknown.json.pointer(at)));
        }
    }
    app.operator.post("/v1/accounts/b/vouchers", json!({"code": codes[1]})).await.expect(400);
    app.clock.advance_seconds(31 * 86_400);
    assert_eq!(redeem(&app.operator, "b", "9", &codes[1]).await.expect(409).str("/code"), "voucher_expired");
    app.finish().await;
}

#[tokio::test]
async fn who_guesses_has_to_wait() {
    let (app, codes) = shop().await;
    let team = app.team("a", None).await;
    for n in 0..5 {
        redeem(&team, "a", &format!("g{n}"), &format!("AAAAAAAAA{n}")).await.expect(404);
    }
    let locked = redeem(&team, "a", "k", &codes[0]).await.expect(429);
    assert_eq!(locked.str("/code"), "too_many_tries");
    let wait_seconds: i64 = locked.header("retry-after").parse().unwrap();
    assert_eq!(locked.json["retry_after"], wait_seconds);
    assert!((1..=900).contains(&wait_seconds));
    redeem(&app.team("b", None).await, "b", "k", &codes[1]).await.expect(201);
    app.clock.advance_seconds(wait_seconds);
    redeem(&team, "a", "k", &codes[0]).await.expect(201);
    app.finish().await;
}

#[tokio::test]
async fn an_account_sees_its_own() {
    let (app, codes) = shop().await;
    let (a, b) = (app.team("a", None).await, app.team("b", None).await);
    let own = redeem(&b, "b", "k", &codes[0]).await.expect(201);
    let id = own.str("/id");
    let nobody = a.get("/v1/accounts/nobody/vouchers").await.expect(404);
    let theirs = a.get("/v1/accounts/b/vouchers").await.expect(404);
    assert_eq!((theirs.str("/code"), theirs.str("/detail")), (nobody.str("/code"), nobody.str("/detail")));
    for path in [format!("/v1/accounts/b/vouchers/{id}"), format!("/v1/accounts/a/vouchers/{id}")] {
        a.get(&path).await.expect(404);
    }
    redeem(&a, "b", "x", &codes[1]).await.expect(404);
    b.get(&format!("/v1/accounts/b/vouchers/{id}")).await.expect(200);
    assert_eq!(a.get("/v1/accounts/a/vouchers").await.expect(200).json["data"], json!([]));

    // Codes and campaigns are the operator's; a key does what its scopes say.
    let operators = [
        (Method::POST, "/v1/campaigns", campaign()),
        (Method::GET, "/v1/campaigns", Value::Null),
        (Method::GET, "/v1/campaigns/spring", Value::Null),
        (Method::PATCH, "/v1/campaigns/spring", json!({"state": "paused"})),
        (Method::POST, "/v1/campaigns/spring/revoke", json!({"reason": "x"})),
        (Method::POST, "/v1/campaigns/spring/codes", json!({})),
        (Method::POST, "/v1/campaigns/spring/batches/b/revoke", json!({"reason": "x"})),
        (Method::GET, "/v1/campaigns/spring/codes", Value::Null),
        (Method::POST, "/v1/voucher-codes/x/revoke", json!({"reason": "x"})),
    ];
    for (method, path, body) in operators {
        a.send(a.request(method, path).json(&body)).await.expect(403);
    }
    let reader = app.team("a", Some(&["balance:read"])).await;
    reader.get("/v1/accounts/a/vouchers").await.expect(200);
    redeem(&reader, "a", "x", &codes[1]).await.expect(403);
    let spender = app.team("a", Some(&["usage:write"])).await;
    spender.get("/v1/accounts/a/vouchers").await.expect(403);
    app.operator.with_key(None).get("/v1/accounts/a/vouchers").await.expect(401);
    app.finish().await;
}

#[tokio::test]
async fn operators_make_pause_and_revoke() {
    let (app, codes) = shop().await;
    let operator = &app.operator;
    assert_eq!(operator.post("/v1/campaigns", campaign()).await.expect(409).str("/code"), "campaign_exists");
    // a change of the campaign, the field that is wrong
    let table = [
        (json!({"site": "moon"}), "site"),
        (json!({"unit": "VND"}), "unit"),
        (json!({"lots": []}), "lots"),
        (json!({"lots": [{"amount": "0"}]}), "lots.amount"),
        (json!({"valid_until": "2026-12-31"}), "valid_days"),
        (json!({"valid_days": -1}), "valid_days"),
        (json!({"valid_days": null, "valid_until": "soon"}), "valid_until"),
        (json!({"redeem_from": "2026-02-01T00:00:00Z"}), "redeem_until"),
        (json!({"per_account_limit": 0}), "per_account_limit"),
        (json!({"budget": "9.99"}), "budget"),
        (json!({"countries": ["XX"]}), "countries"),
        (json!({"name": ""}), "name"),
        (json!({"colour": "red"}), "colour"),
    ];
    for (change, param) in table {
        let mut body = campaign();
        body["id"] = json!("other");
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = operator.post("/v1/campaigns", body).await.expect(422);
        assert_eq!(refused.str("/param"), param, "{}", refused.text);
    }
    let patched = operator.patch("/v1/campaigns/spring", json!({"state": "paused"})).await.expect(200);
    assert_eq!(patched.str("/state"), "paused");
    operator.patch("/v1/campaigns/spring", json!({"state": "revoked"})).await.expect(422);
    let paused = redeem(operator, "a", "p", &codes[0]).await.expect(409);
    assert_eq!(paused.str("/code"), "voucher_not_yet_valid");
    operator.patch("/v1/campaigns/spring", json!({"state": "active"})).await.expect(200);
    for (account, code) in [("a", &codes[0]), ("b", &codes[1])] {
        redeem(operator, account, "k", code).await.expect(201);
    }
    let rows = operator.get("/v1/campaigns/spring/codes").await.expect(200).json;
    let named = |code: &str| {
        let hint = format!("*******{}", &code[7..]);
        let found = rows["data"].as_array().unwrap().iter().find(|row| row["code"] == hint).unwrap();
        found["id"].as_str().unwrap().to_owned()
    };
    let path = format!("/v1/voucher-codes/{}/revoke", named(&codes[0]));
    let revoked = operator.post(&path, json!({"reason": "a mistake"})).await.expect(200);
    assert_eq!(revoked.json, json!({"redemptions": 1, "pending": 0}));
    assert_eq!((&app.balance("a").await["balance"], &app.balance("b").await["balance"]), (&json!("0"), &json!("10")));
    let row = operator.get("/v1/accounts/a/vouchers?status=revoked").await.expect(200).json["data"][0].clone();
    assert_eq!((&row["status"], &row["remaining"], &row["total"]), (&json!("revoked"), &json!("0"), &json!("10")));
    let voids = operator.get("/v1/accounts/a/entries?kind=void").await.expect(200);
    assert_eq!(voids.json["data"].as_array().unwrap().len(), 2);
    assert!(voids.text.contains("a mistake"));
    let twice = operator.post(&path, json!({"reason": "again"})).await.expect(200);
    assert_eq!(twice.json, json!({"redemptions": 0, "pending": 0}));
    let all = operator.post("/v1/campaigns/spring/revoke", json!({"reason": "leaked"})).await.expect(200);
    assert_eq!(all.json, json!({"redemptions": 1, "pending": 0}));
    assert_eq!(app.balance("b").await["balance"], "0");
    assert_eq!(operator.get("/v1/campaigns/spring").await.expect(200).str("/state"), "revoked");
    operator.post("/v1/voucher-codes/none/revoke", json!({"reason": "x"})).await.expect(404);
    operator.post("/v1/campaigns/none/codes", json!({})).await.expect(404);
    app.finish().await;
}

#[tokio::test]
async fn operators_see_what_was_issued_and_used() {
    let (app, codes) = shop().await;
    let operator = &app.operator;
    let leaked = operator.post("/v1/campaigns/spring/codes", json!({"count": 3, "batch": "may 1"})).await.expect(201);
    assert_eq!((leaked.str("/batch"), leaked.json["codes"].as_array().unwrap().len()), ("may 1", 3));
    redeem(operator, "a", "k", &codes[0]).await.expect(201);
    let row = operator.get("/v1/campaigns/spring").await.expect(200).json;
    let counts = ["issued", "used", "spent", "budget", "budget_left", "depleted"].map(|name| row[name].clone());
    assert_eq!(counts, [json!(5), json!(1), json!("10"), json!("40"), json!("30"), json!(false)]);
    assert_eq!(row["created_by"], row["updated_by"]);
    assert!(row["created_by"].as_str().is_some_and(|actor| !actor.is_empty()));
    // filters of campaigns, of codes, how many are found
    let table = [
        ("", 1),
        ("?state=active&site=global&q=SPRING", 1),
        ("?state=paused,revoked", 0),
        ("?site=vn", 0),
        ("?q=autumn", 0),
        ("/spring/codes", 5),
        ("/spring/codes?batch=may%201", 3),
        ("/spring/codes?batch=none", 0),
    ];
    for (query, found) in table {
        let list = operator.get(&format!("/v1/campaigns{query}")).await.expect(200);
        assert_eq!(list.json["data"].as_array().unwrap().len(), found, "{query}");
    }
    for bad in ["?state=new", "?colour=red", "/spring/codes?state=active"] {
        operator.get(&format!("/v1/campaigns{bad}")).await.expect(422);
    }

    // A file leaked: its codes are revoked, what was redeemed stays.
    redeem(operator, "b", "k", leaked.str("/codes/0")).await.expect(201);
    let (path, kept) = ("/v1/campaigns/spring/batches/may%201/revoke", json!({"reason": "x", "keep_redeemed": true}));
    assert_eq!(operator.post(path, kept).await.expect(200).json, json!({"redemptions": 0, "pending": 0}));
    assert_eq!(app.balance("b").await["balance"], "10");
    app.account("c", "0").await;
    let refused = redeem(operator, "c", "k", leaked.str("/codes/1")).await.expect(409);
    assert_eq!(refused.str("/code"), "voucher_expired");
    redeem(operator, "c", "k", &codes[1]).await.expect(201);
    operator.post("/v1/campaigns/spring/batches/none/revoke", json!({"reason": "x"})).await.expect(404);
    operator.post(path, json!({})).await.expect(422);
    app.finish().await;
}

#[tokio::test]
async fn only_operators_tell_an_address() {
    let (app, codes) = shop().await;
    let team = app.team("a", None).await;
    let body = json!({"code": codes[0], "ip": "203.0.113.7"});
    assert_eq!(team.keyed("/v1/accounts/a/vouchers", "k", body.clone()).await.expect(422).str("/param"), "ip");
    for n in 0..20 {
        let (account, code) = (format!("g{n}"), format!("AAAAAAAA{n:02}"));
        app.account(&account, "0").await;
        let guess = json!({"code": code, "ip": "203.0.113.7"});
        app.operator.keyed(&format!("/v1/accounts/{account}/vouchers"), "k", guess).await.expect(404);
    }
    assert_eq!(
        app.operator.keyed("/v1/accounts/a/vouchers", "k", body).await.expect(429).str("/code"),
        "too_many_tries"
    );
    redeem(&app.operator, "a", "k", &codes[0]).await.expect(201);
    app.finish().await;
}
