//! Opening a payment: what is checked of a signed address before anybody sees a page.
//!
//! In this order: names, terminal, checksum, form of every field, times, bank, order number. Where VNPay's pages
//! give a limit it is kept to the letter, so that an address which opens a page here is one that VNPay takes. Own
//! choices: an order's text must be ASCII (the pages ask for Vietnamese without accents); `vnp_CreateDate` may be a few
//! minutes ahead; the same address opens the same payment again while it can be paid, any other with its number is
//! refused.

use std::net::IpAddr;

use super::payment::{Payment, Stage, TRIES, from_wire};
use super::sign::{self, Params, SECURE_HASH};
use super::store::Store;
use super::{cards, codes, time};

/// How far a merchant's clock may be ahead, in seconds.
const SKEW_SECONDS: i64 = 300;

/// Why an address opens no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageError {
    /// The code in the address of the error page: `01`, `03`, `15`, `70`, `72` or `76`.
    pub code: &'static str,
    /// The parameter at fault, for a `03`. The real page does not tell.
    pub field: Option<&'static str>,
}

impl PageError {
    const fn new(code: &'static str) -> Self {
        Self { code, field: None }
    }

    const fn form(field: &'static str) -> Self {
        Self { code: "03", field: Some(field) }
    }

    /// The query of the error page.
    pub(crate) fn query(&self) -> String {
        let field = self.field.map(|field| format!("&field={field}")).unwrap_or_default();
        format!("code={}{field}", self.code)
    }
}

impl std::fmt::Display for PageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let field = self.field.map(|field| format!(" ({field})")).unwrap_or_default();
        write!(f, "{}: {}{field}", self.code, codes::page_error(self.code).en)
    }
}

impl std::error::Error for PageError {}

/// Opens the payment of a payment address by its raw query, or finds the one that it opened before.
pub(crate) fn open(store: &mut Store, query: &str) -> Result<String, PageError> {
    let params = sign::parse(query).ok_or(PageError::new("70"))?;
    if params.get("vnp_TmnCode") != Some(&store.options.tmn_code) {
        return Err(PageError::new("72"));
    }
    if !sign::is_signed(&store.options.hash_secret, &params) {
        return Err(PageError::new("70"));
    }
    let mut payment = read(store, &params)?;
    let txn_ref = payment.txn_ref.clone();
    if let Some(before) = store.payment(&txn_ref) {
        let same = before.is_open() && before.opened_by == payment.opened_by;
        return if same { Ok(txn_ref) } else { Err(PageError::new("01")) };
    }
    payment.token = store.name();
    payment.transaction_no = store.next_transaction_no();
    let script = store.take_fate(&txn_ref);
    payment.fate = script.as_ref().map(|script| script.outcome);
    store.add(payment);
    if let Some(script) = script.filter(|script| script.fate.at_once) {
        store.play_payer(&txn_ref, script.outcome);
    }
    Ok(txn_ref)
}

/// The payment that an address asks for, without token and number.
fn read(store: &Store, params: &Params) -> Result<Payment, PageError> {
    check_constants(params)?;
    let amount_minor =
        from_wire(text(params, "vnp_Amount", 1..=12)?).filter(|amount| store.options.amounts_minor.contains(amount));
    let txn_ref = text(params, "vnp_TxnRef", 1..=100)?;
    if !txn_ref.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        return Err(PageError::form("vnp_TxnRef"));
    }
    let order_info = text(params, "vnp_OrderInfo", 1..=255)?;
    if !order_info.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(PageError::form("vnp_OrderInfo"));
    }
    let return_url = text(params, "vnp_ReturnUrl", 10..=255)?;
    if !["http://", "https://"].iter().any(|scheme| return_url.starts_with(scheme)) {
        return Err(PageError::form("vnp_ReturnUrl"));
    }
    let locale = text(params, "vnp_Locale", 2..=5)?;
    let expires_at_s = check_times(store, params)?;
    let bank_code = params.get("vnp_BankCode").map(String::as_str).filter(|code| !code.is_empty());
    let offered = cards::offered(bank_code);
    let stage = match *offered.as_slice() {
        [] => return Err(PageError::new("76")),
        [only] => Stage::Details(only),
        _ => Stage::Method,
    };
    Ok(Payment {
        txn_ref: txn_ref.to_owned(),
        amount_minor: amount_minor.ok_or(PageError::form("vnp_Amount"))?,
        order_info: order_info.to_owned(),
        locale: locale.to_owned(),
        return_url: return_url.to_owned(),
        create_date: text(params, "vnp_CreateDate", 14..=14)?.to_owned(),
        expires_at_s,
        token: String::new(),
        transaction_no: 0,
        response_code: None,
        transaction_status: codes::OPEN,
        pay_date: None,
        return_address: None,
        refunds: Vec::new(),
        opened_by: params.get(SECURE_HASH).map(|hash| hash.to_ascii_lowercase()).unwrap_or_default(),
        offered,
        stage,
        payer: None,
        fate: None,
        tries_left: TRIES,
        told: Params::new(),
    })
}

/// The fields that say nothing about the order itself.
fn check_constants(params: &Params) -> Result<(), PageError> {
    for (name, wanted) in [("vnp_Version", "2.1.0"), ("vnp_Command", "pay"), ("vnp_CurrCode", "VND")] {
        if params.get(name).map(String::as_str) != Some(wanted) {
            return Err(PageError::form(name));
        }
    }
    text(params, "vnp_OrderType", 1..=100)?;
    let address = text(params, "vnp_IpAddr", 7..=45)?;
    address.parse::<IpAddr>().map(drop).map_err(|_| PageError::form("vnp_IpAddr"))
}

/// When the payment runs out, Unix seconds.
fn check_times(store: &Store, params: &Params) -> Result<i64, PageError> {
    let at = |name: &'static str| {
        text(params, name, 14..=14).and_then(|text| time::from_gmt7(text).ok_or(PageError::form(name)))
    };
    let (created_at_s, expires_at_s) = (at("vnp_CreateDate")?, at("vnp_ExpireDate")?);
    if created_at_s > store.now_s() + SKEW_SECONDS {
        return Err(PageError::form("vnp_CreateDate"));
    }
    if expires_at_s <= created_at_s {
        return Err(PageError::form("vnp_ExpireDate"));
    }
    if expires_at_s <= store.now_s() {
        return Err(PageError::new("15"));
    }
    Ok(expires_at_s)
}

/// A parameter that must be there with so many characters.
fn text<'a>(
    params: &'a Params,
    name: &'static str,
    length: std::ops::RangeInclusive<usize>,
) -> Result<&'a str, PageError> {
    let value = params.get(name).map(String::as_str);
    value.filter(|value| length.contains(&value.chars().count())).ok_or(PageError::form(name))
}
