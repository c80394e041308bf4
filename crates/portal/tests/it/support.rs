//! What tests of pages share: an installation with VNPay played by its sandbox, and browsers that keep cookies.
//!
//! Pages are asked for without a network. No notices arrive, so a payment is settled by "check now", as a person would.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, header};
use engine::accounts::NewAccount;
use engine::billing::{self, AddressField, PayerKind, ProfileDraft};
use engine::ledger_calls::{Grant, Note};
use engine::members::{self, Invitation, Role};
use engine::settings::{Language, Secret, Settings};
use engine::{Call, Engine};
use ledger::{LotKind, Timestamp};
use portal::Pages;
use sandbox::vnpay::{self, VnpayOptions, VnpaySandbox};
use store::{Clock, Options, Store, SystemClock};
use testbed::Database;
use tower::ServiceExt;

/// Where the portal believes to be.
pub const URL: &str = "https://pay.example";

/// Stands still until it is moved, apart from one microsecond per look.
struct StillClock(AtomicI64);

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

/// An installation.
pub struct Town {
    pub engine: Engine,
    pub vnpay: VnpaySandbox,
    clock: Arc<StillClock>,
    router: Router,
    _database: Database,
}

impl Town {
    pub async fn open() -> Town {
        Town::open_with(|_| {}).await
    }

    pub async fn open_with(change: impl FnOnce(&mut Settings)) -> Town {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let vnpay = vnpay::serve(listener, VnpayOptions::default()).await.unwrap();
        let mut settings = Settings { public_url: URL.to_owned(), ..Settings::default() };
        settings.vnpay.tmn_code = vnpay.options().tmn_code.clone();
        settings.vnpay.hash_secret = Secret::new(vnpay.options().hash_secret.clone());
        settings.vnpay.pay_url = vnpay.pay_url();
        settings.vnpay.api_url = vnpay.api_url();
        // The least that may be configured: tests hash often.
        settings.sign_in.hash_passes = 2;
        change(&mut settings);
        let database = Database::new();
        // VNPay goes by the machine's clock.
        let clock = Arc::new(StillClock(AtomicI64::new(SystemClock.now().micros())));
        let options = Options { clock: Some(clock.clone()), ..Options::default() };
        let store = Store::open(&database.url(), options).await.unwrap();
        let engine = Engine::new(store, settings).await.unwrap();
        let router = Pages::new(engine.clone()).router();
        Town { engine, vnpay, clock, router, _database: database }
    }

    /// Lets time pass, here and at the gateway.
    pub fn wait(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
        self.vnpay.set_clock_offset(seconds);
    }

    /// Opens an account of Vietnam, with a voucher unless the amount is "0".
    pub async fn account(&self, id: &str, amount: &str) {
        let new = NewAccount {
            id: Some(id.to_owned()),
            name: format!("Account {id}"),
            site: "vn".to_owned(),
            ..NewAccount::default()
        };
        self.engine.accounts().open(&call("open"), new).await.unwrap();
        if amount != "0" {
            self.grant(id, amount, None).await;
        }
    }

    /// Gives credits, with a description.
    pub async fn grant(&self, id: &str, amount: &str, description: Option<&str>) {
        let grant = Grant {
            amount: amount.to_owned(),
            kind: LotKind::Voucher,
            effective_at: None,
            expires_at: None,
            scope: Vec::new(),
            priority: None,
        };
        let note = Note { description: description.map(str::to_owned), ..Note::default() };
        let key = format!("grant-{}", self.engine.now().micros());
        let planned = self.engine.order_grant(&call(&key), id, grant, note).await.unwrap();
        self.engine.submit(planned).await.unwrap();
    }

    /// Gives an account its billing profile.
    pub async fn profile(&self, id: &str, name: &str) {
        let address = [
            (AddressField::Street, "12 Tràng Tiền"),
            (AddressField::Ward, "Phường Cửa Nam"),
            (AddressField::Province, "Hà Nội"),
        ];
        let draft = ProfileDraft {
            kind: PayerKind::Personal,
            name: name.to_owned(),
            email: "lan@example.com".to_owned(),
            recipient_email: None,
            language: Language::Vi,
            country: "VN".to_owned(),
            address: address.map(|(field, text)| (field, text.to_owned())).into(),
            tax_code: None,
        };
        billing::put_profile(&self.engine, &call("profile"), id, 0, &draft).await.unwrap();
    }

    /// Invites somebody and gives the link of the letter.
    pub async fn invite(&self, account: &str, email: &str, role: Role) -> String {
        let invitation = Invitation { email, name: "", role, language: Language::En, inviter: "Test" };
        members::invite(&self.engine, &call("invite"), account, &invitation).await.unwrap();
        self.link(email).await
    }

    /// The path of the link in the newest letter to an address.
    pub async fn link(&self, email: &str) -> String {
        let sql = "SELECT letter FROM mails WHERE recipient = $1 ORDER BY created_at_us DESC LIMIT 1";
        let rows = self.engine.store().query(sql, store::params![email]).await.unwrap();
        let letter: serde_json::Value = serde_json::from_str(rows[0].text(0).unwrap()).unwrap();
        letter["url"].as_str().unwrap().strip_prefix(URL).unwrap().to_owned()
    }

    /// A browser without cookies.
    pub fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookies: Vec::new(), accepts: "en".to_owned() }
    }

    /// Somebody who is signed in: a member of the account with this role.
    pub async fn member(&self, account: &str, role: Role) -> Browser {
        let link = self.invite(account, &format!("{}@{account}.example", role.name()), role).await;
        let mut browser = self.browser();
        let page = browser.get(&link).await.expect(200);
        browser.submit(&page, &link, &[]).await.expect(303);
        browser
    }
}

/// A call of an operator.
pub fn call(key: &str) -> Call {
    Call { actor: "operator".into(), key: Some(key.into()), ..Call::default() }
}

/// A browser: keeps cookies, says where its requests come from, follows nothing by itself.
pub struct Browser {
    router: Router,
    cookies: Vec<(String, String)>,
    /// What it accepts as languages.
    pub accepts: String,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Browser {
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::builder().method(Method::GET).uri(path), String::new()).await
    }

    /// Sends a form as one of our own pages does.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, URL)
            .header("sec-fetch-site", "same-origin");
        self.send(request, encoded(fields)).await
    }

    /// Sends the form of a page that goes to `action`, with its hidden fields and these.
    pub async fn submit(&mut self, page: &Answer, action: &str, fields: &[(&str, &str)]) -> Answer {
        let hidden = page.hidden(action);
        let all: Vec<(&str, &str)> =
            hidden.iter().map(|(n, v)| (n.as_str(), v.as_str())).chain(fields.iter().copied()).collect();
        self.post(action, &all).await
    }

    /// Sends a request as it is, with the cookies.
    pub async fn send(&mut self, mut request: axum::http::request::Builder, body: String) -> Answer {
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        let request = request.header(header::ACCEPT_LANGUAGE, &self.accepts).header(header::HOST, "pay.example");
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    fn keep(&mut self, cookie: &str) {
        let (pair, rules) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').unwrap();
        self.cookies.retain(|(known, _)| known != name);
        if !rules.contains("Max-Age=0") {
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{:?} {}", self.headers, self.main());
        self
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where it leads.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// The page without what stands around it.
    pub fn main(&self) -> &str {
        let from = self.body.find("<main").unwrap_or(0);
        let to = self.body.find("</main>").unwrap_or(self.body.len());
        &self.body[from..to]
    }

    #[track_caller]
    pub fn shows(&self, text: &str) -> &Answer {
        assert!(self.main().contains(text), "no {text:?} in {}", self.main());
        self
    }

    #[track_caller]
    pub fn hides(&self, text: &str) -> &Answer {
        assert!(!self.main().contains(text), "{text:?} in {}", self.main());
        self
    }

    /// The hidden fields of the form that goes to `action`.
    #[track_caller]
    pub fn hidden(&self, action: &str) -> Vec<(String, String)> {
        let start = self
            .body
            .find(&format!("action=\"{action}\""))
            .unwrap_or_else(|| panic!("no form to {action}: {}", self.body));
        let form = &self.body[start..];
        let form = &form[..form.find("</form>").unwrap()];
        let inputs = form.split("<input type=\"hidden\" ").skip(1);
        let attribute = |input: &str, name: &str| {
            let from = input.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
            let text = &input[from..];
            text[..text.find('"').unwrap()].replace("&#38;", "&").replace("&#60;", "<").replace("&#34;", "\"")
        };
        inputs.map(|input| (attribute(input, "name"), attribute(input, "value"))).collect()
    }
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect()
    };
    fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect::<Vec<_>>().join("&")
}
