//! The demo's accounts and their 90 days of history, made by real commands while the clocks stand in the past.
//!
//! The same seed makes the same amounts; times are relative to the start. A folder that has the accounts already is left
//! as it is; only API keys are new each time, because their text is kept nowhere.

use engine::accounts::{AccountChange, NewAccount};
use engine::keys::NewKey;
use engine::ledger_calls::{Grant, Note, Usage};
use engine::prices::Mode;
use engine::{Call, Engine};
use ledger::price::PriceBook;
use ledger::{LotKind, OnInsufficient, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sandbox::stripe::NewCustomer;
use store::{Clock, SystemClock};

use super::clock::DemoClock;
use super::sandboxes::Sandboxes;
use super::{plans, purchases};
use crate::client::ServerArgs;
use crate::exit::Exit;

/// Days of history.
const DAYS: i64 = 90;
const DAY_SECONDS: i64 = 86_400;

/// With what the history is made.
pub struct Stage<'a> {
    pub engine: &'a Engine,
    pub clock: &'a DemoClock,
    pub sandboxes: &'a Sandboxes,
    /// The server behind the scenes.
    pub server: ServerArgs,
}

/// An account of the demo, ready to be used.
pub struct Seeded {
    pub id: &'static str,
    pub name: &'static str,
    pub site: &'static str,
    pub unit: &'static str,
    pub api_key: String,
    /// Where its owner signs in.
    pub sign_in_url: String,
}

/// How an account is made and lives.
struct Life {
    id: &'static str,
    name: &'static str,
    site: &'static str,
    unit: &'static str,
    /// Bought every 30 days, in the unit.
    top_up: &'static str,
    /// Given once by voucher; half of it in a second one that expires unused.
    voucher: &'static str,
    /// Services used day by day.
    services: &'static [&'static str],
}

const LIVES: [Life; 4] = [
    Life {
        id: "demo-vn",
        name: "Nguyễn Thị Lan",
        site: "vn",
        unit: "VND",
        top_up: "1000000",
        voucher: "200000",
        services: &["gpt-4o", "gpt-4o-mini", "gpu-h100"],
    },
    Life {
        id: "demo-jp",
        name: "株式会社さくら商事",
        site: "jp",
        unit: "JPY",
        top_up: "10000",
        voucher: "1500",
        services: &["gpt-4o", "gpt-4o-mini", "gpu-h100"],
    },
    Life {
        id: "demo-global",
        name: "Acme Inc.",
        site: "global",
        unit: "USD",
        top_up: "100",
        voucher: "10",
        services: &["gpt-4o", "gpt-4o-mini", "gpu-h100"],
    },
    Life {
        id: "demo-api",
        name: "Acme API team",
        site: "api",
        unit: "CREDIT",
        top_up: "10000",
        voucher: "500",
        services: &["search"],
    },
];

/// Prices per unit: believable, not anybody's.
const BOOKS: [&str; 4] = [
    r#"{"unit":"USD","services":{
        "gpt-4o":{"meters":{"input_tokens":{"price":"2.5","per":1000000},"output_tokens":{"price":"10","per":1000000}}},
        "gpt-4o-mini":{"meters":{"input_tokens":{"price":"0.15","per":1000000},"output_tokens":{"price":"0.6","per":1000000}}},
        "gpu-h100":{"meters":{"gpu_seconds":{"price":"2.31","per":3600,"step":60}}}}}"#,
    r#"{"unit":"VND","services":{
        "gpt-4o":{"meters":{"input_tokens":{"price":"64000","per":1000000},"output_tokens":{"price":"256000","per":1000000}}},
        "gpt-4o-mini":{"meters":{"input_tokens":{"price":"3800","per":1000000},"output_tokens":{"price":"15300","per":1000000}}},
        "gpu-h100":{"meters":{"gpu_seconds":{"price":"59000","per":3600,"step":60}}}}}"#,
    r#"{"unit":"JPY","services":{
        "gpt-4o":{"meters":{"input_tokens":{"price":"380","per":1000000},"output_tokens":{"price":"1520","per":1000000}}},
        "gpt-4o-mini":{"meters":{"input_tokens":{"price":"23","per":1000000},"output_tokens":{"price":"91","per":1000000}}},
        "gpu-h100":{"meters":{"gpu_seconds":{"price":"350","per":3600,"step":60}}}}}"#,
    r#"{"unit":"CREDIT","services":{"search":{"meters":{"requests":{"price":"1","per":1}}}}}"#,
];

/// When the history begins.
pub fn start() -> Timestamp {
    SystemClock.now().plus_seconds(-DAYS * DAY_SECONDS)
}

/// Makes sure that the demo's accounts exist, gives each a new API key, and lets the clocks run.
pub async fn accounts(stage: &Stage<'_>, seed: u64) -> Result<Vec<Seeded>, Exit> {
    let Stage { engine, clock, sandboxes, .. } = stage;
    if engine.accounts().locate(LIVES[0].id).await.is_err() {
        make_history(stage, seed).await?;
    }
    clock.run();
    sandboxes.set_clock(SystemClock.now());
    // An old rate is not used: a demo that is started again after days needs one of today.
    purchases::rates(engine, &call("rates", DAYS, 0), DAYS).await.map_err(failed)?;
    let mut seeded = Vec::new();
    for life in &LIVES {
        // The sandbox forgets at every start; the account's customer is made anew.
        let cards = ["pm_card_visa", "pm_card_mastercard"].map(str::to_owned).to_vec();
        let customer = NewCustomer {
            name: Some(life.name.to_owned()),
            cards,
            default: Some(0),
            set_up: true,
            ..NewCustomer::default()
        };
        let customer =
            sandboxes.stripe.create_customer(&customer).map_err(|error| Exit::unavailable(format!("{error:?}")))?;
        let change = AccountChange { stripe_customer: Some(Some(customer.customer)), ..AccountChange::default() };
        engine.accounts().change(&call("stripe", 0, 0), life.id, change).await.map_err(failed)?;
        let key = NewKey { name: "demo".to_owned(), ..NewKey::default() };
        let (_, api_key) = engine.keys().issue(&call("key", 0, 0), life.id, key).await.map_err(failed)?;
        seeded.push(Seeded {
            id: life.id,
            name: life.name,
            site: life.site,
            unit: life.unit,
            api_key,
            sign_in_url: String::new(),
        });
    }
    Ok(seeded)
}

fn call(what: &str, day: i64, number: usize) -> Call {
    Call { actor: "demo".into(), key: Some(format!("demo:{what}:{day}:{number}").into()), ..Call::default() }
}

pub fn failed(error: engine::Error) -> Exit {
    Exit::unavailable(format!("the demo's data cannot be made: {error}"))
}

async fn make_history(stage: &Stage<'_>, seed: u64) -> Result<(), Exit> {
    let Stage { engine, clock, .. } = stage;
    let start = clock.now();
    open_accounts(engine).await.map_err(failed)?;
    let mut random = StdRng::seed_from_u64(seed);
    for day in 0..DAYS {
        for life in &LIVES {
            clock.stand_at(start.plus_seconds(day * DAY_SECONDS));
            give(engine, life, day, start).await.map_err(failed)?;
            buy(stage, life, day).await?;
            use_services(engine, clock, life, day, start, &mut random).await.map_err(failed)?;
        }
    }
    Ok(())
}

/// What an account buys at gateways on a day.
async fn buy(stage: &Stage<'_>, life: &Life, day: i64) -> Result<(), Exit> {
    for scenario in purchases::of_day(day, life.id) {
        stage.sandboxes.set_clock(stage.clock.now());
        purchases::rates(stage.engine, &call("rates", day, 0), day).await.map_err(failed)?;
        purchases::make(&stage.server, stage.sandboxes, life.id, scenario).await?;
    }
    if plans::SUBSCRIBER.0 == life.id && plans::SUBSCRIBER.1 == day {
        stage.sandboxes.set_clock(stage.clock.now());
        plans::subscribe(stage.engine, &call("subscribe", day, 0), stage.sandboxes).await?;
    }
    Ok(())
}

async fn open_accounts(engine: &Engine) -> engine::Result<()> {
    for book in BOOKS {
        let book = PriceBook::parse(book.as_bytes()).map_err(engine::prices::invalid)?;
        engine.prices().publish(book, Mode::Merge, "demo", "demo").await?;
    }
    for life in &LIVES {
        let account = NewAccount {
            id: Some(life.id.to_owned()),
            name: life.name.to_owned(),
            site: life.site.to_owned(),
            unit: Some(life.unit.to_owned()),
            ..NewAccount::default()
        };
        engine.accounts().open(&call("open", 0, 0), account).await?;
    }
    purchases::profiles(engine, &call("profile", 0, 0)).await?;
    plans::publish(engine, &call("plans", 0, 0)).await
}

/// What comes in on a day: top-ups every 30 days, two vouchers at the beginning.
async fn give(engine: &Engine, life: &Life, day: i64, start: Timestamp) -> engine::Result<()> {
    let grant = |kind, amount: &str, days: Option<i64>| Grant {
        amount: amount.to_owned(),
        kind,
        effective_at: None,
        expires_at: days.map(|days| start.plus_seconds((day + days) * DAY_SECONDS)),
        scope: Vec::new(),
        priority: None,
    };
    let wanted = match day {
        0 => vec![grant(LotKind::TopUp, life.top_up, None), grant(LotKind::Voucher, life.voucher, Some(120))],
        5 => vec![grant(LotKind::Voucher, life.voucher, Some(3))],
        30 | 60 => vec![grant(LotKind::TopUp, life.top_up, None)],
        _ => Vec::new(),
    };
    for (number, grant) in wanted.into_iter().enumerate() {
        let description = match grant.kind {
            LotKind::Voucher => "welcome voucher",
            _ => "top-up by bank transfer",
        };
        let note = Note { description: Some(description.to_owned()), ..Note::default() };
        let planned = engine.order_grant(&call("grant", day, number), life.id, grant, note).await?;
        engine.submit(planned).await?;
    }
    Ok(())
}

/// What a day spends: a few calls per service, busier on weekdays. A day without enough credits spends less.
async fn use_services(
    engine: &Engine,
    clock: &DemoClock,
    life: &Life,
    day: i64,
    start: Timestamp,
    random: &mut StdRng,
) -> engine::Result<()> {
    let busy = if day % 7 < 5 { 4 } else { 1 };
    let mut second = 0;
    for number in 0..random.random_range(1..=busy) {
        second += random.random_range(600..14_400);
        clock.stand_at(start.plus_seconds(day * DAY_SECONDS + second));
        let service = life.services[random.random_range(0..life.services.len())];
        let meters = match service {
            "gpu-h100" => vec![("gpu_seconds", random.random_range(60..1_800))],
            "search" => vec![("requests", random.random_range(5..120))],
            _ => vec![
                ("input_tokens", random.random_range(2_000..400_000)),
                ("output_tokens", random.random_range(500..60_000)),
            ],
        };
        let usage = Usage {
            meters: meters.into_iter().map(|(meter, quantity)| (meter.to_owned(), quantity)).collect(),
            occurred_at: None,
            on_insufficient: OnInsufficient::Partial,
        };
        let note = Note { service: Some(service.to_owned()), ..Note::default() };
        let planned = engine.order_usage(&call("usage", day, number), life.id, usage, note).await?;
        match engine.submit(planned).await {
            Ok(_) | Err(engine::Error::Ledger(store::Failure::Refused { .. })) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
