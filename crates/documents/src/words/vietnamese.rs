//! Vietnamese numbers: `một triệu không trăm linh năm nghìn hai mươi mốt`.
//!
//! Groups of three are named nghìn, triệu, tỷ, then nghìn tỷ, triệu tỷ. A group after the first is read in full, with
//! `không trăm` when it has no hundreds, and not at all when it is zero.

const DIGITS: [&str; 10] = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];
const BILLION: u64 = 1_000_000_000;

/// A number below 10^18.
pub(super) fn integer(number: u64) -> String {
    if number == 0 {
        return DIGITS[0].to_owned();
    }
    let mut words = Vec::new();
    push_number(&mut words, number);
    words.join(" ")
}

fn push_number(words: &mut Vec<&'static str>, number: u64) {
    let mut rest = number;
    if rest >= BILLION {
        push_number(words, rest / BILLION);
        words.push("tỷ");
        rest %= BILLION;
    }
    for (scale, name) in [(1_000_000, Some("triệu")), (1_000, Some("nghìn")), (1, None)] {
        let group = (rest / scale) as usize;
        if group > 0 {
            push_group(words, group);
            words.extend(name);
        }
        rest %= scale;
    }
}

/// One to 999; read in full when words stand before it.
fn push_group(words: &mut Vec<&'static str>, group: usize) {
    let in_full = !words.is_empty();
    let (hundreds, tens, ones) = (group / 100, group / 10 % 10, group % 10);
    if hundreds > 0 || in_full {
        words.extend([DIGITS[hundreds], "trăm"]);
    }
    match tens {
        0 if ones > 0 && (hundreds > 0 || in_full) => words.push("linh"),
        0 => {}
        1 => words.push("mười"),
        _ => words.extend([DIGITS[tens], "mươi"]),
    }
    match ones {
        0 => {}
        1 if tens > 1 => words.push("mốt"),
        5 if tens > 0 => words.push("lăm"),
        _ => words.push(DIGITS[ones]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_in_school() {
        let cases = [
            (0, "không"),
            (1, "một"),
            (4, "bốn"),
            (5, "năm"),
            (10, "mười"),
            (11, "mười một"),
            (14, "mười bốn"),
            (15, "mười lăm"),
            (20, "hai mươi"),
            (21, "hai mươi mốt"),
            (24, "hai mươi bốn"),
            (25, "hai mươi lăm"),
            (91, "chín mươi mốt"),
            (100, "một trăm"),
            (101, "một trăm linh một"),
            (105, "một trăm linh năm"),
            (110, "một trăm mười"),
            (115, "một trăm mười lăm"),
            (121, "một trăm hai mươi mốt"),
            (555, "năm trăm năm mươi lăm"),
            (1_000, "một nghìn"),
            (1_001, "một nghìn không trăm linh một"),
            (1_015, "một nghìn không trăm mười lăm"),
            (1_050, "một nghìn không trăm năm mươi"),
            (1_500, "một nghìn năm trăm"),
            (10_000, "mười nghìn"),
            (500_000, "năm trăm nghìn"),
            (1_000_000, "một triệu"),
            (1_000_005, "một triệu không trăm linh năm"),
            (1_005_021, "một triệu không trăm linh năm nghìn không trăm hai mươi mốt"),
            (1_020_000, "một triệu không trăm hai mươi nghìn"),
            (12_345_678, "mười hai triệu ba trăm bốn mươi lăm nghìn sáu trăm bảy mươi tám"),
            (1_000_000_000, "một tỷ"),
            (1_000_000_001, "một tỷ không trăm linh một"),
            (12_500_000_000, "mười hai tỷ năm trăm triệu"),
            (1_000_000_000_000, "một nghìn tỷ"),
            (1_005_000_000_000, "một nghìn không trăm linh năm tỷ"),
            (
                999_999_999_999_999,
                "chín trăm chín mươi chín nghìn chín trăm chín mươi chín tỷ chín trăm chín mươi chín \
              triệu chín trăm chín mươi chín nghìn chín trăm chín mươi chín",
            ),
            (1_000_000_000_000_000, "một triệu tỷ"),
        ];
        for (number, words) in cases {
            assert_eq!(integer(number), words, "{number}");
        }
    }
}
