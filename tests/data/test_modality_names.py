"""Names of modalities and features: two, different, and harmless on a terminal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from crossphase import PairedData
from crossphase.errors import InputError

X, Y = np.random.default_rng(0).normal(size=(2, 30, 3))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a",), "give two texts"),
        ((1, 2), "give two texts"),
        ("ab", "give two texts"),
        (None, "give two texts"),
        (("a", "b", "c"), "give two texts"),
        (("a", "a"), "different names"),
        (("a\x1b", "a\n"), "different names"),
        (("", "b"), "empty"),
        (("a", " \x07"), "empty"),
    ],
)
def test_unusable_names_are_refused(names, message):
    with pytest.raises(InputError, match=message):
        PairedData.from_arrays(X, Y, names=names)


def test_control_characters_are_left_at_the_door():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=["a\x1b[31m", "b\nc", "d"])
    data = PairedData.from_arrays(frame, Y, names=("r\x1b[2Jna", "pro\ntein"))
    assert (data.x_name, data.y_name) == ("r [2Jna", "pro tein")
    assert data.x_features == ("a [31m", "b c", "d")
    assert replace(data, x_name="\x1brna").x_name == "rna"
    with pytest.raises(InputError, match="different names"):
        replace(data, x_name="pro tein")
