"""What is probed: each modality itself and the codes of each objective, one kind at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from crossphase.linalg import matrix_rank_tolerance
from crossphase.moments import Moments
from crossphase.outlook.codes import Codes, fit_codes
from crossphase.outlook.folds import assign_folds
from crossphase.outlook.lift import FeatureMap, row_space
from crossphase.outlook.network import aligned_variances, untrained_code
from crossphase.outlook.plan import TURNS, Plan

__all__ = ["CODES", "RAW", "Key", "Representations", "build"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Kind = Literal["linear", "lifted"]
View = Literal["x", "y", "both"]
Key = tuple[str, View]

RAW: tuple[Key, ...] = (("raw", "x"), ("raw", "y"), ("raw", "both"))
CODES: tuple[Key, ...] = (
    ("align", "x"),
    ("align", "y"),
    ("align", "both"),
    ("predict x->y", "x"),
    ("predict y->x", "y"),
)

# Pairs that fit lifted codes; more are subsampled.
_LIFTED_ROWS = 4000
_CHUNK_ROWS = 2048
# Features over rows from which the rows' inner products are decomposed instead.
_WIDE = 16
# Directions of raw features that a probe sees; more are rotated away.
_RAW_DIRECTIONS = 600
_LINEAR_RIDGE_FLOOR = 0.01
# Mean variance of a feature, where all that varies may be held out and rounding is left.
_LEAST_SCALE = 1e-6
# Standard deviation of what a prediction's code keeps of its initialisation, the strongest
# direction learnt having 1; chosen on half of the pairs of benchmarks/outlook_trained.py.
_RETAINED = 0.2
# One part in so many of the rows that fit codes tells how well alignment holds outside them.
_PARTS = 5
# Fewer rows tell nothing of a correlation; the fitted ones have to do.
_LEAST_APART = 4


@dataclass(frozen=True, eq=False)
class Representations:
    """Representations of the labelled rows, followed by those of unlabelled rows to score.

    Attributes
    ----------
    raw : dict of Key to ndarray of shape (n_labelled + n_scored, d)
    codes : dict of (repeat, fold) to dict of Key to ndarray of shape (n_labelled + n_scored, k)
        Strongest direction first.
    dims : dict of Key to int
        Features of the raw ones, largest dimension of the codes.
    whole : frozenset of Key
        Codes that are probed with all their columns, not with some of the leading ones.
    scored : ndarray of int
        Positions of the unlabelled rows in the plan's, ascending.
    """

    raw: dict[Key, Array]
    codes: dict[tuple[int, int], dict[Key, Array]]
    dims: dict[Key, int]
    whole: frozenset[Key]
    scored: Ints


def build(
    x: Array,
    y: Array,
    plan: Plan,
    *,
    dim: int,
    n_random: int,
    ridge: float | None,
    rng: np.random.Generator,
    network_width: int | None = None,
    splits: Sequence[tuple[int, int]] | None = None,
    moments: Moments | None = None,
) -> Representations:
    """Fit features and codes of one kind, and apply them to the rows that are probed or scored.

    Parameters
    ----------
    x, y : ndarray of shape (n, dx), (n, dy)
    plan : Plan
    dim : int
        Largest code dimension.
    n_random : int
        Random features per modality; 0 for the linear kind.
    ridge : float or None
        Multiple of the mean eigenvalue; None uses d/n, the noise in the eigenvalues of a
        covariance of n rows.
    rng : Generator
    network_width : int or None, default None
        With a number, codes are scaled as in networks with a code that wide, and probed whole.
        Aligned directions get the variances that
        :func:`~crossphase.outlook.network.aligned_variances` gives for their correlations on rows
        held out of the fit. Directions of predictions, scaled by the root of their strength, are
        followed by as many columns of an untrained network's code, since a network keeps much of
        its input that predicts nothing.
        None gives directions of unit variance, of which the probe takes the leading ones.
    splits : sequence of (repeat, fold) or None, default None
        Splits of the plan to fit codes for; None takes all.
    moments : Moments or None, default None
        Of all rows, of which x and y may be some; None where x and y are all. Linear codes are
        then fitted on all rows but those that were held out.

    Returns
    -------
    Representations
    """
    map_x = FeatureMap.fit(x, n_random=n_random, rng=rng, moments=_spread(moments, "x"))
    map_y = FeatureMap.fit(y, n_random=n_random, rng=rng, moments=_spread(moments, "y"))
    width_x, width_y = x.shape[1] + n_random, y.shape[1] + n_random
    splits = plan.splits() if splits is None else splits
    turns = sorted({plan.turn(split) for split in splits})
    scored = np.flatnonzero(plan.refit | np.isin(plan.turns, turns))
    coded = np.concatenate([plan.labelled, plan.scored[scored]])
    used = _fitting_rows(plan, len(x), _LIFTED_ROWS if n_random else len(x), rng)
    n_labelled = len(plan.labelled)
    at_hand = map_x(x[coded]), map_y(y[coded])
    raw: dict[Key, Array] = {
        ("raw", "x"): _rotate(at_hand[:1], n_labelled, rng),
        ("raw", "y"): _rotate(at_hand[1:], n_labelled, rng),
        ("raw", "both"): _rotate(at_hand, n_labelled, rng),
    }
    untrained: dict[Key, Array] = {}
    if network_width is not None:
        z_x, z_y = x[coded] - map_x.mean, y[coded] - map_y.mean
        z_x /= map_x.scale
        z_y /= map_y.scale
        untrained = {
            ("predict x->y", "x"): _RETAINED * untrained_code(z_x, network_width, rng),
            ("predict y->x", "y"): _RETAINED * untrained_code(z_y, network_width, rng),
        }
    # A prediction is of the other modality's own features, not of random features of them.
    targets: list[Array | int | None] = [None, None]
    if n_random:
        targets = [x.shape[1], y.shape[1]]
    source: tuple[Array, Array] | None = None
    if len(used) < max(width_x, width_y):
        # Every row that is fitted or coded is in `used`: its row space loses nothing.
        rotated_x, back_x = row_space(map_x(x[used]))
        rotated_y, back_y = row_space(map_y(y[used]))
        if n_random:
            backs = ((back_x, x.shape[1]), (back_y, y.shape[1]))
            targets = [d if back is None else back[:, :d] for back, d in backs]
        source = rotated_x, rotated_y
        at = np.searchsorted(used, coded)
        at_hand = rotated_x[at], rotated_y[at]

    def moments_of(rows: Ints) -> Moments:
        def chunks() -> Iterator[dict[str, Array]]:
            for start in range(0, len(rows), _CHUNK_ROWS):
                part = rows[start : start + _CHUNK_ROWS]
                if source is None:
                    yield {"x": map_x(x[part]), "y": map_y(y[part])}
                else:
                    at = np.searchsorted(used, part)
                    yield {"x": source[0][at], "y": source[1][at]}

        return Moments.from_chunks(chunks())

    def fit(fit_on: Moments, *, only_align: bool = False) -> Codes:
        n = fit_on.count
        scale_x = max(float(np.trace(fit_on.cov("x"))) / width_x, _LEAST_SCALE)
        scale_y = max(float(np.trace(fit_on.cov("y"))) / width_y, _LEAST_SCALE)
        return fit_codes(
            fit_on,
            dim if network_width is None else network_width,
            ridge_x=scale_x * (max(width_x / n, _LINEAR_RIDGE_FLOOR) if ridge is None else ridge),
            ridge_y=scale_y * (max(width_y / n, _LINEAR_RIDGE_FLOOR) if ridge is None else ridge),
            target_x=targets[0],
            target_y=targets[1],
            only_align=only_align,
        )

    def codes(inside: Moments, apart: Moments | None) -> dict[Key, Array]:
        """Codes of all rows wanted, fitted on both parts; `apart` tells scales."""
        fitted = fit(inside if apart is None else inside + apart)
        if network_width is None:
            return _with_both(fitted.transform(*at_hand))
        told = fitted if apart is None else fit(inside, only_align=True)
        correlations = told.correlations(inside if apart is None else apart)
        one_sided = fitted.transform(*at_hand)
        scale = np.sqrt(aligned_variances(correlations, network_width))
        for view in ("x", "y"):
            one_sided["align", view] *= scale
        for key, kept in untrained.items():
            strength = fitted.strength_xy if key[1] == "x" else fitted.strength_yx
            one_sided[key] = np.hstack([one_sided[key] * np.sqrt(strength), kept])
        return _with_both(one_sided)

    by_split: dict[tuple[int, int], dict[Key, Array]] = {}
    if not plan.refit:
        rows = np.setdiff1d(used, plan.labelled)
        turn_of = np.full(len(x), -1)
        turn_of[plan.scored] = plan.turns
        part = assign_folds(len(rows), _PARTS, rng) == 0
        every: Moments | None = None
        if moments is not None and not n_random and source is None:
            scale = np.concatenate([map_x.scale, map_y.scale])
            standardised = replace(moments, mean=np.zeros_like(moments.mean)).scaled(1.0 / scale)
            every = standardised - moments_of(plan.labelled)
        for turn in turns:
            out = turn_of[rows] == turn
            tells = part & ~out
            apart = None
            if network_width is not None and int(tells.sum()) >= _LEAST_APART:
                apart = moments_of(rows[tells])
            if every is None:
                inside = moments_of(rows[~out] if apart is None else rows[~out & ~tells])
            else:
                inside = every - moments_of(rows[out]) if out.any() else every
            once = codes(inside, apart)
            by_split |= {split: once for split in splits if plan.turn(split) == turn}
    else:
        for repeat, folds in enumerate(plan.folds):
            parts = {fold: moments_of(used[folds[used] == fold]) for fold in _present(folds[used])}
            total = _sum(list(parts.values()))
            n_folds = int(folds.max()) + 1
            for fold in (fold for of, fold in splits if of == repeat):
                apart = parts[(fold + 1) % n_folds] if n_folds > 2 else None
                inside = total - parts[fold]
                by_split[repeat, fold] = codes(inside if apart is None else inside - apart, apart)
    dims: dict[Key, int] = {
        ("raw", "x"): width_x,
        ("raw", "y"): width_y,
        ("raw", "both"): width_x + width_y,
    }
    dims |= {key: code.shape[1] for key, code in by_split[splits[0]].items()}
    whole = frozenset(RAW + CODES if untrained else RAW)
    return Representations(raw, by_split, dims, whole, scored)


def _spread(moments: Moments | None, name: str) -> tuple[Array, Array] | None:
    """Mean and standard deviation of one modality's features."""
    if moments is None:
        return None
    return moments.mean_of(name), np.sqrt(np.diag(moments.cov(name)))


def _present(folds: Ints) -> list[int]:
    return [int(fold) for fold in np.unique(folds)]


def _sum(parts: Sequence[Moments]) -> Moments:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _fitting_rows(plan: Plan, n: int, cap: int, rng: np.random.Generator) -> Ints:
    """Ascending rows to fit or code: labelled and scored ones, and others.

    Of rows that are not labelled, each fit sees `cap` at most.
    """
    seen = np.concatenate([plan.labelled, plan.scored])
    others = np.setdiff1d(np.arange(n), seen)
    held_out = len(plan.scored) // (int(plan.folds.max()) + 1 if plan.refit else TURNS)
    wanted = max(cap + held_out - len(plan.scored), 0)
    if len(others) > wanted:
        others = rng.choice(others, wanted, replace=False)
    return np.sort(np.concatenate([seen, others])).astype(np.intp)


def _rotate(blocks: Sequence[Array], n_labelled: int, rng: np.random.Generator) -> Array:
    """Features in the row space of the leading, labelled rows, or of a sample of them.

    Weights of a ridged probe lie in the span of the rows it learns from.

    Parameters
    ----------
    blocks : sequence of ndarray of shape (n, d_i)
        Features, side by side.
    n_labelled : int
    rng : Generator
    """
    width = sum(block.shape[1] for block in blocks)
    if n_labelled >= width and width <= _RAW_DIRECTIONS:
        return np.hstack(blocks)
    span: Any = slice(n_labelled)
    if n_labelled > _RAW_DIRECTIONS:
        span = rng.choice(n_labelled, _RAW_DIRECTIONS, replace=False)
    centred = [block - block[:n_labelled].mean(axis=0) for block in blocks]
    if width < _WIDE * min(n_labelled, _RAW_DIRECTIONS):
        features = np.hstack(centred)
        _, _, directions = np.linalg.svd(features[span], full_matrices=False)
        return np.asarray(features @ directions.T)
    # From inner products with these rows: nothing else of the features' width is formed.
    products = sum(block @ block[span].T for block in centred)
    squares, left = np.linalg.eigh(products[span])
    keep = squares > matrix_rank_tolerance(squares, width)
    return np.asarray(products @ (left[:, keep] / np.sqrt(squares[keep]))[:, ::-1])


def _with_both(one_sided: dict[tuple[str, str], Array]) -> dict[Key, Array]:
    code_x, code_y = one_sided["align", "x"], one_sided["align", "y"]
    # Interleaved, so that the leading 2k columns are the leading k of each side.
    both = np.stack([code_x, code_y], axis=2).reshape(len(code_x), -1)
    return {
        ("align", "x"): code_x,
        ("align", "y"): code_y,
        ("align", "both"): both,
        ("predict x->y", "x"): one_sided["predict x->y", "x"],
        ("predict y->x", "y"): one_sided["predict y->x", "y"],
    }
