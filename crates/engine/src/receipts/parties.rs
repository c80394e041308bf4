//! How a receipt names what was paid with, where the buyer lives, and which clock the buyer reads.

use providers::gateway::Instrument;
use providers::{paypal, vnpay};

use crate::billing::{AddressField, BillingSnapshot, Country};

/// Card brands as people write them, by the gateways' names.
const BRANDS: [(&str, &str); 9] = [
    ("visa", "Visa"),
    ("mastercard", "Mastercard"),
    ("amex", "American Express"),
    ("jcb", "JCB"),
    ("diners", "Diners Club"),
    ("discover", "Discover"),
    ("unionpay", "UnionPay"),
    ("vnbank", "VNBANK"),
    ("intcard", "INTCARD"),
];

/// What was paid with, masked: `Visa •••• 4242`, `PayPal`, `VNPay · NCB`.
pub fn paid_with(gateway: &str, instrument: Option<&Instrument>) -> String {
    let page = match gateway {
        paypal::NAME => Some("PayPal"),
        vnpay::NAME => Some("VNPay"),
        _ => None,
    };
    let brand = instrument.and_then(|instrument| instrument.brand.as_deref()).map(str::trim).unwrap_or_default();
    let known = BRANDS.iter().find(|(name, _)| brand.eq_ignore_ascii_case(name)).map(|(_, written)| *written);
    let brand = known
        .or(Some(brand).filter(|brand| !brand.is_empty() && page.is_none_or(|page| !page.eq_ignore_ascii_case(brand))));
    let mut text = page.into_iter().chain(brand).collect::<Vec<_>>().join(" · ");
    if text.is_empty() {
        text.push_str("Stripe");
    }
    match instrument.and_then(|instrument| instrument.last4.as_deref()) {
        Some(last4) => format!("{text} •••• {last4}"),
        None => text,
    }
}

/// The address as its country writes it, in lines.
pub(super) fn address(billing: &BillingSnapshot) -> Vec<String> {
    use AddressField::{Building, City, Line1, Line2, PostalCode, Prefecture, Region, Street};
    let profile = &billing.profile;
    let join = |fields: &[AddressField], glue: &str| {
        let parts: Vec<&str> = fields.iter().filter_map(|field| profile.address.get(*field)).collect();
        parts.join(glue)
    };
    let lines = match profile.country.code() {
        "JP" => {
            let place = [Prefecture, City, Street];
            // Written in kanji nothing stands between the parts.
            let glue = if join(&place, "").is_ascii() { " " } else { "" };
            let postal = profile.address.get(PostalCode).map(|code| format!("〒{code}"));
            vec![postal.unwrap_or_default(), join(&place, glue), join(&[Building], "")]
        }
        "VN" => profile.address.parts(profile.country).map(|(_, text)| text.to_owned()).collect(),
        _ => vec![join(&[Line1], ""), join(&[Line2], ""), join(&[City, Region, PostalCode], " ")],
    };
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

/// The time zone of a country that has one; `None` elsewhere.
pub(super) fn zone_of(country: Option<Country>) -> Option<&'static str> {
    match country.map(Country::code) {
        Some("JP") => Some("Asia/Tokyo"),
        Some("VN") => Some("Asia/Ho_Chi_Minh"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_paid_with_is_named_and_masked() {
        // gateway, brand, last digits, as shown
        let table = [
            ("stripe", Some("visa"), Some("4242"), "Visa •••• 4242"),
            ("stripe", Some("AMEX"), Some("0005"), "American Express •••• 0005"),
            ("stripe", Some("newbrand"), Some("1111"), "newbrand •••• 1111"),
            ("stripe", None, None, "Stripe"),
            ("paypal", None, None, "PayPal"),
            ("paypal", Some("PayPal"), None, "PayPal"),
            ("vnpay", Some("NCB"), None, "VNPay · NCB"),
            ("vnpay", Some("VISA"), Some("2198"), "VNPay · Visa •••• 2198"),
        ];
        for (gateway, brand, last4, shown) in table {
            let instrument = Instrument {
                brand: brand.map(str::to_owned),
                last4: last4.map(str::to_owned),
                ..Instrument::default()
            };
            assert_eq!(paid_with(gateway, Some(&instrument)), shown, "{gateway} {brand:?}");
        }
        assert_eq!((paid_with("vnpay", None).as_str(), paid_with("stripe", None).as_str()), ("VNPay", "Stripe"));
    }

    #[test]
    fn addresses_are_written_as_their_country_does() {
        // country, fields, lines
        let table = [
            (
                "JP",
                json!({"postal_code": "530-0001", "prefecture": "大阪府", "city": "大阪市北区", "street": "梅田1-2-3",
                    "building": "8階"}),
                vec!["〒530-0001", "大阪府大阪市北区梅田1-2-3", "8階"],
            ),
            (
                "JP",
                json!({"postal_code": "530-0001", "prefecture": "Osaka", "city": "Kita", "street": "Umeda 1"}),
                vec!["〒530-0001", "Osaka Kita Umeda 1"],
            ),
            (
                "VN",
                json!({"street": "25 Tràng Tiền", "ward": "Cửa Nam", "province": "Hà Nội"}),
                vec!["25 Tràng Tiền", "Cửa Nam", "Hà Nội"],
            ),
            (
                "US",
                json!({"line1": "1 Main St", "city": "Springfield", "region": "IL", "postal_code": "62701"}),
                vec!["1 Main St", "Springfield IL 62701"],
            ),
        ];
        for (country, fields, lines) in table {
            let billing = json!({"version": 1, "kind": "company", "name": "A", "email": "a@example.com",
                "recipient_email": "a@example.com", "language": "en", "country": country, "address": fields,
                "tax_code": null});
            let billing: BillingSnapshot = serde_json::from_value(billing).unwrap();
            assert_eq!(address(&billing), lines, "{country}");
        }
    }
}
