//! The few HTTP calls that the soaks make, and exact arithmetic on the amounts in the answers.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

/// An answer, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Whether the server said `Idempotent-Replayed: true`.
    pub replayed: bool,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// Whether the server promised that this happened.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON if the status is 2xx, else an error that shows both.
    pub fn json(&self) -> Result<Value> {
        ensure!(self.is_success(), "status {}: {}", self.status, self.body);
        serde_json::from_str(&self.body).with_context(|| format!("not JSON: {}", self.body))
    }
}

/// A caller of one server with one key.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    url: String,
    key: String,
}

impl Api {
    /// For the server at `url`, without a slash at its end.
    pub fn new(url: &str, key: &str) -> Result<Self> {
        // An error only says that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build()?;
        Ok(Api { http, url: url.to_owned(), key: key.to_owned() })
    }

    /// The same caller, for whom an answer that takes longer than `patience` did not come.
    pub fn with_patience(&self, patience: Duration) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(patience).build()?;
        Ok(Api { http, ..self.clone() })
    }

    /// A caller of the same server with another key.
    pub fn with_key(&self, key: &str) -> Self {
        Api { key: key.to_owned(), ..self.clone() }
    }

    /// `GET path`. An error means that no whole answer came.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        read(self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.key).send().await?).await
    }

    /// `POST path`. An error means that no whole answer came: whether it happened is unknown.
    pub async fn post(&self, path: &str, idempotency_key: &str, body: &Value) -> Result<Answer> {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.key);
        read(request.header("Idempotency-Key", idempotency_key).json(body).send().await?).await
    }

    /// `DELETE path`. An error means that no whole answer came: whether it happened is unknown.
    pub async fn delete(&self, path: &str) -> Result<Answer> {
        read(self.http.delete(format!("{}{path}", self.url)).bearer_auth(&self.key).send().await?).await
    }

    /// Debits `amount` from `account`.
    pub async fn debit(&self, account: &str, amount: &str, idempotency_key: &str) -> Result<Answer> {
        self.post("/v1/debits", idempotency_key, &debit(account, amount)).await
    }

    /// Makes an account in whole credits and grants it `credits`.
    pub async fn open(&self, account: &str, credits: u64) -> Result<()> {
        let body = json!({ "id": account, "name": account, "site": "api" });
        self.post("/v1/accounts", &format!("open:{account}"), &body).await?.json()?;
        let body = json!({ "account": account, "amount": credits.to_string(), "kind": "manual", "reason": "soak" });
        self.post("/v1/grants", &format!("grant:{account}"), &body).await?.json()?;
        Ok(())
    }

    /// What `account` has, in [`parse_amount`]'s scale.
    pub async fn balance(&self, account: &str) -> Result<i128> {
        let answer = self.get(&format!("/v1/accounts/{account}/balance")).await?.json()?;
        parse_amount(answer["balance"].as_str().context("the balance is not a string")?)
    }
}

/// The body of a debit.
pub fn debit(account: &str, amount: &str) -> Value {
    json!({ "account": account, "amount": amount, "service": "soak" })
}

async fn read(response: reqwest::Response) -> Result<Answer> {
    let status = response.status().as_u16();
    let replayed = response.headers().get("Idempotent-Replayed").is_some_and(|value| value == "true");
    Ok(Answer { status, replayed, body: response.text().await? })
}

/// Decimal places that amounts are counted in here: more than any unit of the server has.
pub const PLACES: u32 = 18;
/// One whole unit in [`parse_amount`]'s scale.
pub const ONE: i128 = 10_i128.pow(PLACES);

/// Reads a decimal number, also in scientific notation (`2.5e-06`), as a whole number of 10⁻¹⁸.
pub fn parse_amount(text: &str) -> Result<i128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            (mantissa, exponent.parse::<i32>().with_context(|| format!("not a number: {text}"))?)
        }
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().with_context(|| format!("not a number: {text}"))?;
    let shift = i32::try_from(PLACES)? + exponent - i32::try_from(fraction.len())?;
    let power = 10_i128.checked_pow(shift.unsigned_abs()).context("out of range")?;
    if shift >= 0 {
        return digits.checked_mul(power).context("out of range");
    }
    if digits % power != 0 {
        bail!("{text} has more than {PLACES} decimal places");
    }
    Ok(digits / power)
}

/// Writes what [`parse_amount`] reads, without zeros at the end.
pub fn format_amount(amount: i128) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    let digits = format!("{:019}", amount.unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len() - 18);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written_exactly() {
        let cases = [
            ("0", 0, "0"),
            ("1", ONE, "1"),
            ("-1.50", -ONE * 3 / 2, "-1.5"),
            ("0.002233759", 2_233_759_000_000_000, "0.002233759"),
            ("2.5e-06", 2_500_000_000_000, "0.0000025"),
            ("1E+3", 1000 * ONE, "1000"),
            ("-0.5", -ONE / 2, "-0.5"),
        ];
        for (text, expected, written) in cases {
            assert_eq!(parse_amount(text).unwrap(), expected, "{text}");
            assert_eq!(format_amount(expected), written);
        }
        for wrong in ["", "one", "1.2.3", "1e", "1e-30", "1e40"] {
            assert!(parse_amount(wrong).is_err(), "{wrong}");
        }
    }
}
