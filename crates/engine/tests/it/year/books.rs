//! What must be true of an account after its year, told from its history alone.
//!
//! An entry counts from the instant at which it was due: for what somebody asked for that is when it was booked; for an
//! expiry, a repayment or the end of a hold it is when it fell due, however late it was booked. With that one rule the
//! entries until an instant must add up to what a reader was told at that instant, lot by lot.

use std::collections::BTreeMap;

use engine::{Engine, usage};
use ledger::{Amount, Event, Kind, LotKind, LotNo, Timestamp, Transaction};
use store::{AccountView, EntryFilter, params};

use super::agenda::Span;
use super::calendar::Day;
use super::customer::{Customer, Term};

/// Entries of one page of the whole history, and of one of a day's.
const PAGES: [usize; 2] = [500, 16];

/// An account as it was shown at an instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Look {
    pub(super) at: Timestamp,
    balance: Amount,
    overdraft: Amount,
    /// What remains of each lot that has anything left.
    remaining: BTreeMap<LotNo, Amount>,
    holds: Vec<u64>,
}

impl Look {
    pub(super) fn of(view: &AccountView) -> Look {
        let AccountView { account, as_of } = view;
        let left = |lot: &ledger::Lot| lot.remaining.is_positive().then_some((lot.no, lot.remaining));
        Look {
            at: *as_of,
            balance: account.balance(*as_of),
            overdraft: account.overdraft,
            remaining: account.lots.iter().filter_map(left).collect(),
            holds: account.holds.iter().map(|hold| hold.no).collect(),
        }
    }
}

/// How often what was seen, over all accounts.
pub(super) type Figures = BTreeMap<&'static str, usize>;

/// The books of an account.
pub(super) struct Books<'a> {
    pub(super) customer: &'a Customer,
    /// Oldest first.
    pub(super) history: Vec<Transaction>,
    /// When each of them was due.
    due_at: Vec<Timestamp>,
    pub(super) faults: Vec<String>,
}

/// When a lot counts, as its history has it.
#[derive(Clone, Copy)]
struct Window {
    effective_at: Timestamp,
    expires_at: Option<Timestamp>,
}

impl Window {
    fn has(&self, at: Timestamp) -> bool {
        self.effective_at <= at && self.expires_at.is_none_or(|expires_at| at < expires_at)
    }
}

impl<'a> Books<'a> {
    pub(super) async fn read(node: &Engine, customer: &'a Customer) -> Books<'a> {
        let everything = EntryFilter { kinds: Kind::ALL.to_vec(), ..EntryFilter::default() };
        let history = listed(node, customer, everything, PAGES[0]).await;
        let due_at = due_instants(&history);
        Books { customer, history, due_at, faults: Vec::new() }
    }

    pub(super) fn fault(&mut self, what: String) {
        self.faults.push(format!("{}: {what}", self.customer.seat.id));
    }

    pub(super) fn tell(&self, tx: &Transaction) -> String {
        format!("{} (entry {}, {})", self.customer.seat.zone.tell(tx.at), tx.seq, tx.kind().name())
    }

    /// What was promised is there, from and until the instants of the calendar, and nothing else is.
    pub(super) fn check_grants(&mut self) {
        let (seat, promised) = (self.customer.seat, &self.customer.promised);
        let mut faults = Vec::new();
        let mut granted: BTreeMap<&str, usize> = BTreeMap::new();
        for tx in &self.history {
            let Event::Granted(lot) = &tx.event else { continue };
            if lot.kind == LotKind::Subscription {
                // See `courses`.
                continue;
            }
            let cause = match lot.kind {
                LotKind::TopUp => tx.memo.reference.as_deref(),
                _ => tx.memo.resource.as_deref(),
            };
            let expected = match lot.kind {
                LotKind::TopUp => cause.filter(|cause| promised.topups.iter().any(|id| id == cause)).map(|_| {
                    let last = seat.zone.day(tx.at).plus_months(seat.topup_months);
                    Term { effective_at: None, expires_at: Some(seat.zone.end(last)) }
                }),
                LotKind::Voucher => cause.and_then(|cause| promised.vouchers.get(cause)).map(|(_, term)| *term),
                _ => promised.grants.get(&tx.seq).copied(),
            };
            let found = Term { effective_at: lot.effective_at, expires_at: lot.expires_at };
            if expected != Some(found) {
                let (found, kind) = (found.tell(seat.zone), lot.kind.name());
                let expected = expected.map_or("nothing".to_owned(), |term| term.tell(seat.zone));
                faults.push(format!("{} grants {kind}: {found}, expected {expected}", self.tell(tx)));
            }
            *granted.entry(cause.unwrap_or_default()).or_default() += 1;
        }
        let topups = promised.topups.iter().map(|id| (id, 1));
        let vouchers = promised.vouchers.iter().map(|(id, (lots, _))| (id, *lots));
        for (id, lots) in topups.chain(vouchers) {
            let found = granted.get(id.as_str()).copied().unwrap_or_default();
            if found != lots {
                faults.push(format!("{id} gave {found} lots instead of {lots}"));
            }
        }
        faults.into_iter().for_each(|fault| self.fault(fault));
    }

    /// An expiry is dated at the expiry of its lot, nothing pays outside of its time, and nothing is left afterwards.
    pub(super) fn check_expiries(&mut self, end: Timestamp) {
        let zone = self.customer.seat.zone;
        let mut windows: BTreeMap<LotNo, Window> = BTreeMap::new();
        let mut left: BTreeMap<LotNo, Amount> = BTreeMap::new();
        let mut faults = Vec::new();
        for tx in &self.history {
            if let Some(lot) = tx.event.new_lot() {
                let effective_at = lot.effective_at.unwrap_or(tx.at);
                windows.insert(tx.seq, Window { effective_at, expires_at: lot.expires_at });
            }
            let paying_at = match &tx.event {
                Event::LotExpired { lot } => {
                    if windows[lot].expires_at != Some(tx.dated_at) || tx.at < tx.dated_at {
                        faults.push(format!("{} is dated {}", self.tell(tx), zone.tell(tx.dated_at)));
                    }
                    None
                }
                // What a hold has set aside may be captured later, what is for later may be voided now.
                Event::HoldCaptured { .. } | Event::LotVoided { .. } => None,
                Event::OverdraftRepaid => Some(tx.dated_at),
                _ => Some(tx.at),
            };
            match tx.event {
                Event::LotExpiryChanged { lot, expires_at } => windows.get_mut(&lot).unwrap().expires_at = expires_at,
                Event::LotVoided { lot } => windows.get_mut(&lot).unwrap().expires_at = Some(tx.at),
                _ => {}
            }
            let held = match &tx.event {
                Event::HoldPlaced { parts, .. } => parts.iter().map(|part| part.lot).collect(),
                _ => Vec::new(),
            };
            let debited = tx.postings.iter().filter(|posting| posting.amount.is_negative()).map(|posting| posting.lot);
            for lot in debited.chain(held) {
                if paying_at.is_some_and(|at| !windows[&lot].has(at)) {
                    faults.push(format!("{} uses lot {lot} outside of its time", self.tell(tx)));
                }
            }
            for posting in &tx.postings {
                *left.entry(posting.lot).or_default() += posting.amount;
            }
        }
        let over = |lot: &LotNo| windows[lot].expires_at.is_some_and(|expires_at| expires_at <= end);
        for (lot, amount) in left.iter().filter(|(lot, amount)| over(lot) && !amount.is_zero()) {
            faults.push(format!("lot {lot} has expired and has {amount:?} left"));
        }
        faults.into_iter().for_each(|fault| self.fault(fault));
    }

    /// The history until each look adds up to what was shown then, in all and lot by lot.
    pub(super) fn check_looks(&mut self, looks: &[Look], figures: &mut Figures) {
        let zone = self.customer.seat.zone;
        let mut order: Vec<usize> = (0..self.history.len()).collect();
        order.sort_by_key(|place| self.due_at[*place]);
        let (mut due, mut booked) = (order.iter().peekable(), 0);
        let mut remaining: BTreeMap<LotNo, Amount> = BTreeMap::new();
        let (mut balance, mut listed, mut overdraft) = (Amount::ZERO, Amount::ZERO, Amount::ZERO);
        let mut faults = Vec::new();
        for look in looks {
            while let Some(place) = due.next_if(|place| self.due_at[**place] <= look.at) {
                let tx = &self.history[*place];
                balance += tx.amount();
                overdraft += -tx.overdraft;
                for posting in &tx.postings {
                    *remaining.entry(posting.lot).or_default() += posting.amount;
                }
            }
            while let Some(tx) = self.history.get(booked).filter(|tx| tx.at <= look.at) {
                listed += tx.amount();
                booked += 1;
            }
            remaining.retain(|_, amount| !amount.is_zero());
            let at = zone.tell(look.at);
            if (&remaining, overdraft) != (&look.remaining, look.overdraft) {
                faults.push(format!("at {at} history leaves {remaining:?}, shown was {look:?}"));
            }
            let later = |lot: &LotNo| effective_at(&self.history, *lot) > look.at;
            let pending: Amount = remaining.iter().filter(|(lot, _)| later(lot)).map(|(_, amount)| *amount).sum();
            if balance != look.balance + pending {
                faults.push(format!("at {at} history sums to {balance:?} with {pending:?} for later: {look:?}"));
            }
            // What was listed by then differs by what was overdue, and only by that.
            let overdue = self.history[booked..].iter().zip(&self.due_at[booked..]);
            let overdue: Vec<&Transaction> = overdue.filter(|(_, due)| **due <= look.at).map(|(tx, _)| tx).collect();
            let sum: Amount = overdue.iter().map(|tx| tx.amount()).sum();
            let own = |tx: &&Transaction| matches!(tx.kind(), Kind::Expiry | Kind::HoldExpiry | Kind::Repayment);
            if listed + sum != balance || !overdue.iter().all(own) {
                faults.push(format!("at {at} {listed:?} was listed, {overdue:?} overdue"));
            }
            *figures.entry(if overdue.is_empty() { "nothing overdue" } else { "overdue" }).or_default() += 1;
            if overdue.len() > 2 {
                *figures.entry("several overdue").or_default() += 1;
            }
        }
        faults.into_iter().for_each(|fault| self.fault(fault));
    }

    /// Credit history as it is shown, day by day, is the whole history, and its running balance runs through.
    pub(super) async fn check_pages(&mut self, node: &Engine, span: Span) {
        let zone = self.customer.seat.zone;
        let mut shown = Vec::new();
        for day in span.0.until(span.1) {
            let (from, to) = (Some(zone.begin(day)), Some(zone.end(day)));
            let of_day = EntryFilter { from, to, ..EntryFilter::default() };
            shown.extend(listed(node, self.customer, of_day, PAGES[1]).await);
        }
        let end = zone.begin(span.1);
        let moving = |tx: &&Transaction| tx.kind().moves_credits() && tx.at < end;
        if !shown.iter().eq(self.history.iter().filter(moving)) {
            self.fault(format!("the days list {} entries, not those of the history", shown.len()));
        }
        let mut balance = Amount::ZERO;
        for tx in shown {
            balance += tx.amount();
            if tx.balance_after != balance {
                self.fault(format!("entry {} leaves {:?}, not {balance:?}", tx.seq, tx.balance_after));
            }
        }
    }

    /// The account as it was then is the account as it was shown then.
    pub(super) async fn check_past(&mut self, node: &Engine, looks: impl Iterator<Item = &Look>) {
        for look in looks {
            let view = node.view(&self.customer.located, Some(look.at)).await.unwrap();
            let past = Look::of(&view);
            if past != *look {
                let at = self.customer.seat.zone.tell(look.at);
                self.fault(format!("at {at} shown was {look:?}, asked later {past:?}"));
            }
        }
    }

    /// Usage of each day is what the history of that day says, in all and by service.
    pub(super) async fn check_usage(&mut self, node: &Engine, span: Span, figures: &mut Figures) {
        let zone = self.customer.seat.zone;
        let mut spent: BTreeMap<(Day, &str), i128> = BTreeMap::new();
        for tx in &self.history {
            if matches!(tx.kind(), Kind::Debit | Kind::Capture | Kind::Reversal) {
                let service = tx.memo.service.as_deref().unwrap_or_default();
                *spent.entry((zone.day(tx.at), service)).or_default() -= i128::from(tx.amount().units());
            }
        }
        let rolled_up = "SELECT 1 FROM usage_progress WHERE account_no = $1 AND seq > 0";
        let no = i64::try_from(self.customer.located.no).unwrap();
        if !node.store().query(rolled_up, params![no]).await.unwrap().is_empty() {
            *figures.entry("rolled up").or_default() += 1;
        }
        let mut faults = Vec::new();
        let days: Vec<Day> = span.0.until(span.1).collect();
        for month in days.chunks(30) {
            let [first, last] = [month[0], month[month.len() - 1]].map(|day| day.to_string().parse().unwrap());
            let period = usage::Period::new(zone.name(), first, last).unwrap();
            let query = usage::Query { period, top: usage::MAX_TOP, compare: false, meters: false };
            let report = usage::report(node, &self.customer.located, &query).await.unwrap();
            for (day, told) in month.iter().zip(&report.days) {
                let sum: i128 = spent.range((*day, "")..(day.plus_days(1), "")).map(|(_, units)| units).sum();
                let bounds = (told.starts_at, told.ends_at) == (zone.begin(*day), zone.end(*day));
                let of = |service: &str| spent.get(&(*day, service)).copied().unwrap_or_default();
                let by_service = report.services.iter().zip(&told.by_service_units);
                if !bounds
                    || told.counted.spent_units != sum
                    || !by_service.clone().all(|(used, units)| *units == of(&used.service))
                {
                    faults.push(format!("usage of {day} is {sum}, not {told:?}"));
                }
            }
        }
        faults.into_iter().for_each(|fault| self.fault(fault));
    }

    /// Counts what happened, and what happened at the very end of a day.
    pub(super) fn count(&self, figures: &mut Figures) {
        let zone = self.customer.seat.zone;
        for tx in &self.history {
            *figures.entry(tx.kind().name()).or_default() += 1;
            if let Event::Granted(lot) = &tx.event {
                *figures.entry(lot.kind.name()).or_default() += 1;
            }
            let begin = zone.begin(zone.day(tx.at)).micros();
            let end = zone.end(zone.day(tx.at)).micros();
            let at = tx.at.micros();
            let edges = [("last microsecond", end - 1), ("midnight", begin), ("first microsecond", begin + 1)];
            edges.iter().filter(|(_, there)| *there == at).for_each(|(name, _)| *figures.entry(name).or_default() += 1);
        }
    }
}

/// Pages of a list, put together, oldest first.
async fn listed(node: &Engine, customer: &Customer, filter: EntryFilter, page: usize) -> Vec<Transaction> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let entries = node.store().entries(customer.located.no, filter.clone(), before, page).await.unwrap();
        let full = entries.len() == page;
        before = entries.last().map(|entry| entry.transaction.seq);
        found.extend(entries.into_iter().map(|entry| entry.transaction));
        if !full {
            found.reverse();
            return found;
        }
    }
}

fn effective_at(history: &[Transaction], lot: LotNo) -> Timestamp {
    let granted = &history[usize::try_from(lot).unwrap() - 1];
    let spec = granted.event.new_lot().unwrap();
    spec.effective_at.unwrap_or(granted.at)
}

/// When each entry was due. An expiry books what its lot had at its instant, or what came back to it later.
fn due_instants(history: &[Transaction]) -> Vec<Timestamp> {
    let mut came_back: BTreeMap<LotNo, Timestamp> = BTreeMap::new();
    let mut holds: BTreeMap<u64, Vec<LotNo>> = BTreeMap::new();
    let mut instants = Vec::with_capacity(history.len());
    for tx in history {
        let due_at = match &tx.event {
            Event::LotExpired { lot } => tx.dated_at.max(came_back.get(lot).copied().unwrap_or_default()),
            Event::HoldExpired { .. } | Event::OverdraftRepaid => tx.dated_at,
            _ => tx.at,
        };
        match &tx.event {
            Event::HoldPlaced { parts, .. } => {
                holds.insert(tx.seq, parts.iter().map(|part| part.lot).collect());
            }
            Event::HoldCaptured { hold, .. } | Event::HoldReleased { hold } | Event::HoldExpired { hold } => {
                came_back.extend(holds.remove(hold).unwrap_or_default().into_iter().map(|lot| (lot, due_at)));
            }
            _ => {}
        }
        let gains = tx.postings.iter().filter(|posting| posting.amount.is_positive());
        came_back.extend(gains.map(|posting| (posting.lot, due_at)));
        instants.push(due_at);
    }
    instants
}
