//! The billing profile, and the text that follows from it.

use serde_json::{Value, json};
use testkit::TestApp;

use super::{open, profile, put};

#[tokio::test]
async fn a_profile_is_set_read_and_never_overwritten_unseen() {
    let app = TestApp::start().await;
    open(&app, "a", "vn").await;
    let path = "/v1/accounts/a/billing-profile";
    assert!(app.operator.get(path).await.expect(404).str("/detail").contains("billing profile"));
    let stored = put(&app.operator, path, &profile(0)).await.expect(200);
    insta::assert_json_snapshot!(stored.json, {".updated_at" => "[time]"}, @r#"
    {
      "account": "a",
      "address": {
        "province": "Hà Nội",
        "street": "1 Tràng Tiền",
        "ward": "Phường Cửa Nam"
      },
      "country": "VN",
      "email": "a@example.com",
      "kind": "company",
      "language": "vi",
      "name": "Công ty ABC",
      "recipient_email": "a@example.com",
      "tax_code": "0312687878-001",
      "tax_scheme": "vn_enterprise",
      "updated_at": "[time]",
      "version": 1,
      "warnings": []
    }
    "#);
    assert_eq!(app.operator.get(path).await.expect(200).json, stored.json);
    let mut second = profile(1);
    second["name"] = json!("Công ty XYZ");
    assert_eq!(put(&app.operator, path, &second).await.expect(200).json["version"], 2);
    let lost = put(&app.operator, path, &profile(1)).await.expect(409);
    assert_eq!(lost.str("/code"), "profile_changed");
    assert!(lost.str("/detail").contains("version 2"), "{}", lost.text);
    assert_eq!(app.operator.get(path).await.expect(200).str("/name"), "Công ty XYZ");
    assert_eq!(app.operator.get("/v1/accounts/a/topup-options").await.expect(200).json["has_billing_profile"], true);

    open(&app, "j", "jp").await;
    let japanese = json!({"version": 0, "kind": "company", "name": "株式会社テスト", "email": "a@example.jp",
        "language": "ja", "country": "JP", "tax_code": "Ｔ１２３４５６７８９０１２３", "address": {"postal_code": "〒１５０ー０００１",
        "prefecture": "東京都", "city": "渋谷区", "street": "神宮前1-2-3"}});
    let stored = put(&app.operator, "/v1/accounts/j/billing-profile", &japanese).await.expect(200);
    assert_eq!((stored.str("/tax_code"), stored.str("/address/postal_code")), ("T1234567890123", "150-0001"));
    assert_eq!(stored.str("/warnings/0/param"), "tax_code");
    app.finish().await;
}

#[tokio::test]
async fn wrong_fields_of_a_profile_are_named_together() {
    let app = TestApp::start().await;
    open(&app, "a", "vn").await;
    let path = "/v1/accounts/a/billing-profile";
    let with = |changes: Value| {
        let mut body = profile(0);
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        body
    };
    // changes, params of errors[]
    let table: [(Value, &[&str]); 11] = [
        (json!({"name": "", "email": "x", "tax_code": "0100112438"}), &["name", "email", "tax_code"]),
        (json!({"tax_code": null}), &["tax_code"]),
        (json!({"country": "JP"}), &["country"]),
        (json!({"country": "Vietnam"}), &["country"]),
        (json!({"address": {}}), &["address.street", "address.ward", "address.province"]),
        (
            json!({"address": {"street": "1", "ward": "2", "province": "3", "city": "4", "line1": "5"}}),
            &["address.line1", "address.city"],
        ),
        (json!({"name": "a\u{202e}b"}), &["name"]),
        (json!({"version": -1}), &["version"]),
        (json!({"kind": "robot"}), &["kind"]),
        (json!({"language": "de"}), &["language"]),
        (json!({"balance": "1"}), &["balance"]),
    ];
    for (changes, params) in table {
        let refused = put(&app.operator, path, &with(changes.clone())).await.expect(422);
        let errors = refused.json["errors"].as_array().unwrap();
        let named: Vec<&str> = errors.iter().map(|error| error["param"].as_str().unwrap()).collect();
        assert_eq!(named, params, "{changes}");
        assert_eq!(refused.str("/param"), params[0], "{changes}");
        assert!(errors.iter().all(|error| !error["detail"].as_str().unwrap().is_empty()), "{changes}");
    }
    // A district is no field anywhere.
    let district = with(json!({"address": {"street": "1", "district": "Hoàn Kiếm"}}));
    assert_eq!(put(&app.operator, path, &district).await.expect(422).str("/param"), "address.district");
    app.operator.get(path).await.expect(404);
    app.finish().await;
}

#[tokio::test]
async fn the_text_to_agree_to_follows_the_buyer() {
    let app = TestApp::start().await;
    let body = json!({"id": "a", "name": "a", "site": "global", "unit": "EUR"});
    app.operator.post("/v1/accounts", body).await.expect(201);
    let terms = async |query: &str| app.operator.get(&format!("/v1/accounts/a/consent{query}")).await.expect(200);
    let english = terms("").await;
    assert_eq!((english.str("/language"), english.str("/text_sha256").len()), ("en", 64));
    assert!(!english.str("/text").contains("14-day"));
    let buyer = |version: i64, kind: &str| {
        json!({"version": version, "kind": kind, "name": "A", "email": "a@example.de", "language": "en",
            "country": "DE", "address": {"line1": "Weg 1", "city": "Berlin"}})
    };
    let path = "/v1/accounts/a/billing-profile";
    put(&app.operator, path, &buyer(0, "personal")).await.expect(200);
    let consumer = terms("?language=en").await;
    assert!(consumer.str("/text").contains("14-day"));
    assert_ne!(consumer.str("/text_sha256"), english.str("/text_sha256"));
    put(&app.operator, path, &buyer(1, "company")).await.expect(200);
    assert_eq!(terms("?language=en").await.json, english.json);
    assert_eq!(terms("?language=vi").await.str("/language"), "vi");
    app.operator.get("/v1/accounts/a/consent?language=de").await.expect(422);
    app.finish().await;
}
