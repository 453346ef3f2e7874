"""Plans of data whose dimensions were reduced stand on all that the diagnosis averages over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import crossphase as xp
from crossphase.planning.future import simulate_verdicts
from crossphase.planning.populations import PossiblePopulations
from crossphase.planning.size import FutureSize


@pytest.fixture(scope="module")
def wide():
    """A loud signal and nuisance among falling spectra: several numbers of dimensions will do."""
    rng = np.random.default_rng(3)
    n, d = 600, 100
    scale = np.sqrt(30 / (1 + np.arange(d)))
    basis = np.linalg.qr(rng.normal(size=(d, d)))[0]
    x, y = rng.normal(size=(2, n, d))
    for at, rho in ((1, 0.75), (4, 0.65)):
        y[:, at] = rho * x[:, at] + np.sqrt(1 - rho**2) * y[:, at]
    labels = x[:40, [1]] + y[:40, [1]] + rng.normal(size=(40, 1))
    settings = xp.Settings(outlook=False, stability=False)
    d = xp.diagnose(
        x * scale @ basis, y * scale @ basis.T, labels, labelled=np.arange(40), settings=settings
    )
    assert d.fit.others
    return d


def test_all_analyses_are_kept_and_read_back(wide):
    again = xp.Diagnosis.from_json(wide.to_json())
    assert again.fit.left_out == wide.fit.left_out
    assert [other.ranks for other in again.fit.others] == [o.ranks for o in wide.fit.others]
    assert all(other.ranks > wide.fit.ranks for other in again.fit.others)
    np.testing.assert_allclose(again.fit.others[0].label_z, wide.fit.others[0].label_z)


def test_populations_are_those_of_the_averaged_posterior(wide):
    rng = np.random.default_rng(0)
    truths = PossiblePopulations.of(wide.fit, rng).draw(600, rng)
    models = (wide.fit, *wide.fit.others)
    for model in models:
        share = np.mean([truth.model is model for truth in truths])
        assert share == pytest.approx(1 / len(models), abs=0.08)
    levels = [0.1, 0.3, 0.5, 0.7]
    found = np.quantile([truth.log_delta for truth in truths], levels, axis=0)
    wanted = np.quantile(wide.log_delta_draws[:, :2], levels, axis=0)
    np.testing.assert_allclose(found, wanted, atol=0.12)


def test_nuisance_outside_the_dimensions_kept_is_part_of_what_may_be_true(wide):
    rng = np.random.default_rng(1)
    truths = PossiblePopulations.of(wide.fit, rng).draw(400, rng)
    there = [t.correlations[t.outside][0] for t in truths]
    expected = []
    for model in (wide.fit, *wide.fit.others):
        p, inside = model.left_out.probability, (1 - model.signal_probability).sum()
        expected.append(p / (1 + inside * p))
    assert wide.fit.left_out.searched
    assert np.mean(np.array(there) > 0) == pytest.approx(np.mean(expected), abs=0.07)
    # Up to what is as likely detected as not, blurred by chance.
    assert max(there) < 1.3 * wide.fit.left_out.threshold


def test_more_pairs_search_what_few_could_not(wide):
    model = replace(
        wide.fit,
        full_ranks=(302, 302),
        left_out=replace(wide.fit.left_out, searched=False),
    )
    few, many = FutureSize.of(model, 600), FutureSize.of(model, 4000)
    assert not few.left_out.searched
    assert few.outer_threshold == np.inf
    assert many.left_out.searched
    # Dimensions that showed nothing stay out of the analysis, whatever the pairs could carry.
    assert few.ranks == many.ranks == model.ranks
    assert many.threshold < many.outer_threshold == many.left_out.threshold < few.left_out.threshold
    assert FutureSize.of(replace(model, left_out=None), 600).left_out is None


def test_what_may_hide_outside_makes_simulated_verdicts_less_sure(wide):
    """A settled population: what is not known is whether more lies where nobody looked."""
    rng = np.random.default_rng(2)
    possible = PossiblePopulations.of(wide.fit, rng)
    truths = [t for t in possible.draw(200, rng) if t.log_delta[0] > 0.3][:12]
    size = FutureSize.of(wide.fit, 8000)
    known = replace(size, left_out=None)
    unknown = replace(size, left_out=replace(wide.fit.left_out, searched=False))

    def sure(size):
        # The same samples, whatever may lie outside.
        said = [
            simulate_verdicts(
                t, size, [800], alpha=0.05, n_draws=400, rng=np.random.default_rng([3, i])
            )[0][0]
            for i, t in enumerate(truths)
        ]
        return np.mean([p["Both"] + p["CA only"] for p in said])

    # With j components found there is one outside in 0.4 / (1 + 0.4 j) of the draws, of any
    # strength: above the signal's 0.75 in a quarter of them. j is 2 and more.
    assert 0.005 < sure(known) - sure(unknown) < 0.12


def test_what_was_too_weak_is_found_with_many_pairs_and_judged_as_it_is(wide):
    """Undetected signal and loud directions of a population, seen in a sample 64 times as large.

    The regime of a population follows from its components: were they louder or quieter in the
    samples, or known with the errors of loud directions, the right regime would seldom be named.
    """
    rng = np.random.default_rng(5)
    possible = PossiblePopulations.of(wide.fit, rng)
    truths = possible.draw(400, rng, possible.distance > 0.1)
    signal = [t for t in truths if t.correlations[t.model.n_components] > 0]
    loud = [t for t in truths if t.correlations[t.faint_y].max(initial=0) > 0.15]
    for weak in (signal, loud):
        kept = [t for t in weak if np.abs(t.log_delta).min() > 0.15][:15]
        assert len(kept) >= 8
        right = []
        for t in kept:
            size = FutureSize.of(t.model, 64 * wide.fit.n_rows)
            said, _ = simulate_verdicts(t, size, [4000], alpha=0.05, n_draws=100, rng=rng)[0]
            right.append(said[str(t.regime)])
        assert np.mean(right) > 0.85
