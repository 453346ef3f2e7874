"""What known covariates (batch, depth, time) explain of the shared components."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

from crossphase.attribution.groups import RowGroups

__all__ = ["Explained", "automatic_covariates", "explain_components"]

Array = NDArray[np.float64]

_FEW_VALUES = 10
_MAX_LEVELS = 50
_LEAST_LEVEL_ROWS = 5
_LEAST_LEVEL_SHARE = 0.002
_LEAST_ROWS = 10


@dataclass(frozen=True, eq=False)
class Explained:
    """Share of each component that each covariate explains.

    Attributes
    ----------
    names : tuple of str
        Of the c covariates that vary.
    r2 : ndarray of shape (k, c)
        Adjusted for the number of levels; can be negative.
    p_value : ndarray of shape (k, c)
        Of F tests, corrected for all k·c of them by Holm's method.
    unusable : tuple of str
        Covariates that say nothing: constant, or different in nearly every row.
    """

    names: tuple[str, ...]
    r2: Array
    p_value: Array
    unusable: tuple[str, ...]


def automatic_covariates(x: Array, y: Array, x_name: str, y_name: str) -> dict[str, Array]:
    """Mean and Euclidean norm of every row of each modality: depth or brightness, often.

    Parameters
    ----------
    x, y : ndarray of shape (n, dx), (n, dy)
    x_name, y_name : str

    Returns
    -------
    dict
        ``"mean of <name>"`` and ``"norm of <name>"`` for modalities with three features or more;
        in fewer, they are the features themselves.

    Examples
    --------
    >>> automatic_covariates(np.ones((4, 3)), np.ones((4, 2)), "rna", "adt")
    {'mean of rna': array([1., 1., 1., 1.]), 'norm of rna': array([1.73, 1.73, 1.73, 1.73])}
    """
    found = {}
    for name, values in ((x_name, x), (y_name, y)):
        if values.shape[1] > 2:
            found[f"mean of {name}"] = values.mean(axis=1, dtype=np.float64)
            found[f"norm of {name}"] = np.sqrt(
                np.einsum("nd,nd->n", values, values, dtype=np.float64)
            )
    return found


def explain_components(
    scores: Array, covariates: Mapping[str, NDArray[Any]], groups: RowGroups | None = None
) -> Explained:
    """Regress each component's scores on each covariate.

    Numbers enter linearly; text, and whole numbers of at most ten distinct values, as categories
    (levels of fewer than five rows or 0.2 % are merged, and so are those beyond the 49 largest).
    Rows without a covariate are left out of its regressions.

    Parameters
    ----------
    scores : ndarray of shape (n, k)
    covariates : mapping of str to ndarray of shape (n,)
        Numbers with NaN, or text with ``""``, where missing.
    groups : RowGroups or None, default None
        Of the rows: a covariate and a component that are both alike within groups are compared
        over fewer rows, n / (1 + (m − 1) r_a r_b), see :mod:`crossphase.attribution.groups`. A
        covariate that is the grouping itself is compared row by row.

    Returns
    -------
    Explained

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> batch = np.repeat(["a", "b"], 100)
    >>> scores = rng.normal(size=(200, 2))
    >>> scores[:, 0] += 4 * (batch == "a")
    >>> found = explain_components(scores, {"batch": batch})
    >>> found.r2.round(1).ravel(), bool(found.p_value[0, 0] < 1e-6)
    (array([0.8, 0. ]), True)
    """
    k = scores.shape[1]
    names: list[str] = []
    unusable: list[str] = []
    r2: list[Array] = []
    p_values: list[Array] = []
    for name, values in covariates.items():
        present = values != "" if values.dtype.kind in "UO" else np.isfinite(values)
        rows = np.flatnonzero(present)
        design = _design(values[rows]) if len(rows) >= _LEAST_ROWS else np.zeros((0, 0))
        if not design.shape[1]:
            unusable.append(name)
            continue
        here = None if groups is None else RowGroups.of(groups.codes[rows])
        if here is not None and _is_grouping(values[rows], here):
            here = None
        share, p = _regress(scores[rows], design, here)
        names.append(name)
        r2.append(share)
        p_values.append(p)
    if not names:
        return Explained((), np.zeros((k, 0)), np.zeros((k, 0)), tuple(unusable))
    corrected = _holm(np.stack(p_values, axis=1))
    return Explained(tuple(names), np.stack(r2, axis=1), corrected, tuple(unusable))


def _is_grouping(values: NDArray[Any], groups: RowGroups) -> bool:
    _, codes = np.unique(values, return_inverse=True)
    n_groups = len(groups.sizes)
    pairs = np.unique(codes.astype(np.intp) * n_groups + groups.codes)
    return len(pairs) == n_groups == int(codes.max()) + 1


def _design(values: NDArray[Any]) -> Array:
    """Centred columns of full rank; none if the values tell nothing apart."""
    n = len(values)
    if values.dtype.kind == "f":
        seen = np.unique(values[: 50 * _FEW_VALUES])
        few = len(seen) <= _FEW_VALUES and len(seen := np.unique(values)) <= _FEW_VALUES
        if not (few and len(seen) > 2 and np.all(seen == np.floor(seen))):
            spread = float(values.std())
            # Rounding alone spreads a constant.
            if spread <= 1e-12 * float(np.abs(values).max(initial=0.0)):
                return np.zeros((n, 0))
            return np.asarray(((values - values.mean()) / spread)[:, None])
    _, codes, sizes = np.unique(values, return_inverse=True, return_counts=True)
    least = max(_LEAST_LEVEL_ROWS, _LEAST_LEVEL_SHARE * n)
    kept = np.flatnonzero(sizes >= least)
    kept = kept[np.argsort(-sizes[kept], kind="stable")][: _MAX_LEVELS - 1]
    columns = (codes[:, None] == kept[None, :]).astype(np.float64)
    if int(sizes[kept].sum()) == n:
        columns = columns[:, :-1]
    return np.asarray(columns - columns.mean(axis=0)) if columns.size else np.zeros((n, 0))


def _regress(scores: Array, design: Array, groups: RowGroups | None) -> tuple[Array, Array]:
    """Adjusted R² and p-value of each score on the design."""
    n, freedom = design.shape
    centred = scores - scores.mean(axis=0)
    basis, _ = np.linalg.qr(design)
    total = np.maximum((centred**2).sum(axis=0), np.finfo(float).tiny)
    share = np.clip(((basis.T @ centred) ** 2).sum(axis=0) / total, 0.0, 1.0 - 1e-15)
    rows = np.full(len(share), float(n))
    if groups is not None:
        likeness = groups.likeness(scores) * float(groups.likeness(design).max())
        rows = n / groups.design_effect(likeness)
    left = rows - freedom - 1
    usable = left >= 1
    left = np.where(usable, left, 1.0)
    adjusted = np.where(usable, 1 - (1 - share) * (rows - 1) / left, 0.0)
    p = fdtrc(freedom, left, share / freedom * left / (1 - share))
    return adjusted, np.where(usable, p, 1.0)


def _holm(p: Array) -> Array:
    flat = p.ravel()
    order = np.argsort(flat, kind="stable")
    stepped = np.maximum.accumulate(flat[order] * (len(flat) - np.arange(len(flat))))
    corrected = np.empty_like(flat)
    corrected[order] = np.minimum(stepped, 1.0)
    return np.asarray(corrected.reshape(p.shape))
