//! Redemptions as rows: reading them, and the statements that write a new one.
//!
//! Cost: two round trips per read, whatever the number of redemptions.

use std::collections::HashMap;

use ledger::{Amount, LotNo, Timestamp, Unit};
use store::{Row, Statement, Store, Value, params};

use super::campaign::Part;
use crate::{Error, Result};

/// A code that an account redeemed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redemption {
    /// Whose.
    pub account_id: String,
    /// `red_…`.
    pub id: String,
    /// Of which campaign.
    pub campaign_id: String,
    /// What the campaign tells customers.
    pub description: String,
    /// What it counts in.
    pub unit: Unit,
    /// How rows name the code.
    pub code_id: String,
    /// The code's last characters.
    pub hint: String,
    /// What it gives in all.
    pub value: Amount,
    /// Who redeemed, for the record.
    pub actor: String,
    /// The caller's key.
    pub idempotency_key: String,
    /// When: its credits count from then on.
    pub redeemed_at: Timestamp,
    /// Its credits stop counting at this instant.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Who revoked it.
    pub revoked_by: Option<String>,
    /// Why it was revoked.
    pub revoke_reason: Option<String>,
    /// Whether something of it is still to be granted or voided.
    pub pending: bool,
    /// Its lots, at least one.
    pub lots: Vec<RedemptionLot>,
}

/// A lot of a redemption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedemptionLot {
    /// What it grants.
    pub part: Part,
    /// Its number in the account; `None` until that is known, 0 when it was never granted.
    pub lot_no: Option<LotNo>,
    /// When what was left of it was taken back.
    pub voided_at: Option<Timestamp>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT r.account_id, r.id, r.campaign_id, c.description, c.unit, r.code_id, r.hint, r.value_units, ",
            "r.actor, r.idempotency_key, r.redeemed_at_us, r.expires_at_us, r.revoked_at_us, r.revoked_by, ",
            "r.revoke_reason, r.next_check_at_us ",
            "FROM redemptions r JOIN campaigns c ON c.id = r.campaign_id ",
            $rest
        )
    };
}

impl Redemption {
    /// The redemption with this id.
    pub(super) async fn find(store: &Store, account_id: &str, id: &str) -> Result<Option<Redemption>> {
        let sql = select!("WHERE r.account_id = $1 AND r.id = $2");
        Ok(Redemption::all(store, sql, params![account_id, id]).await?.pop())
    }

    /// The redemption that was made with this key.
    pub(super) async fn find_by_key(store: &Store, account_id: &str, key: &str) -> Result<Option<Redemption>> {
        let sql = select!("WHERE r.account_id = $1 AND r.idempotency_key = $2");
        Ok(Redemption::all(store, sql, params![account_id, key]).await?.pop())
    }

    /// Redemptions of an account, newest first, those before (`redeemed_at_us`, `id`), at most `limit`.
    pub(super) async fn page(
        store: &Store,
        account_id: &str,
        before: (i64, &str),
        limit: i64,
    ) -> Result<Vec<Redemption>> {
        let sql = select!(
            "WHERE r.account_id = $1 AND (r.redeemed_at_us, r.id) < ($2, $3) \
             ORDER BY r.redeemed_at_us DESC, r.id DESC LIMIT $4"
        );
        Redemption::all(store, sql, params![account_id, before.0, before.1, limit]).await
    }

    /// Redemptions that something is to be done about by now, at most `limit`.
    pub(super) async fn due(store: &Store, now: Timestamp, limit: i64) -> Result<Vec<Redemption>> {
        let sql = select!("WHERE r.next_check_at_us <= $1 ORDER BY r.next_check_at_us LIMIT $2");
        Redemption::all(store, sql, params![now.micros(), limit]).await
    }

    async fn all(store: &Store, sql: &'static str, values: Vec<Value>) -> Result<Vec<Redemption>> {
        const LOTS: &str = "SELECT redemption_id, amount_units, scope, priority, lot_no, voided_at_us \
                            FROM redemption_lots WHERE account_id = $1 AND redemption_id >= $2 \
                            AND redemption_id <= $3 ORDER BY part";
        let rows = store.query(sql, values).await?;
        let mut found = rows.iter().map(Redemption::of).collect::<Result<Vec<_>>>()?;
        let mut accounts: Vec<String> = found.iter().map(|redemption| redemption.account_id.clone()).collect();
        accounts.sort_unstable();
        accounts.dedup();
        for account_id in accounts {
            let of_account = |redemption: &&Redemption| redemption.account_id == account_id;
            let ids = || found.iter().filter(of_account).map(|redemption| redemption.id.as_str());
            let (first, last) = (ids().min().unwrap_or_default(), ids().max().unwrap_or_default());
            let rows = store.query(LOTS, params![account_id.as_str(), first, last]).await?;
            let mut lots: HashMap<&str, Vec<RedemptionLot>> = HashMap::new();
            for row in &rows {
                lots.entry(row.text(0)?).or_default().push(RedemptionLot::of(row)?);
            }
            for redemption in found.iter_mut().filter(|redemption| redemption.account_id == account_id) {
                redemption.lots = lots.remove(redemption.id.as_str()).unwrap_or_default();
            }
        }
        Ok(found)
    }

    fn of(row: &Row) -> Result<Redemption> {
        let code = row.text(4)?;
        let broken = || Error::Unavailable(format!("campaigns: unknown unit {code}"));
        Ok(Redemption {
            account_id: row.text(0)?.to_owned(),
            id: row.text(1)?.to_owned(),
            campaign_id: row.text(2)?.to_owned(),
            description: row.text(3)?.to_owned(),
            unit: Unit::parse(code).ok_or_else(broken)?,
            code_id: row.text(5)?.to_owned(),
            hint: row.text(6)?.to_owned(),
            value: Amount::from_units(row.int(7)?),
            actor: row.text(8)?.to_owned(),
            idempotency_key: row.text(9)?.to_owned(),
            redeemed_at: Timestamp::from_micros(row.int(10)?),
            expires_at: Timestamp::from_micros(row.int(11)?),
            revoked_at: row.optional_int(12)?.map(Timestamp::from_micros),
            revoked_by: row.optional_text(13)?.map(str::to_owned),
            revoke_reason: row.optional_text(14)?.map(str::to_owned),
            pending: row.optional_int(15)?.is_some(),
            lots: Vec::new(),
        })
    }

    /// The rows of a new redemption, looked at again at `next_check_at` unless it is completed before.
    pub(super) fn insert(&self, next_check_at: Timestamp) -> Result<Vec<Statement>> {
        const REDEMPTION: &str = "INSERT INTO redemptions (account_id, id, campaign_id, code_id, hint, value_units, \
             actor, idempotency_key, redeemed_at_us, expires_at_us, next_check_at_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        const LOT: &str = "INSERT INTO redemption_lots (account_id, redemption_id, part, amount_units, scope, \
                           priority) VALUES ($1, $2, $3, $4, $5, $6)";
        let (account_id, id) = (self.account_id.as_str(), self.id.as_str());
        let row = params![
            account_id,
            id,
            self.campaign_id.as_str(),
            self.code_id.as_str(),
            self.hint.as_str(),
            self.value.units(),
            self.actor.as_str(),
            self.idempotency_key.as_str(),
            self.redeemed_at.micros(),
            self.expires_at.micros(),
            next_check_at.micros(),
        ];
        let mut rows = vec![Statement::new(REDEMPTION, row)];
        for (place, lot) in (0_i64..).zip(&self.lots) {
            let Part { amount, scope, priority } = &lot.part;
            let scope = serde_json::to_string(scope).map_err(|error| Error::Unavailable(error.to_string()))?;
            let row = params![account_id, id, place, amount.units(), scope, priority.map(i64::from)];
            rows.push(Statement::new(LOT, row));
        }
        Ok(rows)
    }
}

impl RedemptionLot {
    fn of(row: &Row) -> Result<RedemptionLot> {
        let broken = |what: &str| Error::Unavailable(format!("redemption_lots: an unreadable {what}"));
        let priority = row.optional_int(3)?.map(i32::try_from).transpose().map_err(|_| broken("priority"))?;
        let scope = serde_json::from_str(row.text(2)?).map_err(|_| broken("scope"))?;
        Ok(RedemptionLot {
            part: Part { amount: Amount::from_units(row.int(1)?), scope, priority },
            lot_no: row.optional_int(4)?.map(LotNo::try_from).transpose().map_err(|_| broken("lot"))?,
            voided_at: row.optional_int(5)?.map(Timestamp::from_micros),
        })
    }
}
