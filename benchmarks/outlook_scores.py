"""Codes of rows that took no part in fitting them, and what a probe of few labels makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossphase.config import Settings
from crossphase.data import LabelColumn
from crossphase.outlook.intervals import losses, scores
from crossphase.outlook.plan import TURNS, Plan, make_plan
from crossphase.outlook.probe import Task, fit_predict
from crossphase.outlook.representations import CODES, RAW, build

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Key = tuple[str, str]
DIMS = (4, 8, 16, 32)
POOL_SHARE = 0.4


@dataclass(frozen=True)
class Rows:
    """How the rows of a dataset are used.

    Attributes
    ----------
    training : ndarray of int
        Rows that fit codes, without labels.
    pool : ndarray of int
        All others: probes are trained on some of them and scored on the rest.
    numbers : ndarray of int
        Classes of the pool's rows.
    """

    training: Ints
    pool: Ints
    numbers: Ints

    @classmethod
    def of(cls, labels: NDArray[np.str_]) -> Rows:
        order = np.random.default_rng(1).permutation(len(labels))
        n_pool = int(POOL_SHARE * len(order))
        pool = np.sort(order[:n_pool])
        _, numbers = np.unique(labels[pool], return_inverse=True)
        return cls(np.sort(order[n_pool:]), pool, numbers)

    def draws(self, n_draws: int, labelled: int) -> list[Ints]:
        """Positions in the pool that are labelled, one array a draw."""
        size = min(labelled, len(self.training) // 3, len(self.pool) // 2)
        return [
            np.sort(np.random.default_rng([2, draw]).permutation(len(self.pool))[:size])
            for draw in range(n_draws)
        ]


def foretold_codes(
    x: Array, y: Array, rows: Rows, kind: str
) -> tuple[dict[Key, list[Array]], frozenset[Key]]:
    """The outlook's codes of the pool's rows, one version for each feature draw.

    Beside them the keys of codes that are probed with all their columns.
    """
    order = np.concatenate([rows.training, rows.pool])
    here = np.arange(len(rows.training), len(order))
    folds = np.full((1, len(order)), -1)
    folds[0, here] = np.arange(len(here)) % 2
    plan = Plan(here, folds, False, (), None, ())
    settings = Settings()
    lifted = kind == "lifted"
    versions: dict[Key, list[Array]] = {}
    for seed in range(TURNS if lifted else 1):
        made = build(
            x[order],
            y[order],
            plan,
            dim=max(DIMS),
            n_random=settings.lift_features if lifted else 0,
            ridge=settings.lift_ridge if lifted else None,
            rng=np.random.default_rng(seed),
            network_width=64 if lifted else None,
        )
        for key, code in {**made.raw, **made.codes[0, 0]}.items():
            versions.setdefault(key, []).append(code)
    return {key: versions[key] for key in RAW + CODES}, made.whole


def score_all(
    codes: Mapping[Key, Sequence[Array]],
    whole: frozenset[Key],
    numbers: Ints,
    draws: Sequence[Ints],
) -> dict[Key, list[tuple[float, float]]]:
    """Balanced accuracies by key: for each draw cross-validated, and on rows held out."""
    found: dict[Key, list[tuple[float, float]]] = {}
    for key, versions in codes.items():
        dims = _dims(key, versions[0].shape[1], key in whole)
        found[key] = [_score(versions, numbers, labelled, dims) for labelled in draws]
    return found


def _dims(key: Key, width: int, whole: bool) -> tuple[int, ...]:
    """Numbers of leading directions that the probe may choose."""
    if whole:
        return (width,)
    sides = 2 if key[1] == "both" else 1
    return tuple(sorted({min(d * sides, width) for d in DIMS}))


def _score(
    versions: Sequence[Array], numbers: Ints, labelled: Ints, dims: tuple[int, ...]
) -> tuple[float, float]:
    """Cross-validated on the labelled rows, and on all others.

    Folds take turns with the versions of a code, as in the outlook; outside, scores are averaged.
    """
    n_classes = int(numbers.max()) + 1
    column = LabelColumn("class", "classes", numbers, tuple(map(str, range(n_classes))))
    # Enough pairs beside the labelled rows for the plan the outlook would make.
    n_pairs = 10 * len(numbers)
    plan = make_plan(n_pairs, [column], labelled, None, 5, np.random.default_rng(0))
    ((task, kept),) = plan.tasks
    loss = np.zeros(task.targets.shape)
    for i, (repeat, fold) in enumerate(plan.splits()):
        inside = versions[i % len(versions)][labelled[kept]]
        outside = plan.folds[repeat][labelled[kept]] == fold
        train, test = np.flatnonzero(~outside), np.flatnonzero(outside)
        predictions, _ = fit_predict(inside[train], task.rows(train), inside[test], dims)
        loss[test] += losses(task.rows(test), predictions) / len(plan.folds)
    same = float(scores(task, loss, np.ones((1, len(kept))))[0])
    known = np.unique(numbers[labelled[kept]])
    others = np.setdiff1d(np.arange(len(numbers)), labelled)
    others = others[np.isin(numbers[others], known)]
    targets = np.searchsorted(known, numbers[others])[:, None].astype(float)
    target = Task("classes", targets, task.n_classes)
    rest = []
    for code in versions:
        predictions, _ = fit_predict(code[labelled[kept]], task, code[others], dims)
        rest.append(scores(target, losses(target, predictions), np.ones((1, len(others))))[0])
    return same, float(np.mean(rest))
