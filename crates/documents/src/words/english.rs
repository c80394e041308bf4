//! English numbers, short scale, without "and": `one million two hundred five thousand forty-one`.

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const SCALES: [(u64, &str); 5] = [
    (1_000_000_000_000_000, "quadrillion"),
    (1_000_000_000_000, "trillion"),
    (1_000_000_000, "billion"),
    (1_000_000, "million"),
    (1_000, "thousand"),
];

/// A number below 10^18.
pub(super) fn integer(number: u64) -> String {
    if number == 0 {
        return ONES[0].to_owned();
    }
    let mut words = Vec::new();
    let mut rest = number;
    for (scale, name) in SCALES {
        if rest >= scale {
            push_below_thousand(&mut words, rest / scale);
            words.push(name.to_owned());
            rest %= scale;
        }
    }
    push_below_thousand(&mut words, rest);
    words.join(" ")
}

fn push_below_thousand(words: &mut Vec<String>, number: u64) {
    let (hundreds, rest) = ((number / 100) as usize, (number % 100) as usize);
    if hundreds > 0 {
        words.push(format!("{} hundred", ONES[hundreds]));
    }
    match (rest / 10, rest % 10) {
        (0, 0) => {}
        (0 | 1, _) => words.push(ONES[rest].to_owned()),
        (tens, 0) => words.push(TENS[tens].to_owned()),
        (tens, ones) => words.push(format!("{}-{}", TENS[tens], ONES[ones])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelled() {
        let cases = [
            (0, "zero"),
            (7, "seven"),
            (10, "ten"),
            (19, "nineteen"),
            (20, "twenty"),
            (41, "forty-one"),
            (100, "one hundred"),
            (105, "one hundred five"),
            (999, "nine hundred ninety-nine"),
            (1_000, "one thousand"),
            (1_205_041, "one million two hundred five thousand forty-one"),
            (500_000, "five hundred thousand"),
            (12_500_000_000, "twelve billion five hundred million"),
            (1_000_000_000_000_000, "one quadrillion"),
        ];
        for (number, words) in cases {
            assert_eq!(integer(number), words, "{number}");
        }
    }
}
