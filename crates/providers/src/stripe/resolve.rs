//! What became of a top-up whose outcome is unknown.
//!
//! By the intent's id when it is known, else among the customer's intents since shortly before the top-up, by
//! `metadata.topup_id` (the search endpoint lags, the list does not). No match proves nothing until the 24 hours of the
//! idempotency key are over, hence [`Resolution::NotFoundYet`]. Reads only. Cost: one or two round trips.

use super::client::{Client, IntentFilter};
use super::error::Error;
use super::object::{Intent, IntentStatus};

/// Clocks may differ by this much between here and Stripe.
const CLOCK_SLACK_SECONDS: i64 = 300;

/// A top-up whose outcome is unknown.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Ours, as in the intent's metadata.
    pub topup_id: String,
    /// `pi_…` when an answer named it.
    pub intent_id: Option<String>,
    /// `cus_…`.
    pub customer_id: String,
    /// Unix seconds at which the first request was sent, or a little before.
    pub created_at_s: i64,
}

/// What Stripe knows of a top-up.
#[derive(Debug, Clone)]
pub enum Resolution {
    /// Its intent; the status decides. Without a final status, ask again or cancel it.
    Found(Box<Intent>),
    /// Nothing to be seen, which is not yet a proof that nothing was charged.
    NotFoundYet,
}

/// Looks for the intent of a top-up.
pub async fn resolve(client: &Client, pending: &Pending) -> Result<Resolution, Error> {
    let ours = |intent: &Intent| intent.topup_id() == Some(&pending.topup_id);
    if let Some(id) = &pending.intent_id {
        // An intent that names another top-up is not ours, whoever gave us its id.
        if let Some(intent) = client.intent(id).await?.filter(ours) {
            return Ok(Resolution::Found(Box::new(intent)));
        }
    }
    let filter = IntentFilter {
        customer_id: Some(pending.customer_id.clone()),
        created_from_s: Some(pending.created_at_s.saturating_sub(CLOCK_SLACK_SECONDS)),
        created_before_s: None,
    };
    let intents = client.intents(&filter).await?;
    // Normally one; were there more, money that moved outweighs everything else.
    let found = intents.into_iter().filter(ours).min_by_key(|intent| rank(&intent.status));
    Ok(found.map_or(Resolution::NotFoundYet, |intent| Resolution::Found(Box::new(intent))))
}

fn rank(status: &IntentStatus) -> u8 {
    match status {
        IntentStatus::Succeeded => 0,
        IntentStatus::Processing => 1,
        IntentStatus::Canceled => 3,
        _ => 2,
    }
}
