//! The money of a term, cut into what is due when.

use serde::{Deserialize, Serialize};

/// Most periods of a term.
pub const MAX_TERM_PERIODS: u32 = 120;

/// How a term is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "option", rename_all = "snake_case", deny_unknown_fields)]
pub enum Paying {
    /// All of it before the first period.
    AllUpfront,
    /// So many percent of it before the first period, the rest in equal parts before each of the others.
    PartialUpfront {
        /// 1 to 99.
        percent: u8,
    },
    /// Each period after it.
    Postpaid,
}

impl Paying {
    /// The name in rows and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Paying::AllUpfront => "all_upfront",
            Paying::PartialUpfront { .. } => "partial_upfront",
            Paying::Postpaid => "postpaid",
        }
    }
}

/// A part of the price of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instalment {
    /// Due when this period of the term begins, from 1; one more than the periods of the term: when it has ended.
    pub due_period: u32,
    /// How much, in the smallest coin; more than nothing.
    pub amount_minor: i64,
    /// It pays for the period before `due_period`, else for what begins with it.
    pub in_arrears: bool,
}

/// What is due for a term of `periods` at `price_minor` each, in the order in which it falls due. Parts that are nothing
/// are left out. The part before the first period is rounded down to a coin, so are the equal parts of the rest, and the
/// last part carries what rounding left. `None`: a term or a percentage out of bounds, a partial payment of a single
/// period, a price below zero or a sum beyond `i64`.
pub fn instalments(paying: Paying, periods: u32, price_minor: i64) -> Option<Vec<Instalment>> {
    if periods == 0 || periods > MAX_TERM_PERIODS || price_minor < 0 {
        return None;
    }
    let total_minor = price_minor.checked_mul(i64::from(periods))?;
    let before = |due_period, amount_minor| Instalment { due_period, amount_minor, in_arrears: false };
    let mut parts = match paying {
        Paying::AllUpfront => vec![before(1, total_minor)],
        Paying::PartialUpfront { percent } => {
            if !(1..=99).contains(&percent) || periods < 2 {
                return None;
            }
            let first_minor = share(total_minor, percent.into(), 100);
            let rest_minor = total_minor - first_minor;
            let others = i64::from(periods - 1);
            let each_minor = rest_minor / others;
            let last_minor = rest_minor - each_minor * (others - 1);
            let mut parts = vec![before(1, first_minor)];
            parts.extend((2..periods).map(|period| before(period, each_minor)));
            parts.push(before(periods, last_minor));
            parts
        }
        Paying::Postpaid => (2..=periods + 1)
            .map(|due_period| Instalment { due_period, amount_minor: price_minor, in_arrears: true })
            .collect(),
    };
    parts.retain(|part| part.amount_minor > 0);
    Some(parts)
}

/// `amount × part ÷ whole`, rounded down; neither is negative, and `part` is at most `whole`.
pub(super) fn share(amount: i64, part: i64, whole: i64) -> i64 {
    let product = i128::from(amount) * i128::from(part) / i128::from(whole.max(1));
    // At most `amount`, which fits.
    i64::try_from(product).unwrap_or(i64::MAX)
}
