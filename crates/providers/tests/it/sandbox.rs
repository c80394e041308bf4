//! The client against the fake Stripe, which keeps books: what we conclude must be what happened.

use ::sandbox::stripe::faults::{Fault, FaultRule};
use ::sandbox::stripe::{CreatedCustomer, StripeOptions, StripeSandbox};
use providers::Secret;
use providers::stripe::event::{self, Object};
use providers::stripe::signature::verify;
use providers::stripe::{
    self, ChargeRequest, Client, Error, IntentFilter, IntentStatus, NewCustomer, NoCards, Pending, Resolution,
    SavedCardsOutcome, charge_saved_cards, close_intent, payable_cards, resolve,
};
use tokio::net::TcpListener;

use crate::support::{self, PATIENT};

async fn start() -> StripeSandbox {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    ::sandbox::stripe::serve(listener, StripeOptions { seed: Some(1), ..StripeOptions::default() }).await.unwrap()
}

fn client(stripe: &StripeSandbox, max_retries: u32) -> Client {
    support::client(stripe.url(), max_retries, PATIENT)
}

/// A customer with these test cards, the first one the default.
fn customer(stripe: &StripeSandbox, cards: &[&str]) -> CreatedCustomer {
    let cards: Vec<String> = cards.iter().map(|card| (*card).to_owned()).collect();
    let default = (!cards.is_empty()).then_some(0);
    let new = ::sandbox::stripe::NewCustomer { cards, default, ..Default::default() };
    stripe.create_customer(&new).unwrap()
}

fn now_s() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn request(customer: &CreatedCustomer) -> ChargeRequest {
    ChargeRequest { customer_id: customer.customer.clone(), ..support::charge(&[]) }
}

/// What a caller does: look up, then charge.
async fn charge(client: &Client, customer: &CreatedCustomer) -> SavedCardsOutcome {
    let cards = payable_cards(client, &customer.customer, now_s()).await.unwrap();
    let card_ids = cards.into_iter().map(|card| card.id).collect();
    charge_saved_cards(client, &ChargeRequest { card_ids, ..request(customer) }).await
}

fn told(outcome: &SavedCardsOutcome) -> &'static str {
    match outcome {
        SavedCardsOutcome::Succeeded { .. } => "succeeded",
        SavedCardsOutcome::Processing { .. } => "processing",
        SavedCardsOutcome::NoCustomer => "no customer",
        SavedCardsOutcome::NoPaymentMethod => "no payment method",
        SavedCardsOutcome::AllRefused { wants_authentication: true, .. } => "wants authentication",
        SavedCardsOutcome::AllRefused { .. } => "all refused",
        SavedCardsOutcome::Unknown { may_have_charged: true, .. } => "unknown",
        SavedCardsOutcome::Unknown { .. } => "not charged",
        SavedCardsOutcome::Misconfigured { .. } => "misconfigured",
    }
}

/// Charges that took money.
fn paid(stripe: &StripeSandbox) -> usize {
    stripe.objects("charge").iter().filter(|charge| charge["status"] == "succeeded").count()
}

async fn resolution(client: &Client, customer: &CreatedCustomer, intent_id: Option<String>) -> String {
    let pending =
        Pending { topup_id: "tu_1".into(), intent_id, customer_id: customer.customer.clone(), created_at_s: now_s() };
    match resolve(client, &pending).await.unwrap() {
        Resolution::Found(intent) => intent.status.to_string(),
        Resolution::NotFoundYet => "not found yet".into(),
    }
}

#[tokio::test]
async fn what_the_cards_do_is_what_we_conclude() {
    // cards (the default, then oldest first), repeats allowed, outcome, charges paid, what the gateway knows afterwards
    #[rustfmt::skip]
    let cases: &[(&[&str], u32, &str, usize, &str)] = &[
        (&["pm_card_visa"], 0, "succeeded", 1, "succeeded"),
        (&["pm_card_visa_chargeDeclined", "pm_card_visa"], 0, "succeeded", 1, "succeeded"),
        (&["pm_card_visa_chargeDeclinedLostCard", "pm_card_visa", "pm_card_chargeDeclinedExpiredCard"], 0, "succeeded", 1, "succeeded"),
        (&["pm_card_authenticationRequired", "pm_card_visa"], 0, "succeeded", 1, "succeeded"),
        (&["pm_card_visa_chargeDeclined"], 0, "all refused", 0, "canceled"),
        (&["pm_card_visa_chargeDeclined", "pm_card_chargeDeclinedExpiredCard"], 0, "all refused", 0, "canceled"),
        (&["pm_card_visa_chargeDeclined", "pm_card_authenticationRequired"], 0, "wants authentication", 0, "canceled"),
        (&["pm_card_sandboxSoftDecline"], 0, "wants authentication", 0, "canceled"),
        (&["pm_card_sandboxProcessing", "pm_card_visa"], 0, "processing", 0, "processing"),
        // without repeats nothing is known, and no other card is tried
        (&["pm_card_sandboxCloseAfter", "pm_card_visa"], 0, "unknown", 1, "succeeded"),
        (&["pm_card_sandboxCloseBefore", "pm_card_visa"], 0, "unknown", 0, "requires_payment_method"),
        (&["pm_card_sandboxUnreadable", "pm_card_visa"], 0, "unknown", 1, "succeeded"),
        (&["pm_card_sandboxConflict", "pm_card_visa"], 0, "unknown", 0, "requires_payment_method"),
        (&["pm_card_sandboxUnavailable", "pm_card_visa"], 0, "unknown", 0, "requires_payment_method"),
        (&["pm_card_sandboxRateLimit", "pm_card_visa"], 0, "not charged", 0, "requires_payment_method"),
        (&["pm_card_sandboxLockTimeout", "pm_card_visa"], 0, "not charged", 0, "requires_payment_method"),
        (&["pm_card_visa_chargeDeclined", "pm_card_visa", "pm_card_sandboxCloseAfter"], 0, "unknown", 1, "succeeded"),
        // the same request under the same key clears up what can be cleared up
        (&["pm_card_sandboxCloseAfter", "pm_card_visa"], 2, "succeeded", 1, "succeeded"),
        (&["pm_card_sandboxConflict", "pm_card_visa"], 2, "succeeded", 1, "succeeded"),
        (&["pm_card_sandboxUnavailable", "pm_card_visa"], 2, "succeeded", 1, "succeeded"),
        (&["pm_card_sandboxLockTimeout", "pm_card_visa"], 2, "succeeded", 1, "succeeded"),
        (&["pm_card_visa_chargeDeclined", "pm_card_visa", "pm_card_sandboxCloseAfter"], 2, "succeeded", 1, "succeeded"),
        // a stored 500 is replayed for ever
        (&["pm_card_sandboxServerErrorAfter", "pm_card_visa"], 2, "unknown", 1, "succeeded"),
        (&["pm_card_sandboxServerErrorBefore", "pm_card_visa"], 2, "unknown", 0, "requires_payment_method"),
    ];
    for &(cards, max_retries, expected, charges, known) in cases {
        let stripe = start().await;
        let client = client(&stripe, max_retries);
        let customer = customer(&stripe, cards);
        let outcome = charge(&client, &customer).await;
        assert_eq!(told(&outcome), expected, "{cards:?} {max_retries}: {outcome:?}");
        assert_eq!(paid(&stripe), charges, "{cards:?} {max_retries}");
        assert_eq!(resolution(&client, &customer, None).await, known, "{cards:?} {max_retries}");
        let intents = stripe.objects("payment_intent");
        assert_eq!(intents.len(), 1, "one intent per top-up: {cards:?}");
        // Whatever is not known can be made certain at once.
        if let SavedCardsOutcome::Unknown { intent_id, .. } = &outcome {
            let ended = close_intent(&client, intent_id.as_ref().unwrap()).await.unwrap();
            let expected = if charges == 1 { IntentStatus::Succeeded } else { IntentStatus::Canceled };
            assert_eq!(ended.status, expected, "{cards:?} {max_retries}");
        }
        stripe.shutdown().await;
    }
}

#[tokio::test]
async fn a_creation_that_gets_lost_charges_nothing_and_can_be_repeated() {
    for fault in [Fault::CloseBefore, Fault::CloseAfter, Fault::Unreadable, Fault::Unavailable, Fault::Conflict] {
        let stripe = start().await;
        let client = client(&stripe, 0);
        let customer = customer(&stripe, &["pm_card_visa"]);
        stripe.script_fault(FaultRule::once(fault).on("POST", "/v1/payment_intents"));
        let lost = charge(&client, &customer).await;
        assert!(
            matches!(&lost, SavedCardsOutcome::Unknown { intent_id: None, may_have_charged: false, .. }),
            "{fault:?}: {lost:?}"
        );
        assert_eq!(paid(&stripe), 0, "{fault:?}");
        assert_eq!(told(&charge(&client, &customer).await), "succeeded", "{fault:?}");
        assert_eq!((paid(&stripe), stripe.objects("payment_intent").len()), (1, 1), "{fault:?}");
        stripe.shutdown().await;
    }
}

#[tokio::test]
async fn a_repeated_worker_charges_once() {
    let stripe = start().await;
    let client = client(&stripe, 0);
    let customer = customer(&stripe, &["pm_card_visa_chargeDeclined", "pm_card_visa"]);
    for _ in 0..3 {
        assert_eq!(told(&charge(&client, &customer).await), "succeeded");
    }
    assert_eq!((paid(&stripe), stripe.objects("payment_intent").len()), (1, 1));
}

#[tokio::test]
async fn an_intent_paid_behind_our_back_counts_as_paid() {
    let stripe = start().await;
    let client = client(&stripe, 0);
    let customer = customer(&stripe, &["pm_card_sandboxProcessing"]);
    let SavedCardsOutcome::Processing { intent } = charge(&client, &customer).await else { panic!("not processing") };
    stripe.settle_payment_intent(&intent.id, true, None).unwrap();
    let error = client.cancel_intent(&intent.id).await.unwrap_err();
    assert!(matches!(&error, Error::Unknown(unknown) if unknown.reason == stripe::Doubt::UnexpectedState), "{error:?}");
    assert_eq!(resolution(&client, &customer, Some(intent.id)).await, "succeeded");
}

#[tokio::test]
async fn customers_and_cards_are_made_and_missed() {
    let stripe = start().await;
    let client = client(&stripe, 0);
    let new =
        NewCustomer { account_id: "ac_1".into(), email: Some("a@example.com".into()), name: Some("A & B".into()) };
    let made = client.create_customer(&new).await.unwrap();
    assert_eq!(client.create_customer(&new).await.unwrap().id, made.id, "one customer per account");
    assert_eq!(stripe.object(&made.id).unwrap()["name"], "A & B");
    assert!(matches!(payable_cards(&client, &made.id, now_s()).await, Err(NoCards::NoPaymentMethod)));
    assert!(matches!(payable_cards(&client, "cus_nobody", now_s()).await, Err(NoCards::NoCustomer)));
    let setup = client.create_setup_intent(&made.id, "setup:1").await.unwrap();
    assert_eq!((setup.customer.as_deref(), setup.client_secret.is_some()), (Some(made.id.as_str()), true));

    let three = customer(&stripe, &["pm_card_visa", "pm_card_mastercard", "pm_card_jcb"]);
    let last_four = async || {
        let cards = payable_cards(&client, &three.customer, now_s()).await.unwrap();
        cards.into_iter().map(|card| card.last4).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(last_four().await, "4242 0505 4444");
    for (card, order) in [(1, "4444 0505 4242"), (2, "0505 4444 4242"), (1, "4444 0505 4242")] {
        client.set_default_card(&three.customer, &three.payment_methods[card]).await.unwrap();
        assert_eq!(last_four().await, order);
    }
}

#[tokio::test]
async fn a_charge_that_stripe_refuses_as_such_is_misconfigured() {
    let stripe = start().await;
    let client = client(&stripe, 2);
    let customer = customer(&stripe, &["pm_card_visa"]);
    let small = providers::Money { amount_minor: 10, ..request(&customer).money };
    let request = ChargeRequest { money: small, card_ids: customer.payment_methods.clone(), ..request(&customer) };
    let SavedCardsOutcome::Misconfigured { error, .. } = charge_saved_cards(&client, &request).await else {
        panic!("not refused")
    };
    assert_eq!(error.code.as_deref(), Some("amount_too_small"));
    let nobody = ChargeRequest { customer_id: "cus_nobody".into(), ..request };
    let nobody = ChargeRequest { topup_id: "tu_2".into(), money: support::charge(&[]).money, ..nobody };
    assert_eq!(told(&charge_saved_cards(&client, &nobody).await), "no customer");
    assert_eq!(paid(&stripe), 0);
}

#[tokio::test]
async fn more_intents_than_a_page_are_all_listed() {
    let stripe = start().await;
    let client = client(&stripe, 0);
    let customer = customer(&stripe, &["pm_card_visa"]);
    for n in 0..101 {
        let request = ChargeRequest { topup_id: format!("tu_{n}"), ..request(&customer) };
        client.create_intent(&request).await.unwrap();
    }
    let filter = IntentFilter { customer_id: Some(customer.customer), ..IntentFilter::default() };
    let intents = client.intents(&filter).await.unwrap();
    assert_eq!(intents.len(), 101);
    assert_eq!((intents[0].topup_id(), intents[100].topup_id()), (Some("tu_100"), Some("tu_0")));
}

#[tokio::test]
async fn every_event_of_the_sandbox_is_verified_and_read() {
    assert_eq!(::sandbox::stripe::API_VERSION, stripe::API_VERSION);
    let stripe = start().await;
    let client = client(&stripe, 0);
    let customer = customer(&stripe, &["pm_card_visa_chargeDeclined", "pm_card_createDispute"]);
    assert_eq!(told(&charge(&client, &customer).await), "succeeded");
    let secrets = [Secret::new("whsec_sandbox").unwrap()];
    let mut credited = Vec::new();
    for wire in stripe.events() {
        let body = wire.to_string();
        let header = ::sandbox::stripe::sign("whsec_sandbox", now_s(), body.as_bytes());
        let event = event::parse(verify(body.as_bytes(), &header, &secrets, now_s()).unwrap()).unwrap();
        assert!(!event.livemode, "{wire}");
        if let (Object::Intent(intent), "payment_intent.succeeded") = (event.object, event.kind.as_str()) {
            assert_eq!((intent.topup_id(), intent.account_id()), (Some("tu_1"), Some("ac_1")));
            credited.push(intent.received().unwrap());
        }
    }
    assert_eq!(credited, [support::charge(&[]).money]);
}
