"""Every default of a training run, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from crossphase.errors import InputError

__all__ = ["AlignmentLoss", "Objective", "Precision", "TrainingConfig"]

Objective = Literal[
    "align",
    "predict x->y",
    "predict y->x",
    "joint",
    "autoencode x",
    "autoencode y",
    "self-align x",
    "self-align y",
    "supervise x",
    "supervise y",
    "supervise both",
]
AlignmentLoss = Literal["vicreg", "infonce", "siglip", "barlow-twins", "deep-cca"]
Precision = Literal["32-true", "64-true", "bf16-mixed", "16-mixed"]

_AT_LEAST = {
    "code_dim": 1,
    "projection_dim": 0,
    "width": 1,
    "depth": 0,
    "epochs": 1,
    "patience": 1,
    "batch_size": 4,
    "devices": 1,
    "seed": 0,
}


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Settings of :func:`crossphase.nonlinear.train`.

    Attributes
    ----------
    objective : str
        ``"align"``, ``"predict x->y"``, ``"predict y->x"``, ``"joint"`` (weight · align +
        predict x->y), or one of the references: ``"autoencode x"`` (denoising), ``"self-align x"``
        (two noisy copies of each row), ``"supervise x"``, ``"supervise both"``.
    alignment : {"vicreg", "infonce", "siglip", "barlow-twins", "deep-cca"}
        Loss of ``"align"``, ``"joint"`` and ``"self-align"``.
    weight : float
        Of the alignment in ``"joint"``.
    code_dim : int
        Width of the codes that are probed.
    temperature : float or None
        Of InfoNCE and SigLIP, which compare directions of codes; None learns it, from .1 on.
    projection_dim : int
        Width of a projector between codes and the alignment loss; 0 aligns the codes themselves.
    width, depth : int
        Hidden layers of the encoders for vectors; depth 0 is linear.
    corruption : float
        Share of entries that ``"autoencode"`` sets to zero before encoding; with tokens
        ``"self-align"`` does the same.
    noise : float
        Standard deviation of what ``"self-align"`` adds to each copy, in the units that encoders
        see: a feature's standard deviation, the whole range of a pixel.
    balanced : bool
        Whether ``"supervise"`` lets every class weigh the same.
    epochs, patience : int
        Most epochs, and how many without a lower validation loss end the training.
    batch_size : int
    learning_rate, weight_decay : float
        Of AdamW (Adam when `weight_decay` is 0).
    gradient_clip : float or None
        Largest norm of a gradient.
    validation_share : float
        Of the rows given, for early stopping and the choice of the weights.
    precision : {"32-true", "64-true", "bf16-mixed", "16-mixed"}
    accelerator : str
        As Lightning's: ``"auto"``, ``"cpu"``, ``"gpu"``, ``"mps"``, ``"tpu"``.
    devices : int
        GPUs (or processes) that train together, each on batches of `batch_size` of its own;
        a batch's statistics are those of one device.
    seed : int

    Raises
    ------
    InputError
        If a value is out of range.
    """

    objective: Objective = "align"
    alignment: AlignmentLoss = "vicreg"
    weight: float = 1.0
    temperature: float | None = None
    code_dim: int = 64
    projection_dim: int = 0
    width: int = 256
    depth: int = 1
    corruption: float = 0.2
    noise: float = 0.5
    balanced: bool = False
    epochs: int = 60
    patience: int = 8
    batch_size: int = 128
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    gradient_clip: float | None = None
    validation_share: float = 0.15
    precision: Precision = "32-true"
    accelerator: str = "auto"
    devices: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        choices = {"objective": Objective, "alignment": AlignmentLoss, "precision": Precision}
        for name, kind in choices.items():
            if getattr(self, name) not in get_args(kind):
                raise InputError(
                    f"{name}={getattr(self, name)!r}: choose one of {', '.join(get_args(kind))}"
                )
        for name, least in _AT_LEAST.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"{name}={value!r}: give a whole number, at least {least}")
        for name, low, high in (
            ("weight", 0.0, 1e9),
            ("corruption", 0.0, 0.99),
            ("noise", 0.0, 1e3),
            ("learning_rate", 1e-12, 1e3),
            ("weight_decay", 0.0, 1e3),
            ("validation_share", 0.01, 0.9),
        ):
            if not low <= getattr(self, name) <= high:
                raise InputError(
                    f"{name}={getattr(self, name)!r}: give a number from {low:g} to {high:g}"
                )
        for name in ("gradient_clip", "temperature"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InputError(f"{name}={value!r}: give a number above 0 or None")
