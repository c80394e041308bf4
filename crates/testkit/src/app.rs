//! The whole server on a port of its own.

use std::sync::Arc;

use engine::Engine;
use engine::settings::{Secret, Settings};
use serde_json::{Value, json};
use store::{Options, Store};
use testbed::Database;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{Actor, TestClock};

/// The operator key of every [`TestApp`].
pub const OPERATOR_KEY: &str = "sk_test_operator_of_the_tests";

/// A running server with a database of its own.
pub struct TestApp {
    /// Its use cases, for what the API does not show.
    pub engine: Engine,
    /// Its clock.
    pub clock: Arc<TestClock>,
    /// An operator.
    pub operator: Actor,
    server: JoinHandle<std::io::Result<()>>,
    stop: oneshot::Sender<()>,
    /// Goes last: dropping it cuts whoever is connected.
    database: Database,
}

impl TestApp {
    /// Starts a server with the shipped settings.
    pub async fn start() -> TestApp {
        TestApp::start_with(|_| {}).await
    }

    /// Starts a server with other settings.
    ///
    /// # Panics
    /// When it cannot start.
    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> TestApp {
        TestApp::start_at(TestClock::default(), change).await
    }

    /// Starts a server with other settings at another time.
    ///
    /// # Panics
    /// When it cannot start.
    pub async fn start_at(clock: TestClock, change: impl FnOnce(&mut Settings)) -> TestApp {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let database = Database::new();
        let clock = Arc::new(clock);
        let options = Options { clock: Some(clock.clone()), ..Options::default() };
        let store = Store::open(&database.url(), options).await.expect("the database opens");
        let mut settings = Settings { bootstrap_operator_key: Secret::new(OPERATOR_KEY), ..Settings::default() };
        change(&mut settings);
        let engine = Engine::new(store, settings).await.expect("the engine starts");
        let given = engine.settings().bootstrap_operator_key.clone();
        engine.keys().bootstrap(&given).await.expect("the operator key is made");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its number"));
        let (stop, stopped) = oneshot::channel();
        let served = engine.clone();
        let server = tokio::spawn(async move {
            let signal = async {
                let _ = stopped.await;
            };
            api::serve(listener, served, signal).await
        });
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let operator = Actor { http, url, key: Some(OPERATOR_KEY.to_owned()) };
        TestApp { engine, clock, operator, server, stop, database }
    }

    /// Where it listens, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.operator.url
    }

    /// Opens an account at the site `global` in USD, with a manual grant unless the amount is "0".
    pub async fn account(&self, id: &str, amount: &str) {
        let body = json!({"id": id, "name": id, "site": "global", "unit": "USD"});
        self.operator.post("/v1/accounts", body).await.expect(201);
        if amount != "0" {
            self.grant(id, amount, json!({})).await;
        }
    }

    /// Grants credits, `manual` unless `more` says otherwise; answers with the lot's id.
    pub async fn grant(&self, account: &str, amount: &str, more: Value) -> String {
        let mut body = json!({"account": account, "amount": amount, "kind": "manual"});
        if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
            body.extend(more.clone());
        }
        let key = format!("grant-{}", self.engine.now().micros());
        self.operator.keyed("/v1/grants", &key, body).await.expect(201).str("/lot").to_owned()
    }

    /// The account's own software: an actor with a key of the account, with these scopes or the usual ones.
    pub async fn team(&self, account: &str, scopes: Option<&[&str]>) -> Actor {
        let body = scopes.map_or(json!({}), |scopes| json!({"scopes": scopes}));
        let key = self.operator.post(&format!("/v1/accounts/{account}/keys"), body).await.expect(201);
        self.operator.with_key(Some(key.str("/key")))
    }

    /// The balance of an account.
    pub async fn balance(&self, account: &str) -> Value {
        self.operator.get(&format!("/v1/accounts/{account}/balance")).await.expect(200).json
    }

    /// Books what is due in the background's way, when the store has noticed that something is.
    ///
    /// # Panics
    /// When nothing becomes due.
    pub async fn sweep(&self) {
        for _ in 0..100 {
            if engine::sweep::sweep(&self.engine).await.expect("the store answers") > 0 {
                return;
            }
            // The store notices in its idle time, so it needs some.
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        panic!("nothing is due");
    }

    /// Stops the server and proves the books.
    ///
    /// # Panics
    /// When they do not agree.
    pub async fn finish(self) {
        let trial = self.operator.get("/v1/ledger/trial-balance").await.expect(200).json;
        for unit in trial["units"].as_array().into_iter().flatten() {
            assert_eq!(unit["total"], "0", "{trial}");
        }
        drop(self.operator);
        let _ = self.stop.send(());
        self.server.await.expect("the server ends").expect("without an error");
        self.engine.store().shutdown().await;
        let url = self.database.url();
        let proof =
            tokio::task::spawn_blocking(move || store::verify(&url, &mut |_, _| {})).await.expect("it is proved");
        assert!(proof.is_ok(), "{proof:?}");
    }
}
