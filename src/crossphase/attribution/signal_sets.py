"""Which shared components are signal: a posterior over sets that allows for mixing.

Sampling mixes components of similar strength: a nuisance component next to a signal component
inherits part of its label coefficients. Testing components one by one then finds too much signal.
Here a component is nuisance when its coefficients are noise *plus what may have leaked from the
signal components*, with leaks as large as sampling makes them, and signal when its coefficients
are of the size that labels of this number of rows give.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossphase.attribution.signal_density import SignalDensity, in_their_span
from crossphase.spectra.turns import Turns

__all__ = [
    "SignalSets",
    "chance_leak",
    "draw_rotations",
    "label_leak",
    "leak_variance",
    "signal_sets",
]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_PRIOR = 0.4
#: Prior probability that every signal has a direction of the labels to itself.
_OWN_DIRECTIONS = 0.03
_MAX_ENUMERATED, _MAX_STEPS = 10, 100
_CHUNK_ELEMENTS = 4_000_000
_LEAK_FLOOR = 1e-3
_LEAK_CAP = 1.0
#: Log odds beyond which a component is taken as settled before sets are enumerated.
_SURE_SIGNAL, _SURE_NUISANCE = 12.0, 6.0


@dataclass(frozen=True, eq=False)
class SignalSets:
    """Sets of signal components and their posterior probabilities.

    Attributes
    ----------
    sets : ndarray of shape (m, k), bool
    probabilities : ndarray of shape (m,)
    untested : ndarray of shape (k,), bool
        Components the labelled rows could not test; they keep their prior probability.
    """

    sets: Mask
    probabilities: Array
    untested: Mask

    @property
    def inclusion(self) -> Array:
        """Posterior probability of each component to be signal, shape (k,)."""
        return np.asarray(np.where(self.untested, _PRIOR, self.probabilities @ self.sets))


def leak_variance(correlations: Array, noise: Array, n: int) -> Array:
    """Variance of the tangent of the angle by which sampling mixes pairs of components.

    Parameters
    ----------
    correlations : ndarray of shape (k,)
        Population canonical correlations.
    noise : ndarray of shape (k, k)
        Variance inflation of each pair (1 for Gaussian rows and few features).
    n : int
        Rows.

    Returns
    -------
    ndarray of shape (k, k)
        Entry (i, j): of population component i within sample component j. To first order
        √((1 − ρ_i²)(1 − ρ_j²)) (ρ_i² + ρ_j² − 2ρ_i²ρ_j²) / (n (ρ_i² − ρ_j²)²): the geometric
        mean of both orders of Anderson's formula (*J. Multivariate Analysis* 70, 1999), since
        scores are whitened symmetrically before labels are regressed on them. Widened where the
        angle is no longer small, and at most 1.

    Examples
    --------
    >>> leak_variance(np.array([0.9, 0.5]), np.ones((2, 2)), 1000).round(4)
    array([[0.    , 0.0009],
           [0.0009, 0.    ]])
    """
    r2 = correlations**2
    gap = np.maximum((r2[:, None] - r2[None, :]) ** 2, 1e-12)
    left_over = np.sqrt(np.outer(1 - r2, 1 - r2))
    first_order = left_over * (r2[:, None] + r2[None, :] - 2 * np.outer(r2, r2)) * noise / n / gap
    return _widened(first_order)


def label_leak(correlations: Array, noise: Array, n: int, label_rows: Array) -> Array:
    """Variance of what a label coefficient inherits from another component's, by sampling.

    The mixing that matters to coefficients is not that of :func:`leak_variance`, which holds for
    many new rows. Labelled rows took part in finding the components, and few of them are
    correlated with each other by chance, which symmetric whitening shares out between both.

    Parameters
    ----------
    correlations, noise, n
        As in :func:`leak_variance`.
    label_rows : ndarray of shape (k,)
        Independent labelled rows behind each component's coefficients.

    Returns
    -------
    ndarray of shape (k, k)
        Entry (i, j): of the coefficients of component j over those of i, where j carries no
        label. To first order (1 − ρ_i)(1 + ρ_j)(1 − ρ_iρ_j) / (2n (ρ_i − ρ_j)²), by the delta
        method for the averaged scores of both views, widened like the other, plus
        :func:`chance_leak`.

    Examples
    --------
    >>> label_leak(np.array([0.9, 0.6]), np.ones((2, 2)), 1000, np.full(2, 100.0)).round(4)
    array([[0.    , 0.0027],
           [0.0044, 0.    ]])
    """
    own, other = correlations[:, None], correlations[None, :]
    gap = np.maximum((own - other) ** 2, 1e-12)
    mixing = _widened((1 - own) * (1 + other) * (1 - own * other) * noise / (2 * n * gap))
    return np.asarray(mixing + chance_leak(n, label_rows))


def chance_leak(n: int, label_rows: Array) -> Array:
    """Part of :func:`label_leak` that chance correlations over the labelled rows make.

    Parameters
    ----------
    n : int
        Rows.
    label_rows : ndarray of shape (k,)
        As in :func:`label_leak`.

    Returns
    -------
    ndarray of shape (k, k)
        (1/n_labelled − 1/n) / 4 off the diagonal.

    Examples
    --------
    >>> float(chance_leak(1000, np.full(2, 100.0))[0, 1].round(5))
    0.00225
    """
    by_chance = 0.25 * np.maximum(1 / np.maximum(label_rows, 1.0) - 1 / n, 0.0)
    return np.asarray(by_chance[None, :] * (1 - np.eye(len(label_rows))))


def _widened(first_order: Array) -> Array:
    # Given the sample's gap, angle θ has density ∝ exp(−sin²2θ / 8v): its tails are four times
    # as wide as the core near ±45°.
    widened = first_order * (1 + 3 * first_order / (first_order + 0.05))
    variance = np.minimum(widened, _LEAK_CAP)
    np.fill_diagonal(variance, 0.0)
    return np.asarray(variance)


def signal_sets(
    z: Array, leak: Array, n_rows: int | Array, told: Turns | None = None
) -> SignalSets:
    """Posterior over signal sets.

    Component j outside the set has ``z_j ~ N(0, I + Σ_{i in set} leak_ij z_i z_iᵀ)`` (where leaks
    are `told`, of their mean and variance instead), inside it
    ``z_j ~ N(a u, I)`` along one label direction u, with a hardly ever near 0 and as large as n
    rows make it. Either every member has a direction to itself, at right angles with the others,
    so that there are no more members than label directions (prior probability 0.03), or u is any
    direction or that of a stronger member, see
    :class:`crossphase.attribution.signal_density.SignalDensity`. The prior probability of signal
    is 0.4 each.

    Parameters
    ----------
    z : ndarray of shape (k, q)
        Of :func:`crossphase.attribution.label_evidence`.
    leak : ndarray of shape (k, k)
        Of :func:`label_leak`.
    n_rows : int or ndarray of shape (k,)
        Labelled rows; with dependent rows, how many independent ones each component has; 0 for
        components that were not tested.
    told : Turns or None, default None
        Leaks into nuisance, where more than their size is known.

    Returns
    -------
    SignalSets
        All sets of the (at most 10) components whose part is not settled at once.

    Examples
    --------
    >>> z = np.array([[20.0], [6.0]])
    >>> apart, close = np.full((2, 2), 1e-3), np.full((2, 2), 0.2)
    >>> signal_sets(z, apart, 200).inclusion.round(2)
    array([1., 1.])
    >>> signal_sets(z, close, 200).inclusion.round(2)
    array([1.  , 0.28])
    """
    k, q = z.shape
    rows = np.broadcast_to(np.asarray(n_rows, dtype=np.float64), k)
    untested = rows < 1
    units = _units(rows)
    leaks = _as_coefficients(Turns(np.zeros((k, k)), leak) if told is None else told, units)
    leak = (leak + _LEAK_FLOOR * (1 - np.eye(k))) * units**2
    strength = (z**2).sum(axis=1)
    density = SignalDensity.of(z, leak, rows)
    as_signal = density.on_its_own + np.log(_PRIOR)
    alone = -0.5 * strength + np.log1p(-_PRIOR)
    likely = strength > 2 * q
    others = likely[None, :] & ~np.eye(k, dtype=bool)
    each = np.arange(k)
    leaked, beside = _as_nuisance(z, leaks, each, others), density.within(each, others)
    at_best = np.maximum(as_signal, beside + np.log(_PRIOR))
    settled = np.full(k, -1)
    settled[untested] = 0
    settled[as_signal - np.maximum(leaked, alone) > _SURE_SIGNAL] = 1
    settled[(alone - at_best > _SURE_NUISANCE) & (strength < 2 * q + 6)] = 0
    weigh = _Weigher(in_their_span(z), leaks, density, ~untested)
    if int((settled != 0).sum()) > _MAX_ENUMERATED:
        settled = _settle_most(weigh, np.flatnonzero(settled != 0), strength)
    open_ = np.flatnonzero(settled < 0)
    sets = np.tile(settled == 1, (2 ** len(open_), 1))
    bits = np.arange(len(sets))[:, None] >> np.arange(len(open_))[None, :]
    sets[:, open_] = (bits & 1).astype(bool)
    log_posterior = weigh(sets)
    weights = np.exp(log_posterior - log_posterior.max())
    return SignalSets(sets, weights / weights.sum(), untested)


@dataclass(frozen=True, eq=False)
class _Weigher:
    """Log posterior of signal sets, up to a constant.

    `z` are the label coefficients in coordinates of the space they span.
    """

    z: Array
    leaks: Turns
    density: SignalDensity
    tested: Mask

    def __call__(self, sets: Mask) -> Array:
        chunk = max(1, _CHUNK_ELEMENTS // self.z.size // self.z.shape[1])
        parts = [self._few(sets[i : i + chunk]) for i in range(0, len(sets), chunk)]
        return np.concatenate(parts)

    def _few(self, sets: Mask) -> Array:
        inside, j = np.nonzero(sets & self.tested)
        outside, i = np.nonzero(~sets & self.tested)
        nuisance = _as_nuisance(self.z, self.leaks, i, sets[outside])
        designs = [
            np.log(prior) + np.bincount(inside, of_members + np.log(_PRIOR), minlength=len(sets))
            for prior, of_members in (
                (1 - _OWN_DIRECTIONS, self.density.within(j, sets[inside])),
                (_OWN_DIRECTIONS, self.density.apart(j, sets[inside])),
            )
        ]
        both = np.logaddexp(*designs)
        return np.asarray(both + np.bincount(outside, nuisance, minlength=len(sets)))


def _settle_most(weigh: _Weigher, open_: NDArray[np.intp], strength: Array) -> NDArray[np.int_]:
    """What becomes of each component where too many are open for all sets: 1, 0, or −1 for open.

    Components settle each other: where every direction of the labels has its signal, further
    ones are unlikely. From the best of the sets of the strongest 0, 1, 2, ... components, single
    ones are added or taken out for as long as that helps; those stay open that change least.
    """
    order = open_[np.argsort(-strength[open_], kind="stable")]
    sets = np.zeros((len(order) + 1, len(strength)), dtype=bool)
    sets[:, order] = np.arange(len(order)) < np.arange(len(sets))[:, None]
    log_posterior = weigh(sets)
    best, highest = sets[log_posterior.argmax()], float(log_posterior.max())
    for _ in range(_MAX_STEPS):
        others = np.tile(best, (len(open_), 1))
        others[np.arange(len(open_)), open_] ^= True
        change = weigh(others) - highest
        if change.max() <= 0:
            break
        best, highest = others[change.argmax()], highest + float(change.max())
    settled: NDArray[np.int_] = best.astype(np.int_)
    settled[open_[np.argsort(-change, kind="stable")[:_MAX_ENUMERATED]]] = -1
    return settled


def _as_coefficients(turns: Turns, units: Array) -> Turns:
    """Leaks of label coefficients, with the floor of their variance."""
    floor = _LEAK_FLOOR * (1 - np.eye(len(units)))
    return Turns(turns.mean * units, (turns.variance + floor) * units**2)


def _as_nuisance(z: Array, leaks: Turns, j: NDArray[np.intp], sets: Mask) -> Array:
    """Log density of z_j[r] as nuisance under sets[r], up to a common constant, shape (len(j),)."""
    k, q = z.shape
    products = (z[:, :, None] * z[:, None, :]).reshape(k, q * q)
    covariance = np.eye(q) + ((sets * leaks.variance[:, j].T) @ products).reshape(-1, q, q)
    _, log_det = np.linalg.slogdet(covariance)
    own = z[j] - (sets * leaks.mean[:, j].T) @ z
    solved = np.linalg.solve(covariance, own[:, :, None])[..., 0]
    return np.asarray(-0.5 * log_det - 0.5 * (solved * own).sum(axis=1) + np.log1p(-_PRIOR))


def _units(rows: Array) -> Array:
    """Entry (i, j): what a coefficient of z_i on z_j's scale is multiplied by, shape (k, k)."""
    root = np.sqrt(np.maximum(rows, 1.0))
    return np.asarray(root[None, :] / root[:, None])


def draw_rotations(
    sets: SignalSets,
    z: Array,
    turns: Turns,
    n_draws: int,
    rng: np.random.Generator,
    *,
    n_rows: int | Array = 1,
) -> tuple[Mask, Array]:
    """Draw signal sets, and for each the rotation from sample to population components.

    Given the set, the leaks of the signals into a nuisance component have the posterior of a
    ridge regression of its coefficients on theirs, about the mean of `turns`.

    Parameters
    ----------
    sets : SignalSets
    z : ndarray of shape (k, q)
        As in :func:`signal_sets`.
    turns : Turns
        What is known of how sampling turned the components, labels apart.
    n_draws : int
    rng : numpy.random.Generator
    n_rows : int or ndarray of shape (k,), default 1
        That of :func:`signal_sets`; only its ratios count.

    Returns
    -------
    drawn : ndarray of shape (n_draws, k), bool
    rotations : ndarray of shape (n_draws, k, k)
        Columns are population components in sample coordinates.
    """
    k = len(z)
    units = _units(np.broadcast_to(np.asarray(n_rows, dtype=np.float64), k))
    leak, expected = turns.variance * units**2, turns.mean * units
    pick = rng.choice(len(sets.probabilities), size=n_draws, p=sets.probabilities)
    tangents = np.tile(np.eye(k), (n_draws, 1, 1))
    for index in np.unique(pick):
        rows = np.flatnonzero(pick == index)
        signal = np.flatnonzero(sets.sets[index])
        nuisance = np.flatnonzero(~sets.sets[index])
        if not len(signal) or not len(nuisance):
            continue
        # One ridge regression per nuisance component, batched.
        known = z[signal]
        prior = 1 / np.maximum(leak[np.ix_(signal, nuisance)].T, 1e-12)
        precision = known @ known.T + prior[:, :, None] * np.eye(len(signal))
        told = z[nuisance] @ known.T + prior * expected[np.ix_(signal, nuisance)].T
        mean = np.linalg.solve(precision, told[:, :, None])[..., 0]
        factor = np.linalg.cholesky(precision)
        noise = rng.standard_normal((len(rows), len(nuisance), len(signal), 1))
        drawn = mean + np.linalg.solve(np.swapaxes(factor, 1, 2), noise)[..., 0]
        drawn /= units[np.ix_(signal, nuisance)].T
        tangents[np.ix_(rows, signal, nuisance)] = np.swapaxes(drawn, 1, 2)
        tangents[np.ix_(rows, nuisance, signal)] = -drawn
    left, _, right = np.linalg.svd(tangents)
    drawn_sets = sets.sets[pick]
    # Nothing is known of what the labels could not test.
    drawn_sets[:, sets.untested] = rng.random((n_draws, int(sets.untested.sum()))) < _PRIOR
    return drawn_sets, np.swapaxes(left @ right, 1, 2)
