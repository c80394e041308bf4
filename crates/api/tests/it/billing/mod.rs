//! Sites, options, billing profiles, rates, quotes and consent over HTTP.

mod profile;
mod quotes;
mod rates;

use engine::settings::{Method, Secret, Settings};
use ledger::Unit;
use reqwest::Method as Http;
use serde_json::{Value, json};
use testkit::{Actor, Answer, TestApp};

/// With Stripe, which charges dong accounts in dollars, too.
async fn shop() -> TestApp {
    TestApp::start_with(|settings: &mut Settings| {
        settings.stripe.secret_key = Secret::new("sk_test_of_the_tests");
        let unit = |code| Unit::parse(code).unwrap();
        let amounts = settings.sites.get_mut("vn").unwrap().amounts.get_mut(&unit("VND")).unwrap();
        amounts.methods.insert(Method::Stripe, vec![unit("VND"), unit("USD")]);
    })
    .await
}

async fn open(app: &TestApp, id: &str, site: &str) {
    app.operator.post("/v1/accounts", json!({"id": id, "name": id, "site": site})).await.expect(201);
}

async fn put(actor: &Actor, path: &str, body: &Value) -> Answer {
    actor.send(actor.request(Http::PUT, path).json(body)).await
}

async fn set_rate(app: &TestApp, rate: &str) {
    let body = json!({"base": "USD", "quote": "VND", "rate": rate, "source": "State Bank"});
    app.operator.post("/v1/rates", body).await.expect(201);
}

fn profile(version: i64) -> Value {
    json!({"version": version, "kind": "company", "name": "Công ty ABC", "email": "a@example.com",
        "recipient_email": null, "language": "vi", "country": "VN", "tax_code": "0312687878001",
        "address": {"street": "1 Tràng Tiền", "ward": "Phường Cửa Nam", "province": "Hà Nội", "building": ""}})
}

/// Method, currency and reason of each option.
fn methods(options: &Answer) -> Vec<(&str, &str, Option<&str>)> {
    let row = |row| -> Option<_> {
        let row: &Value = row;
        assert_eq!(row["available"].as_bool()?, row["reason"].is_null(), "{row}");
        assert_eq!(row["reason"].is_null(), row["message"].is_null(), "{row}");
        Some((row["method"].as_str()?, row["currency"].as_str()?, row["reason"].as_str()))
    };
    options.json["methods"].as_array().unwrap().iter().map(|value| row(value).unwrap()).collect()
}

#[tokio::test]
async fn sites_show_the_matrix() {
    let app = TestApp::start().await;
    let sites = app.operator.get("/v1/sites").await.expect(200).json;
    let ids: Vec<&str> = sites["data"].as_array().unwrap().iter().map(|site| site["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["api", "global", "jp", "vn"]);
    insta::assert_json_snapshot!(sites["data"][3], @r#"
    {
      "amounts": [
        {
          "maximum": "12500000000",
          "minimum": "500000",
          "suggested": [
            "500000",
            "1000000",
            "2000000"
          ],
          "unit": "VND"
        }
      ],
      "countries": [
        "VN"
      ],
      "enabled": true,
      "id": "vn",
      "methods": [
        {
          "currencies": [
            "VND"
          ],
          "method": "vnpay",
          "unit": "VND"
        },
        {
          "currencies": [
            "USD"
          ],
          "method": "paypal",
          "unit": "VND"
        },
        {
          "currencies": [
            "VND"
          ],
          "method": "stripe",
          "unit": "VND"
        }
      ],
      "name": "Vietnam",
      "packs": [],
      "units": [
        "VND"
      ]
    }
    "#);
    assert_eq!(sites["data"][0]["packs"][0]["prices"][0], json!({"currency": "EUR", "price": "9.5"}));
    assert_eq!(sites["data"][0]["countries"].as_array().unwrap().len(), 249);
    assert_eq!(sites["data"][1]["countries"].as_array().unwrap().len(), 247);
    app.finish().await;
}

#[tokio::test]
async fn options_say_what_works_and_why_not() {
    let app = shop().await;
    open(&app, "a", "vn").await;
    let options = app.operator.get("/v1/accounts/a/topup-options").await.expect(200);
    let off = Some("gateway_off");
    let expected = [
        ("vnpay", "VND", off),
        ("paypal", "USD", off),
        ("stripe", "VND", None),
        ("stripe", "USD", Some("rate_missing")),
    ];
    assert_eq!(methods(&options), expected);
    assert_eq!((options.str("/unit"), options.str("/amounts/minimum")), ("VND", "500000"));
    assert_eq!((&options.json["countries"], &options.json["has_billing_profile"]), (&json!(["VN"]), &json!(false)));

    set_rate(&app, "25400.50").await;
    let options = app.operator.get("/v1/accounts/a/topup-options").await.expect(200);
    assert_eq!(methods(&options)[3], ("stripe", "USD", None));
    assert_eq!((options.str("/methods/3/rate/rate"), options.str("/methods/3/rate/source")), ("25400.5", "State Bank"));
    app.clock.advance_seconds(96 * 3_600);
    let options = app.operator.get("/v1/accounts/a/topup-options").await.expect(200);
    assert_eq!(methods(&options)[3], ("stripe", "USD", Some("rate_stale")));

    open(&app, "team", "api").await;
    let options = app.operator.get("/v1/accounts/team/topup-options").await.expect(200);
    assert_eq!((&options.json["amounts"], options.json["methods"].as_array().unwrap().len()), (&Value::Null, 9));
    assert_eq!(options.json["methods"][8]["sells"], "packs");
    assert_eq!(options.json["packs"].as_array().unwrap().len(), 4);
    app.operator.patch("/v1/accounts/team", json!({"closed": true})).await.expect(200);
    let options = app.operator.get("/v1/accounts/team/topup-options").await.expect(200);
    assert!(methods(&options).iter().all(|(.., reason)| *reason == Some("account_closed")));
    app.finish().await;
}

#[tokio::test]
async fn nothing_of_another_account_is_reachable() {
    let app = shop().await;
    for id in ["a", "b"] {
        open(&app, id, "vn").await;
        put(&app.operator, &format!("/v1/accounts/{id}/billing-profile"), &profile(0)).await.expect(200);
    }
    let body = json!({"amount": "500000", "method": "stripe"});
    let quote = app.operator.post("/v1/accounts/b/quotes", body.clone()).await.expect(201);
    let id = quote.str("/id");
    let scopes = ["topup:write", "keys:admin"];
    let (a, b) = (app.team("a", Some(&scopes)).await, app.team("b", Some(&scopes)).await);
    for path in ["topup-options", "billing-profile", "consent", &format!("quotes/{id}")] {
        b.get(&format!("/v1/accounts/b/{path}")).await.expect(200);
        let theirs = a.get(&format!("/v1/accounts/b/{path}")).await.expect(404);
        let nobody = a.get(&format!("/v1/accounts/nobody/{path}")).await.expect(404);
        assert_eq!(
            (theirs.str("/code"), theirs.str("/detail")),
            (nobody.str("/code"), nobody.str("/detail")),
            "{path}"
        );
    }
    a.get(&format!("/v1/accounts/a/quotes/{id}")).await.expect(404);
    a.post("/v1/accounts/b/quotes", body.clone()).await.expect(404);
    put(&a, "/v1/accounts/b/billing-profile", &profile(1)).await.expect(404);
    assert_eq!(b.get("/v1/accounts/b/billing-profile").await.expect(200).json["version"], 1);
    b.post("/v1/accounts/b/quotes", body.clone()).await.expect(201);
    put(&b, "/v1/accounts/b/billing-profile", &profile(1)).await.expect(200);

    // What a key without the scope, or of an account at all, may not do.
    let usual = app.team("a", None).await;
    usual.get("/v1/accounts/a/topup-options").await.expect(200);
    usual.get("/v1/accounts/a/billing-profile").await.expect(403);
    put(&usual, "/v1/accounts/a/billing-profile", &profile(1)).await.expect(403);
    let reader = app.team("a", Some(&["balance:read"])).await;
    for path in ["topup-options", "billing-profile", "consent"] {
        reader.get(&format!("/v1/accounts/a/{path}")).await.expect(403);
    }
    reader.post("/v1/accounts/a/quotes", body).await.expect(403);
    reader.get("/v1/sites").await.expect(403);
    usual.get("/v1/sites").await.expect(200);
    for actor in [&a, &usual] {
        actor.get("/v1/rates").await.expect(403);
        let rate = json!({"base": "USD", "quote": "VND", "rate": "1", "source": "me"});
        actor.post("/v1/rates", rate).await.expect(403);
        actor.post("/v1/rates/import", json!({"csv": ""})).await.expect(403);
    }
    let stranger = app.operator.with_key(None);
    for path in ["/v1/sites", "/v1/rates", "/v1/accounts/a/topup-options", "/v1/accounts/a/consent"] {
        stranger.get(path).await.expect(401);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_unit_is_chosen_once() {
    let app = TestApp::start().await;
    app.account("a", "0").await;
    assert_eq!(app.operator.patch("/v1/accounts/a", json!({"unit": "USD"})).await.expect(200).str("/unit"), "USD");
    for hint in ["close it and open another", "credits have moved"] {
        let refused = app.operator.patch("/v1/accounts/a", json!({"unit": "EUR"})).await.expect(409);
        assert_eq!(refused.str("/code"), "unit_locked");
        assert!(refused.str("/detail").contains(hint), "{}", refused.text);
        app.grant("a", "1", json!({})).await;
    }
    app.finish().await;
}

#[test]
fn the_calls_are_in_the_document() {
    let document = serde_json::to_value(api::document()).unwrap();
    let operations = "get /v1/sites, get /v1/accounts/{id}/topup-options, get /v1/accounts/{id}/billing-profile, \
        put /v1/accounts/{id}/billing-profile, post /v1/rates, get /v1/rates, post /v1/rates/import, \
        post /v1/accounts/{id}/quotes, get /v1/accounts/{id}/quotes/{quote_id}, get /v1/accounts/{id}/consent";
    for operation in operations.split(", ") {
        let (method, path) = operation.trim().split_once(' ').unwrap();
        let responses = &document["paths"][path][method]["responses"];
        assert!(responses["401"].is_object() && responses["422"].is_object(), "{operation}");
        assert_eq!(responses["409"].is_object(), method != "get", "{operation}");
    }
}
