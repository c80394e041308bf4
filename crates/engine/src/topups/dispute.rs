//! Disputes: the payer's bank takes the money back until it is decided.
//!
//! From the day on which the money is gone, the payment's credits are taken back (what is spent becomes overdraft); when
//! it is decided for us they are reinstated, when for the payer nothing more happens. An inquiry takes nothing. Notices
//! may come in any order and often: a dispute only moves forward, and each step is a guarded row with its ledger entry.
//! Deliberately absent: sending evidence. Cost: two reads and one write per step.

use ledger::{Amount, Timestamp};
use providers::Money;
use providers::gateway::{DisputeSighting, DisputeStanding};
use store::{Row, Statement, params};
use tracing::{error, warn};

use super::notice::find;
use super::payment::{Change, Payment};
use super::reconcile::settled_first;
use super::refund::is_under_way;
use super::settle::alarm;
use super::state::State;
use super::take_back::{Cause, claw_back, clawback_of, reinstate, share};
use crate::{Engine, Error, Result};

/// Who moves a payment here.
const SOURCE: &str = "dispute";

/// A dispute of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// Whose payment.
    pub account_id: String,
    /// Where it is disputed.
    pub gateway: String,
    /// The gateway's name for it.
    pub object_id: String,
    /// The payment.
    pub payment_id: String,
    /// Where it stands: `inquiry`, `open`, `won` or `lost`.
    pub state: String,
    /// The payer's reason, the gateway's word.
    pub reason: Option<String>,
    /// How much is disputed.
    pub money: Money,
    /// What was taken back of the credits; zero for an inquiry.
    pub credit: Amount,
    /// Until when evidence is accepted.
    pub due_at: Option<Timestamp>,
    /// When it was first heard of.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

const fn name(standing: DisputeStanding) -> &'static str {
    match standing {
        DisputeStanding::Inquiry => "inquiry",
        DisputeStanding::Open => "open",
        DisputeStanding::Won => "won",
        DisputeStanding::Lost => "lost",
    }
}

/// Acts on what a gateway says of a dispute; says what that was, and which payment it was about.
pub(super) async fn take_dispute(
    engine: &Engine,
    gateway: &str,
    seen: &DisputeSighting,
) -> Result<(&'static str, Option<String>)> {
    let payment = find(engine, gateway, seen.payment_object_id.as_deref(), seen.money_id.as_deref(), None).await?;
    let payment = match payment {
        Some(payment) => Some(settled_first(engine, payment).await?),
        None => None,
    };
    let Some(payment) = payment.filter(|payment| payment.state.was_credited()) else {
        alarm(gateway, "dispute_not_ours");
        warn!(gateway, dispute = seen.dispute_id, "a dispute is about a payment that is not ours, or not credited");
        return Ok(("not_ours", None));
    };
    let known = find_dispute(engine, &payment, &seen.dispute_id).await?;
    let outcome = match (known.as_ref().map(|known| known.state.as_str()), seen.standing) {
        (Some("won" | "lost"), _) => "nothing_new",
        (Some("open"), DisputeStanding::Won) => won(engine, &payment, seen, known.as_ref()).await?,
        (Some("open"), DisputeStanding::Lost) => lost(engine, &payment, seen).await?,
        (Some("open"), _) | (Some("inquiry"), DisputeStanding::Inquiry) => "nothing_new",
        (_, DisputeStanding::Open) => opened(engine, &payment, seen, known.is_some()).await?,
        (_, DisputeStanding::Lost) => {
            opened(engine, &payment, seen, known.is_some()).await?;
            let payment = Payment::find(engine.store(), &payment.account_id, &payment.id).await?;
            lost(engine, &payment.ok_or(Error::NotFound("payment"))?, seen).await?
        }
        (known, DisputeStanding::Inquiry | DisputeStanding::Won) => {
            let row = row(&payment, seen, Amount::ZERO, known.is_some(), engine.now());
            engine.store().write(vec![row]).await?;
            "moved"
        }
    };
    Ok((outcome, Some(payment.id)))
}

/// The money is gone: so are the credits.
async fn opened(engine: &Engine, payment: &Payment, seen: &DisputeSighting, known: bool) -> Result<&'static str> {
    let now = engine.now();
    let taken_minor = payment.refunded_minor + payment.disputed_minor;
    let left_minor = payment.price.amount_minor - taken_minor;
    // Another currency than the charge's cannot be compared: then all that is left is disputed.
    let same = seen.money.currency == payment.price.currency;
    let part_minor = if same { seen.money.amount_minor.min(left_minor) } else { left_minor };
    if same && part_minor < seen.money.amount_minor && is_under_way(engine, payment).await? {
        // The refund may fail because of this very dispute, which then takes all; until then nobody can spend it.
        return Err(Error::Unavailable(format!("a refund of the payment {} is under way", payment.id)));
    }
    if part_minor <= 0 {
        engine.store().write(vec![row(payment, seen, Amount::ZERO, known, now)]).await?;
        return Ok("moved");
    }
    let part = Money { amount_minor: part_minor, ..payment.price };
    let amount = share(payment, taken_minor, part);
    let mut rows =
        vec![row(payment, seen, amount.unwrap_or(payment.credit), known, now), disputed(payment, part_minor, now)];
    rows.extend(moved(payment, State::Disputed, seen, now));
    alarm(&payment.gateway, "disputed");
    error!(payment = payment.id, dispute = seen.dispute_id, due_at_s = seen.due_at_s, "a payment is disputed");
    let cause = Cause { kind: "dispute", id: &seen.dispute_id };
    claw_back(engine, payment, cause, amount, rows).await?;
    Ok("disputed")
}

async fn won(
    engine: &Engine,
    payment: &Payment,
    seen: &DisputeSighting,
    known: Option<&Dispute>,
) -> Result<&'static str> {
    let now = engine.now();
    let taken = known.map_or(Amount::ZERO, |known| known.credit);
    let mut rows = vec![row(payment, seen, taken, true, now)];
    rows.extend(moved(payment, State::DisputeWon, seen, now));
    // A payment that brought no credits had its money taken all the same.
    if taken.is_zero() && !payment.credit.is_zero() {
        engine.store().write(rows).await?;
        return Ok("moved");
    }
    let asked_minor = known.map_or(i64::MAX, |known| known.money.amount_minor);
    rows.push(disputed(payment, -asked_minor.min(payment.disputed_minor), now));
    let cause = Cause { kind: "dispute", id: &seen.dispute_id };
    // Everything was taken, or a part that the row remembers.
    let amount = (taken != payment.credit).then_some(taken);
    let entry = clawback_of(engine, payment, cause, amount).await?.map(|taken| taken.seq);
    reinstate(engine, payment, cause, entry, rows).await?;
    Ok("dispute_won")
}

async fn lost(engine: &Engine, payment: &Payment, seen: &DisputeSighting) -> Result<&'static str> {
    let now = engine.now();
    let update = Statement::new(
        "UPDATE disputes SET state = 'lost', updated_at_us = $1 WHERE account_id = $2 AND gateway = $3 \
         AND object_id = $4 AND state = 'open'",
        params![now.micros(), payment.account_id.as_str(), payment.gateway.as_str(), seen.dispute_id.as_str()],
    );
    let mut rows = vec![update.expect_one()];
    rows.extend(moved(payment, State::DisputeLost, seen, now));
    engine.store().write(rows).await?;
    Ok("dispute_lost")
}

/// The payment's step, where it is one.
fn moved(payment: &Payment, state: State, seen: &DisputeSighting, now: Timestamp) -> Vec<Statement> {
    if !payment.state.may_become(state) {
        return Vec::new();
    }
    let reason = seen.reason.clone();
    payment.change(&Change::closing(state, reason), SOURCE, now)
}

fn disputed(payment: &Payment, minor: i64, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE payments SET disputed_minor = disputed_minor + $1, updated_at_us = $2 \
         WHERE account_id = $3 AND id = $4 AND disputed_minor = $5 AND refunded_minor = $6",
        params![
            minor,
            now.micros(),
            payment.account_id.as_str(),
            payment.id.as_str(),
            payment.disputed_minor,
            payment.refunded_minor
        ],
    )
    .expect_one()
}

/// Writes a dispute down, or its next step when it is known.
fn row(payment: &Payment, seen: &DisputeSighting, credit: Amount, known: bool, now: Timestamp) -> Statement {
    const FIRST: &str = "INSERT INTO disputes (account_id, gateway, object_id, payment_id, state, reason, amount_minor, \
                         currency, credit_units, due_at_us, created_at_us, updated_at_us) \
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)";
    const NEXT: &str = "UPDATE disputes SET state = $5, reason = coalesce($6, reason), amount_minor = $7, currency = $8, \
                        credit_units = $9, due_at_us = coalesce($10, due_at_us), updated_at_us = $11 \
                        WHERE account_id = $1 AND gateway = $2 AND object_id = $3 AND payment_id = $4 \
                        AND state IN ('inquiry', 'open') AND state <> $5";
    let due_at = seen.due_at_s.map(|seconds| seconds.saturating_mul(1_000_000));
    Statement::new(
        if known { NEXT } else { FIRST },
        params![
            payment.account_id.as_str(),
            payment.gateway.as_str(),
            seen.dispute_id.as_str(),
            payment.id.as_str(),
            name(seen.standing),
            seen.reason.clone(),
            seen.money.amount_minor,
            seen.money.currency.code(),
            credit.units(),
            due_at,
            now.micros(),
        ],
    )
    .expect_one()
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT account_id, gateway, object_id, payment_id, state, reason, amount_minor, currency, credit_units, \
             due_at_us, created_at_us, updated_at_us FROM disputes ",
            $rest
        )
    };
}

async fn find_dispute(engine: &Engine, payment: &Payment, object_id: &str) -> Result<Option<Dispute>> {
    let sql = select!("WHERE account_id = $1 AND gateway = $2 AND object_id = $3");
    let rows =
        engine.store().query(sql, params![payment.account_id.as_str(), payment.gateway.as_str(), object_id]).await?;
    rows.first().map(read).transpose()
}

/// Disputes of a payment, oldest first.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn disputes(engine: &Engine, payment: &Payment) -> Result<Vec<Dispute>> {
    let sql = select!("WHERE account_id = $1 AND payment_id = $2 ORDER BY created_at_us, object_id");
    let rows = engine.store().query(sql, params![payment.account_id.as_str(), payment.id.as_str()]).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Dispute> {
    let currency = row.text(7)?;
    let broken = || Error::Unavailable(format!("disputes: a row has the currency {currency:?}"));
    Ok(Dispute {
        account_id: row.text(0)?.to_owned(),
        gateway: row.text(1)?.to_owned(),
        object_id: row.text(2)?.to_owned(),
        payment_id: row.text(3)?.to_owned(),
        state: row.text(4)?.to_owned(),
        reason: row.optional_text(5)?.map(str::to_owned),
        money: Money { amount_minor: row.int(6)?, currency: ledger::Unit::parse(currency).ok_or_else(broken)? },
        credit: Amount::from_units(row.int(8)?),
        due_at: row.optional_int(9)?.map(Timestamp::from_micros),
        created_at: Timestamp::from_micros(row.int(10)?),
        updated_at: Timestamp::from_micros(row.int(11)?),
    })
}
