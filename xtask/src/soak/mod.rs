//! `cargo xtask soak`: attempts to make the server lose, forget or invent credits.
//!
//! Each module is one kind of misfortune against the release binary, with a SQLite file in a temporary folder or with a
//! private PostgreSQL server. The short forms run in `cargo xtask test`, the long ones before a release; both check the
//! same things. What is believed is only what the server answered over HTTP and what `scrip verify` says afterwards.

mod bad_input;
mod cluster;
mod disk_full;
mod failover;
mod fsync;
mod kill9;
mod load;
mod nodes;
mod pg_kill9;
mod race;
mod replay;
mod tamper;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::client::{Answer, Api};
use crate::report::Outcome;
use crate::sh;

/// How a soak runs.
#[derive(Clone, Copy)]
pub struct Plan {
    /// The form that fits into `cargo xtask test`.
    pub short: bool,
    /// When the whole run must be over.
    pub until: Instant,
}

impl Plan {
    /// One of two numbers: the short form's or the long form's.
    fn of<T>(self, short: T, long: T) -> T {
        if self.short { short } else { long }
    }

    /// Says how far a long form is, about twenty times in all.
    fn tell(self, done: usize, all: usize) {
        if !self.short && done > 0 && all > 20 && done.is_multiple_of(all.div_ceil(20)) {
            println!("     {done} of {all}");
        }
    }
}

struct Soak {
    name: &'static str,
    about: &'static str,
    run: fn(Plan) -> Result<Outcome>,
}

const SOAKS: &[Soak] = &[
    Soak { name: "kill9", about: "what was acknowledged survives kill -9 under load", run: kill9::run },
    Soak { name: "race", about: "many spend one balance at once: never more than there is", run: race::run },
    Soak { name: "nodes", about: "two nodes on one PostgreSQL do everything once", run: nodes::run },
    Soak {
        name: "pg-kill9",
        about: "PostgreSQL or a node is killed: nothing acknowledged is lost",
        run: pg_kill9::run,
    },
    Soak {
        name: "failover",
        about: "a standby of PostgreSQL takes over: nothing acknowledged is lost",
        run: failover::run,
    },
    Soak { name: "disk-full", about: "a full disk refuses, forgets nothing, and recovers", run: disk_full::run },
    Soak { name: "fsync", about: "a disk that fails to flush is never acknowledged", run: fsync::run },
    Soak { name: "tamper", about: "a changed value anywhere in the database is found", run: tamper::run },
    Soak { name: "replay", about: "a real usage trace is charged exactly, and once", run: replay::run },
    Soak { name: "bad-input", about: "generated requests find no 5xx and no undocumented answer", run: bad_input::run },
];

/// The short form of one soak, as a step of `cargo xtask test`.
pub fn short(name: &str, until: Instant) -> Result<Outcome> {
    let soak = SOAKS.iter().find(|soak| soak.name == name).with_context(|| format!("there is no soak {name}"))?;
    (soak.run)(Plan { short: true, until })
}

/// Runs one soak or all of them; the exit code is 1 when one failed.
pub fn run(name: Option<&str>, short: bool, record: bool) -> ExitCode {
    let chosen: Vec<&Soak> = SOAKS.iter().filter(|soak| name.is_none_or(|name| name == soak.name)).collect();
    if chosen.is_empty() {
        eprintln!("there is no such soak; these are:");
        SOAKS.iter().for_each(|soak| eprintln!("  {:<10} {}", soak.name, soak.about));
        return ExitCode::from(2);
    }
    let mut code = ExitCode::SUCCESS;
    for soak in chosen {
        println!("==== {}: {}", soak.name, soak.about);
        let started = Instant::now();
        let plan = Plan { short, until: started + Duration::from_secs(24 * 3600) };
        let (word, text) = match (soak.run)(plan) {
            Ok(Outcome::Passed(figures)) => ("held", figures),
            Ok(Outcome::Skipped(why)) => ("skipped", why),
            Ok(Outcome::Counted(tally)) => ("held", tally.to_string()),
            Err(error) => {
                code = ExitCode::FAILURE;
                ("FAILED", format!("{error:#}"))
            }
        };
        println!("{word}: {text} ({:.0} s)\n", started.elapsed().as_secs_f32());
        if record && let Err(error) = write_down(soak.name, short, word, &text) {
            eprintln!("cannot write docs/assurance.md: {error:#}");
            code = ExitCode::FAILURE;
        }
    }
    code
}

/// Appends a row to the table of runs, which is the last thing in `docs/assurance.md`.
fn write_down(name: &str, short: bool, word: &str, text: &str) -> Result<()> {
    let soon = Instant::now() + Duration::from_secs(60);
    let print = |program, args: &[&str]| -> Result<String> {
        Ok(sh::capture(sh::command(program, args), soon)?.ok(program)?.trim().to_owned())
    };
    let (date, commit) = (print("date", &["-u", "+%F"])?, print("git", &["rev-parse", "--short", "HEAD"])?);
    let form = if short { "short" } else { "long" };
    let line = text.lines().next().unwrap_or_default().replace('|', "/");
    let path = sh::root().join("docs/assurance.md");
    let mut file = std::fs::read_to_string(&path)?;
    file.push_str(&format!("| {date} | `{commit}` | {name} | {form} | {word} | {line} |\n"));
    Ok(std::fs::write(path, file)?)
}

/// Runs an asynchronous soak to its end.
pub fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(future)
}

/// A debit that was sent, and what came back; `None` if nothing did.
#[derive(Clone)]
struct Sent {
    account: String,
    key: String,
    answer: Option<Answer>,
}

/// Asks again for every debit of one credit that was acknowledged: the same answer must come, marked as a replay.
/// Debits of unknown outcome are sent again and count from now on as acknowledged. Returns how many there are of both.
async fn settle(api: &Api, sent: &[Sent]) -> Result<(u64, u64)> {
    let (mut acknowledged, mut in_doubt) = (0, 0);
    for debit in sent {
        let again = load::insist(api, &debit.account, &debit.key).await;
        let (again, _) = again.with_context(|| format!("{} is refused when sent again", debit.key))?;
        match &debit.answer {
            Some(first) if first.is_success() => {
                if !again.replayed || again.body != first.body || again.status != first.status {
                    bail!("{} was acknowledged and is lost\n  then: {first:?}\n  now:  {again:?}", debit.key);
                }
                acknowledged += 1;
            }
            _ => in_doubt += 1,
        }
    }
    Ok((acknowledged, in_doubt))
}
