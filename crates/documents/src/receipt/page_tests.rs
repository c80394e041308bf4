//! The layout of receipts, without a PDF.

use super::*;

const RECEIPTS: [&str; 5] = [
    include_str!("../../tests/receipts/en.json"),
    include_str!("../../tests/receipts/ja.json"),
    include_str!("../../tests/receipts/vi.json"),
    include_str!("../../tests/receipts/vi_paypal.json"),
    include_str!("../../tests/receipts/long.json"),
];

fn receipt(json: &str) -> Receipt {
    serde_json::from_str(json).unwrap()
}

fn pages(receipt: &Receipt) -> Vec<Vec<Drawing>> {
    compose(receipt, &Locale::new(receipt.language, &receipt.zone).unwrap())
}

/// The texts of all pages, each line once.
fn texts(receipt: &Receipt) -> Vec<String> {
    let text = |drawing| match drawing {
        Drawing::Text { line, .. } => Some(line.text),
        Drawing::Fill { .. } => None,
    };
    pages(receipt).into_iter().flatten().filter_map(text).collect()
}

#[test]
fn nothing_leaves_the_page_or_its_column() {
    for json in RECEIPTS {
        let receipt = receipt(json);
        for drawing in pages(&receipt).into_iter().flatten() {
            let (x, right, top, bottom) = match &drawing {
                Drawing::Text { x, y, line } => (*x, x + line.width, y - line.style.size, y + line.style.size / 3),
                Drawing::Fill { x, y, width, height, .. } => (*x, x + width, *y, y + height),
            };
            assert!(LEFT <= x && right <= RIGHT && TOP <= top && bottom <= A4.1 - mm(10), "{receipt:?}: {drawing:?}");
        }
    }
}

#[test]
fn no_two_texts_stand_on_each_other() {
    for json in RECEIPTS {
        let receipt = receipt(json);
        for page in pages(&receipt) {
            let boxes: Vec<_> = page
                .iter()
                .filter_map(|drawing| match drawing {
                    Drawing::Text { x, y, line } => {
                        Some((*x, x + line.width, y - line.style.size * 3 / 4, *y, &line.text))
                    }
                    Drawing::Fill { .. } => None,
                })
                .collect();
            for (index, one) in boxes.iter().enumerate() {
                for other in &boxes[index + 1..] {
                    let apart = one.1 <= other.0 || other.1 <= one.0 || one.3 <= other.2 || other.3 <= one.2;
                    assert!(apart, "{receipt:?}: {:?} on {:?}", one.4, other.4);
                }
            }
        }
    }
}

#[test]
fn amounts_name_their_unit() {
    // total, credits, what is written of each
    let cases = [
        ("JPY", "3000", "JPY", "3000", "3,000円", "3,000円"),
        ("JPY", "3000", "CREDIT", "10000", "3,000 JPY", "10,000クレジット"),
        ("USD", "19.69", "JPY", "3000", "19.69 USD", "3,000 JPY"),
        ("VND", "500000", "VND", "500000", "500,000 VND", "500,000 VND"),
        ("USD", "0.00000001", "USD", "1", "0.00000001 USD", "1.00 USD"),
    ];
    for (paid_unit, paid, credited_unit, credited, paid_text, credited_text) in cases {
        let money = |unit: &str, plain: &str| {
            let unit = ledger::Unit::parse(unit).unwrap();
            Money { unit, amount: unit.parse_amount(plain).unwrap() }
        };
        let mut receipt = receipt(RECEIPTS[1]);
        receipt.total = money(paid_unit, paid);
        receipt.credits.as_mut().unwrap().money = money(credited_unit, credited);
        let texts = texts(&receipt);
        for text in [paid_text, credited_text] {
            assert!(texts.iter().any(|line| line == text), "{text} in {texts:?}");
        }
    }
}

#[test]
fn words_stand_in_vietnamese_receipts_only() {
    for language in crate::Language::ALL {
        let texts = texts(&Receipt { language, ..receipt(RECEIPTS[2]) });
        let label = messages::text(language, "receipt-in-words");
        let said: Vec<_> = texts.iter().filter(|line| line.contains(&label)).collect();
        let expected = ["Số tiền bằng chữ: Một triệu hai trăm linh năm nghìn đồng"];
        assert_eq!(said, &expected[..usize::from(language == crate::Language::Vi)], "{language}");
    }
}

#[test]
fn what_is_absent_leaves_no_label() {
    let mut receipt = receipt(RECEIPTS[0]);
    receipt.credits = None;
    receipt.references.clear();
    receipt.buyer.email = None;
    receipt.buyer.tax_code = Some(" ".to_owned());
    receipt.seller.tax_code = None;
    receipt.notes.clear();
    let texts = texts(&receipt);
    for label in
        ["Credits received", "Expiry date", "Exchange rate", "Reference number", "Sent to", "Tax code", "Notes"]
    {
        assert!(!texts.iter().any(|line| line.contains(label)), "{label} in {texts:?}");
    }
}

/// Whatever stands above, a heading or a table's head is never the last thing of a page.
#[test]
fn heads_stay_with_what_follows() {
    let heads = ["Amount", "Tax amount", "Payment", "Notes"];
    for above in 0..60 {
        let mut receipt = receipt(RECEIPTS[0]);
        receipt.seller.address = vec!["line".to_owned(); above];
        receipt.lines[0].description = "high ".repeat(60);
        receipt.taxes = vec![TaxLine {
            name: "VAT".to_owned(),
            rate_percent: "20".to_owned(),
            base: Amount::ZERO,
            amount: Amount::ZERO,
        }];
        receipt.notes = vec!["high ".repeat(100)];
        for page in pages(&receipt) {
            let last = page.iter().rev().filter_map(|drawing| match drawing {
                Drawing::Text { y, line, .. } if *y < BOTTOM => Some(line.text.as_str()),
                _ => None,
            });
            let last: Vec<&str> = last.take(1).collect();
            assert!(!last.iter().any(|text| heads.contains(text)), "{last:?} ends a page below {above} lines");
        }
    }
}
