"""What stands beside the features of a table in a file: its row IDs, and columns by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from crossphase.errors import InputError
from crossphase.sources.arrow_columns import pandas_index
from crossphase.sources.row_ids import as_ids, as_text_ids

__all__ = ["beside_features", "no_such_column", "refuse_repeated", "row_ids"]

_LISTED = 12


def no_such_column(what: object, wanted: str, there: Sequence[str], role: str) -> InputError:
    """The error for a column that is not there, with those that are.

    Examples
    --------
    >>> print(no_such_column("x.csv", "type", ["a", "b"], "label "))
    x.csv has no label column 'type': it has a, b
    """
    shown = ", ".join(there[:_LISTED]) + (", …" if len(there) > _LISTED else "")
    return InputError(f"{what} has no {role}column {wanted!r}: it has {shown or 'none'}")


def refuse_repeated(what: object, names: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse columns that are asked for by a name which several have.

    Raises
    ------
    InputError
    """
    for name in wanted:
        if (count := list(names).count(name)) > 1:
            raise InputError(f"{what} has {count} columns named {name!r}: rename all but one")


def beside_features(
    schema: Any, what: object, id_column: str | None, aside: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Columns of an Arrow schema that are no features.

    Parameters
    ----------
    schema : pyarrow.Schema
    what : object
        The file, for messages.
    id_column : str or None
    aside : sequence of str
        Columns that are never features.

    Returns
    -------
    columns : list of str
        Those of `aside` that exist.
    out : list of str
        All that are no features: these, the IDs, and what pandas wrote as the index.

    Raises
    ------
    InputError
        If the ID column is missing, or a name is not unique.
    """
    names = list(schema.names)
    refuse_repeated(what, names, [*aside, *([] if id_column is None else [id_column])])
    index, _ = pandas_index(schema)
    if id_column is not None and id_column not in names:
        raise no_such_column(what, id_column, [name for name in names if name not in index], "ID ")
    found = [name for name in dict.fromkeys(aside) if name in names]
    return found, [*found, *index, *([] if id_column is None else [id_column])]


def row_ids(
    schema: Any, what: object, id_column: str | None, n: int, read: Callable[[str], Any]
) -> dict[str, Any]:
    """What a table knows of its rows: `ids`, `counted` and `named` of :class:`Table`.

    Parameters
    ----------
    schema : pyarrow.Schema
    what : object
        The file, for messages.
    id_column : str or None
        IDs are this column, as text; without, what pandas wrote as the index.
    n : int
        Rows.
    read : callable
        Given a name, the column.

    Raises
    ------
    InputError
        If an ID is missing.
    """
    if id_column is not None:
        return {"ids": as_text_ids(read(id_column), str(what)), "named": True}
    index, counting = pandas_index(schema)
    if len(index) == 1:
        found = as_ids(read(index[0]), str(what))
        # As in text: an index that merely counts its rows names nothing.
        return {"counted": True} if found == list(range(n)) else {"ids": found}
    if index:
        levels = [np.asarray(read(name), dtype=object).tolist() for name in index]
        return {"ids": list(zip(*levels, strict=True))}
    if counting is None or (counting.start, counting.step) == (0, 1) or len(counting) != n:
        return {"counted": True}
    return {"ids": list(counting)}
