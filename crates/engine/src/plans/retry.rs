//! When a renewal is tried again that failed. Pure.

use ledger::Timestamp;

use super::subscription::Subscription;
use crate::settings::Settings;

/// Reasons that say nothing about the card: the same is tried again soon.
const NOT_DECLINED: [&str; 4] = ["gateway_unreachable", "not_found", "gateway_off", "kill_switch"];
/// Soon, in seconds.
const SOON_SECONDS: i64 = 3_600;
const DAY_SECONDS: i64 = 86_400;

/// When something is to be done about what is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NextTry {
    /// The instant.
    pub(super) at: Timestamp,
    /// A card is tried then; else the time to pay has ended.
    pub(super) is_try: bool,
}

/// Whether a failure is the payer's to mend; others end by themselves.
pub(super) fn is_payers(reason: &str) -> bool {
    !NOT_DECLINED.contains(&reason)
}

/// How long what is due may stay unpaid, in seconds.
pub(super) fn grace_seconds(settings: &Settings) -> i64 {
    i64::from(settings.plans.grace_days) * DAY_SECONDS
}

/// What follows a failure at `now`: the next of the configured days, counted from when it fell due, or the end of the
/// time to pay.
pub(super) fn next_try(settings: &Settings, subscription: &Subscription, reason: &str, now: Timestamp) -> NextTry {
    let ends_at = subscription.grace_ends_at.unwrap_or(now);
    let began_at = ends_at.plus_seconds(-grace_seconds(settings));
    let soon = NOT_DECLINED.contains(&reason).then(|| now.plus_seconds(SOON_SECONDS));
    let on_day = |day: &u32| began_at.plus_seconds(i64::from(*day) * DAY_SECONDS);
    let at = soon.or_else(|| settings.plans.retry_days.iter().map(on_day).find(|at| *at > now));
    match at.filter(|at| *at < ends_at) {
        Some(at) => NextTry { at, is_try: true },
        None => NextTry { at: ends_at, is_try: false },
    }
}

#[cfg(test)]
mod tests {
    use super::super::subscription::SubscriptionState;
    use super::super::testing::subscription;
    use super::*;

    #[test]
    fn cards_are_tried_on_the_configured_days() {
        let began_at = Timestamp::from_micros(1_795_176_000_000_000);
        let settings = Settings::default();
        assert_eq!((settings.plans.retry_days.as_slice(), settings.plans.grace_days), (&[0, 1, 3, 5][..], 7));
        let due = Subscription {
            state: SubscriptionState::PendingRenewal,
            grace_ends_at: Some(began_at.plus_seconds(7 * DAY_SECONDS)),
            ..subscription()
        };
        let (hour, day) = (3_600, DAY_SECONDS);
        // seconds since it fell due, reason, seconds until something is done, whether that is a try
        let table = [
            (0, "insufficient_funds", day, true),
            (5, "insufficient_funds", day, true),
            (day, "insufficient_funds", 3 * day, true),
            (day + 1, "authentication_required", 3 * day, true),
            (3 * day, "insufficient_funds", 5 * day, true),
            (5 * day, "insufficient_funds", 7 * day, false),
            (7 * day, "insufficient_funds", 7 * day, false),
            (5, "gateway_unreachable", 5 + hour, true),
            (5 * day + 60, "gateway_unreachable", 5 * day + 60 + hour, true),
            (7 * day - hour, "gateway_unreachable", 7 * day, false),
        ];
        for (since, reason, until, is_try) in table {
            let got = next_try(&settings, &due, reason, began_at.plus_seconds(since));
            assert_eq!(got, NextTry { at: began_at.plus_seconds(until), is_try }, "{since} {reason}");
        }
    }
}
