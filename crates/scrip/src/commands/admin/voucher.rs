//! Voucher campaigns and their codes.

mod issue;

use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};

use super::account::{PageArgs, said};
use super::{Context, Once, segment, show};
use crate::exit::Exit;

#[derive(Debug, Subcommand)]
pub enum VoucherCommand {
    /// Make a campaign: what a code is worth, and who may redeem it
    ///
    /// Example: scrip admin voucher create --name Spring --description "Welcome" --site vn --lot 100000 --valid-days 90
    Create(Box<CreateArgs>),
    /// List campaigns, newest first
    ///
    /// Example: scrip admin voucher campaigns --state active
    Campaigns {
        /// Only these: active, paused, revoked; may be repeated
        #[arg(long)]
        state: Vec<String>,
        /// Only of this site
        #[arg(long)]
        site: Option<String>,
        /// Only those whose id, name or description has this in it
        #[arg(long)]
        search: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Show a campaign with what was used of it
    ///
    /// Example: scrip admin voucher show spring
    Show {
        /// The campaign's id
        campaign: String,
    },
    /// Pause a campaign: its codes cannot be redeemed for now
    ///
    /// Example: scrip admin voucher pause spring
    Pause {
        /// The campaign's id
        campaign: String,
    },
    /// Let a paused campaign go on
    ///
    /// Example: scrip admin voucher resume spring
    Resume {
        /// The campaign's id
        campaign: String,
    },
    /// Issue codes; they are written once and stored nowhere
    ///
    /// Example: scrip admin voucher issue spring --count 5000 --out spring.csv
    Issue {
        /// The campaign's id
        campaign: String,
        #[command(flatten)]
        wanted: issue::IssueArgs,
    },
    /// List codes without their texts, newest first
    ///
    /// Example: scrip admin voucher codes spring
    Codes {
        /// The campaign's id
        campaign: String,
        /// Only of this batch
        #[arg(long)]
        batch: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Revoke one code, by the id that `voucher codes` shows: what is left of it is taken back
    ///
    /// Example: scrip admin voucher revoke-code 0f3a… --reason "sent to the wrong customer"
    RevokeCode {
        /// The code's id
        code: String,
        #[command(flatten)]
        how: RevokeArgs,
    },
    /// Revoke a campaign for good, or one batch of it: what is left of redeemed codes is taken back
    ///
    /// Example: scrip admin voucher revoke spring --batch may --keep-redeemed --reason "the file leaked"
    Revoke {
        /// The campaign's id
        campaign: String,
        /// Only the codes of this batch; the campaign goes on
        #[arg(long)]
        batch: Option<String>,
        #[command(flatten)]
        how: RevokeArgs,
    },
    /// Redeem a code for an account
    ///
    /// Example: scrip admin voucher redeem acme ABCDE-23456
    Redeem {
        /// The account's id
        account: String,
        /// The code
        code: String,
        #[command(flatten)]
        once: Once,
    },
    /// List an account's vouchers, newest first
    ///
    /// Example: scrip admin voucher list acme --status valid
    List {
        /// The account's id
        account: String,
        /// Only these: valid, expired, revoked, used; may be repeated
        #[arg(long)]
        status: Vec<String>,
        /// Only those that may pay for this service; may be repeated
        #[arg(long)]
        service: Vec<String>,
        /// Only those whose description or code has this in it
        #[arg(long)]
        search: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
}

/// How something is revoked.
#[derive(Debug, clap::Args)]
pub struct RevokeArgs {
    /// Why, for the record and the account's history
    #[arg(long)]
    reason: String,
    /// Accounts keep what they redeemed before
    #[arg(long)]
    keep_redeemed: bool,
}

impl RevokeArgs {
    fn body(self) -> Value {
        said([("reason", Some(json!(self.reason))), ("keep_redeemed", self.keep_redeemed.then_some(Value::Bool(true)))])
    }
}

/// What a campaign is to be.
#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// Its id [default: the server makes one]
    #[arg(long)]
    id: Option<String>,
    /// Name for operators
    #[arg(long)]
    name: String,
    /// What customers are told
    #[arg(long)]
    description: String,
    /// Selling region whose accounts may redeem
    #[arg(long)]
    site: String,
    /// What it counts in [default: the site's only unit]
    #[arg(long)]
    unit: Option<String>,
    /// A lot that a code grants; may be repeated. Services restrict what it pays for, a priority overrides its rank
    #[arg(long = "lot", value_name = "AMOUNT[@SERVICE,…[@PRIORITY]]", required = true, value_parser = lot)]
    lots: Vec<Value>,
    /// Redeemed at or after this instant (RFC 3339)
    #[arg(long, value_name = "TIME")]
    redeem_from: Option<String>,
    /// Redeemed before this instant (RFC 3339)
    #[arg(long, value_name = "TIME")]
    redeem_until: Option<String>,
    /// Credits count to the end of the day so many days after redeeming
    #[arg(long, value_name = "DAYS", conflicts_with = "valid_until", required_unless_present = "valid_until")]
    valid_days: Option<u32>,
    /// Credits count to the end of this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    valid_until: Option<String>,
    /// How many codes of it an account may redeem [default: 1]
    #[arg(long, value_name = "N")]
    per_account_limit: Option<u32>,
    /// How often all its codes may be redeemed [default: no limit]
    #[arg(long, value_name = "N")]
    total_limit: Option<u32>,
    /// How much all its codes may give [default: no limit]
    #[arg(long, value_name = "AMOUNT")]
    budget: Option<String>,
    /// A country that the billing profile may name; may be repeated [default: any]
    #[arg(long = "country", value_name = "CODE")]
    countries: Vec<String>,
    /// Accounts without a billing profile may redeem, too
    #[arg(long, conflicts_with = "countries")]
    without_profile: bool,
}

/// Reads `AMOUNT[@SERVICE,…[@PRIORITY]]`.
fn lot(text: &str) -> Result<Value, String> {
    let mut parts = text.splitn(3, '@');
    let amount = parts.next().unwrap_or_default();
    let services = parts.next().unwrap_or_default().split(',').filter(|name| !name.is_empty());
    let priority = parts.next().map(|text| text.parse::<i32>().map_err(|_| "the priority is no whole number"));
    let priority = priority.transpose()?.map(|priority| json!(priority));
    let scope: Vec<&str> = services.collect();
    Ok(said([("amount", Some(json!(amount))), ("scope", Some(json!(scope))), ("priority", priority)]))
}

impl CreateArgs {
    fn body(self) -> Value {
        said([
            ("id", self.id.map(Value::String)),
            ("name", Some(json!(self.name))),
            ("description", Some(json!(self.description))),
            ("site", Some(json!(self.site))),
            ("unit", self.unit.map(Value::String)),
            ("lots", Some(json!(self.lots))),
            ("redeem_from", self.redeem_from.map(Value::String)),
            ("redeem_until", self.redeem_until.map(Value::String)),
            ("valid_days", self.valid_days.map(|days| json!(days))),
            ("valid_until", self.valid_until.map(Value::String)),
            ("per_account_limit", self.per_account_limit.map(|limit| json!(limit))),
            ("total_limit", self.total_limit.map(|limit| json!(limit))),
            ("budget", self.budget.map(Value::String)),
            ("countries", (!self.countries.is_empty()).then(|| json!(self.countries))),
            ("profile_required", self.without_profile.then_some(Value::Bool(false))),
        ])
    }
}

/// Runs one command about vouchers.
pub async fn run(context: &Context, command: VoucherCommand) -> Result<(), Exit> {
    match command {
        VoucherCommand::Create(args) => change(context, Method::POST, "/v1/campaigns", &args.body()).await,
        VoucherCommand::Campaigns { state, site, search, page } => {
            let mut query = page.query();
            query.extend(state.into_iter().map(|state| ("state", state)));
            query.extend(site.map(|site| ("site", site)));
            query.extend(search.map(|search| ("q", search)));
            let body = context.server.get("/v1/campaigns", &query).await?;
            let columns =
                ["id", "name", "unit", "value", "state", "depleted", "issued", "used", "spent", "budget_left"];
            context.print(&body, |body| show::page(body, &columns));
            Ok(())
        }
        VoucherCommand::Show { campaign } => {
            let body = context.server.get(&of_campaign(&campaign, ""), &[]).await?;
            context.print(&body, show::object);
            Ok(())
        }
        VoucherCommand::Pause { campaign } => set_state(context, &campaign, "paused").await,
        VoucherCommand::Resume { campaign } => set_state(context, &campaign, "active").await,
        VoucherCommand::Issue { campaign, wanted } => issue::issue(context, &campaign, wanted).await,
        VoucherCommand::Codes { campaign, batch, page } => {
            let mut query = page.query();
            query.extend(batch.map(|batch| ("batch", batch)));
            let body = context.server.get(&of_campaign(&campaign, "/codes"), &query).await?;
            let columns = ["id", "code", "batch", "used", "max_uses", "revoked_at", "created_at"];
            context.print(&body, |body| show::page(body, &columns));
            Ok(())
        }
        VoucherCommand::RevokeCode { code, how } => {
            let path = format!("/v1/voucher-codes/{}/revoke", segment(&code));
            change(context, Method::POST, &path, &how.body()).await
        }
        VoucherCommand::Revoke { campaign, batch, how } => {
            let batch = batch.map_or(String::new(), |batch| format!("/batches/{}", segment(&batch)));
            change(context, Method::POST, &of_campaign(&campaign, &format!("{batch}/revoke")), &how.body()).await
        }
        VoucherCommand::Redeem { account, code, once } => {
            context.post(&of_account(&account), &json!({"code": code}), &once).await
        }
        VoucherCommand::List { account, status, service, search, page } => {
            let mut query = page.query();
            query.extend(status.into_iter().map(|status| ("status", status)));
            query.extend(service.into_iter().map(|service| ("service", service)));
            query.extend(search.map(|search| ("q", search)));
            let body = context.server.get(&of_account(&account), &query).await?;
            let columns =
                ["id", "code", "description", "added_at", "expires_at", "remaining", "total", "services", "status"];
            context.print(&body, |body| show::page(body, &columns));
            Ok(())
        }
    }
}

fn of_campaign(id: &str, rest: &str) -> String {
    format!("/v1/campaigns/{}{rest}", segment(id))
}

fn of_account(id: &str) -> String {
    format!("/v1/accounts/{}/vouchers", segment(id))
}

async fn set_state(context: &Context, campaign: &str, state: &str) -> Result<(), Exit> {
    change(context, Method::PATCH, &of_campaign(campaign, ""), &json!({"state": state})).await
}

async fn change(context: &Context, method: Method, path: &str, body: &Value) -> Result<(), Exit> {
    let answer = context.server.send(method, path, Some(body)).await?;
    context.print(&answer.body, show::object);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lot_is_an_amount_with_services_and_a_priority() {
        for (text, read) in [
            ("100", json!({"amount": "100", "scope": []})),
            ("0.5@gpu,llm", json!({"amount": "0.5", "scope": ["gpu", "llm"]})),
            ("5@@-3", json!({"amount": "5", "scope": [], "priority": -3})),
            ("5@gpu@150", json!({"amount": "5", "scope": ["gpu"], "priority": 150})),
        ] {
            assert_eq!(lot(text), Ok(read), "{text}");
        }
        assert!(lot("5@gpu@soon").is_err());
    }
}
