"""Scores of held-out predictions, and joint bootstrap draws of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crossphase.outlook.probe import Task
from crossphase.results.separation import Interval

__all__ = ["INFLATION", "BootstrapWeights", "disagreement", "interval", "losses", "scores"]

Array = NDArray[np.float64]

# Held-out rows are not the only thing that varies: another labelled sample would also train
# another probe. Deviations over held-out rows are widened by these factors, the least with
# which benchmarks/outlook_coverage.py finds the coverage stated.
INFLATION = {"continuous": 1.3, "classes": 1.2}


_BLOCK_ELEMENTS = 1_000_000


@dataclass(frozen=True, eq=False)
class BootstrapWeights:
    """Weights of a Bayesian bootstrap (Rubin, 1981) over rows or whole groups.

    Exponential weights never empty a class, as resampling with replacement would. They are drawn
    anew from the seed, block by block, whenever they are multiplied with something: memory does
    not grow with their number, and every product sees the same weights.

    Attributes
    ----------
    unit : ndarray of int of shape (n,)
        Which weight a row takes: its own, or that of its group.
    n_units, n_draws : int
    seed : int

    Examples
    --------
    >>> weights = BootstrapWeights.of(3, 500, np.random.default_rng(0))
    >>> means = weights @ np.ones((3, 1)) / 3
    >>> means.shape, round(float(means.mean()), 1)
    ((500, 1), 1.0)
    """

    unit: NDArray[np.intp]
    n_units: int
    n_draws: int
    seed: int

    @classmethod
    def of(
        cls,
        n: int,
        n_draws: int,
        rng: np.random.Generator,
        groups: NDArray[np.integer] | None = None,
    ) -> BootstrapWeights:
        """Weights of n rows; rows of one group share one weight.

        Parameters
        ----------
        n, n_draws : int
        rng : Generator
        groups : ndarray of shape (n,) or None, default None
        """
        unit = np.arange(n) if groups is None else np.unique(groups, return_inverse=True)[1]
        return cls(unit, int(unit.max(initial=-1)) + 1, n_draws, int(rng.integers(2**62)))

    def take(self, rows: NDArray[np.intp]) -> BootstrapWeights:
        """The same weights, of some rows."""
        return replace(self, unit=self.unit[rows])

    def __matmul__(self, columns: Array) -> Array:
        """Weighted sums of columns of shape (n, m): shape (n_draws, m)."""
        totals = columns
        if self.n_units < len(self.unit) or (np.diff(self.unit) != 1).any():
            # Rows that share a weight are summed first.
            totals = np.zeros((self.n_units, columns.shape[1]))
            np.add.at(totals, self.unit, columns)
        return np.concatenate([block @ totals for block in self._blocks()])

    def _blocks(self) -> Iterator[Array]:
        rng = np.random.default_rng(self.seed)
        step = max(1, _BLOCK_ELEMENTS // max(self.n_units, 1))
        for start in range(0, self.n_draws, step):
            yield rng.exponential(size=(min(step, self.n_draws - start), self.n_units))


def losses(task: Task, predictions: Array) -> Array:
    """Loss of each held-out row: squared error, or 1 where the class is wrong.

    Parameters
    ----------
    task : Task
    predictions : ndarray of shape (n, q)

    Returns
    -------
    ndarray of shape (n, q)
    """
    if task.kind == "continuous":
        return np.asarray((task.targets - predictions) ** 2)
    return np.asarray(task.targets != predictions, dtype=np.float64)


def scores(
    task: Task, loss: Array, weights: Array | BootstrapWeights, reference: Array | None = None
) -> Array:
    """R² or balanced accuracy of weighted rows, averaged over the task's columns.

    Parameters
    ----------
    task : Task
    loss : ndarray of shape (n, q)
        From :func:`losses`; an average over repeats will do.
    weights : ndarray of shape (n_draws, n), or BootstrapWeights
    reference : ndarray of shape (n, q) or None, default None
        Squared error of predicting the training rows' mean, which R² compares with. The mean
        of all rows (None) knows the held-out ones, and would bias cross-validated R² down by
        about 2/n. Not used for classes.

    Returns
    -------
    ndarray of shape (n_draws,)

    Examples
    --------
    >>> task = Task("classes", np.array([[0.0], [0.0], [1.0]]), 2)
    >>> wrong = losses(task, np.array([[0.0], [1.0], [1.0]]))
    >>> scores(task, wrong, np.ones((1, 3)))
    array([0.75])
    """
    if task.kind == "continuous":
        if reference is None:
            reference = (task.targets - task.targets.mean(axis=0)) ** 2
        ratio = (weights @ loss) / np.maximum(weights @ reference, np.finfo(np.float64).tiny)
        return np.asarray(1.0 - ratio.mean(axis=1))
    members = (task.targets == np.arange(task.n_classes)).astype(np.float64)
    size, wrong = weights @ members, weights @ (members * loss)
    present = members.any(axis=0)
    return np.asarray(1.0 - (wrong[:, present] / size[:, present]).mean(axis=1))


def disagreement(task: Task, n_draws: int, rng: np.random.Generator) -> Array:
    """Noise for what the held-out rows are too few to show, shape (n_draws,).

    Resampled rows that are all classified alike would give an interval of no width. An error
    rate of which n rows show no instance has a posterior standard deviation of about 1/n; each
    representation gets an own draw of that size. Zero for continuous labels, whose losses
    always differ.
    """
    if task.kind == "continuous":
        return np.zeros(n_draws)
    return rng.normal(scale=1.0 / len(task.targets), size=n_draws)


def interval(draws: Array, level: float) -> Interval:
    """Central interval of draws.

    Examples
    --------
    >>> interval(np.linspace(0, 1, 101), 0.9)
    Interval(lower=0.05, upper=0.95, level=0.9)
    """
    tail = (1.0 - level) / 2.0
    lower, upper = np.quantile(draws, [tail, 1.0 - tail])
    return Interval(float(lower), float(upper), level)
