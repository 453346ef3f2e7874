"""The outlook: every representation cross-fitted, probed and scored on held-out rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from crossphase.config import Settings
from crossphase.data.labels import LabelColumn
from crossphase.errors import Finding
from crossphase.moments import Moments
from crossphase.outlook.folds import assign_folds
from crossphase.outlook.held_out import ROWS, Kind, Probing, build_kinds
from crossphase.outlook.intervals import BootstrapWeights, disagreement, interval
from crossphase.outlook.plan import LEAST_MEMBERS, Plan, make_plan
from crossphase.outlook.prediction_powered import powered_scores
from crossphase.outlook.representations import Key
from crossphase.outlook.sampling import UNLIKELY, sampling_p_value
from crossphase.results.outlook import OutlookRow

__all__ = ["MIN_LABELLED", "Outlook", "compute_outlook"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Metric = Literal["r2", "balanced accuracy"]

MIN_LABELLED = 10
"""Fewer labelled rows cannot be split into rows that train and rows that score a probe."""

_METRIC: dict[str, Metric] = {"continuous": "r2", "classes": "balanced accuracy"}


@dataclass(frozen=True, eq=False)
class Outlook:
    """Held-out scores of every representation, with joint uncertainty.

    Attributes
    ----------
    rows : tuple of OutlookRow
        Linear first, baselines before codes. With labels of both kinds, one set of rows
        per metric.
    draws : ndarray of shape (n_rows, n_draws)
        Bootstrap draws of the scores; a column is one resample of labelled and unlabelled rows,
        the same for every representation, so differences of rows are paired.
    chance : ndarray of shape (n_rows,)
        Score without any knowledge: 0 for R², 1 / number of classes for balanced accuracy.
    n_labelled : int
        Labelled rows probed.
    findings : tuple of Finding
    """

    rows: tuple[OutlookRow, ...]
    draws: Array
    chance: Array
    n_labelled: int
    findings: tuple[Finding, ...] = ()


def compute_outlook(
    x: Array,
    y: Array,
    label_columns: Sequence[LabelColumn],
    *,
    labelled: Ints,
    groups: Ints | None = None,
    settings: Settings,
    rng: np.random.Generator,
    moments: Moments | None = None,
    progress: Callable[[float], None] | None = None,
) -> Outlook:
    """Foretell what each objective's codes are worth, before anything is trained.

    Codes of alignment and of prediction in both directions are fitted in closed form, on
    standardised features (linear) and on these beside random Fourier features (lifted). A
    probe for the labels is trained on some labelled rows' codes and scored on others; no
    held-out row takes part in fitting its own codes or probe. Penalty and latent dimension
    are chosen inside the training rows.

    Parameters
    ----------
    x, y : ndarray of shape (n, dx), (n, dy)
        Paired rows, finite; all, or the labelled ones and a random sample of the others.
    label_columns : sequence of LabelColumn
        Of these n rows.
    labelled : ndarray of int
        Rows where every column is present.
    groups : ndarray of int of shape (n,) or None, default None
        Rows of one group are never on both sides of a split.
    settings : Settings
        `level`, `n_draws`, `n_folds`, `latent_dim`, `lift_features` and `lift_ridge` are used.
    rng : Generator
    moments : Moments or None, default None
        Of all rows, blocks ``"x"`` and ``"y"``: linear codes and scales then come from them.
    progress : callable or None, default None
        Told the share of the work that is done, after each representation.

    Returns
    -------
    Outlook
        Without rows, and with a finding that says why, if the labels are too few to be split.

    Examples
    --------
    >>> from crossphase.data import LabelColumn
    >>> rng = np.random.default_rng(0)
    >>> s = rng.normal(size=400)
    >>> x = np.outer(s, [1, 1, 1]) + rng.normal(size=(400, 3))
    >>> y = np.outer(s, [1, -1]) + rng.normal(size=(400, 2))
    >>> outlook = compute_outlook(
    ...     x, y, [LabelColumn("s", "continuous", s)],
    ...     labelled=np.arange(80), settings=Settings(lift_features=20), rng=rng)
    >>> best = max(outlook.rows, key=lambda row: row.score)
    >>> best.view, best.metric, 0.7 < best.score < 0.9
    ('both', 'r2', True)
    """
    p_value = sampling_p_value(x, y, labelled, rng.spawn(1)[0])
    plan = make_plan(
        len(x),
        label_columns,
        labelled,
        groups,
        settings.n_folds,
        rng,
        score_unlabelled=p_value >= UNLIKELY,
    )
    obstacle = _obstacle(plan)
    if obstacle is not None:
        nothing = np.empty((0, settings.n_draws))
        return Outlook((), nothing, np.empty(0), len(plan.labelled), (*plan.findings, obstacle))
    if plan.refit and moments is not None and moments.count == len(x):
        # Every code is fitted on rows of its own, and all of them are here.
        moments = None
    # Hundreds of small factorisations: threads that wait for each other cost far more than they
    # bring.
    with threadpool_limits(limits=1, user_api="blas"):
        by_metric = _scored(x, y, plan, settings, rng, moments, progress)
    rows: list[OutlookRow] = []
    all_draws: list[Array] = []
    for metric, scored in by_metric.items():
        for one in scored:
            rows.append(_row(one, scored, metric, settings.level))
            all_draws.append(one.draws)
    findings = plan.findings
    if p_value < UNLIKELY:
        findings = (*findings, _chosen_labels(p_value))
    by_classes = [1.0 / task.n_classes for task, _ in plan.tasks if task.kind == "classes"]
    chance = [0.0 if row.metric == "r2" else float(np.mean(by_classes)) for row in rows]
    return Outlook(tuple(rows), np.stack(all_draws), np.array(chance), len(plan.labelled), findings)


def _chosen_labels(p_value: float) -> Finding:
    shown = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
    return Finding(
        "outlook-labels-not-random",
        "info",
        f"labelled rows differ from the others ({shown}) by more than a random choice would",
        "the outlook scores labelled rows only, and speaks of rows like these",
        "label rows drawn at random if it is to speak of all",
    )


@dataclass(frozen=True, eq=False)
class _Scored:
    kind: Kind
    key: Key
    dim: int
    point: float
    draws: Array


def _scored(
    x: Array,
    y: Array,
    plan: Plan,
    settings: Settings,
    rng: np.random.Generator,
    moments: Moments | None,
    progress: Callable[[float], None] | None,
) -> dict[Metric, list[_Scored]]:
    """Every representation of both kinds, by metric."""
    kinds = build_kinds(x, y, plan, settings, rng, moments)
    groups = (
        None
        if plan.groups is None or plan.scored_groups is None
        else np.concatenate([plan.groups, plan.scored_groups])
    )
    n_rows = len(plan.labelled) + len(plan.scored)
    weights = [BootstrapWeights.of(n_rows, settings.n_draws, rng, groups) for _ in range(3)]
    # Group-wise choices inside the training rows share one set of inner folds.
    inner = (
        None
        if plan.groups is None
        else assign_folds(len(plan.labelled), settings.n_folds, rng, groups=plan.groups)
    )
    found: dict[Metric, list[tuple[Array, list[int], int]]] = {}
    for number, (task, at) in enumerate(plan.tasks):
        probing = Probing(kinds, plan, task, at, settings.latent_dim, inner)
        labels = probing.labels()
        held_out, dims = [], []
        for i, (kind, key) in enumerate(ROWS):
            if progress is not None:
                progress((number + i / len(ROWS)) / len(plan.tasks))
            one, dim = probing.held_out(kind, key, labels)
            held_out.append(one)
            dims.append(dim)
        rows = np.concatenate([at, np.arange(len(plan.labelled), n_rows)])
        values = powered_scores(
            task,
            held_out,
            [view for _, (_, view) in ROWS],
            labels,
            probing.reference(),
            [of.take(rows) for of in weights],
        )
        values[:, 1:] += np.stack([disagreement(task, settings.n_draws, rng) for _ in ROWS])
        found.setdefault(_METRIC[task.kind], []).append((values, dims, task.targets.shape[1]))
    by_metric: dict[Metric, list[_Scored]] = {}
    for metric, parts in found.items():
        shares = [columns for _, _, columns in parts]
        values = np.average([v for v, _, _ in parts], axis=0, weights=shares)
        chosen = np.median([d for _, d, _ in parts], axis=0)
        by_metric[metric] = [
            _Scored(kind, key, int(dim), float(of[0]), of[1:])
            for (kind, key), dim, of in zip(ROWS, chosen, values, strict=True)
        ]
    return by_metric


def _obstacle(plan: Plan) -> Finding | None:
    n = len(plan.labelled)
    n_folds = int(plan.folds.max()) + 1
    if n >= MIN_LABELLED and n_folds > 1 and plan.tasks:
        return None
    if n < MIN_LABELLED:
        seen, action = f"{n} rows are labelled", f"label at least {MIN_LABELLED} rows"
    elif n_folds < 2:
        seen, action = "all labelled rows are in one group", "label rows of other groups"
    elif any(finding.code == "outlook-label-in-few-groups" for finding in plan.findings):
        seen = "the labelled rows that can be scored are in groups that are held out together"
        action = "label rows of other groups"
    else:
        seen = f"fewer than two classes have {LEAST_MEMBERS} labelled rows or more"
        action = "label more rows of the rare classes, or merge them"
    return Finding(
        "no-outlook",
        "warning",
        f"{seen}: no outlook was computed",
        "the recommendation rests on the regime alone",
        action,
    )


def _row(one: _Scored, scored: Sequence[_Scored], metric: Metric, level: float) -> OutlookRow:
    representation, view = one.key
    lowest = -np.inf if metric == "r2" else 0.0
    baseline = next(s for s in scored if s.kind == one.kind and s.key == ("raw", view))
    return OutlookRow(
        representation=representation,
        kind=one.kind,
        view=view,
        dim=one.dim,
        metric=metric,
        score=one.point,
        interval=interval(np.clip(one.draws, lowest, 1.0), level),
        baseline=f"raw {view}",
        gain=one.point - baseline.point,
        gain_interval=interval(one.draws - baseline.draws, level),
    )
