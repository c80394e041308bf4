//! The one numbered list of migrations of the cold tables, for both engines.
//!
//! A file that has been released never changes. The ledger's own tables are made by each engine beside it.

/// Every migration in order; its number is its place, from 1.
pub(crate) const MIGRATIONS: &[(&str, &str)] = &[
    ("accounts", include_str!("../migrations/0001_accounts.sql")),
    ("keys_and_prices", include_str!("../migrations/0002_keys_and_prices.sql")),
    ("payments", include_str!("../migrations/0003_payments.sql")),
    ("nodes", include_str!("../migrations/0004_nodes.sql")),
    ("billing", include_str!("../migrations/0005_billing.sql")),
    ("topups", include_str!("../migrations/0006_topups.sql")),
    ("vouchers", include_str!("../migrations/0007_vouchers.sql")),
    ("mail", include_str!("../migrations/0008_mail.sql")),
    ("members", include_str!("../migrations/0009_members.sql")),
    ("plans", include_str!("../migrations/0010_plans.sql")),
    ("usage", include_str!("../migrations/0011_usage.sql")),
    ("alerts", include_str!("../migrations/0012_alerts.sql")),
    ("history", include_str!("../migrations/0013_history.sql")),
];

/// Tables about running nodes, which mean nothing in another database.
const OF_NODES: [&str; 1] = ["leases"];

/// Every table that the migrations make and whose rows belong to the ledger's owner, in the order in which they were
/// made. A migration that drops or renames one must say so here.
pub(crate) fn cold_tables() -> impl Iterator<Item = &'static str> {
    let made = MIGRATIONS.iter().flat_map(|(_, sql)| sql.lines()).filter_map(|line| line.strip_prefix("CREATE TABLE "));
    made.filter_map(|rest| rest.split_whitespace().next()).filter(|table| !OF_NODES.contains(table))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_known_by_name() {
        let made: usize = MIGRATIONS.iter().map(|(_, sql)| sql.to_uppercase().matches("CREATE TABLE").count()).sum();
        assert_eq!(cold_tables().count() + OF_NODES.len(), made, "CREATE TABLE stands at the start of its line");
        assert_eq!(cold_tables().take(2).collect::<Vec<_>>(), ["accounts", "api_keys"]);
        let changed = |sql: &str| ["DROP TABLE", "RENAME TO"].iter().any(|words| sql.to_uppercase().contains(words));
        assert!(!MIGRATIONS.iter().any(|(_, sql)| changed(sql)), "teach cold_tables about it");
    }
}
