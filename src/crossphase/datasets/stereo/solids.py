"""Where rays first meet a solid that stands on the floor, and which way its surface faces there.

Every solid is convex and symmetric about its vertical axis or its three planes, with its centre at
the origin. A ray is origin + t · direction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SOLIDS", "Solid"]

_Rays = NDArray[np.float64]
_Hit = tuple[NDArray[np.float64], NDArray[np.float64]]

_BALL = 0.775
_HALF_CUBE = 0.625
_TUBE, _HALF_TUBE = 0.625, 0.625
_PILL, _HALF_PILL = 0.525, 0.4125


def _between_planes(
    origin: float, direction: NDArray[np.float64], half: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Entry and exit of the slab |coordinate| <= half."""
    safe = np.where(direction == 0.0, 1e-300, direction)
    first, last = (-half - origin) / safe, (half - origin) / safe
    return np.minimum(first, last), np.maximum(first, last)


def _between_roots(
    a: NDArray[np.float64], b: NDArray[np.float64], c: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The interval in which a t² + 2 b t + c <= 0; (inf, -inf) where it is empty."""
    inside = b * b - a * c
    root = np.sqrt(np.maximum(inside, 0.0))
    safe = np.where(a == 0.0, 1e-300, a)
    miss = inside < 0.0
    return np.where(miss, np.inf, (-b - root) / safe), np.where(miss, -np.inf, (-b + root) / safe)


def _ball(origin: NDArray[np.float64], rays: _Rays) -> _Hit:
    first, last = _between_roots(
        np.einsum("ij,ij->i", rays, rays), rays @ origin, float(origin @ origin) - _BALL**2
    )
    t = np.where(first <= last, first, np.inf)
    reach = np.where(np.isfinite(t), t, 0.0)
    return t, (origin + reach[:, None] * rays) / _BALL


def _cube(origin: NDArray[np.float64], rays: _Rays) -> _Hit:
    spans = [_between_planes(origin[j], rays[:, j], _HALF_CUBE) for j in range(3)]
    entries = np.stack([entry for entry, _ in spans], axis=1)
    last = np.min([leave for _, leave in spans], axis=0)
    axis = entries.argmax(axis=1)
    first = entries.max(axis=1)
    normals = np.zeros_like(rays)
    rows = np.arange(len(rays))
    normals[rows, axis] = -np.sign(rays[rows, axis])
    return np.where(first <= last, first, np.inf), normals


def _around_axis(
    origin: NDArray[np.float64], rays: _Rays, radius: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Entry and exit of the endless upright cylinder."""
    flat = rays[:, :2]
    return _between_roots(
        np.einsum("ij,ij->i", flat, flat),
        flat @ origin[:2],
        float(origin[:2] @ origin[:2]) - radius**2,
    )


def _cylinder(origin: NDArray[np.float64], rays: _Rays) -> _Hit:
    side, side_leave = _around_axis(origin, rays, _TUBE)
    cap, cap_leave = _between_planes(origin[2], rays[:, 2], _HALF_TUBE)
    first = np.maximum(side, cap)
    t = np.where(first <= np.minimum(side_leave, cap_leave), first, np.inf)
    reach = np.where(np.isfinite(t), t, 0.0)
    normals = (origin + reach[:, None] * rays) / _TUBE
    normals[:, 2] = 0.0
    on_cap = cap > side
    normals[on_cap] = 0.0
    normals[on_cap, 2] = -np.sign(rays[on_cap, 2])
    return t, normals


def _capsule(origin: NDArray[np.float64], rays: _Rays) -> _Hit:
    side, _ = _around_axis(origin, rays, _PILL)
    reach = np.where(np.isfinite(side), side, 0.0)
    height = origin[2] + reach * rays[:, 2]
    t = np.where(np.isfinite(side) & (np.abs(height) <= _HALF_PILL), side, np.inf)
    squared = np.einsum("ij,ij->i", rays, rays)
    for end in (-_HALF_PILL, _HALF_PILL):
        from_end = origin - np.array([0.0, 0.0, end])
        first, _ = _between_roots(squared, rays @ from_end, float(from_end @ from_end) - _PILL**2)
        t = np.minimum(t, first)
    points = origin + np.where(np.isfinite(t), t, 0.0)[:, None] * rays
    points[:, 2] -= np.clip(points[:, 2], -_HALF_PILL, _HALF_PILL)
    return t, points / _PILL


@dataclass(frozen=True)
class Solid:
    """One solid at scale 1.

    Attributes
    ----------
    half_height : float
        Height of its centre above the floor it stands on.
    radius : float
        Radius of a ball about its centre that holds it.
    hit : callable
        ``hit(origin, rays)`` with one origin of shape (3,), outside the solid, and rays of shape
        (m, 3) gives t of shape (m,), inf where the ray passes by, and outward unit normals of
        shape (m, 3), arbitrary where it does.
    """

    half_height: float
    radius: float
    hit: Callable[[NDArray[np.float64], NDArray[np.float64]], _Hit]


#: In the order of the factor "shape".
SOLIDS = (
    Solid(_HALF_CUBE, 3**0.5 * _HALF_CUBE, _cube),
    Solid(_HALF_TUBE, (_TUBE**2 + _HALF_TUBE**2) ** 0.5, _cylinder),
    Solid(_BALL, _BALL, _ball),
    Solid(_HALF_PILL + _PILL, _HALF_PILL + _PILL, _capsule),
)
