//! What became of a top-up, and making sure that nothing more becomes of it.
//!
//! By the intent's id when it is known, else among the intents made since shortly before the top-up, by
//! `metadata.topup_id` (the search endpoint lags, the list does not). No match proves nothing while a request of ours may
//! still create the intent, hence [`Resolution::NotFoundYet`]. [`close_intent`] turns an open question about a known
//! intent into a certainty, because Stripe pays or cancels it, never both. Cost: one or two round trips; without id and
//! customer one per 100 intents of the day.

use super::calls::IntentFilter;
use super::client::Client;
use super::error::{Doubt, Error};
use super::object::{Intent, IntentStatus};

/// Clocks may differ by this much between here and Stripe.
const CLOCK_SLACK_SECONDS: i64 = 300;
/// A request is repeated as long as Stripe keeps its idempotency key: a day. An intent is not made later.
const CREATED_WITHIN_SECONDS: i64 = 86_400;

/// A top-up from saved cards whose outcome is unknown.
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
    /// Its intent; the status decides. Without a final status, ask again or [`close_intent`].
    Found(Box<Intent>),
    /// Nothing to be seen, which is not yet a proof that nothing was made.
    NotFoundYet,
}

/// Which intent is looked for.
pub(crate) struct Sought<'a> {
    pub topup_id: &'a str,
    pub intent_id: Option<&'a str>,
    pub customer_id: Option<&'a str>,
    /// Unix seconds at which the first request was sent, or a little before.
    pub created_at_s: i64,
}

/// Looks for the intent of a top-up from saved cards.
pub async fn resolve(client: &Client, pending: &Pending) -> Result<Resolution, Error> {
    let sought = Sought {
        topup_id: &pending.topup_id,
        intent_id: pending.intent_id.as_deref(),
        customer_id: Some(&pending.customer_id),
        created_at_s: pending.created_at_s,
    };
    let found = find(client, &sought).await?;
    Ok(found.map_or(Resolution::NotFoundYet, |intent| Resolution::Found(Box::new(intent))))
}

/// The intent of a top-up. One that names another top-up is not ours, whoever gave us its id.
pub(crate) async fn find(client: &Client, sought: &Sought<'_>) -> Result<Option<Intent>, Error> {
    let ours = |intent: &Intent| intent.topup_id() == Some(sought.topup_id);
    if let Some(id) = sought.intent_id
        && let Some(intent) = client.intent(id).await?.filter(ours)
    {
        return Ok(Some(intent));
    }
    let after = |seconds| Some(sought.created_at_s.saturating_add(seconds));
    let filter = IntentFilter {
        customer_id: sought.customer_id.map(str::to_owned),
        created_from_s: after(-CLOCK_SLACK_SECONDS),
        created_before_s: after(CREATED_WITHIN_SECONDS + CLOCK_SLACK_SECONDS),
    };
    let intents = client.intents(&filter).await?;
    // Normally one; were there more, money that moved outweighs everything else.
    Ok(intents.into_iter().filter(ours).min_by_key(|intent| rank(&intent.status)))
}

/// Cancels an intent, or says how it ended before that: paid, cancelled, or on its way.
///
/// # Errors
/// [`Error`]; the intent may then still be open.
pub async fn close_intent(client: &Client, intent_id: &str) -> Result<Intent, Error> {
    match client.cancel_intent(intent_id).await {
        Err(Error::Unknown(doubt)) if doubt.reason == Doubt::UnexpectedState => match client.intent(intent_id).await {
            Ok(Some(intent)) => Ok(intent),
            // What the look would have told stays open, and with it that the intent may be paid.
            _ => Err(Error::Unknown(doubt)),
        },
        answer => answer,
    }
}

fn rank(status: &IntentStatus) -> u8 {
    match status {
        IntentStatus::Succeeded => 0,
        IntentStatus::Processing => 1,
        IntentStatus::Canceled => 3,
        _ => 2,
    }
}
