//! The audit log.

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::audit::{self, AuditFilter, AuditRecord};
use engine::members::Capability;
use http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Operator;
use crate::fields::Time;
use crate::problem::Problem;
use crate::request::Params;
use crate::spec::PageQuery;
use crate::{cursor, reply};

pub(super) fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new().routes(routes!(list).needs(Capability::AuditRead))
}

/// Which rows are wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only its description is used")]
struct AuditQuery {
    /// By whom: `key:…`, `user:usr_…`, `operator:opr_…`.
    actor: Option<String>,
    /// What was done, such as `member.invited`; `member` stands for all that begin with it.
    action: Option<String>,
    /// In which account.
    account: Option<String>,
    /// At or after.
    from: Option<Time>,
    /// Before.
    to: Option<Time>,
}

/// A change.
#[derive(Serialize, ToSchema)]
struct AuditAnswer {
    /// Its number, from 1 without gaps.
    number: i64,
    /// When.
    at: Time,
    /// Who: `key:…`, `user:usr_…`, `operator:opr_…`.
    #[schema(example = "operator:opr_0199c0c2f7c27d6fb2b0c1d2e3f40516")]
    actor: String,
    /// What was done.
    #[schema(example = "member.invited")]
    action: String,
    /// In which account.
    account: Option<String>,
    /// What was changed: an id.
    object: Option<String>,
    /// From which address.
    address: Option<String>,
    /// With which browser or program.
    user_agent: Option<String>,
    /// As it was, without secrets.
    #[schema(value_type = Option<Object>)]
    before: Option<Box<RawValue>>,
    /// As it is, without secrets.
    #[schema(value_type = Option<Object>)]
    after: Option<Box<RawValue>>,
    /// Why.
    reason: Option<String>,
    /// SHA-256 over this row and the hash before it. `scrip verify` follows the chain; keep the last one elsewhere.
    hash: String,
}

/// Changes, newest first.
#[derive(Serialize, ToSchema)]
struct AuditList {
    /// The changes of this page.
    data: Vec<AuditAnswer>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

impl AuditAnswer {
    fn of(record: AuditRecord) -> Result<AuditAnswer, Problem> {
        let raw = |text: Option<String>| {
            let raw = text.map(RawValue::from_string).transpose();
            raw.map_err(|error| Problem::internal(&error.to_string()))
        };
        Ok(AuditAnswer {
            number: record.seq,
            at: Time(record.at),
            actor: record.actor,
            action: record.action,
            account: record.account_id,
            object: record.object,
            address: record.address,
            user_agent: record.user_agent,
            before: raw(record.before)?,
            after: raw(record.after)?,
            reason: record.reason,
            hash: record.hash,
        })
    }
}

/// List who changed what
#[utoipa::path(get, path = "/v1/audit", operation_id = "list_audit", tag = "operators", params(AuditQuery, PageQuery),
    responses((status = 200, body = AuditList, description = "A page of changes, newest first")))]
async fn list(State(engine): State<Engine>, _operator: Operator, params: Params) -> Result<Response, Problem> {
    params.only(&["actor", "action", "account", "from", "to", "limit", "cursor"])?;
    let text = |name| params.one(name).map(|text| text.map(str::to_owned));
    let filter = AuditFilter {
        actor: text("actor")?,
        action: text("action")?,
        account_id: text("account")?,
        from: params.time("from")?.map(|time| time.0),
        until: params.time("to")?.map(|time| time.0),
    };
    let limit = params.limit(&engine)?;
    let before = cursor::number(params.one("cursor")?)?.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    let count = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut found = audit::list(&engine, &filter, before, count).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more).and_then(|last| u64::try_from(last.seq).ok());
    let data = found.into_iter().map(AuditAnswer::of).collect::<Result<_, _>>()?;
    reply::json(StatusCode::OK, &AuditList { data, next_cursor: last.map(cursor::after_number) })
}
