"""What training gave: scores of codes on rows that nothing has seen, and verdicts on advice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crossphase.config import Settings
from crossphase.data import PairedData
from crossphase.diagnosis.options import choices, is_cross_modal
from crossphase.errors import InputError
from crossphase.nonlinear.probing import probe
from crossphase.outlook.intervals import (
    BootstrapWeights,
    disagreement,
    interval,
    losses,
    scores,
)
from crossphase.outlook.probe import Task
from crossphase.results import Diagnosis
from crossphase.results.outlook import MARGIN, View
from crossphase.results.validation import ValidationVerdict

__all__ = ["ALONE", "Key", "Outcome", "Probes", "Split", "foretold_gain", "verdict_on"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Key = tuple[str, View]

ALONE = ("autoencode", "self-align")
"""Nonlinear representations of one modality that learn nothing from the other."""

_METRIC = {"continuous": "r2", "classes": "balanced accuracy"}


@dataclass(frozen=True, eq=False)
class Outcome:
    """Scores of one representation.

    Attributes
    ----------
    by_seed : ndarray of shape (n_seeds,)
    draws : ndarray of shape (n_draws,)
        Of the mean over seeds, over test rows; paired between representations.
    epochs : float
        Mean epoch of the weights kept.
    """

    by_seed: Array
    draws: Array
    epochs: float


@dataclass(frozen=True, eq=False)
class Split:
    """Rows that probes learn from, rows they are scored on, and rows that train encoders."""

    learn: Ints
    test: Ints
    train: Ints


class Probes:
    """Probes of every label column, trained and scored on the same rows for every code."""

    def __init__(
        self, data: PairedData, split: Split, settings: Settings, rng: np.random.Generator
    ) -> None:
        assert data.labels is not None
        self.split, self.seed = split, settings.seed
        self.data_groups = data.groups
        self.tasks: list[tuple[Task, Task, Ints, Ints]] = []
        for column in data.labels.columns:
            learn, test = column.values[split.learn], column.values[split.test]
            if column.kind == "continuous":
                learn_task, test_task = (Task("continuous", v[:, None]) for v in (learn, test))
                every = np.arange(len(learn)), np.arange(len(test))
                self.tasks.append((learn_task, test_task, *every))
                continue
            # Classes that cannot be both learnt and tested are not scored.
            present = np.intersect1d(learn, test)
            if len(present) < 2:
                continue
            kept = [np.flatnonzero(np.isin(values, present)) for values in (learn, test)]
            learn_task, test_task = (
                Task(
                    "classes",
                    np.searchsorted(present, values[at])[:, None].astype(np.float64),
                    len(present),
                )
                for values, at in zip((learn, test), kept, strict=True)
            )
            self.tasks.append((learn_task, test_task, kept[0], kept[1]))
        kinds = {task.kind for task, *_ in self.tasks}
        if len(kinds) != 1:
            raise InputError(
                "labels of classes and of values have different scores: validate them one by one"
                if kinds
                else "no class has both rows to learn from and rows to test on: label more rows"
            )
        self.metric = _METRIC[kinds.pop()]
        test_groups = None if data.groups is None else data.groups[split.test]
        self.weights = BootstrapWeights.of(len(split.test), settings.n_draws, rng, test_groups)
        (self._unseen,) = np.random.default_rng(self.weights.seed).spawn(1)

    def outcomes(
        self, data: PairedData, codes: dict[Key, list[Array]], epochs: dict[Key, list[int]]
    ) -> dict[Key, Outcome]:
        """Scores of the raw modalities, alone and side by side, and of every code."""
        raw: dict[Key, list[Array]] = {
            ("raw", "x"): [data.x],
            ("raw", "y"): [data.y],
            ("raw", "both"): [np.hstack([data.x, data.y])],
        }
        return {
            key: self.outcome(of, float(np.mean(epochs.get(key, [0]))))
            for key, of in {**raw, **codes}.items()
        }

    def outcome(self, codes: list[Array], epochs: float) -> Outcome:
        """Scores of one representation, a code for each seed."""
        return self.outcome_of(np.array([self._score(code) for code in codes]), epochs)

    def outcome_of(self, values: Array, epochs: float) -> Outcome:
        """An outcome of scores, whose draws allow for what the test rows are too few to show.

        A single row on which two codes disagree would else count as clear harm, since a Bayesian
        bootstrap never leaves a row out.

        Parameters
        ----------
        values : ndarray of shape (n_seeds, 1 + n_draws)
            Of :meth:`scored`.
        epochs : float
        """
        n_draws = values.shape[1] - 1
        unseen = [disagreement(target, n_draws, self._unseen) for _, target, *_ in self.tasks]
        draws = values[:, 1:].mean(axis=0) + np.mean(unseen, axis=0)
        return Outcome(values[:, 0], draws, epochs)

    def _score(self, code: Array) -> Array:
        def predicted(task: Task, learn: Ints, test: Ints) -> Array:
            rng = np.random.default_rng(self.seed)
            groups = None if self.data_groups is None else self.data_groups[learn]
            return probe(code[learn], task, code[test], rng=rng, groups=groups)

        return self.scored(predicted)

    def scored(self, predict: Callable[[Task, Ints, Ints], Array]) -> Array:
        """Score of predictions of the test rows, and its draws; mean over label columns.

        Parameters
        ----------
        predict : callable
            Given a column's task, the rows it was learnt from and the rows to predict; gives
            labels of shape (rows to predict, q).

        Returns
        -------
        ndarray of shape (1 + n_draws,)
        """
        parts = []
        for task, target, at_learn, at_test in self.tasks:
            predicted = predict(task, self.split.learn[at_learn], self.split.test[at_test])
            mean = task.targets.mean(axis=0)
            loss, reference = losses(target, predicted), (target.targets - mean) ** 2
            even = np.ones((1, len(at_test)))
            mine = self.weights.take(at_test)
            found = [scores(target, loss, of, reference) for of in (even, mine)]
            parts.append(np.concatenate(found))
        return np.asarray(np.mean(parts, axis=0))


def foretold_gain(
    diagnosis: Diagnosis,
    representation: str,
    view: View,
    kind: Literal["linear", "lifted"] = "lifted",
) -> float | None:
    """A code's foretold score over that of the raw modality, linearly probed as here.

    Parameters
    ----------
    diagnosis : Diagnosis
    representation : str
        As in the outlook, e.g. ``"align"``.
    view : {"x", "y", "both"}
    kind : {"linear", "lifted"}, default "lifted"
        The lifted code stands for a trained one.

    Returns
    -------
    float or None
        None where the outlook does not know the code.
    """
    found = {(row.representation, row.kind, row.view): row.score for row in diagnosis.outlook}
    code, raw = found.get((representation, kind, view)), found.get(("raw", "linear", view))
    return None if code is None or raw is None else code - raw


def verdict_on(
    deploy: View,
    outcomes: Mapping[Key, Outcome],
    *,
    recommended: str,
    confidence: float,
    level: float,
) -> ValidationVerdict:
    """What following one recommendation gives beside what was best.

    Parameters
    ----------
    deploy : {"x", "y", "both"}
    outcomes : mapping of (representation, view) to Outcome
    recommended : str
        An objective; one that was not trained is followed as staying without cross-modal
        training.
    confidence, level : float
        Of the recommendation, and of the intervals.

    Returns
    -------
    ValidationVerdict
    """
    options = {
        name: outcomes[representation, view]
        for name, representation, view in choices(deploy)
        if (representation, view) in outcomes
    }
    score = {name: float(outcome.by_seed.mean()) for name, outcome in options.items()}
    staying = max((n for n in options if not is_cross_modal(n)), key=lambda name: score[name])
    followed = recommended if recommended in options else staying
    best = max(score, key=lambda name: score[name])
    regret = score[best] - score[followed]
    difference = interval(options[best].draws - options[followed].draws, level)
    harmed = tuple(
        name
        for name in options
        if is_cross_modal(name)
        and interval(options[name].draws - options[staying].draws, level).upper < 0
    )
    by_seed = np.stack(np.broadcast_arrays(*(options[n].by_seed for n in options)))
    names = list(options)
    known = [outcomes[name, deploy] for name in ALONE if (name, deploy) in outcomes]
    alone = max(known, key=lambda outcome: float(outcome.by_seed.mean()), default=None)
    crossed = max(filter(is_cross_modal, names), key=lambda name: score[name], default=None)
    beyond = None
    if alone is not None and crossed is not None:
        beyond = score[crossed] - float(alone.by_seed.mean())
        beyond_interval = interval(options[crossed].draws - alone.draws, level)
    return ValidationVerdict(
        deploy=deploy,
        recommended=recommended,
        confidence=confidence,
        best=best,
        recommended_score=score[followed],
        best_score=score[best],
        regret=max(regret, 0.0),
        within_noise=best == followed or regret <= MARGIN or difference.lower <= 0,
        harmed=harmed,
        regret_by_seed=tuple(
            float(v) for v in by_seed.max(axis=0) - by_seed[names.index(followed)]
        ),
        beyond_unimodal=beyond,
        beyond_interval=None if beyond is None else beyond_interval,
    )
