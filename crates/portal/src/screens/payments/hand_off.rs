//! The last page before the gateway's.
//!
//! A link, because a form may not lead to another site. Opening the payment once more gives the same payment and says
//! where its page is, so this page can be reloaded and come back to.

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use engine::billing;
use engine::members::Capability;
use engine::topups::{self, Beginning, Consented, Next, Payment, State};
use ledger::Timestamp;

use super::card::method;
use crate::components::{Alert, Icon, Link, MoneyText, Tone};
use crate::failure::Failure;
use crate::form;
use crate::page::{Page, Place, html};
use crate::session::Visitor;

/// Stripe's own API. Elsewhere a sandbox plays it, which has a page in place of Stripe's fields.
pub const STRIPE: &str = "https://api.stripe.com";

#[derive(Template)]
#[template(path = "screens/hand_off.html")]
struct View {
    page: Page,
    title: String,
    charge: MoneyText,
    /// What to know about the gateway's page.
    notes: Vec<String>,
    until: Option<(String, i64)>,
    /// The gateway's page; none while it cannot be reached.
    next: Option<Link>,
    trouble: Option<Alert>,
    status: Link,
}

/// `GET /payments/{id}/pay`.
pub async fn show(visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    visitor.must(Capability::TopupWrite)?;
    let payment = super::own(&visitor, &id).await?;
    let status = format!("/payments/{id}");
    if !matches!(payment.state, State::Created | State::AwaitingCustomer) {
        return Ok(Redirect::to(&status).into_response());
    }
    let next = match open(&visitor, &payment).await {
        Ok(Some(next)) => Ok(address(&visitor, &payment, next)),
        // It was paid, or its time is over.
        Ok(None) => return Ok(Redirect::to(&status).into_response()),
        Err(engine::Error::Gateway(why)) => Err(why),
        Err(error) => return Err(error.into()),
    };
    let name = method(&payment);
    let words = visitor.words;
    let trouble = next.as_ref().err().map(|why| {
        tracing::warn!(payment = payment.id, why, "the gateway's page cannot be opened");
        Alert::new(Tone::Warn, visitor.t("portal-gateway-away"), visitor.t("portal-gateway-away-text"))
            .with(Link::to(format!("{status}/pay"), visitor.t("portal-error-again")))
    });
    let go = words.with("portal-hand-off-go", &[("gateway", &name)]);
    let title = words.with("portal-hand-off", &[("gateway", &name)]);
    html(&View {
        page: visitor.page(Place::None, title.clone()).narrow(),
        title,
        charge: visitor.show.charge(payment.price),
        notes: notes(&visitor, &payment.gateway),
        until: payment.expires_at.map(|until: Timestamp| (visitor.show.date_time(until), until.seconds())),
        next: next.ok().map(|url| Link::to(url, go)),
        trouble,
        status: Link::to(status, visitor.t("portal-hand-off-paid")),
    })
}

/// What the payer does next; `None` when there is nothing to pay any more.
///
/// # Errors
/// As [`topups::begin`].
pub async fn open(visitor: &Visitor, payment: &Payment) -> engine::Result<Option<Next>> {
    let engine = visitor.engine();
    let consent = billing::consent_of(engine, &payment.account_id, &payment.id).await?;
    let agreed = consent.as_ref().map(|consent| (consent.terms.text_sha256.as_str(), consent.ip.parse().ok()));
    let (Some((text_sha256, Some(ip))), Some(quote_id), Some(key)) =
        (agreed, payment.details.quote_id.as_deref(), payment.idempotency_key.as_deref())
    else {
        // Begun by other means than this portal, which know where its page is.
        return Ok(None);
    };
    let beginning = Beginning {
        account_id: &payment.account_id,
        quote_id,
        consent: Consented { text_sha256, ip, user_agent: "" },
        language: payment.details.language,
        return_url: None,
        idempotency_key: key,
        save_card: false,
    };
    Ok(topups::begin(engine, beginning).await?.next)
}

/// The address of the gateway's page.
fn address(visitor: &Visitor, payment: &Payment, next: Next) -> String {
    let settings = visitor.engine().settings();
    match next {
        Next::Redirect(url) => url,
        Next::StripeFields(_) if !settings.stripe.publishable_key.is_empty() || settings.stripe.base_url == STRIPE => {
            format!("/payments/{}/card", payment.id)
        }
        Next::StripeFields(secret) => {
            let back = format!("{}/topups/{}/return", settings.public_url, payment.id);
            let page = format!("{}/pay/{}", settings.stripe.base_url, secret.expose());
            form::url(&page, [("return_url", back.as_str()), ("locale", visitor.words.language.code())])
        }
    }
}

/// What to know before going there.
fn notes(visitor: &Visitor, gateway: &str) -> Vec<String> {
    let mut keys = vec!["portal-hand-off-code", "portal-hand-off-back"];
    // VNPay's page knows Vietnamese and English only.
    if gateway == "vnpay" && visitor.words.language == documents::Language::Ja {
        keys.insert(0, "portal-hand-off-english");
    }
    keys.into_iter().map(|key| visitor.t(key)).collect()
}
