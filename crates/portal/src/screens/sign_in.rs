//! Signing in by a link that comes by mail, or with a password; signing out; choosing an account.
//!
//! Looking at a link uses nothing up: the page behind it has a button, and only that signs in, because mail scanners open
//! links, too. What is answered never tells whether an address is known.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use engine::members::{self, Realm, SignedIn};
use engine::settings::Secret;

use super::add_credit::summary;
use crate::Portal;
use crate::components::{Alert, Control, Field, Icon, Link, Mistake, Summary, Tone};
use crate::failure::Failure;
use crate::form::{self, Fields, Posted};
use crate::page::{Page, Place, html, safe_path, sign_in_url};
use crate::session::{self, Guest, Visitor};

pub fn routes() -> Router<Portal> {
    Router::new()
        .route("/sign-in", get(show))
        .route("/sign-in/link", post(send_link))
        .route("/sign-in/sent", get(sent))
        .route("/sign-in/password", post(with_password))
        .route("/sign-in/{token}", get(look_at_link).post(use_link))
        .route("/sign-out", post(sign_out))
        .route("/account", post(choose_account))
}

#[derive(Template)]
#[template(path = "screens/sign_in.html")]
struct View {
    page: Page,
    alert: Option<Alert>,
    summary: Summary,
    next: String,
    email: Field,
    password_email: Field,
    password: Field,
    with_password: bool,
}

/// What was typed, and what is wrong with it.
#[derive(Default)]
struct Typed<'a> {
    email: &'a str,
    mistakes: Vec<Mistake>,
    alert: Option<Alert>,
    with_password: bool,
}

/// `GET /sign-in?next=…`.
async fn show(guest: Guest, fields: Fields) -> Result<Response, Failure> {
    let next = safe_path(fields.text("next"));
    let alert = fields.has("out").then(|| Alert::new(Tone::Good, guest.t("portal-signed-out"), "").live());
    shown(&guest, StatusCode::OK, next, Typed { alert, ..Typed::default() })
}

fn shown(guest: &Guest, status: StatusCode, next: &str, typed: Typed<'_>) -> Result<Response, Failure> {
    let Typed { email, mistakes, alert, with_password } = typed;
    let line = |name: &str, key: &str, control| Field::new(name, guest.t(key), control);
    let email_field = |name: &str| {
        line(name, "portal-email", Control::Line("email")).value(email).autocomplete("username").max_chars(254)
    };
    let page = html(&View {
        page: guest.page(guest.t("portal-sign-in")),
        alert,
        summary: summary(guest.words, &mistakes),
        next: next.to_owned(),
        email: if with_password { email_field("email") } else { email_field("email").focused() }.checked(&mistakes),
        password_email: email_field("password_email").checked(&mistakes),
        password: line("password", "portal-password", Control::Line("password"))
            .autocomplete("current-password")
            .checked(&mistakes),
        with_password,
    })?;
    let cookie = guest.cookie();
    Ok((status, cookie.into_iter().collect::<axum::http::HeaderMap>(), page).into_response())
}

/// `POST /sign-in/link`: a letter with a link, if anybody has the address.
async fn send_link(posted: Posted<Guest>) -> Result<Response, Failure> {
    let Posted { by: guest, fields } = posted;
    let (email, next) = (fields.text("email"), safe_path(fields.text("next")));
    match members::request_link(guest.engine(), Realm::Customer, email, &guest.origin).await {
        Ok(()) => Ok(Redirect::to(&form::url("/sign-in/sent", [("next", next)])).into_response()),
        Err(engine::Error::Invalid { .. }) => {
            let mistakes = vec![Mistake { field: "email".to_owned(), text: guest.t("portal-invalid-email") }];
            shown(&guest, StatusCode::UNPROCESSABLE_ENTITY, next, Typed { email, mistakes, ..Typed::default() })
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "screens/step.html")]
struct Step {
    page: Page,
    icon: Icon,
    title: String,
    text: String,
    link: Option<Link>,
    /// A button that goes on: where to, and its words.
    button: Option<(String, String)>,
    next: String,
}

/// `GET /sign-in/sent`.
async fn sent(guest: Guest, fields: Fields) -> Result<Response, Failure> {
    let minutes = usize::try_from(guest.engine().settings().sign_in.link_seconds / 60).unwrap_or_default();
    html(&Step {
        page: guest.page(guest.t("portal-link-sent")),
        icon: Icon::Mail,
        title: guest.t("portal-link-sent"),
        text: guest.words.count("portal-link-sent-text", minutes),
        link: Some(Link::to(sign_in_url(safe_path(fields.text("next"))), guest.t("portal-link-again"))),
        button: None,
        next: String::new(),
    })
}

/// `GET /sign-in/{token}`: what the link is for, and a button.
async fn look_at_link(guest: Guest, Path(token): Path<String>, fields: Fields) -> Result<Response, Failure> {
    let found = members::look_at_link(guest.engine(), Realm::Customer, &token).await;
    let (title, step) = match found {
        Ok(link) => {
            let title = match &link.joins {
                Some(_) => guest.t("portal-link-join"),
                None => guest.t("portal-link-continue"),
            };
            let text = guest.words.with("portal-link-who", &[("email", &link.person.email)]);
            let button = (format!("/sign-in/{token}"), guest.t("portal-sign-in"));
            (title, (Icon::User, text, None, Some(button)))
        }
        Err(engine::Error::Denied { .. }) => {
            let again = Link::to("/sign-in", guest.t("portal-link-again"));
            (guest.t("portal-link-invalid"), (Icon::Warning, guest.t("portal-link-invalid-text"), Some(again), None))
        }
        Err(error) => return Err(error.into()),
    };
    let (icon, text, link, button) = step;
    let next = safe_path(fields.text("next")).to_owned();
    let status = if button.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let page = html(&Step { page: guest.page(title.clone()), icon, title, text, link, button, next })?;
    let cookie = guest.cookie();
    Ok((status, cookie.into_iter().collect::<axum::http::HeaderMap>(), page).into_response())
}

/// `POST /sign-in/{token}`.
async fn use_link(Path(token): Path<String>, posted: Posted<Guest>) -> Result<Response, Failure> {
    let Posted { by: guest, fields } = posted;
    let used = members::use_link(guest.engine(), Realm::Customer, &token, &guest.origin, guest.session.as_ref()).await;
    match used {
        Ok(signed_in) => Ok(enter(&guest.portal, &signed_in, safe_path(fields.text("next")))),
        // It was used a moment ago, or its time is over: the page says so.
        Err(engine::Error::Denied { .. }) => Ok(Redirect::to(&format!("/sign-in/{token}")).into_response()),
        Err(error) => Err(error.into()),
    }
}

/// `POST /sign-in/password`.
async fn with_password(posted: Posted<Guest>) -> Result<Response, Failure> {
    let Posted { by: guest, fields } = posted;
    let (email, next) = (fields.text("password_email"), safe_path(fields.text("next")));
    let password = Secret::new(fields.raw("password"));
    let before = guest.session.as_ref();
    let tried =
        members::sign_in_with_password(guest.engine(), Realm::Customer, (email, &password), &guest.origin, before)
            .await;
    match tried {
        Ok(signed_in) => Ok(enter(&guest.portal, &signed_in, next)),
        Err(engine::Error::Denied { .. } | engine::Error::Invalid { .. }) => {
            let mistake = |field: &str| Mistake { field: field.to_owned(), text: guest.t("portal-password-wrong") };
            let typed = Typed { email, mistakes: vec![mistake("password")], alert: None, with_password: true };
            shown(&guest, StatusCode::UNPROCESSABLE_ENTITY, next, typed)
        }
        Err(error) => Err(error.into()),
    }
}

/// Goes on as somebody who is signed in.
fn enter(portal: &Portal, signed_in: &SignedIn, next: &str) -> Response {
    (session::keep(portal, &signed_in.token), Redirect::to(next)).into_response()
}

/// `POST /sign-out`: at once, on every node.
async fn sign_out(posted: Posted<Visitor>) -> Result<Response, Failure> {
    let visitor = posted.by;
    members::sign_out(visitor.engine(), &visitor.session, &visitor.origin).await?;
    Ok((session::forget(&visitor.portal), Redirect::to("/sign-in?out=1")).into_response())
}

/// `POST /account`: goes on with another account, from its overview.
async fn choose_account(posted: Posted<Visitor>) -> Result<Response, Failure> {
    let Posted { by: visitor, fields } = posted;
    let (engine, session) = (visitor.engine(), &visitor.session);
    let signed_in = members::choose_account(engine, session, fields.text("account"), &visitor.origin).await?;
    Ok(enter(&visitor.portal, &signed_in, "/"))
}
