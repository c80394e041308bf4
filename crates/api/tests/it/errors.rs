//! What is refused, with what code, and that it changes nothing.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{OPERATOR_KEY, TestApp};

/// Everything an account can show.
async fn state(app: &TestApp) -> (Value, Value) {
    let mut balance = app.balance("a").await;
    balance["as_of"] = Value::Null;
    let all =
        "kind=grant,debit,hold,capture,release,void,adjustment,reversal,expiry,configure,expiry_change,hold_extension";
    let entries = app.operator.get(&format!("/v1/accounts/a/entries?limit=100&{all}")).await.expect(200).json;
    (balance, entries)
}

/// Path, body, status, code, param.
type Case<'a> = (&'a str, &'a str, u16, &'a str, Option<&'a str>);

const SPENDING: &[Case] = &[
    ("/v1/debits", "", 400, "malformed_json", None),
    ("/v1/debits", "{", 400, "malformed_json", None),
    ("/v1/debits", "\"a\"", 422, "invalid_field", Some("body")),
    ("/v1/debits", "null", 422, "invalid_field", Some("body")),
    ("/v1/debits", r#"["a","1","s"]"#, 422, "invalid_field", Some("body")),
    ("/v1/debits", r#"{"account":"a","service":"s"}"#, 422, "invalid_field", Some("amount")),
    ("/v1/debits", r#"{"account":"a","amount":"1"}"#, 422, "invalid_field", Some("service")),
    ("/v1/debits", r#"{"amount":"1","service":"s"}"#, 422, "invalid_field", Some("account")),
    ("/v1/debits", r#"{"account":"a","amount":1.5,"service":"s"}"#, 422, "invalid_field", Some("amount")),
    ("/v1/debits", r#"{"account":"a","amount":1e3,"service":"s"}"#, 422, "invalid_field", Some("amount")),
    ("/v1/debits", r#"{"account":"a","amount":null,"service":"s"}"#, 422, "invalid_field", Some("amount")),
    ("/v1/debits", r#"{"account":"a","amount":true,"service":"s"}"#, 422, "invalid_field", Some("amount")),
    ("/v1/debits", r#"{"account":"a","amount":"","service":"s"}"#, 422, "invalid_amount", Some("amount")),
    ("/v1/debits", r#"{"account":"a","amount":"abc","service":"s"}"#, 422, "invalid_amount", Some("amount")),
    ("/v1/debits", r#"{"account":"a","amount":"+1","service":"s"}"#, 422, "invalid_amount", Some("amount")),
    ("/v1/debits", r#"{"account":"a","amount":"1e3","service":"s"}"#, 422, "invalid_amount", Some("amount")),
    ("/v1/debits", r#"{"account":"a","amount":"NaN","service":"s"}"#, 422, "invalid_amount", Some("amount")),
    ("/v1/debits", r#"{"account":"a","amount":"0x10","service":"s"}"#, 422, "invalid_amount", Some("amount")),
    ("/v1/debits", r#"{"account":"a","amount":"1,000","service":"s"}"#, 422, "invalid_amount", Some("amount")),
    ("/v1/debits", r#"{"account":"a","amount":" 1","service":"s"}"#, 422, "invalid_amount", Some("amount")),
    ("/v1/debits", r#"{"account":"a","amount":"0.000000001","service":"s"}"#, 422, "invalid_amount", Some("amount")),
    (
        "/v1/debits",
        r#"{"account":"a","amount":"99999999999999999999","service":"s"}"#,
        422,
        "invalid_amount",
        Some("amount"),
    ),
    (
        "/v1/debits",
        r#"{"account":"a","amount":18446744073709551615,"service":"s"}"#,
        422,
        "invalid_amount",
        Some("amount"),
    ),
    ("/v1/debits", r#"{"account":"a","amount":"0","service":"s"}"#, 422, "amount_not_positive", Some("amount")),
    ("/v1/debits", r#"{"account":"a","amount":"-1","service":"s"}"#, 422, "amount_not_positive", Some("amount")),
    ("/v1/debits", r#"{"account":"a","amount":-1,"service":"s"}"#, 422, "amount_not_positive", Some("amount")),
    ("/v1/debits", r#"{"account":"a","amount":"1","service":""}"#, 422, "invalid_field", Some("service")),
    ("/v1/debits", r#"{"account":"a","amount":"1","service":"a\nb"}"#, 422, "invalid_field", Some("service")),
    (
        "/v1/debits",
        r#"{"account":"a","amount":"1","service":"s","description":"\u0000"}"#,
        422,
        "invalid_field",
        Some("description"),
    ),
    (
        "/v1/debits",
        r#"{"account":"a","amount":"1","service":"s","balance":"9"}"#,
        422,
        "invalid_field",
        Some("balance"),
    ),
    (
        "/v1/debits",
        r#"{"account":"a","amount":"1","service":"s","service":"t"}"#,
        422,
        "invalid_field",
        Some("service"),
    ),
    (
        "/v1/debits",
        r#"{"account":"a","amount":"1","service":"s","on_insufficient":"steal"}"#,
        422,
        "invalid_field",
        Some("on_insufficient"),
    ),
    (
        "/v1/debits",
        r#"{"account":"a","amount":"1","service":"s","metadata":[1]}"#,
        422,
        "invalid_field",
        Some("metadata"),
    ),
    (
        "/v1/debits",
        r#"{"account":"a","amount":"1","service":"s","idempotency_key":"k"}"#,
        422,
        "invalid_field",
        Some("idempotency_key"),
    ),
    ("/v1/debits", r#"{"account":"nobody","amount":"1","service":"s"}"#, 404, "not_found", None),
    ("/v1/debits", r#"{"account":"a","amount":"11","service":"s"}"#, 402, "insufficient_credits", None),
    ("/v1/usage", r#"{"account":"a","service":"s","meters":{}}"#, 422, "invalid_field", Some("meters")),
    ("/v1/usage", r#"{"account":"a","service":"s","meters":{"x":1}}"#, 409, "no_prices", None),
    ("/v1/usage", r#"{"account":"a","service":"s","meters":{"x":-1}}"#, 422, "invalid_field", Some("meters.x")),
    ("/v1/usage", r#"{"account":"a","service":"s","meters":{"x":1.5}}"#, 422, "invalid_field", Some("meters.x")),
    (
        "/v1/usage",
        r#"{"account":"a","service":"s","meters":{"x":1},"occurred_at":"yesterday"}"#,
        422,
        "invalid_field",
        Some("occurred_at"),
    ),
    ("/v1/debits/batch", r#"{"items":[]}"#, 422, "invalid_field", Some("items")),
    ("/v1/debits/batch", r#"{"items":{}}"#, 422, "invalid_field", Some("items")),
];

const LOTS_AND_HOLDS: &[Case] = &[
    ("/v1/grants", r#"{"account":"a","amount":"1"}"#, 422, "invalid_field", Some("kind")),
    ("/v1/grants", r#"{"account":"a","amount":"1","kind":"gift"}"#, 422, "invalid_field", Some("kind")),
    ("/v1/grants", r#"{"account":"a","amount":"0","kind":"manual"}"#, 422, "amount_not_positive", Some("amount")),
    (
        "/v1/grants",
        r#"{"account":"a","amount":"23058430092.13693951","kind":"manual"}"#,
        422,
        "amount_too_large",
        Some("amount"),
    ),
    (
        "/v1/grants",
        r#"{"account":"a","amount":"1","kind":"manual","expires_at":"2020-01-01T00:00:00Z"}"#,
        422,
        "expiry_too_early",
        Some("expires_at"),
    ),
    (
        "/v1/grants",
        r#"{"account":"a","amount":"1","kind":"manual","expires_at":"2030-01-01"}"#,
        422,
        "invalid_field",
        Some("expires_at"),
    ),
    ("/v1/grants", r#"{"account":"a","amount":"1","kind":"manual","scope":[""]}"#, 422, "invalid_field", Some("scope")),
    (
        "/v1/grants",
        r#"{"account":"a","amount":"1","kind":"manual","priority":1.5}"#,
        422,
        "invalid_field",
        Some("priority"),
    ),
    ("/v1/grants", r#"{"account":"nobody","amount":"1","kind":"manual"}"#, 404, "not_found", None),
    ("/v1/adjustments", r#"{"account":"a","amount":"1"}"#, 422, "invalid_field", Some("reason")),
    ("/v1/adjustments", r#"{"account":"a","amount":"0","reason":"r"}"#, 422, "amount_not_positive", Some("amount")),
    ("/v1/adjustments", r#"{"account":"a","amount":"-11","reason":"r"}"#, 402, "insufficient_credits", None),
    (
        "/v1/holds",
        r#"{"account":"a","amount":"1","service":"s","ttl_seconds":0}"#,
        422,
        "ttl_out_of_range",
        Some("ttl_seconds"),
    ),
    (
        "/v1/holds",
        r#"{"account":"a","amount":"1","service":"s","ttl_seconds":604801}"#,
        422,
        "ttl_out_of_range",
        Some("ttl_seconds"),
    ),
    (
        "/v1/holds",
        r#"{"account":"a","amount":"1","service":"s","ttl_seconds":-1}"#,
        422,
        "invalid_field",
        Some("ttl_seconds"),
    ),
    ("/v1/holds", r#"{"account":"a","amount":"11","service":"s"}"#, 402, "insufficient_credits", None),
    ("/v1/holds/hold_1_1/capture", r#"{"amount":"1"}"#, 404, "not_found", None),
    ("/v1/holds/ent_1_1/capture", r#"{"amount":"1"}"#, 404, "not_found", None),
    ("/v1/lots/lot_1_1/void", "{}", 404, "not_found", None),
    ("/v1/lots/x/void", "{}", 404, "not_found", None),
    ("/v1/lots/lot_1_1/expiry", "{}", 422, "invalid_field", Some("expires_at")),
    ("/v1/debits/ent_1_1/reverse", "{}", 404, "not_found", None),
    ("/v1/accounts", r#"{"name":"x","site":"mars"}"#, 422, "invalid_field", Some("site")),
    ("/v1/accounts", r#"{"name":"x","site":"global"}"#, 422, "invalid_field", Some("unit")),
    ("/v1/accounts", r#"{"name":"x","site":"vn","unit":"USD"}"#, 422, "invalid_field", Some("unit")),
    ("/v1/accounts", r#"{"name":"","site":"vn"}"#, 422, "invalid_field", Some("name")),
    ("/v1/accounts", r#"{"name":"x","site":"vn","id":"a/b"}"#, 422, "invalid_field", Some("id")),
    ("/v1/accounts", r#"{"name":"x","site":"vn","email":"nope"}"#, 422, "invalid_field", Some("email")),
    (
        "/v1/accounts",
        r#"{"name":"x","site":"vn","overdraft_limit":"-1"}"#,
        422,
        "overdraft_limit_negative",
        Some("overdraft_limit"),
    ),
    ("/v1/accounts", r#"{"name":"x","site":"vn","balance":"5"}"#, 422, "invalid_field", Some("balance")),
    ("/v1/accounts", r#"{"name":"x","site":"vn","id":"a"}"#, 409, "account_exists", None),
];

#[tokio::test]
async fn bad_requests_are_named_and_change_nothing() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    let before = state(&app).await;
    for (place, (path, body, status, code, param)) in SPENDING.iter().chain(LOTS_AND_HOLDS).enumerate() {
        let request = app.operator.request(Method::POST, path).header("content-type", "application/json");
        let keyed = request.header("idempotency-key", format!("case-{place}")).body((*body).to_owned());
        let answer = app.operator.send(keyed).await;
        assert_eq!((answer.status, answer.str("/code")), (*status, *code), "{path} {body}: {}", answer.text);
        assert_eq!(answer.json.get("param").and_then(Value::as_str), *param, "{path} {body}: {}", answer.text);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.str("/error"), *code);
        assert_eq!(answer.str("/request_id"), answer.header("x-request-id"));
        assert_eq!(answer.json["status"], *status);
    }
    assert_eq!(state(&app).await, before);
    app.finish().await;
}

#[tokio::test]
async fn bad_queries_are_named() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    let cases = [
        ("/v1/accounts?limit=0", "limit"),
        ("/v1/accounts?limit=101", "limit"),
        ("/v1/accounts?limit=x", "limit"),
        ("/v1/accounts?limit=1&limit=2", "limit"),
        ("/v1/accounts?cursor=x", "cursor"),
        ("/v1/accounts?name=x", "name"),
        ("/v1/accounts/a/entries?kind=x", "kind"),
        ("/v1/accounts/a/entries?status=posted,x", "status"),
        ("/v1/accounts/a/entries?balance_type=topup", "balance_type"),
        ("/v1/accounts/a/entries?from=2026", "from"),
        ("/v1/accounts/a/entries?sevrice=x", "sevrice"),
        ("/v1/accounts/a/balance?at=2026", "at"),
        ("/v1/accounts/a/balance?at=2999-01-01T00:00:00Z", "at"),
        ("/v1/prices/current", "unit"),
        ("/v1/prices/current?unit=usd", "unit"),
    ];
    for (path, param) in cases {
        assert_eq!(app.operator.get(path).await.expect(422).str("/param"), param, "{path}");
    }
    for path in [
        "/v1/accounts/nobody",
        "/v1/accounts/nobody/balance",
        "/v1/accounts/%ff",
        "/v1/entries/ent_1_1",
        "/v1/entries/ent_01_1",
        "/v1/holds/hold_1_1",
        "/v1/prices/0",
        "/v1/prices/01",
        "/v1/nothing",
        "/",
    ] {
        assert_eq!(
            app.operator.get(path).await.expect(404).header("content-type"),
            "application/problem+json",
            "{path}"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn how_a_request_is_sent_matters() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    let body = r#"{"account":"a","amount":"1","service":"s"}"#;
    let post = || app.operator.request(Method::POST, "/v1/debits").header("idempotency-key", "k");
    for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jsonx")]
    {
        let request = content_type.map_or_else(post, |value| post().header("content-type", value)).body(body);
        assert_eq!(app.operator.send(request).await.expect(415).str("/code"), "unsupported_media_type");
    }
    let large = format!(r#"{{"account":"a","amount":"1","service":"{}"}}"#, "s".repeat(1 << 20));
    let request = post().header("content-type", "application/json").body(large);
    assert_eq!(app.operator.send(request).await.expect(413).str("/code"), "body_too_large");

    for (method, path, allow) in [
        (Method::PUT, "/v1/debits", "POST"),
        (Method::DELETE, "/v1/accounts", "POST"),
        (Method::TRACE, "/healthz", "GET"),
    ] {
        let answer = app.operator.send(app.operator.request(method, path)).await.expect(405);
        assert_eq!(answer.str("/code"), "method_not_allowed", "{path}");
        assert!(answer.header("allow").contains(allow), "{path}: {}", answer.header("allow"));
    }
    let good = post().header("content-type", "Application/JSON; charset=utf-8").body(body);
    app.operator.send(good).await.expect(201);
    app.finish().await;
}

#[tokio::test]
async fn only_a_valid_key_gets_in() {
    let app = TestApp::start().await;
    app.account("a", "10").await;
    let shorter = &OPERATOR_KEY[..OPERATOR_KEY.len() - 1];
    let longer = format!("{OPERATOR_KEY}x");
    let upper = OPERATOR_KEY.to_uppercase();
    for key in [None, Some(""), Some("x"), Some(shorter), Some(longer.as_str()), Some(upper.as_str())] {
        let stranger = app.operator.with_key(key);
        for path in
            ["/v1/accounts", "/v1/accounts/a", "/v1/accounts/a/balance", "/v1/ledger/trial-balance", "/v1/prices"]
        {
            let answer = stranger.get(path).await.expect(401);
            assert_eq!((answer.str("/code"), answer.header("www-authenticate")), ("invalid_api_key", "Bearer"));
        }
        // Before anything else is read.
        stranger.keyed("/v1/debits", "k", json!([])).await.expect(401);
    }
    let request = app.operator.with_key(None).request(Method::GET, "/v1/accounts");
    app.operator.send(request.header("authorization", format!("Basic {OPERATOR_KEY}"))).await.expect(401);
    app.finish().await;
}
