//! The bench that every test of the core runs on: it executes a command and then looks for any broken rule.
//!
//! What holds after every command, whatever it was (numbers of the invariants in `docs/ledger.md`): see
//! [`Bench::execute`].

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::{
    Account, Amount, Booked, Command, Counter, Event, Executed, Hash, Kind, Lot, Op, Reversible, Timestamp,
    Transaction, Unit, apply, chain, decode, encode, execute,
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

    /// What the journal knows of a debit or capture that a reversal names.
    pub fn reversible(&self, entry: u64) -> Option<Reversible> {
        let tx = self.journal.iter().find(|tx| tx.seq == entry)?;
        if !matches!(tx.kind(), Kind::Debit | Kind::Capture) {
            return None;
        }
        let of_this = |tx: &&Transaction| matches!(tx.event, Event::Reversed { entry: known, .. } if known == entry);
        let reversed = self.journal.iter().filter(of_this).map(Transaction::amount).sum();
        Some(Reversible { postings: tx.postings.clone(), overdraft: tx.overdraft, reversed })
    }

    /// Executes and checks: transactions (see [`Bench::record`]), the state's own invariants, balance = Σ postings,
    /// trial balance zero, the replayed copy equal, the same answer without spent lots in memory, and a refused command
    /// without any effect of its own.
    pub fn execute(&mut self, command: &Command, now: Timestamp) -> Executed {
        let reversible = match command.op {
            Op::Reverse { entry, .. } => self.reversible(entry),
            _ => None,
        };
        let executed = execute(&mut self.account, command, reversible.as_ref(), now);
        for booked in executed.settled.iter().chain(executed.outcome.iter().flatten()) {
            self.record(booked);
        }
        if matches!(command.op, Op::Reverse { .. } | Op::Void { .. } | Op::ChangeExpiry { .. }) {
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

    /// Checks one transaction: gapless number, canonical bytes that read back, a link of the chain, zero sum, and no
    /// movement out of a lot that does not count, except what a hold earmarked in it.
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
                Event::LotExpired { .. } | Event::LotVoided { .. } => lot.free(),
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
        assert!(tx.counter != Counter::None || gained == 0, "{tx:?} moves credits without another side");
        self.total += gained;
        *self.counters.entry(tx.counter).or_default() -= gained;

        apply(&mut self.copy, tx).unwrap();
        self.journal.push(tx.clone());
    }
}
