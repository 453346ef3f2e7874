"""What each objective is expected to give on held-out labelled rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from crossphase.results.separation import Interval

__all__ = ["LEAST_CLEAR", "MARGIN", "OutlookRow", "Recommendation"]

MARGIN = 0.01
"""Scores closer than this (a point) count as equal."""

LEAST_CLEAR = 5e-4
"""An interval that comes closer to zero is shown as reaching it, and counts so."""

View = Literal["x", "y", "both"]


@dataclass(frozen=True, slots=True)
class OutlookRow:
    """One representation, probed on labelled rows that took no part in fitting the probe.

    Attributes
    ----------
    representation : str
        ``"raw"`` (the modality itself), ``"align"``, ``"predict x->y"`` or ``"predict y->x"``.
    kind : {"linear", "lifted"}
        Whether the code is linear in the features or in random features of them.
    view : {"x", "y", "both"}
        What must be at hand to compute the code.
    dim : int
        Dimension of the code.
    metric : {"r2", "balanced accuracy"}
    score : float
    interval : Interval
        Of the score.
    baseline : str
        What the gain is over, e.g. ``"raw x"``.
    gain : float
        Paired difference from the baseline of the same view and kind (0 for a baseline).
    gain_interval : Interval
    """

    representation: str
    kind: Literal["linear", "lifted"]
    view: View
    dim: int
    metric: Literal["r2", "balanced accuracy"]
    score: float
    interval: Interval
    baseline: str
    gain: float
    gain_interval: Interval

    @property
    def harms(self) -> bool:
        """Whether the whole interval of the gain lies below zero."""
        return self.gain_interval.upper <= -LEAST_CLEAR

    @property
    def helps(self) -> bool:
        """Whether the whole interval of the gain lies above zero."""
        return self.gain_interval.lower >= LEAST_CLEAR


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to train if `deploy` is what will be at hand.

    Attributes
    ----------
    deploy : {"x", "y", "both"}
    objective : str
        One of ``"align"``, ``"predict x->y"``, ``"predict y->x"``, ``"unimodal x"``,
        ``"unimodal y"``, ``"concatenate"``, ``"collect more data"``.
    confidence : float
        Probability that nothing else in the outlook is better by more than a point.
    reasons : tuple of str
        Whole sentences, the decisive one first.
    """

    deploy: View
    objective: str
    confidence: float
    reasons: tuple[str, ...]
