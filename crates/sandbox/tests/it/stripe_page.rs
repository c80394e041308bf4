//! The page in place of Stripe's own fields, as a browser without scripts meets it.

use std::time::Duration;

use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::support::{Play, Target, off_session};

const BACK: &str = "https://shop.example/back?a=b";

/// A page, or where it leads.
#[derive(Debug)]
struct Shown {
    status: u16,
    to: Option<String>,
    html: String,
}

/// A browser that does not follow, so that the redirect is seen.
struct Browser<'a> {
    play: &'a Play,
    client: reqwest::Client,
}

impl<'a> Browser<'a> {
    fn new(play: &'a Play) -> Self {
        let client = reqwest::Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(600));
        Browser { play, client: client.build().unwrap() }
    }

    fn address(&self, secret: &str, return_url: &str, locale: &str) -> reqwest::Url {
        let address = format!("{}/pay/{secret}", self.play.sandbox.url());
        reqwest::Url::parse_with_params(&address, [("return_url", return_url), ("locale", locale)]).unwrap()
    }

    async fn get(&self, secret: &str, return_url: &str, locale: &str) -> Shown {
        shown(self.client.get(self.address(secret, return_url, locale))).await
    }

    async fn act(&self, secret: &str, act: &str, number: &str) -> Shown {
        let form = [("act", act), ("number", number), ("expiry", "12/40"), ("cvc", "123")];
        shown(self.client.post(self.address(secret, BACK, "en")).form(&form)).await
    }
}

async fn shown(request: reqwest::RequestBuilder) -> Shown {
    let response = request.send().await.unwrap();
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header("cache-control").as_deref(), Some("no-store"));
    assert_eq!(header("referrer-policy").as_deref(), Some("no-referrer"));
    assert!(header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    let (status, to) = (response.status().as_u16(), header("location"));
    Shown { status, to, html: response.text().await.unwrap() }
}

/// An open intent, as a shop's server makes it.
async fn intent(play: &Play, more: &[(&str, &str)]) -> (String, String) {
    let form = [&[("amount", "500000"), ("currency", "vnd"), ("metadata[topup_id]", "tu_1")][..], more].concat();
    let made = play.post("/v1/payment_intents", &form).await.ok();
    (made["id"].as_str().unwrap().to_owned(), made["client_secret"].as_str().unwrap().to_owned())
}

fn back(kind: &str, id: &str, secret: &str, status: &str) -> Option<String> {
    Some(format!("{BACK}&{kind}={id}&{kind}_client_secret={secret}&redirect_status={status}"))
}

#[tokio::test]
async fn a_payer_pays_is_refused_or_is_asked_by_the_bank() {
    // card, what is done after it; status of the last page, where it leads, status of the intent, charges paid
    type Case = (&'static str, &'static [&'static str], u16, Option<&'static str>, &'static str, usize);
    let cases: &[Case] = &[
        ("4242 4242 4242 4242", &[], 303, Some("succeeded"), "succeeded", 1),
        ("4000 0000 0000 9995", &[], 402, None, "requires_payment_method", 0),
        ("4242 4242 4242 4241", &[], 402, None, "requires_payment_method", 0),
        ("not a number", &[], 402, None, "requires_payment_method", 0),
        ("4000 0027 6000 3184", &[], 200, None, "requires_action", 0),
        ("4000 0027 6000 3184", &["approve"], 303, Some("succeeded"), "succeeded", 1),
        ("4000 0027 6000 3184", &["decline"], 200, None, "requires_payment_method", 0),
        ("4000 0084 0000 1629", &["approve"], 200, None, "requires_payment_method", 0),
        ("4000 0099 0000 0012", &[], 303, Some("pending"), "processing", 0),
    ];
    for (card, acts, status, leads, state, paid) in cases {
        let play = Play::start().await;
        let browser = Browser::new(&play);
        let (id, secret) = intent(&play, &[]).await;
        let mut last = browser.act(&secret, "confirm", card).await;
        for act in *acts {
            last = browser.act(&secret, act, "").await;
        }
        let to = leads.and_then(|status| back("payment_intent", &id, &secret, status));
        assert_eq!((last.status, &last.to), (*status, &to), "{card} {acts:?}: {}", last.html);
        let now = play.get(&format!("/v1/payment_intents/{id}")).await.ok();
        assert_eq!((now["status"].as_str(), play.paid_charges()), (Some(*state), *paid), "{card} {acts:?}");
        let alarmed = last.html.contains("role=\"alert\"");
        assert_eq!(alarmed, *state == "requires_payment_method", "{card} {acts:?}: {}", last.html);
    }
}

#[tokio::test]
async fn a_refused_payer_tries_another_card_on_the_same_payment() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    let browser = Browser::new(&play);
    let (id, secret) = intent(&play, &[]).await;
    for card in ["4000 0000 0000 0002", "4000 0084 0000 1629", "4242 4242 4242 4242"] {
        browser.act(&secret, "confirm", card).await;
        browser.act(&secret, "approve", "").await;
    }
    target.until("payment_intent.succeeded", 1).await;
    assert_eq!((target.count("payment_intent.payment_failed"), play.paid_charges()), (2, 1));
    // Whoever comes again is led back, and nothing is charged once more.
    let again = browser.act(&secret, "confirm", "4242 4242 4242 4242").await;
    assert_eq!((again.status, again.to), (303, back("payment_intent", &id, &secret, "succeeded")));
    assert_eq!(play.paid_charges(), 1);
    let without = browser.get(&secret, "", "en").await;
    assert!(without.status == 200 && without.html.contains("Paid."), "{}", without.html);
}

#[tokio::test]
async fn who_walks_away_leaves_the_payment_open() {
    let play = Play::start().await;
    let browser = Browser::new(&play);
    let (id, secret) = intent(&play, &[]).await;
    let page = browser.get(&secret, BACK, "en").await;
    let leave = back("payment_intent", &id, &secret, "failed").unwrap().replace('&', "&amp;");
    assert!(page.html.contains(&leave), "{}", page.html);
    let now = play.get(&format!("/v1/payment_intents/{id}")).await.ok();
    assert_eq!(now["status"], "requires_payment_method");
    play.post(&format!("/v1/payment_intents/{id}/cancel"), &[]).await.ok();
    assert_eq!(browser.get(&secret, BACK, "en").await.to, back("payment_intent", &id, &secret, "failed"));
    assert_eq!(browser.act(&secret, "confirm", "4242424242424242").await.status, 303);
    assert_eq!(play.paid_charges(), 0);
}

#[tokio::test]
async fn a_card_is_saved_with_the_banks_agreement() {
    let play = Play::start().await;
    let browser = Browser::new(&play);
    let customer = play.post("/v1/customers", &[]).await.id();
    let form = [
        ("customer", customer.as_str()),
        ("automatic_payment_methods[enabled]", "true"),
        ("automatic_payment_methods[allow_redirects]", "never"),
    ];
    let setup = play.post("/v1/setup_intents", &form).await.ok();
    let (id, secret) = (setup["id"].as_str().unwrap(), setup["client_secret"].as_str().unwrap());
    assert!(browser.get(secret, BACK, "en").await.html.contains("Save card"));
    assert_eq!(browser.act(secret, "confirm", "4000 0000 0000 0002").await.status, 402);
    assert_eq!(browser.act(secret, "confirm", "4000 0025 0000 3155").await.status, 200);
    let declined = browser.act(secret, "decline", "").await;
    assert!(declined.html.contains("failed authentication"), "{}", declined.html);
    browser.act(secret, "confirm", "4000 0025 0000 3155").await;
    assert_eq!(browser.act(secret, "approve", "").await.to, back("setup_intent", id, secret, "succeeded"));
    let cards = play.get(&format!("/v1/customers/{customer}/payment_methods?type=card")).await.ok();
    assert_eq!(cards["data"].as_array().unwrap().len(), 1);
    let charge = off_session(&customer, cards["data"][0]["id"].as_str().unwrap());
    let paid = play.post("/v1/payment_intents", &charge).await.ok();
    assert_eq!(paid["status"], "succeeded", "set up, so the bank does not ask again");
}

#[tokio::test]
async fn a_payment_that_saves_the_card_saves_it() {
    let play = Play::start().await;
    let browser = Browser::new(&play);
    let customer = play.post("/v1/customers", &[]).await.id();
    let (_, secret) = intent(&play, &[("customer", &customer), ("setup_future_usage", "off_session")]).await;
    assert_eq!(browser.act(&secret, "confirm", "5555 5555 5555 4444").await.status, 303);
    let cards = play.get(&format!("/v1/customers/{customer}/payment_methods?type=card")).await.ok();
    assert_eq!(cards["data"][0]["card"]["last4"], "4444");
}

#[tokio::test]
async fn nothing_is_shown_without_the_whole_secret_and_nothing_unsafe_is_repeated() {
    let play = Play::start().await;
    let browser = Browser::new(&play);
    let (id, secret) = intent(&play, &[]).await;
    for wrong in [id.clone(), format!("{id}_secret_"), format!("{secret}x"), secret[..secret.len() - 1].to_owned()] {
        assert_eq!(browser.get(&wrong, BACK, "en").await.status, 404, "{wrong}");
        assert_eq!(browser.act(&wrong, "confirm", "4242424242424242").await.status, 404, "{wrong}");
    }
    for address in ["javascript:alert(1)", "/back", "https://shop.example/\r\nset-cookie: a=b"] {
        let page = browser.get(&secret, address, "en").await;
        assert_eq!((page.status, page.to), (400, None), "{address}");
    }
    let page = browser.get(&secret, "https://shop.example/\"><b>x", "\"><i>x").await;
    assert!(page.status == 200 && !page.html.contains("<b>x") && !page.html.contains("<i>x"), "{}", page.html);
    assert_eq!(browser.act(&secret, "steal", "4242424242424242").await.status, 400);
    assert_eq!(browser.act(&secret, "approve", "").await.status, 400, "nobody asked");
    assert_eq!(play.paid_charges(), 0);
}

#[tokio::test]
async fn the_page_speaks_three_languages_and_shows_the_amount() {
    let play = Play::start().await;
    let browser = Browser::new(&play);
    let (_, secret) = intent(&play, &[]).await;
    for (locale, language, button) in
        [("en", "en", "Pay"), ("ja", "ja", "支払う"), ("vi-VN", "vi", "Thanh toán"), ("fr", "en", "Pay")]
    {
        let html = browser.get(&secret, BACK, locale).await.html;
        assert!(html.contains(&format!("<html lang=\"{language}\">")), "{locale}");
        assert!(html.contains(&format!("{button} VND 500,000")), "{locale}: {html}");
    }
    let value: Value = play.get("/v1/events?type=payment_intent.created").await.ok();
    assert_eq!(value["data"].as_array().unwrap().len(), 1, "looking changes nothing: {}", json!(value));
}
