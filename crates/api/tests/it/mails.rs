//! Letters over HTTP: what operators see of them, and what nobody sees.

use engine::mail::{self, Envelope, Letter, Outcome, enqueue};
use engine::settings::{Language, Transport};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Actor, Answer, TestApp};

/// Writes a letter that lets its reader in, and gives its id.
async fn link(app: &TestApp) -> String {
    let url = "https://pay.example/sign-in/hunter2".to_owned();
    let now = app.engine.now();
    let envelope = Envelope {
        once: "link".to_owned(),
        account_id: Some("a".to_owned()),
        recipient: "lan@example.com".to_owned(),
        language: Language::Vi,
        letter: Letter::SignInLink { url, expires_at: now.plus_seconds(900) },
    };
    app.engine.store().write(vec![enqueue(&envelope, now)]).await.unwrap();
    let list = app.operator.get("/v1/mails?account=a").await.expect(200);
    list.str("/data/0/id").to_owned()
}

async fn retry(actor: &Actor, path: &str) -> Answer {
    actor.send(actor.request(Method::POST, path)).await
}

/// Lets a try of a letter end so.
async fn end(app: &TestApp, id: &str, outcome: Outcome) {
    let found = mail::find(&app.engine, id).await.unwrap();
    let claimed = mail::claim(&app.engine, &found).await.unwrap().unwrap();
    mail::conclude(&app.engine, &claimed, &outcome).await.unwrap();
}

#[tokio::test]
async fn operators_see_what_became_of_a_letter_and_not_what_it_says() {
    let app = TestApp::start().await;
    let id = link(&app).await;
    let one = app.operator.get(&format!("/v1/mails/{id}")).await.expect(200);
    let shown = ["account", "kind", "recipient", "language", "state", "tries", "failure"].map(|name| &one.json[name]);
    let expected = json!(["a", "sign_in_link", "lan@example.com", "vi", "waiting", 0, null]);
    assert_eq!(shown.to_vec(), expected.as_array().unwrap().iter().collect::<Vec<_>>());
    end(&app, &id, Outcome::Failed("mailbox full".to_owned())).await;
    let tried = app.operator.get(&format!("/v1/mails/{id}")).await.expect(200);
    assert_eq!((tried.str("/failure"), &tried.json["tries"]), ("mailbox full", &json!(1)));
    let again = retry(&app.operator, &format!("/v1/mails/{id}/retry")).await.expect(200);
    assert_eq!((again.str("/state"), &again.json["tries"]), ("waiting", &json!(0)));
    end(&app, &id, Outcome::Refused("no such user".to_owned())).await;
    let given_up = app.operator.get("/v1/mails?state=given_up&kind=sign_in_link").await.expect(200);
    assert_eq!((given_up.str("/data/0/id"), given_up.str("/data/0/failure")), (&*id, "no such user"));
    for answer in [&one, &tried, &again, &given_up] {
        assert!(!answer.text.contains("hunter2"), "{}", answer.text);
    }
    let refused = retry(&app.operator, &format!("/v1/mails/{id}/retry")).await.expect(409);
    assert_eq!(refused.str("/code"), "mail_emptied");
    app.finish().await;
}

#[tokio::test]
async fn a_test_letter_goes_the_way_of_all() {
    let app = TestApp::start().await;
    let body = json!({"to": "me@example.com", "language": "ja"});
    let written = app.operator.post("/v1/mail/test", body).await.expect(201);
    assert_eq!((written.str("/kind"), written.str("/state"), written.str("/language")), ("test", "waiting", "ja"));
    let id = written.str("/id").to_owned();
    end(&app, &id, Outcome::Sent).await;
    let sent = app.operator.get(&format!("/v1/mails/{id}")).await.expect(200);
    assert_eq!((sent.str("/state"), &sent.json["next_try_at"]), ("sent", &Value::Null));
    let refused = retry(&app.operator, &format!("/v1/mails/{id}/retry")).await.expect(409);
    assert_eq!(refused.str("/code"), "mail_sent");
    for (body, param) in
        [(json!({"to": "nobody"}), "to"), (json!({}), "to"), (json!({"to": "a@b.vn", "language": "fr"}), "language")]
    {
        let refused = app.operator.post("/v1/mail/test", body.clone()).await.expect(422);
        assert_eq!(refused.str("/param"), param, "{body}");
    }
    app.finish().await;

    let app = TestApp::start_with(|settings| settings.mail.transport = Transport::Off).await;
    let refused = app.operator.post("/v1/mail/test", json!({"to": "a@b.vn"})).await.expect(409);
    assert_eq!(refused.str("/code"), "mail_off");
    app.finish().await;
}

#[tokio::test]
async fn letters_are_listed_by_pages_and_for_operators_only() {
    let app = TestApp::start().await;
    app.account("a", "0").await;
    for number in 0..5 {
        let body = json!({"to": format!("{number}@example.com")});
        app.operator.post("/v1/mail/test", body).await.expect(201);
    }
    let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = app.operator.get(&format!("/v1/mails{query}")).await.expect(200);
        let data = page.json["data"].as_array().unwrap();
        seen.extend(data.iter().map(|mail| mail["recipient"].as_str().unwrap().to_owned()));
        let Some(cursor) = page.json["next_cursor"].as_str() else { break };
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ["4@example.com", "3@example.com", "2@example.com", "1@example.com", "0@example.com"]);
    for bad in ["?state=new", "?colour=red", "?limit=0", "?cursor=zz"] {
        app.operator.get(&format!("/v1/mails{bad}")).await.expect(422);
    }
    let team = app.team("a", Some(&["keys:admin", "topup:write"])).await;
    for (path, method) in
        [("/v1/mails", Method::GET), ("/v1/mails/mail_0", Method::GET), ("/v1/mails/mail_0/retry", Method::POST)]
    {
        team.send(team.request(method.clone(), path)).await.expect(403);
        let unknown = if path == "/v1/mails" { 200 } else { 404 };
        app.operator.send(app.operator.request(method, path)).await.expect(unknown);
    }
    team.post("/v1/mail/test", json!({"to": "a@b.vn"})).await.expect(403);
    app.finish().await;
}
