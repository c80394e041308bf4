//! `scrip serve`: the server.

use super::config::FileArgs;
use crate::exit::Exit;
use crate::{config, output, server};

/// Run the server
///
/// Reads its settings from the shipped defaults, the file of --config and SCRIP_… variables, the last one said wins
/// (`scrip config print` shows them). The first start prints a new operator key once, unless
/// SCRIP_BOOTSTRAP_OPERATOR_KEY names one.
///
/// Example: SCRIP_DATABASE_URL=sqlite:/var/lib/scrip/scrip.db scrip serve --config /etc/scrip.toml
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub file: FileArgs,
}

/// Serves until a signal stops it.
pub fn run(args: Args) -> Result<(), Exit> {
    let settings = config::load_process(args.file.config.as_deref())?.settings;
    server::start_logs(&settings)?;
    super::runtime()?.block_on(async {
        let listener = server::listen(settings.listen).await?;
        let (engine, key) = server::open(settings, None).await?;
        if let Some(key) = key {
            output::line(format!("operator key, shown this once: {key}"));
        }
        if let Ok(address) = listener.local_addr() {
            output::line(format!("listening on http://{address}"));
        }
        server::serve(listener, engine).await
    })
}
