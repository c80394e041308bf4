//! What is left to do about a redemption: lots that are still to be granted, and those to be voided.
//!
//! An order to the ledger carries one command, so a code of several lots takes several. The first grant, with
//! everything that makes the code used, is one transaction; from then on the redemption's row says what is owed. The
//! other grants follow at once, or, when the node dies in between, by the job within a minute. Each has a key that
//! names the code and the place, so doing it again changes nothing, on whichever node. The same goes for voids.
//!
//! Invariant: once a redemption is revoked, nothing of it is granted for the first time, also by a node that read it
//! before: each later grant brings a row along that finds it not revoked. So what the job finds granted is all there is
//! to void. Cost: one order per lot, one write per redemption; one read a round when nothing is due.

use std::time::Duration;

use ledger::{Command, InputHash, LotKind, LotNo, LotSpec, Memo, Op, Rejection};
use store::{AccountRef, Failure, Order, Statement, Target, params};
use tracing::{info, warn};

use super::code::masked;
use super::redemption::{Redemption, RedemptionLot};
use super::tries;
use crate::lease::{self, Lease};
use crate::ledger_calls::fingerprint;
use crate::{Engine, Error, Result};

/// A redemption that is not completed at once is looked at again after this.
pub(super) const CHECK_AFTER_SECONDS: i64 = 60;
/// The same after a failure.
const RETRY_AFTER_SECONDS: i64 = 600;
/// Redemptions looked at in one round.
const ROUND: i64 = 100;
/// `lot_no` of a lot that will never be granted.
const NEVER: LotNo = 0;

/// Does what is due every `pause`, until the task is aborted.
pub async fn run(engine: Engine, pause: Duration) {
    loop {
        if let Err(error) = advance_due(&engine).await {
            warn!(%error, "redemptions could not be looked after; it is tried again");
        }
        if let Err(error) = tries::forget_tries(&engine).await {
            warn!(%error, "old tries of vouchers could not be dropped; it is tried again");
        }
        tokio::time::sleep(pause).await;
    }
}

/// Completes redemptions that were cut short and voids those that were revoked, unless another node does; says how
/// many.
///
/// # Errors
/// When the database cannot be read or written; a redemption that fails does not disturb the others.
pub async fn advance_due(engine: &Engine) -> Result<usize> {
    let mut done = 0;
    loop {
        let due = Redemption::due(engine.store(), engine.now(), ROUND).await?;
        let last = (due.len() as i64) < ROUND;
        for mut redemption in due {
            if !lease::hold(engine, Lease::Vouchers).await? {
                return Ok(done);
            }
            match advance(engine, &mut redemption, None).await {
                Ok(()) => done += 1,
                Err(error) => postpone(engine, &redemption, &error).await?,
            }
        }
        if last {
            return Ok(done);
        }
    }
}

async fn postpone(engine: &Engine, redemption: &Redemption, error: &Error) -> Result<()> {
    const SQL: &str = "UPDATE redemptions SET next_check_at_us = $3 WHERE account_id = $1 AND id = $2 \
                       AND next_check_at_us IS NOT NULL";
    warn!(redemption = redemption.id, %error, "a redemption could not be completed; it is tried again");
    let next_us = engine.now().plus_seconds(RETRY_AFTER_SECONDS).micros();
    let row = params![redemption.account_id.as_str(), redemption.id.as_str(), next_us];
    engine.store().write(vec![Statement::new(SQL, row)]).await?;
    Ok(())
}

/// Grants what is owed, voids what was revoked, and writes down both. `first`: the first lot, when it was granted just
/// now.
pub(super) async fn advance(engine: &Engine, redemption: &mut Redemption, first: Option<LotNo>) -> Result<()> {
    const GRANTED: &str = "UPDATE redemption_lots SET lot_no = $4 WHERE account_id = $1 AND redemption_id = $2 \
                           AND part = $3 AND lot_no IS NULL";
    const VOIDED: &str = "UPDATE redemption_lots SET voided_at_us = $4 WHERE account_id = $1 AND redemption_id = $2 \
                          AND part = $3 AND voided_at_us IS NULL";
    const DONE: &str = "UPDATE redemptions SET next_check_at_us = NULL WHERE account_id = $1 AND id = $2 \
                        AND coalesce(revoked_at_us, 0) = $3";
    let (account_id, id) = (redemption.account_id.clone(), redemption.id.clone());
    let now = engine.now();
    let mut rows = Vec::new();
    for (place, part) in (0_i64..).zip(0..redemption.lots.len()) {
        if redemption.lots[part].lot_no.is_none() {
            let lot_no = match first.filter(|_| part == 0) {
                Some(lot_no) => lot_no,
                None => granted(engine, redemption, part).await?,
            };
            redemption.lots[part].lot_no = Some(lot_no);
            let number = i64::try_from(lot_no).unwrap_or(i64::MAX);
            rows.push(Statement::new(GRANTED, params![account_id.as_str(), id.as_str(), place, number]));
        }
        let lot = &redemption.lots[part];
        if redemption.revoked_at.is_some() && lot.voided_at.is_none() {
            void(engine, redemption, part, lot).await?;
            redemption.lots[part].voided_at = Some(now);
            rows.push(Statement::new(VOIDED, params![account_id.as_str(), id.as_str(), place, now.micros()]));
        }
    }
    let revoked_at_us = redemption.revoked_at.map_or(0, |at| at.micros());
    rows.push(Statement::new(DONE, params![account_id, id, revoked_at_us]));
    engine.store().write(rows).await?;
    redemption.pending = false;
    Ok(())
}

/// The number of a lot, granted now or before; [`NEVER`] when it is too late for it.
async fn granted(engine: &Engine, redemption: &Redemption, part: usize) -> Result<LotNo> {
    // Not written for a repeat, so what was granted before is found also when it was revoked since.
    const STANDS: &str = "UPDATE redemptions SET revoked_at_us = NULL WHERE account_id = $1 AND id = $2 \
                          AND revoked_at_us IS NULL";
    let stands = Statement::new(STANDS, params![redemption.account_id.as_str(), redemption.id.as_str()]).expect_one();
    match engine.store().submit(Order { rows: vec![stands], ..grant(redemption, part) }).await {
        Ok(receipt) => {
            let missing = || Error::Unavailable(format!("the grant of {} has no entry", redemption.id));
            receipt.transaction.map(|transaction| transaction.seq).ok_or_else(missing)
        }
        Err(Failure::Conflict) => Ok(NEVER),
        Err(Failure::Refused { .. }) if redemption.expires_at <= engine.now() => Ok(NEVER),
        Err(failure) => Err(failure.into()),
    }
}

/// The grant of a lot, without the rows that must come with the first one.
pub(super) fn grant(redemption: &Redemption, part: usize) -> Order {
    let granted = &redemption.lots[part].part;
    let lot = LotSpec {
        kind: LotKind::Voucher,
        priority: granted.priority,
        allocated: granted.amount,
        effective_at: None,
        expires_at: Some(redemption.expires_at),
        scope: granted.scope.iter().map(|service| service.as_str().into()).collect(),
    };
    let counter = lot.giver();
    let input = fingerprint("voucher", &(&redemption.id, part, granted));
    let (actor, text) = (&redemption.actor, &redemption.description);
    order(redemption, part.to_string(), input, actor, text, Op::Grant { lot, counter })
}

async fn void(engine: &Engine, redemption: &Redemption, part: usize, lot: &RedemptionLot) -> Result<()> {
    let Some(lot_no) = lot.lot_no.filter(|lot_no| *lot_no != NEVER) else { return Ok(()) };
    let (actor, reason) = (redemption.revoked_by.as_deref(), redemption.revoke_reason.as_deref());
    let input = fingerprint("voucher_void", &(&redemption.id, part));
    let (actor, reason) = (actor.unwrap_or("operator"), reason.unwrap_or("revoked"));
    let void = order(redemption, format!("{part}:void"), input, actor, reason, Op::Void { lot: lot_no });
    match engine.store().submit(void).await {
        Ok(_) => {
            info!(redemption = redemption.id, "the rest of a revoked voucher was taken back");
            Ok(())
        }
        // It has expired, or somebody voided it by hand.
        Err(Failure::Refused { rejection: Rejection::LotEnded, .. }) => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}

fn order(redemption: &Redemption, what: String, input: InputHash, actor: &str, text: &str, op: Op) -> Order {
    let command = Command {
        // A caller's key is visible ASCII, so none can be this one.
        key: Some(format!("§voucher:{}:{what}", redemption.code_id).into()),
        input,
        actor: actor.into(),
        memo: Memo {
            resource: Some(redemption.id.as_str().into()),
            reference: Some(masked(&redemption.hint).into()),
            description: Some(text.into()),
            ..Memo::default()
        },
        op,
    };
    let account = AccountRef::Id(redemption.account_id.as_str().into());
    Order { target: Target::Existing(account), command, rows: Vec::new() }
}
