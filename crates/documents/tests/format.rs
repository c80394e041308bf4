//! The golden table of formats: one line a case. `·` stands for a no-break space.
#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use documents::format::{Digits, MoneyFormat, Sign, Style};
use documents::{Language, Locale, Money};
use ledger::{Amount, Timestamp, Unit};

fn money(unit: &str, plain: &str) -> Money {
    let unit = Unit::parse(unit).unwrap();
    Money { unit, amount: unit.parse_amount(plain).unwrap() }
}

fn all(write: impl Fn(Language) -> String) -> [String; 3] {
    Language::ALL.map(|language| write(language).replace('\u{a0}', "·"))
}

const SYMBOL: MoneyFormat = MoneyFormat::BALANCE;
const ROW: MoneyFormat = MoneyFormat { digits: Digits::Row, ..SYMBOL };
const EXACT: MoneyFormat = MoneyFormat { digits: Digits::Exact, ..SYMBOL };
const EXACT_CODE: MoneyFormat = MoneyFormat { digits: Digits::Exact, ..MoneyFormat::CODE };

#[test]
fn money_is_written_as_each_language_does() {
    use MoneyFormat as F;
    let cases: &[(&str, &str, MoneyFormat, [&str; 3])] = &[
        // CLDR 48, and the table of formats
        ("VND", "500000", SYMBOL, ["₫500,000", "₫500,000", "500.000·₫"]),
        ("VND", "1500000", SYMBOL, ["₫1,500,000", "₫1,500,000", "1.500.000·₫"]),
        ("USD", "1500000.50", SYMBOL, ["$1,500,000.50", "$1,500,000.50", "1.500.000,50·US$"]),
        ("USD", "25", SYMBOL, ["$25.00", "$25.00", "25,00·US$"]),
        ("JPY", "3000", SYMBOL, ["¥3,000", "¥3,000", "3.000·¥"]),
        ("JPY", "3000", F::SENTENCE, ["¥3,000", "3,000円", "3.000 yên"]),
        ("VND", "500000", F::SENTENCE, ["₫500,000", "₫500,000", "500.000·₫"]),
        ("VND", "500000", F::CODE, ["VND·500,000", "500,000 VND", "500.000·VND"]),
        ("USD", "25", F::CODE, ["USD·25.00", "25.00 USD", "25,00·USD"]),
        ("JPY", "3000", F::CODE, ["JPY·3,000", "3,000 JPY", "3.000·JPY"]),
        ("EUR", "25", SYMBOL, ["€25.00", "€25.00", "25,00·€"]),
        ("AUD", "25", SYMBOL, ["A$25.00", "A$25.00", "25,00·AU$"]),
        ("CHF", "25", SYMBOL, ["CHF·25.00", "25.00 CHF", "25,00·CHF"]),
        ("KWD", "1.5", F::CODE, ["KWD·1.500", "1.500 KWD", "1,500·KWD"]),
        ("CREDIT", "10000", SYMBOL, ["10,000 credits", "10,000クレジット", "10.000 credit"]),
        ("CREDIT", "1", F::CODE, ["1 credit", "1クレジット", "1 credit"]),
        ("VND", "0", SYMBOL, ["₫0", "₫0", "0·₫"]),
        ("USD", "0", SYMBOL, ["$0.00", "$0.00", "0,00·US$"]),
        ("VND", "999", SYMBOL, ["₫999", "₫999", "999·₫"]),
        ("VND", "12500000000", SYMBOL, ["₫12,500,000,000", "₫12,500,000,000", "12.500.000.000·₫"]),
        // signs: U+2212, and a plus for movements
        ("VND", "-500000", SYMBOL, ["−₫500,000", "−₫500,000", "−500.000·₫"]),
        ("VND", "-500000", F::CODE, ["−VND·500,000", "−500,000 VND", "−500.000·VND"]),
        ("JPY", "-3000", F::SENTENCE, ["−¥3,000", "−3,000円", "−3.000 yên"]),
        ("VND", "500000", F::MOVEMENT, ["+₫500,000", "+₫500,000", "+500.000·₫"]),
        ("VND", "-12300", F::MOVEMENT, ["−₫12,300", "−₫12,300", "−12.300·₫"]),
        ("VND", "0", F::MOVEMENT, ["₫0", "₫0", "0·₫"]),
        // balances: the currency's own digits, rounded down
        ("USD", "25.009", SYMBOL, ["$25.00", "$25.00", "25,00·US$"]),
        ("USD", "0.0022", SYMBOL, ["$0.00", "$0.00", "0,00·US$"]),
        ("USD", "-0.001", SYMBOL, ["−$0.01", "−$0.01", "−0,01·US$"]),
        ("VND", "0.42", SYMBOL, ["₫0", "₫0", "0·₫"]),
        ("VND", "-12300.5", SYMBOL, ["−₫12,301", "−₫12,301", "−12.301·₫"]),
        // rows: up to six decimals when needed
        ("USD", "0.0022", ROW, ["$0.0022", "$0.0022", "0,0022·US$"]),
        ("VND", "0.42", ROW, ["₫0.42", "₫0.42", "0,42·₫"]),
        ("VND", "0.000001", ROW, ["₫0.000001", "₫0.000001", "0,000001·₫"]),
        ("USD", "25", ROW, ["$25.00", "$25.00", "25,00·US$"]),
        ("USD", "25.5", ROW, ["$25.50", "$25.50", "25,50·US$"]),
        ("USD", "0.00223375", ROW, ["$0.002233", "$0.002233", "0,002233·US$"]),
        ("USD", "-0.00223375", F::MOVEMENT, ["−$0.002233", "−$0.002233", "−0,002233·US$"]),
        ("USD", "2.00000015", ROW, ["$2.00", "$2.00", "2,00·US$"]),
        ("USD", "0.00000015", ROW, ["$0.00000015", "$0.00000015", "0,00000015·US$"]),
        // exact: all there is
        ("USD", "0.00223375", EXACT, ["$0.00223375", "$0.00223375", "0,00223375·US$"]),
        ("USD", "25", EXACT, ["$25.00", "$25.00", "25,00·US$"]),
        ("VND", "1234.567891", EXACT_CODE, ["VND·1,234.567891", "1,234.567891 VND", "1.234,567891·VND"]),
    ];
    for (unit, plain, format, written) in cases {
        assert_eq!(all(|language| language.money(money(unit, plain), *format)), *written, "{unit} {plain} {format:?}");
    }
}

#[test]
fn the_largest_amounts_are_written_in_full() {
    for (unit, written) in [("USD", "$23,058,430,092.13"), ("VND", "₫2,305,843,009,213")] {
        let money = Money { unit: Unit::parse(unit).unwrap(), amount: Amount::MAX };
        assert_eq!(Language::En.money(money, MoneyFormat::BALANCE), written);
    }
}

#[test]
fn axes_have_compact_money() {
    let cases = [
        ("VND", "1500000", ["₫1.5M", "₫150万", "1,5·Tr·₫"]),
        ("VND", "2000000", ["₫2M", "₫200万", "2·Tr·₫"]),
        ("VND", "12500000000", ["₫12B", "₫125億", "12·T·₫"]),
        ("VND", "1200", ["₫1.2K", "₫1,200", "1,2·N·₫"]),
        ("JPY", "15000", ["¥15K", "¥1.5万", "15·N·¥"]),
        ("USD", "999.5", ["$999.50", "$999.50", "999,50·US$"]),
        ("VND", "-1500000", ["−₫1.5M", "−₫150万", "−1,5·Tr·₫"]),
    ];
    for (unit, plain, written) in cases {
        assert_eq!(all(|language| language.compact_money(money(unit, plain))), written, "{unit} {plain}");
    }
}

#[test]
fn numbers_keep_their_digits() {
    let cases = [
        ("0", ["0", "0", "0"]),
        ("1234567", ["1,234,567", "1,234,567", "1.234.567"]),
        ("-1234.50", ["−1,234.50", "−1,234.50", "−1.234,50"]),
        ("0.000001", ["0.000001", "0.000001", "0,000001"]),
        ("n/a", ["n/a", "n/a", "n/a"]),
        ("", ["", "", ""]),
    ];
    for (plain, written) in cases {
        assert_eq!(all(|language| language.decimal(plain)), written, "{plain}");
    }
    assert_eq!(all(|language| language.percent("8.3")), ["8.3%", "8.3%", "8,3%"]);
}

/// 20 November 2026, 14:05 in Viet Nam, 16:05 in Japan.
const AT: &str = "2026-11-20T07:05:00Z";

fn at(text: &str) -> Timestamp {
    Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

fn locales(zones: [&str; 3]) -> [Locale; 3] {
    let mut zones = zones.into_iter();
    Language::ALL.map(|language| Locale::new(language, zones.next().unwrap()).unwrap())
}

#[test]
fn dates_are_written_as_each_language_does() {
    let locales = locales(["Asia/Ho_Chi_Minh", "Asia/Tokyo", "Asia/Ho_Chi_Minh"]);
    let all = |write: &dyn Fn(&Locale) -> String| locales.each_ref().map(write);
    let at_ = at(AT);
    assert_eq!(all(&|locale| locale.date(at_)), ["20 Nov 2026", "2026/11/20", "20/11/2026"]);
    assert_eq!(all(&|locale| locale.formal_date(at_)), ["20 Nov 2026", "2026年11月20日", "20/11/2026"]);
    let date_times = ["20 Nov 2026, 14:05 (GMT+7)", "2026/11/20 16:05 (JST)", "20/11/2026 14:05 (GMT+7)"];
    assert_eq!(all(&|locale| locale.date_time(at_)), date_times);
    assert_eq!(all(&|locale| locale.month(at_)), ["November 2026", "2026年11月", "tháng 11 năm 2026"]);
    let early = at("2026-03-04T18:30:00Z");
    assert_eq!(all(&|locale| locale.date(early)), ["5 Mar 2026", "2026/03/05", "05/03/2026"]);
    assert_eq!(all(&|locale| locale.formal_date(early)), ["5 Mar 2026", "2026年3月5日", "05/03/2026"]);
    assert_eq!(all(&|locale| locale.month(early)), ["March 2026", "2026年3月", "tháng 3 năm 2026"]);
}

#[test]
fn distances_are_days_of_the_calendar() {
    let locales = locales(["Asia/Ho_Chi_Minh", "Asia/Tokyo", "Asia/Ho_Chi_Minh"]);
    let cases = [
        ("2026-12-04T07:05:00Z", ["in 14 days", "14日後", "sau 14 ngày nữa"]),
        ("2026-11-21T07:05:00Z", ["tomorrow", "明日", "ngày mai"]),
        ("2026-11-20T14:59:59Z", ["today", "今日", "hôm nay"]),
        ("2026-11-19T07:05:00Z", ["yesterday", "昨日", "hôm qua"]),
        ("2026-11-06T07:05:00Z", ["14 days ago", "14日前", "14 ngày trước"]),
        ("2030-11-20T07:05:00Z", ["in 1,461 days", "1,461日後", "sau 1.461 ngày nữa"]),
        // still the 20th in Viet Nam, the 21st in Japan
        ("2026-11-20T16:00:00Z", ["today", "明日", "hôm nay"]),
    ];
    for (day, written) in cases {
        assert_eq!(locales.each_ref().map(|locale| locale.relative_days(at(day), at(AT))), written, "{day}");
    }
}

#[test]
fn zones_have_the_names_people_use() {
    let cases = [
        ("Asia/Tokyo", ["GMT+9", "JST", "GMT+9"]),
        ("Asia/Ho_Chi_Minh", ["GMT+7", "GMT+7", "GMT+7"]),
        ("Asia/Kolkata", ["GMT+5:30", "GMT+5:30", "GMT+5:30"]),
        ("America/St_Johns", ["GMT−3:30", "GMT−3:30", "GMT−3:30"]),
        ("Europe/London", ["GMT", "GMT", "GMT"]),
        ("UTC", ["GMT", "GMT", "GMT"]),
    ];
    for (zone, names) in cases {
        assert_eq!(locales([zone; 3]).each_ref().map(|locale| locale.zone_name(at(AT))), names, "{zone}");
    }
    let summer = at("2026-07-01T00:00:00Z");
    assert_eq!(Locale::new(Language::En, "Europe/London").unwrap().zone_name(summer), "GMT+1");
    let unknown = Locale::new(Language::En, "Asia/Atlantis").unwrap_err();
    assert!(unknown.to_string().contains("Asia/Atlantis"), "{unknown}");
}

#[test]
fn an_expiry_at_midnight_shows_the_day_it_ends() {
    let locale = Locale::new(Language::Ja, "Asia/Tokyo").unwrap();
    let midnight = at("2027-05-19T15:00:00Z");
    assert_eq!(locale.date(midnight), "2027/05/20");
    assert_eq!(locale.date(locale.last_day(midnight)), "2027/05/19");
}

#[test]
fn instants_beyond_the_calendar_do_not_panic() {
    let locale = Locale::new(Language::Ja, "Asia/Tokyo").unwrap();
    for (micros, year) in [(i64::MAX, "9999"), (i64::MIN, "-9999")] {
        let at = Timestamp::from_micros(micros);
        assert!(locale.date(at).starts_with(year), "{}", locale.date(at));
        locale.relative_days(at, Timestamp::from_micros(0));
    }
}

#[test]
fn languages_are_told_by_their_tags() {
    let cases = [
        ("en", Some(Language::En)),
        ("ja-JP", Some(Language::Ja)),
        ("VI", Some(Language::Vi)),
        ("fr", None),
        ("", None),
        ("vie", None),
    ];
    for (tag, language) in cases {
        assert_eq!(Language::parse(tag), language, "{tag:?}");
    }
    assert_eq!(Language::ALL.map(Language::code), ["en", "ja", "vi"]);
}

#[test]
fn styles_are_independent() {
    let format = MoneyFormat { style: Style::Code, digits: Digits::Row, sign: Sign::Always };
    assert_eq!(Language::Vi.money(money("VND", "0.42"), format), "+0,42\u{a0}VND");
}
