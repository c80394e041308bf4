//! A process that ends in the middle.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// Runs `work` for at most `polls` steps; `None` when it was dropped before it was done.
pub(super) async fn interrupted<T>(work: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut work = pin!(work);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(context).map(Some)
    })
    .await
}
