//! What each test card does: off-session, on-session, and when it is saved.

use serde_json::{Value, json};

use crate::support::{Play, off_session};

#[tokio::test]
async fn off_session_charges_by_card() {
    let play = Play::start().await;
    // card, status, code, decline code, advice code
    type Case = (&'static str, u16, Option<&'static str>, Option<&'static str>, Option<&'static str>);
    #[rustfmt::skip]
    let cases: &[Case] = &[
        ("4242424242424242", 200, None, None, None),
        ("378282246310005", 200, None, None, None),
        ("3566002020360505", 200, None, None, None),
        ("4000000000000002", 402, Some("card_declined"), Some("generic_decline"), Some("try_again_later")),
        ("4000000000009995", 402, Some("card_declined"), Some("insufficient_funds"), Some("try_again_later")),
        ("4000000000009987", 402, Some("card_declined"), Some("lost_card"), Some("do_not_try_again")),
        ("4000000000009979", 402, Some("card_declined"), Some("stolen_card"), Some("do_not_try_again")),
        ("4000000000000069", 402, Some("expired_card"), None, Some("do_not_try_again")),
        ("4000000000000127", 402, Some("incorrect_cvc"), None, Some("confirm_card_data")),
        ("4000000000000119", 402, Some("processing_error"), None, Some("try_again_later")),
        ("4000000000000341", 402, Some("card_declined"), Some("generic_decline"), Some("try_again_later")),
        ("4000002500003155", 402, Some("authentication_required"), Some("authentication_required"), None),
        ("4000002760003184", 402, Some("authentication_required"), Some("authentication_required"), None),
        ("4000003800000446", 200, None, None, None),
        ("4100000000000019", 402, Some("card_declined"), Some("fraudulent"), None),
        ("pm_card_sandboxSoftDecline", 402, Some("card_declined"), Some("authentication_required"), None),
    ];
    for (card, status, code, decline_code, advice_code) in cases {
        let (customer, cards) = play.customer(&[card]);
        let reply = play.post("/v1/payment_intents", &off_session(&customer, &cards[0])).await;
        assert_eq!(reply.status, *status, "{card}: {}", reply.body);
        if *status == 200 {
            assert_eq!(reply.body["status"], "succeeded", "{card}");
            continue;
        }
        assert_eq!(reply.error("type"), Some("card_error"), "{card}");
        let codes = (reply.error("code"), reply.error("decline_code"), reply.error("advice_code"));
        assert_eq!(codes, (*code, *decline_code, *advice_code), "{card}");
        let intent = &reply.body["error"]["payment_intent"];
        assert_eq!(
            (&intent["status"], &intent["payment_method"]),
            (&json!("requires_payment_method"), &Value::Null),
            "{card}"
        );
        assert_eq!(intent["last_payment_error"]["charge"], reply.body["error"]["charge"], "{card}");
        assert_eq!(reply.body["error"]["payment_method"]["id"], json!(cards[0]), "{card}");
        let charge = play.sandbox.object(reply.error("charge").unwrap()).unwrap();
        assert_eq!((&charge["status"], &charge["paid"]), (&json!("failed"), &json!(false)), "{card}");
    }
}

#[tokio::test]
async fn the_next_card_pays_the_same_intent_once() {
    let play = Play::start().await;
    let (customer, cards) = play.customer(&["4000000000009995", "4000000000000341", "4242424242424242"]);
    let first = play.post_with_key("/v1/payment_intents", &off_session(&customer, &cards[0]), "k1").await;
    let intent = first.body["error"]["payment_intent"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/payment_intents/{intent}/confirm");
    let second = play.post_with_key(&path, &[("payment_method", &cards[1]), ("off_session", "true")], "k2").await;
    assert_eq!((second.status, second.error("decline_code")), (402, Some("generic_decline")));
    assert_eq!(second.body["error"]["payment_intent"]["id"], json!(intent));
    let third = play.post_with_key(&path, &[("payment_method", &cards[2]), ("off_session", "true")], "k3").await.ok();
    assert_eq!((&third["status"], &third["last_payment_error"]), (&json!("succeeded"), &Value::Null));
    let again = play.post_with_key(&path, &[("payment_method", &cards[2]), ("off_session", "true")], "k4").await;
    assert_eq!((again.status, again.error("code")), (400, Some("payment_intent_unexpected_state")));
    assert_eq!(again.body["error"]["payment_intent"]["status"], "succeeded");
    assert_eq!(play.paid_charges(), 1);
}

#[tokio::test]
async fn a_present_payer_is_challenged() {
    let play = Play::start().await;
    let cases = [
        ("4000002760003184", true, "succeeded", None),
        ("4000002760003184", false, "requires_payment_method", Some("payment_intent_authentication_failure")),
        ("4000008260003178", true, "requires_payment_method", Some("card_declined")),
        ("4000008400001629", true, "requires_payment_method", Some("card_declined")),
        ("4000003800000446", true, "succeeded", None),
    ];
    for (card, success, status, code) in cases {
        let (customer, cards) = play.customer(&[card]);
        let form: Vec<_> =
            off_session(&customer, &cards[0]).into_iter().filter(|(name, _)| *name != "off_session").collect();
        let intent = play.post("/v1/payment_intents", &form).await.ok();
        assert_eq!(
            (&intent["status"], &intent["next_action"]["type"]),
            (&json!("requires_action"), &json!("use_stripe_sdk")),
            "{card}"
        );
        let id = intent["id"].as_str().unwrap();
        let body = json!({ "success": success });
        let path = format!("/payment_intents/{id}/authenticate");
        let intent = play.control(reqwest::Method::POST, &path, body.clone()).await.ok();
        assert_eq!(
            (intent["status"].as_str(), intent["last_payment_error"]["code"].as_str()),
            (Some(status), code),
            "{card}"
        );
        assert_eq!(play.control(reqwest::Method::POST, &path, body).await.status, 400, "only once: {card}");
        let refused = [&form[..], &[("error_on_requires_action", "true")]].concat();
        let reply = play.post("/v1/payment_intents", &refused).await;
        assert_eq!((reply.status, reply.error("code")), (402, Some("authentication_required")), "{card}");
    }
}

#[tokio::test]
async fn a_set_up_card_is_not_challenged_off_session() {
    let play = Play::start().await;
    let customer = play.post("/v1/customers", &[]).await.id();
    let form = [
        ("customer", customer.as_str()),
        ("payment_method", "pm_card_authenticationRequiredOnSetup"),
        ("confirm", "true"),
    ];
    let setup = play.post("/v1/setup_intents", &form).await.ok();
    assert_eq!((&setup["status"], &setup["usage"]), (&json!("requires_action"), &json!("off_session")));
    let (setup, card) = (setup["id"].as_str().unwrap(), setup["payment_method"].as_str().unwrap());
    let done = play.sandbox.authenticate_setup_intent(setup, true).unwrap();
    assert_eq!(done["status"], "succeeded");
    assert_eq!(play.get(&format!("/v1/setup_intents/{setup}")).await.ok(), done);
    assert_eq!(play.get(&format!("/v1/payment_methods/{card}")).await.ok()["customer"], json!(customer));
    assert_eq!(play.post("/v1/payment_intents", &off_session(&customer, card)).await.ok()["status"], "succeeded");
    assert_eq!(play.post(&format!("/v1/setup_intents/{setup}/cancel"), &[]).await.status, 400);
}

#[tokio::test]
async fn saving_a_card_can_be_refused() {
    let play = Play::start().await;
    let customer = play.post("/v1/customers", &[]).await.id();
    let decliner = "pm_card_visa_chargeDeclined";
    let attach = play.post(&format!("/v1/payment_methods/{decliner}/attach"), &[("customer", &customer)]).await;
    assert_eq!((attach.status, attach.error("code")), (402, Some("card_declined")));
    let form = [("customer", customer.as_str()), ("payment_method", decliner), ("confirm", "true")];
    let setup = play.post("/v1/setup_intents", &form).await;
    assert_eq!((setup.status, setup.error("decline_code")), (402, Some("generic_decline")));
    assert_eq!(setup.body["error"]["setup_intent"]["status"], "requires_payment_method");
    let id = setup.body["error"]["setup_intent"]["id"].as_str().unwrap();
    let done = play.post(&format!("/v1/setup_intents/{id}/confirm"), &[("payment_method", "pm_card_visa")]).await.ok();
    assert_eq!(done["status"], "succeeded");
    let cases = [
        ("4242424242424241", 402, "incorrect_number"),
        ("4111111111111111", 402, "card_declined"),
        ("4242424242424242", 402, "invalid_expiry_year"),
    ];
    for (number, status, code) in cases {
        let form = [("type", "card"), ("card[number]", number), ("card[exp_month]", "1"), ("card[exp_year]", "2020")];
        let year = if code == "invalid_expiry_year" { "2020" } else { "2040" };
        let form: Vec<_> =
            form.iter().map(|(name, text)| (*name, if *text == "2020" { year } else { *text })).collect();
        let reply = play.post("/v1/payment_methods", &form).await;
        assert_eq!((reply.status, reply.error("code")), (status, Some(code)), "{number}");
    }
}

#[tokio::test]
async fn a_payment_on_the_page_saves_the_card() {
    let play = Play::start().await;
    let customer = play.post("/v1/customers", &[]).await.id();
    let form = [
        ("amount", "3000"),
        ("currency", "jpy"),
        ("customer", customer.as_str()),
        ("payment_method", "pm_card_authenticationRequiredOnSetup"),
        ("setup_future_usage", "off_session"),
        ("confirm", "true"),
        ("return_url", "https://example.com/back"),
    ];
    let intent = play.post("/v1/payment_intents", &form).await.ok();
    let paid = play.sandbox.authenticate_payment_intent(intent["id"].as_str().unwrap(), true).unwrap();
    let card = paid["payment_method"].as_str().unwrap();
    assert_eq!(play.get(&format!("/v1/payment_methods/{card}")).await.ok()["customer"], json!(customer));
    assert_eq!(play.post("/v1/payment_intents", &off_session(&customer, card)).await.ok()["status"], "succeeded");
}

#[tokio::test]
async fn a_processing_payment_ends_later() {
    let play = Play::start().await;
    let (customer, cards) = play.customer(&["pm_card_sandboxProcessing"]);
    for (end, status, received) in [
        (json!({"succeeded": true}), "succeeded", 3000),
        (json!({"succeeded": false, "decline_code": "insufficient_funds"}), "requires_payment_method", 0),
    ] {
        let intent = play.post("/v1/payment_intents", &off_session(&customer, &cards[0])).await.ok();
        assert_eq!((&intent["status"], &intent["amount_received"]), (&json!("processing"), &json!(0)));
        let id = intent["id"].as_str().unwrap();
        assert_eq!(play.post(&format!("/v1/payment_intents/{id}/cancel"), &[]).await.status, 400);
        let path = format!("/payment_intents/{id}/settle");
        let settled = play.control(reqwest::Method::POST, &path, end.clone()).await.ok();
        assert_eq!((settled["status"].as_str(), settled["amount_received"].as_i64()), (Some(status), Some(received)));
        assert_eq!(settled["latest_charge"], intent["latest_charge"], "the pending charge is the one that ends");
        assert_eq!(play.control(reqwest::Method::POST, &path, end).await.status, 400);
    }
    assert_eq!(play.paid_charges(), 1);
}
