//! What an operator sees of payments.

use serde_json::json;

use super::{Answer, Shop};

#[tokio::test]
async fn a_payment_is_shown_with_its_gateway_object() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa"]).await;
    let answer = shop.buy(&team).await;
    shop.delivered().await;
    let id = shop.payment(&team).await.id;
    let shown = shop.operator(&format!("/v1/payments/{id}")).await;
    assert_eq!(shown.status, 200);
    let mut body = shown.body;
    for time in ["created_at", "updated_at", "paid_at"] {
        assert!(body[time].as_str().unwrap().ends_with('Z'), "{body}");
        body.as_object_mut().unwrap().remove(time);
    }
    let story = |part: &str, name: &str| -> Vec<String> {
        body[part].as_array().unwrap().iter().map(|step| step[name].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(story("steps", "state"), ["created", "confirming", "succeeded"]);
    assert_eq!(story("steps", "source"), ["purchase", "purchase", "notice"]);
    assert_eq!(story("notices", "outcome").last().unwrap(), "credited");
    let notice = body["notices"][0]["id"].as_str().unwrap();
    let raw = shop.operator(&format!("/v1/payments/{id}/notices/{notice}")).await;
    assert_eq!((raw.status, raw.body["id"].as_str()), (200, Some(notice)));
    assert_eq!(shop.operator(&format!("/v1/payments/{id}/notices/evt_other")).await.status, 404);
    for part in ["steps", "notices"] {
        body.as_object_mut().unwrap().remove(part);
    }
    let expected = json!({
        "id": id, "account": team.id, "gateway": "stripe", "method": "saved_card", "state": "succeeded", "reason": null,
        "credits": "10000", "amount": "10", "currency": "USD", "live": false, "gateway_customer": team.customer,
        "gateway_object": answer.intent(), "gateway_transaction": body["gateway_transaction"], "next_check_at": null,
        "paid_with": null, "refunded": "0", "disputed": "0", "refunds": [], "disputes": [], "status": "success",
    });
    assert_eq!(body, expected);
    shop.close().await;
}

#[tokio::test]
async fn payments_are_listed_by_account_newest_first() {
    let shop = Shop::open_with(|settings| settings.purchase.cooldown_seconds = 0).await;
    let (team, other) = (shop.team(&["pm_card_visa"]).await, shop.team(&["pm_card_visa"]).await);
    shop.buy(&other).await;
    let mut intents = Vec::new();
    for _ in 0..5 {
        intents.insert(0, shop.buy(&team).await.intent().to_owned());
    }
    let mut listed = Vec::new();
    let mut path = format!("/v1/payments?account={}&limit=2", team.id);
    loop {
        let page = shop.operator(&path).await.body;
        let data = page["data"].as_array().unwrap();
        listed.extend(data.iter().map(|payment| payment["gateway_object"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/payments?account={}&limit=2&cursor={cursor}", team.id);
    }
    assert_eq!(listed, intents);
    shop.delivered().await;
    shop.close().await;
}

#[tokio::test]
async fn only_operators_see_payments() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa"]).await;
    shop.buy(&team).await;
    shop.delivered().await;
    let id = shop.payment(&team).await.id;
    for path in [format!("/v1/payments/{id}"), format!("/v1/payments?account={}", team.id)] {
        let url = format!("{}{path}", shop.url);
        let answer = Answer::of(shop.http.get(&url).bearer_auth(&team.key)).await;
        assert_eq!(answer.refusal(), (403, "permission_denied"), "{path}");
        assert_eq!(Answer::of(shop.http.get(&url)).await.refusal(), (401, "invalid_api_key"), "{path}");
    }
    // path, status, code
    let cases = [
        ("/v1/payments", 422, "invalid_field"),
        ("/v1/payments?account=nobody", 404, "not_found"),
        ("/v1/payments?account=a&account=b", 422, "invalid_field"),
        ("/v1/payments?state=failed", 422, "unknown_parameter"),
        ("/v1/payments/pay_none", 404, "not_found"),
    ];
    for (path, status, code) in cases {
        assert_eq!(shop.operator(path).await.refusal(), (status, code), "{path}");
    }
    shop.close().await;
}
