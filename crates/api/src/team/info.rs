//! `GET /user/credits/info`: what a team has and may do.

use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use engine::members::Capability;
use engine::plans::{self, ActivePlan};
use engine::topups::{self, Payment};
use engine::{Engine, Error};
use ledger::{Account, Amount, Lot, LotKind, Timestamp, Unit};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Refusal, TeamError};

/// What a team has.
#[derive(Debug, Serialize, ToSchema, PartialEq, Eq)]
pub(super) struct CreditsInfo {
    /// What remains in all lots that have not expired, in whole credits.
    credits: i64,
    /// The lots that have something left, in the order in which they are spent, then purchases to be confirmed.
    breakdown: Vec<LotInfo>,
    /// The plan of the team.
    active_subscription: Subscription,
    /// Whether the team may spend now.
    allow_usage: bool,
}

/// Where a lot comes from, as these endpoints name it.
#[derive(Debug, Clone, Copy, Serialize, ToSchema, PartialEq, Eq)]
enum PurchaseKind {
    /// Credits of a plan.
    Subscription,
    /// Bought.
    #[serde(rename = "Top-up")]
    TopUp,
    /// Given by an operator, or from a voucher.
    Manual,
    /// Given when the account was set up.
    Setup,
    /// A purchase that is not confirmed yet; nothing of it can be spent.
    Pending,
}

/// One lot.
#[derive(Debug, Serialize, ToSchema, PartialEq, Eq)]
struct LotInfo {
    purchase_kind: PurchaseKind,
    /// Whole credits granted.
    allocated_units: i64,
    /// Whole credits left.
    remaining_units: i64,
    /// Unix seconds; null for a lot that never expires.
    expiry_date: Option<i64>,
}

/// A plan.
#[derive(Debug, Serialize, ToSchema, PartialEq, Eq)]
struct Subscription {
    /// `SUB_BASE` for a team without a plan.
    id: String,
    display_name: String,
    /// Whole credits per period.
    credits: i64,
    /// Unix seconds.
    created_at: i64,
}

/// Credits, lots and plan of the team
#[utoipa::path(
    get,
    path = "/user/credits/info",
    tag = "team",
    responses(
        (status = 200, description = "What the team has.", body = CreditsInfo, example = json!({
            "credits": 12500,
            "breakdown": [
                {"purchase_kind": "Subscription", "allocated_units": 10000, "remaining_units": 8500, "expiry_date": 1735689600},
                {"purchase_kind": "Top-up", "allocated_units": 5000, "remaining_units": 4000, "expiry_date": null},
            ],
            "active_subscription": {"id": "SUB_BASE", "display_name": "Base", "credits": 0, "created_at": 1704067200},
            "allow_usage": true,
        })),
        (status = 402, description = "`invalid_api_key`: the key is missing or wrong.", body = TeamError),
        (status = 403, description = "`permission_denied`: the key may not read balances.", body = TeamError),
        (status = 404, description = "`team_not_found`: the key belongs to no account.", body = TeamError),
        (status = 500, description = "`internal_error`.", body = TeamError),
    )
)]
pub(super) async fn credits_info(State(engine): State<Engine>, parts: Parts) -> Result<Json<CreditsInfo>, Refusal> {
    let id = super::team(&engine, &parts, Capability::BalanceRead).await?;
    let failed = |error: Error| match error {
        Error::NotFound(_) => Refusal::team_not_found(),
        error => Refusal::internal(&error),
    };
    let record = engine.accounts().get(&id).await.map_err(failed)?;
    let located = engine.accounts().locate(&id).await.map_err(failed)?;
    let view = engine.view(&located, None).await.map_err(failed)?;
    let pending = topups::unsettled(&engine, &id).await.map_err(failed)?;
    let plan = plans::active(&engine, &record).await.map_err(failed)?;
    Ok(Json(CreditsInfo::of(plan, &view.account.as_of(view.as_of), &pending, view.as_of)))
}

impl CreditsInfo {
    /// Lots that are spent, voided, expired or not effective yet are left out.
    fn of(plan: ActivePlan, account: &Account, pending: &[Payment], now: Timestamp) -> CreditsInfo {
        let unit = account.unit;
        let lots = || account.lots.iter().filter(|lot| lot.counts(now) && lot.remaining.is_positive());
        // What pays for what was granted before brings nothing.
        let bringing = pending.iter().filter(|payment| payment.credit.is_positive());
        let waiting = bringing.map(|payment| LotInfo {
            purchase_kind: PurchaseKind::Pending,
            allocated_units: whole(unit, payment.credit),
            remaining_units: 0,
            expiry_date: None,
        });
        CreditsInfo {
            credits: whole(unit, lots().map(|lot| lot.remaining).sum()),
            breakdown: lots().map(|lot| LotInfo::of(unit, lot)).chain(waiting).collect(),
            active_subscription: Subscription {
                id: plan.id,
                display_name: plan.name,
                credits: whole(unit, plan.credits),
                created_at: plan.since.seconds(),
            },
            allow_usage: account.may_spend(now),
        }
    }
}

impl LotInfo {
    fn of(unit: Unit, lot: &Lot) -> LotInfo {
        LotInfo {
            purchase_kind: match lot.kind {
                LotKind::Subscription => PurchaseKind::Subscription,
                LotKind::TopUp => PurchaseKind::TopUp,
                LotKind::Manual | LotKind::Voucher => PurchaseKind::Manual,
                LotKind::Setup => PurchaseKind::Setup,
            },
            allocated_units: whole(unit, lot.allocated),
            remaining_units: whole(unit, lot.remaining),
            expiry_date: lot.expires_at.map(Timestamp::seconds),
        }
    }
}

/// Whole units, rounded down.
fn whole(unit: Unit, amount: Amount) -> i64 {
    unit.floor_minor(amount).div_euclid(10_i64.pow(unit.exponent()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);

    fn lot(no: u64, kind: LotKind, remaining: &str) -> Lot {
        Lot {
            no,
            kind,
            priority: None,
            allocated: Unit::CREDIT.parse_amount("10000.9").unwrap(),
            remaining: Unit::CREDIT.parse_amount(remaining).unwrap(),
            held: Amount::ZERO,
            effective_at: Timestamp::default(),
            expires_at: None,
            scope: Box::default(),
        }
    }

    fn info(lots: Vec<Lot>) -> serde_json::Value {
        let mut account = Account::new(1, "team".into(), Unit::CREDIT);
        for lot in lots {
            account.insert_lot(lot);
        }
        let plan = ActivePlan {
            id: "SUB_PRO".to_owned(),
            name: "Pro".to_owned(),
            credits: Unit::CREDIT.parse_amount("10000.9").unwrap(),
            since: Timestamp::from_micros(1_704_067_200_999_999),
        };
        serde_json::to_value(CreditsInfo::of(plan, &account, &[], NOW)).unwrap()
    }

    #[test]
    fn every_kind_has_its_name() {
        let table = [
            (LotKind::Subscription, "Subscription"),
            (LotKind::TopUp, "Top-up"),
            (LotKind::Manual, "Manual"),
            (LotKind::Setup, "Setup"),
            (LotKind::Voucher, "Manual"),
        ];
        for (kind, name) in table {
            assert_eq!(info(vec![lot(1, kind, "1")])["breakdown"][0]["purchase_kind"], name, "{kind:?}");
        }
    }

    #[test]
    fn fractions_are_rounded_down_once() {
        let info =
            info(vec![lot(1, LotKind::TopUp, "1.6"), lot(2, LotKind::TopUp, "2.6"), lot(3, LotKind::TopUp, "0.1")]);
        assert_eq!(info["credits"], 4);
        let remaining: Vec<_> = (0..3).map(|n| info["breakdown"][n]["remaining_units"].as_i64().unwrap()).collect();
        assert_eq!((remaining, &info["breakdown"][0]["allocated_units"]), (vec![1, 2, 0], &10_000.into()));
    }

    #[test]
    fn what_does_not_count_is_not_listed() {
        let expired = Lot { expires_at: Some(NOW), ..lot(1, LotKind::TopUp, "5") };
        let future = Lot { effective_at: NOW.plus_seconds(1), ..lot(2, LotKind::TopUp, "5") };
        let spent = lot(3, LotKind::TopUp, "0");
        let info = info(vec![expired, future, spent]);
        assert_eq!((&info["credits"], &info["breakdown"]), (&0.into(), &serde_json::json!([])));
        assert_eq!(info["allow_usage"], false);
        let plan =
            serde_json::json!({"id": "SUB_PRO", "display_name": "Pro", "credits": 10000, "created_at": 1704067200});
        assert_eq!(info["active_subscription"], plan);
    }

    #[test]
    fn whole_units_of_every_exponent() {
        for (unit, amount, expected) in
            [("CREDIT", "12.999", 12), ("USD", "12.99", 12), ("VND", "500000.5", 500_000), ("KWD", "1.9999", 1)]
        {
            let unit = Unit::parse(unit).unwrap();
            assert_eq!(whole(unit, unit.parse_amount(amount).unwrap()), expected, "{amount} {unit}");
        }
    }
}
