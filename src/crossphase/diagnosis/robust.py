"""The robust estimator: all pairs for the spectra, labels only to tell signal from nuisance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossphase.attribution import draw_rotations, label_evidence, leak_variance, signal_sets
from crossphase.attribution.groups import RowGroups
from crossphase.attribution.visibility import LabelVisibility, label_visibility
from crossphase.config import Settings
from crossphase.diagnosis.draws import SeparationDraws, draw_separations
from crossphase.diagnosis.shared_fit import SharedFit, fit_shared
from crossphase.errors import InputError
from crossphase.moments import Moments
from crossphase.spectra.shared import SharedSpace
from crossphase.spectra.tails import TailWeights, tail_weights

__all__ = ["RobustEstimate", "estimate_robust"]

Array = NDArray[np.float64]

_LEAST_PAIRS, _LEAST_LABELLED = 20, 10


@dataclass(frozen=True, eq=False)
class RobustEstimate:
    """Everything the robust estimator found.

    Attributes
    ----------
    fit : SharedFit
        The shared components before any label.
    draws : SeparationDraws
        Behind every probability and interval.
    inclusion : ndarray of shape (k,)
        Probability of each component to be signal.
    tested : int
        Components the labelled rows could test.
    p_value : float
        Of the test against "no shared component carries any label".
    visibility : LabelVisibility
    tails : TailWeights
    """

    fit: SharedFit
    draws: SeparationDraws
    inclusion: Array
    tested: int
    p_value: float
    visibility: LabelVisibility
    tails: TailWeights

    @property
    def space(self) -> SharedSpace:
        """The shared components' directions and correlations."""
        return self.fit.space


def estimate_robust(
    x: Array,
    y: Array,
    targets: Array,
    labelled: NDArray[np.intp],
    settings: Settings,
    *,
    groups: NDArray[np.intp] | None = None,
) -> RobustEstimate:
    """Estimate the spectra and attribute their components.

    Parameters
    ----------
    x, y : ndarray of shape (n, dx), (n, dy)
        All pairs.
    targets : ndarray of shape (n_labelled, q)
        Labels of the labelled rows, classes one-hot.
    labelled : ndarray of shape (n_labelled,)
        Their positions.
    settings : Settings
        Uses `n_draws`, `n_permutations` and `seed`.
    groups : ndarray of shape (n,) or None, default None
        Blocks of dependent rows, of all pairs: they count for less, see
        :mod:`crossphase.attribution.groups`.

    Returns
    -------
    RobustEstimate

    Raises
    ------
    InputError
        With fewer than 20 pairs or 10 labelled ones.

    Notes
    -----
    1. Covariances of all pairs, row weights against heavy tails; canonical correlations above
       the noise edge, corrected for sampling (:mod:`crossphase.spectra.shared`).
    2. Loadings of the components in each modality, freed of the leak of sampling
       (:mod:`crossphase.spectra.loadings`): with 1 they give all three spectra.
    3. Labels regressed on the component scores of the labelled rows; a posterior over signal
       sets that knows how sampling mixes components (:mod:`crossphase.attribution.signal_sets`).
    4. Draws of sets, mixing rotations, correlations and loadings give draws of every Δ.
    """
    n = len(x)
    if n < _LEAST_PAIRS:
        raise InputError(f"{n} pairs: the robust estimator needs at least {_LEAST_PAIRS}")
    if len(labelled) < _LEAST_LABELLED:
        raise InputError(
            f"{len(labelled)} labelled pairs: at least {_LEAST_LABELLED} are needed to tell "
            "signal from nuisance; label more rows"
        )
    rng = np.random.default_rng(settings.seed)
    plain = Moments.from_arrays(x=x, y=y)
    tails = tail_weights(x, y, plain)
    moments = plain
    if tails.weights is not None:
        moments = Moments.from_arrays(weights=tails.weights, x=x, y=y)
    all_groups = None if groups is None else RowGroups.of(groups)
    own_groups = None if groups is None else RowGroups.of(groups[labelled])
    fit = fit_shared(x, y, plain, moments, weights=tails.weights, groups=all_groups, rng=rng)
    space, noise = fit.space, fit.noise
    scores = fit.scores(x[labelled], y[labelled])
    visibility = label_visibility(
        (x[labelled] - fit.mean_x) @ space.white_x.to_white,
        (y[labelled] - fit.mean_y) @ space.white_y.to_white,
        scores,
        targets,
        rng,
        groups=own_groups,
    )
    if space.n_components:
        weights = None if tails.weights is None else tails.weights[labelled]
        evidence = label_evidence(
            scores,
            targets,
            weights=weights,
            groups=own_groups,
            n_permutations=settings.n_permutations,
            rng=rng,
        )
        # A component that barely stands out of the noise takes up most of what leaks.
        leak = leak_variance(space.correlations, noise * space.inflation[None, :] ** 2, n)
        rows = evidence.effective_rows
        sets = signal_sets(evidence.z, leak, rows)
        signal, rotations = draw_rotations(
            sets, evidence.z, leak, settings.n_draws, rng, n_rows=rows
        )
        inclusion, tested, p_value = sets.inclusion, evidence.n_tested, evidence.p_value
    else:
        signal = np.zeros((settings.n_draws, 0), dtype=bool)
        rotations = np.zeros((settings.n_draws, 0, 0))
        inclusion, tested, p_value = np.zeros(0), 0, 1.0
    draws = draw_separations(
        space,
        fit.loadings_x,
        fit.loadings_y,
        noise,
        signal,
        rotations,
        hidden_signal=_hidden_signal(space, visibility),
        rng=rng,
    )
    return RobustEstimate(fit, draws, inclusion, tested, p_value, visibility, tails)


def _hidden_signal(space: SharedSpace, visibility: LabelVisibility) -> float:
    """Probability that signal is shared after all when no detected component is signal.

    A correlation has to lie below the threshold to stay undetected; with as much prior weight on
    no shared signal, and correlations equally likely anywhere, that is threshold / (1 +
    threshold). Labels that one of the modalities does not show are not shared.
    """
    if min(visibility.x, visibility.y) <= 0.02:
        return 0.0
    return space.threshold / (1 + space.threshold)
