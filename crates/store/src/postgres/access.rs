//! How a PostgreSQL database is reached: the URL, TLS, one connection or a pool of them.
//!
//! The URL is libpq's, several hosts and `target_session_attrs=read-write` included, so that a node finds the new
//! primary after a failover. TLS is never half a promise: `sslmode` is `disable` or one of `require`, `verify-ca` and
//! `verify-full`, which all check the certificate and the host's name, against `sslrootcert` or else the system's
//! authorities. Without `sslmode` a server on this machine is spoken to in the clear and any other with TLS.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::StoreError;

/// A server that does not answer within this is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A peer that is silent for this long is asked whether it lives.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);

/// Where the database is and how to speak to it.
#[derive(Clone)]
pub(super) struct Access {
    pub(super) config: Config,
    pub(super) tls: Option<MakeRustlsConnect>,
}

impl Access {
    /// Reads a `postgres://` URL; `sslmode`, `sslrootcert` included.
    pub(super) fn parse(url: &str) -> Result<Access, StoreError> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut authority, mut rest) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(Mode::from_str(value)?),
                Some(("sslrootcert", value)) => authority = Some(decode_percent(value)),
                _ => rest.push(pair),
            }
        }
        let url = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
        let mut config = Config::from_str(&url)
            .map_err(|error| StoreError(format!("the database URL cannot be read: {}", chain(&error))))?;
        if config.get_dbname().is_none() {
            return Err(StoreError(
                "the database URL names no database: write postgres://USER@HOST/DATABASE".to_owned(),
            ));
        }
        let mode = mode.unwrap_or(if is_local(&config) { Mode::Disable } else { Mode::Verify });
        config.ssl_mode(if mode == Mode::Verify { SslMode::Require } else { SslMode::Disable });
        if config.get_application_name().is_none() {
            config.application_name("scrip");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        config.keepalives_idle(KEEPALIVE_IDLE);
        let tls = match mode {
            Mode::Verify => Some(MakeRustlsConnect::new(tls_config(authority.as_deref())?)),
            Mode::Disable => None,
        };
        Ok(Access { config, tls })
    }

    /// One connection. Its other half runs as a task of the current runtime and ends with the client.
    pub(super) async fn connect(&self) -> Result<Link, tokio_postgres::Error> {
        match &self.tls {
            Some(tls) => link(&self.config, tls.clone()).await,
            None => link(&self.config, NoTls).await,
        }
    }
}

/// A connection of our own.
pub(super) struct Link {
    pub(super) client: Client,
    /// Whether the server warned since this was last taken. A commit that only reached this server warns.
    warned: Arc<AtomicBool>,
}

impl Link {
    /// Whether the server warned, and forgets it.
    pub(super) fn take_warning(&self) -> bool {
        self.warned.swap(false, Ordering::AcqRel)
    }
}

async fn link<T>(config: &Config, tls: T) -> Result<Link, tokio_postgres::Error>
where
    T: MakeTlsConnect<Socket> + Send + 'static,
    T::Stream: Send + 'static,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let (client, connection) = config.connect(tls).await?;
    let warned = Arc::<AtomicBool>::default();
    tokio::spawn(drive(connection, warned.clone()));
    Ok(Link { client, warned })
}

/// Runs the connection. Its end shows at the client as an error of the next call.
async fn drive<S, T>(mut connection: Connection<S, T>, warned: Arc<AtomicBool>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = std::future::poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notice(notice) = message
            && notice.severity() == "WARNING"
        {
            warned.store(true, Ordering::Release);
            tracing::warn!(%notice, "PostgreSQL warns");
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    Disable,
    Verify,
}

impl FromStr for Mode {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        match text {
            "disable" => Ok(Mode::Disable),
            "require" | "verify-ca" | "verify-full" => Ok(Mode::Verify),
            other => Err(StoreError(format!("sslmode={other} is not known here: write disable or verify-full"))),
        }
    }
}

/// Whether every host that is named is this machine.
pub(super) fn is_local(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback()),
    })
}

fn tls_config(authority: Option<&str>) -> Result<ClientConfig, StoreError> {
    let wrong = |error: rustls::Error| StoreError(format!("TLS cannot be set up: {error}"));
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(wrong)?;
    let Some(path) = authority else {
        return Ok(builder.with_platform_verifier().map_err(wrong)?.with_no_client_auth());
    };
    let unreadable = |error: &dyn std::fmt::Display| StoreError(format!("sslrootcert {path} cannot be read: {error}"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))? {
        roots.add(certificate.map_err(|error| unreadable(&error))?).map_err(|error| unreadable(&error))?;
    }
    if roots.is_empty() {
        return Err(unreadable(&"it holds no certificate"));
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// `%2F` and the like; anything else stands for itself.
fn decode_percent(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let code = (*first == b'%').then(|| more.get(..2)).flatten();
        match code.and_then(|digits| hex::decode(digits).ok()) {
            Some(byte) => {
                bytes.extend(byte);
                rest = &more[2..];
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An error with what caused it: tokio-postgres alone says only "db error".
pub(super) fn chain(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(refused), _) => refused.to_string(),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        // URL, whether TLS is used, or what is wrong with it
        let table = [
            ("postgres://u@localhost/d", Ok(false)),
            ("postgres://u@127.0.0.1:5433/d?connect_timeout=3", Ok(false)),
            ("postgres://u@%2Frun%2Fpostgresql/d", Ok(false)),
            ("postgres://u:p@db.example/d", Ok(true)),
            ("postgres://u@a,b/d?target_session_attrs=read-write&sslmode=verify-full", Ok(true)),
            ("postgres://u@db.example/d?sslmode=disable", Ok(false)),
            ("postgres://u@db.example/d?sslmode=prefer", Err("write disable or verify-full")),
            ("postgres://u@localhost", Err("names no database")),
            ("postgres://u@localhost/d?sslmode=verify-full&sslrootcert=%2Fno%20file", Err("/no file cannot be read")),
            ("postgres://u@localhost/d?colour=blue", Err("colour")),
        ];
        for (url, expected) in table {
            match (Access::parse(url), expected) {
                (Ok(access), Ok(tls)) => assert_eq!(access.tls.is_some(), tls, "{url}"),
                (Err(error), Err(part)) => assert!(error.0.contains(part), "{url}: {error}"),
                (found, _) => panic!("{url}: {:?}", found.err()),
            }
        }
    }
}
