//! The official Python package as a referee of signatures, in both directions.

use std::io::Write;
use std::process::{Command, Stdio};

use providers::Secret;
use providers::stripe::signature::verify;
use serde_json::{Value, json};

use crate::stripe_forged::{BODY, CURRENT, Forgery, NOW_S, altered, genuine, wrongly_signed, wrongly_timed};

/// Exit status of a script whose package is not installed.
pub const NOT_INSTALLED: i32 = 77;

/// The interpreter that has the packages.
pub fn python() -> String {
    std::env::var("SANDBOX_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// The referee's answers, or that it is not there.
fn ask(cases: &[Value]) -> Result<Vec<Value>, String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/referee_stripe.py");
    let mut command = Command::new(python());
    command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("SKIPPED: {} could not be started ({error})", python()))?;
    // Fails when the script has ended before; its status says why.
    child.stdin.take().unwrap().write_all(json!(cases).to_string().as_bytes()).ok();
    let output = child.wait_with_output().unwrap();
    if output.status.code() == Some(NOT_INSTALLED) {
        let cure = "pip install stripe==16.1.0, or set SANDBOX_PYTHON";
        return Err(format!("SKIPPED: {} has no package stripe; {cure}", python()));
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn what_the_official_package_signs_is_believed() {
    let bodies = [BODY, "{}", "", "{\n  \"description\": \"Nạp tiền ¥\"\n}", "\u{feff}{}", "t=1,v1=00"];
    let secrets = [CURRENT, "whsec_1", "no prefix at all"];
    let each = || bodies.iter().flat_map(|body| secrets.iter().map(move |secret| (*body, *secret)));
    let cases: Vec<Value> =
        each().map(|(body, secret)| json!({"sign": {"body": body, "secret": secret, "t": NOW_S}})).collect();
    let headers = match ask(&cases) {
        Ok(headers) => headers,
        Err(skipped) => return println!("{skipped}"),
    };
    assert_eq!(headers.len(), 18);
    for ((body, secret), header) in each().zip(headers) {
        let active = [Secret::new("whsec_new").unwrap(), Secret::new(secret).unwrap()];
        let header = header.as_str().unwrap();
        assert!(verify(body.as_bytes(), header, &active, NOW_S).is_ok(), "{secret} {body}");
        assert!(verify(body.as_bytes(), header, &active[..1], NOW_S).is_err(), "{secret} {body}");
    }
}

#[test]
fn the_official_package_refuses_our_forgeries_but_where_we_are_stricter() {
    // What the package lets pass and we do not.
    let stricter = ["the time twice", "two times", "301 s ahead", "milliseconds"];
    let forgeries: Vec<Forgery> =
        [wrongly_signed(), wrongly_timed(), altered()].into_iter().flatten().filter(|case| case.1.is_some()).collect();
    let judge =
        |header: &str, body: &str| json!({"judge": {"body": body, "header": header, "secret": CURRENT, "now": NOW_S}});
    let mut cases = vec![judge(&genuine(BODY), BODY)];
    cases.extend(forgeries.iter().map(|(_, header, body)| judge(header.as_deref().unwrap(), body)));
    let answers = match ask(&cases) {
        Ok(answers) => answers,
        Err(skipped) => return println!("{skipped}"),
    };
    assert_eq!(answers[0], true, "the genuine one");
    for ((name, ..), accepted) in forgeries.iter().zip(&answers[1..]) {
        assert_eq!(*accepted, stricter.contains(name), "{name}");
    }
}
