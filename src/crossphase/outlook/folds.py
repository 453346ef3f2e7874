"""Fold numbers of rows: stratified by class, or whole groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["assign_folds"]

Ints = NDArray[np.intp]


def assign_folds(
    n: int,
    n_folds: int,
    rng: np.random.Generator,
    *,
    classes: NDArray[np.integer] | None = None,
    groups: NDArray[np.integer] | None = None,
) -> Ints:
    """Deal rows to folds at random.

    Parameters
    ----------
    n : int
        Number of rows.
    n_folds : int
        Folds wanted; capped at the number of rows or groups.
    rng : Generator
    classes : ndarray of shape (n,) or None, default None
        Class numbers to spread evenly over the folds.
    groups : ndarray of shape (n,) or None, default None
        Rows of one group stay together, the largest group going to the smallest fold first;
        `classes` is then ignored.

    Returns
    -------
    ndarray of shape (n,)
        Fold numbers from 0.

    Examples
    --------
    >>> folds = assign_folds(6, 3, np.random.default_rng(0), classes=np.array([0, 0, 0, 1, 1, 1]))
    >>> sorted(folds[:3].tolist()), sorted(folds[3:].tolist())
    ([0, 1, 2], [0, 1, 2])
    """
    if groups is not None:
        return _whole_groups(groups, n_folds, rng)
    order = rng.permutation(n)
    if classes is not None:
        order = order[np.argsort(classes[order], kind="stable")]
    folds = np.empty(n, dtype=np.intp)
    folds[order] = np.arange(n) % min(n_folds, n)
    return folds


def _whole_groups(groups: NDArray[np.integer], n_folds: int, rng: np.random.Generator) -> Ints:
    _, numbers, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    n_folds = min(n_folds, len(sizes))
    # Ties between groups of one size are broken at random.
    order = rng.permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    fold_of, filled = np.empty(len(sizes), dtype=np.intp), np.zeros(n_folds, dtype=np.intp)
    for group in order:
        fold_of[group] = int(np.argmin(filled))
        filled[fold_of[group]] += sizes[group]
    return np.asarray(fold_of[numbers], dtype=np.intp)
