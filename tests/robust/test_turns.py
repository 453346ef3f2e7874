"""What loadings tell of the angles by which sampling turned components into each other."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from crossphase.diagnosis.shared_fit import fit_shared
from crossphase.moments import Moments
from crossphase.spectra.loadings import Loadings
from crossphase.spectra.turns import Turns, turn_between_views, turns_told_by_loadings

RHO = np.array([0.72, 0.66])
LOUDNESS = np.array([3.0, 0.4])


def sampled_turn(n, rng):
    """What the loadings tell of the loud signal within the quiet nuisance, and what is true."""
    d = 12
    u, v = rng.normal(size=(2, n, d))
    v[:, :2] = RHO * u[:, :2] + np.sqrt(1 - RHO**2) * v[:, :2]
    scale = np.append(LOUDNESS, np.ones(d - 2))
    bases = [np.linalg.qr(rng.normal(size=(d, d)))[0] for _ in range(2)]
    x, y = (u * scale) @ bases[0], (v * scale) @ bases[1]
    moments = Moments.from_arrays(x=x, y=y)
    fit = fit_shared(x, y, moments, moments, weights=None, groups=None, rng=rng)
    rho = fit.space.correlations[:2]
    prior = np.full((2, 2), 0.4) * (1 - np.eye(2))
    # Entry (j, i): of true component i in sample component j, on new rows.
    maps = [fit.space.x_map[:, :2], fit.space.y_map[:, :2]]
    held = sum((b.T * scale).T[:2] @ m for b, m in zip(bases, maps, strict=True)).T
    loud = int(np.argmax(np.abs(held[:, 0])))
    quiet = 1 - loud
    pair = [
        Loadings(part.gram[:2, :2], part.log_sd[:2], part.cross_variance[:2, :2], part.background)
        for part in (fit.loadings_x, fit.loadings_y)
    ]
    told = turns_told_by_loadings(prior, pair, turn_between_views(rho, np.ones((2, 2)), n))
    truth = held[quiet, 0] / held[loud, 0]
    return told.mean[loud, quiet], told.variance[loud, quiet], truth


def test_overlaps_of_unequal_loadings_tell_the_turn_and_how_well():
    rng = np.random.default_rng(0)
    mean, variance, truth = np.array([sampled_turn(600, rng) for _ in range(120)]).T
    small = np.abs(truth) < 0.6
    assert small.mean() > 0.7
    error = (truth - mean)[small]
    assert np.mean(error**2) < 0.25 * np.mean(truth[small] ** 2)
    assert 0.3 < np.mean(error**2 / variance[small]) < 2.0


def test_loadings_of_equal_size_and_unknown_overlaps_tell_nothing():
    prior = np.array([[0.0, 0.1], [0.2, 0.0]])
    apart = np.full((2, 2), 1e-3)
    for gram in (np.eye(2), np.diag([9.0, 1.0])):
        told = turns_told_by_loadings(
            prior, [Loadings(gram, np.zeros(2), np.zeros((2, 2)), 1.0)], apart
        )
        assert_allclose(told.mean, 0.0, atol=1e-12)
        assert_allclose(told.variance, prior, rtol=0.02)
    assert_allclose(turns_told_by_loadings(prior, [], apart).variance, prior, rtol=0.01)


def test_either_modality_may_come_first():
    rng = np.random.default_rng(1)
    parts = [rng.normal(size=(4, 4)) for _ in range(2)]
    loadings = [Loadings(p @ p.T, np.zeros(4), np.full((4, 4), 0.01), 1.0) for p in parts]
    prior, apart = np.full((4, 4), 0.3), np.full((4, 4), 1e-3)
    one: Turns = turns_told_by_loadings(prior, loadings, apart)
    two = turns_told_by_loadings(prior, loadings[::-1], apart)
    assert_allclose(one.mean, two.mean, rtol=0, atol=0)
    assert_allclose(one.mean, -one.mean.T, atol=1e-9)
