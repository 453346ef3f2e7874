"""Reading .h5mu files (MuData on disk): several AnnData of the same cells in one file [1]_.

References
----------
.. [1] https://mudata.readthedocs.io/stable/notebooks/quickstart_mudata.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError
from crossphase.io.h5ad import H5ad, open_hdf5

__all__ = ["modalities_in", "read_h5mu"]

_MEND = "write it again with MuData.write"


@contextmanager
def _open(path: Path) -> Iterator[tuple[H5ad, dict[str, H5ad]]]:
    """The file's own tables of all cells, and its modalities in their order."""
    with open_hdf5(path, _MEND) as (checked, file):
        if "mod" not in file or not len(file["mod"]):
            raise InputError(f"{checked} holds no modalities: {_MEND}")
        group = file["mod"]
        listed = np.asarray(group.attrs.get("mod-order", ()), dtype=str)
        order = [name for name in listed.tolist() if name in group]
        names = [*order, *(name for name in group if name not in order)]
        yield H5ad(checked, file), {name: H5ad(checked, group[name]) for name in names}


def modalities_in(path: Path) -> tuple[str, ...]:
    """Names of the modalities, in the order of the file.

    Parameters
    ----------
    path : Path

    Raises
    ------
    InputError
        If the file is damaged or holds none.
    MissingExtraError
        Without h5py.
    """
    with _open(path) as (_, found):
        return tuple(found)


def read_h5mu(
    path: Path, key: str | None, aside: Sequence[str] = ()
) -> tuple[Any, NDArray[np.str_], dict[str, NDArray[Any]]]:
    """Read one modality.

    Parameters
    ----------
    path : Path
    key : str or None
        ``"rna"`` for its matrix X, ``"rna/X_pca"`` for an entry of its obsm; None takes the
        matrix of the only modality.
    aside : sequence of str, default ()
        Columns of obs to read, of the modality's own or of the file's; those that exist.

    Returns
    -------
    values : ndarray or csr_matrix of shape (n, d)
    cells : ndarray of shape (n,)
        Their names.
    columns : dict of str to ndarray of shape (n,)

    Raises
    ------
    InputError
        If there is no such modality or entry, the choice is open, or the file is damaged.
    MissingExtraError
        Without h5py.
    """
    with _open(path) as (whole, found):
        if key is None and len(found) > 1:
            raise InputError(f"{path} holds {', '.join(found)}: say which one is meant by its key")
        name, _, entry = (key or next(iter(found))).partition("/")
        if name not in found:
            raise InputError(f"{path} has no modality {name!r}: choose among {', '.join(found)}")
        part = found[name]
        values = part.embedding(entry) if entry else part.matrix()
        cells = part.names("obs")
        columns = {}
        for column in aside:
            if column in part.columns("obs"):
                columns[column] = part.column("obs", column)
            elif column in whole.columns("obs"):
                columns[column] = _of_cells(whole, column, cells)
        return values, cells, columns


def _of_cells(whole: H5ad, column: str, cells: NDArray[np.str_]) -> NDArray[Any]:
    """A column of all cells for those of one modality."""
    place = {cell: row for row, cell in enumerate(whole.names("obs").tolist())}
    if not set(cells.tolist()) <= set(place):
        raise InputError(f"{whole.path} has cells in a modality that its obs lacks: {_MEND}")
    return whole.column("obs", column)[[place[cell] for cell in cells.tolist()]]
