//! Subscribing, upgrades at once, and what happens when a term ends.

use engine::plans::{self, SubscriptionState, When};
use engine::settings::Method;
use ledger::plan::Paying;
use store::params;
use tokio::task::JoinSet;

use super::club::{TEAM, monthly, payer};
use super::{Club, code, day};
use crate::call;

/// A larger plan than `SUB_PRO`, and a smaller one.
async fn with_others() -> Club {
    let club = Club::open().await;
    club.publish("SUB_MAX", monthly("Max", "50", "30000")).await;
    club.publish("SUB_MINI", monthly("Mini", "5", "2000")).await;
    club
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cannot_subscribe_is_told_why() {
    let club = with_others().await;
    club.nodes.account("other", "global", "USD").await;
    plans::retire(&club.nodes.a, "SUB_MINI").await.unwrap();
    // plan, option, why not
    let table = [
        ("SUB_NONE", None, "not_found"),
        ("SUB_MINI", None, "plan_retired"),
        ("SUB_PRO", Some("postpaid"), "option_not_offered"),
        ("SUB_PRO", Some("now"), "option_not_offered"),
    ];
    for (number, (plan, option, expected)) in table.into_iter().enumerate() {
        let refused = club.subscribe_on(&club.nodes.a, plan, &format!("k{number}"), option).await.unwrap_err();
        assert_eq!(code(&refused), expected, "{plan} {option:?}");
    }
    club.cards(&[]).await;
    let refused = club.subscribe_on(&club.nodes.a, "SUB_PRO", "k", None).await.unwrap_err();
    assert_eq!(code(&refused), "no_saved_card");
    let terms = club.terms().await;
    // who, the text agreed to, why not
    for (account_id, text, expected) in [("other", &*terms, "not_found"), (TEAM, "00", "terms_changed")] {
        let (plan_id, payer) = ("SUB_PRO", payer(Method::Stripe, text));
        let wanted = plans::Subscribing { account_id, plan_id, option: None, currency: None, payer };
        let refused = plans::subscribe(&club.nodes.a, &call(Some("k")), wanted).await.unwrap_err();
        assert_eq!(code(&refused), expected);
    }
    assert!(plans::subscription(&club.nodes.a, TEAM).await.is_err(), "nothing was written down");
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_subscribes_once_on_any_node() {
    let club = Club::open().await;
    let club = std::sync::Arc::new(club);
    let mut subscribing = JoinSet::new();
    for number in 0..20 {
        let club = std::sync::Arc::clone(&club);
        subscribing.spawn(async move {
            let node = club.nodes.each()[number % 2].clone();
            club.subscribe_on(&node, "SUB_PRO", "one key", None).await.map(|done| done.subscription.id)
        });
    }
    let answers = subscribing.join_all().await;
    let ids: Vec<&String> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
    assert!(!ids.is_empty() && ids.iter().all(|id| *id == ids[0]), "{answers:?}");
    let club = std::sync::Arc::into_inner(club).unwrap();
    let again = club.subscribe_on(&club.nodes.b, "SUB_PRO", "one key", None).await.unwrap();
    assert!(again.replayed);
    club.settle().await;
    assert_eq!(club.stands().await, "active 1, 10000 credits, 1 charges");
    let other = club.subscribe_on(&club.nodes.a, "SUB_PRO", "another key", None).await.unwrap_err();
    assert_eq!(code(&other), "subscription_exists");
    let other = club.subscribe_on(&club.nodes.a, "SUB_PRO", "one key", Some("all_upfront")).await.unwrap_err();
    assert_eq!(code(&other), "idempotency_key_reuse");
    let consents = club.nodes.a.store().query("SELECT count(*) FROM consents", params![]).await.unwrap();
    assert_eq!(consents[0].int(0).unwrap(), 1);
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_subscription_never_began() {
    let club = Club::open().await;
    club.cards(&["pm_card_chargeCustomerFail"]).await;
    for _ in 0..2 {
        let refused = club.subscribe_on(&club.nodes.a, "SUB_PRO", "k", None).await.unwrap_err();
        assert_eq!(code(&refused), "payment_failed", "also the second time");
    }
    assert_eq!(club.stands().await, "expired 0, 0 credits, 0 charges");
    assert_eq!(club.instalments().await, ["1:advance 2000 void"]);
    assert!(club.letters().await.is_empty());
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_costs_the_difference_of_what_is_left() {
    let club = with_others().await;
    // The period runs from 20 November, noon, to 20 December: 29.5 days.
    club.subscribe("SUB_PRO", None).await;
    club.go_to("2026-12-05T05:59Z");
    let changed = club.change("SUB_MAX", None).await.unwrap();
    assert_eq!(
        (changed.when, changed.subscription.plan_id.as_str()),
        (When::Now, "SUB_PRO"),
        "until the money is there"
    );
    assert_eq!(changed.paid.unwrap().payment.price.amount_minor, 1_500);
    assert_eq!(club.stands().await, "active 1, 10000 credits, 2 charges");
    club.settle().await;
    assert_eq!(club.stands().await, "active 1, 20000 credits, 2 charges", "half of the difference");
    let (subscription, plan) = plans::subscription(&club.nodes.a, TEAM).await.unwrap();
    assert_eq!(
        (plan.id.as_str(), subscription.upgrades, subscription.ends_at),
        ("SUB_MAX", 1, Some(day("2026-12-20")))
    );
    assert_eq!(club.instalments().await, ["1:advance 2000 paid", "1:upgrade-1 1500 paid"]);
    club.go_to("2026-12-20");
    club.run().await;
    assert_eq!(club.stands().await, "active 2, 30000 credits, 3 charges");
    assert_eq!(club.charged_minor(), 2_000 + 1_500 + 5_000);
    assert_eq!(club.told().await, ["period_started", "changed", "period_started"]);
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_is_declined_changes_nothing_and_may_be_tried_again() {
    let club = with_others().await;
    club.subscribe("SUB_PRO", None).await;
    club.cards(&["pm_card_chargeCustomerFail"]).await;
    club.go_to("2026-11-30");
    assert_eq!(code(&club.change("SUB_MAX", None).await.unwrap_err()), "payment_failed");
    assert_eq!(club.stands().await, "active 1, 10000 credits, 1 charges");
    assert_eq!(club.instalments().await[1], "1:upgrade-1 2033 void");
    club.cards(&["pm_card_visa"]).await;
    club.go_to("2026-12-05T05:59Z");
    club.change("SUB_MAX", None).await.unwrap();
    assert_eq!(code(&club.change("SUB_MAX", None).await.unwrap_err()), "payment_in_progress");
    club.settle().await;
    assert_eq!(club.instalments().await[1], "1:upgrade-1 1500 paid");
    assert_eq!(club.stands().await, "active 1, 20000 credits, 2 charges");
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_changed_now_is_told() {
    let club = with_others().await;
    let mut yearly = monthly("Yearly", "200", "10000");
    yearly.term_periods = 12;
    club.publish("SUB_YEAR", yearly).await;
    assert_eq!(code(&club.change("SUB_MAX", None).await.unwrap_err()), "not_found");
    club.subscribe("SUB_PRO", None).await;
    // plan, when, why not
    let table = [
        ("SUB_PRO", None, "no_change"),
        ("SUB_NONE", None, "not_found"),
        ("SUB_MINI", Some(When::Now), "downgrade_at_term_end"),
        ("SUB_YEAR", Some(When::Now), "plan_not_comparable"),
    ];
    for (plan, when, expected) in table {
        assert_eq!(code(&club.change(plan, when).await.unwrap_err()), expected, "{plan} {when:?}");
    }
    club.go_to("2026-12-19T23:00:01Z");
    assert_eq!(code(&club.change("SUB_MAX", Some(When::Now)).await.unwrap_err()), "period_ends_soon");
    assert_eq!(club.change("SUB_MAX", None).await.unwrap().when, When::TermEnd, "then it follows");
    club.cards(&["pm_card_chargeCustomerFail"]).await;
    club.go_to("2026-12-20");
    club.run().await;
    assert_eq!(code(&club.change("SUB_PRO", None).await.unwrap_err()), "payment_due");
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_smaller_plan_follows_when_the_term_ends() {
    let club = with_others().await;
    club.subscribe("SUB_PRO", None).await;
    let changed = club.change("SUB_MINI", None).await.unwrap();
    assert_eq!((changed.when, changed.paid.is_none()), (When::TermEnd, true));
    club.change("SUB_MINI", None).await.unwrap();
    assert_eq!(club.letters().await, ["period_started", "plan_change_scheduled"], "told once");
    club.go_to("2026-12-20");
    club.run().await;
    assert_eq!(club.stands().await, "active 2, 2000 credits, 2 charges");
    assert_eq!(club.charged_minor(), 2_500);
    let (subscription, plan) = plans::subscription(&club.nodes.a, TEAM).await.unwrap();
    assert_eq!((plan.id.as_str(), subscription.next), ("SUB_MINI", None));
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_to_happen_can_be_undone_before() {
    let club = with_others().await;
    club.subscribe("SUB_PRO", None).await;
    // what is done, whether it ends, what follows
    club.change("SUB_MINI", None).await.unwrap();
    let cancelled = plans::cancel(&club.nodes.a, TEAM).await.unwrap().subscription;
    assert_eq!((cancelled.cancel_at_end, cancelled.next), (true, None), "nothing follows what ends");
    let again = plans::cancel(&club.nodes.b, TEAM).await.unwrap().subscription;
    assert_eq!(again.revision, cancelled.revision, "again changes nothing");
    let undone = plans::undo(&club.nodes.b, TEAM).await.unwrap().subscription;
    assert_eq!((undone.cancel_at_end, undone.next.is_none()), (false, true));
    assert_eq!(plans::undo(&club.nodes.a, TEAM).await.unwrap().subscription.revision, undone.revision);
    assert_eq!(club.told().await, ["period_started", "change_scheduled", "change_scheduled", "change_undone"]);
    club.go_to("2026-12-20");
    club.run().await;
    assert_eq!(club.stands().await, "active 2, 10000 credits, 2 charges");
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_plan_ends_with_its_term() {
    let club = with_others().await;
    club.subscribe("SUB_PRO", None).await;
    plans::cancel(&club.nodes.a, TEAM).await.unwrap();
    club.go_to("2026-12-19T23:50Z");
    club.run().await;
    assert_eq!(club.stands().await, "active 1, 10000 credits, 1 charges");
    club.go_to("2026-12-20");
    club.run().await;
    assert_eq!(club.stands().await, "expired 1, 0 credits, 1 charges");
    assert_eq!(club.letters().await, ["period_started", "plan_change_scheduled", "subscription_ended"]);
    for done in [plans::cancel(&club.nodes.a, TEAM).await, plans::undo(&club.nodes.a, TEAM).await] {
        assert_eq!(code(&done.unwrap_err()), "not_found", "there is no way back");
    }
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_is_not_wanted_any_more_ends_at_once() {
    let club = with_others().await;
    club.subscribe("SUB_PRO", None).await;
    club.cards(&["pm_card_chargeCustomerFail"]).await;
    club.go_to("2026-12-20");
    club.run().await;
    let cancelled = plans::cancel(&club.nodes.b, TEAM).await.unwrap();
    assert_eq!((cancelled.when, cancelled.subscription.state), (When::Now, SubscriptionState::Expired));
    club.cards(&["pm_card_visa"]).await;
    club.go_to("2026-12-22");
    club.run().await;
    assert_eq!(club.stands().await, "expired 1, 0 credits, 1 charges", "nothing is charged any more");
    assert_eq!(code(&club.pay("p").await.unwrap_err()), "nothing_due");
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_costs_nothing_begins_at_once() {
    let club = with_others().await;
    club.publish("SUB_FREE", monthly("Free", "0", "100")).await;
    let subscribed = club.subscribe_on(&club.nodes.a, "SUB_FREE", "k", None).await.unwrap();
    assert!(subscribed.paid.is_none());
    assert_eq!(club.stands().await, "active 1, 100 credits, 0 charges");
    club.go_to("2026-12-20");
    club.run().await;
    assert_eq!(club.stands().await, "active 2, 100 credits, 0 charges");
    // The 20th to the 20th: 31 days, of which 21 are left.
    club.go_to("2026-12-30");
    club.change("SUB_PRO", None).await.unwrap();
    club.settle().await;
    assert_eq!(club.stands().await, "active 2, 6806 credits, 1 charges");
    assert_eq!(club.charged_minor(), 1_354);
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_are_refused_that_nobody_could_have() {
    let club = Club::open().await;
    type Spoil = fn(&mut plans::NewPlan);
    // what is wrong, the field
    let table: [(Spoil, &str); 18] = [
        (|new| new.id = "PRO".to_owned(), "id"),
        (|new| new.id = "SUB_".to_owned(), "id"),
        (|new| new.id = "SUB_pro".to_owned(), "id"),
        (|new| new.id = "SUB_BASE".to_owned(), "id"),
        (|new| new.site = "nowhere".to_owned(), "unit"),
        (|new| new.terms.name.clear(), "name"),
        (|new| new.terms.credits = "0".to_owned(), "credits"),
        (|new| new.terms.credits = "x".to_owned(), "credits"),
        (|new| new.terms.period.count = 0, "period.count"),
        (|new| new.terms.period.count = 37, "period.count"),
        (|new| new.terms.term_periods = 0, "term_periods"),
        (|new| new.terms.prices.clear(), "prices"),
        (|new| drop(new.terms.prices.insert(ledger::Unit::CREDIT, "1".to_owned())), "prices.CREDIT"),
        (|new| new.terms.prices.values_mut().for_each(|price| *price = "1.001".to_owned()), "prices.USD"),
        (|new| new.terms.options.clear(), "options"),
        (|new| new.terms.options = vec![Paying::Postpaid, Paying::Postpaid], "options[1]"),
        (|new| new.terms.options = vec![Paying::PartialUpfront { percent: 50 }], "options[0]"),
        (|new| new.terms.on_demand = Some(plans::OnDemand::default()), "on_demand"),
    ];
    for (spoil, field) in table {
        let terms = monthly("Pro", "20", "10000");
        let mut new = plans::NewPlan { id: "SUB_NEW".to_owned(), site: "api".to_owned(), unit: None, terms };
        spoil(&mut new);
        match plans::publish(&club.nodes.a, &call(None), new).await {
            Err(engine::Error::Invalid { param, .. }) => assert_eq!(param, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    let euros = plans::NewPlan {
        id: "SUB_PRO".to_owned(),
        site: "api".to_owned(),
        unit: None,
        terms: plans::PlanTerms {
            prices: [(ledger::Unit::parse("EUR").unwrap(), "20".to_owned())].into(),
            ..monthly("Pro", "20", "10000")
        },
    };
    let refused = plans::publish(&club.nodes.a, &call(None), euros).await.unwrap_err();
    assert!(refused.to_string().contains("must go on with USD"), "{refused}");
    club.close().await;
}
