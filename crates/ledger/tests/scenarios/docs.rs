//! The examples of `docs/ledger.md` are lines of the scenarios.

use std::fs;

const DOCS: &str = include_str!("../../../../docs/ledger.md");

#[test]
fn every_example_of_the_documentation_is_a_scenario() {
    let mut known: Option<(&str, Vec<String>)> = None;
    let mut examples = 0;
    for line in DOCS.lines() {
        if let Some(file) = line.strip_prefix("```scenario ") {
            let path = format!("{}/tests/scenarios/{file}", env!("CARGO_MANIFEST_DIR"));
            known = Some((file, fs::read_to_string(path).unwrap().lines().flat_map(steps).collect()));
        } else if line.starts_with("```") {
            known = None;
        } else if let Some((file, known)) = &known {
            assert!(known.contains(&steps(line).remove(0)), "{file} has no line {line:?}");
            examples += 1;
        }
    }
    assert!(examples > 50, "only {examples} examples were found");
}

/// The steps of a line of code, without what is around them, in single spaces.
fn steps(line: &str) -> Vec<String> {
    let bare = |part: &str| {
        let part = part.split_once("{begin}\\n").map_or(part, |(_, step)| step);
        part.split('"').next().unwrap_or_default().split_ascii_whitespace().collect::<Vec<_>>().join(" ")
    };
    line.split(" \\n ").map(bare).collect()
}
