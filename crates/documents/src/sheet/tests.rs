use ledger::{Kind, LotKind};

use super::text::{guarded, is_risky, is_too_precise, plain, storable};
use super::*;

fn head(zone: &str) -> Head {
    Head {
        subject: Subject::History,
        locale: Locale::new(Language::En, zone).unwrap(),
        unit: Unit::parse("USD").unwrap(),
        account_id: "team:1@x".to_owned(),
        account_name: "Team".to_owned(),
        from: None,
        to: None,
        filters: Vec::new(),
        made_at: at("2026-11-20T20:00:00Z"),
    }
}

fn at(text: &str) -> Timestamp {
    Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

#[test]
fn file_names_hold_dates_and_the_zone() {
    // from, to (exclusive), zone, name
    let table = [
        (None, None, "UTC", "credit-history_team-1-x_start_2026-11-20_UTC.xlsx"),
        (None, None, "Asia/Tokyo", "credit-history_team-1-x_start_2026-11-21_Asia-Tokyo.xlsx"),
        (
            Some("2025-12-31T15:00:00Z"),
            Some("2026-03-31T15:00:00Z"),
            "Asia/Tokyo",
            "credit-history_team-1-x_2026-01-01_2026-03-31_Asia-Tokyo.xlsx",
        ),
        (
            Some("2026-01-01T00:00:00Z"),
            None,
            "Etc/GMT+7",
            "credit-history_team-1-x_2025-12-31_2026-11-20_Etc-GMT+7.xlsx",
        ),
    ];
    for (from, to, zone, name) in table {
        let head = Head { from: from.map(at), to: to.map(at), ..head(zone) };
        assert_eq!(head.file_name("xlsx"), name);
    }
}

#[test]
fn what_may_begin_a_formula_is_guarded() {
    // text, guarded
    let table = [
        ("", ""),
        ("plain", "plain"),
        ("a=b", "a=b"),
        ("a, b; c", "a, b; c"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\n=1", "'\n'=1"),
        ("＝1", "'＝1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠A", "'＠A"),
        ("x;=1+1;", "x;'=1+1;"),
        ("one\ntwo", "one\ntwo"),
        ("one\n=2", "one\n'=2"),
    ];
    for (text, expected) in table {
        assert_eq!(guarded(text), expected, "{text:?}");
        assert_eq!(is_risky(text), expected.starts_with('\''), "{text:?}");
    }
}

#[test]
fn xml_can_hold_every_text() {
    for (text, expected) in [("a\tb\r\n", "a\tb\r\n"), ("\u{1}a\u{1f}", "\u{fffd}a\u{fffd}"), ("\u{ffff}", "\u{fffd}")]
    {
        assert_eq!(storable(text), expected, "{text:?}");
    }
}

#[test]
fn digits_are_counted_as_a_spreadsheet_does() {
    // ledger units of USD (8 decimals), plain, more than a cell keeps
    let table = [
        (0, "0", false),
        (-1, "-0.00000001", false),
        (123_456_789_012_345, "1234567.89012345", false),
        (1_234_567_890_123_451, "12345678.90123451", true),
        (10_i128.pow(26), "1000000000000000000", false),
    ];
    for (units, expected, too_precise) in table {
        let plain = plain(Unit::parse("USD").unwrap(), units);
        assert_eq!((plain.as_str(), is_too_precise(&plain)), (expected, too_precise));
    }
}

#[test]
fn sums_tell_whether_they_reconcile() {
    let amount = Amount::from_units;
    let mut totals = Totals::default();
    for (kind, units) in [(Kind::Grant, 10), (Kind::Debit, -3), (Kind::Debit, -2), (Kind::Repayment, 0)] {
        totals.add(kind, amount(units));
    }
    assert_eq!(totals.by_kind[&Kind::Debit], Movement { count: 2, in_units: 0, out_units: -5 });
    assert_eq!(totals.all(), Movement { count: 4, in_units: 10, out_units: -5 });
    for (closing, reconciles) in [(12, true), (11, false)] {
        let balances = Balances { opening: amount(7), closing: amount(closing), pending: Amount::ZERO };
        assert_eq!(totals.reconcile(&balances), reconciles, "{closing}");
    }
}

/// A key that no source names is dead text; a name without a key would show in the file.
#[test]
fn every_key_is_used_and_every_name_has_one() {
    let sources = [
        include_str!("mod.rs"),
        include_str!("xlsx.rs"),
        include_str!("history.rs"),
        include_str!("payments.rs"),
        include_str!("vouchers.rs"),
    ];
    let sources = sources.concat();
    let named = Kind::ALL.iter().map(|kind| format!("history-kind-{}", kind.name()));
    let named = named.chain(LotKind::ALL.iter().map(|kind| format!("history-source-{}", kind.name())));
    let named = named.chain(history::Status::ALL.map(|status| format!("history-status-{}", status.name())));
    let named = named.chain(payments::Status::ALL.map(|status| format!("payments-status-{}", status.name())));
    let named = named.chain(vouchers::Status::ALL.map(|status| format!("vouchers-status-{}", status.name())));
    let named: Vec<String> = named.collect();
    let keys = crate::messages::keys(Language::En);
    let ours = |key: &&&str| ["sheet-", "history-", "payments-", "vouchers-"].iter().any(|area| key.starts_with(area));
    for key in keys.keys().filter(ours) {
        assert!(
            sources.contains(&format!("\"{key}\"")) || named.iter().any(|name| name == key),
            "nothing uses {key:?}"
        );
    }
    for name in named {
        assert!(keys.contains_key(name.as_str()), "{name:?} has no text");
    }
}
