//! Pages being filled from top to bottom.

use super::typeset::Line;
use super::{Color, Mpt};

/// Something drawn at a fixed place.
#[derive(Clone, Debug)]
pub(crate) enum Drawing {
    /// A line of text; `y` is its baseline.
    Text { x: Mpt, y: Mpt, line: Line },
    /// A filled rectangle; `x` and `y` are its top left corner.
    Fill { x: Mpt, y: Mpt, width: Mpt, height: Mpt, color: Color },
}

/// On which side of a column a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// At its left edge.
    Left,
    /// At its right edge.
    Right,
}

/// A place on the pages; a later one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    page: usize,
    y: Mpt,
}

/// Pages, and the place that the next drawing goes to.
pub(crate) struct Sheet {
    pages: Vec<Vec<Drawing>>,
    top: Mpt,
    bottom: Mpt,
    place: Place,
}

impl Sheet {
    /// One empty page, to be filled between `top` and `bottom`.
    pub(crate) fn new(top: Mpt, bottom: Mpt) -> Sheet {
        Sheet { pages: vec![Vec::new()], top, bottom, place: Place { page: 0, y: top } }
    }

    /// The place reached.
    pub(crate) const fn place(&self) -> Place {
        self.place
    }

    /// Goes back to a place, for what stands beside that which was drawn since, or on to the end of the longer one.
    pub(crate) fn go_to(&mut self, place: Place) {
        self.place = place;
    }

    /// Goes to the next page when less than `height` is left on this one; whether it did. At the top of a page it never
    /// does, so that what is too high for any page still ends.
    pub(crate) fn room(&mut self, height: Mpt) -> bool {
        let full = self.place.y + height > self.bottom && self.place.y > self.top;
        if full {
            self.place = Place { page: self.place.page + 1, y: self.top };
            if self.place.page == self.pages.len() {
                self.pages.push(Vec::new());
            }
        }
        full
    }

    /// Leaves `height` free.
    pub(crate) fn feed(&mut self, height: Mpt) {
        self.place.y += height;
    }

    /// Puts lines one under the other into the column from `x` with `width`, over as many pages as they need.
    pub(crate) fn flow(&mut self, lines: impl IntoIterator<Item = Line>, x: Mpt, width: Mpt, align: Align) {
        for line in lines {
            let height = line.style.line_height();
            self.room(height);
            self.put(line, x, width, align);
            self.feed(height);
        }
    }

    /// Puts a line into the column from `x` with `width`, its box at the place reached, which stays.
    pub(crate) fn put(&mut self, line: Line, x: Mpt, width: Mpt, align: Align) {
        let x = if align == Align::Right { x + width - line.width } else { x };
        let y = self.place.y + line.style.baseline();
        self.draw(Drawing::Text { x, y, line });
    }

    /// Fills a rectangle whose top is at the place reached, which stays.
    pub(crate) fn fill(&mut self, x: Mpt, width: Mpt, height: Mpt, color: Color) {
        self.draw(Drawing::Fill { x, y: self.place.y, width, height, color });
    }

    /// Draws the edges of a rectangle whose top is at the place reached, which stays.
    pub(crate) fn frame(&mut self, x: Mpt, width: Mpt, height: Mpt, thickness: Mpt, color: Color) {
        let y = self.place.y;
        self.draw(Drawing::Fill { x, y, width, height: thickness, color });
        self.draw(Drawing::Fill { x, y: y + height - thickness, width, height: thickness, color });
        self.draw(Drawing::Fill { x, y, width: thickness, height, color });
        self.draw(Drawing::Fill { x: x + width - thickness, y, width: thickness, height, color });
    }

    /// The pages as they are.
    pub(crate) fn into_pages(self) -> Vec<Vec<Drawing>> {
        self.pages
    }

    fn draw(&mut self, drawing: Drawing) {
        if let Some(page) = self.pages.get_mut(self.place.page) {
            page.push(drawing);
        }
    }
}
