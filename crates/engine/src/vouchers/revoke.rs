//! Revoking a code or a whole campaign: nobody redeems it any more, and what is left of it is taken back.
//!
//! Invariant: the mark and the list of what is to be voided are one transaction, so a redemption is either refused or
//! voided. The first voids are done at once, the rest by [`advance`](super::advance).

use store::{Failure, Statement, params};
use tracing::warn;

use super::advance::advance;
use super::campaign::campaign;
use super::issue::code_record;
use super::redemption::Redemption;
use crate::{Engine, Error, Result, checks};

/// Voids done before the call answers.
const AT_ONCE: i64 = 100;

/// What a revocation found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked {
    /// Redemptions that were revoked with it.
    pub redemptions: u64,
    /// Of these, how many are still to be voided, in the background.
    pub pending: u64,
}

/// Revokes one code; again changes nothing.
///
/// # Errors
/// [`Error::NotFound`], a reason out of bounds.
pub async fn revoke_code(engine: &Engine, code_id: &str, reason: &str) -> Result<Revoked> {
    const CODE: &str = "UPDATE voucher_codes SET revoked_at_us = coalesce(revoked_at_us, $2) WHERE id = $1";
    const REDEMPTIONS: &str = "UPDATE redemptions SET revoked_at_us = $2, revoke_reason = $3, next_check_at_us = $2 \
                               WHERE code_id = $1 AND revoked_at_us IS NULL";
    code_record(engine, code_id).await?;
    revoke(engine, CODE, REDEMPTIONS, code_id, reason).await
}

/// Revokes a campaign with all its codes; again changes nothing.
///
/// # Errors
/// As [`revoke_code`].
pub async fn revoke_campaign(engine: &Engine, campaign_id: &str, reason: &str) -> Result<Revoked> {
    const CAMPAIGN: &str = "UPDATE campaigns SET state = 'revoked', updated_at_us = $2 WHERE id = $1";
    const REDEMPTIONS: &str = "UPDATE redemptions SET revoked_at_us = $2, revoke_reason = $3, next_check_at_us = $2 \
                               WHERE campaign_id = $1 AND revoked_at_us IS NULL";
    campaign(engine, campaign_id).await?;
    revoke(engine, CAMPAIGN, REDEMPTIONS, campaign_id, reason).await
}

async fn revoke(
    engine: &Engine,
    mark: &'static str,
    redemptions: &'static str,
    id: &str,
    reason: &str,
) -> Result<Revoked> {
    let reason = checks::text("reason", reason.to_owned(), checks::MAX_DESCRIPTION_CHARS, false)?;
    let now_us = engine.now().micros();
    // The mark first: whoever redeems holds its row, and is either seen by the second statement or refused.
    let rows = vec![
        Statement::new(mark, params![id, now_us]).expect_one(),
        Statement::new(redemptions, params![id, now_us, &*reason]),
    ];
    let changed = match engine.store().write(rows).await {
        Ok(changed) => changed.get(1).copied().unwrap_or_default(),
        Err(Failure::Conflict) => return Err(Error::NotFound("voucher code")),
        Err(failure) => return Err(failure.into()),
    };
    let mut done = 0;
    // Others that are due may come first; they are as welcome.
    for mut redemption in Redemption::due(engine.store(), engine.now(), AT_ONCE).await? {
        let ours = redemption.code_id == id || redemption.campaign_id == id;
        match advance(engine, &mut redemption, None).await {
            Ok(()) => done += u64::from(ours),
            Err(error) => warn!(redemption = redemption.id, %error, "the job will void a redemption"),
        }
    }
    Ok(Revoked { redemptions: changed, pending: changed.saturating_sub(done) })
}
