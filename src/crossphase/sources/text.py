"""Comma- and tab-separated text, plain or compressed."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError, import_extra
from crossphase.results.names import printable
from crossphase.sources.choosing import LazyColumns
from crossphase.sources.file_columns import no_such_column, refuse_repeated
from crossphase.sources.nonnumeric import is_number
from crossphase.sources.paths import ending_of
from crossphase.sources.reading import reading, reading_failed
from crossphase.sources.row_ids import as_ids, as_text_ids
from crossphase.sources.rows import RowSource
from crossphase.sources.table import Table
from crossphase.sources.text_values import MISSING, inferred, numbers

__all__ = ["STREAMED_BYTES", "TextRows", "open_columns", "open_file"]

Ints = NDArray[np.intp]

#: Bytes of text from which numbers go to a temporary file rather than into memory.
STREAMED_BYTES = 256 * 2**20
#: How much longer text is than what it is compressed to, at a guess.
_EXPANSION = 4
_BLOCK_BYTES = 4 * 2**20
_HEAD_BYTES = 2**20
_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
_NAMES = {",": "commas", "\t": "tabs", ";": "semicolons"}
_RAGGED = "check that every line has the same columns"


@dataclass(frozen=True)
class _Text:
    """How a file is written.

    Attributes
    ----------
    path : Path
    separator : str
    compression : str or None
    names : tuple of str
    header : bool
        Whether the first line names the columns.
    spaced : bool
        Whether there may be spaces between a separator and a quotation mark.
    """

    path: Path
    separator: str
    compression: str | None
    names: tuple[str, ...]
    header: bool
    spaced: bool

    @property
    def indexed(self) -> bool:
        """Whether the first column has no name, as pandas writes an index."""
        return self.header and len(self.names) > 1 and not self.names[0]

    @property
    def large(self) -> bool:
        """Whether the text is too long to be parsed at once."""
        factor = 1 if self.compression is None else _EXPANSION
        return self.path.stat().st_size * factor > STREAMED_BYTES

    def batches(self, columns: Sequence[int], as_text: Sequence[int]) -> Iterator[list[Any]]:
        """Some columns, batch by batch: numbers as Arrow doubles, the others as text.

        Raises
        ------
        ValueError, OSError
            pyarrow's; it names a column whose values are no numbers.
        """
        pa, reader = _arrow(self.path)
        kinds = {str(j): pa.float64() for j in columns}
        kinds |= {str(j): pa.string() for j in as_text}
        options = {
            "read_options": reader.ReadOptions(
                column_names=[str(j) for j in range(len(self.names))],
                skip_rows_after_names=int(self.header),
                block_size=_BLOCK_BYTES,
            ),
            "parse_options": reader.ParseOptions(delimiter=self.separator, newlines_in_values=True),
            "convert_options": reader.ConvertOptions(
                column_types=kinds,
                null_values=MISSING,
                strings_can_be_null=False,
                include_columns=[str(j) for j in columns],
            ),
        }
        with self._stream(pa) as stream:
            if self.large:
                for batch in reader.open_csv(stream, **options):
                    if batch.num_rows:
                        yield batch.columns
            else:
                for batch in reader.read_csv(stream, **options).to_batches():
                    yield batch.columns

    def _stream(self, pa: Any) -> Any:
        source = pa.input_stream(str(self.path), compression=self.compression)
        return _without_spaces(source, self.separator) if self.spaced else source


def _arrow(path: Path) -> tuple[Any, Any]:
    purpose = f"reading {ending_of(path)} files"
    pa = import_extra("pyarrow", "tables", purpose)
    return pa, import_extra("pyarrow.csv", "tables", purpose)


def _without_spaces(source: Any, separator: str) -> Any:
    """The same text, without spaces between separators and quotation marks."""
    plain = tempfile.TemporaryFile(prefix="crossphase-")  # noqa: SIM115  # closed by the reader
    lines = io.TextIOWrapper(source, encoding="utf-8-sig", newline="")
    out = io.TextIOWrapper(plain, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    # A blank line is no row.
    writer.writerows(
        row for row in csv.reader(lines, delimiter=separator, skipinitialspace=True) if row
    )
    out.detach()
    plain.seek(0)
    return plain


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Say what is wrong with the text: its encoding, or the lines."""
    try:
        yield
    except InputError:
        raise
    except UnicodeDecodeError as error:
        raise reading_failed(path, error, "save it as UTF-8 text") from None
    except csv.Error as error:
        raise reading_failed(path, error, _RAGGED) from None
    except (ValueError, OSError) as error:
        mend = "save it as UTF-8 text" if "UTF8" in str(error) else _RAGGED
        with reading(path, mend):
            raise error


def _has_header(fields: list[str]) -> bool:
    """Whether the first line names columns: it is not all numbers, or it counts the columns."""
    names = fields[1:] if not fields[0] else fields
    if not all(is_number(name) for name in names):
        return True
    return any(names == [str(start + j) for j in range(len(names))] for start in (0, 1))


def _looked_at(path: Path) -> _Text:
    """How a file is written, told by its beginning."""
    *_, kind, packed = ("", *ending_of(path).split("."))
    compression = _COMPRESSIONS.get(f".{packed}")
    separator = _SEPARATORS[f".{kind if compression else packed}"]
    pa, _ = _arrow(path)
    with _reading(path):
        with pa.input_stream(str(path), compression=compression) as stream:
            head = stream.read(_HEAD_BYTES)
        whole = len(head) < _HEAD_BYTES
        text = head.decode("utf-8-sig", "strict" if whole else "replace")
        fields = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
    fields = [field.strip() for field in fields]
    if not "".join(fields):
        raise InputError(f"{path} starts with an empty line: begin with a line of column names")
    if len(fields) == 1:
        for other, name in _NAMES.items():
            if other != separator and other in fields[0]:
                raise InputError(
                    f"{path} is separated by {name}, not by {_NAMES[separator]}: write it again "
                    + ("with the ending .tsv" if other == "\t" else "with commas, ending .csv")
                )
    header = _has_header(fields)
    names = [str(j) for j in range(len(fields))]
    if header:
        names = [name or (f"Unnamed: {j}" if j else "") for j, name in enumerate(fields)]
    spaced = f'{separator} "' in text or f'{separator}  "' in text
    return _Text(path, separator, compression, tuple(names), header, spaced)


class _NoNumberError(Exception):
    """A column of text was read as numbers."""

    def __init__(self, column: int, error: Exception) -> None:
        super().__init__(column)
        self.column, self.error = column, error


@contextmanager
def _reading_numbers() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        said = str(error)
        if not said.startswith("In CSV column #") or "conversion error to double" not in said:
            raise
        column = int(said.removeprefix("In CSV column #").partition(":")[0])
        raise _NoNumberError(column, error) from None


def _blocks(text: _Text, columns: Sequence[int]) -> Iterator[NDArray[np.float64]]:
    """Features as dense blocks, in order.

    Arrow's parser knows plain numbers only. A column in which it meets anything else is read as
    text from the start, and its words looked at.
    """
    as_text: set[int] = set()
    done = 0  # rows that were handed out
    while True:
        start = 0
        try:
            with _reading(text.path), _reading_numbers():
                for batch in text.batches(columns, sorted(as_text)):
                    stop = start + len(batch[0])
                    if stop > done:
                        block = _block(batch, text, columns, start)
                        yield block[done - start :]
                        done = stop
                    start = stop
        except _NoNumberError as failed:
            if failed.column in as_text:
                raise reading_failed(text.path, failed.error, _RAGGED) from None
            as_text.add(failed.column)
            continue
        return


def _block(
    batch: Sequence[Any], text: _Text, columns: Sequence[int], start: int
) -> NDArray[np.float64]:
    out = np.empty((len(batch[0]), len(columns)))
    for j, (array, column) in enumerate(zip(batch, columns, strict=True)):
        if str(array.type) == "string":
            out[:, j] = numbers(array, text.names[column], start, str(text.path))
        else:
            out[:, j] = array.to_numpy(zero_copy_only=False)
    return out


class TextRows(RowSource):
    """Numbers of a long text table, in a temporary file that goes when this does.

    Another process that it is sent to reads the text again.

    Parameters
    ----------
    text : _Text
    columns : sequence of int
        Of the features.
    """

    def __init__(self, text: _Text, columns: Sequence[int]) -> None:
        self.text, self.columns = text, tuple(columns)
        self.dtype = np.dtype(np.float64)
        self._map: NDArray[Any] | None = self._spooled()
        self.shape = (len(self._map), len(self.columns))

    def _spooled(self) -> NDArray[Any]:
        rows = 0
        with tempfile.TemporaryFile(prefix="crossphase-") as file:
            for block in _blocks(self.text, self.columns):
                file.write(np.ascontiguousarray(block).data)
                rows += len(block)
            file.flush()
            if not rows:
                return np.empty((0, len(self.columns)))
            # The map holds the file open; it has no name that could be left behind.
            return np.memmap(file, dtype=self.dtype, mode="r", shape=(rows, len(self.columns)))

    def _rows(self) -> NDArray[Any]:
        if self._map is None:
            self._map = self._spooled()
        return self._map

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` up to `stop`, NaN where missing."""
        return np.array(self._rows()[start:stop])

    def take(self, rows: Ints) -> NDArray[Any]:
        """Rows at any positions."""
        return np.asarray(self._rows()[rows])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_map": None}


def _words(text: _Text, columns: Sequence[int]) -> dict[int, Any]:
    """Columns as Arrow text, without leading spaces."""
    if not columns:
        return {}
    pa, _ = _arrow(text.path)
    import pyarrow.compute as pc

    with _reading(text.path):
        batches = list(text.batches(columns, columns))
    return {
        column: pc.utf8_ltrim_whitespace(
            pa.chunked_array([batch[j] for batch in batches], type=pa.string())
        )
        for j, column in enumerate(columns)
    }


def _require_rows(path: Path, count: int) -> None:
    if not count:
        raise InputError(f"{path} has column names and no rows: give at least one row")


def _row_ids(text: _Text, words: dict[int, Any], id_column: str | None) -> dict[str, Any]:
    """What a table knows of its rows: `ids`, `counted` and `named` of :class:`Table`."""
    where = str(text.path)
    if id_column is not None:
        found = words[text.names.index(id_column)].to_pylist()
        return {"ids": as_text_ids(found, where), "named": True}
    if not text.indexed:
        return {"counted": True}
    found = words[0].to_pylist()
    if all(value.isdecimal() and str(int(value)) == value for value in found):
        counted = [int(value) for value in found]
        same = counted == list(range(len(counted)))
        return {"counted": True} if same else {"ids": as_ids(counted, where)}
    return {"ids": as_ids(found, where)}


def _beside(text: _Text, id_column: str | None, aside: Sequence[str]) -> dict[str, int]:
    """Places of the columns by name that are no features: those set aside, and the IDs."""
    refuse_repeated(text.path, text.names, [*aside, *([] if id_column is None else [id_column])])
    if id_column is not None and id_column not in text.names:
        raise no_such_column(text.path, id_column, text.names[int(text.indexed) :], "ID ")
    wanted = [*aside, *([] if id_column is None else [id_column])]
    return {name: text.names.index(name) for name in wanted if name in text.names}


def open_file(
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    id_column: str | None = None,
    aside: Sequence[str] = (),
) -> Table:
    """Read comma- or tab-separated text.

    The first line names the columns, unless it holds nothing but numbers; then it is a row and
    columns are numbered from 0 (a line 0, 1, 2, … or 1, 2, 3, … counts as names). A first column
    without a name, as pandas writes its index, names the rows: by numbers if it holds whole
    numbers only, by text otherwise. The ID column is read as text, so that leading zeros survive.
    pandas' usual words for missing values (empty, NA, NaN, None, null, …) are missing.

    Parameters
    ----------
    path : str or path-like
        .csv or .tsv, also with .gz or .zst behind it.
    key : str, default None
        Text has none.
    id_column : str, default None
        Column with row IDs, read as text.
    aside : sequence of str, default ()
        Columns that are never features.

    Returns
    -------
    Table
        Its values are float64: in memory, or beyond 256 MiB of text in a temporary file.

    Raises
    ------
    InputError
        If the file is not a table of UTF-8 text with that separator, or a feature is no number.
    MissingExtraError
        Without pyarrow.
    """
    path = Path(path)
    if key is not None:
        raise InputError(f"{path}: key {key!r} was given, but text has no keys: drop it")
    text = _looked_at(path)
    beside = _beside(text, id_column, aside)
    apart = sorted({*beside.values(), *([0] if text.indexed else [])})
    columns = [j for j in range(len(text.names)) if j not in apart]
    if not columns:
        raise InputError(f"{path} has no columns left for features: give at least one")
    if text.large:
        values: Any = TextRows(text, columns)
    else:
        blocks = list(_blocks(text, columns))
        values = np.concatenate(blocks) if blocks else np.empty((0, len(columns)))
    _require_rows(path, len(values))
    words = _words(text, apart)
    return Table(
        values,
        names=tuple(printable(text.names[j]) for j in columns),
        columns=LazyColumns(
            [name for name in aside if name in beside], lambda name: inferred(words[beside[name]])
        ),
        path=path,
        **_row_ids(text, words, id_column),
    )


def open_columns(path: str | os.PathLike[str], *, id_column: str | None = None) -> Table:
    """Read text for its columns alone.

    Parameters
    ----------
    path : str or path-like
    id_column : str, default None
        Column with row IDs, read as text.

    Returns
    -------
    Table
        Without values; its columns are all but the IDs: whole numbers, numbers with NaN where
        missing, truth values, or text with None where missing.

    Raises
    ------
    InputError
        As :func:`open_file` does.
    MissingExtraError
        Without pyarrow.
    """
    path = Path(path)
    text = _looked_at(path)
    _beside(text, id_column, ())
    words = _words(text, range(len(text.names)))
    _require_rows(path, len(words[0]))
    # Of columns of one name the first is had; whoever asks for it by name is told.
    at = {
        name: j
        for j, name in reversed(list(enumerate(text.names)))
        if name != id_column and not (text.indexed and j == 0)
    }
    names = [name for name in dict.fromkeys(text.names) if name in at]
    return Table(
        None,
        columns=LazyColumns(names, lambda name: inferred(words[at[name]])),
        path=path,
        **_row_ids(text, words, id_column),
    )
