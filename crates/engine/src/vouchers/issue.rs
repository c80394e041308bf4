//! Issuing codes, and listing them without their texts.
//!
//! Texts are in the answer that issues them and nowhere else. When that answer is lost nobody knows them, so they can
//! do no harm: issue others. Cost: one write for up to [`MAX_ISSUE_CODES`] codes.

use ledger::Timestamp;
use store::{Failure, Row, Statement, params};
use uuid::Uuid;

use super::campaign::{CampaignState, campaign, revoked};
use super::code::{Code, CodeKeys};
use crate::{Call, Engine, Error, Result, checks};

/// Most codes of one call; a batch takes many calls.
pub const MAX_ISSUE_CODES: i64 = 1_000;
/// Most uses of one code.
const MAX_USES: i64 = 1_000_000_000;
/// How often codes are made anew because one was there already: of 2^50.
const TRIES: usize = 3;
/// Characters of one code in the text that a statement takes apart: its id, then its hint.
const ROW_CHARS: usize = 35;

/// Codes that were issued just now.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The batch that they belong to.
    pub batch: String,
    /// The codes, shown only here.
    pub codes: Vec<Code>,
}

/// A code without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeRecord {
    /// How rows name it.
    pub id: String,
    /// Of which campaign.
    pub campaign_id: String,
    /// Of which batch.
    pub batch: String,
    /// Its last characters.
    pub hint: String,
    /// How often it may be redeemed.
    pub max_uses: i64,
    /// How often it was.
    pub used: i64,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was issued.
    pub created_at: Timestamp,
}

impl CodeRecord {
    pub(super) fn of(row: &Row) -> Result<CodeRecord> {
        Ok(CodeRecord {
            id: row.text(0)?.to_owned(),
            campaign_id: row.text(1)?.to_owned(),
            batch: row.text(2)?.to_owned(),
            hint: row.text(3)?.to_owned(),
            max_uses: row.int(4)?,
            used: row.int(5)?,
            revoked_at: row.optional_int(6)?.map(Timestamp::from_micros),
            created_at: Timestamp::from_micros(row.int(7)?),
        })
    }
}

/// Issues codes of a campaign, each for so many uses; `batch` adds them to an earlier batch.
///
/// # Errors
/// [`Error::NotFound`]; a number out of range; codes `campaign_revoked`, `batch_full`.
pub async fn issue_codes(
    engine: &Engine,
    call: &Call,
    campaign_id: &str,
    count: i64,
    max_uses: i64,
    batch: Option<String>,
) -> Result<Issued> {
    const COUNT: &str = "UPDATE campaigns SET issued = issued + $2 WHERE id = $1 AND state <> 'revoked'";
    if !(1..=MAX_ISSUE_CODES).contains(&count) {
        return Err(Error::invalid("count", format!("must be from 1 to {MAX_ISSUE_CODES}; repeat it with the batch")));
    }
    if !(1..=MAX_USES).contains(&max_uses) {
        return Err(Error::invalid("max_uses", format!("must be from 1 to {MAX_USES}")));
    }
    let batch = match batch {
        Some(batch) => checks::name("batch", batch)?.into(),
        None => format!("vb_{}", Uuid::now_v7().simple()),
    };
    let keys = CodeKeys::load(engine).await?;
    for _ in 0..TRIES {
        check_room(engine, campaign_id, &batch, count).await?;
        let codes: Vec<Code> = (0..count).map(|_| Code::generate()).collect();
        let texts: String = codes.iter().map(|code| keys.id(code) + code.hint()).collect();
        // The campaign's row first: whoever holds it issues alone, and not for one that is being revoked.
        let rows = vec![
            Statement::new(COUNT, params![campaign_id, count]).expect_one(),
            insert(engine, call, campaign_id, &batch, max_uses, texts),
        ];
        match engine.store().write(rows).await {
            Ok(_) => return Ok(Issued { batch, codes }),
            Err(Failure::Conflict) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Err(Failure::Conflict.into())
}

async fn check_room(engine: &Engine, campaign_id: &str, batch: &str, count: i64) -> Result<()> {
    const SQL: &str = "SELECT count(*) FROM voucher_codes WHERE campaign_id = $1 AND batch = $2";
    if campaign(engine, campaign_id).await?.state == CampaignState::Revoked {
        return Err(revoked());
    }
    let rows = engine.store().query(SQL, params![campaign_id, batch]).await?;
    let present = rows.first().map(|row| row.int(0)).transpose()?.unwrap_or_default();
    let most = i64::from(engine.settings().vouchers.batch_codes);
    if present + count > most {
        let detail = format!("the batch has {present} codes and may have {most}; begin another one");
        return Err(Error::conflict("batch_full", detail));
    }
    Ok(())
}

/// All codes in one statement: a text of rows of the same width, taken apart by the database.
fn insert(engine: &Engine, call: &Call, campaign_id: &str, batch: &str, max_uses: i64, texts: String) -> Statement {
    const SQL: &str = "WITH RECURSIVE places (place) AS \
         (SELECT 0 UNION ALL SELECT place + 35 FROM places WHERE place + 35 < length($1)) \
         INSERT INTO voucher_codes (id, campaign_id, batch, hint, max_uses, used, actor, created_at_us) \
         SELECT substr($1, place + 1, 32), $2, $3, substr($1, place + 33, 3), $4, 0, $5, $6 FROM places \
         WHERE (SELECT count(*) FROM voucher_codes WHERE campaign_id = $2 AND batch = $3) + length($1) / 35 <= $7";
    let count = texts.len() / ROW_CHARS;
    let most = i64::from(engine.settings().vouchers.batch_codes);
    let row = params![texts, campaign_id, batch, max_uses, &*call.actor, engine.now().micros(), most];
    Statement { expected_rows: Some(count as u64), ..Statement::new(SQL, row) }
}

/// Codes of a campaign, or of one batch of it, newest first, those issued before (`created_at_us`, `id`), at most `limit`.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unavailable`].
pub async fn codes(
    engine: &Engine,
    campaign_id: &str,
    batch: Option<&str>,
    before: Option<(i64, String)>,
    limit: i64,
) -> Result<Vec<CodeRecord>> {
    const SQL: &str = "SELECT id, campaign_id, batch, hint, max_uses, used, revoked_at_us, created_at_us \
                       FROM voucher_codes WHERE campaign_id = $1 AND batch = coalesce($2, batch) \
                       AND (created_at_us, id) < ($3, $4) ORDER BY created_at_us DESC, id DESC LIMIT $5";
    campaign(engine, campaign_id).await?;
    let (at_us, id) = before.unwrap_or((i64::MAX, String::new()));
    let rows = engine.store().query(SQL, params![campaign_id, batch, at_us, id, limit]).await?;
    rows.iter().map(CodeRecord::of).collect()
}

/// A code by its id.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unavailable`].
pub async fn code_record(engine: &Engine, id: &str) -> Result<CodeRecord> {
    const SQL: &str = "SELECT id, campaign_id, batch, hint, max_uses, used, revoked_at_us, created_at_us \
                       FROM voucher_codes WHERE id = $1";
    let rows = engine.store().query(SQL, params![id]).await?;
    CodeRecord::of(rows.first().ok_or(Error::NotFound("voucher code"))?)
}
