//! Notices (IPN): signed GETs to the merchant's server, repeated until it answers that it has taken note.
//!
//! One task makes all calls, one after the other, in the order in which the payments ended; a merchant who hangs delays
//! what follows by at most the timeout. A notice is taken when the answer is a 200 with `RspCode` `00` or `02`;
//! otherwise it is repeated as often as [`VnpayOptions::webhook_retry_gaps`](super::VnpayOptions::webhook_retry_gaps)
//! says. Pauses and delays go by the sandbox's clock. Every call is logged with its answer.
//! Plain `http` targets only: the sandbox never leaves the machine. Redirects are not followed.

use std::sync::Weak;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

use super::faults::WebhookFault;
use super::payment::with_query;
use super::sign::{Params, signed_query};
use super::{Shared, Vnpay};

/// Largest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 1 << 16;
/// The longest sleep; waking up for nothing costs nothing.
const IDLE: Duration = Duration::from_secs(3600);

/// One call with a notice.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery {
    /// The payment that it is about, whatever the notice claims.
    pub txn_ref: String,
    /// 1 for the first call of this notice.
    pub attempt: u32,
    /// The query that was sent, with its checksum.
    pub query: String,
    /// HTTP status of the merchant; `None` when it did not answer.
    pub status: Option<u16>,
    /// `RspCode` of the answer; `None` when it had none.
    pub rsp_code: Option<String>,
    /// `Message` of the answer.
    pub message: Option<String>,
}

/// Work for the delivery task.
#[derive(Debug)]
pub(crate) enum Job {
    /// A new notice, with what was scripted for it and the sandbox's time in milliseconds.
    Deliver(Call, Option<WebhookFault>, i64),
    /// Deliver once more, whatever was scripted.
    Redeliver(Call),
    /// The browser of this payment's payer has gone back to the merchant.
    Returned(String),
    /// Deliver all that is held, delayed or waits to be overtaken.
    Release,
    /// Something will fall due earlier than was known.
    Wake,
}

/// A notice as it is sent, however often.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    txn_ref: String,
    /// Signed.
    query: String,
    /// How often the sandbox had been reset: what is older is not sent any more.
    resets: u64,
}

impl Call {
    /// The notice of a payment; a fault may change what it says and how it is signed.
    pub fn new(txn_ref: &str, told: &Params, fault: Option<&WebhookFault>, secret: &str, resets: u64) -> Self {
        let mut params = told.clone();
        if let Some(fault) = fault {
            fault.falsify(&mut params);
        }
        let forged = fault == Some(&WebhookFault::Forged);
        let mut query = signed_query(if forged { "a secret of somebody else" } else { secret }, &params);
        if fault == Some(&WebhookFault::Altered) {
            query = query.replacen("00&", "01&", 1);
        }
        Self { txn_ref: txn_ref.to_owned(), query, resets }
    }
}

/// A call for later.
#[derive(Debug)]
struct Later {
    due_at_ms: i64,
    attempt: u32,
    call: Call,
}

/// The delivery task; ends when the last handle to the sandbox is gone.
pub(crate) async fn deliver(shared: Weak<Shared>, mut jobs: UnboundedReceiver<Job>) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let sender = Sender { shared, client };
    let mut courier =
        Courier { sender, waiting: Vec::new(), held: Vec::new(), after_return: Vec::new(), later: Vec::new() };
    loop {
        tokio::select! {
            job = jobs.recv() => match job {
                Some(job) => courier.work(job).await,
                None => return,
            },
            () = tokio::time::sleep(courier.pause()) => courier.send_due().await,
        }
    }
}

#[derive(Clone)]
struct Sender {
    shared: Weak<Shared>,
    client: Client<HttpConnector, Body>,
}

struct Courier {
    sender: Sender,
    /// Calls to be overtaken by so many others.
    waiting: Vec<(Call, u32)>,
    held: Vec<Call>,
    after_return: Vec<Call>,
    later: Vec<Later>,
}

impl Courier {
    async fn work(&mut self, job: Job) {
        match job {
            Job::Deliver(call, fault, at_ms) => self.start(call, fault, at_ms).await,
            Job::Redeliver(call) => self.send(call).await,
            Job::Returned(txn_ref) => {
                let calls = std::mem::take(&mut self.after_return);
                let (ready, kept): (Vec<Call>, Vec<Call>) = calls.into_iter().partition(|call| call.txn_ref == txn_ref);
                self.after_return = kept;
                self.send_all(ready).await;
            }
            Job::Release => {
                let mut calls = std::mem::take(&mut self.held);
                calls.append(&mut self.after_return);
                calls.extend(std::mem::take(&mut self.waiting).into_iter().map(|(call, _)| call));
                let (first, repeats): (Vec<Later>, Vec<Later>) =
                    std::mem::take(&mut self.later).into_iter().partition(|later| later.attempt == 1);
                self.later = repeats;
                calls.extend(first.into_iter().map(|later| later.call));
                self.send_all(calls).await;
            }
            // The pause is worked out afresh after every job.
            Job::Wake => {}
        }
    }

    /// How long there is nothing to do, as far as is known.
    fn pause(&self) -> Duration {
        let Some(vnpay) = Vnpay::from_weak(&self.sender.shared) else { return IDLE };
        let store = vnpay.lock();
        let booked_ms = store.next_due_s().map(|due_s| due_s.saturating_mul(1000));
        let due_ms = self.later.iter().map(|later| later.due_at_ms).chain(booked_ms).min();
        let pause_ms = due_ms.map(|due_ms| u64::try_from(due_ms - store.now_ms()).unwrap_or(0));
        pause_ms.map_or(IDLE, |pause_ms| Duration::from_millis(pause_ms).min(IDLE))
    }

    /// Makes the calls whose time has come, the oldest first.
    async fn send_due(&mut self) {
        let Some(now_ms) = self.sender.now_ms() else { return };
        let later = std::mem::take(&mut self.later);
        let (mut due, kept): (Vec<Later>, Vec<Later>) = later.into_iter().partition(|later| later.due_at_ms <= now_ms);
        self.later = kept;
        due.sort_by_key(|later| later.due_at_ms);
        for Later { attempt, call, .. } in due {
            self.attempt(call, attempt).await;
        }
    }

    /// A new notice.
    async fn start(&mut self, call: Call, fault: Option<WebhookFault>, at_ms: i64) {
        match fault {
            Some(WebhookFault::Never) => {}
            Some(WebhookFault::Held) => self.held.push(call),
            Some(WebhookFault::AfterReturn) => self.after_return.push(call),
            Some(WebhookFault::Reorder { behind }) => self.waiting.push((call, behind)),
            Some(WebhookFault::Late { delay_ms }) => self.later(at_ms, delay_ms, call, 1),
            Some(WebhookFault::Duplicate { copies, at_once: true }) => self.send_at_once(call, copies).await,
            Some(WebhookFault::Duplicate { copies, .. }) => {
                for _ in 0..=copies {
                    self.send(call.clone()).await;
                }
            }
            _ => self.send(call).await,
        }
    }

    async fn send_all(&mut self, calls: Vec<Call>) {
        for call in calls {
            self.send(call).await;
        }
    }

    /// The first call of a notice; then those that only waited to be overtaken.
    async fn send(&mut self, call: Call) {
        let mut due = vec![call];
        while let Some(call) = due.pop() {
            self.attempt(call, 1).await;
            for (_, behind) in &mut self.waiting {
                *behind = behind.saturating_sub(1);
            }
            let (ready, waiting): (Vec<_>, Vec<_>) =
                std::mem::take(&mut self.waiting).into_iter().partition(|(_, behind)| *behind == 0);
            self.waiting = waiting;
            due.extend(ready.into_iter().map(|(call, _)| call));
        }
    }

    /// The same notice several times at the same moment; repeated later when no call was taken.
    async fn send_at_once(&mut self, call: Call, copies: u32) {
        let mut calls = JoinSet::new();
        for _ in 0..=copies {
            let (sender, call) = (self.sender.clone(), call.clone());
            calls.spawn(async move { sender.attempt(&call, 1).await });
        }
        if !calls.join_all().await.contains(&true) {
            self.repeat(call, 1);
        }
    }

    async fn attempt(&mut self, call: Call, attempt: u32) {
        if !self.sender.attempt(&call, attempt).await {
            self.repeat(call, attempt);
        }
    }

    /// Puts the repeat of a call that was not taken on the list, if there is one.
    fn repeat(&mut self, call: Call, attempt: u32) {
        let Some(vnpay) = Vnpay::from_weak(&self.sender.shared) else { return };
        let done = usize::try_from(attempt).unwrap_or(usize::MAX);
        if let Some(gap) = vnpay.options().webhook_retry_gaps.get(done - 1) {
            let gap_ms = u64::try_from(gap.as_millis()).unwrap_or(u64::MAX);
            let now_ms = vnpay.lock().now_ms();
            self.later(now_ms, gap_ms, call, attempt + 1);
        }
    }

    fn later(&mut self, from_ms: i64, delay_ms: u64, call: Call, attempt: u32) {
        let due_at_ms = from_ms.saturating_add(i64::try_from(delay_ms).unwrap_or(i64::MAX));
        self.later.push(Later { due_at_ms, attempt, call });
    }
}

impl Sender {
    fn now_ms(&self) -> Option<i64> {
        Some(Vnpay::from_weak(&self.shared)?.lock().now_ms())
    }

    /// One call; true when the merchant has taken note, or nobody is to hear of it any more.
    async fn attempt(&self, call: &Call, attempt: u32) -> bool {
        let Some((url, timeout)) = Vnpay::from_weak(&self.shared).and_then(|vnpay| {
            let store = vnpay.lock();
            let url = store.webhook_url.as_deref().filter(|_| store.resets == call.resets)?;
            Some((with_query(url, &call.query), store.options.webhook_timeout))
        }) else {
            return true;
        };
        let (status, answer) = match tokio::time::timeout(timeout, self.get(&url)).await {
            Ok(Some((status, answer))) => (Some(status), answer),
            _ => (None, Value::Null),
        };
        let said = |name: &str| answer[name].as_str().map(str::to_owned);
        let (rsp_code, message) = (said("RspCode"), said("Message"));
        let taken = status == Some(StatusCode::OK) && matches!(rsp_code.as_deref(), Some("00" | "02"));
        if let Some(vnpay) = Vnpay::from_weak(&self.shared) {
            vnpay.lock().deliveries.push(Delivery {
                txn_ref: call.txn_ref.clone(),
                attempt,
                query: call.query.clone(),
                status: status.map(|status| status.as_u16()),
                rsp_code,
                message,
            });
        }
        taken
    }

    /// Status and JSON body of an answer; the body is null when it is none.
    async fn get(&self, url: &str) -> Option<(StatusCode, Value)> {
        let request = Request::get(url).header(header::USER_AGENT, "VNPAY (sandbox)").body(Body::empty());
        let request =
            request.inspect_err(|error| tracing::warn!(%error, "the address for notices is no usable address")).ok()?;
        let response = self.client.request(request).await.ok()?;
        let status = response.status();
        let body = to_bytes(Body::new(response.into_body()), ANSWER_LIMIT).await.ok()?;
        Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }
}
