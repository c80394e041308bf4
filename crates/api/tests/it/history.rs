//! Entries and balances: filters, paging, earlier instants.

use serde_json::{Value, json};
use testkit::TestApp;

fn seqs(list: &Value) -> Vec<u64> {
    list["data"].as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn entries_are_filtered() {
    let app = TestApp::start().await;
    app.account("a", "0").await; // 1
    app.grant("a", "10", json!({"kind": "top_up"})).await; // 2
    app.grant("a", "1", json!({"kind": "voucher"})).await; // 3
    let debit = async |key: &str, amount: &str, service: &str| {
        let body = json!({"account": "a", "amount": amount, "service": service, "metadata": {"n": 1}});
        app.operator.keyed("/v1/debits", key, body).await.expect(201)
    };
    let first = debit("d1", "2", "gpu").await; // 4
    app.clock.advance_seconds(3600);
    let second = debit("d2", "3", "llm").await; // 5
    let third = debit("d3", "1", "llm").await; // 6
    let reverse = async |key: &str, entry: &str, body: Value| {
        app.operator.keyed(&format!("/v1/debits/{entry}/reverse"), key, body).await.expect(201)
    };
    reverse("r1", second.str("/id"), json!({})).await; // 7
    reverse("r2", third.str("/id"), json!({"amount": "0.5"})).await; // 8
    app.operator.keyed("/v1/holds", "h", json!({"account": "a", "amount": "1", "service": "gpu"})).await.expect(201); // 9

    let cases: &[(&str, &[u64])] = &[
        ("", &[8, 7, 6, 5, 4, 3, 2]),
        ("?service=gpu", &[4]),
        ("?service=gpu&service=llm", &[8, 7, 6, 5, 4]),
        ("?service=gpu,llm&kind=debit", &[6, 5, 4]),
        ("?status=reversed", &[5]),
        ("?status=partly_reversed", &[6]),
        ("?status=partly_reversed,reversed", &[6, 5]),
        ("?balance_type=voucher", &[4, 3]),
        ("?balance_type=voucher&kind=grant", &[3]),
        ("?kind=open,hold", &[9, 1]),
        ("?from=2026-01-01T12:30:00Z", &[8, 7, 6, 5]),
        ("?to=2026-01-01T12:30:00Z&service=gpu", &[4]),
        ("?from=2026-01-01T12:30:00Z&to=2026-01-01T12:30:00Z", &[]),
        ("?service=none", &[]),
    ];
    for (query, expected) in cases {
        let list = app.operator.get(&format!("/v1/accounts/a/entries{query}")).await.expect(200).json;
        assert_eq!(seqs(&list), *expected, "{query}");
        assert_eq!(list["next_cursor"], Value::Null, "{query}");
    }
    let entry = app.operator.get(&format!("/v1/entries/{}", first.str("/id"))).await.expect(200).json;
    insta::assert_json_snapshot!(entry, {".id" => "[id]", ".lots[].lot" => "[id]", ".actor" => "[key]", ".hash" => "[hash]",
        ".created_at" => "[time]", ".dated_at" => "[time]"}, @r#"
    {
      "account": "a",
      "actor": "[key]",
      "amount": "-2",
      "available": "9",
      "balance": "9",
      "counter_account": "usage",
      "created_at": "[time]",
      "dated_at": "[time]",
      "description": null,
      "hash": "[hash]",
      "id": "[id]",
      "idempotency_key": "d1",
      "kind": "debit",
      "lots": [
        {
          "amount": "-1",
          "lot": "[id]"
        },
        {
          "amount": "-1",
          "lot": "[id]"
        }
      ],
      "metadata": {
        "n": 1
      },
      "reference": null,
      "resource": null,
      "reversed": "0",
      "seq": 4,
      "service": "gpu",
      "status": "posted"
    }
    "#);
    app.finish().await;
}

#[tokio::test]
async fn pages_follow_each_other_while_entries_are_added() {
    let app = TestApp::start().await;
    app.account("a", "100").await; // 1, 2
    let debit = async |n: u64| {
        let body = json!({"account": "a", "amount": "1", "service": if n.is_multiple_of(2) { "even" } else { "odd" }});
        app.operator.keyed("/v1/debits", &format!("d{n}"), body).await.expect(201)
    };
    for n in 3..=12 {
        debit(n).await;
    }
    for (query, expected) in [("", (2..=12).rev().collect::<Vec<u64>>()), ("&service=even", vec![12, 10, 8, 6, 4])] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page =
                app.operator.get(&format!("/v1/accounts/a/entries?limit=3{query}{cursor}")).await.expect(200).json;
            seen.extend(seqs(&page));
            if seen.len() == 3 && query.is_empty() {
                debit(13).await;
            }
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, expected, "{query}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_balance_is_known_at_every_instant() {
    let app = TestApp::start().await;
    app.account("a", "0").await;
    app.clock.advance_seconds(600); // 12:10
    app.grant("a", "10", json!({"expires_at": "2026-01-01T13:00:00Z"})).await;
    app.clock.advance_seconds(600); // 12:20
    app.operator.keyed("/v1/debits", "d", json!({"account": "a", "amount": "4", "service": "s"})).await.expect(201);
    app.clock.advance_seconds(600); // 12:30
    let hold = json!({"account": "a", "amount": "5", "service": "s", "ttl_seconds": 600});
    app.operator.keyed("/v1/holds", "h", hold).await.expect(201);
    app.clock.advance_seconds(7200); // 14:30
    let cases = [
        ("2025-12-31T00:00:00Z", "0", "0", "0"),
        ("2026-01-01T12:05:00Z", "0", "0", "0"),
        ("2026-01-01T12:15:00Z", "10", "0", "10"),
        ("2026-01-01T12:25:00Z", "6", "0", "6"),
        ("2026-01-01T12:35:00Z", "6", "5", "1"),
        ("2026-01-01T21:35:00%2B09:00", "6", "5", "1"),
        ("2026-01-01T12:45:00Z", "6", "0", "6"),
        ("2026-01-01T13:00:00Z", "0", "0", "0"),
    ];
    for settled in [false, true] {
        for (at, balance, held, available) in cases {
            let then = app.operator.get(&format!("/v1/accounts/a/balance?at={at}")).await.expect(200).json;
            assert_eq!(
                (&then["balance"], &then["held"], &then["available"]),
                (&json!(balance), &json!(held), &json!(available)),
                "{at}, settled: {settled}"
            );
        }
        if !settled {
            app.sweep().await;
        }
    }
    app.finish().await;
}
