//! `scrip demo`: everything in one process, with sandboxes instead of gateways.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::exit::Exit;

/// Run everything in one process to look at it: API, portal, console, sandbox gateways, seeded accounts
///
/// Makes a temporary data folder (or uses --data), seeds demo accounts for Vietnam, Japan and the United States with
/// history, and prints URLs, sign-in links, API keys and one `curl` that changes a balance. It never touches a real data
/// folder and refuses live gateway keys.
///
/// Example: scrip demo --listen 127.0.0.1:0 --json
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address and port; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Folder to keep the demo in [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Seed of the demo data: the same seed makes the same history
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// When ready, print one JSON line with the URL, keys, accounts and sign-in links
    #[arg(long)]
    pub json: bool,
}

/// Runs the demo until it is interrupted.
pub fn run(_args: Args) -> Result<(), Exit> {
    Err(super::not_wired("demo"))
}
