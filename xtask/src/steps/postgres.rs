//! The tests that touch a database, on PostgreSQL: the same source as on SQLite, with a server named in the environment.

use std::time::Instant;

use anyhow::Result;

use super::cargo;
use crate::postgres::{MISSING, Server, Settings};
use crate::report::Outcome;
use crate::{server, sh};

/// What every test's database is a copy of.
const TEMPLATE: &str = "scrip_template";

/// Starts a server, has the built binary make the schema once, and runs the tests.
pub fn test(until: Instant) -> Result<Outcome> {
    let Some(postgres) = Server::start(&Settings::fast(), until)? else {
        return Ok(Outcome::Skipped(MISSING.to_owned()));
    };
    postgres.create_database(TEMPLATE)?;
    let mut migrate = server::scrip(&["migrate"])?;
    migrate.env("SCRIP_DATABASE_URL", postgres.url_of(TEMPLATE));
    sh::capture(migrate, until)?.ok("`scrip migrate` on PostgreSQL")?;
    // Somebody connected to it would keep others from copying it.
    postgres.sql("postgres", &format!("ALTER DATABASE {TEMPLATE} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false"))?;
    let variables = [("SCRIP_TEST_POSTGRES", postgres.url()), ("SCRIP_TEST_TEMPLATE", TEMPLATE.to_owned())];
    cargo::test_again(&variables, until)
}
