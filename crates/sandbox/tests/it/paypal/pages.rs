//! The hosted page, as a browser without scripts meets it.

use reqwest::Method;
use serde_json::json;

use super::support::{ORDERS, Play, capture_of, order};

struct Page {
    status: u16,
    location: Option<String>,
    html: String,
}

impl Play {
    async fn visit(&self, order: &str, form: Option<&[(&str, &str)]>) -> Page {
        let url = format!("{}/checkoutnow?token={order}", self.sandbox.url());
        let request = match form {
            None => self.client.get(url),
            Some(form) => self.client.post(url).form(form),
        };
        let response = request.send().await.unwrap();
        let location = response.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        Page { status: response.status().as_u16(), location, html: response.text().await.unwrap() }
    }
}

#[tokio::test]
async fn the_page_speaks_the_orders_language_and_runs_no_script() {
    let play = Play::start().await;
    #[rustfmt::skip]
    let cases = [
        ("en-US", "USD", "1250.00", "lang=\"en\"", "1,250.00 USD", "this is not PayPal"),
        ("ja-JP", "JPY", "3000", "lang=\"ja\"", "3,000 JPY", "これはPayPalではありません"),
        ("vi-VN", "USD", "1250.00", "lang=\"vi\"", "1.250,00 USD", "đây không phải PayPal"),
        ("fr-FR", "EUR", "10.00", "lang=\"en\"", "10.00 EUR", "this is not PayPal"),
    ];
    for (locale, currency, value, language, amount, banner) in cases {
        let mut body = order(currency, value);
        let context = &mut body["payment_source"]["paypal"]["experience_context"];
        (context["locale"], context["brand_name"]) = (json!(locale), json!("<b>Acme</b> & \"Söhne\""));
        body["purchase_units"][0]["description"] = "<script>alert(1)</script>".into();
        let id = play.post(ORDERS, &body).await.id();
        let email = "\"><script>@b.test";
        let page = play.visit(&id, None).await;
        let chosen = play.visit(&id, Some(&[("action", "login"), ("email", email)])).await;
        let asked = play.visit(&id, Some(&[("action", "pay"), ("email", email), ("source", "card_code")])).await;
        for page in [page, chosen, asked] {
            assert_eq!(page.status, 200);
            for part in [language, amount, banner, "&lt;b&gt;Acme&lt;/b&gt; &amp; &quot;Söhne&quot;"] {
                assert!(page.html.contains(part), "{locale}: {part} in {}", page.html);
            }
            assert!(!page.html.contains("<script"), "{}", page.html);
        }
    }
}

#[tokio::test]
async fn a_payer_decides() {
    let play = Play::start().await;
    let pay = |source: &'static str| [("action", "pay"), ("email", "a@b.test"), ("source", source)];
    #[rustfmt::skip]
    let cases = [
        ("balance", 201, "COMPLETED", ""),
        ("card", 201, "COMPLETED", ""),
        ("bank", 201, "PENDING", "ECHECK"),
        ("review", 201, "PENDING", "PENDING_REVIEW"),
        ("card_declined", 422, "", ""),
    ];
    for (source, status, standing, reason) in cases {
        let id = play.order().await;
        let page = play.visit(&id, Some(&pay(source))).await;
        let back = page.location.unwrap();
        assert!(
            page.status == 303
                && back.starts_with(&format!("http://shop.test/paypal/return?topup=1&token={id}&PayerID="))
        );
        let captured = play.capture(&id).await;
        assert_eq!(captured.status, status, "{source}");
        let capture = capture_of(&captured.body);
        assert_eq!(capture["status"].as_str().unwrap_or_default(), standing, "{source}");
        assert_eq!(capture["status_details"]["reason"].as_str().unwrap_or_default(), reason, "{source}");
        if source == "card_declined" {
            let page = captured.link("redirect").unwrap();
            assert_eq!(play.client.get(page).send().await.unwrap().status(), 200);
            play.visit(&id, Some(&pay("card"))).await;
            assert_eq!(play.capture(&id).await.status, 201);
        }
    }
}

#[tokio::test]
async fn a_code_is_asked_for_and_a_card_is_refused_after_three_wrong_ones() {
    let play = Play::start().await;
    let id = play.order().await;
    let code = |code: &'static str| [("action", "code"), ("email", "a@b.test"), ("code", code)];
    let asked = play.visit(&id, Some(&[("action", "pay"), ("email", "a@b.test"), ("source", "card_code")])).await;
    assert!(asked.html.contains("one-time-code"));
    for (wrong, asks_again) in [("000000", true), ("", true), ("999999", false)] {
        let page = play.visit(&id, Some(&code(wrong))).await;
        assert_eq!((page.status, page.html.contains("name=\"code\"")), (200, asks_again), "{wrong}");
        assert!(page.html.contains("role=\"alert\""));
    }
    assert_eq!(play.get(&format!("{ORDERS}/{id}")).await.body["status"], "PAYER_ACTION_REQUIRED");
    assert_eq!(play.visit(&id, Some(&code("123456"))).await.status, 303);
    assert_eq!(play.capture(&id).await.status, 201);
}

#[tokio::test]
async fn a_payer_who_cancels_leaves_or_comes_late() {
    let play = Play::start().await;
    let id = play.order().await;
    let cancelled = play.visit(&id, Some(&[("action", "cancel")])).await;
    assert_eq!(cancelled.location, Some(format!("http://shop.test/paypal/cancel?token={id}")));
    let left = play.visit(&id, Some(&[("action", "leave")])).await;
    assert_eq!((left.status, left.location, left.html.contains("<form")), (200, None, false));
    let stays = play.visit(&id, Some(&[("action", "pay"), ("source", "balance"), ("email", "nobody")])).await;
    assert_eq!((stays.status, stays.location), (200, None), "without an e-mail address nobody pays");
    assert_eq!(play.get(&format!("{ORDERS}/{id}")).await.body["status"], "PAYER_ACTION_REQUIRED");
    let (paid, _) = play.pay().await;
    assert_eq!(play.visit(&paid, None).await.status, 422);
    play.control(Method::PUT, "/clock", json!({ "offset_seconds": 4 * 3600 })).await;
    for token in [id.as_str(), "0ZZ00000ZZ000000Z", ""] {
        assert_eq!(play.visit(token, None).await.status, 404, "{token}");
        assert_eq!(play.visit(token, Some(&[("action", "pay")])).await.status, 404, "{token}");
    }

    let mut body = order("JPY", "3000");
    let context = &mut body["payment_source"]["paypal"]["experience_context"];
    (context["return_url"], context["cancel_url"]) = (json!(null), json!(null));
    context["payment_method_preference"] = "IMMEDIATE_PAYMENT_REQUIRED".into();
    let id = play.post(ORDERS, &body).await.id();
    let chosen = play.visit(&id, Some(&[("action", "login"), ("email", "a@b.test")])).await;
    assert!(chosen.html.contains("value=\"review\"") && !chosen.html.contains("value=\"bank\""), "no slow sources");
    let approved = play.visit(&id, Some(&[("action", "pay"), ("email", "a@b.test"), ("source", "card")])).await;
    assert_eq!((approved.status, approved.location), (200, None), "a pop-up stays where it is");
}
