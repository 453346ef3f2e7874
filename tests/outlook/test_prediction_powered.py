"""Scores from imputed labels: exact forms, what shrinking does, and what it is worth."""

import numpy as np
import pytest
import scipy.optimize

from crossphase.config import Settings
from crossphase.data import LabelColumn
from crossphase.outlook import compute_outlook, imputation, prediction_powered
from crossphase.outlook.imputation import impute, imputed_loss, stack
from crossphase.outlook.intervals import BootstrapWeights, losses, scores
from crossphase.outlook.prediction_powered import HeldOut, powered_scores
from crossphase.outlook.probe import Task


def gaussian_classes(rng, n, d=6, n_classes=3):
    numbers = rng.integers(0, n_classes, n)
    centres = np.random.default_rng(5).normal(size=(n_classes, d))
    return centres, numbers, centres[numbers] + rng.normal(size=(n, d))


def task_of(numbers):
    return Task("classes", numbers[:, None].astype(float), int(numbers.max()) + 1)


def test_imputed_probabilities_are_the_posterior_of_gaussian_classes(rng):
    centres, numbers, code = gaussian_classes(rng, 4000)
    new = gaussian_classes(rng, 500)[2]
    distances = ((new[:, None] - centres) ** 2).sum(axis=2)
    exact = np.exp(-0.5 * distances)
    exact /= exact.sum(axis=1, keepdims=True)
    found = impute(code, task_of(numbers), new)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert np.abs(found - exact).max() < 0.1
    assert np.abs(found - exact).mean() < 0.015


def test_imputed_probabilities_of_few_rows_in_many_directions_are_not_sure(rng):
    # 60 rows in 40 directions: unsharpened posteriors would be far too certain.
    _, numbers, code = gaussian_classes(rng, 60, d=40)
    _, truth, new = gaussian_classes(rng, 3000, d=40)
    found = impute(code, task_of(numbers), new)
    right = (np.argmax(found, axis=1) == truth).mean()
    assert found.max(axis=1).mean() == pytest.approx(right, abs=0.08)


def test_groups_are_left_out_as_a_whole_when_sharpness_is_chosen(rng):
    # Rows of a group repeat each other: one left out says that all is certain, its group does not.
    groups = np.repeat(np.arange(20), 10)
    numbers = np.repeat(rng.integers(0, 2, 20), 10)
    code = rng.normal(size=(20, 30))[groups] + 0.01 * rng.normal(size=(200, 30))
    new = rng.normal(size=(100, 30))
    alone = impute(code, task_of(numbers), new)
    whole = impute(code, task_of(numbers), new, groups % 5)
    assert whole.max(axis=1).mean() < alone.max(axis=1).mean() - 0.1


def test_likelihoods_are_those_of_the_posteriors_they_choose_between(rng, monkeypatch):
    distances = rng.exponential(size=(30, 4)) * 50.0
    distances[:, 3] = np.inf  # a class without other rows
    numbers = np.arange(30) % 4
    expected = [
        np.log(imputation._posterior(distances, s)[np.arange(30), numbers]).sum()
        for s in imputation._SHARPNESS
    ]
    np.testing.assert_allclose(imputation._likelihoods(distances, numbers), expected)
    monkeypatch.setattr(imputation, "_BLOCK_ELEMENTS", 1)
    np.testing.assert_allclose(imputation._likelihoods(distances, numbers), expected)


def test_mixture_has_the_highest_likelihood(rng):
    _, numbers, code = gaussian_classes(rng, 300)
    task = task_of(numbers)
    halves = [impute(code[:150, :k], task.rows(np.arange(150)), code[150:, :k]) for k in (1, 3)]
    held_out = task.rows(np.arange(150, 300))
    rows = np.arange(150)
    likelihood = np.column_stack([one[rows, held_out.numbers] for one in halves])

    def misfit(share):
        return -np.log(likelihood @ [share, 1.0 - share]).sum()

    best = scipy.optimize.minimize_scalar(misfit, bounds=(0.0, 1.0), method="bounded").x
    assert stack(held_out, halves) == pytest.approx([best, 1.0 - best], abs=0.01)


def test_values_are_mixed_by_least_squares(rng):
    target = rng.normal(size=(500, 1))
    good, bad = target + 0.5 * rng.normal(size=(500, 1)), target + rng.normal(size=(500, 1))
    task = Task("continuous", target)
    # Independent errors of variance 1/4 and 1, and a combination shrunk towards the mean alike.
    assert stack(task, [good, bad]) == pytest.approx([0.8, 0.2], abs=0.05)
    assert stack(task, [-good, -bad]) == pytest.approx([0.5, 0.5])


def test_imputed_loss_of_classes_is_the_chance_to_err_and_of_values_squared():
    task = Task("classes", np.array([[0.0]]), 3)
    found = imputed_loss(task, np.array([[0.2, 0.5, 0.3]]), np.array([[1.0]]))
    assert found.tolist() == [[1.0, 0.0, 1.0]]
    values = Task("continuous", np.array([[0.0]]))
    assert imputed_loss(values, np.array([[2.0]]), np.array([[5.0]])).tolist() == [[9.0]]


def drawn(rng, kind, n=40, n_more=100):
    """A task, imputed labels and held-out losses of three representations of two views."""
    if kind == "classes":
        numbers = np.arange(n) % 3
        task = task_of(numbers)
        labels = rng.dirichlet(np.ones(3), n + n_more)
        guesses = [rng.integers(0, 3, (n + n_more, 1)).astype(float) for _ in range(3)]
    else:
        task = Task("continuous", rng.normal(size=(n, 2)))
        labels = rng.normal(size=(n + n_more, 2))
        guesses = [0.3 * rng.normal(size=(n + n_more, 2)) for _ in range(3)]
    held_out = [
        HeldOut(losses(task, guess[:n]), imputed_loss(task, labels, guess)) for guess in guesses
    ]
    reference = (task.targets - task.targets.mean(axis=0)) ** 2
    weights = [BootstrapWeights.of(n + n_more, 300, rng) for _ in range(3)]
    return task, held_out, labels, reference, weights, guesses


@pytest.mark.parametrize("kind", ["classes", "continuous"])
def test_unshrunk_scores_are_those_of_prediction_powered_inference(rng, kind, monkeypatch):
    monkeypatch.setattr(prediction_powered, "IMPUTATION_ERROR", 1e6)
    task, held_out, labels, reference, weights, guesses = drawn(rng, kind)
    n = len(task.targets)
    found = powered_scores(task, held_out, ["x", "x", "y"], labels, reference, weights)
    for k, guess in enumerate(guesses):
        plain = scores(task, held_out[k].observed, np.ones((1, n)), reference)[0]
        if kind == "classes":
            hit = guess == np.arange(3)
            wrong = [
                1.0 - (labels[:m] * hit[:m]).sum(axis=0) / labels[:m].sum(axis=0)
                for m in (n, len(labels))
            ]
        else:
            error = (labels - guess) ** 2
            wrong = [error[:m].mean(axis=0) / reference.mean(axis=0) for m in (n, len(labels))]
        expected = plain + wrong[0].mean() - wrong[1].mean()
        assert found[k, 0] == pytest.approx(expected)
        assert found[k, 1:].mean() == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("kind", ["classes", "continuous"])
def test_without_unlabelled_rows_and_unshrunk_nothing_changes(rng, kind, monkeypatch):
    monkeypatch.setattr(prediction_powered, "IMPUTATION_ERROR", 1e6)
    task, held_out, labels, reference, weights, _ = drawn(rng, kind, n_more=0)
    found = powered_scores(task, held_out, ["x", "x", "y"], labels, reference, weights)
    for k, one in enumerate(held_out):
        plain = scores(task, one.observed, np.ones((1, 40)), reference)[0]
        assert found[k, 0] == pytest.approx(plain)


def test_chance_among_few_labels_is_shrunk_and_much_evidence_is_kept(rng):
    n, n_more = 200, 2000
    numbers = np.arange(n) % 2
    task = task_of(numbers)
    labels = np.full((n + n_more, 2), 0.5)
    for edge, least, most in ((0, -0.01, 0.01), (60, 0.24, 0.3)):
        # Imputation knows nothing; the second predicts the class of `edge` more labelled rows.
        guess = rng.integers(0, 2, (2, n + n_more, 1)).astype(float)
        guess[:, :n, 0] = np.where(np.arange(n) % 4 < 2, numbers, 1 - numbers)
        wrong = np.flatnonzero(guess[1, :n, 0] != numbers)[:edge]
        guess[1, wrong, 0] = numbers[wrong]
        held_out = [HeldOut(losses(task, g[:n]), imputed_loss(task, labels, g)) for g in guess]
        weights = [BootstrapWeights.of(n + n_more, 400, rng) for _ in range(3)]
        found = powered_scores(task, held_out, ["x", "x"], labels, np.zeros((n, 1)), weights)
        assert least < found[1, 0] - found[0, 0] < most


def test_equal_predictions_have_equal_scores_and_draws(rng):
    task, held_out, labels, reference, weights, _ = drawn(rng, "classes")
    twice = [held_out[0], held_out[0], held_out[1]]
    found = powered_scores(task, twice, ["x", "x", "x"], labels, reference, weights)
    np.testing.assert_allclose(found[0], found[1])


@pytest.mark.parametrize("kind", ["classes", "continuous"])
def test_losses_taken_block_by_block_are_the_same(rng, kind, monkeypatch):
    task, held_out, labels, reference, weights, _ = drawn(rng, kind)
    arguments = task, held_out, ["x", "x", "both"], labels, reference, weights
    at_once = powered_scores(*arguments)
    monkeypatch.setattr(prediction_powered, "_BLOCK_ELEMENTS", 1)
    np.testing.assert_allclose(powered_scores(*arguments), at_once)


def simulated(seed, n=500):
    """x dim and y clear; five classes."""
    rng = np.random.default_rng(seed)
    numbers = rng.integers(0, 5, n)
    signal = 1.5 * np.random.default_rng(3).normal(size=(5, 3))[numbers]
    signal += 0.5 * rng.normal(size=(n, 3))
    x, y = 1.5 * rng.normal(size=(n, 12)), 0.6 * rng.normal(size=(n, 8))
    x[:, :3] += signal
    y[:, :3] += signal
    return x, y, numbers


def test_gains_vary_less_between_samples_than_cross_validated_ones(monkeypatch):
    settings = Settings(lift_features=1, latent_dim=3, n_draws=50)
    names = tuple("abcde")

    def gains(seed):
        x, y, numbers = simulated(seed)
        outlook = compute_outlook(
            x,
            y,
            [LabelColumn("class", "classes", numbers, names)],
            labelled=np.arange(80),
            settings=settings,
            rng=np.random.default_rng(seed),
        )
        rows = {(r.representation, r.view): r for r in outlook.rows if r.kind == "linear"}
        return rows["align", "x"].gain

    powered = np.array([gains(seed) for seed in range(10)])
    monkeypatch.setattr(prediction_powered, "IMPUTATION_ERROR", 1e6)
    monkeypatch.setattr("crossphase.outlook.plan._SCORED_ROWS", 0)
    plain = np.array([gains(seed) for seed in range(10)])
    # Both estimate the same gain, of which the plain one knows less.
    assert powered.mean() == pytest.approx(plain.mean(), abs=0.02)
    assert powered.std() < 0.75 * plain.std()
