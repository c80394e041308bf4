//! The demo's plans, and one account that has one.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use engine::accounts::AccountChange;
use engine::plans::{self, NewPlan, OnDemand, Payer, Period, PlanTerms, Subscribing};
use engine::settings::{Language, Method};
use engine::topups::{self, Consented};
use engine::{Call, Engine};
use ledger::Unit;
use ledger::plan::Paying;
use sandbox::stripe::NewCustomer;

use super::sandboxes::Sandboxes;
use crate::exit::Exit;

/// Who subscribes, on which day of the history, to what.
pub const SUBSCRIBER: (&str, i64, &str) = ("demo-api", 78, "SUB_PRO");

/// Id, name, site, unit, price, currency of the price, credits a month.
const PLANS: [[&str; 7]; 5] = [
    ["SUB_PRO", "Pro", "api", "CREDIT", "20", "USD", "25000"],
    ["SUB_MAX", "Max", "api", "CREDIT", "90", "USD", "120000"],
    ["SUB_VN_PRO", "Chuyên nghiệp", "vn", "VND", "900000", "VND", "1000000"],
    ["SUB_JP_PRO", "プロ", "jp", "JPY", "9000", "JPY", "10000"],
    ["SUB_TEAM", "Team", "global", "USD", "90", "USD", "100"],
];

/// Puts the plans on sale.
pub async fn publish(engine: &Engine, call: &Call) -> engine::Result<()> {
    for [id, name, site, unit, price, currency, credits] in PLANS {
        let unit_of = |code: &str| Unit::parse(code).ok_or(engine::Error::NotFound("unit"));
        let terms = PlanTerms {
            name: name.to_owned(),
            prices: BTreeMap::from([(unit_of(currency)?, price.to_owned())]),
            credits: credits.to_owned(),
            period: Period::MONTHLY,
            term_periods: 1,
            options: vec![Paying::AllUpfront],
            scope: Vec::new(),
            on_demand: Some(OnDemand { percent: Some("120".to_owned()), ..OnDemand::default() }),
        };
        let new = NewPlan { id: id.to_owned(), site: site.to_owned(), unit: Some(unit_of(unit)?), terms };
        plans::publish(engine, call, new).await?;
    }
    Ok(())
}

/// Subscribes by a saved card of the sandbox; the money is heard of at once.
pub async fn subscribe(engine: &Engine, call: &Call, sandboxes: &Sandboxes) -> Result<(), Exit> {
    let (account_id, _, plan_id) = SUBSCRIBER;
    let card = NewCustomer {
        cards: vec!["pm_card_visa".to_owned()],
        default: Some(0),
        set_up: true,
        ..NewCustomer::default()
    };
    let customer = sandboxes.stripe.create_customer(&card).map_err(|error| Exit::unavailable(format!("{error:?}")))?;
    let change = AccountChange { stripe_customer: Some(Some(customer.customer)), ..AccountChange::default() };
    let done = async {
        engine.accounts().change(call, account_id, change).await?;
        let terms = plans::terms(engine, account_id, Language::En).await?;
        let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let consent = Consented { text_sha256: &terms.text_sha256, ip, user_agent: "demo" };
        let (method, language) = (Method::SavedCard, Language::En);
        let payer = Payer { method, consent, language, return_url: None, save_card: false };
        let wanted = Subscribing { account_id, plan_id, option: None, currency: None, payer };
        let subscribed = plans::subscribe(engine, call, wanted).await?;
        if let Some(paid) = subscribed.paid {
            topups::check_now(engine, account_id, &paid.payment.id).await?;
        }
        Ok(())
    };
    done.await.map_err(super::seed::failed)
}
