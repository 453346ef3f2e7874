""".h5ad and .h5mu files are read by rows, without what was not asked for."""

from __future__ import annotations

import pickle
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

import anndata
import h5py
import mudata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from annotated_data import CELLS, OF_PROTEIN, D, N, dense_of, pair, rna

from crossphase.errors import InputError
from crossphase.sources import spool, stored_rows
from crossphase.sources.annotated import write_result
from crossphase.sources.annotated_files import open_file
from crossphase.sources.annotated_layout import open_h5ad
from crossphase.sources.modalities import modalities

KEYS = tuple(dense_of(rna()))


@pytest.fixture
def h5ad(tmp_path: Path) -> Path:
    rna().write_h5ad(tmp_path / "cells.h5ad")
    return tmp_path / "cells.h5ad"


@pytest.fixture
def h5mu(tmp_path: Path) -> Path:
    write_pair(pair(), tmp_path / "cells.h5mu")
    return tmp_path / "cells.h5mu"


def write_pair(data: Any, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what a later version will do
        data.write(path)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("prefix", ["", "rna/"])
def test_every_key_reads_as_the_dense_array(h5ad: Path, h5mu: Path, key: str, prefix: str) -> None:
    table = open_file(h5mu if prefix else h5ad, key=prefix + key)
    wanted, source = dense_of(rna())[key], table.values
    np.testing.assert_array_equal(np.asarray(source), wanted)
    np.testing.assert_array_equal(source[7:31], wanted[7:31])
    np.testing.assert_array_equal(source[50:99], wanted[50:])
    picked = np.array([9, 3, 3, 50])
    np.testing.assert_array_equal(source[picked], wanted[picked])
    np.testing.assert_array_equal(source[np.arange(N)[::-1]], wanted[::-1])
    assert source[4:4].shape == source[[]].shape == (0, wanted.shape[1])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(source))[5:9], wanted[5:9])  # noqa: S301
    assert table.ids.tolist() == CELLS
    assert table.named


def test_names_of_features_come_with_them(h5ad: Path) -> None:
    names = {key: open_file(h5ad, key=key).names for key in KEYS}
    assert names["X"] == names["layers/counts"] == tuple(f"gene{j}" for j in range(D))
    assert names["raw"] == tuple(f"raw{j}" for j in range(2 * D))
    assert names["obsm/prot"] == ("p", "q", "r")


def test_columns_are_read_with_what_is_missing(h5ad: Path) -> None:
    columns = open_file(h5ad, key="X", aside=["cell_type", "absent"]).columns
    assert set(columns) == set(rna().obs.columns)
    assert "absent" not in columns
    assert columns["cell_type"][:4].tolist() == ["B", "T", "", "B"]
    assert columns["cluster"][:3].tolist() == ["0", "1", "2"]
    assert columns["site"][:3].tolist() == ["s0", "", "s0"]
    np.testing.assert_array_equal(columns["plate"][:3], [np.nan, 1, 2])
    assert columns["doublet"][:4].tolist() == [True, False, None, False]
    assert open_file(h5ad, key="X", id_column="note").ids[3] == "note 3"
    assert open_file(h5ad, key="X", id_column="depth").ids[0] == str(int(columns["depth"][0]))


def test_text_that_may_be_missing_and_layouts_of_before_2022_are_read(h5ad: Path) -> None:
    with h5py.File(h5ad, "r+") as file:
        text = file["obs"].create_group("text")
        text.attrs["encoding-type"] = "nullable-string-array"
        text["mask"] = np.arange(N) == 1
        text.create_dataset("values", data=["t"] * N, dtype=h5py.string_dtype())
        kept = file["obs/cell_type"]
        codes, names = kept["codes"][...], kept["categories"][...]
        del file["obs/cell_type"]
        old = file["obs"].create_group("__categories")
        old.create_dataset("cell_type", data=names, dtype=h5py.string_dtype())
        file["obs/cell_type"] = codes
        file["obs/cell_type"].attrs["categories"] = old["cell_type"].ref
        order = [*file["obs"].attrs["column-order"], "text"]
        file["obs"].attrs.create("column-order", order, dtype=h5py.string_dtype())
        for key, form in (("X", "csr"), ("layers/counts", "csc")):
            shape = file[key].attrs["shape"]
            for name in list(file[key].attrs):
                del file[key].attrs[name]
            file[key].attrs.update({"h5sparse_format": form, "h5sparse_shape": shape})
    for key in ("X", "layers/counts"):
        table = open_file(h5ad, key=key)
        np.testing.assert_array_equal(table.values[:], dense_of(rna())[key])
        assert table.columns["cell_type"][:4].tolist() == ["B", "T", "", "B"]
        assert table.columns["text"][:3].tolist() == ["t", "", "t"]


def test_a_pair_whose_cells_stand_in_another_order_and_lack_one(h5mu: Path) -> None:
    x, y = open_file(h5mu, key="rna/X_pca"), open_file(h5mu, key="prot")
    assert x.ids.tolist() == CELLS
    assert y.ids.tolist() == [CELLS[i] for i in OF_PROTEIN]
    np.testing.assert_array_equal(y.values[:], pair()["prot"].X)
    for table in (x, y):
        assert list(table.columns["donor"]) == [f"d{int(cell[4:]) % 4}" for cell in table.ids]
    assert modalities(h5mu) == ("rna", "prot")
    whole = open_file(h5mu, key="obsm/X_umap")
    np.testing.assert_array_equal(whole.values[:][:, 0], [int(cell[4:]) for cell in whole.ids])


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (None, "holds X, layers/counts, layers/dense, raw, obsm/.*: say which one is meant"),
        ("umap", "no obsm entry 'umap': it has X_pca, few, prot; other keys are X, layers/counts"),
        ("layers/x", "no entry 'layers/x'"),
    ],
)
def test_a_key_that_does_not_exist_lists_those_that_do(
    h5ad: Path, key: str | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        open_file(h5ad, key=key)


def test_a_file_without_x_is_read_by_its_other_keys(tmp_path: Path) -> None:
    path = tmp_path / "cells.h5ad"
    anndata.AnnData(obs=pd.DataFrame(index=CELLS), obsm={"p": np.ones((N, 2))}).write_h5ad(path)
    assert open_file(path).values.shape == (N, 2)
    with pytest.raises(InputError, match="has no X: choose its key among obsm/p"):
        open_file(path, key="X")


def test_what_is_no_such_file_is_refused_in_one_line(tmp_path: Path, h5ad: Path) -> None:
    text = tmp_path / "text.h5ad"
    text.write_text("no HDF5")
    packed = tmp_path / "cells.h5ad.gz"
    packed.write_bytes(b"\x1f\x8b")
    broken = tmp_path / "broken.h5ad"
    broken.write_bytes(h5ad.read_bytes()[:4000])
    for path, message in (
        (text, r"cannot be read as \.h5ad"),
        (packed, "is compressed: unpack it first, gunzip cells.h5ad.gz"),
        (broken, r"cannot be read as \.h5ad"),
        (tmp_path / "absent.h5ad", "does not exist: check the path"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            open_file(path, key="X")
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="no obs column 'cell' of IDs"):
        open_file(h5ad, key="X", id_column="cell")


@pytest.mark.parametrize(
    ("part", "values", "message"),
    [
        ("indices", [-1], "an index outside"),
        ("indices", [D], "an index outside"),
        ("indptr", [1], "bounds that do not ascend"),
    ],
)
def test_damaged_indices_never_reach_the_block(
    h5ad: Path, part: str, values: list[int], message: str
) -> None:
    with h5py.File(h5ad, "r+") as file:
        file[f"X/{part}"][:1] = values
    with pytest.raises(InputError, match=message):
        open_file(h5ad, key="X").values[:]


class Counting:
    """A dataset that keeps count of what is read of it."""

    def __init__(self, dataset: Any, seen: list[int]) -> None:
        self.dataset, self.seen = dataset, seen

    def __getitem__(self, at: slice) -> Any:
        self.seen.append(at.stop - at.start)
        return self.dataset[at]


def test_rows_in_order_are_read_once(h5ad: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, seen = open_file(h5ad, key="X").values, []
    read = type(source.stored).dataset
    monkeypatch.setattr(
        type(source.stored), "dataset", lambda self, name: Counting(read(self, name), seen)
    )
    for start in range(0, N, 7):
        source.read(start, start + 7)
    assert sum(seen) == 2 * rna().X.nnz


def test_a_large_sparse_file_is_read_in_a_few_blocks_of_memory(tmp_path: Path) -> None:
    n, d, rows = 40_000, 300, 500
    matrix = sp.random_array(
        (n, d), density=0.05, format="csr", dtype=np.float32, rng=np.random.default_rng(0)
    )
    with h5py.File(tmp_path / "large.h5ad", "w") as file:
        _sparse(file, "X", matrix)
        _names(file, n, d)
    table = open_file(tmp_path / "large.h5ad", key="X")
    total = np.zeros(d)
    tracemalloc.start()
    try:
        for start in range(0, n, rows):
            total += table.values.read(start, start + rows).sum(axis=0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_allclose(total, matrix.sum(axis=0), rtol=1e-3)
    assert peak < 5 * rows * d * 4 + 3 * 4 * n  # dense it has 48 MB


def _sparse(file: Any, name: str, matrix: Any, **options: Any) -> None:
    group = file.create_group(name)
    group.attrs["encoding-type"] = f"{matrix.format}_matrix"
    group.attrs["shape"] = matrix.shape
    for part in ("data", "indices", "indptr"):
        group.create_dataset(part, data=getattr(matrix, part), **options)


def _names(file: Any, n: int, d: int) -> None:
    for axis, count in (("obs", n), ("var", d)):
        names = np.array([f"{axis}{i}" for i in range(count)], dtype=object)
        file.create_group(axis).create_dataset("_index", data=names, dtype=h5py.string_dtype())


@pytest.mark.parametrize("form", ["csr", "csc"])
def test_stripes_smaller_than_the_matrix_give_the_same_rows(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "STEP", 37)
    monkeypatch.setattr(stored_rows, "STEP", 37)
    monkeypatch.setattr(stored_rows, "_MANY", 2)
    monkeypatch.setattr(stored_rows, "_GAP", 3)
    rng = np.random.default_rng(4)
    dense = rng.poisson(0.3, (120, 11)) * (rng.uniform(size=(120, 1)) < 0.7)
    dense[-5:] = 0  # rows without entries at the end, and one far longer than a stripe
    dense = np.hstack([dense, np.zeros((120, 60), dtype=int)])
    dense[40] = 1 + np.arange(71)
    with h5py.File(tmp_path / "cells.h5ad", "w") as file:
        _sparse(file, "X", getattr(sp, f"{form}_array")(dense), compression="gzip", chunks=True)
        _names(file, 120, 71)
    source = open_file(tmp_path / "cells.h5ad", key="X").values
    np.testing.assert_array_equal(source[[3, 77, 110]], dense[[3, 77, 110]])
    order = rng.permutation(120)
    np.testing.assert_array_equal(source[order], dense[order])
    np.testing.assert_array_equal(source[30:90], dense[30:90])
    sent = pickle.loads(pickle.dumps(source))  # noqa: S301
    np.testing.assert_array_equal(sent[:], dense)


def test_large_chunks_are_unpacked_once(tmp_path: Path) -> None:
    path, dense = tmp_path / "cells.h5ad", np.arange(2.4e6).reshape(600, 4000)
    with h5py.File(path, "w") as file:
        file.create_dataset("X", data=dense, chunks=(300, 2000), compression="gzip")
        _names(file, *dense.shape)
    source = open_file(path, key="X").values
    with h5py.File(path) as file:
        held = file["X"].id.get_access_plist().get_chunk_cache()[1]
    np.testing.assert_array_equal(source[290:310], dense[290:310])
    cache = source._dataset.id.get_access_plist().get_chunk_cache()[1]
    assert cache >= 2 * 300 * 2000 * 8 > held


def test_a_result_is_written_into_a_file_and_nothing_else_is_touched(
    h5ad: Path, h5mu: Path
) -> None:
    for path, read in ((h5ad, anndata.read_h5ad), (h5mu, mudata.read_h5mu)):
        source = open_file(path, key="X" if path is h5ad else "rna").values
        source.read(0, 5)
        before = _content(path)
        for delta in (0.5, 1.5):  # the second replaces the first
            write_result(path, {"delta": delta, "x": {"names": ["a", "b"]}, "s": "two\nlines"})
        after = _content(path)
        assert {k: v for k, v in after.items() if not k.startswith("uns/crossphase")} == before
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = read(path).uns["crossphase"]
        assert found["delta"] == 1.5
        assert list(found["x"]["names"]) == ["a", "b"]
        assert found["s"] == "two\nlines"
        np.testing.assert_array_equal(source[0:5], dense_of(rna())["X"][0:5])
    with h5py.File(h5mu) as file:
        assert file.userblock_size == 512  # with the mark that makes it an .h5mu


def _content(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def keep(name: str, item: Any) -> None:
        values = item[...].tobytes() if hasattr(item, "dtype") and item.dtype != "O" else None
        texts = item[...].tolist() if values is None and hasattr(item, "dtype") else None
        found[name] = (values, texts, sorted((k, str(v)) for k, v in item.attrs.items()))

    with h5py.File(path) as file:
        file.visititems(keep)
    return found


def test_a_file_that_cannot_be_written_is_refused_in_one_line(tmp_path: Path, h5ad: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        write_result(tmp_path / "absent.h5ad", {"a": 1})
    with h5py.File(h5ad), pytest.raises(InputError, match="cannot be written to"):
        write_result(h5ad, {"a": 1})


def test_the_plain_reader_gives_whole_matrices(h5ad: Path) -> None:
    with open_h5ad(h5ad) as file:
        assert (file.matrix("counts").toarray() == dense_of(rna())["layers/counts"]).all()
        np.testing.assert_array_equal(file.embedding("X_pca"), rna().obsm["X_pca"])
