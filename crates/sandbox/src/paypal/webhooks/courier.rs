//! Webhook deliveries: signed, over real HTTP, repeated while the target does not answer 2xx.
//!
//! One task delivers first attempts in the order of the events (the real service promises no order; a test that wants
//! disorder scripts it). Repeats run beside it. Every attempt is signed afresh and logged. Plain `http` targets only:
//! the sandbox never leaves the machine. Redirects are not followed.

use std::sync::Weak;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

use super::signature::{self, Transmission};
use super::{Delivery, Job, WebhookTarget};
use crate::paypal::currency::value_of;
use crate::paypal::faults::WebhookFault;
use crate::paypal::store::time_text;
use crate::paypal::{PayPal, Shared};

/// How old a stale notice is, in seconds.
const STALE_S: i64 = 5 * 86_400;

/// A body on its way.
#[derive(Debug, Clone)]
struct Notice {
    event: String,
    kind: String,
    body: String,
    targets: Vec<WebhookTarget>,
    fault: Option<WebhookFault>,
}

/// The delivery task; ends when the last handle to the sandbox is gone.
pub(crate) async fn deliver(shared: Weak<Shared>, mut jobs: UnboundedReceiver<Job>) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let (waiting, late, held) = (Vec::new(), Vec::new(), Vec::new());
    let mut courier = Courier { shared, client, waiting, late, held, aside: JoinSet::new() };
    loop {
        let next_due = courier.next_due();
        let due = async {
            match next_due {
                Some(pause) => tokio::time::sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            job = jobs.recv() => match job {
                Some(job) => courier.work(job).await,
                None => return,
            },
            () = due => courier.send_due().await,
        }
        while courier.aside.try_join_next().is_some() {}
    }
}

struct Courier {
    shared: Weak<Shared>,
    client: Client<HttpConnector, Body>,
    /// Notices to be overtaken by so many others.
    waiting: Vec<(Notice, u32)>,
    /// Notices and the instants of the sandbox's clock when they are due, in milliseconds.
    late: Vec<(Notice, i64)>,
    held: Vec<Notice>,
    aside: JoinSet<()>,
}

impl Courier {
    async fn work(&mut self, job: Job) {
        match job {
            Job::Deliver(id) => {
                let Some(notice) = self.prepare(&id, true) else { return };
                self.start(notice).await;
            }
            Job::Redeliver(id) => {
                let Some(notice) = self.prepare(&id, false) else { return };
                self.send(notice).await;
            }
            Job::Release => {
                let late = std::mem::take(&mut self.late).into_iter().map(|(notice, _)| notice);
                let waiting = std::mem::take(&mut self.waiting).into_iter().map(|(notice, _)| notice);
                let released: Vec<Notice> =
                    std::mem::take(&mut self.held).into_iter().chain(late).chain(waiting).collect();
                for notice in released {
                    self.send(notice).await;
                }
            }
            Job::ClockMoved => self.send_due().await,
        }
    }

    /// The notice of an event with the fault scripted for it; `None` when nobody listens.
    fn prepare(&self, id: &str, scripted: bool) -> Option<Notice> {
        let paypal = PayPal::from_weak(&self.shared)?;
        let mut store = paypal.lock();
        let event = store.events.get(id)?.clone();
        let wanted = store.webhooks.iter().filter(|webhook| webhook.wants(&event.kind));
        let targets: Vec<WebhookTarget> = wanted.map(|webhook| webhook.target.clone()).collect();
        if targets.is_empty() {
            return None;
        }
        let fault = if scripted { store.webhook_fault(&event.kind, &event.object) } else { None };
        let mut body = event.show(&store.url);
        match &fault {
            Some(WebhookFault::WrongAmount { amount_minor }) => each_amount(&mut body["resource"], &mut |amount| {
                amount["value"] = value_of(*amount_minor, amount["currency_code"].as_str().unwrap_or_default()).into();
            }),
            Some(WebhookFault::WrongCurrency { currency }) => each_amount(&mut body["resource"], &mut |amount| {
                amount["currency_code"] = currency.as_str().into();
            }),
            Some(WebhookFault::UnknownObject) => body = misname(&body, &event.object),
            _ => {}
        }
        Some(Notice { event: event.id, kind: event.kind, body: body.to_string(), targets, fault })
    }

    async fn start(&mut self, notice: Notice) {
        match notice.fault {
            Some(WebhookFault::Never) => {}
            Some(WebhookFault::Held) => self.held.push(notice),
            Some(WebhookFault::Reorder { behind }) => self.waiting.push((notice, behind)),
            Some(WebhookFault::Late { delay_ms }) => {
                let delay_ms = i64::try_from(delay_ms).unwrap_or(i64::MAX);
                if let Some(now_ms) = self.now_ms() {
                    self.late.push((notice, now_ms.saturating_add(delay_ms)));
                }
            }
            Some(WebhookFault::Duplicate { copies }) => {
                for _ in 0..=copies {
                    self.send(notice.clone()).await;
                }
            }
            _ => self.send(notice).await,
        }
    }

    fn now_ms(&self) -> Option<i64> {
        PayPal::from_weak(&self.shared).map(|paypal| paypal.lock().now_ms())
    }

    /// How long until the next late notice is due; `None` when there is none.
    fn next_due(&self) -> Option<Duration> {
        let due_ms = self.late.iter().map(|(_, due_ms)| *due_ms).min()?;
        let pause_ms = u64::try_from(due_ms.saturating_sub(self.now_ms()?)).unwrap_or(0);
        Some(Duration::from_millis(pause_ms))
    }

    async fn send_due(&mut self) {
        let Some(now_ms) = self.now_ms() else { return };
        let (due, late) = std::mem::take(&mut self.late).into_iter().partition(|(_, due_ms)| *due_ms <= now_ms);
        self.late = late;
        let due: Vec<(Notice, i64)> = due;
        for (notice, _) in due {
            self.send(notice).await;
        }
    }

    /// The first attempt; then those that only waited to be overtaken.
    async fn send(&mut self, notice: Notice) {
        let mut due = vec![notice];
        while let Some(notice) = due.pop() {
            for target in &notice.targets {
                if !attempt(&self.shared, &self.client, &notice, target, 1).await {
                    let repeats = repeat(self.shared.clone(), self.client.clone(), notice.clone(), target.clone());
                    self.aside.spawn(repeats);
                }
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
}

/// Attempts after the first, beside the queue.
async fn repeat(shared: Weak<Shared>, client: Client<HttpConnector, Body>, notice: Notice, target: WebhookTarget) {
    let Some(gaps) = PayPal::from_weak(&shared).map(|paypal| paypal.lock().options.webhook_retry_gaps.clone()) else {
        return;
    };
    for (number, gap) in (2..).zip(gaps) {
        tokio::time::sleep(gap).await;
        if attempt(&shared, &client, &notice, &target, number).await {
            return;
        }
    }
}

/// One POST; true when the target took it.
async fn attempt(
    shared: &Weak<Shared>,
    client: &Client<HttpConnector, Body>,
    notice: &Notice,
    target: &WebhookTarget,
    number: u32,
) -> bool {
    let forgery = match notice.fault {
        Some(WebhookFault::Forged { way }) => Some(way),
        _ => None,
    };
    let age_s = if notice.fault == Some(WebhookFault::Stale) { STALE_S } else { 0 };
    let Some((headers, timeout)) = PayPal::from_weak(shared).map(|paypal| {
        let mut store = paypal.lock();
        let (id, time) = (store.uuid(), time_text(store.now() - age_s));
        let transmission = Transmission { webhook_id: target.webhook_id.clone(), id, time };
        let headers = signature::headers(&store.url, &transmission, notice.body.as_bytes(), forgery);
        (headers, store.options.webhook_timeout)
    }) else {
        return true;
    };
    let blank = if notice.fault == Some(WebhookFault::Altered) { " " } else { "" };
    let body = format!("{}{blank}", notice.body);
    let mut request = Request::post(&target.url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "PayPal/AUHD-1.0-1 (sandbox)");
    for (name, value) in &headers {
        request = request.header(*name, value);
    }
    let status = match request.body(Body::from(body.clone())) {
        Err(error) => {
            tracing::warn!(url = target.url, %error, "the webhook target is no usable address");
            None
        }
        Ok(request) => match tokio::time::timeout(timeout, client.request(request)).await {
            Ok(Ok(response)) => Some(response.status()),
            _ => None,
        },
    };
    let Some(paypal) = PayPal::from_weak(shared) else { return true };
    paypal.lock().deliveries.push(Delivery {
        event: notice.event.clone(),
        kind: notice.kind.clone(),
        attempt: number,
        status: status.map(|status| status.as_u16()),
        headers,
        body,
    });
    status.is_some_and(|status| status.is_success())
}

/// Calls `change` on everything that reads as an amount.
fn each_amount(value: &mut Value, change: &mut impl FnMut(&mut Value)) {
    match value {
        Value::Object(fields) if fields.contains_key("currency_code") => change(value),
        Value::Object(fields) => fields.values_mut().for_each(|inner| each_amount(inner, change)),
        Value::Array(items) => items.iter_mut().for_each(|inner| each_amount(inner, change)),
        _ => {}
    }
}

/// The body about another object: every trace of the id, and of what leads to the order, is replaced.
fn misname(body: &Value, id: &str) -> Value {
    let text = body.to_string().replace(id, "0ZZ00000ZZ000000Z");
    let mut body: Value = serde_json::from_str(&text).unwrap_or_default();
    let resource = &mut body["resource"];
    for trace in ["custom_id", "invoice_id", "supplementary_data"] {
        if let Some(fields) = resource.as_object_mut() {
            fields.remove(trace);
        }
    }
    body
}
