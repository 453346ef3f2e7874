"""Out-of-fold R² of every component for every label column, from per-fold moments only.

A component has one score, ``z @ w``, or a pair of them, one a modality. Its R² is that of a ridge
regression with an absolute penalty of 1, scored on the fold it was fitted without. Every sum over
rows is a quadratic form in the moments, so the cost does not grow with the number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossphase.attribution.published_folds import FoldStatistics, LabelledMoments

__all__ = ["ComponentR2", "component_r2"]

Array = NDArray[np.float64]

_PENALTY = 1.0
_NO_VARIANCE = 1e-15


@dataclass(frozen=True, eq=False)
class ComponentR2:
    """R² of k components.

    Attributes
    ----------
    observed : ndarray of shape (k, n_labels)
        0 where negative, and for labels without variance.
    permuted : ndarray of shape (n_permutations, k, n_labels)
        The same for every permutation of the labels' rows.
    """

    observed: Array
    permuted: Array


def component_r2(statistics: FoldStatistics, **maps: Array) -> ComponentR2:
    """Cross-validated R² of linear scores.

    For each fold, labels are regressed on the score(s) of the other folds, centred there, with an
    absolute ridge penalty of 1 and the training mean as intercept. R² is one minus the pooled
    squared error over the pooled sum of squares about each fold's own label mean.

    Parameters
    ----------
    statistics : FoldStatistics
    **maps : ndarray of shape (d_block, k)
        Feature block to weights: with one map a component has one score, with two it has a pair.

    Returns
    -------
    ComponentR2

    Notes
    -----
    With sums about the training means written as G = Σ z zᵀ and c = Σ z l, a fold contributes
    2 βᵀc − βᵀGβ − m (l̄_test − l̄_train)² to (total − residual) sum of squares, which loses no
    digits when R² is near 0. Training sums are the total's less the fold's.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(200, 2)), rng.normal(size=(200, 2))
    >>> statistics = FoldStatistics.from_arrays(x, y, x[:, :1])
    >>> component_r2(statistics, x=np.eye(2)).observed.round(3)
    array([[1.], [0.]])
    """
    total = _Scores.of(statistics.total, maps)
    explained = np.zeros((total.gram.shape[0], total.cross.shape[2]))
    variation = np.zeros(total.cross.shape[2])
    for fold in statistics.folds:
        explained += _explained(total, _Scores.of(fold, maps))
        variation += fold.label_scatter
    r2 = np.zeros_like(explained)
    np.divide(explained, variation, out=r2, where=variation > _NO_VARIANCE)
    np.maximum(r2, 0.0, out=r2)
    columns = r2.reshape(len(r2), 1 + statistics.n_permutations, statistics.n_labels)
    return ComponentR2(columns[:, 0], columns[:, 1:].transpose(1, 0, 2))


@dataclass(frozen=True, eq=False)
class _Scores:
    """Moments of k components with p scores each, and of c label columns.

    `mean` (k, p), `gram` (k, p, p) and `cross` (k, p, c) are about the rows' own means.
    """

    count: int
    mean: Array
    gram: Array
    cross: Array
    label_mean: Array

    @classmethod
    def of(cls, moments: LabelledMoments, maps: dict[str, Array]) -> _Scores:
        features = moments.features
        n_components = next(iter(maps.values())).shape[1]
        gram = np.empty((n_components, len(maps), len(maps)))
        cross = np.empty((n_components, len(maps), len(moments.label_mean)))
        for i, (a, left) in enumerate(maps.items()):
            for j, (b, right) in enumerate(list(maps.items())[: i + 1]):
                products = np.einsum("dk,dk->k", left, features.cov(a, b) @ right)
                gram[:, i, j] = gram[:, j, i] = features.count * products
            cross[:, i] = left.T @ moments.cross[a]
        mean = np.stack([features.mean_of(name) @ left for name, left in maps.items()], axis=-1)
        return cls(round(features.count), mean, gram, cross, moments.label_mean)


def _explained(total: _Scores, fold: _Scores) -> Array:
    """Total less residual sum of squares of one fold, shape (k, c); see component_r2's notes."""
    # Steps from the training rows' means to the fold's, from those of all rows.
    ratio = total.count / (total.count - fold.count)
    step = ratio * (fold.mean - total.mean)
    label_step = ratio * (fold.label_mean - total.label_mean)
    step_gram = step[:, :, None] * step[:, None, :]
    step_cross = step[:, :, None] * label_step

    weight = fold.count / ratio
    train_gram = total.gram - fold.gram - weight * step_gram
    train_cross = total.cross - fold.cross - weight * step_cross
    penalised = train_gram + _PENALTY * np.eye(train_gram.shape[-1])
    single = penalised.shape[-1] == 1
    coefficients = train_cross / penalised if single else np.linalg.solve(penalised, train_cross)

    gram = fold.gram + fold.count * step_gram
    cross = fold.cross + fold.count * step_cross
    fitted = (coefficients * (2.0 * cross - gram @ coefficients)).sum(axis=1)
    return np.asarray(fitted - fold.count * label_step**2)
