"""The result of :func:`crossphase.plan`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from crossphase.errors import MissingExtraError
from crossphase.results.formatting import percent, probability
from crossphase.theory.regimes import Regime

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["Plan", "PlanCase", "PlanOption", "PlanRow"]

#: Probability that is not worth a sentence.
_NEGLIGIBLE = 0.01


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What a new sample of one size would say.

    Attributes
    ----------
    n_pairs, n_labelled : int
    settled : float
        Probability that a regime is named.
    right : float
        Probability that it is named, and the true one. Both leave out a Δ within the margin.
    """

    n_pairs: int
    n_labelled: int
    settled: float
    right: float


@dataclass(frozen=True, slots=True)
class PlanOption:
    """One way to settle the verdict.

    Attributes
    ----------
    grow : {"labels", "pairs", "both"}
        What is added: labels of pairs at hand, pairs without labels, or both.
    n_pairs, n_labelled : int
        Sizes in all.
    more_pairs, more_labels : int
        What that adds to the present sizes. A labelled new pair counts in both.
    right : float
        Probability that the right regime is then named.
    """

    grow: Literal["labels", "pairs", "both"]
    n_pairs: int
    n_labelled: int
    more_pairs: int
    more_labels: int
    right: float


@dataclass(frozen=True, slots=True)
class PlanCase:
    """What it would take if one regime was the true one.

    Attributes
    ----------
    regime : Regime
    probability : float
        Of the regime at present.
    option : PlanOption or None
        The cheapest way to name it then; None if nothing within the limit would do.
    """

    regime: Regime
    probability: float
    option: PlanOption | None


@dataclass(frozen=True)
class Plan:
    """How many more pairs and labels would settle an undetermined verdict.

    Attributes
    ----------
    regime : Regime
        Named at present, or ``UNDETERMINED``.
    n_pairs, n_labelled : int
        Present sizes.
    target_confidence : float
        Probability at which a regime is named.
    assurance : float
        Probability of being named and right that is planned for, unless Δ is within the margin.
    max_factor : float
        Limit of the growth of either size.
    rows : tuple of PlanRow
        By pairs, then labels; empty if the verdict is settled. Sizes far short of the aim are
        left out.
    options : tuple of PlanOption
        Ways to settle it, the smallest product of growth factors first; empty if it is settled
        or nothing within the limit would do.
    obstacle : str
        Why nothing within the limit would do; else empty.
    margin : float, default 0.0
        Nothing is promised for a Δ of alignment or of prediction x→y within this share of 1.
    near : float, default 0.0
        Probability of such a Δ.
    cases : tuple of PlanCase, default ()
        Without options: what each of the two likeliest regimes would cost, the likeliest first.
    """

    regime: Regime
    n_pairs: int
    n_labelled: int
    target_confidence: float
    assurance: float
    max_factor: float
    rows: tuple[PlanRow, ...]
    options: tuple[PlanOption, ...]
    obstacle: str
    margin: float = 0.0
    near: float = 0.0
    cases: tuple[PlanCase, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether the verdict is settled as it is."""
        return self.regime is not Regime.UNDETERMINED

    @property
    def more_pairs(self) -> int | None:
        """Pairs to add, by the first option; 0 if settled, None if no amount would do."""
        if self.settled:
            return 0
        return self.options[0].more_pairs if self.options else None

    @property
    def more_labels(self) -> int | None:
        """Labels to add, by the first option; 0 if settled, None if no amount would do."""
        if self.settled:
            return 0
        return self.options[0].more_labels if self.options else None

    @property
    def sentence(self) -> str:
        """The plan in a few sentences."""
        if self.settled:
            return f"The regime is settled: {self.regime}. No more pairs or labels are needed."
        aim = f"with probability {self.assurance:g}"
        if not self.options:
            return (
                f"Up to {self.max_factor:g} times as many pairs and labels would not name the "
                f"right regime {aim}: {self.obstacle}.{self._said_of_cases}"
            )
        ways = "; or ".join(_way(option) for option in self.options)
        return f"To name the right regime {aim}: {ways}.{self._left_open}"

    @property
    def _left_open(self) -> str:
        """What the promise leaves out."""
        if self.near < _NEGLIGIBLE:
            return ""
        return (
            f" A Δ within {percent(self.margin)} of 1 (probability {probability(self.near)}) may "
            "stay open even then."
        )

    @property
    def _said_of_cases(self) -> str:
        if not any(case.option for case in self.cases):
            return ""
        parts = [
            f"{case.regime} ({probability(case.probability)}): "
            + (_way(case.option) if case.option else "nothing within the limit would do")
            for case in self.cases
        ]
        apart = f" and Δ is not within {percent(self.margin)} of 1" if self.margin else ""
        return f" If it was known which regime is true{apart}: " + "; ".join(parts) + "."

    def to_dict(self) -> dict[str, Any]:
        """The plan as plain JSON types, with a schema version, the sentence and its two sizes.

        Examples
        --------
        >>> plan = Plan(Regime.BOTH, 500, 100, 0.8, 0.8, 64, (), (), "")
        >>> plan.to_dict()["more_pairs"]
        0
        """
        fields = asdict(self) | {"regime": str(self.regime), "settled": self.settled}
        return {
            "schema": "crossphase.plan/1",
            "sentence": self.sentence,
            "more_pairs": self.more_pairs,
            "more_labels": self.more_labels,
            **fields,
            "rows": [asdict(row) for row in self.rows],
            "options": [asdict(option) for option in self.options],
            "cases": [asdict(case) | {"regime": str(case.regime)} for case in self.cases],
        }

    def to_frame(self) -> pd.DataFrame:
        """The table as a pandas DataFrame, one row a size.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            raise MissingExtraError("pandas", "tables", "to_frame()") from error
        columns = ["n_pairs", "n_labelled", "settled", "right"]
        return pd.DataFrame([asdict(row) for row in self.rows], columns=columns)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the probability of a right verdict against pairs, a curve per label count."""
        from crossphase.plots.plan import plot_plan

        return plot_plan(self, ax=ax)

    def __str__(self) -> str:
        return self.sentence


def _way(option: PlanOption) -> str:
    pairs, labels = f"{option.more_pairs:,}", f"{option.more_labels:,}"
    if option.grow == "labels":
        return f"label {labels} more of the pairs"
    if option.grow == "pairs":
        return f"add {pairs} pairs without labels"
    return f"add {pairs} pairs and label {labels} more"
