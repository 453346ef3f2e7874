"""Modalities of one .h5mu file, in the layout that MuData writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from crossphase import InputError
from crossphase.io import load_modalities, load_paired, read_labels, read_table

h5py = pytest.importorskip("h5py")

CELLS = np.array([f"c{i}" for i in range(12)])
RNA, PCA, PROTEIN = (np.random.default_rng(0).poisson(1.0, (12, d)) + 0.5 for d in (6, 2, 3))
RNA[RNA < 1] = 0
OF_PROTEIN = np.array([3, 1, 0, 2, 5, 4, 7, 6, 9, 10])


def _frame(group: Any, key: str, names: np.ndarray, columns: dict[str, np.ndarray]) -> None:
    table = group.create_group(key)
    table.attrs["_index"], table.attrs["encoding-type"] = "_index", "dataframe"
    table.attrs.create("column-order", list(columns), dtype=h5py.string_dtype())
    for name, values in {"_index": names, **columns}.items():
        text = values.dtype.kind == "U"
        kind = {"dtype": h5py.string_dtype()} if text else {}
        table.create_dataset(name, data=values.astype(object) if text else values, **kind)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "cells.h5mu"
    with h5py.File(path, "w", userblock_size=512) as file:
        file.attrs["encoding-type"] = "MuData"
        mod = file.create_group("mod")
        rna, protein = mod.create_group("rna"), mod.create_group("prot")
        mod.attrs.create("mod-order", ["rna", "prot"], dtype=h5py.string_dtype())
        sparse, matrix = sp.csr_matrix(RNA), rna.create_group("X")
        matrix.attrs.update({"encoding-type": "csr_matrix", "shape": RNA.shape})
        for part in ("data", "indices", "indptr"):
            matrix[part] = getattr(sparse, part)
        rna.create_group("obsm")["X_pca"] = PCA
        rna["obsm"].create_group("frame")
        protein["X"] = PROTEIN[OF_PROTEIN]
        _frame(rna, "obs", CELLS, {"type": np.array([*list("ABABABABAB"), "", ""])})
        _frame(protein, "obs", CELLS[OF_PROTEIN], {})
        for part, d in ((rna, 6), (protein, 3)):
            _frame(part, "var", np.array([f"f{i}" for i in range(d)]), {})
        order = np.arange(12)[::-1]
        donor = np.array([f"d{i % 3}" for i in range(12)])
        _frame(file, "obs", CELLS[order], {"donor": donor[order], "score": order / 2})
        _frame(file, "var", np.array([f"f{i}" for i in range(9)]), {})
    head = b"MuData (format-version=0.1.0;creator=muon;creator-version=0.2.0)"
    with path.open("r+b") as stream:
        stream.write(head)
    return path


def test_all_modalities_with_labels_and_groups_of_the_file(path: Path) -> None:
    data = load_modalities([path], label_columns=["type"], groups_column="donor")
    rows = [int(cell[1:]) for cell in data.ids]
    assert sorted(rows) == sorted(OF_PROTEIN)
    np.testing.assert_array_equal(data.views["rna"], RNA[rows])
    np.testing.assert_array_equal(data.views["prot"], PROTEIN[rows])
    assert [data.group_names[code] for code in data.groups] == [f"d{row % 3}" for row in rows]
    (label,) = data.labels.columns
    named = [label.classes[code] if code >= 0 else "" for code in label.values]
    assert named == ["" if row > 9 else "AB"[row % 2] for row in rows]


def test_an_embedding_and_a_label_that_the_file_alone_has(path: Path) -> None:
    data = load_modalities([path], keys=["rna/X_pca", "prot"], label_columns=["score"])
    rows = [int(cell[1:]) for cell in data.ids]
    np.testing.assert_array_equal(data.views["rna/X_pca"], PCA[rows])
    np.testing.assert_array_equal(data.labels.columns[0].values, np.array(rows) / 2)


def test_two_of_them_as_a_pair(path: Path) -> None:
    data = load_paired(path, path, x_key="rna", y_key="prot", label_columns=["type"])
    assert (data.x_name, data.y_name, data.n) == ("rna", "prot", 10)
    rows = [int(cell[1:]) for cell in data.ids]
    np.testing.assert_array_equal(data.y, PROTEIN[rows])
    named = read_table(path, key="rna", id_column="donor")
    assert named.ids.tolist() == [f"d{i % 3}" for i in range(12)]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (None, "holds rna, prot: say which one is meant by its key"),
        ("atac", "no modality 'atac': choose among rna, prot"),
        ("rna/X_umap", "no obsm entry 'X_umap': it has X_pca"),
        ("rna/frame", "obsm entry 'frame' as a table: give an array"),
    ],
)
def test_what_is_not_there(path: Path, key: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_table(path, key=key)


def test_a_file_that_is_both_modalities_is_named_once(path: Path) -> None:
    with pytest.raises(InputError, match=r"no label column 'kind' in \S+\.h5mu: check"):
        load_paired(path, path, x_key="rna", y_key="prot", label_columns=["kind"])


def test_files_that_cannot_be_used(path: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="labels among the columns of obs"):
        read_labels(path)
    with pytest.raises(InputError, match="no archive has a table 'atac'"):
        load_modalities([path], keys=["rna", "prot", "atac"])
    with pytest.raises(InputError, match="no obs column 'cell' of IDs"):
        read_table(path, key="rna", id_column="cell")
    other = tmp_path / "one.h5mu"
    with h5py.File(other, "w") as file:
        file["x"] = [1.0]
    with pytest.raises(InputError, match="holds no modalities"):
        read_table(other)
    with h5py.File(path, "r+") as file:
        file["obs/_index"][0] = "another"
    with pytest.raises(InputError, match="cells in a modality that its obs lacks"):
        read_table(path, key="rna", aside=["donor"]).columns["donor"]
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(InputError, match=r"cannot be read as \.h5mu"):
        read_table(path, key="rna")
