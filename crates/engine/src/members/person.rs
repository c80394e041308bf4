//! A person: an address of mail, a name, how to speak to them.
//!
//! Customers and operators are kept apart by their realm: the same address in both is two people, with a password each.

use ledger::Timestamp;
use serde_json::json;
use store::{Failure, Row, Statement, params};

use super::OperatorRole;
use crate::audit::{self, Change};
use crate::settings::Language;
use crate::{Call, Engine, Error, Result, checks};

/// Where somebody signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Realm {
    /// The portal: members of accounts.
    Customer,
    /// The console.
    Operator,
}

impl Realm {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Realm::Customer => "customer",
            Realm::Operator => "operator",
        }
    }

    /// What ids begin with.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Realm::Customer => "usr_",
            Realm::Operator => "opr_",
        }
    }

    /// How the ledger and the audit log name a person: `user:usr_…`, `operator:opr_…`.
    pub(super) fn actor(self, person_id: &str) -> String {
        match self {
            Realm::Customer => format!("user:{person_id}"),
            Realm::Operator => format!("operator:{person_id}"),
        }
    }

    /// The page of a link's token, at the server's public address.
    pub fn link(self, public_url: &str, token: &str) -> String {
        match self {
            Realm::Customer => format!("{public_url}/sign-in/{token}"),
            Realm::Operator => format!("{public_url}/console/sign-in/{token}"),
        }
    }
}

/// A person, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// `usr_…`, or `opr_…` for an operator.
    pub id: String,
    /// Where they sign in.
    pub realm: Realm,
    /// As it was typed first.
    pub email: String,
    /// One full name; may be empty.
    pub name: String,
    /// Of pages and letters.
    pub language: Language,
    /// An IANA name; the account's when none.
    pub time_zone: Option<String>,
    /// An operator's role.
    pub role: Option<OperatorRole>,
    /// Whether they can sign in with a password.
    pub has_password: bool,
    /// Whether a second factor was set up.
    pub has_second_factor: bool,
    /// When they were first invited.
    pub created_at: Timestamp,
    /// Since when they cannot sign in.
    pub disabled_at: Option<Timestamp>,
}

/// The columns of [`Person::read`], of the table `people p`.
macro_rules! person_columns {
    () => {
        "p.id, p.realm, p.email, p.name, p.language, p.time_zone, p.role, p.password IS NOT NULL, \
         p.second_factor_confirmed_at_us, p.created_at_us, p.disabled_at_us"
    };
}
pub(super) use person_columns;

/// How many columns `person_columns` has.
pub(super) const PERSON_COLUMNS: usize = 11;

impl Person {
    /// Reads the columns of `person_columns`, which stand first.
    pub(super) fn read(row: &Row) -> Result<Person> {
        let realm = if row.text(1)? == Realm::Operator.name() { Realm::Operator } else { Realm::Customer };
        Ok(Person {
            id: row.text(0)?.to_owned(),
            realm,
            email: row.text(2)?.to_owned(),
            name: row.text(3)?.to_owned(),
            language: Language::parse(row.text(4)?).unwrap_or_default(),
            time_zone: row.optional_text(5)?.map(str::to_owned),
            role: row.optional_text(6)?.and_then(OperatorRole::parse),
            has_password: row.int(7)? == 1,
            has_second_factor: row.optional_int(8)?.is_some(),
            created_at: Timestamp::from_micros(row.int(9)?),
            disabled_at: row.optional_int(10)?.map(Timestamp::from_micros),
        })
    }

    /// How the ledger and the audit log name them.
    pub fn actor(&self) -> String {
        self.realm.actor(&self.id)
    }
}

/// The form in which addresses are compared.
pub(super) fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// An address of mail, without the blanks around it.
pub(super) fn checked_email(email: &str) -> Result<String> {
    checks::email(email.trim().to_owned())
}

/// The person of an id.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unavailable`].
pub async fn person(engine: &Engine, id: &str) -> Result<Person> {
    const SQL: &str = concat!("SELECT ", person_columns!(), " FROM people p WHERE p.id = $1");
    let rows = engine.store().query(SQL, params![id]).await?;
    rows.first().map(Person::read).transpose()?.ok_or(Error::NotFound("person"))
}

/// The person of an address, also one who cannot sign in.
pub(super) async fn find(engine: &Engine, realm: Realm, email: &str) -> Result<Option<Person>> {
    const SQL: &str = concat!("SELECT ", person_columns!(), " FROM people p WHERE p.realm = $1 AND p.email_key = $2");
    let rows = engine.store().query(SQL, params![realm.name(), email_key(email)]).await?;
    rows.first().map(Person::read).transpose()
}

/// What somebody changes about himself; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct PersonChange {
    /// One full name.
    pub name: Option<String>,
    /// Of pages and letters.
    pub language: Option<Language>,
    /// An IANA name; `Some(None)`: the account's.
    pub time_zone: Option<Option<String>>,
}

/// Changes how somebody is called and spoken to.
///
/// # Errors
/// A field out of bounds; [`Error::NotFound`]; what keeps the database from writing.
pub async fn change_person(engine: &Engine, call: &Call, id: &str, change: PersonChange) -> Result<Person> {
    const SQL: &str = "UPDATE people SET name = coalesce($2, name), language = coalesce($3, language), \
                       time_zone = CASE WHEN $4 = 1 THEN $5 ELSE time_zone END WHERE id = $1";
    let name = change.name.map(|name| checks::name("name", name)).transpose()?.map(String::from);
    if let Some(Some(zone)) = &change.time_zone
        && jiff::tz::TimeZone::get(zone).is_err()
    {
        return Err(Error::invalid("time_zone", "must be an IANA time zone, such as Asia/Tokyo"));
    }
    let (name_given, zone_given) = (name.is_some(), change.time_zone.is_some());
    let row = params![id, name, change.language.map(Language::code), zone_given, change.time_zone.flatten()];
    // Which fields, not what they say: the log is never erased, what a person is called is.
    let given = [("name", name_given), ("language", change.language.is_some()), ("time_zone", zone_given)];
    let fields: Vec<_> = given.into_iter().filter_map(|(field, given)| given.then_some(field)).collect();
    let noted =
        Change { action: "person.changed", object: Some(id), after: json!({"fields": fields}), ..Change::default() };
    audit::write(engine, call, &noted, vec![Statement::new(SQL, row).expect_one()]).await.map_err(missing)?;
    person(engine, id).await
}

/// A person who is not there any more is not found.
fn missing(error: Error) -> Error {
    match error {
        Error::Ledger(Failure::Conflict) => Error::NotFound("person"),
        error => error,
    }
}
