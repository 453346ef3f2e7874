"""Every setting is checked for type and range before any work is done."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from crossphase.config import Settings
from crossphase.diagnosis import diagnose
from crossphase.errors import InputError

WRONG = {
    "estimator": ["magic", None, 1, np.zeros(2)],
    "deploy": ["z", ("x",)],
    "classifier": ["knee"],
    "level": [0.5, 1, "0.9", np.nan, True],
    "confidence": [0.1, 1.0, None],
    "n_draws": [49, 100.0, "400"],
    "n_permutations": [0, 1.5],
    "published_permutations": [0],
    "alpha": [0, 1, "a"],
    "n_components": [0, True],
    "n_folds": [1, 5.0],
    "latent_dim": [0, -3, 2.0, "all"],
    "lift_features": [0],
    "lift_ridge": [0, -1.0, np.inf, "a"],
    "outlook": [1, "yes", None],
    "stability": [0],
    "seed": [-1, 1.5, "a", None, True],
}


def test_no_setting_goes_unchecked():
    assert set(WRONG) == {field.name for field in fields(Settings)}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, vs in WRONG.items() for v in vs])
def test_a_wrong_value_is_named_in_one_line(name, value):
    with pytest.raises(InputError, match=f"^{name}=.*: (choose|give) ") as caught:
        Settings(**{name: value})
    assert "\n" not in str(caught.value)


def test_numpy_numbers_are_taken_as_plain_ones():
    settings = Settings(seed=np.int64(3), n_draws=np.int32(60), level=np.float64(0.9))
    assert settings == Settings(seed=3, n_draws=60, level=0.9)
    assert type(settings.seed) is int


@pytest.mark.parametrize("seed", [-1, 1.5, "a"])
def test_a_bad_seed_never_reaches_the_estimator(seed):
    with pytest.raises(InputError, match=r"^seed="):
        diagnose(np.eye(30), np.eye(30), np.arange(30), seed=seed)


def test_settings_of_another_type_are_refused():
    with pytest.raises(InputError, match=r"give a crossphase\.Settings"):
        diagnose(np.eye(30), np.eye(30), np.arange(30), settings={"seed": 1})  # type: ignore[arg-type]
