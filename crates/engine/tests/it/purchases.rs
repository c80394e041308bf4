//! Buying on two nodes at once: the database decides, no process does.

use std::sync::Arc;

use engine::Engine;
use engine::accounts::AccountChange;
use engine::lease::{self, LEASE_SECONDS, Lease};
use engine::settings::Secret;
use engine::topups::{self, Purchase, Purchased, Refused, Round};
use sandbox::stripe::{NewCustomer, StripeOptions, StripeSandbox};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::{Nodes, call};

/// Two nodes that sell packs, and a team with a saved card. Stripe's notices go nowhere.
async fn shop() -> (Nodes, StripeSandbox) {
    // Fails when another test was faster, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stripe = sandbox::stripe::serve(listener, StripeOptions::default()).await.unwrap();
    let nodes = Nodes::start_with(|settings| {
        settings.stripe.secret_key = Secret::new("sk_test_of_the_tests");
        settings.stripe.base_url = stripe.url().to_owned();
    })
    .await;
    nodes.account("team", "api", "CREDIT").await;
    let cards = vec!["pm_card_visa".to_owned()];
    let customer = stripe.create_customer(&NewCustomer { cards, default: Some(0), ..NewCustomer::default() }).unwrap();
    let change = AccountChange { stripe_customer: Some(Some(customer.customer)), ..AccountChange::default() };
    nodes.a.accounts().change(&call(None), "team", change).await.unwrap();
    (nodes, stripe)
}

async fn buy(node: Engine, key: Option<Arc<str>>) -> Result<Purchased, Refused> {
    let buyer = topups::buyer(&node, "team").await?;
    topups::purchase(&node, Purchase { buyer: &buyer, credits: 10_000, idempotency_key: key.as_deref() }).await
}

/// A hundred purchases at once, half of them on each node.
async fn hundred(nodes: &Nodes, key: Option<&str>) -> Vec<Result<Purchased, Refused>> {
    let mut buying = JoinSet::new();
    for number in 0..100 {
        buying.spawn(buy(nodes.each()[number % 2].clone(), key.map(Arc::from)));
    }
    buying.join_all().await
}

/// Requests that ask Stripe to charge, and charges that took money.
fn charged(stripe: &StripeSandbox) -> (usize, usize) {
    // Creating an intent charges nothing; confirming it does.
    let asks = |path: &str| path.ends_with("/confirm");
    let requests = stripe.requests();
    let asked = requests.iter().filter(|request| request.method == "POST" && asks(&request.path)).count();
    (asked, stripe.objects("charge").iter().filter(|charge| charge["status"] == "succeeded").count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_purchases_on_two_nodes_charge_once() {
    let (nodes, stripe) = shop().await;
    let answers = hundred(&nodes, None).await;
    let bought = answers.iter().filter(|answer| answer.is_ok()).count();
    let cooling = answers.iter().filter(|answer| matches!(answer, Err(Refused::Cooldown { .. }))).count();
    assert_eq!((bought, cooling), (1, 99), "{answers:?}");
    assert_eq!(charged(&stripe), (1, 1));
    assert_eq!(topups::payments(&nodes.b, "team", None, 10).await.unwrap().len(), 1);
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_on_two_nodes_is_one_purchase() {
    let (nodes, stripe) = shop().await;
    let answers = hundred(&nodes, Some("k")).await;
    let told = |answer: &Result<Purchased, Refused>| matches!(answer, Ok(_) | Err(Refused::InProgress));
    assert!(answers.iter().all(told), "{answers:?}");
    let later = [buy(nodes.a.clone(), Some("k".into())).await, buy(nodes.b.clone(), Some("k".into())).await];
    let [Ok(first), Ok(other)] = later else { panic!("{later:?}") };
    assert_eq!(first, other);
    assert_eq!(charged(&stripe), (1, 1));
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_asked_about_and_credited_once() {
    let (nodes, stripe) = shop().await;
    buy(nodes.a.clone(), None).await.unwrap();
    nodes.wait_ms(61_000);
    assert!(lease::hold(&nodes.b, Lease::Reconcile).await.unwrap());
    assert_eq!(topups::reconcile(&nodes.a).await.unwrap(), Round::default(), "another node does it");
    nodes.wait_ms(LEASE_SECONDS * 1_000 + 1);
    // Many rounds at once, as if a node that was stopped came back; each node has the lease for its own.
    let mut rounds = JoinSet::new();
    for number in 0..20 {
        let node = nodes.each()[number % 2].clone();
        rounds.spawn(async move { topups::reconcile(&node).await.unwrap() });
    }
    let rounds = rounds.join_all().await;
    let sum = |part: fn(&Round) -> usize| rounds.iter().map(part).sum::<usize>();
    assert_eq!((sum(|round| round.asked), sum(|round| round.settled), sum(|round| round.failed)), (1, 1, 0));
    let team = nodes.a.accounts().locate("team").await.unwrap();
    for node in nodes.each() {
        let view = node.view(&team, None).await.unwrap();
        assert_eq!(team.unit.floor_minor(view.account.balance(view.as_of)), 10_000);
    }
    assert_eq!(charged(&stripe), (1, 1));
    nodes.close().await;
}
