//! The operations that the fake PayPal plays: one line each.

use super::auth;
use super::error::ApiError;
use super::objects::{captures, disputes, events, orders, patches, refunds, reporting, webhooks};
use super::request::{Call, Done};
use super::store::Store;

/// How long results are kept under a `PayPal-Request-Id`, in seconds.
const NOT_KEPT: i64 = 0;
const SIX_HOURS: i64 = 6 * 3600;
const FORTY_FIVE_DAYS: i64 = 45 * 86_400;

/// What an operation is.
pub(crate) type Operation = fn(&mut Store, &Call) -> Result<Done, ApiError>;

/// A method, a path (with `{id}` for the one variable segment) and what it does.
pub(crate) struct Route {
    pub method: &'static str,
    pub path: &'static str,
    /// How long its result is kept under a `PayPal-Request-Id`; 0 when the header is not looked at.
    pub kept_seconds: i64,
    pub operation: Operation,
}

impl Route {
    /// The token endpoint asks for no token.
    pub fn is_open(&self) -> bool {
        self.path == "/v1/oauth2/token"
    }
}

const fn route(method: &'static str, path: &'static str, kept_seconds: i64, operation: Operation) -> Route {
    Route { method, path, kept_seconds, operation }
}

#[rustfmt::skip]
static ROUTES: &[Route] = &[
    route("POST", "/v1/oauth2/token", NOT_KEPT, auth::issue),
    route("POST", "/v2/checkout/orders", SIX_HOURS, orders::create),
    route("GET", "/v2/checkout/orders/{id}", NOT_KEPT, orders::retrieve),
    route("PATCH", "/v2/checkout/orders/{id}", NOT_KEPT, patches::update),
    route("POST", "/v2/checkout/orders/{id}/capture", SIX_HOURS, captures::create),
    route("GET", "/v2/payments/captures/{id}", NOT_KEPT, captures::retrieve),
    route("POST", "/v2/payments/captures/{id}/refund", FORTY_FIVE_DAYS, refunds::create),
    route("GET", "/v2/payments/refunds/{id}", NOT_KEPT, refunds::retrieve),
    route("GET", "/v1/customer/disputes", NOT_KEPT, disputes::list),
    route("GET", "/v1/customer/disputes/{id}", NOT_KEPT, disputes::retrieve),
    route("POST", "/v1/customer/disputes/{id}/accept-claim", NOT_KEPT, disputes::accept),
    route("GET", "/v1/reporting/transactions", NOT_KEPT, reporting::search),
    route("POST", "/v1/notifications/webhooks", NOT_KEPT, webhooks::create),
    route("GET", "/v1/notifications/webhooks", NOT_KEPT, webhooks::list),
    route("GET", "/v1/notifications/webhooks/{id}", NOT_KEPT, webhooks::retrieve),
    route("PATCH", "/v1/notifications/webhooks/{id}", NOT_KEPT, webhooks::update),
    route("DELETE", "/v1/notifications/webhooks/{id}", NOT_KEPT, webhooks::delete),
    route("POST", "/v1/notifications/verify-webhook-signature", NOT_KEPT, webhooks::verify),
    route("GET", "/v1/notifications/webhooks-event-types", NOT_KEPT, webhooks::list_types),
    route("GET", "/v1/notifications/webhooks-events", NOT_KEPT, events::list),
    route("GET", "/v1/notifications/webhooks-events/{id}", NOT_KEPT, events::retrieve),
    route("POST", "/v1/notifications/webhooks-events/{id}/resend", NOT_KEPT, events::resend),
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
