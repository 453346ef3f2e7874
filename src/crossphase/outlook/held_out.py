"""Probes of every representation, and their losses on rows that took no part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crossphase.config import Settings
from crossphase.moments import Moments
from crossphase.outlook.imputation import impute, imputed_loss, stack
from crossphase.outlook.intervals import losses
from crossphase.outlook.plan import TURNS, Plan
from crossphase.outlook.prediction_powered import HeldOut
from crossphase.outlook.probe import Task, fit_predict
from crossphase.outlook.representations import CODES, RAW, Key, Representations, build

__all__ = ["ROWS", "Kind", "Probing", "build_kinds"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Kind = Literal["linear", "lifted"]

ROWS: tuple[tuple[Kind, Key], ...] = tuple(
    (kind, key) for kind in ("linear", "lifted") for key in RAW + CODES
)
"""Kind and representation of every row of an outlook."""

_DIMS = (4, 8, 16, 32)
_NETWORK_WIDTH = 64


def build_kinds(
    x: Array,
    y: Array,
    plan: Plan,
    settings: Settings,
    rng: np.random.Generator,
    moments: Moments | None = None,
) -> dict[Kind, Sequence[Representations]]:
    """Representations of both kinds, lifted ones in as many versions as there are turns.

    Splits take turns with random features, so that a score is of networks as they fall out on
    average, not of one.

    Parameters
    ----------
    x, y : ndarray of shape (n, dx), (n, dy)
    plan : Plan
    settings : Settings
        `latent_dim`, `lift_features` and `lift_ridge` are used.
    rng : Generator
    moments : Moments or None, default None
        Of all rows, where they are known.
    """
    dim = max(_DIMS) if settings.latent_dim is None else settings.latent_dim
    splits = plan.splits()
    linear = build(x, y, plan, dim=dim, n_random=0, ridge=None, rng=rng, moments=moments)
    lifted = [
        build(
            x,
            y,
            plan,
            dim=dim,
            n_random=settings.lift_features,
            ridge=settings.lift_ridge,
            rng=rng,
            moments=moments,
            network_width=_NETWORK_WIDTH if settings.latent_dim is None else None,
            splits=splits[start::TURNS],
        )
        for start in range(min(TURNS, len(splits)))
    ]
    return {"linear": [linear], "lifted": lifted}


@dataclass(frozen=True, eq=False)
class _Split:
    """Rows of one split: positions among the task's rows, and among the plan's scored rows."""

    number: int
    name: tuple[int, int]
    train: Ints
    test: Ints
    scored: Ints


@dataclass(frozen=True, eq=False)
class Probing:
    """Probes for the labels of one task, on every representation.

    Attributes
    ----------
    kinds : mapping of Kind to sequence of Representations
        Of :func:`build_kinds`.
    plan : Plan
    task : Task
    at : ndarray of int of shape (n,)
        Positions of its rows among the labelled ones.
    latent_dim : int or None
        Dimension that codes are probed with; None chooses one.
    inner_folds : ndarray of shape (n_labelled,) or None
        For choices inside the training rows; None leaves one row out at a time.
    """

    kinds: Mapping[Kind, Sequence[Representations]]
    plan: Plan
    task: Task
    at: Ints
    latent_dim: int | None
    inner_folds: Ints | None

    def labels(self) -> Array:
        """Labels imputed to labelled and to scored rows, from both modalities.

        A mixture of what the features of both and the aligned codes of both say: one of them alone
        would count every disagreement with itself as an error of the other.

        Returns
        -------
        ndarray of shape (n + N, n_classes) or (n + N, q)
        """
        both: tuple[Key, ...] = (("raw", "both"), ("align", "both"))
        found = [self._imputed(kind, key) for kind in self.kinds for key in both]
        n = len(self.at)
        shares = stack(self.task, [labels[:n] for labels in found])
        return np.tensordot(shares, np.stack(found), axes=1)

    def _imputed(self, kind: Kind, key: Key) -> Array:
        width = self.task.n_classes or self.task.targets.shape[1]
        labels = _Mean(len(self.at), len(self.plan.scored), width)
        for split in self._splits():
            code, rows = self._code(kind, key, split)
            learned = self.task.rows(split.train)
            found = impute(code[self.at[split.train]], learned, code[rows], self._inner(split))
            labels.add(split, found)
        return labels.values

    def reference(self) -> Array:
        """Squared error of predicting the training rows' mean, shape (n, q).

        The mean of all rows knows the held-out ones, and would bias cross-validated R² down by
        about 2/n.
        """
        found = _Mean(len(self.at), 0, self.task.targets.shape[1])
        for split in self._splits():
            mean = self.task.targets[split.train].mean(axis=0)
            found.add(split, (self.task.targets[split.test] - mean) ** 2)
        return found.values

    def held_out(self, kind: Kind, key: Key, labels: Array) -> tuple[HeldOut, int]:
        """Losses of one representation, and the dimension probed.

        Parameters
        ----------
        kind : {"linear", "lifted"}
        key : tuple of str
        labels : ndarray
            Of :meth:`labels`.
        """
        n = len(self.at)
        observed = _Mean(n, 0, self.task.targets.shape[1])
        imputed = _Mean(n, len(self.plan.scored), labels.shape[1])
        chosen = []
        for split in self._splits():
            code, rows = self._code(kind, key, split)
            predictions, dim = fit_predict(
                code[self.at[split.train]],
                self.task.rows(split.train),
                code[rows],
                self._dims(kind, key, code.shape[1]),
                self._inner(split),
            )
            tested = self.task.rows(split.test)
            observed.add(split, losses(tested, predictions[: len(split.test)]))
            theirs = labels[np.concatenate([split.test, n + split.scored])]
            imputed.add(split, imputed_loss(self.task, theirs, predictions))
            chosen.append(dim)
        dim = self.kinds[kind][0].dims[key] if key[0] == "raw" else int(np.median(chosen))
        return HeldOut(observed.values, imputed.values), dim

    def _splits(self) -> Iterator[_Split]:
        for number, (repeat, fold) in enumerate(self.plan.splits()):
            outside = self.plan.folds[repeat][self.plan.labelled[self.at]] == fold
            scored = self.plan.scored_by((repeat, fold))
            train, test = np.flatnonzero(~outside), np.flatnonzero(outside)
            yield _Split(number, (repeat, fold), train, test, scored)

    def _code(self, kind: Kind, key: Key, split: _Split) -> tuple[Array, Ints]:
        """A representation for one split, and the rows of it that are held out."""
        versions = self.kinds[kind]
        made = versions[split.number % len(versions)]
        code = made.raw[key] if key[0] == "raw" else made.codes[split.name][key]
        scored = len(self.plan.labelled) + np.searchsorted(made.scored, split.scored)
        return code, np.concatenate([self.at[split.test], scored])

    def _inner(self, split: _Split) -> Ints | None:
        return None if self.inner_folds is None else self.inner_folds[self.at[split.train]]

    def _dims(self, kind: Kind, key: Key, width: int) -> tuple[int, ...]:
        if key in self.kinds[kind][0].whole:
            return (width,)
        sides = 2 if key[1] == "both" else 1
        if self.latent_dim is not None:
            return (min(self.latent_dim * sides, width),)
        return tuple(sorted({min(dim * sides, width) for dim in _DIMS}))


class _Mean:
    """Mean over splits of what each finds for its held-out rows, labelled before scored ones."""

    def __init__(self, n: int, n_scored: int, width: int) -> None:
        self.n = n
        self.sums, self.times = np.zeros((n + n_scored, width)), np.zeros((n + n_scored, 1))

    def add(self, split: _Split, found: Array) -> None:
        """Take in what one split finds for its test rows, and for its scored ones if wanted."""
        rows = np.concatenate([split.test, self.n + split.scored])[: len(found)]
        self.sums[rows] += found
        self.times[rows] += 1.0

    @property
    def values(self) -> Array:
        """The means; every row is held out of some split."""
        assert (self.times > 0.0).all()
        return self.sums / self.times
