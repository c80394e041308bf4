//! When the same request is sent again, under the same request id.
//!
//! Pure: attempt, answer and a random number in, a pause out. Every request that has an effect carries a
//! `PayPal-Request-Id`, so a repeat cannot do it twice. Deliberately absent: retries over minutes, which are the
//! reconciler's and look the payment up instead.

use std::time::Duration;

pub use crate::stripe::RetryPolicy;

/// The longest backoff.
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// A `Retry-After` beyond this is not waited for: somebody is waiting for our answer.
const RETRY_AFTER_MAX_SECONDS: u64 = 20;

/// The pause before the next repeat, `None` to stop.
///
/// `attempt` counts from 0; `retry_after_seconds` is PayPal's wish; `jitter_permille` (0–1000) takes up to half off the
/// backoff.
pub(crate) fn pause(
    policy: RetryPolicy,
    attempt: u32,
    retry_after_seconds: Option<u64>,
    jitter_permille: u32,
) -> Option<Duration> {
    if attempt >= policy.max_retries {
        return None;
    }
    let full = policy.base_delay.saturating_mul(2_u32.saturating_pow(attempt)).min(BACKOFF_MAX);
    let jittered = full.saturating_sub(full / 2 * jitter_permille.min(1_000) / 1_000).max(policy.base_delay);
    match retry_after_seconds {
        Some(seconds) if seconds > RETRY_AFTER_MAX_SECONDS => None,
        Some(seconds) => Some(jittered.max(Duration::from_secs(seconds))),
        None => Some(jittered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_bounded_and_obey_retry_after() {
        // attempt, Retry-After, jitter ‰, pause in ms
        let cases = [
            (0, None, 0, Some(500)),
            (0, None, 1_000, Some(500)),
            (1, None, 0, Some(1_000)),
            (1, None, 1_000, Some(500)),
            (7, None, 0, Some(5_000)),
            (8, None, 0, None),
            (0, Some(3), 0, Some(3_000)),
            (3, Some(1), 0, Some(4_000)),
            (0, Some(20), 0, Some(20_000)),
            (0, Some(21), 0, None),
            (8, Some(1), 0, None),
        ];
        let policy = RetryPolicy { max_retries: 8, base_delay: Duration::from_millis(500) };
        for (attempt, retry_after, jitter, expected_ms) in cases {
            let pause = pause(policy, attempt, retry_after, jitter);
            assert_eq!(pause, expected_ms.map(Duration::from_millis), "{attempt} {retry_after:?} {jitter}");
        }
    }
}
