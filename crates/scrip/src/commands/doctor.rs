//! `scrip doctor`: is this installation healthy?

mod gateways;
mod mail;
mod running;

use std::path::Path;

use engine::settings::{DatabaseUrl, Environment, Settings};
use serde_json::json;
use store::{Clock, PostgresServer, SystemClock};

use super::config::FileArgs;
use crate::exit::Exit;
use crate::{config, output};

/// Clocks of a node and its database that differ by more are not kept, in microseconds.
const CLOCKS_APART_MAX_US: u64 = 5_000_000;

/// Check the health of an installation: settings, database, disk, clock, gateways, mail
///
/// Prints one line per check with what to do about each that fails; exit 1 when one does. A note is advice. With
/// PostgreSQL it looks at the server, too: version, TLS, what makes a commit durable, standbys, clock. With --url it asks
/// the running server about its gateways: notices, and with --key compared days and money that does not match. It changes
/// nothing and sends no letter.
///
/// Example: scrip doctor --config /etc/scrip.toml --json
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub file: FileArgs,
    /// Address of the running server, to be asked too
    #[arg(long, env = "SCRIP_URL", hide_env_values = true)]
    pub url: Option<String>,
    /// Operator key (sk_…) for what only operators may ask
    #[arg(long, env = "SCRIP_KEY", hide_env_values = true)]
    pub key: Option<String>,
    /// Print the checks as JSON
    #[arg(long)]
    pub json: bool,
}

/// One check: what was looked at, how it is, what was found and what to do.
struct Check {
    name: &'static str,
    state: State,
    said: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Well,
    /// Works, and could be better.
    Note,
    Failed,
}

impl State {
    const fn mark(self) -> &'static str {
        match self {
            State::Well => "ok",
            State::Note => "note",
            State::Failed => "FAILED",
        }
    }
}

impl Check {
    fn new(name: &'static str, state: State, said: impl Into<String>) -> Self {
        Check { name, state, said: said.into() }
    }

    /// Well or failed.
    fn test(name: &'static str, well: bool, said: impl Into<String>) -> Self {
        Check::new(name, if well { State::Well } else { State::Failed }, said)
    }
}

/// Runs every check.
pub fn run(args: Args) -> Result<(), Exit> {
    let loaded = config::load_process(args.file.config.as_deref());
    let checks = match &loaded {
        Ok(loaded) => {
            let mut checks = vec![Check::test("settings", true, "read, no mistakes")];
            checks.extend(match &loaded.settings.database_url {
                DatabaseUrl::Sqlite(path) => sqlite(path),
                url @ DatabaseUrl::Postgres(_) => postgres(&url.reveal()),
            });
            checks.push(clock());
            checks.extend(gateways::checks(&loaded.settings));
            checks.push(public_url(&loaded.settings));
            checks.push(super::runtime()?.block_on(mail::check(&loaded.settings)));
            if let Some(url) = &args.url {
                let asked = running::checks(url, args.key.as_deref(), &loaded.settings);
                checks.extend(super::runtime()?.block_on(asked));
            }
            checks
        }
        Err(exit) => vec![Check::test("settings", false, exit.message.clone())],
    };
    let failed = checks.iter().filter(|check| check.state == State::Failed).count();
    if args.json {
        let to_json = |check: &Check| {
            let (ok, state) = (check.state != State::Failed, check.state.mark().to_lowercase());
            json!({"check": check.name, "ok": ok, "state": state, "detail": check.said})
        };
        output::json(&json!({"ok": failed == 0, "checks": checks.iter().map(to_json).collect::<Vec<_>>()}));
    } else {
        let row = |check: &Check| vec![check.state.mark().to_owned(), check.name.to_owned(), check.said.clone()];
        output::line(output::table(&["", "check", "found"], &checks.iter().map(row).collect::<Vec<_>>(), &[]));
    }
    match failed {
        0 => Ok(()),
        count => Err(Exit::wrong(format!("{count} of {} checks failed; see what each says to do", checks.len()))),
    }
}

/// The file, its schema, and room on its disk.
fn sqlite(path: &Path) -> Vec<Check> {
    let shown = path.display();
    if !path.exists() {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let writable = tempfile::tempfile_in(folder);
        let said = match &writable {
            Ok(_) => format!("{shown} does not exist yet; scrip serve makes it"),
            Err(error) => format!("cannot write in {}: {error}; make the folder or change its owner", folder.display()),
        };
        return vec![Check::test("database", writable.is_ok(), said)];
    }
    let size = std::fs::metadata(path).map_or(0, |file| file.len());
    let said = format!("{shown}, {} bytes; prove it with scrip verify", output::grouped(size));
    vec![Check::test("database", true, said), schema(&format!("sqlite:{shown}"))]
}

fn schema(url: &str) -> Check {
    match store::missing_migrations(url) {
        Ok(missing) if missing.is_empty() => Check::test("schema", true, "current"),
        Ok(missing) => Check::test("schema", false, format!("missing: {}; run scrip migrate", missing.join(", "))),
        Err(error) => Check::test("schema", false, error.to_string()),
    }
}

/// The server, and whether it keeps what it has acknowledged.
fn postgres(url: &str) -> Vec<Check> {
    let server = match store::inspect(url) {
        Ok(server) => server,
        Err(error) => return vec![Check::test("database", false, format!("{error}; check database_url"))],
    };
    let version = if server.is_supported { "" } else { " is too old: 15 or newer is needed" };
    let mut checks = vec![
        Check::test("database", server.is_supported, format!("PostgreSQL {}{version}", server.version)),
        schema(url),
        primary(&server),
        tls(&server),
    ];
    checks.extend(durability(&server));
    checks.extend([standbys(&server), database_clock(&server)]);
    checks
}

fn primary(server: &PostgresServer) -> Check {
    let said = match server.is_standby {
        true => "a standby, which takes no writes; name the primary, or all with target_session_attrs=read-write",
        false => "takes writes",
    };
    Check::test("primary", !server.is_standby, said)
}

fn tls(server: &PostgresServer) -> Check {
    let (state, said) = match (server.tls, server.is_local) {
        (true, _) => (State::Well, "encrypted, the server's certificate is checked"),
        (false, true) => (State::Well, "not used, the server is on this machine"),
        (false, false) => (State::Note, "off: who is on the network sees and changes all; use sslmode=verify-full"),
    };
    Check::new("tls", state, said)
}

fn durability(server: &PostgresServer) -> Vec<Check> {
    let on_or = |on: bool, otherwise: &str| if on { "on".to_owned() } else { otherwise.to_owned() };
    let (commit, said) = match server.synchronous_commit.as_str() {
        "off" => (State::Note, "off; scrip turns it on for its own commits, other programs may lose theirs"),
        "local" if !server.synchronous_standby_names.is_empty() => {
            (State::Note, "local: no commit waits for the standbys that are named; set it to on")
        }
        known => (State::Well, known),
    };
    let checksums = if server.data_checksums { State::Well } else { State::Note };
    vec![
        Check::test("fsync", server.fsync, on_or(server.fsync, "off: a crash loses bookings; set fsync = on")),
        Check::new("synchronous_commit", commit, said),
        Check::test(
            "full_page_writes",
            server.full_page_writes,
            on_or(server.full_page_writes, "off: a crash may damage pages; set full_page_writes = on"),
        ),
        Check::new(
            "data_checksums",
            checksums,
            on_or(
                server.data_checksums,
                "off: damage by the disk goes unnoticed; stop the server, pg_checksums --enable",
            ),
        ),
    ]
}

fn standbys(server: &PostgresServer) -> Check {
    let said = match server.synchronous_standby_names.as_str() {
        "" => "no commit waits for one: what the primary's disk loses since the last backup is lost".to_owned(),
        names => format!("commits wait for {names}"),
    };
    Check::new("standby", State::Well, said)
}

/// The database's clock decides what expires; the node's is in logs and in talks with gateways.
fn database_clock(server: &PostgresServer) -> Check {
    let ahead_us = server.clock_ahead_us;
    let apart = output::duration(ahead_us.unsigned_abs());
    let direction = if ahead_us < 0 { "behind" } else { "ahead of" };
    let well = ahead_us.unsigned_abs() <= CLOCKS_APART_MAX_US;
    let advice = if well { "" } else { "; keep both by NTP" };
    Check::test("database clock", well, format!("{apart} {direction} this machine's{advice}"))
}

/// A clock far in the past makes every expiry wrong.
fn clock() -> Check {
    // The first day this program could exist: 2026-11-20.
    let well = SystemClock.now().seconds() > 1_795_132_800;
    let said = if well { "plausible" } else { "is in the past; set it, and keep it by NTP" };
    Check::test("clock", well, said)
}

fn public_url(settings: &Settings) -> Check {
    let live = settings.environment == Environment::Live;
    let well = !live || settings.public_url.starts_with("https://");
    let said = match well {
        true => settings.public_url.clone(),
        false => format!("{} is not https; gateways and browsers need it in live mode", settings.public_url),
    };
    Check::test("public_url", well, said)
}
