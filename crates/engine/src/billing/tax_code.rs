//! Tax codes as each country writes them. Pure.
//!
//! A code is checked as far as that is certain: what can be wrong and still be valid (a Japanese check digit) is a
//! warning, and whether a number is registered is not asked here. A Vietnamese personal number is personal data:
//! `Debug` never shows a tax code, and [`TaxCode::masked`] is what pages show. Sources: Vietnam, decree on tax
//! registration (10 digits with a check digit, branches of 10 and 3) and Circular 86/2024/TT-BTC (the 12-digit personal
//! number from July 2025); Japan, the corporate number and the number of qualified invoice issuers; European Union, the
//! structures published with its VAT number check.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::country::Country;
use super::text::{fold_width, line};

/// Longest tax code of a country without rules of its own, in characters.
pub const MAX_TAX_CODE_CHARS: usize = 40;

/// What a tax code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxScheme {
    /// A Vietnamese enterprise or one of its branches: `0100112437`, `0312687878-001`.
    VnEnterprise,
    /// A Vietnamese person: 12 digits.
    VnPersonal,
    /// A Japanese issuer of qualified invoices: `T` and 13 digits.
    JpInvoice,
    /// A VAT number of the European Union, with its country's prefix.
    EuVat,
    /// Of another country, as it was typed.
    Other,
}

/// A tax code in its one written form.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxCode {
    /// What it is.
    pub scheme: TaxScheme,
    /// As documents show it.
    pub number: String,
}

impl TaxCode {
    /// Reads what somebody in this country typed.
    ///
    /// # Errors
    /// What it must be.
    pub fn read(country: Country, text: &str) -> Result<TaxCode, String> {
        let text = fold_width(text);
        match country.code() {
            "VN" => vietnamese(&text),
            "JP" => japanese(&text),
            code => match EU_FORMS.iter().find(|(known, ..)| *known == code) {
                Some((_, prefix, forms)) => european(prefix, forms, &text),
                None => Ok(TaxCode { scheme: TaxScheme::Other, number: line(&text, MAX_TAX_CODE_CHARS)? }),
            },
        }
    }

    /// What the person who typed it should look at again; it is accepted all the same.
    pub fn warning(&self) -> Option<&'static str> {
        let doubtful = self.scheme == TaxScheme::JpInvoice && !has_corporate_check_digit(&self.number);
        doubtful.then_some("is no corporate number: fine for a sole proprietor, else look for a mistyped digit")
    }

    /// As pages show it: of a person only the last three digits.
    pub fn masked(&self) -> String {
        let shown = if self.scheme == TaxScheme::VnPersonal { 3 } else { usize::MAX };
        let hidden = self.number.chars().count().saturating_sub(shown);
        self.number.chars().enumerate().map(|(at, sign)| if at < hidden { '•' } else { sign }).collect()
    }
}

impl fmt::Debug for TaxCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaxCode({:?}, ***)", self.scheme)
    }
}

fn digits(text: &str) -> Option<Vec<u32>> {
    text.chars().map(|sign| sign.to_digit(10)).collect()
}

/// Ten digits, of which the last follows from the others; a branch adds three; a person has twelve without a rule.
fn vietnamese(text: &str) -> Result<TaxCode, String> {
    const RULE: &str =
        "must be 10 digits, 10 digits with a branch such as 0312687878-001, or the 12 digits of a person";
    let compact: String = text.chars().filter(|sign| *sign != ' ').collect();
    let (head, branch) = match compact.split_once('-') {
        Some((head, branch)) => (head, Some(branch)),
        None if compact.len() == 13 && compact.is_ascii() => (&compact[..10], Some(&compact[10..])),
        None => (compact.as_str(), None),
    };
    let number = digits(head).ok_or(RULE)?;
    if number.len() == 12 && branch.is_none() {
        return Ok(TaxCode { scheme: TaxScheme::VnPersonal, number: head.to_owned() });
    }
    let branch_fits = branch.is_none_or(|branch| digits(branch).is_some_and(|b| b.len() == 3) && branch != "000");
    if number.len() != 10 || !branch_fits {
        return Err(RULE.to_owned());
    }
    const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];
    let sum: u32 = number.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    // A remainder of 0 asks for the digit 10, so there is no such code.
    if number[9] != 10 - sum % 11 {
        return Err(
            "is not a tax code: its last digit does not follow from the others; look for a mistyped one".to_owned()
        );
    }
    let number = branch.map_or(head.to_owned(), |branch| format!("{head}-{branch}"));
    Ok(TaxCode { scheme: TaxScheme::VnEnterprise, number })
}

/// `T` and 13 digits; the `T` may be left out.
fn japanese(text: &str) -> Result<TaxCode, String> {
    let compact: String = text.chars().filter(|sign| !matches!(sign, ' ' | '-')).collect();
    let number = compact.strip_prefix(['T', 't']).unwrap_or(&compact);
    match digits(number) {
        Some(digits) if digits.len() == 13 => {
            Ok(TaxCode { scheme: TaxScheme::JpInvoice, number: format!("T{number}") })
        }
        _ => Err("must be T and 13 digits, such as T7000012050002".to_owned()),
    }
}

/// Whether the first of the 13 digits is the check digit of the rest, as corporate numbers have it.
fn has_corporate_check_digit(number: &str) -> bool {
    let Some(digits) = digits(number.trim_start_matches('T')) else { return false };
    let Some((first, rest)) = digits.split_first() else { return false };
    let sum: u32 = rest.iter().rev().zip([1, 2].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    *first == 9 - sum % 9
}

/// Country, prefix, forms after the prefix: `9` is a digit, `A` a letter, `X` either, `*` either or `+` or `*`; other
/// letters stand for themselves.
const EU_FORMS: &[(&str, &str, &str)] = &[
    ("AT", "AT", "U99999999"),
    ("BE", "BE", "9999999999"),
    ("BG", "BG", "999999999 9999999999"),
    ("CY", "CY", "99999999A"),
    ("CZ", "CZ", "99999999 999999999 9999999999"),
    ("DE", "DE", "999999999"),
    ("DK", "DK", "99999999"),
    ("EE", "EE", "999999999"),
    ("ES", "ES", "X9999999A A99999999"),
    ("FI", "FI", "99999999"),
    ("FR", "FR", "XX999999999"),
    ("GR", "EL", "999999999"),
    ("HR", "HR", "99999999999"),
    ("HU", "HU", "99999999"),
    ("IE", "IE", "9*99999A 9999999A 9999999AA"),
    ("IT", "IT", "99999999999"),
    ("LT", "LT", "999999999 999999999999"),
    ("LU", "LU", "99999999"),
    ("LV", "LV", "99999999999"),
    ("MT", "MT", "99999999"),
    ("NL", "NL", "999999999B99"),
    ("PL", "PL", "9999999999"),
    ("PT", "PT", "999999999"),
    ("RO", "RO", "99 999 9999 99999 999999 9999999 99999999 999999999 9999999999"),
    ("SE", "SE", "999999999999"),
    ("SI", "SI", "99999999"),
    ("SK", "SK", "9999999999"),
];

fn european(prefix: &str, forms: &str, text: &str) -> Result<TaxCode, String> {
    let compact: String = text.chars().filter(|sign| !matches!(sign, ' ' | '.' | '-')).collect();
    let number = compact.to_ascii_uppercase();
    let fits = |rest: &str| forms.split(' ').any(|form| matches_form(form, rest));
    if number.strip_prefix(prefix).is_some_and(fits) {
        return Ok(TaxCode { scheme: TaxScheme::EuVat, number });
    }
    let example: String = forms.split(' ').next().unwrap_or_default().chars().map(example_sign).collect();
    Err(format!("must be a VAT number with its prefix {prefix}, such as {prefix}{example}"))
}

fn matches_form(form: &str, text: &str) -> bool {
    let fits = |(wanted, sign): (char, char)| match wanted {
        '9' => sign.is_ascii_digit(),
        'A' => sign.is_ascii_uppercase(),
        'X' => sign.is_ascii_digit() || sign.is_ascii_uppercase(),
        '*' => sign.is_ascii_digit() || sign.is_ascii_uppercase() || matches!(sign, '+' | '*'),
        itself => sign == itself,
    };
    form.len() == text.len() && text.is_ascii() && form.chars().zip(text.chars()).all(fits)
}

const fn example_sign(wanted: char) -> char {
    match wanted {
        '9' | '*' => '1',
        'X' => 'X',
        itself => itself,
    }
}

#[cfg(test)]
mod tests {
    use super::TaxScheme::{EuVat, JpInvoice, Other, VnEnterprise, VnPersonal};
    use super::*;

    fn read(country: &str, text: &str) -> Result<TaxCode, String> {
        TaxCode::read(Country::parse(country).unwrap(), text)
    }

    #[test]
    fn tax_codes_are_read_in_one_written_form() {
        // country, as typed, what it is, as written
        let table = [
            ("VN", "0100112437", VnEnterprise, "0100112437"),
            ("VN", "0100047516", VnEnterprise, "0100047516"),
            ("VN", " 0100 112 437 ", VnEnterprise, "0100112437"),
            ("VN", "0312687878-001", VnEnterprise, "0312687878-001"),
            ("VN", "0312687878001", VnEnterprise, "0312687878-001"),
            ("VN", "0312687878-999", VnEnterprise, "0312687878-999"),
            ("VN", "079012345678", VnPersonal, "079012345678"),
            ("JP", "T7000012050002", JpInvoice, "T7000012050002"),
            ("JP", "7000012050002", JpInvoice, "T7000012050002"),
            ("JP", "Ｔ７００００１２０５０００２", JpInvoice, "T7000012050002"),
            ("JP", "t7-0000-1205-0002", JpInvoice, "T7000012050002"),
            ("DE", "DE136695976", EuVat, "DE136695976"),
            ("DE", "de 136.695.976", EuVat, "DE136695976"),
            ("GR", "EL094259216", EuVat, "EL094259216"),
            ("FR", "FRXX999999999", EuVat, "FRXX999999999"),
            ("AT", "ATU12345678", EuVat, "ATU12345678"),
            ("ES", "ESX1234567R", EuVat, "ESX1234567R"),
            ("ES", "ESB12345678", EuVat, "ESB12345678"),
            ("IE", "IE6388047V", EuVat, "IE6388047V"),
            ("IE", "IE6433435OA", EuVat, "IE6433435OA"),
            ("IE", "IE8D79739I", EuVat, "IE8D79739I"),
            ("NL", "NL004495445B01", EuVat, "NL004495445B01"),
            ("RO", "RO99", EuVat, "RO99"),
            ("US", " 12-3456789 ", Other, "12-3456789"),
            ("GB", "GB999 9999 73", Other, "GB999 9999 73"),
        ];
        for (country, text, scheme, number) in table {
            let code = read(country, text).unwrap_or_else(|error| panic!("{country} {text}: {error}"));
            assert_eq!((code.scheme, code.number.as_str()), (scheme, number), "{country} {text}");
        }
    }

    #[test]
    fn what_is_no_tax_code_is_refused() {
        let long = "1".repeat(41);
        // country, as typed, part of the rule
        let table = [
            ("VN", "", "10 digits"),
            ("VN", "0100112438", "last digit"),
            ("VN", "0100112473", "last digit"),
            // The first nine sum to a multiple of 11: no digit fits.
            ("VN", "0000000000", "last digit"),
            ("VN", "010011243", "10 digits"),
            ("VN", "01001124370", "10 digits"),
            ("VN", "0100112437-000", "10 digits"),
            ("VN", "0100112437-01", "10 digits"),
            ("VN", "079012345678-001", "10 digits"),
            ("VN", "07901234567a", "10 digits"),
            ("VN", "0100112437-001-002", "10 digits"),
            ("VN", "ééééééé", "10 digits"),
            ("JP", "T700001205000", "T and 13 digits"),
            ("JP", "TT7000012050002", "T and 13 digits"),
            ("JP", "", "T and 13 digits"),
            ("DE", "136695976", "prefix DE, such as DE111111111"),
            ("DE", "DE13669597", "prefix DE"),
            ("DE", "FR136695976", "prefix DE"),
            ("GR", "GR094259216", "prefix EL"),
            ("ES", "ES123456789", "prefix ES"),
            ("NL", "NL004495445A01", "prefix NL"),
            ("DE", "DE13669597é", "prefix DE"),
            ("US", "", "1 to 40"),
            ("US", "1\n2", "1 to 40"),
            ("US", long.as_str(), "1 to 40"),
        ];
        for (country, text, rule) in table {
            let error = read(country, text).expect_err(text);
            assert!(error.contains(rule), "{country} {text}: {error}");
        }
    }

    #[test]
    fn a_mistyped_digit_of_an_enterprise_is_found() {
        let mut found = 0;
        for place in 0..10 {
            for digit in '0'..='9' {
                let mut text: Vec<char> = "0100112437".chars().collect();
                if std::mem::replace(&mut text[place], digit) != digit {
                    assert!(read("VN", &text.iter().collect::<String>()).is_err(), "{place} {digit}");
                    found += 1;
                }
            }
        }
        assert_eq!(found, 90);
    }

    #[test]
    fn a_doubtful_japanese_number_is_a_warning() {
        for (number, doubtful) in [("T7000012050002", false), ("T7000012050003", true), ("T1234567890123", true)] {
            assert_eq!(read("JP", number).unwrap().warning().is_some(), doubtful, "{number}");
        }
        // A swap of 0 and 9 cannot be seen: the sum is taken modulo 9.
        assert_eq!(read("JP", "T7900012050002").unwrap().warning(), None);
        assert_eq!(read("DE", "DE136695976").unwrap().warning(), None);
    }

    #[test]
    fn a_person_is_not_shown() {
        let person = read("VN", "079012345678").unwrap();
        assert_eq!(person.masked(), "•••••••••678");
        assert_eq!(read("VN", "0100112437").unwrap().masked(), "0100112437");
        assert!(
            !format!("{person:?} {:?}", read("DE", "DE136695976").unwrap())
                .contains(|sign: char| sign.is_ascii_digit())
        );
    }
}
