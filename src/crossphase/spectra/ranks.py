"""How many components several modalities can share."""

from __future__ import annotations

from collections.abc import Sequence

from crossphase.errors import InputError
from crossphase.moments import Moments
from crossphase.spectra.decompose import cca

__all__ = ["minimum_shared_rank"]


def minimum_shared_rank(pairs: Sequence[Moments], *, tolerance: float = 1e-6) -> int:
    """Least number of shared components over several pairs of modalities: the bottleneck.

    Alignment of many modalities with one anchor keeps what *all* of them share with it, at most
    the smallest rank over the pairs (arXiv 2606.11190).

    Parameters
    ----------
    pairs : sequence of Moments
        Each with blocks "x" and "y", of populations: sampling makes every rank full.
    tolerance : float, default 1e-6
        Canonical correlations above this count.

    Returns
    -------
    int

    Raises
    ------
    InputError
        Without pairs.

    Examples
    --------
    >>> import numpy as np
    >>> cross = np.diag([0.5, 0.2, 0.0])
    >>> scatter = np.block([[np.eye(3), cross], [cross, np.eye(3)]])
    >>> minimum_shared_rank([Moments(1, np.zeros(6), scatter, {"x": 3, "y": 3})])
    2
    """
    if not pairs:
        raise InputError("pairs is empty: give the moments of at least one pair of modalities")
    return min(int((cca(moments).values > tolerance).sum()) for moments in pairs)
