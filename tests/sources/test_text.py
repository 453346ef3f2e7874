"""Text tables: what a word means, and long texts."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from crossphase import InputError
from crossphase.sources import RowSource, text
from crossphase.sources.text import open_columns, open_file

NUMBERS = [
    "0.1",
    "1e-300",
    "123456789.123456789",
    "-3",
    "+4",
    " 5",
    "inf",
    "True",
    "",
    "NA",
    " 7.5 ",
]
VALUES = [0.1, 1e-300, 123456789.123456789, -3, 4, 5, np.inf, 1, np.nan, np.nan, 7.5]


def write(tmp_path: Path, content: str, name: str = "x.csv") -> Path:
    path = tmp_path / name
    path.write_text(content)
    return path


def test_words_are_read_as_the_nearest_numbers(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n" + "".join(f"{word},1\n" for word in NUMBERS))
    np.testing.assert_array_equal(open_file(path).values[:, 0], VALUES)


def test_digits_survive(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(200, 2)) * 10.0 ** np.arange(-100, 100)[:, None]
    path = write(tmp_path, "a,b\n" + "".join(f"{a!r},{b!r}\n" for a, b in x.tolist()))
    np.testing.assert_array_equal(open_file(path).values, x)


@pytest.mark.parametrize("late", ["7", "+7", "True"])
def test_long_texts_go_to_a_file_and_come_back(
    late: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "STREAMED_BYTES", 1000)
    monkeypatch.setattr(text, "_BLOCK_BYTES", 1000)
    x = np.random.default_rng(0).normal(size=(400, 2))
    lines = [f"{a!r},{b!r}\n" for a, b in x.tolist()]
    path = write(tmp_path, "a,b\n" + "".join(lines) + f"{late},1\n")
    source = open_file(path).values
    assert isinstance(source, RowSource)
    whole = np.vstack([x, [1.0 if late == "True" else 7.0, 1.0]])
    for one in (source, pickle.loads(pickle.dumps(source))):  # noqa: S301
        np.testing.assert_array_equal(np.asarray(one), whole)
        np.testing.assert_array_equal(one[[399, 5]], whole[[399, 5]])


def test_the_first_word_that_is_no_number_is_shown(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'b' \(text\), first 'x' in row 1 of 'b'"):
        open_file(write(tmp_path, "a,b\n1,2\n3,x\n"))
    with pytest.raises(InputError, match="write decimal points, not decimal commas"):
        open_file(write(tmp_path, 'a\n"1,5"\n'))


def test_columns_are_what_all_their_words_are(tmp_path: Path) -> None:
    path = write(tmp_path, 'n,r,t,w,m\n1,1.5,True,B,True\n2,NA,false, "x, y",\n')
    columns = open_columns(path).columns
    assert columns["n"].dtype == np.int64
    np.testing.assert_array_equal(columns["r"], [1.5, np.nan])
    assert columns["t"].tolist() == [True, False]
    assert columns["w"].tolist() == ["B", "x, y"]
    assert columns["m"].tolist() == [True, None]


def test_ids_are_text_and_a_nameless_first_column_names_the_rows(tmp_path: Path) -> None:
    table = open_file(write(tmp_path, "id,a\n007,1\nNA,2\n"), id_column="id")
    assert (table.named, table.ids.tolist()) == (True, ["007", "NA"])
    for ids, found in ((["5", "7"], [5, 7]), (["05", "7"], ["05", "7"]), (["0", "1"], None)):
        table = open_file(write(tmp_path, f",a\n{ids[0]},1\n{ids[1]},2\n"))
        assert (table.ids, table.named, table.names) == (found, False, ("a",))
