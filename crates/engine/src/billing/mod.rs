//! Who is billed, in which currency, at which rate, and what they agreed to.
//!
//! Everything that has to be true before money is asked for: the matrix of country, unit and method ([`topup_options`]),
//! the [`profile`](fn@profile) of the payer, exchange rates, the promise of a charge ([`quote`](fn@quote)), and consent.
//! Credits never move here. A purchase takes from here what its payment keeps: [`require_profile`], [`take_quote`],
//! [`check_consent`] and the rows of [`Agreed::statements`]. Personal data lives in `billing_profiles`, apart from the
//! ledger. Deliberately absent: taxes, documents, payments, and a change of an account's unit: the unit is part of every
//! hash from the first entry on, so it is chosen once, when the account is opened.

mod address;
mod consent;
mod convert;
mod country;
mod faults;
mod options;
mod profile;
mod quotes;
mod rates;
mod tax_code;
mod text;

pub use address::{Address, AddressDraft, AddressField, MAX_ADDRESS_CHARS, MAX_POSTAL_CODE_CHARS, Place, form};
pub use consent::{
    Agreed, ConsentRecord, Given, MAX_USER_AGENT_CHARS, Terms, check_consent, check_consent_to, consent_of, terms,
};
pub use convert::{Decimal, Rate, Ratio, can_charge, coin_minor, convert_up};
pub use country::Country;
pub use options::{MethodOption, Sells, TopupOptions, Unavailable, topup_options};
pub use profile::{
    BillingSnapshot, PayerKind, Profile, ProfileDraft, StoredProfile, open_with_profile, profile, put_profile,
    require_profile,
};
pub use quotes::{Quote, QuoteRequest, find_quote, quote, take_quote};
pub use rates::{
    DatedRate, IMPORT_COLUMNS, MAX_IMPORT_ROWS, MAX_SOURCE_CHARS, NewRate, RateRecord, RatesImported, import_rates,
    list_rates, rate_in_force, set_rate,
};
pub use tax_code::{MAX_TAX_CODE_CHARS, TaxCode, TaxScheme};
