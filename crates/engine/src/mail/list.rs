//! Letters as operators see them: looking, trying again, and a letter to try the way.

use store::{Failure, Statement, Value, params};
use uuid::Uuid;

use super::queue::{Mail, State, select};
use super::{Envelope, Letter, enqueue};
use crate::settings::{Language, Transport};
use crate::{Engine, Error, Result, checks};

/// Which letters are shown.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those about this account.
    pub account_id: Option<String>,
    /// Only those that stand so.
    pub state: Option<State>,
    /// Only those of this kind.
    pub kind: Option<String>,
}

/// Letters, newest first, those written before (`created_at_us`, `id`), at most `limit`.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn list(engine: &Engine, filter: &Filter, before: Option<(i64, String)>, limit: i64) -> Result<Vec<Mail>> {
    // A text of its own for each way in, so that each is answered along an index.
    let all = select!(
        "WHERE (created_at_us, id) < ($1, $2) AND state = coalesce(CAST($3 AS TEXT), state) \
         AND kind = coalesce(CAST($4 AS TEXT), kind) ORDER BY created_at_us DESC, id DESC LIMIT $5"
    );
    let of_account = select!(
        "WHERE (created_at_us, id) < ($1, $2) AND state = coalesce(CAST($3 AS TEXT), state) \
         AND kind = coalesce(CAST($4 AS TEXT), kind) AND account_id = $6 \
         ORDER BY created_at_us DESC, id DESC LIMIT $5"
    );
    let (at_us, id) = before.unwrap_or((i64::MAX, String::new()));
    let mut values = params![at_us, id, filter.state.map(State::name), filter.kind.as_deref(), limit];
    let sql = match &filter.account_id {
        None => all,
        Some(account_id) => {
            values.push(Value::from(account_id.as_str()));
            of_account
        }
    };
    engine.store().query(sql, values).await?.iter().map(Mail::read).collect()
}

/// A letter by its id.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unavailable`].
pub async fn find(engine: &Engine, id: &str) -> Result<Mail> {
    let rows = engine.store().query(select!("WHERE id = $1"), params![id]).await?;
    rows.first().map(Mail::read).transpose()?.ok_or(Error::NotFound("letter"))
}

/// Tries a letter again now, with as many tries as a new one.
///
/// # Errors
/// Codes `mail_sent` for one that was sent, `mail_emptied` for one that let its reader in and was given up.
pub async fn retry(engine: &Engine, id: &str) -> Result<Mail> {
    const AGAIN: &str = "UPDATE mails SET state = 'waiting', tries = 0, next_try_at_us = $1 \
                         WHERE id = $2 AND state <> 'sent' AND letter <> ''";
    let row = params![engine.now().micros(), id];
    match engine.store().write(vec![Statement::new(AGAIN, row).expect_one()]).await {
        Ok(_) => find(engine, id).await,
        Err(Failure::Conflict) => Err(match find(engine, id).await?.state {
            State::Sent => Error::conflict("mail_sent", "the letter was sent; what it said is not kept"),
            _ => Error::conflict(
                "mail_emptied",
                "the letter held a link that lets in, so it is not kept; make a new one",
            ),
        }),
        Err(failure) => Err(failure.into()),
    }
}

/// Writes a letter that tells nothing, to see whether letters arrive.
///
/// # Errors
/// Code `mail_off` when letters are not sent here; a recipient that is no address.
pub async fn test(engine: &Engine, recipient: &str, language: Language) -> Result<Mail> {
    if engine.settings().mail.transport == Transport::Off {
        return Err(Error::conflict("mail_off", "letters are not sent: set mail.transport to smtp or folder"));
    }
    let wrong = |_| Error::invalid("to", "must be an e-mail address, such as name@example.com");
    let now = engine.now();
    let envelope = Envelope {
        once: format!("test:{}", Uuid::new_v4().simple()),
        account_id: None,
        recipient: checks::email(recipient.to_owned()).map_err(wrong)?,
        language,
        letter: Letter::Test { at: now },
    };
    engine.store().write(vec![enqueue(&envelope, now)]).await?;
    let rows = engine.store().query(select!("WHERE once = $1"), params![envelope.once]).await?;
    rows.first().map(Mail::read).transpose()?.ok_or(Error::NotFound("letter"))
}
