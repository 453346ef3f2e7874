"""What a file knows of its labels comes back as a finding."""

from __future__ import annotations

import numpy as np
import pytest

from crossphase.datasets import DatasetLabel, Modalities, write_modalities
from crossphase.io import load_modalities, load_paired

RNG = np.random.default_rng(0)


@pytest.fixture
def path(tmp_path):
    kind = np.array(list("AB") * 20)
    data = Modalities(
        "cells",
        {name: RNG.normal(size=(40, 3)) for name in ("rna", "protein", "atac")},
        {
            "type": DatasetLabel(kind, "classes", circular_for=("rna", "protein")),
            "stage": DatasetLabel(RNG.normal(size=40), "continuous"),
        },
    )
    write_modalities(tmp_path / "cells.npz", data)
    return tmp_path / "cells.npz"


def circular(data):
    return [one.finding for one in data.findings if one.code == "circular-label"]


def pair(path, x, y, label, **more):
    return load_paired(path, path, x_key=f"views/{x}", y_key=f"views/{y}", **more, **label)


COLUMN = {"label_columns": ["labels/type"]}


def test_a_pair_is_warned_of_the_views_it_uses(path):
    told = "The label labels/type was derived from"
    assert circular(pair(path, "rna", "atac", COLUMN)) == [f"{told} views/rna."]
    named = pair(path, "protein", "rna", COLUMN, labels_path=path, names=("P", "R"))
    assert circular(named) == [f"{told} P and R."]
    key = {"labels_path": path, "labels_key": "labels/type"}
    assert circular(pair(path, "rna", "atac", key)) == [f"{told} views/rna."]
    assert circular(pair(path, "rna", "atac", {"label_columns": ["labels/stage"]})) == []


def test_so_are_many_modalities(path):
    data = load_modalities([path], label_columns=["labels/type"])
    assert circular(data) == ["The label labels/type was derived from views/rna and views/protein."]
    named = load_modalities([path], labels_path=path, label_columns=["labels/type"], names="abc")
    assert circular(named) == ["The label labels/type was derived from a and b."]


def test_files_of_other_makers_know_nothing(path, tmp_path):
    with np.load(path) as archive:
        arrays = dict(archive)
    objects = np.array({"n": 1}, dtype=object)
    other = np.frombuffer(b'{"format": "other/1"}', dtype=np.uint8)
    for about in (np.arange(3), other, objects, None):
        arrays["about"] = about
        np.savez(tmp_path / "own.npz", **{k: v for k, v in arrays.items() if v is not None})
        assert circular(pair(tmp_path / "own.npz", "rna", "atac", COLUMN)) == []
