//! Receipts drawn and read again. The text is read with `pdftotext` (poppler-utils); without it those tests say so and
//! check nothing, so that nobody needs it to build.
#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::process::Command;

use documents::receipt::{Receipt, RenderError, render_pdf};

const EN: &str = include_str!("receipts/en.json");
const JA: &str = include_str!("receipts/ja.json");
const VI: &str = include_str!("receipts/vi.json");
const VI_PAYPAL: &str = include_str!("receipts/vi_paypal.json");
const LONG: &str = include_str!("receipts/long.json");
const ALL: [&str; 5] = [EN, JA, VI, VI_PAYPAL, LONG];

fn receipt(json: &str) -> Receipt {
    serde_json::from_str(json).unwrap()
}

/// What a reader can copy from each page, one space between words; `None` without `pdftotext`.
fn pages(receipt: &Receipt) -> Option<Vec<String>> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("receipt.pdf");
    std::fs::write(&path, render_pdf(receipt).unwrap()).unwrap();
    let Ok(output) = Command::new("pdftotext").args(["-layout", "-enc", "UTF-8"]).arg(&path).arg("-").output() else {
        eprintln!("skipped: install poppler-utils to read the PDFs");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let squeeze = |page: &str| page.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(text.trim_end_matches('\u{c}').split('\u{c}').map(squeeze).collect())
}

#[test]
fn a_receipt_says_what_it_must() {
    // snapshot, every text that must be there, as it is read from the page
    let cases: [(&str, &[&str]); 4] = [
        (
            EN,
            &[
                "Receipt",
                "Receipt no. Date of issue",
                "R-2026-000123 20 Nov 2026",
                "Received from",
                "Ada Lovelace",
                "Issued by",
                "Example Cloud Ltd.",
                "Tax code: GB123456789",
                "Contact: billing@cloud.example",
                "Total paid USD 50.00",
                "Credit pack, 10,000 credits 2 USD 50.00",
                "Payment method Visa •••• 4242",
                "Credits received 20,000 credits",
                "Reference number pay_01JD3M8QY4",
                "pi_3QKx7aExample",
                "Sent to ada@customer.example",
                "Credits are not refundable except where law requires.",
                "R-2026-000123 · Dates and times: America/New_York (GMT−5)",
                "Page 1 of 1",
            ],
        ),
        (
            JA,
            &[
                "領収書",
                "領収書番号 発行日",
                "R-2026-000124 2026年11月20日",
                "宛名",
                "株式会社髙橋製作所 様",
                "発行者",
                "サンプルクラウド株式会社",
                "登録番号：T1234567890123",
                "下記のとおり領収いたしました。",
                "お支払い合計（税込） 30,000円",
                "クレジットのチャージ 1 30,000円",
                "消費税 10% 27,273円 2,727円",
                "支払い方法 Visa •••• 4242",
                "付与クレジット 30,000円",
                "有効期限 2027年5月19日",
                "参照番号 pay_01JD3M8QY5",
                "日時の基準：Asia/Tokyo (JST)",
                "1 / 1 ページ",
            ],
        ),
        (
            VI,
            &[
                "Biên nhận thanh toán",
                "Bản sao",
                "Số biên nhận Ngày lập",
                "R-2026-000125 20/11/2026",
                "Tên người mua",
                "Công ty Cổ phần Ẩm thực Huế",
                "Mã số thuế: 0100112437",
                "Đơn vị phát hành",
                "Công ty TNHH Đám Mây Mẫu",
                "Mã số thuế: 0312687878-001",
                "Số 1 đường Nguyễn Huệ",
                "Tổng thanh toán (đã bao gồm thuế) 1.205.000 VND",
                "Số tiền bằng chữ: Một triệu hai trăm linh năm nghìn đồng",
                "Nạp credit vào tài khoản 1 1.205.000 VND",
                "Thuế GTGT 8% 1.115.741 VND 89.259 VND",
                "Phương thức thanh toán VNPay · NCB •••• 2198",
                "Credit nhận được 1.205.000 VND",
                "Múi giờ: Asia/Ho_Chi_Minh (GMT+7)",
                "Trang 1 / 1",
            ],
        ),
        (
            VI_PAYPAL,
            &[
                "Tổng thanh toán 19,69 USD",
                "Số tiền bằng chữ: Mười chín đô la Mỹ và sáu mươi chín xu",
                "Credit nhận được 500.000 VND",
                "Ngày hết hạn 20/11/2027",
                "Tỷ giá 1 USD = 25.400 VND (Vietcombank, 20/11/2026 13:50 (GMT+7))",
            ],
        ),
    ];
    for (json, texts) in cases {
        let receipt = receipt(json);
        let Some(pages) = pages(&receipt) else { return };
        assert_eq!(pages.len(), 1, "{receipt:?}");
        for text in texts {
            assert!(pages[0].contains(text), "{receipt:?}: {text:?} is not in {:?}", pages[0]);
        }
    }
}

#[test]
fn a_long_receipt_has_pages_with_heads_and_loses_no_word() {
    let receipt = receipt(LONG);
    let Some(pages) = pages(&receipt) else { return };
    assert!(pages.len() > 2, "{}", pages.len());
    let all = pages.join(" ");
    for (index, page) in pages.iter().enumerate() {
        assert!(page.contains(&format!("Page {} of {}", index + 1, pages.len())), "{page}");
        let table = page.contains("Service ");
        assert_eq!(table, page.contains("Description Quantity Amount"), "the head of the table comes with it: {page}");
    }
    for number in 1..=40 {
        assert!(all.contains(&format!("Service {number}: a description")), "line {number}");
    }
    assert_eq!(all.matches("word").count(), 60, "{all}");
    assert!(all.contains("😀"), "what has no glyph is still there to be copied: {all}");
}

#[test]
fn only_a_copy_is_marked() {
    for (json, mark) in [(EN, "COPY"), (JA, "写し"), (VI, "Bản sao")] {
        for copy in [false, true] {
            let Some(pages) = pages(&Receipt { copy, ..receipt(json) }) else { return };
            assert_eq!(pages[0].contains(mark), copy, "{mark} {copy}");
        }
    }
}

#[test]
fn honorifics_are_not_doubled() {
    for (addressee, written) in
        [("山田太郎", "山田太郎 様"), ("山田太郎 様", "山田太郎 様"), ("経理部御中", "経理部御中")]
    {
        let mut receipt = receipt(JA);
        receipt.buyer.addressee = addressee.to_owned();
        let Some(pages) = pages(&receipt) else { return };
        assert!(pages[0].contains(&format!("{written} サンプルクラウド")), "{written}: {}", pages[0]);
    }
}

#[test]
fn a_snapshot_gives_the_same_bytes_and_another_does_not() {
    for json in ALL {
        let receipt = receipt(json);
        let pdf = render_pdf(&receipt).unwrap();
        assert!(pdf.starts_with(b"%PDF-") && pdf.len() < 200_000, "{receipt:?}: {} bytes", pdf.len());
        assert_eq!(pdf, render_pdf(&receipt).unwrap(), "{receipt:?}");
        assert_ne!(pdf, render_pdf(&Receipt { copy: !receipt.copy, ..receipt }).unwrap());
    }
}

/// A stored receipt can be read for years: its form changes by adding optional fields only.
#[test]
fn a_snapshot_survives_storage() {
    for json in ALL {
        let stored = serde_json::to_value(receipt(json)).unwrap();
        assert_eq!(stored, serde_json::from_str::<serde_json::Value>(json).unwrap());
    }
}

#[test]
fn no_text_stops_a_receipt() {
    let texts = ["", " ", "\n\n", "\0\u{7}", "😀👨‍👩‍👧", "العربية", "한국어", "ﷺ\u{301}\u{301}", "\u{10ffff}"];
    let long = ["字".repeat(5_000), "w".repeat(5_000), "a b ".repeat(5_000)];
    for text in texts.into_iter().chain(long.iter().map(String::as_str)) {
        let mut receipt = receipt(VI);
        receipt.number = text.to_owned();
        receipt.buyer.addressee = text.to_owned();
        receipt.buyer.address = vec![text.to_owned(); 2];
        receipt.seller.name = text.to_owned();
        receipt.seller.tax_code = Some(text.to_owned());
        receipt.lines[0].description = text.to_owned();
        receipt.taxes[0].rate_percent = text.to_owned();
        receipt.method = text.to_owned();
        receipt.notes = vec![text.to_owned()];
        assert!(render_pdf(&receipt).is_ok(), "{text:.20?}");
    }
}

#[test]
fn an_unknown_zone_is_named() {
    let receipt = Receipt { zone: "Asia/Atlantis".to_owned(), ..receipt(EN) };
    let error = render_pdf(&receipt).unwrap_err();
    assert!(matches!(error, RenderError::UnknownZone(_)) && error.to_string().contains("Asia/Atlantis"), "{error}");
}

#[test]
fn debug_shows_no_personal_data() {
    let shown = format!("{:?}", receipt(VI));
    assert!(shown.contains("R-2026-000125") && !shown.contains("0100112437") && !shown.contains("Huế"), "{shown}");
}
