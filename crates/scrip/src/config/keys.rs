//! Every key that may be set: its shape, and whether it is a secret.
//!
//! `{site}`, `{unit}` and `{country}` stand for names that an operator chooses. A test holds this list equal to the shipped file.

/// What a key holds, which decides how an environment variable is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A text, taken as it is.
    Text,
    /// A whole number or true/false, written as in TOML.
    Plain,
    /// Texts, in the environment separated by commas.
    List,
    /// Tables, in the environment written as inline TOML.
    Tables,
}

/// One key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Dotted name with placeholders.
    pub pattern: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// Never shown, and may come from a file named by `…_FILE`.
    pub secret: bool,
}

const fn key(pattern: &'static str, shape: Shape) -> Key {
    Key { pattern, shape, secret: false }
}

const fn secret(pattern: &'static str, shape: Shape) -> Key {
    Key { pattern, shape, secret: true }
}

/// All keys, in the order of the shipped file.
pub const KEYS: &[Key] = &[
    key("listen", Shape::Text),
    secret("database_url", Shape::Text),
    key("public_url", Shape::Text),
    key("environment", Shape::Text),
    secret("bootstrap_operator_key", Shape::Text),
    key("brand.name", Shape::Text),
    key("server.drain_seconds", Shape::Plain),
    key("server.trusted_proxies", Shape::List),
    key("limits.api_body_bytes", Shape::Plain),
    key("limits.webhook_body_bytes", Shape::Plain),
    key("limits.batch_items", Shape::Plain),
    key("limits.queue_length", Shape::Plain),
    key("limits.page_size", Shape::Plain),
    key("limits.hold_ttl_seconds", Shape::Plain),
    key("limits.hold_ttl_max_seconds", Shape::Plain),
    key("executor.cached_accounts", Shape::Plain),
    key("executor.fold_lag_max_rows", Shape::Plain),
    key("executor.sweep_seconds", Shape::Plain),
    key("postgres.executors", Shape::Plain),
    key("postgres.connections", Shape::Plain),
    key("postgres.prepared_statements", Shape::Plain),
    key("postgres.lock_timeout_ms", Shape::Plain),
    key("postgres.statement_timeout_ms", Shape::Plain),
    key("postgres.commit_timeout_ms", Shape::Plain),
    key("postgres.idle_in_transaction_timeout_ms", Shape::Plain),
    key("purchase.enabled", Shape::Plain),
    key("purchase.cooldown_seconds", Shape::Plain),
    key("purchase.pay_within_seconds", Shape::Plain),
    key("purchase.compare_daily", Shape::Plain),
    key("purchase.brakes.address_tries_per_hour", Shape::Plain),
    key("purchase.brakes.account_tries_per_hour", Shape::Plain),
    key("purchase.brakes.levels", Shape::Tables),
    key("billing.quote_seconds", Shape::Plain),
    key("billing.rate_max_age_hours", Shape::Plain),
    key("billing.rate_change_max_percent", Shape::Plain),
    key("billing.methods_off", Shape::List),
    key("billing.consent.version", Shape::Text),
    key("billing.consent.texts.{country}", Shape::Tables),
    key("portal.accent", Shape::Text),
    key("portal.logo_file", Shape::Text),
    key("portal.help_email", Shape::Text),
    key("portal.help_url", Shape::Text),
    key("portal.texts", Shape::Tables),
    key("receipts.sellers", Shape::Tables),
    key("receipts.taxes", Shape::Tables),
    key("receipts.notes", Shape::Tables),
    key("receipts.description", Shape::Tables),
    key("receipts.refund_note", Shape::Tables),
    key("exports.max_rows", Shape::Plain),
    key("plans.base_name", Shape::Text),
    key("plans.base_credits", Shape::Plain),
    key("plans.retry_days", Shape::Tables),
    key("plans.grace_days", Shape::Plain),
    key("plans.renewal", Shape::Tables),
    secret("vouchers.code_key", Shape::Text),
    key("vouchers.account_failures", Shape::Plain),
    key("vouchers.account_window_seconds", Shape::Plain),
    key("vouchers.address_failures", Shape::Plain),
    key("vouchers.address_window_seconds", Shape::Plain),
    key("vouchers.alarm_failures_per_hour", Shape::Plain),
    key("vouchers.batch_codes", Shape::Plain),
    key("mail.transport", Shape::Text),
    key("mail.folder", Shape::Text),
    secret("mail.smtp_url", Shape::Text),
    key("mail.from", Shape::Text),
    key("mail.reply_to", Shape::Text),
    key("mail.keep_days", Shape::Plain),
    key("alerts.check_seconds", Shape::Plain),
    key("alerts.max_emails", Shape::Plain),
    key("alerts.repeat_hours", Shape::Plain),
    key("alerts.max_letters", Shape::Plain),
    key("alerts.negative_days", Shape::Plain),
    key("alerts.expiry_days", Shape::Tables),
    key("sign_in.idle_seconds", Shape::Plain),
    key("sign_in.session_seconds", Shape::Plain),
    key("sign_in.fresh_seconds", Shape::Plain),
    key("sign_in.link_seconds", Shape::Plain),
    key("sign_in.invitation_seconds", Shape::Plain),
    key("sign_in.hash_memory_kib", Shape::Plain),
    key("sign_in.hash_passes", Shape::Plain),
    key("sign_in.parallel_hashes", Shape::Plain),
    key("sign_in.operator_second_factor", Shape::Text),
    secret("sign_in.second_factor_key", Shape::Text),
    secret("stripe.secret_key", Shape::Text),
    key("stripe.publishable_key", Shape::Text),
    secret("stripe.webhook_secrets", Shape::List),
    key("stripe.base_url", Shape::Text),
    key("stripe.api_version", Shape::Text),
    key("stripe.timeout_ms", Shape::Plain),
    key("paypal.client_id", Shape::Text),
    secret("paypal.client_secret", Shape::Text),
    key("paypal.webhook_id", Shape::Text),
    key("paypal.base_url", Shape::Text),
    key("paypal.cert_base_url", Shape::Text),
    key("paypal.cert_roots_pem", Shape::Text),
    key("paypal.verify_by_postback", Shape::Plain),
    key("paypal.brand_name", Shape::Text),
    key("paypal.timeout_ms", Shape::Plain),
    key("vnpay.tmn_code", Shape::Text),
    secret("vnpay.hash_secret", Shape::Text),
    key("vnpay.pay_url", Shape::Text),
    key("vnpay.api_url", Shape::Text),
    key("vnpay.timeout_ms", Shape::Plain),
    key("log.format", Shape::Text),
    key("log.level", Shape::Text),
    key("sites.{site}.enabled", Shape::Plain),
    key("sites.{site}.name", Shape::Text),
    key("sites.{site}.countries", Shape::List),
    key("sites.{site}.units", Shape::List),
    key("sites.{site}.amounts.{unit}.minimum", Shape::Text),
    key("sites.{site}.amounts.{unit}.suggested", Shape::List),
    key("sites.{site}.amounts.{unit}.maximum", Shape::Text),
    key("sites.{site}.amounts.{unit}.methods", Shape::Tables),
    key("sites.{site}.packs", Shape::Tables),
    key("sites.{site}.pack_methods", Shape::Tables),
    key("sites.{site}.topup_valid_months", Shape::Plain),
    key("sites.{site}.time_zone", Shape::Text),
];

impl Key {
    /// The key that a dotted path names, written in lower case except for units.
    pub fn find(path: &str) -> Option<(&'static Key, String)> {
        KEYS.iter().find_map(|key| Some((key, key.fit(path, usize::MAX)?)))
    }

    /// Whether some key lies below this path, so that it may be a table.
    pub fn is_table(path: &str) -> bool {
        let depth = path.split('.').count();
        KEYS.iter().any(|key| key.pattern.split('.').count() > depth && key.fit(path, depth).is_some())
    }

    /// The pattern's first `depth` parts with the path's own names in them, when every part fits.
    fn fit(&self, path: &str, depth: usize) -> Option<String> {
        let parts = self.pattern.split('.').take(depth).collect::<Vec<_>>();
        let names = path.split('.').collect::<Vec<_>>();
        let fits = |(part, name): (&&str, &&str)| match *part {
            "{site}" => Some(name.to_lowercase()),
            "{unit}" | "{country}" => Some(name.to_uppercase()),
            part => part.eq_ignore_ascii_case(name).then(|| part.to_owned()),
        };
        let fitted = parts.iter().zip(&names).map(fits).collect::<Option<Vec<_>>>()?;
        (parts.len() == names.len()).then(|| fitted.join("."))
    }

    /// The known key that looks most like a path, if any does.
    pub fn nearest(path: &str) -> Option<String> {
        let names = path.split('.').collect::<Vec<_>>();
        let candidate = |key: &Key| {
            let part = |(at, part): (usize, &str)| match (part, names.get(at)) {
                ("{site}", Some(name)) => name.to_lowercase(),
                ("{unit}" | "{country}", Some(name)) => name.to_uppercase(),
                _ => part.to_owned(),
            };
            key.pattern.split('.').enumerate().map(part).collect::<Vec<_>>().join(".")
        };
        let scored = KEYS.iter().map(|key| {
            let candidate = candidate(key);
            let last = |text: &str| text.rsplit('.').next().unwrap_or_default().to_owned();
            // A key put into the wrong table is as near as one with a letter wrong.
            let moved = distance(&last(path), &last(&candidate)) + 1;
            (distance(&path.to_lowercase(), &candidate.to_lowercase()).min(moved), candidate)
        });
        let (distance, nearest) = scored.min_by_key(|(distance, _)| *distance)?;
        (distance <= 3).then_some(nearest)
    }

    /// The environment variable of a path.
    pub fn variable(path: &str) -> String {
        format!("SCRIP_{}", path.replace('.', "__").to_uppercase())
    }
}

/// How many letters differ (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b = b.chars().collect::<Vec<_>>();
    let mut row = (0..=b.len()).collect::<Vec<_>>();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_suggested() {
        let table = [
            ("listn", Some("listen")),
            ("limits.batch_item", Some("limits.batch_items")),
            ("cooldown_seconds", Some("purchase.cooldown_seconds")),
            ("stripe.webhook_secret", Some("stripe.webhook_secrets")),
            ("sites.kr.unit", Some("sites.kr.units")),
            ("sites.vn.amounts.vnd.minimun", Some("sites.vn.amounts.VND.minimum")),
            ("something.else.entirely", None),
        ];
        for (path, nearest) in table {
            assert_eq!(Key::nearest(path).as_deref(), nearest, "{path}");
        }
    }

    #[test]
    fn paths_are_found_whatever_their_case() {
        let find = |path| Key::find(path).map(|(_, path)| path);
        assert_eq!(find("SITES.VN.AMOUNTS.vnd.MINIMUM").as_deref(), Some("sites.vn.amounts.VND.minimum"));
        assert_eq!(find("limits"), None);
        for (path, table) in [("limits", true), ("sites.kr", true), ("sites.kr.amounts.KRW", true), ("listen", false)] {
            assert_eq!(Key::is_table(path), table, "{path}");
        }
    }
}
