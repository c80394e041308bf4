//! Letters on their way: which are due, who sends one, and what came of it.
//!
//! At least once: [`claim`] moves the next try ahead, guarded by the instant that was read, and only who moved it sends;
//! [`conclude`] writes what came of it. A sender that dies in between leaves a row that is due again later. A letter that
//! is refused waits for its own next try and holds up no other. Cost: one read when nothing is due, two writes a letter.

use ledger::Timestamp;
use store::{Failure, Row, Statement, params};

use super::Letter;
use crate::lease::{self, Lease};
use crate::settings::Language;
use crate::{Engine, Error, Result};

/// How long after each try the next one comes, in seconds; there are as many tries.
const WAITS_SECONDS: [i64; 10] = [60, 300, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 21_600, 21_600];
/// Longest failure that is kept, in characters.
const MAX_FAILURE_CHARS: usize = 500;
const DAY_SECONDS: i64 = 86_400;

/// Where a letter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is to be sent.
    Waiting,
    /// The mail server took it.
    Sent,
    /// It was not sent, and is not tried any more.
    GivenUp,
}

impl State {
    /// Every state.
    pub const ALL: [State; 3] = [State::Waiting, State::Sent, State::GivenUp];

    /// The name in the database and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Sent => "sent",
            State::GivenUp => "given_up",
        }
    }

    /// The state of a name.
    pub fn parse(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A letter as a row. No `Debug` form shows what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// `mail_…`.
    pub id: String,
    /// Names the cause and the recipient.
    pub once: String,
    /// The account it is about.
    pub account_id: Option<String>,
    /// Where it goes.
    pub recipient: String,
    /// The recipient's language.
    pub language: Language,
    /// What kind of letter it is.
    pub kind: String,
    /// What it says; `None` once it was emptied, or when another version of this program wrote it.
    pub letter: Option<Letter>,
    /// Where it stands.
    pub state: State,
    /// How often it was tried.
    pub tries: i64,
    /// Why the last try failed.
    pub failure: Option<String>,
    /// When its cause was.
    pub created_at: Timestamp,
    /// When it is tried next.
    pub next_try_at: Option<Timestamp>,
    /// When the mail server took it.
    pub sent_at: Option<Timestamp>,
}

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The mail server took it.
    Sent,
    /// It may work later.
    Failed(String),
    /// It never will.
    Refused(String),
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, once, account_id, recipient, language, kind, letter, state, tries, failure, created_at_us, \
             next_try_at_us, sent_at_us FROM mails ",
            $rest
        )
    };
}
pub(super) use select;

impl Mail {
    pub(super) fn read(row: &Row) -> Result<Mail> {
        let text = |column| row.text(column).map(str::to_owned);
        let time = |column| row.optional_int(column).map(|micros| micros.map(Timestamp::from_micros));
        let id = text(0)?;
        let broken = |what: &str| Error::Unavailable(format!("the letter {id} has the {what}"));
        let (language, state) = (row.text(4)?, row.text(7)?);
        Ok(Mail {
            once: text(1)?,
            account_id: row.optional_text(2)?.map(str::to_owned),
            recipient: text(3)?,
            language: Language::parse(language).ok_or_else(|| broken(&format!("language {language:?}")))?,
            kind: text(5)?,
            letter: serde_json::from_str(row.text(6)?).ok(),
            state: State::parse(state).ok_or_else(|| broken(&format!("state {state:?}")))?,
            tries: row.int(8)?,
            failure: row.optional_text(9)?.map(str::to_owned),
            created_at: Timestamp::from_micros(row.int(10)?),
            next_try_at: time(11)?,
            sent_at: time(12)?,
            id,
        })
    }
}

/// Letters that are to be sent by now, the longest due first, at most `limit`.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn due(engine: &Engine, limit: i64) -> Result<Vec<Mail>> {
    let sql = select!("WHERE next_try_at_us <= $1 ORDER BY next_try_at_us LIMIT $2");
    engine.store().query(sql, params![engine.now().micros(), limit]).await?.iter().map(Mail::read).collect()
}

/// Takes a letter for one try; `None` when somebody else took it.
///
/// # Errors
/// What keeps the database from writing; then it is not to be sent.
pub async fn claim(engine: &Engine, mail: &Mail) -> Result<Option<Mail>> {
    const TAKE: &str = "UPDATE mails SET tries = tries + 1, next_try_at_us = $1 \
                        WHERE once = $2 AND state = 'waiting' AND next_try_at_us = $3";
    let (mut taken, now) = (mail.clone(), engine.now());
    taken.tries += 1;
    let next = now.plus_seconds(wait_seconds(taken.tries).unwrap_or(DAY_SECONDS));
    taken.next_try_at = Some(next);
    let row = params![next.micros(), mail.once.as_str(), mail.next_try_at.map(Timestamp::micros)];
    match engine.store().write(vec![Statement::new(TAKE, row).expect_one()]).await {
        Ok(_) => Ok(Some(taken)),
        Err(Failure::Conflict) => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

/// Writes what came of a try that was [claimed](claim); says where the letter stands now.
///
/// # Errors
/// What keeps the database from writing; then the letter is tried again.
pub async fn conclude(engine: &Engine, mail: &Mail, outcome: &Outcome) -> Result<State> {
    const SENT: &str = "UPDATE mails SET state = 'sent', letter = '', failure = NULL, next_try_at_us = NULL, \
                        sent_at_us = $1 WHERE once = $2 AND state <> 'sent'";
    const FAILED: &str = "UPDATE mails SET failure = $1 WHERE once = $2 AND state = 'waiting'";
    const GIVEN_UP: &str = "UPDATE mails SET state = 'given_up', failure = $1, next_try_at_us = NULL, \
                            letter = CASE WHEN $3 = 1 THEN '' ELSE letter END WHERE once = $2 AND state = 'waiting'";
    let once = mail.once.as_str();
    let (state, statement) = match outcome {
        Outcome::Sent => (State::Sent, Statement::new(SENT, params![engine.now().micros(), once])),
        Outcome::Failed(why) if wait_seconds(mail.tries + 1).is_some() => {
            (State::Waiting, Statement::new(FAILED, params![shortened(why), once]))
        }
        Outcome::Failed(why) | Outcome::Refused(why) => {
            let secret = mail.letter.as_ref().is_some_and(Letter::is_secret);
            (State::GivenUp, Statement::new(GIVEN_UP, params![shortened(why), once, secret]))
        }
    };
    engine.store().write(vec![statement]).await?;
    Ok(state)
}

/// Drops rows of letters that ended long ago, unless another node does.
///
/// # Errors
/// What keeps the database from reading or writing.
pub async fn forget(engine: &Engine) -> Result<()> {
    const OLD: &str = "SELECT 1 FROM mails WHERE created_at_us < $1 AND state <> 'waiting' LIMIT 1";
    const DROP: &str = "DELETE FROM mails WHERE created_at_us < $1 AND state <> 'waiting'";
    let keep_days = i64::try_from(engine.settings().mail.keep_days).unwrap_or(i64::MAX / DAY_SECONDS);
    let before = engine.now().plus_seconds(-keep_days * DAY_SECONDS).micros();
    let none = engine.store().query(OLD, params![before]).await?.is_empty();
    if none || !lease::hold(engine, Lease::Mail).await? {
        return Ok(());
    }
    engine.store().write(vec![Statement::new(DROP, params![before])]).await?;
    Ok(())
}

/// How long after the try of this number the next one comes; `None` when there is no such try.
fn wait_seconds(number: i64) -> Option<i64> {
    usize::try_from(number - 1).ok().and_then(|index| WAITS_SECONDS.get(index)).copied()
}

fn shortened(why: &str) -> String {
    // PostgreSQL cannot store U+0000, and a server may say anything.
    why.chars().filter(|character| *character != '\0').take(MAX_FAILURE_CHARS).collect()
}
