"""Arrow files and streams."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pytest

from crossphase import InputError
from crossphase.sources.arrow_ipc import open_columns, open_file

X = np.random.default_rng(0).normal(size=(50, 2))
TABLE = pa.table({"a": X[:, 0], "b": X[:, 1], "type": ["B", None] * 25, "id": range(50)})


def _stream(path: Path) -> None:
    with pa.ipc.new_stream(str(path), TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=20)


def _feather(compression: str) -> Any:
    return lambda path: pyarrow.feather.write_feather(
        TABLE, str(path), compression=compression, chunksize=20
    )


WRITERS = {
    ".feather": _feather("lz4"),
    ".arrow": _feather("uncompressed"),
    ".ipc": _stream,
}


@pytest.mark.parametrize("ending", WRITERS)
def test_rows_and_columns_come_back(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"x{ending}"
    WRITERS[ending](path)
    table = open_file(path, id_column="id", aside=["type"])
    assert table.names == ("a", "b")
    assert table.ids.tolist() == [str(row) for row in range(50)]
    assert list(table.columns["type"]) == ["B", None] * 25
    for source in (table.values, pickle.loads(pickle.dumps(table.values))):  # noqa: S301
        np.testing.assert_array_equal(source[15:45], X[15:45])
        np.testing.assert_array_equal(source[[49, 2]], X[[49, 2]])
        np.testing.assert_array_equal(np.asarray(source), X)
    assert list(open_columns(path, id_column="id").columns) == ["a", "b", "type"]


@pytest.mark.parametrize(
    ("compression", "random_access"), [("uncompressed", True), ("lz4", False), ("zstd", False)]
)
def test_only_what_need_not_be_unpacked_is_read_in_any_order(
    compression: str, random_access: bool, tmp_path: Path
) -> None:
    table = pa.table({"a": np.random.default_rng(0).normal(size=50_000)})
    pyarrow.feather.write_feather(table, str(tmp_path / "x.feather"), compression=compression)
    assert open_file(tmp_path / "x.feather").values.random_access is random_access


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.arrow"
    WRITERS[".arrow"](path)
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(InputError, match=r"cannot be read as \.arrow"):
        open_file(path)
