"""From paired data to a diagnosis: the one entry point."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from crossphase.attribution.groups import RowGroups
from crossphase.config import Deploy, Estimator, Settings
from crossphase.data import PairedData
from crossphase.data.keyed import is_annotated
from crossphase.data.labels import Labels
from crossphase.data.outlying import set_outlying_aside
from crossphase.diagnosis.components import component_findings, component_rows
from crossphase.diagnosis.drivers import find_drivers
from crossphase.diagnosis.fitted import fitted_model
from crossphase.diagnosis.given import read_pair, write_result_into
from crossphase.diagnosis.options import is_cross_modal
from crossphase.diagnosis.published import estimate_published
from crossphase.diagnosis.published_parts import published_diagnosis_parts
from crossphase.diagnosis.recommend import recommend
from crossphase.diagnosis.robust import estimate_robust
from crossphase.diagnosis.robust_parts import (
    decided_by_rounding,
    regime_probabilities,
    robust_findings,
    sees_signal,
    separations,
    undetermined_reason,
)
from crossphase.diagnosis.stability import (
    needed_probability,
    stability_finding,
    stability_panel,
)
from crossphase.engine import Gathered, gather
from crossphase.errors import Finding, InputError
from crossphase.moments import Moments
from crossphase.outlook import Outlook, compute_outlook
from crossphase.results import DataSummary, Diagnosis, StabilityRow
from crossphase.spectra.shared import WhitePair, white_pair
from crossphase.spectra.tails import TailWeights
from crossphase.theory import Regime

__all__ = ["RobustRun", "diagnose", "run_robust"]

Progress = Callable[[str, float], None]
T = TypeVar("T")
U = TypeVar("U")

#: Variance of standardised features below which directions need float64 products.
_FAINTEST = 1e-4


def diagnose(
    x: Any,
    y: Any = None,
    labels: Any = None,
    *,
    labelled: Any = None,
    ids_x: Any = None,
    ids_y: Any = None,
    ids_labels: Any = None,
    groups: Any = None,
    covariates: Any = None,
    x_key: str | None = None,
    y_key: str | None = None,
    names: tuple[str, str] = ("x", "y"),
    label_kind: Any = "auto",
    align: Any = "auto",
    estimator: Estimator | None = None,
    deploy: Deploy | None = None,
    seed: int | None = None,
    settings: Settings | None = None,
    jobs: int | None = None,
    scheduler: Any = None,
    write_uns: bool = False,
    progress: Progress | None = None,
) -> Diagnosis:
    """Say whether to align two modalities, predict one from the other, or stay with one.

    Parameters
    ----------
    x : array-like of shape (n, dx), frame, any other source of rows, path, or PairedData
        First modality, in memory or read on demand (``docs/formats.md`` lists what is read); or
        both with labels as :class:`crossphase.PairedData`, and nothing else.
    y : array-like of shape (n, dy), frame, any other source of rows, or path
        Second modality, row by row the same objects. Left out where `x` holds both and keys tell
        them apart.
    labels : array-like of shape (n,) or (n, q), series or frame, or names of columns
        What a later model should know; missing (NaN, None) where unknown. A few hundred labelled
        rows are usually enough. With keys or paths a text names a column beside the features.
    labelled : array-like of int or bool, optional
        The rows that `labels` belong to, when it holds those rows only.
    ids_x, ids_y, ids_labels : array-like, optional
        Row IDs; rows are matched by them.
    groups : array-like of shape (n,), optional
        Blocks of dependent rows (donor, night); no block is split between fitting and scoring.
        With keys or paths the name of a column.
    covariates : mapping or frame, optional
        Known nuisances, such as batch or depth: shared components are named by what explains
        them. The mean and norm of each row and the groups are tried without being given.
    x_key, y_key : str, optional
        Which matrix of an AnnData, a MuData or a file: ``"X"``, ``"layers/counts"``,
        ``"obsm/X_pca"``, of a MuData ``"rna"`` or ``"rna/X_pca"``.
    names : tuple of str, default ("x", "y")
        What to call the modalities.
    label_kind, align
        See :meth:`crossphase.PairedData.from_arrays`.
    estimator : {"robust", "published"}, default "robust"
    deploy : {"x", "y", "both"}, default "both"
        What will be at hand when the trained model is used.
    seed : int, default 0
        Seed of everything random; the same seed gives the same diagnosis.
    settings : Settings, optional
        All other settings. `estimator`, `deploy` and `seed`, if given, override it.
    jobs : int, optional
        Threads that work on the rows; −1 takes all processors. By default as many as NumPy's BLAS
        may use. The result does not depend on it.
    scheduler : distributed.Client or str, optional
        Dask scheduler that reads and multiplies the rows: a client, its address, or
        ``"threads"``. Dask collections are always read by Dask.
    write_uns : bool, default False
        Write the result into ``uns["crossphase"]`` of the AnnData, MuData or file that `x` is.
    progress : callable, optional
        Called with a stage's name and the fraction done.

    Returns
    -------
    Diagnosis

    Raises
    ------
    InputError
        If the input cannot be used as it is.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> signal = rng.normal(size=(600, 2))
    >>> x = np.hstack([signal + 0.5 * rng.normal(size=(600, 2)), rng.normal(size=(600, 8))])
    >>> y = np.hstack([signal + 0.5 * rng.normal(size=(600, 2)), rng.normal(size=(600, 6))])
    >>> d = diagnose(x, y, signal[:200], labelled=np.arange(200))
    >>> print(d.regime)
    Both
    """
    settings = Settings() if settings is None else settings
    if not isinstance(settings, Settings):
        raise InputError(f"settings={settings!r}: give a crossphase.Settings")
    given = {"estimator": estimator, "deploy": deploy, "seed": seed}
    settings = replace(settings, **{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
    container = x
    if write_uns and not (is_annotated(x) or isinstance(x, str | os.PathLike)):
        raise InputError(f"write_uns: x is a {type(x).__name__}; give an AnnData, MuData or path")
    data = read_pair(
        x,
        y,
        x_key,
        y_key,
        labels=labels,
        labelled=labelled,
        ids_x=ids_x,
        ids_y=ids_y,
        ids_labels=ids_labels,
        groups=groups,
        covariates=covariates,
        names=names,
        label_kind=label_kind,
        align=align,
    )
    report = progress or _silent
    published = settings.estimator == "published"
    if published:
        data = data.in_memory()
    data = set_outlying_aside(data, keep=published)
    if data.labels is None or not data.n_labelled:
        raise InputError(
            "no labels: signal and nuisance cannot be told apart without a few labelled rows; "
            "give labels for some of the pairs"
        )
    if published:
        with threadpool_limits(limits=1, user_api="blas"):
            found = _published(data, data.labels.standardised(), settings, report)
    else:
        found = run_robust(
            data, settings, jobs=jobs, scheduler=scheduler, progress=report
        ).diagnosis
    if write_uns:
        write_result_into(container, found)
    return found


def _silent(stage: str, fraction: float) -> None:
    """Report to no one."""


@dataclass(frozen=True, eq=False)
class RobustRun:
    """A diagnosis with what it is made of and does not keep.

    Attributes
    ----------
    diagnosis : Diagnosis
    regime_yx : Regime
        The regime over alignment and prediction y→x, named on the same terms as the other.
    outlook : Outlook or None
        With its paired draws.
    """

    diagnosis: Diagnosis
    regime_yx: Regime
    outlook: Outlook | None


def run_robust(
    data: PairedData,
    settings: Settings,
    *,
    moments: Moments | None = None,
    jobs: int | None = None,
    scheduler: Any = None,
    progress: Progress | None = None,
) -> RobustRun:
    """The robust diagnosis of data that are checked and hold labels.

    Parameters
    ----------
    data : PairedData
        With labels; outlying rows have been seen to.
    settings : Settings
    moments : Moments or None, default None
        Of its rows, blocks ``"x"`` and ``"y"``, where they are known already and all rows are in
        memory.
    jobs : int or None, default None
        Threads that work on rows, see :func:`crossphase.engine.count_jobs`.
    scheduler : object or None, default None
        Dask's, see :func:`crossphase.engine.gather`.
    progress : callable or None, default None

    Returns
    -------
    RobustRun
    """
    assert data.labels is not None
    report = progress or _silent
    report("reading rows", 0.0)
    if moments is None or moments.count != data.n or not data.checked:
        gathered = gather(
            data,
            seed=settings.seed,
            parts=settings.stability,
            jobs=jobs,
            scheduler=scheduler,
            progress=lambda stage, share: report(stage, 0.1 * share),
        )
    else:
        gathered = Gathered(data, data, np.arange(data.n), data, moments)
    # Hundreds of small factorisations: threads that wait for each other cost far more than they
    # bring, up to 25-fold on a busy machine.
    with threadpool_limits(limits=1, user_api="blas"):
        return _robust(gathered, settings, report)


def _robust(gathered: Gathered, settings: Settings, report: Progress) -> RobustRun:
    whole, data, linear = gathered.whole, gathered.data, gathered.linear
    assert data.labels is not None
    labels = data.labels.standardised()
    rows = data.labelled_rows
    report("spectra and attribution", 0.1)
    pair = white_pair(gathered.moments)
    if gathered.moments.single and _too_faint(gathered.moments, pair):
        # Products in float32 cannot tell directions this faint from rounding.
        gathered = gathered.in_double()
        pair = white_pair(gathered.moments)
    under_weights = gathered

    def weighted(tails: TailWeights) -> Moments:
        nonlocal under_weights
        assert tails.rule is not None
        under_weights = gathered.weighted(tails.rule)
        return under_weights.moments

    estimate = estimate_robust(
        linear.x,
        linear.y,
        labels.targets(rows),
        rows,
        settings,
        groups=data.groups,
        moments=gathered.moments,
        pair=pair,
        all_groups=None if whole.groups is None else RowGroups.of(whole.groups),
        weighted=None if gathered.complete else weighted,
    )
    log_delta = estimate.draws.log_delta
    probabilities = regime_probabilities(log_delta[:, 0], log_delta[:, 1])
    probabilities_yx = regime_probabilities(log_delta[:, 0], log_delta[:, 2])
    parts = separations(estimate, settings)
    likeliest = max(probabilities, key=lambda name: probabilities[name])

    def panel() -> tuple[StabilityRow, ...]:
        if not settings.stability:
            return ()
        return stability_panel(linear, labels, estimate, settings, under_weights)

    def foretell() -> Outlook | None:
        if not settings.outlook:
            return None
        return compute_outlook(
            data.x,
            data.y,
            labels.columns,
            labelled=rows,
            groups=data.groups,
            settings=settings,
            rng=np.random.default_rng(settings.seed + 1),
            # Coordinates of a row space are not what the outlook standardises.
            moments=None if gathered.moments.bases else gathered.moments,
            progress=lambda share: report("outlook", 0.3 + 0.65 * share),
        )

    report("stability" if settings.stability else "outlook", 0.2)
    stability, outlook = _side_by_side(panel, foretell, threads=gathered.how.jobs > 1)
    unstable = stability_finding(stability)
    # What the labels could not test may be signal as well as nuisance, and labels that no shared
    # component is credibly related to tell the two apart no better.
    tested = estimate.tested == estimate.space.n_components
    signal = estimate.draws.signal
    seen = sees_signal(estimate.p_value, signal, settings.alpha)
    needed = needed_probability(stability, settings.confidence)
    tellable = tested and seen and not decided_by_rounding(signal, estimate.space.exact)
    decided = tellable and probabilities[likeliest] >= needed
    likeliest_yx = max(probabilities_yx, key=lambda name: probabilities_yx[name])
    decided_yx = tellable and probabilities_yx[likeliest_yx] >= needed
    components, unusable = component_rows(
        data, estimate, parts[0], seed=settings.seed, linear=linear
    )
    reason = "" if decided else undetermined_reason(estimate, parts, settings)
    if not decided and tellable and probabilities[likeliest] >= settings.confidence:
        reason = "other settings or fewer rows give another regime too often"

    report("recommendation", 0.95)
    recommendations = recommend(
        outlook,
        probabilities,
        probabilities_yx,
        parts,
        settings=settings,
        x_name=data.x_name,
        y_name=data.y_name,
        unrelated=None if seen else estimate.p_value,
        all_labelled=whole.n_labelled == whole.n,
        enough=estimate.space.enough,
    )
    trained = any(is_cross_modal(one.objective) for one in recommendations.values())
    found = robust_findings(
        estimate,
        settings,
        trained=trained,
        all_labelled=whole.n_labelled == whole.n,
        names=(data.x_name, data.y_name),
    )
    # Having been reduced says that features were too many, with what was done about it.
    reduced = any(finding.code == "dimensions-reduced" for finding in found)
    findings = [
        *(f for f in whole.findings if not reduced or f.code != "more-features-than-pairs"),
        *found,
        *_subsampled(whole, data),
        *unusable,
        *component_findings(components, parts[0]),
        *([] if unstable is None else [unstable]),
        *([] if outlook is None else outlook.findings),
    ]
    report("done", 1.0)
    diagnosis = Diagnosis(
        regime=Regime(likeliest) if decided else Regime.UNDETERMINED,
        probabilities=probabilities,
        probabilities_yx=probabilities_yx,
        alignment=parts[0],
        prediction_xy=parts[1],
        prediction_yx=parts[2],
        outlook=() if outlook is None else outlook.rows,
        recommendations={str(view): one for view, one in recommendations.items()},
        warnings=tuple(findings),
        data=_summary(whole, labels, (estimate.space.white_x.rank, estimate.space.white_y.rank)),
        settings=settings,
        signal_p_value=estimate.p_value,
        shared_label_fraction=estimate.visibility.shared_fraction,
        undetermined_reason=reason,
        log_delta_draws=log_delta,
        versions=_versions(),
        components=components,
        stability=stability,
        fit=fitted_model(estimate, len(rows)),
        drivers=find_drivers(estimate),
    )
    regime_yx = Regime(likeliest_yx) if decided_yx else Regime.UNDETERMINED
    return RobustRun(diagnosis, regime_yx, outlook)


def _too_faint(moments: Moments, pair: WhitePair) -> bool:
    """Whether directions are so faint, or lost, that float32 products cannot tell them."""
    varying = [int((np.diag(moments.cov(name)) > 0).sum()) for name in ("x", "y")]
    return pair.faintest < _FAINTEST or varying != [pair.x.rank, pair.y.rank]


def _side_by_side(one: Callable[[], T], other: Callable[[], U], *, threads: bool) -> tuple[T, U]:
    """Results of two pieces of work that know nothing of each other, one in a thread of its own."""
    if not threads:
        return one(), other()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(one)
        second = other()
        return first.result(), second


def _subsampled(whole: PairedData, data: PairedData) -> tuple[Finding, ...]:
    """Labelled rows of which only some were kept."""
    if whole.n_labelled == data.n_labelled:
        return ()
    return (
        Finding(
            "labels-subsampled",
            "info",
            f"{whole.n_labelled:,} rows are labelled; labels of {data.n_labelled:,} of them, drawn "
            "at random, were used.",
            "All rows count in the spectra; more labels would sharpen nothing that shows.",
        ),
    )


def _published(data: PairedData, labels: Labels, settings: Settings, report: Progress) -> Diagnosis:
    rows = data.labelled_rows
    report("published estimator", 0.0)
    estimate = estimate_published(
        np.asarray(data.x[rows], dtype=np.float64),
        np.asarray(data.y[rows], dtype=np.float64),
        labels.targets(rows),
        n_components=settings.n_components,
        n_folds=settings.n_folds,
        n_permutations=settings.published_permutations,
    )
    parts = published_diagnosis_parts(estimate, settings)
    separations_ = (parts.alignment, parts.prediction_xy, parts.prediction_yx)
    recommendations = recommend(
        None,
        parts.probabilities,
        parts.probabilities_yx,
        separations_,
        settings=settings,
        x_name=data.x_name,
        y_name=data.y_name,
    )
    report("done", 1.0)
    return Diagnosis(
        regime=parts.regime,
        probabilities=parts.probabilities,
        probabilities_yx=parts.probabilities_yx,
        alignment=parts.alignment,
        prediction_xy=parts.prediction_xy,
        prediction_yx=parts.prediction_yx,
        outlook=(),
        recommendations={str(view): one for view, one in recommendations.items()},
        warnings=(*data.findings, *parts.findings),
        data=_summary(data, labels, (data.x.shape[1], data.y.shape[1])),
        settings=settings,
        signal_p_value=float("nan"),
        shared_label_fraction=float("nan"),
        undetermined_reason="",
        log_delta_draws=parts.log_delta_draws,
        versions=_versions(),
    )


def _summary(data: PairedData, labels: Labels, reduced: tuple[int, int]) -> DataSummary:
    return DataSummary(
        n_pairs=data.n,
        n_labelled=data.n_labelled,
        dx=data.x.shape[1],
        dy=data.y.shape[1],
        x_name=data.x_name,
        y_name=data.y_name,
        labels=tuple((column.name, column.kind) for column in labels.columns),
        reduced=reduced,
    )


def _versions() -> dict[str, str]:
    packages = ("crossphase", "numpy", "scipy", "scikit-learn")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}
