//! A running sandbox with its clock at the vectors' day, a browser without memory, and a merchant that takes notices.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use sandbox::vnpay::{Params, VnpayOptions, VnpaySandbox, serve, sign, signed_query};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::eventually;

pub const SECRET: &str = "TESTSECRETKEY0123456789ABCDEFGHIJ";
pub const TERMINAL: &str = "TESTTMN1";
/// 2026-11-20 16:16:00 in Viet Nam, a minute after the vectors' payments were made.
pub const NOW_S: i64 = 1_795_166_160;
/// `vnp_CreateDate` of [`Play::order`].
pub const CREATED: &str = "20261120161500";

pub struct Play {
    pub sandbox: VnpaySandbox,
    pub client: reqwest::Client,
}

/// A page or a redirect.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    /// Where it leads, made absolute.
    pub location: String,
    pub html: String,
}

impl Play {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut VnpayOptions)) -> Self {
        // Fails when another test was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut options = VnpayOptions {
            tmn_code: TERMINAL.to_owned(),
            hash_secret: SECRET.to_owned(),
            seed: Some(1),
            clock_offset_seconds: NOW_S - now_s(),
            ..VnpayOptions::default()
        };
        change(&mut options);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { sandbox: serve(listener, options).await.unwrap(), client }
    }

    /// Moves the sandbox's clock so far from [`NOW_S`].
    pub fn pass(&self, seconds: i64) {
        self.sandbox.set_clock_offset(NOW_S - now_s() + seconds);
    }

    /// 500 000 ₫, to be paid within a quarter of an hour.
    pub fn order(txn_ref: &str) -> Params {
        params(&[
            ("vnp_Amount", "50000000"),
            ("vnp_Command", "pay"),
            ("vnp_CreateDate", CREATED),
            ("vnp_CurrCode", "VND"),
            ("vnp_ExpireDate", "20261120163000"),
            ("vnp_IpAddr", "203.0.113.7"),
            ("vnp_Locale", "vn"),
            ("vnp_OrderInfo", "Nap tien <100>"),
            ("vnp_OrderType", "other"),
            ("vnp_ReturnUrl", "http://127.0.0.1:9/return/vnpay?tenant=t1"),
            ("vnp_TmnCode", TERMINAL),
            ("vnp_TxnRef", txn_ref),
            ("vnp_Version", "2.1.0"),
        ])
    }

    /// The same with other values; an empty one leaves the parameter out.
    pub fn order_with(txn_ref: &str, changes: &[(&str, &str)]) -> Params {
        let mut order = Self::order(txn_ref);
        order.extend(params(changes));
        order.retain(|_, value| !value.is_empty());
        order
    }

    /// The signed address of an order.
    pub fn address(&self, order: &Params) -> String {
        format!("{}?{}", self.sandbox.pay_url(), signed_query(SECRET, order))
    }

    /// Opens an order that is fine and gives its token.
    pub fn opened(&self, order: &Params) -> String {
        self.sandbox.open(&self.address(order)).unwrap().token
    }

    /// Opens an order and plays its payer.
    pub fn ended(&self, txn_ref: &str, code: &str) {
        self.opened(&Self::order(txn_ref));
        self.sandbox.pay(txn_ref, code).unwrap();
    }

    pub async fn get(&self, url: &str) -> Page {
        read(self.client.get(url).send().await.unwrap()).await
    }

    /// The page where the payer is.
    pub async fn page(&self, token: &str) -> Page {
        self.get(&format!("{}/paymentv2/Transaction/Index.html?token={token}", self.sandbox.url())).await
    }

    /// Sends a form and gives the page that it leads to.
    pub async fn form(&self, token: &str, action: &str, fields: &[(&str, &str)]) -> Page {
        let url = format!("{}/paymentv2/Transaction/{action}.html", self.sandbox.url());
        let mut form = vec![("token", token)];
        form.extend_from_slice(fields);
        let sent = read(self.client.post(url).form(&form).send().await.unwrap()).await;
        assert_eq!(sent.status, 303, "{}", sent.html);
        self.get(&sent.location).await
    }

    /// A call of the API; `None` when the connection ended without an answer.
    pub async fn try_call(&self, body: &Value) -> Option<(u16, Value)> {
        let response = self.client.post(self.sandbox.api_url()).json(body).send().await.ok()?;
        let status = response.status().as_u16();
        let text = response.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// A call that is answered; the checksum of the answer is checked.
    pub async fn call(&self, body: &Value) -> Value {
        let (status, answer) = self.try_call(body).await.unwrap();
        assert_eq!(status, 200, "{answer}");
        assert!(is_genuine(&answer), "{answer}");
        answer
    }

    /// A signed `querydr`.
    pub fn querydr(request_id: &str, txn_ref: &str) -> Value {
        let values = [
            ("vnp_RequestId", request_id),
            ("vnp_Version", "2.1.0"),
            ("vnp_Command", "querydr"),
            ("vnp_TmnCode", TERMINAL),
            ("vnp_TxnRef", txn_ref),
            ("vnp_TransactionDate", CREATED),
            ("vnp_CreateDate", "20261120170000"),
            ("vnp_IpAddr", "198.51.100.10"),
            ("vnp_OrderInfo", "Truy van"),
        ];
        signed_request(&values)
    }

    /// A signed `refund`; `kind` is `02` (whole) or `03` (part).
    pub fn refund(request_id: &str, txn_ref: &str, kind: &str, amount: &str) -> Value {
        let values = [
            ("vnp_RequestId", request_id),
            ("vnp_Version", "2.1.0"),
            ("vnp_Command", "refund"),
            ("vnp_TmnCode", TERMINAL),
            ("vnp_TransactionType", kind),
            ("vnp_TxnRef", txn_ref),
            ("vnp_Amount", amount),
            ("vnp_TransactionNo", ""),
            ("vnp_TransactionDate", CREATED),
            ("vnp_CreateBy", "ops"),
            ("vnp_CreateDate", "20261120170500"),
            ("vnp_IpAddr", "198.51.100.10"),
            ("vnp_OrderInfo", "Hoan tien"),
        ];
        signed_request(&values)
    }

    /// A control call over HTTP.
    pub async fn control(&self, method: reqwest::Method, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/_sandbox{path}", self.sandbox.url());
        let response = self.client.request(method, url).json(&body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or(Value::Null))
    }
}

/// A request with these fields in the order of its checksum.
pub fn signed_request(values: &[(&str, &str)]) -> Value {
    let message: Vec<&str> = values.iter().map(|(_, value)| *value).collect();
    let mut body: Value = json!(params(values));
    body["vnp_SecureHash"] = sign(SECRET, &message.join("|")).into();
    body
}

/// Whether the checksum of an API answer is right, worked out apart from the sandbox's own list of fields.
pub fn is_genuine(answer: &Value) -> bool {
    let mut fields = "ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate TransactionNo \
        TransactionType TransactionStatus OrderInfo"
        .to_owned();
    if answer["vnp_Command"] == "querydr" {
        fields += " PromotionCode PromotionAmount";
    }
    let values: Vec<&str> =
        fields.split(' ').map(|field| answer[format!("vnp_{field}")].as_str().unwrap_or_default()).collect();
    answer["vnp_SecureHash"] == sign(SECRET, &values.join("|"))
}

pub fn params(pairs: &[(&str, &str)]) -> Params {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The parameters of a query whose checksum is right: decoded, sorted and signed afresh it is the same text.
pub fn verified(query: &str) -> Option<Params> {
    let decoded = reqwest::Url::parse(&format!("http://x/?{query}")).unwrap();
    let mut params: Params = decoded.query_pairs().into_owned().collect();
    params.retain(|name, _| name.starts_with("vnp_"));
    let sent = params.remove("vnp_SecureHash")?;
    signed_query(SECRET, &params).ends_with(&format!("vnp_SecureHash={sent}")).then_some(params)
}

fn now_s() -> i64 {
    jiff::Timestamp::now().as_second()
}

async fn read(response: reqwest::Response) -> Page {
    let (status, url) = (response.status().as_u16(), response.url().clone());
    let location = response.headers().get("location").map(|location| location.to_str().unwrap());
    let location = location.map(|location| url.join(location).unwrap().to_string()).unwrap_or_default();
    Page { status, location, html: response.text().await.unwrap() }
}

/// A merchant's address for notices: gives the answers it was told to give, then always 00.
#[derive(Clone, Default)]
pub struct Merchant {
    received: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
}

impl Merchant {
    pub async fn start(play: &Play, answers: &[(u16, &str)]) -> Self {
        let answers = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        let merchant = Self { answers: Arc::new(Mutex::new(answers)), ..Self::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks/vnpay?tenant=t1", listener.local_addr().unwrap());
        let app = axum::Router::new().route("/webhooks/vnpay", axum::routing::get(take)).with_state(merchant.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        play.sandbox.set_webhook_url(Some(url));
        merchant
    }

    /// The raw queries so far.
    pub fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }

    /// The queries that are rightly signed; the others as `None`.
    pub fn notices(&self) -> Vec<Option<Params>> {
        self.received().iter().map(|query| verified(query)).collect()
    }

    /// The order numbers that came, in order.
    pub fn orders(&self) -> Vec<String> {
        let txn_ref = |query: &String| verified(query).map(|params| params["vnp_TxnRef"].clone()).unwrap_or_default();
        self.received().iter().map(txn_ref).collect()
    }

    /// Waits for so many calls.
    pub async fn until(&self, calls: usize) {
        eventually("so many notices", || self.received().len() >= calls).await;
    }
}

async fn take(State(merchant): State<Merchant>, RawQuery(query): RawQuery) -> (StatusCode, String) {
    merchant.received.lock().unwrap().push(query.unwrap_or_default());
    let answer = merchant.answers.lock().unwrap().pop_front();
    let (status, body) = answer.unwrap_or_else(|| (200, r#"{"RspCode":"00","Message":"Confirm Success"}"#.to_owned()));
    (StatusCode::from_u16(status).unwrap(), body)
}
