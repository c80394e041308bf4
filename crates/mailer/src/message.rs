//! A letter as a MIME message.
//!
//! Both bodies, the receipt if one goes with it, and headers by which programs know it: a `Message-ID` that is the same at
//! each try, and `Auto-Submitted`, so that nobody's holiday answers (RFC 3834).

use std::time::{Duration, UNIX_EPOCH};

use engine::mail::Mail;
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart};
use sha2::{Digest, Sha256};

use crate::Mailer;
use crate::letter::Written;

/// Builds the message.
///
/// # Errors
/// Why it never can be sent, such as a recipient that is no address.
pub fn build(mailer: &Mailer, mail: &Mail, written: Written) -> Result<Message, String> {
    let to = mail.recipient.parse().map_err(|_| "the recipient is no address that a letter can go to".to_owned())?;
    let since = u64::try_from(mail.created_at.micros()).unwrap_or_default();
    let mut builder = Message::builder()
        .from(mailer.from.clone())
        .to(Mailbox::new(None, to))
        .subject(written.page.subject)
        .date(UNIX_EPOCH + Duration::from_micros(since))
        .message_id(Some(message_id(&mail.once, mailer.from.email.domain())))
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Content-Language"),
            mail.language.code().to_owned(),
        ));
    if let Some(reply_to) = &mailer.reply_to {
        builder = builder.reply_to(reply_to.clone());
    }
    let bodies = MultiPart::alternative_plain_html(written.page.text, written.page.html);
    let parts = match written.attachment {
        None => bodies,
        Some(pdf) => {
            let kind = ContentType::parse("application/pdf").map_err(|error| error.to_string())?;
            MultiPart::mixed().multipart(bodies).singlepart(Attachment::new(pdf.name).body(pdf.bytes, kind))
        }
    };
    builder.multipart(parts).map_err(|error| error.to_string())
}

/// The same for every try of a letter, and telling nothing of it.
fn message_id(once: &str, domain: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(once).into();
    format!("<{}@{domain}>", hex::encode(&hash[..16]))
}
