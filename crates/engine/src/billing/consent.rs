//! What a buyer agreed to, provably.
//!
//! The text is the settings' for the buyer's country, kind and language. The browser shows it and sends its hash back; a
//! hash that is not that of the text in force means that somebody agreed to something else. With the payment the hash,
//! language, time and address are stored, and beside it the text itself, once, so that the proof outlives the settings.
//! Deliberately absent: ticking anything for the buyer.

use std::net::IpAddr;

use ledger::Timestamp;
use sha2::{Digest, Sha256};
use store::{Row, Statement, params};

use super::profile::{self, BillingSnapshot};
use crate::settings::{ConsentText, Language};
use crate::{Engine, Error, Result};

/// Most characters kept of a browser's name.
pub const MAX_USER_AGENT_CHARS: usize = 400;

/// A text to agree to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Names exactly this text: its SHA-256 in hexadecimal digits.
    pub text_sha256: String,
    /// The text.
    pub text: String,
    /// The language it is written in, which may not be the one that was asked for.
    pub language: Language,
    /// The edition of the texts.
    pub version: String,
}

/// What a browser sent when its user agreed.
#[derive(Debug, Clone)]
pub struct Given<'a> {
    /// The hash of the text that was shown.
    pub text_sha256: &'a str,
    /// The language that was asked for.
    pub language: Language,
    /// Where from.
    pub ip: IpAddr,
    /// The browser, as it names itself.
    pub user_agent: &'a str,
}

/// An agreement to a text in force, to be stored with its payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    terms: Terms,
    ip: IpAddr,
    user_agent: String,
}

/// An agreement as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRecord {
    /// What was agreed to.
    pub terms: Terms,
    /// When.
    pub at: Timestamp,
    /// Where from.
    pub ip: String,
    /// The browser, as it named itself.
    pub user_agent: String,
}

impl Terms {
    fn of(found: ConsentText<'_>) -> Terms {
        Terms {
            text_sha256: hex::encode(Sha256::digest(found.text.as_bytes())),
            text: found.text.to_owned(),
            language: found.language,
            version: found.version.to_owned(),
        }
    }

    /// It with another paragraph: a text of its own.
    #[must_use]
    pub fn and(self, paragraph: &str) -> Terms {
        if paragraph.is_empty() {
            return self;
        }
        let text = format!("{}\n\n{paragraph}", self.text);
        Terms { text_sha256: hex::encode(Sha256::digest(text.as_bytes())), text, ..self }
    }
}

/// The text that the account's buyer has to agree to. Without a billing profile it is the one for everywhere.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unavailable`].
pub async fn terms(engine: &Engine, account_id: &str, language: Language) -> Result<Terms> {
    let snapshot = profile::profile(engine, account_id).await?.map(profile::StoredProfile::snapshot);
    in_force(engine, snapshot.as_ref(), language)
}

fn in_force(engine: &Engine, snapshot: Option<&BillingSnapshot>, language: Language) -> Result<Terms> {
    let country = snapshot.map(|snapshot| snapshot.profile.country);
    let consumer = snapshot.is_none_or(|snapshot| snapshot.profile.is_consumer());
    let found = engine.settings().billing.consent.text(country, consumer, language);
    found.map(Terms::of).ok_or_else(|| Error::Misconfigured("billing.consent.texts has no text to agree to".to_owned()))
}

/// Checks what a browser sent against the text in force for the payer of `snapshot`.
///
/// # Errors
/// Code `terms_changed` for another text: it has to be shown and agreed to anew.
pub fn check_consent(engine: &Engine, snapshot: &BillingSnapshot, given: &Given<'_>) -> Result<Agreed> {
    check_consent_to(engine, snapshot, given, |_| "")
}

/// The same for a text with another paragraph, in the language that the text is written in.
///
/// # Errors
/// As [`check_consent`].
pub fn check_consent_to<'a>(
    engine: &Engine,
    snapshot: &BillingSnapshot,
    given: &Given<'_>,
    paragraph: impl Fn(Language) -> &'a str,
) -> Result<Agreed> {
    let terms = in_force(engine, Some(snapshot), given.language)?;
    let paragraph = paragraph(terms.language);
    let terms = terms.and(paragraph);
    if !given.text_sha256.eq_ignore_ascii_case(&terms.text_sha256) {
        return Err(Error::Invalid {
            param: "consent.text_sha256".into(),
            code: "terms_changed",
            detail: "is not the text in force; show the present one and ask again".to_owned(),
        });
    }
    let printable = |character: char| if character.is_control() { ' ' } else { character };
    let user_agent = given.user_agent.chars().map(printable).take(MAX_USER_AGENT_CHARS).collect();
    Ok(Agreed { terms, ip: given.ip, user_agent })
}

impl Agreed {
    /// The rows to write with the payment, in the same transaction. A second agreement for one payment refuses it.
    pub fn statements(&self, account_id: &str, payment_id: &str, at: Timestamp) -> Vec<Statement> {
        const TEXT: &str = "INSERT INTO consent_texts (text_sha256, text, first_used_at_us) VALUES ($1, $2, $3) \
                            ON CONFLICT (text_sha256) DO NOTHING";
        const CONSENT: &str = "INSERT INTO consents (account_id, payment_id, text_sha256, language, version, ip, \
                               user_agent, at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let Terms { text_sha256, text, language, version } = &self.terms;
        let consent = params![
            account_id,
            payment_id,
            text_sha256.as_str(),
            language.code(),
            version.as_str(),
            self.ip.to_string(),
            self.user_agent.as_str(),
            at.micros(),
        ];
        vec![
            Statement::new(TEXT, params![text_sha256.as_str(), text.as_str(), at.micros()]),
            Statement::new(CONSENT, consent).expect_one(),
        ]
    }
}

/// What was agreed to with a payment, if anything was: the proof for a dispute.
///
/// # Errors
/// [`Error::NotFound`] for an unknown account, [`Error::Unavailable`].
pub async fn consent_of(engine: &Engine, account_id: &str, payment_id: &str) -> Result<Option<ConsentRecord>> {
    const SQL: &str = "SELECT c.text_sha256, t.text, c.language, c.version, c.at_us, c.ip, c.user_agent FROM consents c \
                       JOIN consent_texts t ON t.text_sha256 = c.text_sha256 \
                       WHERE c.account_id = $1 AND c.payment_id = $2";
    let account = engine.accounts().locate(account_id).await?;
    let rows = engine.store().query(SQL, params![&*account.id, payment_id]).await?;
    rows.first().map(read).transpose()
}

fn read(row: &Row) -> Result<ConsentRecord> {
    let language = row.text(2)?;
    let broken = || Error::Unavailable(format!("consents: a row has the language {language:?}"));
    Ok(ConsentRecord {
        terms: Terms {
            text_sha256: row.text(0)?.to_owned(),
            text: row.text(1)?.to_owned(),
            language: Language::parse(language).ok_or_else(broken)?,
            version: row.text(3)?.to_owned(),
        },
        at: Timestamp::from_micros(row.int(4)?),
        ip: row.text(5)?.to_owned(),
        user_agent: row.text(6)?.to_owned(),
    })
}
