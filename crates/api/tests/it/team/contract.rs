//! Every row of the public contract's table, and its order.

use serde_json::json;

use super::{Answer, Shop};

#[tokio::test]
async fn a_wrong_or_missing_key_answers_402_on_both_endpoints() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa"]).await;
    let other_end = format!("{}{}", &team.key[..team.key.len() - 1], if team.key.ends_with('x') { 'y' } else { 'x' });
    let cases = [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some("Bearer nonsense".to_owned()),
        Some(format!("Bearer {other_end}")),
        Some(format!("Basic {}", team.key)),
        Some(team.key.clone()),
    ];
    for authorization in cases {
        let info = shop.http.get(format!("{}/user/credits/info", shop.url));
        let purchase = shop.http.post(format!("{}/user/purchase-topup", shop.url)).body(r#"{"credits":10000}"#);
        for mut request in [info, purchase] {
            if let Some(value) = &authorization {
                request = request.header("authorization", value);
            }
            let answer = Answer::of(request).await;
            assert_eq!((answer.status, &answer.body), (402, &json!({"error": "invalid_api_key"})), "{authorization:?}");
            assert_eq!(answer.headers["content-type"], "application/json");
        }
    }
    assert_eq!(shop.charge_requests(), 0);
    shop.close().await;
}

#[tokio::test]
async fn a_new_team_has_nothing_and_the_base_plan() {
    let shop = Shop::open().await;
    let team = shop.team(&[]).await;
    let created_at = shop.engine.accounts().get(&team.id).await.unwrap().created_at.seconds();
    let expected = json!({
        "credits": 0, "breakdown": [], "allow_usage": false,
        "active_subscription": {"id": "SUB_BASE", "display_name": "Base", "credits": 0, "created_at": created_at},
    });
    assert_eq!(shop.info(&team).await, expected);
    shop.close().await;
}

#[tokio::test]
async fn a_pack_is_paid_at_once_and_credited_with_the_notice_only() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa"]).await;
    shop.stripe.script_webhook_fault(held("payment_intent.succeeded"));
    let answer = shop.buy(&team).await;
    assert_eq!(answer.body, json!({"success": true, "payment_intent_id": answer.intent(), "credits": 10000}));
    assert_eq!(answer.status, 200);
    assert!(answer.intent().starts_with("pi_"));
    shop.delivered_except(&["payment_intent.succeeded"]).await;

    let pending =
        json!({"purchase_kind": "Pending", "allocated_units": 10000, "remaining_units": 0, "expiry_date": null});
    let before = shop.info(&team).await;
    assert_eq!((&before["credits"], &before["breakdown"]), (&json!(0), &json!([pending])));
    assert_eq!(before["allow_usage"], false);

    shop.stripe.release();
    shop.delivered().await;
    let lot =
        json!({"purchase_kind": "Top-up", "allocated_units": 10000, "remaining_units": 10000, "expiry_date": null});
    let after = shop.info(&team).await;
    assert_eq!((&after["credits"], &after["breakdown"]), (&json!(10000), &json!([lot])));
    assert_eq!(after["allow_usage"], true);

    let intent = shop.stripe.object(answer.intent()).unwrap();
    assert_eq!((&intent["amount"], &intent["currency"]), (&json!(1000), &json!("usd")));
    assert_eq!(intent["customer"], team.customer.clone().unwrap());
    shop.close().await;
}

fn held(kind: &str) -> sandbox::stripe::faults::WebhookFaultRule {
    sandbox::stripe::faults::WebhookFaultRule::once(sandbox::stripe::faults::WebhookFault::Held, kind)
}

#[tokio::test]
async fn every_shipped_pack_has_its_price() {
    let shop = Shop::open().await;
    for (credits, cents) in [(10_000, 1_000), (20_000, 2_000), (80_000, 7_600), (100_000, 9_000)] {
        let team = shop.team(&["pm_card_visa"]).await;
        let answer = shop.purchase(&team.key, &json!({"credits": credits}).to_string(), None).await;
        assert_eq!((answer.status, &answer.body["credits"]), (200, &json!(credits)));
        assert_eq!(shop.stripe.object(answer.intent()).unwrap()["amount_received"], cents);
        shop.delivered().await;
        assert_eq!(shop.credits(&team).await, credits);
    }
    shop.close().await;
}

#[tokio::test]
async fn what_is_asked_for_wrongly_answers_400() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa"]).await;
    let cases = [
        ("", "missing_topup_selector"),
        ("{}", "missing_topup_selector"),
        ("{", "missing_topup_selector"),
        (r#"{"credits":null}"#, "missing_topup_selector"),
        (r#"{"price":"10000"}"#, "missing_topup_selector"),
        (r#"{"credits":0}"#, "invalid_credits"),
        (r#"{"credits":-10000}"#, "invalid_credits"),
        (r#"{"credits":9999}"#, "invalid_credits"),
        (r#"{"credits":10000.5}"#, "invalid_credits"),
        (r#"{"credits":"10000"}"#, "invalid_credits"),
        (r#"{"credits":99999999999999999999}"#, "invalid_credits"),
    ];
    for (body, code) in cases {
        assert_eq!(shop.purchase(&team.key, body, None).await.refusal(), (400, code), "{body}");
    }
    let too_large = format!(r#"{{"credits":10000,"x":"{}"}}"#, "x".repeat(70_000));
    assert_eq!(shop.purchase(&team.key, &too_large, None).await.refusal(), (400, "missing_topup_selector"));
    // Nothing was consumed.
    assert_eq!(shop.buy(&team).await.status, 200);
    shop.delivered().await;
    assert_eq!((shop.charges(), shop.payments(&team).await.len()), (1, 1));
    shop.close().await;
}

#[tokio::test]
async fn what_cannot_be_charged_answers_400_and_consumes_no_cooldown() {
    let shop = Shop::open().await;
    let gone = shop.team(&["pm_card_visa"]).await;
    let customer = gone.customer.clone().unwrap();
    let url = format!("{}/v1/customers/{customer}", shop.stripe.url());
    shop.http.delete(url).bearer_auth("sk_test_of_the_tests").send().await.unwrap().error_for_status().unwrap();
    let cases = [
        (shop.team_on("vn", None).await, "topup_not_available"),
        (shop.team_on("api", None).await, "no_stripe_customer"),
        (shop.team_on("api", Some("cus_missing")).await, "no_stripe_customer"),
        (gone, "no_stripe_customer"),
        (shop.team(&[]).await, "no_payment_method"),
    ];
    for (team, code) in &cases {
        for _ in 0..3 {
            assert_eq!(shop.buy(team).await.refusal(), (400, *code));
        }
        assert_eq!(shop.payments(team).await, []);
    }
    assert_eq!(shop.charge_requests(), 0);
    shop.close().await;
}

#[tokio::test]
async fn without_stripe_nothing_is_sold() {
    let shop = Shop::open_with(|settings| settings.stripe.secret_key = Default::default()).await;
    let team = shop.team(&["pm_card_visa"]).await;
    assert_eq!(shop.buy(&team).await.refusal(), (400, "topup_not_available"));
    assert_eq!(shop.stripe.requests().len(), 0);
    shop.close().await;
}

#[tokio::test]
async fn a_key_without_an_open_account_answers_404() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa"]).await;
    let call = engine::Call { actor: "test".into(), ..engine::Call::default() };
    let change = engine::accounts::AccountChange { closed: Some(true), ..Default::default() };
    shop.engine.accounts().change(&call, &team.id, change).await.unwrap();
    assert_eq!(shop.buy(&team).await.refusal(), (404, "team_not_found"));
    // The team comes before the body.
    assert_eq!(shop.purchase(&team.key, "{}", None).await.refusal(), (404, "team_not_found"));
    assert_eq!(shop.info(&team).await["allow_usage"], false);
    // An operator's key is no team's.
    assert_eq!(
        shop.purchase(super::OPERATOR_KEY, r#"{"credits":10000}"#, None).await.refusal(),
        (404, "team_not_found")
    );
    assert_eq!(shop.operator("/user/credits/info").await.refusal(), (404, "team_not_found"));
    assert_eq!(shop.charge_requests(), 0);
    shop.close().await;
}

#[tokio::test]
async fn a_key_may_do_what_its_scopes_say() {
    use engine::keys::{NewKey, Scope};
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa"]).await;
    for (scope, info_status, purchase_status) in
        [(Scope::BalanceRead, 200, 403), (Scope::UsageWrite, 403, 403), (Scope::TopupWrite, 403, 200)]
    {
        let new = NewKey { scopes: Some([scope].into_iter().collect()), ..NewKey::default() };
        let (_, key) = shop.engine.keys().issue(&engine::Call::default(), &team.id, new).await.unwrap();
        let info = Answer::of(shop.http.get(format!("{}/user/credits/info", shop.url)).bearer_auth(&key)).await;
        let purchase = shop.purchase(&key, r#"{"credits":10000}"#, None).await;
        assert_eq!((info.status, purchase.status), (info_status, purchase_status), "{scope:?}");
    }
    shop.delivered().await;
    shop.close().await;
}

#[tokio::test]
async fn the_cooldown_lasts_a_minute_and_is_not_extended() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa"]).await;
    let other = shop.team(&["pm_card_visa"]).await;
    assert_eq!(shop.buy(&team).await.status, 200);
    shop.wait(20);
    let answer = shop.buy(&team).await;
    assert_eq!(answer.refusal(), (429, "purchase_topup_cooldown"));
    assert_eq!(answer.body["cooldown_seconds"], 60);
    let retry_after = answer.body["retry_after"].as_i64().unwrap();
    assert!((1..=40).contains(&retry_after), "{answer:?}");
    assert_eq!(answer.headers["retry-after"], retry_after.to_string());
    // Others are not held up.
    assert_eq!(shop.buy(&other).await.status, 200);

    // The 429 of a moment ago moved nothing: what it said is enough.
    shop.wait(retry_after);
    assert_eq!(shop.buy(&team).await.status, 200);
    assert_eq!(shop.buy(&team).await.refusal(), (429, "purchase_topup_cooldown"));
    shop.delivered().await;
    assert_eq!((shop.charges(), shop.credits(&team).await), (3, 20_000));
    shop.close().await;
}

#[tokio::test]
async fn the_cooldown_is_configurable() {
    let shop = Shop::open_with(|settings| settings.purchase.cooldown_seconds = 0).await;
    let team = shop.team(&["pm_card_visa"]).await;
    for _ in 0..3 {
        assert_eq!(shop.buy(&team).await.status, 200);
    }
    shop.delivered().await;
    assert_eq!(shop.credits(&team).await, 30_000);
    shop.close().await;
}

#[tokio::test]
async fn a_site_charges_its_first_currency() {
    let shop = Shop::open_with(|settings| {
        let jpy = ledger::Unit::parse("JPY").unwrap();
        let site = settings.sites.get_mut("api").unwrap();
        site.pack_methods.insert(engine::settings::Method::SavedCard, vec![jpy]);
    })
    .await;
    let team = shop.team(&["pm_card_jp"]).await;
    let intent = shop.stripe.object(shop.buy(&team).await.intent()).unwrap();
    assert_eq!((&intent["amount"], &intent["currency"]), (&json!(1500), &json!("jpy")));
    shop.delivered().await;
    assert_eq!(shop.credits(&team).await, 10_000);
    shop.close().await;
}

#[tokio::test]
async fn a_site_without_saved_cards_sells_none() {
    let shop = Shop::open_with(|settings| {
        let site = settings.sites.get_mut("api").unwrap();
        site.pack_methods.remove(&engine::settings::Method::SavedCard);
    })
    .await;
    let team = shop.team(&["pm_card_visa"]).await;
    assert_eq!(shop.buy(&team).await.refusal(), (400, "topup_not_available"));
    shop.close().await;
}

#[tokio::test]
async fn an_idempotency_key_charges_once() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa"]).await;
    let other = shop.team(&["pm_card_visa"]).await;
    let body = r#"{"credits":10000}"#;
    let first = shop.purchase(&team.key, body, Some("order-1")).await;
    assert_eq!(first.status, 200);
    shop.delivered().await;
    // Before and after the cool-down, confirmed or not: the same answer.
    for seconds in [0, 61] {
        shop.wait(seconds);
        let again = shop.purchase(&team.key, body, Some("order-1")).await;
        assert_eq!((again.status, &again.body), (200, &first.body));
    }
    let other_body = shop.purchase(&team.key, r#"{"credits":20000}"#, Some("order-1")).await;
    assert_eq!(other_body.refusal(), (422, "idempotency_key_reuse"));
    // Another team's key is another key.
    assert_ne!(shop.purchase(&other.key, body, Some("order-1")).await.intent(), first.intent());
    // A wrong body uses no key up.
    assert_eq!(shop.purchase(&team.key, "{}", Some("order-2")).await.refusal(), (400, "missing_topup_selector"));
    assert_eq!(shop.purchase(&team.key, body, Some("order-2")).await.status, 200);
    for bad in ["", "two words", "k".repeat(256).as_str()] {
        assert_eq!(shop.purchase(&team.key, body, Some(bad)).await.refusal(), (422, "idempotency_key_invalid"));
    }
    shop.delivered().await;
    assert_eq!((shop.charges(), shop.credits(&team).await), (3, 20_000));
    shop.close().await;
}

#[tokio::test]
async fn a_refusal_is_repeated_under_its_key() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa_chargeDeclined"]).await;
    let body = r#"{"credits":10000}"#;
    for seconds in [0, 61] {
        shop.wait(seconds);
        assert_eq!(shop.purchase(&team.key, body, Some("k")).await.refusal(), (402, "payment_failed"));
    }
    assert_eq!(shop.charge_requests(), 1);
    shop.delivered().await;
    shop.close().await;
}
