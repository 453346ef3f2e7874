"""What drives the shared components, and what the verdict depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["STABILITY_KINDS", "ComponentRow", "StabilityKind", "StabilityRow"]

StabilityKind = Literal["dimensions", "ridge", "pairs", "labels", "seed", "label noise"]

#: What is changed, in words, for each kind.
STABILITY_KINDS: dict[str, str] = {
    "dimensions": "fewer dimensions",
    "ridge": "regularisation",
    "pairs": "half of the pairs",
    "labels": "fewer labelled rows",
    "seed": "another seed",
    "label noise": "damaged labels",
}


@dataclass(frozen=True, slots=True)
class ComponentRow:
    """How much of one shared component one covariate explains.

    Attributes
    ----------
    component : int
        Position in ``alignment.values``, from 0.
    correlation : float
        Its canonical correlation, corrected for sampling.
    signal_probability : float
        Probability that it carries signal; nuisance otherwise.
    covariate : str
    automatic : bool
        Computed from the data themselves (mean and norm of a row, group) rather than given.
    r2 : float
        Share of the component's variance that the covariate explains, adjusted for its number
        of levels and for dependent rows; 0 or less where it explains no more than chance does.
    p_value : float
        Of the F test of "it explains nothing", corrected for all components and covariates
        (Holm).
    """

    component: int
    correlation: float
    signal_probability: float
    covariate: str
    automatic: bool
    r2: float
    p_value: float

    @property
    def names(self) -> bool:
        """Whether the covariate explains more than half of the component, beyond chance."""
        return self.r2 > 0.5 and self.p_value < 0.05


@dataclass(frozen=True, slots=True)
class StabilityRow:
    """The verdict after one change.

    Attributes
    ----------
    kind : str
        ``"dimensions"``, ``"ridge"``, ``"pairs"``, ``"labels"``, ``"seed"`` (choices that a
        sound verdict does not hang on) or ``"label noise"`` (damage that must show in the end).
    change : str
        What was changed, in words.
    regime : str
        The most likely regime then.
    probability : float
        Of that regime.
    delta_align, delta_xy, delta_yx : float
        Separation ratios then (medians); 0 without signal.
    agrees : bool
        Whether the most likely regime is that of the diagnosis.
    """

    kind: StabilityKind
    change: str
    regime: str
    probability: float
    delta_align: float
    delta_xy: float
    delta_yx: float
    agrees: bool

    @property
    def structural(self) -> bool:
        """Whether the change leaves the labels as they are, so that the verdict should hold."""
        return self.kind != "label noise"
