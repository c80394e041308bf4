//! Overview, history, one entry.

use engine::ledger_calls::Note;
use engine::members::Role;
use ledger::OnInsufficient;

use crate::support::{Town, call};

async fn spend(town: &Town, id: &str, amount: &str, service: &str) {
    let note = Note { service: Some(service.to_owned()), ..Note::default() };
    let key = format!("debit-{}", town.engine.now().micros());
    let planned = town.engine.order_debit(&call(&key), id, amount, OnInsufficient::Reject, note).await.unwrap();
    town.engine.submit(planned).await.unwrap();
}

#[tokio::test]
async fn an_empty_account_says_what_will_be_here() {
    let town = Town::open().await;
    town.account("a", "0").await;
    let mut browser = town.member("a", Role::Owner).await;
    browser.get("/").await.expect(200).shows("No credit yet").shows("₫0").shows("/add-credit");
    browser.get("/history").await.expect(200).shows("No movements yet").hides("<table");
    browser.get("/payments").await.expect(200).shows("No payments yet").hides("<table");
    browser.get("/history?kind=debit").await.expect(200).shows("Nothing matches").shows("href=\"/history\"");
}

#[tokio::test]
async fn the_list_adds_up_and_filters_are_told() {
    let town = Town::open().await;
    town.account("a", "1000000").await;
    spend(&town, "a", "250000.5", "gpt-4o").await;
    spend(&town, "a", "1000", "gpu & co").await;
    let mut browser = town.member("a", Role::Owner).await;
    let overview = browser.get("/").await.expect(200);
    overview.shows("₫748,999").shows("Voucher").shows("gpu &#38; co");
    let history = browser.get("/history").await.expect(200);
    history.shows("3 entries").shows("+₫1,000,000").shows("−₫251,000.5").shows("+₫748,999.5");
    let filtered = browser.get("/history?kind=debit&service=gpu+%26+co").await.expect(200);
    filtered.shows("One entry").hides("gpt-4o</small>").shows("Remove filter:").shows("−₫1,000");
    filtered.shows("/history?service=gpu%20%26%20co").shows("kind=debit&#38;service=gpu%20%26%20co&#38;language=en");
    let days = browser.get("/history?from=2020-01-01&to=2020-01-31").await.expect(200);
    days.shows("Date range: 1 Jan 2020 to 31 Jan 2020").shows("Nothing matches");
    // What is no filter counts as none.
    browser.get("/history?kind=nothing&from=x&to=2020-02-30&before=-1").await.expect(200).shows("3 entries");
}

#[tokio::test]
async fn long_histories_come_in_pages() {
    let town = Town::open().await;
    town.account("a", "1000000").await;
    for _ in 0..60 {
        spend(&town, "a", "1", "s").await;
    }
    let mut browser = town.member("a", Role::Owner).await;
    let first = browser.get("/history?service=s").await.expect(200);
    first.shows("60 entries");
    assert_eq!(first.main().matches("<tr role=\"row\">").count(), 51, "a head and fifty entries");
    let older = first.main().split("href=\"/history?service=s&#38;before=").nth(1).unwrap().split('"').next().unwrap();
    let second = browser.get(&format!("/history?service=s&before={older}")).await.expect(200);
    assert_eq!(second.main().matches("<tr role=\"row\">").count(), 11);
    second.shows("60 entries").shows("Newest");
}

#[tokio::test]
async fn an_entry_tells_which_lots_paid() {
    let town = Town::open().await;
    town.account("a", "1000").await;
    town.grant("a", "500", Some("second")).await;
    spend(&town, "a", "1200", "gpt-4o").await;
    let mut browser = town.member("a", Role::Owner).await;
    let list = browser.get("/history").await.expect(200);
    let path = list.main().split("href=\"/history/").nth(1).unwrap().split('"').next().unwrap();
    let entry = browser.get(&format!("/history/{path}")).await.expect(200);
    entry.shows("−₫1,200").shows("−₫1,000").shows("−₫200").shows("gpt-4o").shows("The operator");
    assert_eq!(entry.main().matches(">Voucher</a>").count(), 2);
}

#[tokio::test]
async fn settings_are_kept_and_change_what_is_shown() {
    let town = Town::open().await;
    town.account("a", "1234567").await;
    let mut browser = town.member("a", Role::Viewer).await;
    let page = browser.get("/settings").await.expect(200);
    let fields = [("language", "vi"), ("zone", "Asia/Tokyo")];
    let saved = browser.submit(&page, "/settings/display", &fields).await.expect(303);
    browser.get(saved.location()).await.expect(200).shows("Đã lưu").shows("GMT+9");
    browser.get("/").await.expect(200).shows("1.234.567\u{a0}₫");
    browser.submit(&page, "/settings/display", &[("language", "vi"), ("zone", "Mars/Base")]).await.expect(400);
}
