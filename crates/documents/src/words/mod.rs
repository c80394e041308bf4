//! Amounts in words: the echo beside an amount field, and what Vietnamese documents must carry.
//!
//! English and Vietnamese spell numbers out; Japanese writes `50万円`, as people read amounts there. Lower case, without
//! a full stop; [`sentence_case`] is for the beginning of a line. Source of the Vietnamese forms: common school usage
//! with `linh`, `lăm`, `mốt`, `mươi`, and `bốn` (not `tư`) in every place, which accounting prefers.
//!
//! Deliberately absent: formal Japanese numerals (大字), fractions of the smallest coin.

mod english;
mod japanese;
mod vietnamese;

use ledger::{EXTRA_DECIMALS, Unit};

use crate::format::{Language, Money};

/// The largest number that has words: 10^15.
pub const MAX: u64 = 1_000_000_000_000_000;

/// A whole number in words, `None` beyond [`MAX`].
pub fn integer(language: Language, number: u64) -> Option<String> {
    (number <= MAX).then(|| match language {
        Language::En => english::integer(number),
        Language::Ja => japanese::integer(number),
        Language::Vi => vietnamese::integer(number),
    })
}

/// Money in words: `five hundred thousand dong`, `50万円`, `hai mươi lăm đô la Mỹ`.
///
/// `None` when it is negative, not a whole number of the smallest coins, beyond [`MAX`], or in a unit without a name here
/// (there are names for VND, JPY, USD, EUR and CREDIT).
pub fn money(language: Language, money: Money) -> Option<String> {
    let minor = u64::try_from(money.unit.floor_minor(money.amount)).ok()?;
    if money.amount.units() % 10_i64.pow(EXTRA_DECIMALS) != 0 {
        return None;
    }
    let names = names(language, money.unit)?;
    let coins = 10_u64.pow(money.unit.exponent());
    let (whole, rest) = (minor / coins, minor % coins);
    let part = |number: u64, name: &str| {
        let space = if language == Language::Ja { "" } else { " " };
        Some(format!("{}{space}{name}", integer(language, number)?))
    };
    let whole_part = part(whole, if whole == 1 { names.one } else { names.many })?;
    if rest == 0 {
        return Some(whole_part);
    }
    let and = match language {
        Language::En => " and ",
        Language::Ja => "",
        Language::Vi => " và ",
    };
    Some(format!("{whole_part}{and}{}", part(rest, if rest == 1 { names.coin } else { names.coins })?))
}

/// The text with its first letter in upper case.
pub fn sentence_case(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
}

/// What one and many of a unit and of its smallest coin are called.
struct Names {
    one: &'static str,
    many: &'static str,
    coin: &'static str,
    coins: &'static str,
}

fn names(language: Language, unit: Unit) -> Option<Names> {
    let same = |name, coin| Names { one: name, many: name, coin, coins: coin };
    Some(match (language, unit.code()) {
        (Language::En, "VND") => same("dong", ""),
        (Language::En, "JPY") => same("yen", ""),
        (Language::En, "USD") => Names { one: "US dollar", many: "US dollars", coin: "cent", coins: "cents" },
        (Language::En, "EUR") => Names { one: "euro", many: "euros", coin: "cent", coins: "cents" },
        (Language::En, "CREDIT") => Names { one: "credit", many: "credits", coin: "", coins: "" },
        (Language::Ja, "VND") => same("ドン", ""),
        (Language::Ja, "JPY") => same("円", ""),
        (Language::Ja, "USD") => same("ドル", "セント"),
        (Language::Ja, "EUR") => same("ユーロ", "セント"),
        (Language::Ja, "CREDIT") => same("クレジット", ""),
        (Language::Vi, "VND") => same("đồng", ""),
        (Language::Vi, "JPY") => same("yên", ""),
        (Language::Vi, "USD") => same("đô la Mỹ", "xu"),
        (Language::Vi, "EUR") => same("euro", "xu"),
        (Language::Vi, "CREDIT") => same("credit", ""),
        _ => return None,
    })
}
