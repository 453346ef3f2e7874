"""xarray's arrays are read by blocks, and their rows meet by coordinate."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import crossphase as xp
from crossphase.errors import InputError
from crossphase.sources import RowSource
from crossphase.sources.dask_tables import DaskRows
from crossphase.sources.labelled_arrays import ChunkedLabelledRows, open_key, open_object

N = 40
VALUES = np.random.default_rng(0).normal(size=(N, 3)).astype(np.float32)
CELLS = [f"cell {row}" for row in range(N)]
DONORS = np.arange(N) % 4


def array(values: np.ndarray = VALUES, **coords: Any) -> xr.DataArray:
    coords = {"cell": CELLS, "gene": ["CD4", "CD8", "CD3"], "donor": ("cell", DONORS), **coords}
    return xr.DataArray(values, dims=("cell", "gene"), coords=coords, name="rna")


def stored(folder: Path, **encoding: Any) -> xr.DataArray:
    array().to_netcdf(folder / "rna.nc", engine="h5netcdf", encoding={"rna": encoding})
    return xr.open_dataset(folder / "rna.nc", engine="h5netcdf")["rna"]


MAKERS: dict[str, Callable[[Path], xr.DataArray]] = {
    "memory": lambda _: array(),
    "dask": lambda _: array().chunk({"cell": 7, "gene": 2}),
    "netCDF": lambda folder: stored(folder),
    "netCDF in chunks": lambda folder: stored(folder, chunksizes=(6, 2), zlib=True),
    "netCDF through Dask": lambda folder: stored(folder).chunk({"cell": 9}),
    "transposed netCDF": lambda folder: stored(folder).T.T,
    "some of netCDF": lambda folder: stored(folder, chunksizes=(6, 3)).isel(cell=slice(0, None)),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_any_rows_are_those_of_the_dense_array(tmp_path: Path, kind: str) -> None:
    table = open_object(MAKERS[kind](tmp_path), "x")
    assert (table.names, table.ids) == (("CD4", "CD8", "CD3"), CELLS)
    assert table.named
    assert not table.counted
    np.testing.assert_array_equal(table.columns["donor"], DONORS)
    source = table.values
    assert isinstance(source, np.ndarray if kind == "memory" else RowSource)
    assert isinstance(source, DaskRows) == ("ask" in kind)
    if kind.startswith("netCDF"):
        source = pickle.loads(pickle.dumps(source))  # noqa: S301
    assert (source.shape, source.dtype) == (VALUES.shape, np.float32)
    for rows in (
        slice(None), slice(0, 3), slice(5, 19), slice(9, 9), slice(None, None, -2),
        np.array([39, 0, 0, 17]), np.arange(N) % 3 == 0,
    ):  # fmt: skip
        np.testing.assert_array_equal(source[rows], VALUES[rows])


@pytest.mark.parametrize("encoding", [{}, {"chunksizes": (8, 3), "zlib": True}])
def test_a_file_is_read_by_blocks_and_never_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: dict[str, Any]
) -> None:
    monkeypatch.setattr("crossphase.sources.labelled_arrays._VALUES", 48)
    lazy = stored(tmp_path, **encoding)
    read: list[int] = []
    kind = type(lazy.variable._data.array.array.array)  # what the engine reads through
    whole = kind.__getitem__

    def counting(self: Any, key: Any) -> Any:
        found = whole(self, key)
        read.append(np.shape(found)[0])
        return found

    monkeypatch.setattr(kind, "__getitem__", counting)
    source = open_object(lazy, "x").values
    for start in range(0, N, 5):
        np.testing.assert_array_equal(source[start : start + 5], VALUES[start : start + 5])
    assert read == ([16, 16, 8] if encoding else [5] * 8)
    assert not lazy.variable._in_memory
    assert isinstance(source, ChunkedLabelledRows) == bool(encoding)


def test_packed_numbers_are_unpacked_with_missing_ones_nan(tmp_path: Path) -> None:
    values = VALUES.copy()
    values[3, 1] = np.nan
    packed = {"dtype": "int16", "scale_factor": 0.001, "_FillValue": -9999}
    array(values).to_netcdf(tmp_path / "x.nc", engine="h5netcdf", encoding={"rna": packed})
    lazy = xr.open_dataset(tmp_path / "x.nc", engine="h5netcdf")["rna"]
    block = open_object(lazy, "x").values[:]
    np.testing.assert_allclose(block, values, atol=0.0006)
    assert np.isnan(block).sum() == 1


SHUFFLED = np.random.default_rng(1).permutation(N)
TIMES = pd.date_range("2020-01-01", periods=N, freq="h")


@pytest.mark.parametrize(
    "cells",
    [
        CELLS,
        np.arange(N),
        np.arange(N) + 5,
        np.arange(N) / 7 - 2,
        TIMES,
        pd.to_timedelta(np.arange(N), "s"),
        np.array(CELLS, dtype=object),
        np.array(CELLS).astype("S"),
    ],
)
def test_rows_meet_by_coordinate_wherever_they_stand(cells: Any) -> None:
    x = array(cell=cells)
    for y in (x[SHUFFLED], x[SHUFFLED][5:].chunk({"cell": 4})):
        data = xp.PairedData.from_arrays(x, y)
        assert data.alignment.by == "id"
        assert data.n == len(y)
        np.testing.assert_array_equal(data.x, data.y)
        assert data.x_features == ("CD4", "CD8", "CD3")


def test_times_of_other_units_meet() -> None:
    x = array(cell=TIMES.as_unit("ns"))
    y = array(cell=TIMES.as_unit("s"))[SHUFFLED]
    np.testing.assert_array_equal(*(lambda data: (data.x, data.y))(xp.PairedData.from_arrays(x, y)))


def test_a_coordinate_of_several_levels_gives_tuples_and_columns() -> None:
    pairs = pd.MultiIndex.from_arrays([DONORS, np.arange(N) // 4], names=["donor", "visit"])
    x = array().drop_vars(["cell", "donor"])
    x = x.assign_coords(xr.Coordinates.from_pandas_multiindex(pairs, "cell"))
    table = open_object(x, "x")
    assert (table.ids[5], table.named, list(table.columns)) == ((1, 1), True, ["donor", "visit"])
    np.testing.assert_array_equal(table.columns["donor"], DONORS)
    data = xp.PairedData.from_arrays(x, x[SHUFFLED])
    np.testing.assert_array_equal(data.x, data.y)


def test_positions_are_used_only_where_nothing_names_the_rows() -> None:
    bare = array().drop_vars("cell")
    counted = array(cell=np.arange(N))
    table = open_object(counted, "x")
    assert (table.counted, table.named, open_object(bare, "x").ids) == (True, False, None)
    for x, y in ((bare, VALUES), (counted, VALUES), (bare, bare[SHUFFLED])):
        assert xp.PairedData.from_arrays(x, y).alignment.by == "position"
    with pytest.raises(InputError, match=r"y has no IDs to match x by"):
        xp.PairedData.from_arrays(array(), bare)
    with pytest.raises(InputError, match=r"the index of x .* disagree"):
        xp.PairedData.from_arrays(counted, counted[:30])


def test_coordinates_that_repeat_or_miss_each_other_are_refused() -> None:
    with pytest.raises(InputError, match=r"y has 1 duplicated ID \('cell 3'\): keep one row"):
        xp.PairedData.from_arrays(array(), array(cell=[*CELLS[:-1], "cell 3"]))
    with pytest.raises(InputError, match=r"no common IDs .*upper and lower case"):
        xp.PairedData.from_arrays(array(), array(cell=[name.upper() for name in CELLS]))


def test_a_data_set_gives_its_only_table_and_lists_several(tmp_path: Path) -> None:
    dataset = xr.Dataset({"rna": array(), "kind": ("cell", list("ab") * 20), "mean": ((), 0.5)})
    table = open_object(dataset, "x")
    np.testing.assert_array_equal(table.values, VALUES)
    assert list(table.columns) == ["donor", "kind"]
    assert table.columns["kind"].tolist() == list("ab") * 20
    dataset["protein"] = array().rename(gene="protein_name") * 2
    np.testing.assert_array_equal(open_key(dataset, "protein", "x").values, VALUES * 2)
    with pytest.raises(InputError, match=r"one of rna \(40 × 3\), protein \(40 × 3\)"):
        open_object(dataset, "x")
    with pytest.raises(InputError, match=r"nothing called 'atac'.*rna"):
        open_key(dataset, "atac", "x")
    with pytest.raises(InputError, match=r"kind of shape \(40,\), which is no table"):
        open_key(dataset, "kind", "x")
    with pytest.raises(InputError, match=r"which is one array: drop the key"):
        open_key(dataset["rna"], "rna", "x")
    dataset.to_netcdf(tmp_path / "x.nc", engine="h5netcdf")
    lazy = xr.open_dataset(tmp_path / "x.nc", engine="h5netcdf")
    table = open_key(lazy, "protein", "x")
    assert table.columns["kind"].tolist() == list("ab") * 20
    np.testing.assert_array_equal(table.values[7:9], VALUES[7:9] * 2)


CUBE = xr.DataArray(np.arange(24.0).reshape(4, 3, 2), dims=("time", "lat", "lon"))


def test_what_to_do_about_more_dimensions_works_as_it_is_said() -> None:
    with pytest.raises(InputError) as caught:
        open_object(CUBE, "x")
    message = str(caught.value)
    assert message.startswith("x has dimensions (time: 4, lat: 3, lon: 2): ")
    for mend, shape in (
        (".stack(feature=('lat', 'lon'))", (4, 6)),
        (".stack(row=('time', 'lat')).transpose('row', 'lon')", (12, 2)),
    ):
        assert mend in message
        mended = eval(f"cube{mend}", {"cube": CUBE})
        assert open_object(mended, "x").values.shape == shape
    names = open_object(CUBE.stack(feature=("lat", "lon")), "x").names
    assert names is not None
    assert names[:2] == ("0/0", "0/1")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (CUBE[:, 0, 0], r"x has dimensions \(time: 4\): .*expand_dims\('feature', axis=1\)"),
        (CUBE[:, 0] * 1j, r"x holds values of dtype complex128"),
        (CUBE.variable[:, 0], r"x is a Variable without coordinates"),
        (xr.Dataset({"x": CUBE}), r"no two-dimensional array of numbers, only x \(4 × 3 × 2\)"),
        (array(cell=[*CELLS[:-1], ""]), r"ID of x in row 39 is missing"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(table: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        open_object(table, "x")
    assert "\n" not in str(caught.value)
