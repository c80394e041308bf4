//! One node at a time does a job, and a late one does no harm.

use engine::Engine;
use engine::lease::{self, LEASE_SECONDS, Lease};
use engine::ledger_calls::{Grant, Note};
use engine::sweep::sweep;
use ledger::{Command, Event, Kind, LotKind, Memo, Op};
use store::{AccountRef, EntryFilter, Order, Target};
use tokio::task::JoinSet;

use crate::{Nodes, call, eventually};

async fn hold(node: &Engine) -> bool {
    lease::hold(node, Lease::Sweep).await.unwrap()
}

#[tokio::test]
async fn a_lease_has_one_holder_until_it_ends() {
    let nodes = Nodes::start().await;
    let (a, b) = (&nodes.a, &nodes.b);
    assert_ne!(a.node(), b.node());
    let almost_ms = LEASE_SECONDS * 1_000 - 1;
    // milliseconds that pass, who asks, what it is told
    let table = [
        (0, a, true),
        (0, b, false),
        (almost_ms, b, false),
        (0, a, true),
        (almost_ms, b, false),
        // The holder is stopped for a minute.
        (60_000, b, true),
        (0, a, false),
        (0, b, true),
        (almost_ms, a, false),
        (1, a, true),
    ];
    for (row, (ms, node, told)) in table.into_iter().enumerate() {
        nodes.wait_ms(ms);
        assert_eq!(hold(node).await, told, "row {row}");
    }
    assert!(lease::hold(b, Lease::Reconcile).await.unwrap(), "another job is another lease");
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_ask_at_once_one_gets_it() {
    let nodes = Nodes::start().await;
    for _ in 0..5 {
        let mut asking = JoinSet::new();
        for number in 0..20 {
            let node = Engine::new(nodes.each()[number % 2].store().clone(), nodes.a.settings().clone()).await.unwrap();
            asking.spawn(async move { hold(&node).await });
        }
        let yes = asking.join_all().await.into_iter().filter(|held| *held).count();
        assert_eq!(yes, 1);
        nodes.wait_ms(LEASE_SECONDS * 1_000 + 1);
    }
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_booked_by_one_node_and_once() {
    let nodes = Nodes::start().await;
    nodes.account("team", "global", "USD").await;
    let expires_at = Some(nodes.a.now().plus_seconds(60));
    let grant = Grant {
        amount: "5".to_owned(),
        kind: LotKind::Manual,
        effective_at: None,
        expires_at,
        scope: Vec::new(),
        priority: None,
    };
    let granted = nodes.a.order_grant(&call(Some("k")), "team", grant, Note::default()).await.unwrap();
    nodes.a.submit(granted).await.unwrap();
    nodes.wait_ms(61_000);
    eventually("the store sees what is due", async || !nodes.a.store().due_accounts(1).await.unwrap().is_empty()).await;

    assert!(hold(&nodes.b).await);
    assert_eq!(sweep(&nodes.a).await.unwrap(), 0, "another node does it");
    let team = nodes.a.accounts().locate("team").await.unwrap();
    // Both are at it: one looked before it was stopped, and submits late.
    let settle = || Order {
        target: Target::Existing(AccountRef::No(team.no)),
        command: Command { key: None, input: [0; 16], actor: "late".into(), memo: Memo::default(), op: Op::Settle },
        rows: Vec::new(),
    };
    let (swept, one, other) =
        tokio::join!(sweep(&nodes.b), nodes.a.store().submit(settle()), nodes.b.store().submit(settle()));
    // None, when the late ones were faster.
    assert!(swept.unwrap() <= 1 && one.is_ok() && other.is_ok());
    nodes.a.store().submit(settle()).await.unwrap();
    let all = EntryFilter { kinds: Kind::ALL.to_vec(), ..EntryFilter::default() };
    let entries = nodes.a.store().entries(team.no, all, None, 100).await.unwrap();
    let expiries = entries.iter().filter(|entry| matches!(entry.transaction.event, Event::LotExpired { .. })).count();
    assert_eq!(expiries, 1, "{entries:?}");
    nodes.close().await;
}
