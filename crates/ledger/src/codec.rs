//! The canonical bytes of a transaction: what is stored and what is hashed.
//!
//! A version byte, then every field in one fixed order: integers as LEB128 varints (signed ones zigzagged), texts with
//! their length before them, options with a byte before them. Equal transactions have equal bytes and different ones
//! different bytes, on every machine and for ever: a new field means a new version byte, a new kind the next tag. The hash is not part of them.

use std::sync::Arc;

use thiserror::Error;

use crate::transaction::Postings;
use crate::{
    Amount, Counter, CounterPosting, Event, Hash, InputHash, Kind, LotKind, LotSpec, Memo, Part, Posting, Timestamp,
    Transaction,
};

const VERSION: u8 = 1;

/// Stored bytes that are no transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("damaged transaction: {0}")]
pub struct DecodeError(&'static str);

/// Appends the canonical bytes of a transaction.
pub fn encode(tx: &Transaction, out: &mut Vec<u8>) {
    let mut w = Writer(out);
    w.byte(VERSION);
    w.unsigned(tx.seq);
    w.time(tx.at);
    w.signed(tx.at.micros() - tx.dated_at.micros());
    w.optional_text(tx.key.as_deref());
    w.0.extend_from_slice(&tx.input);
    w.text(&tx.actor);
    for text in memo_texts(&tx.memo) {
        w.optional_text(text.as_deref());
    }
    w.byte(tx.counter as u8);
    w.unsigned(tx.postings.len() as u64);
    for posting in &tx.postings {
        w.unsigned(posting.lot);
        w.amount(posting.amount);
    }
    w.amount(tx.overdraft);
    w.amount(tx.balance_after);
    w.amount(tx.pending_after);
    w.amount(tx.available_after);
    w.event(&tx.event);
}

/// Reads what [`encode`] wrote; `hash` is what was stored beside it. Refuses leftover bytes.
pub fn decode(bytes: &[u8], hash: Hash) -> Result<Transaction, DecodeError> {
    let mut r = Reader(bytes);
    if r.byte()? != VERSION {
        return Err(DecodeError("unknown version"));
    }
    let seq = r.unsigned()?;
    let at = r.time()?;
    let before = r.signed()?;
    let dated_at = at.micros().checked_sub(before).ok_or(DecodeError("time out of range"))?;
    let tx = Transaction {
        seq,
        at,
        dated_at: Timestamp::from_micros(dated_at),
        key: r.optional_text()?,
        input: r.input()?,
        actor: Arc::from(&*r.text()?),
        memo: Memo {
            service: r.optional_text()?,
            resource: r.optional_text()?,
            reference: r.optional_text()?,
            description: r.optional_text()?,
            metadata: r.optional_text()?,
            pricing: r.optional_text()?,
        },
        counter: r.one_of(&Counter::ALL)?,
        postings: r.postings()?,
        overdraft: r.amount()?,
        balance_after: r.amount()?,
        pending_after: r.amount()?,
        available_after: r.amount()?,
        event: r.event()?,
        hash,
    };
    if r.0.is_empty() { Ok(tx) } else { Err(DecodeError("bytes left over")) }
}

fn memo_texts(memo: &Memo) -> [&Option<Box<str>>; 6] {
    [&memo.service, &memo.resource, &memo.reference, &memo.description, &memo.metadata, &memo.pricing]
}

struct Writer<'a>(&'a mut Vec<u8>);

impl Writer<'_> {
    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn unsigned(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    fn signed(&mut self, value: i64) {
        self.unsigned(((value << 1) ^ (value >> 63)) as u64);
    }

    fn amount(&mut self, amount: Amount) {
        self.signed(amount.units());
    }

    fn time(&mut self, time: Timestamp) {
        self.signed(time.micros());
    }

    fn optional_time(&mut self, time: Option<Timestamp>) {
        self.byte(u8::from(time.is_some()));
        if let Some(time) = time {
            self.time(time);
        }
    }

    fn text(&mut self, text: &str) {
        self.unsigned(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn optional_text(&mut self, text: Option<&str>) {
        self.byte(u8::from(text.is_some()));
        if let Some(text) = text {
            self.text(text);
        }
    }

    fn lot(&mut self, lot: &LotSpec) {
        self.byte(lot.kind as u8);
        self.byte(u8::from(lot.priority.is_some()));
        if let Some(priority) = lot.priority {
            self.signed(priority.into());
        }
        self.amount(lot.allocated);
        self.optional_time(lot.effective_at);
        self.optional_time(lot.expires_at);
        self.unsigned(lot.scope.len() as u64);
        for service in &lot.scope {
            self.text(service);
        }
    }

    fn optional_lot(&mut self, lot: Option<&LotSpec>) {
        self.byte(u8::from(lot.is_some()));
        if let Some(lot) = lot {
            self.lot(lot);
        }
    }

    fn counter_postings(&mut self, postings: &[CounterPosting]) {
        self.unsigned(postings.len() as u64);
        for posting in postings {
            self.byte(posting.counter as u8);
            self.amount(posting.amount);
        }
    }

    fn event(&mut self, event: &Event) {
        self.byte(event.kind().tag());
        match event {
            Event::Opened { overdraft_limit } => self.amount(*overdraft_limit),
            Event::Configured { overdraft_limit, closed } => {
                self.amount(*overdraft_limit);
                self.byte(u8::from(*closed));
            }
            Event::Granted(lot) => self.lot(lot),
            Event::Debited { requested } => self.amount(*requested),
            Event::Adjusted(lot) => self.optional_lot(lot.as_ref()),
            Event::HoldPlaced { expires_at, parts } => {
                self.time(*expires_at);
                self.unsigned(parts.len() as u64);
                for part in parts {
                    self.unsigned(part.lot);
                    self.amount(part.amount);
                }
            }
            Event::HoldCaptured { hold, requested } => {
                self.unsigned(*hold);
                self.amount(*requested);
            }
            Event::HoldReleased { hold } | Event::HoldExpired { hold } => self.unsigned(*hold),
            Event::HoldExtended { hold, expires_at } => {
                self.unsigned(*hold);
                self.time(*expires_at);
            }
            Event::Reversed { entry, rest } => {
                self.unsigned(*entry);
                self.optional_lot(rest.as_ref());
            }
            Event::LotExpired { lot } | Event::LotVoided { lot } => self.unsigned(*lot),
            Event::LotExpiryChanged { lot, expires_at } => {
                self.unsigned(*lot);
                self.optional_time(*expires_at);
            }
            Event::OverdraftRepaid => {}
            Event::ClawedBack { lot, lapsed } => {
                self.unsigned(*lot);
                self.counter_postings(lapsed);
            }
            Event::Reinstated { entry, lot, lapsed, rest } => {
                self.unsigned(*entry);
                self.unsigned(*lot);
                self.counter_postings(lapsed);
                self.optional_lot(rest.as_ref());
            }
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(DecodeError("too short"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        Ok(self.take(1)?[0])
    }

    fn flag(&mut self) -> Result<bool, DecodeError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(DecodeError("not a flag")),
        }
    }

    fn unsigned(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if (bits << shift) >> shift != bits {
                return Err(DecodeError("number too large"));
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                // A number has one spelling only: no padding zeros.
                return if byte == 0 && shift > 0 { Err(DecodeError("padded number")) } else { Ok(value) };
            }
        }
        Err(DecodeError("number too long"))
    }

    fn signed(&mut self) -> Result<i64, DecodeError> {
        let value = self.unsigned()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn length(&mut self) -> Result<usize, DecodeError> {
        let length = self.unsigned()?;
        // Every element takes a byte at least, so a longer length is damage, not a request for memory.
        usize::try_from(length)
            .ok()
            .filter(|length| *length <= self.0.len())
            .ok_or(DecodeError("length beyond the end"))
    }

    fn amount(&mut self) -> Result<Amount, DecodeError> {
        Ok(Amount::from_units(self.signed()?))
    }

    fn time(&mut self) -> Result<Timestamp, DecodeError> {
        Ok(Timestamp::from_micros(self.signed()?))
    }

    fn optional<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }

    fn text(&mut self) -> Result<Box<str>, DecodeError> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map(Box::from).map_err(|_| DecodeError("text is not UTF-8"))
    }

    fn optional_text(&mut self) -> Result<Option<Box<str>>, DecodeError> {
        self.optional(Self::text)
    }

    fn input(&mut self) -> Result<InputHash, DecodeError> {
        self.take(16)?.try_into().map_err(|_| DecodeError("too short"))
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> Result<T, DecodeError> {
        all.get(usize::from(self.byte()?)).copied().ok_or(DecodeError("unknown tag"))
    }

    fn postings(&mut self) -> Result<Postings, DecodeError> {
        let count = self.length()?;
        (0..count).map(|_| Ok(Posting { lot: self.unsigned()?, amount: self.amount()? })).collect()
    }

    fn lot(&mut self) -> Result<LotSpec, DecodeError> {
        let kind = self.one_of(&LotKind::ALL)?;
        let priority = self.optional(Self::signed)?;
        let priority = priority.map(i32::try_from).transpose().map_err(|_| DecodeError("number too large"))?;
        let allocated = self.amount()?;
        let effective_at = self.optional(Self::time)?;
        let expires_at = self.optional(Self::time)?;
        let count = self.length()?;
        let scope = (0..count).map(|_| self.text()).collect::<Result<_, _>>()?;
        Ok(LotSpec { kind, priority, allocated, effective_at, expires_at, scope })
    }

    fn parts(&mut self) -> Result<Box<[Part]>, DecodeError> {
        let count = self.length()?;
        (0..count).map(|_| Ok(Part { lot: self.unsigned()?, amount: self.amount()? })).collect()
    }

    fn counter_postings(&mut self) -> Result<Box<[CounterPosting]>, DecodeError> {
        let count = self.length()?;
        (0..count)
            .map(|_| Ok(CounterPosting { counter: self.one_of(&Counter::ALL)?, amount: self.amount()? }))
            .collect()
    }

    fn event(&mut self) -> Result<Event, DecodeError> {
        Ok(match self.one_of(&Kind::ALL)? {
            Kind::Open => Event::Opened { overdraft_limit: self.amount()? },
            Kind::Configure => Event::Configured { overdraft_limit: self.amount()?, closed: self.flag()? },
            Kind::Grant => Event::Granted(self.lot()?),
            Kind::Debit => Event::Debited { requested: self.amount()? },
            Kind::Adjustment => Event::Adjusted(self.optional(Self::lot)?),
            Kind::Hold => Event::HoldPlaced { expires_at: self.time()?, parts: self.parts()? },
            Kind::Capture => Event::HoldCaptured { hold: self.unsigned()?, requested: self.amount()? },
            Kind::Release => Event::HoldReleased { hold: self.unsigned()? },
            Kind::HoldExpiry => Event::HoldExpired { hold: self.unsigned()? },
            Kind::HoldExtension => Event::HoldExtended { hold: self.unsigned()?, expires_at: self.time()? },
            Kind::Reversal => Event::Reversed { entry: self.unsigned()?, rest: self.optional(Self::lot)? },
            Kind::Expiry => Event::LotExpired { lot: self.unsigned()? },
            Kind::Void => Event::LotVoided { lot: self.unsigned()? },
            Kind::ExpiryChange => {
                Event::LotExpiryChanged { lot: self.unsigned()?, expires_at: self.optional(Self::time)? }
            }
            Kind::Repayment => Event::OverdraftRepaid,
            Kind::Clawback => Event::ClawedBack { lot: self.unsigned()?, lapsed: self.counter_postings()? },
            Kind::Reinstatement => Event::Reinstated {
                entry: self.unsigned()?,
                lot: self.unsigned()?,
                lapsed: self.counter_postings()?,
                rest: self.optional(Self::lot)?,
            },
        })
    }
}
