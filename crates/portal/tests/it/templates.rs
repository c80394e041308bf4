//! Templates and texts: no words outside of messages, no unknown keys, nothing that a strict policy refuses.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use documents::Language;
use documents::messages::keys;

/// Keys that are made from a beginning and a name. What stands after it is tested where the names are.
const BEGINNINGS: [&str; 14] = [
    "portal-address-",
    "portal-error-",
    "portal-method-",
    "portal-payment-",
    "portal-payments-",
    "portal-reason-",
    "portal-refused-",
    "portal-saved-",
    "portal-state-",
    "portal-alert-",
    "portal-history-",
    "history-kind-",
    "history-source-",
    "history-status-",
];

fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    found.retain(|path| path.extension().is_some_and(|known| known == ending));
    found.sort();
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(&path).unwrap())).collect()
}

/// A template without its expressions, which stand between braces.
fn without_expressions(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some(at) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        kept.push_str(&rest[..at]);
        let end = if rest[at..].starts_with("{{") { "}}" } else { "%}" };
        rest = &rest[at + rest[at..].find(end).unwrap() + 2..];
    }
    kept + rest
}

/// A template without its macro of attributes, which stand outside of tags there.
fn without_attributes(text: &str) -> String {
    match text.split_once("{% macro attributes() %}") {
        Some((before, rest)) => before.to_owned() + rest.split_once("{% endmacro %}").unwrap().1,
        None => text.to_owned(),
    }
}

/// The text of a template outside of tags.
fn text_of(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            letter if !inside => text.push(letter),
            _ => {}
        }
    }
    text
}

#[test]
fn templates_hold_no_words() {
    for (path, text) in files("templates", "html") {
        let plain = without_expressions(&without_attributes(&text));
        let words: String = text_of(&plain).chars().filter(|letter| letter.is_alphabetic()).collect();
        assert_eq!(words, "", "{}: words belong into documents/messages", path.display());
        for attribute in ["alt=\"", "title=\"", "aria-label=\"", "placeholder=\"", "data-label=\"", "data-done=\""] {
            for (at, _) in plain.match_indices(attribute) {
                let value = &plain[at + attribute.len()..];
                let value = &value[..value.find('"').unwrap()];
                assert!(!value.contains(char::is_alphabetic), "{}: {attribute}{value}", path.display());
            }
        }
    }
}

#[test]
fn templates_hold_nothing_that_the_policy_refuses() {
    for (path, text) in files("templates", "html") {
        for bad in ["style=", "<style", "hx-on", "js:", "javascript:", "|safe", "<script>", "http://", "https://"] {
            assert!(!text.contains(bad), "{}: {bad}", path.display());
        }
        let inline = text.split("<script").skip(1).any(|script| !script.trim_start().starts_with("src="));
        assert!(!inline, "{}: a script without a file", path.display());
        for handler in [" onclick", " onload", " onsubmit", " onchange", " oninput", " onerror"] {
            assert!(!text.contains(handler), "{}: {handler}", path.display());
        }
    }
}

#[test]
fn every_form_that_changes_something_has_its_token() {
    for (path, text) in files("templates", "html") {
        for form in text.split("<form").skip(1).filter(|form| form.contains("method=\"post\"")) {
            let form = &form[..form.find("</form>").unwrap()];
            assert!(form.contains("name=\"token\""), "{}: {form}", path.display());
        }
    }
}

/// Texts between quotes that begin like a key.
fn named(text: &str) -> BTreeSet<String> {
    let parts = text.split('"').filter(|part| part.starts_with("portal-") || part.starts_with("history-"));
    let plain = |part: &&str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    parts.filter(plain).map(str::to_owned).collect()
}

#[test]
fn every_key_that_is_named_is_there_and_every_key_that_is_there_is_named() {
    let known = keys(Language::En);
    let used: BTreeSet<String> =
        files("templates", "html").into_iter().chain(files("src", "rs")).flat_map(|(_, text)| named(&text)).collect();
    assert!(used.len() > 100, "the files were read");
    for key in &used {
        let beginning = key.ends_with('-') && BEGINNINGS.contains(&key.as_str());
        // A cookie, an attribute, the beginning of an id: not a text.
        let other = ["portal-"].contains(&key.as_str());
        assert!(known.contains_key(key.as_str()) || beginning || other, "no message {key:?}");
    }
    for key in known.keys().filter(|key| key.starts_with("portal-")) {
        let made = BEGINNINGS.iter().any(|beginning| key.starts_with(beginning));
        assert!(used.contains(*key) || made, "nothing uses {key:?}");
    }
}

#[test]
fn templates_call_texts_without_arguments_only() {
    let known = keys(Language::En);
    for (path, text) in files("templates", "html") {
        for call in text.split("page.t(\"").skip(1) {
            let key = &call[..call.find('"').unwrap()];
            let arguments = known.get(key).unwrap_or_else(|| panic!("{}: no message {key:?}", path.display()));
            assert!(arguments.is_empty(), "{}: {key} takes {arguments:?}", path.display());
        }
    }
}
