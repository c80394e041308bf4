//! The language of the scenarios: one line is one step, `at <second> | <what is asked> -> <what comes of it>`.
//!
//! The right side is the whole answer, so a line can neither forget nor hide a movement: bookings that had fallen due
//! come first, divided by `;`. Numbers after `#` are the `seq` of a transaction; amounts are ledger units. `at` holds
//! until the next one. `show`, `lots` and `holds` ask nothing and print the state. `#` at the start is a comment.

use std::fmt::Write;

use ledger::{
    Account, Amount, Command, Counter, Event, LotKind, LotSpec, Memo, OnInsufficient, Op, Overrun, Rejection,
    Timestamp, Transaction,
};

use crate::common::Bench;

/// Plays a scenario on a new account and compares every line that says what comes of it.
pub fn play(scenario: &str) {
    let mut bench = Bench::new();
    let mut now = Timestamp::default();
    let (mut wanted, mut seen) = (String::new(), String::new());
    for line in scenario.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (asked, expected) = line.split_once("->").unwrap_or((line, ""));
        let step = match asked.split_once('|') {
            Some((time, step)) => {
                now = seconds(time.trim().strip_prefix("at ").expect("a time is written `at <second>`"));
                step
            }
            None => asked,
        };
        let answer = answer(&mut bench, step.trim(), now);
        writeln!(wanted, "{} -> {}", asked.trim(), expected.trim()).unwrap();
        writeln!(seen, "{} -> {answer}", asked.trim()).unwrap();
    }
    assert!(wanted == seen, "\nthe scenario says\n\n{wanted}\nbut this happened\n\n{seen}");
}

fn answer(bench: &mut Bench, step: &str, now: Timestamp) -> String {
    let account = &bench.account;
    match step {
        "show" => return show(account, now),
        "lots" => return lots(account),
        "holds" => return holds(account),
        _ => {}
    }
    let executed = bench.execute(&command(step), now);
    let mut said: Vec<String> = executed.settled.iter().map(|booked| tell(&booked.transaction)).collect();
    match &executed.outcome {
        Ok(Some(booked)) => said.push(tell(&booked.transaction)),
        Ok(None) if said.is_empty() => said.push("nothing".to_owned()),
        Ok(None) => {}
        Err(rejection) => said.push(refusal(rejection)),
    }
    said.join("; ")
}

/// `kind#seq`, then what moved, then the counter-account unless it is the usual one, then the date unless it is now.
fn tell(tx: &Transaction) -> String {
    let kind = match tx.event {
        Event::Granted(_) => "lot",
        _ => tx.kind().name(),
    };
    let mut said = format!("{kind}#{}", tx.seq);
    match &tx.event {
        Event::HoldPlaced { parts, .. } => {
            parts.iter().for_each(|part| write!(said, " lot#{} {}", part.lot, part.amount.units()).unwrap());
        }
        Event::HoldExpired { hold } => write!(said, " hold#{hold}").unwrap(),
        _ => {}
    }
    for posting in &tx.postings {
        write!(said, " lot#{} {:+}", posting.lot, posting.amount.units()).unwrap();
    }
    if !tx.overdraft.is_zero() {
        write!(said, " overdraft {:+}", tx.overdraft.units()).unwrap();
    }
    for posting in tx.event.lapsed() {
        write!(said, " {} {:+}", posting.counter.name(), posting.amount.units()).unwrap();
    }
    if !matches!(tx.counter, Counter::None | Counter::Usage) {
        write!(said, " by {}", tx.counter.name()).unwrap();
    }
    if tx.dated_at != tx.at {
        write!(said, " dated {}", tx.dated_at.seconds()).unwrap();
    }
    said
}

fn refusal(rejection: &Rejection) -> String {
    let code = rejection.code();
    match rejection {
        Rejection::InsufficientCredits { available, required } => {
            format!("insufficient {}/{}", available.units(), required.units())
        }
        Rejection::CaptureExceedsHold { held: amount } | Rejection::ReversalTooLarge { reversible: amount } => {
            format!("{code} {}", amount.units())
        }
        _ => code.to_owned(),
    }
}

fn show(account: &Account, now: Timestamp) -> String {
    let account = account.as_of(now);
    let (balance, held, available) = (account.balance(now), account.held(now), account.available(now));
    let amounts = [balance, held, available, account.overdraft].map(Amount::units);
    format!("balance {} held {} available {} overdraft {}", amounts[0], amounts[1], amounts[2], amounts[3])
}

fn lots(account: &Account) -> String {
    let lots = account.lots.iter().filter(|lot| lot.remaining.is_positive()).map(|lot| {
        let held = if lot.held.is_zero() { String::new() } else { format!(" held {}", lot.held.units()) };
        format!("lot#{} {}/{}{held}", lot.no, lot.remaining.units(), lot.allocated.units())
    });
    lots.collect::<Vec<_>>().join(", ")
}

fn holds(account: &Account) -> String {
    let holds = account.holds.iter();
    let holds =
        holds.map(|hold| format!("hold#{} {} until {}", hold.no, hold.amount().units(), hold.expires_at.seconds()));
    holds.collect::<Vec<_>>().join(", ")
}

/// Reads a step.
fn command(step: &str) -> Command {
    let mut words = Words(step.split_ascii_whitespace().collect());
    let verb = words.next();
    let service = words.after("service").map(Box::from);
    let pricing = words.has("priced").then(|| Box::from("{}"));
    let op = op(verb, &mut words);
    assert!(words.0.is_empty(), "{step:?}: what does {:?} mean?", words.0);
    let memo = Memo { service, pricing, ..Memo::default() };
    Command { key: Some(Box::from(step)), input: [7; 16], actor: "test".into(), memo, op }
}

fn op(verb: &str, words: &mut Words<'_>) -> Op {
    match verb {
        "open" => Op::Open { overdraft_limit: words.after("overdraft").map_or(Amount::ZERO, amount) },
        "configure" => {
            let overdraft_limit = words.after("overdraft").map(amount);
            let closed = if words.has("closed") { Some(true) } else { words.has("reopened").then_some(false) };
            Op::Configure { overdraft_limit, closed }
        }
        "grant" => {
            let lot = LotSpec {
                priority: words.after("priority").map(|rank| rank.parse().unwrap()),
                effective_at: words.after("effective").map(seconds),
                expires_at: words.after("expires").map(seconds),
                scope: words.after("scope").map_or(Box::default(), |scope| scope.split(',').map(Box::from).collect()),
                kind: named(&LotKind::ALL, LotKind::name, words.next()),
                allocated: amount(words.next()),
            };
            let counter = words.after("by").map_or(lot.giver(), |name| named(&Counter::ALL, Counter::name, name));
            Op::Grant { lot, counter }
        }
        "debit" => {
            let overdraw = words.has("overdraw").then_some(OnInsufficient::Overdraw);
            let partial = words.has("partial").then_some(OnInsufficient::Partial);
            Op::Debit { amount: amount(words.next()), on_insufficient: overdraw.or(partial).unwrap_or_default() }
        }
        "adjust" => Op::Adjust { amount: amount(words.next()) },
        "hold" => {
            let ttl_seconds = words.after("ttl").map_or(900, |ttl| ttl.parse().unwrap());
            Op::Hold { amount: amount(words.next()), ttl_seconds }
        }
        "capture" => {
            let overdraw = words.has("overdraw").then_some(Overrun::Overdraw);
            let cap = words.has("cap").then_some(Overrun::Cap);
            let overrun = overdraw.or(cap).unwrap_or_default();
            Op::Capture { hold: number(words.next()), amount: amount(words.next()), overrun }
        }
        "release" => Op::Release { hold: number(words.next()) },
        "extend" => {
            let ttl_seconds = words.after("ttl").expect("extend names a ttl").parse().unwrap();
            Op::Extend { hold: number(words.next()), ttl_seconds }
        }
        "reverse" => {
            let entry = number(words.next());
            Op::Reverse { entry, amount: words.more().then(|| amount(words.next())) }
        }
        "claw_back" => {
            let lot = number(words.next());
            Op::ClawBack { lot, amount: words.more().then(|| amount(words.next())) }
        }
        "reinstate" => {
            let entry = number(words.next());
            Op::Reinstate { entry, amount: words.more().then(|| amount(words.next())) }
        }
        "void" => Op::Void { lot: number(words.next()) },
        "expiry" => {
            let lot = number(words.next());
            let at = words.next();
            Op::ChangeExpiry { lot, expires_at: (at != "never").then(|| seconds(at)) }
        }
        "settle" => Op::Settle,
        _ => panic!("no step is called {verb:?}"),
    }
}

struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    fn next(&mut self) -> &'a str {
        assert!(self.more(), "a word is missing");
        self.0.remove(0)
    }

    fn more(&self) -> bool {
        !self.0.is_empty()
    }

    fn has(&mut self, word: &str) -> bool {
        let at = self.0.iter().position(|known| *known == word);
        at.map(|at| self.0.remove(at)).is_some()
    }

    fn after(&mut self, word: &str) -> Option<&'a str> {
        let at = self.0.iter().position(|known| *known == word)?;
        self.0.remove(at);
        Some(self.0.remove(at))
    }
}

fn amount(text: &str) -> Amount {
    match text {
        "MAX" => Amount::MAX,
        "MAX+1" => Amount::from_units(Amount::MAX.units() + 1),
        "LOWEST" => Amount::from_units(i64::MIN),
        _ => Amount::from_units(text.parse().unwrap()),
    }
}

fn seconds(text: &str) -> Timestamp {
    Timestamp::default().plus_seconds(text.parse().unwrap())
}

fn number(text: &str) -> u64 {
    text.split_once('#').expect("a number is written after #").1.parse().unwrap()
}

fn named<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, wanted: &str) -> T {
    *all.iter().find(|known| name(**known) == wanted).unwrap_or_else(|| panic!("nothing is called {wanted:?}"))
}
