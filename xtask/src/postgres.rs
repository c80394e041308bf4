//! A private PostgreSQL server: its own data in a temporary folder, its own port, gone when its value is.
//!
//! It listens on 127.0.0.1 only and asks for no password, so it may hold nothing but test data. PostgreSQL refuses to run
//! as root: root runs it as another user, to whom the folder is given. There is no Unix socket, because the path of one
//! may be no longer than about a hundred bytes, which a temporary folder is not sure to keep.
//!
//! ```text
//! let Some(mut server) = Server::start(&Settings::durable(), until)? else { return skipped(MISSING) };
//! server.create_database("ledger")?;                 // → server.url_of("ledger")
//! server.kill9()?; server.restart()?;                // as after a power cut; ready again when it returns
//! server.stop()?;  server.restart()?;                // a clean end; dropping it ends it at once and removes the data
//! ```
//!
//! Cost: `initdb` takes one or two seconds and 40 MB. Everything here blocks; none of it needs a runtime.

mod programs;
mod standby;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::server::{free_port, signal};
use crate::sh;
use crate::undo::Undo;
pub use programs::MISSING;
use programs::Programs;

/// The superuser of every server here.
const USER: &str = "scrip";
/// Recovery after a kill replays at most a few gigabytes.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// A shutdown waits for a checkpoint at most.
const STOPPED_WITHIN: Duration = Duration::from_secs(60);

/// Lines of `postgresql.conf`, later ones win.
#[derive(Clone, Debug)]
pub struct Settings(Vec<(String, String)>);

impl Settings {
    /// What PostgreSQL ships, with room for many connections: a commit is on the disk.
    pub fn durable() -> Self {
        Settings(Vec::new()).with("shared_buffers", "256MB").with("max_connections", "300")
    }

    /// Flushes nothing. Data survives [`Server::kill9`], but not the machine.
    pub fn fast() -> Self {
        Settings::durable().with("fsync", "off").with("synchronous_commit", "off").with("full_page_writes", "off")
    }

    /// One more line, or another value for one that is there.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    fn text(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name} = '{}'\n", value.replace('\'', "''"))).collect()
    }
}

/// A server, running or not. Dropping it stops it and removes its data.
pub struct Server {
    programs: Programs,
    port: u16,
    running: Option<Running>,
    /// Holds `data` and `server.log`; removed after everything above has ended.
    folder: PathBuf,
    _folder: Undo,
}

struct Running {
    /// The postmaster.
    child: Child,
    /// For a run that is interrupted.
    undo: Undo,
}

impl Server {
    /// Starts a new one and waits until it is ready. `None` when PostgreSQL is not there and cannot be installed; say
    /// [`MISSING`] then.
    pub fn start(settings: &Settings, until: Instant) -> Result<Option<Self>> {
        let Some(programs) = Programs::find_or_install(until)? else { return Ok(None) };
        let mut server = Server::prepare(programs, settings, until)?;
        server.restart()?;
        Ok(Some(server))
    }

    /// Makes the folder and the data in it.
    fn prepare(programs: Programs, settings: &Settings, until: Instant) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("scrip-postgres-").tempdir()?.keep();
        let undo = Undo::new(&["rm", "-rf", "--", &folder.to_string_lossy()]);
        let server = Server { programs, port: free_port()?, running: None, folder, _folder: undo };
        if let Some((user, group)) = server.programs.user {
            chown(&server.folder, Some(user), Some(group))?;
        }
        let mut initdb = server.command("initdb");
        initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--data-checksums", "--no-sync"]);
        initdb.args(["--username", USER, "--pgdata"]).arg(server.data());
        sh::capture(initdb, until)?.ok("initdb")?;
        let place = Settings(Vec::new())
            .with("listen_addresses", "127.0.0.1")
            .with("port", &server.port.to_string())
            .with("unix_socket_directories", "");
        let mut file = OpenOptions::new().append(true).open(server.data().join("postgresql.conf"))?;
        write!(file, "\n{}{}", settings.text(), place.text())?;
        Ok(server)
    }

    /// `postgres://USER@127.0.0.1:PORT`, without a database.
    pub fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}", self.port)
    }

    /// The same with a database.
    pub fn url_of(&self, database: &str) -> String {
        format!("{}/{database}", self.url())
    }

    /// Makes an empty database.
    pub fn create_database(&self, name: &str) -> Result<()> {
        self.sql("postgres", &format!("CREATE DATABASE \"{name}\"")).map(drop)
    }

    /// Runs SQL as the superuser; gives back the rows as lines, with `|` between columns.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String> {
        let mut psql = self.command("psql");
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]);
        psql.args(["--dbname", &self.url_of(database), "--command", sql]);
        Ok(sh::capture(psql, Instant::now() + READY_WITHIN)?.ok(sql)?.trim_end().to_owned())
    }

    /// Starts it again on the same data and port, after [`Server::stop`] or [`Server::kill9`]. Returns when it takes
    /// connections, which is after recovery.
    pub fn restart(&mut self) -> Result<()> {
        ensure!(self.running.is_none(), "PostgreSQL runs already");
        let log = OpenOptions::new().create(true).append(true).open(self.log())?;
        let mut postgres = self.command("postgres");
        postgres.arg("-D").arg(self.data()).stdout(log.try_clone()?).stderr(log).process_group(0);
        let mut child = postgres.spawn().context("cannot start PostgreSQL")?;
        let undo = Undo::new(&["kill", "-QUIT", &child.id().to_string()]);
        let started = Instant::now();
        let ready = loop {
            if self.says_ready(child.id()) {
                break Ok(());
            }
            if let Some(status) = child.try_wait()? {
                undo.forget();
                bail!("PostgreSQL ended with {status} instead of getting ready:\n{}", self.log_tail());
            }
            if started.elapsed() > READY_WITHIN {
                break Err(anyhow!("PostgreSQL is not ready after {READY_WITHIN:?}:\n{}", self.log_tail()));
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        self.running = Some(Running { child, undo });
        ready
    }

    /// Ends it cleanly: transactions are aborted, everything is flushed.
    pub fn stop(&mut self) -> Result<()> {
        self.end("-INT")
    }

    /// `kill -9` for the postmaster and all of its processes at once, as a power cut ends them. Nothing of it runs any
    /// more when this returns.
    pub fn kill9(&mut self) -> Result<()> {
        let Some(Running { mut child, undo }) = self.running.take() else { return Ok(()) };
        let postmaster = child.id();
        // Standing still, it neither starts another one nor notices that one has died.
        signal("-STOP", postmaster)?;
        let children: Vec<u32> =
            processes()?.iter().filter(|other| other.parent == postmaster).map(|other| other.id).collect();
        let ids: Vec<String> = children.iter().chain([&postmaster]).map(u32::to_string).collect();
        let killed = Command::new("kill").arg("-KILL").args(&ids).status()?;
        undo.forget();
        child.wait()?;
        ensure!(killed.success(), "cannot kill the processes of PostgreSQL");
        let started = Instant::now();
        // Until the last one is gone, the shared memory counts as used and a restart is refused.
        while processes()?.iter().any(|other| !other.is_zombie && children.contains(&other.id)) {
            ensure!(started.elapsed() < STOPPED_WITHIN, "processes of PostgreSQL survive kill -9");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// The last lines of what the server wrote.
    pub fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    /// Sends `-INT` (clean) or `-QUIT` (at once; the next start recovers) and waits; what does not end is killed.
    fn end(&mut self, name: &str) -> Result<()> {
        let Some(running) = &mut self.running else { return Ok(()) };
        if running.child.try_wait()?.is_none() {
            signal(name, running.child.id())?;
        }
        let started = Instant::now();
        while running.child.try_wait()?.is_none() {
            if started.elapsed() > STOPPED_WITHIN {
                self.kill9()?;
                bail!("PostgreSQL did not end in {STOPPED_WITHIN:?} and was killed:\n{}", self.log_tail());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        running.undo.forget();
        self.running = None;
        Ok(())
    }

    /// The postmaster writes how it stands into the eighth line of its file, below its number in the first.
    fn says_ready(&self, postmaster: u32) -> bool {
        let text = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let mut lines = text.lines().map(str::trim);
        lines.next() == Some(&postmaster.to_string()) && matches!(lines.nth(6), Some("ready" | "standby"))
    }

    /// One of PostgreSQL's programs, as the user who may run it, on nothing but what it is told.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.folder.join(program));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("LC_ALL", "C").env("TZ", "UTC").current_dir(&self.folder).stdin(Stdio::null());
        if let Some((user, group)) = self.programs.user {
            command.uid(user).gid(group);
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.end("-QUIT").is_err() {
            let _ = self.kill9();
        }
    }
}

struct Process {
    id: u32,
    parent: u32,
    /// Dead, and not yet asked for by its parent.
    is_zombie: bool,
}

/// All processes of this machine.
fn processes() -> Result<Vec<Process>> {
    let output = Command::new("ps").args(["-A", "-o", "pid=,ppid=,stat="]).output().context("cannot start ps")?;
    ensure!(output.status.success(), "ps ended with {}", output.status);
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let (id, parent) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some(Process { id, parent, is_zombie: words.next()?.starts_with('Z') })
    };
    Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(line).collect())
}

#[cfg(test)]
mod tests;
