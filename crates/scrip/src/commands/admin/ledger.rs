//! Movements: grants, debits, lots, history, the trial balance.

use clap::Subcommand;
use serde_json::{Value, json};

use super::account::{PageArgs, said};
use super::{Context, Once, segment, show};
use crate::exit::Exit;

/// Give credits to an account
///
/// Example: scrip admin grant acme 10000 --kind setup --expires-at 2027-01-01T00:00:00Z --reason "launch offer"
#[derive(Debug, clap::Args)]
pub struct GrantArgs {
    /// The account's id
    account: String,
    /// How much, a decimal in the account's unit
    amount: String,
    /// manual, setup, top_up, voucher or subscription
    #[arg(long, default_value = "manual")]
    kind: String,
    /// From when it may be spent (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME")]
    effective_at: Option<String>,
    /// Until when it may be spent (RFC 3339) [default: for ever]
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
    /// A service it may pay for; may be repeated [default: every service]
    #[arg(long, value_name = "SERVICE")]
    scope: Vec<String>,
    /// Its place in the order of spending, instead of its kind's
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    priority: Option<i32>,
    /// Why, for the audit log
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    once: Once,
}

/// Grants.
pub async fn grant(context: &Context, args: GrantArgs) -> Result<(), Exit> {
    let body = said([
        ("account", Some(json!(args.account))),
        ("amount", Some(json!(args.amount))),
        ("kind", Some(json!(args.kind))),
        ("effective_at", args.effective_at.map(Value::String)),
        ("expires_at", args.expires_at.map(Value::String)),
        ("scope", (!args.scope.is_empty()).then(|| json!(args.scope))),
        ("priority", args.priority.map(|priority| json!(priority))),
        ("reason", args.reason.map(Value::String)),
    ]);
    context.post("/v1/grants", &body, &args.once).await
}

/// Take credits from an account
///
/// Example: scrip admin debit acme 0.5 --service support --description "manual correction"
#[derive(Debug, clap::Args)]
pub struct DebitArgs {
    /// The account's id
    account: String,
    /// How much, a decimal in the account's unit
    amount: String,
    /// What it was spent on
    #[arg(long)]
    service: String,
    /// Which thing of the service
    #[arg(long)]
    resource: Option<String>,
    /// A text for the history
    #[arg(long)]
    description: Option<String>,
    /// Your own reference
    #[arg(long)]
    reference: Option<String>,
    /// When there is not enough: reject, partial or overdraw
    #[arg(long, value_name = "POLICY")]
    on_insufficient: Option<String>,
    #[command(flatten)]
    once: Once,
}

/// Debits.
pub async fn debit(context: &Context, args: DebitArgs) -> Result<(), Exit> {
    let body = said([
        ("account", Some(json!(args.account))),
        ("amount", Some(json!(args.amount))),
        ("service", Some(json!(args.service))),
        ("resource", args.resource.map(Value::String)),
        ("description", args.description.map(Value::String)),
        ("reference", args.reference.map(Value::String)),
        ("on_insufficient", args.on_insufficient.map(Value::String)),
    ]);
    context.post("/v1/debits", &body, &args.once).await
}

/// List an account's credit history, newest first
///
/// Example: scrip admin entries acme --service gpt-4o-mini --from 2026-01-01T00:00:00Z --limit 100
#[derive(Debug, clap::Args)]
pub struct EntriesArgs {
    /// The account's id
    account: String,
    /// Only this service; may be repeated
    #[arg(long)]
    service: Vec<String>,
    /// Only this status; may be repeated
    #[arg(long)]
    status: Vec<String>,
    /// Only this kind of credits: top_up, voucher, subscription, manual, setup
    #[arg(long, value_name = "KIND")]
    balance_type: Option<String>,
    /// Only this kind of movement: grant, debit, reversal, expiry …
    #[arg(long)]
    kind: Option<String>,
    /// From this instant (RFC 3339)
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Until before this instant (RFC 3339)
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

/// Lists movements.
pub async fn entries(context: &Context, args: EntriesArgs) -> Result<(), Exit> {
    let mut query = args.page.query();
    query.extend(args.service.into_iter().map(|service| ("service", service)));
    query.extend(args.status.into_iter().map(|status| ("status", status)));
    let one = [("balance_type", args.balance_type), ("kind", args.kind), ("from", args.from), ("to", args.to)];
    query.extend(one.into_iter().filter_map(|(name, value)| Some((name, value?))));
    let body = context.server.get(&format!("/v1/accounts/{}/entries", segment(&args.account)), &query).await?;
    let names = ["created_at", "id", "kind", "service", "description", "status", "amount", "balance"];
    context.print(&body, |body| show::page(body, &names));
    Ok(())
}

#[derive(Debug, Subcommand)]
pub enum LotCommand {
    /// Take back what remains of a lot
    ///
    /// Example: scrip admin lot void lot_123 --reason "granted twice"
    Void {
        /// The lot's id, as `account balance` shows it
        lot: String,
        /// Why, for the audit log
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        once: Once,
    },
    /// Change when a lot expires
    ///
    /// Example: scrip admin lot expiry lot_123 2027-06-30T23:59:59Z
    Expiry {
        /// The lot's id, as `account balance` shows it
        lot: String,
        /// The new end (RFC 3339), or `never`
        #[arg(value_name = "TIME")]
        at: String,
        /// Why, for the audit log
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        once: Once,
    },
}

/// Runs one command about lots.
pub async fn lot(context: &Context, command: LotCommand) -> Result<(), Exit> {
    match command {
        LotCommand::Void { lot, reason, once } => {
            let body = said([("reason", reason.map(Value::String))]);
            context.post(&format!("/v1/lots/{}/void", segment(&lot)), &body, &once).await
        }
        LotCommand::Expiry { lot, at, reason, once } => {
            let at = if at == "never" { Value::Null } else { Value::String(at) };
            let body = said([("expires_at", Some(at)), ("reason", reason.map(Value::String))]);
            context.post(&format!("/v1/lots/{}/expiry", segment(&lot)), &body, &once).await
        }
    }
}

/// Shows the trial balance.
pub async fn trial_balance(context: &Context) -> Result<(), Exit> {
    let body = context.server.get("/v1/ledger/trial-balance", &[]).await?;
    context.print(&body, show::object);
    match body.get("balanced") {
        Some(Value::Bool(false)) => Err(Exit::wrong("the trial balance is not zero: run `scrip verify`")),
        _ => Ok(()),
    }
}
