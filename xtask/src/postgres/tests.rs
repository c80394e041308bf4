//! With a real server where PostgreSQL is installed; a test installs nothing.

use std::net::TcpStream;

use super::*;

fn started(settings: &Settings) -> Option<Server> {
    let until = Instant::now() + Duration::from_secs(120);
    let programs = Programs::find().unwrap().or_else(|| {
        eprintln!("{MISSING}");
        None
    })?;
    let mut server = Server::prepare(programs, settings, until).unwrap();
    server.restart().unwrap();
    Some(server)
}

#[test]
fn what_was_committed_survives_every_end() {
    let Some(mut server) = started(&Settings::durable()) else { return };
    server.create_database("ledger").unwrap();
    server.sql("ledger", "CREATE TABLE rows (number BIGINT)").unwrap();
    for (number, end) in [Server::kill9, Server::stop].into_iter().enumerate() {
        server.sql("ledger", &format!("INSERT INTO rows VALUES ({number})")).unwrap();
        end(&mut server).unwrap();
        assert!(TcpStream::connect(("127.0.0.1", server.port)).is_err());
        assert!(server.sql("ledger", "SELECT 1").is_err());
        server.restart().unwrap();
    }
    assert_eq!(server.sql("ledger", "SELECT number FROM rows ORDER BY number").unwrap(), "0\n1");
    assert!(server.restart().unwrap_err().to_string().contains("runs already"));

    let (folder, port) = (server.folder.clone(), server.port);
    assert!(folder.is_dir());
    drop(server);
    assert!(!folder.exists() && TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn settings_reach_the_server() {
    let Some(server) = started(&Settings::fast().with("max_connections", "17").with("cluster_name", "it's")) else {
        return;
    };
    let table = [
        ("fsync", "off"),
        ("synchronous_commit", "off"),
        ("full_page_writes", "off"),
        ("max_connections", "17"),
        ("cluster_name", "it's"),
        ("listen_addresses", "127.0.0.1"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
    ];
    for (name, value) in table {
        assert_eq!(server.sql("postgres", &format!("SHOW {name}")).unwrap(), value, "{name}");
    }
    let error = server.sql("postgres", "SELECT no_such_column").unwrap_err();
    assert!(format!("{error:#}").contains("no_such_column"), "{error:#}");
    assert!(server.url_of("a").starts_with("postgres://scrip@127.0.0.1:") && server.port < 32768);
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let until = Instant::now() + Duration::from_secs(120);
    let Some(programs) = Programs::find().unwrap() else { return };
    let mut server = Server::prepare(programs, &Settings::fast().with("no_such_setting", "1"), until).unwrap();
    let error = server.restart().unwrap_err().to_string();
    assert!(error.contains("no_such_setting"), "{error}");
}

#[test]
fn a_standby_has_what_was_committed_and_takes_over() {
    let Some(mut primary) = started(&Settings::fast()) else { return };
    primary.create_database("ledger").unwrap();
    let until = Instant::now() + Duration::from_secs(120);
    let standby = primary.synchronous_standby(until).unwrap();
    primary.sql("ledger", "SET synchronous_commit = on; CREATE TABLE rows (number BIGINT)").unwrap();
    primary.sql("ledger", "SET synchronous_commit = on; INSERT INTO rows VALUES (7)").unwrap();
    assert!(standby.sql("ledger", "INSERT INTO rows VALUES (8)").is_err(), "a standby takes no writes");

    let frozen = primary.freeze_wal_sender().unwrap();
    assert_eq!(primary.sql("ledger", "SELECT number FROM rows").unwrap(), "7", "reads go on");
    primary.kill9().unwrap();
    drop(frozen);
    standby.promote().unwrap();
    assert_eq!(standby.sql("ledger", "SELECT number FROM rows").unwrap(), "7");
    standby.sql("ledger", "INSERT INTO rows VALUES (9)").unwrap();
    let url = primary.url_of_either(&standby, "ledger");
    assert!(url.contains(&format!("@127.0.0.1:{},127.0.0.1:{}/ledger?", primary.port, standby.port)), "{url}");
}
