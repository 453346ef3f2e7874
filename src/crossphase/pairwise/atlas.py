"""From several modalities to an atlas: every pair diagnosed on the same rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import joblib
import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.config import Settings
from crossphase.data import AlignChoice, KindChoice, MultimodalData, PairedData
from crossphase.data.keyed import is_annotated, keyed_views
from crossphase.datasets.modalities import Modalities
from crossphase.diagnosis.diagnose import RobustRun, run_robust
from crossphase.diagnosis.options import metric_of
from crossphase.errors import Finding, InputError
from crossphase.moments import Moments
from crossphase.outlook import Outlook
from crossphase.outlook.intervals import interval
from crossphase.pairwise.adding import Alone, alone, compare
from crossphase.results import Separation
from crossphase.results.atlas import Addition, Atlas, AtlasPair, How, ModalityRow, Ratio
from crossphase.results.outlook import MARGIN
from crossphase.results.separation import Interval

__all__ = ["atlas"]

Array = NDArray[np.float64]
Names = tuple[str, str]
#: Difference of log Δ that rounding makes.
_TIED = 1e-9

Progress = Callable[[str, float], None]

_HOWS: tuple[How, ...] = ("beside", "in training")
# The scatter of all modalities together takes 8 bytes times the square of this.
_WIDEST_JOINT = 6000


def atlas(
    views: Mapping[str, Any] | MultimodalData | Modalities,
    labels: Any = None,
    *,
    labelled: ArrayLike | None = None,
    ids: Mapping[str, ArrayLike] | None = None,
    ids_labels: ArrayLike | None = None,
    groups: Any = None,
    label_kind: KindChoice | Mapping[str, KindChoice] = "auto",
    align: AlignChoice = "auto",
    seed: int | None = None,
    settings: Settings | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Atlas:
    """Diagnose every pair of several modalities, and say which is worth adding to which.

    Parameters
    ----------
    views : mapping of str to array-like or data frame of shape (n, d)
        Two or more modalities of the same rows. Or, with labels and all, a MultimodalData or the
        Modalities of a dataset (all its labels; ``dataset.together(n_labelled=...)`` takes some).
    labels : array-like of shape (n,) or (n, q), series or frame
        What a later model should know; missing (NaN, None) where unknown.
    labelled : array-like of int or bool, optional
        The rows that `labels` belong to, when it holds those rows only.
    ids : mapping of str to array-like, optional
        Row IDs of every modality: rows are matched by them, and those that a modality lacks are
        left out of all.
    ids_labels : array-like, optional
        IDs of the label rows.
    groups : array-like of shape (n,), optional
        Blocks of dependent rows (donor, night); no block is split between fitting and scoring.
    label_kind, align
        See :meth:`crossphase.PairedData.from_arrays`.
    seed : int, default 0
        Seed of everything random. The order of the modalities and the number of workers change
        nothing.
    settings : Settings, optional
        All other settings; by default those of :func:`crossphase.diagnose` without the stability
        panel, which would take as long again. The estimator is the robust one.
    workers : int, default 1
        Processes that share the pairs.
    progress : callable, optional
        Called with a stage's name and the fraction done.

    Returns
    -------
    Atlas

    Raises
    ------
    InputError
        If the input cannot be used as it is.

    Notes
    -----
    Each pair, its names in alphabetical order, is diagnosed as ``diagnose(views[x], views[y])``
    with the same seed and settings would, on the rows that all modalities have; covariances of
    all modalities are computed in one pass. Rows that lie far outside in any modality are left
    out of all.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> s = rng.normal(size=(300, 2))
    >>> views = {
    ...     name: np.hstack([s[:, :k], rng.normal(size=(300, 3))]) + noise * rng.normal(size=(300, k + 3))
    ...     for name, k, noise in (("good", 2, 0.3), ("poor", 1, 1.0), ("none", 0, 1.0))
    ... }
    >>> found = atlas(views, s[:80, 1], labelled=range(80), settings=Settings(stability=False))
    >>> found.best.name, [a.added for a in found.worth_adding("poor")], found.worth_adding("good")
    ('good', ['good'], ())
    """  # noqa: E501
    settings = _settings(settings, seed)
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 1:
        raise InputError(f"workers={workers!r}: give a whole number, at least 1")
    data = _data(views, labels, labelled, ids, ids_labels, groups, label_kind, align)
    report = progress or _silent
    data = data.without_outlying()
    if data.labels is None or not data.n_labelled:
        raise InputError(
            "no labels: signal and nuisance cannot be told apart without a few labelled rows; "
            "give labels for some of the rows"
        )
    runs = _all_pairs(data, settings, workers, report)
    outlooks = {
        pair: run.outlook
        for pair, run in runs.items()
        if run.outlook is not None and run.outlook.rows
    }
    by_itself = alone(outlooks)
    modalities = _ranked(data, by_itself, settings.level)
    place = {row.name: i for i, row in enumerate(modalities)}
    additions: list[Addition] = []
    n_compared: dict[str, int] = {}
    for how in _HOWS if outlooks else ():
        found, n_compared[how] = compare(outlooks, how, settings.level)
        additions += sorted(found, key=lambda a: (place[a.at_hand], -a.gain, place[a.added]))
    first = next(iter(outlooks.values()), None)
    labels_ = data.labels.standardised()
    findings = _findings(data, first, runs)
    report("done", 1.0)
    return Atlas(
        modalities=modalities,
        pairs=_ordered(runs, additions, findings),
        additions=tuple(additions),
        n_compared=n_compared,
        metric="" if first is None else metric_of(first),
        chance=float("nan") if first is None else float(first.chance.mean()),
        n_rows=data.n,
        n_labelled=data.n_labelled,
        labels=tuple((column.name, column.kind) for column in labels_.columns),
        settings=settings,
        warnings=findings,
        versions=next(iter(runs.values())).diagnosis.versions,
    )


def _silent(stage: str, fraction: float) -> None:
    """Report to no one."""


def _settings(settings: Settings | None, seed: int | None) -> Settings:
    settings = Settings(stability=False) if settings is None else settings
    if not isinstance(settings, Settings):
        raise InputError(f"settings={settings!r}: give a crossphase.Settings")
    if settings.estimator != "robust":
        raise InputError(
            f"estimator={settings.estimator!r}: an atlas compares gains, which the robust "
            "estimator alone has; leave it out"
        )
    return settings if seed is None else replace(settings, seed=seed)


def _data(views: Any, labels: Any, *choices: Any) -> MultimodalData:
    labelled, ids, ids_labels, groups, label_kind, align = choices
    if isinstance(views, MultimodalData | Modalities):
        if any(given is not None for given in (labels, labelled, ids, ids_labels, groups)):
            raise InputError(
                f"{type(views).__name__} holds the labels, IDs and groups: give nothing else"
            )
        return views.together() if isinstance(views, Modalities) else views
    if is_annotated(views):
        named = keyed_views(views, labels, groups)
        return MultimodalData.from_arrays(**named, label_kind=label_kind, align=align)
    return MultimodalData.from_arrays(
        views,
        labels,
        labelled=labelled,
        ids=ids,
        ids_labels=ids_labels,
        groups=groups,
        label_kind=label_kind,
        align=align,
    )


def _all_pairs(
    data: MultimodalData, settings: Settings, workers: int, report: Progress
) -> dict[Names, RobustRun]:
    """The diagnosis of every pair, in the order of the names."""
    report("moments", 0.0)
    joint = _joint_moments(data)
    pairs = list(combinations(data.views, 2))
    # The longest first, so that no worker is left with it at the end.
    cost = {pair: data.views[pair[0]].shape[1] * data.views[pair[1]].shape[1] for pair in pairs}
    jobs = sorted(pairs, key=lambda pair: -cost[pair])
    pool = joblib.Parallel(n_jobs=min(workers, len(pairs)), return_as="generator_unordered")
    found = pool(
        joblib.delayed(_one_pair)(pair, data.pair(*pair), settings, _of_pair(joint, pair))
        for pair in jobs
    )
    runs: dict[Names, RobustRun] = {}
    report(f"pair 1 of {len(pairs)}", 0.02)
    for pair, run in found:
        runs[pair] = run
        now = min(len(runs) + 1, len(pairs))
        report(f"pair {now} of {len(pairs)}", 0.02 + 0.96 * len(runs) / len(pairs))
    return {pair: runs[pair] for pair in pairs}


def _one_pair(
    pair: Names, data: PairedData, settings: Settings, moments: Moments | None
) -> tuple[Names, RobustRun]:
    return pair, run_robust(data, settings, moments=moments)


def _joint_moments(data: MultimodalData) -> Moments | None:
    """Moments of all modalities from one pass over the rows; None if these would be too large."""
    if sum(view.shape[1] for view in data.views.values()) > _WIDEST_JOINT:
        return None
    # Names are the user's: they must not meet those of parameters.
    blocks: dict[str, Any] = {f"view {name}": view for name, view in data.views.items()}
    return Moments.from_arrays(**blocks)


def _of_pair(joint: Moments | None, pair: Names) -> Moments | None:
    if joint is None:
        return None
    part = joint.select(*(f"view {name}" for name in pair))
    return replace(part, sizes=dict(zip("xy", part.sizes.values(), strict=True)))


def _ranked(
    data: MultimodalData, by_itself: Mapping[str, Alone], level: float
) -> tuple[ModalityRow, ...]:
    """Single modalities, best first; without an outlook by name."""
    unknown = Interval(float("nan"), float("nan"), level)
    if not by_itself:
        return tuple(
            ModalityRow(name, view.shape[1], "linear", float("nan"), unknown, float("nan"))
            for name, view in data.views.items()
        )
    draws = np.stack([by_itself[name].draws for name in data.views])
    near_best = (draws.max(axis=0) - draws <= MARGIN).mean(axis=1)
    rows = [
        ModalityRow(
            name=name,
            n_features=view.shape[1],
            kind=by_itself[name].kind,
            score=by_itself[name].score,
            interval=interval(np.minimum(by_itself[name].draws, 1.0), level),
            best_probability=float(likely),
        )
        for (name, view), likely in zip(data.views.items(), near_best, strict=True)
    ]
    return tuple(sorted(rows, key=lambda row: (-row.score, row.name)))


def _ordered(
    runs: Mapping[Names, RobustRun], additions: Sequence[Addition], said: Sequence[Finding]
) -> tuple[AtlasPair, ...]:
    """Pairs, most to gain by training on both first; `said` are findings not to repeat."""
    gain: dict[frozenset[str], float] = {}
    for addition in additions:
        if addition.how == "in training":
            key = frozenset((addition.at_hand, addition.added))
            gain[key] = max(gain.get(key, -np.inf), addition.gain)
    pairs = [_short(pair, run, said) for pair, run in runs.items()]
    return tuple(sorted(pairs, key=lambda pair: -gain.get(frozenset((pair.x, pair.y)), 0.0)))


def _short(pair: Names, run: RobustRun, said: Sequence[Finding]) -> AtlasPair:
    d = run.diagnosis
    larger = d.log_delta_draws[:, 1] - d.log_delta_draws[:, 2]
    # Ties are ties whatever the rounding of moments that arrived together or apart.
    tied = np.abs(larger) < _TIED
    forward = float(((larger > 0) & ~tied).mean() + 0.5 * tied.mean())
    squared = np.clip(d.alignment.values, 0.0, 1.0) ** 2
    return AtlasPair(
        x=pair[0],
        y=pair[1],
        regime=d.regime,
        regime_yx=run.regime_yx,
        probabilities=d.probabilities,
        probabilities_yx=d.probabilities_yx,
        undetermined_reason=d.undetermined_reason,
        alignment=_ratio(d.alignment),
        prediction_xy=_ratio(d.prediction_xy),
        prediction_yx=_ratio(d.prediction_yx),
        direction="x->y" if forward >= 0.5 else "y->x",
        direction_probability=max(forward, 1.0 - forward),
        n_shared=len(d.alignment.values),
        n_signal=int(d.alignment.is_signal.sum()),
        likeness=float(squared.sum() / max(min(d.data.reduced), 1)),
        signal_p_value=d.signal_p_value,
        shared_label_fraction=d.shared_label_fraction,
        outlook=d.outlook,
        recommendations=d.recommendations,
        warnings=tuple(finding for finding in d.warnings if finding not in said),
    )


def _ratio(separation: Separation) -> Ratio:
    return Ratio(separation.delta, separation.interval, separation.probability)


def _findings(
    data: MultimodalData, outlook: Outlook | None, runs: Mapping[Names, RobustRun]
) -> tuple[Finding, ...]:
    """What concerns rows, labels or single modalities, once each."""
    of_views = [finding for found in data.view_findings.values() for finding in found]
    source = outlook or next((run.outlook for run in runs.values() if run.outlook), None)
    of_outlook = () if source is None else source.findings
    return tuple(dict.fromkeys((*data.findings, *of_views, *of_outlook)))
