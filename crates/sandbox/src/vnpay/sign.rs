//! VNPay's two checksums, both HMAC-SHA512 in lower-case hex: of addresses and notices over the sorted, form-encoded
//! query, of API messages over their values joined by `|`.

use std::collections::BTreeMap;
use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;

/// Parameters by name, decoded.
pub type Params = BTreeMap<String, String>;

/// The name of the checksum everywhere.
pub(crate) const SECURE_HASH: &str = "vnp_SecureHash";

/// The checksum of a message: 128 hex digits, lower case.
pub fn sign(secret: &str, message: &str) -> String {
    // HMAC takes a key of any length.
    let mut mac = Hmac::<Sha512>::new_from_slice(secret.as_bytes()).expect("HMAC accepts every key");
    mac.update(message.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// The query of an address or notice, its checksum last: `vnp_Amount=50000000&…&vnp_SecureHash=84ef…`.
pub fn signed_query(secret: &str, params: &Params) -> String {
    let query = canonical(params);
    format!("{query}&{SECURE_HASH}={}", sign(secret, &query))
}

/// What is signed: the `vnp_` parameters that have a value, sorted by name, form-encoded.
pub(crate) fn canonical(params: &Params) -> String {
    let signed = params.iter().filter(|(name, value)| {
        name.starts_with("vnp_")
            && !value.is_empty()
            && !["vnp_SecureHash", "vnp_SecureHashType"].contains(&name.as_str())
    });
    let pairs: Vec<String> = signed.map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// Whether parameters carry the checksum of this secret, in either letter case.
pub(crate) fn is_signed(secret: &str, params: &Params) -> bool {
    params.get(SECURE_HASH).is_some_and(|hash| hash.eq_ignore_ascii_case(&sign(secret, &canonical(params))))
}

/// The values of these fields joined by `|`; an absent one leaves its place empty.
pub(crate) fn joined(fields: &[&str], values: &Params) -> String {
    let values: Vec<&str> = fields.iter().map(|field| values.get(*field).map_or("", String::as_str)).collect();
    values.join("|")
}

/// The parameters of a raw query; `None` when it is malformed or a name comes twice.
pub(crate) fn parse(query: &str) -> Option<Params> {
    let mut params = Params::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if params.insert(decode(name)?, decode(value)?).is_some() {
            return None;
        }
    }
    Some(params)
}

/// Form encoding: letters, digits and `* - . _` stand, a space is `+`, every other byte is `%XX`.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => encoded.push(char::from(byte)),
            b' ' => encoded.push('+'),
            // Writing to a String cannot fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                *hex::decode(digits).ok()?.first()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // From the vectors made with the npm package `vnpay` 2.5.0 and re-checked with an independent program.
    const SECRET: &str = "TESTSECRETKEY0123456789ABCDEFGHIJ";

    #[test]
    fn a_query_is_signed_as_vnpay_signs() {
        let unsigned = "vnp_Amount=50000000&vnp_Command=pay&vnp_CreateDate=20261120161500&vnp_CurrCode=VND\
            &vnp_ExpireDate=20261120163000&vnp_IpAddr=203.0.113.7&vnp_Locale=vn\
            &vnp_OrderInfo=A-b_c.d*e%7Ef%21g%28h%29i%27j+k%3Al%2Fm%2Cn%2Bo%3Dp%26q%25r%23s%40t&vnp_OrderType=other\
            &vnp_ReturnUrl=https%3A%2F%2Fbilling.example.com%2Freturn%2Fvnpay%3Ftenant%3Dt1&vnp_TmnCode=TESTTMN1\
            &vnp_TxnRef=TU-2_3&vnp_Version=2.1.0";
        let hash = "7fb32f5b42b8bb75d52f5b046f270b3f6aa38f7b85f2ac06471c9a8cfcb7835ce5f0c266020557221b583ca025aac9b3e\
            f6adbff1485a7c7759525dc9c392017";
        let params = parse(unsigned).unwrap();
        assert_eq!(params["vnp_OrderInfo"], "A-b_c.d*e~f!g(h)i'j k:l/m,n+o=p&q%r#s@t");
        assert_eq!(signed_query(SECRET, &params), format!("{unsigned}&vnp_SecureHash={hash}"));
    }

    #[test]
    fn a_checksum_is_recognised_however_the_query_is_written() {
        let hash = "8b0cf50309c065a9a50c3001df32abc6d9a65d200e07fca1d1d24e2117463f2628592f4b16efc7b2ad1ccafea5454fd40\
            cf5a00147d602d6a8999c1289d96c58";
        let good = "vnp_Amount=50000000&vnp_Command=pay&vnp_CreateDate=20261120161500&vnp_CurrCode=VND\
            &vnp_ExpireDate=20261120163000&vnp_IpAddr=203.0.113.7&vnp_Locale=vn\
            &vnp_OrderInfo=N%E1%BA%A1p+ti%E1%BB%81n+t%C3%A0i+kho%E1%BA%A3n&vnp_OrderType=other\
            &vnp_ReturnUrl=https%3A%2F%2Fbilling.example.com%2Freturn%2Fvnpay%3Ftenant%3Dt1&vnp_TmnCode=TESTTMN1\
            &vnp_TxnRef=TU20261120000001&vnp_Version=2.1.0";
        let signed = |query: &str, hash: &str| {
            parse(&format!("{query}&vnp_SecureHash={hash}")).is_some_and(|params| is_signed(SECRET, &params))
        };
        assert!(signed(good, hash) && signed(good, &hash.to_uppercase()));
        assert!(signed(&format!("tenant=t1&vnp_Extra=&vnp_SecureHashType=HMACSHA512&{good}"), hash));
        assert!(signed(&good.replace('+', "%20").replace("%E1", "%e1"), hash));
        let bad = [
            good.replace("50000000", "50000001"),
            good.replace("vnp_Version=2.1.0", "vnp_Version=2.1.0&vnp_Version=2.1.0"),
            good.replace("%E1%BA%A1", "%E1%BA"),
            good.replace("%E1%BA%A1", "%"),
            format!("{good}&vnp_Extra=1"),
        ];
        for query in bad {
            assert!(!signed(&query, hash), "{query}");
        }
        assert!(!signed(good, "") && !signed(good, &sign("another secret", good)));
        assert!(!is_signed(SECRET, &parse(good).unwrap()));
    }

    #[test]
    fn values_are_joined_by_bars() {
        let values = Params::from([("b".to_owned(), "2".to_owned()), ("d".to_owned(), "4".to_owned())]);
        assert_eq!(joined(&["a", "b", "c", "d", "e"], &values), "|2||4|");
        let message = "q20261120000001|2.1.0|querydr|TESTTMN1|TU20261120000001|20261120161500|20261120170000\
            |198.51.100.10|Truy van TU20261120000001";
        let hash = "fe8b3e854be9ee307f9a04005fbd86287263577bcd4d4e078cc67f5176a3fc0c1967da5e479d6084adad4355e11e557f3\
            7087dab24080f1078349079124a41de";
        assert_eq!(sign(SECRET, message), hash);
    }
}
