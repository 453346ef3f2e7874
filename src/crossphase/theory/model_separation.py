"""Separation of signal and nuisance in the population, one record for each objective."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossphase.theory.regimes import Objective, Regime, regime_of
from crossphase.theory.separation import (
    merged_spectrum,
    recovery_count,
    required_dimension,
    separation_ratio,
)

__all__ = ["ModelSeparation", "ObjectiveSeparation"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ObjectiveSeparation:
    """Signal against nuisance in the population spectrum of one objective.

    Attributes
    ----------
    objective : Objective
    signal : ndarray of shape (k,)
        Singular values of the signal coordinates, in their order in the model.
    nuisance : ndarray of shape (min(dx, dy) − k,)
        Singular values of the nuisance pairs, in their order in the model.
    """

    objective: Objective
    signal: Array
    nuisance: Array

    @property
    def delta(self) -> float:
        """Separation ratio Δ; see :func:`crossphase.theory.separation_ratio`."""
        return separation_ratio(self.signal, self.nuisance)

    @property
    def recovery(self) -> int:
        """Signal values above the largest nuisance value."""
        return recovery_count(self.signal, self.nuisance)

    @property
    def required_dim(self) -> int:
        """Latent dimension that keeps all signal."""
        return required_dimension(self.signal, self.nuisance)

    @property
    def values(self) -> Array:
        """The merged spectrum, descending, shape (min(dx, dy),)."""
        return merged_spectrum(self.signal, self.nuisance)[0]

    @property
    def is_signal(self) -> NDArray[np.bool_]:
        """Which of `values` are signal."""
        return merged_spectrum(self.signal, self.nuisance)[1]


@dataclass(frozen=True, eq=False)
class ModelSeparation:
    """The three objectives of a spiked model, and its regime.

    Attributes
    ----------
    alignment, prediction_xy, prediction_yx : ObjectiveSeparation
    """

    alignment: ObjectiveSeparation
    prediction_xy: ObjectiveSeparation
    prediction_yx: ObjectiveSeparation

    @property
    def regime(self) -> Regime:
        """Regime over alignment and prediction x→y, as published."""
        return regime_of(self.alignment.delta, self.prediction_xy.delta)

    @property
    def regime_yx(self) -> Regime:
        """Regime over alignment and prediction y→x."""
        return regime_of(self.alignment.delta, self.prediction_yx.delta)
