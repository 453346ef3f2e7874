"""The spiked model of paired modalities: closed forms, covariances and exact samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.errors import InputError
from crossphase.theory._checks import at_least_zero, finite, positive
from crossphase.theory.bases import checked_basis, random_basis
from crossphase.theory.model_separation import ModelSeparation, ObjectiveSeparation
from crossphase.theory.regimes import Objective
from crossphase.theory.separation import (
    alignment_nuisance,
    alignment_signal,
    prediction_nuisance,
    prediction_signal,
)

__all__ = ["Covariances", "SpikedModel", "SpikedSample"]

Array = NDArray[np.float64]


class Covariances(NamedTuple):
    """Population covariances: `xx` (dx, dx), `xy` (dx, dy) and `yy` (dy, dy)."""

    xx: Array
    xy: Array
    yy: Array


@dataclass(frozen=True, eq=False)
class SpikedSample:
    """Paired rows drawn from a spiked model.

    Attributes
    ----------
    x, y : ndarray of shape (n, dx), (n, dy)
    signal : ndarray of shape (n, k)
        The shared coordinates s, without either view's noise.
    basis_x, basis_y : ndarray of shape (dx, dx), (dy, dy)
        Orthonormal columns; the first k of each span the signal subspace of that view.
    """

    x: Array
    y: Array
    signal: Array
    basis_x: Array
    basis_y: Array


@dataclass(frozen=True, eq=False, init=False)
class SpikedModel:
    """Two modalities that share k signal coordinates, with correlated nuisance (arXiv 2606.11190).

    In orthonormal bases Qx and Qy, ``x = Qx [s + e_x; u]`` and ``y = Qy [s + e_y; v]``. The
    coordinates of s, e_x and e_y are independent, and nuisance coordinate u_j is correlated
    with v_j only. All are centred and Gaussian; units are those of the data.

    Parameters
    ----------
    kappa : array-like of shape (k,)
        Standard deviations of the shared signal s, 0 or more, k ≥ 1.
    gamma_x, gamma_y : float or array-like of shape (k,)
        Variances of e_x and e_y, 0 or more.
    gamma_tilde_x, gamma_tilde_y : array-like of shape (dx − k,), (dy − k,)
        Variances of the nuisance u and v, above 0. They set dx and dy, which may differ.
    eta : array-like of at most min(dx, dy) − k values, default ()
        Cov(u_j, v_j), at most √(γ̃x,j γ̃y,j) in absolute value; missing ones are 0.

    Attributes
    ----------
    kappa, gamma_x, gamma_y, gamma_tilde_x, gamma_tilde_y, eta : ndarray
        The parameters as read-only arrays of full length.

    Raises
    ------
    InputError
        For non-finite values, variances out of range, shapes that do not fit, or covariances
        that no distribution has.

    Examples
    --------
    One strong, one weak signal, and a nuisance pair that prediction cannot ignore because it
    is loud in y:

    >>> model = SpikedModel([3.0, 1.5], gamma_x=0.5, gamma_y=0.05,
    ...                     gamma_tilde_x=[1.0, 1.0], gamma_tilde_y=[50.0, 50.0, 1.0], eta=[3.0])
    >>> model.k, model.dx, model.dy
    (2, 4, 5)
    >>> separation = model.separation()
    >>> separation.regime
    <Regime.CA_ONLY: 'CA only'>
    >>> round(separation.alignment.delta, 2), round(separation.prediction_xy.delta, 2)
    (2.11, 0.45)
    >>> separation.prediction_xy.recovery, separation.prediction_xy.required_dim
    (0, 3)
    """

    kappa: Array
    gamma_x: Array
    gamma_y: Array
    gamma_tilde_x: Array
    gamma_tilde_y: Array
    eta: Array

    def __init__(
        self,
        kappa: ArrayLike,
        *,
        gamma_x: ArrayLike,
        gamma_y: ArrayLike,
        gamma_tilde_x: ArrayLike,
        gamma_tilde_y: ArrayLike,
        eta: ArrayLike = (),
    ) -> None:
        signal = _vector("kappa", at_least_zero("kappa", kappa))
        if not signal.size:
            raise InputError("kappa is empty: give at least one shared signal coordinate")
        tilde_x = _vector("gamma_tilde_x", positive("gamma_tilde_x", gamma_tilde_x))
        tilde_y = _vector("gamma_tilde_y", positive("gamma_tilde_y", gamma_tilde_y))
        parameters = {
            "kappa": signal,
            "gamma_x": _per_signal("gamma_x", gamma_x, signal.size),
            "gamma_y": _per_signal("gamma_y", gamma_y, signal.size),
            "gamma_tilde_x": tilde_x,
            "gamma_tilde_y": tilde_y,
            "eta": _padded_eta(eta, tilde_x, tilde_y),
        }
        for name, array in parameters.items():
            own = array.copy()
            own.flags.writeable = False
            object.__setattr__(self, name, own)

    @classmethod
    def homogeneous(
        cls,
        kappa: ArrayLike,
        gamma_x: float,
        gamma_y: float,
        gamma_tilde_x: float,
        gamma_tilde_y: float,
        *,
        dx: int,
        dy: int | None = None,
        nu: ArrayLike = 0.0,
    ) -> SpikedModel:
        """A model with one variance for each kind of coordinate.

        Parameters
        ----------
        kappa : float or array-like of shape (k,)
        gamma_x, gamma_y, gamma_tilde_x, gamma_tilde_y : float
        dx, dy : int
            Dimensions; `dy` defaults to `dx`. Both at least k.
        nu : float or array-like of at most min(dx, dy) − k values, default 0.0
            Canonical correlations of the nuisance pairs, in [0, 1]: one for all of them, or one
            for each, the rest 0.

        Raises
        ------
        InputError
            As for the class, and for dimensions below k.

        Examples
        --------
        >>> model = SpikedModel.homogeneous([3, 2, 1.5], 0.5, 0.05, 1.0, 50.0, dx=20, nu=0.5)
        >>> model.separation().regime
        <Regime.CA_ONLY: 'CA only'>
        """
        k = np.size(kappa)
        dy = dx if dy is None else dy
        if min(dx, dy) < k:
            raise InputError(
                f"dx={dx}, dy={dy} with {k} signal coordinates: both must be {k} or more"
            )
        correlations = at_least_zero("nu", nu)
        if correlations.ndim == 0:
            correlations = np.full(min(dx, dy) - k, float(correlations))
        scales = np.sqrt(positive("gamma_tilde_x", gamma_tilde_x)) * np.sqrt(
            positive("gamma_tilde_y", gamma_tilde_y)
        )
        return cls(
            kappa,
            gamma_x=gamma_x,
            gamma_y=gamma_y,
            gamma_tilde_x=np.full(dx - k, gamma_tilde_x),
            gamma_tilde_y=np.full(dy - k, gamma_tilde_y),
            eta=correlations * scales,
        )

    @property
    def k(self) -> int:
        """Number of shared signal coordinates."""
        return self.kappa.size

    @property
    def dx(self) -> int:
        """Features of x."""
        return self.k + self.gamma_tilde_x.size

    @property
    def dy(self) -> int:
        """Features of y."""
        return self.k + self.gamma_tilde_y.size

    def swapped(self) -> SpikedModel:
        """The same model with x and y exchanged."""
        return SpikedModel(
            self.kappa,
            gamma_x=self.gamma_y,
            gamma_y=self.gamma_x,
            gamma_tilde_x=self.gamma_tilde_y,
            gamma_tilde_y=self.gamma_tilde_x,
            eta=self.eta,
        )

    def separation(self) -> ModelSeparation:
        """Population singular values of the three objectives, in closed form.

        Returns
        -------
        ModelSeparation
            With ``alignment``, ``prediction_xy``, ``prediction_yx`` and ``regime``.
        """
        tilde_x = self.gamma_tilde_x[: self.eta.size]
        tilde_y = self.gamma_tilde_y[: self.eta.size]
        return ModelSeparation(
            alignment=ObjectiveSeparation(
                Objective.ALIGN,
                alignment_signal(self.kappa, self.gamma_x, self.gamma_y),
                alignment_nuisance(self.eta, tilde_x, tilde_y),
            ),
            prediction_xy=ObjectiveSeparation(
                Objective.PREDICT_XY,
                prediction_signal(self.kappa, self.gamma_x),
                prediction_nuisance(self.eta, tilde_x),
            ),
            prediction_yx=ObjectiveSeparation(
                Objective.PREDICT_YX,
                prediction_signal(self.kappa, self.gamma_y),
                prediction_nuisance(self.eta, tilde_y),
            ),
        )

    def covariances(
        self, basis_x: ArrayLike | None = None, basis_y: ArrayLike | None = None
    ) -> Covariances:
        """Population covariances Σxx, Σxy and Σyy.

        Parameters
        ----------
        basis_x, basis_y : array-like of shape (dx, dx), (dy, dy), optional
            Orthonormal bases; the coordinate axes by default.

        Returns
        -------
        Covariances
            Unpacks as ``xx, xy, yy``.

        Raises
        ------
        InputError
            If a basis has another shape or is not orthonormal.

        Examples
        --------
        >>> model = SpikedModel([2.0], gamma_x=1.0, gamma_y=0.5,
        ...                     gamma_tilde_x=[1.0], gamma_tilde_y=[9.0, 1.0], eta=[1.5])
        >>> model.covariances().xy
        array([[4. , 0. , 0. ],
               [0. , 1.5, 0. ]])
        """
        qx, qy = (
            checked_basis("basis_x", basis_x, self.dx),
            checked_basis("basis_y", basis_y, self.dy),
        )
        shared = self.kappa**2
        var_x = np.concatenate([shared + self.gamma_x, self.gamma_tilde_x])
        var_y = np.concatenate([shared + self.gamma_y, self.gamma_tilde_y])
        cross = np.concatenate([shared, self.eta])
        return Covariances(
            (qx * var_x) @ qx.T,
            (qx[:, : cross.size] * cross) @ qy[:, : cross.size].T,
            (qy * var_y) @ qy.T,
        )

    def sample(
        self,
        n: int,
        rng: np.random.Generator | int,
        basis_x: ArrayLike | None = None,
        basis_y: ArrayLike | None = None,
        *,
        random_bases: bool = False,
    ) -> SpikedSample:
        """Draw n paired rows, exactly.

        Parameters
        ----------
        n : int
            Rows, 1 or more.
        rng : numpy.random.Generator or int
            A generator, which is advanced, or a seed.
        basis_x, basis_y : array-like of shape (dx, dx), (dy, dy), optional
            Orthonormal bases; the coordinate axes by default.
        random_bases : bool, default False
            Draw the bases that are not given uniformly instead.

        Returns
        -------
        SpikedSample

        Raises
        ------
        InputError
            If `n` is below 1, or a basis has another shape or is not orthonormal.

        Examples
        --------
        >>> model = SpikedModel.homogeneous([2.0, 1.0], 0.5, 0.5, 1.0, 1.0, dx=6, dy=4, nu=0.3)
        >>> train = model.sample(100, 0, random_bases=True)
        >>> test = model.sample(50, 1, train.basis_x, train.basis_y)
        >>> train.x.shape, test.y.shape, test.signal.shape
        ((100, 6), (50, 4), (50, 2))
        """
        if n < 1:
            raise InputError(f"n={n}: give 1 row or more")
        rng = np.random.default_rng(rng)
        if random_bases:
            basis_x = random_basis(self.dx, rng) if basis_x is None else basis_x
            basis_y = random_basis(self.dy, rng) if basis_y is None else basis_y
        qx, qy = (
            checked_basis("basis_x", basis_x, self.dx),
            checked_basis("basis_y", basis_y, self.dy),
        )
        k, pairs = self.k, self.eta.size
        signal = self.kappa * rng.standard_normal((n, k))
        x = rng.standard_normal((n, self.dx))
        y = rng.standard_normal((n, self.dy))
        # Each paired nuisance of y is ν times its partner's standard score and the rest its own.
        nu = np.clip(self.eta / _geometric_mean(self.gamma_tilde_x, self.gamma_tilde_y), -1, 1)
        y[:, k : k + pairs] *= np.sqrt(1 - nu**2)
        y[:, k : k + pairs] += nu * x[:, k : k + pairs]
        x *= np.sqrt(np.concatenate([self.gamma_x, self.gamma_tilde_x]))
        y *= np.sqrt(np.concatenate([self.gamma_y, self.gamma_tilde_y]))
        x[:, :k] += signal
        y[:, :k] += signal
        return SpikedSample(x @ qx.T, y @ qy.T, signal, qx, qy)


def _vector(name: str, array: Array) -> Array:
    if array.ndim > 1:
        raise InputError(f"{name} has shape {array.shape}: give a list of numbers")
    return np.atleast_1d(array)


def _per_signal(name: str, values: ArrayLike, k: int) -> Array:
    array = at_least_zero(name, values)
    if array.ndim and array.shape != (k,):
        raise InputError(f"{name} has shape {array.shape}: give one number, or {k} as in kappa")
    return np.broadcast_to(array, (k,))


def _geometric_mean(a: Array, b: Array) -> Array:
    pairs = min(a.size, b.size)
    return np.asarray(np.sqrt(a[:pairs]) * np.sqrt(b[:pairs]))


def _padded_eta(values: ArrayLike, tilde_x: Array, tilde_y: Array) -> Array:
    given = _vector("eta", finite("eta", values))
    limit = _geometric_mean(tilde_x, tilde_y)
    if given.size > limit.size:
        raise InputError(
            f"eta has {given.size} values: there are {limit.size} nuisance pairs "
            f"({tilde_x.size} nuisance coordinates in x, {tilde_y.size} in y)"
        )
    eta = np.zeros(limit.size)
    eta[: given.size] = given
    # A perfect correlation that was computed from the variances may round above its limit.
    above = np.abs(eta) > limit * (1 + 1e-12)
    if above.any():
        j = int(np.argmax(above))
        raise InputError(
            f"eta[{j}]={eta[j]:.6g} exceeds sqrt(gamma_tilde_x gamma_tilde_y)={limit[j]:.6g}: "
            "no pair of coordinates has a correlation above 1"
        )
    return np.clip(eta, -limit, limit)
