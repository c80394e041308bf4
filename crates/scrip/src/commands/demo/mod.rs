//! `scrip demo`: everything in one process, with sandboxes instead of gateways.

mod backstage;
mod clock;
mod people;
mod plans;
mod purchases;
mod sandboxes;
mod seed;
mod shown;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::Engine;
use engine::settings::{Brakes, DatabaseUrl, Environment, Secret, Settings};
use tempfile::TempDir;

use backstage::Backstage;
use clock::DemoClock;
use sandboxes::Sandboxes;
use seed::Stage;
use shown::Shown;

use super::trigger::DEMO_FILE;
use crate::client::ServerArgs;
use crate::exit::Exit;
use crate::{output, server};

/// Run everything in one process to look at it: API, portal, console, sandbox gateways, seeded accounts
///
/// Makes a temporary data folder (or uses --data), seeds demo accounts for Vietnam, Japan and the United States with
/// history, some of it bought at sandboxes of Stripe, PayPal and VNPay, and prints URLs, sign-in links, API keys and `curl`s
/// that change a balance. `scrip trigger` makes states of payments appear in it. It never touches a real data folder and
/// refuses live gateway keys.
///
/// Example: scrip demo --listen 127.0.0.1:0 --json
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address and port; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Folder to keep the demo in [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Seed of the demo data: the same seed makes the same history
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// When ready, print one JSON line with the URL, keys, accounts and sign-in links
    #[arg(long)]
    pub json: bool,
}

/// Runs the demo until it is interrupted.
pub fn run(args: Args) -> Result<(), Exit> {
    refuse_live_keys(std::env::vars_os())?;
    let folder = Folder::prepare(args.data.as_deref())?;
    super::runtime()?.block_on(async {
        let listener = server::listen(args.listen).await?;
        let url = format!("http://{}", listener.local_addr().map_err(cannot_start)?);
        // A ledger that is kept knows the ids that the same seed would make again.
        let is_new = !folder.path.join(DATABASE).exists();
        let sandboxes = Sandboxes::start(is_new.then_some(args.seed)).await?;
        let settings = settings(&folder, &url, &sandboxes);
        // The ledger's time never runs backwards, so the past must be there from the first booking on.
        let clock = Arc::new(DemoClock::default());
        clock.stand_at(seed::start());
        let (engine, operator_key) = server::open(settings, Some(clock.clone())).await?;
        let operator_key = operator_key.unwrap_or_else(|| OPERATOR_KEY.to_owned());
        let mut accounts = history(&engine, &clock, &sandboxes, &operator_key, args.seed).await?;
        let console_sign_in_url = people::links(&engine, &mut accounts).await.map_err(seed::failed)?;
        sandboxes.tell(&url);
        let folder_name = folder.path.display().to_string();
        let sandboxes = &sandboxes;
        let shown = Shown { url, operator_key, sandboxes, accounts, console_sign_in_url, folder: folder_name };
        std::fs::write(folder.path.join(DEMO_FILE), shown.json().to_string()).map_err(cannot_start)?;
        if args.json {
            output::json(&shown.json());
        } else {
            output::line(shown.text());
        }
        server::serve(listener, engine).await
    })
}

/// The operator key of every demo: it opens nothing but demo data on this machine.
const OPERATOR_KEY: &str = "sk_test_demo_operator_key";
const DATABASE: &str = "scrip.db";
/// Who sells in the demo, for its receipts.
const RECEIPTS: &str = include_str!("receipts.toml");
/// Marks a folder as made by a demo.
const MARKER: &str = "scrip-demo";

fn cannot_start(error: std::io::Error) -> Exit {
    Exit::unavailable(format!("the demo cannot start: {error}"))
}

/// A demo with a real gateway's key in sight is a mistake about to happen.
fn refuse_live_keys(variables: impl Iterator<Item = (OsString, OsString)>) -> Result<(), Exit> {
    let is_live = |(name, value): &(OsString, OsString)| {
        name.to_string_lossy().starts_with("SCRIP_") && value.to_string_lossy().contains("_live_")
    };
    match variables.into_iter().find(is_live) {
        Some((name, _)) => Err(Exit::usage(format!(
            "{} holds a live key; the demo plays with test data only: unset it and start again",
            name.to_string_lossy()
        ))),
        None => Ok(()),
    }
}

/// Where the demo's database is.
struct Folder {
    path: PathBuf,
    /// Removed at the end, when it is temporary.
    _temporary: Option<TempDir>,
}

impl Folder {
    /// A temporary folder, or the given one: new, empty, or made by a demo before.
    fn prepare(given: Option<&Path>) -> Result<Folder, Exit> {
        let Some(path) = given else {
            let temporary = tempfile::Builder::new().prefix("scrip-demo-").tempdir().map_err(cannot_start)?;
            return Ok(Folder { path: temporary.path().to_owned(), _temporary: Some(temporary) });
        };
        std::fs::create_dir_all(path).map_err(cannot_start)?;
        let empty = path.read_dir().map_err(cannot_start)?.next().is_none();
        if !empty && !path.join(MARKER).exists() {
            return Err(Exit::usage(format!(
                "{} is not empty and was not made by a demo; the demo never touches a real data folder: name another",
                path.display()
            )));
        }
        std::fs::write(path.join(MARKER), "made by scrip demo; may be deleted\n").map_err(cannot_start)?;
        Ok(Folder { path: path.to_owned(), _temporary: None })
    }
}

/// Makes the accounts and their past behind the scenes, then lets the clocks run.
async fn history(
    engine: &Engine,
    clock: &DemoClock,
    sandboxes: &Sandboxes,
    operator_key: &str,
    seed: u64,
) -> Result<Vec<seed::Seeded>, Exit> {
    let backstage = Backstage::open(engine).await?;
    sandboxes.tell(&backstage.url);
    let server = ServerArgs { url: backstage.url.clone(), key: operator_key.to_owned() };
    let accounts = seed::accounts(&Stage { engine, clock, sandboxes, server }, seed).await?;
    backstage.close().await;
    Ok(accounts)
}

fn settings(folder: &Folder, url: &str, sandboxes: &Sandboxes) -> Settings {
    let mut settings = Settings {
        database_url: DatabaseUrl::Sqlite(folder.path.join(DATABASE)),
        public_url: url.to_owned(),
        environment: Environment::Test,
        bootstrap_operator_key: Secret::new(OPERATOR_KEY),
        ..Settings::default()
    };
    // Whoever looks at a demo fails to pay more often than a payer may.
    settings.purchase.brakes = Brakes::off();
    // A test makes sure that it can be read.
    settings.receipts = toml::from_str(RECEIPTS).unwrap_or_default();
    sandboxes.configure(&mut settings);
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_has_sellers() {
        let settings = Settings { receipts: toml::from_str(RECEIPTS).unwrap(), ..Settings::default() };
        assert_eq!(settings.receipts.sellers.len(), 3);
        assert_eq!(settings.validate(), []);
    }

    #[test]
    fn live_keys_are_refused() {
        // variable, value, refused
        let table = [
            ("SCRIP_STRIPE__SECRET_KEY", "sk_live_1", true),
            ("SCRIP_STRIPE__SECRET_KEY", "rk_live_1", true),
            ("SCRIP_STRIPE__SECRET_KEY", "sk_test_1", false),
            ("OTHER", "sk_live_1", false),
        ];
        for (name, value, refused) in table {
            let variables = vec![(OsString::from(name), OsString::from(value))];
            assert_eq!(refuse_live_keys(variables.into_iter()).is_err(), refused, "{name}={value}");
        }
    }

    #[test]
    fn a_real_data_folder_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Folder::prepare(Some(folder.path())).is_ok(), "an empty one");
        assert!(Folder::prepare(Some(folder.path())).is_ok(), "its own");
        std::fs::remove_file(folder.path().join(MARKER)).unwrap();
        std::fs::write(folder.path().join("scrip.db"), "real").unwrap();
        assert!(Folder::prepare(Some(folder.path())).is_err());
        assert_eq!(std::fs::read_to_string(folder.path().join("scrip.db")).unwrap(), "real");
    }
}
