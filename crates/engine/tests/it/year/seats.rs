//! Where customers sit: three sites, each with a zone, a unit and a validity of its own.

use engine::billing::AddressField;
use engine::settings::Method;

use super::calendar::Zone;

/// Where a customer sits, and what is sold there.
pub(super) struct Seat {
    pub(super) id: &'static str,
    pub(super) zone: Zone,
    pub(super) site: &'static str,
    pub(super) unit: &'static str,
    pub(super) country: &'static str,
    pub(super) address: &'static [(AddressField, &'static str)],
    /// How top-ups are paid, and the name of the gateway behind it.
    pub(super) method: Method,
    pub(super) gateway: &'static str,
    /// How long bought credits count.
    pub(super) topup_months: i64,
    /// The smallest top-up, in the unit.
    pub(super) topup: i64,
    /// How far below zero it may go, in the unit.
    pub(super) overdraft: i64,
    /// How many debits come at once.
    pub(super) burst: usize,
}

pub(super) const SEATS: [Seat; 3] = [
    Seat {
        id: "hanoi",
        zone: Zone::HoChiMinh,
        site: "vn",
        unit: "VND",
        country: "VN",
        address: &[(AddressField::Street, "1"), (AddressField::Ward, "2"), (AddressField::Province, "3")],
        method: Method::VnPay,
        gateway: "vnpay",
        topup_months: 6,
        topup: 500_000,
        overdraft: 0,
        burst: 1,
    },
    Seat {
        id: "tokyo",
        zone: Zone::Tokyo,
        site: "jp",
        unit: "JPY",
        country: "JP",
        address: &[
            (AddressField::PostalCode, "1500001"),
            (AddressField::Prefecture, "1"),
            (AddressField::City, "2"),
            (AddressField::Street, "3"),
        ],
        method: Method::PayPal,
        gateway: "paypal",
        topup_months: 1,
        topup: 3_000,
        overdraft: 0,
        burst: 1,
    },
    Seat {
        id: "new-york",
        zone: Zone::NewYork,
        site: "global",
        unit: "USD",
        country: "US",
        address: &[(AddressField::Line1, "1"), (AddressField::City, "2")],
        method: Method::PayPal,
        gateway: "paypal",
        topup_months: 3,
        topup: 25,
        overdraft: 200,
        burst: 15,
    },
];
