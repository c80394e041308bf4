//! `PayPal-Request-Id`: a repeat gets the result of the first request, with status 200.
//!
//! An id belongs to one operation (method and path), as the lists of PayPal's documentation keep them apart. What was
//! done (2xx) and what was refused by a business rule (422) is kept; what never began (400, 401, 404, 409, 429, 5xx)
//! is not, so the same id is executed then. The body of a repeat is not looked at, as at PayPal: an id that is used
//! again for something else gets the old result.

use std::collections::HashMap;

use axum::http::StatusCode;
use serde_json::Value;

use super::error::ApiError;

/// What the execution came to.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub status: StatusCode,
    pub result: Result<Value, ApiError>,
}

#[derive(Debug)]
struct Entry {
    /// `None` while it runs.
    stored: Option<Stored>,
    forgotten_at_s: i64,
}

/// All request ids of the account, by operation and id.
#[derive(Debug, Default)]
pub(crate) struct RequestIds(HashMap<(String, String), Entry>);

impl RequestIds {
    /// Takes the id for `ttl_seconds`, or gives the result of its first request.
    ///
    /// # Errors
    /// 409 `PREVIOUS_REQUEST_IN_PROGRESS` while the first is running.
    pub fn begin(&mut self, key: &(String, String), now_s: i64, ttl_s: i64) -> Result<Option<Stored>, ApiError> {
        self.0.retain(|_, entry| entry.stored.is_none() || entry.forgotten_at_s > now_s);
        match self.0.get(key) {
            None => {
                self.0.insert(key.clone(), Entry { stored: None, forgotten_at_s: now_s + ttl_s });
                Ok(None)
            }
            Some(Entry { stored: None, .. }) => Err(in_use()),
            Some(Entry { stored, .. }) => Ok(stored.clone()),
        }
    }

    /// Ends the execution that holds the id: its result is kept, or the id is given back.
    pub fn finish(&mut self, key: &(String, String), stored: Option<Stored>) {
        match (stored, self.0.get_mut(key)) {
            (Some(stored), Some(entry)) => entry.stored = Some(stored),
            _ => {
                self.0.remove(key);
            }
        }
    }

    /// Forgets all ids, as happens after their time.
    pub fn expire(&mut self) {
        self.0.clear();
    }
}

/// 409: the first request with the id is still running.
pub(crate) fn in_use() -> ApiError {
    ApiError::issue("PREVIOUS_REQUEST_IN_PROGRESS", "A request with this PayPal-Request-Id is running. Repeat later.")
}

/// Whether a result is kept.
pub(crate) fn is_kept(result: &Result<Value, ApiError>) -> bool {
    result.as_ref().err().is_none_or(|error| error.status == StatusCode::UNPROCESSABLE_ENTITY)
}
