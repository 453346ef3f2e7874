"""The estimator of arXiv 2606.11190 as its authors published it.

Directions are fitted on all labelled rows, components are called signal or nuisance one by one
from their cross-validated R², and separation is read off the sample spectra: no correction for
finite samples and no uncertainty. It is kept numerically equal to the original as the baseline
that a reader of the paper expects; :func:`crossphase.diagnose` has a better default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.attribution.classifiers import elbow, elbow_log, permutation_test
from crossphase.attribution.component_r2 import component_r2
from crossphase.attribution.published_folds import FoldStatistics
from crossphase.config import Classifier
from crossphase.data.checks import check_values, read_features
from crossphase.diagnosis.published_readoffs import (
    PublishedDecomposition,
    PublishedReadoffs,
    read_off,
)
from crossphase.errors import InputError
from crossphase.moments import Moments
from crossphase.spectra import objective_spectra, pls

__all__ = ["PublishedEstimate", "estimate_published"]

Array = NDArray[np.float64]

_RIDGE = 1e-6
_EIGENVALUE_FLOOR = 1e-12
# Singular values taken from a covariance lose digits when its eigenvalues are further apart.
_LEAST_VARIANCE_RATIO = 1e-8


@dataclass(frozen=True, eq=False)
class PublishedEstimate:
    """Everything that the published procedure computes.

    Attributes
    ----------
    svd_x, svd_y : PublishedDecomposition
        Each modality's own singular value decomposition.
    pls : PublishedDecomposition
        Of the cross-covariance.
    cca : PublishedDecomposition
        Of the whitened cross-covariance: alignment.
    cp_direct : PublishedDecomposition
        Of the regression matrix x→y: prediction.
    cp_direct_yx : PublishedDecomposition
        The same with the modalities swapped; the paper does not use it.
    readoffs : mapping of {"elbow", "elbow_log", "permutation"} to PublishedReadoffs
    n_rows, dx, dy : int
        Rows and features that the estimate was made from.
    """

    svd_x: PublishedDecomposition
    svd_y: PublishedDecomposition
    pls: PublishedDecomposition
    cca: PublishedDecomposition
    cp_direct: PublishedDecomposition
    cp_direct_yx: PublishedDecomposition
    readoffs: Mapping[Classifier, PublishedReadoffs]
    n_rows: int
    dx: int
    dy: int


def estimate_published(
    x: ArrayLike,
    y: ArrayLike,
    targets: ArrayLike,
    *,
    n_components: int = 50,
    n_folds: int = 5,
    n_permutations: int = 30,
) -> PublishedEstimate:
    """Run the published estimator on fully labelled pairs.

    The order of the rows matters: folds are drawn by index, from a fixed seed.

    Parameters
    ----------
    x, y : array-like of shape (n, dx), (n, dy)
        The two modalities, row by row the same samples.
    targets : array-like of shape (n, q) or (n,)
        Label columns; classes as indicator columns.
    n_components : int, default 50
        Components kept of each decomposition, at most dx and dy (n − 1 for one modality's own).
    n_folds : int, default 5
        Folds of the cross-validated R².
    n_permutations : int, default 30
        Label permutations of the permutation classifier.

    Returns
    -------
    PublishedEstimate

    Raises
    ------
    InputError
        For arrays that are not finite or do not match, and for counts out of range.

    Notes
    -----
    Equal to the original to 1e-6 relative and 1e-9 absolute, up to rotations among components
    with repeated singular values. Exact ties of the elbow, which rounding decides in the
    original, follow the rule in :func:`crossphase.attribution.classifiers.elbow`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> signal = rng.normal(size=(500, 2))
    >>> x = np.hstack([2 * signal, rng.normal(size=(500, 3))]) + 0.3 * rng.normal(size=(500, 5))
    >>> y = np.hstack([2 * signal, rng.normal(size=(500, 4))]) + 0.3 * rng.normal(size=(500, 6))
    >>> estimate = estimate_published(x, y, signal)
    >>> estimate.readoffs["elbow"].regime_primary
    <Regime.BOTH: 'Both'>
    >>> estimate.cca.signal["elbow"]
    array([ True,  True, False, False, False])
    """
    x, y, labels = _checked(x, y, targets)
    for name, count in (("n_components", n_components), ("n_permutations", n_permutations)):
        if count < 1:
            raise InputError(f"{name}={count!r}: give at least 1")
    n, dx, dy = len(x), x.shape[1], y.shape[1]
    statistics, own_x, own_y = _fold_statistics(x, y, labels, n_folds, n_permutations)
    moments = statistics.total.features
    shared = min(n_components, dx, dy)
    covaried = pls(moments)
    aligned, forward, backward = objective_spectra(moments, ridge=_RIDGE, floor=_EIGENVALUE_FLOOR)

    svd_x = _decomposition(statistics, own_x.values, min(n_components, dx, n - 1), x=own_x.vectors)
    svd_y = _decomposition(statistics, own_y.values, min(n_components, dy, n - 1), y=own_y.vectors)
    by_pls = _decomposition(statistics, covaried.values, shared, x=covaried.x_map, y=covaried.y_map)
    by_cca = _decomposition(
        statistics, np.clip(aligned.values, 0.0, 1.0), shared, x=aligned.x_map, y=aligned.y_map
    )
    by_cp = _decomposition(statistics, forward.values, shared, x=forward.x_map)
    by_cp_yx = _decomposition(statistics, backward.values, shared, y=backward.x_map)
    classifiers: tuple[Classifier, ...] = get_args(Classifier)
    readoffs = {
        classifier: read_off(svd_x, svd_y, by_pls, by_cca, by_cp, classifier=classifier, n_rows=n)
        for classifier in classifiers
    }
    return PublishedEstimate(
        svd_x, svd_y, by_pls, by_cca, by_cp, by_cp_yx, readoffs, n_rows=n, dx=dx, dy=dy
    )


def _checked(x: ArrayLike, y: ArrayLike, targets: ArrayLike) -> tuple[Array, Array, Array]:
    """The three arrays as finite float matrices over the same rows."""
    columns = np.asarray(targets)[:, None] if np.ndim(targets) == 1 else targets
    arrays = {
        name: read_features(block, name).values
        for name, block in (("x", x), ("y", y), ("targets", columns))
    }
    rows = {name: len(array) for name, array in arrays.items()}
    if len(set(rows.values())) != 1:
        raise InputError(f"unequal numbers of rows, {rows}: give the same rows in all three")
    for name, array in arrays.items():
        check_values(array, name)
    return arrays["x"], arrays["y"], arrays["targets"]


@dataclass(frozen=True, eq=False)
class _OwnAxes:
    """Singular values (k,) and right singular vectors (d, k) of one modality's centred data."""

    values: Array
    vectors: Array


def _fold_statistics(
    x: Array, y: Array, labels: Array, n_folds: int, n_permutations: int
) -> tuple[FoldStatistics, _OwnAxes, _OwnAxes]:
    """Fold statistics, and each modality's own singular value decomposition.

    Data whose singular values span many orders of magnitude, or with more features than rows, are
    first rotated to their own axes: no decomposition changes, and the Gram matrices keep their
    digits. The statistics and vectors are then in the rotated coordinates.
    """
    if max(x.shape[1], y.shape[1]) < len(x):
        statistics = FoldStatistics.from_arrays(
            x, y, labels, n_folds=n_folds, n_permutations=n_permutations
        )
        own = [_axes_from_gram(statistics.total.features, name) for name in ("x", "y")]
        if own[0] is not None and own[1] is not None:
            return statistics, own[0], own[1]
    x, own_x = _rotated(x)
    y, own_y = _rotated(y)
    statistics = FoldStatistics.from_arrays(
        x, y, labels, n_folds=n_folds, n_permutations=n_permutations
    )
    return statistics, own_x, own_y


def _axes_from_gram(moments: Moments, name: str) -> _OwnAxes | None:
    variances, vectors = np.linalg.eigh(moments.cov(name))
    if variances[0] <= _LEAST_VARIANCE_RATIO * variances[-1]:
        return None
    return _OwnAxes(np.sqrt(moments.count * variances[::-1]), vectors[:, ::-1])


def _rotated(block: Array) -> tuple[Array, _OwnAxes]:
    centred = block - block.mean(axis=0)
    # Again, for the rounding error of the mean, which a constant column far from 0 would keep.
    left, values, _ = np.linalg.svd(centred - centred.mean(axis=0), full_matrices=False)
    return left * values, _OwnAxes(values, np.eye(len(values)))


def _decomposition(
    statistics: FoldStatistics, values: Array, n_kept: int, **maps: Array
) -> PublishedDecomposition:
    """Attribute the leading components of a spectrum; missing null components are appended."""
    found = component_r2(
        statistics, **{name: weights[:, :n_kept] for name, weights in maps.items()}
    )
    missing = n_kept - found.observed.shape[0]
    padding = ((0, missing), (0, 0))
    r2 = np.pad(found.observed, padding)
    summed = r2.sum(axis=1)
    signal: dict[Classifier, NDArray[np.bool_]] = {
        "elbow": elbow(summed),
        "elbow_log": elbow_log(summed),
        "permutation": permutation_test(r2, np.pad(found.permuted, ((0, 0), *padding))),
    }
    return PublishedDecomposition(np.pad(values[:n_kept], padding[0]), r2, signal)
