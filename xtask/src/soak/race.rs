//! Many clients spend one balance at once; the same key is sent twice at once.

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use super::{Plan, block_on};
use crate::client::{Api, ONE, format_amount};
use crate::report::Outcome;
use crate::server::Installation;

const CLIENTS: usize = 64;
const CREDITS: u64 = 300;

pub(super) fn run(plan: Plan) -> Result<Outcome> {
    block_on(async {
        let folder = tempfile::tempdir()?;
        let installation = Installation::new(folder.path())?;
        let _server = installation.start(std::time::Duration::from_secs(10)).await?;
        let api = installation.api()?;
        let (balances, pairs) = (plan.of(2, 20), plan.of(50, 1000));
        for number in 0..balances {
            plan.tell(number, balances);
            spend_to_the_end(&api, &format!("race-{number}")).await?;
        }
        let answered = same_key_twice(&api, pairs).await?;
        installation.verify()?;
        Ok(Outcome::Passed(format!(
            "{balances} × {CLIENTS} clients on {CREDITS} credits: {CREDITS} accepted each time; {answered} same-key pairs, \
             one effect each"
        )))
    })
}

/// Exactly as many debits are accepted as there are credits; every other one is refused with 402.
async fn spend_to_the_end(api: &Api, account: &str) -> Result<()> {
    api.open(account, CREDITS).await?;
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (api, account) = (api.clone(), account.to_owned());
        clients.spawn(async move {
            let mut accepted = 0_u64;
            loop {
                let answer = api.debit(&account, "1", &format!("{client}-{accepted}")).await?;
                match answer.status {
                    201 => accepted += 1,
                    402 => return Ok(accepted),
                    _ => anyhow::bail!("neither accepted nor refused: {answer:?}"),
                }
            }
        });
    }
    let mut accepted = 0;
    while let Some(client) = clients.join_next().await {
        accepted += client??;
    }
    let balance = api.balance(account).await?;
    ensure!(accepted == CREDITS, "{account}: {accepted} debits of 1 were accepted on a balance of {CREDITS}");
    ensure!(balance == 0, "{account}: {} is left", format_amount(balance));
    Ok(())
}

/// Both get the same answer, one of them as a replay, and the balance falls once.
async fn same_key_twice(api: &Api, pairs: u64) -> Result<u64> {
    api.open("twice", pairs * 2).await?;
    for pair in 0..pairs {
        let key = format!("pair-{pair}");
        let (one, two) = tokio::join!(api.debit("twice", "1", &key), api.debit("twice", "1", &key));
        let (one, two) = (one?, two?);
        ensure!(one.is_success() && one.status == two.status && one.body == two.body, "{key}: {one:?} and {two:?}");
        ensure!(one.replayed != two.replayed, "{key}: exactly one is a replay, found {one:?} and {two:?}");
    }
    let balance = api.balance("twice").await?;
    ensure!(balance == i128::from(pairs) * ONE, "{} is left, not {pairs}", format_amount(balance));
    Ok(pairs)
}
