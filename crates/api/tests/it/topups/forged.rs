//! Notices that are not the gateway's, or were changed on their way: no effect, refused, counted.
//!
//! Each test takes a genuine notice that got lost, alters it in thirty ways, and in the end delivers it as it was: then it
//! credits, so nothing but the alteration kept the others from it.

use std::time::Duration;

use reqwest::Method as Http;
use testkit::{Answer, PAYPAL_WEBHOOK_ID, STRIPE_WEBHOOK_SECRET, Shop};

use super::{PAYERS, begin, pay, stands};

/// Headers and body of a notice.
type Letter = (Vec<(String, String)>, String);

async fn deliver(shop: &Shop, gateway: &str, (headers, body): Letter) -> Answer {
    let nobody = shop.app.operator.with_key(None);
    let mut request = nobody.request(Http::POST, &format!("/webhooks/{gateway}")).body(body);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    nobody.send(request).await
}

/// What `/metrics` counts as refused; other tests of this process count, too.
async fn refused(shop: &Shop, gateway: &str) -> u64 {
    let metrics = shop.app.operator.get("/metrics").await.expect(200).text;
    let ours = |line: &&str| {
        line.starts_with("scrip_gateway_notices_total")
            && line.contains(&format!("gateway=\"{gateway}\""))
            && line.contains("outcome=\"refused\"")
    };
    metrics.lines().find(ours).and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
}

/// Waits for a notice that got lost.
async fn lost<T>(mut find: impl FnMut() -> Option<T>) -> T {
    for _ in 0..3_000 {
        if let Some(found) = find() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no notice was made");
}

/// Thirty forgeries change nothing; then the genuine notice does.
async fn check(shop: &Shop, gateway: &str, topup: &str, forged: Vec<(String, Letter)>, genuine: Letter) {
    assert_eq!(forged.len(), 30);
    let before = refused(shop, gateway).await;
    let standing = shop.standing(topup).await;
    for (what, letter) in forged {
        assert_ne!(letter, genuine, "{what} changes nothing");
        let answer = deliver(shop, gateway, letter).await;
        assert!((400..500).contains(&answer.status), "{what}: {} {}", answer.status, answer.text);
        assert_eq!(shop.standing(topup).await, standing, "{what}");
    }
    assert!(refused(shop, gateway).await >= before + 30);
    deliver(shop, gateway, genuine).await.expect(200);
    shop.until(topup, "succeeded").await;
}

fn with(letter: &Letter, name: &str, value: Option<&str>) -> Letter {
    let (mut headers, body) = letter.clone();
    headers.retain(|(known, _)| known != name);
    headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    (headers, body)
}

fn with_body(letter: &Letter, body: String) -> Letter {
    (letter.0.clone(), body)
}

/// Bodies that differ from the one that was signed.
fn altered(body: &str, amount: &str) -> Vec<(String, String)> {
    let cut = body.len() / 2;
    let bodies = [
        ("another amount", body.replacen(amount, "1", 1)),
        ("more money", body.replacen(amount, &format!("{amount}0"), 1)),
        ("another currency", body.replacen("usd", "eur", 1).replacen("USD", "EUR", 1)),
        ("another payment", body.replacen("pay_", "pay_f", 1)),
        ("a blank more", format!("{body} ")),
        ("a line more", format!("{body}\n")),
        ("a blank before", format!(" {body}")),
        ("half of it", body.chars().take(cut).collect()),
        ("twice", format!("{body}{body}")),
        ("nothing", String::new()),
        ("an empty object", "{}".to_owned()),
    ];
    bodies.map(|(what, body)| (what.to_owned(), body)).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn stripe_is_not_imitated() {
    let shop = Shop::open().await;
    shop.lose_notices();
    let topup = begin(&shop, PAYERS[0]).await;
    pay(&shop, PAYERS[0].2, &topup).await;
    let paid = |shop: &Shop| shop.stripe.deliveries().into_iter().find(|d| d.kind == "payment_intent.succeeded");
    let made = lost(|| paid(&shop)).await;
    let name = "stripe-signature";
    let genuine: Letter = (vec![(name.to_owned(), made.signature.clone())], made.body.clone());
    let now_s = shop.app.engine.now().seconds();
    let sign = |secret: &str, at_s: i64| sandbox::stripe::sign(secret, at_s, made.body.as_bytes());
    let (t, v1) = made.signature.split_once(",v1=").unwrap();
    let sent_s: i64 = t[2..].parse().unwrap();
    let live = made.body.replace("\"livemode\": false", "\"livemode\": true");
    let signatures = [
        ("another secret", sign("whsec_another", now_s)),
        ("the secret's tail", sign(&STRIPE_WEBHOOK_SECRET[6..], now_s)),
        ("six minutes old", sign(STRIPE_WEBHOOK_SECRET, now_s - 360)),
        ("a day old", sign(STRIPE_WEBHOOK_SECRET, now_s - 86_400)),
        ("of tomorrow", sign(STRIPE_WEBHOOK_SECRET, now_s + 86_400)),
        ("another time", format!("t={},v1={v1}", sent_s + 1)),
        ("a second time", format!("{t},t={now_s},v1={}", &v1[1..])),
        ("no time", format!("v1={v1}")),
        ("a time that is no number", format!("t=now,v1={v1}")),
        ("no signature", t.to_owned()),
        ("an empty signature", format!("{t},v1=")),
        ("an old scheme", format!("{t},v0={v1}")),
        ("half a signature", format!("{t},v1={}", &v1[..32])),
        ("a longer signature", format!("{t},v1={v1}00")),
        ("no hexadecimal", format!("{t},v1={}", "z".repeat(64))),
        ("zeros", format!("{t},v1={}", "0".repeat(64))),
        ("something else", "Bearer sk_test".to_owned()),
    ];
    let mut forged: Vec<_> =
        signatures.into_iter().map(|(what, value)| (what.to_owned(), with(&genuine, name, Some(&value)))).collect();
    forged.push(("no header".to_owned(), with(&genuine, name, None)));
    let signature = sandbox::stripe::sign(STRIPE_WEBHOOK_SECRET, now_s, live.as_bytes());
    forged.push(("real money".to_owned(), with_body(&with(&genuine, name, Some(&signature)), live)));
    let bodies = altered(&made.body, "5000");
    forged.extend(bodies.into_iter().map(|(what, body)| (what, with_body(&genuine, body))));
    check(&shop, "stripe", &topup, forged, genuine).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paypal_is_not_imitated() {
    let shop = Shop::open().await;
    shop.lose_notices();
    let topup = begin(&shop, PAYERS[1]).await;
    pay(&shop, PAYERS[1].2, &topup).await;
    let approved = |shop: &Shop| shop.paypal.deliveries().into_iter().find(|d| d.kind == "CHECKOUT.ORDER.APPROVED");
    let made = lost(|| approved(&shop)).await;
    let headers = made.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let genuine: Letter = (headers, made.body.clone());
    let of =
        |name: &str| made.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).unwrap();
    let (id, time) = (of("paypal-transmission-id"), of("paypal-transmission-time"));
    let [sig, url] = [of("paypal-transmission-sig"), of("paypal-cert-url")];
    let signed =
        |webhook_id: &str, id: &str, time: &str| sandbox::paypal::sign(webhook_id, id, time, made.body.as_bytes());
    let values = [
        ("paypal-transmission-sig", signed("9ZZ99999ZZ999999Z", &id, &time)),
        ("paypal-transmission-sig", signed("", &id, &time)),
        ("paypal-transmission-sig", signed(PAYPAL_WEBHOOK_ID, "another", &time)),
        ("paypal-transmission-sig", signed(PAYPAL_WEBHOOK_ID, &id, "2020-01-01T00:00:00Z")),
        ("paypal-transmission-sig", String::from("AAAA")),
        ("paypal-transmission-sig", sig.chars().rev().collect()),
        ("paypal-transmission-sig", sig[..sig.len() / 2].to_owned()),
        ("paypal-transmission-sig", format!("{sig}AAAA")),
        ("paypal-transmission-id", String::from("another")),
        ("paypal-transmission-time", String::from("2020-01-01T00:00:00Z")),
        ("paypal-transmission-time", String::from("2096-01-01T00:00:00Z")),
        ("paypal-transmission-time", String::from("now")),
        ("paypal-auth-algo", String::from("SHA1withRSA")),
        ("paypal-cert-url", String::from("https://certificates.example/cert.pem")),
    ];
    let mut forged: Vec<_> = values
        .into_iter()
        .map(|(name, value)| (format!("{name}: {value}"), with(&genuine, name, Some(&value))))
        .collect();
    for name in ["paypal-transmission-id", "paypal-transmission-time", "paypal-transmission-sig", "paypal-cert-url"] {
        forged.push((format!("no {name}"), with(&genuine, name, None)));
    }
    let other_hosts = url.replacen("http://", "http://paypal.com@", 1);
    forged.push(("a user in the address".to_owned(), with(&genuine, "paypal-cert-url", Some(&other_hosts))));
    let bodies = altered(&made.body, "50.00");
    forged.extend(bodies.into_iter().map(|(what, body)| (what, with_body(&genuine, body))));
    check(&shop, "paypal", &topup, forged, genuine).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vnpay_is_not_imitated() {
    let shop = Shop::open().await;
    shop.lose_notices();
    let topup = begin(&shop, PAYERS[2]).await;
    pay(&shop, PAYERS[2].2, &topup).await;
    let genuine = lost(|| shop.vnpay.deliveries().first().map(|delivery| delivery.query.clone())).await;
    let secret = shop.vnpay.options().hash_secret.clone();
    let (params, hash) = genuine.split_once("&vnp_SecureHash=").unwrap();
    let signed =
        |secret: &str, params: &str| format!("{params}&vnp_SecureHash={}", sandbox::vnpay::sign(secret, params));
    let change = |from: &str, to: &str| {
        assert!(params.contains(from), "{from} in {params}");
        params.replacen(from, to, 1)
    };
    let changes = [
        ("vnp_Amount=50000000", "vnp_Amount=5000000000"),
        ("vnp_Amount=50000000", "vnp_Amount=1"),
        ("vnp_Amount=50000000", "vnp_Amount=-50000000"),
        ("vnp_Amount=50000000", "vnp_Amount=50000000.0"),
        ("vnp_ResponseCode=00", "vnp_ResponseCode=24"),
        ("vnp_TransactionStatus=00", "vnp_TransactionStatus=02"),
        ("vnp_TxnRef=pay_", "vnp_TxnRef=pay_f"),
        ("vnp_TmnCode=SANDBOX1", "vnp_TmnCode=SANDBOX2"),
        ("vnp_BankCode=", "vnp_BankCode=X"),
        ("vnp_TransactionNo=", "vnp_TransactionNo=9"),
        ("vnp_PayDate=20", "vnp_PayDate=19"),
        ("vnp_OrderInfo=", "vnp_OrderInfo=x"),
        ("vnp_CardType=", "vnp_CardType=X"),
    ];
    let mut forged: Vec<String> =
        changes.iter().map(|(from, to)| format!("{}&vnp_SecureHash={hash}", change(from, to))).collect();
    forged.extend([
        signed("ANOTHERSECRETANOTHERSECRETANOTHE", params),
        signed("", params),
        signed(&secret.to_lowercase(), params),
        // Another terminal's notice, rightly signed, is not ours.
        signed(&secret, &change("vnp_TmnCode=SANDBOX1", "vnp_TmnCode=SANDBOX2")),
        params.to_owned(),
        format!("{params}&vnp_SecureHash="),
        format!("{params}&vnp_SecureHash={}", &hash[..64]),
        format!("{params}&vnp_SecureHash={hash}00"),
        format!("{params}&vnp_SecureHash={}", "0".repeat(128)),
        format!("{params}&vnp_SecureHash={}", "z".repeat(128)),
        format!("{params}&vnp_SecureHash={}", hash.chars().rev().collect::<String>()),
        format!("{params}&vnp_Extra=1&vnp_SecureHash={hash}"),
        format!("{params}&vnp_Amount=1&vnp_SecureHash={hash}"),
        format!("vnp_Amount=1&{params}&vnp_SecureHash={hash}"),
        format!("vnp_SecureHash={hash}"),
        String::new(),
        format!("vnp_TxnRef={topup}&vnp_ResponseCode=00&vnp_TransactionStatus=00&vnp_SecureHash={hash}"),
    ]);
    assert_eq!(forged.len(), 30);
    let before = refused(&shop, "vnpay").await;
    let nobody = shop.app.operator.with_key(None);
    let standing = shop.standing(&topup).await;
    for query in forged {
        let answer = nobody.get(&format!("/webhooks/vnpay?{query}")).await;
        assert_eq!((answer.status, &answer.json["RspCode"]), (200, &"97".into()), "{query}: {}", answer.text);
        assert_eq!(shop.standing(&topup).await, standing, "{query}");
    }
    assert!(refused(&shop, "vnpay").await >= before + 30);
    assert_eq!(stands(&standing).0, "awaiting_customer");
    let answer = nobody.get(&format!("/webhooks/vnpay?{genuine}")).await.expect(200);
    assert_eq!(answer.json["RspCode"], "00", "{}", answer.text);
    shop.until(&topup, "succeeded").await;
    shop.close().await;
}
