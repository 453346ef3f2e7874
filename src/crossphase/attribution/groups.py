"""Rows that come in groups: what dependence within groups does to counts and to tests.

Rows of one donor, night or plate resemble each other, so n rows say less than n independent ones.
How much less depends on the quantity: a sum of products of two scores has its variance multiplied
by 1 + (m − 1)·r_a·r_b, with r the correlations within groups and m the (row-weighted) mean group
size (Moulton, *J. Econometrics* 32, 1986).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossphase.linalg import inverse_square_root

__all__ = ["RowGroups", "group_p_value"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

_CHUNK_ELEMENTS = 4_000_000


@dataclass(frozen=True, eq=False)
class RowGroups:
    """Groups of rows, with codes 0, 1, ... that all occur.

    Attributes
    ----------
    codes : ndarray of shape (n,)
        Group of each row.
    sizes : ndarray of shape (n_groups,)
        Rows of each group.
    """

    codes: Ints
    sizes: Ints

    @classmethod
    def of(cls, values: NDArray[np.integer]) -> RowGroups:
        """Groups from any whole numbers.

        Examples
        --------
        >>> RowGroups.of(np.array([7, 7, 3])).sizes
        array([1, 2])
        """
        _, codes, sizes = np.unique(values, return_inverse=True, return_counts=True)
        return cls(codes.astype(np.intp), sizes)

    @property
    def typical_size(self) -> float:
        """Mean size of the group that a row is in, Σm²/n."""
        return float((self.sizes.astype(np.float64) ** 2).sum() / len(self.codes))

    def sums(self, columns: Array) -> Array:
        """Sums of (n, p) columns over each group, shape (n_groups, p)."""
        order = np.argsort(self.codes, kind="stable")
        starts = np.concatenate([[0], np.cumsum(self.sizes)[:-1]])
        return np.asarray(np.add.reduceat(columns[order], starts, axis=0))

    def means(self, columns: Array) -> Array:
        """Means of (n, p) columns over each group, shape (n_groups, p)."""
        return np.asarray(self.sums(columns) / self.sizes[:, None])

    def likeness(self, columns: Array) -> Array:
        """Correlation within groups of each column, from a one-way analysis of variance.

        Parameters
        ----------
        columns : ndarray of shape (n, p)

        Returns
        -------
        ndarray of shape (p,)
            0 where groups are no more alike than chance makes them, at most 1.

        Examples
        --------
        >>> groups = RowGroups.of(np.repeat(np.arange(50), 10))
        >>> rng = np.random.default_rng(0)
        >>> donor, noise = rng.normal(size=50), rng.normal(size=500)
        >>> groups.likeness(np.stack([donor[groups.codes], noise], axis=1)).round(2)
        array([1., 0.])
        """
        sums = self.sums(columns)
        within = (columns**2).sum(axis=0) - (sums**2 / self.sizes[:, None]).sum(axis=0)
        mean = columns.mean(axis=0)
        between = (self.sizes[:, None] * (sums / self.sizes[:, None] - mean) ** 2).sum(axis=0)
        return self.likeness_of_squares(between, within)

    def likeness_of_squares(self, between: Array, within: Array) -> Array:
        """The same from sums of squares between groups and within them, of any shape."""
        n, count = len(self.codes), len(self.sizes)
        if count < 2 or count == n:
            return np.zeros_like(between)
        size = (n - self.typical_size) / (count - 1)
        mean_between = between / (count - 1)
        mean_within = np.maximum(within, 0.0) / (n - count)
        total = mean_between + (size - 1) * mean_within
        ratio = (mean_between - mean_within) / np.where(total > 0, total, 1.0)
        return np.asarray(np.clip(np.where(total > 0, ratio, 0.0), 0.0, 1.0))

    def design_effect(self, likeness: Array) -> Array:
        """Factor on the variance of a mean of rows of this likeness, at least 1."""
        return np.asarray(1.0 + (self.typical_size - 1.0) * likeness)

    def product_likeness(self, scores: Array) -> Array:
        """Correlation within groups of the product of each pair of scores.

        Parameters
        ----------
        scores : ndarray of shape (n, k)
            With mean 0.

        Returns
        -------
        ndarray of shape (k, k)
            From the sums of the products over each group, in [0, 1].
        """
        n, k = scores.shape
        order = np.argsort(self.codes, kind="stable")
        total = scores.T @ scores
        squares = (scores**2).T @ scores**2
        of_sums = np.zeros((k, k))
        for rows in np.split(order, np.cumsum(self.sizes)[:-1]):
            of_sums += (scores[rows].T @ scores[rows]) ** 2 / len(rows)
        between, within = of_sums - total**2 / n, squares - of_sums
        return self.likeness_of_squares(between, within)


def group_p_value(
    basis: Array,
    targets: Array,
    groups: RowGroups,
    n_permutations: int,
    rng: np.random.Generator,
) -> float:
    """Permutation p-value of "scores and targets are unrelated" for rows in groups.

    The groups' mean targets are exchanged between groups, the rows' deviations from them within
    groups. With targets that are constant within groups that permutes whole groups' labels, with
    groups of one row it is the ordinary permutation of rows. The test is exact in both cases, and
    for groups of equal size; otherwise the means of small groups vary more than those of large
    ones, and it is approximate.

    Parameters
    ----------
    basis : ndarray of shape (n, k)
        Scores, centred and white.
    targets : ndarray of shape (n, q)
    groups : RowGroups
    n_permutations : int
    rng : numpy.random.Generator

    Returns
    -------
    float
        (b + 1)/(m + 1), with b permutations whose trace of the explained share is as large.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> groups = RowGroups.of(np.repeat(np.arange(20), 10))
    >>> score = rng.normal(size=(200, 1))
    >>> group_p_value(score, score + rng.normal(size=(200, 1)), groups, 99, rng)
    0.01
    """
    n, q = targets.shape
    scores = basis - basis.mean(axis=0)
    means = groups.means(targets)
    deviations = targets - means[groups.codes]
    within = deviations.T @ deviations
    score_sums = groups.sums(scores)
    weights = groups.sizes[:, None] / n

    def explained(of_means: Array, of_deviations: Array) -> float:
        centred = of_means - (weights * of_means).sum(axis=0)
        scatter = centred.T @ (groups.sizes[:, None] * centred) + within
        root, _ = inverse_square_root(scatter)
        return float((((score_sums.T @ centred + of_deviations) @ root) ** 2).sum())

    observed = explained(means, scores.T @ deviations)
    as_large, done = 0, 0
    order = np.argsort(groups.codes, kind="stable")
    while done < n_permutations:
        count = max(1, min(n_permutations - done, _CHUNK_ELEMENTS // (n * q)))
        # Sorting by (group, random key) shuffles the rows of every group at once.
        keys = groups.codes[order] + rng.random((count, n))
        shuffled = deviations[order][np.argsort(keys, axis=1)]
        products = np.tensordot(shuffled, scores[order], axes=(1, 0))
        for product in products:
            moved = means[rng.permutation(len(means))]
            as_large += explained(moved, product.T) >= observed * (1 - 1e-12)
        done += count
    return (as_large + 1) / (n_permutations + 1)
