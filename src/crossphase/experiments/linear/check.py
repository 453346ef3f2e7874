"""A published number beside ours."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Check", "absolute", "relative"]


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison.

    Attributes
    ----------
    experiment, quantity : str
    published, ours : float
    tolerance : float
        Largest difference that agrees.
    """

    experiment: str
    quantity: str
    published: float
    ours: float
    tolerance: float

    @property
    def within(self) -> bool:
        """Whether the two agree; NaN never does."""
        return abs(self.ours - self.published) <= self.tolerance + 1e-12


def absolute(name: str, quantity: str, published: float, ours: float, tolerance: float) -> Check:
    """A comparison with a tolerance in the units of the quantity."""
    return Check(name, quantity, published, float(ours), tolerance)


def relative(name: str, quantity: str, published: float, ours: float, share: float) -> Check:
    """A comparison with a tolerance that is a share of the published value."""
    return Check(name, quantity, published, float(ours), share * abs(published))
