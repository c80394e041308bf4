//! A4 pages of text, rules and rectangles, and their PDF.
//!
//! Positions are whole thousandths of a point ([`Mpt`]) from the top left corner, so that a layout is the same on every
//! machine; only the last step turns them into floats. Fonts are the crate's own subset; a character that none of them
//! has is drawn as a visible replacement and stays itself in copied text.
//!
//! Deliberately absent: images, kerning and shaping (Latin, Vietnamese and Japanese need none), text from right to left,
//! tags for screen readers. Cost of a file: mostly cutting the fonts down to the glyphs used.

mod fonts;
mod sheet;
mod typeset;
mod write;

pub(crate) use sheet::{Align, Drawing, Sheet};
pub(crate) use typeset::{Style, line, lines};
pub(crate) use write::{About, write};

/// Thousandths of a point.
pub(crate) type Mpt = i64;

/// Width and height of A4.
pub(crate) const A4: (Mpt, Mpt) = (595_276, 841_890);

/// Millimetres in thousandths of a point.
pub(crate) const fn mm(millimetres: i64) -> Mpt {
    millimetres * 72_000 * 10 / 254
}

/// Points in thousandths of a point.
pub(crate) const fn pt(points: i64) -> Mpt {
    points * 1_000
}

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Color(pub u8, pub u8, pub u8);
