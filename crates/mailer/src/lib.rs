//! Sends the letters that the engine wrote down.
//!
//! A round takes what is due, makes each letter's words from its facts, and hands it to a mail server, a folder, or nobody
//! ([`Mailer`]). Invariants:
//! * At least once: a letter is claimed before it is sent and concluded afterwards, both in the database. Whoever dies in
//!   between leaves it to be sent again, under the same `Message-ID`, by which receivers know it.
//! * A letter that is refused holds up no other: each has its own next try.
//! * Passwords and links that let in stand in no log and no error.
//!
//! Deliberately absent: reading mail, bounces, signatures (the mail server signs), bulk. Cost: one read when nothing is
//! due; a letter costs two writes, one to three reads, and a receipt that goes with it some milliseconds of one core.

mod letter;
mod message;
mod reason;
mod rounds;
mod transport;

use engine::settings::{Settings, Transport as Kind};
use lettre::message::Mailbox;
use thiserror::Error;

pub use rounds::{run, send_due};

use transport::Transport;

/// Hands letters over, as configured. It holds the password of the mail server, so it has no `Debug` form.
pub struct Mailer {
    transport: Transport,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    brand: String,
    home_url: String,
}

/// Why letters cannot be sent with these settings.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MailerError {
    /// The URL itself may hold a password, so it is not shown.
    #[error("mail.smtp_url cannot be used: check the host, the port, and that user and password are percent-encoded")]
    Url,
    /// An address that cannot stand in a letter.
    #[error("{key} is no address that can stand in a letter: {address}")]
    Address {
        /// The setting.
        key: &'static str,
        /// Its value.
        address: String,
    },
}

impl Mailer {
    /// Makes what sends; connects to nothing yet.
    ///
    /// # Errors
    /// A setting that cannot be used.
    pub fn new(settings: &Settings) -> Result<Mailer, MailerError> {
        let mail = &settings.mail;
        let address = |key: &'static str, address: &str| {
            address.parse().map_err(|_| MailerError::Address { key, address: address.to_owned() })
        };
        let reply_to = Some(&mail.reply_to).filter(|address| !address.is_empty());
        Ok(Mailer {
            transport: match mail.transport {
                Kind::Folder => Transport::folder(settings.mail_folder()),
                Kind::Smtp => Transport::smtp(mail.smtp_url.expose())?,
                Kind::Off => Transport::Off,
            },
            from: Mailbox::new(Some(settings.brand.name.clone()), address("mail.from", &mail.from)?),
            reply_to: reply_to.map(|to| Ok(Mailbox::new(None, address("mail.reply_to", to)?))).transpose()?,
            brand: settings.brand.name.clone(),
            home_url: settings.public_url.clone(),
        })
    }

    /// Whether letters can be handed over now: the folder takes a file, the mail server lets us in. Sends nothing.
    ///
    /// # Errors
    /// What is in the way, and what to do.
    pub async fn check(&self) -> Result<String, String> {
        self.transport.check().await
    }
}
