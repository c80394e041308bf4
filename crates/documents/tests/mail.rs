//! Every letter in three languages, and what people may have written into names.
//!
//! The snapshots in `tests/mail` are the letters as they are sent; whoever changes a word reviews them.
#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use documents::mail::{ExpiringLot, Frame, Letter, Reason, write};
use documents::messages::keys;
use documents::{Language, Locale, Money};
use ledger::{LotKind, Timestamp, Unit};

fn at(text: &str) -> Timestamp {
    let instant: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_micros(instant.as_microsecond())
}

fn money(text: &str) -> Money {
    let (amount, unit) = text.split_once(' ').unwrap();
    let unit = Unit::parse(unit).unwrap();
    Money { unit, amount: unit.parse_amount(amount).unwrap() }
}

fn frame(language: Language) -> Frame {
    let (zone, account) = match language {
        Language::En => ("America/New_York", "Acme Inc."),
        Language::Ja => ("Asia/Tokyo", "株式会社さくら商事"),
        Language::Vi => ("Asia/Ho_Chi_Minh", "Công ty Ánh Dương"),
    };
    Frame {
        brand: "Scrip".to_owned(),
        account: Some(account.to_owned()),
        home_url: "https://pay.example".to_owned(),
        locale: Locale::new(language, zone).unwrap(),
    }
}

/// One of each, and of each form that differs; `text` stands wherever a person may have written.
fn letters(text: &str) -> Vec<Letter> {
    let (noon, later) = (at("2026-11-20T12:00:00Z"), at("2026-11-30T17:00:00Z"));
    let word = || text.to_owned();
    let lot = |kind, remaining, expires| ExpiringLot { kind, remaining: money(remaining), expires_at: at(expires) };
    let failed = |reason| Letter::PaymentFailed { payment_id: word(), charge: money("500000 VND"), reason };
    let expiring =
        |days| Letter::LotsExpiring { days, lots: vec![lot(LotKind::TopUp, "3000 JPY", "2026-12-03T15:00:00Z")] };
    let reasons = [
        Reason::Cancelled,
        Reason::TimedOut,
        Reason::Maintenance,
        Reason::WrongCode,
        Reason::Limit,
        Reason::Funds,
        Reason::Other,
    ];
    let ended = |reason: &str| Letter::SubscriptionEnded { plan: word(), reason: reason.to_owned() };
    let mut letters = vec![
        Letter::Test { at: noon },
        Letter::SignInLink { url: "https://pay.example/sign-in/abc?x=1&y=2".to_owned(), expires_at: noon },
        Letter::Invitation {
            url: "https://pay.example/join/abc".to_owned(),
            inviter: word(),
            role: "billing".to_owned(),
            expires_at: noon,
        },
        Letter::PasswordChanged { at: noon },
        Letter::PaymentSucceeded {
            payment_id: word(),
            charged: money("500000 VND"),
            credited: money("500000 VND"),
            expires_at: Some(later),
            automatic: false,
            receipt: Some("R-2026-000124".to_owned()),
        },
        Letter::PaymentSucceeded {
            payment_id: word(),
            charged: money("25.5 USD"),
            credited: money("3000 JPY"),
            expires_at: None,
            automatic: true,
            receipt: None,
        },
        Letter::PaymentSucceeded {
            payment_id: word(),
            charged: money("9.5 USD"),
            credited: money("0 CREDIT"),
            expires_at: None,
            automatic: true,
            receipt: Some("R-2026-000125".to_owned()),
        },
        failed(Reason::Declined),
        Letter::PaymentUnderReview { payment_id: word(), charge: money("500000 VND") },
        Letter::PaymentRefunded { payment_id: word(), refunded: money("10 USD"), credits: money("10000 CREDIT") },
        Letter::LowBalance { available: money("4.999 USD"), threshold: money("5.125 USD") },
        Letter::BalanceDepleted { available: money("-0.001 USD") },
        Letter::BalanceNegative { owed: money("12300 VND"), since: noon },
        Letter::LotsExpiring {
            days: 14,
            lots: vec![
                lot(LotKind::Voucher, "100000 VND", "2026-11-30T17:00:00Z"),
                lot(LotKind::TopUp, "250000.5 VND", "2026-12-02T09:30:00Z"),
            ],
        },
        expiring(1),
        expiring(0),
        Letter::PeriodStarted {
            plan: word(),
            credited: money("10000 CREDIT"),
            charged: Some(money("9.5 USD")),
            ends_at: later,
            renews: true,
        },
        Letter::PeriodStarted {
            plan: word(),
            credited: money("10000 CREDIT"),
            charged: None,
            ends_at: later,
            renews: false,
        },
        Letter::RenewalFailed { plan: word(), charge: money("9.5 USD"), next_try_at: Some(noon), grace_ends_at: later },
        Letter::RenewalFailed { plan: word(), charge: money("9.5 USD"), next_try_at: None, grace_ends_at: later },
        Letter::PlanChangeScheduled { from: word(), to: Some("Team".to_owned()), at: later },
        Letter::PlanChangeScheduled { from: word(), to: None, at: later },
    ];
    letters.extend(reasons.map(failed));
    letters.extend(["cancelled", "unpaid", "replaced", "other"].map(ended));
    letters
}

/// Everything between `<` and `>`.
fn tags(html: &str) -> Vec<&str> {
    html.split('<').skip(1).map(|rest| rest.split_once('>').unwrap().0).collect()
}

#[test]
fn every_letter_reads_as_it_should() {
    for language in Language::ALL {
        let written = letters("Pro 30").into_iter().map(|letter| {
            let mail = write(&letter, &frame(language));
            format!("Subject: {}\n\n{}", mail.subject, mail.text)
        });
        let all = written.collect::<Vec<_>>().join("\n=====\n\n");
        insta::with_settings!({snapshot_path => "mail", prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(format!("letters.{language}"), all);
        });
    }
}

#[test]
fn the_page_says_what_the_text_says() {
    for language in Language::ALL {
        let letter = letters("Pro 30").swap_remove(4);
        insta::with_settings!({snapshot_path => "mail", prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(format!("page.{language}"), write(&letter, &frame(language)).html);
        });
        for letter in letters("Pro 30") {
            let mail = write(&letter, &frame(language));
            let shown = mail.html.replace("&amp;", "&");
            let missing: Vec<&str> = mail
                .text
                .lines()
                .flat_map(|line| line.split(": ").flat_map(|part| part.split('：')))
                .map(|part| part.trim_end_matches(':'))
                .filter(|part| !part.is_empty() && *part != "-- " && !shown.contains(part))
                .collect();
            assert!(missing.is_empty(), "{language} {}: {missing:?}", mail.subject);
            assert!(!mail.html.contains("<table") && !mail.html.contains("<img") && !mail.html.contains("src="));
        }
    }
}

/// What has got through elsewhere: tags, attributes, ends of what stands around, entities, schemes, encodings.
const CORPUS: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</div></body></html><h1>x",
    "\" onmouseover=\"alert(1)",
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<style>*{display:none}</style>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "{{7*7}}",
    "${7*7}",
    "{ $brand }",
    "%3Cscript%3E",
    "\u{ff1c}script\u{ff1e}",
    "a\r\nBcc: victim@example.com",
    "a\n\n.\nQUIT",
    "\u{202e}txt.exe",
    "x\u{0}y",
    "=cmd|' /C calc'!A0",
];

#[test]
fn nothing_that_a_person_wrote_becomes_a_tag_or_a_line() {
    for language in Language::ALL {
        for text in CORPUS {
            let hostile = Frame { brand: (*text).to_owned(), account: Some((*text).to_owned()), ..frame(language) };
            for (letter, benign) in letters(text).iter().zip(letters("x")) {
                let plain = write(&benign, &Frame { brand: "x".into(), account: Some("x".into()), ..frame(language) });
                let mail = write(letter, &hostile);
                assert_eq!(tags(&mail.html), tags(&plain.html), "{text:?}");
                assert_eq!(mail.text.lines().count(), plain.text.lines().count(), "{text:?}: {}", mail.text);
                for shown in [&mail.subject, &mail.text, &mail.html] {
                    let control = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}');
                    assert!(!shown.contains(control), "{text:?}");
                }
                assert!(!mail.subject.contains('\n'));
            }
        }
    }
}

#[test]
fn an_address_that_is_not_of_the_web_is_no_link() {
    for url in CORPUS.iter().chain(&["data:text/html,x", "https://x\" onclick=\"alert(1)", "//evil.example"]) {
        let (url, expires_at) = ((*url).to_owned(), at("2026-11-20T12:00:00Z"));
        for letter in [
            Letter::SignInLink { url: url.clone(), expires_at },
            Letter::Invitation { url: url.clone(), inviter: "x".into(), role: "x".into(), expires_at },
            Letter::LowBalance { available: money("1 USD"), threshold: money("2 USD") },
        ] {
            let mail = write(&letter, &Frame { home_url: url.clone(), ..frame(Language::En) });
            assert!(!mail.html.contains("<a "), "{url}: {}", mail.html);
        }
    }
}

/// A key that no letter uses is dead text.
#[test]
fn every_key_of_letters_is_used() {
    let sources = [
        include_str!("../src/mail/compose.rs"),
        include_str!("../src/mail/person.rs"),
        include_str!("../src/mail/payments.rs"),
        include_str!("../src/mail/balance.rs"),
        include_str!("../src/mail/plans.rs"),
    ];
    let all = keys(Language::En);
    assert!(all.keys().filter(|key| key.starts_with("mail-")).count() > 80, "they were read");
    for key in all.keys().filter(|key| key.starts_with("mail-")) {
        assert!(sources.iter().any(|source| source.contains(&format!("\"{key}\""))), "nothing uses {key:?}");
    }
}
