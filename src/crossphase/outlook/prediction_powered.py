"""Losses of representations from few labels and many imputed ones.

With 200 labels a gain of two points is within the chance of which rows happen to be labelled.
Rows without labels say much about a *difference* between representations all the same: where two
probes agree nothing is to be learned, and where they disagree a probe of both modalities usually
knows who is right. Prediction-powered inference (Angelopoulos et al., 2023, Science 382:669; with
cross-fitting: Zrnic and Candès, 2024, PNAS 121) takes the loss under imputed labels over all rows
and corrects it by what the labelled rows say of the imputation's error. That correction leaves next
to no bias, but is as noisy as the labels are few; here its differences between representations of
one modality are shrunk, by empirical Bayes, since imputation errs much alike for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossphase.outlook.intervals import INFLATION, BootstrapWeights
from crossphase.outlook.probe import Task

__all__ = ["IMPUTATION_ERROR", "HeldOut", "powered_scores"]

Array = NDArray[np.float64]

IMPUTATION_ERROR = 0.007
"""Least standard deviation, between representations, of the error that imputation makes."""

_BOTH = "both"
# Of the losses that are weighted at a time.
_BLOCK_ELEMENTS = 4_000_000


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Losses of one representation on rows that its code and probe have not seen.

    Attributes
    ----------
    observed : ndarray of shape (n, q)
        Of labelled rows.
    imputed : ndarray of shape (n + N, c)
        Of labelled and then of unlabelled rows, under each class (c classes), or under the
        imputed values (c = q).
    """

    observed: Array
    imputed: Array


def powered_scores(
    task: Task,
    held_out: Sequence[HeldOut],
    views: Sequence[str],
    labels: Array,
    reference: Array,
    weights: Sequence[BootstrapWeights],
) -> Array:
    """R² or balanced accuracy of every representation, and draws of it.

    The loss of representation k is the mean over all rows of its loss under imputed labels, plus
    the mean over labelled rows of observed minus imputed loss, e_k. Of that the mean ē over the
    representations of a view counts in full, the rest by

        κ = τ² / (τ² + s²),   τ² = max(τ₀², mean (e_k − ē)² − s²),

    s² being the mean bootstrap variance of e_k − ē and τ₀ :data:`IMPUTATION_ERROR`: differences
    that are more than chance among the labelled rows are kept. For representations of both
    modalities κ is 1: labels are imputed from these very representations, which makes its errors
    differ between them.

    Parameters
    ----------
    task : Task
        Of n labelled rows.
    held_out : sequence of HeldOut
    views : sequence of str
        What each representation is computed from. Views differ in more than imputation knows.
    labels : ndarray of shape (n + N, c)
        Imputed class probabilities or values.
    reference : ndarray of shape (n, q)
        Squared error of the training rows' mean; not used for classes.
    weights : sequence of BootstrapWeights
        Three, of the n + N rows. The second is for what labels leave open of the imputation's
        error. The third is for the probe: had it learned from other labels, scores would differ
        about as much as they do on other labelled rows, see
        :data:`~crossphase.outlook.intervals.INFLATION`.

    Returns
    -------
    ndarray of shape (len(held_out), 1 + n_draws)
        The score, then its draws.
    """
    first, second, third = (_losses(task, held_out, labels, reference, of) for of in weights)
    loss, again = first.of_all.copy(), second.observed - second.of_labelled
    for view in dict.fromkeys(views):
        at = np.flatnonzero(np.asarray(views) == view)
        error = (first.observed - first.of_labelled)[at]
        level = error.mean(axis=0)
        apart = error - level
        chance = float(apart[:, 1:].var(axis=1).mean())
        spread = max(IMPUTATION_ERROR**2, float((apart[:, 0] ** 2).mean()) - chance)
        kept = 1.0 if view == _BOTH else spread / (spread + chance)
        loss[at] += level + kept * apart
        # What the labels leave open: the prior of an error of imputation is taken to have the
        # covariance of what chance does to e_k (a g-prior), so the posterior has κ times that, of
        # which draws of κ (e_k − ē) bring κ².
        other = again[at] - again[at].mean(axis=0)
        loss[at, 1:] += np.sqrt(kept * (1.0 - kept)) * (other[:, 1:] - other[:, :1])
    widening = np.sqrt(INFLATION[task.kind] ** 2 - 1.0)
    loss[:, 1:] += widening * (third.observed[:, 1:] - third.observed[:, :1])
    return np.asarray(np.minimum(1.0 - loss, 1.0))


@dataclass(frozen=True, eq=False)
class _Losses:
    """Mean losses of every representation: the value, then its draws.

    Observed, and imputed for the labelled rows or for all.
    """

    observed: Array
    of_labelled: Array
    of_all: Array


def _losses(
    task: Task,
    held_out: Sequence[HeldOut],
    labels: Array,
    reference: Array,
    weights: BootstrapWeights,
) -> _Losses:
    """Mean losses under the weights, each of the shape (len(held_out), 1 + n_draws)."""
    n, n_rows = len(task.targets), len(labels)
    known = np.zeros((n_rows, 1))
    known[:n] = 1.0
    padding = np.zeros((n_rows - n, task.targets.shape[1]))
    if task.kind == "classes":
        # Means over classes of error rates, in which a row takes part by its probability.
        members = known * (np.vstack([task.targets, padding]) == np.arange(task.n_classes))
        shares = [members, known * labels, labels]
        totals = _sums(weights, shares)
    else:
        # Squared errors relative to those of the mean, which only labelled rows know.
        shares = [np.ones((n_rows, 1)), known, np.ones((n_rows, 1))]
        error, labelled, every = _sums(weights, [np.vstack([reference, padding]), *shares[1:]])
        totals = [error, error, every * error / labelled]
    totals = [np.maximum(total, np.finfo(np.float64).tiny) for total in totals]
    width = 3 * max(share.shape[1] for share in [*shares, padding])
    step = max(1, _BLOCK_ELEMENTS // (n_rows * width))
    found = []
    for start in range(0, len(held_out), step):
        blocks = []
        for one in held_out[start : start + step]:
            loss = np.vstack([one.observed, padding]), one.imputed, one.imputed
            blocks += [share * of for share, of in zip(shares, loss, strict=True)]
        found += _sums(weights, blocks)
    means = [(of / totals[i % 3]).mean(axis=1) for i, of in enumerate(found)]
    return _Losses(*(np.stack(means[i::3]) for i in range(3)))


def _sums(weights: BootstrapWeights, blocks: Sequence[Array]) -> list[Array]:
    """Sums of the columns of each block, then weighted ones: shapes (1 + n_draws, width)."""
    columns = np.hstack(blocks)
    sums = np.vstack([columns.sum(axis=0), weights @ columns])
    return np.split(sums, np.cumsum([block.shape[1] for block in blocks])[:-1], axis=1)
