//! What a test needs of a database: one of its own, on the engine that the environment names.
//!
//! | variable | meaning |
//! |---|---|
//! | `SCRIP_TEST_POSTGRES` | `postgres://USER@HOST:PORT`, a server on which USER may create databases; unset: SQLite |
//! | `SCRIP_TEST_TEMPLATE` | a migrated database on that server, cloned for each test; unset: tests migrate their own |
//!
//! A test is written once and runs on both engines; `cargo xtask test` runs it twice. A test about one engine alone asks
//! [`Database::is_postgres`] and returns. Invariants: no two values share a database, and a database ends with its value.
//! Deliberately absent: anything of the project's own crates, so that each of them can be tested with this one.
//!
//! Cost: a folder on SQLite; on PostgreSQL a connection and a copy of the template, some hundredths of a second.

mod server;

use std::path::{Path, PathBuf};

use server::Server;
use tempfile::TempDir;

/// The server that tests use; unset or empty: SQLite.
pub const POSTGRES_VARIABLE: &str = "SCRIP_TEST_POSTGRES";
/// The database on that server which tests clone; unset or empty: none.
pub const TEMPLATE_VARIABLE: &str = "SCRIP_TEST_TEMPLATE";

/// A database of one test. Dropping it removes it, whoever is still connected.
///
/// All that happens here blocks, and may be called inside and outside of an asynchronous runtime.
#[derive(Debug)]
pub struct Database(Place);

#[derive(Debug)]
enum Place {
    /// The folder is removed when it is dropped.
    Sqlite {
        path: PathBuf,
        _folder: TempDir,
    },
    Postgres {
        server: Server,
        name: String,
    },
}

impl Database {
    /// Migrated if the environment names a template, else [`Database::empty`].
    ///
    /// # Panics
    /// When it cannot be made; the message says what to look at.
    pub fn new() -> Database {
        Database::from_template(variable(TEMPLATE_VARIABLE).as_deref())
    }

    /// Without any tables; on SQLite not even the file is there.
    ///
    /// # Panics
    /// When it cannot be made; the message says what to look at.
    pub fn empty() -> Database {
        Database::from_template(None)
    }

    fn from_template(template: Option<&str>) -> Database {
        let Some(url) = variable(POSTGRES_VARIABLE) else { return Database::sqlite() };
        let server = Server::new(&url).unwrap_or_else(|error| panic!("{POSTGRES_VARIABLE}={url}: {error}"));
        let name = format!("t_{:032x}", rand::random::<u128>());
        if let Err(error) = server.create(&name, template) {
            panic!("{POSTGRES_VARIABLE}={url}: cannot make the database {name} from {template:?}: {error}");
        }
        Database(Place::Postgres { server, name })
    }

    fn sqlite() -> Database {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        Database(Place::Sqlite { path: folder.path().join("scrip.db"), _folder: folder })
    }

    /// Where it is, in the form that a store takes: `sqlite:PATH` or `postgres://USER@HOST:PORT/NAME`.
    pub fn url(&self) -> String {
        match &self.0 {
            Place::Sqlite { path, .. } => format!("sqlite:{}", path.display()),
            Place::Postgres { server, name } => server.url_of(name),
        }
    }

    /// Whether it is on a PostgreSQL server.
    pub fn is_postgres(&self) -> bool {
        matches!(self.0, Place::Postgres { .. })
    }

    /// The file, which may not be there yet; `None` on PostgreSQL.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Place::Sqlite { path, .. } => Some(path),
            Place::Postgres { .. } => None,
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Database::new()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Place::Postgres { server, name } = &self.0
            && let Err(error) = server.drop(name)
        {
            eprintln!("the database {name} stays behind: {error}");
        }
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests;
