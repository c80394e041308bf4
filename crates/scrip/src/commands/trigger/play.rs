//! Plays one scenario: begins a top-up through the API, then does its steps one after another and notes what each brought.
//!
//! Cost: some ten requests, and what its waits take; a wait ends after [`WAIT`] with what is there instead.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use super::browser::Browser;
use super::scenarios::{Deed, Scenario, Step};
use crate::client::{Server, segment};
use crate::exit::{Exit, Reason};

/// How long something is waited for. Notices come within milliseconds, delayed ones within seconds.
const WAIT: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(25);
/// The demo's account after which others are made.
const MODEL: &str = "demo-global";
/// The payer's browser, by an address that is nobody's (RFC 5737).
const PAYER: (&str, &str) = ("203.0.113.7", "scrip trigger");

/// Where a scenario is played.
pub struct Place {
    /// Our API.
    pub server: Server,
    /// The sandbox of the scenario's gateway.
    pub sandbox_url: String,
    /// Whose top-up it is; `None` opens an account for it.
    pub account: Option<String>,
    /// How much is bought, in the account's unit; `None` for the least that is sold.
    pub amount: Option<String>,
}

/// What there was after a step.
pub struct Moment {
    /// What was done or waited for.
    pub told: &'static str,
    /// The top-up's state.
    pub state: String,
    /// The account's balance, in its unit.
    pub balance: String,
}

/// What became of it.
pub struct Played {
    pub account: String,
    pub topup_id: String,
    /// What is credited, in `unit`.
    pub credits: String,
    pub unit: String,
    /// What is charged, in `currency`.
    pub amount: String,
    pub currency: String,
    pub balance_before: String,
    pub moments: Vec<Moment>,
    /// Why the top-up stands where it stands.
    pub reason: Option<String>,
}

impl Played {
    /// Where it ended.
    pub fn state(&self) -> &str {
        self.moments.last().map_or("", |moment| &moment.state)
    }

    /// The balance in the end.
    pub fn balance(&self) -> &str {
        self.moments.last().map_or(&self.balance_before, |moment| &moment.balance)
    }
}

/// Begins a top-up and plays the scenario with it.
///
/// # Errors
/// What the server or the sandbox refused; exit 1 when something waited for does not come.
pub async fn play(scenario: &Scenario, place: &Place) -> Result<Played, Exit> {
    let browser = Browser::new(&place.sandbox_url)?;
    let server = &place.server;
    let account = match &place.account {
        Some(account) => account.clone(),
        None => open_account(server).await?,
    };
    let before = balance(server, &account).await?;
    let topup = begin(scenario.method(), server, &account, place.amount.as_deref()).await?;
    let mut played = Played {
        account,
        topup_id: text(&topup, "id"),
        credits: text(&topup, "credits"),
        unit: text(&before, "unit"),
        amount: text(&topup, "amount"),
        currency: text(&topup, "currency"),
        balance_before: text(&before, "balance"),
        moments: Vec::new(),
        reason: None,
    };
    let next = &topup["next"];
    let mut play = Play {
        server,
        browser,
        topup_id: played.topup_id.clone(),
        page: text(next, "redirect_url"),
        secret: text(next, "stripe_client_secret"),
        last: Value::Null,
    };
    for step in scenario.steps {
        let now = play.step(step).await?;
        let balance = text(&balance(server, &played.account).await?, "balance");
        played.moments.push(Moment { told: step.told, state: text(&now, "state"), balance });
    }
    played.reason = play.payment().await?["reason"].as_str().map(str::to_owned);
    Ok(played)
}

async fn balance(server: &Server, account: &str) -> Result<Value, Exit> {
    server.get(&at(account, "balance"), &[]).await
}

fn at(account: &str, what: &str) -> String {
    format!("/v1/accounts/{}/{what}", segment(account))
}

/// An account like [`MODEL`], for a top-up that keeps its account from buying more.
async fn open_account(server: &Server) -> Result<String, Exit> {
    let model = server.get(&format!("/v1/accounts/{MODEL}"), &[]).await?;
    let new = json!({"name": model["name"], "site": model["site"], "unit": model["unit"]});
    let opened = server.send_once("/v1/accounts", &new, &format!("trigger-{}", Uuid::new_v4())).await?.body;
    let id = text(&opened, "id");
    let mut profile = server.get(&at(MODEL, "billing-profile"), &[]).await?;
    if let Some(fields) = profile.as_object_mut() {
        for shown_only in ["account", "tax_scheme", "updated_at", "warnings"] {
            fields.remove(shown_only);
        }
        fields.insert("version".to_owned(), json!(0));
    }
    server.send(reqwest::Method::PUT, &at(&id, "billing-profile"), Some(&profile)).await?;
    Ok(id)
}

/// Quote, agreement, top-up: what a person does before the gateway's page.
async fn begin(method: &str, server: &Server, account: &str, amount: Option<&str>) -> Result<Value, Exit> {
    let options = server.get(&at(account, "topup-options"), &[]).await?;
    let least = || least(&options).ok_or_else(|| Exit::usage(format!("nothing is sold to {account}")));
    let amount = amount.map_or_else(least, |amount| Ok(amount.to_owned()))?;
    let profile = server.get(&at(account, "billing-profile"), &[]).await.map_err(|exit| match exit.reason {
        Reason::NotFound => Exit::new(Reason::NotFound, format!("{exit}\n  {account} needs one before it can buy")),
        _ => exit,
    })?;
    let quote = json!({"amount": amount, "method": method});
    let quote = server.send(reqwest::Method::POST, &at(account, "quotes"), Some(&quote)).await?.body;
    let language = text(&profile, "language");
    let terms = server.get(&at(account, "consent"), &[("language", language.clone())]).await?;
    let (ip, user_agent) = PAYER;
    let body = json!({
        "account": account,
        "quote": quote["id"],
        "language": language,
        "consent": {"text_sha256": terms["text_sha256"], "ip": ip, "user_agent": user_agent},
    });
    let key = format!("trigger-{}", Uuid::new_v4());
    Ok(server.send_once("/v1/topups", &body, &key).await?.body)
}

/// The least that is sold: the bound, or the smallest pack.
fn least(options: &Value) -> Option<String> {
    if let Some(minimum) = options["amounts"]["minimum"].as_str() {
        return Some(minimum.to_owned());
    }
    let packs = options["packs"].as_array()?.iter().filter_map(|pack| pack["credits"].as_i64());
    packs.min().map(|credits| credits.to_string())
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

/// A top-up in the middle of its scenario.
struct Play<'a> {
    server: &'a Server,
    browser: Browser,
    topup_id: String,
    /// The gateway's page.
    page: String,
    /// The client secret of Stripe's fields.
    secret: String,
    /// What the sandbox answered last.
    last: Value,
}

impl Play<'_> {
    /// Does a step; gives the top-up as it is then.
    async fn step(&mut self, step: &Step) -> Result<Value, Exit> {
        match step.deed {
            Deed::Json(path, body) => {
                let (path, body) = (self.fill(path).await?, self.fill(body).await?);
                self.last = self.browser.post(&path, &body).await?;
            }
            Deed::Form(path, form) => {
                let (path, form) = (self.fill(path).await?, self.fill(form).await?);
                self.last = self.browser.submit(&path, &form).await?;
            }
            Deed::Open => self.browser.open(&self.page).await?,
            Deed::ComeBack => {
                self.server.get(&format!("/topups/{}/return", self.topup_id), &[]).await?;
            }
            Deed::Ask => {
                let path = format!("/v1/topups/{}/check", self.topup_id);
                return Ok(self.server.send(reqwest::Method::POST, &path, None).await?.body);
            }
            Deed::Until(states) => return self.until(states).await,
            Deed::Told(times) => self.told(times).await?,
        }
        self.topup().await
    }

    async fn topup(&self) -> Result<Value, Exit> {
        self.server.get(&format!("/v1/topups/{}", self.topup_id), &[]).await
    }

    async fn until(&self, states: &[&str]) -> Result<Value, Exit> {
        let started = Instant::now();
        loop {
            let topup = self.topup().await?;
            let state = text(&topup, "state");
            if states.contains(&state.as_str()) {
                return Ok(topup);
            }
            if started.elapsed() > WAIT {
                let wanted = states.join(" or ");
                return Err(Exit::wrong(format!("{} is {state} and did not become {wanted}", self.topup_id)));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until the gateway has told of the payment so many times and each time got an answer.
    async fn told(&self, times: usize) -> Result<(), Exit> {
        let started = Instant::now();
        let object = self.object().await?;
        loop {
            let deliveries = self.browser.get("/_sandbox/deliveries").await?;
            let deliveries = deliveries["data"].as_array().cloned().unwrap_or_default();
            let about = |delivery: &&Value| delivery.to_string().contains(&object) && delivery["status"].is_u64();
            let count = deliveries.iter().filter(about).count();
            if count >= times {
                return Ok(());
            }
            if started.elapsed() > WAIT {
                return Err(Exit::wrong(format!("the gateway told of {object} {count} times and not {times}")));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The top-up as operators see it.
    async fn payment(&self) -> Result<Value, Exit> {
        self.server.get(&format!("/v1/payments/{}", self.topup_id), &[]).await
    }

    /// The gateway's name for the payment: `pi_…`, an order, a `vnp_TxnRef`.
    async fn object(&self) -> Result<String, Exit> {
        Ok(text(&self.payment().await?, "gateway_object"))
    }

    /// A text with its placeholders filled: `{topup}`, `{object}`, `{secret}`, `{charge}` (Stripe), `{capture}` (PayPal)
    /// and `{last}`, what the sandbox made last.
    async fn fill(&self, template: &str) -> Result<String, Exit> {
        let mut text = template.to_owned();
        for name in ["{topup}", "{object}", "{secret}", "{charge}", "{capture}", "{last}"] {
            if text.contains(name) {
                text = text.replace(name, &self.value(name).await?);
            }
        }
        Ok(text)
    }

    async fn value(&self, name: &str) -> Result<String, Exit> {
        let found = match name {
            "{topup}" => self.topup_id.clone(),
            "{object}" => self.object().await?,
            "{secret}" => self.secret.clone(),
            "{charge}" => {
                let intent = self.browser.get(&format!("/v1/payment_intents/{}", self.object().await?)).await?;
                text(&intent, "latest_charge")
            }
            "{capture}" => {
                let (order, captures) = (self.object().await?, self.browser.get("/_sandbox/captures").await?);
                let of_order = |capture: &&Value| capture["supplementary_data"]["related_ids"]["order_id"] == *order;
                let captures = captures["data"].as_array().cloned().unwrap_or_default();
                captures.iter().rev().find(of_order).map(|capture| text(capture, "id")).unwrap_or_default()
            }
            _ => [text(&self.last, "id"), text(&self.last, "dispute_id")].concat(),
        };
        if found.is_empty() {
            return Err(Exit::wrong(format!("{} has no {name} to go on with", self.topup_id)));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_is_the_bound_or_the_smallest_pack() {
        let table = [
            (json!({"amounts": {"minimum": "25"}, "packs": []}), Some("25")),
            (json!({"amounts": null, "packs": [{"credits": 20000}, {"credits": 10000}]}), Some("10000")),
            (json!({"amounts": null, "packs": []}), None),
        ];
        for (options, expected) in table {
            assert_eq!(least(&options).as_deref(), expected, "{options}");
        }
    }
}
