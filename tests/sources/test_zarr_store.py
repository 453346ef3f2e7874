"""Zarr stores are read as their dense arrays, whatever their format, chunks and metadata."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr
from zarr.storage import LocalStore, ZipStore

from crossphase.errors import InputError
from crossphase.sources import RowSource, tiles, zarr_store

X = np.random.default_rng(0).normal(size=(57, 6)).astype(np.float32)
ROWS = np.array([50, 3, 3, 56, 0])
KINDS = np.array(["B", "T", "NK"])[np.arange(57) % 3]

# Zarr warns of what it writes: consolidated format 3, and its text of fixed length.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


def _check(source: Any, dense: Any = X) -> None:
    assert isinstance(source, RowSource)
    assert source.shape == dense.shape
    np.testing.assert_array_equal(source[:], dense)
    np.testing.assert_array_equal(source[11:99], dense[11:])
    np.testing.assert_array_equal(source[ROWS], dense[ROWS])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(source))[20:30], dense[20:30])  # noqa: S301
    assert source[5:5].shape == (0, dense.shape[1])
    assert source[:3].dtype == source.dtype


def _fill(group: Any) -> None:
    group.create_array("a/x", data=X, chunks=(10, 4))
    group.create_array("a/type", data=KINDS)
    group.create_array("a/age", data=np.linspace(0, 1, 57)[:, None])
    group.create_array("donor", data=np.arange(57) % 4, chunks=(7,))
    group.create_array("barcode", data=np.array([f"c{row}" for row in range(57)]))
    group.create_array("other", data=np.arange(5))


@pytest.fixture(params=[2, 3])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    _fill(zarr.open_group(tmp_path / "cells.zarr", mode="w", zarr_format=request.param))
    return tmp_path / "cells.zarr"


@pytest.mark.parametrize(
    "storage",
    [
        {"chunks": (57, 6)},
        {"chunks": (10, 6), "compressors": None},
        {"chunks": (7, 4), "order": "F"},
        {"chunks": (57, 1)},
        {"chunks": (5, 3), "shards": (20, 6)},
        {"chunks": (100, 100)},
    ],
)
@pytest.mark.parametrize("dtype", ["float16", "float32", ">f4", ">f8", "int16", "int64", "bool"])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_any_chunks_and_dtypes_read_as_the_dense_array(
    tmp_path: Path,
    storage: dict[str, Any],
    dtype: str,
    zarr_format: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if zarr_format == 3:
        storage = {name: value for name, value in storage.items() if name != "order"}
    elif "shards" in storage:
        storage = {"chunks": storage["shards"]}  # format 2 has no shards
    monkeypatch.setattr(zarr_store, "_RUN_VALUES", 100)
    dense = (X * 10).astype(dtype)
    at = tmp_path / "x.zarr"
    zarr.create_array(at, data=dense, zarr_format=zarr_format, **storage)
    _check(zarr_store.open_file(at).values, dense)
    _check(zarr_store.open_object(zarr.open_array(at, mode="r"), "x").values, dense)


def test_an_array_chunked_by_columns_is_copied_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zarr.create_array(tmp_path / "x.zarr", data=X, chunks=(20, 4))
    monkeypatch.setattr(tiles, "_BYTES", 20 * 4 * 4)
    source = zarr_store.open_file(tmp_path / "x.zarr").values
    assert isinstance(source, tiles.CopiedTiles)
    _check(source)


@pytest.mark.parametrize("key", ["/a/x", "a/x", "x"])
def test_a_key_is_a_path_or_its_last_part(path: Path, key: str) -> None:
    _check(zarr_store.open_file(path, key=key).values)


def test_columns_are_found_beside_the_features_then_at_the_top_then_by_path(path: Path) -> None:
    table = zarr_store.open_file(path, key="a/x", id_column="barcode")
    assert list(table.columns) == ["age", "type", "barcode", "donor", "a/age", "a/type"]
    np.testing.assert_array_equal(table.columns["type"], KINDS)
    np.testing.assert_array_equal(table.columns["a/age"], np.linspace(0, 1, 57))
    np.testing.assert_array_equal(table.columns["donor"], np.arange(57) % 4)
    assert table.named
    assert table.ids[:2].tolist() == ["c0", "c1"]
    assert zarr_store.open_file(path, key="a/x", id_column="donor").ids[:2].tolist() == ["0", "1"]


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("dtype", [str, "S2", "U2"])
def test_text_of_any_kind_is_text(tmp_path: Path, zarr_format: Any, dtype: Any) -> None:
    group = zarr.open_group(tmp_path / "x.zarr", mode="w", zarr_format=zarr_format)
    group.create_array("x", data=X)
    group.create_array("type", shape=(57,), dtype=dtype)[:] = KINDS.astype(object)
    found = zarr_store.open_file(tmp_path / "x.zarr").columns["type"]
    assert found.dtype.kind == "U"
    np.testing.assert_array_equal(found, KINDS)


@pytest.mark.parametrize("state", ["consolidated", "stale", "stale children"])
def test_consolidated_metadata_hide_nothing(path: Path, state: str) -> None:
    if state == "stale children":
        zarr.consolidate_metadata(path, path="a")
    zarr.consolidate_metadata(path)
    if state != "consolidated":
        late = zarr.open_group(path, mode="a", use_consolidated=False)
        late.create_array("a/late", data=X[:, :2])
        _check(zarr_store.open_file(path, key="late").values, X[:, :2])
    _check(zarr_store.open_file(path, key="x").values)


def test_a_store_is_read_without_warnings(path: Path) -> None:
    zarr.consolidate_metadata(path)
    (path / "notes.txt").write_text("read me")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = zarr_store.open_file(path, key="a/x", id_column="barcode")
        np.testing.assert_array_equal(table.columns["type"], KINDS)


@pytest.mark.parametrize("folder", ["", "cells.zarr/"])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_stores_in_zip_files_are_read(tmp_path: Path, folder: str, zarr_format: Any) -> None:
    at = tmp_path / "cells.zarr.zip"
    with ZipStore(at, mode="w") as store:
        _fill(zarr.open_group(store, mode="w", path=folder, zarr_format=zarr_format))
    if folder:  # as a folder is packed by hand, without metadata at the top
        with zipfile.ZipFile(at) as file:
            parts = {name: file.read(name) for name in file.namelist() if name.startswith(folder)}
        with zipfile.ZipFile(at, "w") as file:
            for name, part in parts.items():
                file.writestr(name, part)
    table = zarr_store.open_file(at, key="a/x")
    _check(table.values)
    np.testing.assert_array_equal(table.columns["donor"], np.arange(57) % 4)


def test_open_arrays_groups_and_stores_in_memory_are_taken(path: Path) -> None:
    group = zarr.open_group(path, mode="r")
    table = zarr_store.open_object(group["a/x"], "x")
    _check(table.values)
    assert str(path) in str(table.path)
    del zarr.open_group(path, mode="a")["a/age"]
    table = zarr_store.open_object(zarr.open_group(path, mode="r")["a"], "x")
    _check(table.values)
    np.testing.assert_array_equal(table.columns["type"], KINDS)
    _check(zarr_store.open_object(zarr.array(X, chunks=(9, 6)), "x").values)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"cells.zarr holds 2 tables of numbers: .* one of a/age \(57 × 1\), a/x"),
        ({"key": "z"}, r"nothing called 'z': its tables of numbers are a/age \(57 × 1\), a/x"),
        ({"key": "donor"}, r"holds donor of shape \(57,\), .*\(rows, 1\), or choose among a/age"),
        ({"key": "a"}, "nothing called 'a'"),
        ({"key": "../cells.zarr/a/x"}, "nothing called"),
        ({"key": "a/x", "id_column": "cell"}, "no column 'cell' of IDs.*: it has age"),
        ({"key": "a/x", "id_column": "age"}, "ID of .*cells.zarr in row 1 is 0.0"),
    ],
)
def test_what_cannot_be_chosen_is_said_in_one_line(
    path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        zarr_store.open_file(path, **options)
    assert "\n" not in str(caught.value)


def test_a_single_dimension_is_refused_with_a_way_out() -> None:
    with pytest.raises(InputError, match=r"x holds array of shape|no two-dimensional array"):
        zarr_store.open_object(zarr.array(np.arange(5)), "x")
    with pytest.raises(InputError, match="x is a Zarr MemoryStore: give an array"):
        zarr_store.open_object(zarr.storage.MemoryStore(), "x")


@pytest.mark.parametrize("damage", ["absent", "empty", "text", "metadata", "zip", "chunk"])
def test_damaged_stores_are_refused(path: Path, damage: str) -> None:
    at = path
    if damage in ("absent", "empty", "text", "zip"):
        at = path.parent / ("other.zarr.zip" if damage == "zip" else "other.zarr")
        if damage == "empty":
            at.mkdir()
        elif damage in ("text", "zip"):
            at.write_text("x,y\n1,2\n")
    elif damage == "metadata":
        for name in (".zarray", "zarr.json"):
            if (path / "a/x" / name).exists():
                (path / "a/x" / name).write_text('{"zarr_format": 2')
    else:
        for file in (path / "a/x").rglob("*"):
            if file.is_file() and file.name not in (".zarray", ".zattrs", "zarr.json"):
                file.write_bytes(b"\x00\x01" + file.read_bytes()[:20])
    with pytest.raises(InputError, match=r"does not exist|cannot be read as a Zarr") as caught:
        zarr_store.open_file(at, key="a/x").values[:]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fill", [np.nan, 7.0])
def test_a_chunk_that_is_missing_reads_as_the_fill_value(tmp_path: Path, fill: float) -> None:
    array = zarr.create_array(
        tmp_path / "x.zarr", shape=X.shape, chunks=(10, 6), dtype="f4", fill_value=fill
    )
    array[:10] = X[:10]
    block = zarr_store.open_file(tmp_path / "x.zarr").values[5:15]
    np.testing.assert_array_equal(block[:5], X[5:10])
    np.testing.assert_array_equal(block[5:], np.full((5, 6), fill, dtype=np.float32))


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize(
    ("encoding", "refused"),
    [
        ({}, None),
        ({"_FillValue": np.float32(-9999)}, "_FillValue"),
        ({"dtype": "int16", "scale_factor": 0.1, "_FillValue": np.int16(-1)}, "scale_factor"),
        ({"dtype": "int16", "_FillValue": np.int16(-1)}, "_FillValue"),
    ],
)
def test_numbers_that_xarray_packed_are_refused(
    tmp_path: Path, zarr_format: Any, encoding: dict[str, Any], refused: str | None
) -> None:
    data = xr.Dataset({"x": (("row", "feature"), X)})
    data.to_zarr(tmp_path / "x.zarr", encoding={"x": encoding}, zarr_format=zarr_format)
    if refused is None:
        _check(zarr_store.open_file(tmp_path / "x.zarr").values)
        return
    with pytest.raises(InputError, match=rf"x of .* is packed \(attribute {refused}\): open it"):
        zarr_store.open_file(tmp_path / "x.zarr")


def test_a_store_of_anndata_is_sent_to_its_own_reader(tmp_path: Path) -> None:
    group = zarr.open_group(tmp_path / "x.zarr", mode="w", attributes={"encoding-type": "anndata"})
    group.create_array("X", data=X)
    with pytest.raises(InputError, match="store of anndata: give what anndata"):
        zarr_store.open_file(tmp_path / "x.zarr")


@pytest.mark.parametrize("shards", [None, (40, 6)])
def test_consecutive_blocks_read_each_chunk_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shards: tuple[int, int] | None
) -> None:
    zarr.create_array(
        tmp_path / "x.zarr", data=X, chunks=(20, 2), shards=shards, compressors=None, filters=None
    )
    monkeypatch.setattr(zarr_store, "_RUN_VALUES", 1)
    read = 0
    get = LocalStore.get

    async def counting(self: Any, *args: Any, **options: Any) -> Any:
        nonlocal read
        found = await get(self, *args, **options)
        read += 0 if found is None else len(found)
        return found

    source = zarr_store.open_file(tmp_path / "x.zarr").values
    monkeypatch.setattr(LocalStore, "get", counting)
    for start in range(0, 57, 4):
        np.testing.assert_array_equal(source[start : start + 4], X[start : start + 4])
    # The last chunks are stored whole; a shard has an index.
    assert X.nbytes <= read <= 1.5 * X.nbytes
