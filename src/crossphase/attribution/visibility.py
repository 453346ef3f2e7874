"""Where the labels can be seen: in x, in y, in what the two share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossphase.attribution.groups import RowGroups

__all__ = ["LabelVisibility", "label_visibility", "leave_one_out_r2"]

Array = NDArray[np.float64]

_PENALTIES = np.geomspace(1e-1, 1e4, 11)
_MAX_ROWS = 2000
_INVISIBLE = 0.02
_MAX_BLOCKS = 20


@dataclass(frozen=True, slots=True)
class LabelVisibility:
    """Leave-one-out R² of the labels (mean over white label directions) by what predicts them.

    Attributes
    ----------
    x, y : float
        From each modality alone.
    shared : float
        From the scores of the shared components; 0 without components.
    """

    x: float
    y: float
    shared: float

    @property
    def both(self) -> bool:
        """Whether each modality by itself shows the labels."""
        return min(self.x, self.y) > _INVISIBLE

    @property
    def shared_fraction(self) -> float:
        """Share of what either modality tells that the shared components tell, in [0, 1]."""
        best = max(self.x, self.y, self.shared)
        return float(np.clip(self.shared / best, 0.0, 1.0)) if best > 0 else float("nan")


def leave_one_out_r2(features: Array, targets: Array, groups: RowGroups | None = None) -> float:
    """Leave-one-out R² of a ridge regression whose penalty maximises it.

    Parameters
    ----------
    features : ndarray of shape (n, p)
    targets : ndarray of shape (n, q)
    groups : RowGroups or None, default None
        Leave whole groups out instead, several at a time where there are more than 20.

    Returns
    -------
    float
        1 − mean squared error / variance, over all targets; 0 or less means nothing is learnt.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> features = rng.normal(size=(300, 5))
    >>> round(leave_one_out_r2(features, features[:, :1]), 2)
    1.0
    >>> leave_one_out_r2(features, rng.normal(size=(300, 1))) < 0.05
    True
    """
    if not features.shape[1]:
        return 0.0
    n = len(features)
    if groups is not None:
        return _leave_groups_out_r2(features, targets, groups)
    # Leaving a row out of a mean moves it by n/(n − 1): the constant's own leave-one-out error.
    baseline = float(((targets - targets.mean(axis=0)) ** 2).mean()) * (n / (n - 1)) ** 2
    left, sizes, _ = np.linalg.svd(features - features.mean(axis=0), full_matrices=False)
    centred = targets - targets.mean(axis=0)
    best = np.inf
    for penalty in _PENALTIES:
        kept = left * (sizes**2 / (sizes**2 + penalty))
        leverage = (kept * left).sum(axis=1) + 1.0 / n
        left_out = (centred - kept @ (left.T @ centred)) / (1.0 - leverage)[:, None]
        best = min(best, float((left_out**2).mean()))
    return 1.0 - best / baseline


def _leave_groups_out_r2(features: Array, targets: Array, groups: RowGroups) -> float:
    """By the exact residuals of a linear smoother, (I − H_bb)⁻¹ r_b for each left-out block b."""
    n = len(features)
    block_of = groups.codes % _MAX_BLOCKS
    blocks = [rows for b in range(_MAX_BLOCKS) if len(rows := np.flatnonzero(block_of == b))]
    if len(blocks) < 2:
        return 0.0
    left, sizes, _ = np.linalg.svd(features - features.mean(axis=0), full_matrices=False)
    centred = targets - targets.mean(axis=0)
    outside = [np.delete(np.arange(n), rows) for rows in blocks]
    baseline = sum(
        float(((targets[rows] - targets[rest].mean(axis=0)) ** 2).sum())
        for rows, rest in zip(blocks, outside, strict=True)
    )
    best = np.inf
    for penalty in _PENALTIES:
        kept = left * (sizes**2 / (sizes**2 + penalty))
        residual = centred - kept @ (left.T @ centred)
        squared = 0.0
        for rows in blocks:
            hat = kept[rows] @ left[rows].T + 1.0 / n
            squared += float((np.linalg.solve(np.eye(len(rows)) - hat, residual[rows]) ** 2).sum())
        best = min(best, squared)
    return 1.0 - best / baseline if baseline > 0 else 0.0


def label_visibility(
    x: Array,
    y: Array,
    shared: Array,
    targets: Array,
    rng: np.random.Generator,
    groups: RowGroups | None = None,
) -> LabelVisibility:
    """Leave-one-out R² of the labels from x, from y, and from shared scores.

    Parameters
    ----------
    x, y : ndarray of shape (n, p), (n, q)
        White coordinates of the labelled rows.
    shared : ndarray of shape (n, k)
        Scores of the shared components on the same rows.
    targets : ndarray of shape (n, t)
    rng : numpy.random.Generator
        Draws the rows used when there are more than 2000.
    groups : RowGroups or None, default None
        Of the labelled rows; none is split between fitting and scoring.

    Returns
    -------
    LabelVisibility
    """
    if len(x) > _MAX_ROWS:
        rows = np.sort(rng.choice(len(x), size=_MAX_ROWS, replace=False))
        x, y, shared, targets = x[rows], y[rows], shared[rows], targets[rows]
        groups = None if groups is None else RowGroups.of(groups.codes[rows])
    left, spread, _ = np.linalg.svd(targets - targets.mean(axis=0), full_matrices=False)
    white = left[:, spread > 1e-8 * spread[0]] * np.sqrt(len(targets))
    return LabelVisibility(*(leave_one_out_r2(block, white, groups) for block in (x, y, shared)))
