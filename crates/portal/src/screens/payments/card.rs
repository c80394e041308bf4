//! A payment under way, at the top of pages.

use askama::Template;
use askama::filters::HtmlSafe;
use engine::members::Capability;
use engine::topups::{Payment, State};
use ledger::Timestamp;

use super::state::told;
use crate::components::{Icon, MoneyText, Tone};
use crate::form::HasToken;
use crate::session::Visitor;
use crate::words::Words;

/// A payment under way: where it stands, how old it is, and not to pay again.
#[derive(Template)]
#[template(path = "components/payment.html")]
pub struct Card {
    tone: Tone,
    label: String,
    href: String,
    id: String,
    amount: MoneyText,
    method: String,
    age: String,
    warning: Option<String>,
    /// To the gateway, while it may be paid.
    pay: Option<(String, String)>,
    open: String,
    check: String,
    token: String,
}

impl HtmlSafe for Card {}

/// The card of a payment.
pub fn card(visitor: &Visitor, payment: &Payment) -> Card {
    let told = told(payment.state);
    let href = format!("/payments/{}", payment.id);
    let payable = payment.state == State::AwaitingCustomer && visitor.may(Capability::TopupWrite);
    Card {
        tone: told.tone,
        label: told.label(visitor.words),
        id: payment.id.clone(),
        amount: visitor.show.beside(payment.price.currency, visitor.account.unit).charge(payment.price),
        method: method(payment),
        age: age(visitor.words, payment.created_at, visitor.now),
        warning: told.do_not_pay_again.then(|| visitor.t("portal-do-not-pay-again")),
        pay: payable.then(|| (format!("{href}/pay"), visitor.t("portal-payment-continue"))),
        open: visitor.t("portal-payment-open"),
        check: visitor.t("portal-payment-check"),
        token: visitor.token().to_owned(),
        href,
    }
}

/// What was or is paid with, masked.
pub fn method(payment: &Payment) -> String {
    engine::receipts::paid_with(&payment.gateway, payment.details.instrument.as_ref())
}

/// How long ago something began.
pub fn age(words: Words, since: Timestamp, now: Timestamp) -> String {
    let minutes = usize::try_from((now.micros() - since.micros()) / 60_000_000).unwrap_or_default();
    match minutes {
        0 => words.t("portal-age-now"),
        1..=89 => words.count("portal-age-minutes", minutes),
        90..=2_879 => words.count("portal-age-hours", (minutes + 30) / 60),
        _ => words.count("portal-age-days", minutes / 1_440),
    }
}

#[cfg(test)]
mod tests {
    use documents::Language;

    use super::*;

    #[test]
    fn an_age_is_told_in_the_largest_unit_that_says_enough() {
        let words = Words { language: Language::En };
        // seconds, told
        let table = [
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (89 * 60, "89 minutes ago"),
            (90 * 60, "2 hours ago"),
            (47 * 3_600, "47 hours ago"),
            (48 * 3_600, "2 days ago"),
            (-5, "just now"),
        ];
        for (seconds, told) in table {
            let since = Timestamp::from_micros(0);
            assert_eq!(age(words, since, since.plus_seconds(seconds)), told);
        }
    }
}
