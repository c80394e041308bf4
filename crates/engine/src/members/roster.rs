//! The members of an account: inviting, changing their role, removing them.
//!
//! A member who was invited and has not joined may do nothing. Invariant: an account that has had an owner keeps one:
//! the last one that joined is neither removed nor given another role, at any concurrency, because changes of members
//! are audited, and audited changes happen one after the other ([`crate::audit`]). Whoever is removed, or changed, is so
//! at the next request. Cost: a handful of rows a change.

use ledger::Timestamp;
use serde_json::json;
use store::{Failure, Row, Statement, params};
use uuid::Uuid;

use super::link::{self, NewLink};
use super::person::{self, PERSON_COLUMNS, email_key, person_columns};
use super::tries::{self, Subject};
use super::{Person, Realm, Role};
use crate::audit::{self, Change};
use crate::mail::Letter;
use crate::settings::Language;
use crate::{Call, Engine, Error, Result, checks};

/// Members of an account at most, invited ones too.
pub const MAX_MEMBERS: i64 = 200;
/// Invitations by one account until there is a wait.
const FREE_INVITATIONS: i64 = 30;

/// A member of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub person: Person,
    /// What they may do.
    pub role: Role,
    /// When they were last invited.
    pub invited_at: Timestamp,
    /// When they joined; not yet when none.
    pub joined_at: Option<Timestamp>,
}

/// An account that somebody is a member of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The account's id.
    pub account_id: String,
    /// What people call it.
    pub account_name: String,
    /// What they may do with it.
    pub role: Role,
}

/// Who is to become a member.
#[derive(Debug, Clone)]
pub struct Invitation<'a> {
    /// Where the invitation goes.
    pub email: &'a str,
    /// One full name, used when nobody has this address yet; may be empty.
    pub name: &'a str,
    /// What they shall do.
    pub role: Role,
    /// Of the letter, and of the pages when nobody has this address yet.
    pub language: Language,
    /// Who asks them, in words for people.
    pub inviter: &'a str,
}

/// The members of an account in the order in which they were first known, those after a person, at most `limit`.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn members(engine: &Engine, account_id: &str, after: Option<&str>, limit: i64) -> Result<Vec<Member>> {
    const SQL: &str = concat!(
        "SELECT ",
        person_columns!(),
        ", m.role, m.invited_at_us, m.joined_at_us FROM members m JOIN people p ON p.id = m.person_id \
         WHERE m.account_id = $1 AND m.person_id > $2 ORDER BY m.person_id LIMIT $3"
    );
    let rows = engine.store().query(SQL, params![account_id, after.unwrap_or_default(), limit]).await?;
    rows.iter().map(read).collect()
}

/// A member of an account.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unavailable`].
pub async fn member(engine: &Engine, account_id: &str, person_id: &str) -> Result<Member> {
    const SQL: &str = concat!(
        "SELECT ",
        person_columns!(),
        ", m.role, m.invited_at_us, m.joined_at_us FROM members m JOIN people p ON p.id = m.person_id \
         WHERE m.account_id = $1 AND m.person_id = $2"
    );
    let rows = engine.store().query(SQL, params![account_id, person_id]).await?;
    rows.first().map(read).transpose()?.ok_or(Error::NotFound("member"))
}

fn read(row: &Row) -> Result<Member> {
    Ok(Member {
        person: Person::read(row)?,
        role: Role::parse(row.text(PERSON_COLUMNS)?).unwrap_or(Role::Viewer),
        invited_at: Timestamp::from_micros(row.int(PERSON_COLUMNS + 1)?),
        joined_at: row.optional_int(PERSON_COLUMNS + 2)?.map(Timestamp::from_micros),
    })
}

/// The accounts that somebody joined, by name.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn memberships(engine: &Engine, person_id: &str) -> Result<Vec<Membership>> {
    const SQL: &str = "SELECT m.account_id, a.name, m.role FROM members m JOIN accounts a ON a.id = m.account_id \
                       WHERE m.person_id = $1 AND m.joined_at_us IS NOT NULL ORDER BY a.name, m.account_id LIMIT 1000";
    let rows = engine.store().query(SQL, params![person_id]).await?;
    let read = |row: &Row| {
        Ok(Membership {
            account_id: row.text(0)?.to_owned(),
            account_name: row.text(1)?.to_owned(),
            role: Role::parse(row.text(2)?).unwrap_or(Role::Viewer),
        })
    };
    rows.iter().map(read).collect()
}

/// Invites somebody, or invites again whoever has not joined: the link before no longer works.
///
/// # Errors
/// Codes `already_member`, `too_many_members`, `too_many_sign_ins`; a field out of bounds; no such account.
pub async fn invite(engine: &Engine, call: &Call, account_id: &str, invitation: &Invitation<'_>) -> Result<Member> {
    const COUNT: &str = "SELECT count(*) FROM members WHERE account_id = $1";
    const MEMBER: &str = "INSERT INTO members (account_id, person_id, role, invited_at_us) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (account_id, person_id) DO UPDATE SET role = $3, invited_at_us = $4 \
         WHERE members.joined_at_us IS NULL";
    let account = engine.accounts().locate(account_id).await?;
    let email = person::checked_email(invitation.email)?;
    let rows = engine.store().query(COUNT, params![&*account.id]).await?;
    if rows.first().map(|row| row.int(0)).transpose()?.unwrap_or(0) >= MAX_MEMBERS {
        let detail = format!("the account has {MAX_MEMBERS} members; remove one first");
        return Err(Error::conflict("too_many_members", detail));
    }
    tries::begin(engine, [Subject::letters("invite", &account.id, FREE_INVITATIONS)]).await?;
    let now = engine.now();
    let draft = Draft { email: &email, name: invitation.name, language: invitation.language, role: None };
    let (person, mut rows) = known_or_new(engine, Realm::Customer, &draft).await?;
    let seconds = i64::try_from(engine.settings().sign_in.invitation_seconds).unwrap_or(i64::MAX);
    let expires_at = now.plus_seconds(seconds);
    let member = params![&*account.id, &*person.id, invitation.role.name(), now.micros()];
    rows.push(Statement::new(MEMBER, member).expect_one());
    rows.push(links_ended(&account.id, &person.id));
    let new = NewLink { person_id: &person.id, account_id: Some(&account.id), reusable: false, expires_at };
    let (link_rows, token) = new.written(now);
    rows.extend(link_rows);
    let letter = Letter::Invitation {
        url: Realm::Customer.link(&engine.settings().public_url, token.expose()),
        inviter: invitation.inviter.to_owned(),
        role: invitation.role.name().to_owned(),
        expires_at,
    };
    rows.push(link::letter(&person, &token, letter, Some(&account.id), now));
    let change = Change {
        action: "member.invited",
        account_id: Some(&account.id),
        object: Some(&person.id),
        after: json!({"role": invitation.role.name()}),
        ..Change::default()
    };
    match audit::write(engine, call, &change, rows).await {
        Err(Error::Ledger(Failure::Conflict)) => {
            return Err(Error::conflict("already_member", "this address belongs to a member already"));
        }
        outcome => drop(outcome?),
    }
    self::member(engine, &account.id, &person.id).await
}

/// Who is to be known.
pub(super) struct Draft<'a> {
    pub(super) email: &'a str,
    pub(super) name: &'a str,
    pub(super) language: Language,
    pub(super) role: Option<super::OperatorRole>,
}

/// The person of an address, or a new one with the row that makes it.
pub(super) async fn known_or_new(engine: &Engine, realm: Realm, draft: &Draft<'_>) -> Result<(Person, Vec<Statement>)> {
    const SQL: &str = "INSERT INTO people (id, realm, email, email_key, name, language, role, created_at_us) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    if let Some(known) = person::find(engine, realm, draft.email).await? {
        return Ok((known, Vec::new()));
    }
    let name = match draft.name {
        "" => String::new(),
        name => checks::name("name", name.to_owned())?.into(),
    };
    let person = Person {
        id: format!("{}{}", realm.prefix(), Uuid::now_v7().simple()),
        realm,
        email: draft.email.to_owned(),
        name,
        language: draft.language,
        time_zone: None,
        role: draft.role,
        has_password: false,
        has_second_factor: false,
        created_at: engine.now(),
        disabled_at: None,
    };
    let row = params![
        &*person.id,
        realm.name(),
        &*person.email,
        email_key(&person.email),
        &*person.name,
        person.language.code(),
        person.role.map(super::OperatorRole::name),
        person.created_at.micros(),
    ];
    Ok((person, vec![Statement::new(SQL, row).expect_one()]))
}

fn links_ended(account_id: &str, person_id: &str) -> Statement {
    let sql = "DELETE FROM sign_in_links WHERE person_id = $2 AND account_id = $1";
    Statement::new(sql, params![account_id, person_id])
}

/// Gives a member another role.
///
/// # Errors
/// [`Error::NotFound`]; code `last_owner`.
pub async fn change_role(
    engine: &Engine,
    call: &Call,
    account_id: &str,
    person_id: &str,
    role: Role,
) -> Result<Member> {
    const SQL: &str = "UPDATE members SET role = $3 WHERE account_id = $1 AND person_id = $2 AND ($3 = 'owner' \
         OR role <> 'owner' OR joined_at_us IS NULL OR (SELECT count(*) FROM members others \
         WHERE others.account_id = $1 AND others.role = 'owner' AND others.joined_at_us IS NOT NULL) > 1)";
    let before = member(engine, account_id, person_id).await?;
    let change = Change {
        action: "member.role_changed",
        account_id: Some(account_id),
        object: Some(person_id),
        before: json!({"role": before.role.name()}),
        after: json!({"role": role.name()}),
        ..Change::default()
    };
    let row = Statement::new(SQL, params![account_id, person_id, role.name()]).expect_one();
    guarded(engine, call, &change, vec![row]).await?;
    member(engine, account_id, person_id).await
}

/// Removes a member, or takes an invitation back; their sessions for this account end.
///
/// # Errors
/// [`Error::NotFound`]; code `last_owner`.
pub async fn remove(engine: &Engine, call: &Call, account_id: &str, person_id: &str) -> Result<()> {
    const SQL: &str = "DELETE FROM members WHERE account_id = $1 AND person_id = $2 AND (role <> 'owner' \
         OR joined_at_us IS NULL OR (SELECT count(*) FROM members others \
         WHERE others.account_id = $1 AND others.role = 'owner' AND others.joined_at_us IS NOT NULL) > 1)";
    const SESSIONS: &str = "DELETE FROM sessions WHERE account_id = $1 AND person_id = $2";
    let before = member(engine, account_id, person_id).await?;
    let change = Change {
        action: "member.removed",
        account_id: Some(account_id),
        object: Some(person_id),
        before: json!({"role": before.role.name(), "joined": before.joined_at.is_some()}),
        ..Change::default()
    };
    let rows = vec![
        Statement::new(SQL, params![account_id, person_id]).expect_one(),
        Statement::new(SESSIONS, params![account_id, person_id]),
        links_ended(account_id, person_id),
    ];
    guarded(engine, call, &change, rows).await
}

/// Writes what the last owner is safe from.
async fn guarded(engine: &Engine, call: &Call, change: &Change<'_>, rows: Vec<Statement>) -> Result<()> {
    match audit::write(engine, call, change, rows).await {
        Err(Error::Ledger(Failure::Conflict)) => {
            // Not the last owner: gone in the meantime.
            let (account_id, person_id) = (change.account_id.unwrap_or_default(), change.object.unwrap_or_default());
            member(engine, account_id, person_id).await?;
            Err(Error::conflict("last_owner", "an account keeps one owner at least: make somebody else owner first"))
        }
        outcome => outcome.map(drop),
    }
}
