"""Folders of numbered .npy parts are one table, in the order of the numbers."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import crossphase as xp
from crossphase.errors import InputError
from crossphase.sources.lake import is_lake, open_file

LENGTHS = [3, 5, 4, 6, 3, 5, 4, 2, 3, 1, 4, 2]
BOUNDS = np.concatenate([[0], np.cumsum(LENGTHS)])
VALUES = np.random.default_rng(0).normal(size=(sum(LENGTHS), 4)).astype(np.float16)
NAMES = [f"image {row}" for row in range(len(VALUES))]


def write(
    folder: Path,
    *,
    digits: int = 1,
    name: str = "img_emb/img_emb_{}",
    values: np.ndarray = VALUES,
    first: int = 0,
) -> Path:
    """Parts of all rows, twelve of them."""
    for index, (start, stop) in enumerate(pairwise(BOUNDS)):
        path = folder / f"{name.format(str(index + first).zfill(digits))}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, values[start:stop])
    return folder


def write_metadata(folder: Path) -> None:
    frame = pd.DataFrame({"image_path": NAMES, "width": range(len(VALUES))})
    (folder / "metadata").mkdir()
    for index, (start, stop) in enumerate(pairwise(BOUNDS)):
        frame[start:stop].to_parquet(folder / f"metadata/metadata_{index}.parquet", index=False)


@pytest.mark.parametrize(
    ("name", "digits", "first"),
    [
        ("img_emb/img_emb_{}", 1, 0),
        ("img_emb_{}", 4, 0),
        ("part{}", 1, 1),
        ("embeddings/pd12m.{}", 2, 0),
        ("{}", 1, 0),
        ("emb/{}", 1, 0),
        ("emb-{}-of-00012", 5, 0),
    ],
)
def test_parts_are_in_the_order_of_their_numbers(
    tmp_path: Path, name: str, digits: int, first: int
) -> None:
    table = open_file(write(tmp_path, name=name, digits=digits, first=first))
    source = pickle.loads(pickle.dumps(table.values))  # noqa: S301
    assert (source.shape, source.dtype) == (VALUES.shape, np.float32)
    assert len(pickle.dumps(source)) < 10_000
    for rows in (
        slice(None), slice(0, 2), slice(2, 9), slice(11, 11), slice(None, None, -2),
        np.array([40, 0, 0, 17, 3]), np.arange(len(VALUES)) % 3 == 0,
    ):  # fmt: skip
        np.testing.assert_array_equal(source[rows], VALUES[rows])


def test_a_block_is_a_copy_that_can_be_written_into(tmp_path: Path) -> None:
    source = open_file(write(tmp_path, values=VALUES.astype(np.float32))).values
    source[0:5][:] = 7
    np.testing.assert_array_equal(source[0:5], VALUES[:5])
    assert type(source[0:2]) is np.ndarray


def test_parts_of_other_dtypes_and_memory_orders_are_one_table(tmp_path: Path) -> None:
    write(tmp_path)
    np.save(tmp_path / "img_emb/img_emb_1.npy", np.asfortranarray(VALUES[3:8].astype(">f4")))
    np.save(tmp_path / "img_emb/img_emb_2.npy", VALUES[8:12].astype(np.float64))
    np.save(tmp_path / "img_emb/img_emb_12.npy", VALUES[:0])
    source = open_file(tmp_path).values
    assert source.dtype == np.float64
    np.testing.assert_array_equal(source[:], VALUES)


def test_one_of_several_prefixes_is_chosen_by_key(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, name="text_emb/text_emb_{}", values=-VALUES)
    for key in ("text_emb", "text_emb/text_emb"):
        np.testing.assert_array_equal(open_file(tmp_path, key=key).values[:], -VALUES)
    np.testing.assert_array_equal(open_file(tmp_path, aside=["text_emb"]).values[:], VALUES)
    with pytest.raises(InputError, match=r"parts of img_emb, text_emb: say which"):
        open_file(tmp_path)
    with pytest.raises(InputError, match=r"no numbered .npy parts 'audio': it has img_emb, text"):
        open_file(tmp_path, key="audio")
    write(tmp_path, name="other/img_emb_{}")
    with pytest.raises(InputError, match=r"one of img_emb/img_emb, other/img_emb as the key"):
        open_file(tmp_path, key="img_emb")


def test_metadata_are_columns_and_ids(tmp_path: Path) -> None:
    write_metadata(write(tmp_path))
    table = open_file(tmp_path, id_column="image_path")
    assert table.named
    assert table.ids.tolist() == NAMES
    assert list(table.columns) == ["image_path", "width"]
    np.testing.assert_array_equal(table.columns["width"], np.arange(len(VALUES)))
    assert open_file(tmp_path).ids is None
    with pytest.raises(InputError, match=r"no column 'url' of IDs.*image_path, width"):
        open_file(tmp_path, id_column="url")


def test_a_column_that_is_missing_throughout_one_part_is_read(tmp_path: Path) -> None:
    write_metadata(write(tmp_path))
    part = tmp_path / "metadata/metadata_1.parquet"
    pd.DataFrame({"image_path": [None] * 5, "width": [0.5] * 5}).to_parquet(part, index=False)
    columns = open_file(tmp_path).columns
    assert columns["image_path"][2:9].tolist() == [NAMES[2], *[None] * 5, NAMES[8]]
    assert columns["width"][2:4].tolist() == [2, 0.5]


def test_one_dimensional_parts_are_columns(tmp_path: Path) -> None:
    write(tmp_path)
    names = np.array(NAMES)
    write(tmp_path, name="names/names_{}", values=names)
    table = open_file(tmp_path, id_column="names")
    assert table.ids.tolist() == NAMES
    np.save(tmp_path / "names/names_4.npy", names[:2])
    with pytest.raises(InputError, match=r"3 rows in img_emb_4.npy and 2 in names_4.npy"):
        table.columns["names"]


def test_two_prefixes_are_paired_by_the_ids_of_their_metadata(tmp_path: Path) -> None:
    x = write(tmp_path / "x")
    write_metadata(x)
    y = write(tmp_path / "y", values=VALUES[::-1])
    write(tmp_path / "y", name="id_{}", values=np.array(NAMES)[::-1])
    tables = [open_file(x, id_column="image_path"), open_file(y, key="img_emb", id_column="id")]
    data = xp.PairedData.from_arrays(*tables)
    assert data.alignment.by == "id"
    np.testing.assert_array_equal(data.x, data.y)


Damage = Callable[[Path], None]


def remove(name: str) -> Damage:
    return lambda folder: (folder / name).unlink()


def replace(name: str, values: np.ndarray) -> Damage:
    return lambda folder: np.save(folder / name, values)


def cut(folder: Path) -> None:
    path = folder / "img_emb/img_emb_3.npy"
    path.write_bytes(path.read_bytes()[:-5])


def metadata_of_other_rows(folder: Path) -> None:
    write_metadata(folder)
    part = folder / "metadata/metadata_4.parquet"
    pd.DataFrame({"image_path": ["a"], "width": [1]}).to_parquet(part)


def metadata_of_fewer_parts(folder: Path) -> None:
    write_metadata(folder)
    (folder / "metadata/metadata_11.parquet").unlink()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (remove("img_emb/img_emb_7.npy"), r"11 parts of .*, 0 to 11, and lacks number 7: fetch"),
        (remove("img_emb/img_emb_0.npy"), None),
        (replace("img_emb/img_emb_03.npy", VALUES[:2]), r"two parts of number 3"),
        (replace("img_emb/img_emb_5.npy", VALUES[:5, :3]), r"img_emb_5.npy has 3 features .* 4: "),
        (replace("img_emb/img_emb_5.npy", VALUES[:5, 0]), r"img_emb_5.npy has shape \(5,\)"),
        (replace("img_emb/img_emb_5.npy", VALUES[:5] * 1j), r"img_emb_5.npy .* dtype complex"),
        (
            lambda folder: np.save(
                folder / "img_emb/img_emb_2.npy", np.full((4, 4), None), allow_pickle=True
            ),
            r"img_emb_2.npy holds pickled Python objects",
        ),
        (cut, r"img_emb_3.npy is cut short by 5 bytes"),
        (lambda folder: (folder / "img_emb/img_emb_3.npy").write_bytes(b"no"), r"_3.npy cannot be"),
        (metadata_of_other_rows, r"3 rows in img_emb_4.npy and 1 in metadata_4.parquet"),
        (metadata_of_fewer_parts, r"12 parts like img_emb_0.npy and 11 like metadata_0.parquet"),
    ],
)
def test_what_is_wrong_with_a_part_is_said_in_one_line(
    tmp_path: Path, damage: Damage, message: str | None
) -> None:
    damage(write(tmp_path))
    if message is None:  # numbers from 1 are as good
        assert len(open_file(tmp_path).values) == len(VALUES) - LENGTHS[0]
        return
    with pytest.raises(InputError, match=message) as caught:
        open_file(tmp_path)
    assert "\n" not in str(caught.value)


def test_parts_that_start_later_or_end_before_their_total_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "late", first=2)
    with pytest.raises(InputError, match=r"2 to 13, and lacks number 1: fetch all parts"):
        open_file(tmp_path / "late")
    write(tmp_path / "few", name="emb-{}-of-00014", digits=5)
    with pytest.raises(InputError, match=r"lacks number 12, 13: "):
        open_file(tmp_path / "few")


def test_only_folders_with_numbered_parts_are_lakes(tmp_path: Path) -> None:
    assert is_lake(write(tmp_path / "lake"))
    (tmp_path / "other").mkdir()
    np.save(tmp_path / "other/x.npy", VALUES)
    assert not is_lake(tmp_path / "other")
    assert not is_lake(tmp_path / "other/x.npy")
    with pytest.raises(InputError, match=r"holds no numbered .npy parts"):
        open_file(tmp_path / "other")
    with pytest.raises(InputError, match=r"is no folder"):
        open_file(tmp_path / "other/x.npy")
