//! Usage on two nodes of one database: reports are what history shows, whoever rolled up and how far.

use std::collections::BTreeMap;

use engine::Engine;
use engine::accounts::Located;
use engine::ids::{IdKind, LocalId};
use engine::lease::{self, LEASE_SECONDS, Lease};
use engine::ledger_calls::{Grant, Note, Usage};
use engine::prices::Mode;
use engine::usage::{self, MAX_TOP, Outlook, Period, Query, Report, Rounds, forecast, preview, roll_due};
use jiff::civil::Date;
use jiff::tz::TimeZoneDatabase;
use ledger::price::PriceBook;
use ledger::{Kind, LotKind, OnInsufficient, Overrun, Rejection, Timestamp};
use store::{EntryFilter, Failure, params};
use tokio::task::JoinSet;

use crate::{Nodes, call};

/// More than a reader adds up without rolling up.
const MANY: usize = 12_100;
const HOUR_MS: i64 = 3_600_000;

fn note(service: &str) -> Note {
    Note { service: Some(service.to_owned()), ..Note::default() }
}

async fn account(nodes: &Nodes, id: &str, credits: &str) -> Located {
    nodes.account(id, "global", "USD").await;
    grant(nodes, id, credits, &[]).await;
    nodes.a.accounts().locate(id).await.unwrap()
}

async fn grant(nodes: &Nodes, id: &str, credits: &str, scope: &[&str]) {
    let grant = Grant {
        amount: credits.to_owned(),
        kind: LotKind::Manual,
        effective_at: None,
        expires_at: None,
        scope: scope.iter().map(|service| (*service).to_owned()).collect(),
        priority: None,
    };
    let planned = nodes.a.order_grant(&call(None), id, grant, Note::default()).await.unwrap();
    nodes.a.submit(planned).await.unwrap();
}

/// So many debits at once, of two services in turn and amounts that tell them apart.
async fn spend(nodes: &Nodes, id: &str, from: usize, count: usize) {
    let (call, mut planned) = (call(None), Vec::with_capacity(count));
    for number in from..from + count {
        let service = ["gpu", "llm", "disk"][number % 3];
        let amount = format!("0.0000{:04}", 1 + number % 9_999);
        let debit = nodes.a.order_debit(&call, id, &amount, OnInsufficient::Reject, note(service));
        planned.push(debit.await.unwrap());
    }
    for outcome in nodes.a.submit_all(planned).await {
        outcome.unwrap();
    }
}

async fn debit(nodes: &Nodes, id: &str, amount: &str, service: &str) -> LocalId {
    let planned = nodes.a.order_debit(&call(None), id, amount, OnInsufficient::Reject, note(service)).await.unwrap();
    let receipt = nodes.a.submit(planned).await.unwrap();
    LocalId { kind: IdKind::Entry, account_no: receipt.account_no, number: receipt.transaction.unwrap().seq }
}

async fn hold(nodes: &Nodes, id: &str, amount: &str, service: &str) -> LocalId {
    let planned = nodes.a.order_hold(&call(None), id, amount, None, note(service)).await.unwrap();
    let receipt = nodes.a.submit(planned).await.unwrap();
    LocalId { kind: IdKind::Hold, account_no: receipt.account_no, number: receipt.transaction.unwrap().seq }
}

/// What history says: spent and counted by date and service.
async fn by_history(node: &Engine, account: &Located, zone: &str) -> BTreeMap<(Date, String), (i128, u64)> {
    // The machine's own may know other rules.
    let zone = TimeZoneDatabase::bundled().get(zone).unwrap();
    let kinds = vec![Kind::Debit, Kind::Capture, Kind::Reversal];
    let filter = EntryFilter { kinds, ..EntryFilter::default() };
    let mut days: BTreeMap<(Date, String), (i128, u64)> = BTreeMap::new();
    for entry in node.store().entries(account.no, filter, None, usize::MAX >> 1).await.unwrap() {
        let tx = entry.transaction;
        let at = jiff::Timestamp::from_microsecond(tx.at.micros()).unwrap().to_zoned(zone.clone());
        let day = days.entry((at.date(), tx.memo.service.as_deref().unwrap_or_default().to_owned())).or_default();
        *day = (day.0 - i128::from(tx.amount().units()), day.1 + 1);
    }
    days
}

async fn report(node: &Engine, account: &Located, query: &Query) -> Report {
    usage::report(node, account, query).await.unwrap()
}

fn everything(nodes: &Nodes, zone: &str, days: i32) -> Query {
    let period = Period::last_days(zone, nodes.a.now(), days).unwrap();
    Query { period, top: MAX_TOP, compare: false, meters: false }
}

/// By date and service as history would say it; every total must be the sum of its parts.
fn by_report(report: &Report) -> BTreeMap<(Date, String), i128> {
    assert!(report.is_complete && report.others.is_none());
    let mut spent = BTreeMap::new();
    for day in &report.days {
        assert_eq!(day.counted.spent_units, day.by_service_units.iter().sum::<i128>(), "{day:?}");
        for (service, units) in report.services.iter().zip(&day.by_service_units) {
            if *units != 0 {
                spent.insert((day.date, service.service.to_string()), *units);
            }
        }
    }
    let services = report.services.iter().map(|service| &service.counted);
    let (units, entries) = services.fold((0, 0), |sum, counted| (sum.0 + counted.spent_units, sum.1 + counted.entries));
    assert_eq!((report.total.spent_units, report.total.entries), (units, entries));
    assert_eq!(units, spent.values().sum::<i128>());
    spent
}

/// Reports of several zones on a node against history.
async fn compare(nodes: &Nodes, node: &Engine, account: &Located, what: &str) {
    for zone in ["UTC", "Asia/Tokyo", "Asia/Kathmandu", "America/St_Johns", "Africa/Casablanca"] {
        let report = report(node, account, &everything(nodes, zone, 60)).await;
        let history = by_history(node, account, zone).await;
        let counted: u64 = history.values().map(|(_, entries)| entries).sum();
        let spent = history.into_iter().filter(|(_, (units, _))| *units != 0).map(|(key, (units, _))| (key, units));
        let wrong = by_report(&report).into_iter().zip(spent).find(|(told, known)| told != known);
        assert_eq!(wrong, None, "{what}, {zone}");
        assert_eq!(report.total.entries, counted, "{what}, {zone}");
    }
}

async fn progress(node: &Engine, account: &Located) -> i64 {
    let sql = "SELECT coalesce(max(seq), 0) FROM usage_progress WHERE account_no = $1";
    let rows = node.store().query(sql, params![i64::try_from(account.no).unwrap()]).await.unwrap();
    rows[0].int(0).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_what_history_shows_however_far_it_is_rolled_up() {
    let nodes = Nodes::start().await;
    let account = account(&nodes, "team", "10000").await;
    // To February, so that clocks are put forward in some zones meanwhile.
    nodes.wait_ms(80 * 24 * HOUR_MS);
    compare(&nodes, &nodes.b, &account, "nothing was spent").await;
    // 110 bursts over seven weeks, in every quarter of the hour.
    for burst in 0..110 {
        spend(&nodes, "team", burst * 110, 110).await;
        nodes.wait_ms(11 * HOUR_MS + 7 * 60_000);
    }
    let first = debit(&nodes, "team", "3", "gpu").await;
    nodes.wait_ms(20 * HOUR_MS);
    let part = nodes.a.order_reversal(&call(None), first, Some("1.25"), Note::default()).await.unwrap();
    nodes.a.submit(part).await.unwrap();
    let placed = hold(&nodes, "team", "2", "llm").await;
    let capture = nodes.a.order_capture(&call(None), placed, "1.5", Overrun::Reject, Note::default()).await.unwrap();
    nodes.a.submit(capture).await.unwrap();
    let adjusted = nodes.a.order_adjustment(&call(None), "team", "-7", Note::default()).await.unwrap();
    nodes.a.submit(adjusted).await.unwrap();
    assert_eq!(progress(&nodes.a, &account).await, 0, "nobody looked since");

    // Readers of both nodes roll up at once.
    let mut readers = JoinSet::new();
    for number in 0..6 {
        let (node, account) = (nodes.each()[number % 2].clone(), account.clone());
        let query = everything(&nodes, "Asia/Kathmandu", 60);
        readers.spawn(async move { report(&node, &account, &query).await });
    }
    let reports: Vec<Report> = readers.join_all().await;
    assert!(reports.iter().all(|report| by_report(report) == by_report(&reports[0])));
    assert!(progress(&nodes.a, &account).await > 2_000, "they rolled up");
    compare(&nodes, &nodes.b, &account, "partly rolled up").await;

    while roll_due(&nodes.b, &mut Rounds::default()).await.unwrap() > 0 {}
    let rolled = progress(&nodes.a, &account).await;
    assert!(rolled > i64::try_from(MANY).unwrap() - 2_000, "less than a block is left: {rolled}");
    compare(&nodes, &nodes.a, &account, "rolled up").await;
    spend(&nodes, "team", 0, 10).await;
    compare(&nodes, &nodes.b, &account, "rolled up and used since").await;
    assert_eq!(progress(&nodes.a, &account).await, rolled, "little is read, not rolled up");
    nodes.close().await;
}

#[tokio::test]
async fn one_node_rolls_up_and_leaves_small_accounts_alone() {
    let nodes = Nodes::start().await;
    let busy = account(&nodes, "busy", "100").await;
    let quiet = account(&nodes, "quiet", "100").await;
    spend(&nodes, "busy", 0, 2_100).await;
    spend(&nodes, "quiet", 0, 1_900).await;
    // On SQLite the list of accounts follows the books a moment later.
    let behind = "SELECT account_no FROM ledger_accounts WHERE seq >= 2000";
    let listed = async || !nodes.a.store().query(behind, Vec::new()).await.unwrap().is_empty();
    crate::eventually("the list of accounts follows", listed).await;
    assert!(lease::hold(&nodes.a, Lease::Usage).await.unwrap());
    let mut rounds = Rounds::default();
    assert_eq!(roll_due(&nodes.b, &mut rounds).await.unwrap(), 0, "another node does it");
    nodes.wait_ms(LEASE_SECONDS * 1_000 + 1);
    assert_eq!(roll_due(&nodes.b, &mut rounds).await.unwrap(), 1);
    assert_eq!((progress(&nodes.a, &busy).await, progress(&nodes.a, &quiet).await), (2_000, 0));
    assert_eq!(roll_due(&nodes.b, &mut rounds).await.unwrap(), 0, "the end of the list");
    assert_eq!(roll_due(&nodes.b, &mut rounds).await.unwrap(), 0, "and from its beginning: nothing to do");
    nodes.close().await;
}

#[tokio::test]
async fn services_are_named_by_what_they_cost() {
    let nodes = Nodes::start().await;
    let account = account(&nodes, "team", "1000").await;
    debit(&nodes, "team", "5", "old").await;
    debit(&nodes, "team", "2", "llm").await;
    nodes.wait_ms(48 * HOUR_MS);
    for (amount, service) in [("1", "llm"), ("20", "gpu"), ("3", "disk"), ("3", "cpu"), ("0.5", "mail")] {
        debit(&nodes, "team", amount, service).await;
        nodes.wait_ms(60_000);
    }
    let period = Period::last_days("UTC", nodes.a.now(), 2).unwrap();
    let query = Query { period, top: 3, compare: true, meters: false };
    let report = report(&nodes.b, &account, &query).await;
    let cents = |units: i128| units / 1_000_000;
    let named: Vec<_> = report
        .services
        .iter()
        .map(|known| (&*known.service, cents(known.counted.spent_units), known.before_units.map(cents)))
        .collect();
    assert_eq!(named, [("gpu", 2_000, Some(0)), ("cpu", 300, Some(0)), ("disk", 300, Some(0))]);
    let others = report.others.unwrap();
    assert_eq!((others.services, cents(others.counted.spent_units)), (2, 150), "old was not used since");
    assert_eq!(others.before_units.map(cents), Some(700));
    assert_eq!((cents(report.total.spent_units), report.before.map(|sum| cents(sum.spent_units))), (2_750, Some(700)));
    let today = report.days.last().unwrap();
    assert_eq!(today.by_service_units.iter().map(|units| cents(*units)).collect::<Vec<_>>(), [2_000, 300, 300]);
    assert_eq!(cents(today.others_units), 150);
    let stamps: Vec<_> = report.services.iter().map(|known| known.counted.charged_to.unwrap()).collect();
    assert!(stamps[0] < stamps[2] && stamps[2] < stamps[1], "gpu, disk, cpu were charged in this order");
    nodes.close().await;
}

/// A book with a price a second for `h100` and a price a million tokens for `chat`.
async fn publish(nodes: &Nodes) {
    let json = r#"{"unit":"USD","services":{
        "h100":{"meters":{"gpu_seconds":{"price":"3.6","per":3600,"step":60}}},
        "chat":{"meters":{"input_tokens":{"price":"0.15","per":1000000},"requests":{"price":"0","per":1}}}}}"#;
    let book = PriceBook::parse(json.as_bytes()).unwrap();
    nodes.a.prices().publish(book, Mode::Merge, "api", "test").await.unwrap();
}

fn meters(quantities: &[(&str, u64)]) -> BTreeMap<String, u64> {
    quantities.iter().map(|(meter, quantity)| ((*meter).to_owned(), *quantity)).collect()
}

async fn charge(nodes: &Nodes, service: &str, quantities: &[(&str, u64)], occurred_at: Option<Timestamp>) {
    let usage = Usage { meters: meters(quantities), occurred_at, on_insufficient: OnInsufficient::Reject };
    let planned = nodes.a.order_usage(&call(None), "team", usage, note(service)).await.unwrap();
    nodes.a.submit(planned).await.unwrap();
}

#[tokio::test]
async fn quantities_and_the_time_charged_for_are_told() {
    let nodes = Nodes::start().await;
    let account = account(&nodes, "team", "1000").await;
    publish(&nodes).await;
    let began = nodes.a.now();
    nodes.wait_ms(HOUR_MS);
    let most = [("requests", u64::MAX), ("input_tokens", 5)];
    charge(&nodes, "chat", &most, Some(began)).await;
    charge(&nodes, "chat", &most, Some(nodes.a.now().plus_seconds(7))).await;
    charge(&nodes, "h100", &[("gpu_seconds", 61)], Some(began.plus_seconds(-9))).await;
    let told = async |what: &str| {
        let query = Query { meters: true, ..everything(&nodes, "UTC", 2) };
        let report = report(&nodes.b, &account, &query).await;
        let of = |name: &str| report.services.iter().find(|known| &*known.service == name).unwrap();
        assert_eq!(of("h100").meters, [("gpu_seconds".into(), 61)].into(), "{what}");
        assert_eq!(of("h100").counted.charged_to, Some(began.plus_seconds(-9)), "{what}");
        assert_eq!(of("chat").meters["input_tokens"], 10, "{what}");
        let charged_to = of("chat").counted.charged_to.unwrap();
        assert!(began < charged_to && charged_to < nodes.a.now(), "{what}: not before it happened");
        of("chat").meters["requests"]
    };
    assert_eq!(told("as entries").await, u128::from(u64::MAX));
    spend(&nodes, "team", 0, 2_000).await;
    assert_eq!(told("as entries").await, u128::from(u64::MAX));
    let listed = async || roll_due(&nodes.a, &mut Rounds::default()).await.unwrap() > 0;
    crate::eventually("they are rolled up", listed).await;
    assert_eq!(told("rolled up").await, i64::MAX.unsigned_abs().into(), "a sum holds no more");
    charge(&nodes, "chat", &[("requests", 3)], None).await;
    assert_eq!(told("rolled up, and used since").await, u128::from(i64::MAX.unsigned_abs()) + 3);
    nodes.close().await;
}

#[tokio::test]
async fn a_forecast_needs_days_with_usage() {
    let nodes = Nodes::start().await;
    let account = account(&nodes, "team", "100").await;
    let told = async || {
        let forecast = forecast(&nodes.b, &account, "Asia/Tokyo").await.unwrap();
        assert!(forecast.is_complete);
        (forecast.outlook, forecast.first_day.map(|day| day.to_string()), forecast.last_day.map(|day| day.to_string()))
    };
    let none = |outlook: Outlook| (outlook, None, None);
    assert_eq!(told().await, none(Outlook::NoRecentUsage));
    for days in 1..=2 {
        debit(&nodes, "team", "4", "llm").await;
        assert_eq!(told().await, none(Outlook::Learning { days_with_usage: days }));
        nodes.wait_ms(24 * HOUR_MS);
    }
    debit(&nodes, "team", "4", "llm").await;
    // 88 are left, 12 were spent in the two days and the hour since the first usage: 5.88 a day. Noon UTC is 21:00 in
    // Tokyo, on the 22nd.
    let days = |low: u32, high: u32| Outlook::Days { low, high: Some(high) };
    assert_eq!(told().await, (days(14, 14), Some("2026-12-06".to_owned()), Some("2026-12-06".to_owned())));
    // What was not spent for a while is known to be nothing: 12 in seven days, and in as many as there were.
    nodes.wait_ms(10 * 24 * HOUR_MS);
    debit(&nodes, "team", "4", "llm").await;
    let (outlook, first, last) = told().await;
    // 84 are left: 4 a week are 147 days; 16 in twelve days and an hour are 63.3 days.
    assert_eq!(outlook, Outlook::Days { low: 63, high: None });
    assert_eq!((first.as_deref(), last), (Some("2027-02-03"), None));
    // An expiry is nothing that was spent, and a grant no saving.
    grant(&nodes, "team", "500", &[]).await;
    assert_eq!(told().await, none(Outlook::BeyondHorizon));
    nodes.wait_ms(29 * 24 * HOUR_MS);
    assert_eq!(told().await, none(Outlook::NoRecentUsage));
    assert!(forecast(&nodes.b, &account, "Mars/Olympus").await.is_err());
    nodes.close().await;
}

#[tokio::test]
async fn a_preview_says_what_a_debit_would() {
    let nodes = Nodes::start().await;
    let team = account(&nodes, "team", "5").await;
    publish(&nodes).await;
    grant(&nodes, "team", "2.5", &["h100"]).await;
    grant(&nodes, "team", "100", &["chat"]).await;
    hold(&nodes, "team", "0.7", "other").await;
    let hour = meters(&[("gpu_seconds", 3_600)]);
    let ask = async |seconds: u64, policy: OnInsufficient| {
        let asked = preview(&nodes.b, &team, "h100", &meters(&[("gpu_seconds", seconds)]), policy).await.unwrap();
        let text = |amount| team.unit.format_amount(amount);
        (text(asked.charge.amount()), asked.is_covered, text(asked.available), asked.times)
    };
    // seconds, what if credits do not suffice; price, covered, available, times
    let table = [
        (3_600, OnInsufficient::Reject, ("3.6", true, "6.8", Some(1))),
        (61, OnInsufficient::Reject, ("0.12", true, "6.8", Some(56))),
        (6_800, OnInsufficient::Reject, ("6.84", false, "6.8", Some(0))),
        (6_780, OnInsufficient::Reject, ("6.78", true, "6.8", Some(1))),
        (6_800, OnInsufficient::Partial, ("6.84", false, "6.8", Some(0))),
        (6_800, OnInsufficient::Overdraw, ("6.84", false, "6.8", Some(0))),
        (0, OnInsufficient::Reject, ("0", true, "6.8", None)),
    ];
    for (seconds, policy, (price, covered, available, times)) in table {
        let told = ask(seconds, policy).await;
        assert_eq!(told, (price.to_owned(), covered, available.to_owned(), times), "{seconds} {policy:?}");
    }
    // The ledger agrees, and a preview holds nothing.
    let usage = |seconds| Usage {
        meters: meters(&[("gpu_seconds", seconds)]),
        occurred_at: None,
        on_insufficient: OnInsufficient::Reject,
    };
    let refused = nodes.a.order_usage(&call(None), "team", usage(6_800), note("h100")).await.unwrap();
    assert!(nodes.a.submit(refused).await.is_err());
    let taken = nodes.a.order_usage(&call(None), "team", usage(6_780), note("h100")).await.unwrap();
    nodes.a.submit(taken).await.unwrap();
    assert_eq!(ask(60, OnInsufficient::Reject).await, ("0.06".to_owned(), false, "0.02".to_owned(), Some(0)));

    let change = engine::accounts::AccountChange { overdraft_limit: Some("1".to_owned()), ..Default::default() };
    nodes.a.accounts().change(&call(None), "team", change).await.unwrap();
    assert_eq!(ask(60, OnInsufficient::Overdraw).await, ("0.06".to_owned(), true, "1.02".to_owned(), Some(17)));

    let code = |error: engine::Error| match error {
        engine::Error::Invalid { code, param, .. } => format!("{code} {param}"),
        engine::Error::Ledger(Failure::Refused { rejection: Rejection::AccountClosed, .. }) => "closed".to_owned(),
        other => panic!("{other}"),
    };
    let wrong = async |service: &str, meters: &BTreeMap<String, u64>| {
        code(preview(&nodes.b, &team, service, meters, OnInsufficient::Reject).await.unwrap_err())
    };
    assert_eq!(wrong("tpu", &hour).await, "unknown_service service");
    assert_eq!(wrong("chat", &hour).await, "unknown_meter meters.gpu_seconds");
    assert_eq!(wrong("h100", &meters(&[])).await, "invalid_field meters");
    assert_eq!(wrong("h100", &meters(&[("gpu_seconds", u64::MAX)])).await, "amount_too_large meters");
    let close = engine::accounts::AccountChange { closed: Some(true), ..Default::default() };
    nodes.a.accounts().change(&call(None), "team", close).await.unwrap();
    assert_eq!(wrong("h100", &hour).await, "closed");
    nodes.close().await;
}
