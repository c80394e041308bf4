//! Receipts over HTTP: as data, as PDF in three languages, copies, whose they are.

use engine::billing::{self, BillingSnapshot};
use engine::receipts::{check_numbers, issue_due};
use engine::settings::{Language, Seller, Settings, Tax, TaxPoint, TaxRate};
use engine::topups::{Details, Instrument};
use reqwest::Method;
use serde_json::{Value, json};
use store::{Statement, params};
use testkit::{Actor, TestApp};

use crate::team::Shop;

fn seller(name: &str, address: &[&str], zone: &str, series: &str) -> Seller {
    Seller {
        name: name.to_owned(),
        address: address.iter().map(|line| (*line).to_owned()).collect(),
        contact: "billing@cloud.example".to_owned(),
        zone: zone.to_owned(),
        series: series.to_owned(),
        ..Seller::default()
    }
}

/// Sellers in three countries, of which two tax what is paid in advance.
fn sells(settings: &mut Settings) {
    let everywhere = seller("Example Cloud Inc.", &["1 Main Street", "Springfield IL 62701"], "UTC", "R-{year}");
    let vietnam = Seller {
        tax_code: "0312687878-001".to_owned(),
        ..seller(
            "Công ty TNHH Đám Mây Mẫu",
            &["Số 1 Nguyễn Huệ", "TP. Hồ Chí Minh"],
            "Asia/Ho_Chi_Minh",
            "{site}-{year}",
        )
    };
    let japan = Seller {
        registration_number: "T1234567890123".to_owned(),
        ..seller("サンプルクラウド株式会社", &["〒100-0001", "東京都千代田区千代田1-1"], "Asia/Tokyo", "{site}-{year}")
    };
    settings.receipts.sellers =
        [("any", everywhere), ("vn", vietnam), ("jp", japan)].map(|(s, v)| (s.into(), v)).into();
    let tax = |names: &[(Language, &str)], percent: &str| {
        let names = names.iter().map(|(language, name)| (*language, (*name).to_owned())).collect();
        let rates = vec![TaxRate { names, percent: percent.parse().unwrap(), from: None, until: None }];
        Tax { tax_point: TaxPoint::TopUp, rates }
    };
    let (vat, consumption) =
        ([(Language::En, "VAT"), (Language::Vi, "Thuế GTGT")], [(Language::En, "Tax"), (Language::Ja, "消費税")]);
    settings.receipts.taxes = [("VN".into(), tax(&vat, "8")), ("JP".into(), tax(&consumption, "10"))].into();
    let notes = [(Language::En, vec!["Credits are used for the services of this site only.".to_owned()])];
    settings.receipts.notes = [("ANY".into(), notes.into())].into();
    assert_eq!(settings.validate(), []);
}

/// An account of a country with a billing profile; what a payment of it keeps.
async fn account(app: &TestApp, site: &str) -> Details {
    let unit = if site == "global" { json!("USD") } else { Value::Null };
    let body = json!({"id": site, "name": format!("Account {site}"), "site": site, "unit": unit});
    app.operator.post("/v1/accounts", body).await.expect(201);
    let (language, name, country, tax_code, address) = match site {
        "vn" => {
            let address = json!({"street": "25 phố Tràng Tiền", "ward": "Phường Cửa Nam", "province": "Hà Nội"});
            ("vi", "Công ty Cổ phần Ẩm thực Huế", "VN", json!("0100112437"), address)
        }
        "jp" => {
            let address =
                json!({"postal_code": "5300001", "prefecture": "大阪府", "city": "大阪市北区", "street": "梅田1-2-3"});
            ("ja", "株式会社髙橋製作所", "JP", Value::Null, address)
        }
        _ => {
            let address = json!({"line1": "7 Elm Street", "city": "Portland", "region": "OR", "postal_code": "97201"});
            ("en", "Acme Research LLC", "US", Value::Null, address)
        }
    };
    let body = json!({"version": 0, "kind": "company", "name": name, "email": "billing@customer.example",
        "recipient_email": null, "language": language, "country": country, "tax_code": tax_code, "address": address});
    let path = format!("/v1/accounts/{site}/billing-profile");
    app.operator.send(app.operator.request(Method::PUT, &path).json(&body)).await.expect(200);
    let billing: BillingSnapshot = billing::require_profile(&app.engine, site).await.unwrap();
    let card = Instrument {
        kind: "card".to_owned(),
        brand: Some("visa".to_owned()),
        last4: Some("4242".to_owned()),
        ..Instrument::default()
    };
    let language = Language::parse(language).unwrap();
    Details { language, billing: Some(billing), instrument: Some(card), ..Details::default() }
}

/// A payment that was credited just now.
async fn payment(
    app: &TestApp,
    account: &str,
    id: &str,
    (minor, currency): (i64, &str),
    units: i64,
    details: &Details,
) {
    const SQL: &str = "INSERT INTO payments (account_id, id, gateway, method, state, credit_units, amount_minor, currency, \
                       live, customer_id, created_at_us, updated_at_us, paid_at_us, object_id, details) \
                       VALUES ($1, $2, 'stripe', 'stripe', 'succeeded', $3, $4, $5, 0, '', $6, $6, $6, $7, $8)";
    let details = serde_json::to_string(details).unwrap();
    let row = params![account, id, units, minor, currency, app.engine.now().micros(), format!("pi_{id}"), details];
    app.engine.store().write(vec![Statement::new(SQL, row)]).await.unwrap();
}

/// The bytes of a PDF with its file name.
async fn pdf(actor: &Actor, path: &str) -> (String, Vec<u8>) {
    let response = actor.request(Method::GET, path).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        (header("content-type").as_str(), header("cache-control").as_str()),
        ("application/pdf", "private, no-store")
    );
    let name = header("content-disposition");
    let name = name.strip_prefix("attachment; filename=\"").unwrap().strip_suffix('"').unwrap().to_owned();
    (name, response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn a_receipt_is_drawn_in_the_payers_language() {
    let app = TestApp::start_with(sells).await;
    // site, charge, as shown, credits in ledger units, language and addressee, number, name, base and amount of the tax
    let table = [
        ("global", (2_500, "USD"), "25", 2_500_000_000, ["en", "Acme Research LLC"], "R-2026-000001", json!([])),
        (
            "jp",
            (30_000, "JPY"),
            "30000",
            30_000_000_000,
            ["ja", "株式会社髙橋製作所"],
            "JP-2026-000001",
            json!([{"name": "消費税", "percent": "10", "base": "27273", "amount": "2727"}]),
        ),
        (
            "vn",
            (1_205_000, "VND"),
            "1205000",
            1_205_000_000_000,
            ["vi", "Công ty Cổ phần Ẩm thực Huế"],
            "VN-2026-000001",
            json!([{"name": "Thuế GTGT", "percent": "8", "base": "1115741", "amount": "89259"}]),
        ),
    ];
    for (site, charge, amount, units, buyer, number, taxes) in table {
        let details = account(&app, site).await;
        let id = format!("pay_{site}");
        payment(&app, site, &id, charge, units, &details).await;
        let receipt = app.operator.get(&format!("/v1/payments/{id}/receipt")).await.expect(200);
        assert_eq!([receipt.str("/payment"), receipt.str("/account"), receipt.str("/number")], [&id, site, number]);
        assert_eq!([receipt.str("/amount"), receipt.str("/method")], [amount, "Visa •••• 4242"]);
        assert_eq!([receipt.str("/credits"), receipt.str("/unit")], [amount, charge.1]);
        assert_eq!([receipt.str("/language"), receipt.str("/buyer/name")], buyer);
        assert_eq!(receipt.json["taxes"], taxes, "{site}");
        let (name, bytes) = pdf(&app.operator, &format!("/v1/payments/{id}/receipt.pdf")).await;
        assert_eq!(name, format!("receipt-{number}.pdf"));
        assert!(bytes.starts_with(b"%PDF-") && bytes.len() > 5_000, "{site}: {} bytes", bytes.len());
        let (_, again) = pdf(&app.operator, &format!("/v1/payments/{id}/receipt.pdf?copy=false")).await;
        assert_eq!(again, bytes, "the same to the byte");
    }
    assert_eq!(check_numbers(&app.engine).await.unwrap(), []);
    app.finish().await;
}

#[tokio::test]
async fn a_charge_in_another_currency_shows_its_rate() {
    let app = TestApp::start_with(sells).await;
    let rate = json!({"base": "USD", "quote": "VND", "rate": "25400", "dated_at": 1, "source": "State Bank"});
    let details = Details { rate: Some(serde_json::from_value(rate).unwrap()), ..account(&app, "vn").await };
    payment(&app, "vn", "pay_1", (1_969, "USD"), 500_000_000_000, &details).await;
    let receipt = app.operator.get("/v1/payments/pay_1/receipt").await.expect(200);
    assert_eq!(
        ["/amount", "/currency", "/credits", "/unit"].map(|at| receipt.str(at)),
        ["19.69", "USD", "500000", "VND"]
    );
    let rate = ["/rate/base", "/rate/quote", "/rate/rate", "/rate/source"].map(|at| receipt.str(at));
    assert_eq!(rate, ["USD", "VND", "25400", "State Bank"]);
    assert_eq!(["/taxes/0/base", "/taxes/0/amount"].map(|at| receipt.str(at)), ["18.23", "1.46"]);
    pdf(&app.operator, "/v1/payments/pay_1/receipt.pdf").await;
    app.finish().await;
}

#[tokio::test]
async fn a_copy_has_the_number_of_the_original_and_is_counted() {
    let app = TestApp::start_with(sells).await;
    let details = account(&app, "global").await;
    payment(&app, "global", "pay_1", (2_500, "USD"), 2_500_000_000, &details).await;
    let path = "/v1/payments/pay_1/receipt";
    let (_, original) = pdf(&app.operator, &format!("{path}.pdf")).await;
    for copies in 1..=2 {
        let (name, copy) = pdf(&app.operator, &format!("{path}.pdf?copy=true")).await;
        assert_eq!(name, "receipt-R-2026-000001-copy.pdf");
        assert_ne!(copy, original);
        let receipt = app.operator.get(path).await.expect(200);
        assert_eq!((&receipt.json["copies"], receipt.str("/refunded")), (&json!(copies), "0"));
    }
    let refund = "UPDATE payments SET state = 'partly_refunded', refunded_minor = 1050 WHERE id = 'pay_1'";
    app.engine.store().write(vec![Statement::new(refund, params![]).expect_one()]).await.unwrap();
    assert_eq!(app.operator.get(path).await.expect(200).str("/refunded"), "10.5");
    assert_ne!(pdf(&app.operator, &format!("{path}.pdf")).await.1, original, "it says what went back");
    for wrong in ["?copy=1", "?copy=", "?copy=true&copy=true", "?kopie=true"] {
        app.operator.get(&format!("{path}.pdf{wrong}")).await.expect(422);
    }
    app.operator.get(&format!("{path}?copy=true")).await.expect(422);
    app.finish().await;
}

#[tokio::test]
async fn only_the_account_and_operators_see_a_receipt() {
    let app = TestApp::start_with(sells).await;
    let details = account(&app, "vn").await;
    account(&app, "jp").await;
    payment(&app, "vn", "pay_1", (500_000, "VND"), 500_000_000_000, &details).await;
    let own = app.team("vn", Some(&["topup:write"])).await;
    let other = app.team("jp", Some(&["topup:write"])).await;
    let reader = app.team("vn", Some(&["balance:read"])).await;
    for path in
        ["/v1/payments/pay_1/receipt", "/v1/payments/pay_1/receipt.pdf", "/v1/payments/pay_1/receipt.pdf?copy=true"]
    {
        assert_eq!(own.request(Method::GET, path).send().await.unwrap().status(), 200);
        reader.get(path).await.expect(403);
        app.operator.with_key(None).get(path).await.expect(401);
        let theirs = other.get(path).await.expect(404);
        let nobodys = other.get(&path.replace("pay_1", "pay_2")).await.expect(404);
        assert_eq!(
            (theirs.str("/code"), theirs.str("/detail")),
            (nobodys.str("/code"), nobodys.str("/detail")),
            "{path}"
        );
    }
    assert_eq!(own.get("/v1/payments/pay_1/receipt").await.expect(200).json["copies"], 1);
    app.finish().await;
}

#[tokio::test]
async fn a_purchase_of_a_team_has_a_receipt_in_the_accounts_name() {
    let shop = Shop::open_with(sells).await;
    let team = shop.team(&["pm_card_visa"]).await;
    shop.buy(&team).await;
    shop.delivered().await;
    let id = shop.payment(&team).await.id;
    assert_eq!(issue_due(&shop.engine).await.unwrap(), 1);
    assert_eq!(issue_due(&shop.engine).await.unwrap(), 0);
    let receipt = shop.operator(&format!("/v1/payments/{id}/receipt")).await;
    assert_eq!(receipt.status, 200, "{receipt:?}");
    let body = &receipt.body;
    assert_eq!((&body["buyer"]["name"], &body["buyer"]["address"]), (&json!("Team"), &json!([])));
    assert_eq!(
        (&body["amount"], &body["currency"], &body["credits"], &body["unit"]),
        (&json!("10"), &json!("USD"), &json!("10000"), &json!("CREDIT"))
    );
    assert_eq!(
        (&body["references"][0], &body["tax_point"], &body["rate"]),
        (&json!(id), &json!("usage"), &Value::Null)
    );
    assert_eq!(check_numbers(&shop.engine).await.unwrap(), []);
    let declined = shop.team(&["pm_card_visa_chargeDeclined"]).await;
    shop.buy(&declined).await;
    let failed = shop.payment(&declined).await.id;
    assert_eq!(shop.operator(&format!("/v1/payments/{failed}/receipt")).await.refusal(), (404, "not_found"));
    shop.delivered().await;
    shop.close().await;
}
