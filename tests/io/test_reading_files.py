"""Every format round-trips; a file that is not what it claims is refused in one line."""

from __future__ import annotations

import os
import pickle
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from crossphase import InputError
from crossphase.errors import MissingExtraError
from crossphase.io import read_labels, read_table

RNG = np.random.default_rng(0)
X = RNG.normal(size=(9, 3))
IDS = [f"{i:03d}" for i in range(9)]
TYPES = ["B", "T", "NK"] * 3
FRAME = pd.DataFrame(X, columns=["g1", "g2", "g3"]).assign(cell=IDS, type=TYPES)


def write_npz(path: Path, frame: pd.DataFrame) -> None:
    numbers = frame[["g1", "g2", "g3"]].to_numpy()
    np.savez(path, emb=numbers, cell=np.array(IDS), type=np.array(TYPES))


WRITERS: dict[str, Callable[[Path, pd.DataFrame], None]] = {
    ".csv": lambda path, frame: frame.to_csv(path, index=False),
    ".tsv": lambda path, frame: frame.to_csv(path, index=False, sep="\t"),
    ".parquet": lambda path, frame: frame.to_parquet(path),
    ".npz": write_npz,
}


@pytest.mark.parametrize("ending", WRITERS)
def test_features_ids_and_labels_come_back(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"rna{ending}"
    WRITERS[ending](path, FRAME)
    table = read_table(path, id_column="cell", aside=["type", "not there"])
    np.testing.assert_array_equal(np.asarray(table.values), X)
    assert table.ids.tolist() == IDS
    assert list(table.columns) == ["type"]
    assert list(table.columns["type"]) == TYPES
    labels = read_labels(path, ["type"], id_column="cell", aside=["g1"])
    assert list(labels.values["type"]) == TYPES
    assert labels.ids.tolist() == IDS


@pytest.mark.parametrize("dtype", [float, np.float32, np.int8, bool, ">f8"])
def test_npy_round_trip(dtype: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.asfortranarray((10 * X).astype(dtype)))
    np.testing.assert_array_equal(read_table(str(path)).values, (10 * X).astype(dtype))


@pytest.mark.parametrize("labels", [np.array(TYPES), X[:, 0], X[:, :2], np.arange(9) > 3], ids=str)
def test_labels_in_array_files(labels: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "l.npy", labels)
    np.savez_compressed(tmp_path / "l.npz", labels)
    np.testing.assert_array_equal(read_labels(tmp_path / "l.npy").values, labels)
    np.testing.assert_array_equal(read_labels(tmp_path / "l.npz").values, labels)


def test_archive_key_is_needed_only_when_ambiguous(tmp_path: Path) -> None:
    path = tmp_path / "all.npz"
    np.savez(path, a=X, b=X[:, :2], n=np.arange(9))
    with pytest.raises(InputError, match=r"holds a \(9, 3\), b \(9, 2\), n \(9,\): say which"):
        read_table(path)
    with pytest.raises(InputError, match="no array 'c': choose among a"):
        read_table(path, key="c")
    assert read_table(path, key="b").values.shape == (9, 2)
    assert read_table(path, aside=["b"]).values.shape == (9, 3)
    with pytest.raises(InputError, match="no array 'cell' of IDs"):
        read_table(path, key="a", id_column="cell")
    with pytest.raises(InputError, match="no label column 'z'"):
        read_labels(path, ["n", "z"])


@pytest.mark.parametrize("ending", [".csv", ".tsv"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_text_tables(ending: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / f"x{ending}"
    separator = "," if ending == ".csv" else "\t"
    rows = [["größe", " b "], ["1.5", "2"], ["-3e-4", " 4"]]
    text = "\r\n".join(separator.join(row) for row in rows)
    path.write_bytes(text.encode(encoding))
    table = read_table(path)
    assert table.names == ("größe", "b")
    np.testing.assert_array_equal(table.values, [[1.5, 2], [-3e-4, 4]])


HEADERS = {
    "numbers only is a row": ("1.5,2\n3,4\n5,6\n", 3),
    "0 1 2 are names": ("0,1\n3,4\n5,6\n", 2),
    "1 2 3 are names": ("1,2\n3,4\n5,6\n", 2),
    "names": ("a,b\n3,4\n5,6\n", 2),
    "nan is no name": ("nan,2\n3,4\n", 2),
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_first_line_of_numbers_is_not_lost(name: str, tmp_path: Path) -> None:
    text, rows = HEADERS[name]
    (tmp_path / "x.csv").write_text(text)
    assert read_table(tmp_path / "x.csv").values.shape == (rows, 2)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
@pytest.mark.parametrize("index", [IDS, range(9), range(5, 14)], ids=["text", "count", "moved"])
def test_index_that_pandas_wrote_is_no_feature(ending: str, index: Any, tmp_path: Path) -> None:
    path = tmp_path / f"x{ending}"
    frame = pd.DataFrame(X, columns=list("abc"), index=list(index))
    (frame.to_csv if ending == ".csv" else frame.to_parquet)(path)
    back = read_table(path)
    np.testing.assert_array_equal(np.asarray(back.values), X)
    assert not back.named
    assert list(range(9) if back.counted else back.ids) == list(index)


def test_named_parquet_index_serves_as_id_column(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    FRAME.drop(columns="type").set_index("cell").to_parquet(path)
    assert read_table(path, id_column="cell").ids.tolist() == IDS


def test_ids_named_like_missing_values_survive(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,a\nNA,1\nnull,2\n")
    assert read_table(tmp_path / "x.csv", id_column="id").ids.tolist() == ["NA", "null"]
    (tmp_path / "i.csv").write_text(",a\nNA,1\n07,2\n")
    assert read_table(tmp_path / "i.csv").ids == ["NA", "07"]
    (tmp_path / "gap.csv").write_text("id,a\n1,1\n,2\n")
    with pytest.raises(InputError, match="row 1 is missing"):
        read_table(tmp_path / "gap.csv", id_column="id")


def test_labels_default_to_all_other_columns(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("id,age,cell,batch\n01,3.5,B,p\n02,,,q\n")
    table = read_labels(tmp_path / "l.csv", id_column="id", aside=["batch"])
    assert list(table.values) == ["age", "cell"]
    np.testing.assert_array_equal(table.values["age"], [3.5, np.nan])
    assert table.values["cell"].tolist() == ["B", None]
    assert list(table.columns["batch"]) == ["p", "q"]


def _pickled(path: Path) -> None:
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)


def _pickled_inside(path: Path) -> None:
    np.savez(path, x=np.array([[None, "a"]], dtype=object))


def _bytes(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None


def _array(path: Path) -> None:
    with path.open("wb") as stream:
        np.save(stream, X)


def _archive(path: Path) -> None:
    with path.open("wb") as stream:
        np.savez(stream, X)


def _parquet(path: Path) -> None:
    with path.open("wb") as stream:
        FRAME.to_parquet(stream)


def _zip_of_text(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "hello")


def _cut(write: Callable[[Path], None], share: float) -> Callable[[Path], None]:
    def cut(path: Path) -> None:
        write(path)
        content = path.read_bytes()
        path.write_bytes(content[: int(share * len(content))])

    return cut


BAD_FILES: dict[str, tuple[str, Callable[[Path], Any] | None, str]] = {
    "sparse": (
        "x.npz",
        lambda p: scipy.sparse.save_npz(p, scipy.sparse.csr_matrix(X)),
        "x.npz holds a sparse matrix: save it as an array",
    ),
    "missing": ("x.npy", None, "does not exist"),
    "folder": ("x.npy", Path.mkdir, "is a folder"),
    "empty": ("x.csv", Path.touch, "is empty"),
    "unknown ending": ("x.mat", _array, r"'\.mat', which cannot be read: give one of \.npy"),
    "no ending": ("x", _array, r"\(none\)"),
    "pickled array": ("x.npy", _pickled, "pickled Python objects, which are never opened"),
    "pickled in archive": ("x.npz", _pickled_inside, "'x' of .*pickled Python objects"),
    "pickle": ("x.npy", _bytes(pickle.dumps(X)), "is a Python pickle"),
    "pickle as table": ("x.parquet", _bytes(pickle.dumps(X)), "is a Python pickle"),
    "array as csv": ("x.csv", _array, "ends in .csv but looks like a NumPy array"),
    "array as npz": ("x.npz", _array, "looks like a NumPy array"),
    "archive as npy": ("x.npy", _archive, "looks like a zip archive"),
    "parquet as csv": ("x.csv", _parquet, "looks like a Parquet table"),
    "text as parquet": ("x.parquet", _bytes(b"a,b\n1,2\n"), "looks like a text"),
    "text as npy": ("x.npy", _bytes(b"a,b\n1,2\n"), "looks like a text"),
    "hdf5 as npy": ("x.npy", _bytes(b"\x89HDF\r\n\x1a\n"), "looks like a HDF5 file"),
    "gzip as csv": ("x.csv", _bytes(b"\x1f\x8b\x08\0"), "looks like a gzip file"),
    "binary as csv": ("x.csv", _bytes(b"ab\0\0cd"), "binary file of unknown kind"),
    "cut array": ("x.npy", _cut(_array, 0.7), "cannot be read as .npy"),
    "cut header": ("x.npy", _bytes(b"\x93NUMPY\x01"), "cannot be read as .npy"),
    "cut archive": ("x.npz", _cut(_archive, 0.7), "cannot be read as .npz"),
    "cut parquet": ("x.parquet", _cut(_parquet, 0.7), "cannot be read as .parquet"),
    "zip of text": ("x.npz", _zip_of_text, "zip archive without NumPy arrays"),
    "latin-1": ("x.csv", _bytes("größe,b\n1,2\n".encode("latin-1")), "UTF-8"),
    "utf-16": ("x.csv", _bytes("a,b\n1,2\n".encode("utf-16")), "binary file"),
    "late latin-1": ("x.csv", _bytes(b"a,b\n" + b"1,2\n" * 9000 + b"\xe9,2\n"), "cannot be read"),
    "semicolons": ("x.csv", _bytes(b"a;b\n1;2\n"), "separated by semicolons"),
    "tabs in csv": ("x.csv", _bytes(b"a\tb\n1\t2\n"), "by tabs, not by commas.*ending .tsv"),
    "commas in tsv": ("x.tsv", _bytes(b"a,b\n1,2\n"), "by commas, not by tabs"),
    "ragged": ("x.csv", _bytes(b"a,b\n1,2\n1,2,3\n"), "cannot be read as .csv"),
    "header one short": ("x.csv", _bytes(b"a,b\nr1,1,2\nr2,3,4\n"), "cannot be read as .csv"),
    "names only": ("x.csv", _bytes(b"a,b\n"), "no rows"),
    "blank first line": ("x.csv", _bytes(b"\n1,2\n"), "empty line"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_refused_in_one_line(name: str, tmp_path: Path) -> None:
    file_name, write, message = BAD_FILES[name]
    path = tmp_path / file_name
    if write is not None:
        write(path)
    for read in (read_table, read_labels):
        with pytest.raises(InputError, match=message) as caught:
            read(path)
        assert "\n" not in str(caught.value)
        assert str(path) in str(caught.value)


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.npy"
    _array(path)

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"cannot be opened \(Permission denied\)"):
        read_table(path)


@pytest.mark.parametrize(
    ("file_name", "options", "message"),
    [
        ("x.npy", {"key": "a"}, "a .npy is one array: drop it"),
        ("x.csv", {"key": "a"}, "text has no keys: drop it"),
        ("x.npy", {"id_column": "id"}, "bare array and has no ID column"),
        ("x.csv", {"id_column": "id"}, "no ID column 'id': it has g1, g2, g3, cell, type"),
        ("x.parquet", {"id_column": "id"}, "no ID column 'id'"),
    ],
)
def test_options_that_do_not_fit(
    file_name: str, options: dict[str, str], message: str, tmp_path: Path
) -> None:
    path = tmp_path / file_name
    _array(path) if path.suffix == ".npy" else WRITERS[path.suffix](path, FRAME)
    with pytest.raises(InputError, match=message):
        read_table(path, **options)


def test_label_options_that_do_not_fit(tmp_path: Path) -> None:
    np.save(tmp_path / "l.npy", X)
    FRAME.to_csv(tmp_path / "l.csv", index=False)
    FRAME[["cell"]].to_csv(tmp_path / "ids.csv", index=False)
    write_npz(tmp_path / "l.npz", FRAME)
    with pytest.raises(InputError, match="without label columns"):
        read_labels(tmp_path / "l.npy", ["a"])
    with pytest.raises(InputError, match="no label column 'a'"):
        read_labels(tmp_path / "l.csv", ["a"])
    with pytest.raises(InputError, match="no label columns beside 'cell'"):
        read_labels(tmp_path / "ids.csv", id_column="cell")
    with pytest.raises(InputError, match="both given"):
        read_labels(tmp_path / "l.npz", ["type"], key="emb")


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_missing_reader_names_the_extra(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"x{ending}"
    WRITERS[ending](path, FRAME)
    for module in ("pyarrow", "pyarrow.csv", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"pyarrow.*crossphase\[tables\]"):
        read_table(path)


def test_pipes_and_circular_links_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npy")
    (tmp_path / "loop.npy").symlink_to(tmp_path / "loop.npy")
    with pytest.raises(InputError, match=r"pipe\.npy is a pipe or a device"):
        read_table(tmp_path / "pipe.npy")
    with pytest.raises(InputError, match=r"loop\.npy is a link that leads back to itself"):
        read_table(tmp_path / "loop.npy")


def test_columns_of_one_name_are_told_apart_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("cell,a, a,type,type\n7,1,2,0,1\n9,3,4,1,0\n")
    assert read_table(path).names == ("cell", "a", "a", "type", "type")
    with pytest.raises(InputError, match="2 columns named 'type': rename"):
        read_table(path, id_column="cell", aside=["type"])
    with pytest.raises(InputError, match="2 columns named 'a': rename"):
        read_labels(path, ["type"], id_column="a")
