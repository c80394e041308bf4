//! Price books: what a unit of use costs, exactly.
//!
//! A [`PriceBook`] is a JSON document of an operator: for each service the price of each meter ("0.15 per 1,000,000
//! `input_tokens`"). [`PriceBook::compile`] turns it into whole-number ratios once, [`rate`] prices one usage event
//! with them, [`import_litellm`] makes a book from the public LiteLLM price map.
//!
//! Invariants:
//! * A [`Charge`] is the exact sum of its lines, rounded **once**, half away from zero, to the unit's ledger scale.
//! * No price passes through a float: texts are read as decimals, from the document to the ledger.
//! * A book that compiled prices every quantity; only a charge beyond [`Amount::MAX`](crate::Amount::MAX), or a
//!   quantity that a step rounds up beyond `u64`, is refused.
//! * An unknown service or meter is an error that names it. There is no default price and no price of zero by omission.
//!
//! Deliberately absent: versions and times of books (the store gives them, a book never changes), allowances that last
//! longer than one event, tiers by volume, discounts per account.
//!
//! Cost: rating takes one hash look-up, a binary search per meter and one 128-bit division, and allocates nothing up to
//! four meters. Texts are written only when a charge is printed or serialised.

mod book;
mod charge;
mod compile;
mod decimal;
mod factor;
mod litellm;
mod ratio;
#[cfg(test)]
mod tests;

pub use book::{
    BookError, MAX_DESCRIPTION_CHARS, MAX_METER_CHARS, MAX_METERS, MAX_QUANTITY, MAX_SERVICE_CHARS, MAX_SERVICES,
    MeterPrice, PriceBook, ServicePrice,
};
pub use charge::{Charge, ChargeLine, Exact, RateError, rate};
pub use compile::CompiledBook;
pub use decimal::{DecimalError, MAX_PRICE_DECIMALS, MAX_PRICE_WHOLE_DIGITS};
pub use factor::{Factor, rate_at};
pub use litellm::{ImportError, Imported, LitellmImport, SkippedModel, import_litellm};
