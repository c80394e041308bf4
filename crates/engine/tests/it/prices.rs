//! A price book that one node published is in force on the other.

use engine::prices::Mode;
use engine::watch::poll;
use engine::{Engine, Error};
use ledger::Unit;
use ledger::price::PriceBook;

use crate::Nodes;

fn usd() -> Unit {
    Unit::parse("USD").unwrap()
}

/// A book with one service of one meter.
fn book(service: &str, price: usize) -> PriceBook {
    let json = format!(
        r#"{{"unit":"USD","services":{{"{service}":{{"meters":{{"requests":{{"price":"{price}","per":1}}}}}}}}}}"#
    );
    PriceBook::parse(json.as_bytes()).unwrap()
}

async fn publish(node: &Engine, service: &str, price: usize) -> i64 {
    node.prices().publish(book(service, price), Mode::Merge, "api", "test").await.unwrap().version
}

async fn version(node: &Engine) -> i64 {
    node.prices().current(usd()).await.unwrap().version
}

#[tokio::test]
async fn a_new_version_is_in_force_everywhere_after_a_check_or_a_second() {
    let nodes = Nodes::start().await;
    assert!(matches!(nodes.b.prices().current(usd()).await, Err(Error::Conflict { code: "no_prices", .. })));
    poll(&nodes.b).await.unwrap();
    let first = publish(&nodes.a, "search", 1).await;
    assert_eq!((version(&nodes.a).await, version(&nodes.b).await), (first, first), "at once where nothing was known");
    let second = publish(&nodes.a, "search", 2).await;
    assert_eq!(version(&nodes.a).await, second, "at once where it was published");
    poll(&nodes.b).await.unwrap();
    assert_eq!(version(&nodes.b).await, second, "after a check");
    let third = publish(&nodes.b, "search", 3).await;
    nodes.wait_ms(900);
    assert_eq!(version(&nodes.a).await, third, "when the last check is too old");
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_publish_at_once_lose_nothing() {
    let nodes = Nodes::start().await;
    for round in 0..10 {
        let services = [format!("a{round}"), format!("b{round}")];
        let (one, other) = tokio::join!(publish(&nodes.a, &services[0], 1), publish(&nodes.b, &services[1], 1));
        assert_ne!(one, other);
    }
    let (newest, document) = nodes.a.prices().newest(usd()).await.unwrap().unwrap();
    assert_eq!((newest.version, newest.services), (20, 20), "{document}");
    nodes.wait_ms(900);
    assert_eq!((version(&nodes.a).await, version(&nodes.b).await), (20, 20));
    nodes.close().await;
}
