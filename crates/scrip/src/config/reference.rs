//! `docs/configuration.md`, made from the shipped file so that the two cannot differ.

use super::DEFAULTS;
use super::keys::Key;

const HEAD: &str = "# Configuration

<!-- Made by `scrip config reference`. Change crates/scrip/src/config/scrip.default.toml instead. -->

Values come from three places, the last one said wins:

1. the values below, shipped with the program;
2. the file of `--config scrip.toml`;
3. the environment: `SCRIP_` and the key in capitals, with `__` for each dot (`limits.batch_items` is
   `SCRIP_LIMITS__BATCH_ITEMS`). Lists are separated by commas. Numbers are written plainly. Tables are inline TOML.

A setting marked *secret* may also come from a file: `SCRIP_STRIPE__SECRET_KEY_FILE=/run/secrets/stripe` reads that file.
`scrip config check` lists every mistake at once. `scrip config print` shows the effective values and where each came from.
";

/// The page, from the shipped file.
pub fn reference() -> String {
    let mut page = Page { text: HEAD.to_owned(), table: String::new(), comment: Vec::new(), in_table: false };
    page.text.push_str("\n## Top level\n");
    // The first comment is about the file itself.
    let body = DEFAULTS.split_once("\n\n").map_or(DEFAULTS, |(_, body)| body);
    let (simple, sites) = body.split_once("# Selling regions.").unwrap_or((body, ""));
    for line in simple.lines() {
        page.line(line);
    }
    page.text.push_str(&format!("\n## sites\n\n{}", sites_section(sites)));
    page.text
}

struct Page {
    text: String,
    table: String,
    comment: Vec<String>,
    in_table: bool,
}

impl Page {
    fn line(&mut self, line: &str) {
        if let Some(comment) = line.strip_prefix('#') {
            self.comment.push(comment.trim().to_owned());
        } else if let Some(table) = line.strip_prefix('[') {
            self.table = table.trim_end_matches(']').to_owned();
            let about = self.about();
            self.text.push_str(&format!("\n## {}\n\n{about}\n", self.table));
            self.in_table = false;
        } else if let Some((name, value)) = line.split_once(" = ") {
            self.row(name, value);
        }
    }

    fn about(&mut self) -> String {
        std::mem::take(&mut self.comment).join(" ")
    }

    fn row(&mut self, name: &str, value: &str) {
        if !self.in_table {
            self.text.push_str("\n| key | default | environment | meaning |\n|---|---|---|---|\n");
            self.in_table = true;
        }
        let path = if self.table.is_empty() { name.to_owned() } else { format!("{}.{name}", self.table) };
        let secret = Key::find(&path).is_some_and(|(key, _)| key.secret);
        let mark = if secret { " *Secret.*" } else { "" };
        let about = self.about();
        self.text.push_str(&format!("| `{path}` | `{value}` | `{}` | {about}{mark} |\n", Key::variable(&path)));
    }
}

/// Sites are easier to read as the file has them.
fn sites_section(sites: &str) -> String {
    let (about, shipped) = sites.split_once("\n[").unwrap_or((sites, ""));
    let plain = |line: &str| line.trim_start_matches('#').trim().to_owned();
    let about = about.lines().map(plain).collect::<Vec<_>>().join("\n");
    format!("Selling regions. {}\n\n```toml\n[{shipped}```\n", about.trim())
}
