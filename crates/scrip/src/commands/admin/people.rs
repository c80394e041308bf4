//! Members of accounts, and operators.

use clap::{Subcommand, ValueEnum};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::account::{PageArgs, said};
use super::{Context, segment, show};
use crate::exit::Exit;

/// What a member may do.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Role {
    /// Everything
    Owner,
    /// Moves money, and reads
    Billing,
    /// Reads
    Viewer,
}

/// What an operator may do.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum OperatorRole {
    /// Everything
    Admin,
    /// Money, prices, credits
    Finance,
    /// Accounts and what customers ask about
    Support,
    /// Reads
    Viewer,
}

/// Language of letters and pages.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Language {
    /// English
    En,
    /// Japanese
    Ja,
    /// Vietnamese
    Vi,
}

/// The name of a value in JSON.
fn name(value: impl ValueEnum) -> Value {
    value.to_possible_value().map_or(Value::Null, |value| json!(value.get_name()))
}

/// Who is invited.
#[derive(Debug, clap::Args)]
pub struct Invited {
    /// Where the letter with the link goes
    #[arg(long)]
    email: String,
    /// Full name
    #[arg(long)]
    name: Option<String>,
    /// Language of letters and pages
    #[arg(long, value_enum, default_value_t = Language::En)]
    language: Language,
}

impl Invited {
    fn body(self, role: Value) -> Value {
        said([
            ("email", Some(json!(self.email))),
            ("name", self.name.map(Value::String)),
            ("language", Some(name(self.language))),
            ("role", Some(role)),
        ])
    }
}

#[derive(Debug, Subcommand)]
pub enum MemberCommand {
    /// Invite somebody to an account, or again; the first owner comes this way
    ///
    /// Example: scrip admin member invite acme --email lan@example.com --role owner
    Invite {
        /// The account's id
        account: String,
        #[command(flatten)]
        invited: Invited,
        /// What they shall do
        #[arg(long, value_enum)]
        role: Role,
    },
    /// List an account's members, and who was invited
    ///
    /// Example: scrip admin member list acme
    List {
        /// The account's id
        account: String,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Give a member another role
    ///
    /// Example: scrip admin member update acme usr_123 --role viewer
    Update {
        /// The account's id
        account: String,
        /// The person's id, as `member list` shows it
        #[arg(value_name = "PERSON_ID")]
        person: String,
        /// What they shall do
        #[arg(long, value_enum)]
        role: Role,
    },
    /// Remove a member, or take an invitation back
    ///
    /// Example: scrip admin member remove acme usr_123
    Remove {
        /// The account's id
        account: String,
        /// The person's id, as `member list` shows it
        #[arg(value_name = "PERSON_ID")]
        person: String,
    },
}

/// Runs one command about members.
pub async fn run_member(context: &Context, command: MemberCommand) -> Result<(), Exit> {
    let members = |account: &str| format!("/v1/accounts/{}/members", segment(account));
    match command {
        MemberCommand::Invite { account, invited, role } => {
            change(context, Method::POST, &members(&account), Some(invited.body(name(role)))).await
        }
        MemberCommand::List { account, page } => {
            let body = context.server.get(&members(&account), &page.query()).await?;
            context.print(&body, |body| show::page(body, &["id", "email", "name", "role", "invited_at", "joined_at"]));
            Ok(())
        }
        MemberCommand::Update { account, person, role } => {
            let path = format!("{}/{}", members(&account), segment(&person));
            change(context, Method::PATCH, &path, Some(json!({"role": name(role)}))).await
        }
        MemberCommand::Remove { account, person } => {
            change(context, Method::DELETE, &format!("{}/{}", members(&account), segment(&person)), None).await
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum OperatorCommand {
    /// Invite an operator to the console; the first one with an operator's key
    ///
    /// Example: scrip admin operator invite --email root@example.com --role admin
    Invite {
        #[command(flatten)]
        invited: Invited,
        /// What they shall do
        #[arg(long, value_enum)]
        role: OperatorRole,
    },
    /// List operators
    ///
    /// Example: scrip admin operator list
    List {
        #[command(flatten)]
        page: PageArgs,
    },
    /// Change an operator; what is not named stays
    ///
    /// Example: scrip admin operator update opr_123 --disabled true
    Update {
        /// The operator's id, as `operator list` shows it
        #[arg(value_name = "OPERATOR_ID")]
        id: String,
        /// What they shall do
        #[arg(long, value_enum)]
        role: Option<OperatorRole>,
        /// Shut them out (true) or let them in again (false)
        #[arg(long, value_name = "BOOL")]
        disabled: Option<bool>,
        /// Take the second factor away, for whoever lost it
        #[arg(long)]
        reset_second_factor: bool,
    },
}

/// Runs one command about operators.
pub async fn run_operator(context: &Context, command: OperatorCommand) -> Result<(), Exit> {
    const PATH: &str = "/v1/operators";
    match command {
        OperatorCommand::Invite { invited, role } => {
            change(context, Method::POST, PATH, Some(invited.body(name(role)))).await
        }
        OperatorCommand::List { page } => {
            let body = context.server.get(PATH, &page.query()).await?;
            let columns = ["id", "email", "name", "role", "has_second_factor", "disabled_at", "created_at"];
            context.print(&body, |body| show::page(body, &columns));
            Ok(())
        }
        OperatorCommand::Update { id, role, disabled, reset_second_factor } => {
            let body = said([
                ("role", role.map(name)),
                ("disabled", disabled.map(Value::Bool)),
                ("reset_second_factor", reset_second_factor.then_some(Value::Bool(true))),
            ]);
            if body.as_object().is_some_and(Map::is_empty) {
                return Err(Exit::usage("nothing to change: `scrip admin operator update --help` lists what can be"));
            }
            change(context, Method::PATCH, &format!("{PATH}/{}", segment(&id)), Some(body)).await
        }
    }
}

/// One change, and what is there now.
async fn change(context: &Context, method: Method, path: &str, body: Option<Value>) -> Result<(), Exit> {
    let answer = context.server.send(method, path, body.as_ref()).await?;
    context.print(&answer.body, |body| match body {
        Value::Null => "removed".to_owned(),
        body => show::object(body),
    });
    Ok(())
}
