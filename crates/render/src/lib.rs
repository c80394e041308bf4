//! What the engine keeps, as documents draw it: for whoever hands documents out, by HTTP or by mail.
//!
//! The engine knows no documents and documents know no engine; here the one's facts become the other's. Deliberately
//! absent: who may see a document, and how it gets there. Cost: some milliseconds of one core a PDF, apart from the threads
//! that serve.

mod receipt;

use engine::settings::Language;

pub use receipt::{Pdf, RenderError, receipt_pdf};

/// The language of a document.
pub const fn language(language: Language) -> documents::Language {
    match language {
        Language::En => documents::Language::En,
        Language::Ja => documents::Language::Ja,
        Language::Vi => documents::Language::Vi,
    }
}
