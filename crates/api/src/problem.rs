//! Errors as `application/problem+json` (RFC 9457).
//!
//! Invariants: a code has one status and one title, told by [`CODES`] alone; a problem's text never holds secrets or
//! what the caller may not see. A problem travels as a response extension and is written by [`crate::observe`], which
//! knows the request's id.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use engine::{Error, FieldError};
use http::{HeaderName, HeaderValue, StatusCode, header};
use ledger::{Rejection, Unit};
use serde::Serialize;
use store::Failure;
use utoipa::ToSchema;

use crate::fields::Money;

/// A code with what always goes with it.
pub struct CodeRow {
    /// What callers match on.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// The same for every problem of this code.
    pub title: &'static str,
}

const fn row(code: &'static str, status: u16, title: &'static str) -> CodeRow {
    CodeRow { code, status, title }
}

/// Every code, its status and its title.
pub const CODES: &[CodeRow] = &[
    row("malformed_json", 400, "The body is not JSON"),
    row("malformed_request", 400, "The request cannot be read"),
    row("idempotency_key_missing", 400, "The header Idempotency-Key is missing"),
    row("invalid_api_key", 401, "The API key is missing or not valid"),
    row("sign_in_failed", 401, "The sign-in failed"),
    row("link_invalid", 401, "The link does not work"),
    row("second_factor_wrong", 401, "The code is not right"),
    row("insufficient_credits", 402, "Not enough credits"),
    row("credits_exhausted", 402, "The credits are used up"),
    row("payment_failed", 402, "No saved card could be charged"),
    row("permission_denied", 403, "The caller may not do this"),
    row("reauthentication_required", 403, "Sign in again first"),
    row("second_factor_required", 403, "The second factor is missing"),
    row("csrf_token_invalid", 403, "The request does not come from a page of this server"),
    row("not_found", 404, "There is no such thing"),
    row("lot_not_found", 404, "There is no such lot"),
    row("entry_not_found", 404, "There is no such entry"),
    row("voucher_not_found", 404, "There is no such voucher"),
    row("method_not_allowed", 405, "The method is not allowed here"),
    row("account_exists", 409, "The account exists already"),
    row("account_closed", 409, "The account is closed"),
    row("hold_not_open", 409, "The hold is not open"),
    row("capture_exceeds_hold", 409, "More than the hold"),
    row("lot_ended", 409, "The lot has ended"),
    row("not_reversible", 409, "The entry cannot be reversed"),
    row("reversal_too_large", 409, "More than what is not reversed yet"),
    row("no_prices", 409, "There is no price book"),
    row("too_many_keys", 409, "Too many valid keys"),
    row("too_many_members", 409, "Too many members"),
    row("already_member", 409, "Somebody is a member already"),
    row("last_owner", 409, "An account keeps one owner"),
    row("operator_exists", 409, "The operator exists already"),
    row("own_access", 409, "Nobody changes their own access"),
    row("second_factor_exists", 409, "There is a second factor already"),
    row("second_factor_missing", 409, "There is no second factor"),
    row("unit_locked", 409, "The unit cannot change"),
    row("profile_missing", 409, "There is no billing profile"),
    row("not_refundable", 409, "The payment cannot be refunded"),
    row("payment_status_unknown", 409, "An earlier payment is not settled"),
    row("card_refused", 409, "The card was refused"),
    row("profile_changed", 409, "The billing profile was changed elsewhere"),
    row("rate_implausible", 409, "The exchange rate jumps"),
    row("rate_missing", 409, "There is no exchange rate"),
    row("rate_stale", 409, "The exchange rate is too old"),
    row("gateway_off", 409, "The method is not set up here"),
    row("kill_switch", 409, "The method is switched off"),
    row("quote_expired", 409, "The quote has expired"),
    row("too_many_quotes", 409, "Too many quotes"),
    row("dispute_open", 409, "A payment is disputed"),
    row("already_resolved", 409, "It is resolved already"),
    row("mail_sent", 409, "The letter was sent"),
    row("mail_emptied", 409, "The letter is not kept"),
    row("mail_off", 409, "Letters are not sent here"),
    row("voucher_already_used", 409, "The voucher is used already"),
    row("voucher_expired", 409, "The voucher is no longer valid"),
    row("voucher_not_yet_valid", 409, "The voucher is not valid yet"),
    row("voucher_wrong_currency", 409, "The voucher is for another currency or site"),
    row("voucher_wrong_country", 409, "The voucher is for other countries"),
    row("voucher_limit_reached", 409, "The voucher's limit is reached"),
    row("campaign_exists", 409, "The campaign exists already"),
    row("campaign_revoked", 409, "The campaign is revoked"),
    row("batch_full", 409, "The batch has as many codes as it may have"),
    row("plan_retired", 409, "The plan is not sold any more"),
    row("subscription_exists", 409, "The account has a plan already"),
    row("no_saved_card", 409, "There is no saved card"),
    row("no_change", 409, "It is so already"),
    row("payment_due", 409, "Something is due first"),
    row("payment_in_progress", 409, "A payment may still go through"),
    row("nothing_due", 409, "Nothing is due"),
    row("downgrade_at_term_end", 409, "A cheaper plan follows when the term ends"),
    row("plan_not_comparable", 409, "The plan can only follow when the term ends"),
    row("period_ends_soon", 409, "The period ends within the hour"),
    row("conflict", 409, "Something changed at the same time"),
    row("body_too_large", 413, "The body is too large"),
    row("unsupported_media_type", 415, "The body must be application/json"),
    row("invalid_field", 422, "A field is not as it must be"),
    row("invalid_amount", 422, "An amount is not as it must be"),
    row("amount_not_positive", 422, "An amount must be more than zero"),
    row("amount_too_large", 422, "An amount is too large"),
    row("overdraft_limit_negative", 422, "The overdraft limit must not be negative"),
    row("expiry_too_early", 422, "The expiry is too early"),
    row("ttl_out_of_range", 422, "The time to live is out of range"),
    row("unknown_service", 422, "The service has no price"),
    row("unknown_meter", 422, "The meter has no price"),
    row("invalid_prices", 422, "The price book is not as it must be"),
    row("method_not_offered", 422, "The method is not offered"),
    row("option_not_offered", 422, "The plan is not paid in this way"),
    row("currency_not_offered", 422, "The plan has no price in this currency"),
    row("consent_missing", 422, "Something is due, and nobody agreed to it"),
    row("terms_changed", 422, "The terms have changed"),
    row("voucher_malformed", 422, "The voucher code is not as it must be"),
    row("unknown_parameter", 422, "A parameter is unknown"),
    row("password_too_short", 422, "The password is too short"),
    row("password_too_long", 422, "The password is too long"),
    row("password_too_common", 422, "The password is too common"),
    row("idempotency_key_invalid", 422, "The header Idempotency-Key is not as it must be"),
    row("idempotency_key_reuse", 422, "The idempotency key belongs to another request"),
    row("too_many_attempts", 429, "Too many attempts to pay"),
    row("daily_limit_reached", 429, "The daily limit is reached"),
    row("too_many_tries", 429, "Too many codes did not work"),
    row("too_many_sign_ins", 429, "Too many tries to sign in"),
    row("internal_error", 500, "Something went wrong here"),
    row("unavailable", 503, "The server cannot do this now"),
    row("gateway_unavailable", 503, "The payment gateway did not do it"),
    row("outcome_unknown", 503, "The outcome is unknown"),
];

/// Seconds after which a caller may try again.
const RETRY_AFTER_SECONDS: u32 = 1;

/// Why a request was not done. One per response.
#[derive(Debug, Clone)]
pub struct Problem {
    code: &'static str,
    detail: Cow<'static, str>,
    more: Box<More>,
}

#[derive(Debug, Clone, Default)]
struct More {
    param: Option<Cow<'static, str>>,
    /// When several fields are wrong.
    fields: Vec<FieldError>,
    available: Option<Money>,
    required: Option<Money>,
    retry_after_seconds: Option<u32>,
}

/// A field that is not as it must be.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem<'a> {
    /// The field, as a dotted path.
    param: &'a str,
    /// What callers match on.
    code: &'a str,
    /// What it must be.
    detail: &'a str,
}

/// Why a request was not done (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// A page that tells more about the code.
    #[serde(rename = "type")]
    kind: String,
    /// The same for every problem of this code.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What is wrong here, and what to do.
    detail: &'a str,
    /// What callers match on.
    code: &'a str,
    /// The same as `code`.
    error: &'a str,
    /// Names this request in the server's logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    /// The field that is wrong, as a dotted path.
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<&'a str>,
    /// Every field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<FieldProblem<'a>>>,
    /// Seconds after which to try again, with the same idempotency key.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    /// What may be spent on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    available: Option<Money>,
    /// What was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    required: Option<Money>,
    /// The credits are used up; only for an account's own key.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage_limit_reached: Option<bool>,
    /// The same as `detail`; only for an account's own key.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

impl Problem {
    /// A problem of a code of [`CODES`].
    pub fn new(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Problem {
        Problem { code, detail: detail.into(), more: Box::default() }
    }

    /// A field is not as it must be; code `invalid_field`.
    pub fn field(param: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Problem {
        Problem::new("invalid_field", detail).at(param)
    }

    /// Several fields are not as they must be.
    pub fn fields(mut errors: Vec<FieldError>) -> Problem {
        if errors.len() == 1
            && let Some(FieldError { param, code, detail }) = errors.pop()
        {
            return Problem::new(code, detail).at(param);
        }
        let detail = format!("{} fields are not as they must be; errors names each of them", errors.len());
        let mut problem = Problem::new("invalid_field", detail);
        problem.more.param = errors.first().map(|first| first.param.clone().into());
        problem.more.fields = errors;
        problem
    }

    /// There is no such thing, or not for this caller: the answer is the same.
    pub fn not_found(what: &str) -> Problem {
        Problem::new("not_found", format!("there is no such {what}"))
    }

    /// The key is missing or not valid.
    pub fn unauthenticated() -> Problem {
        Problem::new("invalid_api_key", "send a valid API key as Authorization: Bearer <key>, or sign in")
    }

    /// A session is not complete.
    pub fn second_factor_required() -> Problem {
        Problem::new("second_factor_required", "give the second factor first: POST /v1/me/second-factor/codes")
    }

    /// Whoever calls may not do this.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Problem {
        Problem::new("permission_denied", detail)
    }

    /// Something broke that is no fault of the caller. The reason is logged, not told.
    pub fn internal(reason: &str) -> Problem {
        tracing::error!(reason, "internal error");
        Problem::new("internal_error", "this is a fault of the server; retry with the same idempotency key")
    }

    /// The same problem, at a field.
    #[must_use]
    pub fn at(mut self, param: impl Into<Cow<'static, str>>) -> Problem {
        self.more.param = Some(param.into());
        self
    }

    /// How the holder of an account's own key is told: running out of credits has a code of its own.
    #[must_use]
    pub fn for_account_key(mut self) -> Problem {
        if self.code == "insufficient_credits" {
            self.code = "credits_exhausted";
            self.detail = "the credits do not suffice; add credits and retry".into();
        }
        self
    }

    /// What callers match on.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Its HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.row().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn row(&self) -> &'static CodeRow {
        const INTERNAL: &CodeRow = &row("internal_error", 500, "Something went wrong here");
        CODES.iter().find(|row| row.code == self.code).unwrap_or(INTERNAL)
    }

    fn retry_after(&self) -> Option<u32> {
        let unavailable = (self.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER_SECONDS);
        self.more.retry_after_seconds.or(unavailable)
    }

    /// As JSON, with the id of the request it answers.
    pub fn body<'a>(&'a self, request_id: Option<&'a str>) -> ProblemBody<'a> {
        let row = self.row();
        let param = self.more.param.as_deref();
        let exhausted = self.code == "credits_exhausted";
        ProblemBody {
            kind: format!("/docs#{}", row.code),
            title: row.title,
            status: row.status,
            detail: &self.detail,
            code: row.code,
            error: row.code,
            request_id,
            param,
            errors: param.map(|param| self.field_problems(param)),
            retry_after: self.retry_after(),
            available: self.more.available,
            required: self.more.required,
            usage_limit_reached: exhausted.then_some(true),
            message: exhausted.then_some(&*self.detail),
        }
    }

    fn field_problems<'a>(&'a self, param: &'a str) -> Vec<FieldProblem<'a>> {
        if self.more.fields.is_empty() {
            return vec![FieldProblem { param, code: self.code, detail: &self.detail }];
        }
        let told = |FieldError { param, code, detail }: &'a FieldError| FieldProblem { param, code, detail };
        self.more.fields.iter().map(told).collect()
    }

    /// Writes it into a response that was made from it.
    pub fn render(&self, response: &mut Response, request_id: &str) {
        let json = serde_json::to_vec(&self.body(Some(request_id))).unwrap_or_default();
        *response.body_mut() = json.into();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        headers.remove(HeaderName::from_static("idempotent-replayed"));
    }

    fn refused(rejection: Rejection, unit: Unit) -> Problem {
        let mut problem = Problem::new(rejection.code(), rejection.to_string());
        let money = |amount| Money { unit, amount };
        let param = match rejection {
            Rejection::InsufficientCredits { available, required } => {
                problem.more.available = Some(money(available));
                problem.more.required = Some(money(required));
                None
            }
            Rejection::CaptureExceedsHold { held } => {
                problem.more.available = Some(money(held));
                None
            }
            Rejection::ReversalTooLarge { reversible } => {
                problem.more.available = Some(money(reversible));
                None
            }
            Rejection::AmountNotPositive | Rejection::AmountTooLarge => Some("amount"),
            Rejection::LimitNegative => Some("overdraft_limit"),
            Rejection::ExpiryTooEarly => Some("expires_at"),
            Rejection::TtlOutOfRange => Some("ttl_seconds"),
            _ => None,
        };
        problem.more.param = param.map(Cow::Borrowed);
        problem
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        match error {
            Error::Ledger(failure) => failure.into(),
            Error::NotFound(what) => Problem::not_found(what),
            Error::Conflict { code, detail } | Error::Denied { code, detail } => Problem::new(code, detail),
            Error::TooMany { code, detail, retry_after_seconds } => {
                let mut problem = Problem::new(code, detail);
                problem.more.retry_after_seconds = u32::try_from(retry_after_seconds).ok();
                problem
            }
            Error::Invalid { param, code, detail } => Problem::new(code, detail).at(param),
            Error::Fields(errors) => Problem::fields(errors),
            Error::Unavailable(reason) => {
                tracing::error!(reason, "the database cannot be read");
                Problem::new("unavailable", "the database cannot be read now; retry in a moment")
            }
            Error::Gateway(reason) => {
                tracing::warn!(reason, "a gateway did not do it");
                Problem::new("gateway_unavailable", reason)
            }
            Error::Misconfigured(reason) => Problem::internal(&reason),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Problem {
        let code = match &failure {
            Failure::UnknownAccount => return Problem::not_found("account"),
            Failure::Refused { rejection, unit } => return Problem::refused(*rejection, *unit),
            Failure::KeyReuse => "idempotency_key_reuse",
            Failure::Conflict => "conflict",
            Failure::NotStored(reason) => {
                tracing::error!(%reason, "the database cannot store");
                return Problem::new("unavailable", "the database cannot store this now; retry with the same key");
            }
            Failure::Busy | Failure::Stopping => "unavailable",
            Failure::Unknown => "outcome_unknown",
        };
        Problem::new(code, failure.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ledger::Amount;

    use super::*;

    #[test]
    fn a_code_stands_once() {
        let codes: BTreeSet<_> = CODES.iter().map(|row| row.code).collect();
        assert_eq!(codes.len(), CODES.len());
        assert!(CODES.iter().all(|row| StatusCode::from_u16(row.status).is_ok_and(|status| status.as_u16() >= 400)));
    }

    #[test]
    fn every_refusal_of_the_ledger_has_a_status() {
        let usd = Unit::parse("USD").unwrap();
        let (available, required) = (usd.parse_amount("0.5").unwrap(), usd.parse_amount("2").unwrap());
        // rejection, status, param, available
        let cases = [
            (Rejection::InsufficientCredits { available, required }, 402, None, Some("0.5")),
            (Rejection::AccountClosed, 409, None, None),
            (Rejection::AlreadyOpen, 409, None, None),
            (Rejection::AmountNotPositive, 422, Some("amount"), None),
            (Rejection::AmountTooLarge, 422, Some("amount"), None),
            (Rejection::LimitNegative, 422, Some("overdraft_limit"), None),
            (Rejection::ExpiryTooEarly, 422, Some("expires_at"), None),
            (Rejection::TtlOutOfRange, 422, Some("ttl_seconds"), None),
            (Rejection::HoldNotOpen, 409, None, None),
            (Rejection::CaptureExceedsHold { held: Amount::ZERO }, 409, None, Some("0")),
            (Rejection::LotNotFound, 404, None, None),
            (Rejection::LotEnded, 409, None, None),
            (Rejection::EntryNotFound, 404, None, None),
            (Rejection::NotReversible, 409, None, None),
            (Rejection::ReversalTooLarge { reversible: Amount::ZERO }, 409, None, Some("0")),
        ];
        for (rejection, status, param, available) in cases {
            let problem = Problem::from(Failure::Refused { rejection, unit: usd });
            let body = serde_json::to_value(problem.body(Some("r1"))).unwrap();
            assert_eq!(body["status"], status, "{rejection:?}");
            assert_eq!((&body["code"], &body["error"]), (&rejection.code().into(), &rejection.code().into()));
            assert_eq!(body.get("param").and_then(|param| param.as_str()), param, "{rejection:?}");
            assert_eq!(body.get("available").and_then(|text| text.as_str()), available, "{rejection:?}");
            assert_eq!(body["request_id"], "r1");
        }
    }

    #[test]
    fn every_field_that_is_wrong_is_named() {
        let wrong =
            |param: &str| FieldError { param: param.to_owned(), code: "invalid_amount", detail: "must".to_owned() };
        let body = |errors| serde_json::to_value(Problem::fields(errors).body(None)).unwrap();
        let one = body(vec![wrong("a")]);
        assert_eq!((&one["code"], &one["param"]), (&"invalid_amount".into(), &"a".into()));
        assert_eq!(one["errors"].as_array().map(Vec::len), Some(1));
        let two = body(vec![wrong("a"), wrong("b.c")]);
        assert_eq!((&two["code"], &two["param"]), (&"invalid_field".into(), &"a".into()));
        let params: Vec<_> = two["errors"].as_array().unwrap().iter().map(|error| &error["param"]).collect();
        assert_eq!(params, ["a", "b.c"]);
        assert_eq!(two["errors"][1]["code"], "invalid_amount");
    }

    #[test]
    fn an_account_key_is_told_in_its_own_words() {
        let rejection = Rejection::InsufficientCredits { available: Amount::ZERO, required: Amount::from_units(1) };
        let problem = Problem::from(Failure::Refused { rejection, unit: Unit::CREDIT }).for_account_key();
        let body = serde_json::to_value(problem.body(None)).unwrap();
        assert_eq!((&body["error"], &body["usage_limit_reached"]), (&"credits_exhausted".into(), &true.into()));
        assert_eq!(body["message"], body["detail"]);
        assert_eq!(body["required"], "0.000001");
    }

    #[test]
    fn what_may_be_retried_says_when() {
        for failure in [Failure::Busy, Failure::Stopping, Failure::NotStored("full".into()), Failure::Unknown] {
            let problem = Problem::from(failure.clone());
            assert_eq!((problem.status().as_u16(), problem.retry_after()), (503, Some(1)), "{failure}");
        }
    }
}
