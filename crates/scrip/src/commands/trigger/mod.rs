//! `scrip trigger`: makes a state of a payment appear in a running demo.
//!
//! What can be made to appear is the table in [`scenarios`]; one scenario is played by [`play`] over HTTP alone, as a
//! person with a browser and a gateway would do it. The demo makes its history in the same way. Deliberately absent:
//! anything that works against a real gateway, because sandboxes alone can be told what to do.

mod browser;
pub mod play;
mod scenarios;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::json;

use crate::client::{Server, ServerArgs};
use crate::exit::Exit;
use crate::output;
use play::{Place, Played, play};
use scenarios::Scenario;

/// What the demo leaves in its folder for this command: the same JSON as its `--json` line.
pub const DEMO_FILE: &str = "scrip-demo.json";

/// Make a state of a payment appear in a running demo: paid, under review, disputed, told twice …
///
/// Begins a top-up through the API as a person would, tells the sandbox gateway what to do, plays the payer, waits, and
/// prints what became of it. `--list` explains every name. Only for demos: it refuses live keys.
///
/// Example: scrip trigger vnpay.07 --data /tmp/scrip-demo
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to make appear, such as stripe.dispute; see --list
    #[arg(required_unless_present = "list")]
    pub name: Option<String>,
    /// Explain every name
    #[arg(long)]
    pub list: bool,
    /// Folder of the demo; says where everything is, and the flags below override it
    #[arg(long, value_name = "DIR", env = "SCRIP_DEMO_DATA", hide_env_values = true)]
    pub data: Option<PathBuf>,
    /// Address of the demo
    #[arg(long, env = "SCRIP_URL", hide_env_values = true)]
    pub url: Option<String>,
    /// Operator key of the demo (sk_test_…)
    #[arg(long, env = "SCRIP_KEY", hide_env_values = true)]
    pub key: Option<String>,
    /// Address of the sandbox that plays the gateway
    #[arg(long, value_name = "URL")]
    pub sandbox: Option<String>,
    /// Whose top-up it is [default: demo-vn for VNPay, demo-global for the others, a new one where a dispute stays open]
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// How much is bought, in the account's unit [default: the least that is sold]
    #[arg(long)]
    pub amount: Option<String>,
    /// Print what became of it as JSON
    #[arg(long)]
    pub json: bool,
}

/// What is read of the demo's file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DemoFile {
    url: Option<String>,
    operator_key: Option<String>,
    sandbox: std::collections::BTreeMap<String, Option<String>>,
}

/// Plays one scenario, or lists them all.
pub fn run(args: Args) -> Result<(), Exit> {
    let Some(name) = args.name.as_deref().filter(|_| !args.list) else {
        output::line(list());
        return Ok(());
    };
    let scenario = find(name)?;
    let place = place(&args, scenario)?;
    let played = super::runtime()?.block_on(play(scenario, &place))?;
    if args.json {
        output::json(&shown(scenario, &played));
    } else {
        output::line(text(scenario, &played));
    }
    Ok(())
}

/// The scenario of a name. Errors: exit 2 with what comes near.
pub fn find(name: &str) -> Result<&'static Scenario, Exit> {
    scenarios::all().find(|scenario| scenario.name == name).ok_or_else(|| {
        let gateway = name.split('.').next().unwrap_or_default();
        let near: Vec<_> = scenarios::all().map(|one| one.name).filter(|one| one.starts_with(gateway)).collect();
        let near = if near.is_empty() { String::new() } else { format!(", such as {}", near.join(", ")) };
        Exit::usage(format!("there is no {name}; scrip trigger --list shows what there is{near}"))
    })
}

fn list() -> String {
    let row = |scenario: &Scenario| vec![scenario.name.to_owned(), scenario.about.to_owned()];
    output::table(&["name", "what appears"], &scenarios::all().map(row).collect::<Vec<_>>(), &[])
}

/// Where a scenario is played, put together from flags and the demo's file.
fn place(args: &Args, scenario: &Scenario) -> Result<Place, Exit> {
    let file = args.data.as_deref().map(read).transpose()?.unwrap_or_default();
    let gateway = scenario.gateway();
    let missing = |what: &str| {
        let told = "give --data, the demo's folder, which the demo prints";
        Exit::usage(format!("which demo? {told}; or {what}"))
    };
    let url = args.url.clone().or(file.url).ok_or_else(|| missing("--url, --key and --sandbox"))?;
    let key = args.key.clone().or(file.operator_key).ok_or_else(|| missing("--key, its operator key"))?;
    if key.contains("_live_") {
        return Err(Exit::usage("--key is a live key; scenarios are played with test data only"));
    }
    let known = file.sandbox.get(gateway).cloned().flatten();
    let sandbox = args.sandbox.clone().or(known);
    Ok(Place {
        server: Server::new(&ServerArgs { url, key })?,
        sandbox_url: sandbox.ok_or_else(|| missing(&format!("--sandbox, where {gateway} is played")))?,
        account: args.account.clone().or(scenario.account().map(str::to_owned)),
        amount: args.amount.clone(),
    })
}

fn read(folder: &Path) -> Result<DemoFile, Exit> {
    let path = folder.join(DEMO_FILE);
    let text = std::fs::read(&path).map_err(|error| {
        Exit::usage(format!("cannot read {}: {error}; --data is the folder of a demo that runs", path.display()))
    })?;
    serde_json::from_slice(&text).map_err(|error| Exit::usage(format!("{}: {error}", path.display())))
}

fn shown(scenario: &Scenario, played: &Played) -> serde_json::Value {
    let step = |step: &play::Moment| json!({"step": step.told, "state": step.state, "balance": step.balance});
    json!({
        "scenario": scenario.name,
        "account": played.account,
        "topup": played.topup_id,
        "credits": played.credits,
        "unit": played.unit,
        "amount": played.amount,
        "currency": played.currency,
        "balance_before": played.balance_before,
        "balance": played.balance(),
        "state": played.state(),
        "reason": played.reason,
        "steps": played.moments.iter().map(step).collect::<Vec<_>>(),
    })
}

fn text(scenario: &Scenario, played: &Played) -> String {
    let Played { account, topup_id, credits, unit, amount, currency, balance_before, .. } = played;
    let row = |step: &play::Moment| vec![step.told.to_owned(), step.state.clone(), step.balance.clone()];
    let mut rows = vec![vec!["before".to_owned(), String::new(), balance_before.clone()]];
    rows.extend(played.moments.iter().map(row));
    let table = output::table(&["what happens", "top-up", &format!("balance ({unit})")], &rows, &[2]);
    let reason = played.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!(
        "{}: {}\n\n{topup_id} of {account}: {credits} {unit} for {amount} {currency}\n\n{table}\n\nIt is {}{reason}.",
        scenario.name,
        scenario.about,
        played.state(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(data: Option<&Path>, flags: [Option<&str>; 3]) -> Args {
        let [url, key, sandbox] = flags.map(|flag| flag.map(str::to_owned));
        let data = data.map(Path::to_owned);
        Args { name: None, list: false, data, url, key, sandbox, account: None, amount: None, json: false }
    }

    #[test]
    fn flags_override_what_the_demo_left() {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let file = json!({"url": "http://127.0.0.1:1", "operator_key": "sk_test_1",
            "sandbox": {"stripe": "http://127.0.0.1:2", "paypal": null, "vnpay": "http://127.0.0.1:3"}, "accounts": []});
        std::fs::write(folder.path().join(DEMO_FILE), file.to_string()).unwrap();
        let data = Some(folder.path());
        // scenario, folder, --url, --key and --sandbox, the sandbox or a part of the error
        let table = [
            ("stripe.succeeded", data, [None, None, None], Ok("http://127.0.0.1:2")),
            ("vnpay.00", data, [None, None, None], Ok("http://127.0.0.1:3")),
            ("vnpay.00", data, [None, None, Some("http://127.0.0.1:9")], Ok("http://127.0.0.1:9")),
            ("paypal.pending", data, [None, None, None], Err("--sandbox")),
            ("vnpay.00", data, [None, Some("sk_live_1"), None], Err("live")),
            ("vnpay.00", None, [None, None, None], Err("--data")),
            ("vnpay.00", None, [Some("http://127.0.0.1:1"), None, None], Err("--key")),
        ];
        for (name, data, flags, expected) in table {
            let found = place(&args(data, flags), find(name).unwrap());
            match (found, expected) {
                (Ok(place), Ok(url)) => assert_eq!(place.sandbox_url, url, "{name}"),
                (Err(exit), Err(part)) => assert!(exit.message.contains(part), "{name}: {exit}"),
                (found, _) => panic!("{name} {flags:?}: {:?}", found.map(|place| place.sandbox_url)),
            }
        }
    }

    #[test]
    fn a_name_that_is_not_known_is_met_with_those_that_are() {
        for (name, near) in [("vnpay.98", "vnpay.07"), ("stripe", "stripe.dispute"), ("bank.0", "--list")] {
            let message = find(name).map(drop).unwrap_err().message;
            assert!(message.contains(near), "{message}");
        }
    }
}
