//! What a running server tells about its gateways: notices that came, days that were compared, money that does not match.
//!
//! Asked for with `--url`; the operator key adds what only operators may see. Deliberately absent: when the last notice
//! came, which the API does not tell.

use std::collections::BTreeMap;

use engine::settings::Settings;
use serde_json::Value;

use super::{Check, State};
use crate::client::{Server, ServerArgs};
use crate::exit::Exit;

/// Gateways that have a list of their payments to compare with.
const LISTED: [&str; 2] = ["stripe", "paypal"];

/// Asks the server; one check says so when it does not answer.
pub async fn checks(url: &str, key: Option<&str>, settings: &Settings) -> Vec<Check> {
    match asked(url, key, settings).await {
        Ok(checks) => checks,
        Err(exit) => vec![Check::test("server", false, exit.message)],
    }
}

async fn asked(url: &str, key: Option<&str>, settings: &Settings) -> Result<Vec<Check>, Exit> {
    // What anybody may ask needs no key, and the client sends one.
    let args = ServerArgs { url: url.to_owned(), key: key.unwrap_or("none").to_owned() };
    let server = Server::new(&args)?;
    server.get("/readyz", &[]).await?;
    let mut checks = vec![Check::test("server", true, format!("{url} is ready"))];
    let on = on(settings);
    checks.extend(notices(&server.text("/metrics").await?, &on));
    if key.is_some() {
        checks.extend(compared(&server.get("/v1/reconciliation/days", &[]).await?, &on));
        checks.push(unmatched(&server.get("/v1/reconciliation/unmatched", &[]).await?));
        checks.push(clearing(&server.get("/v1/reconciliation/clearing", &[]).await?));
    }
    Ok(checks)
}

/// The gateways that these settings use.
fn on(settings: &Settings) -> Vec<&'static str> {
    let used = [
        ("stripe", settings.stripe.secret_key.is_set()),
        ("paypal", settings.paypal.client_secret.is_set()),
        ("vnpay", settings.vnpay.hash_secret.is_set()),
    ];
    used.into_iter().filter(|(_, used)| *used).map(|(name, _)| name).collect()
}

/// Notices since the server started, by gateway.
fn notices(metrics: &str, on: &[&'static str]) -> Vec<Check> {
    let counts = counted(metrics);
    let check = |gateway: &&'static str| {
        let of_gateway = counts.iter().filter(|((name, _), _)| name == gateway);
        let total: u64 = of_gateway.map(|(_, count)| *count).sum();
        let refused = counts.get(&((*gateway).to_owned(), "refused".to_owned())).copied().unwrap_or(0);
        let (state, said) = match (total, refused) {
            (0, _) => {
                (State::Note, format!("none came from {gateway} since the server started; is its webhook registered?"))
            }
            (total, 0) => (State::Well, format!("{total} came from {gateway} since the server started")),
            (total, refused) => {
                let advice = "forged, or the secret is not the one at the gateway";
                (State::Note, format!("{refused} of {total} from {gateway} were refused: {advice}"))
            }
        };
        Check::new("notices", state, said)
    };
    on.iter().map(check).collect()
}

/// `scrip_gateway_notices_total` by gateway and outcome.
fn counted(metrics: &str) -> BTreeMap<(String, String), u64> {
    let read = |line: &str| {
        let (labels, count) = line.strip_prefix("scrip_gateway_notices_total{")?.split_once("} ")?;
        let label = |name: &str| {
            let (_, rest) = labels.split_once(&format!("{name}=\""))?;
            Some(rest.split('"').next()?.to_owned())
        };
        Some(((label("gateway")?, label("outcome")?), count.trim().parse().ok()?))
    };
    metrics.lines().filter_map(read).collect()
}

/// The last day that was compared with each gateway's list.
fn compared(days: &Value, on: &[&'static str]) -> Vec<Check> {
    let days = days["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    let check = |gateway: &&str| {
        let of_gateway = days.iter().filter(|day| day["gateway"] == **gateway);
        let last = of_gateway.max_by_key(|day| day["day"].as_str().unwrap_or_default());
        let said = last.map(|day| {
            let text = |name: &str| day[name].as_str().unwrap_or_default();
            format!("{gateway}: {} compared at {}, {} unmatched", text("day"), text("done_at"), day["unmatched"])
        });
        let state = if said.is_some() { State::Well } else { State::Note };
        Check::new("comparison", state, said.unwrap_or_else(|| format!("{gateway}: no day was compared yet")))
    };
    LISTED.iter().filter(|gateway| on.contains(gateway)).map(check).collect()
}

fn unmatched(list: &Value) -> Check {
    let count = list["data"].as_array().map_or(0, Vec::len);
    let more = if list["next_cursor"].is_null() { "" } else { " or more" };
    let said = match count {
        0 => "nothing; books and gateways agree".to_owned(),
        count => format!("{count}{more} open: look at GET /v1/reconciliation/unmatched and resolve each"),
    };
    Check::test("unmatched", count == 0, said)
}

fn clearing(answer: &Value) -> Check {
    let agrees = answer["agrees"] == true;
    let said =
        if agrees { "credits and money agree" } else { "credits and money differ: GET /v1/reconciliation/clearing" };
    Check::test("clearing", agrees, said)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn notices_are_counted_by_gateway() {
        let metrics = "# TYPE scrip_gateway_notices_total counter\n\
                       scrip_gateway_notices_total{gateway=\"stripe\",outcome=\"credited\"} 17\n\
                       scrip_gateway_notices_total{gateway=\"stripe\",outcome=\"refused\"} 6\n\
                       scrip_gateway_notices_total{gateway=\"paypal\",outcome=\"moved\"} 2\n\
                       scrip_payments_total{gateway=\"vnpay\",state=\"failed\"} 3\n";
        let said: Vec<_> =
            notices(metrics, &["stripe", "paypal", "vnpay"]).into_iter().map(|check| check.said).collect();
        for (said, part) in
            said.iter().zip(["6 of 23 from stripe were refused", "2 came from paypal", "none came from vnpay"])
        {
            assert!(said.contains(part), "{said}");
        }
        assert_eq!(said.len(), 3);
    }

    #[test]
    fn books_that_do_not_match_fail() {
        let row = json!({"gateway": "stripe"});
        // list of what did not match, well, a part of what is said
        let table = [
            (json!({"data": [], "next_cursor": null}), true, "agree"),
            (json!({"data": [row], "next_cursor": null}), false, "1 open"),
            (json!({"data": [row, row], "next_cursor": "x"}), false, "2 or more open"),
        ];
        for (list, well, part) in table {
            let check = unmatched(&list);
            assert!((check.state == State::Well) == well && check.said.contains(part), "{list}: {}", check.said);
        }
        for (answer, well) in [(json!({"agrees": true}), true), (json!({"agrees": false}), false), (json!({}), false)] {
            assert_eq!(clearing(&answer).state == State::Well, well, "{answer}");
        }
    }

    #[test]
    fn the_last_compared_day_of_each_list_is_shown() {
        let day = |gateway: &str, day: &str| json!({"gateway": gateway, "day": day, "done_at": "now", "unmatched": 0});
        let days = json!({"data": [day("stripe", "2026-11-18"), day("stripe", "2026-11-19")]});
        let said: Vec<_> =
            compared(&days, &["stripe", "paypal", "vnpay"]).into_iter().map(|check| check.said).collect();
        assert_eq!(said, ["stripe: 2026-11-19 compared at now, 0 unmatched", "paypal: no day was compared yet"]);
    }
}
