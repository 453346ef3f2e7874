"""What each objective is expected to give on held-out rows."""

from __future__ import annotations

import math
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
    """One representation, scored on rows that took no part in fitting it or its probe.

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

    def labels_needed(self, n_labelled: int) -> int | None:
        """Labelled rows at which a gain or harm as large as this one would be clear of zero.

        Intervals narrow with the root of the labelled rows; the gain itself is taken as it is.

        Parameters
        ----------
        n_labelled : int
            Labelled rows today.

        Returns
        -------
        int or None
            `n_labelled` where it is clear already, else rounded up to two figures; None for
            differences below a point (:data:`MARGIN`), which no number of labels makes matter.

        Examples
        --------
        >>> span = Interval(-0.02, 0.08, 0.95)
        >>> row = OutlookRow("align", "linear", "x", 8, "r2", 0.5, span, "raw x", 0.03, span)
        >>> row.labels_needed(100)
        280
        """
        if self.helps or self.harms:
            return n_labelled
        if not abs(self.gain) >= MARGIN:
            return None
        end = self.gain_interval.lower if self.gain > 0 else self.gain_interval.upper
        needed = n_labelled * ((self.gain - end) / self.gain) ** 2
        step = 10 ** max(math.floor(math.log10(needed)) - 1, 0)
        return int(math.ceil(needed / step) * step)


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
