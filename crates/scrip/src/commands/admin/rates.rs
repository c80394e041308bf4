//! Exchange rates.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use super::account::{PageArgs, said};
use super::{Context, Once, show};
use crate::exit::Exit;

#[derive(Debug, Subcommand)]
pub enum RatesCommand {
    /// List exchange rates, latest date first
    ///
    /// Example: scrip admin rates list --base USD --quote VND
    List {
        /// Only rates of one of this
        #[arg(long, value_name = "UNIT")]
        base: Option<String>,
        /// Only rates in this
        #[arg(long, value_name = "UNIT")]
        quote: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Set one exchange rate: 1 BASE = RATE QUOTE
    ///
    /// Example: scrip admin rates set USD VND 25400.5 --source "State Bank of Vietnam"
    Set {
        /// One of this
        base: String,
        /// Is so many of this
        quote: String,
        /// How many
        rate: String,
        /// Who publishes it
        #[arg(long)]
        source: String,
        /// The instant it is of (RFC 3339) [default: now]
        #[arg(long, value_name = "TIME")]
        dated_at: Option<String>,
        /// It is right although it differs much from the rate in force
        #[arg(long)]
        confirm: bool,
        #[command(flatten)]
        once: Once,
    },
    /// Import a CSV file with the columns base,quote,rate,dated_at,source: all rows or none
    ///
    /// Example: scrip admin rates import rates.csv --source ECB
    Import {
        /// The file
        #[arg(value_name = "FILE.csv")]
        file: PathBuf,
        /// Who publishes the rows that do not say
        #[arg(long)]
        source: Option<String>,
        /// They are right although some differ much from the rates in force
        #[arg(long)]
        confirm: bool,
        #[command(flatten)]
        once: Once,
    },
}

/// Runs one command about exchange rates.
pub async fn run(context: &Context, command: RatesCommand) -> Result<(), Exit> {
    match command {
        RatesCommand::List { base, quote, page } => {
            let mut query = page.query();
            let units = [("base", base), ("quote", quote)];
            query.extend(units.into_iter().filter_map(|(name, unit)| Some((name, unit?))));
            let body = context.server.get("/v1/rates", &query).await?;
            context.print(&body, |body| show::page(body, &["dated_at", "base", "rate", "quote", "source", "id"]));
            Ok(())
        }
        RatesCommand::Set { base, quote, rate, source, dated_at, confirm, once } => {
            let body = said([
                ("base", Some(json!(base))),
                ("quote", Some(json!(quote))),
                ("rate", Some(json!(rate))),
                ("source", Some(json!(source))),
                ("dated_at", dated_at.map(Value::String)),
                ("confirm", confirm.then_some(json!(true))),
            ]);
            context.post("/v1/rates", &body, &once).await
        }
        RatesCommand::Import { file, source, confirm, once } => {
            let cannot = |error| Exit::usage(format!("cannot read {}: {error}", file.display()));
            let text = std::fs::read_to_string(&file).map_err(cannot)?;
            let body = said([
                ("csv", Some(json!(text))),
                ("source", source.map(Value::String)),
                ("confirm", confirm.then_some(json!(true))),
            ]);
            context.post("/v1/rates/import", &body, &once).await
        }
    }
}
