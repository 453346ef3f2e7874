"""Evidence of the labels: its law without signal, and what it must not depend on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from crossphase.attribution import label_evidence


def evidence_of(scores, targets, *, weights=None, n_permutations=1, seed=0):
    return label_evidence(
        scores,
        targets,
        weights=weights,
        n_permutations=n_permutations,
        rng=np.random.default_rng(seed),
    )


def one_hot(codes):
    return (codes[:, None] == np.unique(codes)).astype(float)


@pytest.mark.parametrize("kind", ["continuous", "skewed", "classes"])
def test_without_signal_z_scores_are_unit_normal(kind):
    rng = np.random.default_rng(4)
    z = []
    for _ in range(250):
        scores = rng.normal(size=(150, 4)) @ rng.normal(size=(4, 4))
        targets = {
            "continuous": lambda: rng.normal(size=(150, 3)) @ rng.normal(size=(3, 3)),
            "skewed": lambda: rng.exponential(size=(150, 3)),
            "classes": lambda: one_hot(rng.integers(4, size=150)),
        }[kind]()
        z.append(evidence_of(scores, targets).z)
    z = np.array(z)
    assert z.shape == (250, 4, 3)
    assert z.var() == pytest.approx(1.0, abs=0.08)
    assert np.abs(z.mean(axis=0)).max() < 0.25
    flat = z.reshape(250, -1)
    assert np.abs(np.cov(flat.T) - np.eye(12)).max() < 0.4
    assert stats.kstest(flat[:, 0], "norm").pvalue > 0.001


@pytest.mark.parametrize("classes", [False, True])
def test_without_signal_p_values_are_uniform(classes):
    rng = np.random.default_rng(5)
    p = []
    for seed in range(200):
        targets = one_hot(rng.integers(3, size=60)) if classes else rng.exponential(size=(60, 2))
        p.append(
            evidence_of(rng.normal(size=(60, 3)), targets, n_permutations=99, seed=seed).p_value
        )
    p = np.array(p)
    # They lie on the grid of 1/100; the middle of each cell is uniform.
    assert stats.kstest(p - 0.005, "uniform").pvalue > 0.001
    assert np.mean(p <= 0.05) <= 0.09
    assert set(np.round(p * 100, 9)) <= set(range(1, 101))


def test_z_scores_are_those_of_an_ordinary_regression():
    """One label, uncorrelated scores: the t statistics of least squares."""
    rng = np.random.default_rng(6)
    scores = np.linalg.qr(rng.normal(size=(80, 3)) - 0)[0]
    scores -= scores.mean(axis=0)
    scores = np.linalg.qr(scores)[0]
    target = scores @ [2.0, -0.7, 0.0] + 0.2 * rng.normal(size=80)
    design = np.column_stack([np.ones(80), scores])
    coefficients, (rss,), _, _ = np.linalg.lstsq(design, target, rcond=None)
    t = coefficients[1:] / np.sqrt(rss / (80 - 4) * np.diag(np.linalg.inv(design.T @ design))[1:])
    z = evidence_of(scores, target[:, None]).z[:, 0]
    # The residual variance has a floor of a thousandth of itself.
    assert_allclose(np.abs(z), np.abs(t), rtol=1e-3)


@settings(deadline=None, derandomize=True, max_examples=15)
@given(st.integers(0, 1000))
def test_invertible_maps_of_the_labels_change_nothing(seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(120, 4))
    labels = scores[:, :2] @ rng.normal(size=(2, 3)) + rng.normal(size=(120, 3))
    change = rng.normal(size=(3, 3)) + 2 * np.eye(3)
    one = evidence_of(scores, labels, n_permutations=50)
    two = evidence_of(scores, labels @ change + 5, n_permutations=50)
    # White labels are unique up to a rotation.
    assert_allclose(two.z @ two.z.T, one.z @ one.z.T, rtol=1e-6, atol=1e-6)
    assert two.p_value == one.p_value


def test_repeated_and_one_hot_label_columns_count_once():
    rng = np.random.default_rng(7)
    scores = rng.normal(size=(200, 3))
    labels = scores[:, :1] + rng.normal(size=(200, 1))
    one, two = evidence_of(scores, labels), evidence_of(scores, np.hstack([labels, -3 * labels]))
    assert two.z.shape == one.z.shape
    assert_allclose(np.abs(two.z), np.abs(one.z), rtol=1e-8)
    classes = one_hot(rng.integers(4, size=200))
    assert evidence_of(scores, classes).z.shape == (3, 3)


def test_only_the_size_of_weights_relative_to_each_other_matters():
    rng = np.random.default_rng(8)
    scores, labels = rng.normal(size=(90, 3)), rng.normal(size=(90, 2))
    weights = rng.uniform(0.2, 2.0, size=90)
    one = evidence_of(scores, labels, weights=weights)
    two = evidence_of(scores, labels, weights=10 * weights)
    assert_allclose(two.z, one.z, rtol=1e-9)
    flat = evidence_of(scores, labels, weights=np.full(90, 2.0))
    assert_allclose(np.abs(flat.z), np.abs(evidence_of(scores, labels).z), rtol=1e-9)


def test_rows_of_small_weight_hardly_count():
    rng = np.random.default_rng(9)
    scores = rng.normal(size=(120, 2))
    labels = scores[:, :1] + 0.5 * rng.normal(size=(120, 1))
    spoilt = labels.copy()
    spoilt[:6] += 100
    weights = np.where(np.arange(120) < 6, 1e-6, 1.0)
    clean = evidence_of(scores[6:], labels[6:]).z
    assert_allclose(evidence_of(scores, spoilt, weights=weights).z[0], clean[0], rtol=0.1)
    assert abs(evidence_of(scores, spoilt).z[0, 0]) < 0.3 * abs(clean[0, 0])


@pytest.mark.parametrize(("n", "k", "tested"), [(30, 12, 10), (30, 10, 10), (30, 4, 4), (2, 3, 1)])
def test_three_labelled_rows_are_spent_on_each_component(n, k, tested):
    rng = np.random.default_rng(10)
    found = evidence_of(rng.normal(size=(n, k)), rng.normal(size=(n, 1)))
    assert found.n_tested == tested
    assert found.n_rows == n
    assert found.z.shape == (k, 1)
    assert not found.z[tested:].any()
    assert (found.z[:tested] != 0).all()


def test_no_more_label_directions_than_an_eighth_of_the_rows():
    rng = np.random.default_rng(11)
    codes = np.concatenate([np.arange(44), rng.integers(44, size=56)])
    assert evidence_of(rng.normal(size=(100, 5)), one_hot(codes)).z.shape == (5, 12)


def test_smallest_p_value_counts_the_data_as_one_permutation():
    rng = np.random.default_rng(12)
    scores = rng.normal(size=(100, 2))
    assert evidence_of(scores, scores, n_permutations=199).p_value == 1 / 200
