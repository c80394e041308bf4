//! Settings: who is billed, in which language and zone a person reads, how the person signs in.

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use documents::{Language, Locale};
use engine::billing::{self, StoredProfile};
use engine::members::{self, Capability, MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, PersonChange};
use engine::settings::Secret;
use jiff::tz::TimeZoneDatabase;
use ledger::Amount;

use super::add_credit::summary;
use super::billing::country_names;
use crate::Portal;
use crate::components::{Alert, Choice, Control, Field, Icon, Mistake, MoneyText, Summary, Tone};
use crate::failure::Failure;
use crate::form::{Fields, Posted};
use crate::language;
use crate::page::{Page, Place, html, sign_in_url};
use crate::session::Visitor;
use crate::show::Show;
use crate::words::stored;

/// Where the zones of people are: the others are old names and technical ones.
const REGIONS: [&str; 10] = [
    "Africa/",
    "America/",
    "Antarctica/",
    "Arctic/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
];

pub fn routes() -> Router<Portal> {
    Router::new()
        .route("/settings", get(show))
        .route("/settings/display", post(save_display))
        .route("/settings/password", post(save_password))
        .route("/settings/sessions", post(end_others))
}

#[derive(Template)]
#[template(path = "screens/settings.html")]
struct View {
    page: Page,
    saved: Option<Alert>,
    summary: Summary,
    billing: Vec<(String, String)>,
    may_bill: bool,
    language: Field,
    zone: Field,
    sample: (MoneyText, String),
    email: String,
    password: Field,
    has_password: bool,
    sessions: Vec<SessionLine>,
}

/// A session in the list.
struct SessionLine {
    browser: String,
    seen: String,
    is_this: bool,
}

/// `GET /settings`.
async fn show(visitor: Visitor, fields: Fields) -> Result<Response, Failure> {
    let saved = match fields.text("saved") {
        "billing" | "display" | "password" | "sessions" => {
            Some((Tone::Good, format!("portal-saved-{}", fields.text("saved"))))
        }
        "billing-doubt" => Some((Tone::Warn, "portal-saved-billing-doubt".to_owned())),
        _ => None,
    };
    let saved = saved.map(|(tone, key)| Alert::new(tone, visitor.t(&key), "").live());
    html(&view(&visitor, saved, &[]).await?)
}

/// `POST /settings/display`: language and zone of the person.
async fn save_display(posted: Posted<Visitor>) -> Result<Response, Failure> {
    let Posted { by: visitor, fields } = posted;
    let language = Language::parse(fields.text("language")).ok_or(Failure::Unreadable)?;
    let zone = fields.given("zone").map(str::to_owned);
    if zone.as_deref().is_some_and(|zone| Locale::new(language, zone).is_err()) {
        return Err(Failure::Unreadable);
    }
    let change = PersonChange { name: None, language: Some(stored(language)), time_zone: Some(zone) };
    members::change_person(visitor.engine(), &visitor.call(), &visitor.session.person.id, change).await?;
    let secure = visitor.engine().settings().public_url.starts_with("https://");
    let mut response = Redirect::to("/settings?saved=display").into_response();
    // What was chosen for this browser before would hide the change.
    let cookie = language::remembered(language, secure);
    response.headers_mut().extend(cookie.map(|cookie| (axum::http::header::SET_COOKIE, cookie)));
    Ok(response)
}

/// `POST /settings/password`: sets a password; every other session ends.
async fn save_password(posted: Posted<Visitor>) -> Result<Response, Failure> {
    let Posted { by: visitor, fields } = posted;
    let password = Secret::new(fields.raw("password"));
    let set = members::set_password(visitor.engine(), &visitor.session, &password, &visitor.origin).await;
    let text = match set {
        Ok(()) => return Ok(Redirect::to("/settings?saved=password").into_response()),
        Err(engine::Error::Denied { code: "reauthentication_required", .. }) => {
            return Ok(Redirect::to(&sign_in_url("/settings")).into_response());
        }
        Err(engine::Error::Invalid { .. } | engine::Error::Denied { .. }) => visitor.t("portal-password-refused"),
        Err(error) => return Err(error.into()),
    };
    let mistakes = [Mistake { field: "password".to_owned(), text }];
    let page = html(&view(&visitor, None, &mistakes).await?)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// `POST /settings/sessions`: ends every other session.
async fn end_others(posted: Posted<Visitor>) -> Result<Response, Failure> {
    let visitor = posted.by;
    let (person, this) = (&visitor.session.person.id, Some(visitor.session.id.as_str()));
    members::end_sessions(visitor.engine(), &visitor.call(), person, this).await?;
    Ok(Redirect::to("/settings?saved=sessions").into_response())
}

async fn view(visitor: &Visitor, saved: Option<Alert>, mistakes: &[Mistake]) -> Result<View, Failure> {
    let profile = billing::profile(visitor.engine(), &visitor.account.id).await?;
    let person = &visitor.session.person;
    let sessions = members::sessions(visitor.engine(), &person.id).await?;
    let sessions = sessions.into_iter().map(|session| SessionLine {
        browser: session.user_agent.as_deref().map(browser).unwrap_or_else(|| visitor.t("portal-browser-unknown")),
        seen: visitor.show.date_time(session.seen_at),
        is_this: session.id == visitor.session.id,
    });
    let least = MIN_PASSWORD_CHARS.to_string();
    Ok(View {
        page: visitor.page(Place::Settings, visitor.t("portal-nav-settings")),
        saved,
        summary: summary(visitor.words, mistakes),
        billing: profile.as_ref().map(|profile| billed(visitor, profile)).unwrap_or_default(),
        may_bill: visitor.may(Capability::BillingWrite),
        language: language_field(visitor),
        zone: zone_field(visitor),
        sample: sample(visitor),
        email: person.email.clone(),
        password: Field::new("password", visitor.t("portal-password-new"), Control::Line("password"))
            .hint(visitor.words.with("portal-password-hint", &[("least", &least)]))
            .autocomplete("new-password")
            .max_chars(MAX_PASSWORD_CHARS)
            .checked(mistakes),
        has_password: person.has_password,
        sessions: sessions.collect(),
    })
}

/// Who is billed, masked where it is a person's.
fn billed(visitor: &Visitor, stored: &StoredProfile) -> Vec<(String, String)> {
    let profile = &stored.profile;
    let country = country_names(visitor.words.language).find(|(country, _)| *country == profile.country);
    let address: Vec<String> = profile.address.parts(profile.country).map(|(_, text)| text.to_owned()).collect();
    let lines = [
        ("portal-addressee", Some(profile.name.clone())),
        ("portal-address", Some(visitor.words.list(&address))),
        ("portal-country", country.map(|(_, name)| name.to_owned())),
        ("portal-tax-code", profile.tax_code.as_ref().map(|code| code.masked())),
        ("portal-recipient-email", Some(profile.recipient_email.clone())),
        ("portal-currency", Some(visitor.account.unit.code().to_owned())),
    ];
    lines.into_iter().filter_map(|(key, text)| Some((visitor.t(key), text?))).collect()
}

fn language_field(visitor: &Visitor) -> Field {
    let names = [(Language::En, "English"), (Language::Ja, "日本語"), (Language::Vi, "Tiếng Việt")];
    let choices = names.map(|(language, name)| Choice::new(language.code(), name)).into();
    Field::new("language", visitor.t("portal-language"), Control::Select(choices)).value(visitor.words.language.code())
}

fn zone_field(visitor: &Visitor) -> Field {
    let site = visitor.engine().settings().sites.get(&visitor.account.site);
    let usual = site.map(|site| site.time_zone.as_str()).unwrap_or("UTC");
    let usual = Choice::new("", visitor.words.with("portal-zone-usual", &[("zone", usual)]));
    let bundled = TimeZoneDatabase::bundled();
    let mut zones: Vec<String> = bundled.available().map(|name| name.to_string()).collect();
    zones.retain(|zone| REGIONS.iter().any(|region| zone.starts_with(region)));
    zones.sort();
    let choices = zones.into_iter().map(|zone| Choice::new(zone.clone(), zone.replace('_', " ")));
    let control = Control::Select([usual].into_iter().chain(choices).collect());
    let value = visitor.session.person.time_zone.clone().unwrap_or_default();
    Field::new("zone", visitor.t("portal-zone"), control).value(value).optional("")
}

/// How money and times look with these settings.
fn sample(visitor: &Visitor) -> (MoneyText, String) {
    let show: &Show = &visitor.show;
    let unit = visitor.account.unit;
    let amount = unit.parse_amount("1234567").unwrap_or(Amount::ZERO);
    (show.money(amount, unit), show.date_time(visitor.now))
}

/// A browser and a system by the words that they put into their name; never the whole of it.
fn browser(user_agent: &str) -> String {
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(sign, _)| user_agent.contains(sign)).map(|(_, name)| *name).unwrap_or_default()
    };
    let browser = find(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    let known: Vec<&str> = [browser, system].into_iter().filter(|name| !name.is_empty()).collect();
    if known.is_empty() { "–".to_owned() } else { known.join(" · ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_shortly() {
        // what it says, what is shown
        let table = [
            ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/148.0 Safari/537.36", "Chrome · Linux"),
            ("Mozilla/5.0 (Windows NT 10.0) Chrome/148.0 Safari/537.36 Edg/148.0", "Edge · Windows"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari · iPhone"),
            ("curl/8", "–"),
        ];
        for (said, shown) in table {
            assert_eq!(browser(said), shown);
        }
    }
}
