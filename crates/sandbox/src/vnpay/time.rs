//! VNPay's times: `yyyyMMddHHmmss` on Viet Nam's clock, GMT+7, which has no summer time.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

const GMT7: Offset = Offset::constant(7);

/// Unix seconds as VNPay writes them.
pub(crate) fn gmt7(at_s: i64) -> String {
    civil(at_s).strftime("%Y%m%d%H%M%S").to_string()
}

/// Unix seconds as a person reads them: `16:30 20/11/2026`.
pub(crate) fn shown(at_s: i64) -> String {
    civil(at_s).strftime("%H:%M %d/%m/%Y").to_string()
}

/// The day of an instant: the time within which a request id may not come twice.
pub(crate) fn day(at_s: i64) -> String {
    civil(at_s).strftime("%Y%m%d").to_string()
}

/// Unix seconds of a time in VNPay's form; `None` when it is not in that form.
pub(crate) fn from_gmt7(text: &str) -> Option<i64> {
    if text.len() != 14 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i8>().ok();
    let year = text.get(..4)?.parse::<i16>().ok()?;
    let civil = DateTime::new(year, part(4, 6)?, part(6, 8)?, part(8, 10)?, part(10, 12)?, part(12, 14)?, 0).ok()?;
    GMT7.to_timestamp(civil).ok().map(Timestamp::as_second)
}

/// Instants beyond what the calendar holds are shown as 1970: nobody moves a sandbox's clock that far.
fn civil(at_s: i64) -> DateTime {
    GMT7.to_datetime(Timestamp::from_second(at_s).unwrap_or(Timestamp::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seven_hours_ahead_and_strict() {
        assert_eq!(gmt7(1_795_166_100), "20261120161500");
        assert_eq!(shown(1_795_166_100), "16:15 20/11/2026");
        let cases = [
            ("20261120161500", Some(1_795_166_100)),
            ("20261120000000", Some(1_795_107_600)),
            ("20240229235959", Some(1_709_225_999)),
            ("20230229000000", None),
            ("20261320161500", None),
            ("20261120241500", None),
            ("20261120161560", None),
            ("2026112016150", None),
            ("202611201615000", None),
            ("2026-11-20T16:1", None),
            ("+2261120161500", None),
            ("", None),
        ];
        for (text, at_s) in cases {
            assert_eq!(from_gmt7(text), at_s, "{text}");
            if let Some(at_s) = at_s {
                assert_eq!(gmt7(at_s), text);
            }
        }
    }
}
