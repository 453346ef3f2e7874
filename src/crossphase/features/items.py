"""Images: listed, opened when they are needed, and brought to one size."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError
from crossphase.sources.paths import existing_file
from crossphase.sources.reading import reading_failed

__all__ = ["IMAGE_ENDINGS", "image_files", "open_images"]

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp")


def image_files(folder: str | os.PathLike[str]) -> tuple[Path, ...]:
    """The images in a folder, by name; folders in it are not searched.

    Raises
    ------
    InputError
        If there is no such folder, or no image in it.
    """
    place = Path(folder)
    if not place.is_dir():
        raise InputError(f"{place} is no folder: give one with images")
    found = tuple(sorted(p for p in place.iterdir() if p.suffix.lower() in IMAGE_ENDINGS))
    if not found:
        raise InputError(f"{place} holds no images ({', '.join(IMAGE_ENDINGS)}): check the folder")
    return found


def open_images(
    images: Sequence[Any], side: int, *, resize: int | None = None
) -> NDArray[np.uint8]:
    """Images as squares of one size, in colour.

    Parameters
    ----------
    images : sequence of path, or of ndarray of uint8 of shape (height, width[, 3 or 4])
        Transparent parts are put on white.
    side : int
        Height and width of the result.
    resize : int, default None
        Bring the shorter side to this length and cut the middle out, as in 256 and 224; None
        brings the whole image to the square, stretched if need be.

    Returns
    -------
    ndarray of uint8 of shape (n, side, side, 3)

    Raises
    ------
    InputError
        If one cannot be opened as an image.

    Examples
    --------
    >>> open_images([np.zeros((40, 60), dtype=np.uint8)], 32).shape
    (1, 32, 32, 3)
    """
    if side < 1 or (resize is not None and resize < side):
        raise InputError(f"side={side}, resize={resize}: give side of 1 or more, resize no smaller")
    result = np.empty((len(images), side, side, 3), dtype=np.uint8)
    for made, image in zip(result, images, strict=True):
        made[...] = _square(image, side, resize)
    return result


def _square(image: Any, side: int, resize: int | None) -> NDArray[np.uint8]:
    from PIL import Image

    picture = _picture(image, Image)
    if resize is None:
        return np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR))
    scale = resize / min(picture.size)
    width, height = (max(resize, round(length * scale)) for length in picture.size)
    left, top = (width - side) // 2, (height - side) // 2
    larger = picture.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(larger.crop((left, top, left + side, top + side)))


def _picture(image: Any, module: Any) -> Any:
    if isinstance(image, np.ndarray):
        if image.dtype != np.uint8 or image.ndim not in (2, 3):
            raise InputError(
                f"an image is {image.dtype} of shape {image.shape}: give uint8 of shape (height, "
                "width) or (height, width, 3 or 4)"
            )
        if image.ndim == 3 and image.shape[2] not in (3, 4):
            raise InputError(f"an image has shape {image.shape}: put the 3 or 4 channels last")
        return _on_white(module.fromarray(image), module)
    path = existing_file(image)
    try:
        with warnings.catch_warnings():
            # Millions of pixels, or odd tags, are not for the user to mend.
            warnings.simplefilter("ignore")
            with module.open(path) as opened:
                return _on_white(opened, module)
    except (OSError, ValueError, SyntaxError, module.DecompressionBombError) as error:
        raise reading_failed(path, error, "leave it out, or save it again as an image") from None


def _on_white(picture: Any, module: Any) -> Any:
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        front = picture.convert("RGBA")
        ground = module.new("RGBA", front.size, "white")
        return module.alpha_composite(ground, front).convert("RGB")
    return picture.convert("RGB")
