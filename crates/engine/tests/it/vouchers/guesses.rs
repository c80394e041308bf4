//! Who guesses codes is stopped before the codes are looked at.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use engine::Error;
use engine::vouchers::forget_tries;
use store::params;
use tokio::task::JoinSet;

use super::races::count;
use super::{accounts, campaign, code, issue, number, redeem, redeem_from, ten_dollars};
use crate::Nodes;

/// Guesses at the same time.
const WORKERS: usize = 32;
/// Accounts that guess.
const ACCOUNTS: usize = 8;

/// A text that is a code and was, but for a chance of 2^-50, not issued.
fn wrong(n: usize) -> String {
    let letter = |place: u32| char::from(b"ABCDEFGHJK"[n / 10_usize.pow(place) % 10]);
    (0..10).map(letter).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_stopped() {
    let nodes = Nodes::start().await;
    let ids = Arc::new(accounts(&nodes, ACCOUNTS).await);
    let campaign = campaign(&nodes, ten_dollars()).await;
    let text = issue(&nodes, &campaign, 1, 1).await.remove(0);
    let (guesses, next) = (number("SCRIP_VOUCHER_GUESSES", 1_000), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for worker in 0..WORKERS {
        let (node, next) = (nodes.each()[worker % 2].clone(), next.clone());
        let (ids, text) = (ids.clone(), text.clone());
        tasks.spawn(async move {
            let (mut looked_at, mut locked) = (0, 0);
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= guesses {
                    return (looked_at, locked);
                }
                // From a time on when the first five were surely looked at, the right one is among the wrong ones.
                let guess = if n > guesses / 2 && n.is_multiple_of(100) { text.clone() } else { wrong(n) };
                match code(&redeem(&node, &ids[n % ACCOUNTS], &guess, &format!("g{n}")).await.unwrap_err()) {
                    "voucher_not_found" => looked_at += 1,
                    "too_many_tries" => locked += 1,
                    other => panic!("{other}"),
                }
            }
        });
    }
    let sums = tasks.join_all().await.into_iter().reduce(|one, other| (one.0 + other.0, one.1 + other.1));
    assert_eq!(sums, Some((5 * ACCOUNTS, guesses - 5 * ACCOUNTS)));
    // Also the right one, on either node, until the first guess is old.
    for (node, wait_s) in [(&nodes.a, 0), (&nodes.b, 890)] {
        nodes.clock.advance_seconds(wait_s);
        let locked = redeem(node, &ids[0], &text, "right").await.unwrap_err();
        assert!(matches!(&locked, Error::TooMany { retry_after_seconds: 1..=900, .. }), "{locked}");
    }
    nodes.clock.advance_seconds(15);
    assert!(!redeem(&nodes.b, &ids[0], &text, "right").await.unwrap().1);
    nodes.close().await;
}

#[tokio::test]
async fn who_goes_on_guessing_gets_no_more_than_five_looks_in_a_quarter_of_an_hour() {
    let nodes = Nodes::start().await;
    let id = accounts(&nodes, 1).await.remove(0);
    let mut looks = Vec::new();
    for minute in 0..120 {
        for n in 0..3 {
            let outcome = redeem(&nodes.a, &id, &wrong(minute * 3 + n), &format!("{minute}-{n}")).await;
            if code(&outcome.unwrap_err()) == "voucher_not_found" {
                looks.push(minute);
            }
        }
        nodes.clock.advance_seconds(60);
    }
    assert!(looks.iter().all(|first| looks.iter().filter(|look| (*first..first + 15).contains(look)).count() <= 5));
    assert_eq!(looks.len(), 40, "eight quarters of an hour: {looks:?}");
    nodes.close().await;
}

#[tokio::test]
async fn an_address_has_a_limit_of_its_own() {
    let nodes = Nodes::start().await;
    let ids = accounts(&nodes, 11).await;
    // Two guesses of each account; what everybody behind a proxy shares does not count.
    let table: [(&str, usize); 3] = [("203.0.113.7", 20), ("10.0.0.7", 22), ("2001:db8::7", 20)];
    for (address, looked_at) in table {
        let address: IpAddr = address.parse().unwrap();
        let mut not_found = 0;
        for n in 0..22 {
            let (node, key) = (nodes.each()[n % 2], format!("{address}-{n}"));
            let outcome = redeem_from(node, &ids[n % 11], &wrong(n), &key, Some(address)).await;
            not_found += usize::from(code(&outcome.unwrap_err()) == "voucher_not_found");
        }
        assert_eq!(not_found, looked_at, "{address}");
        // The accounts are free again, the address is not.
        nodes.clock.advance_seconds(901);
        let outcome = redeem_from(&nodes.a, &ids[0], &wrong(99), "again", Some(address)).await;
        assert_eq!(code(&outcome.unwrap_err()) == "too_many_tries", looked_at == 20, "{address}");
        nodes.clock.advance_seconds(901);
    }
    nodes.close().await;
}

#[tokio::test]
async fn what_is_no_guess_does_not_count() {
    let nodes = Nodes::start().await;
    let id = accounts(&nodes, 1).await.remove(0);
    let campaign =
        campaign(&nodes, engine::vouchers::NewCampaign { per_account_limit: Some(99), ..ten_dollars() }).await;
    let codes = issue(&nodes, &campaign, 7, 1).await;
    let mut outcomes = Vec::new();
    for (n, text) in codes.iter().enumerate() {
        // What does not look like a code, what works, and its repeat.
        for (text, key) in [("ABC", "m"), (text, "k"), (text, "k")] {
            let outcome = redeem(&nodes.a, &id, text, &format!("{key}{n}")).await;
            outcomes.push(outcome.map_or_else(|error| code(&error).to_owned(), |_| "redeemed".to_owned()));
        }
    }
    assert_eq!((count(&outcomes, "voucher_malformed"), count(&outcomes, "redeemed")), (7, 14), "{outcomes:?}");
    let tries =
        async || nodes.a.store().query("SELECT count(*) FROM voucher_tries", params![]).await.unwrap()[0].int(0);
    assert_eq!(tries().await, Ok(0));

    // Failures are forgotten when they are too old to count.
    redeem(&nodes.a, &id, &wrong(1), "wrong").await.unwrap_err();
    for (wait_s, left) in [(86_400, 1), (86_401, 0)] {
        nodes.clock.advance_seconds(wait_s);
        forget_tries(&nodes.b).await.unwrap();
        assert_eq!(tries().await, Ok(left));
    }
    nodes.close().await;
}
