"""Modalities, labels and groups by their keys in one annotated object (AnnData, MuData)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crossphase.errors import InputError
from crossphase.sources import Table
from crossphase.sources.modalities import modalities

__all__ = ["is_annotated", "keyed_pair", "keyed_views"]


def is_annotated(table: Any) -> bool:
    """Whether an object names its rows and holds matrices by key, as AnnData and MuData do."""
    return hasattr(table, "obs_names") and hasattr(table, "uns")


def keyed_pair(
    x: Any,
    y: Any,
    x_key: str | None,
    y_key: str | None,
    *,
    labels: Any = None,
    groups: Any = None,
    covariates: Any = None,
    names: tuple[str, str] = ("x", "y"),
) -> dict[str, Any]:
    """Arguments of :meth:`crossphase.PairedData.from_arrays` for what keys name.

    Parameters
    ----------
    x : AnnData, MuData, array-like or frame
    y : same, or None
        None looks for `y_key` in `x`.
    x_key, y_key : str or None
        Keys of :func:`crossphase.sources.annotated.open_key`; None takes the object as it is.
    labels, groups, covariates : str, sequence of str, or what from_arrays takes
        Texts name columns of obs.
    names : tuple of str
        The default becomes the keys.

    Raises
    ------
    InputError
        If a key or column does not exist; those that do are listed.
    """
    y = x if y is None else y
    opened = [_opened(of, key, name) for of, key, name in ((x, x_key, "x"), (y, y_key, "y"))]
    if names == ("x", "y"):
        found = tuple(key or name for key, name in zip((x_key, y_key), names, strict=True))
        names = (found[0], found[1]) if found[0] != found[1] else names
    given = {"x": opened[0], "y": opened[1], "names": names}
    tables = [of for of in opened if isinstance(of, Table)]
    for name, value in (("labels", labels), ("groups", groups), ("covariates", covariates)):
        given |= _columns(tables, name, value)
    return given


def keyed_views(table: Any, labels: Any = None, groups: Any = None) -> dict[str, Any]:
    """Arguments of :meth:`crossphase.data.MultimodalData.from_arrays` for all of a MuData.

    Parameters
    ----------
    table : MuData
    labels, groups : str, sequence of str, or what from_arrays takes
    """
    views = {name: _opened(table, name, name) for name in modalities(table)}
    if not views:
        raise InputError(
            "an AnnData holds one table of rows: give a mapping of name to array, such as "
            "{'rna': adata.X, 'protein': adata.obsm['protein']}"
        )
    given: dict[str, Any] = {"views": views}
    for name, value in (("labels", labels), ("groups", groups)):
        given |= _columns(list(views.values()), name, value)
    return given


def _opened(table: Any, key: str | None, name: str) -> Any:
    if key is None:
        return table
    if not is_annotated(table):
        raise InputError(
            f"{name}_key={key!r} was given, but {name} is a {type(table).__name__}: keys are of "
            "AnnData, MuData and files"
        )
    from crossphase.sources.annotated import open_key

    return open_key(table, key, name)


def _columns(tables: Sequence[Table], name: str, value: Any) -> dict[str, Any]:
    """Columns by name, with the IDs of their rows; anything else as it is."""
    wanted = [value] if isinstance(value, str) else value
    by_name = (
        isinstance(wanted, list | tuple) and wanted and all(isinstance(one, str) for one in wanted)
    )
    if value is None or not by_name or not tables:
        return {name: value}
    if not isinstance(value, str) and any(len(value) == len(of.values) for of in tables):
        return {name: value}  # as many texts as rows are labels themselves
    for table in tables:
        if all(one in table.columns for one in wanted):
            found: Any = {one: table.columns[one] for one in wanted}
            if isinstance(value, str) and name == "groups":
                found = found[value]
            return {name: found, f"ids_{name}": table.ids}
    there = list(dict.fromkeys(column for of in tables for column in of.columns))
    absent = next(
        (one for one in wanted if one not in there), ", ".join(map(repr, wanted)) + " together"
    )
    raise InputError(
        f"there is no obs column {absent!r} for {name}: there are {', '.join(there) or 'none'}"
    )
