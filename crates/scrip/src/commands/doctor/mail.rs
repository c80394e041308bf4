//! Whether letters can be sent: the folder takes files, the mail server lets us in.

use engine::settings::{Environment, Settings, Transport};
use mailer::Mailer;

use super::{Check, State};

/// One line about letters.
pub async fn check(settings: &Settings) -> Check {
    let said = match Mailer::new(settings) {
        Ok(mailer) => mailer.check().await,
        Err(error) => Err(error.to_string()),
    };
    match (said, settings.mail.transport) {
        (Err(why), _) => Check::test("mail", false, why),
        (Ok(said), Transport::Smtp) if is_open(settings) => {
            Check::new("mail", State::Note, format!("{said}, without TLS: only for a server on the same machine"))
        }
        (Ok(said), Transport::Folder | Transport::Off) if settings.environment == Environment::Live => {
            Check::new("mail", State::Note, format!("{said}; set mail.transport to smtp"))
        }
        (Ok(said), _) => Check::test("mail", true, said),
    }
}

fn is_open(settings: &Settings) -> bool {
    settings.mail.smtp_url.expose().ends_with("tls=none")
}

#[cfg(test)]
mod tests {
    use engine::settings::{DatabaseUrl, Secret};

    use super::*;

    #[tokio::test]
    async fn each_transport_is_tried() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let database_url = |below: &str| DatabaseUrl::Sqlite(folder.path().join(below).join("scrip.db"));
        type Set = fn(&mut Settings);
        // folder of the database, state, a part of what is said, the settings
        let table: &[(&str, State, &str, Set)] = &[
            ("", State::Well, "nobody receives them", |_| {}),
            ("", State::Note, "set mail.transport to smtp", |s| s.environment = Environment::Live),
            ("file", State::Failed, "cannot write in", |_| {}),
            ("", State::Well, "off: no letters are sent", |s| s.mail.transport = Transport::Off),
            ("", State::Failed, "check mail.smtp_url", |s| {
                s.mail.transport = Transport::Smtp;
                // Nobody listens on this one.
                s.mail.smtp_url = Secret::new("smtp://user:hunter2@127.0.0.1:1?tls=none");
            }),
            ("", State::Failed, "mail.from", |s| s.mail.from = "nobody".to_owned()),
        ];
        for (below, state, part, set) in table {
            let mut settings = Settings { database_url: database_url(below), ..Settings::default() };
            set(&mut settings);
            let check = check(&settings).await;
            assert!(check.state == *state && check.said.contains(part), "{part}: {}", check.said);
            assert!(!check.said.contains("hunter2"), "{}", check.said);
        }
    }
}
