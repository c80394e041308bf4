//! How a command ends: the exit codes of the contract, with a message that says what to do.
//!
//! 0 ok, 1 the thing checked is wrong, 2 usage, 3 authentication, 4 not found, 5 conflict, 6 refused by a rule,
//! 7 unavailable. Every command returns `Result<(), Exit>`; nothing else decides a code.

use std::fmt;
use std::process::ExitCode;

/// Why a command did not succeed. The numbers are the process's exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// The thing checked is wrong: a difference, an invalid configuration, a balance that does not match.
    Wrong = 1,
    /// The command was called with something that cannot work: a bad option, an unreadable file, a malformed request.
    Usage = 2,
    /// The key is missing, unknown, or may not do this (401, 403).
    Authentication = 3,
    /// The thing named is not there (404).
    NotFound = 4,
    /// It is there already, or in another state (409).
    Conflict = 5,
    /// A rule refused it: not enough credits (402), a field the rules do not allow (422).
    Refused = 6,
    /// The server is not there, is overloaded or failed (no connection, 429, 5xx): the same command may be run again.
    Unavailable = 7,
}

/// The end of a command that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// Which exit code.
    pub reason: Reason,
    /// What went wrong and what to do, for a person.
    pub message: String,
}

impl Exit {
    /// An end with a message.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Exit { reason, message: message.into() }
    }

    /// Exit code 1.
    pub fn wrong(message: impl Into<String>) -> Self {
        Exit::new(Reason::Wrong, message)
    }

    /// Exit code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Exit::new(Reason::Usage, message)
    }

    /// Exit code 7.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Exit::new(Reason::Unavailable, message)
    }

    /// The reason that an HTTP status stands for; `None` for 1xx to 3xx.
    ///
    /// 422 is a rule (exit 6): the request was understood and refused. 400, 405, 413, 415 mean that the request itself
    /// cannot work (exit 2). 429 may be repeated later, like 5xx (exit 7).
    pub const fn reason_of_status(status: u16) -> Option<Reason> {
        match status {
            401 | 403 => Some(Reason::Authentication),
            402 | 422 => Some(Reason::Refused),
            404 | 410 => Some(Reason::NotFound),
            409 => Some(Reason::Conflict),
            408 | 425 | 429 => Some(Reason::Unavailable),
            400..=499 => Some(Reason::Usage),
            500.. => Some(Reason::Unavailable),
            _ => None,
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Exit {}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.reason as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_become_exit_codes() {
        let table = [
            (200, None),
            (202, None),
            (303, None),
            (400, Some(2)),
            (401, Some(3)),
            (402, Some(6)),
            (403, Some(3)),
            (404, Some(4)),
            (405, Some(2)),
            (409, Some(5)),
            (413, Some(2)),
            (415, Some(2)),
            (422, Some(6)),
            (429, Some(7)),
            (500, Some(7)),
            (503, Some(7)),
        ];
        for (status, code) in table {
            assert_eq!(Exit::reason_of_status(status).map(|reason| reason as u8), code, "{status}");
        }
    }
}
