//! `scrip serve`: the server.

use engine::settings::DatabaseUrl;

use super::config::FileArgs;
use crate::config;
use crate::exit::Exit;

/// Run the server
///
/// Reads its settings from the shipped defaults, the file of --config and SCRIP_… variables, the last one said wins
/// (`scrip config print` shows them). The first start prints a new operator key once, unless
/// SCRIP_BOOTSTRAP_OPERATOR_KEY names one.
///
/// Example: SCRIP_DATABASE_URL=sqlite:/var/lib/scrip/scrip.db scrip serve --config /etc/scrip.toml
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    pub file: FileArgs,
}

/// Serves until a signal stops it.
pub fn run(args: Args) -> Result<(), Exit> {
    let loaded = config::load_process(args.file.config.as_deref())?;
    if matches!(loaded.settings.database_url, DatabaseUrl::Postgres(_)) {
        return Err(Exit::usage("database_url: PostgreSQL is not in this build yet; use sqlite:PATH"));
    }
    Err(super::not_wired("serve"))
}
