//! The cookie of a session: its name and what browsers are told about it.
//!
//! `__Host-` makes browsers insist on https, on the whole site and on no other host. They refuse that name by http, but
//! some of them not on this machine; so a server whose public address is http on a loopback address, a demo, has a plain
//! name, and only there. Lax and not Strict, because the way back from a gateway comes from another site. Source: OWASP
//! ASVS 5.0, 3.3.1 to 3.3.4; MDN on cookie prefixes.

use super::Realm;
use crate::settings::Secret;

/// Which cookie a browser keeps for a realm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCookie {
    /// Its name.
    pub name: &'static str,
    is_secure: bool,
}

impl SessionCookie {
    /// The cookie of a realm, on a server with this public address.
    pub fn of(realm: Realm, public_url: &str) -> SessionCookie {
        let is_secure = !is_loopback(public_url);
        let name = match (realm, is_secure) {
            (Realm::Customer, true) => "__Host-scrip",
            (Realm::Customer, false) => "scrip",
            (Realm::Operator, true) => "__Host-scrip-console",
            (Realm::Operator, false) => "scrip-console",
        };
        SessionCookie { name, is_secure }
    }

    /// The cookie that the forms of somebody who is not signed in are tied to.
    pub fn of_guest(public_url: &str) -> SessionCookie {
        let is_secure = !is_loopback(public_url);
        SessionCookie { name: if is_secure { "__Host-scrip-guest" } else { "scrip-guest" }, is_secure }
    }

    /// The value of `Set-Cookie` that keeps a session as long as the browser is open; the server ends it earlier.
    pub fn kept(&self, token: &Secret) -> String {
        self.text(token.expose())
    }

    /// The value of `Set-Cookie` that forgets it.
    pub fn forgotten(&self) -> String {
        self.text("") + "; Max-Age=0"
    }

    fn text(&self, value: &str) -> String {
        let secure = if self.is_secure { "; Secure" } else { "" };
        format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}", self.name)
    }
}

/// Whether an address is http on this machine.
fn is_loopback(public_url: &str) -> bool {
    let Some(authority) = public_url.strip_prefix("http://") else { return false };
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split([':', '/']).next().unwrap_or_default(),
    };
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_demo_has_a_plain_cookie() {
        // public address, name
        let table = [
            ("https://pay.example", "__Host-scrip"),
            ("http://pay.example", "__Host-scrip"),
            ("https://127.0.0.1:8443", "__Host-scrip"),
            ("http://127.0.0.1:8080", "scrip"),
            ("http://[::1]:8080", "scrip"),
            ("http://localhost", "scrip"),
            ("http://localhost.evil.example", "__Host-scrip"),
            ("http://10.0.0.1", "__Host-scrip"),
        ];
        for (url, name) in table {
            assert_eq!(SessionCookie::of(Realm::Customer, url).name, name, "{url}");
        }
    }

    #[test]
    fn browsers_are_told_everything() {
        let cookie = SessionCookie::of(Realm::Operator, "https://pay.example");
        let kept = cookie.kept(&Secret::new("t"));
        assert_eq!(kept, "__Host-scrip-console=t; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(cookie.forgotten(), "__Host-scrip-console=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0");
        let plain = SessionCookie::of(Realm::Customer, "http://127.0.0.1:1").kept(&Secret::new("t"));
        assert_eq!(plain, "scrip=t; Path=/; HttpOnly; SameSite=Lax");
    }
}
