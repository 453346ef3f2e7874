"""Spiked problems whose population regime is known, balanced over the four regimes.

Every family draws the parameters of the spiked model until the wanted regime is met at the wanted
distance from the boundaries, then draws rows. The truth is read off the closed forms; rows are
drawn with covariances that equal them exactly in the population.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Ranges of the amplitude, frequency and phase of warps.
_WARP = ((0.1, 0.5), (0.8, 1.5), (0, 6.3))
REGIMES = ("Both", "CA only", "CP only", "Neither")
MAIN_FAMILIES = ("gaussian", "coloured", "classes")
FAMILIES = (
    *MAIN_FAMILIES,
    "unequal",
    "mixed-labels",
    "partial-labels",
    "extreme-variance",
    "warped",
    "no-signal",
    "embeddings",
)


@dataclass(frozen=True)
class Problem:
    """A population: the spiked model's parameters, and how labels and rows are made."""

    family: str
    kappa: Array
    gamma_x: Array
    gamma_y: Array
    tilde_x: Array
    tilde_y: Array
    eta: Array
    labelled_signals: NDArray[np.bool_]
    label_noise: float
    n_classes: int
    seed: int

    @property
    def log_delta(self) -> Array:
        """log Δ of alignment, prediction x→y and y→x, from the closed forms."""
        k2, s = self.kappa**2, self.labelled_signals
        m = len(self.eta)
        tx, ty = self.tilde_x[:m], self.tilde_y[:m]
        vx, vy = k2 + self.gamma_x, k2 + self.gamma_y
        signal = np.stack([k2 / np.sqrt(vx * vy), k2 / np.sqrt(vx), k2 / np.sqrt(vy)])
        noise = np.stack(
            [self.eta / np.sqrt(tx * ty), self.eta / np.sqrt(tx), self.eta / np.sqrt(ty)]
        )
        noise = np.concatenate([noise, signal[:, ~s]], axis=1)
        if not s.any():
            return np.full(3, -np.inf)
        return np.log(signal[:, s].min(axis=1)) - np.log(noise.max(axis=1))

    @property
    def regime(self) -> str:
        return regime_of(self.log_delta)

    def sample(self, n: int, rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
        """Rows x, y, the labels of all of them, and the true signals."""
        k, m = len(self.kappa), len(self.eta)
        codes = None
        if self.n_classes:
            design = np.random.default_rng(self.seed)
            raw = design.normal(size=(self.n_classes, k))
            # Class means that span all k signals, with unit covariance over equal classes.
            centroids = np.linalg.qr(raw - raw.mean(axis=0))[0] * np.sqrt(self.n_classes)
            within = 0.3
            codes = rng.integers(self.n_classes, size=n)
            noise = np.sqrt(within) * rng.normal(size=(n, k))
            standard = (centroids[codes] + noise) / np.sqrt(1 + within)
        else:
            standard = rng.normal(size=(n, k))
        s = standard * self.kappa
        u = rng.normal(size=(n, len(self.tilde_x)))
        v = rng.normal(size=(n, len(self.tilde_y)))
        nu = self.eta / np.sqrt(self.tilde_x[:m] * self.tilde_y[:m])
        v[:, :m] = nu * u[:, :m] + np.sqrt(1 - nu**2) * v[:, :m]
        if self.family == "coloured":
            # One scale a row for all nuisance: Student tails that keep every covariance.
            tails = np.sqrt(3.0 / rng.chisquare(5, size=(n, 1)))
            u, v = u * tails, v * tails
        x = np.concatenate(
            [s + np.sqrt(self.gamma_x) * rng.normal(size=(n, k)), np.sqrt(self.tilde_x) * u], 1
        )
        y = np.concatenate(
            [s + np.sqrt(self.gamma_y) * rng.normal(size=(n, k)), np.sqrt(self.tilde_y) * v], 1
        )
        basis_x, basis_y = self.bases(x.shape[1], y.shape[1])
        x, y = x @ basis_x, y @ basis_y
        if self.family == "warped":
            x, y = (_warp(rows, how) for rows, how in zip((x, y), self.warps(), strict=True))
        return x, y, self._labels(standard, codes, rng), s

    def warps(self) -> tuple[Array, Array]:
        """Amplitude, frequency and phase of the warp of every coordinate, x and y."""
        rng, k = np.random.default_rng(self.seed + 3), len(self.kappa)
        x, y = (
            np.stack([rng.uniform(*ends, size=k + len(t)) for ends in _WARP])
            for t in (self.tilde_x, self.tilde_y)
        )
        return x, y

    def covariances(self) -> tuple[Array, Array]:
        """Of x and y together before any warp, and theirs with the standardised signals."""
        k, m = len(self.kappa), len(self.eta)
        k2 = self.kappa**2
        dx, dy = k + len(self.tilde_x), k + len(self.tilde_y)
        own_x = np.diag(np.concatenate([k2 + self.gamma_x, self.tilde_x]))
        own_y = np.diag(np.concatenate([k2 + self.gamma_y, self.tilde_y]))
        cross = np.zeros((dx, dy))
        shared = np.arange(k + m)
        cross[shared, shared] = np.concatenate([k2, self.eta])
        basis_x, basis_y = self.bases(dx, dy)
        cross = basis_x.T @ cross @ basis_y
        joint = np.block(
            [[basis_x.T @ own_x @ basis_x, cross], [cross.T, basis_y.T @ own_y @ basis_y]]
        )
        signal = np.concatenate([basis_x[:k], basis_y[:k]], axis=1).T * self.kappa
        return joint, signal

    def bases(self, dx: int, dy: int) -> tuple[Array, Array]:
        """Orthogonal bases the canonical coordinates are rotated by."""
        rng = np.random.default_rng(self.seed + 1)
        return _orthogonal(dx, rng), _orthogonal(dy, rng)

    def _labels(
        self, standard: Array, codes: NDArray[np.int64] | None, rng: np.random.Generator
    ) -> Array:
        n = len(standard)
        if codes is not None:
            wrong = rng.random(n) < 0.1
            shift = rng.integers(1, self.n_classes, size=n)
            codes = np.where(wrong, (codes + shift) % self.n_classes, codes)
            return np.eye(self.n_classes)[codes]
        if self.family == "no-signal":
            return rng.normal(size=(n, 2))
        seen = standard[:, self.labelled_signals]
        if self.family == "mixed-labels":
            design = np.random.default_rng(self.seed + 2)
            q = max(1, seen.shape[1] - 1)
            weights = design.uniform(0.4, 1.0, size=(seen.shape[1], q))
            weights *= design.choice([-1.0, 1.0], size=weights.shape)
            seen = seen @ (weights / np.linalg.norm(weights, axis=0))
        return seen + self.label_noise * rng.normal(size=seen.shape)


def regime_of(log_delta: Sequence[float] | Array) -> str:
    """Of log Δ of alignment and of prediction x→y, which come first."""
    ca, cp = log_delta[0] > 0, log_delta[1] > 0
    return REGIMES[0 if ca and cp else 1 if ca else 2 if cp else 3]


def _orthogonal(d: int, rng: np.random.Generator) -> Array:
    q, r = np.linalg.qr(rng.normal(size=(d, d)))
    return q * np.sign(np.diag(r))


def _warp(rows: Array, how: Array) -> Array:
    """A random smooth, invertible map: each rotated coordinate through z + a sin(z·b + c)."""
    scale = rows.std(axis=0)
    z = rows / scale
    a, b, c = how
    return (z + a * np.sin(b * z + c)) * scale


def draw(
    family: str,
    regime: str,
    rng: np.random.Generator,
    *,
    near: bool | None = False,
) -> Problem:
    """A problem of `family` whose population regime is `regime`.

    |log Δ| of alignment and of prediction x→y exceed 0.15; with `near`, the smaller of the two
    lies within 3 % of a boundary instead; with None it lies anywhere.
    """
    for _ in range(200_000):
        problem = _propose(family, rng)
        if family == "no-signal":
            return problem
        distance = np.abs(problem.log_delta[:2]).min()
        ok = near is None or (distance < 0.03 if near else distance > 0.15)
        if problem.regime == regime and ok:
            return problem
    raise RuntimeError(f"no {family} problem in regime {regime} found")


def _propose(family: str, rng: np.random.Generator) -> Problem:
    if family == "embeddings":
        dx = dy = 512
    elif family == "unequal":
        dx, dy = (int(v) for v in rng.integers(16, 97, size=2))
    else:
        dx = dy = int(rng.integers(20, 101))
    k = int(rng.integers(1, 5))
    kappa = rng.uniform(1.0, 3.0, size=k)
    gamma_x, gamma_y = (
        np.full(k, np.exp(rng.uniform(np.log(0.05), np.log(2.0)))) for _ in range(2)
    )
    m = int(rng.integers(1, 6))
    level_x, level_y = np.exp(rng.uniform(np.log(0.3), np.log(20.0), size=2))
    if family == "coloured":
        power = rng.uniform(0.3, 1.0)
        tilde_x = level_x * 4 * (1 + np.arange(dx - k)) ** -power
        tilde_y = level_y * 4 * (1 + np.arange(dy - k)) ** -power
        tilde_x, tilde_y = rng.permutation(tilde_x), rng.permutation(tilde_y)
    elif family == "embeddings":
        # Spectra as of learned features; what is correlated is among the 40 loudest directions.
        power_x, power_y = rng.uniform(0.7, 1.5, size=2)
        tilde_x = level_x * 4 * (1 + np.arange(dx - k)) ** -power_x
        tilde_y = level_y * 4 * (1 + np.arange(dy - k)) ** -power_y
        for tilde in (tilde_x, tilde_y):
            tilde[:40] = rng.permutation(tilde[:40])
    else:
        tilde_x = level_x * rng.uniform(0.7, 1.4, size=dx - k)
        tilde_y = level_y * rng.uniform(0.7, 1.4, size=dy - k)
    nu = rng.uniform(0.1, 0.97) * np.sort(rng.uniform(0.3, 1.0, size=m))[::-1]
    if family == "extreme-variance":
        # One pair nearly identical and tiny, one barely correlated and huge.
        m, nu = 2, np.array([rng.uniform(0.4, 0.97), rng.uniform(0.1, 0.3)])
        tilde_x[:2] = 0.02, rng.uniform(1, 4)
        tilde_y[:2] = 0.02, np.exp(rng.uniform(np.log(4), np.log(400)))
    labelled = np.ones(k, dtype=bool)
    if family == "partial-labels":
        k_seen = int(rng.integers(1, k + 1))
        labelled[rng.permutation(k)[k_seen:]] = False
    if family == "no-signal":
        labelled[:] = False
    classes = int(rng.integers(max(3, k + 1), 9)) if family == "classes" else 0
    eta = nu * np.sqrt(tilde_x[:m] * tilde_y[:m])
    return Problem(
        family, kappa, gamma_x, gamma_y, tilde_x, tilde_y, eta, labelled,
        float(rng.uniform(0.3, 1.0)), classes, int(rng.integers(2**31)),
    )  # fmt: skip
