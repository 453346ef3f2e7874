"""The whole way on real data: files in, verdict out."""

from __future__ import annotations

import json
from html import unescape

import numpy as np
import pytest

import crossphase as xp
from crossphase.cli import main
from crossphase.results import Diagnosis


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """Two digit views and 200 labels in the files that a user might have."""
    folder = tmp_path_factory.mktemp("digits")
    data = xp.datasets.load("digits-views").pair("fourier", "karhunen", n_labelled=200)
    np.savez(folder / "views.npz", fourier=data.x, karhunen=data.y)
    column = data.labels.columns[0]
    names = np.array([*column.classes, ""])  # the code of an unlabelled row is -1
    np.save(folder / "digit.npy", names[column.values])
    return folder


def run(folder, *more):
    views = str(folder / "views.npz")
    keys = ["--x-key", "fourier", "--y-key", "karhunen", "--labels", str(folder / "digit.npy")]
    return main(["diagnose", views, views, *keys, *more])


def test_two_views_with_200_labels(digits, tmp_path, capsys):
    page = tmp_path / "report.html"
    assert run(digits, "--json", "-", "--html", str(page)) == 0
    out, err = capsys.readouterr()
    d = Diagnosis.from_json(out)
    assert " ".join(err.split()).startswith(d.verdict)
    assert (d.data.n_pairs, d.data.n_labelled) == (2000, 200)
    assert (d.data.x_name, d.data.y_name) == ("fourier", "karhunen")
    assert sum(d.probabilities.values()) == pytest.approx(1.0)
    assert sum(d.probabilities_yx.values()) == pytest.approx(1.0)
    for separation in d.separations:
        assert separation.interval.lower <= separation.interval.upper
    assert {row.view for row in d.outlook} == {"x", "y", "both"}
    assert set(d.recommendations) == {"x", "y", "both"}
    assert d.verdict in unescape(page.read_text(encoding="utf-8"))
    assert page.stat().st_size < 500_000


def test_the_published_estimator_says_that_it_is_a_point_estimate(digits, capsys):
    assert run(digits, "--estimator", "published", "--json", "-") == 0
    out, err = capsys.readouterr()
    assert "point estimate" in json.loads(out)["verdict"]
    assert "P(Δ>1)" not in err


def test_same_seed_same_json(digits, capsys):
    texts = []
    for _ in range(2):
        assert run(digits, "--no-outlook", "--seed", "3", "--json", "-") == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]
