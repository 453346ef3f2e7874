"""Labels made worse in known ways, for the stability panel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from crossphase.data.labels import LabelColumn, Labels

__all__ = ["damaged_targets"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

_R2_SHARES = (0.75, 0.5, 0.25)
_REASSIGNED = (0.1, 0.25, 0.5)
_QUANTILES = (4, 2)
_CLUSTERS = (8, 20)
_ROWS_PER_CLUSTER = 5


def damaged_targets(
    labels: Labels, rows: Ints, rng: np.random.Generator
) -> Iterator[tuple[str, Array]]:
    """Target matrices of the labelled rows after each damage of the published robustness grid.

    Continuous columns get Gaussian noise that leaves 0.75, 0.5 and 0.25 of any R² (variance
    1/share − 1 times that of the labels), or are coarsened to quartiles or halves; where there
    are several, also to 8 and 20 clusters of all of them. Of class columns, 0.1, 0.25 and 0.5 of
    the rows are moved to another class at random. Columns of the other kind stay as they are.

    Parameters
    ----------
    labels : Labels
    rows : ndarray of int
        Labelled rows.
    rng : numpy.random.Generator

    Yields
    ------
    change : str
    targets : ndarray of shape (len(rows), q)

    Examples
    --------
    >>> column = LabelColumn("age", "continuous", np.arange(40.0))
    >>> for change, targets in damaged_targets(
    ...     Labels((column,)), np.arange(40), np.random.default_rng(0)
    ... ):
    ...     print(change, targets.shape)
    noise to 0.75 of the labels' R² (40, 1)
    noise to 0.5 of the labels' R² (40, 1)
    noise to 0.25 of the labels' R² (40, 1)
    coarsened to 4 quantile classes (40, 4)
    coarsened to 2 quantile classes (40, 2)
    """
    numbers = [c for c in labels.columns if c.kind == "continuous"]
    classes = [c for c in labels.columns if c.kind == "classes"]
    kept_classes = [c.targets(rows) for c in classes]
    kept_numbers = [c.targets(rows) for c in numbers]
    if numbers:
        values = np.hstack(kept_numbers)
        for share in _R2_SHARES:
            noise = values.std(axis=0) * np.sqrt(1 / share - 1) * rng.standard_normal(values.shape)
            yield (
                f"noise to {share:g} of the labels' R²",
                np.hstack([values + noise, *kept_classes]),
            )
        for count in _QUANTILES:
            coarse = [_quantile_classes(column, count) for column in values.T]
            yield f"coarsened to {count} quantile classes", np.hstack([*coarse, *kept_classes])
        distinct = len(np.unique(values, axis=0))
        for count in _CLUSTERS if values.shape[1] > 1 else ():
            if distinct >= _ROWS_PER_CLUSTER * count:
                clusters = _one_hot(_clusters(values, count, rng), count)
                yield f"{count} clusters of the labels", np.hstack([clusters, *kept_classes])
    if classes:
        for share in _REASSIGNED:
            moved = [_reassigned(column, rows, share, rng) for column in classes]
            yield (
                f"{100 * share:.0f} % of the rows moved to another class",
                np.hstack([*kept_numbers, *moved]),
            )


def _quantile_classes(values: Array, count: int) -> Array:
    edges = np.quantile(values, np.arange(1, count) / count)
    return _one_hot(np.searchsorted(edges, values, side="left"), count)


def _clusters(values: Array, count: int, rng: np.random.Generator) -> Ints:
    from sklearn.cluster import KMeans

    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    means = KMeans(count, n_init=1, random_state=int(rng.integers(2**31)))
    return np.asarray(means.fit_predict(scaled), dtype=np.intp)


def _one_hot(codes: NDArray[np.integer], count: int) -> Array:
    return np.asarray(codes[:, None] == np.arange(count), dtype=np.float64)


def _reassigned(column: LabelColumn, rows: Ints, share: float, rng: np.random.Generator) -> Array:
    codes = column.values[rows].astype(np.intp)
    count = len(column.classes)
    moved = rng.permutation(len(codes))[: round(share * len(codes))]
    # Any class but the row's own.
    codes[moved] = (codes[moved] + rng.integers(1, count, size=len(moved))) % count
    return _one_hot(codes, count)
