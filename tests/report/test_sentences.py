from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from crossphase.report.sentences import (
    action,
    label_words,
    link,
    meaning_of,
    probability_said,
    regime_meaning,
    required_dimension,
    verdict,
)
from crossphase.report.summary import summarise
from crossphase.results import Recommendation
from crossphase.theory.regimes import Regime


def advise(d, objective, deploy="both", confidence=0.93, reasons=("Because.",)):
    advice = {**d.recommendations, deploy: Recommendation(deploy, objective, confidence, reasons)}
    return replace(d, recommendations=advice, settings=replace(d.settings, deploy=deploy))


def test_verdict_names_the_training_its_probability_and_the_reason(diagnosis):
    assert verdict(diagnosis) == (
        "Predict karhunen from fourier: probability 0.93. Aligning would learn batch, not digit."
    )
    assert probability_said(diagnosis) == (
        "0.93 is the probability that nothing else scores more than 0.01 better on held-out rows."
    )
    assert str(diagnosis) == f"CP only: {diagnosis.verdict}"


@pytest.mark.parametrize(
    ("objective", "order"),
    [
        ("align", "Align fourier and karhunen"),
        ("predict x->y", "Predict karhunen from fourier"),
        ("predict y->x", "Predict fourier from karhunen"),
        ("unimodal x", "Stay with fourier alone"),
        ("unimodal y", "Stay with karhunen alone"),
        ("concatenate", "Concatenate fourier and karhunen"),
        ("collect more data", "Collect more data before training"),
    ],
)
def test_every_objective_has_its_order(diagnosis, objective, order):
    assert action(objective, diagnosis.data) == order
    assert verdict(advise(diagnosis, objective)).startswith(order)


def test_strongest_nuisance_is_named_for_each_objective(diagnosis, make_diagnosis):
    assert meaning_of(diagnosis, Regime.CA_ONLY) == (
        "Predicting karhunen from fourier would learn batch, not digit."
    )
    hidden = replace(diagnosis.drivers[1], nuisance=-1)
    d = replace(diagnosis, drivers=(diagnosis.drivers[0], hidden, diagnosis.drivers[2]))
    assert "learn shared nuisance, not digit" in meaning_of(d, Regime.CA_ONLY)
    assert "learn batch, not digit" in meaning_of(d, Regime.CP_ONLY)
    older = make_diagnosis(drivers=())
    assert "learn batch" in meaning_of(older, Regime.CP_ONLY)
    assert "learn shared nuisance" in regime_meaning(Regime.CP_ONLY, diagnosis.data)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("cell type",), "cell type"),
        (("label_0",), "the labels"),
        (("Target",), "the labels"),
        (("y",), "the labels"),
        (("age", "sex"), "the labels"),
        ((), "the labels"),
    ],
)
def test_labels_are_called_by_a_telling_name(diagnosis, names, words):
    labels = tuple((name, "classes") for name in names)
    assert label_words(replace(diagnosis.data, labels=labels)) == words


@pytest.mark.parametrize("regime", [r for r in Regime if r is not Regime.UNDETERMINED])
def test_training_against_the_regime_is_explained_by_the_decisive_reason(diagnosis, regime):
    said = verdict(advise(replace(diagnosis, regime=regime), "align", "x"))
    if regime in (Regime.BOTH, Regime.CA_ONLY):
        assert said.endswith(meaning_of(diagnosis, regime))
    else:
        assert said.endswith("Because.")


def test_staying_is_explained_by_the_outlook_and_without_one_by_the_regime(diagnosis):
    stay = advise(replace(diagnosis, regime=Regime.NEITHER), "concatenate")
    assert verdict(stay).endswith(
        "No cross-modal objective is expected to do better on held-out rows."
    )
    bare = replace(stay, outlook=())
    assert verdict(bare).endswith(meaning_of(diagnosis, Regime.NEITHER))
    assert verdict(replace(bare, regime=Regime.BOTH)).endswith("Because.")


def test_undetermined_says_why_and_what_is_most_likely(undetermined):
    said = verdict(undetermined)
    assert said.startswith("Predict karhunen from fourier: probability 0.93.")
    assert said.endswith(
        "The regime cannot be told (most likely CP only, 0.50): "
        "the interval of Δ of alignment straddles 1."
    )


def test_undetermined_does_not_repeat_itself(undetermined):
    reason = undetermined.undetermined_reason
    said = verdict(advise(undetermined, "collect more data", reasons=(reason,)))
    assert said.count("straddles 1") == 1


def test_published_is_called_a_point_estimate(published):
    said = verdict(published)
    assert "point estimate" in said
    assert "probability" not in said
    assert "Δ = 0.00 for alignment and ∞" in said


def test_collecting_more_data_states_no_probability(diagnosis):
    said = verdict(advise(diagnosis, "collect more data", reasons=("Only 12 labels",)))
    assert said == "Collect more data before training. Only 12 labels."


def test_required_dimension_in_words(diagnosis):
    align, predict = diagnosis.alignment, diagnosis.prediction_xy
    assert "only from a latent dimension of 4 (between 4 and 5)" in required_dimension(align)
    assert "1 stronger nuisance component." in required_dimension(align)
    assert "dimension of 3 (between 3 and 4): its signal components come first" in (
        required_dimension(predict)
    )
    none = replace(
        align, required_dim=0, required_dim_interval=(0, 0), signal_probability=np.zeros(6)
    )
    assert "no signal component" in required_dimension(none)


def test_summary_rows_are_those_of_the_diagnosis(diagnosis):
    s = summarise(diagnosis)
    assert sum(row.probability for row in s.regimes) == pytest.approx(1.0)
    assert [row.regime for row in s.regimes if row.most_likely] == ["CP only"]
    assert [row.delta for row in s.separations] == [0.7, 1.9, 0.9]
    assert sum(len(group.lines) for group in s.outlook) == len(diagnosis.outlook)
    assert [w.severity for w in s.warnings] == ["serious", "info"]
    assert [row.deploy for row in s.recommendations if row.chosen] == ["both"]
    effects = {line.effect for group in s.outlook for line in group.lines}
    assert effects == {"baseline", "helps", "harms", "unclear"}


def test_two_metrics_make_two_sets_of_tables(diagnosis):
    both = diagnosis.outlook + tuple(replace(row, metric="r2") for row in diagnosis.outlook)
    groups = summarise(replace(diagnosis, outlook=both)).outlook
    assert [g.metric for g in groups] == ["balanced accuracy"] * 3 + ["R²"] * 3
    assert groups[3].title == "only fourier at hand"


@pytest.mark.parametrize(
    ("regime", "objective", "words"),
    [
        (Regime.BOTH, "unimodal x", "Either would find the signal, but fourier alone already"),
        (Regime.CA_ONLY, "concatenate", "but the two side by side already show it as well."),
        (Regime.CP_ONLY, "unimodal y", "Predicting karhunen from fourier would find the signal"),
        (Regime.NEITHER, "align", "It gains on held-out rows all the same"),
    ],
)
def test_regime_and_advice_that_seem_to_clash_are_linked(diagnosis, regime, objective, words):
    d = advise(replace(diagnosis, regime=regime), objective)
    assert words in link(d)
    assert words in summarise(d).regime_note
    assert link(replace(d, outlook=())) == ""


@pytest.mark.parametrize(
    ("regime", "objective"),
    [
        (Regime.NEITHER, "concatenate"),
        (Regime.BOTH, "align"),
        (Regime.UNDETERMINED, "unimodal x"),
        (Regime.BOTH, "collect more data"),
    ],
)
def test_nothing_links_what_follows_by_itself(diagnosis, regime, objective):
    assert link(advise(replace(diagnosis, regime=regime), objective)) == ""


def test_probability_without_an_outlook_is_of_the_regime(diagnosis):
    bare = replace(diagnosis, outlook=())
    said = probability_said(advise(bare, "align"))
    assert said == "0.93 is the probability that it recovers the signal."
    said = probability_said(advise(bare, "concatenate"))
    assert said.endswith("that cross-modal training would not recover the signal.")
