//! Money in words: one line a case.
#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use documents::words::{MAX, integer, money, sentence_case};
use documents::{Language, Money};
use ledger::Unit;

#[test]
fn money_is_said_in_three_languages() {
    let cases = [
        ("VND", "500000", ["five hundred thousand dong", "50万ドン", "năm trăm nghìn đồng"]),
        ("VND", "0", ["zero dong", "0ドン", "không đồng"]),
        (
            "VND",
            "1205000",
            ["one million two hundred five thousand dong", "120万5000ドン", "một triệu hai trăm linh năm nghìn đồng"],
        ),
        ("JPY", "500000", ["five hundred thousand yen", "50万円", "năm trăm nghìn yên"]),
        ("JPY", "3000", ["three thousand yen", "3000円", "ba nghìn yên"]),
        (
            "JPY",
            "123456789",
            [
                "one hundred twenty-three million four hundred fifty-six thousand seven hundred eighty-nine yen",
                "1億2345万6789円",
                "một trăm hai mươi ba triệu bốn trăm năm mươi sáu nghìn bảy trăm tám mươi chín yên",
            ],
        ),
        ("USD", "25", ["twenty-five US dollars", "25ドル", "hai mươi lăm đô la Mỹ"]),
        ("USD", "1.01", ["one US dollar and one cent", "1ドル1セント", "một đô la Mỹ và một xu"]),
        (
            "USD",
            "19.21",
            ["nineteen US dollars and twenty-one cents", "19ドル21セント", "mười chín đô la Mỹ và hai mươi mốt xu"],
        ),
        ("EUR", "0.50", ["zero euros and fifty cents", "0ユーロ50セント", "không euro và năm mươi xu"]),
        ("CREDIT", "10000", ["ten thousand credits", "1万クレジット", "mười nghìn credit"]),
    ];
    for (unit, plain, written) in cases {
        let unit = Unit::parse(unit).unwrap();
        let amount = unit.parse_amount(plain).unwrap();
        assert_eq!(Language::ALL.map(|language| money(language, Money { unit, amount }).unwrap()), written, "{plain}");
    }
}

#[test]
fn what_has_no_words_has_none() {
    let cases = [("VND", "-1"), ("VND", "0.5"), ("USD", "0.001"), ("CHF", "25")];
    for (unit, plain) in cases {
        let unit = Unit::parse(unit).unwrap();
        let amount = unit.parse_amount(plain).unwrap();
        assert_eq!(
            Language::ALL.map(|language| money(language, Money { unit, amount })),
            [const { None }; 3],
            "{plain}"
        );
    }
    for language in Language::ALL {
        assert!(integer(language, MAX).is_some() && integer(language, MAX + 1).is_none());
    }
}

#[test]
fn a_line_begins_with_a_capital() {
    for (text, written) in [("năm trăm", "Năm trăm"), ("ấ", "Ấ"), ("50万円", "50万円"), ("", "")] {
        assert_eq!(sentence_case(text), written);
    }
}
