//! The rules of `[receipts]`.

use jiff::civil::date;

use super::*;

fn rate(percent: &str, from: Option<&str>, until: Option<&str>) -> TaxRate {
    let day = |text: &str| Day::try_from(text.to_owned()).unwrap();
    let names = [(Language::En, "VAT".to_owned())].into();
    TaxRate { names, percent: percent.parse().unwrap(), from: from.map(day), until: until.map(day) }
}

#[test]
fn percentages_are_exact() {
    for (text, e4, written) in [
        ("0", 0, "0"),
        ("8", 80_000, "8"),
        ("8.25", 82_500, "8.25"),
        ("9.975", 99_750, "9.975"),
        ("100", 1_000_000, "100"),
    ] {
        let percent: Percent = text.parse().unwrap();
        assert_eq!((percent.e4(), percent.to_string().as_str()), (e4, written), "{text}");
    }
    for bad in ["", ".", "8.", ".5", "-1", "+1", "1e1", "8,5", "100.0001", "101", "1.00001", "８", "8 %"] {
        assert!(bad.parse::<Percent>().is_err(), "{bad:?}");
    }
}

#[test]
fn a_rate_applies_from_its_first_to_its_last_day() {
    let (first, last) = ("2025-07-01", "2026-12-31");
    // from, until, day, applies
    let table = [
        (None, None, date(2026, 1, 1), true),
        (Some(first), Some(last), date(2025, 6, 30), false),
        (Some(first), Some(last), date(2025, 7, 1), true),
        (Some(first), Some(last), date(2026, 12, 31), true),
        (Some(first), Some(last), date(2027, 1, 1), false),
        (None, Some(last), date(1999, 1, 1), true),
        (Some(first), None, date(2099, 1, 1), true),
    ];
    for (from, until, day, applies) in table {
        assert_eq!(rate("8", from, until).applies_on(day), applies, "{from:?} {until:?} {day}");
    }
}

#[test]
fn series_are_by_year_and_site() {
    let seller = |series: &str| Seller { series: series.to_owned(), ..Seller::default() };
    for (series, expected) in [("R-{year}", "R-2026"), ("{site}-{year}-A", "VN-2026-A"), ("R", "R")] {
        assert_eq!(seller(series).series_of("vn", 2026), expected);
    }
}

#[test]
fn a_site_has_its_seller_and_a_country_its_tax() {
    let mut receipts = Receipts::default();
    assert_eq!(receipts.seller("vn"), None);
    let seller = |name: &str| Seller { name: name.to_owned(), ..Seller::default() };
    receipts.sellers = [("any".to_owned(), seller("A")), ("jp".to_owned(), seller("J"))].into();
    let name = |site| receipts.seller(site).map(|seller| seller.name.as_str());
    assert_eq!((name("vn"), name("jp")), (Some("A"), Some("J")));
    let vietnam = Tax { tax_point: TaxPoint::TopUp, rates: vec![rate("10", None, None)] };
    receipts.taxes = [("VN".to_owned(), vietnam.clone()), ("ANY".to_owned(), Tax::default())].into();
    assert_eq!(receipts.tax(Country::parse("VN")), Some(&vietnam));
    assert_eq!(
        (receipts.tax(Country::parse("DE")), receipts.tax(None)),
        (Some(&Tax::default()), Some(&Tax::default()))
    );
    let notes = |text: &str| [(Language::En, vec![text.to_owned()])].into();
    receipts.notes = [("VN".to_owned(), notes("vn"))].into();
    assert_eq!(receipts.notes(Country::parse("VN"), Language::Ja), ["vn"]);
    assert!(receipts.notes(None, Language::En).is_empty());
}

#[test]
fn every_broken_rule_is_named() {
    type Spoil = fn(&mut Settings);
    fn any(settings: &mut Settings) -> &mut Seller {
        settings.receipts.sellers.get_mut("any").unwrap()
    }
    fn add(settings: &mut Settings, site: &str, series: &str) {
        let seller = Seller { series: series.to_owned(), ..any(settings).clone() };
        settings.receipts.sellers.insert(site.to_owned(), seller);
    }
    fn taxed(settings: &mut Settings, rates: Vec<TaxRate>) {
        let tax = Tax { tax_point: TaxPoint::TopUp, rates };
        settings.receipts.taxes.insert("VN".to_owned(), tax);
    }
    // key, part of the message (empty: valid), change
    let table: &[(&str, &str, Spoil)] = &[
        ("receipts.sellers", "", |_| {}),
        ("receipts.sellers", "any.name", |s| any(s).name = " ".into()),
        ("receipts.sellers", "any.address", |s| any(s).address = vec!["a\nb".into()]),
        ("receipts.sellers", "T and 13 digits", |s| any(s).registration_number = "T123".into()),
        ("receipts.sellers", "", |s| any(s).registration_number = "T1234567890123".into()),
        ("receipts.sellers", "IANA", |s| any(s).zone = "Saigon".into()),
        ("receipts.sellers", "any.series", |s| any(s).series = "R/{year}".into()),
        ("receipts.sellers", "any.series", |s| any(s).series = "{month}".into()),
        ("receipts.sellers", "any.series", |s| any(s).series = String::new()),
        ("receipts.sellers", "is no site", |s| add(s, "kr", "K")),
        ("receipts.sellers", "same series", |s| add(s, "jp", "R-{year}")),
        ("receipts.sellers", "", |s| {
            any(s).series = "{site}-{year}".into();
            add(s, "jp", "{site}-{year}");
        }),
        ("receipts.sellers", "same series", |s| {
            any(s).series = "{site}-{year}".into();
            add(s, "jp", "VN-{year}");
        }),
        ("receipts.sellers", "vn has none", |s| {
            let seller = s.receipts.sellers.remove("any").unwrap();
            s.receipts.sellers.insert("jp".into(), seller);
        }),
        ("receipts.taxes", "ISO 3166", |s| drop(s.receipts.taxes.insert("vn".into(), Tax::default()))),
        ("receipts.taxes", "same day", |s| taxed(s, vec![rate("8", None, None), rate("10", None, None)])),
        ("receipts.taxes", "", |s| {
            taxed(s, vec![rate("8", None, Some("2026-12-31")), rate("10", Some("2027-01-01"), None)])
        }),
        ("receipts.taxes", "ends before", |s| taxed(s, vec![rate("8", Some("2027-01-01"), Some("2026-01-01"))])),
        ("receipts.taxes", "tax_point", |s| {
            s.receipts.taxes.insert("VN".into(), Tax { rates: vec![rate("8", None, None)], ..Tax::default() });
        }),
        ("receipts.notes", "English", |s| {
            s.receipts.notes.insert("VN".into(), [(Language::Vi, vec!["a".to_owned()])].into());
        }),
        ("receipts.description", "English", |s| drop(s.receipts.description.remove(&Language::En))),
        ("receipts.refund_note", "one line", |s| drop(s.receipts.refund_note.insert(Language::Vi, String::new()))),
    ];
    for (key, fragment, spoil) in table {
        let mut settings = Settings::default();
        settings.receipts.sellers.insert("any".to_owned(), Seller { name: "Seller".to_owned(), ..Seller::default() });
        spoil(&mut settings);
        let problems = settings.validate();
        if fragment.is_empty() {
            assert_eq!(problems, [], "{key}");
            continue;
        }
        let found = problems.iter().any(|problem| problem.key == *key && problem.message.contains(fragment));
        assert!(found, "{key}: {fragment}: {problems:#?}");
    }
}
