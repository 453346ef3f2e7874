"""Reading .csv, .tsv and .parquet files as pandas frames."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossphase.errors import InputError, MissingExtraError
from crossphase.io.paths import reading_failed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_parquet", "read_text"]

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
# Put before the text of IDs while pandas reads, so that it takes none for a number or a NaN.
_MARK = "id:"
_NAMES = {",": "commas", "\t": "tabs", ";": "semicolons"}


def _pandas(ending: str) -> Any:
    try:
        import pandas
    except ImportError:
        raise MissingExtraError("pandas", "tables", f"reading {ending} files") from None
    return pandas


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _has_header(fields: list[str]) -> bool:
    """Whether the first line names columns: it is not all numbers, or it counts the columns."""
    names = fields[1:] if not fields[0] else fields
    if not all(_is_number(name) for name in names):
        return True
    return any(names == [str(start + j) for j in range(len(names))] for start in (0, 1))


def _first_line(path: Path, separator: str) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            fields = next(csv.reader(stream, delimiter=separator), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise reading_failed(path, error, "save it as UTF-8 text") from None
    if not "".join(fields).strip():
        raise InputError(f"{path} starts with an empty line: begin with a line of column names")
    if len(fields) == 1:
        for other, name in _NAMES.items():
            if other != separator and other in fields[0]:
                raise InputError(
                    f"{path} is separated by {name}, not by {_NAMES[separator]}: write it again "
                    + ("with the ending .tsv" if other == "\t" else "with commas, ending .csv")
                )
    return [field.strip() for field in fields]


def read_text(path: Path, id_column: str | None = None) -> pd.DataFrame:
    """Read comma- or tab-separated text.

    The first line names the columns, unless it holds nothing but numbers; then it is a row and
    columns are numbered from 0 (a line 0, 1, 2, … or 1, 2, 3, … counts as names). A first column
    without a name, as pandas writes its index, becomes the index: numbers if it holds whole
    numbers only, text otherwise. The ID column is read as text, so that leading zeros survive.
    pandas' usual words for missing values (empty, NA, NaN, None, null, …) are missing.

    Parameters
    ----------
    path : Path
    id_column : str, default None
        Column to keep as text.

    Returns
    -------
    DataFrame

    Raises
    ------
    InputError
        If the file is not a table of UTF-8 text with that separator.
    MissingExtraError
        If pandas is not installed.
    """
    pandas = _pandas(path.suffix.lower())
    separator = _SEPARATORS[path.suffix.lower()]
    fields = _first_line(path, separator)
    header = _has_header(fields)
    indexed = header and not fields[0] and len(fields) > 1
    text_columns = [0] if indexed else []
    if header and id_column in fields:
        text_columns.append(fields.index(id_column))
    try:
        with warnings.catch_warnings():
            # Lines longer than the header: pandas would cut them off and only warn.
            warnings.simplefilter("error", pandas.errors.ParserWarning)
            frame: pd.DataFrame = pandas.read_csv(
                path,
                sep=separator,
                header=0 if header else None,
                index_col=False,
                converters=dict.fromkeys(text_columns, _MARK.__add__),
                encoding="utf-8-sig",
                low_memory=False,
                skipinitialspace=True,
            )
    except (ValueError, OSError, pandas.errors.ParserWarning) as error:
        # pandas' parser errors are ValueErrors
        raise reading_failed(path, error, "check that every line has the same columns") from None
    for j in text_columns:
        text = [value.removeprefix(_MARK) for value in frame.iloc[:, j]]
        frame.isetitem(j, pandas.Series(text, dtype=object))
    names = [str(name).strip() for name in frame.columns]
    if header and len(fields) == len(names):
        # pandas renames what repeats; which one is meant is for the caller to ask.
        names = [own or name for own, name in zip(fields, names, strict=True)]
    frame.columns = pandas.Index(names)
    if not len(frame):
        raise InputError(f"{path} has column names and no rows: give at least one row")
    if indexed:
        frame = _use_index(frame, pandas)
    return frame


def _use_index(frame: pd.DataFrame, pandas: Any) -> pd.DataFrame:
    """Turn the nameless first column into the index; drop it if it merely counts rows."""
    text = frame.iloc[:, 0].tolist()
    frame = frame.iloc[:, 1:]
    if all(value.isdecimal() and str(int(value)) == value for value in text):
        numbers = [int(value) for value in text]
        return (
            frame if numbers == list(range(len(frame))) else frame.set_index(pandas.Index(numbers))
        )
    return frame.set_index(pandas.Index(text))


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet table, with its index if pandas wrote one.

    Raises
    ------
    InputError
        If the file is damaged or has no rows.
    MissingExtraError
        If pandas or pyarrow is not installed.
    """
    pandas = _pandas(".parquet")
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise MissingExtraError("pyarrow", "tables", "reading .parquet files") from None
    try:
        frame: pd.DataFrame = pandas.read_parquet(path, engine="pyarrow")
    except (ValueError, OSError) as error:  # pyarrow's errors are one or the other
        raise reading_failed(path, error, "write it again") from None
    if not len(frame):
        raise InputError(f"{path} has no rows: give at least one row")
    frame.columns = frame.columns.map(str)
    return frame
