"""Shapes3D by ray casting: one solid in a square room under an open sky, 64 x 64 x 3.

What depends on shape, scale and orientation is worked out once, as the weight of each material
in each pixel; hues are then a matrix product.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.datasets.stereo.factors import SHAPES3D
from crossphase.datasets.stereo.solids import SOLIDS

__all__ = ["render_rooms"]

_SIDE = 64
_SAMPLES = 2  # rays along each side of a pixel

# The room, in units; the camera circles its middle, where the solid stands.
_HALF_ROOM = 3.5
_WALL_HEIGHT = 1.893
_CAMERA_DISTANCE = 3.0
_CAMERA_HEIGHT = 1.5
_PITCH = np.radians(-13.0)
_FOCAL = 55.0  # in pixels

# Light. Height of the walls, the sky's colour, the size of the solids and how dark their shade is
# were chosen to meet the published images' channel means (.5026, .5788, .6034) and mean standard
# deviations (.2941, .3444, .3662).
_SKY = np.array([0.577, 0.900, 1.000])
_TO_LIGHT = np.array([-0.35, -0.55, 0.76]) / np.linalg.norm([-0.35, -0.55, 0.76])
_AMBIENT, _DIFFUSE = 0.5, 0.6
_SHINE, _GLOSS = 0.35, 24.0
_WALL_BRIGHTNESS = {0: 0.97, 1: 1.0}  # walls across x, walls across y

_FLOOR, _WALL, _OBJECT, _WHITE = range(4)


@cache
def _rays() -> NDArray[np.float64]:
    """Directions through the image plane for a camera that looks along +y, shape (m, 3)."""
    step = 1.0 / _SAMPLES
    at = (np.arange(_SIDE * _SAMPLES) + 0.5) * step - _SIDE / 2
    right, down = np.meshgrid(at / _FOCAL, at / _FOCAL)
    forward = np.ones_like(right)
    cos, sin = np.cos(_PITCH), np.sin(_PITCH)
    rays = np.stack([right, forward * cos + down * sin, forward * sin - down * cos], axis=-1)
    return rays.reshape(-1, 3)


def _empty_room(
    eye: NDArray[np.float64], rays: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Brightness of floor and walls, shape (m, 2), and where the sky is."""
    with np.errstate(divide="ignore"):
        across = (np.copysign(_HALF_ROOM, rays[:, :2]) - eye[:2]) / rays[:, :2]
    axis = across.argmin(axis=1)
    height = eye[2] + across.min(axis=1) * rays[:, 2]
    wall = (height >= 0.0) & (height <= _WALL_HEIGHT)
    brightness = np.where(axis == 0, _WALL_BRIGHTNESS[0], _WALL_BRIGHTNESS[1])
    room = np.stack([(height < 0.0).astype(np.float64), wall * brightness], axis=1)
    return room, height > _WALL_HEIGHT


def _may_meet(
    origin: NDArray[np.float64], rays: NDArray[np.float64], radius: float
) -> NDArray[np.bool_]:
    """Which rays pass within `radius` of the middle of the coordinates."""
    along = rays @ origin
    squared = np.einsum("ij,ij->i", rays, rays)
    near: NDArray[np.bool_] = along**2 >= squared * (origin @ origin - radius**2)
    return near


def _lit(normals: NDArray[np.float64], rays: NDArray[np.float64]) -> NDArray[np.float64]:
    """Diffuse brightness and highlight of the solid, shape (m, 2) (Blinn-Phong)."""
    facing = np.maximum(normals @ _TO_LIGHT, 0.0)
    halfway = _TO_LIGHT - rays / np.linalg.norm(rays, axis=1, keepdims=True)
    halfway /= np.linalg.norm(halfway, axis=1, keepdims=True)
    highlight = _SHINE * np.maximum(np.einsum("ij,ij->i", normals, halfway), 0.0) ** _GLOSS
    return np.stack([_AMBIENT + _DIFFUSE * facing, np.where(facing > 0.0, highlight, 0.0)], axis=1)


@lru_cache(maxsize=SHAPES3D.sizes[3] * SHAPES3D.sizes[4] * SHAPES3D.sizes[5])
def _weights(
    shape: int, scale: int, orientation: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What each pixel takes from floor, wall, object and white, (4096, 4), and from the sky."""
    size = SHAPES3D.factors[3][1][scale]
    angle = np.radians(SHAPES3D.factors[5][1][orientation])
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])
    eye = np.array([0.0, -_CAMERA_DISTANCE, _CAMERA_HEIGHT]) @ turn
    rays = _rays() @ turn
    room, sky = _empty_room(eye, rays)
    weights = np.zeros((len(rays), 4))
    weights[:, [_FLOOR, _WALL]] = room

    solid = SOLIDS[shape]
    origin = (eye - np.array([0.0, 0.0, solid.half_height * size])) / size
    near = np.flatnonzero(_may_meet(origin, rays, solid.radius))
    reach, normals = solid.hit(origin, rays[near])
    met = np.isfinite(reach)
    hit = near[met]
    # Light is fixed to the camera, so that the turn does not change the brightness.
    weights[hit] = 0.0
    weights[hit[:, None], [_OBJECT, _WHITE]] = _lit(normals[met] @ turn.T, rays[hit] @ turn.T)
    sky[hit] = False

    def pixels(values: NDArray[np.float64]) -> NDArray[np.float32]:
        blocks = values.reshape(_SIDE, _SAMPLES, _SIDE, _SAMPLES, -1).mean(axis=(1, 3))
        return np.asarray(blocks.reshape(_SIDE * _SIDE, -1), dtype=np.float32)

    return pixels(weights), pixels(sky.astype(np.float64))


def _hue_colours(hues: NDArray[np.float64]) -> NDArray[np.float32]:
    """Saturated colours of hues in [0, 1), shape (..., 3)."""
    corners = np.array([0.0, 4.0, 2.0])
    ramps = np.abs((hues[..., None] * 6.0 + corners) % 6.0 - 3.0) - 1.0
    return np.asarray(np.clip(ramps, 0.0, 1.0), dtype=np.float32)


def render_rooms(codes: ArrayLike) -> NDArray[np.uint8]:
    """Draw Shapes3D scenes with these factor codes.

    A cube, an upright cylinder, a sphere or an upright capsule stands in the middle of a square
    room without ceiling; the camera looks at it from 3 units away, from `orientation` degrees
    beside the middle of the wall. Diffuse light and a highlight on the solid, no shadows, four
    rays a pixel.

    Parameters
    ----------
    codes : array-like of int of shape (m, 6)
        Codes of floor_hue, wall_hue, object_hue, scale, shape, orientation, the columns of
        ``labels``.

    Returns
    -------
    ndarray of shape (m, 64, 64, 3)
        uint8, red, green and blue from 0 to 255 as in the published file.

    Raises
    ------
    InputError
        If a code is out of range.

    Examples
    --------
    >>> image = render_rooms([[0, 5, 3, 7, 2, 7]])[0]
    >>> image.shape
    (64, 64, 3)
    >>> image[60, 3].tolist(), image[20, 3].tolist()  # a red floor, a cyan wall
    ([255, 0, 0], [0, 255, 255])
    """
    table = np.asarray(codes, dtype=np.intp)
    SHAPES3D.indices(table)  # refuses codes out of range
    hues = np.array(SHAPES3D.factors[0][1])
    colours = np.ones((len(table), 4, 3), dtype=np.float32)
    colours[:, :3] = _hue_colours(hues[table[:, :3]])
    images = np.empty((len(table), _SIDE * _SIDE, 3), dtype=np.uint8)
    sky_colour = _SKY.astype(np.float32)
    for image, colour, (*_, scale, shape, orientation) in zip(images, colours, table, strict=True):
        weights, sky = _weights(int(shape), int(scale), int(orientation))
        drawn = weights @ colour
        drawn += sky * sky_colour
        image[...] = np.rint(np.minimum(drawn, 1.0) * 255.0)
    return images.reshape(-1, _SIDE, _SIDE, 3)
