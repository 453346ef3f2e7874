"""Validation: what nothing may see, what is compared, and how it is told."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from crossphase.config import Settings
from crossphase.data import PairedData
from crossphase.errors import InputError

pytest.importorskip("torch", reason="PyTorch is not installed: crossphase[torch]")
pytest.importorskip("lightning", reason="Lightning is not installed: crossphase[torch]")

from rich.console import Console

from crossphase.nonlinear import validation
from crossphase.nonlinear.config import TrainingConfig
from crossphase.nonlinear.outcomes import Probes, verdict_on
from crossphase.nonlinear.plain import plain_features
from crossphase.nonlinear.references import both_sided, ceilings
from crossphase.report.validation_table import print_validation
from crossphase.results.outlook import MARGIN
from crossphase.results.validation import ValidationVerdict

QUICK = TrainingConfig(code_dim=4, width=32, epochs=8, batch_size=64)
SETTINGS = Settings(stability=False, n_draws=100, lift_features=100)
OBJECTIVES = ("align", "predict x->y", "autoencode x")


def arrays(n=500, n_labelled=160):
    """A weak signal in x, its clean copy in y; three loud nuisances of x alone."""
    rng = np.random.default_rng(0)
    s = rng.normal(size=(n, 1))
    x = np.hstack([s + 0.7 * rng.normal(size=(n, 6)), 3 * rng.normal(size=(n, 3))])
    y = s + 0.1 * rng.normal(size=(n, 4))
    labels = (s[:, 0] > 0).astype(float)
    labels[n_labelled:] = np.nan
    return x, y, labels


def run(x, y, labels, **options):
    data = PairedData.from_arrays(x, y, labels, label_kind="classes", **options)
    return validation.validate(
        data,
        config=QUICK,
        settings=SETTINGS,
        objectives=OBJECTIVES,
        n_seeds=2,
        supervised=True,
    )


@pytest.fixture(scope="module")
def outcome():
    return run(*arrays())


def test_what_it_reports(outcome):
    diagnosis, found = outcome
    assert (found.n_training, found.n_labelled, found.n_test) == (436, 96, 64)
    assert diagnosis.data.n_pairs == 436
    assert {(r.representation, r.view) for r in found.rows} == {
        ("raw", "x"), ("raw", "y"), ("raw", "both"), ("align", "x"), ("align", "y"),
        ("align", "both"), ("predict x->y", "x"), ("autoencode", "x"),
        ("supervised", "x"), ("supervised", "y"), ("supervised", "both"),
    }  # fmt: skip
    for row in found.rows:
        assert len(row.by_seed) == (1 if row.representation == "raw" else 2)
        assert row.score == pytest.approx(np.mean(row.by_seed))
        assert row.interval.lower <= row.score <= row.interval.upper
        known = row.representation in ("raw", "align", "predict x->y")
        assert (row.foretold_gain is not None) == known
        assert (row.isotropy is None) == (row.representation in ("raw", "supervised"))
    y_alone = next(r for r in found.rows if (r.representation, r.view) == ("raw", "y"))
    assert y_alone.score > 0.95
    for verdict in found.verdicts:
        assert verdict.regret == pytest.approx(verdict.best_score - verdict.recommended_score)
        assert verdict.best_score >= verdict.recommended_score
        assert len(verdict.regret_by_seed) == 2
        assert np.mean(verdict.regret_by_seed) >= verdict.regret - 1e-12
        assert (verdict.beyond_unimodal is None) == (verdict.deploy != "x")
    assert found.to_dict()["summary"]["held"] == sum(v.within_noise for v in found.verdicts)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["version"] == 2


def test_neither_diagnosis_nor_encoders_see_the_test_rows(outcome):
    x, y, labels = arrays()
    data = PairedData.from_arrays(x, y, labels, label_kind="classes")
    split = validation._split(data, np.random.default_rng(SETTINGS.seed))
    assert not np.intersect1d(split.test, split.train).size
    assert not np.intersect1d(split.test, split.learn).size
    x[split.test] *= -3
    diagnosis, found = run(x, y, labels)
    assert diagnosis.probabilities == outcome[0].probabilities
    before = {(r.representation, r.view): r for r in outcome[1].rows}
    for row in found.rows:
        known = before[row.representation, row.view]
        assert (row.foretold_gain, row.epochs) == (known.foretold_gain, known.epochs)
        # The same probes: those of y alone are as right as before, those of x are fooled.
        assert (row.score == known.score) == (row.view == "y")


def test_only_some_labels_may_be_seen(monkeypatch):
    x, y, labels = arrays()
    given = []

    def diagnose(data, **options):
        given.append(data)
        return real(data, **options)

    real = validation.diagnose
    monkeypatch.setattr(validation, "diagnose", diagnose)

    def some(labels):
        names = np.arange(500)
        data = PairedData.from_arrays(x, y, labels, ids_x=names, ids_y=names, label_kind="classes")
        return validation.validate(data, config=QUICK, settings=SETTINGS, objectives=(), n_learn=40)

    diagnosis, found = some(labels)
    assert (found.n_training, found.n_labelled, found.n_test) == (436, 40, 64)
    assert diagnosis.data.n_labelled == 40
    seen = given[0].ids[given[0].labelled_rows].astype(int)
    data = PairedData.from_arrays(x, y, labels, label_kind="classes")
    split = validation._split(data, np.random.default_rng(SETTINGS.seed))
    assert np.isin(seen, split.learn).all()
    # Nothing but these 40 rows carries a label into the diagnosis.
    assert int(given[0].labels.columns[0].labelled.sum()) == 40
    np.testing.assert_array_equal(np.sort(given[0].ids.astype(int)), np.sort(split.train))
    with pytest.raises(InputError, match="n_learn=19: give 20 or more"):
        validation.validate(data, config=QUICK, settings=SETTINGS, n_learn=19)


def test_two_sided_codes_stand_beside_two_sided_codes():
    x, y = (np.full((3, 1), v) for v in (1.0, 2.0))
    codes = {
        ("align", "x"): [x], ("predict x->y", "x"): [x], ("predict y->x", "y"): [y],
        ("autoencode", "x"): [x],
    }  # fmt: skip
    further, epochs = both_sided(codes, {key: [4] for key in codes})
    ((key, (found,)),) = further.items()
    assert key == ("predict both ways", "both")
    assert found.tolist() == [[1.0, 2.0]] * 3
    assert epochs == {key: [4, 4]}


def test_noisy_copies_of_one_modality_are_a_reference_beside_the_others():
    x, y, labels = arrays()
    data = PairedData.from_arrays(x, y, labels, label_kind="classes")
    _, found = validation.validate(
        data, config=QUICK, settings=SETTINGS, n_seeds=1,
        objectives=("align", *validation.SELF_ALIGNED),
    )  # fmt: skip
    score = {(row.representation, row.view): row.score for row in found.rows}
    assert {view for name, view in score if name == "self-align"} == {"x", "y", "both"}
    # Whatever a code of x knows beyond noisy copies of x, alignment has to have from y.
    at_x = next(verdict for verdict in found.verdicts if verdict.deploy == "x")
    beyond = score["align", "x"] - score["self-align", "x"]
    assert at_x.beyond_unimodal == pytest.approx(beyond)


@pytest.mark.parametrize("kind", ["images", "tokens"])
def test_images_and_tokens_are_diagnosed_by_components_of_training_rows(kind):
    rng = np.random.default_rng(0)
    side = rng.integers(0, 2, size=200)
    if kind == "images":
        values = rng.integers(0, 80, size=(200, 12, 12), dtype=np.uint8)
        values[side == 1, :6] += 150
    else:
        values = np.where(
            side[:, None] == 1, rng.integers(1, 5, (200, 6)), rng.integers(3, 9, (200, 6))
        )
    found = plain_features(values, kind, np.arange(100))
    leading = [abs(np.corrcoef(column, side)[0, 1]) for column in found.T[:2]]
    assert max(leading) > 0.9
    # What the other rows hold changes nothing.
    other = values.copy()
    other[100:] = values[100:][::-1]
    again = plain_features(other, kind, np.arange(100))
    assert np.allclose(again[:100], found[:100])
    assert np.allclose(again[100:], found[100:][::-1])


@pytest.mark.parametrize("kind", ["continuous", "classes"])
def test_supervised_networks_answer_in_the_labels_own_terms(kind):
    x, y, _ = arrays(200)
    target = 1000 + 50 * y[:, 0] if kind == "continuous" else 3.0 + (y[:, 0] > 0)
    data = PairedData.from_arrays(x, y, target, label_kind=kind)
    config = replace(QUICK, epochs=30, learning_rate=1e-2, patience=30)
    split = validation._split(data, np.random.default_rng(0))
    probes = Probes(data, split, SETTINGS, np.random.default_rng(0))
    made = ceilings(x, y, probes, config=config, n_seeds=1, kinds=("vectors", "vectors"))
    assert made["supervised", "y"].by_seed[0] > 0.9
    assert made["supervised", "both"].by_seed[0] > 0.8


def test_groups_are_tested_whole():
    x, y, labels = arrays()
    groups = np.arange(500) % 20
    data = PairedData.from_arrays(x, y, labels, label_kind="classes", groups=groups)
    split = validation._split(data, np.random.default_rng(0))
    assert not np.intersect1d(groups[split.test], groups[split.train]).size
    assert not np.intersect1d(groups[split.test], groups[split.learn]).size


@pytest.mark.parametrize(("n_wrong", "harmed"), [(1, ()), (12, ("align",))])
def test_one_row_is_no_harm_and_many_are(n_wrong, harmed):
    """A code that says more of 64 test rows wrong than the raw modality, which says all right."""
    labels = np.arange(160) % 2.0
    x = 10 * labels[:, None] + np.random.default_rng(0).normal(size=(160, 3))
    data = PairedData.from_arrays(x, x + 1.0, labels, label_kind="classes")
    split = validation._split(data, np.random.default_rng(0))
    code = data.x.copy()
    code[split.test[:n_wrong]] = 10 - code[split.test[:n_wrong]]
    probes = Probes(data, split, Settings(), np.random.default_rng(0))
    outcomes = {
        ("raw", "x"): probes.outcome([data.x], 0),
        ("align", "x"): probes.outcome([code], 0),
    }
    assert outcomes["raw", "x"].by_seed[0] == 1.0
    verdict = verdict_on("x", outcomes, recommended="align", confidence=0.9, level=0.95)
    assert verdict.harmed == harmed
    assert verdict.within_noise == (not harmed)
    assert verdict.regret > MARGIN


def test_it_is_told_in_words(outcome):
    console = Console(width=80)
    harmed = ValidationVerdict("x", "align", 0.9, "unimodal x", 0.5, 0.7, 0.2, False, ("align",))
    harmed = replace(harmed, regret_by_seed=(0.1, 0.3))
    found = replace(outcome[1], verdicts=(harmed,), names=("RNA", "<b>protein"))
    with console.capture() as captured:
        print_validation(found, console)
    text = " ".join(captured.get().split())
    assert "With RNA alone at hand: align was recommended (0.90), but RNA alone was better" in text
    assert "Training harmed: align." in text
    assert "predict <b>protein 0." in text  # on one line, at the width of a usual terminal
    assert "RNA alone at hand raw" in text
    assert "In 0 of 1 situations the recommended objective was best" in text
    assert "mean regret 0.20 ± 0.14 over 2 seeds" in text
    assert "cross-modal training harmed with RNA alone at hand" in text


@pytest.mark.parametrize(
    ("regime", "said"),
    [("CA only", "Regime: CA only (0.25)."), ("Undetermined", "(most likely CP only, 0.45).")],
)
def test_a_probability_stands_by_the_regime_that_it_is_of(outcome, regime, said):
    probabilities = {"Both": 0.2, "CA only": 0.25, "CP only": 0.45, "Neither": 0.1}
    console = Console(width=200)
    with console.capture() as captured:
        print_validation(replace(outcome[1], regime=regime, probabilities=probabilities), console)
    assert said in captured.get()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": None}, "give labels"),
        ({"few": True}, "label at least 50 rows"),
        ({"settings": Settings(outlook=False)}, "outlook"),
        ({"settings": Settings(estimator="published")}, "robust"),
        ({"n_seeds": 0}, "n_seeds=0"),
    ],
)
def test_what_cannot_be_validated(change, message):
    x, y, labels = arrays()
    if change.pop("few", False):
        labels[30:] = np.nan
    data = PairedData.from_arrays(x, y, change.pop("labels", labels), label_kind="classes")
    with pytest.raises(InputError, match=message):
        validation.validate(data, config=QUICK, **change)
