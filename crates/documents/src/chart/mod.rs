//! Charts as SVG: usage per day by service, and the parts of a balance.
//!
//! Invariants:
//! * No script and no `style`: places are presentation attributes, colours are classes of [`STYLE`] (`s1` to `s6` and
//!   `s0` for others, `b1` to `b4`), so a strict content security policy holds and a page chooses light or dark.
//! * A chart has a title and a description that say the same in words, and is one image to those who hear it. When its
//!   days have links it is a group instead, because what is inside an image cannot be reached.
//! * It has a `viewBox` and no width: it is as wide as its place. Text shrinks with it, so it comes in two [`Size`]s,
//!   and [`STYLE`] shows the one that fits its container.
//! * Places are whole tenths, amounts exact: the same data gives the same bytes.
//!
//! Deliberately absent: the table of the same data, which a page puts below; animation; text measured by its font,
//! whose widths are estimated. Cost: some kilobytes of text a chart.

mod balance;
mod scale;
mod svg;
#[cfg(test)]
mod tests;
mod usage;

pub use balance::Balance;
pub use usage::{Day, MAX_SERVICES, Usage};

/// Rules for the colours and the sizes of charts, light and dark: part of a page's style sheet. A page may set the
/// custom properties `--chart-…` itself.
pub const STYLE: &str = include_str!("chart.css");

/// How wide the place of a chart is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// A phone: drawn for 360 pixels.
    Narrow,
    /// A screen: drawn for 960 pixels.
    Wide,
}

impl Size {
    /// Both, for a page that does not know.
    pub const ALL: [Size; 2] = [Size::Narrow, Size::Wide];

    /// Width of the `viewBox`, in tenths.
    const fn width(self) -> i64 {
        match self {
            Size::Narrow => 3_600,
            Size::Wide => 9_600,
        }
    }

    /// Height of letters, in tenths.
    const fn font(self) -> i64 {
        match self {
            Size::Narrow => 140,
            Size::Wide => 130,
        }
    }

    /// The class, also the end of the ids of a chart.
    const fn name(self) -> &'static str {
        match self {
            Size::Narrow => "narrow",
            Size::Wide => "wide",
        }
    }
}
