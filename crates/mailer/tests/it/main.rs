//! Letters on their way out: into a folder, and to a mail server of the test, on one node and on two.
//!
//! Nothing runs in the background and the clock stands still. What a letter looks like to other programs is asked of
//! Python's `email` package; without Python those checks say so and check nothing, so that nobody needs it to build.
#![allow(clippy::unwrap_used, reason = "a test that finds nothing has failed")]

mod folder;
mod letters;
mod server;
mod smtp;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use engine::accounts::NewAccount;
use engine::mail::{Envelope, Filter, Letter, Mail, enqueue, list};
use engine::settings::{Language, Settings};
use engine::{Call, Engine};
use ledger::Timestamp;
use mailer::Mailer;
use store::{Clock, Options, Store};
use testbed::Database;

/// Noon of 2026-11-20 UTC, in microseconds.
const START_US: i64 = 1_795_176_000_000_000;

/// Stands still until it is moved, apart from a microsecond per look.
struct StillClock(AtomicI64);

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

/// Two nodes, each with a mailer, and a folder for letters.
struct Post {
    a: Engine,
    b: Engine,
    clock: Arc<StillClock>,
    folder: tempfile::TempDir,
    /// Goes last: dropping it cuts whoever is connected.
    _database: Database,
}

impl Post {
    async fn start(change: impl FnOnce(&mut Settings)) -> Post {
        let (database, folder) = (Database::new(), tempfile::tempdir().unwrap());
        let clock = Arc::new(StillClock(AtomicI64::new(START_US)));
        let options = Options { clock: Some(clock.clone()), ..Options::default() };
        let first = Store::open(&database.url(), options.clone()).await.unwrap();
        // A SQLite file belongs to one process.
        let second = match database.is_postgres() {
            true => Store::open(&database.url(), options).await.unwrap(),
            false => first.clone(),
        };
        let mut settings = Settings { public_url: "https://pay.example".to_owned(), ..Settings::default() };
        settings.mail.folder = folder.path().join("letters").display().to_string();
        settings.mail.from = "billing@pay.example".to_owned();
        change(&mut settings);
        assert_eq!(settings.validate(), []);
        let settings = Arc::new(settings);
        let a = Engine::new(first, Arc::clone(&settings)).await.unwrap();
        let b = Engine::new(second, settings).await.unwrap();
        Post { a, b, clock, folder, _database: database }
    }

    /// What sends, as the settings say.
    fn mailer(&self) -> Mailer {
        Mailer::new(self.a.settings()).unwrap()
    }

    fn wait_seconds(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// Opens an account at a site.
    async fn account(&self, id: &str, name: &str, site: &str, unit: &str) {
        let new = NewAccount {
            id: Some(id.to_owned()),
            name: name.to_owned(),
            site: site.to_owned(),
            unit: Some(unit.to_owned()),
            ..NewAccount::default()
        };
        self.a.accounts().open(&Call { actor: "test".into(), ..Call::default() }, new).await.unwrap();
    }

    /// Writes a letter about an account.
    async fn write(&self, to: &str, account: Option<&str>, language: Language, letter: Letter) {
        let envelope = Envelope {
            once: format!("{}:{to}:{}", letter.kind(), self.a.now().micros()),
            account_id: account.map(str::to_owned),
            recipient: to.to_owned(),
            language,
            letter,
        };
        self.a.store().write(vec![enqueue(&envelope, self.a.now())]).await.unwrap();
    }

    /// A letter that says little.
    async fn write_test(&self, to: &str) {
        self.write(to, None, Language::En, Letter::Test { at: self.a.now() }).await;
    }

    /// Letters as they stand, oldest first.
    async fn letters(&self) -> Vec<Mail> {
        let mut all = list(&self.b, &Filter::default(), None, 1_000).await.unwrap();
        all.reverse();
        all
    }

    /// State and recipient of each letter, oldest first.
    async fn states(&self) -> Vec<(&'static str, String)> {
        self.letters().await.into_iter().map(|mail| (mail.state.name(), mail.recipient)).collect()
    }
}
