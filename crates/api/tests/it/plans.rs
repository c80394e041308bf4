//! Plans over HTTP: the catalogue, subscribing by saved card and on gateways' pages with real notices, who may do what.

use engine::accounts::AccountChange;
use engine::{Call, plans};
use reqwest::Method as Verb;
use sandbox::stripe::NewCustomer;
use serde_json::{Value, json};
use testkit::{Actor, Answer, Shop};

const DAY_SECONDS: i64 = 86_400;

fn pro() -> Value {
    json!({"id": "SUB_PRO", "name": "Pro", "site": "global", "unit": "USD", "prices": {"USD": "20"}, "credits": "25"})
}

/// A shop that sells the plan, and a customer with these cards.
async fn shop(cards: &[&str]) -> Shop {
    let shop = Shop::open().await;
    shop.payer("team", "USD").await;
    cards_of(&shop, "team", cards).await;
    shop.app.operator.post("/v1/plans", pro()).await.expect(201);
    shop
}

async fn cards_of(shop: &Shop, account: &str, cards: &[&str]) {
    let cards = cards.iter().map(|card| (*card).to_owned()).collect();
    let new = NewCustomer { cards, default: Some(0), set_up: true, ..NewCustomer::default() };
    let customer = shop.stripe.create_customer(&new).unwrap();
    let change = AccountChange { stripe_customer: Some(Some(customer.customer)), ..AccountChange::default() };
    let call = Call { actor: "test".into(), ..Call::default() };
    shop.app.engine.accounts().change(&call, account, change).await.unwrap();
}

/// How somebody pays who agreed to what the preview showed.
async fn payer(shop: &Shop, account: &str, plan: &str, method: &str) -> Value {
    let path = format!("/v1/accounts/{account}/subscription/preview");
    let mut preview = shop.app.operator.get(&format!("{path}?plan={plan}&method={method}")).await;
    if preview.status == 409 {
        // It has the plan: the text is the same.
        preview = shop.app.operator.get(&path).await;
    }
    let preview = preview.expect(200);
    let consent = json!({"text_sha256": preview.str("/terms/text_sha256"), "ip": "203.0.113.7", "user_agent": "test"});
    json!({"method": method, "consent": consent})
}

async fn subscribe(shop: &Shop, actor: &Actor, account: &str, plan: &str, method: &str) -> Answer {
    let body = json!({"plan": plan, "payer": payer(shop, account, plan, method).await});
    actor.keyed(&format!("/v1/accounts/{account}/subscription"), "subscribe", body).await
}

async fn standing(shop: &Shop, account: &str) -> Value {
    shop.app.operator.get(&format!("/v1/accounts/{account}/subscription")).await.expect(200).json
}

async fn until(shop: &Shop, account: &str, state: &str, period: i64) -> Value {
    let mut seen = Value::Null;
    for _ in 0..3_000 {
        seen = standing(shop, account).await;
        if seen["state"] == state && seen["period"] == period {
            return seen;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{account} never was {state} {period}: {seen}");
}

/// The period ends, and the job looks.
async fn renew(shop: &Shop, account: &str) {
    let ends_at = standing(shop, account).await["period_ends_at"].as_str().unwrap().to_owned();
    let ends_at: jiff::Timestamp = ends_at.parse().unwrap();
    shop.wait(ends_at.as_second() - shop.app.engine.now().seconds() + 1);
    plans::advance_due(&shop.app.engine).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_subscribes_with_its_own_key_and_sees_what_it_has() {
    let shop = shop(&["pm_card_visa"]).await;
    let team = shop.app.team("team", None).await;
    let offered = team.get("/v1/accounts/team/plans").await.expect(200);
    assert_eq!(offered.json["data"][0]["id"], "SUB_PRO");
    let preview = team.get("/v1/accounts/team/subscription/preview?plan=SUB_PRO").await.expect(200);
    let shown = ["/due_now", "/currency", "/credits_now", "/option"].map(|pointer| preview.str(pointer));
    assert_eq!(shown, ["20", "USD", "25", "all_upfront"]);
    assert_eq!(preview.json["coming"].as_array().unwrap().len(), 1, "the next renewal");
    assert!(preview.str("/terms/text").contains("renews itself"), "{}", preview.text);

    let info = async || team.get("/user/credits/info").await.expect(200).json["active_subscription"]["id"].clone();
    assert_eq!(info().await, "SUB_BASE");
    let first = subscribe(&shop, &team, "team", "SUB_PRO", "saved_card").await.expect(201);
    assert_eq!((first.str("/payment/state"), first.str("/payment/amount")), ("confirming", "20"));
    let active = until(&shop, "team", "active", 1).await;
    assert_eq!((&active["plan"]["name"], &active["cancel_at_end"]), (&json!("Pro"), &json!(false)));
    assert_eq!(shop.balance("team").await, "25");
    assert_eq!(info().await, "SUB_PRO");
    let again = subscribe(&shop, &team, "team", "SUB_PRO", "saved_card").await.expect(201);
    assert_eq!((again.header("idempotent-replayed"), again.str("/payment/id")), ("true", first.str("/payment/id")));
    let list = team.get("/v1/accounts/team/instalments").await.expect(200);
    let row = &list.json["data"][0];
    assert_eq!((&row["status"], &row["amount"], &row["paid"]), (&json!("paid"), &json!("20"), &json!("20")));

    renew(&shop, "team").await;
    until(&shop, "team", "active", 2).await;
    let cancelled = team.post("/v1/accounts/team/subscription/cancel", json!({})).await.expect(200);
    assert_eq!(cancelled.json["cancel_at_end"], true);
    let undone = team.post("/v1/accounts/team/subscription/undo", json!({})).await.expect(200);
    assert_eq!(undone.json["cancel_at_end"], false);
    team.post("/v1/accounts/team/subscription/cancel", json!({})).await.expect(200);
    renew(&shop, "team").await;
    let ended = standing(&shop, "team").await;
    assert_eq!((&ended["state"], &ended["ended_reason"]), (&json!("expired"), &json!("cancelled")));
    assert_eq!(info().await, "SUB_BASE");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_paid_or_written_down() {
    let shop = shop(&["pm_card_visa"]).await;
    for (id, price, credits) in [("SUB_MAX", "50", "80"), ("SUB_MINI", "5", "5")] {
        let mut plan = pro();
        (plan["id"], plan["prices"]["USD"], plan["credits"]) = (json!(id), json!(price), json!(credits));
        shop.app.operator.post("/v1/plans", plan).await.expect(201);
    }
    subscribe(&shop, &shop.app.operator, "team", "SUB_PRO", "saved_card").await.expect(201);
    until(&shop, "team", "active", 1).await;
    let path = "/v1/accounts/team/subscription/change";
    let operator = &shop.app.operator;
    let later = operator.keyed(path, "1", json!({"plan": "SUB_MINI"})).await.expect(200);
    assert_eq!((later.str("/when"), &later.json["payment"]), ("term_end", &Value::Null));
    assert_eq!(later.str("/subscription/next_plan"), "SUB_MINI");
    let unpaid = operator.keyed(path, "2", json!({"plan": "SUB_MAX"})).await.expect(422);
    assert_eq!(unpaid.str("/code"), "consent_missing");
    let now = operator.keyed(path, "3", json!({"plan": "SUB_MINI", "when": "now"})).await.expect(409);
    assert_eq!(now.str("/code"), "downgrade_at_term_end");
    let body = json!({"plan": "SUB_MAX", "payer": payer(&shop, "team", "SUB_MAX", "saved_card").await});
    let upgrade = operator.keyed(path, "4", body.clone()).await.expect(200);
    assert_eq!(upgrade.str("/when"), "now");
    let mut plan = Value::Null;
    for _ in 0..3_000 {
        plan = standing(&shop, "team").await["plan"]["id"].clone();
        if plan == "SUB_MAX" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(plan, "SUB_MAX");
    let again = operator.keyed(path, "4", body).await.expect(200);
    assert_eq!(again.header("idempotent-replayed"), "true");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_pays_on_a_page_keeps_the_card_for_renewals() {
    let shop = shop(&["pm_card_mastercard"]).await;
    let begun = subscribe(&shop, &shop.app.operator, "team", "SUB_PRO", "stripe").await.expect(201);
    assert_eq!(begun.str("/subscription/state"), "incomplete");
    assert!(begun.json.pointer("/payment/next/stripe_client_secret").is_some(), "{}", begun.text);
    let payment = begun.str("/payment/id").to_owned();
    let second = json!({"plan": "SUB_PRO", "payer": payer(&shop, "team", "SUB_PRO", "stripe").await});
    let second = shop.app.operator.keyed("/v1/accounts/team/subscription", "another", second).await.expect(409);
    assert_eq!(second.str("/code"), "subscription_exists");
    shop.pay_with_card(&payment, "pm_card_visa").await.expect(200);
    until(&shop, "team", "active", 1).await;
    renew(&shop, "team").await;
    until(&shop, "team", "active", 2).await;
    assert_eq!(shop.balance("team").await, "25", "the first month's are gone");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_nobody_pays_leaves_nothing_behind() {
    let shop = shop(&["pm_card_visa"]).await;
    subscribe(&shop, &shop.app.operator, "team", "SUB_PRO", "stripe").await.expect(201);
    shop.wait(3_601);
    shop.reconcile().await;
    let ended = standing(&shop, "team").await;
    assert_eq!((&ended["state"], &ended["ended_reason"]), (&json!("expired"), &json!("never_paid")));
    let body = json!({"plan": "SUB_PRO", "payer": payer(&shop, "team", "SUB_PRO", "saved_card").await});
    shop.app.operator.keyed("/v1/accounts/team/subscription", "again", body).await.expect(201);
    until(&shop, "team", "active", 1).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_comes_late_is_honoured() {
    let shop = Shop::open().await;
    shop.payer("bank", "VND").await;
    let plan = json!({"id": "SUB_VN", "name": "Gói", "site": "vn", "unit": "VND", "prices": {"VND": "500000"},
        "credits": "600000"});
    shop.app.operator.post("/v1/plans", plan).await.expect(201);
    let begun = subscribe(&shop, &shop.app.operator, "bank", "SUB_VN", "vnpay").await.expect(201);
    let payment = begun.str("/payment/id").to_owned();
    shop.vnpay.open(begun.str("/payment/next/redirect_url")).unwrap();
    shop.lose_notices();
    shop.vnpay.pay(&payment, "51").unwrap();
    shop.send_notices();
    shop.wait(3_601);
    shop.reconcile().await;
    assert_eq!(standing(&shop, "bank").await["ended_reason"], "never_paid");
    // The bank changes its mind a day later.
    shop.wait(DAY_SECONDS);
    shop.vnpay.settle(&payment, "00").unwrap();
    shop.vnpay.redeliver(&payment).unwrap();
    let active = until(&shop, "bank", "active", 1).await;
    assert_eq!(active["ended_at"], Value::Null);
    assert_eq!(shop.balance("bank").await, "600000");
    assert_eq!(shop.standing(&payment).await["reason"], "late_success");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn late_money_for_a_plan_that_was_replaced_waits_for_a_person() {
    let shop = Shop::open().await;
    shop.payer("bank", "VND").await;
    for id in ["SUB_VN", "SUB_OTHER"] {
        let plan = json!({"id": id, "name": "Gói", "site": "vn", "unit": "VND", "prices": {"VND": "500000"},
            "credits": "600000"});
        shop.app.operator.post("/v1/plans", plan).await.expect(201);
    }
    let begun = subscribe(&shop, &shop.app.operator, "bank", "SUB_VN", "vnpay").await.expect(201);
    let payment = begun.str("/payment/id").to_owned();
    shop.vnpay.open(begun.str("/payment/next/redirect_url")).unwrap();
    shop.vnpay.pay(&payment, "51").unwrap();
    shop.until(&payment, "failed").await;
    let body = json!({"plan": "SUB_OTHER", "payer": payer(&shop, "bank", "SUB_OTHER", "vnpay").await});
    let other = shop.app.operator.keyed("/v1/accounts/bank/subscription", "other", body).await.expect(201);
    shop.vnpay.open(other.str("/payment/next/redirect_url")).unwrap();
    shop.vnpay.pay(other.str("/payment/id"), "00").unwrap();
    until(&shop, "bank", "active", 1).await;
    shop.vnpay.settle(&payment, "00").unwrap();
    shop.vnpay.redeliver(&payment).unwrap();
    shop.until(&payment, "under_review").await;
    assert_eq!(shop.balance("bank").await, "600000", "once");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_that_come_twice_begin_a_period_once() {
    let shop = shop(&["pm_card_sandboxNoticeTwice"]).await;
    subscribe(&shop, &shop.app.operator, "team", "SUB_PRO", "saved_card").await.expect(201);
    until(&shop, "team", "active", 1).await;
    for period in 2..=3 {
        renew(&shop, "team").await;
        until(&shop, "team", "active", period).await;
    }
    for event in shop.stripe.events() {
        shop.stripe.redeliver(event["id"].as_str().unwrap()).unwrap();
    }
    shop.wait(61);
    shop.reconcile().await;
    assert_eq!(shop.balance("team").await, "25");
    let entries = shop.app.operator.get("/v1/accounts/team/entries?kind=grant").await.expect(200);
    assert_eq!(entries.json["data"].as_array().unwrap().len(), 3);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disputed_plan_is_frozen_and_not_renewed() {
    let shop = shop(&["pm_card_createDispute"]).await;
    let begun = subscribe(&shop, &shop.app.operator, "team", "SUB_PRO", "saved_card").await.expect(201);
    let payment = begun.str("/payment/id").to_owned();
    shop.until(&payment, "disputed").await;
    assert_eq!(shop.balance("team").await, "0");
    renew(&shop, "team").await;
    let due = standing(&shop, "team").await;
    assert_eq!((&due["state"], &due["period"]), (&json!("pending_renewal"), &json!(1)));
    let charges = shop.stripe.objects("charge").len();
    assert_eq!(charges, 1, "nothing is charged while a payment is disputed");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn declines_and_other_peoples_plans_are_refused() {
    let shop = shop(&["pm_card_chargeCustomerFail"]).await;
    shop.payer("other", "USD").await;
    let (team, other) = (shop.app.team("team", None).await, shop.app.team("other", None).await);
    let declined = subscribe(&shop, &team, "team", "SUB_PRO", "saved_card").await.expect(402);
    assert_eq!(declined.str("/code"), "payment_failed");
    for path in ["subscription", "instalments", "plans", "subscription/preview?plan=SUB_PRO"] {
        other.get(&format!("/v1/accounts/team/{path}")).await.expect(404);
    }
    for path in ["subscription/cancel", "subscription/undo"] {
        other.post(&format!("/v1/accounts/team/{path}"), json!({})).await.expect(404);
    }
    team.post("/v1/plans", pro()).await.expect(403);
    team.post("/v1/plans/SUB_PRO/retire", json!({})).await.expect(403);
    other.get("/v1/accounts/other/subscription").await.expect(404);
    let reader = shop.app.team("team", Some(&["balance:read"])).await;
    let body = json!({"plan": "SUB_PRO", "payer": payer(&shop, "team", "SUB_PRO", "saved_card").await});
    reader.keyed("/v1/accounts/team/subscription", "k", body).await.expect(403);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_are_published_listed_and_retired() {
    let shop = Shop::open().await;
    let operator = &shop.app.operator;
    let first = operator.post("/v1/plans", pro()).await.expect(201);
    assert_eq!((first.str("/state"), &first.json["version"]), ("active", &json!(1)));
    let mut next = pro();
    next["term_periods"] = json!(12);
    next["options"] =
        json!([{"option": "all_upfront"}, {"option": "partial_upfront", "percent": 30}, {"option": "postpaid"}]);
    next["on_demand"] = json!({"percent": "120"});
    next["period"] = json!({"count": 1, "unit": "month"});
    let second = operator.post("/v1/plans", next.clone()).await.expect(201);
    assert_eq!(second.json["version"], 2);
    assert_eq!(second.json["options"], next["options"]);
    assert_eq!(operator.post("/v1/plans", next).await.expect(201).json["version"], 2, "again makes none");
    let list = operator.get("/v1/plans").await.expect(200);
    assert_eq!((&list.json["data"][0]["version"], &list.json["data"][0]["subscribers"]), (&json!(2), &json!(0)));
    // a field, its value, what is wrong with it
    let table = [
        ("id", json!("PRO"), "id"),
        ("prices", json!({"USD": "1.001"}), "prices.USD"),
        ("prices", json!({}), "prices"),
        ("credits", json!("-1"), "credits"),
        ("period", json!({"count": 0, "unit": "month"}), "period.count"),
        ("options", json!([{"option": "later"}]), "options"),
        ("options", json!([{"option": "partial_upfront", "percent": 30}]), "options[0]"),
        ("on_demand", json!({}), "on_demand"),
        ("site", json!("nowhere"), "site"),
        ("trial", json!(true), "trial"),
    ];
    for (field, value, param) in table {
        let mut plan = pro();
        plan["id"] = json!("SUB_NEW");
        plan[field] = value;
        let refused = operator.post("/v1/plans", plan).await.expect(422);
        assert_eq!(refused.str("/param"), param, "{field}: {}", refused.text);
    }
    let retired = operator.post("/v1/plans/SUB_PRO/retire", json!({})).await.expect(200);
    assert_eq!(retired.str("/state"), "retired");
    operator.post("/v1/plans/SUB_PRO/retire", json!({})).await.expect(200);
    operator.post("/v1/plans/SUB_NONE/retire", json!({})).await.expect(404);
    let refused = operator.post("/v1/plans", pro()).await.expect(409);
    assert_eq!(refused.str("/code"), "plan_retired");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_tells_which_prices_held() {
    let shop = shop(&["pm_card_visa"]).await;
    let operator = &shop.app.operator;
    let prices = json!({"unit": "USD", "services": {"gpu": {"meters": {"seconds": {"price": "1", "per": 1}}}}});
    operator.post("/v1/prices", prices).await.expect(201);
    let mut plan = pro();
    (plan["id"], plan["credits"]) = (json!("SUB_GPU"), json!("10"));
    plan["on_demand"] = json!({"percent": "150"});
    operator.post("/v1/plans", plan).await.expect(201);
    subscribe(&shop, operator, "team", "SUB_GPU", "saved_card").await.expect(201);
    until(&shop, "team", "active", 1).await;
    shop.app.grant("team", "100", json!({})).await;
    engine::watch::poll(&shop.app.engine).await.unwrap();
    // seconds, amount, percent
    for (seconds, amount, percent) in [(10, "10", Value::Null), (2, "3", json!("150"))] {
        let body = json!({"account": "team", "service": "gpu", "meters": {"seconds": seconds}});
        let answer = operator.keyed("/v1/usage", &format!("u{seconds}"), body).await.expect(201);
        assert_eq!(
            (answer.str("/amount"), &answer.json["on_demand"]["percent"]),
            (amount, &percent),
            "{}",
            answer.text
        );
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_may_have_a_zone_of_its_own() {
    let shop = shop(&["pm_card_visa"]).await;
    let operator = &shop.app.operator;
    let put = async |zone: Value| {
        let path = "/v1/accounts/team/time-zone";
        operator.send(operator.request(Verb::PUT, path).json(&json!({"time_zone": zone}))).await
    };
    let zone = operator.get("/v1/accounts/team/time-zone").await.expect(200);
    assert_eq!((zone.str("/time_zone"), zone.str("/source")), ("UTC", "site"));
    let set = put(json!("Asia/Tokyo")).await.expect(200);
    assert_eq!((set.str("/time_zone"), set.str("/source")), ("Asia/Tokyo", "account"));
    assert_eq!(put(json!("Mars/Olympus")).await.expect(422).str("/param"), "time_zone");
    let preview = operator.get("/v1/accounts/team/subscription/preview?plan=SUB_PRO").await.expect(200);
    assert!(preview.str("/credits_end_at").ends_with("T15:00:00Z"), "{}", preview.text);
    assert_eq!(put(Value::Null).await.expect(200).str("/source"), "site");
    shop.close().await;
}
