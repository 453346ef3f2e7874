"""The robust estimator: all pairs for the spectra, labels only to tell signal from nuisance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crossphase.attribution import LabelEvidence, label_evidence
from crossphase.attribution.groups import RowGroups
from crossphase.attribution.visibility import LabelVisibility, label_visibility
from crossphase.config import Settings
from crossphase.diagnosis.averaging import Analysis, Share, average_posteriors, share_draws
from crossphase.diagnosis.draws import SeparationDraws
from crossphase.diagnosis.posterior import draw_posterior, hidden_signal_probability
from crossphase.diagnosis.shared_fit import SharedFit, fit_shared
from crossphase.errors import InputError
from crossphase.moments import Moments
from crossphase.spectra.shared import SharedSpace, WhitePair
from crossphase.spectra.tails import TailWeights, tail_weights

__all__ = ["RobustEstimate", "estimate_robust"]

Array = NDArray[np.float64]

_LEAST_PAIRS, _LEAST_LABELLED = 20, 10
_OTHER_SIMS = 3


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
    label_z : ndarray of shape (k, q)
        Label coefficients over their standard errors; without components, q is 1.
    label_rows : ndarray of shape (k,)
        Independent labelled rows behind each of them.
    tested : int
        Components the labelled rows could test.
    p_value : float
        Of the test against "no shared component carries any label".
    visibility : LabelVisibility
    tails : TailWeights
    shares : tuple of Share
        The analyses that the draws come from, the one above first.
    """

    fit: SharedFit
    draws: SeparationDraws
    inclusion: Array
    label_z: Array
    label_rows: Array
    tested: int
    p_value: float
    visibility: LabelVisibility
    tails: TailWeights
    shares: tuple[Share, ...]

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
    dimensions: tuple[int, int] | None = None,
    moments: Moments | None = None,
    pair: WhitePair | None = None,
    all_groups: RowGroups | None = None,
    weighted: Callable[[TailWeights], Moments] | None = None,
) -> RobustEstimate:
    """Estimate the spectra and attribute their components.

    Parameters
    ----------
    x, y : ndarray of shape (n, dx), (n, dy)
        All pairs; or, where `moments` are given, the labelled ones and a random sample of the
        others.
    targets : ndarray of shape (n_labelled, q)
        Labels of the labelled rows, classes one-hot.
    labelled : ndarray of shape (n_labelled,)
        Their positions.
    settings : Settings
        Uses `n_draws`, `n_permutations` and `seed`.
    groups : ndarray of shape (n,) or None, default None
        Blocks of dependent rows, of the pairs in x and y: they count for less, see
        :mod:`crossphase.attribution.groups`.
    dimensions : tuple of (int, int) or None, default None
        Leading principal components of x and of y to keep at most; None chooses them.
    moments : Moments or None, default None
        Unweighted, of all pairs, blocks ``"x"`` and ``"y"``; None computes them.
    pair : WhitePair or None, default None
        What whitening made of `moments`, where it is known.
    all_groups : RowGroups or None, default None
        Of all pairs, where x and y are some of them.
    weighted : callable or None, default None
        Moments of all pairs under row weights, where x and y are some of them.

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
    5. Where several numbers of principal components show what is shared, 2 to 4 are done for up
       to three of them and the draws put together (:mod:`crossphase.diagnosis.averaging`).
    """
    n = len(x) if moments is None else round(moments.count)
    if n < _LEAST_PAIRS:
        raise InputError(
            f"{n} pairs: the robust estimator needs at least {_LEAST_PAIRS}; collect more pairs"
        )
    if len(labelled) < _LEAST_LABELLED:
        raise InputError(
            f"{len(labelled)} labelled pairs: at least {_LEAST_LABELLED} are needed to tell "
            "signal from nuisance; label more rows"
        )
    rng = np.random.default_rng(settings.seed)
    plain = Moments.from_arrays(x=x, y=y) if moments is None else moments
    tails = tail_weights(x, y, plain)
    moments = plain
    if tails.weights is not None:
        pair = None
        moments = (
            Moments.from_arrays(weights=tails.weights, x=x, y=y)
            if weighted is None
            else weighted(tails)
        )
        moments = replace(moments, bases=plain.bases)
    row_groups = None if groups is None else RowGroups.of(groups)
    own_groups = None if groups is None else RowGroups.of(groups[labelled])
    fit = fit_shared(
        x, y, plain, moments, weights=tails.weights, groups=row_groups, all_groups=all_groups,
        pair=pair, rng=rng, limits=dimensions,
    )  # fmt: skip
    space = fit.space
    scores = fit.scores(x[labelled], y[labelled])
    visibility = label_visibility(
        (x[labelled] - fit.mean_x) @ space.white_x.to_white,
        (y[labelled] - fit.mean_y) @ space.white_y.to_white,
        scores,
        targets,
        rng,
        groups=own_groups,
    )
    if space.wide_x is not None or space.wide_y is not None:
        # What is too weak to be found may show the labels outside the dimensions kept.
        wide = label_visibility(
            (x[labelled] - fit.mean_x) @ (space.wide_x or space.white_x).to_white,
            (y[labelled] - fit.mean_y) @ (space.wide_y or space.white_y).to_white,
            scores,
            targets,
            rng,
            groups=own_groups,
        )
        visibility = LabelVisibility(
            max(visibility.x, wide.x), max(visibility.y, wide.y), visibility.shared
        )

    def attributed(
        fit: SharedFit, n_permutations: int, n_draws: int
    ) -> tuple[LabelEvidence | None, Analysis]:
        space, evidence = fit.space, None
        if space.n_components:
            evidence = label_evidence(
                fit.scores(x[labelled], y[labelled]),
                targets,
                weights=None if tails.weights is None else tails.weights[labelled],
                groups=own_groups,
                n_permutations=n_permutations,
                rng=rng,
            )
        z = np.zeros((0, 1)) if evidence is None else evidence.z
        label_rows = np.zeros(0) if evidence is None else evidence.effective_rows
        posterior = draw_posterior(
            space,
            fit.loadings_x,
            fit.loadings_y,
            fit.noise,
            z,
            label_rows,
            hidden_signal=hidden_signal_probability(
                space.threshold, visibility.both, space.left_out
            ),
            left_out=space.left_out,
            n_draws=n_draws,
            rng=rng,
        )
        return evidence, Analysis(fit, z, label_rows, posterior)

    evidence, own = attributed(fit, settings.n_permutations, settings.n_draws)
    analyses = [own]
    for limits in space.others:
        other = fit_shared(
            x, y, plain, moments, weights=tails.weights, groups=row_groups, all_groups=all_groups,
            pair=fit.pair, rng=rng, limits=limits, n_sims=_OTHER_SIMS,
        )  # fmt: skip
        # A half of the draws is the most that one of them replaces.
        analyses.append(attributed(other, 1, -(-settings.n_draws // 2))[1])
    shares = share_draws(analyses)
    posterior = average_posteriors(shares)
    return RobustEstimate(
        fit,
        posterior.draws,
        posterior.inclusion,
        own.label_z,
        own.label_rows,
        0 if evidence is None else evidence.n_tested,
        1.0 if evidence is None else evidence.p_value,
        visibility,
        tails,
        shares,
    )
