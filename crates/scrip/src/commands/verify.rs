//! `scrip verify`: recompute everything from the journal.

use engine::settings::DatabaseUrl;

use super::config::FileArgs;
use crate::exit::Exit;

/// Recompute every balance, every lot and the hash chain from the journal
///
/// Reads the database only, also while a server runs on it. Exit 0 with a line of totals when all agree, exit 1 with the
/// first difference otherwise.
///
/// Example: scrip verify --database sqlite:/var/lib/scrip/scrip.db
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    pub file: FileArgs,
    /// The database [default: `database_url` of the configuration]
    #[arg(long, value_name = "URL")]
    pub database: Option<DatabaseUrl>,
    /// Print the totals, or the difference, as JSON
    #[arg(long)]
    pub json: bool,
}

/// Verifies and prints the totals.
pub fn run(_args: Args) -> Result<(), Exit> {
    Err(super::not_wired("verify"))
}
