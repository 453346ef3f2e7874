"""``crossphase atlas``: every pair of several modalities, and which are worth adding."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossphase.cli.inputs import (
    AlignBy,
    GroupsColumn,
    IdColumn,
    LabelColumns,
    LabelKinds,
    LabelsFile,
    LabelsKey,
    Quiet,
    Seed,
    read_kinds,
)
from crossphase.cli.output import (
    PICTURES,
    STDOUT,
    check_ending,
    check_targets,
    progress_bar,
    write_output,
)
from crossphase.cli.wording import said_in_options
from crossphase.config import Settings
from crossphase.errors import InputError

if TYPE_CHECKING:
    from crossphase.data import MultimodalData
    from crossphase.results import Atlas

__all__ = ["atlas"]


def atlas(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE...",
            help="One modality a file, one row a sample; or .npz or .h5mu files of several.",
            show_default=False,
        ),
    ] = None,
    labels: LabelsFile = None,
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--name", metavar="NAME", help="What to call a modality, in order; default: its file."
        ),
    ] = None,
    keys: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            metavar="NAME",
            help="Array of a .npz, or modality of a .h5mu, to take; default: all.",
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset", metavar="NAME", help="Instead of files: all views of a known dataset."
        ),
    ] = None,
    n_labelled: Annotated[
        int | None,
        typer.Option("--n-labelled", metavar="N", help="Labels of the dataset to keep."),
    ] = None,
    labels_key: LabelsKey = None,
    id_column: IdColumn = None,
    align: AlignBy = "auto",
    label_columns: LabelColumns = None,
    label_kind: LabelKinds = None,
    groups: GroupsColumn = None,
    seed: Seed = 0,
    level: Annotated[
        float, typer.Option("--level", metavar="P", help="Coverage of the intervals.")
    ] = 0.95,
    stability: Annotated[
        bool,
        typer.Option("--stability", help="Rerun every pair under other settings; takes longer."),
    ] = False,
    workers: Annotated[int, typer.Option("--workers", metavar="N", help="Processes.")] = 2,
    json_target: Annotated[
        str | None,
        typer.Option("--json", metavar="PATH", help="Write the atlas as JSON; - is stdout."),
    ] = None,
    html_target: Annotated[
        str | None, typer.Option("--html", metavar="PATH", help="Write the report as one page.")
    ] = None,
    plot_target: Annotated[
        str | None,
        typer.Option("--plot", metavar="PATH", help="Draw the matrix as .png, .svg or .pdf."),
    ] = None,
    quiet: Quiet = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Print every addition, and findings on pairs.")
    ] = False,
) -> None:
    """Diagnose every pair of several modalities, and say which is worth adding to which.

    Files and labels are .npy, .npz, .csv, .tsv, .parquet, .feather, .h5ad, .h5 or .zarr, or
    folders of parts; a .h5mu or a 10x matrix holds several modalities. Rows are matched by
    order, or by --id; those that a modality lacks are left out of all.
    """
    settings = Settings(seed=seed, level=level, stability=stability)
    if html_target == STDOUT:
        raise InputError("--html -: the page needs a file; give a path such as atlas.html")
    check_ending("--plot", plot_target, *PICTURES)
    files = [*(paths or ()), *([] if labels is None else [labels])]
    check_targets((json_target, html_target, plot_target), files)
    with progress_bar(quiet) as progress:
        if progress is not None:
            progress("reading", 0.0)
        if dataset is None:
            if n_labelled is not None:
                raise InputError("--n-labelled is for a --dataset: give labels for some rows only")
            from crossphase.io import load_modalities

            data = load_modalities(
                paths or (),
                labels,
                names=names or (),
                keys=keys or (),
                labels_key=labels_key,
                id_column=id_column,
                label_columns=label_columns or (),
                label_kind=read_kinds(label_kind or ()),
                groups_column=groups,
                align=align,  # type: ignore[arg-type]  # from_arrays refuses other words
            )
        else:
            if files:
                raise InputError(f"{files[0]} and --dataset {dataset} were both given: drop one")
            data = _dataset(dataset, label_columns or (), n_labelled, seed)
        from crossphase.pairwise import atlas as run

        found = run(data, settings=settings, workers=workers, progress=progress)
    found = replace(found, warnings=said_in_options(found.warnings))
    _publish(found, json_target, html_target, plot_target, quiet=quiet, verbose=verbose)


def _dataset(
    name: str, label_columns: list[str] | tuple[()], n_labelled: int | None, seed: int
) -> MultimodalData:
    if len(label_columns) > 1:
        raise InputError("--label-column was given twice: name one label of the dataset")
    from crossphase import datasets

    label = label_columns[0] if label_columns else None
    return datasets.load(name).together(label, n_labelled=n_labelled, seed=seed)


def _publish(
    found: Atlas,
    json_target: str | None,
    html_target: str | None,
    plot_target: str | None,
    *,
    quiet: bool,
    verbose: bool,
) -> None:
    """Print the verdict and its tables, and write the files asked for."""
    from rich.console import Console

    from crossphase.plots.atlas import save_atlas
    from crossphase.report.atlas_terminal import print_atlas

    if json_target == STDOUT:
        sys.stdout.write(found.to_json())
    else:
        write_output(found.to_json, json_target)
    write_output(found.to_html, html_target)
    write_output(lambda path: save_atlas(found, path), plot_target)
    console = Console(stderr=json_target == STDOUT, highlight=False)
    print_atlas(found, console, brief=quiet, verbose=verbose)
    targets = (json_target, html_target, plot_target)
    written = [str(target) for target in targets if target not in (None, STDOUT)]
    if written and not quiet:
        console.print(f"Wrote {' and '.join(written)}", markup=False, soft_wrap=True)
