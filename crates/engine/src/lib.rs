//! Use cases across store and gateways.
//!
//! An [`Engine`] is what the API and the portal call. It holds no state of the ledger: credits move only in
//! [`Store::submit`], and any number of nodes may work on one database. What is kept here are caches of things that never
//! change (accounts' numbers and units) and of things that are used only while [`watch`] vouches for them (keys, the
//! price books in force, the prices of plans). Deliberately absent: HTTP, and texts for people.

pub mod accounts;
pub mod alerts;
pub mod audit;
pub mod billing;
pub mod checks;
mod error;
pub mod history;
pub mod ids;
pub mod jobs;
pub mod keys;
pub mod lease;
pub mod ledger_calls;
pub mod mail;
pub mod members;
mod origin;
pub mod plans;
pub mod prices;
pub mod receipts;
pub mod settings;
pub mod sweep;
pub mod topups;
pub mod usage;
pub mod vouchers;
pub mod watch;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ledger::Timestamp;
use store::Store;
use uuid::Uuid;

pub use error::{Error, FieldError, Result};
pub use ledger_calls::Call;
pub use origin::{Origin, is_own_page};
use settings::Settings;

/// The use cases of one installation. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    parts: Arc<Parts>,
}

struct Parts {
    store: Store,
    settings: Arc<Settings>,
    accounts: accounts::Accounts,
    keys: keys::Keys,
    prices: prices::Prices,
    tariffs: plans::Tariffs,
    topups: topups::Topups,
    node: String,
    passwords: members::Passwords,
    audit: audit::Log,
    stopping: AtomicBool,
}

impl Engine {
    /// Puts the parts together. Starts nothing in the background; that is [`jobs::spawn`].
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database cannot be read, [`Error::Misconfigured`] when a part refuses
    /// its settings.
    pub async fn new(store: Store, settings: impl Into<Arc<Settings>>) -> Result<Engine> {
        let settings = settings.into();
        let topups = topups::Topups::new(&settings)?;
        Engine::assemble(store, settings, topups)
    }

    /// The same with gateways of the caller's making instead of those that are configured, for tests that play them.
    ///
    /// # Errors
    /// As [`Engine::new`].
    #[doc(hidden)]
    pub async fn new_with_gateways(
        store: Store,
        settings: impl Into<Arc<Settings>>,
        gateways: Vec<Arc<dyn providers::gateway::Gateway>>,
    ) -> Result<Engine> {
        Engine::assemble(store, settings.into(), topups::Topups::of(gateways))
    }

    fn assemble(store: Store, settings: Arc<Settings>, topups: topups::Topups) -> Result<Engine> {
        let audit = audit::Log::new(store.clone());
        let accounts = accounts::Accounts::new(store.clone(), Arc::clone(&settings), audit.clone());
        let keys = keys::Keys::new(store.clone(), settings.environment, audit.clone());
        let prices = prices::Prices::new(store.clone(), audit.clone());
        let tariffs = plans::Tariffs::new(store.clone());
        let node = Uuid::new_v4().simple().to_string();
        let passwords = members::Passwords::new(&settings.sign_in)?;
        let stopping = AtomicBool::new(false);
        let parts =
            Parts { store, settings, accounts, keys, prices, tariffs, topups, node, passwords, audit, stopping };
        Ok(Engine { parts: Arc::new(parts) })
    }

    /// Where the ledger and the rows around it are kept.
    pub fn store(&self) -> &Store {
        &self.parts.store
    }

    /// What the operator set.
    pub fn settings(&self) -> &Arc<Settings> {
        &self.parts.settings
    }

    /// Who pays.
    pub fn accounts(&self) -> &accounts::Accounts {
        &self.parts.accounts
    }

    /// Who calls.
    pub fn keys(&self) -> &keys::Keys {
        &self.parts.keys
    }

    /// What things cost.
    pub fn prices(&self) -> &prices::Prices {
        &self.parts.prices
    }

    /// What things cost once the credits of a plan are used up.
    pub fn tariffs(&self) -> &plans::Tariffs {
        &self.parts.tariffs
    }

    /// Buying credits.
    pub fn topups(&self) -> &topups::Topups {
        &self.parts.topups
    }

    /// How passwords are hashed.
    pub(crate) fn passwords(&self) -> &members::Passwords {
        &self.parts.passwords
    }

    /// Who changed what.
    pub(crate) fn audit(&self) -> &audit::Log {
        &self.parts.audit
    }

    /// This process among all that work on the database: a random name, new at every start.
    pub fn node(&self) -> &str {
        &self.parts.node
    }

    /// From now on this node wants no new callers; it goes on serving those who come.
    pub fn announce_stop(&self) {
        self.parts.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether [`Engine::announce_stop`] was called.
    pub fn is_stopping(&self) -> bool {
        self.parts.stopping.load(Ordering::Relaxed)
    }

    /// The time on the store's clock, which stamps everything.
    pub fn now(&self) -> Timestamp {
        self.parts.store.now()
    }
}
