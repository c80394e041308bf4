//! Webhook deliveries: signed, over real HTTP, repeated while the target does not answer 2xx.
//!
//! One task delivers first attempts in the order of the events (the real service promises no order;
//! a test that wants disorder scripts it). Repeats and delays run beside it. Every attempt is logged.
//! Plain `http` targets only: the sandbox never leaves the machine. Redirects are not followed.

use std::sync::Weak;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use hmac::{Hmac, KeyInit, Mac};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

use super::faults::WebhookFault;
use super::{Shared, Stripe};

/// Where events go.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookTarget {
    /// A plain `http://` address.
    pub url: String,
    /// The endpoint's signing secret, `whsec_…`.
    pub secret: String,
}

/// One attempt to deliver an event.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery {
    /// `evt_…`.
    pub event: String,
    /// The event's type.
    pub kind: String,
    /// 1 for the first attempt of this notice.
    pub attempt: u32,
    /// HTTP status of the target; `None` when it did not answer.
    pub status: Option<u16>,
    /// The header `Stripe-Signature` that was sent.
    pub signature: String,
    /// The body that was sent.
    pub body: String,
}

/// Work for the delivery task.
#[derive(Debug)]
pub(crate) enum Job {
    /// A new event: scripted faults apply.
    Deliver(String),
    /// Deliver again, rightly, whatever was scripted.
    Redeliver(String),
    /// Deliver all that is held or waits to be overtaken.
    Release,
}

/// How old the signature of a replayed notice is.
const STALE_SECONDS: i64 = 600;

/// A body on its way.
#[derive(Debug, Clone)]
struct Notice {
    event: String,
    kind: String,
    body: String,
    seal: Seal,
}

/// How a notice is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seal {
    Right,
    /// With another secret.
    Foreign,
    /// Too long ago.
    Stale,
    /// Before the body was changed.
    Broken,
}

/// The value of `Stripe-Signature` for a body: `t=<unix>,v1=<hex>`.
pub fn sign(secret: &str, timestamp_s: i64, body: &[u8]) -> String {
    // HMAC takes a key of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC accepts every key");
    mac.update(format!("{timestamp_s}.").as_bytes());
    mac.update(body);
    format!("t={timestamp_s},v1={}", hex::encode(mac.finalize().into_bytes()))
}

/// The delivery task; ends when the last handle to the sandbox is gone.
pub(crate) async fn deliver(shared: Weak<Shared>, mut jobs: UnboundedReceiver<Job>) {
    let mut courier = Courier {
        shared,
        client: Client::builder(TokioExecutor::new()).build_http(),
        waiting: Vec::new(),
        held: Vec::new(),
        aside: JoinSet::new(),
    };
    while let Some(job) = jobs.recv().await {
        courier.work(job).await;
        while courier.aside.try_join_next().is_some() {}
    }
}

struct Courier {
    shared: Weak<Shared>,
    client: Client<HttpConnector, Body>,
    /// Notices to be overtaken by so many others.
    waiting: Vec<(Notice, u32)>,
    held: Vec<Notice>,
    aside: JoinSet<()>,
}

impl Courier {
    async fn work(&mut self, job: Job) {
        match job {
            Job::Deliver(id) => {
                let Some((notice, fault)) = self.prepare(&id, true) else { return };
                self.start(notice, fault).await;
            }
            Job::Redeliver(id) => {
                let Some((notice, _)) = self.prepare(&id, false) else { return };
                self.send(notice).await;
            }
            Job::Release => {
                let late = std::mem::take(&mut self.waiting).into_iter().map(|(notice, _)| notice);
                let released: Vec<Notice> = std::mem::take(&mut self.held).into_iter().chain(late).collect();
                for notice in released {
                    self.send(notice).await;
                }
            }
        }
    }

    /// The body of an event and the fault scripted for it; `None` when nobody listens.
    fn prepare(&self, id: &str, scripted: bool) -> Option<(Notice, Option<WebhookFault>)> {
        let stripe = Stripe::from_weak(&self.shared)?;
        let mut store = stripe.lock();
        store.target.as_ref()?;
        let mut event = store.get(id)?.clone();
        // As it was rendered: a repeat says the same, even when the event has been taken meanwhile.
        event["pending_webhooks"] = 1.into();
        let fault = if scripted { store.faults.take_webhook(&event) } else { None };
        match &fault {
            Some(WebhookFault::WrongAmount { amount_minor }) => {
                falsify(&mut event, &["amount", "amount_received", "amount_refunded"], &Value::from(*amount_minor));
            }
            Some(WebhookFault::WrongCurrency { currency }) => {
                falsify(&mut event, &["currency"], &Value::from(currency.as_str()));
            }
            Some(WebhookFault::LiveMode) => {
                event["livemode"] = true.into();
                falsify(&mut event, &["livemode"], &Value::from(true));
            }
            _ => {}
        }
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        let body = serde_json::to_string_pretty(&event).unwrap_or_default();
        let seal = match &fault {
            Some(WebhookFault::Forged) => Seal::Foreign,
            Some(WebhookFault::Stale) => Seal::Stale,
            Some(WebhookFault::Altered) => Seal::Broken,
            _ => Seal::Right,
        };
        Some((Notice { event: id.to_owned(), kind, body, seal }, fault))
    }

    async fn start(&mut self, notice: Notice, fault: Option<WebhookFault>) {
        match fault {
            Some(WebhookFault::Never) => {}
            Some(WebhookFault::Held) => self.held.push(notice),
            Some(WebhookFault::Reorder { behind }) => self.waiting.push((notice, behind)),
            Some(WebhookFault::Late { delay_ms }) => self.aside(notice, 0, Duration::from_millis(delay_ms)),
            Some(WebhookFault::Duplicate { copies }) => {
                for _ in 0..=copies {
                    self.send(notice.clone()).await;
                }
            }
            _ => self.send(notice).await,
        }
    }

    /// The first attempt; then those that only waited to be overtaken.
    async fn send(&mut self, notice: Notice) {
        let mut due = vec![notice];
        while let Some(notice) = due.pop() {
            if !attempt(&self.shared, &self.client, &notice, 1).await {
                self.aside(notice, 1, Duration::ZERO);
            }
            for (_, behind) in &mut self.waiting {
                *behind = behind.saturating_sub(1);
            }
            let (ready, waiting) = std::mem::take(&mut self.waiting).into_iter().partition(|(_, behind)| *behind == 0);
            self.waiting = waiting;
            let ready: Vec<(Notice, u32)> = ready;
            due.extend(ready.into_iter().map(|(notice, _)| notice));
        }
    }

    /// Attempts after the `done` first ones, beside the queue.
    fn aside(&mut self, notice: Notice, done: u32, delay: Duration) {
        let (shared, client) = (self.shared.clone(), self.client.clone());
        self.aside.spawn(async move {
            tokio::time::sleep(delay).await;
            let Some(gaps) = Stripe::from_weak(&shared).map(|stripe| stripe.options().webhook_retry_gaps.clone())
            else {
                return;
            };
            let mut done = done;
            if done == 0 {
                done = 1;
                if attempt(&shared, &client, &notice, done).await {
                    return;
                }
            }
            for gap in gaps {
                tokio::time::sleep(gap).await;
                done += 1;
                if attempt(&shared, &client, &notice, done).await {
                    return;
                }
            }
        });
    }
}

/// One POST; true when the target took it.
async fn attempt(shared: &Weak<Shared>, client: &Client<HttpConnector, Body>, notice: &Notice, number: u32) -> bool {
    let Some((target, signature, timeout)) = Stripe::from_weak(shared).and_then(|stripe| {
        let store = stripe.lock();
        let target = store.target.clone()?;
        let secret = if notice.seal == Seal::Foreign { "whsec_of_somebody_else" } else { &target.secret };
        let age_seconds = if notice.seal == Seal::Stale { STALE_SECONDS } else { 0 };
        let signature = sign(secret, store.now() - age_seconds, notice.body.as_bytes());
        Some((target, signature, stripe.options().webhook_timeout))
    }) else {
        return true;
    };
    let blank = if notice.seal == Seal::Broken { " " } else { "" };
    let body = format!("{}{blank}", notice.body);
    let request = Request::post(&target.url)
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .header(header::USER_AGENT, "Stripe/1.0 (sandbox)")
        .header("stripe-signature", &signature)
        .body(Body::from(body.clone()));
    let status = match request {
        Err(error) => {
            tracing::warn!(url = target.url, %error, "the webhook target is no usable address");
            None
        }
        Ok(request) => match tokio::time::timeout(timeout, client.request(request)).await {
            Ok(Ok(response)) => Some(response.status()),
            _ => None,
        },
    };
    let taken = status.is_some_and(|status| status.is_success());
    let Some(stripe) = Stripe::from_weak(shared) else { return true };
    let mut store = stripe.lock();
    store.deliveries.push(Delivery {
        event: notice.event.clone(),
        kind: notice.kind.clone(),
        attempt: number,
        status: status.map(|status| status.as_u16()),
        signature,
        body,
    });
    if let Some(mut event) = store.get(&notice.event).filter(|_| taken).cloned() {
        event["pending_webhooks"] = 0.into();
        store.put(&event);
    }
    taken
}

fn falsify(event: &mut Value, fields: &[&str], value: &Value) {
    let object = &mut event["data"]["object"];
    for field in fields {
        if let Some(kept) = object.get_mut(field).filter(|kept| !kept.is_null()) {
            *kept = value.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_agree_with_the_official_library() {
        let body = "{\n  \"id\": \"evt_1\",\n  \"object\": \"event\",\n  \"type\": \"payment_intent.succeeded\"\n}";
        let expected = "t=1760000000,v1=54d40105ba3aacfc273c759a129080362630c7c56a8a38f314e54f316e3a152d";
        assert_eq!(sign("whsec_test_secret_0123456789abcdef", 1_760_000_000, body.as_bytes()), expected);
    }
}
