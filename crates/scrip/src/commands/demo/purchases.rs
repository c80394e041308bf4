//! What the demo's accounts bought by gateway in the past, each made through the API and a sandbox, and what that needs:
//! billing profiles and exchange rates.

use engine::billing::{self, AddressField, NewRate, PayerKind, ProfileDraft};
use engine::settings::Language;
use engine::{Call, Engine};

use super::sandboxes::Sandboxes;
use crate::client::{Server, ServerArgs};
use crate::commands::trigger;
use crate::exit::Exit;

/// Who is billed.
struct Payer {
    account: &'static str,
    kind: PayerKind,
    name: &'static str,
    email: &'static str,
    language: Language,
    country: &'static str,
    address: &'static [(AddressField, &'static str)],
    tax_code: Option<&'static str>,
}

const PAYERS: [Payer; 4] = [
    Payer {
        account: "demo-vn",
        kind: PayerKind::Personal,
        name: "Nguyễn Thị Lan",
        email: "lan@example.com",
        language: Language::Vi,
        country: "VN",
        address: &[
            (AddressField::Street, "12 Tràng Tiền"),
            (AddressField::Ward, "Phường Cửa Nam"),
            (AddressField::Province, "Hà Nội"),
        ],
        tax_code: None,
    },
    Payer {
        account: "demo-jp",
        kind: PayerKind::Company,
        name: "株式会社さくら商事",
        email: "keiri@example.com",
        language: Language::Ja,
        country: "JP",
        address: &[
            (AddressField::PostalCode, "100-0005"),
            (AddressField::Prefecture, "東京都"),
            (AddressField::City, "千代田区"),
            (AddressField::Street, "丸の内1-1-1"),
        ],
        tax_code: None,
    },
    Payer {
        account: "demo-global",
        kind: PayerKind::Company,
        name: "Acme Inc.",
        email: "billing@example.com",
        language: Language::En,
        country: "US",
        address: &[
            (AddressField::Line1, "1 Main Street"),
            (AddressField::City, "Springfield"),
            (AddressField::Region, "IL"),
            (AddressField::PostalCode, "62701"),
        ],
        tax_code: None,
    },
    Payer {
        account: "demo-api",
        kind: PayerKind::Company,
        name: "Acme API team",
        email: "team@example.com",
        language: Language::En,
        country: "US",
        address: &[
            (AddressField::Line1, "1 Main Street"),
            (AddressField::City, "Springfield"),
            (AddressField::Region, "IL"),
            (AddressField::PostalCode, "62701"),
        ],
        tax_code: None,
    },
];

/// Day, account, scenario of `scrip trigger`.
const PURCHASES: [(i64, &str, &str); 14] = [
    (12, "demo-vn", "vnpay.00"),
    (15, "demo-jp", "stripe.succeeded"),
    (18, "demo-global", "paypal.completed"),
    (25, "demo-api", "stripe.succeeded"),
    (40, "demo-vn", "vnpay.51"),
    (41, "demo-vn", "vnpay.00"),
    (45, "demo-jp", "paypal.denied"),
    (50, "demo-global", "stripe.requires_action"),
    (58, "demo-api", "paypal.completed"),
    (66, "demo-jp", "stripe.refund"),
    (70, "demo-vn", "paypal.completed"),
    (76, "demo-global", "stripe.dispute_won"),
    (83, "demo-vn", "vnpay.07"),
    (88, "demo-global", "paypal.pending"),
];

/// One US dollar, on the first day and what it gains each day, in the smallest shown place.
const RATES: [(&str, i64, i64, usize); 2] = [("VND", 26_180, 2, 0), ("JPY", 15_210, 3, 2)];

/// Gives every account who is billed.
pub async fn profiles(engine: &Engine, call: &Call) -> engine::Result<()> {
    for payer in &PAYERS {
        let draft = ProfileDraft {
            kind: payer.kind,
            name: payer.name.to_owned(),
            email: payer.email.to_owned(),
            recipient_email: None,
            language: payer.language,
            country: payer.country.to_owned(),
            address: payer.address.iter().map(|(field, text)| (*field, (*text).to_owned())).collect(),
            tax_code: payer.tax_code.map(str::to_owned),
        };
        billing::put_profile(engine, call, payer.account, 0, &draft).await?;
    }
    Ok(())
}

/// Sets the rates of a day, as of now by the demo's clock.
pub async fn rates(engine: &Engine, call: &Call, day: i64) -> engine::Result<()> {
    for (quote, first, gain, places) in RATES {
        let rate = NewRate {
            base: "USD".to_owned(),
            quote: quote.to_owned(),
            rate: decimal(first + gain * day, places),
            dated_at: None,
            source: "demo".to_owned(),
        };
        billing::set_rate(engine, call, &rate, true).await?;
    }
    Ok(())
}

/// A number of the smallest shown place as a decimal: 15210 with two places is 152.10.
fn decimal(number: i64, places: usize) -> String {
    let digits = number.to_string();
    match places {
        0 => digits,
        _ => {
            let (whole, fraction) = digits.split_at(digits.len().saturating_sub(places));
            format!("{whole}.{fraction}")
        }
    }
}

/// The scenarios that an account lives through on a day.
pub fn of_day(day: i64, account: &str) -> impl Iterator<Item = &'static str> {
    let of_day = move |(on, who, _): &&(i64, &str, &str)| *on == day && *who == account;
    PURCHASES.iter().filter(of_day).map(|(_, _, scenario)| *scenario).collect::<Vec<_>>().into_iter()
}

/// Lives through one.
///
/// # Errors
/// When it does not end as it should.
pub async fn make(server: &ServerArgs, sandboxes: &Sandboxes, account: &str, scenario: &str) -> Result<(), Exit> {
    let scenario = trigger::find(scenario)?;
    let place = trigger::play::Place {
        server: Server::new(server)?,
        sandbox_url: sandboxes.url(scenario.gateway()).to_owned(),
        account: Some(account.to_owned()),
        amount: None,
    };
    trigger::play::play(scenario, &place).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purchase_can_be_made() {
        for (day, account, scenario) in PURCHASES {
            assert!(trigger::find(scenario).is_ok(), "{scenario}");
            assert!(PAYERS.iter().any(|payer| payer.account == account), "{account}");
            assert_eq!(of_day(day, account).collect::<Vec<_>>(), [scenario], "one a day");
        }
    }

    #[test]
    fn rates_are_decimals() {
        for (number, places, text) in [(26_180, 0, "26180"), (15_210, 2, "152.10"), (15_477, 2, "154.77")] {
            assert_eq!(decimal(number, places), text);
        }
    }
}
