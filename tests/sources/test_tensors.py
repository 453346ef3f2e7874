"""Tensors are read as the arrays they hold, and multiplied where they lie."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import torch

import crossphase as xp
from crossphase.data import PairedData, checks
from crossphase.engine import gather
from crossphase.errors import InputError
from crossphase.sources import RowSource
from crossphase.sources.objects import reader_of
from crossphase.sources.rows import float_dtype
from crossphase.sources.sparse import SparseRows
from crossphase.sources.tensors import DeviceRows, TensorRows, open_object, to_numpy

X = np.random.default_rng(0).normal(size=(57, 6)).astype(np.float32)
ROWS = np.array([50, 3, 3, 56, 0])


def _check(source: Any, dense: Any) -> None:
    assert source.shape == dense.shape
    assert source.dtype == source[:3].dtype == float_dtype(dense.dtype)
    np.testing.assert_array_equal(np.asarray(source[:]), dense)
    np.testing.assert_array_equal(source[11:99], dense[11:])
    np.testing.assert_array_equal(source[ROWS], dense[ROWS])
    assert source[5:5].shape == (0, dense.shape[1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("grad", [False, True])
def test_floats_on_the_cpu_share_their_memory(dtype: str, grad: bool) -> None:
    tensor = torch.tensor(X.astype(dtype), requires_grad=grad)
    values = open_object(tensor, "x").values
    assert isinstance(values, np.ndarray)
    assert np.shares_memory(values, tensor.detach().numpy())
    _check(values, X.astype(dtype))
    assert tensor.requires_grad is grad


@pytest.mark.parametrize(
    "dtype",
    ["float16", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"],
)
def test_other_dtypes_are_converted_block_by_block(dtype: str) -> None:
    dense = np.abs(X * 20).astype(dtype)
    source = open_object(torch.tensor(dense), "x").values
    assert isinstance(source, TensorRows)
    assert source.resident
    _check(source, dense)


def test_tensors_are_pickled() -> None:
    source = TensorRows(torch.tensor(X))
    _check(pickle.loads(pickle.dumps(source)), X)  # noqa: S301


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "float8_e5m2"])
def test_short_floats_that_numpy_lacks_become_float32_exactly(dtype: str) -> None:
    tensor = torch.tensor(X).to(getattr(torch, dtype))
    source = open_object(tensor, "x").values
    assert isinstance(source, TensorRows)
    _check(source, tensor.float().numpy())


VIEWS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "transposed": lambda x: x.T.contiguous().T,
    "strided": lambda x: x.repeat_interleave(2, dim=1)[:, ::2],
    "repeated": lambda x: x[:1].expand(57, 6),
    "parameter": torch.nn.Parameter,
    "imaginary": lambda x: torch.complex(x, -x).conj().imag,
    "computed": lambda x: x.clone().requires_grad_() * 1.0,
}


@pytest.mark.parametrize("view", VIEWS)
def test_any_view_of_memory_reads_as_what_it_shows(view: str) -> None:
    tensor = VIEWS[view](torch.tensor(X))
    _check(open_object(tensor, "x").values, tensor.detach().resolve_neg().numpy())


def test_a_transposed_tensor_is_not_copied_whole() -> None:
    assert isinstance(open_object(torch.tensor(X).T.contiguous().T, "x").values, TensorRows)


@pytest.mark.filterwarnings("ignore:Sparse CS")
@pytest.mark.parametrize("layout", ["coo", "uncoalesced", "csr", "csc"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "bfloat16"])
def test_sparse_tensors_are_made_dense_block_by_block(layout: str, dtype: str) -> None:
    dense = torch.tensor(X * (X > 0) * 10).to(getattr(torch, dtype))
    tensor = dense.to_sparse()
    if layout == "uncoalesced":
        tensor = torch.sparse_coo_tensor(
            torch.cat([tensor.indices(), torch.tensor([[3], [4]])], dim=1),
            torch.cat([tensor.values(), torch.ones(1, dtype=dense.dtype)]),
            dense.shape,
            check_invariants=True,
        )
        dense[3, 4] += 1
    elif layout != "coo":
        tensor = tensor.to_sparse(layout=getattr(torch, f"sparse_{layout}"))
    source = open_object(tensor, "x").values
    assert isinstance(source, SparseRows)
    _check(source, to_numpy(dense))


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "one dimension": (lambda: torch.ones(5), r"shape \(5,\): give .*reshape\(-1, 1\)"),
    "three": (lambda: torch.ones(5, 2, 2), r"shape \(5, 2, 2\): give .*flatten\(1\)"),
    "scalar": (lambda: torch.tensor(1.0), r"shape \(\): give"),
    "complex": (lambda: torch.ones(5, 2, dtype=torch.complex64), "dtype torch.complex64: give"),
    "parts": (lambda: torch.empty(5, 2, dtype=torch.float4_e2m1fn_x2), "torch.float4.*: give real"),
    "meta": (lambda: torch.ones(5, 2, device="meta"), "device meta, without values"),
    "blocked": (lambda: torch.ones(4, 4).to_sparse_bsr((2, 2)), "layout sparse_bsr: give"),
    "hybrid": (lambda: torch.ones(5, 2).to_sparse(1), "layout sparse_coo: give"),
    "data set": (lambda: torch.utils.data.TensorDataset(torch.ones(5, 2)), "x is a TensorDataset"),
    "network": (lambda: torch.nn.Linear(2, 2), "x is a Linear: give a tensor"),
}


@pytest.mark.filterwarnings("ignore:Sparse BS")
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_table_is_refused_in_one_line(case: str) -> None:
    make, message = REFUSED[case]
    with pytest.raises(InputError, match=message) as caught:
        open_object(make(), "x")
    assert "\n" not in str(caught.value)


class _OnGpu:
    """Stands in for a CuPy array: to NumPy only by get()."""

    def __init__(self, values: Any) -> None:
        self._values, self.dtype, self.shape = values, values.dtype, values.shape

    def __getitem__(self, rows: Any) -> _OnGpu:
        return _OnGpu(self._values[rows])

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("implicit conversion is not allowed")

    def astype(self, dtype: Any, copy: bool = True) -> _OnGpu:
        return _OnGpu(self._values.astype(dtype, copy=copy))

    def get(self) -> Any:
        return self._values


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "bool"])
def test_arrays_of_cupy_are_copied_to_the_cpu_by_blocks(dtype: str) -> None:
    dense = X.astype(dtype)
    source = open_object(_OnGpu(dense), "x").values
    assert isinstance(source, DeviceRows)
    _check(source, dense)
    block = source.device_blocks(3, 9)
    assert isinstance(block, _OnGpu)
    assert block.dtype == float_dtype(dtype)
    np.testing.assert_array_equal(block.get(), dense[3:9])
    with pytest.raises(InputError, match="complex128: give real numbers"):
        open_object(_OnGpu(dense.astype(complex)), "x")


def test_sparse_matrices_of_cupy_become_those_of_scipy() -> None:
    class OnGpu(_OnGpu):
        def tocsr(self) -> Any:
            return self

    source = open_object(OnGpu(sp.csr_array(X * (X > 0))), "x").values
    assert isinstance(source, SparseRows)
    _check(source, X * (X > 0))
    for package in ("cupy", "cupyx", "torch"):
        kind = type("array", (), {"__module__": f"{package}.scipy.sparse"})
        reader: Any = reader_of(kind())
        assert reader.__name__ == "crossphase.sources.tensors"


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int32"])
def test_blocks_stay_on_their_device_as_floats(dtype: str) -> None:
    tensor = torch.tensor(X * 10).to(getattr(torch, dtype)).requires_grad_("int" not in dtype)
    block = DeviceRows(tensor).device_blocks(3, 9)
    assert isinstance(block, torch.Tensor)
    assert not block.requires_grad
    assert block.dtype == (torch.float64 if dtype in ("float64", "int32") else torch.float32)
    np.testing.assert_array_equal(block.numpy(), to_numpy(tensor)[3:9])


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any data count as too large to be taken into memory, or kept."""
    monkeypatch.setattr(checks, "SMALL_VALUES", 0)
    import crossphase.data.scan as scan
    import crossphase.engine.gathering as gathering

    monkeypatch.setattr(gathering, "KEPT_ROWS", 300)
    monkeypatch.setattr(gathering, "_LEAST_KEPT", 200)
    monkeypatch.setattr(scan, "_LEAST_ROWS", 128)
    monkeypatch.setattr(scan, "_BLOCK_BYTES", 1)


def _pair(dtype: str) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(1)
    z = rng.normal(size=(1000, 3))
    x = z @ rng.normal(size=(3, 8)) + rng.normal(size=(1000, 8)) + 5.0
    y = z @ rng.normal(size=(3, 5)) + rng.normal(size=(1000, 5))
    labels = np.where(np.arange(1000) < 150, z[:, 0] + 0.1 * rng.normal(size=1000), np.nan)
    return x.astype(dtype), y.astype(dtype), labels


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(("dtype", "close"), [("float32", 1e-6), ("float64", 1e-12)])
@pytest.mark.parametrize("jobs", [1, 2])
def test_moments_of_tensors_on_a_device_are_those_of_arrays(
    dtype: str, close: float, jobs: int
) -> None:
    x, y, labels = _pair(dtype)
    on_device = DeviceRows(torch.tensor(x)), DeviceRows(torch.tensor(y))
    data = PairedData.from_arrays(on_device[0], on_device[1], labels=labels)
    found = gather(data, jobs=jobs)
    expected = gather(PairedData.from_arrays(_AsRead(x), _AsRead(y), labels=labels), jobs=jobs)
    assert isinstance(found.whole.x, DeviceRows)
    assert not found.complete
    np.testing.assert_array_equal(found.rows, expected.rows)
    np.testing.assert_array_equal(found.data.x, expected.data.x)
    np.testing.assert_array_equal(found.data.y, expected.data.y)
    pairs = zip((found.moments, *found.parts), (expected.moments, *expected.parts), strict=True)
    for one, other in pairs:
        assert one.count == other.count
        scale = np.abs(other.scatter).max()
        np.testing.assert_allclose(one.mean, other.mean, rtol=close, atol=close)
        np.testing.assert_allclose(one.scatter, other.scatter, rtol=0, atol=close * scale)


class _AsRead(RowSource):
    """An array that counts as read on demand."""

    def __init__(self, values: Any) -> None:
        self.values, self.shape, self.dtype = values, values.shape, values.dtype

    def read(self, start: int, stop: int) -> Any:
        return self.values[start:stop]


def test_a_diagnosis_of_tensors_is_that_of_arrays() -> None:
    x, y, labels = _pair("float32")
    found = xp.diagnose(torch.tensor(x), torch.tensor(y).T.contiguous().T, labels)
    expected = xp.diagnose(x, y, labels)
    assert found.probabilities == expected.probabilities
    assert found.alignment.delta == expected.alignment.delta


@pytest.mark.usefixtures("large")
def test_a_diagnosis_on_a_device_is_that_of_arrays() -> None:
    x, y, labels = _pair("float64")
    found = xp.diagnose(DeviceRows(torch.tensor(x)), DeviceRows(torch.tensor(y)), labels)
    expected = xp.diagnose(_AsRead(x), _AsRead(y), labels)
    assert found.probabilities == pytest.approx(expected.probabilities, abs=1e-6)
    assert found.alignment.delta == pytest.approx(expected.alignment.delta, rel=1e-6)
