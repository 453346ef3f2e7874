"""Scores of trained codes and of features, by two probes that vote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from crossphase.outlook.folds import assign_folds
from crossphase.outlook.imputation import impute
from crossphase.outlook.intervals import losses, scores
from crossphase.outlook.probe import Task, within_labels
from crossphase.results.outlook import View

if TYPE_CHECKING:
    from crossphase.nonlinear.outcomes import Outcome, Probes

__all__ = ["Judged", "Predicted", "judge", "predictions"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Key = tuple[str, View]

_FOLDS = 5
_LEAST_SPREAD = 1e-9


@dataclass(frozen=True, eq=False)
class Predicted:
    """Labels of new rows, and what cross-validation of the learning rows says of the probe.

    Attributes
    ----------
    preferred, usual : ndarray of shape (t, q)
        By the probes that vote, and by the usual one.
    validated : float
        R² or balanced accuracy of the preferred probe over folds of the learning rows; the penalty
        of the logistic regression was chosen on all of them.
    """

    preferred: Array
    usual: Array
    validated: float


def predictions(
    code: Array, task: Task, new: Array, *, rng: np.random.Generator, groups: Ints | None = None
) -> Predicted:
    """Labels of new rows by the preferred probe and by the usual one.

    Classes get the mean of two probabilities: those of the usual logistic regression, and those of
    the outlook's discriminant (:func:`crossphase.outlook.imputation.impute`). Values get a ridge
    regression, which by preference predicts nothing beyond the labels learned from.

    Parameters
    ----------
    code, task, new, rng, groups
        See :func:`crossphase.nonlinear.probing.probe`, which is the usual one.

    Returns
    -------
    Predicted
    """
    from crossphase.nonlinear.probing import logistic_search, probe

    folds = assign_folds(
        len(code),
        _FOLDS,
        np.random.default_rng(0),
        classes=None if task.kind == "continuous" else task.numbers,
        groups=groups,
    )
    held_out = np.zeros_like(task.targets)
    reference = np.zeros_like(task.targets)
    parts = [(np.flatnonzero(folds != f), np.flatnonzero(folds == f)) for f in np.unique(folds)]
    if task.kind == "continuous":
        free = probe(code, task, new, rng=rng, groups=groups, limited=False)
        found = within_labels(free, task.targets), free
        for inside, outside in parts:
            theirs = None if groups is None else groups[inside]
            learned = task.rows(inside)
            held_out[outside] = probe(code[inside], learned, code[outside], rng=rng, groups=theirs)
            reference[outside] = (task.targets[outside] - learned.targets.mean(axis=0)) ** 2
    else:
        search = logistic_search(code, task, rng=rng, groups=groups)
        usual = np.asarray(search.predict(new), dtype=np.float64)[:, None]
        found = _vote(search.best_estimator_, code, task, new, groups), usual
        for inside, outside in parts:
            learned = task.rows(inside)
            if len(np.unique(learned.numbers)) < 2:
                # Groups leave one class: all that can be predicted.
                held_out[outside] = learned.targets[0]
                continue
            logistic = clone(search.best_estimator_).fit(code[inside], learned.numbers)
            theirs = None if groups is None else groups[inside]
            held_out[outside] = _vote(logistic, code[inside], learned, code[outside], theirs)
    validated = scores(task, losses(task, held_out), np.ones((1, len(code))), reference)
    return Predicted(*found, float(validated[0]))


def _vote(logistic: Any, code: Array, task: Task, new: Array, groups: Ints | None) -> Array:
    """Classes that a fitted logistic regression and the discriminant hold likeliest together."""
    probabilities = np.zeros((len(new), task.n_classes))
    probabilities[:, logistic.classes_.astype(np.intp)] = logistic.predict_proba(new)
    mean, spread = code.mean(axis=0), code.std(axis=0)
    spread = np.where(spread > _LEAST_SPREAD, spread, 1.0)
    folds = (
        None
        if groups is None
        else assign_folds(len(code), _FOLDS, np.random.default_rng(0), groups=groups)
    )
    probabilities += impute((code - mean) / spread, task, (new - mean) / spread, folds)
    return np.asarray(np.argmax(probabilities, axis=1)[:, None], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Judged:
    """Outcomes by (representation, view).

    Attributes
    ----------
    preferred : mapping to Outcome
        By the probes that vote; for values by ridge regression within the labels learned from.
    usual : mapping to Outcome
        By logistic regression; for values by ridge regression without limits.
    validated : mapping to float
        What cross-validation of the learning rows says of the former.
    """

    preferred: Mapping[Key, Outcome]
    usual: Mapping[Key, Outcome]
    validated: Mapping[Key, float]

    def replaced(self, other: Judged) -> Judged:
        """The same with what another judged in place of its own."""
        return Judged(
            {**self.preferred, **other.preferred},
            {**self.usual, **other.usual},
            {**self.validated, **other.validated},
        )


def judge(probes: Probes, codes: Mapping[Key, Array]) -> Judged:
    """Probe codes of all rows.

    Parameters
    ----------
    probes : Probes
        Knows the labels and the rows to learn from and to score on.
    codes : mapping of (representation, view) to ndarray of shape (n, d)

    Returns
    -------
    Judged
    """
    found = {key: _judge(probes, code) for key, code in codes.items()}
    return Judged(
        {key: preferred for key, (preferred, _, _) in found.items()},
        {key: usual for key, (_, usual, _) in found.items()},
        {key: validated for key, (_, _, validated) in found.items()},
    )


def _judge(probes: Probes, code: Array) -> tuple[Outcome, Outcome, float]:
    by_task: list[Predicted] = []

    def preferred(task: Task, learn: Ints, test: Ints) -> Array:
        rng = np.random.default_rng(probes.seed)
        groups = None if probes.data_groups is None else probes.data_groups[learn]
        by_task.append(predictions(code[learn], task, code[test], rng=rng, groups=groups))
        return by_task[-1].preferred

    first = probes.scored(preferred)
    usual = iter(by_task)
    second = probes.scored(lambda task, learn, test: next(usual).usual)
    return (
        probes.outcome_of(first[None], 0.0),
        probes.outcome_of(second[None], 0.0),
        float(np.mean([one.validated for one in by_task])),
    )
