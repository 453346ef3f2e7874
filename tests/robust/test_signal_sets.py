"""The posterior over signal sets against brute force, and mixing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal, norm

from crossphase.attribution import (
    SignalSets,
    draw_rotations,
    label_leak,
    leak_variance,
    signal_sets,
)
from crossphase.config import Settings
from crossphase.diagnosis.robust import estimate_robust
from crossphase.spectra.turns import Turns
from crossphase.theory import SpikedModel

PRIOR, OWN, FLOOR = 0.4, 0.03, 1e-3


def log_any_direction(z, slab):
    """Density of a u + noise by integrating over a and over directions u on a grid."""
    q, strength = len(z), np.linalg.norm(z)
    # Cosines of u with z: two points, a circle, or (Archimedes) evenly spread for a sphere.
    angles = np.linspace(0, np.pi, 801)
    cosines = {1: np.array([-1.0, 1.0]), 2: np.cos(angles), 3: np.linspace(-1, 1, 801)}[q]
    density = 0.0
    for g in (slab, 0.1 * slab):
        a = np.linspace(1e-6, 12 * np.sqrt(g), 2000)
        share = 0.9 if g == slab else 0.1
        prior = 2 * a**2 / g * np.exp(-(a**2) / (2 * g)) / np.sqrt(2 * np.pi * g)
        mean = np.exp(np.outer(a * strength, cosines) - a[:, None] ** 2 / 2 - strength**2 / 2)
        mean = mean.mean(axis=1) if q == 1 else np.trapezoid(mean, axis=1) / (len(cosines) - 1)
        density += share * np.trapezoid(prior * mean, a)
    return np.log(density) - q / 2 * np.log(2 * np.pi)


def like_sized_density(a, g):
    """Of the weaker of two strengths: a⁴ N(a; 0, g) / 3g² for g and, one time in ten, a tenth."""
    return sum(
        share * a**4 / (3 * h**2) * np.exp(-(a**2) / (2 * h)) / np.sqrt(2 * np.pi * h)
        for share, h in ((0.9, g), (0.1, 0.1 * g))
    )


def log_apart(z, j, stronger, leak, slab):
    """Density of z_j: leaks along the stronger signals, any direction at right angles with them."""
    q = z.shape[1]
    if len(stronger) >= q:
        return -np.inf
    basis, _ = np.linalg.qr(z[stronger].T, mode="complete")
    covariance = np.eye(q)
    for i in stronger:
        covariance = covariance + (leak[i, j] + FLOOR) * np.outer(z[i], z[i])
    r = len(stronger)
    turned = basis.T @ covariance @ basis
    own = basis.T @ z[j]
    along = multivariate_normal(np.zeros(r), turned[:r, :r]).logpdf(own[:r]) if r else 0.0
    return along + log_any_direction(own[r:], slab)


def log_beside(z, j, stronger, leak, slab):
    """Density of z_j along the directions of stronger signals, by integrating over strengths."""
    q = z.shape[1]
    reach = 12 * np.sqrt(slab + (z**2).sum())
    a = np.linspace(-reach, reach, 10_001)
    densities = []
    for i in stronger:
        direction = z[i] / np.linalg.norm(z[i])
        t = direction @ z[j]
        variance = 1 + sum((leak[m, j] + FLOOR) * (direction @ z[m]) ** 2 for m in stronger)
        density = like_sized_density(a, 0.25 * max(z[i] @ z[i], slab)) / 0.45
        along = np.trapezoid(density * norm.pdf(t - a, scale=np.sqrt(variance)), a)
        across = np.sqrt(max(z[j] @ z[j] - t**2, 0.0))
        scale = np.sqrt(1 + 0.07 * t**2)
        rest = np.exp(-0.5 * (across / scale) ** 2) / (np.sqrt(2 * np.pi) * scale) ** (q - 1)
        densities.append(along * rest)
    return np.log(np.mean(densities))


def brute_force(z, leak, n_rows, told=None):
    """Posterior inclusion from every set's density, spelt out."""
    k, q = z.shape
    mean, variance = (np.zeros((k, k)), leak) if told is None else (told.mean, told.variance)
    sets = list(itertools.product([False, True], repeat=k))
    slab = max(n_rows, (z**2).sum(axis=1).max() / 3)
    alone = [log_any_direction(row, slab) for row in z]
    order = list(np.argsort(-(z**2).sum(axis=1), kind="stable"))
    log_posterior, known = [], {}
    for members in sets:
        total, own, mixed = 0.0, np.log(OWN), np.log(1 - OWN)
        for j in range(k):
            if members[j]:
                stronger = [i for i in order[: order.index(j)] if members[i]]
                as_signal = alone[j]
                if stronger:
                    beside = log_beside(z, j, stronger, leak, slab)
                    as_signal = beside if q == 1 else np.logaddexp(alone[j], beside) - np.log(2)
                mixed += as_signal
                key = (j, *stronger)
                if key not in known:
                    known[key] = log_apart(z, j, stronger, leak, slab) if stronger else alone[j]
                own += known[key]
                total += np.log(PRIOR)
                continue
            centre, covariance = np.zeros(q), np.eye(q)
            for i in range(k):
                if members[i]:
                    centre = centre + mean[i, j] * z[i]
                    covariance = covariance + (variance[i, j] + FLOOR) * np.outer(z[i], z[i])
            total += multivariate_normal(centre, covariance).logpdf(z[j]) + np.log(1 - PRIOR)
        log_posterior.append(total + np.logaddexp(own, mixed))
    weights = np.exp(np.array(log_posterior) - max(log_posterior))
    weights /= weights.sum()
    return weights @ np.array(sets), weights


@settings(deadline=None, derandomize=True, max_examples=15)
@given(st.integers(0, 10_000), st.integers(1, 5))
def test_open_components_are_enumerated_exactly(seed, k):
    rng = np.random.default_rng(seed)
    # Small enough that no component is settled beforehand.
    z = rng.uniform(-4, 4, size=(k, 1))
    leak = rng.uniform(0, 1, size=(k, k)) ** 3
    np.fill_diagonal(leak, 0)
    told = None
    if seed % 2:
        told = Turns(rng.uniform(-1, 1, size=(k, k)) * (1 - np.eye(k)), 0.3 * leak)
    found = signal_sets(z, leak, 4, told)
    assert len(found.sets) == 2**k
    assert found.probabilities.sum() == pytest.approx(1)
    expected, weights = brute_force(z, leak, 4, told)
    assert_allclose(found.inclusion, expected, rtol=1e-4, atol=1e-6)
    assert_allclose(np.sort(found.probabilities), np.sort(weights), rtol=1e-3, atol=1e-6)


@settings(deadline=None, derandomize=True, max_examples=10)
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 3))
def test_settling_clear_components_first_costs_little(seed, k, q):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(k, q)) * rng.choice([1.0, 3.0, 12.0], size=(k, 1))
    leak = 10 ** rng.uniform(-3, -0.3, size=(k, k))
    np.fill_diagonal(leak, 0)
    expected, _ = brute_force(z, leak, 200)
    assert_allclose(signal_sets(z, leak, 200).inclusion, expected, atol=0.1)


@settings(deadline=None, derandomize=True, max_examples=25)
@given(st.integers(0, 10_000), st.integers(2, 14), st.integers(1, 3))
def test_order_of_components_does_not_matter(seed, k, q):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(k, q)) * rng.choice([1.0, 3.0, 12.0], size=(k, 1))
    leak = 10 ** rng.uniform(-3, -0.3, size=(k, k))
    np.fill_diagonal(leak, 0)
    order = rng.permutation(k)
    plain = signal_sets(z, leak, 150)
    permuted = signal_sets(z[order], leak[np.ix_(order, order)], 150)
    assert_allclose(permuted.inclusion, plain.inclusion[order], rtol=1e-8, atol=1e-10)
    rotation = np.linalg.qr(rng.normal(size=(q, q)))[0]
    assert_allclose(signal_sets(z @ rotation, leak, 150).inclusion, plain.inclusion, atol=1e-8)


def test_many_open_components_are_still_a_distribution():
    rng = np.random.default_rng(1)
    z = np.concatenate([rng.uniform(2, 4, size=(25, 1)), [[30.0]]])
    leak = np.full((26, 26), 0.01)
    np.fill_diagonal(leak, 0)
    found = signal_sets(z, leak, 100)
    assert len(found.sets) <= 2**10
    assert found.probabilities.sum() == pytest.approx(1)
    assert found.inclusion[-1] > 0.999


def test_no_labels_speak_for_no_signal():
    rng = np.random.default_rng(2)
    inclusion = [
        signal_sets(rng.normal(size=(6, 2)), np.full((6, 6), 1e-3), 200).inclusion
        for _ in range(200)
    ]
    assert np.mean(inclusion) < 0.02


def about_zero(variance):
    return Turns(np.zeros_like(variance), variance)


def mixed(rho, n, strength, rng):
    """z-scores of two components that sampling has rotated by the angle theory gives."""
    leak = leak_variance(np.array(rho), np.ones((2, 2)), n)
    angle = np.arctan(np.sqrt(leak[0, 1]) * rng.normal())
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return rotation @ [[strength], [0.0]] + rng.normal(size=(2, 1)), leak


def test_what_leaks_into_a_close_component_is_not_called_signal():
    rng = np.random.default_rng(3)
    with_leak, without = [], []
    for _ in range(100):
        z, leak = mixed([0.80, 0.77], 1500, 20.0, rng)
        with_leak.append(signal_sets(z, leak, 200).inclusion)
        without.append(signal_sets(z, np.zeros((2, 2)), 200).inclusion)
    assert np.mean(with_leak, axis=0)[0] > 0.9
    assert np.mean(with_leak, axis=0)[1] < PRIOR
    assert np.mean(without, axis=0)[1] > 0.6


def test_many_label_directions_do_not_drown_a_clear_component():
    # One direction of twelve, χ² = 45: p = 1e-5.
    z = np.zeros((1, 12))
    z[0, 0] = np.sqrt(45)
    assert signal_sets(z, np.zeros((1, 1)), 100).inclusion[0] > 0.95
    assert signal_sets(z * np.sqrt(12 / 45), np.zeros((1, 1)), 100).inclusion[0] < 0.05


def test_noise_free_labels_do_not_make_signal_of_chance_correlations():
    """What 200 labelled rows lend to nuisance is large by its own error when labels have none."""
    rng = np.random.default_rng(8)
    most = []
    for _ in range(20):
        signals = 200 * np.linalg.qr(rng.normal(size=(3, 3)))[0]
        leak = np.full((9, 9), 1e-3)
        np.fill_diagonal(leak, 0)
        lent = np.sqrt(1e-3) * rng.normal(size=(6, 3)) @ signals + rng.normal(size=(6, 3))
        found = signal_sets(np.concatenate([signals, lent]), leak, 200).inclusion
        assert found[:3].min() > 0.999
        most.append(found[3:].max())
    assert max(most) < 0.05


def test_noise_free_labels_leave_the_ratio_on_its_side_of_one():
    model = SpikedModel.homogeneous([4.0] * 3, 0.1, 0.1, 1.0, 50.0, dx=20, nu=0.3)
    rows = model.sample(2000, np.random.default_rng(0))
    labelled = np.arange(200)
    found = estimate_robust(rows.x, rows.y, rows.signal[:200], labelled, Settings(seed=0))
    assert found.inclusion[:3].min() > 0.99
    assert found.inclusion[3:].max() < 0.05
    # The largest of 17 equal correlations of .3 stands higher in a sample.
    assert 2 < np.exp(np.median(found.draws.log_delta[:, 0])) < model.separation().alignment.delta


def test_two_signals_of_one_label_direction_that_sampling_mixed_stay_possible():
    """Mixing may leave the weaker of them next to nothing; far apart that means nuisance."""
    z = np.array([[22.0, 0.0], [2.0, 0.5]])
    inclusion = [
        signal_sets(z, np.array([[0.0, v], [v, 0.0]]), 200).inclusion[1] for v in (1e-3, 0.5)
    ]
    assert inclusion[0] < 0.02
    assert 0.05 < inclusion[1] < 0.4


def test_as_many_signals_as_the_labels_have_directions():
    """Twelve signals with a label each, and what sampling lends of them to twelve nuisances."""
    rng = np.random.default_rng(10)
    signals = 25 * np.linalg.qr(rng.normal(size=(12, 12)))[0]
    leak = np.full((24, 24), 0.02)
    np.fill_diagonal(leak, 0)
    lent = np.sqrt(0.02) * rng.normal(size=(12, 12)) @ signals + rng.normal(size=(12, 12))
    found = signal_sets(np.concatenate([signals, lent]), leak, 300).inclusion
    assert found[:12].min() > 0.99
    assert found[12:].max() < 0.05


def test_untested_components_keep_their_prior():
    z = np.array([[15.0], [0.0], [0.0]])
    sets = signal_sets(z, np.full((3, 3), 1e-3), np.array([100.0, 0.0, 0.0]))
    assert_allclose(sets.inclusion[1:], PRIOR)
    drawn, _ = draw_rotations(
        sets,
        z,
        about_zero(np.full((3, 3), 1e-3)),
        4000,
        np.random.default_rng(0),
        n_rows=np.array([100.0, 0, 0]),
    )
    assert_allclose(drawn.mean(axis=0), [1, PRIOR, PRIOR], atol=0.04)


def test_components_far_apart_keep_their_own_evidence():
    leak = leak_variance(np.array([0.9, 0.4]), np.ones((2, 2)), 5000)
    assert signal_sets(np.array([[20.0], [7.0]]), leak, 200).inclusion.min() > 0.95


def sampled_leaks(rho, n, rng):
    """Squared coefficients of each true component on the other's sample scores, by its own's.

    On new rows, the sample scores of the two views averaged and whitened symmetrically, as
    label_evidence does with few labelled rows.
    """
    k = len(rho)
    x = rng.normal(size=(n, k))
    y = rho * x + np.sqrt(1 - rho**2) * rng.normal(size=(n, k))
    root_x, root_y = np.linalg.cholesky(x.T @ x / n), np.linalg.cholesky(y.T @ y / n)
    half = np.linalg.solve(root_x, x.T @ y / n)
    left, _, right = np.linalg.svd(np.linalg.solve(root_y, half.T).T)
    a, b = np.linalg.solve(root_x.T, left), np.linalg.solve(root_y.T, right.T)
    shared = np.diag(rho)
    values, vectors = np.linalg.eigh(a.T @ a + b.T @ b + a.T @ shared @ b + b.T @ shared @ a)
    truth = ((a + b) * (1 + rho)[:, None] / np.sqrt(2 * (1 + rho))[:, None]).T
    coefficients = (vectors / np.sqrt(values)) @ vectors.T @ truth
    return (coefficients / np.diag(coefficients)).T ** 2


@pytest.mark.parametrize(("rho", "n"), [((0.9, 0.6), 1000), ((0.8, 0.7), 3000), ((0.6, 0.4), 2000)])
def test_leak_is_what_sampling_makes_of_label_coefficients(rho, n):
    rng = np.random.default_rng(4)
    rho = np.array(rho)
    measured = np.mean([sampled_leaks(rho, n, rng) for _ in range(300)], axis=0)
    claimed = leak_variance(rho, np.ones((2, 2)), n)
    assert not np.diag(claimed).any()
    # It is widened where the angle is not small, and the same either way.
    assert claimed[0, 1] == claimed[1, 0]
    assert_allclose(measured[0, 1], measured[1, 0], rtol=0.1)
    assert 0.85 < claimed[0, 1] / measured[0, 1] < 1.7


def inherited(rho, n, labelled, rng):
    """Coefficient of the second component over the first's, for labels that are the first."""
    x = rng.normal(size=(n, 2))
    y = rho * x + np.sqrt(1 - rho**2) * rng.normal(size=(n, 2))
    root_x, root_y = np.linalg.cholesky(x.T @ x / n), np.linalg.cholesky(y.T @ y / n)
    half = np.linalg.solve(root_x, x.T @ y / n)
    left, values, right = np.linalg.svd(np.linalg.solve(root_y, half.T).T)
    order = np.argsort(np.argsort(-rho))
    a, b = np.linalg.solve(root_x.T, left[:, order]), np.linalg.solve(root_y.T, right.T[:, order])
    scores = ((x @ a + y @ b) / np.sqrt(2 * (1 + values[order])))[:labelled]
    labels = (x + y)[:labelled, 0]
    scores, labels = scores - scores.mean(axis=0), labels - labels.mean()
    variances, vectors = np.linalg.eigh(scores.T @ scores / labelled)
    coefficients = (vectors / np.sqrt(variances)) @ vectors.T @ (scores.T @ labels)
    return coefficients[1] / coefficients[0]


@pytest.mark.parametrize("labelled", [100, 1000])
@pytest.mark.parametrize("rho", [(0.9, 0.6), (0.6, 0.9), (0.3, 0.9), (0.97, 0.9998)])
def test_label_leak_is_what_labelled_rows_show(rho, labelled):
    rng = np.random.default_rng(4)
    rho = np.array(rho)
    ratios = np.array([inherited(rho, 1000, labelled, rng) for _ in range(600)])
    claimed = label_leak(rho, np.ones((2, 2)), 1000, np.full(2, float(labelled)))
    assert 0.85 < claimed[0, 1] / np.mean(ratios**2) < 1.25
    assert not np.diag(claimed).any()


def test_leak_grows_as_the_gap_closes_and_with_heavy_tails():
    gaps = [leak_variance(np.array([0.8, low]), np.ones((2, 2)), 1000)[0, 1]
            for low in (0.3, 0.6, 0.75, 0.79, 0.8)]  # fmt: skip
    assert gaps == sorted(gaps)
    assert gaps[-1] == 1.0
    heavy = leak_variance(np.array([0.8, 0.6]), np.full((2, 2), 4.0), 1000)
    assert (heavy >= leak_variance(np.array([0.8, 0.6]), np.ones((2, 2)), 1000)).all()


def test_drawn_rotations_are_orthogonal_and_sets_come_as_often_as_they_should():
    rng = np.random.default_rng(5)
    z = np.array([[15.0, 0.0], [4.0, 1.0], [0.5, -0.4], [1.0, 3.0]])
    leak = np.full((4, 4), 0.1)
    np.fill_diagonal(leak, 0)
    sets = signal_sets(z, leak, 200)
    drawn, rotations = draw_rotations(sets, z, about_zero(leak), 4000, rng)
    assert drawn.shape == (4000, 4)
    assert_allclose(drawn.mean(axis=0), sets.inclusion, atol=0.03)
    identity = np.swapaxes(rotations, 1, 2) @ rotations
    assert_allclose(identity, np.broadcast_to(np.eye(4), identity.shape), atol=1e-10)
    assert_allclose(np.linalg.det(rotations), 1.0)


def test_rotations_turn_leaked_label_evidence_back():
    """The nuisance column of the drawn rotations carries no label."""
    rng = np.random.default_rng(6)
    z = np.array([[20.0], [6.0]])
    leak = np.array([[0.0, 0.2], [0.2, 0.0]])
    sets = signal_sets(z, leak, 200)
    drawn, rotations = draw_rotations(sets, z, about_zero(leak), 4000, rng)
    lone = (drawn == [True, False]).all(axis=1)
    assert lone.sum() > 1000
    coefficients = rotations[lone, :, 1] @ z[:, 0]
    assert abs(coefficients.mean()) < 1.0
    assert coefficients.std() == pytest.approx(1.0, abs=0.3)


def test_loadings_tell_a_leak_from_a_second_signal():
    """A quarter of the strength, as the overlap says, or in the other direction."""
    z, leak = np.array([[20.0], [5.0]]), np.array([[0.0, 0.2], [0.2, 0.0]])
    known = np.array([[0.0, 0.25], [-0.25, 0.0]])
    by_sign = [
        signal_sets(z, leak, 200, Turns(sign * known, leak / 50)).inclusion[1] for sign in (1, -1)
    ]
    unknown = signal_sets(z, leak, 200).inclusion[1]
    assert by_sign[0] < 0.7 * unknown
    assert by_sign[1] > 0.99


def test_rotations_follow_what_the_loadings_tell_where_labels_say_nothing():
    rng = np.random.default_rng(9)
    z, leak = np.array([[1e-3], [0.0]]), np.array([[0.0, 0.2], [0.2, 0.0]])
    told = Turns(np.array([[0.0, 0.3], [-0.3, 0.0]]), leak / 2000)
    sets = SignalSets(np.array([[True, False]]), np.ones(1), np.zeros(2, dtype=bool))
    _, rotations = draw_rotations(sets, z, told, 2000, rng)
    tangents = -rotations[:, 0, 1] / rotations[:, 1, 1]
    assert tangents.mean() == pytest.approx(0.3, abs=0.002)
    assert tangents.std() == pytest.approx(0.01, rel=0.1)


def test_rotations_are_none_without_both_kinds_and_for_no_components():
    rng = np.random.default_rng(7)
    z = np.array([[30.0], [30.0]])
    leak = np.full((2, 2), 1e-3)
    np.fill_diagonal(leak, 0)
    _, rotations = draw_rotations(signal_sets(z, leak, 100), z, about_zero(leak), 20, rng)
    assert_allclose(rotations, np.broadcast_to(np.eye(2), (20, 2, 2)), atol=1e-12)
