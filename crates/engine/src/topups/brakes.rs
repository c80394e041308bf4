//! Brakes against card testing: how often, with how many cards and for how much an account may buy now.
//!
//! A try to pay is a row: `open` from the moment somebody may pay, `declined` or `paid` when that is known, one row per
//! declined card. Invariants: a try is written in the transaction that writes its payment, if the counts allow it, and
//! whoever writes one holds the rows of its account and its address first, so of a hundred calls at once, on any nodes, no
//! more than allowed get through; a payment whose payer was declined too often is closed at its gateway, so that its page
//! cannot be used to try more cards; one that is paid no longer counts. The texts do not tell which limit it was, nor why
//! a card was declined. Cards and addresses are kept as hashes, for two days; an address can be guessed from its hash.
//! Deliberately absent: judging who looks suspicious, captchas.
//! Cost: six reads by index before a payment, three more rows with it; one write per decline.

use std::net::{IpAddr, Ipv6Addr};

use ledger::{Amount, Timestamp};
use providers::gateway::{Sighting, Standing};
use sha2::{Digest, Sha256};
use store::{Statement, params};

use super::payment::Payment;
use super::state::State;
use crate::accounts::AccountRecord;
use crate::lease::{self, Lease};
use crate::{Engine, Error, Result};

const HOUR_SECONDS: i64 = 3_600;
/// The window of the limits per day, in seconds.
pub(super) const DAY_SECONDS: i64 = 86_400;
/// Rows are kept this long.
const KEEP_SECONDS: i64 = 2 * DAY_SECONDS;
/// Failures that no bank decided: who closed the page tested no card.
const NOT_DECLINED: [&str; 5] = ["canceled", "expired", "voided", "vnpay_11", "vnpay_75"];
/// Failures that the payer may be told; all others read `declined`.
const TOLD: [&str; 8] = [
    "canceled",
    "expired",
    "voided",
    "abandoned",
    "not_found",
    "gateway_unreachable",
    "no_stripe_customer",
    "no_payment_method",
];

/// What somebody wants to buy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) account: &'a AccountRecord,
    pub(super) credit: Amount,
    /// Where a payer's browser is; `None` for saved cards, which nobody types in.
    pub(super) address: Option<IpAddr>,
}

/// Why nobody may buy now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Brake {
    /// The account disputes an earlier payment.
    Disputed,
    /// Too many tries, declines or cards.
    Tries { retry_after_seconds: i64 },
    /// Too much money for a day.
    Money { retry_after_seconds: i64 },
}

impl From<Brake> for Error {
    fn from(brake: Brake) -> Error {
        match brake {
            Brake::Disputed => Error::conflict(
                "dispute_open",
                "a payment of this account is disputed; nothing can be bought until that is decided",
            ),
            Brake::Tries { retry_after_seconds } => Error::TooMany {
                code: "too_many_attempts",
                detail: "too many attempts to pay; wait, or pay with another method that you know to work".to_owned(),
                retry_after_seconds,
            },
            Brake::Money { retry_after_seconds } => Error::TooMany {
                code: "daily_limit_reached",
                detail: "this account has bought as much as it may in 24 hours; buy less, or wait".to_owned(),
                retry_after_seconds,
            },
        }
    }
}

/// How many are allowed; [`i64::MAX`] where there is no limit.
#[derive(Clone, Copy, Debug)]
struct Limits {
    declines: i64,
    cards: i64,
    account_tries: i64,
    address_tries: i64,
    /// What may have been bought in the day before, in the account's ledger units; negative when it is too much alone.
    bought_units: i64,
}

impl Limits {
    fn of(engine: &Engine, wanted: &Wanted<'_>) -> Limits {
        let settings = engine.settings();
        let brakes = &settings.purchase.brakes;
        let Wanted { account, credit, address } = *wanted;
        let level = brakes.level((engine.now().seconds() - account.created_at.seconds()).div_euclid(DAY_SECONDS));
        let limit = |count: u32| if count == 0 { i64::MAX } else { i64::from(count) };
        let of_payer = |count| if address.is_some() { limit(count) } else { i64::MAX };
        let smallest = settings.sites.get(&account.site).and_then(|site| site.smallest(account.unit));
        let most = smallest.filter(|_| level.daily_minimums > 0);
        let most_units = most.map(|smallest| smallest.units().saturating_mul(i64::from(level.daily_minimums)));
        Limits {
            declines: limit(level.declines_per_day),
            cards: of_payer(level.cards_per_day),
            account_tries: of_payer(brakes.account_tries_per_hour),
            address_tries: of_payer(brakes.address_tries_per_hour),
            bought_units: most_units.map_or(i64::MAX, |most_units| most_units.saturating_sub(credit.units())),
        }
    }
}

/// What stands against a purchase now; nothing is written.
pub(super) async fn check(engine: &Engine, wanted: &Wanted<'_>) -> Result<Option<Brake>> {
    let account_id = &*wanted.account.id;
    let disputed = "SELECT 1 FROM disputes WHERE account_id = $1 AND state = 'open' LIMIT 1";
    if !engine.store().query(disputed, params![account_id]).await?.is_empty() {
        return Ok(Some(Brake::Disputed));
    }
    let limits = Limits::of(engine, wanted);
    let address = wanted.address.and_then(hashed_address);
    if let Some(free_at) = tries_free_at(engine, account_id, address.as_deref(), &limits).await? {
        return Ok(Some(Brake::Tries { retry_after_seconds: wait_seconds(engine, free_at) }));
    }
    let free_at = money_free_at(engine, account_id, limits.bought_units).await?;
    Ok(free_at.map(|free_at| Brake::Money { retry_after_seconds: wait_seconds(engine, free_at) }))
}

/// Whole seconds until then, at least one.
fn wait_seconds(engine: &Engine, free_at: Timestamp) -> i64 {
    let left_us = free_at.micros() - engine.now().micros();
    (left_us.max(1) - 1) / 1_000_000 + 1
}

/// Until when tries, declines and cards of an account or address stand in the way; `None` when they do not.
async fn tries_free_at(
    engine: &Engine,
    account_id: &str,
    address: Option<&str>,
    limits: &Limits,
) -> Result<Option<Timestamp>> {
    const DECLINES: &str = "SELECT at_us FROM payment_attempts WHERE account_id = $1 AND at_us > $2 \
                            AND outcome = 'declined' ORDER BY at_us DESC LIMIT 1 OFFSET $3";
    const CARDS: &str = "SELECT max(at_us) FROM payment_attempts WHERE account_id = $1 AND at_us > $2 \
                         AND card IS NOT NULL GROUP BY card ORDER BY max(at_us) DESC LIMIT 1 OFFSET $3";
    const ACCOUNT: &str = "SELECT at_us FROM payment_attempts WHERE account_id = $1 AND at_us > $2 \
                           AND outcome <> 'paid' ORDER BY at_us DESC LIMIT 1 OFFSET $3";
    const ADDRESS: &str = "SELECT at_us FROM payment_attempts WHERE address = $1 AND at_us > $2 \
                           AND outcome <> 'paid' ORDER BY at_us DESC LIMIT 1 OFFSET $3";
    let address_tries = if address.is_some() { limits.address_tries } else { i64::MAX };
    // what is counted, of whom, over how long, how many are allowed
    let table = [
        (DECLINES, account_id, DAY_SECONDS, limits.declines),
        (CARDS, account_id, DAY_SECONDS, limits.cards),
        (ACCOUNT, account_id, HOUR_SECONDS, limits.account_tries),
        (ADDRESS, address.unwrap_or_default(), HOUR_SECONDS, address_tries),
    ];
    let mut latest = None;
    for (sql, subject, window_seconds, limit) in table.into_iter().filter(|(.., limit)| *limit < i64::MAX) {
        let since_us = engine.now().plus_seconds(-window_seconds).micros();
        // The row that has to grow old before there is room for another one.
        let rows = engine.store().query(sql, params![subject, since_us, limit - 1]).await?;
        let at = rows.first().map(|row| row.int(0)).transpose()?.map(Timestamp::from_micros);
        latest = latest.max(at.map(|at| at.plus_seconds(window_seconds)));
    }
    Ok(latest)
}

/// Until when what an account bought stands in the way of more.
async fn money_free_at(engine: &Engine, account_id: &str, bought_units: i64) -> Result<Option<Timestamp>> {
    if bought_units == i64::MAX {
        return Ok(None);
    }
    let now = engine.now();
    let sql = "SELECT created_at_us, credit_units FROM payments WHERE account_id = $1 AND created_at_us > $2 \
               AND state NOT IN ('failed', 'expired') ORDER BY created_at_us DESC";
    let mut sum_units = 0_i128;
    for row in engine.store().query(sql, params![account_id, now.plus_seconds(-DAY_SECONDS).micros()]).await? {
        sum_units += i128::from(row.int(1)?);
        if sum_units > i128::from(bought_units) {
            return Ok(Some(Timestamp::from_micros(row.int(0)?).plus_seconds(DAY_SECONDS)));
        }
    }
    // Too much by itself: it will be as long as the account is young.
    Ok((bought_units < 0).then(|| now.plus_seconds(DAY_SECONDS)))
}

/// The rows that a new payment brings along. They go before it, in this order, and fail with it when something that
/// [`check`] tells stands in the way by then.
pub(super) fn claim(engine: &Engine, wanted: &Wanted<'_>, payment_id: &str) -> Vec<Statement> {
    const TRY: &str = "INSERT INTO payment_attempts (account_id, id, payment_id, outcome, address, at_us) \
                       SELECT $1, $2, $2, 'open', $3, $4 WHERE \
                       NOT EXISTS (SELECT 1 FROM disputes WHERE account_id = $1 AND state = 'open') \
                       AND (SELECT count(*) FROM payment_attempts \
                       WHERE account_id = $1 AND at_us > $5 AND outcome = 'declined') < $7 \
                       AND (SELECT count(DISTINCT card) FROM payment_attempts WHERE account_id = $1 AND at_us > $5) < $8 \
                       AND (SELECT count(*) FROM payment_attempts \
                       WHERE account_id = $1 AND at_us > $6 AND outcome <> 'paid') < $9 \
                       AND (SELECT count(*) FROM payment_attempts \
                       WHERE address = $3 AND at_us > $6 AND outcome <> 'paid') < $10 \
                       AND (SELECT coalesce(sum(credit_units), 0) FROM payments WHERE account_id = $1 \
                       AND created_at_us > $5 AND state NOT IN ('failed', 'expired')) <= $11";
    let now = engine.now();
    let limits = Limits::of(engine, wanted);
    let account_id = &*wanted.account.id;
    let address = wanted.address.and_then(hashed_address);
    // Always the account first, so that nobody waits for somebody who waits for him.
    let mut rows = vec![gate(account_id, now)];
    rows.extend(address.as_ref().map(|address| pass(format!("address:{address}"), now)));
    let values = params![
        account_id,
        payment_id,
        address,
        now.micros(),
        now.plus_seconds(-DAY_SECONDS).micros(),
        now.plus_seconds(-HOUR_SECONDS).micros(),
        limits.declines,
        limits.cards,
        limits.account_tries,
        limits.address_tries,
        limits.bought_units,
    ];
    rows.push(Statement::new(TRY, values).expect_one());
    rows
}

/// The row that makes payments of an account wait for each other, on whichever node, while they are written down.
pub(super) fn gate(account_id: &str, now: Timestamp) -> Statement {
    pass(format!("account:{account_id}"), now)
}

fn pass(subject: String, now: Timestamp) -> Statement {
    const SQL: &str = "INSERT INTO payment_gates (subject, at_us) VALUES ($1, $2) \
                       ON CONFLICT (subject) DO UPDATE SET at_us = $2";
    Statement::new(SQL, params![subject, now.micros()]).expect_one()
}

/// The rows that say how a try ended; the same ones again change nothing. `what` tells one try of a payment from another.
fn ended(payment: &Payment, what: &str, outcome: &str, fingerprint: Option<&str>, now: Timestamp) -> [Statement; 2] {
    let (account_id, payment_id) = (payment.account_id.as_str(), payment.id.as_str());
    let card = fingerprint.map(|fingerprint| hashed("card", fingerprint));
    let end = Statement::new(
        "INSERT INTO payment_attempts (account_id, id, payment_id, outcome, card, address, at_us) VALUES ($1, $2, $3, $4, \
         $5, (SELECT max(address) FROM payment_attempts WHERE account_id = $1 AND payment_id = $3), $6) \
         ON CONFLICT (account_id, id) DO NOTHING",
        params![account_id, format!("{payment_id}:{what}"), payment_id, outcome, card, now.micros()],
    );
    [end, released(payment)]
}

/// The row that forgets a try that never reached anybody.
pub(super) fn released(payment: &Payment) -> Statement {
    Statement::new(
        "DELETE FROM payment_attempts WHERE account_id = $1 AND id = $2 AND outcome = 'open'",
        params![payment.account_id.as_str(), payment.id.as_str()],
    )
}

/// The rows of a card that was declined.
pub(super) fn declined(payment: &Payment, what: &str, card: Option<&str>, now: Timestamp) -> [Statement; 2] {
    ended(payment, what, "declined", card, now)
}

/// The rows of a payment that went through: neither its try nor its address counts any more.
pub(super) fn paid(payment: &Payment, seen: &Sighting, now: Timestamp) -> [Statement; 2] {
    ended(payment, "paid", "paid", fingerprint(seen), now)
}

/// The rows of a payment that its gateway gave up; none where nobody was declined.
pub(super) fn failed(payment: &Payment, seen: &Sighting, code: &str, now: Timestamp) -> Vec<Statement> {
    if NOT_DECLINED.contains(&code) {
        return Vec::new();
    }
    declined(payment, "failed", fingerprint(seen), now).into()
}

fn fingerprint(seen: &Sighting) -> Option<&str> {
    seen.instrument.as_ref()?.fingerprint.as_deref()
}

/// Takes note of a payment that can still be paid and whose payer was declined; says whether that was once too often, so
/// that the payment has to be closed. `event_id`: the notice that told; without one, a decline that a notice told of
/// before is not counted again.
pub(super) async fn refused(
    engine: &Engine,
    payment: &Payment,
    seen: &Sighting,
    event_id: Option<&str>,
) -> Result<bool> {
    if !matches!(seen.standing, Standing::Payable(Some(_))) || payment.state != State::AwaitingCustomer {
        return Ok(false);
    }
    let (account_id, payment_id) = (payment.account_id.as_str(), payment.id.as_str());
    let known =
        "SELECT 1 FROM payment_attempts WHERE account_id = $1 AND payment_id = $2 AND outcome = 'declined' LIMIT 1";
    if event_id.is_some() || engine.store().query(known, params![account_id, payment_id]).await?.is_empty() {
        let rows = declined(payment, event_id.unwrap_or("asked"), fingerprint(seen), engine.now());
        engine.store().write(rows.into()).await?;
    }
    let sql = "SELECT max(address) FROM payment_attempts WHERE account_id = $1 AND payment_id = $2";
    let rows = engine.store().query(sql, params![account_id, payment_id]).await?;
    let address = rows.first().map(|row| row.optional_text(0)).transpose()?.flatten();
    let account = engine.accounts().get(account_id).await?;
    let anywhere = Some(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
    let limits = Limits::of(engine, &Wanted { account: &account, credit: payment.credit, address: anywhere });
    Ok(tries_free_at(engine, account_id, address, &limits).await?.is_some())
}

/// Drops what is too old to count, unless another node does.
pub(super) async fn forget(engine: &Engine) -> Result<()> {
    let before = engine.now().plus_seconds(-KEEP_SECONDS).micros();
    let due = "SELECT 1 FROM payment_gates WHERE at_us < $1 LIMIT 1";
    let none = engine.store().query(due, params![before]).await?.is_empty();
    if none || !lease::hold(engine, Lease::Notices).await? {
        return Ok(());
    }
    let rows = vec![
        Statement::new("DELETE FROM payment_attempts WHERE at_us < $1", params![before]),
        Statement::new("DELETE FROM payment_gates WHERE at_us < $1", params![before]),
    ];
    engine.store().write(rows).await?;
    Ok(())
}

impl Payment {
    /// Why it stands there, as the payer is told: every decline reads the same, so that it says nothing about a card.
    pub fn told_reason(&self) -> Option<&str> {
        let reason = self.reason.as_deref()?;
        match self.state {
            State::Failed if !TOLD.contains(&reason) => Some("declined"),
            State::UnderReview => Some("under_review"),
            _ => Some(reason),
        }
    }
}

/// The hash of an address that is one payer's, or one network's; `None` for what everybody behind a proxy shares.
fn hashed_address(address: IpAddr) -> Option<String> {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let shared = v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified();
            (!shared).then(|| hashed("address", &v4.to_string()))
        }
        IpAddr::V6(v6) => {
            let shared = v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified();
            // A customer has a whole network of 64 bits.
            let network = Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX));
            (!shared).then(|| hashed("address", &network.to_string()))
        }
    }
}

fn hashed(kind: &str, text: &str) -> String {
    let digest = Sha256::new().chain_update(kind).chain_update([0]).chain_update(text).finalize();
    hex::encode(&digest[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_counts_when_it_is_one_payers() {
        // two addresses, whether the first counts, whether they count as one
        let table = [
            ("203.0.113.7", "203.0.113.7", true, true),
            ("203.0.113.7", "203.0.113.8", true, false),
            ("203.0.113.7", "::ffff:203.0.113.7", true, true),
            ("2001:db8:1:2:3::4", "2001:db8:1:2:ffff::1", true, true),
            ("2001:db8:1:2::4", "2001:db8:1:3::4", true, false),
            ("127.0.0.1", "203.0.113.7", false, false),
            ("10.1.2.3", "203.0.113.7", false, false),
            ("192.168.0.9", "203.0.113.7", false, false),
            ("::1", "203.0.113.7", false, false),
            ("fd00::1", "203.0.113.7", false, false),
        ];
        for (one, other, counts, same) in table {
            let [first, second] = [one, other].map(|text| hashed_address(text.parse().unwrap()));
            assert_eq!((first.is_some(), first == second), (counts, same), "{one} {other}");
            assert!(first.is_none_or(|hash| !hash.contains(one)));
        }
    }

    #[test]
    fn kinds_do_not_meet() {
        assert_ne!(hashed("card", "a"), hashed("address", "a"));
        assert_eq!(hashed("card", "a").len(), 32);
    }
}
