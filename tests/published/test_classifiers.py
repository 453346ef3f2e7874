"""Signal classifiers against a brute-force elbow, their tie rules and their edge cases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossphase.attribution.classifiers import elbow, elbow_log, permutation_test


def line_error(values):
    if len(values) < 3:
        return 0.0
    position = np.arange(len(values))
    return np.sum((values - np.polyval(np.polyfit(position, values, 1), position)) ** 2)


def brute_force_errors(values):
    return np.array(
        [line_error(values[:k]) + line_error(values[k:]) for k in range(1, len(values))]
    )


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(st.floats(1e-3, 1.0), min_size=4, max_size=40))
def test_elbow_is_the_least_squares_split(raw):
    r2 = np.array(raw)
    for classify, transform in ((elbow, lambda v: v), (elbow_log, np.log)):
        mask = classify(r2)
        k = int(mask.sum())
        descending = np.sort(r2)[::-1]
        if classify is elbow_log:
            descending = descending + 0.01 * r2.min()
        errors = brute_force_errors(transform(descending))
        assert 1 <= k < len(r2)
        assert r2[mask].min() >= r2[~mask].max()
        assert errors[k - 1] <= errors.min() + 1e-9


def test_known_elbow():
    r2 = np.array([0.02, 0.9, 0.03, 0.85, 0.01, 0.025, 0.8])
    expected = np.array([False, True, False, True, False, False, True])
    np.testing.assert_array_equal(elbow(r2), expected)
    np.testing.assert_array_equal(elbow_log(r2), expected)


def test_elbow_log_sees_weak_signal():
    r2 = np.array([0.9, 0.01, 0.009, 0.0, 0.0, 0.0])
    assert elbow(r2).tolist() == [True, True, False, False, False, False]
    assert elbow_log(r2).sum() == 3


@pytest.mark.parametrize("classify", [elbow, elbow_log])
def test_edge_cases(classify):
    assert classify(np.array([0.0])).tolist() == [True]
    assert classify(np.array([])).tolist() == []
    assert not classify(np.zeros(5)).any()
    assert classify(np.array([0.0, 0.3])).tolist() == [False, True]
    # Equal values: every split is as good as every other, the first one is taken.
    assert classify(np.full(4, 0.25)).tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    ("r2", "n_signal"),
    [
        # Three components: both splits fit exactly; the larger drop of the logarithm wins.
        ([0.9, 0.5, 0.01], 2),
        ([0.9, 0.2, 0.1], 1),
        ([0.9, 0.1, 0.0], 2),
        # One value above zero: splits after it and after the next fit exactly.
        ([0.4, 0.0, 0.0, 0.0, 0.0], 1),
    ],
)
def test_exact_ties_go_to_the_largest_drop(r2, n_signal):
    assert elbow(np.array(r2)).sum() == n_signal


def test_elbow_log_ties_use_its_own_values():
    # The offset is 0.01 * 0.1: log(.901), log(.201), log(.101) drop by 1.50 and .69.
    assert elbow_log(np.array([0.9, 0.2, 0.1])).sum() == 1
    # Minimum 0 counts: the offset falls to 1e-12 and the last drop is the largest.
    assert elbow_log(np.array([0.9, 0.1, 0.0])).sum() == 2


def test_permutation_pools_components_and_permutations():
    rng = np.random.default_rng(0)
    permuted = rng.uniform(size=(30, 6, 3))
    sums, maxima = np.sort(permuted.sum(2).ravel()), np.sort(permuted.max(2).ravel())
    # Linear interpolation at 0.95 * 179 = 170.05.
    sum_edge = 0.95 * sums[170] + 0.05 * sums[171]
    max_edge = 0.95 * maxima[170] + 0.05 * maxima[171]
    observed = np.array(
        [
            [sum_edge / 3 + 1e-9] * 3,
            [sum_edge / 3 - 1e-9] * 3,
            [max_edge + 1e-9, 0.0, 0.0],
            [max_edge - 1e-9, 0.0, 0.0],
        ]
    )
    assert permutation_test(observed, permuted).tolist() == [True, False, True, False]


def test_permutation_is_strict():
    assert not permutation_test(np.zeros((4, 2)), np.zeros((30, 4, 2))).any()
    assert not permutation_test(np.full((4, 1), 0.1), np.full((30, 4, 1), 0.1)).any()
