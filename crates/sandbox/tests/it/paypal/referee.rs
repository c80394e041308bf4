//! Official Python packages as referees: they must accept the sandbox for the real service.
//!
//! `paypal-server-sdk` drives the API; `paypalrestsdk` checks the signatures, in an environment of its own because it
//! needs old helpers. Each is tried with the interpreter that its variable names, else with `python3`.

use std::process::Command;

use super::support::Play;

/// Exit status of the script when the package is not installed.
const NOT_INSTALLED: i32 = 77;

/// Lets a package judge; gives back why it could not.
async fn judge(part: &str, variable: &str, install: &str) -> Option<String> {
    let play = Play::start().await;
    let python = std::env::var(variable).unwrap_or_else(|_| "python3".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/referee_paypal.py");
    let mut command = Command::new(&python);
    command.arg(script).arg(part).arg(play.sandbox.url());
    let output = match tokio::task::spawn_blocking(move || command.output()).await.unwrap() {
        Ok(output) => output,
        Err(error) => return Some(format!("{python} could not be started ({error})")),
    };
    if output.status.code() == Some(NOT_INSTALLED) {
        return Some(format!("{python} lacks a package; pip install {install}, or set {variable}"));
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_client_finds_no_difference() {
    if let Some(reason) = judge("client", "SANDBOX_PYTHON", "paypal-server-sdk==2.4.0").await {
        println!("SKIPPED: {reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_check_accepts_the_signatures() {
    let packages = "paypalrestsdk==1.13.3 'pyOpenSSL==23.2.0' 'cryptography<42'";
    if let Some(reason) = judge("signatures", "SANDBOX_PYTHON_PAYPALRESTSDK", packages).await {
        println!("SKIPPED: {reason}");
    }
}
