//! The server as a black box: an installation in a folder, started, killed and started again.
//!
//! Ports are below 32768: a client that retries a dead port above may connect to itself and keep the port, so that the
//! server cannot come back. Every process runs in a group of its own and ends with the value that stands for it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::client::Api;
use crate::sh;
use crate::undo::Undo;

/// The operator key of every installation here.
const OPERATOR_KEY: &str = "sk_test_soak000000_0123456789abcdefghijklmnopqrstuvwxyz";

/// The database of an installation that is not told another one, in its folder.
const SQLITE_FILE: &str = "scrip.db";

/// Whether the debug binary is used: a check of a change has it nearly built, and two cores have 25 minutes.
static DEBUG: AtomicBool = AtomicBool::new(false);

/// From now on the debug binary is used.
pub fn use_debug_binary() {
    DEBUG.store(true, Ordering::Relaxed);
}

/// The release binary, or the debug one after [`use_debug_binary`]. `XTASK_SCRIP` names another one.
pub fn binary() -> Result<PathBuf> {
    let target = || std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| sh::root().join("target"), PathBuf::from);
    let debug = DEBUG.load(Ordering::Relaxed);
    let (place, build) =
        if debug { ("debug/scrip", "cargo build") } else { ("release/scrip", "cargo build --release") };
    let path = std::env::var_os("XTASK_SCRIP").map_or_else(|| target().join(place), PathBuf::from);
    ensure!(path.is_file(), "{} is not there: run `{build}` first", path.display());
    Ok(path)
}

/// `program` without the settings that happen to be in the environment.
fn clean(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"SCRIP_")) {
        command.env_remove(name);
    }
    command
}

/// The binary with `args`, on nothing but what they say.
pub fn scrip(args: &[&str]) -> Result<Command> {
    let mut command = clean(binary()?);
    command.args(args);
    Ok(command)
}

/// A database, a port and a key. Nothing runs until [`Installation::start`]. Several on one PostgreSQL database are its
/// nodes.
pub struct Installation {
    folder: PathBuf,
    log: PathBuf,
    port: u16,
    database_url: String,
    variables: Vec<(String, String)>,
}

impl Installation {
    /// On a SQLite file in `folder`, which exists.
    pub fn new(folder: &Path) -> Result<Self> {
        Installation::logging_to(folder, folder.join("server.log"))
    }

    /// The same with what the server says in another place.
    pub fn logging_to(folder: &Path, log: PathBuf) -> Result<Self> {
        Installation::on(folder, log, sqlite_url(&folder.join(SQLITE_FILE)))
    }

    /// A node on a database that others may share. Its log is in `folder`, which exists, under its name.
    pub fn node(folder: &Path, name: &str, database_url: &str) -> Result<Self> {
        Installation::on(folder, folder.join(format!("{name}.log")), database_url.to_owned())
    }

    fn on(folder: &Path, log: PathBuf, database_url: String) -> Result<Self> {
        let variables = Vec::new();
        Ok(Installation { folder: folder.to_owned(), log, port: free_port()?, database_url, variables })
    }

    /// With one more `SCRIP_…` variable.
    pub fn with(mut self, variable: &str, value: &str) -> Self {
        self.variables.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// The SQLite file, when it is on one.
    pub fn database(&self) -> PathBuf {
        self.folder.join(SQLITE_FILE)
    }

    /// A caller with the operator key.
    pub fn api(&self) -> Result<Api> {
        Api::new(&format!("http://127.0.0.1:{}", self.port), OPERATOR_KEY)
    }

    /// Starts the server and waits until it is ready, at most `patience`.
    pub async fn start(&self, patience: Duration) -> Result<Server> {
        self.start_under(&[], patience).await
    }

    /// The same, as an argument of another program such as `strace`.
    pub async fn start_under(&self, wrapper: &[String], patience: Duration) -> Result<Server> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log)?;
        let binary = binary()?.into_os_string();
        let mut words = wrapper.iter().map(Into::into).chain([binary]);
        self.wait_until_free()?;
        let mut command = clean(words.next().context("no program")?);
        command.args(words).arg("serve");
        command.env("SCRIP_LISTEN", format!("127.0.0.1:{}", self.port));
        command.env("NO_COLOR", "1").env("SCRIP_DATABASE_URL", &self.database_url);
        command.env("SCRIP_BOOTSTRAP_OPERATOR_KEY", OPERATOR_KEY);
        command.envs(self.variables.iter().map(|(variable, value)| (variable, value)));
        command.current_dir(&self.folder).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0);
        let mut server = Server::new(command.spawn().context("cannot start the server")?);
        let api = self.api()?;
        let started = Instant::now();
        loop {
            if api.get("/readyz").await.is_ok_and(|answer| answer.status == 200) {
                return Ok(server);
            }
            ensure!(!server.has_ended()?, "the server ended instead of getting ready:\n{}", self.log_tail());
            ensure!(started.elapsed() < patience, "not ready after {patience:?}:\n{}", self.log_tail());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// `scrip verify` on this database: what it printed, and whether it found all in order.
    pub fn verify(&self) -> Result<String> {
        verified(&self.database_url)
    }

    /// The last lines of what the server wrote.
    pub fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}

/// How a SQLite file is named to the server.
pub fn sqlite_url(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

/// What `scrip verify` printed of a database in which it found all in order; anything else is an error.
pub fn verified(database_url: &str) -> Result<String> {
    verify(database_url)?.map_err(|difference| anyhow::anyhow!("`scrip verify` found a difference:\n{difference}"))
}

/// `scrip verify` on a database: `Ok` with its line of totals at exit code 0, `Err` with the difference at exit code 1.
/// Any other end is an error of the outer kind.
pub fn verify(database_url: &str) -> Result<Result<String, String>> {
    let verify = scrip(&["verify", "--database", database_url])?;
    let output = sh::capture(verify, Instant::now() + Duration::from_secs(600))?;
    match output.status.code() {
        Some(0) => Ok(Ok(output.text)),
        Some(1) => Ok(Err(output.text)),
        _ => bail!("`scrip verify` ended with {}:\n{}", output.status, output.text),
    }
}

/// A running server. Dropping it kills it and all that it started, as `kill -9` does.
pub struct Server {
    child: Child,
    undo: Option<Undo>,
}

impl Server {
    fn new(child: Child) -> Self {
        let undo = Some(Undo::kill(child.id()));
        Server { child, undo }
    }

    /// `kill -9` for the process and all that it started.
    pub fn kill(&mut self) -> Result<()> {
        drop(self.undo.take());
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end (`SIGTERM`) and waits until it has, at most `patience`.
    pub fn stop(&mut self, patience: Duration) -> Result<()> {
        signal("-TERM", self.child.id())?;
        let started = Instant::now();
        while !self.has_ended()? {
            ensure!(started.elapsed() < patience, "the server did not end in {patience:?} after SIGTERM");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Stops it where it is (`SIGSTOP`): it keeps what it has open, and does nothing.
    pub fn freeze(&self) -> Result<()> {
        signal("-STOP", self.child.id())
    }

    /// Lets it go on after [`Server::freeze`].
    pub fn resume(&self) -> Result<()> {
        signal("-CONT", self.child.id())
    }

    /// How it stands, for an error: that it runs, or by what it ended.
    pub fn fate(&mut self) -> String {
        match self.child.try_wait() {
            Ok(None) => "the server runs".to_owned(),
            Ok(Some(status)) => format!("the server ended: {status}"),
            Err(error) => format!("the server cannot be asked: {error}"),
        }
    }

    /// Whether the process is gone; its number may then be another's, so nothing is sent to it any more.
    fn has_ended(&mut self) -> Result<bool> {
        let ended = self.child.try_wait()?.is_some();
        if let Some(undo) = self.undo.take_if(|_| ended) {
            undo.forget();
        }
        Ok(ended)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.has_ended(), Ok(false)) {
            let _ = self.kill();
        }
    }
}

/// Sends a signal such as `-TERM` to a process group that this program started.
pub fn signal(name: &str, group: u32) -> Result<()> {
    let status = Command::new("kill").args([name, "--", &format!("-{group}")]).status()?;
    ensure!(status.success(), "cannot send {name} to process group {group}");
    Ok(())
}

/// `scrip demo` in a folder, and the JSON line it prints when it is ready.
pub struct Demo {
    /// `url`, `operator_key`, `accounts` … as the contract has them.
    pub facts: Value,
    _server: Server,
}

impl Demo {
    /// Starts it on a free port with its data in `folder`.
    pub fn start(folder: &Path) -> Result<Self> {
        let data = folder.join("demo");
        let log = File::create(folder.join("demo.log"))?;
        let listen = format!("127.0.0.1:{}", free_port()?);
        let mut command = scrip(&["demo", "--json", "--listen", &listen, "--data"])?;
        command.arg(&data);
        command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).process_group(0);
        let mut child = command.spawn().context("cannot start the demo")?;
        let stdout = child.stdout.take().context("no standard output")?;
        let server = Server::new(child);
        let mut line = String::new();
        let mut lines = BufReader::new(stdout);
        lines.read_line(&mut line)?;
        let log = || std::fs::read_to_string(folder.join("demo.log")).unwrap_or_default();
        let facts = serde_json::from_str(&line).with_context(|| format!("the demo printed {line:?}\n{}", log()))?;
        // Keeps the pipe empty, so that the demo never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Ok(Demo { facts, _server: server })
    }

    /// A text among the facts.
    pub fn text(&self, name: &str) -> Result<&str> {
        self.facts[name].as_str().with_context(|| format!("the demo's line has no {name}"))
    }

    /// A caller with the operator key.
    pub fn api(&self) -> Result<Api> {
        Api::new(self.text("url")?, self.text("operator_key")?)
    }
}

impl Installation {
    /// A server that was traced may end a moment after its tracer, and holds the port until then.
    fn wait_until_free(&self) -> Result<()> {
        let started = Instant::now();
        while TcpListener::bind(("127.0.0.1", self.port)).is_err() {
            ensure!(started.elapsed() < Duration::from_secs(5), "port {} stays taken", self.port);
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

/// A port below 32768 on which nothing listens now, and which was not given away before: many listen only later.
pub fn free_port() -> Result<u16> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..200 {
        let port = rand::random_range(20_000..32_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() && given.insert(port) {
            return Ok(port);
        }
    }
    bail!("no free port between 20000 and 32000 on 127.0.0.1")
}
