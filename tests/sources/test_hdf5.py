"""Plain HDF5 files are read as their dense arrays, whatever their chunks and filters."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from crossphase.errors import InputError
from crossphase.sources import RowSource, hdf5, tiles

X = np.random.default_rng(0).normal(size=(57, 6)).astype(np.float32)
ROWS = np.array([50, 3, 3, 56, 0])
KINDS = np.array(["B", "T", "NK"])[np.arange(57) % 3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "cells.h5"
    with h5py.File(path, "w") as file:
        file["a/x"] = X
        file["a/type"] = KINDS.astype(object)
        file["a/fixed"] = KINDS.astype("S2")
        file["donor"] = np.arange(57) % 4
        file["barcode"] = [f"c{row}" for row in range(57)]
        file["elsewhere/age"] = np.linspace(0, 1, 57)[:, None]
        file["other"] = np.arange(5)
        stage = h5py.enum_dtype({"early": 0, "late": 1}, basetype="i1")
        file.create_dataset("a/stage", data=np.arange(57) % 2, dtype=stage)
        file["link"] = h5py.SoftLink("/a/x")
        file["broken"] = h5py.SoftLink("/nowhere")
    return path


def _check(source: Any, dense: Any = X) -> None:
    assert isinstance(source, RowSource)
    assert source.shape == dense.shape
    np.testing.assert_array_equal(source[:], dense)
    np.testing.assert_array_equal(source[11:99], dense[11:])
    np.testing.assert_array_equal(source[ROWS], dense[ROWS])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(source))[20:30], dense[20:30])  # noqa: S301
    assert source[5:5].shape == (0, dense.shape[1])
    assert source[:3].dtype == source.dtype


@pytest.mark.parametrize(
    "storage",
    [
        {},
        {"chunks": (10, 6)},
        {"chunks": (57, 1), "compression": "gzip"},
        {"chunks": (7, 4), "compression": "lzf", "shuffle": True},
        {"chunks": (1, 6), "fletcher32": True},
        {"maxshape": (None, 6)},
    ],
)
@pytest.mark.parametrize("dtype", ["float16", "float32", ">f4", ">f8", "int16", "int64", "bool"])
def test_any_chunks_and_dtypes_read_as_the_dense_array(
    tmp_path: Path, storage: dict[str, Any], dtype: str
) -> None:
    dense = (X * 10).astype(dtype)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", data=dense, **storage)
    _check(hdf5.open_file(tmp_path / "x.h5").values, dense)


def test_a_dataset_chunked_by_columns_is_copied_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", data=X, chunks=(20, 4), compression="gzip")
    monkeypatch.setattr(tiles, "_BYTES", 20 * 4 * 4)
    source = hdf5.open_file(tmp_path / "x.h5").values
    assert isinstance(source, tiles.CopiedTiles)
    _check(source)
    assert pickle.loads(pickle.dumps(source))._copy is None  # noqa: S301


@pytest.mark.parametrize("key", ["/a/x", "a/x", "x", None, "/link"])
def test_a_key_is_a_path_or_its_last_part(path: Path, key: str | None) -> None:
    with h5py.File(path, "a") as file:
        del file["elsewhere"]
    _check(hdf5.open_file(path, key=key).values)


def test_columns_are_found_beside_the_features_then_at_the_top_then_by_path(path: Path) -> None:
    table = hdf5.open_file(path, key="a/x", id_column="barcode")
    assert list(table.columns)[:3] == ["fixed", "stage", "type"]
    assert set(table.columns) == {"type", "fixed", "stage", "donor", "barcode", "elsewhere/age"} | {
        "a/type",
        "a/fixed",
        "a/stage",
    }
    for name in ("type", "fixed", "a/type"):
        np.testing.assert_array_equal(table.columns[name], KINDS)
    np.testing.assert_array_equal(table.columns["donor"], np.arange(57) % 4)
    np.testing.assert_array_equal(table.columns["elsewhere/age"], np.linspace(0, 1, 57))
    assert table.columns["stage"].tolist()[:3] == ["early", "late", "early"]
    assert table.named
    assert table.ids[:2].tolist() == ["c0", "c1"]
    assert "other" not in table.columns


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"cells.h5 holds 2 tables of numbers: .* one of a/x \(57 × 6\), elsewhere/age"),
        ({"key": "z"}, r"nothing called 'z': its tables of numbers are a/x \(57 × 6\)"),
        ({"key": "donor"}, r"holds donor of shape \(57,\), .*\(rows, 1\), or choose among a/x"),
        ({"key": "a"}, "nothing called 'a'"),
        ({"key": "broken"}, "nothing called 'broken'"),
        ({"key": "a/x", "id_column": "cell"}, "no column 'cell' of IDs.*: it has fixed"),
    ],
)
def test_what_cannot_be_chosen_is_said_in_one_line(
    path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        hdf5.open_file(path, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", ["absent", "text", "truncated"])
def test_damaged_files_are_refused(path: Path, damage: str) -> None:
    if damage == "absent":
        path.unlink()
    else:
        path.write_bytes(b"x,y\n1,2\n" if damage == "text" else path.read_bytes()[:3000])
    with pytest.raises(InputError, match=r"does not exist|cannot be read as \.h5"):
        hdf5.open_file(path, key="a/x")


def test_a_file_without_tables_says_what_it_has(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["a"] = np.arange(3)
        file["none"] = h5py.Empty("f4")
    with pytest.raises(InputError, match=r"no two-dimensional array of numbers, only a \(3\)"):
        hdf5.open_file(tmp_path / "x.h5")


def test_open_datasets_groups_and_files_are_taken(path: Path) -> None:
    with h5py.File(path) as file:
        source = hdf5.open_object(file["a/x"], "x").values
        _check(source)
        table = hdf5.open_object(file["a"], "x")
        _check(table.values)
        np.testing.assert_array_equal(table.columns["type"], KINDS)
        with pytest.raises(InputError, match="x holds 2 tables of numbers"):
            hdf5.open_object(file, "x")
        with pytest.raises(InputError, match=r"x holds donor of shape \(57,\)"):
            hdf5.open_object(file["donor"], "x")
        dataset = file["a/x"]
    _check(source)  # opened again by its name
    with pytest.raises(InputError, match="closed: open it again"):
        hdf5.open_object(dataset, "x")


def test_consecutive_blocks_unpack_each_chunk_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chunk cache holds what one run of rows crosses, though HDF5's own would not."""
    dense = np.random.default_rng(1).normal(size=(4000, 256)).astype(np.float32)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", data=dense, chunks=(2000, 16))
    source = hdf5.open_file(tmp_path / "x.h5").values
    source[:100]
    before = _bytes_read()
    for start in range(100, 2000, 100):
        source[start : start + 100]
    assert _bytes_read() - before < dense.nbytes / 4


def _bytes_read() -> int:
    """Bytes this process asked the system for, where it counts them."""
    try:
        lines = Path("/proc/self/io").read_text().splitlines()
    except OSError:
        pytest.skip("needs /proc/self/io")
    return int(lines[0].split()[1])
