//! Moves a ledger to another database, on either engine.
//!
//! The source is proved, read in one snapshot and replayed transaction by transaction; the target writes what its own
//! engine keeps, in one transaction, and is proved when that is done. Rows of the cold tables go over as they are.
//! Invariants: the target is empty before, and after an interruption empty again; the ledger in it has the chain heads of
//! the source, or the copy has failed. What is booked on the source after the snapshot is not in the copy, so its nodes
//! must have been stopped; bookings between the first proof and the snapshot are noticed and refused.
//!
//! Cost: two proofs and one pass of writing. Memory: the state of one account, and some thousand rows.

use ledger::{Account, Transaction};

use crate::migrations::{MIGRATIONS, cold_tables};
use crate::verify::{Difference, Proof, Replay, Tally, Totals, add_total};
use crate::{Place, Row, StoreError, postgres, sqlite};

/// What [`copy`](crate::copy) is doing; it does all of them, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyStep {
    /// Proves the source.
    ProveSource,
    /// Writes the target.
    Write,
    /// Proves the target.
    ProveTarget,
}

/// Why a ledger was not copied. Unless it says otherwise, the target is as empty as it was.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CopyError {
    /// There is no ledger in the source.
    #[error("the source holds no ledger: name the database that scrip serve used")]
    NoLedger,
    /// The source is not proved.
    #[error("the source is damaged, at {0}")]
    Damaged(Difference),
    /// Somebody wrote to the source.
    #[error("the source changed while it was copied ({0}); stop every node on it, then copy again")]
    Changed(String),
    /// There are rows in the target already, in the table named.
    #[error("the target is not empty, its table {0} has rows: name an empty or a new database")]
    NotEmpty(&'static str),
    /// The target is written, and is not proved or not what the source is.
    #[error("the copy is not what the source is ({0}); do not use it, make another")]
    Unequal(String),
    /// A database cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Is told the step, and transactions done and in all.
pub(crate) type Progress<'a> = &'a mut (dyn FnMut(CopyStep, u64, u64) + Send);

/// Transactions between two calls of [`Progress`].
const STEP: u64 = 8_192;

/// A ledger that is read: one snapshot, everything once.
pub(crate) trait Source {
    /// Begins with a cold table; names its columns.
    async fn table(&mut self, table: &'static str) -> Result<Vec<String>, StoreError>;
    /// Some more of its rows; none at its end.
    async fn rows(&mut self) -> Result<Vec<Row>, StoreError>;
    /// The account with the next higher number, as it was before its first transaction.
    async fn account(&mut self) -> Result<Option<Account>, StoreError>;
    /// The stored bytes of its transaction after `account.seq`: canonical bytes, then 32 bytes of hash.
    async fn body(&mut self, account: &Account) -> Result<Option<Vec<u8>>, StoreError>;
}

/// A ledger that is written: nobody sees anything of it before [`Target::finish`].
pub(crate) trait Target {
    /// Adds rows of a cold table.
    async fn rows(&mut self, table: &'static str, columns: &[String], rows: &[Row]) -> Result<(), StoreError>;
    /// Adds a transaction; `account` is what it led to.
    async fn transaction(&mut self, account: &Account, booked: Booked) -> Result<(), StoreError>;
    /// Adds an account after its last transaction.
    async fn account(&mut self, replay: &Replay) -> Result<(), StoreError>;
    /// Adds the sums and makes all of it durable.
    async fn finish(self, totals: &Totals) -> Result<(), StoreError>;
}

/// A transaction that was replayed.
pub(crate) struct Booked {
    pub(crate) transaction: Transaction,
    pub(crate) body: Vec<u8>,
    /// One bit per lot kind that it moves.
    pub(crate) lot_kinds: u8,
}

/// See [`crate::copy`].
pub(crate) async fn copy(from: &Place, to: &Place, progress: Progress<'_>) -> Result<Proof, CopyError> {
    let missing = from.missing_migrations().await?;
    if missing.len() == MIGRATIONS.len() {
        return Err(CopyError::NoLedger);
    }
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Err(StoreError(format!("the source lacks migrations: {missing}; run scrip migrate on it first")).into());
    }
    match to {
        Place::Sqlite(path) => into(from, to, sqlite::copy::open_target(path)?, progress).await,
        Place::Postgres(url) => into(from, to, postgres::copy::open_target(url).await?, progress).await,
    }
}

async fn into(from: &Place, to: &Place, target: impl Target, progress: Progress<'_>) -> Result<Proof, CopyError> {
    let proof = prove(from, CopyStep::ProveSource, progress).await.map_err(CopyError::Damaged)?;
    match from {
        Place::Sqlite(path) => transfer(sqlite::copy::open_source(path)?, target, &proof, progress).await?,
        Place::Postgres(url) => transfer(postgres::copy::open_source(url).await?, target, &proof, progress).await?,
    }
    let copied = prove(to, CopyStep::ProveTarget, progress).await;
    match copied.map_err(|difference| CopyError::Unequal(difference.to_string()))? {
        copied if copied == proof => Ok(proof),
        copied => Err(CopyError::Unequal(format!("the source comes to {proof:?}, the copy to {copied:?}"))),
    }
}

async fn prove(place: &Place, step: CopyStep, progress: Progress<'_>) -> Result<Proof, Difference> {
    let mut told = |done, all| progress(step, done, all);
    match place {
        Place::Sqlite(path) => sqlite::verify::verify(path, &mut told),
        Place::Postgres(url) => postgres::verify::verify(url, &mut told).await,
    }
}

/// Copies everything, or nothing when it does not come to `expected`.
async fn transfer(
    mut source: impl Source,
    mut target: impl Target,
    expected: &Proof,
    progress: Progress<'_>,
) -> Result<(), CopyError> {
    for table in cold_tables() {
        let columns = source.table(table).await?;
        loop {
            let rows = source.rows().await?;
            if rows.is_empty() {
                break;
            }
            target.rows(table, &columns, &rows).await?;
        }
    }
    let (mut tally, mut totals) = (Tally::default(), Totals::new());
    while let Some(account) = source.account().await? {
        let mut replay = Replay::new(account);
        while let Some(body) = source.body(&replay.account).await? {
            let (transaction, lot_kinds) = replay.book(&body).map_err(CopyError::Changed)?;
            tally.transaction(&transaction);
            add_total(&mut totals, replay.account.unit, &transaction);
            target.transaction(&replay.account, Booked { transaction, body, lot_kinds }).await?;
            if tally.transactions().is_multiple_of(STEP) {
                progress(CopyStep::Write, tally.transactions(), expected.transactions.max(tally.transactions()));
            }
        }
        target.account(&replay).await?;
        tally.account(&replay.account);
    }
    progress(CopyStep::Write, tally.transactions(), tally.transactions());
    if tally.proof() != *expected {
        return Err(CopyError::Changed("it holds other transactions than before".to_owned()));
    }
    Ok(target.finish(&totals).await?)
}
