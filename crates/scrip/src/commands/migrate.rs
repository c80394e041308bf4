//! `scrip migrate`: the schema.

use super::config::FileArgs;
use crate::exit::Exit;

/// Bring the database's schema up to this program's version
///
/// `scrip serve` does the same at start. Run it apart to see what would change (--dry-run), or to upgrade the database
/// before several servers start.
///
/// Example: scrip migrate --config /etc/scrip.toml --dry-run
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    pub file: FileArgs,
    /// Only list the migrations that are missing; exit 1 when there are any
    #[arg(long)]
    pub dry_run: bool,
}

/// Applies what is missing.
pub fn run(_args: Args) -> Result<(), Exit> {
    Err(super::not_wired("migrate"))
}
