//! The one numbered list of migrations of the cold tables, for both engines.
//!
//! A file that has been released never changes. The ledger's own tables are made by each engine beside it.

/// Every migration in order; its number is its place, from 1.
pub(crate) const MIGRATIONS: &[(&str, &str)] = &[
    ("accounts", include_str!("../migrations/0001_accounts.sql")),
    ("keys_and_prices", include_str!("../migrations/0002_keys_and_prices.sql")),
    ("payments", include_str!("../migrations/0003_payments.sql")),
    ("nodes", include_str!("../migrations/0004_nodes.sql")),
];
