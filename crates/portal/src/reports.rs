//! What browsers report about pages that broke the policy.
//!
//! Anybody can send anything here, so a report is counted, one a minute is logged in part, and nothing is kept.

use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;

use crate::Portal;

/// Where reports go.
pub const PATH: &str = "/csp-reports";
/// How much of a report is logged, in bytes.
const LOGGED_BYTES: usize = 600;

static LOGGED_AT_S: AtomicI64 = AtomicI64::new(0);

/// `POST /csp-reports`.
pub async fn take(State(portal): State<Portal>, report: Bytes) -> StatusCode {
    metrics::counter!("scrip_csp_reports_total").increment(1);
    let now_s = portal.engine().now().seconds();
    if now_s - LOGGED_AT_S.load(Ordering::Relaxed) >= 60 {
        LOGGED_AT_S.store(now_s, Ordering::Relaxed);
        let report = String::from_utf8_lossy(&report[..report.len().min(LOGGED_BYTES)]);
        tracing::warn!(report = report.escape_debug().to_string(), "a browser refused a part of a page");
    }
    StatusCode::NO_CONTENT
}
