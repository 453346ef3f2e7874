"""Data of any number of modalities: the rows that all of them have, with labels for some."""

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
    join_groups,
    join_labels,
    object_array,
    take_rows,
)
from crossphase.data.label_kinds import KindChoice
from crossphase.data.labels import Labels
from crossphase.data.matching import AlignChoice, Rows, match_pairs
from crossphase.data.outlying import find_outlying
from crossphase.data.paired import PairedData, loaded
from crossphase.errors import Finding, InputError
from crossphase.results.formatting import counted
from crossphase.results.names import distinct_names
from crossphase.sources import Table

__all__ = ["MultimodalData"]

Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class MultimodalData:
    """The n rows that two or more modalities have in common, checked and ready to be used.

    Build it with :meth:`from_arrays`.

    Attributes
    ----------
    views : mapping of str to ndarray of shape (n, d)
        float64, C-contiguous, finite; in alphabetical order of the names, whatever order they
        were given in.
    labels : Labels or None
    ids : ndarray of shape (n,) or None
        Row IDs.
    groups : ndarray of shape (n,) or None
        Blocks of dependent rows: integer codes into `group_names`.
    group_names : tuple of str
    n_given : mapping of str to int
        Rows that each modality had.
    matched_by : {"id", "position"}
    features : mapping of str to tuple of str
        Feature names of the modalities that have them.
    view_findings : mapping of str to tuple of Finding
        What was noticed in each modality.
    findings : tuple of Finding
        What was noticed of rows and labels.
    """

    views: Mapping[str, NDArray[np.float64]]
    labels: Labels | None
    ids: NDArray[Any] | None = None
    groups: Ints | None = None
    group_names: tuple[str, ...] = ()
    n_given: Mapping[str, int] = field(default_factory=dict)
    matched_by: str = "position"
    features: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    view_findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @classmethod
    def from_arrays(
        cls,
        views: Mapping[str, Any],
        labels: Any = None,
        *,
        labelled: ArrayLike | None = None,
        ids: Mapping[str, ArrayLike] | None = None,
        ids_labels: ArrayLike | None = None,
        groups: Any = None,
        ids_groups: ArrayLike | None = None,
        label_kind: KindChoice | Mapping[str, KindChoice] = "auto",
        align: AlignChoice = "auto",
    ) -> MultimodalData:
        """Check and match several modalities and their labels.

        Parameters
        ----------
        views : mapping of str to array-like, data frame or sparse matrix of shape (n, d)
            Two or more modalities by name. All must be finite numbers.
        labels : array-like, series, frame or mapping, default None
            As for :meth:`crossphase.PairedData.from_arrays`; without IDs they follow the rows of
            the first modality given, as `labelled` and `groups` do.
        labelled : array-like of int or bool, default None
            The rows that `labels` are for, if they are for some rows only.
        ids : mapping of str to array-like of shape (n,), default None
            Row IDs of every modality. Rows are then matched by ID, and those that a modality
            lacks are dropped from all. The index of a frame carries IDs too.
        ids_labels, ids_groups : array-like, default None
            IDs of the rows of labels and of groups.
        groups : array-like of shape (n,), default None
            Blocks of dependent rows, such as donors.
        label_kind, align
            As for :meth:`crossphase.PairedData.from_arrays`.

        Returns
        -------
        MultimodalData
            In the row order of the modality that comes first in the alphabet, so that the order
            in which modalities are given changes nothing.

        Raises
        ------
        InputError
            If the input cannot be used as it is; the message says how to mend it.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> data = MultimodalData.from_arrays(
        ...     {"rna": rng.normal(size=(6, 3)), "atac": rng.normal(size=(5, 2))},
        ...     ids={"rna": list("abcdef"), "atac": list("fedcb")},
        ... )
        >>> data.n, list(data.views), list(data.ids)
        (5, ['atac', 'rna'], ['f', 'e', 'd', 'c', 'b'])
        """
        if not isinstance(views, Mapping):
            raise InputError(
                f"views are a {type(views).__name__}: give a mapping of name to array, such as "
                "{'rna': X, 'protein': Y}"
            )
        if len(views) < 2:
            raise InputError(
                f"{counted(len(views), 'modality', 'modalities')} given: give at least two"
            )
        unnamed = [name for name in views if not isinstance(name, str)]
        if unnamed:
            raise InputError(f"a modality is called {unnamed[0]!r}: give every one a text for name")
        given = dict(zip(distinct_names(list(views)), views.values(), strict=True))
        read = {name: read_features(table, name) for name, table in given.items()}
        rows = _rows(read, ids)
        at, findings, by = _common_rows(rows, align)
        first = next(iter(at))

        own_ids = next((each.ids for each in rows.values() if each.ids is not None), None)
        source = next((name for name, each in rows.items() if each.ids is not None), first)
        kept_ids = None if own_ids is None else [own_ids[row] for row in at[source]]
        values, noticed = {}, {}
        for name in sorted(read):
            kept = loaded(take_rows(read[name].values, at[name]), name)
            check_values(kept, name, names=read[name].names, rows=at[name], ids=kept_ids)
            noticed[name] = tuple(feature_findings(kept, name, read[name].names))
            values[name] = kept
        parsed, found, _ = join_labels(
            labels,
            rows[first],
            at[first],
            ids=ids_labels,
            labelled=labelled,
            kind=label_kind,
            align=align,
            moved=any(not np.array_equal(at[first], positions) for positions in at.values()),
        )
        codes, group_names, of_groups = join_groups(
            groups, ids_groups, rows[first], at[first], align
        )
        return cls(
            views=values,
            labels=parsed,
            ids=None if kept_ids is None else object_array(kept_ids),
            groups=codes,
            group_names=group_names,
            n_given={name: rows[name].count for name in values},
            matched_by=by,
            features={name: names for name in values if (names := read[name].names) is not None},
            view_findings=noticed,
            findings=(*findings, *found, *of_groups),
        )

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(next(iter(self.views.values())))

    @property
    def n_labelled(self) -> int:
        """Number of rows with every label present."""
        return 0 if self.labels is None else len(self.labels.labelled_rows)

    def take(self, index: ArrayLike) -> MultimodalData:
        """The same data for the rows `index` (positions or a boolean mask)."""
        rows = np.asarray(index)
        return replace(
            self,
            views={name: np.ascontiguousarray(of[rows]) for name, of in self.views.items()},
            labels=None if self.labels is None else self.labels.take(rows),
            ids=None if self.ids is None else self.ids[rows],
            groups=None if self.groups is None else self.groups[rows],
        )

    def without_outlying(self) -> MultimodalData:
        """Leave out rows that lie far outside in any modality, and say so.

        As :func:`crossphase.diagnose` does for two; here the rows stay the same for every pair.
        """
        far, finding = find_outlying(self.views, self.labels, self.ids)
        if finding is None:
            return self
        rest = self if far is None else self.take(~far)
        return replace(rest, findings=(*self.findings, finding))

    def pair(self, x: str, y: str) -> PairedData:
        """Two of the modalities.

        Parameters
        ----------
        x, y : str

        Returns
        -------
        PairedData
            With the rows, labels and groups that all modalities share.

        Raises
        ------
        InputError
            If there is no such modality, or one is named twice.
        """
        for name in (x, y):
            if name not in self.views:
                raise InputError(f"no modality {name!r}: choose among {', '.join(self.views)}")
        if x == y:
            raise InputError(f"x and y are both {x!r}: choose two different modalities")
        of_x, of_y = self.views[x], self.views[y]
        return PairedData(
            x=of_x,
            y=of_y,
            labels=self.labels,
            alignment=AlignmentReport(
                "id" if self.matched_by == "id" else "position",
                self.n_given.get(x, self.n),
                self.n_given.get(y, self.n),
                self.n,
                dropped_x=self.n_given.get(x, self.n) - self.n,
                dropped_y=self.n_given.get(y, self.n) - self.n,
            ),
            ids=self.ids,
            groups=self.groups,
            group_names=self.group_names,
            x_name=x,
            y_name=y,
            x_features=self.features.get(x),
            y_features=self.features.get(y),
            findings=(
                *self.view_findings.get(x, ()),
                *self.view_findings.get(y, ()),
                *size_findings(self.n, of_x.shape[1], of_y.shape[1]),
                *repeated_row_findings(of_x, of_y),
            ),
        )


def _rows(read: Mapping[str, Table], ids: Mapping[str, ArrayLike] | None) -> dict[str, Rows]:
    if ids is None:
        return {name: feature_rows(features, name, None) for name, features in read.items()}
    if not isinstance(ids, Mapping) or set(ids) != set(read):
        named = ", ".join(map(str, ids)) if isinstance(ids, Mapping) else type(ids).__name__
        raise InputError(f"ids of {named}: give row IDs of every modality, {', '.join(read)}")
    return {name: feature_rows(features, name, ids[name]) for name, features in read.items()}


def _common_rows(
    rows: Mapping[str, Rows], align: AlignChoice
) -> tuple[dict[str, Ints], list[Finding], str]:
    """Positions of the common rows in every modality, in the order of the first by name."""
    names = list(rows)
    first = names[0]
    findings: dict[str, Finding] = {}
    position = {first: np.arange(rows[first].count)}
    by = "position"
    for name in names[1:]:
        alignment, found = match_pairs(rows[first], rows[name], align)
        position[name] = np.full(rows[first].count, -1, dtype=np.intp)
        position[name][alignment.rows_x] = alignment.rows_y
        by = alignment.report.by
        findings |= {one.finding: one for one in found if one.code != "rows-dropped"}
    common = np.logical_and.reduce([at >= 0 for at in position.values()])
    if not common.any():
        raise InputError(
            f"no row is in all of {', '.join(names)}: give the rows that they share, or leave "
            "modalities out"
        )
    at = {name: of[common] for name, of in position.items()}
    order = np.argsort(at[min(names)], kind="stable")
    at = {name: of[order] for name, of in at.items()}
    dropped = {name: rows[name].count - len(of) for name, of in at.items()}
    if any(dropped.values()):
        lost = max(count / rows[name].count for name, count in dropped.items())
        told = ", ".join(f"{count} of {name}" for name, count in dropped.items() if count)
        findings["dropped"] = Finding(
            "rows-dropped",
            "warning" if lost > 0.5 else "info",
            f"{len(order)} rows are in all {len(names)} modalities; dropped: {told}.",
            "Every pair is compared on the same rows, so rows that one modality lacks are left "
            "out of all.",
            "Leave out the modality that lacks most rows." if lost > 0.5 else "",
        )
    return at, list(findings.values()), by
