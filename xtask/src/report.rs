//! What a step may end as, and the count that closes a run.

use std::fmt;

/// How many checks passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Checks that held.
    pub passed: usize,
    /// Checks that did not hold, or could not be brought to an end.
    pub failed: usize,
    /// Checks that were not made; the reason was printed.
    pub skipped: usize,
}

impl Tally {
    /// Adds the counts of `other`.
    pub fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// The closing line, `N passed, N failed, N skipped`: other programs read it, keep its form.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// How a step ended. A failure is an `Err` whose text says what to do.
#[derive(Debug)]
pub enum Outcome {
    /// The step is one check and it held; the text is a figure worth printing, or empty.
    Passed(String),
    /// The step could not be made here; the text says what is missing.
    Skipped(String),
    /// The step ran a test runner, which counted by itself. It is not counted once more.
    Counted(Tally),
}

impl Outcome {
    /// Passed, with nothing to add.
    pub fn passed() -> Self {
        Outcome::Passed(String::new())
    }
}

/// Counts the tests in the output of `cargo nextest run` or `cargo test`; `None` if no runner got as far as running.
///
/// nextest: `Summary [ 1.2s] 40 tests run: 38 passed (1 slow), 1 failed, 1 timed out, 3 skipped`, on one line.
/// libtest: `test result: ok. 9 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; …`, one line per binary.
pub fn count_tests(output: &str) -> Option<Tally> {
    let summary = |line: &str| line.trim_start().starts_with("Summary [");
    // nextest shows what libtest said of a test that failed; that is not one more test.
    let by_nextest = output.lines().any(summary);
    let mut total = None;
    for line in output.lines() {
        let counts = match line.split_once("test result: ") {
            Some((_, rest)) if !by_nextest => rest,
            _ if summary(line) => line.split_once("run: ").map_or("", |(_, rest)| rest),
            _ => continue,
        };
        total.get_or_insert_with(Tally::default).add(counts_of(counts));
    }
    total
}

/// `38 passed (1 slow), 1 failed, 1 timed out, 3 skipped` in any order, separated by commas, semicolons or stops.
fn counts_of(text: &str) -> Tally {
    let mut tally = Tally::default();
    for part in text.split([',', ';', '.', '(']) {
        let Some((number, word)) = part.trim().split_once(' ') else { continue };
        let Ok(number) = number.parse::<usize>() else { continue };
        match word.trim().trim_end_matches(')') {
            "passed" => tally.passed += number,
            "failed" | "timed out" | "exec failed" => tally.failed += number,
            "skipped" | "ignored" => tally.skipped += number,
            _ => {}
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runners_counts_are_read() {
        let cases = [
            ("     Summary [   0.005s] 5 tests run: 5 passed, 0 skipped", Some((5, 0, 0))),
            ("Summary [ 1.2s] 9 tests run: 6 passed (1 slow), 2 failed, 1 timed out, 3 skipped", Some((6, 3, 3))),
            ("test result: ok. 9 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; fini", Some((9, 0, 1))),
            (
                "test result: FAILED. 1 passed; 2 failed; 0 ignored\ntest result: ok. 3 passed; 0 failed",
                Some((4, 2, 0)),
            ),
            (
                "test result: FAILED. 0 passed; 1 failed\n Summary [ 1s] 3 tests run: 2 passed, 1 failed",
                Some((2, 1, 0)),
            ),
            ("error: could not compile `ledger` (lib) due to 1 previous error", None),
            ("", None),
        ];
        for (output, expected) in cases {
            let expected = expected.map(|(passed, failed, skipped)| Tally { passed, failed, skipped });
            assert_eq!(count_tests(output), expected, "{output}");
        }
    }

    #[test]
    fn the_closing_line_keeps_its_form() {
        assert_eq!(Tally { passed: 3, failed: 0, skipped: 2 }.to_string(), "3 passed, 0 failed, 2 skipped");
    }
}
