"""The Tracy–Widom approximation against simulated independent data."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from crossphase.errors import InputError
from crossphase.theory import null_edge
from crossphase.theory.largest_root import largest_root_quantile


def largest_roots(n, dx, dy, rng, count):
    """Largest squared sample canonical correlations of independent centred Gaussian rows."""
    roots = np.empty(count)
    for i in range(count):
        x, y = rng.normal(size=(n, dx)), rng.normal(size=(n, dy))
        qx, qy = (np.linalg.qr(rows - rows.mean(axis=0))[0] for rows in (x, y))
        roots[i] = np.linalg.svd(qx.T @ qy, compute_uv=False)[0] ** 2
    return roots


@pytest.mark.parametrize(
    ("n", "dx", "dy"), [(60, 1, 3), (50, 12, 12), (150, 5, 5), (200, 30, 10), (160, 20, 60)]
)
def test_one_in_twenty_null_samples_exceeds_the_95_percent_quantile(n, dx, dy):
    roots = largest_roots(n, dx, dy, np.random.default_rng(n + dx), 400)
    assert 0.02 <= np.mean(roots > largest_root_quantile(n, dx, dy)) <= 0.09
    assert np.mean(roots > largest_root_quantile(n, dx, dy, 0.99)) <= 0.03


@pytest.mark.parametrize(("n", "p"), [(30, 1), (60, 3), (200, 40)])
def test_with_one_feature_the_root_is_r2_of_a_regression(n, p):
    for level in (0.95, 0.99):
        r2 = largest_root_quantile(n, p, 1, level)
        assert largest_root_quantile(n, 1, p, level) == r2
        f = r2 / p / ((1 - r2) / (n - 1 - p))
        assert scipy.stats.f.cdf(f, p, n - 1 - p) == pytest.approx(level)


@pytest.mark.parametrize(("c1", "c2"), [(0.05, 0.05), (0.3, 0.1), (0.02, 0.4)])
def test_quantile_lies_above_the_bulk_edge_and_approaches_it(c1, c2):
    gaps = []
    for n in (4_000, 40_000, 400_000):
        edge = null_edge(n - 1, c1 * n, c2 * n)
        quantile = largest_root_quantile(n, c1 * n, c2 * n)
        assert edge < quantile < 1
        gaps.append(quantile - edge)
    # Fluctuations of the largest root shrink like n^(-2/3), 4.6-fold for a tenfold n.
    ratios = np.divide(gaps[:-1], gaps[1:])
    assert ratios == pytest.approx([10 ** (2 / 3)] * 2, rel=0.1)


def test_quantile_grows_with_the_level_and_does_not_tell_the_views_apart():
    levels = [largest_root_quantile(300, 20, 7, level) for level in (0.9, 0.95, 0.99, 0.999)]
    assert levels == sorted(levels)
    assert largest_root_quantile(300, 7, 20) == largest_root_quantile(300, 20, 7)


@pytest.mark.parametrize(
    ("n", "dx", "dy", "level", "words"),
    [
        (100, 60, 40, 0.95, "dx + dy"),
        (100, 0, 4, 0.95, "dx=0"),
        (100, 4, 4, 0.5, "level"),
    ],
)
def test_shapes_without_a_quantile_are_refused(n, dx, dy, level, words):
    with pytest.raises(InputError, match=words.replace("+", r"\+")):
        largest_root_quantile(n, dx, dy, level)
