"""Feature checks: what is refused, where it is said to be, what is only reported."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from crossphase import InputError, PairedData
from crossphase.data.checks import feature_findings, read_features
from crossphase.engine import gather

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(12, 3)), RNG.normal(size=(12, 2))


def with_value(value: float, row: int = 5, column: int = 1) -> np.ndarray:
    x = X.copy()
    x[row, column] = value
    return x


BAD = {
    "nan": (with_value(np.nan), "x has 1 NaN value, in 1 row and 1 column, first at row 5, col"),
    "inf": (with_value(-np.inf), "x has 1 infinite value, in"),
    "overflow": (with_value(1e200), "larger than 1e\\+70"),
    "masked": (np.ma.masked_greater(X, 1), r"x has \d NaN"),
    "object": (X.astype(object), "Python objects"),
    "complex": (X + 0j, "complex numbers"),
    "text": (X.astype(str), "text"),
    "dates": (np.full((12, 2), np.datetime64("2020-01-01")), "dates"),
    "1-d": (X[:, 0], "1-dimensional.*reshape"),
    "3-d": (X[:, None], "3-dimensional"),
    "0-d": (np.float64(3), "0-dimensional"),
    "no rows": (X[:0], "empty"),
    "no columns": (X[:, :0], "empty"),
    "ragged": ([[1.0, 2.0], [3.0]], "rectangular"),
    "fewer rows": (X[:7], "x has 7 rows and y has 12"),
    "same rows": (np.ones((12, 3)), "nothing varies"),
    "frame with text": (
        pd.DataFrame(X).assign(kind="B", day=datetime.date(2020, 1, 1)),
        r"2 columns that are not numeric: 'kind' .*'day'",
    ),
    "decimal commas": (
        pd.DataFrame({"a": X[:, 0], "b": ["1.5", "2,5"] * 6}),
        r"1 column that is not numeric: 'b' .*, first '2,5' in row 1 of 'b' \(counted from 0\); "
        "write decimal points, not decimal commas",
    ),
    "a word among numbers": (
        pd.DataFrame({"a": X[:, 0], "b": ["1", None, "n/a"] * 4}),
        "first 'n/a' in row 2 of 'b' .*; drop or encode it",
    ),
    "nullable": (
        pd.DataFrame({"a": pd.array([1, None] * 6, dtype="Int64"), "b": X[:, 0]}),
        "6 NaN values, in 6 rows and 1 column, first at row 1, column 'a'",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_unusable_features_are_refused_in_one_line(name: str) -> None:
    x, message = BAD[name]
    with pytest.raises(InputError, match=message) as caught:
        PairedData.from_arrays(x, Y)
    assert "\n" not in str(caught.value)


def test_place_of_nan_is_told_by_id_and_name() -> None:
    ids = [f"c{i}" for i in range(12)]
    x = pd.DataFrame(with_value(np.nan), columns=list("abc"))
    with pytest.raises(InputError, match=r"row 5 \(ID 'c5'\), column 'b'"):
        PairedData.from_arrays(x, Y[::-1], ids_x=ids, ids_y=ids[::-1])


def test_nan_in_a_row_without_partner_does_no_harm() -> None:
    ids = list(range(12))
    data = PairedData.from_arrays(
        with_value(np.nan), np.delete(Y, 5, axis=0), ids_x=ids, ids_y=np.delete(ids, 5)
    )
    assert data.n == 11
    assert np.isfinite(data.x).all()


@pytest.mark.parametrize(
    "table",
    [
        X.astype(np.float32),
        np.round(10 * X).astype(np.int8),
        X > 0,
        X.tolist(),
        np.asfortranarray(X),
        X[::-1][::-1],
        pd.DataFrame(X),
        pd.DataFrame(np.round(10 * X)).astype("Int32"),
        scipy.sparse.csr_matrix(X),
        scipy.sparse.coo_array(X),
        np.ma.MaskedArray(X),
    ],
    ids=lambda table: type(table).__name__,
)
def test_tables_of_numbers_become_contiguous_float64(table: object) -> None:
    values = read_features(table, "x").values
    assert values.dtype == np.float64
    assert values.flags.c_contiguous
    dense = table.toarray() if scipy.sparse.issparse(table) else table
    np.testing.assert_array_equal(values, np.asarray(dense, dtype=float))


def test_moments_that_would_not_fit_are_refused_before_any_row_is_read(monkeypatch) -> None:
    wide = scipy.sparse.csr_matrix((200_000, 30_000))
    data = PairedData.from_arrays(wide, np.ones((200_000, 1)))
    monkeypatch.setattr("crossphase.memory.available_memory", lambda: 10**9)
    with pytest.raises(InputError, match=r"30,000 \+ 1 features takes .* GB are free: reduce"):
        gather(data)


def test_annotated_matrix_is_sent_to_its_layers() -> None:
    class Annotated:
        obs_names = ("a",)
        X = np.ones((1, 1))

    with pytest.raises(InputError, match="layer"):
        read_features(Annotated(), "x")


def test_constant_and_repeated_columns_are_kept_and_named() -> None:
    x = pd.DataFrame({"a": X[:, 0], "b": 3.0, "c": X[:, 0], "d": X[:, 1], "e": 7.0})
    data = PairedData.from_arrays(x, Y)
    assert data.x.shape == (12, 5)
    found = {finding.code: finding.finding for finding in data.findings}
    assert found["constant-columns"] == "x has 2 constant columns: 'b', 'e'."
    assert found["duplicated-columns"] == "x has 1 column equal to an earlier one: 'c'."


def test_repeated_names_are_named() -> None:
    data = PairedData.from_arrays(pd.DataFrame(X, columns=["a", "b", "a"]), Y)
    [finding] = data.findings
    assert finding.code == "repeated-names"
    assert "'a'" in finding.finding


def test_signed_zeros_count_as_equal() -> None:
    x = np.array([[0.0, -0.0], [1.0, 1.0]])
    assert [finding.code for finding in feature_findings(x, "x")] == ["duplicated-columns"]


@pytest.mark.parametrize(("dx", "exact"), [(10, 1), (12, 2), (40, 2)])
def test_more_features_than_pairs_counts_the_exact_correlations(dx: int, exact: int) -> None:
    x = RNG.normal(size=(12, dx))
    data = PairedData.from_arrays(x, Y)
    [finding] = [f for f in data.findings if f.code == "more-features-than-pairs"]
    assert finding.meaning.startswith(f"At least {exact} ")
    centred = [np.linalg.svd(v - v.mean(0), full_matrices=False) for v in (x, Y)]
    bases = [u[:, s > 1e-9 * s[0]] for u, s, _ in centred]
    cosines = np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)
    assert np.sum(cosines > 1 - 1e-9) == exact


def test_scales_far_apart_are_fine() -> None:
    assert PairedData.from_arrays(X * [1e-30, 1.0, 1e30], Y).findings == ()
