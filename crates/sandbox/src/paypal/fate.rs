//! What becomes of a payment or a refund once it is asked for: chosen by the payer on the hosted page, or scripted.

use serde::{Deserialize, Serialize};

use super::error::ApiError;

/// Why a capture may be pending, by PayPal's list.
const REASONS: &str = "BUYER_COMPLAINT CHARGEBACK ECHECK INTERNATIONAL_WITHDRAWAL OTHER PENDING_REVIEW \
    RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION REFUNDED TRANSACTION_APPROVED_AWAITING_FUNDING UNILATERAL \
    VERIFICATION_REQUIRED DECLINED_BY_RISK_FRAUD_FILTERS";

/// What a capture, or a refund, comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// `COMPLETED`.
    Complete,
    /// `PENDING` until a control call settles it.
    Pending {
        /// `ECHECK`, `PENDING_REVIEW`, …
        reason: String,
    },
    /// Answered with success, but the capture is `DECLINED`; a refund is `CANCELLED`.
    Declined,
    /// Answered with success, but the capture or refund is `FAILED`.
    Failed,
    /// The call is refused; nothing moves.
    Refused {
        /// `INSTRUMENT_DECLINED`, `PAYER_CANNOT_PAY`, …
        issue: String,
    },
}

impl Fate {
    /// Under review at PayPal: pending for days.
    pub fn under_review() -> Self {
        Self::Pending { reason: "PENDING_REVIEW".to_owned() }
    }

    /// The payer's bank or card says no; another source may be chosen for the same order.
    pub fn instrument_declined() -> Self {
        Self::Refused { issue: "INSTRUMENT_DECLINED".to_owned() }
    }

    /// # Errors
    /// 400 for a reason that PayPal does not have.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        match self {
            Self::Pending { reason } if !REASONS.split_whitespace().any(|known| known == reason) => {
                let error = ApiError::issue("INVALID_PARAMETER_VALUE", &format!("A reason is one of: {REASONS}."));
                Err(error.at("/reason", &reason.as_str().into()))
            }
            _ => Ok(()),
        }
    }
}
