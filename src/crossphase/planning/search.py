"""Sizes tried by simulation: only as often as it takes to see on which side of the aim they lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossphase.planning.future import simulate_verdicts
from crossphase.planning.populations import CandidatePopulation
from crossphase.planning.size import FutureSize
from crossphase.planning.surface import monotone

__all__ = ["Aim", "Sizes", "try_sizes"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Progress = Callable[[str, float], None]

_DRAWS = 32
#: Neighbouring sizes are simulated from different populations, so that smoothing over sizes
#: averages over these, too.
SETS = 4
#: Sizes that a quarter, and that a half, of the simulations show to be this far from the aim are
#: not simulated further, and smaller ones not at all.
_FAR = (0.4, 0.3, 0.3)
#: Sizes above one that is right so often, or in all of so many simulations, are as good, and not
#: simulated.
_SURE, _EVERY = 0.9, 8
#: Failures added to those seen, since the least size that looks good enough is chosen.
_CAUTION = 0.5


@dataclass(frozen=True)
class Aim:
    """What is planned for.

    Attributes
    ----------
    confidence : float
        Probability at which a regime is named.
    alpha : float
        Level of the test of "no component carries any label".
    assurance : float
        Probability that the right regime is named.
    """

    confidence: float
    alpha: float
    assurance: float


@dataclass(frozen=True, eq=False)
class Sizes:
    """Probabilities over a grid of sizes.

    Attributes
    ----------
    pairs, labels : tuple of int
        The grid.
    named, right : ndarray of shape (r, c)
        Probabilities that a regime is named, and that it is the true one; they never fall where
        a size grows. NaN where there are more labels than pairs, or where a larger size is far
        from the aim already.
    at_most : ndarray of shape (r, c)
        `right`, or what larger sizes say that it is at most.
    largest : ndarray of shape (t,), bool
        Whether the right regime was named at the largest size, for each of its populations; empty
        where smaller sizes are sure.
    """

    pairs: tuple[int, ...]
    labels: tuple[int, ...]
    named: Array
    right: Array
    at_most: Array
    largest: Mask


def try_sizes(
    truths: Sequence[CandidatePopulation],
    pairs: Sequence[int],
    labels: Sequence[int],
    aim: Aim,
    rng: np.random.Generator,
    progress: Progress | None = None,
) -> Sizes:
    """Simulate new samples of many sizes.

    The middle number of pairs comes first, then the middles of what is between: what is far from
    the aim speaks for all smaller sizes, and what is sure for all larger ones. The most labels are
    tried with every number of pairs, if only a few times.

    Parameters
    ----------
    truths : sequence of CandidatePopulation
        Four sets, one of them for each number of pairs; neighbours in a set are alike.
    pairs, labels : sequence of int
        Increasing.
    aim : Aim
    rng : numpy.random.Generator
    progress : callable, optional
        Called with a stage's name and the fraction done.

    Returns
    -------
    Sizes
    """
    shape = (len(pairs), len(labels))
    fits = np.array(labels)[None, :] <= np.array(pairs)[:, None]
    count, named, right = np.zeros(shape, dtype=int), np.zeros(shape), np.zeros(shape)
    far, sure = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    hits: list[bool] = []
    for done, i in enumerate(_halving(len(pairs))):
        if progress is not None:
            progress("simulating larger samples", done / len(pairs))
        truths_here = truths[i % SETS :: SETS]
        models = {id(truth.model): truth.model for truth in truths_here}
        sizes = {key: FutureSize.of(model, pairs[i]) for key, model in models.items()}
        most = int(np.flatnonzero(fits[i])[-1])
        columns = [
            j for j in np.flatnonzero(fits[i] & ~sure[i]).tolist() if j == most or not far[i, j]
        ]
        if not columns:
            continue
        for stage, distance in zip(_stages(len(truths_here)), _FAR, strict=True):
            for t in stage:
                verdicts = simulate_verdicts(
                    truths_here[t],
                    sizes[id(truths_here[t].model)],
                    [labels[j] for j in columns],
                    alpha=aim.alpha,
                    n_draws=_DRAWS,
                    rng=rng,
                )
                for j, (said, conclusive) in zip(columns, verdicts, strict=True):
                    likeliest = max(said, key=lambda name: said[name])
                    settled = conclusive and said[likeliest] >= aim.confidence
                    hit = settled and likeliest == truths_here[t].regime
                    count[i, j] += 1
                    named[i, j] += settled
                    right[i, j] += hit
                    if (i, j) == (len(pairs) - 1, most):
                        hits.append(hit)
            for j in columns:
                if right[i, j] <= (aim.assurance - distance) * count[i, j]:
                    far[: i + 1, : j + 1] = True
                elif _is_sure(int(right[i, j]), int(count[i, j]), len(truths_here), aim):
                    sure[i:, j:] = True
            largest = i == len(pairs) - 1
            columns = [
                j for j in columns if not (far[i, j] or sure[i, j]) or (largest and j == most)
            ]
            if not columns:
                break
    if progress is not None:
        progress("done", 1.0)
    tried = count > 0
    chance = np.where(tried, right / (count + _CAUTION), np.nan)
    reached = _with_sure(monotone(chance), sure & fits)
    settled_share = np.where(tried, named / np.maximum(count, 1), np.nan)
    settled_share = np.fmax(_with_sure(monotone(settled_share), sure & fits), reached)
    above = np.where(np.isnan(reached), np.inf, reached)
    for axis in range(2):
        above = np.flip(np.minimum.accumulate(np.flip(above, axis), axis=axis), axis)
    at_most = np.where(fits, above, np.nan)
    return Sizes(
        tuple(pairs), tuple(labels), settled_share, reached, at_most, np.array(hits, dtype=bool)
    )


def _is_sure(right: int, count: int, of: int, aim: Aim) -> bool:
    """Whether a size is right so often that larger ones need not be simulated."""
    every = right == count and count >= _EVERY
    often = count == of and right >= _SURE * count
    return (every or often) and right >= aim.assurance * (count + _CAUTION)


def _halving(count: int) -> list[int]:
    """Positions, the middle one first and then the middles of what is between.

    Examples
    --------
    >>> _halving(7)
    [3, 1, 5, 0, 2, 4, 6]
    """
    order, parts = [], [(0, count)]
    while parts:
        low, high = parts.pop(0)
        if low < high:
            middle = (low + high) // 2
            order.append(middle)
            parts += [(low, middle), (middle + 1, high)]
    return order


def _stages(count: int) -> list[list[int]]:
    """Every fourth position, then every second, then all: any beginning stands for the whole.

    Examples
    --------
    >>> _stages(8)
    [[0, 4], [2, 6], [1, 3, 5, 7]]
    """
    return [list(range(start, count, step)) for start, step in ((0, 4), (2, 4), (1, 2))]


def _with_sure(values: Array, sure: Mask) -> Array:
    """Values with those of smaller sizes where a size was not tried because these were sure."""
    highest = np.where(np.isnan(values), -np.inf, values)
    for axis in range(2):
        highest = np.maximum.accumulate(highest, axis=axis)
    return np.asarray(np.where(np.isnan(values) & sure, highest, values))
