//! `cargo xtask test`: the steps that a change must pass, in order, and the line that closes the run.
//!
//! Every step runs even when one before it failed, so that one run shows everything there is to repair.
//! Cost: mostly compiling; the steps that start the server use the debug binary. `--only STEP` runs one step.

mod cargo;
mod generated;
mod postgres;
mod style;
mod tour;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::referees;
use crate::report::{Outcome, Tally};
use crate::server;
use crate::soak;

/// One thing that is checked.
struct Step {
    /// The name `--only` takes.
    name: &'static str,
    /// What it checks, for `--list`.
    about: &'static str,
    /// Does it; `Instant` is when the whole run must be over.
    run: fn(Instant) -> Result<Outcome>,
}

const STEPS: &[Step] = &[
    Step { name: "fmt", about: "every Rust file is formatted", run: cargo::fmt },
    Step { name: "style", about: "rules of the house that no compiler knows", run: style::run },
    Step { name: "clippy", about: "no lint of the workspace warns", run: cargo::clippy },
    Step { name: "referees", about: "official packages that judge the gateways are installed", run: referees::run },
    Step { name: "unit", about: "unit and integration tests of all crates", run: cargo::test },
    Step { name: "doc", about: "the examples in the documentation run", run: cargo::doctest },
    Step { name: "deny", about: "licences, banned crates and sources of dependencies", run: cargo::deny },
    Step { name: "build", about: "the binary builds", run: cargo::build },
    Step { name: "unit-postgres", about: "the tests that touch a database, on PostgreSQL", run: postgres::test },
    Step { name: "config-reference", about: "docs/configuration.md is what the binary says", run: generated::config },
    Step { name: "openapi", about: "docs/openapi.json is what the binary says", run: generated::openapi },
    Step { name: "cli-help", about: "docs/cli.md is what the binary says", run: generated::cli },
    Step { name: "tour", about: "the README's tour does what the README says", run: tour::run },
    Step {
        name: "kill9",
        about: "what was acknowledged survives kill -9 under load",
        run: |until| soak::short("kill9", until),
    },
    Step {
        name: "race",
        about: "many spend one balance at once: never more than there is",
        run: |until| soak::short("race", until),
    },
    Step {
        name: "nodes",
        about: "two nodes on one PostgreSQL do everything once",
        run: |until| soak::short("nodes", until),
    },
    Step {
        name: "pg-kill9",
        about: "PostgreSQL or a node is killed: nothing acknowledged is lost",
        run: |until| soak::short("pg-kill9", until),
    },
    Step {
        name: "failover",
        about: "a standby of PostgreSQL takes over: nothing acknowledged is lost",
        run: |until| soak::short("failover", until),
    },
    Step {
        name: "disk-full",
        about: "a full disk refuses, forgets nothing, and recovers",
        run: |until| soak::short("disk-full", until),
    },
    Step {
        name: "fsync",
        about: "a disk that fails to flush is never acknowledged",
        run: |until| soak::short("fsync", until),
    },
    Step {
        name: "tamper",
        about: "a changed value anywhere in the database is found",
        run: |until| soak::short("tamper", until),
    },
    Step {
        name: "replay",
        about: "a real usage trace is charged exactly, and once",
        run: |until| soak::short("replay", until),
    },
    Step {
        name: "bad-input",
        about: "generated requests find no 5xx and no undocumented answer",
        run: |until| soak::short("bad-input", until),
    },
];

/// Prints the steps.
pub fn list() {
    for step in STEPS {
        println!("{:<18} {}", step.name, step.about);
    }
}

/// Runs the steps named in `only` (all when empty) without those in `skip`; the exit code is 1 when one failed.
pub fn run(only: &[String], skip: &[String], minutes: u64) -> ExitCode {
    if let Some(unknown) = only.iter().chain(skip).find(|name| STEPS.iter().all(|step| step.name != *name)) {
        eprintln!("there is no step {unknown}: `cargo xtask test --list` names them");
        return ExitCode::from(2);
    }
    server::use_debug_binary();
    let started = Instant::now();
    let until = started + Duration::from_secs(minutes * 60);
    let chosen = |step: &&Step| {
        let name = step.name.to_owned();
        (only.is_empty() || only.contains(&name)) && !skip.contains(&name)
    };
    let mut total = Tally::default();
    let mut failures = Vec::new();
    for step in STEPS.iter().filter(chosen) {
        let before = Instant::now();
        println!("==== {}: {}", step.name, step.about);
        let result = if before < until { (step.run)(until) } else { Err(anyhow!("the time of this run is over")) };
        let (tally, line) = settle(step.name, result);
        println!("{line} ({:.1} s)\n", before.elapsed().as_secs_f32());
        if tally.failed > 0 {
            failures.push(line);
        }
        total.add(tally);
    }
    println!("==== {:.0} s in all", started.elapsed().as_secs_f32());
    for failure in &failures {
        println!("{failure}");
    }
    println!("{total}");
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What a step counts for, and the line that says so.
fn settle(name: &str, result: Result<Outcome>) -> (Tally, String) {
    match result {
        Ok(Outcome::Passed(note)) => {
            (Tally { passed: 1, ..Tally::default() }, format!("ok   {name} {note}").trim_end().to_owned())
        }
        Ok(Outcome::Skipped(why)) => (Tally { skipped: 1, ..Tally::default() }, format!("skip {name}: {why}")),
        Ok(Outcome::Counted(tally)) if tally.failed == 0 => (tally, format!("ok   {name}: {tally}")),
        Ok(Outcome::Counted(tally)) => (tally, format!("FAIL {name}: {tally}")),
        Err(error) => (Tally { failed: 1, ..Tally::default() }, format!("FAIL {name}: {error:#}")),
    }
}
