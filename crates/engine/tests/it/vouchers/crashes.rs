//! Nodes that die in the middle: a redemption and a revocation are whole in the end, or did not happen.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use engine::Engine;
use engine::accounts::AccountChange;
use engine::ledger_calls::Note;
use engine::vouchers::{self, Revocable, VoucherFilter, VoucherStatus, advance_due};
use ledger::Amount;
use store::{Statement, params};

use super::{accounts, balance, campaign, dollars, issue, list, redeem, statuses, two_lots};
use crate::{Nodes, call, eventually};

/// More waits than anything here has.
const MOST_WAITS: usize = 200;

/// Lets something go on until it has waited so often, and drops it then, as if its node had died.
async fn cut_after<F: Future>(waits: usize, work: F) -> Option<F::Output> {
    let (mut work, mut left) = (pin!(work), waits);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Waits for what was sent to the ledger for this account: a debit that is refused comes after it.
async fn flush(node: &Engine, account: &str) {
    let debit = node.order_debit(&call(Some("f")), account, "1000", Default::default(), Note::default()).await.unwrap();
    assert!(node.submit(debit).await.is_err());
}

/// Both nodes look after what is due, at once.
async fn look_after(nodes: &Nodes) {
    nodes.clock.advance_seconds(61);
    let (one, other) = tokio::join!(advance_due(&nodes.a), advance_due(&nodes.b));
    one.unwrap();
    other.unwrap();
}

#[tokio::test]
async fn a_redemption_that_is_cut_anywhere_is_whole_or_nothing() {
    let nodes = Nodes::start().await;
    let campaign = campaign(&nodes, two_lots()).await;
    let codes = issue(&nodes, &campaign, MOST_WAITS as i64, 1).await;
    let mut halves = 0;
    for (waits, text) in codes.iter().enumerate() {
        let id = format!("c{waits}");
        nodes.account(&id, "global", "USD").await;
        let done = cut_after(waits, redeem(&nodes.a, &id, text, "k")).await;
        flush(&nodes.a, &id).await;
        halves += usize::from(balance(&nodes.a, &id).await == dollars("6"));
        look_after(&nodes).await;
        let after = balance(&nodes.b, &id).await;
        assert!([Amount::ZERO, dollars("10")].contains(&after), "{after:?} after {waits} waits");
        let (redemption, repeated) = redeem(&nodes.b, &id, text, "k").await.unwrap();
        assert_eq!((balance(&nodes.a, &id).await, redemption.pending), (dollars("10"), false), "after {waits} waits");
        assert_eq!(repeated, !after.is_zero(), "after {waits} waits");
        if done.is_some() {
            assert!(halves > 0, "it was never cut between its lots");
            assert!(waits > 5, "it was hardly cut");
            let used = vouchers::campaign(&nodes.a, &campaign.id).await.unwrap().used;
            assert_eq!(used, waits as i64 + 1, "each once");
            return nodes.close().await;
        }
    }
    panic!("it never came to its end");
}

#[tokio::test]
async fn a_revocation_that_is_cut_anywhere_is_ended() {
    let nodes = Nodes::start().await;
    let mut halves = 0;
    for waits in 0..MOST_WAITS {
        let campaign = campaign(&nodes, two_lots()).await;
        let (id, text) = (format!("c{waits}"), issue(&nodes, &campaign, 1, 1).await.remove(0));
        nodes.account(&id, "global", "USD").await;
        redeem(&nodes.a, &id, &text, "k").await.unwrap();
        let (caller, what) = (call(None), Revocable::Campaign(&campaign.id));
        let done = cut_after(waits, vouchers::revoke(&nodes.a, &caller, what, "stop", false)).await;
        flush(&nodes.a, &id).await;
        halves += usize::from(balance(&nodes.a, &id).await == dollars("4"));
        vouchers::revoke(&nodes.b, &caller, what, "stop", false).await.unwrap();
        eventually("everything is taken back", async || {
            look_after(&nodes).await;
            balance(&nodes.b, &id).await.is_zero()
        })
        .await;
        assert_eq!(statuses(&nodes.b, &id).await, [(VoucherStatus::Revoked, Amount::ZERO)]);
        if done.is_some() {
            assert!(halves > 0, "it was never cut between its lots");
            return nodes.close().await;
        }
    }
    panic!("it never came to its end");
}

/// A redemption of [`two_lots`] as a node leaves it that dies after the first grant.
async fn half_redeemed(nodes: &Nodes, id: &str) -> String {
    let campaign = campaign(nodes, two_lots()).await;
    for waits in 0..MOST_WAITS {
        let (account, text) = (format!("{id}{waits}"), issue(nodes, &campaign, 1, 1).await.remove(0));
        nodes.account(&account, "global", "USD").await;
        let _ = cut_after(waits, redeem(&nodes.a, &account, &text, "k")).await;
        flush(&nodes.a, &account).await;
        if balance(&nodes.a, &account).await == dollars("6") {
            return account;
        }
    }
    panic!("it is never cut between its lots");
}

#[tokio::test]
async fn a_half_that_is_revoked_gets_no_other_half() {
    let nodes = Nodes::start().await;
    let account = half_redeemed(&nodes, "h").await;
    let half = list(&nodes.a, &account, &VoucherFilter::default()).await.remove(0);
    assert!(half.redemption.pending);
    let what = Revocable::Code(&half.redemption.code_id);
    vouchers::revoke(&nodes.b, &call(None), what, "stop", false).await.unwrap();
    look_after(&nodes).await;
    let no = nodes.a.accounts().locate(&account).await.unwrap().no;
    let entries = nodes.a.store().entries(no, Default::default(), None, 9).await.unwrap();
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.transaction.event.kind().name()).collect();
    assert_eq!(kinds, ["void", "grant"], "newest first");
    nodes.close().await;
}

#[tokio::test]
async fn a_half_is_left_when_it_expires_or_the_account_closes() {
    let nodes = Nodes::start().await;
    let account = half_redeemed(&nodes, "h").await;
    // For as long as it is closed, it is tried again; after the expiry it no longer is.
    let closing = AccountChange { closed: Some(true), ..AccountChange::default() };
    nodes.a.accounts().change(&call(None), &account, closing).await.unwrap();
    look_after(&nodes).await;
    let due = async || {
        let sql = "SELECT count(*) FROM redemptions WHERE account_id = $1 AND next_check_at_us IS NOT NULL";
        nodes.a.store().query(sql, params![account.as_str()]).await.unwrap()[0].int(0).unwrap()
    };
    assert_eq!(due().await, 1);
    nodes.clock.advance_seconds(31 * 86_400);
    look_after(&nodes).await;
    assert_eq!(due().await, 0);
    assert_eq!(statuses(&nodes.b, &account).await, [(VoucherStatus::Expired, Amount::ZERO)]);
    nodes.close().await;
}

#[tokio::test]
async fn what_is_noted_late_is_not_granted_again() {
    let nodes = Nodes::start().await;
    accounts(&nodes, 1).await;
    let campaign = campaign(&nodes, two_lots()).await;
    let text = issue(&nodes, &campaign, 1, 1).await.remove(0);
    let (redemption, _) = redeem(&nodes.a, "a0", &text, "k").await.unwrap();
    assert!(!redemption.pending);
    assert_eq!(advance_due(&nodes.b).await.unwrap(), 0);
    // As if the node had died before it noted the lots.
    const FORGET: &str = "UPDATE redemption_lots SET lot_no = NULL WHERE redemption_id = $1";
    const DUE: &str = "UPDATE redemptions SET next_check_at_us = $2 WHERE id = $1";
    let (id, due_us) = (redemption.id.as_str(), nodes.a.now().plus_seconds(60).micros());
    let rows = vec![Statement::new(FORGET, params![id]), Statement::new(DUE, params![id, due_us])];
    nodes.a.store().write(rows).await.unwrap();
    assert_eq!(advance_due(&nodes.b).await.unwrap(), 0, "not yet");
    nodes.clock.advance_seconds(61);
    assert_eq!(advance_due(&nodes.b).await.unwrap(), 1);
    assert_eq!(statuses(&nodes.a, "a0").await, [(VoucherStatus::Valid, dollars("10"))]);
    nodes.close().await;
}
