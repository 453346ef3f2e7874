"""Words of text tables as numbers, truth values, or text."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.sources.nonnumeric import not_numeric

__all__ = ["MISSING", "inferred", "numbers"]

#: Words that stand for a missing value, as pandas has them.
MISSING = [
    "",
    *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
    *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
]
_TRUTH = {"true": "1", "false": "0"}
_WHOLE = r"^[+-]?[0-9]{1,18}$"


def _present(text: Any) -> Any:
    """Words without spaces around them, null where they stand for a missing value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    words = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.is_in(words, pa.array(MISSING)), pa.scalar(None, pa.string()), words)


def _is_truth(words: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.is_in(words, pa.array(["True", "TRUE", "true", "False", "FALSE", "false"]))


def _cast(words: Any, kind: str) -> Any:
    """Words as Arrow numbers; None where one is no number."""
    try:
        return words.cast(kind)
    except ValueError:
        return None


def numbers(text: Any, name: str, start: int, what: str) -> NDArray[np.float64]:
    """Words of a feature as numbers, NaN where missing.

    Parameters
    ----------
    text : pyarrow.Array
    name : str
        Of the column.
    start : int
        Row that the words start at.
    what : str
        Name of the table.

    Raises
    ------
    InputError
        If a word is no number.
    """
    import pyarrow.compute as pc

    words = _present(text)
    found = _cast(words, "double")
    if found is None:
        # Truth values count as 0 and 1.
        lower = pc.if_else(_is_truth(words), pc.utf8_lower(words), words)
        for word, number in _TRUTH.items():
            lower = pc.if_else(pc.equal(lower, word), number, lower)
        # Arrow knows no plus sign before a number.
        found = _cast(pc.replace_substring_regex(lower, r"^\+", ""), "double")
    if found is None:
        # Rows are counted from the first of the file.
        raise not_numeric(what, [(name, "text")], text.to_pylist(), start=start)
    values: NDArray[np.float64] = found.to_numpy(zero_copy_only=False)
    return values


def inferred(text: Any) -> NDArray[Any]:
    """Words of a column as what they all are.

    Parameters
    ----------
    text : pyarrow.ChunkedArray

    Returns
    -------
    ndarray of shape (n,)
        Whole numbers, numbers with NaN where missing, truth values, or objects: text, or truth
        values, with None where missing.

    Examples
    --------
    >>> import pyarrow as pa
    >>> [inferred(pa.chunked_array([words])).tolist()
    ...  for words in (["1", "2"], ["1.5", "NA"], ["True", "false"], ["007", "B"])]
    [[1, 2], [1.5, nan], [True, False], ['007', 'B']]
    """
    import pyarrow.compute as pc

    words = _present(text)
    if not words.null_count and pc.all(pc.match_substring_regex(words, _WHOLE)).as_py():
        whole = _cast(pc.utf8_ltrim(words, "+"), "int64")
        if whole is not None:
            found: NDArray[Any] = whole.to_numpy()
            return found
    real = _cast(words, "double")
    if real is not None:
        found = real.to_numpy()
        return found
    truth = pc.all(_is_truth(words.drop_null())).as_py()
    if truth and not words.null_count:
        found = np.asarray(pc.equal(pc.utf8_lower(words), "true").to_numpy())
        return found
    values = np.empty(len(text), dtype=object)
    if truth:
        values[:] = [None if word is None else word.lower() == "true" for word in words.to_pylist()]
        return values
    missing = words.is_null().to_numpy()
    values[:] = text.to_pylist()
    values[missing] = None
    return values
