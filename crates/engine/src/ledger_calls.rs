//! Requests as orders to the store.
//!
//! Each `order_…` checks a request and answers with what the store is asked to do; [`Engine::submit`] asks it. So a
//! batch is many orders submitted together, and single and batch forms cannot differ. The fingerprint of a request
//! covers what was asked, never what was looked up for it (prices, defaults), so a repeat is known as one whatever has
//! changed since. Cost: no query for a known account and price book (one for usage of a plan with prices of its own); capture and reversal read the entry they refer to.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::{
    Account, Amount, Command, Event, HoldNo, InputHash, LotKind, LotSpec, Memo, OnInsufficient, Op, Overrun, Timestamp,
    price,
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::{AccountRef, AccountView, EntryView, Failure, Order, Receipt, Target};

use crate::accounts::Located;
use crate::checks::{self, Metadata};
use crate::ids::{IdKind, LocalId};
use crate::{Engine, Error, Origin, Result, plans};

/// Who asks, and the key that makes a repeat harmless.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// For the record: `key:…`, `user:usr_…`, `operator:opr_…`, `job:sweep`.
    pub actor: Arc<str>,
    /// Idempotency key.
    pub key: Option<Box<str>>,
    /// Where the request came from.
    pub origin: Origin,
}

impl From<&str> for Call {
    /// Somebody without an idempotency key, whom nobody sent: a job, a test.
    fn from(actor: &str) -> Call {
        Call { actor: actor.into(), ..Call::default() }
    }
}

/// What the caller wants remembered.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Note {
    /// What the credits are spent on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Which instance of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Text for people; the reason of an operator's action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The caller's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// A JSON object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
}

impl Note {
    fn check(self) -> Result<Memo> {
        let description = |text| checks::text("description", text, checks::MAX_DESCRIPTION_CHARS, true);
        Ok(Memo {
            service: self.service.map(|text| checks::name("service", text)).transpose()?,
            resource: self.resource.map(|text| checks::name("resource", text)).transpose()?,
            reference: self.reference.map(|text| checks::name("reference", text)).transpose()?,
            description: self.description.map(description).transpose()?,
            metadata: self.metadata.as_ref().map(checks::metadata).transpose()?,
            pricing: None,
        })
    }
}

/// Give credits.
#[derive(Debug, Clone, Serialize)]
pub struct Grant {
    /// A decimal in the account's unit.
    pub amount: String,
    /// Where they come from.
    pub kind: LotKind,
    /// They count from this instant on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Timestamp>,
    /// They stop counting at this instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Services they may pay for; empty means all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<String>,
    /// Overrides the class rank of the kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
}

/// What `POST /v1/usage` says was used.
#[derive(Debug, Clone, Serialize)]
pub struct Usage {
    /// Quantity by meter.
    pub meters: BTreeMap<String, u64>,
    /// When it was used; kept with the price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// What if the credits do not suffice.
    pub on_insufficient: OnInsufficient,
}

/// An order that passed its checks.
#[derive(Debug, Clone)]
pub struct Planned {
    order: Order,
    /// The request cannot take effect any more, for this reason; the order only finds out whether it had before.
    refused: Option<Error>,
}

/// First 16 bytes of the SHA-256 of an operation's name and its request as JSON.
pub(crate) fn fingerprint(operation: &str, request: &impl Serialize) -> InputHash {
    let mut json = Vec::with_capacity(256);
    json.extend_from_slice(operation.as_bytes());
    json.push(0);
    // Requests are plain structs with text keys, which always serialise.
    serde_json::to_writer(&mut json, request).unwrap_or_default();
    let hash: [u8; 32] = Sha256::digest(&json).into();
    let mut input = [0; 16];
    input.copy_from_slice(&hash[..16]);
    input
}

fn plan(call: &Call, account: &Located, input: InputHash, memo: Memo, op: Op) -> Planned {
    let command = Command { key: call.key.clone(), input, actor: Arc::clone(&call.actor), memo, op };
    let target = Target::Existing(AccountRef::No(account.no));
    Planned { order: Order { target, command, rows: Vec::new() }, refused: None }
}

impl Engine {
    /// Does one order: durable when it answers `Ok`.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn submit(&self, planned: Planned) -> Result<Receipt> {
        let outcome = self.store().submit(planned.order).await;
        answer(outcome, planned.refused)
    }

    /// Does many, each on its own; answers stand in the order of the questions.
    pub async fn submit_all(&self, planned: Vec<Planned>) -> Vec<Result<Receipt>> {
        let (orders, refused): (Vec<_>, Vec<_>) =
            planned.into_iter().map(|planned| (planned.order, planned.refused)).unzip();
        let outcomes = self.store().submit_all(orders).await;
        outcomes.into_iter().zip(refused).map(|(outcome, refused)| answer(outcome, refused)).collect()
    }

    /// Give credits. An operator's reason is the note's description.
    ///
    /// # Errors
    /// A field out of bounds, an unknown account. The same for the other orders.
    pub async fn order_grant(&self, call: &Call, account: &str, grant: Grant, note: Note) -> Result<Planned> {
        let account = self.accounts().locate(account).await?;
        let allocated = checks::amount("amount", &grant.amount, account.unit)?;
        let input = fingerprint("grant", &(&account.id, allocated, &grant, &note));
        if grant.scope.len() > checks::MAX_SCOPE_SERVICES {
            let rule = format!("must name at most {} services", checks::MAX_SCOPE_SERVICES);
            return Err(Error::invalid("scope", rule));
        }
        let scope = grant.scope.into_iter().map(|service| checks::name("scope", service)).collect::<Result<_>>()?;
        let Grant { kind, effective_at, expires_at, priority, .. } = grant;
        let lot = LotSpec { kind, priority, allocated, effective_at, expires_at, scope };
        let counter = lot.giver();
        Ok(plan(call, &account, input, note.check()?, Op::Grant { lot, counter }))
    }

    /// Take credits.
    ///
    /// # Errors
    /// As [`Engine::order_grant`].
    pub async fn order_debit(
        &self,
        call: &Call,
        account: &str,
        amount: &str,
        on_insufficient: OnInsufficient,
        note: Note,
    ) -> Result<Planned> {
        let account = self.accounts().locate(account).await?;
        let amount = checks::amount("amount", amount, account.unit)?;
        let input = fingerprint("debit", &(&account.id, amount, on_insufficient, &note));
        Ok(plan(call, &account, input, note.check()?, Op::Debit { amount, on_insufficient }))
    }

    /// Take the price of what was used, by the price book in force.
    ///
    /// # Errors
    /// As [`Engine::order_grant`]. A missing price is told by [`Engine::submit`]: the key may belong to a
    /// repeat of what had a price.
    pub async fn order_usage(&self, call: &Call, account: &str, usage: Usage, note: Note) -> Result<Planned> {
        let account = self.accounts().locate(account).await?;
        let input = fingerprint("usage", &(&account.id, &usage, &note));
        if usage.meters.is_empty() {
            return Err(Error::invalid("meters", "must name at least one meter"));
        }
        let mut memo = note.check()?;
        let service = memo.service.as_deref().ok_or_else(|| Error::invalid("service", "must be given"))?;
        match self.price(&account, service, &usage).await {
            Ok((amount, pricing)) => {
                memo.pricing = Some(pricing);
                let op = Op::Debit { amount, on_insufficient: usage.on_insufficient };
                Ok(plan(call, &account, input, memo, op))
            }
            Err(refused @ (Error::Invalid { .. } | Error::Conflict { .. })) => {
                // An unpriced debit of nothing is always refused, unless it repeats a key.
                let op = Op::Debit { amount: Amount::ZERO, on_insufficient: OnInsufficient::Reject };
                Ok(Planned { refused: Some(refused), ..plan(call, &account, input, memo, op) })
            }
            Err(error) => Err(error),
        }
    }

    /// The price of a usage event, and how it came about as JSON.
    async fn price(&self, account: &Located, service: &str, usage: &Usage) -> Result<(Amount, Box<str>)> {
        #[derive(Serialize)]
        struct Pricing<'a> {
            version: i64,
            #[serde(skip_serializing_if = "Option::is_none")]
            occurred_at_us: Option<Timestamp>,
            #[serde(skip_serializing_if = "Option::is_none")]
            on_demand: Option<plans::AppliedTariff<'a>>,
            #[serde(flatten)]
            charge: &'a price::Charge,
        }
        let book = self.prices().current(account.unit).await?;
        let tariff = self.tariff(account, service).await?;
        let by_plan =
            tariff.as_ref().and_then(|tariff| tariff.rate(&book.compiled, service, &usage.meters).transpose());
        let rated = match by_plan {
            Some(rated) => rated.map(|(charge, applied)| (charge, Some(applied))),
            None => price::rate(&book.compiled, service, &usage.meters).map(|charge| (charge, None)),
        };
        let (charge, on_demand) = rated.map_err(|error| {
            let (param, code) = match &error {
                price::RateError::UnknownService { .. } => ("service".to_owned(), "unknown_service"),
                price::RateError::UnknownMeter { meter, .. } => (format!("meters.{meter}"), "unknown_meter"),
                price::RateError::TooLarge { .. } => ("meters".to_owned(), "amount_too_large"),
            };
            Error::Invalid { param: param.into(), code, detail: error.to_string() }
        })?;
        let pricing = Pricing { version: book.version, occurred_at_us: usage.occurred_at, on_demand, charge: &charge };
        let json = serde_json::to_string(&pricing).map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok((charge.amount(), json.into_boxed_str()))
    }

    /// The prices of the account's plan, if it has any and no credits of the plan are left that cover the service.
    async fn tariff(&self, account: &Located, service: &str) -> Result<Option<Arc<plans::Tariff>>> {
        let Some(tariff) = self.tariffs().of(&account.id).await? else { return Ok(None) };
        let view = self.view(account, None).await?;
        Ok(Some(tariff).filter(|_| !plans::is_covered(&view.account, service, view.as_of)))
    }

    /// Correct a balance by a signed amount.
    ///
    /// # Errors
    /// As [`Engine::order_grant`].
    pub async fn order_adjustment(&self, call: &Call, account: &str, amount: &str, note: Note) -> Result<Planned> {
        let account = self.accounts().locate(account).await?;
        let amount = checks::amount("amount", amount, account.unit)?;
        let input = fingerprint("adjust", &(&account.id, amount, &note));
        Ok(plan(call, &account, input, note.check()?, Op::Adjust { amount }))
    }

    /// Earmark credits, for the configured time unless told otherwise.
    ///
    /// # Errors
    /// As [`Engine::order_grant`].
    pub async fn order_hold(
        &self,
        call: &Call,
        account: &str,
        amount: &str,
        ttl_seconds: Option<u64>,
        note: Note,
    ) -> Result<Planned> {
        let account = self.accounts().locate(account).await?;
        let amount = checks::amount("amount", amount, account.unit)?;
        let input = fingerprint("hold", &(&account.id, amount, ttl_seconds, &note));
        let ttl_seconds = self.ttl(ttl_seconds)?;
        Ok(plan(call, &account, input, note.check()?, Op::Hold { amount, ttl_seconds }))
    }

    /// Spend a hold and end it. What the hold remembered holds for the capture too, unless the note says otherwise.
    ///
    /// # Errors
    /// As [`Engine::order_grant`], and [`Error::NotFound`] for what was never a hold.
    pub async fn order_capture(
        &self,
        call: &Call,
        hold: LocalId,
        amount: &str,
        overrun: Overrun,
        note: Note,
    ) -> Result<Planned> {
        let (account, placed) = self.hold_entry(hold).await?;
        let amount = checks::amount("amount", amount, account.unit)?;
        let input = fingerprint("capture", &(hold.number, amount, overrun, &note));
        let memo = inherit(note.check()?, &placed.transaction.memo);
        Ok(plan(call, &account, input, memo, Op::Capture { hold: hold.number, amount, overrun }))
    }

    /// End a hold without spending.
    ///
    /// # Errors
    /// As [`Engine::order_capture`].
    pub async fn order_release(&self, call: &Call, hold: LocalId) -> Result<Planned> {
        let (account, placed) = self.hold_entry(hold).await?;
        let input = fingerprint("release", &hold.number);
        let memo = inherit(Memo::default(), &placed.transaction.memo);
        Ok(plan(call, &account, input, memo, Op::Release { hold: hold.number }))
    }

    /// Give a hold a new life from now.
    ///
    /// # Errors
    /// As [`Engine::order_capture`].
    pub async fn order_extension(&self, call: &Call, hold: LocalId, ttl_seconds: u64) -> Result<Planned> {
        let (account, placed) = self.hold_entry(hold).await?;
        let input = fingerprint("extend", &(hold.number, ttl_seconds));
        let memo = inherit(Memo::default(), &placed.transaction.memo);
        let ttl_seconds = self.ttl(Some(ttl_seconds))?;
        Ok(plan(call, &account, input, memo, Op::Extend { hold: hold.number, ttl_seconds }))
    }

    /// Give the credits of a debit or capture back; `None`: all that is not reversed yet.
    ///
    /// # Errors
    /// As [`Engine::order_grant`], and [`Error::NotFound`] for an unknown entry.
    pub async fn order_reversal(
        &self,
        call: &Call,
        entry: LocalId,
        amount: Option<&str>,
        note: Note,
    ) -> Result<Planned> {
        let (account, debit) = self.entry(entry).await?;
        let amount = amount.map(|text| checks::amount("amount", text, account.unit)).transpose()?;
        let input = fingerprint("reverse", &(entry.number, amount, &note));
        let memo = inherit(note.check()?, &debit.transaction.memo);
        Ok(plan(call, &account, input, memo, Op::Reverse { entry: entry.number, amount }))
    }

    /// Take away what is free in a lot and end it.
    ///
    /// # Errors
    /// As [`Engine::order_grant`].
    pub async fn order_void(&self, call: &Call, lot: LocalId, note: Note) -> Result<Planned> {
        let account = self.owner(lot, "lot").await?;
        let input = fingerprint("void", &(lot.number, &note));
        Ok(plan(call, &account, input, note.check()?, Op::Void { lot: lot.number }))
    }

    /// Move the expiry of a lot; `None`: never.
    ///
    /// # Errors
    /// As [`Engine::order_grant`].
    pub async fn order_expiry(
        &self,
        call: &Call,
        lot: LocalId,
        expires_at: Option<Timestamp>,
        note: Note,
    ) -> Result<Planned> {
        let account = self.owner(lot, "lot").await?;
        let input = fingerprint("expiry", &(lot.number, expires_at, &note));
        Ok(plan(call, &account, input, note.check()?, Op::ChangeExpiry { lot: lot.number, expires_at }))
    }

    /// The account of an entry, lot or hold.
    ///
    /// # Errors
    /// [`Error::NotFound`] naming `what`, [`Error::Unavailable`].
    pub async fn owner(&self, id: LocalId, what: &'static str) -> Result<Located> {
        self.accounts().locate_no(id.account_no).await.map_err(|error| match error {
            Error::NotFound(_) => Error::NotFound(what),
            error => error,
        })
    }

    /// An entry with what became of it.
    ///
    /// # Errors
    /// [`Error::NotFound`], what the store answers.
    pub async fn entry(&self, id: LocalId) -> Result<(Located, EntryView)> {
        let account = self.owner(id, "entry").await?;
        let entry = self.store().entry(account.no, id.number).await?.ok_or(Error::NotFound("entry"))?;
        Ok((account, entry))
    }

    /// The entry that placed a hold.
    ///
    /// # Errors
    /// [`Error::NotFound`], what the store answers.
    pub async fn hold_entry(&self, hold: LocalId) -> Result<(Located, EntryView)> {
        let entry = LocalId { kind: IdKind::Entry, ..hold };
        let found = self.entry(entry).await.map_err(|error| match error {
            Error::NotFound(_) => Error::NotFound("hold"),
            error => error,
        })?;
        let placed = matches!(found.1.transaction.event, Event::HoldPlaced { .. });
        if placed { Ok(found) } else { Err(Error::NotFound("hold")) }
    }

    /// Whether a hold is open now, and until when.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn open_hold(&self, account: &Located, hold: HoldNo) -> Result<Option<Timestamp>> {
        let view = self.view(account, None).await?;
        Ok(view.account.hold(hold).map(|hold| hold.expires_at))
    }

    /// An account as it is now or was at an instant, with all settled that had fallen due by then.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an instant to come, what the store answers.
    pub async fn view(&self, account: &Located, at: Option<Timestamp>) -> Result<AccountView> {
        let by_no = AccountRef::No(account.no);
        let found = match at {
            None => self.store().account(by_no).await?,
            Some(at) if at > self.now() => return Err(Error::invalid("at", "must not be later than now")),
            Some(at) => self.store().account_at(by_no, at).await?,
        };
        let Some(mut view) = found else {
            // It exists, but did not at that instant.
            let empty = Account::new(account.no, Arc::clone(&account.id), account.unit);
            return Ok(AccountView { account: empty, as_of: at.unwrap_or_else(|| self.now()) });
        };
        // What is due but not booked yet is booked in this copy, so that readers see what the next command would.
        ledger::execute(&mut view.account, &settle_command(), None, view.as_of);
        Ok(view)
    }

    fn ttl(&self, ttl_seconds: Option<u64>) -> Result<i64> {
        let limits = &self.settings().limits;
        let ttl_seconds = ttl_seconds.unwrap_or(limits.hold_ttl_seconds);
        i64::try_from(ttl_seconds).ok().filter(|_| (1..=limits.hold_ttl_max_seconds).contains(&ttl_seconds)).ok_or_else(
            || {
                let detail = format!("must be from 1 to {}", limits.hold_ttl_max_seconds);
                Error::Invalid { param: "ttl_seconds".into(), code: "ttl_out_of_range", detail }
            },
        )
    }
}

/// A refusal of an order that could only have been a repeat is told by its own reason.
fn answer(outcome: std::result::Result<Receipt, Failure>, refused: Option<Error>) -> Result<Receipt> {
    let outcome = match (outcome, refused) {
        (Err(Failure::Refused { .. }), Some(refused)) => Err(refused),
        (outcome, _) => outcome.map_err(Error::from),
    };
    let result = match &outcome {
        Ok(receipt) if receipt.replayed => "replayed",
        Ok(_) => "booked",
        Err(Error::Ledger(Failure::Busy | Failure::Stopping | Failure::NotStored(_))) => "unavailable",
        Err(Error::Ledger(Failure::Unknown)) => "unknown",
        Err(_) => "refused",
    };
    metrics::counter!("scrip_ledger_orders_total", "result" => result).increment(1);
    outcome
}

/// What a follow-up is about is what it follows up, unless it says otherwise.
fn inherit(own: Memo, first: &Memo) -> Memo {
    Memo {
        service: own.service.or_else(|| first.service.clone()),
        resource: own.resource.or_else(|| first.resource.clone()),
        reference: own.reference.or_else(|| first.reference.clone()),
        description: own.description.or_else(|| first.description.clone()),
        metadata: own.metadata.or_else(|| first.metadata.clone()),
        pricing: None,
    }
}

pub(crate) fn settle_command() -> Command {
    Command { key: None, input: [0; 16], actor: Arc::from("job:sweep"), memo: Memo::default(), op: Op::Settle }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_tell_requests_apart() {
        let note = |service: &str| Note { service: Some(service.to_owned()), ..Note::default() };
        let one = fingerprint("debit", &("a", 5, &note("x")));
        assert_eq!(one, fingerprint("debit", &("a", 5, &note("x"))));
        for other in [
            fingerprint("hold", &("a", 5, &note("x"))),
            fingerprint("debit", &("b", 5, &note("x"))),
            fingerprint("debit", &("a", 6, &note("x"))),
            fingerprint("debit", &("a", 5, &note("y"))),
            fingerprint("debit", &("a", 5, &Note::default())),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_follow_up_inherits_what_it_does_not_say() {
        let first = Memo { service: Some("gpu".into()), pricing: Some("{}".into()), ..Memo::default() };
        let own = Memo { description: Some("done".into()), ..Memo::default() };
        let both = inherit(own, &first);
        assert_eq!((both.service.as_deref(), both.description.as_deref()), (Some("gpu"), Some("done")));
        assert_eq!(both.pricing, None);
    }
}
