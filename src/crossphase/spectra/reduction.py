"""How many principal components to keep when there are more than the rows can carry."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crossphase.spectra.correction import corrected_correlations
from crossphase.theory.largest_root import largest_root_quantile

__all__ = ["informative_dimensions"]

Array = NDArray[np.float64]

_SHRINK = 1.3
_LEAST = 6
_ENOUGH = 0.97


def informative_dimensions(cross: Array, n: int) -> tuple[int, int]:
    """Dimensions of x and y that show most of what is shared.

    Too few components leave shared directions out; too many bury them in noise. For nested
    numbers of components the detected correlations, corrected for sampling, give the shared
    information −½ Σ log(1 − ρ²) in nats; the smallest number that reaches 97 % of the most is
    taken. Labels play no part.

    Parameters
    ----------
    cross : ndarray of shape (p, q)
        Cross-covariance of white coordinates, leading principal components first.
    n : int
        Rows, above p + q.

    Returns
    -------
    dx, dy : int

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(2, 400, 90))
    >>> y[:, :5] = 0.7 * x[:, :5] + 0.7 * y[:, :5]
    >>> x, y = np.linalg.qr(x)[0], np.linalg.qr(y)[0]
    >>> informative_dimensions(x.T @ y, 400)
    (6, 6)
    """
    p, q = cross.shape
    size, sizes, information = max(p, q), [], []
    while True:
        dx, dy = min(size, p), min(size, q)
        values = np.linalg.svd(cross[:dx, :dy], compute_uv=False)
        values = values[values**2 > largest_root_quantile(n, dx, dy)]
        correlations, _ = corrected_correlations(
            np.asarray(values, dtype=np.float64), dx / (n - 1), dy / (n - 1)
        )
        sizes.append((dx, dy))
        information.append(-0.5 * float(np.log1p(-(correlations**2)).sum()))
        if size <= _LEAST:
            break
        size = max(int(size / _SHRINK), _LEAST)
    if max(information) == 0.0:
        return sizes[0]
    enough = np.flatnonzero(np.array(information) >= _ENOUGH * max(information))
    return sizes[int(enough.max())]
