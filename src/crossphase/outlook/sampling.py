"""Do labelled rows look like a random sample of all?"""

from __future__ import annotations

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

__all__ = ["UNLIKELY", "sampling_p_value"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

UNLIKELY = 0.01
"""With a smaller p-value labelled rows count as chosen: others say little about them."""

_MOST_ROWS = 2000
_DIRECTIONS = 8
_LEAST_ROWS = 8


def sampling_p_value(x: Array, y: Array, labelled: Ints, rng: np.random.Generator) -> float:
    """P-value of labelled rows being a random sample of all.

    Labelled and unlabelled rows are compared along the leading principal components of each
    modality, features standardised, and in their distance from the centre, by Kolmogorov-Smirnov
    tests (Bonferroni-corrected). Labels given to bright objects or to one batch show so.

    Parameters
    ----------
    x, y : ndarray of shape (n, dx), (n, dy)
    labelled : ndarray of int
    rng : Generator
        Draws at most 2,000 rows of each kind.

    Returns
    -------
    float
        1 where either kind has fewer than 8 rows.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(400, 3)), rng.normal(size=(400, 2))
    >>> sampling_p_value(x, y, np.arange(100), rng) > 0.01
    True
    >>> sampling_p_value(x, y, np.argsort(x[:, 0])[:100], rng) < 0.01
    True
    """
    # A fifth of a second that a diagnosis without an outlook does not need.
    from scipy.stats import ks_2samp

    others = np.setdiff1d(np.arange(len(x)), labelled)
    if min(len(labelled), len(others)) < _LEAST_ROWS:
        return 1.0
    kinds = [
        rows if len(rows) <= _MOST_ROWS else rng.choice(rows, _MOST_ROWS, replace=False)
        for rows in (labelled, others)
    ]
    taken = np.concatenate(kinds)
    found: list[float] = []
    for view in (x, y):
        z = np.asarray(view[taken], dtype=np.float64)
        z = z - z.mean(axis=0)
        spread = z.std(axis=0)
        z = z / np.where(spread > 0.0, spread, 1.0)
        scores = _leading_scores(z)
        columns = list(scores.T)
        if columns:
            columns.append(np.linalg.norm(z, axis=1))
        found += [
            float(ks_2samp(one[: len(kinds[0])], one[len(kinds[0]) :]).pvalue) for one in columns
        ]
    return min(1.0, len(found) * min(found)) if found else 1.0


def _leading_scores(z: Array) -> Array:
    """Scores of the leading principal components, those of no variance left out."""
    rows, columns = z.shape
    gram = z.T @ z if columns <= rows else z @ z.T
    first = max(len(gram) - _DIRECTIONS, 0)
    # Few leading components of a symmetric matrix cost a fraction of a decomposition of z.
    values, vectors = scipy.linalg.eigh(gram, subset_by_index=[first, len(gram) - 1])
    values, vectors = values[::-1], vectors[:, ::-1]
    shown = values > 1e-14 * max(float(values[0]), 1e-300)
    return np.asarray(z @ vectors[:, shown] if columns <= rows else vectors[:, shown])
