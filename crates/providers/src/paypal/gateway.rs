//! PayPal as a [`Gateway`].
//!
//! * `open` makes an order; an ambiguous answer costs nothing, since an order that nobody knows cannot be approved.
//! * `complete` captures. `ORDER_ALREADY_CAPTURED` is looked at, not believed.
//! * `close` cannot take an order back: nobody can pay it while we do not capture it, and it dies by itself within
//!   hours.
//! * `refund` and `look_up_refund` find a refund by our id in its order; for 45 days the same ask also replays.
//! * `list` is PayPal's transaction search: up to three hours late, three years back, for apps with that permission.
//! * [`Ask::expires_at_s`] and [`Ask::save_card`] have no counterpart at PayPal.
//!
//! A call that needs several questions is one round trip each; the usual case of every method but `list` is one.

use jiff::Timestamp;

use super::certificate::CertificateError;
use super::client::Client;
use super::error::{Doubt, Failure, ORDER_ALREADY_CAPTURED, RESULTSET_TOO_LARGE};
use super::event::{self, Event, Meaning};
use super::object::{Refund, link};
use super::signature::{Transmission, VerifiedNotice};
use super::{NAME, sighting, transform};
use crate::AmountError;
use crate::gateway::{
    Ask, Gateway, News, Next, Notice, Opened, Pending, RawNotice, RefundAsk, RefundSighting, Reply, Sighting, Standing,
    Trouble, Unverified, Verified,
};

/// PayPal's limit for one search, less a day.
const WINDOW_MAX_SECONDS: i64 = 30 * 24 * 3600;
/// 10 000 rows, PayPal's limit for one search, are 20 pages.
const PAGES_MAX: u32 = 100;

impl Gateway for Client {
    fn name(&self) -> &'static str {
        NAME
    }

    fn live(&self) -> bool {
        self.live
    }

    fn open<'a>(&'a self, ask: &'a Ask) -> Reply<'a, Opened> {
        Box::pin(async move { self.open_order(ask).await.map_err(|failure| failure.harmless().into()) })
    }

    fn look_up<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>> {
        Box::pin(async move { self.see(pending).await.map_err(Trouble::from) })
    }

    fn complete<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>> {
        Box::pin(async move { self.capture_once(pending).await.map_err(Trouble::from) })
    }

    fn close<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>> {
        Box::pin(async move {
            let seen = self.see(pending).await.map_err(Trouble::from)?;
            Ok(seen.filter(|seen| !matches!(seen.standing, Standing::Payable(_))))
        })
    }

    fn refund<'a>(&'a self, ask: &'a RefundAsk) -> Reply<'a, RefundSighting> {
        Box::pin(async move { self.refund_once(ask).await.map_err(Trouble::from) })
    }

    fn look_up_refund<'a>(&'a self, ask: &'a RefundAsk) -> Reply<'a, Option<RefundSighting>> {
        Box::pin(async move { self.see_refund(ask).await.map_err(Trouble::from) })
    }

    fn can_list(&self) -> bool {
        true
    }

    fn list<'a>(&'a self, from_s: i64, to_s: i64) -> Reply<'a, Vec<Sighting>> {
        Box::pin(async move { self.list_payments(from_s, to_s).await.map_err(Trouble::from) })
    }

    fn verify<'a>(&'a self, raw: &'a RawNotice<'a>) -> Verified<'a> {
        Box::pin(self.hear(raw))
    }
}

impl Client {
    async fn open_order(&self, ask: &Ask) -> Result<Opened, Failure> {
        let body = transform::create(ask, &self.merchant).map_err(not_sent)?;
        let order = self.create_order(&body, transform::create_key(&ask.topup_id)).await?;
        // `approve` is the link of orders that were made without a payment source.
        let payer_link = link(&order.links, "payer-action").or_else(|| link(&order.links, "approve"));
        let payer_link = payer_link.filter(|link| self.may_send_to(link)).ok_or(Doubt::Unreadable)?;
        Ok(Opened { next: Next::Redirect(payer_link.to_owned()), object_id: order.id })
    }

    /// By its order, or by its capture where that is all that is known of it (or all that PayPal still knows).
    async fn see(&self, pending: &Pending) -> Result<Option<Sighting>, Failure> {
        let Some(id) = pending.object_id.as_deref() else { return Ok(None) };
        if let Some(order) = self.order(id).await? {
            return Ok(Some(sighting::of_order(&order, self.live)));
        }
        let capture = self.capture(id).await?;
        Ok(capture.map(|capture| sighting::of_capture(&capture, self.live)))
    }

    async fn capture_once(&self, pending: &Pending) -> Result<Option<Sighting>, Failure> {
        let Some(order_id) = pending.object_id.as_deref() else { return Ok(None) };
        let attempt = self.attempts.next(&pending.topup_id);
        let key = transform::capture_key(&pending.topup_id, attempt);
        match self.capture_order(order_id, key).await {
            Ok(order) => {
                self.attempts.done(&pending.topup_id);
                Ok(Some(sighting::of_order(&order, self.live)))
            }
            Err(failure) if failure.is(ORDER_ALREADY_CAPTURED) => {
                let seen = self.see(pending).await?;
                seen.map(Some).ok_or_else(|| Doubt::CapturedOutOfSight.into())
            }
            Err(failure) if failure.is_missing() => self.see(pending).await,
            Err(failure) => {
                if failure.is_verdict() {
                    self.attempts.refused(&pending.topup_id, attempt);
                }
                Err(failure)
            }
        }
    }

    async fn refund_once(&self, ask: &RefundAsk) -> Result<RefundSighting, Failure> {
        let body = transform::refund(ask).map_err(not_sent)?;
        let capture_id = match &ask.money_id {
            Some(id) => id.clone(),
            None => {
                self.see(&ask.payment).await?.and_then(|seen| seen.money_id).ok_or(Failure::not_sent("no_capture"))?
            }
        };
        match self.refund_capture(&capture_id, &body, transform::refund_key(&ask.refund_id)).await {
            Ok(refund) => told(&refund, ask, Some(&capture_id)),
            // Nothing is left, perhaps because this very refund was made under a request id that PayPal has forgotten.
            Err(failure) if failure.is_verdict() => match self.refund_in_order(ask).await {
                Ok(Some(done)) => Ok(done),
                Err(unknown @ Failure::Unknown(_)) => Err(unknown),
                Ok(None) | Err(_) => Err(failure),
            },
            Err(failure) => Err(failure),
        }
    }

    async fn see_refund(&self, ask: &RefundAsk) -> Result<Option<RefundSighting>, Failure> {
        match &ask.object_id {
            Some(id) => {
                let refund = self.get_refund(id).await?;
                refund.map(|refund| told(&refund, ask, ask.money_id.as_deref())).transpose()
            }
            None => self.refund_in_order(ask).await,
        }
    }

    /// The refund among those of its order, by our id.
    async fn refund_in_order(&self, ask: &RefundAsk) -> Result<Option<RefundSighting>, Failure> {
        let Some(order_id) = ask.payment.object_id.as_deref() else { return Ok(None) };
        let Some(order) = self.order(order_id).await? else { return Ok(None) };
        let mut refunds = order.purchase_units.iter().flat_map(|unit| &unit.payments.refunds);
        let refund = refunds.find(|refund| refund.custom_id.as_deref() == Some(ask.refund_id.as_str()));
        refund.map(|refund| told(refund, ask, ask.money_id.as_deref())).transpose()
    }

    async fn list_payments(&self, from_s: i64, to_s: i64) -> Result<Vec<Sighting>, Failure> {
        let mut payments = Vec::new();
        let mut windows = windows(from_s, to_s);
        while let Some((from_s, to_s)) = windows.pop() {
            match self.list_window(from_s, to_s).await {
                Ok(found) => payments.extend(found),
                Err(failure) if failure.is(RESULTSET_TOO_LARGE) && to_s - from_s > 1 => {
                    let middle_s = from_s + (to_s - from_s) / 2;
                    windows.extend([(middle_s, to_s), (from_s, middle_s)]);
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(payments)
    }

    /// All payments made in `[from_s, to_s)`.
    async fn list_window(&self, from_s: i64, to_s: i64) -> Result<Vec<Sighting>, Failure> {
        let (from, to) = (rfc3339(from_s)?, rfc3339(to_s)?);
        let mut payments = Vec::new();
        for page in 1..=PAGES_MAX {
            let rows = self.transactions(&from, &to, page).await?;
            let seen = rows
                .transaction_details
                .iter()
                .filter_map(|row| sighting::of_transaction(&row.transaction_info, self.live));
            // PayPal's window includes its end.
            let inside = |seen: &Sighting| seen.created_at_s.is_none_or(|at_s| (from_s..to_s).contains(&at_s));
            payments.extend(seen.filter(inside));
            if page >= rows.total_pages {
                return Ok(payments);
            }
        }
        Err(Doubt::Endless.into())
    }

    async fn hear(&self, raw: &RawNotice<'_>) -> Result<Notice, Unverified> {
        let notice = self.verified(raw).await?;
        let event = event::parse(notice).map_err(Unverified::Forged)?;
        let news = self.news(&event).await?;
        Ok(Notice { created_at_s: event.created_at_s(), event_id: event.id, kind: event.kind, news })
    }

    /// Only what this returns may be read.
    async fn verified<'a>(&self, raw: &RawNotice<'a>) -> Result<VerifiedNotice<'a>, Unverified> {
        let transmission = Transmission::read(raw.headers, raw.now_s).map_err(forged)?;
        match self.certificates() {
            Some((certificates, http)) => {
                let chain = certificates.get(http, transmission.cert_url, raw.now_s).await.map_err(unvouched)?;
                let message = transmission.message(&self.webhook_id, raw.bytes);
                chain.check_signature(message.as_bytes(), &transmission.signature_bytes).map_err(unvouched)?;
            }
            None => self.ask_back(&transmission, raw.bytes).await?,
        }
        Ok(VerifiedNotice::new(raw.bytes))
    }

    /// Verification by PayPal itself.
    async fn ask_back(&self, transmission: &Transmission<'_>, body: &[u8]) -> Result<(), Unverified> {
        let question = transform::postback(transmission, &self.webhook_id, body)
            .ok_or_else(|| Unverified::Forged("the body is not JSON".into()))?;
        match self.verify_notice(question).await {
            Ok(answer) if answer.verification_status == "SUCCESS" => Ok(()),
            Ok(_) => Err(Unverified::Forged("PayPal says that the notice is not its own".into())),
            Err(failure) => Err(Unverified::NotNow(failure.to_string())),
        }
    }

    /// What an event means, asking PayPal for what it leaves out.
    async fn news(&self, event: &Event) -> Result<News, Unverified> {
        let later = |failure: Failure| Unverified::NotNow(failure.to_string());
        match event.meaning(self.live) {
            Meaning::News(news) => Ok(news),
            Meaning::Refund { refund_id, forced } => {
                let refund = self.get_refund(&refund_id).await.map_err(later)?;
                let told = refund.and_then(|refund| sighting::of_refund(&refund, forced));
                Ok(told.filter(|told| told.money_id.is_some()).map_or(News::Other, |told| News::Refund(Box::new(told))))
            }
            Meaning::Dispute { dispute_id } => {
                let dispute = self.dispute(&dispute_id).await.map_err(later)?;
                let told = dispute.and_then(|dispute| sighting::of_dispute(&dispute));
                Ok(told.map_or(News::Other, |told| News::Dispute(Box::new(told))))
            }
        }
    }
}

/// A refund that we asked for, with what we know of it already.
fn told(refund: &Refund, ask: &RefundAsk, capture_id: Option<&str>) -> Result<RefundSighting, Failure> {
    let seen = sighting::of_refund(refund, false).ok_or(Doubt::Unreadable)?;
    Ok(RefundSighting {
        refund_id: Some(ask.refund_id.clone()),
        payment_object_id: ask.payment.object_id.clone(),
        money_id: seen.money_id.clone().or_else(|| capture_id.map(str::to_owned)),
        ..seen
    })
}

/// `[from_s, to_s)` in pieces that PayPal searches, the earliest last.
fn windows(from_s: i64, to_s: i64) -> Vec<(i64, i64)> {
    let mut windows = Vec::new();
    let mut start_s = from_s;
    while start_s < to_s {
        let end_s = start_s.saturating_add(WINDOW_MAX_SECONDS).min(to_s);
        windows.push((start_s, end_s));
        start_s = end_s;
    }
    windows.reverse();
    windows
}

fn rfc3339(unix_s: i64) -> Result<String, Failure> {
    Timestamp::from_second(unix_s).map(|time| time.to_string()).map_err(|_| Failure::not_sent("malformed_time"))
}

/// An amount that PayPal cannot express.
fn not_sent(error: AmountError) -> Failure {
    Failure::not_sent(match error {
        AmountError::UnsupportedCurrency => "unsupported_currency",
        AmountError::TooPrecise => "amount_too_precise",
        AmountError::NotPositive => "amount_not_positive",
        AmountError::TooLarge => "amount_too_large",
        AmountError::Malformed => "amount_malformed",
    })
}

fn forged(error: impl std::fmt::Display) -> Unverified {
    Unverified::Forged(error.to_string())
}

fn unvouched(error: CertificateError) -> Unverified {
    match error {
        CertificateError::Unreachable => Unverified::NotNow(error.to_string()),
        _ => forged(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_time_is_searched_in_pieces_without_gaps() {
        assert!(windows(10, 10).is_empty());
        assert_eq!(windows(10, 11), [(10, 11)]);
        let day_s = 24 * 3600;
        let expected = [(60 * day_s, 61 * day_s), (30 * day_s, 60 * day_s), (0, 30 * day_s)];
        assert_eq!(windows(0, 61 * day_s), expected);
    }
}
