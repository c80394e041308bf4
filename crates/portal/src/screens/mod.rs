//! The screens. Each is a module: routes, a view of texts, a template of its name in `templates/screens/`.

pub mod add_credit;
mod billing;
pub mod errors;
mod history;
mod overview;
mod payments;
mod range;
mod settings;
mod sign_in;
mod texts;

use axum::Router;

use crate::Portal;
use crate::failure::Failure;
use crate::form;
use crate::session::Visitor;

/// The routes of every screen.
pub fn routes() -> Router<Portal> {
    Router::new()
        .merge(overview::routes())
        .merge(add_credit::routes())
        .merge(payments::routes())
        .merge(history::routes())
        .merge(billing::routes())
        .merge(settings::routes())
        .merge(sign_in::routes())
        .merge(texts::routes())
        // An address that is there, but not for this method, is not for people.
        .method_not_allowed_fallback(|| async { Failure::NotFound })
}

/// The address of a list of the account as a file, from the API, with these filters and in the page's language and zone.
fn export_url(
    visitor: &Visitor,
    list: &str,
    ending: &str,
    filters: impl IntoIterator<Item = (&'static str, Option<String>)>,
) -> String {
    let path = format!("/v1/accounts/{}/{list}.{ending}", visitor.account.id);
    let (language, zone) = (visitor.words.language.code(), visitor.show.locale().zone());
    let filters: Vec<_> = filters.into_iter().filter_map(|(name, text)| Some((name, text?))).collect();
    let pairs = filters.iter().map(|(name, text)| (*name, text.as_str()));
    form::url(&path, pairs.chain([("language", language), ("zone", zone)]))
}
