//! A key that one node revoked is refused by the other.

use engine::Engine;
use engine::keys::NewKey;
use engine::watch::poll;
use store::{Statement, params};

use crate::Nodes;

async fn is_valid(node: &Engine, text: &str) -> bool {
    node.keys().authenticate(text).await.unwrap().is_some()
}

/// Public id and text of a new key, which both nodes know.
async fn known_key(nodes: &Nodes) -> (String, String) {
    let (record, text) = nodes.a.keys().issue(&crate::call(None), "team", NewKey::default()).await.unwrap();
    for node in nodes.each() {
        assert!(is_valid(node, &text).await);
    }
    (record.public_id, text)
}

#[tokio::test]
async fn a_check_forgets_what_another_node_revoked() {
    let nodes = Nodes::start().await;
    nodes.account("team", "global", "USD").await;
    let (_, other) = known_key(&nodes).await;
    // How long before the check it was revoked: at once, beyond what counts as fresh, beyond the look-back.
    for ms in [0, 1_000, 3_600_000] {
        let (id, text) = known_key(&nodes).await;
        poll(&nodes.b).await.unwrap();
        nodes.a.keys().revoke(&crate::call(None), "team", &id).await.unwrap();
        assert!(!is_valid(&nodes.a, &text).await, "refused at once where it was revoked");
        nodes.wait_ms(ms);
        poll(&nodes.b).await.unwrap();
        assert!(!is_valid(&nodes.b, &text).await, "after {ms} ms");
        assert!(is_valid(&nodes.b, &other).await);
    }
    nodes.close().await;
}

#[tokio::test]
async fn without_a_check_nothing_is_believed_for_longer_than_a_second() {
    let nodes = Nodes::start().await;
    nodes.account("team", "global", "USD").await;
    let (id, text) = known_key(&nodes).await;
    nodes.a.keys().revoke(&crate::call(None), "team", &id).await.unwrap();
    nodes.wait_ms(900);
    assert!(!is_valid(&nodes.b, &text).await);
    nodes.close().await;
}

#[tokio::test]
async fn more_revocations_than_a_check_names_forget_everything() {
    let nodes = Nodes::start().await;
    nodes.account("team", "global", "USD").await;
    let (id, text) = known_key(&nodes).await;
    nodes.a.keys().revoke(&crate::call(None), "team", &id).await.unwrap();
    let revoked = |number: i64| {
        let sql = "INSERT INTO api_keys (public_id, key_sha256, name, scopes, created_at_us, revoked_at_us) \
                   VALUES ($1, '', '', '', $2, $2)";
        Statement::new(sql, params![format!("0{number}"), nodes.a.now().micros() - 1_000_000])
    };
    nodes.a.store().write((0..2_000).map(revoked).collect()).await.unwrap();
    poll(&nodes.b).await.unwrap();
    assert!(!is_valid(&nodes.b, &text).await);
    nodes.close().await;
}

#[tokio::test]
async fn the_last_use_never_goes_back() {
    let nodes = Nodes::start().await;
    nodes.account("team", "global", "USD").await;
    let (_, text) = known_key(&nodes).await;
    let last_use = async || nodes.a.keys().list("team", None, 10).await.unwrap()[0].last_used_at;
    assert_eq!(last_use().await, None);
    let before = nodes.a.now();
    // The first node is stopped with an old time to be written; the second one is used and writes.
    nodes.wait_ms(120_000);
    assert!(is_valid(&nodes.b, &text).await);
    nodes.b.keys().write_last_used().await.unwrap();
    let written = last_use().await;
    assert!(written > Some(before), "{written:?}");
    nodes.a.keys().write_last_used().await.unwrap();
    assert_eq!(last_use().await, written);
    // A later one goes through.
    nodes.wait_ms(120_000);
    assert!(is_valid(&nodes.a, &text).await);
    nodes.a.keys().write_last_used().await.unwrap();
    assert!(last_use().await > written);
    nodes.close().await;
}
