//! VNPay's codes: how a payment ends (`vnp_ResponseCode`) and why an address opens no page.
//!
//! The first table is VNPay's own. The codes of the error page are in no table of version 2.1.0; 15, 70, 72 and 76 are
//! seen in the open, 01 and 03 are from the tables of version 2.0.

/// A word in the two languages of the pages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub vi: &'static str,
    pub en: &'static str,
}

/// How a payment ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// `vnp_ResponseCode`.
    pub code: &'static str,
    /// `vnp_TransactionStatus`.
    pub status: &'static str,
    pub said: Said,
}

/// Status of a payment that can still be made.
pub(crate) const OPEN: &str = "01";
pub(crate) const PAID: &str = "00";
pub(crate) const UNDER_REVIEW: &str = "07";
pub(crate) const IDENTITY_WRONG: &str = "10";
pub(crate) const EXPIRED: &str = "11";
pub(crate) const OTP_WRONG: &str = "13";
pub(crate) const CANCELLED: &str = "24";
pub(crate) const NO_MONEY: &str = "51";

const fn outcome(code: &'static str, status: &'static str, vi: &'static str, en: &'static str) -> Outcome {
    Outcome { code, status, said: Said { vi, en } }
}

#[rustfmt::skip]
static OUTCOMES: &[Outcome] = &[
    outcome(PAID, "00", "Giao dịch thành công.", "The payment succeeded."),
    outcome(UNDER_REVIEW, "07", "Đã trừ tiền, giao dịch đang được kiểm tra.", "Money was taken and is under review."),
    outcome("09", "02", "Thẻ chưa đăng ký thanh toán trực tuyến.", "The card is not registered for paying online."),
    outcome(IDENTITY_WRONG, "02", "Thông tin thẻ sai quá 3 lần.", "The card's data were wrong too often."),
    outcome(EXPIRED, "02", "Đã hết thời gian thanh toán.", "The time to pay is over."),
    outcome("12", "02", "Thẻ đã bị khóa.", "The card is locked."),
    outcome(OTP_WRONG, "02", "Mã OTP không đúng.", "The one-time code was wrong."),
    outcome(CANCELLED, "02", "Bạn đã hủy thanh toán.", "You cancelled the payment."),
    outcome(NO_MONEY, "02", "Tài khoản không đủ số dư.", "There is not enough money."),
    outcome("65", "02", "Đã vượt hạn mức trong ngày.", "The limit of the day is exceeded."),
    outcome("75", "02", "Ngân hàng đang bảo trì.", "The bank is under maintenance."),
    outcome("79", "02", "Mật khẩu thanh toán sai quá số lần cho phép.", "The payment password was wrong too often."),
    outcome("99", "02", "Giao dịch không thành công.", "The payment failed."),
];

/// The outcome of a code of VNPay's table.
pub(crate) fn find(code: &str) -> Option<&'static Outcome> {
    OUTCOMES.iter().find(|outcome| outcome.code == code)
}

/// Every code of the table, for messages.
pub(crate) fn all() -> String {
    OUTCOMES.iter().map(|outcome| outcome.code).collect::<Vec<_>>().join(", ")
}

#[rustfmt::skip]
static PAGE_ERRORS: &[(&str, Said)] = &[
    ("01", Said { vi: "Mã đơn hàng đã được sử dụng.", en: "This order number was used before." }),
    ("03", Said { vi: "Dữ liệu gửi sang không đúng định dạng.", en: "The order's data are not in the right form." }),
    ("15", Said { vi: "Đã quá thời gian thanh toán.", en: "The time to pay is over." }),
    ("70", Said { vi: "Chữ ký không hợp lệ.", en: "The checksum is wrong." }),
    ("72", Said { vi: "Không tìm thấy website.", en: "There is no such terminal." }),
    ("76", Said { vi: "Ngân hàng không được hỗ trợ.", en: "This bank is not supported." }),
];

/// What the error page says for a code; something general for a code that is not known.
pub(crate) fn page_error(code: &str) -> Said {
    let known = PAGE_ERRORS.iter().find(|(known, _)| *known == code);
    known.map_or(Said { vi: "Có lỗi xảy ra.", en: "Something went wrong." }, |(_, said)| *said)
}
