"""Rows in groups count for less: design effects, tests that move groups, verdicts on noise."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import Ridge
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict

import crossphase as xp
from crossphase.attribution import label_evidence, leak_variance, signal_sets
from crossphase.attribution.groups import RowGroups, group_p_value
from crossphase.attribution.signal_sets import draw_rotations
from crossphase.attribution.visibility import _PENALTIES, leave_one_out_r2
from crossphase.diagnosis.robust import estimate_robust
from crossphase.diagnosis.robust_parts import regime_probabilities
from crossphase.outlook import plan as outlook_plan
from crossphase.spectra.turns import Turns


def test_sums_and_means_are_by_group():
    rng = np.random.default_rng(0)
    codes = rng.integers(5, size=40) * 3
    groups, columns = RowGroups.of(codes), rng.normal(size=(40, 2))
    for i, code in enumerate(np.unique(codes)):
        assert_allclose(groups.sums(columns)[i], columns[codes == code].sum(axis=0))
        assert_allclose(groups.means(columns)[i], columns[codes == code].mean(axis=0))
    assert groups.typical_size == pytest.approx((groups.sizes**2).sum() / 40)


@pytest.mark.parametrize("true", [0.0, 0.2, 0.7])
def test_likeness_is_the_intraclass_correlation(true):
    rng = np.random.default_rng(1)
    sizes = rng.integers(2, 20, size=400)
    codes = np.repeat(np.arange(400), sizes)
    groups = RowGroups.of(codes)
    column = np.sqrt(true) * rng.normal(size=400)[codes] + np.sqrt(1 - true) * rng.normal(
        size=len(codes)
    )
    assert groups.likeness(5 + 3 * column[:, None])[0] == pytest.approx(true, abs=0.05)


def test_design_effect_is_the_inflation_of_a_mean_product():
    """Var of Σ a·b over independent rows' variance, by simulation, for two dependent scores."""
    rng = np.random.default_rng(2)
    codes = np.repeat(np.arange(30), 12)
    groups = RowGroups.of(codes)
    r_a, r_b = 0.5, 0.8

    def draw(r):
        return np.sqrt(r) * rng.normal(size=30)[codes] + np.sqrt(1 - r) * rng.normal(size=360)

    means = np.array([np.mean(draw(r_a) * draw(r_b)) for _ in range(4000)])
    assert groups.design_effect(np.array(r_a * r_b)) == pytest.approx(means.var() * 360, rel=0.08)


def test_product_likeness_is_that_of_the_products():
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(40), 9)
    groups = RowGroups.of(codes)
    scores = rng.normal(size=(40, 3))[codes] + rng.normal(size=(360, 3))
    found = groups.product_likeness(scores)
    for i in range(3):
        for j in range(3):
            product = (scores[:, i] * scores[:, j])[:, None]
            assert found[i, j] == pytest.approx(groups.likeness(product)[0], abs=1e-9)


def test_one_row_a_group_is_no_grouping():
    rng = np.random.default_rng(4)
    scores, labels = rng.normal(size=(80, 3)), rng.normal(size=(80, 2))
    alone = RowGroups.of(rng.permutation(80))
    plain = label_evidence(scores, labels, n_permutations=1, rng=rng)
    grouped = label_evidence(scores, labels, groups=alone, n_permutations=1, rng=rng)
    assert_allclose(grouped.effective_rows, 80)
    # What is left is the change from t to normal statistics.
    assert_allclose(grouped.z, plain.z, rtol=0.05)


def donors(rng, n_groups, size, n_scores=3):
    codes = np.repeat(np.arange(n_groups), size)
    scores = rng.normal(size=(n_groups, n_scores))[codes] * [1.0, 0.7, 0.4]
    return codes, scores + 0.7 * rng.normal(size=(len(codes), n_scores))


@pytest.mark.parametrize("kind", ["constant", "classes", "partly", "unequal"])
def test_p_values_are_uniform_when_labels_and_scores_go_by_donor(kind):
    p, naive = [], []
    for seed in range(120):
        rng = np.random.default_rng([seed, 5])
        codes, scores = donors(rng, 15, rng.integers(2, 30, size=15) if kind == "unequal" else 12)
        own = rng.normal(size=(15, 1))
        if kind == "classes":
            own = np.eye(3)[rng.permutation(15) % 3]
        labels = own[codes]
        if kind == "partly":
            labels = labels + rng.normal(size=labels.shape)
        white = np.linalg.svd(scores - scores.mean(axis=0), full_matrices=False)[0]
        p.append(group_p_value(white, labels, RowGroups.of(codes), 59, rng))
        naive.append(label_evidence(scores, labels, n_permutations=59, rng=rng).p_value)
    # Binomial(120, 0.05) exceeds 13 with probability 0.3 %.
    assert np.mean(np.array(p) <= 0.05) <= 13 / 120
    assert np.mean(p) == pytest.approx(0.5, abs=0.1)
    assert np.mean(np.array(naive) <= 0.05) > 0.4


def test_a_relation_within_donors_is_seen():
    rng = np.random.default_rng(6)
    codes, scores = donors(rng, 10, 20)
    labels = scores[:, :1] + rng.normal(size=(10, 1))[codes] + rng.normal(size=(200, 1))
    white = np.linalg.svd(scores - scores.mean(axis=0), full_matrices=False)[0]
    assert group_p_value(white, labels, RowGroups.of(codes), 99, rng) == 0.01


def test_z_scores_of_donor_noise_have_the_size_of_chance():
    strength, naive = [], []
    for seed in range(150):
        rng = np.random.default_rng([seed, 7])
        codes, scores = donors(rng, 20, 25)
        labels = rng.normal(size=(20, 1))[codes]
        evidence = label_evidence(
            scores, labels, groups=RowGroups.of(codes), n_permutations=1, rng=rng
        )
        strength.append(evidence.z[:, 0] ** 2)
        naive.append(label_evidence(scores, labels, n_permutations=1, rng=rng).z[:, 0] ** 2)
    assert np.mean(strength) == pytest.approx(1.0, abs=0.3)
    assert np.mean(np.array(strength) > 9) < 0.02
    assert np.mean(naive) > 8


def test_leaks_are_compared_on_their_own_scale():
    """A nuisance with 4 times the independent rows shows twice the z of the same leak."""
    leak = np.array([[0.0, 0.01], [0.01, 0.0]])
    rows = np.array([100.0, 400.0])
    z = np.array([[30.0], [2 * 30.0 * 0.1]])
    scaled = signal_sets(z, leak, rows).inclusion
    equal = signal_sets(z * [[1.0], [0.5]], leak, 100).inclusion
    assert scaled[1] == pytest.approx(equal[1], abs=0.15)
    sets = signal_sets(z, np.where(leak > 0, 0.05, 0.0), rows)
    turns = Turns(np.zeros((2, 2)), np.where(leak > 0, 0.05, 0.0))
    drawn, rotations = draw_rotations(sets, z, turns, 500, np.random.default_rng(0), n_rows=rows)
    only_first = drawn[:, 0] & ~drawn[:, 1]
    tangents = np.abs(rotations[only_first, 0, 1] / rotations[only_first, 0, 0])
    assert np.median(tangents) == pytest.approx(0.1, rel=0.1)
    assert leak_variance(np.array([0.9, 0.5]), np.ones((2, 2)), 100).shape == (2, 2)


def test_visibility_leaves_whole_donors_out():
    rng = np.random.default_rng(8)
    codes = np.repeat(np.arange(12), 15)
    features = rng.normal(size=(12, 8))[codes] + 0.3 * rng.normal(size=(180, 8))
    noise = rng.normal(size=(12, 1))[codes]
    assert leave_one_out_r2(features, noise) > 0.4
    assert leave_one_out_r2(features, noise, RowGroups.of(codes)) < 0.2
    mixed = noise + features[:, :1]
    best = 0.0
    baseline = np.concatenate(
        [mixed[codes == g] - mixed[codes != g].mean(axis=0) for g in range(12)]
    )
    for penalty in _PENALTIES:
        predicted = cross_val_predict(
            Ridge(penalty), features, mixed, groups=codes, cv=LeaveOneGroupOut()
        )
        best = max(best, 1 - ((mixed - predicted.reshape(-1, 1)) ** 2).sum() / (baseline**2).sum())
    assert leave_one_out_r2(features, mixed, RowGroups.of(codes)) == pytest.approx(best, abs=0.02)


def donor_noise(seed, classes):
    """Donor effects shared by both modalities, and labels of the donors that mean nothing."""
    rng = np.random.default_rng([seed, 9])
    codes = np.repeat(np.arange(20), 25)
    shared = 0.7 * rng.normal(size=(500, 3)) + rng.normal(size=(20, 3))[codes] * [1, 0.7, 0.5]
    x, y = rng.normal(size=(500, 12)), rng.normal(size=(500, 12))
    x[:, :3] = 2 * shared + 0.8 * x[:, :3]
    y[:, :3] = 2 * shared + 0.8 * y[:, :3]
    own = np.eye(3)[rng.permutation(20) % 3] if classes else rng.normal(size=(20, 1))
    return x, y, own[codes], codes


@pytest.mark.parametrize("classes", [False, True])
def test_labels_of_twenty_donors_that_mean_nothing_give_no_regime(classes):
    settings = xp.Settings(n_permutations=1, n_draws=200)
    confident = {True: 0, False: 0}
    signal = {True: 0, False: 0}
    for seed in range(40):
        x, y, labels, codes = donor_noise(seed, classes)
        for grouped in (True, False):
            estimate = estimate_robust(
                x, y, labels, np.arange(500), settings, groups=codes if grouped else None
            )
            log_delta = estimate.draws.log_delta
            p = regime_probabilities(log_delta[:, 0], log_delta[:, 1])
            confident[grouped] += max(p["Both"], p["CA only"], p["CP only"]) >= settings.confidence
            signal[grouped] += bool((estimate.inclusion > 0.5).any())
    assert confident[True] == 0
    assert signal[True] <= 3
    assert confident[False] >= 2
    assert signal[False] >= 25


def test_within_donor_signal_survives_groups():
    """Groups of rows whose labels vary within them cost little."""
    found = []
    for seed in range(5):
        rng = np.random.default_rng([seed, 10])
        codes = np.repeat(np.arange(20), 25)
        s = rng.normal(size=(500, 1))
        x, y = rng.normal(size=(500, 10)), rng.normal(size=(500, 10))
        x[:, :1], y[:, :1] = s + 0.5 * x[:, :1], s + 0.5 * y[:, :1]
        d = xp.diagnose(
            x, y, s[:150] + 0.5 * rng.normal(size=(150, 1)), labelled=np.arange(150),
            groups=codes, settings=xp.Settings(outlook=False, stability=False),
        )  # fmt: skip
        found.append(str(d.regime))
    assert found.count("Both") >= 4


def test_correlations_of_dependent_rows_are_less_certain():
    """Within large groups the same pairs say less: intervals widen by about the design effect."""
    rng = np.random.default_rng(11)
    codes = np.repeat(np.arange(25), 40)
    shared = rng.normal(size=(25, 1))[codes]
    x, y = rng.normal(size=(1000, 6)), rng.normal(size=(1000, 6))
    x[:, :1], y[:, :1] = shared + 0.6 * x[:, :1], shared + 0.6 * y[:, :1]
    rows = np.arange(0, 1000, 5)
    plain, grouped = (
        estimate_robust(x, y, shared[rows], rows, xp.Settings(n_permutations=1), groups=g)
        for g in (None, codes)
    )
    assert plain.fit.noise[0, 0] < 2
    # The product is a squared donor effect in the main: some 40 rows are hardly more than one.
    assert grouped.fit.noise[0, 0] > 5


def test_no_group_is_on_both_sides_of_a_split_of_the_outlook():
    rng = np.random.default_rng(12)
    codes = rng.integers(12, size=200)
    column = xp.PairedData.from_arrays(
        rng.normal(size=(200, 3)), rng.normal(size=(200, 3)), rng.normal(size=200)
    ).labels.columns[0]  # type: ignore[union-attr]
    labelled = np.sort(rng.permutation(200)[:60])
    plan = outlook_plan.make_plan(200, [column], labelled, codes, 5, rng)
    for folds in plan.folds:
        for code in np.unique(codes[labelled]):
            assert len(set(folds[codes == code])) == 1
