"""How many principal components to keep: enough for all that is shared, and no more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossphase.linalg import singular_above
from crossphase.spectra.correction import corrected_correlations
from crossphase.theory.largest_root import largest_root_quantile

__all__ = ["SAME_COMPONENT", "Reduction", "informative_dimensions"]

Array = NDArray[np.float64]

#: Squared cosine from which two estimates are of one component. Different components have some
#: k/d; estimates of one at least the square of how well sampling leaves it.
SAME_COMPONENT = 0.15

_SHRINK = 1.3
_LEAST = 6
#: Of the plausible numbers above the fewest: the second and the fourth, at most 1.7 and 2.9 times
#: as many dimensions.
_STEPS = (2, 4)


@dataclass(frozen=True)
class Reduction:
    """Leading dimensions of x and y to keep.

    Attributes
    ----------
    dims : tuple of (int, int)
        The fewest that show what is shared.
    others : tuple of tuple of (int, int)
        Up to two larger ones that show it as well.
    """

    dims: tuple[int, int]
    others: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class _Shown:
    """What the leading dimensions show of what is shared."""

    dims: tuple[int, int]
    left: Array
    right: Array
    information: float
    error: float


def informative_dimensions(cross: Array, n: int) -> Reduction:
    """Dimensions of x and y that show what is shared.

    Too few principal components leave shared directions out; too many bury them in noise. For
    nested numbers of components the detected correlations, corrected for sampling, give the
    shared information −½ Σ log(1 − ρ²) in nats, with the standard error √(Σ ρ² s² / n), s the
    inflation of the correlations' errors. Plausible is a number of components that comes within
    one standard error of the most, and that loses nothing which a larger one shows,
    however little it adds to the sum. Detected is what exceeds the 99 % quantile of independent
    data. Labels play no part.

    Parameters
    ----------
    cross : ndarray of shape (p, q)
        Cross-covariance of white coordinates, leading principal components first.
    n : int
        Rows, above p + q.

    Returns
    -------
    Reduction

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(2, 400, 90))
    >>> y[:, :5] = 0.7 * x[:, :5] + 0.7 * y[:, :5]
    >>> x, y = np.linalg.qr(x)[0], np.linalg.qr(y)[0]
    >>> informative_dimensions(x.T @ y, 400).dims
    (6, 6)
    """
    size = max(cross.shape)
    shown = [_shown(cross, n)]
    while size > _LEAST:
        size = max(int(size / _SHRINK), _LEAST)
        shown.append(_shown(cross[:size, :size], n))
    best = max(shown, key=lambda s: s.information)
    if best.information == 0.0:
        return Reduction(shown[0].dims, ())
    plausible = [
        s.dims
        for i, s in enumerate(shown)
        if s.information >= best.information - best.error
        and not any(_loses(s, more) for more in shown[:i])
    ]
    if not plausible:
        return Reduction(shown[0].dims, ())
    plausible = plausible[::-1]
    return Reduction(plausible[0], tuple(plausible[i] for i in _STEPS if i < len(plausible)))


def _shown(cross: Array, n: int) -> _Shown:
    dx, dy = cross.shape
    # A stricter level than that of one analysis, since many are compared.
    left, values, right = singular_above(cross, largest_root_quantile(n, dx, dy, 0.99))
    kept = left.shape[1]
    true, inflation = corrected_correlations(values[:kept], dx / (n - 1), dy / (n - 1))
    return _Shown(
        (dx, dy),
        left,
        right,
        -0.5 * float(np.log1p(-(true**2)).sum()),
        float(np.sqrt(((true * inflation) ** 2).sum() / n)),
    )


def _loses(fewer: _Shown, more: _Shown) -> bool:
    """Whether `fewer` dimensions have nothing of a component that `more` show."""
    dx, dy = fewer.dims
    for few, many in ((fewer.left, more.left[:dx]), (fewer.right, more.right[:dy])):
        known = ((few.T @ many) ** 2).sum(axis=0)
        if (known < SAME_COMPONENT).any():
            return True
    return False
