//! The link to VNPay's page.
//!
//! Pure and without a clock: the same [`Ask`] makes the same link to the byte. Both times are of the top-up, because
//! questions and refunds must repeat the first (`vnp_CreateDate`). Refused before it is made: what the page would
//! refuse. Deliberately absent: `vnp_BankCode` (the payer chooses on the page), payer and invoice data.

use super::config::Config;
use super::gateway::refused;
use super::query::{self, Params};
use super::{amount, field};
use crate::AmountError;
use crate::gateway::{Ask, Trouble};

/// Version of the protocol.
pub(crate) const VERSION: &str = "2.1.0";
/// VNPay's category for what has none.
const ORDER_TYPE: &str = "other";
/// VNPay's limits.
const ORDER_INFO_MAX_CHARS: usize = 255;
const RETURN_URL_CHARS: std::ops::RangeInclusive<usize> = 10..=255;

/// The signed link. [`Trouble::Refused`] with code `topup_id`, `return_url`, `payer_address`, `expires_at`,
/// `unsupported_currency`, `amount`: what the page does not take.
pub(crate) fn link(config: &Config, ask: &Ask) -> Result<String, Trouble> {
    if !field::is_reference(&ask.topup_id) {
        return Err(refused("topup_id", None));
    }
    if !RETURN_URL_CHARS.contains(&ask.return_url.len()) {
        return Err(refused("return_url", None));
    }
    // In earnest, an address of our own means that the proxy in front is not trusted with the payer's.
    if config.live && (ask.payer_address.is_loopback() || ask.payer_address.is_unspecified()) {
        return Err(refused("payer_address", None));
    }
    let last_s = ask.created_at_s.saturating_add(config.page_ttl_seconds.into());
    let times = (field::time(ask.created_at_s), field::time(ask.expires_at_s.min(last_s)));
    let (Some(create_date), Some(expire_date)) = times else { return Err(refused("expires_at", None)) };
    if ask.expires_at_s <= ask.created_at_s {
        return Err(refused("expires_at", None));
    }
    let wire_amount = amount::to_wire(ask.money).map_err(|error| match error {
        AmountError::UnsupportedCurrency => refused("unsupported_currency", None),
        _ => refused("amount", None),
    })?;
    let params = [
        ("vnp_Version", VERSION.to_owned()),
        ("vnp_Command", "pay".to_owned()),
        ("vnp_TmnCode", config.tmn_code.clone()),
        ("vnp_Amount", wire_amount),
        ("vnp_CurrCode", "VND".to_owned()),
        ("vnp_TxnRef", ask.topup_id.clone()),
        ("vnp_OrderInfo", order_info(ask)),
        ("vnp_OrderType", ORDER_TYPE.to_owned()),
        ("vnp_Locale", locale(&ask.language).to_owned()),
        ("vnp_ReturnUrl", ask.return_url.clone()),
        ("vnp_IpAddr", field::address(ask.payer_address)),
        ("vnp_CreateDate", create_date),
        ("vnp_ExpireDate", expire_date),
    ];
    let params: Params = params.map(|(name, value)| (name.to_owned(), value)).into();
    Ok(format!("{}?{}", config.pay_url, query::signed(&params, &config.hash_secret)))
}

/// What the payer reads; the reference where nothing of the description is left.
fn order_info(ask: &Ask) -> String {
    let plain = field::plain(&ask.description, ORDER_INFO_MAX_CHARS);
    if plain.is_empty() { format!("Nap tien {}", ask.topup_id) } else { plain }
}

/// VNPay's page speaks Vietnamese and English.
fn locale(language: &str) -> &'static str {
    if language == "vi" { "vn" } else { "en" }
}
