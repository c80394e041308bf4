//! Plans, and the subscriptions of accounts.

use std::collections::BTreeMap;

use clap::Subcommand;
use serde_json::{Value, json};

use super::account::{PageArgs, said};
use super::{Context, segment, show};
use crate::exit::Exit;

#[derive(Debug, Subcommand)]
pub enum PlanCommand {
    /// List plans with the number of accounts that have them
    ///
    /// Example: scrip admin plan list
    List {
        #[command(flatten)]
        page: PageArgs,
    },
    /// Show a plan in the version in force
    ///
    /// Example: scrip admin plan show SUB_PRO
    Show {
        /// The plan's id
        plan: String,
    },
    /// Make a plan, or its next version: subscriptions keep theirs until they are renewed
    ///
    /// Example: scrip admin plan publish SUB_PRO --name Pro --site api --price USD=20 --credits 10000
    Publish(Box<PublishArgs>),
    /// Sell a plan no more; subscriptions go on until they are cancelled
    ///
    /// Example: scrip admin plan retire SUB_PRO
    Retire {
        /// The plan's id
        plan: String,
    },
    /// Show the subscription of an account
    ///
    /// Example: scrip admin plan subscription acme
    Subscription {
        /// The account's id
        account: String,
    },
    /// List what was, is and will be due of an account's subscription
    ///
    /// Example: scrip admin plan instalments acme
    Instalments {
        /// The account's id
        account: String,
    },
    /// End the subscription of an account with its term
    ///
    /// Example: scrip admin plan cancel acme
    Cancel {
        /// The account's id
        account: String,
    },
    /// Undo a cancellation, or a change that was to follow when the term ends
    ///
    /// Example: scrip admin plan undo acme
    Undo {
        /// The account's id
        account: String,
    },
}

/// What a plan is.
#[derive(Debug, clap::Args)]
pub struct PublishArgs {
    /// Its id: SUB_ and up to 36 of A-Z 0-9 _
    plan: String,
    /// What people call it
    #[arg(long)]
    name: String,
    /// Accounts of this site may have it
    #[arg(long)]
    site: String,
    /// What its credits count in [default: the site's unit, where it has one]
    #[arg(long)]
    unit: Option<String>,
    /// The price of a period in a currency; may be repeated
    #[arg(long, value_name = "CURRENCY=AMOUNT", required = true, value_parser = price)]
    price: Vec<(String, String)>,
    /// Credits of a period
    #[arg(long, value_name = "AMOUNT")]
    credits: String,
    /// How many days, months or years a period has
    #[arg(long, value_name = "N", default_value_t = 1)]
    every: u32,
    /// What periods are measured in
    #[arg(long, default_value = "month", value_parser = ["day", "month", "year"])]
    period: String,
    /// How many periods are agreed to at once
    #[arg(long, value_name = "N", default_value_t = 1)]
    term_periods: u32,
    /// A way of paying: all_upfront, partial_upfront=PERCENT, postpaid; may be repeated [default: all_upfront]
    #[arg(long, value_name = "OPTION", value_parser = option)]
    option: Vec<Value>,
    /// A service that the credits may pay for; may be repeated [default: all]
    #[arg(long, value_name = "SERVICE")]
    scope: Vec<String>,
    /// Percent of the price book's prices once no credits of the plan are left that cover a service
    #[arg(long, value_name = "PERCENT")]
    on_demand_percent: Option<String>,
}

/// Reads `CURRENCY=AMOUNT`.
fn price(text: &str) -> Result<(String, String), String> {
    let (currency, amount) = text.split_once('=').ok_or("must be CURRENCY=AMOUNT, such as USD=20")?;
    Ok((currency.to_owned(), amount.to_owned()))
}

/// Reads a way of paying.
fn option(text: &str) -> Result<Value, String> {
    match text.split_once('=') {
        None => Ok(json!({"option": text})),
        Some((option, percent)) => {
            let percent: u8 = percent.parse().map_err(|_| "the percent must be a whole number from 1 to 99")?;
            Ok(json!({"option": option, "percent": percent}))
        }
    }
}

impl PublishArgs {
    fn body(&self) -> Value {
        let some = |values: &[Value]| (!values.is_empty()).then(|| json!(values));
        said([
            ("id", Some(json!(self.plan))),
            ("name", Some(json!(self.name))),
            ("site", Some(json!(self.site))),
            ("unit", self.unit.as_ref().map(|unit| json!(unit))),
            ("prices", Some(json!(self.price.iter().cloned().collect::<BTreeMap<_, _>>()))),
            ("credits", Some(json!(self.credits))),
            ("period", Some(json!({"count": self.every, "unit": self.period}))),
            ("term_periods", Some(json!(self.term_periods))),
            ("options", some(&self.option)),
            ("scope", (!self.scope.is_empty()).then(|| json!(self.scope))),
            ("on_demand", self.on_demand_percent.as_ref().map(|percent| json!({"percent": percent}))),
        ])
    }
}

/// Runs one command about plans.
pub async fn run(context: &Context, command: PlanCommand) -> Result<(), Exit> {
    let of = |account: &str, rest: &str| format!("/v1/accounts/{}/{rest}", segment(account));
    match command {
        PlanCommand::List { page } => {
            let body = context.server.get("/v1/plans", &page.query()).await?;
            let columns = ["id", "name", "version", "state", "site", "credits", "unit", "subscribers"];
            context.print(&body, |body| show::page(body, &columns));
            Ok(())
        }
        PlanCommand::Show { plan } => get(context, &format!("/v1/plans/{}", segment(&plan))).await,
        PlanCommand::Publish(wanted) => post(context, "/v1/plans", &wanted.body()).await,
        PlanCommand::Retire { plan } => {
            post(context, &format!("/v1/plans/{}/retire", segment(&plan)), &json!({})).await
        }
        PlanCommand::Subscription { account } => get(context, &of(&account, "subscription")).await,
        PlanCommand::Instalments { account } => {
            let body = context.server.get(&of(&account, "instalments"), &[]).await?;
            let columns = ["due_at", "amount", "currency", "status", "paid", "kind", "period", "plan"];
            context.print(&body, |body| show::page(body, &columns));
            Ok(())
        }
        PlanCommand::Cancel { account } => post(context, &of(&account, "subscription/cancel"), &json!({})).await,
        PlanCommand::Undo { account } => post(context, &of(&account, "subscription/undo"), &json!({})).await,
    }
}

async fn get(context: &Context, path: &str) -> Result<(), Exit> {
    let body = context.server.get(path, &[]).await?;
    context.print(&body, show::object);
    Ok(())
}

/// Repeating any of these changes nothing, so that they need no key.
async fn post(context: &Context, path: &str, body: &Value) -> Result<(), Exit> {
    let answer = context.server.send_patiently(path, body, None).await?;
    context.print(&answer.body, show::object);
    Ok(())
}
