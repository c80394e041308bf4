//! The steps that are a cargo command.

use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::referees;
use crate::report::{Outcome, count_tests};
use crate::sh;

/// All tests but the doctests, by nextest.
const NEXTEST: &[&str] = &["nextest", "run", "--workspace", "--locked", "--no-fail-fast", "--cargo-quiet"];
/// The same by cargo alone.
const LIBTEST: &[&str] =
    &["test", "--workspace", "--lib", "--bins", "--tests", "--locked", "--no-fail-fast", "--quiet"];
/// nextest's filter for the tests that open a store.
const TOUCHES_A_DATABASE: &str = "package(testbed) | package(store) | package(engine) | package(scrip) | \
                                  package(testkit) | (package(api) & kind(test))";

/// `cargo fmt --check`.
pub fn fmt(until: Instant) -> Result<Outcome> {
    if let Some(missing) = missing_component("fmt", "rustfmt", until)? {
        return Ok(missing);
    }
    sh::capture(sh::command("cargo", &["fmt", "--all", "--", "--check", "-l", "--color=never"]), until)?
        .ok("run `cargo fmt --all`")
        .map(|_| Outcome::passed())
}

/// Clippy with every warning an error.
pub fn clippy(until: Instant) -> Result<Outcome> {
    if let Some(missing) = missing_component("clippy", "clippy", until)? {
        return Ok(missing);
    }
    let args = ["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"];
    passed(&args, until)
}

/// All tests but the doctests, by nextest when it is installed.
pub fn test(until: Instant) -> Result<Outcome> {
    let args = if sh::which("cargo-nextest").is_some() { NEXTEST } else { LIBTEST };
    let mut command = sh::command("cargo", args);
    command.envs(referees::variables());
    counted(command, until)
}

/// The tests that touch a database once more, with variables that name another one.
///
/// Nothing is built again: nextest chooses among what [`test`] has built. `cargo test` cannot choose without choosing
/// packages, and other packages may have other features, so it runs everything again.
pub fn test_again(variables: &[(&str, String)], until: Instant) -> Result<Outcome> {
    let mut command = sh::command("cargo", LIBTEST);
    if sh::which("cargo-nextest").is_some() {
        command = sh::command("cargo", NEXTEST);
        command.args(["--filterset", TOUCHES_A_DATABASE]);
    }
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    counted(command, until)
}

/// The doctests, which nextest does not run.
pub fn doctest(until: Instant) -> Result<Outcome> {
    counted(sh::command("cargo", &["test", "--workspace", "--doc", "--locked", "--no-fail-fast", "--quiet"]), until)
}

/// `cargo deny`, when it is installed: building it takes longer than everything else here.
pub fn deny(until: Instant) -> Result<Outcome> {
    if sh::which("cargo-deny").is_none() {
        return Ok(Outcome::Skipped("cargo-deny is not installed (`cargo install --locked cargo-deny`)".to_owned()));
    }
    passed(&["deny", "check", "licenses", "bans", "sources"], until)
}

/// The debug binary, which the steps after this one start.
pub fn build(until: Instant) -> Result<Outcome> {
    passed(&["build", "--locked", "--quiet", "--package", "scrip"], until)
}

/// Adds a component of the toolchain that is not there; `Some` if that is not possible either.
fn missing_component(subcommand: &str, component: &str, until: Instant) -> Result<Option<Outcome>> {
    let there = || sh::capture(sh::command("cargo", &[subcommand, "--version"]), until).map(|run| run.status.success());
    if there()? {
        return Ok(None);
    }
    if sh::which("rustup").is_some() {
        sh::capture(sh::command("rustup", &["component", "add", component]), until)?;
        if there()? {
            return Ok(None);
        }
    }
    Ok(Some(Outcome::Skipped(format!("`cargo {subcommand}` is not installed (`rustup component add {component}`)"))))
}

fn passed(args: &[&str], until: Instant) -> Result<Outcome> {
    let output = sh::stream(sh::command("cargo", args), until)?;
    if !output.status.success() {
        bail!("`cargo {}` ended with {}", args.join(" "), output.status);
    }
    Ok(Outcome::passed())
}

/// Runs a test runner. An exit code that its own counts do not explain is a failure by itself.
fn counted(command: Command, until: Instant) -> Result<Outcome> {
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    let output = sh::stream(command, until)?;
    match count_tests(&output.text) {
        Some(tally) if output.status.success() || tally.failed > 0 => Ok(Outcome::Counted(tally)),
        _ if output.status.success() => bail!("`cargo {}` ran nothing", words.join(" ")),
        _ => bail!("`cargo {}` ended with {}", words.join(" "), output.status),
    }
}
