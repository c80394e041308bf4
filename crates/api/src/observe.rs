//! Around every request: an id, a count, a time, and a problem instead of a panic.
//!
//! One layer, because each one costs. It also writes problems, which do not know the request's id before. The access
//! log is the target `access` at level `debug`, so it is silent unless a directive such as `info,access=debug` asks for
//! it. Cost: one look-up of the route's counters under a read lock, one small allocation for the id.

use std::collections::HashMap;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, Method, header};
use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::problem::Problem;

/// Names a request in answers and logs.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS: [f64; 13] = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// The process's metrics. Installed at the first use; a recorder that the program installed before stays.
pub fn prometheus() -> &'static PrometheusHandle {
    static HANDLE: LazyLock<PrometheusHandle> = LazyLock::new(|| {
        let builder = PrometheusBuilder::new();
        let recorder = builder.set_buckets(&BUCKETS).unwrap_or_else(|_| PrometheusBuilder::new()).build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder is installed; /metrics stays empty");
        }
        metrics::describe_counter!("scrip_http_requests_total", "Answered requests by method, route and status.");
        metrics::describe_histogram!("scrip_http_request_seconds", "Time to the head of the answer.");
        metrics::describe_counter!("scrip_ledger_orders_total", "Orders to the ledger by result.");
        handle
    });
    &HANDLE
}

/// Puts [`Observed`] around a service.
#[derive(Clone)]
pub struct Observe {
    shared: Arc<Shared>,
}

struct Shared {
    ids: Ids,
    routes: RwLock<HashMap<Box<str>, Vec<RouteMetrics>>>,
}

struct RouteMetrics {
    method: Method,
    status: u16,
    count: Counter,
    seconds: Histogram,
}

/// Ids of this process: a random start and a count, 16 hex digits.
struct Ids {
    next: AtomicU64,
}

impl Ids {
    fn next(&self) -> [u8; 16] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        // An odd factor spreads the count over all digits and never repeats within 2^64.
        let id = self.next.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        std::array::from_fn(|place| DIGITS[(id >> (60 - 4 * place) & 15) as usize])
    }
}

impl Default for Observe {
    fn default() -> Observe {
        prometheus();
        let start = uuid::Uuid::new_v4().as_u64_pair().0;
        Observe { shared: Arc::new(Shared { ids: Ids { next: AtomicU64::new(start) }, routes: RwLock::default() }) }
    }
}

impl Shared {
    fn record(&self, route: &str, method: &Method, status: u16, started: Instant) {
        let known = |metrics: &&RouteMetrics| metrics.status == status && metrics.method == *method;
        let seconds = started.elapsed().as_secs_f64();
        {
            let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(metrics) = routes.get(route).and_then(|all| all.iter().find(known)) {
                metrics.count.increment(1);
                metrics.seconds.record(seconds);
                return;
            }
        }
        // Methods are the caller's to choose: unknown ones share a name, so that nobody can grow the table.
        let label = method_label(method);
        let of_route = |name: &str| metrics::Label::new(name.to_owned(), route.to_owned());
        let labels = vec![of_route("route"), metrics::Label::new("method", label)];
        let seconds_metric = metrics::histogram!("scrip_http_request_seconds", labels.clone());
        let mut labels = labels;
        labels.push(metrics::Label::new("status", status.to_string()));
        let count = metrics::counter!("scrip_http_requests_total", labels);
        count.increment(1);
        seconds_metric.record(seconds);
        if label != "other" {
            let metrics = RouteMetrics { method: method.clone(), status, count, seconds: seconds_metric };
            let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
            routes.entry(route.into()).or_default().push(metrics);
        }
    }
}

fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::PUT => "PUT",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed { inner, shared: Arc::clone(&self.shared) }
    }
}

/// A service with an id, a count and a time for each request.
#[derive(Clone)]
pub struct Observed<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S: Service<Request, Response = Response, Error = Infallible>> Service<Request> for Observed<S> {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        Answering {
            started: Instant::now(),
            method: request.method().clone(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            shared: Arc::clone(&self.shared),
            inner: self.inner.call(request),
        }
    }
}

pin_project! {
    /// A request on its way.
    pub struct Answering<F> {
        #[pin]
        inner: F,
        shared: Arc<Shared>,
        route: Option<MatchedPath>,
        method: Method,
        started: Instant,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Answering<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // A handler that panicked is never polled again; what it shared with others is behind locks that survive it.
        let polled = catch_unwind(AssertUnwindSafe(|| this.inner.poll(cx)));
        let mut response = match polled {
            Ok(polled) => match ready!(polled) {
                Ok(response) => response,
                Err(never) => match never {},
            },
            Err(_) => Problem::internal("a handler panicked").into_response(),
        };
        let id = this.shared.ids.next();
        finish(&mut response, &id);
        let id = response.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
        let route = this.route.as_ref().map_or("none", MatchedPath::as_str);
        let status = response.status().as_u16();
        tracing::debug!(target: "access", method = %this.method, route, status, id, "answered");
        this.shared.record(route, this.method, status, *this.started);
        Poll::Ready(Ok(response))
    }
}

fn text(id: &[u8; 16]) -> &str {
    std::str::from_utf8(id).unwrap_or_default()
}

fn finish(response: &mut Response, id: &[u8; 16]) {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        problem.render(response, text(id));
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_bytes(id) {
        // A page of an error names itself: the same id stands in it and in the log.
        headers.entry(REQUEST_ID).or_insert(value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_differ() {
        let ids = Ids { next: AtomicU64::new(u64::MAX - 500) };
        let seen: HashSet<_> = (0..1_000).map(|_| ids.next()).collect();
        assert_eq!(seen.len(), 1_000);
        assert!(seen.iter().flatten().all(u8::is_ascii_hexdigit));
    }

    #[tokio::test]
    async fn a_panic_is_a_problem() {
        let service = tower::service_fn(|_: Request| async { panic!("on purpose") });
        let mut observed = Observe::default().layer(service);
        let response: Response = observed.call(Request::default()).await.unwrap();
        assert_eq!(response.status().as_u16(), 500);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(response.headers()[REQUEST_ID].len(), 16);
    }
}
