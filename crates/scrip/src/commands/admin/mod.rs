//! `scrip admin`: operator chores over HTTP.
//!
//! Every subcommand is one call of the operator API (lists may page). Nothing here knows rules: the server decides and
//! its refusals become exit codes. Calls that move credits carry an idempotency key, a random one unless given.

mod account;
mod ledger;
mod mail;
mod people;
mod plan;
mod price;
mod rates;
mod show;
mod voucher;

use clap::Subcommand;

use crate::client::{Server, ServerArgs, segment};
use crate::exit::{Exit, Reason};
use crate::output;

/// Operator chores over HTTP: accounts, keys, grants, debits, lots, prices, exchange rates
///
/// Prints tables for people, or the server's answer with --json. Set SCRIP_URL and SCRIP_KEY once instead of --url, --key.
///
/// Example: scrip admin account balance acme --url http://127.0.0.1:8080 --key sk_test_…
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    server: GlobalServer,
    /// Print the server's answer as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

/// As [`ServerArgs`], allowed after the subcommand too.
#[derive(Debug, clap::Args)]
struct GlobalServer {
    /// Address of the server
    #[arg(long, env = "SCRIP_URL", hide_env_values = true, default_value = "http://127.0.0.1:8080", global = true)]
    url: String,
    /// Operator key (sk_…)
    #[arg(
        long,
        env = "SCRIP_KEY",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    key: String,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make, show, list and change accounts
    ///
    /// Example: scrip admin account list
    Account {
        #[command(subcommand)]
        command: account::AccountCommand,
    },
    /// Make, list and revoke API keys of an account
    ///
    /// Example: scrip admin key list acme
    Key {
        #[command(subcommand)]
        command: account::KeyCommand,
    },
    /// Invite, list, change and remove members of an account
    ///
    /// Example: scrip admin member list acme
    Member {
        #[command(subcommand)]
        command: people::MemberCommand,
    },
    /// Invite, list and change operators
    ///
    /// Example: scrip admin operator list
    Operator {
        #[command(subcommand)]
        command: people::OperatorCommand,
    },
    Grant(ledger::GrantArgs),
    Debit(ledger::DebitArgs),
    Entries(ledger::EntriesArgs),
    /// Void a lot or change when it expires
    ///
    /// Example: scrip admin lot void lot_123 --reason "granted twice"
    Lot {
        #[command(subcommand)]
        command: ledger::LotCommand,
    },
    /// List price books and import one
    ///
    /// Example: scrip admin price list
    Price {
        #[command(subcommand)]
        command: price::PriceCommand,
    },
    /// Set, import and list exchange rates
    ///
    /// Example: scrip admin rates list
    Rates {
        #[command(subcommand)]
        command: rates::RatesCommand,
    },
    /// Publish and retire plans, look at subscriptions, cancel one
    ///
    /// Example: scrip admin plan list
    Plan {
        #[command(subcommand)]
        command: plan::PlanCommand,
    },
    /// Send a test letter, list letters, try one again
    ///
    /// Example: scrip admin mail test --to you@example.com
    Mail {
        #[command(subcommand)]
        command: mail::MailCommand,
    },
    /// Make voucher campaigns, issue and revoke their codes, redeem one
    ///
    /// Example: scrip admin voucher campaigns
    Voucher {
        #[command(subcommand)]
        command: voucher::VoucherCommand,
    },
    /// Show the sum per counter-account and unit; the total of all is 0, else exit 1
    ///
    /// Example: scrip admin trial-balance
    TrialBalance,
}

/// What makes a change happen once, whatever is repeated.
#[derive(Debug, clap::Args)]
struct Once {
    /// Idempotency key: repeat a command with the same one and it has one effect [default: a random one]
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

impl Once {
    fn key(&self) -> String {
        self.idempotency_key.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string())
    }

    /// Says how to repeat a call whose outcome nobody knows.
    fn explain(exit: Exit, key: &str) -> Exit {
        match exit.reason {
            Reason::Unavailable => {
                let message = format!("{exit}\nRepeat with --idempotency-key {key}: it has one effect.");
                Exit::unavailable(message)
            }
            _ => exit,
        }
    }
}

/// What every subcommand needs.
struct Context {
    server: Server,
    json: bool,
}

impl Context {
    /// Prints an answer: raw, or as `human` writes it.
    fn print(&self, body: &serde_json::Value, human: impl FnOnce(&serde_json::Value) -> String) {
        match self.json {
            true => output::json(body),
            false => output::line(human(body)),
        }
    }

    /// POSTs with a key, patiently, and prints the answer.
    async fn post(&self, path: &str, body: &impl serde::Serialize, once: &Once) -> Result<(), Exit> {
        let key = once.key();
        let answer =
            self.server.send_patiently(path, body, Some(&key)).await.map_err(|exit| Once::explain(exit, &key))?;
        if answer.replayed && !self.json {
            output::note("This key was used before: the same answer again, nothing changed.");
        }
        self.print(&answer.body, show::object);
        Ok(())
    }
}

/// Runs one chore.
pub fn run(args: Args) -> Result<(), Exit> {
    let server = Server::new(&ServerArgs { url: args.server.url, key: args.server.key })?;
    let context = Context { server, json: args.json };
    super::runtime()?.block_on(async {
        match args.command {
            Command::Account { command } => account::run(&context, command).await,
            Command::Key { command } => account::run_key(&context, command).await,
            Command::Member { command } => people::run_member(&context, command).await,
            Command::Operator { command } => people::run_operator(&context, command).await,
            Command::Grant(grant) => ledger::grant(&context, grant).await,
            Command::Debit(debit) => ledger::debit(&context, debit).await,
            Command::Entries(entries) => ledger::entries(&context, entries).await,
            Command::Lot { command } => ledger::lot(&context, command).await,
            Command::Plan { command } => plan::run(&context, command).await,
            Command::Price { command } => price::run(&context, command).await,
            Command::Rates { command } => rates::run(&context, command).await,
            Command::Mail { command } => mail::run(&context, command).await,
            Command::Voucher { command } => voucher::run(&context, command).await,
            Command::TrialBalance => ledger::trial_balance(&context).await,
        }
    })
}

#[cfg(test)]
mod tests;
