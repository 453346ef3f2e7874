"""Samples of the suite: uncentred moments, and stacks of covariances without rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crossphase.moments import Moments
from crossphase.theory import SpikedModel, SpikedSample, random_basis

__all__ = ["Bases", "draw_bases", "population_moments", "uncentred"]

Array = NDArray[np.float64]
Bases = tuple[Array, Array]


def draw_bases(model: SpikedModel, rng: np.random.Generator) -> Bases:
    """Fresh bases of x and y."""
    return random_basis(model.dx, rng), random_basis(model.dy, rng)


def uncentred(sample: SpikedSample) -> Moments:
    """Second moments about zero, as the published suite uses them."""
    rows = np.hstack([sample.x, sample.y])
    sizes = {"x": sample.x.shape[1], "y": sample.y.shape[1]}
    return Moments(len(rows), np.zeros(rows.shape[1]), rows.T @ rows, sizes)


def population_moments(model: SpikedModel, bases: Bases) -> Moments:
    """The population's covariances, as moments of one row."""
    xx, xy, yy = model.covariances(*bases)
    scatter = np.block([[xx, xy], [xy.T, yy]])
    return Moments(1, np.zeros(len(scatter)), scatter, {"x": model.dx, "y": model.dy})
