//! The canonical bytes and the chain, pinned: what is stored and hashed today must be so for ever.
//!
//! `format.txt` has the bytes of one transaction of every kind and the hashes that chain them. A difference means that
//! stored ledgers can no longer be read or verified: give the new format a new version byte instead of changing the file.

#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::fmt::Write;
use std::sync::Arc;

use ledger::{
    Amount, Counter, CounterPosting, Event, Hash, Kind, LotKind, LotSpec, Memo, Part, Posting, Timestamp, Transaction,
    Unit, chain, decode, encode,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const FORMAT: &str = include_str!("format.txt");

#[test]
fn one_transaction_of_every_kind_has_its_bytes_and_hash() {
    let mut written = String::new();
    let mut head = Hash::ZERO;
    for (mut tx, kind) in one_of_every_kind().into_iter().zip(Kind::ALL) {
        assert_eq!(tx.kind(), kind, "the sample is not in the order of the kinds");
        let bytes = bytes(&tx);
        head = chain::link("acme", Unit::CREDIT, tx.seq, &bytes, head);
        tx.hash = head;
        assert_eq!(decode(&bytes, head), Ok(tx));
        writeln!(written, "{} {} {head:?}", kind.name(), hex(&bytes)).unwrap();
    }
    assert!(written == FORMAT, "the format has changed; it is now\n{written}");
}

#[test]
fn a_link_hangs_on_everything_before_it() {
    let usd = Unit::parse("USD").unwrap();
    let link = |account, unit, seq, bytes: &[u8], previous| chain::link(account, unit, seq, bytes, previous);
    let other = Hash([1; 32]);
    let links = [
        link("acme", Unit::CREDIT, 1, b"x", Hash::ZERO),
        link("acm", Unit::CREDIT, 1, b"x", Hash::ZERO),
        link("acme", usd, 1, b"x", Hash::ZERO),
        link("acme", Unit::CREDIT, 2, b"x", Hash::ZERO),
        link("acme", Unit::CREDIT, 1, b"y", Hash::ZERO),
        link("acme", Unit::CREDIT, 1, b"xx", Hash::ZERO),
        link("acme", Unit::CREDIT, 1, b"x", other),
    ];
    for (at, link) in links.iter().enumerate() {
        assert!(!links[..at].contains(link), "link {at} equals an earlier one");
    }
}

#[test]
fn every_flipped_bit_and_every_truncation_is_noticed() {
    for tx in one_of_every_kind() {
        damage_is_noticed(&tx);
    }
}

#[test]
fn any_transaction_is_read_back_and_any_damage_is_noticed() {
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let outcome = TestRunner::new_with_rng(config, rng).run(&transaction(), |tx| {
        assert_eq!(decode(&bytes(&tx), tx.hash).as_ref(), Ok(&tx));
        damage_is_noticed(&tx);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn different_transactions_have_different_bytes() {
    let config = Config { cases: 2_000, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[8; 32]);
    let outcome = TestRunner::new_with_rng(config, rng).run(&(transaction(), transaction()), |(one, other)| {
        assert_eq!(one == other, bytes(&one) == bytes(&other));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn bytes_that_say_the_same_in_another_way_are_refused() {
    let tx = one_of_every_kind().remove(0);
    let good = bytes(&tx);
    let refused = |bytes: &[u8]| decode(bytes, Hash::ZERO).unwrap_err().to_string();
    let mut other_version = good.clone();
    other_version[0] = 2;
    assert_eq!(refused(&other_version), "damaged transaction: unknown version");
    let longer = [good.as_slice(), &[0]].concat();
    assert_eq!(refused(&longer), "damaged transaction: bytes left over");
    // seq 1 as two bytes.
    let padded = [&[1, 0x81, 0x00], &good[2..]].concat();
    assert_eq!(refused(&padded), "damaged transaction: padded number");
    let endless = [&[1], [0xff; 10].as_slice(), &good[2..]].concat();
    assert_eq!(refused(&endless), "damaged transaction: number too large");
    assert_eq!(refused(&[]), "damaged transaction: too short");
}

/// Damaged bytes do not decode, or they decode to something else, which encodes to the damaged bytes and so breaks the
/// chain: no second spelling of a transaction exists.
fn damage_is_noticed(tx: &Transaction) {
    let good = bytes(tx);
    let hash = chain::link("acme", Unit::CREDIT, tx.seq, &good, Hash::ZERO);
    let check = |damaged: &[u8]| {
        let Ok(other) = decode(damaged, tx.hash) else { return };
        assert_ne!(&other, tx);
        assert_eq!(bytes(&other), damaged);
        assert_ne!(chain::link("acme", Unit::CREDIT, other.seq, damaged, Hash::ZERO), hash);
    };
    let mut damaged = good.clone();
    for at in 0..good.len() {
        for bit in 0..8 {
            damaged[at] ^= 1 << bit;
            check(&damaged);
            damaged[at] = good[at];
        }
        assert!(decode(&good[..at], tx.hash).is_err(), "a beginning of {at} bytes decodes");
    }
}

fn bytes(tx: &Transaction) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(tx, &mut bytes);
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn one_of_every_kind() -> Vec<Transaction> {
    let units = Amount::from_units;
    let at = Timestamp::from_micros;
    let lot = LotSpec {
        kind: LotKind::Voucher,
        priority: Some(-5),
        allocated: units(1_000),
        effective_at: Some(at(1_700_000_000_000_000)),
        expires_at: None,
        scope: Box::from([Box::from("gpu"), Box::from("llm")]),
    };
    let plain = LotSpec { priority: None, effective_at: None, scope: Box::default(), ..lot.clone() };
    let parts = Box::from([Part { lot: 3, amount: units(40) }, Part { lot: 5, amount: units(2) }]);
    let expires_at = at(1_700_000_900_000_000);
    let other = |counter, count| CounterPosting { counter, amount: units(count) };
    let lapsed = Box::from([other(Counter::Breakage, -40), other(Counter::Receivable, -300)]);
    let events = [
        Event::Opened { overdraft_limit: units(50) },
        Event::Configured { overdraft_limit: Amount::MAX, closed: true },
        Event::Granted(lot),
        Event::Debited { requested: units(300) },
        Event::Adjusted(None),
        Event::HoldPlaced { expires_at, parts },
        Event::HoldCaptured { hold: 6, requested: units(41) },
        Event::HoldReleased { hold: 6 },
        Event::HoldExpired { hold: 6 },
        Event::HoldExtended { hold: 6, expires_at },
        Event::Reversed { entry: 4, rest: Some(plain.clone()) },
        Event::LotExpired { lot: 3 },
        Event::LotVoided { lot: 3 },
        Event::LotExpiryChanged { lot: 3, expires_at: Some(expires_at) },
        Event::OverdraftRepaid,
        Event::ClawedBack { lot: 3, lapsed },
        Event::Reinstated { entry: 16, lot: 3, lapsed: Box::from([other(Counter::Breakage, 5)]), rest: Some(plain) },
    ];
    events.into_iter().zip(1..).map(|(event, seq)| sample(event, seq)).collect()
}

/// A transaction with something in every field, and every other one without what may be missing.
fn sample(event: Event, seq: u64) -> Transaction {
    let text = |text: &str| (seq % 2 == 1).then(|| Box::from(text));
    let units = |units| Amount::from_units(units);
    let lots = [Posting { lot: 3, amount: units(-300) }, Posting { lot: 200, amount: units(7) }];
    let now = Timestamp::from_micros(1_700_000_000_000_000 + seq as i64);
    Transaction {
        seq,
        at: now,
        dated_at: if seq == 12 { Timestamp::from_micros(1_699_999_999_000_000) } else { now },
        key: text("order-17"),
        input: std::array::from_fn(|at| at as u8),
        actor: Arc::from("key:ops"),
        memo: Memo {
            service: text("llm"),
            resource: text("gpt"),
            reference: text("job 9"),
            description: text("Prüfung ✓"),
            metadata: text("{\"a\":1}"),
            pricing: text("{}"),
        },
        event,
        counter: Counter::ALL[seq as usize % Counter::ALL.len()],
        postings: lots[..seq as usize % 3].into(),
        overdraft: units(-20),
        balance_after: units(680),
        pending_after: units(10),
        available_after: units(-630),
        hash: Hash::ZERO,
    }
}

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![any::<i64>(), -200_i64..200].prop_map(Amount::from_units)
}

fn text() -> impl Strategy<Value = Box<str>> {
    "[a-cé✓]{0,3}".prop_map(Box::from)
}

fn lot() -> impl Strategy<Value = LotSpec> {
    let times = (option::of(0_i64..1_000), option::of(0_i64..1_000));
    let scope = vec(text(), 0..3);
    (0..LotKind::ALL.len(), option::of(any::<i32>()), amount(), times, scope).prop_map(
        |(kind, priority, allocated, times, scope)| LotSpec {
            kind: LotKind::ALL[kind],
            priority,
            allocated,
            effective_at: times.0.map(Timestamp::from_micros),
            expires_at: times.1.map(Timestamp::from_micros),
            scope: scope.into(),
        },
    )
}

fn lapsed() -> impl Strategy<Value = Box<[CounterPosting]>> {
    let posting = (0..Counter::ALL.len(), amount());
    let posting = posting.prop_map(|(counter, amount)| CounterPosting { counter: Counter::ALL[counter], amount });
    vec(posting, 0..3).prop_map(Into::into)
}

fn event() -> impl Strategy<Value = Event> {
    let time = || (0_i64..1_000).prop_map(Timestamp::from_micros);
    let part = (0_u64..300, amount()).prop_map(|(lot, amount)| Part { lot, amount });
    prop_oneof![
        amount().prop_map(|overdraft_limit| Event::Opened { overdraft_limit }),
        (amount(), any::<bool>()).prop_map(|(overdraft_limit, closed)| Event::Configured { overdraft_limit, closed }),
        lot().prop_map(Event::Granted),
        amount().prop_map(|requested| Event::Debited { requested }),
        option::of(lot()).prop_map(Event::Adjusted),
        (time(), vec(part, 0..4)).prop_map(|(expires_at, parts)| Event::HoldPlaced { expires_at, parts: parts.into() }),
        (any::<u64>(), amount()).prop_map(|(hold, requested)| Event::HoldCaptured { hold, requested }),
        (0_u64..300).prop_map(|hold| Event::HoldReleased { hold }),
        (0_u64..300).prop_map(|hold| Event::HoldExpired { hold }),
        (0_u64..300, time()).prop_map(|(hold, expires_at)| Event::HoldExtended { hold, expires_at }),
        (0_u64..300, option::of(lot())).prop_map(|(entry, rest)| Event::Reversed { entry, rest }),
        (0_u64..300).prop_map(|lot| Event::LotExpired { lot }),
        (0_u64..300).prop_map(|lot| Event::LotVoided { lot }),
        (0_u64..300, option::of(time())).prop_map(|(lot, expires_at)| Event::LotExpiryChanged { lot, expires_at }),
        Just(Event::OverdraftRepaid),
        (0_u64..300, lapsed()).prop_map(|(lot, lapsed)| Event::ClawedBack { lot, lapsed }),
        (0_u64..300, 0_u64..300, lapsed(), option::of(lot()))
            .prop_map(|(entry, lot, lapsed, rest)| Event::Reinstated { entry, lot, lapsed, rest }),
    ]
}

fn transaction() -> impl Strategy<Value = Transaction> {
    let texts = (option::of(text()), text(), option::of(text()), option::of(text()));
    let amounts = (amount(), amount(), amount(), amount());
    let posting = (0_u64..300, amount()).prop_map(|(lot, amount)| Posting { lot, amount });
    let postings = vec(posting, 0..4);
    let head = (prop_oneof![0_u64..300, any::<u64>()], 0_i64..1_000, 0_i64..1_000, any::<[u8; 16]>());
    (head, texts, 0..Counter::ALL.len(), amounts, postings, event()).prop_map(
        |((seq, at, dated_at, input), (key, actor, service, pricing), counter, amounts, postings, event)| Transaction {
            seq,
            at: Timestamp::from_micros(at),
            dated_at: Timestamp::from_micros(dated_at),
            key,
            input,
            actor: Arc::from(&*actor),
            memo: Memo { service, pricing, ..Memo::default() },
            event,
            counter: Counter::ALL[counter],
            postings: postings.into(),
            overdraft: amounts.0,
            balance_after: amounts.1,
            pending_after: amounts.2,
            available_after: amounts.3,
            hash: Hash::ZERO,
        },
    )
}
