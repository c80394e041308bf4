//! How values look in JSON: amounts, times, identifiers.
//!
//! Invariants: an amount is a decimal in a string, in the account's unit, without trailing zeros; a time is RFC 3339 in
//! UTC; nothing passes through a float. What comes in is only read here; whether it fits the account, the engine says.

use std::fmt;

use engine::ids::{IdKind, LocalId};
use ledger::{Amount, Kind, LotKind, Timestamp, Unit};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{ArrayBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{KnownFormat, Object, ObjectBuilder, RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// Longest text read as an amount.
const AMOUNT_CHARS: usize = 64;

/// An amount as it was written: a decimal in a string, or a whole JSON number. Fractions as JSON numbers are refused,
/// because many JSON writers round them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmountText(pub String);

impl<'de> Deserialize<'de> for AmountText {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = AmountText;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal in a string, such as \"0.002233\", or a whole number")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<AmountText, E> {
                if text.len() > AMOUNT_CHARS {
                    return Err(E::custom(format_args!("an amount has at most {AMOUNT_CHARS} characters")));
                }
                Ok(AmountText(text.to_owned()))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<AmountText, E> {
                Ok(AmountText(number.to_string()))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<AmountText, E> {
                Ok(AmountText(number.to_string()))
            }
        }
        input.deserialize_any(Text)
    }
}

impl PartialSchema for AmountText {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^-?[0-9]+(\.[0-9]+)?$"))
            .max_length(Some(AMOUNT_CHARS));
        let whole = ObjectBuilder::new().schema_type(Type::Integer);
        let description = "A decimal in a string, in the account's unit, or a whole number.";
        let either = OneOfBuilder::new().item(text).item(whole).description(Some(description));
        Schema::OneOf(either.examples(["0.002233", "500000"]).build()).into()
    }
}

impl ToSchema for AmountText {}

/// An amount in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// What it counts in.
    pub unit: Unit,
    /// How much.
    pub amount: Amount,
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.unit.format_amount(self.amount))
    }
}

impl PartialSchema for Money {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^-?[0-9]+(\.[0-9]*[1-9])?$"))
            .description(Some("A decimal in the account's unit, without trailing zeros."))
            .examples(["0.002233"])
            .into()
    }
}

impl ToSchema for Money {}

/// Writes a sum of ledger units that may be beyond [`Amount`], like [`Unit::format_amount`].
pub fn format_sum(unit: Unit, sum_units: i128) -> String {
    let scale = unit.ledger_scale() as usize;
    let digits = format!("{:0>width$}", sum_units.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let fraction = fraction.trim_end_matches('0');
    let sign = if sum_units < 0 { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

/// An instant, RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Timestamp);

impl Time {
    /// Reads RFC 3339; more digits than microseconds are cut.
    pub fn parse(text: &str) -> Option<Time> {
        // The parser knows more forms; RFC 3339 has a T and ends with an offset.
        let shape = text.len() <= 40 && text.as_bytes().get(10).is_some_and(|t| matches!(t, b'T' | b't'));
        let plain = !text.contains('[') && text.is_ascii();
        let instant: jiff::Timestamp = if shape && plain { text.parse().ok()? } else { return None };
        Some(Time(Timestamp::from_micros(instant.as_microsecond())))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        jiff::Timestamp::from_microsecond(self.0.micros()).unwrap_or(jiff::Timestamp::MAX).fmt(f)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        Time::parse(&text).ok_or_else(|| D::Error::custom("must be a time such as \"2026-01-31T23:59:59Z\""))
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .examples(["2026-01-31T23:59:59Z"])
            .into()
    }
}

impl ToSchema for Time {}

/// An identifier of an entry, lot or hold in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id(pub LocalId);

impl Id {
    /// An entry of an account.
    pub fn entry(account_no: u64, seq: u64) -> Id {
        Id(LocalId { kind: IdKind::Entry, account_no, number: seq })
    }

    /// A lot of an account.
    pub fn lot(account_no: u64, number: u64) -> Id {
        Id(LocalId { kind: IdKind::Lot, account_no, number })
    }

    /// A hold of an account.
    pub fn hold(account_no: u64, number: u64) -> Id {
        Id(LocalId { kind: IdKind::Hold, account_no, number })
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl PartialSchema for Id {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^(ent|lot|hold)_[0-9a-z]+_[1-9][0-9]*$"))
            .description(Some("Opaque: do not take it apart."))
            .examples(["ent_1h7k2q_15"])
            .into()
    }
}

impl ToSchema for Id {}

fn one_of(names: impl IntoIterator<Item = &'static str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

fn or_null(mut object: Object) -> Object {
    object.schema_type = SchemaType::from_iter([Type::String, Type::Null]);
    object
}

/// Schema of the kind of a lot.
pub fn lot_kind() -> Object {
    one_of(LotKind::ALL.map(LotKind::name))
}

/// Schema of the kind of an entry.
pub fn entry_kind() -> Object {
    one_of(Kind::ALL.map(Kind::name))
}

/// Schema of the status of an entry.
pub fn entry_status() -> Object {
    one_of(store::EntryStatus::ALL.map(store::EntryStatus::name))
}

/// Schema of what a debit does when the credits do not suffice.
pub fn on_insufficient() -> Object {
    one_of(["reject", "partial", "overdraw"])
}

/// Schema of what a capture does beyond its hold.
pub fn overrun() -> Object {
    one_of(["reject", "cap", "overdraw"])
}

/// Schema of a scope of an account's key.
pub fn scopes() -> utoipa::openapi::Array {
    ArrayBuilder::new().items(one_of(engine::keys::Scope::ALL.map(engine::keys::Scope::name))).build()
}

/// The same, which may be null.
pub fn optional_scopes() -> utoipa::openapi::Array {
    let mut array = scopes();
    array.schema_type = SchemaType::from_iter([Type::Array, Type::Null]);
    array
}

/// Schema of metadata.
pub fn metadata() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(utoipa::openapi::schema::AdditionalProperties::FreeForm(true)))
        .max_properties(Some(engine::checks::MAX_METADATA_KEYS))
        .description(Some("A JSON object for your own use, up to 50 keys and 4 KiB."))
        .build()
}

/// Schema of metadata that may be null.
pub fn optional_metadata() -> Object {
    let mut object = metadata();
    object.schema_type = SchemaType::from_iter([Type::Object, Type::Null]);
    object
}

/// Schema of a name of a service, resource or reference that may be null.
pub fn optional_name() -> Object {
    let name = ObjectBuilder::new().min_length(Some(1)).max_length(Some(engine::checks::MAX_NAME_CHARS)).build();
    or_null(name)
}

/// Schema of a description that may be null.
pub fn optional_description() -> Object {
    let text = ObjectBuilder::new().min_length(Some(1)).max_length(Some(engine::checks::MAX_DESCRIPTION_CHARS));
    or_null(text.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_texts_or_whole_numbers() {
        // JSON, text
        let good = [
            (r#""0.002233""#, "0.002233"),
            (r#""-5""#, "-5"),
            ("500000", "500000"),
            ("-7", "-7"),
            ("18446744073709551615", "18446744073709551615"),
        ];
        for (json, text) in good {
            assert_eq!(serde_json::from_str::<AmountText>(json).unwrap().0, text, "{json}");
        }
        let long = format!("\"{}\"", "1".repeat(65));
        for bad in ["1.5", "1e3", "1.0", "18446744073709551616", "null", "true", "[]", "{}", "-0.0", long.as_str()] {
            assert!(serde_json::from_str::<AmountText>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_are_rfc_3339() {
        for (text, micros, written) in [
            ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
            ("1970-01-01T09:00:00+09:00", 0, "1970-01-01T00:00:00Z"),
            ("1970-01-01t00:00:00.0000015z", 1, "1970-01-01T00:00:00.000001Z"),
        ] {
            let time = Time::parse(text).unwrap();
            assert_eq!((time.0.micros(), time.to_string().as_str()), (micros, written), "{text}");
        }
        let bad = [
            "",
            "1970-01-01",
            "1970-01-01T00:00:00",
            "1970-01-01 00:00:00Z",
            "0",
            "1970-13-01T00:00:00Z",
            "1970-01-01T00:00:00+09:00[Asia/Tokyo]",
            "１970-01-01T00:00:00Z",
            "1970-01-01T25:00:00Z",
        ];
        for text in bad {
            assert_eq!(Time::parse(text), None, "{text:?}");
        }
        assert!(!Time(Timestamp::MAX).to_string().is_empty());
    }

    #[test]
    fn sums_are_written_like_amounts() {
        let usd = Unit::parse("USD").unwrap();
        for units in [0, 1, -1, 100_000_000, -250_000_000_000, 123_456_789] {
            assert_eq!(format_sum(usd, i128::from(units)), usd.format_amount(Amount::from_units(units)));
        }
        assert_eq!(format_sum(usd, i128::from(i64::MAX) * 10), "922337203685.4775807".to_owned());
    }
}
