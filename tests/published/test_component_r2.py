"""R² from moments against scikit-learn's ridge on explicit folds and score vectors."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from crossphase.attribution.component_r2 import component_r2
from crossphase.attribution.published_folds import (
    FoldStatistics,
    row_permutations,
    shuffled_folds,
)
from crossphase.errors import InputError


def ridge_r2(scores, labels, n_folds):
    """One component's R² a label, fold by fold; `scores` is (n, 1) or (n, 2)."""
    order = np.arange(len(scores))
    np.random.RandomState(42).shuffle(order)
    sizes = [len(scores) // n_folds + (i < len(scores) % n_folds) for i in range(n_folds)]
    labels = labels - labels.mean(axis=0)
    residual, total, start = 0.0, 0.0, 0
    for size in sizes:
        test, start = order[start : start + size], start + size
        train = np.setdiff1d(order, test)
        model = Ridge(alpha=1.0, solver="svd").fit(scores[train], labels[train])
        predicted = model.predict(scores[test]).reshape(size, -1)
        residual += ((labels[test] - predicted) ** 2).sum(axis=0)
        total += ((labels[test] - labels[test].mean(axis=0)) ** 2).sum(axis=0)
    r2 = np.where(total > 1e-15, 1 - residual / np.where(total > 1e-15, total, 1.0), 0.0)
    return np.maximum(r2, 0.0)


def continuous(rng):
    x, y = rng.normal(size=(103, 4)), rng.normal(size=(103, 3))
    return x, y, x[:, :2] @ rng.normal(size=(2, 3)) + y @ rng.normal(size=(3, 3)) + 0.5


def classes(rng):
    codes = rng.integers(4, size=90)
    means = 2 * rng.normal(size=(4, 7))
    features = means[codes] + rng.normal(size=(90, 7))
    return features[:, :4], features[:, 4:], np.eye(4)[codes]


def offsets(rng):
    x, y, labels = continuous(rng)
    return x + 1e6, y - 1e6, labels + 1e6


def constant_label(rng):
    x, y, labels = continuous(rng)
    return x, y, np.column_stack([labels[:, 0], np.full(len(x), 0.1)])


def rare_class(rng):
    # Absent from most folds: the total is then zero in them, and the test mean is not the mean.
    x, y, _ = continuous(rng)
    return x, y, np.column_stack([np.arange(103) < 2, np.arange(103) == 50]).astype(float)


def tiny_scores(rng):
    # The absolute penalty dominates.
    x, y, labels = continuous(rng)
    return 1e-2 * x, 1e-5 * y, labels


def identical_modalities(rng):
    x, _, labels = continuous(rng)
    return x, x[:, :3].copy(), labels


@pytest.mark.parametrize("n_folds", [2, 3, 5])
@pytest.mark.parametrize(
    "data",
    [continuous, classes, offsets, constant_label, rare_class, tiny_scores, identical_modalities],
)
def test_against_ridge(data, n_folds):
    rng = np.random.default_rng(3)
    x, y, labels = data(rng)
    map_x, map_y = rng.normal(size=(4, 5)), rng.normal(size=(3, 5))
    statistics = FoldStatistics.from_arrays(x, y, labels, n_folds=n_folds)
    scores_x = (x - x.mean(axis=0)) @ map_x
    scores_y = (y - y.mean(axis=0)) @ map_y
    for maps, scores in (
        ({"x": map_x}, [scores_x]),
        ({"y": map_y}, [scores_y]),
        ({"x": map_x, "y": map_y}, [scores_x, scores_y]),
    ):
        expected = [
            ridge_r2(np.column_stack([s[:, k] for s in scores]), labels, n_folds) for k in range(5)
        ]
        found = component_r2(statistics, **maps).observed
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
    assert found.max() > 0.05 or data in (tiny_scores, rare_class)


def test_leave_one_out_folds():
    rng = np.random.default_rng(0)
    x, y, labels = rng.normal(size=(12, 2)), rng.normal(size=(12, 1)), rng.normal(size=(12, 1))
    # Each fold's total about its own mean is 0: no variance, no R².
    statistics = FoldStatistics.from_arrays(x, y, labels, n_folds=12)
    assert not component_r2(statistics, x=np.eye(2)).observed.any()


def test_near_zero_r2_keeps_its_digits():
    rng = np.random.default_rng(5)
    x, y, noise = rng.normal(size=(4000, 1)), rng.normal(size=(4000, 1)), rng.normal(size=4000)
    labels = (noise + 0.1 * x[:, 0])[:, None]
    found = component_r2(FoldStatistics.from_arrays(x, y, labels), x=np.eye(1)).observed
    expected = ridge_r2(x - x.mean(), labels, 5)
    assert 0 < expected[0] < 0.001
    np.testing.assert_allclose(found[0], expected, rtol=1e-9)


def test_permuted_labels():
    rng = np.random.default_rng(1)
    x, y, labels = continuous(rng)
    statistics = FoldStatistics.from_arrays(x, y, labels, n_permutations=4)
    found = component_r2(statistics, x=np.eye(4))
    generator = np.random.RandomState(12345)
    assert found.permuted.shape == (4, 4, 3)
    for permuted in found.permuted:
        shuffled = labels[generator.permutation(len(labels))]
        alone = component_r2(FoldStatistics.from_arrays(x, y, shuffled), x=np.eye(4)).observed
        np.testing.assert_allclose(permuted, alone, rtol=1e-9, atol=1e-12)
    without = component_r2(FoldStatistics.from_arrays(x, y, labels), x=np.eye(4))
    np.testing.assert_allclose(found.observed, without.observed, rtol=1e-12)
    assert without.permuted.shape == (0, 4, 3)


def test_folds_partition_larger_first():
    folds = shuffled_folds(103, 5)
    assert [len(fold) for fold in folds] == [21, 21, 21, 20, 20]
    np.testing.assert_array_equal(np.sort(np.concatenate(folds)), np.arange(103))
    np.testing.assert_array_equal(np.sort(row_permutations(9, 3)), np.tile(np.arange(9), (3, 1)))


@pytest.mark.parametrize(("n", "n_folds"), [(10, 1), (10, 11), (10, 0)])
def test_impossible_folds(n, n_folds):
    with pytest.raises(InputError, match=f"n_folds={n_folds} with {n} rows"):
        shuffled_folds(n, n_folds)


def test_totals_are_those_of_all_rows():
    rng = np.random.default_rng(2)
    x, y, labels = continuous(rng)
    total = FoldStatistics.from_arrays(x, y, labels, n_folds=4).total
    centred = labels - labels.mean(axis=0)
    np.testing.assert_allclose(total.cross["y"], (y - y.mean(axis=0)).T @ centred, atol=1e-11)
    np.testing.assert_allclose(total.label_scatter, (centred**2).sum(axis=0))
    np.testing.assert_allclose(total.features.cov("x"), np.cov(x.T, ddof=0), atol=1e-13)
