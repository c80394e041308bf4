//! Ways to pay and the test payers: VNPay's published test cards, and a few of the sandbox's own for the codes that no
//! published card leads to (numbers that begin with `97041999`, ending in the code).
//!
//! Dates of domestic cards must be as printed; of international ones any month that is not over, because the printed
//! ones lapse (own choice).

use super::codes::{NO_MONEY, PAID, Said, UNDER_REVIEW};

/// What the page asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The payer's app answers; nothing is typed.
    Qr,
    /// Number, holder, date of issue, one-time code.
    Domestic,
    /// Number, holder, expiry, CVV; a one-time code only with 3-D Secure.
    International,
}

/// A way to pay.
#[derive(Debug)]
pub(crate) struct Method {
    /// `vnp_BankCode` of an address that asks for it.
    pub code: &'static str,
    pub kind: Kind,
    pub name: Said,
}

const fn method(code: &'static str, kind: Kind, vi: &'static str, en: &'static str) -> Method {
    Method { code, kind, name: Said { vi, en } }
}

static METHODS: &[Method] = &[
    method("VNPAYQR", Kind::Qr, "Ứng dụng thanh toán hỗ trợ VNPAY-QR", "App with VNPAY-QR"),
    method("NCB", Kind::Domestic, "Ngân hàng NCB", "NCB bank"),
    method("NAPAS", Kind::Domestic, "Thẻ nội địa NAPAS", "NAPAS domestic card"),
    method("EXIMBANK", Kind::Domestic, "Ngân hàng EXIMBANK", "EXIMBANK"),
    method(
        "INTCARD",
        Kind::International,
        "Thẻ quốc tế (Visa, Mastercard, JCB)",
        "International card (Visa, Mastercard, JCB)",
    ),
];

/// The ways that an address offers, by its `vnp_BankCode`; empty when the code is not supported.
pub(crate) fn offered(bank_code: Option<&str>) -> Vec<&'static Method> {
    METHODS
        .iter()
        .filter(|method| match bank_code {
            None => true,
            Some("VNBANK") => method.kind == Kind::Domestic,
            Some("VISA" | "MASTERCARD" | "JCB") => method.kind == Kind::International,
            Some(code) => method.code == code,
        })
        .collect()
}

/// A test payer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TestCard {
    pub number: &'static str,
    pub date: &'static str,
    /// The one-time code that is right; none is asked for when `None`.
    pub otp: Option<&'static str>,
    /// The [`Method`] that takes it.
    pub method: &'static str,
    /// `vnp_BankCode` of the notice.
    pub bank_code: &'static str,
    /// `vnp_CardType` of the notice.
    pub card_type: &'static str,
    /// How a payment with it ends.
    pub code: &'static str,
    /// The bank refuses before it asks for a one-time code.
    pub at_once: bool,
}

/// The holder of every test card.
pub(crate) const HOLDER: &str = "NGUYEN VAN A";
/// The CVV of every international one.
pub(crate) const CVV: &str = "123";

const OTP: Option<&str> = Some("123456");

const fn ncb(number: &'static str, code: &'static str, at_once: bool) -> TestCard {
    domestic("NCB", number, "07/15", OTP, code, at_once)
}

const fn domestic(
    bank: &'static str,
    number: &'static str,
    date: &'static str,
    otp: Option<&'static str>,
    code: &'static str,
    at_once: bool,
) -> TestCard {
    TestCard { number, date, otp, method: bank, bank_code: bank, card_type: "ATM", code, at_once }
}

const fn international(brand: &'static str, number: &'static str, otp: Option<&'static str>) -> TestCard {
    let (method, date) = ("INTCARD", "12/30");
    TestCard { number, date, otp, method, bank_code: brand, card_type: brand, code: PAID, at_once: false }
}

static CARDS: &[TestCard] = &[
    ncb("9704198526191432198", PAID, false),
    ncb("9704195798459170488", NO_MONEY, false),
    ncb("9704192181368742", "09", true),
    ncb("9704193370791314", "12", true),
    // VNPay has no code of its own for a card that has run out: own choice.
    ncb("9704194841945513", "99", true),
    ncb("9704199900000007", UNDER_REVIEW, false),
    ncb("9704199900000065", "65", false),
    ncb("9704199900000075", "75", true),
    ncb("9704199900000079", "79", false),
    domestic("NAPAS", "9704000000000018", "03/07", Some("otp"), PAID, false),
    domestic("NAPAS", "9704020000000016", "03/07", Some("otp"), PAID, false),
    domestic("EXIMBANK", "9704310005819191", "10/26", OTP, PAID, false),
    international("VISA", "4456530000001005", None),
    international("VISA", "4456530000001096", OTP),
    international("MASTERCARD", "5200000000001005", None),
    international("MASTERCARD", "5200000000001096", OTP),
    international("JCB", "3337000000000008", None),
    international("JCB", "3337000000200004", OTP),
];

/// Who pays by [`Kind::Qr`]: the app of an NCB account.
pub(crate) static APP: TestCard = TestCard {
    number: "",
    date: "",
    otp: None,
    method: "VNPAYQR",
    bank_code: "NCB",
    card_type: "QRCODE",
    code: PAID,
    at_once: false,
};

/// The cards that a way to pay takes, the one that pays first.
pub(crate) fn taken_by(method: &Method) -> impl Iterator<Item = &'static TestCard> {
    CARDS.iter().filter(move |card| card.method == method.code)
}

/// The card of a way to pay that pays.
pub(crate) fn usual(method: &Method) -> &'static TestCard {
    taken_by(method).next().unwrap_or(&APP)
}

/// The payer whom a control call plays: with the first card that is offered, else with the app.
pub(crate) fn usual_of(offered: &[&'static Method]) -> &'static TestCard {
    let with_card = offered.iter().find(|method| method.kind != Kind::Qr);
    with_card.map_or(&APP, |method| usual(method))
}

/// What a person typed on the card page.
#[derive(Debug, Default)]
pub(crate) struct Typed<'a> {
    pub number: &'a str,
    pub holder: &'a str,
    /// `MM/YY`.
    pub date: &'a str,
    pub cvv: &'a str,
}

/// The test card that was typed; `None` when anything is wrong. `today` is `yyyyMMdd`.
pub(crate) fn recognise(method: &Method, typed: &Typed<'_>, today: &str) -> Option<&'static TestCard> {
    let number: String = typed.number.chars().filter(|letter| !letter.is_whitespace()).collect();
    let holder: Vec<String> = typed.holder.split_whitespace().map(str::to_uppercase).collect();
    let card = taken_by(method).find(|card| card.number == number)?;
    let fits = match method.kind {
        Kind::International => typed.cvv.trim() == CVV && !is_over(typed.date.trim(), today)?,
        Kind::Domestic | Kind::Qr => typed.date.trim() == card.date,
    };
    (fits && holder.join(" ") == HOLDER).then_some(card)
}

/// Whether the month of an expiry `MM/YY` is over; `None` when it is none.
fn is_over(expiry: &str, today: &str) -> Option<bool> {
    let (month, year) = expiry.split_once('/')?;
    let well_formed =
        [month, year].iter().all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()));
    if !well_formed || !("01"..="12").contains(&month) {
        return None;
    }
    Some(format!("20{year}{month}").as_str() < today.get(..6)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vnpay::codes;

    #[test]
    fn a_card_is_recognised_only_with_all_its_data() {
        let typed = |number, holder, date, cvv| Typed { number, holder, date, cvv };
        let cases = [
            ("NCB", typed("9704198526191432198", HOLDER, "07/15", ""), true),
            ("NCB", typed("9704 1985 2619 1432 198", " nguyen  van a ", " 07/15", ""), true),
            ("NCB", typed("9704198526191432198", "NGUYEN VAN B", "07/15", ""), false),
            ("NCB", typed("9704198526191432198", HOLDER, "07/16", ""), false),
            ("NCB", typed("9704000000000018", HOLDER, "03/07", ""), false),
            ("NAPAS", typed("9704000000000018", HOLDER, "03/07", ""), true),
            ("INTCARD", typed("4456530000001005", HOLDER, "12/26", "123"), true),
            ("INTCARD", typed("4456530000001005", HOLDER, "11/26", "123"), true),
            ("INTCARD", typed("4456530000001005", HOLDER, "10/26", "123"), false),
            ("INTCARD", typed("4456530000001005", HOLDER, "13/30", "123"), false),
            ("INTCARD", typed("4456530000001005", HOLDER, "1/30", "123"), false),
            ("INTCARD", typed("4456530000001005", HOLDER, "12/26", "124"), false),
            ("INTCARD", typed("", HOLDER, "12/26", "123"), false),
        ];
        for (code, typed, known) in cases {
            let method = offered(Some(code))[0];
            assert_eq!(recognise(method, &typed, "20261120").is_some(), known, "{code} {typed:?}");
        }
    }

    #[test]
    fn every_bank_code_of_the_documentation_is_offered() {
        let cases = [
            (None, 5),
            (Some("VNPAYQR"), 1),
            (Some("VNBANK"), 3),
            (Some("INTCARD"), 1),
            (Some("VISA"), 1),
            (Some("NCB"), 1),
            (Some("ncb"), 0),
            (Some("MYBANK"), 0),
        ];
        for (bank_code, count) in cases {
            assert_eq!(offered(bank_code).len(), count, "{bank_code:?}");
        }
    }

    #[test]
    fn every_method_has_a_payer_who_pays_and_every_card_a_known_end() {
        for method in METHODS {
            assert_eq!((usual(method).code, usual(method).method), (PAID, method.code));
        }
        for card in CARDS {
            assert!(codes::find(card.code).is_some() && !offered(Some(card.method)).is_empty(), "{}", card.number);
            assert!(!card.at_once || card.code != PAID, "{}", card.number);
        }
    }
}
