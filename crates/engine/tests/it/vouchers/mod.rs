//! Vouchers on two nodes of one database: who may redeem what, and what is seen of it.
//!
//! `SCRIP_VOUCHER_CLIENTS=1000` lets so many redeem one code at once, `SCRIP_VOUCHER_GUESSES=1000000` guesses so often;
//! by default there are fewer of both.

mod crashes;
mod guesses;
mod races;
mod revoking;

use std::net::IpAddr;

use engine::vouchers::{
    self, Campaign, CampaignFilter, CampaignState, NewCampaign, Redeeming, Redemption, Voucher, VoucherFilter,
    VoucherStatus,
};
use engine::{Engine, Error, billing};
use jiff::civil::date;
use ledger::{Amount, Unit};
use store::Failure;

use crate::billing::draft;
use crate::{Nodes, call};

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

fn dollars(text: &str) -> Amount {
    Unit::parse("USD").unwrap().parse_amount(text).unwrap()
}

fn code(error: &Error) -> &str {
    match error {
        Error::Conflict { code, .. } | Error::Invalid { code, .. } | Error::TooMany { code, .. } => code,
        Error::NotFound(_) => "not_found",
        Error::Ledger(Failure::KeyReuse) => "idempotency_key_reuse",
        other => panic!("{other}"),
    }
}

fn ten_dollars() -> NewCampaign {
    NewCampaign {
        name: "Spring".to_owned(),
        description: "Welcome".to_owned(),
        site: "global".to_owned(),
        unit: Some("USD".to_owned()),
        parts: vec![("10".to_owned(), Vec::new(), None)],
        valid_days: Some(30),
        ..NewCampaign::default()
    }
}

/// Six dollars for `gpu`, paid with first, and four for anything.
fn two_lots() -> NewCampaign {
    let parts = vec![("6".to_owned(), vec!["gpu".to_owned()], Some(-5)), ("4".to_owned(), Vec::new(), None)];
    NewCampaign { parts, ..ten_dollars() }
}

async fn campaign(nodes: &Nodes, new: NewCampaign) -> Campaign {
    vouchers::create_campaign(&nodes.a, &call(None), new).await.unwrap()
}

async fn issue_batch(nodes: &Nodes, campaign: &Campaign, count: i64, uses: i64, batch: Option<&str>) -> Vec<String> {
    let batch = batch.map(str::to_owned);
    let issued = vouchers::issue_codes(&nodes.a, &call(None), &campaign.id, count, uses, batch).await.unwrap();
    issued.codes.iter().map(|code| code.expose().to_owned()).collect()
}

async fn issue(nodes: &Nodes, campaign: &Campaign, count: i64, uses: i64) -> Vec<String> {
    issue_batch(nodes, campaign, count, uses, None).await
}

async fn redeem_from(
    node: &Engine,
    account_id: &str,
    code: &str,
    key: &str,
    address: Option<IpAddr>,
) -> Result<(Redemption, bool), Error> {
    let wanted = Redeeming { account_id, code, address, idempotency_key: key };
    vouchers::redeem(node, &call(None), wanted).await
}

async fn redeem(node: &Engine, account_id: &str, code: &str, key: &str) -> Result<(Redemption, bool), Error> {
    redeem_from(node, account_id, code, key, None).await
}

async fn balance(node: &Engine, account_id: &str) -> Amount {
    let account = node.accounts().locate(account_id).await.unwrap();
    let view = node.view(&account, None).await.unwrap();
    view.account.balance(view.as_of)
}

async fn list(node: &Engine, account_id: &str, filter: &VoucherFilter) -> Vec<Voucher> {
    let account = node.accounts().locate(account_id).await.unwrap();
    vouchers::vouchers(node, &account, filter, None, 100).await.unwrap()
}

async fn statuses(node: &Engine, account_id: &str) -> Vec<(VoucherStatus, Amount)> {
    let all = list(node, account_id, &VoucherFilter::default()).await;
    all.into_iter().map(|voucher| (voucher.status, voucher.remaining)).collect()
}

/// Accounts in dollars, `a0` and on.
async fn accounts(nodes: &Nodes, count: usize) -> Vec<String> {
    let ids: Vec<String> = (0..count).map(|n| format!("a{n}")).collect();
    for id in &ids {
        nodes.account(id, "global", "USD").await;
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gives_nothing_more() {
    let nodes = Nodes::start().await;
    accounts(&nodes, 2).await;
    let campaign = campaign(&nodes, NewCampaign { per_account_limit: Some(9), ..ten_dollars() }).await;
    let codes = issue(&nodes, &campaign, 2, 2).await;
    let (one, other) = tokio::join!(redeem(&nodes.a, "a0", &codes[0], "k"), redeem(&nodes.b, "a0", &codes[0], "k"));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((one.0.id.as_str(), one.1 != other.1), (other.0.id.as_str(), true));
    assert_eq!(redeem(&nodes.b, "a0", &codes[0].to_lowercase(), "k").await.unwrap().0.id, one.0.id);
    assert_eq!(code(&redeem(&nodes.a, "a0", &codes[1], "k").await.unwrap_err()), "idempotency_key_reuse");
    assert_eq!(code(&redeem(&nodes.a, "a0", &codes[0], "k2").await.unwrap_err()), "voucher_already_used");
    assert!(redeem(&nodes.b, "a1", &codes[0], "k").await.is_ok(), "another account, the code's second use");
    assert_eq!(balance(&nodes.a, "a0").await, dollars("10"));
    nodes.close().await;
}

#[tokio::test]
async fn credits_count_to_the_end_of_the_day_at_the_site() {
    let nodes = Nodes::start().await;
    nodes.account("v", "vn", "VND").await;
    let vietnam = |new: NewCampaign| NewCampaign {
        site: "vn".to_owned(),
        unit: None,
        parts: vec![("100000".to_owned(), Vec::new(), None)],
        ..new
    };
    // Noon UTC of 20 November is 19:00 in Vietnam, seven hours ahead.
    let table = [
        (Some(0), None, "2026-11-20T17:00:00Z"),
        (Some(1), None, "2026-11-21T17:00:00Z"),
        (None, Some(date(2026, 12, 31)), "2026-12-31T17:00:00Z"),
    ];
    for (n, (valid_days, valid_until, ends)) in table.into_iter().enumerate() {
        let campaign = campaign(&nodes, vietnam(NewCampaign { valid_days, valid_until, ..ten_dollars() })).await;
        let text = issue(&nodes, &campaign, 1, 1).await.remove(0);
        let (redemption, _) = redeem(&nodes.a, "v", &text, &format!("k{n}")).await.unwrap();
        let ends: jiff::Timestamp = ends.parse().unwrap();
        assert_eq!(redemption.expires_at.micros(), ends.as_microsecond());
    }
    nodes.clock.advance_seconds(6 * 3_600);
    let now: Vec<VoucherStatus> = statuses(&nodes.b, "v").await.into_iter().map(|(status, _)| status).collect();
    assert_eq!(now, [VoucherStatus::Valid, VoucherStatus::Valid, VoucherStatus::Expired], "newest first");
    nodes.close().await;
}

#[tokio::test]
async fn who_may_redeem_is_told_apart() {
    let nodes = Nodes::start().await;
    accounts(&nodes, 1).await;
    nodes.account("v", "vn", "VND").await;
    let asked = |countries: &[&str]| NewCampaign {
        countries: countries.iter().map(|code| (*code).to_owned()).collect(),
        profile_required: true,
        site: "vn".to_owned(),
        unit: None,
        parts: vec![("100000".to_owned(), Vec::new(), None)],
        ..ten_dollars()
    };
    let [open, elsewhere] = [asked(&[]), asked(&["JP"])];
    let (open, elsewhere) = (campaign(&nodes, open).await, campaign(&nodes, elsewhere).await);
    let (text, other) = (issue(&nodes, &open, 1, 9).await.remove(0), issue(&nodes, &elsewhere, 1, 9).await.remove(0));
    assert_eq!(code(&redeem(&nodes.a, "a0", &text, "1").await.unwrap_err()), "voucher_wrong_currency");
    assert_eq!(code(&redeem(&nodes.a, "v", &text, "1").await.unwrap_err()), "profile_missing");
    billing::put_profile(&nodes.a, &call(None), "v", 0, &draft("V")).await.unwrap();
    assert_eq!(code(&redeem(&nodes.a, "v", &other, "1").await.unwrap_err()), "voucher_wrong_country");
    let paused = vouchers::pause_campaign(&nodes.a, &call(None), &open.id, true).await.unwrap();
    assert_eq!((paused.state, paused.updated_by.as_str()), (CampaignState::Paused, "test"));
    assert_eq!(code(&redeem(&nodes.b, "v", &text, "1").await.unwrap_err()), "voucher_not_yet_valid");
    vouchers::pause_campaign(&nodes.b, &call(None), &open.id, false).await.unwrap();
    assert!(redeem(&nodes.a, "v", &text, "1").await.is_ok());
    nodes.close().await;
}

#[tokio::test]
async fn a_batch_is_written_at_once_and_has_an_end() {
    let nodes = Nodes::start_with(|settings| settings.vouchers.batch_codes = 1_500).await;
    let campaign = campaign(&nodes, ten_dollars()).await;
    let issue = async |count| {
        vouchers::issue_codes(&nodes.b, &call(None), &campaign.id, count, 3, Some("spring".to_owned())).await
    };
    let issued = issue(1_000).await.unwrap();
    assert_eq!(issued.codes.len(), 1_000);
    assert_eq!(code(&issue(501).await.unwrap_err()), "batch_full");
    assert_eq!(issue(500).await.unwrap().batch, "spring");
    for (count, wrong) in [(0, "invalid_field"), (1_001, "invalid_field")] {
        assert_eq!(code(&issue(count).await.unwrap_err()), wrong);
    }
    issue_batch(&nodes, &campaign, 2, 1, Some("summer")).await;
    for (batch, count) in [(None, 1_502), (Some("spring"), 1_500), (Some("summer"), 2), (Some("autumn"), 0)] {
        let (mut before, mut seen) = (None, Vec::new());
        loop {
            let page = vouchers::codes(&nodes.a, &campaign.id, batch, before.take(), 400).await.unwrap();
            before = page.last().map(|last| (last.created_at.micros(), last.id.clone()));
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        assert_eq!(seen.len(), count, "{batch:?}");
        assert!(
            seen.iter().all(|row| row.used == 0 && row.id.len() == 32 && batch.is_none_or(|name| row.batch == name))
        );
        let text = issued.codes[0].expose();
        let hinted = seen.iter().any(|row| row.hint == text[7..] && row.max_uses == 3);
        assert_eq!(hinted, count >= 1_500, "the last three characters are kept");
        assert!(!seen.iter().any(|row| format!("{row:?}").contains(text)), "the code itself is nowhere");
    }
    nodes.close().await;
}

#[tokio::test]
async fn no_code_is_in_the_file() {
    let nodes = Nodes::start().await;
    accounts(&nodes, 1).await;
    let campaign = campaign(&nodes, ten_dollars()).await;
    let codes = issue(&nodes, &campaign, 3, 1).await;
    redeem(&nodes.a, "a0", &codes[0], "k").await.unwrap();
    // PostgreSQL's files are not ours to read; the rows are the same.
    let Some(path) = nodes.database.path().map(std::path::Path::to_owned) else { return nodes.close().await };
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let is_in = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(is_in(&campaign.id), "the file is the one");
    assert!(!codes.iter().any(|text| is_in(text)));
    nodes.close().await;
}

#[tokio::test]
async fn operators_see_what_campaigns_have_given() {
    let nodes = Nodes::start().await;
    accounts(&nodes, 3).await;
    let budget = NewCampaign { budget: Some("25".to_owned()), ..ten_dollars() };
    let first = campaign(&nodes, NewCampaign { id: Some("first".to_owned()), ..budget }).await;
    let total = NewCampaign { name: "Tết".to_owned(), total_limit: Some(5), ..two_lots() };
    let second = campaign(&nodes, NewCampaign { id: Some("second".to_owned()), ..total }).await;
    vouchers::pause_campaign(&nodes.a, &call(None), &second.id, true).await.unwrap();
    for (n, text) in issue(&nodes, &first, 7, 1).await.iter().take(2).enumerate() {
        redeem(&nodes.a, &format!("a{n}"), text, "k").await.unwrap();
    }
    let seen = vouchers::campaign(&nodes.b, "first").await.unwrap();
    assert_eq!((seen.issued, seen.used, seen.spent), (7, 2, dollars("20")));
    assert_eq!((seen.budget_left(), seen.is_depleted()), (Some(dollars("5")), true));
    let ids = async |filter: CampaignFilter, before, limit| {
        let found = vouchers::campaigns(&nodes.b, &filter, before, limit).await.unwrap();
        found.into_iter().map(|campaign| campaign.id).collect::<Vec<_>>().join(" ")
    };
    let search = |text: &str| CampaignFilter { search: Some(text.to_owned()), ..CampaignFilter::default() };
    let table = [
        (CampaignFilter::default(), "second first"),
        (CampaignFilter { states: vec![CampaignState::Active], ..CampaignFilter::default() }, "first"),
        (CampaignFilter { states: vec![CampaignState::Revoked], ..CampaignFilter::default() }, ""),
        (CampaignFilter { site: Some("global".to_owned()), ..CampaignFilter::default() }, "second first"),
        (CampaignFilter { site: Some("vn".to_owned()), ..CampaignFilter::default() }, ""),
        (search("TẾT"), "second"),
        (search("fir"), "first"),
        (search("welcome"), "second first"),
    ];
    for (filter, found) in table {
        assert_eq!(ids(filter.clone(), None, 9).await, found, "{filter:?}");
    }
    assert_eq!(ids(CampaignFilter::default(), None, 1).await, "second");
    let before = Some((second.created_at.micros(), second.id.clone()));
    assert_eq!(ids(CampaignFilter::default(), before, 9).await, "first");
    nodes.close().await;
}

#[tokio::test]
async fn an_account_sees_its_vouchers() {
    let nodes = Nodes::start().await;
    accounts(&nodes, 2).await;
    let one = campaign(&nodes, two_lots()).await;
    let gpu = NewCampaign { parts: vec![("5".to_owned(), vec!["gpu".to_owned()], None)], ..ten_dollars() };
    let two = campaign(&nodes, NewCampaign { description: "For GPUs".to_owned(), valid_days: Some(1), ..gpu }).await;
    let (first, second) = (issue(&nodes, &one, 1, 1).await.remove(0), issue(&nodes, &two, 1, 1).await.remove(0));
    let (redemption, _) = redeem(&nodes.a, "a0", &first, "1").await.unwrap();
    redeem(&nodes.a, "a0", &second, "2").await.unwrap();
    let all = list(&nodes.b, "a0", &VoucherFilter::default()).await;
    let shown = |voucher: &Voucher| {
        let services = voucher.services().join(",");
        (voucher.masked_code(), voucher.redemption.description.clone(), voucher.remaining, services, voucher.status)
    };
    let masked = |text: &str| format!("*******{}", &text[7..]);
    let rows: Vec<_> = all.iter().map(shown).collect();
    let newest = (masked(&second), "For GPUs".to_owned(), dollars("5"), "gpu".to_owned(), VoucherStatus::Valid);
    let oldest = (masked(&first), "Welcome".to_owned(), dollars("10"), String::new(), VoucherStatus::Valid);
    assert_eq!(rows, [newest, oldest]);
    assert_eq!((all[1].redemption.value, all[1].redemption.redeemed_at), (dollars("10"), redemption.redeemed_at));
    let search = |text: &str| VoucherFilter { search: Some(text.to_owned()), ..VoucherFilter::default() };
    let service = |name: &str| VoucherFilter { services: vec![name.to_owned()], ..VoucherFilter::default() };
    let status = |status| VoucherFilter { statuses: vec![status], ..VoucherFilter::default() };
    let typed = format!("{}-{}", first[..5].to_lowercase(), &first[5..]);
    let table = [
        (search("gpus"), 1),
        (search(&masked(&first)), usize::from(first[7..] == second[7..]) + 1),
        (search(&typed), 1),
        (search("ABCDEFGHJK"), 0),
        (service("gpu"), 2),
        (service("llm"), 1),
        (status(VoucherStatus::Valid), 2),
        (status(VoucherStatus::Used), 0),
    ];
    for (filter, found) in table {
        assert_eq!(list(&nodes.b, "a0", &filter).await.len(), found, "{filter:?}");
    }
    assert_eq!(list(&nodes.b, "a1", &search(&typed)).await, [], "another account's code is not found");
    nodes.clock.advance_seconds(2 * 86_400);
    assert_eq!(list(&nodes.a, "a0", &status(VoucherStatus::Expired)).await.len(), 1);
    nodes.close().await;
}
