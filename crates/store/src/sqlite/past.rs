//! What a command must know of the past and memory does not have: spent lots, and the entry that it takes back.
//!
//! Cost: a point read for each spent lot and for the entry. The clawback of a lot that has ended looks, besides, through
//! the account's history after the grant for what left the lot unspent.

use std::sync::Arc;

use ledger::{AccountNo, Amount, Command, LotNo, Op, Reversible};
use rusqlite::{OptionalExtension, params};

use crate::EntryFilter;
use crate::sqlite::state;
use crate::sqlite::tail::Gseq;
use crate::sqlite::writer::{SqliteWriter, read_journal, reversed};

impl SqliteWriter {
    /// Brings back the lots that a command needs, and says what it takes back.
    pub(super) fn prepare(&mut self, no: AccountNo, command: &Command) -> rusqlite::Result<Option<Reversible>> {
        if let Op::Void { lot } | Op::ChangeExpiry { lot, .. } | Op::ClawBack { lot, .. } = command.op {
            self.bring_back(no, std::iter::once(lot))?;
        }
        let Some(entry) = command.op.takes_back() else { return Ok(None) };
        let Some((gseq, reversed)) = self.locate(no, entry)? else { return Ok(None) };
        let Some((_, tx)) = read_journal(&self.conn, gseq)? else { return Ok(None) };
        self.bring_back(no, tx.lots())?;
        let mut reversible = Reversible::new(Arc::new(tx), reversed);
        if let Op::ClawBack { lot, .. } = command.op {
            self.learn(no, lot, &mut reversible)?;
        }
        Ok(Some(reversible))
    }

    fn bring_back(&mut self, no: AccountNo, lots: impl Iterator<Item = LotNo>) -> rusqlite::Result<()> {
        if let Some(slot) = self.memory.states.get_mut(no) {
            for lot in lots {
                state::load_lot(&self.conn, &mut slot.account, lot)?;
            }
        }
        Ok(())
    }

    /// The journal row of an entry, and what went back of it.
    fn locate(&self, no: AccountNo, seq: u64) -> rusqlite::Result<Option<(Gseq, Amount)>> {
        let Some(slot) = self.memory.states.get(no) else { return Ok(None) };
        let reversed = reversed(&self.conn, &self.memory.reversals, no, seq)?;
        if seq > slot.projected_seq {
            let found = self.memory.tail.of_account(slot.head).find(|(_, row)| row.seq == seq);
            return Ok(found.map(|(gseq, _)| (gseq, reversed)));
        }
        let gseq: Option<i64> = self
            .conn
            .prepare_cached("SELECT gseq FROM entries WHERE account_no = ?1 AND seq = ?2")?
            .query_row([no as i64, seq as i64], |row| row.get(0))
            .optional()?;
        Ok(gseq.map(|gseq| (gseq as Gseq, reversed)))
    }

    /// Tells the grant of a lot that has ended what became of the lot.
    fn learn(&self, no: AccountNo, lot: LotNo, grant: &mut Reversible) -> rusqlite::Result<()> {
        let Some(slot) = self.memory.states.get(no) else { return Ok(()) };
        if !slot.account.lot(lot).is_some_and(|lot| lot.is_expired(slot.account.last_at)) {
            return Ok(());
        }
        let learns = EntryFilter { kinds: Reversible::LEARNS.to_vec(), ..EntryFilter::default() };
        let mut statement = self.conn.prepare_cached(
            "SELECT gseq FROM entries WHERE account_no = ?1 AND seq > ?2 AND seq <= ?3 AND ((1 << kind) & ?4) != 0 \
             ORDER BY seq",
        )?;
        let bounds = params![no as i64, lot as i64, slot.projected_seq as i64, learns.kind_bits()];
        let mut rows: Vec<Gseq> =
            statement.query_map(bounds, |row| Ok(row.get::<_, i64>(0)? as Gseq))?.collect::<Result<_, _>>()?;
        let projected = rows.len();
        let tail = self.memory.tail.of_account(slot.head).take_while(|(_, row)| row.seq > slot.projected_seq.max(lot));
        rows.extend(tail.filter(|(_, row)| Reversible::LEARNS.contains(&row.kind)).map(|(gseq, _)| gseq));
        // The tail is told newest first.
        rows[projected..].reverse();
        for gseq in rows {
            if let Some((_, tx)) = read_journal(&self.conn, gseq)? {
                grant.learn(&tx);
            }
        }
        Ok(())
    }
}
