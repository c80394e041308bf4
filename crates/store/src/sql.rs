//! The thin shim that lets cold SQL be written once for both engines.
//!
//! Statements use `$1 … $n` and the portable types BIGINT, TEXT, BLOB; times are BIGINT microseconds. Several statements
//! given together are one transaction; one that changes another number of rows than expected undoes them all. There is
//! no begin, execute, commit, and no query builder.

/// A value of a column or parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// TEXT.
    Text(String),
    /// BLOB, BYTEA.
    Blob(Vec<u8>),
}

/// One SQL statement with its parameters.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The text, with `$1 … $n`.
    pub sql: &'static str,
    /// Values of `$1 … $n`.
    pub params: Vec<Value>,
    /// How many rows it must change; `None`: any number.
    pub expected_rows: Option<u64>,
}

impl Statement {
    /// A statement that may change any number of rows.
    pub fn new(sql: &'static str, params: impl Into<Vec<Value>>) -> Self {
        Statement { sql, params: params.into(), expected_rows: None }
    }

    /// The same, which must change exactly one row; otherwise nothing of its transaction happens.
    #[must_use]
    pub fn expect_one(mut self) -> Self {
        self.expected_rows = Some(1);
        self
    }
}

/// A row of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(pub Vec<Value>);

/// A column holds another type than the code expects: the schema and the code disagree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column} holds {found}, expected {expected}")]
pub struct ColumnError {
    column: usize,
    found: String,
    expected: &'static str,
}

impl Row {
    fn wrong(&self, column: usize, expected: &'static str) -> ColumnError {
        let found = match self.0.get(column) {
            None => "nothing",
            Some(Value::Null) => "NULL",
            Some(Value::Int(_)) => "an integer",
            Some(Value::Text(_)) => "a text",
            Some(Value::Blob(_)) => "bytes",
        };
        ColumnError { column, found: found.to_owned(), expected }
    }

    /// An integer.
    pub fn int(&self, column: usize) -> Result<i64, ColumnError> {
        self.optional_int(column)?.ok_or_else(|| self.wrong(column, "an integer"))
    }

    /// An integer or NULL.
    pub fn optional_int(&self, column: usize) -> Result<Option<i64>, ColumnError> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            Some(Value::Int(value)) => Ok(Some(*value)),
            _ => Err(self.wrong(column, "an integer")),
        }
    }

    /// A text.
    pub fn text(&self, column: usize) -> Result<&str, ColumnError> {
        self.optional_text(column)?.ok_or_else(|| self.wrong(column, "a text"))
    }

    /// A text or NULL.
    pub fn optional_text(&self, column: usize) -> Result<Option<&str>, ColumnError> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            Some(Value::Text(value)) => Ok(Some(value)),
            _ => Err(self.wrong(column, "a text")),
        }
    }

    /// Bytes.
    pub fn blob(&self, column: usize) -> Result<&[u8], ColumnError> {
        match self.0.get(column) {
            Some(Value::Blob(value)) => Ok(value),
            _ => Err(self.wrong(column, "bytes")),
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Int(value.into())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Value::Blob(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Value::Blob(value.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// Builds the parameters of a statement: `params![id, 5, None::<i64>]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::Value::from($value)),*] };
}
