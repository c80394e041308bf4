//! Self-hosted prepaid credits: one binary.
//!
//! `main` installs what the whole process shares (allocator, TLS provider), reads the command line and turns the end of a
//! command into an exit code. Each command is a module of [`commands`]; settings are in [`config`].

mod cli;
mod client;
mod commands;
mod config;
mod exit;
mod output;
mod progress;
mod server;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    client::install_tls();
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(exit) => {
            output::note(format!("error: {exit}"));
            exit.into()
        }
    }
}
