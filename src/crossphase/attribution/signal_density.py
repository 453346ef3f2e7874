"""How likely a component's label coefficients are if it is signal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, hyp1f1

__all__ = ["SignalDensity", "in_their_span"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_KUMMER_ASYMPTOTIC = 100.0
#: Labels that a component explains well, or seldom a little: slab variances per labelled row,
#: and how often.
_SLABS = ((1.0, 0.9), (0.1, 0.1))
#: How often a signal bears the label direction of another one where labels mix the signals, and
#: the squared tangent of the angle that they then differ by.
_SHARED_DIRECTION = 0.5
_SPREAD = 0.07
#: Two signals of one direction have strengths of like size: slab variance of the weaker over the
#: square of the stronger, so that equal ones are likeliest (the mode of a⁴ exp(−a²/2g) is a² = 4g),
#: and the log of what cutting off strengths above the stronger's leaves, P(χ²(5) < 4) = 0.45.
_RELATIVE_SLAB, _LOG_CUT_OFF = 0.25, float(np.log(0.45))
#: Weight of directions that are projected out.
_RIGID = 1e6


@dataclass(frozen=True, eq=False)
class SignalDensity:
    """Log densities of label coefficients of signals, up to (2π)^{−q/2}.

    A signal bears a times a unit direction u of the labels. The strength a has the density
    a² N(a; 0, g) / g, g mostly `slab`, seldom a tenth of it, so that strengths near 0 are
    unlikely (a non-local prior, Johnson and Rossell, *JRSS B* 72, 2010). Labels may have a
    direction for each signal (:meth:`apart`), or mix the signals (:meth:`within`): then any u is
    as likely, or (as often as not) u is close to that of a stronger signal, each being equally
    likely. Two signals share the strength that the labels have in one direction, so that equal
    ones are likeliest; and sampling mixes the two, so the coefficient of the weaker need not be
    far from 0.

    Attributes
    ----------
    z : ndarray of shape (k, q)
        Coefficients over their standard errors.
    leak : ndarray of shape (k, k)
        Entry (i, j): variance of what z_j inherits of z_i by sampling, over |z_i|².
    slab : ndarray of shape (k,)
        Variance of strengths.

    Examples
    --------
    >>> z = np.array([[20.0, 0.0], [0.5, 0.0], [0.0, 0.5]])
    >>> density = SignalDensity(z, np.full((3, 3), 0.2), np.full(3, 100.0))
    >>> both = np.array([[True, True, True]])

    A weak signal next to a strong one may have lent it its coefficients, if their directions agree:

    >>> [bool(density.within(j, both)[0] > density.on_its_own[j] + 0.5) for j in (1, 2)]
    [True, True]
    """

    z: Array
    leak: Array
    slab: Array

    @classmethod
    def of(cls, z: Array, leak: Array, rows: Array) -> SignalDensity:
        """With slabs as large as `rows` labelled rows give, or as the strongest component asks for.

        Labels that are hardly noisy have strengths far beyond the root of the rows; a slab of that
        size would take what leaks of them for signals of the usual kind.
        """
        rows = np.maximum(rows, 1.0)
        # The mean of a² is 3g.
        grown = max(1.0, float(((z**2).sum(axis=1) / (3 * rows)).max(initial=0.0)))
        return cls(z, leak, rows * grown)

    @cached_property
    def on_its_own(self) -> Array:
        """Of each component where any direction is as likely, shape (k,).

        For a slab of variance g it is M + 2 t M' over (1 + g)^{3/2}, with t = |z|² g / 2(1 + g)
        and M = M(1/2; q/2; t) Kummer's function, the mean of exp(t (u·e)²) over directions u.
        """
        dimensions = np.full(len(self.z), float(self.z.shape[1]))
        return _any_direction(self._strength, dimensions, self.slab)

    @cached_property
    def _strength(self) -> Array:
        return np.asarray((self.z**2).sum(axis=1))

    @cached_property
    def _place(self) -> NDArray[np.intp]:
        """Of each component, the strongest first."""
        place = np.empty(len(self.z), dtype=np.intp)
        place[np.argsort(-self._strength, kind="stable")] = np.arange(len(place))
        return place

    @cached_property
    def _along_others(self) -> Array:
        """Entry (j, i): of z_j along the direction of z_i."""
        return np.asarray(self.z @ self.z.T / np.maximum(np.sqrt(self._strength), 1e-12))

    @cached_property
    def _in_their_span(self) -> Array:
        return in_their_span(self.z)

    def apart(self, j: int | NDArray[np.intp], sets: Mask) -> Array:
        """Of component j in each of `sets`, every member of which has a label direction to itself.

        At right angles with those of the stronger members, along which sampling alone puts
        something; −∞ where these leave no direction. Shape (n_sets,).

        Parameters
        ----------
        j, sets
            As in :meth:`within`.
        """
        q = self.z.shape[1]
        each = np.broadcast_to(j, len(sets))
        stronger = sets & (self._place < self._place[each][:, None])
        left = q - stronger.sum(axis=1)
        found = np.full(len(sets), -np.inf)
        some = np.flatnonzero(left > 0)
        each, stronger, left = each[some], stronger[some], left[some]
        z = self._in_their_span
        r = z.shape[1]
        unit = z / np.maximum(np.sqrt(self._strength), 1e-12)[:, None]
        products, units = ((v[:, :, None] * v[:, None, :]).reshape(-1, r * r) for v in (z, unit))
        mixed = np.eye(r) + ((stronger * self.leak[:, each].T) @ products).reshape(-1, r, r)
        rigid = np.eye(r) + _RIGID * (stronger @ units).reshape(-1, r, r)
        own = z[each][:, :, None]
        _, log_det = np.linalg.slogdet(mixed)
        whole, outside = (
            (np.linalg.solve(matrix, own) * own).sum(axis=(1, 2)) for matrix in (mixed, rigid)
        )
        outside = np.clip(outside, 0.0, whole)
        found[some] = -0.5 * log_det - 0.5 * (whole - outside)
        found[some] += _any_direction(outside, left.astype(np.float64), self.slab[each])
        return found

    def within(self, j: int | NDArray[np.intp], sets: Mask) -> Array:
        """Of component j as a member of each of `sets`, shape (n_sets,).

        Parameters
        ----------
        j : int or ndarray of shape (n_sets,)
            One component, or one for each set.
        sets : ndarray of shape (n_sets, k), bool
        """
        q = self.z.shape[1]
        strength = self._strength
        each = np.broadcast_to(j, len(sets))
        found = self.on_its_own[each]
        # Stronger first: a density of all members together.
        stronger = sets & (self._place < self._place[each][:, None])
        paired = np.flatnonzero(stronger.any(axis=1))
        if not len(paired):
            return np.asarray(found)
        each, stronger = each[paired], stronger[paired]
        mixed = 1 + (stronger * self.leak[:, each].T) @ self._along_others**2
        # One row for each pair of a set and a stronger member.
        row, other = np.nonzero(stronger)
        own = each[row]
        along = self._along_others[own, other]
        spread = 1 + (_SPREAD * along**2 if q > 1 else 0.0 * along)
        across = np.maximum(strength[own] - along**2, 0.0)
        log_density = _along(along, mixed[row, other], np.maximum(strength[other], self.slab[own]))
        log_density += -0.5 * across / spread - 0.5 * (q - 1) * np.log(spread)
        # Rows of a set follow each other, and every set has one.
        start = np.flatnonzero(np.diff(row, prepend=-1))
        highest = np.maximum.reduceat(log_density, start)
        shared = np.add.reduceat(np.exp(log_density - highest[row]), start)
        shared = np.log(shared / stronger.sum(axis=1)) + highest
        if q > 1:
            alone = np.log1p(-_SHARED_DIRECTION) + found[paired]
            shared = np.logaddexp(alone, np.log(_SHARED_DIRECTION) + shared)
        found[paired] = shared
        return np.asarray(found)


def in_their_span(z: Array) -> Array:
    """Label coefficients in coordinates of the space they span, shape (k, min(k, q)).

    With more labels than components nothing happens outside of it: matrices that are the identity
    there have the same determinants and solutions without it.

    Parameters
    ----------
    z : ndarray of shape (k, q)

    Examples
    --------
    >>> z = np.random.default_rng(0).normal(size=(3, 40))
    >>> short = in_their_span(z)
    >>> short.shape, np.allclose(short @ short.T, z @ z.T)
    ((3, 3), True)
    """
    k, q = z.shape
    return z if q <= k else np.asarray(np.linalg.qr(z.T)[1].T)


def _along(t: Array, variance: Array, squared: Array) -> Array:
    """Log of √2π times the density of a + noise of this variance at t.

    The strength a has the density a⁴ N(a; 0, g) / 3g² with g a quarter of `squared`.
    """
    total = np.full(len(t), -np.inf)
    for scale, share in _SLABS:
        g = _RELATIVE_SLAB * squared * scale
        whole = g + variance
        mean, spread = (t * g / whole) ** 2, g * variance / whole
        moment = (mean**2 + 6 * mean * spread + 3 * spread**2) / (3 * g**2)
        log_density = -0.5 * np.log(whole) - 0.5 * t**2 / whole + np.log(moment)
        total = np.logaddexp(total, log_density + np.log(share))
    return total - _LOG_CUT_OFF


def _any_direction(strength: Array, dimensions: Array, slab: Array) -> Array:
    """Log density of a u + noise by its squared length, u any direction of so many dimensions."""
    total = np.full(len(strength), -np.inf)
    for scale, share in _SLABS:
        g = slab * scale
        t = 0.5 * strength * g / (1 + g)
        log_m = _log_kummer(0.5, 0.5 * dimensions, t)
        log_slope = _log_kummer(1.5, 0.5 * dimensions + 1, t) - np.log(dimensions)
        moment = np.log1p(2 * t * np.exp(log_slope - log_m))
        total = np.logaddexp(total, log_m + moment - 1.5 * np.log1p(g) + np.log(share))
    return np.asarray(total - 0.5 * strength)


def _log_kummer(a: float, b: Array, t: Array) -> Array:
    """Logarithm of Kummer's M(a; b; t) for t ≥ 0, by its asymptotic form where that overflows."""
    small, large = np.minimum(t, _KUMMER_ASYMPTOTIC), np.maximum(t, _KUMMER_ASYMPTOTIC)
    tail = large + (a - b) * np.log(large) + gammaln(b) - gammaln(a)
    tail += np.log1p((1 - a) * (b - a) / large)
    return np.asarray(np.where(t < _KUMMER_ASYMPTOTIC, np.log(hyp1f1(a, b, small)), tail))
