"""Emoji: the picture and the name."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crossphase.datasets.cards import Archive, DatasetCard, LabelCard, ViewCard
from crossphase.datasets.members import read_members
from crossphase.datasets.modalities import Modalities
from crossphase.datasets.plain_views import pixel_components, trigram_components

__all__ = ["CARD", "read"]

CARD = DatasetCard(
    name="emoji",
    title="emoji, image x name",
    description=(
        "Emoji without flags and skin tones, as Noto Color Emoji draws them on 64 x 64 pixels, "
        "beside their English names."
    ),
    licence="Images Apache License 2.0 (Noto Emoji), data MIT (emoji-datasource).",
    citation=(
        "Noto Emoji, https://github.com/googlefonts/noto-emoji; emoji-data, "
        "https://github.com/iamcal/emoji-data; groups by the Unicode Consortium."
    ),
    n=1636,
    views={
        "image": ViewCard(100, "principal components of 16 x 16 colour pixels"),
        "name": ViewCard(100, "components of letter pairs and triples"),
    },
    labels={
        "group": LabelCard("classes", 1636, "Unicode's group, such as food and drink", 8),
        "subgroup": LabelCard("classes", 1636, "Unicode's subgroup, such as drink", 95),
    },
    archives=(
        Archive(
            "npm",
            "emoji-datasource-google",
            "16.0.0",
            "emoji-datasource-google-16.0.0.tgz",
            "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
            74344091,
        ),
    ),
    may_bundle=True,
    notes=(
        "Men, women and persons doing one thing are near copies of each other; four pictures of "
        "families stand for two or three emoji.",
        "Many subgroups have few emoji.",
    ),
)

_SHEET = "package/img/google/sheets-clean/64.png"
_TABLE = "package/emoji.json"
_SIDE, _BORDER = 64, 1
_LEFT_OUT = ("Flags", "Component")


def read(archives: Mapping[str, Path]) -> Modalities:
    """The data from the package's table and its one sheet of images."""
    found = read_members(archives["emoji-datasource-google"], {_SHEET, _TABLE})
    sheet = _on_white(found[_SHEET])
    images, names, groups, subgroups, codes = [], [], [], [], []
    for entry in sorted(json.loads(found[_TABLE]), key=lambda entry: entry["sort_order"]):
        image = _cell(sheet, entry["sheet_x"], entry["sheet_y"])
        blank = bool(np.all(image == image[0, 0]))
        if entry["category"] in _LEFT_OUT or not entry["has_img_google"] or blank:
            continue
        images.append(image)
        names.append(str(entry["name"]).lower())
        groups.append(entry["category"])
        subgroups.append(entry["subcategory"])
        codes.append(entry["unified"])
    pictures = np.array(images)
    return CARD.modalities(
        {
            "image": pixel_components(_quarter(pictures), CARD.views["image"].dim),
            "name": trigram_components(names, CARD.views["name"].dim),
        },
        {"group": np.array(groups), "subgroup": np.array(subgroups)},
        raw={"image": pictures, "name": names},
        ids=np.array(codes),
    )


def _on_white(data: bytes) -> NDArray[np.uint8]:
    """An image with transparency on a white ground, (height, width, 3)."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as picture:
        front = picture.convert("RGBA")
    ground = Image.new("RGBA", front.size, "white")
    return np.array(Image.alpha_composite(ground, front).convert("RGB"), dtype=np.uint8)


def _cell(sheet: NDArray[np.uint8], column: int, row: int) -> NDArray[np.uint8]:
    step = _SIDE + 2 * _BORDER
    top, left = row * step + _BORDER, column * step + _BORDER
    return sheet[top : top + _SIDE, left : left + _SIDE]


def _quarter(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Images of a quarter of the width and height, each pixel the mean of 16."""
    n, side = len(images), _SIDE // 4
    blocks = images.reshape(n, side, 4, side, 4, 3)
    means: NDArray[np.uint8] = np.round(blocks.mean(axis=(2, 4))).astype(np.uint8)
    return means
