"""From component estimates and label evidence to draws of every separation ratio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossphase.attribution import (
    chance_leak,
    draw_rotations,
    label_leak,
    leak_variance,
    signal_sets,
)
from crossphase.diagnosis.draws import SeparationDraws, Spectrum, draw_separations
from crossphase.results import LeftOut
from crossphase.spectra.loadings import Loadings
from crossphase.spectra.turns import Turns, turn_between_views, turns_told_by_loadings

__all__ = ["Posterior", "draw_attribution", "draw_posterior", "hidden_signal_probability"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws of what may be true, given the estimates.

    Attributes
    ----------
    inclusion : ndarray of shape (k,)
        Probability of each component to be signal.
    rotations : ndarray of shape (m, k, k)
        Columns are population components in sample coordinates.
    draws : SeparationDraws
    """

    inclusion: Array
    rotations: Array
    draws: SeparationDraws


def draw_posterior(
    spectrum: Spectrum,
    loadings_x: Loadings,
    loadings_y: Loadings,
    noise: Array,
    z: Array,
    label_rows: Array,
    *,
    hidden_signal: float,
    left_out: LeftOut | None = None,
    n_draws: int,
    rng: np.random.Generator,
) -> Posterior:
    """Draw signal sets, mixing rotations, and with them the spectra of all objectives.

    Parameters
    ----------
    spectrum : Spectrum
        Correlations of the k components and their errors.
    loadings_x, loadings_y : Loadings
    noise : ndarray of shape (k, k)
        Variance inflation of pairs of components by heavy tails, at least 1.
    z : ndarray of shape (k, q)
        Label coefficients over their standard errors.
    label_rows : ndarray of shape (k,)
        Independent labelled rows behind each of them.
    hidden_signal : float
        Probability that there is undetected signal where a drawn set is empty.
    left_out : LeftOut or None, default None
        Where further nuisance may hide outside the dimensions kept.
    n_draws : int
    rng : numpy.random.Generator

    Returns
    -------
    Posterior
    """
    inclusion, signal, rotations = draw_attribution(
        spectrum, noise, z, label_rows, (loadings_x, loadings_y), n_draws=n_draws, rng=rng
    )
    draws = draw_separations(
        spectrum,
        loadings_x,
        loadings_y,
        noise,
        signal,
        rotations,
        hidden_signal=hidden_signal,
        left_out=left_out,
        rng=rng,
    )
    return Posterior(inclusion, rotations, draws)


def draw_attribution(
    spectrum: Spectrum,
    noise: Array,
    z: Array,
    label_rows: Array,
    loadings: Sequence[Loadings] = (),
    *,
    n_draws: int,
    rng: np.random.Generator,
) -> tuple[Array, NDArray[np.bool_], Array]:
    """Draw signal sets and mixing rotations: what labels and overlaps say, before any spectrum.

    Parameters
    ----------
    spectrum, noise, z, label_rows, n_draws, rng
        As in :func:`draw_posterior`.
    loadings : sequence of Loadings, default ()
        Those whose overlaps tell how sampling turned the components.

    Returns
    -------
    inclusion : ndarray of shape (k,)
        Probability of each component to be signal.
    signal : ndarray of shape (n_draws, k), bool
    rotations : ndarray of shape (n_draws, k, k)
    """
    if not len(z):
        return np.zeros(0), np.zeros((n_draws, 0), dtype=bool), np.zeros((n_draws, 0, 0))
    # A component that barely stands out of the noise takes up most of what leaks.
    inflated = noise * spectrum.inflation[None, :] ** 2
    rho, n = spectrum.correlations, spectrum.n_rows
    inherited, by_chance = label_leak(rho, inflated, n, label_rows), chance_leak(n, label_rows)
    apart = turn_between_views(rho, noise, n)
    leaks = turns_told_by_loadings(np.maximum(inherited - by_chance, 0.0), loadings, apart)
    leaks = Turns(leaks.mean, leaks.variance + by_chance)
    turns = turns_told_by_loadings(leak_variance(rho, inflated, n), loadings, apart)
    sets = signal_sets(z, inherited, label_rows, leaks)
    signal, rotations = draw_rotations(sets, z, turns, n_draws, rng, n_rows=label_rows)
    return sets.inclusion, signal, rotations


def hidden_signal_probability(
    threshold: float, visible: bool, left_out: LeftOut | None = None
) -> float:
    """Probability that signal is shared after all when no detected component is signal.

    A correlation has to lie below the threshold to stay undetected; with as much prior weight on
    no shared signal, and correlations equally likely anywhere, that is threshold / (1 +
    threshold). Labels that one of the modalities does not show are not shared.

    Parameters
    ----------
    threshold : float
        Smallest correlation that can be detected.
    visible : bool
        Whether both modalities show the labels.
    left_out : LeftOut or None, default None
        Where signal may hide outside the dimensions kept: labels are looked for there as well.

    Examples
    --------
    >>> hidden_signal_probability(0.25, True), hidden_signal_probability(0.25, False)
    (0.2, 0.0)
    """
    if left_out is not None:
        threshold = max(threshold, left_out.threshold)
    return threshold / (1 + threshold) if visible else 0.0
