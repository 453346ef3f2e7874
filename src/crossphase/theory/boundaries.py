"""Where the objectives of the homogeneous spiked model cease to recover the signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.errors import InputError
from crossphase.theory._checks import at_least_zero, between_zero_and_one, positive
from crossphase.theory.regimes import Objective, Regime
from crossphase.theory.separation import alignment_signal, prediction_signal

__all__ = ["PhaseBoundaries", "phase_boundaries"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PhaseBoundaries:
    """Critical nuisance correlations over a grid of signal strengths.

    An objective recovers the signal exactly where ν lies below its critical value.

    Attributes
    ----------
    kappa : ndarray of shape (m,)
        Standard deviation of the weakest shared coordinate.
    critical : mapping of Objective to ndarray of shape (m,)
        ν at which Δ = 1, not clipped: values above 1 mean that no nuisance correlation is
        strong enough to prevent recovery.
    """

    kappa: Array
    critical: dict[Objective, Array]

    @property
    def align(self) -> Array:
        """Critical ν of alignment, clipped to [0, 1], shape (m,)."""
        return np.clip(self.critical[Objective.ALIGN], 0.0, 1.0)

    @property
    def predict_xy(self) -> Array:
        """Critical ν of prediction x→y, clipped to [0, 1], shape (m,)."""
        return np.clip(self.critical[Objective.PREDICT_XY], 0.0, 1.0)

    @property
    def predict_yx(self) -> Array:
        """Critical ν of prediction y→x, clipped to [0, 1], shape (m,)."""
        return np.clip(self.critical[Objective.PREDICT_YX], 0.0, 1.0)

    def regimes(
        self,
        nu: ArrayLike,
        direction: Literal[Objective.PREDICT_XY, Objective.PREDICT_YX] = Objective.PREDICT_XY,
    ) -> NDArray[np.object_]:
        """Regimes on the grid ν × κ.

        Parameters
        ----------
        nu : float or array-like of shape (p,)
            Nuisance canonical correlations, in [0, 1].
        direction : Objective, default Objective.PREDICT_XY
            The direction of prediction.

        Returns
        -------
        ndarray of Regime, shape (p, m)
            Rows are ν, columns κ; ``grid == Regime.BOTH`` is a mask.

        Raises
        ------
        InputError
            If ν leaves [0, 1] or `direction` is not a direction of prediction.
        """
        if direction not in (Objective.PREDICT_XY, Objective.PREDICT_YX):
            raise InputError(
                f"direction={direction!r}: give Objective.PREDICT_XY or Objective.PREDICT_YX"
            )
        rows = np.atleast_1d(between_zero_and_one("nu", nu))[:, np.newaxis]
        aligned = rows < self.critical[Objective.ALIGN]
        predicted = rows < self.critical[Objective(direction)]
        table = np.array(
            [Regime.NEITHER, Regime.CP_ONLY, Regime.CA_ONLY, Regime.BOTH], dtype=object
        )
        return np.asarray(table[2 * aligned + predicted])


def phase_boundaries(
    kappa: ArrayLike,
    *,
    gamma_x: float,
    gamma_y: float,
    gamma_tilde_x: float,
    gamma_tilde_y: float,
) -> PhaseBoundaries:
    """Nuisance correlations at which the separation ratios of the homogeneous model are 1.

    With every nuisance pair of correlation ν, alignment fails from ν = ρ(κ), prediction x→y
    from ν = τ(κ) / √γ̃y and prediction y→x from ν = τ'(κ) / √γ̃x (arXiv 2606.11190).

    Parameters
    ----------
    kappa : float or array-like of shape (m,)
        Standard deviations of the weakest shared coordinate, 0 or more.
    gamma_x, gamma_y : float
        Variances that the views add on the shared coordinates, 0 or more.
    gamma_tilde_x, gamma_tilde_y : float
        Variances of the nuisance coordinates, above 0.

    Returns
    -------
    PhaseBoundaries

    Raises
    ------
    InputError
        For values out of range, or `kappa` with more than one axis.

    Examples
    --------
    >>> bounds = phase_boundaries([0.5, 1.5], gamma_x=0.5, gamma_y=0.05,
    ...                           gamma_tilde_x=1.0, gamma_tilde_y=50.0)
    >>> bounds.align.round(2), bounds.predict_xy.round(2)
    (array([0.53, 0.89]), array([0.04, 0.19]))
    >>> bounds.regimes([0.1, 0.6]).tolist()  # doctest: +NORMALIZE_WHITESPACE
    [[<Regime.CA_ONLY: 'CA only'>, <Regime.BOTH: 'Both'>],
     [<Regime.NEITHER: 'Neither'>, <Regime.CA_ONLY: 'CA only'>]]
    """
    strengths = np.atleast_1d(at_least_zero("kappa", kappa))
    if strengths.ndim > 1:
        raise InputError(f"kappa has shape {strengths.shape}: give one axis of values")
    scale_x = np.sqrt(positive("gamma_tilde_x", gamma_tilde_x))
    scale_y = np.sqrt(positive("gamma_tilde_y", gamma_tilde_y))
    return PhaseBoundaries(
        strengths,
        {
            Objective.ALIGN: alignment_signal(strengths, gamma_x, gamma_y),
            Objective.PREDICT_XY: prediction_signal(strengths, gamma_x) / scale_y,
            Objective.PREDICT_YX: prediction_signal(strengths, gamma_y) / scale_x,
        },
    )
