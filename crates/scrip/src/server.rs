//! A running server: the store, the engine, its jobs and the API, from start to a clean end.
//!
//! Shared by `serve` and `demo`. At the end nothing new is accepted, what was accepted is answered, then the database is
//! closed.

use std::sync::Arc;
use std::time::Duration;

use engine::Engine;
use engine::settings::{DatabaseUrl, LogFormat, Settings};
use store::{Clock, Options, Store};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::exit::Exit;

/// Pause between two rounds of asking gateways about open payments.
const RECONCILE_PAUSE: Duration = Duration::from_secs(10);

/// Opens the database and makes the engine. The second part is a new operator key, when one had to be made.
pub async fn open(settings: Settings, clock: Arc<dyn Clock>) -> Result<(Engine, Option<String>), Exit> {
    let url = sqlite_url(&settings.database_url)?;
    let options = Options {
        queue_length: settings.limits.queue_length,
        cached_accounts: settings.executor.cached_accounts,
        tail_length: settings.executor.fold_lag_max_rows,
        clock,
    };
    let store = Store::open(&url, options).await.map_err(|error| Exit::unavailable(format!("{url}: {error}")))?;
    let given = settings.bootstrap_operator_key.clone();
    let engine = Engine::new(store, settings).await.map_err(misconfigured)?;
    let made = engine.keys().bootstrap(&given).await.map_err(misconfigured)?;
    Ok((engine, made))
}

/// Serves on `listener` until the process is told to stop, then ends cleanly.
pub async fn serve(listener: TcpListener, engine: Engine) -> Result<(), Exit> {
    let store = engine.store().clone();
    let sweep = engine::sweep::spawn(engine.clone());
    let reconcile = tokio::spawn(engine::topups::run(engine.clone(), RECONCILE_PAUSE));
    let served = api::serve(listener, engine, stop_signal()).await;
    sweep.abort();
    reconcile.abort();
    store.shutdown().await;
    served.map_err(|error| Exit::unavailable(format!("the server stopped: {error}")))
}

/// Listens on an address.
pub async fn listen(address: std::net::SocketAddr) -> Result<TcpListener, Exit> {
    TcpListener::bind(address).await.map_err(|error| {
        Exit::unavailable(format!("cannot listen on {address}: {error}; choose another with --listen or SCRIP_LISTEN"))
    })
}

/// The database as the store wants it said.
pub fn sqlite_url(url: &DatabaseUrl) -> Result<String, Exit> {
    match url {
        DatabaseUrl::Sqlite(path) => Ok(format!("sqlite:{}", path.display())),
        DatabaseUrl::Postgres(_) => {
            Err(Exit::usage("database_url: PostgreSQL is not in this build yet; use sqlite:PATH"))
        }
    }
}

/// Logs to standard error, as configured.
pub fn start_logs(settings: &Settings) -> Result<(), Exit> {
    let filter = EnvFilter::try_new(&settings.log.level).map_err(|error| {
        Exit::wrong(format!("log.level: {error}; write info, or directives such as info,engine=debug"))
    })?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A log that cannot be written (its disk is full) must not break an answer.
    let logs = logs.log_internal_errors(false);
    // A second start in one process (tests) keeps the first.
    let _ = match settings.log.format {
        LogFormat::Text => logs.try_init(),
        LogFormat::Json => logs.json().try_init(),
    };
    Ok(())
}

fn misconfigured(error: engine::Error) -> Exit {
    match error {
        engine::Error::Misconfigured(_) => Exit::wrong(error.to_string()),
        _ => Exit::unavailable(error.to_string()),
    }
}

/// Ends at Ctrl-C or SIGTERM.
async fn stop_signal() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(error) => {
            tracing::warn!(%error, "SIGTERM cannot be heard; only Ctrl-C stops the server cleanly");
            let _ = tokio::signal::ctrl_c().await;
            return;
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping: what was accepted is still answered");
}
