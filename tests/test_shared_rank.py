"""The multi-modality bottleneck on populations of known rank."""

from __future__ import annotations

import numpy as np
import pytest

from crossphase.errors import InputError
from crossphase.moments import Moments
from crossphase.spectra import minimum_shared_rank
from crossphase.theory import SpikedModel, random_basis


def pair(kappa: list[float], rng: np.random.Generator) -> Moments:
    model = SpikedModel(
        kappa, gamma_x=0.5, gamma_y=0.3, gamma_tilde_x=[1.0] * 3, gamma_tilde_y=[1.0] * 2
    )
    xx, xy, yy = model.covariances(random_basis(model.dx, rng), random_basis(model.dy, rng))
    scatter = np.block([[xx, xy], [xy.T, yy]])
    return Moments(1, np.zeros(len(scatter)), scatter, {"x": model.dx, "y": model.dy})


def test_the_weakest_pair_is_the_bottleneck():
    rng = np.random.default_rng(3)
    assert minimum_shared_rank([pair([2.0, 1.0, 0.5], rng)]) == 3
    assert minimum_shared_rank([pair([2.0, 1.0, 0.5], rng), pair([2.0, 0.0], rng)]) == 1
    assert minimum_shared_rank([pair([0.0, 0.0], rng)]) == 0


def test_no_pairs():
    with pytest.raises(InputError, match="pairs is empty"):
        minimum_shared_rank([])
