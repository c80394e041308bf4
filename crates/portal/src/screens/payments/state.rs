//! What people are told about a payment's state: one word, one sentence, and whether to pay again.
//!
//! Pure. Every surface reads it here, so that no two of them tell different stories. A payer is told why his bank said no
//! as far as VNPay tells it to him, too; of cards only that they were declined, so that nobody tests cards here.

use engine::topups::{Payment, State, message_group};

use crate::components::{Chip, Tone};
use crate::words::Words;

/// What is told about a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it means to the payer.
    pub tone: Tone,
    /// The end of the keys of its texts.
    pub name: &'static str,
    /// Whether paying again could pay twice.
    pub do_not_pay_again: bool,
    /// Whether it may still change by itself within minutes: worth asking again.
    pub is_moving: bool,
}

/// What is told about a payment.
pub fn told(state: State) -> Told {
    let told = |tone, name, do_not_pay_again, is_moving| Told { tone, name, do_not_pay_again, is_moving };
    match state {
        State::AwaitingCustomer => told(Tone::Accent, "awaiting", false, true),
        State::Confirming => told(Tone::Accent, "confirming", true, true),
        State::Created | State::Unknown => told(Tone::Warn, "unknown", true, true),
        State::UnderReview => told(Tone::Warn, "review", true, false),
        State::Succeeded => told(Tone::Good, "succeeded", false, false),
        State::Failed => told(Tone::Bad, "failed", false, false),
        State::Expired => told(Tone::Plain, "expired", false, false),
        State::PartlyRefunded => told(Tone::Plain, "partly-refunded", false, false),
        State::Refunded => told(Tone::Plain, "refunded", false, false),
        State::Disputed => told(Tone::Warn, "disputed", false, false),
        State::DisputeWon => told(Tone::Good, "dispute-won", false, false),
        State::DisputeLost => told(Tone::Plain, "dispute-lost", false, false),
    }
}

impl Told {
    /// The state in a word or two.
    pub fn chip(self, words: Words) -> Chip {
        Chip { tone: self.tone, text: self.label(words) }
    }

    /// The same as a text.
    pub fn label(self, words: Words) -> String {
        words.t(&format!("portal-state-{}", self.name))
    }
}

/// Why a payment failed, as a group that has a text with one next step.
pub fn reason(payment: &Payment) -> Option<&'static str> {
    if payment.state != State::Failed {
        return None;
    }
    let code = payment.reason.as_deref().unwrap_or_default();
    Some(match message_group(code) {
        "canceled" => "canceled",
        "timed_out" => "timed-out",
        "insufficient_funds" => "funds",
        "daily_limit" => "limit",
        "bank_maintenance" => "maintenance",
        "wrong_code" => "code",
        "no_internet_banking" => "no-banking",
        "locked" => "locked",
        _ => match payment.told_reason() {
            Some("declined") => "declined",
            Some("gateway_unreachable" | "not_found") => "gateway",
            Some("voided") => "canceled",
            _ => "other",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_have_paid_is_not_told_to_pay_again() {
        for state in State::ALL {
            let told = told(state);
            assert!(told.do_not_pay_again || !state.blocks_charges(), "{state:?}");
            assert!(!told.do_not_pay_again || state.shown() == "pending", "{state:?}");
            assert_eq!(told.is_moving, state.is_open(), "{state:?}");
        }
    }

    #[test]
    fn every_state_and_every_reason_has_its_texts() {
        let keys = documents::messages::keys(documents::Language::En);
        for state in State::ALL {
            let name = told(state).name;
            for key in [
                format!("portal-state-{name}"),
                format!("portal-payment-{name}"),
                format!("portal-payment-{name}-text"),
            ] {
                assert!(keys.contains_key(key.as_str()), "{key}");
            }
        }
        let reasons = [
            "canceled",
            "code",
            "declined",
            "funds",
            "gateway",
            "limit",
            "locked",
            "maintenance",
            "no-banking",
            "other",
            "timed-out",
        ];
        for reason in reasons {
            assert!(keys.contains_key(format!("portal-reason-{reason}").as_str()), "{reason}");
        }
    }
}
