"""The linear population of warped rows: covariances and separation ratios that exist after warping.

A Gaussian coordinate z that goes through z + a sin(bz + c) keeps closed-form covariances with
others, so canonical correlations and regression spectra of the warped rows are known exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Amplitude a, frequency b and phase c of each coordinate of a modality, shape (3, d).
Warp = Array


def warped_covariance(correlation: Array, one: Warp, other: Warp) -> Array:
    """Covariances of warped standard Gaussian coordinates of these correlations, (d1, d2).

    E[z₁ sin(bz₂ + c)] is r b exp(−b²/2) cos c, and the product of two sines has the cosines of
    the difference and of the sum of their arguments.
    """
    (a1, b1, c1), (a2, b2, c2) = one[:, :, None], other[:, None, :]
    gain_1, gain_2 = (a * b * np.exp(-(b**2) / 2) * np.cos(c) for a, b, c in (one, other))
    minus = np.exp(-(b1**2 + b2**2 - 2 * b1 * b2 * correlation) / 2) * np.cos(c1 - c2)
    plus = np.exp(-(b1**2 + b2**2 + 2 * b1 * b2 * correlation) / 2) * np.cos(c1 + c2)
    means = np.exp(-(b1**2 + b2**2) / 2) * np.sin(c1) * np.sin(c2)
    linear = correlation * (1 + gain_1[:, None] + gain_2[None, :])
    return np.asarray(linear + a1 * a2 * ((minus - plus) / 2 - means))


def warped_log_delta(
    joint: Array, with_signal: Array, warp_x: Warp, warp_y: Warp
) -> NDArray[np.float64]:
    """log Δ of alignment, x→y and y→x of warped rows, all signals labelled.

    Parameters
    ----------
    joint : ndarray of shape (dx + dy, dx + dy)
        Covariance of x and y before the warp.
    with_signal : ndarray of shape (dx + dy, k)
        Their covariances with the standardised signals.
    warp_x, warp_y : ndarray of shape (3, dx), (3, dy)

    Notes
    -----
    Of each spectrum the k components whose scores tell most of the signals are signal.
    """
    dx, k = warp_x.shape[1], with_signal.shape[1]
    scale = np.sqrt(np.diag(joint))
    correlation = np.clip(joint / np.outer(scale, scale), -1.0, 1.0)
    warp = np.concatenate([warp_x, warp_y], axis=1)
    covariance = warped_covariance(correlation, warp, warp) * np.outer(scale, scale)
    gain = 1 + warp[0] * warp[1] * np.exp(-(warp[1] ** 2) / 2) * np.cos(warp[2])
    signal = with_signal * gain[:, None]
    blocks = slice(0, dx), slice(dx, None)
    x, y = (_inverse_root(covariance[block, block]) for block in blocks)
    cross = covariance[blocks[0], blocks[1]]
    told_x, told_y = x @ signal[blocks[0]], y @ signal[blocks[1]]
    left, values, right = np.linalg.svd(x @ cross @ y, full_matrices=False)
    found = [(values, left.T @ told_x + right @ told_y)]
    for white, rows in ((x @ cross, told_x), (y @ cross.T, told_y)):
        left, values, _ = np.linalg.svd(white, full_matrices=False)
        found.append((values, left.T @ rows))
    ratios = []
    for values, told in found:
        order = np.argsort(-(told**2).sum(axis=1))
        ratios.append(np.log(values[order[:k]].min() / values[order[k:]].max()))
    return np.array(ratios)


def _inverse_root(covariance: Array) -> Array:
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors / np.sqrt(values)) @ vectors.T)
