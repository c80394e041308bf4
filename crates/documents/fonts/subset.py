"""Makes the font files of this folder from the Debian packages fonts-noto-core and fonts-noto-cjk.

    pip install fonttools
    apt-get download fonts-noto-core fonts-noto-cjk && for deb in *.deb; do dpkg -x "$deb" unpacked; done
    python subset.py unpacked

The same package versions and the same fonttools give the same bytes.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

# Latin with Vietnamese, combining marks, Greek, Cyrillic, punctuation, currency signs, letterlike, arrows, operators.
SANS = [
    (0x20, 0x7E), (0xA0, 0x24F), (0x2B0, 0x36F), (0x370, 0x52F), (0x1E00, 0x1EFF), (0x2010, 0x205E), (0x2070, 0x209C),
    (0x20A0, 0x20BF), (0x2100, 0x2189), (0x2190, 0x2193), (0x2200, 0x22FF), (0x25CC, 0x25CC), (0xFFFD, 0xFFFD),
]


def japanese() -> set[int]:
    """What CP932 has: JIS X 0208, NEC's and IBM's additions (髙, 﨑, ㈱, ①), half-width katakana; and JIS X 0213."""
    found = set()
    for code in range(0x80, 0x30000):
        if 0xD800 <= code <= 0xDFFF or 0xE000 <= code <= 0xF8FF:
            continue
        for codec in CODECS:
            try:
                chr(code).encode(codec)
                found.add(code)
                break
            except UnicodeEncodeError:
                pass
    return found


CODECS = ["cp932", "euc_jis_2004"]


def write(font: TTFont, codes: set[int], target: str) -> None:
    options = subset.Options(
        layout_features=[], hinting=False, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], notdef_outline=True,
        drop_tables=["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "STAT", "DSIG", "MATH", "meta"],
        desubroutinize=False, recalc_timestamp=False,
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    font.save(target)
    print(target, len(font.getBestCmap()), "characters,", Path(target).stat().st_size, "bytes")


def main(unpacked: Path) -> None:
    sans = {code for first, last in SANS for code in range(first, last + 1)}
    for weight in ["Regular", "Bold"]:
        source = next(unpacked.rglob(f"NotoSans-{weight}.ttf"))
        write(TTFont(source, recalcTimestamp=False), sans, f"NotoSans-{weight}.ttf")
    has = set(TTFont("NotoSans-Regular.ttf").getBestCmap())
    collection = TTCollection(next(unpacked.rglob("NotoSansCJK-Regular.ttc")))
    [font] = [font for font in collection.fonts if font["name"].getDebugName(1) == "Noto Sans CJK JP"]
    font.recalcTimestamp = False
    write(font, japanese() - has, "NotoSansJP-Regular.otf")


main(Path(sys.argv[1]))
