"""Every row of the decision table of docs/recommendations.md, on handmade outlooks."""

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from crossphase.config import Settings
from crossphase.diagnosis.options import options_for
from crossphase.diagnosis.recommend import recommend
from crossphase.outlook import Outlook
from crossphase.outlook.intervals import interval
from crossphase.results.outlook import OutlookRow
from crossphase.results.separation import Interval, Separation
from crossphase.theory.regimes import Objective

KEYS = [
    ("raw", "x"),
    ("raw", "y"),
    ("raw", "both"),
    ("align", "x"),
    ("align", "y"),
    ("align", "both"),
    ("predict x->y", "x"),
    ("predict y->x", "y"),
]
SCORES = dict(zip(KEYS, (0.60, 0.80, 0.90, 0.60, 0.80, 0.90, 0.60, 0.80), strict=True))
OPEN = {"Both": 0.25, "CA only": 0.25, "CP only": 0.25, "Neither": 0.25}


def make_outlook(changes=None, *, spread=0.005, lifted=None, metric="r2", chance=0.0, n=200):
    """Scores by (representation, view); draws of independent noise of sd `spread`."""
    rng = np.random.default_rng(0)
    rows, draws = [], []
    for kind, extra in (("linear", {}), ("lifted", lifted or {})):
        values = SCORES | (changes or {})
        if kind == "lifted":
            # Random features beside the modality itself only add noise.
            values = {k: v - 0.03 * (k[0] == "raw") for k, v in values.items()} | extra
        noise = {key: spread * rng.normal(size=2000) for key in KEYS}
        for key in KEYS:
            score = values[key]
            base = ("raw", key[1])
            gain = score - values[base] + (noise[key] - noise[base])
            rows.append(
                OutlookRow(
                    key[0],
                    kind,
                    key[1],
                    8,
                    metric,
                    score,
                    interval(score + noise[key], 0.95),
                    f"raw {key[1]}",
                    score - values[base],
                    interval(gain, 0.95),
                )
            )
            draws.append(score + noise[key])
    return Outlook(tuple(rows), np.stack(draws), np.full(len(rows), chance), n)


#: A gain is expected, and so may be a loss.
RISKY = make_outlook({("align", "x"): 0.66, ("predict x->y", "x"): 0.5}, spread=0.05)


def separation(objective, delta, probability):
    return Separation(
        objective=objective,
        delta=delta,
        interval=Interval(delta / 2, delta * 2, 0.95),
        probability=probability,
        values=np.array([0.9, 0.5, 0.4]),
        sample_values=np.array([0.9, 0.5, 0.4]),
        signal_probability=np.array([1.0, 0.0, 1.0]),
        threshold=0.1,
        recovery=1,
        required_dim=3,
        required_dim_interval=(3, 3),
    )


def choose(outlook, **options):
    return recommend(outlook, OPEN, OPEN, (), x_name="RNA", y_name="protein", **options)


@pytest.mark.parametrize(
    ("changes", "deploy", "objective"),
    [
        ({("align", "x"): 0.70}, "x", "align"),
        ({("predict x->y", "x"): 0.70}, "x", "predict x->y"),
        ({("align", "x"): 0.66, ("predict x->y", "x"): 0.70}, "x", "predict x->y"),
        ({("align", "x"): 0.70, ("predict x->y", "x"): 0.66}, "x", "align"),
        ({("align", "y"): 0.90}, "y", "align"),
        ({("predict y->x", "y"): 0.90}, "y", "predict y->x"),
        ({("align", "both"): 0.95}, "both", "align"),
        ({}, "x", "unimodal x"),
        ({}, "y", "unimodal y"),
        ({}, "both", "concatenate"),
        ({("raw", "both"): 0.70, ("align", "both"): 0.70}, "both", "unimodal y"),
        (
            {("raw", "x"): 0.85, ("raw", "both"): 0.70, ("align", "both"): 0.70},
            "both",
            "unimodal x",
        ),
        ({("align", "x"): 0.40, ("predict x->y", "x"): 0.30}, "x", "unimodal x"),
    ],
)
def test_clear_scores_are_followed(changes, deploy, objective):
    found = choose(make_outlook(changes))[deploy]
    assert found.objective == objective
    assert found.deploy == deploy
    # Where scores are equal, which is better after training is anybody's guess.
    assert found.confidence > (0.8 if changes else 0.5)


def test_gain_leads_the_reasons_with_its_numbers_and_names():
    reasons = choose(make_outlook({("align", "x"): 0.70}))["x"].reasons
    assert reasons[0].startswith("Aligning RNA with protein is expected to raise the held-out R²")
    assert "from 0.600 to 0.700 (+0.100, 95 % interval +0.0" in reasons[0]


def test_a_code_must_beat_the_better_of_the_linear_and_lifted_baselines():
    outlook = make_outlook({("align", "x"): 0.70}, lifted={("raw", "x"): 0.72})
    found = choose(outlook)["x"]
    assert found.objective == "unimodal x"
    assert any(
        r == "Nonlinear features matter: with them RNA by itself scores 0.720, with linear "
        "ones 0.600."
        for r in found.reasons
    )


def test_a_certain_gain_of_less_than_a_point_is_no_reason_to_train():
    outlook = make_outlook({("align", "both"): 0.908}, spread=0.001)
    row = next(r for r in outlook.rows if (r.representation, r.view) == ("align", "both"))
    assert row.helps  # certain, though small
    found = choose(outlook)["both"]
    assert found.objective == "concatenate"
    assert "No cross-modal objective is expected to gain a point over" in found.reasons[0]
    assert "(+0.008, 95 % interval +0.0" in found.reasons[0]


def test_an_interval_that_shows_as_touching_zero_is_unclear():
    [row] = [r for r in make_outlook().rows if (r.representation, r.kind) == ("align", "linear")][
        :1
    ]
    for lower, upper, helps, harms in (
        (0.0004, 0.1, False, False),
        (0.0006, 0.1, True, False),
        (-0.1, -0.0004, False, False),
        (-0.1, -0.0006, False, True),
    ):
        changed = replace(row, gain_interval=Interval(lower, upper, 0.95))
        assert (changed.helps, changed.harms) == (helps, harms)


def test_without_a_related_component_a_gain_must_be_surer():
    found = choose(make_outlook({("align", "x"): 0.70}), unrelated=0.4)["x"]
    assert found.objective == "align"
    assert "99 % interval" in found.reasons[0]
    assert "the gain rests on what that linear test does not see" in found.reasons[-1]
    faint = make_outlook({("align", "x"): 0.635}, spread=0.011)  # 2.2 standard errors
    assert choose(faint)["x"].objective == "align"
    other = choose(faint, unrelated=0.4)["x"]
    assert other.objective == "collect more data"
    assert other.reasons[0].startswith("Aligning RNA with protein would probably gain")
    assert "a gain counts only if its whole interval lies above zero" in other.reasons[0]
    assert other.reasons[-1].startswith("No shared component is credibly related to the labels")


@pytest.mark.parametrize("p", [{"Neither": 1.0}, OPEN])
def test_without_a_related_component_and_an_outlook_more_data_are_asked_for(p):
    p = {"Both": 0.0, "CA only": 0.0, "CP only": 0.0} | p
    separations = (separation(Objective.ALIGN, 0.4, 0.03),)
    for found in recommend(None, p, p, separations, unrelated=0.34).values():
        assert found.objective == "collect more data"
        assert len(found.reasons) == 1
        assert (
            "No shared component is credibly related to the labels (p = 0.34)" in found.reasons[0]
        )


def test_nobody_is_told_to_label_rows_where_all_are_labelled():
    for outlook, given in ((RISKY, {}), (None, {}), (None, {"unrelated": 0.3})):
        found = recommend(outlook, OPEN, OPEN, (), all_labelled=True, **given)["x"]
        assert found.objective == "collect more data"
        assert "label more rows" not in found.reasons[0]
        assert "collect more pairs" in found.reasons[0]


def test_a_lifted_code_may_win():
    found = choose(make_outlook(lifted={("predict y->x", "y"): 0.88}))["y"]
    assert found.objective == "predict y->x"
    assert any(r.startswith("Nonlinear features matter") for r in found.reasons)


def test_harm_is_named_with_its_numbers():
    found = choose(make_outlook({("align", "x"): 0.40, ("predict x->y", "x"): 0.50}))["x"]
    harm = [r for r in found.reasons if "it would harm" in r]
    assert len(harm) == 2
    assert "predicting protein from RNA, scores 0.500 (-0.100" in harm[0]
    assert harm[1].startswith("Aligning RNA with protein is expected to lower")


def test_one_objective_may_help_while_another_harms():
    found = choose(make_outlook({("align", "x"): 0.70, ("predict x->y", "x"): 0.40}))["x"]
    assert found.objective == "align"
    assert any("it would harm" in r and r.startswith("Predicting") for r in found.reasons[1:])


def test_a_code_that_harms_one_view_leaves_the_other_alone():
    found = choose(make_outlook({("align", "x"): 0.70, ("align", "y"): 0.60}))
    assert found["x"].objective == "align"
    assert found["y"].objective == "unimodal y"


@pytest.mark.parametrize(("both", "objective"), [(0.795, "concatenate"), (0.785, "unimodal y")])
def test_one_modality_replaces_a_concatenation_if_it_is_more_than_a_point_better(both, objective):
    outlook = make_outlook({("raw", "both"): both, ("align", "both"): 0.7})
    found = choose(outlook)["both"]
    assert found.objective == objective
    said = any("One modality alone scores no more than 0.01 better" in r for r in found.reasons)
    assert said == (objective == "concatenate")


def test_a_copy_is_not_laid_beside_what_it_is_a_copy_of():
    even = {("raw", "y"): 0.898, ("raw", "x"): 0.899}
    for enough in ("x", "y"):
        outlook = make_outlook(even)
        found = choose(outlook, enough=enough)["both"]
        assert found.objective == f"unimodal {enough}"
        # Of the concatenation, which is not what is stayed with here.
        assert not any("One modality alone" in reason for reason in found.reasons)
    assert choose(make_outlook(even))["both"].objective == "concatenate"
    likely = make_outlook({("align", "x"): 0.66, ("predict x->y", "x"): 0.5}, spread=0.025)
    assert choose(likely)["x"].objective == "align"
    assert choose(likely, enough="x")["x"].objective == "collect more data"


def test_gains_with_both_at_hand_are_over_what_is_stayed_with():
    outlook = make_outlook({("raw", "both"): 0.795, ("align", "both"): 0.85})
    options = options_for(outlook, "both", 0.95)
    assert options.staying.objective == "concatenate"
    assert options.cross_modal[0].gain == pytest.approx(0.055)


@pytest.mark.parametrize(("lifted", "kind"), [(0.6035, "linear"), (0.608, "lifted")])
def test_features_are_lifted_beyond_one_standard_error(lifted, kind):
    outlook = make_outlook(lifted={("raw", "x"): lifted})  # standard error 0.005
    stay = options_for(outlook, "x", 0.95).staying
    assert stay.kind == kind
    assert stay.score == (lifted if kind == "lifted" else 0.60)


def test_gains_are_shrunk_by_what_is_not_known_of_them():
    outlook = make_outlook({("align", "x"): 0.66}, spread=0.03)
    align = options_for(outlook, "x", 0.95).cross_modal[0]
    weight = 0.04**2 / (0.04**2 + 0.02**2 + 2 * 0.03**2)
    assert align.gain == pytest.approx(0.06)
    assert align.expected == pytest.approx(weight * 0.06, rel=0.03)
    # Normal prior, normal error: the posterior's spread is that of the error times √weight.
    assert align.plausible.mean() == pytest.approx(align.expected, abs=0.002)
    spread = np.sqrt(weight * (0.02**2 + 2 * 0.03**2))
    assert align.plausible.std() == pytest.approx(spread, rel=0.05)
    below = NormalDist(align.expected, spread).cdf(-0.01)
    assert align.risk == pytest.approx(below, abs=0.02)


def test_more_labels_make_a_gain_count_for_more():
    few, many = (
        options_for(make_outlook({("align", "x"): 0.66}, spread=s), "x", 0.95).cross_modal[0]
        for s in (0.05, 0.01)
    )
    assert 0 < few.expected < many.expected < 0.06


def test_nothing_cross_modal_is_sure_where_nothing_is_gained():
    for seed_spread in (0.005, 0.02, 0.04):
        for view, found in choose(make_outlook(spread=seed_spread)).items():
            assert found.objective not in ("align", "predict x->y", "predict y->x"), view


def test_wide_intervals_ask_for_more_data():
    found = choose(make_outlook(spread=0.08, n=40))
    assert found["x"].objective == "collect more data"
    assert found["x"].reasons[0].startswith("With 40 labelled rows a clear gain and a clear loss")
    assert found["both"].objective == "concatenate"  # 0.90 against 0.80 and 0.60 is settled


def test_with_both_at_hand_wide_intervals_need_an_open_choice_among_baselines():
    even = {("raw", "x"): 0.8, ("raw", "both"): 0.8, ("align", "both"): 0.8}
    assert choose(make_outlook(even, spread=0.15))["both"].objective == "collect more data"


def test_a_likely_gain_is_trained_for_where_little_can_be_lost():
    outlook = make_outlook({("align", "x"): 0.66, ("predict x->y", "x"): 0.5}, spread=0.025)
    found = choose(outlook)["x"]
    assert found.objective == "align"
    option = options_for(outlook, "x", 0.95).cross_modal[0]
    assert not option.helps
    assert option.risk < 0.2
    assert found.reasons[0].startswith("Aligning RNA with protein is expected to change")
    assert "The gain is likely, not certain" in found.reasons[1]
    assert f"a loss of more than 0.01 has probability {option.risk:.2f}" in found.reasons[1]
    assert any("it would harm" in r and r.startswith("Predicting") for r in found.reasons[1:])


def test_a_likely_gain_that_may_as_well_be_a_loss_asks_for_labels():
    found = choose(RISKY)["x"]
    option = options_for(RISKY, "x", 0.95).cross_modal[0]
    assert option.expected > 0.01
    assert option.risk > 0.2
    assert found.objective == "collect more data"
    assert found.reasons[0].startswith("Aligning RNA with protein would probably gain")
    assert f"it may also lose as much (probability {option.risk:.2f})" in found.reasons[0]


def test_the_required_confidence_moves_that_threshold():
    assert choose(RISKY, settings=Settings(confidence=0.6))["x"].objective == "align"
    outlook = make_outlook({("align", "x"): 0.66, ("predict x->y", "x"): 0.5}, spread=0.025)
    more = choose(outlook, settings=Settings(confidence=0.99))["x"]
    assert more.objective == "collect more data"


def test_scores_at_chance_ask_for_more_data():
    changes = dict.fromkeys(KEYS, 0.251)
    outlook = make_outlook(
        changes, spread=0.02, metric="balanced accuracy", chance=0.25, lifted=changes
    )
    for view, found in choose(outlook).items():
        assert found.objective == "collect more data"
        assert "better than chance (0.250)" in found.reasons[0], view


def test_confidence_is_the_share_of_draws_that_nothing_beats_by_a_point():
    outlook = make_outlook({("align", "x"): 0.62, ("predict x->y", "x"): 0.625}, spread=0.004)
    options = options_for(outlook, "x", 0.95)
    draws = {o.objective: o.plausible for o in options.all}
    rest = np.maximum(draws["align"], draws["unimodal x"])
    expected = np.mean(rest <= draws["predict x->y"] + 0.01)
    found = choose(outlook)["x"]
    assert found.objective == "predict x->y"
    assert found.confidence == pytest.approx(expected)
    assert 0.5 < found.confidence < 1.0


def test_two_metrics_are_averaged():
    one, two = make_outlook({("align", "x"): 0.70}), make_outlook({("align", "x"): 0.55})
    changed = tuple(
        OutlookRow(
            r.representation,
            r.kind,
            r.view,
            r.dim,
            "balanced accuracy",
            r.score,
            r.interval,
            r.baseline,
            r.gain,
            r.gain_interval,
        )
        for r in two.rows
    )
    both = Outlook(
        one.rows + changed,
        np.concatenate([one.draws, two.draws]),
        np.repeat([0.0, 0.5], len(one.rows)),
        200,
    )
    option = next(o for o in options_for(both, "x", 0.95).all if o.objective == "align")
    assert option.score == pytest.approx(0.625)
    assert option.metric == "mean score (R² and balanced accuracy)"
    assert option.chance == 0.25


def test_the_regime_explains_the_choice():
    separations = (
        separation(Objective.ALIGN, 0.4, 0.03),
        separation(Objective.PREDICT_XY, 1.9, 0.96),
    )
    outlook = make_outlook({("align", "x"): 0.70})
    found = recommend(outlook, OPEN, OPEN, separations, x_name="RNA", y_name="protein")
    assert found["x"].reasons[-1] == (
        "Aligning RNA with protein leaves some signal below nuisance with probability 0.97 "
        "(Δ = 0.40, 95 % interval 0.20 to 0.80); 1 of its 2 signal components already lie above "
        "every nuisance, and a latent dimension of 3 would keep them all."
    )
    stay = recommend(make_outlook(), OPEN, OPEN, separations)["x"]
    assert "separates the whole signal from nuisance with probability 0.96" in stay.reasons[-1]


def test_a_point_estimate_claims_no_certainty():
    point = replace(
        separation(Objective.ALIGN, 0.4, 0.0), interval=Interval(0.4, 0.4, 0.95), probability=0.0
    )
    found = recommend(make_outlook(), OPEN, OPEN, (point,), x_name="RNA", y_name="protein")
    said = found["x"].reasons[-1]
    assert "leaves some signal below nuisance (Δ = 0.40, a point estimate);" in said


def test_an_infinite_ratio_reads_well():
    endless = replace(separation(Objective.ALIGN, 2.0, 1.0), delta=np.inf)
    reasons = recommend(make_outlook(), OPEN, OPEN, (endless,))["both"].reasons
    assert "(Δ = ∞, 95 % interval 1.00 to 4.00)" in reasons[-1]


def probabilities(both=0.0, ca=0.0, cp=0.0):
    return {"Both": both, "CA only": ca, "CP only": cp, "Neither": 1 - both - ca - cp}


@pytest.mark.parametrize(
    ("xy", "yx", "expected", "confidence"),
    [
        (
            probabilities(ca=0.9),
            probabilities(ca=0.9),
            ("align", "align", "align"),
            (0.9, 0.9, 0.9),
        ),
        (
            probabilities(cp=0.9),
            probabilities(),
            ("predict x->y", "unimodal y", "concatenate"),
            (0.9, 1.0, 1.0),
        ),
        (
            probabilities(),
            probabilities(cp=0.85),
            ("unimodal x", "predict y->x", "concatenate"),
            (1.0, 0.85, 1.0),
        ),
        (
            probabilities(both=0.9),
            probabilities(both=0.9),
            ("align", "align", "align"),
            (0.9, 0.9, 0.9),
        ),
        (
            probabilities(ca=0.5),
            probabilities(ca=0.5),
            ("collect more data",) * 3,
            (0.5, 0.5, 0.5),
        ),
    ],
)
@pytest.mark.parametrize("empty", [False, True])
def test_without_an_outlook_the_regime_decides(xy, yx, expected, confidence, empty):
    outlook = Outlook((), np.empty((0, 10)), np.empty(0), 3) if empty else None
    found = recommend(outlook, xy, yx, ())
    assert tuple(found[view].objective for view in ("x", "y", "both")) == expected
    for view, value in zip(("x", "y", "both"), confidence, strict=True):
        assert found[view].confidence == pytest.approx(value)
        assert "no outlook was computed" in found[view].reasons[0]


def test_nothing_gains_on_a_perfect_score():
    # Draws reach far beyond 1, as errors of a few rows may; the gain of .02 shrinks to .012.
    perfect = {("raw", "x"): 1.0, ("align", "x"): 1.0}
    near = {("raw", "x"): 0.99, ("align", "x"): 1.01, ("predict x->y", "x"): 0.9}
    options = options_for(make_outlook(perfect, spread=0.03), "x", 0.95)
    stay, align = options.staying, options.cross_modal[0]
    assert (align.plausible <= np.maximum(1.0 - stay.draws, 0.0)).all()
    assert align.plausible.min() < -0.03
    # The draws of the perfect score lie evenly around 1: in half of them there is nothing to gain.
    assert options.probability_best(stay) > 0.75
    capped = options_for(make_outlook(near, spread=0.001), "x", 0.95).cross_modal[0]
    assert capped.gain == pytest.approx(0.02)
    assert capped.expected == pytest.approx(0.01)
    assert capped.plausible.max() < 0.015


def test_what_is_trained_is_foretold_by_the_lifted_code():
    # The linear code would gain ten points; networks do as the lifted one does, which loses two.
    outlook = make_outlook({("align", "x"): 0.70}, lifted={("align", "x"): 0.58})
    options = options_for(outlook, "x", 0.95)
    align = next(option for option in options.cross_modal if option.objective == "align")
    assert (align.kind, align.score) == ("lifted", 0.58)
    assert align.gain == pytest.approx(-0.02)
    assert align.by_kind == {"linear": 0.70, "lifted": 0.58}
    assert (options.staying.objective, options.staying.kind) == ("unimodal x", "linear")
    assert choose(outlook)["x"].objective == "unimodal x"
