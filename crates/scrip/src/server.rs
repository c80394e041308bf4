//! A running server: the store, the engine, its jobs and the API, from start to a clean end.
//!
//! Shared by `serve` and `demo`. The end: a first signal makes the server not ready; it goes on for
//! `server.drain_seconds`, so that a load balancer sends new callers elsewhere; then nothing new is accepted, what was
//! accepted is answered, and the database is closed. A second signal ends the process at once, which loses nothing that
//! was acknowledged.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use api::observe::Observe;
use api::problem::Problem;
use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use engine::Engine;
use engine::settings::{LogFormat, Settings};
use mailer::Mailer;
use portal::Pages;
use store::{Clock, Options, PostgresOptions, Store};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::exit::Exit;

/// Exit code after a second signal, as shells say it of one that SIGINT ended.
const ENDED_AT_ONCE: i32 = 130;

/// Opens the database and makes the engine; `clock` in place of the database's own. The second part is a new operator key, when one had to be made.
pub async fn open(settings: Settings, clock: Option<Arc<dyn Clock>>) -> Result<(Engine, Option<String>), Exit> {
    let options = Options {
        queue_length: settings.limits.queue_length,
        cached_accounts: settings.executor.cached_accounts,
        tail_length: settings.executor.fold_lag_max_rows,
        clock,
        postgres: postgres_options(&settings.postgres),
    };
    let opened = Store::open(&settings.database_url.reveal(), options).await;
    let store = opened.map_err(|error| Exit::unavailable(format!("the database: {error}")))?;
    let given = settings.bootstrap_operator_key.clone();
    let engine = Engine::new(store, settings).await.map_err(misconfigured)?;
    let made = engine.keys().bootstrap(&given).await.map_err(misconfigured)?;
    Ok((engine, made))
}

/// Serves on `listener` until the process is told to stop, then ends cleanly.
pub async fn serve(listener: TcpListener, engine: Engine) -> Result<(), Exit> {
    let signals =
        Signals::listen().map_err(|error| Exit::unavailable(format!("cannot listen for signals: {error}")))?;
    serve_until(listener, engine, signals.first()).await
}

/// The same until `told_to_stop`.
async fn serve_until(
    listener: TcpListener,
    engine: Engine,
    told_to_stop: impl Future<Output = ()>,
) -> Result<(), Exit> {
    let mailer = Mailer::new(engine.settings()).map_err(|error| Exit::wrong(error.to_string()))?;
    let store = engine.store().clone();
    let mut jobs = engine::jobs::spawn(&engine);
    jobs.spawn(mailer::run(engine.clone(), mailer));
    let drained = async {
        told_to_stop.await;
        engine.announce_stop();
        let drain_seconds = engine.settings().server.drain_seconds;
        tracing::info!(drain_seconds, "stopping: what was accepted is still answered");
        tokio::time::sleep(Duration::from_secs(drain_seconds)).await;
    };
    let served = api::serve_router(listener, router(&engine), drained).await;
    drop(jobs);
    store.shutdown().await;
    served.map_err(|error| Exit::unavailable(format!("the server stopped: {error}")))
}

/// The API, and the pages beside it. What neither knows is told in the way of whoever asks.
fn router(engine: &Engine) -> Router {
    let pages = Pages::new(engine.clone());
    let routes = api::bare_router(engine.clone()).merge(pages.router());
    let unknown = move |request: Request| async move {
        match Pages::wants_page(&request) {
            true => pages.not_found(request).await,
            false => Problem::not_found("path").into_response(),
        }
    };
    routes.fallback(unknown).layer(Observe::default())
}

/// Listens on an address.
pub async fn listen(address: std::net::SocketAddr) -> Result<TcpListener, Exit> {
    TcpListener::bind(address).await.map_err(|error| {
        Exit::unavailable(format!("cannot listen on {address}: {error}; choose another with --listen or SCRIP_LISTEN"))
    })
}

/// The settings as the store wants them.
pub fn postgres_options(settings: &engine::settings::Postgres) -> PostgresOptions {
    PostgresOptions {
        executors: settings.executors,
        connections: settings.connections,
        prepared_statements: settings.prepared_statements,
        lock_timeout: Duration::from_millis(settings.lock_timeout_ms),
        statement_timeout: Duration::from_millis(settings.statement_timeout_ms),
        commit_timeout: Duration::from_millis(settings.commit_timeout_ms),
        idle_in_transaction_timeout: Duration::from_millis(settings.idle_in_transaction_timeout_ms),
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

/// Ctrl-C and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// From now on they no longer end the process by themselves.
    fn listen() -> io::Result<Signals> {
        Ok(Signals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Ends at the first one; the second one ends the process.
    async fn first(mut self) {
        self.next().await;
        tokio::spawn(async move {
            self.next().await;
            tracing::error!("a second signal: ending at once, requests under way stay unanswered");
            std::process::exit(ENDED_AT_ONCE);
        });
    }
}

#[cfg(test)]
mod tests {
    use engine::settings::DatabaseUrl;
    use tokio::sync::oneshot;

    use super::*;

    /// A server with an address, told to stop by the sender.
    async fn start(
        folder: &tempfile::TempDir,
        drain_seconds: u64,
    ) -> (String, oneshot::Sender<()>, tokio::task::JoinHandle<Result<(), Exit>>) {
        let database_url = DatabaseUrl::Sqlite(folder.path().join("scrip.db"));
        let mut settings = Settings { database_url, ..Settings::default() };
        settings.server.drain_seconds = drain_seconds;
        let (engine, _) = open(settings, None).await.unwrap();
        let listener = listen(([127, 0, 0, 1], 0).into()).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let told = async { drop(stopped.await) };
        (url, stop, tokio::spawn(serve_until(listener, engine, told)))
    }

    async fn get(url: &str, path: &str) -> reqwest::Result<(u16, String)> {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build()?;
        let response = client.get(format!("{url}{path}")).send().await?;
        Ok((response.status().as_u16(), response.text().await?))
    }

    #[tokio::test]
    async fn who_is_told_to_stop_is_not_ready_and_goes_on_for_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let (url, stop, server) = start(&folder, 600).await;
        assert_eq!(get(&url, "/readyz").await.unwrap().0, 200);
        stop.send(()).unwrap();
        let (status, body) = loop {
            let answer = get(&url, "/readyz").await.unwrap();
            if answer.0 != 200 {
                break answer;
            }
        };
        assert!(status == 503 && body.contains("stopping"), "{status} {body}");
        assert_eq!(get(&url, "/healthz").await.unwrap().0, 200);
        assert_eq!(get(&url, "/v1/ledger/trial-balance").await.unwrap().0, 401, "the database is asked for keys");
        server.abort();
    }

    #[tokio::test]
    async fn without_a_drain_it_ends_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let (url, stop, server) = start(&folder, 0).await;
        assert_eq!(get(&url, "/readyz").await.unwrap().0, 200);
        stop.send(()).unwrap();
        assert_eq!(server.await.unwrap(), Ok(()));
        assert!(get(&url, "/healthz").await.is_err());
    }
}
