//! What letters look like to another program, in three languages; every kind; the receipt that goes with one.

use std::path::Path;
use std::process::Command;

use engine::mail::{ExpiringLot, Letter, Sum};
use engine::settings::{Language, Seller};
use ledger::{LotKind, Timestamp};
use mailer::send_due;
use serde_json::Value;
use store::{Statement, params};

use crate::Post;

/// What Python's `email` package reads in each file of a folder, by recipient; `None` without Python.
fn read_by_python(folder: &Path) -> Option<serde_json::Map<String, Value>> {
    const SCRIPT: &str = r#"
import email, email.policy, json, pathlib, sys
letters = {}
for path in pathlib.Path(sys.argv[1]).glob("*.eml"):
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert not message.defects, message.defects
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    letters[message["To"].addresses[0].addr_spec] = {
        "subject": message["Subject"], "from": str(message["From"].addresses[0]), "reply_to": message["Reply-To"],
        "date": message["Date"].datetime.isoformat(), "language": message["Content-Language"],
        "text": text.get_content(), "html": html.get_content(), "charset": text.get_content_charset(),
        "attachments": [[part.get_filename(), part.get_content_type(), part.get_content()[:5].decode("latin1")]
                        for part in message.iter_attachments()],
    }
print(json.dumps(letters))
"#;
    let Ok(output) = Command::new("python3").args(["-c", SCRIPT]).arg(folder).output() else {
        eprintln!("skipped: install Python 3 to read the letters");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn sum(amount: &str, unit: &str) -> Sum {
    Sum { amount: amount.to_owned(), unit: unit.to_owned() }
}

fn paid(charged: Sum, expires_at: Option<Timestamp>) -> Letter {
    let credited = charged.clone();
    Letter::PaymentSucceeded { payment_id: "pay_1".to_owned(), charged, credited, expires_at, automatic: false }
}

#[tokio::test]
async fn another_program_reads_what_was_written() {
    let post = Post::start(|settings| {
        settings.brand.name = "Đám mây 雲".to_owned();
        settings.mail.reply_to = "help@pay.example".to_owned();
    })
    .await;
    post.account("vn", "Nguyễn Thị Lan", "vn", "VND").await;
    post.account("jp", "株式会社さくら商事", "jp", "JPY").await;
    post.account("us", "<b>Acme</b>", "global", "USD").await;
    let end = Timestamp::from_micros(1_796_140_800_000_000 - 7 * 3_600_000_000);
    let letters = [
        ("vi@example.com", "vn", Language::Vi, paid(sum("500000", "VND"), Some(end))),
        ("ja@example.com", "jp", Language::Ja, paid(sum("3000", "JPY"), None)),
        ("en@example.com", "us", Language::En, paid(sum("25.5", "USD"), None)),
    ];
    for (to, account, language, letter) in letters {
        post.write(to, Some(account), language, letter).await;
    }
    assert_eq!(send_due(&post.a, &post.mailer()).await.unwrap(), 3);
    let Some(read) = read_by_python(&post.folder.path().join("letters")) else { return };
    // recipient, subject, parts of the text, language
    let table = [
        (
            "vi@example.com",
            "Đã nhận thanh toán: 500.000\u{a0}₫",
            ["Tài khoản: Nguyễn Thị Lan", "Ngày hết hạn: 01/12/2026", "Asia/Ho_Chi_Minh"],
            "vi",
        ),
        (
            "ja@example.com",
            "お支払いを受け付けました：3,000円",
            ["アカウント：株式会社さくら商事", "有効期限：なし", "Asia/Tokyo"],
            "ja",
        ),
        ("en@example.com", "Payment received: $25.50", ["Account: <b>Acme</b>", "Expiry date: Never", "pay_1"], "en"),
    ];
    for (to, subject, parts, language) in table {
        let letter = &read[to];
        assert_eq!(letter["subject"], subject);
        assert_eq!(letter["language"], language);
        assert_eq!(letter["from"], "Đám mây 雲 <billing@pay.example>");
        assert_eq!(letter["reply_to"], "help@pay.example");
        assert_eq!((&letter["charset"], &letter["date"]), (&"utf-8".into(), &"2026-11-20T12:00:00+00:00".into()));
        assert_eq!(letter["attachments"], serde_json::json!([]));
        let (text, html) = (letter["text"].as_str().unwrap(), letter["html"].as_str().unwrap());
        for part in parts {
            assert!(text.contains(part), "{to}: {part:?} in {text}");
        }
        assert!(html.contains(subject) && html.contains(&format!("<html lang=\"{language}\">")), "{html}");
    }
    let html = read["en@example.com"]["html"].as_str().unwrap();
    assert!(html.contains("&lt;b&gt;Acme&lt;/b&gt;") && !html.contains("<b>"), "{html}");
}

#[tokio::test]
async fn the_receipt_goes_with_the_letter() {
    let post = Post::start(|settings| {
        let seller = Seller { name: "Seller".to_owned(), series: "R-{year}".to_owned(), ..Seller::default() };
        settings.receipts.sellers = [("any".to_owned(), seller)].into();
    })
    .await;
    post.account("jp", "株式会社さくら商事", "jp", "JPY").await;
    post.account("us", "Acme", "global", "USD").await;
    const PAID: &str = "INSERT INTO payments (account_id, id, gateway, method, state, credit_units, amount_minor, \
                        currency, live, customer_id, created_at_us, updated_at_us, paid_at_us) \
                        VALUES ($1, $2, 'stripe', 'stripe', 'succeeded', 3000000000, 3000, $3, 0, '', $4, $4, $4)";
    let row = params!["jp", "pay_jp", "JPY", post.a.now().micros()];
    post.a.store().write(vec![Statement::new(PAID, row)]).await.unwrap();
    for (account, id, currency) in [("jp", "pay_jp", "JPY"), ("us", "pay_gone", "USD")] {
        let letter = Letter::PaymentSucceeded {
            payment_id: id.to_owned(),
            charged: sum("3000", currency),
            credited: sum("3000", currency),
            expires_at: None,
            automatic: false,
        };
        post.write(&format!("{account}@example.com"), Some(account), Language::Ja, letter).await;
    }
    assert_eq!(send_due(&post.a, &post.mailer()).await.unwrap(), 2);
    let Some(read) = read_by_python(&post.folder.path().join("letters")) else { return };
    let attached = serde_json::json!([["receipt-R-2026-000001.pdf", "application/pdf", "%PDF-"]]);
    assert_eq!(read["jp@example.com"]["attachments"], attached);
    assert!(read["jp@example.com"]["text"].as_str().unwrap().contains("領収書 R-2026-000001 を添付しています。"));
    // There is no such payment, so there is no receipt.
    assert_eq!(read["us@example.com"]["attachments"], serde_json::json!([]));
    assert!(!read["us@example.com"]["text"].as_str().unwrap().contains("領収書"));
}

#[tokio::test]
async fn every_kind_of_letter_can_be_sent() {
    let post = Post::start(|_| {}).await;
    post.account("us", "Acme", "global", "USD").await;
    let at = post.a.now().plus_seconds(86_400);
    let (usd, word) = (|| sum("5", "USD"), || "x".to_owned());
    let lots = vec![ExpiringLot { kind: LotKind::Voucher, remaining: usd(), expires_at: at }];
    let letters = [
        Letter::Test { at },
        Letter::SignInLink { url: "https://pay.example/a".to_owned(), expires_at: at },
        Letter::Invitation {
            url: "https://pay.example/a".to_owned(),
            inviter: word(),
            role: "owner".to_owned(),
            expires_at: at,
        },
        Letter::PasswordChanged { at },
        paid(usd(), Some(at)),
        Letter::PaymentFailed { payment_id: word(), charge: usd(), reason: Some("vnpay_51".to_owned()) },
        Letter::PaymentUnderReview { payment_id: word(), charge: usd() },
        Letter::PaymentRefunded { payment_id: word(), refunded: usd(), credits: usd() },
        Letter::LowBalance { available: usd(), threshold: usd() },
        Letter::BalanceDepleted { available: usd() },
        Letter::BalanceNegative { owed: usd(), since: at },
        Letter::LotsExpiring { days: 7, lots },
        Letter::PeriodStarted { plan: word(), credited: usd(), charged: Some(usd()), ends_at: at, renews: true },
        Letter::RenewalFailed { plan: word(), charge: usd(), next_try_at: None, grace_ends_at: at },
        Letter::PlanChangeScheduled { from: word(), to: None, at },
        Letter::SubscriptionEnded { plan: word(), reason: "unpaid".to_owned() },
    ];
    let count = letters.len();
    for letter in letters {
        let to = format!("{}@example.com", letter.kind());
        post.write(&to, Some("us"), Language::Vi, letter).await;
    }
    // Of an account that is not there any more.
    post.write("nobody@example.com", Some("gone"), Language::En, Letter::PasswordChanged { at }).await;
    assert_eq!(send_due(&post.a, &post.mailer()).await.unwrap(), count + 1);
    if let Some(read) = read_by_python(&post.folder.path().join("letters")) {
        assert_eq!(read.len(), count + 1);
        assert!(read.values().all(|letter| !letter["subject"].as_str().unwrap().contains("mail-")), "{read:?}");
    }
}
