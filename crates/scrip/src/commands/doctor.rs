//! `scrip doctor`: is this installation healthy?

use std::path::Path;

use engine::settings::{Environment, Settings};
use serde_json::json;
use store::{Clock, SystemClock};

use super::config::FileArgs;
use crate::exit::Exit;
use crate::{config, output, server};

/// Check the health of an installation: settings, database, disk, clock, gateways
///
/// Prints one line per check with what to do about each that fails; exit 1 when one does. It changes nothing.
///
/// Example: scrip doctor --config /etc/scrip.toml --json
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub file: FileArgs,
    /// Print the checks as JSON
    #[arg(long)]
    pub json: bool,
}

/// One check: what was looked at, whether it is well, what was found and what to do.
struct Check {
    name: &'static str,
    well: bool,
    said: String,
}

/// Runs every check.
pub fn run(args: Args) -> Result<(), Exit> {
    let loaded = config::load_process(args.file.config.as_deref());
    let checks = match &loaded {
        Ok(loaded) => {
            let mut checks = vec![Check { name: "settings", well: true, said: "read, no mistakes".to_owned() }];
            checks.extend(database(&loaded.settings));
            checks.push(clock());
            checks.extend(gateways(&loaded.settings));
            checks.push(public_url(&loaded.settings));
            checks
        }
        Err(exit) => vec![Check { name: "settings", well: false, said: exit.message.clone() }],
    };
    let failed = checks.iter().filter(|check| !check.well).count();
    if args.json {
        let list: Vec<_> =
            checks.iter().map(|check| json!({"check": check.name, "ok": check.well, "detail": check.said})).collect();
        output::json(&json!({"ok": failed == 0, "checks": list}));
    } else {
        let row = |check: &Check| vec![mark(check.well).to_owned(), check.name.to_owned(), check.said.clone()];
        output::line(output::table(&["", "check", "found"], &checks.iter().map(row).collect::<Vec<_>>(), &[]));
    }
    match failed {
        0 => Ok(()),
        count => Err(Exit::wrong(format!("{count} of {} checks failed; see what each says to do", checks.len()))),
    }
}

const fn mark(well: bool) -> &'static str {
    if well { "ok" } else { "FAILED" }
}

/// The file, its schema, and room on its disk.
fn database(settings: &Settings) -> Vec<Check> {
    let url = match server::sqlite_url(&settings.database_url) {
        Ok(url) => url,
        Err(exit) => return vec![Check { name: "database", well: false, said: exit.message }],
    };
    let path = url.trim_start_matches("sqlite:");
    if !Path::new(path).exists() {
        let folder = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let writable = tempfile::tempfile_in(folder);
        let said = match &writable {
            Ok(_) => format!("{path} does not exist yet; scrip serve makes it"),
            Err(error) => format!("cannot write in {}: {error}; make the folder or change its owner", folder.display()),
        };
        return vec![Check { name: "database", well: writable.is_ok(), said }];
    }
    let schema = match store::missing_migrations(&url) {
        Ok(missing) if missing.is_empty() => Check { name: "schema", well: true, said: "current".to_owned() },
        Ok(missing) => {
            Check { name: "schema", well: false, said: format!("missing: {}; run scrip migrate", missing.join(", ")) }
        }
        Err(error) => Check { name: "schema", well: false, said: error.to_string() },
    };
    let size = std::fs::metadata(path).map_or(0, |file| file.len());
    let said = format!("{path}, {} bytes; prove it with scrip verify", output::grouped(size));
    vec![Check { name: "database", well: true, said }, schema]
}

/// A clock far in the past makes every expiry wrong.
fn clock() -> Check {
    // The first day this program could exist: 2026-11-20.
    let well = SystemClock.now().seconds() > 1_795_132_800;
    let said = if well { "plausible" } else { "is in the past; set it, and keep it by NTP" };
    Check { name: "clock", well, said: said.to_owned() }
}

fn gateways(settings: &Settings) -> Vec<Check> {
    let stripe = &settings.stripe;
    if !stripe.secret_key.is_set() {
        return vec![Check { name: "stripe", well: true, said: "off (no stripe.secret_key)".to_owned() }];
    }
    let said = match stripe.webhook_secrets.is_empty() {
        true => "has no webhook secret: payments are only found by asking; set stripe.webhook_secrets".to_owned(),
        false => format!("on, {}", stripe.base_url),
    };
    vec![Check { name: "stripe", well: !stripe.webhook_secrets.is_empty(), said }]
}

fn public_url(settings: &Settings) -> Check {
    let live = settings.environment == Environment::Live;
    let well = !live || settings.public_url.starts_with("https://");
    let said = match well {
        true => settings.public_url.clone(),
        false => format!("{} is not https; gateways and browsers need it in live mode", settings.public_url),
    };
    Check { name: "public_url", well, said }
}
