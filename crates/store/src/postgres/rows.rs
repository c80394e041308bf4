//! Cold SQL on PostgreSQL: runs the portable statements of [`crate::sql`].
//!
//! Statements are sent with the types of their values and without a name, so they work behind a transaction pooler.

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Error, GenericClient};

use crate::executor::Written;
use crate::{Failure, Row, Statement, Value};

/// Runs statements inside the running transaction: all, or none when one changes another number of rows than expected
/// or breaks a constraint.
pub(super) async fn write(client: &impl GenericClient, statements: &[Statement]) -> Result<Written, Error> {
    client.batch_execute("SAVEPOINT rows").await?;
    let mut changed = Vec::with_capacity(statements.len());
    for statement in statements {
        let refused = match client.execute_typed(statement.sql, &typed(&statement.params)).await {
            Ok(count) => {
                changed.push(count);
                statement.expected_rows.is_some_and(|expected| expected != count)
            }
            Err(error) if is_constraint(&error) => true,
            Err(error) => return Err(error),
        };
        if refused {
            client.batch_execute("ROLLBACK TO rows; RELEASE rows").await?;
            return Ok(Err(Failure::Conflict));
        }
    }
    client.batch_execute("RELEASE rows").await?;
    Ok(Ok(changed))
}

/// Runs a query.
pub(super) async fn query(client: &impl GenericClient, sql: &str, params: &[Value]) -> Result<Vec<Row>, String> {
    let found = client.query_typed(sql, &typed(params)).await.map_err(|error| super::access::chain(&error))?;
    found.iter().map(|row| (0..row.len()).map(|column| value(row, column)).collect::<Result<_, _>>().map(Row)).collect()
}

/// Class 23: a constraint is broken.
fn is_constraint(error: &Error) -> bool {
    error.code().is_some_and(|code| code.code().starts_with("23"))
}

fn typed(params: &[Value]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    params.iter().map(|value| (value as &(dyn ToSql + Sync), type_of(value))).collect()
}

fn type_of(value: &Value) -> Type {
    match value {
        // The server works out what is missing.
        Value::Null => Type::UNKNOWN,
        Value::Int(_) => Type::INT8,
        Value::Text(_) => Type::TEXT,
        Value::Blob(_) => Type::BYTEA,
    }
}

/// A column of a row.
pub(super) fn value(row: &tokio_postgres::Row, column: usize) -> Result<Value, String> {
    let wrong = |error: Error| format!("column {column}: {error}");
    let found = match *row.columns()[column].type_() {
        Type::INT8 => row.try_get::<_, Option<i64>>(column).map_err(wrong)?.map(Value::Int),
        Type::INT4 => row.try_get::<_, Option<i32>>(column).map_err(wrong)?.map(|value| Value::Int(value.into())),
        Type::BOOL => row.try_get::<_, Option<bool>>(column).map_err(wrong)?.map(|value| Value::Int(value.into())),
        Type::TEXT => row.try_get::<_, Option<String>>(column).map_err(wrong)?.map(Value::Text),
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(column).map_err(wrong)?.map(Value::Blob),
        ref other => return Err(format!("column {column} has the type {other}; cast it to BIGINT, TEXT or bytes")),
    };
    Ok(found.unwrap_or(Value::Null))
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(value) => value.to_sql(kind, out),
            Value::Text(value) => value.to_sql(kind, out),
            Value::Blob(value) => value.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::UNKNOWN | Type::INT8 | Type::TEXT | Type::BYTEA)
    }

    to_sql_checked!();
}
