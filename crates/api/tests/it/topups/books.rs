//! Comparing books with a gateway through the API: what was lost is found, what is odd waits for a person.

use engine::settings::Method;
use serde_json::json;
use testkit::Shop;

use super::{begin, pay};

#[tokio::test]
async fn a_day_is_compared_and_healed() {
    let shop = Shop::open().await;
    let operator = &shop.app.operator;
    let payer = ("card", "USD", Method::Stripe, "50");
    shop.payer(payer.0, payer.1).await;
    shop.lose_notices();
    let topup = begin(&shop, payer).await;
    pay(&shop, payer.2, &topup).await;
    assert_eq!(shop.balance(payer.0).await, "0", "nobody told us");
    let day = shop.standing(&topup).await["created_at"].as_str().unwrap()[..10].to_owned();
    let compare = json!({"gateway": "stripe", "day": day});
    let compared = operator.post("/v1/reconciliation/compare", compare.clone()).await.expect(200).json;
    assert_eq!((&compared["healed"], &compared["unmatched"]), (&json!(1), &json!(0)), "{compared}");
    assert_eq!(shop.balance(payer.0).await, "50");
    let again = operator.post("/v1/reconciliation/compare", compare).await.expect(200).json;
    assert_eq!(again["healed"], 0, "{again}");
    assert_eq!(shop.balance(payer.0).await, "50");
    let days = operator.get("/v1/reconciliation/days").await.expect(200).json;
    assert_eq!(days["data"][0]["day"], day, "{days}");
    let unmatched = operator.get("/v1/reconciliation/unmatched").await.expect(200).json;
    assert_eq!(unmatched["data"], json!([]), "{unmatched}");
    let clearing = operator.get("/v1/reconciliation/clearing").await.expect(200).json;
    assert_eq!((&clearing["agrees"], &clearing["broken"]), (&json!(true), &json!([])), "{clearing}");
    // Nobody but operators looks into the books.
    let team = shop.app.team(payer.0, None).await;
    team.get("/v1/reconciliation/clearing").await.expect(403);
    shop.close().await;
}
