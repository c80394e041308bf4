//! Vouchers as an account sees them: what it redeemed, what is left, and whether it still counts.
//!
//! What remains is told by the lots in the ledger, never by a column. Cost: the account's state, and two reads for
//! every [`PAGE`] redemptions that are looked through; one more to search for a whole code.

use ledger::{Account, Amount, Timestamp};

use super::code::{Code, CodeKeys, masked};
use super::redemption::{Redemption, RedemptionLot};
use crate::accounts::Located;
use crate::{Engine, Error, Result};

/// Redemptions looked through in one read.
const PAGE: i64 = 200;

/// What a voucher is worth now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoucherStatus {
    /// Something is left of it, and counts.
    Valid,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
    /// Nothing is left of it.
    Used,
}

impl VoucherStatus {
    /// Every status.
    pub const ALL: [VoucherStatus; 4] =
        [VoucherStatus::Valid, VoucherStatus::Expired, VoucherStatus::Revoked, VoucherStatus::Used];

    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            VoucherStatus::Valid => "valid",
            VoucherStatus::Expired => "expired",
            VoucherStatus::Revoked => "revoked",
            VoucherStatus::Used => "used",
        }
    }

    /// The status of a name.
    pub fn parse(name: &str) -> Option<VoucherStatus> {
        VoucherStatus::ALL.into_iter().find(|status| status.name() == name)
    }

    fn of(redemption: &Redemption, remaining: Amount, now: Timestamp) -> VoucherStatus {
        if redemption.revoked_at.is_some() {
            VoucherStatus::Revoked
        } else if redemption.expires_at <= now {
            VoucherStatus::Expired
        } else if remaining.is_zero() && !redemption.pending {
            VoucherStatus::Used
        } else {
            VoucherStatus::Valid
        }
    }
}

/// A redeemed voucher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voucher {
    /// What was redeemed.
    pub redemption: Redemption,
    /// What is left of each lot, in the order of the redemption's lots.
    pub remaining_by_lot: Vec<Amount>,
    /// What is left in all.
    pub remaining: Amount,
    /// What it is worth now.
    pub status: VoucherStatus,
}

/// Which vouchers of an account. Empty lists do not restrict.
#[derive(Debug, Clone, Default)]
pub struct VoucherFilter {
    /// Statuses.
    pub statuses: Vec<VoucherStatus>,
    /// Services that it may pay for.
    pub services: Vec<String>,
    /// A part of the description, a code's last characters, or a code as it was typed; in any case.
    pub search: Option<String>,
}

impl VoucherFilter {
    /// `codes`: how rows name the code that is searched for, if it is one.
    fn fits(&self, voucher: &Voucher, codes: &[String]) -> bool {
        let pays_for = |lot: &RedemptionLot| {
            lot.part.scope.is_empty() || lot.part.scope.iter().any(|service| self.services.contains(service))
        };
        let contains = |search: &String| {
            let search = search.to_lowercase();
            let Redemption { description, hint, code_id, .. } = &voucher.redemption;
            // As it is shown, with stars before it, or without.
            let hinted = hint.to_lowercase().contains(search.trim_start_matches('*'));
            hinted || description.to_lowercase().contains(&search) || codes.contains(code_id)
        };
        (self.statuses.is_empty() || self.statuses.contains(&voucher.status))
            && (self.services.is_empty() || voucher.redemption.lots.iter().any(pays_for))
            && self.search.as_ref().is_none_or(contains)
    }
}

impl Voucher {
    /// The code as it may be shown.
    pub fn masked_code(&self) -> String {
        masked(&self.redemption.hint)
    }

    /// Services that some of it may pay for, sorted; empty means all.
    pub fn services(&self) -> Vec<&str> {
        let scopes = || self.redemption.lots.iter().map(|lot| &lot.part.scope);
        if scopes().any(Vec::is_empty) {
            return Vec::new();
        }
        let mut services: Vec<&str> = scopes().flatten().map(String::as_str).collect();
        services.sort_unstable();
        services.dedup();
        services
    }

    fn of(redemption: Redemption, account: &Account, now: Timestamp) -> Voucher {
        let left = |lot: &RedemptionLot| {
            let found = lot.lot_no.and_then(|lot_no| account.lot(lot_no));
            found.map_or(Amount::ZERO, |lot| lot.countable(now))
        };
        let remaining_by_lot: Vec<Amount> = redemption.lots.iter().map(left).collect();
        let remaining: Amount = remaining_by_lot.iter().copied().sum();
        let status = VoucherStatus::of(&redemption, remaining, now);
        Voucher { redemption, remaining_by_lot, remaining, status }
    }
}

/// A voucher of an account.
///
/// # Errors
/// [`Error::NotFound`] also for another account's, what the store answers.
pub async fn voucher(engine: &Engine, account: &Located, id: &str) -> Result<Voucher> {
    let found = Redemption::find(engine.store(), &account.id, id).await?;
    let view = engine.view(account, None).await?;
    Ok(Voucher::of(found.ok_or(Error::NotFound("voucher"))?, &view.account, view.as_of))
}

/// Vouchers of an account, newest first, those redeemed before (`redeemed_at_us`, `id`), at most `limit`.
///
/// # Errors
/// What the store answers.
pub async fn vouchers(
    engine: &Engine,
    account: &Located,
    filter: &VoucherFilter,
    before: Option<(i64, String)>,
    limit: usize,
) -> Result<Vec<Voucher>> {
    let view = engine.view(account, None).await?;
    let codes = match filter.search.as_deref().map(Code::read) {
        Some(Ok(code)) => CodeKeys::load(engine).await?.ids(&code).to_vec(),
        _ => Vec::new(),
    };
    let mut before = before.unwrap_or((i64::MAX, String::new()));
    let mut found = Vec::new();
    loop {
        let page = Redemption::page(engine.store(), &account.id, (before.0, &before.1), PAGE).await?;
        let full = page.len() as i64 == PAGE;
        if let Some(last) = page.last() {
            before = (last.redeemed_at.micros(), last.id.clone());
        }
        let all = page.into_iter().map(|redemption| Voucher::of(redemption, &view.account, view.as_of));
        found.extend(all.filter(|voucher| filter.fits(voucher, &codes)));
        if found.len() >= limit || !full {
            found.truncate(limit);
            return Ok(found);
        }
    }
}
