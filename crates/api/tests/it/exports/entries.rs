//! Credit history as files: they say what the list says, add up, keep texts texts, and know their limits.

use calamine::Data;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::TestApp;

use super::{File, PAYLOADS, is_risky};

/// An account with every kind of movement that the API makes without time passing.
async fn lively(app: &TestApp) {
    app.account("a", "0").await; // 1
    app.grant("a", "10", json!({"kind": "top_up"})).await; // 2
    app.grant("a", "1", json!({"kind": "voucher"})).await; // 3
    app.clock.advance_seconds(3600); // 13:00
    let debit = async |key: &str, amount: &str, service: &str| {
        let body = json!({"account": "a", "amount": amount, "service": service, "reference": format!("r-{key}")});
        app.operator.keyed("/v1/debits", key, body).await.expect(201).str("/id").to_owned()
    };
    let first = debit("d1", "2.5", "gpu").await; // 4: a voucher's 1, then 1.5 bought
    debit("d2", "0.00000001", "llm").await; // 5
    app.clock.advance_seconds(3600); // 14:00
    let path = format!("/v1/debits/{first}/reverse");
    app.operator.keyed(&path, "r1", json!({"amount": "0.5"})).await.expect(201); // 6
    app.operator.keyed("/v1/holds", "h", json!({"account": "a", "amount": "1", "service": "gpu"})).await.expect(201); // 7
}

#[tokio::test]
async fn files_say_what_the_list_says() {
    let app = TestApp::start().await;
    lively(&app).await;
    for query in ["", "?service=gpu", "?balance_type=voucher", "?status=partly_reversed", "?kind=hold,debit"] {
        let list = app.operator.get(&format!("/v1/accounts/a/entries{query}")).await.expect(200).json;
        let list = list["data"].as_array().unwrap();
        let texts = |name: &str| list.iter().map(|entry| entry[name].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let csv = File::get(&app.operator, &format!("/v1/accounts/a/entries.csv{query}")).await;
        assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
        let records = csv.records();
        let column = |at: usize| records.iter().skip(1).map(|record| record[at].clone()).collect::<Vec<_>>();
        assert_eq!((column(9), column(7), column(8)), (texts("id"), texts("amount"), texts("balance")), "{query}");
        let xlsx = File::get(&app.operator, &format!("/v1/accounts/a/entries.xlsx{query}")).await;
        assert_eq!(xlsx.headers["content-length"], xlsx.bytes.len().to_string());
        let cells = xlsx.cells(1);
        let column = |at: usize| cells.iter().skip(1).map(|record| record[at].clone()).collect::<Vec<_>>();
        assert_eq!(column(9), texts("id").into_iter().map(Data::String).collect::<Vec<_>>(), "{query}");
        let numbers = texts("amount").iter().map(|text| Data::Float(text.parse().unwrap())).collect::<Vec<_>>();
        assert_eq!(column(7), numbers, "{query}");
        assert!(cells[1..].iter().all(|record| matches!(record[0], Data::DateTime(_))), "{query}");
    }
    let csv = File::get(&app.operator, "/v1/accounts/a/entries.csv?zone=Asia/Ho_Chi_Minh&language=vi").await;
    assert_eq!(csv.name(), "credit-history_a_start_2026-01-01_Asia-Ho_Chi_Minh.csv");
    let records: Vec<_> = csv.records().iter().map(|record| record[..9].join("|")).collect();
    let time = |record: &str| record.split_once('|').map(|(time, _)| time[..16].to_owned()).unwrap();
    assert_eq!(time(&records[1]), "2026-01-01T21:00");
    let rest: Vec<_> = records.iter().map(|record| record.split_once('|').unwrap().1).collect();
    let expected = [
        "Dịch vụ|Loại số dư|Loại giao dịch|Mô tả|Mã voucher / mã tham chiếu|Trạng thái|Số tiền (USD)|Số dư (USD)",
        "gpu|Nạp tiền|Hoàn lại phần đã dùng||r-d1|Đã ghi nhận|0.5|8.99999999",
        "llm|Nạp tiền|Sử dụng||r-d2|Đã ghi nhận|-0.00000001|8.49999999",
        "gpu|Voucher, Nạp tiền|Sử dụng||r-d1|Đã hoàn lại một phần|-2.5|8.5",
        "|Voucher|Cộng credit|||Đã ghi nhận|1|11",
        "|Nạp tiền|Cộng credit|||Đã ghi nhận|10|10",
    ];
    assert_eq!(rest, expected);
    app.finish().await;
}

#[tokio::test]
async fn opening_and_movements_are_closing() {
    let app = TestApp::start().await;
    lively(&app).await;
    // query, count, in, out, net, opening, closing
    let one = "?from=2026-01-01T12:30:00Z&to=2026-01-01T13:30:00Z";
    let table = [
        ("", 5, "11.5", "-2.50000001", "8.99999999", json!("0"), json!("8.99999999")),
        (one, 2, "0", "-2.50000001", "-2.50000001", json!("11"), json!("8.49999999")),
        ("?from=2026-01-01T13:30:00Z", 1, "0.5", "0", "0.5", json!("8.49999999"), json!("8.99999999")),
        ("?from=2026-01-02T00:00:00Z", 0, "0", "0", "0", json!("8.99999999"), json!("8.99999999")),
        ("?to=2026-01-01T00:00:00Z", 0, "0", "0", "0", json!("0"), json!("0")),
        ("?service=gpu", 2, "0.5", "-2.5", "-2", Value::Null, Value::Null),
        ("?balance_type=voucher", 2, "1", "-2.5", "-1.5", Value::Null, Value::Null),
        ("?status=posted", 4, "11.5", "-0.00000001", "11.49999999", Value::Null, Value::Null),
        ("?status=partly_reversed,reversed", 1, "0", "-2.5", "-2.5", Value::Null, Value::Null),
        ("?kind=hold", 1, "0", "0", "0", Value::Null, Value::Null),
    ];
    for (query, count, came_in, went_out, net, opening, closing) in table {
        let summary = app.operator.get(&format!("/v1/accounts/a/entries/summary{query}")).await.expect(200).json;
        let sums = (&summary["count"], &summary["in"], &summary["out"], &summary["net"]);
        assert_eq!(sums, (&json!(count), &json!(came_in), &json!(went_out), &json!(net)), "{query}");
        assert_eq!((&summary["opening"], &summary["closing"]), (&opening, &closing), "{query}");
        // The first sheet says the same.
        let cells = File::get(&app.operator, &format!("/v1/accounts/a/entries.xlsx{query}")).await.cells(0);
        let lines: Vec<_> = cells.iter().map(|line| line.iter().map(Data::to_string).collect::<Vec<_>>()).collect();
        let said = |name: &str| lines.iter().find(|line| line[0] == name).map(|line| line[1..].to_vec());
        let total = [count.to_string().as_str(), came_in, went_out, net].map(str::to_owned);
        assert_eq!(said("Total").as_deref(), Some(&total[..]), "{query}");
        for (name, balance) in [("Opening balance", opening), ("Closing balance", closing)] {
            assert_eq!(
                said(name).map(|line| json!(line[0])),
                balance.as_str().map(|text| json!(text)),
                "{query}: {name}"
            );
        }
    }
    let summary = app.operator.get(&format!("/v1/accounts/a/entries/summary{one}")).await.expect(200).json;
    assert_eq!(summary["by_kind"], json!([{"kind": "debit", "count": 2, "in": "0", "out": "-2.50000001"}]));
    let name = File::get(&app.operator, &format!("/v1/accounts/a/entries.xlsx{one}&zone=Asia/Tokyo&language=ja")).await;
    assert_eq!(name.name(), "credit-history_a_2026-01-01_2026-01-01_Asia-Tokyo.xlsx");
    let cells = name.cells(0);
    assert_eq!(cells[0][0], Data::String("クレジット履歴".to_owned()));
    assert!(cells.iter().flatten().any(|cell| *cell == "Asia/Tokyo (JST)"), "{cells:?}");
    app.finish().await;
}

/// Credits that are not in effect yet count in both balances, and the part is named.
#[tokio::test]
async fn credits_that_are_not_in_effect_yet_are_told() {
    let app = TestApp::start().await;
    app.account("a", "0").await;
    app.grant("a", "3", json!({})).await;
    app.grant("a", "7", json!({"effective_at": "2026-03-01T00:00:00Z"})).await;
    let summary = app.operator.get("/v1/accounts/a/entries/summary").await.expect(200).json;
    assert_eq!((&summary["net"], &summary["closing"]), (&json!("10"), &json!("10")));
    let cells = File::get(&app.operator, "/v1/accounts/a/entries.xlsx").await.cells(0);
    let pending = cells.iter().find(|line| line[0] == "of which not in effect yet").unwrap();
    assert_eq!(pending[1], Data::Float(7.0));
    app.finish().await;
}

/// Texts that some spreadsheet runs; a service, a reference and a name are on one line.
#[tokio::test]
async fn no_text_becomes_a_formula() {
    let app = TestApp::start().await;
    let body = json!({"id": "a", "name": "=1+1", "site": "global", "unit": "USD"});
    app.operator.post("/v1/accounts", body).await.expect(201);
    app.grant("a", "100", json!({"reason": "@SUM(1+1)"})).await;
    for (number, payload) in PAYLOADS.into_iter().enumerate() {
        let plain = !payload.contains(char::is_control);
        let [service, reference] = [if plain { payload } else { "s" }; 2];
        let body = json!({"account": "a", "amount": "1", "service": service, "reference": reference,
            "description": payload});
        app.operator.keyed("/v1/debits", &format!("d{number}"), body).await.expect(201);
    }
    let stored = app.operator.get("/v1/accounts/a/entries?limit=100").await.expect(200).json;
    let csv = File::get(&app.operator, "/v1/accounts/a/entries.csv").await.records();
    let xlsx = File::get(&app.operator, "/v1/accounts/a/entries.xlsx").await.cells(1);
    let entries = stored["data"].as_array().unwrap();
    assert_eq!((entries.len(), csv.len(), xlsx.len()), (PAYLOADS.len() + 1, PAYLOADS.len() + 2, PAYLOADS.len() + 2));
    for ((entry, record), cells) in entries.iter().zip(&csv[1..]).zip(&xlsx[1..]) {
        for (column, name) in [(1, "service"), (4, "description"), (5, "reference")] {
            let text = entry[name].as_str().unwrap_or_default();
            let cell = record[column].as_str();
            assert_eq!(cell.replace('\'', ""), text.replace('\'', ""));
            assert!(!is_risky(cell), "{cell:?}");
            assert_eq!(cells[column].to_string().replace('\r', "\n"), text.replace('\r', "\n"));
        }
        assert!(matches!(cells[7], Data::Float(_)) && record[7].parse::<f64>().is_ok());
    }
    app.finish().await;
}

/// More than one page of the store.
#[tokio::test]
async fn long_histories_are_read_page_by_page() {
    let app = TestApp::start().await;
    app.account("a", "1000000").await;
    for batch in 0..3 {
        let item = |n: u32| json!({"account": "a", "amount": "1.5", "service": "s", "idempotency_key": format!("{batch}-{n}")});
        let items: Vec<Value> = (0..700).map(item).collect();
        app.operator.post("/v1/debits/batch", json!({"items": items})).await.expect(200);
    }
    let records = File::get(&app.operator, "/v1/accounts/a/entries.csv").await.records();
    assert_eq!(records.len(), 1 + 2101);
    let balances: Vec<f64> = records[1..].iter().map(|record| record[8].parse().unwrap()).collect();
    assert!(balances.windows(2).take(2100).all(|pair| pair[0] + 1.5 == pair[1]), "none is missing or twice");
    let xlsx = File::get(&app.operator, "/v1/accounts/a/entries.xlsx").await.cells(1);
    let sum: f64 = xlsx[1..].iter().map(|cells| cells[7].to_string().parse::<f64>().unwrap()).sum();
    assert_eq!((xlsx.len(), sum), (records.len(), 1_000_000.0 - 2100.0 * 1.5));
    app.finish().await;
}

#[tokio::test]
async fn too_many_entries_are_refused() {
    let app = TestApp::start_with(|settings| settings.exports.max_rows = 3).await;
    lively(&app).await;
    // query, entries: five move credits, and every one has a number
    let table = [
        ("", None),
        ("?from=2026-01-01T12:30:00Z", Some(3)),
        ("?kind=debit", Some(2)),
        ("?service=llm", Some(1)),
        ("?kind=grant,debit", None),
    ];
    for (query, entries) in table {
        for file in ["entries.csv", "entries.xlsx"] {
            let path = format!("/v1/accounts/a/{file}{query}");
            match entries {
                Some(entries) if file.ends_with("csv") => {
                    assert_eq!(File::get(&app.operator, &path).await.records().len(), 1 + entries, "{path}");
                }
                Some(entries) => {
                    assert_eq!(File::get(&app.operator, &path).await.cells(1).len(), 1 + entries, "{path}")
                }
                None => {
                    let refused = app.operator.get(&path).await.expect(422);
                    assert_eq!((refused.str("/code"), refused.str("/param")), ("invalid_field", "from"), "{path}");
                    assert!(refused.str("/detail").contains("more than 3 rows"), "{}", refused.text);
                }
            }
        }
        // A sum is not a file.
        app.operator.get(&format!("/v1/accounts/a/entries/summary{query}")).await.expect(200);
    }
    app.finish().await;
}

#[tokio::test]
async fn files_are_the_accounts_own() {
    let app = TestApp::start().await;
    lively(&app).await;
    app.account("b", "1").await;
    let own = app.team("a", Some(&["balance:read"])).await;
    let blind = app.team("a", Some(&["usage:write"])).await;
    let stranger = app.team("b", None).await;
    let nobody = app.operator.with_key(None);
    for file in ["entries.csv", "entries.xlsx", "entries/summary"] {
        let path = format!("/v1/accounts/a/{file}");
        for (actor, status) in [(&app.operator, 200), (&own, 200), (&blind, 403), (&stranger, 404), (&nobody, 401)] {
            let answered = actor.request(Method::GET, &path).send().await.unwrap().status().as_u16();
            assert_eq!(answered, status, "{path}");
        }
        app.operator.get(&format!("/v1/accounts/none/{file}")).await.expect(404);
        // query, the parameter that is named
        let wrong = [("limit=5", "limit"), ("cursor=00", "cursor"), ("kind=gift", "kind"), ("from=2026-01-01", "from")];
        for (query, param) in wrong {
            assert_eq!(app.operator.get(&format!("{path}?{query}")).await.expect(422).str("/param"), param, "{path}");
        }
    }
    for (query, param) in [("language=fr", "language"), ("zone=Mars/Base", "zone")] {
        for file in ["entries.csv", "entries.xlsx"] {
            let refused = app.operator.get(&format!("/v1/accounts/a/{file}?{query}")).await.expect(422);
            assert_eq!(refused.str("/param"), param, "{file}");
        }
    }
    app.finish().await;
}
