//! `scrip bench`: the load generator.
//!
//! Makes accounts and lots, loads the server with debits over keep-alive connections, then proves that the balances are
//! what was granted less what was acknowledged. Exact: whole-number arithmetic, and every open outcome is settled with
//! its own key. Deliberately absent: open-loop arrival beyond `--rate`, and any endpoint but debits.

mod bodies;
mod connection;
mod echo;
mod load;
mod report;
mod setup;
#[cfg(test)]
mod tests;

use std::time::Duration;

use bodies::{Bodies, DEBIT};
use connection::Target;
use load::{Plan, Tally};
use report::{Balance, Report};
use setup::{Crew, units};

use crate::exit::Exit;
use crate::output;

/// Load a server with debits; report debits/s and latency; check the balances afterwards
///
/// Makes --accounts accounts of site `api` (bench-000000 …) with --lots lots each, or reuses them, then sends debits of
/// 0.001 for --warmup + --seconds. Latency is per request, from sending to the whole answer. Exit 1 when the balances are
/// not what was granted less what was acknowledged. Only this machine is loaded, unless --i-own-this-server.
///
/// Example: scrip bench --url http://127.0.0.1:8080 --key sk_test_… --accounts 100000 --connections 64
///
/// The yardstick of this machine, the same load on a bare HTTP handler: scrip bench --echo
///
/// Latency at a fixed load, where a stall counts for every request it delays: scrip bench --rate 30000
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Address of the server
    #[arg(long, env = "SCRIP_URL", hide_env_values = true, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Operator key (sk_…)
    #[arg(long, env = "SCRIP_KEY", hide_env_values = true, required_unless_present = "echo")]
    key: Option<String>,
    /// How many accounts are debited
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    accounts: u64,
    /// Lots of each account
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=100))]
    lots: u64,
    /// Connections, each with one request at a time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    connections: u16,
    /// Debits in one request; 1 uses the plain endpoint
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    batch: u16,
    /// Debit one account only
    #[arg(long)]
    hot: bool,
    /// Debits per second at most [default: as many as possible]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    rate: Option<u64>,
    /// Seconds to measure
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// Seconds of load before measuring
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=3_600))]
    warmup: u64,
    /// Stop after so many debits, even when there is time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    debits: Option<u64>,
    /// Measure a bare handler in this process instead of a server
    #[arg(long)]
    echo: bool,
    /// Load a server that is not this machine
    #[arg(long)]
    i_own_this_server: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Loads, reports, checks.
pub fn run(args: Args) -> Result<(), Exit> {
    let report = super::runtime()?.block_on(measure(&args, args.json))?;
    match args.json {
        true => output::json(&report.json()),
        false => output::line(report.text()),
    }
    match report.balance {
        Some(Balance { expected, actual }) if expected != actual => {
            Err(Exit::wrong("the balances are not what was granted less what was acknowledged: run `scrip verify`"))
        }
        _ if report.acknowledged == 0 => Err(Exit::wrong("no debit was acknowledged")),
        _ => Ok(()),
    }
}

async fn measure(args: &Args, quiet: bool) -> Result<Report, Exit> {
    let accounts = if args.hot { 1 } else { args.accounts };
    let url = if args.echo { format!("http://{}", echo::start()?) } else { args.url.trim_end_matches('/').to_owned() };
    let key = args.key.as_deref().filter(|_| !args.echo).unwrap_or("none");
    let target = Target::new(&url, key, args.i_own_this_server)?;
    let connections = usize::from(args.connections);
    let crew = Crew { target: target.clone(), connections, quiet };
    let before = match args.echo {
        true => 0,
        false if crew.prepare(accounts, args.lots).await? => Crew::granted(accounts, args.lots)?,
        false => crew.balances(accounts).await?,
    };
    let plan = Plan {
        target,
        bodies: Bodies::new(accounts, usize::from(args.batch), rand::random()),
        connections,
        warmup: Duration::from_secs(args.warmup),
        measure: Duration::from_secs(args.seconds),
        rate: args.rate.unwrap_or(0),
        debits_max: args.debits.unwrap_or(0),
    };
    if !quiet {
        let what = if args.echo { "echo" } else { &args.url };
        output::note(format!("load on {what} for {} + {} s over {connections} connections", args.warmup, args.seconds));
    }
    let mut tally = load::drive(plan.clone()).await?;
    let settled = load::settle(&plan, &mut tally).await?;
    let balance = match args.echo {
        true => None,
        false => {
            let debited = i128::from(tally.acknowledged) * i128::from(units(DEBIT)?);
            Some(Balance { expected: before - debited, actual: crew.balances(accounts).await? })
        }
    };
    let Tally { acknowledged, measured, refused, refusal, latency_us, elapsed, .. } = tally;
    let batch = usize::from(args.batch);
    Ok(Report { acknowledged, measured, refused, refusal, settled, elapsed, latency_us, batch, balance })
}
