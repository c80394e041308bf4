//! To a mail server: once each, also from two nodes, and later when it cannot be now.

use std::collections::BTreeSet;

use engine::lease::{self, LEASE_SECONDS, Lease};
use engine::mail::{self, State};
use engine::settings::{Secret, Settings, Transport};
use mailer::{Mailer, send_due};
use store::{Statement, params};

use crate::Post;
use crate::server::MailServer;

fn by(settings: &mut Settings, url: String) {
    settings.mail.transport = Transport::Smtp;
    settings.mail.smtp_url = Secret::new(url);
}

async fn post_to(server: &MailServer) -> Post {
    let url = format!("smtp://127.0.0.1:{}?tls=none", server.port);
    Post::start(|settings| by(settings, url)).await
}

fn header<'a>(letter: &'a str, name: &str) -> &'a str {
    let start = format!("{name}: ");
    letter.lines().find_map(|line| line.strip_prefix(&start)).unwrap()
}

#[tokio::test]
async fn a_letter_that_is_refused_holds_up_no_other() {
    let server = MailServer::start().await;
    let post = post_to(&server).await;
    let mailer = post.mailer();
    server.refuse("gone@example.com", "550 5.1.1 no such user");
    server.refuse("full@example.com", "452 4.2.2 mailbox full");
    server.refuse("policy@example.com", "554 5.7.1 not now");
    for to in ["gone", "full", "policy", "one", "two"] {
        post.write_test(&format!("{to}@example.com")).await;
    }
    // An address that was stored by other rules than ours.
    let sql = "UPDATE mails SET recipient = 'no address' WHERE recipient = 'two@example.com'";
    post.a.store().write(vec![Statement::new(sql, params![]).expect_one()]).await.unwrap();
    assert_eq!(send_due(&post.a, &mailer).await.unwrap(), 1);
    let states: Vec<&str> = post.states().await.into_iter().map(|(state, _)| state).collect();
    assert_eq!(states, ["given_up", "waiting", "waiting", "sent", "given_up"]);
    let failures: Vec<Option<String>> = post.letters().await.into_iter().map(|mail| mail.failure).collect();
    let said = |index: usize, part: &str| failures[index].as_ref().is_some_and(|failure| failure.contains(part));
    assert!(said(0, "no such user") && said(1, "mailbox full") && said(2, "not now"), "{failures:?}");
    assert!(failures[3].is_none() && said(4, "no address that a letter can go to"), "{failures:?}");

    assert_eq!(send_due(&post.a, &mailer).await.unwrap(), 0, "not before its next try");
    server.accept("full@example.com");
    post.wait_seconds(61);
    assert_eq!(send_due(&post.a, &mailer).await.unwrap(), 1);
    assert_eq!(post.states().await[1].0, "sent");
    let taken: Vec<String> = server.taken().into_iter().map(|taken| taken.to).collect();
    assert_eq!(taken, ["one@example.com", "full@example.com"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_at_once_send_each_letter_once() {
    let server = MailServer::start().await;
    let post = post_to(&server).await;
    for number in 0..60 {
        post.write_test(&format!("to{number}@example.com")).await;
    }
    let (one, other) = (post.mailer(), post.mailer());
    let rounds = async |engine: &engine::Engine, mailer: &Mailer| {
        for _ in 0..20 {
            // Nobody's lease lasts, so both do it.
            let end = "UPDATE leases SET expires_at_us = 0 WHERE name = 'mail'";
            engine.store().write(vec![Statement::new(end, params![])]).await.unwrap();
            send_due(engine, mailer).await.unwrap();
        }
    };
    tokio::join!(rounds(&post.a, &one), rounds(&post.b, &other));
    let taken = server.taken();
    let recipients: BTreeSet<&String> = taken.iter().map(|taken| &taken.to).collect();
    let ids: BTreeSet<&str> = taken.iter().map(|taken| header(&taken.data, "Message-ID")).collect();
    assert_eq!((taken.len(), recipients.len(), ids.len()), (60, 60, 60));
    assert!(post.letters().await.iter().all(|mail| mail.state == State::Sent && mail.tries == 1));
}

#[tokio::test]
async fn one_node_sends_while_it_holds_the_lease() {
    let server = MailServer::start().await;
    let post = post_to(&server).await;
    post.write_test("one@example.com").await;
    assert!(lease::hold(&post.b, Lease::Mail).await.unwrap());
    assert_eq!(send_due(&post.a, &post.mailer()).await.unwrap(), 0);
    post.wait_seconds(LEASE_SECONDS + 1);
    assert_eq!(send_due(&post.a, &post.mailer()).await.unwrap(), 1);
}

#[tokio::test]
async fn what_a_dead_node_took_is_sent_by_another_under_the_same_id() {
    let server = MailServer::start().await;
    let post = post_to(&server).await;
    post.write_test("one@example.com").await;
    // It took the letter, and then either died before sending it …
    let [due] = mail::due(&post.a, 10).await.unwrap().try_into().unwrap();
    mail::claim(&post.a, &due).await.unwrap().unwrap();
    assert_eq!(send_due(&post.b, &post.mailer()).await.unwrap(), 0);
    post.wait_seconds(61);
    assert_eq!(send_due(&post.b, &post.mailer()).await.unwrap(), 1);
    // … or after it, before that was written down.
    let undo = "UPDATE mails SET state = 'waiting', letter = $1, next_try_at_us = 0";
    let letter = serde_json::to_string(due.letter.as_ref().unwrap()).unwrap();
    post.a.store().write(vec![Statement::new(undo, params![letter])]).await.unwrap();
    assert_eq!(send_due(&post.b, &post.mailer()).await.unwrap(), 1);
    let [first, second] = server.taken().try_into().unwrap();
    for name in ["Message-ID", "Date", "Subject", "To", "From"] {
        assert_eq!(header(&first.data, name), header(&second.data, name), "{name}");
    }
    assert!(header(&first.data, "Message-ID").ends_with("@pay.example>"));
    assert_eq!(header(&first.data, "Auto-Submitted"), "auto-generated");
}

#[tokio::test]
async fn letters_wait_for_a_server_that_is_away() {
    let server = MailServer::start().await;
    let post = post_to(&server).await;
    let url = format!("smtp://127.0.0.1:{}?tls=none", server.port);
    drop(server);
    post.write_test("one@example.com").await;
    assert_eq!(send_due(&post.a, &post.mailer()).await.unwrap(), 0);
    let [mail] = post.letters().await.try_into().unwrap();
    assert_eq!((mail.state, mail.tries), (State::Waiting, 1));
    assert!(mail.failure.is_some());
    let away = Mailer::new(&{
        let mut settings = Settings::clone(post.a.settings());
        by(&mut settings, url);
        settings
    });
    assert!(away.unwrap().check().await.unwrap_err().contains("mail.smtp_url"));
}

#[tokio::test]
async fn without_tls_nothing_is_said_that_others_may_not_hear() {
    let server = MailServer::start().await;
    server.ask_for_password("235 welcome");
    let url = format!("smtp://user:hunter2@127.0.0.1:{}", server.port);
    let post = Post::start(|settings| by(settings, url)).await;
    post.write_test("one@example.com").await;
    assert_eq!(send_due(&post.a, &post.mailer()).await.unwrap(), 0);
    let said = server.said();
    let harmless = |line: &String| ["EHLO", "QUIT"].iter().any(|command| line.starts_with(command));
    assert!(said.iter().all(harmless), "{said:?}");
    assert!(server.taken().is_empty());
    let refused = post.mailer().check().await.unwrap_err();
    let failure = post.letters().await[0].failure.clone().unwrap();
    assert!(!refused.contains("hunter2") && !failure.contains("hunter2"), "{refused} {failure}");
}

#[tokio::test]
async fn a_server_that_wants_a_password_gets_it_and_nobody_else_does() {
    let server = MailServer::start().await;
    server.ask_for_password("235 welcome");
    let url = format!("smtp://user:p%40ss@127.0.0.1:{}?tls=none", server.port);
    let post = Post::start(|settings| by(settings, url)).await;
    post.write_test("one@example.com").await;
    assert!(post.mailer().check().await.is_ok());
    assert_eq!(send_due(&post.a, &post.mailer()).await.unwrap(), 1);
    // base64 of "\0user\0p@ss".
    assert!(server.said().contains(&"AUTH PLAIN AHVzZXIAcEBzcw==".to_owned()), "{:?}", server.said());

    server.ask_for_password("535 wrong password");
    post.write_test("two@example.com").await;
    assert_eq!(send_due(&post.a, &post.mailer()).await.unwrap(), 0);
    let failure = post.letters().await[1].failure.clone().unwrap();
    assert!(failure.contains("wrong password") && !failure.contains("p@ss"), "{failure}");
    assert_eq!(post.states().await[1].0, "waiting", "an operator may mend it");
}

#[test]
fn a_url_that_cannot_be_used_is_not_shown() {
    let mut settings = Settings::default();
    by(&mut settings, "smtps://user:hunter2@host:not-a-port".to_owned());
    let error = Mailer::new(&settings).err().unwrap();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

/// `SCRIP_TEST_SMTP_URL=smtps://localhost:2465`, and `SSL_CERT_FILE` when its certificate is of nobody known.
#[tokio::test]
async fn a_server_of_the_environment_takes_a_letter_over_tls() {
    let Ok(url) = std::env::var("SCRIP_TEST_SMTP_URL") else {
        eprintln!("skipped: name a mail server in SCRIP_TEST_SMTP_URL");
        return;
    };
    let post = Post::start(|settings| by(settings, url)).await;
    let found = post.mailer().check().await;
    assert!(found.is_ok(), "{found:?}");
    post.write_test("one@example.com").await;
    assert_eq!(send_due(&post.a, &post.mailer()).await.unwrap(), 1, "{:?}", post.letters().await[0].failure);
}
