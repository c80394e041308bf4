//! What is to be paid of a subscription, and when: one row each.
//!
//! An instalment names the period that cannot begin without it, or the upgrade that it pays for. Its id says so, too, so
//! that a payment which names its instalment names everything that it can bring, and no instalment exists twice.

use std::fmt;

use ledger::plan::instalments;
use ledger::{Amount, Timestamp, Unit};
use providers::Money;
use store::{Row, Statement, Store, params};

use super::plan::Plan;
use super::subscription::Subscription;
use crate::{Error, Result};

/// What an instalment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstalmentKind {
    /// The period before it; paid first.
    Arrears,
    /// What begins with it.
    Advance,
    /// The upgrade of this number within the period.
    Upgrade(i64),
}

impl fmt::Display for InstalmentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InstalmentKind::Arrears => f.write_str("arrears"),
            InstalmentKind::Advance => f.write_str("advance"),
            InstalmentKind::Upgrade(number) => write!(f, "upgrade-{number}"),
        }
    }
}

impl InstalmentKind {
    fn parse(text: &str) -> Option<InstalmentKind> {
        match text {
            "arrears" => Some(InstalmentKind::Arrears),
            "advance" => Some(InstalmentKind::Advance),
            text => text.strip_prefix("upgrade-")?.parse().ok().map(InstalmentKind::Upgrade),
        }
    }
}

/// The name of an instalment: `sub_…:3:advance`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InstalmentId {
    /// Of which subscription.
    pub subscription_id: String,
    /// The period that begins with it, or whose upgrade it pays.
    pub period: i64,
    /// What it is for.
    pub kind: InstalmentKind,
}

impl fmt::Display for InstalmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.subscription_id, self.period, self.kind)
    }
}

impl InstalmentId {
    /// Reads what was written.
    pub fn parse(text: &str) -> Option<InstalmentId> {
        let mut parts = text.split(':');
        let (subscription_id, period, kind) = (parts.next()?, parts.next()?, parts.next()?);
        let (period, kind) = (period.parse().ok()?, InstalmentKind::parse(kind)?);
        parts.next().is_none().then(|| InstalmentId { subscription_id: subscription_id.to_owned(), period, kind })
    }

    /// The lot that its payment brings, as the part of the period: 0 for the period's own, then those of upgrades.
    pub(super) const fn part(&self) -> i64 {
        match self.kind {
            InstalmentKind::Upgrade(number) => number,
            InstalmentKind::Arrears | InstalmentKind::Advance => 0,
        }
    }
}

/// Whether an instalment was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InstalmentState {
    /// Not yet.
    Unpaid,
    /// All of it.
    Paid,
    /// It never will be: what it was for did not happen.
    Void,
}

impl InstalmentState {
    const ALL: [InstalmentState; 3] = [InstalmentState::Unpaid, InstalmentState::Paid, InstalmentState::Void];

    /// The name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            InstalmentState::Unpaid => "unpaid",
            InstalmentState::Paid => "paid",
            InstalmentState::Void => "void",
        }
    }
}

/// A part of the price of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instalment {
    /// Whose.
    pub account_id: String,
    /// Its name.
    pub id: InstalmentId,
    /// The plan that it pays for.
    pub plan_id: String,
    /// The version of it.
    pub plan_version: i64,
    /// Credits that its payment brings; what is granted without one is not counted here.
    pub credit: Amount,
    /// How much.
    pub amount: Money,
    /// Whether it was paid.
    pub state: InstalmentState,
    /// What paid it.
    pub payment_id: Option<String>,
    /// When it falls due; of one to come, as the calendar has it now.
    pub due_at: Timestamp,
}

impl Instalment {
    /// The instalments of a term that begins with the period `first` of a subscription. `due_at` says when a period of
    /// that number is to begin.
    pub(super) fn of_term(
        subscription: &Subscription,
        plan: &Plan,
        first: i64,
        due_at: impl Fn(i64) -> Timestamp,
    ) -> Result<Vec<Instalment>> {
        let unpriced =
            || Error::conflict("currency_not_offered", "the plan has no price in the subscription's currency");
        let price = plan.price(subscription.currency).ok_or_else(unpriced)?;
        let paying = subscription.paying;
        let parts = instalments(paying, plan.terms.term_periods, price.amount_minor).ok_or_else(|| {
            let detail = format!("the plan {} cannot be paid {} any more", plan.id, paying.name());
            Error::conflict("option_not_offered", detail)
        })?;
        let credits = plan.credits()?;
        let of = |part: &ledger::plan::Instalment| {
            let period = first + i64::from(part.due_period) - 1;
            let (kind, credit) = match part.in_arrears {
                true => (InstalmentKind::Arrears, Amount::ZERO),
                false => (InstalmentKind::Advance, credits),
            };
            Instalment {
                account_id: subscription.account_id.clone(),
                id: InstalmentId { subscription_id: subscription.id.clone(), period, kind },
                plan_id: plan.id.clone(),
                plan_version: plan.version,
                credit,
                amount: Money { amount_minor: part.amount_minor, ..price },
                state: InstalmentState::Unpaid,
                payment_id: None,
                due_at: due_at(period),
            }
        };
        Ok(parts.iter().map(of).collect())
    }

    fn read(row: &Row) -> Result<Instalment> {
        let broken = |what: &str| Error::Unavailable(format!("instalments: a row has a broken {what}"));
        let state = row.text(7)?;
        Ok(Instalment {
            account_id: row.text(0)?.to_owned(),
            id: InstalmentId::parse(row.text(1)?).ok_or_else(|| broken("id"))?,
            plan_id: row.text(2)?.to_owned(),
            plan_version: row.int(3)?,
            credit: Amount::from_units(row.int(4)?),
            amount: Money {
                amount_minor: row.int(5)?,
                currency: Unit::parse(row.text(6)?).ok_or_else(|| broken("currency"))?,
            },
            state: InstalmentState::ALL.into_iter().find(|of| of.name() == state).ok_or_else(|| broken("state"))?,
            payment_id: row.optional_text(8)?.map(str::to_owned),
            due_at: Timestamp::from_micros(row.int(9)?),
        })
    }

    /// All of a subscription, in the order in which they fall due.
    pub(super) async fn all(store: &Store, account_id: &str, subscription_id: &str) -> Result<Vec<Instalment>> {
        const SQL: &str = "SELECT account_id, id, plan_id, plan_version, credit_units, amount_minor, currency, state, \
                           payment_id, due_at_us FROM instalments WHERE account_id = $1 AND subscription_id = $2";
        let rows = store.query(SQL, params![account_id, subscription_id]).await?;
        let mut found = rows.iter().map(Instalment::read).collect::<Result<Vec<_>>>()?;
        found.sort_by_key(|instalment| (instalment.id.period, instalment.id.kind));
        Ok(found)
    }

    /// Writes a new one.
    pub(super) fn insert(&self, now: Timestamp) -> Statement {
        const SQL: &str = "INSERT INTO instalments (account_id, id, plan_id, plan_version, credit_units, amount_minor, \
                           currency, state, payment_id, due_at_us, subscription_id, period, updated_at_us) \
                           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
        let values = params![
            self.account_id.as_str(),
            self.id.to_string(),
            self.plan_id.as_str(),
            self.plan_version,
            self.credit.units(),
            self.amount.amount_minor,
            self.amount.currency.code(),
            self.state.name(),
            self.payment_id.clone(),
            self.due_at.micros(),
            self.id.subscription_id.as_str(),
            self.id.period,
            now.micros(),
        ];
        Statement::new(SQL, values).expect_one()
    }

    /// Writes it as it is now, if it is still unpaid (or void).
    pub(super) fn save(&self, now: Timestamp) -> Statement {
        const SQL: &str = "UPDATE instalments SET plan_id = $3, plan_version = $4, credit_units = $5, amount_minor = $6, \
                           state = $7, payment_id = $8, due_at_us = $9, updated_at_us = $10 \
                           WHERE account_id = $1 AND id = $2 AND state <> 'paid'";
        let values = params![
            self.account_id.as_str(),
            self.id.to_string(),
            self.plan_id.as_str(),
            self.plan_version,
            self.credit.units(),
            self.amount.amount_minor,
            self.state.name(),
            self.payment_id.clone(),
            self.due_at.micros(),
            now.micros(),
        ];
        Statement::new(SQL, values).expect_one()
    }

    /// Whether it has to be paid before the period of this number can begin.
    pub(super) fn is_due_for(&self, period: i64) -> bool {
        let of_period = !matches!(self.id.kind, InstalmentKind::Upgrade(_));
        of_period && self.state == InstalmentState::Unpaid && self.id.period <= period
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back() {
        // text, part of the period
        for (text, part) in [("sub_1:1:advance", 0), ("sub_1:13:arrears", 0), ("sub_1:2:upgrade-3", 3)] {
            let id = InstalmentId::parse(text).unwrap();
            assert_eq!((id.to_string().as_str(), id.part()), (text, part));
        }
        for bad in ["", "sub_1", "sub_1:1", "sub_1:x:advance", "sub_1:1:later", "sub_1:1:upgrade-", "a:1:advance:2"] {
            assert_eq!(InstalmentId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn arrears_come_first() {
        let mut kinds = [InstalmentKind::Upgrade(1), InstalmentKind::Advance, InstalmentKind::Arrears];
        kinds.sort();
        assert_eq!(kinds, [InstalmentKind::Arrears, InstalmentKind::Advance, InstalmentKind::Upgrade(1)]);
    }
}
