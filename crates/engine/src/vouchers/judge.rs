//! Whether a code may be redeemed, purely.
//!
//! Invariant: a code that is not there and one that another account used up answer the same to the letter, whatever
//! else is true of it. A revoked code reads as expired, a paused campaign as not yet valid.

use ledger::{Timestamp, Unit};

use super::campaign::{Campaign, CampaignState};
use super::issue::CodeRecord;
use crate::Error;
use crate::billing::Country;

/// Everything that decides.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    /// The code and its campaign, if it was ever issued.
    pub(super) found: Option<(&'a CodeRecord, &'a Campaign)>,
    /// This account redeemed this code before.
    pub(super) used_here: bool,
    /// How many codes of the campaign this account redeemed.
    pub(super) account_uses: i64,
    /// The account's site.
    pub(super) site: &'a str,
    /// The account's unit.
    pub(super) unit: Unit,
    /// The country of its billing profile; `None` without one.
    pub(super) country: Option<Country>,
    /// When its credits would end.
    pub(super) expires_at: Option<Timestamp>,
    /// The present.
    pub(super) now: Timestamp,
}

/// Why a code is not redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Never issued, or used up by another account.
    NotFound,
    /// This account redeemed it.
    AlreadyUsed,
    /// Its time is over, or it was revoked.
    Expired,
    /// Its time has not come, or its campaign is paused.
    NotYetValid,
    /// For another unit or site.
    WrongCurrency,
    /// For other countries.
    WrongCountry,
    /// Needs a billing profile first.
    ProfileMissing,
    /// As often, or as much, as it may be.
    LimitReached,
}

impl Refusal {
    /// The stable code callers match on.
    pub const fn code(self) -> &'static str {
        match self {
            Refusal::NotFound => "voucher_not_found",
            Refusal::AlreadyUsed => "voucher_already_used",
            Refusal::Expired => "voucher_expired",
            Refusal::NotYetValid => "voucher_not_yet_valid",
            Refusal::WrongCurrency => "voucher_wrong_currency",
            Refusal::WrongCountry => "voucher_wrong_country",
            Refusal::ProfileMissing => "profile_missing",
            Refusal::LimitReached => "voucher_limit_reached",
        }
    }

    const fn detail(self) -> &'static str {
        match self {
            Refusal::NotFound => "no voucher has this code; check each character",
            Refusal::AlreadyUsed => "this account has redeemed it already; its vouchers list it",
            Refusal::Expired => "its time is over, or it was revoked; ask for another one where it came from",
            Refusal::NotYetValid => "it cannot be redeemed yet, or not for the moment; try again later",
            Refusal::WrongCurrency => "it is for another currency or site than the account's",
            Refusal::WrongCountry => "it is for other countries than the one of the billing profile",
            Refusal::ProfileMissing => "the account has no billing profile yet; fill it in first, then go on",
            Refusal::LimitReached => {
                "it was redeemed as often as it may be, or this account has had its share of the campaign"
            }
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error::conflict(refusal.code(), refusal.detail())
    }
}

/// What stands against redeeming; the first reason that applies.
pub(super) fn judge(facts: &Facts<'_>) -> Option<Refusal> {
    let Some((code, campaign)) = facts.found else { return Some(Refusal::NotFound) };
    let past = |at: Option<Timestamp>| at.is_some_and(|at| at <= facts.now);
    let used_up = code.used >= code.max_uses;
    let reasons = [
        (facts.used_here, Refusal::AlreadyUsed),
        (used_up && code.max_uses == 1, Refusal::NotFound),
        (code.revoked_at.is_some() || campaign.state == CampaignState::Revoked, Refusal::Expired),
        (past(campaign.redeem_until) || past(facts.expires_at), Refusal::Expired),
        (campaign.redeem_from.is_some_and(|from| facts.now < from), Refusal::NotYetValid),
        (campaign.state == CampaignState::Paused, Refusal::NotYetValid),
        (campaign.site != facts.site || campaign.unit != facts.unit, Refusal::WrongCurrency),
        (campaign.profile_required && facts.country.is_none(), Refusal::ProfileMissing),
        (!fits(campaign, facts.country), Refusal::WrongCountry),
        (used_up || facts.account_uses >= campaign.per_account_limit, Refusal::LimitReached),
        (campaign.is_depleted(), Refusal::LimitReached),
    ];
    reasons.into_iter().find_map(|(applies, refusal)| applies.then_some(refusal))
}

fn fits(campaign: &Campaign, country: Option<Country>) -> bool {
    campaign.countries.is_empty() || country.is_some_and(|country| campaign.countries.contains(&country))
}

#[cfg(test)]
mod tests {
    use ledger::Amount;

    use super::super::campaign::{Part, Validity};
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000);

    fn code() -> CodeRecord {
        CodeRecord {
            id: "i".to_owned(),
            campaign_id: "c".to_owned(),
            batch: "b".to_owned(),
            hint: "XYZ".to_owned(),
            max_uses: 1,
            used: 0,
            revoked_at: None,
            created_at: NOW,
        }
    }

    fn campaign() -> Campaign {
        let part = Part { amount: Amount::from_units(5), scope: Vec::new(), priority: None };
        Campaign {
            id: "c".to_owned(),
            name: "n".to_owned(),
            description: "d".to_owned(),
            site: "vn".to_owned(),
            unit: Unit::parse("VND").unwrap(),
            parts: vec![part],
            value: Amount::from_units(5),
            redeem_from: Some(NOW),
            redeem_until: Some(NOW.plus_seconds(1)),
            validity: Validity::Days(1),
            per_account_limit: 2,
            total_limit: Some(10),
            budget: Some(Amount::from_units(50)),
            countries: vec![Country::parse("VN").unwrap()],
            profile_required: true,
            state: CampaignState::Active,
            issued: 12,
            used: 9,
            spent: Amount::from_units(45),
            actor: "a".to_owned(),
            created_at: NOW,
            updated_by: "a".to_owned(),
            updated_at: NOW,
        }
    }

    type Spoil = fn(&mut CodeRecord, &mut Campaign, &mut Facts<'_>);

    fn judged(spoil: Spoil) -> Option<Refusal> {
        let (mut code, mut campaign) = (code(), campaign());
        let mut facts = Facts {
            found: None,
            used_here: false,
            account_uses: 1,
            site: "vn",
            unit: campaign.unit,
            country: Country::parse("VN"),
            expires_at: Some(NOW.plus_seconds(1)),
            now: NOW,
        };
        spoil(&mut code, &mut campaign, &mut facts);
        judge(&Facts { found: Some((&code, &campaign)), ..facts })
    }

    #[test]
    fn each_reason_has_its_answer() {
        use Refusal::*;
        let table: &[(Spoil, Option<Refusal>)] = &[
            (|_, _, _| {}, None),
            (|c, _, _| (c.max_uses, c.used) = (3, 2), None),
            (|_, _, f| f.used_here = true, Some(AlreadyUsed)),
            (|c, _, f| (c.used, f.used_here) = (1, true), Some(AlreadyUsed)),
            (|c, _, _| c.used = 1, Some(NotFound)),
            (|c, m, _| (c.used, m.state) = (1, CampaignState::Revoked), Some(NotFound)),
            (|c, m, _| (c.used, m.redeem_until) = (1, Some(NOW)), Some(NotFound)),
            (|c, _, f| (c.used, f.country) = (1, None), Some(NotFound)),
            (|c, _, _| c.revoked_at = Some(NOW), Some(Expired)),
            (|_, m, _| m.state = CampaignState::Revoked, Some(Expired)),
            (|_, m, _| m.redeem_until = Some(NOW), Some(Expired)),
            (|_, _, f| f.expires_at = Some(NOW), Some(Expired)),
            (|_, m, _| m.redeem_from = Some(NOW.plus_seconds(1)), Some(NotYetValid)),
            (|_, m, _| m.state = CampaignState::Paused, Some(NotYetValid)),
            (|_, _, f| f.site = "jp", Some(WrongCurrency)),
            (|_, _, f| f.unit = Unit::CREDIT, Some(WrongCurrency)),
            (|_, _, f| f.country = None, Some(ProfileMissing)),
            (|_, _, f| f.country = Country::parse("JP"), Some(WrongCountry)),
            (|c, _, _| (c.max_uses, c.used) = (3, 3), Some(LimitReached)),
            (|_, _, f| f.account_uses = 2, Some(LimitReached)),
            (|_, m, _| m.used = 10, Some(LimitReached)),
            (|_, m, _| m.spent = Amount::from_units(46), Some(LimitReached)),
        ];
        for (line, (spoil, expected)) in table.iter().enumerate() {
            assert_eq!(judged(*spoil), *expected, "line {line}");
        }
        let none = Facts {
            found: None,
            used_here: false,
            account_uses: 0,
            site: "vn",
            unit: Unit::CREDIT,
            country: None,
            expires_at: None,
            now: NOW,
        };
        assert_eq!(judge(&none), Some(NotFound));
    }
}
