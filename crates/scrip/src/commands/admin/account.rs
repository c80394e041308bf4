//! Accounts and their API keys.

use clap::Subcommand;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{Context, Once, segment, show};
use crate::exit::Exit;

/// Where in a list.
#[derive(Debug, clap::Args)]
pub struct PageArgs {
    /// Rows of a page, 1 to 100
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=100))]
    limit: u16,
    /// Where the last page ended
    #[arg(long)]
    cursor: Option<String>,
}

impl PageArgs {
    /// As query parameters.
    pub fn query(&self) -> Vec<(&'static str, String)> {
        let cursor = self.cursor.clone().map(|cursor| ("cursor", cursor));
        [("limit", self.limit.to_string())].into_iter().chain(cursor).collect()
    }
}

/// What can be said about an account.
#[derive(Debug, clap::Args)]
pub struct Profile {
    /// Where notices about the account go
    #[arg(long)]
    email: Option<String>,
    /// How far the balance may go below zero, a decimal in the account's unit
    #[arg(long, value_name = "AMOUNT")]
    overdraft_limit: Option<String>,
    /// A fact of your own; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    metadata: Vec<(String, String)>,
}

/// Reads `NAME=VALUE`.
fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Profile {
    fn fields(self) -> Vec<(&'static str, Option<Value>)> {
        let metadata =
            self.metadata.into_iter().map(|(name, value)| (name, Value::String(value))).collect::<Map<_, _>>();
        vec![
            ("email", self.email.map(Value::String)),
            ("overdraft_limit", self.overdraft_limit.map(Value::String)),
            ("metadata", (!metadata.is_empty()).then_some(Value::Object(metadata))),
        ]
    }
}

#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Make an account at a site
    ///
    /// Example: scrip admin account create --id acme --name "Acme Ltd" --site api
    Create {
        /// Its id [default: the server makes one]
        #[arg(long)]
        id: Option<String>,
        /// Name for people
        #[arg(long)]
        name: String,
        /// Selling region, such as vn, jp, global or api
        #[arg(long)]
        site: String,
        /// What it counts in, such as USD [default: the site's first unit]
        #[arg(long)]
        unit: Option<String>,
        #[command(flatten)]
        profile: Profile,
        #[command(flatten)]
        once: Once,
    },
    /// Show an account
    ///
    /// Example: scrip admin account show acme
    Show {
        /// The account's id
        id: String,
    },
    /// List accounts, newest first
    ///
    /// Example: scrip admin account list --limit 20
    List {
        #[command(flatten)]
        page: PageArgs,
    },
    /// Show the balance with its lots
    ///
    /// Example: scrip admin account balance acme --at 2026-01-31T23:59:59Z
    Balance {
        /// The account's id
        id: String,
        /// The balance at that instant (RFC 3339) instead of now
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// Change an account; what is not named stays
    ///
    /// Example: scrip admin account update acme --overdraft-limit 500
    Update {
        /// The account's id
        id: String,
        /// Name for people
        #[arg(long)]
        name: Option<String>,
        /// Its customer at Stripe, whose saved cards pay for packs
        #[arg(long, value_name = "cus_…")]
        stripe_customer_id: Option<String>,
        /// Close it (true) or reopen it (false); a closed account moves nothing
        #[arg(long, value_name = "BOOL")]
        closed: Option<bool>,
        #[command(flatten)]
        profile: Profile,
    },
}

/// Builds an object of what was said.
pub fn said(fields: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let said = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(said.collect())
}

/// Runs one command about accounts.
pub async fn run(context: &Context, command: AccountCommand) -> Result<(), Exit> {
    match command {
        AccountCommand::Create { id, name, site, unit, profile, once } => {
            let own = [
                ("id", id.map(Value::String)),
                ("name", Some(json!(name))),
                ("site", Some(json!(site))),
                ("unit", unit.map(Value::String)),
            ];
            context.post("/v1/accounts", &said(own.into_iter().chain(profile.fields())), &once).await
        }
        AccountCommand::Show { id } => {
            let body = context.server.get(&format!("/v1/accounts/{}", segment(&id)), &[]).await?;
            context.print(&body, show::object);
            Ok(())
        }
        AccountCommand::List { page } => {
            let body = context.server.get("/v1/accounts", &page.query()).await?;
            context.print(&body, |body| {
                show::page(body, &["id", "name", "site", "unit", "closed", "email", "created_at"])
            });
            Ok(())
        }
        AccountCommand::Balance { id, at } => {
            let query = at.map(|at| ("at", at)).into_iter().collect::<Vec<_>>();
            let body = context.server.get(&format!("/v1/accounts/{}/balance", segment(&id)), &query).await?;
            context.print(&body, show::object);
            Ok(())
        }
        AccountCommand::Update { id, name, stripe_customer_id, closed, profile } => {
            let own = [
                ("name", name.map(Value::String)),
                ("stripe_customer_id", stripe_customer_id.map(Value::String)),
                ("closed", closed.map(Value::Bool)),
            ];
            let body = said(own.into_iter().chain(profile.fields()));
            if body.as_object().is_some_and(Map::is_empty) {
                return Err(Exit::usage("nothing to change: `scrip admin account update --help` lists what can be"));
            }
            let path = format!("/v1/accounts/{}", segment(&id));
            let answer = context.server.send(Method::PATCH, &path, Some(&body)).await?;
            context.print(&answer.body, show::object);
            Ok(())
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make an API key for an account; it is shown this once
    ///
    /// Example: scrip admin key create acme --name production
    Create {
        /// The account's id
        account: String,
        /// A name to recognise it by
        #[arg(long)]
        name: Option<String>,
        /// What it may do, such as usage:write; may be repeated [default: everything but managing keys]
        #[arg(long, value_name = "SCOPE")]
        scope: Vec<String>,
        /// When it stops being valid (RFC 3339) [default: never]
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
        #[command(flatten)]
        once: Once,
    },
    /// List an account's keys, without their secrets
    ///
    /// Example: scrip admin key list acme
    List {
        /// The account's id
        account: String,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Revoke a key; calls with it are refused from now on
    ///
    /// Example: scrip admin key revoke acme key_123
    Revoke {
        /// The account's id
        account: String,
        /// The key's id, as `key list` shows it
        #[arg(value_name = "KEY_ID")]
        key_id: String,
    },
}

/// Runs one command about keys.
pub async fn run_key(context: &Context, command: KeyCommand) -> Result<(), Exit> {
    match command {
        KeyCommand::Create { account, name, scope, expires_at, once } => {
            let body = said([
                ("name", name.map(Value::String)),
                ("scopes", (!scope.is_empty()).then(|| json!(scope))),
                ("expires_at", expires_at.map(Value::String)),
            ]);
            context.post(&format!("/v1/accounts/{}/keys", segment(&account)), &body, &once).await
        }
        KeyCommand::List { account, page } => {
            let body = context.server.get(&format!("/v1/accounts/{}/keys", segment(&account)), &page.query()).await?;
            context.print(&body, |body| {
                show::page(body, &["id", "name", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at"])
            });
            Ok(())
        }
        KeyCommand::Revoke { account, key_id } => {
            let path = format!("/v1/accounts/{}/keys/{}", segment(&account), segment(&key_id));
            let answer = context.server.send(Method::DELETE, &path, None).await?;
            context.print(&answer.body, |body| match body {
                Value::Null => format!("revoked {key_id}"),
                body => show::object(body),
            });
            Ok(())
        }
    }
}
