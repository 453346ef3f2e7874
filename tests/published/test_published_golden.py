"""Parity with numbers of the original: 1e-6 relative, 1e-9 absolute, equal masks and counts."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from crossphase.diagnosis.published import PublishedEstimate, estimate_published

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("*.npz"))
DECOMPOSITIONS = ("svd_x", "svd_y", "pls", "cca", "cp_direct")
CLASSIFIERS = ("elbow", "elbow_log", "permutation")


@pytest.fixture(scope="module", params=CASES)
def case(request):
    with np.load(GOLDEN / f"{request.param}.npz") as arrays:
        expected = dict(arrays)
    readoffs = json.loads((GOLDEN / f"{request.param}.json").read_text())
    estimate = estimate_published(expected["x"], expected["y"], expected["labels"])
    return expected, readoffs, estimate


def test_all_cases_are_there():
    assert len(CASES) == 5


@pytest.mark.parametrize("name", DECOMPOSITIONS)
def test_values_and_r2(case, name):
    expected, _, estimate = case
    found = getattr(estimate, name)
    np.testing.assert_allclose(found.values, expected[f"{name}__values"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found.r2, expected[f"{name}__r2"], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("name", DECOMPOSITIONS)
def test_masks(case, name, classifier):
    expected, _, estimate = case
    mask = getattr(estimate, name).signal[classifier]
    np.testing.assert_array_equal(mask, expected[f"{name}__signal__{classifier}"])


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_readoffs(case, classifier):
    _, readoffs, estimate = case
    found = dataclasses.asdict(estimate.readoffs[classifier])
    expected = {key.lower(): value for key, value in readoffs[classifier].items()}
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        if isinstance(value, float):
            assert found[key] == pytest.approx(value, rel=1e-6, abs=1e-9), key
        else:
            assert found[key] == value, key


def test_deterministic(case):
    expected, _, estimate = case
    again = estimate_published(expected["x"], expected["y"], expected["labels"])
    assert isinstance(again, PublishedEstimate)
    np.testing.assert_array_equal(again.cca.r2, estimate.cca.r2)
    assert again.readoffs == estimate.readoffs
