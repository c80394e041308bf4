//! Letters by e-mail: facts in, subject and body out, as text and as HTML, in three languages.
//!
//! Every [`Letter`] becomes a few sentences, facts and at most one link; both bodies say the same. Invariants:
//! * Whatever came from outside (names, texts, addresses) is shown as text: it adds no tag, no attribute, no line, and
//!   no mark that turns the direction of reading; an address that is not of the web is no link.
//! * Nothing is loaded from anywhere and nobody is counted: no images, no scripts, no fonts, no tracking.
//! * The same input gives the same bytes.
//!
//! Deliberately absent: what is true, to whom it goes, headers and attachments, layout that needs tables.
//! Cost: some formatted strings a letter.

mod balance;
mod compose;
mod html;
mod letter;
mod payments;
mod person;
mod plain;
mod plans;
mod text;

pub use letter::{ExpiringLot, Letter, Reason};

use compose::compose;

use crate::format::Locale;

/// Around every letter: who writes, about which account, and where to go.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// What people call the product.
    pub brand: String,
    /// What people call the account it is about.
    pub account: Option<String>,
    /// Where the product is, an address of the web.
    pub home_url: String,
    /// The reader's language, and the time zone of dates.
    pub locale: Locale,
}

/// A letter, ready to be put into an envelope. It may hold a link that lets its reader in, so it has no `Debug` form.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The subject, on one line.
    pub subject: String,
    /// The body for programs that show text.
    pub text: String,
    /// The same as a page.
    pub html: String,
}

/// Writes a letter.
pub fn write(letter: &Letter, frame: &Frame) -> Mail {
    let content = compose(letter, frame);
    let language = frame.locale.language;
    Mail { text: text::render(&content, language), html: html::render(&content, language), subject: content.subject }
}
