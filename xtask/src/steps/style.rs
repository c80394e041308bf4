//! Rules of the house that no compiler knows. Each is a function from a file to the complaints about it.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail, ensure};

use crate::report::Outcome;
use crate::sh;

/// A file longer than this wants to be two.
const MAX_LINES: usize = 800;

/// SQL that would tie the store to one engine, rest on a session, or hide a write from the journal (`ARCHITECTURE.md`).
/// Looked for in any case, but for `NOTIFY `, which in lower case is a word of Rust programs.
const FORBIDDEN_SQL: [&str; 8] = [
    "MERGE INTO",
    "CREATE TRIGGER",
    "REPLACE TRIGGER",
    "CONSTRAINT TRIGGER",
    "PG_NOTIFY",
    "_ADVISORY_",
    "TEMP TABLE",
    "TEMPORARY TABLE",
];

/// Reads every file that git knows or would add.
pub fn run(until: Instant) -> Result<Outcome> {
    sh::need("git", "git", until)?;
    // Of another owner, as check-outs on build machines are, git would refuse to list it.
    let args = ["-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"];
    let files = sh::capture(sh::command("git", &args), until)?.ok("git ls-files")?;
    ensure!(!files.trim().is_empty(), "git lists no files");
    let mut complaints = Vec::new();
    let mut count = 0;
    for name in files.lines() {
        let Ok(text) = std::fs::read_to_string(sh::root().join(name)) else { continue };
        count += 1;
        complaints.extend(check(name, &text).into_iter().map(|complaint| format!("{name}{complaint}")));
    }
    if !complaints.is_empty() {
        bail!("\n{}", complaints.join("\n"));
    }
    Ok(Outcome::Passed(format!("{count} files")))
}

/// All complaints about one file, each beginning with `:LINE: ` or `: `.
fn check(name: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if is_written_by_hand(name) && text.lines().count() > MAX_LINES {
        complaints.push(format!(": {} lines, more than {MAX_LINES}: split it", text.lines().count()));
    }
    for (index, line) in text.lines().enumerate() {
        let mut say = |what: &str| complaints.push(format!(":{}: {what}", index + 1));
        if let Some(word) = names_a_machine(name, line) {
            say(&format!("names {word}: nothing here may need a certain machine or registry host"));
        }
        if let Some(word) = forbidden_sql(name, line) {
            say(&format!("{} is not portable to every engine", word.trim()));
        }
    }
    complaints
}

/// Fixtures, data and generated files may be as long as they are.
fn is_written_by_hand(name: &str) -> bool {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    let generated = ["fixtures/", "snapshots/", "vendor/", "docs/cli.md", "docs/configuration.md"];
    matches!(extension, Some("rs" | "sql" | "md" | "js" | "css" | "html" | "ftl"))
        && !generated.iter().any(|part| name.contains(part))
}

/// SQL is in `store` and `engine`; it would be found in any other crate too.
fn forbidden_sql(name: &str, line: &str) -> Option<&'static str> {
    let may_hold_sql = name.starts_with("crates/") && (name.ends_with(".rs") || name.ends_with(".sql"));
    let comment = line.trim_start().starts_with("//") || line.trim_start().starts_with("--");
    let upper = line.to_uppercase();
    if !may_hold_sql || comment {
        return None;
    }
    FORBIDDEN_SQL.into_iter().find(|word| upper.contains(word)).or(line.contains("NOTIFY ").then_some("NOTIFY"))
}

/// Absolute paths of one machine, and the hosts of package registries: a mirror or a check-out elsewhere must work.
/// `Cargo.lock` names the registry by its nature.
fn names_a_machine(name: &str, line: &str) -> Option<String> {
    if name == "Cargo.lock" || name.ends_with("package-lock.json") {
        return None;
    }
    let here = format!("{}/", sh::root().display());
    let homes = ["/home/", "/root/", "/Users/", &here];
    let hosts = ["index.crates.", "static.crates.", "pypi.", "pythonhosted.", "npmjs.", "proxy.golang."];
    let path = homes.into_iter().find(|home| {
        line.match_indices(home).any(|(at, _)| {
            // In `https://example.com/home/` it is part of an address, after a quote or a blank a place on a disk.
            line[..at]
                .chars()
                .next_back()
                .is_none_or(|before| !before.is_alphanumeric() && !"./:}_-*)$".contains(before))
        })
    });
    let host = hosts.into_iter().find(|host| line.contains(&format!("//{host}")) || line.contains(&format!(".{host}")));
    // This list itself has to name them.
    path.or(host).filter(|_| name != "xtask/src/steps/style.rs").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_find_what_they_look_for() {
        let long = "x\n".repeat(MAX_LINES + 1);
        let just = "x\n".repeat(MAX_LINES);
        let cases: [(&str, &str, usize); 22] = [
            ("crates/a/src/lib.rs", &long, 1),
            ("crates/a/src/lib.rs", &just, 0),
            ("crates/a/tests/fixtures/data.rs", &long, 0),
            ("docs/openapi.json", &long, 0),
            ("crates/store/src/sql.rs", "\"merge into lots\"", 1),
            ("crates/store/src/sql.rs", "SELECT pg_advisory_lock(1)", 1),
            ("crates/store/src/postgres/writer.rs", "\"select pg_try_advisory_xact_lock($1)\"", 1),
            ("crates/store/migrations/1.sql", "CREATE TRIGGER t", 1),
            ("crates/store/migrations/1.sql", "create or replace trigger t", 1),
            ("crates/store/migrations/1.sql", "-- no CREATE TRIGGER", 0),
            ("crates/engine/src/keys.rs", "\"CREATE TEMP TABLE t (a BIGINT)\"", 1),
            ("crates/engine/src/keys.rs", "\"CREATE LOCAL TEMPORARY TABLE t\"", 1),
            ("crates/store/src/sql.rs", "\"NOTIFY channel\"", 1),
            ("crates/store/src/sql.rs", "let notify = Notify::new();", 0),
            ("crates/store/src/sql.rs", "// never CREATE TRIGGER", 0),
            ("crates/store/src/sql.rs", "let merged = merge(a, b);", 0),
            ("crates/api/src/lib.rs", "\"MERGE INTO lots\"", 1),
            ("docs/ledger.md", "Never MERGE INTO.", 0),
            ("README.md", "cd /root/scrip", 1),
            ("README.md", "see https://example.com/root/x", 0),
            ("deny.toml", "allow = [\"https://index.crates.example\"]", 1),
            ("Cargo.lock", "registry+https://github.com/rust-lang/crates.io-index", 0),
        ];
        for (name, text, expected) in cases {
            let found = check(name, text);
            assert_eq!(found.len(), expected, "{name}: {:.40}: {found:?}", text);
        }
    }
}
