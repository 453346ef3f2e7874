"""An estimator that is told which directions are signal: what the pairs alone allow.

It measures the signal's spectrum along the true coordinates, and looks for nuisance in the rest
with the project's own corrected spectra. What it gets wrong, no attribution could get right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sampler import Problem

from crossphase.moments import Moments
from crossphase.spectra.loadings import target_loadings
from crossphase.spectra.overlap import simulate_overlap
from crossphase.spectra.shared import shared_space
from crossphase.spectra.tails import tail_weights

Array = NDArray[np.float64]


def oracle_log_delta(problem: Problem, x: Array, y: Array) -> Array:
    """log Δ of alignment, x→y and y→x with the signal coordinates known."""
    if not problem.labelled_signals.any():
        return np.full(3, -np.inf)
    basis_x, basis_y = problem.bases(x.shape[1], y.shape[1])
    k = len(problem.kappa)
    own_x, own_y = x @ basis_x.T, y @ basis_y.T
    seen = problem.labelled_signals
    sx, sy = own_x[:, :k][:, seen], own_y[:, :k][:, seen]
    cov = np.mean((sx - sx.mean(axis=0)) * (sy - sy.mean(axis=0)), axis=0)
    sd_x, sd_y = sx.std(axis=0), sy.std(axis=0)
    signal = np.abs([cov / (sd_x * sd_y), cov / sd_x, cov / sd_y])

    # Back in the features' own basis, where principal components mean what they mean there.
    own_x[:, :k][:, seen] = 0.0
    own_y[:, :k][:, seen] = 0.0
    rest_x, rest_y = own_x @ basis_x, own_y @ basis_y
    plain = Moments.from_arrays(x=rest_x, y=rest_y)
    weights = tail_weights(rest_x, rest_y, plain).weights
    weighted = plain
    if weights is not None:
        weighted = Moments.from_arrays(weights=weights, x=rest_x, y=rest_y)
    space = shared_space(weighted)
    # As likely as not, undetected nuisance stands higher than this.
    hidden = space.threshold * np.sqrt(0.5)
    main = space.origin == "all"
    overlap = simulate_overlap(
        len(x) - 1,
        space.white_x.rank,
        space.white_y.rank,
        space.correlations[main],
        rng=np.random.default_rng(0),
    )
    nuisance = [space.correlations.max(initial=hidden)]
    for target, score_map in (("y", space.y_map), ("x", space.x_map)):
        before, after = (
            np.einsum("dk,de,ek->k", score_map, m.cov(target), score_map) for m in (plain, weighted)
        )
        loadings = target_loadings(space, overlap, target, before / after)
        values = space.correlations * np.sqrt(np.diag(loadings.gram))
        nuisance.append(values.max(initial=hidden * np.sqrt(loadings.background)))
    return np.asarray(np.log(signal.min(axis=1)) - np.log(nuisance))
