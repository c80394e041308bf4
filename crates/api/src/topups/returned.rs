//! The way back from a gateway's page.
//!
//! Proves nothing and credits nothing: the gateway is asked, for a moment, and the browser goes on to where the top-up
//! began, or sees a plain page with its state. Whoever knows the id sees the state and nothing else. Deliberately absent:
//! the parameters that gateways add.

use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect, Response};
use engine::Engine;
use engine::topups::{self, Payment};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Access, Needs};
use crate::problem::Problem;
use crate::request::PathId;

/// How long a browser waits for the gateway's answer.
const PATIENCE: Duration = Duration::from_secs(4);

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new().routes(routes!(back).needs(Access::Public)).routes(routes!(cancelled).needs(Access::Public))
}

/// Come back from a gateway
#[utoipa::path(get, path = "/topups/{id}/return", operation_id = "return_from_gateway", tag = "payments",
    params(("id" = String, Path)),
    responses((status = 303, description = "To the top-up's `return_url`, with `topup` and `status`"),
        (status = 200, description = "A plain page, when it has none", content_type = "text/html"),
        (status = 404, description = "There is no such top-up", body = crate::problem::ProblemBody,
            content_type = "application/problem+json")))]
async fn back(State(engine): State<Engine>, PathId(id): PathId) -> Result<Response, Problem> {
    returned(&engine, &id).await
}

/// Come back from a gateway without having paid
#[utoipa::path(get, path = "/topups/{id}/cancel", operation_id = "cancel_at_gateway", tag = "payments",
    params(("id" = String, Path)),
    responses((status = 303, description = "To the top-up's `return_url`, with `topup` and `status`"),
        (status = 200, description = "A plain page, when it has none", content_type = "text/html"),
        (status = 404, description = "There is no such top-up", body = crate::problem::ProblemBody,
            content_type = "application/problem+json")))]
async fn cancelled(State(engine): State<Engine>, PathId(id): PathId) -> Result<Response, Problem> {
    returned(&engine, &id).await
}

async fn returned(engine: &Engine, id: &str) -> Result<Response, Problem> {
    let mut payment = topups::payment(engine, id).await?;
    let asked = topups::check_now(engine, &payment.account_id, &payment.id);
    // A gateway that is slow or gone changes nothing: the payment is asked about again.
    if let Ok(Ok(now)) = tokio::time::timeout(PATIENCE, asked).await {
        payment = now;
    }
    Ok(match &payment.details.return_url {
        Some(url) => {
            let query = format!("topup={}&status={}", payment.id, payment.state.shown());
            Redirect::to(&with_query(url, &query)).into_response()
        }
        None => ([(header::CONTENT_SECURITY_POLICY, "default-src 'none'")], Html(page(&payment))).into_response(),
    })
}

/// A URL with more of a query.
fn with_query(url: &str, query: &str) -> String {
    let (rest, fragment) = url.split_once('#').map_or((url, None), |(rest, fragment)| (rest, Some(fragment)));
    let joint = if rest.contains('?') { '&' } else { '?' };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{rest}{joint}{query}{fragment}")
}

/// For programs without pages of their own; the portal has a better one.
fn page(payment: &Payment) -> String {
    let (id, state) = (&payment.id, payment.state.name());
    let told = match payment.state.shown() {
        "success" => "The payment has arrived and its credits are in the balance.",
        "failed" => "Nothing was charged. You can try again.",
        _ => "The payment is not confirmed yet. Please do not pay again: this page shows when it is settled.",
    };
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Payment</title><h1>Payment</h1><p>{told}</p><p>Reference {id}, state {state}.</p></html>"
    )
}

#[cfg(test)]
mod tests {
    use super::with_query;

    #[test]
    fn a_query_is_added_where_it_belongs() {
        // where it goes, with the query
        let table = [
            ("https://a.example/b", "https://a.example/b?x=1"),
            ("https://a.example/b?c=1", "https://a.example/b?c=1&x=1"),
            ("https://a.example/b#top", "https://a.example/b?x=1#top"),
            ("https://a.example/b?c=1#top", "https://a.example/b?c=1&x=1#top"),
        ];
        for (url, expected) in table {
            assert_eq!(with_query(url, "x=1"), expected);
        }
    }
}
