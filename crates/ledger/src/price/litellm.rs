//! A price book from the LiteLLM price map: one JSON object, model → fields, prices in USD per single token, second,
//! image …
//!
//! Numbers are taken as the text in the file, so `2.5e-06` is exactly 2.5 per million. Only the fields of [`FIELDS`]
//! are read; the meters they become do not overlap: a caller reports cached, audio, image and reasoning tokens in their
//! own meters and leaves them out of `input_tokens` and `output_tokens`.
//!
//! Deliberately absent: prices by service tier (`_batches`, `_priority`, `_flex`), by length of the context
//! (`_above_…`), by size or resolution, and per search. They are counted in [`Imported::left_out`]; where they matter
//! the operator adds a service of its own, because the provider then charges something else than the base price.

use std::collections::BTreeMap;

use bigdecimal::{BigDecimal, Zero};
use serde::Serialize;
use serde_json::value::RawValue;
use thiserror::Error;

use super::book::{BookError, MAX_QUANTITY, MeterPrice, PriceBook, ServicePrice, check_service};
use super::decimal::{DecimalError, in_range, parse_decimal};
use crate::Unit;

/// How to turn the price map into a book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LitellmImport {
    /// The unit of the book.
    pub unit: Unit,
    /// Which models: exact names, or beginnings that end with `*` (`gpt-4o*`); `None` takes all.
    pub models: Option<Vec<String>>,
    /// The factor on list prices, above zero: `"1.2"` adds 20 %, `"1"` adds nothing.
    pub mark_up: String,
    /// How much of the unit one US dollar is, above zero: `"25400.5"` for VND, `"1"` for USD.
    pub exchange_rate: String,
    /// Prices of tokens, characters and pixels are written per this many, usually 1,000,000; all others per 1.
    pub per: u64,
}

/// A book, and what is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The new book; valid and normalised.
    pub book: PriceBook,
    /// Selected models that are not in the book.
    pub skipped: Vec<SkippedModel>,
    /// Price fields that have no meter, with the number of imported models that list them.
    pub left_out: BTreeMap<String, u64>,
}

/// A model that was not imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SkippedModel {
    /// Its name in the price map.
    pub model: String,
    /// Why, for people.
    pub reason: String,
}

/// Why there is no book.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImportError {
    /// The file is not an object of models.
    #[error("the price map must be a JSON object of models: {0}")]
    Unreadable(String),
    /// The mark-up is no factor.
    #[error("mark_up: {0}")]
    MarkUp(FactorError),
    /// The exchange rate is no factor.
    #[error("exchange_rate: {0}")]
    ExchangeRate(FactorError),
    /// `per` is out of range.
    #[error("per: must be a whole number from 1 to {MAX_QUANTITY}")]
    Per,
    /// A name or beginning that no model has, most likely misspelt.
    #[error("models: no model of the price map matches {0:?}")]
    NoSuchModel(String),
    /// Every selected model was skipped.
    #[error("models: none of the selected models has a price that can be imported; the first: {0}")]
    Nothing(String),
    /// The book breaks a limit.
    #[error(transparent)]
    Book(#[from] BookError),
}

/// Why a text is not a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FactorError {
    /// Not a decimal.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
    /// Zero would make everything free.
    #[error("must be more than 0")]
    Zero,
}

/// An entry of the map that documents the fields and is no model.
const SAMPLE: &str = "sample_spec";

/// Field of the price map, meter of the book, whether its price is per [`LitellmImport::per`] (else per 1).
/// Of two fields for one meter the first that a model lists wins.
const FIELDS: [(&str, &str, bool); 31] = [
    ("input_cost_per_token", "input_tokens", true),
    ("output_cost_per_token", "output_tokens", true),
    ("output_cost_per_reasoning_token", "reasoning_tokens", true),
    ("cache_read_input_token_cost", "cached_input_tokens", true),
    ("input_cost_per_token_cache_hit", "cached_input_tokens", true),
    ("cache_creation_input_token_cost", "cache_write_tokens", true),
    // Not a longer context: a cache entry that lives for one hour instead of five minutes.
    ("cache_creation_input_token_cost_above_1hr", "cache_write_1h_tokens", true),
    ("input_cost_per_audio_token", "input_audio_tokens", true),
    ("output_cost_per_audio_token", "output_audio_tokens", true),
    ("cache_read_input_audio_token_cost", "cached_input_audio_tokens", true),
    ("cache_creation_input_audio_token_cost", "cache_write_audio_tokens", true),
    ("input_cost_per_image_token", "input_image_tokens", true),
    ("output_cost_per_image_token", "output_image_tokens", true),
    ("cache_read_input_image_token_cost", "cached_input_image_tokens", true),
    ("input_cost_per_video_token", "input_video_tokens", true),
    ("output_cost_per_video_token", "output_video_tokens", true),
    ("citation_cost_per_token", "citation_tokens", true),
    ("input_cost_per_character", "input_characters", true),
    ("output_cost_per_character", "output_characters", true),
    ("input_cost_per_pixel", "input_pixels", true),
    ("output_cost_per_pixel", "output_pixels", true),
    ("input_cost_per_second", "input_seconds", false),
    ("output_cost_per_second", "output_seconds", false),
    ("input_cost_per_audio_per_second", "input_audio_seconds", false),
    ("input_cost_per_video_per_second", "input_video_seconds", false),
    ("output_cost_per_video_per_second", "output_video_seconds", false),
    ("input_cost_per_image", "input_images", false),
    ("output_cost_per_image", "images", false),
    ("input_cost_per_query", "queries", false),
    ("input_cost_per_request", "requests", false),
    ("ocr_cost_per_page", "pages", false),
];

/// Makes a book from the price map. Every price is `text × mark_up × exchange_rate`, exactly.
///
/// A model is skipped when it lists no price for a meter, when all are zero (the map often means "unknown" by that), or
/// when one of them cannot be read: half a price list would undercharge.
///
/// # Errors
/// [`ImportError`]; a single odd model is never one.
pub fn import_litellm(json: &[u8], import: &LitellmImport) -> Result<Imported, ImportError> {
    let mark_up = factor(&import.mark_up).map_err(ImportError::MarkUp)?;
    let exchange_rate = factor(&import.exchange_rate).map_err(ImportError::ExchangeRate)?;
    if !(1..=MAX_QUANTITY).contains(&import.per) {
        return Err(ImportError::Per);
    }
    let mut models: BTreeMap<String, &RawValue> =
        serde_json::from_slice(json).map_err(|error| ImportError::Unreadable(error.to_string()))?;
    models.remove(SAMPLE);
    select(&mut models, import.models.as_deref())?;

    let unit_per_dollar = mark_up * exchange_rate;
    let mut services = BTreeMap::new();
    let mut skipped = Vec::new();
    let mut left_out = BTreeMap::new();
    for (model, raw) in models {
        match service(&model, raw, &unit_per_dollar, import.per) {
            Ok((prices, unmapped)) => {
                services.insert(model, prices);
                unmapped.into_iter().for_each(|field| *left_out.entry(field).or_default() += 1);
            }
            Err(reason) => skipped.push(SkippedModel { model, reason }),
        }
    }
    if services.is_empty() {
        let first = skipped.first().map_or_else(String::new, |skip| format!("{:?} {}", skip.model, skip.reason));
        return Err(ImportError::Nothing(first));
    }
    let book = PriceBook { unit: import.unit, services };
    book.validate()?;
    Ok(Imported { book, skipped, left_out })
}

fn factor(text: &str) -> Result<BigDecimal, FactorError> {
    let value = parse_decimal(text)?;
    if value.is_zero() { Err(FactorError::Zero) } else { Ok(value) }
}

/// Keeps the models that a pattern names.
fn select(models: &mut BTreeMap<String, &RawValue>, patterns: Option<&[String]>) -> Result<(), ImportError> {
    let Some(patterns) = patterns else { return Ok(()) };
    let matches = |pattern: &str, model: &str| {
        model == pattern || pattern.strip_suffix('*').is_some_and(|beginning| model.starts_with(beginning))
    };
    if let Some(pattern) = patterns.iter().find(|pattern| !models.keys().any(|model| matches(pattern, model))) {
        return Err(ImportError::NoSuchModel(pattern.clone()));
    }
    models.retain(|model, _| patterns.iter().any(|pattern| matches(pattern, model)));
    Ok(())
}

/// The prices of one model and the price fields it has beyond them, or why it is skipped.
fn service(
    model: &str,
    raw: &RawValue,
    unit_per_dollar: &BigDecimal,
    per: u64,
) -> Result<(ServicePrice, Vec<String>), String> {
    check_service(model)?;
    let mut fields: BTreeMap<String, &RawValue> =
        serde_json::from_str(raw.get()).map_err(|_| "is not an object of fields".to_owned())?;
    let mut meters = BTreeMap::new();
    let mut costs_something = false;
    for (field, meter, per_many) in FIELDS {
        let Some(raw) = fields.remove(field).filter(|raw| raw.get() != "null") else { continue };
        let per = if per_many { per } else { 1 };
        let price = parse_decimal(raw.get().trim_matches('"'))
            .and_then(|dollars| in_range(dollars * unit_per_dollar * BigDecimal::from(per)))
            .map_err(|error| format!("its {field} {error}"))?;
        costs_something |= !price.is_zero();
        let price = price.to_plain_string();
        meters.entry(meter.to_owned()).or_insert(MeterPrice { price, per, step: None, free: None, description: None });
    }
    if meters.is_empty() {
        return Err("lists no price for a meter".to_owned());
    }
    if !costs_something {
        return Err("lists only prices of zero".to_owned());
    }
    let unmapped = fields.into_keys().filter(|field| field.contains("cost") || field.contains("pricing")).collect();
    Ok((ServicePrice { meters }, unmapped))
}

#[cfg(test)]
#[path = "litellm_tests.rs"]
mod tests;
