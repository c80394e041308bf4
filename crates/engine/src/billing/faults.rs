//! Every field of a form that is not as it must be, collected so that a person sees them at once.

use crate::error::FieldError;
use crate::{Error, Result};

/// Collects faults.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<FieldError>);

impl Faults {
    /// A field is not as it must be.
    pub(super) fn push(&mut self, param: impl Into<String>, detail: impl Into<String>) {
        self.0.push(FieldError { param: param.into(), code: "invalid_field", detail: detail.into() });
    }

    /// The value of a field, or `None` and its fault is noted.
    pub(super) fn keep<T>(&mut self, param: &str, value: std::result::Result<T, String>) -> Option<T> {
        value.map_err(|detail| self.push(param, detail)).ok()
    }

    /// The same for an error of a rule that knows its field.
    pub(super) fn keep_at<T>(&mut self, param: &str, value: Result<T>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(Error::Invalid { code, detail, .. }) => {
                self.0.push(FieldError { param: param.to_owned(), code, detail });
                None
            }
            Err(other) => {
                self.push(param, other.to_string());
                None
            }
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The form's value, when nothing was noted and every part of it is there.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Error::Fields(self.0)),
        }
    }
}
