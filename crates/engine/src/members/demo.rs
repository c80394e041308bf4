//! People of a demo: there from the start, with links that work again and again. Only where `environment` is test.

use ledger::Timestamp;
use store::{Statement, params};

use super::link::NewLink;
use super::roster::{Draft, known_or_new};
use super::{OperatorRole, Person, Realm, Role};
use crate::settings::{Environment, Language};
use crate::{Engine, Error, Result};

/// Somebody to look at a demo as.
#[derive(Debug, Clone, Copy)]
pub struct DemoPerson<'a> {
    /// An address that nobody reads.
    pub email: &'a str,
    /// One full name.
    pub name: &'a str,
    /// Of pages.
    pub language: Language,
}

/// Makes sure that somebody owns an account, and gives a link to sign in as them.
///
/// # Errors
/// [`Error::Misconfigured`] where `environment` is live; what keeps the database from writing.
pub async fn demo_owner(engine: &Engine, account_id: &str, who: DemoPerson<'_>, until: Timestamp) -> Result<String> {
    const SQL: &str = "INSERT INTO members (account_id, person_id, role, invited_at_us, joined_at_us) \
                       VALUES ($1, $2, $3, $4, $4) ON CONFLICT (account_id, person_id) DO NOTHING";
    let DemoPerson { email, name, language } = who;
    let draft = Draft { email, name, language, role: None };
    let (person, mut rows) = known_or_new(engine, Realm::Customer, &draft).await?;
    let now = engine.now().micros();
    rows.push(Statement::new(SQL, params![account_id, &*person.id, Role::Owner.name(), now]));
    linked(engine, &person, rows, until).await
}

/// Makes sure that there is an administrator, and gives a link to sign in to the console as them.
///
/// # Errors
/// As [`demo_owner`].
pub async fn demo_operator(engine: &Engine, who: DemoPerson<'_>, until: Timestamp) -> Result<String> {
    let DemoPerson { email, name, language } = who;
    let draft = Draft { email, name, language, role: Some(OperatorRole::Admin) };
    let (person, rows) = known_or_new(engine, Realm::Operator, &draft).await?;
    linked(engine, &person, rows, until).await
}

async fn linked(engine: &Engine, person: &Person, mut rows: Vec<Statement>, until: Timestamp) -> Result<String> {
    if engine.settings().environment != Environment::Test {
        return Err(Error::Misconfigured("people of a demo are for demos: environment is live".to_owned()));
    }
    let link = NewLink { person_id: &person.id, account_id: None, reusable: true, expires_at: until };
    let (link_rows, token) = link.written(engine.now());
    rows.extend(link_rows);
    engine.store().write(rows).await?;
    Ok(person.realm.link(&engine.settings().public_url, token.expose()))
}
