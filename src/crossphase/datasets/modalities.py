"""Several modalities of the same rows, with labels that know what they were derived from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.data import LabelKind, MultimodalData, PairedData, derived_label
from crossphase.errors import Finding, InputError

__all__ = ["DatasetLabel", "Modalities"]


@dataclass(frozen=True, eq=False)
class DatasetLabel:
    """One label of every row.

    Attributes
    ----------
    values : ndarray of shape (n,)
        Classes as text, empty where unlabelled; continuous labels as float64, NaN where
        unlabelled.
    kind : {"classes", "continuous"}
    circular_for : tuple of str
        Views that this label was derived from. How well they foretell it says nothing.
    description : str

    Examples
    --------
    >>> label = DatasetLabel(np.array(["A", "", "B"]), "classes", circular_for=("rna",))
    >>> label.labelled
    array([ True, False,  True])
    """

    values: NDArray[Any]
    kind: LabelKind
    circular_for: tuple[str, ...] = ()
    description: str = ""

    def __post_init__(self) -> None:
        if self.kind not in ("classes", "continuous"):
            raise InputError(f"kind={self.kind!r}: choose classes or continuous")
        dtype: Any = np.float64 if self.kind == "continuous" else np.str_
        object.__setattr__(self, "values", np.asarray(self.values, dtype=dtype))

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Boolean mask of shape (n,): rows where the label is present."""
        present: NDArray[np.bool_] = (
            ~np.isnan(self.values) if self.kind == "continuous" else self.values != ""
        )
        return present


@dataclass(frozen=True, eq=False)
class Modalities:
    """Two or more modalities of the same n rows.

    Attributes
    ----------
    name : str
        Of the dataset.
    views : mapping of str to ndarray of shape (n, d_view)
        Features, float64; may be empty where only `raw` is known yet.
    labels : mapping of str to DatasetLabel
        The first is the one taken where none is named.
    raw : mapping of str to sequence of length n
        What an encoder can make features from, by view: texts, images (uint8 arrays, or paths),
        or whatever the encoder takes.
    ids : ndarray of shape (n,) or None
        Row IDs.
    groups : ndarray of shape (n,) or None
        Blocks of dependent rows, such as donors.
    features : mapping of str to tuple of str
        Feature names of the views that have them.
    covariates : mapping of str to ndarray of shape (n,)
        Known nuisances, such as batch.
    description, licence, citation : str
        What it is, under which terms it may be used, and whom to cite.
    findings : tuple of Finding
        What was noticed while the data were read; carried over to every pair.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cells = Modalities(
    ...     "cells",
    ...     {"rna": rng.normal(size=(6, 3)), "protein": rng.normal(size=(6, 2))},
    ...     {"type": DatasetLabel(np.array(list("ABABAB")), "classes", circular_for=("rna",))},
    ... )
    >>> cells.n
    6
    >>> cells.pair("rna", "protein", "type")
    Traceback (most recent call last):
    crossphase.errors.InputError: cells: the label 'type' was derived from rna, so how well that
    view foretells it says nothing: choose another label or pair, or allow_circular=True
    """

    name: str
    views: Mapping[str, NDArray[np.float64]]
    labels: Mapping[str, DatasetLabel] = field(default_factory=dict)
    raw: Mapping[str, Sequence[Any] | NDArray[Any]] = field(default_factory=dict)
    ids: NDArray[Any] | None = None
    groups: NDArray[Any] | None = None
    features: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    covariates: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    description: str = ""
    licence: str = ""
    citation: str = ""
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        lengths = {f"view {view!r}": len(values) for view, values in self.views.items()}
        lengths |= {f"raw {view!r}": len(values) for view, values in self.raw.items()}
        lengths |= {f"label {name!r}": len(label.values) for name, label in self.labels.items()}
        lengths |= {f"covariate {name!r}": len(of) for name, of in self.covariates.items()}
        lengths |= {
            name: len(of) for name in ("ids", "groups") if (of := getattr(self, name)) is not None
        }
        if not lengths:
            raise InputError(f"{self.name} is empty: give views or raw")
        first, n = next(iter(lengths.items()))
        for name, length in lengths.items():
            if length != n:
                raise InputError(
                    f"{self.name}: {first} has {n} rows and {name} {length}: match the rows first"
                )
        for name, label in self.labels.items():
            unknown = set(label.circular_for) - {*self.views, *self.raw}
            if unknown:
                raise InputError(
                    f"{self.name}: label {name!r} is circular for {min(unknown)!r}, "
                    f"which is no view: choose among {', '.join({**self.views, **self.raw})}"
                )
        for name in ("views", "labels", "raw", "features", "covariates"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def n(self) -> int:
        """Number of rows."""
        whole: Iterable[Sized] = (*self.views.values(), *self.raw.values())
        return len(next(iter(whole)))

    def label_names(self, x: str, y: str) -> tuple[str, ...]:
        """Labels that were derived from neither of two views, in order."""
        return tuple(
            name for name, label in self.labels.items() if not {x, y} & set(label.circular_for)
        )

    def with_views(self, views: Mapping[str, NDArray[np.float64]]) -> Modalities:
        """The same rows with further views, such as an encoder's features of `raw`.

        Parameters
        ----------
        views : mapping of str to ndarray of shape (n, d_view)
            A view of a name that is there already takes its place.
        """
        return replace(self, views={**self.views, **views})

    def take(self, index: ArrayLike) -> Modalities:
        """The same modalities for the rows `index` (positions or a boolean mask)."""
        given = np.asarray(index)
        rows = np.flatnonzero(given) if given.dtype == bool else given.astype(np.intp)
        return replace(
            self,
            views={view: values[rows] for view, values in self.views.items()},
            labels={
                name: replace(label, values=label.values[rows])
                for name, label in self.labels.items()
            },
            raw={
                view: values[rows] if isinstance(values, np.ndarray) else [values[i] for i in rows]
                for view, values in self.raw.items()
            },
            ids=None if self.ids is None else self.ids[rows],
            groups=None if self.groups is None else self.groups[rows],
            covariates={name: values[rows] for name, values in self.covariates.items()},
        )

    def pair(
        self,
        x: str,
        y: str,
        label: str | None = None,
        *,
        n_labelled: int | None = None,
        seed: int = 0,
        allow_circular: bool = False,
    ) -> PairedData:
        """Two of the views as paired data.

        Parameters
        ----------
        x, y : str
            View names, keys of `views`.
        label : str, default None
            Name of a label; None takes the first that was derived from neither view, and, where
            every label was, none.
        n_labelled : int, default None
            Keep the labels of this many rows only, classes drawn evenly; None keeps all. The
            draw depends on the label and `seed` alone, so every pair of views gets the same rows.
        seed : int, default 0
            Seed of that draw.
        allow_circular : bool, default False
            Take a label that was derived from one of the two views all the same. The result then
            carries the finding ``"circular-label"``.

        Returns
        -------
        PairedData
            All n rows; unlabelled where the draw left them out.

        Raises
        ------
        InputError
            If a view or label is unknown, a view is named twice, the label was derived from one
            of them, or `n_labelled` is out of range.

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
        if label is None:
            label = next(iter(self.label_names(x, y)), None)
        findings = self.findings
        labels, rows, kinds = None, None, {}
        if label is not None:
            findings += self._circular(label, (x, y), allow_circular)
            chosen = self.labels[label]
            rows = self._labelled_rows(chosen, n_labelled, seed)
            labels, kinds = {label: chosen.values[rows]}, {label: chosen.kind}
        elif n_labelled is not None:
            raise InputError(
                f"{self.name} has no label that was not derived from {x} or {y}: "
                "name one, or leave n_labelled out"
            )
        data = PairedData.from_arrays(
            self.views[x],
            self.views[y],
            labels,
            labelled=rows,
            groups=self.groups,
            covariates=dict(self.covariates) or None,
            names=(x, y),
            label_kind=kinds or "auto",
        )
        # The rows are pairs already: IDs name them, and two of them may share a name.
        return replace(
            data,
            ids=None if self.ids is None else self.ids.astype(object),
            findings=(*findings, *data.findings),
            x_features=self.features.get(x),
            y_features=self.features.get(y),
        )

    def together(
        self,
        label: str | None = None,
        *,
        views: Sequence[str] | None = None,
        n_labelled: int | None = None,
        seed: int = 0,
        allow_circular: bool = False,
    ) -> MultimodalData:
        """All views, or some of them, as data of several modalities.

        Parameters
        ----------
        label : str, default None
            Name of a label; None takes the first that was derived from none of the views, and,
            where every label was, none.
        views : sequence of str, default None
            Names of two or more views; None takes all.
        n_labelled, seed, allow_circular
            As for :meth:`pair`, which draws the same rows.

        Returns
        -------
        MultimodalData

        Raises
        ------
        InputError
            As :meth:`pair` does.

        Examples
        --------
        >>> import crossphase as xp
        >>> data = xp.datasets.load("digits-views").together(n_labelled=200)
        >>> len(data.views), data.n, data.n_labelled
        (6, 2000, 200)
        """
        chosen = tuple(self.views) if views is None else tuple(views)
        for view in chosen:
            if view not in self.views:
                raise InputError(
                    f"{self.name} has no view {view!r}: choose among {', '.join(self.views)}"
                )
        if label is None:
            sound = (n for n, of in self.labels.items() if not set(chosen) & set(of.circular_for))
            label = next(sound, None)
        findings = self.findings
        labels, rows, kinds = None, None, {}
        if label is not None:
            findings += self._circular(label, chosen, allow_circular)
            rows = self._labelled_rows(self.labels[label], n_labelled, seed)
            labels = {label: self.labels[label].values[rows]}
            kinds = {label: self.labels[label].kind}
        elif n_labelled is not None:
            raise InputError(
                f"{self.name} has no label that was derived from none of {', '.join(chosen)}: "
                "name one, or leave n_labelled out"
            )
        data = MultimodalData.from_arrays(
            {view: self.views[view] for view in chosen},
            labels,
            labelled=rows,
            ids=None if self.ids is None else dict.fromkeys(chosen, self.ids),
            groups=self.groups,
            label_kind=kinds or "auto",
        )
        return replace(
            data,
            findings=(*findings, *data.findings),
            features={view: self.features[view] for view in chosen if view in self.features},
        )

    def _circular(self, label: str, pair: Sequence[str], allowed: bool) -> tuple[Finding, ...]:
        """The finding on a label derived from one of the views; raises unless allowed."""
        if label not in self.labels:
            raise InputError(
                f"{self.name} has no label {label!r}: choose among {', '.join(self.labels)}"
            )
        sources = [view for view in pair if view in self.labels[label].circular_for]
        if not sources:
            return ()
        if not allowed:
            derived = " and ".join(sources)
            raise InputError(
                f"{self.name}: the label {label!r} was derived from {derived}, so how well that "
                "view foretells it says nothing: choose another label or pair, or "
                "allow_circular=True"
            )
        return (derived_label(label, sources),)

    def _labelled_rows(
        self, label: DatasetLabel, n_labelled: int | None, seed: int
    ) -> NDArray[np.intp]:
        present = np.flatnonzero(label.labelled)
        if n_labelled is None:
            return present
        values = label.values[present] if label.kind == "classes" else np.zeros(len(present))
        classes, codes = np.unique(values, return_inverse=True)
        if not len(classes) <= n_labelled <= len(present):
            least = f"{len(classes)} (one for each class)" if label.kind == "classes" else "1"
            raise InputError(
                f"n_labelled={n_labelled}: give a number between {least} and {len(present)}"
            )
        order = np.random.default_rng(seed).permutation(len(present))
        # Deal the shuffled rows out class by class, round after round.
        turn = np.empty(len(present), dtype=np.intp)
        for code in range(len(classes)):
            own = order[codes[order] == code]
            turn[own] = np.arange(len(own))
        dealt = order[np.argsort(turn[order], kind="stable")]
        return np.sort(present[dealt[:n_labelled]])
