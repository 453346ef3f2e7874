"""Labels of every kind: how they are read, encoded, and refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossphase import InputError, PairedData

RNG = np.random.default_rng(0)
N = 60
X, Y = RNG.normal(size=(N, 3)), RNG.normal(size=(N, 2))
TEXT = np.array(["B", "T", "NK"])[np.arange(N) % 3]
CODES = np.array([0, 2, 1])[np.arange(N) % 3]


def read(labels: Any, **options: Any) -> PairedData:
    return PairedData.from_arrays(X, Y, labels, **options)


def codes(data: PairedData) -> list[str]:
    return [finding.code for finding in data.findings]


@pytest.mark.parametrize(
    "labels",
    [
        TEXT,
        TEXT.tolist(),
        TEXT.astype(object),
        pd.Series(TEXT),
        pd.Series(TEXT, dtype="string"),
        pd.Categorical(TEXT),
        TEXT[:, None],
        pd.DataFrame({"label": TEXT}),
        {"label": TEXT},
    ],
    ids=lambda labels: type(labels).__name__,
)
def test_text_is_classes_however_it_comes(labels: Any) -> None:
    data = read(labels)
    [column] = data.labels.columns
    assert (column.name, column.kind, column.classes) == ("label", "classes", ("B", "NK", "T"))
    np.testing.assert_array_equal(column.values, CODES)
    assert codes(data) == []
    np.testing.assert_array_equal(data.labels.targets(), np.eye(3)[CODES])


@pytest.mark.parametrize("missing", [None, np.nan, "", "  ", pd.NA, pd.NaT])
def test_missing_text_is_unlabelled(missing: Any) -> None:
    labels = [missing, *TEXT[1:]]
    for given_as in (labels, pd.Series(labels, dtype=object)):
        data = read(given_as)
        assert data.n_labelled == N - 1
        assert data.labels.columns[0].values[0] == -1


@pytest.mark.parametrize(
    "labels",
    [
        [None, 0.5, *X[2:, 0]],
        np.r_[np.nan, 0.5, X[2:, 0]],
        pd.Series([None, 0.5, *X[2:, 0]]),
        pd.array([None, 0.5, *X[2:, 0]], dtype="Float64"),
        np.ma.MaskedArray(np.r_[9.0, 0.5, X[2:, 0]], np.arange(N) == 0),
    ],
    ids=["list", "array", "series", "nullable", "masked"],
)
def test_numbers_with_fractions_are_continuous(labels: Any) -> None:
    data = read(labels)
    [column] = data.labels.columns
    assert (column.kind, codes(data)) == ("continuous", [])
    np.testing.assert_array_equal(column.values, np.r_[np.nan, 0.5, X[2:, 0]])
    np.testing.assert_array_equal(data.labels.targets(), np.r_[0.5, X[2:, 0]][:, None])


@pytest.mark.parametrize("labels", [X[:, 0] > 0, (X[:, 0] > 0).tolist(), [None, *(X[1:, 0] > 0)]])
def test_booleans_are_two_classes_without_a_guess(labels: Any) -> None:
    data = read(labels)
    assert data.labels.columns[0].classes == ("False", "True")
    assert codes(data) == []


def test_categories_keep_their_order_and_lose_the_unseen() -> None:
    labels = pd.Categorical(TEXT, categories=["T", "mast", "NK", "B"])
    assert read(labels).labels.columns[0].classes == ("T", "NK", "B")


# Rule: two values; or each value three times on average, and at most 20 of them, or at most 100
# that count up from 0 or 1.
WHOLE = {
    "binary": (np.arange(N) % 2 * 5, "classes"),
    "20 values": (np.arange(N) % 20 * 7, "classes"),
    "20 consecutive": (np.arange(N) % 20, "classes"),
    "21 seen too seldom": (np.arange(N) % 21, "continuous"),
    "all different": (np.arange(N), "continuous"),
    "as float": ((np.arange(N) % 4).astype(float), "classes"),
    "nullable": (pd.array([None, *(np.arange(N) % 4)[1:]], dtype="Int64"), "classes"),
    "mixed list": ([None, 2.0, *(np.arange(N) % 4)[2:].tolist()], "classes"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers_are_guessed_and_the_guess_is_reported(name: str) -> None:
    labels, kind = WHOLE[name]
    data = read(labels)
    assert data.labels.columns[0].kind == kind
    assert codes(data) == ["label-kind-guessed"]
    for forced in ("classes", "continuous"):
        if name != "all different" or forced == "continuous":
            sure = read(labels, label_kind=forced)
            assert sure.labels.columns[0].kind == forced
            assert "label-kind-guessed" not in codes(sure)


@pytest.mark.parametrize(
    ("start", "step", "kind"), [(0, 1, "classes"), (1, 1, "classes"), (2, 1, "continuous")]
)
def test_many_consecutive_codes_are_classes(start: int, step: int, kind: str) -> None:
    labels = start + step * (np.arange(300) % 44)
    x = RNG.normal(size=(300, 2))
    data = PairedData.from_arrays(x, x[:, ::-1] + 1, labels)
    assert data.labels.columns[0].kind == kind


def test_whole_number_classes_are_in_numeric_order() -> None:
    labels = np.array([10, 9, 100])[np.arange(N) % 3]
    assert read(labels).labels.columns[0].classes == ("9", "10", "100")


def test_several_labels_of_different_kinds() -> None:
    frame = pd.DataFrame({"age": X[:, 0], "cell": TEXT, "ill": X[:, 1] > 0})
    frame.loc[3, "age"] = np.nan
    frame.loc[4, "cell"] = None
    labels = read(frame).labels
    assert [column.kind for column in labels.columns] == ["continuous", "classes", "classes"]
    np.testing.assert_array_equal(np.flatnonzero(~labels.labelled), [3, 4])
    assert labels.target_names == (
        "age", "cell=B", "cell=NK", "cell=T", "ill=False", "ill=True",
    )  # fmt: skip
    assert labels.targets().shape == (N - 2, 6)
    np.testing.assert_array_equal(labels.targets([0, 5]), labels.targets()[[0, 3]])
    mask = np.isin(np.arange(N), [0, 5])
    np.testing.assert_array_equal(labels.targets(mask), labels.targets([0, 5]))
    with pytest.raises(InputError, match="1 of the 2 rows"):
        labels.targets([3, 5])


def test_structured_array_and_list_of_tuples() -> None:
    records = np.array(list(zip(X[:, 0], TEXT, strict=True)), dtype=[("age", float), ("t", "U2")])
    assert read(records).labels.names == ("age", "t")
    assert [c.kind for c in read(records.tolist()).labels.columns] == ["continuous", "classes"]


def test_kind_by_name() -> None:
    labels = {"a": np.arange(N) % 4, "b": np.arange(N) % 5}
    data = read(labels, label_kind={"a": "continuous"})
    assert [column.kind for column in data.labels.columns] == ["continuous", "classes"]
    with pytest.raises(InputError, match="'c', which is not a label: there are a, b"):
        read(labels, label_kind={"c": "classes"})
    with pytest.raises(InputError, match="choose among"):
        read(labels, label_kind="ordinal")


def test_numbers_written_as_text_can_be_declared_continuous() -> None:
    data = read([None, *X[1:, 0].astype(str)], label_kind="continuous")
    np.testing.assert_array_equal(data.labels.targets()[:, 0], X[1:, 0])
    with pytest.raises(InputError, match="text such as 'B'"):
        read(TEXT, label_kind="continuous")


@pytest.mark.parametrize("kind", [np.eye(3), np.eye(3, dtype=int), np.eye(3) > 0])
def test_one_hot_table_is_one_label(kind: np.ndarray) -> None:
    data = read(kind[CODES])
    [column] = data.labels.columns
    np.testing.assert_array_equal(column.values, CODES)
    assert codes(data) == ["one-hot-labels"]
    assert len(read(kind[CODES], label_kind="classes").labels.columns) == 3


def test_zeros_and_ones_that_are_not_one_hot_stay_apart() -> None:
    table = np.eye(3)[CODES]
    table[0] = 1
    assert len(read(table).labels.columns) == 3


def test_rare_classes_are_reported() -> None:
    labels = np.r_[["rare"] * 2, TEXT[2:]]
    assert codes(read(labels)) == ["rare-classes"]
    assert codes(read(np.r_[["rare"] * 3, TEXT[3:]])) == []


def test_classes_that_differ_in_white_space_only_are_one() -> None:
    labels = np.where(np.arange(N) < 5, np.char.add(TEXT, " "), TEXT)
    data = read(labels)
    assert data.labels.columns[0].classes == read(TEXT).labels.columns[0].classes
    assert codes(data) == ["spaces-in-classes"]
    assert codes(read(np.char.add(" ", TEXT))) == []
    both = pd.Categorical(labels, categories=[*sorted(set(TEXT)), *{f"{t} " for t in TEXT}])
    assert read(both).labels.columns[0].classes == tuple(sorted(set(TEXT)))


@pytest.mark.parametrize(
    ("values", "far"),
    [
        (X[:, 0], 0),
        (np.r_[[1e4] * 6, X[6:, 0]], 6),
        (np.r_[1e4, np.arange(N - 1) / 7.0], 1),
        (np.where(np.arange(N) < 50, 0.5, X[:, 0]), 0),
        (np.r_[1e9, np.where(np.arange(1, N) < 50, 0.5, X[1:, 0])], 1),
    ],
)
def test_labels_far_from_all_others_are_counted(values: np.ndarray, far: int) -> None:
    found = [f for f in read(values).findings if f.code == "outlying-labels"]
    assert len(found) == (far > 0)
    assert not far or f" {far} of 60 labelled rows" in found[0].finding


def test_a_single_group_is_no_group() -> None:
    data = PairedData.from_arrays(X, X, groups=["donor 1"] * N)
    assert data.groups is None
    assert [f.code for f in data.findings] == ["one-group"]


BAD = {
    "one class": (["B"] * N, "single class"),
    "one class and missing": (["B", None] * (N // 2), "single class"),
    "one label": (["B"] + [None] * (N - 1), r"single class \('B' in 1 labelled row\)"),
    "constant number": (np.full(N, 2.5), "constant"),
    "constant column": ({"a": X[:, 0], "b": np.full(N, 0.5)}, "'b' is constant"),
    "all missing": ([None] * N, "missing in all 60 rows"),
    "all NaN": (np.full(N, np.nan), "missing in all 60 rows"),
    "never together": (
        {"a": np.where(np.arange(N) < 30, X[:, 0], np.nan), "b": [None] * 30 + ["u", "v"] * 15},
        "no row has every label",
    ),
    "constant where all are present": (
        {"a": np.where(np.arange(N) < 30, 1.5, X[:, 0]), "b": ["u", "v"] * 15 + [None] * 30},
        "'a' is constant",
    ),
    "infinite": (np.r_[np.inf, X[1:, 0]], "1 infinite value, first in row 0"),
    "complex": (X[:, 0] + 1j, "complex"),
    "dates": (np.full(N, np.datetime64("2020-01-01")), "dates"),
    "mixed": (["B", 1] * (N // 2), "int and str"),
    "objects": ([object()] * N, "holds object values"),
    "ids": ([f"c{i}" for i in range(N)], "each seen once"),
    "ragged": ({"a": X[:, 0], "b": X[:9, 0]}, "unequal numbers of rows"),
    "3-d": (np.zeros((N, 2, 2)), "shape"),
    "too short": (TEXT[:-1], "labels have 59 rows and x has 60"),
    "empty": ([], "empty"),
    "no columns": (np.zeros((N, 0)), "no columns"),
    "same names": (pd.DataFrame(X[:, :2], columns=["a", "a"]), "share a name"),
}


@pytest.mark.parametrize("name", BAD)
def test_unusable_labels_are_refused_in_one_line(name: str) -> None:
    labels, message = BAD[name]
    with pytest.raises(InputError, match=message) as caught:
        read(labels)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("labelled", "labels", "message"),
    [
        ([1, 1], ["B", "T"], "row 1 more than once"),
        ([1, N], ["B", "T"], "names row 60"),
        ([-1, 2], ["B", "T"], "names row -1"),
        ([1, 2, 3], ["B", "T"], "names 3 rows and there are 2 labels"),
        (np.arange(N) < 3, ["B", "T"], "names 3 rows and there are 2 labels"),
        (np.ones(N - 1, bool), ["B", "T"], "mask of 59 rows"),
        ([0.0, 1.0], ["B", "T"], "dtype float64"),
        ([[0, 1]], ["B", "T"], "shape"),
        ([0, 1], None, "without labels"),
    ],
)
def test_labelled_rows_are_checked(labelled: Any, labels: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(labels, labelled=labelled)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(
    rows=st.permutations(range(N)).map(lambda p: np.array(p[: N // 2])),
)
def test_labels_for_some_rows_equal_missing_elsewhere(rows: np.ndarray) -> None:
    full = np.full(N, None, dtype=object)
    full[rows] = TEXT[rows]
    by_rows = read(TEXT[rows], labelled=rows)
    ordered = np.sort(rows)
    by_mask = read(TEXT[ordered], labelled=np.isin(np.arange(N), rows))
    expected = read(full)
    np.testing.assert_array_equal(expected.labelled_rows, ordered)
    for data in (by_rows, by_mask):
        assert data.labels.columns[0].classes == expected.labels.columns[0].classes
        np.testing.assert_array_equal(
            data.labels.columns[0].values, expected.labels.columns[0].values
        )


@settings(deadline=None, derandomize=True, max_examples=30)
@given(order=st.permutations(range(N)))
def test_taking_rows_commutes_with_encoding(order: list[int]) -> None:
    labels = {"age": np.where(np.arange(N) % 7 == 0, np.nan, X[:, 0]), "cell": TEXT}
    moved = {name: values[order] for name, values in labels.items()}
    data = read(labels).take(order)
    again = PairedData.from_arrays(X[order], Y[order], moved)
    np.testing.assert_array_equal(data.labels.targets(), again.labels.targets())
    np.testing.assert_array_equal(data.x, again.x)
    np.testing.assert_array_equal(data.labelled_rows, again.labelled_rows)


@pytest.mark.parametrize(("gaps", "severity"), [(0, "info"), (12, "warning")])
def test_rows_that_lack_one_of_two_labels_are_counted(gaps: int, severity: str) -> None:
    age = np.where(np.arange(N) < gaps, np.nan, X[:, 0])
    cell = np.where(np.arange(N) >= N - 5, "", TEXT)
    data = read({"age": age, "cell": cell})
    [found] = [finding for finding in data.findings if finding.code == "partly-labelled"]
    assert data.n_labelled == N - gaps - 5
    assert found.finding == (
        f"{gaps + 5} rows lack some of the 2 labels (present: 'age' in {N - gaps}, 'cell' in "
        f"{N - 5} rows)."
    )
    assert found.severity == severity
    assert f"Only the {N - gaps - 5} rows with every label" in found.meaning
    assert "partly-labelled" not in codes(read({"age": X[:, 0], "cell": TEXT}))
