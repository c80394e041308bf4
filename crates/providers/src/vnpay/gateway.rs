//! VNPay as a [`Gateway`].
//!
//! * Opening makes a link and asks nobody.
//! * A question (`querydr`) tells the transaction status only; why a payment failed stands in the notice.
//! * Nothing can be closed: a page runs out by its `vnp_ExpireDate`. A payment that VNPay does not know five minutes
//!   after that was never begun, and counts as failed.
//! * A refund carries a request id made of ours, which VNPay takes once a day (GMT+7). On another day than the one it
//!   was asked for, VNPay is asked first, and it is sent only if VNPay shows the payment without any refund.
//! * A question shows one record of the payment, so that a refund is recognised by its number, by our refund id in its
//!   text, or by being the whole. A part refund that VNPay answers with another record stays unknown: its merchant
//!   portal tells. There is no notice of refunds.
//!
//! Deliberately absent: lists, which VNPay has in its portal only; disputes.

use std::future::ready;

use super::api::{Answer, Command, Fields};
use super::client::Client;
use super::page::{self, VERSION};
use super::refund::{self, Seen};
use super::{code, field, notice};
use crate::gateway::{
    Ask, Gateway, Next, Opened, Pending, RawNotice, RefundAsk, RefundSighting, RefundStanding, Reply, Sighting,
    Standing, Trouble, Verified,
};

/// Its name in rows, paths and metrics.
/// The gateway's name in rows, paths and metrics.
pub const NAME: &str = "vnpay";
/// After this long past its end, a page that VNPay does not know was never used; clocks may differ.
const CLOCK_SLACK_SECONDS: i64 = 300;

impl Gateway for Client {
    fn name(&self) -> &'static str {
        NAME
    }

    fn live(&self) -> bool {
        self.config.live
    }

    fn open<'a>(&'a self, ask: &'a Ask) -> Reply<'a, Opened> {
        let opened = page::link(&self.config, ask)
            .map(|link| Opened { object_id: ask.topup_id.clone(), next: Next::Redirect(link) });
        Box::pin(ready(opened))
    }

    fn look_up<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>> {
        Box::pin(self.payment(pending))
    }

    fn complete<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>> {
        Box::pin(self.payment(pending))
    }

    fn close<'a>(&'a self, _pending: &'a Pending) -> Reply<'a, Option<Sighting>> {
        Box::pin(ready(Ok(None)))
    }

    fn refund<'a>(&'a self, ask: &'a RefundAsk) -> Reply<'a, RefundSighting> {
        // VNPay refuses a repeat for reasons of its own, whatever became of the first request.
        let of_now = |trouble| if ask.may_have_run { still_open(trouble) } else { trouble };
        Box::pin(async move { self.refund_once(ask).await.map_err(of_now) })
    }

    fn look_up_refund<'a>(&'a self, ask: &'a RefundAsk) -> Reply<'a, Option<RefundSighting>> {
        Box::pin(async move {
            match self.seen(ask).await? {
                Seen::Refund(sighting) => Ok(Some(*sighting)),
                Seen::Untouched | Seen::Unclear => Ok(None),
            }
        })
    }

    fn can_list(&self) -> bool {
        false
    }

    fn list<'a>(&'a self, _from_s: i64, _to_s: i64) -> Reply<'a, Vec<Sighting>> {
        Box::pin(ready(Err(refused("unsupported", None))))
    }

    fn verify<'a>(&'a self, raw: &'a RawNotice<'a>) -> Verified<'a> {
        let query = self.verified(raw.bytes);
        Box::pin(ready(query.and_then(|query| notice::read(&query, &self.config.tmn_code, self.config.live))))
    }
}

impl Client {
    async fn payment(&self, pending: &Pending) -> Result<Option<Sighting>, Trouble> {
        let topup_id = reference(pending)?;
        let answer = self.query(pending, None).await?;
        match answer.response_code() {
            "00" => self.read_payment(topup_id, &answer).map(Some),
            "91" => Ok(self.never_begun(pending, topup_id)),
            code => Err(refusal(Command::QueryDr, code, &answer)),
        }
    }

    fn read_payment(&self, topup_id: &str, answer: &Answer) -> Result<Sighting, Trouble> {
        let status = answer.get("vnp_TransactionStatus").ok_or_else(|| unknown("the answer has no status", true))?;
        let get = |name: &str| answer.get(name);
        if refund::is_payment(answer) {
            return Ok(notice::sighting(topup_id, get, code::by_status(status), self.config.live));
        }
        // A refund is shown instead: money was taken once, and how much of it is still there is not told.
        let standing = Standing::UnderReview("vnpay_refunded".into());
        Ok(Sighting { asked: None, money_id: None, ..notice::sighting(topup_id, get, standing, self.config.live) })
    }

    /// A payment that VNPay does not know: failed once its page is over, before that nothing is known.
    fn never_begun(&self, pending: &Pending, topup_id: &str) -> Option<Sighting> {
        let page_ends_s = pending.created_at_s.saturating_add(self.config.page_ttl_seconds.into());
        let over = now_s() > page_ends_s.saturating_add(CLOCK_SLACK_SECONDS);
        let standing = Standing::Failed("expired".into());
        let sighting = notice::sighting(topup_id, |_| None, standing, self.config.live);
        over.then_some(Sighting { asked: Some(pending.money), ..sighting })
    }

    async fn refund_once(&self, ask: &RefundAsk) -> Result<RefundSighting, Trouble> {
        let now_s = now_s();
        if ask.object_id.is_some() || field::day(now_s) != field::day(ask.created_at_s) {
            match self.seen(ask).await.map_err(still_open)? {
                Seen::Refund(sighting) => return Ok(*sighting),
                Seen::Untouched if ask.object_id.is_none() => {}
                _ => return Err(unknown("it may have been refunded before: see VNPay's portal", true)),
            }
        }
        let topup_id = reference(&ask.payment)?;
        let mut fields = self.fields(Command::Refund, &ask.payment, refund::request_id(ask), now_s)?;
        fields.extend(refund::fields(ask).map_err(|_| refused("amount", None))?);
        let answer = self.call(Command::Refund, fields).await?;
        match answer.response_code() {
            "00" if refund::amount_is(&answer, ask) => {}
            "00" => return Err(unknown("the answer is about another amount", true)),
            code => return Err(refusal(Command::Refund, code, &answer)),
        }
        // `00` says accepted. Whether the money left is told by a later question.
        let standing = match code::refund_by_status(answer.get("vnp_TransactionStatus").unwrap_or_default()) {
            RefundStanding::Succeeded => RefundStanding::Pending,
            other => other,
        };
        Ok(refund::sighting(topup_id, ask, notice::transaction_no(|name| answer.get(name)), standing))
    }

    /// What VNPay shows of a refund.
    async fn seen(&self, ask: &RefundAsk) -> Result<Seen, Trouble> {
        let topup_id = reference(&ask.payment)?;
        let answer = self.query(&ask.payment, ask.object_id.as_deref().filter(|id| refund::is_number(id))).await?;
        match answer.response_code() {
            "00" => Ok(refund::seen(topup_id, ask, &answer)),
            "91" => Ok(Seen::Unclear),
            code => Err(refusal(Command::QueryDr, code, &answer)),
        }
    }

    /// Asks about a payment, or about one transaction of it.
    async fn query(&self, pending: &Pending, transaction_no: Option<&str>) -> Result<Answer, Trouble> {
        let request_id = hex::encode(rand::random::<[u8; 16]>());
        let mut fields = self.fields(Command::QueryDr, pending, request_id, now_s())?;
        fields.insert("vnp_OrderInfo".into(), format!("Truy van {}", reference(pending)?));
        fields.extend(transaction_no.map(|number| ("vnp_TransactionNo".into(), number.to_owned())));
        self.call(Command::QueryDr, fields).await
    }

    /// The fields that both calls have.
    fn fields(&self, command: Command, pending: &Pending, request_id: String, now_s: i64) -> Result<Fields, Trouble> {
        let times = (field::time(pending.created_at_s), field::time(now_s));
        let (Some(transaction_date), Some(create_date)) = times else { return Err(refused("created_at", None)) };
        let fields = [
            ("vnp_RequestId", request_id),
            ("vnp_Version", VERSION.to_owned()),
            ("vnp_Command", command.name().to_owned()),
            ("vnp_TmnCode", self.config.tmn_code.clone()),
            ("vnp_TxnRef", reference(pending)?.to_owned()),
            // That of the link, not when it was paid.
            ("vnp_TransactionDate", transaction_date),
            ("vnp_CreateDate", create_date),
            ("vnp_IpAddr", field::address(self.config.server_address)),
        ];
        Ok(fields.map(|(name, value)| (name.to_owned(), value)).into())
    }
}

/// The `vnp_TxnRef`, which is the top-up's id.
fn reference(pending: &Pending) -> Result<&str, Trouble> {
    let reference = pending.object_id.as_deref().unwrap_or(&pending.topup_id);
    if field::is_reference(reference) { Ok(reference) } else { Err(refused("topup_id", None)) }
}

/// What a response code other than `00` and `91` says. Definite is only what VNPay's tables say of the request itself.
fn refusal(command: Command, response_code: &str, answer: &Answer) -> Trouble {
    match (command, response_code) {
        (_, "02" | "03" | "97") | (Command::Refund, "91" | "95") => {
            refused(code::named("", response_code), answer.get("vnp_ResponseId"))
        }
        // A question too soon after the last. To a refund it may mean that this one is already under way.
        (Command::QueryDr, "94") => unknown("vnpay_94", false),
        (_, other) => unknown(code::named("", other), true),
    }
}

/// A refund that may have been sent before: even a definite answer to the question about it settles nothing.
fn still_open(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Unknown { reason, .. } => unknown(reason, true),
        Trouble::Refused { code, .. } => unknown(code, true),
    }
}

/// A definite no; for VNPay it is always an operator who has to act.
pub(crate) fn refused(code: impl Into<String>, reference: Option<&str>) -> Trouble {
    Trouble::Refused { gateway: NAME, code: code.into(), ours: true, reference: reference.map(str::to_owned) }
}

/// A call that settles nothing.
pub(crate) fn unknown(reason: impl Into<String>, may_have_run: bool) -> Trouble {
    Trouble::Unknown { gateway: NAME, reason: reason.into(), may_have_run }
}

fn now_s() -> i64 {
    jiff::Timestamp::now().as_second()
}
