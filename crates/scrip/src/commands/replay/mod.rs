//! `scrip replay`: charges a usage trace to an account.
//!
//! Three steps: read the trace and the account's unit; make sure of the model's price; send the rows as usage. Resumable
//! because each row's idempotency key is `replay:<hash of the file>:<model>:<row>`: the ledger charges it once. Cost: two
//! round trips, then one per `--batch` rows.

mod prices;
mod send;
#[cfg(test)]
mod tests;
mod trace;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use ledger::Unit;
use prices::Wanted;
use send::{Charged, Job, percentiles};
use serde_json::{Value, json};
use trace::Trace;

use crate::client::{Server, ServerArgs, segment};
use crate::exit::{Exit, Reason};
use crate::output::{self, duration, grouped};

/// Charge a usage trace to an account, priced by the price map; running it twice charges once
///
/// The trace has the columns TIMESTAMP,ContextTokens,GeneratedTokens. The model's price is imported when the server has
/// none or another one. Every row has its own idempotency key, so that an interrupted run is continued by running it
/// again. Stops with exit 6 when the credits run out, and with exit 7 when the server stays away.
///
/// Example: scrip replay trace.csv --prices model_prices.json --model gpt-4o-mini --account acme --key sk_test_…
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The trace
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// The LiteLLM price map
    #[arg(long, value_name = "FILE.json")]
    prices: PathBuf,
    /// Which model of the price map; it becomes the service
    #[arg(long, value_name = "NAME")]
    model: String,
    /// Who pays
    #[arg(long, value_name = "ID")]
    account: String,
    #[command(flatten)]
    server: ServerArgs,
    /// Factor on list prices: 1.2 adds 20 % [default: 1]
    #[arg(long, value_name = "DECIMAL")]
    mark_up: Option<String>,
    /// How much of the account's unit one US dollar is [default: 1 for USD]
    #[arg(long, value_name = "DECIMAL")]
    exchange_rate: Option<String>,
    /// Rows in one request
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=1000))]
    batch: u16,
    /// Requests at the same time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    connections: u16,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// Charges and prints the summary, also of a run that was stopped.
pub fn run(args: Args) -> Result<(), Exit> {
    let summary = super::runtime()?.block_on(replay(&args, args.json))?;
    match args.json {
        true => output::json(&summary.json()),
        false => output::line(summary.text()),
    }
    summary.end()
}

/// What a run did.
#[derive(Debug)]
struct Summary {
    rows: u64,
    unit: Unit,
    imported: bool,
    elapsed: Duration,
    charged: Charged,
}

async fn replay(args: &Args, quiet: bool) -> Result<Summary, Exit> {
    let trace = Trace::read(&args.file)?;
    let server = Server::new(&args.server)?;
    let unit = unit_of(&server, &args.account).await?;
    let (mark_up, exchange_rate) = (args.mark_up.clone(), args.exchange_rate.clone());
    let imported = Wanted::read(&args.prices, &args.model, unit, mark_up, exchange_rate)?.ensure(&server).await?;
    if imported && !quiet {
        output::note(format!("imported the price of {}", args.model));
    }
    let rows = trace.rows.len() as u64;
    let (account, model) = (args.account.clone(), args.model.clone());
    let job = Job { server, trace, account, unit, model, batch: usize::from(args.batch) };
    let began = Instant::now();
    let charged = job.run(usize::from(args.connections), quiet).await?;
    Ok(Summary { rows, unit, imported, elapsed: began.elapsed(), charged })
}

/// What the account counts in.
async fn unit_of(server: &Server, account: &str) -> Result<Unit, Exit> {
    let path = format!("/v1/accounts/{}", segment(account));
    let body = server.get(&path, &[]).await?;
    let code = body.get("unit").and_then(Value::as_str).unwrap_or_default();
    Unit::parse(code).ok_or_else(|| Exit::wrong(format!("the account's unit {code:?} is unknown to this program")))
}

impl Summary {
    fn requests_per_second(&self) -> u128 {
        u128::from(self.charged.requests) * 1_000_000 / self.elapsed.as_micros().max(1)
    }

    fn json(&self) -> Value {
        let charged = &self.charged;
        let amount = |amount| self.unit.format_amount(amount);
        json!({
            "rows": self.rows,
            "charged_rows": charged.new_rows,
            "already_charged_rows": charged.known_rows,
            "input_tokens": charged.tokens[0],
            "output_tokens": charged.tokens[1],
            "unit": self.unit,
            "amount_charged": amount(charged.new_amount),
            "amount_already_charged": amount(charged.known_amount),
            "price_imported": self.imported,
            "requests": charged.requests,
            "requests_per_second": u64::try_from(self.requests_per_second()).unwrap_or(u64::MAX),
            "latency_us": percentiles(&charged.latency_us),
            "stopped": charged.stopped.as_ref().map(|exit| exit.message.clone()),
        })
    }

    fn text(&self) -> String {
        let charged = &self.charged;
        let (done, rows) = (charged.new_rows + charged.known_rows, grouped(self.rows));
        let (new, known) = (grouped(charged.new_rows), grouped(charged.known_rows));
        let [input, output] = charged.tokens.map(grouped);
        let (unit, amount) = (self.unit, |amount| self.unit.format_amount(amount));
        let latency = percentiles(&charged.latency_us)
            .iter()
            .map(|(name, us)| format!("{name} {}", duration(*us)))
            .collect::<Vec<_>>();
        [
            format!("rows      {} of {rows}: {new} charged now, {known} charged before", grouped(done)),
            format!("tokens    {input} in, {output} out"),
            format!(
                "charged   {} {unit} now, {} {unit} before",
                amount(charged.new_amount),
                amount(charged.known_amount)
            ),
            format!(
                "requests  {}, {}/s, {}",
                grouped(charged.requests),
                self.requests_per_second(),
                latency.join(", ")
            ),
        ]
        .join("\n")
    }

    fn end(self) -> Result<(), Exit> {
        let done = self.charged.new_rows + self.charged.known_rows;
        match self.charged.stopped {
            None => Ok(()),
            Some(Exit { reason, message }) => {
                let what = match reason {
                    Reason::Refused => "add credits with `scrip admin grant`, then run the same command again",
                    Reason::Unavailable => "run the same command again when the server is back",
                    _ => "see the message above, then run the same command again",
                };
                let (done, rows) = (grouped(done), grouped(self.rows));
                Err(Exit::new(
                    reason,
                    format!("stopped after {done} of {rows} rows: {message}\n{what}; charged rows stay charged"),
                ))
            }
        }
    }
}
