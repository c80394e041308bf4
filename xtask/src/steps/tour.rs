//! The README's tour, run as it is written.
//!
//! Between `<!-- tour -->` and `<!-- /tour -->` every ```` ```sh ```` block runs in one shell against a demo, with
//! `$URL`, `$KEY` and `$SCRIP_DEMO_DATA` set and `scrip` at hand; a ```` ```json ```` or ```` ```text ```` block after it
//! is what it prints. `…` stands for anything. White space does not count: people like JSON on several lines, the server
//! sends one.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail, ensure};

use crate::report::Outcome;
use crate::server::{Demo, binary};
use crate::sh;

/// Printed between the blocks' outputs.
const MARK: &str = "@@@ block";

/// One block of commands and what the README says that it prints.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    script: String,
    expected: Option<String>,
}

/// Starts a demo and takes the tour.
pub fn run(until: Instant) -> Result<Outcome> {
    for program in ["curl", "jq"] {
        if let Err(missing) = sh::need(program, program, until) {
            return Ok(Outcome::Skipped(missing.to_string()));
        }
    }
    let blocks = blocks(&std::fs::read_to_string(sh::root().join("README.md"))?);
    ensure!(!blocks.is_empty(), "README.md has no tour: nothing between <!-- tour --> and <!-- /tour -->");
    let folder = tempfile::tempdir()?;
    let demo = Demo::start(folder.path())?;
    let mut script = String::from("set -euo pipefail\n");
    for block in &blocks {
        writeln!(script, "echo '{MARK}'\n{}", block.script)?;
    }
    writeln!(script, "echo '{MARK}'")?;
    let mut bash = sh::command("bash", &["-c", &script]);
    bash.env("URL", demo.text("url")?).env("KEY", demo.text("operator_key")?).current_dir(folder.path());
    bash.env("SCRIP_DEMO_DATA", folder.path().join("demo")).env("PATH", path_with_binary()?);
    let output = sh::capture(bash, until)?;
    let printed: Vec<&str> = output.text.split(MARK).skip(1).collect();
    for (block, printed) in blocks.iter().zip(&printed) {
        if let Some(expected) = &block.expected
            && !matches(expected, printed)
        {
            bail!("README.md: this\n{}\nprinted\n{}\nand not\n{expected}", block.script, printed.trim());
        }
    }
    if printed.len() != blocks.len() + 1 {
        let last = printed.len().saturating_sub(1).min(blocks.len() - 1);
        let tail = printed.last().unwrap_or(&output.text.as_str()).trim();
        bail!("README.md: this ended with {}\n{}\nprinted\n{tail}", output.status, blocks[last].script);
    }
    Ok(Outcome::Passed(format!("{} blocks", blocks.len())))
}

/// Where commands are found: the binary under test first.
fn path_with_binary() -> Result<OsString> {
    let binary = binary()?;
    let folder = binary.parent().map(Path::to_owned).unwrap_or_default();
    let path = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path)))?)
}

fn blocks(readme: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut in_tour = false;
    let mut open: Option<(String, String)> = None;
    for line in readme.lines() {
        match &mut open {
            None if line.trim() == "<!-- tour -->" => in_tour = true,
            None if line.trim() == "<!-- /tour -->" => in_tour = false,
            None => {
                if let Some(language) = line.strip_prefix("```").filter(|_| in_tour) {
                    open = Some((language.to_owned(), String::new()));
                }
            }
            Some((language, text)) if line == "```" => {
                let text = std::mem::take(text);
                match language.as_str() {
                    "sh" => blocks.push(Block { script: text, expected: None }),
                    "json" | "text" => {
                        if let Some(block) = blocks.last_mut() {
                            block.expected.get_or_insert_default().push_str(&text);
                        }
                    }
                    _ => {}
                }
                open = None;
            }
            Some((_, text)) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    blocks
}

/// Whether `found` is `pattern`, where `…` is any text and white space is ignored.
fn matches(pattern: &str, found: &str) -> bool {
    let squeeze = |text: &str| text.chars().filter(|char| !char.is_whitespace()).collect::<String>();
    let (pattern, found) = (squeeze(pattern), squeeze(found));
    let mut parts = pattern.split('…');
    let Some(mut rest) = parts.next().and_then(|first| found.strip_prefix(first)) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(last) = last.replace(part) {
            let Some(at) = rest.find(last) else { return false };
            rest = &rest[at + last.len()..];
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_those_of_the_tour_with_what_follows_them() {
        let readme = "```sh\nnot this\n```\n<!-- tour -->\n```sh\none\n```\nprints\n```json\n{}\n```\n```sh\ntwo\nthree\n```\n\
                      ```toml\nx\n```\n<!-- /tour -->\n```sh\nnor this\n```\n";
        let block = |script: &str, expected: Option<&str>| Block {
            script: script.to_owned(),
            expected: expected.map(str::to_owned),
        };
        assert_eq!(blocks(readme), [block("one\n", Some("{}\n")), block("two\nthree\n", None)]);
    }

    #[test]
    fn an_ellipsis_stands_for_anything() {
        let cases = [
            ("{\"a\": 1}", "{\"a\":1}\n", true),
            ("{\"a\": 1}", "{\"a\":2}", false),
            ("{\"a\": …}", "{\"a\":{\"b\":2}}", true),
            ("… 201", "anything 201", true),
            ("… 201", "anything 2012", false),
            ("a…b…c", "a1b2c", true),
            ("a…b…c", "a1c2b", false),
            ("a…", "a", true),
            ("a…a", "a", false),
            ("", "x", false),
            ("x", "", false),
        ];
        for (pattern, found, expected) in cases {
            assert_eq!(matches(pattern, found), expected, "{pattern} / {found}");
        }
    }
}
