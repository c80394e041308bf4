//! Money in the forms that screens and documents use.

use ledger::{Amount, EXTRA_DECIMALS, Unit};
use serde::{Deserialize, Serialize};

use super::{Language, MINUS, NO_BREAK_SPACE};

/// An amount with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// What is counted.
    pub unit: Unit,
    /// How much, in ledger units (`10^-(exponent + 6)` of the unit).
    pub amount: Amount,
}

/// How the unit is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A symbol, aligned in tables: `¥3,000`, `500.000 ₫`.
    Symbol,
    /// As [`Style::Symbol`], but yen as people write it in a sentence: `3,000円`, `3.000 yên`.
    Sentence,
    /// The ISO code, wherever there is more than one currency: `VND 500,000`.
    Code,
}

/// How many decimals are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// The unit's own, rounded down: balances and payments. −$0.001 is −$0.01, so that no debt is hidden.
    Minor,
    /// The unit's own and up to six when needed, the rest cut off: usage. What is not nothing is never shown as zero.
    Row,
    /// The unit's own and as many as there are.
    Exact,
}

/// Which signs are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// A minus only.
    Minus,
    /// A plus, too: movements. Zero has none.
    Always,
}

/// A form of money: how the unit is named, how many decimals, which signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoneyFormat {
    /// How the unit is named.
    pub style: Style,
    /// How many decimals are shown.
    pub digits: Digits,
    /// Which signs are shown.
    pub sign: Sign,
}

impl MoneyFormat {
    /// A balance or a payment in a table or a heading.
    pub const BALANCE: MoneyFormat = MoneyFormat { style: Style::Symbol, digits: Digits::Minor, sign: Sign::Minus };
    /// A balance or a payment in a sentence.
    pub const SENTENCE: MoneyFormat = MoneyFormat { style: Style::Sentence, ..Self::BALANCE };
    /// A balance or a payment where there is more than one currency.
    pub const CODE: MoneyFormat = MoneyFormat { style: Style::Code, ..Self::BALANCE };
    /// A movement in a history.
    pub const MOVEMENT: MoneyFormat = MoneyFormat { style: Style::Symbol, digits: Digits::Row, sign: Sign::Always };
}

/// Symbols by code: in English and Japanese, and in Vietnamese. Source: CLDR 48, but `¥` is narrow in Japanese, too, and
/// `CN¥` stays.
const SYMBOLS: &[(&str, &str, &str)] = &[
    ("AUD", "A$", "AU$"),
    ("BRL", "R$", "R$"),
    ("CAD", "CA$", "CA$"),
    ("CNY", "CN¥", "CN¥"),
    ("EUR", "€", "€"),
    ("GBP", "£", "£"),
    ("HKD", "HK$", "HK$"),
    ("ILS", "₪", "₪"),
    ("INR", "₹", "₹"),
    ("JPY", "¥", "¥"),
    ("KRW", "₩", "₩"),
    ("MXN", "MX$", "MX$"),
    ("NZD", "NZ$", "NZ$"),
    ("PHP", "₱", "₱"),
    ("TWD", "NT$", "NT$"),
    ("USD", "$", "US$"),
    ("VND", "₫", "₫"),
];

/// Short forms by language: power of ten, name. The largest that fits is taken.
const COMPACT_EN: &[(u32, &str)] = &[(12, "T"), (9, "B"), (6, "M"), (3, "K")];
const COMPACT_JA: &[(u32, &str)] = &[(12, "兆"), (8, "億"), (4, "万")];
const COMPACT_VI: &[(u32, &str)] = &[(9, "\u{a0}T"), (6, "\u{a0}Tr"), (3, "\u{a0}N")];

impl Language {
    /// Money in a form.
    pub fn money(self, money: Money, format: MoneyFormat) -> String {
        let (negative, plain) = digits(money, format.digits);
        let sign = match (negative, format.sign) {
            (true, _) => String::from(MINUS),
            (false, Sign::Always) if !money.amount.is_zero() => String::from('+'),
            (false, _) => String::new(),
        };
        sign + &self.with_unit(money.unit, format.style, &self.decimal(&plain))
    }

    /// Money in a few characters, for the axes of charts only: `₫1.5M`, `₫150万`, `1,5 Tr ₫`. Two figures, cut off.
    pub fn compact_money(self, money: Money) -> String {
        let forms = match self {
            Language::En => COMPACT_EN,
            Language::Ja => COMPACT_JA,
            Language::Vi => COMPACT_VI,
        };
        let one = 10_u128.pow(money.unit.ledger_scale());
        let units = u128::from(money.amount.units().unsigned_abs());
        let Some((power, name)) = forms.iter().copied().find(|(power, _)| units >= one * 10_u128.pow(*power)) else {
            return self.money(money, MoneyFormat { digits: Digits::Row, ..MoneyFormat::BALANCE });
        };
        let tenths = units * 10 / (one * 10_u128.pow(power));
        let plain = match (tenths / 10, tenths % 10) {
            (whole, tenth) if whole < 10 && tenth > 0 => format!("{whole}.{tenth}"),
            (whole, _) => whole.to_string(),
        };
        let number = self.decimal(&plain) + name;
        let sign = if money.amount.is_negative() { String::from(MINUS) } else { String::new() };
        sign + &self.with_unit(money.unit, Style::Symbol, &number)
    }

    fn with_unit(self, unit: Unit, style: Style, number: &str) -> String {
        let code = unit.code();
        let symbol = SYMBOLS.iter().find(|(known, ..)| *known == code).map(|&(_, common, vietnamese)| match self {
            Language::Vi => vietnamese,
            Language::En | Language::Ja => common,
        });
        match (self, style, symbol) {
            _ if unit == Unit::CREDIT => match self {
                Language::En if number == "1" => "1 credit".to_owned(),
                Language::En => format!("{number} credits"),
                Language::Ja => format!("{number}クレジット"),
                Language::Vi => format!("{number} credit"),
            },
            (Language::Ja, Style::Sentence, _) if code == "JPY" => format!("{number}円"),
            (Language::Vi, Style::Sentence, _) if code == "JPY" => format!("{number} yên"),
            (Language::Vi, Style::Symbol | Style::Sentence, Some(symbol)) => {
                format!("{number}{NO_BREAK_SPACE}{symbol}")
            }
            (_, Style::Symbol | Style::Sentence, Some(symbol)) => format!("{symbol}{number}"),
            (Language::En, ..) => format!("{code}{NO_BREAK_SPACE}{number}"),
            (Language::Ja, ..) => format!("{number} {code}"),
            (Language::Vi, ..) => format!("{number}{NO_BREAK_SPACE}{code}"),
        }
    }
}

/// Whether it is negative, and the digits to show as a plain decimal without a sign.
fn digits(money: Money, digits: Digits) -> (bool, String) {
    let Money { unit, amount } = money;
    if digits == Digits::Minor {
        let minor = unit.floor_minor(amount);
        let whole = Amount::from_units(minor.saturating_mul(10_i64.pow(EXTRA_DECIMALS)));
        return (minor < 0, padded(unit, &unit.format_amount(whole)));
    }
    let exact = unit.format_amount(amount);
    let cut = match exact.split_once('.') {
        Some((whole, fraction)) if digits == Digits::Row && fraction.len() > 6 => {
            let kept = fraction[..6].trim_end_matches('0');
            let nothing = kept.is_empty() && whole.trim_start_matches('-') == "0";
            if nothing { exact } else { format!("{whole}.{kept}") }
        }
        _ => exact,
    };
    (amount.is_negative(), padded(unit, &cut))
}

/// A plain decimal without sign and with at least the unit's own decimals.
fn padded(unit: Unit, plain: &str) -> String {
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let whole = whole.trim_start_matches('-');
    let width = unit.exponent() as usize;
    if width == 0 && fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction:0<width$}") }
}

/// Everything a person may write beside an amount of this unit, in lower case, longest first.
pub(crate) fn marks_of(unit: Unit) -> Vec<String> {
    let spoken: &[&str] = match unit.code() {
        "VND" => &["vnđ", "đồng", "dong", "đ"],
        "JPY" => &["円", "yen", "yên"],
        "USD" => &["ドル"],
        "EUR" => &["ユーロ", "euro"],
        "CREDIT" => &["credits", "クレジット"],
        _ => &[],
    };
    let symbols = SYMBOLS.iter().filter(|(code, ..)| *code == unit.code()).flat_map(|&(_, a, b)| [a, b]);
    let mut marks: Vec<String> =
        symbols.chain(spoken.iter().copied()).chain([unit.code()]).map(str::to_lowercase).collect();
    // Nobody writes `A$` in Australia: the bare sign of dollars is taken for what the account counts.
    marks.extend(marks.iter().any(|mark| mark.ends_with('$')).then(|| "$".to_owned()));
    marks.extend(marks.iter().any(|mark| mark.ends_with('¥')).then(|| "¥".to_owned()));
    marks.sort_by_key(|mark| std::cmp::Reverse(mark.chars().count()));
    marks
}
