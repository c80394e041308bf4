//! Who signed a notice: PayPal's certificate, from PayPal's own hosts, under a trusted root.
//!
//! The address comes with the notice, so it is checked as text before anything is fetched: else anybody could sign, and
//! have us call any address. Invariants: https and a host of our mode, nothing but an id at the end; no redirects, 5 s,
//! 64 KiB; chain, validity and name are judged anew for each notice, only the bytes are kept for a day. The name is
//! that of a DNS name in the certificate (the subject's common name, which repeats it, is not looked at). Deliberately
//! absent: revocation lists. Cost: nothing but signature checks for a known certificate; one request, one at a time,
//! for another.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use thiserror::Error;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert, ring};

use super::error::Doubt;
use super::exchange::exchange;

const PATH: &str = "/v1/notifications/certs/CERT-";
const OWNER_SUFFIX: &str = ".paypal.com";
const ID_MAX_CHARS: usize = 128;
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
const PEM_MAX_BYTES: usize = 64 << 10;
const KEPT_SECONDS: i64 = 24 * 3600;
/// PayPal uses one or two at a time.
const KEPT_MAX: usize = 8;
/// What public roots sign with. Not among them: SHA-1.
const CHAIN_ALGORITHMS: [&dyn SignatureVerificationAlgorithm; 7] = [
    ring::RSA_PKCS1_2048_8192_SHA256,
    ring::RSA_PKCS1_2048_8192_SHA384,
    ring::RSA_PKCS1_2048_8192_SHA512,
    ring::ECDSA_P256_SHA256,
    ring::ECDSA_P256_SHA384,
    ring::ECDSA_P384_SHA256,
    ring::ECDSA_P384_SHA384,
];

/// Where certificates may come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// PayPal's hosts for real money.
    Live,
    /// PayPal's hosts for play money.
    Sandbox,
    /// A server on this machine, by its origin; for tests.
    Loopback(String),
}

impl Source {
    /// Whether a certificate may be fetched from this address. Compared as text: nothing is left to a parser.
    pub fn allows(&self, cert_url: &str) -> bool {
        let from = |origin: &str| {
            let id = cert_url.strip_prefix(origin).and_then(|rest| rest.strip_prefix(PATH)).unwrap_or_default();
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            !id.is_empty() && id.len() <= ID_MAX_CHARS && id.bytes().all(plain)
        };
        match self {
            Source::Live => from("https://api.paypal.com") || from("https://api-m.paypal.com"),
            Source::Sandbox => from("https://api.sandbox.paypal.com") || from("https://api-m.sandbox.paypal.com"),
            Source::Loopback(origin) => from(origin),
        }
    }
}

/// Why nobody vouches for a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// Not a place where PayPal keeps certificates.
    #[error("the certificate address is not one of PayPal's: a forged notice, or one of the other mode")]
    Address,
    /// PayPal has no such certificate.
    #[error("PayPal has no certificate at that address")]
    Missing,
    /// Not PEM, or too long.
    #[error("what the certificate address holds is not a certificate")]
    Unreadable,
    /// Not yet, or no longer.
    #[error("the certificate is not valid now: check this server's clock")]
    NotNow,
    /// From nobody who is trusted.
    #[error("the certificate does not chain to a trusted root")]
    Chain,
    /// A certificate, but another one's.
    #[error("the certificate is not issued to paypal.com")]
    Name,
    /// The one thing that only the key's owner can do.
    #[error("the signature does not fit: check that paypal.webhook_id is the one of this endpoint")]
    Signature,
    /// Could not be fetched; the only reason that may pass.
    #[error("the certificate could not be fetched now")]
    Unreachable,
}

/// The roots that certificates must chain to.
pub struct Roots(Vec<TrustAnchor<'static>>);

impl Roots {
    /// The certificates of a PEM text; what is wrong with them otherwise.
    pub fn from_pem(pem: &[u8]) -> Result<Roots, String> {
        let certificates: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        Roots::from_certificates(&certificates, 0)
    }

    /// The certificates that this system trusts.
    pub(crate) fn of_system() -> Result<Roots, String> {
        let found = rustls_native_certs::load_native_certs();
        Roots::from_certificates(&found.certs, found.errors.len())
    }

    /// A system may have odd ones among them; those are left out.
    fn from_certificates(certificates: &[CertificateDer<'static>], unreadable: usize) -> Result<Roots, String> {
        let anchor = |der| anchor_from_trusted_cert(der).ok().map(|anchor| anchor.to_owned());
        let anchors: Vec<TrustAnchor<'static>> = certificates.iter().filter_map(anchor).collect();
        let unreadable = unreadable + certificates.len() - anchors.len();
        if anchors.is_empty() { Err(format!("none found, {unreadable} unreadable")) } else { Ok(Roots(anchors)) }
    }
}

/// A certificate with those between it and its root.
pub struct Chain {
    leaf: CertificateDer<'static>,
    between: Vec<CertificateDer<'static>>,
}

impl Chain {
    /// Reads PEM: the signer's certificate first, intermediates in any order.
    pub fn from_pem(pem: &[u8]) -> Result<Chain, CertificateError> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let mut certificates = certificates.map_err(|_| CertificateError::Unreadable)?.into_iter();
        let leaf = certificates.next().ok_or(CertificateError::Unreadable)?;
        Ok(Chain { leaf, between: certificates.collect() })
    }

    /// Whether it is PayPal's, at this Unix second.
    pub fn check(&self, roots: &Roots, now_s: i64) -> Result<(), CertificateError> {
        let leaf = self.leaf()?;
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now_s.try_into().unwrap_or_default()));
        leaf.verify_for_usage(&CHAIN_ALGORITHMS, &roots.0, &self.between, now, KeyUsage::server_auth(), None, None)
            .map_err(|error| match error {
                webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. } => CertificateError::NotNow,
                _ => CertificateError::Chain,
            })?;
        let paypals = |name: &str| name.to_ascii_lowercase().ends_with(OWNER_SUFFIX);
        if leaf.valid_dns_names().any(paypals) { Ok(()) } else { Err(CertificateError::Name) }
    }

    /// Whether its key signed this message (SHA256withRSA).
    pub fn check_signature(&self, message: &[u8], signature: &[u8]) -> Result<(), CertificateError> {
        let leaf = self.leaf()?;
        leaf.verify_signature(ring::RSA_PKCS1_2048_8192_SHA256, message, signature)
            .map_err(|_| CertificateError::Signature)
    }

    fn leaf(&self) -> Result<EndEntityCert<'_>, CertificateError> {
        EndEntityCert::try_from(&self.leaf).map_err(|_| CertificateError::Unreadable)
    }
}

/// Fetches certificates and keeps them for a day.
pub(crate) struct Certificates {
    source: Source,
    roots: Roots,
    kept: Mutex<Vec<Kept>>,
    /// One fetch at a time: a flood of forged notices becomes no flood of requests.
    fetching: tokio::sync::Mutex<()>,
}

struct Kept {
    cert_url: String,
    chain: Arc<Chain>,
    fetched_at_s: i64,
}

impl Certificates {
    pub(crate) fn new(source: Source, roots: Roots) -> Certificates {
        Certificates { source, roots, kept: Mutex::default(), fetching: tokio::sync::Mutex::default() }
    }

    /// The certificate of an allowed address, found to be PayPal's at this Unix second.
    pub(crate) async fn get(
        &self,
        http: &reqwest::Client,
        cert_url: &str,
        now_s: i64,
    ) -> Result<Arc<Chain>, CertificateError> {
        if !self.source.allows(cert_url) {
            return Err(CertificateError::Address);
        }
        let chain = match self.kept(cert_url, now_s) {
            Some(chain) => chain,
            None => {
                let waited = tokio::time::timeout(FETCH_TIMEOUT, self.fetching.lock()).await;
                let _turn = waited.map_err(|_| CertificateError::Unreachable)?;
                match self.kept(cert_url, now_s) {
                    Some(chain) => chain,
                    None => self.fetch(http, cert_url, now_s).await?,
                }
            }
        };
        chain.check(&self.roots, now_s)?;
        Ok(chain)
    }

    fn kept(&self, cert_url: &str, now_s: i64) -> Option<Arc<Chain>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh =
            |kept: &&Kept| kept.cert_url == cert_url && (0..KEPT_SECONDS).contains(&(now_s - kept.fetched_at_s));
        kept.iter().find(fresh).map(|kept| Arc::clone(&kept.chain))
    }

    /// Fetches a certificate; only one that is PayPal's is kept.
    async fn fetch(&self, http: &reqwest::Client, cert_url: &str, now_s: i64) -> Result<Arc<Chain>, CertificateError> {
        let answer = exchange(http.get(cert_url).timeout(FETCH_TIMEOUT), PEM_MAX_BYTES).await;
        let answer = answer.map_err(|doubt| match doubt {
            Doubt::Unreadable => CertificateError::Unreadable,
            _ => CertificateError::Unreachable,
        })?;
        match answer.status.as_u16() {
            200 => {}
            404 | 410 => return Err(CertificateError::Missing),
            _ => return Err(CertificateError::Unreachable),
        }
        let chain = Arc::new(Chain::from_pem(&answer.body)?);
        chain.check(&self.roots, now_s)?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.cert_url != cert_url);
        if kept.len() >= KEPT_MAX {
            kept.remove(0);
        }
        kept.push(Kept { cert_url: cert_url.into(), chain: Arc::clone(&chain), fetched_at_s: now_s });
        Ok(chain)
    }
}
