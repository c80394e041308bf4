//! Amounts as people type them.
//!
//! `500000`, `500.000`, `500,000đ` and `５００，０００` are the same number of dong; `25,00` is 25 dollars. What can be read
//! in two ways, such as `500.000` dollars, is an error that carries both readings: the page asks, it never guesses.
//! Pages and the server use this one function.
//!
//! Deliberately absent: negative amounts, digits of other scripts than NFKC folds, words such as `50k` or `50万`.

use ledger::{Amount, AmountError, Unit};
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

use crate::format::{Language, marks_of};

/// Texts longer than this are not amounts.
const MAX_CHARS: usize = 64;

/// Why a typed text is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseError {
    /// Nothing but spaces.
    #[error("enter an amount")]
    Empty,
    /// Not a number, also when it is negative.
    #[error("enter digits, such as 500000")]
    Malformed,
    /// A number of another currency than the account's.
    #[error("enter an amount in {0}")]
    OtherCurrency(Unit),
    /// What may have been meant, the reading usual in the language first. Never one of them is taken without asking.
    #[error("could be read in more than one way: enter it without separators")]
    Ambiguous {
        /// Amounts that can be paid in the unit's smallest coins; may be empty.
        readings: Vec<Amount>,
    },
    /// Beyond [`Amount::MAX`].
    #[error("is larger than an account can hold")]
    TooLarge,
}

/// Reads what a person typed as an amount of `unit`.
///
/// Full-width forms are folded (NFKC), the unit's own signs are dropped at both ends, spaces group as commas do. A point
/// or comma groups only when every group has three digits; for a currency with decimals one last group of one or two
/// digits is its decimals. `language` decides only which of two readings is named first.
pub fn parse_money(text: &str, unit: Unit, language: Language) -> Result<Amount, ParseError> {
    if text.chars().count() > MAX_CHARS {
        return Err(ParseError::Malformed);
    }
    let folded = text.nfkc().collect::<String>().to_lowercase();
    if folded.trim().is_empty() {
        return Err(ParseError::Empty);
    }
    let number = without_marks(folded.trim(), unit);
    let typed = Typed::read(number).ok_or_else(|| no_number(number, unit))?;
    match typed.reading(unit.exponent() as usize) {
        Some(plain) => amount(unit, &plain),
        None => Err(ParseError::Ambiguous { readings: typed.readings(unit, language) }),
    }
}

/// Takes the unit's signs off both ends, as often as they are there: `vnd 500,000 đ`.
fn without_marks(mut number: &str, unit: Unit) -> &str {
    let marks = marks_of(unit);
    while let Some(rest) =
        marks.iter().find_map(|mark| number.strip_prefix(mark.as_str()).or_else(|| number.strip_suffix(mark.as_str())))
    {
        number = rest.trim();
    }
    number
}

/// Digits beside something that is not a number: the sign of another currency, or nothing known.
fn no_number(text: &str, unit: Unit) -> ParseError {
    let sign = text.trim_matches(|c: char| c.is_ascii_digit() || ".,".contains(c) || c.is_whitespace());
    let signs = ["$", "¥", "円", "₫", "đ", "€", "£", "₩", "₱"];
    let known = Unit::parse(&sign.to_uppercase()).is_some() || signs.iter().any(|known| sign.ends_with(known));
    if known && !marks_of(unit).iter().any(|own| own == sign) {
        ParseError::OtherCurrency(unit)
    } else {
        ParseError::Malformed
    }
}

fn amount(unit: Unit, plain: &str) -> Result<Amount, ParseError> {
    unit.parse_amount(plain).map_err(|error| match error {
        AmountError::TooLarge => ParseError::TooLarge,
        AmountError::Malformed | AmountError::TooPrecise => ParseError::Malformed,
    })
}

/// Groups of digits and what stands between them: `.`, `,` or a space.
struct Typed {
    groups: Vec<String>,
    separators: Vec<char>,
}

impl Typed {
    /// `None` when there is anything else, or a separator without digits on both sides.
    fn read(number: &str) -> Option<Typed> {
        let mut typed = Typed { groups: vec![String::new()], separators: Vec::new() };
        let mut space = false;
        for c in number.chars() {
            let group = typed.groups.last_mut()?;
            match c {
                '0'..='9' if space && !group.is_empty() => {
                    typed.separators.push(' ');
                    typed.groups.push(c.into());
                }
                '0'..='9' => group.push(c),
                '.' | ',' => {
                    typed.separators.push(c);
                    typed.groups.push(String::new());
                }
                c if c.is_whitespace() => {}
                _ => return None,
            }
            space = c.is_whitespace();
        }
        typed.groups.iter().all(|group| !group.is_empty()).then_some(typed)
    }

    /// The one way to read it in a unit with `exponent` decimals, as a plain decimal.
    fn reading(&self, exponent: usize) -> Option<String> {
        let last = self.groups.last()?;
        if self.separators.is_empty() {
            return Some(last.clone());
        }
        let grouped = grouped(&self.groups, &self.separators);
        if exponent == 0 {
            return grouped.then(|| self.groups.concat());
        }
        match (grouped, self.as_decimal()) {
            (false, Some(decimal)) if last.len() <= 2 || last.len() == exponent && self.separators.len() > 1 => {
                Some(decimal)
            }
            (true, None) => Some(self.groups.concat()),
            _ => None,
        }
    }

    /// What it may mean when there is no one way.
    fn readings(&self, unit: Unit, language: Language) -> Vec<Amount> {
        let exponent = unit.exponent() as usize;
        let one_separator = self.separators.windows(2).all(|pair| pair[0] == pair[1]);
        let in_threes = self.groups.last().is_some_and(|last| last.len() == 3);
        let whole = (one_separator && (exponent == 0 || in_threes)).then(|| self.groups.concat());
        let payable = |decimal: &String| {
            decimal.split_once('.').is_some_and(|(_, fraction)| fraction.trim_end_matches('0').len() <= exponent)
        };
        let decimal = self.as_decimal().filter(payable);
        let own_decimal = self.separators.last() == Some(&language.decimal_mark());
        let in_order = if own_decimal { [decimal, whole] } else { [whole, decimal] };
        let mut readings: Vec<Amount> =
            in_order.iter().flatten().filter_map(|plain| unit.parse_amount(plain).ok()).collect();
        readings.dedup();
        readings
    }

    /// Read with the last separator as the decimal mark, if that can be: `1.234,5` → `1234.5`.
    fn as_decimal(&self) -> Option<String> {
        let (mark, separators) = self.separators.split_last()?;
        let (fraction, whole) = self.groups.split_last()?;
        let other = *mark != ' ' && !separators.contains(mark);
        (other && (separators.is_empty() || grouped(whole, separators)))
            .then(|| format!("{}.{fraction}", whole.concat()))
    }
}

/// Whether the groups look like thousands: one to three digits, not zero first, then threes, one kind of separator.
fn grouped(groups: &[String], separators: &[char]) -> bool {
    let Some((first, rest)) = groups.split_first() else { return false };
    first.len() <= 3
        && !first.starts_with('0')
        && rest.iter().all(|group| group.len() == 3)
        && separators.windows(2).all(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{En, Ja, Vi};

    fn parse(unit: &str, text: &str, language: Language) -> Result<Amount, ParseError> {
        parse_money(text, Unit::parse(unit).unwrap(), language)
    }

    #[test]
    fn what_people_type_is_understood() {
        // unit, typed, language, plain
        let good = [
            ("VND", "500000", Vi, "500000"),
            ("VND", "500.000", Vi, "500000"),
            ("VND", "500.000", En, "500000"),
            ("VND", "500,000", Vi, "500000"),
            ("VND", "500,000đ", Vi, "500000"),
            ("VND", "500,000 Đ", Vi, "500000"),
            ("VND", "₫500,000", En, "500000"),
            ("VND", "500.000 VNĐ", Vi, "500000"),
            ("VND", "VND 500,000", En, "500000"),
            ("VND", "500.000 đồng", Vi, "500000"),
            ("VND", "500.000 đo\u{302}\u{300}ng", Vi, "500000"),
            ("VND", "５００，０００", Ja, "500000"),
            ("VND", "５００．０００", Ja, "500000"),
            ("VND", "５０００００", Ja, "500000"),
            ("VND", " 1 000 000 ", Vi, "1000000"),
            ("VND", "1\u{a0}000\u{202f}000", En, "1000000"),
            ("VND", "500, 000", En, "500000"),
            ("VND", "12.500.000.000", Vi, "12500000000"),
            ("VND", "007", Vi, "7"),
            ("JPY", "3,000円", Ja, "3000"),
            ("JPY", "￥３，０００", Ja, "3000"),
            ("JPY", "¥3000", En, "3000"),
            ("JPY", "3.000 yên", Vi, "3000"),
            ("USD", "25", En, "25"),
            ("USD", "$25.00", En, "25"),
            ("USD", "25,00", Vi, "25"),
            ("USD", "25,00 US$", Vi, "25"),
            ("USD", "25.5", En, "25.5"),
            ("USD", "1,234.50", En, "1234.5"),
            ("USD", "1.234,50", Vi, "1234.5"),
            ("USD", "1 234,50", En, "1234.5"),
            ("USD", "1,234,567", En, "1234567"),
            ("USD", "1 000", En, "1000"),
            ("USD", "0.50", En, "0.5"),
            ("AUD", "$50", En, "50"),
            ("EUR", "€ 25", En, "25"),
            ("KWD", "1,234.567", En, "1234.567"),
            ("CREDIT", "10,000 credits", En, "10000"),
            ("CREDIT", "10,000クレジット", Ja, "10000"),
        ];
        for (unit, typed, language, plain) in good {
            let expected = Unit::parse(unit).unwrap().parse_amount(plain).unwrap();
            assert_eq!(parse(unit, typed, language), Ok(expected), "{unit} {typed:?} {language}");
        }
    }

    #[test]
    fn what_has_two_readings_is_asked() {
        // unit, typed, language, readings
        let cases: [(&str, &str, Language, &[&str]); 16] = [
            ("USD", "500.000", En, &["500", "500000"]),
            ("USD", "500.000", Vi, &["500000", "500"]),
            ("USD", "500,000", En, &["500000", "500"]),
            ("USD", "500.123", En, &["500123"]),
            ("USD", "0.500", En, &["0.5", "500"]),
            ("USD", "1.2345", En, &[]),
            ("USD", "1,234.567", En, &[]),
            ("USD", "1,23,45", En, &[]),
            ("KWD", "500.000", En, &["500", "500000"]),
            ("VND", "25,00", Vi, &["25", "2500"]),
            ("VND", "25.5", Vi, &["255"]),
            ("VND", "500,000.00", En, &["500000"]),
            ("VND", "1,000.000", En, &["1000"]),
            ("VND", "5000,000", En, &["5000000", "5000"]),
            ("VND", "50 00", Vi, &["5000"]),
            ("JPY", "50,0000", Ja, &["500000", "50"]),
        ];
        for (unit, typed, language, plain) in cases {
            let unit_of = Unit::parse(unit).unwrap();
            let readings = plain.iter().map(|plain| unit_of.parse_amount(plain).unwrap()).collect();
            assert_eq!(
                parse(unit, typed, language),
                Err(ParseError::Ambiguous { readings }),
                "{unit} {typed:?} {language}"
            );
        }
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        let vnd = Unit::parse("VND").unwrap();
        let long = "1".repeat(65);
        let bad = [
            ("", ParseError::Empty),
            (" \u{3000} ", ParseError::Empty),
            ("đ", ParseError::Malformed),
            ("abc", ParseError::Malformed),
            ("-500", ParseError::Malformed),
            ("−500", ParseError::Malformed),
            ("1e6", ParseError::Malformed),
            ("500k", ParseError::Malformed),
            (".5", ParseError::Malformed),
            ("5.", ParseError::Malformed),
            ("5..000", ParseError::Malformed),
            ("5đ00", ParseError::Malformed),
            (&long, ParseError::Malformed),
            ("٥٠٠", ParseError::Malformed),
            ("$500", ParseError::OtherCurrency(vnd)),
            ("500 USD", ParseError::OtherCurrency(vnd)),
            ("5000円", ParseError::OtherCurrency(vnd)),
            ("99999999999999999999", ParseError::TooLarge),
        ];
        for (typed, error) in bad {
            assert_eq!(parse("VND", typed, Vi), Err(error), "{typed:?}");
        }
    }
}
