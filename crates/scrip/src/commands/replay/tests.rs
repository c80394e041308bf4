//! Replays against a fake server that prices in whole arithmetic.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use clap::Parser;
use serde_json::{Value, json};

use super::*;

/// A server with one account.
struct Fake {
    unit: &'static str,
    /// Ledger units left.
    balance: i64,
    /// Key → amount.
    charged: HashMap<String, String>,
    /// Versions of the price book, newest first.
    books: Vec<Value>,
    /// So many requests are answered with 503 first.
    away: usize,
    /// The last batch that came.
    last: Value,
}

type Shared = Arc<Mutex<Fake>>;

async fn import(State(fake): State<Shared>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    assert_eq!(body["format"], "litellm");
    assert_eq!(body["document"].as_object().unwrap().len(), 1, "only the model's own entry is sent");
    // The fake knows the two prices of its map.
    let meters = json!({"input_tokens": {"price": "0.15", "per": 1_000_000}, "output_tokens": {"price": "0.6", "per": 1_000_000}});
    let mut fake = fake.lock().unwrap();
    let version = fake.books.len() + 1;
    fake.books.insert(0, json!({"version": version, "document": {"services": {"m": {"meters": meters}}}}));
    (StatusCode::CREATED, Json(json!({ "version": version })))
}

async fn usage(State(fake): State<Shared>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    let mut fake = fake.lock().unwrap();
    if fake.away > 0 {
        fake.away -= 1;
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"title": "Busy", "code": "queue_full"})));
    }
    fake.last = body.clone();
    let results = body["items"].as_array().unwrap().iter().map(|item| fake.charge(item)).collect::<Vec<_>>();
    (StatusCode::OK, Json(json!({ "results": results })))
}

impl Fake {
    fn charge(&mut self, item: &Value) -> Value {
        let key = item["idempotency_key"].as_str().unwrap().to_owned();
        if let Some(amount) = self.charged.get(&key) {
            return json!({"status": 201, "amount": amount, "idempotent_replayed": true});
        }
        let meter = |name: &str| item["meters"][name].as_i64().unwrap();
        // USD has 8 decimals: 0.15 per million is 15 units, 0.6 is 60.
        let units = meter("input_tokens") * 15 + meter("output_tokens") * 60;
        if units > self.balance {
            return json!({"status": 402, "title": "Not enough credits", "code": "insufficient_credits"});
        }
        self.balance -= units;
        let amount = Unit::parse("USD").unwrap().format_amount(ledger::Amount::from_units(units));
        self.charged.insert(key, amount.clone());
        json!({"status": 201, "amount": amount})
    }
}

async fn serve(unit: &'static str, balance: i64) -> (Shared, String) {
    crate::client::install_tls();
    let fake = Fake { unit, balance, charged: HashMap::new(), books: Vec::new(), away: 0, last: Value::Null };
    let fake = Arc::new(Mutex::new(fake));
    let account =
        |State(fake): State<Shared>| async move { Json(json!({"id": "a", "unit": fake.lock().unwrap().unit})) };
    let in_force = |State(fake): State<Shared>| async move {
        fake.lock().unwrap().books.first().cloned().map(Json).ok_or(StatusCode::NOT_FOUND)
    };
    let app = Router::new()
        .route("/v1/accounts/a", get(account))
        .route("/v1/prices/current", get(in_force))
        .route("/v1/prices/import", post(import))
        .route("/v1/usage/batch", post(usage))
        .with_state(fake.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (fake, url)
}

#[derive(Debug, Parser)]
#[command(args_override_self = true)]
struct Line {
    #[command(flatten)]
    args: Args,
}

/// A folder with a trace of 25 rows and a price map.
fn files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let rows = (0..25).map(|row| format!("2023-11-16 18:15:{row:02}.6805900,{},{}\n", 100 + row, row));
    let text = format!("TIMESTAMP,ContextTokens,GeneratedTokens\n{}", rows.collect::<String>());
    std::fs::write(folder.path().join("trace.csv"), text).unwrap();
    let map = r#"{"m": {"input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07}, "m-2": {"mode": "chat"},
        "other": {"input_cost_per_token": 1}}"#;
    std::fs::write(folder.path().join("map.json"), map).unwrap();
    folder
}

async fn replay_files(folder: &Path, url: &str, more: &[&str]) -> Result<Summary, Exit> {
    let (trace, map) = (folder.join("trace.csv"), folder.join("map.json"));
    let line = ["replay", trace.to_str().unwrap(), "--prices", map.to_str().unwrap(), "--account", "a", "--url", url];
    let model = if more.contains(&"--model") { &[][..] } else { &["--model", "m"] };
    let rest = ["--key", "sk_test_1", "--batch", "4", "--connections", "2"];
    replay(&Line::parse_from(line.iter().chain(model).chain(&rest).chain(more).copied()).args, true).await
}

/// What 25 rows cost: Σ (100 + r) × 15 + r × 60 units of 10^-8 USD.
const TOTAL_UNITS: i64 = (2_500 + 300) * 15 + 300 * 60;

#[tokio::test]
async fn running_twice_charges_once() {
    let (fake, url) = serve("USD", 1_000_000_000).await;
    let folder = files();
    let first = replay_files(folder.path(), &url, &[]).await.unwrap().json();
    assert_eq!(first["charged_rows"], 25);
    assert_eq!(first["amount_charged"], "0.0006");
    assert_eq!((&first["input_tokens"], &first["output_tokens"]), (&json!(2_800), &json!(300)));
    assert_eq!((&first["price_imported"], &first["requests"]), (&json!(true), &json!(7)));
    let second = replay_files(folder.path(), &url, &["--batch", "9"]).await.unwrap().json();
    assert_eq!((&second["charged_rows"], &second["already_charged_rows"]), (&json!(0), &json!(25)));
    assert_eq!((&second["amount_charged"], &second["amount_already_charged"]), (&json!("0"), &json!("0.0006")));
    assert_eq!(second["price_imported"], false, "the server has this price");
    assert_eq!(fake.lock().unwrap().balance, 1_000_000_000 - TOTAL_UNITS);
    assert_eq!(fake.lock().unwrap().books.len(), 1);
}

#[tokio::test]
async fn rows_are_sent_as_usage_with_fixed_keys() {
    let (fake, url) = serve("USD", 1_000_000_000).await;
    let folder = files();
    replay_files(folder.path(), &url, &["--batch", "1000"]).await.unwrap();
    let hash = Trace::read(&folder.path().join("trace.csv")).unwrap().hash;
    let item = fake.lock().unwrap().last["items"][1].clone();
    let expected = json!({"idempotency_key": format!("replay:{hash}:m:2"), "account": "a", "service": "m",
        "meters": {"input_tokens": 101, "output_tokens": 1}, "occurred_at": "2023-11-16T18:15:01.68059Z"});
    assert_eq!(item, expected);
}

#[tokio::test]
async fn another_price_is_replaced() {
    let (fake, url) = serve("USD", 1_000_000_000).await;
    let meters = json!({"input_tokens": {"price": "0.16", "per": 1_000_000}, "output_tokens": {"price": "0.6", "per": 1_000_000}});
    fake.lock().unwrap().books.push(json!({"version": 1, "document": {"services": {"m": {"meters": meters}}}}));
    assert!(replay_files(files().path(), &url, &[]).await.unwrap().imported);
}

#[tokio::test]
async fn it_stops_when_credits_run_out() {
    let (fake, url) = serve("USD", TOTAL_UNITS / 2).await;
    let folder = files();
    let summary = replay_files(folder.path(), &url, &["--connections", "1"]).await.unwrap();
    let (done, amount) = (summary.charged.new_rows, summary.charged.new_amount.units());
    assert!((5..25).contains(&done), "{done}");
    assert_eq!(amount, TOTAL_UNITS / 2 - fake.lock().unwrap().balance, "what was charged is reported");
    let exit = summary.end().unwrap_err();
    assert_eq!(exit.reason, Reason::Refused);
    assert!(exit.message.contains(&format!("stopped after {done} of 25 rows: row ")), "{exit}");
    assert!(exit.message.contains("insufficient_credits") && exit.message.contains("scrip admin grant"), "{exit}");
    // With new credits the same command goes on.
    fake.lock().unwrap().balance = TOTAL_UNITS;
    let summary = replay_files(folder.path(), &url, &[]).await.unwrap();
    assert_eq!((summary.charged.known_rows, summary.charged.new_rows), (done, 25 - done));
}

#[tokio::test]
async fn it_waits_for_a_server_that_is_away() {
    let (fake, url) = serve("USD", 1_000_000_000).await;
    fake.lock().unwrap().away = 2;
    let summary = replay_files(files().path(), &url, &["--connections", "1"]).await.unwrap();
    assert_eq!(summary.charged.new_rows, 25);
}

#[tokio::test]
async fn what_cannot_work_is_said_before_anything_is_charged() {
    let (fake, url) = serve("VND", 0).await;
    let folder = files();
    let table: &[(&[&str], Reason, &str)] = &[
        (&[], Reason::Usage, "say --exchange-rate"),
        (&["--model", "m-", "--exchange-rate", "25000"], Reason::Usage, "has no model \"m-\"; there are m-2"),
        (&["--model", "m-2", "--exchange-rate", "25000"], Reason::Usage, "m-2"),
        (&["--model", "other", "--exchange-rate", "25000"], Reason::Usage, "no price for output_tokens"),
        (&["--exchange-rate", "0"], Reason::Usage, "exchange_rate"),
    ];
    for (more, reason, message) in table {
        let exit = replay_files(folder.path(), &url, more).await.unwrap_err();
        assert_eq!(exit.reason, *reason, "{more:?}: {exit}");
        assert!(exit.message.contains(message), "{more:?}: {exit}");
    }
    assert!(fake.lock().unwrap().books.is_empty());
}
