"""Which rows fit codes, train probes and score them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from crossphase.data.labels import LabelColumn
from crossphase.errors import Finding
from crossphase.outlook.folds import assign_folds
from crossphase.outlook.probe import Task

__all__ = ["LEAST_MEMBERS", "MAX_LABELLED", "TURNS", "Plan", "make_plan"]

Ints = NDArray[np.intp]

MAX_LABELLED = 4000
"""Labelled rows that are probed; more are subsampled, since intervals are narrow by then."""

LEAST_MEMBERS = 3
"""Classes with fewer labelled rows are not scored."""

TURNS = 3
"""Sets of random features, and of unlabelled rows to score, that splits take turns with."""

# With this share of labels or less, codes are fitted once, on the unlabelled pairs alone.
_SPLIT_SHARE = 0.25
_MAX_REPEATS = 5
# Few labels are dealt to twice the folds, so that probes train on nearly all of them.
_FEW_LABELLED = 300
_SPLIT_PROBE_ROWS = 400
_REFIT_PROBE_ROWS = 300
# Unlabelled rows to score, and the same times their number of classes.
_SCORED_ROWS = 3000
_SCORED_ELEMENTS = 100_000


def _nothing() -> Ints:
    return np.empty(0, dtype=np.intp)


@dataclass(frozen=True, eq=False)
class Plan:
    """Rows, folds and tasks of an outlook.

    Attributes
    ----------
    labelled : ndarray of shape (n_labelled,)
        Rows that are probed.
    folds : ndarray of shape (n_repeats, n)
        Fold of each row; −1 for rows that are in every code fit.
    refit : bool
        True: codes are fitted anew without each fold. False: once a turn, on unlabelled rows.
    tasks : tuple of (Task, ndarray)
        Each with the positions in `labelled` it covers.
    groups : ndarray of shape (n_labelled,) or None
    findings : tuple of Finding
    scored : ndarray of int
        Unlabelled rows, ascending, that are coded and scored like labelled ones.
    turns : ndarray of int, of the length of `scored`
        Where codes are not fitted anew: the turn that does without a row, and scores it.
    scored_groups : ndarray of int or None
    """

    labelled: Ints
    folds: Ints
    refit: bool
    tasks: tuple[tuple[Task, Ints], ...]
    groups: Ints | None
    findings: tuple[Finding, ...]
    scored: Ints = field(default_factory=_nothing)
    turns: Ints = field(default_factory=_nothing)
    scored_groups: Ints | None = None

    def turn(self, split: tuple[int, int]) -> int:
        """Which set of random features a split takes."""
        splits = self.splits()
        return splits.index(split) % min(TURNS, len(splits))

    def scored_by(self, split: tuple[int, int]) -> Ints:
        """Positions in `scored` of the rows that no code of a split was fitted on."""
        if self.refit:
            repeat, fold = split
            return np.flatnonzero(self.folds[repeat][self.scored] == fold)
        return np.flatnonzero(self.turns == self.turn(split))

    def splits(self) -> list[tuple[int, int]]:
        """All (repeat, fold) pairs."""
        return [
            (repeat, fold)
            for repeat, folds in enumerate(self.folds)
            for fold in range(int(folds.max()) + 1)
        ]


def make_plan(
    n: int,
    label_columns: Sequence[LabelColumn],
    labelled: Ints,
    groups: Ints | None,
    n_folds: int,
    rng: np.random.Generator,
    *,
    score_unlabelled: bool = True,
) -> Plan:
    """Choose rows and folds.

    Where at most a quarter of the rows are labelled, and without groups, no labelled row takes
    part in fitting the codes: only the probe is cross-validated, and codes are fitted once a turn,
    without the unlabelled rows that this turn scores. Otherwise the codes are fitted anew without
    each fold, and so without the unlabelled rows dealt to it. A fold is dealt by class, or by
    whole groups; a held-out group's unlabelled rows are then held out too.

    Parameters
    ----------
    n : int
        Number of pairs.
    label_columns : sequence of LabelColumn
        Of all rows.
    labelled : ndarray of int
        Rows with every label.
    groups : ndarray of shape (n,) or None
    n_folds : int
    rng : Generator
    score_unlabelled : bool, default True
        False where unlabelled rows differ from labelled ones.

    Returns
    -------
    Plan
    """
    findings: list[Finding] = []
    if len(labelled) > MAX_LABELLED:
        findings.append(
            Finding(
                "outlook-labels-subsampled",
                "info",
                f"{len(labelled):,} rows are labelled; the outlook probes {MAX_LABELLED:,} of them",
                "held-out scores of probes trained on all of them would be a little higher",
            )
        )
        labelled = np.sort(rng.choice(labelled, MAX_LABELLED, replace=False))
    tasks = _tasks(label_columns, labelled, findings)
    refit = groups is not None or len(labelled) > _SPLIT_SHARE * n
    if not refit and len(labelled) <= _FEW_LABELLED:
        n_folds *= 2
    budget = _REFIT_PROBE_ROWS if refit else _SPLIT_PROBE_ROWS
    n_repeats = int(np.clip(budget // max(len(labelled), 1), 1, _MAX_REPEATS))
    classes = next(
        (c.values[labelled].astype(np.intp) for c in label_columns if c.kind == "classes"), None
    )
    folds = np.full((n_repeats, n), -1, dtype=np.intp)
    for row in folds:
        if groups is None:
            row[labelled] = assign_folds(len(labelled), n_folds, rng, classes=classes)
        else:
            # Folds are balanced over labelled rows; groups without any are never held out.
            dealt = assign_folds(len(labelled), n_folds, rng, groups=groups[labelled])
            for group, fold in dict(zip(groups[labelled], dealt, strict=True)).items():
                row[groups == group] = fold
    tasks = _in_several_folds(tasks, folds[:, labelled], findings)
    unlabelled = np.setdiff1d(np.arange(n), labelled)
    most = min([_SCORED_ROWS, *(_SCORED_ELEMENTS // max(t.n_classes, 1) for t, _ in tasks)])
    # Unlabelled rows of a group without labels have no fold: they are in every code fit.
    if not score_unlabelled:
        most = 0
    free = unlabelled if groups is None else unlabelled[folds[0][unlabelled] >= 0]
    scored = free if len(free) <= most else np.sort(rng.choice(free, most, replace=False))
    if refit and groups is None:
        for row in folds:
            row[scored] = assign_folds(len(scored), int(row.max()) + 1, rng)
    return Plan(
        labelled,
        folds,
        refit,
        tasks,
        None if groups is None else groups[labelled],
        tuple(findings),
        scored.astype(np.intp),
        assign_folds(len(scored), min(TURNS, n_repeats * (int(folds.max()) + 1)), rng),
        None if groups is None else groups[scored],
    )


def _in_several_folds(
    tasks: tuple[tuple[Task, Ints], ...], folds: Ints, findings: list[Finding]
) -> tuple[tuple[Task, Ints], ...]:
    """Tasks whose rows are in two folds at least, each time folds are dealt."""
    kept = tuple(
        (task, at) for task, at in tasks if all(len(np.unique(row[at])) > 1 for row in folds)
    )
    if len(kept) < len(tasks) and int(folds.max()) > 0:
        findings.append(
            Finding(
                "outlook-label-in-few-groups",
                "warning",
                "The labelled rows of a label's classes are in groups that are held out together.",
                "A probe would have nothing to learn from: this label has no outlook.",
                "Label rows of other groups.",
            )
        )
    return kept


def _tasks(
    label_columns: Sequence[LabelColumn], labelled: Ints, findings: list[Finding]
) -> tuple[tuple[Task, Ints], ...]:
    tasks: list[tuple[Task, Ints]] = []
    everyone = np.arange(len(labelled))
    continuous = [c.values[labelled] for c in label_columns if c.kind == "continuous"]
    if continuous:
        tasks.append((Task("continuous", np.column_stack(continuous).astype(np.float64)), everyone))
    for column in label_columns:
        if column.kind != "classes":
            continue
        codes = column.values[labelled].astype(np.intp)
        size = np.bincount(codes, minlength=len(column.classes))
        keep = size[codes] >= LEAST_MEMBERS
        dropped = int(((size > 0) & (size < LEAST_MEMBERS)).sum())
        if dropped:
            findings.append(
                Finding(
                    "outlook-rare-classes",
                    "warning",
                    f"{dropped} of {int((size > 0).sum())} classes of {column.name!r} have fewer "
                    f"than {LEAST_MEMBERS} labelled rows.",
                    "So few rows cannot be both learned and tested: these classes are left out of "
                    "the outlook's scores.",
                    "Label more rows of the rare classes, or merge them.",
                )
            )
        present, numbers = np.unique(codes[keep], return_inverse=True)
        if len(present) > 1:
            task = Task("classes", numbers[:, None].astype(np.float64), len(present))
            tasks.append((task, everyone[keep]))
    return tuple(tasks)
