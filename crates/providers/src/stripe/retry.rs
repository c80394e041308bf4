//! When the same request is sent again, under the same idempotency key.
//!
//! Pure: attempt, answer and a random number in, a pause out. The rule of Stripe's own libraries (connection errors, 409,
//! 5xx; `Stripe-Should-Retry` overrides), and in addition 424, 429 and `Retry-After`. Deliberately absent: retries over
//! minutes, which are the reconciler's and look the intent up instead.

use std::time::Duration;

use http::HeaderMap;

/// The longest backoff.
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// A `Retry-After` beyond this is not waited for: somebody is waiting for our answer.
const RETRY_AFTER_MAX_SECONDS: u64 = 20;

/// How often and how fast a request is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Repeats after the first attempt.
    pub max_retries: u32,
    /// The first and the shortest pause; doubles with each repeat, up to 5 s.
    pub base_delay: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy { max_retries: 2, base_delay: Duration::from_millis(500) }
    }
}

/// The pause before the next repeat, `None` to stop.
///
/// `attempt` counts from 0; `repeatable` is whether the failure is of a kind that a repeat may cure; `jitter_permille`
/// (0–1000) takes up to half off the backoff.
pub(crate) fn pause(
    policy: RetryPolicy,
    attempt: u32,
    repeatable: bool,
    headers: &HeaderMap,
    jitter_permille: u32,
) -> Option<Duration> {
    let wished = match text(headers, "stripe-should-retry") {
        Some("true") => true,
        Some("false") => false,
        _ => repeatable,
    };
    if !wished || attempt >= policy.max_retries {
        return None;
    }
    let full = policy.base_delay.saturating_mul(2_u32.saturating_pow(attempt)).min(BACKOFF_MAX);
    let jittered = full.saturating_sub(full / 2 * jitter_permille.min(1_000) / 1_000).max(policy.base_delay);
    match text(headers, "retry-after").and_then(|seconds| seconds.parse::<u64>().ok()) {
        Some(seconds) if seconds > RETRY_AFTER_MAX_SECONDS => None,
        Some(seconds) => Some(jittered.max(Duration::from_secs(seconds))),
        None => Some(jittered),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_bounded_and_obey_the_headers() {
        // attempt, repeatable, Stripe-Should-Retry, Retry-After, jitter ‰, pause in ms
        let cases = [
            (0, true, "", "", 0, Some(500)),
            (0, true, "", "", 1_000, Some(500)),
            (1, true, "", "", 0, Some(1_000)),
            (1, true, "", "", 1_000, Some(500)),
            (2, true, "", "", 500, Some(1_500)),
            (7, true, "", "", 0, Some(5_000)),
            (8, true, "", "", 0, None),
            (8, true, "true", "", 0, None),
            (0, false, "", "", 0, None),
            (0, false, "true", "", 0, Some(500)),
            (0, true, "false", "", 0, None),
            (0, true, "maybe", "", 0, Some(500)),
            (0, true, "", "3", 0, Some(3_000)),
            (3, true, "", "1", 0, Some(4_000)),
            (0, true, "", "20", 0, Some(20_000)),
            (0, true, "", "21", 0, None),
            (0, false, "", "1", 0, None),
            (0, true, "", "soon", 0, Some(500)),
            (0, true, "false", "1", 0, None),
        ];
        let policy = RetryPolicy { max_retries: 8, base_delay: Duration::from_millis(500) };
        for (attempt, repeatable, should_retry, retry_after, jitter, expected_ms) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in [("stripe-should-retry", should_retry), ("retry-after", retry_after)] {
                if !value.is_empty() {
                    headers.insert(name, value.parse().unwrap());
                }
            }
            let pause = pause(policy, attempt, repeatable, &headers, jitter);
            let case = (attempt, repeatable, should_retry, retry_after, jitter);
            assert_eq!(pause, expected_ms.map(Duration::from_millis), "{case:?}");
        }
    }
}
