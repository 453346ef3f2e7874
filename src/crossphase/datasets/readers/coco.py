"""COCO 2017: images, their captions, and the category of the largest annotation."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from crossphase.datasets.modalities import DatasetLabel, Modalities
from crossphase.errors import Finding, InputError
from crossphase.sources.paths import existing_file
from crossphase.sources.reading import reading_failed

__all__ = ["read_coco"]

_MEND = "download it again"


def read_coco(
    images: str | os.PathLike[str],
    captions: str | os.PathLike[str],
    instances: str | os.PathLike[str],
    *,
    n: int | None = None,
    seed: int = 0,
) -> Modalities:
    """Read COCO's annotations; no image is opened.

    A row is an image with a caption and at least one annotation, in the order of image numbers.
    Its caption is one of its (usually five) captions, drawn at random; its label is the category
    of its largest single annotation, by the area of the annotated region, crowds included [1]_.

    Parameters
    ----------
    images : path
        Folder such as ``val2017``.
    captions, instances : path
        ``captions_val2017.json`` and ``instances_val2017.json``, or those of ``train2017``.
    n : int, default None
        Take this many rows, drawn at random; None takes all.
    seed : int, default 0
        Of both draws.

    Returns
    -------
    Modalities
        No views yet, but `raw`: ``"image"``, paths in the order of the rows, and ``"caption"``,
        texts; label ``"category"``. :func:`crossphase.features.image_features` and
        :func:`crossphase.features.text_features` make views of them.

    Raises
    ------
    InputError
        If a file is missing or is not what it should be, or an image is not in the folder.

    References
    ----------
    .. [1] Kamai, I., Van Assel, H., Regev, A., Perets, H., Balestriero, R. (2026). When to Align,
       When to Predict. arXiv 2606.11190.
    """
    folder = Path(images)
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder: give the one with the images, such as val2017")
    pictured, told = _read(instances, "instances"), _read(captions, "captions")
    names = {category["id"]: str(category["name"]) for category in pictured["categories"]}
    files = {image["id"]: str(image["file_name"]) for image in pictured["images"]}
    category: dict[int, int] = {}
    area: dict[int, float] = {}
    for annotation in pictured["annotations"]:
        image = annotation["image_id"]
        if annotation["area"] > area.get(image, -1.0):
            area[image], category[image] = annotation["area"], annotation["category_id"]
    texts: dict[int, list[str]] = {}
    for annotation in told["annotations"]:
        texts.setdefault(annotation["image_id"], []).append(" ".join(annotation["caption"].split()))
    whole = sorted(set(files) & set(category) & set(texts))
    if not whole:
        raise InputError(
            f"{instances} and {captions} have no annotated image in common: take both of val2017, "
            "or both of train2017"
        )
    rng = np.random.default_rng(seed)
    choice = rng.random(len(whole))
    rows = np.arange(len(whole))
    if n is not None:
        if not 1 <= n <= len(whole):
            raise InputError(f"n={n}: give a number from 1 to {len(whole)}, the images there are")
        rows = np.sort(rng.choice(len(whole), size=n, replace=False))
    chosen = [whole[row] for row in rows]
    return Modalities(
        "coco-2017",
        {},
        {
            "category": DatasetLabel(
                np.array([_name(names, category[image], instances) for image in chosen]),
                "classes",
                description="category of the largest single annotation of the image",
            )
        },
        raw={
            "image": [_image(folder, files[image]) for image in chosen],
            "caption": [
                texts[image][int(choice[row] * len(texts[image]))]
                for image, row in zip(chosen, rows, strict=True)
            ],
        },
        ids=np.array([str(image) for image in chosen]),
        description="Photographs of everyday scenes and what people wrote of them.",
        licence="annotations CC BY 4.0; images under the terms of Flickr, each its own",
        citation="Lin, T.-Y. et al. (2014). Microsoft COCO: Common Objects in Context. ECCV.",
        findings=_left_out(len(set(files)), len(whole)),
    )


def _read(path: str | os.PathLike[str], kind: str) -> Mapping[str, Any]:
    """A file of annotations with the parts and keys that are used."""
    parts: dict[str, dict[str, tuple[str, ...]]] = {
        "instances": {
            "images": ("id", "file_name"),
            "annotations": ("image_id", "category_id", "area"),
            "categories": ("id", "name"),
        },
        "captions": {"annotations": ("image_id", "caption")},
    }
    checked = existing_file(path)
    try:
        found = json.loads(checked.read_text(encoding="utf-8"))
    except ValueError as error:
        raise reading_failed(checked, error, _MEND) from None
    for part, keys in parts[kind].items():
        entries = found.get(part) if isinstance(found, dict) else None
        if not isinstance(entries, list) or not entries:
            raise InputError(f"{checked} has no list of {part}: give COCO's file of {kind}")
        for entry in entries:
            if not isinstance(entry, dict) or any(key not in entry for key in keys):
                raise InputError(
                    f"{checked} has {part} without {' or '.join(keys)}: give COCO's file of {kind}"
                )
    return found  # type: ignore[no-any-return]


def _image(folder: Path, name: str) -> Path:
    path = folder / name
    # A name that leads out of the folder is none of COCO's.
    if Path(name).name != name or not path.is_file():
        raise InputError(
            f"{folder} holds no {name}, which the annotations name: give the folder of the same "
            "part, such as val2017"
        )
    return path


def _name(names: Mapping[int, str], category: int, path: str | os.PathLike[str]) -> str:
    if category not in names:
        raise InputError(f"{path} has an annotation of category {category}, which it does not name")
    return names[category]


def _left_out(n_images: int, n_whole: int) -> tuple[Finding, ...]:
    if n_whole == n_images:
        return ()
    return (
        Finding(
            "images-without-annotation",
            "info",
            f"{n_images - n_whole} of {n_images} images have no caption or no annotated object.",
            "They are left out, so that every row has a label.",
        ),
    )
