//! Data in, bytes out: formats, words, messages in three languages, receipts as PDF, credit history as files, letters.
//!
//! Pure: no I/O, no clock, no randomness; the same input gives the same bytes. One exception: a workbook grows in an
//! unnamed temporary file. Time zones, messages and fonts are compiled in, so that a document looks the same on every
//! machine and years later. Layout is done in whole numbers.
//!
//! Deliberately absent: what a document has to say (the engine makes the snapshot), who may see it, sending it.
//!
//! | module | what it does |
//! |---|---|
//! | [`format`](mod@format) | money, numbers, dates as a language writes them |
//! | [`parse`] | amounts as people type them |
//! | [`words`] | amounts in words |
//! | [`messages`] | texts by key, from `messages/*.ftl` |
//! | [`receipt`] | the receipt and its PDF |
//! | [`mail`] | letters by e-mail |
//! | [`sheet`] | credit history as XLSX and CSV |
//! | [`chart`] | usage and balances as SVG |

pub mod chart;
pub mod format;
pub mod mail;
pub mod messages;
pub mod parse;
mod pdf;
pub mod receipt;
pub mod sheet;
pub mod words;

pub use format::{Language, Locale, Money};
