//! From facts to sentences: what both bodies of a letter are rendered from.

use ledger::Timestamp;

use super::plain::{link, one_line};
use super::{Frame, Letter, balance, payments, person, plans};
use crate::format::{Digits, Money, MoneyFormat};
use crate::messages::{Argument, text_with};

/// A letter as both bodies show it. Every text is on one line and harmless.
pub(super) struct Content {
    pub(super) subject: String,
    /// The first sentence; programs show it beside the subject.
    pub(super) lead: String,
    pub(super) blocks: Vec<Block>,
    pub(super) footer: Vec<String>,
    /// What people call the product.
    pub(super) brand: String,
}

/// A part of a letter.
pub(super) enum Block {
    /// A paragraph.
    Text(String),
    /// Names and values.
    Facts(Vec<(String, String)>),
    /// Something to do, at an address that may be linked to.
    Action {
        label: String,
        url: String,
        /// What to do where the link does not work.
        fallback: String,
    },
}

/// Composes a letter.
pub(super) fn compose(letter: &Letter, frame: &Frame) -> Content {
    let writer = &Writer::new(frame);
    let mut content = match letter {
        Letter::Test { at } => person::test(writer, *at),
        Letter::SignInLink { url, expires_at } => person::sign_in(writer, url, *expires_at),
        Letter::Invitation { url, inviter, role, expires_at } => {
            person::invitation(writer, url, inviter, role, *expires_at)
        }
        Letter::PasswordChanged { at } => person::password_changed(writer, *at),
        Letter::PaymentSucceeded { payment_id, charged, credited, expires_at, automatic, receipt } => {
            let notes = payments::Notes { automatic: *automatic, receipt: receipt.as_deref() };
            payments::succeeded(writer, payment_id, (*charged, *credited), *expires_at, notes)
        }
        Letter::PaymentFailed { payment_id, charge, reason } => payments::failed(writer, payment_id, *charge, *reason),
        Letter::PaymentUnderReview { payment_id, charge } => payments::under_review(writer, payment_id, *charge),
        Letter::PaymentRefunded { payment_id, refunded, credits } => {
            payments::refunded(writer, payment_id, *refunded, *credits)
        }
        Letter::LowBalance { available, threshold } => balance::low(writer, *available, *threshold),
        Letter::BalanceDepleted { available } => balance::depleted(writer, *available),
        Letter::BalanceNegative { owed, since } => balance::negative(writer, *owed, *since),
        Letter::LotsExpiring { days, lots } => balance::expiring(writer, *days, lots),
        Letter::PeriodStarted { plan, credited, charged, ends_at, renews } => {
            plans::period_started(writer, plan, (*credited, *charged), *ends_at, *renews)
        }
        Letter::RenewalFailed { plan, charge, next_try_at, grace_ends_at } => {
            plans::renewal_failed(writer, plan, *charge, *next_try_at, *grace_ends_at)
        }
        Letter::PlanChangeScheduled { from, to, at } => plans::change_scheduled(writer, from, to.as_deref(), *at),
        Letter::SubscriptionEnded { plan, reason } => plans::ended(writer, plan, reason),
    };
    content.footer.extend(writer.footer());
    content
}

/// Writes sentences in the reader's language.
pub(super) struct Writer<'a> {
    frame: &'a Frame,
    pub(super) brand: String,
}

impl<'a> Writer<'a> {
    fn new(frame: &'a Frame) -> Writer<'a> {
        Writer { frame, brand: one_line(&frame.brand) }
    }

    /// A text of `mail-…`, on one line whatever its arguments are.
    pub(super) fn say(&self, key: &str, arguments: &[(&str, &str)]) -> String {
        let arguments: Vec<(&str, Argument<'_>)> =
            arguments.iter().map(|(name, value)| (*name, Argument::from(one_line(value)))).collect();
        text_with(self.frame.locale.language, key, &arguments)
    }

    /// A text that differs by a number.
    pub(super) fn count(&self, key: &str, name: &str, count: u32) -> String {
        text_with(self.frame.locale.language, key, &[(name, Argument::from(count))])
    }

    /// Money in a sentence, in whole coins.
    pub(super) fn money(&self, money: Money) -> String {
        self.frame.locale.language.money(money, MoneyFormat::SENTENCE)
    }

    /// Money that somebody typed: with every digit.
    pub(super) fn exact(&self, money: Money) -> String {
        self.frame.locale.language.money(money, MoneyFormat { digits: Digits::Exact, ..MoneyFormat::SENTENCE })
    }

    /// Two amounts, named by their codes when they count in different things.
    pub(super) fn both(&self, one: Money, other: Money) -> (String, String) {
        let format = if one.unit == other.unit { MoneyFormat::SENTENCE } else { MoneyFormat::CODE };
        let language = self.frame.locale.language;
        (language.money(one, format), language.money(other, format))
    }

    /// A date and a time with the zone.
    pub(super) fn time(&self, at: Timestamp) -> String {
        self.frame.locale.date_time(at)
    }

    /// The end of something: the last day when it ends at midnight.
    pub(super) fn until(&self, at: Timestamp) -> String {
        let locale = &self.frame.locale;
        if self.is_midnight(at) { locale.date(locale.last_day(at)) } else { locale.date_time(at) }
    }

    /// The beginning of something: the day when it begins at midnight.
    pub(super) fn from(&self, at: Timestamp) -> String {
        if self.is_midnight(at) { self.frame.locale.date(at) } else { self.time(at) }
    }

    fn is_midnight(&self, at: Timestamp) -> bool {
        self.frame.locale.zoned(at).time() == jiff::civil::Time::midnight()
    }

    /// A fact named by a text without arguments.
    pub(super) fn fact(&self, key: &str, value: impl Into<String>) -> (String, String) {
        (self.say(key, &[]), one_line(&value.into()))
    }

    /// Something to do; nothing when the address may not be linked to.
    pub(super) fn action(&self, key: &str, url: &str) -> Option<Block> {
        self.button(self.say(key, &[]), url)
    }

    fn button(&self, label: String, url: &str) -> Option<Block> {
        let url = link(url)?;
        let fallback = self.say("mail-copy-link", &[("url", url)]);
        Some(Block::Action { label, url: url.to_owned(), fallback })
    }

    /// Going to the product to add credit.
    pub(super) fn add_credit(&self) -> Option<Block> {
        self.action("mail-add-credit", &self.frame.home_url)
    }

    /// Going to the product.
    pub(super) fn open(&self) -> Option<Block> {
        self.button(self.say("mail-open", &[("brand", &self.brand)]), &self.frame.home_url)
    }

    /// What people call the account, else the product.
    pub(super) fn account(&self) -> &str {
        self.frame.account.as_deref().unwrap_or(&self.frame.brand)
    }

    /// A letter that begins so.
    pub(super) fn content(&self, subject: String, lead: String, blocks: Vec<Block>) -> Content {
        Content { subject, lead, blocks, footer: Vec::new(), brand: self.brand.clone() }
    }

    fn footer(&self) -> Vec<String> {
        let account =
            self.frame.account.as_deref().map(|account| self.say("mail-footer-account", &[("account", account)]));
        let zone = self.say("mail-footer-zone", &[("zone", self.frame.locale.zone())]);
        let automatic = self.say("mail-footer-automatic", &[("brand", &self.brand)]);
        let home = link(&self.frame.home_url).map(|url| format!("{} – {url}", self.brand));
        account.into_iter().chain([zone, automatic]).chain(home).collect()
    }
}
