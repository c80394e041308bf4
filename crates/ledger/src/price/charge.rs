//! What one usage event costs, and the arithmetic that shows why.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use smallvec::SmallVec;
use thiserror::Error;

use super::compile::{CompiledBook, CompiledService, Line};
use crate::{Amount, Unit};

/// Why an event has no price.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RateError {
    /// The book does not name the service.
    #[error(
        "the price book has no service {service:?}: check the name, or add the service to a new version of the book"
    )]
    UnknownService {
        /// The service of the event.
        service: String,
    },
    /// The book does not price this meter of the service.
    #[error("service {service:?} has no meter {meter:?}: it is priced by {known}")]
    UnknownMeter {
        /// The service of the event.
        service: String,
        /// The first meter without a price.
        meter: String,
        /// The meters that have one, separated by commas.
        known: String,
    },
    /// More than [`Amount::MAX`], or a quantity that a step rounds up beyond `u64`; nothing is ever cut or wrapped.
    #[error("the charge for service {service:?} is larger than an account can hold: check the quantities")]
    TooLarge {
        /// The service of the event.
        service: String,
    },
}

/// The price of one usage event. Holds numbers; texts are written when it is printed or serialised.
///
/// Serialised as `{"amount", "exact", "lines": [ChargeLine]}`, printed as
/// `13394 input_tokens × 0.165 / 1000000 + 127 output_tokens × 0.187 / 1000000 = 0.002233759`.
#[derive(Debug, Clone)]
pub struct Charge {
    service: Arc<CompiledService>,
    lines: SmallVec<[Line; 4]>,
    amount: Amount,
}

/// One meter of a [`Charge`].
#[derive(Debug, Serialize)]
pub struct ChargeLine<'a> {
    /// The meter's name.
    pub meter: &'a str,
    /// The quantity of the event.
    pub quantity: u64,
    /// The quantity that was charged: less `free`, rounded up to `step`.
    pub billed_quantity: u64,
    /// The price of `per`, in the unit, as plain text.
    pub price: &'a str,
    /// How many of the meter the price buys.
    pub per: u64,
    /// The rounding step of the meter's price, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// The free allowance of each event, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free: Option<u64>,
    /// `billed_quantity × price / per`, not rounded.
    pub amount_exact: Exact<'a>,
}

/// An exact amount in the unit, printed and serialised as a plain decimal when it ends within 30 places
/// (`0.002233759`), else as a fraction in lowest terms (`77/120000`).
#[derive(Debug, Clone, Copy)]
pub struct Exact<'a> {
    service: &'a CompiledService,
    lines: &'a [Line],
}

/// Prices the meters of one event of a service. No meters cost nothing; a meter of quantity 0 must still be known.
///
/// # Errors
/// [`RateError`]: an unknown service or meter, or a charge beyond [`Amount::MAX`].
pub fn rate(book: &CompiledBook, service: &str, meters: &BTreeMap<String, u64>) -> Result<Charge, RateError> {
    Charge::new(Arc::clone(service_of(book, service)?), service, meters)
}

pub(super) fn service_of<'a>(book: &'a CompiledBook, service: &str) -> Result<&'a Arc<CompiledService>, RateError> {
    book.services.get(service).ok_or_else(|| RateError::UnknownService { service: service.to_owned() })
}

#[cold]
fn unknown_meter(prices: &CompiledService, service: &str, meter: &str) -> RateError {
    let known: Vec<&str> = prices.meters.iter().map(|meter| meter.name.as_str()).collect();
    RateError::UnknownMeter { service: service.to_owned(), meter: meter.to_owned(), known: known.join(", ") }
}

impl Charge {
    /// The price of the meters by these prices. `service`: its name, for errors.
    pub(super) fn new(
        prices: Arc<CompiledService>,
        service: &str,
        meters: &BTreeMap<String, u64>,
    ) -> Result<Charge, RateError> {
        let too_large = || RateError::TooLarge { service: service.to_owned() };
        let mut lines = SmallVec::new();
        for (name, &quantity) in meters {
            let found = prices.meters.binary_search_by(|priced| priced.name.as_str().cmp(name));
            let meter = found.map_err(|_| unknown_meter(&prices, service, name))?;
            let billed_quantity = prices.meters[meter].billed_quantity(quantity).ok_or_else(too_large)?;
            lines.push(Line { meter, quantity, billed_quantity });
        }
        let amount = prices.amount(&lines).ok_or_else(too_large)?;
        Ok(Charge { service: prices, lines, amount })
    }

    /// What to debit: the exact sum rounded once, half away from zero, to the ledger scale. Never negative.
    pub fn amount(&self) -> Amount {
        self.amount
    }

    /// The unit of the charge.
    pub fn unit(&self) -> Unit {
        self.service.unit
    }

    /// The exact sum of the lines.
    pub fn exact(&self) -> Exact<'_> {
        Exact { service: &self.service, lines: &self.lines }
    }

    /// The meters of the event, by name.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = ChargeLine<'_>> {
        self.lines.iter().map(|line| {
            let meter = &self.service.meters[line.meter];
            ChargeLine {
                meter: &meter.name,
                quantity: line.quantity,
                billed_quantity: line.billed_quantity,
                price: &meter.price,
                per: meter.per,
                step: meter.step,
                free: meter.free,
                amount_exact: Exact { service: &self.service, lines: std::slice::from_ref(line) },
            }
        })
    }
}

impl Serialize for Charge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Lines<'a>(&'a Charge);
        impl Serialize for Lines<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.0.lines())
            }
        }
        let mut object = serializer.serialize_struct("Charge", 3)?;
        object.serialize_field("amount", &self.unit().format_amount(self.amount))?;
        object.serialize_field("exact", &self.exact())?;
        object.serialize_field("lines", &Lines(self))?;
        object.end()
    }
}

impl fmt::Display for Charge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, line) in self.lines().enumerate() {
            let plus = if place == 0 { "" } else { " + " };
            write!(f, "{plus}{} {}", line.quantity, line.meter)?;
            if line.billed_quantity != line.quantity {
                write!(f, " (billed as {})", line.billed_quantity)?;
            }
            write!(f, " × {}", line.price)?;
            if line.per != 1 {
                write!(f, " / {}", line.per)?;
            }
        }
        write!(f, " = {}", self.exact())
    }
}

impl fmt::Display for Exact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.service.write_exact(f, self.lines)
    }
}

impl Serialize for Exact<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
