"""Views of images and of texts, by the name of an encoder or with one of your own."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.datasets.plain_views import pixel_components
from crossphase.errors import InputError, import_extra
from crossphase.features.encoders import Encoder
from crossphase.features.extract import encode
from crossphase.features.items import open_images
from crossphase.features.kept import kept_or_made
from crossphase.features.patches import PATCH_SIDE, PatchFeatures

__all__ = ["IMAGE_ENCODERS", "TEXT_ENCODERS", "image_features", "text_features"]

Progress = Callable[[str, float], None]

#: Encoders of images and of texts by name; the first of each needs nothing but crossphase.
IMAGE_ENCODERS = ("pixels", "patches", "efficientnet-lite0")
TEXT_ENCODERS = ("tfidf", "minilm")


def image_features(
    images: Sequence[Any] | NDArray[np.uint8],
    encoder: str | Encoder | Any = "pixels",
    *,
    n_components: int = 64,
    batch_size: int = 32,
    keep: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> NDArray[np.float64]:
    """Features of images.

    Parameters
    ----------
    images : sequence of path, or of ndarray of uint8 of shape (height, width[, 3 or 4])
        Opened a batch at a time.
    encoder : str, Encoder or torch.nn.Module, default "pixels"
        ``"pixels"``: principal components of the images at 16 × 16 pixels, fitted on these very
        images. ``"patches"``: what they have in common with patches drawn from them, see
        :class:`crossphase.features.patches.PatchFeatures`. ``"efficientnet-lite0"``: see
        :func:`crossphase.features.torch_encoders.efficientnet_lite0`. A module gets batches as
        :class:`crossphase.features.torch_encoders.ImageInput` makes them by default; wrap it in a
        ``TorchEncoder`` to say otherwise.
    n_components : int, default 64
        Of ``"pixels"`` and ``"patches"``; as many as there are if that is less.
    batch_size, keep, progress
        See :func:`crossphase.features.encode`.

    Returns
    -------
    ndarray of shape (n, d)

    Raises
    ------
    InputError
        If an image cannot be opened, or the encoder is unknown.
    MissingExtraError
        Without what the encoder needs.

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 256, (9, 20, 20, 3), dtype=np.uint8)
    >>> image_features(list(images), n_components=4).shape
    (9, 4)
    """
    items = list(images)
    if isinstance(encoder, str) and encoder in _FITTED:
        side, components = _FITTED[encoder]
        make = partial(_components, components, items, side, n_components, progress)
        return _fitted(keep, items, f"{encoder} {side} {n_components}", make)
    return encode(
        items,
        _named(encoder, IMAGE_ENCODERS, "image"),
        batch_size=batch_size,
        keep=keep,
        progress=progress,
    )


def text_features(
    texts: Sequence[str] | NDArray[np.str_],
    encoder: str | Encoder | Any = "tfidf",
    *,
    n_components: int = 64,
    batch_size: int = 64,
    keep: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> NDArray[np.float64]:
    """Features of texts.

    Parameters
    ----------
    texts : sequence of str
    encoder : str or Encoder, default "tfidf"
        ``"tfidf"``: leading components of words weighed by how rare they are (latent semantic
        analysis), fitted on these very texts. ``"minilm"``: see
        :func:`crossphase.features.torch_encoders.minilm`.
    n_components : int, default 64
        Of ``"tfidf"``; as many as there are if that is less.
    batch_size, keep, progress
        See :func:`crossphase.features.encode`.

    Returns
    -------
    ndarray of shape (n, d)

    Raises
    ------
    InputError
        If an item is no text, no text holds a word, or the encoder is unknown.
    MissingExtraError
        Without what the encoder needs.

    Examples
    --------
    >>> text_features(["a red car", "a blue car", "two dogs", "a dog"], n_components=2).shape
    (4, 2)
    """
    items = list(texts)
    odd = next((text for text in items if not isinstance(text, str)), None)
    if odd is not None:
        raise InputError(f"a text is a {type(odd).__name__}: give strings")
    if isinstance(encoder, str) and encoder == "tfidf":
        make = partial(_words, items, n_components)
        return _fitted(keep, items, f"tfidf {n_components}", make)
    return encode(
        items,
        _named(encoder, TEXT_ENCODERS, "text"),
        batch_size=batch_size,
        keep=keep,
        progress=progress,
    )


def _fitted(
    keep: str | os.PathLike[str] | None,
    items: Sequence[Any],
    identity: str,
    make: Callable[[], NDArray[np.float32]],
) -> NDArray[np.float64]:
    """Features that depend on all items together."""
    if len(items) < 2:
        raise InputError(f"{len(items)} items have no components: give more, or another encoder")
    folder = None if keep is None else Path(keep)
    return kept_or_made(folder, items, identity, make).astype(np.float64)


def _components(
    components: Callable[[NDArray[np.uint8], int], NDArray[Any]],
    images: Sequence[Any],
    side: int,
    n_components: int,
    progress: Progress | None,
) -> NDArray[np.float32]:
    _check_components(n_components)
    small = []
    for start in range(0, len(images), 256):
        if progress is not None:
            progress("opening images", start / len(images))
        small.append(open_images(images[start : start + 256], side))
    return components(np.concatenate(small), n_components).astype(np.float32)


def _pixels(images: NDArray[np.uint8], n_components: int) -> NDArray[np.float64]:
    return pixel_components(images, min(n_components, len(images) - 1, images[0].size))


def _patches(images: NDArray[np.uint8], n_components: int) -> NDArray[np.float32]:
    return PatchFeatures.fit(images, n_components)(images)


#: Encoders fitted on the images given: their height and width, and components of them.
_FITTED: dict[str, tuple[int, Callable[[NDArray[np.uint8], int], NDArray[Any]]]] = {
    "pixels": (16, _pixels),
    "patches": (PATCH_SIDE, _patches),
}


def _words(texts: Sequence[str], n_components: int) -> NDArray[np.float32]:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    _check_components(n_components)
    try:
        weights = TfidfVectorizer(sublinear_tf=True, dtype=np.float64).fit_transform(texts)
    except ValueError:
        raise InputError("no text holds a word of two letters or more: check the texts") from None
    wanted = min(n_components, *(size - 1 for size in weights.shape))
    if wanted < 1:
        raise InputError("the texts have one word in all: give more texts, or another encoder")
    found = TruncatedSVD(wanted, random_state=0).fit_transform(weights)
    return np.asarray(found, dtype=np.float32)


def _check_components(n_components: int) -> None:
    if n_components < 1:
        raise InputError(f"n_components={n_components}: give 1 or more")


def _named(encoder: Any, names: tuple[str, ...], of: str) -> Encoder:
    if not isinstance(encoder, str):
        if hasattr(encoder, "identity"):
            return encoder  # type: ignore[no-any-return]
        if of == "image" and hasattr(encoder, "state_dict"):
            return _torch_encoders().TorchEncoder(encoder)  # type: ignore[no-any-return]
        raise InputError(
            f"the encoder is a {type(encoder).__name__}: give one of {', '.join(names)}, or wrap "
            "it in FunctionEncoder or TorchEncoder"
        )
    if encoder not in names:
        raise InputError(f"no {of} encoder {encoder!r}: choose among {', '.join(names)}")
    module = _torch_encoders()
    made = module.efficientnet_lite0() if of == "image" else module.minilm()
    return made  # type: ignore[no-any-return]


def _torch_encoders() -> Any:
    import_extra("torch", "encoders", "an encoder in PyTorch")
    from crossphase.features import torch_encoders

    return torch_encoders
