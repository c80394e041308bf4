//! The npm package `vnpay` as a referee: it must accept the sandbox for the real service.

use std::process::Command;

use sandbox::vnpay::{VnpayOptions, serve};
use tokio::net::TcpListener;

use super::support::{SECRET, TERMINAL};

/// Exit status of the script when the package is not installed.
const NOT_INSTALLED: i32 = 77;

#[tokio::test(flavor = "multi_thread")]
async fn the_npm_package_finds_no_difference() {
    let options =
        VnpayOptions { tmn_code: TERMINAL.to_owned(), hash_secret: SECRET.to_owned(), ..VnpayOptions::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sandbox = serve(listener, options).await.unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/referee_vnpay.mjs");
    let mut command = Command::new("node");
    command.args([script, sandbox.url(), TERMINAL, SECRET]);
    let output = match tokio::task::spawn_blocking(move || command.output()).await.unwrap() {
        Ok(output) => output,
        Err(error) => return println!("SKIPPED: node could not be started ({error})"),
    };
    if output.status.code() == Some(NOT_INSTALLED) {
        return println!(
            "SKIPPED: no package vnpay; npm install vnpay@2.5.0 somewhere and name that directory in SCRIP_REFEREES"
        );
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
