"""What calibration errors and shares of right calls mean, beside closed forms."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import binom

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def load():
    """Modules of the benchmarks, which stand beside each other and not in a package."""
    folders = [str(FOLDER), str(FOLDER / "decision_quality")]
    before = set(sys.modules)
    sys.path[:0] = folders
    yield importlib.import_module
    for folder in folders:
        sys.path.remove(folder)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(FOLDER)):
            del sys.modules[name]


@pytest.fixture(scope="module")
def tables(load):
    return load("tables")


def test_calibration_error_of_two_levels(tables):
    # Ten bins of ten problems: .6 stated with .8 right, .9 stated with all right.
    confidence = np.repeat([0.6, 0.9], 50)
    right = np.concatenate([np.tile([1, 1, 1, 1, 0], 10), np.ones(50)]).astype(bool)
    assert_allclose(tables.expected_calibration_error(confidence, right), (0.2 + 0.1) / 2)


def test_exact_probabilities_err_by_what_counting_does(tables):
    # 300 problems of one probability: each bin's gap is that of a binomial of thirty.
    confidence = np.full(300, 0.7)
    errors, _ = tables.if_exact(confidence, n_sims=4000)
    hits = np.arange(31)
    expected = (np.abs(hits / 30 - 0.7) * binom.pmf(hits, 30, 0.7)).sum()
    assert_allclose(errors.mean(), expected, rtol=0.02)


def test_range_of_sure_calls_is_binomial(tables):
    confidence = np.concatenate([np.full(200, 0.95), np.full(100, 0.6)])
    _, shares = tables.if_exact(confidence, n_sims=20_000)
    assert_allclose(shares.mean(), 0.95, atol=0.001)
    expected = binom.ppf([0.025, 0.975], 200, 0.95) / 200
    assert_allclose(np.quantile(shares, [0.025, 0.975]), expected, atol=0.0051)


def test_no_sure_calls_have_no_share(tables):
    errors, shares = tables.if_exact(np.full(50, 0.5), n_sims=10)
    assert np.isnan(shares).all()
    assert tables.mean_and_range(shares) == "–"
    assert tables.mean_and_range(errors) != "–"


@pytest.mark.parametrize(
    ("near", "low", "high"), [(False, 0.15, np.inf), (True, 0.0, 0.03), (None, 0.0, np.inf)]
)
def test_problems_keep_the_distance_asked_for(load, near, low, high):
    sampler = load("sampler")
    for seed in range(10):
        rng = np.random.default_rng(seed)
        problem = sampler.draw("gaussian", "CA only", rng, near=near)
        assert problem.regime == "CA only"
        assert low <= np.abs(problem.log_delta[:2]).min() <= high


def test_problems_anywhere_come_near_and_stay_away(load):
    sampler = load("sampler")
    distances = [
        np.abs(sampler.draw("gaussian", "Both", np.random.default_rng(s), near=None).log_delta[:2])
        for s in range(60)
    ]
    near = np.mean([d.min() < 0.15 for d in distances])
    assert 0.02 < near < 0.6


def test_gains_agree_where_their_parts_do(load):
    """A table of known shifts: the same gain plus a constant has that constant as its error."""
    outlook = load("outlook_tables")
    rng = np.random.default_rng(0)
    cases = []
    for pair in range(6):
        raw, gain = rng.uniform(0.7, 0.9, (4, 2)), rng.normal(0, 0.05, (4, 2))
        trained = np.stack([raw + gain + 0.02, raw + gain - 0.04])
        code, base = {"lifted": raw + gain}, {"lifted": raw}
        cases.append(outlook.Case(f"{pair}", "report", ("align", "x"), trained, code, base))
    table = outlook.Table.of(cases, "lifted")
    for over, (foretold, trained) in table.compared().items():
        found = outlook.Agreement.of(foretold, trained)
        if over.startswith("the labelled"):
            assert abs(found.correlation) < 0.9
            continue
        assert_allclose([found.correlation, found.error, found.bias], [1, 0.01, 0.01], atol=1e-9)
    one, other = table.by_one_seed()["the same labelled rows"]
    assert_allclose(one - other, 0.06)
    low, high = (float(v) for v in table.spread(foretold, trained)[1].split(" to "))
    assert low <= np.abs(foretold - trained).mean() + 5e-4
    assert high >= np.abs(foretold - trained).mean() - 5e-4
