//! Why a request has no page of its own. It becomes one in the person's language: see [`crate::frame`].

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use engine::Error;
use store::Failure as StoreFailure;

/// Why a request has no page of its own. Travels as a response extension.
#[derive(Clone, Debug)]
pub enum Failure {
    /// Nobody is signed in, or no longer: sign in, then come back here.
    SignIn {
        /// Path and query to come back to.
        next: String,
    },
    /// Who is signed in is a member of no account.
    NoAccount,
    /// There is no such page, or not for this person.
    NotFound,
    /// The person's role does not allow it.
    Forbidden,
    /// The form was not made for this session, or comes from another site: show it again.
    Stale,
    /// The request cannot be read.
    Unreadable,
    /// Too often: wait.
    Busy {
        /// Whole seconds.
        retry_after_seconds: i64,
    },
    /// The database or a gateway does not answer now. The text is for the log.
    Unavailable(String),
    /// A defect. The text is for the log.
    Internal(String),
}

impl Failure {
    /// The status of its page.
    pub const fn status(&self) -> StatusCode {
        match self {
            Failure::SignIn { .. } => StatusCode::SEE_OTHER,
            Failure::NotFound => StatusCode::NOT_FOUND,
            Failure::NoAccount | Failure::Forbidden | Failure::Stale => StatusCode::FORBIDDEN,
            Failure::Unreadable => StatusCode::BAD_REQUEST,
            Failure::Busy { .. } => StatusCode::TOO_MANY_REQUESTS,
            Failure::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Failure::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The end of the keys of its texts.
    pub const fn name(&self) -> &'static str {
        match self {
            Failure::SignIn { .. } => "sign-in",
            Failure::NoAccount => "no-account",
            Failure::NotFound => "not-found",
            Failure::Forbidden => "forbidden",
            Failure::Stale => "stale",
            Failure::Unreadable => "unreadable",
            Failure::Busy { .. } => "busy",
            Failure::Unavailable(_) => "unavailable",
            Failure::Internal(_) => "internal",
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::NotFound(_) | Error::Ledger(StoreFailure::UnknownAccount) => Failure::NotFound,
            Error::TooMany { retry_after_seconds, .. } => Failure::Busy { retry_after_seconds },
            Error::Unavailable(why) => Failure::Unavailable(why),
            Error::Gateway(why) => Failure::Unavailable(why),
            Error::Ledger(failure) => failure.into(),
            // What a person can mend is told by the screen before it comes here.
            other => Failure::Internal(other.to_string()),
        }
    }
}

impl From<StoreFailure> for Failure {
    fn from(failure: StoreFailure) -> Failure {
        match failure {
            StoreFailure::UnknownAccount => Failure::NotFound,
            StoreFailure::Refused { .. } | StoreFailure::KeyReuse | StoreFailure::Conflict => {
                Failure::Internal(failure.to_string())
            }
            _ => Failure::Unavailable(failure.to_string()),
        }
    }
}

impl From<store::StoreError> for Failure {
    fn from(error: store::StoreError) -> Failure {
        Failure::Unavailable(error.0)
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Failure {
        Failure::Internal(error.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
