//! The official Python package as a referee: it must accept the sandbox for the real service.

use std::process::Command;

use crate::support::Play;

/// Exit status of the script when the package is not installed.
const NOT_INSTALLED: i32 = 77;

#[tokio::test(flavor = "multi_thread")]
async fn the_official_package_finds_no_difference() {
    let play = Play::start().await;
    let python = std::env::var("SANDBOX_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/referee_stripe.py");
    let mut command = Command::new(&python);
    command.arg(script).arg(play.sandbox.url());
    let output = match tokio::task::spawn_blocking(move || command.output()).await.unwrap() {
        Ok(output) => output,
        Err(error) => return println!("SKIPPED: {python} could not be started ({error})"),
    };
    if output.status.code() == Some(NOT_INSTALLED) {
        return println!("SKIPPED: {python} has no package stripe; pip install stripe==16.1.0, or set SANDBOX_PYTHON");
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
