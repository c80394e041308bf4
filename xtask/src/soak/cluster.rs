//! Two nodes on one PostgreSQL database, and what becomes of them in rounds of misfortunes.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use tempfile::TempDir;

use super::Sent;
use super::load::{Load, Purse, insist, settle_on};
use crate::client::Api;
use crate::server::{Installation, Server};

/// What the nodes are called in file names and in `pg_stat_activity`.
pub(super) const NAMES: [&str; 2] = ["node-a", "node-b"];
/// The database of every soak that has a server of its own.
pub(super) const DATABASE: &str = "ledger";
/// A node that finds its database ready is ready in a second or two, on a slow machine, too.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Nodes, running or not. Dropping them kills those that run.
pub(super) struct Nodes {
    servers: [Option<Server>; 2],
    installations: [Installation; 2],
    _folder: TempDir,
}

impl Nodes {
    /// Two of them on `database_url`, with more `SCRIP_…` variables. Neither runs yet.
    pub(super) fn new(database_url: &str, variables: &[(&str, &str)]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let join = if database_url.contains('?') { '&' } else { '?' };
        let node = |name: &str| -> Result<Installation> {
            let url = format!("{database_url}{join}application_name={name}");
            let node = Installation::node(folder.path(), name, &url)?;
            Ok(variables.iter().fold(node, |node, (variable, value)| node.with(variable, value)))
        };
        let installations = [node(NAMES[0])?, node(NAMES[1])?];
        Ok(Nodes { servers: [None, None], installations, _folder: folder })
    }

    /// Starts one and waits until it is ready.
    pub(super) async fn start(&mut self, node: usize) -> Result<()> {
        self.servers[node] = Some(self.installations[node].start(READY_WITHIN).await?);
        Ok(())
    }

    /// Starts both at once: on an empty database, either may be the one that makes the tables.
    pub(super) async fn start_both(&mut self) -> Result<()> {
        let [one, two] = &self.installations;
        let (one, two) = tokio::join!(one.start(READY_WITHIN), two.start(READY_WITHIN));
        self.servers = [Some(one?), Some(two?)];
        Ok(())
    }

    /// A running one.
    pub(super) fn server(&mut self, node: usize) -> Result<&mut Server> {
        self.servers[node].as_mut().with_context(|| format!("{} does not run", NAMES[node]))
    }

    /// A caller with the operator key of each.
    pub(super) fn apis(&self) -> Result<[Api; 2]> {
        Ok([self.installations[0].api()?, self.installations[1].api()?])
    }

    /// Waits until both are ready, and both accept a debit of one credit of the purse's first account.
    pub(super) async fn serve_again(&self, purse: &mut Purse, label: &str) -> Result<()> {
        let account = purse.accounts()[0].clone();
        for (api, name) in self.apis()?.iter().zip(NAMES) {
            let started = Instant::now();
            while !api.get("/readyz").await.is_ok_and(|answer| answer.status == 200) {
                ensure!(started.elapsed() < READY_WITHIN, "{name} is not ready {READY_WITHIN:?} after its database is");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            insist(api, &account, &format!("{label}-{name}")).await?;
            purse.spend([account.as_str()])?;
        }
        Ok(())
    }

    /// The result; an error ends with the last lines of both logs.
    pub(super) fn explain<T>(&mut self, result: Result<T>) -> Result<T> {
        result.map_err(|error| {
            let mut text = format!("{error:#}");
            for ((server, installation), name) in self.servers.iter_mut().zip(&self.installations).zip(NAMES) {
                let fate = server.as_mut().map_or_else(|| "the server was never started".to_owned(), Server::fate);
                text.push_str(&format!("\n{name}: {fate}\n{}", installation.log_tail()));
            }
            anyhow!(text)
        })
    }
}

/// What rounds of misfortunes under load came to.
#[derive(Default)]
pub(super) struct Figures {
    acknowledged: u64,
    repeated: usize,
    already_done: usize,
    refused: usize,
    slowest: Duration,
}

impl Figures {
    /// Ends a round. Everything that was acknowledged replays, everything else is settled with its key, also what was
    /// `refused` when nothing could be stored; balances agree to the credit on both nodes. `back`: how long it took.
    pub(super) async fn settle(
        &mut self,
        apis: &[Api; 2],
        purse: &mut Purse,
        load: Load,
        refused: &[Sent],
        back: Duration,
    ) -> Result<()> {
        let debits = load.stop().await?;
        let (acknowledged, _) = settle_on(apis, &debits.sent).await?;
        ensure!(acknowledged > 0, "no debit was acknowledged, nothing was tried");
        settle_on(apis, refused).await?;
        purse.spend(debits.sent.iter().chain(refused).map(|debit| debit.account.as_str()))?;
        for api in apis {
            purse.check(api).await?;
        }
        self.acknowledged += acknowledged;
        self.repeated += debits.repeated;
        self.already_done += debits.already_done;
        self.refused += refused.len();
        self.slowest = self.slowest.max(back);
        Ok(())
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figures { acknowledged, repeated, already_done, refused, slowest } = self;
        write!(
            f,
            "{acknowledged} acknowledged, 0 lost, {repeated} repeated with their key ({already_done} of them had been \
             done), {refused} refused with 503 while nothing could be stored, serving again after \
             {slowest:.1?} at most"
        )
    }
}
