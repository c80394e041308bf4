//! Whether the ledger holds, for every gateway, exactly the credits of the money that it kept.
//!
//! Invariant that is checked (4 of `ARCHITECTURE.md`): captured − refunded − disputed of a payment = its credits at the
//! stored price, and a gateway's clearing account is minus the sum of that. A part of a payment is rounded down to a
//! ledger unit, so each refund or dispute may leave one unit; `rounding_units` counts them. The figures are read one
//! after another: while payments settle, look twice. Deliberately absent: VAT, fees.
//! Cost: sums over all credited payments, and one row for each of which money went back.

use std::collections::BTreeMap;

use ledger::Unit;
use store::{Row, params};

use super::settle::clearing;
use crate::{Engine, Error, Result};

/// Payments of which money went back, per read.
const PAGE: i64 = 1_000;
/// Ledger units are summed in two parts, so that no sum overflows.
const PART: i128 = 1_000_000;

/// What a gateway's payments should have left in the ledger, and what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clearing {
    /// The gateway.
    pub gateway: String,
    /// The unit of the accounts that paid.
    pub unit: Unit,
    /// Credited payments.
    pub payments: i64,
    /// Credits of the money that the gateway kept, in ledger units.
    pub kept_units: i128,
    /// The clearing account, in ledger units; minus [`Clearing::kept_units`] when all is well.
    pub ledger_units: i128,
    /// How far both may be apart by rounding.
    pub rounding_units: i128,
}

impl Clearing {
    /// What is too much (or, below zero, too little) in the ledger.
    pub fn difference_units(&self) -> i128 {
        -self.ledger_units - self.kept_units
    }

    /// Whether both agree.
    pub fn agrees(&self) -> bool {
        self.difference_units().abs() <= self.rounding_units
    }
}

/// The check of all gateways, and the payments whose own rows contradict each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// By gateway and unit.
    pub lines: Vec<Clearing>,
    /// Payments of which more went back than came, or other refunds are written down than were counted.
    pub broken: Vec<String>,
}

impl Cleared {
    /// Whether everything agrees.
    pub fn agrees(&self) -> bool {
        self.broken.is_empty() && self.lines.iter().all(Clearing::agrees)
    }
}

type Lines = BTreeMap<(String, Unit), Clearing>;

/// Checks payments against the ledger.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn check_clearing(engine: &Engine) -> Result<Cleared> {
    let mut lines = Lines::new();
    untouched(engine, &mut lines).await?;
    let broken = touched(engine, &mut lines).await?;
    let trial = engine.store().trial_balance().await?;
    for gateway in ["stripe", "paypal", "vnpay"] {
        let name = clearing(gateway).name();
        for sum in trial.iter().filter(|sum| sum.name == name) {
            line(&mut lines, gateway, sum.unit).ledger_units += sum.sum_units;
        }
    }
    Ok(Cleared { lines: lines.into_values().collect(), broken })
}

fn line<'a>(lines: &'a mut Lines, gateway: &str, unit: Unit) -> &'a mut Clearing {
    lines.entry((gateway.to_owned(), unit)).or_insert_with(|| Clearing {
        gateway: gateway.to_owned(),
        unit,
        payments: 0,
        kept_units: 0,
        ledger_units: 0,
        rounding_units: 0,
    })
}

fn unit(row: &Row, column: usize) -> Result<Unit> {
    let code = row.text(column)?;
    Unit::parse(code).ok_or_else(|| Error::Unavailable(format!("accounts: a row has the unit {code:?}")))
}

/// Payments of which nothing went back.
async fn untouched(engine: &Engine, lines: &mut Lines) -> Result<()> {
    let sql = "SELECT p.gateway, a.unit, count(*), CAST(sum(p.credit_units / 1000000) AS BIGINT), \
               CAST(sum(p.credit_units % 1000000) AS BIGINT) FROM payments p JOIN accounts a ON a.id = p.account_id \
               WHERE p.paid_at_us IS NOT NULL AND p.refunded_minor = 0 AND p.disputed_minor = 0 \
               GROUP BY p.gateway, a.unit";
    for row in &engine.store().query(sql, params![]).await? {
        let line = line(lines, row.text(0)?, unit(row, 1)?);
        line.payments += row.int(2)?;
        line.kept_units += i128::from(row.int(3)?) * PART + i128::from(row.int(4)?);
        // Money that came back after it was taken left its rounding.
    }
    let sql = "SELECT p.gateway, a.unit, count(*) FROM payments p JOIN accounts a ON a.id = p.account_id \
               JOIN (SELECT account_id, payment_id FROM refunds UNION ALL SELECT account_id, payment_id FROM disputes) t \
               ON t.account_id = p.account_id AND t.payment_id = p.id WHERE p.paid_at_us IS NOT NULL \
               GROUP BY p.gateway, a.unit";
    for row in &engine.store().query(sql, params![]).await? {
        line(lines, row.text(0)?, unit(row, 1)?).rounding_units += i128::from(row.int(2)?);
    }
    Ok(())
}

/// Payments of which some money went back; gives those whose rows contradict each other.
async fn touched(engine: &Engine, lines: &mut Lines) -> Result<Vec<String>> {
    let sql = "SELECT p.id, p.gateway, a.unit, p.credit_units, p.amount_minor, p.refunded_minor, p.disputed_minor, \
               (SELECT CAST(coalesce(sum(amount_minor), 0) AS BIGINT) FROM refunds r WHERE r.account_id = p.account_id \
               AND r.payment_id = p.id AND r.state <> 'failed') \
               FROM payments p JOIN accounts a ON a.id = p.account_id WHERE p.paid_at_us IS NOT NULL AND p.id > $1 \
               AND (p.refunded_minor <> 0 OR p.disputed_minor <> 0) ORDER BY p.id LIMIT $2";
    let mut broken = Vec::new();
    let mut after = String::new();
    loop {
        let rows = engine.store().query(sql, params![after.as_str(), PAGE]).await?;
        let Some(last) = rows.last() else { return Ok(broken) };
        last.text(0)?.clone_into(&mut after);
        for row in &rows {
            let [credit, price, refunded, disputed] =
                [row.int(3)?, row.int(4)?, row.int(5)?, row.int(6)?].map(i128::from);
            let line = line(lines, row.text(1)?, unit(row, 2)?);
            line.payments += 1;
            line.kept_units += kept_units(credit, price, refunded + disputed);
            let written = i128::from(row.int(7)?);
            if refunded != written || refunded < 0 || disputed < 0 || refunded + disputed > price {
                broken.push(row.text(0)?.to_owned());
            }
        }
    }
}

/// Credits of what is left of a payment, at its stored price.
const fn kept_units(credit_units: i128, price_minor: i128, taken_minor: i128) -> i128 {
    if taken_minor >= price_minor {
        return 0;
    }
    credit_units - credit_units * taken_minor / price_minor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_the_rest_at_the_stored_price() {
        // credit, price, taken, kept
        let table = [
            (1_000, 100, 0, 1_000),
            (1_000, 100, 100, 0),
            (1_000, 100, 101, 0),
            (1_000, 100, 25, 750),
            (1_000, 3, 1, 667),
            (1_000, 3, 2, 334),
            (12_500_000_000_000_000, 50_000_000, 1, 12_499_999_750_000_000),
        ];
        for (credit, price, taken, kept) in table {
            assert_eq!(kept_units(credit, price, taken), kept, "{credit} {price} {taken}");
        }
    }

    #[test]
    fn a_difference_beyond_rounding_is_told() {
        let unit = Unit::parse("USD").unwrap();
        let of = |ledger_units, rounding_units| Clearing {
            gateway: "stripe".to_owned(),
            unit,
            payments: 1,
            kept_units: 100,
            ledger_units,
            rounding_units,
        };
        for (ledger, rounding, difference, agrees) in
            [(-100, 0, 0, true), (-101, 0, 1, false), (-99, 1, -1, true), (-98, 1, -2, false)]
        {
            let clearing = of(ledger, rounding);
            assert_eq!((clearing.difference_units(), clearing.agrees()), (difference, agrees), "{ledger} {rounding}");
        }
    }
}
