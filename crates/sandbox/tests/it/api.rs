//! Customers, cards, intents and lists; keys, versions and what is refused.

use serde_json::{Value, json};

use crate::support::{Play, off_session};

#[tokio::test]
async fn keys_and_versions_are_checked() {
    let play = Play::start().await;
    let cases: &[(&str, &str, u16)] = &[
        ("Authorization", "Bearer sk_test_1", 200),
        ("Authorization", "Bearer rk_test_1", 200),
        ("Authorization", "Basic c2tfdGVzdF8xOg==", 200),
        ("Authorization", "Bearer sk_live_1", 401),
        ("Authorization", "Bearer pk_test_1", 401),
        ("Authorization", "Bearer sk_test_", 401),
        ("Authorization", "Basic c2tfbGl2ZV8xOg==", 401),
        ("Authorization", "Digest sk_test_1", 401),
        ("X-Nothing", "1", 401),
    ];
    for (name, value, status) in cases {
        let request = play.client.get(format!("{}/v1/customers", play.sandbox.url())).header(*name, *value);
        assert_eq!(request.send().await.unwrap().status().as_u16(), *status, "{value}");
    }
    for (version, status) in [("2026-10-28.endive", 200), ("2023-08-16", 400)] {
        let request = play.client.get(format!("{}/v1/customers", play.sandbox.url())).bearer_auth("sk_test_1");
        let answer = request.header("Stripe-Version", version).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{version}");
        assert_eq!(answer.headers()["stripe-version"], "2026-10-28.endive");
        assert!(answer.headers()["request-id"].to_str().unwrap().starts_with("req_"));
    }
}

#[tokio::test]
async fn unfit_requests_are_refused_and_change_nothing() {
    let play = Play::start().await;
    let (customer, cards) = play.customer(&["pm_card_visa"]);
    let (other, _) = play.customer(&["pm_card_visa"]);
    let (customer, other, card) = (customer.as_str(), other.as_str(), cards[0].as_str());
    let base = [("amount", "3000"), ("currency", "jpy")];
    let no_redirects =
        [("automatic_payment_methods[enabled]", "true"), ("automatic_payment_methods[allow_redirects]", "never")];
    type Case<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>, Option<&'a str>);
    let cases: &[Case] = &[
        (&[("payment_method_types[0]", "card")], Some("parameter_unknown"), Some("payment_method_types")),
        (&[("amount", "49")], Some("amount_too_small"), Some("amount")),
        (&[("currency", "zzz")], None, Some("currency")),
        (&[("off_session", "true")], None, Some("off_session")),
        (&[("return_url", "https://example.com")], None, Some("return_url")),
        (&[("confirm", "true")], Some("payment_intent_unexpected_state"), None),
        (&[("customer", "cus_none")], Some("resource_missing"), Some("customer")),
        (&[("customer", customer), ("payment_method", "pm_none")], Some("resource_missing"), Some("payment_method")),
        (&[("payment_method", card)], None, Some("payment_method")),
        (&[("customer", other), ("payment_method", card)], Some("resource_missing"), Some("payment_method")),
        (&[("customer", customer), ("payment_method", card), ("confirm", "true")], None, Some("return_url")),
        (&[("setup_future_usage", "off_session")], None, Some("setup_future_usage")),
        (&[("statement_descriptor", "SHOP")], None, Some("statement_descriptor")),
        (&[("statement_descriptor_suffix", "123")], None, Some("statement_descriptor_suffix")),
        (&[("transfer_data[amount]", "1")], None, Some("transfer_data")),
        (&[("expand[]", "nothing")], None, Some("expand")),
        (&[("expand[]", "data.customer")], None, Some("expand")),
        (&[("expand[]", "latest_charge.amount")], None, Some("expand")),
    ];
    for (more, code, param) in cases {
        let mut form: Vec<_> =
            base.iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name)).copied().collect();
        form.extend(*more);
        let reply = play.post("/v1/payment_intents", &form).await;
        assert_eq!(
            (reply.status, reply.error("type")),
            (400, Some("invalid_request_error")),
            "{more:?} {}",
            reply.body
        );
        assert_eq!((reply.error("code"), reply.error("param")), (*code, *param), "{more:?} {}", reply.body);
    }
    let long = "x".repeat(501);
    let reply = play.post("/v1/payment_intents", &[&base[..], &[("metadata[a]", &long)]].concat()).await;
    assert_eq!((reply.status, reply.error("param")), (400, Some("metadata[a]")));
    assert!(play.sandbox.objects("payment_intent").is_empty() && play.sandbox.objects("charge").is_empty());
    let accepted = [&base[..], &no_redirects, &[("customer", customer), ("payment_method", card), ("confirm", "true")]];
    assert_eq!(play.post("/v1/payment_intents", &accepted.concat()).await.ok()["status"], "succeeded");
    assert_eq!(play.post("/v1/nothing", &[]).await.status, 404);
    assert_eq!(play.get("/v1/payment_intents/pi_none").await.error("code"), Some("resource_missing"));
}

#[tokio::test]
async fn an_off_session_charge_pays_and_expands() {
    let play = Play::start().await;
    let (customer, cards) = play.customer(&["4000003920000003"]);
    let mut form = off_session(&customer, &cards[0]);
    form.extend([
        ("expand[]", "latest_charge.balance_transaction"),
        ("expand[]", "payment_method"),
        ("expand[]", "customer"),
    ]);
    let intent = play.post("/v1/payment_intents", &form).await.ok();
    let cases = [
        ("/status", json!("succeeded")),
        ("/amount_received", json!(3000)),
        ("/currency", json!("jpy")),
        ("/livemode", json!(false)),
        ("/metadata", json!({"topup_id": "tu_1"})),
        ("/last_payment_error", Value::Null),
        ("/customer/id", json!(customer)),
        ("/payment_method/card/country", json!("JP")),
        ("/latest_charge/metadata/topup_id", json!("tu_1")),
        ("/latest_charge/paid", json!(true)),
        ("/latest_charge/balance_transaction/net", json!(2892)),
        ("/latest_charge/balance_transaction/fee", json!(108)),
    ];
    for (pointer, expected) in cases {
        assert_eq!(intent.pointer(pointer), Some(&expected), "{pointer}");
    }
    let id = intent["id"].as_str().unwrap();
    assert!(intent["client_secret"].as_str().unwrap().starts_with(&format!("{id}_secret_")));
    let plain = play.get(&format!("/v1/payment_intents/{id}")).await.ok();
    assert_eq!(plain["latest_charge"], intent["latest_charge"]["id"]);
    assert_eq!(play.get(&format!("/v1/payment_intents/{id}?expand[]=amount")).await.status, 400);
}

#[tokio::test]
async fn cards_are_saved_defaulted_and_detached_for_good() {
    let play = Play::start().await;
    let customer = play.post("/v1/customers", &[("email", "a@example.com"), ("metadata[account_id]", "a1")]).await.id();
    let number = [
        ("type", "card"),
        ("card[number]", "5555 5555 5555 4444"),
        ("card[exp_month]", "8"),
        ("card[exp_year]", "2040"),
    ];
    let card = play.post("/v1/payment_methods", &number).await.id();
    let twin = play.post("/v1/payment_methods", &number).await.ok();
    let owner = [("customer", customer.as_str())];
    let attached = play.post(&format!("/v1/payment_methods/{card}/attach"), &owner).await.ok();
    assert_eq!((&attached["card"]["brand"], &attached["customer"]), (&json!("mastercard"), &json!(customer)));
    assert_eq!(attached["card"]["fingerprint"], twin["card"]["fingerprint"]);
    let second = play.post("/v1/payment_methods/pm_card_visa/attach", &owner).await.id();
    assert!(second.starts_with("pm_") && second != "pm_card_visa");

    let path = format!("/v1/customers/{customer}");
    let default = [("invoice_settings[default_payment_method]", card.as_str())];
    assert_eq!(play.post(&path, &default).await.ok()["invoice_settings"]["default_payment_method"], card);
    let foreign = [("invoice_settings[default_payment_method]", twin["id"].as_str().unwrap())];
    assert_eq!(play.post(&path, &foreign).await.status, 400);

    for list in
        [format!("{path}/payment_methods?type=card"), format!("/v1/payment_methods?customer={customer}&type=card")]
    {
        let page = play.get(&list).await.ok();
        let ids: Vec<_> = page["data"].as_array().unwrap().iter().map(|card| card["id"].clone()).collect();
        assert_eq!(ids, [json!(second), json!(card)], "newest first: {list}");
    }
    assert_eq!(play.get(&format!("{path}/payment_methods?type=link")).await.ok()["data"], json!([]));

    assert_eq!(play.post(&format!("/v1/payment_methods/{card}/detach"), &[]).await.ok()["customer"], Value::Null);
    assert_eq!(play.get(&path).await.ok()["invoice_settings"]["default_payment_method"], Value::Null);
    for (path, form) in [
        (format!("/v1/payment_methods/{card}/attach"), owner.to_vec()),
        ("/v1/payment_intents".to_owned(), off_session(&customer, &card)),
    ] {
        assert_eq!(play.post(&path, &form).await.status, 400, "{path}");
    }

    let gone = json!({"id": customer, "object": "customer", "deleted": true});
    assert_eq!(play.delete(&path).await.ok(), gone);
    assert_eq!(play.get(&path).await.ok(), gone);
    assert_eq!(play.delete(&path).await.status, 404);
    assert_eq!(play.get(&format!("/v1/payment_methods/{second}")).await.ok()["customer"], Value::Null);
    assert_eq!(
        play.post("/v1/payment_intents", &off_session(&customer, "pm_card_visa")).await.error("param"),
        Some("customer")
    );
}

#[tokio::test]
async fn lists_page_and_filter() {
    let play = Play::start().await;
    let (customer, cards) = play.customer(&["pm_card_visa"]);
    let mut ids = Vec::new();
    for day in 0..5 {
        play.sandbox.set_clock_offset(day * 86_400);
        ids.push(play.post("/v1/payment_intents", &off_session(&customer, &cards[0])).await.id());
    }
    ids.reverse();
    let third = play.get(&format!("/v1/payment_intents/{}", ids[2])).await.ok()["created"].as_i64().unwrap();
    let cases = [
        ("limit=2".to_owned(), &ids[..2], true),
        (format!("limit=2&starting_after={}", ids[1]), &ids[2..4], true),
        (format!("limit=2&starting_after={}", ids[3]), &ids[4..], false),
        (format!("limit=2&ending_before={}", ids[3]), &ids[1..3], true),
        (format!("created[gte]={third}"), &ids[..3], false),
        (format!("created[gt]={third}"), &ids[..2], false),
        (format!("created[lte]={third}"), &ids[2..], false),
        (format!("created[lt]={third}"), &ids[3..], false),
        (format!("created={third}"), &ids[2..3], false),
        (format!("customer={customer}"), &ids[..], false),
        ("customer=cus_none".to_owned(), &ids[..0], false),
    ];
    for (query, expected, has_more) in cases {
        let page = play.get(&format!("/v1/payment_intents?{query}")).await.ok();
        let found: Vec<_> =
            page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!((found.as_slice(), page["has_more"].as_bool()), (expected, Some(has_more)), "{query}");
    }
    for refused in ["limit=0", "limit=101", "starting_after=pi_none", "status=succeeded"] {
        assert_eq!(play.get(&format!("/v1/payment_intents?{refused}")).await.status, 400, "{refused}");
    }
    let expanded = play.get("/v1/payment_intents?limit=1&expand[]=data.latest_charge").await.ok();
    assert_eq!(expanded["data"][0]["latest_charge"]["object"], "charge");
}

#[tokio::test]
async fn intents_are_updated_and_cancelled_while_open() {
    let play = Play::start().await;
    let created = play
        .post(
            "/v1/payment_intents",
            &[("amount", "100"), ("currency", "usd"), ("metadata[a]", "1"), ("metadata[b]", "2")],
        )
        .await
        .ok();
    assert_eq!(created["status"], "requires_payment_method");
    let path = format!("/v1/payment_intents/{}", created["id"].as_str().unwrap());
    let changed =
        play.post(&path, &[("amount", "200"), ("metadata[a]", ""), ("payment_method", "pm_card_visa")]).await.ok();
    assert_eq!((&changed["amount"], &changed["status"]), (&json!(200), &json!("requires_confirmation")));
    assert_eq!(changed["metadata"], json!({"b": "2"}));
    let cancelled = play.post(&format!("{path}/cancel"), &[("cancellation_reason", "abandoned")]).await.ok();
    assert_eq!((&cancelled["status"], &cancelled["cancellation_reason"]), (&json!("canceled"), &json!("abandoned")));
    for (path, form) in [
        (format!("{path}/cancel"), vec![]),
        (format!("{path}/confirm"), vec![("payment_method", "pm_card_visa")]),
        (path.clone(), vec![("amount", "300")]),
    ] {
        let reply = play.post(&path, &form).await;
        assert_eq!((reply.status, reply.error("code")), (400, Some("payment_intent_unexpected_state")), "{path}");
        assert_eq!(reply.body["error"]["payment_intent"]["status"], "canceled");
    }
}
