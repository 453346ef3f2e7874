"""The atlas: pair by pair what a diagnosis says, whatever the order, the workers, the names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import crossphase as xp
from crossphase import InputError, Settings

QUICK = Settings(stability=False, n_draws=120, n_permutations=49, lift_features=20, n_folds=3)


def four_views(seed: int, n: int = 240) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Two views of a signal of three dimensions, one of a part of it, and one of nothing."""
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=(n, 3))
    views = {
        "strong": np.hstack([signal + 0.4 * rng.normal(size=(n, 3)), rng.normal(size=(n, 3))]),
        "weights": signal[:, [0, 0, 0, 0]] * [1, 0, 0, 0] + 0.7 * rng.normal(size=(n, 4)),
        "part": signal[:, 1:] + 0.7 * rng.normal(size=(n, 2)),
        "void": rng.normal(size=(n, 4)),
    }  # fmt: skip
    return views, signal @ [1.0, 1.0, 0.5]


@pytest.fixture(scope="module")
def found():
    views, labels = four_views(0)
    return xp.atlas(views, labels[:90], labelled=range(90), settings=QUICK)


def test_every_pair_is_what_its_diagnosis_says(found):
    views, labels = four_views(0)
    assert len(found.pairs) == 6
    for pair in found.pairs:
        d = xp.diagnose(
            views[pair.x], views[pair.y], labels[:90], labelled=range(90), settings=QUICK
        )
        assert pair.x < pair.y
        assert pair.regime is d.regime
        assert pair.probabilities == d.probabilities
        assert pair.probabilities_yx == d.probabilities_yx
        for ratio, separation in zip(
            (pair.alignment, pair.prediction_xy, pair.prediction_yx), d.separations, strict=True
        ):
            assert ratio.delta == pytest.approx(separation.delta, rel=1e-6)
            assert ratio.probability == separation.probability
        apart = d.log_delta_draws[:, 1] - d.log_delta_draws[:, 2]
        ahead = np.sign(np.where(np.abs(apart) < 1e-9, 0.0, apart)).mean()
        assert pair.direction == ("x->y" if ahead >= 0 else "y->x")
        assert pair.direction_probability == pytest.approx(0.5 + abs(ahead) / 2)
        scores = [(row.representation, row.view, row.kind, row.score) for row in d.outlook]
        ours = [(row.representation, row.view, row.kind, row.score) for row in pair.outlook]
        for one, other in zip(ours, scores, strict=True):
            assert one[:3] == other[:3]
            assert one[3] == pytest.approx(other[3], abs=1e-6)
        for view, advice in pair.recommendations.items():
            assert advice.objective == d.recommendations[view].objective


def test_order_names_and_workers_change_nothing(found):
    views, labels = four_views(0)
    back = dict(reversed(views.items()))
    again = xp.atlas(back, labels[:90], labelled=range(90), settings=QUICK, workers=2)
    assert again.to_json() == found.to_json()
    # Names that sort alike give the same numbers, even those that arguments inside have.
    called = {"strong": "s", "weights": "weights", "part": "chunk_rows", "void": "v"}
    assert sorted(called.values()) == [called[name] for name in sorted(called)]
    renamed = xp.atlas(
        {called[name]: view for name, view in views.items()},
        labels[:90], labelled=range(90), settings=QUICK,
    )  # fmt: skip
    assert [a.gain for a in renamed.additions] == [a.gain for a in found.additions]
    assert renamed.names == tuple(called[name] for name in found.names)


def test_gains_say_which_modality_brings_something(found):
    assert found.best.name == "strong"
    assert found.best.best_probability > 0.9
    assert found.names[-1] == "void"
    assert found.metric == "R²"
    assert (found.chance, found.n_rows, found.n_labelled) == (0.0, 240, 90)
    # Each of the weaker views holds what the other lacks.
    assert {"part", "strong"} <= {a.added for a in found.worth_adding("weights")}
    assert {"weights", "strong"} <= {a.added for a in found.worth_adding("part")}
    assert "void" not in {a.added for a in found.additions if a.worth}
    assert found.n_compared == {"beside": 24, "in training": 48}
    assert len(found.additions) == 12 + 24


def test_what_is_told_is_consistent(found):
    for name in found.names:
        for how in ("beside", "in training"):
            adding = found.adding(name, how)
            assert {a.added for a in adding} == set(found.names) - {name}
            assert [a.gain for a in adding] == sorted((a.gain for a in adding), reverse=True)
    best = {
        frozenset((a.at_hand, a.added)): a.gain
        for a in sorted(found.additions, key=lambda a: a.gain)
        if a.how == "in training"
    }
    gains = [best[frozenset((pair.x, pair.y))] for pair in found.pairs]
    assert gains == sorted(gains, reverse=True)
    pair = found.pair("strong", "part")
    assert found.pair("part", "strong") is pair
    assert pair.seen_from("part") == (pair.regime, pair.probabilities)
    assert pair.seen_from("strong") == (pair.regime_yx, pair.probabilities_yx)
    assert all(0.0 <= each.likeness <= 1.0 for each in found.pairs)
    assert pair.likeness > found.pair("part", "void").likeness


@pytest.mark.parametrize("kind", ["continuous", "classes"])
def test_a_modality_of_noise_is_never_worth_adding(kind):
    for seed in (1000, 1001):
        views, labels = four_views(seed, n=150)
        if kind == "classes":
            labels = np.where(labels > 0, "high", "low")
        chosen = {name: views[name] for name in ("strong", "part", "void")}
        found = xp.atlas(chosen, labels[:60], labelled=range(60), settings=QUICK, seed=seed)
        assert [a for a in found.additions if a.worth and a.added == "void"] == []
        # What is trained with noise learns nothing, whatever is at hand.
        assert found.worth_adding("void", "in training") == ()


def test_moments_of_all_or_of_each_pair_give_the_same(monkeypatch, found):
    import importlib

    module = importlib.import_module("crossphase.pairwise.atlas")
    monkeypatch.setattr(module, "_WIDEST_JOINT", 3)
    views, labels = four_views(0)
    chosen = {name: views[name] for name in ("part", "strong")}
    again = xp.atlas(chosen, labels[:90], labelled=range(90), settings=QUICK)
    one, other = again.pair("part", "strong"), found.pair("part", "strong")
    assert one.probabilities == other.probabilities
    assert one.alignment.delta == pytest.approx(other.alignment.delta, rel=1e-9)


def test_one_pass_over_the_rows_serves_all_pairs(monkeypatch):
    read = []
    from_arrays = xp.Moments.from_arrays.__func__
    monkeypatch.setattr(
        xp.Moments,
        "from_arrays",
        classmethod(lambda cls, **given: read.append(sorted(given)) or from_arrays(cls, **given)),
    )
    views, labels = four_views(2)
    bare = replace(QUICK, outlook=False)
    xp.atlas(views, labels[:60], labelled=range(60), settings=bare)
    assert read == [["view part", "view strong", "view void", "view weights"]]


def test_without_an_outlook_there_are_regimes_and_no_gains():
    views, labels = four_views(0)
    bare = replace(QUICK, outlook=False)
    found = xp.atlas(views, labels[:60], labelled=range(60), settings=bare)
    assert found.additions == ()
    assert found.n_compared == {}
    assert np.isnan(found.chance)
    assert found.names == tuple(sorted(views))
    assert "No outlook was computed" in found.verdict
    few = xp.atlas(
        {name: views[name] for name in ("part", "strong")},
        np.where(np.arange(60) < 58, "common", "rare"),
        labelled=range(60),
        settings=QUICK,
    )
    assert few.additions == ()
    assert {"no-outlook", "outlook-rare-classes"} <= {f.code for f in few.warnings}
    assert all(f.code != "no-outlook" for pair in few.pairs for f in pair.warnings)


def test_groups_labels_of_both_kinds_and_progress():
    views, labels = four_views(3)
    chosen = {name: views[name] for name in ("part", "strong")}
    told = []
    both = {"depth": labels[:100], "type": np.where(labels[:100] > 0, "B", "T")}
    found = xp.atlas(
        chosen, both, labelled=range(100), groups=np.arange(240) // 8, settings=QUICK,
        progress=lambda stage, share: told.append((stage, share)),
    )  # fmt: skip
    assert found.metric == "mean score (R² and balanced accuracy)"
    assert found.labels == (("depth", "continuous"), ("type", "classes"))
    assert found.chance == pytest.approx(0.25)
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == ("done", 1.0)
    alone = xp.atlas(chosen, both, labelled=range(100), settings=QUICK)
    assert alone.additions != found.additions


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"workers": 0}, "workers=0: give a whole number"),
        ({"workers": True}, "workers=True"),
        ({"settings": {"seed": 1}}, "give a crossphase.Settings"),
        ({"settings": Settings(estimator="published")}, "robust estimator alone"),
        ({"labels": None}, "no labels"),
        ({"labels": [np.nan] * 240}, "missing in all 240 rows"),
        ({"seed": -1}, "seed=-1"),
    ],
)
def test_bad_choices_are_refused_in_one_line(choices, message):
    views, labels = four_views(0)
    with pytest.raises(InputError, match=message) as caught:
        xp.atlas(views, **({"labels": labels} | choices))
    assert "\n" not in str(caught.value)


def test_data_come_once():
    views, labels = four_views(0)
    data = xp.MultimodalData.from_arrays(views, labels)
    with pytest.raises(InputError, match="MultimodalData holds the labels"):
        xp.atlas(data, labels)
    label = xp.datasets.DatasetLabel(np.where(np.arange(240) < 60, labels, np.nan), "continuous")
    dataset = xp.datasets.Modalities("made", views, {"depth": label})
    with pytest.raises(InputError, match="Modalities holds the labels"):
        xp.atlas(dataset, labels)
    found = xp.atlas(dataset, settings=replace(QUICK, outlook=False))
    assert (found.labels, found.n_labelled) == ((("depth", "continuous"),), 60)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a: a.pair("part", "nil"), "no pair of 'part' and 'nil'"),
        (lambda a: a.adding("nil"), "at_hand='nil': choose one of"),
        (lambda a: a.adding(how="later"), "how='later'"),
        (lambda a: a.to_frame("rows"), "table='rows'"),
        (lambda a: a.plot(kind="pie"), "kind='pie'"),
    ],
)
def test_unknown_words_are_refused(found, call, message):
    with pytest.raises(InputError, match=message):
        call(found)
