"""Characters of eight scripts: how DejaVu Sans draws them, and what Unicode calls them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from crossphase.datasets.cards import DatasetCard, LabelCard, ViewCard
from crossphase.datasets.modalities import Modalities
from crossphase.datasets.plain_views import trigram_components

__all__ = ["CARD", "read"]

CARD = DatasetCard(
    name="glyphs",
    title="characters, image x Unicode name",
    description=(
        "Characters of eight scripts, drawn in DejaVu Sans (which Matplotlib brings) on 32 x 32 "
        "pixels, beside their Unicode names without the name of the script."
    ),
    licence="DejaVu fonts licence (free); Unicode licence. Made on your machine.",
    citation="DejaVu Fonts, https://dejavu-fonts.github.io; The Unicode Standard.",
    n=2908,
    views={
        "image": ViewCard(256, "grey levels, 16 x 16 pixels"),
        "name": ViewCard(100, "components of letter pairs and triples"),
    },
    labels={"script": LabelCard("classes", 2908, "the script of the character", 8)},
    may_bundle=True,
    notes=(
        "Letters of one base with different accents are near copies of each other; 470 characters "
        "share their image with another, of their script or of another.",
        "Python's table of characters and the font decide how many there are; counted with "
        "Python 3.11.",
    ),
)

_SCRIPTS = (
    "LATIN",
    "GREEK",
    "CYRILLIC",
    "ARMENIAN",
    "GEORGIAN",
    "ARABIC",
    "BRAILLE",
    "CANADIAN SYLLABICS",
)
_SIDE = 32


def read(archives: Mapping[str, Path]) -> Modalities:
    """The data, drawn now; nothing has to be fetched, so `archives` is not used."""
    del archives
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont

    path = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"
    # The basic engine is there everywhere and always draws the same.
    font = ImageFont.truetype(str(path), 24, layout_engine=ImageFont.Layout.BASIC)
    blank = bytes(font.getmask("\U0010ffff"))
    images, small, names, scripts, characters = [], [], [], [], []
    for code in range(0x41, 0x10000):
        name = unicodedata.name(chr(code), "")
        script = next((s for s in _SCRIPTS if name.startswith(s + " ")), None)
        if script is None or bytes(font.getmask(chr(code))) == blank:
            continue
        image = Image.new("L", (_SIDE, _SIDE))
        ImageDraw.Draw(image).text((4, 0), chr(code), fill=255, font=font)
        images.append(np.asarray(image))
        small.append(np.asarray(image.resize((_SIDE // 2, _SIDE // 2)), dtype=np.float64).ravel())
        names.append(name.removeprefix(script).strip())
        scripts.append(script.lower())
        characters.append(f"U+{code:04X}")
    return CARD.modalities(
        {"image": np.array(small), "name": trigram_components(names, CARD.views["name"].dim)},
        {"script": np.array(scripts)},
        raw={"image": np.array(images), "name": names},
        ids=np.array(characters),
    )
