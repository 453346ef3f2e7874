"""Cells of two modalities with everything that AnnData and MuData can hold of them."""

from __future__ import annotations

import warnings
from typing import Any

import anndata
import mudata
import numpy as np
import pandas as pd
import scipy.sparse as sp

N, D = 60, 9
CELLS = [f"cell{i:02d}" for i in range(N)]
#: The protein modality lacks one cell and has the others in another order.
OF_PROTEIN = np.random.default_rng(7).permutation(N)[1:]


def rna() -> Any:
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.5, (N, D)).astype(np.float32)
    obs = pd.DataFrame(
        {
            "cell_type": pd.Categorical(np.array(["B", "T", None], dtype=object)[np.arange(N) % 3]),
            "cluster": pd.Categorical(np.arange(N) % 4),
            "depth": counts.sum(axis=1).astype(np.float64),
            "plate": pd.array([None if i % 5 == 0 else i % 3 for i in range(N)], dtype="Int64"),
            "doublet": pd.array(
                [None if i == 2 else i % 2 == 0 for i in range(N)], dtype="boolean"
            ),
            "note": [f"note {i}" for i in range(N)],
        },
        index=CELLS,
    )
    obs["site"] = pd.array([None if i == 1 else f"s{i % 2}" for i in range(N)], dtype="string")
    frame = pd.DataFrame({"p": np.arange(N) / 2, "q": np.arange(N)}, index=CELLS)
    frame["r"] = pd.array([None if i == 4 else i for i in range(N)], dtype="Int64")
    data = anndata.AnnData(
        sp.csr_matrix(np.log1p(counts)),
        obs=obs,
        var=pd.DataFrame(index=[f"gene{j}" for j in range(D)]),
        layers={"counts": sp.csc_matrix(counts), "dense": counts.astype(np.int64)},
        obsm={
            "X_pca": rng.normal(size=(N, 4)),
            "prot": frame,
            "few": sp.csr_matrix(counts[:, :3]),
        },
    )
    data.raw = anndata.AnnData(
        sp.csr_matrix(np.hstack([counts, counts])),
        obs=obs[[]],
        var=pd.DataFrame(index=[f"raw{j}" for j in range(2 * D)]),
    )
    return data


def dense_of(data: Any) -> dict[str, np.ndarray]:
    """By its key every matrix, as an array."""
    return {
        "X": data.X.toarray(),
        "layers/counts": data.layers["counts"].toarray(),
        "layers/dense": data.layers["dense"],
        "raw": data.raw.X.toarray(),
        "obsm/X_pca": data.obsm["X_pca"],
        "obsm/prot": data.obsm["prot"].to_numpy(dtype=float, na_value=np.nan),
        "obsm/few": data.obsm["few"].toarray(),
    }


def pair() -> Any:
    """A MuData of RNA and protein, and labels that only the whole has."""
    protein = anndata.AnnData(
        np.random.default_rng(1).normal(size=(N, 5))[OF_PROTEIN],
        obs=pd.DataFrame({"panel": np.arange(N)[OF_PROTEIN]}, index=np.array(CELLS)[OF_PROTEIN]),
        var=pd.DataFrame(index=[f"CD{j}" for j in range(5)]),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what a later version will do
        whole = mudata.MuData({"rna": rna(), "prot": protein})
    whole.obs["donor"] = pd.Categorical([f"d{int(cell[4:]) % 4}" for cell in whole.obs_names])
    whole.obsm["X_umap"] = np.array([[float(cell[4:]), 1.0] for cell in whole.obs_names])
    return whole
