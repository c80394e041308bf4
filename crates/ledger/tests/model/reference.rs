//! The rules of `docs/ledger.md` a second time, as plainly as possible: maps, `i128`, whole scans, no regard to speed.
//! Shares nothing with the core but the words of a command. Where this and the core differ, one of them is wrong.
//! Holding and spending move credits out of a lot; a refusal is undone by keeping a copy of everything.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Amount, OnInsufficient, Op, Overrun};

const MAX: i128 = (i64::MAX / 4) as i128;

/// Why something is refused: the code and the amounts that go with it.
pub type Refusal = (&'static str, Vec<i128>);
/// Amounts and where they were taken from, in that order.
type Parts = Vec<(Place, i128)>;

#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    Lot(u64),
    Overdraft,
    /// What has left a lot unspent, by expiry (false) or by a void (true).
    Lapsed(u64, bool),
}

#[derive(Clone, Default)]
pub struct Model {
    pub seq: u64,
    pub overdraft: i128,
    pub lots: BTreeMap<u64, Lot>,
    pub holds: BTreeMap<u64, Hold>,
    /// Debits and captures: what is still out.
    pub spends: BTreeMap<u64, Parts>,
    /// Clawbacks: whose grant, and what is still out.
    pub clawbacks: BTreeMap<u64, (u64, Parts)>,
    /// Grants: what is not clawed back.
    pub grants: BTreeMap<u64, i128>,
    limit: i128,
    closed: bool,
    last: i64,
}

#[derive(Clone)]
pub struct Lot {
    pub free: i128,
    /// What has left it unspent and is not clawed back, in the order in which that began: by a void or not.
    lapsed: Vec<(bool, i128)>,
    rank: i32,
    class: i32,
    scope: Vec<String>,
    from: i64,
    until: i64,
}

#[derive(Clone)]
pub struct Hold {
    until: i64,
    service: Option<String>,
    parts: Parts,
}

impl Lot {
    fn counts(&self, now: i64) -> bool {
        self.from <= now && now < self.until
    }

    fn lapse(&mut self, voided: bool, amount: i128) {
        self.free -= amount;
        match self.lapsed.iter_mut().find(|(by_void, _)| *by_void == voided) {
            Some((_, known)) => *known += amount,
            None => self.lapsed.push((voided, amount)),
        }
    }

    fn pays(&self, service: Option<&str>) -> bool {
        self.scope.is_empty() || self.scope.iter().any(|name| Some(name.as_str()) == service)
    }
}

impl Model {
    pub fn held(&self, of: impl Fn(u64) -> bool) -> i128 {
        let parts = self.holds.values().flat_map(|hold| &hold.parts);
        parts.filter(|(place, _)| matches!(place, Place::Lot(no) if of(*no))).map(|(_, amount)| amount).sum()
    }

    pub fn available(&self, now: i64) -> i128 {
        self.lots.values().filter(|lot| lot.counts(now)).map(|lot| lot.free).sum::<i128>() - self.overdraft
    }

    /// Class, scoped before unscoped, earliest expiry, oldest.
    fn burn_down(&self) -> Vec<u64> {
        let places = self.lots.iter().map(|(no, lot)| (lot.class, lot.scope.is_empty(), lot.until, *no));
        places.collect::<BTreeSet<_>>().into_iter().map(|place| place.3).collect()
    }

    fn lot(&mut self, no: u64) -> &mut Lot {
        self.lots.get_mut(&no).unwrap()
    }

    /// Visits every instant since the last transaction at which anything may happen, one after the other.
    pub fn pass_time(&mut self, now: i64) -> i64 {
        let now = now.max(self.last);
        let ends = self.holds.values().map(|hold| hold.until);
        let turns = self.lots.values().flat_map(|lot| [lot.from, lot.until]);
        let mut instants: BTreeSet<i64> = ends.chain(turns).filter(|at| self.last < *at && *at < now).collect();
        instants.extend([self.last, now]);
        for instant in instants {
            self.fall_due(instant, now);
        }
        now
    }

    fn fall_due(&mut self, instant: i64, now: i64) {
        let ended: Vec<u64> = self.holds.keys().copied().filter(|no| self.holds[no].until <= instant).collect();
        for no in ended {
            let hold = self.holds.remove(&no).unwrap();
            self.give_back(hold.parts, now);
            self.booked(now);
        }
        let expired = self.lots.values_mut().filter(|lot| lot.until <= instant && lot.free > 0);
        for _ in 0..expired.map(|lot| lot.lapse(false, lot.free)).count() {
            self.booked(now);
        }
        while self.overdraft > 0 {
            let pays = |no: &u64| self.lots[no].counts(instant) && self.lots[no].scope.is_empty();
            let Some(no) = self.burn_down().into_iter().find(|no| pays(no) && self.lots[no].free > 0) else { break };
            let rest = self.repay(self.lots[&no].free);
            self.lot(no).free = rest;
            self.booked(now);
        }
    }

    fn booked(&mut self, now: i64) {
        self.seq += 1;
        self.last = now;
    }

    /// Books what is due, then does what is asked or says why not.
    pub fn run(&mut self, op: &Op, service: Option<&str>, priced: bool, now: i64) -> Result<(), Refusal> {
        let now = self.pass_time(now);
        let before = self.clone();
        let done = self.ask(op, service, priced, now);
        match done {
            Ok(()) if *op == Op::Settle => {}
            Ok(()) => self.booked(now),
            Err(_) => *self = before,
        }
        done
    }

    fn ask(&mut self, op: &Op, service: Option<&str>, priced: bool, now: i64) -> Result<(), Refusal> {
        let begins = |op: &Op| matches!(op, Op::Grant { .. } | Op::Debit { .. } | Op::Hold { .. } | Op::Extend { .. });
        refuse(self.closed && (begins(op) || matches!(op, Op::Adjust { .. })), "account_closed", &[])?;
        let number = self.seq + 1;
        let mut taken = Parts::new();
        match op {
            Op::Settle => {}
            Op::Open { overdraft_limit } => {
                refuse(self.seq > 0, "account_exists", &[])?;
                self.set_limit(int(overdraft_limit))?;
            }
            Op::Configure { overdraft_limit, closed } => {
                self.closed = closed.unwrap_or(self.closed);
                self.set_limit(overdraft_limit.as_ref().map_or(self.limit, int))?;
            }
            Op::Grant { lot, .. } => {
                let ranks = [("subscription", 100), ("voucher", 200), ("manual", 300), ("setup", 300), ("top_up", 400)];
                let rank = ranks.into_iter().find(|(kind, _)| *kind == lot.kind.name()).unwrap().1;
                let class = lot.priority.unwrap_or(rank);
                let from = lot.effective_at.map_or(now, |at| at.micros());
                let until = lot.expires_at.map_or(i64::MAX, |at| at.micros());
                let scope = lot.scope.iter().map(|name| name.to_string()).collect();
                self.grant(Lot { free: int(&lot.allocated), lapsed: vec![], rank, class, scope, from, until }, now)?;
                self.grants.insert(number, int(&lot.allocated));
            }
            Op::Debit { amount, on_insufficient } => {
                refuse(int(amount) < 0 || (int(amount) == 0 && !priced), "amount_not_positive", &[])?;
                let missing = self.take(int(amount), |lot| lot.pays(service), &mut taken, now);
                match on_insufficient {
                    OnInsufficient::Overdraw => self.overdraw(missing, int(amount), &mut taken)?,
                    OnInsufficient::Partial if int(amount) > missing => {}
                    _ => enough(missing, 0, int(amount))?,
                }
                self.spends.insert(number, taken);
            }
            Op::Adjust { amount } if int(amount) > 0 => self.grant(plain(int(amount), 300, now), now)?,
            Op::Adjust { amount } => {
                refuse(int(amount) == 0, "amount_not_positive", &[])?;
                refuse(-int(amount) > MAX, "amount_too_large", &[])?;
                enough(self.take(-int(amount), |_| true, &mut taken, now), 0, -int(amount))?;
            }
            Op::Hold { amount, ttl_seconds } => {
                refuse(int(amount) <= 0, "amount_not_positive", &[])?;
                let until = end(*ttl_seconds, now)?;
                enough(self.take(int(amount), |lot| lot.pays(service), &mut taken, now), 0, int(amount))?;
                self.holds.insert(number, Hold { until, service: service.map(str::to_owned), parts: taken });
            }
            Op::Capture { hold, amount, overrun } => {
                refuse(int(amount) <= 0, "amount_not_positive", &[])?;
                let mut hold = self.holds.remove(hold).ok_or(("hold_not_open", vec![]))?;
                let held = sum(&hold.parts);
                refuse(int(amount) > held && *overrun == Overrun::Reject, "capture_exceeds_hold", &[held])?;
                hold.parts.reverse();
                taken = cut(&mut hold.parts, int(amount).min(held));
                if int(amount) > held && *overrun == Overrun::Overdraw {
                    let pays = |lot: &Lot| lot.pays(hold.service.as_deref());
                    let missing = self.take(int(amount) - held, pays, &mut taken, now);
                    self.overdraw(missing, int(amount), &mut taken)?;
                }
                self.give_back(hold.parts, now);
                self.spends.insert(number, taken);
            }
            Op::Release { hold } => {
                let hold = self.holds.remove(hold).ok_or(("hold_not_open", vec![]))?;
                self.give_back(hold.parts, now);
            }
            Op::Extend { hold, ttl_seconds } => {
                let hold = self.holds.get_mut(hold).ok_or(("hold_not_open", vec![]))?;
                hold.until = end(*ttl_seconds, now)?;
            }
            Op::Reverse { entry, amount } => {
                refuse(*entry == 0 || *entry > self.seq, "entry_not_found", &[])?;
                let out = self.spends.get_mut(entry).ok_or(("not_reversible", vec![]))?;
                let amount = part(sum(out), amount)?;
                let back = cut(out, amount);
                self.give_back(back, now);
                refuse(self.total() > MAX, "amount_too_large", &[])?;
            }
            Op::ClawBack { lot: no, amount } => {
                refuse(!self.lots.contains_key(no), "lot_not_found", &[])?;
                let left = self.grants.get_mut(no).ok_or(("not_reversible", vec![]))?;
                let amount = part(*left, amount)?;
                *left -= amount;
                self.claw_back(*no, amount)?;
            }
            Op::Reinstate { entry, amount } => {
                refuse(*entry == 0 || *entry > self.seq, "entry_not_found", &[])?;
                let (lot, out) = self.clawbacks.get_mut(entry).ok_or(("not_reversible", vec![]))?;
                let amount = part(sum(out), amount)?;
                *self.grants.get_mut(lot).unwrap() += amount;
                let (rank, back) = (self.lots[lot].rank, cut(out, amount));
                self.give_back_to(back, rank, now);
                refuse(self.total() > MAX, "amount_too_large", &[])?;
            }
            Op::Void { lot } => {
                let lot = self.running(*lot, now)?;
                lot.until = now;
                if lot.free > 0 {
                    lot.lapse(true, lot.free);
                }
            }
            Op::ChangeExpiry { lot, expires_at } => {
                let lot = self.running(*lot, now)?;
                lot.until = expires_at.map_or(i64::MAX, |at| at.micros());
                refuse(lot.until <= now.max(lot.from), "expiry_too_early", &[])?;
            }
        }
        Ok(())
    }

    fn set_limit(&mut self, limit: i128) -> Result<(), Refusal> {
        self.limit = limit;
        refuse(limit < 0, "overdraft_limit_negative", &[])?;
        refuse(limit > MAX, "amount_too_large", &[])
    }

    fn total(&self) -> i128 {
        self.lots.values().map(|lot| lot.free).sum::<i128>() + self.held(|_| true)
    }

    fn grant(&mut self, mut lot: Lot, now: i64) -> Result<(), Refusal> {
        refuse(lot.free <= 0, "amount_not_positive", &[])?;
        refuse(lot.until <= now.max(lot.from), "expiry_too_early", &[])?;
        refuse(self.total() + lot.free > MAX, "amount_too_large", &[])?;
        if lot.scope.is_empty() && lot.from <= now {
            lot.free = self.repay(lot.free);
        }
        self.lots.insert(self.seq + 1, lot);
        Ok(())
    }

    /// Takes free credits, writes down where, says what is missing.
    fn take(&mut self, amount: i128, pays: impl Fn(&Lot) -> bool, taken: &mut Parts, now: i64) -> i128 {
        let mut missing = amount;
        for no in self.burn_down() {
            let lot = self.lots.get_mut(&no).unwrap();
            let part = if lot.counts(now) && pays(lot) { lot.free.min(missing) } else { 0 };
            lot.free -= part;
            missing -= part;
            match taken.iter_mut().find(|(place, _)| *place == Place::Lot(no)) {
                Some((_, amount)) => *amount += part,
                None if part > 0 => taken.push((Place::Lot(no), part)),
                None => {}
            }
        }
        missing
    }

    fn overdraw(&mut self, missing: i128, required: i128, taken: &mut Parts) -> Result<(), Refusal> {
        enough(missing, (self.limit - self.overdraft).max(0), required)?;
        self.overdraft += missing;
        taken.push((Place::Overdraft, missing));
        Ok(())
    }

    /// Repays the overdraft, says what is left.
    fn repay(&mut self, amount: i128) -> i128 {
        let repaid = amount.min(self.overdraft);
        self.overdraft -= repaid;
        amount - repaid
    }

    /// What is free, then what lapsed, then what was spent or is held.
    fn claw_back(&mut self, no: u64, amount: i128) -> Result<(), Refusal> {
        let lot = self.lot(no);
        let free = lot.free.min(amount);
        lot.free -= free;
        let mut left = amount - free;
        let mut taken = Parts::new();
        for (voided, had) in &mut lot.lapsed {
            let share = left.min(*had);
            (*had, left) = (*had - share, left - share);
            taken.push((Place::Lapsed(no, *voided), share));
        }
        // The lot gets its part back before the counter-accounts get theirs.
        taken.extend([(Place::Lot(no), free), (Place::Overdraft, left)]);
        self.overdraft += left;
        self.clawbacks.insert(self.seq + 1, (no, taken));
        refuse(self.overdraft > MAX, "amount_too_large", &[])
    }

    fn give_back(&mut self, parts: Parts, now: i64) {
        self.give_back_to(parts, 300, now);
    }

    /// What was overdrawn and is repaid becomes a lot of this rank.
    fn give_back_to(&mut self, parts: Parts, rank: i32, now: i64) {
        for (place, amount) in parts {
            match place {
                Place::Lot(no) => self.lot(no).free += amount,
                Place::Lapsed(no, voided) => {
                    let lapsed = self.lot(no).lapsed.iter_mut().find(|(by_void, _)| *by_void == voided);
                    lapsed.unwrap().1 += amount;
                }
                Place::Overdraft => {
                    if let rest @ 1.. = self.repay(amount) {
                        self.lots.insert(self.seq + 1, plain(rest, rank, now));
                    }
                }
            }
        }
    }

    fn running(&mut self, lot: u64, now: i64) -> Result<&mut Lot, Refusal> {
        let lot = self.lots.get_mut(&lot).ok_or(("lot_not_found", vec![]))?;
        if lot.until <= now { Err(("lot_ended", vec![])) } else { Ok(lot) }
    }
}

/// Cuts `amount` off the end of a list, the last part first.
fn cut(parts: &mut Parts, mut amount: i128) -> Parts {
    let mut cut = Parts::new();
    while amount > 0 {
        let (place, part) = parts.pop().unwrap();
        cut.push((place, part.min(amount)));
        if part > amount {
            parts.push((place, part - amount));
        }
        amount -= part.min(amount);
    }
    cut
}

fn plain(free: i128, rank: i32, now: i64) -> Lot {
    Lot { free, lapsed: vec![], rank, class: rank, scope: vec![], from: now, until: i64::MAX }
}

/// What is asked for, or all that is left.
fn part(left: i128, amount: &Option<Amount>) -> Result<i128, Refusal> {
    let amount = amount.as_ref().map_or(left, int);
    refuse(left == 0 || amount > left, "reversal_too_large", &[left])?;
    refuse(amount <= 0, "amount_not_positive", &[])?;
    Ok(amount)
}

fn int(amount: &Amount) -> i128 {
    amount.units().into()
}

fn sum(parts: &Parts) -> i128 {
    parts.iter().map(|part| part.1).sum()
}

fn end(ttl_seconds: i64, now: i64) -> Result<i64, Refusal> {
    refuse(!(1..=7 * 24 * 60 * 60).contains(&ttl_seconds), "ttl_out_of_range", &[])?;
    Ok(now + ttl_seconds * 1_000_000)
}

fn refuse(when: bool, code: &'static str, amounts: &[i128]) -> Result<(), Refusal> {
    if when { Err((code, amounts.to_vec())) } else { Ok(()) }
}

fn enough(missing: i128, room: i128, required: i128) -> Result<(), Refusal> {
    refuse(missing > room, "insufficient_credits", &[required - missing + room, required])
}
