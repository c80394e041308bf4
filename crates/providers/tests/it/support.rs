//! A server that answers from a script and remembers what it was asked; a client and a charge to ask it with.
//!
//! The server is below HTTP libraries on purpose: it must hang, close and cut answers short. One request per connection.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ledger::Unit;
use providers::stripe::{ChargeRequest, Client, Config, RetryPolicy};
use providers::{Money, Secret};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the script says to one request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A status and a body.
    Json(u16, String),
    /// The same with one more header.
    With(u16, &'static str, &'static str, String),
    /// Closes the connection without an answer.
    Close,
    /// Promises more body than it sends.
    Cut,
    /// Never answers.
    Hang,
}

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `POST /v1/payment_intents`, query included.
    pub line: String,
    /// Header lines, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The decoded form.
    pub body: String,
}

impl Asked {
    /// A header's value, empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(header, _)| header == name).map_or("", |(_, value)| value)
    }
}

/// The server; stops with the runtime of the test.
pub struct Script {
    /// Its address, to be used as base URL.
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Script {
    /// Answers the requests in order; to one too many, 418.
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Script {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&asked);
        let mut replies: VecDeque<Reply> = replies.into_iter().collect();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                remembered.lock().unwrap().push(request);
                let reply = replies.pop_front().unwrap_or(Reply::Json(418, "{}".into()));
                tokio::spawn(answer(stream, reply));
            }
        });
        Script { url, asked }
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Their request lines.
    pub fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }
}

/// A client with its own key and hardly a pause between attempts.
pub fn client(url: &str, max_retries: u32, timeout: Duration) -> Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    let retry = RetryPolicy { max_retries, base_delay: Duration::from_millis(1) };
    let key = Secret::new("sk_test_hidden").unwrap();
    Client::new(Config { base_url: url.into(), timeout, retry, ..Config::new(key, false) }).unwrap()
}

/// 25 USD of `tu_1` from the cards of `cus_1`.
pub fn charge(card_ids: &[&str]) -> ChargeRequest {
    ChargeRequest {
        customer_id: "cus_1".into(),
        topup_id: "tu_1".into(),
        account_id: "ac_1".into(),
        money: Money { amount_minor: 2_500, currency: Unit::parse("USD").unwrap() },
        card_ids: card_ids.iter().map(|id| (*id).to_owned()).collect(),
    }
}

/// Long enough to mean never.
pub const PATIENT: Duration = Duration::from_secs(600);

async fn read_request(stream: &mut TcpStream) -> Asked {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the request ends in its head");
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let mut lines = head.lines();
    let line = lines.next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    while bytes.len() < head_end + 4 + length {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the request ends in its body");
    }
    let body = String::from_utf8(bytes[head_end + 4..].to_vec()).unwrap();
    Asked { line: brackets(&line), headers, body: brackets(&body) }
}

/// Undoes as much of the percent-encoding as our own values need.
fn brackets(text: &str) -> String {
    text.replace("%5B", "[").replace("%5D", "]").replace("%40", "@")
}

async fn answer(mut stream: TcpStream, reply: Reply) {
    let (status, more, body, length) = match reply {
        Reply::Json(status, body) => (status, String::new(), body.clone(), body.len()),
        Reply::With(status, name, value, body) => (status, format!("{name}: {value}\r\n"), body.clone(), body.len()),
        Reply::Cut => (200, String::new(), r#"{"id":"pi_1","#.into(), 1_000),
        Reply::Close => return,
        Reply::Hang => return std::future::pending().await,
    };
    let head = format!("HTTP/1.1 {status} X\r\nrequest-id: req_{status}\r\n{more}content-length: {length}\r\n");
    stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes()).await.unwrap();
    stream.shutdown().await.ok();
}
