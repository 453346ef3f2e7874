"""AnnData and MuData objects give rows, names of cells and columns by key."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import anndata
import mudata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from annotated_data import CELLS, OF_PROTEIN, D, N, dense_of, pair, rna

from crossphase import PairedData
from crossphase.errors import InputError
from crossphase.sources import RowSource
from crossphase.sources.annotated import open_key, open_object, write_result
from crossphase.sources.modalities import modalities

KEYS = ("X", "layers/counts", "layers/dense", "raw", "obsm/X_pca", "obsm/prot", "obsm/few")


def held(how: str, folder: Path) -> Any:
    """The cells in memory, backed by a file, or read lazily."""
    data = rna()
    if how == "memory":
        return data
    path = folder / "cells.h5ad"
    data.write_h5ad(path)
    if how == "backed":
        return anndata.read_h5ad(path, backed="r")
    del data.layers["counts"]
    data.write_h5ad(path)
    from anndata.experimental import read_lazy

    return read_lazy(path)


@pytest.mark.parametrize("how", ["memory", "backed", "lazy"])
def test_every_key_reads_as_the_dense_array(how: str, tmp_path: Path) -> None:
    data, wanted = held(how, tmp_path), dense_of(rna())
    for key in KEYS:
        if how == "lazy" and key == "layers/counts":
            continue
        if how == "lazy" and key in ("layers/dense", "obsm/X_pca"):
            continue  # plain Dask arrays
        table = open_key(data, key, "x")
        np.testing.assert_array_equal(np.asarray(table.values), wanted[key])
        np.testing.assert_array_equal(table.values[7:31], wanted[key][7:31])
        np.testing.assert_array_equal(table.values[np.array([9, 3, 50])], wanted[key][[9, 3, 50]])
        assert table.ids.tolist() == CELLS
        assert table.named


@pytest.mark.parametrize("how", ["memory", "backed", "lazy"])
def test_columns_are_read_with_what_is_missing(how: str, tmp_path: Path) -> None:
    columns = open_key(held(how, tmp_path), "X", "x").columns
    assert set(columns) == set(rna().obs.columns)
    assert columns["cell_type"][:4].tolist() == ["B", "T", "", "B"]
    assert columns["cluster"][:3].tolist() == ["0", "1", "2"]
    assert columns["site"][:3].tolist() == ["s0", "", "s0"]
    np.testing.assert_array_equal(columns["plate"][:3], [np.nan, 1, 2])
    assert columns["doublet"][:4].tolist() == [True, False, None, False]
    assert columns["note"][5] == "note 5"
    assert columns["depth"].dtype == float
    with pytest.raises(KeyError):
        columns["donor"]


def test_features_are_named_after_genes_and_columns_of_frames() -> None:
    data = rna()
    names = {key: open_key(data, key, "x").names for key in KEYS}
    assert names["X"] == names["layers/counts"] == tuple(f"gene{j}" for j in range(D))
    assert names["raw"] == tuple(f"raw{j}" for j in range(2 * D))
    assert names["obsm/prot"] == ("p", "q", "r")
    assert names["obsm/X_pca"] is None


def test_columns_of_a_frame_read_lazily_keep_the_order_of_the_file(tmp_path: Path) -> None:
    from anndata.experimental import read_lazy

    names = [f"CD{j}" for j in range(12)]
    data = rna()
    data.obsm["prot"] = pd.DataFrame(
        np.arange(12 * N).reshape(N, 12), index=data.obs_names, columns=names
    )
    data.write_h5ad(tmp_path / "cells.h5ad")
    table = open_key(read_lazy(tmp_path / "cells.h5ad"), "prot", "x")
    assert table.names == tuple(names)
    np.testing.assert_array_equal(table.values, data.obsm["prot"])


@pytest.mark.parametrize(
    ("key", "same"), [("counts", "layers/counts"), ("X_pca", "obsm/X_pca"), ("raw/X", "raw")]
)
def test_a_short_key_will_do_where_one_thing_is_called_so(key: str, same: str) -> None:
    data = rna()
    np.testing.assert_array_equal(open_key(data, key, "x").values[:], dense_of(data)[same])
    data.obsm["counts"] = np.ones((N, 2))
    if key == "counts":
        with pytest.raises(InputError, match="give layers/counts or obsm/counts as the key"):
            open_key(data, key, "x")


def test_a_pair_whose_cells_stand_in_another_order_and_lack_one() -> None:
    data = pair()
    x, y = open_key(data, "rna/X_pca", "x"), open_key(data, "prot", "y")
    assert x.ids.tolist() == CELLS
    assert y.ids.tolist() == [CELLS[i] for i in OF_PROTEIN]
    assert len(set(x.ids) - set(y.ids)) == 1
    np.testing.assert_array_equal(x.values, data["rna"].obsm["X_pca"])
    np.testing.assert_array_equal(y.values, data["prot"].X)
    assert x.columns["cell_type"][:3].tolist() == ["B", "T", ""]
    for table in (x, y):  # of the whole, by the cells' names
        assert list(table.columns["donor"]) == [f"d{int(cell[4:]) % 4}" for cell in table.ids]
    assert "cell_type" not in y.columns
    assert "panel" in y.columns


def test_the_whole_of_a_mudata_has_embeddings_and_no_masks() -> None:
    data = pair()
    table = open_key(data, "obsm/X_umap", "x")
    np.testing.assert_array_equal(table.values[:, 0], [int(cell[4:]) for cell in table.ids])
    with pytest.raises(InputError, match="no obsm entry 'rna': it has X_umap"):
        open_key(data, "obsm/rna", "x")
    with pytest.raises(InputError, match="no modality 'atac': choose among rna, prot, obsm/X_umap"):
        open_key(data, "atac", "x")


def test_a_backed_mudata_is_read_by_modality(tmp_path: Path) -> None:
    data = pair()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data.write(tmp_path / "cells.h5mu")
        backed = mudata.read_h5mu(tmp_path / "cells.h5mu", backed="r")
    for key, wanted in (("rna", data["rna"].X.toarray()), ("prot", data["prot"].X)):
        table = open_key(backed, key, "x")
        assert isinstance(table.values, RowSource)
        np.testing.assert_array_equal(table.values[:], wanted)
        assert list(table.columns["donor"]) == [f"d{int(cell[4:]) % 4}" for cell in table.ids]


@pytest.mark.parametrize("layout", [sp.csr_matrix, sp.csc_matrix, sp.csr_matrix.toarray])
def test_a_selection_of_a_backed_object_is_read_without_the_rest(
    layout: Any, tmp_path: Path
) -> None:
    data = rna()
    data.X = layout(data.X)
    data.write_h5ad(tmp_path / "cells.h5ad")
    backed = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    rows, columns = np.random.default_rng(3).permutation(N)[:40], np.array([0, 3, 4, 8])
    wanted = dense_of(rna())["X"][np.ix_(rows, columns)]
    table = open_key(backed[rows, columns], "X", "x")
    assert isinstance(table.values, RowSource)
    np.testing.assert_array_equal(table.values[:], wanted)
    np.testing.assert_array_equal(table.values[[8, 2]], wanted[[8, 2]])
    assert table.ids.tolist() == [CELLS[i] for i in rows]
    assert table.names == ("gene0", "gene3", "gene4", "gene8")
    with pytest.raises(InputError, match="features in another order"):
        open_key(backed[:, [4, 2]], "X", "x")


def test_a_backed_source_can_be_sent_and_outlives_its_object(tmp_path: Path) -> None:
    backed = held("backed", tmp_path)
    source = open_key(backed, "X", "x").values
    backed.file.close()
    np.testing.assert_array_equal(source[:], dense_of(rna())["X"])
    sent = pickle.loads(pickle.dumps(source))  # noqa: S301
    np.testing.assert_array_equal(sent[5:9], dense_of(rna())["X"][5:9])


def test_a_lazily_read_matrix_is_had_chunk_by_chunk_once(tmp_path: Path) -> None:
    import dask.array as da

    seen: list[int] = []

    def chunk(block_info: Any = None) -> Any:
        first = block_info[None]["array-location"][0][0]
        seen.append(first)
        return sp.csr_matrix(dense_of(rna())["X"][first : first + 20])

    array = da.map_blocks(
        chunk, chunks=((20, 20, 20), (D,)), dtype=np.float32, meta=sp.csr_matrix((0, 0))
    )
    data = anndata.AnnData(array)
    source = open_key(data, "X", "x").values
    seen.clear()
    blocks = [source[start : start + 7] for start in range(0, N, 7)]
    np.testing.assert_array_equal(np.vstack(blocks), dense_of(rna())["X"])
    assert seen == [0, 20, 40]


def test_a_lazily_read_matrix_of_columns_is_refused_in_one_line(tmp_path: Path) -> None:
    import dask.array as da

    columns = [
        da.from_array(np.eye(6, 3)).map_blocks(sp.csc_matrix, meta=sp.csc_matrix((0, 0)))
    ] * 2
    data = anndata.AnnData(da.concatenate(columns, axis=1))
    with pytest.raises(InputError, match="stored by columns: give the path"):
        open_key(data, "X", "x")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (rna(), "x is an AnnData of 7 matrices: say which one .* X, layers/counts, layers/dense"),
        (pair(), "x is a MuData of 9 matrices: .* rna, rna/layers/counts, .*prot, obsm/X_umap"),
        (anndata.AnnData(obs=pd.DataFrame(index=["a"])), "x is an AnnData without matrices"),
    ],
)
def test_an_object_without_a_key_is_refused_with_its_keys(table: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        open_object(table, "x")
    assert "\n" not in str(caught.value)


def test_the_only_matrix_of_an_object_needs_no_key() -> None:
    table = open_object(anndata.AnnData(np.eye(3)), "x")
    np.testing.assert_array_equal(table.values, np.eye(3))
    # Names that AnnData made up merely count the rows.
    assert table.counted
    assert not table.named


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("X", "x has no X: choose its key among layers/counts, obsm/prot"),
        ("X_pca", "x has no obsm entry 'X_pca': it has prot; other keys are layers/counts"),
        ("layers/raw", "x has no entry 'layers/raw': it has prot; other keys are layers/counts"),
        ("prot", "obsm/prot of x has a column 'name' that is not numeric"),
    ],
)
def test_a_key_that_does_not_exist_lists_those_that_do(key: str, message: str) -> None:
    obs = pd.DataFrame(index=["a", "b"])
    frame = pd.DataFrame({"name": ["u", "v"]}, index=obs.index)
    data = anndata.AnnData(
        obs=obs,
        var=pd.DataFrame(index=["g"]),
        layers={"counts": np.ones((2, 1))},
        obsm={"prot": frame},
    )
    with pytest.raises(InputError, match=message):
        open_key(data, key, "x")


def test_views_in_memory_are_read_as_what_they_select() -> None:
    view = rna()[[5, 2, 9], [1, 0]]
    for key in ("X", "layers/dense"):
        table = open_key(view, key, "x")
        np.testing.assert_array_equal(
            table.values[:], dense_of(rna())[key][np.ix_([5, 2, 9], [1, 0])]
        )
        assert table.ids.tolist() == ["cell05", "cell02", "cell09"]
        assert table.names == ("gene1", "gene0")


def test_names_that_count_still_join_the_modalities_of_a_mudata() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = mudata.MuData(
            {"a": anndata.AnnData(np.ones((3, 1))), "b": anndata.AnnData(np.ones((2, 1)))}
        )
    assert open_key(data, "a", "x").named
    assert not open_key(data["a"], "X", "x").named


def test_a_pair_is_matched_by_the_names_of_its_cells() -> None:
    data = pair()
    x, y = open_key(data, "rna/counts", "rna"), open_key(data, "prot", "prot")
    paired = PairedData.from_arrays(
        x,
        y,
        {"cell_type": x.columns["cell_type"]},
        ids_labels=x.ids,
        groups=y.columns["donor"],
        ids_groups=y.ids,
        names=("rna", "prot"),
    )
    rows = [CELLS.index(cell) for cell in paired.ids]
    assert sorted(rows) == sorted(OF_PROTEIN)
    np.testing.assert_array_equal(paired.x, dense_of(rna())["layers/counts"][rows])
    place = {row: i for i, row in enumerate(OF_PROTEIN.tolist())}
    np.testing.assert_array_equal(paired.y, data["prot"].X[[place[row] for row in rows]])
    assert [paired.group_names[code] for code in paired.groups] == [f"d{row % 4}" for row in rows]


def test_cells_of_one_name_are_not_told_apart_by_it() -> None:
    data = pair()
    data.obs.index = [CELLS[0], *data.obs_names[1:-1], CELLS[0]]
    with pytest.raises(InputError, match="names of cells that repeat"):
        open_key(data, "prot", "x").columns["donor"]


RESULT = {
    "verdict": "Align",
    "delta": 1.5,
    "n": 12,
    "sure": True,
    "interval": (0.5, 2.5),
    "regimes": ["Both", "Neither"],
    "rna/X_pca": {"spectrum": np.arange(3.0), "missing": None},
    "outlook": [{"view": "x", "gain": 0.1}, {"view": "y", "gain": None}],
}


def written(found: Any) -> None:
    assert (found["verdict"], found["delta"], found["n"]) == ("Align", 1.5, 12)
    assert bool(found["sure"]) is True
    np.testing.assert_array_equal(found["interval"], [0.5, 2.5])
    assert list(found["regimes"]) == ["Both", "Neither"]
    np.testing.assert_array_equal(found["rna|X_pca"]["spectrum"], [0, 1, 2])
    assert list(found["rna|X_pca"]) == ["spectrum"]
    assert found["outlook"]["1"] == {"view": "y"}


def test_a_result_is_kept_by_the_object_and_by_the_file_it_is_written_to(tmp_path: Path) -> None:
    data, several = rna(), pair()
    for table in (data, several):
        write_result(table, RESULT)
        written(table.uns["crossphase"])
    data.write_h5ad(tmp_path / "cells.h5ad")
    written(anndata.read_h5ad(tmp_path / "cells.h5ad").uns["crossphase"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        several.write(tmp_path / "cells.h5mu")
        written(mudata.read_h5mu(tmp_path / "cells.h5mu").uns["crossphase"])


def test_what_cannot_be_written_is_an_error_of_the_caller() -> None:
    with pytest.raises(TypeError, match="object cannot be written"):
        write_result(rna(), {"a": object()})


def test_a_mudata_tells_its_modalities() -> None:
    assert modalities(pair()) == ("rna", "prot")
    assert modalities(rna()) == ()
