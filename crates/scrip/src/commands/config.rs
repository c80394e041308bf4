//! `scrip config`: look at the settings before a server does.

use std::path::PathBuf;

use clap::Subcommand;

use crate::config::{self, load_process};
use crate::exit::Exit;
use crate::output;

/// Where the operator's file is.
#[derive(Debug, clap::Args)]
pub struct FileArgs {
    /// The file with settings [default: only defaults and SCRIP_… variables]
    #[arg(long, value_name = "scrip.toml", env = "SCRIP_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
}

/// Check or print the settings
///
/// Example: scrip config check --config scrip.toml
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List every mistake in the configuration at once; exit 1 when there is one
    ///
    /// Example: scrip config check --config scrip.toml
    Check {
        #[command(flatten)]
        file: FileArgs,
    },
    /// Print every effective value with where it came from; secrets are masked
    ///
    /// Example: SCRIP_LISTEN=0.0.0.0:80 scrip config print --config scrip.toml
    Print {
        #[command(flatten)]
        file: FileArgs,
        /// Print one JSON object: key → value and origin
        #[arg(long)]
        json: bool,
    },
    /// Print the shipped settings with their explanations, to start a file of your own from
    ///
    /// Example: scrip config default > scrip.toml
    Default,
    /// Print docs/configuration.md
    #[command(hide = true)]
    Reference,
}

/// Checks or prints.
pub fn run(args: Args) -> Result<(), Exit> {
    match args.command {
        Command::Check { file } => {
            let loaded = load_process(file.config.as_deref())?;
            let said = loaded.entries.values().filter(|entry| entry.origin != config::Origin::Default).count();
            output::line(format!("ok: {} settings, {said} of them not the default", loaded.entries.len()));
        }
        Command::Print { file, json } => {
            let loaded = load_process(file.config.as_deref())?;
            match json {
                true => output::json(&config::to_json(&loaded.entries)),
                false => output::line(config::to_text(&loaded.entries).trim_end()),
            }
        }
        Command::Default => output::line(config::DEFAULTS.trim_end()),
        Command::Reference => output::line(config::reference().trim_end()),
    }
    Ok(())
}
