//! How letters are sent, from whom, and under which name.
//!
//! Invariants of valid settings: a server that is named is spoken to under TLS unless the URL says otherwise, and letters
//! that leave this machine have a sender who can exist. The URL may carry a password, so it is shown nowhere.

use std::path::PathBuf;

use serde::Deserialize;

use super::validate::Check;
use super::{DatabaseUrl, Secret, Settings};
use crate::checks;

/// Longest name of the product, in characters.
const MAX_BRAND_CHARS: usize = 80;
/// The folder of letters beside the database.
const FOLDER: &str = "mail";

/// The name under which people know this installation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Brand {
    /// What letters and pages call it.
    pub name: String,
}

/// How letters are sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// Where letters go.
    pub transport: Transport,
    /// The folder of the transport `folder`; empty: `mail` beside the SQLite file, else in the working directory.
    pub folder: String,
    /// The server of the transport `smtp`: `smtps://USER:PASSWORD@HOST` (TLS from the start), `smtp://…` (STARTTLS, which
    /// the server must offer), or `smtp://…?tls=none` for a server on the same machine.
    pub smtp_url: Secret,
    /// The sender's address.
    pub from: String,
    /// Where answers go; empty: to the sender.
    pub reply_to: String,
    /// How long it is remembered that a letter was sent, in days.
    pub keep_days: u64,
}

/// Where letters go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// One file each into a folder; nobody receives them.
    #[default]
    Folder,
    /// To a mail server.
    Smtp,
    /// Nowhere: each is given up.
    Off,
}

impl Transport {
    /// The name in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Transport::Folder => "folder",
            Transport::Smtp => "smtp",
            Transport::Off => "off",
        }
    }
}

impl Default for Brand {
    fn default() -> Self {
        Brand { name: "Scrip".to_owned() }
    }
}

impl Default for Mail {
    fn default() -> Self {
        Mail {
            transport: Transport::default(),
            folder: String::new(),
            smtp_url: Secret::default(),
            from: "no-reply@scrip.invalid".to_owned(),
            reply_to: String::new(),
            keep_days: 90,
        }
    }
}

impl Settings {
    /// The folder of the transport `folder`.
    pub fn mail_folder(&self) -> PathBuf {
        match (&*self.mail.folder, &self.database_url) {
            ("", DatabaseUrl::Sqlite(path)) => path.with_file_name(FOLDER),
            ("", DatabaseUrl::Postgres(_)) => PathBuf::from(FOLDER),
            (folder, _) => PathBuf::from(folder),
        }
    }
}

impl Brand {
    pub(super) fn validate(&self, check: &mut Check) {
        let chars = self.name.chars().count();
        let blank = self.name.trim().is_empty() || self.name.chars().any(char::is_control);
        if blank || chars > MAX_BRAND_CHARS {
            check.push("brand.name", format!("must have 1 to {MAX_BRAND_CHARS} characters on one line"));
        }
    }
}

impl Mail {
    pub(super) fn validate(&self, check: &mut Check) {
        check.range("mail.keep_days", self.keep_days, 1, 3_650);
        for (key, address) in [("mail.from", &self.from), ("mail.reply_to", &self.reply_to)] {
            let unsaid = address.is_empty() && key == "mail.reply_to";
            if !unsaid && checks::email(address.clone()).is_err() {
                check.push(key, "must be an e-mail address, such as billing@example.com");
            }
        }
        if self.smtp_url.is_set() && !is_smtp(self.smtp_url.expose()) {
            // Without the URL itself: it may hold a password.
            let rule = "must be smtps://USER:PASSWORD@HOST:PORT or smtp://…, with ?tls=none at the end at most; write \
                        % and @ in a password as %25 and %40";
            check.push("mail.smtp_url", rule);
        }
        if self.transport == Transport::Smtp {
            if !self.smtp_url.is_set() {
                check.push("mail.smtp_url", "is empty: name the mail server, or set mail.transport to folder or off");
            }
            if self.from.ends_with(".invalid") {
                check.push(
                    "mail.from",
                    "cannot receive answers: set an address of a domain that the server may send for",
                );
            }
        }
    }
}

/// Whether a URL has the form that a mail server is named by.
fn is_smtp(url: &str) -> bool {
    let rest = url.strip_prefix("smtps://").or_else(|| url.strip_prefix("smtp://"));
    let Some(rest) = rest else { return false };
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let host = place.rsplit_once('@').map_or(place, |(_, host)| host).trim_end_matches('/');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    let known = query.is_empty() || (query == "tls=none" && url.starts_with("smtp://"));
    known && !host.is_empty() && host.bytes().all(plain) && !url.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_by_a_url() {
        let table = [
            ("smtps://user:p%40ss@mail.example.com", true),
            ("smtps://user:p%40ss@mail.example.com:465/", true),
            ("smtp://127.0.0.1:2525?tls=none", true),
            ("smtp://mail.example.com", true),
            ("smtp://mail.example.com?tls=opportunistic", false),
            ("smtps://mail.example.com?tls=none", false),
            ("smtp://", false),
            ("smtp://user:pass word@host", false),
            ("smtp://user:p/ss@ho/st", false),
            ("mail.example.com:587", false),
            ("https://mail.example.com", false),
        ];
        for (url, good) in table {
            assert_eq!(is_smtp(url), good, "{url}");
        }
    }

    #[test]
    fn every_broken_rule_is_named_and_no_password_shown() {
        type Spoil = fn(&mut Settings);
        let table: &[(&str, &str, Spoil)] = &[
            ("brand.name", "1 to 80", |s| s.brand.name = " ".into()),
            ("brand.name", "1 to 80", |s| s.brand.name = "a\nb".into()),
            ("brand.name", "1 to 80", |s| s.brand.name = "x".repeat(81)),
            ("mail.from", "e-mail", |s| s.mail.from = "nobody".into()),
            ("mail.from", "answers", |s| {
                s.mail.transport = Transport::Smtp;
                s.mail.smtp_url = Secret::new("smtp://localhost?tls=none");
            }),
            ("mail.reply_to", "e-mail", |s| s.mail.reply_to = "a@b@c.vn".into()),
            ("mail.keep_days", "1 to", |s| s.mail.keep_days = 0),
            ("mail.smtp_url", "is empty", |s| {
                s.mail.transport = Transport::Smtp;
                s.mail.from = "a@example.com".into();
            }),
            ("mail.smtp_url", "smtps://", |s| s.mail.smtp_url = Secret::new("smtp://u:hunter2@h?tls=maybe")),
        ];
        for (key, message, spoil) in table {
            let mut settings = Settings::default();
            spoil(&mut settings);
            let problems = settings.validate();
            let [problem] = problems.as_slice() else { panic!("{key}: {problems:?}") };
            assert!(problem.key == *key && problem.message.contains(message), "{problem}");
            assert!(!format!("{problem} {settings:?}").contains("hunter2"), "{key}");
        }
    }

    #[test]
    fn letters_lie_beside_the_database_unless_a_folder_is_named() {
        let mut settings = Settings::default();
        for (url, folder, path) in [
            ("sqlite:scrip.db", "", "mail"),
            ("sqlite:/data/scrip.db", "", "/data/mail"),
            ("sqlite:/data/scrip.db", "/var/mail", "/var/mail"),
            ("postgres://h/d", "", "mail"),
        ] {
            settings.database_url = url.parse().unwrap();
            settings.mail.folder = folder.to_owned();
            assert_eq!(settings.mail_folder(), PathBuf::from(path), "{url}");
        }
    }
}
