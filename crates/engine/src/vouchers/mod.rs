//! Vouchers: campaigns, codes, and what accounts make of them.
//!
//! The path of a code: a [`Campaign`] says what it is worth; [`issue_codes`] makes it and shows it once; [`redeem`]
//! reads it as people type it, weighs what is known about it ([`Refusal`] is what may come of that), and grants its
//! lots; [`revoke`](fn@revoke) takes back what is left.
//!
//! Invariants:
//! * A code stands in the database as a keyed hash and its last three characters.
//! * No count and no budget is passed: each is a guarded row of the transaction that grants.
//! * A redemption's credits are granted once: each grant has a key in the ledger that names code and place. All of them
//!   come, also when the node dies after the first one.
//! * Who guesses is stopped: a try is counted before the code is looked at.
//!
//! Deliberately absent: codes of an operator's choosing, changing a campaign's terms, mails.

mod advance;
mod campaign;
mod code;
mod issue;
mod judge;
mod list;
mod redeem;
mod redemption;
mod revoke;
mod terms;
mod tries;

pub use advance::{advance_due, run};
pub use campaign::{Campaign, CampaignFilter, CampaignState, Part, Validity, campaign, campaigns, pause_campaign};
pub use code::{Code, masked};
pub use issue::{CodeRecord, Issued, MAX_ISSUE_CODES, code_record, codes, issue_codes};
pub use judge::Refusal;
pub use list::{Voucher, VoucherFilter, VoucherStatus, voucher, vouchers};
pub use redeem::{Redeeming, redeem};
pub use redemption::{Redemption, RedemptionLot};
pub use revoke::{Revocable, Revoked, revoke};
pub use terms::{MAX_PARTS, MAX_VALID_DAYS, NewCampaign, create_campaign};
pub use tries::forget_tries;
