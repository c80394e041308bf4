//! Money that goes back, and brakes: payments of plans are payments like any other.

use engine::plans::{self, PlanTerms};
use engine::topups::{self, RefundRequest, State};
use ledger::plan::Paying;
use sandbox::stripe::NewCustomer;

use super::club::{TEAM, monthly};
use super::{Club, code};
use crate::call;

async fn refund(club: &Club, payment_id: &str, amount: Option<&str>) -> topups::Refund {
    let request = RefundRequest { payment_id, amount, reason: "asked for" };
    let key = format!("refund-{amount:?}");
    topups::refund(&club.nodes.b, &call(Some(&key)), request).await.unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_takes_back_what_the_payment_brought() {
    let club = Club::open().await;
    club.subscribe("SUB_PRO", None).await;
    club.spend("4000").await;
    let payment = club.payments().await.remove(0);
    // how much goes back, credits that are left, how the instalment stands
    for (amount, left, standing) in
        [(Some("5"), 3_500, "1:advance 2000 partly_paid"), (None, 0, "1:advance 2000 unpaid")]
    {
        refund(&club, &payment.id, amount).await;
        assert_eq!(club.credits().await, left, "{amount:?}");
        assert_eq!(club.instalments().await, [standing], "{amount:?}");
    }
    let team = club.nodes.a.accounts().locate(TEAM).await.unwrap();
    let view = club.nodes.a.view(&team, None).await.unwrap();
    assert_eq!(team.unit.floor_minor(view.account.balance(view.as_of)), -4_000, "what is spent is owed");
    assert_eq!(club.payments().await[0].state, State::Refunded);
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expired_unused_is_not_owed_after_a_refund() {
    let club = Club::open().await;
    club.subscribe("SUB_PRO", None).await;
    club.spend("1000").await;
    club.go_to("2026-12-20");
    club.run().await;
    assert_eq!(club.stands().await, "active 2, 10000 credits, 2 charges");
    let first = club.payments().await.pop().unwrap();
    refund(&club, &first.id, None).await;
    let team = club.nodes.a.accounts().locate(TEAM).await.unwrap();
    let view = club.nodes.a.view(&team, None).await.unwrap();
    let balance = team.unit.floor_minor(view.account.balance(view.as_of));
    assert_eq!((club.credits().await, balance), (9_000, 9_000), "only what was spent, of the new month's credits");
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_what_paid_for_the_past_takes_no_credits() {
    let club = Club::open().await;
    let options = vec![Paying::Postpaid];
    club.publish("SUB_LATER", PlanTerms { options, ..monthly("Later", "10", "1000") }).await;
    club.subscribe_on(&club.nodes.a, "SUB_LATER", "k", None).await.unwrap();
    club.go_to("2026-12-20");
    club.run().await;
    assert_eq!(club.stands().await, "active 2, 1000 credits, 1 charges");
    let payment = club.payments().await.remove(0);
    refund(&club, &payment.id, Some("4")).await;
    refund(&club, &payment.id, None).await;
    assert_eq!(club.credits().await, 1_000);
    let payment = club.payments().await.remove(0);
    assert_eq!((payment.state, payment.refunded_minor), (State::Refunded, 1_000));
    assert_eq!(club.instalments().await[0], "2:arrears 1000 unpaid", "nobody is charged for it again");
    club.nodes.wait_ms(2 * 86_400_000);
    club.run().await;
    assert_eq!(club.charges(), 1);
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn purchases_and_renewals_never_charge_beside_each_other() {
    let club = Club::open().await;
    club.subscribe("SUB_PRO", None).await;
    let buy = |node: engine::Engine| async move {
        let buyer = topups::buyer(&node, TEAM).await?;
        topups::purchase(&node, topups::Purchase { buyer: &buyer, credits: 10_000, idempotency_key: None }).await
    };
    club.go_to("2026-12-20");
    let rounds = [
        tokio::spawn({
            let node = club.nodes.a.clone();
            async move { plans::advance_due(&node).await.map(drop).map_err(|error| error.to_string()) }
        }),
        tokio::spawn({
            let node = club.nodes.b.clone();
            async move { buy(node).await.map(drop).map_err(|refused| refused.to_string()) }
        }),
    ];
    for round in rounds {
        // Either may find the other one in its way.
        let _ = round.await.unwrap();
    }
    club.nodes.wait_ms(3_601_000);
    club.run().await;
    club.settle().await;
    assert!(club.stands().await.starts_with("active 2, 10000 credits"), "{}", club.stands().await);
    let paid = club.payments().await.iter().filter(|payment| payment.state == State::Succeeded).count();
    assert_eq!(paid, club.charges(), "whatever was charged was credited");
    club.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_first_payment_counts_as_a_try_and_renewals_do_not() {
    let club = Club::open_with(|settings| settings.purchase.brakes.levels[0].declines_per_day = 1).await;
    club.cards(&["pm_card_chargeCustomerFail"]).await;
    assert_eq!(code(&club.subscribe_on(&club.nodes.a, "SUB_PRO", "1", None).await.unwrap_err()), "payment_failed");
    let braked = club.subscribe_on(&club.nodes.a, "SUB_PRO", "2", None).await.unwrap_err();
    assert_eq!(code(&braked), "too_many_attempts");
    club.nodes.wait_ms(86_401_000);
    club.cards(&["pm_card_visa"]).await;
    club.subscribe_on(&club.nodes.a, "SUB_PRO", "3", None).await.unwrap();
    club.settle().await;
    // Another customer, so that nothing is known of the card.
    let customer = NewCustomer { cards: vec!["pm_card_chargeCustomerFail".to_owned()], ..NewCustomer::default() };
    club.stripe.create_customer(&customer).unwrap();
    club.cards(&["pm_card_chargeCustomerFail"]).await;
    club.go_to("2026-12-21");
    club.run().await;
    club.cards(&["pm_card_visa"]).await;
    club.pay("p").await.unwrap();
    club.settle().await;
    assert!(club.stands().await.starts_with("active 2"), "{}", club.stands().await);
    club.close().await;
}
