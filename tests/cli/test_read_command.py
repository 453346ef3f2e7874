from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crossphase import datasets
from crossphase.cli import main

sys.path.insert(0, str(Path(__file__).parents[1] / "datasets" / "readers"))

from coco_files import write_coco
from h5ad_files import cells, write_h5ad


@pytest.fixture(autouse=True)
def _data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CROSSPHASE_DATA", str(tmp_path / "data"))


def test_cells_go_straight_into_a_diagnosis(tmp_path, capsys):
    pytest.importorskip("h5py")
    path, out = write_h5ad(tmp_path / "bmmc.h5ad", cells(360)), tmp_path / "cells.npz"
    assert main(["datasets", "read", "cells", str(path), "--components", "4",
                 "--out", str(out)]) == 0  # fmt: skip
    said = capsys.readouterr().out
    assert "360 rows of rna (4), protein (5)" in said
    assert "label cell_type: 356 rows, DERIVED FROM rna and protein" in said
    command = next(line for line in said.splitlines() if line.startswith("crossphase diagnose"))
    arguments = [*command.split()[1:], "--no-outlook", "--no-plan"]
    assert main([*arguments, "--json", str(tmp_path / "d.json")]) == 0
    found = json.loads((tmp_path / "d.json").read_text())
    assert "group" in str(found)
    # What the label was derived from is in the file, and comes back as a warning.
    (warned,) = [one for one in found["warnings"] if one["code"] == "circular-label"]
    assert "cell_type was derived from rna and protein" in warned["finding"]
    assert datasets.read_modalities(out).labels["cell_type"].circular_for == ("rna", "protein")


def test_coco_gets_features_of_both(tmp_path, capsys):
    write_coco(tmp_path)
    rng = np.random.default_rng(0)
    for file in (tmp_path / "val2017").iterdir():
        Image.fromarray(rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)).save(file)
    out = tmp_path / "coco.npz"
    arguments = ["datasets", "read", "coco", "--images", str(tmp_path / "val2017")]
    for name in ("captions", "instances"):
        arguments += [f"--{name}", str(tmp_path / f"{name}.json")]
    assert main([*arguments, "--components", "2", "--out", str(out)]) == 0
    assert "3 rows of image (2), caption (2)" in capsys.readouterr().out
    found = datasets.read_modalities(out)
    assert found.labels["category"].values.tolist() == ["dog", "traffic light", "person"]
    assert Path(found.raw["image"][0]).name == "000000037777.jpg"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cells", "none.h5ad"], "does not exist"),
        (["cells", "a.h5ad", "--out", "cells.npy"], "ends in .npz"),
        (
            ["stars", "--spectra", "s", "--light-curves", "l", "--catalogue", "c.csv",
             "--label", "logg", "--derived", "logg=both"],
            "--derived logg=both: give a label and spectra or light_curves",
        ),
        (["star-features", "none"], "is no folder"),
        (["star-features", ".", "--mission", "gaia"], "--mission gaia: choose kepler or tess"),
    ],
)  # fmt: skip
def test_bad_input(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main(["datasets", "read", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
