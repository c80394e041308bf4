//! Alerts over HTTP: what may be set, by whom, and what is seen of what was told.

use engine::alerts::look;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Actor, Answer, TestApp};

const ALERTS: &str = "/v1/accounts/a/alerts";

async fn put(actor: &Actor, path: &str, body: Value) -> Answer {
    actor.send(actor.request(Method::PUT, path).json(&body)).await
}

async fn shop() -> TestApp {
    let app = TestApp::start().await;
    app.account("a", "8").await;
    app
}

#[tokio::test]
async fn an_account_says_what_it_wants_to_be_told() {
    let app = shop().await;
    let team = app.team("a", Some(&["keys:admin"])).await;
    let shipped = json!({"account": "a", "unit": "USD", "expiry": {"enabled": true}, "language": null,
        "low_balance": {"enabled": false, "threshold": null, "emails": [], "level": null, "told": 0, "told_at": null}});
    assert_eq!(team.get(ALERTS).await.expect(200).json, shipped);

    let wanted = json!({"low_balance": {"enabled": true, "threshold": "10.50", "emails": ["a@example.com"]},
        "expiry": {"enabled": false}, "language": "ja"});
    let set = put(&team, ALERTS, wanted).await.expect(200);
    assert_eq!((set.str("/low_balance/threshold"), set.str("/language")), ("10.5", "ja"));
    assert_eq!((&set.json["expiry"]["enabled"], set.str("/low_balance/level")), (&json!(false), "ok"));
    assert_eq!(look(&app.engine).await.unwrap(), 1);
    let told = app.operator.get(ALERTS).await.expect(200);
    assert_eq!((told.str("/low_balance/level"), &told.json["low_balance"]["told"]), ("low", &json!(1)));
    assert!(told.str("/low_balance/told_at").starts_with("20"));
    // What is left out is as shipped again.
    let set = put(&team, ALERTS, json!({})).await.expect(200);
    assert_eq!((&set.json["expiry"], &set.json["low_balance"]["enabled"]), (&shipped["expiry"], &json!(false)));
    app.finish().await;
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let app = shop().await;
    let low = |more: Value| {
        let mut low = json!({"enabled": true, "threshold": "5", "emails": ["a@example.com"]});
        low.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"low_balance": low})
    };
    let six: Vec<String> = (0..6).map(|n| format!("{n}@example.com")).collect();
    // body, param
    let table = [
        (low(json!({"threshold": null})), "low_balance.threshold"),
        (low(json!({"threshold": "0"})), "low_balance.threshold"),
        (low(json!({"threshold": "-5"})), "low_balance.threshold"),
        (low(json!({"threshold": "five"})), "low_balance.threshold"),
        (low(json!({"threshold": 5.5})), "low_balance.threshold"),
        (low(json!({"emails": []})), "low_balance.emails"),
        (low(json!({"emails": ["nobody"]})), "low_balance.emails[0]"),
        (low(json!({"emails": six})), "low_balance.emails"),
        (json!({"low_balance": {"threshold": "5"}}), "low_balance.enabled"),
        (json!({"language": "fr"}), "language"),
        (json!({"expiry": {}}), "expiry.enabled"),
        (json!({"colour": "red"}), "colour"),
    ];
    for (body, param) in table {
        let refused = put(&app.operator, ALERTS, body.clone()).await.expect(422);
        assert_eq!(refused.str("/param"), param, "{body}");
    }
    app.finish().await;
}

#[tokio::test]
async fn only_who_may_sees_addresses() {
    let app = shop().await;
    app.account("b", "0").await;
    let (weak, other) = (app.team("a", None).await, app.team("b", Some(&["keys:admin"])).await);
    let stranger = app.operator.with_key(None);
    for (actor, status) in [(&weak, 403), (&other, 404), (&stranger, 401)] {
        actor.get(ALERTS).await.expect(status);
        put(actor, ALERTS, json!({})).await.expect(status);
    }
    app.operator.get("/v1/accounts/nobody/alerts").await.expect(404);
    put(&app.operator, "/v1/accounts/nobody/alerts", json!({})).await.expect(404);
    app.operator.get(&format!("{ALERTS}?colour=red")).await.expect(422);
    app.finish().await;
}
