"""How many more pairs and labels would settle a verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from crossphase.errors import InputError
from crossphase.planning.obstacle import obstacle, too_near
from crossphase.planning.options import cheapest_options
from crossphase.planning.populations import PossiblePopulations
from crossphase.planning.search import SETS, Aim, try_sizes
from crossphase.results import Diagnosis, FittedModel, Plan, PlanCase, PlanOption, PlanRow
from crossphase.theory import Regime

__all__ = ["plan"]

Mask = NDArray[np.bool_]
Progress = Callable[[str, float], None]

_PAIR_FACTORS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_LABEL_FACTORS = (1, 4, 16, 64, 256)
#: Quotient of numbers of labels below which one is enough.
_ALIKE = 1.5
#: Probability of a Δ within the margin from which nothing is promised.
_TOO_NEAR = 0.5
#: Regimes that have sizes of their own where there is no plan: the two in question, unless the
#: second one is hardly possible.
_CASES, _LEAST_CASE = 2, 0.1


def plan(
    d: Diagnosis,
    *,
    target_confidence: float | None = None,
    assurance: float = 0.8,
    max_factor: float = 64,
    margin: float = 0.1,
    n_sims: int = 16,
    seed: int = 0,
    progress: Progress | None = None,
) -> Plan:
    """How many more pairs, and how many more labels, would settle an undetermined verdict.

    Parameters
    ----------
    d : Diagnosis
        Of the robust estimator; the data are not needed.
    target_confidence : float, optional
        Probability at which a regime is named; by default that of the diagnosis's settings.
    assurance : float, default 0.8
        Probability to plan for: that the regime is then named and is the true one, unless Δ lies
        within `margin`.
    max_factor : float, default 64
        Largest growth of either size that is considered.
    margin : float, default 0.1
        Smallest difference that has to be told: nothing is promised for a Δ of alignment or of
        prediction x→y within this share of 1. The plan says how probable such a Δ is.
    n_sims : int, default 16
        Simulations of a size, fewer where they soon show it to be far from the aim.
    seed : int, default 0
    progress : callable, optional
        Called with a stage's name and the fraction done.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        If the diagnosis holds no fitted model (published estimator, older files) or a number
        is out of range.

    Notes
    -----
    What is true is drawn from the posterior behind the diagnosis: signal sets, mixing,
    correlations, loadings, and what may hide below the detection threshold. For each size, what
    a new sample from such a truth shows is simulated in the coordinates of the components:
    correlations with their sampling errors (1 − ρ²)/√n, their mixing, the detection threshold at
    that size, label z-scores that grow with the root of the labelled rows. The estimator's own
    last step then gives the regime's probabilities. A truth next to a boundary stays open at any
    size: hence the margin. Where one size for all that is possible cannot be had, each regime has
    its own.

    Examples
    --------
    >>> from crossphase.diagnosis import diagnose
    >>> rng = np.random.default_rng(0)
    >>> signal, nuisance = rng.normal(size=(2, 300, 1))
    >>> x, y = (
    ...     np.hstack([signal, nuisance, rng.normal(size=(300, 8))])
    ...     + 0.8 * rng.normal(size=(300, 10)) for _ in range(2)
    ... )
    >>> few = diagnose(x, y, signal[:15] + rng.normal(size=(15, 1)), labelled=np.arange(15))
    >>> result = plan(few, n_sims=4, max_factor=8)
    >>> result.settled
    False
    """
    model = d.fit
    if model is None:
        raise InputError(
            "this diagnosis holds no fitted model (the published estimator and older files have "
            "none): diagnose again with estimator='robust'"
        )
    confidence = d.settings.confidence if target_confidence is None else target_confidence
    for name, value, low, high in (
        ("target_confidence", confidence, 0.25, 1.0),
        ("assurance", assurance, 0.0, 1.0),
        ("max_factor", max_factor, 1.0, np.inf),
    ):
        if not low < value < high:
            raise InputError(f"{name}={value!r}: give a number between {low:g} and {high:g}")
    if not 0.0 <= margin < 1.0:
        raise InputError(f"margin={margin!r}: give a number from 0 to below 1")
    if n_sims < 2:
        raise InputError(f"n_sims={n_sims!r}: give at least 2")
    regime = d.regime
    if max(d.probabilities.values()) < confidence:
        regime = Regime.UNDETERMINED
    sizes = (model.n_rows, model.n_labelled)
    if regime is not Regime.UNDETERMINED:
        return Plan(regime, *sizes, confidence, assurance, max_factor, (), (), "")

    rng = np.random.default_rng(seed)
    possible = PossiblePopulations.of(model, rng)
    apart = possible.distance > np.log1p(margin)
    near = float(1 - apart.mean())
    pairs = _levels(model.n_rows, _PAIR_FACTORS, max_factor)
    labels = _levels(model.n_labelled, _LABEL_FACTORS, max_factor)
    if model.n_rows < labels[-1]:
        # Labels for all pairs at hand, in the place of a number like that.
        like = [m for m in labels[1:-1] if _ALIKE > m / model.n_rows > 1 / _ALIKE]
        labels = sorted({*labels, model.n_rows} - set(like))
    aim = Aim(confidence, d.settings.alpha, assurance)
    with threadpool_limits(limits=1, user_api="blas"):
        # What lies within the margin counts where there is nothing else.
        truths = possible.draw(SETS * n_sims, rng, apart if apart.any() else None)
        found = try_sizes(truths, pairs, labels, aim, rng, progress)
        options = cheapest_options(sizes, found, assurance) if near <= _TOO_NEAR else ()
        cases: tuple[PlanCase, ...] = ()
        if not options:
            cases = _cases(model, possible, apart, pairs, labels, aim, -(-n_sims // 2), rng)
    rows = tuple(
        PlanRow(n, m, float(found.named[i, j]), float(found.right[i, j]))
        for i, n in enumerate(pairs)
        for j, m in enumerate(labels)
        if np.isfinite(found.right[i, j])
    )
    why = ""
    if near > _TOO_NEAR:
        why = too_near(possible, margin, near)
    elif not options:
        why = obstacle(model, truths[(len(pairs) - 1) % SETS :: SETS], found.largest)
    return Plan(
        regime, *sizes, confidence, assurance, max_factor, rows, options, why, margin, near, cases
    )


def _levels(now: int, factors: Sequence[float], max_factor: float) -> list[int]:
    """Sizes from the present one up to the limit, which is among them."""
    return [round(now * f) for f in sorted({f for f in factors if f < max_factor} | {max_factor})]


def _cases(
    model: FittedModel,
    possible: PossiblePopulations,
    apart: Mask,
    pairs: Sequence[int],
    labels: Sequence[int],
    aim: Aim,
    n_sims: int,
    rng: np.random.Generator,
) -> tuple[PlanCase, ...]:
    """What the likeliest regimes would cost, were they the true ones."""
    now, regimes, cases = (model.n_rows, model.n_labelled), possible.regimes, []
    shares = {regime: float((regimes == str(regime)).mean()) for regime in Regime}
    for regime in sorted(shares, key=lambda name: -shares[name])[:_CASES]:
        if shares[regime] < _LEAST_CASE:
            continue
        options: tuple[PlanOption, ...] = ()
        among = apart & (regimes == str(regime))
        if among.any():
            truths = possible.draw(SETS * n_sims, rng, among)
            found = try_sizes(truths, pairs, labels, aim, rng)
            options = cheapest_options(now, found, aim.assurance)
        cases.append(PlanCase(regime, shares[regime], options[0] if options else None))
    return tuple(cases)
