//! `scrip verify`: recompute everything from the journal.

use engine::settings::DatabaseUrl;
use ledger::Unit;
use serde_json::json;

use super::config::FileArgs;
use crate::exit::Exit;
use crate::progress::Progress;
use crate::{config, output, server};

/// Recompute every balance, every lot and the hash chain from the journal
///
/// Reads the database only, also while a server runs on it. Exit 0 with a line of totals when all agree, exit 1 with the
/// first difference otherwise.
///
/// Example: scrip verify --database sqlite:/var/lib/scrip/scrip.db
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub file: FileArgs,
    /// The database [default: `database_url` of the configuration]
    #[arg(long, value_name = "URL")]
    pub database: Option<DatabaseUrl>,
    /// Print the totals, or the difference, as JSON
    #[arg(long)]
    pub json: bool,
}

/// Verifies and prints the totals.
pub fn run(args: Args) -> Result<(), Exit> {
    let url = match &args.database {
        Some(url) => server::sqlite_url(url)?,
        None => server::sqlite_url(&config::load_process(args.file.config.as_deref())?.settings.database_url)?,
    };
    let mut shown = None;
    let proof = store::verify(&url, &mut |done, all| {
        let (bar, before) = shown.get_or_insert_with(|| (Progress::new("verifying", all, args.json), 0));
        bar.add(done - *before);
        *before = done;
    });
    drop(shown);
    let proof = proof.map_err(|difference| {
        if args.json {
            output::json(&json!({"ok": false, "place": difference.place, "what": difference.what}));
        }
        Exit::wrong(format!("the ledger does not agree with itself at {difference}"))
    })?;
    let balances: Vec<(String, String)> =
        proof.balances.iter().map(|(unit, sum)| (unit.clone(), decimal(unit, *sum))).collect();
    if args.json {
        let balances: serde_json::Map<_, _> = balances.into_iter().map(|(unit, sum)| (unit, sum.into())).collect();
        output::json(&json!({
            "ok": true, "accounts": proof.accounts, "transactions": proof.transactions, "lots": proof.lots,
            "holds": proof.holds, "balances": balances,
        }));
    } else {
        let sums: Vec<String> = balances.iter().map(|(unit, sum)| format!("{sum} {unit}")).collect();
        output::line(format!(
            "all agree: {} accounts, {} transactions, {} lots, {} open holds; balances: {}",
            output::grouped(proof.accounts),
            output::grouped(proof.transactions),
            output::grouped(proof.lots),
            output::grouped(proof.holds),
            if sums.is_empty() { "none".to_owned() } else { sums.join(", ") },
        ));
    }
    Ok(())
}

/// A sum of ledger units, which may be more than one account can hold, as a decimal.
fn decimal(unit: &str, sum: i128) -> String {
    let scale = Unit::parse(unit).map_or(0, Unit::ledger_scale) as usize;
    let digits = format!("{:0>width$}", sum.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let fraction = fraction.trim_end_matches('0');
    let (sign, point) = (if sum < 0 { "-" } else { "" }, if fraction.is_empty() { "" } else { "." });
    format!("{sign}{whole}{point}{fraction}")
}
