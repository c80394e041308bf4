//! Idempotency keys, as the documentation of the real API describes them.
//!
//! A key is taken when execution begins. What execution came to is kept whatever it was, a decline or
//! a 500 included, and answered to every repeat; what was refused before execution (validation, 401,
//! 409, 429) leaves no trace. Absent: pruning after 24 hours; [`Keys::expire`] plays it.

use std::collections::HashMap;

use axum::http::StatusCode;
use serde_json::Value;

use super::error::ApiError;

/// An answer as it was given, kept for repeats.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub status: StatusCode,
    pub body: Value,
    pub should_retry: Option<bool>,
    pub request_id: String,
}

#[derive(Debug)]
struct Entry {
    operation: String,
    params: Value,
    answer: Option<Stored>,
}

/// All keys of the account.
#[derive(Debug, Default)]
pub(crate) struct Keys(HashMap<String, Entry>);

impl Keys {
    /// Takes the key for a request, or gives the stored answer of the first one.
    ///
    /// # Errors
    /// 400 `idempotency_error` for another request, 409 while the first is running.
    pub fn begin(&mut self, key: &str, operation: &str, params: &Value) -> Result<Option<Stored>, ApiError> {
        let Some(entry) = self.0.get(key) else {
            let entry = Entry { operation: operation.to_owned(), params: params.clone(), answer: None };
            self.0.insert(key.to_owned(), entry);
            return Ok(None);
        };
        if entry.operation != operation || entry.params != *params {
            return Err(ApiError::idempotency(format!(
                "Keys for idempotent requests can only be used with the same parameters and endpoint they were first \
                 used with ({}). Use another key than '{key}' for another request.",
                entry.operation
            )));
        }
        entry.answer.clone().map(Some).ok_or_else(ApiError::key_in_use)
    }

    /// Keeps the answer of the execution that holds the key.
    pub fn finish(&mut self, key: &str, answer: Stored) {
        if let Some(entry) = self.0.get_mut(key) {
            entry.answer = Some(answer);
        }
    }

    /// Gives the key back: execution did not begin.
    pub fn release(&mut self, key: &str) {
        self.0.remove(key);
    }

    /// Forgets all keys, as happens after their 24 hours.
    pub fn expire(&mut self) {
        self.0.clear();
    }
}
