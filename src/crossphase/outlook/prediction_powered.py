"""Losses of representations from few labels and many imputed ones.

With 200 labels a gain of two points is within the chance of which rows happen to be labelled.
Rows without labels say much about a *difference* between representations all the same: where two
probes agree nothing is to be learned, and where they disagree a probe of both modalities usually
knows who is right. Prediction-powered inference (Angelopoulos et al., 2023, Science 382:669; with
cross-fitting: Zrnic and Candès, 2024, PNAS 121) takes the loss under imputed labels over all rows
and corrects it by what the labelled rows say of the imputation's error. That correction is unbiased
but as noisy as the labels are few; here its differences between representations of one modality are
shrunk, by empirical Bayes, since imputation errs much alike for all of them.
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
    seen = [np.vstack([one.observed, padding]) for one in held_out]
    if task.kind == "classes":
        # Means over classes of error rates, in which a row takes part by its probability.
        members = known * (np.vstack([task.targets, padding]) == np.arange(task.n_classes))
        sizes = [members, known * labels, labels]
        parts = [
            [members * loss for loss in seen],
            [known * labels * one.imputed for one in held_out],
            [labels * one.imputed for one in held_out],
        ]
    else:
        sizes = [np.vstack([reference, padding]), known, np.ones_like(known)]
        parts = [
            seen,
            [known * one.imputed for one in held_out],
            [one.imputed for one in held_out],
        ]
    blocks = [*sizes, *(block for part in parts for block in part)]
    columns = np.hstack(blocks)
    sums = np.vstack([columns.sum(axis=0), weights @ columns])
    split = np.split(sums, np.cumsum([block.shape[1] for block in blocks])[:-1], axis=1)
    totals, rest = split[:3], split[3:]
    if task.kind == "continuous":
        # Squared errors relative to those of the mean, which only labelled rows know.
        per_row = totals[0] / totals[1]
        totals = [totals[0], totals[0], totals[2] * per_row]
    least = np.finfo(np.float64).tiny
    ratios = [
        (block / np.maximum(totals[i // len(held_out)], least)).mean(axis=1)
        for i, block in enumerate(rest)
    ]
    return _Losses(*np.stack(ratios).reshape(3, len(held_out), len(sums)))
