//! What the payer does to an order, on the hosted page or played by a control call.

use serde_json::{Value, json};

use super::orders::{self, Order, OrderStatus};
use crate::paypal::error::ApiError;
use crate::paypal::fate::Fate;
use crate::paypal::store::Store;

/// Somebody with a PayPal account.
#[derive(Debug, Clone)]
pub(crate) struct Payer {
    pub email: String,
    /// `PayerID`: 13 letters and digits.
    pub id: String,
    /// ISO 3166, two letters.
    pub country: String,
}

impl Payer {
    /// As `payer` of an order.
    pub fn show(&self) -> Value {
        json!({
            "name": { "given_name": "Sandbox", "surname": "Payer" }, "email_address": self.email,
            "payer_id": self.id, "address": { "country_code": self.country },
        })
    }

    /// As `payment_source.paypal` of an order.
    pub fn show_wallet(&self) -> Value {
        json!({
            "name": { "given_name": "Sandbox", "surname": "Payer" }, "email_address": self.email,
            "account_id": self.id, "account_status": "VERIFIED", "address": { "country_code": self.country },
        })
    }
}

/// Approves an order: `CHECKOUT.ORDER.APPROVED`. Gives back where the browser goes, empty without a return address.
///
/// # Errors
/// 404 for a forgotten order; 422 for one that has been captured; 400 for a fate that PayPal does not have.
pub(crate) fn approve(store: &mut Store, id: &str, email: &str, fate: Option<Fate>) -> Result<String, ApiError> {
    if let Some(fate) = &fate {
        fate.check()?;
    }
    let mut order = open(store, id)?;
    let country = match language(&order.context.locale) {
        "ja" => "JP",
        "vi" => "VN",
        _ => "US",
    };
    let payer_id = store.payer_id(email);
    order.payer = Some(Payer { email: email.to_owned(), id: payer_id.clone(), country: country.to_owned() });
    order.status = OrderStatus::Approved;
    order.fate = fate;
    order.wrong_codes = 0;
    order.updated_s = store.now();
    order.expires_at_s = order.updated_s + store.options.approval_ttl_seconds;
    store.orders.put(id, order.clone());
    let shown = order.show(store);
    store.emit("CHECKOUT.ORDER.APPROVED", id, shown);
    Ok(back(order.context.return_url.as_deref(), &format!("token={id}&PayerID={payer_id}")))
}

/// The payer gives up for now; the order stays as it is. Gives back where the browser goes.
///
/// # Errors
/// As [`approve`].
pub(crate) fn cancel(store: &Store, id: &str) -> Result<String, ApiError> {
    let order = open(store, id)?;
    Ok(back(order.context.cancel_url.as_deref(), &format!("token={id}")))
}

/// An order that can still be approved.
///
/// # Errors
/// 404 for a forgotten order, 422 for one that has been captured.
pub(crate) fn open(store: &Store, id: &str) -> Result<Order, ApiError> {
    let order = orders::named(store, id)?;
    if order.status == OrderStatus::Completed {
        return Err(ApiError::issue("ORDER_ALREADY_CAPTURED", "This order has been paid."));
    }
    Ok(order)
}

/// The page's language: `en`, `ja` or `vi`.
pub(crate) fn language(locale: &Option<String>) -> &'static str {
    let locale = locale.as_deref().unwrap_or_default().to_ascii_lowercase();
    match locale.split(['-', '_']).next() {
        Some("ja") => "ja",
        Some("vi") => "vi",
        _ => "en",
    }
}

fn back(url: Option<&str>, query: &str) -> String {
    let Some(url) = url else { return String::new() };
    let (url, fragment) = url.split_once('#').map_or((url, String::new()), |(url, rest)| (url, format!("#{rest}")));
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{query}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_keeps_the_query_it_came_with() {
        let cases = [
            (Some("https://a.example/back"), "https://a.example/back?token=1"),
            (Some("https://a.example/back?x=1"), "https://a.example/back?x=1&token=1"),
            (Some("https://a.example/#/back"), "https://a.example/?token=1#/back"),
            (None, ""),
        ];
        for (url, expected) in cases {
            assert_eq!(back(url, "token=1"), expected);
        }
        for (locale, expected) in [("ja-JP", "ja"), ("vi_VN", "vi"), ("VI", "vi"), ("fr-FR", "en"), ("", "en")] {
            assert_eq!(language(&Some(locale.to_owned())), expected, "{locale}");
        }
    }
}
