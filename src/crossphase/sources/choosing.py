"""Which of the arrays that a file or object holds is meant, and what stands beside its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError
from crossphase.sources.row_ids import as_text_ids

__all__ = ["LazyColumns", "as_text", "choose", "row_ids"]

Shape = tuple[int, ...]

#: Most that a message lists.
_SHOWN = 12


def choose(
    tables: Mapping[str, Shape],
    key: str | None,
    where: object,
    *,
    others: Mapping[str, Shape] | None = None,
) -> str:
    """The name of the table that a key means; without a key, of the only one.

    Parameters
    ----------
    tables : mapping of str to tuple of int
        Names, perhaps with folders (``"a/x"``), and shapes of what can be read as rows.
    key : str or None
        A name, or its last part where only one is called so.
    where : object
        What holds them, for messages.
    others : mapping of str to tuple of int, default None
        Arrays that cannot be read as rows, to say so of.

    Raises
    ------
    InputError
        If there is none of that name, or the choice is open; the message lists what there is.

    Examples
    --------
    >>> choose({"a/x": (9, 3), "a/y": (9, 2)}, "y", "f.h5")
    'a/y'
    >>> choose({"a/x": (9, 3), "a/y": (9, 2)}, None, "f.h5")
    Traceback (most recent call last):
    crossphase.errors.InputError: f.h5 holds 2 tables of numbers: say which is meant by its key,
    one of a/x (9 × 3), a/y (9 × 2)
    """
    others = others or {}
    if key is None:
        if len(tables) == 1:
            return next(iter(tables))
        if tables:
            raise InputError(
                f"{where} holds {len(tables)} tables of numbers: say which is meant by its key, "
                f"one of {_listed(tables)}"
            )
        found = f", only {_listed(others)}" if others else ""
        raise InputError(
            f"{where} holds no two-dimensional array of numbers{found}: give one of shape "
            "(rows, features)"
        )
    name = key.strip("/")
    for known in (tables, others):
        ends = [name] if name in known else [one for one in known if _last(one) == name]
        if len(ends) > 1:
            raise InputError(
                f"{where} has {len(ends)} arrays {key!r}: give one of {', '.join(ends)} as the key"
            )
        if ends and known is tables:
            return ends[0]
        if ends:
            raise InputError(
                f"{where} holds {ends[0]} of shape {known[ends[0]]}, which is no table of real "
                f"numbers: {_mend(known[ends[0]])}{_instead(tables)}"
            )
    raise InputError(
        f"{where} holds nothing called {key!r}: its tables of numbers are "
        f"{_listed(tables) or 'none'}"
    )


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _mend(shape: Shape) -> str:
    if len(shape) == 1:
        return "store a single feature as one column, shape (rows, 1)"
    if len(shape) > 2:
        return "flatten it to (rows, features)"
    return "store (rows, features) as integers or floats"


def _instead(tables: Mapping[str, Shape]) -> str:
    return f", or choose among {_listed(tables)}" if tables else ""


def _listed(tables: Mapping[str, Shape]) -> str:
    shown = [f"{name} ({' × '.join(map(str, shape))})" for name, shape in tables.items()]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more


class LazyColumns(Mapping[str, Any]):
    """Columns that are read when they are asked for.

    Parameters
    ----------
    names : iterable of str
    read : callable
        Given a name, its column of shape (n,).

    Examples
    --------
    >>> columns = LazyColumns(["a", "b"], lambda name: [name] * 2)
    >>> list(columns), columns["b"], "c" in columns
    (['a', 'b'], ['b', 'b'], False)
    """

    def __init__(self, names: Iterable[str], read: Callable[[str], Any]) -> None:
        self._names = dict.fromkeys(names)
        self._read = read

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._read(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def row_ids(
    columns: Mapping[str, Any], id_column: str | None, where: object
) -> NDArray[np.str_] | None:
    """The column of row IDs as text; None where none is asked for.

    Parameters
    ----------
    columns : mapping of str to array-like of shape (n,)
    id_column : str or None
    where : object
        What holds them, for messages.

    Raises
    ------
    InputError
        If there is no such column, or its values are no IDs.

    Examples
    --------
    >>> row_ids({"cell": np.array([7, 9])}, "cell", "f.h5")
    array(['7', '9'], dtype='<U1')
    """
    if id_column is None:
        return None
    if id_column not in columns:
        listed = ", ".join([*columns][:_SHOWN]) or "none"
        raise InputError(
            f"{where} has no column {id_column!r} of IDs, one for each row: it has {listed}"
        )
    return as_text_ids(as_text(np.asarray(columns[id_column])), str(where))


def as_text(values: NDArray[Any]) -> NDArray[Any]:
    """Bytes, as files hold text, decoded; anything else as it is.

    Parameters
    ----------
    values : ndarray of shape (n,)

    Examples
    --------
    >>> as_text(np.array([b"B", b"T"]))
    array(['B', 'T'], dtype='<U1')
    """
    if values.dtype.kind == "T":
        values = values.astype(object)
    if values.dtype.kind not in "OS":
        return values
    flat = values.ravel().tolist()
    decoded = [value.decode() if isinstance(value, bytes) else value for value in flat]
    if all(isinstance(value, str) for value in decoded):
        return np.array(decoded, dtype=str).reshape(values.shape)
    out = np.empty(len(decoded), dtype=object)
    out[:] = decoded
    return out.reshape(values.shape)
