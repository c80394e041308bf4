//! From an amount to credit: billing information, amount and method, review, hand-over, payment.

use engine::members::Role;
use engine::settings::Seller;
use engine::topups::{self, State};

use crate::support::{Browser, Town};

const OWN: (&str, &str) = ("choice", "own");

/// Chooses, agrees and comes to the payment; gives its id.
async fn order(browser: &mut Browser, amount: &str) -> String {
    let page = browser.get("/add-credit").await.expect(200);
    let fields = [OWN, ("amount", amount), ("method", "vnpay:VND")];
    let review = browser.submit(&page, "/add-credit", &fields).await.expect(303);
    let page = browser.get(review.location()).await.expect(200);
    let pay = browser.submit(&page, "/add-credit/pay", &[("agree", "yes")]).await.expect(303);
    let path = pay.location().strip_prefix("/payments/").unwrap().strip_suffix("/pay").unwrap();
    path.to_owned()
}

async fn town() -> (Town, Browser) {
    let seller = Seller { name: "Scrip".to_owned(), ..Seller::default() };
    let town = Town::open_with(|settings| drop(settings.receipts.sellers.insert("any".to_owned(), seller))).await;
    town.account("a", "0").await;
    town.profile("a", "Nguyễn Thị Lan").await;
    let browser = town.member("a", Role::Billing).await;
    (town, browser)
}

/// Goes to VNPay's page, where the bank answers with this code.
async fn paid(town: &Town, browser: &mut Browser, id: &str, code: &str) {
    let page = browser.get(&format!("/payments/{id}/pay")).await.expect(200);
    let start = page.main().find(&town.vnpay.pay_url()).unwrap();
    let url = page.main()[start..].split('"').next().unwrap().replace("&#38;", "&");
    town.vnpay.open(&url).unwrap();
    let payment = topups::payment(&town.engine, id).await.unwrap();
    town.vnpay.pay(&payment.object_id.unwrap(), code).unwrap();
}

#[tokio::test]
async fn billing_information_is_asked_for_once_and_goes_straight_on() {
    let town = Town::open().await;
    town.account("a", "0").await;
    let mut browser = town.member("a", Role::Owner).await;
    let asked = browser.get("/add-credit").await.expect(303);
    assert_eq!(asked.location(), "/billing?next=%2Fadd-credit");
    let page = browser.get(asked.location()).await.expect(200);
    page.shows("owner@a.example").shows("Ward or commune").hides("Postal code").shows("VND");
    let typed =
        [("kind", "company"), ("country", "VN"), ("name", "ACME"), ("address.street", "1 <b>"), ("email", "nobody")];
    let wrong = browser.submit(&page, "/billing", &typed).await.expect(422);
    wrong
        .shows("Company name")
        .shows("value=\"1 &#60;b&#62;\"")
        .shows("href=\"#address.ward\"")
        .shows("href=\"#tax_code\"");
    wrong.shows("name@example.com").shows("Save and continue");
    let other = browser.submit(&page, "/billing", &[("kind", "personal"), ("country", "VN"), ("refresh", "yes")]).await;
    other.expect(200).shows("Full name").hides("data-errors");
    let typed = [
        ("kind", "company"),
        ("country", "VN"),
        ("name", "Công ty ACME"),
        ("address.street", "1 Tràng Tiền"),
        ("address.ward", "Cửa Nam"),
        ("address.province", "Hà Nội"),
        ("tax_code", "0100112437"),
        ("email", "lan@example.com"),
    ];
    let saved = browser.submit(&page, "/billing", &typed).await.expect(303);
    assert_eq!(saved.location(), "/add-credit");
    browser.get("/add-credit").await.expect(200).shows("₫500,000");
    browser.get("/settings").await.expect(200).shows("Công ty ACME").shows("0100112437");
    // Somebody else was faster: what was typed stays, and is saved by saving again.
    let late =
        browser.submit(&page, "/billing", &typed.map(|(n, v)| if n == "name" { (n, "Later") } else { (n, v) })).await;
    let late = late.expect(409);
    late.shows("Somebody else changed it").shows("value=\"Later\"");
    browser.submit(&late, "/billing", &typed).await.expect(303);
}

#[tokio::test]
async fn amounts_are_taken_as_people_type_them() {
    let (_town, mut browser) = town().await;
    let page = browser.get("/add-credit").await.expect(200);
    // typed, what is understood or told
    let table = [
        ("500000", Ok("₫500,000")),
        ("500.000", Ok("₫500,000")),
        ("500,000đ", Ok("₫500,000")),
        ("５００，０００", Ok("₫500,000")),
        ("1 000 000", Ok("₫1,000,000")),
        ("500,000.00", Err("Did you mean ₫500,000")),
        ("499999", Err("The minimum amount is ₫500,000")),
        ("99999999999", Err("The maximum amount is")),
        ("$500", Err("Enter the amount in VND")),
        ("abc", Err("Enter an amount in digits")),
        ("", Err("Enter an amount, or choose one")),
        ("-500000", Err("Enter an amount in digits")),
    ];
    for (typed, expected) in table {
        let answer = browser.submit(&page, "/add-credit", &[OWN, ("amount", typed), ("method", "vnpay:VND")]).await;
        match expected {
            Ok(shown) => {
                let review = answer.expect(303);
                browser.get(review.location()).await.expect(200).shows(shown);
            }
            Err(told) => {
                answer.expect(422).shows(told).shows("href=\"#amount\"").shows("aria-invalid");
            }
        }
    }
    let echo = browser.get("/add-credit?choice=own&amount=1.500.000").await.expect(200);
    echo.shows("one million five hundred thousand dong").hides("data-errors");
    browser
        .submit(&page, "/add-credit", &[("choice", "500000"), ("method", "")])
        .await
        .expect(422)
        .shows("Choose how to pay");
    let off = browser.submit(&page, "/add-credit", &[("choice", "500000"), ("method", "paypal:USD")]).await.expect(422);
    off.shows("Not set up here");
}

#[tokio::test]
async fn the_review_says_everything_and_asks_for_consent() {
    let (town, mut browser) = town().await;
    let page = browser.get("/add-credit").await.expect(200);
    let review =
        browser.submit(&page, "/add-credit", &[("choice", "500000"), ("method", "vnpay:VND")]).await.expect(303);
    let page = browser.get(review.location()).await.expect(200);
    page.shows("Pay ₫500,000")
        .shows("Nguyễn Thị Lan")
        .shows("non-refundable")
        .shows("does not expire")
        .hides("checked");
    let refused = browser.submit(&page, "/add-credit/pay", &[]).await.expect(422);
    refused.shows("Tick the box").shows("href=\"#agree\"");
    assert_eq!(refused.hidden("/add-credit/pay"), page.hidden("/add-credit/pay"), "the same try goes on");
    let tampered = page.hidden("/add-credit/pay");
    let tampered: Vec<(&str, &str)> = tampered
        .iter()
        .map(|(n, v)| (n.as_str(), if n == "terms" { "00" } else { v }))
        .chain([("agree", "yes")])
        .collect();
    browser.post("/add-credit/pay", &tampered).await.expect(422).shows("The terms have changed");
    town.wait(901);
    browser.get(review.location()).await.expect(200).shows("offer has expired").hides("name=\"agree\"");
    browser.submit(&page, "/add-credit/pay", &[("agree", "yes")]).await.expect(409).shows("offer has expired");
    assert!(topups::payments(&town.engine, "a", None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_double_press_is_one_payment_and_success_closes_the_loop() {
    let (town, mut browser) = town().await;
    let page = browser.get("/add-credit").await.expect(200);
    let review =
        browser.submit(&page, "/add-credit", &[("choice", "500000"), ("method", "vnpay:VND")]).await.expect(303);
    let page = browser.get(review.location()).await.expect(200);
    let first = browser.submit(&page, "/add-credit/pay", &[("agree", "yes")]).await.expect(303);
    let second = browser.submit(&page, "/add-credit/pay", &[("agree", "yes")]).await.expect(303);
    assert_eq!(first.location(), second.location());
    assert_eq!(topups::payments(&town.engine, "a", None, 10).await.unwrap().len(), 1);
    let hand_off = browser.get(first.location()).await.expect(200);
    hand_off.shows("Continue to VNPay").shows(&town.vnpay.pay_url()).shows("one-time code");
    let again = browser.get(first.location()).await.expect(200);
    assert_eq!(again.main().matches("vnp_SecureHash=").count(), 1);

    let id = first.location().split('/').nth(2).unwrap().to_owned();
    let path = format!("/payments/{id}");
    let waiting = browser.get(&path).await.expect(200);
    waiting.shows("Waiting for your payment").shows("data-poll").shows("lan@example.com").hides("Do not pay again");
    browser.get("/").await.expect(200).shows("Awaiting payment").shows(&id);
    browser.get("/history").await.expect(200).shows("Awaiting payment");
    let returned = browser.get(&format!("/payments/returned?topup={id}&status=pending")).await.expect(303);
    assert_eq!(returned.location(), path);
    paid(&town, &mut browser, &id, "00").await;
    browser.get(&path).await.expect(200).shows("Waiting for your payment");
    browser.submit(&waiting, &format!("{path}/check"), &[]).await.expect(303);
    let done = browser.get(&path).await.expect(200);
    done.shows("₫500,000 added").shows("Total balance").shows("does not expire").hides("data-poll").shows("autofocus");
    browser.get("/").await.expect(200).shows("₫500,000").hides(&id);
    browser.get("/payments").await.expect(200).shows("Successful").shows(&path).shows("lan@example.com");
    done.shows(&format!("{path}/receipt"));
    let receipt = browser.get(&format!("{path}/receipt")).await.expect(200);
    assert!(receipt.body.starts_with("%PDF-") && receipt.header("content-disposition").contains("R-"), "{receipt:?}");
    let copy = browser.submit(&done, &format!("{path}/receipt"), &[]).await.expect(200);
    assert!(copy.header("content-disposition").contains("-copy.pdf"));
    browser.get("/payments?status=success&method=vnpay").await.expect(200).shows(&path).shows("Remove filter:");
    browser.get("/payments?status=failed").await.expect(200).shows("Nothing matches").hides(&path);
    let over = browser.get(&format!("{path}/pay")).await.expect(303);
    assert_eq!(over.location(), path);
}

#[tokio::test]
async fn a_failure_explains_itself_and_offers_the_same_again() {
    // state and reason as the gateway's notice leaves them, what is told, may be paid again
    let table = [
        ("failed", "canceled", "You cancelled it", true),
        ("failed", "vnpay_51", "not enough money", true),
        ("failed", "vnpay_65", "limit for the day", true),
        ("failed", "vnpay_75", "under maintenance", true),
        ("failed", "vnpay_79", "code was wrong", true),
        ("failed", "card_declined", "Your bank said no", true),
        ("under_review", "vnpay_07", "under review", false),
    ];
    let (town, mut browser) = town().await;
    let id = order(&mut browser, "600000").await;
    let path = format!("/payments/{id}");
    for (state, reason, told, again) in table {
        let sql = "UPDATE payments SET state = $2, reason = $3 WHERE id = $1";
        let row = store::params![id.as_str(), state, reason];
        town.engine.store().write(vec![store::Statement::new(sql, row)]).await.unwrap();
        let page = browser.get(&path).await.expect(200);
        page.shows(told);
        let list = browser.get("/payments").await.expect(200);
        match again {
            true => {
                page.shows("Nothing was charged")
                    .shows("choice=600000&#38;method=vnpay%3AVND")
                    .hides("Do not pay again");
                list.shows("Failed").shows("Try again");
                let form = browser.get("/add-credit?choice=600000&method=vnpay%3AVND").await.expect(200);
                form.shows("value=\"600000\"").shows("value=\"own\" checked");
            }
            false => {
                page.shows("Do not pay again").hides("choice=600000");
                list.shows("Under review");
            }
        }
    }
}

#[tokio::test]
async fn who_may_have_paid_is_warned_before_paying_again() {
    let (town, mut browser) = town().await;
    let id = order(&mut browser, "500000").await;
    let sql = "UPDATE payments SET state = 'unknown' WHERE id = $1";
    town.engine.store().write(vec![store::Statement::new(sql, store::params![id.as_str()])]).await.unwrap();
    browser.get(&format!("/payments/{id}")).await.expect(200).shows("We are asking the bank").shows("Do not pay again");
    let form = browser.get("/add-credit").await.expect(200);
    form.shows("An earlier payment is not settled").shows(&format!("/payments/{id}"));
    let fields = [("choice", "500000"), ("method", "vnpay:VND")];
    let review = browser.submit(&form, "/add-credit", &fields).await.expect(303);
    let page = browser.get(review.location()).await.expect(200);
    let refused = browser.submit(&page, "/add-credit/pay", &[("agree", "yes")]).await.expect(409);
    refused.shows("Nothing more was charged");
    assert_eq!(topups::payment(&town.engine, &id).await.unwrap().state, State::Unknown);
}
