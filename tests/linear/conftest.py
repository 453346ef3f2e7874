from __future__ import annotations

import pytest

from crossphase.theory import SpikedModel, SpikedSample


@pytest.fixture(scope="session")
def pairs() -> SpikedSample:
    """Well-conditioned pairs of unequal width on which the objectives disagree."""
    model = SpikedModel(
        [3.0, 2.0, 1.5],
        gamma_x=0.5,
        gamma_y=0.1,
        gamma_tilde_x=[1.0] * 5,
        gamma_tilde_y=[9.0, 7.0, 4.0],
        eta=[2.0, 1.5, 0.2],
    )
    return model.sample(1500, 0, random_bases=True)
