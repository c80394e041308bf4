//! On the engine that the environment names, as every other test.

use super::*;

/// What is at the place of a database: the file or folder on SQLite, the database on PostgreSQL.
fn is_there(database: &Place) -> bool {
    match database {
        Place::Sqlite { _folder, .. } => _folder.path().is_dir(),
        Place::Postgres { server, name } => exists(server, name),
    }
}

fn exists(server: &Server, name: &str) -> bool {
    let count = async |client: &tokio_postgres::Client| {
        let rows = client.query("SELECT 1 FROM pg_database WHERE datname = $1", &[&name]).await;
        rows.map(|rows| rows.len()).map_err(|error| error.to_string())
    };
    server.with_client("postgres", count).unwrap() == 1
}

fn execute(server: &Server, database: &str, sql: &str) -> Result<(), String> {
    let run =
        async |client: &tokio_postgres::Client| client.batch_execute(sql).await.map_err(|error| error.to_string());
    server.with_client(database, run)
}

#[test]
fn it_is_on_the_engine_that_the_environment_names() {
    let database = Database::new();
    let expected = variable(POSTGRES_VARIABLE);
    assert_eq!(database.is_postgres(), expected.is_some());
    match expected {
        Some(server) => {
            assert!(database.url().starts_with(&format!("{}/t_", server.trim_end_matches('/'))), "{}", database.url());
            assert_eq!(database.path(), None);
        }
        None => assert_eq!(database.url(), format!("sqlite:{}", database.path().unwrap().display())),
    }
}

#[test]
fn each_has_a_place_of_its_own_that_ends_with_it() {
    let (one, two) = (Database::new(), Database::empty());
    assert_ne!(one.url(), two.url());
    assert!(is_there(&one.0) && is_there(&two.0));
    let gone = match &one.0 {
        Place::Sqlite { path, .. } => Err(path.parent().unwrap().to_owned()),
        Place::Postgres { server, name } => Ok((server.clone(), name.clone())),
    };
    drop(one);
    match gone {
        Err(folder) => assert!(!folder.exists()),
        Ok((server, name)) => assert!(!exists(&server, &name)),
    }
    assert!(is_there(&two.0));
}

#[test]
fn a_template_is_copied_and_an_empty_one_is_not() {
    let database = Database::new();
    let Place::Postgres { server, name: template } = &database.0 else { return };
    execute(server, template, "CREATE TABLE of_the_template (a BIGINT)").unwrap();
    let copy = Database::from_template(Some(template));
    let empty = Database::from_template(None);
    for (copied, expected) in [(&copy, true), (&empty, false)] {
        let Place::Postgres { name, .. } = &copied.0 else { panic!("on another engine") };
        assert_eq!(execute(server, name, "SELECT a FROM of_the_template").is_ok(), expected);
    }
}

#[test]
fn it_goes_although_somebody_is_connected() {
    let database = Database::new();
    let Place::Postgres { server, name } = &database.0 else { return };
    let (server, name) = (server.clone(), name.clone());
    let left = server.with_client(&name, async |client| {
        drop(database);
        Ok(client.batch_execute("SELECT 1").await.is_err())
    });
    assert_eq!(left, Ok(true), "the connection is cut");
    assert!(!exists(&server, &name));
}

#[tokio::test]
async fn it_works_on_the_thread_of_a_runtime() {
    drop(Database::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_in_a_runtime_of_many_threads() {
    drop(tokio::spawn(async { Database::new() }).await.unwrap());
}
