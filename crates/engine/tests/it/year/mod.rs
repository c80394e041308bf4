//! More than a year of simulated time, on two nodes, in three time zones.
//!
//! A seed says what customers and the operator do, and when which node does its jobs. Afterwards every grant and every
//! expiry must be dated at the instant that a calendar of our own gives, at the end of each day the history must add up
//! to the balance that was shown, lot by lot, and the books are proved. `SCRIP_YEARS=100` plays more seeds,
//! `SCRIP_SEED=7` one. Deliberately absent: a model of which lot pays, which the ledger's own tests have; faults of
//! gateways, which have [`payments`](crate::payments). Cost: a few seconds a year, more on PostgreSQL.

mod agenda;
mod books;
mod calendar;
mod courses;
mod customer;
mod seats;
mod subscriber;
mod till;
mod world;

use futures_util::{StreamExt, stream};

use agenda::{Event, ROUNDS_SECONDS, Span, agenda};
use books::{Books, Figures, Look};
use calendar::Day;
use customer::Customer;
use seats::SEATS;
use world::World;

use crate::payments::dice::Dice;

/// Seeds when the environment does not say: on SQLite one for each span, on PostgreSQL, where it takes longer, the first.
const YEARS: [u64; 2] = [2, 1];
/// Years played side by side, because each of them mostly waits for its database.
const SIDE_BY_SIDE: usize = 2;
/// How many looks share one that is repeated in the end by asking for the past.
const PAST: usize = 23;
/// Longer than any hold, in seconds.
const REST_SECONDS: i64 = 8 * 86_400;

/// A year with a leap day, and the one before; both with the changes of the clocks in New York.
const SPANS: [Span; 2] =
    [Span(Day::of(2027, 10, 25), Day::of(2028, 11, 10)), Span(Day::of(2026, 11, 20), Day::of(2027, 11, 29))];

/// Last days of vouchers that have one: a change of the clocks, the end of a year, the leap day.
const LAST_DAYS: [Day; 5] =
    [Day::of(2027, 3, 13), Day::of(2027, 3, 14), Day::of(2027, 11, 7), Day::of(2027, 12, 31), Day::of(2028, 2, 29)];

/// What must have been seen, or a test has seen nothing.
const SEEN: [&str; 24] = [
    "grant",
    "debit",
    "hold",
    "capture",
    "release",
    "hold_expiry",
    "reversal",
    "expiry",
    "void",
    "expiry_change",
    "repayment",
    "top_up",
    "voucher",
    "manual",
    "subscribed",
    "renewal",
    "counted anew",
    "upgrade",
    "last microsecond",
    "midnight",
    "first microsecond",
    "overdue",
    "several overdue",
    "rolled up",
];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

/// Plays a year and checks it; says what was seen.
async fn play(seed: u64) -> Figures {
    let mut figures = Figures::new();
    let span = SPANS[(seed % 2) as usize];
    let mut dice = Dice::new(seed);
    let zones = SEATS.map(|seat| seat.zone);
    let first = zones.map(|zone| zone.begin(span.0)).into_iter().max().unwrap();
    let world = World::start(&SEATS, first).await;
    let mut customers = Vec::new();
    for (place, seat) in SEATS.iter().enumerate() {
        let own = Dice::new(seed * 1_000 + place as u64);
        customers.push(Customer::open(&world, own, seat, &LAST_DAYS).await);
    }
    let mut looks = SEATS.map(|_| Vec::new());
    for (at, event) in agenda(&mut dice, span, &zones).into_iter().filter(|(at, _)| *at >= first) {
        world.pass_until(at);
        match event {
            Event::Act(place) => customers[place].act(&world).await,
            Event::Jobs(begun_at) => {
                world.do_jobs(&mut dice).await;
                if at == begun_at.plus_seconds(ROUNDS_SECONDS[2]) {
                    for customer in &mut customers {
                        customer.check_plan(&world, begun_at).await;
                    }
                }
            }
            Event::Look(place) => {
                let view = world.node(&mut dice).view(&customers[place].located, None).await.unwrap();
                view.account.check().unwrap();
                looks[place].push(Look::of(&view));
            }
        }
    }
    world.pass_until(world.now().plus_seconds(REST_SECONDS));
    world.settle().await;
    let mut faults = Vec::new();
    for (customer, looks) in customers.iter().zip(&looks) {
        let node = world.node(&mut dice);
        let mut books = Books::read(node, customer).await;
        books.check_grants();
        books.check_courses(node, &mut figures).await;
        books.check_expiries(world.now());
        books.check_looks(looks, &mut figures);
        books.check_pages(node, span).await;
        books.check_usage(node, span, &mut figures).await;
        books.check_past(node, looks.iter().step_by(PAST)).await;
        books.count(&mut figures);
        faults.append(&mut books.faults);
    }
    assert!(faults.is_empty(), "SCRIP_SEED={seed}: {} faults\n{}", faults.len(), faults.join("\n"));
    world.close().await;
    figures
}

#[tokio::test]
async fn a_year_adds_up_on_every_day() {
    let is_postgres = std::env::var(testbed::POSTGRES_VARIABLE).is_ok_and(|url| !url.is_empty());
    let seeds = match number("SCRIP_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SCRIP_YEARS").unwrap_or(YEARS[usize::from(is_postgres)]),
    };
    let count = seeds.end - seeds.start;
    let mut years = stream::iter(seeds).map(play).buffer_unordered(SIDE_BY_SIDE);
    let mut figures = Figures::new();
    while let Some(seen) = years.next().await {
        seen.into_iter().for_each(|(what, times)| *figures.entry(what).or_default() += times);
    }
    eprintln!("{count} years: {figures:?}");
    let missing = SEEN.iter().filter(|what| !figures.contains_key(**what)).collect::<Vec<_>>();
    assert!(count < YEARS[0] || missing.is_empty(), "nothing was seen of {missing:?}: {figures:?}");
}
