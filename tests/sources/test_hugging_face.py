"""Data sets of Hugging Face are read by rows, saved or as objects."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import crossphase as xp
import datasets
from crossphase.errors import InputError
from crossphase.sources.hugging_face import open_file, open_key, open_object

N = 30
VALUES = np.random.default_rng(0).normal(size=(N, 6)).astype(np.float32)
CODES = [0, 1, -1, None, *[1] * 13, *[0] * 13]
ORDER = [4, 2, 0, 29, 17]
FIXED = datasets.Sequence(datasets.Value("float32"), length=6)
LISTS = datasets.Sequence(datasets.Value("float32"))
KINDS: dict[str, Any] = {
    "fixed": FIXED,
    "lists": LISTS,
    "halves": datasets.Sequence(datasets.Value("float16"), length=6),
    "large": datasets.LargeList(datasets.Value("float32")),
    "array": datasets.Array2D((2, 3), "float32"),
    "array of any length": datasets.Array2D((None, 2), "float32"),
    "cube": datasets.Array3D((1, 3, 2), "float32"),
    "nested": datasets.Sequence(datasets.Sequence(datasets.Value("float64")), length=3),
}
SHAPES = {"array": (2, 3), "array of any length": (3, 2), "cube": (1, 3, 2), "nested": (3, 2)}


@pytest.fixture(autouse=True)
def _silent() -> None:
    datasets.disable_progress_bars()


def dataset(kind: Any = "fixed", values: Any = VALUES, **more: Any) -> Any:
    feature = KINDS.get(kind, kind) if isinstance(kind, str) else kind
    rows = len(values)
    if kind == "halves":
        values = values.astype(np.float16)
    if isinstance(values, np.ndarray):
        values = values.reshape(rows, *SHAPES.get(str(kind), (6,))).tolist()
    columns = {
        "emb": values,
        "label": CODES[:rows],
        "name": [f"row {row}" for row in range(rows)],
        "age": [None, *range(1, rows)],
    }
    features = {
        "emb": feature,
        "label": datasets.ClassLabel(names=["cat", "dog"]),
        "name": datasets.Value("string"),
        "age": datasets.Value("int32"),
    }
    more_features = {name: feature for name, (_, feature) in more.items()}
    columns |= {name: column for name, (column, _) in more.items()}
    return datasets.Dataset.from_dict(columns, features=datasets.Features(features | more_features))


def expected(kind: str) -> np.ndarray:
    return VALUES.astype(np.float16) if kind == "halves" else VALUES


@pytest.mark.parametrize("kind", KINDS)
def test_any_rows_of_a_saved_one_are_those_of_the_dense_array(tmp_path: Path, kind: str) -> None:
    dataset(kind).save_to_disk(tmp_path, num_shards=4)
    table = open_file(tmp_path)
    source = pickle.loads(pickle.dumps(table.values))  # noqa: S301
    assert len(pickle.dumps(table.values)) < 5_000
    dense = expected(kind)
    assert (source.shape, source.dtype) == (
        VALUES.shape, np.float64 if kind == "nested" else np.float32,
    )  # fmt: skip
    for rows in (
        slice(None), slice(0, 3), slice(6, 17), slice(9, 9), slice(None, None, -2),
        np.array(ORDER), np.arange(N) % 3 == 0,
    ):  # fmt: skip
        np.testing.assert_array_equal(source[rows], dense[rows])
    assert table.names is None
    source[0:2][:] = 7
    np.testing.assert_array_equal(source[0:2], dense[:2])


@pytest.mark.parametrize("kind", KINDS)
def test_objects_are_read_through_their_selection(kind: str) -> None:
    whole = dataset(kind)
    dense = expected(kind)
    np.testing.assert_array_equal(open_object(whole, "x").values[:], dense)
    for chosen, rows in (
        (whole.select(ORDER), ORDER),
        (whole.select(range(3, 9)), list(range(3, 9))),
        (whole.select(ORDER).select([2, 0]), [0, 4]),
        (whole.filter(lambda row: row["age"] is None), [0]),
    ):
        table = open_object(chosen, "x")
        np.testing.assert_array_equal(table.values[:], dense[rows])
        np.testing.assert_array_equal(table.values[-1:], dense[rows[-1:]])
        assert table.columns["name"].tolist() == [f"row {row}" for row in rows]


def test_columns_are_numbers_text_and_names_of_classes(tmp_path: Path) -> None:
    whole = dataset(more=(VALUES[:, :2].tolist(), LISTS))
    whole.save_to_disk(tmp_path)
    for table in (
        open_file(tmp_path, key="emb", id_column="name"),
        open_key(whole, "emb", "x"),
    ):
        assert list(table.columns) == ["label", "name", "age"]
        labels = table.columns["label"]
        assert list(labels)[:5] == ["cat", "dog", None, None, "dog"]
        assert labels.categories == ["cat", "dog"]
        np.testing.assert_array_equal(table.columns["age"], [np.nan, *range(1, N)])
    saved = open_file(tmp_path, key="emb", id_column="name")
    assert saved.named
    assert saved.ids.tolist()[:2] == ["row 0", "row 1"]
    labels = saved.columns["label"]
    data = xp.PairedData.from_arrays(whole.select_columns(["emb"]), VALUES, labels)
    assert (data.n_labelled, data.labels.columns[0].classes) == (N - 2, ("cat", "dog"))


def test_the_only_column_of_lists_is_taken_and_several_are_listed(tmp_path: Path) -> None:
    whole = dataset(other=(-VALUES.reshape(N, 2, 3), KINDS["array"]))
    whole.save_to_disk(tmp_path)
    np.testing.assert_array_equal(open_file(tmp_path, aside=["emb"]).values[:], -VALUES)
    np.testing.assert_array_equal(open_file(tmp_path, key="other").values[:], -VALUES)
    with pytest.raises(InputError, match=r"by its key, one of emb, other"):
        open_file(tmp_path)
    with pytest.raises(InputError, match=r"no column 'text': choose its key among emb, other"):
        open_file(tmp_path, key="text")
    with pytest.raises(InputError, match=r"x has several columns of lists"):
        open_object(whole, "x")
    chosen = whole.with_format("numpy", columns=["other"])
    np.testing.assert_array_equal(open_object(chosen, "x").values[:], -VALUES)
    chosen.save_to_disk(tmp_path / "formatted")
    np.testing.assert_array_equal(open_file(tmp_path / "formatted").values[:], -VALUES)


def test_without_lists_all_numbers_are_features_but_classes(tmp_path: Path) -> None:
    dataset().remove_columns("emb").save_to_disk(tmp_path)
    table = open_file(tmp_path, id_column="name")
    assert table.names == ("age",)
    np.testing.assert_array_equal(table.values[:3], [[np.nan], [1], [2]])
    with pytest.raises(InputError, match=r"not numeric: 'name' \(string\), first 'row 0' in row 0"):
        open_file(tmp_path)


def test_missing_rows_are_nan(tmp_path: Path) -> None:
    lists: list[Any] = VALUES.tolist()
    lists[3] = None
    lists[5][2] = None
    dense = VALUES.copy()
    dense[3] = dense[5, 2] = np.nan
    for name, kind in (("lists", LISTS), ("fixed", FIXED)):
        dataset(kind, lists).save_to_disk(tmp_path / name)
        np.testing.assert_array_equal(open_file(tmp_path / name).values[2:7], dense[2:7])
    arrays = [None if row is None else [row[:3], row[3:]] for row in lists]
    dataset(datasets.Sequence(datasets.Sequence(datasets.Value("float32"))), arrays).save_to_disk(
        tmp_path / "arrays"
    )
    np.testing.assert_array_equal(open_file(tmp_path / "arrays").values[1:7], dense[1:7])


NESTED = datasets.Sequence(datasets.Sequence(datasets.Value("float32")))


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (LISTS, [*VALUES[:20].tolist(), [1.0, 2.0]], r"2 values in row 20 of 'emb' .* and 6 be"),
        (
            datasets.Array2D((None, 2), "float32"),
            [*[[[1.0, 2.0]]] * 7, [[1.0, 2.0], [3.0, 4.0]]],
            r"has 4 values in row 7 of 'emb' .* and 2 before",
        ),
        (
            NESTED,
            [*[[[1.0, 2.0, 3.0]] * 2] * 9, [[1.0, 2.0]] * 3],
            r"an inner list of 2 in row 9 of 'emb' .* inner lists of 3 before",
        ),
        (NESTED, [*[[[1.0, 2.0]] * 2] * 4, [[1.0, 2.0], None]], r"a missing list in row 4"),
        (LISTS, [[], []], r"empty lists"),
        (LISTS, [None, None], r"empty lists"),
        (NESTED, [[[]], [[]]], r"empty lists"),
    ],
)
def test_lists_of_other_lengths_are_named_by_row(
    tmp_path: Path, kind: Any, values: Any, message: str
) -> None:
    dataset(kind, values).save_to_disk(tmp_path, num_shards=2)
    with pytest.raises(InputError, match=message) as caught:
        open_file(tmp_path).values[1:]
    assert "\n" not in str(caught.value)


def test_splits_are_chosen_by_key(tmp_path: Path) -> None:
    whole = dataset()
    splits = datasets.DatasetDict({"train": whole, "test": whole.select(ORDER)})
    splits.save_to_disk(tmp_path)
    for key in ("test", "test/emb"):
        np.testing.assert_array_equal(open_file(tmp_path, key=key).values[:], VALUES[ORDER])
        np.testing.assert_array_equal(open_key(splits, key, "x").values[:], VALUES[ORDER])
    for key in (None, "emb", "dev/emb"):
        with pytest.raises(InputError, match=r"train/emb, test/emb"):
            open_file(tmp_path, key=key)
    with pytest.raises(InputError, match=r"no column 'text': choose its key among emb"):
        open_file(tmp_path, key="train/text")
    with pytest.raises(InputError, match=r"x has 2 splits"):
        open_object(splits, "x")
    one = datasets.DatasetDict({"train": whole})
    one.save_to_disk(tmp_path / "one")
    for key in (None, "emb", "train/emb"):
        np.testing.assert_array_equal(open_file(tmp_path / "one", key=key).values[:], VALUES)
    np.testing.assert_array_equal(open_object(one, "x").values[:], VALUES)


def edited(folder: Path, **state: Any) -> Path:
    path = folder / "state.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | state))
    return folder


@pytest.mark.parametrize("name", ["_indices_files", "_indices_data_files"])
def test_a_selection_saved_by_old_versions_is_heeded(tmp_path: Path, name: str) -> None:
    dataset().save_to_disk(tmp_path)
    indices = pa.table({"indices": pa.array(ORDER, pa.uint64())})
    with pa.ipc.new_stream(str(tmp_path / "indices.arrow"), indices.schema) as stream:
        stream.write_table(indices)
    table = open_file(edited(tmp_path, **{name: [{"filename": "indices.arrow"}]}))
    np.testing.assert_array_equal(table.values[:], VALUES[ORDER])
    assert table.columns["name"].tolist() == [f"row {row}" for row in ORDER]
    assert list(table.columns["label"]) == ["dog", None, "cat", "cat", "cat"]
    (tmp_path / "indices.arrow").unlink()
    with pytest.raises(InputError, match=r"indices.arrow does not exist"):
        open_file(tmp_path)


def test_parts_of_files_and_changes_of_old_versions_are_never_ignored(tmp_path: Path) -> None:
    dataset().save_to_disk(tmp_path)
    entry = {"filename": "data-00000-of-00001.arrow", "skip": 4, "take": 9}
    np.testing.assert_array_equal(
        open_file(edited(tmp_path, _data_files=[entry])).values[:], VALUES[4:13]
    )
    changes = [{"transforms": [["rename_column", ["a", "emb"], {}]]}]
    with pytest.raises(InputError, match=r"changes to be made when it is loaded"):
        open_file(edited(tmp_path, _inplace_history=changes))


def test_files_come_in_the_order_of_state_json(tmp_path: Path) -> None:
    dataset().save_to_disk(tmp_path, num_shards=3)
    files = json.loads((tmp_path / "state.json").read_text())["_data_files"]
    table = open_file(edited(tmp_path, _data_files=files[::-1]))
    np.testing.assert_array_equal(table.values[:], np.roll(VALUES.reshape(3, 10, 6), 0, 0)[::-1]
                                  .reshape(N, 6))  # fmt: skip


Damage = Callable[[Path], object]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "dataset_info.json").unlink(), r"info.json does not exist"),
        (lambda folder: (folder / "state.json").unlink(), r"state.json does not exist"),
        (lambda folder: (folder / "state.json").write_text("{"), r"state.json cannot be read"),
        (lambda folder: (folder / "data-00000-of-00001.arrow").write_bytes(b"no"), r"cannot be"),
        (lambda folder: (folder / "data-00000-of-00001.arrow").unlink(), r"does not exist"),
        (lambda folder: edited(folder, _data_files=[]), r"names no data files"),
        (lambda folder: [path.unlink() for path in folder.iterdir()], r"neither state.json nor"),
    ],
)
def test_what_is_wrong_with_a_folder_is_said_in_one_line(
    tmp_path: Path, damage: Damage, message: str
) -> None:
    dataset().save_to_disk(tmp_path)
    damage(tmp_path)
    with pytest.raises(InputError, match=message) as caught:
        open_file(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_class_without_a_name_is_refused(tmp_path: Path) -> None:
    dataset().save_to_disk(tmp_path)
    info = tmp_path / "dataset_info.json"
    info.write_text(info.read_text().replace('"dog"', "").replace('"cat",', '"cat"'))
    with pytest.raises(InputError, match=r"has class 1 in 'label', which names 1 classes"):
        open_file(tmp_path).columns["label"]


def test_objects_whose_rows_are_not_at_hand_are_refused() -> None:
    with pytest.raises(InputError, match=r"x is a IterableDataset.* save_to_disk"):
        open_object(dataset().to_iterable_dataset(), "x")
    with pytest.raises(InputError, match=r"by a transform"):
        open_object(dataset().with_transform(lambda rows: rows), "x")
    with pytest.raises(InputError, match=r"has no rows"):
        open_object(dataset().select([]), "x")


def test_two_data_sets_are_paired() -> None:
    data = xp.PairedData.from_arrays(
        dataset("array").select(range(20)), dataset("lists").select(range(10, 30))
    )
    np.testing.assert_array_equal(data.x, VALUES[:20].astype(float))
    np.testing.assert_array_equal(data.y, VALUES[10:].astype(float))
