//! The test cards: what paying with each does.
//!
//! Numbers and tokens up to [`RADAR_BLOCK`] are Stripe's published test cards; those that begin with
//! `4000 0099` and tokens with `sandbox` are this sandbox's own and cause faults that Stripe has no
//! card for. A fault card misbehaves on its first charge only and pays after that, so that a
//! client's recovery can be watched. Every number passes the Luhn check.

use serde_json::{Map, Value};

use super::faults::{Fault, WebhookFault};

/// A definite refusal by the card's bank (or by Stripe's own screening).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decline {
    pub code: &'static str,
    pub decline_code: Option<&'static str>,
    pub advice_code: Option<&'static str>,
    pub message: &'static str,
    /// Refused by Stripe before the bank was asked.
    pub blocked: bool,
}

impl Decline {
    const fn new(code: &'static str, decline_code: Option<&'static str>, advice_code: Option<&'static str>) -> Self {
        Self { code, decline_code, advice_code, message: "Your card was declined.", blocked: false }
    }

    const fn saying(mut self, message: &'static str) -> Self {
        self.message = message;
        self
    }

    const fn blocked(mut self) -> Self {
        self.blocked = true;
        self
    }

    /// The payer failed or left the challenge of a set-up.
    pub const fn setup_authentication_failed() -> Self {
        Self::new("setup_intent_authentication_failure", None, None)
            .saying("The provided PaymentMethod has failed authentication.")
    }

    /// The fields of a `card_error`, as in an answer and in `last_payment_error`.
    pub fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("type".into(), "card_error".into());
        fields.insert("code".into(), self.code.into());
        fields.insert(
            "doc_url".into(),
            format!("https://stripe.com/docs/error-codes/{}", self.code.replace('_', "-")).into(),
        );
        fields.insert("message".into(), self.message.into());
        if let Some(decline_code) = self.decline_code {
            fields.insert("decline_code".into(), decline_code.into());
        }
        if let Some(advice_code) = self.advice_code {
            fields.insert("advice_code".into(), advice_code.into());
        }
        fields
    }

    /// The plain decline, or a decline with another code when a control call names one.
    pub fn named(decline_code: Option<&str>) -> &'static Self {
        let wanted = decline_code.unwrap_or("generic_decline");
        let known = [&INSUFFICIENT_FUNDS, &LOST_CARD, &STOLEN_CARD, &EXPIRED_CARD, &INCORRECT_CVC, &PROCESSING_ERROR];
        known.into_iter().find(|decline| decline.decline_code.unwrap_or(decline.code) == wanted).unwrap_or(&GENERIC)
    }
}

const TRY_LATER: Option<&str> = Some("try_again_later");
const NEVER_AGAIN: Option<&str> = Some("do_not_try_again");
const CONFIRM_DATA: Option<&str> = Some("confirm_card_data");

pub(crate) static GENERIC: Decline = Decline::new("card_declined", Some("generic_decline"), TRY_LATER);
static INSUFFICIENT_FUNDS: Decline =
    Decline::new("card_declined", Some("insufficient_funds"), TRY_LATER).saying("Your card has insufficient funds.");
static LOST_CARD: Decline = Decline::new("card_declined", Some("lost_card"), NEVER_AGAIN);
static STOLEN_CARD: Decline = Decline::new("card_declined", Some("stolen_card"), NEVER_AGAIN);
static VELOCITY: Decline = Decline::new("card_declined", Some("card_velocity_exceeded"), TRY_LATER);
static EXPIRED_CARD: Decline = Decline::new("expired_card", None, NEVER_AGAIN).saying("Your card has expired.");
static INCORRECT_CVC: Decline =
    Decline::new("incorrect_cvc", None, CONFIRM_DATA).saying("Your card's security code is incorrect.");
static PROCESSING_ERROR: Decline = Decline::new("processing_error", None, TRY_LATER)
    .saying("An error occurred while processing your card. Try again in a little bit.");
static BLOCKED: Decline = Decline::new("card_declined", Some("fraudulent"), None).blocked();
static SOFT_DECLINE: Decline = Decline::new("card_declined", Some("authentication_required"), None)
    .saying("Your card was declined. This transaction requires authentication.");
pub(crate) static NOT_A_TEST_CARD: Decline = Decline::new("card_declined", Some("test_mode_live_card"), None)
    .saying("Your card was declined. Your request was in test mode, but used a non test card.");
/// The bank wants the payer present.
pub(crate) static AUTHENTICATION_REQUIRED: Decline =
    Decline::new("authentication_required", Some("authentication_required"), None)
        .saying("Your card was declined. This transaction requires authentication.");
/// The payer failed or left the bank's challenge.
pub(crate) static AUTHENTICATION_FAILED: Decline = Decline::new("payment_intent_authentication_failure", None, None)
    .saying("The provided PaymentMethod has failed authentication.");

/// When a card asks the payer to authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// At every payment.
    Always,
    /// Unless the card was set up for off-session use and the payer is absent.
    UnlessSetUp,
    /// Only when the payer is there.
    OnSession,
}

/// What follows a payment that went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aftermath {
    /// A dispute for this reason; the money is withdrawn at once.
    Dispute(&'static str),
    /// An inquiry: a dispute that moves no money yet.
    Inquiry,
    /// The network warns of fraud.
    FraudWarning,
    /// Refunds stay `pending` until the control call settles them.
    SlowRefund,
}

/// What a card does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Pays.
    Pays,
    /// Pays, and something follows.
    PaysThen(Aftermath),
    /// Refuses charges and already the saving to a customer.
    Declines(&'static Decline),
    /// Can be saved; refuses charges.
    DeclinesCharges(&'static Decline),
    /// Asks for authentication; afterwards pays or refuses.
    Challenges(Challenge, Option<&'static Decline>),
    /// Stays `processing` until the control call settles it.
    Processes,
    /// The first charging request goes wrong in this way.
    Breaks(Fault),
    /// Pays; the delivery of `payment_intent.succeeded` goes wrong in this way.
    Misreports(Misreport),
}

/// A webhook fault with fixed arguments, for the fault cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misreport {
    Twice,
    OvertakenByOne,
    Held,
    Never,
    Forged,
    DoubleAmount,
    OtherCurrency,
}

impl Misreport {
    /// The fault for a payment of this amount and currency.
    pub fn fault(self, amount_minor: i64, currency: &str) -> WebhookFault {
        match self {
            Self::Twice => WebhookFault::Duplicate { copies: 1 },
            Self::OvertakenByOne => WebhookFault::Reorder { behind: 1 },
            Self::Held => WebhookFault::Held,
            Self::Never => WebhookFault::Never,
            Self::Forged => WebhookFault::Forged,
            Self::DoubleAmount => WebhookFault::WrongAmount { amount_minor: amount_minor.saturating_mul(2) },
            Self::OtherCurrency => {
                WebhookFault::WrongCurrency { currency: if currency == "usd" { "eur" } else { "usd" }.into() }
            }
        }
    }
}

/// One test card.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Card {
    pub number: &'static str,
    pub token: &'static str,
    pub behaviour: Behaviour,
}

use Behaviour::{Breaks, Challenges, Declines, DeclinesCharges, Misreports, Pays, PaysThen, Processes};

const fn card(number: &'static str, token: &'static str, behaviour: Behaviour) -> Card {
    Card { number, token, behaviour }
}

/// The last of Stripe's own cards in the table below.
pub(crate) const RADAR_BLOCK: &str = "4100000000000019";

#[rustfmt::skip]
static CARDS: &[Card] = &[
    card("4242424242424242", "pm_card_visa", Pays),
    card("5555555555554444", "pm_card_mastercard", Pays),
    card("378282246310005", "pm_card_amex", Pays),
    card("3566002020360505", "pm_card_jcb", Pays),
    card("4000003920000003", "pm_card_jp", Pays),
    card("4000000000000077", "pm_card_bypassPending", Pays),
    card("4000000000000002", "pm_card_visa_chargeDeclined", Declines(&GENERIC)),
    card("4000000000009995", "pm_card_visa_chargeDeclinedInsufficientFunds", Declines(&INSUFFICIENT_FUNDS)),
    card("4000000000009987", "pm_card_visa_chargeDeclinedLostCard", Declines(&LOST_CARD)),
    card("4000000000009979", "pm_card_visa_chargeDeclinedStolenCard", Declines(&STOLEN_CARD)),
    card("4000000000000069", "pm_card_chargeDeclinedExpiredCard", Declines(&EXPIRED_CARD)),
    card("4000000000000127", "pm_card_chargeDeclinedIncorrectCvc", Declines(&INCORRECT_CVC)),
    card("4000000000000119", "pm_card_chargeDeclinedProcessingError", Declines(&PROCESSING_ERROR)),
    card("4000000000006975", "pm_card_visa_chargeDeclinedVelocityLimitExceeded", Declines(&VELOCITY)),
    card("4000000000000341", "pm_card_chargeCustomerFail", DeclinesCharges(&GENERIC)),
    card("4000002500003155", "pm_card_authenticationRequiredOnSetup", Challenges(Challenge::UnlessSetUp, None)),
    card("4000002760003184", "pm_card_authenticationRequired", Challenges(Challenge::Always, None)),
    card("4000003800000446", "pm_card_authenticationRequiredSetupForOffSession", Challenges(Challenge::OnSession, None)),
    card("4000008260003178", "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", Challenges(Challenge::UnlessSetUp, Some(&INSUFFICIENT_FUNDS))),
    card("4000008400001629", "pm_card_threeDSecureRequiredChargeDeclined", Challenges(Challenge::Always, Some(&GENERIC))),
    card("4000000000000259", "pm_card_createDispute", PaysThen(Aftermath::Dispute("fraudulent"))),
    card("4000000000002685", "pm_card_createDisputeProductNotReceived", PaysThen(Aftermath::Dispute("product_not_received"))),
    card("4000000000001976", "pm_card_createDisputeInquiry", PaysThen(Aftermath::Inquiry)),
    card("4000000000005423", "pm_card_createIssuerFraudRecord", PaysThen(Aftermath::FraudWarning)),
    card("4000000000007726", "pm_card_pendingRefund", PaysThen(Aftermath::SlowRefund)),
    card(RADAR_BLOCK, "pm_card_radarBlock", DeclinesCharges(&BLOCKED)),

    card("4000009900000012", "pm_card_sandboxProcessing", Processes),
    card("4000009900000020", "pm_card_sandboxTimeoutBefore", Breaks(Fault::TimeoutBefore)),
    card("4000009900000038", "pm_card_sandboxTimeoutAfter", Breaks(Fault::TimeoutAfter)),
    card("4000009900000046", "pm_card_sandboxCloseBefore", Breaks(Fault::CloseBefore)),
    card("4000009900000053", "pm_card_sandboxCloseAfter", Breaks(Fault::CloseAfter)),
    card("4000009900000061", "pm_card_sandboxServerErrorBefore", Breaks(Fault::ServerErrorBefore)),
    card("4000009900000079", "pm_card_sandboxServerErrorAfter", Breaks(Fault::ServerErrorAfter)),
    card("4000009900000087", "pm_card_sandboxUnavailable", Breaks(Fault::Unavailable)),
    card("4000009900000095", "pm_card_sandboxRateLimit", Breaks(Fault::RateLimit)),
    card("4000009900000103", "pm_card_sandboxLockTimeout", Breaks(Fault::LockTimeout)),
    card("4000009900000111", "pm_card_sandboxConflict", Breaks(Fault::Conflict)),
    card("4000009900000129", "pm_card_sandboxUnreadable", Breaks(Fault::Unreadable)),
    card("4000009900000137", "pm_card_sandboxNoticeTwice", Misreports(Misreport::Twice)),
    card("4000009900000145", "pm_card_sandboxNoticeOvertaken", Misreports(Misreport::OvertakenByOne)),
    card("4000009900000152", "pm_card_sandboxNoticeHeld", Misreports(Misreport::Held)),
    card("4000009900000160", "pm_card_sandboxNoticeNever", Misreports(Misreport::Never)),
    card("4000009900000178", "pm_card_sandboxNoticeForged", Misreports(Misreport::Forged)),
    card("4000009900000186", "pm_card_sandboxNoticeDoubleAmount", Misreports(Misreport::DoubleAmount)),
    card("4000009900000194", "pm_card_sandboxNoticeOtherCurrency", Misreports(Misreport::OtherCurrency)),
    card("4000009900000202", "pm_card_sandboxSoftDecline", DeclinesCharges(&SOFT_DECLINE)),
];

/// The card with this number (blanks allowed) or this token (`pm_card_visa`, `tok_visa`).
pub(crate) fn find(number_or_token: &str) -> Option<&'static Card> {
    let digits: String = number_or_token.chars().filter(|c| !c.is_whitespace()).collect();
    let token = digits.strip_prefix("tok_").map(|name| format!("pm_card_{name}"));
    let wanted = token.unwrap_or(digits);
    CARDS.iter().find(|card| card.number == wanted || card.token == wanted)
}

/// What an attempt to charge comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pay,
    Decline(&'static Decline),
    Authenticate,
    Process,
}

impl Card {
    /// The verdict on a charge; `set_up`: the bank has agreed to off-session use.
    pub fn charge(&self, set_up: bool, off_session: bool) -> Verdict {
        let agreed = set_up && off_session;
        match self.behaviour {
            Declines(decline) | DeclinesCharges(decline) => Verdict::Decline(decline),
            Processes => Verdict::Process,
            Challenges(Challenge::Always, _) => Verdict::Authenticate,
            Challenges(Challenge::UnlessSetUp, then) if agreed => then.map_or(Verdict::Pay, Verdict::Decline),
            Challenges(Challenge::OnSession, _) if off_session => Verdict::Pay,
            Challenges(..) => Verdict::Authenticate,
            Pays | PaysThen(_) | Breaks(_) | Misreports(_) => Verdict::Pay,
        }
    }

    /// The verdict once the payer has authenticated.
    pub fn after_challenge(&self) -> Verdict {
        match self.behaviour {
            Challenges(_, Some(decline)) => Verdict::Decline(decline),
            _ => Verdict::Pay,
        }
    }

    /// The verdict on saving the card to a customer; a set-up may be challenged, a bare attach not.
    pub fn save(&self) -> Verdict {
        match self.behaviour {
            Declines(decline) => Verdict::Decline(decline),
            Challenges(Challenge::Always | Challenge::UnlessSetUp, _) => Verdict::Authenticate,
            _ => Verdict::Pay,
        }
    }

    /// The brand by the number's first digits.
    pub fn brand(&self) -> &'static str {
        match &self.number[..2] {
            "34" | "37" => "amex",
            "35" => "jcb",
            "51" | "52" | "53" | "54" | "55" => "mastercard",
            _ => "visa",
        }
    }

    /// The issuer's country, upper case.
    pub fn country(&self) -> &'static str {
        if self.token == "pm_card_jp" || self.brand() == "jcb" { "JP" } else { "US" }
    }

    /// The last four digits.
    pub fn last4(&self) -> &'static str {
        &self.number[self.number.len() - 4..]
    }
}

/// The check-digit rule that every card number obeys.
pub(crate) fn passes_luhn(number: &str) -> bool {
    let digits: Option<Vec<u32>> = number.chars().rev().map(|c| c.to_digit(10)).collect();
    let doubled =
        |(position, digit): (usize, u32)| if position % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { digit };
    digits
        .is_some_and(|digits| digits.len() >= 12 && digits.into_iter().enumerate().map(doubled).sum::<u32>() % 10 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_card_is_well_formed_and_found_both_ways() {
        for card in CARDS {
            assert!(passes_luhn(card.number), "{}", card.number);
            assert_eq!(find(card.number), Some(card));
            assert_eq!(find(card.token), Some(card));
        }
        assert_eq!(find("4000 0000 0000 0341").map(|card| card.token), Some("pm_card_chargeCustomerFail"));
        assert_eq!(find("tok_visa").map(|card| card.number), Some("4242424242424242"));
        assert!(find("4111111111111111").is_none() && !passes_luhn("4242424242424241"));
    }

    #[test]
    fn challenges_depend_on_the_set_up_and_on_the_payer() {
        let cases = [
            ("4000002500003155", false, true, Verdict::Authenticate),
            ("4000002500003155", true, true, Verdict::Pay),
            ("4000002500003155", true, false, Verdict::Authenticate),
            ("4000002760003184", true, true, Verdict::Authenticate),
            ("4000003800000446", false, true, Verdict::Pay),
            ("4000003800000446", false, false, Verdict::Authenticate),
            ("4000008260003178", true, true, Verdict::Decline(&INSUFFICIENT_FUNDS)),
            ("4000008260003178", false, true, Verdict::Authenticate),
        ];
        for (number, set_up, off_session, verdict) in cases {
            let card = find(number).unwrap();
            assert_eq!(card.charge(set_up, off_session), verdict, "{number} {set_up} {off_session}");
        }
    }
}
