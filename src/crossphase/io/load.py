"""From files to paired data: what the command line calls."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from crossphase.data import AlignChoice, KindChoice, PairedData
from crossphase.errors import InputError
from crossphase.io.about import derived_labels
from crossphase.io.tables import read_labels, read_table
from crossphase.sources import Table

__all__ = ["PathLike", "aside_columns", "load_paired", "read_beside"]

PathLike = str | os.PathLike[str]


def load_paired(
    x_path: PathLike,
    y_path: PathLike,
    labels_path: PathLike | None = None,
    *,
    x_key: str | None = None,
    y_key: str | None = None,
    labels_key: str | None = None,
    id_column: str | None = None,
    label_columns: Sequence[str] = (),
    label_kind: KindChoice | Mapping[str, KindChoice] = "auto",
    groups_column: str | None = None,
    covariate_columns: Sequence[str] = (),
    names: tuple[str | None, str | None] = (None, None),
    align: AlignChoice = "auto",
    tables: tuple[Table | None, Table | None] = (None, None),
) -> PairedData:
    """Read two modalities and their labels from files, and match their rows.

    Parameters
    ----------
    x_path, y_path : str or path-like
        Of any format of :func:`crossphase.io.read_table`. Large tables are not read here: their
        rows are, when they are needed.
    labels_path : str or path-like, default None
        The same formats. Without it, `label_columns` are taken from the table of x, or of y.
    x_key, y_key, labels_key : str, default None
        Which one is meant of several, see :func:`crossphase.io.read_table`.
    id_column : str, default None
        Column with row IDs, in x, y and labels alike (labels in a .npy file follow the rows of
        x). Rows are then matched by ID, compared as text.
    label_columns : sequence of str, default ()
        Labels. Columns of these names are never used as features.
    label_kind : {"auto", "continuous", "classes"} or mapping of label name to these
        See :meth:`crossphase.PairedData.from_arrays`.
    groups_column : str, default None
        Column with blocks of dependent rows, looked for in x, y and labels in this order.
    covariate_columns : sequence of str, default ()
        Known nuisances, looked for in x, y and labels in this order; all in one table.
    names : tuple of (str or None, str or None), default (None, None)
        Names of the modalities; None takes the file name without its ending.
    align : {"auto", "id", "position"}, default "auto"
        See :meth:`crossphase.PairedData.from_arrays`.
    tables : tuple of Table or None
        Tables of x and y that were read already.

    Returns
    -------
    PairedData

    Raises
    ------
    InputError
        If a file or what it holds cannot be used; one line that says how to mend it.
    MissingExtraError
        If a package is needed that is not installed.
    """
    of_files = _names(Path(x_path), Path(y_path), x_key, y_key)
    aside = aside_columns(label_columns, groups_column, covariate_columns)
    x = tables[0] or read_table(x_path, key=x_key, id_column=id_column, aside=aside)
    y = tables[1] or read_table(y_path, key=y_key, id_column=id_column, aside=aside)
    named = (names[0] or of_files[0], names[1] or of_files[1])
    data = PairedData.from_arrays(
        x,
        y,
        names=named,
        label_kind=label_kind,
        align=align,
        **read_beside(
            (x, y),
            labels_path,
            labels_key=labels_key,
            id_column=id_column,
            label_columns=label_columns,
            groups_column=groups_column,
            covariate_columns=covariate_columns,
        ),
    )
    files = (x.path, y.path) if labels_path is None else (Path(labels_path),)
    labels = label_columns or ([] if labels_key is None else [labels_key])
    derived = derived_labels(files, labels, dict(zip(named, (x_key, y_key), strict=True)))
    return replace(data, findings=(*derived, *data.findings))


def aside_columns(
    label_columns: Sequence[str], groups_column: str | None, covariate_columns: Sequence[str] = ()
) -> list[str]:
    """Columns that are never features.

    Raises
    ------
    InputError
        If one is a label and a covariate.
    """
    both = [name for name in covariate_columns if name in label_columns]
    if both:
        raise InputError(f"{both[0]!r} is a label and a covariate: drop one of the two")
    return [
        *label_columns,
        *([] if groups_column is None else [groups_column]),
        *covariate_columns,
    ]


def read_beside(
    tables: Sequence[Table],
    labels_path: PathLike | None,
    *,
    labels_key: str | None,
    id_column: str | None,
    label_columns: Sequence[str],
    groups_column: str | None,
    covariate_columns: Sequence[str] = (),
) -> dict[str, Any]:
    """Labels, groups and covariates with their IDs: from a file of their own, or from the tables.

    Parameters
    ----------
    tables : sequence of Table
        Of the modalities, read with :func:`aside_columns`.
    labels_path, labels_key, id_column, label_columns, groups_column, covariate_columns
        As for :func:`load_paired`.

    Returns
    -------
    dict
        Arguments of :meth:`crossphase.PairedData.from_arrays`; those of covariates only if any
        are asked for.

    Raises
    ------
    InputError
        If a file cannot be used, or a column is missing.
    """
    found: dict[str, Any] = dict.fromkeys(("labels", "ids_labels", "groups", "ids_groups"))
    searched = list(tables)
    if labels_path is not None:
        aside = [name for name in (groups_column, *covariate_columns) if name is not None]
        table = read_labels(
            labels_path, label_columns or None, key=labels_key, id_column=id_column, aside=aside
        )
        found |= _with_ids("labels", table.values, table)
        searched.append(table)
    elif label_columns:
        source = _holder(label_columns, tables, "label")
        labels = {name: source.columns[name] for name in label_columns}
        found |= _with_ids("labels", labels, source)
    if groups_column is not None:
        source = _holder([groups_column], searched, "groups")
        found |= _with_ids("groups", {groups_column: source.columns[groups_column]}, source)
    if covariate_columns:
        source = _holder(covariate_columns, searched, "covariate")
        covariates = {name: source.columns[name] for name in covariate_columns}
        found |= _with_ids("covariates", covariates, source)
    return found


def _with_ids(name: str, values: Any, source: Table) -> dict[str, Any]:
    """Values beside the features, and the IDs of their rows; an index has to be asked for."""
    if source.named or not (source.counted or source.ids is not None):
        return {name: values, f"ids_{name}": source.ids}
    return {name: Table(values, ids=source.ids, counted=source.counted)}


def _holder(wanted: Sequence[str], tables: Sequence[Table], role: str) -> Table:
    """The first table with all the columns wanted."""
    for table in tables:
        if all(name in table.columns for name in wanted):
            return table
    there: dict[str, Any] = {
        name: [str(table.path) for table in tables if name in table.columns] for name in wanted
    }
    absent = [name for name, paths in there.items() if not paths]
    if absent:
        searched = " nor ".join(dict.fromkeys(str(table.path) for table in tables))
        raise InputError(
            f"there is no {role} column {absent[0]!r} in {searched}: check the name, or give a "
            "table of labels"
        )
    spread = ", ".join(f"{name} in {paths[0]}" for name, paths in there.items())
    raise InputError(f"{role} columns are spread over tables ({spread}): put them in one")


def _names(x_path: Path, y_path: Path, x_key: str | None, y_key: str | None) -> tuple[str, str]:
    """Short names that differ: file stems, else archive keys, else folders."""
    if x_path == y_path and x_key == y_key:
        raise InputError(f"x and y are the same table, {x_path}: give two modalities")
    for first, second in (
        (x_path.stem, y_path.stem),
        (x_key or x_path.stem, y_key or y_path.stem),
        (x_path.absolute().parent.name, y_path.absolute().parent.name),
    ):
        if first != second and first and second:
            return first, second
    return "x", "y"
