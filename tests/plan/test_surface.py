"""Smoothing over sizes, against an independent solver, and the sizes read off it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from crossphase.planning.surface import crossing, monotone


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.integers(0, 10_000))
def test_fit_never_falls_and_leaves_monotone_input_alone(seed):
    rng = np.random.default_rng(seed)
    values = rng.random((5, 4))
    values[0, 2:] = np.nan
    fitted = monotone(values)
    np.testing.assert_array_equal(np.isnan(fitted), np.isnan(values))
    for axis in range(2):
        steps = np.diff(fitted, axis=axis)
        assert (steps[~np.isnan(steps)] >= 0).all()
    np.testing.assert_allclose(monotone(fitted), fitted, atol=1e-9)
    np.testing.assert_allclose(np.nanmean(fitted), np.nanmean(values), atol=1e-3)


def test_fit_is_the_least_squares_one():
    values = np.array([[0.5, 0.2, 0.9], [0.1, 0.8, 0.3]])

    def steps(flat):
        table = flat.reshape(2, 3)
        return np.concatenate([np.diff(table, axis=0).ravel(), np.diff(table, axis=1).ravel()])

    best = minimize(
        lambda flat: ((flat - values.ravel()) ** 2).sum(),
        np.sort(values.ravel()),
        constraints={"type": "ineq", "fun": steps},
        method="SLSQP",
        options={"ftol": 1e-12},
    )
    np.testing.assert_allclose(monotone(values), best.x.reshape(2, 3), atol=1e-4)


@pytest.mark.parametrize(
    ("values", "level", "wanted"),
    [
        ([0.2, 0.6, 1.0], 0.8, 2 * np.sqrt(2)),
        ([0.9, 0.9, 1.0], 0.8, 1.0),
        ([0.2, 0.6, 0.7], 0.8, None),
        ([0.2, 0.8, 0.8], 0.8, 2.0),
    ],
)
def test_crossing(values, level, wanted):
    found = crossing(np.array([1.0, 2.0, 4.0]), np.array(values), level)
    assert found == (wanted if wanted is None else pytest.approx(wanted))
