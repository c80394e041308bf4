//! A disk that fails to flush: `strace` makes every `fsync` and `fdatasync` of a thread after its Nth fail with EIO.
//!
//! What a failed flush covered may or may not be on the disk, so none of it may be acknowledged. Afterwards, without
//! the fault, everything that was acknowledged is there.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use super::{Plan, Sent, block_on, settle};
use crate::client::{Answer, Api};
use crate::report::Outcome;
use crate::server::Installation;
use crate::sh;

const CLIENTS: usize = 4;
const ACCOUNT: &str = "fsync";
/// So many refusals in a row mean that the fault has come.
const REFUSALS: usize = 10;

pub(super) fn run(plan: Plan) -> Result<Outcome> {
    if let Err(missing) = sh::need("strace", "strace", plan.until) {
        return Ok(Outcome::Skipped(missing.to_string()));
    }
    let traced = sh::command("strace", &["-f", "-e", "trace=fsync", "-o", "/dev/null", "true"]);
    if !sh::capture(traced, plan.until)?.status.success() {
        return Ok(Outcome::Skipped("strace may not trace here (no CAP_SYS_PTRACE?)".to_owned()));
    }
    let points = plan.of(vec![2, 12, 60], (1..=200).collect());
    block_on(async {
        let (mut acknowledged, mut failed, mut refused_to_start) = (0, 0, 0);
        for (done, point) in points.iter().enumerate() {
            plan.tell(done, points.len());
            match one(*point).await? {
                Some((acks, failures)) => {
                    acknowledged += acks;
                    failed += failures;
                }
                None => refused_to_start += 1,
            }
        }
        ensure!(acknowledged > 0 && failed > 0, "nothing was tried: {acknowledged} acknowledged, {failed} refused");
        Ok(Outcome::Passed(format!(
            "{} points of failure, {acknowledged} acknowledged, 0 lost, {failed} refused, {refused_to_start} times the \
             start was refused",
            points.len()
        )))
    })
}

/// How many were acknowledged and how many not, or `None` if the server did not start under the fault.
async fn one(point: usize) -> Result<Option<(u64, u64)>> {
    let folder = tempfile::tempdir()?;
    let installation = Installation::new(folder.path())?;
    let api = installation.api()?;
    let mut server = installation.start(Duration::from_secs(10)).await?;
    api.open(ACCOUNT, 1_000_000).await?;
    server.stop(Duration::from_secs(10))?;

    let inject = format!("inject=fsync,fdatasync:error=EIO:when={point}+");
    let strace = ["strace", "-f", "--quiet=all", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", &inject, "--"];
    let Ok(mut server) = installation.start_under(&strace.map(str::to_owned), Duration::from_secs(20)).await else {
        return Ok(None);
    };
    let sent = debit_until_refused(&api).await?;
    let unanswered = sent.iter().filter(|debit| debit.answer.is_none()).count();
    ensure!(unanswered == 0, "point {point}: {unanswered} debits got no answer\n{}", installation.log_tail());
    let balance = api.get(&format!("/v1/accounts/{ACCOUNT}/balance")).await?;
    ensure!(balance.status == 200, "point {point}: the balance cannot be read while flushing fails: {balance:?}");
    server.kill()?;

    let _server = installation.start(Duration::from_secs(10)).await?;
    let settled = settle(&api, &sent).await?;
    installation.verify()?;
    Ok(Some(settled))
}

async fn debit_until_refused(api: &Api) -> Result<Vec<Sent>> {
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let api = api.clone();
        clients.spawn(async move {
            let (mut sent, mut refusals, started) = (Vec::new(), 0, Instant::now());
            for number in 0.. {
                let key = format!("{client}-{number}");
                let answer = api.debit(ACCOUNT, "1", &key).await.ok();
                let accepted = answer.as_ref().is_some_and(Answer::is_success);
                refusals = if accepted { 0 } else { refusals + 1 };
                if let Some(answer) = answer.as_ref().filter(|_| !accepted) {
                    ensure!(answer.status == 503, "neither accepted nor 503: {answer:?}");
                }
                sent.push(Sent { account: ACCOUNT.to_owned(), key, answer });
                if refusals == REFUSALS {
                    return Ok(sent);
                }
                ensure!(started.elapsed() < Duration::from_secs(60), "the fault never showed: is it swallowed?");
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
