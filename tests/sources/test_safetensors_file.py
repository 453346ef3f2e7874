"""Tensors of .safetensors files: exact, mapped, and not trusted."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from crossphase import InputError
from crossphase.sources.files import open_file

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 4))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "?"])
def test_every_type_comes_back_exactly(dtype: str, tmp_path: Path) -> None:
    x = np.ascontiguousarray((10 * X).astype(dtype))
    save_file({"x": x, "label": np.arange(50)}, tmp_path / "a.safetensors")
    table = open_file(tmp_path / "a.safetensors", aside=["label"])
    np.testing.assert_array_equal(np.asarray(table.values), x.astype(float))
    np.testing.assert_array_equal(table.values[10:20], x[10:20].astype(float))
    again = pickle.loads(pickle.dumps(table.values))  # noqa: S301 - our own
    np.testing.assert_array_equal(again[[7, 3]], x[[7, 3]].astype(float))
    np.testing.assert_array_equal(table.columns["label"], np.arange(50))


def test_bfloat16_is_shifted_into_float32(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file as save_torch

    x = torch.from_numpy(X).to(torch.bfloat16)
    save_torch({"x": x}, tmp_path / "a.safetensors")
    values = open_file(tmp_path / "a.safetensors").values
    assert values.dtype == np.float32
    np.testing.assert_array_equal(np.asarray(values), x.float().numpy())


def test_keys_and_ids(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file({"img": X, "txt": X + 1, "id": np.arange(50) + 7}, path)
    table = open_file(path, key="txt", id_column="id")
    np.testing.assert_array_equal(np.asarray(table.values), X + 1)
    assert list(table.ids[:2]) == ["7", "8"]
    with pytest.raises(InputError, match="img"):
        open_file(path)
    with pytest.raises(InputError, match="img"):
        open_file(path, key="audio")


def written(path: Path, header: object, values: bytes = b"\0" * 64, length: int | None = None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    size = len(text) if length is None else length
    path.write_bytes(size.to_bytes(8, "little") + text + values)
    return path


def entry(shape: list, offsets: list, dtype: str = "F32") -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


@pytest.mark.parametrize(
    ("header", "length", "said"),
    [
        ({"x": entry([2, 2], [0, 16])}, 2**60, "its header would be"),
        (b"{]", None, "cannot be read as .safetensors"),
        ([1], None, "no object"),
        ({"x": entry([2, 2], [0, 12])}, None, "does not fill its place"),
        ({"x": entry([8, 8], [0, 256])}, None, "beyond the end"),
        ({"x": entry([-2, -2], [0, 16])}, None, "no whole number"),
        ({"x": entry([2, 2], [0, 16]), "y": entry([2, 2], [8, 24])}, None, "overlaps"),
        ({"x": {"dtype": "F32"}}, None, "shape"),
        ({"x": entry([2, 2], [0, 4], "F8_E4M3")}, None, "a.safetensors"),
    ],
)
def test_headers_are_not_trusted(header, length, said: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.safetensors", header, length=length)
    with pytest.raises(InputError, match=said) as refused:
        open_file(path)
    assert "\n" not in str(refused.value)
