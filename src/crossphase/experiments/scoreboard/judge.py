"""Scores of trained codes and of features, by the probe that suits each of them better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from crossphase.outlook.folds import assign_folds
from crossphase.outlook.probe import Task, fit_predict, within_labels
from crossphase.results.outlook import View

if TYPE_CHECKING:
    from crossphase.nonlinear.outcomes import Outcome, Probes

__all__ = ["Discriminant", "Judged", "judge", "predictions"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Key = tuple[str, View]

_FOLDS = 5
_LEAST_SPREAD = 1e-9


@dataclass(frozen=True, eq=False)
class Discriminant:
    """The outlook's probe of classes, on standardised codes of training rows.

    Attributes
    ----------
    code : ndarray of shape (m, d)
    task : Task
    groups : ndarray of int of shape (m,) or None
        Groups that no fold of the choice of the penalty may split.
    """

    code: Array
    task: Task
    groups: Ints | None = None

    def predict(self, new: Array) -> Ints:
        """Class numbers of new rows."""
        mean, spread = self.code.mean(axis=0), self.code.std(axis=0)
        spread = np.where(spread > _LEAST_SPREAD, spread, 1.0)
        folds = (
            None
            if self.groups is None
            else assign_folds(len(self.code), _FOLDS, np.random.default_rng(0), groups=self.groups)
        )
        train, rows = (self.code - mean) / spread, (new - mean) / spread
        found, _ = fit_predict(train, self.task, rows, [self.code.shape[1]], folds)
        return found[:, 0].astype(np.intp)


def predictions(
    code: Array, task: Task, new: Array, *, rng: np.random.Generator, groups: Ints | None = None
) -> tuple[Array, Array]:
    """Labels of new rows by the probe that cross-validation prefers, and by the usual one.

    Classes get logistic regression or the ridged discriminant of the outlook, whichever has the
    higher mean recall over the same folds of the training rows; values a ridge regression, which
    by preference predicts nothing beyond the labels learned from.

    Parameters
    ----------
    code, task, new, rng, groups
        See :func:`crossphase.nonlinear.probing.probe`, which is the usual one.

    Returns
    -------
    preferred, usual : ndarray of shape (t, q)
    """
    from crossphase.nonlinear.probing import logistic_search, mean_recall, probe

    if task.kind == "continuous":
        free = probe(code, task, new, rng=rng, groups=groups, limited=False)
        return within_labels(free, task.targets), free
    search = logistic_search(code, task, rng=rng, groups=groups)
    usual = np.asarray(search.predict(new), dtype=np.float64)[:, None]
    recalls = [
        mean_recall(
            Discriminant(
                code[inside], task.rows(inside), None if groups is None else groups[inside]
            ),
            code[outside],
            task.numbers[outside],
        )
        for inside, outside in search.cv
    ]
    if search.best_score_ >= np.mean(recalls):
        return usual, usual
    rival = Discriminant(code, task, groups).predict(new)
    return rival[:, None].astype(np.float64), usual


@dataclass(frozen=True, eq=False)
class Judged:
    """Outcomes by (representation, view).

    Attributes
    ----------
    preferred : mapping to Outcome
        By the probe that cross-validation of the learning rows prefers.
    usual : mapping to Outcome
        By logistic regression; for values by ridge regression without limits.
    """

    preferred: Mapping[Key, Outcome]
    usual: Mapping[Key, Outcome]

    def replaced(self, other: Judged) -> Judged:
        """The same with what another judged in place of its own."""
        return Judged({**self.preferred, **other.preferred}, {**self.usual, **other.usual})


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
    both = {key: _judge(probes, code) for key, code in codes.items()}
    return Judged(
        {key: found[0] for key, found in both.items()},
        {key: found[1] for key, found in both.items()},
    )


def _judge(probes: Probes, code: Array) -> tuple[Outcome, Outcome]:
    from crossphase.nonlinear.outcomes import Outcome

    usual: list[Array] = []

    def preferred(task: Task, learn: Ints, test: Ints) -> Array:
        rng = np.random.default_rng(probes.seed)
        groups = None if probes.data_groups is None else probes.data_groups[learn]
        found = predictions(code[learn], task, code[test], rng=rng, groups=groups)
        usual.append(found[1])
        return found[0]

    first = probes.scored(preferred)
    kept = iter(usual)
    second = probes.scored(lambda task, learn, test: next(kept))
    return Outcome(first[:1], first[1:], 0.0), Outcome(second[:1], second[1:], 0.0)
