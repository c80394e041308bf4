//! Texts by key in three languages, from `messages/{en,ja,vi}.ftl`.
//!
//! The syntax is Project Fluent's. One file a language, one section an area (`receipt-…`); a new page adds its keys to
//! all three, in the same order. Tests hold the files equal in keys and in arguments. Arguments are formatted before
//! (see [`format`](mod@crate::format)); only a number that chooses a plural is passed as a number.
//!
//! Deliberately absent: texts from outside the program, fallback chains. Cost: the files are read once a process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use fluent_syntax::ast;
use thiserror::Error;

pub use fluent_bundle::FluentValue as Argument;

use crate::Language;

const FILES: [(Language, &str); 3] = [
    (Language::En, include_str!("../messages/en.ftl")),
    (Language::Ja, include_str!("../messages/ja.ftl")),
    (Language::Vi, include_str!("../messages/vi.ftl")),
];

static CATALOGUES: LazyLock<Vec<Catalogue>> =
    LazyLock::new(|| FILES.iter().map(|(language, source)| Catalogue::read(*language, source)).collect());

/// Why a key gives no text. A defect of the program, not of its input.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MessageError {
    /// No message of this key.
    #[error("no message {key:?}: add it to messages/{language}.ftl")]
    Unknown {
        /// The key.
        key: String,
        /// The language asked for.
        language: Language,
    },
    /// The message takes other arguments than it was given.
    #[error("message {key:?} takes the arguments {takes:?}, not {given:?}")]
    Arguments {
        /// The key.
        key: String,
        /// What the message has places for.
        takes: Vec<String>,
        /// What it was given.
        given: Vec<String>,
    },
}

/// A text without arguments. A key that does not exist gives the key itself, which shows and harms nothing.
pub fn text(language: Language, key: &str) -> String {
    text_with(language, key, &[])
}

/// A text with arguments. A mistake in the key or the arguments stops a debug build and shows the key in a release.
pub fn text_with(language: Language, key: &str, arguments: &[(&str, Argument<'_>)]) -> String {
    let text = try_text(language, key, arguments);
    debug_assert!(text.is_ok(), "{text:?}");
    text.unwrap_or_else(|_| key.to_owned())
}

/// A text with exactly the arguments that it has places for.
pub fn try_text(language: Language, key: &str, arguments: &[(&str, Argument<'_>)]) -> Result<String, MessageError> {
    let unknown = || MessageError::Unknown { key: key.to_owned(), language };
    let catalogue = CATALOGUES.iter().find(|catalogue| catalogue.language == language).ok_or_else(unknown)?;
    let takes = catalogue.arguments.get(key).ok_or_else(unknown)?;
    let pattern = catalogue.bundle.get_message(key).and_then(|message| message.value()).ok_or_else(unknown)?;
    let given: BTreeSet<&str> = arguments.iter().map(|(name, _)| *name).collect();
    if !takes.iter().map(String::as_str).eq(given.iter().copied()) {
        let [takes, given] = [takes.iter().cloned().collect(), given.into_iter().map(str::to_owned).collect()];
        return Err(MessageError::Arguments { key: key.to_owned(), takes, given });
    }
    let arguments: FluentArgs<'_> = arguments.iter().map(|(name, value)| (*name, value.clone())).collect();
    Ok(catalogue.bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned())
}

/// Every key of a language with the arguments it takes.
pub fn keys(language: Language) -> BTreeMap<&'static str, Vec<&'static str>> {
    let catalogue = CATALOGUES.iter().find(|catalogue| catalogue.language == language);
    let entries = catalogue.into_iter().flat_map(|catalogue| &catalogue.arguments);
    entries.map(|(key, arguments)| (key.as_str(), arguments.iter().map(String::as_str).collect())).collect()
}

/// The messages of one language.
struct Catalogue {
    language: Language,
    bundle: FluentBundle<FluentResource>,
    arguments: BTreeMap<String, BTreeSet<String>>,
}

impl Catalogue {
    /// Panics on a file that is no Fluent or has a key twice: it is part of the program, and every test reads it.
    fn read(language: Language, source: &str) -> Catalogue {
        let resource = FluentResource::try_new(source.to_owned())
            .unwrap_or_else(|(_, errors)| panic!("messages/{language}.ftl: {errors:?}"));
        let mut arguments = BTreeMap::new();
        for entry in resource.entries() {
            if let ast::Entry::Message(ast::Message { id, value: Some(pattern), .. }) = entry {
                let mut names = BTreeSet::new();
                collect_arguments(pattern, &mut names);
                arguments.insert(id.name.to_owned(), names);
            }
        }
        let tag = language.code().parse().expect("the language codes are language tags");
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // All three languages run left to right; isolation marks would only show up in copied text.
        bundle.set_use_isolating(false);
        bundle.add_resource(resource).unwrap_or_else(|errors| panic!("messages/{language}.ftl: {errors:?}"));
        Catalogue { language, bundle, arguments }
    }
}

/// The names of all `{ $name }` in a pattern, in the branches of its plurals, too.
fn collect_arguments(pattern: &ast::Pattern<&str>, names: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let ast::PatternElement::Placeable { expression } = element {
            collect_from_expression(expression, names);
        }
    }
}

fn collect_from_expression(expression: &ast::Expression<&str>, names: &mut BTreeSet<String>) {
    let inline = match expression {
        ast::Expression::Inline(inline) => inline,
        ast::Expression::Select { selector, variants } => {
            variants.iter().for_each(|variant| collect_arguments(&variant.value, names));
            selector
        }
    };
    match inline {
        ast::InlineExpression::VariableReference { id } => {
            names.insert(id.name.to_owned());
        }
        ast::InlineExpression::Placeable { expression } => collect_from_expression(expression, names),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_the_same_keys_and_arguments() {
        let english = keys(Language::En);
        assert!(english.len() > 20, "the English file was read");
        for language in [Language::Ja, Language::Vi] {
            assert_eq!(keys(language), english, "{language}");
        }
    }

    #[test]
    fn every_file_has_its_keys_in_the_same_order() {
        let order = |source: &'static str| -> Vec<&str> {
            source
                .lines()
                .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
                .filter_map(|line| line.split(" =").next())
                .collect()
        };
        for (language, source) in FILES {
            assert_eq!(order(source), order(FILES[0].1), "{language}");
            assert_eq!(order(source).len(), keys(language).len(), "{language}: a key stands twice or is no message");
        }
    }

    /// A key that no source names is dead text. Pages in other crates hold this for theirs, by their prefix.
    #[test]
    fn every_key_of_receipts_is_used() {
        let user = include_str!("receipt/page.rs");
        for key in keys(Language::En).keys().filter(|key| key.starts_with("receipt-")) {
            assert!(user.contains(&format!("\"{key}\"")), "nothing uses {key:?}");
        }
    }

    #[test]
    fn wrong_keys_and_arguments_are_errors() {
        let given = |names: &[&'static str]| names.iter().map(|name| (*name, Argument::from("1"))).collect::<Vec<_>>();
        let page = |arguments: &[&'static str]| try_text(Language::En, "receipt-page", &given(arguments));
        let error = |given: &[&str]| {
            let [takes, given] =
                [["page", "pages"].as_slice(), given].map(|names| names.iter().map(|n| n.to_string()).collect());
            Err(MessageError::Arguments { key: "receipt-page".into(), takes, given })
        };
        assert_eq!(page(&["page", "pages"]), Ok("Page 1 of 1".to_owned()));
        assert_eq!(page(&["page"]), error(&["page"]));
        assert_eq!(page(&["page", "pages", "total"]), error(&["page", "pages", "total"]));
        let unknown = MessageError::Unknown { key: "receipt-nothing".into(), language: Language::Ja };
        assert_eq!(try_text(Language::Ja, "receipt-nothing", &[]), Err(unknown));
    }
}
