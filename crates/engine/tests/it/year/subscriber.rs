//! What a customer does with plans: subscribes, changes, cancels, changes the mind, uses a card that works or one that
//! does not, and pays what is due.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use engine::accounts::AccountChange;
use engine::plans::{
    self, Changing, NewPlan, Payer, Period, PeriodUnit, PlanTerms, Subscribing, SubscriptionState, When,
};
use engine::settings::{Language, Method};
use engine::topups::Consented;
use engine::{Engine, Error, Result};
use ledger::plan::Paying;
use ledger::{Timestamp, Unit};
use sandbox::stripe::NewCustomer;

use super::calendar::Day;
use super::customer::Customer;
use super::seats::Seat;
use super::world::World;
use crate::call;

/// How long periods of a plan are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Length {
    Months(i64),
    Days(i64),
}

impl Length {
    /// The day on which so many periods have ended that began on `first`.
    pub(super) fn after(self, first: Day, periods: i64) -> Day {
        match self {
            Length::Months(months) => first.plus_months(months * periods),
            Length::Days(days) => first.plus_days(days * periods),
        }
    }

    fn period(self) -> Period {
        let (count, unit) = match self {
            Length::Months(months) => (months, PeriodUnit::Month),
            Length::Days(days) => (days, PeriodUnit::Day),
        };
        Period { count: u32::try_from(count).unwrap(), unit }
    }
}

/// A plan: the end of its id, its price in tenths of the smallest top-up, the length of a period, periods of a term.
struct Kind {
    name: &'static str,
    price: i64,
    length: Length,
    term_periods: u32,
}

const KINDS: [Kind; 6] = [
    Kind { name: "SMALL", price: 4, length: Length::Months(1), term_periods: 1 },
    Kind { name: "MIDDLE", price: 7, length: Length::Months(1), term_periods: 1 },
    Kind { name: "LARGE", price: 12, length: Length::Months(1), term_periods: 1 },
    Kind { name: "TERM", price: 5, length: Length::Months(1), term_periods: 4 },
    Kind { name: "QUARTER", price: 9, length: Length::Months(3), term_periods: 2 },
    Kind { name: "FREE", price: 0, length: Length::Days(9), term_periods: 1 },
];

/// Places of a plan that can be upgraded, and of one that it is upgraded to.
const UPGRADABLE: usize = 0;
const LARGEST: usize = 2;

/// How long what is due may stay unpaid: seven days, as shipped.
const GRACE_SECONDS: i64 = 604_800;

/// Cards that work and those that are declined.
const CARDS: [&str; 2] = ["pm_card_visa", "pm_card_chargeCustomerFail"];

/// What the ledger of plans may answer to a customer who tries anything.
const REFUSALS: [&str; 10] = [
    "downgrade_at_term_end",
    "no_change",
    "nothing_due",
    "payment_due",
    "payment_failed",
    "payment_in_progress",
    "period_ends_soon",
    "plan_not_comparable",
    "option_not_offered",
    "subscription_exists",
];

fn id(seat: &Seat, kind: &Kind) -> String {
    format!("SUB_{}_{}", seat.id.to_uppercase().replace('-', "_"), kind.name)
}

/// The length of a plan's periods.
pub(super) fn length(plan_id: &str) -> Option<Length> {
    let name = plan_id.rsplit('_').next();
    KINDS.iter().find(|kind| Some(kind.name) == name).map(|kind| kind.length)
}

/// Publishes the plans of a seat.
pub(super) async fn publish(node: &Engine, seat: &Seat) {
    let unit = Unit::parse(seat.unit).unwrap();
    for kind in &KINDS {
        let mut options = vec![Paying::AllUpfront];
        if kind.term_periods > 1 {
            options.extend([Paying::PartialUpfront { percent: 40 }, Paying::Postpaid]);
        }
        let terms = PlanTerms {
            name: kind.name.to_owned(),
            prices: BTreeMap::from([(unit, (seat.topup * kind.price / 10).to_string())]),
            credits: (seat.topup * (1 + kind.price) / 10).to_string(),
            period: kind.length.period(),
            term_periods: kind.term_periods,
            options,
            scope: if kind.price > 10 { vec!["gpu".to_owned()] } else { Vec::new() },
            on_demand: None,
        };
        let new = NewPlan { id: id(seat, kind), site: seat.site.to_owned(), unit: Some(unit), terms };
        plans::publish(node, &call(None), new).await.unwrap();
    }
}

/// The saved card, and how the subscription stood when it was looked at.
#[derive(Default)]
pub(super) struct Wallet {
    /// Whether the card works, and since when it is there.
    works: bool,
    since: Timestamp,
    /// The subscription that was seen not to go on when it was looked at last.
    gone: Option<String>,
    /// Keys that were used.
    keys: u64,
    /// When the subscription of this name was seen not to go on: it had ended, or was suspended.
    pub(super) ended: Vec<(Timestamp, String)>,
}

impl Customer {
    /// Saves a card that works, or one that does not, in place of the one before.
    pub(super) async fn save_card(&mut self, world: &World, works: bool) {
        let cards = vec![CARDS[usize::from(!works)].to_owned()];
        let new = NewCustomer { cards, default: Some(0), ..NewCustomer::default() };
        let customer = world.stripe.create_customer(&new).unwrap();
        let change = AccountChange { stripe_customer: Some(Some(customer.customer)), ..AccountChange::default() };
        world.node(&mut self.dice).accounts().change(&call(None), self.seat.id, change).await.unwrap();
        (self.wallet.works, self.wallet.since) = (works, world.now());
    }

    /// Does something about the plan.
    pub(super) async fn plan(&mut self, world: &World) {
        let node = world.node(&mut self.dice);
        let live = match plans::subscription(node, self.seat.id).await {
            Ok((subscription, _)) => Some(subscription.state).filter(|state| *state != SubscriptionState::Expired),
            Err(Error::NotFound(_)) => None,
            Err(error) => panic!("{error}"),
        };
        match (live, self.dice.below(12)) {
            (_, 0) => {
                let works = self.dice.percent(70);
                self.save_card(world, works).await;
            }
            (None, _) => self.subscribe(world).await,
            (Some(SubscriptionState::PendingRenewal | SubscriptionState::Suspended), 1..=6) => self.pay(world).await,
            (Some(_), 1..=8) => self.change(world).await,
            // Else a payment under way is closed in the background, at no instant that a script could name.
            (Some(SubscriptionState::Active), 9) => {
                drop(allowed(plans::cancel(world.node(&mut self.dice), self.seat.id).await))
            }
            (Some(_), _) => drop(allowed(plans::undo(world.node(&mut self.dice), self.seat.id).await)),
        }
    }

    fn key(&mut self) -> String {
        self.wallet.keys += 1;
        format!("plan-{}", self.wallet.keys)
    }

    /// Often this one, else any.
    fn some_plan(&mut self, place: usize) -> String {
        let kind = if self.dice.percent(40) { &KINDS[place] } else { self.dice.one(&KINDS) };
        id(self.seat, kind)
    }

    async fn subscribe(&mut self, world: &World) {
        let (plan_id, key, node) = (self.some_plan(UPGRADABLE), self.key(), world.node(&mut self.dice));
        let plan = plans::plan(node, &plan_id).await.unwrap();
        let option = self.dice.one(&plan.terms.options).name();
        let account_id = self.seat.id;
        let subscribed = as_payer(node, account_id, async |payer| {
            let wanted = Subscribing { account_id, plan_id: &plan_id, option: Some(option), currency: None, payer };
            plans::subscribe(node, &call(Some(&key)), wanted).await
        });
        allowed(subscribed.await);
    }

    async fn change(&mut self, world: &World) {
        let (plan_id, key, node) = (self.some_plan(LARGEST), self.key(), world.node(&mut self.dice));
        let when = if self.dice.percent(70) { None } else { Some(When::TermEnd) };
        let account_id = self.seat.id;
        let changed = as_payer(node, account_id, async |payer| {
            let wanted = Changing { account_id, plan_id: &plan_id, option: None, when, payer: Some(payer) };
            plans::change(node, &call(Some(&key)), wanted).await
        });
        allowed(changed.await);
    }

    async fn pay(&mut self, world: &World) {
        let (key, node, account_id) = (self.key(), world.node(&mut self.dice), self.seat.id);
        let pay = async |payer: Payer<'_>| plans::pay(node, &call(Some(&key)), account_id, payer).await;
        allowed(as_payer(node, account_id, pay).await);
    }

    /// Once the jobs have been done, and money had time to be heard of: no period may be missing.
    pub(super) async fn check_plan(&mut self, world: &World, begun_at: Timestamp) {
        let Ok((subscription, _)) = plans::subscription(world.node(&mut self.dice), self.seat.id).await else { return };
        let (now, wallet) = (world.now(), &mut self.wallet);
        let told = format!("{} at {}: {subscription:?}", self.seat.id, self.seat.zone.tell(now));
        let gone = matches!(subscription.state, SubscriptionState::Suspended | SubscriptionState::Expired);
        let gone = gone.then(|| subscription.id.clone());
        if gone != wallet.gone {
            wallet.ended.extend(gone.clone().map(|id| (now, id)));
            wallet.gone = gone;
        }
        match subscription.state {
            SubscriptionState::Active => {
                assert!(subscription.ends_at.is_some_and(|ends_at| now < ends_at), "a period is missing: {told}");
            }
            SubscriptionState::PendingRenewal => {
                let grace_ends_at = subscription.grace_ends_at.unwrap();
                let noticed_at = grace_ends_at.plus_seconds(-GRACE_SECONDS);
                let payable = wallet.works && wallet.since < noticed_at && noticed_at <= begun_at;
                assert!(!payable, "a card that works was not charged: {told}");
                assert!(now < grace_ends_at, "the time to pay is over: {told}");
            }
            SubscriptionState::Suspended | SubscriptionState::Expired => {}
            SubscriptionState::Incomplete => panic!("its money is not heard of: {told}"),
        }
    }
}

/// Somebody who agrees to the text in force and pays by saved card.
async fn as_payer<R>(node: &Engine, account_id: &str, then: impl AsyncFnOnce(Payer<'_>) -> R) -> R {
    let terms = plans::terms(node, account_id, Language::En).await.unwrap();
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let consent = Consented { text_sha256: &terms.text_sha256, ip, user_agent: "test" };
    then(Payer { method: Method::SavedCard, consent, language: Language::En, return_url: None, save_card: false }).await
}

/// What came of it, unless it was refused for a good reason.
fn allowed<T>(done: Result<T>) -> Option<T> {
    match done {
        Ok(done) => Some(done),
        Err(Error::Conflict { code, .. } | Error::Invalid { code, .. }) if REFUSALS.contains(&code) => None,
        Err(error) => panic!("{error:?}"),
    }
}
