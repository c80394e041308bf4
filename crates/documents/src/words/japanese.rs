//! Japanese numbers in groups of four digits: `1億2345万6789`.

const SCALES: [(u64, &str); 3] = [(1_000_000_000_000, "兆"), (100_000_000, "億"), (10_000, "万")];

/// A number below 10^16.
pub(super) fn integer(number: u64) -> String {
    let mut text = String::new();
    let mut rest = number;
    for (scale, name) in SCALES {
        if rest >= scale {
            text.push_str(&format!("{}{name}", rest / scale));
            rest %= scale;
        }
    }
    if rest > 0 || text.is_empty() {
        text.push_str(&rest.to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_ten_thousand() {
        let cases = [
            (0, "0"),
            (3_000, "3000"),
            (10_000, "1万"),
            (10_001, "1万1"),
            (500_000, "50万"),
            (75_000_000, "7500万"),
            (123_456_789, "1億2345万6789"),
            (100_000_000, "1億"),
            (100_000_005, "1億5"),
            (12_500_000_000, "125億"),
            (1_000_000_000_000_000, "1000兆"),
        ];
        for (number, words) in cases {
            assert_eq!(integer(number), words, "{number}");
        }
    }
}
