//! A letter as a page: no tables, no pictures, nothing loaded.
//!
//! Colours are left to the reader's program, light or dark, apart from one button. Styles stand in attributes, because some
//! programs drop everything else. Invariant: every text passes [`escape`] on its way in.

use super::compose::{Block, Content};
use super::plain::escape;
use crate::format::Language;

/// Shown beside the subject in lists, and not in the letter, where it follows anyway.
const PREHEADER: &str = "display:none;max-height:0;overflow:hidden";
const PAGE: &str = "max-width:36em;margin:0 auto;padding:24px 16px;line-height:1.6";
const BRAND: &str = "margin:0 0 16px;font-weight:bold";
const HEADING: &str = "margin:0 0 16px;font-size:1.25em;line-height:1.4";
const NAME: &str = "margin:0;font-size:0.875em";
const VALUE: &str = "margin:0 0 8px;font-weight:bold";
const BUTTON: &str = "display:inline-block;padding:12px 24px;border-radius:6px;background:#1a5fb4;color:#ffffff;\
                      font-weight:bold;text-decoration:none";
const SMALL: &str = "font-size:0.875em;overflow-wrap:anywhere";
const FOOTER: &str = "margin-top:32px;padding-top:16px;border-top:1px solid #888888;font-size:0.8125em";

/// Fonts of a system that have the language's letters; Japanese first where it is read, for its forms of characters.
const fn fonts(language: Language) -> &'static str {
    match language {
        Language::En | Language::Vi => "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif",
        Language::Ja => "'Hiragino Sans','Yu Gothic UI',Meiryo,'Noto Sans JP',system-ui,sans-serif",
    }
}

pub(super) fn render(content: &Content, language: Language) -> String {
    let (subject, lead, brand) = (escape(&content.subject), escape(&content.lead), escape(&content.brand));
    let blocks: String = content.blocks.iter().map(block).collect();
    let footer: String =
        content.footer.iter().map(|line| format!("<p style=\"margin:0\">{}</p>\n", escape(line))).collect();
    let (code, fonts) = (language.code(), fonts(language));
    format!(
        "<!DOCTYPE html>\n<html lang=\"{code}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{subject}</title>\n</head>\n<body style=\"margin:0;font-family:{fonts}\">\n\
         <div style=\"{PREHEADER}\">{lead}</div>\n<div style=\"{PAGE}\">\n<p style=\"{BRAND}\">{brand}</p>\n\
         <h1 style=\"{HEADING}\">{subject}</h1>\n<p>{lead}</p>\n{blocks}<div style=\"{FOOTER}\">\n{footer}</div>\n\
         </div>\n</body>\n</html>\n"
    )
}

fn block(block: &Block) -> String {
    match block {
        Block::Text(text) => format!("<p>{}</p>\n", escape(text)),
        Block::Facts(facts) => {
            let fact = |(name, value): &(String, String)| {
                format!("<dt style=\"{NAME}\">{}</dt><dd style=\"{VALUE}\">{}</dd>\n", escape(name), escape(value))
            };
            format!("<dl>\n{}</dl>\n", facts.iter().map(fact).collect::<String>())
        }
        Block::Action { label, url, fallback } => {
            let (label, url, fallback) = (escape(label), escape(url), escape(fallback));
            format!("<p><a href=\"{url}\" style=\"{BUTTON}\">{label}</a></p>\n<p style=\"{SMALL}\">{fallback}</p>\n")
        }
    }
}
