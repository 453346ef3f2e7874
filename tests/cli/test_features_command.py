from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from crossphase.cli import main

pytest.importorskip("pandas")


@pytest.fixture(autouse=True)
def _data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CROSSPHASE_DATA", str(tmp_path / "data"))


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(6):
        pixels = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


def test_a_folder_of_images(photos, tmp_path, capsys):
    out = tmp_path / "photos.npz"
    assert main(["features", str(photos), "--components", "3", "--out", str(out)]) == 0
    assert "6 images × 3 features" in capsys.readouterr().out
    with np.load(out) as found:
        assert found["features"].shape == (6, 3)
        assert found["id"].tolist() == [f"{i}.png" for i in range(6)]
    assert len(list((tmp_path / "data" / "features").iterdir())) == 1


def test_lines_of_text(tmp_path):
    source, out = tmp_path / "texts.txt", tmp_path / "texts.npy"
    source.write_text("a red car\nzwei Hünde\ntwo red cars\n", encoding="utf-8")
    arguments = ["features", str(source), "--components", "2", "--keep", "-", "--out", str(out)]
    assert main([*arguments, "--quiet"]) == 0
    assert np.load(out).shape == (3, 2)
    assert not (tmp_path / "data").exists()


def test_a_column_of_a_table_with_ids(tmp_path):
    source, out = tmp_path / "posts.csv", tmp_path / "posts.npz"
    source.write_text("post,text,stars\n007,red car,1\n008,blue car,2\n009,red bus,3\n")
    assert main(["features", str(source), "--column", "text", "--id", "post",
                 "--components", "2", "--out", str(out)]) == 0  # fmt: skip
    with np.load(out) as found:
        assert found["id"].tolist() == ["007", "008", "009"]
        assert found["features"].shape == (3, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["posts.csv"], "say which of its columns holds texts, --column"),
        (["posts.csv", "--column", "words"], "no column 'words'"),
        (["texts.txt", "--column", "text"], "--column and --id are for tables"),
        (["texts.bin"], "give a folder, a .txt, or a table"),
        (["none.txt"], "does not exist"),
        (["texts.txt", "--encoder", "pixels"], "no text encoder 'pixels'"),
        (["texts.txt", "--out", "features.csv"], "ends in .npy or .npz"),
        (["texts.txt", "--out", "features.NPY"], "ends in .npy or .npz"),
        (["texts.txt", "--components", "0"], "give 1 or more"),
        (["texts.txt", "--out", "nowhere/f.npy"], "there is no folder"),
        (["latin.txt"], "save it as UTF-8 text"),
    ],
)
def test_bad_input(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "posts.csv").write_text("post,text\n1,red car\n2,blue car\n")
    (tmp_path / "texts.txt").write_text("a red car\ntwo cars\n")
    (tmp_path / "texts.bin").write_text("x")
    (tmp_path / "latin.txt").write_bytes("Hünde\n".encode("latin-1"))
    assert main(["features", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
