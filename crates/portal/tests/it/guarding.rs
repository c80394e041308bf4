//! What nobody may do from elsewhere, and what no page may carry.

use axum::http::{Method, Request, header};
use engine::members::Role;

use crate::support::{Answer, Town, URL};

/// Every form of the portal.
const FORMS: [&str; 13] = [
    "/account",
    "/add-credit",
    "/add-credit/pay",
    "/billing",
    "/payments/pay_1/check",
    "/payments/pay_1/receipt",
    "/settings/display",
    "/settings/password",
    "/settings/sessions",
    "/sign-in/abc",
    "/sign-in/link",
    "/sign-in/password",
    "/sign-out",
];

#[tokio::test]
async fn a_form_of_another_site_does_nothing() {
    let town = Town::open().await;
    town.account("a", "0").await;
    let mut browser = town.member("a", Role::Owner).await;
    let token = browser.get("/settings").await.hidden("/sign-out").remove(0).1;
    // Origin, Sec-Fetch-Site, token
    let table = [
        (Some("https://evil.example"), Some("cross-site"), token.as_str()),
        (Some("https://evil.example"), None, &token),
        (Some(URL), Some("same-site"), &token),
        (None, None, &token),
        (Some("null"), None, &token),
        (Some(URL), Some("same-origin"), ""),
        (Some(URL), Some("same-origin"), "0123456789abcdef0123456789abcdef"),
    ];
    for path in FORMS {
        for (origin, site, token) in table {
            let mut request = Request::builder()
                .method(Method::POST)
                .uri(path)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            for (name, value) in [("origin", origin), ("sec-fetch-site", site)] {
                request = value.into_iter().fold(request, |request, value| request.header(name, value));
            }
            let refused = browser.send(request, format!("token={token}")).await.expect(403);
            refused.shows("This form is no longer valid");
        }
    }
    browser.get("/").await.expect(200);
}

#[tokio::test]
async fn a_token_of_another_session_does_nothing() {
    let town = Town::open().await;
    town.account("a", "0").await;
    let mut owner = town.member("a", Role::Owner).await;
    let mut viewer = town.member("a", Role::Viewer).await;
    let page = viewer.get("/settings").await.expect(200);
    owner.submit(&page, "/sign-out", &[]).await.expect(403);
    owner.get("/").await.expect(200);
}

#[tokio::test]
async fn only_json_of_nobody_is_taken_as_a_report() {
    let town = Town::open().await;
    let request =
        Request::builder().method(Method::POST).uri("/csp-reports").header("content-type", "application/reports+json");
    town.browser().send(request, "[{\"type\":\"csp-violation\"}]".to_owned()).await.expect(204);
    let request = Request::builder().method(Method::POST).uri("/csp-reports");
    town.browser().send(request, "x".repeat(70_000)).await.expect(413);
}

/// Every answer is careful, whatever it is.
#[track_caller]
fn is_careful(answer: &Answer) {
    let policy = answer.header("content-security-policy");
    for rule in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "report-to csp",
    ] {
        assert!(policy.contains(rule), "{rule}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("reporting-endpoints", "csp=\"/csp-reports\""),
    ] {
        assert_eq!(answer.header(name), value);
    }
}

#[tokio::test]
async fn every_page_is_careful_and_small_and_in_its_language() {
    let town = Town::open().await;
    town.account("a", "100000").await;
    town.profile("a", "Lan").await;
    let mut browser = town.member("a", Role::Owner).await;
    let entry = format!("/history/{}", entry_of(&town, "a").await);
    let pages =
        ["/", "/history", &entry, "/payments", "/settings", "/billing", "/add-credit", "/sign-in", "/sign-in/sent"];
    for language in ["en", "ja", "vi"] {
        for path in pages {
            let page = browser.get(&format!("{path}?lang={language}")).await.expect(200);
            is_careful(&page);
            assert!(page.body.contains(&format!("<html lang=\"{language}\">")), "{path}");
            assert_eq!(page.header("cache-control"), "no-store");
            assert!(page.body.len() < 60 << 10, "{path} has {} bytes", page.body.len());
            assert!(!page.main().contains("portal-"), "{path} {language}: a text is missing");
            for bad in ["style=", "<style", "onclick", "javascript:", "<script>", "hx-on"] {
                assert!(!page.body.contains(bad), "{path}: {bad}");
            }
        }
        let nothing = browser.get("/history/ent_1_1").await.expect(404);
        is_careful(&nothing);
        assert_eq!(nothing.header("x-request-id").len(), 16);
        nothing.shows(nothing.header("x-request-id"));
    }
    is_careful(&town.browser().get("/").await.expect(303));
}

async fn entry_of(town: &Town, account: &str) -> String {
    let no = town.engine.accounts().locate(account).await.unwrap().no;
    engine::ids::LocalId { kind: engine::ids::IdKind::Entry, account_no: no, number: 2 }.to_string()
}

#[tokio::test]
async fn nothing_of_another_account_is_there() {
    let town = Town::open().await;
    town.account("a", "100000").await;
    town.account("b", "200000").await;
    let mut browser = town.member("a", Role::Owner).await;
    browser.get(&format!("/history/{}", entry_of(&town, "a").await)).await.expect(200);
    browser.get(&format!("/history/{}", entry_of(&town, "b").await)).await.expect(404);
    for path in
        ["/payments/pay_1", "/payments/pay_1/pay", "/history/ent_zz_1", "/history/x", "/legal/terms", "/assets/x/y"]
    {
        browser.get(path).await.expect(404);
    }
}

#[tokio::test]
async fn a_viewer_reads_and_moves_nothing() {
    let town = Town::open().await;
    town.account("a", "100000").await;
    town.profile("a", "Lan").await;
    let mut viewer = town.member("a", Role::Viewer).await;
    let page = viewer.get("/").await.expect(200);
    assert!(!page.body.contains("/add-credit"), "no button that leads nowhere");
    viewer.get("/history").await.expect(200);
    viewer.get("/payments").await.expect(200);
    viewer.get("/settings").await.expect(200).hides("href=\"/billing\"");
    for path in ["/add-credit", "/add-credit/review?quote=q", "/billing"] {
        viewer.get(path).await.expect(403).shows("Your role does not allow this");
    }
    let page = viewer.get("/settings").await;
    let token = page.hidden("/sign-out").remove(0).1;
    for path in ["/add-credit", "/add-credit/pay", "/billing"] {
        viewer.post(path, &[("token", &token), ("quote", "q")]).await.expect(403);
    }
}

#[tokio::test]
async fn what_people_type_is_never_markup() {
    let town = Town::open().await;
    town.account("a", "0").await;
    let corpus = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "{{7*7}}",
        "</title><svg/onload=alert(1)>",
        "javascript:alert(1)",
        "<a href=//evil.example>x</a>",
    ];
    for text in corpus {
        town.grant("a", "1000", Some(text)).await;
    }
    town.profile("a", "<b>\"Lan\"</b> & Co").await;
    let mut browser = town.member("a", Role::Owner).await;
    for path in ["/", "/history", "/settings", "/billing"] {
        let page = browser.get(path).await.expect(200);
        for bad in ["<script>a", "<img", "<svg/", "<a href=//", "<b>", "' onmouseover='"] {
            assert!(!page.main().contains(bad), "{path}: {bad}");
        }
    }
    let page = browser.get("/history?service=%22%3E%3Cimg%20src%3Dx%3E&kind=%3Cb%3E&lang=en").await.expect(200);
    assert!(!page.main().contains("<img"), "{}", page.main());
}
