//! Who looks: a request becomes a person with an account, a role, a language and a zone, or a guest.
//!
//! The one place that knows cookies and the people of [`engine::members`]. Invariants: without a session there is no
//! account, and the account is one that the person is a member of now; what an account has is read once a request.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use documents::{Language, Locale};
use engine::accounts::{AccountRecord, Located};
use engine::members::{self, Capability, Realm, Session, SessionCookie};
use engine::settings::Secret;
use engine::{Call, Engine, Origin};
use ledger::Timestamp;
use uuid::Uuid;

use crate::components::MoneyText;
use crate::failure::Failure;
use crate::form::HasToken;
use crate::page::{self, Chrome, OtherAccount, Page, Place, Visit};
use crate::show::Show;
use crate::standing::{self, Standing};
use crate::words::{Words, spoken};
use crate::{Portal, guard, language};

/// Somebody who is signed in and looks at an account.
pub struct Visitor {
    /// The portal.
    pub portal: Portal,
    /// The session.
    pub session: Session,
    /// The account that was chosen.
    pub account: AccountRecord,
    /// Its number and unit.
    pub located: Located,
    /// The texts of the language.
    pub words: Words,
    /// Money and times as the person sees them.
    pub show: Show,
    /// What the account has.
    pub standing: Standing,
    /// Now.
    pub now: Timestamp,
    /// Where the request came from.
    pub origin: Origin,
    accounts: Vec<OtherAccount>,
    address: String,
}

impl Visitor {
    /// The use cases.
    pub fn engine(&self) -> &Engine {
        self.portal.engine()
    }

    /// Whether the role allows it.
    pub fn may(&self, capability: Capability) -> bool {
        self.session.may(capability)
    }

    /// Goes on only when the role allows it.
    ///
    /// # Errors
    /// [`Failure::Forbidden`].
    pub fn must(&self, capability: Capability) -> Result<(), Failure> {
        if self.may(capability) { Ok(()) } else { Err(Failure::Forbidden) }
    }

    /// What the person asks for, with what is needed for the record.
    pub fn call(&self) -> Call {
        self.session.call(self.origin.clone())
    }

    /// A text without arguments.
    pub fn t(&self, key: &str) -> String {
        self.words.t(key)
    }

    /// The balance as it is shown, when it can be read.
    pub fn balance(&self) -> Option<MoneyText> {
        let view = self.standing.view()?;
        Some(self.show.money(view.account.balance(view.as_of), self.account.unit))
    }

    /// A page at a place of the navigation, with a title.
    pub fn page(&self, place: Place, title: impl Into<String>) -> Page {
        let smallest = standing::smallest_purchase(self.engine(), &self.account);
        let person = &self.session.person;
        let chrome = Chrome {
            balance: self.balance(),
            word: self.standing.word(smallest).map(|word| word.chip(self.words)),
            person: if person.name.is_empty() { person.email.clone() } else { person.name.clone() },
            account: self.account.name.clone(),
            accounts: self.accounts.clone(),
            may_buy: self.may(Capability::TopupWrite),
            place,
        };
        let token = self.token().to_owned();
        let visit = Visit { words: self.words, address: self.address.clone(), token };
        Page::new(&self.portal, &visit, title).with(chrome)
    }
}

impl HasToken for Visitor {
    fn token(&self) -> &str {
        self.session.csrf_token.expose()
    }
}

impl FromRequestParts<Portal> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Visitor, Failure> {
        let engine = portal.engine();
        let address = page::address_of(&parts.uri);
        let session = session(parts, portal).await?;
        // Whoever sent a form goes on from the page, not from where the form went.
        let next = if parts.method == axum::http::Method::GET { address.clone() } else { "/".to_owned() };
        let session = session.ok_or(Failure::SignIn { next })?;
        let (account_id, _) = session.account.as_ref().ok_or(Failure::NoAccount)?;
        let account = engine.accounts().get(account_id).await?;
        let located = engine.accounts().locate(account_id).await?;
        let standing = Standing::read(engine, &located, portal.last_known()).await;
        let person = &session.person;
        let chosen = language::chosen(&parts.headers, &parts.uri);
        let language = chosen.unwrap_or_else(|| spoken(person.language));
        let accounts = other_accounts(engine, &session).await?;
        Ok(Visitor {
            words: Words { language },
            show: Show::new(locale(engine, &account, person.time_zone.as_deref(), language)),
            now: engine.now(),
            origin: origin(parts, engine),
            portal: portal.clone(),
            session,
            account,
            located,
            standing,
            accounts,
            address,
        })
    }
}

async fn other_accounts(engine: &Engine, session: &Session) -> Result<Vec<OtherAccount>, Failure> {
    let current = session.account.as_ref().map(|(id, _)| id.as_ref());
    let joined = members::memberships(engine, &session.person.id).await?;
    let others = joined.into_iter().filter(|member| Some(member.account_id.as_str()) != current);
    Ok(others.map(|member| OtherAccount { id: member.account_id, name: member.account_name }).collect())
}

/// The person's zone, or else that of the account's site.
fn locale(engine: &Engine, account: &AccountRecord, zone: Option<&str>, language: Language) -> Locale {
    let site = engine.settings().sites.get(&account.site).map(|site| site.time_zone.as_str());
    let known = [zone, site, Some("UTC")].into_iter().flatten().find_map(|zone| Locale::new(language, zone).ok());
    known.unwrap_or_else(|| unreachable!("UTC is compiled in"))
}

/// Somebody who is not signed in, or whose session does not matter here.
pub struct Guest {
    /// The portal.
    pub portal: Portal,
    /// The texts of the language.
    pub words: Words,
    /// Where the request came from.
    pub origin: Origin,
    /// The session, if there is one.
    pub session: Option<Session>,
    /// Names the browser for its forms; new when it had none.
    secret: String,
    is_new: bool,
    token: String,
    address: String,
}

impl Guest {
    /// The use cases.
    pub fn engine(&self) -> &Engine {
        self.portal.engine()
    }

    /// A text without arguments.
    pub fn t(&self, key: &str) -> String {
        self.words.t(key)
    }

    /// A page with one thing to do.
    pub fn page(&self, title: impl Into<String>) -> Page {
        let visit = Visit { words: self.words, address: self.address.clone(), token: self.token.clone() };
        Page::new(&self.portal, &visit, title).narrow()
    }

    /// The header that ties the browser to the forms that it is shown, when it is not yet.
    pub fn cookie(&self) -> Option<(HeaderName, HeaderValue)> {
        let kept = || guest_cookie(&self.portal).kept(&Secret::new(self.secret.as_str()));
        self.is_new.then(kept).and_then(header_of)
    }
}

impl HasToken for Guest {
    fn token(&self) -> &str {
        &self.token
    }
}

impl FromRequestParts<Portal> for Guest {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Guest, Failure> {
        let session = session(parts, portal).await?;
        let language = language::chosen(&parts.headers, &parts.uri)
            .or_else(|| session.as_ref().map(|session| spoken(session.person.language)))
            .unwrap_or_else(|| language::accepted(&parts.headers));
        let known = language::cookie(&parts.headers, guest_cookie(portal).name).map(str::to_owned);
        let is_new = known.is_none();
        let secret = known.unwrap_or_else(|| Uuid::new_v4().simple().to_string());
        Ok(Guest {
            words: Words { language },
            origin: origin(parts, portal.engine()),
            token: guard::token(&secret),
            address: page::address_of(&parts.uri),
            portal: portal.clone(),
            session,
            secret,
            is_new,
        })
    }
}

async fn session(parts: &Parts, portal: &Portal) -> Result<Option<Session>, Failure> {
    match language::cookie(&parts.headers, session_cookie(portal).name) {
        Some(token) => Ok(members::session(portal.engine(), Realm::Customer, token).await?),
        None => Ok(None),
    }
}

fn session_cookie(portal: &Portal) -> SessionCookie {
    SessionCookie::of(Realm::Customer, &portal.engine().settings().public_url)
}

fn guest_cookie(portal: &Portal) -> SessionCookie {
    SessionCookie::of_guest(&portal.engine().settings().public_url)
}

/// The header that keeps a new session.
pub fn keep(portal: &Portal, token: &Secret) -> HeaderMap {
    header_of(session_cookie(portal).kept(token)).into_iter().collect()
}

/// The header that forgets a session.
pub fn forget(portal: &Portal) -> HeaderMap {
    header_of(session_cookie(portal).forgotten()).into_iter().collect()
}

fn header_of(cookie: String) -> Option<(HeaderName, HeaderValue)> {
    HeaderValue::try_from(cookie).ok().map(|cookie| (header::SET_COOKIE, cookie))
}

/// Where a request came from.
fn origin(parts: &Parts, engine: &Engine) -> Origin {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    Origin::of(peer, &parts.headers, &engine.settings().server.trusted_proxies)
}
