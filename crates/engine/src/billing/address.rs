//! Addresses with the fields that each country knows.
//!
//! Japan writes from large to small, Vietnam has had no districts since July 2025, everywhere else two free lines serve.
//! [`form`] is the one place that says which fields there are, in the order in which they are shown and written.
//! Deliberately absent: lists of provinces or prefectures, and any conversion of old addresses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::country::Country;
use super::faults::Faults;
use super::text::{fold_width, line};

/// Longest field of an address, in characters.
pub const MAX_ADDRESS_CHARS: usize = 200;
/// Longest postal code, in characters.
pub const MAX_POSTAL_CODE_CHARS: usize = 16;

/// A field of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressField {
    /// Postal code.
    PostalCode,
    /// 都道府県 (Japan).
    Prefecture,
    /// Street and number; in Japan the town and number.
    Street,
    /// Building and room (Japan).
    Building,
    /// Phường/Xã (Vietnam).
    Ward,
    /// Tỉnh/Thành phố (Vietnam).
    Province,
    /// First free line.
    Line1,
    /// Second free line.
    Line2,
    /// City; in Japan 市区町村.
    City,
    /// State or region.
    Region,
}

use AddressField::{Building, City, Line1, Line2, PostalCode, Prefecture, Province, Region, Street, Ward};

impl AddressField {
    /// Every field.
    pub const ALL: [AddressField; 10] =
        [PostalCode, Prefecture, Street, Building, Ward, Province, Line1, Line2, City, Region];

    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            PostalCode => "postal_code",
            Prefecture => "prefecture",
            Street => "street",
            Building => "building",
            Ward => "ward",
            Province => "province",
            Line1 => "line1",
            Line2 => "line2",
            City => "city",
            Region => "region",
        }
    }
}

/// A field as a country's form has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which.
    pub field: AddressField,
    /// Whether it must be given.
    pub required: bool,
}

const fn must(field: AddressField) -> Place {
    Place { field, required: true }
}

const fn may(field: AddressField) -> Place {
    Place { field, required: false }
}

const JAPAN: &[Place] = &[must(PostalCode), must(Prefecture), must(City), must(Street), may(Building)];
const VIETNAM: &[Place] = &[must(Street), must(Ward), must(Province)];
const ELSEWHERE: &[Place] = &[must(Line1), may(Line2), must(City), may(Region), may(PostalCode)];

/// The fields of an address in this country, in the order in which they are written.
pub fn form(country: Country) -> &'static [Place] {
    match country.code() {
        "JP" => JAPAN,
        "VN" => VIETNAM,
        _ => ELSEWHERE,
    }
}

/// The fields as they were typed; an empty one counts as left out.
pub type AddressDraft = BTreeMap<AddressField, String>;

/// An address whose fields are those of its country.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(BTreeMap<AddressField, String>);

impl Address {
    /// Reads the fields; what is wrong goes to `faults` under `address.…`.
    pub(super) fn read(country: Country, draft: &AddressDraft, faults: &mut Faults) -> Address {
        let given = |field: AddressField| draft.get(&field).filter(|text| !text.trim().is_empty());
        let param = |field: AddressField| format!("address.{}", field.name());
        let mut fields = BTreeMap::new();
        for Place { field, required } in form(country).iter().copied() {
            let value = match given(field) {
                Some(text) => read_field(country, field, text),
                None if required => Err(format!("must be given in {country}")),
                None => continue,
            };
            fields.extend(faults.keep(&param(field), value).map(|value| (field, value)));
        }
        for field in AddressField::ALL.into_iter().filter(|field| given(*field).is_some()) {
            if !form(country).iter().any(|place| place.field == field) {
                faults.push(param(field), format!("is no part of an address in {country}: {}", names(country)));
            }
        }
        Address(fields)
    }

    /// A field, if it was given.
    pub fn get(&self, field: AddressField) -> Option<&str> {
        self.0.get(&field).map(String::as_str)
    }

    /// What was given, in the order in which the country writes it.
    pub fn parts(&self, country: Country) -> impl Iterator<Item = (AddressField, &str)> {
        form(country).iter().filter_map(|place| Some((place.field, self.get(place.field)?)))
    }
}

fn names(country: Country) -> String {
    let names: Vec<&str> = form(country).iter().map(|place| place.field.name()).collect();
    format!("its fields are {}", names.join(", "))
}

fn read_field(country: Country, field: AddressField, text: &str) -> Result<String, String> {
    match (field, country.code()) {
        (PostalCode, "JP") => {
            let digits: String = fold_width(text).chars().filter(|sign| !matches!(sign, '-' | ' ' | '〒')).collect();
            match digits.split_at_checked(3) {
                Some((area, rest)) if digits.len() == 7 && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                    Ok(format!("{area}-{rest}"))
                }
                _ => Err("must be 7 digits, such as 150-0001".to_owned()),
            }
        }
        (PostalCode, _) => line(text, MAX_POSTAL_CODE_CHARS),
        _ => line(text, MAX_ADDRESS_CHARS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(country: &str, fields: &[(AddressField, &str)]) -> crate::Result<Address> {
        let draft = fields.iter().map(|(field, text)| (*field, (*text).to_owned())).collect();
        let mut faults = Faults::default();
        let address = Address::read(Country::parse(country).unwrap(), &draft, &mut faults);
        faults.finish(Some(address))
    }

    #[test]
    fn each_country_has_its_own_fields_and_order() {
        type Fields = &'static [(AddressField, &'static str)];
        // country, as typed, as written
        let table: [(&str, Fields, &[&str]); 5] = [
            (
                "JP",
                &[
                    (Street, "神宮前1-2-3"),
                    (City, "渋谷区"),
                    (Prefecture, "東京都"),
                    (PostalCode, "〒１５０ー０００１"),
                ],
                &["150-0001", "東京都", "渋谷区", "神宮前1-2-3"],
            ),
            (
                "JP",
                &[
                    (PostalCode, "1500001"),
                    (Prefecture, "Tokyo"),
                    (City, "Shibuya"),
                    (Street, "1-2-3"),
                    (Building, "Room 4"),
                ],
                &["150-0001", "Tokyo", "Shibuya", "1-2-3", "Room 4"],
            ),
            (
                "VN",
                &[(Province, "Hà Nội"), (Ward, "Phường Cửa Nam"), (Street, "1 Tràng Tiền")],
                &["1 Tràng Tiền", "Phường Cửa Nam", "Hà Nội"],
            ),
            ("DE", &[(Line1, " Weg 1 "), (City, "Berlin"), (Line2, "  ")], &["Weg 1", "Berlin"]),
            (
                "US",
                &[(Line1, "1 Main St"), (Line2, "Apt 2"), (City, "Springfield"), (Region, "IL"), (PostalCode, "62701")],
                &["1 Main St", "Apt 2", "Springfield", "IL", "62701"],
            ),
        ];
        for (country, fields, written) in table {
            let address = read(country, fields).unwrap();
            let parts: Vec<&str> = address.parts(Country::parse(country).unwrap()).map(|(_, text)| text).collect();
            assert_eq!(parts, written, "{country}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_field_by_field() {
        type Fields = &'static [(AddressField, &'static str)];
        // country, as typed, fields that are wrong
        let table: [(&str, Fields, &[&str]); 5] = [
            ("VN", &[], &["street", "ward", "province"]),
            ("VN", &[(Street, "1"), (Ward, "2"), (Province, "3"), (City, "4")], &["city"]),
            (
                "JP",
                &[(PostalCode, "150-000"), (City, "a\nb"), (Line1, "x")],
                &["postal_code", "prefecture", "city", "street", "line1"],
            ),
            ("US", &[(City, "Springfield")], &["line1"]),
            ("US", &[(Line1, "1"), (City, "2"), (PostalCode, "12345678901234567")], &["postal_code"]),
        ];
        for (country, fields, wrong) in table {
            let Err(crate::Error::Fields(errors)) = read(country, fields) else { panic!("{country} {fields:?}") };
            let params: Vec<&str> = errors.iter().map(|error| error.param.trim_start_matches("address.")).collect();
            assert_eq!(params, wrong, "{country} {fields:?}");
        }
    }

    #[test]
    fn names_are_those_of_the_json() {
        for field in AddressField::ALL {
            assert_eq!(serde_json::to_value(field).unwrap(), field.name());
        }
    }
}
