"""Linear probes whose penalty and code dimension are chosen inside the training rows.

Continuous labels get a ridge regression, classes a linear discriminant with equal priors and
a ridged within-class covariance. Both are solved for every penalty from one eigendecomposition
and judged by exact leave-one-out formulas, or by inner folds where rows come in groups.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

__all__ = ["Task", "fit_predict"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

# Ridge as a multiple of the mean eigenvalue of the (within-class) covariance.
_PENALTIES: Array = np.logspace(-3.0, 1.5, 10)


@dataclass(frozen=True, eq=False)
class Task:
    """What a probe learns: label columns of one kind over the same labelled rows.

    Attributes
    ----------
    kind : {"continuous", "classes"}
    targets : ndarray of shape (n, q)
        Values; for classes one column of class numbers 0..n_classes−1.
    n_classes : int
        0 for continuous labels.
    """

    kind: Literal["continuous", "classes"]
    targets: Array
    n_classes: int = 0

    def rows(self, index: Ints) -> Task:
        """The task on some rows."""
        return Task(self.kind, self.targets[index], self.n_classes)

    @property
    def numbers(self) -> Ints:
        """Class numbers, shape (n,)."""
        return self.targets[:, 0].astype(np.intp)


def fit_predict(
    train: Array,
    task: Task,
    test: Array,
    dims: Sequence[int],
    inner_folds: Ints | None = None,
) -> tuple[Array, int]:
    """Choose dimension and penalty on the training rows, fit, and predict the test rows.

    Parameters
    ----------
    train : ndarray of shape (m, d)
        Codes, strongest direction first.
    task : Task
        Of the training rows.
    test : ndarray of shape (t, d)
    dims : sequence of int
        Numbers of leading directions to choose among.
    inner_folds : ndarray of shape (m,) or None, default None
        Fold numbers for the choice; None leaves one row out at a time, in closed form.

    Returns
    -------
    predictions : ndarray of shape (t, q)
        Values, or class numbers.
    dim : int
        Dimension chosen.

    Examples
    --------
    >>> z = np.linspace(-1, 1, 20)[:, None]
    >>> task = Task("continuous", 3 * z)
    >>> predictions, dim = fit_predict(z, task, np.array([[0.5]]), [1])
    >>> float(predictions[0, 0]), dim
    (1.5, 1)
    """
    fit = _ridge if task.kind == "continuous" else _discriminant
    best: tuple[float, Array, Callable[[Array, Array], Array], int] | None = None
    for dim in dims:
        losses, predict = fit(train[:, :dim], task)
        if inner_folds is not None:
            losses = _fold_losses(train[:, :dim], task, inner_folds)
        choice = np.argmin(losses, axis=0)
        loss = float(losses.min(axis=0).mean())
        if best is None or loss < best[0] - 1e-12:
            best = (loss, choice, predict, dim)
    assert best is not None
    _, choice, predict, dim = best
    return predict(test[:, :dim], choice), dim


def _fold_losses(code: Array, task: Task, folds: Ints) -> Array:
    """Losses of every penalty when fitted without each fold, shape (penalties, q)."""
    fit = _ridge if task.kind == "continuous" else _discriminant
    predictions = np.zeros((len(_PENALTIES), *task.targets.shape))
    for fold in np.unique(folds):
        inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        _, predict = fit(code[inside], task.rows(inside))
        for j in range(len(_PENALTIES)):
            choice = np.full(task.targets.shape[1], j)
            predictions[j, outside] = predict(code[outside], choice)
    return np.stack([_loss(task, p) for p in predictions])


def _loss(task: Task, predictions: Array) -> Array:
    """Squared error over total, or one minus balanced accuracy; shape (q,)."""
    if task.kind == "continuous":
        total = ((task.targets - task.targets.mean(axis=0)) ** 2).sum(axis=0)
        error = ((task.targets - predictions) ** 2).sum(axis=0)
        return np.asarray(error / np.where(total > 0, total, np.inf))
    counts = np.bincount(task.numbers, minlength=task.n_classes)
    wrong = np.bincount(
        task.numbers, weights=predictions[:, 0] != task.targets[:, 0], minlength=task.n_classes
    )
    present = counts > 0
    return np.array([(wrong[present] / counts[present]).mean()])


def _ridge(code: Array, task: Task) -> tuple[Array, Callable[[Array, Array], Array]]:
    """Leave-one-out losses of ridge regressions, and a predictor for chosen penalties."""
    m = len(code)
    mean, target_mean = code.mean(axis=0), task.targets.mean(axis=0)
    centred, targets = code - mean, task.targets - target_mean
    values, vectors = scipy.linalg.eigh(centred.T @ centred / m, check_finite=False)
    values = np.maximum(values, 0.0)
    scores = centred @ vectors
    moments = scores.T @ targets / m
    unit = float(values.mean()) or 1.0
    losses = np.empty((len(_PENALTIES), targets.shape[1]))
    for j, penalty in enumerate(_PENALTIES):
        inverse = 1.0 / (values + penalty * unit)
        # Residual with the row left out: r_i / (1 − h_ii), the intercept's 1/m in h_ii.
        leverage = (scores**2) @ inverse / m + 1.0 / m
        fitted = (scores * inverse) @ moments
        residual = (targets - fitted) / np.maximum(1.0 - leverage, 1e-12)[:, None]
        losses[j] = _loss(task, task.targets - residual)

    def predict(rows: Array, choice: Array) -> Array:
        inverse = 1.0 / (values[:, None] + _PENALTIES[choice] * unit)
        return np.asarray(target_mean + ((rows - mean) @ vectors) @ (moments * inverse))

    return losses, predict


def _discriminant(code: Array, task: Task) -> tuple[Array, Callable[[Array, Array], Array]]:
    """Leave-one-out losses of ridged linear discriminants, and a predictor."""
    m, numbers = len(code), task.numbers
    counts = np.bincount(numbers, minlength=task.n_classes).astype(np.float64)
    members = np.zeros((task.n_classes, m))
    members[numbers, np.arange(m)] = 1.0
    means = members @ code / np.maximum(counts, 1.0)[:, None]
    freedom = max(m - int((counts > 0).sum()), 1)
    within = code - means[numbers]
    values, vectors = scipy.linalg.eigh(within.T @ within / freedom, check_finite=False)
    values = np.maximum(values, 0.0)
    unit = float(values.mean()) or 1.0
    absent = np.where(counts > 0, 0.0, np.inf)

    scores, centres, within = code @ vectors, means @ vectors, within @ vectors
    # Leaving row i out: its class mean moves by d/(n_c − 1), the within-class scatter loses
    # n_c/(n_c − 1) d dᵀ (d = row − class mean); Sherman–Morrison does the rest.
    alone = counts[numbers] < 2
    shift = np.where(alone, 1.0, counts[numbers] / np.maximum(counts[numbers] - 1.0, 1.0))
    own = np.arange(m), numbers
    losses = np.empty((len(_PENALTIES), 1))
    for j, penalty in enumerate(_PENALTIES):
        inverse = 1.0 / (values + penalty * unit)
        weighted = within * inverse
        squared = (within**2) @ inverse
        to_centre = (scores * weighted).sum(axis=1)[:, None] - weighted @ centres.T
        gain = shift / freedom
        factor = gain / np.maximum(1.0 - gain * squared, 1e-12)
        distance = _distances(scores, centres, inverse) + factor[:, None] * to_centre**2
        distance[own] = shift**2 * squared * (1.0 + factor * squared)
        distance[own] = np.where(alone, np.inf, distance[own])
        losses[j] = _loss(task, np.argmin(distance + absent, axis=1)[:, None].astype(np.float64))

    def predict(rows: Array, choice: Array) -> Array:
        inverse = 1.0 / (values + _PENALTIES[choice[0]] * unit)
        distance = _distances(rows @ vectors, centres, inverse) + absent
        return np.asarray(np.argmin(distance, axis=1)[:, None], dtype=np.float64)

    return losses, predict


def _distances(scores: Array, centres: Array, inverse: Array) -> Array:
    """Squared distances up to a constant per row, in the metric of `inverse`.

    The row's own term is left in where leave-one-out corrections are added to it.
    """
    weighted = centres * inverse
    cross = scores @ weighted.T
    return np.asarray(
        ((scores**2) @ inverse)[:, None] - 2.0 * cross + (centres * weighted).sum(axis=1)
    )
