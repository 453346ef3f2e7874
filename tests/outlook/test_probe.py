"""The probes' closed forms against plain refits and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge

from crossphase.outlook import probe
from crossphase.outlook.probe import Task, fit_predict, within_labels


def three_classes(rng, n=90, d=6):
    numbers = rng.integers(0, 3, n)
    centres = rng.normal(size=(3, d))
    return centres[numbers] + rng.normal(size=(n, d)), numbers


def test_ridge_leave_one_out_is_refitting_without_each_row(rng):
    code = rng.normal(size=(25, 4))
    code[3] *= 4
    targets = np.column_stack([code @ [1.0, 0, 0, 2] + rng.normal(size=25), rng.normal(size=25)])
    targets[3] = 0
    task = Task("continuous", targets)
    beyond = 0
    losses, _ = probe._ridge(code, task)
    m = len(code)
    unit = np.linalg.eigvalsh(np.cov(code.T, ddof=0)).mean()
    for j, penalty in enumerate(probe._PENALTIES):
        error = np.zeros(2)
        for i in range(m):
            rest = np.delete(np.arange(m), i)
            model = Ridge(alpha=penalty * unit * m).fit(code[rest], targets[rest])
            free = model.predict(code[i : i + 1])[0]
            limited = np.clip(free, targets[rest].min(axis=0), targets[rest].max(axis=0))
            beyond += (free != limited).sum()
            error += (limited - targets[i]) ** 2
        total = ((targets - targets.mean(axis=0)) ** 2).sum(axis=0)
        np.testing.assert_allclose(losses[j], error / total, rtol=1e-9)
    assert beyond > 10  # otherwise the limits were not tested


def test_a_row_far_away_is_not_given_a_label_beyond_all_seen(rng):
    code = rng.normal(size=(50, 2))
    task = Task("continuous", np.column_stack([code[:, 0], -code[:, 1]]))
    free, far = np.array([0.3, -0.2]), np.array([100.0, 100.0])
    predictions, _ = fit_predict(code, task, np.stack([free, far]), [2])
    np.testing.assert_allclose(predictions[0], [0.3, 0.2], atol=0.01)
    expected = [task.targets[:, 0].max(), task.targets[:, 1].min()]
    np.testing.assert_array_equal(predictions[1], expected)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 100.0))
def test_limits_bring_predictions_no_farther_from_any_label_in_range(seed, spread):
    rng = np.random.default_rng(seed)
    seen, predicted = rng.normal(size=(6, 2)), spread * rng.normal(size=(40, 2))
    limited = within_labels(predicted, seen)
    for label in rng.uniform(seen.min(axis=0), seen.max(axis=0), size=(10, 2)):
        assert (np.abs(limited - label) <= np.abs(predicted - label)).all()
    inside = (predicted == limited).all(axis=1)
    np.testing.assert_array_equal(within_labels(predicted[inside], seen), predicted[inside])


def lda_distances(code, numbers, rows, penalty_unit, freedom):
    """Plain discriminant: distances of rows to class means, shape (rows, classes)."""
    means = np.stack([code[numbers == k].mean(axis=0) for k in np.unique(numbers)])
    within = code - means[numbers]
    inverse = np.linalg.inv(within.T @ within / freedom + penalty_unit * np.eye(code.shape[1]))
    steps = rows[:, None, :] - means
    return np.einsum("ikd,de,ike->ik", steps, inverse, steps)


def test_discriminant_leave_one_out_is_refitting_without_each_row(rng):
    code, numbers = three_classes(rng)
    task = Task("classes", numbers[:, None].astype(float), 3)
    losses, _ = probe._discriminant(code, task)
    means = np.stack([code[numbers == k].mean(axis=0) for k in range(3)])
    within = code - means[numbers]
    freedom = len(code) - 3
    unit = np.trace(within.T @ within / freedom) / code.shape[1]
    for j, penalty in enumerate(probe._PENALTIES):
        wrong = np.zeros(len(code))
        for i in range(len(code)):
            rest = np.delete(np.arange(len(code)), i)
            distance = lda_distances(
                code[rest], numbers[rest], code[i : i + 1], penalty * unit, freedom
            )
            wrong[i] = np.argmin(distance) != numbers[i]
        expected = np.mean([wrong[numbers == k].mean() for k in range(3)])
        assert losses[j, 0] == pytest.approx(expected, abs=1e-12)
    assert losses.min() > 0  # otherwise the comparison says nothing


def test_discriminant_with_little_penalty_is_linear_discriminant_analysis(rng):
    code, numbers = three_classes(rng, n=300)
    keep = np.concatenate([np.flatnonzero(numbers == k)[:80] for k in range(3)])
    code, numbers = code[keep], numbers[keep]
    new = 2 * rng.normal(size=(500, 6))
    task = Task("classes", numbers[:, None].astype(float), 3)
    _, predict = probe._discriminant(code, task)
    reference = LinearDiscriminantAnalysis(solver="lsqr", priors=[1 / 3] * 3).fit(code, numbers)
    assert np.mean(predict(new, np.array([0]))[:, 0] == reference.predict(new)) > 0.99


def test_fewer_directions_are_chosen_when_the_rest_is_noise(rng):
    signal = rng.normal(size=(60, 2))
    code = np.hstack([signal, 3 * rng.normal(size=(60, 40))])
    task = Task("continuous", signal @ [[1.0], [1.0]] + 0.5 * rng.normal(size=(60, 1)))
    _, dim = fit_predict(code, task, code[:1], [2, 42])
    assert dim == 2


def test_more_directions_are_chosen_when_they_carry_the_label(rng):
    code = rng.normal(size=(80, 8))
    task = Task("continuous", code[:, 4:].sum(axis=1, keepdims=True))
    _, dim = fit_predict(code, task, code[:1], [4, 8])
    assert dim == 8


def test_group_folds_choose_a_stronger_penalty_than_rows_when_groups_leak(rng):
    # The label is a group effect that features identify only by the group they come from.
    groups = np.repeat(np.arange(10), 8)
    code = rng.normal(size=(10, 12))[groups] + 0.05 * rng.normal(size=(80, 12))
    targets = rng.normal(size=(10, 1))[groups]
    task = Task("continuous", targets)
    by_row, _ = probe._ridge(code, task)
    by_group = probe._fold_losses(code, task, groups)
    assert by_row.min() < 0.05
    assert by_group.min() > 0.7


def test_a_class_with_one_member_is_survived(rng):
    code, numbers = three_classes(rng, n=20)
    numbers[:] = numbers % 2
    numbers[0] = 2
    task = Task("classes", numbers[:, None].astype(float), 3)
    predictions, _ = fit_predict(code, task, code, [6])
    assert set(np.unique(predictions)) <= {0.0, 1.0, 2.0}


def test_a_class_absent_from_training_is_never_predicted(rng):
    code, numbers = three_classes(rng)
    task = Task("classes", numbers[:, None].astype(float), 5)
    predictions, _ = fit_predict(code, task, 10 * code, [6])
    assert predictions.max() <= 2
