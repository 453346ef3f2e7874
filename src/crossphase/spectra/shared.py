"""The shared components of two modalities: which there are, how strong, and how surely."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crossphase.linalg import singular_above
from crossphase.moments import Moments
from crossphase.results import LeftOut
from crossphase.spectra.chance import chance_r2, even_odds
from crossphase.spectra.correction import corrected_correlations
from crossphase.spectra.reduction import SAME_COMPONENT, informative_dimensions
from crossphase.spectra.whitening import Whitening, affordable_dimensions, whiten
from crossphase.theory import detection_threshold
from crossphase.theory.largest_root import largest_root_quantile

__all__ = [
    "EXACT",
    "FaintDirections",
    "Origin",
    "SharedSpace",
    "WhitePair",
    "shared_space",
    "white_pair",
]

Array = NDArray[np.float64]

#: Where a component was detected: against all directions of the other modality, or against the
#: loudest few of y (of x), where weaker correlations rise above noise.
Origin = NDArray[np.str_]

#: Sample correlations above this count as 1: what differs is rounding, and they cannot be ranked.
EXACT = 0.9999

_LOUD_BLOCKS = (1, 2, 4, 8, 16)
_LOUD = 1.5
_MAX_FAINT = 8
#: Probability of nuisance among the directions left out before any was found: there is some that
#: was not detected (four in five), and it lies there (a half, by Laplace's rule of succession).
_NONE_FOUND_THERE = 0.4


@dataclass(frozen=True, eq=False)
class FaintDirections:
    """Loud directions of one modality in which nothing shared was detected.

    A correlation too weak to be detected can still be worth more than the signal when the
    direction's variance is large, so what was measured there is kept.

    Attributes
    ----------
    variance : ndarray of shape (j,)
        Variance of each direction in the units of the modality, descending.
    r2 : ndarray of shape (j,)
        Share of it that the other modality explains, corrected for the number of predictors;
        negative as often as not when nothing is shared.
    standard_error : ndarray of shape (j,)
        Of `r2` when nothing is shared.
    """

    variance: Array
    r2: Array
    standard_error: Array


@dataclass(frozen=True, eq=False)
class SharedSpace:
    """Detected canonical components and their finite-sample corrected correlations.

    Attributes
    ----------
    n_rows : int
    white_x, white_y : Whitening
        Coordinates the analysis was done in.
    correlations : ndarray of shape (k,)
        Population canonical correlations, corrected for sampling, descending.
    sample_correlations : ndarray of shape (k,)
        The same before the correction.
    directions_x, directions_y : ndarray of shape (rank_x, k), (rank_y, k)
        Canonical directions in white coordinates.
    origin : ndarray of shape (k,)
        ``"all"``, ``"loud-y"`` or ``"loud-x"``.
    inflation : ndarray of shape (k,)
        Standard error of a correlation, as a multiple of (1 − ρ²)/√n.
    edge : float
        Sample correlation that independent data exceed with probability 0.05.
    threshold : float
        Population correlation below which nothing can be detected.
    full_ranks : tuple of (int, int)
        Ranks before any reduction.
    faint_x, faint_y : FaintDirections
        Loud directions of x and of y without a detected component.
    spectrum : ndarray of shape (min(rank_x, rank_y),)
        All sample canonical correlations, noise included; empty where they are not known.
    left_out : LeftOut or None, default None
        What may hide outside the dimensions kept; None where all were kept.
    others : tuple of tuple of (int, int), default ()
        Other numbers of dimensions of x and y that show what is shared as well.
    wide_x, wide_y : Whitening or None, default None
        All coordinates that the pairs can carry, those kept first; None where all were kept.
    """

    n_rows: int
    white_x: Whitening
    white_y: Whitening
    correlations: Array
    sample_correlations: Array
    directions_x: Array
    directions_y: Array
    origin: Origin
    inflation: Array
    edge: float
    threshold: float
    full_ranks: tuple[int, int]
    faint_x: FaintDirections
    faint_y: FaintDirections
    spectrum: Array = field(default_factory=lambda: np.zeros(0))
    left_out: LeftOut | None = None
    others: tuple[tuple[int, int], ...] = ()
    wide_x: Whitening | None = None
    wide_y: Whitening | None = None

    @property
    def n_components(self) -> int:
        """Number of detected components."""
        return len(self.correlations)

    @property
    def reach(self) -> float:
        """Population correlation that is as likely detected as not."""
        ranks = self.white_x.rank, self.white_y.rank
        return even_odds(self.n_rows, ranks, self.edge**2, self.threshold)

    @property
    def exact(self) -> NDArray[np.bool_]:
        """Mask of the components that both modalities hold exactly: correlations of 1."""
        return np.asarray(self.sample_correlations > EXACT)

    @property
    def enough(self) -> Literal["x", "y"] | None:
        """The modality that the other one is a linear function of; None if neither is."""
        if int(self.exact.sum()) < min(self.white_x.rank, self.white_y.rank):
            return None
        return "x" if self.white_x.rank >= self.white_y.rank else "y"

    @property
    def x_map(self) -> Array:
        """Map from centred x to canonical scores, shape (dx, k)."""
        return np.asarray(self.white_x.to_white @ self.directions_x)

    @property
    def y_map(self) -> Array:
        """Map from centred y to canonical scores, shape (dy, k)."""
        return np.asarray(self.white_y.to_white @ self.directions_y)


@dataclass(frozen=True, eq=False)
class WhitePair:
    """Both modalities in white coordinates, decomposed once for whatever is asked of them.

    Attributes
    ----------
    n : int
        Rows.
    x, y : Whitening
        All directions.
    cross : ndarray of shape (rx, ry)
        Cross-covariance of the leading coordinates that the rows can carry.
    """

    n: int
    x: Whitening
    y: Whitening
    cross: Array

    @property
    def faintest(self) -> float:
        """Least variance of the standardised features along a direction of either modality."""
        return float(min(self.x.variances[-1], self.y.variances[-1]))

    def ridged(self, ridge: float) -> WhitePair:
        """The same after `ridge` times each feature's variance is added to it."""
        x, y = self.x.ridged(ridge), self.y.ridged(ridge)
        shrink_x, shrink_y = (
            np.sqrt(of.variances / (of.variances + ridge))[:size]
            for of, size in zip((self.x, self.y), self.cross.shape, strict=True)
        )
        return WhitePair(self.n, x, y, self.cross * np.outer(shrink_x, shrink_y))


def white_pair(moments: Moments) -> WhitePair:
    """Whiten blocks "x" and "y" of moments, whose count is the number of rows."""
    n = round(moments.count)
    x, y = (whiten(moments.cov(name), moments.bases.get(name)) for name in ("x", "y"))
    keep_x, keep_y = affordable_dimensions(n - 1, x.rank, y.rank)
    cross = x.to_white[:, :keep_x].T @ moments.cov("x", "y") @ y.to_white[:, :keep_y]
    return WhitePair(n, x, y, cross)


def shared_space(
    moments: Moments | WhitePair, *, limits: tuple[int, int] | None = None
) -> SharedSpace:
    """Detect the shared components of blocks "x" and "y".

    Components above the 95 % quantile of the largest sample correlation of independent data are
    kept, and corrected by inverting the limit of Bao, Hu, Pan and Zhou (arXiv 1704.02408). A weak
    correlation with a direction of large variance matters for prediction although it drowns among
    all directions; it is looked for among the few loudest directions of each modality.

    Parameters
    ----------
    moments : Moments or WhitePair
        With blocks "x" and "y"; their count is the number of rows. Or what :func:`white_pair`
        made of them.
    limits : tuple of (int, int) or None, default None
        Leading dimensions of x and of y to keep at most; None keeps what shows most
        (:func:`crossphase.spectra.reduction.informative_dimensions`).

    Returns
    -------
    SharedSpace

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(2, 2000, 10))
    >>> y[:, 0] = 0.8 * x[:, 0] + 0.6 * y[:, 0]
    >>> shared_space(Moments.from_arrays(x=x, y=y)).correlations.round(1)
    array([0.8])
    """
    pair = moments if isinstance(moments, WhitePair) else white_pair(moments)
    n, whole_x, whole_y = pair.n, pair.x, pair.y
    full_ranks = whole_x.rank, whole_y.rank
    most = keep_x, keep_y = pair.cross.shape
    if limits is not None:
        keep_x, keep_y = min(keep_x, limits[0]), min(keep_y, limits[1])
    others: tuple[tuple[int, int], ...] = ()
    if limits is None:
        reduction = informative_dimensions(pair.cross, n)
        (keep_x, keep_y), others = reduction.dims, reduction.others
    white_x, white_y = whole_x.leading(keep_x), whole_y.leading(keep_y)
    cross = pair.cross[:keep_x, :keep_y]
    edge = largest_root_quantile(n, keep_x, keep_y)
    u, values, v = singular_above(cross, edge)
    sample = values[: u.shape[1]]
    true, inflation = corrected_correlations(sample, keep_x / (n - 1), keep_y / (n - 1))
    main = _Found(true, sample, u, v, inflation, "all")
    found = [main, *_loud_components(cross, main, white_x.metric, white_y.metric, n)]
    order = np.argsort(-np.concatenate([f.true for f in found]), kind="stable")
    u = np.concatenate([f.left for f in found], axis=1)[:, order]
    v = np.concatenate([f.right for f in found], axis=1)[:, order]
    # A sign that does not depend on which modality is called x.
    sign = np.where((u**3).sum(axis=0) + (v**3).sum(axis=0) < 0, -1.0, 1.0)
    u, v = u * sign, v * sign
    return SharedSpace(
        n,
        white_x,
        white_y,
        np.concatenate([f.true for f in found])[order],
        np.concatenate([f.sample for f in found])[order],
        u,
        v,
        np.concatenate([np.full(len(f.true), f.origin) for f in found])[order],
        np.concatenate([f.inflation for f in found])[order],
        float(np.sqrt(edge)),
        # Where every direction is a detected component nothing can hide.
        0.0
        if u.shape[1] >= min(keep_x, keep_y)
        else float(np.sqrt(detection_threshold(n - 1, keep_x, keep_y))),
        full_ranks,
        _faint(cross.T, v, u, white_x.metric, n),
        _faint(cross, u, v, white_y.metric, n),
        values,
        _left_out(n, most, whole_x, whole_y, white_x, white_y),
        others,
        None if white_x.rank == most[0] else whole_x.leading(most[0]),
        None if white_y.rank == most[1] else whole_y.leading(most[1]),
    )


def _left_out(
    n: int,
    most: tuple[int, int],
    whole_x: Whitening,
    whole_y: Whitening,
    white_x: Whitening,
    white_y: Whitening,
) -> LeftOut | None:
    variances = []
    for whole, white in ((whole_x, white_x), (whole_y, white_y)):
        rest = whole.to_raw[:, white.rank :]
        variances.append(float((rest**2).sum()) / max(rest.shape[1], 1))
    if not any(variances):
        return None
    everything = most == (whole_x.rank, whole_y.rank)
    threshold = float(np.sqrt(detection_threshold(n - 1, *most)))
    reach = even_odds(n, most, largest_root_quantile(n, *most), threshold)
    variance_x, variance_y = variances
    return LeftOut(_NONE_FOUND_THERE, reach, variance_x, variance_y, searched=everything)


@dataclass(frozen=True, eq=False)
class _Found:
    true: Array
    sample: Array
    left: Array
    right: Array
    inflation: Array
    origin: str

    def swapped(self) -> _Found:
        return _Found(self.true, self.sample, self.right, self.left, self.inflation, self.origin)


def _loud_components(
    cross: Array, main: _Found, metric_x: Array, metric_y: Array, n: int
) -> list[_Found]:
    """Components found in the loud directions of either modality only.

    One that is loud in both modalities shows in both searches. The search that finds the strongest
    one comes first, and the other finds what is left, so that it does not matter which modality
    is called x.
    """
    in_y = _in_loud_directions(cross, main.left, main.right, metric_y, n, "loud-y")
    in_x = _in_loud_directions(cross.T, main.right, main.left, metric_x, n, "loud-x")
    if not in_x or not in_y:
        return in_y + [f.swapped() for f in in_x]
    if in_y[0].true.max() >= in_x[0].true.max():
        known_u, known_v = (
            np.concatenate(pair, axis=1)
            for pair in ((main.left, in_y[0].left), (main.right, in_y[0].right))
        )
        in_x = _in_loud_directions(cross.T, known_v, known_u, metric_x, n, "loud-x")
    else:
        # The directions of `in_x` are those of the transposed problem.
        known_u, known_v = (
            np.concatenate(pair, axis=1)
            for pair in ((main.left, in_x[0].right), (main.right, in_x[0].left))
        )
        in_y = _in_loud_directions(cross, known_u, known_v, metric_y, n, "loud-y")
    return in_y + [f.swapped() for f in in_x]


def _in_loud_directions(
    cross: Array, u: Array, v: Array, metric: Array, n: int, origin: str
) -> list[_Found]:
    """Components between all of one modality and the loudest directions of the other.

    Of those that show there, the ones found already are left out: with u and v only what sampling
    left of them could be projected out, and the rest of a strong component, where it is loud,
    would pass for a weak one. The block of loud directions that shows most new components is
    taken, smaller ones first.
    """
    rank_other = len(cross)
    loudness, directions = _by_loudness(v[:, :0], metric)
    best: list[_Found] = []
    for size in _LOUD_BLOCKS:
        if size > len(loudness):
            break
        # A stricter level, since several blocks are tried.
        edge = largest_root_quantile(n, rank_other, size, 0.99)
        left, values, right = np.linalg.svd(cross @ directions[:, :size], full_matrices=False)
        shown = values**2 > edge
        left, right = left[:, shown], directions[:, :size] @ right[shown].T
        _, cosines, turn = np.linalg.svd(_orthonormal(u).T @ left)
        known = np.zeros(len(turn))
        known[: len(cosines)] = cosines**2
        new = turn[known < SAME_COMPONENT].T
        left, right = _orthonormal(_without(u, left @ new)), _orthonormal(_without(v, right @ new))
        turn_left, sample, turn_right = np.linalg.svd(left.T @ cross @ right)
        kept = int((sample**2 > edge).sum())
        if kept > (len(best[0].true) if best else 0):
            sample = sample[:kept]
            true, _ = corrected_correlations(sample, rank_other / (n - 1), size / (n - 1))
            best = [
                _Found(
                    true,
                    sample,
                    left @ turn_left[:, :kept],
                    right @ turn_right[:kept].T,
                    np.full(kept, 1.5),
                    origin,
                )
            ]
    return best


def _orthonormal(columns: Array) -> Array:
    return np.asarray(np.linalg.qr(columns)[0])


def _without(found: Array, columns: Array) -> Array:
    return np.asarray(columns - found @ (np.linalg.pinv(found) @ columns))


def _by_loudness(found: Array, metric: Array) -> tuple[Array, Array]:
    """Directions outside `found` whose variance stands out, and the variances, descending.

    At most a third of the dimensions, each 1.5 times as loud as the median one.
    """
    rank = len(metric)
    if found.shape[1]:
        # Both projections of the metric in products with a few columns.
        basis, sizes, _ = np.linalg.svd(found, full_matrices=False)
        basis = basis[:, sizes > 1e-15 * sizes[0]]
        image = metric @ basis
        inner = basis.T @ image
        metric = metric - basis @ image.T - image @ basis.T + basis @ inner @ basis.T
        metric = (metric + metric.T) / 2
    loudness, directions = np.linalg.eigh(metric)
    loudness, directions = loudness[::-1], directions[:, ::-1]
    free = rank - found.shape[1]
    if free < 1:
        return np.zeros(0), np.zeros((rank, 0))
    count = int((loudness[: rank // 3] > _LOUD * float(np.median(loudness[:free]))).sum())
    return loudness[:count], directions[:, :count]


def _faint(cross: Array, u: Array, v: Array, metric: Array, n: int) -> FaintDirections:
    """What the other modality explains of the loudest directions outside the components."""
    loudness, directions = _by_loudness(v, metric)
    loudness, directions = loudness[:_MAX_FAINT], directions[:, :_MAX_FAINT]
    free = len(cross) - u.shape[1]
    block = cross @ directions
    block -= u @ (np.linalg.pinv(u) @ block)
    share, error = chance_r2(n, free)
    explained = (block**2).sum(axis=0)
    return FaintDirections(
        loudness, (explained - share) / (1 - share), np.full(len(loudness), error)
    )
