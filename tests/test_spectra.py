"""Spectra against independent computations, and under every map that must not matter."""

from __future__ import annotations

import numpy as np
import pytest
from cca_zoo.linear import CCA as ZooCCA
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cross_decomposition import CCA, PLSSVD
from sklearn.linear_model import LinearRegression

from crossphase.moments import Moments
from crossphase.spectra import cca, objective_spectra, pls, regression

seeds = st.integers(0, 2**32 - 1)
few = settings(deadline=None, derandomize=True, max_examples=25)


def _pair(seed: int, n: int = 300, dx: int = 6, dy: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(n, 3)) * [2.0, 1.0, 0.5]
    x = shared @ rng.normal(size=(3, dx)) + rng.normal(size=(n, dx)) + rng.normal(size=dx)
    y = shared @ rng.normal(size=(3, dy)) + rng.normal(size=(n, dy)) + rng.normal(size=dy)
    return x, y


def _moments(x: np.ndarray, y: np.ndarray) -> Moments:
    return Moments.from_arrays(x=x, y=y)


def _invertible(rng: np.random.Generator, dim: int) -> np.ndarray:
    """A random map with singular values between 1/3 and 3."""
    left, _ = np.linalg.qr(rng.normal(size=(dim, dim)))
    right, _ = np.linalg.qr(rng.normal(size=(dim, dim)))
    return left * rng.uniform(1 / 3, 3, size=dim) @ right


def _rotation(rng: np.random.Generator, dim: int) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(dim, dim)))[0]


# --- Oracles -------------------------------------------------------------------------------


def test_canonical_correlations_are_cosines_between_column_spaces():
    x, y = _pair(0)
    qx, _ = np.linalg.qr(x - x.mean(axis=0))
    qy, _ = np.linalg.qr(y - y.mean(axis=0))
    expected = np.linalg.svd(qx.T @ qy, compute_uv=False)
    np.testing.assert_allclose(cca(_moments(x, y)).values, expected, rtol=1e-10)


def test_canonical_correlations_agree_with_scikit_learn():
    x, y = _pair(1)
    a, b = CCA(n_components=3, tol=1e-12, max_iter=20_000).fit_transform(x, y)
    expected = [np.corrcoef(a[:, i], b[:, i])[0, 1] for i in range(3)]
    np.testing.assert_allclose(cca(_moments(x, y)).values[:3], expected, rtol=1e-6)


def test_canonical_correlations_and_scores_agree_with_cca_zoo():
    x, y = _pair(2)
    a, b = ZooCCA(n_components=4).fit_transform([x, y])
    expected = [np.corrcoef(a[:, i], b[:, i])[0, 1] for i in range(4)]
    spectrum = cca(_moments(x, y))
    np.testing.assert_allclose(spectrum.values, expected, rtol=1e-8)
    own = (x - x.mean(axis=0)) @ spectrum.x_map
    cosines = [abs(np.corrcoef(a[:, i], own[:, i])[0, 1]) for i in range(4)]
    np.testing.assert_allclose(cosines, 1.0, atol=1e-8)


@pytest.mark.parametrize(("source", "target"), [("x", "y"), ("y", "x")])
def test_regression_values_are_the_spread_of_least_squares_predictions(source, target):
    data = dict(zip("xy", _pair(3), strict=True))
    fitted = LinearRegression().fit(data[source], data[target]).predict(data[source])
    fitted -= fitted.mean(axis=0)
    expected = np.linalg.svd(fitted, compute_uv=False)[:4] / np.sqrt(len(fitted))
    spectrum = regression(_moments(**data), source, target)
    np.testing.assert_allclose(spectrum.values, expected, rtol=1e-10)


def test_pls_values_agree_with_scikit_learn():
    x, y = _pair(4)
    a, b = PLSSVD(n_components=4, scale=False).fit_transform(x, y)
    np.testing.assert_allclose(pls(_moments(x, y)).values, np.mean(a * b, axis=0), rtol=1e-10)


def test_ridge_and_floor_enter_the_whitening_only():
    x, y = _pair(5)
    moments = _moments(x, y)
    white_x = np.linalg.inv(np.linalg.cholesky(moments.cov("x") + 0.3 * np.eye(6)))
    white_y = np.linalg.inv(np.linalg.cholesky(moments.cov("y") + 0.3 * np.eye(4)))
    expected = np.linalg.svd(white_x @ moments.cov("x", "y") @ white_y.T, compute_uv=False)
    np.testing.assert_allclose(cca(moments, ridge=0.3).values, expected, rtol=1e-10)
    expected = np.linalg.svd(white_x @ moments.cov("x", "y"), compute_uv=False)
    np.testing.assert_allclose(regression(moments, ridge=0.3).values, expected, rtol=1e-10)


# --- What the maps promise -----------------------------------------------------------------


def test_canonical_scores_are_standardised_and_correlate_by_the_values():
    x, y = _pair(6)
    moments = _moments(x, y)
    spectrum = cca(moments)
    scores = moments.project(x=spectrum.x_map, y=spectrum.y_map)
    np.testing.assert_allclose(scores.cov("x"), np.eye(4), atol=1e-10)
    np.testing.assert_allclose(scores.cov("y"), np.eye(4), atol=1e-10)
    np.testing.assert_allclose(scores.cov("x", "y"), np.diag(spectrum.values), atol=1e-10)


@pytest.mark.parametrize(("source", "target"), [("x", "y"), ("y", "x")])
def test_regression_scores_give_the_best_low_rank_prediction(source, target):
    data = dict(zip("xy", _pair(7), strict=True))
    moments = _moments(**data)
    spectrum = regression(moments, source, target)
    scores = (data[source] - data[source].mean(axis=0)) @ spectrum.x_map[:, :2]
    centred = data[target] - data[target].mean(axis=0)
    residual = centred - scores * spectrum.values[:2] @ spectrum.y_map[:, :2].T
    lost = np.trace(moments.cov(target)) - np.sum(spectrum.values[:2] ** 2)
    assert np.sum(residual**2) / len(residual) == pytest.approx(lost, rel=1e-10)
    free = LinearRegression().fit(scores, centred).predict(scores)
    np.testing.assert_allclose(free, centred - residual, atol=1e-9)


def test_regression_spectrum_is_the_canonical_one_in_the_targets_units():
    x, y = _pair(8)
    moments = _moments(x, y)
    spectrum = cca(moments)
    c = spectrum.left * spectrum.values @ spectrum.right.T
    chol = np.linalg.eigh(moments.cov("y"))
    root = chol.eigenvectors * np.sqrt(chol.eigenvalues) @ chol.eigenvectors.T
    expected = np.linalg.svd(root @ c.T, compute_uv=False)[:4]
    np.testing.assert_allclose(regression(moments).values, expected, rtol=1e-9)


def test_three_objectives_at_once_are_the_three_apart():
    moments = _moments(*_pair(14))
    for options in ({}, {"ridge": 0.1, "floor": 1e-12}):
        together = objective_spectra(moments, **options)
        apart = (
            cca(moments, **options),
            regression(moments, "x", "y", **options),
            regression(moments, "y", "x", **options),
        )
        for one, other in zip(together, apart, strict=True):
            np.testing.assert_allclose(one.values, other.values, rtol=1e-12)
            np.testing.assert_allclose(one.x_map, other.x_map, atol=1e-10)
            np.testing.assert_allclose(one.y_map, other.y_map, atol=1e-10)


# --- Invariances ---------------------------------------------------------------------------


@few
@given(seed=seeds)
def test_alignment_is_blind_to_invertible_maps_and_shifts_of_either_view(seed):
    x, y = _pair(seed)
    rng = np.random.default_rng(seed)
    mapped = _moments(x @ _invertible(rng, 6) + 5.0, y @ _invertible(rng, 4) - 3.0)
    np.testing.assert_allclose(cca(mapped).values, cca(_moments(x, y)).values, atol=1e-9)


@few
@given(seed=seeds)
def test_prediction_is_blind_to_source_maps_and_target_rotations(seed):
    x, y = _pair(seed)
    rng = np.random.default_rng(seed)
    mapped = _moments(x @ _invertible(rng, 6), y @ _rotation(rng, 4))
    want = regression(_moments(x, y)).values
    np.testing.assert_allclose(regression(mapped).values, want, rtol=1e-8)


@few
@given(seed=seeds)
def test_prediction_sees_a_target_coordinate_rescaled(seed):
    x, y = _pair(seed)
    scaled = y * np.array([10.0, 1.0, 1.0, 1.0])
    before, after = regression(_moments(x, y)).values, regression(_moments(x, scaled)).values
    assert np.abs(after / before - 1).max() > 0.1
    # But a common factor only changes the units.
    doubled = regression(_moments(x, 2 * y)).values
    np.testing.assert_allclose(doubled, 2 * before, rtol=1e-9)


@few
@given(seed=seeds)
def test_swapping_the_views_swaps_the_directions(seed):
    x, y = _pair(seed)
    there, back = _moments(x, y), _moments(y, x)
    np.testing.assert_allclose(cca(there).values, cca(back).values, rtol=1e-9)
    np.testing.assert_allclose(pls(there).values, pls(back).values, rtol=1e-9)
    np.testing.assert_allclose(
        regression(there, "x", "y").values, regression(back, "y", "x").values, rtol=1e-9
    )


@few
@given(seed=seeds)
def test_row_order_does_not_matter(seed):
    x, y = _pair(seed)
    order = np.random.default_rng(seed).permutation(len(x))
    for decompose in (cca, pls, regression):
        np.testing.assert_allclose(
            decompose(_moments(x[order], y[order])).values,
            decompose(_moments(x, y)).values,
            rtol=1e-9,
        )


def test_breaking_the_pairing_matters():
    x, y = _pair(9)
    assert cca(_moments(x, np.roll(y, 1, axis=0))).values[0] < 0.5 * cca(_moments(x, y)).values[0]


@few
@given(seed=seeds)
def test_columns_that_say_nothing_new_change_nothing(seed):
    x, y = _pair(seed)
    rng = np.random.default_rng(seed)
    mixed = x @ rng.normal(size=(6, 2))
    padded = np.hstack([x, x[:, :2], np.full((len(x), 1), 1 / 3), mixed])
    plain, redundant = _moments(x, y), _moments(padded, y)
    np.testing.assert_allclose(cca(redundant).values, cca(plain).values, atol=1e-8)
    np.testing.assert_allclose(regression(redundant).values, regression(plain).values, rtol=1e-7)
    # As a target, copies and constants have no say in the whitening of the source.
    constant = np.hstack([y, np.zeros((len(y), 2))])
    got = regression(_moments(x, constant)).values
    np.testing.assert_allclose(got, [*regression(plain).values, 0, 0], atol=1e-9)


def test_a_view_without_variance_has_no_spectrum():
    x, _ = _pair(10)
    moments = _moments(x, np.full((len(x), 2), 7.0))
    for decompose in (cca, regression, pls):
        np.testing.assert_array_equal(decompose(moments).values, [0.0, 0.0])


def test_a_view_and_its_copy_are_perfectly_correlated():
    x, _ = _pair(11)
    np.testing.assert_allclose(cca(_moments(x, x @ np.eye(6)[:, :3])).values, 1.0, atol=1e-10)


def test_more_features_than_rows_forces_perfect_correlations():
    """With rank n − 1 on either side, at least dx + dy − (n − 1) correlations are 1."""
    rng = np.random.default_rng(12)
    values = cca(_moments(rng.normal(size=(21, 15)), rng.normal(size=(21, 12)))).values
    assert np.sum(values > 1 - 1e-8) == 15 + 12 - 20


def test_blocks_are_found_by_name():
    x, y = _pair(13)
    moments = Moments.from_arrays(protein=y, rna=x)
    plain = _moments(x, y)
    np.testing.assert_allclose(cca(moments, "rna", "protein").values, cca(plain).values)
    np.testing.assert_allclose(
        regression(moments, "rna", "protein").values, regression(plain).values
    )
