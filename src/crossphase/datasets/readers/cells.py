"""Bone-marrow CITE-seq (BMMC, NeurIPS 2021): RNA and surface protein of the same cells."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from crossphase.datasets.modalities import DatasetLabel, Modalities
from crossphase.datasets.stereo.pairs import Split
from crossphase.errors import Finding, InputError
from crossphase.sources.annotated_layout import H5ad, open_h5ad
from crossphase.sources.numpy_files import read_npy
from crossphase.sources.paths import checked_path

__all__ = ["centred_log_ratio", "donor_split", "read_cells"]

_COUNTS_PER_CELL = 1e4


def donor_split(
    donors: ArrayLike, *, n_validation: int = 1, n_test: int = 2, seed: int = 42
) -> Split:
    """Hold out whole donors.

    With the defaults and the nine donors of the BMMC data these are the published 6, 1 and 2.

    Parameters
    ----------
    donors : array-like of shape (n,)
        Donor of every row.
    n_validation, n_test : int, default 1 and 2
        Donors to choose by, and donors for the score alone.
    seed : int, default 42
        The published one.

    Returns
    -------
    Split
        Together all n rows.

    Raises
    ------
    InputError
        If no donor is left to train on, or a part would be empty.

    Examples
    --------
    >>> split = donor_split(np.repeat(list("abcdefghi"), 10))
    >>> len(split.train), len(split.validation), len(split.test)
    (60, 10, 20)
    """
    names, codes = np.unique(np.asarray(donors), return_inverse=True)
    if min(n_validation, n_test) < 1 or len(names) <= n_validation + n_test:
        raise InputError(
            f"{len(names)} donors cannot give {n_validation} to validate and {n_test} to test: "
            "hold out one or more for each and leave one or more to train on"
        )
    order = np.random.RandomState(seed).permutation(len(names))
    parts = np.split(order, [len(names) - n_validation - n_test, len(names) - n_test])
    return Split(*(np.flatnonzero(np.isin(codes, part)) for part in parts))


def centred_log_ratio(counts: Any) -> NDArray[np.float64]:
    """Protein counts of a cell relative to their geometric mean over that cell's proteins.

    ``log1p(c / exp(mean(log1p(c))))``, cell by cell, so that no cell depends on another.

    Parameters
    ----------
    counts : array-like or sparse matrix of shape (cells, proteins)
        0 or more.

    Returns
    -------
    ndarray of shape (cells, proteins)

    Raises
    ------
    InputError
        If a count is negative or not finite.

    Examples
    --------
    >>> centred_log_ratio([[0.0, 0.0], [3.0, 3.0]]).round(3)
    array([[0.  , 0.  ],
           [0.56, 0.56]])
    """
    dense = counts.toarray() if sp.issparse(counts) else np.asarray(counts)
    values = np.asarray(dense, dtype=np.float64)
    if not np.isfinite(values).all() or (values < 0).any():
        raise InputError("protein counts are negative or not finite: give raw counts")
    centre = np.exp(np.log1p(values).mean(axis=1, keepdims=True))
    return np.asarray(np.log1p(values / centre))


def read_cells(
    path: str | os.PathLike[str],
    *,
    rna: str | os.PathLike[str] | None = None,
    n_genes: int = 2000,
    n_components: int = 100,
    least_cells: int = 20,
) -> Modalities:
    """Read ``GSE194122_openproblems_neurips2021_cite_BMMC_processed.h5ad``, or a file like it.

    Protein is the centred log ratio of the counts in the layer ``counts``. RNA is, unless
    `rna` is given, the principal components of the most variable genes' log counts; genes and
    components are chosen on the training donors of :func:`donor_split` alone, without labels.

    Parameters
    ----------
    path : str or path-like
        Unpacked, with the variable column ``feature_types`` (GEX and ADT) and the cell columns
        ``cell_type`` and ``DonorNumber``; ``batch`` and ``Site`` become covariates.
    rna : path to a .npy, or str, default None
        Embedding of the cells to take for RNA, in the order of the file, such as scGPT's; or the
        name of an entry of ``obsm``, such as ``"GEX_X_pca"``.
    n_genes, n_components : int, default 2000 and 100
        Genes, and components of them.
    least_cells : int, default 20
        Cells of rarer types count as unlabelled.

    Returns
    -------
    Modalities
        Views ``"rna"`` and ``"protein"``, label ``"cell_type"``, donors as groups.

    Raises
    ------
    InputError
        If the file lacks something of the above.
    MissingExtraError
        Without h5py.
    """
    findings: list[Finding] = []
    with open_h5ad(path) as file:
        kinds = file.column("var", "feature_types")
        for kind in ("GEX", "ADT"):
            if kind not in kinds:
                raise InputError(
                    f"{path} has no features of type {kind}: its feature_types are "
                    f"{', '.join(np.unique(kinds).tolist())}"
                )
        donors = file.column("obs", "DonorNumber").astype(str)
        types = file.column("obs", "cell_type").astype(str)
        names = file.names("var")
        counts, found = _counts(file)
        findings.extend(found)
        protein = centred_log_ratio(counts[:, kinds == "ADT"])
        if rna is None:
            genes = counts[:, kinds == "GEX"]
            view, kept = _gene_components(genes, donors, n_genes, n_components)
            findings.append(kept)
        else:
            view = _embedding(file, rna, len(donors))
        covariates = {
            name: file.column("obs", column)
            for name, column in (("batch", "batch"), ("site", "Site"))
            if column in file.columns("obs")
        }
        ids = file.names("obs")
    labels, rare = _frequent(types, least_cells)
    findings.extend(rare)
    return Modalities(
        "bmmc-cite-seq",
        {"rna": view, "protein": protein},
        {
            "cell_type": DatasetLabel(
                labels,
                "classes",
                circular_for=("rna", "protein"),
                description="annotated by experts from these very RNA and protein measurements",
            )
        },
        ids=ids,
        groups=donors,
        features={"protein": tuple(names[kinds == "ADT"].tolist())},
        covariates=covariates,
        description="RNA and surface protein (CITE-seq) of bone-marrow cells of nine donors.",
        licence="as published with GEO series GSE194122",
        citation=(
            "Luecken, M. et al. (2021). A sandbox for prediction and integration of DNA, RNA, and "
            "proteins in single cells. NeurIPS Datasets and Benchmarks."
        ),
        findings=tuple(findings),
    )


def _counts(file: H5ad) -> tuple[Any, tuple[Finding, ...]]:
    if "counts" in file.layers:
        return file.matrix("counts"), ()
    return file.matrix(), (
        Finding(
            "no-counts",
            "warning",
            f"{file.path.name} has no layer counts.",
            "X was taken for raw counts; logarithms were taken twice if it is not.",
            "Give a file with raw counts in layers/counts.",
        ),
    )


def _gene_components(
    counts: Any, donors: NDArray[np.str_], n_genes: int, n_components: int
) -> tuple[NDArray[np.float64], Finding]:
    """Components of log counts, fitted on the training donors (on all cells of few donors)."""
    from sklearn.decomposition import PCA

    rows = np.arange(len(donors))
    where = "all cells"
    if len(np.unique(donors)) > 3:
        rows, where = donor_split(donors).train, "the cells of the training donors"
    matrix = sp.csr_matrix(counts, dtype=np.float64)
    totals = np.asarray(matrix.sum(axis=1)).ravel()
    scale = np.divide(_COUNTS_PER_CELL, totals, out=np.zeros_like(totals), where=totals > 0)
    logs = (sp.diags_array(scale) @ matrix).tocsr()
    np.log1p(logs.data, out=logs.data)
    chosen = logs[rows]
    mean = np.asarray(chosen.mean(axis=0)).ravel()
    variance = np.asarray(chosen.multiply(chosen).mean(axis=0)).ravel() - mean**2
    genes = np.sort(np.argsort(-variance, kind="stable")[:n_genes])
    wanted = min(n_components, len(genes), len(rows) - 1)
    fit = PCA(wanted, svd_solver="covariance_eigh").fit(chosen[:, genes])
    return np.asarray(fit.transform(logs[:, genes])), Finding(
        "rna-components",
        "info",
        f"RNA is {wanted} principal components of the {len(genes)} most variable of "
        f"{matrix.shape[1]} genes, fitted on {where}: "
        f"{fit.explained_variance_ratio_.sum():.0%} of those genes' variance.",
        "The published work embedded the RNA with scGPT instead.",
        "Give that embedding as a .npy file to compare with it.",
    )


def _embedding(file: H5ad, rna: str | os.PathLike[str], n_cells: int) -> NDArray[np.float64]:
    if isinstance(rna, str) and not rna.endswith(".npy"):
        return file.embedding(rna)
    values = np.asarray(read_npy(checked_path(rna)), dtype=np.float64)
    if values.ndim != 2 or len(values) != n_cells:
        raise InputError(
            f"{rna} has shape {values.shape} for {n_cells} cells: give one row for each cell, in "
            "the order of the file"
        )
    return values


def _frequent(types: NDArray[np.str_], least: int) -> tuple[NDArray[np.str_], tuple[Finding, ...]]:
    names, codes, counts = np.unique(types, return_inverse=True, return_counts=True)
    rare = (counts < least) & (names != "")
    if not rare.any():
        return types, ()
    return np.where(rare[codes], "", types), (
        Finding(
            "rare-cell-types",
            "info",
            f"{int(rare.sum())} cell types have fewer than {least} cells: "
            f"{', '.join(names[rare].tolist())}.",
            f"Their {int(counts[rare].sum())} cells count as unlabelled.",
        ),
    )
