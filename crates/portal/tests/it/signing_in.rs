//! Signing in and out, and choosing an account.

use engine::members::Role;

use crate::support::Town;

const EMAIL: &str = "owner@a.example";

#[tokio::test]
async fn a_link_signs_in_once_and_only_by_its_button() {
    let town = Town::open().await;
    town.account("a", "100000").await;
    let link = town.invite("a", EMAIL, Role::Owner).await;
    let mut browser = town.browser();
    let before = browser.get("/history?kind=grant").await.expect(303);
    assert_eq!(before.location(), "/sign-in?next=%2Fhistory%3Fkind%3Dgrant");
    // Scanners look as often as they like.
    for _ in 0..3 {
        town.browser().get(&link).await.expect(200).shows(EMAIL);
    }
    let page = browser.get(&link).await.expect(200);
    let entered = browser.submit(&page, &link, &[]).await.expect(303);
    assert_eq!(entered.location(), "/");
    let cookie = entered.header("set-cookie");
    for rule in ["__Host-scrip=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"] {
        assert!(cookie.contains(rule), "{rule}: {cookie}");
    }
    browser.get("/").await.expect(200).shows("₫100,000");
    // Nobody signs in with it again.
    let mut thief = town.browser();
    thief.get(&link).await.expect(404).shows("does not work any more");
    let other = thief.get("/sign-in").await.expect(200);
    let hidden = other.hidden("/sign-in/link");
    let token = hidden.iter().find(|(name, _)| name == "token").unwrap();
    thief.post(&link, &[("token", &token.1)]).await.expect(303);
    thief.get("/").await.expect(303);
}

#[tokio::test]
async fn a_link_is_sent_whether_or_not_anybody_has_the_address() {
    let town = Town::open().await;
    town.account("a", "0").await;
    town.member("a", Role::Owner).await;
    let mut answers = Vec::new();
    for email in [EMAIL, "nobody@nowhere.example"] {
        let mut browser = town.browser();
        let page = browser.get("/sign-in?next=/payments").await.expect(200);
        let sent = browser.submit(&page, "/sign-in/link", &[("email", email)]).await.expect(303);
        let page = browser.get(sent.location()).await.expect(200);
        answers.push((sent.location().to_owned(), page.main().to_owned()));
    }
    assert_eq!(answers[0], answers[1]);
    let mut browser = town.browser();
    let page = browser.get("/sign-in").await.expect(200);
    let wrong = browser.submit(&page, "/sign-in/link", &[("email", "nobody")]).await.expect(422);
    wrong.shows("aria-invalid=\"true\"").shows("value=\"nobody\"").shows("href=\"#email\"");
}

#[tokio::test]
async fn a_password_signs_in_and_sign_out_ends_it_at_once() {
    let town = Town::open().await;
    town.account("a", "0").await;
    let mut browser = town.member("a", Role::Owner).await;
    let page = browser.get("/settings").await.expect(200);
    browser
        .submit(&page, "/settings/password", &[("password", "12345678")])
        .await
        .expect(422)
        .shows("Choose another one");
    let set = browser.submit(&page, "/settings/password", &[("password", "correct horse battery")]).await.expect(303);
    browser.get(set.location()).await.expect(200).shows("Password saved");
    let page = browser.get("/settings").await.expect(200);
    browser.submit(&page, "/sign-out", &[]).await.expect(303);
    assert_eq!(browser.cookie("__Host-scrip"), None);
    browser.get("/").await.expect(303);

    let page = browser.get("/sign-in?next=//evil.example").await.expect(200);
    let fields = [("password_email", EMAIL), ("password", "wrong horse battery")];
    let wrong = browser.submit(&page, "/sign-in/password", &fields).await.expect(422);
    wrong.shows("do not belong together").hides("wrong horse battery");
    let fields = [("password_email", EMAIL), ("password", "correct horse battery")];
    let entered = browser.submit(&page, "/sign-in/password", &fields).await.expect(303);
    assert_eq!(entered.location(), "/", "nowhere else");
    browser.get("/").await.expect(200);
}

#[tokio::test]
async fn a_session_that_is_over_is_nobody() {
    let town = Town::open().await;
    town.account("a", "0").await;
    let mut browser = town.member("a", Role::Owner).await;
    town.wait(1_799);
    browser.get("/").await.expect(200);
    town.wait(1_801);
    browser.get("/").await.expect(303);
}

#[tokio::test]
async fn somebody_of_two_accounts_chooses() {
    let town = Town::open().await;
    town.account("a", "100000").await;
    town.account("b", "200000").await;
    town.account("c", "300000").await;
    let mut browser = town.member("a", Role::Owner).await;
    let link = town.invite("b", EMAIL, Role::Viewer).await;
    let page = browser.get(&link).await.expect(200);
    browser.submit(&page, &link, &[]).await.expect(303);
    let page = browser.get("/").await.expect(200);
    page.shows("₫200,000");
    assert!(page.body.contains("Account a") && !page.body.contains("Account c"));
    browser.submit(&page, "/account", &[("account", "c")]).await.expect(404);
    browser.submit(&page, "/account", &[("account", "a")]).await.expect(303);
    browser.get("/").await.expect(200).shows("₫100,000");
    assert!(browser.get("/add-credit").await.status == 303, "an owner buys here");
}

#[tokio::test]
async fn whoever_is_no_member_any_more_sees_no_account() {
    let town = Town::open().await;
    town.account("a", "100000").await;
    town.member("a", Role::Owner).await;
    let mut browser = town.member("a", Role::Viewer).await;
    browser.get("/").await.expect(200);
    let people = engine::members::members(&town.engine, "a", None, 10).await.unwrap();
    let viewer = people.iter().find(|member| member.role == Role::Viewer).unwrap();
    engine::members::remove(&town.engine, &crate::support::call("x"), "a", &viewer.person.id).await.unwrap();
    assert_eq!(browser.get("/").await.expect(303).location(), "/sign-in", "the session ended with it");
    let page = browser.get("/sign-in").await.expect(200);
    browser.submit(&page, "/sign-in/link", &[("email", "viewer@a.example")]).await.expect(303);
    let link = loop {
        let link = town.link("viewer@a.example").await;
        if browser.get(&link).await.status == 200 {
            break link;
        }
        // The letter is written after the answer.
        tokio::task::yield_now().await;
    };
    let page = browser.get(&link).await.expect(200);
    browser.submit(&page, &link, &[]).await.expect(303);
    browser.get("/").await.expect(403).shows("not a member").hides("100,000");
}
