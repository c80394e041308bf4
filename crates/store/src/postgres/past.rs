//! What a command must know of the past and the state does not have: spent lots, and the entry that it takes back.
//!
//! Cost: nothing for nearly all commands. Else a round trip for spent lots, one for the entry, one more to reinstate a
//! clawback; the clawback of a lot that has ended looks, besides, through the account's history after the grant for what
//! left the lot unspent. The locks of the batch are held meanwhile.

use std::sync::Arc;

use ledger::{AccountNo, Amount, Command, Event, LotNo, Op, Reversible, Transaction};

use crate::postgres::batch::{Batch, damaged, read_body};
use crate::postgres::state;
use crate::postgres::writer::{Fault, before_commit};

impl Batch<'_> {
    /// Brings back the lots that a command needs, and says what it takes back.
    pub(super) async fn prepare(&mut self, no: AccountNo, command: &Command) -> Result<Option<Reversible>, Fault> {
        if let Op::Void { lot } | Op::ChangeExpiry { lot, .. } | Op::ClawBack { lot, .. } = command.op {
            self.revive(no, std::iter::once(lot)).await?;
        }
        let Some(entry) = command.op.takes_back() else { return Ok(None) };
        let Some((tx, reversed)) = self.entry(no, entry).await? else { return Ok(None) };
        self.revive(no, tx.lots()).await?;
        if let Event::ClawedBack { lot, .. } = tx.event {
            // Its reinstatement changes what was taken back of the grant, too.
            self.entry(no, lot).await?;
        }
        let mut reversible = Reversible::new(tx, reversed);
        if let Op::ClawBack { lot, .. } = command.op {
            self.learn(no, lot, &mut reversible).await?;
        }
        Ok(Some(reversible))
    }

    async fn revive(&mut self, no: AccountNo, lots: impl Iterator<Item = LotNo>) -> Result<(), Fault> {
        let Some(working) = self.accounts.get_mut(&no) else { return Ok(()) };
        let missing: Vec<i64> = lots.filter(|lot| working.account.lot(*lot).is_none()).map(|lot| lot as i64).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let found = self.session.query(&self.session.texts.spent_lots, &[&(no as i64), &missing]).await;
        for row in found.map_err(before_commit)? {
            let lot = state::read_lot(row.try_get(0).map_err(before_commit)?).map_err(damaged)?;
            working.revived.push(lot.no);
            working.account.insert_lot(lot);
        }
        Ok(())
    }

    /// An entry, and what was taken back of it, which the batch keeps from then on.
    async fn entry(&mut self, no: AccountNo, seq: u64) -> Result<Option<(Arc<Transaction>, Amount)>, Fault> {
        let fresh = self.entries.iter().find(|booked| booked.account == no && booked.transaction.seq == seq);
        let (tx, stored) = match fresh {
            Some(booked) => (booked.transaction.clone(), Amount::ZERO),
            None => {
                let found = self.session.query(&self.session.texts.entry, &[&(no as i64), &(seq as i64)]).await;
                let found = found.map_err(before_commit)?;
                let Some(row) = found.first() else { return Ok(None) };
                let tx = read_body(row.try_get(0).map_err(before_commit)?).map_err(damaged)?;
                (Arc::new(tx), Amount::from_units(row.try_get(1).map_err(before_commit)?))
            }
        };
        let Some(working) = self.accounts.get_mut(&no) else { return Ok(None) };
        let reversed = *working.reversed.entry(seq).or_insert(stored);
        Ok(Some((tx, reversed)))
    }

    /// Tells the grant of a lot that has ended what became of the lot.
    async fn learn(&self, no: AccountNo, lot: LotNo, grant: &mut Reversible) -> Result<(), Fault> {
        let Some(working) = self.accounts.get(&no) else { return Ok(()) };
        let account = &working.account;
        if !account.lot(lot).is_some_and(|lot| lot.is_expired(account.last_at)) {
            return Ok(());
        }
        let kinds = Reversible::LEARNS.map(|kind| i32::from(kind.tag()));
        let (no_param, lot_param, kinds_param) = (no as i64, lot as i64, &kinds[..]);
        let stored = self.session.query(&self.session.texts.later, &[&no_param, &lot_param, &kinds_param]).await;
        for row in stored.map_err(before_commit)? {
            grant.learn(&read_body(row.try_get(0).map_err(before_commit)?).map_err(damaged)?);
        }
        let fresh = self.entries.iter().filter(|booked| booked.account == no && booked.transaction.seq > lot);
        fresh.for_each(|booked| grant.learn(&booked.transaction));
        Ok(())
    }
}
