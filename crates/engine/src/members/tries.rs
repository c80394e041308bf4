//! Limits against guessing: who fails waits, each time twice as long.
//!
//! A try is counted before anything is checked and forgotten when it worked, so of a thousand guesses at once, on any
//! nodes, no more are checked than the limit leaves free. Subjects are hashed addresses: of mail, whether anybody has it
//! or not, and of networks. Somebody else's failures can make a person wait, but not for a link by mail, nor for more
//! than an hour. Invariant: a subject's row is changed only by whoever saw it as it is. Cost: a read and a write a try.

use std::net::{IpAddr, Ipv6Addr};

use ledger::Timestamp;
use metrics::counter;
use store::{Failure, Statement, params};

use super::secrets;
use crate::{Engine, Error, Result};

/// Longest wait, in seconds.
const MAX_WAIT_SECONDS: i64 = 3_600;
/// Tries are forgotten after this without another one, in seconds.
const KEEP_SECONDS: i64 = 86_400;

/// Somebody, or some address, whose tries are counted.
pub(super) struct Subject {
    key: String,
    /// Tries without a wait.
    free: i64,
    /// The first wait, in seconds.
    wait_seconds: i64,
    /// Whether one that works makes all before it forgotten, or only itself.
    forgiving: bool,
}

impl Subject {
    /// Guesses of whoever knows an address of mail, or a person's id.
    pub(super) fn person(purpose: &'static str, who: &str) -> Subject {
        Subject { key: secrets::hashed(purpose, who), free: 5, wait_seconds: 60, forgiving: true }
    }

    /// Letters to an address, or by an account.
    pub(super) fn letters(purpose: &'static str, to: &str, free: i64) -> Subject {
        Subject { key: secrets::hashed(purpose, to), free, wait_seconds: 300, forgiving: true }
    }

    /// Guesses from an address; none for what everybody behind a proxy shares.
    pub(super) fn address(purpose: &'static str, address: Option<IpAddr>) -> Option<Subject> {
        let network = network(address?)?;
        Some(Subject { key: secrets::hashed(purpose, &network), free: 20, wait_seconds: 60, forgiving: false })
    }
}

/// A try that was counted.
pub(super) struct Try(Vec<Subject>);

/// The wait after so many tries, in seconds.
fn wait_seconds(subject: &Subject, tries: i64) -> i64 {
    let doublings = u32::try_from(tries - subject.free).ok();
    doublings.map_or(0, |doublings| subject.wait_seconds.saturating_mul(1 << doublings.min(30)).min(MAX_WAIT_SECONDS))
}

/// Counts a try.
///
/// # Errors
/// Code `too_many_sign_ins` with the seconds to wait.
pub(super) async fn begin(engine: &Engine, subjects: impl IntoIterator<Item = Subject>) -> Result<Try> {
    let mut subjects: Vec<Subject> = subjects.into_iter().collect();
    // In one order everywhere, so that no two wait for each other.
    subjects.sort_by(|one, other| one.key.cmp(&other.key));
    loop {
        let now = engine.now();
        let mut rows = Vec::with_capacity(subjects.len() + 1);
        for subject in &subjects {
            rows.push(counted(engine, subject, now).await?);
        }
        rows.push(swept(now));
        match engine.store().write(rows).await {
            Ok(_) => return Ok(Try(subjects)),
            // Somebody else tried. Each round counts one try at least, so soon there is one that has to wait.
            Err(Failure::Conflict) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
}

/// The row that counts one more try, as things stand.
async fn counted(engine: &Engine, subject: &Subject, now: Timestamp) -> Result<Statement> {
    const SQL: &str = "SELECT tries, free_at_us, at_us FROM sign_in_tries WHERE subject = $1";
    const FIRST: &str = "INSERT INTO sign_in_tries (subject, tries, free_at_us, at_us) VALUES ($1, 1, 0, $2) \
                         ON CONFLICT (subject) DO NOTHING";
    const NEXT: &str = "UPDATE sign_in_tries SET tries = $2, free_at_us = $3, at_us = $4 \
                        WHERE subject = $1 AND tries = $5 AND free_at_us = $6";
    let rows = engine.store().query(SQL, params![&*subject.key]).await?;
    let Some(row) = rows.first() else {
        return Ok(Statement::new(FIRST, params![&*subject.key, now.micros()]).expect_one());
    };
    let (known, free_at_us, at) = (row.int(0)?, row.int(1)?, Timestamp::from_micros(row.int(2)?));
    if free_at_us > now.micros() {
        counter!("scrip_sign_in_refusals_total", "reason" => "too_many_sign_ins").increment(1);
        return Err(Error::TooMany {
            code: "too_many_sign_ins",
            detail: "too many tries; wait before the next one".to_owned(),
            retry_after_seconds: (free_at_us - now.micros() - 1) / 1_000_000 + 1,
        });
    }
    let tries = if at.plus_seconds(KEEP_SECONDS) <= now { 1 } else { known + 1 };
    // Nodes' clocks differ a little: where there is no wait, no time is written.
    let next_us = match wait_seconds(subject, tries) {
        0 => 0,
        seconds => now.plus_seconds(seconds).micros(),
    };
    Ok(Statement::new(NEXT, params![&*subject.key, tries, next_us, now.micros(), known, free_at_us]).expect_one())
}

/// The row that drops what is too old to count.
fn swept(now: Timestamp) -> Statement {
    const SQL: &str = "DELETE FROM sign_in_tries WHERE subject IN \
         (SELECT subject FROM sign_in_tries WHERE at_us < $1 ORDER BY at_us LIMIT 20 FOR UPDATE SKIP LOCKED)";
    Statement::new(SQL, params![now.plus_seconds(-2 * KEEP_SECONDS).micros()])
}

impl Try {
    /// The rows of a try that worked.
    pub(super) fn worked(&self) -> Vec<Statement> {
        const FORGET: &str = "DELETE FROM sign_in_tries WHERE subject = $1";
        const TAKE_BACK: &str =
            "UPDATE sign_in_tries SET tries = tries - 1, free_at_us = 0 WHERE subject = $1 AND tries > 0";
        let row = |subject: &Subject| match subject.forgiving {
            true => Statement::new(FORGET, params![&*subject.key]),
            false => Statement::new(TAKE_BACK, params![&*subject.key]),
        };
        self.0.iter().map(row).collect()
    }
}

/// The network of an address that is one household's or one firm's; none of an address that says nothing.
fn network(address: IpAddr) -> Option<String> {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let shared = v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified();
            (!shared).then(|| v4.to_string())
        }
        IpAddr::V6(v6) => {
            let shared = v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified();
            // A customer has a whole network of 64 bits.
            (!shared).then(|| Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_one_before() {
        let subject = Subject::person("test", "a@b.de");
        // tries, seconds to wait
        let table = [(1, 0), (4, 0), (5, 60), (6, 120), (7, 240), (10, 1_920), (11, 3_600), (1_000, 3_600)];
        for (tries, seconds) in table {
            assert_eq!(wait_seconds(&subject, tries), seconds, "{tries}");
        }
    }

    #[test]
    fn an_address_is_a_network_or_nothing() {
        let table = [
            ("203.0.113.7", Some("203.0.113.7")),
            ("::ffff:203.0.113.7", Some("203.0.113.7")),
            ("2001:db8:1:2:3::4", Some("2001:db8:1:2::")),
            ("127.0.0.1", None),
            ("10.1.2.3", None),
            ("fd00::1", None),
        ];
        for (address, expected) in table {
            assert_eq!(network(address.parse().unwrap()).as_deref(), expected, "{address}");
        }
    }
}
