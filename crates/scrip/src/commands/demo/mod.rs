//! `scrip demo`: everything in one process, with sandboxes instead of gateways.

mod clock;
mod seed;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::settings::{DatabaseUrl, Environment, Secret, Settings};
use sandbox::stripe::{StripeOptions, StripeSandbox, WebhookTarget};
use serde_json::json;
use tempfile::TempDir;

use clock::DemoClock;

use crate::exit::Exit;
use crate::{output, server};

/// Run everything in one process to look at it: API, portal, console, sandbox gateways, seeded accounts
///
/// Makes a temporary data folder (or uses --data), seeds demo accounts for Vietnam, Japan and the United States with
/// history, and prints URLs, sign-in links, API keys and one `curl` that changes a balance. It never touches a real data
/// folder and refuses live gateway keys.
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
        let gateway = stripe_sandbox(&url, args.seed).await?;
        let settings = settings(&folder, &url, gateway.url());
        // The ledger's time never runs backwards, so the past must be there from the first booking on.
        let clock = Arc::new(DemoClock::default());
        clock.stand_at(seed::start());
        let (engine, operator_key) = server::open(settings, Some(clock.clone())).await?;
        let operator_key = operator_key.unwrap_or_else(|| OPERATOR_KEY.to_owned());
        let accounts = seed::accounts(&engine, &clock, &gateway, args.seed).await?;
        let shown = Shown { url, operator_key, stripe_url: gateway.url().to_owned(), accounts };
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
/// Signs the sandbox's notices.
const WEBHOOK_SECRET: &str = "whsec_demo_0123456789abcdef";
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

async fn stripe_sandbox(url: &str, seed: u64) -> Result<StripeSandbox, Exit> {
    let listener = server::listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let target = WebhookTarget { url: format!("{url}/webhooks/stripe"), secret: WEBHOOK_SECRET.to_owned() };
    let options = StripeOptions { webhook: Some(target), seed: Some(seed), ..StripeOptions::default() };
    sandbox::stripe::serve(listener, options).await.map_err(cannot_start)
}

fn settings(folder: &Folder, url: &str, stripe_url: &str) -> Settings {
    let mut settings = Settings {
        database_url: DatabaseUrl::Sqlite(folder.path.join("scrip.db")),
        public_url: url.to_owned(),
        environment: Environment::Test,
        bootstrap_operator_key: Secret::new(OPERATOR_KEY),
        ..Settings::default()
    };
    settings.stripe.secret_key = Secret::new("sk_test_demo");
    settings.stripe.webhook_secrets = vec![Secret::new(WEBHOOK_SECRET)];
    settings.stripe.base_url = stripe_url.to_owned();
    settings
}

/// What the demo tells when it is ready.
struct Shown {
    url: String,
    operator_key: String,
    stripe_url: String,
    accounts: Vec<seed::Seeded>,
}

impl Shown {
    fn json(&self) -> serde_json::Value {
        let account = |account: &seed::Seeded| {
            json!({
                "id": account.id, "name": account.name, "site": account.site, "unit": account.unit,
                "api_key": account.api_key, "sign_in_url": null,
            })
        };
        json!({
            "url": self.url,
            "operator_key": self.operator_key,
            "sandbox": {"stripe": self.stripe_url, "paypal": null, "vnpay": null},
            "accounts": self.accounts.iter().map(account).collect::<Vec<_>>(),
            "console_sign_in_url": null,
        })
    }

    fn text(&self) -> String {
        let row = |account: &seed::Seeded| {
            vec![account.id.to_owned(), account.name.to_owned(), account.unit.to_owned(), account.api_key.clone()]
        };
        let rows: Vec<_> = self.accounts.iter().map(row).collect();
        let table = output::table(&["account", "name", "unit", "API key"], &rows, &[]);
        let Shown { url, operator_key, stripe_url, .. } = self;
        format!(
            "Scrip demo on {url}\n\n\
             API          {url}/docs\n\
             operator key {operator_key}\n\
             Stripe       {stripe_url} (a sandbox)\n\n\
             {table}\n\n\
             Spend a credit (the balance is in the answer):\n\n  \
             curl -s {url}/v1/debits -H 'Authorization: Bearer {operator_key}' -H 'Content-Type: application/json' \
             -H \"Idempotency-Key: $(date +%s%N)\" -d '{{\"account\":\"demo-api\",\"amount\":\"1\",\"service\":\"search\"}}'\n\n\
             Buy a pack with the saved card of demo-api (credits come with the gateway's notice):\n\n  \
             curl -s {url}/user/purchase-topup -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \
             -d '{{\"credits\":10000}}'\n\n\
             Ctrl-C ends it.",
            key = self.accounts.last().map_or("", |account| &account.api_key),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
