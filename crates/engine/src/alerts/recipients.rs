//! To whom an alert goes, and in which language.

use ledger::Timestamp;
use store::Statement;

use crate::billing;
use crate::mail::{Envelope, Letter, enqueue};
use crate::settings::Language;
use crate::{Engine, Result};

/// An account that is told something.
#[derive(Clone, Debug)]
pub(super) struct Addressee {
    /// Its id.
    pub(super) account_id: String,
    /// The addresses of its alerts.
    pub(super) emails: Vec<String>,
    /// Its own address.
    pub(super) email: Option<String>,
    /// The language of its alerts.
    pub(super) language: Option<Language>,
}

impl Addressee {
    /// Its alerts' addresses, else its own.
    fn recipients(&self) -> &[String] {
        if self.emails.is_empty() { self.email.as_slice() } else { &self.emails }
    }

    /// Whether there is anybody to write to.
    pub(super) fn is_reachable(&self) -> bool {
        !self.recipients().is_empty()
    }

    /// The statements that write a letter to each. `cause` names what they are told of, once.
    ///
    /// # Errors
    /// When the profile, whose language is taken where none is said, cannot be read.
    pub(super) async fn write(
        &self,
        engine: &Engine,
        cause: &str,
        letter: &Letter,
        now: Timestamp,
    ) -> Result<Vec<Statement>> {
        let language = match self.language {
            Some(language) => language,
            None => billing::profile(engine, &self.account_id)
                .await?
                .map(|stored| stored.profile.language)
                .unwrap_or_default(),
        };
        let envelope = |recipient: &String| Envelope {
            once: format!("{}:{}:{cause}:{recipient}", letter.kind(), self.account_id),
            account_id: Some(self.account_id.clone()),
            recipient: recipient.clone(),
            language,
            letter: letter.clone(),
        };
        Ok(self.recipients().iter().map(|recipient| enqueue(&envelope(recipient), now)).collect())
    }
}
