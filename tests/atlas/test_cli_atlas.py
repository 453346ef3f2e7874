"""``crossphase atlas`` on files: one line for bad input, tables and files for good."""

from __future__ import annotations

import json

import numpy as np
import pytest

import crossphase as xp
from crossphase.cli import main
from crossphase.io import load_modalities

N = 120


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    signal = rng.normal(size=(N, 2))
    views = {
        "rna": np.hstack([signal, rng.normal(size=(N, 2))]) + 0.4 * rng.normal(size=(N, 4)),
        "atac": signal[:, :1] + 0.6 * rng.normal(size=(N, 2)),
        "adt": signal[:, 1:] + 0.6 * rng.normal(size=(N, 2)),
    }
    for name, view in views.items():
        np.save(tmp_path / f"{name}.npy", view)
    labels = np.where(np.arange(N) < 50, signal.sum(axis=1), np.nan)
    np.save(tmp_path / "y.npy", labels)
    np.savez(tmp_path / "views.npz", **views, y=labels, cells=np.array([f"c{i}" for i in range(N)]))
    np.savez(tmp_path / "one.npz", rna=views["rna"])
    np.save(tmp_path / "short.npy", views["adt"][:7])
    (tmp_path / "b").mkdir()
    np.save(tmp_path / "b" / "rna.npy", views["adt"])
    return tmp_path


@pytest.fixture
def quick(monkeypatch):
    """The command with a small outlook."""
    from dataclasses import replace

    import crossphase.pairwise

    atlas = crossphase.pairwise.atlas
    seen = {}

    def small(data, *, settings, **choices):
        seen.update(data=data, settings=settings, **choices)
        choices["workers"] = 1
        few = replace(settings, n_draws=60, n_permutations=19, lift_features=10, n_folds=2)
        return atlas(data, settings=few, **choices)

    monkeypatch.setattr(crossphase.pairwise, "atlas", small)
    return seen


def test_tables_json_page_and_picture(folder, monkeypatch, capsys, quick):
    monkeypatch.chdir(folder)
    command = "atlas rna.npy atac.npy adt.npy --labels y.npy --name RNA --name ATAC --name ADT"
    targets = "--json a.json --html a.html --plot a.png --seed 3 --level 0.9 --workers 2"
    assert main(f"{command} {targets}".split()) == 0
    out, err = capsys.readouterr()
    assert err == ""
    found = xp.Atlas.from_json(folder / "a.json")
    assert set(found.names) == {"RNA", "ATAC", "ADT"}
    assert " ".join(out.split()).startswith(found.verdict)
    assert "Wrote a.json and a.html and a.png" in out
    assert (folder / "a.html").read_text(encoding="utf-8") == found.to_html()
    assert (folder / "a.png").read_bytes().startswith(b"\x89PNG")
    assert (quick["settings"].seed, quick["settings"].level, quick["workers"]) == (3, 0.9, 2)
    assert not quick["settings"].stability


def test_an_archive_of_several_modalities_and_json_on_stdout(folder, monkeypatch, capsys, quick):
    monkeypatch.chdir(folder)
    command = "atlas views.npz --labels views.npz --labels-key y --json - --stability"
    assert main(command.split()) == 0
    out, err = capsys.readouterr()
    given = json.loads(out)
    assert next(row["name"] for row in given["modalities"]) == "rna"
    assert len(given["pairs"]) == 3
    assert given["n_labelled"] == 50
    assert given["verdict"] in " ".join(err.split())
    assert quick["settings"].stability


def test_names_and_keys_of_files(folder):
    assert list(load_modalities([folder / "views.npz"], keys=["adt", "rna"]).views) == [
        "adt",
        "rna",
    ]
    twins = load_modalities([folder / "rna.npy", folder / "b" / "rna.npy"])
    assert sorted(twins.views) == sorted([f"{folder.name}/rna", "b/rna"])
    mixed = load_modalities([folder / "one.npz", folder / "rna.npy", folder / "adt.npy"])
    assert sorted(mixed.views) == sorted(["one/rna", f"{folder.name}/rna", "adt"])
    matched = load_modalities([folder / "views.npz"], id_column="cells", label_columns=["y"])
    assert (matched.matched_by, matched.ids[3], matched.n_labelled) == ("id", "c3", 50)
    assert set(matched.views) == {"rna", "atac", "adt"}


def test_tables_with_labels_and_groups_inside(folder):
    pd = pytest.importorskip("pandas")
    cells = pd.DataFrame(
        {"cell": [f"c{i}" for i in range(20)], "a": range(20), "b": np.arange(20) ** 2,
         "type": list("BT") * 10, "donor": [i // 5 for i in range(20)]}
    )  # fmt: skip
    cells.to_csv(folder / "rna.csv", index=False)
    cells[["cell", "b"]].iloc[::-1].assign(c=np.sin(np.arange(20))).to_csv(
        folder / "adt.csv", index=False
    )
    data = load_modalities(
        [folder / "rna.csv", folder / "adt.csv"], id_column="cell", label_columns=["type"],
        groups_column="donor",
    )  # fmt: skip
    assert {name: view.shape for name, view in data.views.items()} == {
        "adt": (20, 2),
        "rna": (20, 2),
    }
    assert data.labels.columns[0].classes == ("B", "T")
    assert list(data.ids[:2]) == ["c19", "c18"]
    assert data.group_names == ("0", "1", "2", "3")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("", ("no modality was given", "at least two")),
        ("rna.npy", ("rna.npy holds one modality",)),
        ("rna.npy absent.npy", ("absent.npy does not exist",)),
        ("rna.npy rna.npy", ("rna.npy was given twice",)),
        ("rna.npy short.npy", ("120", "7")),
        ("rna.npy adt.npy --name one", ("1 names for 2 modalities",)),
        ("rna.npy adt.npy --name x --name x", ("both modalities are called 'x'",)),
        ("rna.npy adt.npy --key rna", ("no archive has a table 'rna'",)),
        ("views.npz --key rna --key pca", ("'pca'",)),
        ("one.npz", ("one.npz holds one modality",)),
        ("rna.npy adt.npy --labels absent.npy", ("absent.npy does not exist",)),
        ("rna.npy adt.npy --label-kind ordinal", ("--label-kind ordinal",)),
        ("rna.npy adt.npy --html -", ("--html -",)),
        ("rna.npy adt.npy --plot a.bmp", ("--plot a.bmp",)),
        ("rna.npy adt.npy --json rna.npy", ("it is the input rna.npy",)),
        ("rna.npy adt.npy --level 2", ("--level 2",)),
        ("rna.npy adt.npy --n-labelled 9", ("--n-labelled is for a --dataset",)),
        ("rna.npy --dataset digits-views", ("drop one",)),
        ("--dataset digits", ("digits",)),
        ("--dataset digits-views --n-labelled 3", ("n_labelled=3",)),
    ],
)
def test_bad_input_is_one_line_and_exit_2(folder, monkeypatch, capsys, command, words):
    import crossphase.pairwise

    monkeypatch.setattr(crossphase.pairwise, "atlas", lambda *a, **k: pytest.fail("it ran"))
    monkeypatch.chdir(folder)
    before = sorted(path.name for path in folder.iterdir())
    labels = "" if "--labels" in command or "--dataset" in command else "--labels y.npy"
    assert main(["atlas", *command.split(), *labels.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("crossphase: error: ")
    for word in words:
        assert word in line
    assert sorted(path.name for path in folder.iterdir()) == before
