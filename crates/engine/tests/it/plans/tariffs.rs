//! Prices once the credits of a plan are used up, and the plan of accounts without one.

use std::collections::BTreeMap;

use engine::ledger_calls::{Note, Usage};
use engine::plans::{self, OnDemand, PlanTerms};
use engine::prices::Mode;
use engine::{Engine, watch};
use ledger::price::PriceBook;
use ledger::{LotKind, OnInsufficient, Unit};

use super::Club;
use super::club::{TEAM, monthly};
use crate::call;

/// A search costs 1 credit, a crawl 2.
async fn with_prices() -> Club {
    let club = Club::open().await;
    let json = br#"{"unit":"CREDIT","services":{"search":{"meters":{"requests":{"price":"1","per":1}}},
        "crawl":{"meters":{"pages":{"price":"2","per":1}}}}}"#;
    club.nodes.a.prices().publish(PriceBook::parse(json).unwrap(), Mode::Merge, "test", "test").await.unwrap();
    let own = r#"{"meters":{"pages":{"price":"5","per":1}}}"#;
    let on_demand = OnDemand {
        percent: Some("150".to_owned()),
        services: BTreeMap::from([("crawl".to_owned(), serde_json::from_str(own).unwrap())]),
    };
    let terms =
        PlanTerms { scope: vec!["search".to_owned()], on_demand: Some(on_demand), ..monthly("Pro", "20", "100") };
    club.publish("SUB_SEARCH", terms).await;
    club.nodes.account("other", "api", "CREDIT").await;
    for account in [TEAM, "other"] {
        grant(&club.nodes.a, account, "10000").await;
    }
    club
}

async fn grant(node: &Engine, account: &str, amount: &str) {
    let grant = engine::ledger_calls::Grant {
        amount: amount.to_owned(),
        kind: LotKind::Manual,
        effective_at: None,
        expires_at: None,
        scope: Vec::new(),
        priority: None,
    };
    let key = format!("grant-{account}");
    let order = node.order_grant(&call(Some(&key)), account, grant, Note::default()).await.unwrap();
    node.submit(order).await.unwrap();
}

/// What an event costs, and what the entry says of the plan's prices.
async fn usage(node: &Engine, account: &str, service: &str, quantity: u64) -> (String, serde_json::Value) {
    let meter = if service == "search" { "requests" } else { "pages" };
    let meters = BTreeMap::from([(meter.to_owned(), quantity)]);
    let usage = Usage { meters, occurred_at: None, on_insufficient: OnInsufficient::Reject };
    let note = Note { service: Some(service.to_owned()), ..Note::default() };
    let key = format!("usage-{}", node.now().micros());
    let order = node.order_usage(&call(Some(&key)), account, usage, note).await.unwrap();
    let receipt = node.submit(order).await.unwrap();
    let entry = receipt.transaction.unwrap();
    let pricing: serde_json::Value = serde_json::from_str(entry.memo.pricing.as_deref().unwrap()).unwrap();
    assert_eq!(pricing["amount"], Unit::CREDIT.format_amount(-entry.amount()), "the arithmetic is that of the amount");
    (Unit::CREDIT.format_amount(-entry.amount()), pricing["on_demand"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plans_prices_hold_once_its_credits_are_used_up() {
    let club = with_prices().await;
    let node = &club.nodes.a;
    let by_factor = serde_json::json!({"plan": "SUB_SEARCH", "plan_version": 1, "percent": "150"});
    let by_list = serde_json::json!({"plan": "SUB_SEARCH", "plan_version": 1});
    let none = serde_json::Value::Null;
    assert_eq!(usage(node, TEAM, "search", 10).await, ("10".to_owned(), none.clone()), "without a plan");
    club.subscribe("SUB_SEARCH", None).await;
    watch::poll(node).await.unwrap();
    watch::poll(&club.nodes.b).await.unwrap();
    // account, service, quantity, amount, how it came about
    let table = [
        (TEAM, "search", 60, "60", &none),
        (TEAM, "crawl", 1, "5", &by_list),
        // More than is left of the plan, but something is: the usual price.
        (TEAM, "search", 50, "50", &none),
        (TEAM, "search", 10, "15", &by_factor),
        (TEAM, "search", 1, "1.5", &by_factor),
        ("other", "search", 10, "10", &none),
        ("other", "crawl", 1, "2", &none),
    ];
    for (number, (account, service, quantity, amount, how)) in table.into_iter().enumerate() {
        let node = club.nodes.each()[number % 2];
        assert_eq!(usage(node, account, service, quantity).await, (amount.to_owned(), how.clone()), "{number}");
    }
    // A new period, new credits.
    club.go_to("2026-12-20");
    club.run().await;
    assert_eq!(usage(node, TEAM, "search", 10).await, ("10".to_owned(), none.clone()));
    plans::cancel(node, TEAM).await.unwrap();
    club.go_to("2027-01-20");
    club.run().await;
    for node in club.nodes.each() {
        watch::poll(node).await.unwrap();
        assert_eq!(usage(node, TEAM, "search", 10).await, ("10".to_owned(), none.clone()), "the plan has ended");
    }
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_without_a_plan_have_the_months_free_credits() {
    let club = Club::open_with(|settings| {
        settings.plans.base_credits = 500;
        settings.plans.base_name = "Free".to_owned();
    })
    .await;
    club.nodes.account("tokyo", "api", "CREDIT").await;
    club.nodes.account("dollars", "global", "USD").await;
    plans::set_zone(&club.nodes.a, "tokyo", Some("Asia/Tokyo")).await.unwrap();
    let grant = async || {
        for node in club.nodes.each() {
            plans::grant_bases(node, "").await.unwrap();
            club.nodes.wait_ms(16_000);
        }
    };
    let credits = async |account: &str| {
        let located = club.nodes.a.accounts().locate(account).await.unwrap();
        let view = club.nodes.a.view(&located, None).await.unwrap();
        located.unit.floor_minor(view.account.balance(view.as_of))
    };
    // when, credits of the account in UTC, in Tokyo, in dollars
    let table = [
        ("2026-11-20T12:01Z", 500, 500, 0),
        ("2026-11-30T14:59Z", 500, 500, 0),
        ("2026-11-30T15:01Z", 500, 500, 0),
        ("2026-12-01T00:01Z", 500, 500, 0),
    ];
    for (when, utc, tokyo, dollars) in table {
        club.go_to(when);
        grant().await;
        let found = (credits(TEAM).await, credits("tokyo").await, credits("dollars").await);
        assert_eq!(found, (utc, tokyo, dollars), "{when}");
    }
    let sql = "SELECT account_id, ends_at_us FROM plan_periods ORDER BY account_id, ends_at_us";
    let rows = club.nodes.a.store().query(sql, Vec::new()).await.unwrap();
    let ends: Vec<(String, i64)> =
        rows.iter().map(|row| (row.text(0).unwrap().to_owned(), row.int(1).unwrap())).collect();
    let end = |account: &str, text: &str| (account.to_owned(), super::day(text).micros());
    let expected = [
        end(TEAM, "2026-12-01"),
        end(TEAM, "2027-01-01"),
        end("tokyo", "2026-11-30T15:00Z"),
        end("tokyo", "2026-12-31T15:00Z"),
    ];
    assert_eq!(ends, expected);
    let team = club.nodes.a.accounts().get(TEAM).await.unwrap();
    let active = plans::active(&club.nodes.a, &team).await.unwrap();
    assert_eq!(
        (active.id.as_str(), active.name.as_str(), Unit::CREDIT.floor_minor(active.credits)),
        ("SUB_BASE", "Free", 500)
    );
    // With a plan there is nothing for free.
    club.subscribe("SUB_PRO", None).await;
    club.go_to("2027-01-01T00:01Z");
    grant().await;
    let rows = club
        .nodes
        .a
        .store()
        .query(
            "SELECT 1 FROM plan_bases WHERE account_id = 'team' AND ends_at_us > $1",
            vec![club.now().micros().into()],
        )
        .await
        .unwrap();
    assert!(rows.is_empty());
    club.close().await;
}
