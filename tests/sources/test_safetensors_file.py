"""Safetensors are read as what was written; of a header nothing is believed unchecked."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

from crossphase.errors import InputError
from crossphase.sources.rows import float_dtype
from crossphase.sources.safetensors_file import open_file

X = np.random.default_rng(0).normal(size=(57, 6)).astype(np.float32)
ROWS = np.array([50, 3, 3, 56, 0])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.safetensors"


def _check(source: Any, dense: Any) -> None:
    assert source.shape == dense.shape
    assert source.dtype == source[:3].dtype == float_dtype(dense.dtype)
    np.testing.assert_array_equal(np.asarray(source), dense)
    np.testing.assert_array_equal(source[11:99], dense[11:])
    np.testing.assert_array_equal(source[ROWS], dense[ROWS])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(source))[20:30], dense[20:30])  # noqa: S301
    assert source[5:5].shape == (0, dense.shape[1])


@pytest.mark.parametrize(
    "dtype",
    [
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64"),
    ],
)
def test_dtypes_of_numpy_are_read(path: Path, dtype: str) -> None:
    dense = np.abs(X * 20).astype(dtype)
    safetensors.numpy.save_file({"x": dense}, path, metadata={"made by": "a test"})
    _check(open_file(path).values, dense)


def test_bfloat16_is_read_as_float32_exactly(path: Path) -> None:
    x = torch.tensor(X)
    x[0] = torch.tensor([torch.inf, -torch.inf, torch.nan, -0.0, 1e-40, 3e38])
    safetensors.torch.save_file({"x": x.bfloat16()}, path)
    _check(open_file(path).values, x.bfloat16().float().numpy())


def test_keys_columns_and_ids_are_tensors(path: Path) -> None:
    tensors = {
        "train/x": torch.tensor(X),
        "train/y": torch.tensor(X[:, :2]).half(),
        "train/label": torch.arange(57).remainder(3),
        "row": torch.arange(57)[:, None],
        "short": torch.zeros(57).to(torch.float8_e4m3fn),
        "empty": torch.zeros(0),
    }
    safetensors.torch.save_file(tensors, path)
    table = open_file(path, key="x", id_column="train/label")
    _check(table.values, X)
    assert set(table.columns) == {"label", "train/label", "row"}
    np.testing.assert_array_equal(table.columns["label"], np.arange(57) % 3)
    np.testing.assert_array_equal(table.columns["row"], np.arange(57))
    assert table.ids[:4].tolist() == ["0", "1", "2", "0"]
    _check(open_file(path, key="train/y").values, X[:, :2].astype(np.float16))
    with pytest.raises(InputError, match=r"holds 3 tables of numbers: .*row \(57 × 1\), train/x"):
        open_file(path)
    with pytest.raises(InputError, match=r"nothing called 'z': its tables of numbers are row"):
        open_file(path, key="z")


def test_a_short_float_that_numpy_lacks_is_refused(path: Path) -> None:
    safetensors.torch.save_file({"x": torch.tensor(X).to(torch.float8_e4m3fn)}, path)
    with pytest.raises(InputError, match="no two-dimensional array of numbers, only x"):
        open_file(path)


def test_only_the_rows_asked_for_are_read(path: Path) -> None:
    """A hole of a terabyte would not fit into memory, nor onto the disk."""
    entry = {"dtype": "F32", "shape": [2**30, 256], "data_offsets": [0, 2**40]}
    header = json.dumps({"x": entry}).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        try:
            file.truncate(8 + len(header) + 2**40)
        except OSError:
            pytest.skip("no files with holes here")
    source = open_file(path).values
    assert not source[2**29 : 2**29 + 100].any()
    assert not source[np.array([2**30 - 1, 0])].any()


def _entry(dtype: Any = "F32", shape: Any = (2, 2), offsets: Any = (0, 16)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


@pytest.mark.parametrize(
    ("header", "size", "message"),
    [
        ({"x": _entry()}, 15, "cut short by 1 bytes"),
        ({"x": _entry()}, 20, "4 bytes that belong to no tensor"),
        ({"x": _entry(offsets=(0, 12))}, 12, r"'x' of F32, shape \(2, 2\), has 12 bytes"),
        ({"x": _entry(offsets=(4, 20))}, 20, "'x' does not start where"),
        ({"x": _entry(), "y": _entry(offsets=(8, 24))}, 24, "'y' does not start where"),
        ({"x": _entry(), "y": _entry()}, 16, "does not start where"),
        ({"x": _entry("F8_E4M3", offsets=(16, 0))}, 16, "does not start where"),
        ({"x": _entry(shape=(-2, -2))}, 16, "'x' has no dtype, shape or offsets"),
        ({"x": _entry(shape=(2**62, 2**62))}, 16, "has 16 bytes"),
        ({"x": _entry(shape=(True, 4))}, 16, "'x' has no dtype, shape or offsets"),
        ({"x": _entry(shape="22")}, 16, "'x' has no dtype, shape or offsets"),
        ({"x": _entry(dtype=3)}, 16, "'x' has no dtype, shape or offsets"),
        ({"x": _entry(offsets=(0, 16, 16))}, 16, "'x' has no dtype, shape or offsets"),
        ({"x": _entry(offsets=(-16, 0))}, 0, "'x' has no dtype, shape or offsets"),
        ({"x": [1]}, 0, "nothing is said of tensor 'x'"),
        ([1], 0, "no JSON object"),
        (b'{"x": ', 0, "cannot be read as .safetensors"),
        (b'{"x": {}, "x": {}}', 0, "a name twice"),
        (b"\xff\xfe{", 0, "cannot be read as .safetensors"),
        (b"[" * 100_000, 0, "recursion"),
    ],
)
def test_a_header_that_cannot_be_is_refused_in_one_line(
    path: Path, header: Any, size: int, message: str
) -> None:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(size))
    with pytest.raises(InputError, match=message) as caught:
        open_file(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(Exception):  # noqa: B017, PT011
        safetensors.numpy.load_file(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "does not exist"),
        (b"", "shorter than 8 bytes"),
        (b"x,y\n1,2\n3,4\n", "a header of .* bytes"),
        (struct.pack("<Q", 2**63) + b"{}", "a header of 9,223,372,036,854,775,808 bytes"),
    ],
)
def test_files_of_something_else_are_refused(path: Path, data: bytes | None, message: str) -> None:
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InputError, match=message):
        open_file(path)


def test_a_header_is_not_read_beyond_what_the_format_allows(path: Path) -> None:
    with path.open("wb") as file:
        file.write(struct.pack("<Q", 200_000_000))
        file.truncate(300_000_000)
    with pytest.raises(InputError, match="of which there can be 100,000,000"):
        open_file(path)


def test_a_file_that_went_away_is_said_so(path: Path) -> None:
    safetensors.numpy.save_file({"x": X}, path)
    source = open_file(path).values
    path.unlink()
    with pytest.raises(InputError, match="does not exist"):
        source[:5]
