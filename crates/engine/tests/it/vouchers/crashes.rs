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

/// More steps than anything here has.
const MOST_STEPS: usize = 200;

/// Lets something go on, a step from one wait to the next, until `stop` says so between two of them, and drops it then, as
/// if its node had died.
async fn cut_when<F: Future>(work: F, mut stop: impl AsyncFnMut() -> bool) -> Option<F::Output> {
    let mut work = pin!(work);
    loop {
        if let Poll::Ready(output) = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
            return Some(output);
        }
        if stop().await {
            return None;
        }
    }
}

/// Waits for what was sent to the ledger for this account: a debit that is refused comes after it.
async fn flush(node: &Engine, account: &str) {
    let debit = node.order_debit(&call(Some("f")), account, "1000", Default::default(), Note::default()).await.unwrap();
    assert!(node.submit(debit).await.is_err());
}

/// The same, cut after so many steps.
async fn cut_after<F: Future>(mut steps: usize, nodes: &Nodes, account: &str, work: F) -> Option<F::Output> {
    let stop = async || {
        flush(&nodes.a, account).await;
        steps = steps.saturating_sub(1);
        steps == 0
    };
    cut_when(work, stop).await
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
    let codes = issue(&nodes, &campaign, MOST_STEPS as i64, 1).await;
    for (steps, text) in codes.iter().enumerate() {
        let id = format!("c{steps}");
        nodes.account(&id, "global", "USD").await;
        let done = cut_after(steps + 1, &nodes, &id, redeem(&nodes.a, &id, text, "k")).await;
        look_after(&nodes).await;
        let after = balance(&nodes.b, &id).await;
        assert!([Amount::ZERO, dollars("10")].contains(&after), "{after:?} after {steps} steps");
        let (redemption, repeated) = redeem(&nodes.b, &id, text, "k").await.unwrap();
        assert_eq!((balance(&nodes.a, &id).await, redemption.pending), (dollars("10"), false), "after {steps} steps");
        assert_eq!(repeated, !after.is_zero(), "after {steps} steps");
        if done.is_some() {
            let used = vouchers::campaign(&nodes.a, &campaign.id).await.unwrap().used;
            assert_eq!(used, steps as i64 + 1, "each once");
            return nodes.close().await;
        }
    }
    panic!("it never came to its end");
}

#[tokio::test]
async fn a_revocation_that_is_cut_anywhere_is_ended() {
    let nodes = Nodes::start().await;
    for steps in 1..MOST_STEPS {
        let campaign = campaign(&nodes, two_lots()).await;
        let (id, text) = (format!("c{steps}"), issue(&nodes, &campaign, 1, 1).await.remove(0));
        nodes.account(&id, "global", "USD").await;
        redeem(&nodes.a, &id, &text, "k").await.unwrap();
        let (caller, what) = (call(None), Revocable::Campaign(&campaign.id));
        let revoking = vouchers::revoke(&nodes.a, &caller, what, "stop", false);
        let done = cut_after(steps, &nodes, &id, revoking).await;
        vouchers::revoke(&nodes.b, &caller, what, "stop", false).await.unwrap();
        eventually("everything is taken back", async || {
            look_after(&nodes).await;
            balance(&nodes.b, &id).await.is_zero()
        })
        .await;
        assert_eq!(statuses(&nodes.b, &id).await, [(VoucherStatus::Revoked, Amount::ZERO)]);
        if done.is_some() {
            return nodes.close().await;
        }
    }
    panic!("it never came to its end");
}

/// An account with a redemption of [`two_lots`] whose node died after the first grant.
async fn half_redeemed(nodes: &Nodes) -> String {
    let campaign = campaign(nodes, two_lots()).await;
    // Where the first answer is there at once, the second grant is sent in the same step.
    for n in 0..50 {
        let (account, text) = (format!("h{n}"), issue(nodes, &campaign, 1, 1).await.remove(0));
        nodes.account(&account, "global", "USD").await;
        let stop = async || {
            flush(&nodes.a, &account).await;
            balance(&nodes.a, &account).await == dollars("6")
        };
        if cut_when(redeem(&nodes.a, &account, &text, "k"), stop).await.is_none() {
            return account;
        }
    }
    panic!("it is never cut between its lots");
}

#[tokio::test]
async fn a_half_is_completed_once() {
    let nodes = Nodes::start().await;
    let account = half_redeemed(&nodes).await;
    assert_eq!(advance_due(&nodes.b).await.unwrap(), 0, "not yet: its node may be at it");
    look_after(&nodes).await;
    assert_eq!(statuses(&nodes.a, &account).await, [(VoucherStatus::Valid, dollars("10"))]);
    look_after(&nodes).await;
    assert_eq!(balance(&nodes.b, &account).await, dollars("10"));
    nodes.close().await;
}

#[tokio::test]
async fn a_half_that_is_revoked_gets_no_other_half() {
    let nodes = Nodes::start().await;
    let account = half_redeemed(&nodes).await;
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
    let account = half_redeemed(&nodes).await;
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
