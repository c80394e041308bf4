//! Handing a message over: to a mail server, or into a folder.

use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::mail::{Mail, Outcome};
use lettre::transport::smtp::{self, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::MailerError;

/// Longest time that the mail server may take for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections kept open for the next letter, and for how long.
const CONNECTIONS: u32 = 4;
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Answers by which a server refuses the recipient for good. Source: RFC 5321, section 4.2.3; RFC 7504.
const NO_SUCH_RECIPIENT: [&str; 4] = ["550", "551", "553", "556"];

/// Where messages go.
pub enum Transport {
    /// Into this folder, one file each.
    Folder(PathBuf),
    /// To a mail server.
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    /// Nowhere.
    Off,
}

impl Transport {
    pub fn folder(path: PathBuf) -> Transport {
        Transport::Folder(path)
    }

    /// A server by its URL; see the setting `mail.smtp_url`.
    ///
    /// # Errors
    /// A URL that cannot be used; what is wrong with it is not told, because it may hold a password.
    pub fn smtp(url: &str) -> Result<Transport, MailerError> {
        let url = match url.split_once('?') {
            // The library takes a URL without a word about TLS as one without TLS.
            None if url.starts_with("smtp://") => format!("{url}?tls=required"),
            Some((place, "tls=none")) => place.to_owned(),
            _ => url.to_owned(),
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url).map_err(|_| MailerError::Url)?;
        let pool = PoolConfig::new().max_size(CONNECTIONS).idle_timeout(IDLE_TIMEOUT);
        Ok(Transport::Smtp(builder.timeout(Some(ANSWER_TIMEOUT)).pool_config(pool).build()))
    }

    /// Hands a message over.
    pub async fn send(&self, message: Message, mail: &Mail) -> Outcome {
        match self {
            Transport::Smtp(server) => match server.send(message).await {
                Ok(_) => Outcome::Sent,
                Err(error) => refused(&error),
            },
            Transport::Folder(folder) => {
                let (folder, name) = (folder.clone(), file_name(mail));
                let written = tokio::task::spawn_blocking(move || put(&folder, &name, &message.formatted())).await;
                match written.map_err(std::io::Error::other).flatten() {
                    Ok(()) => Outcome::Sent,
                    Err(error) => Outcome::Failed(format!("the folder of letters: {error}")),
                }
            }
            Transport::Off => Outcome::Refused("letters are not sent: mail.transport is off".to_owned()),
        }
    }

    /// Whether messages can be handed over now.
    pub async fn check(&self) -> Result<String, String> {
        match self {
            Transport::Smtp(server) => match server.test_connection().await {
                Ok(true) => Ok("the mail server answers and lets us in".to_owned()),
                Ok(false) => Err("the mail server does not take commands; look at its log".to_owned()),
                Err(error) => Err(format!("the mail server: {error}; check mail.smtp_url")),
            },
            Transport::Folder(folder) => {
                let (shown, folder) = (folder.display().to_string(), folder.clone());
                match tokio::task::spawn_blocking(move || probe(&folder)).await.map_err(std::io::Error::other).flatten()
                {
                    Ok(()) => Ok(format!("letters are put into {shown}; nobody receives them")),
                    Err(error) => Err(format!("cannot write in {shown}: {error}; change mail.folder or its owner")),
                }
            }
            Transport::Off => Ok("off: no letters are sent, sign-in links included".to_owned()),
        }
    }
}

/// What a server's answer means for the next try.
fn refused(error: &smtp::Error) -> Outcome {
    let code = error.status().map(|code| code.to_string());
    match code.is_some_and(|code| NO_SUCH_RECIPIENT.contains(&code.as_str())) {
        true => Outcome::Refused(error.to_string()),
        false => Outcome::Failed(error.to_string()),
    }
}

/// The name of a letter's file: sorted by time, the same at each try.
fn file_name(mail: &Mail) -> String {
    let at = jiff::Timestamp::from_microsecond(mail.created_at.micros()).unwrap_or_default();
    format!("{}-{}-{}.eml", at.strftime("%Y%m%dT%H%M%SZ"), mail.kind, mail.id)
}

/// A folder that only we may look into: letters hold links that let in.
fn make(folder: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Whether a folder takes files, or may be made; leaves nothing behind.
fn probe(folder: &Path) -> std::io::Result<()> {
    let there = folder.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    tempfile::tempfile_in(there).map(drop)
}

/// Writes a file, wholly or not at all, that only we may read.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    make(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(folder.join(name)).map(drop).map_err(|error| error.error)
}
