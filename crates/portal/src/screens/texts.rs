//! The operator's own pages: terms, privacy, what the law asks to be told. For everybody.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use documents::Language;

use crate::Portal;
use crate::components::Icon;
use crate::failure::Failure;
use crate::page::{Page, Place, html};
use crate::session::Guest;
use crate::words::{spoken, stored};

pub fn routes() -> Router<Portal> {
    Router::new().route("/legal/{name}", get(show))
}

#[derive(Template)]
#[template(path = "screens/text.html")]
struct View {
    page: Page,
    title: String,
    text: String,
    /// The language it is written in, which may not be the page's.
    language: Language,
}

async fn show(guest: Guest, Path(name): Path<String>) -> Result<Response, Failure> {
    let settings = &guest.engine().settings().portal;
    let wanted = stored(guest.words.language);
    let found = settings.text(&name, wanted).ok_or(Failure::NotFound)?;
    let own = settings.texts.get(&name).is_some_and(|texts| texts.contains_key(&wanted));
    let language = if own { guest.words.language } else { spoken(engine::settings::Language::En) };
    let (title, text) = (found.title.clone(), found.text.clone());
    html(&View { page: guest.page(title.clone()), title, text, language })
}
