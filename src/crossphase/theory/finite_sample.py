"""What sampling does to canonical correlations and regression singular values.

Limits for n, dx, dy → ∞ with c₁ = dx/n and c₂ = dy/n held fixed and few population values above
zero (Bao, Hu, Pan, Zhou, arXiv 1704.02408; Bykhovskaya, Gorin, arXiv 2306.16393; for matrices
plus white noise Benaych-Georges, Nadakuditi, arXiv 1103.2221). Correlations appear *squared*
throughout. Centring spends one degree of freedom: with fitted means, let n be rows − 1. The
formulas hold for plain sample covariances; shrinkage and ridges invalidate them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.errors import InputError
from crossphase.theory._checks import at_least_zero, between_zero_and_one

__all__ = [
    "debias_r2",
    "debias_regression",
    "detection_threshold",
    "expected_direction_cos2",
    "expected_regression",
    "expected_sample_r2",
    "null_edge",
    "regression_edge",
    "regression_threshold",
]

Array = NDArray[np.float64]


def _ratios(n: float, dx: float, dy: float) -> tuple[float, float]:
    if not n > 0:
        raise InputError(f"n={n}: give a positive number of rows")
    return dx / n, dy / n


def _check_correlation_ratios(c1: float, c2: float) -> None:
    if not (c1 > 0 and c2 > 0):
        raise InputError(f"dx/n={c1:.4g}, dy/n={c2:.4g}: both must be above 0")
    if not c1 + c2 < 1:
        raise InputError(
            f"dx/n + dy/n = {c1 + c2:.4g}, and below 1 is needed (else some sample canonical "
            "correlations are exactly 1): use more rows, or reduce the features first (PCA)"
        )


def _check_regression_ratios(c1: float, c2: float, sigma: float) -> None:
    if not (0 < c1 <= 1 and c2 > 0):
        raise InputError(
            f"source dimension/n = {c1:.4g}, target dimension/n = {c2:.4g}: the first must be in "
            "(0, 1] and the second above 0; use more rows, or reduce the source first (PCA)"
        )
    if not (sigma >= 0 and np.isfinite(sigma)):
        raise InputError(f"sigma={sigma}: give a finite residual standard deviation, 0 or more")


def null_edge(n: float, dx: float, dy: float) -> float:
    """Largest squared canonical correlation that independent data show, d₊.

    ``(√(c₁(1−c₂)) + √(c₂(1−c₁)))²``, the upper edge of Wachter's bulk.

    Parameters
    ----------
    n : float
        Rows (less one if means were fitted).
    dx, dy : float
        Features of each modality, ``dx + dy < n``.

    Returns
    -------
    float
        In (0, 1). Finite samples scatter about it by O(n^{-2/3}).

    Raises
    ------
    InputError
        If ``dx + dy >= n``.

    Examples
    --------
    >>> round(null_edge(500, 50, 50) ** 0.5, 3)
    0.6
    """
    c1, c2 = _ratios(n, dx, dy)
    _check_correlation_ratios(c1, c2)
    return float((np.sqrt(c1 * (1 - c2)) + np.sqrt(c2 * (1 - c1))) ** 2)


def detection_threshold(n: float, dx: float, dy: float) -> float:
    """Smallest squared population canonical correlation that leaves the null bulk, r_c.

    ``√(c₁c₂ / ((1−c₁)(1−c₂)))``: weaker ones leave no outlier in the sample spectrum.

    Parameters
    ----------
    n : float
        Rows (less one if means were fitted).
    dx, dy : float
        Features of each modality, ``dx + dy < n``.

    Returns
    -------
    float
        In (0, 1).

    Raises
    ------
    InputError
        If ``dx + dy >= n``.

    Examples
    --------
    >>> round(detection_threshold(500, 50, 50), 3)
    0.111
    """
    c1, c2 = _ratios(n, dx, dy)
    _check_correlation_ratios(c1, c2)
    return float(np.sqrt(c1 * c2 / ((1 - c1) * (1 - c2))))


def expected_sample_r2(r: ArrayLike, c1: float, c2: float) -> Array:
    """Limit of a squared sample canonical correlation, given the population's.

    Parameters
    ----------
    r : array-like
        Squared population canonical correlations, in [0, 1].
    c1, c2 : float
        dx/n and dy/n, with ``c1 + c2 < 1``.

    Returns
    -------
    ndarray
        ``r(1−c₁+c₁/r)(1−c₂+c₂/r)`` above the detection threshold, the null edge at or below it.

    Raises
    ------
    InputError
        If ``c1 + c2 >= 1`` or `r` leaves [0, 1].

    Examples
    --------
    >>> expected_sample_r2([0.8, 0.0], 0.1, 0.1).round(4)
    array([0.8405, 0.36  ])
    """
    _check_correlation_ratios(c1, c2)
    population = between_zero_and_one("r", r)
    threshold = detection_threshold(1.0, c1, c2)
    above = np.maximum(population, threshold)
    limit = (above * (1 - c1) + c1) * (above * (1 - c2) + c2) / above
    return np.asarray(np.where(population > threshold, limit, null_edge(1.0, c1, c2)))


def debias_r2(lam: ArrayLike, c1: float, c2: float, *, below: float = 0.0) -> Array:
    """Squared population canonical correlation behind a sample's, above the null edge.

    The larger root of ``(1−c₁)(1−c₂)r² + [c₂(1−c₁) + c₁(1−c₂) − λ]r + c₁c₂ = 0``, which
    inverts :func:`expected_sample_r2`.

    Parameters
    ----------
    lam : array-like
        Squared sample canonical correlations, in [0, 1].
    c1, c2 : float
        dx/n and dy/n, with ``c1 + c2 < 1``.
    below : float, default 0.0
        Returned for values at or below the null edge, where the sample says no more than that
        the population value is under the detection threshold.

    Returns
    -------
    ndarray
        In {below} ∪ (detection threshold, 1].

    Raises
    ------
    InputError
        If ``c1 + c2 >= 1`` or `lam` leaves [0, 1].

    Examples
    --------
    >>> debias_r2([0.8405, 0.3], 0.1, 0.1).round(4)
    array([0.8, 0. ])
    """
    _check_correlation_ratios(c1, c2)
    sample = between_zero_and_one("lam", lam)
    edge = null_edge(1.0, c1, c2)
    above = np.maximum(sample, edge)
    square = (1 - c1) * (1 - c2)
    linear = above - c2 * (1 - c1) - c1 * (1 - c2)
    root = np.sqrt(np.maximum(linear**2 - 4 * square * c1 * c2, 0.0))
    return np.asarray(np.where(sample > edge, (linear + root) / (2 * square), below))


def expected_direction_cos2(r: ArrayLike, c1: float, c2: float) -> Array:
    """Limit of the squared cosine between a sample's canonical direction of x and the true one.

    The angle is taken in the population metric, so this is the squared correlation, on new
    rows, of the fitted canonical score of x with the true canonical variable.

    Parameters
    ----------
    r : array-like
        Squared population canonical correlations, in [0, 1].
    c1, c2 : float
        dx/n and dy/n, with ``c1 + c2 < 1``. Exchange them for the direction of y.

    Returns
    -------
    ndarray
        ``(1 − q₁q₂/r²) / (1 − q₁ + q₁(1−q₂)/r)`` with qᵢ = cᵢ/(1−cᵢ) above the detection
        threshold, 0 at or below it.

    Raises
    ------
    InputError
        If ``c1 + c2 >= 1`` or `r` leaves [0, 1].

    Notes
    -----
    From the stationarity conditions of the sample's leading pair, with the one shared
    coordinate split off and the rest of both views replaced by Wachter's law.

    Examples
    --------
    >>> expected_direction_cos2([1.0, 0.5, 0.1], 0.1, 0.1).round(3)
    array([1.   , 0.875, 0.   ])
    """
    _check_correlation_ratios(c1, c2)
    population = between_zero_and_one("r", r)
    q1, q2 = c1 / (1 - c1), c2 / (1 - c2)
    threshold = detection_threshold(1.0, c1, c2)
    above = np.maximum(population, threshold)
    cos2 = (1 - q1 * q2 / above**2) / (1 - q1 + q1 * (1 - q2) / above)
    return np.asarray(np.where(population > threshold, cos2, 0.0))


def regression_edge(n: float, dx: float, dy: float, sigma: float) -> float:
    """Largest singular value of Σyx Σxx^{-1/2} that unpredictable targets show.

    ``σ(√c₁ + √c₂)``, for residuals of equal variance σ² and no correlation.

    Parameters
    ----------
    n : float
        Rows (less one if means were fitted).
    dx, dy : float
        Features of source and target, ``dx <= n``.
    sigma : float
        Standard deviation of the target's residuals, in the target's units.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If ``dx > n`` or `sigma` is negative or not finite.

    Examples
    --------
    >>> round(regression_edge(2500, 100, 25, sigma=2.0), 6)
    0.6
    """
    c1, c2 = _ratios(n, dx, dy)
    _check_regression_ratios(c1, c2, sigma)
    return float(sigma * (np.sqrt(c1) + np.sqrt(c2)))


def regression_threshold(n: float, dx: float, dy: float, sigma: float) -> float:
    """Smallest population regression singular value that leaves the noise bulk.

    ``σ(c₁c₂)^{1/4}``, for residuals of equal variance σ² and no correlation.

    Parameters
    ----------
    n : float
        Rows (less one if means were fitted).
    dx, dy : float
        Features of source and target, ``dx <= n``.
    sigma : float
        Standard deviation of the target's residuals, in the target's units.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If ``dx > n`` or `sigma` is negative or not finite.

    Examples
    --------
    >>> round(regression_threshold(2500, 100, 25, sigma=2.0), 4)
    0.2828
    """
    c1, c2 = _ratios(n, dx, dy)
    _check_regression_ratios(c1, c2, sigma)
    return float(sigma * (c1 * c2) ** 0.25)


def expected_regression(t: ArrayLike, c1: float, c2: float, sigma: float) -> Array:
    """Limit of a sample regression singular value, given the population's.

    Parameters
    ----------
    t : array-like
        Singular values of Σyx Σxx^{-1/2}, 0 or more.
    c1, c2 : float
        Dimensions of source and target over n; ``c1 <= 1``.
    sigma : float
        Standard deviation of the target's residuals, assumed white.

    Returns
    -------
    ndarray
        ``√((t²+σ²c₁)(t²+σ²c₂)) / t`` above the threshold, the edge at or below it.

    Raises
    ------
    InputError
        If ``c1 > 1``, or `t` or `sigma` is negative or not finite.

    Examples
    --------
    >>> expected_regression([1.0, 0.0], 0.04, 0.01, sigma=1.0).round(4)
    array([1.0249, 0.3   ])
    """
    _check_regression_ratios(c1, c2, sigma)
    population = at_least_zero("t", t)
    threshold = regression_threshold(1.0, c1, c2, sigma)
    above = np.where(population > threshold, population, 1.0)
    limit = np.sqrt((above**2 + sigma**2 * c1) * (above**2 + sigma**2 * c2)) / above
    edge = regression_edge(1.0, c1, c2, sigma)
    return np.asarray(np.where(population > threshold, limit, edge))


def debias_regression(
    s: ArrayLike, c1: float, c2: float, sigma: float, *, below: float = 0.0
) -> Array:
    """Population regression singular value behind a sample's, above the noise edge.

    The larger root of ``t⁴ − [s² − σ²(c₁+c₂)]t² + σ⁴c₁c₂ = 0``, which inverts
    :func:`expected_regression`.

    Parameters
    ----------
    s : array-like
        Sample singular values, 0 or more.
    c1, c2 : float
        Dimensions of source and target over n; ``c1 <= 1``.
    sigma : float
        Standard deviation of the target's residuals, assumed white.
    below : float, default 0.0
        Returned for values at or below the edge.

    Returns
    -------
    ndarray

    Raises
    ------
    InputError
        If ``c1 > 1``, or `s` or `sigma` is negative or not finite.

    Examples
    --------
    >>> debias_regression([1.024939, 0.2], 0.04, 0.01, sigma=1.0).round(4)
    array([1., 0.])
    """
    _check_regression_ratios(c1, c2, sigma)
    sample = at_least_zero("s", s)
    edge = regression_edge(1.0, c1, c2, sigma)
    linear = np.maximum(sample, edge) ** 2 - sigma**2 * (c1 + c2)
    root = np.sqrt(np.maximum(linear**2 - 4 * sigma**4 * c1 * c2, 0.0))
    return np.asarray(np.where(sample > edge, np.sqrt((linear + root) / 2), below))
