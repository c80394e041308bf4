//! The operations that the fake Stripe plays: one line each.

use serde_json::Value;

use super::error::ApiError;
use super::http::Call;
use super::objects::{charges, customers, disputes, events, payment_intents, payment_methods, refunds, setup_intents};
use super::store::Store;

/// A method, a path (with `{id}` for the one variable segment) and what it does.
pub(crate) struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub operation: fn(&mut Store, &Call) -> Result<Value, ApiError>,
}

impl Route {
    /// The operation's name in the field list: `POST /v1/refunds`.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

const fn route(
    method: &'static str,
    path: &'static str,
    operation: fn(&mut Store, &Call) -> Result<Value, ApiError>,
) -> Route {
    Route { method, path, operation }
}

static ROUTES: &[Route] = &[
    route("POST", "/v1/customers", customers::create),
    route("GET", "/v1/customers", customers::list),
    route("GET", "/v1/customers/{id}", customers::retrieve),
    route("POST", "/v1/customers/{id}", customers::update),
    route("DELETE", "/v1/customers/{id}", customers::delete),
    route("GET", "/v1/customers/{id}/payment_methods", payment_methods::list_of_customer),
    route("POST", "/v1/payment_methods", payment_methods::create),
    route("GET", "/v1/payment_methods", payment_methods::list),
    route("GET", "/v1/payment_methods/{id}", payment_methods::retrieve),
    route("POST", "/v1/payment_methods/{id}", payment_methods::update),
    route("POST", "/v1/payment_methods/{id}/attach", payment_methods::attach),
    route("POST", "/v1/payment_methods/{id}/detach", payment_methods::detach),
    route("POST", "/v1/payment_intents", payment_intents::create),
    route("GET", "/v1/payment_intents", payment_intents::list),
    route("GET", "/v1/payment_intents/{id}", payment_intents::retrieve),
    route("POST", "/v1/payment_intents/{id}", payment_intents::update),
    route("POST", "/v1/payment_intents/{id}/confirm", payment_intents::confirm),
    route("POST", "/v1/payment_intents/{id}/cancel", payment_intents::cancel),
    route("POST", "/v1/setup_intents", setup_intents::create),
    route("GET", "/v1/setup_intents/{id}", setup_intents::retrieve),
    route("POST", "/v1/setup_intents/{id}/confirm", setup_intents::confirm),
    route("POST", "/v1/setup_intents/{id}/cancel", setup_intents::cancel),
    route("POST", "/v1/refunds", refunds::create),
    route("GET", "/v1/refunds", refunds::list),
    route("GET", "/v1/refunds/{id}", refunds::retrieve),
    route("GET", "/v1/charges", charges::list),
    route("GET", "/v1/charges/{id}", charges::retrieve),
    route("GET", "/v1/disputes", disputes::list),
    route("GET", "/v1/disputes/{id}", disputes::retrieve),
    route("GET", "/v1/events", events::list),
    route("GET", "/v1/events/{id}", events::retrieve),
    route("GET", "/v1/balance_transactions/{id}", charges::retrieve_balance_transaction),
];

/// The route of a request and the id in its path.
pub(crate) fn find<'a>(method: &str, path: &'a str) -> Option<(&'static Route, &'a str)> {
    ROUTES.iter().filter(|route| route.method == method).find_map(|route| Some((route, fit(route.path, path)?)))
}

fn fit<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, after)) = pattern.split_once("{id}") else {
        return (pattern == path).then_some("");
    };
    let id = path.strip_prefix(before)?.strip_suffix(after)?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}
