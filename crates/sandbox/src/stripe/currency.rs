//! Amount rules of Stripe's charge calls, in the currency's smallest Stripe unit.
//!
//! Stripe checks the minimum in the settlement currency after conversion; the sandbox settles in
//! the charge's own currency and therefore uses one table. Currencies without a published figure
//! (VND, for one) stand at about USD 0.50 by a fixed invented rate, or at 1.

use super::error::ApiError;

/// Published minimum charges, plus VND (see the module head).
const MINIMUM: &[(&str, i64)] = &[
    ("aed", 200),
    ("aud", 50),
    ("brl", 50),
    ("cad", 50),
    ("chf", 50),
    ("czk", 1500),
    ("dkk", 250),
    ("eur", 50),
    ("gbp", 30),
    ("hkd", 400),
    ("huf", 17_500),
    ("inr", 50),
    ("jpy", 50),
    ("krw", 50),
    ("mxn", 1000),
    ("myr", 200),
    ("nok", 300),
    ("nzd", 50),
    ("php", 50),
    ("pln", 200),
    ("ron", 200),
    ("sek", 300),
    ("sgd", 50),
    ("thb", 1000),
    ("usd", 50),
    ("vnd", 13_000),
    ("zar", 50),
];

/// Accepted currencies without a published minimum.
const OTHERS: &str = "all amd bam bdt bgn bhd bif bmd bob bwp clp cny cop crc cve czk djf dop dzd egp etb fjd gel gnf \
    gtq hnl idr ils iqd isk jmd jod kes kgs khr kmf kwd kzt lak lbp lkr mad mdl mga mkd mmk mnt mop mur mvr mwk \
    mzn nad ngn nio npr omr pab pen pgk pkr pyg qar rsd rub rwf sar srd szl tnd try ttd twd tzs uah ugx uyu uzs \
    vuv wst xaf xcd xof xpf yer zmw";

/// Largest amount: twelve digits, for every card here.
const MAXIMUM: i64 = 999_999_999_999;

/// Sent with decimals that must be zero: UGX and ISK in hundreds, three-decimal currencies in tens.
const MULTIPLES: &[(&str, i64)] =
    &[("ugx", 100), ("isk", 100), ("bhd", 10), ("jod", 10), ("kwd", 10), ("omr", 10), ("tnd", 10)];

/// Currencies without decimals on the wire.
const WHOLE: &str = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf";
/// Currencies with three decimals on the wire.
const THREE_DECIMALS: &str = "bhd jod kwd omr tnd";

/// An amount for people: `VND 500,000`, `USD 25.00`.
pub(crate) fn shown(amount_minor: i64, currency: &str) -> String {
    let among = |list: &str| list.split(' ').any(|code| code == currency);
    let decimals = if among(WHOLE) { 0 } else { 2 + usize::from(among(THREE_DECIMALS)) };
    let digits = format!("{:0>width$}", amount_minor, width = decimals + 1);
    let (whole, rest) = digits.split_at(digits.len() - decimals);
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let point = if decimals > 0 { "." } else { "" };
    format!("{} {grouped}{point}{rest}", currency.to_ascii_uppercase())
}

/// Checks currency and amount; gives back the currency in lower case.
///
/// # Errors
/// 400 with `amount_too_small`, `amount_too_large`, `parameter_invalid_integer` or no code.
pub(crate) fn check_charge(amount_minor: i64, currency: &str) -> Result<String, ApiError> {
    let currency = currency.to_ascii_lowercase();
    let published = MINIMUM.iter().find(|(code, _)| *code == currency).map(|(_, minimum)| *minimum);
    let known = published.or_else(|| OTHERS.split_whitespace().any(|code| code == currency).then_some(1));
    let minimum = known.ok_or_else(|| ApiError::invalid(format!("Invalid currency: {currency}.")).param("currency"))?;
    let refuse = |code: &str, message: String| Err(ApiError::invalid(message).code(code).param("amount"));
    if amount_minor < 1 {
        return refuse("parameter_invalid_integer", "Invalid positive integer".into());
    }
    if amount_minor < minimum {
        return refuse("amount_too_small", format!("Amount must be at least {minimum} in {currency}'s smallest unit."));
    }
    if amount_minor > MAXIMUM {
        return refuse("amount_too_large", format!("Amount must be no more than {MAXIMUM}."));
    }
    match MULTIPLES.iter().find(|(code, multiple)| *code == currency && amount_minor % multiple != 0) {
        Some((_, multiple)) => {
            Err(ApiError::invalid(format!("Amount in {currency} must be a multiple of {multiple}.")).param("amount"))
        }
        None => Ok(currency),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_at_their_limits() {
        let cases = [
            (50, "usd", None),
            (49, "USD", Some("amount_too_small")),
            (50, "jpy", None),
            (49, "jpy", Some("amount_too_small")),
            (500_000, "VND", None),
            (999_999_999_999, "vnd", None),
            (1_000_000_000_000, "vnd", Some("amount_too_large")),
            (0, "usd", Some("parameter_invalid_integer")),
            (-5, "usd", Some("parameter_invalid_integer")),
            (5_000, "ugx", None),
            (5_050, "ugx", Some("none")),
            (5_001, "isk", Some("none")),
            (5_001, "kwd", Some("none")),
            (5_000, "xxx", Some("none")),
        ];
        for (amount, currency, refused) in cases {
            let code = check_charge(amount, currency)
                .err()
                .map(|error| error.error.get("code").and_then(|code| code.as_str()).unwrap_or("none").to_owned());
            assert_eq!(code.as_deref(), refused, "{amount} {currency}");
        }
    }

    #[test]
    fn amounts_are_shown_with_the_decimals_of_their_currency() {
        let cases = [
            (500_000, "vnd", "VND 500,000"),
            (3_000, "jpy", "JPY 3,000"),
            (2_500, "usd", "USD 25.00"),
            (5, "usd", "USD 0.05"),
            (123_456_789, "eur", "EUR 1,234,567.89"),
            (5_120, "kwd", "KWD 5.120"),
        ];
        for (amount, currency, expected) in cases {
            assert_eq!(shown(amount, currency), expected);
        }
    }
}
