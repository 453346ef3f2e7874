"""Many spectra at once against one at a time, and scatters without rows against rows."""

from __future__ import annotations

import numpy as np
import pytest

from crossphase.moments import Moments
from crossphase.spectra import cca, regression
from crossphase.spectra.stacks import leading_code_maps
from crossphase.theory import subspace_distance
from crossphase.theory.wishart import wishart_factors


def test_stacked_codes_span_what_single_spectra_do():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((4, 60, 9)) @ rng.standard_normal((4, 9, 9))
    each = [Moments.from_arrays(x=block[:, :5], y=block[:, 5:]) for block in rows]
    stacks = [np.stack([m.cov(*names) for m in each]) for names in ("xx", "xy", "yy")]
    align, predict = leading_code_maps(*stacks, 2)
    for i, moments in enumerate(each):
        assert subspace_distance(align[i], cca(moments).x_map[:, :2]) < 1e-10
        assert subspace_distance(predict[i], regression(moments).x_map[:, :2]) < 1e-10


def test_factors_have_the_moments_of_a_wishart_matrix():
    n, dim = 7, 3
    factors = wishart_factors(n, dim, 40_000, np.random.default_rng(0))
    scatter = factors @ factors.transpose(0, 2, 1)
    np.testing.assert_allclose(scatter.mean(axis=0), n * np.eye(dim), atol=0.1)
    # Var W_ii = 2n, Var W_ij = n.
    expected = n * (np.eye(dim) + 1)
    np.testing.assert_allclose(scatter.var(axis=0), expected, rtol=0.05)
    assert np.log(np.linalg.det(scatter)).mean() == pytest.approx(_mean_log_det(n, dim), abs=0.02)


def _mean_log_det(n: int, dim: int) -> float:
    from scipy.special import digamma

    return float(sum(digamma((n - i) / 2) for i in range(dim)) + dim * np.log(2))
