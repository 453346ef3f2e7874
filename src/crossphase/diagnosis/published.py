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
import scipy.linalg
from numpy.typing import ArrayLike, NDArray

from crossphase.attribution.classifiers import elbow, elbow_log, permutation_test
from crossphase.attribution.component_r2 import component_r2
from crossphase.attribution.published_folds import FoldStatistics
from crossphase.config import Classifier
from crossphase.diagnosis.published_readoffs import (
    PublishedDecomposition,
    PublishedReadoffs,
    read_off,
)
from crossphase.errors import InputError
from crossphase.spectra import cca, pls, regression

__all__ = ["PublishedEstimate", "estimate_published"]

Array = NDArray[np.float64]

_RIDGE = 1e-6
_EIGENVALUE_FLOOR = 1e-12
# Singular values from a Gram matrix lose digits when its eigenvalues are further apart.
_LEAST_EIGENVALUE_RATIO = 1e-8


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
    x, values_x, axes_x = _principal_axes(x)
    y, values_y, axes_y = _principal_axes(y)
    statistics = FoldStatistics.from_arrays(
        x, y, labels, n_folds=n_folds, n_permutations=n_permutations
    )
    moments = statistics.total.features
    shared = min(n_components, dx, dy)
    own = {"x": min(n_components, dx, n - 1), "y": min(n_components, dy, n - 1)}
    options = {"ridge": _RIDGE, "floor": _EIGENVALUE_FLOOR}
    aligned = cca(moments, **options)
    covaried = pls(moments)
    forward, backward = regression(moments, **options), regression(moments, "y", "x", **options)

    svd_x = _decomposition(statistics, values_x, own["x"], x=axes_x)
    svd_y = _decomposition(statistics, values_y, own["y"], y=axes_y)
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
    """The three arrays as centred float matrices."""
    labels = np.asarray(targets)
    blocks = {"x": x, "y": y, "targets": labels[:, None] if labels.ndim == 1 else labels}
    arrays = []
    for name, block in blocks.items():
        array = np.asarray(block)
        if array.dtype.kind not in "fiub":
            raise InputError(f"{name} has dtype {array.dtype}: give real numbers")
        if array.ndim != 2 or 0 in array.shape:
            raise InputError(f"{name} has shape {array.shape}: give (rows, columns), both above 0")
        if not np.isfinite(array).all():
            rows = np.flatnonzero(~np.isfinite(array).all(axis=1))
            raise InputError(
                f"{name} is not finite in {len(rows)} rows, the first being row {rows[0]}: "
                "drop or impute these rows first"
            )
        centred = array.astype(np.float64)
        centred -= centred.mean(axis=0)
        # Again, for the rounding error of the mean: matters far from the origin.
        centred -= centred.mean(axis=0)
        arrays.append(centred)
    if len({len(array) for array in arrays}) != 1:
        rows = ", ".join(f"{name} {len(a)}" for name, a in zip(blocks, arrays, strict=True))
        raise InputError(f"unequal numbers of rows ({rows}): give the same rows in all three")
    return arrays[0], arrays[1], arrays[2]


def _principal_axes(centred: Array) -> tuple[Array, Array, Array]:
    """Singular values and right singular vectors of centred data.

    Data whose singular values span many orders of magnitude, or with more features than rows, are
    first rotated to their own axes, which changes no decomposition and keeps every digit of the
    Gram matrices taken from them; the rotated data are returned in place of the data.
    """
    n, d = centred.shape
    if d < n:
        eigenvalues, vectors = scipy.linalg.eigh(
            centred.T @ centred, check_finite=False, driver="evd"
        )
        if eigenvalues[0] > _LEAST_EIGENVALUE_RATIO * eigenvalues[-1]:
            return centred, np.sqrt(eigenvalues[::-1]), vectors[:, ::-1]
    left, values, _ = scipy.linalg.svd(centred, full_matrices=False, check_finite=False)
    return left * values, values, np.eye(len(values))


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
