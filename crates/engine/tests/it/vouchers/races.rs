//! Many at once, in turn on both nodes: no limit is passed.

use engine::vouchers::{self, NewCampaign};
use ledger::Amount;
use tokio::task::JoinSet;

use super::{accounts, balance, campaign, code, dollars, issue, number, redeem, ten_dollars};
use crate::{Nodes, call};

/// Who redeems which code.
type Tries = Vec<(String, String)>;

/// All at once; the outcomes' codes, `redeemed` for those that worked. `name` makes the keys its own.
pub(super) async fn together(nodes: &Nodes, name: &str, tries: Tries) -> Vec<String> {
    let mut tasks = JoinSet::new();
    for (n, (account, code)) in tries.into_iter().enumerate() {
        let (node, key) = (nodes.each()[n % 2].clone(), format!("{name}-{n}"));
        tasks.spawn(async move {
            let outcome = redeem(&node, &account, &code, &key).await;
            outcome.map_or_else(|error| self::code(&error).to_owned(), |_| "redeemed".to_owned())
        });
    }
    tasks.join_all().await
}

pub(super) fn count(outcomes: &[String], wanted: &str) -> usize {
    outcomes.iter().filter(|outcome| *outcome == wanted).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_code_by_many_at_once_is_used_once() {
    let nodes = Nodes::start().await;
    let clients = number("SCRIP_VOUCHER_CLIENTS", 100);
    let accounts = accounts(&nodes, clients).await;
    let campaign = campaign(&nodes, ten_dollars()).await;
    let text = issue(&nodes, &campaign, 1, 1).await.remove(0);
    let outcomes = together(&nodes, "k", accounts.iter().map(|id| (id.clone(), text.clone())).collect()).await;
    let told = (count(&outcomes, "redeemed"), count(&outcomes, "voucher_not_found"));
    assert_eq!(told, (1, clients - 1), "{outcomes:?}");
    let mut credited = 0;
    for id in &accounts {
        let balance = balance(&nodes.b, id).await;
        assert!(balance.is_zero() || balance == dollars("10"));
        credited += usize::from(!balance.is_zero());
    }
    assert_eq!(credited, 1);
    let after = vouchers::campaign(&nodes.b, &campaign.id).await.unwrap();
    assert_eq!((after.used, after.spent), (1, dollars("10")));
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_that_redeems_its_code_many_times_gets_it_once() {
    let nodes = Nodes::start().await;
    let id = accounts(&nodes, 1).await.remove(0);
    let campaign = campaign(&nodes, NewCampaign { per_account_limit: Some(9), ..ten_dollars() }).await;
    let text = issue(&nodes, &campaign, 1, 1_000).await.remove(0);
    let outcomes = together(&nodes, "k", vec![(id.clone(), text); number("SCRIP_VOUCHER_CLIENTS", 100)]).await;
    assert_eq!(count(&outcomes, "redeemed"), 1, "{outcomes:?}");
    let refused = count(&outcomes, "voucher_already_used") + count(&outcomes, "too_many_tries");
    assert_eq!(refused, outcomes.len() - 1, "{outcomes:?}");
    assert_eq!(balance(&nodes.a, &id).await, dollars("10"));
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_is_never_passed() {
    let nodes = Nodes::start().await;
    let accounts = accounts(&nodes, 64).await;
    let parts = vec![("15".to_owned(), Vec::new(), None), ("10".to_owned(), vec!["gpu".to_owned()], None)];
    let new = NewCampaign { parts, budget: Some("1000".to_owned()), ..ten_dollars() };
    let campaign = campaign(&nodes, new).await;
    let codes = issue(&nodes, &campaign, 64, 1).await;
    let outcomes = together(&nodes, "k", accounts.iter().cloned().zip(codes).collect()).await;
    let told = (count(&outcomes, "redeemed"), count(&outcomes, "voucher_limit_reached"));
    assert_eq!(told, (40, 24), "{outcomes:?}");
    let mut sum = Amount::ZERO;
    for id in &accounts {
        sum += balance(&nodes.a, id).await;
    }
    assert_eq!(sum, dollars("1000"));
    let after = vouchers::campaign(&nodes.b, &campaign.id).await.unwrap();
    assert_eq!((after.used, after.spent, after.budget_left()), (40, dollars("1000"), Some(Amount::ZERO)));
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_count_has_its_limit() {
    let nodes = Nodes::start().await;
    let accounts = accounts(&nodes, 8).await;
    // uses of a code, limit by account, total limit, codes, accounts, how many are redeemed by all at once
    let table = [(3, 1, None, 1, 8, 3), (9, 1, Some(5), 1, 8, 5), (1, 2, None, 4, 1, 2)];
    for (uses, per_account, total_limit, codes, takers, redeemed) in table {
        let new = NewCampaign { per_account_limit: Some(per_account), total_limit, ..ten_dollars() };
        let campaign = campaign(&nodes, new).await;
        let codes = issue(&nodes, &campaign, codes, uses).await;
        let tries = accounts.iter().take(takers).flat_map(|id| codes.iter().map(|code| (id.clone(), code.clone())));
        let outcomes = together(&nodes, &campaign.id, tries.collect()).await;
        assert_eq!(count(&outcomes, "redeemed"), redeemed, "{outcomes:?}");
        assert_eq!(count(&outcomes, "voucher_limit_reached"), outcomes.len() - redeemed, "{outcomes:?}");
        nodes.clock.advance_seconds(900);
    }
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_at_the_same_time_stay_within_their_bounds() {
    let nodes = Nodes::start_with(|settings| settings.vouchers.batch_codes = 250).await;
    let campaign = campaign(&nodes, ten_dollars()).await;
    let mut tasks = JoinSet::new();
    for n in 0..6 {
        let (node, id) = (nodes.each()[n % 2].clone(), campaign.id.clone());
        tasks.spawn(async move {
            let issued = vouchers::issue_codes(&node, &call(None), &id, 100, 1, Some("one".to_owned())).await;
            issued.map_or_else(|error| code(&error).to_owned(), |_| "issued".to_owned())
        });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!((count(&outcomes, "issued"), count(&outcomes, "batch_full")), (2, 4), "{outcomes:?}");
    assert_eq!(vouchers::campaign(&nodes.b, &campaign.id).await.unwrap().issued, 200);
    nodes.close().await;
}
