//! What an operator may set, as typed values.
//!
//! Pure structs and their rules. Reading files and the environment, and saying where a value came from, is the binary's
//! work (`scrip::config`); its commented `scrip.default.toml` and the `Default`s here are held equal by a test there.
//! Invariants: a [`Settings`] whose [`Settings::validate`] is empty has amounts that parse in their unit and are whole
//! coins, and no secret is ever printed by `Debug`. Deliberately absent: any I/O, and settings that change at run time.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

mod alerts;
mod billing;
mod brakes;
mod defaults;
mod exports;
mod gateways;
mod mail;
mod plans;
mod portal;
mod receipts;
mod sign_in;
mod sites;
mod validate;
mod vouchers;

pub use alerts::Alerts;
pub use billing::{Billing, Consent, ConsentText, EVERYWHERE, Language};
pub use brakes::{Brakes, Level};
pub use exports::Exports;
pub use gateways::{Paypal, Vnpay};
pub use mail::{Brand, Mail, Transport};
pub use plans::Plans;
pub use portal::{Portal, PortalText};
pub use receipts::{Day, Percent, Receipts, Seller, Tax, TaxPoint, TaxRate};
pub(crate) use receipts::{in_language, zone};
pub use sign_in::{SecondFactor, SignIn};
pub use sites::{Bounds, Method, Pack, Site, UnitAmounts};
pub use vouchers::Vouchers;

/// Longest life of a hold that may be configured, in seconds: 7 days.
pub const HOLD_TTL_CEILING_SECONDS: u64 = 604_800;

/// A configured value that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The dotted key, such as `sites.vn.amounts.VND.minimum`.
    pub key: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

/// A text that must not be shown: `Debug` prints stars. An empty one means "not set".
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether a value was given.
    pub fn is_set(&self) -> bool {
        !self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_set() { "\"***\"" } else { "\"\"" })
    }
}

/// Where the ledger is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum DatabaseUrl {
    /// `sqlite:PATH`: one file on a local disk, and its `-wal` beside it.
    Sqlite(PathBuf),
    /// `postgres://…` (the whole URL, which may carry a password).
    Postgres(Secret),
}

impl DatabaseUrl {
    /// The whole URL, with its password: only for whoever connects.
    pub fn reveal(&self) -> String {
        match self {
            DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
            DatabaseUrl::Postgres(url) => url.expose().to_owned(),
        }
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = String;

    fn try_from(url: String) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.contains(":memory:") {
                return Err("names no file: write sqlite:PATH, such as sqlite:scrip.db".to_owned());
            }
            return Ok(DatabaseUrl::Sqlite(PathBuf::from(path)));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(DatabaseUrl::Postgres(Secret(url)));
        }
        Err("must be sqlite:PATH or postgres://USER@HOST/NAME".to_owned())
    }
}

impl std::str::FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        url.to_owned().try_into()
    }
}

/// Whether real money moves. It is part of every API key (`sk_test_…`, `sk_live_…`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Real gateways, real money.
    Live,
    /// Gateway test modes and sandboxes.
    #[default]
    Test,
}

impl Environment {
    /// `live` or `test`, as written in keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Environment::Live => "live",
            Environment::Test => "test",
        }
    }
}

/// Everything that can be configured.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address and port to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where the ledger is kept.
    pub database_url: DatabaseUrl,
    /// How customers and gateways reach this server: `https://host`, without a slash at the end.
    pub public_url: String,
    /// Live or test.
    pub environment: Environment,
    /// An operator key that is made sure to exist at start; empty = none.
    pub bootstrap_operator_key: Secret,
    /// The name under which people know this installation.
    pub brand: Brand,
    /// How the server stops.
    pub server: Server,
    /// Sizes that protect the server.
    pub limits: Limits,
    /// The writer of the ledger.
    pub executor: Executor,
    /// How PostgreSQL is used.
    pub postgres: Postgres,
    /// Rules of buying credits.
    pub purchase: Purchase,
    /// Who is billed, at which exchange rate, and what they agree to.
    pub billing: Billing,
    /// The web pages of customers.
    pub portal: Portal,
    /// Receipts of credited payments.
    pub receipts: Receipts,
    /// Credit history as files.
    pub exports: Exports,
    /// Plans and subscriptions.
    pub plans: Plans,
    /// Voucher codes, and limits against guessing them.
    pub vouchers: Vouchers,
    /// How letters are sent.
    pub mail: Mail,
    /// When people are told about their balance.
    pub alerts: Alerts,
    /// How people sign in.
    pub sign_in: SignIn,
    /// The Stripe gateway.
    pub stripe: Stripe,
    /// The PayPal gateway.
    pub paypal: Paypal,
    /// The VNPay gateway.
    pub vnpay: Vnpay,
    /// What is logged, and how.
    pub log: Log,
    /// Selling regions by name.
    pub sites: BTreeMap<String, Site>,
}

/// How the server stops.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// How long the server goes on after the signal to stop, not ready for new callers, in seconds.
    pub drain_seconds: u64,
    /// Addresses of proxies in front of this server: what they say in `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
}

/// Sizes that protect the server. Source of the defaults: the published limits of the API.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest body of an API request, in bytes.
    pub api_body_bytes: usize,
    /// Largest body of a gateway notice, in bytes.
    pub webhook_body_bytes: usize,
    /// Most items of one batch.
    pub batch_items: usize,
    /// Commands that may wait for the writer; beyond it the answer is 503.
    pub queue_length: usize,
    /// Most rows of one page of a list.
    pub page_size: usize,
    /// Life of a hold that names none, in seconds.
    pub hold_ttl_seconds: u64,
    /// Longest life of a hold, in seconds.
    pub hold_ttl_max_seconds: u64,
}

/// The one writer of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Executor {
    /// Accounts whose state is kept in memory; others are read when they are touched.
    pub cached_accounts: usize,
    /// How many journal rows the tables of lots and history may be behind before new commands wait.
    pub fold_lag_max_rows: usize,
    /// How often run-out holds and expired lots are swept, in seconds.
    pub sweep_seconds: u64,
}

/// How PostgreSQL is used; SQLite ignores all of it. What each timeout does is told in `docs/operations.md`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Postgres {
    /// Writers of this node, side by side, a connection each.
    pub executors: usize,
    /// Connections of this node for everything else, at most.
    pub connections: usize,
    /// Whether statements are prepared once a connection; `false` behind a transaction pooler.
    pub prepared_statements: bool,
    /// How long a row that another transaction holds is waited for, in milliseconds.
    pub lock_timeout_ms: u64,
    /// How long one statement may take, in milliseconds.
    pub statement_timeout_ms: u64,
    /// How long a commit may take before its outcome is called unknown, in milliseconds.
    pub commit_timeout_ms: u64,
    /// How long a transaction may wait for its node before the server ends it, in milliseconds.
    pub idle_in_transaction_timeout_ms: u64,
}

/// Rules of buying credits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Purchase {
    /// Kill switch: `false` stops all buying. What was begun is still settled.
    pub enabled: bool,
    /// Time between two accepted attempts of one account to buy a pack, in seconds.
    pub cooldown_seconds: u64,
    /// How long a payer has to pay on the gateway's page, in seconds.
    pub pay_within_seconds: u64,
    /// Compare every finished day with the gateways' lists.
    pub compare_daily: bool,
    /// Limits against fraud.
    pub brakes: Brakes,
}

/// The Stripe gateway; without a secret key it is off.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stripe {
    /// `sk_…` or `rk_…`; empty = Stripe is off.
    pub secret_key: Secret,
    /// `pk_…`, for Stripe's own fields on the portal's page; empty = the portal offers no cards.
    pub publishable_key: String,
    /// Signing secrets of the webhook endpoint, all of them valid (for rotation).
    pub webhook_secrets: Vec<Secret>,
    /// Where the API is; a sandbox may stand in.
    pub base_url: String,
    /// The version sent as `Stripe-Version`.
    pub api_version: String,
    /// How long one call may take, in milliseconds.
    pub timeout_ms: u64,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Text or JSON.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,engine=debug`.
    pub level: String,
}
