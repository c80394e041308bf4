//! The shipped values: what a server does that is told nothing.
//!
//! Source of the figures: the product's list of sites and the published limits. Pack prices are examples.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ledger::Unit;

use super::*;

impl Default for Settings {
    fn default() -> Self {
        Settings {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            database_url: DatabaseUrl::Sqlite(PathBuf::from("scrip.db")),
            public_url: "http://127.0.0.1:8080".to_owned(),
            environment: Environment::default(),
            bootstrap_operator_key: Secret::default(),
            brand: Brand::default(),
            server: Server::default(),
            limits: Limits::default(),
            executor: Executor::default(),
            postgres: Postgres::default(),
            purchase: Purchase::default(),
            billing: Billing::default(),
            portal: Portal::default(),
            receipts: Receipts::default(),
            exports: Exports::default(),
            plans: Plans::default(),
            vouchers: Vouchers::default(),
            mail: Mail::default(),
            alerts: Alerts::default(),
            sign_in: SignIn::default(),
            stripe: Stripe::default(),
            paypal: Paypal::default(),
            vnpay: Vnpay::default(),
            log: Log::default(),
            sites: sites(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            api_body_bytes: 1 << 20,
            webhook_body_bytes: 256 << 10,
            batch_items: 1_000,
            queue_length: 100_000,
            page_size: 100,
            hold_ttl_seconds: 900,
            hold_ttl_max_seconds: HOLD_TTL_CEILING_SECONDS,
        }
    }
}

impl Default for Executor {
    fn default() -> Self {
        Executor { cached_accounts: 200_000, fold_lag_max_rows: 500_000, sweep_seconds: 30 }
    }
}

impl Default for Postgres {
    fn default() -> Self {
        Postgres {
            executors: 2,
            connections: 16,
            prepared_statements: true,
            lock_timeout_ms: 2_000,
            statement_timeout_ms: 5_000,
            commit_timeout_ms: 10_000,
            idle_in_transaction_timeout_ms: 10_000,
        }
    }
}

impl Default for Purchase {
    fn default() -> Self {
        Purchase {
            enabled: true,
            cooldown_seconds: 60,
            pay_within_seconds: 1_800,
            compare_daily: true,
            brakes: Brakes::default(),
        }
    }
}

impl Default for Stripe {
    fn default() -> Self {
        Stripe {
            secret_key: Secret::default(),
            publishable_key: String::new(),
            webhook_secrets: Vec::new(),
            base_url: "https://api.stripe.com".to_owned(),
            api_version: "2026-10-28.endive".to_owned(),
            timeout_ms: 80_000,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Log { format: LogFormat::default(), level: "info".to_owned() }
    }
}

impl Default for Site {
    fn default() -> Self {
        Site {
            enabled: true,
            name: String::new(),
            countries: Vec::new(),
            units: Vec::new(),
            amounts: BTreeMap::new(),
            packs: Vec::new(),
            pack_methods: BTreeMap::new(),
            topup_valid_months: 0,
            time_zone: "UTC".to_owned(),
        }
    }
}

fn units(codes: &[&str]) -> Vec<Unit> {
    codes.iter().filter_map(|code| Unit::parse(code)).collect()
}

fn methods(list: &[(Method, &[&str])]) -> BTreeMap<Method, Vec<Unit>> {
    list.iter().map(|(method, currencies)| (*method, units(currencies))).collect()
}

fn amounts(unit: &str, figures: (&str, &[&str], &str), accepted: &[(Method, &[&str])]) -> BTreeMap<Unit, UnitAmounts> {
    let (minimum, suggested, maximum) = figures;
    let amounts = UnitAmounts {
        minimum: minimum.to_owned(),
        suggested: suggested.iter().map(|text| (*text).to_owned()).collect(),
        maximum: maximum.to_owned(),
        methods: methods(accepted),
    };
    Unit::parse(unit).map(|unit| (unit, amounts)).into_iter().collect()
}

fn sites() -> BTreeMap<String, Site> {
    use Method::{PayPal, SavedCard, Stripe, VnPay};
    let vn = Site {
        name: "Vietnam".to_owned(),
        countries: vec!["VN".to_owned()],
        units: units(&["VND"]),
        amounts: amounts(
            "VND",
            ("500000", &["500000", "1000000", "2000000"], "12500000000"),
            &[(VnPay, &["VND"]), (PayPal, &["USD"]), (Stripe, &["VND"])],
        ),
        time_zone: "Asia/Ho_Chi_Minh".to_owned(),
        ..Site::default()
    };
    let jp = Site {
        name: "Japan".to_owned(),
        countries: vec!["JP".to_owned()],
        units: units(&["JPY"]),
        amounts: amounts(
            "JPY",
            ("3000", &["3000", "10000", "30000"], "75000000"),
            &[(Stripe, &["JPY"]), (PayPal, &["USD", "JPY"])],
        ),
        time_zone: "Asia/Tokyo".to_owned(),
        ..Site::default()
    };
    let world = ["USD", "EUR", "GBP", "AUD", "CAD", "CHF", "NZD", "SGD"];
    let global = Site {
        name: "Global".to_owned(),
        units: units(&world),
        amounts: world
            .iter()
            .flat_map(|unit| {
                let accepted: &[(Method, &[&str])] = &[(PayPal, &[unit]), (Stripe, &[unit])];
                amounts(unit, ("25", &["25", "50", "100"], "500000"), accepted)
            })
            .collect(),
        ..Site::default()
    };
    let charged: &[&str] = &["USD", "EUR", "JPY"];
    let api = Site {
        name: "API teams".to_owned(),
        units: vec![Unit::CREDIT],
        packs: packs(),
        pack_methods: methods(&[(SavedCard, charged), (Stripe, charged), (PayPal, charged)]),
        ..Site::default()
    };
    [("vn", vn), ("jp", jp), ("global", global), ("api", api)].map(|(name, site)| (name.to_owned(), site)).into()
}

fn packs() -> Vec<Pack> {
    let list = [
        (10_000, ["10", "9.50", "1500"]),
        (20_000, ["20", "19", "3000"]),
        (80_000, ["76", "72", "11400"]),
        (100_000, ["90", "85", "13500"]),
    ];
    list.map(|(credits, prices)| {
        let prices = units(&["USD", "EUR", "JPY"]).into_iter().zip(prices.map(str::to_owned)).collect();
        Pack { credits, prices }
    })
    .into()
}
