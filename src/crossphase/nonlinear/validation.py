"""Diagnose, train every objective, probe: did the verdict hold?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.config import Settings
from crossphase.data import LabelColumn, Labels, PairedData
from crossphase.diagnosis import diagnose
from crossphase.errors import InputError
from crossphase.nonlinear.config import Objective, TrainingConfig
from crossphase.nonlinear.outcomes import (
    ALONE,
    Key,
    Outcome,
    Probes,
    Split,
    foretold_gain,
    verdict_on,
)
from crossphase.nonlinear.plain import plain_features
from crossphase.nonlinear.references import both_sided, ceilings, spread_evenly
from crossphase.nonlinear.train import train
from crossphase.nonlinear.views import Kind
from crossphase.outlook.folds import assign_folds
from crossphase.outlook.intervals import interval
from crossphase.results import Diagnosis
from crossphase.results.outlook import View
from crossphase.results.validation import TrainedRow, Validation

__all__ = ["OBJECTIVES", "SELF_ALIGNED", "train_objectives", "validate"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Progress = Callable[[str, float], None]

OBJECTIVES: tuple[Objective, ...] = (
    "align",
    "predict x->y",
    "predict y->x",
    "joint",
    "autoencode x",
    "autoencode y",
)

SELF_ALIGNED: tuple[Objective, ...] = ("self-align x", "self-align y")
"""Further references: each modality alone, two noisy copies of it aligned."""

_TEST_FOLDS, _FOLDS = 2, 5
_LEAST_TEST = 20


def validate(
    data: PairedData,
    *,
    config: TrainingConfig | None = None,
    settings: Settings | None = None,
    objectives: tuple[Objective, ...] = OBJECTIVES,
    n_seeds: int = 3,
    n_learn: int | None = None,
    views: tuple[NDArray[Any], NDArray[Any]] | None = None,
    kinds: tuple[Kind, Kind] = ("vectors", "vectors"),
    supervised: bool = False,
    on_codes: Callable[[dict[Key, list[Array]], PairedData, Split], None] | None = None,
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> tuple[Diagnosis, Validation]:
    """Diagnose from the labelled rows, train every objective, and compare.

    Two fifths of the labelled rows (whole groups, if there are any) are set aside as the test
    rows: neither the diagnosis nor any encoder nor any probe sees them. The diagnosis and the
    encoders use all other pairs, the probes the other labelled rows.

    Parameters
    ----------
    data : PairedData
        With labels.
    config : TrainingConfig or None, default None
        Of every run; its objective and seed are replaced.
    settings : Settings or None, default None
        Of the diagnosis; it needs the robust estimator and the outlook.
    objectives : tuple of str
        What to train.
    n_seeds : int, default 3
    n_learn : int or None, default None
        Let the diagnosis and the probes see this many labels at most, drawn at random; test rows
        keep theirs. None lets them see all.
    views : tuple of ndarray or None, default None
        What networks train on, row by row as `data`; None takes the features of `data`.
    kinds : tuple of {"vectors", "images", "tokens"}
        Of `views`. Images and tokens are diagnosed, and probed raw, by their principal
        components (see :func:`crossphase.nonlinear.plain.plain_features`), which take the place
        of the features of `data`.
    supervised : bool, default False
        Train supervised networks too, of x, of y and of both, on what probes learn from.
    on_codes : callable or None, default None
        Given the codes by (representation, view), raw ones included, the data and the split.
    folder : path or None, default None
        Keeps every run; a validation that was stopped goes on from there.
    progress : callable or None

    Returns
    -------
    diagnosis : Diagnosis
    validation : Validation

    Raises
    ------
    InputError
        Without labels, with fewer than 20 test rows, or without an outlook to compare with.
    """
    config, settings = config or TrainingConfig(), settings or Settings()
    if data.labels is None:
        raise InputError("validation compares with labels: give labels for some rows")
    if n_seeds < 1:
        raise InputError(f"n_seeds={n_seeds}: give 1 or more")
    if settings.estimator != "robust" or not settings.outlook:
        raise InputError("validation compares with the outlook: use the robust estimator with it")
    data = data.in_memory()
    rng = np.random.default_rng(settings.seed)
    split = _split(data, rng)
    seen = data
    if n_learn is not None:
        if n_learn < _LEAST_TEST:
            raise InputError(f"n_learn={n_learn}: give {_LEAST_TEST} or more")
        drawn = np.random.default_rng([settings.seed, 1]).permutation(split.learn)[:n_learn]
        split = replace(split, learn=np.sort(drawn))
        seen = _labelled_only(data, np.concatenate([split.learn, split.test]))
    report = progress or (lambda stage, fraction: None)
    report("diagnosing", 0.0)
    x, y = views or (data.x, data.y)
    features = {
        name: plain_features(values, kind, split.train, name=name)
        for name, values, kind in (("x", x, kinds[0]), ("y", y, kinds[1]))
        if kind != "vectors"
    }
    seen = replace(seen, **features)  # type: ignore[arg-type]
    diagnosis = diagnose(seen.take(np.sort(split.train)), settings=settings)
    probes = Probes(seen, split, settings, rng)
    codes, epochs = train_objectives(
        x,
        y,
        split.train,
        config=config,
        objectives=objectives,
        n_seeds=n_seeds,
        kinds=kinds,
        folder=folder,
        progress=report,
    )
    further, further_epochs = both_sided(codes, epochs)
    codes, epochs = codes | further, epochs | further_epochs
    if on_codes is not None:
        on_codes({("raw", "x"): [seen.x], ("raw", "y"): [seen.y], **codes}, seen, split)
    report("probing", 1.0)
    outcomes = probes.outcomes(seen, codes, epochs)
    if supervised:
        outcomes |= ceilings(
            x,
            y,
            probes,
            config=config,
            n_seeds=n_seeds,
            kinds=kinds,
            folder=folder,
            progress=report,
        )
    even = {key: spread_evenly(of, split.test) for key, of in codes.items()}
    rows = _rows(outcomes, diagnosis, probes.metric, settings.level, even)
    deploys: tuple[View, ...] = ("x", "y", "both")
    return diagnosis, Validation(
        regime=str(diagnosis.regime),
        probabilities=dict(diagnosis.probabilities),
        rows=rows,
        verdicts=tuple(
            verdict_on(
                d,
                outcomes,
                recommended=diagnosis.recommendations[d].objective,
                confidence=diagnosis.recommendations[d].confidence,
                level=settings.level,
            )
            for d in deploys
        ),
        n_training=len(split.train),
        n_labelled=len(split.learn),
        n_test=len(split.test),
        seeds=tuple(range(n_seeds)),
        names=(data.x_name, data.y_name),
    )


def train_objectives(
    x: Array,
    y: Array,
    rows: Ints,
    *,
    config: TrainingConfig,
    objectives: tuple[Objective, ...] = OBJECTIVES,
    n_seeds: int = 1,
    kinds: tuple[Kind, Kind] = ("vectors", "vectors"),
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> tuple[dict[Key, list[Array]], dict[Key, list[int]]]:
    """Train every objective on some rows, and give the codes of all rows.

    Parameters
    ----------
    x, y : ndarray of shape (n, ...)
    rows : ndarray of int
        That encoders may see.
    config : TrainingConfig
        Its objective is replaced, its seed counted up.
    objectives : tuple of str
    n_seeds : int, default 1
    kinds : tuple of {"vectors", "images", "tokens"}
        Of x and of y.
    folder : path or None, default None
        Keeps every run.
    progress : callable or None

    Returns
    -------
    codes : dict of (representation, view) to list of ndarray
        One a seed.
    epochs : dict of (representation, view) to list of int
        Of the weights kept.
    """
    report = progress or (lambda stage, fraction: None)
    runs = [(objective, seed) for objective in objectives for seed in range(n_seeds)]
    codes: dict[Key, list[Array]] = {}
    epochs: dict[Key, list[int]] = {}
    for i, (objective, seed) in enumerate(runs):
        place = None
        if folder is not None:
            place = Path(folder) / f"{objective.replace(' ', '-').replace('->', '-to-')}-{seed}"

        def step(stage: str, fraction: float, done: int = i, run: int = seed) -> None:
            report(f"{stage} (seed {run})", (done + fraction) / len(runs))

        made = train(
            x,
            y,
            replace(config, objective=objective, seed=config.seed + seed),
            rows=rows,
            folder=place,
            progress=step,
            x_kind=kinds[0],
            y_kind=kinds[1],
        )
        values = {"x": x, "y": y}
        found = {view: made.encode(view, values[view]) for view in made.views}
        for key, code in _views(objective, found).items():
            codes.setdefault(key, []).append(code)
            epochs.setdefault(key, []).append(made.trained.best_epoch)
    return codes, epochs


def _views(objective: str, found: dict[str, Array]) -> dict[Key, Array]:
    """The representations that one trained network gives."""
    alone = next((name for name in ALONE if objective.startswith(name)), None)
    name = alone or objective
    keyed: dict[Key, Array] = {}
    for view, code in found.items():
        keyed[name, "x" if view == "x" else "y"] = code
    if len(found) == 2:
        keyed[name, "both"] = np.hstack([found["x"], found["y"]])
    return keyed


def _labelled_only(data: PairedData, rows: Ints) -> PairedData:
    """The same pairs with the labels of some rows alone."""
    assert data.labels is not None
    hidden = np.ones(data.n, dtype=bool)
    hidden[rows] = False
    columns = []
    for column in data.labels.columns:
        values = column.values.copy()
        values[hidden] = np.nan if column.kind == "continuous" else -1
        columns.append(LabelColumn(column.name, column.kind, values, column.classes))
    return replace(data, labels=Labels(tuple(columns)))


def _split(data: PairedData, rng: np.random.Generator) -> Split:
    assert data.labels is not None
    labelled = data.labelled_rows
    column = next((c for c in data.labels.columns if c.kind == "classes"), None)
    groups = None if data.groups is None else data.groups[labelled]
    classes = None if column is None else column.values[labelled].astype(np.intp)
    folds = assign_folds(len(labelled), _FOLDS, rng, classes=classes, groups=groups)
    held_out = folds < _TEST_FOLDS
    test, learn = labelled[held_out], labelled[~held_out]
    if len(test) < _LEAST_TEST or len(learn) < _LEAST_TEST:
        raise InputError(
            f"{len(labelled)} labelled rows leave {len(test)} to test on and {len(learn)} to learn "
            f"from: label at least {_LEAST_TEST * _FOLDS // _TEST_FOLDS} rows"
            + (" in several groups" if groups is not None else "")
        )
    outside = np.ones(data.n, dtype=bool)
    outside[test] = False
    if data.groups is not None:
        outside &= ~np.isin(data.groups, data.groups[test])
    return Split(learn, test, np.flatnonzero(outside))


def _rows(
    outcomes: dict[Key, Outcome],
    diagnosis: Diagnosis,
    metric: str,
    level: float,
    isotropy: dict[Key, float | None],
) -> tuple[TrainedRow, ...]:
    rows = []
    for (representation, view), outcome in outcomes.items():
        raw = outcomes["raw", view]
        rows.append(
            TrainedRow(
                representation=representation,
                view=view,
                metric="r2" if metric == "r2" else "balanced accuracy",
                score=float(outcome.by_seed.mean()),
                by_seed=tuple(float(v) for v in outcome.by_seed),
                interval=interval(np.minimum(outcome.draws, 1.0), level),
                gain=float(outcome.by_seed.mean() - raw.by_seed.mean()),
                gain_interval=interval(outcome.draws - raw.draws, level),
                foretold_gain=foretold_gain(diagnosis, representation, view),
                epochs=outcome.epochs,
                isotropy=isotropy.get((representation, view)),
            )
        )
    return tuple(rows)
