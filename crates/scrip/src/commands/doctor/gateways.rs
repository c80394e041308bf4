//! What settings say about the gateways: whether keys fit the environment, and whether notices can be believed.

use engine::settings::{Environment, Method, Settings};

use super::{Check, State};

/// A line per gateway, and one for what was switched off.
pub fn checks(settings: &Settings) -> Vec<Check> {
    let mut checks = vec![stripe(settings), paypal(settings), vnpay(settings)];
    checks.extend(switched_off(settings));
    checks
}

fn stripe(settings: &Settings) -> Check {
    let stripe = &settings.stripe;
    if !stripe.secret_key.is_set() {
        return off(settings, "stripe", "stripe.secret_key", &[Method::Stripe, Method::SavedCard]);
    }
    let live_key = stripe.secret_key.expose().contains("_live_");
    if live_key != (settings.environment == Environment::Live) {
        let (key, mode) = (if live_key { "live" } else { "test" }, settings.environment.as_str());
        return Check::test(
            "stripe",
            false,
            format!("a {key} key in {mode} mode; set stripe.secret_key to a {mode} key"),
        );
    }
    match stripe.webhook_secrets.len() {
        0 => {
            let said = "has no webhook secret: payments are only found by asking; set stripe.webhook_secrets";
            Check::test("stripe", false, said)
        }
        count => Check::test("stripe", true, format!("on, {}, webhook secrets: {count}", stripe.base_url)),
    }
}

fn paypal(settings: &Settings) -> Check {
    let paypal = &settings.paypal;
    if !paypal.client_secret.is_set() {
        return off(settings, "paypal", "paypal.client_secret", &[Method::PayPal]);
    }
    if paypal.webhook_id.is_empty() {
        let said =
            "has no webhook id: no notice can be verified; register a webhook at PayPal and set paypal.webhook_id";
        return Check::test("paypal", false, said);
    }
    let verified = if paypal.verify_by_postback { "by asking PayPal" } else { "here" };
    place(
        "paypal",
        settings,
        &paypal.base_url,
        &format!("webhook {}, signatures checked {verified}", paypal.webhook_id),
    )
}

fn vnpay(settings: &Settings) -> Check {
    let vnpay = &settings.vnpay;
    if !vnpay.hash_secret.is_set() {
        return off(settings, "vnpay", "vnpay.hash_secret", &[Method::VnPay]);
    }
    if vnpay.tmn_code.is_empty() {
        return Check::test("vnpay", false, "has a secret and no terminal; set vnpay.tmn_code");
    }
    place("vnpay", settings, &vnpay.pay_url, &format!("terminal {}", vnpay.tmn_code))
}

/// On, and where; a place of one's own is a sandbox, which has no business where real money moves.
fn place(name: &'static str, settings: &Settings, url: &str, what: &str) -> Check {
    let mode = settings.environment.as_str();
    match (url, settings.environment) {
        ("", _) => Check::test(name, true, format!("on, {mode} mode, {what}")),
        (url, Environment::Test) => Check::test(name, true, format!("on, {url}, {what}")),
        (url, Environment::Live) => Check::new(
            name,
            State::Note,
            format!("on in live mode at {url}, {what}; leave the address out for the gateway's own"),
        ),
    }
}

/// Off is well, unless buyers are offered what nobody can use.
fn off(settings: &Settings, name: &'static str, key: &str, methods: &[Method]) -> Check {
    let offers = |site: &engine::settings::Site| {
        let listed = site.amounts.values().flat_map(|amounts| amounts.methods.keys()).chain(site.pack_methods.keys());
        listed.into_iter().any(|method| methods.contains(method))
    };
    let sites = settings.sites.iter().filter(|(_, site)| site.enabled && offers(site));
    let sites: Vec<_> = sites.map(|(name, _)| name.as_str()).collect();
    match sites.as_slice() {
        [] => Check::test(name, true, format!("off (no {key})")),
        sites => Check::test(name, true, format!("off (no {key}); shown as not available on {}", sites.join(", "))),
    }
}

fn switched_off(settings: &Settings) -> Option<Check> {
    let off: Vec<_> =
        Method::ALL.into_iter().filter(|method| settings.is_switched_off(*method)).map(Method::name).collect();
    let said = format!("nobody can pay by {}: switched off in the settings", off.join(", "));
    (!off.is_empty()).then(|| Check::new("kill switch", State::Note, said))
}

#[cfg(test)]
mod tests {
    use engine::settings::Secret;

    use super::*;

    #[test]
    fn each_mistake_is_told() {
        type Set = fn(&mut Settings);
        // check, its state, a part of what is said, the settings
        let table: &[(&str, State, &str, Set)] = &[
            (
                "stripe",
                State::Well,
                "off (no stripe.secret_key); shown as not available on api, global, jp, vn",
                |_| {},
            ),
            ("stripe", State::Well, "off (no stripe.secret_key)", |s| s.sites.clear()),
            ("stripe", State::Failed, "webhook_secrets", |s| s.stripe.secret_key = Secret::new("sk_test_1")),
            ("stripe", State::Failed, "a live key in test mode", |s| s.stripe.secret_key = Secret::new("rk_live_1")),
            ("stripe", State::Well, "webhook secrets: 1", |s| {
                s.stripe.secret_key = Secret::new("sk_test_1");
                s.stripe.webhook_secrets = vec![Secret::new("whsec_1")];
            }),
            ("paypal", State::Well, "off", |_| {}),
            ("paypal", State::Failed, "paypal.webhook_id", |s| s.paypal.client_secret = Secret::new("x")),
            ("paypal", State::Well, "checked here", |s| {
                s.paypal.client_secret = Secret::new("x");
                s.paypal.webhook_id = "WH-1".to_owned();
            }),
            ("vnpay", State::Failed, "vnpay.tmn_code", |s| s.vnpay.hash_secret = Secret::new("x")),
            ("vnpay", State::Note, "live mode at http://127.0.0.1:1", |s| {
                s.environment = Environment::Live;
                s.vnpay.hash_secret = Secret::new("x");
                s.vnpay.tmn_code = "SHOP0001".to_owned();
                s.vnpay.pay_url = "http://127.0.0.1:1".to_owned();
            }),
            ("kill switch", State::Note, "by vnpay:", |s| s.billing.methods_off = vec![Method::VnPay]),
        ];
        for (name, state, part, set) in table {
            let mut settings = Settings::default();
            set(&mut settings);
            let checks = checks(&settings);
            let check = checks.iter().find(|check| check.name == *name).unwrap();
            assert!(
                check.state == *state && check.said.contains(part),
                "{name} {}: {}",
                check.state.mark(),
                check.said
            );
        }
    }
}
