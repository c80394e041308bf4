//! The npm package `vnpay` as a referee: it must make our links to the byte, and we must read what it signs.

use std::io::Write;
use std::process::{Command, Stdio};

use providers::gateway::{Gateway, Next, Standing};
use serde_json::{Value, json};

use super::{Change, SECRET, TMN_CODE, TXN_REF, ask, offline, payment, verify};

/// Exit status of the script when the package is not installed.
const NOT_INSTALLED: i32 = 77;

/// Runs the script; the reason when it cannot run.
fn referee(links: &[String]) -> Result<Value, String> {
    let folder = std::env::var("SCRIP_REFEREES").map_err(|_| "SCRIP_REFEREES names no folder with node_modules")?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/referee_vnpay.mjs");
    let mut node = Command::new("node")
        .arg(script)
        .env("SCRIP_REFEREES", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("node could not be started ({error})"))?;
    let input = json!({"secret": SECRET, "tmn_code": TMN_CODE, "links": links}).to_string();
    // Without the package the script ends before it reads, which breaks the pipe.
    let written = node.stdin.take().unwrap().write_all(input.as_bytes());
    let output = node.wait_with_output().unwrap();
    if output.status.code() == Some(NOT_INSTALLED) {
        return Err("the package is not in SCRIP_REFEREES; npm install vnpay@2.5.0 there".into());
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    written.unwrap();
    Ok(serde_json::from_slice(&output.stdout).unwrap())
}

#[tokio::test]
async fn the_npm_package_finds_no_difference() {
    let changes: [Change; 6] = [
        |_| (),
        |ask| ask.language = "en".into(),
        |ask| ask.payer_address = "2001:db8::1".parse().unwrap(),
        |ask| ask.description = "Nạp tiền: “Đội Đường” (số 7) *~!'".into(),
        |ask| ask.topup_id = "pay_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b".into(),
        |ask| ask.return_url = "https://example.com/về?a=b c&d=%20~'()*!".into(),
    ];
    let client = offline();
    let mut links = Vec::new();
    for change in changes {
        let mut ask = ask();
        change(&mut ask);
        let Next::Redirect(link) = client.open(&ask).await.unwrap().next else { panic!("not a link") };
        links.push(link);
    }
    let answer = match referee(&links) {
        Ok(answer) => answer,
        Err(reason) => return println!("SKIPPED: {reason}"),
    };
    let notices = answer["notices"].as_array().unwrap();
    assert_eq!(notices.len(), 6);
    for notice in notices {
        let seen = payment(verify(&client, notice["query"].as_str().unwrap().as_bytes()).await.unwrap());
        assert_eq!((seen.object_id.as_str(), seen.asked.unwrap().amount_minor), (TXN_REF, 500_000), "{notice}");
        assert_eq!(seen.standing == Standing::Paid, notice["paid"].as_bool().unwrap(), "{notice}: {:?}", seen.standing);
    }
}
