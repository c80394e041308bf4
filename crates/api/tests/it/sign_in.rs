//! Signing in over HTTP: links, passwords, cookies, sessions, and requests of other sites.

use engine::members::{OperatorRole, Role};
use engine::settings::SecondFactor;
use reqwest::Method;
use serde_json::json;
use testkit::{Actor, Answer, TestApp};

const PASSWORD: &str = "three blind mice, one dog";
const OURS: &str = "http://127.0.0.1:8080";

/// The value of the cookie that an answer sets.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

/// A browser with what an answer brought.
fn browser(app: &TestApp, answer: &Answer) -> Actor {
    let cookie = cookie(answer);
    app.operator.with_headers(&[("cookie", &cookie), ("origin", OURS), ("x-csrf-token", answer.str("/csrf_token"))])
}

async fn put(actor: &Actor, path: &str, body: serde_json::Value) -> Answer {
    actor.send(actor.request(Method::PUT, path).json(&body)).await
}

/// An owner of the account `a`, invited over HTTP.
async fn owner(app: &TestApp, email: &str) -> Answer {
    let invitation = json!({"email": email, "role": "owner", "language": "ja"});
    let member = app.operator.post("/v1/accounts/a/members", invitation).await.expect(201);
    assert!(member.json["joined_at"].is_null() && member.json["name"].is_null(), "{}", member.text);
    let stranger = app.operator.with_key(None);
    stranger.post("/v1/sign-in/token", json!({"token": app.mailed_token(email).await})).await.expect(200)
}

#[tokio::test]
async fn an_owner_comes_by_invitation_and_comes_back_by_link_and_password() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    let stranger = app.operator.with_key(None);
    let joined = owner(&app, "lan@example.com").await;
    assert_eq!((joined.str("/account"), joined.str("/role"), joined.str("/person/language")), ("a", "owner", "ja"));
    assert!(!joined.text.contains(cookie(&joined).split('=').nth(1).unwrap()), "the token is in the cookie alone");
    let lan = browser(&app, &joined);
    let me = lan.get("/v1/me").await.expect(200);
    assert_eq!(me.str("/accounts/0/account"), "a");
    assert!(me.json["capabilities"].as_array().unwrap().contains(&json!("members:admin")), "{}", me.text);
    assert_eq!(lan.get("/v1/accounts/a/balance").await.expect(200).str("/balance"), "10");
    // Who is signed in for one account names none; an operator's list is not for members.
    assert_eq!(lan.get("/v1/accounts").await.expect(403).str("/code"), "permission_denied");
    lan.patch("/v1/me", json!({"name": "Nguyễn Thị Lan", "time_zone": "Asia/Tokyo"})).await.expect(200);
    assert_eq!(lan.get("/v1/accounts/a/members").await.expect(200).str("/data/0/name"), "Nguyễn Thị Lan");

    let weak = put(&lan, "/v1/me/password", json!({"password": "password1"})).await.expect(422);
    assert_eq!((weak.str("/code"), weak.str("/param")), ("password_too_common", "password"));
    put(&lan, "/v1/me/password", json!({"password": PASSWORD})).await.expect(204);
    lan.post("/v1/sign-out", json!({})).await.expect(204);
    lan.get("/v1/me").await.expect(401);

    let proof = json!({"email": "Lan@Example.com", "password": PASSWORD});
    let second = stranger.post("/v1/sign-in/password", proof.clone()).await.expect(200);
    assert_ne!(cookie(&second), cookie(&joined));
    for (email, password) in [("lan@example.com", "wrong"), ("nobody@example.com", PASSWORD)] {
        let failed = stranger.post("/v1/sign-in/password", json!({"email": email, "password": password})).await;
        assert_eq!(failed.expect(401).str("/code"), "sign_in_failed");
    }
    let console = json!({"email": "lan@example.com", "password": PASSWORD, "realm": "operator"});
    stranger.post("/v1/sign-in/password", console).await.expect(401);

    // A link: nothing is told, nothing is used up by looking, and the session before ends.
    for email in ["lan@example.com", "nobody@example.com"] {
        let sent = stranger.post("/v1/sign-in/link", json!({"email": email})).await.expect(202);
        assert_eq!(sent.str("/status"), "accepted");
    }
    let first_token = app.mailed_token("lan@example.com").await;
    let mut token = first_token.clone();
    for _ in 0..1_000 {
        token = app.mailed_token("lan@example.com").await;
        if token != first_token {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let lan = browser(&app, &second);
    let third = lan.post("/v1/sign-in/token", json!({"token": token})).await.expect(200);
    assert_eq!(
        stranger.post("/v1/sign-in/token", json!({"token": token})).await.expect(401).str("/code"),
        "link_invalid"
    );
    lan.get("/v1/me").await.expect(401);
    browser(&app, &third).get("/v1/me").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn the_cookie_says_how_it_may_be_used() {
    // public address, what the cookie begins with, what it says
    let table = [
        ("https://pay.example", "__Host-scrip=", "; Path=/; HttpOnly; SameSite=Lax; Secure"),
        ("http://127.0.0.1:8080", "scrip=", "; Path=/; HttpOnly; SameSite=Lax"),
    ];
    for (url, name, attributes) in table {
        let app = TestApp::start_with(|settings| settings.public_url = url.to_owned()).await;
        app.account("a", "0").await;
        let joined = owner(&app, "lan@example.com").await;
        let set = joined.header("set-cookie").to_owned();
        assert!(set.starts_with(name) && set.ends_with(attributes), "{set}");
        assert_eq!(set.len(), name.len() + 43 + attributes.len(), "256 bits: {set}");
        let cookie = cookie(&joined);
        let token = joined.str("/csrf_token");
        let lan = app.operator.with_headers(&[("cookie", &cookie), ("origin", url), ("x-csrf-token", token)]);
        let out = lan.post("/v1/sign-out", json!({"everywhere": true})).await.expect(204);
        assert!(out.header("set-cookie").starts_with(&format!("{name};")), "{}", out.header("set-cookie"));
        assert!(out.header("set-cookie").ends_with("; Max-Age=0"));
        // A cookie of one's own choosing is worth nothing, and no session is fixed on anybody.
        let fixed = format!("{name}{}", "a".repeat(43));
        let fixed = app.operator.with_headers(&[("cookie", &fixed)]);
        fixed.get("/v1/me").await.expect(401);
        app.finish().await;
    }
}

#[tokio::test]
async fn no_other_site_uses_the_cookie() {
    let app = TestApp::start().await;
    app.account("a", "0").await;
    let joined = owner(&app, "lan@example.com").await;
    let (cookie, right) = (cookie(&joined), joined.str("/csrf_token").to_owned());
    // Origin, Sec-Fetch-Site, X-CSRF-Token, status of a change, status of a read
    let table = [
        (OURS, "same-origin", right.as_str(), 200, 200),
        (OURS, "", &right, 200, 200),
        ("", "same-origin", &right, 200, 200),
        ("", "", &right, 403, 200),
        (OURS, "same-origin", "", 403, 200),
        (OURS, "same-origin", "wrong", 403, 200),
        (OURS, "same-origin", &right[1..], 403, 200),
        ("https://evil.example", "cross-site", &right, 403, 200),
        ("https://evil.example", "", &right, 403, 200),
        (OURS, "cross-site", &right, 403, 200),
        (OURS, "same-site", &right, 403, 200),
        ("http://127.0.0.1:8080.evil.example", "", &right, 403, 200),
        ("null", "", &right, 403, 200),
    ];
    for (origin, site, token, change, read) in table {
        let all = [("cookie", cookie.as_str()), ("origin", origin), ("sec-fetch-site", site), ("x-csrf-token", token)];
        let sent: Vec<_> = all.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let page = app.operator.with_headers(&sent);
        let changed = page.patch("/v1/me", json!({"name": "Lan"})).await;
        assert_eq!(changed.status, change, "{origin} {site} {token}: {}", changed.text);
        if change == 403 {
            assert_eq!(changed.str("/code"), "csrf_token_invalid");
        }
        assert_eq!(page.get("/v1/me").await.status, read);
    }
    // A form of another site: no JSON, and signing somebody in as somebody else does not work either.
    let form = app.operator.with_headers(&[("cookie", &cookie), ("origin", OURS), ("x-csrf-token", &right)]);
    let plain =
        form.request(Method::PUT, "/v1/me/account").header("content-type", "text/plain").body("{\"account\":\"a\"}");
    form.send(plain).await.expect(415);
    let evil = app.operator.with_headers(&[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")]);
    for path in ["/v1/sign-in/link", "/v1/sign-in/password", "/v1/sign-in/token"] {
        let body = json!({"email": "a@b.de", "password": "x", "token": "x"});
        assert_eq!(evil.post(path, body).await.expect(403).str("/code"), "csrf_token_invalid");
    }
    // A key needs none of that; with a key, the cookie is not looked at.
    let both = app.operator.with_headers(&[("cookie", &cookie), ("authorization", "Bearer sk_test_wrong_key")]);
    both.get("/v1/accounts/a/balance").await.expect(401);
    app.finish().await;
}

#[tokio::test]
async fn what_is_sensitive_asks_for_a_recent_sign_in() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    let owner = app.member("a", Role::Owner).await;
    let admin = app.operator_with(OperatorRole::Admin).await;
    owner.post("/v1/accounts/a/keys", json!({})).await.expect(201);
    app.clock.advance_seconds(601);
    let invitation = json!({"email": "b@example.com", "role": "viewer"});
    let refused = [
        owner.post("/v1/accounts/a/keys", json!({})).await,
        owner.delete("/v1/accounts/a/keys/key_x").await,
        owner.post("/v1/accounts/a/members", invitation.clone()).await,
        owner.delete("/v1/accounts/a/cards/pm_x").await,
        put(&owner, "/v1/me/password", json!({"password": PASSWORD})).await,
        admin.post("/v1/accounts/a/members", invitation).await,
        admin.keyed("/v1/payments/pay_x/refunds", "r", json!({"reason": "x"})).await,
        admin.post("/v1/operators", json!({"email": "c@example.com", "role": "viewer"})).await,
    ];
    for answer in refused {
        assert_eq!(answer.expect(403).str("/code"), "reauthentication_required");
    }
    // Looking is not a change, and other changes do not ask.
    owner.get("/v1/accounts/a/keys").await.expect(200);
    owner.get("/v1/accounts/a/members").await.expect(200);
    owner.patch("/v1/me", json!({"name": "Lan"})).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn sessions_are_seen_and_ended() {
    let app = TestApp::start().await;
    app.account("a", "0").await;
    let lan = browser(&app, &owner(&app, "lan@example.com").await);
    put(&lan, "/v1/me/password", json!({"password": PASSWORD})).await.expect(204);
    let stranger = app.operator.with_headers(&[("user-agent", "Laptop/1.0")]);
    let proof = json!({"email": "lan@example.com", "password": PASSWORD});
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(browser(&app, &stranger.post("/v1/sign-in/password", proof.clone()).await.expect(200)));
    }
    let list = lan.get("/v1/me/sessions").await.expect(200);
    let current: Vec<bool> =
        list.json["data"].as_array().unwrap().iter().map(|line| line["current"] == json!(true)).collect();
    assert_eq!(current, [false, false, false, true], "newest first");
    assert_eq!((list.str("/data/0/user_agent"), list.str("/data/0/address")), ("Laptop/1.0", "127.0.0.1"));
    lan.delete(&format!("/v1/me/sessions/{}", list.str("/data/0/id"))).await.expect(204);
    lan.delete("/v1/me/sessions/ses_x").await.expect(404);
    assert_eq!(others[2].get("/v1/me").await.status, 401);
    assert_eq!(lan.delete("/v1/me/sessions").await.expect(200).json["ended"], 2);
    assert_eq!([others[0].get("/v1/me").await.status, lan.get("/v1/me").await.status], [401, 200]);
    app.finish().await;
}

#[tokio::test]
async fn an_administrator_gives_a_second_factor_first() {
    let app = TestApp::start_with(|settings| settings.sign_in.operator_second_factor = SecondFactor::Always).await;
    let new = json!({"email": "root@example.com", "role": "admin"});
    app.operator.post("/v1/operators", new.clone()).await.expect(201);
    assert_eq!(app.operator.post("/v1/operators", new).await.expect(409).str("/code"), "operator_exists");
    let token = app.mailed_token("root@example.com").await;
    let stranger = app.operator.with_key(None);
    stranger.post("/v1/sign-in/token", json!({"token": token})).await.expect(401);
    let half = stranger.post("/v1/sign-in/token", json!({"token": token, "realm": "operator"})).await.expect(200);
    assert_eq!((half.str("/role"), &half.json["second_factor_due"]), ("admin", &json!(true)));
    let root = browser(&app, &half);
    for path in ["/v1/accounts", "/v1/me/sessions"] {
        assert_eq!(root.get(path).await.expect(403).str("/code"), "second_factor_required", "{path}");
    }
    root.get("/v1/me").await.expect(200);
    let enrolment = root.post("/v1/me/second-factor", json!({})).await.expect(201);
    assert!(enrolment.str("/uri").contains(enrolment.str("/secret")));
    let wrong = root.post("/v1/me/second-factor/codes", json!({"code": "000000"})).await.expect(401);
    assert_eq!(wrong.str("/code"), "second_factor_wrong");
    // A support agent needs none.
    app.operator_with(OperatorRole::Support).await.get("/v1/accounts").await.expect(200);
    app.finish().await;
}
