//! The bench that every test of the core runs on: it executes a command and then looks for any broken rule.
//!
//! What holds after every command, whatever it was (numbers of the invariants in `docs/ledger.md`): see
//! [`Bench::execute`].

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::{
    Account, Amount, Booked, Command, Counter, Event, Executed, Hash, Lot, Op, Reversible, Timestamp, Transaction,
    Unit, apply, chain, decode, encode, execute,
};

/// An account under test, and everything booked on it so far.
pub struct Bench {
    pub account: Account,
    pub journal: Vec<Transaction>,
    /// Only replays what was booked.
    copy: Account,
    /// Executes the same, but as a store has it: spent lots are elsewhere until a command names one.
    lean: Account,
    elsewhere: Vec<Lot>,
    /// Σ of what lots and overdraft gained; the other side of `counters`.
    total: i128,
    counters: BTreeMap<Counter, i128>,
}

impl Bench {
    /// An account before its first transaction.
    pub fn new() -> Self {
        let account = Account::new(1, Arc::from("acme"), Unit::CREDIT);
        let (copy, lean) = (account.clone(), account.clone());
        let (journal, elsewhere, counters) = (Vec::new(), Vec::new(), BTreeMap::new());
        Bench { account, journal, copy, lean, elsewhere, total: 0, counters }
    }

    /// What the journal knows of the entry that a command takes back.
    pub fn reversible(&self, op: &Op) -> Option<Reversible> {
        let entry = op.takes_back()?;
        let tx = self.journal.iter().find(|tx| tx.seq == entry)?;
        let mut reversible = Reversible::new(Arc::new(tx.clone()), self.taken_back(entry));
        self.journal.iter().skip(entry as usize).for_each(|later| reversible.learn(later));
        Some(reversible)
    }

    fn taken_back(&self, entry: u64) -> Amount {
        let parts = self.journal.iter().flat_map(Transaction::takes_back);
        parts.filter(|(known, _)| *known == entry).map(|(_, amount)| amount).sum()
    }

    /// Executes and checks: transactions (see [`Bench::record`]), the state's own invariants, balance = Σ postings,
    /// trial balance zero, the replayed copy equal, the same answer without spent lots in memory, and a refused command
    /// without any effect of its own.
    pub fn execute(&mut self, command: &Command, now: Timestamp) -> Executed {
        let reversible = self.reversible(&command.op);
        let executed = execute(&mut self.account, command, reversible.as_ref(), now);
        for booked in executed.settled.iter().chain(executed.outcome.iter().flatten()) {
            self.record(booked);
        }
        let changes_a_lot = matches!(command.op, Op::Void { .. } | Op::ChangeExpiry { .. });
        if changes_a_lot || command.op.takes_back().is_some() {
            self.elsewhere.drain(..).for_each(|lot| self.lean.insert_lot(lot));
        }
        let lean = execute(&mut self.lean, command, reversible.as_ref(), now);
        self.elsewhere.extend(self.lean.take_spent_lots());
        assert_eq!((lean.outcome, self.lean.head), (executed.outcome.clone(), self.account.head), "spent lots matter");

        // When the command is refused, only what had fallen due was booked: then this says that it left nothing behind.
        assert_eq!(self.account, self.copy, "replaying what was booked gives another state");
        assert_eq!(self.account.check(), Ok(()));
        assert_eq!(i128::from(self.account.book_balance().units()), self.total, "balance is not Σ postings");
        assert_eq!(self.counters.values().sum::<i128>() + self.total, 0, "the trial balance is not zero");
        if let Some(tx) = self.journal.last() {
            let lots = &self.account.lots;
            let remaining: Amount = lots.iter().map(|lot| lot.remaining).sum();
            let pending = lots.iter().filter(|lot| lot.effective_at > tx.at).map(|lot| lot.remaining).sum();
            let free: Amount = lots.iter().filter(|lot| lot.counts(tx.at)).map(|lot| lot.remaining - lot.held).sum();
            let overdraft = self.account.overdraft;
            let after = (tx.balance_after, tx.pending_after, tx.available_after);
            assert_eq!(after, (remaining - overdraft, pending, free - overdraft), "balance, pending, available");
            assert!(remaining <= Amount::MAX && overdraft <= Amount::MAX);
        }
        executed
    }

    /// Checks one transaction: gapless number, canonical bytes that read back, a link of the chain, zero sum, no movement
    /// out of a lot that does not count, except what a hold earmarked in it, and nothing taken back that never was.
    fn record(&mut self, booked: &Booked) {
        let Booked { transaction: tx, canonical } = booked;
        assert_eq!(tx.seq, self.journal.len() as u64 + 1, "seq has a gap");
        assert_eq!(decode(canonical, tx.hash).as_ref(), Ok(tx));
        let mut again = Vec::new();
        encode(tx, &mut again);
        assert_eq!(&again, canonical);
        let previous = self.journal.last().map_or(Hash::ZERO, |tx| tx.hash);
        assert_eq!(
            chain::link(&self.account.id, self.account.unit, tx.seq, canonical, previous),
            tx.hash,
            "the chain is broken"
        );
        assert!(self.journal.last().is_none_or(|last| last.at <= tx.at && tx.dated_at <= tx.at));

        for posting in tx.postings.iter().filter(|posting| posting.amount.is_negative()) {
            let lot = self.copy.lot(posting.lot).expect("a lot that pays exists");
            let earmarked = match tx.event {
                Event::LotExpired { .. } | Event::LotVoided { .. } | Event::ClawedBack { .. } => lot.free(),
                Event::HoldCaptured { hold, .. } => {
                    let parts = &self.copy.hold(hold).expect("a captured hold is open").parts;
                    parts.iter().filter(|part| part.lot == lot.no).map(|part| part.amount).sum()
                }
                _ => Amount::ZERO,
            };
            assert!(-posting.amount <= earmarked || lot.counts(tx.dated_at), "{tx:?} debits {lot:?}");
        }

        let gained: i128 = tx.postings.iter().map(|posting| i128::from(posting.amount.units())).sum();
        let gained = gained + i128::from(tx.overdraft.units());
        let has_sides = tx.counter_postings().all(|posting| posting.counter != Counter::None);
        assert!(has_sides, "{tx:?} moves credits without another side");
        self.total += gained;
        for posting in tx.counter_postings() {
            *self.counters.entry(posting.counter).or_default() += i128::from(posting.amount.units());
        }
        assert!(self.counters.get(&Counter::Breakage).is_none_or(|had| *had >= 0), "{tx:?} takes what never lapsed");

        apply(&mut self.copy, tx).unwrap();
        self.journal.push(tx.clone());
        for (entry, _) in tx.takes_back() {
            let given = self.journal[entry as usize - 1].given().units();
            let left = given + self.taken_back(entry).units();
            assert!((given.min(0)..=given.max(0)).contains(&left), "{tx:?} leaves {left} of {given}");
        }
    }
}
