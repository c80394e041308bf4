//! One module per command. Each has `Args` (what the command line says, with a help that teaches) and `run`.

pub mod admin;
pub mod bench;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod migrate;
pub mod replay;
pub mod serve;
pub mod trigger;
pub mod verify;

use engine::settings::DatabaseUrl;

use crate::exit::Exit;

/// A runtime for commands that talk over HTTP. Errors: exit 7 when the system gives no threads.
fn runtime() -> Result<tokio::runtime::Runtime, Exit> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|error| Exit::unavailable(format!("cannot start the runtime: {error}")))
}

/// The database that an option names. A text that is no URL is not shown: it may hold a password. Errors: exit 2.
fn database(option: &str, url: &str) -> Result<DatabaseUrl, Exit> {
    url.parse().map_err(|error| Exit::usage(format!("{option} {error}")))
}
