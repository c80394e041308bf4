//! Letters to people: written down with what they tell of, sent afterwards.
//!
//! Invariants: a letter's row exists exactly with its cause, because [`enqueue`] is one statement of the cause's own
//! transaction; the same cause is told once, because `once` is the row's key. A row is `waiting` until it was `sent`, or
//! `given_up` after the last try; what it said is emptied then, when it was sent or let its reader in. Deliberately
//! absent: words (see `documents`), and sending (see the crate `mailer`). Cost of a letter: one row with its cause.

mod letter;
mod list;
pub(crate) mod payments;
mod queue;

use ledger::Timestamp;
use store::{Statement, params};
use uuid::Uuid;

pub use letter::{ExpiringLot, Letter, Sum};
pub use list::{Filter, find, list, retry, test};
pub use queue::{Mail, Outcome, State, claim, conclude, due, forget};

use crate::settings::Language;

/// A letter with where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Names the cause and the recipient; a second row with the same name is not written.
    pub once: String,
    /// The account it is about; none for operators.
    pub account_id: Option<String>,
    /// An e-mail address.
    pub recipient: String,
    /// The recipient's language.
    pub language: Language,
    /// What it says.
    pub letter: Letter,
}

/// The statement that makes sure the letter is sent. Part of the transaction of what it tells of.
pub fn enqueue(envelope: &Envelope, now: Timestamp) -> Statement {
    // A letter is plain data and always serialises.
    let letter = serde_json::to_string(&envelope.letter).unwrap_or_default();
    Statement::new(
        "INSERT INTO mails (once, account_id, recipient, language, kind, letter, state, tries, created_at_us, \
         next_try_at_us, id) VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0, $7, $7, $8) ON CONFLICT DO NOTHING",
        params![
            envelope.once.as_str(),
            envelope.account_id.as_deref(),
            envelope.recipient.as_str(),
            envelope.language.code(),
            envelope.letter.kind(),
            letter,
            now.micros(),
            format!("mail_{}", Uuid::now_v7().simple()),
        ],
    )
}
