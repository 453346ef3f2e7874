"""Arrays of NumPy are mapped where they can be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from crossphase import InputError
from crossphase.sources import is_in_memory, numpy_files
from crossphase.sources.numpy_files import open_columns, open_file

X = np.random.default_rng(0).normal(size=(20, 3))


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_that_are_not_compressed_are_mapped(order: str, tmp_path: Path) -> None:
    x = np.asarray(X, order=order)
    np.save(tmp_path / "x.npy", x)
    np.savez(tmp_path / "x.npz", ids=np.arange(20), x=x)
    for name in ("x.npy", "x.npz"):
        values = open_file(tmp_path / name).values
        assert not is_in_memory(values)
        np.testing.assert_array_equal(values, X)


def test_large_compressed_arrays_are_unpacked_to_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez_compressed(tmp_path / "x.npz", x=X, type=np.arange(20))
    assert is_in_memory(open_file(tmp_path / "x.npz").values)
    monkeypatch.setattr(numpy_files, "SPOOLED_BYTES", 100)
    table = open_file(tmp_path / "x.npz", aside=["type"])
    assert not is_in_memory(table.values)
    np.testing.assert_array_equal(table.values, X)
    assert table.columns["type"].tolist() == list(range(20))


def test_pickles_are_never_opened(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([[None]], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "x.npz", x=X, type=np.array([None], dtype=object))
    with pytest.raises(InputError, match="pickled Python objects, which are never opened"):
        open_file(tmp_path / "x.npy")
    with pytest.raises(InputError, match=r"array 'type' of .* holds pickled Python objects"):
        open_columns(tmp_path / "x.npz").columns["type"]
