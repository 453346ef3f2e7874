"""What training showed, beside what was foretold."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import fmean, stdev
from typing import Any, Literal

from crossphase.results.outlook import View
from crossphase.results.separation import Interval

__all__ = ["TrainedRow", "Validation", "ValidationVerdict", "spoken_code"]


@dataclass(frozen=True, slots=True)
class TrainedRow:
    """One trained or raw representation, probed on test rows that nothing has seen.

    Attributes
    ----------
    representation : str
        ``"raw"``, an objective, ``"autoencode"`` or ``"self-align"`` (the modality alone,
        nonlinear), ``"predict both ways"`` (both codes side by side) or ``"supervised"`` (a
        network's own answers).
    view : {"x", "y", "both"}
    metric : {"r2", "balanced accuracy"}
    score : float
        Mean over seeds.
    by_seed : tuple of float
    interval : Interval
        Of the score, over test rows.
    gain : float
        Over the raw modality of the same view, paired; 0 for raw ones.
    gain_interval : Interval
    foretold_gain : float or None
        What the outlook said: the score of the lifted code, which stands for a trained one, less
        that of the raw modality, linearly probed.
    epochs : float
        Mean epoch of the weights kept; 0 for raw ones.
    isotropy : float or None
        Of the codes of the test rows, see :func:`crossphase.nonlinear.isotropy.isotropy`; None
        where there is no code, or it does not vary.
    """

    representation: str
    view: View
    metric: Literal["r2", "balanced accuracy"]
    score: float
    by_seed: tuple[float, ...]
    interval: Interval
    gain: float
    gain_interval: Interval
    foretold_gain: float | None
    epochs: float
    isotropy: float | None = None

    @property
    def spread(self) -> float | None:
        """Standard deviation of the score over seeds; None for one."""
        return stdev(self.by_seed) if len(self.by_seed) > 1 else None


@dataclass(frozen=True, slots=True)
class ValidationVerdict:
    """One situation: what was recommended, and what was best.

    Attributes
    ----------
    deploy : {"x", "y", "both"}
    recommended : str
    confidence : float
    best : str
    recommended_score, best_score : float
    regret : float
        Points that following the recommendation costs, 0 or more. "Collect more data" is
        followed as staying without cross-modal training.
    within_noise : bool
        Whether the interval of the difference reaches zero.
    harmed : tuple of str
        Cross-modal objectives whose whole gain interval lies below zero.
    regret_by_seed : tuple of float
        What following the recommendation cost beside the best of each seed.
    beyond_unimodal : float or None
        Score of the best cross-modal code less that of a nonlinear encoder of the same capacity
        that never saw the other modality (of two, with both at hand); None if none was trained.
    beyond_interval : Interval or None
    """

    deploy: View
    recommended: str
    confidence: float
    best: str
    recommended_score: float
    best_score: float
    regret: float
    within_noise: bool
    harmed: tuple[str, ...]
    regret_by_seed: tuple[float, ...] = ()
    beyond_unimodal: float | None = None
    beyond_interval: Interval | None = None

    @property
    def regret_spread(self) -> float | None:
        """Standard deviation of the regret over seeds; None for one seed."""
        return stdev(self.regret_by_seed) if len(self.regret_by_seed) > 1 else None


@dataclass(frozen=True, slots=True)
class Validation:
    """Diagnosis and outcome of one dataset.

    Attributes
    ----------
    regime : str
    probabilities : dict of str to float
    rows : tuple of TrainedRow
    verdicts : tuple of ValidationVerdict
    n_training, n_labelled, n_test : int
        Pairs that trained the encoders, labelled ones among them, and test rows.
    seeds : tuple of int
    names : tuple of str
        Of the modalities.
    """

    regime: str
    probabilities: dict[str, float]
    rows: tuple[TrainedRow, ...]
    verdicts: tuple[ValidationVerdict, ...]
    n_training: int
    n_labelled: int
    n_test: int
    seeds: tuple[int, ...]
    names: tuple[str, str]

    @property
    def n_held(self) -> int:
        """Situations in which the recommendation was the best or within noise of it."""
        return sum(verdict.within_noise for verdict in self.verdicts)

    @property
    def mean_regret(self) -> float:
        """Over situations."""
        return fmean(verdict.regret for verdict in self.verdicts)

    @property
    def regret_spread(self) -> float | None:
        """Standard deviation over seeds of the regret's mean over situations; None for one."""
        n = len(self.seeds)
        regrets = [verdict.regret_by_seed for verdict in self.verdicts]
        # Where nothing was trained there is one regret for all seeds.
        regrets = [of * n if len(of) == 1 else of for of in regrets]
        if n < 2 or not regrets or any(len(of) != n for of in regrets):
            return None
        return stdev(map(fmean, zip(*regrets, strict=True)))

    def to_dict(self) -> dict[str, Any]:
        """As nested dictionaries and lists, with a format name and version."""
        summary = {
            "situations": len(self.verdicts),
            "held": self.n_held,
            "mean_regret": self.mean_regret,
            "regret_spread": self.regret_spread,
            "harmed": [verdict.deploy for verdict in self.verdicts if verdict.harmed],
        }
        return {
            "format": "crossphase-validation",
            "version": 2,
            **asdict(self),
            "summary": summary,
        }


def spoken_code(representation: str, names: tuple[str, ...]) -> str:
    """A code's name with those of the modalities.

    Parameters
    ----------
    representation : str
        As in :class:`TrainedRow`.
    names : tuple of str
        Of x and of y.

    Examples
    --------
    >>> spoken_code("predict x->y", ("rna", "protein"))
    'predict protein from rna'
    >>> spoken_code("autoencode", ("rna", "protein"))
    'autoencode (alone)'
    """
    named = dict(zip(("x", "y"), names, strict=True))
    if "->" in representation:
        source, target = representation.removeprefix("predict ").split("->")
        return f"predict {named[target]} from {named[source]}"
    further = {
        "autoencode": "autoencode (alone)",
        "self-align": "self-align (alone)",
        "supervised": "supervised network",
    }
    return further.get(representation, representation)
