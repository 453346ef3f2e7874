"""The spiked model, its closed forms, and what finite samples do to them."""

from crossphase.theory.bases import random_basis
from crossphase.theory.boundaries import PhaseBoundaries, phase_boundaries
from crossphase.theory.finite_sample import (
    debias_r2,
    debias_regression,
    detection_threshold,
    expected_direction_cos2,
    expected_regression,
    expected_sample_r2,
    null_edge,
    regression_edge,
    regression_threshold,
)
from crossphase.theory.model_separation import ModelSeparation, ObjectiveSeparation
from crossphase.theory.recovery import (
    direction_overlaps,
    recovered_directions,
    subspace_distance,
)
from crossphase.theory.regimes import Objective, Regime, regime_of
from crossphase.theory.separation import (
    alignment_nuisance,
    alignment_signal,
    code_norm_bound,
    merged_spectrum,
    minimal_code_norm,
    prediction_nuisance,
    prediction_signal,
    recovery_count,
    required_dimension,
    separation_ratio,
)
from crossphase.theory.spiked import Covariances, SpikedModel, SpikedSample

__all__ = [
    "Covariances",
    "ModelSeparation",
    "Objective",
    "ObjectiveSeparation",
    "PhaseBoundaries",
    "Regime",
    "SpikedModel",
    "SpikedSample",
    "alignment_nuisance",
    "alignment_signal",
    "code_norm_bound",
    "debias_r2",
    "debias_regression",
    "detection_threshold",
    "direction_overlaps",
    "expected_direction_cos2",
    "expected_regression",
    "expected_sample_r2",
    "merged_spectrum",
    "minimal_code_norm",
    "null_edge",
    "phase_boundaries",
    "prediction_nuisance",
    "prediction_signal",
    "random_basis",
    "recovered_directions",
    "recovery_count",
    "regime_of",
    "regression_edge",
    "regression_threshold",
    "required_dimension",
    "separation_ratio",
    "subspace_distance",
]
