//! The embedded fonts: which has a character, and how wide it is. What they hold is told in `fonts/README.md`.

use std::ops::Range;
use std::sync::LazyLock;

use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};

/// One of the embedded fonts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    /// Latin with Vietnamese, Greek, Cyrillic.
    Sans,
    /// The same, bold.
    SansBold,
    /// Kana, kanji and what stands between them.
    Japanese,
}

/// A character's picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Glyph {
    /// Where it is drawn from.
    pub face: Face,
    /// Its number in the font.
    pub id: u32,
    /// Its width in thousandths of the font size.
    pub advance: i64,
    /// The bytes of the text that it stands for.
    pub text: Range<usize>,
}

/// What a missing character becomes, the first that a font has: the replacement character, the geta mark.
const REPLACEMENTS: [char; 3] = ['\u{fffd}', '〓', '?'];

static SANS: LazyLock<Metrics> = LazyLock::new(|| Metrics::new(Face::Sans));
static SANS_BOLD: LazyLock<Metrics> = LazyLock::new(|| Metrics::new(Face::SansBold));
static JAPANESE: LazyLock<Metrics> = LazyLock::new(|| Metrics::new(Face::Japanese));

impl Face {
    /// Every face.
    pub(crate) const ALL: [Face; 3] = [Face::Sans, Face::SansBold, Face::Japanese];

    /// The font file.
    pub(crate) fn data(self) -> &'static [u8] {
        match self {
            Face::Sans => include_bytes!("../../fonts/NotoSans-Regular.ttf"),
            Face::SansBold => include_bytes!("../../fonts/NotoSans-Bold.ttf"),
            Face::Japanese => include_bytes!("../../fonts/NotoSansJP-Regular.otf"),
        }
    }

    fn metrics(self) -> &'static Metrics {
        match self {
            Face::Sans => &SANS,
            Face::SansBold => &SANS_BOLD,
            Face::Japanese => &JAPANESE,
        }
    }

    fn glyph(self, c: char, text: Range<usize>) -> Option<Glyph> {
        let metrics = self.metrics();
        let id = metrics.charmap.map(c)?;
        // Font units are whole numbers, and there are a thousand to the em (a test holds this).
        let advance = metrics.glyphs.advance_width(id)? as i64;
        Some(Glyph { face: self, id: id.to_u32(), advance, text })
    }
}

/// The glyphs of a text, one a character, from the first face that has it.
pub(crate) fn glyphs(text: &str, faces: &[Face]) -> Vec<Glyph> {
    let find = |c: char, range: Range<usize>| faces.iter().find_map(|face| face.glyph(c, range.clone()));
    let glyph = |(start, c): (usize, char)| {
        let range = start..start + c.len_utf8();
        find(c, range.clone()).or_else(|| REPLACEMENTS.iter().find_map(|&c| find(c, range.clone())))
    };
    text.char_indices().filter_map(glyph).collect()
}

struct Metrics {
    charmap: Charmap<'static>,
    glyphs: GlyphMetrics<'static>,
}

impl Metrics {
    fn new(face: Face) -> Metrics {
        let font = FontRef::new(face.data()).expect("the fonts are part of the program: a test reads them all");
        Metrics { charmap: font.charmap(), glyphs: font.glyph_metrics(Size::unscaled(), LocationRef::default()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_font_counts_a_thousand_units_to_the_em() {
        for face in Face::ALL {
            let font = FontRef::new(face.data()).unwrap();
            let metrics = font.metrics(Size::unscaled(), LocationRef::default());
            assert_eq!(metrics.units_per_em, 1000, "{face:?}");
        }
    }

    #[test]
    fn the_fonts_have_what_the_languages_need() {
        let both = [Face::Sans, Face::Japanese];
        let texts = [
            "The quick brown fox 0123456789 −+%@#&*()[]{}/\\|\"'.,:;!?–—…•·“”‘’№",
            "Ắắ Ằằ Ẳẳ Ẵẵ Ặặ Ấấ Ầầ Ẩẩ Ẫẫ Ậậ Đđ Ếế Ềề Ểể Ễễ Ệệ Ỉỉ Ĩĩ Ịị Ốố Ồồ Ổổ Ỗỗ Ộộ Ớớ Ờờ Ởở Ỡỡ Ợợ Ứứ Ừừ Ửử Ữữ Ựự Ỳỳ Ỷỷ Ỹỹ Ỵỵ",
            "Ελλάδα Россия Łódź İstanbul Ærø Straße",
            "$€£¥₫₩₹₱₪¢",
            "あいうえお アイウエオ ｱｲｳｴｵ 、。「」『』・ー〜ＡＺａｚ０９￥（）：",
            "領収書 宛名 様 登録番号 消費税 税込 株式会社 ㈱ ① 髙橋 﨑 齋藤 渡邊 邉 德 琢磨 鷗 纊 熙",
        ];
        for text in texts {
            for (glyph, c) in glyphs(text, &both).iter().zip(text.chars()) {
                assert!(both.iter().any(|face| face.metrics().charmap.map(c).is_some()), "no glyph for {c:?}");
                assert!(glyph.advance > 0, "{c:?} has no width");
            }
        }
    }

    #[test]
    fn bold_has_all_that_regular_has() {
        let missing: Vec<char> = ('!'..='\u{fffd}')
            .filter(|&c| {
                Face::Sans.metrics().charmap.map(c).is_some() && Face::SansBold.metrics().charmap.map(c).is_none()
            })
            .collect();
        assert_eq!(missing, []);
    }

    #[test]
    fn a_missing_character_is_drawn_and_keeps_its_place() {
        let glyphs = glyphs("a😀b", &[Face::Sans]);
        assert_eq!(glyphs.iter().map(|glyph| glyph.text.clone()).collect::<Vec<_>>(), [0..1, 1..5, 5..6]);
        assert!(glyphs[1].id > 0 && glyphs[1].advance > 0, "a picture, not the empty glyph");
    }
}
