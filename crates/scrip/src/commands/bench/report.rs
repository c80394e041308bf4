//! What a run found, for people and for programs. All arithmetic is whole numbers.

use std::time::Duration;

use hdrhistogram::Histogram;
use ledger::Unit;
use serde_json::{Value, json};

use crate::output::{duration, grouped};

/// The sum of all balances after a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// What it must be: before − acknowledged, in ledger units of CREDIT.
    pub expected: i128,
    /// What the server says.
    pub actual: i128,
}

/// The result of a run.
#[derive(Debug)]
pub struct Report {
    /// Debits that were acknowledged, warm-up and settled ones included.
    pub acknowledged: u64,
    /// Debits acknowledged in the measured time.
    pub measured: u64,
    /// Debits that a rule refused.
    pub refused: u64,
    /// Why the first of them was.
    pub refusal: Option<String>,
    /// Requests without an answer that were settled afterwards.
    pub settled: usize,
    /// How long was measured.
    pub elapsed: Duration,
    /// Latency of requests in microseconds.
    pub latency_us: Histogram<u64>,
    /// Debits of one request.
    pub batch: usize,
    /// Not there when the echo was measured, which keeps no balances.
    pub balance: Option<Balance>,
}

/// Credits as a decimal; balances of many accounts do not fit an `Amount`.
fn credits(units: i128) -> String {
    let scale = 10_u128.pow(Unit::CREDIT.ledger_scale());
    let (sign, units) = (if units < 0 { "-" } else { "" }, units.unsigned_abs());
    let width = Unit::CREDIT.ledger_scale() as usize;
    let text = format!("{sign}{}.{:0width$}", units / scale, units % scale);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Report {
    /// Debits per second in the measured time, rounded down.
    pub fn debits_per_second(&self) -> u64 {
        let elapsed_us = self.elapsed.as_micros().max(1);
        u64::try_from(u128::from(self.measured) * 1_000_000 / elapsed_us).unwrap_or(u64::MAX)
    }

    fn percentiles(&self) -> [(&'static str, u64); 4] {
        let at = |quantile| self.latency_us.value_at_quantile(quantile);
        [("p50", at(0.5)), ("p99", at(0.99)), ("p99_9", at(0.999)), ("max", self.latency_us.max())]
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let latency = self.percentiles().map(|(name, us)| (name.to_owned(), json!(us)));
        let balance = self.balance.map(|Balance { expected, actual }| {
            json!({"expected": credits(expected), "actual": credits(actual), "ok": expected == actual})
        });
        json!({
            "debits_per_second": self.debits_per_second(),
            "acknowledged": self.acknowledged,
            "measured": self.measured,
            "refused": self.refused,
            "refusal": self.refusal,
            "settled_requests": self.settled,
            "batch": self.batch,
            "seconds": format!("{}.{:03}", self.elapsed.as_secs(), self.elapsed.subsec_millis()),
            "latency_us": serde_json::Map::from_iter(latency),
            "balance": balance,
        })
    }

    /// For people.
    pub fn text(&self) -> String {
        let latency = self.percentiles().map(|(name, us)| format!("{} {}", name.replace('_', "."), duration(us)));
        let per = if self.batch == 1 { String::new() } else { format!("  (per request of {})", self.batch) };
        let refusal = self.refusal.as_ref().map(|why| format!("; first refusal: {why}")).unwrap_or_default();
        let (acknowledged, refused) = (grouped(self.acknowledged), grouped(self.refused));
        let mut lines = vec![
            format!("debits/s      {}", grouped(self.debits_per_second())),
            format!("latency       {}{per}", latency.join("  ")),
            format!(
                "acknowledged  {acknowledged}, refused {refused}, settled later {} requests{refusal}",
                self.settled
            ),
        ];
        match self.balance {
            None => {}
            Some(Balance { expected, actual }) if expected == actual => {
                lines.push(format!("balance       ok: {} credits, as granted less acknowledged", credits(actual)));
            }
            Some(Balance { expected, actual }) => {
                let difference = credits(actual - expected);
                let (expected, actual) = (credits(expected), credits(actual));
                lines.push(format!("balance       WRONG: {actual} credits instead of {expected}, {difference} off"));
            }
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_are_exact_beyond_an_amount() {
        let table = [
            (0, "0"),
            (1, "0.000001"),
            (-1_500_000, "-1.5"),
            (100_000_000_000, "100000"),
            (300_000_000_000_000_000_000_000_001, "300000000000000000000.000001"),
        ];
        for (units, text) in table {
            assert_eq!(credits(units), text);
        }
    }

    #[test]
    fn the_report_is_readable() {
        let mut latency_us = Histogram::new_with_bounds(1, 1_000_000, 3).unwrap();
        for us in 1..=1_000 {
            latency_us.record(us).unwrap();
        }
        let mut report = Report {
            acknowledged: 12_345,
            measured: 12_000,
            refused: 0,
            refusal: None,
            settled: 1,
            elapsed: Duration::from_millis(2_000),
            latency_us,
            batch: 1,
            balance: Some(Balance { expected: 5_000_000, actual: 5_000_000 }),
        };
        insta::assert_snapshot!(report.text(), @r"
        debits/s      6,000
        latency       p50 500 µs  p99 990 µs  p99.9 999 µs  max 1.0 ms
        acknowledged  12,345, refused 0, settled later 1 requests
        balance       ok: 5 credits, as granted less acknowledged
        ");
        report.balance = Some(Balance { expected: 5_000_000, actual: 4_999_000 });
        assert!(report.text().contains("WRONG: 4.999 credits instead of 5, -0.001 off"), "{}", report.text());
        assert_eq!(report.json()["balance"]["ok"], false);
        assert_eq!(report.json()["latency_us"]["p99_9"], 999);
    }
}
