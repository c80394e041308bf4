//! Alerts on two nodes of one database: each level and each expiry is told once, to the right people, in their language.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::accounts::AccountChange;
use engine::alerts::{self, Alerts, Draft, Level, announce, look, set_alerts};
use engine::billing;
use engine::ids::{IdKind, LocalId};
use engine::lease::{self, LEASE_SECONDS, Lease};
use engine::ledger_calls::{Grant, Note};
use engine::mail::{self, Filter, Letter, Mail};
use engine::settings::Language;
use engine::{Engine, Error};
use ledger::{LotKind, OnInsufficient, Timestamp};
use store::{Statement, params};
use tokio::task::JoinSet;

use crate::{Nodes, billing::draft, call};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The lot that it makes.
async fn grant(nodes: &Nodes, account: &str, amount: &str, expires_at: Option<Timestamp>) -> LocalId {
    let grant = Grant {
        amount: amount.to_owned(),
        kind: LotKind::Manual,
        effective_at: None,
        expires_at,
        scope: Vec::new(),
        priority: None,
    };
    let planned = nodes.a.order_grant(&call(None), account, grant, Note::default()).await.unwrap();
    let granted = nodes.a.submit(planned).await.unwrap();
    let account_no = nodes.a.accounts().locate(account).await.unwrap().no;
    LocalId { kind: IdKind::Lot, account_no, number: granted.transaction.unwrap().seq }
}

async fn move_expiry(nodes: &Nodes, lot: LocalId, expires_at: Timestamp) {
    let planned = nodes.a.order_expiry(&call(None), lot, Some(expires_at), Note::default()).await.unwrap();
    nodes.a.submit(planned).await.unwrap();
}

async fn debit(nodes: &Nodes, account: &str, amount: &str) {
    let planned =
        nodes.b.order_debit(&call(None), account, amount, OnInsufficient::Reject, Note::default()).await.unwrap();
    nodes.b.submit(planned).await.unwrap();
}

fn wants(threshold: &str, emails: &[&str]) -> Draft {
    Draft {
        low_enabled: true,
        threshold: Some(threshold.to_owned()),
        emails: emails.iter().map(|email| (*email).to_owned()).collect(),
        ..Draft::default()
    }
}

/// Letters about an account, oldest first.
async fn letters(nodes: &Nodes, account: &str) -> Vec<Mail> {
    let filter = Filter { account_id: Some(account.to_owned()), ..Filter::default() };
    let mut found = mail::list(&nodes.b, &filter, None, 1_000).await.unwrap();
    found.reverse();
    found
}

async fn kinds(nodes: &Nodes, account: &str) -> Vec<String> {
    letters(nodes, account).await.into_iter().map(|mail| format!("{} {}", mail.kind, mail.recipient)).collect()
}

/// Topics in the outbox of an account, oldest first.
async fn events(nodes: &Nodes, account: &str) -> Vec<String> {
    let sql = "SELECT topic FROM outbox WHERE account_id = $1 ORDER BY created_at_us, id";
    let rows = nodes.a.store().query(sql, params![account]).await.unwrap();
    rows.iter().map(|row| row.text(0).unwrap().to_owned()).collect()
}

/// A look of each node, one after the other, whoever holds the lease.
async fn both_look(nodes: &Nodes) -> usize {
    let first = look(&nodes.a).await.unwrap();
    nodes.wait_ms(LEASE_SECONDS * 1_000 + 1);
    first + look(&nodes.b).await.unwrap()
}

#[tokio::test]
async fn a_balance_is_told_as_it_goes_down_and_up() {
    let nodes = Nodes::start().await;
    nodes.account("a", "global", "USD").await;
    grant(&nodes, "a", "100", None).await;
    set_alerts(&nodes.a, "a", wants("10", &["one@example.com", "two@example.com"])).await.unwrap();
    assert_eq!(both_look(&nodes).await, 0);
    debit(&nodes, "a", "90").await;
    assert_eq!(both_look(&nodes).await, 0, "at the threshold is not below it");

    debit(&nodes, "a", "0.5").await;
    assert_eq!(both_look(&nodes).await, 1);
    let low = ["low_balance one@example.com", "low_balance two@example.com"];
    assert_eq!(kinds(&nodes, "a").await, low);
    let written = letters(&nodes, "a").await;
    let Some(Letter::LowBalance { available, threshold }) = &written[0].letter else { panic!("{written:?}") };
    assert_eq!((&*available.amount, &*threshold.amount, &*threshold.unit), ("9.5", "10", "USD"));
    assert_eq!(both_look(&nodes).await, 0);

    nodes.wait_ms(DAY_MS);
    assert_eq!(both_look(&nodes).await, 1, "reminded");
    nodes.wait_ms(DAY_MS);
    assert_eq!(both_look(&nodes).await, 1, "reminded again");
    nodes.wait_ms(DAY_MS);
    assert_eq!(both_look(&nodes).await, 0, "three in all");
    assert_eq!(kinds(&nodes, "a").await.len(), 6);

    debit(&nodes, "a", "9.5").await;
    assert_eq!(both_look(&nodes).await, 1);
    grant(&nodes, "a", "50", None).await;
    assert_eq!(both_look(&nodes).await, 1);
    assert_eq!(kinds(&nodes, "a").await[6..], ["balance_depleted one@example.com", "balance_depleted two@example.com"]);
    assert_eq!(events(&nodes, "a").await, ["balance.low", "balance.depleted", "balance.ok"]);
    let body = "SELECT body FROM outbox WHERE topic = 'balance.low'";
    let rows = nodes.a.store().query(body, params![]).await.unwrap();
    let body: serde_json::Value = serde_json::from_str(rows[0].text(0).unwrap()).unwrap();
    let told = ["account", "level", "unit", "available", "balance", "threshold"].map(|name| body[name].clone());
    assert_eq!(told, ["a", "low", "USD", "9.5", "9.5", "10"]);
    nodes.close().await;
}

#[tokio::test]
async fn a_balance_below_zero_for_a_week_is_told_once_more() {
    let nodes = Nodes::start().await;
    nodes.account("a", "global", "USD").await;
    let change = AccountChange { overdraft_limit: Some("20".to_owned()), ..AccountChange::default() };
    nodes.a.accounts().change(&call(None), "a", change).await.unwrap();
    set_alerts(&nodes.a, "a", wants("5", &["one@example.com"])).await.unwrap();
    let planned = nodes.a.order_debit(&call(None), "a", "3", OnInsufficient::Overdraw, Note::default()).await.unwrap();
    nodes.a.submit(planned).await.unwrap();
    for _ in 0..6 {
        both_look(&nodes).await;
        nodes.wait_ms(DAY_MS);
    }
    assert_eq!(events(&nodes, "a").await, ["balance.depleted"]);
    nodes.wait_ms(DAY_MS);
    assert_eq!(both_look(&nodes).await, 1);
    assert_eq!(both_look(&nodes).await, 0);
    assert_eq!(events(&nodes, "a").await, ["balance.depleted", "balance.negative"]);
    let all = letters(&nodes, "a").await;
    assert_eq!(all.len(), 4, "three reminders, and this");
    let Some(Letter::BalanceNegative { owed, since }) = &all[3].letter else { panic!("{all:?}") };
    assert_eq!((&*owed.amount, *since), ("3", all[0].created_at));
    nodes.close().await;
}

#[tokio::test]
async fn who_switches_on_while_low_is_told_at_once_and_not_each_time() {
    let nodes = Nodes::start().await;
    nodes.account("a", "global", "USD").await;
    grant(&nodes, "a", "1", None).await;
    let on = wants("10", &["one@example.com"]);
    let off = Draft { low_enabled: false, ..on.clone() };
    assert_eq!(alerts::alerts(&nodes.b, "a").await.unwrap().preferences, alerts::Preferences::default());
    for _ in 0..3 {
        set_alerts(&nodes.a, "a", on.clone()).await.unwrap();
        both_look(&nodes).await;
        set_alerts(&nodes.b, "a", off.clone()).await.unwrap();
        assert_eq!(both_look(&nodes).await, 0, "off");
    }
    assert_eq!(kinds(&nodes, "a").await, ["low_balance one@example.com"], "at most one a day");
    nodes.wait_ms(DAY_MS);
    let Alerts { memory, .. } = set_alerts(&nodes.a, "a", on).await.unwrap();
    assert_eq!((memory.level, memory.told), (Level::Ok, 0));
    both_look(&nodes).await;
    assert_eq!(kinds(&nodes, "a").await.len(), 2);
    let Alerts { memory, .. } = alerts::alerts(&nodes.b, "a").await.unwrap();
    assert_eq!((memory.level, memory.told), (Level::Low, 1));
    // A closed account is left alone.
    let change = AccountChange { closed: Some(true), ..AccountChange::default() };
    nodes.a.accounts().change(&call(None), "a", change).await.unwrap();
    nodes.wait_ms(2 * DAY_MS);
    assert_eq!(both_look(&nodes).await, 0);
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_at_once_tell_once() {
    let nodes = Nodes::start().await;
    for number in 0..30 {
        let id = format!("a{number:02}");
        nodes.account(&id, "global", "USD").await;
        grant(&nodes, &id, "1", Some(nodes.a.now().plus_seconds(9 * 86_400))).await;
        set_alerts(&nodes.a, &id, wants("10", &["one@example.com"])).await.unwrap();
    }
    eventually_listed(&nodes, 30).await;
    // Nobody's lease lasts, so both do all of it.
    let done = Arc::new(AtomicBool::new(false));
    let (store, over) = (nodes.a.store().clone(), Arc::clone(&done));
    let saboteur = tokio::spawn(async move {
        while !over.load(Ordering::Relaxed) {
            let end = "UPDATE leases SET expires_at_us = 0 WHERE name = 'alerts'";
            store.write(vec![Statement::new(end, params![])]).await.unwrap();
        }
    });
    nodes.wait_ms(3 * DAY_MS);
    let mut looks = JoinSet::new();
    for node in nodes.each().into_iter().chain(nodes.each()) {
        let node = node.clone();
        looks.spawn(async move {
            for _ in 0..3 {
                look(&node).await.unwrap();
                announce(&node).await.unwrap();
            }
        });
    }
    looks.join_all().await;
    done.store(true, Ordering::Relaxed);
    saboteur.await.unwrap();
    for number in 0..30 {
        let id = format!("a{number:02}");
        assert_eq!(events(&nodes, &id).await, ["balance.low"], "{id}");
        let mut told = kinds(&nodes, &id).await;
        told.sort();
        assert_eq!(told, ["lots_expiring one@example.com", "low_balance one@example.com"], "{id}");
    }
    nodes.close().await;
}

/// Waits until the list of what falls due, which follows the books a moment later, has so many accounts.
async fn eventually_listed(nodes: &Nodes, count: i64) {
    crate::eventually("the list of due accounts", async || {
        let sql = "SELECT count(*) FROM ledger_accounts WHERE next_due_at_us IS NOT NULL";
        nodes.b.store().query(sql, params![]).await.unwrap()[0].int(0).unwrap() >= count
    })
    .await;
}

#[tokio::test]
async fn letters_go_to_the_alerts_addresses_else_to_the_accounts_own() {
    let nodes = Nodes::start().await;
    nodes.account("vn", "vn", "VND").await;
    nodes.account("plain", "global", "USD").await;
    let with_email = AccountChange { email: Some(Some("own@example.com".to_owned())), ..AccountChange::default() };
    nodes.a.accounts().change(&call(None), "vn", with_email).await.unwrap();
    billing::put_profile(&nodes.a, &call(None), "vn", 0, &draft("Lan")).await.unwrap();
    let refused = set_alerts(&nodes.a, "plain", wants("10", &[])).await;
    assert!(matches!(refused, Err(Error::Fields(_))), "nobody to write to");
    set_alerts(&nodes.a, "vn", wants("10", &[])).await.unwrap();
    assert_eq!(both_look(&nodes).await, 1);
    let [mail] = letters(&nodes, "vn").await.try_into().unwrap();
    assert_eq!((mail.recipient.as_str(), mail.language), ("own@example.com", Language::Vi), "the profile's language");

    let japanese = Draft { language: Some(Language::Ja), ..wants("10", &["other@example.com"]) };
    set_alerts(&nodes.a, "vn", japanese).await.unwrap();
    nodes.wait_ms(DAY_MS);
    assert_eq!(both_look(&nodes).await, 1);
    let [_, mail] = letters(&nodes, "vn").await.try_into().unwrap();
    assert_eq!((mail.recipient.as_str(), mail.language), ("other@example.com", Language::Ja));
    nodes.close().await;
}

/// Midnight at the end of a day so many days from now, at the site `vn`.
fn end_of_day_in(engine: &Engine, days: i64) -> Timestamp {
    let zone = jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let now = jiff::Timestamp::from_microsecond(engine.now().micros()).unwrap();
    let day = now.to_zoned(zone.clone()).date().checked_add(jiff::Span::new().days(days + 1)).unwrap();
    Timestamp::from_micros(day.to_zoned(zone).unwrap().timestamp().as_microsecond())
}

#[tokio::test]
async fn expiries_are_announced_by_days_and_once() {
    let nodes = Nodes::start().await;
    nodes.account("vn", "vn", "VND").await;
    let with_email = AccountChange { email: Some(Some("own@example.com".to_owned())), ..AccountChange::default() };
    nodes.a.accounts().change(&call(None), "vn", with_email).await.unwrap();
    grant(&nodes, "vn", "5000", Some(end_of_day_in(&nodes.a, 32))).await;
    grant(&nodes, "vn", "7000", Some(end_of_day_in(&nodes.a, 16))).await;
    // Spent first, so that it has nothing left to lose.
    grant(&nodes, "vn", "100", Some(end_of_day_in(&nodes.a, 15))).await;
    debit(&nodes, "vn", "100").await;
    eventually_listed(&nodes, 1).await;
    let mut told = Vec::new();
    for day in 0..=33 {
        for (turn, node) in nodes.each().into_iter().enumerate() {
            let before = letters(&nodes, "vn").await.len();
            announce(node).await.unwrap();
            if let [mail] = &letters(&nodes, "vn").await[before..] {
                let Some(Letter::LotsExpiring { days, lots }) = &mail.letter else { panic!("{mail:?}") };
                let amounts = lots.iter().map(|lot| lot.remaining.amount.as_str()).collect::<Vec<_>>().join("+");
                told.push((day, turn, *days, amounts));
            }
            nodes.wait_ms(LEASE_SECONDS * 1_000 + 1);
        }
        nodes.wait_ms(DAY_MS - 2 * (LEASE_SECONDS * 1_000 + 1));
    }
    let told: Vec<(i32, u32, &str)> =
        told.iter().map(|(day, _, days, amounts)| (*day, *days, amounts.as_str())).collect();
    // What is 16 days away at the start is beyond the step of 14, and the one of 30 was before its time.
    assert_eq!(
        told,
        [(2, 30, "7000+5000"), (9, 7, "7000"), (15, 1, "7000"), (18, 14, "5000"), (25, 7, "5000"), (31, 1, "5000"),]
    );
    nodes.close().await;
}

#[tokio::test]
async fn a_new_expiry_is_announced_anew_and_a_night_is_not_disturbed() {
    let nodes = Nodes::start().await;
    nodes.account("vn", "vn", "VND").await;
    set_alerts(&nodes.a, "vn", Draft { emails: vec!["one@example.com".to_owned()], ..Draft::default() }).await.unwrap();
    let first = grant(&nodes, "vn", "5000", Some(end_of_day_in(&nodes.a, 8))).await;
    let second = grant(&nodes, "vn", "900", Some(end_of_day_in(&nodes.a, 20))).await;
    eventually_listed(&nodes, 1).await;
    let count = async || letters(&nodes, "vn").await.len();
    // From 19:00 to 07:59 of the next day in Hanoi: seven days are left, and it is early.
    nodes.wait_ms(12 * HOUR_MS + 59 * 60_000);
    announce(&nodes.a).await.unwrap();
    assert_eq!(count().await, 0);
    nodes.wait_ms(60_000);
    announce(&nodes.a).await.unwrap();
    assert_eq!(count().await, 1);
    // What comes to a step on the same day waits for tomorrow's letter.
    move_expiry(&nodes, second, end_of_day_in(&nodes.a, 14)).await;
    nodes.wait_ms(HOUR_MS);
    announce(&nodes.a).await.unwrap();
    assert_eq!(count().await, 1);
    nodes.wait_ms(DAY_MS);
    announce(&nodes.a).await.unwrap();
    let [_, told] = letters(&nodes, "vn").await.try_into().unwrap();
    let Some(Letter::LotsExpiring { days, lots }) = &told.letter else { panic!("{told:?}") };
    assert_eq!((*days, lots.len()), (13, 1), "the first one was told at this step");
    // Put off by a day: the same step, and a new date.
    move_expiry(&nodes, first, end_of_day_in(&nodes.a, 7)).await;
    nodes.wait_ms(DAY_MS);
    announce(&nodes.a).await.unwrap();
    assert_eq!(count().await, 3);
    // Nothing more is told to who does not want it.
    set_alerts(&nodes.a, "vn", Draft { expiry_enabled: Some(false), ..Draft::default() }).await.unwrap();
    nodes.wait_ms(5 * DAY_MS);
    announce(&nodes.a).await.unwrap();
    assert_eq!(count().await, 3);
    // What expired long ago is forgotten, by one node.
    nodes.wait_ms(70 * DAY_MS);
    assert!(lease::hold(&nodes.b, Lease::Alerts).await.unwrap());
    let notices = async || nodes.a.store().query("SELECT lot_no FROM expiry_notices", params![]).await.unwrap().len();
    alerts::forget(&nodes.a).await.unwrap();
    assert!(notices().await > 0, "another node does it");
    alerts::forget(&nodes.b).await.unwrap();
    assert_eq!(notices().await, 0);
    nodes.close().await;
}
