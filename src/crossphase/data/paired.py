"""Paired data of two modalities with optional labels: what every estimator takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.data.align import AlignmentReport
from crossphase.data.labels import LabelColumn, Labels
from crossphase.errors import Finding, InputError

__all__ = ["PairedData"]


@dataclass(frozen=True, eq=False)
class PairedData:
    """n matched rows of two modalities, checked and ready to be used.

    Build it with :meth:`from_arrays`.

    Attributes
    ----------
    x, y : ndarray of shape (n, dx), (n, dy)
        float64, C-contiguous, finite.
    labels : Labels or None
    ids : ndarray of shape (n,) or None
        Row IDs.
    groups : ndarray of shape (n,) or None
        Integer codes of blocks of dependent rows (donor, batch, night) into `group_names`.
    group_names : tuple of str
    covariates : mapping of str to ndarray of shape (n,), or None
    x_name, y_name : str
    x_features, y_features : tuple of str, or None
    alignment : AlignmentReport
    findings : tuple of Finding
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    labels: Labels | None
    alignment: AlignmentReport
    ids: NDArray[Any] | None = None
    groups: NDArray[np.intp] | None = None
    group_names: tuple[str, ...] = ()
    covariates: Mapping[str, NDArray[Any]] | None = None
    x_name: str = "x"
    y_name: str = "y"
    x_features: tuple[str, ...] | None = None
    y_features: tuple[str, ...] | None = None
    findings: tuple[Finding, ...] = field(default=())

    @classmethod
    def from_arrays(
        cls,
        x: Any,
        y: Any,
        labels: Any = None,
        *,
        labelled: ArrayLike | None = None,
        ids_x: ArrayLike | None = None,
        ids_y: ArrayLike | None = None,
        ids_labels: ArrayLike | None = None,
        groups: Any = None,
        covariates: Any = None,
        names: tuple[str, str] = ("x", "y"),
        label_kind: Any = "auto",
        align: str = "auto",
    ) -> PairedData:
        """Check and match two modalities and their labels."""
        x = np.ascontiguousarray(x, dtype=np.float64)
        y = np.ascontiguousarray(y, dtype=np.float64)
        if len(x) != len(y):
            raise InputError(f"{names[0]} has {len(x)} rows and {names[1]} {len(y)}")
        parsed = None
        if labels is not None:
            given = np.asarray(labels)
            columns = []
            for j, column in enumerate(given.reshape(len(given), -1).T):
                name = "label" if given.ndim == 1 else f"label_{j}"
                if column.dtype.kind == "f":
                    kind, values, classes = "continuous", column.astype(float), ()
                else:
                    seen, values = np.unique(column, return_inverse=True)
                    kind, classes = "classes", tuple(map(str, seen))
                if labelled is not None:
                    full = np.full(len(x), np.nan if kind == "continuous" else -1)
                    full[np.asarray(labelled)] = values
                    values = full.astype(values.dtype)
                columns.append(LabelColumn(name, kind, values, classes))  # type: ignore[arg-type]
            parsed = Labels(tuple(columns))
        return cls(
            x,
            y,
            parsed,
            AlignmentReport("position", len(x), len(y), len(x)),
            groups=None if groups is None else np.unique(groups, return_inverse=True)[1],
            x_name=names[0],
            y_name=names[1],
        )

    @property
    def n(self) -> int:
        """Number of pairs."""
        return len(self.x)

    @property
    def labelled_rows(self) -> NDArray[np.intp]:
        """Positions of the labelled rows, ascending; empty without labels."""
        return np.empty(0, dtype=np.intp) if self.labels is None else self.labels.labelled_rows

    @property
    def n_labelled(self) -> int:
        """Number of pairs with every label present."""
        return len(self.labelled_rows)

    def take(self, index: ArrayLike) -> PairedData:
        """The same data for the rows `index` (positions or a boolean mask)."""
        rows = np.asarray(index)
        return replace(
            self,
            x=np.ascontiguousarray(self.x[rows]),
            y=np.ascontiguousarray(self.y[rows]),
            labels=None if self.labels is None else self.labels.take(rows),
            ids=None if self.ids is None else self.ids[rows],
            groups=None if self.groups is None else self.groups[rows],
            covariates=None
            if self.covariates is None
            else {name: values[rows] for name, values in self.covariates.items()},
        )
