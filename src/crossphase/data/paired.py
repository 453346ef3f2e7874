"""Paired data of two modalities with optional labels: what every estimator takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.data.align import AlignmentReport
from crossphase.data.checks import (
    check_values,
    feature_findings,
    read_features,
    repeated_row_findings,
    size_findings,
)
from crossphase.data.joining import (
    feature_rows,
    join_covariates,
    join_groups,
    join_labels,
    object_array,
    take_rows,
)
from crossphase.data.label_kinds import KindChoice
from crossphase.data.labels import Labels
from crossphase.data.matching import AlignChoice, match_pairs
from crossphase.errors import Finding
from crossphase.memory import require_memory
from crossphase.results.names import modality_names
from crossphase.sources import is_in_memory

__all__ = ["PairedData", "loaded"]


@dataclass(frozen=True, eq=False)
class PairedData:
    """n matched rows of two modalities, checked and ready to be used.

    Build it with :meth:`from_arrays`.

    Attributes
    ----------
    x, y : ndarray or RowSource of shape (n, dx), (n, dy)
        Up to 2²³ values as float64 in memory; larger ones as they were given, in memory or read
        on demand.
    labels : Labels or None
    alignment : AlignmentReport
        How rows were matched and what was dropped.
    ids : ndarray of shape (n,) or None
        Row IDs, of any hashable type.
    groups : ndarray of shape (n,) or None
        Blocks of dependent rows (donor, batch, night): integer codes into `group_names`; None
        too where all rows are of one group.
    group_names : tuple of str
    covariates : mapping of str to ndarray of shape (n,), or None
        Numbers as float64 (NaN where missing), everything else as text (empty where missing).
    x_name, y_name : str
        Names of the modalities.
    x_features, y_features : tuple of str, or None
        Feature names.
    findings : tuple of Finding
        What the checks noticed.
    checked : bool
        Whether every value was looked at. What is read on demand is checked when it is read.
    """

    x: NDArray[Any]
    y: NDArray[Any]
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
    checked: bool = True

    def __post_init__(self) -> None:
        x_name, y_name = modality_names((self.x_name, self.y_name))
        object.__setattr__(self, "x_name", x_name)
        object.__setattr__(self, "y_name", y_name)

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
        ids_groups: ArrayLike | None = None,
        covariates: Any = None,
        ids_covariates: ArrayLike | None = None,
        names: tuple[str, str] = ("x", "y"),
        label_kind: KindChoice | Mapping[str, KindChoice] = "auto",
        align: AlignChoice = "auto",
    ) -> PairedData:
        """Check and match two modalities and their labels.

        Nothing is repaired: what cannot be used as it is raises, what is merely worth knowing
        goes to `findings`.

        Parameters
        ----------
        x, y : array-like, data frame or sparse matrix of shape (n_x, dx), (n_y, dy)
            Real numbers, all finite. Sparse matrices are made dense up to 2 GiB.
        labels : array-like, series, frame or mapping, default None
            One or several label columns, of numbers, text, booleans or categories; None, NaN, NA
            or an empty text where unlabelled. Without IDs they follow the rows of `x`.
        labelled : array-like of int or bool, default None
            `labels` are for these rows of `x` only: positions, or a mask over the rows.
        ids_x, ids_y : array-like of shape (n_x,), (n_y,), default None
            Row IDs, unique in each modality. Rows are then matched by ID; those without a
            partner are dropped and reported. The index of a frame, unless it merely counts rows,
            carries IDs too; those must agree row by row or be asked for with ``align="id"``.
        ids_labels : array-like of shape (n_labels,), default None
            IDs of the label rows. Pairs without a label row are unlabelled.
        groups : array-like of shape (n_x,), default None
            Blocks of dependent rows, such as donors; none may be missing.
        ids_groups : array-like of shape (n_groups,), default None
            IDs of the group rows, when they are not the rows of `x`.
        covariates : mapping, frame or array-like of n_x rows, default None
            Known nuisances, such as batch or depth.
        ids_covariates : array-like of shape (n_covariates,), default None
            IDs of the covariate rows, when they are not the rows of `x`.
        names : tuple of str, default ("x", "y")
            Names of the modalities; two different ones.
        label_kind : {"auto", "continuous", "classes"} or mapping of label name to these
            How to read labels. ``"auto"`` takes text, booleans and categories for classes and
            numbers with fractions for continuous; whole numbers are guessed from how few and how
            frequent their values are, and the guess is reported.
        align : {"auto", "id", "position"}, default "auto"
            Whether to match by ID or by position, see `ids_x`.

        Returns
        -------
        PairedData
            In the row order of `x`.

        Raises
        ------
        InputError
            If the input cannot be used as it is; the message says how to mend it.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> data = PairedData.from_arrays(
        ...     rng.normal(size=(8, 2)), rng.normal(size=(7, 3)),
        ...     ["B", "T", "B", "T"], ids_labels=list("abcd"),
        ...     ids_x=list("abcdefgh"), ids_y=list("hgfedcb"),
        ... )
        >>> data.n, data.n_labelled, data.labels.columns[0].classes
        (7, 3, ('B', 'T'))
        >>> print(data.alignment)
        7 pairs, matched by ID; dropped 1 row of x (such as a), 1 label
        """
        names = modality_names(names)
        read = read_features(x, names[0]), read_features(y, names[1])
        rows_x = feature_rows(read[0], names[0], ids_x)
        rows_y = feature_rows(read[1], names[1], ids_y)
        alignment, findings = match_pairs(rows_x, rows_y, align)
        pairs_x, pairs_y, report = alignment.rows_x, alignment.rows_y, alignment.report

        ids = rows_x.ids if rows_x.ids is not None else rows_y.ids
        kept_ids = None if ids is None else [ids[row] for row in pairs_x]
        values = []
        for features, rows in zip(read, (pairs_x, pairs_y), strict=True):
            values.append(take_rows(features.values, rows))
        checked = all(is_in_memory(of) for of in values)
        if checked:
            for features, kept, name, rows in zip(
                read, values, names, (pairs_x, pairs_y), strict=True
            ):
                scan = check_values(kept, name, names=features.names, rows=rows, ids=kept_ids)
                findings.extend(feature_findings(kept, name, features.names, scan))
        findings.extend(size_findings(len(pairs_x), values[0].shape[1], values[1].shape[1]))
        if checked:
            findings.extend(repeated_row_findings(values[0], values[1]))

        parsed, found, n_labels_dropped = join_labels(
            labels,
            rows_x,
            pairs_x,
            ids=ids_labels,
            labelled=labelled,
            kind=label_kind,
            align=align,
            moved=not np.array_equal(pairs_x, pairs_y),
        )
        findings.extend(found)
        report = replace(report, n_labels_dropped=n_labels_dropped)
        codes, group_names, found = join_groups(groups, ids_groups, rows_x, pairs_x, align)
        findings.extend(found)
        return cls(
            x=values[0],
            y=values[1],
            labels=parsed,
            alignment=report,
            ids=None if kept_ids is None else object_array(kept_ids),
            groups=codes,
            group_names=group_names,
            covariates=join_covariates(covariates, ids_covariates, rows_x, pairs_x, align),
            x_name=names[0],
            y_name=names[1],
            x_features=read[0].names,
            y_features=read[1].names,
            findings=tuple(findings),
            checked=checked,
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
        """The same data for the rows `index` (positions or a boolean mask).

        `alignment` and `findings` stay those of the whole.
        """
        rows = np.asarray(index)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.intp)
        return self.beside(rows, take_rows(self.x, rows), take_rows(self.y, rows))

    def beside(self, rows: NDArray[np.intp], x: NDArray[Any], y: NDArray[Any]) -> PairedData:
        """The same data for some rows, whose values are given.

        Parameters
        ----------
        rows : ndarray of int
            Positions.
        x, y : ndarray or RowSource of shape (len(rows), dx), (len(rows), dy)
        """
        return replace(
            self,
            x=x,
            y=y,
            labels=None if self.labels is None else self.labels.take(rows),
            ids=None if self.ids is None else self.ids[rows],
            groups=None if self.groups is None else self.groups[rows],
            covariates=None
            if self.covariates is None
            else {name: values[rows] for name, values in self.covariates.items()},
        )

    def in_memory(self) -> PairedData:
        """The same with all values in memory as float64, and checked.

        Raises
        ------
        InputError
            If the values would not fit, or cannot be used.
        """
        x, y = (loaded(of, name) for of, name in ((self.x, self.x_name), (self.y, self.y_name)))
        data = replace(self, x=x, y=y, checked=True)
        if self.checked:
            return data
        found: list[Finding] = []
        for of, name, names in (
            (x, self.x_name, self.x_features),
            (y, self.y_name, self.y_features),
        ):
            scan = check_values(of, name, names=names)
            found += feature_findings(of, name, names, scan)
        return replace(data, findings=(*self.findings, *found, *repeated_row_findings(x, y)))


def loaded(values: Any, name: str) -> NDArray[np.float64]:
    """All rows of one modality in memory, as float64.

    Raises
    ------
    InputError
        If they would not fit.
    """
    if is_in_memory(values) and values.dtype == np.float64:
        return values
    require_memory(8 * values.shape[0] * values.shape[1], f"{name} as a whole")
    return np.ascontiguousarray(np.asarray(values), dtype=np.float64)
