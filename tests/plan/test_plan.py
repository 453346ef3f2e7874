"""Plans: what they promise, when they refuse, and that nothing is left to chance."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import crossphase as xp
from conftest import diagnose, two_views
from crossphase.errors import InputError
from crossphase.planning.future import simulate_verdicts
from crossphase.planning.populations import PossiblePopulations, likely_effects
from crossphase.planning.size import FutureSize
from crossphase.plots import plot_plan


def test_more_of_either_never_hurts(open_plan):
    right = {(row.n_pairs, row.n_labelled): row.right for row in open_plan.rows}
    for (n, m), value in right.items():
        assert all(other >= value for (a, b), other in right.items() if a >= n and b >= m)
    assert all(0 <= row.right <= row.settled <= 1 for row in open_plan.rows)
    assert all(row.n_labelled <= row.n_pairs for row in open_plan.rows)


def test_options_are_more_data_and_the_first_is_the_cheapest(open_plan):
    assert open_plan.options
    assert open_plan.cases == ()
    assert open_plan.options[0].more_pairs == open_plan.more_pairs
    assert open_plan.options[0].more_labels == open_plan.more_labels
    costs = [o.n_pairs * o.n_labelled for o in open_plan.options]
    assert costs == sorted(costs)
    assert len({o.grow for o in open_plan.options}) == len(open_plan.options)
    for option in open_plan.options:
        assert option.n_pairs == open_plan.n_pairs + option.more_pairs
        assert option.n_labelled == open_plan.n_labelled + option.more_labels
        assert (option.more_pairs > 0) == (option.grow != "labels")
        assert (option.more_labels > 0) == (option.grow != "pairs")
        assert option.n_pairs >= option.n_labelled


def test_same_seed_same_plan(open_case):
    few = [xp.plan(open_case, seed=seed, n_sims=4, max_factor=4) for seed in (0, 0, 1)]
    assert few[0] == few[1]
    assert few[0].rows != few[2].rows


def test_the_plan_needs_no_data(open_case):
    again = xp.Diagnosis.from_json(open_case.to_json())
    assert xp.plan(again, n_sims=4, max_factor=4) == xp.plan(open_case, n_sims=4, max_factor=4)


def test_higher_aims_cost_more(open_case):
    costs = []
    for assurance in (0.3, 0.7):
        first = xp.plan(open_case, assurance=assurance, n_sims=8).options[0]
        costs.append(first.n_pairs * first.n_labelled)
    assert costs == sorted(costs)
    assert costs[0] < costs[-1]


def test_planned_sizes_settle_the_verdict(open_plan):
    """Fresh samples of the planned size from the population behind the fixture."""
    option = open_plan.options[0]
    rng = np.random.default_rng(11)
    named = []
    for _ in range(10):
        x, y, labels = two_views(option.n_pairs, option.n_labelled, rng, signal=0.62, nuisance=0.53)
        named.append(diagnose(x, y, labels, stability=False).regime)
    assert sum(regime is xp.Regime.BOTH for regime in named) >= 8


def test_a_settled_verdict_needs_nothing():
    x, y, labels = two_views(2000, 300, np.random.default_rng(0), signal=0.9, nuisance=0.3)
    d = diagnose(x, y, labels, stability=False)
    plan = xp.plan(d)
    assert plan.settled
    assert (plan.regime, plan.more_pairs, plan.more_labels) == (xp.Regime.BOTH, 0, 0)
    assert plan.rows == plan.options == ()
    assert "settled" in plan.sentence
    with pytest.raises(InputError, match="settled"):
        plan.plot()


def test_on_a_boundary_nothing_would_do():
    """Signal and nuisance measured alike, and precisely: no amount tells which is above."""
    x, y, labels = two_views(1500, 800, np.random.default_rng(4), signal=0.8, nuisance=0.8)
    d = diagnose(x, y, labels, stability=False)
    assert d.regime is xp.Regime.UNDETERMINED
    plan = xp.plan(d, max_factor=2)
    assert plan.options == ()
    assert plan.more_pairs is None
    assert plan.more_labels is None
    assert plan.near > 0.5
    assert "within 10 % of 1" in plan.sentence
    assert "boundary" in plan.sentence


def test_without_a_plan_each_regime_that_is_possible_has_its_own(open_case):
    plan = xp.plan(open_case, assurance=0.99, n_sims=4, max_factor=4)
    assert plan.options == ()
    assert plan.obstacle
    assert plan.cases
    probabilities = [case.probability for case in plan.cases]
    assert probabilities == sorted(probabilities, reverse=True)
    for case in plan.cases:
        assert case.probability == pytest.approx(open_case.probabilities[str(case.regime)], abs=0.1)
    assert 1 <= len(plan.cases) <= 2


def test_what_is_next_to_a_boundary_is_left_out_and_said(open_case):
    plans = [xp.plan(open_case, margin=margin) for margin in (0.0, 0.2)]
    assert plans[0].near == 0.0
    assert "of 1" not in plans[0].sentence
    log_delta = open_case.log_delta_draws[:, :2]
    share = np.mean(np.abs(log_delta).min(axis=1) <= np.log(1.2))
    assert plans[1].near == pytest.approx(share, abs=0.08)
    assert f"within 20 % of 1 (probability {plans[1].near:.2f})" in plans[1].sentence
    costs = [plan.options[0].n_pairs * plan.options[0].n_labelled for plan in plans]
    assert costs[1] < costs[0]


def test_unrelated_views_are_an_obstacle_with_a_name():
    rng = np.random.default_rng(1)
    d = diagnose(rng.normal(size=(200, 6)), rng.normal(size=(200, 6)), rng.normal(size=200))
    assert d.fit.n_components == 0
    plan = xp.plan(d, max_factor=4)
    assert plan.regime is xp.Regime.UNDETERMINED
    assert "nothing shared" in plan.sentence


def test_largest_factor_is_kept(open_case):
    plan = xp.plan(open_case, max_factor=3, n_sims=4)
    assert max(row.n_pairs for row in plan.rows) == 3 * open_case.fit.n_rows
    assert max(row.n_labelled for row in plan.rows) <= 3 * open_case.fit.n_labelled


def test_published_and_older_diagnoses_are_refused(open_case, published):
    for d in (published, replace(open_case, fit=None)):
        with pytest.raises(InputError, match="fitted model"):
            xp.plan(d)


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"target_confidence": 1.5}, "target_confidence=1.5"),
        ({"assurance": 0.0}, "assurance=0.0"),
        ({"max_factor": 1}, "max_factor=1"),
        ({"n_sims": 1}, "n_sims=1"),
        ({"margin": 1.0}, "margin=1.0"),
        ({"margin": -0.1}, "margin=-0.1"),
    ],
)
def test_numbers_out_of_range_are_refused(open_case, choice, words):
    with pytest.raises(InputError, match=words):
        xp.plan(open_case, **choice)


def test_progress_ends_at_one(open_case):
    seen = []
    xp.plan(open_case, n_sims=2, max_factor=2, progress=lambda stage, f: seen.append(f))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_json_and_frame_hold_the_same(open_plan):
    given = json.loads(json.dumps(open_plan.to_dict(), allow_nan=False))
    assert given["schema"] == "crossphase.plan/1"
    assert given["sentence"] == open_plan.sentence
    assert given["regime"] == "Undetermined"
    frame = open_plan.to_frame()
    assert list(frame.columns) == ["n_pairs", "n_labelled", "settled", "right"]
    assert frame.to_dict("records") == given["rows"]


def test_populations_follow_the_posterior(open_case):
    rng = np.random.default_rng(0)
    truths = PossiblePopulations.of(open_case.fit, rng).draw(400, rng)
    for name, probability in open_case.probabilities.items():
        share = np.mean([str(truth.regime) == name for truth in truths])
        assert share == pytest.approx(probability, abs=0.07)
    for truth in truths[::20]:
        # Nuisance has no label effect, and the regime is that of the ratios.
        rows = np.abs(truth.label_effect).sum(axis=1)
        assert not rows[open_case.fit.n_components + 1 :].any()
        assert (truth.log_delta[0] > 0) == (truth.regime in (xp.Regime.BOTH, xp.Regime.CA_ONLY))


def test_regimes_of_populations_are_those_of_the_draws(open_case):
    """Where nothing that was too weak to be seen decides, Δ is that of the diagnosis's draws."""
    rng = np.random.default_rng(1)
    possible = PossiblePopulations.of(open_case.fit, rng)
    compared = 0
    for t in range(0, len(possible.log_delta), 5):
        truth = possible.draw(1, rng, np.arange(len(possible.log_delta)) == t)[0]
        weak = [open_case.fit.n_components, *truth.faint_x, *truth.faint_y]
        if not truth.correlations[weak].any():
            np.testing.assert_allclose(truth.log_delta, possible.log_delta[t], atol=1e-9)
            compared += 1
    assert compared >= 20


def test_effects_of_signals_are_hardly_ever_near_0():
    """Density of a strength a given a coefficient z: a² exp(−a²/2g) times exp(−(z − a)²/2)."""
    rows, seen = np.full(4000, 25.0), np.full((4000, 1), 0.15)
    drawn = np.abs(likely_effects(seen, rows, np.random.default_rng(0)))[:, 0]
    grid = np.linspace(-3, 3, 6001)
    prior = (
        0.9 * grid**2 * np.exp(-(grid**2) / 2)
        + 0.1 * grid**2 * np.exp(-(grid**2) / 0.2) * 0.1**-1.5
    )
    density = prior * np.exp(-25 * (grid - 0.15) ** 2 / 2)
    for level in (0.1, 0.2, 0.4):
        inside = np.abs(grid) < level
        assert np.mean(drawn < level) == pytest.approx(
            density[inside].sum() / density.sum(), abs=0.06
        )


def test_simulated_verdicts_behave_like_real_ones():
    """Mean probability of the true regime: simulated from it, and from real samples of it."""
    n, m, rng = 400, 60, np.random.default_rng(7)
    real = []
    for _ in range(25):
        x, y, labels = two_views(n, m, rng, signal=0.7, nuisance=0.57)
        real.append(diagnose(x, y, labels, stability=False).probabilities["Both"])
    x, y, labels = two_views(40_000, 6000, rng, signal=0.7, nuisance=0.57)
    model = diagnose(x, y, labels, stability=False).fit
    size = FutureSize.of(model, n)
    simulated = [
        simulate_verdicts(truth, size, [m], alpha=0.05, n_draws=200, rng=rng)[0][0]["Both"]
        for truth in PossiblePopulations.of(model, rng).draw(60, rng)
    ]
    error = np.hypot(np.std(real) / 5, np.std(simulated) / np.sqrt(60))
    assert np.mean(simulated) == pytest.approx(np.mean(real), abs=3 * error + 0.03)
    assert np.std(simulated) == pytest.approx(np.std(real), rel=0.6)


def test_plot_shows_curves_aim_and_options(open_plan):
    ax = open_plan.plot()
    labels = [line.get_label() for line in ax.lines]
    assert f"planned for: {open_plan.assurance:g}" in labels
    first = open_plan.n_labelled
    (curve,) = [line for line in ax.lines if line.get_label() == f"{first:,} labelled"]
    rows = [row for row in open_plan.rows if row.n_labelled == first]
    np.testing.assert_array_equal(curve.get_xdata(), [row.n_pairs for row in rows])
    np.testing.assert_array_equal(curve.get_ydata(), [row.right for row in rows])
    (options,) = [line for line in ax.lines if line.get_label() == "options"]
    assert list(options.get_xdata()) == [option.n_pairs for option in open_plan.options]
    with pytest.raises(InputError, match="max_curves"):
        plot_plan(open_plan, max_curves=0)
