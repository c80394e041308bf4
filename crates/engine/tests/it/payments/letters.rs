//! Who was written to about payments: a payer is told of each thing that happened once, and of nothing else. Letters about
//! plans are judged by the tests of plans.

use std::collections::BTreeSet;

use engine::topups::{self, State};
use store::params;

use super::schedule::Schedule;

/// Everything that is wrong, in words.
pub(super) async fn faults(schedule: &Schedule<'_>) -> Vec<String> {
    let store = &schedule.place.store;
    let (mut due, mut possible) = (BTreeSet::new(), BTreeSet::new());
    for payment in topups::payments(&schedule.engine, &schedule.account_id, None, 1_000).await.unwrap() {
        let sql = "SELECT state FROM payment_events WHERE account_id = $1 AND payment_id = $2 ORDER BY at_us, id";
        let rows = store.query(sql, params![payment.account_id.as_str(), payment.id.as_str()]).await.unwrap();
        let steps: Vec<State> = rows.iter().map(|row| State::parse(row.text(0).unwrap()).unwrap()).collect();
        for pair in steps.windows(2) {
            let kind = match (pair[0], pair[1]) {
                (_, State::Succeeded) => "payment_succeeded",
                (_, State::UnderReview) => "payment_under_review",
                // What the gateway would not open was never shown to anybody.
                (State::Created, State::Failed | State::Expired) => continue,
                (_, State::Failed | State::Expired) => "payment_failed",
                _ => continue,
            };
            due.insert(format!("{kind}:{}", payment.id));
        }
        for refund in topups::refunds(&schedule.engine, &payment).await.unwrap() {
            let once = format!("payment_refunded:{}", refund.id);
            // One that failed may have looked well before.
            if refund.state == "succeeded" {
                due.insert(once)
            } else {
                possible.insert(once)
            };
        }
    }
    let sql = "SELECT once, recipient, letter FROM mails WHERE account_id = $1 AND kind LIKE 'payment_%'";
    let rows = store.query(sql, params![schedule.account_id.as_str()]).await.unwrap();
    let told: BTreeSet<String> = rows.iter().map(|row| row.text(0).unwrap().to_owned()).collect();
    let missing = due.difference(&told).map(|once| format!("nobody was told {once}"));
    let extra = told.iter().filter(|once| !due.contains(*once) && !possible.contains(*once));
    let extra = extra.map(|once| format!("somebody was told {once}"));
    let strange = rows.iter().filter(|row| {
        let letter = row.text(2).unwrap();
        row.text(1).unwrap() != "a@example.com"
            || letter.contains("\"amount\":\"-")
            || letter.contains("\"amount\":\"0\"")
    });
    let strange = strange.map(|row| format!("a strange letter: {}", row.text(2).unwrap()));
    missing.chain(extra).chain(strange).collect()
}
