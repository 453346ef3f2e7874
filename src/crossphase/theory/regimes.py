"""The four regimes and the rule that names them."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Objective", "Regime", "regime_of"]


class Regime(StrEnum):
    """Which objectives recover the signal (arXiv 2606.11190).

    Examples
    --------
    >>> str(Regime.CA_ONLY)
    'CA only'
    """

    BOTH = "Both"
    CA_ONLY = "CA only"
    CP_ONLY = "CP only"
    NEITHER = "Neither"
    UNDETERMINED = "Undetermined"

    def __str__(self) -> str:
        return self.value


class Objective(StrEnum):
    """The three cross-modal objectives that have a separation ratio."""

    ALIGN = "align"
    PREDICT_XY = "predict x->y"
    PREDICT_YX = "predict y->x"

    def __str__(self) -> str:
        return self.value


def regime_of(delta_align: float, delta_predict: float) -> Regime:
    """Name the regime of two separation ratios; recovery is Δ > 1, strictly.

    Parameters
    ----------
    delta_align : float
        Δ of cross-modal alignment.
    delta_predict : float
        Δ of one direction of cross-modal prediction.

    Returns
    -------
    Regime
        One of the four regimes, never ``UNDETERMINED``.

    Examples
    --------
    >>> regime_of(1.4, 0.7)
    <Regime.CA_ONLY: 'CA only'>
    """
    if delta_align > 1.0:
        return Regime.BOTH if delta_predict > 1.0 else Regime.CA_ONLY
    return Regime.CP_ONLY if delta_predict > 1.0 else Regime.NEITHER
