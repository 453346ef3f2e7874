"""``crossphase diagnose``: a diagnosis of the user's own files."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

from crossphase.cli.inputs import PairFiles, Quiet, Seed, Verbose, with_pair_files
from crossphase.cli.output import STDOUT, check_targets, planned, progress_bar, publish
from crossphase.cli.wording import said_in_options
from crossphase.config import Settings
from crossphase.errors import InputError

__all__ = ["diagnose"]


@with_pair_files()
def diagnose(
    files: PairFiles,
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
        str | None,
        typer.Option(
            "--classifier",
            metavar="[elbow|elbow_log|permutation]",
            help="Of the published estimator; default: elbow.",
        ),
    ] = None,
    seed: Seed = 0,
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
    with_plan: Annotated[
        bool | None,
        typer.Option(
            "--plan/--no-plan",
            help="Whether to plan sizes that would settle an open regime; by default if quick.",
            show_default=False,
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            metavar="N",
            help="Threads that work on the rows; -1: one a processor. Changes the time only.",
            show_default=False,
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler",
            metavar="ADDRESS",
            help="Let a Dask cluster read the rows, tcp://host:8786; or threads, on this machine.",
            show_default=False,
        ),
    ] = None,
    write_uns: Annotated[
        bool,
        typer.Option("--write-uns", help="Write the result into uns of X, an .h5ad or .h5mu."),
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Say whether to align two modalities, predict one from the other, or stay with one.

    X, Y and the labels are .npy, .npz, .csv, .tsv, .parquet, .feather, .h5ad, .h5mu, .h5 or
    .zarr, or folders of parts. Rows are matched by order, or by --id. Label columns may also
    stand in X or Y.
    """
    # The options are words until here; Settings refuses those it does not know.
    choices: dict[str, Any] = {"estimator": estimator, "deploy": deploy}
    if classifier is not None:
        choices["classifier"] = classifier
    settings = Settings(seed=seed, level=level, outlook=not no_outlook, **choices)
    if classifier is not None and settings.estimator == "robust":
        raise InputError(
            f"--classifier {classifier}: only the published estimator has it; add --estimator "
            "published, or drop it"
        )
    if html_target == STDOUT:
        raise InputError("--html -: the page needs a file; give a path such as report.html")
    if write_uns and files.x.suffix.lower() not in (".h5ad", ".h5mu"):
        raise InputError(f"--write-uns: {files.x} is no .h5ad or .h5mu, which alone have uns")
    check_targets((json_target, html_target), files.inputs)
    with progress_bar(quiet) as progress:
        data = files.read(progress, covariates or ())
        from crossphase.diagnosis import diagnose as run

        result = run(data, settings=settings, jobs=jobs, scheduler=scheduler, progress=progress)
        result = planned(result, with_plan, progress)
    if write_uns:
        from crossphase.diagnosis.given import write_result_into

        write_result_into(files.x, result)
    result = replace(result, warnings=said_in_options(result.warnings))
    publish(result, json_target=json_target, html_target=html_target, quiet=quiet, verbose=verbose)
