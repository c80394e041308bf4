//! Renewals by saved card: month after month, after declines, with outcomes that nobody knows, on two nodes at once.

use engine::Engine;
use engine::plans::{self, BASE_PLAN};
use engine::topups::{self, State};
use sandbox::stripe::faults::{Fault, FaultRule};
use store::{Statement, params};
use tokio::task::JoinSet;

use super::club::{TEAM, monthly};
use super::{Club, code, day};
use crate::call;

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_renews_month_after_month() {
    let club = Club::open().await;
    club.subscribe("SUB_PRO", None).await;
    assert_eq!(club.stands().await, "active 1, 10000 credits, 1 charges");
    club.spend("1234.5").await;
    // when, how it stands once everything is done
    let table = [
        ("2026-12-19T23:50Z", "active 1, 8765 credits, 1 charges"),
        ("2026-12-20T00:00Z", "active 2, 10000 credits, 2 charges"),
        ("2027-01-20T00:00Z", "active 3, 10000 credits, 3 charges"),
        ("2027-02-20T00:00Z", "active 4, 10000 credits, 4 charges"),
    ];
    for (when, expected) in table {
        club.go_to(when);
        club.run().await;
        assert_eq!(club.stands().await, expected, "{when}");
    }
    let (subscription, plan) = plans::subscription(&club.nodes.a, TEAM).await.unwrap();
    assert_eq!((subscription.ends_at, plan.id.as_str()), (Some(day("2027-03-20")), "SUB_PRO"));
    assert_eq!(club.charged_minor(), 8_000);
    assert_eq!(club.letters().await, ["period_started"; 4]);
    assert_eq!(club.told().await, ["period_started"; 4]);
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lot_of_a_period_ends_with_it() {
    let club = Club::open().await;
    club.subscribe("SUB_PRO", None).await;
    club.go_to("2026-12-19T23:59:59Z");
    assert_eq!(club.stands().await, "active 1, 10000 credits, 1 charges");
    club.go_to("2026-12-20");
    assert_eq!(club.stands().await, "active 1, 0 credits, 1 charges", "by reading, before anybody does anything");
    // The money is not heard of yet: nothing is granted.
    club.advance().await;
    assert_eq!(club.stands().await, "pending_renewal 1, 0 credits, 2 charges");
    club.settle().await;
    assert_eq!(club.stands().await, "active 2, 10000 credits, 2 charges");
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_kept_across_short_months_and_leap_years() {
    let club = Club::open().await;
    club.go_to("2027-12-31T09:00Z");
    club.subscribe("SUB_PRO", None).await;
    for end in ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30", "2028-05-31"] {
        let (subscription, _) = plans::subscription(&club.nodes.a, TEAM).await.unwrap();
        assert_eq!(subscription.ends_at, Some(day(end)));
        club.go_to(end);
        club.run().await;
    }
    assert_eq!(club.stands().await, "active 6, 10000 credits, 6 charges");
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_those_of_the_account() {
    let club = Club::open().await;
    plans::set_zone(&club.nodes.a, TEAM, Some("America/New_York")).await.unwrap();
    club.go_to("2027-02-14T03:00Z");
    club.subscribe("SUB_PRO", None).await;
    // The 13th in New York; clocks go forward on 14 March and back on 7 November.
    for end in ["2027-03-13T05:00Z", "2027-04-13T04:00Z", "2027-05-13T04:00Z"] {
        let (subscription, _) = plans::subscription(&club.nodes.a, TEAM).await.unwrap();
        assert_eq!(subscription.ends_at, Some(day(end)));
        club.go_to(end);
        club.run().await;
    }
    // Another zone holds for what begins later.
    plans::set_zone(&club.nodes.b, TEAM, Some("Asia/Tokyo")).await.unwrap();
    let (subscription, _) = plans::subscription(&club.nodes.a, TEAM).await.unwrap();
    assert_eq!(subscription.ends_at, Some(day("2027-06-13T04:00Z")));
    club.go_to("2027-06-13T04:00Z");
    club.run().await;
    let (subscription, _) = plans::subscription(&club.nodes.a, TEAM).await.unwrap();
    assert_eq!(
        subscription.ends_at,
        Some(day("2027-07-12T15:00Z")),
        "the midnight with which the 13th begins in Tokyo"
    );
    for bad in ["Mars/Olympus", "", "UTC+25"] {
        assert!(plans::set_zone(&club.nodes.a, TEAM, Some(bad)).await.is_err(), "{bad}");
    }
    assert_eq!(plans::set_zone(&club.nodes.a, TEAM, None).await.unwrap().name, "UTC");
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn declines_are_tried_again_until_the_time_is_over() {
    let club = Club::open().await;
    club.subscribe("SUB_PRO", None).await;
    club.cards(&["pm_card_chargeCustomerFail"]).await;
    // when, how it stands, tries so far
    let table = [
        ("2026-12-20T00:00Z", "pending_renewal 1, 0 credits, 1 charges", 1),
        ("2026-12-20T23:00Z", "pending_renewal 1, 0 credits, 1 charges", 1),
        ("2026-12-21T00:01Z", "pending_renewal 1, 0 credits, 1 charges", 2),
        ("2026-12-23T00:01Z", "pending_renewal 1, 0 credits, 1 charges", 3),
        ("2026-12-25T00:01Z", "pending_renewal 1, 0 credits, 1 charges", 4),
        ("2026-12-26T23:50Z", "pending_renewal 1, 0 credits, 1 charges", 4),
        ("2026-12-27T00:01Z", "expired 1, 0 credits, 1 charges", 4),
        ("2027-01-27T00:01Z", "expired 1, 0 credits, 1 charges", 4),
    ];
    for (when, expected, tries) in table {
        club.go_to(when);
        club.run().await;
        assert_eq!(club.stands().await, expected, "{when}");
        let failed = club.payments().await.iter().filter(|payment| payment.state == State::Failed).count();
        assert_eq!(failed, tries, "{when}");
        assert_eq!(club.letters().await.iter().filter(|kind| *kind == "renewal_failed").count(), tries, "{when}");
    }
    let letters = club.letters().await;
    assert_eq!(letters.last().map(String::as_str), Some("subscription_ended"));
    let team = club.nodes.a.accounts().get(TEAM).await.unwrap();
    assert_eq!(plans::active(&club.nodes.a, &team).await.unwrap().id, BASE_PLAN);
    assert_eq!(club.instalments().await, ["1:advance 2000 paid", "2:advance 2000 void"]);
    // Trying renewals is no card testing: the account may go on.
    club.cards(&["pm_card_visa"]).await;
    club.subscribe_on(&club.nodes.a, "SUB_PRO", "again", None).await.unwrap();
    club.settle().await;
    assert_eq!(club.stands().await, "active 1, 10000 credits, 2 charges");
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_works_again_goes_on_where_it_ended() {
    let club = Club::open().await;
    club.subscribe("SUB_PRO", None).await;
    club.cards(&["pm_card_chargeCustomerFail"]).await;
    club.go_to("2026-12-20");
    club.run().await;
    assert_eq!(club.stands().await, "pending_renewal 1, 0 credits, 1 charges");
    club.cards(&["pm_card_mastercard"]).await;
    club.go_to("2026-12-21T00:01Z");
    club.run().await;
    assert_eq!(club.stands().await, "active 2, 10000 credits, 2 charges");
    let (subscription, _) = plans::subscription(&club.nodes.a, TEAM).await.unwrap();
    assert_eq!((subscription.starts_at, subscription.ends_at), (Some(day("2026-12-20")), Some(day("2027-01-20"))));
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_cards_somebody_is_told_and_may_pay() {
    let club = Club::open().await;
    club.subscribe("SUB_PRO", None).await;
    club.cards(&[]).await;
    club.go_to("2026-12-20");
    club.run().await;
    assert_eq!(club.stands().await, "pending_renewal 1, 0 credits, 1 charges");
    assert_eq!(club.letters().await, ["period_started", "renewal_failed"]);
    assert_eq!(code(&club.pay("p1").await.unwrap_err()), "no_saved_card");
    club.cards(&["pm_card_visa"]).await;
    club.nodes.wait_ms(3 * 86_400_000);
    let paid = club.pay("p2").await.unwrap();
    assert_eq!((paid.payment.state, paid.replayed), (State::Confirming, false));
    let again = club.pay("p2").await.unwrap();
    assert_eq!((again.payment.id.clone(), again.replayed), (paid.payment.id, true));
    assert_eq!(code(&club.pay("p3").await.unwrap_err()), "payment_in_progress");
    club.run().await;
    assert_eq!(club.stands().await, "active 2, 10000 credits, 2 charges", "the job tried nothing beside it");
    assert_eq!(code(&club.pay("p4").await.unwrap_err()), "nothing_due");
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_settled_before_anything_else_is_charged() {
    let club = Club::open().await;
    club.subscribe("SUB_PRO", None).await;
    club.go_to("2026-12-20");
    // Stripe makes the charge, and answers with an error, also to repeats.
    club.stripe.script_fault(FaultRule::once(Fault::ServerErrorAfter).on("POST", "/v1/payment_intents/pi_"));
    club.advance().await;
    assert_eq!(club.stands().await, "pending_renewal 1, 0 credits, 2 charges");
    assert_eq!(club.payments().await[0].state, State::Unknown);
    assert_eq!(code(&club.pay("p").await.unwrap_err()), "payment_in_progress");
    for _ in 0..3 {
        club.nodes.wait_ms(3_600_000);
        club.advance().await;
    }
    assert_eq!(club.charges(), 2, "nothing else is charged meanwhile");
    club.settle().await;
    assert_eq!(club.stands().await, "active 2, 10000 credits, 2 charges");
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_cannot_be_reached_is_no_decline() {
    let club = Club::open().await;
    club.subscribe("SUB_PRO", None).await;
    club.go_to("2026-12-20");
    let down = FaultRule { times: 3, ..FaultRule::once(Fault::RateLimit).on("POST", "/v1/payment_intents") };
    club.stripe.script_fault(down);
    club.run().await;
    assert_eq!(club.stands().await, "pending_renewal 1, 0 credits, 1 charges");
    assert_eq!(club.letters().await, ["period_started"], "nobody is told of what is not theirs");
    club.nodes.wait_ms(3_601_000);
    club.run().await;
    assert_eq!(club.stands().await, "active 2, 10000 credits, 2 charges");
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_charge_a_renewal_once() {
    let club = Club::open().await;
    club.subscribe("SUB_PRO", None).await;
    club.go_to("2026-12-20");
    at_once(&club, |node| async move {
        free_leases(&node).await;
        plans::advance_due(&node).await.unwrap();
    })
    .await;
    club.advance().await;
    club.nodes.wait_ms(61_000);
    at_once(&club, |node| async move {
        free_leases(&node).await;
        topups::reconcile(&node).await.unwrap();
    })
    .await;
    club.settle().await;
    assert_eq!(club.stands().await, "active 2, 10000 credits, 2 charges");
    assert_eq!(club.payments().await.len(), 2);
    assert_eq!(club.letters().await, ["period_started"; 2]);
    club.close().await;
}

/// Forgets who holds leases: every node believes that it may.
async fn free_leases(node: &Engine) {
    let free = Statement::new("UPDATE leases SET expires_at_us = 0", params![]);
    // Of two at once one may be refused, which is as good.
    let _ = node.store().write(vec![free]).await;
}

/// Does something twenty times at once, half of it on each node.
async fn at_once<F: Future<Output = ()> + Send + 'static>(club: &Club, what: impl Fn(Engine) -> F) {
    let mut doing = JoinSet::new();
    for number in 0..20 {
        doing.spawn(what(club.nodes.each()[number % 2].clone()));
    }
    doing.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_down_charges_once_and_counts_from_today() {
    let club = Club::open().await;
    club.subscribe("SUB_PRO", None).await;
    club.go_to("2027-04-02T10:00Z");
    club.run().await;
    assert_eq!(club.stands().await, "active 2, 10000 credits, 2 charges");
    let (subscription, _) = plans::subscription(&club.nodes.a, TEAM).await.unwrap();
    assert_eq!(subscription.ends_at, Some(day("2027-05-02")));
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_takes_the_newest_version_and_a_retired_plan_goes_on() {
    let club = Club::open().await;
    club.subscribe("SUB_PRO", None).await;
    let second = club.publish("SUB_PRO", monthly("Pro", "25", "12000")).await;
    assert_eq!((second.version, second.is_latest), (2, true));
    assert_eq!(club.publish("SUB_PRO", monthly("Pro", "25.00", "12000.0")).await.version, 2, "the same terms");
    let (subscription, plan) = plans::subscription(&club.nodes.a, TEAM).await.unwrap();
    assert_eq!((subscription.plan_version, plan.is_latest), (1, false));
    assert!(plans::retire(&club.nodes.a, "SUB_PRO").await.unwrap().is_retired);
    club.go_to("2026-12-20");
    club.run().await;
    assert_eq!(club.stands().await, "active 2, 12000 credits, 2 charges");
    assert_eq!(club.charged_minor(), 4_500);
    let other = plans::NewPlan {
        id: "SUB_PRO".to_owned(),
        site: "api".to_owned(),
        unit: None,
        terms: monthly("Pro", "1", "1"),
    };
    let refused = plans::publish(&club.nodes.a, &call(None), other).await.unwrap_err();
    assert_eq!(code(&refused), "plan_retired");
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_has_no_plan() {
    let club = Club::open().await;
    club.subscribe("SUB_PRO", None).await;
    let closed = engine::accounts::AccountChange { closed: Some(true), ..Default::default() };
    club.nodes.a.accounts().change(&call(None), TEAM, closed).await.unwrap();
    club.go_to("2026-12-20");
    club.run().await;
    assert_eq!(club.stands().await, "expired 1, 0 credits, 1 charges");
    club.close().await;
}
