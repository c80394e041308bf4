//! Plans and subscriptions: what is bought by the period.
//!
//! Operators publish and retire plans; an account's own key looks with `topup:write` or `balance:read` as other purchases
//! do, and subscribes, changes, pays and cancels with `topup:write`.

mod catalogue;
mod subscription;
mod view;
mod zone;

use engine::Engine;
use utoipa_axum::router::OpenApiRouter;

/// `/v1/plans…` and `/v1/accounts/{id}/{plans,subscription,instalments,time-zone}…`.
pub(crate) fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new().merge(catalogue::routes()).merge(subscription::routes()).merge(zone::routes())
}
