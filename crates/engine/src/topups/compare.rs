//! The daily comparison of books with a gateway's own list, both ways.
//!
//! A day (UTC) is compared when the gateway has reported all of it. Paid there and not credited here goes the way of a
//! notice; what cannot be settled like that is listed as `unmatched`, on the side (`theirs`, `ours`) that has it, for an
//! operator. Before anything is called missing the gateway is asked about it by its name. Invariants: only our own
//! question brings credits; comparing again changes nothing that is right, lists nothing twice, and resolves what has
//! become right; what an operator resolved stays resolved. A day that broke off is compared again as a whole.
//! Deliberately absent: fees and payouts. Cost of a day: one call per page of the list, one read per payment of the list
//! and one for ours, one call for each that does not match.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use ledger::Timestamp;
use providers::gateway::{Gateway, Sighting, Standing};
use providers::{Money, paypal};
use store::{Row, Statement, params};
use tracing::{error, info, warn};

use super::judge::{Verdict, judge};
use super::notice::find;
use super::payment::Payment;
use super::settle::{Settled, alarm, observe};
use crate::lease::{self, Lease};
use crate::{Engine, Error, Result};

/// Who moves a payment here, and who resolves what has become right.
const SOURCE: &str = "comparison";
/// A payment that began here on a day may have been made there as much later, in seconds.
const OVERLAP_SECONDS: i64 = 2 * 3_600;
/// Days that are made up for when no node ran.
const CATCH_UP_DAYS: i64 = 7;
const DAY_SECONDS: i64 = 86_400;

/// What came of comparing a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// With whose list.
    pub gateway: String,
    /// The day in UTC, such as `2026-11-20`.
    pub day: String,
    /// When it was compared last.
    pub done_at: Timestamp,
    /// Paid payments on the gateway's list, those of the hours before and after the day included.
    pub theirs: i64,
    /// Credited payments that began here on the day.
    pub ours: i64,
    /// Payments that were credited because of it.
    pub healed: i64,
    /// What did not match, whether an operator resolved it or not.
    pub unmatched: i64,
}

/// What one side has and the other has not, or not alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// The gateway.
    pub gateway: String,
    /// Who has it: `ours`, `theirs`.
    pub side: String,
    /// The payment at the gateway, or ours where the gateway's is not known.
    pub object_id: String,
    /// The day that was compared.
    pub day: String,
    /// Whose payment, when it is one of ours.
    pub account_id: Option<String>,
    /// Our payment.
    pub payment_id: Option<String>,
    /// What is wrong, a stable code.
    pub what: String,
    /// How much.
    pub money: Option<Money>,
    /// When it was found.
    pub found_at: Timestamp,
    /// When it was resolved.
    pub resolved_at: Option<Timestamp>,
    /// By whom; `comparison` when it became right by itself.
    pub resolved_by: Option<String>,
    /// Why.
    pub resolution: Option<String>,
}

/// Which side has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Ours,
    Theirs,
}

impl Side {
    const fn name(self) -> &'static str {
        match self {
            Side::Ours => "ours",
            Side::Theirs => "theirs",
        }
    }
}

/// A day under way.
struct Day<'a> {
    engine: &'a Engine,
    gateway: &'a dyn Gateway,
    name: String,
    from_s: i64,
    healed: i64,
    unmatched: i64,
    /// Objects that are right on both sides.
    right: BTreeSet<String>,
    /// Names of everything on their list.
    listed: BTreeSet<String>,
}

/// Compares a day with a gateway's list now, however often that was done before.
///
/// # Errors
/// [`Error::Invalid`] for a gateway without a list and for a day that has not begun; [`Error::Unavailable`] when the
/// gateway cannot be asked: what was found until then stays.
pub async fn compare(engine: &Engine, gateway: &str, day: &str) -> Result<Comparison> {
    let found = engine.topups().gateway(gateway).filter(|gateway| gateway.can_list());
    let found =
        found.ok_or_else(|| Error::invalid("gateway", "must be a gateway that is set up and lists payments"))?;
    let date: Option<Date> = day.parse().ok().filter(|_| day.len() == 10);
    let from_s = date.and_then(begin_s).filter(|from_s| (0..=engine.now().seconds()).contains(from_s));
    let from_s =
        from_s.ok_or_else(|| Error::invalid("day", "must be a day that has begun in UTC, such as 2026-11-20"))?;
    let day = Day {
        engine,
        gateway: found,
        name: day.to_owned(),
        from_s,
        healed: 0,
        unmatched: 0,
        right: BTreeSet::new(),
        listed: BTreeSet::new(),
    };
    day.run().await
}

impl Day<'_> {
    async fn run(mut self) -> Result<Comparison> {
        let (from_s, to_s) = (self.from_s - OVERLAP_SECONDS, self.from_s + DAY_SECONDS + OVERLAP_SECONDS);
        let list = self.gateway.list(from_s, to_s).await.map_err(|trouble| Error::Unavailable(trouble.to_string()))?;
        let list: Vec<_> = list.into_iter().filter(|seen| seen.live == self.gateway.live()).collect();
        for seen in &list {
            self.listed.insert(seen.object_id.clone());
            self.listed.extend(seen.money_id.clone());
            self.take(seen).await?;
        }
        let ours = self.ours().await?;
        for (account_id, payment_id) in &ours.unlisted {
            self.ask(account_id, payment_id).await?;
        }
        self.resolve_right().await?;
        let done = Comparison {
            gateway: self.gateway.name().to_owned(),
            day: self.name,
            done_at: self.engine.now(),
            theirs: count(list.iter().filter(|seen| seen.standing == Standing::Paid).count()),
            ours: ours.count,
            healed: self.healed,
            unmatched: self.unmatched,
        };
        self.engine.store().write(vec![done.upsert()]).await?;
        info!(gateway = done.gateway, day = done.day, theirs = done.theirs, ours = done.ours, "books compared");
        Ok(done)
    }

    /// One payment of their list.
    async fn take(&mut self, seen: &Sighting) -> Result<()> {
        let (money_id, topup_id) = (seen.money_id.as_deref(), seen.topup_id.as_deref());
        let found = find(self.engine, self.gateway.name(), Some(&seen.object_id), money_id, topup_id).await?;
        let paid = seen.standing == Standing::Paid;
        let Some(payment) = found else {
            let what = if topup_id.is_some() { "unknown_reference" } else { "no_reference" };
            return if paid { self.note(Side::Theirs, what, None, seen).await } else { Ok(()) };
        };
        let other_money = seen.money_id.is_none() || payment.money_id != seen.money_id;
        let another = payment.object_id.as_ref().is_some_and(|id| *id != seen.object_id) && other_money;
        match (paid, payment.state.was_credited()) {
            (true, true) if another => self.note(Side::Theirs, "paid_again", Some(&payment), seen).await,
            (true, true) if seen.received != Some(payment.price) => {
                self.note(Side::Ours, "other_amount", Some(&payment), seen).await
            }
            (true, true) => {
                self.right.insert(seen.object_id.clone());
                self.right.extend(payment.object_id);
                Ok(())
            }
            (true, false) => self.heal(&payment, seen).await,
            (false, true) if !another && !is_open(&seen.standing) => {
                self.note(Side::Ours, "not_paid_there", Some(&payment), seen).await
            }
            (false, _) => Ok(()),
        }
    }

    /// Paid there, not credited here: as if its notice came now. Their list may name it otherwise, so it is looked up.
    async fn heal(&mut self, payment: &Payment, seen: &Sighting) -> Result<()> {
        let own = self.look_up(payment).await?.filter(|own| own.standing == Standing::Paid);
        let best = own.as_ref().unwrap_or(seen);
        if observe(self.engine, &payment.account_id, &payment.id, best, SOURCE).await? == Settled::Credited {
            warn!(payment = payment.id, "paid, and no notice told: the comparison found it");
            self.healed += 1;
        }
        let found = Payment::find(self.engine.store(), &payment.account_id, &payment.id).await?;
        let payment = found.ok_or(Error::NotFound("payment"))?;
        if payment.state.was_credited() {
            self.right.insert(seen.object_id.clone());
            self.right.extend(payment.object_id);
            return Ok(());
        }
        let what = match judge(&payment, best) {
            Verdict::Review(what) => what,
            _ => "not_credited",
        };
        self.note(Side::Theirs, what, Some(&payment), seen).await
    }

    /// Credited here and not on their list: whether they know it by its name.
    async fn ask(&mut self, account_id: &str, payment_id: &str) -> Result<()> {
        let found = Payment::find(self.engine.store(), account_id, payment_id).await?;
        let payment = found.ok_or(Error::NotFound("payment"))?;
        let own = self.look_up(&payment).await?;
        let what = match own.map(|own| own.standing) {
            Some(Standing::Paid) => {
                self.right.extend(payment.object_id);
                return Ok(());
            }
            Some(_) => "not_paid_there",
            None => "missing_there",
        };
        let object_id = payment.object_id.as_deref().unwrap_or(&payment.id).to_owned();
        self.list_unmatched(Side::Ours, what, &object_id, Some(&payment), Some(payment.price)).await
    }

    async fn look_up(&self, payment: &Payment) -> Result<Option<Sighting>> {
        let answer = self.gateway.look_up(&payment.pending()).await;
        answer.map_err(|trouble| Error::Unavailable(trouble.to_string()))
    }

    async fn note(&mut self, side: Side, what: &'static str, payment: Option<&Payment>, seen: &Sighting) -> Result<()> {
        self.list_unmatched(side, what, &seen.object_id, payment, seen.received).await
    }

    async fn list_unmatched(
        &mut self,
        side: Side,
        what: &'static str,
        object_id: &str,
        payment: Option<&Payment>,
        money: Option<Money>,
    ) -> Result<()> {
        const ROW: &str = "INSERT INTO unmatched (gateway, side, object_id, day, account_id, payment_id, what, \
                           amount_minor, currency, found_at_us) \
                           VALUES ($1, $2, $3, $4, $5, $6, $7, CAST($8 AS BIGINT), $9, $10) \
                           ON CONFLICT (gateway, side, object_id) DO UPDATE SET what = $7, found_at_us = $10, \
                           resolved_at_us = NULL, resolved_by = NULL, resolution = NULL \
                           WHERE unmatched.resolved_by = 'comparison'";
        self.unmatched += 1;
        let gateway = self.gateway.name();
        let values = params![
            gateway,
            side.name(),
            object_id,
            self.name.as_str(),
            payment.map(|payment| payment.account_id.clone()),
            payment.map(|payment| payment.id.clone()),
            what,
            money.map(|money| money.amount_minor),
            money.map(|money| money.currency.code().to_owned()),
            self.engine.now().micros(),
        ];
        if self.engine.store().write(vec![Statement::new(ROW, values)]).await? == [1] {
            alarm(gateway, if side == Side::Ours { "unmatched_ours" } else { "unmatched_theirs" });
            error!(gateway, side = side.name(), object = object_id, what, "the books differ; resolve it");
        }
        Ok(())
    }

    /// What was listed before and is right now.
    async fn resolve_right(&self) -> Result<()> {
        let gateway = self.gateway.name();
        let sql = "SELECT object_id FROM unmatched WHERE gateway = $1 AND resolved_at_us IS NULL";
        let rows = self.engine.store().query(sql, params![gateway]).await?;
        let mut rows_healed = Vec::new();
        for row in &rows {
            let object_id = row.text(0)?;
            if self.right.contains(object_id) {
                rows_healed.push(healed(gateway, object_id, self.engine.now()));
            }
        }
        self.engine.store().write(rows_healed).await?;
        Ok(())
    }

    /// Our credited payments of the day.
    async fn ours(&self) -> Result<Ours> {
        let sql = "SELECT account_id, id, object_id, money_id FROM payments WHERE gateway = $1 AND created_at_us >= $2 \
                   AND created_at_us < $3 AND live = $4 AND paid_at_us IS NOT NULL ORDER BY id";
        let micros = |seconds: i64| seconds.saturating_mul(1_000_000);
        let values =
            params![self.gateway.name(), micros(self.from_s), micros(self.from_s + DAY_SECONDS), self.gateway.live()];
        let rows = self.engine.store().query(sql, values).await?;
        let mut ours = Ours { count: count(rows.len()), unlisted: Vec::new() };
        for row in &rows {
            let names = [row.optional_text(2)?, row.optional_text(3)?];
            if !names.into_iter().flatten().any(|name| self.listed.contains(name)) {
                ours.unlisted.push((row.text(0)?.to_owned(), row.text(1)?.to_owned()));
            }
        }
        Ok(ours)
    }
}

/// Our side of a day.
struct Ours {
    count: i64,
    /// Account and payment.
    unlisted: Vec<(String, String)>,
}

/// Whether it may be that the money is there, or comes.
const fn is_open(standing: &Standing) -> bool {
    matches!(standing, Standing::Paid | Standing::Processing(_) | Standing::UnderReview(_))
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// When a day begins in UTC, Unix seconds.
fn begin_s(day: Date) -> Option<i64> {
    day.to_zoned(TimeZone::UTC).ok().map(|begin| begin.timestamp().as_second())
}

/// The row that resolves what was listed of an object, because it is right now.
pub(super) fn healed(gateway: &str, object_id: &str, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE unmatched SET resolved_at_us = $1, resolved_by = 'comparison', resolution = 'healed' \
         WHERE gateway = $2 AND side IN ('ours', 'theirs') AND object_id = $3 AND resolved_at_us IS NULL",
        params![now.micros(), gateway, object_id],
    )
}

/// Compares finished days every `pause`, until the task is aborted.
pub async fn run_comparisons(engine: Engine, pause: Duration) {
    loop {
        if let Err(error) = compare_due(&engine).await {
            warn!(%error, "the comparison with a gateway failed; it is tried again");
        }
        tokio::time::sleep(pause).await;
    }
}

/// Compares the finished days of the last week that are not compared yet, unless another node does; says how many.
///
/// # Errors
/// When the database cannot be read; a gateway that cannot be asked does not disturb the others.
pub async fn compare_due(engine: &Engine) -> Result<usize> {
    let mut done = 0;
    if !engine.settings().purchase.compare_daily {
        return Ok(done);
    }
    for gateway in engine.topups().gateways().filter(|gateway| gateway.can_list()) {
        for day in days_due(engine, gateway.name()).await? {
            if !lease::hold(engine, Lease::Compare).await? {
                return Ok(done);
            }
            if let Err(error) = compare(engine, gateway.name(), &day).await {
                warn!(gateway = gateway.name(), day, %error, "a day could not be compared; it is tried again");
                break;
            }
            done += 1;
        }
    }
    Ok(done)
}

/// How long a gateway may take to report a payment, in seconds. Source: PayPal's Transaction Search says up to 3 hours.
fn reporting_delay_seconds(gateway: &str) -> i64 {
    if gateway == paypal::NAME { 4 * 3_600 } else { 900 }
}

/// Finished days that were not compared since all of them was reported, oldest first; none before our first payment.
async fn days_due(engine: &Engine, gateway: &str) -> Result<Vec<String>> {
    let store = engine.store();
    let first = "SELECT min(created_at_us) FROM payments WHERE gateway = $1";
    let rows = store.query(first, params![gateway]).await?;
    let Some(first_us) = rows.first().map(|row| row.optional_int(0)).transpose()?.flatten() else {
        return Ok(Vec::new());
    };
    let now_s = engine.now().seconds();
    let today_s = now_s - now_s.rem_euclid(DAY_SECONDS);
    let mut days = Vec::new();
    for back in (1..=CATCH_UP_DAYS).rev() {
        let from_s = today_s - back * DAY_SECONDS;
        let ready_s = from_s + DAY_SECONDS + OVERLAP_SECONDS + reporting_delay_seconds(gateway);
        if ready_s > now_s || from_s + DAY_SECONDS <= first_us / 1_000_000 {
            continue;
        }
        let Ok(begin) = jiff::Timestamp::from_second(from_s) else { continue };
        let day = begin.to_zoned(TimeZone::UTC).date().to_string();
        let compared = "SELECT 1 FROM comparisons WHERE gateway = $1 AND day = $2 AND done_at_us >= $3";
        let values = params![gateway, day.as_str(), ready_s.saturating_mul(1_000_000)];
        if store.query(compared, values).await?.is_empty() {
            days.push(day);
        }
    }
    Ok(days)
}

impl Comparison {
    fn upsert(&self) -> Statement {
        Statement::new(
            "INSERT INTO comparisons (gateway, day, done_at_us, theirs, ours, healed, unmatched) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (gateway, day) DO UPDATE SET done_at_us = $3, theirs = $4, \
             ours = $5, healed = comparisons.healed + $6, unmatched = $7",
            params![
                self.gateway.as_str(),
                self.day.as_str(),
                self.done_at.micros(),
                self.theirs,
                self.ours,
                self.healed,
                self.unmatched
            ],
        )
    }

    pub(super) fn read(row: &Row) -> Result<Comparison> {
        Ok(Comparison {
            gateway: row.text(0)?.to_owned(),
            day: row.text(1)?.to_owned(),
            done_at: Timestamp::from_micros(row.int(2)?),
            theirs: row.int(3)?,
            ours: row.int(4)?,
            healed: row.int(5)?,
            unmatched: row.int(6)?,
        })
    }
}
