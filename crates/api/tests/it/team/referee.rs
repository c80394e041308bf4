//! A notice signed by Stripe's own Python package is taken.

use std::io::Write;
use std::process::{Command, Stdio};

use super::{Shop, event};

/// Signs standard input as the package does, and checks it with the package.
const SCRIPT: &str = r#"
import sys
try:
    import stripe
except ImportError:
    sys.exit(77)
secret, timestamp, body = sys.argv[1], sys.argv[2], sys.stdin.read()
signature = stripe.WebhookSignature._compute_signature(f"{timestamp}.{body}", secret)
header = f"t={timestamp},v1={signature}"
stripe.Webhook.construct_event(body, header, secret)
print(header)
"#;

#[tokio::test]
async fn the_official_package_signs_what_we_take() {
    let python = std::env::var("SANDBOX_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_sandboxNoticeNever"]).await;
    let answer = shop.buy(&team).await;
    let intent = shop.stripe.object(answer.intent()).unwrap();
    let body = event("evt_official", "payment_intent.succeeded", &intent).to_string();
    let timestamp = shop.engine.now().seconds().to_string();
    let child = Command::new(&python)
        .args(["-c", SCRIPT, super::WEBHOOK_SECRET, &timestamp])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return println!("SKIPPED: {python} could not be started ({error})"),
    };
    // A script that ends early reads nothing; its status tells.
    let _ = child.stdin.take().unwrap().write_all(body.as_bytes());
    let output = child.wait_with_output().unwrap();
    if output.status.code() == Some(77) {
        return println!("SKIPPED: {python} has no package stripe; pip install stripe==16.1.0, or set SANDBOX_PYTHON");
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let signature = String::from_utf8(output.stdout).unwrap();
    assert_eq!(shop.notify_raw(body, signature.trim()).await, 200);
    assert_eq!(shop.credits(&team).await, 10_000);
    shop.close().await;
}
