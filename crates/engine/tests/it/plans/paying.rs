//! Terms of several periods: paid upfront, in part, or afterwards.

use engine::plans::{self, PlanTerms, SubscriptionState};
use engine::topups::State;
use ledger::plan::Paying;

use super::club::{TEAM, monthly};
use super::{Club, code, day};

/// Three months at 10 dollars each, to be paid in any way.
fn quarter() -> PlanTerms {
    PlanTerms {
        term_periods: 3,
        options: vec![Paying::AllUpfront, Paying::PartialUpfront { percent: 50 }, Paying::Postpaid],
        ..monthly("Quarter", "10", "1000")
    }
}

async fn with_quarter() -> Club {
    let club = Club::open().await;
    club.publish("SUB_QUARTER", quarter()).await;
    club
}

#[tokio::test(flavor = "multi_thread")]
async fn all_upfront_is_one_payment_and_a_lot_each_period() {
    let club = with_quarter().await;
    club.subscribe("SUB_QUARTER", Some("all_upfront")).await;
    // when, how it stands, what was charged so far
    let table = [
        ("2026-11-21", "active 1, 1000 credits, 1 charges", 3_000),
        ("2026-12-20", "active 2, 1000 credits, 1 charges", 3_000),
        ("2027-01-20", "active 3, 1000 credits, 1 charges", 3_000),
        ("2027-02-20", "active 4, 1000 credits, 2 charges", 6_000),
    ];
    for (when, expected, charged) in table {
        club.go_to(when);
        club.run().await;
        assert_eq!((club.stands().await.as_str(), club.charged_minor()), (expected, charged), "{when}");
    }
    assert_eq!(club.instalments().await, ["1:advance 3000 paid", "4:advance 3000 paid"]);
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_upfront_and_the_rest_before_each_period() {
    let club = with_quarter().await;
    club.subscribe("SUB_QUARTER", Some("partial_upfront")).await;
    assert_eq!(club.instalments().await, ["1:advance 1500 paid", "2:advance 750 unpaid", "3:advance 750 unpaid"]);
    plans::cancel(&club.nodes.a, TEAM).await.unwrap();
    let table = [
        ("2026-12-20", "active 2, 1000 credits, 2 charges", 2_250),
        ("2027-01-20", "active 3, 1000 credits, 3 charges", 3_000),
        // What was agreed to is three months: the end comes with the term.
        ("2027-02-20", "expired 3, 0 credits, 3 charges", 3_000),
    ];
    for (when, expected, charged) in table {
        club.go_to(when);
        club.run().await;
        assert_eq!((club.stands().await.as_str(), club.charged_minor()), (expected, charged), "{when}");
    }
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instalment_that_is_not_paid_suspends_and_goes_on_from_the_day_it_is() {
    let club = with_quarter().await;
    club.subscribe("SUB_QUARTER", Some("partial_upfront")).await;
    club.cards(&["pm_card_chargeCustomerFail"]).await;
    club.go_to("2026-12-20");
    club.run().await;
    assert_eq!(club.stands().await, "pending_renewal 1, 0 credits, 1 charges");
    club.go_to("2026-12-27T00:02Z");
    club.run().await;
    assert_eq!(club.stands().await, "suspended 1, 0 credits, 1 charges");
    assert_eq!(club.letters().await.last().map(String::as_str), Some("subscription_ended"));
    let team = club.nodes.a.accounts().get(TEAM).await.unwrap();
    assert_eq!(plans::active(&club.nodes.a, &team).await.unwrap().id, plans::BASE_PLAN);
    let other = club.subscribe_on(&club.nodes.a, "SUB_PRO", "other", None).await.unwrap_err();
    assert_eq!(code(&other), "subscription_exists", "it is still owed");
    club.cards(&["pm_card_visa"]).await;
    club.go_to("2027-01-10T15:00Z");
    club.run().await;
    assert_eq!(club.stands().await, "suspended 1, 0 credits, 1 charges", "nothing is charged without being asked");
    club.pay("p").await.unwrap();
    club.run().await;
    assert_eq!(club.stands().await, "active 2, 1000 credits, 2 charges");
    let (subscription, _) = plans::subscription(&club.nodes.a, TEAM).await.unwrap();
    assert_eq!(subscription.ends_at, Some(day("2027-02-10")));
    club.go_to("2027-02-10");
    club.run().await;
    assert_eq!(club.stands().await, "active 3, 1000 credits, 3 charges");
    assert_eq!(club.charged_minor(), 3_000);
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postpaid_charges_each_period_when_it_has_ended() {
    let club = with_quarter().await;
    let begun = club.subscribe_on(&club.nodes.a, "SUB_QUARTER", "k", Some("postpaid")).await.unwrap();
    assert_eq!((begun.subscription.state, begun.paid.is_none()), (SubscriptionState::Active, true));
    let again = club.subscribe_on(&club.nodes.b, "SUB_QUARTER", "k", Some("postpaid")).await.unwrap();
    assert_eq!((again.subscription.id.clone(), again.replayed), (begun.subscription.id, true));
    assert_eq!(club.instalments().await, ["2:arrears 1000 unpaid", "3:arrears 1000 unpaid", "4:arrears 1000 unpaid"]);
    let table = [
        ("2026-11-21", "active 1, 1000 credits, 0 charges"),
        ("2026-12-20", "active 2, 1000 credits, 1 charges"),
        ("2027-01-20", "active 3, 1000 credits, 2 charges"),
        ("2027-02-20", "active 4, 1000 credits, 3 charges"),
    ];
    for (when, expected) in table {
        club.go_to(when);
        club.run().await;
        assert_eq!(club.stands().await, expected, "{when}");
    }
    assert!(club.payments().await.iter().all(|payment| payment.credit.is_zero()), "they pay for what was granted");
    plans::cancel(&club.nodes.a, TEAM).await.unwrap();
    for (when, expected) in [
        ("2027-03-20", "active 5, 1000 credits, 4 charges"),
        ("2027-04-20", "active 6, 1000 credits, 5 charges"),
        ("2027-05-20", "expired 6, 0 credits, 6 charges"),
    ] {
        club.go_to(when);
        club.run().await;
        assert_eq!(club.stands().await, expected, "{when}");
    }
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_for_a_period_that_ran_stays_owed() {
    let club = with_quarter().await;
    club.subscribe_on(&club.nodes.a, "SUB_QUARTER", "k", Some("postpaid")).await.unwrap();
    club.cards(&["pm_card_chargeCustomerFail"]).await;
    club.go_to("2026-12-20");
    club.run().await;
    assert_eq!(
        club.stands().await,
        "pending_renewal 1, 0 credits, 0 charges",
        "no second month before the first is paid"
    );
    club.go_to("2026-12-27T00:02Z");
    club.run().await;
    assert_eq!(club.stands().await, "suspended 1, 0 credits, 0 charges");
    plans::cancel(&club.nodes.a, TEAM).await.unwrap();
    assert_eq!(club.stands().await, "expired 1, 0 credits, 0 charges");
    assert_eq!(club.instalments().await, ["2:arrears 1000 unpaid", "3:arrears 1000 void", "4:arrears 1000 void"]);
    club.cards(&["pm_card_visa"]).await;
    club.pay("p").await.unwrap();
    club.settle().await;
    assert_eq!(club.instalments().await[0], "2:arrears 1000 paid");
    assert_eq!(club.stands().await, "expired 1, 0 credits, 1 charges", "and nothing more is granted");
    assert_eq!(club.payments().await[0].state, State::Succeeded);
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_in_a_longer_term_pays_for_the_periods_to_come() {
    let larger = PlanTerms { prices: monthly("", "16", "").prices, credits: "4000".to_owned(), ..quarter() };
    // way of paying, what the upgrade costs on 5 December at 5:59 (half of the first period), what is charged in the term
    let table = [
        ("all_upfront", 300 + 2 * 600, 3_000 + 1_500),
        ("partial_upfront", 300 + 2 * 600, 3_000 + 1_500),
        ("postpaid", 300, 1_000 + 300 + 2 * 1_600),
    ];
    for (option, upgrade, in_all) in table {
        let club = with_quarter().await;
        club.publish("SUB_LARGE", PlanTerms { name: "Large".to_owned(), ..larger.clone() }).await;
        club.subscribe("SUB_QUARTER", Some(option)).await;
        plans::cancel(&club.nodes.a, TEAM).await.unwrap();
        club.go_to("2026-12-05T05:59Z");
        let paid = club.change("SUB_LARGE", None).await.unwrap().paid.unwrap();
        assert_eq!(paid.payment.price.amount_minor, upgrade, "{option}");
        club.settle().await;
        assert_eq!(club.credits().await, 2_500, "{option}");
        for (when, credits) in [("2026-12-20", 4_000), ("2027-01-20", 4_000), ("2027-02-20", 0)] {
            club.go_to(when);
            club.run().await;
            assert_eq!(club.credits().await, credits, "{option} {when}");
        }
        assert_eq!(club.charged_minor(), in_all, "{option}");
        assert!(club.stands().await.starts_with("expired 3"), "{option}");
        club.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_way_of_paying_follows_with_the_next_term() {
    let club = with_quarter().await;
    club.publish(
        "SUB_MONTH",
        PlanTerms { options: vec![Paying::AllUpfront, Paying::Postpaid], ..monthly("Month", "10", "1000") },
    )
    .await;
    club.subscribe_on(&club.nodes.a, "SUB_MONTH", "k", Some("postpaid")).await.unwrap();
    club.change("SUB_QUARTER", None).await.unwrap();
    let (subscription, _) = plans::subscription(&club.nodes.a, TEAM).await.unwrap();
    assert_eq!(subscription.next.unwrap().paying, Paying::Postpaid, "the same way where it is offered");
    plans::undo(&club.nodes.a, TEAM).await.unwrap();
    club.change_to("SUB_QUARTER", Some("all_upfront"), None).await.unwrap();
    club.go_to("2026-12-20");
    // What the last month owes is charged first, then the three to come.
    club.run().await;
    club.settle().await;
    assert_eq!(club.stands().await, "active 2, 1000 credits, 2 charges");
    assert_eq!(club.instalments().await, ["2:arrears 1000 paid", "2:advance 3000 paid"]);
    club.close().await;
}
