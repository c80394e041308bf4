//! Buying credits by Stripe, PayPal and VNPay, and giving them back: our server and the gateways' sandboxes over HTTP.

mod back;
mod books;
mod cards;
mod forged;
mod odd;
mod walk;

use engine::settings::Method;
use serde_json::Value;
use testkit::Shop;

/// A payer per gateway: account, unit, method and amount.
const PAYERS: [(&str, &str, Method, &str); 3] = [
    ("card", "USD", Method::Stripe, "50"),
    ("wallet", "USD", Method::PayPal, "50"),
    ("bank", "VND", Method::VnPay, "500000"),
];

/// State and reason.
fn stands(topup: &Value) -> (&str, Option<&str>) {
    (topup["state"].as_str().unwrap_or_default(), topup["reason"].as_str())
}

/// The payer agrees, as the method has it; the bank does what the gateway's script says, else pays.
async fn pay(shop: &Shop, method: Method, topup: &str) {
    match method {
        Method::Stripe | Method::SavedCard => {
            shop.pay_with_card(topup, "pm_card_visa").await.expect(200);
        }
        Method::PayPal => {
            shop.paypal.approve(&shop.object(topup).await).unwrap();
        }
        Method::VnPay => {
            shop.vnpay.pay(topup, "00").unwrap();
        }
    }
}

/// Begins a top-up and goes to the gateway's page; gives its id.
async fn begin(shop: &Shop, (account, unit, method, amount): (&str, &str, Method, &str)) -> String {
    if shop.app.operator.get(&format!("/v1/accounts/{account}")).await.status == 404 {
        shop.payer(account, unit).await;
    }
    let begun = shop.topup(account, method, amount).await;
    assert_eq!(stands(&begun.json).0, "awaiting_customer");
    if method == Method::VnPay {
        shop.vnpay.open(begun.str("/next/redirect_url")).unwrap();
    }
    begun.str("/id").to_owned()
}

/// A top-up that is paid and credited.
async fn credited(shop: &Shop, payer: (&str, &str, Method, &str)) -> String {
    let topup = begin(shop, payer).await;
    pay(shop, payer.2, &topup).await;
    shop.until(&topup, "succeeded").await;
    topup
}
