"""Every default of a diagnosis, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Literal, get_args

from crossphase.errors import InputError

__all__ = ["Classifier", "Deploy", "Estimator", "Settings"]

Estimator = Literal["robust", "published"]
Classifier = Literal["elbow", "elbow_log", "permutation"]
Deploy = Literal["x", "y", "both"]

_CHOICES: dict[str, tuple[str, ...]] = {
    "estimator": get_args(Estimator),
    "deploy": get_args(Deploy),
    "classifier": get_args(Classifier),
}
_BETWEEN = {
    "level": (0.5, 1.0),
    "confidence": (0.25, 1.0),
    "alpha": (0.0, 1.0),
    "lift_ridge": (0.0, 1e6),
}
_AT_LEAST = {
    "n_draws": 50,
    "n_permutations": 1,
    "published_permutations": 1,
    "n_components": 1,
    "n_folds": 2,
    "latent_dim": 1,
    "lift_features": 1,
    "seed": 0,
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of :func:`crossphase.diagnose`.

    Attributes
    ----------
    estimator : {"robust", "published"}
        The estimator of the regime.
    deploy : {"x", "y", "both"}
        What will be at hand when the trained model is used.
    level : float
        Nominal coverage of every interval.
    confidence : float
        A regime is named only if its probability reaches this; below it is "Undetermined".
    n_draws : int
        Draws from the sampling distribution behind probabilities and intervals.
    n_permutations : int
        Label permutations of the robust estimator's "no signal" test.
    published_permutations : int
        Label permutations of the published permutation classifier.
    alpha : float
        Level of the "no signal" test.
    n_components : int
        Components kept by the published estimator.
    n_folds : int
        Folds of cross-fitting.
    classifier : {"elbow", "elbow_log", "permutation"}
        Signal classifier of the published estimator.
    latent_dim : int or None
        Latent dimension of the outlook's codes; None chooses it from the data.
    lift_features : int
        Random features per modality in the lifted outlook.
    lift_ridge : float
        Ridge of the lifted outlook, as a multiple of the mean eigenvalue.
    outlook : bool
        Whether to compute the outlook (the robust estimator's second layer).
    stability : bool
        Whether to compute the stability panel (robust estimator).
    seed : int
        Seed of everything random, 0 or larger.

    Raises
    ------
    InputError
        If a value is of the wrong type or out of range.
    """

    estimator: Estimator = "robust"
    deploy: Deploy = "both"
    level: float = 0.95
    confidence: float = 0.8
    n_draws: int = 400
    n_permutations: int = 199
    published_permutations: int = 30
    alpha: float = 0.05
    n_components: int = 50
    n_folds: int = 5
    classifier: Classifier = "elbow"
    latent_dim: int | None = None
    lift_features: int = 400
    lift_ridge: float = 0.3
    outlook: bool = True
    stability: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            value = getattr(self, name)
            if not isinstance(value, str) or value not in allowed:
                raise InputError(f"{name}={value!r}: choose one of {', '.join(allowed)}")
        for name, (low, high) in _BETWEEN.items():
            value = getattr(self, name)
            if not _is_number(value, Real) or not low < value < high:
                raise InputError(f"{name}={value!r}: give a number between {low:g} and {high:g}")
        for name, least in _AT_LEAST.items():
            value = getattr(self, name)
            if value is None and name == "latent_dim":
                continue
            if not _is_number(value, Integral) or value < least:
                raise InputError(f"{name}={value!r}: give a whole number, at least {least}")
            object.__setattr__(self, name, int(value))
        for name in ("outlook", "stability"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(f"{name}={getattr(self, name)!r}: give True or False")


def _is_number(value: object, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
