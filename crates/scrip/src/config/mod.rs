//! Configuration: shipped defaults, then a file, then the environment; the last one said wins.
//!
//! [`load`] is a function of texts (the file, a map of variables, a reader for `…_FILE`), so that tests need no process
//! environment. Invariants: every value keeps its origin; all mistakes come out in one list; an unknown key or `SCRIP_…`
//! variable is a mistake with a suggestion. Deliberately absent: values that change while the server runs.

mod keys;
mod print;
mod reference;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use engine::settings::{Problem, Settings};
use serde::Deserialize;
use toml::{Table, Value};

pub use print::{to_json, to_text};
pub use reference::reference;

use crate::exit::Exit;
use keys::{Key, Shape};

/// The shipped values with their explanations.
pub const DEFAULTS: &str = include_str!("scrip.default.toml");

/// Variables that are no settings: they belong to commands that talk to a server.
const NOT_SETTINGS: [&str; 3] = ["SCRIP_CONFIG", "SCRIP_URL", "SCRIP_KEY"];

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Shipped with the program.
    Default,
    /// The operator's file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// A file named by an environment variable ending in `_FILE`.
    SecretFile(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(path) => write!(f, "{}", path.display()),
            Origin::Variable(name) => f.write_str(name),
            Origin::SecretFile(name) => write!(f, "file named by {name}"),
        }
    }
}

/// One effective value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// As written.
    pub value: Value,
    /// Who said so.
    pub origin: Origin,
}

/// Dotted key → effective value.
pub type Entries = BTreeMap<String, Entry>;

/// A configuration that was read and is valid.
#[derive(Debug)]
pub struct Loaded {
    /// Typed, for the server.
    pub settings: Settings,
    /// As written, for `config print`.
    pub entries: Entries,
}

/// What a configuration is read from.
pub struct Sources<'a> {
    /// The operator's file and its text.
    pub file: Option<(PathBuf, String)>,
    /// The environment; only names that begin with `SCRIP_` matter.
    pub variables: BTreeMap<String, String>,
    /// Reads a file named by a `…_FILE` variable.
    pub read: &'a dyn Fn(&Path) -> std::io::Result<String>,
}

/// Reads the configuration of this process: the file named by `--config`, and the environment.
///
/// Errors: exit 2 when the file cannot be read, exit 1 with every mistake in one list.
pub fn load_process(file: Option<&Path>) -> Result<Loaded, Exit> {
    let read = |path: &Path| std::fs::read_to_string(path);
    let file = match file {
        Some(path) => {
            let cannot = |error| Exit::usage(format!("cannot read {}: {error}", path.display()));
            Some((path.to_owned(), read(path).map_err(cannot)?))
        }
        None => None,
    };
    let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let variables = std::env::vars_os().filter_map(unicode).collect();
    load(&Sources { file, variables, read: &read }).map_err(|problems| {
        let list = problems.iter().map(|problem| format!("\n  {problem}")).collect::<String>();
        Exit::wrong(format!("{} in the configuration:{list}", plural(problems.len())))
    })
}

fn plural(count: usize) -> String {
    format!("{count} {}", if count == 1 { "mistake" } else { "mistakes" })
}

/// Puts the sources together. Errors: every mistake, each with the key and where it was written.
pub fn load(sources: &Sources<'_>) -> Result<Loaded, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut given = Entries::new();
    if let Some((path, text)) = &sources.file {
        read_file(path, text, &mut given, &mut problems);
    }
    read_variables(sources, &mut given, &mut problems);

    let defaults = DEFAULTS.parse::<Table>().unwrap_or_default();
    let mut entries = Entries::new();
    flatten("", &defaults, &Origin::Default, &mut entries, &mut problems);
    // Each value is tried alone on top of the defaults: whatever fails, fails because of it.
    for (path, entry) in given {
        let mut alone = defaults.clone();
        put(&mut alone, &path, entry.value.clone());
        match Settings::deserialize(Value::Table(alone)) {
            Ok(_) => drop(entries.insert(path, entry)),
            Err(error) => problems.push(mistake(&path, &entry.origin, reason(&error))),
        }
    }
    let mut merged = Table::new();
    for (path, entry) in &entries {
        put(&mut merged, path, entry.value.clone());
    }
    match Settings::deserialize(Value::Table(merged)) {
        Ok(settings) => {
            problems.extend(settings.validate().into_iter().map(|problem| locate(problem, &entries)));
            problems.sort();
            if problems.is_empty() { Ok(Loaded { settings, entries }) } else { Err(problems) }
        }
        Err(error) => {
            problems.push(Problem { key: "configuration".to_owned(), message: reason(&error) });
            Err(problems)
        }
    }
}

/// The first line of a TOML error; the rest repeats what the dotted key says already.
fn reason(error: &toml::de::Error) -> String {
    error.message().lines().next().unwrap_or("is not valid").to_owned()
}

fn mistake(path: &str, origin: &Origin, message: impl fmt::Display) -> Problem {
    Problem { key: path.to_owned(), message: format!("{message} (from {origin})") }
}

/// Adds to a broken rule where the value was written.
fn locate(problem: Problem, entries: &Entries) -> Problem {
    match entries.get(&problem.key) {
        Some(entry) => mistake(&problem.key, &entry.origin, problem.message),
        None => problem,
    }
}

fn read_file(path: &Path, text: &str, given: &mut Entries, problems: &mut Vec<Problem>) {
    match text.parse::<Table>() {
        Ok(table) => flatten("", &table, &Origin::File(path.to_owned()), given, problems),
        Err(error) => {
            let message = format!("is not TOML: {}", error.to_string().trim_end());
            problems.push(Problem { key: path.display().to_string(), message });
        }
    }
}

/// Walks a table down to the known keys.
fn flatten(above: &str, table: &Table, origin: &Origin, entries: &mut Entries, problems: &mut Vec<Problem>) {
    for (name, value) in table {
        let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        match (Key::find(&path), value) {
            (Some((_, canonical)), value) if canonical == path => {
                entries.insert(path, Entry { value: value.clone(), origin: origin.clone() });
            }
            (_, Value::Table(below)) if Key::is_table(&path) => flatten(&path, below, origin, entries, problems),
            _ => problems.push(mistake(&path, origin, format!("is not a setting{}", suggestion(&path, |path| path)))),
        }
    }
}

fn suggestion(path: &str, show: impl Fn(String) -> String) -> String {
    Key::nearest(path).map(|near| format!("; did you mean {}?", show(near))).unwrap_or_default()
}

fn read_variables(sources: &Sources<'_>, given: &mut Entries, problems: &mut Vec<Problem>) {
    for (name, text) in &sources.variables {
        let Some(rest) = name.strip_prefix("SCRIP_").filter(|_| !NOT_SETTINGS.contains(&name.as_str())) else {
            continue;
        };
        let from_file = rest.strip_suffix("_FILE").and_then(|rest| find_variable(rest).filter(|(key, _)| key.secret));
        let read = match from_file {
            Some((key, path)) => {
                let origin = Origin::SecretFile(name.clone());
                let cannot = |error| format!("cannot read {text}: {error}");
                let content = (sources.read)(Path::new(text)).map_err(cannot);
                content.and_then(|content| parse(key, content.trim_end())).map(|value| (path, Entry { value, origin }))
            }
            None => match find_variable(rest) {
                Some((key, path)) => {
                    parse(key, text).map(|value| (path, Entry { value, origin: Origin::Variable(name.clone()) }))
                }
                None => Err(format!("is not a setting{}", suggestion(&dotted(rest), |near| Key::variable(&near)))),
            },
        };
        match read {
            Ok((path, entry)) => match given.get(&path) {
                Some(Entry { origin: Origin::Variable(other) | Origin::SecretFile(other), .. }) => {
                    problems
                        .push(Problem { key: name.clone(), message: format!("says the same as {other}: keep one") });
                }
                _ => drop(given.insert(path, entry)),
            },
            Err(message) => problems.push(Problem { key: name.clone(), message }),
        }
    }
}

fn dotted(rest: &str) -> String {
    rest.replace("__", ".").to_lowercase()
}

fn find_variable(rest: &str) -> Option<(&'static Key, String)> {
    Key::find(&dotted(rest))
}

/// Reads a variable's text in the shape of its key.
fn parse(key: &Key, text: &str) -> Result<Value, String> {
    let inline = |example: &str| {
        let table = format!("value = {text}").parse::<Table>().ok();
        table.and_then(|mut table| table.remove("value")).ok_or_else(|| format!("{text:?} is not {example}"))
    };
    match key.shape {
        Shape::Text => Ok(Value::String(text.to_owned())),
        Shape::Plain => inline("a whole number or true or false"),
        Shape::Tables => inline("inline TOML, such as { stripe = [\"USD\"] }"),
        Shape::List => {
            let items = text.split([',', '\n']).map(str::trim).filter(|item| !item.is_empty());
            Ok(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
        }
    }
}

/// Sets a value at a dotted path, making the tables on the way.
fn put(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(table.insert(path.to_owned(), value)),
        Some((name, rest)) => {
            let below = table.entry(name).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(below) = below {
                put(below, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests;
