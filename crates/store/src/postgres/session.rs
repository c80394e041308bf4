//! A writer's connection: its settings and its statements.
//!
//! With prepared statements they are parsed and planned once a connection and its settings last as long. Without, for
//! poolers that give every transaction another server connection, both are sent with every transaction. Plans go by
//! index and never by a table's size, because a plan made while the tables were small would stay.

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row, Statement};

use crate::PostgresOptions;
use crate::postgres::access::Link;
use crate::postgres::state;

const BOOL: Type = Type::BOOL_ARRAY;
const BYTES: Type = Type::BYTEA_ARRAY;
const INT: Type = Type::INT8_ARRAY;
const SMALL: Type = Type::INT4_ARRAY;
const TEXT: Type = Type::TEXT_ARRAY;

/// One of the writer's statements.
pub(super) enum Text {
    Prepared(Statement),
    Plain(&'static str, &'static [Type]),
}

/// Everything a writer says. Arrays stand side by side: one element of each makes a row.
pub(super) struct Texts {
    pub(super) lock: Text,
    pub(super) keys: Text,
    pub(super) entry: Text,
    pub(super) spent_lots: Text,
    pub(super) later: Text,
    pub(super) write: Text,
    pub(super) insert_accounts: Text,
    pub(super) spend_lots: Text,
    pub(super) revive_lots: Text,
    pub(super) mark_reversed: Text,
    /// Whether the connection itself has the settings, so that a statement may be a transaction of its own.
    pub(super) settled: bool,
}

/// What keys did before; its first row is the time.
const KEYS: &str = "SELECT NULL::bigint, NULL::bytea, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint \
     UNION ALL SELECT e.account_no, e.body, NULL FROM UNNEST($1::bigint[], $2::bytea[]) AS k (account_no, key_hash) \
     JOIN entries e ON e.account_no = k.account_no AND e.key_hash = k.key_hash";

/// Nearly all that a batch writes, in one statement: each message to the server and each answer wakes somebody up. It
/// fails (division by zero) unless `$26` accounts were as the batch took them to be, and the server's clock is within
/// `$28` microseconds of `$27`.
const WRITE: &str = "WITH entries AS (INSERT INTO entries \
     (account_no, seq, at_us, kind, lot_kinds, service, amount, reversed, key_hash, body) \
     SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::int[], $5::int[], $6::text[], $7::bigint[], \
     $8::bigint[], $9::bytea[], $10::bytea[])), \
     totals AS (INSERT INTO counter_totals (unit, counter, shard, total) \
     SELECT k.unit, k.counter, $11, k.total::numeric FROM UNNEST($12::text[], $13::int[], $14::text[]) \
     AS k (unit, counter, total) ON CONFLICT (unit, counter, shard) \
     DO UPDATE SET total = counter_totals.total + EXCLUDED.total), \
     changed AS (UPDATE ledger_accounts a SET seq = n.seq, head = n.head, last_at_us = n.last_at_us, \
     balance = n.balance, overdraft = n.overdraft, overdraft_limit = n.overdraft_limit, closed = n.closed, \
     next_due_at_us = n.next_due_at_us, state = n.state \
     FROM UNNEST($15::bigint[], $16::bigint[], $17::bytea[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[], \
     $22::bool[], $23::bigint[], $24::text[], $25::bytea[]) AS n (account_no, seq, head, last_at_us, balance, overdraft, \
     overdraft_limit, closed, next_due_at_us, state, stored_head) \
     WHERE a.account_no = n.account_no AND a.head = n.stored_head RETURNING 1) \
     SELECT 1 / (count(*) = $26 AND abs(extract(epoch FROM clock_timestamp()) * 1000000 - $27) < $28)::int FROM changed";

const INSERT_ACCOUNTS: &str = "INSERT INTO ledger_accounts (account_no, seq, head, last_at_us, balance, overdraft, \
     overdraft_limit, closed, next_due_at_us, state, unit) \
     SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bigint[], \
     $7::bigint[], $8::bool[], $9::bigint[], $10::text[], $11::text[])";

const SPEND_LOTS: &str = "INSERT INTO spent_lots (account_no, lot_no, lot) \
     SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::text[]) \
     ON CONFLICT (account_no, lot_no) DO UPDATE SET lot = EXCLUDED.lot";

const REVIVE_LOTS: &str = "DELETE FROM spent_lots l USING UNNEST($1::bigint[], $2::bigint[]) AS k (account_no, lot_no) \
     WHERE l.account_no = k.account_no AND l.lot_no = k.lot_no";

const MARK_REVERSED: &str = "UPDATE entries e SET reversed = k.reversed \
     FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[]) AS k (account_no, seq, reversed) \
     WHERE e.account_no = k.account_no AND e.seq = k.seq";

const WRITE_TYPES: [Type; 28] = [
    INT,
    INT,
    INT,
    SMALL,
    SMALL,
    TEXT,
    INT,
    INT,
    BYTES,
    BYTES,
    Type::INT4,
    TEXT,
    SMALL,
    TEXT,
    INT,
    INT,
    BYTES,
    INT,
    INT,
    INT,
    INT,
    BOOL,
    INT,
    TEXT,
    BYTES,
    Type::INT8,
    Type::INT8,
    Type::INT8,
];

impl Texts {
    async fn new(link: &Link, prepared: bool) -> Result<Self, Error> {
        let client = &link.client;
        let text = async |sql: &'static str, types: &'static [Type]| match prepared {
            true => client.prepare_typed(sql, types).await.map(Text::Prepared),
            false => Ok(Text::Plain(sql, types)),
        };
        Ok(Texts {
            lock: text(state::LOCK, &[INT]).await?,
            keys: text(KEYS, &[INT, BYTES]).await?,
            entry: text(
                "SELECT body, reversed FROM entries WHERE account_no = $1 AND seq = $2",
                &[Type::INT8, Type::INT8],
            )
            .await?,
            spent_lots: text(
                "SELECT lot FROM spent_lots WHERE account_no = $1 AND lot_no = ANY($2)",
                &[Type::INT8, INT],
            )
            .await?,
            later: text(
                "SELECT body FROM entries WHERE account_no = $1 AND seq > $2 AND kind = ANY($3) ORDER BY seq",
                &[Type::INT8, Type::INT8, SMALL],
            )
            .await?,
            write: text(WRITE, &WRITE_TYPES).await?,
            insert_accounts: text(INSERT_ACCOUNTS, &[INT, INT, BYTES, INT, INT, INT, INT, BOOL, INT, TEXT, TEXT])
                .await?,
            spend_lots: text(SPEND_LOTS, &[INT, INT, TEXT]).await?,
            revive_lots: text(REVIVE_LOTS, &[INT, INT]).await?,
            mark_reversed: text(MARK_REVERSED, &[INT, INT, INT]).await?,
            settled: prepared,
        })
    }
}

/// A connection that is ready for batches.
pub(super) struct Session {
    link: Link,
    pub(super) texts: Texts,
    begin: String,
}

impl Session {
    /// Settles a fresh connection.
    pub(super) async fn prepare(link: Link, options: &PostgresOptions) -> Result<Self, Error> {
        let settings = |scope: &str| {
            format!(
                "SET {scope} lock_timeout = {}; SET {scope} statement_timeout = {}; \
                 SET {scope} idle_in_transaction_session_timeout = {}; SET {scope} plan_cache_mode = force_generic_plan; \
                 SET {scope} enable_seqscan = off; SET {scope} enable_hashjoin = off; SET {scope} enable_mergejoin = off; \
                 SET {scope} jit = off; \
                 SELECT set_config('synchronous_commit', 'on', {}) \
                 WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write');",
                options.lock_timeout.as_millis(),
                options.statement_timeout.as_millis(),
                options.idle_in_transaction_timeout.as_millis(),
                scope == "LOCAL"
            )
        };
        let begin = match options.prepared_statements {
            true => {
                link.client.batch_execute(&settings("SESSION")).await?;
                "BEGIN".to_owned()
            }
            false => format!("BEGIN; {}", settings("LOCAL")),
        };
        let texts = Texts::new(&link, options.prepared_statements).await?;
        Ok(Session { link, texts, begin })
    }

    pub(super) fn client(&self) -> &tokio_postgres::Client {
        &self.link.client
    }

    pub(super) async fn begin(&self) -> Result<(), Error> {
        self.client().batch_execute(&self.begin).await
    }

    /// Commits, without a limit: a commit that is cancelled while it waits for a standby has happened here and nowhere
    /// else, and only a warning says so.
    pub(super) async fn commit(&self) -> Result<(), Error> {
        self.client().batch_execute("SET LOCAL statement_timeout = 0; COMMIT").await
    }

    /// Whether the server has warned since the last question.
    pub(super) fn take_warning(&self) -> bool {
        self.link.take_warning()
    }

    /// Ends a transaction that failed; says whether the connection can be used again.
    pub(super) async fn rollback(&self) -> bool {
        let rolled_back = self.client().batch_execute("ROLLBACK");
        matches!(tokio::time::timeout(std::time::Duration::from_secs(1), rolled_back).await, Ok(Ok(())))
    }

    pub(super) async fn query(&self, text: &Text, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        match text {
            Text::Prepared(statement) => self.client().query(statement, params).await,
            Text::Plain(sql, types) => self.client().query_typed(sql, &zip(params, types)).await,
        }
    }

    pub(super) async fn run(&self, text: &Text, params: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
        match text {
            Text::Prepared(statement) => self.client().execute(statement, params).await,
            Text::Plain(sql, types) => self.client().execute_typed(sql, &zip(params, types)).await,
        }
    }
}

fn zip<'a>(params: &[&'a (dyn ToSql + Sync)], types: &[Type]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    params.iter().copied().zip(types.iter().cloned()).collect()
}
