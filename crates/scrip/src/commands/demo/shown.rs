//! What the demo tells when it is ready: one JSON line for programs, a page for people, a file for `scrip trigger`.

use serde_json::{Value, json};

use super::sandboxes::Sandboxes;
use super::seed::Seeded;
use crate::output;

/// Everything that there is to tell.
pub struct Shown<'a> {
    pub url: String,
    pub operator_key: String,
    pub sandboxes: &'a Sandboxes,
    pub accounts: Vec<Seeded>,
    /// Where the administrator signs in.
    pub console_sign_in_url: String,
    /// The folder with the demo's file.
    pub folder: String,
}

impl Shown<'_> {
    /// The line of `--json`, and the content of the file.
    pub fn json(&self) -> Value {
        let account = |account: &Seeded| {
            json!({
                "id": account.id, "name": account.name, "site": account.site, "unit": account.unit,
                "api_key": account.api_key, "sign_in_url": account.sign_in_url,
            })
        };
        json!({
            "url": self.url,
            "operator_key": self.operator_key,
            "sandbox": self.sandboxes.urls(),
            "accounts": self.accounts.iter().map(account).collect::<Vec<_>>(),
            "console_sign_in_url": self.console_sign_in_url,
        })
    }

    /// The page for people.
    pub fn text(&self) -> String {
        let parts =
            [self.places(), self.table(), self.doors(), self.spending(), self.buying(), self.triggering()].join("\n\n");
        parts + "\n\nCtrl-C ends it."
    }

    fn places(&self) -> String {
        let Shown { url, operator_key, sandboxes, .. } = self;
        let [stripe, paypal, vnpay] = ["stripe", "paypal", "vnpay"].map(|gateway| sandboxes.url(gateway));
        format!(
            "Scrip demo on {url}\n\n\
             API          {url}/docs\n\
             operator key {operator_key}\n\
             sandboxes    Stripe {stripe}, PayPal {paypal}, VNPay {vnpay}"
        )
    }

    fn table(&self) -> String {
        let row = |account: &Seeded| {
            vec![account.id.to_owned(), account.name.to_owned(), account.unit.to_owned(), account.api_key.clone()]
        };
        let rows: Vec<_> = self.accounts.iter().map(row).collect();
        output::table(&["account", "name", "unit", "API key"], &rows, &[])
    }

    fn doors(&self) -> String {
        let rows = self.accounts.iter().map(|account| (account.id, account.sign_in_url.as_str()));
        let rows = rows.chain([("console", self.console_sign_in_url.as_str())]);
        let rows: Vec<_> = rows.map(|(who, link)| vec![who.to_owned(), link.to_owned()]).collect();
        output::table(&["sign in", "link (7 days, again and again)"], &rows, &[])
    }

    fn spending(&self) -> String {
        let Shown { url, operator_key, .. } = self;
        let team_key = self.accounts.last().map_or("", |account| &account.api_key);
        format!(
            "Spend a credit (the balance is in the answer):\n\n  \
             curl -s {url}/v1/debits -H 'Authorization: Bearer {operator_key}' -H 'Content-Type: application/json' \
             -H \"Idempotency-Key: $(date +%s%N)\" -d '{{\"account\":\"demo-api\",\"amount\":\"1\",\"service\":\"search\"}}'\n\n\
             Buy a pack with the saved card of demo-api (credits come with the gateway's notice):\n\n  \
             curl -s {url}/user/purchase-topup -H 'Authorization: Bearer {team_key}' -H 'Content-Type: application/json' \
             -d '{{\"credits\":10000}}'"
        )
    }

    fn buying(&self) -> String {
        let Shown { url, operator_key, sandboxes, .. } = self;
        format!(
            "Buy at a gateway: quote, agreement, top-up, then the page that it names (needs jq):\n\n  \
             ACCOUNT=demo-vn METHOD=vnpay AMOUNT=500000    # or demo-global, stripe or paypal, 25\n  \
             call() {{ curl -s {url}/v1/$1 -H 'Authorization: Bearer {operator_key}' -H 'Content-Type: application/json' \
             -H \"Idempotency-Key: $(date +%s%N)\" \"${{@:2}}\"; }}\n  \
             QUOTE=$(call accounts/$ACCOUNT/quotes -d '{{\"amount\":\"'$AMOUNT'\",\"method\":\"'$METHOD'\"}}' | jq .id)\n  \
             TERMS=$(call accounts/$ACCOUNT/consent | jq .text_sha256)\n  \
             call topups -d '{{\"account\":\"'$ACCOUNT'\",\"quote\":'$QUOTE',\
             \"consent\":{{\"text_sha256\":'$TERMS',\"ip\":\"203.0.113.7\"}}}}' | jq '{{id, amount, currency, next}}'\n\n\
             Open redirect_url in a browser; in place of Stripe's fields, {stripe}/pay/ with stripe_client_secret \
             after it.",
            stripe = sandboxes.url("stripe"),
        )
    }

    fn triggering(&self) -> String {
        format!(
            "Make a state appear (scrip trigger --list shows which):\n\n  scrip trigger vnpay.07 --data {}",
            self.folder
        )
    }
}
