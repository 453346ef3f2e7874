"""The benchmark's sampler: its closed forms against spectra of large samples."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

FOLDER = Path(__file__).parents[2] / "benchmarks" / "decision_quality"
ROWS = 40_000


def load(name):
    spec = importlib.util.spec_from_file_location(f"decision_quality_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sampler():
    return load("sampler")


@pytest.fixture(scope="module")
def warped():
    return load("warped")


def population_values(problem):
    """Singular values of the three objectives: signal, nuisance."""
    k2, m = problem.kappa**2, len(problem.eta)
    var_x, var_y = k2 + problem.gamma_x, k2 + problem.gamma_y
    tilde_x, tilde_y = problem.tilde_x[:m], problem.tilde_y[:m]
    signal = [k2 / np.sqrt(var_x * var_y), k2 / np.sqrt(var_x), k2 / np.sqrt(var_y)]
    nuisance = [
        problem.eta / np.sqrt(tilde_x * tilde_y),
        problem.eta / np.sqrt(tilde_x),
        problem.eta / np.sqrt(tilde_y),
    ]
    return signal, nuisance


def sample_spectra(x, y):
    n = len(x)
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    left_x, _, right_x = np.linalg.svd(x.T @ x / n)
    left_y, values_y, right_y = np.linalg.svd(y.T @ y / n)
    values_x = np.linalg.svd(x.T @ x / n, compute_uv=False)
    root_x, root_y = (left_x / np.sqrt(values_x)) @ right_x, (left_y / np.sqrt(values_y)) @ right_y
    cross = x.T @ y / n
    spectra = root_x @ cross @ root_y, root_x @ cross, cross @ root_y
    return [np.linalg.svd(matrix, compute_uv=False) for matrix in spectra]


def small_problem(sampler, family, regime):
    rng = np.random.default_rng(sampler.FAMILIES.index(family))
    while True:
        problem = sampler.draw(family, regime, rng)
        if len(problem.kappa) + len(problem.tilde_x) + len(problem.tilde_y) < 110:
            return problem


@pytest.mark.parametrize("regime", ["Both", "CA only", "CP only", "Neither"])
@pytest.mark.parametrize(
    "family",
    [
        "gaussian", "coloured", "classes", "unequal", "mixed-labels", "partial-labels",
        "extreme-variance",
    ],
)  # fmt: skip
def test_rows_have_the_spectra_that_name_the_regime(sampler, family, regime):
    problem = small_problem(sampler, family, regime)
    assert problem.regime == regime
    assert np.abs(problem.log_delta[:2]).min() > 0.15
    signal, nuisance = population_values(problem)
    x, y, labels, s = problem.sample(ROWS, np.random.default_rng(1))
    assert len(labels) == ROWS
    assert_allclose(s.std(axis=0), problem.kappa, rtol=0.03)
    for found, known, noise in zip(sample_spectra(x, y), signal, nuisance, strict=True):
        expected = np.sort(np.concatenate([known, noise]))[::-1]
        # Values far below the top drown in the noise of the rest.
        loud = expected > 0.25 * expected[0]
        assert_allclose(found[: len(expected)][loud], expected[loud], rtol=0.08)
    # The regime as read off the values: weakest labelled signal against everything else.
    seen = problem.labelled_signals
    recovered = [
        known[seen].min() > max(noise.max(), known[~seen].max(initial=0.0))
        for known, noise in zip(signal[:2], nuisance[:2], strict=True)
    ]
    names = {(True, True): "Both", (True, False): "CA only", (False, True): "CP only"}
    assert names.get(tuple(recovered), "Neither") == regime


@pytest.mark.parametrize("family", ["gaussian", "classes", "partial-labels", "mixed-labels"])
def test_labels_know_the_labelled_signals_and_nothing_else(sampler, family):
    problem = small_problem(sampler, family, "Neither")
    _, _, labels, s = problem.sample(ROWS, np.random.default_rng(2))
    centred = labels - labels.mean(axis=0)
    targets = s - s.mean(axis=0)
    residual = targets - centred @ np.linalg.lstsq(centred, targets, rcond=None)[0]
    explained = 1 - (residual**2).sum(axis=0) / (targets**2).sum(axis=0)
    assert (explained[~problem.labelled_signals] < 0.01).all()
    assert (explained[problem.labelled_signals] > 0.05).all()


def test_near_problems_lie_at_a_boundary(sampler):
    problem = sampler.draw("gaussian", "CA only", np.random.default_rng(3), near=True)
    assert problem.regime == "CA only"
    assert np.abs(problem.log_delta[:2]).min() < 0.03


def test_no_signal_is_neither(sampler):
    problem = sampler.draw("no-signal", "Neither", np.random.default_rng(4))
    assert problem.regime == "Neither"
    _, _, labels, s = problem.sample(ROWS, np.random.default_rng(5))
    correlations = np.corrcoef(labels.T, s.T)[: labels.shape[1], labels.shape[1] :]
    assert np.abs(correlations).max() < 0.03


def test_warped_rows_have_the_covariances_of_the_closed_form(sampler, warped):
    problem = small_problem(sampler, "warped", "Both")
    x, y, _, _ = problem.sample(ROWS, np.random.default_rng(6))
    joint, with_signal = problem.covariances()
    warp = np.concatenate(problem.warps(), axis=1)
    scale = np.sqrt(np.diag(joint))
    known = warped.warped_covariance(joint / np.outer(scale, scale), warp, warp)
    rows = np.concatenate([x, y], axis=1) / scale
    assert_allclose(np.cov(rows.T), known, atol=6 * np.sqrt(2 / ROWS))
    # A warp changes what the rows show, but to less than the distance from the boundaries.
    moved = warped.warped_log_delta(joint, with_signal, *problem.warps()) - problem.log_delta
    assert 0.005 < np.abs(moved).max() < 0.3
    found = sample_spectra(x, y)[0]
    whole = np.linalg.svd(_whitened_cross(known, x.shape[1]), compute_uv=False)
    assert_allclose(found[: len(problem.kappa)], whole[: len(problem.kappa)], rtol=0.03)
    assert "warped" not in sampler.MAIN_FAMILIES


def _whitened_cross(covariance, dx):
    roots = [np.linalg.cholesky(block) for block in (covariance[:dx, :dx], covariance[dx:, dx:])]
    half = np.linalg.solve(roots[0], covariance[:dx, dx:])
    return np.linalg.solve(roots[1], half.T).T


@pytest.mark.parametrize("family", ["gaussian", "unequal", "extreme-variance"])
def test_without_a_warp_the_ratios_are_those_of_the_closed_forms(sampler, warped, family):
    problem = small_problem(sampler, family, "CA only")
    none = [np.zeros_like(warp) for warp in problem.warps()]
    found = warped.warped_log_delta(*problem.covariances(), *none)
    assert_allclose(found, problem.log_delta, atol=1e-8)
