//! Letters on two nodes of one database: each is taken once at a time, tried again and given up, and forgotten.

use engine::Error;
use engine::lease::{self, LEASE_SECONDS, Lease};
use engine::mail::{self, Envelope, Filter, Letter, Mail, Outcome, State, enqueue};
use engine::settings::{Language, Transport};
use ledger::Timestamp;
use tokio::task::JoinSet;

use crate::Nodes;

/// A letter about nothing that matters.
async fn written(nodes: &Nodes, once: &str) -> Mail {
    let at = nodes.a.now();
    write(nodes, once, Letter::PasswordChanged { at }).await
}

async fn write(nodes: &Nodes, once: &str, letter: Letter) -> Mail {
    let envelope = Envelope {
        once: once.to_owned(),
        account_id: Some("a".to_owned()),
        recipient: "a@example.com".to_owned(),
        language: Language::Vi,
        letter,
    };
    nodes.a.store().write(vec![enqueue(&envelope, nodes.a.now())]).await.unwrap();
    found(nodes, once).await
}

async fn found(nodes: &Nodes, once: &str) -> Mail {
    let all = mail::list(&nodes.b, &Filter::default(), None, 100).await.unwrap();
    all.into_iter().find(|mail| mail.once == once).unwrap()
}

fn secret(expires_at: Timestamp) -> Letter {
    Letter::SignInLink { url: "https://pay.example/sign-in/hunter2".to_owned(), expires_at }
}

fn code(error: &Error) -> &str {
    let Error::Conflict { code, .. } = error else { panic!("{error}") };
    code
}

#[tokio::test]
async fn a_cause_is_told_once() {
    let nodes = Nodes::start().await;
    let first = written(&nodes, "paid:1").await;
    let again = written(&nodes, "paid:1").await;
    assert_eq!(again, first);
    assert_eq!((first.state, first.tries, first.next_try_at), (State::Waiting, 0, Some(first.created_at)));
    assert!(first.id.starts_with("mail_"));
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_senders_one_takes_a_letter() {
    let nodes = Nodes::start().await;
    for number in 0..20 {
        let mail = written(&nodes, &format!("paid:{number}")).await;
        let mut claims = JoinSet::new();
        for node in nodes.each().into_iter().chain(nodes.each()) {
            let (node, mail) = (node.clone(), mail.clone());
            claims.spawn(async move { mail::claim(&node, &mail).await.unwrap().is_some() });
        }
        let taken = claims.join_all().await.into_iter().filter(|taken| *taken).count();
        assert_eq!(taken, 1);
    }
    assert!(mail::due(&nodes.b, 100).await.unwrap().is_empty(), "they come again later");
    nodes.close().await;
}

#[tokio::test]
async fn a_letter_is_tried_ten_times_and_given_up() {
    let nodes = Nodes::start().await;
    written(&nodes, "paid:1").await;
    let mut waits_minutes = Vec::new();
    for number in 1.. {
        let [due] = mail::due(&nodes.b, 100).await.unwrap().try_into().unwrap();
        let claimed = mail::claim(&nodes.a, &due).await.unwrap().unwrap();
        assert_eq!(claimed.tries, number);
        let state = mail::conclude(&nodes.a, &claimed, &Outcome::Failed(format!("try {number}"))).await.unwrap();
        let now = found(&nodes, "paid:1").await;
        assert_eq!((now.state, now.failure), (state, Some(format!("try {number}"))));
        let Some(next) = now.next_try_at else { break };
        let wait_us = next.micros() - nodes.a.now().micros();
        // A look at the clock moves it by a microsecond.
        waits_minutes.push((wait_us + 1_000) / 60_000_000);
        nodes.wait_ms(wait_us / 1_000 - 1);
        assert!(mail::due(&nodes.a, 100).await.unwrap().is_empty(), "too early");
        nodes.wait_ms(2);
    }
    assert_eq!(waits_minutes, [1, 5, 15, 30, 60, 120, 240, 360, 360]);
    let given_up = found(&nodes, "paid:1").await;
    assert_eq!((given_up.state, given_up.tries), (State::GivenUp, 10));
    // What it says is kept, so that an operator may try again.
    let again = mail::retry(&nodes.b, &given_up.id).await.unwrap();
    assert_eq!((again.state, again.tries, again.letter.is_some()), (State::Waiting, 0, true));
    assert_eq!(mail::due(&nodes.a, 100).await.unwrap().len(), 1);
    nodes.close().await;
}

#[tokio::test]
async fn what_ended_is_emptied_and_not_sent_again() {
    let nodes = Nodes::start().await;
    let later = nodes.a.now().plus_seconds(900);
    // once, letter, outcome, state, whether it is kept, why it cannot be tried again
    let table = [
        ("paid", Letter::PasswordChanged { at: later }, Outcome::Sent, State::Sent, false, Some("mail_sent")),
        ("link", secret(later), Outcome::Sent, State::Sent, false, Some("mail_sent")),
        ("refused", Letter::Test { at: later }, Outcome::Refused("no".into()), State::GivenUp, true, None),
        ("lost link", secret(later), Outcome::Refused("no".into()), State::GivenUp, false, Some("mail_emptied")),
    ];
    for (once, letter, outcome, state, kept, refusal) in table {
        let mail = write(&nodes, once, letter).await;
        assert!(!format!("{mail:?}").contains("hunter2"), "{mail:?}");
        let claimed = mail::claim(&nodes.a, &mail).await.unwrap().unwrap();
        assert_eq!(mail::conclude(&nodes.a, &claimed, &outcome).await.unwrap(), state, "{once}");
        let ended = mail::find(&nodes.b, &mail.id).await.unwrap();
        assert_eq!((ended.letter.is_some(), ended.next_try_at), (kept, None), "{once}");
        assert_eq!(ended.sent_at.is_some(), state == State::Sent, "{once}");
        let again = mail::retry(&nodes.b, &mail.id).await;
        assert_eq!(again.as_ref().err().map(code), refusal, "{once}");
        // Whoever was late changes nothing.
        if state == State::Sent {
            mail::conclude(&nodes.b, &claimed, &Outcome::Failed("late".into())).await.unwrap();
            assert_eq!(mail::find(&nodes.b, &mail.id).await.unwrap(), ended, "{once}");
        }
    }
    assert!(matches!(mail::find(&nodes.a, "mail_0").await, Err(Error::NotFound(_))));
    assert!(matches!(mail::retry(&nodes.a, "mail_0").await, Err(Error::NotFound(_))));
    nodes.close().await;
}

#[tokio::test]
async fn what_another_version_wrote_is_left_to_it() {
    let nodes = Nodes::start().await;
    let mail = written(&nodes, "future").await;
    let sql = "UPDATE mails SET letter = '{\"kind\":\"from_the_future\"}' WHERE once = 'future'";
    nodes.a.store().write(vec![store::Statement::new(sql, store::params![])]).await.unwrap();
    assert_eq!(mail::find(&nodes.a, &mail.id).await.unwrap().letter, None);
    nodes.close().await;
}

#[tokio::test]
async fn a_page_of_letters_is_filtered_and_goes_on() {
    let nodes = Nodes::start().await;
    for number in 0..5 {
        written(&nodes, &format!("paid:{number}")).await;
    }
    let test = mail::test(&nodes.a, "me@example.com", Language::Ja).await.unwrap();
    let claimed = mail::claim(&nodes.a, &test).await.unwrap().unwrap();
    mail::conclude(&nodes.a, &claimed, &Outcome::Sent).await.unwrap();
    let count = async |filter: Filter| mail::list(&nodes.b, &filter, None, 100).await.unwrap().len();
    let of = |account_id: Option<&str>, state, kind: Option<&str>| Filter {
        account_id: account_id.map(str::to_owned),
        state,
        kind: kind.map(str::to_owned),
    };
    let table = [
        (of(None, None, None), 6),
        (of(Some("a"), None, None), 5),
        (of(Some("b"), None, None), 0),
        (of(None, Some(State::Sent), None), 1),
        (of(Some("a"), Some(State::Sent), None), 0),
        (of(None, None, Some("password_changed")), 5),
        (of(Some("a"), Some(State::Waiting), Some("password_changed")), 5),
        (of(None, Some(State::GivenUp), None), 0),
    ];
    for (filter, expected) in table {
        assert_eq!(count(filter.clone()).await, expected, "{filter:?}");
    }
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = mail::list(&nodes.a, &Filter::default(), before, 4).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some((last.created_at.micros(), last.id.clone()));
        seen.extend(page.into_iter().map(|mail| mail.once));
    }
    assert_eq!(seen[1..], ["paid:4", "paid:3", "paid:2", "paid:1", "paid:0"]);
    nodes.close().await;
}

#[tokio::test]
async fn letters_that_ended_are_forgotten_by_one_node() {
    let nodes = Nodes::start_with(|settings| settings.mail.keep_days = 2).await;
    let sent = written(&nodes, "sent").await;
    written(&nodes, "waiting").await;
    let claimed = mail::claim(&nodes.a, &sent).await.unwrap().unwrap();
    mail::conclude(&nodes.a, &claimed, &Outcome::Sent).await.unwrap();
    let count = async || mail::list(&nodes.a, &Filter::default(), None, 100).await.unwrap().len();
    nodes.wait_ms(2 * 86_400_000 - 1_000);
    mail::forget(&nodes.a).await.unwrap();
    assert_eq!(count().await, 2);
    nodes.wait_ms(2_000);
    assert!(lease::hold(&nodes.b, Lease::Mail).await.unwrap());
    mail::forget(&nodes.a).await.unwrap();
    assert_eq!(count().await, 2, "another node does it");
    nodes.wait_ms(LEASE_SECONDS * 1_000 + 1);
    mail::forget(&nodes.a).await.unwrap();
    assert_eq!(count().await, 1);
    nodes.close().await;
}

#[tokio::test]
async fn nobody_tests_what_is_off() {
    let nodes = Nodes::start_with(|settings| settings.mail.transport = Transport::Off).await;
    let refused = mail::test(&nodes.a, "me@example.com", Language::En).await.unwrap_err();
    assert_eq!(code(&refused), "mail_off");
    nodes.close().await;
}
