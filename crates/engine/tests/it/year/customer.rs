//! Who lives through the year: a customer of each zone, what they and the operator do, and what that promised.
//!
//! Whatever is done is written down with the instants that the [`calendar`](super::calendar) gives for it; the
//! [`books`](super::books) are compared with that. What the ledger refuses is no fault here.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use engine::accounts::{Located, NewAccount};
use engine::billing::{self, ProfileDraft, QuoteRequest};
use engine::ids::{IdKind, LocalId};
use engine::ledger_calls::{Grant, Note, Planned};
use engine::settings::Language;
use engine::topups::{self, Beginning, Consented};
use engine::vouchers::{self, NewCampaign, Redeeming};
use engine::{Engine, Error};
use ledger::{Account, Amount, LotKind, OnInsufficient, Overrun, Timestamp, Unit};
use store::{Failure, Receipt};

use super::calendar::{Day, Zone};
use super::seats::Seat;
use super::subscriber::{self, Wallet};
use super::world::World;
use crate::billing::draft;
use crate::call;
use crate::payments::dice::Dice;

/// How long credits of a voucher count.
#[derive(Clone, Copy, Debug)]
enum Validity {
    Days(i64),
    Until(Day),
}

/// A campaign whose codes are redeemed.
struct Offer {
    campaign_id: String,
    validity: Validity,
}

/// From when and until when the credits of a lot are to count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Term {
    pub(super) effective_at: Option<Timestamp>,
    pub(super) expires_at: Option<Timestamp>,
}

impl Term {
    pub(super) fn tell(&self, zone: Zone) -> String {
        let tell = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| zone.tell(at));
        format!("{} to {}", tell(self.effective_at), tell(self.expires_at))
    }
}

/// What was promised: lots that must be there, and no others.
#[derive(Default)]
pub(super) struct Promised {
    /// Payments; the day of the grant decides.
    pub(super) topups: Vec<String>,
    /// Redemptions, each of so many lots.
    pub(super) vouchers: BTreeMap<String, (usize, Term)>,
    /// Grants of the operator, by number of the entry.
    pub(super) grants: BTreeMap<u64, Term>,
}

pub(super) struct Customer {
    pub(super) seat: &'static Seat,
    pub(super) located: Located,
    pub(super) promised: Promised,
    pub(super) dice: Dice,
    pub(super) wallet: Wallet,
    offers: Vec<Offer>,
    /// Entries that took credits, and holds that were placed.
    debits: Vec<LocalId>,
    holds: Vec<LocalId>,
    /// Payments of which no notice came.
    unheard: Vec<String>,
}

impl Customer {
    /// Opens the account, and what may be redeemed there. `days`: last days of vouchers with one.
    pub(super) async fn open(world: &World, mut dice: Dice, seat: &'static Seat, days: &[Day]) -> Customer {
        let node = world.node(&mut dice);
        let new = NewAccount {
            id: Some(seat.id.to_owned()),
            name: seat.id.to_owned(),
            site: seat.site.to_owned(),
            unit: Some(seat.unit.to_owned()),
            overdraft_limit: Some(seat.overdraft.to_string()),
            ..NewAccount::default()
        };
        node.accounts().open(&call(None), new).await.unwrap();
        let address = seat.address.iter().map(|(field, text)| (*field, (*text).to_owned())).collect();
        let profile = ProfileDraft { country: seat.country.to_owned(), address, ..draft(seat.id) };
        billing::put_profile(node, &call(None), seat.id, 0, &profile).await.unwrap();
        let mut offers = Vec::new();
        let lasting = [0, 1, 30, 89].map(Validity::Days);
        for validity in lasting.into_iter().chain(days.iter().copied().map(Validity::Until)) {
            offers.push(Offer { campaign_id: campaign(node, seat, validity).await, validity });
        }
        let located = node.accounts().locate(seat.id).await.unwrap();
        let promised = Promised::default();
        let (wallet, debits, holds, unheard) = (Wallet::default(), Vec::new(), Vec::new(), Vec::new());
        let mut customer = Customer { seat, located, promised, dice, wallet, offers, debits, holds, unheard };
        subscriber::publish(world.node(&mut customer.dice), seat).await;
        customer.save_card(world, true).await;
        customer.top_up(world).await;
        customer
    }

    /// Does something. Plans like the ends of months, whose days not every month has.
    pub(super) async fn act(&mut self, world: &World) {
        let (_, _, day) = self.seat.zone.day(world.now()).date();
        if day > 28 && self.dice.percent(40) {
            return self.plan(world).await;
        }
        match self.dice.below(100) {
            0..=42 => self.debit(world).await,
            43..=52 => self.hold(world).await,
            53..=61 => self.end_hold(world).await,
            62..=68 => self.reverse(world).await,
            69..=73 => self.top_up(world).await,
            74..=77 => self.hear(world).await,
            78..=83 => self.redeem(world).await,
            84..=89 => self.grant(world).await,
            90..=96 => self.plan(world).await,
            97 => self.void(world).await,
            _ => self.move_expiry(world).await,
        }
    }

    async fn account(&mut self, world: &World) -> Account {
        let node = world.node(&mut self.dice);
        node.view(&self.located, None).await.unwrap().account
    }

    /// A part of what is there, and sometimes more.
    async fn some_amount(&mut self, world: &World) -> Amount {
        let account = self.account(world).await;
        let available = account.available(world.now()).max(Amount::ZERO);
        let most = if self.dice.percent(10) { available.units() * 3 / 2 } else { available.units() / 10 };
        Amount::from_units(self.dice.part(most))
    }

    fn text(&self, amount: Amount) -> String {
        self.located.unit.format_amount(amount)
    }

    /// Books an order; `None` when the ledger refuses it.
    async fn book(&mut self, world: &World, planned: Result<Planned, Error>) -> Option<Receipt> {
        booked(world.node(&mut self.dice).submit(planned.unwrap()).await)
    }

    fn id(&self, kind: IdKind, receipt: Receipt) -> LocalId {
        LocalId { kind, account_no: self.located.no, number: receipt.transaction.unwrap().seq }
    }

    fn note(&mut self) -> Note {
        let service = [None, Some("llm"), Some("gpu")][self.dice.below(3)].map(str::to_owned);
        Note { service, ..Note::default() }
    }

    async fn debit(&mut self, world: &World) {
        use OnInsufficient::{Overdraw, Partial, Reject};
        let amount = self.some_amount(world).await;
        let part = self.text(Amount::from_units(1 + amount.units() / self.seat.burst as i64));
        let mut planned = Vec::new();
        for _ in 0..self.seat.burst {
            let (note, rule) = (self.note(), *self.dice.one(&[Reject, Partial, Overdraw]));
            let node = world.node(&mut self.dice);
            planned.push(node.order_debit(&call(None), self.seat.id, &part, rule, note).await.unwrap());
        }
        for outcome in world.node(&mut self.dice).submit_all(planned).await {
            self.debits.extend(booked(outcome).map(|receipt| self.id(IdKind::Entry, receipt)));
        }
    }

    async fn hold(&mut self, world: &World) {
        let amount = self.some_amount(world).await;
        let amount = self.text(amount);
        let (note, ttl_seconds) = (self.note(), *self.dice.one(&[3_600, 86_400, 604_800, 604_800]));
        let node = world.node(&mut self.dice);
        let planned = node.order_hold(&call(None), self.seat.id, &amount, Some(ttl_seconds), note).await;
        if let Some(receipt) = self.book(world, planned).await {
            self.holds.push(self.id(IdKind::Hold, receipt));
        }
    }

    async fn end_hold(&mut self, world: &World) {
        let Some(hold) = self.holds.pop() else { return };
        let amount = self.some_amount(world).await;
        let amount = self.text(amount);
        let release = self.dice.percent(30);
        let node = world.node(&mut self.dice);
        if release {
            let planned = node.order_release(&call(None), hold).await;
            self.book(world, planned).await;
            return;
        }
        let planned = node.order_capture(&call(None), hold, &amount, Overrun::Cap, Note::default()).await;
        if let Some(receipt) = self.book(world, planned).await {
            self.debits.push(self.id(IdKind::Entry, receipt));
        }
    }

    /// Gives credits of an earlier debit back, some to lots that have expired since.
    async fn reverse(&mut self, world: &World) {
        let late = self.debits.len().saturating_sub(20);
        if self.debits.is_empty() {
            return;
        }
        let debit = *self.dice.one(&self.debits[late..]);
        let amount = self.some_amount(world).await;
        let amount = self.dice.percent(40).then(|| self.text(amount));
        let node = world.node(&mut self.dice);
        let planned = node.order_reversal(&call(None), debit, amount.as_deref(), Note::default()).await;
        self.book(world, planned).await;
    }

    /// Pays at the gateway. Its notice comes at once, twice, or not yet.
    async fn top_up(&mut self, world: &World) {
        let node = world.shop(&mut self.dice);
        let amount = (self.seat.topup + self.dice.part(self.seat.topup)).to_string();
        let request = QuoteRequest { amount: &amount, method: self.seat.method, currency: Unit::parse(self.seat.unit) };
        let quote = billing::quote(node, self.seat.id, request).await.unwrap();
        let terms = billing::terms(node, self.seat.id, Language::En).await.unwrap();
        let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let wanted = Beginning {
            account_id: self.seat.id,
            quote_id: &quote.id,
            consent: Consented { text_sha256: &terms.text_sha256, ip, user_agent: "test" },
            language: Language::En,
            return_url: None,
            idempotency_key: &quote.id,
            save_card: false,
        };
        let begun = topups::begin(node, wanted).await.unwrap();
        self.promised.topups.push(begun.payment.id.clone());
        self.unheard.push(begun.payment.id);
        for _ in 0..self.dice.below(3) {
            self.hear(world).await;
        }
    }

    /// The notice of a payment comes.
    async fn hear(&mut self, world: &World) {
        if self.unheard.is_empty() {
            return;
        }
        let number = self.dice.below(self.unheard.len());
        let payment_id = self.unheard[number].clone();
        if self.dice.percent(80) {
            self.unheard.swap_remove(number);
        }
        let node = world.shop(&mut self.dice);
        topups::take_notice(node, self.seat.gateway, payment_id.as_bytes(), &Default::default()).await.unwrap();
    }

    /// Redeems a fresh code, unless its day is over.
    async fn redeem(&mut self, world: &World) {
        let node = world.node(&mut self.dice);
        let offer = self.dice.one(&self.offers);
        let issued = vouchers::issue_codes(node, &call(None), &offer.campaign_id, 1, 1, None).await.unwrap();
        let code = issued.codes[0].expose();
        let wanted = Redeeming { account_id: self.seat.id, code, address: None, idempotency_key: code };
        let (zone, now) = (self.seat.zone, world.now());
        let last = match offer.validity {
            Validity::Days(days) => zone.day(now).plus_days(days),
            Validity::Until(day) => day,
        };
        let redeemed = vouchers::redeem(world.node(&mut self.dice), &call(None), wanted).await;
        if zone.end(last) <= now {
            assert!(matches!(redeemed, Err(Error::Conflict { code: "voucher_expired", .. })), "{last} {redeemed:?}");
            return;
        }
        let (redemption, _) = redeemed.unwrap();
        let term = Term { effective_at: None, expires_at: Some(zone.end(last)) };
        self.promised.vouchers.insert(redemption.id, (redemption.lots.len(), term));
    }

    /// The operator gives credits, for later or at once.
    async fn grant(&mut self, world: &World) {
        let (zone, today) = (self.seat.zone, self.seat.zone.day(world.now()));
        let later = self.dice.percent(50).then(|| today.plus_days(self.dice.part(10)));
        let last = self.dice.percent(80).then(|| later.unwrap_or(today).plus_days(self.dice.part(60)));
        let term = Term { effective_at: later.map(|day| zone.begin(day)), expires_at: last.map(|day| zone.end(day)) };
        let grant = Grant {
            amount: self.dice.part(self.seat.topup).to_string(),
            kind: LotKind::Manual,
            effective_at: term.effective_at,
            expires_at: term.expires_at,
            scope: if self.dice.percent(20) { vec!["gpu".to_owned()] } else { Vec::new() },
            priority: self.dice.percent(20).then_some(1),
        };
        let node = world.node(&mut self.dice);
        let planned = node.order_grant(&call(None), self.seat.id, grant, Note::default()).await;
        let granted = self.book(world, planned).await.unwrap();
        self.promised.grants.insert(granted.transaction.unwrap().seq, term);
    }

    async fn some_lot(&mut self, world: &World) -> Option<LocalId> {
        let account = self.account(world).await;
        let open: Vec<u64> = account.lots.iter().filter(|lot| lot.remaining.is_positive()).map(|lot| lot.no).collect();
        if open.is_empty() {
            return None;
        }
        let number = *self.dice.one(&open);
        Some(LocalId { kind: IdKind::Lot, account_no: self.located.no, number })
    }

    async fn void(&mut self, world: &World) {
        let Some(lot) = self.some_lot(world).await else { return };
        let planned = world.node(&mut self.dice).order_void(&call(None), lot, Note::default()).await;
        self.book(world, planned).await;
    }

    async fn move_expiry(&mut self, world: &World) {
        let Some(lot) = self.some_lot(world).await else { return };
        let zone = self.seat.zone;
        let last = zone.day(world.now()).plus_days(self.dice.part(40) - 1);
        let node = world.node(&mut self.dice);
        let planned = node.order_expiry(&call(None), lot, Some(zone.end(last)), Note::default()).await;
        self.book(world, planned).await;
    }
}

/// What was booked; `None` when the ledger refuses it.
fn booked(outcome: Result<Receipt, Error>) -> Option<Receipt> {
    match outcome {
        Ok(receipt) => Some(receipt),
        Err(Error::Ledger(Failure::Refused { .. })) => None,
        Err(error) => panic!("{error}"),
    }
}

/// A campaign of two lots, one of them for one service.
async fn campaign(node: &Engine, seat: &Seat, validity: Validity) -> String {
    let (valid_days, valid_until) = match validity {
        Validity::Days(days) => (Some(days), None),
        Validity::Until(day) => (None, Some(day.to_string().parse().unwrap())),
    };
    let amount = (seat.topup / 5).to_string();
    let new = NewCampaign {
        name: "Year".to_owned(),
        description: format!("{validity:?}"),
        site: seat.site.to_owned(),
        unit: Some(seat.unit.to_owned()),
        parts: vec![(amount.clone(), Vec::new(), None), (amount, vec!["gpu".to_owned()], None)],
        valid_days,
        valid_until,
        per_account_limit: Some(1_000),
        ..NewCampaign::default()
    };
    vouchers::create_campaign(node, &call(None), new).await.unwrap().id
}
