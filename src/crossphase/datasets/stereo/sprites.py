"""dSprites drawn from formulas: squares, ellipses and hearts, 64 x 64, without antialiasing."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.datasets.stereo.factors import DSPRITES

__all__ = ["render_sprites"]

_SIDE = 64
# Positions are whole pixels, so a sprite is drawn once and then pasted: the patch holds every
# sprite at position 0, and the last position ends at the edge of the image.
_PATCH = _SIDE - (DSPRITES.sizes[4] - 1)

# Sizes at scale 1, in pixels. The published images' mean (.042494 of all pixels are on, that is
# 294 at scale 1) fixes the overall size, their mean standard deviation (.19517, .1962 if all
# areas were equal) how much areas differ: by a fifth. That the square is the large one is a guess.
_HALF_SIDE = 9.75
_SEMI_AXES = (6.25, 12.5)
_HEART_UNIT = 8.4
_HEART_MIDDLE = 0.11  # the heart spans -1 to 1.236 along its axis


def _inside(shape: int, u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether points lie in the shape of scale 1, v pointing up, in pixels from its centre."""
    if shape == 0:
        return (np.abs(u) <= _HALF_SIDE) & (np.abs(v) <= _HALF_SIDE)
    if shape == 1:
        return (u / _SEMI_AXES[0]) ** 2 + (v / _SEMI_AXES[1]) ** 2 <= 1.0
    x, y = u / _HEART_UNIT, v / _HEART_UNIT + _HEART_MIDDLE
    return (x**2 + y**2 - 1.0) ** 3 <= x**2 * y**3


@cache
def _patch(shape: int, scale: int, orientation: int) -> NDArray[np.uint8]:
    """The sprite at position (0, 0), shape (_PATCH, _PATCH)."""
    size = DSPRITES.factors[2][1][scale]
    # The last angle is a full turn: the very sprite of angle 0, not one off by rounding.
    turns = orientation % (DSPRITES.sizes[3] - 1)
    angle = DSPRITES.factors[3][1][turns]
    centres = (np.arange(_PATCH) - (_PATCH - 1) / 2) / size
    right, up = centres[None, :], -centres[:, None]
    u = np.cos(angle) * right + np.sin(angle) * up
    v = -np.sin(angle) * right + np.cos(angle) * up
    return _inside(shape, u, v).astype(np.uint8)


def render_sprites(codes: ArrayLike) -> NDArray[np.uint8]:
    """Draw dSprites with these factor codes.

    A pixel is on where its centre lies inside the shape: a square |u|, |v| <= a, an ellipse, or
    the heart (u² + v² - 1)³ <= u² v³, turned anticlockwise by the orientation. The centre moves
    by one pixel from one position to the next.

    Parameters
    ----------
    codes : array-like of int of shape (m, 6)
        Codes of color, shape, scale, orientation, posX, posY, the columns of
        ``latents_classes``.

    Returns
    -------
    ndarray of shape (m, 64, 64)
        uint8, 0 and 1 as in the published file.

    Raises
    ------
    InputError
        If a code is out of range.

    Examples
    --------
    >>> images = render_sprites([[0, 0, 5, 0, 16, 16], [0, 0, 5, 0, 17, 16]])
    >>> images.shape, int(images[0].sum())
    ((2, 64, 64), 361)
    >>> bool((images[0, :, :-1] == images[1, :, 1:]).all())
    True
    """
    table = np.asarray(codes, dtype=np.intp)
    DSPRITES.indices(table)  # refuses codes out of range
    images = np.zeros((len(table), _SIDE, _SIDE), dtype=np.uint8)
    for image, (_, shape, scale, orientation, column, row) in zip(images, table, strict=True):
        image[row : row + _PATCH, column : column + _PATCH] = _patch(
            int(shape), int(scale), int(orientation)
        )
    return images
