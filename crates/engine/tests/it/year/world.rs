//! Two nodes on one database, the clock that they share, and the gateways around them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use engine::lease::LEASE_SECONDS;
use engine::settings::{Brakes, Secret, Settings};
use engine::{Engine, plans, sweep, topups, usage, vouchers};
use ledger::Timestamp;
use providers::gateway::Gateway;
use sandbox::stripe::{StripeOptions, StripeSandbox};
use store::{Clock, Options, Store};
use testbed::Database;
use tokio::net::TcpListener;

use super::seats::Seat;
use super::till::Till;
use crate::eventually;
use crate::payments::dice::Dice;

/// Stands still, however often it is looked at: what is to happen at an instant happens exactly then.
struct FrozenClock(AtomicI64);

impl Clock for FrozenClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// A node, as two engines on its store: saved cards are Stripe's, which is played over HTTP; whoever pays on a page pays
/// at a [`Till`].
pub(super) struct Node {
    pub(super) engine: Engine,
    pub(super) shop: Engine,
}

pub(super) struct World {
    pub(super) stripe: StripeSandbox,
    nodes: [Node; 2],
    clock: Arc<FrozenClock>,
    /// Goes last: dropping it cuts whoever is connected.
    database: Database,
}

impl World {
    pub(super) async fn start(seats: &[Seat], now: Timestamp) -> World {
        // Fails when another test was faster, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stripe = sandbox::stripe::serve(listener, StripeOptions::default()).await.unwrap();
        let database = Database::new();
        let clock = Arc::new(FrozenClock(AtomicI64::new(now.micros())));
        let options = Options { clock: Some(clock.clone()), ..Options::default() };
        let first = Store::open(&database.url(), options.clone()).await.unwrap();
        // A SQLite file belongs to one process.
        let second = match database.is_postgres() {
            true => Store::open(&database.url(), options).await.unwrap(),
            false => first.clone(),
        };
        let mut settings = Settings::default();
        settings.purchase.brakes = Brakes::off();
        for seat in seats {
            let site = settings.sites.get_mut(seat.site).unwrap();
            site.time_zone = seat.zone.name().to_owned();
            site.topup_valid_months = u32::try_from(seat.topup_months).unwrap();
        }
        let mut shop = settings.clone();
        shop.paypal.client_secret = Secret::new("of the tests");
        shop.vnpay.hash_secret = Secret::new("of the tests");
        settings.stripe.secret_key = Secret::new("sk_test_of_the_tests");
        settings.stripe.base_url = stripe.url().to_owned();
        let (settings, shop) = (Arc::new(settings), Arc::new(shop));
        let tills = ["vnpay", "paypal"].map(Till::new);
        let node = async |store: Store| Node {
            engine: Engine::new(store.clone(), Arc::clone(&settings)).await.unwrap(),
            shop: {
                let gateways = tills.iter().map(|till| Arc::new(till.clone()) as Arc<dyn Gateway>).collect();
                Engine::new_with_gateways(store, Arc::clone(&shop), gateways).await.unwrap()
            },
        };
        World { stripe, nodes: [node(first).await, node(second).await], clock, database }
    }

    /// One of the nodes.
    pub(super) fn node(&self, dice: &mut Dice) -> &Engine {
        &dice.one(&self.nodes).engine
    }

    /// One of the nodes, for whoever pays on a page.
    pub(super) fn shop(&self, dice: &mut Dice) -> &Engine {
        &dice.one(&self.nodes).shop
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets time pass until `at`.
    pub(super) fn pass_until(&self, at: Timestamp) {
        let before = self.clock.0.swap(at.micros(), Ordering::SeqCst);
        assert!(before <= at.micros(), "time runs backwards");
    }

    /// What a node does without being asked, once; sometimes the other one does it at the same time.
    pub(super) async fn do_jobs(&self, dice: &mut Dice) {
        let [a, b] = &self.nodes;
        match dice.below(5) {
            0 => drop(tokio::join!(jobs(a), jobs(b))),
            1 | 2 => jobs(a).await,
            _ => jobs(b).await,
        }
    }

    /// Does jobs until nothing is due. The list of what is due may be seconds behind.
    pub(super) async fn settle(&self) {
        let [node, _] = &self.nodes;
        eventually("nothing is due", async || {
            self.pass_until(self.now().plus_seconds(LEASE_SECONDS));
            jobs(node).await;
            node.engine.store().due_accounts(1).await.unwrap().is_empty()
        })
        .await;
    }

    /// Proves the books and stops.
    pub(super) async fn close(self) {
        for node in &self.nodes {
            node.engine.store().shutdown().await;
        }
        let url = self.database.url();
        let proof = tokio::task::spawn_blocking(move || store::verify(&url, &mut |_, _| {})).await.unwrap();
        assert!(proof.is_ok(), "{proof:?}");
    }
}

async fn jobs(node: &Node) {
    let Node { engine, shop } = node;
    topups::reconcile(shop).await.unwrap();
    topups::reconcile(engine).await.unwrap();
    vouchers::advance_due(engine).await.unwrap();
    plans::advance_due(engine).await.unwrap();
    sweep::sweep(engine).await.unwrap();
    usage::roll_due(engine, &mut usage::Rounds::default()).await.unwrap();
}
