"""Singular values of signal and nuisance in closed form, and the numbers that compare them.

Everything here is a pure function of arrays. The closed forms are those of the spiked model
(:class:`crossphase.theory.SpikedModel`, arXiv 2606.11190); the ratio, the count and the
dimension serve theoretical and estimated spectra alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.errors import InputError
from crossphase.theory._checks import at_least_zero, finite, positive

__all__ = [
    "alignment_nuisance",
    "alignment_signal",
    "code_norm_bound",
    "merged_spectrum",
    "minimal_code_norm",
    "prediction_nuisance",
    "prediction_signal",
    "recovery_count",
    "required_dimension",
    "separation_ratio",
]

Array = NDArray[np.float64]


def _shared_fraction(kappa: Array, gamma: Array) -> Array:
    """κ / √(κ² + γ): the part of a view's standard deviation that is shared; 0 at κ = 0."""
    shape = np.broadcast_shapes(kappa.shape, gamma.shape)
    total = np.hypot(kappa, np.sqrt(gamma))
    return np.divide(kappa, total, out=np.zeros(shape), where=total > 0)


def alignment_signal(kappa: ArrayLike, gamma_x: ArrayLike, gamma_y: ArrayLike) -> Array:
    """Canonical correlation ρ = κ² / √((κ² + γx)(κ² + γy)) of a shared coordinate.

    Parameters
    ----------
    kappa : array-like
        Standard deviation of the shared signal, 0 or more.
    gamma_x, gamma_y : array-like
        Variance that each view adds on that coordinate, 0 or more. All broadcast.

    Returns
    -------
    ndarray
        Of the broadcast shape, in [0, 1]; 0 where κ = 0.

    Raises
    ------
    InputError
        For negative or non-finite values.

    Examples
    --------
    >>> alignment_signal([2.0, 1.0], 0.5, 0.5).round(3)
    array([0.889, 0.667])
    """
    kappa = at_least_zero("kappa", kappa)
    in_x = _shared_fraction(kappa, at_least_zero("gamma_x", gamma_x))
    in_y = _shared_fraction(kappa, at_least_zero("gamma_y", gamma_y))
    return np.asarray(in_x * in_y)


def alignment_nuisance(eta: ArrayLike, gamma_tilde_x: ArrayLike, gamma_tilde_y: ArrayLike) -> Array:
    """Canonical correlation ν = |η| / √(γ̃x γ̃y) of a pair of nuisance coordinates.

    Parameters
    ----------
    eta : array-like
        Covariance of the pair; its sign does not matter to a singular value.
    gamma_tilde_x, gamma_tilde_y : array-like
        Variances of the two nuisance coordinates, above 0. All broadcast.

    Returns
    -------
    ndarray

    Raises
    ------
    InputError
        For variances that are not positive, or non-finite values.

    Examples
    --------
    >>> alignment_nuisance(2.0, 1.0, 16.0)
    array(0.5)
    """
    eta = np.abs(finite("eta", eta))
    scale_x = np.sqrt(positive("gamma_tilde_x", gamma_tilde_x))
    scale_y = np.sqrt(positive("gamma_tilde_y", gamma_tilde_y))
    return np.asarray(eta / scale_x / scale_y)


def prediction_signal(kappa: ArrayLike, gamma_source: ArrayLike) -> Array:
    """Regression singular value τ = κ² / √(κ² + γ) of a shared coordinate.

    Parameters
    ----------
    kappa : array-like
        Standard deviation of the shared signal, 0 or more.
    gamma_source : array-like
        Variance that the *source* view adds on that coordinate: γx for x→y, γy for y→x.

    Returns
    -------
    ndarray
        In the target's units; 0 where κ = 0.

    Raises
    ------
    InputError
        For negative or non-finite values.

    Examples
    --------
    >>> prediction_signal(2.0, 0.0)
    array(2.)
    """
    kappa = at_least_zero("kappa", kappa)
    return np.asarray(kappa * _shared_fraction(kappa, at_least_zero("gamma_source", gamma_source)))


def prediction_nuisance(eta: ArrayLike, gamma_tilde_source: ArrayLike) -> Array:
    """Regression singular value ξ = |η| / √γ̃ of a pair of nuisance coordinates.

    Parameters
    ----------
    eta : array-like
        Covariance of the pair.
    gamma_tilde_source : array-like
        Variance of the *source* view's nuisance coordinate, above 0.

    Returns
    -------
    ndarray
        In the target's units.

    Raises
    ------
    InputError
        For variances that are not positive, or non-finite values.

    Examples
    --------
    >>> prediction_nuisance(-2.0, 4.0)
    array(1.)
    """
    eta = np.abs(finite("eta", eta))
    return np.asarray(eta / np.sqrt(positive("gamma_tilde_source", gamma_tilde_source)))


def separation_ratio(signal: ArrayLike, nuisance: ArrayLike) -> float:
    """Separation ratio Δ: the weakest signal value over the strongest nuisance value.

    Parameters
    ----------
    signal, nuisance : array-like
        Singular values, 0 or more, in any order; either may be empty.

    Returns
    -------
    float
        0 without signal (none given, or the weakest is 0), ``inf`` without nuisance. Δ > 1,
        strictly, means that the objective recovers the signal.

    Examples
    --------
    >>> separation_ratio([0.9, 0.6], [0.3, 0.1])
    2.0
    >>> separation_ratio([0.9], []), separation_ratio([], [0.3])
    (inf, 0.0)
    """
    weakest = float(np.min(signal, initial=np.inf)) if np.size(signal) else 0.0
    strongest = float(np.max(nuisance, initial=0.0))
    if weakest == 0.0:
        return 0.0
    return weakest / strongest if strongest > 0.0 else float("inf")


def recovery_count(signal: ArrayLike, nuisance: ArrayLike) -> int:
    """Number of signal values strictly above the largest nuisance value.

    Without nuisance every signal value counts.

    Parameters
    ----------
    signal, nuisance : array-like
        Singular values in any order; either may be empty.

    Returns
    -------
    int

    Examples
    --------
    >>> recovery_count([0.9, 0.5, 0.2], [0.5, 0.1])
    1
    """
    floor = float(np.max(nuisance, initial=-np.inf))
    return int(np.sum(np.asarray(signal, dtype=np.float64) > floor))


def required_dimension(signal: ArrayLike, nuisance: ArrayLike) -> int:
    """Latent dimension at which an objective keeps all the signal.

    The rank of the weakest signal value in the merged, descending spectrum; nuisance values
    that tie with it are ranked before it, since nothing makes an objective prefer the signal.

    Parameters
    ----------
    signal, nuisance : array-like
        Singular values in any order; either may be empty.

    Returns
    -------
    int
        0 without signal; the number of signal values when Δ > 1.

    Examples
    --------
    >>> required_dimension([0.9, 0.5], [0.7, 0.5, 0.1])
    4
    """
    kept = np.asarray(signal, dtype=np.float64)
    if not kept.size:
        return 0
    return int(kept.size + np.sum(np.asarray(nuisance, dtype=np.float64) >= kept.min()))


def merged_spectrum(signal: ArrayLike, nuisance: ArrayLike) -> tuple[Array, NDArray[np.bool_]]:
    """All values in descending order, and which of them are signal.

    Parameters
    ----------
    signal, nuisance : array-like
        Singular values in any order; either may be empty.

    Returns
    -------
    values : ndarray of shape (n_signal + n_nuisance,)
    is_signal : ndarray of bool of the same shape
        Nuisance values come before signal values that they tie with, as in
        :func:`required_dimension`.

    Examples
    --------
    >>> values, is_signal = merged_spectrum([0.9, 0.5], [0.5])
    >>> values, is_signal
    (array([0.9, 0.5, 0.5]), array([ True, False,  True]))
    """
    kept = np.asarray(signal, dtype=np.float64).ravel()
    dropped = np.asarray(nuisance, dtype=np.float64).ravel()
    values = np.concatenate([dropped, kept])
    is_signal = np.repeat([False, True], [dropped.size, kept.size])
    order = np.argsort(-values, kind="stable")
    return values[order], is_signal[order]


def code_norm_bound(phi: ArrayLike) -> Array:
    """Least size 2 / φ of a pair of alignment codes that keeps a canonical correlation φ.

    A pair of k-dimensional linear codes Wx and Vy with cross-covariance W Σxy Vᵀ = I has
    ‖W'‖² + ‖V'‖² ≥ 2 / φ_k, with φ_k the k-th canonical correlation, W' = W Σxx^{1/2} and
    V' = V Σyy^{1/2}: weak shared signal costs large codes. It holds for spectral norms, and so
    for Frobenius norms, whose own minimum is 2 Σ 1/φ_i over the k leading correlations.

    Parameters
    ----------
    phi : array-like
        Weakest canonical correlations that the codes keep, in (0, 1].

    Returns
    -------
    ndarray

    Raises
    ------
    InputError
        For values outside (0, 1].

    Examples
    --------
    >>> code_norm_bound([1.0, 0.5])
    array([2., 4.])
    """
    correlation = positive("phi", phi)
    if np.any(correlation > 1):
        raise InputError(f"phi contains {correlation.max():.6g}: canonical correlations end at 1")
    return np.asarray(2.0 / correlation)


def minimal_code_norm(phi: ArrayLike) -> Array:
    """Size 2 Σ 1/φ_i of the smallest pair of alignment codes, in Frobenius norm.

    Codes W' = Φ^{-1/2} Uᵀ and V' = Φ^{-1/2} Vᵀ, with U and V the leading singular vectors of the
    whitened cross-covariance, satisfy W'CV'ᵀ = I and reach it; their spectral norms reach
    :func:`code_norm_bound`.

    Parameters
    ----------
    phi : array-like of shape (..., k)
        The k canonical correlations that the codes keep, in (0, 1].

    Returns
    -------
    ndarray of shape (...)

    Raises
    ------
    InputError
        For values outside (0, 1].

    Examples
    --------
    >>> minimal_code_norm([1.0, 0.5])
    array(6.)
    """
    return np.asarray(code_norm_bound(phi).sum(axis=-1))
