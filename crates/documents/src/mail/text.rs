//! A letter as plain text, one paragraph a line.

use super::compose::{Block, Content};
use crate::format::Language;

/// Begins the signature; programs fold what follows.
const SIGNATURE: &str = "-- ";

pub(super) fn render(content: &Content, language: Language) -> String {
    let colon = if language == Language::Ja { "：" } else { ": " };
    let mut paragraphs = vec![content.lead.clone()];
    for block in &content.blocks {
        paragraphs.push(match block {
            Block::Text(text) => text.clone(),
            Block::Facts(facts) => {
                let lines = facts.iter().map(|(name, value)| format!("{name}{colon}{value}"));
                lines.collect::<Vec<_>>().join("\n")
            }
            Block::Action { label, url, .. } => format!("{label}{}\n{url}", colon.trim_end()),
        });
    }
    paragraphs.push(format!("{SIGNATURE}\n{}", content.footer.join("\n")));
    paragraphs.join("\n\n") + "\n"
}
