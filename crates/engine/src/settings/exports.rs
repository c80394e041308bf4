//! Lists as files.

use serde::Deserialize;

use super::validate::Check;

/// Most rows that fit below the header of one sheet. Source: Excel's limit of 1,048,576 rows.
const SHEET_ROWS: u64 = 1_048_575;

/// Limits of exports.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exports {
    /// Most rows of one file; beyond it the answer is 422.
    pub max_rows: u64,
}

impl Default for Exports {
    fn default() -> Self {
        Exports { max_rows: 1_000_000 }
    }
}

impl Exports {
    pub(super) fn validate(&self, check: &mut Check) {
        check.range("exports.max_rows", self.max_rows, 1, SHEET_ROWS);
    }
}
