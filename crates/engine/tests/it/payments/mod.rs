//! Random schedules of payments against gateways that fail.
//!
//! A seed makes a schedule: what payers, banks, operators and the network do, and where our own process ends. After it
//! everything comes to rest, and the books of the engine must agree with those of the gateway. There is no HTTP and no
//! real time. `SCRIP_SCHEDULES=10000` does more of them, `SCRIP_SEED=17` repeats one and tells its story; only what runs at
//! the same time (copies of a notice, an end in the middle of a write) may interleave anew.

mod alarms;
mod back;
mod books;
mod dice;
mod gateway;
mod interrupt;
mod rest;
mod schedule;
mod world;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use engine::billing::{AddressField, ProfileDraft};
use engine::settings::{Brakes, Language, Secret, Settings};
use store::{Options, Store};
use testbed::Database;

use crate::billing::draft;
use crate::{START_US, StillClock};
use alarms::Alarms;
use schedule::{Place, Schedule};
use world::Style;

/// Schedules of one gateway, when the environment does not say: on SQLite, and on PostgreSQL, where each takes longer.
const SCHEDULES: [u64; 2] = [200, 60];

fn american(country: &str) -> ProfileDraft {
    let fields = [
        (AddressField::Line1, "1 Main St"),
        (AddressField::City, "Springfield"),
        (AddressField::Region, "IL"),
        (AddressField::PostalCode, "62701"),
    ];
    let address = fields.map(|(field, text)| (field, text.to_owned())).into();
    ProfileDraft { language: Language::En, country: country.to_owned(), address, ..draft("Payer") }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

async fn rehearse(style: Style) {
    let database = Database::new();
    let clock = Arc::new(StillClock(AtomicI64::new(START_US)));
    let options = Options { clock: Some(clock.clone()), ..Options::default() };
    let store = Store::open(&database.url(), options).await.unwrap();
    let mut settings = Settings::default();
    settings.purchase.brakes = Brakes::off();
    settings.stripe.secret_key = Secret::new("sk_test_of_the_tests");
    settings.paypal.client_secret = Secret::new("of the tests");
    settings.vnpay.hash_secret = Secret::new("of the tests");
    let alarms = Arc::new(Alarms::default());
    let recorder = Arc::clone(&alarms);
    let _guard = metrics::set_default_local_recorder(&*recorder);
    let is_postgres = database.is_postgres();
    let place = Place { store, settings: Arc::new(settings), clock, alarms, is_postgres };
    let only = number("SCRIP_SEED");
    let seeds =
        only.map_or(0..number("SCRIP_SCHEDULES").unwrap_or(SCHEDULES[usize::from(is_postgres)]), |seed| seed..seed + 1);
    let (mut payments, mut credited, mut delivered, mut forged, mut crashes) = (0, 0, 0, 0, 0);
    for seed in seeds {
        let before = books::clearing(&place.store).await;
        let done = Schedule::run(&place, style, seed).await;
        let faults = books::faults(&done, &before).await;
        let world = done.gateway.world();
        let story = world.diary.join("\n");
        assert!(faults.is_empty(), "{style:?}, SCRIP_SEED={seed}:\n{}\n\n{story}", faults.join("\n"));
        if only.is_some() {
            eprintln!("{story}");
        }
        payments += world.objects.len();
        credited += world.objects.iter().filter(|object| object.received.is_some()).count();
        delivered += done.delivered;
        forged += done.forged;
        crashes += done.crashes;
    }
    let figures =
        format!("{payments} payments, {credited} paid, {delivered} notices, {forged} forged, {crashes} crashes");
    eprintln!("{style:?}: {figures}");
    if only.is_none() {
        assert!(credited * 4 > payments && crashes > 0 && delivered > credited, "the schedules do nothing: {figures}");
    }
    place.store.shutdown().await;
    let url = database.url();
    let proof = tokio::task::spawn_blocking(move || store::verify(&url, &mut |_, _| {})).await.unwrap();
    assert!(proof.is_ok(), "{proof:?}");
}

#[tokio::test]
async fn stripe_agrees_after_any_schedule() {
    rehearse(Style::Stripe).await;
}

#[tokio::test]
async fn paypal_agrees_after_any_schedule() {
    rehearse(Style::PayPal).await;
}

#[tokio::test]
async fn vnpay_agrees_after_any_schedule() {
    rehearse(Style::VnPay).await;
}
