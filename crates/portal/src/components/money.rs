//! An amount of money or credits.

use askama::Template;

/// An amount: as it is shown, with every digit on request, and plainly for programs.
#[derive(Clone, Debug, Template)]
#[template(path = "components/money.html")]
pub struct MoneyText {
    /// A plain decimal.
    pub plain: String,
    /// As it is shown.
    pub shown: String,
    /// With every digit, when it is shown with fewer.
    pub exact: Option<String>,
    /// `plus` or `minus` for a movement, else empty.
    pub sign: &'static str,
}
