//! People who are signed in: actors with a session instead of a key.

use std::sync::atomic::{AtomicU64, Ordering};

use engine::members::{self, Invitation, NewOperator, OperatorRole, Realm, Role, SessionCookie, SignedIn};
use engine::settings::Language;
use engine::{Call, Origin};
use reqwest::header::{COOKIE, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use store::params;

use crate::{Actor, TestApp};

impl Actor {
    /// The same address with these headers at every request, and without a key.
    ///
    /// # Panics
    /// When a header cannot be sent.
    pub fn with_headers(&self, headers: &[(&'static str, &str)]) -> Actor {
        let header = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value of a header"))
        };
        let headers: HeaderMap = headers.iter().map(header).collect();
        let http = reqwest::Client::builder().no_proxy().default_headers(headers).build().expect("a client");
        Actor { http, key: None, ..self.clone() }
    }
}

impl TestApp {
    /// A member of an account with this role, who joined just now and signed in by it: a person of their own.
    ///
    /// # Panics
    /// When they cannot join.
    pub async fn member(&self, account: &str, role: Role) -> Actor {
        let email = fresh_email(role.name());
        let invitation = Invitation { email: &email, name: "", role, language: Language::En, inviter: "test" };
        members::invite(&self.engine, &Call::default(), account, &invitation).await.expect("an invitation");
        self.signed_in(Realm::Customer, &email).await
    }

    /// An operator with this role, who signed in just now.
    ///
    /// # Panics
    /// When they cannot sign in.
    pub async fn operator_with(&self, role: OperatorRole) -> Actor {
        let email = fresh_email(role.name());
        let new = NewOperator { email: &email, name: "", role, language: Language::En };
        members::invite_operator(&self.engine, &Call::default(), &new).await.expect("an invitation");
        self.signed_in(Realm::Operator, &email).await
    }

    async fn signed_in(&self, realm: Realm, email: &str) -> Actor {
        let token = self.mailed_token(email).await;
        let signed_in = members::use_link(&self.engine, realm, &token, &Origin::default(), None).await;
        self.as_person(&signed_in.expect("the link works"))
    }

    /// A browser with this session, on a page of the server.
    pub fn as_person(&self, signed_in: &SignedIn) -> Actor {
        let url = &self.engine.settings().public_url;
        let cookie = SessionCookie::of(signed_in.session.person.realm, url);
        let cookie = format!("{}={}", cookie.name, signed_in.token.expose());
        let csrf_token = signed_in.session.csrf_token.expose();
        self.operator.with_headers(&[
            (COOKIE.as_str(), cookie.as_str()),
            (ORIGIN.as_str(), url.as_str()),
            ("x-csrf-token", csrf_token),
        ])
    }

    /// The token of the newest letter to an address that brings a link.
    ///
    /// # Panics
    /// When there is none.
    pub async fn mailed_token(&self, email: &str) -> String {
        let sql = "SELECT letter FROM mails WHERE recipient = $1 AND kind IN ('sign_in_link', 'invitation') \
                   ORDER BY created_at_us DESC LIMIT 1";
        let rows = self.engine.store().query(sql, params![email]).await.expect("letters are read");
        let letter = rows.first().and_then(|row| row.text(0).ok()).unwrap_or_else(|| panic!("no letter to {email}"));
        let letter: serde_json::Value = serde_json::from_str(letter).expect("a letter");
        let url = letter["url"].as_str().expect("a link");
        url.rsplit('/').next().unwrap_or_default().to_owned()
    }
}

/// An address that nobody has yet.
fn fresh_email(name: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{name}-{}@example.com", NEXT.fetch_add(1, Ordering::Relaxed))
}
