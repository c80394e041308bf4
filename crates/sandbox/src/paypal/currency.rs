//! Amounts at PayPal: decimal texts with a fixed number of decimals per currency.
//!
//! Source: PayPal's currency reference; HUF and TWD have no decimals although ISO 4217 says two. An amount is an
//! integer in the smallest unit *that PayPal knows*. Absent: floats; whether an account may use BRL, CNY and MYR,
//! which are for accounts of that country.

use serde_json::{Value, json};

use super::error::ApiError;

/// Currencies by their number of decimals.
const DECIMALS: &[(u32, &str)] =
    &[(2, "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD ILS MXN MYR NOK NZD PHP PLN SEK SGD THB USD"), (0, "HUF JPY TWD")];

/// Digits before the point of the largest amount.
const WHOLE_DIGITS: usize = 7;

/// An amount in a currency that PayPal takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Money {
    /// In the smallest unit that PayPal knows.
    pub minor: i64,
    /// ISO 4217, upper case.
    pub currency: &'static str,
    decimals: u32,
}

impl Money {
    /// The amount `{"currency_code","value"}` that stands at `field` of a request.
    ///
    /// # Errors
    /// 400 for a missing or malformed part; 422 `INVALID_CURRENCY_CODE`, `DECIMAL_PRECISION`, `CANNOT_BE_NEGATIVE`,
    /// `CANNOT_BE_ZERO_OR_NEGATIVE` or `MAX_VALUE_EXCEEDED`.
    pub fn read(amount: &Value, field: &str) -> Result<Self, ApiError> {
        let money = Self::read_unsigned(amount, field)?;
        if money.minor == 0 {
            let error = ApiError::issue("CANNOT_BE_ZERO_OR_NEGATIVE", "The amount must be greater than zero.");
            return Err(error.at(&format!("{field}/value"), &amount["value"]));
        }
        Ok(money)
    }

    /// The same for a part of an amount, which may be zero.
    ///
    /// # Errors
    /// As for [`Money::read`].
    pub fn read_unsigned(amount: &Value, field: &str) -> Result<Self, ApiError> {
        let (code, value) = (text(amount, "currency_code", field)?, text(amount, "value", field)?);
        let refuse = |issue: &str, what: &str| {
            Err(ApiError::issue(issue, what).at(&format!("{field}/value"), &Value::from(value)))
        };
        let Some((currency, decimals)) = find(code) else {
            let error = ApiError::issue("INVALID_CURRENCY_CODE", "PayPal does not take this currency.");
            return Err(error.at(&format!("{field}/currency_code"), &Value::from(code)));
        };
        let (negative, digits) = value.strip_prefix('-').map_or((false, value), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if value.len() > 32 {
            return refuse("INVALID_STRING_LENGTH", "An amount has at most 32 characters.");
        }
        let malformed = digits.is_empty() || digits.ends_with('.');
        if malformed || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return refuse("INVALID_PARAMETER_SYNTAX", "An amount is written in digits, with a point for decimals.");
        }
        if negative {
            return refuse("CANNOT_BE_NEGATIVE", "The amount must not be negative.");
        }
        if fraction.len() > decimals as usize {
            return refuse("DECIMAL_PRECISION", "The amount has more decimals than its currency.");
        }
        if whole.trim_start_matches('0').len() > WHOLE_DIGITS {
            return refuse("MAX_VALUE_EXCEEDED", "The amount is larger than PayPal takes in one payment.");
        }
        // At most nine digits are left: always a number.
        let minor = format!("{whole}{fraction:0<width$}", width = decimals as usize);
        Ok(Self { minor: minor.parse().unwrap_or_default(), currency, decimals })
    }

    /// So much of a currency that is known to be taken; `None` for any other.
    pub fn new(minor: i64, currency: &str) -> Option<Self> {
        find(currency).map(|(currency, decimals)| Self { minor, currency, decimals })
    }

    /// Another amount of the same currency.
    pub fn with(self, minor: i64) -> Self {
        Self { minor, ..self }
    }

    /// `25.00`, `3000`, `-4.50`.
    pub fn value(self) -> String {
        let coins = 10_u64.pow(self.decimals);
        let (sign, minor) = (if self.minor < 0 { "-" } else { "" }, self.minor.unsigned_abs());
        match self.decimals {
            0 => format!("{sign}{minor}"),
            _ => format!("{sign}{}.{:02}", minor / coins, minor % coins),
        }
    }

    /// `{"currency_code","value"}`.
    pub fn show(self) -> Value {
        json!({ "currency_code": self.currency, "value": self.value() })
    }
}

/// The value in this currency's decimals; as text for falsified notices. Two decimals when unknown.
pub(crate) fn value_of(minor: i64, currency: &str) -> String {
    Money::new(minor, currency).unwrap_or(Money { minor, currency: "USD", decimals: 2 }).value()
}

fn find(code: &str) -> Option<(&'static str, u32)> {
    DECIMALS
        .iter()
        .find_map(|(decimals, codes)| codes.split(' ').find(|known| *known == code).map(|known| (known, *decimals)))
}

fn text<'a>(amount: &'a Value, name: &str, field: &str) -> Result<&'a str, ApiError> {
    let place = format!("{field}/{name}");
    match &amount[name] {
        Value::Null => Err(ApiError::missing(&place)),
        Value::String(text) => Ok(text),
        other => Err(ApiError::issue("INVALID_PARAMETER_SYNTAX", "This must be a text.").at(&place, other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_at_their_limits() {
        let cases = [
            ("25.00", "USD", Ok("25.00")),
            ("25.0", "USD", Ok("25.00")),
            ("25", "USD", Ok("25.00")),
            (".5", "USD", Ok("0.50")),
            ("3000", "JPY", Ok("3000")),
            ("9999999.99", "EUR", Ok("9999999.99")),
            ("10000000", "EUR", Err("MAX_VALUE_EXCEEDED")),
            ("3000.00", "JPY", Err("DECIMAL_PRECISION")),
            ("3000.5", "JPY", Err("DECIMAL_PRECISION")),
            ("9999.50", "HUF", Err("DECIMAL_PRECISION")),
            ("1.5", "TWD", Err("DECIMAL_PRECISION")),
            ("25.005", "USD", Err("DECIMAL_PRECISION")),
            ("0", "JPY", Err("CANNOT_BE_ZERO_OR_NEGATIVE")),
            ("0.00", "USD", Err("CANNOT_BE_ZERO_OR_NEGATIVE")),
            ("-1.00", "USD", Err("CANNOT_BE_NEGATIVE")),
            ("500000", "VND", Err("INVALID_CURRENCY_CODE")),
            ("1.00", "usd", Err("INVALID_CURRENCY_CODE")),
            ("1e3", "USD", Err("INVALID_PARAMETER_SYNTAX")),
            ("1.", "USD", Err("INVALID_PARAMETER_SYNTAX")),
            ("", "USD", Err("INVALID_PARAMETER_SYNTAX")),
            ("1,000.00", "USD", Err("INVALID_PARAMETER_SYNTAX")),
            ("000000000000000000000000000000001", "USD", Err("INVALID_STRING_LENGTH")),
        ];
        for (value, currency, expected) in cases {
            let read = Money::read(&json!({ "currency_code": currency, "value": value }), "/amount");
            let got = read.as_ref().map(|money| money.value()).map_err(ApiError::issue_name);
            assert_eq!(got.as_deref().map_err(|issue| *issue), expected, "{value} {currency}");
        }
        let money = Money::new(-450, "USD");
        assert_eq!(money.map(Money::value).as_deref(), Some("-4.50"));
    }
}
