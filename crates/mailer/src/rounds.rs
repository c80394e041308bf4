//! Rounds: taking what is due, and writing what came of it.

use std::time::Duration;

use engine::lease::{self, Lease};
use engine::mail::{self, Mail, Outcome, State};
use engine::{Engine, Result};
use futures_util::{StreamExt, stream};
use metrics::counter;
use tracing::{info, warn};

use crate::{Mailer, letter, message};

/// Pause between two rounds: somebody waits for a link to sign in.
const PAUSE: Duration = Duration::from_secs(2);
/// Rounds after which old letters are forgotten: an hour.
const FORGET_ROUNDS: u32 = 1_800;
/// Letters taken at a time.
const PAGE: usize = 20;
/// Letters sent side by side.
const AT_ONCE: usize = 4;
/// Longest time that one letter may take to be handed over.
const SEND_TIMEOUT: Duration = Duration::from_secs(60);

/// Sends what is due, again and again, until the task is aborted.
pub async fn run(engine: Engine, mailer: Mailer) {
    let mut rounds = 0_u32;
    loop {
        if let Err(error) = send_due(&engine, &mailer).await {
            warn!(%error, "letters could not be sent; it is tried again");
        }
        if rounds.is_multiple_of(FORGET_ROUNDS)
            && let Err(error) = mail::forget(&engine).await
        {
            warn!(%error, "old letters could not be dropped; it is tried again");
        }
        rounds = rounds.wrapping_add(1);
        tokio::time::sleep(PAUSE).await;
    }
}

/// Sends every letter that is due, unless another node does; says how many were handed over.
///
/// # Errors
/// When the database cannot be read; a letter that fails does not disturb the others.
pub async fn send_due(engine: &Engine, mailer: &Mailer) -> Result<usize> {
    let mut sent = 0;
    loop {
        let due = mail::due(engine, PAGE as i64).await?;
        if due.is_empty() || !lease::hold(engine, Lease::Mail).await? {
            return Ok(sent);
        }
        let round = due.len();
        let handled = stream::iter(due).map(|mail| handle(engine, mailer, mail)).buffer_unordered(AT_ONCE);
        let outcomes: Vec<bool> = handled.collect().await;
        sent += outcomes.into_iter().filter(|sent| *sent).count();
        if round < PAGE {
            return Ok(sent);
        }
    }
}

/// Takes one letter as far as it gets; says whether it was handed over.
async fn handle(engine: &Engine, mailer: &Mailer, mail: Mail) -> bool {
    let claimed = match mail::claim(engine, &mail).await {
        Ok(Some(claimed)) => claimed,
        Ok(None) => return false,
        Err(error) => {
            warn!(mail = mail.id, %error, "the letter cannot be taken; it is tried again");
            return false;
        }
    };
    let outcome = match tokio::time::timeout(SEND_TIMEOUT, send(engine, mailer, &claimed)).await {
        Ok(outcome) => outcome,
        Err(_) => Outcome::Failed(format!("not taken within {} seconds", SEND_TIMEOUT.as_secs())),
    };
    let sent = outcome == Outcome::Sent;
    match mail::conclude(engine, &claimed, &outcome).await {
        Ok(state) => tell(&claimed, &outcome, state),
        Err(error) => warn!(mail = claimed.id, %error, "what came of a letter is not recorded; it is sent again"),
    }
    sent
}

/// Makes the letter and hands it over.
async fn send(engine: &Engine, mailer: &Mailer, mail: &Mail) -> Outcome {
    let Some(facts) = &mail.letter else {
        return Outcome::Failed("this version of the program cannot read it".to_owned());
    };
    if facts.expires_at().is_some_and(|expires_at| expires_at <= engine.now()) {
        return Outcome::Refused("it had expired before it could be sent".to_owned());
    }
    let written = match letter::write(engine, mailer, mail, facts).await {
        Ok(written) => written,
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    match message::build(mailer, mail, written) {
        Ok(message) => mailer.transport.send(message, mail).await,
        Err(why) => Outcome::Refused(why),
    }
}

fn tell(mail: &Mail, outcome: &Outcome, state: State) {
    let (id, kind, tries) = (mail.id.as_str(), mail.kind.as_str(), mail.tries);
    match outcome {
        Outcome::Sent => info!(mail = id, kind, tries, "letter sent"),
        Outcome::Failed(why) | Outcome::Refused(why) if state == State::GivenUp => {
            warn!(mail = id, kind, tries, why, "letter given up");
        }
        Outcome::Failed(why) | Outcome::Refused(why) => warn!(mail = id, kind, tries, why, "letter not sent yet"),
    }
    if state != State::Waiting {
        counter!("scrip_mails_total", "kind" => mail.kind.clone(), "state" => state.name()).increment(1);
    }
}
