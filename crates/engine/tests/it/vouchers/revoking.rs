//! Revoking takes back what is left, once, and keeps everybody else from redeeming.

use engine::ledger_calls::Note;
use engine::vouchers::{self, Revocable, Revoked, VoucherFilter, VoucherStatus, advance_due};
use ledger::{Amount, Kind};
use store::EntryFilter;

use super::races::{count, together};
use super::{accounts, balance, campaign, code, dollars, issue, issue_batch, list, redeem, statuses, two_lots};
use crate::{Nodes, call};

async fn revoke(nodes: &Nodes, what: Revocable<'_>, reason: &str, keep: bool) -> Revoked {
    vouchers::revoke(&nodes.b, &call(None), what, reason, keep).await.unwrap()
}

async fn spend(nodes: &Nodes, account: &str, amount: &str) {
    let note = Note { service: Some("gpu".to_owned()), ..Default::default() };
    let debit = nodes.a.order_debit(&call(Some("d")), account, amount, Default::default(), note).await.unwrap();
    nodes.a.submit(debit).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_takes_back_what_is_left() {
    let nodes = Nodes::start().await;
    accounts(&nodes, 4).await;
    let campaign = campaign(&nodes, two_lots()).await;
    let codes = issue(&nodes, &campaign, 4, 1).await;
    for (n, text) in codes.iter().take(3).enumerate() {
        redeem(&nodes.a, &format!("a{n}"), text, "k").await.unwrap();
    }
    // Scoped and with a priority of its own: it pays first.
    spend(&nodes, "a0", "7").await;
    assert_eq!(balance(&nodes.a, "a0").await, dollars("3"));

    let code_id = list(&nodes.a, "a0", &VoucherFilter::default()).await[0].redemption.code_id.clone();
    let done = revoke(&nodes, Revocable::Code(&code_id), "sent to the wrong one", false).await;
    assert_eq!(done, Revoked { redemptions: 1, pending: 0 });
    assert_eq!(revoke(&nodes, Revocable::Code(&code_id), "again", false).await.redemptions, 0);
    assert_eq!(balance(&nodes.a, "a0").await, Amount::ZERO);
    assert_eq!(statuses(&nodes.a, "a0").await, [(VoucherStatus::Revoked, Amount::ZERO)]);
    let account = nodes.a.accounts().locate("a0").await.unwrap();
    let voids = EntryFilter { kinds: vec![Kind::Void], ..EntryFilter::default() };
    let voids = nodes.a.store().entries(account.no, voids, None, 9).await.unwrap();
    let sum: Amount = voids.iter().map(|entry| entry.transaction.amount()).sum();
    assert_eq!((voids.len(), sum), (2, -dollars("3")), "a ledger entry for each lot");
    assert_eq!(voids[0].transaction.memo.description.as_deref(), Some("sent to the wrong one"));

    // The whole campaign: two more, and nobody redeems the last code.
    let done = revoke(&nodes, Revocable::Campaign(&campaign.id), "leaked", false).await;
    assert_eq!(done, Revoked { redemptions: 2, pending: 0 });
    for id in ["a1", "a2"] {
        assert_eq!(balance(&nodes.b, id).await, Amount::ZERO);
    }
    assert_eq!(code(&redeem(&nodes.b, "a3", &codes[3], "k").await.unwrap_err()), "voucher_expired");
    let issued = vouchers::issue_codes(&nodes.a, &call(None), &campaign.id, 1, 1, None).await;
    assert_eq!(code(&issued.unwrap_err()), "campaign_revoked");
    let resumed = vouchers::pause_campaign(&nodes.a, &call(None), &campaign.id, false).await;
    assert_eq!(code(&resumed.unwrap_err()), "campaign_revoked");
    nodes.close().await;
}

#[tokio::test]
async fn codes_that_leaked_are_revoked_without_those_that_were_redeemed() {
    let nodes = Nodes::start().await;
    accounts(&nodes, 4).await;
    let campaign = campaign(&nodes, two_lots()).await;
    let leaked = issue_batch(&nodes, &campaign, 2, 1, Some("leaked")).await;
    let safe = issue_batch(&nodes, &campaign, 2, 1, Some("safe")).await;
    redeem(&nodes.a, "a0", &leaked[0], "k").await.unwrap();
    redeem(&nodes.a, "a1", &safe[0], "k").await.unwrap();
    let batch = Revocable::Batch { campaign_id: &campaign.id, batch: "leaked" };
    assert_eq!(revoke(&nodes, batch, "leaked", true).await, Revoked { redemptions: 0, pending: 0 });
    assert_eq!(balance(&nodes.a, "a0").await, dollars("10"), "it was redeemed before");
    assert_eq!(code(&redeem(&nodes.a, "a2", &leaked[1], "k").await.unwrap_err()), "voucher_expired");
    assert!(redeem(&nodes.a, "a3", &safe[1], "k").await.is_ok(), "another batch");
    // On second thoughts.
    assert_eq!(revoke(&nodes, batch, "leaked", false).await, Revoked { redemptions: 1, pending: 0 });
    let balances = [balance(&nodes.a, "a0").await, balance(&nodes.a, "a1").await];
    assert_eq!(balances, [Amount::ZERO, dollars("10")]);

    for what in [
        Revocable::Code("none"),
        Revocable::Campaign("none"),
        Revocable::Batch { campaign_id: &campaign.id, batch: "none" },
        Revocable::Batch { campaign_id: "none", batch: "safe" },
    ] {
        let none = vouchers::revoke(&nodes.a, &call(None), what, "r", false).await;
        assert_eq!(code(&none.unwrap_err()), "not_found", "{what:?}");
    }
    nodes.close().await;
}

#[tokio::test]
async fn what_ended_before_is_left_as_it_was() {
    let nodes = Nodes::start().await;
    accounts(&nodes, 3).await;
    let campaign = campaign(&nodes, two_lots()).await;
    let codes = issue(&nodes, &campaign, 3, 1).await;
    redeem(&nodes.a, "a0", &codes[0], "k").await.unwrap();
    nodes.clock.advance_seconds(31 * 86_400);
    redeem(&nodes.a, "a1", &codes[1], "k").await.unwrap();
    spend(&nodes, "a1", "10").await;
    redeem(&nodes.a, "a2", &codes[2], "k").await.unwrap();
    // What a hold earmarks goes when the hold ends.
    let note = Note { service: Some("gpu".to_owned()), ..Default::default() };
    let hold = nodes.a.order_hold(&call(Some("h")), "a2", "1", Some(60), note).await.unwrap();
    nodes.a.submit(hold).await.unwrap();
    revoke(&nodes, Revocable::Campaign(&campaign.id), "over", false).await;
    let table = [("a0", VoucherStatus::Expired, "0"), ("a1", VoucherStatus::Revoked, "0")];
    for (id, status, left) in table.into_iter().chain([("a2", VoucherStatus::Revoked, "1")]) {
        assert_eq!(statuses(&nodes.b, id).await, [(status, dollars(left))], "{id}");
    }
    nodes.clock.advance_seconds(61);
    assert_eq!(statuses(&nodes.b, "a2").await, [(VoucherStatus::Revoked, Amount::ZERO)]);
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_redeems_at_the_same_time_is_refused_or_voided() {
    let nodes = Nodes::start().await;
    let accounts = accounts(&nodes, 48).await;
    let (caller, mut figures) = (call(None), Vec::new());
    for round in 0..8 {
        let campaign = campaign(&nodes, two_lots()).await;
        let codes = issue(&nodes, &campaign, 48, 1).await;
        let (name, tries) = (format!("r{round}"), accounts.iter().cloned().zip(codes).collect());
        let revoking = async {
            // After some of them, before others.
            while vouchers::campaign(&nodes.a, &campaign.id).await.unwrap().used < round * 3 {}
            vouchers::revoke(&nodes.b, &caller, Revocable::Campaign(&campaign.id), "stop", false).await.unwrap()
        };
        let (outcomes, revoked) = tokio::join!(together(&nodes, &name, tries), revoking);
        let redeemed = count(&outcomes, "redeemed");
        figures.push(redeemed);
        assert_eq!((redeemed, redeemed + count(&outcomes, "voucher_expired")), (revoked.redemptions as usize, 48));
        nodes.clock.advance_seconds(61);
        advance_due(&nodes.a).await.unwrap();
        for id in &accounts {
            assert_eq!(balance(&nodes.b, id).await, Amount::ZERO, "{id} in round {round}: {figures:?}");
        }
        nodes.clock.advance_seconds(900);
    }
    eprintln!("redeemed of 48 before each revocation: {figures:?}");
    nodes.close().await;
}
