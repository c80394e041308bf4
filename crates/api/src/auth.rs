//! Who calls, as extractors: a handler that takes one cannot forget to ask.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use engine::keys::{Key, Scope};
use engine::{Call, Engine, Error};
use http::header;
use http::request::Parts;

use crate::problem::Problem;
use crate::request::IdempotencyKey;

/// A valid key, an operator's or an account's.
pub struct Caller(Arc<Key>);

/// A valid operator key.
pub struct Operator(Caller);

/// The key of the header `Authorization: Bearer …`; the scheme's name may be in any case.
///
/// # Errors
/// 401, and 503 when keys cannot be looked up.
pub async fn authenticate(parts: &Parts, engine: &Engine) -> Result<Arc<Key>, Problem> {
    let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim_start_matches(' '))
    });
    let key = match token {
        Some(token) => engine.keys().authenticate(token).await?,
        None => None,
    };
    key.ok_or_else(Problem::unauthenticated)
}

impl FromRequestParts<Engine> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, engine: &Engine) -> Result<Self, Problem> {
        authenticate(parts, engine).await.map(Caller)
    }
}

impl FromRequestParts<Engine> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, engine: &Engine) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, engine).await?;
        match caller.0.account {
            None => Ok(Operator(caller)),
            Some(_) => Err(Problem::forbidden("this needs an operator key (sk_…)")),
        }
    }
}

impl Operator {
    /// What the ledger records, without an idempotency key.
    pub fn call(&self) -> Call {
        self.0.call(None)
    }

    /// The same, with one.
    pub fn keyed(&self, key: IdempotencyKey) -> Call {
        self.0.call(Some(key))
    }
}

impl Caller {
    /// What the ledger records.
    pub fn call(&self, key: Option<IdempotencyKey>) -> Call {
        Call { actor: Arc::clone(&self.0.actor), key: key.map(|key| key.0) }
    }

    /// The key.
    pub fn key(&self) -> &Key {
        &self.0
    }

    /// Whether the key may do this at all.
    ///
    /// # Errors
    /// 403 for an account's key without the scope.
    pub fn may(&self, scope: Scope) -> Result<(), Problem> {
        if self.0.account.is_none() || self.0.scopes.contains(scope) {
            return Ok(());
        }
        Err(Problem::forbidden(format!("this needs a key with the scope {}", scope.name())))
    }

    /// The account a request is about: the named one, or the key's own.
    ///
    /// # Errors
    /// 404 for another account than the key's own, 422 when an operator names none.
    pub fn account<'a>(&'a self, named: Option<&'a str>) -> Result<&'a str, Problem> {
        match (&self.0.account, named) {
            (None, Some(named)) => Ok(named),
            (None, None) => Err(Problem::field("account", "must be given")),
            (Some(own), None) => Ok(own),
            (Some(own), Some(named)) if **own == *named => Ok(own),
            (Some(_), Some(_)) => Err(Problem::not_found("account")),
        }
    }

    /// Whether something of this account may be seen. Of another account than the key's own, nothing is.
    ///
    /// # Errors
    /// 404 naming `what`.
    pub fn owns(&self, account: &str, what: &str) -> Result<(), Problem> {
        match &self.0.account {
            Some(own) if **own != *account => Err(Problem::not_found(what)),
            _ => Ok(()),
        }
    }

    /// An error as this caller is told it.
    pub fn problem(&self, error: Error) -> Problem {
        let problem = Problem::from(error);
        if self.0.account.is_some() { problem.for_account_key() } else { problem }
    }
}
