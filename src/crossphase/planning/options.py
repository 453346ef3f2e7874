"""Ways to reach an aim, read off a grid of sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crossphase.planning.search import Sizes
from crossphase.planning.surface import crossing
from crossphase.results import PlanOption

__all__ = ["cheapest_options"]

Array = NDArray[np.float64]

_LEAST_FACTOR = 1.25


def cheapest_options(
    now: tuple[int, int], sizes: Sizes, assurance: float
) -> tuple[PlanOption, ...]:
    """The least growth of labels, of pairs, and of both that reaches the aim.

    Parameters
    ----------
    now : tuple of (int, int)
        Pairs and labelled pairs at present.
    sizes : Sizes
        From the present ones on.
    assurance : float

    Returns
    -------
    tuple of PlanOption
        The smallest product of growth factors first.
    """

    def cost(option: PlanOption) -> float:
        return option.n_pairs / now[0] * option.n_labelled / now[1]

    pairs, labels, right = sizes.pairs, sizes.labels, sizes.at_most
    candidates = []
    for i, n in enumerate(pairs):
        valid = [j for j, m in enumerate(labels) if m <= n]
        fewest = _smallest([labels[j] for j in valid], right[i, valid], assurance)
        candidates.append(None if fewest is None else _option(now, n, fewest, assurance))
    for j, m in enumerate(labels):
        valid = [i for i, n in enumerate(pairs) if n >= m]
        fewest = _smallest([pairs[i] for i in valid], right[valid, j], assurance)
        candidates.append(None if fewest is None else _option(now, fewest, m, assurance))
    best: dict[str, PlanOption] = {}
    for option in sorted((c for c in candidates if c is not None), key=cost):
        best.setdefault(option.grow, option)
    return tuple(best.values())


def _smallest(sizes: Sequence[int], values: Array, assurance: float) -> int | None:
    """Size at which a curve reaches the aim."""
    if not sizes:
        return None
    factor = crossing(np.array(sizes) / sizes[0], values, assurance)
    return None if factor is None else int(np.ceil(sizes[0] * factor))


def _option(now: tuple[int, int], n: int, m: int, assurance: float) -> PlanOption:
    n = now[0] + _rounded_up(n - now[0])
    m = min(now[1] + _rounded_up(m - now[1]), n)
    if (n, m) == now:
        # A new sample of the present size would be likelier than not to settle it.
        n = now[0] + _rounded_up(now[0] * (_LEAST_FACTOR - 1))
    grow: Literal["labels", "pairs", "both"] = (
        "labels" if n == now[0] else "pairs" if m == now[1] else "both"
    )
    return PlanOption(grow, n, m, n - now[0], m - now[1], assurance)


def _rounded_up(value: float) -> int:
    """To two figures.

    Examples
    --------
    >>> _rounded_up(1234.0), _rounded_up(7.2)
    (1300, 8)
    """
    if value <= 0:
        return 0
    step = 10 ** max(int(np.floor(np.log10(max(value, 1)))) - 1, 0)
    return int(np.ceil(value / step - 1e-9) * step)
