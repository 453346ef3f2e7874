"""Leading codes of many populations or samples at once, for grids of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["leading_code_maps"]

Array = NDArray[np.float64]


def leading_code_maps(xx: Array, xy: Array, yy: Array, k: int) -> tuple[Array, Array]:
    """Maps from x to the leading codes of alignment and of prediction x→y.

    The spans are those of :func:`crossphase.spectra.cca` and :func:`crossphase.spectra.regression`;
    triangular whitening spares the eigendecompositions.

    Parameters
    ----------
    xx, xy, yy : ndarray of shape (m, dx, dx), (m, dx, dy), (m, dy, dy)
        Covariances; `xx` and `yy` positive definite.
    k : int
        Components.

    Returns
    -------
    align, predict : ndarray of shape (m, dx, k)

    Raises
    ------
    numpy.linalg.LinAlgError
        If a covariance is singular.

    Examples
    --------
    >>> xy = np.diag([0.5, 0.9])[None]
    >>> align, _ = leading_code_maps(np.eye(2)[None], xy, np.eye(2)[None], 1)
    >>> np.abs(align[0, :, 0])
    array([0., 1.])
    """
    root_x, root_y = np.linalg.cholesky(xx), np.linalg.cholesky(yy)
    regressed = np.linalg.solve(root_x, xy)
    aligned = _transposed(np.linalg.solve(root_y, _transposed(regressed)))
    back = _transposed(root_x)
    maps = []
    for matrix in (aligned, regressed):
        # Left singular vectors are all that is needed: of the Gram matrix they cost half.
        _, vectors = np.linalg.eigh(matrix @ _transposed(matrix))
        maps.append(np.linalg.solve(back, vectors[..., ::-1][..., :k]))
    return maps[0], maps[1]


def _transposed(matrices: NDArray[Any]) -> Array:
    return np.asarray(np.swapaxes(matrices, -1, -2))
