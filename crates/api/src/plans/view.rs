//! How subscriptions look in JSON.

use engine::plans::{self, InstalmentView, Plan, Preview, Subscription, When};
use ledger::Unit;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use super::catalogue::PlanAnswer;
use crate::fields::{Money, Time};
use crate::problem::Problem;
use crate::topups::TopupAnswer;

/// A subscription of an account.
#[derive(Serialize, ToSchema)]
pub(super) struct SubscriptionAnswer {
    /// Its id.
    #[schema(example = "sub_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    id: String,
    /// Whose.
    account: String,
    /// `incomplete`: its first payment is awaited. `active`: a period is running. `pending_renewal`: a period has ended, and
    /// what is due for the next one was not paid yet. `suspended`: what is owed was not paid in time. `expired`: it ended.
    #[schema(schema_with = states)]
    state: &'static str,
    /// The version of the plan that it has.
    plan: PlanAnswer,
    /// How its terms are paid.
    option: &'static str,
    /// What it is paid in.
    #[schema(value_type = String, example = "USD")]
    currency: Unit,
    /// The period that began last, from 1; 0 before the first.
    period: i64,
    /// When that period began.
    #[schema(value_type = Option<Time>)]
    period_starts_at: Option<Time>,
    /// When it ends, and its credits with it.
    #[schema(value_type = Option<Time>)]
    period_ends_at: Option<Time>,
    /// Periods of the term that have begun, the running one included.
    term_period: i64,
    /// Whether it ends with the term.
    cancel_at_end: bool,
    /// The plan that follows when the term ends; null when the same does.
    next_plan: Option<String>,
    /// Until when what is due may be paid without losing anything; only while it is due.
    #[schema(value_type = Option<Time>)]
    grace_ends_at: Option<Time>,
    /// When it ended.
    #[schema(value_type = Option<Time>)]
    ended_at: Option<Time>,
    /// Why: `cancelled`, `unpaid`, `never_paid` or `closed`.
    ended_reason: Option<String>,
    /// When it began.
    created_at: Time,
}

fn states() -> Object {
    let names = plans::SubscriptionState::ALL.map(plans::SubscriptionState::name);
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

impl SubscriptionAnswer {
    pub(super) fn of(subscription: Subscription, plan: Plan) -> Result<SubscriptionAnswer, Problem> {
        Ok(SubscriptionAnswer {
            id: subscription.id,
            account: subscription.account_id,
            state: subscription.state.name(),
            plan: PlanAnswer::of(plan, None)?,
            option: subscription.paying.name(),
            currency: subscription.currency,
            period: subscription.period,
            period_starts_at: subscription.starts_at.map(Time),
            period_ends_at: subscription.ends_at.map(Time),
            term_period: subscription.period + 1 - subscription.term_period,
            cancel_at_end: subscription.cancel_at_end,
            next_plan: subscription.next.map(|next| next.plan_id),
            grace_ends_at: subscription.grace_ends_at.map(Time),
            ended_at: subscription.ended_at.map(Time),
            ended_reason: subscription.ended_reason,
            created_at: Time(subscription.created_at),
        })
    }
}

/// A subscription, and what is paid for it now.
#[derive(Serialize, ToSchema)]
pub(super) struct SubscribedAnswer {
    /// As it stands.
    pub(super) subscription: SubscriptionAnswer,
    /// When a change happens: `now` or `term_end`; only for changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = when)]
    pub(super) when: Option<&'static str>,
    /// The payment that was begun; null when nothing is due now. Credits come with its success.
    pub(super) payment: Option<TopupAnswer>,
}

fn when() -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["now", "term_end"])).build()
}

pub(super) const fn when_name(when: When) -> &'static str {
    match when {
        When::Now => "now",
        When::TermEnd => "term_end",
    }
}

/// A payment to come.
#[derive(Serialize, ToSchema)]
struct ComingAnswer {
    /// When it falls due, as the calendar has it now.
    due_at: Time,
    /// How much.
    amount: Money,
}

/// What subscribing, changing or going on would mean.
#[derive(Serialize, ToSchema)]
pub(super) struct PreviewAnswer {
    /// The plan.
    plan: PlanAnswer,
    /// How it is paid.
    option: &'static str,
    /// When it begins: now, or when the term ends.
    starts_at: Time,
    /// Due at once.
    due_now: Money,
    /// What is charged in.
    #[schema(value_type = String, example = "USD")]
    currency: Unit,
    /// Granted with it.
    credits_now: Money,
    /// When those end.
    credits_end_at: Time,
    /// What falls due later: of the term, and the first of the next one.
    coming: Vec<ComingAnswer>,
    /// What has to be agreed to.
    terms: TermsAnswer,
}

/// A text to agree to.
#[derive(Serialize, ToSchema)]
struct TermsAnswer {
    /// Names exactly this text.
    text_sha256: String,
    /// The text.
    text: String,
    /// The language it is written in.
    language: &'static str,
    /// The edition of the texts.
    version: String,
}

fn price(money: engine::topups::Money) -> Result<Money, Problem> {
    let amount = money.to_amount().map_err(|error| Problem::internal(&error.to_string()))?;
    Ok(Money { unit: money.currency, amount })
}

impl PreviewAnswer {
    pub(super) fn of(preview: Preview) -> Result<PreviewAnswer, Problem> {
        let unit = preview.plan.unit;
        let coming = |coming: &plans::Coming| {
            Ok::<_, Problem>(ComingAnswer { due_at: Time(coming.due_at), amount: price(coming.amount)? })
        };
        Ok(PreviewAnswer {
            option: preview.option,
            starts_at: Time(preview.starts_at),
            currency: preview.due_now.currency,
            due_now: price(preview.due_now)?,
            credits_now: Money { unit, amount: preview.credits_now },
            credits_end_at: Time(preview.credits_end_at),
            coming: preview.coming.iter().map(coming).collect::<Result<_, _>>()?,
            terms: TermsAnswer {
                text_sha256: preview.terms.text_sha256,
                text: preview.terms.text,
                language: preview.terms.language.code(),
                version: preview.terms.version,
            },
            plan: PlanAnswer::of(preview.plan, None)?,
        })
    }
}

/// A part of the price of a subscription.
#[derive(Serialize, ToSchema)]
pub(super) struct InstalmentAnswer {
    /// Its id.
    #[schema(example = "sub_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b:2:advance")]
    id: String,
    /// What it is for: `advance` a period to come, `arrears` the one before, `upgrade-1` … a change within one.
    kind: String,
    /// The period that begins with it, or whose upgrade it pays.
    period: i64,
    /// The plan that it pays for.
    plan: String,
    /// How much.
    amount: Money,
    /// What it is paid in.
    #[schema(value_type = String, example = "USD")]
    currency: Unit,
    /// How much of it is paid and did not go back.
    paid: Money,
    /// `paid`, `partly_paid`, `unpaid`, or `void`: it will never be due.
    #[schema(schema_with = standings)]
    status: &'static str,
    /// When it falls due; of one to come, as the calendar has it now.
    due_at: Time,
    /// What paid it.
    payment: Option<String>,
}

fn standings() -> Object {
    let names = ["paid", "partly_paid", "unpaid", "void"];
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

/// Instalments.
#[derive(Serialize, ToSchema)]
pub(super) struct InstalmentList {
    /// In the order in which they fall due.
    pub(super) data: Vec<InstalmentAnswer>,
}

impl InstalmentAnswer {
    pub(super) fn of(view: InstalmentView) -> Result<InstalmentAnswer, Problem> {
        let InstalmentView { instalment, paid_minor, standing } = view;
        let currency = instalment.amount.currency;
        let paid = engine::topups::Money { amount_minor: paid_minor, currency };
        Ok(InstalmentAnswer {
            id: instalment.id.to_string(),
            kind: instalment.id.kind.to_string(),
            period: instalment.id.period,
            plan: instalment.plan_id,
            amount: price(instalment.amount)?,
            currency,
            paid: price(paid)?,
            status: standing,
            due_at: Time(instalment.due_at),
            payment: instalment.payment_id,
        })
    }
}
