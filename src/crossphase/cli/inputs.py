"""The options that say which rows of which files are meant, and reading them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossphase.errors import InputError

if TYPE_CHECKING:
    from crossphase.cli.output import Progress
    from crossphase.data import PairedData

__all__ = [
    "Align",
    "Groups",
    "IdColumn",
    "LabelColumns",
    "LabelKinds",
    "LabelsFile",
    "LabelsKey",
    "Quiet",
    "Seed",
    "Verbose",
    "XKey",
    "XName",
    "YKey",
    "YName",
    "read_pairs",
]

LabelsFile = Annotated[
    Path | None,
    typer.Option("--labels", metavar="FILE", help="Labels; empty or NaN where unlabelled."),
]
XKey = Annotated[
    str | None, typer.Option("--x-key", metavar="NAME", help="Array of X, if it is a .npz.")
]
YKey = Annotated[
    str | None, typer.Option("--y-key", metavar="NAME", help="Array of Y, if it is a .npz.")
]
LabelsKey = Annotated[
    str | None,
    typer.Option("--labels-key", metavar="NAME", help="Array of labels, if they are a .npz."),
]
XName = Annotated[
    str | None,
    typer.Option("--x-name", metavar="NAME", help="What to call X; default: its file name."),
]
YName = Annotated[
    str | None,
    typer.Option("--y-name", metavar="NAME", help="What to call Y; default: its file name."),
]
IdColumn = Annotated[
    str | None,
    typer.Option("--id", metavar="COLUMN", help="Row IDs: match rows by them, not by order."),
]
Align = Annotated[
    str,
    typer.Option(
        "--align",
        metavar="[auto|id|position]",
        help="Match rows by the IDs in their files, or by position; auto refuses to guess.",
    ),
]
LabelColumns = Annotated[
    list[str] | None,
    typer.Option("--label-column", metavar="COLUMN", help="A label column; repeatable."),
]
LabelKinds = Annotated[
    list[str] | None,
    typer.Option(
        "--label-kind",
        metavar="[COLUMN=]KIND",
        help="auto, continuous or classes, of all labels or of one column; repeatable.",
    ),
]
Groups = Annotated[
    str | None,
    typer.Option("--groups", metavar="COLUMN", help="Blocks of dependent rows, such as donors."),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Seed of everything random.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print the verdict alone.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", help="Print every code, component and stability rerun.")
]


def read_pairs(
    x: Path,
    y: Path,
    labels: Path | None,
    *,
    x_name: str | None,
    y_name: str | None,
    label_kind: Sequence[str] | None,
    progress: Progress | None,
    **columns: Any,
) -> PairedData:
    """Read and match the files that the shared options name.

    Parameters
    ----------
    x, y : Path
    labels : Path or None
    x_name, y_name : str or None
    label_kind : sequence of str or None
        Entries ``KIND`` or ``COLUMN=KIND``.
    progress : callable or None
    **columns
        Of :func:`crossphase.io.load_paired`.

    Raises
    ------
    InputError
        If the files or options cannot be used.
    """
    if progress is not None:
        progress("reading", 0.0)
    from crossphase.io import load_paired

    data = load_paired(x, y, labels, label_kind=_kinds(label_kind or ()), **columns)
    return replace(data, x_name=x_name or data.x_name, y_name=y_name or data.y_name)


def _kinds(given: Sequence[str]) -> Any:
    """``KIND`` for all labels, or a mapping from ``COLUMN=KIND`` entries."""
    for entry in given:
        if entry.rpartition("=")[2] not in ("auto", "continuous", "classes"):
            raise InputError(f"--label-kind {entry}: choose auto, continuous or classes")
    named = {
        name: kind for name, found, kind in (entry.rpartition("=") for entry in given) if found
    }
    if not named:
        if len(given) > 1:
            raise InputError("--label-kind was given twice for all labels: name the columns")
        return given[0] if given else "auto"
    if len(named) < len(given):
        raise InputError("--label-kind: give each entry as COLUMN=KIND, every column once")
    return named
