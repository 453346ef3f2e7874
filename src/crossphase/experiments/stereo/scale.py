"""How much of the published work a run does."""

from __future__ import annotations

from dataclasses import dataclass

from crossphase.nonlinear.config import AlignmentLoss, Objective, Precision

__all__ = ["FURTHER", "MAIN", "RUNS", "SCALES", "Run", "StereoScale"]


@dataclass(frozen=True, slots=True)
class Run:
    """One trained objective.

    Attributes
    ----------
    name : str
        As in tables and figures.
    objective : str
    alignment : str
    gradient_clip : float or None
    """

    name: str
    objective: Objective
    alignment: AlignmentLoss = "vicreg"
    gradient_clip: float | None = None


RUNS = (
    Run("CA", "align"),
    Run("CP", "predict x->y"),
    Run("CP reversed", "predict y->x"),
    Run("joint", "joint"),
    Run("DeepCCA", "align", "deep-cca", 1.0),
    Run("supervised", "supervise x"),
)
"""What the paper trains; numbers in tables count along it."""


MAIN = (0, 1, 5)
"""Positions in RUNS of what the claims are about."""

FURTHER = (2, 3, 4)
"""Positions in RUNS of the other objectives."""


@dataclass(frozen=True, slots=True)
class StereoScale:
    """Sizes of a stereo experiment.

    Attributes
    ----------
    name : str
    pairs : int
    jitters : tuple of float
        σ_j; the paper calls ν = 1 − σ_j.
    noises : tuple of float
        Pixel noise of y.
    seeds, further_seeds : int
        Repetitions of the runs in MAIN and in FURTHER; 0 leaves these out.
    epochs : int
    probe_rows : tuple of int
        Labelled rows a converged probe learns from; the last is what tables report.
    labels : int
        Labelled rows of the diagnosis.
    precision : str
        Of training. ``"bf16-mixed"`` takes half the time or less on processors that have it.
    joint_weight : float
        λ of the joint objective.
    """

    name: str
    pairs: int
    jitters: tuple[float, ...]
    noises: tuple[float, ...]
    seeds: int
    further_seeds: int
    epochs: int
    probe_rows: tuple[int, ...]
    labels: int
    precision: Precision = "32-true"
    joint_weight: float = 1.0


_JITTERS = (0.0, 0.5, 0.2)  # the ends first: claims are about them
SCALES = {
    "smoke": StereoScale("smoke", 400, (0.0, 0.5), (0.5,), 1, 0, 1, (100,), 100),
    "small": StereoScale(
        "small", 20_000, _JITTERS, (0.5,), 2, 1, 8, (50, 100, 300, 1000), 300, "bf16-mixed"
    ),
    "paper": StereoScale(
        "paper", 100_000, _JITTERS, (0.2, 0.5, 0.9), 5, 5, 5, (50, 100, 300, 1000, 4000), 300
    ),
}
