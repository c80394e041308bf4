//! Leases: which node runs a background job now.
//!
//! A lease is a row that names its holder and when it ends. [`hold`] takes a free one, or renews its own, in one guarded
//! write on the store's clock, so of many nodes one is told yes. A lease saves work and nothing else: a node may be
//! stopped right after the yes (SIGSTOP, a paused machine) and go on when another one holds the lease. Therefore a job
//! asks again before each item, and every effect is guarded in its own write ([`crate::jobs`] says how). Deliberately
//! absent: giving a lease back (it ends soon by itself), and waiting for one. Cost: one write per question; a job that
//! has nothing to do asks none.

use store::{Statement, params};

use crate::{Engine, Result};

/// How long a lease lasts that is not renewed, in seconds. A dead node's job goes on elsewhere after this.
pub const LEASE_SECONDS: i64 = 15;

/// A background job that one node runs at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// Booking what has fallen due.
    Sweep,
    /// Asking gateways about open payments.
    Reconcile,
    /// Dropping old notices and attempts.
    Notices,
    /// Comparing books with gateways' lists.
    Compare,
    /// Issuing receipts.
    Receipts,
    /// Making long histories quick to filter.
    History,
    /// Looking after subscriptions.
    Plans,
    /// Completing and voiding redemptions.
    Vouchers,
    /// Sending letters.
    Mail,
    /// Looking at balances and expiries to tell of.
    Alerts,
    /// Rolling up usage.
    Usage,
}

impl Lease {
    /// The name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Lease::Sweep => "sweep",
            Lease::Reconcile => "reconcile",
            Lease::Notices => "notices",
            Lease::Compare => "compare",
            Lease::Receipts => "receipts",
            Lease::History => "history",
            Lease::Plans => "plans",
            Lease::Vouchers => "vouchers",
            Lease::Mail => "mail",
            Lease::Alerts => "alerts",
            Lease::Usage => "usage",
        }
    }
}

/// Whether this node may do the job's next item: the lease was free, had ended, or is its own.
///
/// # Errors
/// What keeps the database from writing; then the item is not done.
pub async fn hold(engine: &Engine, lease: Lease) -> Result<bool> {
    const MAKE: &str = "INSERT INTO leases (name, holder, expires_at_us) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    const TAKE: &str = "UPDATE leases SET holder = $2, expires_at_us = $3 WHERE name IN \
                        (SELECT name FROM leases WHERE name = $1 AND (expires_at_us <= $4 OR holder = $2) \
                        FOR UPDATE SKIP LOCKED)";
    let (name, node, now) = (lease.name(), engine.node(), engine.now());
    let expires_at_us = now.plus_seconds(LEASE_SECONDS).micros();
    let rows = vec![
        Statement::new(MAKE, params![name, node, expires_at_us]),
        Statement::new(TAKE, params![name, node, expires_at_us, now.micros()]),
    ];
    let held = engine.store().write(rows).await?.get(1) == Some(&1);
    tracing::trace!(lease = name, held, "lease");
    Ok(held)
}
