"""Folds and permutations of the published estimator, and all that its R² needs of each fold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError
from crossphase.moments import Moments

__all__ = ["FoldStatistics", "LabelledMoments", "row_permutations", "shuffled_folds"]

Array = NDArray[np.float64]

_FOLD_SEED = 42
_PERMUTATION_SEED = 12345


def shuffled_folds(n_rows: int, n_folds: int) -> list[NDArray[np.intp]]:
    """Row indices of the published folds (arXiv 2606.11190, public code).

    The indices are shuffled by ``numpy.random.RandomState(42)``, whatever the data, and split
    into consecutive parts whose sizes differ by at most one, the larger ones first.

    Parameters
    ----------
    n_rows : int
    n_folds : int
        From 2 to `n_rows`.

    Returns
    -------
    list of ndarray of int
        One array of row indices a fold.

    Raises
    ------
    InputError
        If there are fewer rows than folds, or fewer than two folds.

    Examples
    --------
    >>> [fold.tolist() for fold in shuffled_folds(5, 2)]
    [[1, 4, 2], [0, 3]]
    """
    if not 2 <= n_folds <= n_rows:
        raise InputError(
            f"n_folds={n_folds} with {n_rows} rows: give at least 2 folds and a row for each"
        )
    order = np.random.RandomState(_FOLD_SEED).permutation(n_rows)
    return np.array_split(order, n_folds)


def row_permutations(n_rows: int, n_permutations: int) -> NDArray[np.intp]:
    """Row orders of the published permutation classifier.

    The published code restarts ``numpy.random.RandomState(12345)`` for every decomposition, so
    one set of permutations serves them all.

    Parameters
    ----------
    n_rows, n_permutations : int

    Returns
    -------
    ndarray of int of shape (n_permutations, n_rows)
    """
    generator = np.random.RandomState(_PERMUTATION_SEED)
    orders = np.empty((n_permutations, n_rows), dtype=np.intp)
    for order in orders:
        order[:] = generator.permutation(n_rows)
    return orders


@dataclass(frozen=True, eq=False)
class LabelledMoments:
    """Moments of the features and of c label columns with them, over the same rows.

    Attributes
    ----------
    features : Moments
    label_mean : ndarray of shape (c,)
    label_scatter : ndarray of shape (c,)
        Sum of squares of each column about its mean over these rows.
    cross : mapping of str to ndarray of shape (d_block, c)
        For each feature block, the sum over rows of (z − mean)(label − mean)ᵀ.
    """

    features: Moments
    label_mean: Array
    label_scatter: Array
    cross: Mapping[str, Array]

    @classmethod
    def from_arrays(cls, x: Array, y: Array, labels: Array) -> LabelledMoments:
        """Moments of some rows of arrays that are centred over all rows.

        Parameters
        ----------
        x, y : ndarray of shape (m, dx), (m, dy)
        labels : ndarray of shape (m, c)

        Returns
        -------
        LabelledMoments
            With feature blocks ``"x"`` and ``"y"``.
        """
        label_mean = labels.mean(axis=0)
        centred = labels - label_mean
        return cls(
            Moments.from_arrays(x=x, y=y),
            label_mean,
            np.einsum("ij,ij->j", centred, centred),
            # One factor centred is enough: what is left of the other's mean meets a zero sum.
            {"x": x.T @ centred, "y": y.T @ centred},
        )

    def __add__(self, other: LabelledMoments) -> LabelledMoments:
        """Moments of the rows of both."""
        features = self.features + other.features
        step = other.label_mean - self.label_mean
        weight = self.features.count * (other.features.count / features.count)
        return LabelledMoments(
            features,
            self.label_mean + step * (other.features.count / features.count),
            self.label_scatter + other.label_scatter + weight * step**2,
            {
                name: mine
                + other.cross[name]
                + np.outer(
                    weight * (other.features.mean_of(name) - self.features.mean_of(name)), step
                )
                for name, mine in self.cross.items()
            },
        )


@dataclass(frozen=True, eq=False)
class FoldStatistics:
    """What out-of-fold ridge regressions of labels on linear scores need: no row of data.

    Attributes
    ----------
    folds : tuple of LabelledMoments
        One a fold. Their c = n_labels · (1 + n_permutations) label columns are the labels, then
        permutation after permutation of them.
    total : LabelledMoments
        Of all rows.
    n_labels, n_permutations : int
    """

    folds: tuple[LabelledMoments, ...]
    total: LabelledMoments
    n_labels: int
    n_permutations: int

    @classmethod
    def from_arrays(
        cls, x: Array, y: Array, labels: Array, *, n_folds: int = 5, n_permutations: int = 0
    ) -> FoldStatistics:
        """One pass over the data, a fold at a time.

        Parameters
        ----------
        x, y : ndarray of shape (n, dx), (n, dy)
            Features of the two modalities.
        labels : ndarray of shape (n, q)
            Label columns; classes as indicator columns.
        n_folds : int, default 5
        n_permutations : int, default 0
            Row permutations of the labels to append as further columns.

        Returns
        -------
        FoldStatistics

        Raises
        ------
        InputError
            If the folds cannot be formed, see :func:`shuffled_folds`.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> x, y, labels = (rng.normal(size=(50, d)) for d in (4, 3, 2))
        >>> statistics = FoldStatistics.from_arrays(x, y, labels, n_permutations=10)
        >>> len(statistics.folds), statistics.total.cross["x"].shape
        (5, (4, 22))
        """
        orders = np.vstack([np.arange(len(x)), row_permutations(len(x), n_permutations)])
        # Offsets go first: columns far from 0 would lose digits in the products.
        mean_x, mean_y = x.mean(axis=0), y.mean(axis=0)
        labels = labels - labels.mean(axis=0)
        folds = [
            LabelledMoments.from_arrays(
                x.take(rows, axis=0) - mean_x,
                y.take(rows, axis=0) - mean_y,
                labels.take(orders[:, rows].T, axis=0).reshape(len(rows), -1),
            )
            for rows in shuffled_folds(len(x), n_folds)
        ]
        total = folds[0]
        for fold in folds[1:]:
            total = total + fold
        return cls(tuple(folds), total, labels.shape[1], n_permutations)
