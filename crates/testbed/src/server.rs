//! A PostgreSQL server, told to create and drop databases.
//!
//! Every call works on a thread with a runtime of its own and waits for it: a caller inside a runtime may neither start
//! another one on its thread nor be asked to be asynchronous in `Drop`.

use std::error::Error as _;
use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

/// How often a template that somebody is connected to is tried; the server itself waits five seconds each time.
const ATTEMPTS: u32 = 6;
/// The database that every server has, for those who create others.
const ADMIN: &str = "postgres";
/// Long beyond any local server's answer to a connection.
const CONNECT_SECONDS: u64 = 20;

/// Says what went wrong, in one line.
type Result<T> = std::result::Result<T, String>;

#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// Without a database and without a slash at its end.
    url: String,
}

impl Server {
    /// Reads `postgres://USER@HOST:PORT`; connects to nothing yet.
    pub(crate) fn new(url: &str) -> Result<Server> {
        let form = "write postgres://USER@HOST:PORT, without a database and without options";
        let url = url.trim_end_matches('/');
        let config: Config = url.parse().map_err(|error: tokio_postgres::Error| describe(&error))?;
        let is_url = url.starts_with("postgres://") || url.starts_with("postgresql://");
        if !is_url || url.contains('?') || config.get_dbname().is_some() || config.get_user().is_none() {
            return Err(form.to_owned());
        }
        Ok(Server { url: url.to_owned() })
    }

    pub(crate) fn url_of(&self, database: &str) -> String {
        format!("{}/{database}", self.url)
    }

    /// Copies `template`, or makes a database as empty as the server has them.
    pub(crate) fn create(&self, name: &str, template: Option<&str>) -> Result<()> {
        let template = template.unwrap_or("template0");
        let sql = format!("CREATE DATABASE {} TEMPLATE {}", quoted(name), quoted(template));
        self.with_client(ADMIN, async |client| {
            for attempt in 1.. {
                match client.batch_execute(&sql).await {
                    Ok(()) => break,
                    Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) && attempt < ATTEMPTS => {}
                    Err(error) => return Err(describe(&error)),
                }
            }
            Ok(())
        })
    }

    /// Drops a database and whoever is connected to it.
    pub(crate) fn drop(&self, name: &str) -> Result<()> {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(name));
        self.with_client(ADMIN, async |client| client.batch_execute(&sql).await.map_err(|error| describe(&error)))
    }

    /// Runs `work` with a connection to `database` that ends afterwards.
    pub(crate) fn with_client<T: Send>(
        &self,
        database: &str,
        work: impl AsyncFnOnce(&Client) -> Result<T> + Send,
    ) -> Result<T> {
        let blocking = || {
            let mut config: Config = self.url_of(database).parse().map_err(|error| describe(&error))?;
            config.connect_timeout(Duration::from_secs(CONNECT_SECONDS));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map_err(|error| error.to_string())?.block_on(async {
                let (client, connection) = config.connect(NoTls).await.map_err(|error| describe(&error))?;
                tokio::spawn(connection);
                work(&client).await
            })
        };
        std::thread::scope(|scope| scope.spawn(blocking).join()).unwrap_or_else(|_| Err("it panicked".to_owned()))
    }
}

/// The driver's own text says only «db error»; what the server said is below it.
fn describe(error: &tokio_postgres::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_without_a_database() {
        // url, accepted
        let table = [
            ("postgres://scrip@127.0.0.1:5432", true),
            ("postgres://scrip@127.0.0.1:5432/", true),
            ("postgresql://scrip:secret@127.0.0.1", true),
            ("postgres://scrip@127.0.0.1:5432/prod", false),
            ("postgres://scrip@127.0.0.1:5432?sslmode=disable", false),
            ("postgres://127.0.0.1:5432", false),
            ("host=127.0.0.1 user=scrip", false),
            ("sqlite:scrip.db", false),
        ];
        for (url, accepted) in table {
            assert_eq!(Server::new(url).is_ok(), accepted, "{url}");
        }
        let server = Server::new("postgres://scrip@127.0.0.1:5432/").unwrap();
        assert_eq!(server.url_of("t_1"), "postgres://scrip@127.0.0.1:5432/t_1");
    }

    #[test]
    fn an_identifier_cannot_end_its_quotes() {
        assert_eq!(quoted("a\"; DROP"), "\"a\"\"; DROP\"");
    }

    #[test]
    fn a_server_that_is_not_there_is_an_error() {
        // Port 1 is reserved, nothing listens there.
        let error = Server::new("postgres://scrip@127.0.0.1:1").unwrap().create("t", None).unwrap_err();
        assert!(error.contains("connect"), "{error}");
    }
}
