"""The spiked model: closed forms against its own covariances, samples and published numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossphase.errors import InputError
from crossphase.moments import Moments
from crossphase.spectra import cca, regression
from crossphase.theory import Objective, Regime, SpikedModel, random_basis, regime_of

few = settings(deadline=None, derandomize=True, max_examples=40)


@st.composite
def models(draw) -> SpikedModel:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    k, extra_x, extra_y = (draw(st.integers(low, 4)) for low in (1, 0, 0))
    tilde_x, tilde_y = rng.uniform(0.1, 10, size=extra_x), rng.uniform(0.1, 10, size=extra_y)
    pairs = draw(st.integers(0, min(extra_x, extra_y)))
    return SpikedModel(
        rng.uniform(0.2, 3, size=k),
        gamma_x=rng.uniform(0.01, 2, size=k),
        gamma_y=rng.uniform(0.01, 2, size=k),
        gamma_tilde_x=tilde_x,
        gamma_tilde_y=tilde_y,
        eta=rng.uniform(-0.95, 0.95, size=pairs) * np.sqrt(tilde_x * 1.0)[:pairs]
        * np.sqrt(tilde_y)[:pairs],
    )  # fmt: skip


def _population(model: SpikedModel, rng: np.random.Generator) -> Moments:
    """The model's covariances in random bases, in the shape that spectra take."""
    xx, xy, yy = model.covariances(random_basis(model.dx, rng), random_basis(model.dy, rng))
    scatter = np.block([[xx, xy], [xy.T, yy]])
    return Moments(1, np.zeros(len(scatter)), scatter, {"x": model.dx, "y": model.dy})


def _example() -> SpikedModel:
    """dx ≠ dy, heterogeneous, one nuisance pair of negative covariance, one unpaired."""
    return SpikedModel(
        [2.0, 1.2],
        gamma_x=[0.5, 0.3],
        gamma_y=[0.1, 0.6],
        gamma_tilde_x=[1.0, 2.0],
        gamma_tilde_y=[4.0, 1.0, 0.5],
        eta=[-1.2],
    )


# --- Closed forms --------------------------------------------------------------------------


@few
@given(model=models(), seed=st.integers(0, 1000))
def test_closed_forms_are_the_spectra_of_the_covariances(model, seed):
    population = _population(model, np.random.default_rng(seed))
    separation = model.separation()
    for closed, spectrum in (
        (separation.alignment, cca(population)),
        (separation.prediction_xy, regression(population, "x", "y")),
        (separation.prediction_yx, regression(population, "y", "x")),
    ):
        np.testing.assert_allclose(closed.values, spectrum.values, atol=1e-9)


def test_signal_values_belong_to_the_signal_subspace():
    model = _example()
    rng = np.random.default_rng(0)
    basis_x, basis_y = random_basis(model.dx, rng), random_basis(model.dy, rng)
    xx, xy, yy = model.covariances(basis_x, basis_y)
    population = Moments(
        1, np.zeros(9), np.block([[xx, xy], [xy.T, yy]]), {"x": model.dx, "y": model.dy}
    )
    spectrum = cca(population)
    inside = np.linalg.norm(basis_x[:, :2].T @ spectrum.x_map, axis=0)
    outside = np.linalg.norm(basis_x[:, 2:].T @ spectrum.x_map, axis=0)
    np.testing.assert_array_equal(inside > outside, model.separation().alignment.is_signal)
    np.testing.assert_allclose(np.minimum(inside, outside), 0.0, atol=1e-9)


@few
@given(model=models())
def test_swapping_the_views_swaps_the_directions(model):
    there, back = model.separation(), model.swapped().separation()
    np.testing.assert_allclose(there.alignment.values, back.alignment.values, rtol=1e-12)
    np.testing.assert_array_equal(there.prediction_xy.values, back.prediction_yx.values)
    np.testing.assert_array_equal(there.prediction_yx.values, back.prediction_xy.values)
    assert there.regime_yx == back.regime


def test_separation_names_its_objectives_and_regimes():
    separation = SpikedModel.homogeneous(1.5, 0.5, 0.05, 1.0, 50.0, dx=5, nu=0.5).separation()
    objectives = (separation.alignment, separation.prediction_xy, separation.prediction_yx)
    assert [one.objective for one in objectives] == list(Objective)
    deltas = [one.delta for one in objectives]
    assert deltas == pytest.approx([0.8947 / 0.5, 0.19188 / 0.5, 1.4837 / 0.5], rel=1e-3)
    assert separation.regime == regime_of(deltas[0], deltas[1]) == Regime.CA_ONLY
    assert separation.regime_yx == regime_of(deltas[0], deltas[2]) == Regime.BOTH
    assert (separation.prediction_xy.recovery, separation.prediction_xy.required_dim) == (0, 5)
    assert (separation.alignment.recovery, separation.alignment.required_dim) == (1, 1)


def test_homogeneous_is_the_general_model_with_equal_parameters():
    model = SpikedModel.homogeneous([2.0, 1.0], 0.5, 0.2, 1.0, 9.0, dx=5, dy=4, nu=[0.5])
    np.testing.assert_array_equal(model.gamma_y, [0.2, 0.2])
    np.testing.assert_array_equal(model.gamma_tilde_x, [1.0, 1.0, 1.0])
    np.testing.assert_allclose(model.eta, [1.5, 0.0])
    everywhere = SpikedModel.homogeneous([2.0, 1.0], 0.5, 0.2, 1.0, 9.0, dx=5, dy=4, nu=0.5)
    np.testing.assert_allclose(everywhere.eta, [1.5, 1.5])
    assert SpikedModel.homogeneous(1.0, 1, 1, 1, 1, dx=3).dy == 3


def test_no_nuisance_and_uncorrelated_nuisance_cannot_prevent_recovery():
    bare = SpikedModel(1.0, gamma_x=1, gamma_y=1, gamma_tilde_x=[], gamma_tilde_y=[])
    quiet = SpikedModel.homogeneous(1.0, 1, 1, 1, 1, dx=5, dy=7)
    for separation in (bare.separation(), quiet.separation()):
        assert separation.alignment.delta == np.inf
        assert separation.regime == Regime.BOTH


# --- Published numbers that are closed forms (arXiv 2606.11190) ------------------------------


@pytest.mark.parametrize(
    ("tilde_y", "delta_align", "delta_predict"), [(0.1, 0.898, 6.02), (100.0, 17.78, 3.77)]
)
def test_published_ratio_experiment(tilde_y, delta_align, delta_predict):
    eta = min(0.5, 0.99 * np.sqrt(tilde_y))
    model = SpikedModel.homogeneous(
        [3, 2.5, 2], 0.5, 0.5, 1.0, tilde_y, dx=20, nu=eta / np.sqrt(tilde_y)
    )
    separation = model.separation()
    assert separation.alignment.delta == pytest.approx(delta_align, abs=0.005)
    assert separation.prediction_xy.delta == pytest.approx(delta_predict, abs=0.005)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("lacking", ["x", "y"])
def test_published_rank_bottleneck(rank, lacking):
    """A view that carries `rank` of three signals leaves as many canonical correlations."""
    model = SpikedModel.homogeneous([3, 2.5, 2], 0.5, 0.5, 1.0, 1.0, dx=20)
    xx, xy, yy = model.covariances()
    lost = np.arange(rank, 3)
    (xx if lacking == "x" else yy)[lost, lost] = 0.5
    xy[lost, lost] = 0.0
    population = Moments(1, np.zeros(40), np.block([[xx, xy], [xy.T, yy]]), {"x": 20, "y": 20})
    assert np.sum(cca(population).values > 1e-6) == rank


def test_published_soft_bottleneck_at_its_strong_end():
    """κ₃ = 5, γ = .5: 2 Σ 1/φ = 6.31 and 2/φ_k = 2.16 (φ_k = .926, sampled .928)."""
    phi = SpikedModel.homogeneous([3, 2.5, 5], 0.5, 0.5, 1, 1, dx=20).separation().alignment.signal
    assert 2 * np.sum(1 / phi) == pytest.approx(6.31, abs=0.01)
    assert 2 / phi.min() == pytest.approx(2.16, abs=0.005)


def test_published_partial_recovery_is_all_or_nothing_for_equal_signals():
    counts = {
        SpikedModel.homogeneous([strength] * 5, 1, 0.05, 1, 5, dx=20, nu=nu)
        .separation().prediction_xy.recovery
        for strength in np.linspace(0, 3, 31) for nu in np.linspace(0, 1, 31)
    }  # fmt: skip
    assert counts == {0, 5}


# --- Samples -------------------------------------------------------------------------------


def test_samples_have_the_models_covariances():
    """At 200,000 rows each entry lies within five standard errors, √((Σii Σjj + Σij²) / n)."""
    model = _example()
    n = 200_000
    drawn = model.sample(n, 0, random_bases=True)
    xx, xy, yy = model.covariances(drawn.basis_x, drawn.basis_y)
    want = np.block([[xx, xy], [xy.T, yy]])
    stacked = np.hstack([drawn.x, drawn.y])
    errors = np.sqrt((np.outer(np.diag(want), np.diag(want)) + want**2) / n)
    assert np.max(np.abs(stacked.T @ stacked / n - want) / errors) < 5
    assert np.max(np.abs(stacked.mean(axis=0)) / np.sqrt(np.diag(want) / n)) < 5


def test_large_samples_approach_the_closed_forms():
    model = _example()
    drawn = model.sample(200_000, 1, random_bases=True)
    moments = Moments.from_arrays(x=drawn.x, y=drawn.y)
    separation = model.separation()
    # Standard error of a correlation is at most 1/√n = .0022; values of A reach 2 target units.
    np.testing.assert_allclose(cca(moments).values, separation.alignment.values, atol=0.01)
    np.testing.assert_allclose(
        regression(moments).values, separation.prediction_xy.values, atol=0.025
    )


def test_signal_is_what_both_views_share():
    model = _example()
    drawn = model.sample(200_000, 2, random_bases=True)
    np.testing.assert_allclose(drawn.signal.std(axis=0), model.kappa, rtol=0.01)
    for view, basis, gamma in (
        (drawn.x, drawn.basis_x, model.gamma_x),
        (drawn.y, drawn.basis_y, model.gamma_y),
    ):
        noise = (view @ basis)[:, :2] - drawn.signal
        np.testing.assert_allclose(noise.var(axis=0), gamma, rtol=0.03)
        assert np.abs(np.corrcoef(noise.T, drawn.signal.T)[:2, 2:]).max() < 0.01


def test_perfectly_correlated_nuisance_is_proportional():
    model = SpikedModel.homogeneous(1.0, 1, 1, 2.0, 7.0, dx=4, nu=1.0)
    drawn = model.sample(20, 0)
    np.testing.assert_allclose(drawn.y[:, 1:], drawn.x[:, 1:] * np.sqrt(3.5), rtol=1e-12)
    np.testing.assert_allclose(model.separation().alignment.nuisance, 1.0)


def test_same_seed_same_rows_and_given_bases_are_used():
    model = _example()
    first, second = (model.sample(10, 7, random_bases=True) for _ in range(2))
    np.testing.assert_array_equal(first.x, second.x)
    np.testing.assert_array_equal(first.y, second.y)
    generator = np.random.default_rng(7)
    np.testing.assert_array_equal(model.sample(10, generator, random_bases=True).x, first.x)
    assert not np.array_equal(model.sample(10, generator).x, model.sample(10, generator).x)
    plain = model.sample(10, 3)
    turned = model.sample(10, 3, first.basis_x, first.basis_y)
    np.testing.assert_allclose(turned.x, plain.x @ first.basis_x.T, atol=1e-12)
    np.testing.assert_allclose(turned.y, plain.y @ first.basis_y.T, atol=1e-12)
    np.testing.assert_array_equal(plain.basis_x, np.eye(4))


def test_random_bases_have_no_preferred_sign_or_axis():
    rng = np.random.default_rng(0)
    bases = np.array([random_basis(3, rng) for _ in range(4000)])
    np.testing.assert_allclose(bases[0].T @ bases[0], np.eye(3), atol=1e-12)
    # Entries have mean 0 and variance 1/3: 4 standard errors are .037 and .019.
    assert np.abs(bases.mean(axis=0)).max() < 0.037
    assert np.abs((bases**2).mean(axis=0) - 1 / 3).max() < 0.019


def test_parameters_are_copied_and_read_only():
    kappa = np.array([1.0, 2.0])
    model = SpikedModel(kappa, gamma_x=1, gamma_y=1, gamma_tilde_x=[1], gamma_tilde_y=[1])
    kappa[0] = 9.0
    assert model.kappa[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        model.eta[0] = 1.0


# --- Bad input -----------------------------------------------------------------------------

GOOD = {"gamma_x": 1.0, "gamma_y": 1.0, "gamma_tilde_x": [1.0, 1.0], "gamma_tilde_y": [4.0]}


@pytest.mark.parametrize(
    ("kappa", "changes", "message"),
    [
        ([], {}, "kappa is empty"),
        ([-1.0], {}, "kappa contains -1"),
        ([np.nan], {}, "kappa contains nan"),
        ([[1.0]], {}, "kappa has shape"),
        ([1.0], {"gamma_x": -0.5}, "gamma_x contains -0.5"),
        ([1.0], {"gamma_y": [1.0, 1.0]}, r"gamma_y has shape \(2,\)"),
        ([1.0], {"gamma_tilde_x": [1.0, 0.0]}, "gamma_tilde_x contains 0"),
        ([1.0], {"gamma_tilde_y": [np.inf]}, "gamma_tilde_y contains inf"),
        ([1.0], {"eta": [2.1]}, r"eta\[0\]=2.1 exceeds"),
        ([1.0], {"eta": [-2.1]}, r"eta\[0\]=-2.1 exceeds"),
        ([1.0], {"eta": [0.0, 0.0]}, "eta has 2 values: there are 1"),
        ([1.0], {"eta": ["a"]}, "eta is not an array"),
    ],
)
def test_impossible_models_are_refused(kappa, changes, message):
    with pytest.raises(InputError, match=message) as caught:
        SpikedModel(kappa, **{**GOOD, **changes})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dx": 1}, "dx=1"),
        ({"dy": 0}, "dy=0"),
        ({"nu": 1.2}, "exceeds"),
        ({"nu": -0.1}, "nu contains -0.1"),
        ({"nu": [0.1] * 4}, "eta has 4 values"),
    ],
)
def test_impossible_homogeneous_models_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        SpikedModel.homogeneous([2.0, 1.0], 1, 1, 1, 1, **{"dx": 5, **changes})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 0), "n=0"),
        ((5, 0, np.eye(3)), "basis_x has shape"),
        ((5, 0, None, 2 * np.eye(5)), "basis_y is not orthonormal"),
    ],
)
def test_impossible_samples_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        _example().sample(*arguments)
