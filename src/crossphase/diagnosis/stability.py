"""The stability panel: the verdict again under other settings, fewer rows and damaged labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crossphase.attribution import label_evidence
from crossphase.attribution.groups import RowGroups
from crossphase.config import Settings
from crossphase.data import PairedData
from crossphase.data.labels import Labels
from crossphase.diagnosis.damaged_labels import damaged_targets
from crossphase.diagnosis.posterior import draw_posterior, hidden_signal_probability
from crossphase.diagnosis.robust import RobustEstimate
from crossphase.diagnosis.robust_parts import regime_probabilities, separation_ratio
from crossphase.diagnosis.shared_fit import SharedFit, fit_shared
from crossphase.engine import Gathered
from crossphase.errors import Finding
from crossphase.moments import Moments
from crossphase.results import StabilityRow
from crossphase.results.components import STABILITY_KINDS, StabilityKind
from crossphase.spectra.shared import SharedSpace, WhitePair

__all__ = ["needed_probability", "stability_finding", "stability_panel"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

_DIMENSION_SHARES = (0.75, 0.5)
_RIDGES = (1e-3, 1e-1)
_LABEL_SHARES = (0.75, 0.5)
_REPEATS = 2
_N_DRAWS, _N_SIMS = 200, 2
_LEAST_LABELLED, _LEAST_PAIRS = 10, 40
_CHUNK_ROWS = 65_536
#: Share of structural reruns with another regime from which a verdict counts as unstable.
_UNSTABLE = 0.4


@dataclass(frozen=True, eq=False)
class _Case:
    """Everything one rerun needs; `rows` are positions among the labelled rows."""

    kind: StabilityKind
    change: str
    fit: SharedFit
    scores: Array
    targets: Array
    rows: Ints


def stability_panel(
    data: PairedData,
    labels: Labels,
    estimate: RobustEstimate,
    settings: Settings,
    gathered: Gathered | None = None,
) -> tuple[StabilityRow, ...]:
    """Run the estimator again under changes, and say whether the most likely regime stays.

    Changed are, one at a time: the dimensions kept (75 % and 50 % of each modality's principal
    components), regularisation, the pairs behind the spectra (two random halves), the labelled
    rows (75 % and 50 %, twice each), the seed, and the labels themselves
    (:func:`crossphase.diagnosis.damaged_labels.damaged_targets`). The ridge adds a multiple of
    the mean eigenvalue of each modality's correlation matrix to its covariance; what follows is
    corrected for sampling as if it were not there, so those rows are approximate.

    Parameters
    ----------
    data : PairedData
        All rows, or those that were kept.
    labels : Labels
        Of `data`.
    estimate : RobustEstimate
        Of `data` with `settings`.
    settings : Settings
    gathered : Gathered or None, default None
        What a pass over all rows yielded, under the row weights of `estimate`; None where `data`
        are all rows.

    Returns
    -------
    tuple of StabilityRow
        Row weights, and whether the modalities show the labels, are taken from `estimate`;
        probabilities rest on 200 draws.
    """
    labelled = data.labelled_rows
    log_delta = estimate.draws.log_delta
    probabilities = regime_probabilities(log_delta[:, 0], log_delta[:, 1])
    verdict = max(probabilities, key=lambda name: probabilities[name])
    return tuple(
        _rerun(case, i, data, labelled, estimate, settings, verdict)
        for i, case in enumerate(_cases(data, labels, estimate, settings, gathered))
    )


def needed_probability(rows: Sequence[StabilityRow], confidence: float) -> float:
    """Probability that a regime must reach to be named.

    The probabilities themselves are left alone: they allow for what the panel shows, and mixing
    them with the panel's made them worse (``docs/stability.md``). A verdict that at least 40 % of
    the structural reruns contradict has to be surer instead.

    Parameters
    ----------
    rows : sequence of StabilityRow
    confidence : float
        What a stable verdict must reach.

    Returns
    -------
    float
        Half-way between `confidence` and 1 for an unstable verdict.

    Examples
    --------
    >>> row = StabilityRow("ridge", "ridge of 0.1", "Both", 0.9, 1.2, 1.1, 1.3, False)
    >>> needed_probability([row], 0.8), needed_probability([], 0.8)
    (0.9, 0.8)
    """
    return (1 + confidence) / 2 if _is_unstable(rows) else confidence


def stability_finding(rows: Sequence[StabilityRow]) -> Finding | None:
    """What to know of an unstable verdict; None for a stable one."""
    if not _is_unstable(rows):
        return None
    structural = [row for row in rows if row.structural]
    against = [row for row in structural if not row.agrees]
    regimes = [row.regime for row in against]
    kinds = dict.fromkeys(STABILITY_KINDS[row.kind] for row in against)
    return Finding(
        "verdict-unstable",
        "warning",
        f"{len(against)} of {len(structural)} reruns with other settings or fewer rows give "
        f"another most likely regime, {max(set(regimes), key=lambda r: (regimes.count(r), r))} "
        f"most often ({', '.join(kinds)}).",
        "The regime hangs on choices made, so it is named only at a higher probability.",
        "Trust the outlook before the regime; more pairs and labels make it hold.",
    )


def _is_unstable(rows: Sequence[StabilityRow]) -> bool:
    structural = [row.agrees for row in rows if row.structural]
    return bool(structural) and 1 - float(np.mean(structural)) >= _UNSTABLE


def _rerun(
    case: _Case,
    index: int,
    data: PairedData,
    labelled: Ints,
    estimate: RobustEstimate,
    settings: Settings,
    verdict: str,
) -> StabilityRow:
    rng = np.random.default_rng([settings.seed, 4, index])
    rows, space = labelled[case.rows], case.fit.space
    z, effective = np.zeros((0, 1)), np.zeros(0)
    if space.n_components:
        weights = estimate.tails.weights
        evidence = label_evidence(
            case.scores[case.rows],
            case.targets[case.rows],
            weights=None if weights is None else weights[rows],
            groups=None if data.groups is None else RowGroups.of(data.groups[rows]),
            n_permutations=0,
            rng=rng,
        )
        z, effective = evidence.z, evidence.effective_rows
    draws = draw_posterior(
        space,
        case.fit.loadings_x,
        case.fit.loadings_y,
        case.fit.noise,
        z,
        effective,
        hidden_signal=hidden_signal_probability(
            space.threshold, estimate.visibility.both, space.left_out
        ),
        n_draws=_N_DRAWS,
        rng=rng,
    ).draws
    probabilities = regime_probabilities(draws.log_delta[:, 0], draws.log_delta[:, 1])
    regime = max(probabilities, key=lambda name: probabilities[name])
    align, xy, yx = (separation_ratio(float(value)) for value in np.median(draws.log_delta, axis=0))
    return StabilityRow(
        case.kind, case.change, regime, probabilities[regime], align, xy, yx, regime == verdict
    )


def _cases(
    data: PairedData,
    labels: Labels,
    estimate: RobustEstimate,
    settings: Settings,
    gathered: Gathered | None,
) -> Iterator[_Case]:
    labelled = data.labelled_rows
    x, y = data.x[labelled], data.y[labelled]
    targets = labels.targets(labelled)
    everyone = np.arange(len(labelled))
    for kind, change, fit in _fits(data, estimate, settings, gathered):
        yield _Case(kind, change, fit, fit.scores(x, y), targets, everyone)
    scores = estimate.fit.scores(x, y)
    rng = np.random.default_rng([settings.seed, 5])
    groups = None if data.groups is None else data.groups[labelled]
    for share in _LABEL_SHARES:
        for repeat in range(_REPEATS):
            rows = _subset(len(labelled), share, groups, rng)
            if len(rows) >= _LEAST_LABELLED and _varies(targets[rows]):
                change = f"{100 * share:.0f} % of the labelled rows, draw {repeat + 1}"
                yield _Case("labels", change, estimate.fit, scores, targets, rows)
    for change, damaged in damaged_targets(labels, labelled, rng):
        if _varies(damaged):
            yield _Case("label noise", change, estimate.fit, scores, damaged, everyone)


def _varies(targets: Array) -> bool:
    return bool(np.ptp(targets, axis=0).max() > 0)


def _fits(
    data: PairedData, estimate: RobustEstimate, settings: Settings, gathered: Gathered | None
) -> Iterator[tuple[StabilityKind, str, SharedFit]]:
    """The shared components under other dimensions, ridges, pairs and seeds."""
    base, weights = estimate.fit, estimate.tails.weights
    groups = None if data.groups is None else RowGroups.of(data.groups)
    whole = None if gathered is None or gathered.complete else gathered
    all_groups = groups
    if whole is not None and whole.whole.groups is not None:
        all_groups = RowGroups.of(whole.whole.groups)
    rng = np.random.default_rng([settings.seed, 6])

    def fit(
        plain: Moments,
        moments: Moments,
        pair: WhitePair | None = None,
        *,
        limits: tuple[int, int] | None = None,
        space: SharedSpace | None = None,
    ) -> SharedFit:
        return fit_shared(
            data.x,
            data.y,
            plain,
            moments,
            weights=weights,
            groups=groups,
            all_groups=all_groups,
            pair=pair,
            space=space,
            rng=rng,
            limits=limits,
            n_sims=_N_SIMS,
        )

    ranks = base.space.white_x.rank, base.space.white_y.rank
    for share in _DIMENSION_SHARES:
        limits = max(1, round(share * ranks[0])), max(1, round(share * ranks[1]))
        if limits != ranks:
            change = f"{limits[0]} + {limits[1]} principal components ({100 * share:.0f} %)"
            yield "dimensions", change, fit(base.plain, base.moments, base.pair, limits=limits)
    for ridge in _RIDGES:
        change = f"ridge of {ridge:g} × the mean eigenvalue (approximate)"
        yield "ridge", change, fit(base.plain, base.moments, base.pair.ridged(ridge))
    if whole is not None:
        # Moments of parts are those that the estimate is of: weighted where it is.
        for repeat in range(_REPEATS):
            part = whole.half(rng)
            yield "pairs", f"half of the pairs, draw {repeat + 1}", fit(part, part)
    elif data.n >= _LEAST_PAIRS:
        for repeat in range(_REPEATS):
            rows = _subset(data.n, 0.5, data.groups, rng)
            # Groups may be very unequal, and what varies may do so in few rows.
            if len(rows) < _LEAST_PAIRS // 2 or not (
                _varies(data.x[rows]) and _varies(data.y[rows])
            ):
                continue
            bases = base.plain.bases
            plain = replace(_moments(data, rows, None), bases=bases)
            weighted = (
                plain if weights is None else replace(_moments(data, rows, weights), bases=bases)
            )
            yield "pairs", f"half of the pairs, draw {repeat + 1}", fit(plain, weighted)
    for repeat in range(_REPEATS):
        yield (
            "seed",
            f"another seed, {repeat + 1}",
            fit(base.plain, base.moments, base.pair, space=base.space),
        )


def _moments(data: PairedData, rows: Ints, weights: Array | None) -> Moments:
    """Moments of some rows, without a copy of all of them."""
    total: Moments | None = None
    for chunk in np.array_split(rows, -(-len(rows) // _CHUNK_ROWS)):
        own = None if weights is None else weights[chunk]
        part = Moments.from_arrays(weights=own, x=data.x[chunk], y=data.y[chunk])
        total = part if total is None else total + part
    assert total is not None
    return total


def _subset(n: int, share: float, groups: Ints | None, rng: np.random.Generator) -> Ints:
    """A random share of n rows, ascending; whole groups, where there are groups."""
    wanted = round(share * n)
    if groups is None:
        return np.sort(rng.permutation(n)[:wanted])
    _, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = rng.permutation(len(sizes))
    # The groups up to the one at which the share is reached best.
    count = int(np.argmin(np.abs(np.cumsum(sizes[order]) - wanted))) + 1
    return np.flatnonzero(np.isin(codes, order[:count]))
