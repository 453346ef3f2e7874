"""Model parameters, separation ratios and regimes read off the published estimator's spectra."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossphase.config import Classifier
from crossphase.theory.regimes import Regime, regime_of
from crossphase.theory.separation import (
    alignment_signal,
    prediction_signal,
    recovery_count,
    separation_ratio,
)

__all__ = ["PublishedDecomposition", "PublishedReadoffs", "read_off"]

Array = NDArray[np.float64]

_LEAST_VARIANCE = 1e-15


@dataclass(frozen=True, eq=False)
class PublishedDecomposition:
    """One spectrum, what the labels say of its components, and which count as signal.

    Attributes
    ----------
    values : ndarray of shape (k,)
        Descending. Singular values of the centred data for a single modality, canonical
        correlations clipped to [0, 1] for CCA, singular values otherwise.
    r2 : ndarray of shape (k, q)
        Cross-validated R² of each label column, 0 where negative.
    signal : mapping of {"elbow", "elbow_log", "permutation"} to ndarray of bool of shape (k,)
        One mask a classifier.
    """

    values: Array
    r2: Array
    signal: Mapping[Classifier, NDArray[np.bool_]]

    def split(self, classifier: Classifier) -> tuple[Array, Array]:
        """Signal values and nuisance values by one classifier, each descending."""
        mask = self.signal[classifier]
        return self.values[mask], self.values[~mask]


@dataclass(frozen=True, slots=True)
class PublishedReadoffs:
    """What the published procedure reads off the spectra with one classifier.

    Attributes
    ----------
    q_x, q_y : float
        Share of the variance of the k leading components of a modality that its k signal
        components have: 1 if the signal leads, 0 without signal.
    delta_ca_direct, delta_cp_direct : float
        Δ on the canonical correlations, and on the singular values of the regression x→y.
    delta_ca_composite, delta_cp_composite : float
        Δ from the spiked model's formulas at the estimated parameters.
    floor_ca, floor_cp : float
        Largest nuisance value of either spectrum, ``-inf`` without nuisance.
    gamma_x_hat, gamma_y_hat : float
        Variance that a modality adds to its signal coordinates.
    gamma_tilde_x_hat, gamma_tilde_y_hat : float
        Variance of a modality's nuisance coordinates.
    kappa_hat : float
        Standard deviation of the shared signal.
    nu_hat : float
        Correlation of the nuisance.
    recovery_ca, recovery_cp : int
        Signal values above the floor.
    regime_primary, regime_secondary : Regime
        Of the direct and of the composite ratios.
    """

    q_x: float
    q_y: float
    delta_ca_direct: float
    delta_cp_direct: float
    delta_ca_composite: float
    delta_cp_composite: float
    floor_ca: float
    floor_cp: float
    gamma_x_hat: float
    gamma_y_hat: float
    gamma_tilde_x_hat: float
    gamma_tilde_y_hat: float
    kappa_hat: float
    nu_hat: float
    recovery_ca: int
    recovery_cp: int
    regime_primary: Regime
    regime_secondary: Regime


def read_off(
    svd_x: PublishedDecomposition,
    svd_y: PublishedDecomposition,
    pls: PublishedDecomposition,
    cca: PublishedDecomposition,
    cp_direct: PublishedDecomposition,
    *,
    classifier: Classifier,
    n_rows: int,
) -> PublishedReadoffs:
    """Read parameters, ratios, counts and regimes off the five spectra.

    With S the singular values of a modality, variances are S² / n; κ̂² is the mean PLS singular
    value over signal, γ̂ the mean signal variance less κ̂² (0 or more), γ̃ the mean nuisance
    variance, and ν̂ the second largest nuisance canonical correlation, or the largest if there are
    fewer than three.

    Parameters
    ----------
    svd_x, svd_y, pls, cca, cp_direct : PublishedDecomposition
    classifier : {"elbow", "elbow_log", "permutation"}
    n_rows : int
        Rows behind the singular values of `svd_x` and `svd_y`.

    Returns
    -------
    PublishedReadoffs

    Examples
    --------
    >>> def spectrum(values):
    ...     mask = np.arange(len(values)) == 0
    ...     return PublishedDecomposition(np.array(values), mask[:, None] * 0.5, {"elbow": mask})
    >>> own, shared = spectrum([30.0, 10.0]), spectrum([0.8, 0.4])
    >>> found = read_off(own, own, shared, shared, shared, classifier="elbow", n_rows=100)
    >>> found.delta_ca_direct, found.nu_hat, found.gamma_tilde_x_hat, found.recovery_ca
    (2.0, 0.4, 1.0, 1)
    """
    pls_signal, _ = pls.split(classifier)
    kappa_squared = _mean(pls_signal)
    kappa = math.sqrt(kappa_squared)
    ca_signal, ca_nuisance = cca.split(classifier)
    cp_signal, cp_nuisance = cp_direct.split(classifier)
    nu = float(ca_nuisance[1 if len(ca_nuisance) > 2 else 0]) if len(ca_nuisance) else 0.0
    gamma, gamma_tilde = [], []
    for own in (svd_x, svd_y):
        signal, nuisance = own.split(classifier)
        gamma.append(max(_mean(signal**2 / n_rows) - kappa_squared, 0.0))
        gamma_tilde.append(_mean(nuisance**2 / n_rows))
    ca_composite = _ratio(float(alignment_signal(kappa, *gamma)), nu)
    scale_y = math.sqrt(max(gamma_tilde[1], _LEAST_VARIANCE))
    cp_composite = _ratio(float(prediction_signal(kappa, gamma[0])), nu * scale_y)
    ca_direct = separation_ratio(ca_signal, ca_nuisance)
    cp_direct_ratio = separation_ratio(cp_signal, cp_nuisance)
    return PublishedReadoffs(
        q_x=_leading_share(svd_x, classifier),
        q_y=_leading_share(svd_y, classifier),
        delta_ca_direct=ca_direct,
        delta_cp_direct=cp_direct_ratio,
        delta_ca_composite=ca_composite,
        delta_cp_composite=cp_composite,
        floor_ca=float(np.max(ca_nuisance, initial=-np.inf)),
        floor_cp=float(np.max(cp_nuisance, initial=-np.inf)),
        gamma_x_hat=gamma[0],
        gamma_y_hat=gamma[1],
        gamma_tilde_x_hat=gamma_tilde[0],
        gamma_tilde_y_hat=gamma_tilde[1],
        kappa_hat=kappa,
        nu_hat=nu,
        recovery_ca=recovery_count(ca_signal, ca_nuisance),
        recovery_cp=recovery_count(cp_signal, cp_nuisance),
        regime_primary=regime_of(ca_direct, cp_direct_ratio),
        regime_secondary=regime_of(ca_composite, cp_composite),
    )


def _mean(values: Array) -> float:
    return float(values.mean()) if values.size else 0.0


def _ratio(signal: float, nuisance: float) -> float:
    """Δ of one signal value over one nuisance value, where 0 means that there is none."""
    return separation_ratio([signal], [nuisance])


def _leading_share(own: PublishedDecomposition, classifier: Classifier) -> float:
    signal, _ = own.split(classifier)
    leading = float(np.sum(own.values[: len(signal)] ** 2))
    return float(np.sum(signal**2)) / leading if leading > 0 else 0.0
