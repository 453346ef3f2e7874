"""One pair of views: diagnosed from few labels, every objective trained, all options scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crossphase import datasets
from crossphase.config import Settings
from crossphase.data import PairedData
from crossphase.datasets import Modalities
from crossphase.diagnosis import diagnose
from crossphase.diagnosis.options import choices, is_cross_modal, prefers_lifted
from crossphase.errors import InputError
from crossphase.experiments.scoreboard.judge import judge
from crossphase.experiments.scoreboard.problems import PairProblem, ScoreboardScale
from crossphase.nonlinear.config import Objective, TrainingConfig
from crossphase.outlook.lift import FeatureMap
from crossphase.results import Diagnosis
from crossphase.results.outlook import View
from crossphase.theory import Regime

if TYPE_CHECKING:
    from crossphase.nonlinear.outcomes import Outcome

__all__ = [
    "DEPLOYS",
    "OPTIONS",
    "REGIMES",
    "TRAINED",
    "configured",
    "measure",
    "split_rows",
    "with_labels",
]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

DEPLOYS: tuple[View, ...] = ("x", "y", "both")
"""Numbers of situations in tables count along it, those of options and regimes along these."""
OPTIONS = (
    "unimodal x",
    "unimodal y",
    "concatenate",
    "align",
    "predict x->y",
    "predict y->x",
    "autoencode",
)
REGIMES = tuple(Regime)
TRAINED: tuple[Objective, ...] = (
    "align",
    "predict x->y",
    "predict y->x",
    "autoencode x",
    "autoencode y",
)

_TEST_SHARE = 0.4
_LEAST_ROWS = 12
_BATCH = 128
_FARTHEST = 10.0


def configured(scale: ScoreboardScale, n_train: int, seed: int) -> TrainingConfig:
    """How encoders are trained.

    Parameters
    ----------
    scale : ScoreboardScale
    n_train : int
        Rows that train them.
    seed : int
        Of the split.
    """
    return TrainingConfig(
        epochs=scale.epochs,
        batch_size=max(4, min(_BATCH, n_train // 4)),
        accelerator="cpu",
        seed=seed % 2**20,
    )


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of one label: probes learn from `learn` and are scored on `test`."""

    learn: Ints
    test: Ints


def split_rows(
    data: Modalities, labels: int, rng: np.random.Generator
) -> tuple[Ints, dict[str, _Rows]]:
    """Rows that train encoders, and those of every label.

    Two fifths of all rows are test rows, the same for every pair of a set. Of the others, the
    encoders and the diagnosis see all, labelled ones among them at most `labels`.

    Parameters
    ----------
    data : Modalities
    labels : int
    rng : numpy.random.Generator

    Returns
    -------
    train : ndarray of int
    by_label : dict of str to _Rows
        Without labels of which too few rows are left.
    """
    order = rng.permutation(data.n)
    n_test = round(_TEST_SHARE * data.n)
    test, train = np.sort(order[:n_test]), np.sort(order[n_test:])
    seed = int(rng.integers(2**31))
    found = {}
    for name, label in data.labels.items():
        there = label.labelled
        held, known = test[there[test]], train[there[train]]
        if min(len(held), len(known)) < _LEAST_ROWS:
            continue
        drawn = np.random.default_rng(seed).permutation(known)[:labels]
        found[name] = _Rows(np.sort(drawn), held)
    return train, found


def measure(
    problem: PairProblem,
    folder: str | None,
    scale: ScoreboardScale,
    rng: np.random.Generator,
    piece: int = 0,
) -> Mapping[str, Array]:
    """Diagnose, train and score one pair with one split.

    Parameters
    ----------
    problem : PairProblem
    folder : str or None
        Of fetched data.
    scale : ScoreboardScale
    rng : numpy.random.Generator
    piece : int, default 0
        Not used; a pair is one piece.

    Returns
    -------
    dict of str to ndarray
        One row a label, situation and option. `label`, `deploy`, `option`: positions in the
        problem's labels, DEPLOYS and OPTIONS. `score`: of test rows, by the preferred probe; an
        option without training takes the features as they are or lifted, as the diagnosis prefers.
        `validated`: of the learning rows, by cross-validation of that probe. `tied`: whether the
        option is best, or within a point of it or within noise. `harms`: whether the whole interval
        of the difference from the best option without cross-modal training is below zero. `raw`:
        the score of the same view as it is. `score_usual`, `tied_usual`, `harms_usual`,
        `raw_usual`: the same by the usual probe whatever the code. `recommended`, `confidence`: of
        the diagnosis. `published`: whether the published estimator's regime asks for it. `linear`,
        `lifted`: foretold gains over `raw`. `foretold_harm`: whether the outlook's interval of the
        gain lies below zero. `regime`, `published_regime`: positions in REGIMES. `n_train`,
        `n_learn`, `n_test`: rows.
    """
    from crossphase.nonlinear.validation import train_objectives

    data = datasets.load(problem.dataset, folder=folder)
    if scale.rows and data.n > scale.rows:
        data = data.take(np.sort(rng.permutation(data.n)[: scale.rows]))
    train, by_label = split_rows(data, scale.labels, rng)
    seed = int(rng.integers(2**31))
    x, y = data.views[problem.x], data.views[problem.y]
    config = configured(scale, len(train), seed)
    trained, _ = train_objectives(x, y, train, config=config, objectives=TRAINED)
    codes = {key: runs[0] for key, runs in trained.items()}
    found: list[dict[str, float]] = []
    for number, label in enumerate(problem.labels):
        if label in by_label:
            rows = _one_label(problem, data, label, train, by_label[label], codes, seed)
            found += [{"label": number, **row} for row in rows]
    if not found:
        raise InputError(f"{problem.name} has too few labelled rows: leave the set out")
    return {name: np.array([row[name] for row in found], dtype=np.float64) for name in found[0]}


def _one_label(
    problem: PairProblem,
    data: Modalities,
    label: str,
    train: Ints,
    rows: _Rows,
    codes: Mapping[Any, Array],
    seed: int,
) -> list[dict[str, float]]:
    from crossphase.nonlinear.outcomes import Probes, Split, foretold_gain, verdict_on

    # Labels of the rows that diagnosis and probes may see, and of the test rows; of no others.
    pairs = with_labels(problem, data, label, np.concatenate([rows.learn, rows.test]))
    seen = with_labels(problem, data.take(train), label, np.searchsorted(train, rows.learn))
    settings = Settings(stability=False, seed=seed % 2**31)
    diagnosis = diagnose(seen, settings=settings)
    published = diagnose(seen, estimator="published", seed=seed)
    probes = Probes(
        pairs, Split(rows.learn, rows.test, train), settings, np.random.default_rng(seed)
    )
    plain = judge(
        probes,
        {
            ("raw", "x"): pairs.x,
            ("raw", "y"): pairs.y,
            ("raw", "both"): np.hstack([pairs.x, pairs.y]),
            **codes,
        },
    )
    lifted = _lifted(pairs, train, settings)
    wanted = {("raw", view): lifted[view] for view in DEPLOYS if _lifts(diagnosis, view)}
    judged = plain.replaced(judge(probes, wanted))
    about = {
        "regime": REGIMES.index(diagnosis.regime),
        "published_regime": REGIMES.index(published.regime),
        "n_train": len(train),
        "n_learn": len(rows.learn),
        "n_test": len(rows.test),
    }
    found = []
    for deploy in DEPLOYS:
        advice = diagnosis.recommendations[deploy]
        asked = _published_choice(published, deploy)
        options = list(choices(deploy))
        if deploy != "both":
            options.append(("autoencode", "autoencode", deploy))
        for option, representation, view in options:
            verdict, usual = (
                verdict_on(
                    deploy,
                    outcomes,
                    recommended=option,
                    confidence=advice.confidence,
                    level=settings.level,
                )
                for outcomes in (judged.preferred, judged.usual)
            )
            gains = [
                foretold_gain(diagnosis, representation, view, kind)
                for kind in ("linear", "lifted")
            ]
            found.append(
                {
                    "deploy": DEPLOYS.index(deploy),
                    "option": OPTIONS.index(option),
                    "score": _score(judged.preferred[representation, view]),
                    "validated": judged.validated[representation, view],
                    "tied": verdict.within_noise if option != "autoencode" else np.nan,
                    "harms": option in verdict.harmed,
                    "raw": _score(plain.preferred["raw", view]),
                    "score_usual": _score(judged.usual[representation, view]),
                    "tied_usual": usual.within_noise if option != "autoencode" else np.nan,
                    "harms_usual": option in usual.harmed,
                    "raw_usual": _score(plain.usual["raw", view]),
                    "recommended": option == _followed(advice.objective, deploy),
                    "confidence": advice.confidence,
                    "published": option == asked,
                    "linear": np.nan if gains[0] is None else gains[0],
                    "lifted": np.nan if gains[1] is None else gains[1],
                    "foretold_harm": is_cross_modal(option)
                    and _harm_foretold(diagnosis, representation, view),
                    **about,
                }
            )
    return found


def _lifted(pairs: PairedData, train: Ints, settings: Settings) -> dict[View, Array]:
    """Both views beside random features of them: what one modality gives to a nonlinear probe."""
    rng = np.random.default_rng(settings.seed)
    found = {}
    for view, values in (("x", pairs.x), ("y", pairs.y)):
        chosen = FeatureMap.fit(values[train], n_random=settings.lift_features, rng=rng)
        found[view] = np.clip(chosen(values), -_FARTHEST, _FARTHEST)
    return {"x": found["x"], "y": found["y"], "both": np.hstack([found["x"], found["y"]])}


def _lifts(diagnosis: Diagnosis, view: View) -> bool:
    """Whether the diagnosis has random features beside those of a view."""
    rows = {
        row.kind: row
        for row in diagnosis.outlook
        if (row.representation, row.view) == ("raw", view)
    }
    linear = rows["linear"]
    return prefers_lifted(linear.score, linear.interval, rows["lifted"].score)


def _score(outcome: Outcome) -> float:
    return float(outcome.by_seed.mean())


def with_labels(problem: PairProblem, data: Modalities, label: str, rows: Ints) -> PairedData:
    """The pair with the labels of some rows.

    Parameters
    ----------
    problem : PairProblem
    data : Modalities
    label : str
    rows : ndarray of int
    """
    about = data.labels[label]
    return PairedData.from_arrays(
        data.views[problem.x],
        data.views[problem.y],
        {label: about.values[rows]},
        labelled=rows,
        groups=data.groups,
        names=(problem.x, problem.y),
        label_kind={label: about.kind},
    )


def _followed(objective: str, deploy: View) -> str:
    """What is done on an advice; without one that can be followed, nothing is trained."""
    staying = {"x": "unimodal x", "y": "unimodal y", "both": "concatenate"}[deploy]
    return objective if any(objective == name for name, _, _ in choices(deploy)) else staying


def _published_choice(published: Diagnosis, deploy: View) -> str:
    """What the published regime asks for: with both objectives above 1, the larger ratio."""
    staying = {"x": "unimodal x", "y": "unimodal y", "both": "concatenate"}[deploy]
    if deploy == "both":
        aligned = published.alignment.delta > 1
        return "align" if aligned else staying
    predict = {"x": "predict x->y", "y": "predict y->x"}[deploy]
    separation = {"x": published.prediction_xy, "y": published.prediction_yx}[deploy]
    ratios = {"align": published.alignment.delta, predict: separation.delta}
    best = max(ratios, key=lambda name: ratios[name])
    return best if ratios[best] > 1 else staying


def _harm_foretold(diagnosis: Diagnosis, representation: str, view: View) -> bool:
    """Whether the outlook's gain of the better code lies below zero, interval and all."""
    rows = [
        row for row in diagnosis.outlook if (row.representation, row.view) == (representation, view)
    ]
    return bool(rows) and max(rows, key=lambda row: row.score).harms
