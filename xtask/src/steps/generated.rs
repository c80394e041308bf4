//! Files that are printed by the binary and kept in `docs/` so that people can read them without building it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::report::Outcome;
use crate::server::{Installation, binary};
use crate::{sh, soak};

/// `docs/configuration.md`.
pub fn config(until: Instant) -> Result<Outcome> {
    compare("docs/configuration.md", &["config", "reference"], until)
}

/// `docs/openapi.json`, as a server hands it out.
pub fn openapi(_until: Instant) -> Result<Outcome> {
    let folder = tempfile::tempdir()?;
    let installation = Installation::new(folder.path())?;
    let printed = soak::block_on(async {
        let _server = installation.start(Duration::from_secs(10)).await?;
        let answer = installation.api()?.get("/openapi.json").await?;
        ensure!(answer.status == 200, "/openapi.json answers {}", answer.status);
        Ok(answer.body)
    })?;
    check(&sh::root().join("docs/openapi.json"), &format!("{}\n", printed.trim_end()))
}

/// `docs/cli.md`: the help of every command.
pub fn cli(until: Instant) -> Result<Outcome> {
    check(&sh::root().join("docs/cli.md"), &cli_reference(until)?)
}

fn compare(file: &str, args: &[&str], until: Instant) -> Result<Outcome> {
    let printed = print(args, until)?;
    check(&sh::root().join(file), &printed)
}

/// Writes the file instead of checking it when `UPDATE=1` is set.
fn check(path: &Path, expected: &str) -> Result<Outcome> {
    let name = path.strip_prefix(sh::root()).unwrap_or(path).display().to_string();
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(path, expected).with_context(|| format!("cannot write {name}"))?;
        return Ok(Outcome::Passed(format!("({name} written)")));
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    let mut lines = found.lines().zip(expected.lines()).enumerate();
    if found == expected {
        return Ok(Outcome::passed());
    }
    let place = lines.find(|(_, (found, expected))| found != expected).map_or_else(
        || format!("{} lines there, {} expected", found.lines().count(), expected.lines().count()),
        |(index, (found, expected))| format!("line {}:\n  there:    {found}\n  expected: {expected}", index + 1),
    );
    bail!(
        "{name} is out of date, write it with `UPDATE=1 cargo xtask test --only build --only config-reference --only openapi --only cli-help`\n{place}"
    )
}

/// Standard output of the binary alone: what it logs is not part of the file.
fn print(args: &[&str], until: Instant) -> Result<String> {
    let mut command = Command::new(binary()?);
    // A help text shows variables of the environment; the file must not depend on whose it is.
    command.args(args).env_clear().env("COLUMNS", "120").stdin(Stdio::null());
    // The commands here end at once; `until` guards against one that waits for something.
    if Instant::now() >= until {
        bail!("the time of this run is over");
    }
    let output = command.output().context("cannot start the binary")?;
    if !output.status.success() {
        bail!("`scrip {}` ended with {}: {}", args.join(" "), output.status, String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8(output.stdout).context("the binary printed something that is not UTF-8")
}

/// The help of the binary and of every command in it, depth first, as one Markdown text.
fn cli_reference(until: Instant) -> Result<String> {
    let mut text = String::from(
        "# Commands\n\nWhat `scrip --help` and the help of every command say. Written by `cargo xtask test`; do not edit.\n",
    );
    let mut open = vec![Vec::<String>::new()];
    while let Some(path) = open.pop() {
        let mut args: Vec<&str> = path.iter().map(String::as_str).collect();
        args.push("--help");
        let help = print(&args, until)?;
        let title = std::iter::once("scrip").chain(path.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
        let help_lines = help.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        text.push_str(&format!("\n## {title}\n\n```text\n{help_lines}\n```\n"));
        for name in commands_in(&help).into_iter().rev() {
            open.push([path.as_slice(), &[name]].concat());
        }
    }
    Ok(text)
}

/// The names under `Commands:` in a help text of clap.
fn commands_in(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_in_a_help_text() {
        let help = "Self-hosted credits\n\nUsage: scrip <COMMAND>\n\nCommands:\n  demo   Try it\n         for free\n  serve  \
                    The server\n  help   Print this\n\nOptions:\n  -h, --help  Print help\n";
        assert_eq!(commands_in(help), ["demo", "serve"]);
        assert!(commands_in("Usage: scrip serve\n\nOptions:\n  -h  Help\n").is_empty());
    }
}
