//! Our values as Stripe's request parameters. Pure.
//!
//! Bodies are `application/x-www-form-urlencoded` pairs; nested names are written with brackets, booleans as words.
//! Nothing is sent that version 2026-10-28 removed (`payment_method_types`) or that is an error for cards
//! (`statement_descriptor`).

use super::amount;
use super::charge::ChargeRequest;
use crate::AmountError;

/// Pairs in the order they are sent.
pub(crate) type Params = Vec<(String, String)>;

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

/// `POST /v1/customers`.
pub(crate) fn new_customer(customer: &NewCustomer) -> Params {
    let mut params = vec![(nested("metadata", "account_id"), customer.account_id.clone())];
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
    params.extend(no_redirects());
    params
}

/// `POST /v1/payment_intents`: create and confirm in one call, payer absent.
pub(crate) fn create_off_session(request: &ChargeRequest, card_id: &str) -> Result<Params, AmountError> {
    let (amount, currency) = amount::to_wire(request.money)?;
    let mut params = pairs([
        ("amount", &amount.to_string()),
        ("currency", &currency),
        ("customer", &request.customer_id),
        ("payment_method", card_id),
        ("off_session", "true"),
        ("confirm", "true"),
    ]);
    params.extend(no_redirects());
    params.push((nested("metadata", "topup_id"), request.topup_id.clone()));
    params.push((nested("metadata", "account_id"), request.account_id.clone()));
    Ok(params)
}

/// `POST /v1/payment_intents/{id}/confirm`: the same intent with another card, payer absent.
pub(crate) fn confirm_off_session(card_id: &str) -> Params {
    pairs([("payment_method", card_id), ("off_session", "true")])
}

/// `POST /v1/payment_intents/{id}/cancel`.
pub(crate) fn cancel() -> Params {
    pairs([("cancellation_reason", "abandoned")])
}

/// Whatever methods the account has, but none that would send the payer elsewhere: nobody is there to be sent.
fn no_redirects() -> Params {
    vec![
        (nested("automatic_payment_methods", "enabled"), "true".into()),
        (nested("automatic_payment_methods", "allow_redirects"), "never".into()),
    ]
}

/// The key under which the first card of a top-up is charged: a crashed worker repeats the same request.
pub(crate) fn create_key(topup_id: &str, card_id: &str) -> String {
    format!("topup:{topup_id}:create:{card_id}")
}

/// The key of the `n`-th card (from 0) of a top-up.
pub(crate) fn confirm_key(topup_id: &str, n: usize, card_id: &str) -> String {
    format!("topup:{topup_id}:confirm:{n}:{card_id}")
}

#[cfg(test)]
mod tests {
    use ledger::Unit;

    use super::*;
    use crate::Money;

    fn request(amount_minor: i64, currency: &str) -> ChargeRequest {
        ChargeRequest {
            customer_id: "cus_1".into(),
            topup_id: "tu_1".into(),
            account_id: "ac_1".into(),
            money: Money { amount_minor, currency: Unit::parse(currency).unwrap() },
            card_ids: vec!["pm_1".into()],
        }
    }

    fn joined(params: Params) -> String {
        params.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }

    #[test]
    fn an_off_session_charge_sends_exactly_these_parameters() {
        let params = create_off_session(&request(500_000, "VND"), "pm_1").unwrap();
        let expected = "amount=500000&currency=vnd&customer=cus_1&payment_method=pm_1&off_session=true&confirm=true\
                        &automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never\
                        &metadata[topup_id]=tu_1&metadata[account_id]=ac_1";
        assert_eq!(joined(params), expected);
        assert_eq!(joined(confirm_off_session("pm_2")), "payment_method=pm_2&off_session=true");
    }

    #[test]
    fn an_amount_without_wire_form_is_not_sent() {
        assert_eq!(create_off_session(&request(5_123, "KWD"), "pm_1"), Err(AmountError::TooPrecise));
        assert_eq!(create_off_session(&request(0, "USD"), "pm_1"), Err(AmountError::NotPositive));
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
