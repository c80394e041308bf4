//! Who is billed: one profile per account, replaced as a whole.
//!
//! Invariants: a stored [`Profile`] fits its country and the account's site; its version grows by one with each change,
//! and of two changes at once one is told to read again. A payment keeps a [`BillingSnapshot`], so an edit changes future
//! documents only. Personal data: no `Debug` shows more than kind and country. Deliberately absent: earlier versions, and
//! asking registers whether a tax code exists. Cost: two reads and one write per change.

use std::fmt;

use ledger::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Failure, Statement, params};

use super::address::{Address, AddressDraft};
use super::country::Country;
use super::faults::Faults;
use super::tax_code::TaxCode;
use super::text::line;
use crate::accounts::{AccountRecord, NewAccount};
use crate::audit::{self, Change};
use crate::checks::{self, MAX_NAME_CHARS};
use crate::ledger_calls::fingerprint;
use crate::settings::{Language, Settings};
use crate::{Call, Engine, Error, Result};

/// Whether a person or a company is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayerKind {
    /// A person, who is a consumer before the law.
    Personal,
    /// A company or another organisation.
    Company,
}

/// A profile as it was typed.
#[derive(Clone)]
pub struct ProfileDraft {
    /// Whether a person or a company is billed.
    pub kind: PayerKind,
    /// Full name, or the company's name.
    pub name: String,
    /// Where mail about the account goes.
    pub email: String,
    /// Where documents go; `email` when left out.
    pub recipient_email: Option<String>,
    /// The language of documents and mails.
    pub language: Language,
    /// ISO 3166 code.
    pub country: String,
    /// The fields of the country's form.
    pub address: AddressDraft,
    /// Checked by the rules of the country.
    pub tax_code: Option<String>,
}

/// Who is billed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Whether a person or a company is billed.
    pub kind: PayerKind,
    /// Full name as typed, or the company's name.
    pub name: String,
    /// Where mail about the account goes.
    pub email: String,
    /// Where documents go.
    pub recipient_email: String,
    /// The language of documents and mails.
    pub language: Language,
    /// Where the payer is.
    pub country: Country,
    /// Its fields are those of the country.
    pub address: Address,
    /// As the country writes it.
    pub tax_code: Option<TaxCode>,
}

/// A profile with its place in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProfile {
    /// Grows by one with each change, from 1.
    pub version: i64,
    /// What it says.
    pub profile: Profile,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// What a payment keeps of the profile, as JSON: documents are made from it, whatever the profile says later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingSnapshot {
    /// The version of the profile.
    pub version: i64,
    /// What it said.
    #[serde(flatten)]
    pub profile: Profile,
}

impl StoredProfile {
    /// What a payment keeps.
    pub fn snapshot(self) -> BillingSnapshot {
        BillingSnapshot { version: self.version, profile: self.profile }
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile").field("kind", &self.kind).field("country", &self.country).finish_non_exhaustive()
    }
}

impl Profile {
    /// Checks every field for an account of this site.
    ///
    /// # Errors
    /// [`Error::Fields`] naming each field that is not as it must be.
    pub fn read(settings: &Settings, site_name: &str, draft: &ProfileDraft) -> Result<Profile> {
        let mut faults = Faults::default();
        let name = faults.keep("name", line(&draft.name, MAX_NAME_CHARS));
        let email = faults.keep_at("email", checks::email(draft.email.trim().to_owned()));
        let recipient = given(draft.recipient_email.as_deref()).unwrap_or(draft.email.trim());
        let recipient_email = match recipient == draft.email.trim() {
            true => email.clone(),
            false => faults.keep_at("recipient_email", checks::email(recipient.to_owned())),
        };
        let country = faults.keep("country", read_country(settings, site_name, &draft.country));
        let Some(country) = country else { return faults.finish(None) };
        let address = Address::read(country, &draft.address, &mut faults);
        let tax_code = match given(draft.tax_code.as_deref()) {
            Some(text) => faults.keep("tax_code", TaxCode::read(country, text)),
            None => {
                if needs_tax_code(country, draft.kind) {
                    faults.push("tax_code", format!("must be given for a company in {country}"));
                }
                None
            }
        };
        let read = || {
            let (kind, language) = (draft.kind, draft.language);
            let (name, email, recipient_email) = (name?, email?, recipient_email?);
            Some(Profile { kind, name, email, recipient_email, language, country, address, tax_code })
        };
        let profile = read();
        faults.finish(profile)
    }

    /// Whether consumer law protects the payer.
    pub fn is_consumer(&self) -> bool {
        self.kind == PayerKind::Personal
    }
}

/// What was typed; blanks count as nothing.
fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn read_country(settings: &Settings, site_name: &str, code: &str) -> std::result::Result<Country, String> {
    let country = Country::parse(code.trim()).ok_or("must be an ISO 3166 code such as VN")?;
    if settings.sells_to(site_name, country) {
        return Ok(country);
    }
    Err(match settings.site_for(country) {
        Some(other) => format!("{country} is not sold to at the site {site_name}: open an account at the site {other}"),
        None => format!("{country} is not sold to at the site {site_name}"),
    })
}

/// A Vietnamese invoice to a company carries its tax code. Elsewhere a company may have none.
fn needs_tax_code(country: Country, kind: PayerKind) -> bool {
    kind == PayerKind::Company && country.code() == "VN"
}

/// The billing profile of an account, if it has one.
///
/// # Errors
/// [`Error::NotFound`] for an unknown account, [`Error::Unavailable`].
pub async fn profile(engine: &Engine, account_id: &str) -> Result<Option<StoredProfile>> {
    const SQL: &str = "SELECT version, profile, updated_at_us FROM billing_profiles WHERE account_id = $1";
    let account = engine.accounts().locate(account_id).await?;
    let rows = engine.store().query(SQL, params![&*account.id]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let broken = |error: serde_json::Error| Error::Unavailable(format!("billing_profiles: {account_id}: {error}"));
    Ok(Some(StoredProfile {
        version: row.int(0)?,
        profile: serde_json::from_str(row.text(1)?).map_err(broken)?,
        updated_at: Timestamp::from_micros(row.int(2)?),
    }))
}

/// What a payment of the account keeps: the profile as it is now.
///
/// # Errors
/// Code `profile_missing` when there is none yet: it is required before the first purchase and the first voucher.
pub async fn require_profile(engine: &Engine, account_id: &str) -> Result<BillingSnapshot> {
    let found = profile(engine, account_id).await?.map(StoredProfile::snapshot);
    found.ok_or_else(|| {
        Error::conflict("profile_missing", "the account has no billing profile yet; fill it in first, then go on")
    })
}

/// Replaces the profile; `version` is the one that was read, 0 when there was none. A repeat of the same change answers
/// as the first did.
///
/// # Errors
/// [`Error::Fields`]; code `profile_changed` when somebody else changed it since; [`Error::NotFound`].
pub async fn put_profile(
    engine: &Engine,
    call: &Call,
    account_id: &str,
    version: i64,
    draft: &ProfileDraft,
) -> Result<StoredProfile> {
    let account = engine.accounts().get(account_id).await?;
    let profile_now = Profile::read(engine.settings(), &account.site, draft)?;
    let stored = StoredProfile { version: version.saturating_add(1), profile: profile_now, updated_at: engine.now() };
    let change = Change {
        action: "profile.changed",
        account_id: Some(&account.id),
        after: json!({"version": stored.version}),
        ..Change::default()
    };
    match audit::write(engine, call, &change, vec![write(&account.id, &call.actor, &stored)?]).await {
        Ok(_) => Ok(stored),
        Err(Error::Ledger(Failure::Conflict)) => match profile(engine, account_id).await? {
            Some(present) if present.version == stored.version && present.profile == stored.profile => Ok(present),
            present => {
                let present = present.map_or(0, |present| present.version);
                let detail = format!(
                    "the profile was changed elsewhere and has version {present} now; read it again, then change it"
                );
                Err(Error::conflict("profile_changed", detail))
            }
        },
        Err(error) => Err(error),
    }
}

/// Opens an account with its billing profile, both or neither: its unit is chosen once, here. A repeat with the same
/// idempotency key answers as the first did; the second part says whether it is one.
///
/// # Errors
/// As [`crate::accounts::Accounts::open`]; [`Error::Fields`] for the profile.
pub async fn open_with_profile(
    engine: &Engine,
    call: &Call,
    new: NewAccount,
    draft: &ProfileDraft,
) -> Result<(AccountRecord, bool)> {
    let profile = Profile::read(engine.settings(), &new.site, draft)?;
    let input = fingerprint("open_with_profile", &(&new, &profile));
    let stored = StoredProfile { version: 1, profile, updated_at: engine.now() };
    let row = |record: &AccountRecord| write(&record.id, &call.actor, &stored).map(Some);
    engine.accounts().open_with(call, input, new, row).await
}

/// The row of a version, when the one before it is there.
fn write(account_id: &str, actor: &str, stored: &StoredProfile) -> Result<Statement> {
    const FIRST: &str = "INSERT INTO billing_profiles (account_id, version, profile, actor, updated_at_us) \
                         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id) DO NOTHING";
    const NEXT: &str = "UPDATE billing_profiles SET version = $2, profile = $3, actor = $4, updated_at_us = $5 \
                        WHERE account_id = $1 AND version = $2 - 1";
    let json = serde_json::to_string(&stored.profile).map_err(|error| Error::Unavailable(error.to_string()))?;
    let row = params![account_id, stored.version, json, actor, stored.updated_at.micros()];
    Ok(Statement::new(if stored.version == 1 { FIRST } else { NEXT }, row).expect_one())
}

#[cfg(test)]
mod tests {
    use super::super::address::AddressField;
    use super::*;

    fn draft(country: &str) -> ProfileDraft {
        use AddressField::{City, Line1, PostalCode, Prefecture, Province, Street, Ward};
        let fields: &[(AddressField, &str)] = match country {
            "JP" => &[(PostalCode, "1500001"), (Prefecture, "東京都"), (City, "渋谷区"), (Street, "神宮前1-2-3")],
            "VN" => &[(Street, "1 Tràng Tiền"), (Ward, "Cửa Nam"), (Province, "Hà Nội")],
            _ => &[(Line1, "Weg 1"), (City, "Berlin")],
        };
        ProfileDraft {
            kind: PayerKind::Personal,
            name: " Nguyễn Văn A ".to_owned(),
            email: "a@example.com".to_owned(),
            recipient_email: None,
            language: Language::Vi,
            country: country.to_owned(),
            address: fields.iter().map(|(field, text)| (*field, (*text).to_owned())).collect(),
            tax_code: None,
        }
    }

    fn faults(site: &str, draft: &ProfileDraft) -> Vec<String> {
        match Profile::read(&Settings::default(), site, draft) {
            Ok(_) => Vec::new(),
            Err(Error::Fields(errors)) => errors.into_iter().map(|error| error.param).collect(),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn each_rule_names_its_field() {
        type Spoil = fn(&mut ProfileDraft);
        // site, country, change, fields that are wrong
        let table: &[(&str, &str, Spoil, &[&str])] = &[
            ("vn", "VN", |_| {}, &[]),
            ("jp", "JP", |_| {}, &[]),
            ("global", "DE", |_| {}, &[]),
            ("api", "VN", |_| {}, &[]),
            ("vn", "VN", |d| d.name = "  ".into(), &["name"]),
            ("vn", "VN", |d| d.name = "a\u{202e}b".into(), &["name"]),
            ("vn", "VN", |d| d.name = "é".repeat(201), &["name"]),
            ("vn", "VN", |d| d.email = "nobody".into(), &["email"]),
            ("vn", "VN", |d| d.recipient_email = Some("a@b".into()), &["recipient_email"]),
            ("vn", "VN", |d| d.recipient_email = Some(" ".into()), &[]),
            ("vn", "VN", |d| d.country = "vn".into(), &["country"]),
            ("vn", "JP", |_| {}, &["country"]),
            ("global", "VN", |_| {}, &["country"]),
            ("vn", "VN", |d| d.tax_code = Some("0100112438".into()), &["tax_code"]),
            ("vn", "VN", |d| d.tax_code = Some("  ".into()), &[]),
            ("vn", "VN", |d| d.kind = PayerKind::Company, &["tax_code"]),
            ("jp", "JP", |d| d.kind = PayerKind::Company, &[]),
            ("global", "DE", |d| d.kind = PayerKind::Company, &[]),
            ("vn", "VN", |d| d.address.clear(), &["address.street", "address.ward", "address.province"]),
            (
                "vn",
                "VN",
                |d| {
                    d.name.clear();
                    d.email.clear();
                    d.tax_code = Some("1".into());
                },
                &["name", "email", "tax_code"],
            ),
        ];
        for (place, (site, country, spoil, wrong)) in table.iter().enumerate() {
            let mut typed = draft(country);
            spoil(&mut typed);
            assert_eq!(faults(site, &typed), *wrong, "line {place}: {site} {country}");
        }
    }

    #[test]
    fn a_snapshot_is_read_back_and_shows_nobody() {
        let mut typed = draft("VN");
        typed.tax_code = Some("079012345678".to_owned());
        let profile = Profile::read(&Settings::default(), "vn", &typed).unwrap();
        assert_eq!((profile.name.as_str(), profile.recipient_email.as_str()), ("Nguyễn Văn A", "a@example.com"));
        let snapshot = BillingSnapshot { version: 3, profile };
        let json = serde_json::to_string(&snapshot).unwrap();
        assert_eq!(serde_json::from_str::<BillingSnapshot>(&json).unwrap(), snapshot);
        let shown = format!("{snapshot:?}");
        for secret in ["Nguyễn", "example.com", "Tràng", "079012345678"] {
            assert!(json.contains(secret) && !shown.contains(secret), "{shown}");
        }
    }
}
