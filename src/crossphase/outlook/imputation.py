"""Labels imputed to rows from both modalities, by a probe that has learned from other rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.optimize
import scipy.special
from numpy.typing import NDArray

from crossphase.outlook.probe import Task, class_distances, fit_predict

__all__ = ["impute", "imputed_loss", "stack"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

# Sharpness of posteriors beside those of Gaussian classes: less than 1, since distances in many
# directions are overestimated from few rows.
_SHARPNESS: Array = np.logspace(-3.0, 0.5, 29)
# Share of a posterior that is spread evenly, so that no row counts as certain.
_DOUBT = 0.01
_STEPS = 200
_BLOCK_ELEMENTS = 200_000
_LARGEST_POWER = 600.0


def impute(train: Array, task: Task, rows: Array, inner_folds: Ints | None = None) -> Array:
    """Class probabilities, or values, of rows without labels.

    Classes get the posterior of the ridged linear discriminant, its penalty and sharpness
    (an inverse temperature; Guo et al., 2017) chosen by the log-likelihood of training rows left
    out. Values get a ridge regression.

    Parameters
    ----------
    train : ndarray of shape (m, d)
    task : Task
        Of the training rows.
    rows : ndarray of shape (t, d)
    inner_folds : ndarray of shape (m,) or None, default None
        Folds for these choices; None leaves one row out at a time.

    Returns
    -------
    ndarray of shape (t, n_classes) or (t, q)

    Examples
    --------
    >>> z = np.array([[-2.0], [-1.9], [-2.1], [2.0], [1.9], [2.1]])
    >>> task = Task("classes", np.array([[0.0], [0], [0], [1], [1], [1]]), 2)
    >>> impute(z, task, np.array([[-2.0], [0.0]])).round(1)
    array([[1. , 0. ],
           [0.5, 0.5]])
    """
    if task.kind == "continuous":
        return fit_predict(train, task, rows, [train.shape[1]], inner_folds)[0]
    held_out, distances = class_distances(train, task)
    if inner_folds is not None and len(np.unique(inner_folds)) > 1:
        for fold in np.unique(inner_folds):
            inside, outside = np.flatnonzero(inner_folds != fold), inner_folds == fold
            _, of_others = class_distances(train[inside], task.rows(inside))
            for penalty in range(held_out.shape[1]):
                held_out[outside, penalty] = of_others(train[outside], penalty)
    likelihoods = [_likelihoods(held_out[:, p], task.numbers) for p in range(held_out.shape[1])]
    best, sharpness = np.unravel_index(np.argmax(likelihoods), np.shape(likelihoods))
    return _posterior(distances(rows, int(best)), float(_SHARPNESS[sharpness]))


def _likelihoods(distances: Array, numbers: Ints) -> Array:
    """Log-likelihood of the classes for every sharpness, from distances of shape (m, n_classes)."""
    # Of the posterior's own class only: one over the sum of what the others have beside it.
    own = distances[np.arange(len(distances)), numbers]
    alone = ~np.isfinite(own)
    beyond = -0.5 * (distances - np.where(alone, 0.0, own)[:, None])
    beyond[alone] = np.inf
    step = max(1, _BLOCK_ELEMENTS // beyond.size)
    even = _DOUBT / distances.shape[1]
    found = []
    for start in range(0, len(_SHARPNESS), step):
        powers = _SHARPNESS[start : start + step, None, None] * beyond
        certain = 1.0 / np.exp(np.minimum(powers, _LARGEST_POWER)).sum(axis=2)
        found.append(np.log((1.0 - _DOUBT) * certain + even).sum(axis=1))
    return np.concatenate(found)


def _posterior(distances: Array, sharpness: float) -> Array:
    certain = scipy.special.softmax(-0.5 * sharpness * distances, axis=1)
    return np.asarray((1.0 - _DOUBT) * certain + _DOUBT / distances.shape[1])


def stack(task: Task, candidates: Sequence[Array]) -> Array:
    """Share of each candidate in the mixture that fits the known labels best.

    Stacking (Breiman, 1996, Machine Learning 24:49): classes get the mixture of posteriors with the
    highest likelihood, found by expectation maximisation; values the least-squares combination
    without negative weights, scaled to sum to one.

    Parameters
    ----------
    task : Task
    candidates : sequence of ndarray of shape (n, n_classes) or (n, q)
        Imputed labels of the task's rows, which took no part in them.

    Returns
    -------
    ndarray of shape (len(candidates),)
        Sums to 1.

    Examples
    --------
    >>> z = np.linspace(-1, 1, 9)[:, None]
    >>> stack(Task("continuous", z), [z, -z])
    array([1., 0.])
    """
    even = np.full(len(candidates), 1.0 / len(candidates))
    if task.kind == "continuous":
        scale = np.maximum(task.targets.std(axis=0), np.finfo(np.float64).tiny)
        centre = task.targets.mean(axis=0)
        columns = np.column_stack([((one - centre) / scale).ravel() for one in candidates])
        shares, _ = scipy.optimize.nnls(columns, ((task.targets - centre) / scale).ravel())
        total = float(shares.sum())
        return shares / total if total > 0.0 else even
    rows = np.arange(len(task.targets))
    likelihood = np.column_stack([one[rows, task.numbers] for one in candidates])
    shares = even
    for _ in range(_STEPS):
        joint = likelihood * shares
        shares = (joint / joint.sum(axis=1, keepdims=True)).mean(axis=0)
    return np.asarray(shares)


def imputed_loss(task: Task, imputed: Array, predictions: Array) -> Array:
    """Loss of predictions, if a row were of each class, or had the imputed values.

    Parameters
    ----------
    task : Task
    imputed : ndarray of shape (t, n_classes) or (t, q)
    predictions : ndarray of shape (t, 1) or (t, q)

    Returns
    -------
    ndarray of the shape of `imputed`
    """
    if task.kind == "classes":
        return np.asarray(predictions != np.arange(task.n_classes), dtype=np.float64)
    return np.asarray((imputed - predictions) ** 2)
