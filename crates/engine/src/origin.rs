//! Where a request came from: an address for limits and the record, and whether one of our own pages sent it.
//!
//! Pure: headers in, facts out. Invariant: nobody but a proxy that the operator named speaks for another address.

use std::net::IpAddr;

use http::{HeaderMap, HeaderValue, header};

/// Longest user agent that is remembered, in characters.
const USER_AGENT_CHARS: usize = 200;

/// Where a request came from, for the record and for limits. Cheap to clone; empty for what nobody sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The caller's address, as far as it is known.
    pub address: Option<IpAddr>,
    /// The header `User-Agent`.
    pub user_agent: Option<HeaderValue>,
}

impl Origin {
    /// Where a request of this peer came from: the peer, or the last address in `X-Forwarded-For` that no trusted proxy
    /// has.
    pub fn of(peer: Option<IpAddr>, headers: &HeaderMap, trusted_proxies: &[IpAddr]) -> Origin {
        let lines = headers.get_all("x-forwarded-for").into_iter().rev().filter_map(|line| line.to_str().ok());
        let mut earlier = lines.flat_map(|line| line.rsplit(',')).map_while(|text| text.trim().parse::<IpAddr>().ok());
        let mut address = peer.map(|peer| peer.to_canonical());
        while let Some(proxy) = address.filter(|address| trusted_proxies.contains(address)) {
            address = Some(earlier.next().map_or(proxy, |address| address.to_canonical()));
            if address == Some(proxy) {
                break;
            }
        }
        Origin { address, user_agent: headers.get(header::USER_AGENT).cloned() }
    }

    /// The user agent as far as it is readable, at most 200 characters.
    pub fn user_agent(&self) -> Option<String> {
        let text = self.user_agent.as_ref()?.to_str().ok()?;
        Some(text.chars().take(USER_AGENT_CHARS).collect())
    }
}

/// Whether a page of ours sent a request that changes something, as far as its browser says: it has to say so in
/// `Sec-Fetch-Site` or `Origin`, and in neither anything else. Source: OWASP ASVS 5.0, 3.5.1.
pub fn is_own_page(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text("host").unwrap_or_default();
    // Behind a proxy the host may be another one than the browser's, and the public address settles it.
    let is_ours = |origin: &str| {
        let named = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        origin == public_url || named.is_some_and(|named| !named.is_empty() && named == host)
    };
    match (text("sec-fetch-site"), text("origin")) {
        (None, None) => false,
        (site, origin) => site.is_none_or(|site| site == "same-origin") && origin.is_none_or(is_ours),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_speak_for_others() {
        let trusted: Vec<IpAddr> = ["10.0.0.1", "10.0.0.2"].map(|text| text.parse().unwrap()).into();
        // peer, X-Forwarded-For line by line, address
        let table: &[(&str, &[&str], &str)] = &[
            ("203.0.113.7", &[], "203.0.113.7"),
            ("203.0.113.7", &["198.51.100.1"], "203.0.113.7"),
            ("::ffff:203.0.113.7", &[], "203.0.113.7"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["192.0.2.66, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["192.0.2.66", "198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["192.0.2.66, 10.0.0.2"], "192.0.2.66"),
            ("10.0.0.1", &["192.0.2.66, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.1"], "10.0.0.1"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
        ];
        for (peer, lines, address) in table {
            let mut headers = HeaderMap::new();
            for line in *lines {
                headers.append("x-forwarded-for", HeaderValue::from_static(line));
            }
            let origin = Origin::of(Some(peer.parse().unwrap()), &headers, &trusted);
            assert_eq!(origin.address.unwrap().to_string(), *address, "{peer} {lines:?}");
        }
        assert_eq!(Origin::of(None, &HeaderMap::new(), &trusted), Origin::default());
    }

    #[test]
    fn only_our_own_pages_are_ours() {
        const OURS: &str = "https://pay.example";
        // Sec-Fetch-Site, Origin, Host, whether it is ours
        let table = [
            ("same-origin", OURS, "pay.example", true),
            ("same-origin", "", "pay.example", true),
            ("", OURS, "inner:8080", true),
            ("", "http://127.0.0.1:8080", "127.0.0.1:8080", true),
            ("", "", "pay.example", false),
            ("cross-site", OURS, "pay.example", false),
            ("same-site", OURS, "pay.example", false),
            ("none", OURS, "pay.example", false),
            ("same-origin", "https://evil.example", "pay.example", false),
            ("", "https://pay.example.evil.example", "pay.example", false),
            ("", "null", "pay.example", false),
            ("", "https://", "", false),
        ];
        for (site, origin, host, expected) in table {
            let mut headers = HeaderMap::new();
            for (name, value) in [("sec-fetch-site", site), ("origin", origin), ("host", host)] {
                if !value.is_empty() {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            assert_eq!(is_own_page(&headers, OURS), expected, "{site} {origin} {host}");
        }
    }
}
