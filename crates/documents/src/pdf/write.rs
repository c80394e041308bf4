//! Drawings into the bytes of a PDF.

use jiff::Zoned;
use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};

use super::fonts::Face;
use super::sheet::Drawing;
use super::typeset::Line;
use super::{A4, Color, Mpt};
use crate::Language;

/// What the file says about itself.
pub(crate) struct About {
    /// Shown in the title of the window.
    pub title: String,
    /// Who issued it.
    pub author: String,
    /// The language of the text.
    pub language: Language,
    /// Its date.
    pub created: Zoned,
}

/// The PDF of pages. The same pages give the same bytes. `None` when the PDF library refuses, a defect of this crate.
pub(crate) fn write(pages: &[Vec<Drawing>], about: About) -> Option<Vec<u8>> {
    let fonts = Fonts::load()?;
    let mut document = Document::new();
    document.set_metadata(metadata(about));
    for drawings in pages {
        let mut page = document.start_page_with(PageSettings::from_wh(thousandth(A4.0), thousandth(A4.1))?);
        let mut surface = page.surface();
        for drawing in drawings {
            draw(&mut surface, &fonts, drawing);
        }
        surface.finish();
        page.finish();
    }
    document.finish().ok()
}

/// The fonts as the PDF library holds them, in the order of [`Face::ALL`].
struct Fonts(Vec<(Face, Font)>);

impl Fonts {
    fn load() -> Option<Fonts> {
        let load = |face: Face| Some((face, Font::new(face.data().into(), 0)?));
        Face::ALL.into_iter().map(load).collect::<Option<_>>().map(Fonts)
    }

    fn of(&self, face: Face) -> Option<Font> {
        self.0.iter().find(|(known, _)| *known == face).map(|(_, font)| font.clone())
    }
}

fn metadata(about: About) -> Metadata {
    let narrow = |number: i8| u8::try_from(number).unwrap_or(0);
    let (at, offset_minutes) = (&about.created, about.created.offset().seconds() / 60);
    let created = DateTime::new(u16::try_from(at.year()).unwrap_or(0))
        .month(narrow(at.month()))
        .day(narrow(at.day()))
        .hour(narrow(at.hour()))
        .minute(narrow(at.minute()))
        .second(narrow(at.second()))
        .utc_offset_hour(i8::try_from(offset_minutes / 60).unwrap_or(0))
        .utc_offset_minute(u8::try_from(offset_minutes.unsigned_abs() % 60).unwrap_or(0));
    Metadata::new()
        .title(about.title)
        .authors(vec![about.author])
        .language(about.language.code().to_owned())
        .creator("Scrip".to_owned())
        .creation_date(created)
}

fn draw(surface: &mut Surface<'_>, fonts: &Fonts, drawing: &Drawing) {
    match drawing {
        Drawing::Text { x, y, line } => draw_line(surface, fonts, *x, *y, line),
        Drawing::Fill { x, y, width, height, color } => {
            let rectangle = Rect::from_xywh(thousandth(*x), thousandth(*y), thousandth(*width), thousandth(*height));
            let mut path = PathBuilder::new();
            if let Some(rectangle) = rectangle {
                path.push_rect(rectangle);
            }
            if let Some(path) = path.finish() {
                surface.set_fill(Some(fill(*color)));
                surface.draw_path(&path);
            }
        }
    }
}

/// Draws the runs of one face one after the other.
fn draw_line(surface: &mut Surface<'_>, fonts: &Fonts, x: Mpt, y: Mpt, line: &Line) {
    surface.set_fill(Some(fill(line.style.color)));
    let mut x = x;
    for run in line.glyphs.chunk_by(|one, next| one.face == next.face) {
        let Some(font) = run.first().and_then(|glyph| fonts.of(glyph.face)) else { continue };
        let glyph = |glyph: &super::fonts::Glyph| {
            let (id, advance) = (GlyphId::new(glyph.id), thousandth(glyph.advance));
            KrillaGlyph::new(id, advance, 0.0, 0.0, 0.0, glyph.text.clone(), None)
        };
        let glyphs: Vec<KrillaGlyph> = run.iter().map(glyph).collect();
        let start = Point::from_xy(thousandth(x), thousandth(y));
        surface.draw_glyphs(start, &glyphs, font, &line.text, thousandth(line.style.size), false);
        x += run.iter().map(|glyph| glyph.advance).sum::<i64>() * line.style.size / 1_000;
    }
}

fn fill(Color(red, green, blue): Color) -> Fill {
    Fill { paint: rgb::Color::new(red, green, blue).into(), opacity: NormalizedF32::ONE, rule: Default::default() }
}

/// Thousandths as the floats that PDF counts in: the one place where a length is not a whole number.
#[allow(clippy::float_arithmetic, reason = "a length on paper, never money")]
fn thousandth(count: i64) -> f32 {
    count as f32 / 1_000.0
}
