"""Coordinates of the space that the rows span, where features outnumber rows.

Centred rows span n − 1 dimensions at most. In coordinates of that space nothing of size d × d is
needed, and nothing is lost: whatever is linear in the features is linear in the coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.linalg import matrix_rank_tolerance

__all__ = ["RowSpace", "row_space"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RowSpace:
    """Rows in coordinates of the space they span.

    Attributes
    ----------
    coordinates : ndarray of shape (n, r)
        Principal components of the standardised features, r ≤ n − 1 the rank; centred.
    basis : ndarray of shape (d, r)
        Features that one unit of each stands for: ``coordinates @ basis.T`` are the centred rows.
    """

    coordinates: Array
    basis: Array


def row_space(rows: NDArray[Any]) -> RowSpace:
    """Coordinates from the n × n inner products of standardised rows: linear in d.

    Parameters
    ----------
    rows : ndarray of shape (n, d)

    Returns
    -------
    RowSpace

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(5, 40))
    >>> space = row_space(rows)
    >>> space.coordinates.shape, space.basis.shape
    ((5, 4), (40, 4))
    >>> np.allclose(space.coordinates @ space.basis.T, rows - rows.mean(axis=0))
    True
    """
    centred = rows - rows.mean(axis=0, dtype=np.float64)
    scale = np.sqrt((centred**2).mean(axis=0))
    varies = scale > 1e-14 * np.abs(rows).max(axis=0)
    centred /= np.where(varies, scale, np.inf)
    values, vectors = np.linalg.eigh(centred @ centred.T)
    keep = values > matrix_rank_tolerance(values, max(rows.shape))
    root = np.sqrt(values[keep][::-1])
    vectors = vectors[:, keep][:, ::-1]
    basis = centred.T @ (vectors / root) * np.where(varies, scale, 0.0)[:, None]
    return RowSpace(vectors * root, basis)
