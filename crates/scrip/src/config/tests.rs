use std::io;

use super::*;

/// Loads from a file's text and `NAME=value` pairs.
fn load_from(file: &str, variables: &[(&str, &str)]) -> Result<Loaded, Vec<Problem>> {
    let read = |path: &Path| match path.to_str() {
        Some("/run/key") => Ok("sk_test_from_file\n".to_owned()),
        Some("/run/hooks") => Ok("whsec_1\nwhsec_2\n".to_owned()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load(&Sources { file: Some(("scrip.toml".into(), file.to_owned())), variables, read: &read })
}

#[test]
fn the_shipped_file_says_what_the_types_say() {
    let loaded = load_from("", &[]).unwrap();
    assert_eq!(loaded.settings, Settings::default());
}

#[test]
fn every_key_is_in_the_shipped_file() {
    let loaded = load_from("", &[]).unwrap();
    for key in keys::KEYS {
        let shipped =
            loaded.entries.keys().any(|path| Key::find(path).is_some_and(|(found, _)| found.pattern == key.pattern));
        assert!(shipped, "{}", key.pattern);
    }
}

#[test]
fn the_last_one_said_wins_and_keeps_its_origin() {
    let file = "listen = \"0.0.0.0:1\"\npublic_url = \"http://file\"\n[limits]\nbatch_items = 5\n";
    let variables =
        [("SCRIP_LISTEN", "0.0.0.0:2"), ("SCRIP_LIMITS__PAGE_SIZE", "7"), ("SCRIP_KEY", "x"), ("HOME", "/")];
    let Loaded { settings, entries } = load_from(file, &variables).unwrap();
    assert_eq!(settings.listen.port(), 2);
    assert_eq!((settings.limits.batch_items, settings.limits.page_size), (5, 7));
    let table = [
        ("listen", "SCRIP_LISTEN"),
        ("public_url", "scrip.toml"),
        ("limits.page_size", "SCRIP_LIMITS__PAGE_SIZE"),
        ("limits.batch_items", "scrip.toml"),
        ("log.level", "default"),
    ];
    for (path, origin) in table {
        assert_eq!(entries[path].origin.to_string(), origin, "{path}");
    }
}

#[test]
fn variables_are_read_in_the_shape_of_their_key() {
    let vnd = ledger::Unit::parse("VND").unwrap();
    let Loaded { settings, .. } = load_from(
        "",
        &[
            ("SCRIP_STRIPE__SECRET_KEY_FILE", "/run/key"),
            ("SCRIP_STRIPE__WEBHOOK_SECRETS", "whsec_a, whsec_b"),
            ("SCRIP_SITES__VN__AMOUNTS__VND__MINIMUM", "100000"),
            ("SCRIP_SITES__VN__AMOUNTS__VND__METHODS", "{ vnpay = [\"VND\"] }"),
            ("SCRIP_SITES__GLOBAL__UNITS", "EUR,USD"),
            ("SCRIP_SITES__API__ENABLED", "false"),
            ("SCRIP_BILLING__METHODS_OFF", "paypal,vnpay"),
            ("SCRIP_BILLING__CONSENT__TEXTS__JP", "{ en = \"I agree.\", ja = \"同意します。\" }"),
        ],
    )
    .unwrap();
    assert_eq!(settings.stripe.secret_key.expose(), "sk_test_from_file");
    assert_eq!(
        settings.stripe.webhook_secrets.iter().map(|secret| secret.expose()).collect::<Vec<_>>(),
        ["whsec_a", "whsec_b"]
    );
    let amounts = &settings.sites["vn"].amounts[&vnd];
    assert_eq!((amounts.minimum.as_str(), amounts.methods.len()), ("100000", 1));
    assert_eq!(settings.sites["global"].default_unit().unwrap().code(), "EUR");
    assert!(!settings.sites["api"].enabled);
    assert_eq!(settings.billing.methods_off.len(), 2);
    let texts: Vec<_> =
        settings.billing.consent.texts.iter().map(|(country, texts)| (&**country, texts.len())).collect();
    assert_eq!(texts, [("ANY", 3), ("EU", 3), ("JP", 2)]);
}

#[test]
fn a_list_of_secrets_may_be_a_file_with_lines() {
    let Loaded { settings, .. } = load_from("", &[("SCRIP_STRIPE__WEBHOOK_SECRETS_FILE", "/run/hooks")]).unwrap();
    assert_eq!(settings.stripe.webhook_secrets.len(), 2);
}

#[test]
fn a_new_site_needs_no_mention_in_the_defaults() {
    let file = "
        [sites.kr]
        name = \"Korea\"
        countries = [\"KR\"]
        units = [\"KRW\"]
        amounts.KRW = { minimum = \"30000\", maximum = \"1000000\", methods = { stripe = [\"KRW\"] } }
    ";
    let Loaded { settings, .. } = load_from(file, &[]).unwrap();
    assert_eq!(settings.sites.len(), 5);
    assert!(settings.sites["kr"].enabled);
}

#[test]
fn each_mistake_is_named_and_explained() {
    // file, variable, key of the mistake, part of the message
    let table: &[(&str, (&str, &str), &str, &str)] = &[
        ("listn = 1", ("", ""), "listn", "did you mean listen?"),
        ("[limits]\nbatch_item = 1", ("", ""), "limits.batch_item", "did you mean limits.batch_items?"),
        ("[nothing.like.it]\nx = 1", ("", ""), "nothing", "is not a setting (from scrip.toml)"),
        ("limits = 5", ("", ""), "limits", "is not a setting"),
        ("listen = 8080", ("", ""), "listen", "invalid type"),
        ("listen = \"8080\"", ("", ""), "listen", "invalid socket address"),
        ("environment = \"prod\"", ("", ""), "environment", "unknown variant `prod`"),
        ("database_url = \"mysql://x\"", ("", ""), "database_url", "must be sqlite:PATH or postgres://"),
        ("[limits]\npage_size = 0", ("", ""), "limits.page_size", "out of range: 1 to 1000 (from scrip.toml)"),
        ("[sites.vn]\nunits = [\"XXX\"]", ("", ""), "sites.vn.units", "unknown unit \"XXX\""),
        ("[sites.api]\npacks = [{ credit = 1 }]", ("", ""), "sites.api.packs", "unknown field `credit`"),
        ("= nonsense", ("", ""), "scrip.toml", "is not TOML"),
        ("", ("SCRIP_LISTN", "x"), "SCRIP_LISTN", "did you mean SCRIP_LISTEN?"),
        ("", ("SCRIP_STRIPE_SECRET_KEY", "x"), "SCRIP_STRIPE_SECRET_KEY", "did you mean SCRIP_STRIPE__SECRET_KEY?"),
        ("", ("SCRIP_LISTEN_FILE", "/run/key"), "SCRIP_LISTEN_FILE", "is not a setting"),
        ("", ("SCRIP_LIMITS__PAGE_SIZE", "many"), "SCRIP_LIMITS__PAGE_SIZE", "is not a whole number"),
        ("", ("SCRIP_STRIPE__SECRET_KEY_FILE", "/nowhere"), "SCRIP_STRIPE__SECRET_KEY_FILE", "cannot read /nowhere"),
        (
            "",
            ("SCRIP_STRIPE__SECRET_KEY", "sk_live_1"),
            "stripe.secret_key",
            "`environment` is test (from SCRIP_STRIPE",
        ),
        ("", ("SCRIP_SITES__VN__AMOUNTS__VND__MINIMUM", "5e5"), "sites.vn.amounts.VND.minimum", "plain digits"),
    ];
    for (file, variable, key, message) in table {
        let problems = load_from(file, &[*variable]).expect_err(message);
        let found = problems.iter().any(|problem| problem.key == *key && problem.message.contains(message));
        assert!(found, "{key}: {message}: {problems:#?}");
    }
}

#[test]
fn all_mistakes_come_in_one_list() {
    let file = "listn = 1\nenvironment = \"prod\"\npublic_url = \"x\"\n[limits]\npage_size = 0\n";
    let problems = load_from(file, &[("SCRIP_NOPE", "1")]).unwrap_err();
    let keys = problems.iter().map(|problem| problem.key.as_str()).collect::<Vec<_>>();
    assert_eq!(keys, ["SCRIP_NOPE", "environment", "limits.page_size", "listn", "public_url"]);
}

#[test]
fn a_variable_and_its_file_together_are_a_mistake() {
    let both = [("SCRIP_STRIPE__SECRET_KEY", "sk_test_1"), ("SCRIP_STRIPE__SECRET_KEY_FILE", "/run/key")];
    let problems = load_from("", &both).unwrap_err();
    assert!(problems.iter().any(|problem| problem.message.contains("keep one")), "{problems:?}");
}

#[test]
fn printing_hides_secrets_and_is_toml() {
    let variables = [
        ("SCRIP_DATABASE_URL", "postgres://me:hunter2@db/scrip?password=hunter2"),
        ("SCRIP_STRIPE__SECRET_KEY", "sk_test_hunter2"),
        ("SCRIP_STRIPE__WEBHOOK_SECRETS", "whsec_hunter2,whsec_hunter2"),
    ];
    let Loaded { entries, .. } = load_from("", &variables).unwrap();
    let (text, json) = (to_text(&entries), to_json(&entries));
    assert!(!text.contains("hunter2") && !json.to_string().contains("hunter2"), "{text}");
    let table = text.parse::<Table>().unwrap();
    assert_eq!(table["database_url"].as_str(), Some("postgres://me:***@db/scrip"));
    assert_eq!(table["stripe"]["webhook_secrets"].as_array().unwrap().len(), 2);
    assert_eq!(json["stripe.secret_key"]["from"], "SCRIP_STRIPE__SECRET_KEY");
    assert_eq!(json["limits.batch_items"]["value"], 1000);
}

#[test]
fn the_reference_names_every_key_outside_sites() {
    let page = reference();
    for key in keys::KEYS.iter().filter(|key| !key.pattern.contains('{')) {
        assert!(page.contains(&format!("| `{}` |", key.pattern)), "{}", key.pattern);
    }
    assert!(page.contains("| `billing.consent.texts.EU` |"));
    assert!(page.contains("amounts.VND = { minimum") && page.contains("*Secret.*"));
}
