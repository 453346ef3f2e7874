"""Feature-barcode matrices of 10x Genomics: HDF5 files and folders of Matrix Market text [1]_.

Their features are of several types (Gene Expression, Antibody Capture, Peaks, …): the modalities.

References
----------
.. [1] https://www.10xgenomics.com/support/software/cell-ranger/latest/analysis/outputs/cr-outputs-h5-matrices
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError, MissingExtraError
from crossphase.sources.matrix_market import read_lines, read_matrix
from crossphase.sources.sparse import SparseRows
from crossphase.sources.stored_file import StoredFile
from crossphase.sources.stored_rows import CompressedRows
from crossphase.sources.table import Table

__all__ = ["feature_types", "is_tenx", "open_file"]

_MEND = "fetch it again, or write it again as Cell Ranger does"
_HDF5 = b"\x89HDF\r\n\x1a\n"
_GENES = "Gene Expression"
#: Short names of the types, beside their own.
_ALIASES = {
    "rna": _GENES,
    "gex": _GENES,
    "genes": _GENES,
    "protein": "Antibody Capture",
    "adt": "Antibody Capture",
    "antibody": "Antibody Capture",
    "atac": "Peaks",
    "crispr": "CRISPR Guide Capture",
}


@dataclass(frozen=True, eq=False)
class _Features:
    ids: NDArray[np.str_]
    names: NDArray[np.str_]
    types: NDArray[np.str_]

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.types.tolist()))


def is_tenx(path: str | os.PathLike[str]) -> bool:
    """Whether a path is a feature-barcode matrix: an HDF5 file of them, or a folder of text.

    Parameters
    ----------
    path : str or path-like

    Examples
    --------
    >>> is_tenx("no-such-file.h5")
    False
    """
    path = Path(path)
    if _folder(path) is not None:
        return True
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        if stream.read(len(_HDF5)) != _HDF5:
            return False
    stored = StoredFile(path, _MEND)
    try:
        return all(f"matrix/{part}" in stored.file for part in ("features", "barcodes", "indptr"))
    except (InputError, MissingExtraError):
        return False  # for whoever opens it as something else to say
    finally:
        stored.close()


def feature_types(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Types of the features, in the order of their first.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    InputError
        If the file or folder is damaged.
    MissingExtraError
        For HDF5 without h5py.
    """
    path = Path(path)
    folder = _folder(path)
    return (_stored_features(_stored(path)) if folder is None else _listed(folder)[0]).kinds


def open_file(
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    id_column: str | None = None,
    aside: Sequence[str] = (),
) -> Table:
    """Open the features of one type.

    Parameters
    ----------
    path : str or path-like
        An HDF5 file, whose rows are read on demand; or a folder with ``matrix.mtx``,
        ``barcodes.tsv`` and ``features.tsv``, each perhaps with ``.gz``, which is read as a sparse
        matrix.
    key : str, default None
        Type of the features, in any case: ``"Gene Expression"``, or ``"rna"``, ``"protein"``,
        ``"adt"``, ``"atac"`` for short. None takes the only one.
    id_column : None
        Rows go by their barcodes.
    aside : sequence of str, default ()
        There are no columns beside the features, so none is found.

    Returns
    -------
    Table
        Features go by their names, with their ID where a name repeats.

    Raises
    ------
    InputError
        If there are no such features, the choice is open, or the file or folder is damaged.
    MissingExtraError
        For HDF5 without h5py.
    """
    path = Path(path)
    if id_column is not None:
        raise InputError(
            f"{path} names its rows by barcodes and has no column {id_column!r} of IDs: drop it"
        )
    folder = _folder(path)
    if folder is not None:
        features, listed = _listed(folder)
        barcodes = np.array(listed, dtype=str)
        columns = _chosen(features, key, path)
        matrix = read_matrix(_part(folder, "matrix.mtx"), len(features.ids), len(barcodes), columns)
        values: Any = SparseRows(matrix)
    else:
        stored = _stored(path)
        features = _stored_features(stored)
        columns = _chosen(features, key, path)
        with stored.reading():
            barcodes = _text(stored.file["matrix/barcodes"])
            shape = tuple(int(size) for size in stored.file["matrix/shape"][...])
            if shape != (len(features.ids), len(barcodes)):
                raise InputError(
                    f"{path} has a matrix of shape {shape} for {len(features.ids)} features and "
                    f"{len(barcodes)} barcodes: {_MEND}"
                )
            # Columns of features by barcodes are rows of barcodes by features.
            every = len(columns) == len(features.ids)
            values = CompressedRows(stored, "/matrix", shape[::-1], None if every else columns)
    return Table(values, _distinct(features, columns), barcodes, named=True, path=path)


def _folder(path: Path) -> Path | None:
    """The folder of a matrix as text; None for anything else."""
    folder = path.parent if path.name in ("matrix.mtx", "matrix.mtx.gz") else path
    parts = [_part(folder, name).is_file() for name in ("matrix.mtx", "barcodes.tsv")]
    return folder if all(parts) else None


def _part(folder: Path, name: str) -> Path:
    plain = folder / name
    return plain if plain.is_file() else folder / f"{name}.gz"


def _stored(path: Path) -> StoredFile:
    stored = StoredFile(path, _MEND)
    if "matrix/features" not in stored.file:
        raise InputError(f"{path} has no group matrix/features: give a feature-barcode matrix")
    return stored


def _text(dataset: Any) -> NDArray[np.str_]:
    return np.array([value.decode() for value in dataset[...].tolist()], dtype=str)


def _stored_features(stored: StoredFile) -> _Features:
    with stored.reading():
        group = stored.file["matrix/features"]
        ids = _text(group["id"])
        names = _text(group["name"]) if "name" in group else ids
        if "feature_type" in group:
            return _Features(ids, names, _text(group["feature_type"]))
        return _Features(ids, names, np.full(len(ids), _GENES))


def _listed(folder: Path) -> tuple[_Features, list[str]]:
    """Features and barcodes of a folder."""
    path = _part(folder, "features.tsv")
    if not path.is_file():
        path = _part(folder, "genes.tsv")  # as Cell Ranger called it before version 3
    if not path.is_file():
        raise InputError(f"{folder} has no features.tsv: add it, one feature a line")
    rows = [line.split("\t") for line in read_lines(path)]
    ids = np.array([row[0] for row in rows], dtype=str)
    names = np.array([row[1] if len(row) > 1 else row[0] for row in rows], dtype=str)
    types = np.array([row[2] if len(row) > 2 else _GENES for row in rows], dtype=str)
    barcodes = read_lines(_part(folder, "barcodes.tsv"))
    return _Features(ids, names, types), barcodes


def _chosen(features: _Features, key: str | None, path: Path) -> NDArray[np.intp]:
    """Positions of the features of a type."""
    kinds = features.kinds
    listed = ", ".join(kinds) or "no features"
    if key is None:
        if len(kinds) != 1:
            raise InputError(f"{path} holds {listed}: say which is meant by its key")
        return np.arange(len(features.ids))
    wanted = key.strip().lower()
    meant = next(
        (kind for kind in kinds if kind.lower() in (wanted, _ALIASES.get(wanted, "").lower())),
        None,
    )
    if meant is None:
        raise InputError(f"{path} has no features of type {key!r}: choose among {listed}")
    return np.flatnonzero(features.types == meant)


def _distinct(features: _Features, columns: NDArray[np.intp]) -> tuple[str, ...]:
    """Names of the features, with the ID of those whose name repeats."""
    names = features.names[columns].tolist()
    count = Counter(names)
    return tuple(
        name if count[name] == 1 else f"{name} ({own})"
        for name, own in zip(names, features.ids[columns].tolist(), strict=True)
    )
