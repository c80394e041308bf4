//! `querydr` and `refund`: checksums, codes, and what is told through a payment's life.

use serde_json::{Value, json};

use super::support::{CREATED, Play, SECRET, TERMINAL, signed_request};

fn code(answer: &Value) -> &str {
    answer["vnp_ResponseCode"].as_str().unwrap()
}

fn facts(answer: &Value) -> [&str; 4] {
    ["ResponseCode", "TransactionType", "TransactionStatus", "Amount"]
        .map(|field| answer[format!("vnp_{field}")].as_str().unwrap_or_default())
}

#[tokio::test]
async fn the_vectors_are_understood() {
    let vectors: Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
    for vector in vectors["requests"].as_array().unwrap() {
        let play = Play::start().await;
        play.opened(&Play::order("TU20261120000001"));
        play.sandbox.pay("TU20261120000001", "00").unwrap();
        let mut body = vector["body"].clone();
        let signed_number = body["vnp_Command"] == "refund";
        let number = body["vnp_TransactionNo"].take();
        // Of a refund the number is signed, and this is not the sandbox's number: all is right but that.
        if signed_number {
            body["vnp_TransactionNo"] = number;
        }
        let answer = play.call(&body).await;
        assert_eq!(code(&answer), if signed_number { "91" } else { "00" }, "{}", vector["name"]);
        body["vnp_OrderInfo"] = "another".into();
        assert_eq!(code(&play.call(&body).await), "97", "{}", vector["name"]);
    }
}

#[tokio::test]
async fn a_payment_is_told_at_every_stage() {
    let play = Play::start().await;
    let mut requests = 0;
    let mut ask = async |txn_ref: &str| {
        requests += 1;
        play.call(&Play::querydr(&format!("q{requests}"), txn_ref)).await
    };
    let unknown = ask("TU1").await;
    assert_eq!((code(&unknown), &unknown["vnp_Amount"], &unknown["vnp_TxnRef"]), ("91", &json!(null), &json!("TU1")));
    play.opened(&Play::order("TU1"));
    assert_eq!(facts(&ask("TU1").await), ["00", "01", "01", "50000000"]);
    play.sandbox.pay("TU1", "00").unwrap();
    let paid = ask("TU1").await;
    assert_eq!(facts(&paid), ["00", "01", "00", "50000000"]);
    let shown = play.sandbox.payment("TU1").unwrap();
    let wanted = json!({
        "vnp_ResponseId": paid["vnp_ResponseId"], "vnp_Command": "querydr", "vnp_ResponseCode": "00",
        "vnp_Message": "QueryDR Success", "vnp_TmnCode": TERMINAL, "vnp_TxnRef": "TU1", "vnp_Amount": "50000000",
        "vnp_BankCode": "NCB", "vnp_PayDate": shown.pay_date, "vnp_TransactionNo": shown.transaction_no.to_string(),
        "vnp_TransactionType": "01", "vnp_TransactionStatus": "00", "vnp_OrderInfo": "Nap tien <100>",
        "vnp_CardNumber": "970419xxxxxxxxx2198", "vnp_CardHolder": "NGUYEN VAN A", "vnp_Issuer": "NCB",
        "vnp_FeeAmount": "0", "vnp_Trace": "0", "vnp_SecureHash": paid["vnp_SecureHash"],
    });
    assert_eq!(paid, wanted);
    for (txn_ref, end, status) in [("TU2", "07", "07"), ("TU3", "51", "02"), ("TU4", "24", "02"), ("TU5", "11", "02")] {
        play.ended(txn_ref, end);
        assert_eq!(facts(&ask(txn_ref).await), ["00", "01", status, "50000000"], "{end}");
    }
    play.opened(&Play::order("TU6"));
    play.pass(14 * 60);
    assert_eq!(facts(&ask("TU6").await)[2], "02", "nobody looked, the clock ended it");
}

#[tokio::test]
async fn requests_are_refused_for_what_is_wrong_with_them() {
    let play = Play::start().await;
    play.ended("TU1", "00");
    let signed = |changes: &[(&str, &str)], refund: bool| {
        let mut values = vec![
            ("vnp_RequestId", "r1"),
            ("vnp_Version", "2.1.0"),
            ("vnp_Command", if refund { "refund" } else { "querydr" }),
            ("vnp_TmnCode", TERMINAL),
            ("vnp_TransactionType", "03"),
            ("vnp_TxnRef", "TU1"),
            ("vnp_Amount", "10000000"),
            ("vnp_TransactionNo", ""),
            ("vnp_TransactionDate", CREATED),
            ("vnp_CreateBy", "ops"),
            ("vnp_CreateDate", "20261120170500"),
            ("vnp_IpAddr", "198.51.100.10"),
            ("vnp_OrderInfo", "Hoan tien"),
        ];
        if !refund {
            values.retain(|(name, _)| {
                !["vnp_TransactionType", "vnp_Amount", "vnp_TransactionNo", "vnp_CreateBy"].contains(name)
            });
        }
        for (name, value) in changes {
            values.iter_mut().filter(|(known, _)| known == name).for_each(|pair| pair.1 = *value);
        }
        signed_request(&values)
    };
    let long = "x".repeat(256);
    #[rustfmt::skip]
    let cases: &[(&str, &str, &str)] = &[
        ("vnp_TmnCode", "OTHERTMN", "02"),
        ("vnp_Version", "2.0.1", "03"), ("vnp_Command", "capture", "03"),
        ("vnp_RequestId", "", "03"), ("vnp_RequestId", &long[..33], "03"), ("vnp_RequestId", "a b", "03"),
        ("vnp_TxnRef", "", "03"), ("vnp_TxnRef", "TU/1", "03"), ("vnp_TxnRef", "TU2", "91"),
        ("vnp_TransactionDate", "2026-11-20", "03"), ("vnp_TransactionDate", "20261120161501", "91"),
        ("vnp_CreateDate", "", "03"), ("vnp_IpAddr", "localhost", "03"), ("vnp_IpAddr", "::1", "03"),
        ("vnp_OrderInfo", "", "03"), ("vnp_OrderInfo", &long, "03"), ("vnp_OrderInfo", "a|b", "03"),
    ];
    for (number, (name, value, wanted)) in cases.iter().enumerate() {
        for refund in [false, true] {
            play.sandbox.clear_requests();
            let body = signed(&[("vnp_RequestId", &format!("c{number}")), (*name, *value)], refund);
            let (status, answer) = play.try_call(&body).await.unwrap();
            assert_eq!((status, code(&answer)), (200, *wanted), "{name}={value}: {answer}");
            let hashed = answer["vnp_SecureHash"].is_string();
            assert_eq!(hashed, *wanted != "02" && *name != "vnp_Command", "{name}={value}: {answer}");
            assert_eq!(play.sandbox.requests()[0].code.as_deref(), Some(*wanted));
        }
    }
    #[rustfmt::skip]
    let of_refunds: &[(&str, &str, &str)] = &[
        ("vnp_TransactionType", "01", "03"), ("vnp_Amount", "0", "03"), ("vnp_Amount", "100.00", "03"),
        ("vnp_Amount", "10000050", "03"), ("vnp_Amount", "50000100", "93"), ("vnp_CreateBy", "", "03"),
        ("vnp_TransactionNo", "1", "91"), ("vnp_TransactionNo", "x", "03"), ("vnp_TransactionType", "02", "93"),
    ];
    for (number, (name, value, wanted)) in of_refunds.iter().enumerate() {
        let body = signed(&[("vnp_RequestId", &format!("f{number}")), (*name, *value)], true);
        let answer = play.call(&body).await;
        assert_eq!(code(&answer), *wanted, "{name}={value}");
    }
    assert!(play.sandbox.payment("TU1").unwrap().refunds.is_empty());
    for broken in ["", "[]", "null", "{\"vnp_Command\":[]}"] {
        let request = play.client.post(play.sandbox.api_url()).body(broken.to_owned());
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(code(&answer), "03", "{broken}");
    }
}

#[tokio::test]
async fn a_request_id_is_good_for_one_request_a_day() {
    let play = Play::start().await;
    play.ended("TU1", "00");
    let ask = Play::querydr("r1", "TU1");
    let mut forged = ask.clone();
    forged["vnp_SecureHash"] = "00".into();
    for (body, wanted) in [(&forged, "97"), (&ask, "00"), (&ask, "94")] {
        assert_eq!(code(&play.call(body).await), wanted);
    }
    let refund = Play::refund("r1", "TU1", "03", "10000000");
    assert_eq!(code(&play.call(&refund).await), "00", "every command has its own");
    assert_eq!(code(&play.call(&refund).await), "94");
    assert_eq!(play.sandbox.payment("TU1").unwrap().refunds.len(), 1);
    play.pass(86_400);
    assert_eq!(code(&play.call(&ask).await), "00", "the next day");
}

#[tokio::test]
async fn numbers_and_letter_case_are_taken_as_they_come() {
    let play = Play::start().await;
    play.ended("TU1", "00");
    let mut body = Play::refund("r1", "TU1", "03", "10000000");
    for (name, number) in [("vnp_Amount", 10_000_000_i64), ("vnp_CreateDate", 20_261_120_170_500)] {
        body[name] = number.into();
    }
    body["vnp_SecureHash"] = body["vnp_SecureHash"].as_str().unwrap().to_uppercase().into();
    body.as_object_mut().unwrap().remove("vnp_TransactionNo");
    assert_eq!(facts(&play.call(&body).await), ["00", "03", "05", "10000000"]);
    assert_ne!(SECRET, TERMINAL);
}

#[tokio::test]
async fn money_goes_back_in_parts_or_wholly_but_never_twice() {
    let play = Play::start().await;
    // Per payment: what is asked for and the code of the answer.
    type Case = (&'static str, &'static [(&'static str, &'static str, &'static str)]);
    #[rustfmt::skip]
    let cases: &[Case] = &[
        ("WHOLE", &[("02", "50000000", "00"), ("02", "50000000", "93"), ("03", "100", "93")]),
        ("PARTS", &[("03", "20000000", "00"), ("02", "50000000", "04"), ("03", "30000100", "93"),
            ("03", "30000000", "00"), ("03", "100", "93")]),
        ("PART-OF-ALL", &[("02", "40000000", "93"), ("03", "50000000", "00")]),
    ];
    for (txn_ref, steps) in cases {
        play.ended(txn_ref, "00");
        for (number, (kind, amount, wanted)) in steps.iter().enumerate() {
            let answer = play.call(&Play::refund(&format!("{txn_ref}{number}"), txn_ref, kind, amount)).await;
            assert_eq!(code(&answer), *wanted, "{txn_ref} {number}: {answer}");
            if *wanted == "00" {
                assert_eq!(facts(&answer), ["00", *kind, "05", *amount], "in work, not given back");
            }
        }
    }
    for (txn_ref, end) in [("OPEN", ""), ("REVIEW", "07"), ("FAILED", "51"), ("AWAY", "11")] {
        play.opened(&Play::order(txn_ref));
        if !end.is_empty() {
            play.sandbox.pay(txn_ref, end).unwrap();
        }
        assert_eq!(code(&play.call(&Play::refund(txn_ref, txn_ref, "03", "100")).await), "95", "{txn_ref}");
    }
}

#[tokio::test]
async fn a_refund_is_told_by_querydr_until_the_bank_has_it() {
    let play = Play::with(|options| options.refund_seconds = Some(3600)).await;
    play.ended("TU1", "00");
    let mut requests = 0;
    let mut ask = async |number: &str| {
        requests += 1;
        let mut body = Play::querydr(&format!("q{requests}"), "TU1");
        body["vnp_TransactionNo"] = number.into();
        play.call(&body).await
    };
    let first = play.call(&Play::refund("r1", "TU1", "03", "10000000")).await;
    let second = play.call(&Play::refund("r2", "TU1", "03", "20000000")).await;
    let number = |answer: &Value| answer["vnp_TransactionNo"].as_str().unwrap().to_owned();
    let paid = play.sandbox.payment("TU1").unwrap().transaction_no.to_string();
    let cases: [(&str, [&str; 4]); 5] = [
        ("", ["00", "03", "05", "20000000"]),
        ("0", ["00", "03", "05", "20000000"]),
        (&number(&first), ["00", "03", "05", "10000000"]),
        (&paid, ["00", "01", "00", "50000000"]),
        ("1", ["91", "", "", ""]),
    ];
    for (asked, told) in cases {
        assert_eq!(facts(&ask(asked).await), told, "{asked}");
    }
    let refused = number(&second).parse().unwrap();
    play.sandbox.settle_refund(refused, false).unwrap();
    assert_eq!(facts(&ask("").await), ["00", "03", "09", "20000000"]);
    assert_eq!(
        code(&play.call(&Play::refund("r3", "TU1", "03", "40000000")).await),
        "00",
        "what was refused is ours again"
    );
    play.pass(86_400);
    assert_eq!(facts(&ask(&number(&first)).await)[2], "06");
    assert_eq!(facts(&ask(&number(&second)).await)[2], "09", "the clock does not change an end");
}
