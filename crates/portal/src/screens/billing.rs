//! Billing information: who is billed, asked for once, before the first purchase.
//!
//! The fields are those of the country and of the kind of payer; a change of either shows others (a button does it where
//! scripts do not run). What was typed stays, whatever is wrong with it. Saved, it goes straight on to where it was asked
//! for. Deliberately absent: a choice of the currency, which was made when the account was opened.

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use documents::Language;
use engine::billing::{
    self, AddressDraft, AddressField, Country, MAX_ADDRESS_CHARS, PayerKind, ProfileDraft, StoredProfile,
};
use engine::members::Capability;

use super::add_credit::summary;
use crate::Portal;
use crate::components::{Alert, Choice, Control, Field, Icon, Mistake, Summary, Tone};
use crate::failure::Failure;
use crate::form::{Fields, Posted};
use crate::page::{Page, Place, html, safe_path};
use crate::session::Visitor;
use crate::words::stored;

/// Longest name, in characters.
const MAX_NAME_CHARS: usize = 200;

pub fn routes() -> Router<Portal> {
    Router::new().route("/billing", get(show).post(save))
}

#[derive(Template)]
#[template(path = "screens/billing.html")]
struct View {
    page: Page,
    alert: Option<Alert>,
    summary: Summary,
    fields: Vec<Field>,
    unit: String,
    version: i64,
    next: String,
    button: String,
    is_first: bool,
}

/// What was filled in, as texts.
struct Draft {
    kind: PayerKind,
    country: Option<Country>,
    version: i64,
    next: String,
    fields: Fields,
}

/// `GET /billing?next=…`.
async fn show(visitor: Visitor, fields: Fields) -> Result<Response, Failure> {
    visitor.must(Capability::BillingWrite)?;
    let profile = billing::profile(visitor.engine(), &visitor.account.id).await?;
    let next = safe_path(fields.text("next")).to_owned();
    let draft = match &profile {
        Some(stored) => Draft::of(stored, next),
        None => Draft::first(&visitor, next),
    };
    html(&view(&visitor, &draft, None, &[]))
}

/// `POST /billing`: saves, or shows the fields of another country.
async fn save(posted: Posted<Visitor>) -> Result<Response, Failure> {
    let Posted { by: visitor, fields } = posted;
    visitor.must(Capability::BillingWrite)?;
    let refreshes = fields.has("refresh");
    let draft = Draft::read(fields);
    if refreshes {
        return html(&view(&visitor, &draft, None, &[]));
    }
    let wanted = draft.profile(&visitor);
    let saved =
        billing::put_profile(visitor.engine(), &visitor.call(), &visitor.account.id, draft.version, &wanted).await;
    let (status, alert, mistakes, draft) = match saved {
        Ok(stored) => {
            let warned = stored.profile.tax_code.as_ref().is_some_and(|code| code.warning().is_some());
            return Ok(Redirect::to(&after(&draft.next, warned)).into_response());
        }
        Err(engine::Error::Fields(errors)) => {
            let mistakes = errors.iter().map(|error| mistake(&visitor, &draft, &error.param)).collect();
            (StatusCode::UNPROCESSABLE_ENTITY, None, mistakes, draft)
        }
        Err(engine::Error::Conflict { code: "profile_changed", .. }) => {
            let present = billing::profile(visitor.engine(), &visitor.account.id).await?;
            let version = present.map_or(0, |present| present.version);
            let (title, text) = (visitor.t("portal-billing-changed"), visitor.t("portal-billing-changed-text"));
            (StatusCode::CONFLICT, Some(Alert::new(Tone::Warn, title, text)), Vec::new(), Draft { version, ..draft })
        }
        Err(error) => return Err(error.into()),
    };
    let page = html(&view(&visitor, &draft, alert, &mistakes))?;
    Ok((status, page).into_response())
}

/// Where it goes on after saving.
fn after(next: &str, warned: bool) -> String {
    match (next, warned) {
        ("/", true) => "/settings?saved=billing-doubt".to_owned(),
        ("/", false) => "/settings?saved=billing".to_owned(),
        (next, _) => next.to_owned(),
    }
}

impl Draft {
    fn read(fields: Fields) -> Draft {
        Draft {
            kind: if fields.text("kind") == "company" { PayerKind::Company } else { PayerKind::Personal },
            country: Country::parse(fields.text("country")),
            version: fields.text("version").parse().unwrap_or_default(),
            next: safe_path(fields.text("next")).to_owned(),
            fields,
        }
    }

    /// Before there is a profile: what is known of the person already.
    fn first(visitor: &Visitor, next: String) -> Draft {
        let person = &visitor.session.person;
        let email = visitor.account.email.as_deref().unwrap_or(&person.email);
        let countries = countries_of(visitor);
        let country = if let [only] = countries.as_slice() { Some(*only) } else { None };
        let fields = Fields::from([("name", person.name.as_str()), ("email", email)]);
        Draft { kind: PayerKind::Personal, country, version: 0, next, fields }
    }

    fn of(stored: &StoredProfile, next: String) -> Draft {
        let profile = &stored.profile;
        let mut texts = vec![("name".to_owned(), profile.name.clone()), ("email".to_owned(), profile.email.clone())];
        if profile.recipient_email != profile.email {
            texts.push(("recipient_email".to_owned(), profile.recipient_email.clone()));
        }
        texts.extend(profile.tax_code.iter().map(|code| ("tax_code".to_owned(), code.number.clone())));
        let parts = profile.address.parts(profile.country);
        texts.extend(parts.map(|(field, text)| (format!("address.{}", field.name()), text.to_owned())));
        Draft {
            kind: profile.kind,
            country: Some(profile.country),
            version: stored.version,
            next,
            fields: Fields::of(texts),
        }
    }

    fn profile(&self, visitor: &Visitor) -> ProfileDraft {
        let given = |name: &str| self.fields.given(name).map(str::to_owned);
        let address: AddressDraft = AddressField::ALL
            .into_iter()
            .filter(|field| self.country.is_some_and(|country| in_form(country, *field)))
            .filter_map(|field| Some((field, given(&format!("address.{}", field.name()))?)))
            .collect();
        ProfileDraft {
            kind: self.kind,
            name: self.fields.text("name").to_owned(),
            email: self.fields.text("email").to_owned(),
            recipient_email: given("recipient_email"),
            language: stored(visitor.words.language),
            country: self.country.map(Country::code).unwrap_or_default().to_owned(),
            address,
            tax_code: given("tax_code"),
        }
    }
}

fn in_form(country: Country, field: AddressField) -> bool {
    billing::form(country).iter().any(|place| place.field == field)
}

/// Countries that the account's site sells to.
fn countries_of(visitor: &Visitor) -> Vec<Country> {
    let settings = visitor.engine().settings();
    Country::all().filter(|country| settings.sells_to(&visitor.account.site, *country)).collect()
}

fn view(visitor: &Visitor, draft: &Draft, alert: Option<Alert>, mistakes: &[Mistake]) -> View {
    let is_first = draft.version == 0;
    let title = visitor.t("portal-billing");
    View {
        page: visitor.page(if is_first { Place::None } else { Place::Settings }, title).narrow(),
        alert,
        summary: summary(visitor.words, mistakes),
        fields: fields(visitor, draft).into_iter().map(|field| field.checked(mistakes)).collect(),
        unit: visitor.words.with("portal-billing-unit", &[("unit", visitor.account.unit.code())]),
        version: draft.version,
        next: draft.next.clone(),
        button: visitor.t(if draft.next == "/" { "portal-save" } else { "portal-save-go-on" }),
        is_first,
    }
}

/// The fields of the payer's kind and country, in the order in which the country writes them.
fn fields(visitor: &Visitor, draft: &Draft) -> Vec<Field> {
    let optional = visitor.t("portal-optional");
    let company = draft.kind == PayerKind::Company;
    let typed = |name: &str| draft.fields.text(name).to_owned();
    let name_key = if company { "portal-company-name" } else { "portal-full-name" };
    let mut fields = vec![kind_field(visitor, draft), country_field(visitor, draft)];
    fields.push(
        Field::line("name", visitor.t(name_key))
            .value(typed("name"))
            .hint(visitor.t("portal-addressee-hint"))
            .autocomplete(if company { "organization" } else { "name" })
            .max_chars(MAX_NAME_CHARS),
    );
    for place in draft.country.map(billing::form).unwrap_or_default() {
        let name = format!("address.{}", place.field.name());
        let field = Field::line(&name, visitor.t(&label_of(draft.country, place.field)))
            .value(typed(&name))
            .autocomplete(autocomplete(place.field))
            .max_chars(MAX_ADDRESS_CHARS);
        fields.push(if place.required { field } else { field.optional(&optional) });
    }
    fields.extend(tax_field(visitor, draft, &optional));
    fields.push(
        Field::new("email", visitor.t("portal-email"), Control::Line("email"))
            .value(typed("email"))
            .autocomplete("email")
            .max_chars(254),
    );
    fields.push(
        Field::new("recipient_email", visitor.t("portal-recipient-email"), Control::Line("email"))
            .value(typed("recipient_email"))
            .hint(visitor.t("portal-recipient-email-hint"))
            .optional(&optional)
            .max_chars(254),
    );
    fields
}

fn kind_field(visitor: &Visitor, draft: &Draft) -> Field {
    let choice = |value: &str, key: &str| Choice::new(value, visitor.t(key));
    let choices = vec![choice("personal", "portal-personal"), choice("company", "portal-company")];
    let value = if draft.kind == PayerKind::Company { "company" } else { "personal" };
    Field::new("kind", visitor.t("portal-payer-kind"), Control::Radios(choices)).value(value).refreshing()
}

fn country_field(visitor: &Visitor, draft: &Draft) -> Field {
    let sold = countries_of(visitor);
    let names = country_names(visitor.words.language).filter(|(country, _)| sold.contains(country));
    let choose = Choice::new("", visitor.t("portal-choose"));
    let choices = names.map(|(country, name)| Choice::new(country.code(), name));
    let first = (sold.len() > 1).then_some(choose);
    let value = draft.country.map(Country::code).unwrap_or_default();
    Field::new("country", visitor.t("portal-country"), Control::Select(first.into_iter().chain(choices).collect()))
        .value(value)
        .autocomplete("country")
        .refreshing()
}

/// A tax code, where the country knows one for such a payer.
fn tax_field(visitor: &Visitor, draft: &Draft, optional: &str) -> Option<Field> {
    let country = draft.country?;
    let company = draft.kind == PayerKind::Company;
    let (label, hint) = match country.code() {
        "JP" if !company => return None,
        "JP" => ("portal-tax-code-jp", Some("portal-tax-code-jp-hint")),
        "VN" if company => ("portal-tax-code-vn", Some("portal-tax-code-vn-company-hint")),
        "VN" => ("portal-tax-code-vn", Some("portal-tax-code-vn-hint")),
        _ if country.is_in_eu() => ("portal-tax-code-eu", Some("portal-tax-code-eu-hint")),
        _ => ("portal-tax-code", None),
    };
    let field = Field::line("tax_code", visitor.t(label)).value(draft.fields.text("tax_code")).max_chars(40);
    let field = match hint {
        Some(hint) => field.hint(visitor.t(hint)),
        None => field,
    };
    let required = company && country.code() == "VN";
    Some(if required { field } else { field.optional(optional) })
}

/// What a field of an address is called; Japan divides places in its own way.
fn label_of(country: Option<Country>, field: AddressField) -> String {
    let name = field.name();
    let japan = country.is_some_and(|country| country.code() == "JP");
    match field {
        AddressField::City | AddressField::Street if japan => format!("portal-address-{name}-jp"),
        _ => format!("portal-address-{name}"),
    }
}

const fn autocomplete(field: AddressField) -> &'static str {
    match field {
        AddressField::PostalCode => "postal-code",
        AddressField::Prefecture | AddressField::Province | AddressField::Region => "address-level1",
        AddressField::City => "address-level2",
        AddressField::Ward => "address-level3",
        AddressField::Street | AddressField::Line1 => "address-line1",
        AddressField::Building | AddressField::Line2 => "address-line2",
    }
}

/// What is wrong with a field, by its name: missing, or not as its country has it.
fn mistake(visitor: &Visitor, draft: &Draft, param: &str) -> Mistake {
    let label = fields(visitor, draft).into_iter().find(|field| field.name == param).map(|field| field.label);
    let country = draft.country.map(Country::code).unwrap_or_default();
    let text = match param {
        _ if draft.fields.given(param).is_none() => {
            visitor.words.with("portal-missing", &[("field", label.as_deref().unwrap_or(param))])
        }
        "email" | "recipient_email" => visitor.t("portal-invalid-email"),
        "country" => visitor.t("portal-invalid-country"),
        "address.postal_code" if country == "JP" => visitor.t("portal-invalid-postal-jp"),
        "tax_code" => visitor.t(match country {
            "VN" => "portal-invalid-tax-vn",
            "JP" => "portal-invalid-tax-jp",
            _ => "portal-invalid-tax",
        }),
        _ => visitor.t("portal-invalid-line"),
    };
    Mistake { field: param.to_owned(), text }
}

/// Countries with their names, in the order of the language. Source and licence: `data/countries/README.md`.
pub fn country_names(language: Language) -> impl Iterator<Item = (Country, &'static str)> {
    let file = match language {
        Language::En => include_str!("../../data/countries/en.tsv"),
        Language::Ja => include_str!("../../data/countries/ja.tsv"),
        Language::Vi => include_str!("../../data/countries/vi.tsv"),
    };
    file.lines().filter_map(|line| {
        let (code, name) = line.split_once('\t')?;
        Some((Country::parse(code)?, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_has_a_name_in_every_language() {
        for language in Language::ALL {
            let mut codes: Vec<_> = country_names(language).map(|(country, _)| country).collect();
            codes.sort();
            assert_eq!(codes, Country::all().collect::<Vec<_>>(), "{language}");
        }
    }
}
