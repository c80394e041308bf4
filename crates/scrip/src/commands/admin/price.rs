//! Price books.

use std::path::PathBuf;

use clap::Subcommand;

use super::account::PageArgs;
use super::{Context, Once, show};
use crate::client::PriceImport;
use crate::exit::Exit;

#[derive(Debug, Subcommand)]
pub enum PriceCommand {
    /// List the versions of the price book, newest first
    ///
    /// Example: scrip admin price list
    List {
        #[command(flatten)]
        page: PageArgs,
    },
    /// Import the LiteLLM price map as a new version
    ///
    /// Example: scrip admin price import model_prices.json --unit JPY --model 'gpt-4o*' --mark-up 1.2 --exchange-rate 152.4
    Import {
        /// The price map
        #[arg(value_name = "FILE.json")]
        file: PathBuf,
        /// The unit of the prices
        #[arg(long, default_value = "USD")]
        unit: String,
        /// A model, or a beginning that ends with *; may be repeated [default: all]
        #[arg(long, value_name = "NAME")]
        model: Vec<String>,
        /// Factor on list prices: 1.2 adds 20 % [default: 1]
        #[arg(long, value_name = "DECIMAL")]
        mark_up: Option<String>,
        /// How much of the unit one US dollar is [default: 1]
        #[arg(long, value_name = "DECIMAL")]
        exchange_rate: Option<String>,
        #[command(flatten)]
        once: Once,
    },
}

/// Runs one command about prices.
pub async fn run(context: &Context, command: PriceCommand) -> Result<(), Exit> {
    match command {
        PriceCommand::List { page } => {
            let body = context.server.get("/v1/prices", &page.query()).await?;
            context.print(&body, |body| show::page(body, &["version", "unit", "effective_at", "created_at"]));
            Ok(())
        }
        PriceCommand::Import { file, unit, model, mark_up, exchange_rate, once } => {
            let cannot =
                |error: &dyn std::fmt::Display| Exit::usage(format!("cannot read {}: {error}", file.display()));
            let text = std::fs::read_to_string(&file).map_err(|error| cannot(&error))?;
            let import = PriceImport {
                unit: &unit,
                format: "litellm",
                document: serde_json::from_str(&text).map_err(|error| cannot(&error))?,
                models: &model,
                mark_up: mark_up.as_deref(),
                exchange_rate: exchange_rate.as_deref(),
            };
            context.post("/v1/prices/import", &import, &once).await
        }
    }
}
