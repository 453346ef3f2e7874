"""Probes of codes: converged, with the penalty chosen inside the training rows; and a short one."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from crossphase.outlook.folds import assign_folds
from crossphase.outlook.probe import Task, within_labels

__all__ = ["logistic_search", "mean_recall", "probe", "short_probe"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

_STRENGTHS = np.logspace(-4, 3, 8)
_PENALTIES = np.logspace(-3, 5, 17)
_FOLDS = 5
# Weak penalties take the default solver thousands of steps, Newton's a few dozen.
_MAX_ITERATIONS = 500


def probe(
    code: Array,
    task: Task,
    new: Array,
    *,
    rng: np.random.Generator,
    groups: Ints | None = None,
    limited: bool = True,
) -> Array:
    """Predict the labels of new rows from their codes.

    Classes get a multinomial logistic regression with balanced class weights, values a ridge
    regression, both on standardised codes and run to convergence. The penalty is chosen by
    cross-validation of the training rows: for classes by balanced accuracy. Values predicted
    beyond all labels learned from are moved to the nearest of these.

    Parameters
    ----------
    code : ndarray of shape (m, d)
        Of the training rows.
    task : Task
        Their labels.
    new : ndarray of shape (t, d)
    rng : numpy.random.Generator
        Deals the folds.
    groups : ndarray of shape (m,) or None, default None
        Groups that no fold may split.
    limited : bool, default True
        False leaves predicted values where a ridge regression puts them.

    Returns
    -------
    ndarray of shape (t, q)
        Values, or class numbers.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(size=(60, 2))
    >>> task = Task("classes", (z[:, :1] > 0).astype(float), 2)
    >>> probe(z, task, np.array([[3.0, 0.0], [-3.0, 0.0]]), rng=rng).ravel()
    array([1., 0.])
    """
    if task.kind == "continuous":
        splits = None if groups is None else _splits(code, task, rng, groups)
        search = RidgeCV(_PENALTIES, cv=splits)
        model = make_pipeline(StandardScaler(), search).fit(code, task.targets)
        free = np.asarray(model.predict(new)).reshape(len(new), -1)
        return within_labels(free, task.targets) if limited else free
    found = logistic_search(code, task, rng=rng, groups=groups)
    return np.asarray(found.predict(new), dtype=np.float64)[:, None]


def logistic_search(
    code: Array, task: Task, *, rng: np.random.Generator, groups: Ints | None = None
) -> GridSearchCV:
    """The fitted search behind :func:`probe` for classes.

    Parameters
    ----------
    code, task, rng, groups
        See :func:`probe`.

    Returns
    -------
    sklearn.model_selection.GridSearchCV
        Its `cv` are the splits, its `best_score_` the mean over them of the mean recall of the
        classes present.
    """
    logistic = LogisticRegression(
        solver="newton-cg", class_weight="balanced", max_iter=_MAX_ITERATIONS
    )
    pipeline = make_pipeline(StandardScaler(), logistic)
    grid = {"logisticregression__C": _STRENGTHS}
    splits = _splits(code, task, rng, groups)
    return GridSearchCV(pipeline, grid, scoring=mean_recall, cv=splits).fit(code, task.numbers)


def _splits(
    code: Array, task: Task, rng: np.random.Generator, groups: Ints | None
) -> list[tuple[Ints, Ints]]:
    classes = task.numbers if task.kind == "classes" else None
    n_folds = _FOLDS if classes is None else int(min(_FOLDS, np.bincount(classes).max()))
    folds = assign_folds(len(code), max(n_folds, 2), rng, classes=classes, groups=groups)
    return [
        (np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in np.unique(folds)
    ]


def short_probe(
    code: Array,
    task: Task,
    new: Array,
    *,
    rng: np.random.Generator,
    steps: int = 50,
    learning_rate: float = 1e-3,
) -> Array:
    """Predict the classes of new rows from a few steps of a softmax regression.

    The probe of arXiv 2606.11190: codes as they are, weights drawn uniformly within
    ±1/√d, and 50 steps of Adam on the cross-entropy of all training rows at once. Each weight moves
    by about ``steps · learning_rate`` at most, so that a class shows only where it varies
    about as much as what else varies; :func:`probe` finds it in any direction.

    Parameters
    ----------
    code : ndarray of shape (m, d)
        Of the training rows.
    task : Task
        Their classes.
    new : ndarray of shape (t, d)
    rng : numpy.random.Generator
        Draws the first weights.
    steps : int, default 50
    learning_rate : float, default 1e-3

    Returns
    -------
    ndarray of shape (t, 1)
        Class numbers.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> task = Task("classes", rng.integers(2, size=(200, 1)).astype(float), 2)
    >>> loud = 30.0 * rng.normal(size=(200, 1))
    >>> code = np.hstack([task.targets, loud])
    >>> [
    ...     float((fit(code, task, code, rng=rng) == task.targets).mean().round(1))
    ...     for fit in (probe, short_probe)
    ... ]
    [1.0, 0.5]
    """
    rows, classes = torch.as_tensor(code, dtype=torch.float32), torch.as_tensor(task.numbers)
    bound = 1.0 / np.sqrt(code.shape[1])
    drawn = rng.uniform(-bound, bound, size=(task.n_classes, code.shape[1] + 1))
    weights = torch.tensor(drawn, dtype=torch.float32, requires_grad=True)
    optimizer = torch.optim.Adam([weights], lr=learning_rate)

    def scores(rows: torch.Tensor) -> torch.Tensor:
        return rows @ weights[:, :-1].T + weights[:, -1]

    for _ in range(steps):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(scores(rows), classes)
        torch.autograd.backward(loss)
        optimizer.step()
    with torch.no_grad():
        found = scores(torch.as_tensor(new, dtype=torch.float32)).argmax(dim=1)
    return np.asarray(found.numpy(), dtype=np.float64)[:, None]


def mean_recall(model: object, code: Array, numbers: Ints) -> float:
    """Mean recall of the classes that a fold holds; others cannot be missed there.

    Parameters
    ----------
    model : object
        With `predict`.
    code : ndarray of shape (m, d)
    numbers : ndarray of int of shape (m,)
        True class numbers.

    Returns
    -------
    float
    """
    right = model.predict(code) == numbers  # type: ignore[attr-defined]
    return float(np.mean([right[numbers == number].mean() for number in np.unique(numbers)]))
