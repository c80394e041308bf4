//! What the page says, in English, Japanese and Vietnamese.

use serde_json::Value;

/// One language.
pub(super) struct Words {
    /// Place in a row of [`CARDS`].
    pub index: usize,
    pub language: &'static str,
    pub banner: &'static str,
    pub pay: &'static str,
    pub save: &'static str,
    pub number: &'static str,
    pub expiry: &'static str,
    pub cvc: &'static str,
    pub leave: &'static str,
    pub refused: &'static str,
    pub bank: &'static str,
    pub challenge: &'static str,
    pub approve: &'static str,
    pub decline: &'static str,
    pub test_cards: &'static str,
    pub missing: &'static str,
    paid: &'static str,
    saved: &'static str,
    pending: &'static str,
    cancelled: &'static str,
}

/// Test cards worth a try, and what they do.
#[rustfmt::skip]
pub(super) static CARDS: [(&str, [&str; 3]); 8] = [
    ("4242 4242 4242 4242", ["pays", "支払われます", "thanh toán thành công"]),
    ("4000 0027 6000 3184", ["the bank asks first", "銀行の本人認証があります", "ngân hàng yêu cầu xác thực"]),
    ("4000 0084 0000 1629", ["the bank asks, then refuses", "本人認証の後で拒否されます", "xác thực xong thì bị từ chối"]),
    ("4000 0000 0000 9995", ["refused: not enough money", "残高不足で拒否されます", "bị từ chối: không đủ số dư"]),
    ("4000 0000 0000 0002", ["refused", "拒否されます", "bị từ chối"]),
    ("4000 0099 0000 0012", ["stays under way", "処理中のままになります", "dừng ở trạng thái đang xử lý"]),
    ("4000 0099 0000 0160", ["pays, and no notice comes", "支払われますが、通知は届きません", "thành công nhưng không có thông báo"]),
    ("4000 0000 0000 0259", ["pays, and is disputed", "支払われた後で異議が申し立てられます", "thành công rồi bị khiếu nại"]),
];

/// The words of a locale such as `ja` or `vi-VN`; English for any other.
pub(super) fn of(locale: &str) -> &'static Words {
    let language = locale.split(['-', '_']).next().unwrap_or_default();
    [&JAPANESE, &VIETNAMESE].into_iter().find(|words| words.language == language).unwrap_or(&ENGLISH)
}

impl Words {
    /// How it ended.
    pub fn ended(&self, object: &Value) -> &'static str {
        match (object["status"].as_str(), object["object"].as_str()) {
            (Some("succeeded"), Some("payment_intent")) => self.paid,
            (Some("succeeded"), _) => self.saved,
            (Some("processing"), _) => self.pending,
            _ => self.cancelled,
        }
    }
}

static ENGLISH: Words = Words {
    index: 0,
    language: "en",
    banner: "Sandbox in place of Stripe: no real money, no real cards.",
    pay: "Pay",
    save: "Save card",
    number: "Card number",
    expiry: "Expiry (MM/YY)",
    cvc: "CVC",
    leave: "Leave without finishing",
    refused: "That did not work",
    bank: "Your bank asks: is it you?",
    challenge: "This page plays the bank's confirmation (3-D Secure).",
    approve: "Approve",
    decline: "Decline",
    test_cards: "Test cards",
    missing: "There is no such payment. Start again from the shop.",
    paid: "Paid. You can close this page.",
    saved: "The card is saved. You can close this page.",
    pending: "The payment is under way. You can close this page.",
    cancelled: "This payment was cancelled. Nothing was charged.",
};

static JAPANESE: Words = Words {
    index: 1,
    language: "ja",
    banner: "Stripe の代わりのテスト環境です。実際のお金もカードも使われません。",
    pay: "支払う",
    save: "カードを保存する",
    number: "カード番号",
    expiry: "有効期限(月/年)",
    cvc: "セキュリティコード",
    leave: "完了せずに戻る",
    refused: "手続きできませんでした",
    bank: "銀行からの本人確認",
    challenge: "銀行の本人認証(3D セキュア)の代わりの画面です。",
    approve: "承認する",
    decline: "拒否する",
    test_cards: "テストカード",
    missing: "この支払いは見つかりません。お店の画面からやり直してください。",
    paid: "支払いが完了しました。この画面を閉じてください。",
    saved: "カードを保存しました。この画面を閉じてください。",
    pending: "支払いを処理しています。この画面を閉じてもかまいません。",
    cancelled: "この支払いは取り消されました。請求はありません。",
};

static VIETNAMESE: Words = Words {
    index: 2,
    language: "vi",
    banner: "Môi trường thử thay cho Stripe: không có tiền thật, không có thẻ thật.",
    pay: "Thanh toán",
    save: "Lưu thẻ",
    number: "Số thẻ",
    expiry: "Hết hạn (tháng/năm)",
    cvc: "Mã CVC",
    leave: "Rời đi khi chưa hoàn tất",
    refused: "Không thực hiện được",
    bank: "Ngân hàng xác nhận: có phải bạn không?",
    challenge: "Trang này thay cho bước xác thực của ngân hàng (3-D Secure).",
    approve: "Đồng ý",
    decline: "Từ chối",
    test_cards: "Thẻ thử",
    missing: "Không có khoản thanh toán này. Hãy bắt đầu lại từ cửa hàng.",
    paid: "Đã thanh toán. Bạn có thể đóng trang này.",
    saved: "Đã lưu thẻ. Bạn có thể đóng trang này.",
    pending: "Khoản thanh toán đang được xử lý. Bạn có thể đóng trang này.",
    cancelled: "Khoản thanh toán đã bị hủy. Không có khoản tiền nào bị trừ.",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_finds_its_language() {
        for (locale, language) in
            [("ja", "ja"), ("vi-VN", "vi"), ("vi_VN", "vi"), ("en-GB", "en"), ("", "en"), ("fr", "en")]
        {
            let words = of(locale);
            assert_eq!(words.language, language, "{locale}");
            assert_eq!(["en", "ja", "vi"][words.index], language);
        }
    }

    #[test]
    fn every_card_on_the_page_is_a_test_card() {
        for (number, _) in CARDS {
            assert!(crate::stripe::cards::find(number).is_some(), "{number}");
        }
    }
}
