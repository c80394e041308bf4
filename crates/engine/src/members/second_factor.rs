//! The second factor of operators: setting it up, giving it, and codes for whoever lost it.
//!
//! The shared secret is derived from a seed in the database and the setting `sign_in.second_factor_key`, so that with a
//! key a copy of the database alone computes no codes. Invariants: a code and a recovery code work once, at any
//! concurrency; the session that gives one is replaced. Until the first right code a seed may be made anew; afterwards
//! only an administrator can take the factor away. Deliberately absent: remembering a browser, other kinds of factors.

use ledger::Timestamp;
use rand::distr::{Alphanumeric, SampleString};
use serde_json::json;
use store::{Failure, Statement, params};

use super::session::{Opening, opened, signed_in};
use super::tries::{self, Subject};
use super::{Session, SignedIn, secrets, totp};
use crate::audit::{self, Change};
use crate::settings::Secret;
use crate::{Engine, Error, Origin, Result};

const RECOVERY_CODES: usize = 10;
const RECOVERY_CHARS: usize = 16;

/// What an authenticator app needs to know. Show it once.
#[derive(Debug)]
pub struct Enrolment {
    /// The shared secret in base 32, to be typed.
    pub secret: Secret,
    /// The same with names as an `otpauth:` address, for a QR code.
    pub uri: Secret,
}

/// Begins to set up a second factor; the first right code confirms it ([`give_second_factor`]).
///
/// # Errors
/// Code `second_factor_exists`; what keeps the database from writing.
pub async fn begin_second_factor(engine: &Engine, session: &Session, origin: &Origin) -> Result<Enrolment> {
    const SQL: &str = "UPDATE people SET second_factor_seed = $2, second_factor_step = 0 \
                       WHERE id = $1 AND second_factor_confirmed_at_us IS NULL";
    let person = &session.person;
    let seed = secrets::token();
    let row = Statement::new(SQL, params![&*person.id, seed.expose()]).expect_one();
    let change = Change { action: "second_factor.begun", object: Some(&person.id), ..Change::default() };
    match audit::write(engine, &session.call(origin.clone()), &change, vec![row]).await {
        Err(Error::Ledger(Failure::Conflict)) => {
            let detail = "a second factor is set up already; ask an administrator to reset it first";
            return Err(Error::conflict("second_factor_exists", detail));
        }
        outcome => drop(outcome?),
    }
    let settings = engine.settings();
    let secret = totp::base32(&totp::secret(&settings.sign_in.second_factor_key, seed.expose()));
    let (issuer, email) = (encoded(&settings.brand.name), encoded(&person.email));
    let uri = format!("otpauth://totp/{issuer}:{email}?secret={secret}&issuer={issuer}");
    Ok(Enrolment { secret: Secret::new(secret), uri: Secret::new(uri) })
}

/// A part of an address, with everything but letters and digits escaped.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// Gives the second factor: a code, or a recovery code. The first right code confirms a new factor and brings recovery
/// codes, to be shown once; later the list is empty.
///
/// # Errors
/// Codes `second_factor_wrong`, `too_many_sign_ins`, `second_factor_missing` when none was begun.
pub async fn give_second_factor(
    engine: &Engine,
    session: &Session,
    code: &str,
    origin: &Origin,
) -> Result<(SignedIn, Vec<Secret>)> {
    const SQL: &str = "SELECT second_factor_seed, second_factor_step FROM people WHERE id = $1";
    let person = &session.person;
    let this_try = tries::begin(engine, [Subject::person("second-factor", &person.id)]).await?;
    let rows = engine.store().query(SQL, params![&*person.id]).await?;
    let row = rows.first().ok_or(Error::NotFound("person"))?;
    let Some(seed) = row.optional_text(0)? else {
        return Err(Error::conflict("second_factor_missing", "no second factor is set up; begin with that"));
    };
    let now = engine.now();
    let secret = totp::secret(&engine.settings().sign_in.second_factor_key, seed);
    let step = totp::step_of(&secret, code, now.seconds(), row.int(1)?);
    let (mut rows, recovery) = match (step, person.has_second_factor) {
        (Some(step), true) => (vec![step_used(&person.id, step, now)], Vec::new()),
        (Some(step), false) => confirmed(&person.id, step, now),
        (None, true) => (vec![recovery_used(&person.id, code, now)], Vec::new()),
        (None, false) => return Err(wrong()),
    };
    let opening = Opening {
        person_id: &person.id,
        account_id: None,
        authenticated_at: now,
        second_factor_at: Some(now),
        replaces: Some(&session.id),
    };
    let (session_rows, token) = opened(engine, &opening, origin);
    rows.extend(session_rows);
    rows.extend(this_try.worked());
    let change = Change {
        action: if recovery.is_empty() { "second_factor.given" } else { "second_factor.confirmed" },
        object: Some(&person.id),
        after: json!({"by": if step.is_some() { "code" } else { "recovery_code" }}),
        ..Change::default()
    };
    match audit::write(engine, &session.call(origin.clone()), &change, rows).await {
        // Not a recovery code either, or somebody else gave the same code first.
        Err(Error::Ledger(Failure::Conflict)) => return Err(wrong()),
        outcome => drop(outcome?),
    }
    Ok((signed_in(engine, person.realm, token).await?, recovery))
}

fn wrong() -> Error {
    Error::Denied { code: "second_factor_wrong", detail: "the code is not right, or was used already".to_owned() }
}

/// The row that uses a step up, and confirms the factor with the first one.
fn step_used(person_id: &str, step: i64, now: Timestamp) -> Statement {
    let sql = "UPDATE people SET second_factor_step = $2, \
               second_factor_confirmed_at_us = coalesce(second_factor_confirmed_at_us, $3) \
               WHERE id = $1 AND second_factor_step < $2 AND second_factor_seed IS NOT NULL";
    Statement::new(sql, params![person_id, step, now.micros()]).expect_one()
}

/// The rows that confirm a factor, and the recovery codes that come with it.
fn confirmed(person_id: &str, step: i64, now: Timestamp) -> (Vec<Statement>, Vec<Secret>) {
    let text = || Secret::new(Alphanumeric.sample_string(&mut rand::rng(), RECOVERY_CHARS).to_lowercase());
    let codes: Vec<Secret> = std::iter::repeat_with(text).take(RECOVERY_CODES).collect();
    let sql = "INSERT INTO recovery_codes (person_id, code_sha256) VALUES ($1, $2)";
    let row = |code: &Secret| Statement::new(sql, params![person_id, secrets::sha256(code.expose())]).expect_one();
    let mut rows = vec![step_used(person_id, step, now), forgotten(person_id)];
    rows.extend(codes.iter().map(row));
    (rows, codes)
}

fn recovery_used(person_id: &str, code: &str, now: Timestamp) -> Statement {
    let code: String = code.chars().filter(|character| character.is_alphanumeric()).collect();
    let sql = "UPDATE recovery_codes SET used_at_us = $3 WHERE person_id = $1 AND code_sha256 = $2 \
               AND used_at_us IS NULL";
    Statement::new(sql, params![person_id, secrets::sha256(&code.to_lowercase()), now.micros()]).expect_one()
}

fn forgotten(person_id: &str) -> Statement {
    Statement::new("DELETE FROM recovery_codes WHERE person_id = $1", params![person_id])
}

/// The rows that take a second factor away.
pub(super) fn reset(person_id: &str) -> Vec<Statement> {
    let sql = "UPDATE people SET second_factor_seed = NULL, second_factor_confirmed_at_us = NULL WHERE id = $1";
    vec![Statement::new(sql, params![person_id]), forgotten(person_id)]
}
