"""Every format is opened through one door; none needs pandas."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
import zarr

import crossphase as xp
from crossphase import InputError
from crossphase.io import load_modalities, load_paired, read_labels
from crossphase.sources.files import open_file

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = X @ RNG.normal(size=(3, 2)) + RNG.normal(size=(60, 2))


def _columns(x: np.ndarray) -> dict[str, np.ndarray]:
    return {f"g{j}": x[:, j] for j in range(x.shape[1])}


def _text(path: Path, x: np.ndarray) -> None:
    lines = [",".join(_columns(x)), *(",".join(map(repr, row)) for row in x.tolist())]
    separator = "," if ".csv" in path.name else "\t"
    content = "\n".join(lines).replace(",", separator).encode()
    packing = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    with pa.output_stream(str(path), compression=packing) as stream:
        stream.write(content)


def _parts(path: Path, x: np.ndarray) -> None:
    path.mkdir()
    for number, rows in ((2, x[:25]), (10, x[25:])):
        pq.write_table(pa.table(_columns(rows)), path / f"part-{number}.parquet")


def _lake(path: Path, x: np.ndarray) -> None:
    path.mkdir()
    for number, rows in ((0, x[:25]), (1, x[25:])):
        np.save(path / f"emb_{number}.npy", rows)


def _hdf5(path: Path, x: np.ndarray) -> None:
    with h5py.File(path, "w") as file:
        file["x"] = x


def _zarr(path: Path, x: np.ndarray) -> None:
    zarr.create_group(path).create_array("x", data=x, chunks=(20, 2))


WRITERS: dict[str, Callable[[Path, np.ndarray], Any]] = {
    ".npy": np.save,
    ".npz": lambda path, x: np.savez(path, x=x),
    ".csv": _text,
    ".tsv": _text,
    ".csv.gz": _text,
    ".tsv.zst": _text,
    ".parquet": lambda path, x: pq.write_table(pa.table(_columns(x)), path, row_group_size=25),
    "": _parts,
    "-lake": _lake,
    ".feather": lambda path, x: pyarrow.feather.write_feather(pa.table(_columns(x)), str(path)),
    ".h5": _hdf5,
    ".zarr": _zarr,
}


@pytest.mark.parametrize("ending", WRITERS)
def test_rows_of_every_format_are_the_array(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"rna{ending}"
    WRITERS[ending](path, X)
    table = open_file(path)
    assert table.values.shape == X.shape
    np.testing.assert_array_equal(table.values[7:40], X[7:40])
    np.testing.assert_array_equal(table.values[np.array([50, 3, 30])], X[[50, 3, 30]])
    assert table.path == path


@pytest.mark.parametrize("ending", [".npy", ".csv.gz", ".parquet", "", "-lake", ".feather", ".h5"])
def test_pairs_are_read_from_it(ending: str, tmp_path: Path) -> None:
    paths = [tmp_path / f"rna{ending}", tmp_path / "adt.npy"]
    WRITERS[ending](paths[0], X)
    np.save(paths[1], Y)
    data = load_paired(*paths)
    np.testing.assert_array_equal(data.x, X)
    np.testing.assert_array_equal(data.y, Y)


def test_keys_choose_among_several(tmp_path: Path) -> None:
    path = tmp_path / "both.h5"
    with h5py.File(path, "w") as file:
        file["a/x"], file["a/y"], file["a/type"] = X, Y, np.arange(60) % 3
    data = load_paired(path, path, x_key="x", y_key="y", label_columns=["type"])
    np.testing.assert_array_equal(data.y, Y)
    np.testing.assert_array_equal(data.labels.columns[0].values, np.arange(60) % 3)
    views = load_modalities([path], keys=["x", "y"]).views
    np.testing.assert_array_equal(views["x"], X)
    with pytest.raises(InputError, match="holds 2 tables of numbers: say which is meant"):
        open_file(path)
    with pytest.raises(InputError, match="has a table 'z'"):
        load_modalities([path], keys=["x", "z"])


def test_labels_of_any_table_by_name(tmp_path: Path) -> None:
    kinds = np.array(["B", "T"])[np.arange(60) % 2]
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({**_columns(X), "type": kinds}), path)
    np.save(tmp_path / "y.npy", Y)
    d = xp.diagnose(path, tmp_path / "y.npy", labels="type", settings=xp.Settings(stability=False))
    assert sum(d.probabilities.values()) == pytest.approx(1)
    assert read_labels(path, ["type"]).values["type"].tolist() == kinds.tolist()
    with pytest.raises(InputError, match="has no label column 'kind': it has g0, g1, g2, type"):
        read_labels(path, ["kind"])


def test_a_folder_of_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(InputError, match="is a folder without parts of a table"):
        open_file(tmp_path)


def test_files_are_read_without_pandas(tmp_path: Path) -> None:
    endings = [".csv.gz", ".parquet", ".feather", ".npy", ".npz"]
    for ending in endings:
        WRITERS[ending](tmp_path / f"x{ending}", X)
    np.save(tmp_path / "y.npy", X)
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "import crossphase\n"
        "assert 'pyarrow' not in sys.modules\n"
        "from crossphase.io import load_paired, read_labels\n"
        f"for ending in {endings}:\n"
        "    data = load_paired(f'x{ending}', 'y.npy')\n"
        "    assert abs(data.x - data.y).max() == 0\n"
        "print(sorted(read_labels('x.parquet').values))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.stdout.strip() == "['g0', 'g1', 'g2']", run.stderr
