"""Which modalities one file or object of several holds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from crossphase.sources.annotated_files import modalities_in
from crossphase.sources.tenx import feature_types, is_tenx

__all__ = ["modalities"]


def modalities(table: Any) -> tuple[str, ...]:
    """Names of the modalities, which are keys of what holds them.

    Parameters
    ----------
    table : MuData, or path to an .h5mu or a feature-barcode matrix of 10x Genomics

    Returns
    -------
    tuple of str
        In the order of the file; empty for everything that is one table or named otherwise.

    Raises
    ------
    InputError
        If the file is damaged or holds none.
    MissingExtraError
        For HDF5 without h5py.

    Examples
    --------
    >>> modalities([[1.0, 2.0]])
    ()
    """
    if isinstance(table, str | os.PathLike):
        path = Path(table)
        if path.suffix.lower() == ".h5mu":
            return modalities_in(path)
        return feature_types(path) if is_tenx(path) else ()
    found = getattr(table, "mod", None) if hasattr(table, "obs_names") else None
    return () if found is None else tuple(str(name) for name in found)
