//! Charges: what moved the money of an intent, and with which card.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Page;
use super::fields::{id_of, or_default, texts};
use super::refund::Refund;
use crate::gateway::Instrument;

/// A charge: one attempt to move money. Where an object only refers to it, nothing but its id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Charge {
    /// `ch_…`.
    pub id: String,
    /// The intent that it is an attempt of.
    #[serde(default, deserialize_with = "id_of")]
    pub payment_intent: Option<String>,
    /// What it was made with, as far as it may be shown.
    #[serde(rename = "payment_method_details", default, deserialize_with = "instrument")]
    pub instrument: Option<Instrument>,
    /// Its refunds, newest first; empty in notices of current versions.
    #[serde(default, deserialize_with = "rows")]
    pub refunds: Vec<Refund>,
    /// Copied from the intent when the charge was made: `topup_id`, `account_id`.
    #[serde(default, deserialize_with = "texts")]
    pub metadata: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
struct Details {
    r#type: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    card: CardDetails,
}

#[derive(Default, Deserialize)]
struct CardDetails {
    brand: Option<String>,
    last4: Option<String>,
    fingerprint: Option<String>,
}

/// A charge, or nothing but its id when it was not expanded.
pub(super) fn referred<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Charge>, D::Error> {
    let bare = |id: &str| Charge { id: id.to_owned(), ..Charge::default() };
    Ok(match Value::deserialize(deserializer)? {
        Value::String(id) => Some(bare(&id)),
        value => {
            let id = value.get("id").and_then(Value::as_str).map(bare);
            serde_json::from_value(value).ok().or(id)
        }
    })
}

/// `card`, or Stripe's own word for another method, of which nothing more is kept.
fn instrument<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Instrument>, D::Error> {
    let Details { r#type, card: CardDetails { brand, last4, fingerprint } } = or_default(deserializer)?;
    Ok(r#type.map(|kind| Instrument { kind, brand, last4, fingerprint }))
}

fn rows<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Refund>, D::Error> {
    let page: Option<Page<Refund>> = Option::deserialize(deserializer)?;
    Ok(page.map(|page| page.data).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Deserialize)]
    struct Owner {
        #[serde(default, deserialize_with = "referred")]
        latest_charge: Option<Charge>,
    }

    #[test]
    fn a_reference_is_an_id_a_charge_or_nothing() {
        let card = json!({"type": "card", "card": {"brand": "visa", "last4": "4242", "fingerprint": "f"}});
        // what stands there, the charge's id, its instrument
        let cases = [
            (json!("ch_1"), Some("ch_1"), None),
            (json!({"id": "ch_1"}), Some("ch_1"), None),
            (json!({"id": "ch_1", "payment_method_details": null}), Some("ch_1"), None),
            (json!({"id": "ch_1", "payment_method_details": card}), Some("ch_1"), Some("card visa 4242 f")),
            (json!({"id": "ch_1", "payment_method_details": {"type": "konbini"}}), Some("ch_1"), Some("konbini - - -")),
            (json!({"id": "ch_1", "payment_method_details": 7}), Some("ch_1"), None),
            (json!({"object": "charge"}), None, None),
            (json!(null), None, None),
        ];
        for (value, id, shown) in cases {
            let owner: Owner = serde_json::from_value(json!({"latest_charge": value})).unwrap();
            let text = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".into());
            let instrument = owner.latest_charge.as_ref().and_then(|charge| charge.instrument.as_ref()).map(|with| {
                format!("{} {} {} {}", with.kind, text(&with.brand), text(&with.last4), text(&with.fingerprint))
            });
            let found = owner.latest_charge.as_ref().map(|charge| charge.id.as_str());
            assert_eq!((found, instrument.as_deref()), (id, shown), "{value}");
        }
    }

    #[test]
    fn refunds_are_there_only_in_older_shapes() {
        let read = |value| serde_json::from_value::<Charge>(value).unwrap();
        let old = read(json!({"id": "ch_1", "refunds": {"data": [{"id": "re_2"}, {"id": "re_1"}], "has_more": false}}));
        assert_eq!(old.refunds.iter().map(|refund| refund.id.as_str()).collect::<Vec<_>>(), ["re_2", "re_1"]);
        for value in [json!({"id": "ch_1"}), json!({"id": "ch_1", "refunds": null})] {
            assert!(read(value).refunds.is_empty());
        }
    }
}
