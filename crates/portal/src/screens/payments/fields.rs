//! Stripe's own fields on a page of ours: card data goes to Stripe from the payer's browser and never comes here.
//!
//! The one page whose policy lets another host in. Its script and frames are Stripe's; ours only mounts them and asks for
//! confirmation. Without scripts, or without a publishable key, cards are not offered.

use std::sync::LazyLock;

use askama::Template;
use axum::extract::Path;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Redirect, Response};
use engine::members::Capability;
use engine::settings::Settings;
use engine::topups::Next;

use super::hand_off;
use crate::components::{Icon, Link, MoneyText};
use crate::failure::Failure;
use crate::frame::OtherPolicy;
use crate::page::{Page, Place, html};
use crate::session::Visitor;

/// Source: the project's threat model; Stripe's scripts write text into their own frames, which Trusted Types forbid.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    HeaderValue::from_static(
        "default-src 'none'; script-src 'self' https://js.stripe.com https://*.js.stripe.com; style-src 'self'; \
         img-src 'self' data: https://*.stripe.com; font-src 'self'; connect-src 'self' https://api.stripe.com; \
         frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'; report-uri /csp-reports; report-to csp",
    )
});

#[derive(Template)]
#[template(path = "screens/card.html")]
struct View {
    page: Page,
    charge: MoneyText,
    button: String,
    library_url: String,
    script_url: String,
    publishable_key: String,
    client_secret: String,
    back_url: String,
    language: &'static str,
    other: Link,
}

/// Whether cards can be paid with here at all: on our page with Stripe's fields, or on that of a sandbox.
pub fn takes_cards(settings: &Settings) -> bool {
    !settings.stripe.publishable_key.is_empty() || settings.stripe.base_url != hand_off::STRIPE
}

/// `GET /payments/{id}/card`.
pub async fn show(visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    visitor.must(Capability::TopupWrite)?;
    let payment = super::own(&visitor, &id).await?;
    let status = format!("/payments/{id}");
    let next = hand_off::open(&visitor, &payment).await?;
    let Some(Next::StripeFields(secret)) = next else { return Ok(Redirect::to(&status).into_response()) };
    let settings = visitor.engine().settings();
    let charge = visitor.show.charge(payment.price);
    let mut page = html(&View {
        page: visitor.page(Place::None, visitor.t("portal-card")).narrow(),
        button: visitor.words.with("portal-pay", &[("amount", &charge.shown)]),
        charge,
        library_url: library_url(&settings.stripe.api_version),
        script_url: visitor.portal.assets().url("card.js"),
        publishable_key: settings.stripe.publishable_key.clone(),
        client_secret: secret.expose().to_owned(),
        back_url: format!("{}/topups/{id}/return", settings.public_url),
        language: visitor.words.language.code(),
        other: Link::to("/add-credit", visitor.t("portal-review-back")),
    })?;
    page.extensions_mut().insert(OtherPolicy(POLICY.clone()));
    Ok(page)
}

/// Stripe's library of the same release as the API, as `2026-10-28.endive` names it.
fn library_url(api_version: &str) -> String {
    let release = api_version.split_once('.').map(|(_, release)| release);
    match release.filter(|release| !release.is_empty() && release.bytes().all(|byte| byte.is_ascii_lowercase())) {
        Some(release) => format!("https://js.stripe.com/{release}/stripe.js"),
        None => "https://js.stripe.com/v3/".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_of_the_release_of_the_api() {
        // version of the API, address
        let table = [
            ("2026-10-28.endive", "https://js.stripe.com/endive/stripe.js"),
            ("2024-06-20", "https://js.stripe.com/v3/"),
            ("2026-10-28.\"><script>", "https://js.stripe.com/v3/"),
        ];
        for (version, url) in table {
            assert_eq!(library_url(version), url);
        }
    }
}
