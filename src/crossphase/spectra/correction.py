"""Canonical correlations freed of what sampling adds to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crossphase.theory import debias_r2

__all__ = ["corrected_correlations"]

Array = NDArray[np.float64]

_LARGEST_CORRELATION = 0.9999


def corrected_correlations(sample: Array, c1: float, c2: float) -> tuple[Array, Array]:
    """Population correlations behind a sample's, and their standard errors.

    Parameters
    ----------
    sample : ndarray of shape (k,)
        Sample canonical correlations above the noise edge.
    c1, c2 : float
        Dimensions of x and y over rows.

    Returns
    -------
    correlations : ndarray of shape (k,)
    inflation : ndarray of shape (k,)
        Standard errors over (1 − ρ²)/√n, by the delta method, between 1 and 2.5.

    Examples
    --------
    >>> true, inflation = corrected_correlations(np.array([0.9]), 0.1, 0.1)
    >>> true.round(2), inflation.round(2)
    (array([0.87]), array([1.04]))
    """
    squared = debias_r2(sample**2, c1, c2)
    # A root above the Tracy–Widom quantile can still lie below the limiting edge's inverse.
    squared = np.clip(squared, np.sqrt(c1 * c2 / ((1 - c1) * (1 - c2))), _LARGEST_CORRELATION**2)
    true = np.sqrt(squared)
    slope = (1 - c1) * (1 - c2) - c1 * c2 / squared**2
    noise = sample * (1 - sample**2) / (true * (1 - squared))
    return true, np.clip(noise / np.maximum(slope, 0.15), 1.0, 2.5)
