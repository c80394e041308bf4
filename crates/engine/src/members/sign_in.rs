//! Signing in with a password, and setting one.
//!
//! Invariants: the answer and its time do not tell whether an address is known, has a password, or is disabled; a guess
//! counts before it is checked ([`super::tries`]). A password can be set by whoever signed in a moment ago: with the old
//! one, or with a link when it is forgotten. All other sessions end with it.

use serde_json::json;
use store::{Failure, Statement, params};

use super::link::usual_account;
use super::person::{self, email_key};
use super::session::{self, Opening, opened, signed_in};
use super::tries::{self, Subject};
use super::{Realm, Session, SignedIn, password};
use crate::audit::{self, Change};
use crate::mail::{self, Envelope, Letter};
use crate::settings::Secret;
use crate::{Call, Engine, Error, Origin, Result};

/// Signs in with a password. `replaces`: the session of the same browser.
///
/// # Errors
/// Code `sign_in_failed`, whatever is wrong; code `too_many_sign_ins`.
pub async fn sign_in_with_password(
    engine: &Engine,
    realm: Realm,
    (email, password): (&str, &Secret),
    origin: &Origin,
    replaces: Option<&Session>,
) -> Result<SignedIn> {
    const HASH: &str = "SELECT password FROM people WHERE id = $1";
    let who = Subject::person("password", &format!("{}:{}", realm.name(), email_key(email)));
    let from = Subject::address("password-address", origin.address);
    let this_try = tries::begin(engine, [who].into_iter().chain(from)).await?;
    let person = person::find(engine, realm, email).await?.filter(|person| person.disabled_at.is_none());
    let hash = match &person {
        Some(person) => {
            let rows = engine.store().query(HASH, params![&*person.id]).await?;
            rows.first().map(|row| row.optional_text(0)).transpose()?.flatten().map(str::to_owned)
        }
        None => None,
    };
    let matches = engine.passwords().matches(hash.clone(), password).await?;
    let Some(person) = person.filter(|_| matches) else {
        metrics::counter!("scrip_sign_in_refusals_total", "reason" => "sign_in_failed").increment(1);
        tracing::info!(realm = realm.name(), address = ?origin.address, "a sign-in failed");
        let detail = "the e-mail address and the password do not belong together".to_owned();
        return Err(Error::Denied { code: "sign_in_failed", detail });
    };
    let now = engine.now();
    let account_id = usual_account(engine, &person.id, replaces).await?;
    let opening = Opening {
        person_id: &person.id,
        account_id: account_id.as_deref(),
        authenticated_at: now,
        second_factor_at: None,
        replaces: replaces.map(|session| session.id.as_str()),
    };
    let (mut rows, token) = opened(engine, &opening, origin);
    rows.extend(this_try.worked());
    let change = Change {
        action: "session.opened",
        object: Some(&person.id),
        after: json!({"by": "password"}),
        ..Change::default()
    };
    let call = Call { actor: person.actor().into(), key: None, origin: origin.clone() };
    audit::write(engine, &call, &change, rows).await?;
    signed_in(engine, realm, token).await
}

/// Sets the password of whoever is signed in; every other session of theirs ends, and a letter tells them.
///
/// # Errors
/// Code `reauthentication_required` when they signed in too long ago; codes `password_…` for one that may not be used.
pub async fn set_password(engine: &Engine, session: &Session, new: &Secret, origin: &Origin) -> Result<()> {
    let now = engine.now();
    if !session.is_fresh(now) {
        return Err(reauthentication_required());
    }
    let person = &session.person;
    let local_part = person.email.split('@').next().unwrap_or_default();
    password::check(new, &[&person.email, local_part, &person.name, &engine.settings().brand.name])?;
    let hash = engine.passwords().hash(new).await?;
    let envelope = Envelope {
        once: format!("password:{}:{}", person.id, now.micros()),
        account_id: None,
        recipient: person.email.clone(),
        language: person.language,
        letter: Letter::PasswordChanged { at: now },
    };
    let sql = "UPDATE people SET password = $2 WHERE id = $1 AND disabled_at_us IS NULL";
    let rows = vec![
        Statement::new(sql, params![&*person.id, hash]).expect_one(),
        session::all_ended(&person.id, Some(&session.id)),
        mail::enqueue(&envelope, now),
    ];
    let change = Change { action: "person.password_set", object: Some(&person.id), ..Change::default() };
    match audit::write(engine, &session.call(origin.clone()), &change, rows).await {
        Err(Error::Ledger(Failure::Conflict)) => Err(Error::NotFound("person")),
        outcome => outcome.map(drop),
    }
}

/// What is told to whoever signed in too long ago for something sensitive.
pub fn reauthentication_required() -> Error {
    let detail = "sign in again to do this: the last time was too long ago".to_owned();
    Error::Denied { code: "reauthentication_required", detail }
}
