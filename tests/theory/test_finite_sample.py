"""Finite-sample limits against simulated spectra."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossphase.errors import InputError
from crossphase.moments import Moments
from crossphase.spectra import cca, regression
from crossphase.theory import (
    SpikedModel,
    debias_r2,
    debias_regression,
    detection_threshold,
    expected_direction_cos2,
    expected_regression,
    expected_sample_r2,
    null_edge,
    regression_edge,
    regression_threshold,
)

few = settings(deadline=None, derandomize=True, max_examples=100)
ratios = st.floats(0.001, 0.49)
fractions = st.floats(0, 1)

N, DX, DY = 2000, 100, 60
C1, C2 = DX / (N - 1), DY / (N - 1)
REPEATS = 40


# --- Algebra -------------------------------------------------------------------------------


@few
@given(r=fractions, c1=ratios, c2=ratios)
def test_debiasing_undoes_sampling_above_the_threshold(r, c1, c2):
    threshold = detection_threshold(1, c1, c2)
    population = threshold + (1 - threshold) * r
    sample = expected_sample_r2(population, c1, c2)
    assert null_edge(1, c1, c2) <= sample * (1 + 1e-12)
    assert population <= sample <= 1 + 1e-12
    # The map is flat at the threshold, so its inverse loses half of the digits there.
    assert debias_r2(sample, c1, c2, below=threshold) == pytest.approx(population, abs=1e-6)


@few
@given(lam=fractions, c1=ratios, c2=ratios)
def test_sampling_undoes_debiasing_above_the_edge(lam, c1, c2):
    edge = null_edge(1, c1, c2)
    sample = edge + (1 - edge) * lam
    population = debias_r2(sample, c1, c2, below=0.0)
    assert expected_sample_r2(np.clip(population, 0, 1), c1, c2) == pytest.approx(sample, rel=1e-9)


@few
@given(c1=ratios, c2=ratios)
def test_the_map_meets_the_edge_at_the_threshold_and_one_at_one(c1, c2):
    threshold, edge = detection_threshold(1, c1, c2), null_edge(1, c1, c2)
    np.testing.assert_allclose(
        expected_sample_r2([0.0, threshold, threshold + 1e-9, 1.0], c1, c2),
        [edge, edge, edge, 1.0],
        rtol=1e-6,
    )
    np.testing.assert_allclose(debias_r2([0.0, edge], c1, c2), 0.0)
    assert np.isnan(debias_r2(edge / 2, c1, c2, below=np.nan))


@few
@given(t=st.floats(0.001, 10), c1=ratios, c2=st.floats(0.001, 5), sigma=st.floats(0.01, 10))
def test_regression_debiasing_undoes_sampling(t, c1, c2, sigma):
    threshold = regression_threshold(1, c1, c2, sigma)
    population = threshold * (1 + t)
    sample = expected_regression(population, c1, c2, sigma)
    assert sample > max(population, regression_edge(1, c1, c2, sigma) * (1 - 1e-12))
    assert debias_regression(sample, c1, c2, sigma) == pytest.approx(population, rel=1e-6)
    edge = regression_edge(1, c1, c2, sigma)
    np.testing.assert_allclose(expected_regression([0, threshold], c1, c2, sigma), edge)
    np.testing.assert_array_equal(debias_regression([0, 0.99 * edge], c1, c2, sigma), 0.0)


def test_without_noise_regression_values_are_exact():
    np.testing.assert_allclose(expected_regression([2.0, 0.0], 0.1, 0.2, sigma=0.0), [2.0, 0.0])
    np.testing.assert_allclose(debias_regression([2.0, 0.0], 0.1, 0.2, sigma=0.0), [2.0, 0.0])


def test_plenty_of_rows_leaves_nothing_to_correct():
    np.testing.assert_allclose(expected_sample_r2([0.9, 0.2], 1e-6, 1e-6), [0.9, 0.2], rtol=1e-4)
    assert null_edge(1e9, 10, 10) < 1e-7


def test_published_null_figure():
    """Independent data, n = 500 and d = 50: the bulk ends at .6; .56 was measured inside it."""
    assert np.sqrt(null_edge(500, 50, 50)) == pytest.approx(0.6)


# --- Simulation ----------------------------------------------------------------------------


def _moments(x: np.ndarray, y: np.ndarray) -> Moments:
    return Moments.from_arrays(x=x, y=y)


def test_null_edge_is_where_independent_data_end():
    """The largest value has Tracy-Widom fluctuations of order n^{-2/3} and a mean just below."""
    rng = np.random.default_rng(0)
    top = [
        cca(_moments(rng.standard_normal((N, DX)), rng.standard_normal((N, DY)))).values[0] ** 2
        for _ in range(20)
    ]
    edge = null_edge(N - 1, DX, DY)
    assert edge - 0.015 < np.mean(top) < edge
    assert np.mean(np.array(top) < edge + 0.01) > 0.95


def test_sample_correlations_go_where_the_map_says():
    """Means over 40 samples: standard errors of .001 to .003, and .005 for what is O(1/n).

    The uncorrected values lie .02 to .09 lower.
    """
    r2 = np.array([0.8, 0.5, 0.3, 0.12])
    gamma = 1 / np.sqrt(r2) - 1
    model = SpikedModel(
        np.ones(4),
        gamma_x=gamma,
        gamma_y=gamma,
        gamma_tilde_x=np.ones(DX - 4),
        gamma_tilde_y=np.ones(DY - 4),
    )
    samples = (model.sample(N, seed) for seed in range(REPEATS))
    spectra = np.array([cca(_moments(drawn.x, drawn.y)).values[:4] ** 2 for drawn in samples])
    mean = spectra.mean(axis=0)
    np.testing.assert_allclose(mean, expected_sample_r2(r2, C1, C2), atol=0.012)
    np.testing.assert_allclose(debias_r2(mean, C1, C2), r2, atol=0.016)


@pytest.mark.parametrize(("dx", "dy"), [(150, 60), (60, 150)])
@pytest.mark.parametrize("r2", [0.8, 0.2])
def test_fitted_directions_turn_as_far_as_the_formula_says(r2, dx, dy):
    """Means over 20 samples; their standard errors are .0005 and .008."""
    gamma = 1 / np.sqrt(r2) - 1
    model = SpikedModel(
        1.0, gamma_x=gamma, gamma_y=gamma,
        gamma_tilde_x=np.ones(dx - 1), gamma_tilde_y=np.ones(dy - 1),
    )  # fmt: skip
    cosines = []
    for seed in range(20):
        drawn = model.sample(N, seed)
        direction = cca(_moments(drawn.x, drawn.y)).x_map[:, 0]
        direction *= np.sqrt(np.append(1 + gamma, np.ones(dx - 1)))
        cosines.append(direction[0] ** 2 / (direction @ direction))
    expected = expected_direction_cos2(r2, dx / (N - 1), dy / (N - 1))
    tolerance = 0.002 if r2 > 0.5 else 0.03
    assert np.mean(cosines) == pytest.approx(float(expected), abs=tolerance)


@few
@given(c1=ratios, c2=ratios)
def test_directions_are_lost_at_the_threshold_and_exact_at_one(c1, c2):
    threshold = detection_threshold(1, c1, c2)
    r = threshold + (1 - threshold) * np.array([0.0, 1e-9, 0.25, 0.5, 0.75, 1.0])
    cosines = expected_direction_cos2(r, c1, c2)
    np.testing.assert_allclose(cosines[[0, 1, -1]], [0, 0, 1], atol=1e-5)
    assert np.all(np.diff(cosines) > 0)


def test_correlations_below_the_threshold_leave_no_outlier():
    weak = 0.8 * detection_threshold(N - 1, DX, DY)
    gamma = 1 / np.sqrt(weak) - 1
    model = SpikedModel(
        1.0, gamma_x=gamma, gamma_y=gamma,
        gamma_tilde_x=np.ones(DX - 1), gamma_tilde_y=np.ones(DY - 1),
    )  # fmt: skip
    samples = (model.sample(N, seed) for seed in range(REPEATS))
    top = [cca(_moments(drawn.x, drawn.y)).values[0] ** 2 for drawn in samples]
    assert np.mean(top) == pytest.approx(null_edge(N - 1, DX, DY), abs=0.012)


def test_regression_values_go_where_the_map_says():
    """The source is far from white, the residual white; 40 samples, errors of .002 to .004."""
    t, sigma = np.array([1.5, 0.8, 0.5]), 0.7
    scale = np.linspace(0.5, 2, DX)
    rng = np.random.default_rng(0)
    spectra = []
    for _ in range(REPEATS):
        white = rng.standard_normal((N, DX))
        y = sigma * rng.standard_normal((N, DY))
        y[:, :3] += white[:, :3] * t
        spectra.append(regression(_moments(white * scale, y)).values[:4])
    mean = np.mean(spectra, axis=0)
    np.testing.assert_allclose(mean[:3], expected_regression(t, C1, C2, sigma), atol=0.012)
    np.testing.assert_allclose(debias_regression(mean[:3], C1, C2, sigma), t, atol=0.012)
    edge = regression_edge(N - 1, DX, DY, sigma)
    assert 0.93 * edge < mean[3] < edge


# --- Bad input -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: null_edge(0, 5, 5), "n=0"),
        (lambda: null_edge(10, 5, 5), "below 1 is needed"),
        (lambda: null_edge(10, 0, 5), "must be above 0"),
        (lambda: detection_threshold(10, 50, 5), "reduce the features first"),
        (lambda: expected_sample_r2(0.5, 0.6, 0.5), "below 1 is needed"),
        (lambda: expected_sample_r2(1.5, 0.1, 0.1), "r contains 1.5"),
        (lambda: debias_r2(-0.1, 0.1, 0.1), "lam contains -0.1"),
        (lambda: debias_r2(np.nan, 0.1, 0.1), "lam contains nan"),
        (lambda: debias_r2(0.5, 0.1, np.nan), "must be above 0"),
        (lambda: expected_direction_cos2(0.5, 0.6, 0.5), "below 1 is needed"),
        (lambda: expected_direction_cos2(-0.5, 0.1, 0.1), "r contains -0.5"),
        (lambda: regression_edge(10, 11, 5, 1.0), "source dimension"),
        (lambda: regression_threshold(10, 5, 5, -1.0), "sigma=-1.0"),
        (lambda: expected_regression(-1.0, 0.1, 0.1, 1.0), "t contains -1"),
        (lambda: debias_regression(np.inf, 0.1, 0.1, 1.0), "s contains inf"),
    ],
)
def test_what_has_no_limit_is_refused(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_rounding_above_one_is_forgiven():
    assert debias_r2(1 + 1e-12, 0.1, 0.1) == pytest.approx(1.0)
