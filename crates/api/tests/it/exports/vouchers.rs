//! Vouchers as files: what the list says, and no formulas.

use calamine::Data;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::TestApp;

use super::{File, PAYLOADS, is_risky, to_the_second};

/// A campaign of one code that is redeemed by account `a`; its description is `text`.
async fn redeem(app: &TestApp, id: &str, text: &str, scope: Value) {
    let campaign = json!({"id": id, "name": "n", "description": text, "site": "global", "unit": "USD",
        "lots": [{"amount": "6", "scope": scope}], "valid_days": 30, "budget": "40", "profile_required": false});
    app.operator.post("/v1/campaigns", campaign).await.expect(201);
    let issued = app.operator.post(&format!("/v1/campaigns/{id}/codes"), json!({"count": 1})).await.expect(201);
    let body = json!({"code": issued.json["codes"][0]});
    app.operator.keyed("/v1/accounts/a/vouchers", id, body).await.expect(201);
    app.clock.advance_seconds(60);
}

#[tokio::test]
async fn files_say_what_the_list_says() {
    let app = TestApp::start().await;
    app.account("a", "0").await;
    redeem(&app, "spring", "Welcome", json!(["gpu", "llm"])).await;
    redeem(&app, "summer", "Holiday", json!([])).await;
    let debit = json!({"account": "a", "amount": "6", "service": "gpu"});
    app.operator.keyed("/v1/debits", "d", debit).await.expect(201);
    for query in ["", "?status=used", "?status=valid", "?q=holi", "?service=disk"] {
        let list = app.operator.get(&format!("/v1/accounts/a/vouchers{query}")).await.expect(200).json;
        let list = list["data"].as_array().unwrap();
        let texts = |name: &str| list.iter().map(|row| row[name].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let records = File::get(&app.operator, &format!("/v1/accounts/a/vouchers.csv{query}")).await.records();
        let column = |at: usize| records.iter().skip(1).map(|record| record[at].clone()).collect::<Vec<_>>();
        let columns = [(0, "code"), (1, "description"), (5, "remaining"), (6, "total"), (9, "id")];
        for (at, name) in columns {
            assert_eq!(column(at), texts(name), "{query}: {name}");
        }
        let cells = File::get(&app.operator, &format!("/v1/accounts/a/vouchers.xlsx{query}")).await.cells(1);
        let ids: Vec<String> = cells.iter().skip(1).map(|cells| cells[9].to_string()).collect();
        assert_eq!(ids, texts("id"), "{query}");
        assert!(cells.iter().skip(1).all(|cells| matches!(cells[4], Data::DateTime(_))), "{query}");
    }
    let csv = File::get(&app.operator, "/v1/accounts/a/vouchers.csv?language=vi&zone=UTC").await;
    assert_eq!(csv.name(), "vouchers_a_start_2026-01-01_UTC.csv");
    let said = |record: &Vec<String>| {
        let [added, effective] = [2, 3].map(|at| to_the_second(&record[at]));
        [&record[1], &added, &effective, &record[4..9].join("|")].map(String::as_str).join("|")
    };
    let rest: Vec<String> = csv.records().iter().map(said).collect();
    let expected = [
        "Mô tả|Ngày thêm (UTC)|Hiệu lực từ|Hết hạn|Còn lại (USD)|Tổng giá trị (USD)|Dịch vụ áp dụng|Trạng thái",
        "Holiday|2026-01-01T12:01:00|2026-01-01T12:01:00|2026-01-31|6|6|Tất cả|Còn hiệu lực",
        "Welcome|2026-01-01T12:00:00|2026-01-01T12:00:00|2026-01-31|0|6|gpu, llm|Đã dùng hết",
    ];
    assert_eq!(rest, expected);
    let cells = File::get(&app.operator, "/v1/accounts/a/vouchers.xlsx").await.cells(0);
    let said: Vec<String> =
        cells.iter().map(|cells| cells[..2].iter().map(Data::to_string).collect::<Vec<_>>().join("|")).collect();
    for line in ["Vouchers|", "Number|2", "Remaining (USD)|6", "Total (USD)|12"] {
        assert!(said.iter().any(|said| said == line), "{line}: {said:?}");
    }
    app.finish().await;
}

#[tokio::test]
async fn no_text_of_a_voucher_becomes_a_formula() {
    let app = TestApp::start().await;
    app.account("a", "0").await;
    let payloads: Vec<&str> = PAYLOADS.into_iter().filter(|payload| !payload.contains(char::is_control)).collect();
    for (number, payload) in payloads.iter().enumerate() {
        redeem(&app, &format!("c{number}"), payload, json!([payload])).await;
    }
    let records = File::get(&app.operator, "/v1/accounts/a/vouchers.csv").await.records();
    assert_eq!(records.len(), 1 + payloads.len());
    assert!(!records.iter().flatten().any(|cell| is_risky(cell)), "{records:?}");
    let cells = File::get(&app.operator, "/v1/accounts/a/vouchers.xlsx").await.cells(1);
    for (cells, payload) in cells[1..].iter().rev().zip(&payloads) {
        assert_eq!([cells[1].to_string(), cells[7].to_string()], [*payload, *payload]);
    }
    app.finish().await;
}

#[tokio::test]
async fn vouchers_are_the_accounts_own() {
    let app = TestApp::start().await;
    app.account("a", "0").await;
    app.account("b", "0").await;
    let own = app.team("a", Some(&["balance:read"])).await;
    let blind = app.team("a", Some(&["usage:write"])).await;
    let stranger = app.team("b", None).await;
    for file in ["vouchers.csv", "vouchers.xlsx"] {
        let path = format!("/v1/accounts/a/{file}");
        for (actor, status) in [(&app.operator, 200), (&own, 200), (&blind, 403), (&stranger, 404)] {
            let answered = actor.request(Method::GET, &path).send().await.unwrap().status().as_u16();
            assert_eq!(answered, status, "{path}");
        }
        for (query, param) in [("status=new", "status"), ("from=2026-01-01T00:00:00Z", "from"), ("limit=5", "limit")] {
            assert_eq!(app.operator.get(&format!("{path}?{query}")).await.expect(422).str("/param"), param, "{path}");
        }
    }
    app.finish().await;
}
