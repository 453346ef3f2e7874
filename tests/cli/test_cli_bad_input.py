"""Bad input end to end: one clear line on stderr, exit 2, nothing on stdout, no estimate."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

import crossphase.diagnosis
from crossphase.cli import main

pd = pytest.importorskip("pandas")


@pytest.fixture(autouse=True)
def no_estimate(monkeypatch):
    def unreachable(*args, **choices):
        raise AssertionError("bad input reached the estimator")

    monkeypatch.setattr(crossphase.diagnosis, "diagnose", unreachable, raising=False)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    np.save(tmp_path / "short.npy", y[:-1])
    np.save(tmp_path / "complex.npy", y + 1j)
    np.save(tmp_path / "empty.npy", np.empty((0, 2)))
    holes = y.copy()
    holes[7, 1] = np.nan
    np.save(tmp_path / "nan.npy", holes)
    np.savez(tmp_path / "two.npz", a=x, b=y)
    np.save(
        tmp_path / "objects.npy", np.array([[1, "a"], [{}, 2]], dtype=object), allow_pickle=True
    )
    (tmp_path / "pickled.npy").write_bytes(pickle.dumps(y))
    (tmp_path / "liar.csv").write_bytes((tmp_path / "y.npy").read_bytes())
    (tmp_path / "void.csv").write_bytes(b"")
    (tmp_path / "y.mat").write_bytes(b"MATLAB")
    names = [f"cell{i}" for i in range(40)]
    pd.DataFrame(x).assign(id=names).to_csv(tmp_path / "x.csv", index=False)
    pd.DataFrame(y).assign(id=[f"other{i}" for i in range(40)]).to_csv(
        tmp_path / "strangers.csv", index=False
    )
    pd.DataFrame(y).assign(id=["cell0", *names[:-1]]).to_csv(tmp_path / "twins.csv", index=False)
    np.save(tmp_path / "one_class.npy", np.full(40, "B"))
    np.save(tmp_path / "flat.npy", np.full(40, 2.5))
    np.save(tmp_path / "unlabelled.npy", np.full(40, np.nan))
    (tmp_path / "loop.npy").symlink_to("loop.npy")
    os.mkfifo(tmp_path / "pipe.npy")
    return tmp_path


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("x.npy short.npy", ("40", "39")),
        ("x.npy complex.npy", ("complex",)),
        ("x.npy empty.npy", ("empty", "(0, 2)")),
        ("x.npy nan.npy", ("row 7",)),
        ("x.npy objects.npy", ("objects.npy",)),
        ("x.npy pickled.npy", ("pickle",)),
        ("x.npy liar.csv", ("liar.csv", "NumPy array")),
        ("x.npy void.csv", ("void.csv", "empty")),
        ("x.npy y.mat", (".mat", ".npy")),
        ("x.npy absent.npy", ("absent.npy", "does not exist")),
        ("x.npy .", ("folder",)),
        ("two.npz y.npy", ("two.npz", "a", "b")),
        ("two.npz two.npz --x-key a --y-key c", ("'c'",)),
        ("x.csv strangers.csv --id id", ("no", "ID")),
        ("x.csv twins.csv --id id", ("cell0",)),
        ("x.csv twins.csv --id name", ("name",)),
        ("x.npy y.npy --labels one_class.npy", ("class",)),
        ("x.npy y.npy --labels flat.npy", ("constant",)),
        ("x.npy y.npy --labels unlabelled.npy", ("missing in all 40 rows",)),
        ("x.npy y.npy --label-column type", ("type",)),
        ("x.npy x.npy", ("same",)),
        ("loop.npy y.npy", ("loop.npy", "leads back to itself")),
        ("x.npy pipe.npy", ("pipe.npy", "pipe")),
    ],
)
def test_one_line_and_exit_2(folder, monkeypatch, capsys, command, words):
    monkeypatch.chdir(folder)
    before = sorted(path.name for path in folder.iterdir())
    assert main(["diagnose", *command.split(), "--json", "out.json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("crossphase: error: ")
    for word in words:
        assert word in line
    assert sorted(path.name for path in folder.iterdir()) == before
