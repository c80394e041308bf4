//! `scrip migrate`: the schema, or the whole ledger to another database.

use serde_json::json;
use store::{Clock, CopyError, CopyStep, Store, SystemClock};

use super::config::FileArgs;
use super::verify::{self, Steps};
use crate::exit::{Exit, Reason};
use crate::{config, output};

/// Bring the database's schema up to this program's version, or move a ledger to another database
///
/// Without --from and --to it makes or updates the tables of the configured database. `scrip serve` does the same at
/// start; run it apart to see what would change (--dry-run), or to upgrade before several servers start.
///
/// With --from and --to it copies the whole ledger, from SQLite to PostgreSQL or back: every transaction, key, price and
/// payment. Stop every server on the source first; what is booked later is not in the copy. The target must be empty.
/// Both are proved as `scrip verify` does it, and must come to the same; until the copy is complete nothing of it is
/// visible, and one that was interrupted is simply started again. Then set `database_url` to the target and start the
/// servers; idempotency keys, API keys and links stay valid.
///
/// Exit codes of a copy: 1 the source or the copy does not agree with itself, 4 the source holds no ledger, 5 the target
/// is not empty or the source is still in use, 7 a database cannot be reached.
///
/// Example: scrip migrate --config /etc/scrip.toml --dry-run
///
/// Example: scrip migrate --from sqlite:/var/lib/scrip/scrip.db --to postgres://scrip@db.example/scrip
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub file: FileArgs,
    /// Only list the migrations that are missing; exit 1 when there are any
    #[arg(long, conflicts_with = "from")]
    pub dry_run: bool,
    /// Copy the ledger of this database: sqlite:PATH or postgres://USER@HOST/NAME
    #[arg(long, value_name = "URL", requires = "to")]
    pub from: Option<String>,
    /// Copy it to this one, which must be empty or new
    #[arg(long, value_name = "URL", requires = "from")]
    pub to: Option<String>,
    /// Print what was done as JSON
    #[arg(long)]
    pub json: bool,
}

/// Applies what is missing, or copies.
pub fn run(args: Args) -> Result<(), Exit> {
    if let (Some(from), Some(to)) = (&args.from, &args.to) {
        return copy(from, to, args.json);
    }
    let url = config::load_process(args.file.config.as_deref())?.settings.database_url.reveal();
    let failed = |error: store::StoreError| Exit::unavailable(format!("the database: {error}"));
    if args.dry_run {
        let missing = store::missing_migrations(&url).map_err(failed)?;
        if args.json {
            output::json(&json!({"ok": missing.is_empty(), "missing": missing}));
        }
        return match missing.as_slice() {
            [] if args.json => Ok(()),
            [] => {
                output::line("the schema is current");
                Ok(())
            }
            names => Err(Exit::wrong(format!("missing: {}; run scrip migrate", names.join(", ")))),
        };
    }
    let applied = super::runtime()?.block_on(Store::migrate(&url, SystemClock.now())).map_err(failed)?;
    match applied.as_slice() {
        names if args.json => output::json(&json!({"ok": true, "applied": names})),
        [] => output::line("the schema is current; nothing to do"),
        names => output::line(format!("applied: {}", names.join(", "))),
    }
    Ok(())
}

fn copy(from: &str, to: &str, json: bool) -> Result<(), Exit> {
    let from = super::database("--from", from)?.reveal();
    let to = super::database("--to", to)?.reveal();
    let mut steps = Steps::new(json);
    let copied = store::copy(&from, &to, &mut |step, done, all| steps.show(label(step), done, all));
    drop(steps);
    let proof = copied.map_err(|error| Exit::new(reason(&error), error.to_string()))?;
    match json {
        true => output::json(&verify::to_json(&proof)),
        false => output::line(format!("copied and proved: {}", verify::to_text(&proof))),
    }
    Ok(())
}

const fn label(step: CopyStep) -> &'static str {
    match step {
        CopyStep::ProveSource => "verifying the source",
        CopyStep::Write => "copying",
        CopyStep::ProveTarget => "verifying the copy",
    }
}

const fn reason(error: &CopyError) -> Reason {
    match error {
        CopyError::Damaged(_) | CopyError::Unequal(_) => Reason::Wrong,
        CopyError::NoLedger => Reason::NotFound,
        CopyError::Changed(_) | CopyError::NotEmpty(_) => Reason::Conflict,
        CopyError::Store(_) => Reason::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use store::{Options, Statement, params};

    use super::*;

    /// A ledger with one row, in a file.
    fn used(path: &str) {
        let runtime = crate::commands::runtime().unwrap();
        runtime.block_on(async {
            let store = Store::open(path, Options::default()).await.unwrap();
            let row = "INSERT INTO topup_cooldowns (account_id, claimed_at_us, payment_id) VALUES ('a', 1, 'p')";
            store.write(vec![Statement::new(row, params![])]).await.unwrap();
            store.shutdown().await;
        });
    }

    #[test]
    fn a_copy_ends_with_the_code_of_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
        let [ledger, new] = ["ledger.db", "new.db"].map(file);
        used(&ledger);
        // from, to, what is wrong
        let table = [
            ("mysql://u:secret@h/d".to_owned(), new.clone(), Some(Reason::Usage)),
            ("postgres://u:secret@127.0.0.1:1/d".to_owned(), new.clone(), Some(Reason::Unavailable)),
            (ledger.clone(), "postgres://u:secret@127.0.0.1:x/d".to_owned(), Some(Reason::Unavailable)),
            (new.clone(), ledger.clone(), Some(Reason::NotFound)),
            (ledger.clone(), ledger.clone(), Some(Reason::Conflict)),
            (ledger.clone(), new.clone(), None),
            (ledger, new, Some(Reason::Conflict)),
        ];
        for (from, to, expected) in table {
            let ended = copy(&from, &to, true);
            assert_eq!(ended.as_ref().err().map(|exit| exit.reason), expected, "{from} {to}: {ended:?}");
            assert!(!ended.is_err_and(|exit| exit.message.contains("secret")), "{from} {to}");
        }
    }
}
