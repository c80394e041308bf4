//! What VNPay's fields can hold: times in GMT+7, plain letters, addresses, our reference.
//!
//! Everything that is sent keeps to an alphabet on which all encoders agree, and never has a `|`, which separates
//! values under the API's checksums. Deliberately absent: accents of languages other than Vietnamese; such letters
//! become blanks.

use std::net::IpAddr;

use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Vietnam keeps GMT+7 all year.
const VIETNAM: Offset = Offset::constant(7);
/// The length of `yyyyMMddHHmmss`.
const TIME_CHARS: usize = 14;
/// VNPay's limits for `vnp_TxnRef` and `vnp_IpAddr`.
const REFERENCE_MAX_CHARS: usize = 100;
const ADDRESS_MIN_CHARS: usize = 7;

/// The letters with their Vietnamese forms, composed, lower case.
const ACCENTED: [(char, &str); 7] = [
    ('a', "àáảãạăằắẳẵặâầấẩẫậ"),
    ('d', "đ"),
    ('e', "èéẻẽẹêềếểễệ"),
    ('i', "ìíỉĩị"),
    ('o', "òóỏõọôồốổỗộơờớởỡợ"),
    ('u', "ùúủũụưừứửữự"),
    ('y', "ỳýỷỹỵ"),
];

/// Unix seconds as `yyyyMMddHHmmss` in GMT+7; `None` beyond year 9999.
pub(crate) fn time(at_s: i64) -> Option<String> {
    let time = VIETNAM.to_datetime(jiff::Timestamp::from_second(at_s).ok()?);
    Some(time.strftime("%Y%m%d%H%M%S").to_string())
}

/// Unix seconds from `yyyyMMddHHmmss` in GMT+7.
pub(crate) fn read_time(text: &str) -> Option<i64> {
    if text.len() != TIME_CHARS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year = text[..4].parse().ok()?;
    let part = |from: usize| text[from..from + 2].parse::<i8>().ok();
    let time = DateTime::new(year, part(4)?, part(6)?, part(8)?, part(10)?, part(12)?, 0).ok()?;
    Some(VIETNAM.to_timestamp(time).ok()?.as_second())
}

/// Days since 1970 in GMT+7: within one, VNPay takes a request id once.
pub(crate) fn day(at_s: i64) -> i64 {
    at_s.saturating_add(i64::from(VIETNAM.seconds())).div_euclid(86_400)
}

/// A text in `[A-Za-z0-9 .:,_-]`: Vietnamese without accents, anything else as one blank, cut to so many characters.
pub(crate) fn plain(text: &str, max_chars: usize) -> String {
    let folded: String = text.chars().filter(|letter| !matches!(letter, '\u{300}'..='\u{36f}')).map(fold).collect();
    let mut plain = folded.split_whitespace().collect::<Vec<_>>().join(" ");
    plain.truncate(max_chars);
    plain.truncate(plain.trim_end().len());
    plain
}

fn fold(letter: char) -> char {
    if letter.is_ascii_alphanumeric() || ".:,_-".contains(letter) {
        return letter;
    }
    let lower = letter.to_lowercase().next().unwrap_or(letter);
    match ACCENTED.iter().find(|(_, forms)| forms.contains(lower)) {
        Some((plain, _)) if letter == lower => *plain,
        Some((plain, _)) => plain.to_ascii_uppercase(),
        None => ' ',
    }
}

/// An address in 7 to 45 characters: IPv4 also when it came mapped into IPv6, a short IPv6 (`2::1`) written in full.
pub(crate) fn address(address: IpAddr) -> String {
    let address = address.to_canonical();
    match (address, address.to_string()) {
        (IpAddr::V6(six), short) if short.len() < ADDRESS_MIN_CHARS => {
            six.segments().map(|group| format!("{group:04x}")).join(":")
        }
        (_, text) => text,
    }
}

/// Whether a text can be a `vnp_TxnRef`: 1 to 100 letters, digits, `-` and `_`.
pub(crate) fn is_reference(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    plain && (1..=REFERENCE_MAX_CHARS).contains(&text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_vietnam() {
        // Unix seconds, text, day
        let cases = [
            (1_795_166_100, "20261120161500", 20_777),
            (1_795_193_999, "20261120235959", 20_777),
            (1_795_194_000, "20261121000000", 20_778),
            (0, "19700101070000", 0),
            (-25_201, "19691231235959", -1),
            (1_709_139_600, "20240229000000", 19_782),
        ];
        for (at_s, text, vietnam_day) in cases {
            assert_eq!(time(at_s).as_deref(), Some(text), "{at_s}");
            assert_eq!(read_time(text), Some(at_s), "{text}");
            assert_eq!(day(at_s), vietnam_day, "{at_s}");
        }
        assert_eq!(time(i64::MAX), None);
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in [
            "",
            "2026112016150",
            "202611201615000",
            "20261320161500",
            "20250229000000",
            "2026112016150x",
            "+0261120161500",
        ] {
            assert_eq!(read_time(text), None, "{text:?}");
        }
    }

    #[test]
    fn texts_lose_what_encoders_differ_on() {
        let cases = [
            ("Nạp tiền tài khoản", "Nap tien tai khoan"),
            ("ĐƯỜNG Đặng Thuỷ, số 5", "DUONG Dang Thuy, so 5"),
            ("na\u{323}p tie\u{302}\u{300}n", "nap tien"),
            ("Top-up TU_1.2 : 25 USD", "Top-up TU_1.2 : 25 USD"),
            ("a|b&c=d+e%f#g'h(i)~j*k!", "a b c d e f g h i j k"),
            ("  チャージ  500,000 ₫ ", "500,000"),
            ("línea\r\nnueva", "linea nueva"),
            ("日本語", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text, 255), expected, "{text}");
        }
        assert_eq!(plain("abc def", 4), "abc");
        assert_eq!(plain(&"ệ".repeat(300), 255).len(), 255);
    }

    #[test]
    fn addresses_fit_the_field() {
        let cases = [
            ("203.0.113.7", "203.0.113.7"),
            ("1.1.1.1", "1.1.1.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2::1", "0002:0000:0000:0000:0000:0000:0000:0001"),
            ("2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"),
        ];
        for (given, expected) in cases {
            assert_eq!(address(given.parse().unwrap()), expected, "{given}");
            assert!((7..=45).contains(&expected.len()));
        }
    }

    #[test]
    fn references_have_letters_digits_dash_and_underscore() {
        let long = "a".repeat(100);
        for text in ["pay_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b", "TU-2_3", long.as_str()] {
            assert!(is_reference(text), "{text}");
        }
        let longer = "a".repeat(101);
        for text in ["", "pay 1", "pay|1", "pay.1", "páy", "pay&1", longer.as_str()] {
            assert!(!is_reference(text), "{text}");
        }
    }
}
