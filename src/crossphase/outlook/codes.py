"""Codes of the three objectives: ridge CCA and reduced-rank regression, top components only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from crossphase.moments import Moments

__all__ = ["Codes", "fit_codes"]

Array = NDArray[np.float64]

_SMALLEST_VARIANCE = 1e-6
# Above this many rows an exact decomposition for a few leading vectors is waste.
_EXACT_ROWS = 600
_OVERSAMPLING = 16
_POWER_STEPS = 6


@dataclass(frozen=True, eq=False)
class Codes:
    """Linear maps from features to the codes of each objective.

    Attributes
    ----------
    x_mean, y_mean : ndarray of shape (dx,), (dy,)
    align_x, align_y : ndarray of shape (dx, k), (dy, k)
        Canonical directions, strongest first.
    predict_xy : ndarray of shape (dx, k)
        Directions of x that predict y, strongest first.
    predict_yx : ndarray of shape (dy, k)
        Directions of y that predict x.
    strength_xy, strength_yx : ndarray of shape (k,)
        Singular values of the regressions relative to the largest, one a direction.
    """

    x_mean: Array
    y_mean: Array
    align_x: Array
    align_y: Array
    predict_xy: Array
    predict_yx: Array
    strength_xy: Array
    strength_yx: Array

    def correlations(self, moments: Moments) -> Array:
        """Correlations of the two aligned codes on the rows of `moments`, shape (k,).

        A direction without variance there has correlation 0.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=(200, 2))
        >>> moments = Moments.from_arrays(x=x, y=x[:, ::-1])
        >>> fit_codes(moments, 2, ridge_x=1e-9, ridge_y=1e-9).correlations(moments).round(3)
        array([1., 1.])
        """
        left, right = self.align_x, self.align_y
        cross = np.einsum("ik,ik->k", left, moments.cov("x", "y") @ right)
        var_x = np.einsum("ik,ik->k", left, moments.cov("x") @ left)
        var_y = np.einsum("ik,ik->k", right, moments.cov("y") @ right)
        size = np.sqrt(np.maximum(var_x, 0.0) * np.maximum(var_y, 0.0))
        return np.asarray(cross / np.where(size > 0.0, size, np.inf))

    def transform(self, x: Array, y: Array) -> dict[tuple[str, str], Array]:
        """Codes of rows, by (objective, view).

        Parameters
        ----------
        x, y : ndarray of shape (n, dx), (n, dy)

        Returns
        -------
        dict
            ``("align", "x")``, ``("align", "y")``, ``("predict x->y", "x")`` and
            ``("predict y->x", "y")``, each of shape (n, k).
        """
        x, y = x - self.x_mean, y - self.y_mean
        return {
            ("align", "x"): x @ self.align_x,
            ("align", "y"): y @ self.align_y,
            ("predict x->y", "x"): x @ self.predict_xy,
            ("predict y->x", "y"): y @ self.predict_yx,
        }


def fit_codes(
    moments: Moments,
    dim: int,
    *,
    ridge_x: float,
    ridge_y: float,
    target_x: Array | int | None = None,
    target_y: Array | int | None = None,
    only_align: bool = False,
) -> Codes:
    """Codes of alignment and of prediction both ways from one pair of Cholesky factors.

    With Σxx + ridge_x I = Lx Lxᵀ and likewise for y, the codes are the leading singular
    directions of Lx⁻¹ Σxy Ly⁻ᵀ (alignment), Ty Σyx Lx⁻ᵀ (x→y) and Tx Σxy Ly⁻ᵀ (y→x), mapped
    back through the factor: the same as with symmetric square roots, since the two differ by a
    rotation. Only the leading components are computed.

    Parameters
    ----------
    moments : Moments
        With blocks ``"x"`` and ``"y"``.
    dim : int
        Components kept; capped at min(dx, dy), and for predictions at the targets' number.
    ridge_x, ridge_y : float
        Added to the diagonal of the covariances; must be positive if these are singular.
    target_x, target_y : ndarray of shape (dx, tx), (dy, ty), int or None, default None
        Maps from the features to what is predicted of each modality (Txᵀ, Tyᵀ above); a number
        predicts so many of the first features, None all.
    only_align : bool, default False
        Leave the codes of predictions out, which are empty then.

    Returns
    -------
    Codes
        Every code has unit variance over the rows of the moments.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(500, 3))
    >>> codes = fit_codes(Moments.from_arrays(x=x, y=x[:, :2]), 2, ridge_x=1e-9, ridge_y=1e-9)
    >>> a = codes.transform(x, x[:, :2])
    >>> bool(np.corrcoef(a["align", "x"][:, 0], a["align", "y"][:, 0])[0, 1] > 0.999)
    True
    """
    cross = moments.cov("x", "y")
    factor_x = _cholesky(moments.cov("x"), ridge_x)
    factor_y = _cholesky(moments.cov("y"), ridge_y)
    from_x = _solve(factor_x, cross)
    from_y = _solve(factor_y, cross.T)
    both = _solve(factor_y, from_x.T).T
    left, right = _leading(both, dim)
    if only_align:
        from_x, from_y, dim = from_x[:, :0], from_y[:, :0], 0
    else:
        from_x, from_y = _of_targets(from_x, target_y), _of_targets(from_y, target_x)
    source_x, _ = _leading(from_x, dim)
    source_y, _ = _leading(from_y, dim)
    return Codes(
        moments.mean_of("x"),
        moments.mean_of("y"),
        _unit_variance(_solve(factor_x, left, transpose=True), ridge_x),
        _unit_variance(_solve(factor_y, right, transpose=True), ridge_y),
        _unit_variance(_solve(factor_x, source_x, transpose=True), ridge_x),
        _unit_variance(_solve(factor_y, source_y, transpose=True), ridge_y),
        _relative_strength(from_x, source_x),
        _relative_strength(from_y, source_y),
    )


def _of_targets(regressed: Array, target: Array | int | None) -> Array:
    if target is None:
        return regressed
    return regressed[:, :target] if isinstance(target, int) else regressed @ target


def _cholesky(cov: Array, ridge: float) -> Array:
    ridged = cov.copy()
    ridged.flat[:: len(cov) + 1] += ridge
    return np.asarray(scipy.linalg.cholesky(ridged, lower=True, check_finite=False))


def _solve(factor: Array, right: Array, *, transpose: bool = False) -> Array:
    return np.asarray(
        scipy.linalg.solve_triangular(
            factor, right, lower=True, trans=int(transpose), check_finite=False
        )
    )


def _unit_variance(directions: Array, ridge: float) -> Array:
    """Rescale directions w with wᵀ(Σ + ridge I)w = 1 so that wᵀΣw = 1."""
    variance = 1.0 - ridge * (directions**2).sum(axis=0)
    return np.asarray(directions / np.sqrt(np.maximum(variance, _SMALLEST_VARIANCE)))


def _relative_strength(matrix: Array, left: Array) -> Array:
    strength = np.linalg.norm(matrix.T @ left, axis=0)
    return np.asarray(strength / (strength.max(initial=0.0) or 1.0))


def _leading(matrix: Array, k: int) -> tuple[Array, Array]:
    """Leading left and right singular vectors, from the smaller Gram matrix."""
    rows, columns = matrix.shape
    if rows > columns:
        right, left = _leading(matrix.T, k)
        return left, right
    k = min(k, rows)
    if not k:
        return np.empty((rows, 0)), np.empty((columns, 0))
    if rows > _EXACT_ROWS:
        matrix, basis = _compress(matrix, k)
        left, right = _leading(matrix, k)
        return basis @ left, right
    values, left = scipy.linalg.eigh(
        matrix @ matrix.T, subset_by_index=[rows - k, rows - 1], check_finite=False
    )
    left, root = left[:, ::-1], np.sqrt(np.maximum(values[::-1], 0.0))
    # The square root of a Gram matrix resolves singular values down to about 1e-8 of the top.
    return left, matrix.T @ left / np.where(root > 1e-7 * root[0], root, np.inf)


def _compress(matrix: Array, k: int) -> tuple[Array, Array]:
    """Project onto the leading left space by subspace iteration (Halko et al., 2011)."""
    start = np.random.default_rng(0).normal(size=(matrix.shape[1], k + _OVERSAMPLING))
    basis, _ = np.linalg.qr(matrix @ start)
    for _ in range(_POWER_STEPS):
        basis, _ = np.linalg.qr(matrix @ (matrix.T @ basis))
    return basis.T @ matrix, basis
