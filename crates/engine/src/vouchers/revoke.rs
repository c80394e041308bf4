//! Revoking codes: nobody redeems them any more, and what is left of those that were redeemed is taken back.
//!
//! Invariant: the mark and the list of what is to be voided are one transaction, so a redemption is either refused or
//! voided. The first voids are done at once, the rest by [`advance`](super::advance). Revoking again changes nothing,
//! except that it takes back what was kept before. Cost: one write, and one order per lot that is taken back.

use ledger::Timestamp;
use store::{Statement, Value, params};
use tracing::{info, warn};

use super::advance::advance;
use super::campaign::campaign;
use super::issue::{code_record, codes};
use super::redemption::Redemption;
use crate::{Call, Engine, Error, Result, checks};

/// Voids done before the call answers.
const AT_ONCE: i64 = 100;

/// What is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocable<'a> {
    /// One code, by its id.
    Code(&'a str),
    /// The codes of a batch, such as those of a file that leaked.
    Batch {
        /// Of which campaign.
        campaign_id: &'a str,
        /// Its name.
        batch: &'a str,
    },
    /// A campaign with all its codes, for good.
    Campaign(&'a str),
}

/// What a revocation found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked {
    /// Redemptions that were revoked with it.
    pub redemptions: u64,
    /// Of these, how many are still to be voided, in the background.
    pub pending: u64,
}

/// Revokes codes that nobody redeemed yet, and, unless `keep_redeemed`, takes back what is left of the others.
///
/// # Errors
/// [`Error::NotFound`], a reason out of bounds.
pub async fn revoke(
    engine: &Engine,
    call: &Call,
    what: Revocable<'_>,
    reason: &str,
    keep_redeemed: bool,
) -> Result<Revoked> {
    let reason = checks::text("reason", reason.to_owned(), checks::MAX_DESCRIPTION_CHARS, false)?;
    check_exists(engine, what).await?;
    let now = engine.now();
    // The mark first: whoever redeems holds its row, and is either seen by the second statement or refused.
    let mut rows = vec![what.mark(&call.actor, now)];
    if !keep_redeemed {
        rows.push(what.redemptions(&call.actor, &reason, now));
    }
    let changed = engine.store().write(rows).await?;
    let redemptions = changed.get(1).copied().unwrap_or_default();
    info!(?what, keep_redeemed, redemptions, "vouchers revoked");
    let mut done = 0;
    // Others that are due may come first; they are as welcome.
    let due = if redemptions == 0 { Vec::new() } else { Redemption::due(engine.store(), now, AT_ONCE).await? };
    for mut redemption in due {
        let ours = redemption.revoked_at == Some(now);
        match advance(engine, &mut redemption, None).await {
            Ok(()) => done += u64::from(ours),
            Err(error) => warn!(redemption = redemption.id, %error, "the job will void a redemption"),
        }
    }
    Ok(Revoked { redemptions, pending: redemptions.saturating_sub(done) })
}

async fn check_exists(engine: &Engine, what: Revocable<'_>) -> Result<()> {
    match what {
        Revocable::Code(id) => code_record(engine, id).await.map(drop),
        Revocable::Campaign(id) => campaign(engine, id).await.map(drop),
        Revocable::Batch { campaign_id, batch } => {
            let found = codes(engine, campaign_id, Some(batch), None, 1).await?;
            if found.is_empty() { Err(Error::NotFound("batch")) } else { Ok(()) }
        }
    }
}

macro_rules! redemptions {
    ($rest:literal) => {
        concat!(
            "UPDATE redemptions SET revoked_at_us = $1, revoked_by = $2, revoke_reason = $3, next_check_at_us = $1 ",
            "WHERE revoked_at_us IS NULL AND expires_at_us > $1 AND ",
            $rest
        )
    };
}

impl Revocable<'_> {
    /// What keeps codes from being redeemed.
    fn mark(self, actor: &str, now: Timestamp) -> Statement {
        const CODE: &str = "UPDATE voucher_codes SET revoked_at_us = $2 WHERE id = $1 AND revoked_at_us IS NULL";
        const BATCH: &str = "UPDATE voucher_codes SET revoked_at_us = $3 WHERE campaign_id = $1 AND batch = $2 \
                             AND revoked_at_us IS NULL";
        const CAMPAIGN: &str = "UPDATE campaigns SET state = 'revoked', updated_by = $2, updated_at_us = $3 \
                                WHERE id = $1 AND state <> 'revoked'";
        let now_us = now.micros();
        match self {
            Revocable::Code(id) => Statement::new(CODE, params![id, now_us]),
            Revocable::Batch { campaign_id, batch } => Statement::new(BATCH, params![campaign_id, batch, now_us]),
            Revocable::Campaign(id) => Statement::new(CAMPAIGN, params![id, actor, now_us]),
        }
    }

    /// What lists redemptions to be voided. Those that ended are as they were.
    fn redemptions(self, actor: &str, reason: &str, now: Timestamp) -> Statement {
        let (sql, ids): (&'static str, Vec<Value>) = match self {
            Revocable::Code(id) => (redemptions!("code_id = $4"), params![id]),
            Revocable::Campaign(id) => (redemptions!("campaign_id = $4"), params![id]),
            Revocable::Batch { campaign_id, batch } => {
                let of_batch = redemptions!(
                    "code_id IN (SELECT id FROM voucher_codes WHERE campaign_id = $4 AND batch = $5) \
                     AND campaign_id = $4"
                );
                (of_batch, params![campaign_id, batch])
            }
        };
        let values = params![now.micros(), actor, reason].into_iter().chain(ids);
        Statement::new(sql, values.collect::<Vec<_>>())
    }
}
