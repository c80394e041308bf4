//! `scrip verify`: recompute everything from the journal.

use ledger::Unit;
use serde_json::{Value, json};
use store::Proof;

use super::config::FileArgs;
use crate::exit::Exit;
use crate::progress::Progress;
use crate::{config, output};

/// Recompute every balance, every lot and the hash chain from the journal
///
/// Reads the database only, also while servers run on it. Exit 0 with a line of totals when all agree, exit 1 with the
/// first difference otherwise, exit 7 when PostgreSQL cannot be reached.
///
/// Example: scrip verify --database sqlite:/var/lib/scrip/scrip.db
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub file: FileArgs,
    /// The database, sqlite:PATH or postgres://USER@HOST/NAME [default: `database_url` of the configuration]
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Print the totals, or the difference, as JSON
    #[arg(long)]
    pub json: bool,
}

/// Verifies and prints the totals.
pub fn run(args: Args) -> Result<(), Exit> {
    let database = match &args.database {
        Some(url) => super::database("--database", url)?,
        None => config::load_process(args.file.config.as_deref())?.settings.database_url,
    };
    let url = database.reveal();
    // One that is not there is no difference in the ledger.
    store::missing_migrations(&url).map_err(|error| Exit::unavailable(format!("the database: {error}")))?;
    let mut steps = Steps::new(args.json);
    let proof = store::verify(&url, &mut |done, all| steps.show("verifying", done, all));
    drop(steps);
    let proof = proof.map_err(|difference| {
        if args.json {
            output::json(&json!({"ok": false, "place": difference.place, "what": difference.what}));
        }
        Exit::wrong(format!("the ledger does not agree with itself at {difference}"))
    })?;
    match args.json {
        true => output::json(&to_json(&proof)),
        false => output::line(format!("all agree: {}", to_text(&proof))),
    }
    Ok(())
}

/// Shows how far steps of known length are, one after the other.
pub(super) struct Steps {
    quiet: bool,
    current: Option<(&'static str, Progress, u64)>,
}

impl Steps {
    /// Shows nothing when `quiet`.
    pub(super) fn new(quiet: bool) -> Self {
        Steps { quiet, current: None }
    }

    /// So much of the step named `label` is done.
    pub(super) fn show(&mut self, label: &'static str, done: u64, all: u64) {
        let (_, bar, before) = match self.current.take_if(|(known, ..)| *known == label) {
            Some(current) => self.current.insert(current),
            None => self.current.insert((label, Progress::new(label, all, self.quiet), 0)),
        };
        bar.add(done - *before);
        *before = done;
    }
}

/// What a proof holds, for a person.
pub(super) fn to_text(proof: &Proof) -> String {
    let sums: Vec<String> = balances(proof).map(|(unit, sum)| format!("{sum} {unit}")).collect();
    format!(
        "{} accounts, {} transactions, {} lots, {} open holds; balances: {}",
        output::grouped(proof.accounts),
        output::grouped(proof.transactions),
        output::grouped(proof.lots),
        output::grouped(proof.holds),
        if sums.is_empty() { "none".to_owned() } else { sums.join(", ") },
    )
}

/// The same for programs. `heads` is one hash over the whole ledger, equal for equal ledgers.
pub(super) fn to_json(proof: &Proof) -> Value {
    let balances: serde_json::Map<_, _> = balances(proof).map(|(unit, sum)| (unit, sum.into())).collect();
    json!({
        "ok": true, "accounts": proof.accounts, "transactions": proof.transactions, "lots": proof.lots,
        "holds": proof.holds, "balances": balances, "heads": hex(&proof.heads),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn balances(proof: &Proof) -> impl Iterator<Item = (String, String)> {
    proof.balances.iter().map(|(unit, sum)| (unit.clone(), decimal(unit, *sum)))
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
