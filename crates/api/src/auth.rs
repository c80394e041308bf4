//! Who calls, as extractors: a handler that takes one cannot forget to ask, nor to check what its route declares.
//!
//! A caller is a key (`Authorization: Bearer …`) or a person with a session (a cookie). With a key, cookies are not looked
//! at. A person's change has to come from a page of ours, with the session's token in `X-CSRF-Token`, so that no other
//! site can use the cookie. Where a browser holds a session for the portal and one for the console, that token says which
//! one is meant; without it the portal's is. Cost: for a key one look-up in memory; for a session one read.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use engine::keys::{Key, Scopes};
use engine::members::{self, Capability, Realm, Session, SessionCookie};
use engine::{Call, Engine, Error, Origin};
use http::request::Parts;
use http::{HeaderMap, Method, header};
use subtle::ConstantTimeEq;

use crate::access::Access;
use crate::problem::Problem;
use crate::request::IdempotencyKey;

/// The header that carries [`Session::csrf_token`].
pub const CSRF_TOKEN: &str = "x-csrf-token";

/// Whoever has what the route asks for: a key, a member of an account or an operator.
pub struct Caller {
    who: Who,
    origin: Origin,
}

enum Who {
    Key(Arc<Key>),
    Person(Box<Session>),
}

/// The same, when it is an operator or an operator's key.
pub struct Operator(Caller);

/// Somebody who is signed in, for routes about themselves.
pub struct SignedIn {
    /// Their session.
    pub session: Session,
    /// Where the request came from.
    pub origin: Origin,
}

/// Anybody, on a route without secrets. A page of another site is nobody.
pub struct Anybody {
    /// Where the request came from.
    pub origin: Origin,
}

/// The key of the header `Authorization: Bearer …`; the scheme's name may be in any case.
///
/// # Errors
/// 401, and 503 when keys cannot be looked up.
pub async fn authenticate(parts: &Parts, engine: &Engine) -> Result<Arc<Key>, Problem> {
    let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim_start_matches(' '))
    });
    let key = match token {
        Some(token) => engine.keys().authenticate(token).await?,
        None => None,
    };
    key.ok_or_else(Problem::unauthenticated)
}

/// Where a request came from.
fn origin(parts: &Parts, engine: &Engine) -> Origin {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let proxies: &[IpAddr] = &engine.settings().server.trusted_proxies;
    Origin::of(peer, &parts.headers, proxies)
}

/// The value of a cookie.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(known, value)| (known == name).then_some(value))
}

fn is_change(method: &Method) -> bool {
    ![Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
}

/// The session of one of the request's cookies.
pub async fn session_of(parts: &Parts, engine: &Engine, realm: Realm) -> Result<Option<Session>, Problem> {
    let name = SessionCookie::of(realm, &engine.settings().public_url).name;
    match cookie(&parts.headers, name) {
        Some(token) => Ok(members::session(engine, realm, token).await?),
        None => Ok(None),
    }
}

fn carries_token_of(parts: &Parts, session: &Session) -> bool {
    let given = parts.headers.get(CSRF_TOKEN).map(|value| value.as_bytes()).unwrap_or_default();
    session.csrf_token.expose().as_bytes().ct_eq(given).into()
}

/// The session that a request means, fit for what it does.
async fn session(parts: &Parts, engine: &Engine) -> Result<Session, Problem> {
    let mut found = Vec::new();
    for realm in [Realm::Customer, Realm::Operator] {
        found.extend(session_of(parts, engine, realm).await?);
    }
    let place = found.iter().position(|session| carries_token_of(parts, session));
    if found.is_empty() {
        return Err(Problem::unauthenticated());
    }
    if is_change(&parts.method)
        && (place.is_none() || !engine::is_own_page(&parts.headers, &engine.settings().public_url))
    {
        let detail = "send the session's csrf_token (GET /v1/me) as X-CSRF-Token, from a page of this server";
        return Err(Problem::new("csrf_token_invalid", detail));
    }
    Ok(found.swap_remove(place.unwrap_or(0)))
}

/// What the route asks for.
fn access(parts: &Parts) -> Result<Access, Problem> {
    let declared = parts.extensions.get::<Access>().copied();
    declared.ok_or_else(|| Problem::internal("a route does not declare what it asks of its caller: `.needs(…)`"))
}

impl FromRequestParts<Engine> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, engine: &Engine) -> Result<Self, Problem> {
        let Access::May(capability) = access(parts)? else {
            return Err(Problem::internal("a route that needs no capability asks for a caller"));
        };
        let who = if parts.headers.contains_key(header::AUTHORIZATION) {
            Who::Key(authenticate(parts, engine).await?)
        } else {
            Who::Person(Box::new(session(parts, engine).await?))
        };
        let caller = Caller { who, origin: origin(parts, engine) };
        caller.may(capability)?;
        if let Who::Person(session) = &caller.who
            && capability.is_sensitive()
            && is_change(&parts.method)
            && !session.is_fresh(engine.now())
        {
            return Err(members::reauthentication_required().into());
        }
        Ok(caller)
    }
}

impl FromRequestParts<Engine> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, engine: &Engine) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, engine).await?;
        match caller.own_account() {
            None => Ok(Operator(caller)),
            Some(_) => Err(Problem::forbidden("this is for operators")),
        }
    }
}

impl FromRequestParts<Engine> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, engine: &Engine) -> Result<Self, Problem> {
        let access = access(parts)?;
        if !matches!(access, Access::SignedIn | Access::HalfSignedIn) {
            return Err(Problem::internal("a route that needs no session asks for one"));
        }
        let session = session(parts, engine).await?;
        if session.is_second_factor_due && access == Access::SignedIn {
            return Err(Problem::second_factor_required());
        }
        Ok(SignedIn { session, origin: origin(parts, engine) })
    }
}

impl FromRequestParts<Engine> for Anybody {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, engine: &Engine) -> Result<Self, Problem> {
        let says = ["origin", "sec-fetch-site"].iter().any(|name| parts.headers.contains_key(*name));
        if is_change(&parts.method) && says && !engine::is_own_page(&parts.headers, &engine.settings().public_url) {
            return Err(Problem::new("csrf_token_invalid", "a page of another site cannot do this"));
        }
        Ok(Anybody { origin: origin(parts, engine) })
    }
}

impl SignedIn {
    /// What they ask for, with what is needed for the record.
    pub fn call(&self) -> Call {
        self.session.call(self.origin.clone())
    }
}

impl Operator {
    /// Whether it is a person, not software with a key.
    pub fn is_person(&self) -> bool {
        matches!(self.0.who, Who::Person(_))
    }

    /// What the ledger records, without an idempotency key.
    pub fn call(&self) -> Call {
        self.0.call(None)
    }

    /// The same, with one.
    pub fn keyed(&self, key: IdempotencyKey) -> Call {
        self.0.call(Some(key))
    }
}

impl Caller {
    /// What the ledger records.
    pub fn call(&self, key: Option<IdempotencyKey>) -> Call {
        let actor = match &self.who {
            Who::Key(key) => &key.actor,
            Who::Person(session) => &session.actor,
        };
        Call { actor: Arc::clone(actor), key: key.map(|key| key.0), origin: self.origin.clone() }
    }

    /// The account whose software or member calls; none for operators.
    fn own_account(&self) -> Option<&Arc<str>> {
        match &self.who {
            Who::Key(key) => key.account.as_ref(),
            Who::Person(session) => session.account.as_ref().map(|(account, _)| account),
        }
    }

    /// Whether the caller may do this at all. What the route declares has been checked.
    ///
    /// # Errors
    /// 403 that says what is missing.
    pub fn may(&self, capability: Capability) -> Result<(), Problem> {
        let allowed = match &self.who {
            Who::Key(key) => {
                key.account.is_none() || capability.scope().is_some_and(|scope| key.scopes.contains(scope))
            }
            Who::Person(session) if session.is_second_factor_due => return Err(Problem::second_factor_required()),
            Who::Person(session) => session.may(capability),
        };
        if allowed {
            return Ok(());
        }
        Err(match (&self.who, capability.scope()) {
            (Who::Key(_), Some(scope)) => {
                Problem::forbidden(format!("this needs a key with the scope {}", scope.name()))
            }
            (Who::Key(_), None) => Problem::forbidden("this needs an operator key (sk_…)"),
            (Who::Person(_), _) => {
                Problem::forbidden(format!("this needs a role with the capability {}", capability.name()))
            }
        })
    }

    /// Whether the caller may make a key with these scopes: a key passes on no more than it has.
    ///
    /// # Errors
    /// 403.
    pub fn may_pass_on(&self, scopes: Scopes) -> Result<(), Problem> {
        match &self.who {
            Who::Key(key) if key.account.is_some() && !key.scopes.contains_all(scopes) => {
                Err(Problem::forbidden("a key cannot pass on scopes that it does not have"))
            }
            _ => Ok(()),
        }
    }

    /// The address of whoever is at the other end: a member's own; what an operator names; of an account's own key none,
    /// because whoever may name any address could lock it out.
    ///
    /// # Errors
    /// 422 for an address named by an account's own key.
    pub fn address_named(&self, named: Option<IpAddr>) -> Result<Option<IpAddr>, Problem> {
        match (&self.who, named) {
            (Who::Person(session), _) if session.account.is_some() => Ok(self.origin.address),
            (Who::Key(key), Some(_)) if key.account.is_some() => {
                Err(Problem::field("ip", "must be left out with an account's own key"))
            }
            (_, named) => Ok(named),
        }
    }

    /// The address of a payer: a member's own, or the one that a key or an operator names.
    pub fn payer_address(&self, named: IpAddr) -> IpAddr {
        match &self.who {
            Who::Person(session) if session.account.is_some() => self.origin.address.unwrap_or(named),
            _ => named,
        }
    }

    /// Who invites, in words for people; none for keys.
    pub fn name(&self) -> Option<&str> {
        match &self.who {
            Who::Key(_) => None,
            Who::Person(session) if session.person.name.is_empty() => Some(&session.person.email),
            Who::Person(session) => Some(&session.person.name),
        }
    }

    /// The account a request is about: the named one, or the caller's own.
    ///
    /// # Errors
    /// 404 for another account than the caller's own, 422 when an operator names none.
    pub fn account<'a>(&'a self, named: Option<&'a str>) -> Result<&'a str, Problem> {
        match (self.own_account(), named) {
            (None, Some(named)) => Ok(named),
            (None, None) => Err(Problem::field("account", "must be given")),
            (Some(own), None) => Ok(own),
            (Some(own), Some(named)) if **own == *named => Ok(own),
            (Some(_), Some(_)) => Err(Problem::not_found("account")),
        }
    }

    /// Whether something of this account may be seen. Of another account than the caller's own, nothing is.
    ///
    /// # Errors
    /// 404 naming `what`.
    pub fn owns(&self, account: &str, what: &str) -> Result<(), Problem> {
        match self.own_account() {
            Some(own) if **own != *account => Err(Problem::not_found(what)),
            _ => Ok(()),
        }
    }

    /// An error as this caller is told it.
    pub fn problem(&self, error: Error) -> Problem {
        let problem = Problem::from(error);
        match &self.who {
            Who::Key(key) if key.account.is_some() => problem.for_account_key(),
            _ => problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("xscrip=1; scrip-console=2;scrip=3"));
        headers.append(header::COOKIE, HeaderValue::from_static("other=a=b"));
        let table = [("scrip", Some("3")), ("scrip-console", Some("2")), ("other", Some("a=b")), ("x", None)];
        for (name, value) in table {
            assert_eq!(cookie(&headers, name), value, "{name}");
        }
    }
}
