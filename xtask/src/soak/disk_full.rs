//! A disk that fills up: a small tmpfs with a ballast file that can be taken away.
//!
//! While it is full, writes answer 503 and reads go on; when there is space again, writes succeed without a restart;
//! afterwards everything that was acknowledged is there.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;

use super::{Plan, Sent, block_on, settle};
use crate::client::{Answer, Api};
use crate::report::Outcome;
use crate::server::Installation;
use crate::sh;
use crate::undo::Undo;

const CLIENTS: usize = 8;
const BALLAST_BYTES: usize = 6 << 20;
/// So many refusals in a row mean that the disk is full for a client.
const REFUSALS: usize = 20;
/// Long after any server has written a few mebibytes.
const FULL_WITHIN: Duration = Duration::from_secs(300);
const ACCOUNT: &str = "disk-full";

pub(super) fn run(plan: Plan) -> Result<Outcome> {
    if !sh::is_root() {
        return Ok(Outcome::Skipped("only root can mount a small file system".to_owned()));
    }
    let mebibytes = plan.of(12, 16);
    let folder = tempfile::tempdir()?;
    let Some(_mount) = mount_tmpfs(folder.path(), mebibytes) else {
        return Ok(Outcome::Skipped("a tmpfs cannot be mounted here (no CAP_SYS_ADMIN?)".to_owned()));
    };
    let mut figures = Vec::new();
    for round in 0..plan.of(1, 10) {
        let folder = folder.path().join(format!("round-{round}"));
        std::fs::create_dir(&folder)?;
        figures.push(block_on(fill_and_free(&folder))?);
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(Outcome::Passed(format!("{mebibytes} MiB: {}", figures.join("; "))))
}

async fn fill_and_free(folder: &Path) -> Result<String> {
    let ballast = folder.join("ballast");
    std::fs::write(&ballast, vec![1; BALLAST_BYTES])?;
    let logs = tempfile::tempdir()?;
    let installation = Installation::logging_to(folder, logs.path().join("server.log"))?;
    let mut server = installation.start(Duration::from_secs(10)).await?;
    let result = misfortune(&installation, &ballast).await;
    result.with_context(|| format!("{}\n{}", server.fate(), installation.log_tail()))
}

async fn misfortune(installation: &Installation, ballast: &Path) -> Result<String> {
    let api = installation.api()?;
    api.open(ACCOUNT, 100_000_000).await?;

    let sent = fill(&api).await?;
    let refused = sent.iter().filter(|debit| !debit.answer.as_ref().is_some_and(Answer::is_success)).count();
    for path in ["balance", "entries?limit=10"] {
        let answer = api.get(&format!("/v1/accounts/{ACCOUNT}/{path}")).await?;
        ensure!(answer.status == 200, "{path} cannot be read while the disk is full: {answer:?}");
    }

    std::fs::remove_file(ballast).context("cannot free space")?;
    let freed = Instant::now();
    while !api.debit(ACCOUNT, "1", "after").await?.is_success() {
        ensure!(freed.elapsed() < Duration::from_secs(15), "writes are still refused 15 s after space was freed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let recovered = freed.elapsed();
    let (acknowledged, _) = settle(&api, &sent).await?;
    installation.verify()?;
    Ok(format!("{acknowledged} acknowledged, 0 lost, {refused} refused with 503, writing again after {recovered:.1?}"))
}

/// Debits until every client was refused many times in a row. A refusal is a 503, nothing else.
async fn fill(api: &Api) -> Result<Vec<Sent>> {
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let api = api.clone();
        clients.spawn(async move {
            let (mut sent, mut refusals, started) = (Vec::new(), 0, Instant::now());
            for number in 0.. {
                // A long key, so that the disk fills sooner.
                let key = format!("{client}-{number}-{}", "x".repeat(230));
                let answer = api.debit(ACCOUNT, "1", &key).await.context("no answer while the disk was full")?;
                refusals = if answer.is_success() { 0 } else { refusals + 1 };
                ensure!(answer.is_success() || answer.status == 503, "neither accepted nor 503: {answer:?}");
                sent.push(Sent { account: ACCOUNT.to_owned(), key, answer: Some(answer) });
                if refusals == REFUSALS {
                    break;
                }
                ensure!(started.elapsed() < FULL_WITHIN, "the disk never got full: are failed writes acknowledged?");
            }
            Ok(sent)
        });
    }
    let mut sent = Vec::new();
    while let Some(client) = clients.join_next().await {
        sent.extend(client??);
    }
    Ok(sent)
}

/// Mounts a tmpfs until the value is dropped; `None` if that is not allowed here.
fn mount_tmpfs(folder: &Path, mebibytes: usize) -> Option<Undo> {
    let options = format!("size={mebibytes}m,mode=700");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "scrip-soak"]).arg(folder).output();
    let mounted = mounted.is_ok_and(|output| output.status.success());
    mounted.then(|| Undo::new(&["umount", "--lazy", &folder.to_string_lossy()]))
}
