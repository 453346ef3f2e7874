"""Feature-barcode matrices, as HDF5 and as text, are read by the type of their features."""

from __future__ import annotations

import gzip
import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp

from crossphase.errors import InputError
from crossphase.sources import matrix_market
from crossphase.sources.modalities import modalities
from crossphase.sources.tenx import is_tenx, open_file

N = 40
TYPES = ["Gene Expression"] * 6 + ["Antibody Capture"] * 3 + ["Gene Expression"]
NAMES = ["CD3E", "CD4", "TBCE", "TBCE", "MS4A1", "NKG7", "CD4", "CD8", "CD19", "LYZ"]
IDS = [f"ENSG{j:02d}" for j in range(10)]
#: Features by barcodes, as the files have it.
COUNTS = np.random.default_rng(0).poisson(0.7, (10, N))
COUNTS[:, 5] = COUNTS[:, -1] = 0
BARCODES = [f"AAAC{i:04d}-1" for i in range(N)]
GENES, ANTIBODIES = [0, 1, 2, 3, 4, 5, 9], [6, 7, 8]


def write_hdf5(path: Path) -> Path:
    matrix = sp.csc_array(COUNTS.astype(np.int32))
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        for part in ("data", "indices", "indptr"):
            kind = np.int32 if part == "data" else np.int64
            group.create_dataset(
                part, data=getattr(matrix, part).astype(kind), compression="gzip", chunks=(16,)
            )
        group["shape"] = np.array(COUNTS.shape, dtype=np.int32)
        group["barcodes"] = np.array(BARCODES, dtype="S")
        features = group.create_group("features")
        for name, values in (("id", IDS), ("name", NAMES), ("feature_type", TYPES)):
            features[name] = np.array(values, dtype="S")
    return path


def write_text(
    folder: Path, *, packed: bool, shuffled: bool = False, field: str = "integer"
) -> Path:
    folder.mkdir()
    matrix = sp.coo_array(COUNTS.astype(float) / (3 if field == "real" else 1))
    order = np.lexsort((matrix.row, matrix.col))
    if shuffled:
        order = np.random.default_rng(1).permutation(order)
    parts = [(part[order]) for part in (matrix.data, matrix.row, matrix.col)]
    scipy.io.mmwrite(
        folder / "matrix.mtx",
        sp.coo_array((parts[0], (parts[1], parts[2])), shape=matrix.shape),
        comment="written for a test",
        field=field,
        precision=17,
        symmetry="general",
    )
    lines = ["\t".join(row) for row in zip(IDS, NAMES, TYPES, strict=True)]
    (folder / "features.tsv").write_text("\n".join(lines) + "\n")
    (folder / "barcodes.tsv").write_text("\n".join(BARCODES) + "\n")
    if packed:
        for file in list(folder.iterdir()):
            file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
            file.unlink()
    return folder


@pytest.fixture(params=["hdf5", "text", "packed text", "shuffled text"])
def path(request: Any, tmp_path: Path) -> Path:
    if request.param == "hdf5":
        return write_hdf5(tmp_path / "matrix.h5")
    how = request.param.split()[0]
    return write_text(tmp_path / "matrix", packed=how == "packed", shuffled=how == "shuffled")


@pytest.mark.parametrize(
    ("key", "rows"),
    [
        ("Gene Expression", GENES),
        ("gene expression", GENES),
        ("rna", GENES),
        ("Antibody Capture", ANTIBODIES),
        ("ADT", ANTIBODIES),
        ("protein", ANTIBODIES),
    ],
)
def test_a_type_of_features_is_a_modality(path: Path, key: str, rows: list[int]) -> None:
    table = open_file(path, key=key, aside=["cell_type"])
    wanted = COUNTS[rows].T
    np.testing.assert_array_equal(table.values[:], wanted)
    np.testing.assert_array_equal(table.values[3:9], wanted[3:9])
    np.testing.assert_array_equal(table.values[[30, 5, 6, 0]], wanted[[30, 5, 6, 0]])
    sent = pickle.loads(pickle.dumps(table.values))  # noqa: S301
    np.testing.assert_array_equal(sent[30:], wanted[30:])
    assert table.ids.tolist() == BARCODES
    assert table.named
    assert not table.columns


def test_names_that_repeat_carry_their_id(path: Path) -> None:
    assert open_file(path, key="rna").names == (
        "CD3E", "CD4", "TBCE (ENSG02)", "TBCE (ENSG03)", "MS4A1", "NKG7", "LYZ",
    )  # fmt: skip
    assert open_file(path, key="adt").names == ("CD4", "CD8", "CD19")


def test_several_types_want_a_key(path: Path) -> None:
    assert is_tenx(path)
    assert modalities(path) == ("Gene Expression", "Antibody Capture")
    with pytest.raises(InputError, match="holds Gene Expression, Antibody Capture: say which"):
        open_file(path)
    with pytest.raises(InputError, match="no features of type 'atac': choose among Gene Expr"):
        open_file(path, key="atac")
    with pytest.raises(InputError, match="names its rows by barcodes"):
        open_file(path, key="rna", id_column="cell")


@pytest.mark.parametrize("chunk", [16, 300])
def test_text_is_parsed_the_same_in_chunks_of_any_size(
    tmp_path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix_market, "_CHUNK", chunk)
    folder = write_text(tmp_path / "matrix", packed=True, shuffled=chunk == 16, field="real")
    table = open_file(folder / "matrix.mtx.gz", key="rna")  # the file will do for the folder
    np.testing.assert_array_equal(table.values[:], COUNTS[GENES].T / 3)
    assert table.values.dtype == np.float64


def test_counts_are_narrow_and_a_pattern_counts_one(tmp_path: Path) -> None:
    folder = write_text(tmp_path / "matrix", packed=False)
    assert open_file(folder, key="rna").values.dtype == np.float32
    scipy.io.mmwrite(folder / "matrix.mtx", sp.coo_array(COUNTS), field="pattern")
    np.testing.assert_array_equal(open_file(folder, key="rna").values[:], COUNTS[GENES].T > 0)


def test_an_older_folder_holds_genes_alone(tmp_path: Path) -> None:
    folder = write_text(tmp_path / "matrix", packed=False)
    (folder / "features.tsv").unlink()
    with pytest.raises(InputError, match=r"has no features\.tsv"):
        open_file(folder)
    lines = [f"{own}\t{name}" for own, name in zip(IDS, NAMES, strict=True)]
    (folder / "genes.tsv").write_text("\n".join(lines))
    np.testing.assert_array_equal(open_file(folder).values[:], COUNTS.T)
    assert modalities(folder) == ("Gene Expression",)


HEAD = "%%MatrixMarket matrix coordinate integer general\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("10 40 1\n", "does not start with %%MatrixMarket"),
        (HEAD.replace("coordinate", "array") + "10 40\n", "is matrix array integer general"),
        (HEAD.replace("general", "symmetric") + "10 40 0\n", "is matrix coordinate integer symm"),
        (HEAD + "ten 40 1\n", "no line of its rows, columns and entries"),
        (HEAD + "40 10 0\n", r"shape \(40, 10\) for 10 features and 40 barcodes"),
        (HEAD + "10 40 2\n1 1 5\n", "has 1 entries, not the 2"),
        (HEAD + "10 40 1\n11 1 5\n", "an entry outside its shape"),
        (HEAD + "10 40 1\n0 1 5\n", "an entry outside its shape"),
        (HEAD + "10 40 1\n1 1 five\n", "entries that are not 3 numbers a line"),
        (HEAD + "10 40 1\n1 1\n", "entries that are not 3 numbers a line"),
    ],
)
def test_text_that_is_no_such_matrix_is_refused(tmp_path: Path, text: str, message: str) -> None:
    folder = write_text(tmp_path / "matrix", packed=False)
    (folder / "matrix.mtx").write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        open_file(folder, key="rna")
    assert "\n" not in str(caught.value)


def test_a_packed_file_that_breaks_off_is_refused(tmp_path: Path) -> None:
    folder = write_text(tmp_path / "matrix", packed=True)
    packed = folder / "matrix.mtx.gz"
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(InputError, match="cannot be read"):
        open_file(folder, key="rna")


def test_other_files_and_folders_are_none_of_these(tmp_path: Path) -> None:
    (tmp_path / "text.h5").write_text("no HDF5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = [1.0]
    for other in (tmp_path, tmp_path / "text.h5", tmp_path / "other.h5", tmp_path / "absent"):
        assert not is_tenx(other)
    with pytest.raises(InputError, match="has no group matrix/features"):
        open_file(tmp_path / "other.h5")


def test_a_matrix_of_another_size_than_its_names_is_refused(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "matrix.h5")
    with h5py.File(path, "r+") as file:
        file["matrix/shape"][...] = [10, 41]
    with pytest.raises(InputError, match=r"shape \(10, 41\) for 10 features and 40 barcodes"):
        open_file(path, key="rna")
