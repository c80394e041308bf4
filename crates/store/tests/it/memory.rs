//! What a writer of PostgreSQL remembers is never believed without proof.

use store::{Failure, Store};

use crate::ground::{Ground, debit, grant, open, order};

async fn spend(store: &Store, key: &str, count: i64) -> Result<bool, Failure> {
    store.submit(order("a", key, debit(count))).await.map(|receipt| receipt.replayed)
}

#[tokio::test]
async fn what_another_node_wrote_is_never_overlooked() {
    let ground = Ground::new(1_000).await;
    if !ground.database.is_postgres() {
        return;
    }
    let (one, other) = (&ground.store, open(&ground.url(), &ground.clock, 1_000).await);
    ground.open_account("a", 7).await;
    ground.submit("a", "g1", grant(100)).await.unwrap();
    for key in ["d1", "d2", "d3"] {
        assert!(!spend(one, key, 10).await.unwrap());
    }
    // 70 are left, and this node remembers it; the other one takes 50.
    assert!(!spend(&other, "d4", 50).await.unwrap());
    let refused = spend(one, "d5", 60).await;
    assert!(matches!(refused, Err(Failure::Refused { .. })), "{refused:?}");
    // 20 are left; the other one gives 100, so that what was remembered would refuse.
    other.submit(order("a", "g2", grant(100))).await.unwrap();
    assert!(!spend(one, "d6", 110).await.unwrap());
    // Keys of either node are known to both, also right after each other wrote.
    for store in [one, &other] {
        for (key, count) in [("d1", 10), ("d4", 50), ("d6", 110)] {
            assert!(spend(store, key, count).await.unwrap(), "{key}");
        }
        let reused = spend(store, "d1", 11).await;
        assert!(matches!(reused, Err(Failure::KeyReuse)), "{reused:?}");
    }
    for number in 0..40 {
        let store = if number % 3 == 0 { one } else { &other };
        store.submit(order("a", &format!("g{number}+"), grant(1))).await.unwrap();
        assert!(!spend(store, &format!("d{number}+"), 1).await.unwrap());
    }
    other.shutdown().await;
    ground.store.shutdown().await;
    ground.verify();
}
