//! What `scrip doctor` wants to know of a server. Two questions; nothing is changed.

use tokio_postgres::Client;

use crate::postgres::access::{Access, is_local};
use crate::postgres::schema::from;
use crate::postgres::{OLDEST_SERVER, clock};
use crate::{Clock, StoreError, SystemClock};

/// How a PostgreSQL server is set up, as far as a ledger depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresServer {
    /// Its version, such as 15.8.
    pub version: String,
    /// Whether that is new enough.
    pub is_supported: bool,
    /// Whether it repeats what another server writes, and takes no writes itself.
    pub is_standby: bool,
    /// Whether the connection is encrypted, with the server's certificate checked.
    pub tls: bool,
    /// Whether it is on this machine.
    pub is_local: bool,
    /// Whether a commit waits for the disk.
    pub fsync: bool,
    /// Whether pages that were half written are repaired after a crash.
    pub full_page_writes: bool,
    /// Whether pages that the disk changed are noticed.
    pub data_checksums: bool,
    /// What a commit waits for, in PostgreSQL's words.
    pub synchronous_commit: String,
    /// Standbys that a commit waits for; empty: none.
    pub synchronous_standby_names: String,
    /// How far its clock is ahead of this machine's, in microseconds.
    pub clock_ahead_us: i64,
}

const SETTINGS: &str = "SELECT current_setting('server_version'), current_setting('server_version_num')::int, \
     pg_is_in_recovery(), current_setting('fsync') = 'on', current_setting('full_page_writes') = 'on', \
     current_setting('data_checksums') = 'on', current_setting('synchronous_commit'), \
     current_setting('synchronous_standby_names')";

/// Asks a server.
pub(crate) async fn inspect(url: &str) -> Result<PostgresServer, StoreError> {
    let access = Access::parse(url)?;
    let client = access.connect().await.map_err(from)?.client;
    let clock_ahead_us = clock_ahead_us(&client).await.map_err(from)?;
    let row = client.query_one(SETTINGS, &[]).await.map_err(from)?;
    let found = || {
        Ok(PostgresServer {
            version: row.try_get(0)?,
            is_supported: row.try_get::<_, i32>(1)? >= OLDEST_SERVER,
            is_standby: row.try_get(2)?,
            tls: access.tls.is_some(),
            is_local: is_local(&access.config),
            fsync: row.try_get(3)?,
            full_page_writes: row.try_get(4)?,
            data_checksums: row.try_get(5)?,
            synchronous_commit: row.try_get(6)?,
            synchronous_standby_names: row.try_get(7)?,
            clock_ahead_us,
        })
    };
    found().map_err(from)
}

/// Its answer belongs to the middle between question and answer.
async fn clock_ahead_us(client: &Client) -> Result<i64, tokio_postgres::Error> {
    let asked = SystemClock.now().micros();
    let theirs: i64 = client.query_one(clock::NOW, &[]).await?.try_get(0)?;
    let answered = SystemClock.now().micros();
    Ok(theirs - (asked + answered) / 2)
}
