"""Saying which columns are no features, and what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from crossphase.errors import InputError
from crossphase.results.formatting import counted

__all__ = ["is_number", "not_numeric"]

_SHOWN = 5
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(e[+-]?\d+)?", re.IGNORECASE)
_MEND = "drop or encode it, or name it as IDs or labels"


def not_numeric(
    what: str,
    columns: Sequence[tuple[Any, Any]],
    first: Iterable[Any] = (),
    mend: str = _MEND,
    *,
    start: int = 0,
) -> InputError:
    """The error for columns that are not numeric.

    Parameters
    ----------
    what : str
        What holds them.
    columns : sequence of (name, type)
        At least one.
    first : iterable, default ()
        Values of the first of them: the first text among them is shown.
    mend : str
        What to do about them.
    start : int, default 0
        Row of the first of these values.

    Examples
    --------
    >>> print(not_numeric("rna", [("a", "text")], ["1", "2,5"]))
    rna has 1 column that is not numeric: 'a' (text), first '2,5' in row 1 of 'a' (counted from
    0); write decimal points, not decimal commas
    """
    shown = ", ".join(f"{name!r} ({kind})" for name, kind in columns[:_SHOWN])
    more = ", …" if len(columns) > _SHOWN else ""
    place = ""
    for row, value in enumerate(first, start):
        if isinstance(value, str) and not is_number(value):
            if _DECIMAL_COMMA.fullmatch(value.strip()):
                mend = "write decimal points, not decimal commas"
            name = columns[0][0]
            place = f", first {value!r} in row {row} of {name!r} (counted from 0)"
            break
    many = counted(len(columns), "column that is not numeric", "columns that are not numeric")
    return InputError(f"{what} has {many}: {shown}{more}{place}; {mend}")


def is_number(text: str) -> bool:
    """Whether Python takes a text for a number.

    Examples
    --------
    >>> is_number("-1e3"), is_number("1,5")
    (True, False)
    """
    try:
        float(text)
    except ValueError:
        return False
    return True
