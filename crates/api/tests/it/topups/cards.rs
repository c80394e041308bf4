//! Cards kept at Stripe: they belong to one account, and card data never comes to us.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::Shop;

/// The payer's browser gives a test card to Stripe's own fields.
async fn type_card(shop: &Shop, saving: &Value, card: &str) {
    let stripe = shop.app.operator.at(shop.stripe.url()).with_key(Some("sk_test_of_the_tests"));
    let path = format!("/v1/setup_intents/{}/confirm", saving["setup_intent"].as_str().unwrap());
    stripe.send(stripe.request(Method::POST, &path).form(&[("payment_method", card)])).await.expect(200);
}

async fn saved(shop: &Shop, account: &str) -> Vec<(String, bool)> {
    let list = shop.app.operator.get(&format!("/v1/accounts/{account}/cards")).await.expect(200).json;
    let card = |card: &Value| (card["brand"].as_str().unwrap().to_owned(), card["default"] == true);
    list["data"].as_array().unwrap().iter().map(card).collect()
}

#[tokio::test]
async fn cards_are_saved_chosen_and_removed() {
    let shop = Shop::open().await;
    let operator = &shop.app.operator;
    for account in ["one", "other"] {
        shop.payer(account, "USD").await;
    }
    assert_eq!(saved(&shop, "one").await, [], "no customer at Stripe yet");
    for card in ["pm_card_visa", "pm_card_mastercard"] {
        let saving = operator.post("/v1/accounts/one/cards", json!({})).await.expect(201).json;
        assert!(saving["client_secret"].as_str().unwrap().starts_with("seti_"), "{saving}");
        type_card(&shop, &saving, card).await;
    }
    let cards = operator.get("/v1/accounts/one/cards").await.expect(200).json;
    let visa = cards["data"].as_array().unwrap().iter().find(|card| card["brand"] == "visa").unwrap();
    let visa = visa["id"].as_str().unwrap();
    assert!(!cards.to_string().contains("4242424242424242"), "{cards}");
    // Another account's card does not exist.
    for path in [format!("/v1/accounts/other/cards/{visa}/default"), "/v1/accounts/one/cards/pm_none/default".into()] {
        operator.post(&path, json!({})).await.expect(404);
    }
    operator.delete(&format!("/v1/accounts/other/cards/{visa}")).await.expect(404);
    operator.post(&format!("/v1/accounts/one/cards/{visa}/default"), json!({})).await.expect(204);
    assert_eq!(saved(&shop, "one").await, [("visa".to_owned(), true), ("mastercard".to_owned(), false)]);
    operator.delete(&format!("/v1/accounts/one/cards/{visa}")).await.expect(204);
    assert_eq!(saved(&shop, "one").await.len(), 1);
    // The account's own key sees its own cards and nobody else's.
    let team = shop.app.team("one", Some(&["topup:write"])).await;
    team.get("/v1/accounts/one/cards").await.expect(200);
    team.get("/v1/accounts/other/cards").await.expect(404);
    shop.close().await;
}
