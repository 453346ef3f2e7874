"""Reading one modality of an .h5mu file: see :mod:`crossphase.sources.annotated_files`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.sources.annotated_files import modalities_in, open_file

__all__ = ["modalities_in", "read_h5mu"]


def read_h5mu(
    path: Path, key: str | None, aside: Sequence[str] = ()
) -> tuple[Any, NDArray[np.str_], dict[str, NDArray[Any]]]:
    """Read one modality.

    Parameters
    ----------
    path : Path
    key : str or None
        See :func:`crossphase.sources.annotated_files.open_file`.
    aside : sequence of str, default ()
        Columns of obs to read, of the modality's own or of the file's; those that exist.

    Returns
    -------
    values : RowSource of shape (n, d)
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
    table = open_file(path, key=key)
    columns = {name: table.columns[name] for name in aside if name in table.columns}
    return table.values, table.ids, columns
