"""Linear probes whose penalty and code dimension are chosen inside the training rows.

Continuous labels get a ridge regression whose predictions stay within the labels it was fitted
on, classes a linear discriminant with equal priors and a ridged within-class covariance. Both
are solved for every penalty from one eigendecomposition and judged by exact leave-one-out
formulas, or by inner folds where rows come in groups.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

__all__ = ["Task", "class_distances", "fit_predict", "within_labels"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Predict = Callable[[Array, Ints], Array]

# Ridge as a multiple of the mean eigenvalue of the (within-class) covariance.
_PENALTIES: Array = np.logspace(-3.0, 2.0, 11)


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
        Values within the range of the training rows' labels, or class numbers.
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
    best: tuple[float, Ints, Predict, int] | None = None
    for dim in dims:
        losses, predict = fit(train[:, :dim], task)
        if inner_folds is not None and len(np.unique(inner_folds)) > 1:
            losses = _fold_losses(train[:, :dim], task, inner_folds)
        choice = np.argmin(losses, axis=0)
        loss = float(losses.min(axis=0).mean())
        if best is None or loss < best[0] - 1e-12:
            best = (loss, choice, predict, dim)
    assert best is not None
    _, choice, predict, dim = best
    return predict(test[:, :dim], choice), dim


def within_labels(predictions: Array, targets: Array) -> Array:
    """Predictions moved into the range of the labels that were learned from, column by column.

    Projecting on an interval brings a prediction no farther from any value in it, so squared
    errors of labels within the range can only fall. A label drawn like the m learned from lies
    outside with probability 2/(m + 1) at most; its error may grow, but only up to its distance
    from the range.

    Parameters
    ----------
    predictions : ndarray of shape (t, q)
    targets : ndarray of shape (m, q)

    Returns
    -------
    ndarray of shape (t, q)

    Examples
    --------
    >>> within_labels(np.array([[9.0], [0.5], [-9.0]]), np.array([[0.0], [1.0], [2.0]])).ravel()
    array([2. , 0.5, 0. ])
    """
    return np.clip(predictions, targets.min(axis=0), targets.max(axis=0))


def _fold_losses(code: Array, task: Task, folds: Ints) -> Array:
    """Losses of every penalty when fitted without each fold, shape (penalties, q)."""
    fit = _ridge if task.kind == "continuous" else _discriminant
    predictions = np.zeros((len(code), len(_PENALTIES), task.targets.shape[1]))
    for fold in np.unique(folds):
        inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        _, predict = fit(code[inside], task.rows(inside))
        for j in range(len(_PENALTIES)):
            choice = np.full(task.targets.shape[1], j)
            predictions[outside, j] = predict(code[outside], choice)
    return _losses(task, predictions)


def _losses(task: Task, predictions: Array) -> Array:
    """Squared error over total, or one minus balanced accuracy.

    `predictions` has the shape (m, penalties, q), the result (penalties, q).
    """
    targets = task.targets[:, None, :]
    if task.kind == "continuous":
        total = ((task.targets - task.targets.mean(axis=0)) ** 2).sum(axis=0)
        error = ((targets - predictions) ** 2).sum(axis=0)
        return np.asarray(error / np.where(total > 0, total, np.inf))
    members = (task.targets == np.arange(task.n_classes)).astype(np.float64)
    members = members[:, members.any(axis=0)]
    wrong = (predictions != targets)[:, :, 0].astype(np.float64)
    return np.asarray(((members / members.sum(axis=0)).T @ wrong).mean(axis=0)[:, None])


def _ranges_of_others(targets: Array) -> tuple[Array, Array]:
    """Least and greatest label of all rows but each, shapes (m, q)."""
    ordered = np.sort(targets, axis=0)
    second, last_but_one = ordered[min(1, len(ordered) - 1)], ordered[max(len(ordered) - 2, 0)]
    low = np.where(targets == ordered[0], second, ordered[0])
    high = np.where(targets == ordered[-1], last_but_one, ordered[-1])
    return low, high


def _ridge(code: Array, task: Task) -> tuple[Array, Predict]:
    """Leave-one-out losses of ridge regressions, and a predictor for chosen penalties."""
    m = len(code)
    mean, target_mean = code.mean(axis=0), task.targets.mean(axis=0)
    centred, targets = code - mean, task.targets - target_mean
    values, vectors = scipy.linalg.eigh(centred.T @ centred / m, driver="evd", check_finite=False)
    values = np.maximum(values, 0.0)
    scores = centred @ vectors
    moments = scores.T @ targets / m
    inverse = 1.0 / (values[:, None] + _PENALTIES * (float(values.mean()) or 1.0))
    # Residual with the row left out: r_i / (1 − h_ii), the intercept's 1/m in h_ii.
    kept = np.maximum(1.0 - (scores**2) @ inverse / m - 1.0 / m, 1e-12)
    fitted = (
        scores @ (inverse[:, :, None] * moments[:, None, :]).reshape(len(values), -1)
    ).reshape(m, len(_PENALTIES), -1)
    residual = (targets[:, None, :] - fitted) / kept[:, :, None]
    low, high = _ranges_of_others(task.targets)
    left_out = np.clip(task.targets[:, None, :] - residual, low[:, None, :], high[:, None, :])

    def predict(rows: Array, choice: Ints) -> Array:
        free = target_mean + (rows - mean) @ (vectors @ (moments * inverse[:, choice]))
        return within_labels(free, task.targets)

    return _losses(task, left_out), predict


def _discriminant(code: Array, task: Task) -> tuple[Array, Predict]:
    """Leave-one-out losses of ridged linear discriminants, and a predictor."""
    held_out, distances = class_distances(code, task)

    def predict(rows: Array, choice: Ints) -> Array:
        nearest = np.argmin(distances(rows, int(choice[0])), axis=1)
        return np.asarray(nearest[:, None], dtype=np.float64)

    return _losses(task, np.argmin(held_out, axis=2)[:, :, None].astype(np.float64)), predict


def class_distances(code: Array, task: Task) -> tuple[Array, Callable[[Array, int], Array]]:
    """Squared distances of rows from the class centres, in the metric of ridged discriminants.

    The metric is the inverse of the within-class covariance plus each penalty. All are up to a
    term that is the same for every class of a row.

    Parameters
    ----------
    code : ndarray of shape (m, d)
        Rows with labels.
    task : Task
        Classes of these rows.

    Returns
    -------
    held_out : ndarray of shape (m, n_penalties, n_classes)
        Of each row from centres and metric without it; infinite for a class without other rows.
    distances : callable
        Given rows of shape (t, d) and the number of a penalty, theirs, shape (t, n_classes).
    """
    m, numbers = len(code), task.numbers
    counts = np.bincount(numbers, minlength=task.n_classes).astype(np.float64)
    members = np.zeros((task.n_classes, m))
    members[numbers, np.arange(m)] = 1.0
    means = members @ code / np.maximum(counts, 1.0)[:, None]
    freedom = max(m - int((counts > 0).sum()), 1)
    within = code - means[numbers]
    values, vectors = scipy.linalg.eigh(
        within.T @ within / freedom, driver="evd", check_finite=False
    )
    values = np.maximum(values, 0.0)
    inverse = 1.0 / (values[:, None] + _PENALTIES * (float(values.mean()) or 1.0))
    absent = np.where(counts > 0, 0.0, np.inf)
    scores, centres, within = code @ vectors, means @ vectors, within @ vectors

    stacked = (inverse[:, :, None] * centres.T[:, None, :]).reshape(len(values), -1)

    inner = (within @ stacked).reshape(m, len(_PENALTIES), -1)

    # Leaving row i out: its class mean moves by d/(n_c − 1), the within-class scatter loses
    # n_c/(n_c − 1) d dᵀ (d = row − class mean); Sherman–Morrison does the rest.
    size = counts[numbers][:, None]
    alone = size < 2
    shift = np.where(alone, 1.0, size / np.maximum(size - 1.0, 1.0))
    squared = (within**2) @ inverse
    factor = shift / freedom
    factor = factor / np.maximum(1.0 - factor * squared, 1e-12)
    to_centre = ((scores * within) @ inverse)[:, :, None] - inner
    # A row is its class's centre and what it has within the class: squares of the centres' own
    # distances need no row.
    between = (centres @ stacked).reshape(task.n_classes, len(_PENALTIES), -1)
    between = (centres**2 @ inverse).T - 2.0 * between
    distance = between[numbers]
    distance += ((scores**2) @ inverse)[:, :, None]
    inner *= 2.0
    distance -= inner
    np.square(to_centre, out=to_centre)
    to_centre *= factor[:, :, None]
    distance += to_centre
    own = shift**2 * squared * (1.0 + factor * squared)
    distance[np.arange(m), :, numbers] = np.where(alone, np.inf, own)

    def distances(rows: Array, penalty: int) -> Array:
        weights = inverse[:, [penalty]]
        to_centres = vectors @ (weights * centres.T)
        return np.asarray((centres**2 @ weights)[:, 0] - 2.0 * (rows @ to_centres) + absent)

    return distance + absent, distances
