"""Sizes are simulated only where that is needed, and nothing else changes what is read off them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from crossphase.planning import search
from crossphase.planning.obstacle import obstacle
from crossphase.planning.options import cheapest_options
from crossphase.planning.populations import PossiblePopulations

PAIRS, LABELS = (300, 600, 1200, 2400, 4800, 9600), (50, 100, 200, 800, 3200)
AIM = search.Aim(confidence=0.8, alpha=0.05, assurance=0.8)


@pytest.fixture
def truths(open_case):
    rng = np.random.default_rng(0)
    return PossiblePopulations.of(open_case.fit, rng).draw(4 * 16, rng)


@pytest.fixture
def settle_from(monkeypatch):
    """Replace the simulation by verdicts that are right from a product of sizes on."""

    def settle(product):
        calls = []

        def verdicts(truth, size, counts, **_):
            calls.extend((size.n_rows, m) for m in counts)
            regime = str(truth.regime)
            right, wrong = {regime: 0.9, "other": 0.1}, {regime: 0.5, "other": 0.5}
            return [(right if size.n_rows * m >= product else wrong, True) for m in counts]

        monkeypatch.setattr(search, "simulate_verdicts", verdicts)
        return calls

    return settle


@pytest.mark.parametrize("product", [300 * 50, 10**5, 10**6, 10**7])
def test_what_is_read_off_is_what_every_size_would_show(product, truths, settle_from):
    calls = settle_from(product)
    sizes = search.try_sizes(truths, PAIRS, LABELS, AIM, np.random.default_rng(0))
    for i, n in enumerate(PAIRS):
        for j, m in enumerate(LABELS):
            if m > n:
                assert np.isnan(sizes.right[i, j])
            elif n * m >= product:
                assert sizes.right[i, j] >= 0.9
                assert sizes.named[i, j] == 1.0
            else:
                assert not sizes.right[i, j] > 0
                assert sizes.at_most[i, j] == 0.0
    assert sizes.largest.all()
    assert len(calls) < 0.4 * 16 * np.isfinite(sizes.at_most).sum()
    first, *_ = cheapest_options((300, 50), sizes, 0.8)
    assert 0.5 * product <= first.n_pairs * first.n_labelled <= 2.1 * max(product, 1.25 * 15_000)


def test_what_nothing_settles_takes_few_simulations(truths, settle_from):
    calls = settle_from(np.inf)
    sizes = search.try_sizes(truths, PAIRS, LABELS, AIM, np.random.default_rng(0))
    assert not sizes.largest.any()
    assert len(sizes.largest) == 16
    assert cheapest_options((300, 50), sizes, 0.8) == ()
    # A quarter of them with the most labels for each number of pairs, all for the largest sizes,
    # and what was open before these were reached.
    assert len(calls) < 16 + 4 * (len(PAIRS) + 2 * len(LABELS))
    assert np.isfinite(sizes.right[:, -1]).sum() == np.sum(np.array(PAIRS) >= LABELS[-1])


def test_without_a_simulation_of_the_largest_size_the_reason_says_that_the_others_disagree():
    model = SimpleNamespace(n_components=2)
    assert obstacle(model, [], np.zeros(0, dtype=bool)).startswith("the simulated sizes disagree")
