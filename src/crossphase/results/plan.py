"""The result of :func:`crossphase.plan`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from crossphase.errors import MissingExtraError
from crossphase.theory.regimes import Regime

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["Plan", "PlanOption", "PlanRow"]


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What a new sample of one size would say.

    Attributes
    ----------
    n_pairs, n_labelled : int
    settled : float
        Probability that a regime is named.
    right : float
        Probability that it is named, and the true one.
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
        Probability of being named and right that is planned for.
    max_factor : float
        Limit of the growth of either size.
    rows : tuple of PlanRow
        By pairs, then labels; empty if the verdict is settled.
    options : tuple of PlanOption
        Ways to settle it, the smallest product of growth factors first; empty if it is settled
        or nothing within the limit would do.
    obstacle : str
        Why nothing within the limit would do; else empty.
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
        """The plan in one or two sentences."""
        if self.settled:
            return f"The regime is settled: {self.regime}. No more pairs or labels are needed."
        aim = f"with probability {self.assurance:g}"
        if not self.options:
            return (
                f"Up to {self.max_factor:g} times as many pairs and labels would not name the "
                f"right regime {aim}: {self.obstacle}."
            )
        ways = "; or ".join(_way(option) for option in self.options)
        return f"To name the right regime {aim}: {ways}."

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
