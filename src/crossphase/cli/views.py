"""Views of the command line that are no tables: images, and tokens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossphase.cli.inputs import PairFiles
from crossphase.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from crossphase.cli.output import Progress
    from crossphase.data import PairedData
    from crossphase.nonlinear.views import Kind
    from crossphase.sources import Table

__all__ = ["Views", "XKind", "YKind", "read_views"]

_KINDS = "[auto|vectors|images|tokens]"

XKind = Annotated[
    str,
    typer.Option(
        "--x-kind",
        metavar=_KINDS,
        help="What X holds; auto: three or four dimensions are images, else vectors.",
    ),
]
YKind = Annotated[str, typer.Option("--y-kind", metavar=_KINDS, help="What Y holds.")]


@dataclass(frozen=True, eq=False)
class Views:
    """Matched pairs, with the rows that networks train on.

    Attributes
    ----------
    data : PairedData
        Row numbers stand in for the features of images and tokens.
    rows : tuple of ndarray
        Of x and of y, matched: features, images or tokens.
    kinds : tuple of str
    notes : tuple of str
        What was taken for what, a sentence each.
    """

    data: PairedData
    rows: tuple[NDArray[Any], NDArray[Any]]
    kinds: tuple[Kind, Kind]
    notes: tuple[str, ...]


def read_views(files: PairFiles, kinds: tuple[str, str], progress: Progress | None) -> Views:
    """Read and match the files, whatever they hold.

    Parameters
    ----------
    files : PairFiles
    kinds : tuple of str
        ``--x-kind`` and ``--y-kind``.
    progress : callable or None

    Raises
    ------
    InputError
        If files or options cannot be used.
    """
    import numpy as np

    from crossphase.sources import Table

    found: list[tuple[Kind, NDArray[Any] | None, Table | None]] = []
    notes = []
    sources = ((files.x, files.x_key, "x"), (files.y, files.y_key, "y"))
    for (path, key, name), kind in zip(sources, kinds, strict=True):
        array, ids = (None, None) if path is None else _array(path, key, files.id_column, kind)
        if array is None:
            if kind in ("images", "tokens"):
                raise InputError(f"--{name}-kind {kind}: {path} is a table; give a .npy or .npz")
            found.append(("vectors", None, None))
            continue
        from crossphase.nonlinear.views import kind_of

        taken = kind_of(array, kind, name=name)
        shape = " × ".join(map(str, array.shape[1:]))
        if taken == "vectors":
            if kind == "auto" and array.dtype.kind in "iu":
                notes.append(
                    f"{path}: whole numbers, taken for vectors of {shape} features; "
                    f"--{name}-kind tokens if they are tokens."
                )
            found.append((taken, None, None))
            continue
        notes.append(f"{path}: taken for {taken}, {len(array)} of {shape}.")
        numbers = np.arange(len(array), dtype=np.float64)[:, None]
        found.append((taken, array, Table(numbers, ids=ids, named=ids is not None, path=path)))
    data = files.read(progress, tables=(found[0][2], found[1][2])).in_memory()
    rows = tuple(
        features if array is None else array[features[:, 0].astype(np.intp)]
        for (_, array, _), features in zip(found, (data.x, data.y), strict=True)
    )
    return Views(data, (rows[0], rows[1]), (found[0][0], found[1][0]), tuple(notes))


def _array(
    path: Path, key: str | None, id_column: str | None, kind: str
) -> tuple[NDArray[Any] | None, NDArray[np.str_] | None]:
    """The array of a .npy or .npz and its IDs; None for tables and archives of several arrays."""
    from crossphase.sources.files import checked_source
    from crossphase.sources.numpy_files import read_npy, read_npz

    if path.is_dir():
        return None, None
    ending = checked_source(path).suffix.lower()
    if ending == ".npy":
        return read_npy(path), None
    if ending != ".npz":
        return None, None
    aside = [] if id_column is None else [id_column]
    try:
        array, beside = read_npz(path, key=key, aside=aside, tables_only=False)
    except InputError:
        if kind in ("images", "tokens"):
            raise
        return None, None  # several arrays: what reads tables knows which is meant, or says so
    ids = None if id_column is None else beside.get(id_column)
    return array, None if ids is None else ids.astype(str)
