//! What must be true when a schedule has come to rest.

use std::collections::BTreeMap;

use engine::topups::{self, Payment, State};
use ledger::{Amount, Kind};
use providers::gateway::{DisputeStanding, RefundStanding};
use store::{EntryFilter, Row, params};

use super::schedule::Schedule;
use super::world::{Object, World};

/// Sums of the gateway's clearing account before a schedule, in ledger units.
pub(super) type Clearing = BTreeMap<String, i128>;

/// What the clearing accounts hold.
pub(super) async fn clearing(store: &store::Store) -> Clearing {
    let lines = store.trial_balance().await.unwrap();
    let ours = lines.into_iter().filter(|line| line.name.starts_with("clearing:"));
    ours.map(|line| (format!("{} {}", line.name, line.unit), line.sum_units)).collect()
}

/// Everything that is wrong, in words.
pub(super) async fn faults(schedule: &Schedule<'_>, before: &Clearing) -> Vec<String> {
    let mut faults = Vec::new();
    let payments = topups::payments(&schedule.engine, &schedule.account_id, None, 1_000).await.unwrap();
    let credits = credits_by_payment(schedule).await;
    for payment in &payments {
        let credited = credits.get(&payment.id).copied().unwrap_or_default();
        {
            let world = schedule.gateway.world();
            check_credit(schedule, &world, payment, credited, &mut faults);
        }
        check_trail(schedule, payment, &mut faults).await;
        check_back(schedule, payment, &mut faults).await;
    }
    faults.extend(schedule.plan_faults(&payments).await);
    let known = |object: &Object| payments.iter().any(|payment| payment.id == object.topup_id);
    if !schedule.gateway.world().objects.iter().all(known) {
        faults.push("the gateway has a payment that nobody wrote down".to_owned());
    }
    check_sums(schedule, &credits, before, &mut faults).await;
    faults
}

/// What each payment gave to its account in the ledger: grant less clawbacks plus what was reinstated.
async fn credits_by_payment(schedule: &Schedule<'_>) -> BTreeMap<String, (Amount, usize)> {
    let account = schedule.engine.accounts().locate(&schedule.account_id).await.unwrap();
    let filter = EntryFilter { kinds: Kind::ALL.to_vec(), ..EntryFilter::default() };
    let entries = schedule.place.store.entries(account.no, filter, None, 10_000).await.unwrap();
    let mut credits = BTreeMap::<String, (Amount, usize)>::new();
    for entry in entries {
        if let Some(reference) = &entry.transaction.memo.reference {
            let (sum, count) = credits.entry(reference.to_string()).or_default();
            *sum += entry.transaction.given();
            *count += 1;
        }
    }
    credits
}

/// I4, I5 of plans: what a payment paid for is one instalment, which nothing else paid, and what it brought is one lot.
/// `periods`: what brought each lot, and its credits. `paid`: instalments, and what paid each.
pub(super) fn wrongs_of_plans(
    payments: &[Payment],
    periods: &[(Option<String>, i64)],
    paid: &[(String, Option<String>)],
) -> Vec<String> {
    let mut faults = Vec::new();
    for payment in payments {
        let Some(instalment_id) = payment.purpose.instalment_id() else { continue };
        let credited = payment.state.was_credited();
        let lots: Vec<i64> =
            periods.iter().filter(|(by, _)| by.as_ref() == Some(&payment.id)).map(|(_, units)| *units).collect();
        let expected = if credited && payment.credit.is_positive() { vec![payment.credit.units()] } else { Vec::new() };
        if lots != expected {
            faults.push(format!("{} {}: its lots are {lots:?}", payment.id, payment.state.name()));
        }
        let pays = paid.iter().any(|(id, by)| id == instalment_id && by.as_ref() == Some(&payment.id));
        if pays != credited {
            faults.push(format!("{} {}: its instalment says otherwise", payment.id, payment.state.name()));
        }
    }
    let known = |by: &Option<String>| payments.iter().any(|payment| Some(&payment.id) == by.as_ref());
    if !periods.iter().map(|(by, _)| by).chain(paid.iter().map(|(_, by)| by)).all(known) {
        faults.push("a period or an instalment is paid by nothing".to_owned());
    }
    faults
}

/// Whether the payment's money was for something that could not be any more when it came.
fn came_too_late(payment: &Payment) -> bool {
    const REASONS: [&str; 4] = ["instalment_paid", "other_subscription", "upgrade_too_late", "period_not_due"];
    payment.purpose.instalment_id().is_some() && payment.reason.as_deref().is_some_and(|why| REASONS.contains(&why))
}

/// I4, I17: money that was taken is credited once, at the stored price, or a person looks at it; nothing else is.
fn check_credit(
    schedule: &Schedule<'_>,
    world: &World,
    payment: &Payment,
    (given, entries): (Amount, usize),
    faults: &mut Vec<String>,
) {
    let mut wrong = |what: String| faults.push(format!("{} {}: {what}", payment.id, payment.state.name()));
    if payment.state.is_open() {
        wrong("is still open".to_owned());
    }
    let object = world.objects.iter().find(|object| object.topup_id == payment.id);
    let received = object.and_then(|object| object.received);
    let strayed = world.strays.contains(&payment.id);
    let altered = object.is_some_and(|object| object.altered);
    if object.is_some_and(|object| object.charges > 1) {
        wrong("was charged more than once".to_owned());
    }
    let credited = payment.state.was_credited();
    match (received, credited) {
        (None, true) if !strayed => wrong("credited without money".to_owned()),
        (Some(money), true) if altered && !strayed => wrong(format!("credited for {money:?}")),
        (Some(_), false) if !altered && !strayed && !came_too_late(payment) => {
            wrong("money was taken and nothing credited".to_owned());
        }
        (Some(_), false) if payment.state != State::UnderReview || schedule.alarms.is_empty() => {
            wrong("strange money, and nobody is called".to_owned());
        }
        _ => {}
    }
    if !credited {
        if entries > 0 {
            wrong("has entries in the ledger".to_owned());
        }
        return;
    }
    if strayed {
        // Whichever of the two was heard of first is the payment; the other one is a person's.
        return;
    }
    let number = world.objects.iter().position(|object| object.topup_id == payment.id);
    let returned_minor = number.map_or(0, |number| world.returned_minor(number));
    if payment.refunded_minor + payment.disputed_minor != returned_minor {
        let (refunded, disputed) = (payment.refunded_minor, payment.disputed_minor);
        wrong(format!("{returned_minor} went back, written down are {refunded} refunded and {disputed} disputed"));
    }
    let net_minor = i128::from(payment.price.amount_minor - returned_minor);
    let expected = i128::from(payment.credit.units()) * net_minor / i128::from(payment.price.amount_minor);
    // Each part that goes back is rounded to a ledger unit, a millionth of the smallest coin.
    let rounding = if returned_minor == 0 { 0 } else { entries as i128 };
    if (i128::from(given.units()) - expected).abs() > rounding {
        wrong(format!("credits of {} stand for money of {expected} ({entries} entries)", given.units()));
    }
}

/// I12, I13: states only moved forward, each step has its outbox row; I5: one effect.
async fn check_trail(schedule: &Schedule<'_>, payment: &Payment, faults: &mut Vec<String>) {
    let mut wrong = |what: String| faults.push(format!("{} {}: {what}", payment.id, payment.state.name()));
    let store = &schedule.place.store;
    let sql = "SELECT state FROM payment_events WHERE account_id = $1 AND payment_id = $2 ORDER BY at_us, id";
    let rows = store.query(sql, params![payment.account_id.as_str(), payment.id.as_str()]).await.unwrap();
    let steps: Vec<State> = rows.iter().map(|row| State::parse(row.text(0).unwrap()).unwrap()).collect();
    let forward = steps.windows(2).all(|pair| pair[0].may_become(pair[1]));
    if steps.first() != Some(&State::Created) || steps.last() != Some(&payment.state) || !forward {
        wrong(format!("its steps are {steps:?}"));
    }
    let sql = "SELECT topic, body FROM outbox WHERE account_id = $1 ORDER BY created_at_us, id";
    let rows = store.query(sql, params![payment.account_id.as_str()]).await.unwrap();
    let about = |row: &&Row| row.text(1).unwrap().contains(&payment.id);
    let told: Vec<&str> = rows.iter().filter(about).map(|row| row.text(0).unwrap()).collect();
    let expected: Vec<String> = steps.iter().skip(1).map(|state| format!("payment.{}", state.name())).collect();
    if told != expected {
        wrong(format!("the outbox says {told:?} and happened is {expected:?}"));
    }
    let sql = "SELECT effect, object_id FROM gateway_effects WHERE payment_id = $1";
    let rows = store.query(sql, params![payment.id.as_str()]).await.unwrap();
    let effects = rows.iter().filter(|row| row.text(0).unwrap() == "credit").count();
    if effects != usize::from(payment.state.was_credited()) {
        wrong(format!("{effects} effects of kind credit"));
    }
}

/// Refunds and disputes stand as the gateway has them.
async fn check_back(schedule: &Schedule<'_>, payment: &Payment, faults: &mut Vec<String>) {
    let refunds = topups::refunds(&schedule.engine, payment).await.unwrap();
    let disputes = topups::disputes(&schedule.engine, payment).await.unwrap();
    let world = schedule.gateway.world();
    let mut wrong = |what: String| faults.push(format!("{} {}: {what}", payment.id, payment.state.name()));
    let Some(object) = world.objects.iter().find(|object| object.topup_id == payment.id) else { return };
    for refund in &refunds {
        let given = object
            .refunds
            .iter()
            .find(|given| given.refund_id.as_ref() == Some(&refund.id) || refund.object_id.as_ref() == Some(&given.id));
        let expected = match given.map(|given| &given.standing) {
            Some(RefundStanding::Succeeded) => "succeeded",
            Some(RefundStanding::Failed(_)) | None => "failed",
            Some(RefundStanding::Pending) => "pending",
        };
        if refund.state != expected {
            wrong(format!("the refund {} is {} and should be {expected}", refund.id, refund.state));
        }
        if given.is_some_and(|given| given.minor != refund.money.amount_minor) {
            wrong(format!("the refund {} is of {:?}", refund.id, refund.money));
        }
    }
    if !payment.state.was_credited() {
        return;
    }
    for dispute in &object.disputes {
        let expected = match dispute.standing {
            DisputeStanding::Inquiry => "inquiry",
            DisputeStanding::Open => "open",
            DisputeStanding::Won => "won",
            DisputeStanding::Lost => "lost",
        };
        let found = disputes.iter().find(|found| found.object_id == dispute.id).map(|found| found.state.as_str());
        if found != Some(expected) {
            wrong(format!("the dispute {} is {found:?} and should be {expected}", dispute.id));
        }
    }
}

/// I1, I4: the balance and the clearing account follow from the payments alone.
async fn check_sums(
    schedule: &Schedule<'_>,
    credits: &BTreeMap<String, (Amount, usize)>,
    before: &Clearing,
    faults: &mut Vec<String>,
) {
    let account = schedule.engine.accounts().locate(&schedule.account_id).await.unwrap();
    let view = schedule.engine.view(&account, None).await.unwrap();
    let given: i128 = credits.values().map(|(sum, _)| i128::from(sum.units())).sum();
    let balance = i128::from(view.account.balance(view.as_of).units());
    if balance + i128::from(schedule.spent.units()) != given {
        faults.push(format!("the balance is {balance}, spent are {}, given {given}", schedule.spent.units()));
    }
    let after = clearing(&schedule.place.store).await;
    for (name, sum) in &after {
        let change = sum - before.get(name).copied().unwrap_or_default();
        let ours = name.ends_with(account.unit.code());
        if change != if ours { -given } else { 0 } {
            faults.push(format!("{name} moved by {change}, given are {given}"));
        }
    }
}
