"""``crossphase diagnose``: a diagnosis of the user's own files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from crossphase.cli.output import STDOUT, check_targets, progress_bar, publish
from crossphase.config import Settings
from crossphase.errors import InputError

__all__ = ["diagnose"]


def diagnose(
    x: Annotated[Path, typer.Argument(metavar="X", help="First modality, one row a sample.")],
    y: Annotated[Path, typer.Argument(metavar="Y", help="Second modality.")],
    labels: Annotated[
        Path | None,
        typer.Option("--labels", metavar="FILE", help="Labels; empty or NaN where unlabelled."),
    ] = None,
    x_key: Annotated[
        str | None, typer.Option("--x-key", metavar="NAME", help="Array of X, if it is a .npz.")
    ] = None,
    y_key: Annotated[
        str | None, typer.Option("--y-key", metavar="NAME", help="Array of Y, if it is a .npz.")
    ] = None,
    labels_key: Annotated[
        str | None,
        typer.Option("--labels-key", metavar="NAME", help="Array of labels, if they are a .npz."),
    ] = None,
    x_name: Annotated[
        str | None,
        typer.Option("--x-name", metavar="NAME", help="What to call X; default: its file name."),
    ] = None,
    y_name: Annotated[
        str | None,
        typer.Option("--y-name", metavar="NAME", help="What to call Y; default: its file name."),
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option("--id", metavar="COLUMN", help="Row IDs: match rows by them, not by order."),
    ] = None,
    label_columns: Annotated[
        list[str] | None,
        typer.Option("--label-column", metavar="COLUMN", help="A label column; repeatable."),
    ] = None,
    label_kind: Annotated[
        list[str] | None,
        typer.Option(
            "--label-kind",
            metavar="[COLUMN=]KIND",
            help="auto, continuous or classes, of all labels or of one column; repeatable.",
        ),
    ] = None,
    groups: Annotated[
        str | None,
        typer.Option(
            "--groups", metavar="COLUMN", help="Blocks of dependent rows, such as donors."
        ),
    ] = None,
    covariates: Annotated[
        list[str] | None,
        typer.Option(
            "--covariate",
            metavar="COLUMN",
            help="A known nuisance (batch, depth) to name components by; repeatable.",
        ),
    ] = None,
    deploy: Annotated[
        str, typer.Option("--deploy", metavar="[x|y|both]", help="What will be at hand later.")
    ] = "both",
    estimator: Annotated[
        str,
        typer.Option(
            "--estimator",
            metavar="[robust|published]",
            help="published: the paper's own point estimate.",
        ),
    ] = "robust",
    classifier: Annotated[
        str,
        typer.Option(
            "--classifier",
            metavar="[elbow|elbow_log|permutation]",
            help="Of the published estimator.",
        ),
    ] = "elbow",
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="Seed of everything random.")
    ] = 0,
    level: Annotated[
        float, typer.Option("--level", metavar="P", help="Coverage of the intervals.")
    ] = 0.95,
    json_target: Annotated[
        str | None,
        typer.Option("--json", metavar="PATH", help="Write the diagnosis as JSON; - is stdout."),
    ] = None,
    html_target: Annotated[
        str | None, typer.Option("--html", metavar="PATH", help="Write the report as one page.")
    ] = None,
    no_outlook: Annotated[
        bool, typer.Option("--no-outlook", help="Skip the outlook: the regime only, faster.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the verdict alone.")] = False,
) -> None:
    r"""Say whether to align two modalities, predict one from the other, or stay with one.

    X, Y and the labels are .npy, .npz, .csv, .tsv or .parquet. Rows are matched by order, or by
    --id. Label columns may also stand in X or Y.

    \b
    Examples:
      crossphase diagnose rna.npy protein.npy --labels cell_types.npy
      crossphase diagnose rna.csv protein.csv --id cell --labels cells.csv \
          --label-column type --html report.html
      crossphase diagnose views.npz views.npz --x-key a --y-key b --labels y.npy --deploy x
    """
    # The options are words until here; Settings refuses those it does not know.
    choices: dict[str, Any] = {"estimator": estimator, "deploy": deploy, "classifier": classifier}
    settings = Settings(seed=seed, level=level, outlook=not no_outlook, **choices)
    inputs = [path for path in (x, y, labels) if path is not None]
    if html_target == STDOUT:
        raise InputError("--html -: the page needs a file; give a path such as report.html")
    check_targets((json_target, html_target), inputs)
    with progress_bar(quiet) as progress:
        if progress is not None:
            progress("reading", 0.0)
        from crossphase.io import load_paired

        data = load_paired(
            x,
            y,
            labels,
            x_key=x_key,
            y_key=y_key,
            labels_key=labels_key,
            id_column=id_column,
            label_columns=label_columns or (),
            label_kind=_kinds(label_kind or ()),
            groups_column=groups,
            covariate_columns=covariates or (),
        )
        data = replace(data, x_name=x_name or data.x_name, y_name=y_name or data.y_name)
        from crossphase.diagnosis import diagnose as run

        result = run(data, settings=settings, progress=progress)
    publish(result, json_target=json_target, html_target=html_target, quiet=quiet)


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
