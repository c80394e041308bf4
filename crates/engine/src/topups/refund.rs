//! Refunds: money given back by an operator, or taken back by a gateway by itself.
//!
//! `requested → pending | unknown → succeeded | failed`. The credits are taken back in the transaction that writes the
//! refund down, before the gateway is asked, so that nobody spends them meanwhile; they are reinstated when the refund
//! fails. Invariants: all refunds and open or lost disputes of a payment together are never more than its charge; one
//! refund is asked for under one id however often the gateway is asked; one effect per refund of the gateway. Cost of a
//! refund: four reads, three writes, one call to the gateway; of a notice two reads and two writes.

use ledger::{Amount, Timestamp, Unit};
use providers::Money;
use providers::gateway::{RefundAsk, RefundSighting, RefundStanding, Trouble};
use serde_json::json;
use store::{Failure, Row, Statement, Value, params};
use tracing::{error, info, warn};
use uuid::Uuid;

use super::notice::find;
use super::payment::{Change, Payment};
use super::reconcile::{next_check, settled_first};
use super::settle::alarm;
use super::state::State;
use super::take_back::{Cause, claw_back, clawback_of, reinstate, share};
use crate::lease::{self, Lease};
use crate::ledger_calls::Call;
use crate::{Engine, Error, Result, audit, checks, mail};

/// Who moves a payment here.
const SOURCE: &str = "refund";
/// Longest reason, in characters.
pub const MAX_REFUND_REASON_CHARS: usize = 500;
/// Refunds asked about in one round.
const ROUND: i64 = 100;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT account_id, id, payment_id, gateway, object_id, state, reason, failure, operator, forced, \
             amount_minor, currency, credit_units, created_at_us, updated_at_us FROM refunds ",
            $rest
        )
    };
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Whose payment.
    pub account_id: String,
    /// `rf_…`.
    pub id: String,
    /// The payment.
    pub payment_id: String,
    /// Where the money goes back.
    pub gateway: String,
    /// The gateway's name for it, once known.
    pub object_id: Option<String>,
    /// Where it stands: `requested`, `pending`, `unknown`, `succeeded` or `failed`.
    pub state: String,
    /// Why it was given.
    pub reason: String,
    /// Why it failed.
    pub failure: Option<String>,
    /// Who gave it.
    pub operator: String,
    /// The gateway took the money back by itself.
    pub forced: bool,
    /// How much, in the currency of the charge.
    pub money: Money,
    /// Credits that went back with it; `None` while it is all that was left of the payment.
    pub credit: Option<Amount>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

/// What an operator asks for.
#[derive(Clone, Copy, Debug)]
pub struct RefundRequest<'a> {
    /// The payment.
    pub payment_id: &'a str,
    /// How much, a decimal in the currency of the charge; all that is left when left out.
    pub amount: Option<&'a str>,
    /// Why, for the books.
    pub reason: &'a str,
}

/// Gives money back. The same key gives it back once; the second part says whether it had been used before.
///
/// # Errors
/// Codes `not_refundable` and `amount_too_large`; [`Error::NotFound`]; a reused key with another request.
pub async fn refund(engine: &Engine, call: &Call, wanted: RefundRequest<'_>) -> Result<(Refund, bool)> {
    let reason = checks::text("reason", wanted.reason.to_owned(), MAX_REFUND_REASON_CHARS, false)?;
    let payment = super::payment(engine, wanted.payment_id).await?;
    if let Some(key) = call.key.as_deref()
        && let Some(earlier) = find_by_key(engine, &payment.account_id, key).await?
    {
        let asked = wanted.amount.map(|text| read_amount(text, payment.price.currency)).transpose()?;
        let same = earlier.payment_id == payment.id && asked.is_none_or(|asked| asked == earlier.money);
        return if same { Ok((earlier, true)) } else { Err(Failure::KeyReuse.into()) };
    }
    if !matches!(payment.state, State::Succeeded | State::PartlyRefunded | State::DisputeWon) {
        let state = payment.state.name();
        return Err(Error::conflict("not_refundable", format!("a payment that is {state} cannot be refunded")));
    }
    let left = Money { amount_minor: left_minor(&payment), ..payment.price };
    let money = wanted.amount.map_or(Ok(left), |text| read_amount(text, payment.price.currency))?;
    if money.amount_minor > left.amount_minor || left.amount_minor <= 0 {
        let currency = left.currency;
        let shown = currency.from_minor(left.amount_minor.max(0)).map(|amount| currency.format_amount(amount));
        return Err(Error::Invalid {
            param: "amount".into(),
            code: "amount_too_large",
            detail: format!("must be at most {} {currency}, which is left of the payment", shown.unwrap_or_default()),
        });
    }
    let now = engine.now();
    let refund = Refund {
        account_id: payment.account_id.clone(),
        id: format!("rf_{}", Uuid::now_v7().simple()),
        payment_id: payment.id.clone(),
        gateway: payment.gateway.clone(),
        object_id: None,
        state: "requested".to_owned(),
        reason: reason.into(),
        failure: None,
        operator: call.actor.to_string(),
        forced: false,
        money,
        credit: share(&payment, payment.price.amount_minor - left.amount_minor, money),
        created_at: now,
        updated_at: now,
    };
    begin(engine, &payment, &refund, call.key.as_deref()).await?;
    let change = audit::Change {
        action: "refund.asked",
        account_id: Some(&refund.account_id),
        object: Some(&refund.id),
        after: json!({"payment": refund.payment_id, "amount_minor": refund.money.amount_minor,
            "currency": refund.money.currency.code()}),
        reason: Some(&refund.reason),
        ..audit::Change::default()
    };
    audit::note(engine, call, &change).await;
    let refund = give_apart(engine, &payment, &refund).await;
    Ok((refund, false))
}

/// Takes the credits back and writes the refund down, both or neither.
async fn begin(engine: &Engine, payment: &Payment, refund: &Refund, key: Option<&str>) -> Result<()> {
    let rows = vec![
        insert(refund, key, Some(next_check(refund.created_at, refund.created_at))),
        refunded(payment, refund.money.amount_minor, refund.created_at),
    ];
    claw_back(engine, payment, cause(refund), refund.credit, rows).await?;
    info!(payment = payment.id, refund = refund.id, "a refund begins");
    Ok(())
}

fn cause(refund: &Refund) -> Cause<'_> {
    Cause { kind: "refund", id: &refund.id }
}

fn left_minor(payment: &Payment) -> i64 {
    payment.price.amount_minor - payment.refunded_minor - payment.disputed_minor
}

fn read_amount(text: &str, currency: Unit) -> Result<Money> {
    let amount = checks::amount("amount", text, currency)?;
    let wrong = |error: providers::AmountError| Error::invalid("amount", error.to_string());
    Money::from_amount(amount, currency).map_err(wrong)
}

/// Asks the gateway in a task of its own, which a caller who hangs up does not stop, and gives the refund as it is then.
async fn give_apart(engine: &Engine, payment: &Payment, refund: &Refund) -> Refund {
    let (at, payment, asked) = (engine.clone(), payment.clone(), refund.clone());
    let task = tokio::spawn(async move { give(&at, &payment, &asked, false).await });
    if let Ok(Err(error)) = task.await {
        warn!(refund = refund.id, %error, "the outcome of a refund is not recorded; it is asked about again");
    }
    find_refund(engine, &refund.account_id, &refund.id).await.ok().flatten().unwrap_or_else(|| refund.clone())
}

/// Asks the gateway to give the money back, and acts on the answer. `again`: it was asked before, or may have been by
/// somebody who ended before the answer.
async fn give(engine: &Engine, payment: &Payment, refund: &Refund, again: bool) -> Result<()> {
    let Some(gateway) = engine.topups().gateway(&refund.gateway) else { return Ok(()) };
    match gateway.refund(&RefundAsk { may_have_run: again, ..ask(payment, refund) }).await {
        Ok(seen) => observe_refund(engine, payment, refund, &seen).await.map(drop),
        Err(Trouble::Refused { code, ours, .. }) => {
            if ours {
                alarm(&refund.gateway, "refused_by_gateway");
            }
            fail(engine, payment, refund, &code).await.map(drop)
        }
        Err(trouble @ Trouble::Unknown { may_have_run, .. }) => {
            warn!(refund = refund.id, %trouble, "the outcome of a refund is unknown");
            // What was unknown before is not known because this request did nothing.
            let state = if may_have_run || refund.state == "unknown" { "unknown" } else { "requested" };
            let rows =
                vec![step(refund, state, None, None, Some(next_check(refund.created_at, engine.now())), engine.now())];
            Ok(engine.store().write(rows).await.map(drop)?)
        }
    }
}

fn ask(payment: &Payment, refund: &Refund) -> RefundAsk {
    RefundAsk {
        refund_id: refund.id.clone(),
        payment: payment.pending(),
        money_id: payment.money_id.clone(),
        paid_at_s: payment.paid_at.unwrap_or(payment.updated_at).seconds(),
        money: refund.money,
        whole: refund.money == payment.price,
        operator: refund.operator.clone(),
        reason: refund.reason.clone(),
        object_id: refund.object_id.clone(),
        may_have_run: false,
        created_at_s: refund.created_at.seconds(),
    }
}

/// Asks about refunds that are due, once, unless another node does.
///
/// # Errors
/// When the database cannot be read; a refund that fails does not disturb the others.
pub async fn reconcile_refunds(engine: &Engine) -> Result<()> {
    let sql = select!("WHERE next_check_at_us <= $1 ORDER BY next_check_at_us LIMIT $2");
    let rows = engine.store().query(sql, params![engine.now().micros(), ROUND]).await?;
    let due = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    for refund in &due {
        if !lease::hold(engine, Lease::Reconcile).await? {
            break;
        }
        if let Err(error) = check_refund(engine, refund).await {
            warn!(refund = refund.id, %error, "the refund could not be asked about; it is asked about again");
        }
    }
    Ok(())
}

async fn check_refund(engine: &Engine, refund: &Refund) -> Result<()> {
    let next = next_check(refund.created_at, engine.now());
    let now = engine.now();
    engine.store().write(vec![step(refund, &refund.state, None, None, Some(next), now)]).await?;
    let payment = Payment::find(engine.store(), &refund.account_id, &refund.payment_id).await?;
    let payment = payment.ok_or(Error::NotFound("payment"))?;
    let gateway = engine.topups().gateway(&refund.gateway);
    let gateway = gateway.ok_or_else(|| Error::Gateway(format!("{} is not configured", refund.gateway)))?;
    let unanswered = |trouble: Trouble| Error::Gateway(trouble.to_string());
    match gateway.look_up_refund(&ask(&payment, refund)).await.map_err(unanswered)? {
        Some(seen) => observe_refund(engine, &payment, refund, &seen).await.map(drop),
        // Asked again under the same id, which gives back once.
        None if refund.object_id.is_none() => give(engine, &payment, refund, true).await,
        None => Ok(()),
    }
}

/// Acts on what a gateway says of a refund by itself; says what that was, and which payment it was about.
pub(super) async fn take_refund(
    engine: &Engine,
    gateway: &str,
    seen: &RefundSighting,
) -> Result<(&'static str, Option<String>)> {
    let payment = find(engine, gateway, seen.payment_object_id.as_deref(), seen.money_id.as_deref(), None).await?;
    let Some(payment) = payment else {
        // Without the payment, our own reference is enough.
        let Some(refund) = known(engine, gateway, None, seen).await? else { return Ok(("not_ours", None)) };
        let payment = Payment::find(engine.store(), &refund.account_id, &refund.payment_id).await?;
        let payment = payment.ok_or(Error::NotFound("payment"))?;
        let outcome = observe_refund(engine, &payment, &refund, seen).await?;
        return Ok((outcome, Some(payment.id)));
    };
    let outcome = match known(engine, gateway, Some(&payment), seen).await? {
        Some(refund) => observe_refund(engine, &payment, &refund, seen).await?,
        None => from_outside(engine, &payment, seen).await?,
    };
    Ok((outcome, Some(payment.id)))
}

/// Our refund that a gateway speaks of: by its name, by ours, or as the only one that can be meant.
async fn known(
    engine: &Engine,
    gateway: &str,
    payment: Option<&Payment>,
    seen: &RefundSighting,
) -> Result<Option<Refund>> {
    let one = async |sql: &'static str, values: Vec<Value>| -> Result<Option<Refund>> {
        engine.store().query(sql, values).await?.first().map(read).transpose()
    };
    let by_object = select!("WHERE gateway = $1 AND object_id = $2");
    if let Some(refund) = one(by_object, params![gateway, seen.object_id.as_str()]).await? {
        return Ok(Some(refund));
    }
    if let Some(id) = &seen.refund_id {
        return one(select!("WHERE gateway = $1 AND id = $2"), params![gateway, id.as_str()]).await;
    }
    let Some(payment) = payment else { return Ok(None) };
    // Asked for, and its name at the gateway not heard yet: a notice was faster than the answer.
    let asked = select!(
        "WHERE account_id = $1 AND payment_id = $2 AND object_id IS NULL AND amount_minor = $3 \
         AND state IN ('requested', 'unknown') ORDER BY id"
    );
    let values = params![payment.account_id.as_str(), payment.id.as_str(), seen.money.amount_minor];
    one(asked, values).await
}

/// Money went back that nobody asked for here: in the gateway's own console, or by force.
async fn from_outside(engine: &Engine, payment: &Payment, seen: &RefundSighting) -> Result<&'static str> {
    let seen = &as_it_stands(engine, payment, seen).await?;
    if matches!(seen.standing, RefundStanding::Failed(_)) {
        return Ok("nothing_new");
    }
    let payment = &settled_first(engine, payment.clone()).await?;
    if !payment.state.was_credited() {
        return Ok("nothing_new");
    }
    let now = engine.now();
    let left_minor = left_minor(payment);
    let same = seen.money.currency == payment.price.currency;
    let amount_minor = if same { seen.money.amount_minor.min(left_minor) } else { left_minor };
    if same && amount_minor < seen.money.amount_minor && is_under_way(engine, payment).await? {
        // Ours will fail, because this one took its money; then all of this one can be taken.
        return Err(Error::Unavailable(format!("a refund of the payment {} is under way", payment.id)));
    }
    alarm(&payment.gateway, "refunded_outside");
    error!(payment = payment.id, object = seen.object_id, "money went back that nobody gave back here");
    if amount_minor <= 0 {
        return Ok("nothing_new");
    }
    let money = Money { amount_minor, ..payment.price };
    let refund = Refund {
        account_id: payment.account_id.clone(),
        id: format!("rf_{}", Uuid::now_v7().simple()),
        payment_id: payment.id.clone(),
        gateway: payment.gateway.clone(),
        object_id: Some(seen.object_id.clone()),
        state: "pending".to_owned(),
        reason: if seen.forced { "taken back by the gateway" } else { "given back at the gateway" }.to_owned(),
        failure: None,
        operator: format!("gateway:{}", payment.gateway),
        forced: true,
        money,
        credit: share(payment, payment.price.amount_minor - left_minor, money),
        created_at: now,
        updated_at: now,
    };
    let rows = vec![
        insert(&refund, None, Some(next_check(now, now))),
        effect(payment, &seen.object_id, now),
        refunded(payment, amount_minor, now),
    ];
    // Under the gateway's name, so that two notices at once take it once.
    claw_back(engine, payment, cause(&refund), refund.credit, rows).await?;
    let payment = Payment::find(engine.store(), &payment.account_id, &payment.id).await?;
    observe_refund(engine, &payment.ok_or(Error::NotFound("payment"))?, &refund, seen).await?;
    Ok("refunded")
}

/// What the gateway says of a refund now: the first notice to come may be older than one that said it failed.
async fn as_it_stands(engine: &Engine, payment: &Payment, seen: &RefundSighting) -> Result<RefundSighting> {
    let Some(gateway) = engine.topups().gateway(&payment.gateway) else { return Ok(seen.clone()) };
    let ask = RefundAsk {
        refund_id: seen.refund_id.clone().unwrap_or_default(),
        payment: payment.pending(),
        money_id: seen.money_id.clone().or_else(|| payment.money_id.clone()),
        paid_at_s: payment.paid_at.unwrap_or(payment.updated_at).seconds(),
        money: seen.money,
        whole: false,
        operator: String::new(),
        reason: String::new(),
        object_id: Some(seen.object_id.clone()),
        may_have_run: false,
        created_at_s: engine.now().seconds(),
    };
    match gateway.look_up_refund(&ask).await {
        Ok(Some(now)) => Ok(RefundSighting { forced: seen.forced, ..now }),
        Ok(None) => Ok(seen.clone()),
        Err(trouble) => Err(Error::Gateway(trouble.to_string())),
    }
}

/// Whether a refund of the payment may still fail.
pub(super) async fn is_under_way(engine: &Engine, payment: &Payment) -> Result<bool> {
    Ok(refunds(engine, payment)
        .await?
        .iter()
        .any(|refund| matches!(&*refund.state, "requested" | "pending" | "unknown")))
}

/// Takes note of a refund of ours as the gateway sees it; says what that was.
async fn observe_refund(
    engine: &Engine,
    payment: &Payment,
    refund: &Refund,
    seen: &RefundSighting,
) -> Result<&'static str> {
    let now = engine.now();
    let object_id = Some(seen.object_id.as_str());
    match &seen.standing {
        _ if refund.state == "failed" => Ok("nothing_new"),
        RefundStanding::Failed(code) => fail(engine, payment, refund, code).await,
        _ if refund.state == "succeeded" => Ok("nothing_new"),
        RefundStanding::Pending => {
            let next = Some(next_check(refund.created_at, now));
            engine.store().write(vec![step(refund, "pending", object_id, None, next, now)]).await?;
            Ok("moved")
        }
        RefundStanding::Succeeded => {
            let mut rows = vec![step(refund, "succeeded", object_id, None, None, now)];
            let given_minor = succeeded_minor(engine, payment).await? + refund.money.amount_minor;
            let state = if given_minor >= payment.price.amount_minor { State::Refunded } else { State::PartlyRefunded };
            if payment.state.may_become(state) {
                rows.extend(payment.change(&Change::closing(state, None), SOURCE, now));
            }
            let taken = clawback_of(engine, payment, cause(refund), refund.credit).await?;
            let credits = taken.map_or(Amount::ZERO, |taken| -taken.amount());
            rows.extend(mail::payments::refunded(engine, payment, refund, credits).await?);
            engine.store().write(rows).await?;
            info!(payment = payment.id, refund = refund.id, "refunded");
            Ok("refunded")
        }
    }
}

/// What succeeded refunds of a payment gave back.
async fn succeeded_minor(engine: &Engine, payment: &Payment) -> Result<i64> {
    let given = refunds(engine, payment).await?;
    Ok(given.iter().filter(|refund| refund.state == "succeeded").map(|refund| refund.money.amount_minor).sum())
}

/// Nothing went back: the credits do.
async fn fail(engine: &Engine, payment: &Payment, refund: &Refund, code: &str) -> Result<&'static str> {
    let now = engine.now();
    let entry = clawback_of(engine, payment, cause(refund), refund.credit).await?.map(|taken| taken.seq);
    let rows =
        vec![step(refund, "failed", None, Some(code), None, now), refunded(payment, -refund.money.amount_minor, now)];
    alarm(&refund.gateway, "refund_failed");
    warn!(payment = payment.id, refund = refund.id, code, "a refund failed; its credits are reinstated");
    match reinstate(engine, payment, cause(refund), entry, rows).await {
        Ok(_) => Ok("refund_failed"),
        Err(Error::Ledger(Failure::Conflict)) => Ok("nothing_new"),
        Err(error) => Err(error),
    }
}

fn effect(payment: &Payment, object_id: &str, now: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO gateway_effects (gateway, object_id, effect, account_id, payment_id, at_us) \
         VALUES ($1, $2, 'refund', $3, $4, $5)",
        params![payment.gateway.as_str(), object_id, payment.account_id.as_str(), payment.id.as_str(), now.micros()],
    )
}

/// What went back of a payment, if nobody else changed that since it was read.
fn refunded(payment: &Payment, minor: i64, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE payments SET refunded_minor = refunded_minor + $1, updated_at_us = $2 \
         WHERE account_id = $3 AND id = $4 AND refunded_minor = $5 AND disputed_minor = $6",
        params![
            minor,
            now.micros(),
            payment.account_id.as_str(),
            payment.id.as_str(),
            payment.refunded_minor,
            payment.disputed_minor
        ],
    )
    .expect_one()
}

fn insert(refund: &Refund, key: Option<&str>, next_check_at: Option<Timestamp>) -> Statement {
    Statement::new(
        "INSERT INTO refunds (account_id, id, payment_id, gateway, object_id, state, reason, operator, forced, \
         amount_minor, currency, credit_units, idempotency_key, created_at_us, updated_at_us, next_check_at_us) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15)",
        params![
            refund.account_id.as_str(),
            refund.id.as_str(),
            refund.payment_id.as_str(),
            refund.gateway.as_str(),
            refund.object_id.clone(),
            refund.state.as_str(),
            refund.reason.as_str(),
            refund.operator.as_str(),
            refund.forced,
            refund.money.amount_minor,
            refund.money.currency.code(),
            refund.credit.map_or(ALL_THAT_IS_LEFT, Amount::units),
            key,
            refund.created_at.micros(),
            next_check_at.map(Timestamp::micros),
        ],
    )
}

/// How the column `credit_units` says that a refund takes all that is left; no part is nothing.
const ALL_THAT_IS_LEFT: i64 = 0;

/// A refund's next step, unless somebody else made one.
fn step(
    refund: &Refund,
    state: &str,
    object_id: Option<&str>,
    failure: Option<&str>,
    next_check_at: Option<Timestamp>,
    now: Timestamp,
) -> Statement {
    Statement::new(
        "UPDATE refunds SET state = $1, object_id = coalesce(object_id, $2), failure = coalesce($3, failure), \
         next_check_at_us = $4, updated_at_us = $5 WHERE account_id = $6 AND id = $7 AND state = $8",
        params![
            state,
            object_id,
            failure,
            next_check_at.map(Timestamp::micros),
            now.micros(),
            refund.account_id.as_str(),
            refund.id.as_str(),
            refund.state.as_str(),
        ],
    )
    .expect_one()
}

async fn find_refund(engine: &Engine, account_id: &str, id: &str) -> Result<Option<Refund>> {
    let sql = select!("WHERE account_id = $1 AND id = $2");
    engine.store().query(sql, params![account_id, id]).await?.first().map(read).transpose()
}

async fn find_by_key(engine: &Engine, account_id: &str, key: &str) -> Result<Option<Refund>> {
    let sql = select!("WHERE account_id = $1 AND idempotency_key = $2");
    engine.store().query(sql, params![account_id, key]).await?.first().map(read).transpose()
}

/// Refunds of a payment, oldest first.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn refunds(engine: &Engine, payment: &Payment) -> Result<Vec<Refund>> {
    let sql = select!("WHERE account_id = $1 AND payment_id = $2 ORDER BY id");
    let rows = engine.store().query(sql, params![payment.account_id.as_str(), payment.id.as_str()]).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Refund> {
    let currency = row.text(11)?;
    let broken = || Error::Unavailable(format!("refunds: a row has the currency {currency:?}"));
    let text = |column| row.text(column).map(str::to_owned);
    let credit_units = row.int(12)?;
    Ok(Refund {
        account_id: text(0)?,
        id: text(1)?,
        payment_id: text(2)?,
        gateway: text(3)?,
        object_id: row.optional_text(4)?.map(str::to_owned),
        state: text(5)?,
        reason: text(6)?,
        failure: row.optional_text(7)?.map(str::to_owned),
        operator: text(8)?,
        forced: row.int(9)? != 0,
        money: Money { amount_minor: row.int(10)?, currency: Unit::parse(currency).ok_or_else(broken)? },
        credit: (credit_units != ALL_THAT_IS_LEFT).then_some(Amount::from_units(credit_units)),
        created_at: Timestamp::from_micros(row.int(13)?),
        updated_at: Timestamp::from_micros(row.int(14)?),
    })
}
