//! Cold SQL on SQLite: runs the portable statements of [`crate::sql`].

use std::borrow::Cow;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql};

use crate::executor::Written;
use crate::{Failure, Row, Statement, Value};

/// Runs statements inside the running transaction: all, or none when one changes another number of rows than expected
/// or breaks a constraint.
pub(super) fn write(conn: &Connection, statements: &[Statement]) -> rusqlite::Result<Written> {
    conn.prepare_cached("SAVEPOINT rows")?.execute([])?;
    let mut changed = Vec::with_capacity(statements.len());
    for statement in statements {
        let refused = match change(conn, statement) {
            Ok(count) => {
                changed.push(count);
                statement.expected_rows.is_some_and(|expected| expected != count)
            }
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => true,
            Err(error) => return Err(error),
        };
        if refused {
            conn.prepare_cached("ROLLBACK TO rows")?.execute([])?;
            conn.prepare_cached("RELEASE rows")?.execute([])?;
            return Ok(Err(Failure::Conflict));
        }
    }
    conn.prepare_cached("RELEASE rows")?.execute([])?;
    Ok(Ok(changed))
}

fn change(conn: &Connection, statement: &Statement) -> rusqlite::Result<u64> {
    let mut prepared = conn.prepare_cached(&without_row_locks(statement.sql))?;
    bind(&mut prepared, &statement.params)?;
    prepared.raw_execute().map(|count| count as u64)
}

/// SQLite does not know this suffix of a `SELECT` and does not need it: it has one writer, so no row is ever locked by
/// another. It is the one piece of portable SQL that is not sent as it stands.
const ROW_LOCKS: &str = " FOR UPDATE SKIP LOCKED";

fn without_row_locks(sql: &'static str) -> Cow<'static, str> {
    if sql.contains(ROW_LOCKS) { sql.replace(ROW_LOCKS, "").into() } else { sql.into() }
}

/// Runs a query.
pub(super) fn query(conn: &Connection, sql: &str, params: &[Value]) -> rusqlite::Result<Vec<Row>> {
    let mut prepared = conn.prepare_cached(sql)?;
    bind(&mut prepared, params)?;
    let columns = prepared.column_count();
    let mut found = prepared.raw_query();
    let mut answer = Vec::new();
    while let Some(row) = found.next()? {
        let values = (0..columns).map(|column| row.get_ref(column).and_then(value)).collect::<Result<_, _>>()?;
        answer.push(Row(values));
    }
    Ok(answer)
}

/// `$1 … $n` are names to SQLite: each value goes to the parameter of its name, wherever that stands.
fn bind(statement: &mut rusqlite::Statement<'_>, params: &[Value]) -> rusqlite::Result<()> {
    for (number, value) in (1..).zip(params) {
        let name = format!("${number}");
        match statement.parameter_index(&name)? {
            Some(index) => statement.raw_bind_parameter(index, value)?,
            None => return Err(rusqlite::Error::InvalidParameterName(name)),
        }
    }
    Ok(())
}

/// A column of a row.
pub(super) fn value(value: ValueRef<'_>) -> rusqlite::Result<Value> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Text(_) => Value::Text(value.as_str()?.to_owned()),
        ValueRef::Blob(value) => Value::Blob(value.to_vec()),
        ValueRef::Real(_) => return Err(rusqlite::Error::InvalidParameterName("a float in the database".to_owned())),
    })
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params;

    #[test]
    fn row_locks_are_left_out_wherever_they_stand() {
        const TAKE: &str = "UPDATE jobs SET holder = $2 WHERE name IN \
                            (SELECT name FROM jobs WHERE name = $1 AND holder = '' FOR UPDATE SKIP LOCKED)";
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE jobs (name TEXT, holder TEXT); INSERT INTO jobs VALUES ('a', ''), ('b', '');")
            .unwrap();
        for (name, changed) in [("a", 1), ("a", 0), ("c", 0), ("b", 1)] {
            let statement = Statement::new(TAKE, params![name, "me"]);
            assert_eq!(write(&conn, &[statement]).unwrap().unwrap(), [changed], "{name}");
        }
        assert_eq!(without_row_locks("SELECT 1"), "SELECT 1");
    }
}
