//! Chores of the project: `cargo xtask test` checks a change, `cargo xtask soak` tries to break the server.
//!
//! Both treat the server as a black box: they start the binary and talk HTTP to it, they link none of its crates.
//! Deliberately absent: anything that a contributor could not run on a laptop without an account somewhere.
#![allow(clippy::print_stdout, reason = "a command-line tool whose product is what it prints")]

mod client;
mod postgres;
mod referees;
mod report;
mod server;
mod sh;
mod soak;
mod steps;
mod undo;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of the project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check a change: format, lints, tests, generated files, style, short soaks, the README's tour
    Test {
        /// Run only this step (repeatable); `--list` names them
        #[arg(long, value_name = "STEP")]
        only: Vec<String>,
        /// Leave out this step (repeatable)
        #[arg(long, value_name = "STEP")]
        skip: Vec<String>,
        /// List the steps and what each one checks
        #[arg(long)]
        list: bool,
        /// Stop everything after this many minutes and count what was stopped as failed
        #[arg(long, value_name = "N", default_value_t = 25)]
        minutes: u64,
    },
    /// Try to make the server lose, forget or invent credits: all soaks, or the one that is named
    Soak {
        /// kill9, race, nodes, pg-kill9, failover, disk-full, fsync, tamper, replay or bad-input
        name: Option<String>,
        /// The short form, as in `cargo xtask test`
        #[arg(long)]
        short: bool,
        /// Append what was measured to docs/assurance.md
        #[arg(long)]
        record: bool,
    },
}

fn main() -> ExitCode {
    undo::on_interrupt();
    let code = match Cli::parse().command {
        Command::Test { list: true, .. } => {
            steps::list();
            ExitCode::SUCCESS
        }
        Command::Test { only, skip, minutes, .. } => steps::run(&only, &skip, minutes),
        Command::Soak { name, short, record } => soak::run(name.as_deref(), short, record),
    };
    undo::finish();
    code
}
