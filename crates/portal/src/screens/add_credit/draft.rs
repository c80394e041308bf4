//! What somebody chose so far: an amount, typed or picked, and a method with its currency.

use documents::parse::{ParseError, parse_money};
use engine::settings::{Bounds, Method};
use ledger::{Amount, Unit};

use crate::form::Fields;
use crate::session::Visitor;

/// The choice that means: the amount that is typed.
pub const OWN: &str = "own";

/// What was chosen so far, as it was typed.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// An amount of the list as a plain decimal, or [`OWN`].
    pub choice: String,
    /// The amount as it was typed.
    pub typed: String,
    /// `method:currency`.
    pub method: String,
}

impl Draft {
    /// Reads an address or a form.
    pub fn read(fields: &Fields) -> Draft {
        Draft {
            choice: fields.text("choice").to_owned(),
            typed: fields.text("amount").to_owned(),
            method: fields.text("method").to_owned(),
        }
    }

    /// The amount, when there is one that can be read.
    ///
    /// # Errors
    /// Why what was typed is no amount.
    pub fn amount(&self, visitor: &Visitor) -> Result<Amount, ParseError> {
        let unit = visitor.account.unit;
        match self.choice.as_str() {
            OWN => parse_money(&self.typed, unit, visitor.words.language),
            "" => Err(ParseError::Empty),
            plain => unit.parse_amount(plain).map_err(|_| ParseError::Malformed),
        }
    }

    /// The method and the currency that it charges.
    pub fn method(&self) -> Option<(Method, Unit)> {
        let (method, currency) = self.method.split_once(':')?;
        Some((Method::parse(method)?, Unit::parse(currency)?))
    }
}

/// Why what was typed is no amount, for who typed it.
pub fn told(visitor: &Visitor, error: &ParseError, bounds: Option<&Bounds>) -> String {
    let (words, unit) = (visitor.words, visitor.account.unit);
    let write = |amount: Amount| visitor.show.in_sentence(amount, unit);
    match error {
        ParseError::Empty => words.t("portal-amount-empty"),
        ParseError::Malformed => {
            let example = bounds.map(|bounds| unit.format_amount(bounds.minimum)).unwrap_or_else(|| "25".to_owned());
            words.with("portal-amount-malformed", &[("example", &example)])
        }
        ParseError::OtherCurrency(unit) => words.with("portal-amount-currency", &[("unit", unit.code())]),
        ParseError::Ambiguous { readings } => match readings.as_slice() {
            [one] => words.with("portal-amount-ambiguous-one", &[("one", &write(*one))]),
            [one, other] => words.with("portal-amount-ambiguous", &[("one", &write(*one)), ("other", &write(*other))]),
            _ => words.t("portal-amount-ambiguous-none"),
        },
        ParseError::TooLarge => words.t("portal-amount-too-large"),
    }
}

/// What is wrong with an amount that can be read; the engine checks it again.
pub fn out_of_bounds(visitor: &Visitor, amount: Amount, bounds: &Bounds) -> Option<String> {
    let (words, unit) = (visitor.words, visitor.account.unit);
    let write = |amount: Amount| visitor.show.in_sentence(amount, unit);
    if amount < bounds.minimum {
        return Some(words.with("portal-amount-minimum", &[("amount", &write(bounds.minimum))]));
    }
    (amount > bounds.maximum).then(|| words.with("portal-amount-maximum", &[("amount", &write(bounds.maximum))]))
}
