//! Profiles, rates, quotes and consent on two nodes of one database.

use std::net::{IpAddr, Ipv4Addr};

use engine::Error;
use engine::accounts::{AccountChange, NewAccount};
use engine::billing::{self, AddressField, Given, NewRate, PayerKind, ProfileDraft, QuoteRequest};
use engine::ledger_calls::{Grant, Note};
use engine::settings::{Language, Method, Secret, Settings};
use ledger::{LotKind, Timestamp, Unit};
use store::Failure;

use crate::{Nodes, call};

fn unit(code: &str) -> Unit {
    Unit::parse(code).unwrap()
}

pub(crate) fn draft(name: &str) -> ProfileDraft {
    let fields =
        [(AddressField::Street, "1 Tràng Tiền"), (AddressField::Ward, "Cửa Nam"), (AddressField::Province, "Hà Nội")];
    ProfileDraft {
        kind: PayerKind::Personal,
        name: name.to_owned(),
        email: "a@example.com".to_owned(),
        recipient_email: None,
        language: Language::Vi,
        country: "VN".to_owned(),
        address: fields.map(|(field, text)| (field, text.to_owned())).into(),
        tax_code: None,
    }
}

fn code(error: &Error) -> &str {
    match error {
        Error::Conflict { code, .. } | Error::Invalid { code, .. } => code,
        Error::NotFound(_) => "not_found",
        Error::Fields(errors) => errors[0].code,
        other => panic!("{other}"),
    }
}

/// Stripe charges dong accounts in dollars, too.
fn with_dollars(settings: &mut Settings) {
    // Fails when another test was faster, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    settings.stripe.secret_key = Secret::new("sk_test_of_the_tests");
    let amounts = settings.sites.get_mut("vn").unwrap().amounts.get_mut(&unit("VND")).unwrap();
    amounts.methods.insert(Method::Stripe, vec![unit("VND"), unit("USD")]);
}

async fn set_rate(nodes: &Nodes, base: &str, quote: &str, rate: &str, age_hours: i64) -> Result<(), Error> {
    let dated_at = Some(nodes.a.now().plus_seconds(-age_hours * 3_600));
    let [base, quote, rate, source] = [base, quote, rate, "test"].map(str::to_owned);
    billing::set_rate(&nodes.a, &call(None), &NewRate { base, quote, rate, dated_at, source }, false).await.map(drop)
}

fn dollars(amount: &str) -> QuoteRequest<'_> {
    QuoteRequest { amount, method: Method::Stripe, currency: Some(unit("USD")) }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_edits_at_once_one_is_told_to_read_again() {
    let nodes = Nodes::start().await;
    nodes.account("a", "vn", "VND").await;
    assert_eq!(code(&billing::require_profile(&nodes.a, "a").await.unwrap_err()), "profile_missing");
    let call = call(None);
    for version in 0..5 {
        let (one, other) = (draft(&format!("one {version}")), draft(&format!("other {version}")));
        let (one, other) = tokio::join!(
            billing::put_profile(&nodes.a, &call, "a", version, &one),
            billing::put_profile(&nodes.b, &call, "a", version, &other)
        );
        let (won, lost) = if one.is_ok() { (one, other) } else { (other, one) };
        assert_eq!(code(&lost.unwrap_err()), "profile_changed");
        let won = won.unwrap();
        assert_eq!(won.version, version + 1);
        let read = billing::profile(&nodes.b, "a").await.unwrap().unwrap();
        assert_eq!((read.version, &read.profile), (won.version, &won.profile));
        // The answer was lost, so the same is sent again.
        let again = billing::put_profile(&nodes.b, &call, "a", version, &draft(&won.profile.name)).await.unwrap();
        assert_eq!((again.version, again.updated_at), (won.version, read.updated_at));
    }
    let ahead = billing::put_profile(&nodes.a, &call, "a", 7, &draft("x")).await.unwrap_err();
    assert_eq!(code(&ahead), "profile_changed");
    assert_eq!(billing::require_profile(&nodes.a, "a").await.unwrap().version, 5);
    nodes.close().await;
}

#[tokio::test]
async fn an_account_may_be_opened_with_its_profile() {
    let nodes = Nodes::start().await;
    let new = || NewAccount { id: Some("a".into()), name: "A".into(), site: "vn".into(), ..NewAccount::default() };
    let call = call(Some("k"));
    let mut bad = draft("A");
    bad.country = "JP".to_owned();
    let refused = billing::open_with_profile(&nodes.a, &call, new(), &bad).await.unwrap_err();
    assert!(matches!(&refused, Error::Fields(errors) if errors[0].detail.contains("site jp")), "{refused}");
    assert!(matches!(nodes.a.accounts().get("a").await, Err(Error::NotFound(_))));
    let (opened, replayed) = billing::open_with_profile(&nodes.a, &call, new(), &draft("A")).await.unwrap();
    assert_eq!((opened.unit, replayed), (unit("VND"), false));
    let (again, replayed) = billing::open_with_profile(&nodes.b, &call, new(), &draft("A")).await.unwrap();
    assert_eq!((again, replayed), (opened, true));
    let other = billing::open_with_profile(&nodes.b, &call, new(), &draft("B")).await.unwrap_err();
    assert!(matches!(other, Error::Ledger(Failure::KeyReuse)), "{other}");
    assert_eq!(billing::require_profile(&nodes.b, "a").await.unwrap().profile.name, "A");
    nodes.close().await;
}

#[tokio::test]
async fn a_unit_is_chosen_once() {
    let nodes = Nodes::start().await;
    nodes.account("a", "global", "USD").await;
    let change = |code: &str| AccountChange { unit: Some(code.to_owned()), ..AccountChange::default() };
    let call = call(None);
    assert_eq!(nodes.a.accounts().change(&call, "a", change("USD")).await.unwrap().unit, unit("USD"));
    for (granted, hint) in [(false, "close it and open another"), (true, "credits have moved")] {
        if granted {
            let grant = Grant {
                amount: "1".to_owned(),
                kind: LotKind::Manual,
                effective_at: None,
                expires_at: None,
                scope: Vec::new(),
                priority: None,
            };
            nodes.a.submit(nodes.a.order_grant(&call, "a", grant, Note::default()).await.unwrap()).await.unwrap();
        }
        let refused = nodes.a.accounts().change(&call, "a", change("EUR")).await.unwrap_err();
        assert_eq!(code(&refused), "unit_locked");
        assert!(refused.to_string().contains(hint), "{refused}");
    }
    nodes.close().await;
}

#[tokio::test]
async fn the_latest_rate_that_has_come_is_in_force() {
    let nodes = Nodes::start().await;
    let in_force = async |at: Timestamp| {
        let found = billing::rate_in_force(&nodes.b, unit("VND"), unit("USD"), at).await.unwrap();
        found.map(|record| record.dated.rate.rate.to_string())
    };
    assert_eq!(in_force(nodes.a.now()).await, None);
    // base, quote, rate, age in hours, in force afterwards
    let table = [
        ("USD", "VND", "25000", 48, "25000"),
        ("USD", "VND", "25400", 24, "25400"),
        ("USD", "VND", "24000", 72, "25400"),
        // Written the other way round, and newer.
        ("VND", "USD", "0.00004", 12, "0.00004"),
        ("EUR", "VND", "27000", 1, "0.00004"),
        // The same date again: the later record is a correction.
        ("VND", "USD", "0.000041", 12, "0.000041"),
    ];
    let noon = nodes.a.now();
    for (base, quote, rate, age_hours, expected) in table {
        let dated_at = Some(noon.plus_seconds(-age_hours * 3_600));
        let [base, quote, rate, source] = [base, quote, rate, "test"].map(str::to_owned);
        let new = NewRate { base, quote, rate, dated_at, source };
        let first = billing::set_rate(&nodes.a, &call(None), &new, false).await.unwrap();
        let again = billing::set_rate(&nodes.b, &call(None), &new, false).await.unwrap();
        assert_eq!(first, again);
        assert_eq!(in_force(noon).await.as_deref(), Some(expected), "{new:?}");
    }
    assert_eq!(in_force(noon.plus_seconds(-13 * 3_600)).await.as_deref(), Some("25400"));
    assert_eq!(billing::list_rates(&nodes.a, None, None, None, 100).await.unwrap().len(), 6);
    let euros = billing::list_rates(&nodes.a, Some(unit("EUR")), None, None, 100).await.unwrap();
    assert_eq!(euros.len(), 1);
    nodes.close().await;
}

#[tokio::test]
async fn a_rate_that_jumps_has_to_be_confirmed() {
    let nodes = Nodes::start().await;
    set_rate(&nodes, "USD", "VND", "25400", 2).await.unwrap();
    assert_eq!(code(&set_rate(&nodes, "USD", "VND", "254", 1).await.unwrap_err()), "rate_implausible");
    assert_eq!(code(&set_rate(&nodes, "VND", "USD", "25400", 1).await.unwrap_err()), "rate_implausible");
    // It was so once, and is not in force.
    set_rate(&nodes, "USD", "VND", "20000", 24 * 365).await.unwrap();
    let csv = "base,quote,rate,dated_at\nUSD,JPY,152.4,2026-11-20\nUSD,VND,254,2026-11-20T11:00:00Z\n";
    let import = async |confirmed| billing::import_rates(&nodes.a, &call(None), csv, Some("me"), confirmed).await;
    assert_eq!(code(&import(false).await.unwrap_err()), "rate_implausible");
    let yen = async || billing::rate_in_force(&nodes.a, unit("USD"), unit("JPY"), nodes.a.now()).await.unwrap();
    assert_eq!(yen().await, None, "all or nothing");
    let done = import(true).await.unwrap();
    assert_eq!((done.stored, done.unchanged), (2, 0));
    let again = import(true).await.unwrap();
    assert_eq!((again.stored, again.unchanged), (0, 2));
    assert!(yen().await.is_some());
    nodes.close().await;
}

#[tokio::test]
async fn a_quote_stands_until_it_expires_and_never_changes() {
    let nodes = Nodes::start_with(with_dollars).await;
    nodes.account("a", "vn", "VND").await;
    nodes.account("b", "vn", "VND").await;
    assert_eq!(code(&billing::quote(&nodes.a, "a", dollars("500000")).await.unwrap_err()), "rate_missing");
    set_rate(&nodes, "USD", "VND", "25400", 97).await.unwrap();
    assert_eq!(code(&billing::quote(&nodes.a, "a", dollars("500000")).await.unwrap_err()), "rate_stale");
    set_rate(&nodes, "USD", "VND", "25400", 95).await.unwrap();
    let quote = billing::quote(&nodes.a, "a", dollars("500000")).await.unwrap();
    assert_eq!((quote.charge.amount_minor, quote.charge.currency), (1_969, unit("USD")));
    assert_eq!(quote.credit, unit("VND").parse_amount("500000").unwrap());
    let rate = quote.rate.as_ref().unwrap();
    assert_eq!((rate.rate.rate.to_string().as_str(), rate.source.as_str()), ("25400", "test"));
    assert_eq!(quote.expires_at, quote.created_at.plus_seconds(900));

    set_rate(&nodes, "USD", "VND", "26000", 0).await.unwrap();
    let just_before = Timestamp::from_micros(quote.expires_at.micros() - 1);
    let taken = billing::take_quote(&nodes.b, "a", &quote.id, just_before).await.unwrap();
    assert_eq!(taken, quote);
    let late = billing::take_quote(&nodes.b, "a", &quote.id, quote.expires_at).await.unwrap_err();
    assert_eq!(code(&late), "quote_expired");
    let theirs = billing::take_quote(&nodes.b, "b", &quote.id, just_before).await.unwrap_err();
    assert_eq!(code(&theirs), "not_found");
    assert_eq!(billing::find_quote(&nodes.b, "a", &quote.id).await.unwrap(), quote, "still readable");

    // A day after its expiry the account's next quote forgets it.
    nodes.wait_ms((900 + 86_400) * 1_000);
    set_rate(&nodes, "USD", "VND", "26000", 0).await.unwrap();
    let next = billing::quote(&nodes.b, "a", dollars("500000")).await.unwrap();
    assert_eq!(next.charge.amount_minor, 1_924);
    assert_eq!(code(&billing::find_quote(&nodes.a, "a", &quote.id).await.unwrap_err()), "not_found");
    nodes.close().await;
}

#[tokio::test]
async fn a_consent_is_kept_with_its_text() {
    let nodes = Nodes::start().await;
    nodes.account("a", "vn", "VND").await;
    nodes.account("b", "vn", "VND").await;
    billing::put_profile(&nodes.a, &call(None), "a", 0, &draft("A")).await.unwrap();
    let snapshot = billing::require_profile(&nodes.a, "a").await.unwrap();
    let terms = billing::terms(&nodes.a, "a", Language::Vi).await.unwrap();
    assert_eq!((terms.language, terms.text_sha256.len()), (Language::Vi, 64));
    let english = billing::terms(&nodes.a, "a", Language::En).await.unwrap();
    assert_ne!(english.text_sha256, terms.text_sha256);

    let long = "x\n".repeat(1_000);
    let given =
        |text_sha256, language| Given { text_sha256, language, ip: IpAddr::V4(Ipv4Addr::LOCALHOST), user_agent: &long };
    for (hash, language) in
        [("", Language::Vi), (english.text_sha256.as_str(), Language::Vi), (&terms.text_sha256, Language::Ja)]
    {
        let refused = billing::check_consent(&nodes.a, &snapshot, &given(hash, language)).unwrap_err();
        assert_eq!(code(&refused), "terms_changed", "{hash}");
    }
    let agreed = billing::check_consent(&nodes.a, &snapshot, &given(&terms.text_sha256, Language::Vi)).unwrap();
    let at = nodes.a.now();
    nodes.a.store().write(agreed.statements("a", "pay_1", at)).await.unwrap();
    nodes.b.store().write(agreed.statements("a", "pay_2", at)).await.unwrap();
    let twice = nodes.a.store().write(agreed.statements("a", "pay_1", at)).await;
    assert!(matches!(twice, Err(Failure::Conflict)), "{twice:?}");

    let kept = billing::consent_of(&nodes.b, "a", "pay_1").await.unwrap().unwrap();
    assert_eq!((&kept.terms, kept.at, kept.ip.as_str()), (&terms, at, "127.0.0.1"));
    assert_eq!(kept.user_agent, "x ".repeat(200));
    assert_eq!(billing::consent_of(&nodes.b, "b", "pay_1").await.unwrap(), None);
    nodes.close().await;
}
