//! The ledger on PostgreSQL, any number of nodes on one database.
//!
//! An order goes to the writer that its account's number names ([`writer`]), so that orders of one account of one node
//! meet in one batch instead of waiting for each other's locks. Nothing depends on that: what decides is the row lock,
//! whoever holds it. Readers have pooled connections and see what is committed. Cost of an order: a look into the
//! directory, a place in a batch.

mod access;
mod batch;
mod clock;
pub(crate) mod copy;
mod cursor;
mod directory;
pub(crate) mod inspect;
mod memory;
mod past;
mod reader;
mod rows;
mod schema;
mod session;
mod state;
pub(crate) mod verify;
mod writer;
mod writes;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use ledger::{Account, AccountNo, Timestamp};
use rustc_hash::FxHashMap;
use tokio_postgres::NoTls;

use crate::executor::Executor;
use crate::{
    AccountRef, AccountView, EntryFilter, EntryView, Failure, Options, Order, Receipt, Row, Statement, StoreError,
    Target, TrialLine, Value,
};
use access::Access;
use clock::DbClock;
use directory::Directory;
use writer::{PostgresWriter, Shared};

/// The oldest server this works on, as `server_version_num` says it.
const OLDEST_SERVER: i32 = 150_000;
/// Shards of the sums over counter-accounts.
const SHARDS: i32 = 64;
/// A read that takes longer has failed.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// How often the node compares its clock with the database's.
const CLOCK_PAUSE: Duration = Duration::from_secs(5);

type Lane = Executor<std::convert::Infallible>;

/// An open PostgreSQL ledger.
pub(crate) struct PostgresStore {
    lanes: Vec<Lane>,
    pool: Pool,
    directory: Arc<Directory>,
    clock: Arc<DbClock>,
    clock_task: tokio::task::AbortHandle,
    stopping: AtomicBool,
}

/// Makes or updates the tables; says which migrations were applied.
pub(crate) async fn migrate(url: &str, now: Timestamp) -> Result<Vec<&'static str>, StoreError> {
    let mut client = Access::parse(url)?.connect().await.map_err(schema::from)?.client;
    schema::migrate(&mut client, now).await
}

/// Makes the tables that there were with the first `last` migrations.
pub(crate) async fn migrate_to(url: &str, now: Timestamp, last: usize) -> Result<(), StoreError> {
    let mut client = Access::parse(url)?.connect().await.map_err(schema::from)?.client;
    schema::migrate_to(&mut client, now, last).await.map(drop)
}

/// Migrations that this program knows and the database does not have.
pub(crate) async fn missing_migrations(url: &str) -> Result<Vec<&'static str>, StoreError> {
    let client = Access::parse(url)?.connect().await.map_err(schema::from)?.client;
    schema::missing_migrations(&client).await
}

impl PostgresStore {
    pub(crate) async fn open(url: &str, options: Options) -> Result<Self, StoreError> {
        let access = Access::parse(url)?;
        let mut client = access.connect().await.map_err(schema::from)?.client;
        check_server(&client).await?;
        let clock = Arc::new(DbClock::new(options.clock.clone()));
        clock.told(now_us(&client).await?);
        schema::migrate(&mut client, clock.now()).await?;
        let directory = Arc::<Directory>::default();
        let pool = pool(&access, options.postgres.connections)?;
        let count = options.postgres.executors.max(1);
        let shared = Shared {
            access,
            directory: directory.clone(),
            clock: clock.clone(),
            options: options.postgres.clone(),
            cached_accounts: options.cached_accounts / count,
        };
        // Nodes that take the same shard wait for each other's commits, no more.
        let first = rand::random_range(0..SHARDS);
        let lanes = (0..count).map(|lane| {
            let shard = (first + i32::try_from(lane).unwrap_or(0)) % SHARDS;
            let writer = PostgresWriter::new(shared.clone(), shard)?;
            Executor::start(writer, options.queue_length.div_ceil(count))
                .map_err(|error| StoreError(format!("cannot start the ledger's threads: {error}")))
        });
        let lanes = lanes.collect::<Result<_, _>>()?;
        let clock_task = tokio::spawn(keep_clock(pool.clone(), clock.clone())).abort_handle();
        Ok(PostgresStore { lanes, pool, directory, clock, clock_task, stopping: AtomicBool::new(false) })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) async fn submit(&self, mut order: Order) -> Result<Receipt, Failure> {
        // Nearly always the account is known, and a list of one would cost more than the look.
        if let Some(no) = self.directory.number(&order.target.account())
            && !self.stopping.load(Ordering::Acquire)
        {
            order.target = Target::Existing(AccountRef::No(no));
            return self.lanes[self.lane(no)].order(order).await;
        }
        let mut outcomes = self.submit_all(vec![order]).await;
        outcomes.pop().unwrap_or(Err(Failure::Unknown))
    }

    /// Orders of different writers run side by side; those of one account stay in order.
    pub(crate) async fn submit_all(&self, orders: Vec<Order>) -> Vec<Result<Receipt, Failure>> {
        if self.stopping.load(Ordering::Acquire) {
            return vec![Err(Failure::Stopping); orders.len()];
        }
        let named: Vec<AccountRef> = orders.iter().map(|order| order.target.account()).collect();
        if let Err(failure) = self.learn(named.iter()).await {
            return vec![Err(failure); orders.len()];
        }
        let mut outcomes: Vec<Result<Receipt, Failure>> = vec![Err(Failure::UnknownAccount); orders.len()];
        let mut parts: Vec<(Vec<usize>, Vec<Order>)> = self.lanes.iter().map(|_| Default::default()).collect();
        let mut openings = Vec::new();
        // Accounts that this very call opens: what follows for them goes the same way.
        let mut opening = FxHashMap::<Arc<str>, AccountNo>::default();
        for (place, (mut order, account)) in orders.into_iter().zip(&named).enumerate() {
            let no = match (self.directory.number(account), &order.target) {
                (Some(no), _) => {
                    order.target = Target::Existing(AccountRef::No(no));
                    no
                }
                (None, Target::New { id, no, .. }) => {
                    openings.push((place, order.clone()));
                    *opening.entry(id.clone()).or_insert(*no)
                }
                (None, Target::Existing(AccountRef::Id(id))) if opening.contains_key(id) => opening[id],
                (None, Target::Existing(_)) => continue,
            };
            let (places, part) = &mut parts[self.lane(no)];
            places.push(place);
            part.push(order);
        }
        let work = parts.into_iter().zip(&self.lanes).filter(|((places, _), _)| !places.is_empty());
        let work = work.map(|((places, part), lane)| async move { (places, lane.orders(part).await) });
        for (places, done) in futures_util::future::join_all(work).await {
            for (place, outcome) in places.into_iter().zip(done) {
                outcomes[place] = outcome;
            }
        }
        for (place, order) in openings {
            match &outcomes[place] {
                Ok(opened) => self.directory.insert(opened.account_no, opened.account_id.clone(), opened.unit),
                Err(Failure::Conflict) => outcomes[place] = self.opened_meanwhile(order).await,
                Err(_) => {}
            }
        }
        outcomes
    }

    /// An account that could not be opened: perhaps another node has just opened it.
    async fn opened_meanwhile(&self, mut order: Order) -> Result<Receipt, Failure> {
        let account = order.target.account();
        self.learn(std::iter::once(&account)).await?;
        let Some(no) = self.directory.number(&account) else { return Err(Failure::Conflict) };
        order.target = Target::Existing(AccountRef::No(no));
        self.lanes[self.lane(no)].order(order).await
    }

    pub(crate) async fn write(&self, rows: Vec<Statement>) -> Result<Vec<u64>, Failure> {
        let lane = rand::random_range(0..self.lanes.len());
        self.lanes[lane].rows(rows).await
    }

    pub(crate) async fn query(&self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let client = self.client().await?;
        in_time(async { rows::query(&**client, sql, &params).await.map_err(wrong) }).await
    }

    pub(crate) async fn account(&self, account: AccountRef) -> Result<Option<AccountView>, Failure> {
        let Some((no, id, unit)) = self.find(&account).await? else { return Ok(None) };
        let client = self.client().await.map_err(not_read)?;
        let found = in_time(async { reader::account(&client, no, id, unit).await.map_err(wrong) }).await;
        let as_of = self.now();
        Ok(found.map_err(not_read)?.map(|account| AccountView { account, as_of }))
    }

    pub(crate) async fn account_at(&self, account: AccountRef, at: Timestamp) -> Result<Option<AccountView>, Failure> {
        let Some((no, id, unit)) = self.find(&account).await? else { return Ok(None) };
        let client = self.client().await.map_err(not_read)?;
        let account = reader::account_at(&client, Account::new(no, id, unit), at).await;
        account.map(|account| Some(AccountView { account, as_of: at })).map_err(|what| not_read(wrong(what)))
    }

    pub(crate) async fn entries_between(
        &self,
        account: AccountNo,
        filter: EntryFilter,
        range: Range<u64>,
        limit: usize,
    ) -> Result<Vec<EntryView>, Failure> {
        let client = self.client().await.map_err(not_read)?;
        let page = async { reader::entries_between(&client, account, &filter, range, limit).await.map_err(wrong) };
        in_time(page).await.map_err(not_read)
    }

    pub(crate) async fn entries_of(
        &self,
        account: AccountNo,
        filter: EntryFilter,
        seqs: Vec<u64>,
    ) -> Result<Vec<EntryView>, Failure> {
        let client = self.client().await.map_err(not_read)?;
        let read = async { reader::entries_of(&client, account, &filter, &seqs).await.map_err(wrong) };
        in_time(read).await.map_err(not_read)
    }

    pub(crate) async fn trial_balance(&self) -> Result<Vec<TrialLine>, StoreError> {
        let mut client = self.client().await?;
        in_time(async { reader::trial_balance(&mut client).await.map_err(schema::from) }).await
    }

    pub(crate) async fn check_ready(&self) -> Result<(), StoreError> {
        let client = self.client().await?;
        let ready = async {
            let missing = schema::missing_migrations(&client).await?;
            if !missing.is_empty() {
                return Err(StoreError(format!("migrations are missing: {}; run scrip migrate", missing.join(", "))));
            }
            let standby: bool = client
                .query_one("SELECT pg_is_in_recovery()", &[])
                .await
                .and_then(|row| row.try_get(0))
                .map_err(schema::from)?;
            if standby {
                return Err(StoreError("the database is a standby: name the primary in database_url".to_owned()));
            }
            Ok(())
        };
        in_time(ready).await
    }

    pub(crate) async fn shutdown(&self) {
        self.stopping.store(true, Ordering::Release);
        self.clock_task.abort();
        futures_util::future::join_all(self.lanes.iter().map(Executor::stop)).await;
        self.pool.close();
    }

    /// The writer of an account.
    fn lane(&self, no: AccountNo) -> usize {
        // Numbers of accounts are random.
        (no % self.lanes.len() as u64) as usize
    }

    async fn find(&self, account: &AccountRef) -> Result<Option<(AccountNo, Arc<str>, ledger::Unit)>, Failure> {
        self.learn(std::iter::once(account)).await?;
        let known = |no| self.directory.account(no).map(|(id, unit)| (no, id, unit));
        Ok(self.directory.number(account).and_then(known))
    }

    async fn learn<'a>(&self, accounts: impl Iterator<Item = &'a AccountRef> + Clone) -> Result<(), Failure> {
        if accounts.clone().all(|account| self.directory.number(account).is_some()) {
            return Ok(());
        }
        let client = self.client().await.map_err(not_read)?;
        let learned = in_time(async { self.directory.learn(&client, accounts).await.map_err(schema::from) });
        learned.await.map_err(not_read)
    }

    async fn client(&self) -> Result<Object, StoreError> {
        self.pool.get().await.map_err(|error| StoreError(format!("PostgreSQL cannot be reached: {error}")))
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.clock_task.abort();
    }
}

fn pool(access: &Access, connections: usize) -> Result<Pool, StoreError> {
    let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = match &access.tls {
        Some(tls) => Manager::from_config(access.config.clone(), tls.clone(), config),
        None => Manager::from_config(access.config.clone(), NoTls, config),
    };
    let wait = Some(Duration::from_secs(5));
    Pool::builder(manager)
        .max_size(connections.max(1))
        .runtime(Runtime::Tokio1)
        .wait_timeout(wait)
        .create_timeout(wait)
        .recycle_timeout(wait)
        .build()
        .map_err(|error| StoreError(format!("no pool of connections can be made: {error}")))
}

async fn check_server(client: &tokio_postgres::Client) -> Result<(), StoreError> {
    let sql = "SELECT current_setting('server_version_num')::int, current_setting('server_version')";
    let row = client.query_one(sql, &[]).await.map_err(schema::from)?;
    let (number, name): (i32, String) = (row.try_get(0).map_err(schema::from)?, row.try_get(1).map_err(schema::from)?);
    if number < OLDEST_SERVER {
        return Err(StoreError(format!("PostgreSQL {name} is too old: 15 or newer is needed")));
    }
    Ok(())
}

async fn now_us(client: &tokio_postgres::Client) -> Result<i64, StoreError> {
    client.query_one(clock::NOW, &[]).await.and_then(|row| row.try_get(0)).map_err(schema::from)
}

/// Compares the clocks now and then, also while nothing is written.
async fn keep_clock(pool: Pool, clock: Arc<DbClock>) {
    loop {
        tokio::time::sleep(CLOCK_PAUSE).await;
        if let Ok(client) = pool.get().await
            && let Ok(now_us) = in_time(now_us(&client)).await
        {
            clock.told(now_us);
        }
    }
}

async fn in_time<T>(read: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let late = || StoreError("PostgreSQL does not answer".to_owned());
    tokio::time::timeout(READ_TIMEOUT, read).await.map_err(|_| late())?
}

fn wrong(what: String) -> StoreError {
    StoreError(format!("PostgreSQL: {what}"))
}

fn not_read(error: StoreError) -> Failure {
    Failure::NotStored(Arc::from(error.0))
}
