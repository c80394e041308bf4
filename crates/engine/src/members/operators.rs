//! Operators as people: inviting them, changing their role, shutting them out.
//!
//! The first one is invited with an operator's key. Whoever is disabled or given another role is so at the next request.
//! Deliberately absent: a last administrator who cannot go, because an operator's key can always invite another.

use serde_json::json;
use store::{Failure, Statement, params};

use super::link::{self, NewLink};
use super::person::{self, Person, Realm, person_columns};
use super::roster::{Draft, known_or_new};
use super::{OperatorRole, second_factor, session};
use crate::audit::{self, Change};
use crate::mail::Letter;
use crate::settings::Language;
use crate::{Call, Engine, Error, Result};

/// Who is to become an operator.
#[derive(Debug, Clone)]
pub struct NewOperator<'a> {
    /// Where the link goes.
    pub email: &'a str,
    /// One full name; may be empty.
    pub name: &'a str,
    /// What they shall do.
    pub role: OperatorRole,
    /// Of the letter and the pages.
    pub language: Language,
}

/// What is to be different about an operator. `None` leaves it as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct OperatorChange {
    /// What they may do.
    pub role: Option<OperatorRole>,
    /// Shut out, or let in again.
    pub disabled: Option<bool>,
    /// Take the second factor away, for whoever lost it.
    pub reset_second_factor: bool,
}

/// Operators in the order in which they were invited, those after a person, at most `limit`.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn operators(engine: &Engine, after: Option<&str>, limit: i64) -> Result<Vec<Person>> {
    const SQL: &str = concat!(
        "SELECT ",
        person_columns!(),
        " FROM people p WHERE p.realm = 'operator' AND p.id > $1 ORDER BY p.id LIMIT $2"
    );
    let rows = engine.store().query(SQL, params![after.unwrap_or_default(), limit]).await?;
    rows.iter().map(Person::read).collect()
}

/// An operator.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unavailable`].
pub async fn operator(engine: &Engine, id: &str) -> Result<Person> {
    let found = person::person(engine, id).await?;
    if found.realm == Realm::Operator { Ok(found) } else { Err(Error::NotFound("operator")) }
}

/// Invites an operator: a letter with a link, which works as long as an invitation.
///
/// # Errors
/// Code `operator_exists`; a field out of bounds.
pub async fn invite_operator(engine: &Engine, call: &Call, new: &NewOperator<'_>) -> Result<Person> {
    let email = person::checked_email(new.email)?;
    let draft = Draft { email: &email, name: new.name, language: new.language, role: Some(new.role) };
    let (person, mut rows) = known_or_new(engine, Realm::Operator, &draft).await?;
    if rows.is_empty() {
        let detail = "this address belongs to an operator already: change that one, or send them a link to sign in";
        return Err(Error::conflict("operator_exists", detail));
    }
    let now = engine.now();
    let seconds = i64::try_from(engine.settings().sign_in.invitation_seconds).unwrap_or(i64::MAX);
    let expires_at = now.plus_seconds(seconds);
    let new_link = NewLink { person_id: &person.id, account_id: None, reusable: false, expires_at };
    let (link_rows, token) = new_link.written(now);
    rows.extend(link_rows);
    let url = Realm::Operator.link(&engine.settings().public_url, token.expose());
    rows.push(link::letter(&person, &token, Letter::SignInLink { url, expires_at }, None, now));
    let change = Change {
        action: "operator.invited",
        object: Some(&person.id),
        after: json!({"role": new.role.name()}),
        ..Change::default()
    };
    audit::write(engine, call, &change, rows).await?;
    Ok(person)
}

/// Changes an operator. Whoever is disabled is signed out everywhere.
///
/// # Errors
/// [`Error::NotFound`]; code `own_access` for an operator who would shut himself out.
pub async fn change_operator(engine: &Engine, call: &Call, id: &str, change: OperatorChange) -> Result<Person> {
    const SQL: &str = "UPDATE people SET role = coalesce($2, role), disabled_at_us = CASE WHEN $3 = 1 \
         THEN coalesce(disabled_at_us, $4) WHEN $3 = 0 THEN NULL ELSE disabled_at_us END \
         WHERE id = $1 AND realm = 'operator'";
    let before = operator(engine, id).await?;
    let OperatorChange { role, disabled, reset_second_factor } = change;
    if *call.actor == *before.actor() {
        return Err(Error::conflict("own_access", "your own access is for another administrator to change"));
    }
    let disabled_flag = disabled.map_or(-1, i64::from);
    let row = params![id, role.map(OperatorRole::name), disabled_flag, engine.now().micros()];
    let mut rows = vec![Statement::new(SQL, row).expect_one()];
    if reset_second_factor {
        rows.extend(second_factor::reset(id));
    }
    if disabled == Some(true) || reset_second_factor {
        rows.push(session::all_ended(id, None));
    }
    if disabled == Some(true) {
        rows.push(Statement::new("DELETE FROM sign_in_links WHERE person_id = $1", params![id]));
    }
    let facts = |role: Option<OperatorRole>, disabled: bool, factor: bool| json!({"role": role.map(OperatorRole::name), "disabled": disabled, "second_factor": factor});
    let was_disabled = before.disabled_at.is_some();
    let noted = Change {
        action: "operator.changed",
        object: Some(id),
        before: facts(before.role, was_disabled, before.has_second_factor),
        after: facts(
            role.or(before.role),
            disabled.unwrap_or(was_disabled),
            before.has_second_factor && !reset_second_factor,
        ),
        ..Change::default()
    };
    match audit::write(engine, call, &noted, rows).await {
        Err(Error::Ledger(Failure::Conflict)) => Err(Error::NotFound("operator")),
        Err(error) => Err(error),
        Ok(_) => operator(engine, id).await,
    }
}
