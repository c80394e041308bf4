//! Why a use case did not happen.

use std::borrow::Cow;

use store::{Failure, StoreError};
use thiserror::Error;

/// The answer of a use case.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a use case did not happen. Nothing changed, except after [`Failure::Unknown`].
#[derive(Debug, Clone, Error)]
pub enum Error {
    /// The ledger refused it, or its outcome is unknown.
    #[error(transparent)]
    Ledger(#[from] Failure),
    /// The database cannot be read.
    #[error("the database cannot be read now: {0}")]
    Unavailable(String),
    /// A gateway did not do it, or cannot be asked now; a text without secrets, which says whether money moved.
    #[error("{0}")]
    Gateway(String),
    /// There is no such thing, or not for this caller.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// It contradicts what is there.
    #[error("{detail}")]
    Conflict {
        /// The stable code callers match on.
        code: &'static str,
        /// What contradicts, and what to do.
        detail: String,
    },
    /// Whoever asks has not proved who they are, or not lately enough.
    #[error("{detail}")]
    Denied {
        /// The stable code callers match on.
        code: &'static str,
        /// What to do.
        detail: String,
    },
    /// Too often, or too much, for now.
    #[error("{detail}")]
    TooMany {
        /// The stable code callers match on.
        code: &'static str,
        /// What it is too many of.
        detail: String,
        /// Whole seconds after which it may be tried again.
        retry_after_seconds: i64,
    },
    /// A field is not as it must be.
    #[error("{param} {detail}")]
    Invalid {
        /// The field, as a dotted path.
        param: Cow<'static, str>,
        /// The stable code callers match on.
        code: &'static str,
        /// What it must be.
        detail: String,
    },
    /// Several fields are not as they must be; never empty.
    #[error("{}", listed(.0))]
    Fields(Vec<FieldError>),
    /// A setting keeps the engine from starting.
    #[error("{0}")]
    Misconfigured(String),
}

/// A field that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field, as a dotted path.
    pub param: String,
    /// The stable code callers match on.
    pub code: &'static str,
    /// What it must be.
    pub detail: String,
}

fn listed(errors: &[FieldError]) -> String {
    errors.iter().map(|error| format!("{} {}", error.param, error.detail)).collect::<Vec<_>>().join("; ")
}

impl Error {
    /// A field is not as it must be; code `invalid_field`.
    pub fn invalid(param: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Error {
        Error::Invalid { param: param.into(), code: "invalid_field", detail: detail.into() }
    }

    /// It contradicts what is there.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Error {
        Error::Conflict { code, detail: detail.into() }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Error::Unavailable(error.0)
    }
}

impl From<store::ColumnError> for Error {
    fn from(error: store::ColumnError) -> Self {
        Error::Unavailable(error.to_string())
    }
}
