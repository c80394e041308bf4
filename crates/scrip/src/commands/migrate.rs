//! `scrip migrate`: the schema.

use store::{Clock, Store, SystemClock};

use super::config::FileArgs;
use crate::exit::Exit;
use crate::{config, output, server};

/// Bring the database's schema up to this program's version
///
/// `scrip serve` does the same at start. Run it apart to see what would change (--dry-run), or to upgrade the database
/// before several servers start.
///
/// Example: scrip migrate --config /etc/scrip.toml --dry-run
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub file: FileArgs,
    /// Only list the migrations that are missing; exit 1 when there are any
    #[arg(long)]
    pub dry_run: bool,
}

/// Applies what is missing.
pub fn run(args: Args) -> Result<(), Exit> {
    let url = server::sqlite_url(&config::load_process(args.file.config.as_deref())?.settings.database_url)?;
    let failed = |error: store::StoreError| Exit::unavailable(format!("{url}: {error}"));
    let missing = store::missing_migrations(&url).map_err(failed)?;
    if args.dry_run {
        return match missing.as_slice() {
            [] => {
                output::line("the schema is current");
                Ok(())
            }
            names => Err(Exit::wrong(format!("missing: {}; run scrip migrate", names.join(", ")))),
        };
    }
    let applied = super::runtime()?.block_on(Store::migrate(&url, SystemClock.now())).map_err(failed)?;
    match applied.as_slice() {
        [] => output::line("the schema is current; nothing to do"),
        names => output::line(format!("applied: {}", names.join(", "))),
    }
    Ok(())
}
