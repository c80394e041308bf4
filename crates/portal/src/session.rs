//! Who looks: a request becomes a person with an account, a role, a language and a zone, or a guest.
//!
//! The one place that knows cookies and the people of [`engine::members`]. Invariants: without a session there is no
//! account, and the account is one that the person is a member of now; what an account has is read once a request.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use documents::{Language, Locale};
use engine::accounts::{AccountRecord, Located};
use engine::members::{self, Capability, Realm, Session};
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

/// The cookie of a session, where the server is reached by https.
const SESSION_COOKIE: &str = "__Host-scrip";
/// The same for a demo on this machine, by http: browsers take no `__Host-` cookie there.
const PLAIN_SESSION_COOKIE: &str = "scrip";
/// The cookie that a guest's forms are tied to.
const GUEST_COOKIE: &str = "__Host-scrip-guest";
/// The same by http.
const PLAIN_GUEST_COOKIE: &str = "scrip-guest";

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
    pub fn cookie(&self) -> Option<(header::HeaderName, HeaderValue)> {
        let cookie = if self.is_new { kept(&self.portal, Kept::Guest, &self.secret) } else { None };
        cookie.map(|cookie| (header::SET_COOKIE, cookie))
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
        let known = language::cookie(&parts.headers, cookie_name(portal, Kept::Guest)).map(str::to_owned);
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
    match language::cookie(&parts.headers, cookie_name(portal, Kept::Session)) {
        Some(token) => Ok(members::session(portal.engine(), Realm::Customer, token).await?),
        None => Ok(None),
    }
}

/// What a cookie is for.
#[derive(Clone, Copy)]
enum Kept {
    Session,
    Guest,
}

fn is_secure(portal: &Portal) -> bool {
    portal.engine().settings().public_url.starts_with("https://")
}

fn cookie_name(portal: &Portal, kept: Kept) -> &'static str {
    match (kept, is_secure(portal)) {
        (Kept::Session, true) => SESSION_COOKIE,
        (Kept::Session, false) => PLAIN_SESSION_COOKIE,
        (Kept::Guest, true) => GUEST_COOKIE,
        (Kept::Guest, false) => PLAIN_GUEST_COOKIE,
    }
}

/// A cookie for as long as the browser is open; the server ends sessions earlier. Lax, because the way back from a
/// gateway comes from another site.
fn kept(portal: &Portal, what: Kept, value: &str) -> Option<HeaderValue> {
    let secure = if is_secure(portal) { "; Secure" } else { "" };
    let name = cookie_name(portal, what);
    HeaderValue::try_from(format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}")).ok()
}

/// The header that keeps a new session.
pub fn keep(portal: &Portal, token: &Secret) -> HeaderMap {
    kept(portal, Kept::Session, token.expose()).map(|cookie| (header::SET_COOKIE, cookie)).into_iter().collect()
}

/// The headers that forget a session, and whatever else this site left in the browser.
pub fn forget(portal: &Portal) -> HeaderMap {
    let ended = kept(portal, Kept::Session, "")
        .and_then(|cookie| HeaderValue::try_from(format!("{}; Max-Age=0", cookie.to_str().unwrap_or_default())).ok());
    ended.map(|cookie| (header::SET_COOKIE, cookie)).into_iter().collect()
}

/// Where a request came from: the peer, or what a trusted proxy says about whom it speaks for.
fn origin(parts: &Parts, engine: &Engine) -> Origin {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let trusted = |address: &IpAddr| engine.settings().server.trusted_proxies.contains(address);
    let user_agent = parts.headers.get(header::USER_AGENT).cloned();
    Origin { address: peer.map(|peer| spoken_for(peer, &parts.headers, trusted)), user_agent }
}

/// The last address of `X-Forwarded-For` that no trusted proxy has; the peer itself when it is not trusted.
fn spoken_for(peer: IpAddr, headers: &HeaderMap, trusted: impl Fn(&IpAddr) -> bool) -> IpAddr {
    let lines = headers.get_all("x-forwarded-for").into_iter().filter_map(|line| line.to_str().ok());
    let said: Vec<IpAddr> =
        lines.flat_map(|line| line.split(',')).filter_map(|text| text.trim().parse().ok()).collect();
    let mut address = peer;
    for earlier in said.into_iter().rev() {
        if !trusted(&address) {
            break;
        }
        address = earlier;
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_speak_for_others() {
        // peer, X-Forwarded-For, address
        let table = [
            ("203.0.113.7", "", "203.0.113.7"),
            ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
            ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "192.0.2.66, 10.0.0.2", "192.0.2.66"),
            ("10.0.0.1", "nonsense", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
        ];
        for (peer, said, address) in table {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", HeaderValue::from_static(said));
            let trusted = |address: &IpAddr| address.to_string().starts_with("10.");
            let found = spoken_for(peer.parse().unwrap(), &headers, trusted);
            assert_eq!(found.to_string(), address, "{peer} {said}");
        }
    }
}
