//! The load generator against a fake server that can lose answers and money.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use clap::Parser;
use serde_json::{Value, json};

use super::*;

/// A ledger in memory.
#[derive(Default)]
struct Fake {
    balances: HashMap<String, i64>,
    keys: HashMap<String, Value>,
    /// Every so many debits the answer is 503 although the debit happened.
    lose_every: usize,
    /// Every so many debits more is taken than was asked.
    steal_every: usize,
    debits: usize,
}

type Shared = Arc<Mutex<Fake>>;
type Reply = (StatusCode, [(&'static str, &'static str); 1], Json<Value>);

fn reply(status: u16, replayed: bool, body: Value) -> Reply {
    (
        StatusCode::from_u16(status).unwrap(),
        [("Idempotent-Replayed", if replayed { "true" } else { "false" })],
        Json(body),
    )
}

impl Fake {
    /// One movement with a key: status, whether it was replayed.
    fn book(&mut self, key: &str, account: &str, units: i64) -> (u16, bool) {
        if self.keys.contains_key(key) {
            return (201, true);
        }
        let Some(balance) = self.balances.get_mut(account) else { return (404, false) };
        if *balance + units < 0 {
            return (402, false);
        }
        *balance += units;
        self.keys.insert(key.to_owned(), json!({}));
        (201, false)
    }

    fn debit(&mut self, key: &str, body: &Value) -> (u16, bool) {
        let units = units(body["amount"].as_str().unwrap()).unwrap();
        let (status, replayed) = self.book(key, body["account"].as_str().unwrap(), -units);
        self.debits += 1;
        if self.steal_every > 0 && self.debits.is_multiple_of(self.steal_every) {
            *self.balances.get_mut(body["account"].as_str().unwrap()).unwrap() -= 1;
        }
        let lost = self.lose_every > 0 && self.debits.is_multiple_of(self.lose_every);
        (if lost { 503 } else { status }, replayed)
    }
}

fn key(headers: &HeaderMap) -> String {
    headers["Idempotency-Key"].to_str().unwrap().to_owned()
}

async fn open(State(fake): State<Shared>, Json(body): Json<Value>) -> Reply {
    let id = body["id"].as_str().unwrap().to_owned();
    let mut fake = fake.lock().unwrap();
    let known = fake.balances.contains_key(&id);
    fake.balances.entry(id).or_insert(0);
    reply(if known { 409 } else { 201 }, false, json!({}))
}

async fn grant(State(fake): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Reply {
    let units = units(body["amount"].as_str().unwrap()).unwrap();
    let (status, replayed) = fake.lock().unwrap().book(&key(&headers), body["account"].as_str().unwrap(), units);
    reply(status, replayed, json!({}))
}

async fn debit(State(fake): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Reply {
    assert_eq!(headers["Authorization"], "Bearer sk_test_1");
    let (status, replayed) = fake.lock().unwrap().debit(&key(&headers), &body);
    reply(status, replayed, json!({"title": "fake"}))
}

async fn batch(State(fake): State<Shared>, Json(body): Json<Value>) -> Reply {
    let mut fake = fake.lock().unwrap();
    let one = |item: &Value| json!({"status": fake.debit(item["idempotency_key"].as_str().unwrap(), item).0});
    let results = body["items"].as_array().unwrap().iter().map(one).collect::<Vec<_>>();
    reply(200, false, json!({ "results": results }))
}

async fn balance(State(fake): State<Shared>, Path(id): Path<String>) -> Reply {
    let units = fake.lock().unwrap().balances[&id];
    let balance = ledger::Unit::CREDIT.format_amount(ledger::Amount::from_units(units));
    reply(200, false, json!({"unit": "CREDIT", "balance": balance}))
}

/// Serves the fake on a free port.
async fn serve(fake: Shared) -> String {
    let app = Router::new()
        .route("/v1/accounts", post(open))
        .route("/v1/accounts/{id}/balance", get(balance))
        .route("/v1/grants", post(grant))
        .route("/v1/debits", post(debit))
        .route("/v1/debits/batch", post(batch))
        .with_state(fake);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

#[derive(Debug, Parser)]
#[command(args_override_self = true)]
struct Line {
    #[command(flatten)]
    args: Args,
}

/// Runs `scrip bench` with few accounts and a bound in count, not in time.
async fn bench(url: &str, more: &[&str]) -> Result<Report, Exit> {
    let line = ["bench", "--url", url, "--key", "sk_test_1", "--accounts", "50", "--connections", "4"];
    let bounds = ["--warmup", "0", "--seconds", "600", "--debits", "400"];
    let args = Line::parse_from(line.iter().chain(&bounds).chain(more).copied()).args;
    measure(&args, true).await
}

#[tokio::test]
async fn balances_are_proven() {
    for more in [&[][..], &["--batch", "10"], &["--hot"], &["--hot", "--batch", "8"], &["--rate", "100000"]] {
        let url = serve(Shared::default()).await;
        let report = bench(&url, more).await.unwrap();
        assert_eq!((report.acknowledged, report.refused), (400, 0), "{more:?}");
        let Balance { expected, actual } = report.balance.unwrap();
        assert_eq!(expected, actual, "{more:?}");
        assert_eq!(report.latency_us.len() * report.batch as u64, 400, "{more:?}");
    }
}

#[tokio::test]
async fn a_second_run_reuses_accounts_and_lots() {
    let fake = Shared::default();
    let url = serve(fake.clone()).await;
    bench(&url, &[]).await.unwrap();
    let keys = fake.lock().unwrap().keys.len();
    let report = bench(&url, &[]).await.unwrap();
    let Balance { expected, actual } = report.balance.unwrap();
    assert_eq!(expected, actual);
    assert_eq!(fake.lock().unwrap().keys.len(), keys + 400, "only debits are new");
}

#[tokio::test]
async fn lost_answers_are_settled_with_the_same_key() {
    for more in [&[][..], &["--batch", "10"]] {
        let fake = Shared::default();
        fake.lock().unwrap().lose_every = 37;
        let url = serve(fake).await;
        let report = bench(&url, more).await.unwrap();
        assert_eq!(report.acknowledged, 400, "{more:?}");
        assert!(report.settled >= 5, "{more:?}: {}", report.settled);
        let Balance { expected, actual } = report.balance.unwrap();
        assert_eq!(expected, actual, "{more:?}");
    }
}

#[tokio::test]
async fn a_wrong_balance_is_found() {
    let fake = Shared::default();
    fake.lock().unwrap().steal_every = 200;
    let url = serve(fake).await;
    let Balance { expected, actual } = bench(&url, &[]).await.unwrap().balance.unwrap();
    assert_eq!(expected - actual, 2);
}

#[tokio::test]
async fn the_echo_needs_no_server() {
    for more in [&["--echo"][..], &["--echo", "--batch", "20"]] {
        let report = bench("http://127.0.0.1:1", more).await.unwrap();
        assert_eq!((report.acknowledged, report.balance), (400, None), "{more:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let target = Target::new(&url, "k", false).unwrap();
    let mut connection = connection::Connection::new(target);
    let call = Bodies::new(1, 1, 1).call(0, 0);
    assert!(connection.call(call).await.is_err());
}
