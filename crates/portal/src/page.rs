//! What stands around every page: head, navigation, foot.
//!
//! A screen's view is a template with a field `page`, which extends `layout.html`. A new screen in the navigation is one
//! line of [`Place`] and its row in [`PLACES`].

use std::sync::Arc;

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use documents::Language;

use crate::components::{Chip, Icon, Link, MoneyText};
use crate::failure::Failure;
use crate::look::{self, Look};
use crate::words::Words;
use crate::{Portal, form};

/// Where in the navigation a page belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The balance and what matters now.
    Overview,
    /// Every movement of credits.
    History,
    /// Every payment.
    Payments,
    /// Billing information, language, zone.
    Settings,
    /// Nowhere: a step of something.
    None,
}

/// Places with their address, icon and text, in the order of the navigation. Usage, vouchers, plans and limits have their
/// places between these when they have screens.
const PLACES: [(Place, &str, Icon, &str); 4] = [
    (Place::Overview, "/", Icon::Home, "portal-nav-overview"),
    (Place::History, "/history", Icon::List, "portal-nav-history"),
    (Place::Payments, "/payments", Icon::Receipt, "portal-nav-payments"),
    (Place::Settings, "/settings", Icon::Settings, "portal-nav-settings"),
];

/// What every page has around its content.
pub struct Page {
    /// The texts of its language.
    pub words: Words,
    /// What it is about, for the browser's tab.
    pub title: String,
    /// Name, logo, addresses of files.
    pub look: Arc<Look>,
    /// Where people get help.
    pub help: Option<Link>,
    /// The operator's own pages.
    pub texts: Vec<Link>,
    /// Languages to choose from.
    pub languages: Vec<Tongue>,
    /// The token of its forms.
    pub token: String,
    /// Around the pages of who is signed in.
    pub chrome: Option<Chrome>,
    /// A column for one thing to do.
    pub narrow: bool,
}

/// A language to choose.
pub struct Tongue {
    /// Its code.
    pub code: &'static str,
    /// What it calls itself.
    pub name: &'static str,
    /// The same page in it.
    pub href: String,
    /// Whether the page is in it.
    pub current: bool,
}

/// What is around the pages of who is signed in.
pub struct Chrome {
    /// The balance, when it can be read.
    pub balance: Option<MoneyText>,
    /// What is to be said about it: low, expiring, blocked.
    pub word: Option<Chip>,
    /// The person's name or address of mail.
    pub person: String,
    /// The account's name.
    pub account: String,
    /// The other accounts of the person.
    pub accounts: Vec<OtherAccount>,
    /// Whether the role may buy.
    pub may_buy: bool,
    /// The place of the page.
    pub place: Place,
}

/// An account to go on with.
#[derive(Clone)]
pub struct OtherAccount {
    /// Its identifier.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// What a page is made for: whose language, which address, whose forms.
pub struct Visit {
    /// The language of the page.
    pub words: Words,
    /// Path and query, without the choice of a language.
    pub address: String,
    /// The token of forms.
    pub token: String,
}

impl Page {
    /// A page with a title, for somebody who is not signed in.
    pub fn new(portal: &Portal, visit: &Visit, title: impl Into<String>) -> Page {
        let Visit { words, address, token } = visit;
        let joint = if address.contains('?') { '&' } else { '?' };
        let tongue = |(language, name): (Language, _)| Tongue {
            code: language.code(),
            name,
            href: format!("{address}{joint}lang={language}"),
            current: language == words.language,
        };
        let names = [(Language::En, "English"), (Language::Ja, "日本語"), (Language::Vi, "Tiếng Việt")];
        let settings = portal.engine().settings();
        Page {
            words: *words,
            title: title.into(),
            look: Arc::clone(portal.look()),
            help: look::help(settings, *words),
            texts: look::texts(settings, words.language),
            languages: names.into_iter().map(tongue).collect(),
            token: token.clone(),
            chrome: None,
            narrow: false,
        }
    }

    /// The same for somebody who is signed in.
    pub fn with(self, chrome: Chrome) -> Page {
        Page { chrome: Some(chrome), ..self }
    }

    /// In a narrow column: there is one thing to do.
    pub fn narrow(self) -> Page {
        Page { narrow: true, ..self }
    }

    /// A text without arguments; for templates.
    pub fn t(&self, key: &str) -> String {
        self.words.t(key)
    }

    /// The token of its forms; for templates.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The language; for templates.
    pub fn language(&self) -> Language {
        self.words.language
    }

    /// The navigation: address, icon, text, whether the page is there.
    pub fn places(&self) -> Vec<(&'static str, Icon, String, bool)> {
        let here = self.chrome.as_ref().map(|chrome| chrome.place);
        PLACES.iter().map(|(place, href, icon, key)| (*href, *icon, self.t(key), Some(*place) == here)).collect()
    }
}

impl Chrome {
    /// The first letter of the person's name, for the round picture.
    pub fn initial(&self) -> String {
        self.person.chars().next().unwrap_or('·').to_uppercase().collect()
    }
}

/// The answer of a view.
///
/// # Errors
/// [`Failure::Internal`] when its template cannot be written.
pub fn html(view: &impl Template) -> Result<Response, Failure> {
    Ok(Html(view.render()?).into_response())
}

/// Path and query of an address without the choice of a language.
pub fn address_of(uri: &axum::http::Uri) -> String {
    let pairs =
        uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lang="));
    let query = pairs.collect::<Vec<_>>().join("&");
    if query.is_empty() { uri.path().to_owned() } else { format!("{}?{query}", uri.path()) }
}

/// Where to go after signing in: only ever a path of ours.
pub fn safe_path(next: &str) -> &str {
    let plain = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n', '\t']);
    if plain && next.len() <= 2_000 { next } else { "/" }
}

/// The address of the page for signing in, which leads back.
pub fn sign_in_url(next: &str) -> String {
    if next == "/" { "/sign-in".to_owned() } else { form::url("/sign-in", [("next", next)]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_gone_to() {
        // asked for, gone to
        let table = [
            ("/payments/pay_1?a=b", "/payments/pay_1?a=b"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
            ("/\t/evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("", "/"),
        ];
        for (next, gone) in table {
            assert_eq!(safe_path(next), gone, "{next:?}");
        }
    }

    #[test]
    fn an_address_is_kept_without_its_language() {
        for (uri, kept) in
            [("/?lang=ja", "/"), ("/a?b=1&lang=vi&c=2", "/a?b=1&c=2"), ("/a", "/a"), ("/a?slang=1", "/a?slang=1")]
        {
            assert_eq!(address_of(&uri.parse().unwrap()), kept);
        }
    }
}
