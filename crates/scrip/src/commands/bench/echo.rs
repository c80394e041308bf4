//! The yardstick: a bare handler that reads the same JSON and writes it back, in its own runtime.
//!
//! No authentication, no ledger, no disk: what HTTP and JSON alone cost on this machine.

use std::net::SocketAddr;

use axum::routing::post;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::exit::Exit;

/// The fields of a debit, as the API reads them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DebitRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<String>,
    account: String,
    amount: String,
    service: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on_insufficient: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Batch {
    items: Vec<DebitRequest>,
}

#[derive(Debug, Serialize)]
struct Results {
    results: Vec<Item>,
}

#[derive(Debug, Serialize)]
struct Item {
    status: u16,
    #[serde(flatten)]
    debit: DebitRequest,
}

async fn debit(Json(request): Json<DebitRequest>) -> Json<DebitRequest> {
    Json(request)
}

async fn batch(Json(batch): Json<Batch>) -> Json<Results> {
    Json(Results { results: batch.items.into_iter().map(|debit| Item { status: 201, debit }).collect() })
}

/// Starts the echo on a free port of this machine; it lives as long as the process.
pub fn start() -> Result<SocketAddr, Exit> {
    let cannot = |error: std::io::Error| Exit::unavailable(format!("cannot start the echo: {error}"));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(cannot)?;
    listener.set_nonblocking(true).map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(cannot)?;
    let serve = move || runtime.block_on(serve(listener));
    std::thread::Builder::new().name("echo".to_owned()).spawn(serve).map_err(cannot)?;
    Ok(address)
}

async fn serve(listener: std::net::TcpListener) -> std::io::Result<()> {
    let app = Router::new().route("/v1/debits", post(debit)).route("/v1/debits/batch", post(batch));
    let listener = tokio::net::TcpListener::from_std(listener)?;
    axum::serve(listener.tap_io(|stream| drop(stream.set_nodelay(true))), app).await
}
