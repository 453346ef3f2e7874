"""Align first, then regress on the aligned codes."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_array, check_consistent_length

from crossphase.linear.alignment import CrossAlignment
from crossphase.moments import Moments

__all__ = ["AlignedProbe"]

Array = NDArray[np.float64]


class AlignedProbe(RegressorMixin, CrossAlignment):  # type: ignore[misc]
    """Alignment, then least squares on the aligned code of x: of y, or of given targets.

    Parameters
    ----------
    n_components : int or None, default None
        Latent dimension; None keeps min(dx, dy).
    ridge, shrinkage
        As for :class:`CrossAlignment`; they void the finite-sample corrections.

    Attributes
    ----------
    values_, x_map_, y_map_, moments_
        As for :class:`CrossAlignment`; the moments have a third block if targets were given.
    coef_ : ndarray of shape (dx, dy) or (dx, q)
        From centred x to the centred prediction.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shared = rng.normal(size=(500, 1))
    >>> x = np.hstack([shared, rng.normal(size=(500, 2))])
    >>> y = np.hstack([rng.normal(size=(500, 1)), -3 * shared])
    >>> probe = AlignedProbe(1).fit(x, y, targets=2 * shared[:, 0])
    >>> round(probe.score(x, 2 * shared[:, 0]), 6)
    1.0
    """

    def fit(self, X: ArrayLike, y: ArrayLike, targets: ArrayLike | None = None) -> Self:
        """Align x with y, then regress.

        Parameters
        ----------
        X, y : array-like of shape (n, dx), (n, dy)
            The two views.
        targets : array-like of shape (n,) or (n, q), default None
            What to predict from the code of x; None predicts y.

        Returns
        -------
        self
        """
        if targets is None:
            super().fit(X, y)
            return self
        x, second = self._read_pair(X, y, reset=True)
        wanted = check_array(targets, ensure_2d=False, dtype=np.float64, input_name="targets")
        check_consistent_length(x, wanted)
        self._y_was_flat = wanted.ndim == 1
        columns = wanted.reshape(len(wanted), -1)
        return self._fit(Moments.from_arrays(x=x, y=second, targets=columns))

    def _coefficients(self, usable: Moments) -> Array:
        probed = "targets" if "targets" in usable.sizes else "y"
        return np.asarray(self.x_map_ @ (self.x_map_.T @ usable.cov("x", probed)))

    def _centre(self) -> Array:
        return self.moments_.mean_of("targets" if "targets" in self.moments_.sizes else "y")

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: Any = None) -> float:
        """R² of the prediction of `y`: the second view, or the targets if some were fitted.

        Parameters
        ----------
        X : array-like of shape (n, dx)
        y : array-like of shape (n, q) or (n,)
        sample_weight : array-like of shape (n,), default None

        Returns
        -------
        float
            Columns averaged evenly.
        """
        return float(RegressorMixin.score(self, X, y, sample_weight))
