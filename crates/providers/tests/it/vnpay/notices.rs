//! Notices and returns: what is refused, and what the rest is read as.

use providers::gateway::{Ask, Gateway, Instrument, Next, Trouble, Unverified};
use providers::vnpay::{Client, Config, IpnAnswer};
use sha2::{Digest, Sha256, Sha512};

use super::{
    CREATED_AT_S, Change, SECRET, TXN_REF, ask, changed, config, dong, encoded, hmac_hex, offline, paid, payment,
    signed, standing, verify,
};

/// What somebody may send who has seen a genuine notice, knows the protocol, and has not the secret; and what VNPay
/// itself may sign that is no notice for this terminal.
fn forged() -> Vec<(&'static str, String)> {
    let text = encoded(&paid());
    let hash = hmac_hex(&text, SECRET);
    let genuine = format!("{text}&vnp_SecureHash={hash}");
    let plain: Vec<String> = paid().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let under = |hash: String| format!("{text}&vnp_SecureHash={hash}");
    let altered =
        |changes: &[(&'static str, &'static str)]| format!("{}&vnp_SecureHash={hash}", encoded(&changed(changes)));
    let own = |changes: &[(&'static str, &'static str)]| signed(&changed(changes), SECRET);
    vec![
        ("nothing", String::new()),
        ("no hash", text.clone()),
        ("empty hash", under(String::new())),
        ("hash cut short", genuine[..genuine.len() - 1].to_owned()),
        ("hash too long", format!("{genuine}0")),
        (
            "hash with another last digit",
            format!("{}{}", &genuine[..genuine.len() - 1], if hash.ends_with('0') { '1' } else { '0' }),
        ),
        ("hash that is no hex", under("z".repeat(128))),
        ("hash of blanks", under("+".repeat(128))),
        ("hash of another secret", signed(&paid(), "TESTSECRETKEY0123456789ABCDEFGHIK")),
        ("hash of an empty secret", signed(&paid(), "")),
        ("SHA-512 without a key", under(hex::encode(Sha512::digest(&text)))),
        ("SHA-512 of secret and text, as before 2.1.0", under(hex::encode(Sha512::digest(format!("{SECRET}{text}"))))),
        ("SHA-256 of secret and text, as before 2.1.0", under(hex::encode(Sha256::digest(format!("{SECRET}{text}"))))),
        ("hash over the text before encoding", under(hmac_hex(&plain.join("&"), SECRET))),
        ("hash in another parameter", genuine.replace("vnp_SecureHash", "vnp_secureHash")),
        ("hash twice, first wrong", format!("vnp_SecureHash={}&{genuine}", "0".repeat(128))),
        ("hash twice, the same", format!("{genuine}&vnp_SecureHash={hash}")),
        ("more money", altered(&[("vnp_Amount", "500000000")])),
        ("no amount", altered(&[("vnp_Amount", "")])),
        ("second amount before", format!("vnp_Amount=500000000&{genuine}")),
        ("second amount after", format!("{genuine}&vnp_Amount=500000000")),
        ("second amount, empty", format!("{genuine}&vnp_Amount=")),
        ("second amount, name escaped", format!("{genuine}&vnp%5FAmount=500000000")),
        ("another payment", altered(&[("vnp_TxnRef", "TU20261120000002")])),
        ("paid instead of cancelled", {
            let cancelled = signed(&changed(&[("vnp_ResponseCode", "24"), ("vnp_TransactionStatus", "02")]), SECRET);
            cancelled.replace("ResponseCode=24", "ResponseCode=00").replace("Status=02", "Status=00")
        }),
        ("another transaction", altered(&[("vnp_TransactionNo", "14226113")])),
        ("another bank", altered(&[("vnp_BankCode", "VISA")])),
        ("a bank number less", altered(&[("vnp_BankTranNo", "")])),
        ("a parameter more", format!("{genuine}&vnp_Extra=1")),
        ("another case of a name", genuine.replace("vnp_Amount", "vnp_amount")),
        ("another terminal, not signed", altered(&[("vnp_TmnCode", "TESTTMN2")])),
        ("another terminal with the same secret", own(&[("vnp_TmnCode", "TESTTMN2")])),
        ("no terminal", own(&[("vnp_TmnCode", "")])),
        ("no reference", own(&[("vnp_TxnRef", "")])),
        ("no amount, signed", own(&[("vnp_Amount", "")])),
        ("no response code", own(&[("vnp_ResponseCode", "")])),
        ("no status", own(&[("vnp_TransactionStatus", "")])),
        ("broken escape", format!("{genuine}&x=%G1")),
        ("escape cut off", format!("{genuine}&x=%4")),
        ("not UTF-8", format!("{genuine}&x=%FF")),
        ("escaped as a whole", genuine.replace('&', "%26").replace('=', "%3D")),
        ("semicolons", genuine.replace('&', ";")),
        ("with the question mark", format!("?{genuine}")),
        ("JSON", serde_json::to_string(&paid()).unwrap()),
    ]
}

#[tokio::test]
async fn a_forged_or_altered_notice_has_no_effect() {
    let client = offline();
    assert!(verify(&client, signed(&paid(), SECRET).as_bytes()).await.is_ok());
    let forged = forged();
    assert!(forged.len() >= 30, "{}", forged.len());
    for (name, query) in forged {
        assert!(matches!(verify(&client, query.as_bytes()).await, Err(Unverified::Forged(_))), "{name}: {query}");
        assert!(client.returned(query.as_bytes()).is_err() || name == "no amount, signed", "return: {name}");
    }
}

#[tokio::test]
async fn any_flipped_bit_is_refused() {
    let client = offline();
    let mut query = signed(&paid(), SECRET).into_bytes();
    for at in 0..query.len() {
        query[at] ^= 1;
        assert!(verify(&client, &query).await.is_err(), "byte {at}: {}", String::from_utf8_lossy(&query));
        query[at] ^= 1;
    }
    assert!(verify(&client, &query).await.is_ok());
}

#[tokio::test]
async fn a_paid_notice_tells_everything_it_knows() {
    let notice = verify(&offline(), signed(&paid(), SECRET).as_bytes()).await.unwrap();
    assert_eq!((notice.kind.as_str(), notice.created_at_s), ("ipn", Some(CREATED_AT_S + 162)));
    let again = verify(&offline(), signed(&paid(), SECRET).as_bytes()).await.unwrap();
    assert_eq!(notice.event_id, again.event_id);
    assert_eq!(notice.event_id.len(), "ipn_".len() + 64);
    let seen = payment(notice);
    assert_eq!((seen.object_id.as_str(), seen.topup_id.as_deref()), (TXN_REF, Some(TXN_REF)));
    assert_eq!((seen.money_id.as_deref(), seen.account_id, seen.live), (Some("14226112"), None, false));
    assert_eq!((seen.asked, seen.received), (Some(dong(500_000)), Some(dong(500_000))));
    let bank = Instrument { kind: "bank".into(), brand: Some("NCB".into()), ..Instrument::default() };
    assert_eq!(seen.instrument, Some(bank));
}

#[tokio::test]
async fn notices_are_read_by_what_changed() {
    // changes, standing, transaction, đồng asked for and received, kind of instrument
    let cases: [(&[(&str, &str)], &str); 12] = [
        (&[("vnp_ResponseCode", "07")], "review vnpay_07 14226112 500000 - bank"),
        (&[("vnp_TransactionStatus", "01")], "payable None 14226112 500000 - bank"),
        (&[("vnp_ResponseCode", "51"), ("vnp_TransactionStatus", "02")], "failed vnpay_51 14226112 500000 - bank"),
        (&[("vnp_ResponseCode", "24")], "review vnpay_24 14226112 500000 - bank"),
        (&[("vnp_TransactionNo", "0")], "paid - 500000 500000 bank"),
        (&[("vnp_TransactionNo", "")], "paid - 500000 500000 bank"),
        (&[("vnp_Amount", "50000050")], "paid 14226112 - - bank"),
        (&[("vnp_Amount", "5e7")], "paid 14226112 - - bank"),
        (&[("vnp_BankCode", "VISA"), ("vnp_CardType", "")], "paid 14226112 500000 500000 card"),
        (&[("vnp_CardType", "QRCODE")], "paid 14226112 500000 500000 wallet"),
        (&[("vnp_BankCode", "")], "paid 14226112 500000 500000 -"),
        (&[("vnp_New", "ü&=%"), ("vnp_PayDate", "soon")], "paid 14226112 500000 500000 bank"),
    ];
    let client = offline();
    for (changes, expected) in cases {
        let seen = payment(verify(&client, signed(&changed(changes), SECRET).as_bytes()).await.unwrap());
        let dong = |money: Option<providers::Money>| money.map_or("-".into(), |money| money.amount_minor.to_string());
        let told = [
            standing(&seen.standing),
            seen.money_id.clone().unwrap_or("-".into()),
            dong(seen.asked),
            dong(seen.received),
            seen.instrument.map_or("-".into(), |instrument| instrument.kind),
        ];
        assert_eq!(told.join(" "), expected, "{changes:?}");
    }
}

#[test]
fn a_return_names_the_payment_and_a_message_only() {
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[], "success"),
        (&[("vnp_ResponseCode", "24"), ("vnp_TransactionStatus", "02")], "canceled"),
        (&[("vnp_ResponseCode", "65"), ("vnp_TransactionStatus", "02")], "daily_limit"),
        (&[("vnp_ResponseCode", "07")], "under_review"),
        (&[("vnp_TransactionStatus", "02")], "other"),
        (&[("vnp_TransactionStatus", "04")], "under_review"),
    ];
    for (changes, message_group) in cases {
        let returned = offline().returned(signed(&changed(changes), SECRET).as_bytes()).unwrap();
        assert_eq!((returned.topup_id.as_str(), returned.message_group), (TXN_REF, message_group), "{changes:?}");
    }
}

#[test]
fn answers_to_notices_are_these_bytes() {
    let cases = [
        (IpnAnswer::Confirmed, r#"{"RspCode":"00","Message":"Confirm Success"}"#),
        (IpnAnswer::NotFound, r#"{"RspCode":"01","Message":"Order not found"}"#),
        (IpnAnswer::AlreadyDone, r#"{"RspCode":"02","Message":"Order already confirmed"}"#),
        (IpnAnswer::WrongAmount, r#"{"RspCode":"04","Message":"Invalid amount"}"#),
        (IpnAnswer::Forged, r#"{"RspCode":"97","Message":"Invalid Checksum"}"#),
        (IpnAnswer::Failed, r#"{"RspCode":"99","Message":"Unknown error"}"#),
    ];
    for (answer, body) in cases {
        assert_eq!(answer.body(), body);
    }
}

async fn link(client: &Client, ask: &Ask) -> Result<String, Trouble> {
    match client.open(ask).await?.next {
        Next::Redirect(url) => Ok(url),
        next => panic!("not a link: {next:?}"),
    }
}

#[tokio::test]
async fn what_the_page_would_refuse_is_not_sent_there() {
    let cases: [(&str, Change); 10] = [
        ("topup_id", |ask| ask.topup_id = "pay 1".into()),
        ("topup_id", |ask| ask.topup_id = "p".repeat(101)),
        ("return_url", |ask| ask.return_url = "http://a".into()),
        ("return_url", |ask| ask.return_url = format!("https://example.com/{}", "a".repeat(236))),
        ("expires_at", |ask| ask.expires_at_s = ask.created_at_s),
        ("expires_at", |ask| (ask.created_at_s, ask.expires_at_s) = (i64::MAX - 1, i64::MAX)),
        ("unsupported_currency", |ask| ask.money.currency = ledger::Unit::parse("USD").unwrap()),
        ("amount", |ask| ask.money = dong(0)),
        ("amount", |ask| ask.money = dong(10_000_000_000)),
        ("amount", |ask| ask.money = dong(-1)),
    ];
    for (code, change) in cases {
        let mut ask = ask();
        change(&mut ask);
        let refused = Trouble::Refused { gateway: "vnpay", code: code.into(), ours: true, reference: None };
        assert_eq!(link(&offline(), &ask).await.unwrap_err(), refused);
    }
}

#[tokio::test]
async fn a_link_says_what_the_ask_says() {
    let cases: [(&str, Change); 7] = [
        ("vnp_Locale=vn", |_| ()),
        ("vnp_Locale=en", |ask| ask.language = "en".into()),
        ("vnp_Locale=en", |ask| ask.language = "ja".into()),
        ("vnp_ExpireDate=20261120163000", |ask| ask.expires_at_s += 3_600),
        ("vnp_ExpireDate=20261120161600", |ask| ask.expires_at_s = ask.created_at_s + 60),
        ("vnp_OrderInfo=Nap+20+do", |ask| ask.description = "Nạp “20” đô!".into()),
        ("vnp_OrderInfo=Nap+tien+TU20261120000001", |ask| ask.description = "チャージ".into()),
    ];
    for (expected, change) in cases {
        let mut ask = ask();
        change(&mut ask);
        let url = link(&offline(), &ask).await.unwrap();
        assert!(url.split(['?', '&']).any(|pair| pair == expected), "{expected}: {url}");
        assert_eq!(url, link(&offline(), &ask).await.unwrap(), "the same ask, another link");
    }
}

#[tokio::test]
async fn in_earnest_the_payer_has_an_address() {
    let earnest = config("http://127.0.0.1:9");
    let live =
        Client::new(Config { live: true, pay_url: "https://pay.vnpay.vn/vpcpay.html".into(), ..earnest }).unwrap();
    for (address, taken) in [("203.0.113.7", true), ("127.0.0.1", false), ("::1", false), ("0.0.0.0", false)] {
        let ask = Ask { payer_address: address.parse().unwrap(), ..ask() };
        assert_eq!(link(&live, &ask).await.is_ok(), taken, "{address}");
        assert!(link(&offline(), &ask).await.is_ok(), "{address} in the sandbox");
    }
}
