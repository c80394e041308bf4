//! Public identifiers of entries, lots and holds: `ent_1h7k2q_15` is entry 15 of the account with the short number
//! `1h7k2q`.
//!
//! They carry where the thing is, so that finding it costs no index. Callers must treat them as opaque. Invariant: one
//! thing has one text; [`LocalId::parse`] accepts nothing else. Deliberately absent: account ids, which callers choose.

use std::fmt;

use ledger::AccountNo;

/// Crockford's base 32 in lower case: no i, l, o, u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Short numbers of accounts are below this.
pub const ACCOUNT_NO_END: AccountNo = 1 << 40;

/// What an identifier names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdKind {
    /// `ent_…`: a transaction.
    Entry,
    /// `lot_…`: a lot, numbered by the transaction that granted it.
    Lot,
    /// `hold_…`: a hold, numbered by the transaction that placed it.
    Hold,
}

impl IdKind {
    const fn prefix(self) -> &'static str {
        match self {
            IdKind::Entry => "ent_",
            IdKind::Lot => "lot_",
            IdKind::Hold => "hold_",
        }
    }
}

/// An entry, lot or hold of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LocalId {
    /// What it names.
    pub kind: IdKind,
    /// Short number of the account.
    pub account_no: AccountNo,
    /// `seq` of the transaction, from 1.
    pub number: u64,
}

impl LocalId {
    /// Reads an identifier of this kind; `None` for anything but the one way to write it.
    pub fn parse(kind: IdKind, text: &str) -> Option<LocalId> {
        let (account, number) = text.strip_prefix(kind.prefix())?.split_once('_')?;
        let id = LocalId { kind, account_no: parse_base32(account)?, number: parse_number(number)? };
        (id.account_no < ACCOUNT_NO_END).then_some(id)
    }
}

fn parse_base32(text: &str) -> Option<u64> {
    let canonical = (1..=8).contains(&text.len()) && !text.starts_with('0');
    let add = |value: u64, byte: u8| {
        let digit = ALPHABET.iter().position(|&known| known == byte)?;
        Some(value << 5 | digit as u64)
    };
    if canonical { text.bytes().try_fold(0, add) } else { None }
}

fn parse_number(text: &str) -> Option<u64> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if canonical { text.parse().ok().filter(|&number| i64::try_from(number).is_ok()) } else { None }
}

impl fmt::Display for LocalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.prefix())?;
        let digits = (64 - self.account_no.leading_zeros()).div_ceil(5).max(1);
        for place in (0..digits).rev() {
            let digit = usize::try_from(self.account_no >> (5 * place) & 31).unwrap_or_default();
            fmt::Write::write_char(f, char::from(ALPHABET[digit]))?;
        }
        write!(f, "_{}", self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let cases = [
            (IdKind::Entry, 1, 1, "ent_1_1"),
            (IdKind::Lot, 31, 10, "lot_z_10"),
            (IdKind::Hold, 32, 7, "hold_10_7"),
            (IdKind::Entry, ACCOUNT_NO_END - 1, i64::MAX as u64, "ent_zzzzzzzz_9223372036854775807"),
        ];
        for (kind, account_no, number, text) in cases {
            let id = LocalId { kind, account_no, number };
            assert_eq!(id.to_string(), text);
            assert_eq!(LocalId::parse(kind, text), Some(id), "{text}");
        }
    }

    #[test]
    fn nothing_else_is_read() {
        let cases = [
            "",
            "ent_",
            "ent_1",
            "ent_1_",
            "ent__1",
            "ent_1_0",
            "ent_1_01",
            "ent_01_1",
            "ent_0_1",
            "ent_1_+1",
            "ent_1_-1",
            "ent_1_1_1",
            "ent_1_1 ",
            " ent_1_1",
            "ENT_1_1",
            "ent_A_1",
            "ent_i_1",
            "ent_u_1",
            "lot_1_1",
            "ent_1-1",
            "ent_100000000_1",
            "ent_1_9223372036854775808",
            "ent_1_99999999999999999999",
            "ent_1_１",
            "ent_é_1",
        ];
        for text in cases {
            assert_eq!(LocalId::parse(IdKind::Entry, text), None, "{text:?}");
        }
    }
}
