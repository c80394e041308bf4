//! A payer's browser, and the strings behind a sandbox's stage: plain HTTP that follows no redirect by itself.

use std::time::Duration;

use reqwest::header::LOCATION;
use reqwest::redirect::Policy;
use serde_json::Value;

use crate::exit::Exit;

/// How long a sandbox may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// The Stripe sandbox takes any test key.
const STRIPE_KEY: &str = "sk_test_trigger";

/// Talks to one sandbox.
pub struct Browser {
    http: reqwest::Client,
    /// The sandbox's address, without a slash at the end.
    url: String,
}

impl Browser {
    /// A browser for a sandbox on this machine. Errors: exit 2 for another place, so that no real gateway is ever called.
    pub fn new(sandbox_url: &str) -> Result<Browser, Exit> {
        let url = sandbox_url.trim_end_matches('/');
        let parsed = reqwest::Url::parse(url).ok();
        let host = parsed.as_ref().and_then(|parsed| parsed.host_str());
        if !(url.starts_with("http://") && host.is_some_and(crate::client::is_loopback)) {
            return Err(Exit::usage(format!(
                "--sandbox {url}: a sandbox is at http://127.0.0.1:PORT; the demo prints it"
            )));
        }
        let built =
            reqwest::Client::builder().timeout(PATIENCE).redirect(Policy::none()).no_proxy().tls_certs_only([]).build();
        let http = built.map_err(|error| Exit::unavailable(format!("cannot make an HTTP client: {error}")))?;
        Ok(Browser { http, url: url.to_owned() })
    }

    /// Reads JSON.
    pub async fn get(&self, path: &str) -> Result<Value, Exit> {
        self.json(self.http.get(self.at(path)).bearer_auth(STRIPE_KEY)).await
    }

    /// Tells the sandbox something.
    pub async fn post(&self, path: &str, body: &str) -> Result<Value, Exit> {
        let request = self.http.post(self.at(path)).header("Content-Type", "application/json").body(body.to_owned());
        self.json(request).await
    }

    /// Sends a form, as a page or a client of Stripe's does. A page's answer is null.
    pub async fn submit(&self, path: &str, form: &str) -> Result<Value, Exit> {
        let request = self.http.post(self.at(path)).bearer_auth(STRIPE_KEY);
        let form = request.header("Content-Type", "application/x-www-form-urlencoded").body(form.to_owned());
        self.json(form).await
    }

    /// Opens a page of the sandbox and goes where it leads, as long as it leads on.
    pub async fn open(&self, address: &str) -> Result<(), Exit> {
        let mut address = address.to_owned();
        for _ in 0..5 {
            let answer = self.http.get(&address).send().await.map_err(|error| self.away(&error))?;
            let next = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            match next.and_then(|next| answer.url().join(next).ok()) {
                Some(next) => address = next.to_string(),
                None if answer.status().is_success() => return Ok(()),
                None => return Err(Exit::unavailable(format!("{address} answered {}", answer.status()))),
            }
        }
        Err(Exit::unavailable("the sandbox's page leads on and on"))
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    fn away(&self, error: &reqwest::Error) -> Exit {
        Exit::unavailable(format!("no answer from the sandbox {}: {error}; is the demo still running?", self.url))
    }

    /// A refused card is an answer of Stripe's page, too: only what the sandbox cannot read is an error.
    async fn json(&self, request: reqwest::RequestBuilder) -> Result<Value, Exit> {
        let answer = request.send().await.map_err(|error| self.away(&error))?;
        let (status, path) = (answer.status(), answer.url().path().to_owned());
        let text = answer.text().await.map_err(|error| self.away(&error))?;
        let refused = status.is_client_error() && status.as_u16() != 402;
        if refused || status.is_server_error() {
            let said = text.chars().take(300).collect::<String>();
            return Err(Exit::wrong(format!("the sandbox refused {path} with {status}: {said}")));
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sandboxes_on_this_machine_are_talked_to() {
        crate::client::install_tls();
        for (url, allowed) in [
            ("http://127.0.0.1:4242", true),
            ("http://localhost:4242/", true),
            ("https://api.stripe.com", false),
            ("https://127.0.0.1:4242", false),
            ("http://127.0.0.1.example", false),
            ("stripe", false),
        ] {
            assert_eq!(Browser::new(url).is_ok(), allowed, "{url}");
        }
    }
}
