"""Phase boundaries against the model that they are boundaries of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crossphase.errors import InputError
from crossphase.theory import Objective, Regime, SpikedModel, phase_boundaries

few = settings(deadline=None, derandomize=True, max_examples=50)
variances = st.floats(0.01, 100)


def test_published_nuisance_sweep_crosses_where_it_was_published():
    bounds = phase_boundaries(1.5, gamma_x=0.5, gamma_y=0.05, gamma_tilde_x=1, gamma_tilde_y=50)
    assert bounds.align[0] == pytest.approx(0.89, abs=0.005)
    assert bounds.predict_xy[0] == pytest.approx(0.19, abs=0.005)
    assert bounds.predict_yx[0] == 1.0


@few
@given(st.floats(0.05, 3), *[variances] * 4)
def test_every_ratio_is_one_on_its_boundary(kappa, gx, gy, gtx, gty):
    bounds = phase_boundaries(kappa, gamma_x=gx, gamma_y=gy, gamma_tilde_x=gtx, gamma_tilde_y=gty)
    for field, critical in (
        ("alignment", bounds.align),
        ("prediction_xy", bounds.predict_xy),
        ("prediction_yx", bounds.predict_yx),
    ):
        if critical[0] < 1:
            model = SpikedModel.homogeneous(kappa, gx, gy, gtx, gty, dx=3, nu=critical[0])
            assert getattr(model.separation(), field).delta == pytest.approx(1.0, rel=1e-9)


@few
@given(st.floats(0.05, 3), st.floats(0, 1), *[variances] * 4)
def test_regimes_are_the_models(kappa, nu, gx, gy, gtx, gty):
    bounds = phase_boundaries([kappa], gamma_x=gx, gamma_y=gy, gamma_tilde_x=gtx, gamma_tilde_y=gty)
    # On a boundary rounding decides.
    assume(all(abs(nu - c[0]) > 1e-9 for c in bounds.critical.values()))
    separation = SpikedModel.homogeneous(kappa, gx, gy, gtx, gty, dx=3, nu=nu).separation()
    assert bounds.regimes(nu)[0, 0] is separation.regime
    assert bounds.regimes(nu, Objective.PREDICT_YX)[0, 0] is separation.regime_yx


def test_grid_has_nu_in_rows_and_kappa_in_columns():
    parameters = {"gamma_x": 1.0, "gamma_y": 0.05, "gamma_tilde_x": 1.0, "gamma_tilde_y": 5.0}
    grid = phase_boundaries(np.linspace(0, 3, 31), **parameters).regimes(np.linspace(0, 1, 11))
    assert grid.shape == (11, 31)
    assert (grid[:, 0] == Regime.NEITHER).all()
    assert grid[0, 30] is Regime.BOTH
    assert set(grid.ravel()) == {Regime.NEITHER, Regime.CA_ONLY, Regime.CP_ONLY, Regime.BOTH}
    # A perfect nuisance correlation beats any canonical correlation of noisy signal, but not
    # the prediction of a target whose signal is louder than its nuisance.
    assert grid[10, 30] is Regime.CP_ONLY


@pytest.mark.parametrize(
    ("kappa", "changes", "message"),
    [
        (-1.0, {}, "kappa contains -1"),
        ([[1.0]], {}, "one axis"),
        (1.0, {"gamma_x": np.nan}, "gamma_x contains nan"),
        (1.0, {"gamma_tilde_y": 0.0}, "gamma_tilde_y contains 0"),
    ],
)
def test_impossible_parameters_are_refused(kappa, changes, message):
    parameters = {"gamma_x": 1, "gamma_y": 1, "gamma_tilde_x": 1, "gamma_tilde_y": 1}
    with pytest.raises(InputError, match=message):
        phase_boundaries(kappa, **{**parameters, **changes})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((1.5,), "nu contains 1.5"), ((0.5, Objective.ALIGN), "direction")],
)
def test_impossible_grids_are_refused(arguments, message):
    bounds = phase_boundaries(1, gamma_x=1, gamma_y=1, gamma_tilde_x=1, gamma_tilde_y=1)
    with pytest.raises(InputError, match=message):
        bounds.regimes(*arguments)
