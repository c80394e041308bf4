//! People: signing in, oneself, the members of an account, operators, and the audit log.
//!
//! A session's token travels in a cookie and nowhere else; answers hold the token that a change has to carry.

mod audit;
mod me;
mod operators;
mod roster;
mod second_factor;
mod sign_in;

use axum::response::Response;
use engine::Engine;
use engine::members::{Person, Realm, Session, SessionCookie, SignedIn};
use engine::settings::Language;
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::fields::Time;
use crate::problem::Problem;

/// `/v1/sign-in…`, `/v1/me…`, `/v1/accounts/{id}/members…`, `/v1/operators…`, `/v1/audit`.
pub(crate) fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .merge(sign_in::routes())
        .merge(me::routes())
        .merge(second_factor::routes())
        .merge(roster::routes())
        .merge(operators::routes())
        .merge(audit::routes())
}

/// Where somebody signs in.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum RealmName {
    /// The portal: members of accounts.
    #[default]
    Customer,
    /// The console.
    Operator,
}

impl From<RealmName> for Realm {
    fn from(name: RealmName) -> Realm {
        match name {
            RealmName::Customer => Realm::Customer,
            RealmName::Operator => Realm::Operator,
        }
    }
}

/// Of pages and letters.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum LanguageName {
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
    /// Vietnamese.
    Vi,
}

impl From<LanguageName> for Language {
    fn from(name: LanguageName) -> Language {
        match name {
            LanguageName::En => Language::En,
            LanguageName::Ja => Language::Ja,
            LanguageName::Vi => Language::Vi,
        }
    }
}

/// A person.
#[derive(Serialize, ToSchema)]
struct PersonAnswer {
    /// `usr_…`, or `opr_…` for an operator.
    id: String,
    /// The address that letters go to.
    email: String,
    /// One full name; may be empty.
    name: String,
    /// Of pages and letters.
    language: &'static str,
    /// An IANA name; null: the account's.
    time_zone: Option<String>,
    /// Whether they can sign in with a password.
    has_password: bool,
    /// Whether a second factor was set up.
    has_second_factor: bool,
    /// When they were first invited.
    created_at: Time,
}

impl PersonAnswer {
    fn of(person: &Person) -> PersonAnswer {
        PersonAnswer {
            id: person.id.clone(),
            email: person.email.clone(),
            name: person.name.clone(),
            language: person.language.code(),
            time_zone: person.time_zone.clone(),
            has_password: person.has_password,
            has_second_factor: person.has_second_factor,
            created_at: Time(person.created_at),
        }
    }
}

/// A session, as whoever signed in sees it.
#[derive(Serialize, ToSchema)]
struct SessionAnswer {
    /// `ses_…`.
    session: String,
    /// Who.
    person: PersonAnswer,
    /// The account that was chosen; null for operators, and for whoever is no member.
    account: Option<String>,
    /// The role in that account, or the operator's role.
    role: Option<&'static str>,
    /// Send it as `X-CSRF-Token` with every change.
    csrf_token: String,
    /// Whether nothing may be done but to give the second factor, or to set it up.
    second_factor_due: bool,
    /// When the session ends, used or not.
    expires_at: Time,
}

impl SessionAnswer {
    fn of(session: &Session) -> SessionAnswer {
        let (account, role) =
            session.account.as_ref().map(|(account, role)| (account.to_string(), role.name())).unzip();
        SessionAnswer {
            session: session.id.clone(),
            person: PersonAnswer::of(&session.person),
            account,
            role: role.or(session.person.role.map(engine::members::OperatorRole::name)),
            csrf_token: session.csrf_token.expose().to_owned(),
            second_factor_due: session.is_second_factor_due,
            expires_at: Time(session.expires_at),
        }
    }
}

/// Puts a new session's cookie into an answer.
fn keep(engine: &Engine, signed_in: &SignedIn, response: &mut Response) -> Result<(), Problem> {
    let realm = signed_in.session.person.realm;
    let cookie = SessionCookie::of(realm, &engine.settings().public_url).kept(&signed_in.token);
    set_cookie(&cookie, response)
}

/// Makes the browser forget a session.
fn forget(engine: &Engine, realm: Realm, response: &mut Response) -> Result<(), Problem> {
    set_cookie(&SessionCookie::of(realm, &engine.settings().public_url).forgotten(), response)
}

fn set_cookie(cookie: &str, response: &mut Response) -> Result<(), Problem> {
    let cookie = HeaderValue::try_from(cookie).map_err(|error| Problem::internal(&error.to_string()))?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(())
}
