use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use clap::Parser;
use serde_json::{Value, json};

use super::*;
use crate::cli::Cli;

/// What the fake server was asked: method, path with query, idempotency key present, body.
type Call = (String, bool, Value);
type Asked = Arc<Mutex<Vec<Call>>>;

async fn answer(State((asked, status, body)): State<(Asked, u16, Value)>, request: Request) -> Response {
    let (parts, content) = request.into_parts();
    let content = axum::body::to_bytes(content, 1 << 20).await.unwrap();
    let sent = serde_json::from_slice(&content).unwrap_or(Value::Null);
    let keyed = parts.headers.contains_key("Idempotency-Key");
    assert_eq!(parts.headers["Authorization"], "Bearer sk_test_1");
    asked.lock().unwrap().push((format!("{} {}", parts.method, parts.uri), keyed, sent));
    (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
}

/// Runs `scrip admin … --json` against a server that gives one answer to all.
fn admin(line: &[&str], status: u16, body: Value) -> (Result<(), Exit>, Vec<Call>) {
    admin_for_people(&[line, &["--json"]].concat(), status, body)
}

/// The same without `--json`.
fn admin_for_people(line: &[&str], status: u16, body: Value) -> (Result<(), Exit>, Vec<Call>) {
    crate::client::install_tls();
    let asked = Asked::default();
    let app = Router::new().fallback(answer).with_state((asked.clone(), status, body));
    let server = crate::commands::runtime().unwrap();
    let listener = server.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    server.spawn(async move { axum::serve(listener, app).await });
    let server_words = ["--url", &url, "--key", "sk_test_1"];
    let words = ["scrip", "admin"].iter().chain(line).chain(&server_words);
    let result = Cli::try_parse_from(words.copied()).unwrap().run();
    let asked = asked.lock().unwrap().clone();
    (result, asked)
}

#[test]
fn chores_are_calls_of_the_contract() {
    let table: &[(&[&str], &str, bool, Value)] = &[
        (
            &["account", "create", "--id", "a", "--name", "A", "--site", "api", "--metadata", "k=v"],
            "POST /v1/accounts",
            true,
            json!({"id": "a", "name": "A", "site": "api", "metadata": {"k": "v"}}),
        ),
        (&["account", "show", "a b/c"], "GET /v1/accounts/a%20b%2Fc", false, Value::Null),
        (
            &["account", "list", "--limit", "5", "--cursor", "x"],
            "GET /v1/accounts?limit=5&cursor=x",
            false,
            Value::Null,
        ),
        (
            &["account", "balance", "a", "--at", "2026-01-01T00:00:00Z"],
            "GET /v1/accounts/a/balance?at=2026-01-01T00%3A00%3A00Z",
            false,
            Value::Null,
        ),
        (
            &["account", "update", "a", "--email", "e@x", "--closed", "true"],
            "PATCH /v1/accounts/a",
            false,
            json!({"email": "e@x", "closed": true}),
        ),
        (
            &["member", "invite", "a", "--email", "e@x.de", "--role", "owner", "--language", "vi"],
            "POST /v1/accounts/a/members",
            false,
            json!({"email": "e@x.de", "role": "owner", "language": "vi"}),
        ),
        (&["member", "list", "a", "--limit", "5"], "GET /v1/accounts/a/members?limit=5", false, Value::Null),
        (
            &["member", "update", "a", "usr_1", "--role", "viewer"],
            "PATCH /v1/accounts/a/members/usr_1",
            false,
            json!({"role": "viewer"}),
        ),
        (&["member", "remove", "a", "usr_1"], "DELETE /v1/accounts/a/members/usr_1", false, Value::Null),
        (
            &["operator", "invite", "--email", "e@x.de", "--role", "admin", "--name", "Root"],
            "POST /v1/operators",
            false,
            json!({"email": "e@x.de", "role": "admin", "language": "en", "name": "Root"}),
        ),
        (&["operator", "list", "--limit", "5"], "GET /v1/operators?limit=5", false, Value::Null),
        (
            &["operator", "update", "opr_1", "--disabled", "true", "--reset-second-factor"],
            "PATCH /v1/operators/opr_1",
            false,
            json!({"disabled": true, "reset_second_factor": true}),
        ),
        (
            &["key", "create", "a", "--name", "n", "--scope", "usage:write"],
            "POST /v1/accounts/a/keys",
            true,
            json!({"name": "n", "scopes": ["usage:write"]}),
        ),
        (&["key", "revoke", "a", "k"], "DELETE /v1/accounts/a/keys/k", false, Value::Null),
        (
            &["grant", "a", "10.5", "--kind", "setup", "--scope", "s", "--priority", "-1"],
            "POST /v1/grants",
            true,
            json!({"account": "a", "amount": "10.5", "kind": "setup", "scope": ["s"], "priority": -1}),
        ),
        (
            &["debit", "a", "1", "--service", "s"],
            "POST /v1/debits",
            true,
            json!({"account": "a", "amount": "1", "service": "s"}),
        ),
        (&["lot", "void", "l", "--reason", "r"], "POST /v1/lots/l/void", true, json!({"reason": "r"})),
        (&["lot", "expiry", "l", "never"], "POST /v1/lots/l/expiry", true, json!({"expires_at": null})),
        (
            &["entries", "a", "--service", "x", "--service", "y"],
            "GET /v1/accounts/a/entries?limit=50&service=x&service=y",
            false,
            Value::Null,
        ),
        (
            &[
                "plan",
                "publish",
                "SUB_PRO",
                "--name",
                "Pro",
                "--site",
                "api",
                "--price",
                "USD=20",
                "--credits",
                "10000",
                "--term-periods",
                "12",
                "--option",
                "partial_upfront=30",
                "--option",
                "postpaid",
                "--on-demand-percent",
                "120",
            ],
            "POST /v1/plans",
            false,
            json!({"id": "SUB_PRO", "name": "Pro", "site": "api", "prices": {"USD": "20"}, "credits": "10000",
                "period": {"count": 1, "unit": "month"}, "term_periods": 12,
                "options": [{"option": "partial_upfront", "percent": 30}, {"option": "postpaid"}],
                "on_demand": {"percent": "120"}}),
        ),
        (&["plan", "list", "--limit", "5"], "GET /v1/plans?limit=5", false, Value::Null),
        (&["plan", "retire", "SUB_PRO"], "POST /v1/plans/SUB_PRO/retire", false, json!({})),
        (&["plan", "subscription", "a"], "GET /v1/accounts/a/subscription", false, Value::Null),
        (&["plan", "cancel", "a"], "POST /v1/accounts/a/subscription/cancel", false, json!({})),
        (&["price", "list"], "GET /v1/prices?limit=50", false, Value::Null),
        (
            &["rates", "set", "USD", "VND", "25400.5", "--source", "me", "--confirm"],
            "POST /v1/rates",
            true,
            json!({"base": "USD", "quote": "VND", "rate": "25400.5", "source": "me", "confirm": true}),
        ),
        (&["rates", "list", "--base", "USD"], "GET /v1/rates?limit=50&base=USD", false, Value::Null),
        (
            &[
                "voucher",
                "create",
                "--name=N",
                "--description=D",
                "--site=vn",
                "--lot=5@gpu",
                "--lot=1",
                "--valid-days=9",
            ],
            "POST /v1/campaigns",
            false,
            json!({"name": "N", "description": "D", "site": "vn", "valid_days": 9,
                "lots": [{"amount": "5", "scope": ["gpu"]}, {"amount": "1", "scope": []}]}),
        ),
        (&["voucher", "pause", "c"], "PATCH /v1/campaigns/c", false, json!({"state": "paused"})),
        (&["voucher", "issue", "c"], "POST /v1/campaigns/c/codes", false, json!({"count": 1, "max_uses": 1})),
        (&["voucher", "revoke", "c", "--reason", "r"], "POST /v1/campaigns/c/revoke", false, json!({"reason": "r"})),
        (
            &["voucher", "revoke", "c", "--batch", "may 1", "--keep-redeemed", "--reason", "r"],
            "POST /v1/campaigns/c/batches/may%201/revoke",
            false,
            json!({"reason": "r", "keep_redeemed": true}),
        ),
        (
            &["voucher", "revoke-code", "i", "--reason", "r"],
            "POST /v1/voucher-codes/i/revoke",
            false,
            json!({"reason": "r"}),
        ),
        (
            &["voucher", "campaigns", "--state", "active", "--search", "x"],
            "GET /v1/campaigns?limit=50&state=active&q=x",
            false,
            Value::Null,
        ),
        (&["voucher", "codes", "c", "--batch", "b"], "GET /v1/campaigns/c/codes?limit=50&batch=b", false, Value::Null),
        (&["voucher", "redeem", "a", "C"], "POST /v1/accounts/a/vouchers", true, json!({"code": "C"})),
        (
            &["voucher", "list", "a", "--status", "valid"],
            "GET /v1/accounts/a/vouchers?limit=50&status=valid",
            false,
            Value::Null,
        ),
        (&["mail", "list", "--state", "given_up"], "GET /v1/mails?limit=50&state=given_up", false, Value::Null),
        (&["mail", "retry", "mail_1"], "POST /v1/mails/mail_1/retry", false, Value::Null),
        (&["trial-balance"], "GET /v1/ledger/trial-balance", false, Value::Null),
    ];
    for (line, call, keyed, body) in table {
        let (result, asked) = admin(line, 200, json!({"ok": true}));
        assert_eq!(result, Ok(()), "{line:?}");
        assert_eq!(asked, [((*call).to_owned(), *keyed, body.clone())], "{line:?}");
    }
}

#[test]
fn codes_are_written_once_to_a_file_of_their_own() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("codes.csv");
    let line = ["voucher", "issue", "c", "--count", "2500", "--out", path.to_str().unwrap()];
    let answer = json!({"batch": "b,1", "codes": ["ABCDEFGHJK"]});
    let (result, asked) = admin_for_people(&line, 201, answer.clone());
    assert_eq!(result, Ok(()));
    let bodies: Vec<Value> = asked.into_iter().map(|(_, _, body)| body).collect();
    let thousand = json!({"count": 1_000, "max_uses": 1});
    let more = |count: u32| json!({"count": count, "max_uses": 1, "batch": "b,1"});
    assert_eq!(bodies, [thousand, more(1_000), more(500)]);
    let row = "ABCDEFGHJK,c,\"b,1\"\n";
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("code,campaign,batch\n{row}{row}{row}"));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    // A refusal leaves no file in the way of the next try; one that is there is kept, and nothing is asked for.
    let other = folder.path().join("other.csv");
    let (result, _) = admin_for_people(&["voucher", "issue", "c", "--out", other.to_str().unwrap()], 409, json!({}));
    assert!(result.is_err() && !other.exists());
    let (result, asked) = admin_for_people(&line, 201, answer);
    assert!(result.unwrap_err().message.starts_with("cannot make "));
    assert_eq!(asked, []);
}

#[test]
fn refusals_become_exit_codes() {
    let table = [(401, 3), (402, 6), (404, 4), (409, 5), (422, 6), (400, 2)];
    for (status, code) in table {
        let problem = json!({"title": "No", "detail": "because", "code": "why"});
        let (result, _) = admin(&["grant", "a", "1"], status, problem);
        let exit = result.unwrap_err();
        assert_eq!(exit.reason as u8, code, "{status}");
        assert_eq!(exit.message, format!("No: because (why, HTTP {status})"));
    }
}

#[test]
fn an_imported_price_keeps_its_digits() {
    let import = crate::client::PriceImport {
        unit: "USD",
        format: "litellm",
        document: serde_json::from_str("{\"m\": {\"input_cost_per_token\": 0.10000000000000000000001}}").unwrap(),
        models: &[],
        mark_up: Some("1.2"),
        exchange_rate: None,
    };
    let body = serde_json::to_string(&import).unwrap();
    assert!(body.contains("0.10000000000000000000001") && body.contains("\"mark_up\":\"1.2\""), "{body}");
    assert!(!body.contains("models") && !body.contains("exchange_rate"), "{body}");
}

#[test]
fn answers_are_readable() {
    let balance = json!({"account": "a", "balance": "12.5", "by_kind": {"top_up": "12.5"},
        "lots": [{"id": "l1", "remaining": "12.5", "scope": ["x", "y"]}, {"id": "l2", "remaining": "0", "scope": []}]});
    insta::assert_snapshot!(show::object(&balance), @r"
    account         a
    balance         12.5
    by_kind.top_up  12.5

    lots
    id  remaining  scope
    l1       12.5  x, y
    l2          0
    ");
    let page = json!({"data": [{"id": "a", "name": "A"}], "next_cursor": "c1"});
    insta::assert_snapshot!(show::page(&page, &["id", "name"]), @r"
    id  name
    a   A
    more: --cursor c1
    ");
    assert_eq!(show::page(&json!({"data": []}), &["id"]), "none");
}

#[test]
fn a_test_letter_is_followed_to_its_first_try() {
    let sent = json!({"id": "mail_1", "state": "sent", "failure": null});
    let (result, asked) = admin(&["mail", "test", "--to", "a@b.vn", "--language", "vi"], 200, sent);
    assert_eq!(result, Ok(()));
    assert_eq!(asked, [("POST /v1/mail/test".to_owned(), false, json!({"to": "a@b.vn", "language": "vi"}))]);
    let refused = json!({"id": "mail_1", "state": "waiting", "failure": "no such user"});
    let (result, asked) = admin(&["mail", "test", "--to", "a@b.vn"], 200, refused);
    assert!(result.unwrap_err().message.contains("no such user"));
    assert_eq!(asked.len(), 1);
}
