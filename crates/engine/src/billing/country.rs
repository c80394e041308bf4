//! Countries by their ISO 3166-1 code.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Every assigned code of two letters. Source: ISO 3166-1.
const CODES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT \
                     BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH \
                     ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT \
                     HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS \
                     LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI \
                     NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG \
                     SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG \
                     UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";
/// Member states of the European Union.
const EU: &str = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";

/// A country or region.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(&'static str);

impl Country {
    /// Every country, by code.
    pub fn all() -> impl Iterator<Item = Country> {
        CODES.split_ascii_whitespace().map(Country)
    }

    /// The country of an upper-case code.
    pub fn parse(code: &str) -> Option<Country> {
        Country::all().find(|country| country.0 == code)
    }

    /// Two upper-case letters.
    pub const fn code(self) -> &'static str {
        self.0
    }

    /// Whether it is a member of the European Union.
    pub fn is_in_eu(self) -> bool {
        EU.split_ascii_whitespace().any(|code| code == self.0)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Country::parse(&code).ok_or_else(|| serde::de::Error::custom("must be an ISO 3166 code such as VN"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        let all: Vec<&str> = Country::all().map(Country::code).collect();
        assert_eq!(all.len(), 249);
        assert!(all.is_sorted() && all.iter().all(|code| code.len() == 2));
        assert_eq!(EU.split_ascii_whitespace().filter(|code| Country::parse(code).is_some()).count(), 27);
        for code in ["", "vn", "XX", "UK", "EU", "VNM", "V"] {
            assert_eq!(Country::parse(code), None, "{code:?}");
        }
    }
}
