//! The taxes that a price includes.
//!
//! Rounding happens once per receipt, half a coin away from zero, on the sum of its taxes; that sum is then shared among
//! the rates, so that base and taxes always add up to the price. Pure, in whole coins.

use jiff::civil::Date;

use super::snapshot::TaxLine;
use crate::settings::{Language, Tax, TaxPoint, TaxRate, in_language};

/// 100 % in ten-thousandths of a percent.
const WHOLE_E4: i128 = 1_000_000;

/// The tax lines of a price that was paid on `day`; none where the tax arises later.
pub(super) fn lines(tax: Option<&Tax>, price_minor: i64, day: Date, language: Language) -> Vec<TaxLine> {
    let Some(tax) = tax.filter(|tax| tax.tax_point == TaxPoint::TopUp) else { return Vec::new() };
    let rates: Vec<&TaxRate> = tax.rates.iter().filter(|rate| rate.applies_on(day)).collect();
    let rates_e4: Vec<u32> = rates.iter().map(|rate| rate.percent.e4()).collect();
    let (base_minor, parts_minor) = included(price_minor, &rates_e4);
    let line = |(rate, tax_minor): (&TaxRate, i64)| TaxLine {
        name: in_language(&rate.names, language).cloned().unwrap_or_default(),
        percent: rate.percent.to_string(),
        base_minor,
        tax_minor,
    };
    rates.into_iter().zip(parts_minor).map(line).collect()
}

/// What is left of a price without its taxes, and each tax. They add up to the price.
fn included(price_minor: i64, rates_e4: &[u32]) -> (i64, Vec<i64>) {
    let price = i128::from(price_minor);
    let sum_e4: i128 = rates_e4.iter().copied().map(i128::from).sum();
    let all = divide(price * sum_e4, WHOLE_E4 + sum_e4);
    let (mut so_far_e4, mut so_far, mut parts) = (0, 0, Vec::with_capacity(rates_e4.len()));
    for rate_e4 in rates_e4 {
        so_far_e4 += i128::from(*rate_e4);
        let until = if sum_e4 == 0 { 0 } else { divide(all * so_far_e4, sum_e4) };
        parts.push(coins(until - so_far));
        so_far = until;
    }
    (coins(price - all), parts)
}

/// Divides whole numbers that are not negative, half rounded up.
fn divide(numerator: i128, denominator: i128) -> i128 {
    (2 * numerator + denominator) / (2 * denominator)
}

/// No part of a price is more than the price.
fn coins(minor: i128) -> i64 {
    i64::try_from(minor).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn base_and_taxes_add_up_to_the_price() {
        // price, rates in ten-thousandths of a percent, base, taxes
        let table: &[(i64, &[u32], i64, &[i64])] = &[
            (1_205_000, &[80_000], 1_115_741, &[89_259]),
            (30_000, &[100_000], 27_273, &[2_727]),
            (110, &[100_000], 100, &[10]),
            // 0.5 of a coin rounds up.
            (21, &[50_000], 20, &[1]),
            (1, &[100_000], 1, &[0]),
            (11_498, &[50_000, 99_750], 10_000, &[500, 998]),
            (100, &[], 100, &[]),
            (100, &[0], 100, &[0]),
            (100, &[0, 100_000], 91, &[0, 9]),
            (i64::MAX, &[1_000_000], i64::MAX / 2, &[i64::MAX / 2 + 1]),
        ];
        for (price, rates, base, taxes) in table {
            assert_eq!(included(*price, rates), (*base, taxes.to_vec()), "{price} {rates:?}");
        }
        for price in (1..5_000).chain([999_999_999_999, i64::MAX]) {
            for rates in [&[80_000][..], &[100_000], &[50_000, 99_750], &[1, 33_333, 250_000]] {
                let (base, taxes) = included(price, rates);
                assert_eq!(i128::from(base) + taxes.iter().copied().map(i128::from).sum::<i128>(), i128::from(price));
                assert!(base >= 0 && taxes.iter().all(|tax| *tax >= 0), "{price} {rates:?}: {base} {taxes:?}");
            }
        }
    }

    #[test]
    fn the_rates_of_the_day_of_payment_count() {
        let rate = |percent: &str, from: Option<&str>, until: Option<&str>| {
            let day = |text: &str| text.to_owned().try_into().unwrap();
            let names = [(Language::En, "VAT".to_owned()), (Language::Vi, "Thuế GTGT".to_owned())].into();
            TaxRate { names, percent: percent.parse().unwrap(), from: from.map(day), until: until.map(day) }
        };
        let rates = vec![rate("8", None, Some("2026-12-31")), rate("10", Some("2027-01-01"), None)];
        let vietnam = Tax { tax_point: TaxPoint::TopUp, rates };
        let shown = |tax: Option<&Tax>, day, language| -> Vec<String> {
            let lines = lines(tax, 1_205_000, day, language).into_iter();
            lines.map(|line| format!("{} {} {}", line.name, line.percent, line.tax_minor)).collect()
        };
        let (old, new) = (date(2026, 12, 31), date(2027, 1, 1));
        assert_eq!(shown(Some(&vietnam), old, Language::Vi), ["Thuế GTGT 8 89259"]);
        assert_eq!(shown(Some(&vietnam), new, Language::Ja), ["VAT 10 109545"]);
        assert!(shown(Some(&Tax { tax_point: TaxPoint::Usage, ..vietnam }), new, Language::En).is_empty());
        assert!(shown(None, new, Language::En).is_empty());
    }
}
