//! Requests that a generator makes from `/openapi.json`: valid, at the edges, and wrong in every way it knows.
//!
//! Schemathesis is an outsider that knows nothing of this server but its own description of itself.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail};

use super::Plan;
use crate::referees;
use crate::report::Outcome;
use crate::server::Demo;
use crate::sh;

/// Pinned: another version finds other things, which should not break an unrelated change.
const VERSION: &str = "4.32.5";
/// What must hold for every answer. Not among them: checks such as `positive_data_acceptance`, which cannot know that an
/// account named by chance does not exist.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,ignored_auth";

pub(super) fn run(plan: Plan) -> Result<Outcome> {
    let program = match install(plan.until) {
        Ok(program) => program,
        Err(error) => return Ok(Outcome::Skipped(format!("schemathesis cannot be installed: {error:#}"))),
    };
    let folder = tempfile::tempdir()?;
    let demo = Demo::start(folder.path())?;
    let cases = plan.of("15", "200");
    let url = demo.text("url")?;
    let mut command = sh::command(
        &program.to_string_lossy(),
        &["run", &format!("{url}/openapi.json"), "--max-examples", cases, "--checks", CHECKS, "--workers", "2"],
    );
    command.args([
        "--phases",
        plan.of("examples,coverage,fuzzing", "examples,coverage,fuzzing,stateful"),
        "--seed",
        "1",
        "--no-shrink",
        "--continue-on-failure",
    ]);
    command.arg("--header").arg(format!("Authorization: Bearer {}", demo.text("operator_key")?));
    // The tool leaves its memory of examples where it runs.
    command.current_dir(folder.path());
    let output = sh::capture(command, plan.until)?;
    if !output.status.success() {
        println!("{}", output.text);
        bail!("schemathesis found something, see above ({})", output.status);
    }
    let is_figure = |line: &&str| line.starts_with("Tested:") || line.contains(" generated,");
    let figures: Vec<&str> = output.text.lines().map(str::trim).filter(is_figure).collect();
    Ok(Outcome::Passed(format!("{cases} cases per operation; {}", figures.join("; "))))
}

/// In a virtual environment below `target`, kept for the next run.
fn install(until: Instant) -> Result<PathBuf> {
    let folder = sh::root().join("target/xtask").join(format!("schemathesis-{VERSION}"));
    let program = folder.join("bin/schemathesis");
    if !program.is_file() {
        referees::python(&folder, &[&format!("schemathesis=={VERSION}")], until)?;
    }
    Ok(program)
}
