//! The document of prices, its limits and its errors.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use super::decimal::parse_decimal;
use crate::Unit;

/// Most services in a book.
pub const MAX_SERVICES: usize = 20_000;
/// Most meters of a service.
pub const MAX_METERS: usize = 32;
/// Longest name of a service.
pub const MAX_SERVICE_CHARS: usize = 200;
/// Longest name of a meter.
pub const MAX_METER_CHARS: usize = 64;
/// Longest description of a meter's price.
pub const MAX_DESCRIPTION_CHARS: usize = 500;
/// Largest `per`, `step` and `free`.
pub const MAX_QUANTITY: u64 = 1_000_000_000_000;

/// The prices of services in one unit. Immutable once stored; the store gives it a version and a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceBook {
    /// The unit of every price in the book; it prices only accounts of this unit.
    pub unit: Unit,
    /// Prices by service, such as `gpt-4o` or `azure/gpt-4o`: up to [`MAX_SERVICE_CHARS`] characters, no control
    /// characters, no space at either end.
    #[serde(deserialize_with = "unique_keys")]
    pub services: BTreeMap<String, ServicePrice>,
}

/// The prices of one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServicePrice {
    /// Prices by meter, such as `input_tokens` or `gpu_seconds`: `[a-z0-9_]{1,64}`. Meters are added up, so what one of
    /// them counts must not be counted by another.
    #[serde(deserialize_with = "unique_keys")]
    pub meters: BTreeMap<String, MeterPrice>,
}

/// The price of one meter: `price` for every `per` of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeterPrice {
    /// A decimal in the book's unit. Read from plain or scientific text or a whole JSON number; [`PriceBook::parse`]
    /// leaves it plain and without trailing zeros.
    #[serde(deserialize_with = "decimal_text")]
    pub price: String,
    /// How many of the meter `price` buys, such as 1,000,000 tokens or 3,600 seconds.
    pub per: u64,
    /// The quantity of each event, after `free`, is rounded **up** to a multiple of this, such as 900 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// This much of **each usage event** costs nothing. It is not an allowance per day or month: the book has no
    /// memory, and two events have it twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free: Option<u64>,
    /// A note for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What is wrong with a book, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{path}: {message}")]
pub struct BookError {
    /// The place, such as `services.gpt-4o.meters.input_tokens.price`; `prices` for the document as a whole.
    pub path: String,
    /// What to do about it.
    pub message: String,
}

impl BookError {
    fn new(path: impl Into<String>, message: impl fmt::Display) -> Self {
        BookError { path: path.into(), message: message.to_string() }
    }
}

impl PriceBook {
    /// Reads a book from JSON, checks it and normalises its prices.
    ///
    /// # Errors
    /// The first thing wrong: not JSON, an unknown, missing or repeated field, or what [`PriceBook::validate`] refuses.
    pub fn parse(json: &[u8]) -> Result<PriceBook, BookError> {
        let mut book: PriceBook = serde_json::from_slice(json)
            .map_err(|error| locate(json).unwrap_or_else(|| BookError::new("prices", error)))?;
        book.validate()?;
        for (service, prices) in &mut book.services {
            for (meter, price) in &mut prices.meters {
                let path = || format!("{}.price", meter_path(service, meter));
                let decimal = parse_decimal(&price.price).map_err(|error| BookError::new(path(), error))?;
                price.price = decimal.to_plain_string();
            }
        }
        Ok(book)
    }

    /// Checks names, limits and prices.
    ///
    /// # Errors
    /// The first thing wrong, in the order of names.
    pub fn validate(&self) -> Result<(), BookError> {
        if self.services.is_empty() {
            return Err(BookError::new("services", "must name at least one service"));
        }
        if self.services.len() > MAX_SERVICES {
            return Err(BookError::new("services", format_args!("must be at most {MAX_SERVICES}: split the book")));
        }
        for (service, prices) in &self.services {
            let path = service_path(service);
            check_service(service).map_err(|message| BookError::new(&path, message))?;
            if prices.meters.is_empty() || prices.meters.len() > MAX_METERS {
                let message = format!("must name 1 to {MAX_METERS} meters");
                return Err(BookError::new(format!("{path}.meters"), message));
            }
            for (meter, price) in &prices.meters {
                check_meter(meter, price)
                    .map_err(|(field, message)| BookError::new(meter_path(service, meter) + field, message))?;
            }
        }
        Ok(())
    }
}

/// Whether this can name a service; the error says what a name must be.
pub(super) fn check_service(service: &str) -> Result<(), String> {
    let fits = (1..=MAX_SERVICE_CHARS).contains(&service.chars().count());
    if !fits || service.trim() != service || service.chars().any(char::is_control) {
        return Err(format!(
            "a service's name must have 1 to {MAX_SERVICE_CHARS} characters, without control characters or outer spaces"
        ));
    }
    Ok(())
}

/// The field (with its dot, empty for the name) and what is wrong with it.
fn check_meter(meter: &str, price: &MeterPrice) -> Result<(), (&'static str, String)> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if meter.is_empty() || meter.len() > MAX_METER_CHARS || !meter.bytes().all(plain) {
        return Err(("", format!("a meter's name must be 1 to {MAX_METER_CHARS} of a-z, 0-9 and _")));
    }
    parse_decimal(&price.price).map_err(|error| (".price", error.to_string()))?;
    let quantities = [(".per", Some(price.per), 1), (".step", price.step, 1), (".free", price.free, 0)];
    for (field, quantity, least) in quantities {
        if quantity.is_some_and(|quantity| !(least..=MAX_QUANTITY).contains(&quantity)) {
            return Err((field, format!("must be a whole number from {least} to {MAX_QUANTITY}")));
        }
    }
    if price.description.as_ref().is_some_and(|text| text.chars().count() > MAX_DESCRIPTION_CHARS) {
        return Err((".description", format!("must have at most {MAX_DESCRIPTION_CHARS} characters")));
    }
    Ok(())
}

fn service_path(service: &str) -> String {
    let shown: String = service.chars().take(MAX_SERVICE_CHARS).flat_map(char::escape_debug).collect();
    format!("services.{shown}")
}

fn meter_path(service: &str, meter: &str) -> String {
    let shown: String = meter.chars().take(MAX_METER_CHARS).flat_map(char::escape_debug).collect();
    format!("{}.meters.{shown}", service_path(service))
}

/// Finds the meter whose shape is wrong, because a position in the text means little in a generated document.
fn locate(json: &[u8]) -> Option<BookError> {
    #[derive(Deserialize)]
    struct Services<'a> {
        #[serde(borrow)]
        services: BTreeMap<String, Meters<'a>>,
    }
    #[derive(Deserialize)]
    struct Meters<'a> {
        #[serde(borrow)]
        meters: BTreeMap<String, &'a RawValue>,
    }
    let book: Services = serde_json::from_slice(json).ok()?;
    book.services.iter().find_map(|(service, prices)| {
        prices.meters.iter().find_map(|(meter, raw)| {
            let error = serde_json::from_str::<MeterPrice>(raw.get()).err()?.to_string();
            // The position counts from the start of this meter, so it would mislead.
            let message = error.split(" at line ").next().unwrap_or(&error);
            Some(BookError::new(meter_path(service, meter), message))
        })
    })
}

/// A map whose keys must differ: of two prices for one thing neither may win silently.
fn unique_keys<'de, D: Deserializer<'de>, T: Deserialize<'de>>(input: D) -> Result<BTreeMap<String, T>, D::Error> {
    struct Unique<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Unique<T> {
        type Value = BTreeMap<String, T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some(key) = access.next_key::<String>()? {
                if map.contains_key(&key) {
                    return Err(A::Error::custom(format_args!("{key:?} is given twice")));
                }
                map.insert(key, access.next_value()?);
            }
            Ok(map)
        }
    }
    input.deserialize_map(Unique(PhantomData))
}

/// A price as text; whole JSON numbers too, but no fractions, which many JSON writers round.
fn decimal_text<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    struct Decimal;
    impl Visitor<'_> for Decimal {
        type Value = String;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a price as a decimal in a string, such as \"0.15\"")
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
        fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }
        fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<String, E> {
            Ok(number.to_string())
        }
    }
    input.deserialize_any(Decimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(fields: &str) -> String {
        format!(r#"{{"unit":"USD","services":{{"gpt-4o":{{"meters":{{"input_tokens":{{{fields}}}}}}}}}}}"#)
    }

    #[test]
    fn a_book_is_read_normalised_and_written_again() {
        let json = br#"{"unit":"USD","services":{
            "azure/gpt-4o":{"meters":{"input_tokens":{"price":"2.50e+0","per":1000000,"description":"list price"}}},
            "gpu h100":{"meters":{"gpu_seconds":{"price":5,"per":3600,"step":900,"free":60}}}}}"#;
        let book = PriceBook::parse(json).unwrap();
        let written = serde_json::to_string(&book).unwrap();
        assert_eq!(
            written,
            concat!(
                r#"{"unit":"USD","services":{"azure/gpt-4o":{"meters":{"input_tokens":"#,
                r#"{"price":"2.5","per":1000000,"description":"list price"}}},"#,
                r#""gpu h100":{"meters":{"gpu_seconds":{"price":"5","per":3600,"step":900,"free":60}}}}}"#
            )
        );
        assert_eq!(PriceBook::parse(written.as_bytes()).unwrap(), book);
    }

    #[test]
    fn errors_name_the_path() {
        const METER: &str = "services.gpt-4o.meters.input_tokens";
        let long = format!(r#""price":"1","per":1,"description":"{}""#, "x".repeat(MAX_DESCRIPTION_CHARS + 1));
        // fields of the meter, end of the path, part of the message
        let cases = [
            (r#""price":"abc","per":1"#, ".price", "decimal number"),
            (r#""price":"-1","per":1"#, ".price", "negative"),
            (r#""price":-1,"per":1"#, ".price", "negative"),
            (r#""price":"1e15","per":1"#, ".price", "15 digits"),
            (r#""price":"1e-41","per":1"#, ".price", "40 decimals"),
            (r#""price":0.15,"per":1"#, "", "a price as a decimal in a string"),
            (r#""price":null,"per":1"#, "", "a price as a decimal in a string"),
            (r#""per":1"#, "", "missing field `price`"),
            (r#""price":"1""#, "", "missing field `per`"),
            (r#""price":"1","per":1.5"#, "", "floating point `1.5`"),
            (r#""price":"1","per":-1"#, "", "integer `-1`"),
            (r#""price":"1","per":1,"tier":2"#, "", "unknown field `tier`"),
            (r#""price":"1","price":"2","per":1"#, "", "duplicate field `price`"),
            (r#""price":"1","per":0"#, ".per", "from 1 to 1000000000000"),
            (r#""price":"1","per":1000000000001"#, ".per", "from 1 to 1000000000000"),
            (r#""price":"1","per":1,"step":0"#, ".step", "from 1 to 1000000000000"),
            (r#""price":"1","per":1,"free":1000000000001"#, ".free", "from 0 to 1000000000000"),
            (long.as_str(), ".description", "500 characters"),
        ];
        for (fields, path, message) in cases {
            let error = PriceBook::parse(meter(fields).as_bytes()).unwrap_err();
            assert_eq!(error.path, format!("{METER}{path}"), "{fields}: {error}");
            assert!(error.message.contains(message), "{fields}: {error}");
            assert!(!error.message.contains("line"), "{fields}: {error}");
        }
    }

    #[test]
    fn documents_and_names_are_checked() {
        let named = |service: &str, meter: &str| {
            let name = serde_json::to_string(service).unwrap();
            format!(r#"{{"unit":"USD","services":{{{name}:{{"meters":{{"{meter}":{{"price":"1","per":1}}}}}}}}}}"#)
        };
        let long = "s".repeat(MAX_SERVICE_CHARS + 1);
        let meters: Vec<_> = (0..=MAX_METERS).map(|n| format!(r#""m{n}":{{"price":"1","per":1}}"#)).collect();
        // document, path, part of the message
        let cases = [
            ("{".to_owned(), "prices", "EOF"),
            (r#"{"unit":"USD"}"#.to_owned(), "prices", "missing field `services`"),
            (r#"{"unit":"USD","services":{}}"#.to_owned(), "services", "at least one"),
            (r#"{"unit":"XXX","services":{}}"#.to_owned(), "prices", "unknown unit"),
            (r#"{"unit":"USD","services":{"a":{"meters":{}}}}"#.to_owned(), "services.a.meters", "1 to 32"),
            (r#"{"unit":"USD","services":{"a":1}}"#.to_owned(), "prices", "invalid type"),
            (r#"{"unit":"USD","services":{"a":{"meters":{}},"a":{"meters":{}}}}"#.to_owned(), "prices", "twice"),
            (
                format!(r#"{{"unit":"USD","services":{{"a":{{"meters":{{{}}}}}}}}}"#, meters.join(",")),
                "services.a.meters",
                "1 to 32",
            ),
            (named("", "m"), "services.", "1 to 200"),
            (named(" a", "m"), "services. a", "outer spaces"),
            (named("a\nb", "m"), "services.a\\nb", "control"),
            (named(&long, "m"), "services.sssss", "1 to 200"),
            (named("a", ""), "services.a.meters.", "a-z"),
            (named("a", "Tokens"), "services.a.meters.Tokens", "a-z"),
            (named("a", &"m".repeat(MAX_METER_CHARS + 1)), "services.a.meters.mmmm", "a-z"),
        ];
        for (json, path, message) in cases {
            let error = PriceBook::parse(json.as_bytes()).unwrap_err();
            assert!(error.path.starts_with(path), "{json}: {error}");
            assert!(error.message.contains(message), "{json}: {error}");
        }
        for good in ["a", "モデル", "bedrock/*/1-month/model:0", "@cf/meta llama", &long[1..]] {
            assert!(PriceBook::parse(named(good, "m").as_bytes()).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_book_has_a_limit_of_services() {
        let price = MeterPrice { price: "1".into(), per: 1, step: None, free: None, description: None };
        let service = ServicePrice { meters: BTreeMap::from([("m".to_owned(), price)]) };
        let mut services: BTreeMap<_, _> = (0..MAX_SERVICES).map(|n| (n.to_string(), service.clone())).collect();
        let full = PriceBook { unit: Unit::CREDIT, services: services.clone() };
        assert_eq!(full.validate(), Ok(()));
        services.insert("one more".to_owned(), service);
        assert_eq!(PriceBook { unit: Unit::CREDIT, services }.validate().unwrap_err().path, "services");
    }
}
