//! Makes sure that the server prices the model as the price map does.
//!
//! The expected price is computed with the ledger's own import, so that both sides round alike. A new version of the
//! price book is made only when the server has no price for the model or another one. Only the model's own entry is
//! sent, as the text of the file: no price passes through a float.

use std::collections::BTreeMap;
use std::path::Path;

use ledger::Unit;
use ledger::price::{LitellmImport, import_litellm};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::client::{PriceImport, Server};
use crate::exit::{Exit, Reason};

/// The meters of a trace.
pub const METERS: [&str; 2] = ["input_tokens", "output_tokens"];

/// Prices in the file count in dollars.
const MAP_UNIT: &str = "USD";

/// The model's price in the unit of the account.
#[derive(Debug)]
pub struct Wanted {
    unit: Unit,
    model: String,
    /// `{"<model>": {…}}`, the file's own text.
    document: Box<RawValue>,
    mark_up: Option<String>,
    exchange_rate: Option<String>,
    /// Meter → price and per, as the server writes them.
    meters: BTreeMap<String, (String, u64)>,
}

impl Wanted {
    /// Reads the model's entry of a price map.
    ///
    /// Errors: exit 2 when the file, the model or a factor cannot be used.
    pub fn read(
        file: &Path,
        model: &str,
        unit: Unit,
        mark_up: Option<String>,
        exchange_rate: Option<String>,
    ) -> Result<Wanted, Exit> {
        let bad = |why: String| Exit::usage(format!("{}: {why}", file.display()));
        if unit.code() != MAP_UNIT && exchange_rate.is_none() {
            let message = format!("the price map is in {MAP_UNIT}, the account counts in {unit}: say --exchange-rate");
            return Err(Exit::usage(format!("{message} (how much {unit} one {MAP_UNIT} is)")));
        }
        let text = std::fs::read_to_string(file).map_err(|error| bad(error.to_string()))?;
        let map = serde_json::from_str::<BTreeMap<String, &RawValue>>(&text).map_err(|error| bad(error.to_string()))?;
        let entry = map.get(model).ok_or_else(|| bad(format!("has no model {model:?}{}", similar(&map, model))))?;
        let document = serde_json::to_string(&BTreeMap::from([(model, entry)]));
        let document = document.and_then(RawValue::from_string).map_err(|error| bad(error.to_string()))?;
        let import = LitellmImport {
            unit,
            models: Some(vec![model.to_owned()]),
            mark_up: mark_up.clone().unwrap_or_else(|| "1".to_owned()),
            exchange_rate: exchange_rate.clone().unwrap_or_else(|| "1".to_owned()),
            per: 1_000_000,
        };
        let book = import_litellm(document.get().as_bytes(), &import).map_err(|error| bad(error.to_string()))?.book;
        let priced = book.services.get(model).map(|service| &service.meters);
        let meters = priced.into_iter().flatten().map(|(name, meter)| (name.clone(), (meter.price.clone(), meter.per)));
        let meters = meters.collect::<BTreeMap<_, _>>();
        if let Some(missing) = METERS.iter().find(|meter| !meters.contains_key(**meter)) {
            return Err(bad(format!("{model} has no price for {missing}")));
        }
        Ok(Wanted { unit, model: model.to_owned(), document, mark_up, exchange_rate, meters })
    }

    /// Imports the price unless the newest book of this unit has it already; says whether it did.
    pub async fn ensure(&self, server: &Server) -> Result<bool, Exit> {
        let query = [("unit", self.unit.code().to_owned())];
        let known = match server.get("/v1/prices/current", &query).await {
            Ok(body) => self.is_in(&body),
            Err(exit) if exit.reason == Reason::NotFound => false,
            Err(exit) => return Err(exit),
        };
        if known {
            return Ok(false);
        }
        let import = PriceImport {
            unit: self.unit.code(),
            format: "litellm",
            document: &self.document,
            models: std::slice::from_ref(&self.model),
            mark_up: self.mark_up.as_deref(),
            exchange_rate: self.exchange_rate.as_deref(),
        };
        server.send_patiently("/v1/prices/import", &import, Some(&uuid::Uuid::new_v4().to_string())).await?;
        Ok(true)
    }

    /// Whether the book in force prices a trace's meters the same.
    fn is_in(&self, body: &Value) -> bool {
        let service = body.get("document").and_then(|book| book.get("services")?.get(&self.model));
        service.and_then(|service| service.get("meters")).is_some_and(|meters| {
            METERS.iter().all(|name| {
                let (Some(has), Some((price, per))) = (meters.get(*name), self.meters.get(*name)) else { return false };
                let plain = has.get("step").is_none_or(Value::is_null) && has.get("free").is_none_or(Value::is_null);
                plain
                    && has.get("price") == Some(&Value::from(price.as_str()))
                    && has.get("per") == Some(&Value::from(*per))
            })
        })
    }
}

/// Names like the one that was not found.
fn similar(map: &BTreeMap<String, &RawValue>, model: &str) -> String {
    let like = map.keys().filter(|name| name.contains(model)).take(5).map(String::as_str).collect::<Vec<_>>();
    if like.is_empty() { String::new() } else { format!("; there are {}", like.join(", ")) }
}
