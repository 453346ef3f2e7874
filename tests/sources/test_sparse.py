"""Sparse matrices are read as their dense arrays, a block at a time."""

from __future__ import annotations

import pickle
import tracemalloc
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from crossphase.errors import InputError
from crossphase.sources.sparse import SparseRows, open_object

DENSE = np.random.default_rng(0).poisson(0.4, (23, 7)).astype(float)


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
@pytest.mark.parametrize("family", ["matrix", "array"])
def test_every_format_reads_as_its_dense_array(kind: str, family: str) -> None:
    source = open_object(getattr(sp, f"{kind}_{family}")(DENSE), "x").values
    np.testing.assert_array_equal(np.asarray(source), DENSE)
    np.testing.assert_array_equal(source[5:11], DENSE[5:11])
    np.testing.assert_array_equal(source[20:99], DENSE[20:])
    np.testing.assert_array_equal(source[[9, 2, 2, 22]], DENSE[[9, 2, 2, 22]])
    np.testing.assert_array_equal(source[DENSE[:, 0] > 0], DENSE[DENSE[:, 0] > 0])
    assert source[4:4].shape == (0, 7)
    assert source.resident


@pytest.mark.parametrize(
    ("dtype", "read_as"),
    [
        ("bool", "float32"),
        ("int8", "float32"),
        ("uint16", "float32"),
        ("float32", "float32"),
        ("int32", "float64"),
        ("int64", "float64"),
        ("float64", "float64"),
    ],
)
def test_blocks_are_as_narrow_as_holds_the_values(dtype: str, read_as: str) -> None:
    values = DENSE.astype(dtype)
    for matrix in (sp.csr_array(values), sp.csc_matrix(values)):
        source = SparseRows(matrix)
        assert source.dtype == source[:3].dtype == source[[1]].dtype == read_as
        np.testing.assert_array_equal(source[:], values.astype(read_as))
        np.testing.assert_array_equal(source[[8, 1]], values[[8, 1]].astype(read_as))


def test_entries_given_twice_are_summed() -> None:
    parts = ([1.0, 2.0, 4.0], ([0, 0, 1], [1, 1, 0]))
    twice = sp.csr_array((np.array([1.0, 2.0]), np.array([1, 1]), np.array([0, 2])), shape=(1, 2))
    np.testing.assert_array_equal(SparseRows(sp.coo_matrix(parts))[:], [[0, 3], [4, 0]])
    np.testing.assert_array_equal(SparseRows(twice)[:], [[0, 3]])


def test_nan_stays_in_its_place_and_no_row_is_lost() -> None:
    dense = DENSE.copy()
    dense[3, 2] = np.nan
    np.testing.assert_array_equal(SparseRows(sp.csr_array(dense))[:], dense)


def test_a_matrix_larger_than_memory_when_dense_is_read_by_blocks() -> None:
    wide = sp.random_array((1000, 200), density=0.02, format="csr", rng=np.random.default_rng(1))
    huge = sp.csr_matrix(sp.vstack([wide] * 3))
    huge.resize((3_000_000, 200))  # 4.8 GB when dense
    source = SparseRows(huge)
    tracemalloc.start()
    try:
        np.testing.assert_array_equal(source[1000:2000], wide.toarray())
        assert not source[2_999_000:].any()
        assert tracemalloc.get_traced_memory()[1] < 8 * source[:1000].nbytes
    finally:
        tracemalloc.stop()


def test_it_can_be_sent_to_another_process() -> None:
    source = pickle.loads(pickle.dumps(SparseRows(sp.csr_array(DENSE))))  # noqa: S301
    np.testing.assert_array_equal(source[:], DENSE)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (sp.csr_array(DENSE).astype(complex), "dtype complex128: give real numbers"),
        (sp.coo_array(np.ones(3)), r"of shape \(3,\): give \(rows, features\)"),
        (np.random.default_rng, "give an array or a sparse matrix"),
    ],
)
def test_what_is_no_table_of_numbers_is_refused(table: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        open_object(table, "x")
