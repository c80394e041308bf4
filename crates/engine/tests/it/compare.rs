//! The daily comparison with Stripe's list, and the clearing accounts.

use std::time::{SystemTime, UNIX_EPOCH};

use engine::accounts::AccountChange;
use engine::lease::{self, LEASE_SECONDS, Lease};
use engine::settings::Secret;
use engine::topups::{self, Comparison, Purchase, RefundRequest, State, Unmatched};
use engine::{Engine, Error};
use sandbox::stripe::{NewCustomer, StripeOptions, StripeSandbox};
use store::{Statement, params};
use tokio::net::TcpListener;

use crate::{Nodes, START_US, call};

const TODAY: &str = "2026-11-20";

/// Stripe, which never tells of anything by itself, on the clock of the tests.
async fn stripe() -> StripeSandbox {
    // Fails when another test was faster, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stripe = sandbox::stripe::serve(listener, StripeOptions::default()).await.unwrap();
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    stripe.set_clock_offset(START_US / 1_000_000 - i64::try_from(now_s).unwrap());
    stripe
}

/// Nodes that sell packs by this Stripe.
async fn shop(stripe: &StripeSandbox) -> Nodes {
    let url = stripe.url().to_owned();
    let nodes = Nodes::start_with(|settings| {
        settings.stripe.secret_key = Secret::new("sk_test_of_the_tests");
        settings.stripe.base_url = url;
        settings.purchase.cooldown_seconds = 0;
    })
    .await;
    nodes.account("team", "api", "CREDIT").await;
    let cards = vec!["pm_card_visa".to_owned()];
    let customer = stripe.create_customer(&NewCustomer { cards, default: Some(0), ..NewCustomer::default() }).unwrap();
    let change = AccountChange { stripe_customer: Some(Some(customer.customer)), ..AccountChange::default() };
    nodes.a.accounts().change(&call(None), "team", change).await.unwrap();
    nodes
}

/// Buys a pack: paid at Stripe, not credited here. Gives the intent.
async fn buy(node: &Engine) -> String {
    let buyer = topups::buyer(node, "team").await.unwrap();
    let wanted = Purchase { buyer: &buyer, credits: 10_000, idempotency_key: None };
    topups::purchase(node, wanted).await.unwrap().intent_id
}

async fn compare(node: &Engine) -> Comparison {
    topups::compare(node, "stripe", TODAY).await.unwrap()
}

fn figures(done: &Comparison) -> [i64; 4] {
    [done.theirs, done.ours, done.healed, done.unmatched]
}

/// What is open: side, object, what.
async fn open(node: &Engine) -> Vec<(String, String, String)> {
    let rows = topups::unmatched(node, true, None, 100).await.unwrap();
    rows.into_iter().map(|Unmatched { side, object_id, what, .. }| (side, object_id, what)).collect()
}

fn row(side: &str, object_id: &str, what: &str) -> (String, String, String) {
    (side.to_owned(), object_id.to_owned(), what.to_owned())
}

async fn set(node: &Engine, sql: &'static str, object_id: &str) {
    node.store().write(vec![Statement::new(sql, params![object_id]).expect_one()]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_and_never_told_is_credited_once() {
    let stripe = stripe().await;
    let nodes = shop(&stripe).await;
    buy(&nodes.a).await;
    buy(&nodes.b).await;
    let (one, other) = tokio::join!(compare(&nodes.a), compare(&nodes.b));
    assert_eq!(one.healed + other.healed, 2, "{one:?} {other:?}");
    assert_eq!((one.unmatched, other.unmatched), (0, 0));
    assert_eq!(figures(&compare(&nodes.b).await), [2, 2, 0, 0], "again, nothing");
    let team = nodes.a.accounts().locate("team").await.unwrap();
    let view = nodes.a.view(&team, None).await.unwrap();
    assert_eq!(team.unit.floor_minor(view.account.balance(view.as_of)), 20_000);
    let days = topups::comparisons(&nodes.a, None, 10).await.unwrap();
    assert_eq!(days.iter().map(figures).collect::<Vec<_>>(), [[2, 2, 2, 0]], "credited in all");
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_side_has_alone_is_listed_until_somebody_resolves_it() {
    let stripe = stripe().await;
    let nodes = shop(&stripe).await;
    // Another shop charges by the same Stripe account.
    let stranger = shop(&stripe).await;
    let theirs = buy(&stranger.a).await;
    let ours = buy(&nodes.a).await;
    assert_eq!(figures(&compare(&nodes.a).await), [2, 1, 1, 1]);
    assert_eq!(open(&nodes.b).await, [row("theirs", &theirs, "unknown_reference")]);
    compare(&nodes.b).await;
    assert_eq!(open(&nodes.b).await.len(), 1, "not twice");
    // What Stripe has forgotten is missing there.
    stripe.reset();
    assert_eq!(figures(&compare(&nodes.a).await), [0, 1, 0, 1]);
    let missing = row("ours", &ours, "missing_there");
    assert_eq!(open(&nodes.b).await, [missing, row("theirs", &theirs, "unknown_reference")]);

    let resolve = async |object: &str, reason: &str| {
        topups::resolve(&nodes.b, &call(None), ("stripe", "theirs", object), reason).await
    };
    let code = |answer: Result<Unmatched, Error>| match answer.unwrap_err() {
        Error::Conflict { code, .. } | Error::Invalid { code, .. } => code,
        Error::NotFound(_) => "not_found",
        other => panic!("{other}"),
    };
    assert_eq!(code(resolve(&theirs, "").await), "invalid_field");
    assert_eq!(code(resolve("pi_0", "why").await), "not_found");
    let done = resolve(&theirs, "the other shop's").await.unwrap();
    assert_eq!((done.resolved_by.as_deref(), done.resolution.as_deref()), (Some("test"), Some("the other shop's")));
    assert_eq!(code(resolve(&theirs, "again").await), "already_resolved");
    assert_eq!(open(&nodes.a).await, [row("ours", &ours, "missing_there")]);
    assert_eq!(topups::unmatched(&nodes.a, false, None, 100).await.unwrap().len(), 2);
    stranger.close().await;
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_is_listed_and_what_became_right_is_resolved() {
    let stripe = stripe().await;
    let nodes = shop(&stripe).await;
    let intent = buy(&nodes.a).await;
    compare(&nodes.a).await;
    // what is changed here, what is found, and how it is changed back
    let table: [(&str, (&str, &str), &str); 3] = [
        (
            "UPDATE payments SET amount_minor = amount_minor + 1 WHERE object_id = $1",
            ("ours", "other_amount"),
            "UPDATE payments SET amount_minor = amount_minor - 1 WHERE object_id = $1",
        ),
        (
            "UPDATE payments SET object_id = 'pi_0', money_id = 'ch_0' WHERE object_id = $1",
            ("theirs", "paid_again"),
            "UPDATE payments SET object_id = $1, money_id = NULL WHERE object_id = 'pi_0'",
        ),
        (
            "UPDATE payments SET state = 'under_review', reason = 'other_amount' WHERE object_id = $1",
            ("theirs", "not_credited"),
            "UPDATE payments SET state = 'succeeded', reason = NULL WHERE object_id = $1",
        ),
    ];
    for (spoil, (side, what), mend) in table {
        set(&nodes.a, spoil, &intent).await;
        assert!(compare(&nodes.b).await.unmatched >= 1, "{what}");
        assert!(open(&nodes.a).await.contains(&row(side, &intent, what)), "{what}: {:?}", open(&nodes.a).await);
        set(&nodes.a, mend, &intent).await;
        assert_eq!(compare(&nodes.b).await.unmatched, 0, "{what}");
        assert!(!open(&nodes.a).await.iter().any(|(_, object_id, _)| *object_id == intent), "{what}");
    }
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_day_is_compared_once_by_one_node() {
    let stripe = stripe().await;
    let nodes = shop(&stripe).await;
    buy(&nodes.a).await;
    let due = async |node: &Engine| topups::compare_due(node).await.unwrap();
    assert_eq!(due(&nodes.a).await, 0, "the day is not over");
    // 12 hours to its end, 2 of overlap, a quarter for Stripe to report.
    nodes.wait_ms((14 * 60 + 14) * 60_000);
    assert_eq!(due(&nodes.a).await, 0, "not all is reported");
    nodes.wait_ms(2 * 60_000);
    assert!(lease::hold(&nodes.b, Lease::Compare).await.unwrap());
    assert_eq!(due(&nodes.a).await, 0, "another node does it");
    nodes.wait_ms(LEASE_SECONDS * 1_000 + 1);
    assert_eq!(due(&nodes.a).await, 1);
    assert_eq!((due(&nodes.a).await, due(&nodes.b).await), (0, 0), "done");
    let payments = topups::payments(&nodes.b, "team", None, 10).await.unwrap();
    assert_eq!(payments.iter().map(|payment| payment.state).collect::<Vec<_>>(), [State::Succeeded]);
    // Three days without a node are made up for.
    nodes.wait_ms(3 * 86_400_000);
    assert_eq!(due(&nodes.b).await, 3);
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_days_and_gateways_with_a_list_are_compared() {
    let stripe = stripe().await;
    let nodes = shop(&stripe).await;
    for (gateway, day, param) in [
        ("vnpay", TODAY, "gateway"),
        ("", TODAY, "gateway"),
        ("stripe", "2026-11-21", "day"),
        ("stripe", "2026-11-31", "day"),
        ("stripe", "2026-11-20T00:00:00", "day"),
        ("stripe", "1969-12-31", "day"),
        ("stripe", "yesterday", "day"),
    ] {
        let refused = topups::compare(&nodes.a, gateway, day).await.unwrap_err();
        assert!(
            matches!(&refused, Error::Invalid { param: wrong, .. } if wrong == param),
            "{gateway} {day}: {refused}"
        );
    }
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clearing_account_is_what_the_payments_left() {
    let stripe = stripe().await;
    let nodes = shop(&stripe).await;
    let check = async || topups::check_clearing(&nodes.b).await.unwrap();
    assert!(check().await.agrees());
    buy(&nodes.a).await;
    buy(&nodes.a).await;
    compare(&nodes.a).await;
    let units = |credits: i64| i128::from(ledger::Unit::CREDIT.from_minor(credits).unwrap().units());
    let cleared = check().await;
    assert!(cleared.agrees(), "{cleared:?}");
    assert_eq!((cleared.lines[0].payments, cleared.lines[0].kept_units), (2, units(20_000)));
    // A third of ten dollars does not divide.
    let payments = topups::payments(&nodes.a, "team", None, 10).await.unwrap();
    let wanted = RefundRequest { payment_id: &payments[0].id, amount: Some("3.33"), reason: "test" };
    topups::refund(&nodes.a, &call(Some("r")), wanted).await.unwrap();
    let cleared = check().await;
    assert!(cleared.agrees(), "{cleared:?}");
    assert_eq!((cleared.lines[0].payments, cleared.lines[0].kept_units), (2, units(20_000 - 3_330)));
    let spoil = "UPDATE payments SET credit_units = credit_units + 2 WHERE id = $1";
    set(&nodes.a, spoil, &payments[1].id).await;
    let cleared = check().await;
    assert!(!cleared.agrees() && cleared.broken.is_empty(), "{cleared:?}");
    set(&nodes.a, "UPDATE payments SET refunded_minor = refunded_minor - 1 WHERE id = $1", &payments[0].id).await;
    assert_eq!(check().await.broken, [payments[0].id.clone()]);
    nodes.close().await;
}
