//! Random commands that are mostly meant well: they name lots, holds and entries that exist, with small amounts, and now
//! and then something that must be refused.

use ledger::{Amount, LotKind, LotSpec, OnInsufficient, Op, Overrun, Timestamp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::reference::Model;

/// What a command may be for.
pub const SERVICES: [Option<&str>; 3] = [None, Some("llm"), Some("gpu")];

/// One command, before it knows the account.
#[derive(Clone, Debug)]
pub struct Step {
    /// How much later than the one before; sometimes earlier.
    pub seconds: i64,
    /// Index in [`SERVICES`].
    pub service: usize,
    pub priced: bool,
    ask: Ask,
}

#[derive(Clone, Debug)]
enum Ask {
    /// Needs nothing of the account.
    Op(Op),
    Grant {
        kind: LotKind,
        priority: Option<i32>,
        allocated: Amount,
        from: Option<i64>,
        until: Option<i64>,
        scope: usize,
    },
    Capture(Pick, Amount, Overrun),
    Release(Pick),
    Extend(Pick, i64),
    Reverse(Pick, Option<Amount>),
    ClawBack(Pick, Option<Amount>),
    Reinstate(Pick, Option<Amount>),
    Void(Pick),
    ChangeExpiry(Pick, Option<i64>),
}

/// Which one: below 220 one of those that exist, else any number near those in use.
type Pick = u8;

fn choose<'a>(pick: Pick, known: impl Iterator<Item = &'a u64>) -> u64 {
    let known: Vec<u64> = known.copied().collect();
    match pick {
        0..220 if !known.is_empty() => known[usize::from(pick) % known.len()],
        0..220 => 0,
        _ => u64::from(pick) - 220,
    }
}

impl Step {
    /// The command for an account in this state. The first one of a life opens it.
    pub fn op(&self, model: &Model, now: Timestamp) -> Op {
        if model.seq == 0 {
            return Op::Open { overdraft_limit: Amount::from_units(self.seconds * 4) };
        }
        let hold = |pick| choose(pick, model.holds.keys());
        let lot = |pick| match pick {
            200..220 => 9_999,
            _ => choose(pick, model.lots.keys()),
        };
        match self.ask.clone() {
            Ask::Op(op) => op,
            Ask::Grant { kind, priority, allocated, from, until, scope } => {
                let scope: Box<[Box<str>]> = SERVICES[scope].into_iter().map(Box::from).collect();
                let effective_at = from.map(|seconds| now.plus_seconds(seconds));
                let expires_at = until.map(|seconds| now.plus_seconds(seconds));
                let lot = LotSpec { kind, priority, allocated, effective_at, expires_at, scope };
                Op::Grant { counter: lot.giver(), lot }
            }
            Ask::Capture(_, amount, _) if model.holds.is_empty() => Op::Hold { amount, ttl_seconds: 60 },
            Ask::Capture(pick, amount, overrun) => Op::Capture { hold: hold(pick), amount, overrun },
            Ask::Release(pick) => Op::Release { hold: hold(pick) },
            Ask::Extend(pick, ttl_seconds) => Op::Extend { hold: hold(pick), ttl_seconds },
            Ask::Reverse(pick, amount) => Op::Reverse { entry: choose(pick, model.spends.keys()), amount },
            Ask::ClawBack(pick, amount) => Op::ClawBack { lot: lot(pick), amount },
            Ask::Reinstate(pick, amount) => Op::Reinstate { entry: choose(pick, model.clawbacks.keys()), amount },
            Ask::Void(pick) => Op::Void { lot: lot(pick) },
            Ask::ChangeExpiry(pick, until) => {
                Op::ChangeExpiry { lot: lot(pick), expires_at: until.map(|seconds| now.plus_seconds(seconds)) }
            }
        }
    }
}

/// The commands of one account's life.
pub fn life(commands: usize) -> impl Strategy<Value = Vec<Step>> {
    let seconds = prop_oneof![8 => Just(0_i64), 7 => 1_i64..9, 1 => 30_i64..90, 1 => -9_i64..0];
    let step = (seconds, 0..SERVICES.len(), any::<bool>(), ask());
    vec(step.prop_map(|(seconds, service, priced, ask)| Step { seconds, service, priced, ask }), commands)
}

fn ask() -> impl Strategy<Value = Ask> {
    let policy = prop_oneof![1 => Just(OnInsufficient::Reject), 1 => Just(OnInsufficient::Partial), 3 => Just(OnInsufficient::Overdraw)];
    let overrun = prop_oneof![Just(Overrun::Reject), Just(Overrun::Cap), Just(Overrun::Overdraw)];
    let closed = prop_oneof![5 => Just(None), 6 => Just(Some(false)), 1 => Just(Some(true))];
    let until = || option::weighted(0.7, -3_i64..60);
    let pick = any::<Pick>;
    prop_oneof![
        3 => limit().prop_map(|overdraft_limit| Ask::Op(Op::Open { overdraft_limit })),
        7 => (option::of(limit()), closed)
            .prop_map(|(overdraft_limit, closed)| Ask::Op(Op::Configure { overdraft_limit, closed })),
        20 => grant(until()),
        20 => (amount(160), policy).prop_map(|(amount, on_insufficient)| Ask::Op(Op::Debit { amount, on_insufficient })),
        5 => (amount(120), any::<bool>())
            .prop_map(|(amount, up)| Ask::Op(Op::Adjust { amount: if up { amount } else { -amount } })),
        16 => (amount(60), ttl()).prop_map(|(amount, ttl_seconds)| Ask::Op(Op::Hold { amount, ttl_seconds })),
        12 => (pick(), amount(90), overrun).prop_map(|(pick, amount, overrun)| Ask::Capture(pick, amount, overrun)),
        3 => pick().prop_map(Ask::Release),
        4 => (pick(), ttl()).prop_map(|(pick, ttl_seconds)| Ask::Extend(pick, ttl_seconds)),
        12 => (pick(), option::weighted(0.7, amount(120))).prop_map(|(pick, amount)| Ask::Reverse(pick, amount)),
        6 => (pick(), option::weighted(0.7, amount(120))).prop_map(|(pick, amount)| Ask::ClawBack(pick, amount)),
        5 => (pick(), option::weighted(0.7, amount(60))).prop_map(|(pick, amount)| Ask::Reinstate(pick, amount)),
        3 => pick().prop_map(Ask::Void),
        6 => (pick(), until()).prop_map(|(pick, until)| Ask::ChangeExpiry(pick, until)),
        3 => Just(Ask::Op(Op::Settle)),
    ]
}

fn grant(until: impl Strategy<Value = Option<i64>>) -> impl Strategy<Value = Ask> {
    let from = option::weighted(0.5, -20_i64..40);
    let scope = prop_oneof![2 => Just(0), 1 => 1..SERVICES.len()];
    let kind = (0..LotKind::ALL.len()).prop_map(|at| LotKind::ALL[at]);
    let priority = option::weighted(0.2, prop_oneof![Just(100), Just(200), Just(300), -9..9]);
    (kind, priority, amount(400), from, until, scope).prop_map(|(kind, priority, allocated, from, until, scope)| {
        Ask::Grant { kind, priority, allocated, from, until, scope }
    })
}

fn amount(usual: i64) -> impl Strategy<Value = Amount> {
    let largest = Amount::MAX.units();
    let units = prop_oneof![90 => 1_i64..usual, 4 => Just(0), 2 => -20_i64..0, 2 => largest - 100..largest + 2, 1 => Just(i64::MAX)];
    units.prop_map(Amount::from_units)
}

fn limit() -> impl Strategy<Value = Amount> {
    let largest = Amount::MAX.units();
    prop_oneof![7 => 0_i64..100, 3 => -3_i64..0, 1 => Just(largest), 1 => Just(largest + 1)]
        .prop_map(Amount::from_units)
}

fn ttl() -> impl Strategy<Value = i64> {
    prop_oneof![14 => 1_i64..120, 1 => Just(604_800), 1 => Just(0), 1 => Just(604_801)]
}
