"""Keys of what AnnData and MuData hold, in memory and on disk alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError
from crossphase.sources.table import Table

__all__ = ["Annotated", "Entries", "keys_of", "open_entry"]


@dataclass(frozen=True)
class Entries:
    """Matrices that one AnnData holds.

    Attributes
    ----------
    x : bool
        Whether there is an ``X``.
    layers, obsm : tuple of str
        Names.
    raw : bool
    """

    x: bool = False
    layers: tuple[str, ...] = ()
    obsm: tuple[str, ...] = ()
    raw: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """Their keys, ``X``, ``layers/…``, ``raw`` and ``obsm/…``."""
        return (
            *(("X",) if self.x else ()),
            *(f"layers/{name}" for name in self.layers),
            *(("raw",) if self.raw else ()),
            *(f"obsm/{name}" for name in self.obsm),
        )


class Annotated(Protocol):
    """One AnnData, or the tables of all cells of a MuData."""

    entries: Entries

    def rows(self, key: str) -> tuple[Any, tuple[str, ...] | None]:
        """Rows of the matrix of a key, as :attr:`Entries.keys` has it, and feature names."""

    def cells(self) -> NDArray[np.str_]:
        """Names of the cells."""

    def columns(self) -> tuple[str, ...]:
        """Names of the columns of obs."""

    def column(self, name: str) -> NDArray[Any]:
        """One of them: categories and text as text, empty where missing."""


def keys_of(whole: Annotated, modalities: Mapping[str, Annotated] | None) -> tuple[str, ...]:
    """Every key of an AnnData (without modalities) or a MuData, in order.

    Parameters
    ----------
    whole : Annotated
    modalities : mapping of str to Annotated, or None

    Returns
    -------
    tuple of str
        ``X`` of a modality ``rna`` goes by ``rna``.
    """
    if modalities is None:
        return whole.entries.keys
    found = [
        name if key == "X" else f"{name}/{key}"
        for name, part in modalities.items()
        for key in part.entries.keys
    ]
    return (*found, *_of_all(whole, modalities).keys)


def _of_all(whole: Annotated, modalities: Mapping[str, Annotated]) -> Entries:
    """What a MuData holds of all cells, without the masks that tell who is in a modality."""
    return Entries(obsm=tuple(name for name in whole.entries.obsm if name not in modalities))


def open_entry(
    whole: Annotated, modalities: Mapping[str, Annotated] | None, key: str, where: str
) -> Table:
    """The rows of a key, their cells' names, and the columns of obs beside them.

    Parameters
    ----------
    whole : Annotated
    modalities : mapping of str to Annotated, or None
        None for an AnnData.
    key : str
    where : str
        What holds them, for messages.

    Returns
    -------
    Table
        Its cells' names are there to match rows by, unless they merely count the rows.

    Raises
    ------
    InputError
        If there is nothing of that key, or two things are.
    """
    part, entries, rest, prefix = whole, whole.entries, key, ""
    if modalities is not None:
        name = _modality(key, modalities)
        if name is not None:
            part, prefix, rest = modalities[name], f"{name}/", key[len(name) + 1 :] or "X"
            entries = part.entries
        elif key.startswith("obsm/"):
            entries = _of_all(whole, modalities)
        else:
            there = ", ".join([*modalities, *_of_all(whole, modalities).keys])
            raise InputError(
                f"{where} has no modality {key.partition('/')[0]!r}: choose among {there}"
            )
    entry = _entry(rest, entries, where, prefix)
    values, names = part.rows(entry)
    cells = part.cells()
    if values.shape[0] != len(cells):
        raise InputError(
            f"{where} has {prefix}{entry} of shape {tuple(values.shape)} for {len(cells)} cells: "
            "write it again"
        )
    # Modalities are joined by their cells' names, whatever these are.
    counted = modalities is None and np.array_equal(cells, np.arange(len(cells)).astype(str))
    columns = _Columns(part, None if part is whole else whole, where)
    return Table(values, names, cells, counted=counted, named=not counted, columns=columns)


def _modality(key: str, modalities: Mapping[str, Annotated]) -> str | None:
    """The modality that a key starts with; the longest where one's name starts another's."""
    found = [name for name in modalities if key == name or key.startswith(f"{name}/")]
    return max(found, key=len, default=None)


def _entry(key: str, entries: Entries, where: str, prefix: str) -> str:
    """The entry meant by a key within one AnnData."""
    keys = entries.keys
    key = "raw" if key == "raw/X" else key
    if key in keys:
        return key
    found = [one for one in keys if one.partition("/")[2] == key]
    shown = [f"{prefix}{one}" for one in keys]
    if len(found) == 1:
        return found[0]
    if found:
        both = " or ".join(f"{prefix}{one}" for one in found)
        raise InputError(f"{where} has two entries {key!r}: give {both} as the key")
    if not keys:
        raise InputError(f"{where} has no matrices at all under {prefix or 'its keys'}: add one")
    if key in ("X", "raw"):
        listed = ", ".join(shown)
        raise InputError(f"{where} has no {prefix}{key}: choose its key among {listed}")
    listed = ", ".join(entries.obsm) or "none"
    others = [one for one in shown if not one.startswith(f"{prefix}obsm/")]
    more = f"; other keys are {', '.join(others)}" if others else ""
    name = key.removeprefix("obsm/")
    kind = "entry" if name.startswith("layers/") else "obsm entry"
    raise InputError(f"{where} has no {kind} {name!r}: it has {listed}{more}")


class _Columns(Mapping[str, Any]):
    """Columns of obs: of the modality, then of all cells by the cells' names."""

    def __init__(self, part: Annotated, whole: Annotated | None, where: str) -> None:
        self._part, self._whole, self._where = part, whole, where
        self._place: NDArray[np.intp] | None = None

    def _names(self) -> Sequence[str]:
        more = () if self._whole is None else self._whole.columns()
        return list(dict.fromkeys([*self._part.columns(), *more]))

    def __getitem__(self, name: str) -> Any:
        if name in self._part.columns():
            return self._part.column(name)
        if self._whole is None or name not in self._whole.columns():
            raise KeyError(name)
        return self._whole.column(name)[self._places(self._whole)]

    def __contains__(self, name: object) -> bool:
        return name in self._names()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def _places(self, whole: Annotated) -> NDArray[np.intp]:
        """Row among all cells of each of the modality's."""
        if self._place is None:
            cells = whole.cells().tolist()
            place = {cell: row for row, cell in enumerate(cells)}
            if len(place) < len(cells):
                raise InputError(
                    f"{self._where} has names of cells that repeat, so its columns of all cells "
                    "cannot be told apart: make them unique with obs_names_make_unique()"
                )
            found = [place.get(cell, -1) for cell in self._part.cells().tolist()]
            if min(found, default=0) < 0:
                raise InputError(
                    f"{self._where} has cells in a modality that its obs lacks: "
                    "write it again with MuData.write"
                )
            self._place = np.array(found, dtype=np.intp)
        return self._place
