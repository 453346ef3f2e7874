"""Labels as the estimators see them: columns with a kind, and a mask of labelled rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.errors import Finding, InputError

__all__ = ["LabelColumn", "LabelKind", "Labels", "derived_label"]

LabelKind = Literal["continuous", "classes"]


@dataclass(frozen=True, eq=False, slots=True)
class LabelColumn:
    """One label of every row, present or missing.

    Attributes
    ----------
    name : str
    kind : {"continuous", "classes"}
    values : ndarray of shape (n,)
        Continuous: float64, NaN where unlabelled. Classes: integer codes into `classes`,
        −1 where unlabelled.
    classes : tuple of str
        Class names in code order; empty for a continuous column.

    Examples
    --------
    >>> column = LabelColumn("cell", "classes", np.array([1, -1, 0]), ("B", "T"))
    >>> column.labelled
    array([ True, False,  True])
    >>> column.targets(np.array([0, 2]))
    array([[0., 1.],
           [1., 0.]])
    """

    name: str
    kind: LabelKind
    values: NDArray[Any]
    classes: tuple[str, ...] = ()

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Boolean mask of shape (n,): rows where this label is present."""
        present: NDArray[np.bool_] = (
            ~np.isnan(self.values) if self.kind == "continuous" else self.values >= 0
        )
        return present

    @property
    def target_names(self) -> tuple[str, ...]:
        """Names of the columns that :meth:`targets` returns."""
        if self.kind == "continuous":
            return (self.name,)
        return tuple(f"{self.name}={label}" for label in self.classes)

    def targets(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Values of labelled rows as a matrix of shape (len(rows), 1 or number of classes)."""
        values = self.values[rows]
        if self.kind == "continuous":
            return np.asarray(values, dtype=np.float64)[:, None]
        one_hot = values[:, None] == np.arange(len(self.classes))
        return np.asarray(one_hot, dtype=np.float64)

    def standardised(self) -> LabelColumn:
        """The column with mean 0 and standard deviation 1 over its labelled rows.

        Classes are left as they are. Units of a label are arbitrary; numbers near 1 keep squares
        of very large and very small ones within the range of float64.
        """
        if self.kind == "classes":
            return self
        # Largest value first: the spread of tiny labels would underflow.
        present = self.values[self.labelled]
        values = self.values / (np.abs(present).max() or 1.0)
        values = values - values[self.labelled].mean()
        spread = float(values[self.labelled].std())
        return LabelColumn(self.name, self.kind, values / (spread or 1.0))

    def take(self, index: ArrayLike) -> LabelColumn:
        """The same column for the rows `index` (positions or a boolean mask)."""
        return LabelColumn(self.name, self.kind, self.values[np.asarray(index)], self.classes)


@dataclass(frozen=True, eq=False, slots=True)
class Labels:
    """One or more label columns over the same rows.

    A row counts as labelled when *every* column is present in it.

    Attributes
    ----------
    columns : tuple of LabelColumn

    Examples
    --------
    >>> age = LabelColumn("age", "continuous", np.array([31.0, np.nan, 45.0]))
    >>> cell = LabelColumn("cell", "classes", np.array([1, 0, 0]), ("B", "T"))
    >>> labels = Labels((age, cell))
    >>> labels.labelled
    array([ True, False,  True])
    >>> labels.target_names
    ('age', 'cell=B', 'cell=T')
    >>> labels.targets()
    array([[31.,  0.,  1.],
           [45.,  1.,  0.]])
    """

    columns: tuple[LabelColumn, ...]

    def __len__(self) -> int:
        return len(self.columns[0].values)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the label columns."""
        return tuple(column.name for column in self.columns)

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Boolean mask of shape (n,): rows where every column is present."""
        mask: NDArray[np.bool_] = np.logical_and.reduce([c.labelled for c in self.columns])
        return mask

    @property
    def labelled_rows(self) -> NDArray[np.intp]:
        """Positions of the labelled rows, ascending."""
        return np.flatnonzero(self.labelled)

    @property
    def target_names(self) -> tuple[str, ...]:
        """Names of the columns of :meth:`targets`, ``name=class`` for classes."""
        return tuple(name for column in self.columns for name in column.target_names)

    def targets(self, rows: ArrayLike | None = None) -> NDArray[np.float64]:
        """Labels as a matrix: continuous columns as they are, classes one-hot.

        Parameters
        ----------
        rows : array-like of int or bool, default None
            Rows wanted, all of them labelled; None means every labelled row in order.

        Returns
        -------
        ndarray of shape (n_rows, q), float64
            All classes keep their own column, so a row of one-hot entries sums to 1.

        Raises
        ------
        InputError
            If a row asked for is unlabelled.
        """
        if rows is None:
            index = self.labelled_rows
        else:
            given = np.asarray(rows)
            index = np.flatnonzero(given) if given.dtype == bool else given.astype(np.intp)
            n_missing = int(np.count_nonzero(~self.labelled[index]))
            if n_missing:
                raise InputError(
                    f"{n_missing} of the {len(index)} rows asked for carry no label: "
                    "choose rows among labelled_rows"
                )
        return np.hstack([column.targets(index) for column in self.columns])

    def standardised(self) -> Labels:
        """The same labels, continuous columns with mean 0 and standard deviation 1.

        Examples
        --------
        >>> age = LabelColumn("age", "continuous", np.array([1e-200, np.nan, 3e-200]))
        >>> Labels((age,)).standardised().targets()
        array([[-1.],
               [ 1.]])
        """
        return Labels(tuple(column.standardised() for column in self.columns))

    def take(self, index: ArrayLike) -> Labels:
        """The same labels for the rows `index` (positions or a boolean mask)."""
        return Labels(tuple(column.take(index) for column in self.columns))


def derived_label(label: str, sources: Sequence[str]) -> Finding:
    """What to say of a label that was derived from modalities under study.

    Parameters
    ----------
    label : str
    sources : sequence of str
        Names of the modalities.

    Returns
    -------
    Finding
        ``"circular-label"``, serious.
    """
    derived = " and ".join(sources)
    return Finding(
        "circular-label",
        "serious",
        f"The label {label} was derived from {derived}.",
        f"Scores of {derived} are too good, and a recommendation for or against training "
        "may only repeat how the label was made.",
        "Use a label that was obtained independently of both modalities.",
    )
