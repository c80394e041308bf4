//! A synchronous standby by streaming replication, and what may happen between it and its primary.
//!
//! ```text
//! let standby = primary.synchronous_standby(until)?;      // from now on every commit waits for it
//! let _frozen = primary.freeze_wal_sender()?;             // now none comes back
//! primary.kill9()?; standby.promote()?;                   // → primary.url_of_either(&standby, "ledger")
//! ```
//!
//! A replication slot keeps the standby from being left behind, and from being fed by a second sender while the first
//! one stands still.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::chown;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::{READY_WITHIN, Server, Settings, USER};
use crate::server::{free_port, signal};
use crate::sh;
use crate::undo::Undo;

/// The slot of the one standby that a primary has here.
const SLOT: &str = "standby";

/// A WAL sender that stands still; it goes on when this is dropped, if it lives.
pub struct Frozen {
    _undo: Undo,
}

impl Server {
    /// Makes a standby and starts it. From then on no commit of this server is answered before the standby has it on
    /// disk.
    pub fn synchronous_standby(&self, until: Instant) -> Result<Server> {
        let folder = tempfile::Builder::new().prefix("scrip-postgres-").tempdir()?.keep();
        let undo = Undo::new(&["rm", "-rf", "--", &folder.to_string_lossy()]);
        let mut standby =
            Server { programs: self.programs.clone(), port: free_port()?, running: None, folder, _folder: undo };
        if let Some((user, group)) = standby.programs.user {
            chown(&standby.folder, Some(user), Some(group))?;
        }
        let mut copy = standby.command("pg_basebackup");
        copy.args(["--dbname", &self.url(), "--create-slot", "--slot", SLOT, "--write-recovery-conf"]);
        copy.args(["--checkpoint=fast", "--wal-method=stream", "--no-sync", "--pgdata"]).arg(standby.data());
        sh::capture(copy, until)?.ok("pg_basebackup")?;
        // Once promoted it has no standby of its own to wait for.
        let own = Settings(Vec::new()).with("port", &standby.port.to_string()).with("synchronous_standby_names", "");
        let mut file = OpenOptions::new().append(true).open(standby.data().join("postgresql.conf"))?;
        write!(file, "\n{}", own.text())?;
        standby.restart()?;
        self.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'")?;
        self.sql("postgres", "SELECT pg_reload_conf()")?;
        let started = Instant::now();
        while self.sql("postgres", "SELECT sync_state FROM pg_stat_replication")? != "sync" {
            ensure!(started.elapsed() < READY_WITHIN, "the standby does not keep up:\n{}", standby.log_tail());
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(standby)
    }

    /// Stops the process that sends to the standby: no commit is answered any more. It stands still when this returns.
    pub fn freeze_wal_sender(&self) -> Result<Frozen> {
        let sender = self.sql("postgres", "SELECT pid FROM pg_stat_replication")?;
        let sender: u32 = sender.parse().with_context(|| format!("not one WAL sender: {sender:?}"))?;
        // Every process of PostgreSQL leads a group of its own.
        signal("-STOP", sender)?;
        let undo = Undo::new(&["kill", "-CONT", "--", &format!("-{sender}")]);
        let started = Instant::now();
        while !stands_still(sender)? {
            ensure!(started.elapsed() < READY_WITHIN, "the WAL sender does not stop");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(Frozen { _undo: undo })
    }

    /// Makes a primary of a standby; returns when it takes writes.
    pub fn promote(&self) -> Result<()> {
        let promoted = self.sql("postgres", &format!("SELECT pg_promote(true, {})", READY_WITHIN.as_secs()))?;
        ensure!(promoted == "t", "the standby was not promoted:\n{}", self.log_tail());
        Ok(())
    }

    /// A database on whichever of the two takes writes.
    pub fn url_of_either(&self, other: &Server, database: &str) -> String {
        let (one, two) = (self.port, other.port);
        format!("postgres://{USER}@127.0.0.1:{one},127.0.0.1:{two}/{database}?target_session_attrs=read-write")
    }
}

fn stands_still(process: u32) -> Result<bool> {
    let output = Command::new("ps").args(["-o", "stat=", "-p", &process.to_string()]).output()?;
    Ok(output.stdout.trim_ascii().starts_with(b"T"))
}
