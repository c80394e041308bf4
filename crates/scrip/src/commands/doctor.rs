//! `scrip doctor`: is this installation healthy?

use super::config::FileArgs;
use crate::exit::Exit;

/// Check the health of an installation: settings, database, disk, clock, gateways
///
/// Prints one line per check with what to do about each that fails; exit 1 when one does. It changes nothing.
///
/// Example: scrip doctor --config /etc/scrip.toml --json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    pub file: FileArgs,
    /// Print the checks as JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs every check.
pub fn run(_args: Args) -> Result<(), Exit> {
    Err(super::not_wired("doctor"))
}
