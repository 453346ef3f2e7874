"""The experiments on real modalities: styles, cases, what is measured, files written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from crossphase import datasets
from crossphase.cli import main
from crossphase.datasets import DatasetLabel, Modalities
from crossphase.errors import InputError
from crossphase.experiments.real.cases import NAMES, Case, Source, cases_of, pair_of
from crossphase.experiments.real.cell import DEPLOYS, OPTIONS, PROBABILITIES, SCALES
from crossphase.experiments.real.styles import GROUPS, styled
from crossphase.experiments.real.suite import score_lines, summary
from crossphase.experiments.runner import SuiteResult
from crossphase.experiments.table import Table


def images(n: int = 24, side: int = 32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, 3), dtype=np.uint8)


@pytest.mark.parametrize("way", range(sum(len(ways) for _, ways in GROUPS)))
def test_every_style_changes_an_image_more_the_stronger_it_is(way):
    change = [of for _, ways in GROUPS for of in ways][way]
    rows, columns = np.meshgrid(np.linspace(0, 1, 16), np.linspace(0.2, 0.9, 16), indexing="ij")
    image = np.stack([rows, columns, 0.5 * rows + 0.2], axis=2)
    by = []
    for t in (0.3, 1.0):
        changed = np.clip(change(image, t, np.random.default_rng(0)), 0, 1)
        assert changed.shape == image.shape
        by.append(np.abs(changed - image).mean())
    assert 0 < by[0] < by[1]


def test_styles_leave_the_given_images_alone_and_follow_the_seed():
    given = images()
    before = given.copy()
    first, again, other = (styled(given, 0.5, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(given, before)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert styled(given, 0.0, np.random.default_rng(0)) is given
    with pytest.raises(InputError, match="strength=2: give a number from 0 to 1"):
        styled(given, 2, np.random.default_rng(0))


def test_blur_follows_the_size_of_the_image():
    # A point in the middle spreads over the same share of images of any size.
    spreads = []
    for side in (64, 128):
        point = np.zeros((1, side, side, 3), np.uint8)
        half = side // 2
        point[0, half - side // 16 : half + side // 16, half - side // 16 : half + side // 16] = 255
        grey = styled(np.repeat(point, 40, 0), 1.0, np.random.default_rng(0)).mean(axis=(0, 3))
        grey = grey / grey.sum()
        at = np.arange(side) / side
        spreads.append(float(np.sqrt((grey.sum(axis=1) * (at - at @ grey.sum(axis=1)) ** 2).sum())))
    assert spreads[0] == pytest.approx(spreads[1], rel=0.1)


def test_smoke_needs_no_download():
    for name in NAMES:
        first, last = cases_of(name, smoke=True)
        assert {first.dataset, last.dataset} <= {"glyphs", "digits-views"}
        assert first != last
    astro = [(case.label, case.strength) for case in cases_of("astro")]
    assert astro[:3] == [("optical type", strength) for strength in (0.0, 1.0, 30.0)]
    assert astro[3:] == [("subdwarf", strength) for strength in (0.0, 0.1, 0.3)]
    with pytest.raises(InputError, match="no experiment 'stars': choose among captions"):
        cases_of("stars")
    with pytest.raises(InputError, match="sensors takes no file of yours"):
        cases_of("sensors", Source(file="own.npz"))


def test_cases_are_chosen_by_how_their_names_begin():
    names = [case.name for case in cases_of("captions", Source(only=("Emoji",)))]
    assert names == ["emoji, style 0", "emoji, style 0.2", "emoji, style 0.5"]
    own = [case.name for case in cases_of("astro", Source(file="own.npz", only=("own, noise 3",)))]
    assert own == ["own, noise 30"]
    with pytest.raises(InputError, match="no case of captions begins with 'coco': choose among gl"):
        cases_of("captions", Source(only=("emoji", "coco")))


def test_noise_drowns_the_second_view_alone():
    case = cases_of("astro", smoke=True)[1]
    clean, noisy = (
        pair_of(Case("", case.dataset, case.x, case.y, case.label, "noise", s), Source(),
                np.random.default_rng(0))
        for s in (0.0, 3.0)
    )  # fmt: skip
    np.testing.assert_array_equal(clean.x, noisy.x)
    ratio = (noisy.y - clean.y).std(axis=0) / clean.y.std(axis=0)
    np.testing.assert_allclose(ratio, 3.0, rtol=0.1)
    np.testing.assert_array_equal(clean.labels.columns[0].values, noisy.labels.columns[0].values)


def test_labels_kept_are_drawn_evenly_and_alike_at_every_noise():
    kept = []
    for strength in (0.0, 2.0):
        case = Case("", "digits-views", "profile", "morphology", "digit", "noise", strength, 50)
        data = pair_of(case, Source(), np.random.default_rng(3))
        kept.append(data.labels.labelled_rows)
        classes = data.labels.columns[0].values[kept[-1]]
        assert np.bincount(classes).tolist() == [5] * 10
    np.testing.assert_array_equal(*kept)


def test_styles_change_the_image_view_alone():
    case = cases_of("captions", smoke=True)[1]
    pairs = []
    for strength in (0.0, 0.5):
        of = Case("", case.dataset, case.x, case.y, case.label, "style", strength)
        pairs.append(pair_of(of, Source(), np.random.default_rng(0), rows=60))
    np.testing.assert_array_equal(pairs[0].y, pairs[1].y)
    assert pairs[0].x.shape == pairs[1].x.shape
    assert not np.allclose(pairs[0].x, pairs[1].x)


def test_images_can_be_seen_by_patches():
    case = cases_of("captions", smoke=True)[0]
    pixels, patches = (
        pair_of(case, Source(image_encoder=kind), np.random.default_rng(0), rows=60)
        for kind in ("pixels", "patches")
    )
    assert patches.x.shape == (60, 59)
    np.testing.assert_array_equal(pixels.y, patches.y)
    assert not np.allclose(pixels.x[:, :50], patches.x[:, :50])


def test_texts_can_be_encoded_anew():
    case = cases_of("captions", smoke=True)[0]
    found = pair_of(case, Source(text_encoder="tfidf"), np.random.default_rng(0), rows=60)
    assert found.y.shape[1] < 60


def test_sets_that_are_not_here_and_files_that_do_not_fit(tmp_path):
    with pytest.raises(InputError, match="htad is not here: crossphase datasets fetch htad"):
        pair_of(cases_of("sensors")[0], Source(folder=str(tmp_path)), np.random.default_rng(0))
    own = own_cells(tmp_path)
    source = Source(file=str(own))
    with pytest.raises(InputError, match="has no view 'image' but rna, protein"):
        pair_of(cases_of("captions", source)[0], source, np.random.default_rng(0))


def own_cells(folder: Path, n: int = 240) -> Path:
    rng = np.random.default_rng(0)
    kind = rng.integers(2, size=n)
    signal = kind[:, None] + 0.5 * rng.normal(size=(n, 1))
    cells = Modalities(
        "own",
        {
            "rna": np.hstack([signal, rng.normal(size=(n, 5))]),
            "protein": np.hstack([signal, rng.normal(size=(n, 3))]),
        },
        {
            "type": DatasetLabel(
                np.where(kind == 1, "T", "B"), "classes", circular_for=("rna", "protein")
            )
        },
        groups=np.array([f"donor{i % 9}" for i in range(n)]),
    )
    datasets.write_modalities(folder / "cells.npz", cells)
    return folder / "cells.npz"


def test_own_cells_run_from_the_command_line(tmp_path, capsys):
    pytest.importorskip("torch")
    pytest.importorskip("lightning")
    out = tmp_path / "out"
    arguments = ["reproduce", "cells", "--data", str(own_cells(tmp_path)), "--out", str(out)]
    assert main([*arguments, "--workers", "1", "--quiet"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "own cells" in printed
    assert "Wrote verdicts.md, scores.md, tables and figures" in printed
    lines = (out / "verdicts.md").read_text().splitlines()
    assert len(lines) == 2 + 3 + 2
    assert lines[-1] in printed
    assert len((out / "scores.md").read_text().splitlines()) == 2 + 5 + 5 + 6
    assert lines[0].startswith("| case | at hand | regime | P(Neither) | recommended |")
    for name in ("cells-scores.png", "cells-foretold.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    _check_table(out / "cells.csv")
    assert main([*arguments, "--splits", "0"]) == 2
    assert "--splits 0: give 1 or more" in capsys.readouterr().err
    # What was finished is not run again.
    before = (out / "cells.json").stat().st_mtime_ns
    assert main([*arguments, "--workers", "1", "--quiet"]) == 0
    assert (out / "cells.json").stat().st_mtime_ns == before


def test_scores_and_summary_of_two_splits():
    options = [OPTIONS.index(name) for name in ("unimodal x", "align")]
    columns = {
        "case": [0, 0, 0, 0],
        "seed": [0, 0, 1, 1],
        "deploy": [0, 0, 0, 0],
        "option": options * 2,
        "score": [0.5, 0.8, 0.6, 0.5],
        "raw": [0.5, 0.5, 0.6, 0.6],
        "foretold": [0.3, 0.2, 0.3, -0.1],
        "harmed": [0, 0, 0, 1],
        "within_noise": [1, 1, 0, 0],
        "regret": [0.0, 0.0, 0.1, 0.1],
    }
    table = Table("cells", {}, 12.4, {name: np.array(of, float) for name, of in columns.items()})
    result = SuiteResult(SCALES["small"], (table,), (), (), 1.0)
    heading, alone, aligned = score_lines(result)
    assert heading[2:] == ("option", "score", "gain foretold", "gain trained", "harms")
    assert alone[1:] == ("rna", "unimodal x", "0.550 (0.500, 0.600)", "–", "–", "–")
    assert aligned[2:] == (
        "align", "0.650 (0.800, 0.500)", "+0.050 (+0.200, -0.100)", "+0.100 (+0.300, -0.100)",
        "1 of 2",
    )  # fmt: skip
    assert summary(result) == (
        "The advice was best or tied in 1 of 2 situations, with a mean regret of 0.050; "
        "2 splits, 12 s of processor time."
    )


def _check_table(path: Path) -> None:
    """One situation after another, every option once, of donors that were held out whole."""
    table = np.genfromtxt(path, delimiter=",", names=True)
    options = {
        deploy: [OPTIONS[int(i)] for i in table["option"][table["deploy"] == number]]
        for number, deploy in enumerate(DEPLOYS)
    }
    assert options == {
        "x": ["unimodal x", "align", "predict x->y", "joint", "autoencode"],
        "y": ["unimodal y", "align", "predict y->x", "joint", "autoencode"],
        "both": ["unimodal x", "unimodal y", "concatenate", "align", "joint", "autoencode"],
    }
    assert (table["n_labelled"] == 60).all()
    # Nine donors of 26 or 27 rows each.
    assert (table["n_training"] + table["n_test"] == 240).all()
    assert table["n_test"][0] % 26 <= 9
    np.testing.assert_allclose(
        table["regret"], np.maximum(table["best_score"] - table["followed"], 0), atol=1e-12
    )
    told = np.sum([table[name] for name in PROBABILITIES], axis=0)
    np.testing.assert_allclose(told, 1.0)
    assert ((table["low"] <= table["score"]) & (table["score"] <= table["high"])).all()
