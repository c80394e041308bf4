//! Choosing an amount and a method. The same page in a dialog, by itself, and again with what is wrong.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use engine::billing::{self, MethodOption, QuoteRequest, TopupOptions};
use engine::members::Capability;
use engine::settings::{Method, Pack};
use engine::topups;
use ledger::{Amount, Unit};

use super::draft::{self, Draft, OWN};
use super::summary;
use crate::components::{Alert, Icon, Link, Mistake, MoneyText, Summary, Tone};
use crate::failure::Failure;
use crate::form::{self, Fields, Posted};
use crate::look;
use crate::page::{Page, Place, html};
use crate::screens::payments::fields::takes_cards;
use crate::session::Visitor;
use crate::show::Show;

#[derive(Template)]
#[template(path = "screens/add_credit.html")]
struct View {
    page: Page,
    alerts: Vec<Alert>,
    summary: Summary,
    amounts: Vec<AmountChoice>,
    /// The field for an amount of one's own, where amounts are free.
    own: Option<Own>,
    amount_error: Option<String>,
    echo: Option<(MoneyText, String)>,
    methods: Vec<MethodChoice>,
    method_error: Option<String>,
    /// Nothing can be bought: whom to ask.
    nothing: Option<Alert>,
}

/// An amount to pick.
struct AmountChoice {
    value: String,
    money: MoneyText,
    /// What a pack costs.
    price: Option<String>,
    chosen: bool,
}

/// The field for an amount of one's own.
struct Own {
    chosen: bool,
    typed: String,
    unit: &'static str,
    hint: String,
}

/// A method to pick.
struct MethodChoice {
    value: String,
    name: String,
    about: String,
    currency: &'static str,
    rate: Option<String>,
    /// Why it cannot be used now.
    off: Option<String>,
    chosen: bool,
}

/// `GET /add-credit`.
pub async fn show(visitor: Visitor, fields: Fields) -> Result<Response, Failure> {
    visitor.must(Capability::TopupWrite)?;
    let options = billing::topup_options(visitor.engine(), &visitor.account.id).await?;
    if !options.has_profile {
        return Ok(Redirect::to(&form::url("/billing", [("next", "/add-credit")])).into_response());
    }
    html(&view(&visitor, &options, Draft::read(&fields), &[]).await?)
}

/// `POST /add-credit`: makes the quote, then shows it.
pub async fn take(posted: Posted<Visitor>) -> Result<Response, Failure> {
    let (visitor, draft) = (posted.by, Draft::read(&posted.fields));
    visitor.must(Capability::TopupWrite)?;
    let options = billing::topup_options(visitor.engine(), &visitor.account.id).await?;
    let mut mistakes = Vec::new();
    let mut note = |field: &str, text: String| mistakes.push(Mistake { field: field.to_owned(), text });
    let bounds = options.bounds.as_ref();
    let amount = draft.amount(&visitor);
    let field = if draft.choice == OWN { "amount" } else { "choice" };
    match (&amount, bounds) {
        (Err(error), _) => note(field, draft::told(&visitor, error, bounds)),
        (Ok(amount), Some(bounds)) if draft.choice == OWN => {
            draft::out_of_bounds(&visitor, *amount, bounds).into_iter().for_each(|text| note(field, text));
        }
        _ => {}
    }
    if draft.method().is_none() {
        note("method", visitor.t("portal-method-missing"));
    }
    if let (Ok(amount), Some((method, currency)), true) = (amount, draft.method(), mistakes.is_empty()) {
        let plain = visitor.account.unit.format_amount(amount);
        let request = QuoteRequest { amount: &plain, method, currency: Some(currency) };
        match billing::quote(visitor.engine(), &visitor.account.id, request).await {
            Ok(quote) => {
                let review = form::url("/add-credit/review", [("quote", quote.id.as_str())]);
                return Ok(Redirect::to(&review).into_response());
            }
            Err(error) => mistakes.push(refused(&visitor, field, error)?),
        }
    }
    let page = html(&view(&visitor, &options, draft, &mistakes).await?)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// Why there is no quote, beside the field that has to change.
fn refused(visitor: &Visitor, amount_field: &str, error: engine::Error) -> Result<Mistake, Failure> {
    let (field, key) = match &error {
        engine::Error::Invalid { param, .. } if param == "amount" => (amount_field, "portal-amount-unpayable"),
        engine::Error::Invalid { .. } => ("method", "portal-method-other"),
        engine::Error::Conflict { code: "too_many_quotes", .. } => (amount_field, "portal-too-many-quotes"),
        engine::Error::Conflict { code, .. } => ("method", method_off(code)),
        _ => return Err(error.into()),
    };
    Ok(Mistake { field: field.to_owned(), text: visitor.t(key) })
}

/// Why a method cannot be used now, by the engine's code.
fn method_off(code: &str) -> &'static str {
    match code {
        "account_closed" => "portal-alert-closed-text",
        "kill_switch" => "portal-method-off-switch",
        "rate_missing" | "rate_stale" => "portal-method-off-rate",
        _ => "portal-method-off-gateway",
    }
}

async fn view(visitor: &Visitor, options: &TopupOptions, draft: Draft, mistakes: &[Mistake]) -> Result<View, Failure> {
    let draft = with_defaults(visitor, options, draft);
    let amount = draft.amount(visitor).ok();
    let of = |field: &str| mistakes.iter().find(|mistake| mistake.field == field).map(|mistake| mistake.text.clone());
    let methods: Vec<_> = offered(options).map(|option| method_choice(visitor, option, &draft)).collect();
    let is_on = methods.iter().any(|method| method.off.is_none());
    let title = visitor.t("portal-add-credit");
    Ok(View {
        page: visitor.page(Place::None, title).narrow(),
        alerts: alerts(visitor).await?,
        summary: summary(visitor.words, mistakes),
        amounts: amount_choices(visitor, options, &draft),
        own: own(visitor, options, &draft),
        amount_error: of("amount").or_else(|| of("choice")),
        echo: amount.map(|amount| echo(visitor, amount)),
        methods,
        method_error: of("method"),
        nothing: (!is_on).then(|| nothing(visitor)),
    })
}

/// The first amount and the first method that works, until others are chosen.
fn with_defaults(visitor: &Visitor, options: &TopupOptions, mut draft: Draft) -> Draft {
    let unit = options.account.unit;
    if draft.choice.is_empty() && draft.typed.is_empty() {
        let suggested = options.bounds.iter().flat_map(|bounds| bounds.suggested.iter().copied());
        let first = suggested.chain(options.packs.iter().filter_map(Pack::amount)).next();
        draft.choice = first.map(|amount| unit.format_amount(amount)).unwrap_or_default();
    }
    // An amount that is not on the list was typed, whatever the address says.
    if draft.choice != OWN && options.bounds.is_some() && !is_listed(options, &draft.choice) {
        draft.typed = if draft.typed.is_empty() { draft.choice } else { draft.typed };
        draft.choice = OWN.to_owned();
    }
    if draft.method.is_empty() {
        let first = offered(options).find(|option| off(visitor, option).is_none());
        draft.method = first.map(value).unwrap_or_default();
    }
    draft
}

fn is_listed(options: &TopupOptions, plain: &str) -> bool {
    let unit = options.account.unit;
    let suggested = options.bounds.iter().flat_map(|bounds| bounds.suggested.iter().copied());
    suggested.chain(options.packs.iter().filter_map(Pack::amount)).any(|amount| unit.format_amount(amount) == plain)
}

/// What can be chosen here: a saved card is charged elsewhere, without a page.
fn offered(options: &TopupOptions) -> impl Iterator<Item = &MethodOption> {
    options.methods.iter().filter(|option| option.method != Method::SavedCard)
}

fn value(option: &MethodOption) -> String {
    format!("{}:{}", option.method.name(), option.currency.code())
}

fn amount_choices(visitor: &Visitor, options: &TopupOptions, draft: &Draft) -> Vec<AmountChoice> {
    let unit = options.account.unit;
    let choice = |amount: Amount, price: Option<String>| {
        let value = unit.format_amount(amount);
        AmountChoice { chosen: draft.choice == value, money: visitor.show.money(amount, unit), price, value }
    };
    let suggested = options.bounds.iter().flat_map(|bounds| bounds.suggested.iter().copied());
    let packs = options.packs.iter().filter_map(|pack| Some((pack.amount()?, prices(visitor, options, pack))));
    let packs = packs.map(|(amount, price)| choice(amount, Some(price)));
    suggested.map(|amount| choice(amount, None)).chain(packs).collect()
}

/// What a pack costs, in each currency that can be chosen.
fn prices(visitor: &Visitor, options: &TopupOptions, pack: &Pack) -> String {
    let mut currencies: Vec<Unit> = offered(options).map(|option| option.currency).collect();
    currencies.sort_by_key(|currency| currency.code());
    currencies.dedup();
    let written = |currency: Unit| Some(visitor.show.in_sentence(pack.price(currency)?, currency));
    currencies.into_iter().filter_map(written).collect::<Vec<_>>().join(" / ")
}

fn own(visitor: &Visitor, options: &TopupOptions, draft: &Draft) -> Option<Own> {
    let (bounds, unit) = (options.bounds.as_ref()?, options.account.unit);
    let [least, most] = [bounds.minimum, bounds.maximum].map(|amount| visitor.show.in_sentence(amount, unit));
    Some(Own {
        chosen: draft.choice == OWN,
        typed: draft.typed.clone(),
        unit: unit.code(),
        hint: visitor.words.with("portal-amount-bounds", &[("least", &least), ("most", &most)]),
    })
}

/// The amount as it was understood: in figures and in words.
fn echo(visitor: &Visitor, amount: Amount) -> (MoneyText, String) {
    let unit = visitor.account.unit;
    (visitor.show.exact(amount, unit), visitor.show.in_words(amount, unit).unwrap_or_default())
}

fn method_choice(visitor: &Visitor, option: &MethodOption, draft: &Draft) -> MethodChoice {
    let name = option.method.name();
    MethodChoice {
        value: value(option),
        name: visitor.t(&format!("portal-method-{name}")),
        about: visitor.t(&format!("portal-method-{name}-about")),
        currency: option.currency.code(),
        rate: option.rate.as_ref().map(|record| rate_text(visitor, &visitor.show, &record.dated)),
        off: off(visitor, option).map(|key| visitor.t(key)),
        chosen: draft.method == value(option),
    }
}

/// Why a method cannot be used now, if it cannot.
fn off(visitor: &Visitor, option: &MethodOption) -> Option<&'static str> {
    let no_page = option.method == Method::Stripe && !takes_cards(visitor.engine().settings());
    match option.unavailable {
        Some(unavailable) => Some(method_off(unavailable.code())),
        None => no_page.then_some("portal-method-off-gateway"),
    }
}

/// An exchange rate with its source and its date.
pub fn rate_text(visitor: &Visitor, show: &Show, dated: &billing::DatedRate) -> String {
    let rate = visitor.words.language.decimal(&dated.rate.rate.to_string());
    visitor.words.with(
        "portal-rate",
        &[
            ("base", dated.rate.base.code()),
            ("rate", &rate),
            ("quote", dated.rate.quote.code()),
            ("source", &dated.source),
            ("date", &show.date(dated.dated_at)),
        ],
    )
}

/// Another payment may have taken money: that is said before a second one is begun.
async fn alerts(visitor: &Visitor) -> Result<Vec<Alert>, Failure> {
    let unsettled = topups::unsettled(visitor.engine(), &visitor.account.id).await?;
    let doubtful = unsettled.iter().find(|payment| payment.state.blocks_charges());
    let alert = |payment: &topups::Payment| {
        Alert::new(Tone::Warn, visitor.t("portal-earlier-open"), visitor.t("portal-earlier-open-text"))
            .with(Link::to(format!("/payments/{}", payment.id), visitor.t("portal-payment-open")))
    };
    Ok(doubtful.map(alert).into_iter().collect())
}

fn nothing(visitor: &Visitor) -> Alert {
    let alert = Alert::new(Tone::Warn, visitor.t("portal-no-method"), visitor.t("portal-no-method-text"));
    match look::help(visitor.engine().settings(), visitor.words) {
        Some(help) => alert.with(help),
        None => alert,
    }
}
