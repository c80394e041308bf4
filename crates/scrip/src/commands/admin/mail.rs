//! Letters: trying the way, looking at them, trying one again.

use std::time::{Duration, Instant};

use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};

use super::account::{PageArgs, said};
use super::{Context, segment, show};
use crate::exit::Exit;

/// How long a test letter is waited for.
const WAIT: Duration = Duration::from_secs(30);
/// Pause between two looks at it.
const LOOK_PAUSE: Duration = Duration::from_millis(500);

#[derive(Debug, Subcommand)]
pub enum MailCommand {
    /// Send a test letter and wait until the mail server took it, else exit 1
    ///
    /// Example: scrip admin mail test --to you@example.com --language ja
    Test {
        /// Where it goes
        #[arg(long, value_name = "ADDRESS")]
        to: String,
        /// In which language: en, ja or vi [default: en]
        #[arg(long)]
        language: Option<String>,
    },
    /// List letters, newest first
    ///
    /// Example: scrip admin mail list --state given_up
    List {
        /// Only those about this account
        #[arg(long)]
        account: Option<String>,
        /// Only those that are waiting, sent or given_up
        #[arg(long)]
        state: Option<String>,
        /// Only those of this kind, such as payment_succeeded
        #[arg(long)]
        kind: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Try a letter again now
    ///
    /// Example: scrip admin mail retry mail_0199c0c2f7c27d6fb2b0c1d2e3f40516
    Retry {
        /// The letter's id
        mail: String,
    },
}

/// Runs one command about letters.
pub async fn run(context: &Context, command: MailCommand) -> Result<(), Exit> {
    match command {
        MailCommand::Test { to, language } => test(context, &to, language).await,
        MailCommand::List { account, state, kind, page } => {
            let mut query = page.query();
            let filters = [("account", account), ("state", state), ("kind", kind)];
            query.extend(filters.into_iter().filter_map(|(name, value)| Some((name, value?))));
            let body = context.server.get("/v1/mails", &query).await?;
            let columns = ["id", "created_at", "kind", "recipient", "account", "state", "tries", "failure"];
            context.print(&body, |body| show::page(body, &columns));
            Ok(())
        }
        MailCommand::Retry { mail } => {
            let path = format!("/v1/mails/{}/retry", segment(&mail));
            let answer = context.server.send(Method::POST, &path, None).await?;
            context.print(&answer.body, show::object);
            Ok(())
        }
    }
}

/// Writes a test letter and follows it until something came of its first try.
async fn test(context: &Context, to: &str, language: Option<String>) -> Result<(), Exit> {
    let body = said([("to", Some(json!(to))), ("language", language.map(Value::String))]);
    let mut mail = context.server.send(Method::POST, "/v1/mail/test", Some(&body)).await?.body;
    let began = Instant::now();
    while mail["state"] == "waiting" && mail["failure"].is_null() && began.elapsed() < WAIT {
        tokio::time::sleep(LOOK_PAUSE).await;
        let path = format!("/v1/mails/{}", segment(mail["id"].as_str().unwrap_or_default()));
        mail = context.server.get(&path, &[]).await?;
    }
    context.print(&mail, show::object);
    match (mail["state"].as_str(), mail["failure"].as_str()) {
        (Some("sent"), _) => Ok(()),
        (_, Some(failure)) => Err(Exit::wrong(format!("the letter was not sent: {failure}"))),
        (_, None) => Err(Exit::wrong("nobody has tried to send the letter yet: is a server running with mail on?")),
    }
}
