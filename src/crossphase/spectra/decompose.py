"""CCA, reduced-rank regression and PLS as singular value decompositions of moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossphase.linalg import deterministic_signs, inverse_square_root
from crossphase.moments import Moments

__all__ = ["Spectrum", "cca", "objective_spectra", "pls", "regression"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spectrum:
    """A singular value decomposition and the maps from features to scores.

    Attributes
    ----------
    values : ndarray of shape (k,)
        Singular values, descending.
    left, right : ndarray of shape (d, k)
        Singular vectors in the coordinates of the decomposed matrix.
    x_map, y_map : ndarray of shape (dx, k), (dy, k)
        ``(x − mean) @ x_map`` are the scores of x. For a regression only the source's map
        projects data; the target's holds the loadings.
    """

    values: Array
    left: Array
    right: Array
    x_map: Array
    y_map: Array


def _svd(matrix: Array) -> tuple[Array, Array, Array]:
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    left, right = deterministic_signs(left, right.T)
    return left, values, right


def cca(
    moments: Moments, x: str = "x", y: str = "y", *, ridge: float = 0.0, floor: float | None = None
) -> Spectrum:
    """Canonical correlations: SVD of C = Σxx^{-1/2} Σxy Σyy^{-1/2}.

    Parameters
    ----------
    moments : Moments
    x, y : str
        Names of the blocks.
    ridge, floor : float
        See :func:`crossphase.linalg.inverse_square_root`.

    Returns
    -------
    Spectrum
        `left` and `right` are in whitened coordinates.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(500, 2))
    >>> spectrum = cca(Moments.from_arrays(x=x, y=x @ [[1.0], [1.0]]))
    >>> spectrum.values.round(6)
    array([1.])
    """
    white_x, _ = inverse_square_root(moments.cov(x), ridge=ridge, floor=floor)
    white_y, _ = inverse_square_root(moments.cov(y), ridge=ridge, floor=floor)
    return _cca(moments.cov(x, y), white_x, white_y)


def _cca(cross: Array, white_x: Array, white_y: Array) -> Spectrum:
    left, values, right = _svd(white_x @ cross @ white_y)
    return Spectrum(values, left, right, white_x @ left, white_y @ right)


def regression(
    moments: Moments,
    source: str = "x",
    target: str = "y",
    *,
    ridge: float = 0.0,
    floor: float | None = None,
) -> Spectrum:
    """Reduced-rank regression of target on source: SVD of A = Σ_ts Σ_ss^{-1/2}.

    Returns
    -------
    Spectrum
        `left` are target directions, `right` whitened source directions; `x_map` projects the
        source and `y_map` holds the target directions, whatever the blocks are called.
    """
    white, _ = inverse_square_root(moments.cov(source), ridge=ridge, floor=floor)
    return _regression(moments.cov(target, source), white)


def _regression(cross: Array, white: Array) -> Spectrum:
    left, values, right = _svd(cross @ white)
    return Spectrum(values, left, right, white @ right, left)


def objective_spectra(
    moments: Moments, x: str = "x", y: str = "y", *, ridge: float = 0.0, floor: float | None = None
) -> tuple[Spectrum, Spectrum, Spectrum]:
    """The spectra of all three objectives, with each modality whitened once.

    Parameters
    ----------
    moments : Moments
    x, y : str
        Names of the blocks.
    ridge, floor : float
        See :func:`crossphase.linalg.inverse_square_root`.

    Returns
    -------
    align, predict_xy, predict_yx : Spectrum
        As :func:`cca` and :func:`regression` in either direction give them.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(500, 2))
    >>> spectra = objective_spectra(Moments.from_arrays(x=x, y=3 * x[:, :1]))
    >>> [spectrum.values.round(6).size for spectrum in spectra]
    [1, 1, 1]
    """
    white_x, _ = inverse_square_root(moments.cov(x), ridge=ridge, floor=floor)
    white_y, _ = inverse_square_root(moments.cov(y), ridge=ridge, floor=floor)
    cross = moments.cov(x, y)
    return _cca(cross, white_x, white_y), _regression(cross.T, white_x), _regression(cross, white_y)


def pls(moments: Moments, x: str = "x", y: str = "y") -> Spectrum:
    """Partial least squares (SVD form): SVD of Σxy."""
    left, values, right = _svd(moments.cov(x, y))
    return Spectrum(values, left, right, left, right)
