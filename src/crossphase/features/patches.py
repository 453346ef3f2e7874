"""Features of images from patches of the images themselves; nothing is trained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError

__all__ = ["PATCH_SIDE", "PatchDictionary", "PatchFeatures"]

Array = NDArray[np.float32]

PATCH_SIDE = 32
"""Height and width of the images that patches are cut from."""

_SIZE, _STRIDE = 8, 2
#: As many black pixels are put around an image, so that there are 16 × 16 patches.
_MARGIN = (_SIZE - _STRIDE) // 2
_LEVELS = (1, 2, 4)
_DIRECTIONS = 24
_PATCHES = 128
#: Share of patches that one of the dictionary responds to.
_RESPONDING = 0.25
_FIT_IMAGES, _CUT_IMAGES = 4000, 500
_FIT_PATCHES, _THRESHOLD_PATCHES = 40_000, 5000
_BATCH, _CHUNK = 64, 4096


@dataclass(frozen=True, eq=False)
class PatchFeatures:
    """Where in an image patches resemble 128 patches drawn from such images.

    Patches of 8 × 8 pixels lose their mean, are projected on their leading 24 principal
    directions and whitened there. What they have in common with each of 128 drawn patches,
    less a threshold, is averaged over the whole image, over its quarters and over its sixteenths
    (Coates, Lee and Ng, 2011; Lazebnik, Schmid and Ponce, 2006). The first average hardly changes
    when an object moves within the image, the last tells where it stands. All three are given
    the same variance, and leading principal components of the 2688 averages are kept.

    The components are turned into a random orthogonal basis: their variances become alike, so
    that standardising the features, as an outlook does, leaves loud directions loud.

    Attributes
    ----------
    dictionary : PatchDictionary
    centre : ndarray of shape (21 k,)
        Of the averages.
    directions : ndarray of shape (21 k, n_components)
    """

    dictionary: PatchDictionary
    centre: Array
    directions: Array

    @classmethod
    def fit(
        cls, images: NDArray[np.uint8], n_components: int = 100, *, seed: int = 0
    ) -> PatchFeatures:
        """Draw patches, and find the components, from images alone.

        Parameters
        ----------
        images : ndarray of uint8 of shape (n, 32, 32, channels)
            At most 4000, drawn at random, are looked at.
        n_components : int, default 100
            As many as there are if that is less.
        seed : int, default 0

        Returns
        -------
        PatchFeatures

        Raises
        ------
        InputError
            If images have another shape or type, are too few, or do not vary.
        """
        from sklearn.utils.extmath import randomized_svd

        _check(images)
        if n_components < 1:
            raise InputError(f"n_components={n_components}: give 1 or more")
        if len(images) < 2:
            raise InputError(f"{len(images)} images have no components: give more")
        rng = np.random.default_rng(seed)
        seen = images[rng.permutation(len(images))[:_FIT_IMAGES]]
        dictionary = PatchDictionary.draw(seen[:_CUT_IMAGES], rng)
        averages = dictionary.averages(seen)
        centre = averages.mean(axis=0)
        averages -= centre
        wanted = min(n_components, len(averages) - 1, averages.shape[1])
        scale = _equal_levels(averages)
        if not scale.any() or not averages[:, scale > 0].std() > 1e-6:
            raise InputError("all images are alike: give images that differ")
        _, _, axes = randomized_svd(
            averages * scale, wanted, n_iter=3, random_state=int(rng.integers(2**31))
        )
        basis, _ = np.linalg.qr(rng.normal(size=(wanted, wanted)))
        directions = scale[:, None] * (axes.T @ basis)
        return cls(dictionary, centre, directions.astype(np.float32))

    def __call__(self, images: NDArray[np.uint8]) -> Array:
        """Features of images, each by itself.

        Parameters
        ----------
        images : ndarray of uint8 of shape (n, 32, 32, channels)
            Of as many channels as those fitted.

        Returns
        -------
        ndarray of float32 of shape (n, n_components)

        Raises
        ------
        InputError
            If images have another shape or type.

        Examples
        --------
        >>> images = np.random.default_rng(0).integers(0, 256, (30, 32, 32, 1), dtype=np.uint8)
        >>> PatchFeatures.fit(images, 5)(images[:3]).shape
        (3, 5)
        """
        _check(images)
        fitted = len(self.dictionary.mean) // _SIZE**2
        if images.shape[3] != fitted:
            raise InputError(
                f"images have {images.shape[3]} channels, those fitted {fitted}: give the same"
            )
        parts = [
            (self.dictionary.averages(images[at : at + _CHUNK]) - self.centre) @ self.directions
            for at in range(0, len(images), _CHUNK)
        ]
        return np.concatenate(parts) if parts else np.empty((0, self.directions.shape[1]), "f4")


@dataclass(frozen=True, eq=False)
class PatchDictionary:
    """Patches drawn from images, and how much of each another image has where.

    Attributes
    ----------
    mean : ndarray of shape (64 channels,)
        Of patches.
    whitening : ndarray of shape (64 channels, q)
    patches : ndarray of shape (q, k)
        Whitened, of length 1.
    thresholds : ndarray of shape (k,)
    """

    mean: Array
    whitening: Array
    patches: Array
    thresholds: Array

    @classmethod
    def draw(cls, images: NDArray[np.uint8], rng: np.random.Generator) -> PatchDictionary:
        """From images of shape (n, 32, 32, channels); those with much in them more often."""
        cut = _cut(images)
        cut = cut.reshape(-1, cut.shape[3])
        cut = _centred(cut[rng.permutation(len(cut))[:_FIT_PATCHES]])
        mean = cut.mean(axis=0)
        cut -= mean
        variances, axes = np.linalg.eigh(cut.T.astype(np.float64) @ cut / len(cut))
        variances, axes = variances[::-1][:_DIRECTIONS], axes[:, ::-1][:, :_DIRECTIONS]
        used = variances > max(1e-6 * float(variances[0]), 1e-12)
        if not used.any():
            raise InputError("no image has more than one colour in it: check the images")
        whitening = (axes[:, used] / np.sqrt(variances[used])).astype(np.float32)
        white = cut @ whitening
        energy = (white.astype(np.float64) ** 2).sum(axis=1)
        n_patches = min(_PATCHES, int((energy > 0).sum()))
        drawn = white[rng.choice(len(white), n_patches, replace=False, p=energy / energy.sum())]
        patches = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).T
        heard = white[:_THRESHOLD_PATCHES] @ patches
        thresholds = np.quantile(heard, 1.0 - _RESPONDING, axis=0).astype(np.float32)
        return cls(mean, whitening, patches, thresholds)

    def averages(self, images: NDArray[np.uint8]) -> Array:
        """Averages over the image and its parts, shape (n, 21 k): coarsest first."""
        parts = [
            self._averages(_cut(images[at : at + _BATCH])) for at in range(0, len(images), _BATCH)
        ]
        return np.concatenate(parts)

    def _averages(self, cut: Array) -> Array:
        n, side = cut.shape[:2]
        white = (_centred(cut.reshape(-1, cut.shape[3])) - self.mean) @ self.whitening
        heard = np.maximum(white @ self.patches - self.thresholds, np.float32(0.0))
        found = []
        for level in _LEVELS:
            block = side // level
            split = heard.reshape(n, level, block, level, block, -1)
            found.append(split.mean(axis=(2, 4)).reshape(n, -1))
        return np.hstack(found)


def _equal_levels(centred: Array) -> Array:
    """Factors that give the averages of every level the same variance in all."""
    per_block = centred.shape[1] // sum(level**2 for level in _LEVELS)
    factors = np.zeros(centred.shape[1], dtype=np.float32)
    start = 0
    for level in _LEVELS:
        part = slice(start, start + level**2 * per_block)
        total = float((centred[:, part] ** 2).sum(axis=1).mean())
        factors[part] = 1.0 / np.sqrt(total) if total > 0 else 0.0
        start = part.stop
    return factors


def _check(images: NDArray[np.uint8]) -> None:
    if images.ndim != 4 or images.shape[1:3] != (PATCH_SIDE, PATCH_SIDE) or not images.shape[3]:
        raise InputError(
            f"images of shape {images.shape}: give (n, {PATCH_SIDE}, {PATCH_SIDE}, channels)"
        )
    if images.dtype != np.uint8:
        raise InputError(f"images are {images.dtype}: give uint8")


def _cut(images: NDArray[np.uint8]) -> Array:
    """Patches of every image, shape (n, 16, 16, 64 channels), grey levels from 0 to 1."""
    edge = ((0, 0), (_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0))
    padded = np.pad(images, edge).astype(np.float32) / np.float32(255.0)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (_SIZE, _SIZE), axis=(1, 2))
    windows = windows[:, ::_STRIDE, ::_STRIDE]
    return windows.reshape(*windows.shape[:3], -1)


def _centred(patches: Array) -> Array:
    return np.asarray(patches - patches.mean(axis=1, keepdims=True))
