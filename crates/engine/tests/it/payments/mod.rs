//! Random schedules of payments against gateways that fail.
//!
//! A seed makes a schedule: what payers, banks, operators and the network do, and where our own process ends. After it
//! everything comes to rest, and the books of the engine must agree with those of the gateway. There is no HTTP and no
//! real time. `SCRIP_SCHEDULES=10000` does more of them, `SCRIP_SEED=17` repeats one and tells its story; only what runs at
//! the same time (copies of a notice, an end in the middle of a write) may interleave anew.

mod alarms;
mod back;
mod books;
pub(crate) mod dice;
mod gateway;
mod interrupt;
mod letters;
mod rest;
mod schedule;
mod subscriber;
mod world;

use std::ops::Range;
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
/// Schedules that share a database. Payments that wait for a person are asked about for ever, so not too many.
const PER_DATABASE: usize = 50;

pub(crate) fn american(country: &str) -> ProfileDraft {
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

/// What happened in some schedules.
#[derive(Debug, Default)]
struct Figures {
    payments: usize,
    paid: usize,
    notices: usize,
    forged: usize,
    crashes: usize,
}

async fn rehearse(style: Style) {
    let is_postgres = std::env::var(testbed::POSTGRES_VARIABLE).is_ok_and(|url| !url.is_empty());
    let count = number("SCRIP_SCHEDULES").unwrap_or(SCHEDULES[usize::from(is_postgres)]);
    let mut figures = Figures::default();
    if let Some(seed) = number("SCRIP_SEED") {
        return play(style, seed..seed + 1, true, &mut figures).await;
    }
    for first in (0..count).step_by(PER_DATABASE) {
        play(style, first..count.min(first + PER_DATABASE as u64), false, &mut figures).await;
    }
    eprintln!("{style:?}: {figures:?}");
    let Figures { payments, paid, notices, crashes, .. } = figures;
    assert!(paid * 4 > payments && crashes > 0 && notices > paid, "the schedules do nothing: {figures:?}");
}

/// Plays schedules one after another on a database of their own, and proves it.
async fn play(style: Style, seeds: Range<u64>, told: bool, figures: &mut Figures) {
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
    for seed in seeds {
        let before = books::clearing(&place.store).await;
        let done = Schedule::run(&place, style, seed).await;
        let mut faults = books::faults(&done, &before).await;
        faults.extend(letters::faults(&done).await);
        let world = done.gateway.world();
        let story = world.diary.join("\n");
        assert!(faults.is_empty(), "{style:?}, SCRIP_SEED={seed}:\n{}\n\n{story}", faults.join("\n"));
        if told {
            eprintln!("{story}");
        }
        figures.payments += world.objects.len();
        figures.paid += world.objects.iter().filter(|object| object.received.is_some()).count();
        figures.notices += done.delivered;
        figures.forged += done.forged;
        figures.crashes += done.crashes;
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
