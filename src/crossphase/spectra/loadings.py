"""What the shared components are worth in the units of a modality, corrected for sampling.

The regression spectrum of a target is that of Σ^{1/2} V diag(ρ): correlations scaled by the
components' loadings in the target. A sample loading leaks into every other direction of the
target, which makes weak components look loud; here the leak is taken out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossphase.spectra.overlap import Overlap
from crossphase.spectra.shared import SharedSpace

__all__ = [
    "LOUD_LOG_SD",
    "UNSEEN_LOG_SD",
    "Loadings",
    "cross_variance",
    "log_errors",
    "target_loadings",
]

Array = NDArray[np.float64]

#: Standard errors of the logarithm of a squared loading for components found among the loudest
#: directions: in the modality where they are loud, and in the other one.
LOUD_LOG_SD, UNSEEN_LOG_SD = 0.2, 0.7
_LARGEST_LOG_SD = 1.0


@dataclass(frozen=True, eq=False)
class Loadings:
    """Inner products of the components' loadings in one modality.

    Attributes
    ----------
    gram : ndarray of shape (k, k)
        Estimated ⟨ℓ_i, ℓ_j⟩, ℓ_i = Cov(target, canonical variate i); squared singular values of
        the regression are those of diag(ρ) gram diag(ρ).
    log_sd : ndarray of shape (k,)
        Standard error of log gram_ii from the leak.
    cross_variance : ndarray of shape (k, k)
        Sampling variance of the off-diagonal entries.
    background : float
        Mean variance of the target over all other directions.
    """

    gram: Array
    log_sd: Array
    cross_variance: Array
    background: float


def target_loadings(
    space: SharedSpace, overlap: Overlap, target: str, variance_ratio: Array
) -> Loadings:
    """Loadings of the shared components in modality `target`.

    A sample loading holds the share `inside` of the true one and an `outside` part spread evenly
    over the remaining white directions, so its expected squared length is
    ``inside · g + outside · t`` with g the true one and t the mean variance elsewhere.

    Parameters
    ----------
    space : SharedSpace
    overlap : Overlap
        Of the components whose origin is ``"all"``, in their order.
    target : {"x", "y"}
    variance_ratio : ndarray of shape (k,)
        Plain over weighted variance of each canonical variate of the target; 1 without weights.

    Returns
    -------
    Loadings
    """
    if target == "y":
        white, directions = space.white_y, space.directions_y
        inside, outside = overlap.inside_y, overlap.outside_y
    else:
        white, directions = space.white_x, space.directions_x
        inside, outside = overlap.inside_x, overlap.outside_x
    metric, rank, k = white.metric, white.rank, space.n_components
    total, total_squared = float(np.trace(metric)), float((metric**2).sum())
    raw = directions.T @ metric @ directions
    main = np.flatnonzero(space.origin == "all")
    inside = np.maximum(inside, 0.05)
    observed = np.diag(raw)[main]

    background = total / rank
    for _ in range(5):
        own = (observed - outside * background) / inside
        background = max((total - np.maximum(own, 0).sum()) / max(rank - len(main), 1), 0.0)
    own = np.maximum(own, 0.05 * observed) if len(main) else observed

    gram = np.zeros((k, k))
    gram[np.ix_(main, main)] = raw[np.ix_(main, main)] / np.sqrt(np.outer(inside, inside))
    gram[main, main] = own
    log_sd = np.empty(k)
    log_sd[main] = log_errors(own, inside, outside, background, total_squared / rank, rank)
    loud = np.flatnonzero(space.origin == f"loud-{target}")
    # Within a few loud directions nothing leaks; in the other modality a weak component's
    # loading is mostly leak, and the mean variance is the best guess.
    gram[loud, loud], log_sd[loud] = np.diag(raw)[loud], LOUD_LOG_SD
    other = np.setdiff1d(np.arange(k), np.concatenate([main, loud]))
    gram[other, other], log_sd[other] = background, UNSEEN_LOG_SD

    size = np.diag(gram)
    full_leak = np.zeros(k)
    full_leak[main] = outside / inside
    mean_square = total_squared / rank
    cross = cross_variance(size, full_leak, background, mean_square, rank, space.n_rows)
    scale = np.sqrt(np.outer(variance_ratio, variance_ratio))
    return Loadings(gram * scale, log_sd, cross * scale**2, background)


def log_errors(
    own: Array, inside: Array, outside: Array, background: float, mean_square: float, rank: int
) -> Array:
    """Standard errors of the logarithms of squared loadings that the leak leaves.

    Parameters
    ----------
    own : ndarray of shape (k,)
        Squared loadings.
    inside, outside : ndarray of shape (k,)
        Of :class:`crossphase.spectra.overlap.Overlap`.
    background, mean_square : float
        Mean variance of the other directions, and mean squared variance of all.
    rank : int
        Dimensions of the modality.

    Returns
    -------
    ndarray of shape (k,)
        At most 1.
    """
    spread = np.sqrt(2 * mean_square / rank) * outside / inside
    spread += np.sqrt(4 * outside * background * own / rank) / inside
    return np.asarray(np.minimum(spread / np.maximum(own, np.finfo(float).tiny), _LARGEST_LOG_SD))


def cross_variance(
    own: Array, leak: Array, background: float, mean_square: float, rank: int, n: int
) -> Array:
    """Sampling variance of the inner products of different components' loadings.

    Parameters
    ----------
    own : ndarray of shape (k,)
        Squared loadings.
    leak : ndarray of shape (k,)
        ``outside / inside`` of each component.
    background, mean_square : float
        As in :func:`log_errors`.
    rank, n : int
        Dimensions of the modality, and rows.

    Returns
    -------
    ndarray of shape (k, k)
    """
    cross = np.outer(leak * background, own) / rank
    cross = cross + cross.T + np.outer(leak, leak) * mean_square / rank
    return np.asarray(cross + np.outer(own, own) / n)
