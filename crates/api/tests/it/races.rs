//! Many at once: nobody spends what is not there, and one request happens once.

use serde_json::json;
use testkit::{Answer, TestApp};
use tokio::task::JoinSet;

/// Runs what `call` makes of each number at the same time.
async fn together<F: Future<Output = Answer> + Send + 'static>(count: usize, call: impl Fn(usize) -> F) -> Vec<Answer> {
    let mut tasks = JoinSet::new();
    for n in 0..count {
        tasks.spawn(call(n));
    }
    tasks.join_all().await
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_spend_exactly_three_hundred() {
    let app = TestApp::start().await;
    app.account("a", "300").await;
    let answers = together(64, |client| {
        let operator = app.operator.clone();
        async move {
            let mut last = None;
            for n in 0..10 {
                let body = json!({"account": "a", "amount": "1", "service": "s"});
                let answer = operator.keyed("/v1/debits", &format!("c{client}-{n}"), body).await;
                assert!(matches!(answer.status, 201 | 402), "{}", answer.text);
                last = Some(answer);
            }
            last.unwrap()
        }
    })
    .await;
    assert_eq!(answers.len(), 64);
    assert_eq!(app.balance("a").await["balance"], "0");
    let mut debits = 0;
    let mut cursor = String::new();
    loop {
        let page =
            app.operator.get(&format!("/v1/accounts/a/entries?kind=debit&limit=100{cursor}")).await.expect(200).json;
        debits += page["data"].as_array().unwrap().len();
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(debits, 300);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_at_once_happens_once() {
    let app = TestApp::start().await;
    app.account("a", "100").await;
    for round in 0..10 {
        let answers = together(8, |_| {
            let operator = app.operator.clone();
            let body = json!({"account": "a", "amount": "1", "service": "s"});
            async move { operator.keyed("/v1/debits", &format!("k{round}"), body).await }
        })
        .await;
        assert_eq!(count(&answers, 201), 8, "{round}");
        assert!(answers.iter().all(|answer| answer.text == answers[0].text));
        let replayed = answers.iter().filter(|answer| answer.header("idempotent-replayed") == "true").count();
        assert_eq!(replayed, 7);
    }
    assert_eq!(app.balance("a").await["balance"], "90");
    let opened = together(8, |_| {
        let operator = app.operator.clone();
        async move { operator.post("/v1/accounts", json!({"id": "new", "name": "x", "site": "vn"})).await }
    })
    .await;
    assert_eq!((count(&opened, 201), count(&opened, 409)), (1, 7));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_holds_never_hold_more_than_there_is() {
    let app = TestApp::start().await;
    app.account("a", "50").await;
    let placed = together(100, |n| {
        let operator = app.operator.clone();
        let body = json!({"account": "a", "amount": "1", "service": "s"});
        async move { operator.keyed("/v1/holds", &format!("h{n}"), body).await }
    })
    .await;
    assert_eq!((count(&placed, 201), count(&placed, 402)), (50, 50));
    let balance = app.balance("a").await;
    assert_eq!((&balance["held"], &balance["available"]), (&json!("50"), &json!("0")));
    let ids: Vec<String> =
        placed.iter().filter(|answer| answer.status == 201).map(|answer| answer.str("/id").to_owned()).collect();
    // Capture and release race for each hold: one wins.
    let ended = together(100, |n| {
        let operator = app.operator.clone();
        let hold = ids[n / 2].clone();
        async move {
            if n.is_multiple_of(2) {
                operator.keyed(&format!("/v1/holds/{hold}/capture"), &format!("c{n}"), json!({"amount": "1"})).await
            } else {
                operator.keyed(&format!("/v1/holds/{hold}/release"), &format!("r{n}"), json!({})).await
            }
        }
    })
    .await;
    assert_eq!((count(&ended, 200), count(&ended, 409)), (50, 50));
    let balance = app.balance("a").await;
    assert_eq!((&balance["held"], &balance["available"]), (&json!("0"), &balance["balance"].clone()));
    app.finish().await;
}
