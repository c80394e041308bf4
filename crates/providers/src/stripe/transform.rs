//! Our values as Stripe's request parameters. Pure.
//!
//! Bodies are `application/x-www-form-urlencoded` pairs; nested names are written with brackets, booleans as words.
//! Nothing is sent that version 2026-10-28 removed (`payment_method_types`) or that is an error for cards
//! (`statement_descriptor`). Idempotency keys are made of our own ids alone, so that a crashed worker repeats the same
//! request.

use super::amount;
use super::charge::ChargeRequest;
use super::error::Invalid;
use crate::Money;
use crate::gateway::{Ask, RefundAsk};

/// Pairs in the order they are sent.
pub(crate) type Params = Vec<(String, String)>;

/// Stripe's limit for one value of metadata.
const METADATA_MAX_CHARS: usize = 500;

/// Whom to create at Stripe.
#[derive(Debug, Clone, Default)]
pub struct NewCustomer {
    /// Our account; kept as metadata and in the idempotency key.
    pub account_id: String,
    /// For receipts.
    pub email: Option<String>,
    /// For the operator's eyes.
    pub name: Option<String>,
}

/// `name[key]`, the only nesting that we need.
fn nested(name: &str, key: &str) -> String {
    format!("{name}[{key}]")
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Params {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// Ours, to be found again; an empty value would remove the key.
fn metadata<const N: usize>(entries: [(&str, &str); N]) -> impl Iterator<Item = (String, String)> {
    let cut = |value: &str| value.chars().take(METADATA_MAX_CHARS).collect::<String>();
    entries.map(|(key, value)| (nested("metadata", key), cut(value))).into_iter().filter(|(_, value)| !value.is_empty())
}

fn money(money: Money) -> Result<(String, String), Invalid> {
    let (amount, currency) = amount::to_wire(money).map_err(|error| Invalid::not_sent("amount", error.to_string()))?;
    Ok((amount.to_string(), currency))
}

/// `POST /v1/customers`.
pub(crate) fn new_customer(customer: &NewCustomer) -> Params {
    let mut params: Params = metadata([("account_id", &customer.account_id)]).collect();
    for (name, value) in [("email", &customer.email), ("name", &customer.name)] {
        params.extend(value.iter().map(|value| (name.to_owned(), value.clone())));
    }
    params
}

/// `POST /v1/customers/{id}`.
pub(crate) fn default_card(card_id: &str) -> Params {
    vec![(nested("invoice_settings", "default_payment_method"), card_id.to_owned())]
}

/// `POST /v1/setup_intents`: save a card for charges with the payer absent.
pub(crate) fn setup(customer_id: &str) -> Params {
    let mut params = pairs([("customer", customer_id), ("usage", "off_session")]);
    params.extend(any_method());
    params.extend(no_redirects());
    params
}

/// `POST /v1/payment_intents` for saved cards, unconfirmed.
pub(crate) fn new_intent(request: &ChargeRequest) -> Result<Params, Invalid> {
    let (amount, currency) = money(request.money)?;
    let mut params = pairs([("amount", &amount), ("currency", &currency), ("customer", &request.customer_id)]);
    params.extend(any_method());
    params.extend(no_redirects());
    params.extend(metadata([("topup_id", &request.topup_id), ("account_id", &request.account_id)]));
    Ok(params)
}

/// `POST /v1/payment_intents` for a payer on the page, unconfirmed.
pub(crate) fn open_intent(ask: &Ask) -> Result<Params, Invalid> {
    let (amount, currency) = money(ask.money)?;
    let mut params = pairs([("amount", &amount), ("currency", &currency)]);
    params.extend(ask.customer_id.iter().map(|id| ("customer".to_owned(), id.clone())));
    params.extend(any_method());
    if !ask.description.is_empty() {
        params.extend(pairs([("description", &ask.description)]));
    }
    if ask.save_card {
        params.extend(pairs([("setup_future_usage", "off_session")]));
    }
    params.extend(metadata([("topup_id", &ask.topup_id), ("account_id", &ask.account_id)]));
    Ok(params)
}

/// `POST /v1/payment_intents/{id}/confirm`, payer absent.
pub(crate) fn confirm_off_session(card_id: &str) -> Params {
    pairs([("payment_method", card_id), ("off_session", "true")])
}

/// `POST /v1/payment_intents/{id}/cancel`.
pub(crate) fn cancel() -> Params {
    pairs([("cancellation_reason", "abandoned")])
}

/// `POST /v1/refunds`. The amount is always sent: without it Stripe gives back whatever is left.
pub(crate) fn refund(ask: &RefundAsk) -> Result<Params, Invalid> {
    let (amount, _) = money(ask.money)?;
    let (intent_id, charge_id) = (ask.payment.object_id.as_deref(), ask.money_id.as_deref());
    let mut params = refunds_of(intent_id, charge_id)?;
    params.extend(pairs([("amount", &amount), ("reason", "requested_by_customer")]));
    params.extend(metadata([
        ("refund_id", &ask.refund_id),
        ("topup_id", &ask.payment.topup_id),
        ("account_id", &ask.payment.account_id),
        ("operator", &ask.operator),
        ("reason", &ask.reason),
    ]));
    Ok(params)
}

/// The payment that a refund belongs to: its intent, else its charge.
pub(crate) fn refunds_of(intent_id: Option<&str>, charge_id: Option<&str>) -> Result<Params, Invalid> {
    match (intent_id, charge_id) {
        (Some(id), _) => Ok(pairs([("payment_intent", id)])),
        (None, Some(id)) => Ok(pairs([("charge", id)])),
        (None, None) => Err(Invalid::not_sent("payment_intent", "neither the intent nor its charge is known".into())),
    }
}

/// Whatever methods the account has.
fn any_method() -> Params {
    vec![(nested("automatic_payment_methods", "enabled"), "true".into())]
}

/// None that would send the payer elsewhere: nobody is there to be sent.
fn no_redirects() -> Params {
    vec![(nested("automatic_payment_methods", "allow_redirects"), "never".into())]
}

/// The key under which the intent of a top-up is created, however it is paid.
pub(crate) fn intent_key(topup_id: &str) -> String {
    format!("topup:{topup_id}:create")
}

/// The key of the `n`-th card (from 0) of a top-up.
pub(crate) fn confirm_key(topup_id: &str, n: usize, card_id: &str) -> String {
    format!("topup:{topup_id}:confirm:{n}:{card_id}")
}

/// The key of a refund.
pub(crate) fn refund_key(refund_id: &str) -> String {
    format!("refund:{refund_id}")
}

#[cfg(test)]
mod tests {
    use ledger::Unit;

    use super::*;
    use crate::gateway::Pending;

    fn money(amount_minor: i64, currency: &str) -> Money {
        Money { amount_minor, currency: Unit::parse(currency).unwrap() }
    }

    fn request(money: Money) -> ChargeRequest {
        ChargeRequest {
            customer_id: "cus_1".into(),
            topup_id: "tu_1".into(),
            account_id: "ac_1".into(),
            money,
            card_ids: vec!["pm_1".into()],
        }
    }

    fn ask(money: Money) -> Ask {
        Ask {
            account_id: "ac_1".into(),
            topup_id: "tu_1".into(),
            money,
            description: "Nạp tiền".into(),
            customer_id: None,
            language: "vi".into(),
            return_url: "https://shop.example/back".into(),
            cancel_url: "https://shop.example/cancel".into(),
            payer_address: [192, 0, 2, 1].into(),
            created_at_s: 0,
            expires_at_s: 900,
            save_card: false,
        }
    }

    fn refund_ask(object_id: Option<&str>, money_id: Option<&str>) -> RefundAsk {
        RefundAsk {
            refund_id: "rf_1".into(),
            payment: Pending {
                account_id: "ac_1".into(),
                topup_id: "tu_1".into(),
                object_id: object_id.map(str::to_owned),
                customer_id: None,
                money: money(3_000, "JPY"),
                created_at_s: 0,
            },
            money_id: money_id.map(str::to_owned),
            paid_at_s: 0,
            money: money(1_000, "JPY"),
            whole: false,
            operator: String::new(),
            reason: "r".repeat(600),
            object_id: None,
            may_have_run: false,
            created_at_s: 0,
        }
    }

    fn joined(params: Params) -> String {
        params.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }

    #[test]
    fn intents_are_created_unconfirmed_with_exactly_these_parameters() {
        let saved = "amount=500000&currency=vnd&customer=cus_1&automatic_payment_methods[enabled]=true\
                     &automatic_payment_methods[allow_redirects]=never&metadata[topup_id]=tu_1&metadata[account_id]=ac_1";
        assert_eq!(joined(new_intent(&request(money(500_000, "VND"))).unwrap()), saved);
        let open = "amount=500&currency=ugx&automatic_payment_methods[enabled]=true&description=Nạp tiền\
                    &metadata[topup_id]=tu_1&metadata[account_id]=ac_1";
        assert_eq!(joined(open_intent(&ask(money(5, "UGX"))).unwrap()), open);
        let saving = Ask {
            customer_id: Some("cus_1".into()),
            save_card: true,
            description: String::new(),
            ..ask(money(3_000, "JPY"))
        };
        let saving_expected = "amount=3000&currency=jpy&customer=cus_1&automatic_payment_methods[enabled]=true\
                               &setup_future_usage=off_session&metadata[topup_id]=tu_1&metadata[account_id]=ac_1";
        assert_eq!(joined(open_intent(&saving).unwrap()), saving_expected);
        assert_eq!(joined(confirm_off_session("pm_2")), "payment_method=pm_2&off_session=true");
    }

    #[test]
    fn a_refund_names_its_payment_its_amount_and_itself() {
        let rest = format!(
            "amount=1000&reason=requested_by_customer&metadata[refund_id]=rf_1&metadata[topup_id]=tu_1\
             &metadata[account_id]=ac_1&metadata[reason]={}",
            "r".repeat(500)
        );
        let cases = [
            (Some("pi_1"), Some("ch_1"), Some("payment_intent=pi_1")),
            (Some("pi_1"), None, Some("payment_intent=pi_1")),
            (None, Some("ch_1"), Some("charge=ch_1")),
            (None, None, None),
        ];
        for (object_id, money_id, first) in cases {
            let params = refund(&refund_ask(object_id, money_id)).ok().map(joined);
            assert_eq!(params, first.map(|first| format!("{first}&{rest}")), "{object_id:?} {money_id:?}");
        }
    }

    #[test]
    fn an_amount_without_wire_form_is_not_sent() {
        for money in [money(5_123, "KWD"), money(0, "USD")] {
            let refund = RefundAsk { money, ..refund_ask(Some("pi_1"), None) };
            for params in [new_intent(&request(money)), open_intent(&ask(money)), super::refund(&refund)] {
                assert_eq!(params.unwrap_err().param.as_deref(), Some("amount"), "{money:?}");
            }
        }
    }

    #[test]
    fn customers_and_cards_are_sent_with_brackets() {
        let customer = NewCustomer { account_id: "ac_1".into(), email: Some("a@example.com".into()), name: None };
        assert_eq!(joined(new_customer(&customer)), "metadata[account_id]=ac_1&email=a@example.com");
        assert_eq!(joined(default_card("pm_1")), "invoice_settings[default_payment_method]=pm_1");
        let setup_expected = "customer=cus_1&usage=off_session&automatic_payment_methods[enabled]=true\
                              &automatic_payment_methods[allow_redirects]=never";
        assert_eq!(joined(setup("cus_1")), setup_expected);
    }
}
