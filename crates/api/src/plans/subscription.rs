//! The subscription of an account.

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::members::Capability;
use engine::plans::{self, Changed, Changing, Paid, Payer, Subscribed, Subscribing, Thought, When};
use engine::settings::{Language, Method};
use engine::topups::Consented;
use http::StatusCode;
use ledger::Unit;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::view::{InstalmentAnswer, InstalmentList, PreviewAnswer, SubscribedAnswer, SubscriptionAnswer, when_name};
use crate::access::Needs;
use crate::auth::Caller;
use crate::problem::{Problem, ProblemBody};
use crate::reply;
use crate::request::{IdempotencyKey, Json, Params, PathId};
use crate::spec::KeyHeader;
use crate::topups::{ConsentBody, TopupAnswer};

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(get).needs(Capability::TopupRead))
        .routes(routes!(subscribe).needs(Capability::TopupWrite))
        .routes(routes!(change).needs(Capability::TopupWrite))
        .routes(routes!(pay).needs(Capability::TopupWrite))
        .routes(routes!(cancel).needs(Capability::TopupWrite))
        .routes(routes!(undo).needs(Capability::TopupWrite))
        .routes(routes!(preview).needs(Capability::TopupRead))
        .routes(routes!(instalments).needs(Capability::TopupRead))
}

fn methods() -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Method::ALL.map(Method::name))).build()
}

fn whens() -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["now", "term_end"])).build()
}

/// How what is due now is paid, and what the payer agreed to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PayerBody {
    /// `saved_card` is charged at once; the others open a page.
    #[schema(schema_with = methods)]
    method: Method,
    /// What the payer agreed to: the `terms` of the preview.
    consent: ConsentBody,
    /// The language of pages, letters and documents: `en`, `ja` or `vi`.
    #[serde(default)]
    #[schema(value_type = String, example = "vi")]
    language: Language,
    /// Where the payer's browser goes in the end.
    #[schema(example = "https://app.example.com/plans")]
    return_url: Option<String>,
    /// Keep a card that is given on Stripe's page, so that renewals can be charged.
    #[serde(default = "yes")]
    save_card: bool,
}

const fn yes() -> bool {
    true
}

impl PayerBody {
    fn payer(&self, caller: &Caller) -> Payer<'_> {
        Payer {
            method: self.method,
            consent: Consented {
                text_sha256: &self.consent.text_sha256,
                ip: caller.payer_address(self.consent.ip),
                user_agent: &self.consent.user_agent,
            },
            language: self.language,
            return_url: self.return_url.as_deref(),
            save_card: self.save_card,
        }
    }
}

/// Which plan, and how it is paid.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SubscribeBody {
    /// The plan.
    #[schema(example = "SUB_PRO")]
    plan: String,
    /// How its terms are paid: `all_upfront`, `partial_upfront` or `postpaid`; the plan's usual way when left out.
    option: Option<String>,
    /// In which currency; the first that the method charges and the plan has a price in when left out.
    #[schema(value_type = Option<String>, example = "USD")]
    currency: Option<Unit>,
    /// How what is due now is paid.
    payer: PayerBody,
}

/// Which plan instead.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeBody {
    /// The plan.
    #[schema(example = "SUB_MAX")]
    plan: String,
    /// How its terms are paid; as before when left out.
    option: Option<String>,
    /// `now`, for the difference, or `term_end`; now when that is possible when left out.
    #[schema(schema_with = whens)]
    when: Option<String>,
    /// How what is due now is paid; needed when something is.
    payer: Option<PayerBody>,
}

fn read_when(when: Option<&str>) -> Result<Option<When>, Problem> {
    match when {
        None => Ok(None),
        Some("now") => Ok(Some(When::Now)),
        Some("term_end") => Ok(Some(When::TermEnd)),
        Some(_) => Err(Problem::field("when", "must be now or term_end")),
    }
}

async fn answer(engine: &Engine, account_id: &str) -> Result<SubscriptionAnswer, Problem> {
    let (subscription, plan) = plans::subscription(engine, account_id).await?;
    SubscriptionAnswer::of(subscription, plan)
}

async fn with_payment(
    engine: &Engine,
    account_id: &str,
    paid: Option<Paid>,
    when: Option<When>,
) -> Result<SubscribedAnswer, Problem> {
    let unit = engine.accounts().locate(account_id).await?.unit;
    let payment = paid.map(|paid| TopupAnswer::of(paid.payment, unit, paid.next)).transpose()?;
    let subscription = answer(engine, account_id).await?;
    Ok(SubscribedAnswer { subscription, when: when.map(when_name), payment })
}

/// Get the subscription of an account
///
/// The one that has not expired, else the one that began last.
#[utoipa::path(get, path = "/v1/accounts/{id}/subscription", operation_id = "get_subscription", tag = "plans",
    params(("id" = String, Path)),
    responses((status = 200, body = SubscriptionAnswer, description = "The subscription as it stands")))]
async fn get(State(engine): State<Engine>, caller: Caller, PathId(id): PathId) -> Result<Response, Problem> {
    reply::json(StatusCode::OK, &answer(&engine, caller.account(Some(&id))?).await?)
}

/// Subscribe to a plan
///
/// What is due now is charged to the saved cards, or paid on a gateway's page; the first period begins with the money, never
/// with this answer. An account has one plan at a time.
#[utoipa::path(post, path = "/v1/accounts/{id}/subscription", operation_id = "subscribe", tag = "plans",
    params(("id" = String, Path), KeyHeader), request_body = SubscribeBody,
    responses((status = 201, body = SubscribedAnswer, description = "Subscribed, now or before with the same key"),
        (status = 402, description = "`payment_failed`: no saved card could be charged", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "`subscription_exists`, `plan_retired`, `no_saved_card`, `profile_missing`, \
            `payment_status_unknown`, `dispute_open`, `account_closed`, or why the method does not work now",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_attempts`, `daily_limit_reached`", body = ProblemBody,
            content_type = "application/problem+json")))]
async fn subscribe(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    key: IdempotencyKey,
    Json(body): Json<SubscribeBody>,
) -> Result<Response, Problem> {
    let account_id = caller.account(Some(&id))?;
    let wanted = Subscribing {
        account_id,
        plan_id: &body.plan,
        option: body.option.as_deref(),
        currency: body.currency,
        payer: body.payer.payer(&caller),
    };
    let Subscribed { paid, replayed, .. } = plans::subscribe(&engine, &caller.call(Some(key)), wanted).await?;
    let answer = with_payment(&engine, account_id, paid, None).await?;
    reply::repeatable(StatusCode::CREATED, &answer, replayed)
}

/// Change the plan
///
/// A plan that costs more begins at once for the difference of what is left of the period, with its money; a cheaper one,
/// or another way of paying, follows when the term ends and can be undone until then.
#[utoipa::path(post, path = "/v1/accounts/{id}/subscription/change", operation_id = "change_subscription", tag = "plans",
    params(("id" = String, Path), KeyHeader), request_body = ChangeBody,
    responses((status = 200, body = SubscribedAnswer, description = "Changed, or written down for the end of the term"),
        (status = 402, description = "`payment_failed`: no saved card could be charged", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "`no_change`, `payment_due`, `downgrade_at_term_end`, `plan_not_comparable`, \
            `period_ends_soon`, `payment_in_progress`, and as for subscribing", body = ProblemBody,
            content_type = "application/problem+json")))]
async fn change(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    key: IdempotencyKey,
    Json(body): Json<ChangeBody>,
) -> Result<Response, Problem> {
    let account_id = caller.account(Some(&id))?;
    let wanted = Changing {
        account_id,
        plan_id: &body.plan,
        option: body.option.as_deref(),
        when: read_when(body.when.as_deref())?,
        payer: body.payer.as_ref().map(|payer| payer.payer(&caller)),
    };
    let Changed { when, paid, .. } = plans::change(&engine, &caller.call(Some(key)), wanted).await?;
    let replayed = paid.as_ref().is_some_and(|paid| paid.replayed);
    let answer = with_payment(&engine, account_id, paid, Some(when)).await?;
    reply::repeatable(StatusCode::OK, &answer, replayed)
}

/// Pay what is due
///
/// The first instalment that is due: after a decline, with another card or on a page, or what is still owed.
#[utoipa::path(post, path = "/v1/accounts/{id}/subscription/pay", operation_id = "pay_subscription", tag = "plans",
    params(("id" = String, Path), KeyHeader), request_body = PayerBody,
    responses((status = 201, body = SubscribedAnswer, description = "Begun, now or before with the same key"),
        (status = 402, description = "`payment_failed`: no saved card could be charged", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "`nothing_due`, `payment_in_progress`, and as for subscribing", body = ProblemBody,
            content_type = "application/problem+json")))]
async fn pay(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    key: IdempotencyKey,
    Json(body): Json<PayerBody>,
) -> Result<Response, Problem> {
    let account_id = caller.account(Some(&id))?;
    let paid = plans::pay(&engine, &caller.call(Some(key)), account_id, body.payer(&caller)).await?;
    let replayed = paid.replayed;
    let answer = with_payment(&engine, account_id, Some(paid), None).await?;
    reply::repeatable(StatusCode::CREATED, &answer, replayed)
}

/// Cancel the subscription
///
/// It ends with the term that is running; one that waits for money ends at once. Again changes nothing.
#[utoipa::path(post, path = "/v1/accounts/{id}/subscription/cancel", operation_id = "cancel_subscription", tag = "plans",
    params(("id" = String, Path)),
    responses((status = 200, body = SubscriptionAnswer, description = "The subscription as it stands")))]
async fn cancel(State(engine): State<Engine>, caller: Caller, PathId(id): PathId) -> Result<Response, Problem> {
    let account_id = caller.account(Some(&id))?;
    plans::cancel(&engine, account_id).await?;
    reply::json(StatusCode::OK, &answer(&engine, account_id).await?)
}

/// Undo what was to happen when the term ends
///
/// A cancellation or a change that was written down. Again changes nothing.
#[utoipa::path(post, path = "/v1/accounts/{id}/subscription/undo", operation_id = "undo_subscription_change",
    tag = "plans", params(("id" = String, Path)),
    responses((status = 200, body = SubscriptionAnswer, description = "The subscription as it stands")))]
async fn undo(State(engine): State<Engine>, caller: Caller, PathId(id): PathId) -> Result<Response, Problem> {
    let account_id = caller.account(Some(&id))?;
    plans::undo(&engine, account_id).await?;
    reply::json(StatusCode::OK, &answer(&engine, account_id).await?)
}

/// See what a plan would mean
///
/// What is paid now and later, until when, and the text to agree to: of subscribing to a plan, of changing to one, or,
/// without a plan, of going on.
#[utoipa::path(get, path = "/v1/accounts/{id}/subscription/preview", operation_id = "preview_subscription",
    tag = "plans",
    params(("id" = String, Path),
        ("plan" = Option<String>, Query, description = "The plan", example = "SUB_PRO"),
        ("option" = Option<String>, Query, description = "How its terms are paid"),
        ("method" = Option<String>, Query, description = "By what; `saved_card` when left out"),
        ("currency" = Option<String>, Query, description = "In which currency", example = "USD"),
        ("when" = Option<String>, Query, description = "`now` or `term_end`, of a change"),
        ("language" = Option<String>, Query, description = "Of the text: `en`, `ja` or `vi`")),
    responses((status = 200, body = PreviewAnswer, description = "What it would mean")))]
async fn preview(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&["plan", "option", "method", "currency", "when", "language"])?;
    let read = |name: &'static str, known: bool| match known {
        true => Ok(()),
        false => Err(Problem::field(name, "is not a known value")),
    };
    let method = params.one("method")?.map(Method::parse);
    read("method", method != Some(None))?;
    let language = params.one("language")?.map(Language::parse);
    read("language", language != Some(None))?;
    let currency = params.one("currency")?.map(Unit::parse);
    read("currency", currency != Some(None))?;
    let thought = Thought {
        account_id: caller.account(Some(&id))?,
        plan_id: params.one("plan")?,
        option: params.one("option")?,
        currency: currency.flatten(),
        method: method.flatten().unwrap_or(Method::SavedCard),
        when: read_when(params.one("when")?)?,
        language: language.flatten().unwrap_or_default(),
    };
    reply::json(StatusCode::OK, &PreviewAnswer::of(plans::preview(&engine, thought).await?)?)
}

/// List instalments
///
/// What was, is and will be due of the account's last subscription.
#[utoipa::path(get, path = "/v1/accounts/{id}/instalments", operation_id = "list_instalments", tag = "plans",
    params(("id" = String, Path)),
    responses((status = 200, body = InstalmentList, description = "In the order in which they fall due")))]
async fn instalments(State(engine): State<Engine>, caller: Caller, PathId(id): PathId) -> Result<Response, Problem> {
    let found = plans::list_instalments(&engine, caller.account(Some(&id))?).await?;
    let data = found.into_iter().map(InstalmentAnswer::of).collect::<Result<_, _>>()?;
    reply::json(StatusCode::OK, &InstalmentList { data })
}
