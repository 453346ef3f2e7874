"""A real dataset with several views of the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.data import PairedData
from crossphase.errors import InputError

__all__ = ["MultiViewDataset"]


@dataclass(frozen=True, eq=False)
class MultiViewDataset:
    """Several views of the same n rows, with one label per row.

    Attributes
    ----------
    name : str
    views : mapping of str to ndarray of shape (n, d_view)
        float64.
    labels : ndarray of shape (n,)
    label_name : str
    description, licence, citation : str
        What it is, under which terms it is bundled, and whom to cite.
    """

    name: str
    views: Mapping[str, NDArray[np.float64]]
    labels: NDArray[Any]
    label_name: str
    description: str
    licence: str
    citation: str

    def pair(self, x: str, y: str, *, n_labelled: int | None = None, seed: int = 0) -> PairedData:
        """Two of the views as paired data.

        Parameters
        ----------
        x, y : str
            View names, keys of `views`.
        n_labelled : int, default None
            Keep the labels of this many rows only, drawn evenly over the classes; None keeps
            all. The draw depends on `seed` alone, so every pair of views gets the same rows.
        seed : int, default 0
            Seed of that draw.

        Returns
        -------
        PairedData
            All n rows; unlabelled where the draw left them out.

        Raises
        ------
        InputError
            If a view is unknown, named twice, or `n_labelled` is out of range.

        Examples
        --------
        >>> import crossphase as xp
        >>> digits = xp.datasets.load("digits-views")
        >>> data = digits.pair("fourier", "karhunen", n_labelled=200)
        >>> data.x.shape, data.y.shape, data.n_labelled
        ((2000, 76), (2000, 64), 200)
        """
        for view in (x, y):
            if view not in self.views:
                raise InputError(
                    f"{self.name} has no view {view!r}: choose among {', '.join(self.views)}"
                )
        if x == y:
            raise InputError(f"x and y are both {x!r}: choose two different views")
        rows = self._labelled_rows(n_labelled, seed)
        return PairedData.from_arrays(
            self.views[x],
            self.views[y],
            {self.label_name: self.labels[rows]},
            labelled=rows,
            names=(x, y),
        )

    def _labelled_rows(self, n_labelled: int | None, seed: int) -> NDArray[np.intp]:
        n = len(self.labels)
        if n_labelled is None:
            return np.arange(n)
        classes, codes = np.unique(self.labels, return_inverse=True)
        if not len(classes) <= n_labelled <= n:
            raise InputError(
                f"n_labelled={n_labelled}: give a number between {len(classes)} "
                f"(one for each class) and {n}"
            )
        order = np.random.default_rng(seed).permutation(n)
        # Deal the shuffled rows out class by class, round after round.
        turn = np.empty(n, dtype=np.intp)
        for code in range(len(classes)):
            own = order[codes[order] == code]
            turn[own] = np.arange(len(own))
        dealt = order[np.argsort(turn[order], kind="stable")]
        return np.sort(dealt[:n_labelled])
