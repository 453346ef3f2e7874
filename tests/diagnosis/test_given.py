"""What diagnose takes: annotated objects by key, frames, sparse matrices, Dask, paths."""

from __future__ import annotations

import json

import anndata
import dask.array as da
import mudata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import crossphase as xp
from crossphase.data import MultimodalData

QUICK = xp.Settings(outlook=False, stability=False, n_permutations=19, n_draws=100)
N = 300


def rows(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=(N, 2))
    x = np.hstack([signal + 0.5 * rng.normal(size=(N, 2)), rng.normal(size=(N, 6))])
    y = np.hstack([signal + 0.5 * rng.normal(size=(N, 2)), rng.normal(size=(N, 4))])
    return x, y, np.where(signal[:, 0] > 0, "B", "T")


X, Y, LABELS = rows()
DONORS = np.repeat([f"d{i}" for i in range(20)], N // 20)
CELLS = np.array([f"cell{i}" for i in range(N)])


def cells() -> anndata.AnnData:
    found = anndata.AnnData(
        sp.csr_matrix(X),
        obs=pd.DataFrame({"cell_type": LABELS, "donor": DONORS}, index=CELLS),
        layers={"counts": X},
    )
    found.obsm["prot"] = Y
    return found


def multi(order: np.ndarray) -> mudata.MuData:
    """Two modalities, the second in another order and without the last cell."""
    rna = anndata.AnnData(X, obs=pd.DataFrame(index=CELLS))
    rna.obsm["X_pca"] = X
    prot = anndata.AnnData(Y[order], obs=pd.DataFrame(index=CELLS[order]))
    rna.var_names = [f"gene{i}" for i in range(X.shape[1])]
    prot.var_names = [f"protein{i}" for i in range(Y.shape[1])]
    with mudata.set_options(pull_on_update=False):
        found = mudata.MuData({"rna": rna, "prot": prot})
    found.obs["cell_type"] = pd.Series(LABELS, index=CELLS)
    found.obs["donor"] = pd.Series(DONORS, index=CELLS)
    return found


def plain(keep: np.ndarray | None = None, **given: object) -> xp.Diagnosis:
    keep = np.arange(N) if keep is None else keep
    return xp.diagnose(X[keep], Y[keep], LABELS[keep], settings=QUICK, **given)


def same(one: xp.Diagnosis, other: xp.Diagnosis) -> None:
    assert one.probabilities == other.probabilities
    np.testing.assert_allclose(one.alignment.values, other.alignment.values, rtol=1e-10)
    assert one.data.n_labelled == other.data.n_labelled


def test_keys_of_an_anndata_are_both_modalities_and_obs_has_labels_and_groups() -> None:
    found = xp.diagnose(
        cells(), x_key="X", y_key="prot", labels="cell_type", groups="donor", settings=QUICK
    )
    same(found, plain(groups=DONORS))
    assert (found.data.x_name, found.data.y_name) == ("X", "prot")


def test_cells_of_a_mudata_meet_by_name() -> None:
    order = np.random.default_rng(1).permutation(N - 1)
    found = xp.diagnose(
        multi(order), x_key="rna/X_pca", y_key="prot", labels="cell_type", groups="donor",
        settings=QUICK,
    )  # fmt: skip
    kept = np.arange(N - 1)
    same(found, plain(kept, groups=DONORS[kept]))
    assert any(one.code == "rows-dropped" for one in found.warnings)


def test_verdict_is_written_into_uns_and_read_again(tmp_path) -> None:
    table = cells()
    given = {"x_key": "X", "y_key": "prot", "labels": "cell_type", "settings": QUICK}
    found = xp.diagnose(table, **given, write_uns=True)
    assert table.uns["crossphase"]["regime"] == str(found.regime)
    path = tmp_path / "cells.h5ad"
    table.write_h5ad(path)
    again = anndata.read_h5ad(path).uns["crossphase"]
    assert xp.Diagnosis.from_json(again["json"]).probabilities == found.probabilities


def test_labels_given_beside_keys_are_values() -> None:
    found = xp.diagnose(cells(), x_key="X", y_key="obsm/prot", labels=LABELS, settings=QUICK)
    same(found, plain())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"x_key": "X", "y_key": "protein"}, "no obsm entry 'protein': it has prot"),
        ({"x_key": "X", "y_key": "prot", "labels": "celltype"}, "cell_type, donor"),
        ({"x_key": "X", "y_key": "prot", "labels": ["cell_type", "age"]}, "'age'"),
        ({"x_key": "X", "y_key": "prot", "labels": "cell_type", "groups": "batch"}, "'batch'"),
    ],
)
def test_what_does_not_exist_is_listed(given, said) -> None:
    with pytest.raises(xp.InputError, match=said):
        xp.diagnose(cells(), **({"labels": "cell_type"} | given), settings=QUICK)


def test_keys_of_arrays_are_refused() -> None:
    with pytest.raises(xp.InputError, match="x_key='X' was given, but x is a ndarray"):
        xp.diagnose(X, Y, LABELS, x_key="X")
    with pytest.raises(xp.InputError, match="write_uns: x is a ndarray"):
        xp.diagnose(X, Y, LABELS, write_uns=True)


def test_anndata_without_keys_names_them() -> None:
    with pytest.raises(xp.InputError, match="layers/counts"):
        xp.diagnose(cells(), Y, LABELS)


@pytest.mark.parametrize(
    "of",
    [
        sp.csc_array,
        pd.DataFrame,
        lambda table: da.from_array(table, chunks=(70, 2)),
        lambda table: np.asfortranarray(table),
    ],
    ids=["sparse", "pandas", "dask", "fortran"],
)
def test_sources_give_what_arrays_give(of) -> None:
    same(xp.diagnose(of(X), of(Y), LABELS, settings=QUICK), plain())


def test_atlas_takes_a_mudata() -> None:
    order = np.arange(N - 1)
    found = xp.atlas(multi(order), "cell_type", settings=QUICK)
    assert {row.name for row in found.modalities} == {"rna", "prot"}
    assert found.n_rows == N - 1
    with pytest.raises(xp.InputError, match="one table of rows"):
        xp.atlas(cells(), "cell_type")


def test_views_read_on_demand_are_taken_whole_by_an_atlas() -> None:
    data = MultimodalData.from_arrays({"a": sp.csr_array(X), "b": Y}, LABELS)
    np.testing.assert_array_equal(data.views["a"], X)


def test_result_is_json_all_the_way_down() -> None:
    table = cells()
    xp.diagnose(table, x_key="X", y_key="prot", labels="cell_type", settings=QUICK, write_uns=True)
    assert json.loads(table.uns["crossphase"]["json"])["regime"]
