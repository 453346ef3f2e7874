"""The stereo experiments end to end at a tiny scale, and their comparison with the paper."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: crossphase[torch]")
pytest.importorskip("lightning", reason="Lightning is not installed: crossphase[torch]")

from crossphase.data import PairedData
from crossphase.errors import InputError
from crossphase.experiments.comparison import as_markdown
from crossphase.experiments.stereo import figures, suite
from crossphase.experiments.stereo.cell import (
    LEADING,
    PROBES,
    Configuration,
    codes_file,
    configurations,
    leading_accuracies,
)
from crossphase.experiments.stereo.compare import accuracies, check_accuracies, check_diagnosis
from crossphase.experiments.stereo.figures import accuracy_figure, probe_figure, write_figures
from crossphase.experiments.stereo.foretold import (
    NAMED,
    REGIMES,
    Foretold,
    foretell_from,
    name_winner,
)
from crossphase.experiments.stereo.published import published_accuracy
from crossphase.experiments.stereo.scale import FURTHER, MAIN, RUNS, SCALES
from crossphase.experiments.table import Table

TINY = replace(
    SCALES["smoke"],
    name="tiny",
    pairs=120,
    jitters=(0.0,),
    further_seeds=1,
    probe_rows=(20, 60),
    labels=60,
)
AT_ONE = Configuration(0.0, 0.5)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stereo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCALES, "tiny", TINY)
        yield folder, suite.run_stereo("dsprites", folder, scale="tiny", workers=1)


def test_every_objective_is_probed_at_every_point(tiny):
    folder, result = tiny
    tables = {name: result.table(name) for name in ("dsprites", "dsprites-further")}
    # CA, joint and DeepCCA have the codes x, y and both, the others one; two sizes of the
    # converged probe, one of the published one, one on leading components.
    for (name, table), codes in zip(tables.items(), (3 + 1 + 1, 1 + 3 + 3), strict=True):
        assert table is not None, name
        assert len(table["accuracy"]) == codes * 4
        assert ((table["accuracy"] >= 0) & (table["accuracy"] <= 1)).all()
        assert (table["isotropy"] > 0).all()
    for where in configurations(TINY):
        for run in (*MAIN, *FURTHER):
            with np.load(codes_file(folder / "codes", where, run)) as kept:
                assert kept["code"].shape == (len(kept["labels"]), 128)
                assert len(kept["labels"]) == 24
    foretold = result.table("dsprites-diagnosis")
    assert foretold is not None
    assert foretold["features"].tolist() == [0, 1]
    for kind in ("", "narrow_"):
        align, predict, gap, low, high = (
            foretold[kind + key] for key in ("align", "predict", "gap", "gap_low", "gap_high")
        )
        assert np.allclose(gap, align - predict)
        assert (low <= high).all()
    assert len(set(foretold["winner"])) == 1


def test_comparison_and_pictures(tiny):
    folder, result = tiny
    text = as_markdown(result)
    head, _, *rows = text.splitlines()
    assert head.endswith("| within | mended |")
    (row,) = (r for r in rows if "| CA, x at hand, ν = 1, noise 0.5 |" in r)
    assert "| 0.375 |" in row
    assert "CP − CA, x at hand, ν = 1, noise 0.5 | ≥ 0.2" in text
    written = write_figures(result, folder)
    assert [path.name for path in written] == [
        "dsprites-accuracy.png",
        "dsprites-probe-rows.png",
        "dsprites-leading.png",
        "dsprites-samples-jitter-0.png",
    ]
    assert all(path.stat().st_size > 10_000 for path in written)
    trained = [table for table in result.tables if not table.name.endswith("diagnosis")]
    axes = probe_figure("dsprites", trained).axes
    assert [label.get_text() for label in axes[0].get_xticklabels()] == ["20", "60"]


def test_umap_reads_the_codes_that_were_kept(tiny, tmp_path, monkeypatch):
    folder, result = tiny
    seen = []

    def flat(code):
        seen.append(code.shape)
        return code[:, :2]

    monkeypatch.setattr(figures, "umap_points", flat)
    written = figures.write_umap(result, folder)
    assert written == folder / "dsprites-umap.png"
    assert written.stat().st_size > 5_000
    assert seen == [(24, 128)] * 2  # CA and CP at the one ν
    assert figures.write_umap(result, tmp_path) is None


def test_what_was_run_is_read_back(tiny):
    folder, result = tiny
    again = suite.run_stereo("dsprites", folder, scale="tiny", workers=1)
    assert again.resumed == ("dsprites", "dsprites-diagnosis", "dsprites-further")
    assert np.array_equal(again.tables[0]["accuracy"], result.tables[0]["accuracy"])


def rows_of(values):
    """A table of accuracies: (run, seed, probe, rows) to value, at ν = 1 and x at hand."""
    columns = {
        "jitter": 0.0, "noise": 0.5, "view": 0.0, "isotropy": 1.0, "epoch": 1.0,
    }  # fmt: skip
    keys = np.array(list(values), dtype=float).T
    return Table(
        "dsprites",
        {},
        0.0,
        {name: np.full(len(values), value) for name, value in columns.items()}
        | dict(zip(("run", "seed", "probe", "probe_rows"), keys, strict=True))
        | {"accuracy": np.array(list(values.values()))},
    )


@pytest.fixture
def two_seeds():
    converged, published = PROBES.index("converged"), PROBES.index("published")
    told = {
        0: (0.3, 0.5, 0.35, 0.41),  # CA
        1: (0.6, 0.8, 0.70, 0.74),  # CP
        5: (0.9, 1.0, 0.99, 1.00),  # supervised
    }
    values = {}
    for run, (first, second, converged_first, converged_second) in told.items():
        for seed, value in enumerate((first, second)):
            # The best number of labelled rows differs between the seeds.
            values[run, seed, published, 100 if seed else 1000] = value
            values[run, seed, published, 1000 if seed else 100] = value - 0.1
        for seed, value in enumerate((converged_first, converged_second)):
            values[run, seed, converged, 1000] = value
            values[run, seed, converged, 100] = value - 0.2
    return rows_of(values)


def test_the_published_probe_is_read_as_published(two_seeds):
    """At the best number of labelled rows of each seed; the converged one at the most."""
    assert accuracies(two_seeds, 0, "x", AT_ONE, probe="published").tolist() == [0.3, 0.5]
    assert accuracies(two_seeds, 0, "x", AT_ONE).tolist() == [0.35, 0.41]
    assert accuracies(two_seeds, 0, "x", AT_ONE, rows=100) == pytest.approx([0.15, 0.21])
    assert accuracies(two_seeds, 3, "x", AT_ONE) is None


def test_margins_are_paired_by_seed_and_shown_by_both_probes(two_seeds):
    checks = {
        check.quantity: check for check in check_accuracies(TINY, "dsprites", MAIN, two_seeds)
    }
    at = "x at hand, ν = 1, noise 0.5"
    margin = checks[f"CP − CA, {at}"]
    assert margin.at_least
    assert (margin.published, margin.within) == (0.2, True)
    assert margin.ours == pytest.approx(0.3)
    assert margin.error == pytest.approx(0.0, abs=1e-12)
    assert margin.mended == pytest.approx(0.34)
    few = checks[f"CP − CA, {at}, converged on 100 labels"]
    assert few.ours == pytest.approx(0.34)
    own = checks[f"CA, {at}"]
    assert (own.published, own.ours, own.within) == (0.375, pytest.approx(0.4), True)
    assert own.mended == pytest.approx(0.38)
    assert checks[f"supervised − CA, {at}"].ours == pytest.approx(0.55)


def test_the_diagnosis_names_the_winner_or_not():
    columns = {"jitter": [0.0] * 4, "noise": [0.5] * 4, "seed": [0, 1, 0, 1]}
    columns |= {"features": [0, 0, 1, 1], "gap": [0.1, -0.5, 0.3, 0.5]}
    columns |= {"narrow_gap": [0.0, 0.2, -0.1, -0.3], "winner": [2, 0, 2, 0]}
    columns |= {"named": [2, 0, 0, 0], "published_named": [0, 1, 0, 0]}
    table = Table(
        "dsprites-diagnosis", {}, 0.0, {key: np.array(v, dtype=float) for key, v in columns.items()}
    )
    diagnosis, *rest = check_diagnosis(replace(TINY, jitters=(0.0,)), "dsprites", table)
    at = "ν = 1, noise 0.5"
    assert (diagnosis.quantity, diagnosis.ours) == (f"the diagnosis names CP, {at}", 0.5)
    assert not diagnosis.within
    pixels, patches = np.split(np.array(rest), 2)
    robust, published, whole, narrow = pixels
    assert robust.quantity == f"robust regime names CP, from pixels, {at}"
    assert (robust.ours, published.ours, published.within) == (0.5, 0.0, None)
    assert (whole.ours, narrow.ours) == (pytest.approx(-0.2), pytest.approx(0.1))
    assert [check.ours for check in patches] == [
        0.0, 0.0, pytest.approx(0.4), pytest.approx(-0.2)
    ]  # fmt: skip


NOTHING = (-0.1, 0.1)


@pytest.mark.parametrize(
    ("regime", "whole", "narrow", "winner"),
    [
        ("CA", (-0.3, -0.1), (-0.3, -0.1), "CA"),
        ("neither or both", (-0.3, -0.1), (0.1, 0.3), "CP"),
        ("neither or both", NOTHING, (0.1, 0.3), "CA"),
        ("neither or both", NOTHING, (-0.3, -0.1), "CP"),
        ("neither or both", NOTHING, NOTHING, "neither or both"),
    ],
)
def test_the_regime_decides_then_whole_codes_then_narrow_ones(regime, whole, narrow, winner):
    def told(named, whole, narrow):
        row = dict.fromkeys(Foretold.__slots__, 0)
        row |= {"named": NAMED.index(named)}
        row |= dict(zip(("gap_low", "gap_high"), whole, strict=True))
        row |= dict(zip(("narrow_gap_low", "narrow_gap_high"), narrow, strict=True))
        return Foretold(**row)

    # Gaps of pixels and the regime of patches have no say.
    pixels = told(regime, (0.5, 0.6), (0.5, 0.6))
    patches = told("CA" if winner == "CP" else "CP", whole, narrow)
    assert NAMED[name_winner(pixels, patches)] == winner


def linear_data(loud):
    """One shared signal and one shared nuisance of a correlation beside it, that is loud in y."""
    rng = np.random.default_rng(0)
    n = 1500
    s, z = rng.normal(size=(2, n, 1))
    x = np.hstack([s + 0.3 * rng.normal(size=(n, 1)), z, rng.normal(size=(n, 18))])
    own = np.hstack([s, loud * (0.6 * z + 0.8 * rng.normal(size=(n, 1)))])
    y = np.hstack([own, 0.2 * rng.normal(size=(n, 18))])
    turn = np.linalg.qr(rng.normal(size=(20, 20)))[0]
    labels = np.where(s[:, 0] > 0, "b", "a")[:300]
    return PairedData.from_arrays(x, y @ turn, {"shape": labels}, labelled=np.arange(300))


@pytest.mark.parametrize(("loud", "regime"), [(5.0, "CA only"), (0.3, "Both")])
def test_the_regime_is_of_the_features_and_gaps_are_of_paired_draws(loud, regime):
    told = foretell_from(linear_data(loud), 0)
    assert str(REGIMES[told.regime]) == regime
    assert NAMED[told.named] == ("CA" if regime == "CA only" else "neither or both")
    # Δ_CA does not know how loud y is, Δ_CP does: ratios of model and of cross-covariance.
    assert told.delta_ca == pytest.approx(1 / np.sqrt(1.09) / 0.6, rel=0.1)
    assert told.delta_cp == pytest.approx(1 / np.sqrt(1.09) / (0.6 * loud), rel=0.15)
    # Scores of 300 rows are each uncertain by .03 or more; codes of one signal differ by less.
    for low, high in (
        (told.gap_low, told.gap_high), (told.narrow_gap_low, told.narrow_gap_high)
    ):  # fmt: skip
        assert 0 <= high - low < 0.1


def test_the_published_probe_is_drawn_with_what_was_published(two_seeds):
    columns = two_seeds.columns
    both = {name: np.concatenate([values, values]) for name, values in columns.items()}
    both["jitter"][len(columns["jitter"]) :] = 0.5
    published, converged = accuracy_figure("dsprites", [Table("dsprites", {}, 0.0, both)]).axes
    lines = {line.get_label(): line for line in published.get_lines()}
    assert np.allclose(lines["CP"].get_ydata(), 0.7)
    assert np.allclose(lines["CP"].get_xdata(), [0.5, 1.0])
    rings = [line for line in published.get_lines() if line.get_markersize() == 10]
    assert {tuple(ring.get_ydata()) for ring in rings} == {
        (0.70, 0.61, 0.375), (0.46, 0.455, 0.88), (0.87, 0.99, 1.0)
    }  # fmt: skip
    lines = {line.get_label(): line for line in converged.get_lines()}
    assert np.allclose(lines["CP"].get_ydata(), 0.72)


def test_quiet_classes_show_only_in_the_last_components():
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=600)
    loud = 10.0 * rng.normal(size=(600, 6))
    code = np.hstack([loud, np.eye(3)[labels][:, :2] + 0.05 * rng.normal(size=(600, 2))])
    counts, found = leading_accuracies(code @ np.linalg.qr(rng.normal(size=(8, 8)))[0], labels)
    assert counts.tolist() == [2, 4, 8]
    assert found[-1] == 1.0
    assert (found[:2] < 0.5).all()


def test_scales_hold_what_was_published():
    paper = SCALES["paper"]
    assert len(configurations(paper)) == 9
    for where in configurations(paper):
        for name in suite.NAMES:
            for run in ("CA", "CP", "supervised"):
                assert published_accuracy(name, run, where.noise, 1.0 - where.jitter) is not None
    assert [RUNS[number].name for number in MAIN] == ["CA", "CP", "supervised"]
    assert sorted((*MAIN, *FURTHER)) == list(range(len(RUNS)))
    assert LEADING < 128


def test_what_does_not_exist(tmp_path):
    with pytest.raises(InputError, match="no stereo set 'faces'"):
        suite.run_stereo("faces", tmp_path)
    with pytest.raises(InputError, match="scale='huge'"):
        suite.run_stereo("dsprites", tmp_path, scale="huge")
    with pytest.raises(InputError, match="workers=0"):
        suite.run_stereo("dsprites", tmp_path, workers=0)
