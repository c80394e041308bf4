//! What a chart must be, whatever its data: well-formed, safe, inside its box, true to the amounts.

use std::collections::BTreeMap;

use ledger::{Amount, Timestamp, Unit};

use super::svg::{Tenths, escaped, fitted, text_width};
use super::{Balance, Day, STYLE, Size, Usage};
use crate::{Language, Locale, messages};

/// 2026-11-01 in Vietnam.
const START_US: i64 = 1_793_466_000_000_000;
const DAY_US: i64 = 86_400_000_000;

/// A tag with its attributes; a closing one begins with `/`.
type Tag = (String, BTreeMap<String, String>);

/// The tags of an SVG, which must be well-formed: every tag closed in order, every attribute quoted.
fn tags(svg: &str) -> Vec<Tag> {
    let (mut tags, mut open, mut rest) = (Vec::new(), Vec::new(), svg);
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "{rest}");
        let end = start + rest[start..].find('>').unwrap();
        let inner = &rest[start + 1..end];
        let (inner, alone) = inner.strip_suffix('/').map_or((inner, false), |inner| (inner, true));
        let (name, attributes) = inner.split_once(' ').unwrap_or((inner, ""));
        let mut known = BTreeMap::new();
        let mut pairs = attributes;
        while let Some((key, after)) = pairs.split_once("=\"") {
            let (value, next) = after.split_once('"').unwrap();
            assert!(known.insert(key.trim().to_owned(), value.to_owned()).is_none(), "{inner}");
            pairs = next;
        }
        assert!(pairs.trim().is_empty(), "{inner}");
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop().as_deref(), Some(name)),
            None if !alone => open.push(name.to_owned()),
            None => {}
        }
        tags.push((name.to_owned(), known));
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?}");
    tags
}

/// A length in tenths.
fn tenths(text: &str) -> i64 {
    let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
    whole.parse::<i64>().unwrap() * 10 + tenth.parse::<i64>().unwrap()
}

/// A length of a tag in tenths, 0 when it has none.
fn length(tag: &Tag, name: &str) -> i64 {
    tag.1.get(name).map_or(0, |text| tenths(text))
}

fn usage(language: Language, unit: &str, services: &[&str], days: &[&[i128]]) -> Usage {
    let day = |(place, units): (i64, &&[i128])| Day {
        starts_at: Timestamp::from_micros(START_US + place * DAY_US),
        by_service_units: units[..services.len()].to_vec(),
        others_units: units.get(services.len()).copied().unwrap_or(0),
        href: None,
    };
    Usage {
        locale: Locale::new(language, "Asia/Ho_Chi_Minh").unwrap(),
        unit: Unit::parse(unit).unwrap(),
        services: services.iter().map(|name| (*name).to_owned()).collect(),
        days: (0..).zip(days).map(day).collect(),
    }
}

#[test]
fn charts_are_safe_whatever_names_say() {
    let names = [
        "<script>alert(1)</script>",
        "\" onload=\"x",
        "a&b\u{0}\u{1b}'",
        "コンピューティング・エンジン".repeat(9).leak(),
    ];
    let mut chart = usage(Language::Ja, "VND", &names, &[&[5, 6, 7, 8, 9], &[0, -4, 0, 1, 0], &[0, 0, 0, 0, 0]]);
    chart.days[1].href = Some("/history?service=\"><b>&from=1".to_owned());
    for size in Size::ALL {
        let svg = chart.svg("u\"><script>", size);
        for tag in tags(&svg) {
            assert!(!["script", "style", "b", "/b"].contains(&tag.0.as_str()), "{svg}");
            let safe = tag.1.keys().all(|name| name != "style" && !name.starts_with("on"));
            assert!(safe, "{tag:?}");
        }
        assert!(svg.chars().all(|character| !character.is_control()), "{svg}");
    }
    assert_eq!(escaped("\u{7}<a href='x'>\n&\""), "&lt;a href=&#39;x&#39;&gt; &amp;&quot;");
}

#[test]
fn a_chart_says_in_words_what_it_shows() {
    let days: [&[i128]; 3] = [&[1_500_000_000, 500_000_000, 0], &[0, 2_000_000_000_000, 250_000], &[0, 0, 0]];
    // language, what a chart of usage says, of days without any, of no days
    let table = [
        (
            Language::En,
            "From 1 Nov 2026 to 3 Nov 2026: ₫2,002,000.25 in all. Most on 2 Nov 2026: ₫2,000,000.25.",
            "From 1 Nov 2026 to 1 Nov 2026: no usage.",
            "No days are shown.",
        ),
        (
            Language::Ja,
            "2026/11/01～2026/11/03の合計は₫2,002,000.25。最も多い日は2026/11/02の₫2,000,000.25。",
            "2026/11/01～2026/11/01の利用はありません。",
            "表示する日がありません。",
        ),
        (
            Language::Vi,
            "Từ 01/11/2026 đến 03/11/2026: tổng cộng 2.002.000,25\u{a0}₫. Nhiều nhất vào 02/11/2026: 2.000.000,25\u{a0}₫.",
            "Từ 01/11/2026 đến 01/11/2026: không có sử dụng.",
            "Không có ngày nào để hiển thị.",
        ),
    ];
    for (language, some, none, empty) in table {
        for (days, expected) in [(&days[..], some), (&[&[0, 0, 0][..]][..], none), (&[][..], empty)] {
            let svg = usage(language, "VND", &["llm", "gpu"], days).svg("c", Size::Wide);
            assert!(svg.contains(&format!("<desc id=\"c-wide-desc\">{expected}</desc>")), "{svg}");
            let root = tags(&svg).remove(0);
            let named = (root.1["role"].as_str(), root.1["aria-labelledby"].as_str());
            assert_eq!(named, ("img", "c-wide-title c-wide-desc"));
            assert!(root.1.contains_key("viewBox") && !root.1.contains_key("width"));
        }
    }
    let day = usage(Language::En, "VND", &["llm", ""], &days).svg("c", Size::Narrow);
    let told = "<title>1 Nov 2026: ₫2,000 (llm ₫1,500 · Without a service ₫500)</title>";
    assert!(day.contains(told), "{day}");
    assert!(day.contains("<title>3 Nov 2026: ₫0</title>"), "{day}");
}

#[test]
fn days_with_links_are_a_group_that_can_be_reached() {
    let mut chart = usage(Language::En, "USD", &["llm"], &[&[100_000_000], &[200_000_000]]);
    chart.days[0].href = Some("/credit-history?from=2026-11-01&to=2026-11-02".to_owned());
    let tags = tags(&chart.svg("c", Size::Wide));
    assert_eq!(tags[0].1["role"], "group");
    let links: Vec<&str> = tags.iter().filter(|tag| tag.0 == "a").map(|tag| tag.1["href"].as_str()).collect();
    assert_eq!(links, ["/credit-history?from=2026-11-01&amp;to=2026-11-02"]);
}

/// Heights of a day's parts by class.
fn parts(svg: &str, day: usize) -> Vec<(String, i64)> {
    let tags = tags(svg);
    let starts: Vec<usize> = tags
        .iter()
        .enumerate()
        .filter(|(_, tag)| tag.1.get("class").is_some_and(|class| class == "day"))
        .map(|(at, _)| at)
        .collect();
    let end = starts.get(day + 1).copied().unwrap_or(tags.len());
    let bars = tags[starts[day]..end]
        .iter()
        .filter(|tag| tag.1.get("class").is_some_and(|class| class.starts_with('s') && class != "slot"));
    // The key of the legend follows the last day.
    bars.filter(|tag| !tag.1.contains_key("rx"))
        .map(|tag| {
            let height = match tag.0.as_str() {
                "rect" => length(tag, "height"),
                _ => dome_height(&tag.1["d"]),
            };
            (tag.1["class"].clone(), height)
        })
        .collect()
}

/// From the bottom of a path `Mx bottomV…Q… top …` to its top.
fn dome_height(path: &str) -> i64 {
    let bottom = path[1..].split(['V', ' ']).nth(1).unwrap();
    let top = path.split('Q').nth(1).unwrap().split(' ').nth(1).unwrap();
    tenths(bottom) - tenths(top)
}

#[test]
fn bars_are_as_high_as_their_amounts() {
    // Up to 10 in steps of 2: the plot of a wide chart is 220 high.
    let days: [&[i128]; 4] = [&[10, 0, 0], &[5, 5, 0], &[0, 1, 9], &[0, 0, 0]];
    let svg = usage(Language::En, "CREDIT", &["llm", "gpu"], &days).svg("c", Size::Wide);
    assert_eq!(parts(&svg, 0), named(&[("s1", 2_200)]));
    assert_eq!(parts(&svg, 1), named(&[("s1", 1_090), ("s2", 1_100)]), "a line is left free between two parts");
    assert_eq!(parts(&svg, 2), named(&[("s2", 210), ("s0", 1_980)]));
    assert_eq!(parts(&svg, 3), []);
    // Below zero: from -10 to 10 in steps of 5.
    let given_back = usage(Language::En, "CREDIT", &["llm", "gpu"], &[&[10, -6, 0], &[0, 0, -4]]).svg("c", Size::Wide);
    assert_eq!(parts(&given_back, 0), named(&[("s1", 1_100), ("s2", 660)]));
    assert_eq!(parts(&given_back, 1), named(&[("s0", 440)]));
}

fn named(parts: &[(&str, i64)]) -> Vec<(String, i64)> {
    parts.iter().map(|(class, length)| ((*class).to_owned(), *length)).collect()
}

#[test]
fn more_services_than_colours_are_others() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let svg = usage(Language::En, "USD", &names, &[&[9, 8, 7, 6, 5, 4, 3, 2, 1]]).svg("c", Size::Wide);
    let classes: Vec<String> = parts(&svg, 0).into_iter().map(|(class, _)| class).collect();
    assert_eq!(classes, ["s1", "s2", "s3", "s4", "s5", "s6", "s0"]);
    assert!(svg.contains("Other services $0.00000006)"), "{svg}");
    assert!(!svg.contains(">g</text>") && svg.contains(">f</text>"), "{svg}");
}

#[test]
fn axes_have_few_characters() {
    // unit, most in a day, language, the highest tick
    let table = [
        ("VND", 1_500_000_000_000, Language::En, "₫1.5M"),
        ("VND", 1_500_000_000_000, Language::Ja, "₫150万"),
        ("VND", 1_500_000_000_000, Language::Vi, "1,5\u{a0}Tr\u{a0}₫"),
        ("USD", 3_900_000, Language::En, "$0.04"),
        ("USD", 390_000, Language::Vi, "0,004\u{a0}US$"),
        ("CREDIT", 20_000_000_000, Language::En, "20K"),
        ("CREDIT", 20_000_000_000, Language::Ja, "2万"),
        ("CREDIT", 20_000_000_000, Language::Vi, "20\u{a0}N"),
        ("CREDIT", 4_000_000, Language::En, "4"),
    ];
    for (unit, units, language, tick) in table {
        let svg = usage(language, unit, &["llm"], &[&[units]]).svg("c", Size::Wide);
        assert!(svg.contains(&format!("text-anchor=\"end\">{tick}</text>")), "{tick}: {svg}");
    }
}

/// Texts stay inside the box and dates apart, for any number of days, in every language.
#[test]
fn everything_stays_in_its_box() {
    for (count, size) in [1, 2, 7, 30, 31, 92, 366].into_iter().flat_map(|count| Size::ALL.map(|size| (count, size))) {
        for language in Language::ALL {
            let days: Vec<Vec<i128>> = (0..count).map(|day| vec![day * 1_000_000_000, 5_000_000]).collect();
            let days: Vec<&[i128]> = days.iter().map(Vec::as_slice).collect();
            let svg = usage(language, "JPY", &["Text generation (large), priority", "gpu"], &days).svg("c", size);
            let what = format!("{count} days, {size:?}, {language}");
            let tags = tags(&svg);
            let bounds: Vec<i64> = tags[0].1["viewBox"].split(' ').map(tenths).collect();
            let mut dates = Vec::new();
            for tag in tags.iter().filter(|tag| tag.1.contains_key("x")) {
                let (right, bottom) =
                    (length(tag, "x") + length(tag, "width"), length(tag, "y") + length(tag, "height"));
                assert!(length(tag, "x") >= 0 && right <= bounds[2] && bottom <= bounds[3], "{what}: {tag:?}");
                if tag.1.get("class").is_some_and(|class| class == "date") {
                    dates.push(length(tag, "x"));
                }
            }
            assert!((1..=12).contains(&dates.len()), "{what}: {} dates", dates.len());
            let least = text_width("00 00", size.font());
            assert!(dates.windows(2).all(|pair| pair[0] - pair[1] >= least), "{what}: {dates:?}");
        }
    }
}

#[test]
fn texts_are_cut_to_their_place() {
    let font = 130;
    assert_eq!(fitted("gpu", 1_000, font), "gpu");
    for name in ["A service with a very long name", "コンピューティング・エンジン", "mmmmmmmmmmmmmmmm"] {
        let cut = fitted(name, 900, font);
        assert!(cut.ends_with('…') && text_width(&cut, font) <= 900 && cut.chars().count() > 3, "{cut}");
        assert!(name.starts_with(cut.trim_end_matches('…')));
    }
    let printed = [-15, -5, 0, 5, 10, 123].map(|value| Tenths(value).to_string());
    assert_eq!(printed, ["-1.5", "-0.5", "0", "0.5", "1", "12.3"]);
}

fn balance(language: Language, unit: &str, parts: [&str; 4]) -> Balance {
    let unit = Unit::parse(unit).unwrap();
    let [top_up, voucher, subscription, other] = parts.map(|text| unit.parse_amount(text).unwrap());
    Balance { language, unit, top_up, voucher, subscription, other }
}

/// Widths of the parts of a bar, by class.
fn bar(svg: &str) -> Vec<(String, i64)> {
    let tags = tags(svg);
    let bars = tags.iter().filter(|tag| tag.0 == "rect" && !tag.1.contains_key("rx") && tag.1["class"] != "track");
    bars.map(|tag| (tag.1["class"].clone(), length(tag, "width"))).collect()
}

#[test]
fn a_balance_is_split_by_where_it_comes_from() {
    type Widths<'a> = &'a [(&'a str, i64)];
    // top-up, voucher, plan, other; widths of the parts, which with the lines between them are 960
    let table: [([&str; 4], Widths<'_>); 5] = [
        (["75", "25", "0", "0"], &[("b1", 7_165), ("b2", 2_415)]),
        (["100", "0", "0", "0"], &[("b1", 9_600)]),
        (["1000000", "0", "0", "0.000001"], &[("b1", 9_539), ("b4", 41)]),
        (["1", "1", "1", "1"], &[("b1", 2_385), ("b2", 2_385), ("b3", 2_385), ("b4", 2_385)]),
        (["0", "0", "0", "0"], &[]),
    ];
    for (parts, widths) in table {
        let svg = balance(Language::En, "USD", parts).svg("b", Size::Wide);
        assert_eq!(bar(&svg), named(widths), "{parts:?}");
    }
    let words = |language, unit| {
        let svg = balance(language, unit, ["500000", "120000.5", "0", "3"]).svg("b", Size::Narrow);
        svg.split("</desc>").next().unwrap().rsplit('>').next().unwrap().to_owned()
    };
    assert_eq!(words(Language::En, "VND"), "Top-up ₫500,000 · Voucher ₫120,000 · Granted and other ₫3");
    assert_eq!(words(Language::Ja, "JPY"), "チャージ ¥500,000 · バウチャー ¥120,000 · 付与・その他 ¥3");
    assert_eq!(
        words(Language::Vi, "VND"),
        "Nạp tiền 500.000\u{a0}₫ · Voucher 120.000\u{a0}₫ · Được cấp và khác 3\u{a0}₫"
    );
    let most = Balance { top_up: Amount::MAX, voucher: Amount::MAX, ..balance(Language::En, "USD", ["0"; 4]) };
    assert_eq!(bar(&most.svg("b", Size::Wide)).len(), 2);
}

#[test]
fn every_colour_and_every_message_of_charts_is_used() {
    let sources = [include_str!("usage.rs"), include_str!("balance.rs")].concat();
    for key in messages::keys(Language::En).keys().filter(|key| key.starts_with("chart-")) {
        assert!(sources.contains(&format!("\"{key}\"")), "nothing uses {key:?}");
    }
    for class in
        ["s0", "s1", "s6", "b1", "b4", "grid", "axis", "tick", "date", "name", "figure", "track", "slot", "day"]
    {
        let ruled = STYLE.split(&format!(".{class}")).skip(1).any(|rest| rest.starts_with([' ', ',', ':']));
        assert!(ruled, "{class} has no rule");
    }
}
