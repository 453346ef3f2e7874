"""The result of :func:`crossphase.atlas`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from crossphase.config import Settings
from crossphase.errors import Finding, InputError
from crossphase.results.outlook import LEAST_CLEAR, MARGIN, OutlookRow, Recommendation
from crossphase.results.separation import Interval
from crossphase.theory.regimes import Regime

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["Addition", "Atlas", "AtlasPair", "How", "ModalityRow", "Ratio"]

How = Literal["beside", "in training"]


@dataclass(frozen=True, slots=True)
class ModalityRow:
    """What one modality says of the labels by itself.

    Attributes
    ----------
    name : str
    n_features : int
    kind : {"linear", "lifted"}
        Whether its features or random features beside them score better.
    score : float
        On held-out rows, mean over the pairs the modality is in; NaN without outlook.
    interval : Interval
    best_probability : float
        That no other single modality scores more than a point (0.01) better.
    """

    name: str
    n_features: int
    kind: Literal["linear", "lifted"]
    score: float
    interval: Interval
    best_probability: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """A separation ratio Δ.

    Attributes
    ----------
    delta : float
    interval : Interval
    probability : float
        That it exceeds 1: the objective recovers the signal.
    """

    delta: float
    interval: Interval
    probability: float


@dataclass(frozen=True, eq=False)
class AtlasPair:
    """The diagnosis of two of the modalities, in short.

    Attributes
    ----------
    x, y : str
        Names; x comes first in the alphabet.
    regime : Regime
        Over alignment and prediction x→y, or ``UNDETERMINED``.
    regime_yx : Regime
        Over alignment and prediction y→x.
    probabilities, probabilities_yx : mapping of str to float
        Of the four regimes.
    undetermined_reason : str
        Why no regime is named; empty where one is.
    alignment, prediction_xy, prediction_yx : Ratio
    direction : {"x->y", "y->x"}
        Prediction with the larger separation ratio.
    direction_probability : float
        That its ratio is the larger one; ties count half.
    n_shared, n_signal : int
        Shared components found, and those of them that are more likely signal than not.
    likeness : float
        Mean squared canonical correlation over the dimensions of the smaller modality, corrected
        for sampling: 1 where one is a linear function of the other, 0 if nothing shared is seen.
    signal_p_value, shared_label_fraction : float
        As in :class:`Diagnosis`.
    outlook : tuple of OutlookRow
    recommendations : mapping of str to Recommendation
        For ``"x"``, ``"y"`` and ``"both"`` at hand.
    warnings : tuple of Finding
        What was noticed of this pair.
    """

    x: str
    y: str
    regime: Regime
    regime_yx: Regime
    probabilities: Mapping[str, float]
    probabilities_yx: Mapping[str, float]
    undetermined_reason: str
    alignment: Ratio
    prediction_xy: Ratio
    prediction_yx: Ratio
    direction: Literal["x->y", "y->x"]
    direction_probability: float
    n_shared: int
    n_signal: int
    likeness: float
    signal_p_value: float
    shared_label_fraction: float
    outlook: tuple[OutlookRow, ...]
    recommendations: Mapping[str, Recommendation]
    warnings: tuple[Finding, ...]

    @property
    def better_prediction(self) -> tuple[str, str]:
        """Source and target of the better direction of prediction."""
        return (self.x, self.y) if self.direction == "x->y" else (self.y, self.x)

    def seen_from(self, source: str) -> tuple[Regime, Mapping[str, float]]:
        """Regime and probabilities over alignment and prediction out of `source`.

        Parameters
        ----------
        source : str
            One of the two names.
        """
        if source == self.x:
            return self.regime, self.probabilities
        return self.regime_yx, self.probabilities_yx


@dataclass(frozen=True, slots=True)
class Addition:
    """What a second modality brings to one that is at hand.

    Attributes
    ----------
    at_hand, added : str
    how : {"beside", "in training"}
        Whether the added modality is there whenever the model is used, or for training alone.
    objective : {"concatenate", "align", "predict"}
        What is done with it; ``"predict"`` is predicting the added modality from the one at hand.
    kind : {"linear", "lifted"}
        Of the better code.
    score : float
        On held-out rows.
    gain : float
        Over the modality at hand by itself, the better of its linear and lifted score.
    interval : Interval
        Of the gain, this one comparison taken alone.
    joint_interval : Interval
        Of the gain; the joint intervals of all comparisons of one `how` hold together at their
        level.
    """

    at_hand: str
    added: str
    how: How
    objective: Literal["concatenate", "align", "predict"]
    kind: Literal["linear", "lifted"]
    score: float
    gain: float
    interval: Interval
    joint_interval: Interval

    @property
    def worth(self) -> bool:
        """Whether the gain is a point or more, and clear of zero among all comparisons made."""
        return self.gain >= MARGIN and self.joint_interval.lower >= LEAST_CLEAR

    @property
    def clear_alone(self) -> bool:
        """Whether the gain is a point or more, and clear of zero if nothing else was compared."""
        return self.gain >= MARGIN and self.interval.lower >= LEAST_CLEAR

    @property
    def harms(self) -> bool:
        """Whether a loss is clear of zero among all comparisons made."""
        return self.joint_interval.upper <= -LEAST_CLEAR


@dataclass(frozen=True, eq=False)
class Atlas:
    """Every pair of several modalities, and which of them are worth adding to which.

    Attributes
    ----------
    modalities : tuple of ModalityRow
        Best score first.
    pairs : tuple of AtlasPair
        Most to gain by training on both first.
    additions : tuple of Addition
        By how, modality at hand (best first) and gain; empty without an outlook.
    n_compared : mapping of str to int
        Comparisons that the joint intervals of each `how` allow for: every ordered pair, with
        every objective and both kinds of code.
    metric : str
        What scores are: ``"R²"``, ``"balanced accuracy"``, or their mean.
    chance : float
        Score without any knowledge.
    n_rows, n_labelled : int
    labels : tuple of (str, str)
        Name and kind of each label column.
    settings : Settings
    warnings : tuple of Finding
        What was noticed of rows, labels and single modalities; the rest stands with each pair.
    versions : mapping of str to str
    """

    modalities: tuple[ModalityRow, ...]
    pairs: tuple[AtlasPair, ...]
    additions: tuple[Addition, ...]
    n_compared: Mapping[str, int]
    metric: str
    chance: float
    n_rows: int
    n_labelled: int
    labels: tuple[tuple[str, str], ...]
    settings: Settings
    warnings: tuple[Finding, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the modalities, best score first."""
        return tuple(row.name for row in self.modalities)

    @property
    def best(self) -> ModalityRow:
        """The modality that scores best by itself."""
        return self.modalities[0]

    def pair(self, first: str, second: str) -> AtlasPair:
        """The pair of two modalities, named in either order.

        Parameters
        ----------
        first, second : str

        Raises
        ------
        InputError
            If there is no such pair.
        """
        for pair in self.pairs:
            if {pair.x, pair.y} == {first, second}:
                return pair
        raise InputError(
            f"no pair of {first!r} and {second!r}: choose two of {', '.join(self.names)}"
        )

    def adding(self, at_hand: str | None = None, how: How = "beside") -> tuple[Addition, ...]:
        """What each other modality brings to one at hand, largest gain first.

        Parameters
        ----------
        at_hand : str, default None
            None takes the best single one.
        how : {"beside", "in training"}, default "beside"

        Returns
        -------
        tuple of Addition
            Of every other modality the better objective: one that is worth it, else the one of
            the larger gain.

        Raises
        ------
        InputError
            For an unknown modality or `how`.
        """
        at_hand = self.best.name if at_hand is None else at_hand
        if at_hand not in self.names:
            raise InputError(f"at_hand={at_hand!r}: choose one of {', '.join(self.names)}")
        if how not in ("beside", "in training"):
            raise InputError(f"how={how!r}: choose 'beside' or 'in training'")
        best: dict[str, Addition] = {}
        for one in self.additions:
            if (one.at_hand, one.how) == (at_hand, how):
                other = best.setdefault(one.added, one)
                best[one.added] = max(one, other, key=lambda a: (a.worth, a.gain))
        return tuple(sorted(best.values(), key=lambda a: -a.gain))

    def worth_adding(self, at_hand: str | None = None, how: How = "beside") -> tuple[Addition, ...]:
        """Those of :meth:`adding` whose gain is clear among all the comparisons made.

        Parameters
        ----------
        at_hand : str, default None
            None takes the best single one.
        how : {"beside", "in training"}, default "beside"
        """
        return tuple(addition for addition in self.adding(at_hand, how) if addition.worth)

    @property
    def verdict(self) -> str:
        """What foretells the labels best, what is worth adding to it, and what to train on."""
        from crossphase.report.atlas_summary import verdict

        return verdict(self)

    def to_dict(self) -> dict[str, Any]:
        """The atlas as plain JSON types, with a schema version."""
        from crossphase.report.atlas_schema import to_dict

        return to_dict(self)

    def to_json(self, path: str | Path | None = None) -> str:
        """Write the atlas as JSON (atomically, if `path` is given) and return the text."""
        from crossphase.report.atlas_schema import to_json

        return to_json(self, path)

    @classmethod
    def from_json(cls, source: str | Path) -> Atlas:
        """Read what :meth:`to_json` wrote, from a path or a text."""
        from crossphase.report.atlas_schema import from_json

        return from_json(source)

    def to_frame(self, table: Literal["pairs", "additions"] = "pairs") -> pd.DataFrame:
        """One of the tables as a pandas DataFrame.

        Parameters
        ----------
        table : {"pairs", "additions"}, default "pairs"
        """
        from crossphase.report.atlas_schema import to_frame

        return to_frame(self, table)

    def to_html(self, path: str | Path | None = None) -> str:
        """Write the report as one offline HTML file and return the text."""
        from crossphase.report.atlas_page import to_html

        return to_html(self, path)

    def plot(self, ax: Axes | None = None, *, kind: str = "matrix", **options: Any) -> Axes:
        """Draw one picture of the atlas.

        Parameters
        ----------
        ax : matplotlib Axes, default None
            Where to draw; None makes a figure of its own (``ax.figure``), unknown to pyplot.
        kind : {"matrix", "adding"}, default "matrix"
            Every pair's regimes and gains, or what each addition brings.
        **options
            `order` of ``"matrix"``; `at_hand` and `how` of ``"adding"``.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        InputError
            For an unknown kind, or one that the atlas has nothing for.
        """
        from crossphase.plots.adding import plot_adding
        from crossphase.plots.atlas import plot_atlas

        if kind == "matrix":
            return plot_atlas(self, ax, **options)
        if kind == "adding":
            return plot_adding(self, ax=ax, **options)
        raise InputError(f"kind={kind!r}: choose one of matrix, adding")

    def _repr_html_(self) -> str:
        from crossphase.report.atlas_page import fragment

        return fragment(self)

    def __str__(self) -> str:
        return self.verdict
