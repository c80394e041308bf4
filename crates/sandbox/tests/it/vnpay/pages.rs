//! What opens a page, and what a person can do on it.

use serde_json::Value;

use super::support::{Merchant, Page, Play, SECRET, params, verified};

const NCB: &str = "9704198526191432198";

fn card<'a>(number: &'a str, date: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![("number", number), ("holder", "Nguyen Van A"), ("date", date), ("cvv", "123")]
}

#[tokio::test]
async fn the_vectors_open_a_page() {
    let vectors: Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
    for vector in vectors["payment_urls"].as_array().unwrap() {
        let play = Play::start().await;
        let opened = play.get(&format!("{}?{}", play.sandbox.pay_url(), vector["query"].as_str().unwrap())).await;
        if vector["name"] == "Vietnamese letters" {
            // Rightly signed, else it were a 70; VNPay wants texts without accents.
            assert!(opened.location.ends_with("/Payment/Error.html?code=03&field=vnp_OrderInfo"), "{opened:?}");
            continue;
        }
        let page = play.get(&opened.location).await;
        assert_eq!((opened.status, page.status), (302, 200), "{}: {}", vector["name"], opened.location);
        let shown = vector["order_info"].as_str().unwrap().replace('&', "&amp;").replace('\'', "&#39;");
        assert!(page.html.contains(&shown), "{}", vector["name"]);
    }
}

#[tokio::test]
async fn an_address_is_checked_before_anybody_sees_a_page() {
    let play = Play::start().await;
    let long = "x".repeat(256);
    let url = format!("https://{long}");
    // A change of the order, signed afresh: the code of the error page and the field at fault; "" when a page opens.
    #[rustfmt::skip]
    let cases: &[(&str, &str, &str, &str)] = &[
        ("vnp_Version", "2.1.0", "", ""), ("vnp_Version", "2.0.1", "03", "vnp_Version"),
        ("vnp_Version", "", "03", "vnp_Version"),
        ("vnp_Command", "refund", "03", "vnp_Command"),
        ("vnp_TmnCode", "OTHERTMN", "72", ""), ("vnp_TmnCode", "", "72", ""),
        ("vnp_Amount", "500000", "", ""), ("vnp_Amount", "499900", "03", "vnp_Amount"),
        ("vnp_Amount", "99999999900", "", ""), ("vnp_Amount", "100000000000", "03", "vnp_Amount"),
        ("vnp_Amount", "50000050", "03", "vnp_Amount"), ("vnp_Amount", "500,000", "03", "vnp_Amount"),
        ("vnp_Amount", "-50000000", "03", "vnp_Amount"), ("vnp_Amount", "5e7", "03", "vnp_Amount"),
        ("vnp_Amount", "", "03", "vnp_Amount"),
        ("vnp_CurrCode", "USD", "03", "vnp_CurrCode"), ("vnp_CurrCode", "", "03", "vnp_CurrCode"),
        ("vnp_TxnRef", "A-1_b", "", ""), ("vnp_TxnRef", "A/1", "03", "vnp_TxnRef"),
        ("vnp_TxnRef", "", "03", "vnp_TxnRef"),
        ("vnp_TxnRef", &long[..100], "", ""), ("vnp_TxnRef", &long[..101], "03", "vnp_TxnRef"),
        ("vnp_OrderInfo", &long[..255], "", ""), ("vnp_OrderInfo", &long, "03", "vnp_OrderInfo"),
        ("vnp_OrderInfo", "Nạp tiền", "03", "vnp_OrderInfo"), ("vnp_OrderInfo", "a\nb", "03", "vnp_OrderInfo"),
        ("vnp_OrderInfo", "", "03", "vnp_OrderInfo"),
        ("vnp_OrderType", "250000", "", ""), ("vnp_OrderType", "", "03", "vnp_OrderType"),
        ("vnp_Locale", "en", "", ""), ("vnp_Locale", "ja", "", ""), ("vnp_Locale", "", "03", "vnp_Locale"),
        ("vnp_ReturnUrl", &url[..255], "", ""), ("vnp_ReturnUrl", &url[..256], "03", "vnp_ReturnUrl"),
        ("vnp_ReturnUrl", "ftp://merchant.example", "03", "vnp_ReturnUrl"),
        ("vnp_ReturnUrl", "http://a", "03", "vnp_ReturnUrl"),
        ("vnp_IpAddr", "2001:db8::1", "", ""), ("vnp_IpAddr", "::1", "03", "vnp_IpAddr"),
        ("vnp_IpAddr", "203.0.113", "03", "vnp_IpAddr"), ("vnp_IpAddr", "", "03", "vnp_IpAddr"),
        ("vnp_CreateDate", "20261120162030", "", ""), ("vnp_CreateDate", "20261120200000", "03", "vnp_CreateDate"),
        ("vnp_CreateDate", "20261120", "03", "vnp_CreateDate"), ("vnp_CreateDate", "", "03", "vnp_CreateDate"),
        ("vnp_ExpireDate", "20261121161500", "", ""), ("vnp_ExpireDate", "20261120161530", "15", ""),
        ("vnp_ExpireDate", "20261120161500", "03", "vnp_ExpireDate"), ("vnp_ExpireDate", "", "03", "vnp_ExpireDate"),
        // Half past four by a clock that is not Viet Nam's.
        ("vnp_ExpireDate", "20261120093000", "03", "vnp_ExpireDate"),
        ("vnp_BankCode", "NCB", "", ""), ("vnp_BankCode", "VNBANK", "", ""), ("vnp_BankCode", "MYBANK", "76", ""),
        ("vnp_Bill_Email", "a@example.com", "", ""),
    ];
    for (name, value, code, field) in cases {
        play.sandbox.reset();
        let order = Play::order_with("TU1", &[(name, value)]);
        let page = play.get(&play.address(&order)).await;
        let wanted = match (*code, *field) {
            ("", _) => "/paymentv2/Transaction/Index.html?token=".to_owned(),
            (code, "") => format!("/paymentv2/Payment/Error.html?code={code}"),
            (code, field) => format!("/paymentv2/Payment/Error.html?code={code}&field={field}"),
        };
        let fits = if code.is_empty() { page.location.contains(&wanted) } else { page.location.ends_with(&wanted) };
        assert!(page.status == 302 && fits, "{name}={value}: {}", page.location);
        let log = play.sandbox.requests();
        assert_eq!(log[0].code.as_deref().unwrap_or_default(), *code, "{name}={value}");
        assert_eq!(play.sandbox.payments().len(), usize::from(code.is_empty()), "{name}={value}");
    }
}

#[tokio::test]
async fn an_address_without_the_right_checksum_opens_nothing() {
    let play = Play::start().await;
    let good = play.address(&Play::order("TU1"));
    let hash_at = good.rfind('=').unwrap() + 1;
    let cases = [
        good.replace("50000000", "60000000"),
        good.replace("vnp_TxnRef=TU1", "vnp_TxnRef=TU2"),
        format!("{good}&vnp_BankCode=NCB"),
        format!("{good}&vnp_TxnRef=TU1"),
        good[..hash_at].to_owned(),
        good[..good.rfind('&').unwrap()].to_owned(),
        good.replace(&good[hash_at..hash_at + 4], "zzzz"),
        good.replace("Nap+tien", "Nap%tien"),
        play.sandbox.pay_url(),
    ];
    for address in cases {
        let page = play.get(&address).await;
        assert!(page.location.contains("/Payment/Error.html?code=7"), "{address}: {}", page.location);
        assert!(play.sandbox.payments().is_empty(), "{address}");
    }
    let error = play.get(&format!("{}/paymentv2/Payment/Error.html?code=70", play.sandbox.url())).await;
    assert!(error.html.contains("Chữ ký không hợp lệ") && error.html.contains("The checksum is wrong"));
    let upper = format!("{}{}", &good[..hash_at], good[hash_at..].to_uppercase());
    assert!(play.get(&upper).await.location.contains("Index.html?token="), "letter case of a checksum is free");
}

#[tokio::test]
async fn an_order_number_is_one_payment_for_ever() {
    let play = Play::start().await;
    let address = play.address(&Play::order("TU1"));
    let first = play.get(&address).await;
    assert_eq!(play.get(&address).await.location, first.location, "a reload leads to the same page");
    let other = play.get(&play.address(&Play::order_with("TU1", &[("vnp_Amount", "60000000")]))).await;
    assert!(other.location.ends_with("Error.html?code=01"), "{}", other.location);
    play.sandbox.pay("TU1", "24").unwrap();
    assert!(play.get(&address).await.location.ends_with("Error.html?code=01"));
    play.pass(3600);
    assert!(play.get(&address).await.location.ends_with("Error.html?code=15"));
}

#[tokio::test]
async fn a_person_pays_with_a_one_time_code() {
    let play = Play::start().await;
    let merchant = Merchant::start(&play, &[]).await;
    let token = play.opened(&Play::order("TU1"));
    let start = play.page(&token).await;
    for shown in ["lang=\"vi\"", "Chọn phương thức", "500.000 ₫", "Nap tien &lt;100&gt;", "16:30 20/11/2026", "TU1"]
    {
        assert!(start.html.contains(shown), "{shown}: {}", start.html);
    }
    assert!(start.html.contains("không có tiền thật") && !start.html.contains("<script"));
    let form = play.form(&token, "Method", &[("method", "NCB")]).await;
    assert!(form.html.contains("Số thẻ") && form.html.contains(NCB), "{}", form.html);
    let asked = play.form(&token, "Details", &card(NCB, "07/15")).await;
    assert!(asked.html.contains("Mã OTP") && merchant.received().is_empty());
    let result = play.form(&token, "Otp", &[("otp", "123456")]).await;
    assert!(result.html.contains("Giao dịch thành công"), "{}", result.html);
    merchant.until(1).await;
    let back = play.get(&format!("{}/paymentv2/Transaction/Return.html?token={token}", play.sandbox.url())).await;
    let query = back.location.strip_prefix("http://127.0.0.1:9/return/vnpay?tenant=t1&").unwrap();
    let told = verified(query).unwrap();
    assert_eq!((back.status, Some(told.clone())), (302, merchant.notices()[0].clone()), "both say the same");
    let number = play.sandbox.payment("TU1").unwrap().transaction_no.to_string();
    let wanted = params(&[
        ("vnp_Amount", "50000000"),
        ("vnp_BankCode", "NCB"),
        ("vnp_BankTranNo", &format!("VNP{number}")),
        ("vnp_CardType", "ATM"),
        ("vnp_OrderInfo", "Nap tien <100>"),
        ("vnp_PayDate", &told["vnp_PayDate"]),
        ("vnp_ResponseCode", "00"),
        ("vnp_TmnCode", "TESTTMN1"),
        ("vnp_TransactionNo", &number),
        ("vnp_TransactionStatus", "00"),
        ("vnp_TxnRef", "TU1"),
    ]);
    assert_eq!(told, wanted);
    assert!(told["vnp_PayDate"].starts_with("2026112016"));
}

#[tokio::test]
async fn cards_lead_to_their_codes() {
    // Way to pay, card, date, one-time code (none is asked for when empty): code, bank and kind of card in the notice.
    #[rustfmt::skip]
    let cases: &[(&str, &str, &str, &str, [&str; 3])] = &[
        ("NCB", NCB, "07/15", "123456", ["00", "NCB", "ATM"]),
        ("NCB", "9704195798459170488", "07/15", "123456", ["51", "NCB", "ATM"]),
        ("NCB", "9704192181368742", "07/15", "", ["09", "NCB", "ATM"]),
        ("NCB", "9704193370791314", "07/15", "", ["12", "NCB", "ATM"]),
        ("NCB", "9704194841945513", "07/15", "", ["99", "NCB", "ATM"]),
        ("NCB", "9704199900000007", "07/15", "123456", ["07", "NCB", "ATM"]),
        ("NCB", "9704199900000065", "07/15", "123456", ["65", "NCB", "ATM"]),
        ("NCB", "9704199900000075", "07/15", "", ["75", "NCB", "ATM"]),
        ("NCB", "9704199900000079", "07/15", "123456", ["79", "NCB", "ATM"]),
        ("NAPAS", "9704000000000018", "03/07", "otp", ["00", "NAPAS", "ATM"]),
        ("EXIMBANK", "9704310005819191", "10/26", "123456", ["00", "EXIMBANK", "ATM"]),
        ("INTCARD", "4456530000001005", "12/26", "", ["00", "VISA", "VISA"]),
        ("INTCARD", "4456530000001096", "12/26", "123456", ["00", "VISA", "VISA"]),
        ("INTCARD", "5200000000001005", "01/30", "", ["00", "MASTERCARD", "MASTERCARD"]),
        ("INTCARD", "3337000000200004", "12/26", "123456", ["00", "JCB", "JCB"]),
    ];
    let play = Play::start().await;
    let merchant = Merchant::start(&play, &[]).await;
    for (number, (method, card_number, date, otp, ended)) in cases.iter().enumerate() {
        let token = play.opened(&Play::order_with(&format!("TU{number}"), &[("vnp_BankCode", method)]));
        play.form(&token, "Details", &card(card_number, date)).await;
        assert_eq!(play.sandbox.payments()[number].is_open(), !otp.is_empty(), "{card_number}");
        if !otp.is_empty() {
            play.form(&token, "Otp", &[("otp", otp)]).await;
        }
        merchant.until(number + 1).await;
        let told = merchant.notices()[number].clone().unwrap();
        let names = ["vnp_ResponseCode", "vnp_BankCode", "vnp_CardType"];
        assert_eq!(names.map(|name| told[name].as_str()), *ended, "{card_number}");
        assert_eq!(told.contains_key("vnp_BankTranNo"), ["00", "07"].contains(&ended[0]), "{card_number}");
        assert_ne!(told["vnp_TransactionNo"], "0", "{card_number}");
    }
}

#[tokio::test]
async fn the_app_pays_or_refuses() {
    let play = Play::start().await;
    for (answer, code) in [("00", "00"), ("51", "51"), ("24", "00")] {
        play.sandbox.reset();
        let token = play.opened(&Play::order_with("TU1", &[("vnp_BankCode", "VNPAYQR"), ("vnp_Locale", "en")]));
        let page = play.page(&token).await;
        assert!(page.html.contains("no real QR code") && page.html.contains("500,000 VND"), "{}", page.html);
        let result = play.form(&token, "Details", &[("answer", answer)]).await;
        let payment = play.sandbox.payment("TU1").unwrap();
        assert_eq!(payment.response_code, Some(code), "{answer}");
        let told = payment.return_address.unwrap();
        assert!(told.contains("vnp_BankCode=NCB&") && told.contains("vnp_CardType=QRCODE&"), "{told}");
        assert!(result.html.contains("Back to the merchant"));
    }
}

#[tokio::test]
async fn mistakes_end_the_payment_only_when_they_are_too_many() {
    let play = Play::start().await;
    let open =
        |page: &Page, tries: u8| page.html.contains("role=\"alert\"") && page.html.contains(&format!(": {tries}<"));
    for (code, right) in [("00", true), ("13", false)] {
        play.sandbox.reset();
        let token = play.opened(&Play::order_with("TU1", &[("vnp_BankCode", "NCB")]));
        for tries in [2, 1] {
            let page = play.form(&token, "Details", &card(NCB, "07/16")).await;
            assert!(open(&page, tries), "{}", page.html);
        }
        play.form(&token, "Details", &card(NCB, "07/15")).await;
        for tries in [2, 1] {
            let page = play.form(&token, "Otp", &[("otp", "654321")]).await;
            assert!(open(&page, tries), "tries begin afresh: {}", page.html);
        }
        play.form(&token, "Otp", &[("otp", if right { " 123456 " } else { "" })]).await;
        assert_eq!(play.sandbox.payment("TU1").unwrap().response_code, Some(code));
    }
    play.sandbox.reset();
    let token = play.opened(&Play::order("TU1"));
    play.form(&token, "Method", &[("method", "INTCARD")]).await;
    for _ in 0..3 {
        play.form(&token, "Details", &card(NCB, "07/15")).await;
    }
    assert_eq!(play.sandbox.payment("TU1").unwrap().response_code, Some("10"));
}

#[tokio::test]
async fn a_payer_may_go_back_cancel_or_walk_away() {
    let play = Play::start().await;
    let merchant = Merchant::start(&play, &[]).await;
    let token = play.opened(&Play::order_with("TU1", &[("vnp_Locale", "ja")]));
    let chosen = play.form(&token, "Method", &[("method", "NCB")]).await;
    assert!(chosen.html.contains("lang=\"en\"") && chosen.html.contains("Card number"), "Japanese falls to English");
    assert!(play.form(&token, "Back", &[]).await.html.contains("Choose how to pay"));
    assert!(play.form(&token, "Method", &[("method", "MYBANK")]).await.html.contains("Choose how to pay"));
    assert!(
        play.form(&token, "Otp", &[("otp", "123456")]).await.html.contains("Choose how to pay"),
        "no step is left out"
    );
    assert!(play.form(&token, "Cancel", &[]).await.html.contains("You cancelled the payment"));
    play.form(&token, "Method", &[("method", "NCB")]).await;

    let token = play.opened(&Play::order("TU2"));
    play.form(&token, "Method", &[("method", "NCB")]).await;
    play.pass(5 * 60);
    assert!(play.page(&token).await.html.contains("Số thẻ"), "there are minutes left");
    play.pass(20 * 60);
    assert!(play.page(&token).await.html.contains("Đã hết thời gian thanh toán"));
    play.form(&token, "Details", &card(NCB, "07/15")).await;

    merchant.until(2).await;
    for (number, (txn_ref, code)) in [("TU1", "24"), ("TU2", "11")].into_iter().enumerate() {
        let told = merchant.notices()[number].clone().unwrap();
        let names = ["vnp_TxnRef", "vnp_ResponseCode", "vnp_TransactionStatus", "vnp_TransactionNo", "vnp_BankCode"];
        assert_eq!(names.map(|name| told[name].as_str()), [txn_ref, code, "02", "0", "VNPAY"]);
    }
    assert_eq!(
        merchant.notices()[1].clone().unwrap()["vnp_PayDate"],
        "20261120163000",
        "when it ran out, not when seen"
    );
}

#[tokio::test]
async fn a_cancelled_payment_reads_as_in_the_vectors() {
    let vectors: Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
    for (name, code) in [("ipn_success", "00"), ("ipn_cancelled", "24")] {
        let play = Play::start().await;
        play.ended("TU1", code);
        let address = play.sandbox.payment("TU1").unwrap().return_address.unwrap();
        let names = |query: &str| -> Vec<String> {
            query.split('&').map(|pair| pair.split('=').next().unwrap().to_owned()).collect()
        };
        let ours = names(address.split_once("tenant=t1&").unwrap().1);
        assert_eq!(ours, names(vectors[name].as_str().unwrap()), "{name}: the same names in the same order");
    }
    assert_eq!(vectors["secret"], SECRET);
}

#[tokio::test]
async fn pages_are_private_and_unknown_tokens_show_nothing() {
    let play = Play::start().await;
    let token = play.opened(&Play::order("TU1"));
    let url = format!("{}/paymentv2/Transaction/Index.html?token={token}", play.sandbox.url());
    let response = play.client.get(url).send().await.unwrap();
    let headers = response.headers();
    assert!(headers["cache-control"] == "no-store" && headers["x-frame-options"] == "DENY");
    assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    for token in ["", "0000", "%0d%0aSet-Cookie:x", "<script>"] {
        let page = play.page(token).await;
        assert!(page.status == 404 && !page.html.contains("TU1") && !page.html.contains("<script>"), "{token}");
    }
    let page = play.form("\r\nX: y", "Cancel", &[]).await;
    assert_eq!((page.status, play.sandbox.payment("TU1").unwrap().response_code), (404, None));
    let early = play.get(&format!("{}/paymentv2/Transaction/Return.html?token={token}", play.sandbox.url())).await;
    assert!(early.location.ends_with(&format!("Index.html?token={token}")), "nothing to go back with yet");
}
