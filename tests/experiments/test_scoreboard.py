"""The scoreboard: what it counts, which rows it uses, and a run in small."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from crossphase import datasets
from crossphase.datasets import DatasetLabel, Modalities
from crossphase.experiments.scoreboard.problems import SCALES, ScoreboardScale, problems
from crossphase.experiments.table import Table

pytest.importorskip("torch", reason="PyTorch is not installed: crossphase[torch]")
pytest.importorskip("lightning", reason="Lightning is not installed: crossphase[torch]")

from crossphase.cli import main
from crossphase.experiments.scoreboard import cell, judge, score
from crossphase.experiments.scoreboard.cell import DEPLOYS, OPTIONS, split_rows
from crossphase.experiments.scoreboard.misses import misses
from crossphase.nonlinear import probing
from crossphase.outlook.folds import assign_folds
from crossphase.outlook.imputation import impute
from crossphase.outlook.probe import Task

DEFAULTS = {
    "seed": 0, "label": 0, "deploy": "x", "score": 0.5, "raw": 0.5, "tied": 0, "harms": 0,
    "validated": 0.5, "score_usual": 0.5, "tied_usual": 0, "harms_usual": 0, "raw_usual": 0.5,
    "recommended": 0, "confidence": 0.9, "published": 0,
    "linear": 0.0, "lifted": 0.0, "foretold_harm": 0, "regime": 0, "published_regime": 0,
}  # fmt: skip


def table(name, *rows) -> Table:
    """A pair's table; a row is an option and what differs from the defaults."""
    filled = [DEFAULTS | {"option": option} | changes for option, changes in rows]
    for row in filled:
        row["option"] = OPTIONS.index(row["option"])
        row["deploy"] = DEPLOYS.index(row["deploy"])
    columns = {key: np.array([row[key] for row in filled], float) for key in filled[0]}
    return Table(name, {}, 1.0, columns)


# At x: aligning is best and recommended, predicting harms and was foretold to. At both: aligning
# was recommended, surely, and harms; laying side by side is best.
FIRST = table(
    "a.u-v",
    ("unimodal x", {"score": 0.60, "raw": 0.50, "tied": 0, "published": 1}),
    ("align", {"score": 0.70, "raw": 0.50, "tied": 1, "recommended": 1, "validated": 0.6,
               "linear": 0.02, "lifted": 0.15}),
    ("predict x->y", {"score": 0.45, "raw": 0.50, "harms": 1, "foretold_harm": 1,
                      "linear": 0.03, "lifted": -0.05}),
    ("autoencode", {"score": 0.99, "raw": 0.50, "tied": np.nan, "validated": 0.9}),
    ("unimodal x", {"deploy": "both", "score": 0.6, "raw": 0.6, "validated": 0.55}),
    ("unimodal y", {"deploy": "both", "score": 0.5, "raw": 0.5}),
    ("concatenate", {"deploy": "both", "score": 0.80, "raw": 0.80, "tied": 1,
                     "published": 1}),
    ("align", {"deploy": "both", "score": 0.70, "raw": 0.80, "harms": 1,
               "recommended": 1, "linear": 0.01, "lifted": -0.10}),
)  # fmt: skip
# At y of another set: all but the same; the outlook foretells harm to a code that gains.
SECOND = table(
    "b.u-v",
    ("unimodal y", {"deploy": "y", "score": 0.50, "raw": 0.50, "tied": 1,
                    "recommended": 1, "published": 1}),
    ("align", {"deploy": "y", "score": 0.505, "raw": 0.50, "tied": 1,
               "lifted": 0.01}),
    ("predict y->x", {"deploy": "y", "score": 0.53, "raw": 0.50, "tied": 1,
                      "foretold_harm": 1, "lifted": 0.01}),
)  # fmt: skip
BOTH = (FIRST, SECOND)


@pytest.mark.parametrize(
    ("rule", "tied", "regret", "harms"),
    [
        ("recommended", 2 / 3, (0 + 0.10 + 0.03) / 3, 1 / 3),
        ("published estimator", 2 / 3, (0.10 + 0 + 0.03) / 3, 0),
        ("always align", 2 / 3, (0 + 0.10 + 0.025) / 3, 1 / 3),
        ("always predict", 2 / 3, (0.25 + 0 + 0) / 3, 1 / 3),
        ("never cross-modal", 2 / 3, (0.10 + 0 + 0.03) / 3, 0),
        ("train all, choose by labels", 2 / 3, (0 + 0.20 + 0.03) / 3, 0),
    ],
)
def test_rules(rule, tied, regret, harms) -> None:
    found = score.rule_score(rule, BOTH)
    assert (found.n, found.best_or_tied) == (3, pytest.approx(tied))
    assert found.regret == pytest.approx(regret)
    assert found.harms == pytest.approx(harms)
    low, high = found.regret_interval
    assert low <= found.regret <= high


def test_a_point_is_a_point_whatever_the_noise() -> None:
    assert score.rule_score("recommended", BOTH).within_point == pytest.approx(1 / 3)
    assert score.sure_share(BOTH) == (3, pytest.approx(2 / 3))


def test_columns_of_the_usual_probe_are_scored_by_themselves() -> None:
    changed = {key: values.copy() for key, values in FIRST.columns.items()}
    changed["score_usual"][0] = 0.9  # x alone, where aligning is recommended
    changed["tied_usual"][1] = 1
    changed["raw_usual"][1] = 0.1
    other = [Table("a.u-v", {}, 1.0, changed)]
    found = score.rule_score("recommended", other, by="_usual")
    assert found.regret == pytest.approx((0.4 + 0.0) / 2)
    assert found.best_or_tied == pytest.approx(0.5)
    assert score.rule_score("recommended", other).regret == pytest.approx(0.05)
    np.testing.assert_allclose(score.gains(other, by="_usual")["trained"], [0.4, 0.0, 0.0])


def test_sets_count_the_same_whatever_their_size() -> None:
    found = score.rule_score("recommended", BOTH)
    assert found.best_or_tied_by_set == pytest.approx((1 / 2 + 1) / 2)
    assert found.regret_by_set == pytest.approx((0.05 + 0.03) / 2)


def test_every_second_set_of_the_catalogue_chooses() -> None:
    tables = [Table(f"{name}.u-v", {}, 1.0, {}) for name in ("glyphs", "digits-views", "emoji")]
    found = {half: [t.name for t in part] for half, part in score.halves(tables).items()}
    assert found == {"chose": ["digits-views.u-v", "emoji.u-v"], "report": ["glyphs.u-v"]}


def blobs(rng, n, width):
    numbers = rng.integers(4, size=n)
    centres = np.random.default_rng(5).normal(size=(4, width)) * 1.2
    return centres[numbers] + rng.normal(size=(n, width)) * np.geomspace(1, 8, width), numbers


@pytest.mark.parametrize("grouped", [False, True])
def test_classes_get_the_mean_of_two_probabilities(grouped) -> None:
    rng = np.random.default_rng(0)
    code, numbers = blobs(rng, 80, 40)
    new, truth = blobs(rng, 2000, 40)
    task = Task("classes", numbers[:, None].astype(float), 4)
    groups = np.arange(80) // 2 if grouped else None
    found = judge.predictions(code, task, new, rng=np.random.default_rng(1), groups=groups)
    search = probing.logistic_search(code, task, rng=np.random.default_rng(1), groups=groups)
    scaler = StandardScaler().fit(code)
    folds = None
    if groups is not None:
        folds = assign_folds(80, 5, np.random.default_rng(0), groups=groups)
    discriminant = impute(scaler.transform(code), task, scaler.transform(new), folds)
    both = search.predict_proba(new) + discriminant
    np.testing.assert_array_equal(found.preferred[:, 0], both.argmax(axis=1))
    np.testing.assert_array_equal(found.usual[:, 0], search.predict(new))
    assert (found.preferred[:, 0] == truth).mean() > 0.4


@pytest.mark.parametrize("kind", ["classes", "continuous"])
def test_validated_scores_are_near_those_of_new_rows(kind) -> None:
    validated, true = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        code, numbers = blobs(rng, 120, 6)
        new, truth = blobs(rng, 1000, 6)
        if kind == "classes":
            task = Task("classes", numbers[:, None].astype(float), 4)
            found = judge.predictions(code, task, new, rng=rng)
            right = found.preferred[:, 0] == truth
            true.append(np.mean([right[truth == k].mean() for k in range(4)]))
        else:
            weights = np.random.default_rng(1).normal(size=6) / np.geomspace(1, 8, 6)
            values = [z @ weights + rng.normal(size=len(z)) for z in (code, new)]
            task = Task("continuous", values[0][:, None])
            found = judge.predictions(code, task, new, rng=rng)
            error = ((found.preferred[:, 0] - values[1]) ** 2).mean()
            true.append(1.0 - error / values[1].var())
        validated.append(found.validated)
    # Four fifths of so few rows learn a little less than all of them.
    assert -0.06 < np.mean(validated) - np.mean(true) < 0.02


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores:UserWarning")
def test_groups_that_leave_one_class_to_learn_are_predicted_it() -> None:
    rng = np.random.default_rng(4)
    groups = np.arange(60) // 10
    numbers = ((groups == 0) & (np.arange(60) % 2 == 0)).astype(float)
    code = rng.normal(size=(60, 3)) + numbers[:, None]
    task = Task("classes", numbers[:, None], 2)
    found = judge.predictions(code, task, code, rng=rng, groups=groups)
    assert 0.0 < found.validated < 1.0


def test_preferred_values_stay_within_the_labels_learned_from() -> None:
    rng = np.random.default_rng(3)
    code = rng.normal(size=(30, 2))
    new = np.vstack([code, [[9.0, 0.0]]])
    found = judge.predictions(code, Task("continuous", code[:, :1]), new, rng=rng)
    preferred, usual = found.preferred, found.usual
    np.testing.assert_allclose(usual[:, 0], new[:, 0], atol=0.2)
    np.testing.assert_array_equal(
        preferred, np.minimum(usual, code[:, 0].max()).clip(code[:, 0].min())
    )
    assert preferred[-1, 0] == code[:, 0].max()


def test_hindsight_takes_one_option_for_all_splits() -> None:
    def split(seed, alone, aligned):
        return (
            ("unimodal x", {"seed": seed, "score": alone, "tied": float(alone > aligned)}),
            ("align", {"seed": seed, "score": aligned, "tied": float(aligned > alone)}),
            ("autoencode", {"seed": seed, "score": 0.99, "tied": np.nan}),
        )

    both = table("a.u-v", *split(0, 0.6, 0.5), *split(1, 0.6, 0.8))
    # Aligning is better by .05 on average, and loses .1 on the first split.
    assert score.hindsight([both]) == (pytest.approx(0.5), pytest.approx(0.05))


def test_misses_name_the_best_option_and_what_was_foretold_of_it() -> None:
    weak = table(
        "digits-views.fourier-profile",
        ("unimodal x", {"score": 0.7, "raw": 0.7, "recommended": 1, "confidence": 0.6}),
        ("align", {"score": 0.8, "raw": 0.7, "lifted": 0.01, "tied": 1}),
        ("autoencode", {"score": 0.9, "raw": 0.7, "tied": np.nan}),
    )
    [miss] = misses([weak])
    assert (miss.label, miss.split, miss.deploy) == ("digit", 0, "x")
    assert (miss.recommended, miss.best, miss.confidence) == ("unimodal x", "align", 0.6)
    assert (miss.regret, miss.trained) == (pytest.approx(0.1), pytest.approx(0.1))
    assert miss.foretold == 0.01
    fine = {**weak.columns, "tied": np.array([1.0, 1.0, np.nan])}
    assert misses([Table(weak.name, {}, 1.0, fine)]) == []


def test_intervals_draw_whole_pairs() -> None:
    found = score.rule_score("recommended", (FIRST, SECOND))
    # Two pairs: both the same or one each.
    assert found.best_or_tied_interval == (pytest.approx(0.5), pytest.approx(1.0))


def test_harm_is_counted_over_cross_modal_options() -> None:
    found = score.harm_count(BOTH)
    assert (found.options, found.harmful, found.foretold) == (5, 2, 1)
    assert (found.advised, found.advised_surely, found.false_alarms) == (1, 1, 1)


def test_gains_are_means_over_splits_of_each_code() -> None:
    again = {key: values.copy() for key, values in SECOND.columns.items()}
    again["seed"] += 1
    again["score"] += 0.1
    two = {key: np.concatenate([SECOND[key], again[key]]) for key in again}
    found = score.gains([Table("b.u-v", {}, 1.0, two)])
    np.testing.assert_allclose(sorted(found["trained"]), [0.055, 0.08])
    assert found["lifted"].tolist() == [0.01, 0.01]


def test_agreement() -> None:
    lifted, linear = score.agreement("lifted", BOTH), score.agreement("linear", BOTH)
    trained = np.array([0.20, -0.05, -0.10, 0.005, 0.03])
    foretold = np.array([0.15, -0.05, -0.10, 0.01, 0.01])
    assert lifted.n == 5
    assert lifted.correlation == pytest.approx(np.corrcoef(trained, foretold)[0, 1])
    # Ranks 5, 2, 1, 3, 4 and 5, 2, 1, 3.5, 3.5.
    assert lifted.rank_correlation == pytest.approx(0.9747, abs=1e-4)
    assert (lifted.n_beyond, lifted.sign_right) == (4, 1.0)
    assert lifted.mean_error == pytest.approx(np.abs(trained - foretold).mean())
    assert lifted.bias == pytest.approx((foretold - trained).mean())
    assert linear.sign_right == pytest.approx(1 / 4)


def test_problems_leave_labels_out_that_were_derived_from_a_view(monkeypatch) -> None:
    monkeypatch.setattr(datasets, "place", lambda name, folder: "here")
    found, absent = problems(SCALES["small"])
    labels = {(p.dataset, p.x, p.y): p.labels for p in found}
    assert labels["tcga-breast", "rna", "methylation"] == ("histology",)
    assert labels["tcga-breast", "methylation", "mirna"] == ("histology", "subtype")
    assert ("elements", "text", "physical") not in labels
    assert sum(p.dataset == "digits-views" for p in found) == 15
    assert sum(map(len, labels.values())) >= 30
    assert absent == ()


def test_sets_that_are_not_here_are_named(tmp_path) -> None:
    found, absent = problems(SCALES["small"], folder=str(tmp_path))
    assert {p.dataset for p in found} == {"digits-views", "glyphs"}
    assert "brown-dwarfs" in absent
    with pytest.raises(Exception, match="no dataset is here"):
        problems(ScoreboardScale("s", ("htad",), 0, 0, 9, 9, 1), folder=str(tmp_path))


def test_test_rows_are_seen_by_nothing_and_shared_by_the_pairs_of_a_set() -> None:
    few = np.where(np.arange(100) < 15, "u", "")
    data = Modalities(
        "set",
        {"a": np.zeros((100, 2)), "b": np.zeros((100, 2))},
        {
            "all": DatasetLabel(np.array(["u", "v"] * 50), "classes"),
            "few": DatasetLabel(few, "classes"),
            "some": DatasetLabel(np.where(np.arange(100) < 60, 1.0, np.nan), "continuous"),
        },
    )
    train, by_label = split_rows(data, 20, np.random.default_rng(3))
    assert len(train) == 60
    assert sorted(by_label) == ["all", "some"]
    for name, rows in by_label.items():
        assert len(rows.learn) == 20
        assert set(rows.learn) <= set(train)
        assert not set(rows.test) & set(train)
        assert data.labels[name].labelled[np.concatenate([rows.learn, rows.test])].all()
    assert len(by_label["all"].test) == 40
    again, _ = split_rows(data, 20, np.random.default_rng(3))
    np.testing.assert_array_equal(again, train)


def test_the_published_regime_becomes_an_option() -> None:
    class Ratio:
        def __init__(self, delta):
            self.delta = delta

    class Published:
        alignment, prediction_xy, prediction_yx = Ratio(2.0), Ratio(3.0), Ratio(0.5)

    assert cell._published_choice(Published, "x") == "predict x->y"
    assert cell._published_choice(Published, "y") == "align"
    assert cell._published_choice(Published, "both") == "align"
    Published.alignment = Ratio(0.9)
    assert cell._published_choice(Published, "y") == "unimodal y"
    assert cell._published_choice(Published, "both") == "concatenate"


def test_a_run_in_small_is_resumed_and_printed(tmp_path, capsys, monkeypatch) -> None:
    tiny = ScoreboardScale("smoke", ("digits-views",), 1, 200, 60, 1, 1)
    monkeypatch.setitem(SCALES, "smoke", tiny)
    folder = tmp_path / "board"
    arguments = ["reproduce", "scoreboard", "--out", str(folder), "--workers", "1", "--quiet"]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "1 pairs of 1 sets, 1 pairs x labels, 1 split each" in out
    for rule in score.RULES:
        assert f"| {rule} | 3 | " in out
    assert "| split | situations |" in out
    missed = (folder / "misses.md").read_text().splitlines()
    assert missed[0].startswith("| pair | label | split | at hand | done | confidence |")
    assert (folder / "gains.png").read_bytes().startswith(b"\x89PNG")
    written = (folder / "digits-views.fourier-profile.csv").read_text()
    monkeypatch.setattr(cell, "diagnose", None)
    assert main(arguments) == 0
    assert (folder / "digits-views.fourier-profile.csv").read_text() == written
    rows = np.genfromtxt(written.splitlines(), delimiter=",", names=True)
    assert len(rows) == 4 + 4 + 4
    assert set(rows["n_test"]) == {80}
    assert set(rows["n_learn"]) == {60}
    for deploy in range(3):
        part = rows[rows["deploy"] == deploy]
        assert part["recommended"].sum() == 1
        assert part["published"].sum() == 1
        assert np.nanmax(part["tied"]) == 1
