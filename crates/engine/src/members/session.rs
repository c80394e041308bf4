//! Sessions: who is signed in, for which account, since when.
//!
//! The cookie holds a token, the database its hash. A session is read at each request, so that its end, a new role and
//! a disabled person count at once on every node. Invariants: a sign-in and a change of account make a new token and end
//! the old session; a session ends after a time without use and after a time at all. An operator whose second factor is
//! due may do nothing but give it. Deliberately absent: "remember me". Cost: one read by index, one write a minute.

use std::sync::Arc;

use ledger::Timestamp;
use serde_json::json;
use store::{Row, Statement, params};
use uuid::Uuid;

use super::person::{PERSON_COLUMNS, person_columns};
use super::{Capability, Person, Realm, Role, secrets};
use crate::audit::{self, Change};
use crate::settings::Secret;
use crate::{Call, Engine, Error, Origin, Result};

/// `seen_at` is written at most this often, in microseconds.
const SEEN_STEP_US: i64 = 60_000_000;

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    /// `ses_…`: names it in lists without being it.
    pub id: String,
    /// Who.
    pub person: Person,
    /// The account that was chosen, and the role in it, as it is now. None for operators, and for whoever is no member.
    pub account: Option<(Arc<str>, Role)>,
    /// How the ledger and the audit log name them.
    pub actor: Arc<str>,
    /// When they last proved who they are.
    pub authenticated_at: Timestamp,
    /// When this session ends, used or not.
    pub expires_at: Timestamp,
    /// What a form or a script that changes something must send along: it proves that a page of ours made the request.
    pub csrf_token: Secret,
    /// Whether nothing may be done but to give the second factor, or to set it up.
    pub is_second_factor_due: bool,
    /// Until when they count as having signed in a moment ago.
    fresh_until: Timestamp,
}

impl Session {
    /// Whether they may do this; of an account: of the one that was chosen.
    pub fn may(&self, capability: Capability) -> bool {
        if self.is_second_factor_due {
            return false;
        }
        match (self.person.realm, &self.account) {
            (Realm::Operator, _) => self.person.role.is_some_and(|role| capability.is_of_operator(role)),
            (Realm::Customer, Some((_, role))) => capability.is_of_role(*role),
            (Realm::Customer, None) => false,
        }
    }

    /// Whether they proved who they are a moment ago. What is sensitive asks for it: keys, members, cards, refunds.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now < self.fresh_until
    }

    /// What they ask for, with what is needed for the record.
    pub fn call(&self, origin: Origin) -> Call {
        Call { actor: Arc::clone(&self.actor), key: None, origin }
    }
}

/// A new session and its secret.
#[derive(Debug)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// The value of its cookie. It is stored nowhere.
    pub token: Secret,
}

/// A session as its owner sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// `ses_…`.
    pub id: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// When it ends, used or not.
    pub expires_at: Timestamp,
    /// From which address it began.
    pub address: Option<String>,
    /// With which browser it began.
    pub user_agent: Option<String>,
}

/// What a new session is to be.
pub(super) struct Opening<'a> {
    pub(super) person_id: &'a str,
    pub(super) account_id: Option<&'a str>,
    pub(super) authenticated_at: Timestamp,
    pub(super) second_factor_at: Option<Timestamp>,
    /// The session that it replaces.
    pub(super) replaces: Option<&'a str>,
}

/// The rows of a new session, and its token. Sessions that are over are swept out with it.
pub(super) fn opened(engine: &Engine, opening: &Opening<'_>, origin: &Origin) -> (Vec<Statement>, Secret) {
    const INSERT: &str = "INSERT INTO sessions (id, token_sha256, person_id, account_id, authenticated_at_us, \
         second_factor_at_us, created_at_us, seen_at_us, expires_at_us, address, user_agent) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10)";
    const SWEEP: &str = "DELETE FROM sessions WHERE id IN \
         (SELECT id FROM sessions WHERE expires_at_us <= $1 ORDER BY expires_at_us LIMIT 100 FOR UPDATE SKIP LOCKED)";
    let now = engine.now();
    let token = secrets::token();
    let row = params![
        format!("ses_{}", Uuid::now_v7().simple()),
        secrets::sha256(token.expose()),
        opening.person_id,
        opening.account_id,
        opening.authenticated_at.micros(),
        opening.second_factor_at.map(Timestamp::micros),
        now.micros(),
        now.plus_seconds(seconds(engine.settings().sign_in.session_seconds)).micros(),
        origin.address.map(|address| address.to_canonical().to_string()),
        origin.user_agent(),
    ];
    let mut rows = vec![Statement::new(INSERT, row).expect_one(), Statement::new(SWEEP, params![now.micros()])];
    rows.extend(opening.replaces.map(ended));
    (rows, token)
}

fn ended(session_id: &str) -> Statement {
    Statement::new("DELETE FROM sessions WHERE id = $1", params![session_id])
}

fn seconds(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

/// The session of a cookie's value, when it is valid now.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn session(engine: &Engine, realm: Realm, token: &str) -> Result<Option<Session>> {
    const SQL: &str = concat!(
        "SELECT ",
        person_columns!(),
        ", s.id, s.account_id, m.role, s.authenticated_at_us, s.second_factor_at_us, s.seen_at_us, s.expires_at_us \
         FROM sessions s JOIN people p ON p.id = s.person_id \
         LEFT JOIN members m ON m.account_id = s.account_id AND m.person_id = s.person_id AND m.joined_at_us IS NOT NULL \
         WHERE s.token_sha256 = $1 AND p.realm = $2 AND p.disabled_at_us IS NULL"
    );
    if !secrets::is_token(token) {
        return Ok(None);
    }
    let rows = engine.store().query(SQL, params![secrets::sha256(token), realm.name()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (session, seen_at) = read(engine, row, token)?;
    let (now, sign_in) = (engine.now(), &engine.settings().sign_in);
    if now >= session.expires_at || now >= seen_at.plus_seconds(seconds(sign_in.idle_seconds)) {
        return Ok(None);
    }
    if now.micros() - seen_at.micros() >= SEEN_STEP_US {
        let sql = "UPDATE sessions SET seen_at_us = $2 WHERE id = $1 AND seen_at_us < $2";
        // Not worth a refusal: it is written with the next request.
        if let Err(failure) = engine.store().write(vec![Statement::new(sql, params![&*session.id, now.micros()])]).await
        {
            tracing::warn!(%failure, "the last use of a session is not written");
        }
    }
    Ok(Some(session))
}

fn read(engine: &Engine, row: &Row, token: &str) -> Result<(Session, Timestamp)> {
    let at = |column: usize| row.int(PERSON_COLUMNS + column).map(Timestamp::from_micros);
    let person = Person::read(row)?;
    let role = row.optional_text(PERSON_COLUMNS + 2)?.and_then(Role::parse);
    let account = row.optional_text(PERSON_COLUMNS + 1)?.map(Arc::from).zip(role);
    let authenticated_at = at(3)?;
    let settings = engine.settings();
    let needed = person.has_second_factor
        || person.role == Some(super::OperatorRole::Admin)
            && settings.sign_in.needs_second_factor(settings.environment);
    let session = Session {
        id: row.text(PERSON_COLUMNS)?.to_owned(),
        account,
        actor: person.actor().into(),
        authenticated_at,
        expires_at: at(6)?,
        csrf_token: csrf_token(token),
        is_second_factor_due: needed && row.optional_int(PERSON_COLUMNS + 4)?.is_none(),
        fresh_until: authenticated_at.plus_seconds(seconds(settings.sign_in.fresh_seconds)),
        person,
    };
    Ok((session, at(5)?))
}

/// Follows from the cookie, which other sites cannot read, and does not tell it.
fn csrf_token(token: &str) -> Secret {
    Secret::new(secrets::sha256(&format!("csrf:{token}")))
}

/// Goes on with another account: a new session in place of this one.
///
/// # Errors
/// [`Error::NotFound`] when they are no member of it.
pub async fn choose_account(engine: &Engine, session: &Session, account_id: &str, origin: &Origin) -> Result<SignedIn> {
    const SQL: &str = "SELECT 1 FROM members WHERE person_id = $1 AND account_id = $2 AND joined_at_us IS NOT NULL";
    if engine.store().query(SQL, params![&*session.person.id, account_id]).await?.is_empty() {
        return Err(Error::NotFound("account"));
    }
    let opening = Opening {
        person_id: &session.person.id,
        account_id: Some(account_id),
        authenticated_at: session.authenticated_at,
        second_factor_at: None,
        replaces: Some(&session.id),
    };
    let (rows, token) = opened(engine, &opening, origin);
    engine.store().write(rows).await?;
    signed_in(engine, session.person.realm, token).await
}

/// A session that was just written.
pub(super) async fn signed_in(engine: &Engine, realm: Realm, token: Secret) -> Result<SignedIn> {
    let session = session(engine, realm, token.expose()).await?.ok_or(Error::NotFound("session"))?;
    Ok(SignedIn { session, token })
}

/// The valid sessions of a person, newest first.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn sessions(engine: &Engine, person_id: &str) -> Result<Vec<SessionRecord>> {
    const SQL: &str = "SELECT id, created_at_us, seen_at_us, expires_at_us, address, user_agent FROM sessions \
                       WHERE person_id = $1 AND expires_at_us > $2 AND seen_at_us > $3 ORDER BY created_at_us DESC, id DESC";
    let now = engine.now();
    let idle_since = now.plus_seconds(-seconds(engine.settings().sign_in.idle_seconds));
    let rows = engine.store().query(SQL, params![person_id, now.micros(), idle_since.micros()]).await?;
    let read = |row: &Row| {
        let at = |column: usize| row.int(column).map(Timestamp::from_micros);
        let text = |column: usize| row.optional_text(column).map(|text| text.map(str::to_owned));
        Ok(SessionRecord {
            id: row.text(0)?.to_owned(),
            created_at: at(1)?,
            seen_at: at(2)?,
            expires_at: at(3)?,
            address: text(4)?,
            user_agent: text(5)?,
        })
    };
    rows.iter().map(read).collect()
}

/// Ends one session of a person, at once on every node.
///
/// # Errors
/// [`Error::NotFound`] when they have no such session.
pub async fn end_session(engine: &Engine, call: &Call, person_id: &str, session_id: &str) -> Result<()> {
    const SQL: &str = "SELECT 1 FROM sessions WHERE id = $1 AND person_id = $2";
    if engine.store().query(SQL, params![session_id, person_id]).await?.is_empty() {
        return Err(Error::NotFound("session"));
    }
    let change = Change { action: "session.ended", object: Some(person_id), ..Change::default() };
    audit::write(engine, call, &change, vec![ended(session_id)]).await?;
    Ok(())
}

/// Ends every session of a person, but one if told so; says how many.
///
/// # Errors
/// What keeps the database from writing.
pub async fn end_sessions(engine: &Engine, call: &Call, person_id: &str, except: Option<&str>) -> Result<u64> {
    let change = Change {
        action: "session.ended_all",
        object: Some(person_id),
        after: json!({"kept": except}),
        ..Change::default()
    };
    let changed = audit::write(engine, call, &change, vec![all_ended(person_id, except)]).await?;
    Ok(changed.first().copied().unwrap_or(0))
}

/// The row that ends every session of a person, but one if told so.
pub(super) fn all_ended(person_id: &str, except: Option<&str>) -> Statement {
    let sql = "DELETE FROM sessions WHERE person_id = $1 AND id <> $2";
    Statement::new(sql, params![person_id, except.unwrap_or_default()])
}

/// Ends the session that asks for it.
///
/// # Errors
/// What keeps the database from writing.
pub async fn sign_out(engine: &Engine, session: &Session, origin: &Origin) -> Result<()> {
    let change = Change { action: "session.ended", object: Some(&session.person.id), ..Change::default() };
    audit::write(engine, &session.call(origin.clone()), &change, vec![ended(&session.id)]).await?;
    Ok(())
}
