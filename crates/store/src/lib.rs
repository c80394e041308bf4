//! Where the ledger is kept: SQLite now, PostgreSQL beside it.
