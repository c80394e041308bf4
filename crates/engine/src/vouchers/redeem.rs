//! Redeeming a code.
//!
//! Invariants: the use of the code, the account's count, the campaign's count and budget, and the redemption with its
//! first lot are one transaction of guarded rows: whatever the number of tries at once, on any nodes, no limit is
//! passed. What comes after that transaction is told in [`advance`](super::advance). Every refusal counts as a try, so
//! that no answer can be asked for more often than the limits allow. Cost: five reads and three writes.

use std::net::IpAddr;

use ledger::{Amount, Timestamp};
use metrics::counter;
use store::{Failure, Order, Statement, params};
use tracing::{info, warn};
use uuid::Uuid;

use super::advance::{CHECK_AFTER_SECONDS, advance, grant};
use super::campaign::{Campaign, Part, campaign};
use super::code::{Code, CodeKeys};
use super::issue::CodeRecord;
use super::judge::{Facts, Refusal, judge};
use super::redemption::{Redemption, RedemptionLot};
use super::tries::{self, Try};
use crate::accounts::AccountRecord;
use crate::{Call, Engine, Error, Result, billing};

/// How often somebody else may change something first.
const TRIES: usize = 5;

/// Who redeems what.
#[derive(Clone, Copy)]
pub struct Redeeming<'a> {
    /// Who.
    pub account_id: &'a str,
    /// The code as it was typed.
    pub code: &'a str,
    /// Where the person's browser is, as far as it is known.
    pub address: Option<IpAddr>,
    /// Makes a repeat harmless.
    pub idempotency_key: &'a str,
}

/// What came of a try.
enum Outcome {
    Redeemed(Redemption),
    Before(Redemption),
    Refused(Refusal),
}

/// Redeems a code. The same key and code answer as the first time; the second part says whether it is a repeat.
///
/// # Errors
/// Codes `voucher_malformed`, `too_many_tries`, those of [`Refusal`], `account_closed`, `idempotency_key_reuse`;
/// [`Error::NotFound`] for an unknown account; what the store answers.
pub async fn redeem(engine: &Engine, call: &Call, wanted: Redeeming<'_>) -> Result<(Redemption, bool)> {
    let code = Code::read(wanted.code)?;
    let account = engine.accounts().get(wanted.account_id).await?;
    let keys = CodeKeys::load(engine).await?;
    let ids = keys.ids(&code);
    if let Some(before) = repeated(engine, &account, &wanted, &ids).await? {
        return Ok((before, true));
    }
    if account.closed {
        return Err(Error::conflict("account_closed", "the account is closed; reopen it first"));
    }
    let address = wanted.address.and_then(|address| keys.address(address));
    let begun = tries::begin(engine, &account.id, address).await?;
    match try_codes(engine, call, &account, &wanted, &ids, &begun).await {
        Ok(Outcome::Redeemed(redemption)) => {
            counter!("scrip_vouchers_redeemed_total").increment(1);
            info!(redemption = redemption.id, campaign = redemption.campaign_id, "voucher redeemed");
            Ok((redemption, false))
        }
        Ok(Outcome::Before(redemption)) => {
            begun.release(engine).await;
            Ok((redemption, true))
        }
        Ok(Outcome::Refused(refusal)) => {
            tries::failed(engine, refusal.code()).await?;
            Err(refusal.into())
        }
        Err(error) => {
            begun.release(engine).await;
            Err(error)
        }
    }
}

/// What the same key redeemed before.
async fn repeated(
    engine: &Engine,
    account: &AccountRecord,
    wanted: &Redeeming<'_>,
    ids: &[String; 2],
) -> Result<Option<Redemption>> {
    let earlier = Redemption::find_by_key(engine.store(), &account.id, wanted.idempotency_key).await?;
    match earlier {
        Some(earlier) if !ids.contains(&earlier.code_id) => Err(Failure::KeyReuse.into()),
        earlier => Ok(earlier),
    }
}

async fn try_codes(
    engine: &Engine,
    call: &Call,
    account: &AccountRecord,
    wanted: &Redeeming<'_>,
    ids: &[String; 2],
    begun: &Try,
) -> Result<Outcome> {
    let profile = billing::profile(engine, &account.id).await?;
    let country = profile.map(|stored| stored.profile.country);
    for _ in 0..TRIES {
        let seen = Seen::look(engine, account, ids).await?;
        let facts = Facts {
            found: seen.found.as_ref().map(|(code, campaign)| (code, campaign)),
            used_here: seen.used_here,
            account_uses: seen.account_uses,
            site: &account.site,
            unit: account.unit,
            country,
            expires_at: seen.expires_at,
            now: seen.now,
        };
        if let Some(refusal) = judge(&facts) {
            // The same key at the same time may have used it.
            let before = repeated(engine, account, wanted, ids).await?;
            return Ok(before.map_or(Outcome::Refused(refusal), Outcome::Before));
        }
        let mut redemption = seen.redemption(call, account, wanted)?;
        match engine.store().submit(order(&redemption, &seen, begun)?).await {
            Ok(receipt) => {
                let first = receipt.transaction.map(|transaction| transaction.seq);
                // From here on it is redeemed: what cannot be done now, the job does.
                if let Err(error) = advance(engine, &mut redemption, first).await {
                    warn!(redemption = redemption.id, %error, "the job will complete a redemption");
                }
                return Ok(Outcome::Redeemed(redemption));
            }
            // Somebody else was faster; with a key of the ledger that is taken, it was this account with this code.
            Err(Failure::Conflict | Failure::KeyReuse) => {}
            Err(failure) => return Err(failure.into()),
        }
        if let Some(before) = repeated(engine, account, wanted, ids).await? {
            return Ok(Outcome::Before(before));
        }
    }
    Err(Failure::Conflict.into())
}

/// What was read about a code and an account.
struct Seen {
    found: Option<(CodeRecord, Campaign)>,
    used_here: bool,
    account_uses: i64,
    expires_at: Option<Timestamp>,
    now: Timestamp,
}

impl Seen {
    async fn look(engine: &Engine, account: &AccountRecord, ids: &[String; 2]) -> Result<Seen> {
        const CODE: &str = "SELECT id, campaign_id, batch, hint, max_uses, used, revoked_at_us, created_at_us \
                            FROM voucher_codes WHERE id = $1 OR id = $2";
        const MINE: &str = "SELECT 1 FROM redemptions WHERE account_id = $1 AND code_id = $2";
        const USES: &str = "SELECT used FROM voucher_uses WHERE account_id = $1 AND campaign_id = $2";
        let (store, now, account_id) = (engine.store(), engine.now(), &*account.id);
        let rows = store.query(CODE, params![ids[0].as_str(), ids[1].as_str()]).await?;
        let Some(row) = rows.first() else {
            return Ok(Seen { found: None, used_here: false, account_uses: 0, expires_at: None, now });
        };
        let code = CodeRecord::of(row)?;
        let campaign = campaign(engine, &code.campaign_id).await?;
        let used_here = !store.query(MINE, params![account_id, code.id.as_str()]).await?.is_empty();
        let uses = store.query(USES, params![account_id, campaign.id.as_str()]).await?;
        let account_uses = uses.first().map(|row| row.int(0)).transpose()?.unwrap_or_default();
        let site = engine.settings().sites.get(&campaign.site);
        let expires_at = site.and_then(|site| campaign.expires_at(&site.time_zone, now));
        Ok(Seen { found: Some((code, campaign)), used_here, account_uses, expires_at, now })
    }

    fn redemption(&self, call: &Call, account: &AccountRecord, wanted: &Redeeming<'_>) -> Result<Redemption> {
        let (code, campaign) = self.found.as_ref().ok_or(Error::NotFound("voucher code"))?;
        let no_zone = || Error::Unavailable(format!("the end of a voucher of {} cannot be told", campaign.id));
        let owed = |part: &Part| RedemptionLot { part: part.clone(), lot_no: None, voided_at: None };
        Ok(Redemption {
            account_id: account.id.to_string(),
            id: format!("red_{}", Uuid::now_v7().simple()),
            campaign_id: campaign.id.clone(),
            description: campaign.description.clone(),
            unit: campaign.unit,
            code_id: code.id.clone(),
            hint: code.hint.clone(),
            value: campaign.value,
            actor: call.actor.to_string(),
            idempotency_key: wanted.idempotency_key.to_owned(),
            redeemed_at: self.now,
            expires_at: self.expires_at.ok_or_else(no_zone)?,
            revoked_at: None,
            revoked_by: None,
            revoke_reason: None,
            pending: true,
            lots: campaign.parts.iter().map(owed).collect(),
        })
    }
}

/// The first grant, with everything that makes the code used.
fn order(redemption: &Redemption, seen: &Seen, begun: &Try) -> Result<Order> {
    const CAMPAIGN: &str = "UPDATE campaigns SET used = used + 1, spent_units = spent_units + $2 WHERE id = $1 \
         AND state = 'active' AND used < coalesce(total_limit, used + 1) \
         AND spent_units <= coalesce(budget_units, $3) - $2";
    const CODE: &str = "UPDATE voucher_codes SET used = used + 1 WHERE id = $1 AND used < max_uses \
                        AND revoked_at_us IS NULL";
    const ACCOUNT: &str = "INSERT INTO voucher_uses (account_id, campaign_id, used) VALUES ($1, $2, 1) \
         ON CONFLICT (account_id, campaign_id) DO UPDATE SET used = voucher_uses.used + 1 WHERE voucher_uses.used < $3";
    let (_, campaign) = seen.found.as_ref().ok_or(Error::NotFound("voucher code"))?;
    let (account_id, campaign_id) = (redemption.account_id.as_str(), redemption.campaign_id.as_str());
    let mut rows = vec![
        Statement::new(CAMPAIGN, params![campaign_id, redemption.value.units(), Amount::MAX.units()]).expect_one(),
        Statement::new(CODE, params![redemption.code_id.as_str()]).expect_one(),
        Statement::new(ACCOUNT, params![account_id, campaign_id, campaign.per_account_limit]).expect_one(),
    ];
    rows.extend(redemption.insert(seen.now.plus_seconds(CHECK_AFTER_SECONDS))?);
    rows.push(begun.ended());
    Ok(Order { rows, ..grant(redemption, 0) })
}
