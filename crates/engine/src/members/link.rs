//! Links sent by mail: whoever has one reads the mail of a person, and may sign in as that person.
//!
//! A link works once and not for long; its token is stored as a hash. An invitation is a link that also joins an account.
//! Invariants: looking at a link uses nothing up, because mail scanners look, too; using it is one transaction with what
//! it brings. Asking for a link answers the same whether anybody has the address, and as fast: the letter is written
//! after the answer. Cost: a few rows a link.

use ledger::Timestamp;
use serde_json::json;
use store::{Failure, Row, Statement, params};
use tracing::warn;

use super::person::{self, email_key, person_columns};
use super::session::{Opening, opened, signed_in};
use super::tries::{self, Subject};
use super::{Person, Realm, Role, Session, SignedIn, secrets};
use crate::audit::{self, Change};
use crate::mail::{self, Envelope, Letter};
use crate::settings::{Environment, Secret};
use crate::{Call, Engine, Error, Origin, Result};

/// Letters with links to one address until there is a wait.
const FREE_LETTERS: i64 = 3;

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkView {
    /// Who signs in with it.
    pub person: Person,
    /// The account that it joins, and as what.
    pub joins: Option<(String, Role)>,
    /// Until when it works.
    pub expires_at: Timestamp,
}

/// A new link, before it is written.
pub(super) struct NewLink<'a> {
    pub(super) person_id: &'a str,
    pub(super) account_id: Option<&'a str>,
    pub(super) reusable: bool,
    pub(super) expires_at: Timestamp,
}

impl NewLink<'_> {
    /// Its row, and its token.
    pub(super) fn written(&self, now: Timestamp) -> (Vec<Statement>, Secret) {
        const INSERT: &str = "INSERT INTO sign_in_links (token_sha256, person_id, account_id, reusable, created_at_us, \
                              expires_at_us) VALUES ($1, $2, $3, $4, $5, $6)";
        const SWEEP: &str = "DELETE FROM sign_in_links WHERE token_sha256 IN (SELECT token_sha256 FROM sign_in_links \
                             WHERE expires_at_us <= $1 ORDER BY expires_at_us LIMIT 20 FOR UPDATE SKIP LOCKED)";
        let token = secrets::token();
        let row = params![
            secrets::sha256(token.expose()),
            self.person_id,
            self.account_id,
            self.reusable,
            now.micros(),
            self.expires_at.micros(),
        ];
        let rows = vec![Statement::new(INSERT, row).expect_one(), Statement::new(SWEEP, params![now.micros()])];
        (rows, token)
    }
}

/// Sends a link to sign in to whoever has this address. The answer does not tell whether anybody does.
///
/// # Errors
/// Not an address of mail; code `too_many_sign_ins`.
pub async fn request_link(engine: &Engine, realm: Realm, email: &str, origin: &Origin) -> Result<()> {
    let email = person::checked_email(email)?;
    let to = Subject::letters("link", &format!("{}:{}", realm.name(), email_key(&email)), FREE_LETTERS);
    let from = Subject::address("link-address", origin.address);
    tries::begin(engine, [to].into_iter().chain(from)).await?;
    let engine = engine.clone();
    tokio::spawn(async move {
        if let Err(error) = send_link(&engine, realm, &email).await {
            warn!(%error, "a link to sign in could not be sent");
        }
    });
    Ok(())
}

async fn send_link(engine: &Engine, realm: Realm, email: &str) -> Result<()> {
    let Some(person) = person::find(engine, realm, email).await?.filter(|person| person.disabled_at.is_none()) else {
        return Ok(());
    };
    let now = engine.now();
    let seconds = i64::try_from(engine.settings().sign_in.link_seconds).unwrap_or(i64::MAX);
    let expires_at = now.plus_seconds(seconds);
    let link = NewLink { person_id: &person.id, account_id: None, reusable: false, expires_at };
    let (mut rows, token) = link.written(now);
    let url = realm.link(&engine.settings().public_url, token.expose());
    rows.push(letter(&person, &token, Letter::SignInLink { url, expires_at }, None, now));
    engine.store().write(rows).await?;
    Ok(())
}

/// The letter that brings a link.
pub(super) fn letter(
    person: &Person,
    token: &Secret,
    letter: Letter,
    account_id: Option<&str>,
    now: Timestamp,
) -> Statement {
    let envelope = Envelope {
        once: format!("link:{}", secrets::sha256(token.expose())),
        account_id: account_id.map(str::to_owned),
        recipient: person.email.clone(),
        language: person.language,
        letter,
    };
    mail::enqueue(&envelope, now)
}

/// What a link is for; nothing is used up.
///
/// # Errors
/// Code `link_invalid` for one that was used, has expired or never was.
pub async fn look_at_link(engine: &Engine, realm: Realm, token: &str) -> Result<LinkView> {
    const SQL: &str = concat!(
        "SELECT ",
        person_columns!(),
        ", l.account_id, m.role, l.expires_at_us FROM sign_in_links l JOIN people p ON p.id = l.person_id \
         LEFT JOIN members m ON m.account_id = l.account_id AND m.person_id = l.person_id \
         WHERE l.token_sha256 = $1 AND p.realm = $2 AND p.disabled_at_us IS NULL AND l.expires_at_us > $3 \
         AND (l.used_at_us IS NULL OR l.reusable = 1)"
    );
    if !secrets::is_token(token) {
        return Err(invalid());
    }
    let row = params![secrets::sha256(token), realm.name(), engine.now().micros()];
    let rows = engine.store().query(SQL, row).await?;
    rows.first().map(view).transpose()?.ok_or_else(invalid)
}

fn view(row: &Row) -> Result<LinkView> {
    let at = person::PERSON_COLUMNS;
    let account = row.optional_text(at)?.map(str::to_owned);
    let role = row.optional_text(at + 1)?.and_then(Role::parse);
    Ok(LinkView {
        person: Person::read(row)?,
        joins: account.zip(role),
        expires_at: Timestamp::from_micros(row.int(at + 2)?),
    })
}

fn invalid() -> Error {
    let detail = "the link was used already, has expired, or is not whole; ask for a new one".to_owned();
    Error::Denied { code: "link_invalid", detail }
}

/// Signs in with a link, and joins the account that it invites to. `replaces`: the session of the same browser.
///
/// # Errors
/// Code `link_invalid`.
pub async fn use_link(
    engine: &Engine,
    realm: Realm,
    token: &str,
    origin: &Origin,
    replaces: Option<&Session>,
) -> Result<SignedIn> {
    let link = look_at_link(engine, realm, token).await?;
    let (person, now) = (&link.person, engine.now());
    let account_id = match &link.joins {
        Some((account_id, _)) => Some(account_id.clone()),
        None => usual_account(engine, &person.id, replaces).await?,
    };
    let opening = Opening {
        person_id: &person.id,
        account_id: account_id.as_deref(),
        authenticated_at: now,
        second_factor_at: None,
        replaces: replaces.map(|session| session.id.as_str()),
    };
    let mut rows = vec![used(engine, token, now)];
    if let Some((account_id, _)) = &link.joins {
        let sql =
            "UPDATE members SET joined_at_us = coalesce(joined_at_us, $3) WHERE account_id = $1 AND person_id = $2";
        rows.push(Statement::new(sql, params![&**account_id, &*person.id, now.micros()]).expect_one());
    }
    let (session_rows, session_token) = opened(engine, &opening, origin);
    rows.extend(session_rows);
    let change = Change {
        action: if link.joins.is_some() { "member.joined" } else { "session.opened" },
        account_id: link.joins.as_ref().map(|(account_id, _)| account_id.as_str()),
        object: Some(&person.id),
        after: json!({"by": "link", "role": link.joins.as_ref().map(|(_, role)| role.name())}),
        ..Change::default()
    };
    let call = Call { actor: person.actor().into(), key: None, origin: origin.clone() };
    match audit::write(engine, &call, &change, rows).await {
        // Used at the same instant, or the invitation was taken back.
        Err(Error::Ledger(Failure::Conflict)) => return Err(invalid()),
        outcome => drop(outcome?),
    }
    signed_in(engine, realm, session_token).await
}

/// The row that uses a link up.
fn used(engine: &Engine, token: &str, now: Timestamp) -> Statement {
    let reusable = engine.settings().environment == Environment::Test;
    let sql = "UPDATE sign_in_links SET used_at_us = $2 WHERE token_sha256 = $1 AND expires_at_us > $2 \
               AND (used_at_us IS NULL OR (reusable = 1 AND $3 = 1))";
    Statement::new(sql, params![secrets::sha256(token), now.micros(), reusable]).expect_one()
}

/// The account that a session begins with: the one of the session that it replaces, or the one that was joined first.
pub(super) async fn usual_account(
    engine: &Engine,
    person_id: &str,
    replaces: Option<&Session>,
) -> Result<Option<String>> {
    const SQL: &str = "SELECT account_id FROM members WHERE person_id = $1 AND joined_at_us IS NOT NULL \
                       ORDER BY joined_at_us, account_id LIMIT 1";
    if let Some((account_id, _)) =
        replaces.filter(|old| old.person.id == person_id).and_then(|old| old.account.as_ref())
    {
        return Ok(Some(account_id.to_string()));
    }
    let rows = engine.store().query(SQL, params![person_id]).await?;
    Ok(rows.first().map(|row| row.text(0).map(str::to_owned)).transpose()?)
}
